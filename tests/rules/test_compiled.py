"""Compiled agreement: what Numba makes of each spelling is what NumPy computes, many primitives to a function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.rules.cases import cases, draw
from workbench import interpret
from workbench.engines.numba import compile_function
from workbench.ir import ArrayType, Builder, Constant, Kind, ScalarType, verify
from workbench.rules import emit, table

# a few units in the last place: NumPy's vector functions and the compiler's library differ there
ULPS = {Kind.F64: 1e-14, Kind.F32: 1e-6, Kind.C128: 1e-14, Kind.C64: 2e-6, Kind.INT: 0.0, Kind.BOOL: 0.0}
LOOSE = {"gamma": 20.0, "lgamma": 20.0, "polygamma": 20.0, "digamma": 20.0, "exp2": 4.0, "tan": 4.0, "pow": 10.0}
SPECIAL = (0.0, -0.0, 1.0, -1.0, 2.5, -3.5, np.inf, -np.inf, np.nan)


def scalar_function(kind: Kind) -> tuple[Any, list[tuple[str, Any]], list[Any]]:
    """A function whose results are all elementwise primitives of this kind at a few points."""
    rng = np.random.default_rng(7)
    builder = Builder(f"all_{kind.value}")
    results, names, args = [], [], []
    for name, primitive in sorted(table().items()):
        if not primitive.elementwise or not primitive.takes(0, kind) and not primitive.takes(1, kind):
            continue
        for case in [c for c in cases(primitive, rng, kind) if all(np.ndim(v) == 0 for v in c.operands)]:
            if not all(primitive.takes(p, k) for p, k in enumerate(case.kinds)):
                continue
            operands = case.operands
            if name in ("pow", "lshift", "rshift") and kind is Kind.INT:
                operands = (operands[0], abs(operands[1]))
            params = [builder.param(ScalarType(k)) for k in case.kinds]
            args += operands
            results.append(emit(builder, name, *params, **case.attrs))
            names.append((name, case))
    return verify(builder.finish(results)), names, args


@pytest.mark.parametrize("kind", list(Kind), ids=lambda k: k.value)
def test_scalars(kind: Kind) -> None:
    function, names, args = scalar_function(kind)
    expected = interpret.run(function, args)
    found = compile_function(function)(*args)
    assert len(names) > 5
    for (name, case), a, b, result in zip(names, found, expected, function.results, strict=True):
        tolerance = ULPS[result.kind] * LOOSE.get(name, 1.0)
        assert abs(a - b) <= tolerance * max(1.0, abs(b)) if tolerance else a == b, f"{name}{case}: {a}, not {b}"


# not asked of special values: the error functions of NumPy's and the compiler's library differ at poles
REAL = [n for n, p in sorted(table().items()) if p.elementwise and p.samples is None and n not in (
    "gamma", "lgamma", "polygamma", "digamma", "ldexp", "select") and p.takes(0, Kind.F64)]


def test_special_values() -> None:
    """Zeros of both signs, infinities and NaN, in loops over arrays."""
    builder = Builder("special")
    n = builder.param(ScalarType(Kind.INT), "n", shape_of=(0, 0))
    x = builder.param(ArrayType(Kind.F64, (n,)), "x")
    y = builder.param(ArrayType(Kind.F64, (n,)), "y")
    kinds = []
    slots = []
    for name in REAL:
        kind = table()[name].result_types([builder.param(ScalarType(Kind.F64))] * (table()[name].arity or 1), {})[0].kind
        builder.params.pop()
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
            assert name in ("atan2", "pow", "fmod", "mod", "floordiv", "minimum", "maximum", "fmin", "fmax", "remainder") or (
                np.array_equal(np.signbit(p[zeros]), np.signbit(q[zeros]))), name


def test_draws_stay_in_their_interval() -> None:
    values = draw(np.random.default_rng(0), Kind.F64, (100,), (0.5, 2.0))
    assert values.min() >= 0.5 and values.max() <= 2.0
