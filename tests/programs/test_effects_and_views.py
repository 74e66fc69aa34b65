"""Views that the compiler copies, effects of functions inside others, rules of methods: nothing stale, nothing lost."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.corpus.oracle import disagreement, gradient
from tests.fuzz.emitted import in_python

X = np.array([0.5, 1.25, 2.0])
SEEN: list[Any] = []
TABLE = np.zeros(2)


def spread(a: Any) -> Any:
    c = a * 1.0
    shown = np.broadcast_to(c, (2, 3))
    c[0] = 5.0 * a[1]
    return shown.sum()


def spread_together(a: Any) -> Any:
    c = a * 1.0
    shown, _ = np.broadcast_arrays(c, np.ones((2, 3)))
    c[0] = 5.0 * a[1]
    return shown.sum()


def grid_of_views(a: Any) -> Any:
    c = a * 1.0
    x, y = np.meshgrid(c, c, copy=False)
    c[0] = 5.0 * a[1]
    return x.sum() + 2.0 * y.sum()


def grid_of_copies(a: Any) -> Any:
    c = a * 1.0
    x, y = np.meshgrid(c, c)
    x[0] = 2.0
    c[0] = 5.0 * a[1]
    return (x * y).sum()


def transposed_by_einsum(a: Any) -> Any:
    c = np.outer(a, a)
    shown = np.einsum("ij->ji", c)
    c[0] = 5.0 * a[1]
    return (shown[:, 0] * a).sum()


def diagonal_by_einsum(a: Any) -> Any:
    c = np.outer(a, a)
    np.einsum("ii->i", c)[:] = a
    return c.sum()


def inserts_plain_numbers(a: Any) -> Any:
    return (np.insert(a, 0, [5.0, 6.0]) * np.arange(5.0)).sum()


def inserts_nothing(a: Any) -> Any:
    return (np.insert(a, 0, []) * np.delete(a, [])).sum()


def median_with_gap(a: Any) -> Any:
    return np.median(np.repeat(a, 2)) + np.tile(a, 2).max()


PROGRAMS = (spread, spread_together, grid_of_views, grid_of_copies, transposed_by_einsum, diagonal_by_einsum,
            inserts_plain_numbers, inserts_nothing, median_with_gap)


@pytest.mark.parametrize("engine", ("numba", "tape"))
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_a_view_is_right_or_refused(program: Callable[..., Any], engine: str) -> None:
    try:
        value, slope = wb.value_and_grad(program, engine=engine)(X.copy())
    except wb.DifferentiationError as error:
        assert error.filename == __file__
        return
    assert value == pytest.approx(program(X.copy()), rel=1e-12)
    assert disagreement({(0,): slope}, gradient(program, (X.copy(),), (0,), "difference"), float(value),
                        "difference") is None


def notes(x: float) -> float:
    SEEN.append(1.0)
    return x * x


def keeps(x: float) -> float:
    TABLE[0] = 1.0
    return x * x


@pytest.mark.parametrize("inner", (notes, keeps))
def test_an_effect_of_an_inner_function_is_not_lost(inner: Callable[..., Any]) -> None:
    programs = (lambda x: wb.grad(inner)(x) * x, lambda x: wb.checkpoint(inner)(x) * x,
                lambda x: wb.hook(x, inner) * x)
    for program in programs:
        with pytest.raises(wb.DifferentiationError, match="changes globals"):
            wb.grad(program, engine="numba")(2.0)


def test_a_hook_that_collects_runs_on_the_tape() -> None:
    SEEN.clear()

    def collect(bar: float) -> float:
        SEEN.append(bar)
        return bar
    with pytest.warns(UserWarning, match="tape"):
        assert wb.grad(lambda x: wb.hook(x * x, collect) * 3.0)(2.0) == 12.0
    assert SEEN == [3.0]


class Spring:
    """With methods of which one has a rule and one is checkpointed."""

    def __init__(self, k: float) -> None:
        self.k = k

    @wb.rule
    def energy(self, x: float) -> float:
        return self.k * x * x

    @energy.defjvp
    def energy_jvp(primals: Any, y: Any, tangents: Any) -> Any:  # type: ignore[misc]
        self, x = primals
        own = 0.0 if tangents[0] is None else tangents[0].k * x * x
        return 2.0 * self.k * x * tangents[1] + own  # type: ignore[attr-defined]

    @wb.checkpoint
    def step(self, x: float) -> float:
        return self.k * x * x


@pytest.mark.parametrize("engine", ("numba", "tape"))
def test_methods_with_rules_and_checkpoints(engine: str) -> None:
    spring = Spring(3.0)
    assert spring.energy(2.0) == spring.step(2.0) == 12.0
    assert wb.grad(spring.energy, engine=engine)(2.0) == pytest.approx(12.0)
    assert wb.grad(lambda x: spring.step(spring.energy(x)), engine=engine)(2.0) == pytest.approx(3 * 4 * 9 * 8)
    assert wb.grad(lambda s: s.energy(2.0), engine=engine)(spring).k == pytest.approx(4.0)


def test_a_slope_at_a_kink_is_undecided_and_one_beside_it_is_wrong() -> None:
    def with_slope(at_zero: float) -> Any:
        f = wb.rule(lambda x: abs(x))
        f.defjvp(lambda primals, y, tangents: (at_zero if primals[0] == 0.0 else np.sign(primals[0])) * tangents[0])
        return f
    report = wb.check(with_slope(1.0), 0.0, engine="tape", order=1)
    assert {c.status for c in report.comparisons} == {"undecided", "agrees"}
    with pytest.raises(AssertionError, match="differences give 0"):
        wb.check(with_slope(5.0), 0.0, engine="tape", order=1)


def dropped_after_a_write(x, a, b):
    b[0] += 0.5
    for _ in range(3, 0, -1):
        b = np.tanh(a)
    return x


def dropped_after_an_exchange(x, a, b):
    for _ in range(3):
        a[1] = x
        a, b = b, a
    for _ in range(2):
        b = a * x
    return x


def exchanged_and_dropped(x, a, b):
    b[0] += 0.5
    for _ in range(3):
        a, b = b, np.tanh(a)
    return x


def written_and_dropped_each_turn(x, a, b):
    for _ in range(3):
        a[0] = x
        a, b = b, np.tanh(a)
    return x


def dropped_twice(x, a, b):
    for _ in range(3):
        b = np.tanh(a)
    b[0] += 0.5
    a[0] = 2.0 * x
    for _ in range(2):
        a = b * x
    return x


@pytest.mark.parametrize("f", [dropped_after_a_write, dropped_after_an_exchange, exchanged_and_dropped,
                               written_and_dropped_each_turn, dropped_twice])
def test_writes_reach_arguments_whose_names_are_bound_anew(f: Any) -> None:
    numbers = np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.2, 0.3])
    expected, found = [n.copy() for n in numbers], [n.copy() for n in numbers]
    f(0.7, *expected)
    with in_python():
        assert wb.grad(f, engine="numba")(0.7, *found) == 1.0
    np.testing.assert_array_equal(found, expected)


def kept_by_another_name(x, a, b, c, k):
    u = np.sin(a)
    while k > 0:
        k -= 1
        u = a if x > 0.9 else b
        a, c, b = c, b, a
    return u[0] * x


def bound_in_a_loop_before(x, a, b, c, k):
    c = a.reshape(3)
    for _ in range(3):
        c = a * x
    v = b
    for _ in range(2):
        if k > 1:
            v[2] = 0.5
        v = c
    return c[2]


def alias_of_what_an_arm_rebinds(x, a, b, c, k):
    v = c[:]
    if x > 0.9:
        v = b
    else:
        for _ in range(k):
            c = np.tanh(b)
    v[2] = x
    return x


def taken_by_another_name(x, a, b, c, k):
    u, w = np.sin(a), b
    for _ in range(k):
        u, b = b, np.sin(u)
    w += 1.0
    return u[2]


def two_names_of_an_inner_loop(x, a, b, c, k):
    v = c[:]
    for _ in range(3):
        for _ in range(2):
            v = np.tanh(a)
            c = v[::-1]
    for _ in range(3):
        v[:] = np.tanh(c)
        v = b
    return x


@pytest.mark.parametrize("f", [two_names_of_an_inner_loop, kept_by_another_name, bound_in_a_loop_before,
                               alias_of_what_an_arm_rebinds, taken_by_another_name])
def test_names_share_what_they_share_in_python(f: Any) -> None:
    for k in range(4):
        numbers = np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.2, 0.3]), np.array([0.5, 0.7, 0.9])
        expected, found = [n.copy() for n in numbers], [n.copy() for n in numbers]
        value = f(0.3, *expected, k)
        with in_python():
            assert wb.value_and_grad(f, engine="numba")(0.3, *found, k)[0] == pytest.approx(value, rel=1e-12)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


# ------------------------------------------------------------------ `flat`, of which a slice is a copy
def flat_of_a_place_in_an_arm(a: Any, x: float) -> Any:
    if x > 0:
        k = len(a) // 2
        f = a[k:].flat
    else:
        f = a.flat
    f[0:2][0] = 5.0
    s = f[0:2]
    s[0] = 5.0
    return np.sum(a * a)


def flat_of_a_helper(a: Any, x: float) -> Any:
    def pick(k: int) -> Any:
        if x > 0:
            return a[k:].flat
        return a[0:].flat

    s = pick(1)[0:2]
    s[0] = 5.0
    return np.sum(a * a)


def flat_of_each_turn(a: Any, x: float) -> Any:
    for k in range(len(a) - 2):
        f = a[k:].flat if x > 0 else a[k + 1:].flat
    s = f[0:2]
    s[0] = 5.0
    return np.sum(a * a)


@pytest.mark.parametrize("program", [flat_of_a_place_in_an_arm, flat_of_a_helper, flat_of_each_turn])
def test_slices_of_a_flat_stay_copies(program: Callable[..., Any]) -> None:
    for x in (1.0, -1.0):
        with in_python():
            value, slope = wb.value_and_grad(program, engine="numba")(np.arange(1.0, 6.0), x)
        assert value == program(np.arange(1.0, 6.0), x)
        assert np.array_equal(slope, 2.0 * np.arange(1.0, 6.0))
