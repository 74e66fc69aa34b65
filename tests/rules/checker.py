"""Checks one primitive's derivative against an oracle, on NumPy values and through IR in the interpreter.

The oracle is the complex step where the primitive is analytic and its operands are real, else differences extrapolated
twice (Richardson), both of `primitive.numpy` in double precision. It finds a wrong, missing or superfluous partial, a
wrong shape or kind, and disagreement of the two modes. It cannot find: a wrong value (compared elsewhere), a fault at
a single point (kinks and ties have tests of their own).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.rules.cases import Case, kind_of
from workbench import interpret
from workbench.ir import ArrayType, Builder, Constant, Kind, Op, ScalarType, Value, verify
from workbench.rules import Expr, Primitive, cotangent, emit, emit_all, tangent

TOLERANCE = {Kind.F64: 2e-9, Kind.C128: 2e-9, Kind.F32: 3e-5, Kind.C64: 3e-5}
WIDE = {Kind.F32: Kind.F64, Kind.C64: Kind.C128}


def check(primitive: Primitive, case: Case, rng: np.random.Generator) -> None:
    """Raises AssertionError where the derivative is not the oracle's."""
    with np.errstate(all="ignore"):
        y = primitive.numpy(*case.operands, **case.attrs)
    ys = as_tuple(y)
    live = [k for k, part in enumerate(ys) if kind_of(part).is_inexact]
    if not live:
        return
    active = [p for p, kind in enumerate(case.kinds) if kind.is_inexact and primitive.is_known(p)]
    directions = [_direction(rng, v) for v in case.operands]
    all_bars = [_direction(rng, part) for part in ys]
    for chosen in [active, *([p] for p in active if len(active) > 1)]:
        tangents = [d if p in chosen else None for p, d in enumerate(directions)]
        expected = directional(primitive, case, tangents)
        for used in [live, *([k] for k in live if len(live) > 1)]:
            y_bars = [bar if k in used else None for k, bar in enumerate(all_bars)]
            for way in (by_numbers, by_ir):
                y_dots, x_bars = way(primitive, case, tangents, y_bars, ys)
                what = f"{primitive.name}{case} {way.__name__}, operands {chosen}, results {used}"
                for k in live:
                    _same(y_dots[k], expected[k], kind_of(ys[k]), np.shape(ys[k]), f"tangent {k} of {what}")
                bars = {p: _checked(x_bars[p], case.operands[p], f"cotangent {p} of {what}") for p in chosen}
                left = sum((_inner(y_bars[k], expected[k]) for k in used), 0.0)
                right = sum((_inner(bars[p], directions[p]) for p in chosen), 0.0)
                scale = sum((_inner(np.abs(y_bars[k]), np.abs(expected[k])) for k in used), 1.0)
                kind = kind_of(ys[live[0]])
                kind = kind if kind in WIDE else kind_of(case.operands[active[0]])
                assert abs(left - right) <= 10 * TOLERANCE[kind] * scale, (
                    f"cotangent of {what}: <y_bar, y_dot> is {left}, <x_bar, x_dot> is {right}")


def as_tuple(y: Any) -> tuple[Any, ...]:
    """The results of a primitive: a tuple, of one where it has one."""
    return y if isinstance(y, tuple) else (y,)


def _direction(rng: np.random.Generator, x: Any) -> Any:
    kind = kind_of(x)
    if not kind.is_inexact:
        return None
    values: Any = rng.uniform(0.3, 1.0, np.shape(x)) * rng.choice([-1.0, 1.0], np.shape(x))
    if kind.is_complex:
        values = values + 1j * rng.uniform(0.3, 1.0, np.shape(x))
    return np.asarray(values).astype(kind.dtype)[()]


def _inner(a: Any, b: Any) -> float:
    return float(np.sum(np.real(np.conj(np.asarray(a, np.complex128)) * np.asarray(b, np.complex128))))


def _checked(x_bar: Any, x: Any, what: str) -> Any:
    """The cotangent, which has its operand's shape and kind (None: zero)."""
    if x_bar is None:
        return np.zeros_like(x)
    assert np.shape(x_bar) == np.shape(x), f"{what} has shape {np.shape(x_bar)}, not {np.shape(x)}"
    assert kind_of(x_bar) is kind_of(x), f"{what} is {kind_of(x_bar)}, not {kind_of(x)}"
    return x_bar


def _same(found: Any, expected: Any, kind: Kind, shape: tuple[int, ...], what: str) -> None:
    if found is None:
        found = np.zeros(shape, kind.dtype)
    assert np.shape(found) == shape, f"{what} has shape {np.shape(found)}, not {shape}"
    assert kind_of(found) is kind, f"{what} is {kind_of(found)}, not {kind}"
    scale = np.max(np.abs(expected), initial=1.0)
    error = np.max(np.abs(np.asarray(found, np.complex128) - expected), initial=0.0)
    assert error <= TOLERANCE[kind] * scale, f"{what} is {found}, not {expected}"


# ---------------------------------------------------------------------- the oracle
def directional(primitive: Primitive, case: Case, tangents: list[Any]) -> list[Any]:
    """d/dt of the primitive's results at operands + t * tangents, in double precision."""
    wide = [np.asarray(v).astype(WIDE.get(k, k).dtype)[()] for v, k in zip(case.operands, case.kinds)]
    moves = [0.0 if t is None else np.asarray(t).astype(WIDE.get(k, k).dtype) for t, k in zip(tangents, case.kinds)]
    attrs = {key: WIDE.get(v, v) if isinstance(v, Kind) else v for key, v in case.attrs.items()}

    def at(t: Any) -> list[Any]:
        with np.errstate(all="ignore"):
            found = primitive.numpy(*(v if d is None else v + t * m for v, d, m in zip(wide, tangents, moves)), **attrs)
        return [part * 1.0 for part in as_tuple(found)]

    if primitive.analytic and not any(k.is_complex for k in case.kinds) and "kind" not in attrs:
        return [np.imag(part) / 1e-30 for part in at(1e-30j)]
    steps = (2.0**-10, 2.0**-11, 2.0**-12, 2.0**-13)
    return [extrapolated([(a - b) / (2 * h) for a, b, h in zip(up, down, steps)])
            for up, down in zip(zip(*(at(h) for h in steps)), zip(*(at(-h) for h in steps)))]


def extrapolated(differences: list[Any]) -> Any:
    """The limit of central differences with steps that halve (Richardson)."""
    rows = [[d] for d in differences]
    for i in range(1, len(rows)):
        for j in range(1, i + 1):
            rows[i].append(rows[i][j - 1] + (rows[i][j - 1] - rows[i - 1][j - 1]) / (4.0**j - 1.0))
    return rows[-1][-1]


# ---------------------------------------------------------------------- the two ways to run a rule
def by_numbers(primitive: Primitive, case: Case, tangents: list[Any], y_bars: list[Any],
               ys: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[Any]]:
    """The rule on NumPy values."""
    op = Op(primitive.name, (), (), case.attrs)
    y, y_bar = (ys, tuple(y_bars)) if primitive.results > 1 else (ys[0], y_bars[0])
    with np.errstate(all="ignore"):
        y_dot = tangent(primitive, op, case.operands, y, tangents)
        x_bars = [cotangent(primitive, op, case.operands, y, y_bar, k) if primitive.is_known(k) else None
                  for k in range(len(case.operands))]
    return as_tuple(y_dot), x_bars


def by_ir(primitive: Primitive, case: Case, tangents: list[Any], y_bars: list[Any],
          ys: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[Any]]:
    """The rule on expressions, the program run by the interpreter (and its value compared)."""
    builder = Builder(primitive.name)
    args: list[Any] = []
    xs = [operand(builder, v, args) for v in case.operands]
    x_dots = [None if t is None else Expr(builder, like(builder, x.type, t, args)) for x, t in zip(xs, tangents)]
    values = emit_all(builder, primitive.name, *(x.value for x in xs), **case.attrs)
    op = builder.definitions.get(values[0], Op(primitive.name, (), (), case.attrs))
    made = tuple(Expr(builder, v) for v in values)
    bars = tuple(None if b is None else Expr(builder, like(builder, v.type, b, args)) for v, b in zip(values, y_bars))
    y, y_bar = (made[0], bars[0]) if primitive.results == 1 else (made, bars)
    y_dots = as_tuple(tangent(primitive, op, xs, y, x_dots))
    x_bars = [cotangent(primitive, op, xs, y, y_bar, k) if primitive.is_known(k) else None for k in range(len(xs))]
    found = [e for e in (*y_dots, *x_bars) if e is not None]
    # results of one function must not share a buffer
    results = [emit(builder, "copy", e.value) if e.value.is_array else e.value for e in (*made, *found)]
    numbers = interpret.run(verify(builder.finish(results)), args)
    for value_found, expected in zip(numbers, ys):
        rtol = 1e-6 if kind_of(expected) in WIDE else 1e-14
        np.testing.assert_allclose(value_found, expected, rtol=rtol, atol=1e-300)
    given = iter(numbers[len(ys):])
    return tuple(None if e is None else next(given) for e in y_dots), [
        None if e is None else next(given) for e in x_bars]


def operand(builder: Builder, value: Any, args: list[Any]) -> Expr:
    """A parameter for a number or array (dimensions symbolic, but for 1); an integer scalar is a constant."""
    kind = kind_of(value)
    if np.ndim(value) == 0:
        if kind is Kind.INT:
            return Expr(builder, Constant(int(value), kind))
        args.append(value)
        return Expr(builder, builder.param(ScalarType(kind)))
    position = len(args)
    args.append(value.copy())
    dims = tuple(Constant(1, Kind.INT) if n == 1 else builder.param(ScalarType(Kind.INT), shape_of=(position, axis))
                 for axis, n in enumerate(value.shape))
    return Expr(builder, builder.param(ArrayType(kind, dims)))


def like(builder: Builder, type_: Any, value: Any, args: list[Any]) -> Value:
    """A parameter of a given type."""
    args.append(value.copy() if np.ndim(value) else value)
    return builder.param(type_)
