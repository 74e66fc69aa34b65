"""The slot builder: what a loop carries is found in one pass, arms join, rollback is exact."""

from __future__ import annotations

import pytest

from workbench import interpret
from workbench.ir import ArrayType, Builder, Constant, Kind, ScalarType, print_function, verify
from workbench.rules import emit

F64, INT, BOOL = (ScalarType(k) for k in (Kind.F64, Kind.INT, Kind.BOOL))
ZERO = Constant(0, Kind.INT)


def f(number: float) -> Constant:
    return Constant(number, Kind.F64)


def test_loop_carries_what_changed_only() -> None:
    b = Builder("f")
    n, x = b.param(INT, "n"), b.param(F64, "x")
    total, kept = b.slot(F64, f(0.0), "total"), b.slot(F64, x, "kept")
    b.begin_for(ZERO, n)
    b.write(total, emit(b, "add", b.read(total), b.read(kept)))
    b.end_for()
    function = verify(b.finish([b.read(total), b.read(kept)]))
    assert print_function(function) == (
        "func f(n: i64, x: f64):\n"
        "  total.1: f64 = for(0, n, 0.0, step=1)\n"
        "    body(i: i64, total: f64):\n"
        "      t.0: f64 = add(total, x)\n"
        "      yield t.0\n"
        "  return total.1, x")
    assert interpret.run(function, [4, 2.5])[0] == 10.0


def test_forwarding_through_nested_loops() -> None:
    """A slot read deep inside, changed nowhere, is carried by no loop; one changed inside is carried by all."""
    b = Builder("f")
    n, x = b.param(INT, "n"), b.param(F64, "x")
    total, kept = b.slot(F64, f(0.0), "total"), b.slot(F64, x, "kept")
    b.begin_for(ZERO, n)
    b.begin_for(ZERO, n, name="j")
    b.write(total, emit(b, "add", b.read(total), b.read(kept)))
    b.end_for()
    b.end_for()
    function = verify(b.finish([b.read(total)]))
    (outer,) = function.block.ops
    assert len(outer.results) == 1
    assert "kept" not in print_function(function)
    assert interpret.run(function, [3, 1.0])[0] == 9.0


def test_written_before_read_in_a_loop() -> None:
    b = Builder("f")
    last = b.slot(F64, f(-1.0), "last")
    n = b.param(INT, "n")
    i = b.begin_for(ZERO, n)
    b.write(last, emit(b, "cast", i, kind=Kind.F64))
    b.end_for()
    function = verify(b.finish([b.read(last)]))
    assert [interpret.run(function, [k])[0] for k in (0, 5)] == [-1.0, 4.0]


def test_slot_without_value_needs_a_default() -> None:
    b = Builder("f")
    bar = b.slot(F64, None, "x_bar")
    b.begin_for(ZERO, Constant(3, Kind.INT))
    with pytest.raises(ValueError, match="x_bar"):
        b.read(bar)


def test_default_is_made_before_the_loop() -> None:
    b = Builder("f")
    bar = b.slot(F64, None, "x_bar", default=lambda b: f(0.0))
    b.begin_for(ZERO, Constant(3, Kind.INT))
    b.write(bar, emit(b, "add", b.read(bar), f(2.0)))
    b.end_for()
    assert interpret.run(verify(b.finish([b.read(bar)])), [])[0] == 6.0


def test_while() -> None:
    b = Builder("f")
    x = b.param(F64, "x")
    y = b.slot(F64, x, "y")
    count = b.slot(INT, ZERO, "count")
    b.begin_while()
    b.middle_while(emit(b, "lt", b.read(y), f(50.0)))
    b.write(y, emit(b, "mul", b.read(y), f(2.0)))
    b.write(count, emit(b, "add", b.read(count), Constant(1, Kind.INT)))
    b.end_while()
    function = verify(b.finish([b.read(y), b.read(count)]))
    assert interpret.run(function, [3.0]) == [96.0, 5]
    assert interpret.run(function, [60.0]) == [60.0, 0]


def test_while_leaves_with_what_before_made() -> None:
    b = Builder("f")
    y = b.slot(F64, b.param(F64, "x"), "y")
    b.begin_while()
    b.write(y, emit(b, "add", b.read(y), f(1.0)))
    b.middle_while(emit(b, "lt", b.read(y), f(3.0)))
    b.write(y, emit(b, "mul", b.read(y), f(1.0)))
    b.end_while()
    assert interpret.run(verify(b.finish([b.read(y)])), [0.5])[0] == 3.5


@pytest.mark.parametrize(("p", "expected"), [(True, (1.0, 7.0)), (False, (5.0, 9.0))])
def test_arms_join(p: bool, expected: tuple[float, float]) -> None:
    b = Builder("f")
    condition = b.param(BOOL, "p")
    y, same = b.slot(F64, f(5.0), "y"), b.slot(F64, f(3.0), "same")
    b.begin_arm()
    b.write(y, f(1.0))
    b.read(same)
    then = b.end_arm()
    assert b.read(y) == f(5.0)
    b.begin_arm()
    orelse = b.end_arm()
    (extra,) = b.end_if(condition, then, orelse, [(f(7.0), f(9.0))])
    assert b.read(same) == f(3.0)
    function = verify(b.finish([b.read(y), extra]))
    assert tuple(interpret.run(function, [p])) == expected


def test_slot_born_in_one_arm() -> None:
    b = Builder("f")
    condition = b.param(BOOL, "p")
    with_default, without = b.slot(F64, None, "a", default=lambda b: f(0.0)), b.slot(F64, None, "b")
    b.begin_arm()
    b.write(with_default, f(1.0))
    then = b.end_arm()
    b.begin_arm()
    orelse = b.end_arm()
    b.end_if(condition, then, orelse)
    assert interpret.run(verify(b.finish([b.read(with_default)])), [False])[0] == 0.0
    b.begin_arm()
    b.write(without, f(1.0))
    then = b.end_arm()
    b.begin_arm()
    orelse = b.end_arm()
    with pytest.raises(ValueError, match="one arm only"):
        b.end_if(condition, then, orelse)


def test_rollback_is_exact() -> None:
    b = Builder("f")
    n, x = b.param(INT, "n"), b.param(F64, "x")
    y = b.slot(F64, x, "y")
    first = emit(b, "sin", x)
    point = b.checkpoint()
    b.begin_for(ZERO, n)
    b.write(y, emit(b, "cos", b.read(y)))
    b.begin_arm()
    b.write(y, emit(b, "exp", b.read(y)))
    b.rollback(point)
    assert b.depth == 1
    assert b.read(y) is x
    again = emit(b, "cos", x)  # not found among the operations that were dropped
    function = verify(b.finish([first, again]))
    assert [op.prim for op in function.block.ops] == ["sin", "cos"]


def test_numbering_reaches_outwards_only() -> None:
    b = Builder("f")
    x = b.param(F64, "x")
    outer = emit(b, "sin", x)
    b.begin_for(ZERO, Constant(2, Kind.INT))
    assert emit(b, "sin", x) is outer
    inner = emit(b, "cos", x)
    b.end_for()
    assert emit(b, "cos", x) is not inner
    verify(b.finish([]))


def test_dimension_named_by_a_forwarded_parameter() -> None:
    """An array made in a loop whose length is a slot that the loop leaves alone."""
    b = Builder("f")
    n = b.param(INT, "n")
    length = b.slot(INT, n, "length")
    total = b.slot(F64, f(0.0), "total")
    b.begin_for(ZERO, n)
    a = emit(b, "full", f(1.5), b.read(length))
    b.write(total, emit(b, "add", b.read(total), emit(b, "sum", a, axes=(0,))))
    b.end_for()
    function = verify(b.finish([b.read(total)]))
    assert a.type == ArrayType(Kind.F64, (n,))
    assert interpret.run(function, [3])[0] == 13.5


def test_finish_inside_a_region() -> None:
    b = Builder("f")
    b.begin_for(ZERO, ZERO)
    with pytest.raises(ValueError, match="open region"):
        b.finish([])
