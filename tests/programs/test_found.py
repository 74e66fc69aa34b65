"""Programs that random search found to be wrong once, by the interpreter: values, effects and gradients."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.corpus.oracle import gradient
from tests.corpus.structure import copy_arguments
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


@pytest.mark.parametrize("view", [lambda m: m[:, 1:].reshape(-1), lambda m: m[:, ::2].reshape(-1)])
def test_a_reshape_that_may_copy_is_not_written(view: Callable[[Any], Any]) -> None:
    with pytest.raises(wb.DifferentiationError, match="a view or a copy"):
        interpret(reshaped(view), (np.ones((3, 2)),))


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
