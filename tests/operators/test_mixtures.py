"""Every operator inside every other: the inner one composed with something of its argument, against differences.

A share of the pairs is drawn in each session (`--whole`: all of them)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.corpus.oracle import ridders

X = np.array([0.4, -0.7, 0.9])
V = np.array([1.0, 0.5, -2.0])


def energy(x: Any) -> Any:
    s = 0.0
    for i in range(len(x)):
        s = np.sin(s) * x[i] + x[i] * x[i - 1] * x[i]
    return s * x[0] + s * s


def field(x: Any) -> Any:
    y = x * x[::-1]
    for i in range(1, len(y)):
        y[i] += np.sin(y[i - 1]) * x[i]
    return y


#: What each operator makes of a function of a vector, as a function of a vector that returns a vector or a number.
INNER: dict[str, Callable[[Any], Any]] = {
    "grad": wb.grad(energy),
    "jvp": lambda x: wb.jvp(field, (x,), (x * x,))[1],
    "vjp": lambda x: wb.vjp(field, x)[1](x)[0],
    "linearize": lambda x: wb.linearize(field, x)[1](x),
    "jacobian": lambda x: wb.jacobian(field)(x) @ x,
    "jacobian, reverse": lambda x: wb.jacobian(field, mode="reverse")(x) @ x,
    "hessian": lambda x: wb.hessian(energy)(x) @ x,
    "hvp": lambda x: wb.hvp(energy)(x, x),
    "diag_hessian": wb.diag_hessian(energy),
    "laplacian": lambda x: wb.laplacian(energy)(x) * x,
    "divergence": lambda x: wb.divergence(field)(x) * x,
    "curl": wb.curl(field),
    "vmap": lambda x: wb.vmap(wb.grad(energy))(np.stack((x, 2 * x)))[1],
}


def number(inner: Any) -> Any:
    return lambda x: np.sum(inner(x) * x)


OUTER: dict[str, Callable[[Any, str], Any]] = {
    "grad": lambda f, e: wb.grad(number(f), engine=e)(X) @ V,
    "jvp": lambda f, e: wb.jvp(number(f), (X,), (V,), engine=e)[1],
    "vjp": lambda f, e: wb.vjp(f, X, engine=e)[1](V)[0] @ V,
    "jacobian": lambda f, e: V @ wb.jacobian(f, engine=e)(X) @ V,
    "jacobian, reverse": lambda f, e: V @ wb.jacobian(f, mode="reverse", engine=e)(X) @ V,
    "hessian": lambda f, e: V @ wb.hessian(number(f), engine=e)(X) @ V,
    "hvp": lambda f, e: wb.hvp(number(f), engine=e)(X, V) @ V,
    "diag_hessian": lambda f, e: np.sum(wb.diag_hessian(number(f), engine=e)(X)),
    "laplacian": lambda f, e: wb.laplacian(number(f), engine=e)(X),
    "divergence": lambda f, e: wb.divergence(f, engine=e)(X),
    "curl": lambda f, e: np.sum(wb.curl(f, engine=e)(X) * V),
    "vmap": lambda f, e: wb.vmap(f, engine=e)(np.stack((X, V)))[0] @ V,
}


def along(f: Any, v: Any) -> Any:
    """The derivative of a function of a vector along v, by differences."""
    if np.ndim(f(X)) == 0:
        return ridders(lambda h: float(f(X + h * v)))[0]
    return np.array([ridders(lambda h, i=i: float(f(X + h * v)[i]))[0] for i in range(3)])  # type: ignore[misc]


def expected(inner: Any, outer: str) -> float:
    """What an outer operator gives, by differences of the inner one (of second order, of the gradient)."""
    g = number(inner)
    if outer in ("grad", "jvp"):
        return float(along(g, V))
    if outer in ("hessian", "hvp", "diag_hessian", "laplacian"):
        directions = np.eye(3) if outer in ("diag_hessian", "laplacian") else [V]
        slope = wb.grad(g, engine="reference")
        return float(sum(along(slope, v) @ v for v in directions))
    if outer == "vmap":
        return float(inner(X) @ V)
    columns = np.array([along(inner, e) for e in np.eye(3)]).T
    if outer == "divergence":
        return float(np.trace(columns))
    if outer == "curl":
        curl = [columns[2, 1] - columns[1, 2], columns[0, 2] - columns[2, 0], columns[1, 0] - columns[0, 1]]
        return float(np.array(curl) @ V)
    return float(V @ columns @ V)


@pytest.mark.sampled(0.01)
@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("outer", OUTER)
def test_pairs(outer: str, inner: str) -> None:
    want = expected(INNER[inner], outer)
    got = float(OUTER[outer](INNER[inner], "reference"))
    assert abs(got - want) < 1e-6 * max(1.0, abs(want))


@pytest.mark.sampled(0.01)
@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("outer", OUTER)
def test_pairs_on_the_tape(outer: str, inner: str) -> None:
    want, got = (float(OUTER[outer](INNER[inner], engine)) for engine in ("reference", "tape"))
    assert abs(got - want) < 1e-10 * max(1.0, abs(want))


def test_inside_a_users_function() -> None:
    """Operators of local functions that read what the outer one computes, compiled."""
    def outer(x: Any, s: float) -> Any:
        scaled = x * s
        slopes = wb.jacobian(lambda y: y * y * scaled)(x)
        return np.sum(wb.hessian(lambda y: np.sum(y ** 3 * scaled))(x) * slopes)
    got, by_s = wb.grad(outer, (0, 1), engine="numba")(X, 1.3)
    assert np.allclose(got, 48 * X ** 3 * 1.3 ** 2) and np.isclose(by_s, 2 * 12 * np.sum(X ** 4) * 1.3)
