"""Which loops are taken to become vectors, why others do not, and what turns wait for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from workbench.cost.machine import Machine
from workbench.cost.nests import Loops, is_loose
from workbench.cost.prices import Prices
from workbench.operators import Derivative

X, P = np.linspace(0.5, 1.5, 20), np.arange(20)


def doubled(x, p):  # type: ignore[no-untyped-def]
    return x * 2.0


def summed(x, p):  # type: ignore[no-untyped-def]
    total = 0.0
    for k in range(len(x)):
        total += x[k]
    return total


def smoothed(x, p):  # type: ignore[no-untyped-def]
    s = 0.0
    for k in range(len(x)):
        s = 0.5 * s + x[k]
    return s


def prefix(x, p):  # type: ignore[no-untyped-def]
    out = np.zeros_like(x)
    for k in range(1, len(x)):
        out[k] = out[k - 1] + x[k]
    return out


def ahead(x, p):  # type: ignore[no-untyped-def]
    out = x.copy()
    for k in range(len(out) - 1):
        out[k] = out[k + 1] * 0.5
    return out


def scattered(x, p):  # type: ignore[no-untyped-def]
    out = np.zeros(8)
    for k in range(len(x)):
        out[p[k] % 8] = x[k]
    return out


def halved(x, p):  # type: ignore[no-untyped-def]
    t = x[0]
    while t > 0.01:
        t = t * 0.5
    return t


def gathered(x, p):  # type: ignore[no-untyped-def]
    return np.sum(x[p])


def innermost(f: Callable[..., Any]) -> list[str]:
    """What is said of each innermost loop of a function's program; empty: it becomes vectors."""
    loops = Loops()
    loops.find(Derivative(f, "value", ()).analysed((X, P)).program.final)
    return [loop.obstacle for loop in loops.innermost.values()]


@pytest.mark.parametrize(("f", "why"), [
    (doubled, ""), (summed, ""), (ahead, ""), (gathered, ""), (smoothed, "from turn to turn"),
    (prefix, "an earlier turn"), (scattered, "here and there"), (halved, "turns are not known"),
])
def test_obstacles(f, why) -> None:  # type: ignore[no-untyped-def]
    """A loop that becomes vectors has no obstacle; another has that one."""
    found = innermost(f)
    assert found and (all(text == "" for text in found) if not why else any(why in text for text in found))


def test_a_gradient_sums_loosely() -> None:
    """The order of a cotangent's sum is free, that of the value's is not."""
    def weighted(a, x):  # type: ignore[no-untyped-def]
        total = 0.0
        for k in range(len(x)):
            total += np.exp(a * x[k])
        return total
    loops = Loops()
    loops.find(wb.grad(weighted).analysed((0.5, X)).program.final)
    sums = [is_loose(p, loop.ops) for loop in loops.innermost.values() for p in loop.body.params[1:] if not p.is_array]
    assert sorted(sums) == [False, True]


def test_latencies_add_up_along_the_chain() -> None:
    """What is handed on through a product and a sum waits for both; what hangs beside the chain is not waited for."""
    prices = Prices(Machine())
    loops = Loops()
    loops.find(Derivative(smoothed, "value", ()).analysed((X, P)).program.final)
    (loop,) = loops.innermost.values()
    assert loop.chain(prices.latency) == pytest.approx(
        prices.machine.rate("chain", "f64", "mul") + prices.machine.rate("chain", "f64", "add"))
