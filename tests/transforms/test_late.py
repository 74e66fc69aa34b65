"""Loops over items that the reverse sweep runs again: the same gradients, no residual with an axis for the items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.passes.random_ir import copies
from tests.passes.test_lanes import _Unmarked, orbit, taylor
from workbench import interpret, passes
from workbench.frontend import trace
from workbench.ir import Function, verify, walk
from workbench.passes.activity import active
from workbench.transforms import vjp
from workbench.transforms.late import late_loops

ITEMS = 6


def taylors(x, w):  # type: ignore[no-untyped-def]
    return (wb.vmap(taylor, (0, None))(x[:, 0], 6) ** 2).sum() + w[0]


def orbits(x, w):  # type: ignore[no-untyped-def]
    s, e = wb.vmap(orbit, (0, None, None))(x, len(x), w[0])
    return (s * s).sum() + (e * e).sum()


def settled(x, w):  # type: ignore[no-untyped-def]
    """Turns that the numbers decide, and what all items share."""
    def item(v, w):  # type: ignore[no-untyped-def]
        while abs(v) > 0.3:
            v = np.sin(v) * w[0]
        return v * w[1]
    return (wb.vmap(item, (0, None))(x[:, 1], w) ** 2).sum()


def twice(x, w):  # type: ignore[no-untyped-def]
    """A mapped function of a mapped function, and of its results."""
    y = wb.vmap(wb.vmap(lambda v: taylor(v, 4)))(x * w[0])
    return (wb.vmap(lambda r: orbit(r, len(x), 0.1)[1])(y) * x[:, 0]).sum()


def after(x, w):  # type: ignore[no-untyped-def]
    """A loop in one pass behind it."""
    y, total = wb.vmap(lambda v: taylor(v * w[1], len(x)))(x[:, 2]), 0.0
    for k in range(len(y)):
        total += np.sin(y[k]) * x[k, 0]
    return total


def overwritten(x, w):  # type: ignore[no-untyped-def]
    """What the items read is not there any more afterwards: their residuals are kept."""
    v = x[:, 0] * 1.0
    y = wb.vmap(lambda a: taylor(a, len(x)))(v)
    for k in range(len(v)):
        v[k] = v[k] * y[k]
    return (v * v).sum()


def gathered(x, w):  # type: ignore[no-untyped-def]
    """Items that add to what is outside of them."""
    sums = np.zeros(2)

    def item(v):  # type: ignore[no-untyped-def]
        for k in range(3):
            sums[k % 2] += np.sin(v * w[k % 2]) * v
        return v
    wb.vmap(item)(x[:, 0])
    return sums[0] * sums[1]


CASES = [(taylors, 1), (orbits, 1), (settled, 1), (twice, 2), (after, 1), (overwritten, 0), (gathered, 0)]


def traced(f: Callable[..., Any], args: list[Any]) -> Function:
    return passes.optimize(trace(f, tuple(args), ("x", "w")).function)


@pytest.mark.parametrize("f, count", CASES)
def test_gradients_are_the_same(f: Callable[..., Any], count: int) -> None:
    rng = np.random.default_rng()
    args = [rng.uniform(0.3, 1.5, size=(ITEMS, 4)), rng.uniform(0.4, 0.9, size=2)]
    function = traced(f, args)
    live = active(function, function.data_params, function.results[:1])
    assert len(late_loops(function, live, ())) == count
    late, kept = (verify(vjp(g, [0, 1], [0], seeds="one")) for g in (function, _Unmarked().run(function)))
    results = [interpret.run(g, copies(args)) for g in (late, kept)]
    assert all(np.allclose(a, b, rtol=1e-12, atol=1e-13) for a, b in zip(*results, strict=True))
    direction = rng.normal(size=(ITEMS, 4))
    up, down = (f(args[0] + h * direction, args[1].copy()) for h in (1e-6, -1e-6))
    assert np.isclose((results[0][1] * direction).sum(), (up - down) / 2e-6, rtol=1e-5, atol=1e-7)


def test_nothing_is_kept_of_the_items() -> None:
    """Residuals are made in the loop over the items, for one item; without the mark they are made for all."""
    args = [np.ones((ITEMS, 4)), np.ones(2)]
    for f in (taylors, orbits):
        primal = traced(f, args)
        late, kept = (vjp(g, [0], [0], seeds="one") for g in (primal, _Unmarked().run(primal)))
        at_top = [sum(op.prim == "empty" for op in g.block.ops) for g in (primal, late, kept)]
        assert at_top[0] == at_top[1] < at_top[2]
        assert sum(op.prim == "empty" for op in walk(late.block)) >= at_top[2]


def test_gradients_of_gradients() -> None:
    x = np.random.default_rng().uniform(0.5, 1.5, size=5)
    g = wb.grad(lambda x: (wb.grad(lambda x: (wb.vmap(taylor, (0, None))(x, 20) ** 2).sum())(x) ** 2).sum())
    assert np.allclose(g(x), 4 * np.sin(2 * x) * np.cos(2 * x), rtol=1e-9)
