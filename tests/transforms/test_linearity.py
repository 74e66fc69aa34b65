"""A rule of one mode serves the other by transposition, where it is linear; what is not known to be is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.transforms.kit import Kit
from workbench.interpret import run
from workbench.ir import DifferentiationError, Function
from workbench.transforms.linearity import check_linear, transposed


def program(make: Callable[[Kit], Any]) -> Function:
    """A program of a fixed x and a, linear in u and b or not."""
    k = Kit("rule", x="f64", a="f64[n]", u="f64", b="f64[n]")
    return k.finish(make(k))


def scaled(k: Kit) -> Any:
    return k.u.now * k.emit("sin", k.x) - k.u.now / k.x.now


def dotted(k: Kit) -> Any:
    return k.emit("sum", k.emit("mul", k.a, k.b), axes=(0,))


def in_a_loop(k: Kit) -> Any:
    total = k.var(0.0, "total")
    with k.loop(0, k.n) as i:
        total.set(total.now + k.a[i] * k.b[i] * k.x.now)
    return total


def in_arms(k: Kit) -> Any:
    y = k.var(0.0, "y")
    k.when(k.x.now > 0.0, lambda: y.set(k.u.now * 2.0), lambda: y.set(-k.u.now))
    return y


LINEAR = [scaled, dotted, in_a_loop, in_arms]
POINT = [0.7, np.array([1.0, -2.0, 3.0])]


@pytest.mark.parametrize("make", LINEAR, ids=lambda f: f.__name__)
def test_the_transpose_has_the_same_inner_products(make: Callable[[Kit], Any]) -> None:
    function = program(make)
    turned = transposed(function, 2, "it")
    rng = np.random.default_rng(0)
    u, b, y_bar = rng.normal(), rng.normal(size=3), rng.normal()
    (y,) = run(function, [*POINT, u, b])
    u_bar, b_bar = run(turned, [*POINT, y_bar])
    assert y_bar * y == pytest.approx(u_bar * u + b_bar @ b, rel=1e-13)


@pytest.mark.parametrize("make, reason", [
    (lambda k: k.u.now * k.u.now, "it has a mul of two of them"),
    (lambda k: k.emit("sin", k.u), "it takes sin of them"),
    (lambda k: k.x.now / k.u.now, "it takes div of them"),
    (lambda k: k.u.now + k.x.now, "it adds a number that does not depend on them"),
    (lambda k: k.u.now + 1.0, "it adds a number that does not depend on them"),
    (lambda k: k.x.now * 2.0, "it adds a number that does not depend on them"),
], ids=["product", "sine", "quotient", "sum with a fixed number", "sum with a constant", "no tangent at all"])
def test_what_is_not_linear_is_refused_with_the_reason(make: Callable[[Kit], Any], reason: str) -> None:
    with pytest.raises(DifferentiationError, match=f"the rule of f, and it is not linear: {reason}"):
        check_linear(program(make), 2, "the rule of f")


def test_a_comparison_of_a_tangent_is_refused() -> None:
    def branches(k: Kit) -> Any:
        y = k.var(0.0, "y")
        k.when(k.u.now > 0.0, lambda: y.set(k.u.now), lambda: y.set(-k.u.now))
        return y
    with pytest.raises(DifferentiationError, match="it takes gt of them"):
        check_linear(program(branches), 2, "it")


def test_zero_is_linear() -> None:
    check_linear(program(lambda k: k.x.now * 0.0), 2, "it")
    check_linear(program(lambda k: k.u.now + 0.0), 2, "it")
