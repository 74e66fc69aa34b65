"""Loops: what they carry, how constants are widened, how rebound arrays are renamed without a copy, and when not."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import workbench as wb
from tests.frontend.running import agrees, carried, loops, primitives, text
from tests.fuzz.interpreted import interpret
from workbench.frontend import trace
from workbench.ir import walk
from workbench.passes import optimize

RNG = np.random.default_rng(5)


def vectors(count: int, size: int = 4) -> list[np.ndarray]:
    return [RNG.normal(size=size) for _ in range(count)]


# ------------------------------------------------------------------ what is carried
def several_names(x, n):
    s = 0.0
    unused = 1.0
    constant = x * 2.0
    for i in range(n):
        term = constant * i
        s = s + term
    return s + unused


def test_only_what_changes_and_is_read_is_carried() -> None:
    (loop,) = loops(several_names, 1.5, 3)
    assert carried(loop) == {"s": "f64"}
    agrees(several_names, 1.5, 3)


def last_term(x, n):
    term = x
    for i in range(n):
        term = x * i
    return term


def test_a_name_read_after_the_loop_is_carried() -> None:
    (loop,) = loops(last_term, 1.5, 3)
    assert carried(loop) == {"term": "f64"}
    for n in (0, 1, 4):
        agrees(last_term, 1.5, n)


def fibonacci(x, n):
    a, b = 0.0, x
    for _ in range(n):
        a, b = b, a + b
    return a


def test_a_swap_of_numbers() -> None:
    (loop,) = loops(fibonacci, 1.0, 5)
    assert carried(loop) == {"a": "f64", "b": "f64"}
    assert agrees(fibonacci, 1.0, 10) == 55.0


def nested(a):
    total = 0.0
    for i in range(a.shape[0]):
        row = 0.0
        for j in range(a.shape[1]):
            row += a[i, j]
        total += row * row
    return total


def test_nested_loops_carry_their_own() -> None:
    outer, inner = loops(nested, np.ones((2, 3)))
    assert (carried(outer), carried(inner)) == ({"total": "f64"}, {"row": "f64"})
    agrees(nested, RNG.normal(size=(3, 4)))


# ------------------------------------------------------------------ widening
def widened(x, n):
    s = 0
    for _ in range(n):
        s += x
    return s


@pytest.mark.parametrize("x, kind", [(1.5, "f64"), (1.5j, "c128"), (2, "i64"), (np.float32(0.5), "f32")])
def test_an_integer_start_takes_the_kind_of_what_is_added(x: object, kind: str) -> None:
    (loop,) = loops(widened, x, 3)
    assert carried(loop) == {"s": kind}
    agrees(widened, x, 3)


def widened_twice(x, n):
    s, m = 0, 1
    for _ in range(n):
        s = s + m
        m = m * x
    return s + m


def test_widening_goes_on_until_nothing_changes() -> None:
    (loop,) = loops(widened_twice, 0.5, 3)
    assert carried(loop) == {"s": "f64", "m": "f64"}
    agrees(widened_twice, 0.5, 4)


def counts(a):
    k = 0
    for v in a:
        if v > 0.0:
            k += 1
    return k * 0.5


def test_a_count_stays_an_integer() -> None:
    (loop,) = loops(counts, np.ones(3))
    assert carried(loop) == {"k": "i64"}
    agrees(counts, RNG.normal(size=7))


def widens_to_an_array(a, n):
    s = 0.0
    for _ in range(n):
        s = s + a
    return s


def test_a_number_that_becomes_an_array_is_refused() -> None:
    with pytest.raises(wb.DifferentiationError, match="'s' is float 0.0 before the loop, a f64 array") as caught:
        interpret(widens_to_an_array, (np.ones(3), 100))
    assert caught.value.hint


def reset_in_one_arm(x, n):
    s = x
    for i in range(n):
        if i == 2:
            s = 0
        s = s + 1.0
    return s


def reset_to_another_kind(x, n):
    s = x
    for i in range(n):
        if s > 2.0:
            s = 1
        s = s * 1.5
    return s


@pytest.mark.parametrize("function", [reset_in_one_arm, reset_to_another_kind])
def test_a_constant_assigned_in_one_arm_leaves_the_other_what_the_last_iteration_gave(function: object) -> None:
    for n in range(7):
        agrees(function, 0.75, n)


# ------------------------------------------------------------------ renaming
def swap(u, v, n):
    for _ in range(n):
        for i in range(1, len(u) - 1):
            v[i] = 0.5 * (u[i - 1] + u[i + 1])
        u, v = v, u
    return u


def rotate(u, v, w, n):
    for _ in range(n):
        w[0] = u[0] + 2.0 * v[0]
        w[1] = u[1] - v[1]
        u, v, w = v, w, u
    return u[0] + 10.0 * v[0] + 100.0 * w[1]


def swap_by_a_third_name(u, v, n):
    for k in range(n):
        v[0] = u[0] + 1.0
        spare = u
        u = v
        v = spare
    return u[0] - v[0]


def rebound_to_new(x, n):
    for _ in range(n):
        x = np.sin(x) + 0.5
    return x


@pytest.mark.parametrize("function, arrays", [(swap, 2), (rotate, 3), (swap_by_a_third_name, 2), (rebound_to_new, 1)])
def test_rebinding_renames_buffers_without_a_copy(function: object, arrays: int) -> None:
    for loop in loops(function, *vectors(arrays), 3):
        assert not primitives(loop) & {"copy", "select", "empty", "if"}
    for n in (0, 1, 2, 5):
        agrees(function, *vectors(arrays), n)


def test_the_text_of_a_swap_yields_the_buffers_crossed() -> None:
    assert text(swap_by_a_third_name, *vectors(2), 3).splitlines()[1:8] == [
        "  u.2: f64[u_n], v.2: f64[u_n] = for(0, n, u, v, step=1)",
        "    body(k: i64, u.1: f64[u_n], v.1: f64[u_n]):",
        "      t.0: i64 = index(0, u_n, checked=True)",
        "      t.1: f64 = load(u.1, t.0)",
        "      t.2: f64 = add(t.1, 1.0)",
        "      t.3: f64[u_n] = store(v.1, t.2, t.0)",
        "      yield t.3, u.1",
    ]


def alias_from_before(u, v, n):
    first = u
    for _ in range(n):
        v[0] = u[0] + 1.0
        u, v = v, u
    first[1] = 7.0
    return u[0] + 10.0 * v[1] + 100.0 * first[0]


def one_of_two(a, b, n):
    c = a
    for i in range(n):
        c[0] = c[0] + i
        c = b
    return c[0] + 10.0 * a[0]


def same_object_in_two_names(u, v, n):
    w = u
    for _ in range(n):
        v[0] = w[0] + u[1]
        u, v = v, u
    return u[0] + 10.0 * w[0] + 100.0 * w[1]


@pytest.mark.parametrize("function", [alias_from_before, one_of_two, same_object_in_two_names])
def test_an_alias_forces_a_choice(function: object) -> None:
    (loop,) = loops(function, *vectors(2), 3)
    assert any(p.kind.value == "i64" for p in loop.regions[0].params[1:]), "no run-time index of the array meant"
    for n in (0, 1, 2, 3, 6):
        agrees(function, *vectors(2), n)


def iterated_while_swapped(u, v):
    s = 0.0
    for x in u:
        s += x
        v[1] = s
        u, v = v, u
    return s + u[1] + 10.0 * v[1]


def zipped_before_the_swap(u, v, n):
    pairs = zip(u, v)
    for _ in range(n):
        v[0] = u[0] + 1.0
        u, v = v, u
    s = 0.0
    for x, y in pairs:
        s = 2.0 * s + x + 3.0 * y
    return s


def default_holds_the_array(u, v, n):
    def first(w=u):
        return w[0]

    for _ in range(n):
        v[0] = u[0] + 1.0
        u, v = v, u
    return first() + 10.0 * u[0] + 100.0 * v[0]


def closure_reads_the_name(u, v, n):
    def first():
        return u[0]

    s = u[0]
    for _ in range(n):
        v[0] = first() + 1.0
        u, v = v, u
        s = 2.0 * s + first()
    return s


def list_holds_the_array(u, v, n):
    kept = [u, v]
    for _ in range(n):
        v[0] = u[0] + 1.0
        u, v = v, u
    return kept[0][0] + 10.0 * kept[1][0] + 100.0 * u[0]


def list_is_swapped(u, v, n):
    pair = [u, v]
    for _ in range(n):
        pair[1][0] = pair[0][0] + 1.0
        pair[0], pair[1] = pair[1], pair[0]
    return pair[0][0] + 10.0 * pair[1][0] + 100.0 * u[0]


def view_from_before(u, v, n):
    tail = u[1:]
    for _ in range(n):
        v[1] = u[1] + 1.0
        u, v = v, u
    return tail[0] + 10.0 * u[1]


@pytest.mark.parametrize("function", [zipped_before_the_swap, default_holds_the_array, closure_reads_the_name,
                                      list_holds_the_array, list_is_swapped, view_from_before])
def test_whoever_else_holds_a_renamed_array_still_means_it(function: object) -> None:
    for n in (0, 1, 2, 5):
        agrees(function, *vectors(2), n)


def test_iterating_over_an_array_while_it_is_swapped() -> None:
    for size in (2, 3, 5):
        agrees(iterated_while_swapped, *vectors(2, size))


# ------------------------------------------------------------------ iteration
def many_kinds(a, m, n):
    s = 0.0
    for i, v in enumerate(a, 2):
        s += i * v
    for v, w in zip(a, m[0]):
        s += v * w
    for row in m:
        s += row[0]
    for i in range(n, 0, -2):
        s += a[i % 3] * i
    for v in reversed(a):
        s = s * 0.5 + v
    for factor in (2.0, 3.0):
        s *= factor
    return s


def test_iteration() -> None:
    for n in (0, 1, 5):
        agrees(many_kinds, RNG.normal(size=3), RNG.normal(size=(2, 3)), n)


def counter_after(n, step):
    i = -1.0
    for i in range(0, n, step):
        pass
    return i * 2.0


@pytest.mark.parametrize("n, step", [(5, 1), (5, 2), (0, 1), (-5, -2), (5, -1)])
def test_the_counter_keeps_its_last_value(n: int, step: int) -> None:
    assert interpret(counter_after, (n, step)) == counter_after(n, step)


def search(a, limit):
    k = 0
    while k < len(a):
        if a[k] < 0.0:
            k += 1
            continue
        if a[k] > limit:
            break
        k += 1
    else:
        return -1.0
    return a[k] * k


def test_while_with_break_continue_and_else() -> None:
    a = np.array([-1.0, 0.5, -2.0, 3.0, 9.0])
    for limit in (0.0, 1.0, 5.0, 10.0):
        found = interpret(search, (a, limit))
        assert found == search(a, limit)


def test_a_step_of_zero_raises_as_range_does() -> None:
    with pytest.raises(ValueError, match="range"):
        interpret(counter_after, (5, 0))


def iterated_while_an_inner_loop_swaps(a: np.ndarray, b: np.ndarray, x: float) -> float:
    for e in a:
        for _ in range(3):
            x += e
            a, b = b, a
    return x


def written_while_iterated_and_swapped(a: np.ndarray, b: np.ndarray, x: float) -> float:
    for i in range(4):
        for e in a:
            a[i] = e * 0.5
            a, b = b, a
    return a[3] * x


def choice_written_while_its_arrays_swap(a: np.ndarray, b: np.ndarray, x: float) -> float:
    c = b if x < 0.5 else a
    for _ in range(3):
        c[1] = 0.5
        a, b = b, a
    return np.sum(a) * x


def iterators_of_both_while_swapped(a: np.ndarray, b: np.ndarray, x: float) -> float:
    for i, _ in enumerate(a):
        for u, _ in zip(a, b):
            a[i] = u * 0.5
            a, b = b, a
    return a[1] * x + b[0]


def alias_read_around_an_inner_swap(a: np.ndarray, b: np.ndarray, x: float) -> float:
    z = a
    for i in range(3):
        x += z[0] * z[i]
        for _ in range(3):
            a, b = b, a
        b[0] += x
    return x + a[0]


def tuple_read_around_an_inner_swap(a: np.ndarray, b: np.ndarray, x: float) -> float:
    t = (a, 1.0)
    for i in range(3):
        x += t[0][1]
        for _ in range(i + 1):
            a, b = b, a
        a[1] += 1.0
    return x


@pytest.mark.parametrize("x", (0.3, 0.9))
@pytest.mark.parametrize("function", [
    iterated_while_an_inner_loop_swaps, written_while_iterated_and_swapped, choice_written_while_its_arrays_swap,
    iterators_of_both_while_swapped, alias_read_around_an_inner_swap, tuple_read_around_an_inner_swap])
def test_whatever_refers_to_a_swapped_array_keeps_its_own(function: Callable[..., float], x: float) -> None:
    def arguments(at: float) -> tuple[np.ndarray, np.ndarray, float]:
        first = np.array([1.0, 2.0, 3.0, 4.0])
        return first, 10.0 * first, at

    plain, ours = arguments(x), arguments(x)
    expected = function(*plain)
    value, slope = wb.value_and_grad(function, "x")(*ours)
    step = 1e-6
    difference = (function(*arguments(x + step)) - function(*arguments(x - step))) / (2 * step)
    assert value == pytest.approx(expected, rel=1e-12)
    assert slope == pytest.approx(difference, rel=1e-6)
    for left, right in zip(plain[:2], ours[:2]):
        np.testing.assert_allclose(right, left, rtol=1e-12)


# ------------------------------------------------------------------ read in one arm, written in the other
def written_in_the_other_arm(x, n):
    total = None
    started = False
    s = 0.0
    for k in range(n):
        if not started:
            total = x
            started = True
        else:
            total = total + x * k
        s += total
    return s


def test_a_name_that_one_arm_reads_is_carried_though_the_other_writes_it() -> None:
    """(It is None before the loop, and not taken to be None in the arm.)"""
    agrees(written_in_the_other_arm, 0.7, 100)
    agrees(written_in_the_other_arm, 0.7, 4)
    value, slope = wb.value_and_grad(written_in_the_other_arm, engine="tape")(0.7, 4)
    assert value == pytest.approx(written_in_the_other_arm(0.7, 4))
    assert slope == pytest.approx(value / 0.7)


# ------------------------------------------------------------------ what is static before a loop, and not in it
def state_machine(a, start):
    state, out = start, 0.0
    for v in a:
        if state == "idle":
            out += 0.1 * v
            if v > 0:
                state = "up"
        else:
            out += v * v
            if v < 0:
                state = "idle"
    return out


class Machine:
    def __init__(self):
        self.state, self.out = None, 0.0

    def step(self, v):
        if self.state is None:
            self.out += 0.1 * v
            if v > 0:
                self.state = "up"
        else:
            self.out += v * v


def object_with_a_state(a):
    machine = Machine()
    for v in a:
        machine.step(v)
    return machine.out


def test_a_text_that_an_arm_of_the_body_changes_is_not_taken_to_be_the_first() -> None:
    """Silently wrong once: the second iteration took the state to be what it was before the loop."""
    a = np.array([-0.8, -1.3, -0.2, 0.4, 1.1, -0.3, 0.7] * 10)
    for function, args in ((state_machine, (a, "idle")), (object_with_a_state, (a,))):
        try:
            found = interpret(function, args)
        except wb.DifferentiationError as error:
            assert "on one path" in error.reason
        else:
            assert found == pytest.approx(function(*args))


def test_a_loop_that_is_evaluated_again_is_at_its_own_line() -> None:
    def f(x, n):
        y, k = 1.0, 0
        while y < n:
            y = y * x
            k += 1
        for _ in range(n):
            k = k * 2
            y = y + k
        return y

    first = f.__code__.co_firstlineno
    program = optimize(trace(f, (1.5, 4), ("x", "n")).function)
    assert {op.prim: op.span.line - first for op in walk(program.block) if op.regions} == {"while": 2, "for": 5}
