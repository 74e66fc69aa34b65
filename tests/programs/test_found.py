"""Programs that random search found to be wrong once, by the interpreter: values, effects and gradients."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg

import workbench as wb
from tests.corpus.oracle import gradient
from tests.corpus.structure import copy_arguments
from tests.fuzz.emitted import in_python
from tests.fuzz.interpreted import interpret, interpreted_gradient
from tests.programs.calling import close

WEIGHTS = np.arange(1.0, 13.0)


def view_of_what_one_arm_made(x, a):
    b = a
    v = a[1:]
    if x > 0:
        b = np.tanh(a)
        v = b[::-1]
    v[0] = 5.0 * x
    return np.sum(b * WEIGHTS[:3]) + np.sum(a)


def views_of_what_both_arms_made(x, a):
    if x > 0:
        b = np.tanh(a)
        v = b[1:]
    else:
        b = np.sin(a)
        v = b[:2]
    v[0] = 5.0 * x
    b[1] *= x
    return np.sum(v * WEIGHTS[:2]) + np.sum(b)


def rows_of_what_both_arms_made(x, a):
    if x > 0:
        b = np.outer(a, a)
        v = b[1]
    else:
        b = np.outer(a, np.sin(a))
        v = b.T[0]
    v[0] = 5.0 * x
    b[1] *= x
    return np.sum(v * WEIGHTS[:3]) + np.sum(b)


def two_names_of_what_one_arm_made(x, a):
    if x > 0:
        a = np.tanh(a)
        v = a[:]
    else:
        v = a
    v[0] = 5.0 * x
    a[1] *= x
    return np.sum(v * WEIGHTS[:3]) + np.sum(a)


@pytest.mark.parametrize("x", [0.7, -0.7])
@pytest.mark.parametrize("function", [view_of_what_one_arm_made, views_of_what_both_arms_made,
                                      rows_of_what_both_arms_made, two_names_of_what_one_arm_made])
def test_views_made_in_an_arm_show_what_is_written(function: Callable[..., Any], x: float) -> None:
    agrees_with_python(function, (x, np.array([0.2, -0.4, 0.9])))


def agrees_with_python(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Value, what is left of the arguments, and the gradient against differences."""
    plain, left = copy_arguments(args), copy_arguments(args)
    expected = function(*plain)
    assert interpret(function, left) == pytest.approx(expected, rel=1e-12)
    assert close(left, plain, 1e-12)
    slopes = gradient(function, args, tuple(range(len(args))), "difference")
    found = interpreted_gradient(function, copy_arguments(args))[1]
    for path, slope in slopes.items():
        np.testing.assert_allclose(found[path], slope, rtol=1e-6, atol=1e-6)


def reshaped(view: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def write_through(m: Any) -> Any:
        v = view(m)
        v[0] = 5.0 * m[0, 0]
        return np.sum(m * WEIGHTS[:m.size].reshape(m.shape)) + np.sum(v)

    return write_through


@pytest.mark.parametrize("shape", [(4, 3), (3, 1), (1, 3), (2, 2)], ids=str)
@pytest.mark.parametrize("view", [
    lambda m: m.T.reshape(-1), lambda m: m.T.ravel(), lambda m: m[:, 0].reshape(-1), lambda m: m[:, 0].ravel(),
    lambda m: m[:, ::-1].reshape(-1), lambda m: m[::-1].reshape(-1), lambda m: m[:, :1].reshape(-1),
    lambda m: m[::-1, ::-1].reshape(-1), lambda m: m[:1, ::-1].ravel(), lambda m: m[0, ::-1].reshape(-1),
    lambda m: m[::-1].T[:, :, None].reshape(-1), lambda m: m[:, 0][::-1].reshape(-1, 1)[:, 0]])
def test_a_reshaped_view_is_a_view_where_numpy_gives_one(view: Callable[[Any], Any], shape: tuple[int, int]) -> None:
    agrees_with_python(reshaped(view), (np.linspace(0.3, 1.7, shape[0] * shape[1]).reshape(shape),))


def by_columns(m):
    return np.asfortranarray(m)


def through_tanh(view):
    def write_through(m):
        b = np.tanh(view(m))
        v = b.reshape(-1)
        v[1] = 5.0 * m[0, 0]
        return np.sum(b * WEIGHTS[:b.size].reshape(b.shape))

    return write_through


def raveled_then_written(m):
    v = m.ravel()
    m[0, 1] = 5.0 * m[1, 1]
    return np.sum(v * WEIGHTS[:v.size])


def contiguous(m):
    v = np.ascontiguousarray(m.T)
    v[0, 0] = 5.0 * m[1, 1]
    return np.sum(m) + np.sum(v * v)


@pytest.mark.parametrize("function, make", [
    (through_tanh(lambda m: m), np.array), (raveled_then_written, np.array), (raveled_then_written, by_columns),
    (reshaped(lambda m: m.reshape(-1)), by_columns), (reshaped(lambda m: m.T.reshape(-1)), by_columns),
    (reshaped(lambda m: m.T.ravel()), by_columns), (contiguous, np.array), (contiguous, by_columns)])
def test_how_an_argument_lies_in_memory_decides_what_is_a_view(function: Callable[..., Any],
                                                               make: Callable[[Any], Any]) -> None:
    agrees_with_python(function, (make(np.linspace(0.3, 1.7, 6).reshape(2, 3)),))


def test_a_strided_argument_is_copied_by_ravel() -> None:
    def function(a):
        v = a.ravel()
        a[0] = 5.0 * a[1]
        return np.sum(v * WEIGHTS[:3])

    slope = wb.grad(function)
    np.testing.assert_array_equal(slope(np.array([1.0, 2.0, 3.0])), [0.0, 7.0, 3.0])
    np.testing.assert_array_equal(slope(np.arange(6.0)[::2]), [1.0, 2.0, 3.0])


@pytest.mark.parametrize("view", [
    lambda m: m.T, lambda m: np.zeros_like(m.T) + m[0, 0], lambda m: np.copy(m.T), lambda m: m.T @ m,
    lambda m: np.sort(m.T, axis=0), lambda m: m.T * m.T[:, :1], lambda m: m.T + np.zeros((3, 2))])
def test_what_numpy_lays_by_columns_is_copied_by_a_reshape(view: Callable[[Any], Any]) -> None:
    agrees_with_python(through_tanh(view), (np.linspace(0.3, 1.7, 6).reshape(2, 3),))


def test_what_may_lie_by_columns_is_not_written_through_a_reshape() -> None:
    with pytest.raises(wb.DifferentiationError, match="(?s)a view or a copy.*index the array itself"):
        interpret(through_tanh(lambda m: scipy.linalg.inv(m)), (np.eye(3) + 0.1,))


def mixed(a):
    b = a.T @ a
    c = np.zeros((2, 3))
    c.reshape(-1)[4] = b[0, 1] * b[1, 1]
    d = np.sort(a.T, axis=0) * 1.5
    d.ravel()[1] = 100.0
    return np.sum(c * WEIGHTS[:6].reshape(2, 3)) + np.sum(d[0] * d[1])


def test_a_product_does_not_make_other_arrays_lie_otherwise() -> None:
    agrees_with_python(mixed, (np.linspace(0.3, 1.7, 6).reshape(3, 2),))


@pytest.mark.parametrize("view", [lambda m: m[:, 1:].reshape(-1), lambda m: m[:, ::2].reshape(-1)])
def test_a_reshape_that_may_copy_is_not_written(view: Callable[[Any], Any]) -> None:
    with pytest.raises(wb.DifferentiationError, match="a view or a copy"):
        interpret(reshaped(view), (np.ones((100, 100)),))


@pytest.mark.parametrize("view", [lambda m: m[:, 1:].reshape(-1), lambda m: m[:, ::2].reshape(-1)])
def test_whether_a_reshape_copies_is_known_for_one_small_size(view: Callable[[Any], Any]) -> None:
    for shape in ((3, 2), (3, 3), (1, 3), (2, 4)):
        agrees_with_python(reshaped(view), (np.linspace(0.3, 1.7, shape[0] * shape[1]).reshape(shape),))


def test_a_computed_length_of_one_is_refused_where_numpy_repeats() -> None:
    def product(a):
        return np.sum(a[1:] * a[:2])

    agrees_with_python(product, (np.array([0.5, 1.0, 2.0]),))
    with pytest.raises(wb.DifferentiationError, match="computed length is 1"):
        interpret(product, (np.array([0.5, 1.0]),))


def test_an_error_that_is_certain_comes_after_the_effects_before_it() -> None:
    def fails(a):
        a[0] = 0.5 * a[1]
        return np.sum(a[:1] * np.zeros((2, 3)) @ np.ones(4))

    a = np.array([1.0, 4.0])
    with pytest.raises(ValueError, match="matmul"):
        wb.grad(fails)(a)
    assert a[0] == 2.0


def test_arrays_of_two_shapes_are_refused() -> None:
    def chosen(x, a):
        b = a[1:] if x > 0 else a
        return np.sum(b * b)

    with pytest.raises(wb.DifferentiationError, match="shape"):
        interpret(chosen, (0.5, np.ones(3)))


@pytest.mark.parametrize("items", [max, min, sum, lambda w: list(w)[0], lambda w: sum(sorted(w)[:2]),
                                   lambda w: tuple(w)[1], lambda w: sum([e * e for e in w])])
def test_builtins_over_one_of_two_arrays(items: Callable[[Any], Any]) -> None:
    def function(a, k):
        w = np.tanh(a) if k != 1 else a
        return items(w) * 1.0

    for k in (1, 2):
        agrees_with_python(function, (np.array([0.3, -0.5, 0.9]), k))


class Counter:
    def __init__(self) -> None:
        self.calls, self.last = 0, 0.0


def test_effects_on_objects_before_an_error_are_there() -> None:
    def fails(state, a, k):
        state.calls += 1
        state.last = 2.0 * a[0]
        a[1] = 7.0
        return a[k] * state.last

    slope, state, a = wb.grad(fails, 1), Counter(), np.array([1.0, 2.0])
    slope(state, a, 0)
    assert (state.calls, state.last, a[1]) == (1, 2.0, 7.0)
    a[:] = 3.0, 4.0
    with pytest.raises(IndexError):
        slope(state, a[::1], 5)
    assert (state.calls, state.last, a[1]) == (2, 6.0, 7.0)
    strided = np.array([1.5, 0.0, 4.0, 0.0])
    with pytest.raises(IndexError):
        slope(state, strided[::2], 5)
    assert (state.calls, state.last, strided[2]) == (3, 3.0, 7.0)


@pytest.mark.parametrize("build", [lambda m: [0.5, m.reshape(-1)[::1]], lambda m: {"flat": m.ravel(), "n": 2.0},
                                   lambda m: [[m[1:] * 2.0, 1.0], (m.T.copy(),)]])
def test_containers_made_on_one_path_hold_arrays_with_shapes_of_their_own(build: Callable[[Any], Any]) -> None:
    def function(m, k):
        if k > 0:
            made = build(m)
        if k > 1:
            last = list(made.values())[0] if type(made) is dict else made[0 if type(made[0]) is list else 1]
            last = last[0] if type(last) is list else last
            m = m * np.sum(last)
        return float(np.sum(m * m))

    for k in (0, 1, 2):
        agrees_with_python(function, (np.asfortranarray(np.array([[0.3, -0.5], [0.9, 1.1]])), k))


def test_no_copy_of_one_of_two_arrays() -> None:
    def function(x, a, k):
        if k == 1:
            v = a.copy()[:2]
        else:
            v = a[1:]
        w = np.array(v, copy=False)
        return x * np.sum(w * w)

    for k in (1, 2):
        agrees_with_python(function, (1.3, np.array([0.3, -0.5, 0.9]), k))


@pytest.mark.parametrize("length", [0, 1, 2])
def test_a_name_whose_new_length_turns_out_to_be_constant(length: int) -> None:
    def function(x, a, u):
        for k in range(3):
            while x <= 0.32:
                a = a - u[k:k]
        return np.sum(u * np.arange(1.0, 4.0)) * x

    with in_python():
        value, slope = wb.value_and_grad(function, engine="numba")(0.9, np.ones(length), np.array([0.3, -0.2, 0.5]))
    assert value == pytest.approx(1.4 * 0.9) and slope == pytest.approx(1.4)
