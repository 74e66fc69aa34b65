"""The reference semantics: every structural operation against NumPy, control flow, errors, arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workbench import interpret
from workbench.ir import ArrayType, Builder, Constant, Kind, ScalarType, Span, Value, verify
from workbench.rules import check_types, effect, emit

F64, INT, BOOL = (ScalarType(k) for k in (Kind.F64, Kind.INT, Kind.BOOL))


def i(number: int) -> Constant:
    return Constant(number, Kind.INT)


def f(number: float) -> Constant:
    return Constant(number, Kind.F64)


class Program:
    """A builder with parameters made for the arguments."""

    def __init__(self) -> None:
        self.builder = Builder("f")
        self.args: list[Any] = []

    def array(self, values: Any, like: Value | None = None) -> Value:
        """A parameter with dimensions of its own, or with those of another."""
        values = np.array(values)
        position = len(self.args)
        self.args.append(values)
        if like is not None:
            return self.builder.param(like.type)
        kind = next(k for k in Kind if k.dtype == values.dtype)
        dims = tuple(self.builder.param(INT, shape_of=(position, axis)) for axis in range(values.ndim))
        return self.builder.param(ArrayType(kind, dims))

    def scalar(self, value: Any) -> Value:
        kind = next(k for k in Kind if k.dtype == np.asarray(value).dtype)
        self.args.append(value)
        return self.builder.param(ScalarType(kind))

    def emit(self, name: str, *operands: Value, **attrs: Any) -> Value:
        return emit(self.builder, name, *operands, **attrs)

    def run(self, *results: Value) -> list[Any]:
        return interpret.run(check_types(verify(self.builder.finish(results))), self.args)


@pytest.fixture
def p() -> Program:
    return Program()


A = np.arange(12.0).reshape(3, 4)


# ---------------------------------------------------------------------- arrays
def test_allocation(p: Program) -> None:
    n = p.scalar(3)
    empty, full, iota = p.emit("empty", n, i(2), kind=Kind.F64), p.emit("full", f(2.5), n), p.emit("iota", n)
    copied = p.emit("copy", p.array(A))
    found = p.run(empty, full, iota, copied)
    assert found[0].shape == (3, 2)
    assert np.isnan(found[0]).all()  # poisoned: reading what was never written shows
    np.testing.assert_array_equal(found[1], [2.5, 2.5, 2.5])
    np.testing.assert_array_equal(found[2], [0, 1, 2])
    np.testing.assert_array_equal(found[3], A)
    assert not np.shares_memory(found[3], p.args[1])


@pytest.mark.parametrize(("e", "expected"), [(0, 0), (4, 4), (-1, 4), (-5, 0)])
def test_index(p: Program, e: int, expected: int) -> None:
    assert p.run(p.emit("index", p.scalar(e), i(5), checked=True))[0] == expected


@pytest.mark.parametrize("e", [5, -6, 100])
def test_index_out_of_bounds(p: Program, e: int) -> None:
    p.builder.span = Span("user.py", 12)
    function = p.builder.finish([p.emit("index", p.scalar(e), i(5), checked=True)])
    with pytest.raises(IndexError, match=rf"index {e} is out of bounds.*size 5") as caught:
        interpret.run(function, p.args)
    assert caught.value.span == Span("user.py", 12)  # type: ignore[attr-defined]


def test_load_store_accum(p: Program) -> None:
    a = p.array(A)
    first = p.emit("load", a, i(1), i(2))
    a = p.emit("store", a, f(100.0), i(1), i(2))
    a = p.emit("accum", a, f(0.5), i(1), i(2))
    found = p.run(first, a)
    expected = A.copy()
    expected[1, 2] = 100.5
    assert found[0] == 6.0
    np.testing.assert_array_equal(found[1], expected)
    assert found[1] is p.args[0]  # in place on the caller's array


def test_an_access_that_was_not_checked_is_the_program_s_fault(p: Program) -> None:
    function = p.builder.finish([p.emit("load", p.array(A), i(3), i(0))])
    with pytest.raises(AssertionError, match="unchecked"):
        interpret.run(function, p.args)


SLICES = [
    ((False, False), (0, 1), (3, 2), (1, 1), np.s_[0:3, 1:3]),
    ((True, False), (2, 0), (2,), (2,), np.s_[2, 0::2]),
    ((False, True), (2, 3), (3,), (-1,), np.s_[::-1, 3]),
    ((False, False), (2, 3), (2, 4), (-2, -1), np.s_[::-2, ::-1]),
    ((False, False), (1, 0), (0, 4), (1, 1), np.s_[1:1, :]),
]


@pytest.mark.parametrize(("fixed", "starts", "lengths", "steps", "index"), SLICES)
def test_slices(fixed, starts, lengths, steps, index) -> None:
    box = [i(n) for n in (*starts, *lengths, *steps)]
    p = Program()
    (found,) = p.run(p.emit("slice", p.array(A), *box, fixed=fixed))
    np.testing.assert_array_equal(found, A[index])
    assert not np.shares_memory(found, p.args[0])
    for name, scalar in (("slice_store", False), ("slice_accum", False), ("slice_store", True), ("slice_accum", True)):
        p = Program()
        new = np.float64(0.5) if scalar else -A[index]
        a = p.array(A)
        value = p.scalar(new) if scalar else p.array(new)
        (found,) = p.run(p.emit(name, a, value, *box, fixed=fixed))
        expected = A.copy()
        if name == "slice_store":
            expected[index] = new
        else:
            expected[index] += new
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("indices", [([0, 2, 0],), ([2, 0], [3, 1]), ([[0, 1], [2, 2]],), (np.zeros(0, np.int64),)])
def test_gather_scatter(indices) -> None:
    indices = tuple(np.array(index) for index in indices)
    p = Program()
    (found,) = p.run(p.emit("gather", p.array(A), *(p.array(index) for index in indices)))
    np.testing.assert_array_equal(found, A[indices])
    for name in ("scatter_store", "scatter_accum"):
        p = Program()
        new = np.arange(A[indices].size, dtype=float).reshape(A[indices].shape) + 50
        a, value = p.array(A), p.array(new)
        (found,) = p.run(p.emit(name, a, value, *(p.array(index) for index in indices)))
        expected = A.copy()
        if name == "scatter_store":
            expected[indices] = new
        else:
            np.add.at(expected, indices, new)
        np.testing.assert_array_equal(found, expected)


def test_later_duplicates_win(p: Program) -> None:
    a, value, index = p.array([0.0, 0.0]), p.array([1.0, 2.0, 3.0]), p.array([1, 1, 0])
    np.testing.assert_array_equal(p.run(p.emit("scatter_store", a, value, index))[0], [3.0, 2.0])


def test_masks(p: Program) -> None:
    mask = p.array(A % 3 == 0)
    count = p.emit("mask_count", mask)
    found = p.run(count, p.emit("mask_index", mask, count))
    assert found[0] == 4
    np.testing.assert_array_equal(found[1], [0, 3, 6, 9])


def test_shapes_are_new_arrays(p: Program) -> None:
    """A reshape may be a view elsewhere; here a later store must not show through."""
    a = p.array(A)
    flat, turned = p.emit("reshape", a, i(12)), p.emit("transpose", a, perm=(1, 0))
    wide = p.emit("broadcast", p.emit("reshape", a, i(3), i(4), i(1)), i(3), i(4), i(2))
    a = p.emit("store", a, f(-1.0), i(0), i(0))
    found = p.run(flat, turned, wide, a)
    np.testing.assert_array_equal(found[0], A.ravel())
    np.testing.assert_array_equal(found[1], A.T)
    np.testing.assert_array_equal(found[2], np.repeat(A[:, :, None], 2, axis=2))


def test_growable_list(p: Program) -> None:
    """An endless array of zeros of which a prefix is held."""
    values = p.emit("list", kind=Kind.F64)
    values = p.emit("store", values, f(3.0), i(2))
    values = p.emit("accum", values, f(0.5), i(4))
    loads = [p.emit("load", values, i(k)) for k in (0, 2, 4, 9)]
    assert p.run(*loads) == [0.0, 3.0, 0.5, 0.0]


# ---------------------------------------------------------------------- control flow
@pytest.mark.parametrize(("lo", "hi", "step", "expected"), [
    (0, 4, 1, [0, 1, 2, 3]), (3, -1, -1, [3, 2, 1, 0]), (2, 2, 1, []), (5, 2, 1, []), (2, 5, -1, [])])
def test_trips(p: Program, lo: int, hi: int, step: int, expected: list[int]) -> None:
    b = p.builder
    seen = b.slot(ArrayType(Kind.INT, (i(8),)), p.emit("full", i(-1), i(8)))
    count = b.slot(INT, i(0))
    low, high = p.scalar(lo), p.scalar(hi)
    index = b.begin_for(low, high, step)
    b.write(seen, p.emit("store", b.read(seen), index, b.read(count)))
    b.write(count, p.emit("add", b.read(count), i(1)))
    b.end_for()
    found, trips = p.run(b.read(seen), b.read(count))
    np.testing.assert_array_equal(found[:trips], expected)


@pytest.mark.parametrize("steps", [0, 1, 2, 5])
def test_swap_in_a_loop(p: Program, steps: int) -> None:
    b = p.builder
    first = p.array([1.0, 2.0])
    second = p.array([10.0, 20.0], like=first)
    x, y = b.slot(first.type, first), b.slot(second.type, second)
    b.begin_for(i(0), p.scalar(steps))
    b.write(x, p.emit("accum", b.read(x), f(1.0), i(0)))
    held = b.read(x)
    b.write(x, b.read(y))
    b.write(y, held)
    b.end_for()
    found = p.run(b.read(x), b.read(y))
    a, c = np.array([1.0, 2.0]), np.array([10.0, 20.0])
    for _ in range(steps):
        a[0] += 1.0
        a, c = c, a
    np.testing.assert_array_equal(found, [a, c])


def test_loop_body_sees_its_own_values(p: Program) -> None:
    """A value of one iteration is not that of the one before."""
    b = p.builder
    total = b.slot(F64, f(0.0))
    n = p.scalar(4)
    outer = b.begin_for(i(0), n)
    b.begin_for(i(0), outer, name="j")
    b.write(total, p.emit("add", b.read(total), p.emit("cast", outer, kind=Kind.F64)))
    b.end_for()
    b.end_for()
    assert p.run(b.read(total))[0] == 0 * 0 + 1 * 1 + 2 * 2 + 3 * 3


def test_only_the_taken_arm_runs(p: Program) -> None:
    b = p.builder
    condition = p.scalar(False)
    b.begin_arm()
    effect(b, "check", Constant(False, Kind.BOOL), exception="ValueError", message="never")
    then = b.end_arm()
    b.begin_arm()
    (result,) = b.end_if(condition, then, b.end_arm(), [(f(1.0), f(2.0))])
    assert p.run(result)[0] == 2.0


# ---------------------------------------------------------------------- checks, numbers, arguments
def test_check_raises_with_its_span(p: Program) -> None:
    p.builder.span = Span("user.py", 3)
    effect(p.builder, "check", p.scalar(False), exception="ZeroDivisionError", message="float division by zero")
    function = p.builder.finish([])
    with pytest.raises(ZeroDivisionError, match="float division by zero") as caught:
        interpret.run(function, p.args)
    assert caught.value.span == Span("user.py", 3)  # type: ignore[attr-defined]
    assert caught.value.__notes__ == ["  at user.py:3"]
    assert interpret.run(function, [True]) == []


def test_innermost_span_is_kept(p: Program) -> None:
    b = p.builder
    b.span = Span("user.py", 1)
    b.begin_for(i(0), i(2))
    b.span = Span("user.py", 2)
    effect(b, "check", p.scalar(False), exception="ValueError", message="no")
    b.end_for()
    with pytest.raises(ValueError, match="no") as caught:
        interpret.run(b.finish([]), p.args)
    assert caught.value.span.line == 2  # type: ignore[attr-defined]


def test_check_names_a_builtin_exception(p: Program) -> None:
    with pytest.raises(TypeError, match="no builtin exception"):
        effect(p.builder, "check", p.scalar(True), exception="Nonsense", message="")


def test_numbers_keep_their_kind(p: Program) -> None:
    x = p.scalar(np.float32(0.1))
    y = p.emit("mul", x, Constant(3, Kind.F32))
    z = p.emit("exp", y)
    found = p.run(y, z, p.emit("floordiv", p.scalar(-7), i(2)), p.emit("mod", p.scalar(-7.5), f(2.0)))
    assert [v.dtype for v in found] == ["f4", "f4", "i8", "f8"]
    assert found[2:] == [-4, 0.5]


def test_division_is_numpys_and_silent(p: Program) -> None:
    zero = p.scalar(0.0)
    found = p.run(p.emit("div", f(1.0), zero), p.emit("div", zero, zero), p.emit("log", zero))
    np.testing.assert_equal(found, [np.inf, np.nan, -np.inf])


def test_integers_wrap(p: Program) -> None:
    assert p.run(p.emit("add", p.scalar(2**63 - 1), i(1)))[0] == -2**63


def test_arguments(p: Program) -> None:
    function = p.builder.finish([p.array(A), p.scalar(1.0)])
    assert interpret.run(function, [A.copy(), 2])[1] == 2.0  # an integer is a float too
    for bad in ([A], [A, 1.0, 2.0], [A.astype(np.float32), 1.0], [A[0], 1.0], [A.tolist(), 1.0], [A, A], [A, 1j]):
        with pytest.raises(TypeError):
            interpret.run(function, bad)


def test_dimensions_are_read_and_compared(p: Program) -> None:
    b = p.builder
    n = b.param(INT, "n", shape_of=(0, 0))
    x = b.param(ArrayType(Kind.F64, (n,)), "x")
    y = b.param(ArrayType(Kind.F64, (n,)), "y")
    one = b.param(ArrayType(Kind.F64, (i(1),)), "one")
    function = b.finish([n, x, y, one])
    assert interpret.run(function, [np.zeros(3), np.zeros(3), np.zeros(1)])[0] == 3
    with pytest.raises(ValueError, match="axis 0 of y has 2 elements, not 3"):
        interpret.run(function, [np.zeros(3), np.zeros(2), np.zeros(1)])
    with pytest.raises(ValueError, match="axis 0 of one has 2 elements, not 1"):
        interpret.run(function, [np.zeros(3), np.zeros(3), np.zeros(2)])


def test_another_domain() -> None:
    """Control flow is the interpreter's, values are the domain's: counting operations by name."""
    class Counting(interpret.Values):
        def __init__(self) -> None:
            self.counts: dict[str, int] = {}

        def apply(self, op, operands):
            self.counts[op.prim] = self.counts.get(op.prim, 0) + 1
            return super().apply(op, operands)

    p = Program()
    b = p.builder
    total = b.slot(F64, f(1.0))
    b.begin_for(i(0), p.scalar(5))
    b.write(total, p.emit("sin", p.emit("add", b.read(total), f(1.0))))
    b.end_for()
    function, domain = b.finish([b.read(total)]), Counting()
    interpret.Interpreter(domain).call(function, interpret.bind(function, p.args))
    assert domain.counts == {"add": 5, "sin": 5}
