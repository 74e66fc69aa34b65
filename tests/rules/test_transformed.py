"""Every rule through the transforms: both modes, and second order (forward over reverse, reverse over reverse, reverse
over forward), by the interpreter. The oracle of the second order is differences of the first, which has its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from tests.rules.cases import Case, cases, kind_of
from tests.rules.checker import as_tuple, by_numbers, operand
from workbench import interpret
from workbench.ir import Builder, Function, Kind, verify
from workbench.rules import Primitive, check_types, emit, emit_all, get, table
from workbench.transforms import jvp, vjp

NAMES = sorted(name for name, p in table().items() if p.differentiable)
# shapes that broadcast, and sizes 0 and 1, without repeating what the first-order test has at length
KEPT = {1: (0, 1, 4), 2: (0, 2, 3, 4, 6, 8), 3: (0, 2, 5)}


def chosen(primitive: Primitive, rng: np.random.Generator) -> Iterator[Case]:
    for kind in (Kind.F64, Kind.C128):
        if not any(kind in kinds for kinds in primitive.kinds):
            continue
        found = [c for c in cases(primitive, rng, kind) if any(k.is_inexact for k in c.kinds)]
        if primitive.samples is None:
            found = [c for k, c in enumerate(found) if k % 11 in KEPT[primitive.arity or 2]]
        for case in found:
            with np.errstate(all="ignore"):
                y = as_tuple(primitive.numpy(*case.operands, **case.attrs))
            if any(kind_of(part) in (Kind.F64, Kind.C128) for part in y):
                yield case


def program(primitive: Primitive, case: Case) -> tuple[Function, list[Any], list[int]]:
    """A function that gives the inexact results of the primitive, its arguments, and the positions that carry a
    derivative."""
    builder = Builder(primitive.name)
    args: list[Any] = []
    xs = [operand(builder, v, args) for v in case.operands]
    values = emit_all(builder, primitive.name, *(x.value for x in xs), **case.attrs)
    if values[0] in builder.params and values[0].is_array:  # a cast to the same kind
        values = (emit(builder, "copy", values[0]),)
    function = builder.finish([v for v in values if v.kind.is_inexact])
    known = {x.value for k, x in enumerate(xs) if primitive.is_known(k)}
    return checked(function), args, [k for k, p in enumerate(function.data_params) if p.kind.is_inexact and p in known]


def checked(function: Function) -> Function:
    return check_types(verify(function))


def evaluate(function: Function, args: list[Any]) -> list[Any]:
    return interpret.run(function, [a.copy() if np.ndim(a) else a for a in args])


def noise(rng: np.random.Generator, like: Any) -> Any:
    values: Any = rng.uniform(-1.0, 1.0, np.shape(like))
    if np.iscomplexobj(like):
        values = values + 1j * rng.uniform(-1.0, 1.0, np.shape(like))
    return np.asarray(values).astype(np.asarray(like).dtype)[()]


def inner(left: list[Any], right: list[Any]) -> float:
    return float(sum(np.sum(np.real(np.conj(a) * b)) for a, b in zip(left, right, strict=True)))


def differences(function: Function, args: list[Any], active: list[int], moves: list[Any]) -> list[Any]:
    """d/dt of all results at args + t * moves, extrapolated."""
    def at(t: float) -> list[Any]:
        moved = list(args)
        for k, move in zip(active, moves):
            moved[k] = args[k] + t * move
        return evaluate(function, moved)

    rows: list[list[Any]] = []
    for h in (2.0**-9, 2.0**-10, 2.0**-11, 2.0**-12):
        rows.append([[(np.asarray(a) - b) / (2 * h) for a, b in zip(at(h), at(-h))]])
        for j in range(1, len(rows)):
            rows[-1].append([a + (a - b) / (4.0**j - 1.0) for a, b in zip(rows[-1][j - 1], rows[-2][j - 1])])
    return rows[-1][-1]


def close(found: Any, expected: Any, tolerance: float, what: str) -> None:
    assert np.shape(found) == np.shape(expected), what
    scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    error = float(np.max(np.abs(np.asarray(found) - expected), initial=0.0))
    assert error <= tolerance * scale, f"{what}: {found}, not {expected}"


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("name", NAMES)
def test_modes_and_second_order(name: str) -> None:
    primitive = get(name)
    rng = np.random.default_rng(crc32(name.encode()))
    count = 0
    for case in chosen(primitive, rng):
        one_case(primitive, case, rng)
        count += 1
    assert count


def one_case(primitive: Primitive, case: Case, rng: np.random.Generator) -> None:
    function, args, active = program(primitive, case)
    ys = evaluate(function, args)
    count = len(ys)
    y_bars, x_dots = [noise(rng, y) for y in ys], [noise(rng, args[k]) for k in active]
    what = f"{primitive.name}{case}"
    # first order
    outputs = list(range(count))
    pull, push = checked(vjp(function, active, outputs)), checked(jvp(function, active, outputs))
    pulled, pushed = evaluate(pull, [*args, *y_bars]), evaluate(push, [*args, *x_dots])
    for again, same, y in zip(pulled, pushed, ys):
        close(again, y, 0.0, f"value of vjp of {what}")
        close(same, y, 0.0, f"value of jvp of {what}")
    x_bars = pulled[count:]
    directions = iter(x_dots)
    known = [k.is_inexact and primitive.is_known(p) for p, k in enumerate(case.kinds)]
    tangents = [next(directions) if yes else None for yes in known]
    given, bars = iter(ys), iter(y_bars)
    with np.errstate(all="ignore"):
        found = as_tuple(primitive.numpy(*case.operands, **case.attrs))
    expected_dots, expected_bars = by_numbers(
        primitive, case, tangents, [next(bars) if kind_of(y).is_inexact else None for y in found],
        tuple(next(given) if kind_of(y).is_inexact else y for y in found))
    wanted = [dot for dot, y in zip(expected_dots, found, strict=True) if kind_of(y).is_inexact]
    for y_dot, expected_dot, y in zip(pushed[count:], wanted, ys, strict=True):
        close(y_dot, np.zeros_like(y) if expected_dot is None else expected_dot, 1e-13, f"jvp of {what}")
    for found, expected in zip(x_bars, [b for b, yes in zip(expected_bars, known) if yes], strict=True):
        close(found, expected if expected is not None else np.zeros_like(found), 1e-13, f"vjp of {what}")
    # second order, of the cotangents and of the tangent
    for first, extra, outputs in ((pull, y_bars, range(count, count + len(active))),
                                  (push, x_dots, range(count, 2 * count))):
        inputs = [*active, *range(len(args), len(args) + len(extra))]
        all_args = [*args, *extra]
        moves = [noise(rng, all_args[k]) for k in inputs]
        expected = [differences(first, all_args, inputs, moves)[k] for k in outputs]
        reverse = checked(vjp(first, inputs, list(outputs)))
        bars = [noise(rng, e if np.iscomplexobj(r) else np.real(e)) for e, r in zip(
            expected, [evaluate(first, all_args)[k] for k in outputs])]
        found_bars = evaluate(reverse, [*all_args, *bars])[len(first.results):]
        assert abs(inner(found_bars, moves) - inner(bars, expected)) <= 1e-7 * (1.0 + sum(
            float(np.sum(np.abs(e))) for e in expected)), f"second order, reverse, of {what}"
        forward = checked(jvp(first, inputs, list(outputs)))
        found_dots = evaluate(forward, [*all_args, *moves])[len(first.results):]
        for found, e in zip(found_dots, expected, strict=True):
            close(found, e, 1e-7, f"second order, forward, of {what}")


ZEROS = [
    ("prod", (np.array([2.0, 0.0, 3.0]),), {"axes": (0,)}),
    ("prod", (np.array([0.0, 0.0, 3.0]),), {"axes": (0,)}),
    ("prod", (np.array([[2.0, 0.0], [3.0, 5.0], [0.0, 7.0]]),), {"axes": (0,)}),
    ("prod", (np.array([[2.0, 0.0], [3.0, 5.0]]),), {"axes": (0, 1)}),
    ("cumprod", (np.array([2.0, 0.0, 3.0, 0.0, 5.0]),), {"axis": 0}),
    ("cumprod", (np.array([2.0, 0.0, 3.0]),), {"axis": 0, "reverse": True}),
    *(("pow", (np.float64(x), np.int64(n)), {}) for x in (0.0, -1.5) for n in (0, 1, 2, 3)),
    ("square", (np.float64(0.0),), {}),
    ("atan", (np.float64(0.0),), {}),
]


@pytest.mark.parametrize(("name", "operands", "attrs"), ZEROS)
def test_second_order_at_zeros(name: str, operands: tuple[Any, ...], attrs: dict[str, Any]) -> None:
    one_case(get(name), Case(operands, attrs), np.random.default_rng(4))
