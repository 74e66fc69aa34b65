"""How tests of library functions check one call: its value against plain Python, both modes against differences.

The program is traced and interpreted (no pass, no compilation). It cannot find what differences do not show: the choice
at a tie or kink, and faults of the compiler; both have tests of their own.
"""
from __future__ import annotations

import copy
from typing import Any

import numpy as np

from tests.frontend.running import output_of
from tests.fuzz.interpreted import inputs, traced
from workbench.interpret import run
from workbench.ir import Kind
from workbench.transforms import jvp, vjp


def flat(value: Any) -> list[Any]:
    """The numbers and arrays of a result."""
    if isinstance(value, (tuple, list)):
        return [leaf for item in value for leaf in flat(item)]
    return [value]


def named(cases: list[tuple[Any, ...]]) -> list[str]:
    """Names for tests: the line of each case and its number there."""
    seen: dict[int, int] = {}
    names = []
    for function, *_ in cases:
        line = function.__code__.co_firstlineno
        seen[line] = seen.get(line, 0) + 1
        names.append(f"line{line}" + (f"_{seen[line]}" if seen[line] > 1 else ""))
    return names


def drawn(rng: np.random.Generator, like: Any) -> Any:
    """A random direction."""
    values: Any = rng.uniform(0.4, 1.0, np.shape(like)) * rng.choice([-1.0, 1.0], np.shape(like))
    if np.iscomplexobj(like):
        values = values + 1j * rng.uniform(0.4, 1.0, np.shape(like))
    return np.asarray(values).astype(np.asarray(like).dtype)[()]


def inner(left: list[Any], right: list[Any]) -> float:
    return float(sum(np.sum(np.real(np.conj(a) * b)) for a, b in zip(left, right, strict=True)))


def differentiates(function: Any, *args: Any, tolerance: float = 3e-7, seed: int = 0) -> None:
    """Value, type and derivative of a call. `args`: arrays and numbers; floats and complex ones are differentiated."""
    rng = np.random.default_rng(seed)
    ours, theirs = copy.deepcopy(args), copy.deepcopy(args)
    with np.errstate(all="ignore"):
        expected = function(*theirs)
    program = traced(function, ours)
    numbers = inputs(program, ours)
    results = run(program.function, [copy.deepcopy(v) for v in numbers])
    alike(output_of(program, results), expected)
    active = [item.position for item in program.inputs if item.kind.is_inexact and item.path.is_argument]
    outputs = [k for k, r in enumerate(program.function.results) if r.kind.is_inexact]
    if not active or not outputs:
        return
    moves = [drawn(rng, numbers[k]) for k in active]
    bars = [drawn(rng, results[k]) for k in outputs]
    pulled = run(vjp(program.function, active, outputs), [*copy.deepcopy(numbers), *bars])
    backward = pulled[len(results):]
    pushed = run(jvp(program.function, active, outputs), [*copy.deepcopy(numbers), *moves])
    forward = pushed[len(results):]
    for bar, k in zip(backward, active, strict=True):
        assert np.shape(bar) == np.shape(numbers[k]) and np.asarray(bar).dtype == np.asarray(numbers[k]).dtype
    places = {k: move for k, move in zip(active, moves)}
    rates = [differences(function, args, program, places, leaf) for leaf in range(len(flat(expected)))]
    rates = [rate for rate, value in zip(rates, flat(expected), strict=True) if np.asarray(value).dtype.kind in "fc"]
    assert len(rates) == len(forward[:len(rates)])
    if any(r.kind in (Kind.F32, Kind.C64) for r in program.function.params):
        tolerance = max(tolerance, 2e-5)
    for found, wanted in zip(forward, rates):
        scale = max(1.0, float(np.max(np.abs(wanted), initial=0.0)))
        np.testing.assert_allclose(found, wanted, rtol=0, atol=tolerance * scale, err_msg="forward mode")
    left, right = inner(bars, forward), inner(backward, moves)
    scale = 1.0 + sum(float(np.sum(np.abs(b) * np.abs(f))) for b, f in zip(bars, forward))
    bound = (1e-10 if tolerance < 1e-5 else 1e-4) * scale
    assert abs(left - right) <= bound, f"<y_bar, y_dot> is {left}, <x_bar, x_dot> is {right}"


def differences(function: Any, args: tuple[Any, ...], program: Any, moves: dict[int, Any], leaf: int) -> Any:
    """The derivative of one result along a direction, extrapolated twice."""
    def at(step: float) -> Any:
        moved = list(copy.deepcopy(args))
        for position, move in moves.items():
            (key,) = (program.inputs[position].path.root[1],)
            moved[key] = widened(moved[key]) + step * widened(move)
        with np.errstate(all="ignore"):
            return np.asarray(flat(function(*moved))[leaf], np.complex128)
    rows: list[list[Any]] = []
    for h in (2.0**-10, 2.0**-11, 2.0**-12):
        rows.append([(at(h) - at(-h)) / (2 * h)])
        for j in range(1, len(rows)):
            rows[-1].append(rows[-1][j - 1] + (rows[-1][j - 1] - rows[-2][j - 1]) / (4.0**j - 1.0))
    return rows[-1][-1]


def widened(number: Any) -> Any:
    """In double precision."""
    dtype = {np.dtype(np.float32): np.float64, np.dtype(np.complex64): np.complex128}.get(np.asarray(number).dtype)
    return number if dtype is None else np.asarray(number).astype(dtype)[()]


def alike(found: Any, expected: Any) -> None:
    """Equality of values, kinds and shapes but for rounding. (A container's class: tuple and list alike.)"""
    if isinstance(expected, (tuple, list)):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            alike(one, other)
        return
    assert np.shape(found) == np.shape(expected), f"{np.shape(found)}, not {np.shape(expected)}"
    kind, wanted = np.asarray(found).dtype, np.asarray(expected).dtype
    assert kind == wanted or kind.kind == wanted.kind in "iu", f"{kind}, not {wanted}"
    single = wanted in (np.float32, np.complex64)
    np.testing.assert_allclose(found, expected, rtol=2e-5 if single else 1e-12, atol=1e-5 if single else 1e-13)
