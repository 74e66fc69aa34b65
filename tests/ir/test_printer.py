"""Programs as text: names that are unique and stable."""

from __future__ import annotations

from workbench.ir import (
    ArrayType,
    Builder,
    Constant,
    Function,
    Kind,
    ScalarType,
    print_function,
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
