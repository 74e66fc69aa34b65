"""Checks a program's derivatives: differences of the interpreted primal, both modes, order two, effects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.interpret import run
from workbench.ir import Function, print_function, verify
from workbench.transforms import jvp, vjp

STEPS = ((1, 672), (-1, -672), (2, -168), (-2, 168), (3, 32), (-3, -32), (4, -3), (-4, 3))  # over 840


def fresh(args: Sequence[Any]) -> list[Any]:
    """Copies of arguments that may be written."""
    return [a.copy() if isinstance(a, np.ndarray) else a for a in args]


def direction(rng: np.random.Generator, x: Any) -> Any:
    """A random tangent or cotangent for a value."""
    x = np.asarray(x)
    out = rng.standard_normal(x.shape)
    if x.dtype.kind == "c":
        out = out + 1j * rng.standard_normal(x.shape)
    return out.astype(x.dtype)[()]


def inner(a: Sequence[Any], b: Sequence[Any]) -> float:
    """Re <a, b>."""
    return float(sum(np.real(np.sum(np.conj(x) * y)) for x, y in zip(a, b, strict=True)))


def difference(function: Function, args: Sequence[Any], wrt: Sequence[int], dots: Sequence[Any],
               outputs: Sequence[int], h: float = 2e-4) -> list[Any]:
    """Derivative along a direction by central differences of order eight."""
    total: list[Any] = [0.0] * len(outputs)
    for factor, weight in STEPS:
        moved = fresh(args)
        for k, dot in zip(wrt, dots, strict=True):
            moved[k] = moved[k] + factor * h * dot
        results = run(function, moved)
        total = [t + weight * results[k] for t, k in zip(total, outputs, strict=True)]
    return [t / (840 * h) for t in total]


def close(a: Any, b: Any, tolerance: float, what: str) -> None:
    """Assert that two results agree relative to their largest entry."""
    a, b = np.asarray(a), np.asarray(b)
    assert a.shape == b.shape, f"{what}: shapes {a.shape} and {b.shape}"
    scale = max(1.0, float(np.max(np.abs(b), initial=0.0)))
    worst = float(np.max(np.abs(a - b), initial=0.0))
    assert worst <= tolerance * scale, f"{what}: {a} is not {b} (error {worst:.2e})"


def check(function: Function, args: Sequence[Any], wrt: Sequence[int], outputs: Sequence[int] = (0,), order: int = 2,
          tolerance: float = 1e-7, seed: int = 0) -> Function:
    """Check both modes of a program against differences and each other, and again for its gradient; its adjoint.

    Dimensions and integers among the arguments are left alone."""
    rng = np.random.default_rng(seed)
    forward, reverse = verify(jvp(function, wrt, outputs)), verify(vjp(function, wrt, outputs))
    dots = [direction(rng, args[k]) for k in wrt]
    held = fresh(args)
    results = [np.copy(r) for r in run(function, held)]
    bars = [direction(rng, results[k]) for k in outputs]

    tangents = _effects(forward, args, dots, held, results)
    expected = difference(function, args, wrt, dots, outputs)
    for k, (a, b) in enumerate(zip(tangents, expected, strict=True)):
        close(a, b, tolerance, f"tangent of output {outputs[k]}")
    cotangents = _effects(reverse, args, bars, held, results)
    close(inner(bars, tangents), inner(cotangents, dots), 1e-11, "<y_bar, J x_dot> and <J* y_bar, x_dot>")
    assert [np.shape(c) for c in cotangents] == [np.shape(args[k]) for k in wrt]
    if order > 1:
        count = len(function.results)
        again = [count + k for k in range(len(wrt))]
        check(reverse, [*args, *bars], [*wrt, len(args)], again, order - 1, tolerance, seed + 1)
        check(forward, [*args, *dots], [*wrt, len(args)], [count], order - 1, tolerance, seed + 2)
    return reverse


def _effects(derived: Function, args: Sequence[Any], extra: Sequence[Any], held: Sequence[Any],
             results: Sequence[Any]) -> list[Any]:
    """Run a derivative program; assert that it computes and writes what the primal does, and nothing else."""
    mine, directions = fresh(args), fresh(extra)
    found = run(derived, [*mine, *directions])
    for a, b in zip(found, results, strict=False):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(mine, held, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(directions, extra, strict=True):
        np.testing.assert_array_equal(a, b)
    return found[len(results):]


def text(function: Function) -> str:
    """The program as text."""
    return print_function(function)
