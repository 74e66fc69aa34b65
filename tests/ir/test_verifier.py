"""Each fault that the verifier must name; and valid programs that it must let pass."""

from __future__ import annotations

import pytest

from workbench.ir import (
    ArrayType,
    Block,
    Constant,
    Function,
    Kind,
    Op,
    ScalarType,
    Span,
    Value,
    VerificationError,
    verify,
)

F64, INT, BOOL = (ScalarType(k) for k in (Kind.F64, Kind.INT, Kind.BOOL))
ZERO, ONE, TEN = (Constant(n, Kind.INT) for n in (0, 1, 10))
HALF = Constant(0.5, Kind.F64)
LINE = Span("user.py", 7)


def array(n: Value) -> ArrayType:
    return ArrayType(Kind.F64, (n,))


def function(params, ops, yields) -> Function:
    return Function("f", Block(tuple(params), tuple(ops), tuple(yields)), {}, Span("user.py", 1))


def store(a: Value, new: Value, value: Value = HALF) -> Op:
    return Op("store", (a, value, ZERO), (new,), {}, (), LINE)


def fault(params, ops, yields) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        verify(function(params, ops, yields))
    return caught.value


@pytest.fixture
def n() -> Value:
    return Value(INT, "n")


@pytest.fixture
def a(n: Value) -> Value:
    return Value(array(n), "a")


def again(a: Value, name: str = "") -> Value:
    """Another version of an array."""
    return Value(a.type, name)


# ---------------------------------------------------------------------- scoping, single assignment
def test_value_not_in_scope() -> None:
    x, y = Value(F64, "x"), Value(F64, "y")
    error = fault([], [Op("sin", (x,), (y,), {}, (), LINE)], [y])
    assert "sin uses <x: f64>, which is not in scope" in str(error)
    assert "user.py:7" in str(error)
    assert error.span == LINE
    assert error.program.startswith("func f():")


def test_value_defined_twice() -> None:
    x, y = Value(F64, "x"), Value(F64, "y")
    op = Op("sin", (x,), (y,))
    assert "defined twice" in str(fault([x], [op, op], [y]))


def test_constant_defined() -> None:
    assert "a constant" in str(fault([], [Op("sin", (HALF,), (HALF,))], []))


def test_value_of_a_region_used_outside() -> None:
    p, y, r = Value(BOOL, "p"), Value(F64, "y"), Value(F64, "r")
    arm = Block((), (Op("sin", (HALF,), (y,)),), (y,))
    op = Op("if", (p,), (r,), {}, (arm, Block((), (), (HALF,))))
    assert "not in scope" in str(fault([p], [op], [y]))
    verify(function([p], [op], [r]))


def test_dimension_not_in_scope(n: Value, a: Value) -> None:
    assert "dimension" in str(fault([a], [], [a]))
    verify(function([n, a], [], [a]))


def test_dimension_not_an_integer() -> None:
    x = Value(F64, "x")
    assert "not an integer" in str(fault([x, Value(array(x), "a")], [], []))


# ---------------------------------------------------------------------- structure and types
def loop(inits, params, yields, results, ops=(), step=1, i=None) -> Op:
    body = Block((i or Value(INT, "i"), *params), tuple(ops), tuple(yields))
    return Op("for", (ZERO, TEN, *inits), tuple(results), {"step": step}, (body,), LINE)


def test_loop_carries_another_number() -> None:
    s, r = Value(F64, "s"), Value(F64, "r")
    assert "carries 1, 1, 0, 1" in str(fault([], [loop([HALF], [s], [], [r])], [r]))


def test_loop_carries_another_type() -> None:
    s, r = Value(F64, "s"), Value(F64, "r")
    assert "f64 is not i64" in str(fault([], [loop([HALF], [s], [ONE], [r])], [r]))


def test_loop_step() -> None:
    assert "steps by" in str(fault([], [loop([], [], [], [], step=2)], []))


def test_array_of_another_dimension(n: Value, a: Value) -> None:
    m = Value(INT, "m")
    b, r = Value(array(m), "b"), again(a)
    p = Value(BOOL, "p")
    op = Op("if", (p,), (r,), {}, (Block((), (), (a,)), Block((), (), (b,))))
    assert "is not" in str(fault([n, m, p, a, b], [op], [r]))


def test_equal_dimensions_by_normal_form(n: Value) -> None:
    """n + 1 - 1 is n."""
    up, down = Value(INT, "up"), Value(INT, "down")
    p, a, b = Value(BOOL, "p"), Value(array(n), "a"), Value(array(down), "b")
    r = again(a)
    ops = [Op("add", (n, ONE), (up,)), Op("sub", (up, ONE), (down,)), Op("empty", (down,), (b,), {"kind": Kind.F64}),
           Op("if", (p,), (r,), {}, (Block((), (), (a,)), Block((), (), (b,))))]
    verify(function([n, p, a], ops, [r]))


def test_arm_yields_another_number() -> None:
    p, r = Value(BOOL, "p"), Value(F64, "r")
    op = Op("if", (p,), (r,), {}, (Block((), (), (HALF,)), Block((), (), ())))
    assert "another number" in str(fault([p], [op], [r]))


def test_regions_where_there_are_none() -> None:
    y = Value(F64, "y")
    assert "has regions" in str(fault([], [Op("sin", (HALF,), (y,), {}, (Block((), (), ()),))], [y]))


def test_store_changes_the_type(n: Value, a: Value) -> None:
    b = Value(ArrayType(Kind.INT, (n,)), "b")
    assert "store" in str(fault([n, a], [store(a, b)], [b]))


# ---------------------------------------------------------------------- linear use
def test_use_after_store(n: Value, a: Value) -> None:
    b, x = again(a, "b"), Value(F64, "x")
    ops = [store(a, b), Op("load", (a, ZERO), (x,), {}, (), LINE)]
    assert "whose buffer was taken by store" in str(fault([n, a], ops, [b, x]))
    verify(function([n, a], ops[::-1], [b, x]))


def test_stored_twice(n: Value, a: Value) -> None:
    assert "taken by store" in str(fault([n, a], [store(a, again(a)), store(a, again(a))], []))


@pytest.mark.parametrize("prim", ["accum", "slice_store", "slice_accum", "scatter_store", "scatter_accum"])
def test_every_update_consumes(n: Value, a: Value, prim: str) -> None:
    b, x = again(a), Value(F64)
    ops = [Op(prim, (a, HALF, ZERO), (b,)), Op("load", (a, ZERO), (x,))]
    assert f"taken by {prim}" in str(fault([n, a], ops, [x]))


def test_array_stored_into_itself(n: Value, a: Value) -> None:
    """The value stored is used before the buffer is taken: that alone is valid."""
    verify(function([n, a], [Op("slice_store", (a, a, ZERO, n, ONE), (b := again(a),), {"fixed": (False,)})], [b]))


def test_yielded_twice(n: Value, a: Value) -> None:
    assert "taken by" in str(fault([n, a], [], [a, a]))


def test_carried_array_used_after_the_loop_took_it(n: Value, a: Value) -> None:
    p, r = again(a, "p"), again(a, "r")
    op = loop([a], [p], [p], [r])
    assert "taken by for" in str(fault([n, a], [op], [r, a]))
    verify(function([n, a], [op], [r]))


def test_carried_twice(n: Value, a: Value) -> None:
    """`b = zeros; a = b`, then both carried: two names for one buffer."""
    p, q, r, s = (again(a) for _ in range(4))
    assert "taken by for" in str(fault([n, a], [loop([a, a], [p, q], [p, q], [r, s])], [r, s]))


def test_loop_consumes_an_array_from_outside(n: Value, a: Value) -> None:
    b = again(a, "b")
    assert "made outside the loop" in str(fault([n, a], [loop([], [], [], [], [store(a, b)])], []))


def test_loop_yields_an_array_from_outside(n: Value, a: Value) -> None:
    other, p, r = again(a, "other"), again(a, "p"), again(a, "r")
    assert "made outside the loop" in str(fault([n, a, other], [loop([other], [p], [a], [r])], [r]))


def test_loop_may_consume_what_it_made(n: Value, a: Value) -> None:
    new, after = again(a), again(a)
    body = [Op("copy", (a,), (new,)), store(new, after)]
    verify(function([n, a], [loop([], [], [], [], body)], [a]))


def test_swap_is_valid(n: Value, a: Value) -> None:
    b, p, q, r, s = (again(a) for _ in range(5))
    verify(function([n, a, b], [loop([a, b], [p, q], [q, p], [r, s])], [r, s]))


def test_consumed_in_one_arm_is_dead_after(n: Value, a: Value) -> None:
    p, x = Value(BOOL, "p"), Value(F64, "x")
    arms = (Block((), (store(a, again(a)),), ()), Block((), (), ()))
    ops = [Op("if", (p,), (), {}, arms), Op("load", (a, ZERO), (x,))]
    assert "taken by store" in str(fault([n, p, a], ops, [x]))


def test_consumed_in_both_arms(n: Value, a: Value) -> None:
    p, b, c, r = Value(BOOL, "p"), again(a), again(a), again(a)
    arms = (Block((), (store(a, b),), (b,)), Block((), (store(a, c),), (c,)))
    verify(function([n, p, a], [Op("if", (p,), (r,), {}, arms)], [r]))


def while_(init, params, condition, out, after_ops, after_yields, results, before_ops=()) -> Op:
    before = Block(tuple(params), tuple(before_ops), (condition, *out))
    return Op("while", tuple(init), tuple(results), {}, (before, Block((), tuple(after_ops), tuple(after_yields))))


def test_while_sees_what_before_made(n: Value, a: Value) -> None:
    p, b, r, go = again(a, "p"), again(a, "b"), again(a, "r"), Constant(True, Kind.BOOL)
    verify(function([n, a], [while_([a], [p], go, [p], [store(p, b)], [b], [r])], [r]))


def test_while_consumes_in_before_and_goes_on_from_the_old_version(n: Value, a: Value) -> None:
    p, b, r, go = again(a, "p"), again(a, "b"), again(a, "r"), Constant(True, Kind.BOOL)
    op = while_([a], [p], go, [b], [], [p], [r], [store(p, b)])
    assert "taken by store" in str(fault([n, a], [op], [r]))


def test_while_yields_one_buffer_twice(n: Value, a: Value) -> None:
    b, p, q, r, s, go = *(again(a) for _ in range(5)), Constant(True, Kind.BOOL)
    op = while_([a, b], [p, q], go, [p, q], [], [p, p], [r, s])
    assert "taken by" in str(fault([n, a, b], [op], [r, s]))


def test_scalars_are_not_linear() -> None:
    x, y = Value(F64, "x"), Value(F64, "y")
    verify(function([x], [Op("add", (x, x), (y,))], [x, y, x]))
