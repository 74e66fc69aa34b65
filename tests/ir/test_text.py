"""The printer's names, dimensions' normal forms, and rewriting."""

from __future__ import annotations

import pytest

from workbench.ir import (
    ArrayType,
    Builder,
    Constant,
    Function,
    Kind,
    Op,
    Rewriter,
    ScalarType,
    Value,
    definitions,
    print_function,
    promote,
    same_dim,
    verify,
)
from workbench.rules import emit

F64, INT, BOOL = (ScalarType(k) for k in (Kind.F64, Kind.INT, Kind.BOOL))


def build() -> Function:
    """A program that holds a loop, a conditional, an update and a constant."""
    b = Builder("f")
    n = b.param(INT, "n", shape_of=(0, 0))
    a, x = b.param(ArrayType(Kind.F64, (n,)), "a"), b.param(F64, "x")
    buffer, total = b.slot(a.type, a, "a"), b.slot(F64, Constant(0.0, Kind.F64), "x")
    i = b.begin_for(Constant(0, Kind.INT), n)
    value = emit(b, "mul", emit(b, "load", b.read(buffer), i), x)
    large = emit(b, "gt", value, Constant(1.0, Kind.F64))
    b.begin_arm()
    b.write(buffer, emit(b, "store", b.read(buffer), value, i))
    then = b.end_arm()
    b.begin_arm()
    b.write(total, emit(b, "add", b.read(total), value))
    b.end_if(large, then, b.end_arm())
    b.end_for()
    return verify(b.finish([b.read(buffer), b.read(total)]))


TEXT = """\
func f(n: i64, a: f64[n], x: f64):
  a.3: f64[n], x.3: f64 = for(0, n, a, 0.0, step=1)
    body(i: i64, a.1: f64[n], x.1: f64):
      t.0: f64 = load(a.1, i)
      t.1: f64 = mul(t.0, x)
      t.2: bool = gt(t.1, 1.0)
      a.2: f64[n], x.2: f64 = if(t.2)
        then():
          t.3: f64[n] = store(a.1, t.1, i)
          yield t.3, x.1
        else():
          t.4: f64 = add(x.1, t.1)
          yield a.1, t.4
      yield a.2, x.2
  return a.3, x.3"""


def test_text() -> None:
    assert print_function(build()) == TEXT


def test_names_are_unique_and_stable() -> None:
    first, second = print_function(build()), print_function(build())
    assert first == second
    left = [line.split(" = ")[0] for line in first.splitlines() if " = " in line]
    names = [part.split(":")[0].strip() for line in left for part in line.split(",")]
    assert len(names) == len(set(names))


def test_constants_print_as_python_writes_them() -> None:
    values = [Constant(v, k) for v, k in ((1.0, Kind.F64), (-0.0, Kind.F64), (True, Kind.BOOL), (3, Kind.INT))]
    assert [v.label for v in values] == ["1.0", "-0.0", "True", "3"]


def test_constants_are_equal_by_kind_and_bits() -> None:
    nan = float("nan")
    assert Constant(nan, Kind.F64) == Constant(nan, Kind.F64)
    assert Constant(0.0, Kind.F64) != Constant(-0.0, Kind.F64)
    assert Constant(1, Kind.INT) != Constant(1.0, Kind.F64)
    assert Constant(0.1, Kind.F32) != Constant(0.1, Kind.F64)
    assert len({Constant(1, Kind.INT), Constant(1, Kind.INT)}) == 1


# ---------------------------------------------------------------------- dimensions
@pytest.mark.parametrize(("left", "right", "equal"), [
    (lambda e, n, m: e("add", n, m), lambda e, n, m: e("add", m, n), True),
    (lambda e, n, m: e("mul", e("add", n, m), e("sub", n, m)),
     lambda e, n, m: e("sub", e("mul", n, n), e("mul", m, m)), True),
    (lambda e, n, m: e("neg", e("sub", n, m)), lambda e, n, m: e("sub", m, n), True),
    (lambda e, n, m: e("floordiv", e("add", n, m), Constant(2, Kind.INT)),
     lambda e, n, m: e("floordiv", e("add", m, n), Constant(2, Kind.INT)), True),
    (lambda e, n, m: e("maximum", n, m), lambda e, n, m: e("maximum", n, m), True),
    (lambda e, n, m: n, lambda e, n, m: m, False),
    (lambda e, n, m: e("add", n, Constant(1, Kind.INT)), lambda e, n, m: n, False),
    (lambda e, n, m: e("floordiv", n, Constant(2, Kind.INT)),
     lambda e, n, m: e("floordiv", n, Constant(3, Kind.INT)), False),
])
def test_same_dimension(left, right, equal: bool) -> None:
    b = Builder("f")
    n, m = b.param(INT, "n"), b.param(INT, "m")
    e = lambda name, *operands: b.one(name, operands, INT)
    assert same_dim(left(e, n, m), right(e, n, m), b.definitions.get) is equal


def test_load_is_an_atom() -> None:
    b = Builder("f")
    a = b.param(ArrayType(Kind.INT, (Constant(3, Kind.INT),)), "a")
    zero = Constant(0, Kind.INT)
    first, second = (b.one("load", [a, zero], INT) for _ in range(2))
    assert first is second  # numbered: nothing was stored in between, `a` is one version
    assert same_dim(first, second, b.definitions.get)


# ---------------------------------------------------------------------- kinds
def test_promotion() -> None:
    assert promote(Kind.INT, Kind.F32) is Kind.F64
    assert promote(Kind.F32, Kind.C64) is Kind.C64
    assert promote(Kind.F64, Kind.C64) is Kind.C128
    assert promote(Kind.BOOL, Kind.INT) is Kind.INT


# ---------------------------------------------------------------------- rewriting
def test_copy_shares_no_value() -> None:
    function = build()
    copy = verify(Rewriter().run(function))
    assert print_function(copy) == print_function(function)
    assert not set(definitions(copy)) & set(definitions(function))
    assert not set(copy.params) & set(function.params)
    assert all(p.dims[0] in copy.params for p in copy.params if p.dims)
    assert [where for where in copy.shape_params.values()] == [(0, 0)]


def test_rewriter_changes_one_operation() -> None:
    class Negate(Rewriter):
        def rewrite_op(self, op: Op) -> None:
            if op.prim != "mul":
                self.copy_op(op)
                return
            product = Value(F64)
            self.emit(Op("mul", tuple(self.get(v) for v in op.operands), (product,)))
            self.emit(Op("neg", (product,), (self.fresh(op.result),)))

    text = print_function(verify(Negate().run(build())))
    assert text.count("neg") == 1
    assert text.count("mul") == 1
