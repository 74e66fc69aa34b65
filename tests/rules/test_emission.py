"""The typed constructor: result types, what is folded, and what must not be."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workbench import interpret
from workbench.ir import ArrayType, Builder, Constant, Kind, ScalarType, Value, print_function, verify
from workbench.rules import Expr, emit
from workbench.rules.functions import sum_, where

F64, INT, BOOL, C128, F32 = Kind.F64, Kind.INT, Kind.BOOL, Kind.C128, Kind.F32


def f(number: float, kind: Kind = F64) -> Constant:
    return Constant(number, kind)


@pytest.fixture
def b() -> Builder:
    return Builder("f")


def scalar(b: Builder, kind: Kind = F64, name: str = "x") -> Value:
    return b.param(ScalarType(kind), name)


def vector(b: Builder, n: Value, kind: Kind = F64) -> Value:
    return b.param(ArrayType(kind, (n,)), "a")


# ---------------------------------------------------------------------- folding
@pytest.mark.parametrize(("name", "values", "kind", "expected"), [
    ("add", (2, 3), INT, 5), ("floordiv", (-7, 2), INT, -4), ("mod", (-7, 2), INT, 1), ("mod", (7, -2), INT, -1),
    ("pow", (2, 10), INT, 1024), ("lshift", (1, 4), INT, 16), ("bitand", (6, 3), INT, 2), ("invert", (5,), INT, -6),
    ("mod", (-7.5, 2.0), F64, 0.5), ("floordiv", (-7.5, 2.0), F64, -4.0), ("add", (0.1, 0.2), F64, 0.1 + 0.2),
    ("div", (1.0, 0.0), F64, math.inf), ("sqrt", (2.0,), F64, math.sqrt(2.0)), ("lt", (1.0, 2.0), F64, True),
    ("add", (0.1, 0.2), F32, float(np.float32(0.1) + np.float32(0.2))), ("and", (True, False), BOOL, False),
    ("minimum", (1.0, -0.0), F64, -0.0), ("floor", (-1.5,), F64, -2.0), ("gcd", (12, 18), INT, 6),
])
def test_folds_as_numpy(b: Builder, name: str, values: tuple, kind: Kind, expected: object) -> None:
    found = emit(b, name, *(Constant(v, kind) for v in values))
    assert isinstance(found, Constant)
    assert repr(found.value) == repr(expected)
    assert not b.finish([]).block.ops


@pytest.mark.parametrize(("name", "values", "kind"), [
    ("add", (2**63 - 1, 1), INT), ("mul", (2**62, 2), INT), ("neg", (-2**63,), INT), ("floordiv", (1, 0), INT),
    ("mod", (1, 0), INT), ("pow", (2, 63), INT), ("pow", (2, -1), INT), ("floordiv", (-2**63, -1), INT),
    ("lshift", (1, 64), INT), ("sin", (1.0,), F64), ("pow", (2.0, 0.3), F64), ("fmod", (1, 0), INT),
])
def test_does_not_fold(b: Builder, name: str, values: tuple, kind: Kind) -> None:
    assert not isinstance(emit(b, name, *(Constant(v, kind) for v in values)), Constant)


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e300])
def test_does_not_fold_an_undefined_conversion(b: Builder, value: float) -> None:
    assert not isinstance(emit(b, "cast", f(value), kind=INT), Constant)
    assert emit(b, "cast", f(-1.9), kind=INT) == Constant(-1, INT)


def test_identities_of_scalars(b: Builder) -> None:
    x, i = scalar(b), scalar(b, INT, "i")
    for found in (emit(b, "mul", x, f(1.0)), emit(b, "div", x, f(1.0)), emit(b, "sub", x, f(0.0)),
                  emit(b, "add", x, f(-0.0)), emit(b, "neg", emit(b, "neg", x)), emit(b, "pow", x, f(1.0)),
                  emit(b, "select", Constant(True, BOOL), x, f(2.0)), emit(b, "cast", x, kind=F64)):
        assert found is x
    assert emit(b, "add", Constant(0, INT), i) is i
    assert emit(b, "mul", i, Constant(0, INT)) == Constant(0, INT)
    assert emit(b, "le", i, i) == Constant(True, BOOL)
    re, im = scalar(b), scalar(b)
    assert emit(b, "imag", emit(b, "complex", re, im)) is im


@pytest.mark.parametrize(("name", "number"), [("add", 0.0), ("mul", 0.0), ("sub", -0.0)])
def test_what_is_no_identity(b: Builder, name: str, number: float) -> None:
    x = scalar(b)
    found = emit(b, name, x, f(number))
    assert found is not x
    assert not isinstance(found, Constant)


def test_comparison_with_itself_is_open_for_floats(b: Builder) -> None:
    x = scalar(b)
    assert not isinstance(emit(b, "eq", x, x), Constant)  # x may be NaN


def test_array_results_are_new_values(b: Builder) -> None:
    n = b.param(ScalarType(INT), "n", shape_of=(0, 0))
    a = vector(b, n)
    for found in (emit(b, "mul", a, f(1.0)), emit(b, "sub", a, f(0.0)), emit(b, "neg", emit(b, "neg", a)),
                  emit(b, "real", a), emit(b, "conj", a), emit(b, "copy", a), emit(b, "add", f(-0.0), a)):
        assert found is not a
        assert found.type == a.type


@pytest.mark.parametrize("value", [0.0, -0.0, 1.5, -2.0, math.inf, -math.inf, math.nan])
def test_rewriting_is_exact(value: float) -> None:
    """Every identity gives, bit for bit, what the plain operations give."""
    b = Builder("f")
    x, y = scalar(b), scalar(b)
    minus = emit(b, "neg", x)
    results = [emit(b, "add", y, minus), emit(b, "add", minus, y), emit(b, "sub", y, minus), emit(b, "mul", minus, y),
               emit(b, "div", minus, y), emit(b, "mul", x, f(-1.0)), emit(b, "div", x, f(-1.0)),
               emit(b, "sub", f(-0.0), x), emit(b, "pow", x, f(2.0)), emit(b, "pow", x, f(0.0))]
    function = verify(b.finish(results))
    for other in (0.0, -0.0, 3.0, math.inf):
        p, q = np.float64(value), np.float64(other)
        with np.errstate(all="ignore"):
            plain = [q + -p, -p + q, q - -p, -p * q, -p / q, p * -1.0, p / -1.0, -0.0 - p, p * p, np.float64(1.0)]
        for found, expected in zip(interpret.run(function, [value, other]), plain, strict=True):
            assert np.isnan(found) and np.isnan(expected) or repr(found) == repr(expected)


# ---------------------------------------------------------------------- types
def test_broadcasting_hands_on_dimensions(b: Builder) -> None:
    n, m = scalar(b, INT, "n"), scalar(b, INT, "m")
    one = Constant(1, INT)
    column = b.param(ArrayType(F64, (n, one)))
    row = b.param(ArrayType(F64, (m,)))
    assert emit(b, "add", column, row).dims == (n, m)
    assert emit(b, "mul", row, f(2.0)).dims == (m,)
    with pytest.raises(ValueError, match="3 and 4"):
        emit(b, "add", vector(b, Constant(3, INT)), vector(b, Constant(4, INT)))


@pytest.mark.parametrize(("name", "kinds"), [
    ("add", (F64, F32)), ("add", (BOOL, BOOL)), ("div", (INT, INT)), ("sin", (INT,)), ("lt", (C128, C128)),
    ("and", (INT, INT)), ("bitand", (F64, F64)), ("floor", (C128,)), ("select", (INT, F64, F64)), ("add", (F64,)),
])
def test_refuses_kinds(b: Builder, name: str, kinds: tuple[Kind, ...]) -> None:
    with pytest.raises(TypeError):
        emit(b, name, *(scalar(b, kind) for kind in kinds))


def test_refuses_real_of_complex(b: Builder) -> None:
    with pytest.raises(TypeError, match="real part"):
        emit(b, "cast", scalar(b, C128), kind=F64)


def test_redirections(b: Builder) -> None:
    z, p, q, i = scalar(b, C128), scalar(b, BOOL), scalar(b, BOOL), scalar(b, INT)
    assert emit(b, "abs", z).kind is F64
    assert b.definitions[emit(b, "abs", z)].prim == "modulus"
    assert b.definitions[emit(b, "bitand", p, q)].prim == "and"
    assert emit(b, "imag", i) == Constant(0, INT)


def test_structured_types(b: Builder) -> None:
    n, m, i = scalar(b, INT, "n"), scalar(b, INT, "m"), scalar(b, INT, "i")
    zero, one = Constant(0, INT), Constant(1, INT)
    a = b.param(ArrayType(F64, (n, m)))
    idx = b.param(ArrayType(INT, (n,)))
    mask = b.param(ArrayType(BOOL, (n, m)))
    assert emit(b, "sum", a, axes=(0,)).dims == (m,)
    assert not emit(b, "max", a, axes=(0, 1)).is_array
    assert emit(b, "argmax", a, axis=1).type == ArrayType(INT, (n,))
    assert emit(b, "transpose", a, perm=(1, 0)).dims == (m, n)
    assert emit(b, "slice", a, i, zero, m, one, fixed=(True, False)).dims == (m,)
    assert emit(b, "gather", a, idx).dims == (n, m)
    assert emit(b, "gather", a, idx, idx).dims == (n,)
    assert emit(b, "load", a, i, i).type == ScalarType(F64)
    assert emit(b, "mask_index", mask, i).type == ArrayType(INT, (i,))
    assert emit(b, "matmul", a, emit(b, "transpose", a, perm=(1, 0))).dims == (n, n)
    assert emit(b, "empty", n, kind=F32).type == ArrayType(F32, (n,))
    for bad in (
            lambda: emit(b, "sum", a, axes=(1, 0)), lambda: emit(b, "load", a, i), lambda: emit(b, "sum", i, axes=(0,)),
            lambda: emit(b, "store", a, Constant(1, INT), i, i), lambda: emit(b, "transpose", a, perm=(0,)),
            lambda: emit(b, "slice", a, i, i, fixed=(True, True)), lambda: emit(b, "gather", a, i)):
        with pytest.raises(TypeError):
            bad()


# ---------------------------------------------------------------------- overloaded operands
def test_expr_mixes_numbers_weakly(b: Builder) -> None:
    x = Expr(b, scalar(b, F32))
    assert (2 * x + 1.5).kind is F32
    assert (np.float64(2.0) * x).kind is F32
    assert (x * Expr(b, scalar(b, INT))).kind is F32
    assert (x * 1j).kind is Kind.C64
    assert where(x > 0, x, 0.0).kind is F32


def test_expr_thunk_is_called_at_first_use(b: Builder) -> None:
    calls = []
    x = scalar(b)

    def thunk() -> Value:
        calls.append(1)
        return x

    e = Expr(b, thunk, x.type)
    assert e.kind is F64
    assert not calls
    _ = e + 1.0, e * 2.0
    assert len(calls) == 1


def test_expr_has_no_truth(b: Builder) -> None:
    with pytest.raises(TypeError, match="where"):
        bool(Expr(b, scalar(b)) > 0)


def test_equal_scalar_operations_are_numbered(b: Builder) -> None:
    x = Expr(b, scalar(b))
    y = (x * x + 1.0) / (x * x + 1.0)
    assert print_function(b.finish([y.value])).count("mul") == 1


def test_same_lambda_on_numbers_and_ir(b: Builder) -> None:
    n = b.param(ScalarType(INT), "n", shape_of=(0, 0))
    rule = lambda a: sum_(a * a - 1.0, (0,))
    values = np.array([1.0, 2.0, 4.0])
    function = b.finish([rule(Expr(b, vector(b, n))).value])
    assert interpret.run(function, [values])[0] == rule(values) == 18.0
