"""Compiled agreement: what Numba makes of each spelling is what NumPy computes, many primitives to a function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.rules.cases import cases, draw
from tests.rules.checker import operand
from workbench import interpret
from workbench.engines.numba import compile_function
from workbench.ir import ArrayType, Builder, Constant, Kind, ScalarType, Value, verify
from workbench.passes import finalize
from workbench.rules import Foreign, check_types, emit, emit_all, table

# a few units in the last place: NumPy's vector functions and the compiler's library differ there
ULPS = {Kind.F64: 1e-14, Kind.F32: 1e-6, Kind.C128: 1e-14, Kind.C64: 2e-6, Kind.INT: 0.0, Kind.BOOL: 0.0}
SIGNS = ("eigh", "svd")  # vectors whose signs builds of LAPACK choose by what rounding leaves of a zero
LOOSE = {"gamma": 20.0, "lgamma": 20.0, "polygamma": 20.0, "digamma": 20.0, "exp2": 4.0, "tan": 4.0, "pow": 10.0}
CHUNK = 28
# what the kernels of these are made of is compiled in single precision and for complex numbers too
DOUBLE_ONLY = {"adjugate_change", "pinv", "solve_triangular", "adjugate", "slogdet", "rfft", "irfft", "lu"}
SPECIAL = (0.0, -0.0, 1.0, -1.0, 2.5, -3.5, np.inf, -np.inf, np.nan)


def scalar_programs(kind: Kind) -> list[tuple[str, Any, Any]]:
    """Each elementwise primitive that takes this kind, with a case of scalars."""
    rng = np.random.default_rng(7)
    found = []
    for name, primitive in sorted(table().items()):
        if not primitive.elementwise or not (primitive.takes(0, kind) or primitive.takes(1, kind)):
            continue
        for case in [c for c in cases(primitive, rng, kind) if all(np.ndim(v) == 0 for v in c.operands)]:
            if all(primitive.takes(p, k) for p, k in enumerate(case.kinds)):
                found.append((name, primitive, case))
    return found


def together(programs: list[tuple[str, Any, Any]], title: str) -> tuple[Any, list[Any]]:
    """One function whose results are all the given primitives, and its arguments."""
    builder = Builder(title)
    results: list[Any] = []
    args: list[Any] = []
    for name, _, case in programs:
        operands = case.operands
        if name in ("pow", "lshift", "rshift") and case.kinds[0] is Kind.INT:
            operands = (operands[0], abs(operands[1]))
        params = [builder.param(ScalarType(k)) for k in case.kinds]
        args += operands
        results.append(emit(builder, name, *params, **case.attrs))
    return verify(builder.finish(results)), args


@pytest.mark.parametrize("kind", list(Kind), ids=lambda k: k.value)
def test_scalars(kind: Kind) -> None:
    programs = scalar_programs(kind)
    assert len(programs) > 5
    for start in range(0, len(programs), CHUNK):
        chunk = programs[start:start + CHUNK]
        function, args = together(chunk, f"all_{kind.value}_{start}")
        expected = interpret.run(function, args)
        found = compile_function(function)(*args)
        for (name, _, case), a, b, result in zip(chunk, found, expected, function.results, strict=True):
            tolerance = ULPS[result.kind] * LOOSE.get(name, 1.0)
            assert abs(a - b) <= tolerance * max(1.0, abs(b)) if tolerance else a == b, f"{name}{case}: {a}, not {b}"


# not asked of special values: the error functions of NumPy's and the compiler's library differ at poles
REAL = [n for n, p in sorted(table().items()) if p.elementwise and p.samples is None and n not in (
    "gamma", "lgamma", "polygamma", "digamma", "ldexp", "select") and p.takes(0, Kind.F64) and not any(
    isinstance(h, Foreign) for h in p.kernels)]


# the sign of a zero result, where the libraries differ and no derivative does
SIGNLESS = {"sign", "fmod", "mod", "floordiv", "minimum", "maximum", "fmin", "fmax", "remainder"}


def test_special_values() -> None:
    """Zeros of both signs, infinities and NaN, in loops over arrays."""
    builder = Builder("special")
    n = builder.param(ScalarType(Kind.INT), "n", shape_of=(0, 0))
    x = builder.param(ArrayType(Kind.F64, (n,)), "x")
    y = builder.param(ArrayType(Kind.F64, (n,)), "y")
    kinds = []
    slots = []
    for name in REAL:
        kind = table()[name].result_types([Value(ScalarType(Kind.F64))] * (table()[name].arity or 1), {})[0].kind
        kinds.append(kind)
        slots.append(builder.slot(ArrayType(kind, (n,)), emit(builder, "empty", n, kind=kind), f"{name}_"))
    i = builder.begin_for(Constant(0, Kind.INT), n)
    a, b = emit(builder, "load", x, i), emit(builder, "load", y, i)
    for name, slot in zip(REAL, slots):
        value = emit(builder, name, *(a, b)[:table()[name].arity])
        builder.write(slot, emit(builder, "store", builder.read(slot), value, i))
    builder.end_for()
    function = verify(builder.finish([builder.read(slot) for slot in slots]))
    first, second = (np.array(v).ravel() for v in np.meshgrid(SPECIAL, SPECIAL))
    expected = interpret.run(function, [first, second])
    found = compile_function(function)(first, second)
    for name, p, q in zip(REAL, found, expected, strict=True):
        rtol = 0.0 if q.dtype == bool else 1e-14
        np.testing.assert_allclose(p, q, rtol=rtol, atol=0.0, err_msg=name)
        if q.dtype != bool:
            zeros = q == 0
            assert name in SIGNLESS or np.array_equal(np.signbit(p[zeros]), np.signbit(q[zeros])), name


def array_programs(kind: Kind) -> list[tuple[str, Any, Any]]:
    """Each primitive that takes this kind, with cases that hold an array (all structured ones in double precision)."""
    rng = np.random.default_rng(8)
    found = []
    for name, primitive in sorted(table().items()):
        if not primitive.takes(0, kind) or (primitive.samples is None and not primitive.domain):
            continue
        several = [c for c in cases(primitive, rng, kind) if not primitive.elementwise or any(
            np.ndim(v) for v in c.operands)]
        several = [c for c in several if all(primitive.takes(p, k) for p, k in enumerate(c.kinds))]
        if primitive.samples is None:  # lowering does not look at kinds; the scalars were compared in each
            several = several[1:2] if kind is Kind.F64 else []
        if primitive.kernels and not primitive.elementwise:  # long to compile: all cases are tested as Python below
            alone = kind is Kind.C128 and not primitive.takes(0, Kind.F64)
            if kind is Kind.F64 or alone or (kind is not Kind.C64 and name not in DOUBLE_ONLY):
                found += [(name, primitive, several[0])]
            continue
        found += [(name, primitive, c) for c in (several if kind is Kind.F64 else several[2:4] or several)]
    return found


def in_parts(kind: Kind) -> list[list[tuple[str, Any, Any]]]:
    """What is compiled together: a primitive whose kernels take seconds has a program of its own."""
    programs = array_programs(kind)
    alone = [p for p in programs if p[1].kernels and not p[1].elementwise]
    rest = [p for p in programs if p not in alone]
    return [rest[start:start + CHUNK] for start in range(0, len(rest), CHUNK)] + [[p] for p in alone]


PARTS = {f"{kind.value}-{number}-{part[0][0]}": (kind, part)
         for kind in Kind for number, part in enumerate(in_parts(kind))}


def test_there_are_arrays_of_each_kind() -> None:
    for kind in Kind:
        assert sum(len(part) for k, part in PARTS.values() if k is kind) > 15


@pytest.mark.sampled(1 / 8)
@pytest.mark.parametrize("title", PARTS)
def test_arrays(title: str) -> None:
    """Lowered to loops or library calls: interpreted and compiled."""
    kind, programs = PARTS[title]
    builder = Builder(f"arrays_{title.replace('-', '_')}")
    args: list[Any] = []
    results, labels, loose = [], [], []
    for name, _, case in programs:
        operands = case.operands
        if name in ("pow", "lshift", "rshift") and kind is Kind.INT:
            operands = (operands[0], abs(operands[1]))
        xs = [operand(builder, v, args).value for v in operands]
        for value in emit_all(builder, name, *xs, **case.attrs):
            results.append(emit(builder, "copy", value) if value in xs and value.is_array else value)
            labels.append(f"{name}{case}")
            loose.append(LOOSE.get(name, 10.0))
    function = check_types(verify(builder.finish(results)))
    expected = interpret.run(function, args)
    lowered = check_types(verify(finalize(function)))
    for way, found in (("lowered", interpret.run(lowered, args)), ("compiled", compile_function(lowered)(*args))):
        for label, slack, a, b, result in zip(labels, loose, found, expected, results, strict=True):
            what = f"{label}, {way}"
            assert np.shape(a) == np.shape(b), what
            if np.ndim(b):
                assert a.dtype == b.dtype, what
            tolerance = ULPS[result.kind] * slack
            scale = float(np.max(np.abs(b), initial=1.0)) if tolerance else 1.0
            if label.startswith(SIGNS):
                a, b = np.abs(a), np.abs(b)
            error = np.max(np.abs(np.subtract(a, b, dtype=np.complex128)), initial=0.0)
            assert error <= tolerance * scale, f"{what}: {a}, not {b}"


def test_draws_stay_in_their_interval() -> None:
    values = draw(np.random.default_rng(0), Kind.F64, (100,), (0.5, 2.0))
    assert values.min() >= 0.5 and values.max() <= 2.0
