"""Elements chosen by place, condition or rank; written by place or mask."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.frontend.differentiating import differentiates, named
from tests.fuzz.interpreted import interpreted_gradient

RNG = np.random.default_rng(4)
V5, V4, V2, V1, V0 = (RNG.normal(size=n) for n in (5, 4, 2, 1, 0))
M, C, SQ = (RNG.normal(size=shape) for shape in ((3, 4), (2, 3, 4), (3, 3)))


def written(write: Any) -> Any:
    """A function that writes into a copy of its first argument, and returns that."""
    def function(x, *rest):
        y = x.copy()
        write(y, *rest)
        return y
    return function


def taken_into(x):
    out = np.zeros((3, 2))
    return np.take(x, [1, 2], 1, out=out) + out


CASES: list[tuple[Any, ...]] = [
    (lambda x: np.take(x, [1, 1, 2]), M),
    (lambda x: np.take(x, [[1, 0], [2, 2]], 1), M),
    (lambda x: np.take(x, 2, 0), M),
    (lambda x: np.take(x, [-1, 7], mode="wrap"), V4),
    (lambda x: np.take(x, [-1, 7], mode="clip"), V4),
    (lambda x: np.take(x, np.zeros(0, int)), V4),
    (taken_into, M),
    (lambda x: np.take_along_axis(x, np.argsort(x, 1), 1), M),
    (lambda x: np.take_along_axis(x, np.argsort(x, 0), 0), M),
    (lambda x: np.take_along_axis(x, np.argmax(x, 1)[:, None], 1), M),
    (lambda x: np.take_along_axis(x, np.array([3, 1]), None), M),
    (written(lambda y, v: np.put(y, [0, 5, -1], v)), M, V2),
    (written(lambda y, v: np.put(y.T, [0, 5, -1], v)), M, V2),
    (written(lambda y, v: y.put([0, 3], v)), V4, V2),
    (written(lambda y, v: np.put_along_axis(y, np.array([[1], [0], [3]]), v, 1)), M, V4[:3, None].copy()),
    (written(lambda y, v: np.place(y, y > 0, v)), M, V2),
    (written(lambda y, v: np.putmask(y, y > 0, v)), M, V5),
    (written(lambda y, v: np.copyto(y, v, where=y > 0)), M, V4),
    (written(lambda y: np.copyto(y, 2.0)), M),
    (written(lambda y: np.fill_diagonal(y, y[0, 1])), SQ),
    (written(lambda y: y.sort()), V5),
    (written(lambda y: y.sort(axis=0)), M),
    (lambda x: x[np.nonzero(x > 0)], M),
    (lambda x: np.argwhere(x > 0), M),
    (lambda x: x[np.where(x > 0)], M),
    (lambda x: x[np.where(x > 0)], V5),
    (lambda x: x.nonzero()[0], V5),
    (lambda x: np.compress([True, False, True], x, axis=0), M),
    (lambda x: np.compress(x[0] > 0, x, 1), M),
    (lambda x: x.compress(x > 0), V5),
    (lambda x: np.extract(x > 0, x), M),
    (lambda x, y: np.select([x > 1, x > 0], [x * 2, y], -1.0), V4, V4 + 1),
    (lambda x, y: np.select([x > 1, x > 0], [x * 2, y]), V4, V4 + 1),
    (lambda x, y: np.choose(np.array([0, 1, 1, 0]), [x, y]), V4, V4 + 1),
    (lambda x, y: np.choose(np.array([0, 5, -1, 0]), [x, y], mode="clip"), V4, V4 + 1),
    (lambda x, y: np.choose(np.array([[0], [1]]), (x, y)), V4, V4 + 1),
    (lambda x: np.piecewise(x, [x < 0, x >= 0], [lambda z: z**2, lambda z: 3 * z]), V5),
    (lambda x: np.piecewise(x, [x < -0.5, x > 0.5], [-1.0, np.sin, lambda z: z * z]), M),
    (lambda x: np.piecewise(x, x < 0, [lambda z: -z, lambda z: 2 * z]), V5),
    (lambda x, a: np.piecewise(x, [x < 0], [lambda z, b: b * z, 0.0], a[0]), V5, V2),
    (lambda x: np.sort(x), V5),
    (lambda x: np.sort(x), M),
    (lambda x: np.sort(x, 0), M),
    (lambda x: np.sort(x, None), M),
    (lambda x: np.sort(x, 1), C),
    (lambda x: np.sort(x), V0),
    (lambda x: np.sort(x), V1),
    (lambda x: np.sort(x, kind="mergesort"), V5.astype(np.float32)),
    (lambda x: x[np.argsort(-x)], V5),
    (lambda x: x[x.argsort()], V5),
    (lambda x, y: x[np.lexsort((y, np.array([1, 0, 1, 0])))], V4, V4 * 2),
    (lambda x: np.argsort(x, None), M),
    (lambda x: np.digitize(x, [-1, 0, 1.0]), M),
    (lambda x: np.digitize(x, [1, 0, -1.0]), M),
    (lambda x: np.digitize(x, np.array([-1, 0, 1.0]), right=True), V5),
    (lambda x: np.digitize(x[0], [0.0, 1]), V5),
    (lambda x: np.searchsorted(np.sort(x), 0.1), V5),
    (lambda x: np.searchsorted(np.sort(x), x, "right"), V5),
    (lambda x: np.sort(x).searchsorted(x), V5),
    (lambda x: np.unique(x), M),
    (lambda x: np.unique(np.round(x), return_inverse=True, return_counts=True, return_index=True), M),
    (lambda x: np.bincount(np.array([0, 2, 2, 5]), x), V4),
    (lambda x: np.bincount(np.array([0, 2, 2, 5]), minlength=9) * x[0], V4),
    (lambda x: np.bincount(np.array([0, 2, 2, 5]), weights=x, minlength=9), V4),
    (lambda x: np.isin(np.array([1, 2, 3]), [2, 5]) * x[0], V4),
    (lambda x: np.unravel_index(7, (3, 4)), V4),
    (lambda x: x.ravel()[np.ravel_multi_index((np.array([1, 2]), np.array([0, 3])), (3, 4))], M),
    (lambda x: np.flatnonzero(x > 0), M),
    (lambda x: np.clip(x, -0.5, 0.7), M),
    (lambda x, y: np.clip(x, None, y), M, V4),
    (lambda x, y: x.clip(y), M, V4),
    (lambda x: np.clip(x, a_min=-0.1, a_max=0.2), V5),
]


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_selection(case: tuple[Any, ...]) -> None:
    differentiates(*case)


def gradient(function: Any, *args: Any) -> Any:
    _, found = interpreted_gradient(function, args)
    return found[(0,)]


def test_ties_follow_the_element_selected() -> None:
    x = np.array([2.0, 1.0, 2.0, 1.0])
    weights = np.array([1.0, 10.0, 100.0, 1000.0])
    np.testing.assert_array_equal(gradient(lambda a: np.sum(np.sort(a) * weights), x), [100.0, 1.0, 1000.0, 10.0])
    np.testing.assert_array_equal(gradient(lambda a: np.sum(np.unique(a) * weights[:2]), x), [10.0, 1.0, 0.0, 0.0])
    np.testing.assert_array_equal(gradient(lambda a: np.median(a), x), [0.5, 0.0, 0.0, 0.5])
    np.testing.assert_array_equal(gradient(lambda a: np.max(a), x), [0.5, 0.0, 0.5, 0.0])
    np.testing.assert_array_equal(gradient(lambda a: np.sum(np.clip(a, 1.0, 1.5)), x), [0.0, 0.5, 0.0, 0.5])
