"""Functions applied to slices and elements, arrays written as subscripts, sets of values, fits."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.frontend.differentiating import differentiates, named

RNG = np.random.default_rng(7)
V5, V4, V1 = (RNG.normal(size=n) for n in (5, 4, 1))
M, C, SQ, S4 = (RNG.normal(size=shape) for shape in ((3, 4), (2, 3, 4), (3, 3), (4, 4)))


def kinked(a, b):
    if a > b:
        return a * b
    return a + b


vectorized = np.vectorize(kinked)


def enumerated(x):
    total = 0.0
    for (i, j), value in np.ndenumerate(x):
        total += value**2 * (i + 2 * j)
    for i, j in np.ndindex(3, 2):
        total += x[i, j]
    return total


def flat(x):
    y = x.copy()
    y.flat[1] = 3.0
    total = 0.0
    for v in y.flat:
        total += v * v
    return total + x.T.flat[2]


CASES: list[tuple[Any, ...]] = [
    (lambda x: np.apply_along_axis(lambda v: v * v.sum(), 1, x), M),
    (lambda x: np.apply_along_axis(lambda v: np.prod(v), 0, x), M),
    (lambda x: np.apply_along_axis(lambda v, k: np.outer(v, v) * k, 1, x, 2.0), C),
    (lambda x: np.apply_along_axis(np.cumsum, 0, x), V5),
    (lambda x: np.apply_over_axes(np.sum, x, (0, 2)), C),
    (lambda x, y: vectorized(x, y), M, V4),
    (lambda x: vectorized(x, 0.1), V5),
    (lambda x: np.vectorize(lambda v: np.sin(v), otypes=[float])(x), M),
    (enumerated, M),
    (flat, M),
    (lambda x: x.mT * 1, C),
    (lambda x: np.cumulative_sum(x, include_initial=True), V5),
    (lambda x: np.cumulative_prod(x, axis=1), M),
    (lambda x: np.r_[x, 2.0, x[:2], 0:3], V5),
    (lambda x, y: np.c_[x, y, x], V4, V4**2),
    (lambda x: np.mgrid[0:3, 0:2:3j] * x[0], V4),
    (lambda x: np.ogrid[0:3, -1:1:5j][1] * x[0], V4),
    (lambda x: np.mgrid[x[0]:x[0] + 3] * x[1], V4),
    (lambda x: x[np.s_[1:3]], V4),
    (lambda x, y: np.union1d(x, y), V4, V5),
    (lambda x: (np.intersect1d(x, x[:2]), np.setdiff1d(x, x[:2]), np.setxor1d(x[1:], x[:2])), V4),
    (lambda x, y: np.polyfit(x, y, 2), V5, V5**3),
    (lambda x, y, w: np.polyfit(x, y, 1, w=w), V5, V5**2 + 1, np.abs(V5)),
    (lambda x: np.around(x, 1) * x, V5),
    (lambda x: np.hanning(5) * np.kaiser(5, 2.0) * x + np.hamming(len(x)), V5),
    (lambda a: np.tri(3, 4, -1) @ a[:4, :2] * a[np.tril_indices(2)][1], S4),
    (lambda a: a[np.tril_indices_from(a, -1)] * a[np.triu_indices_from(a, k=1)], S4),
    (lambda a: a[np.diag_indices_from(a)] + a[np.diag_indices(4)] ** 2, S4),
    (lambda a, b: np.linalg.tensorsolve(a.reshape(2, 2, 4) + 3 * np.eye(4).reshape(2, 2, 4), b[:2, :2]), S4, S4),
    (lambda a: np.linalg.tensorsolve((a + 3 * np.eye(4)).reshape(4, 2, 2), a[:2, :2], axes=(0,)), S4),
    (lambda a: np.linalg.tensorinv((a + 3 * np.eye(4)).reshape(4, 2, 2), ind=1), S4),
    (lambda x: np.asarray_chkfinite(x) * np.astype(x, np.float64), V5),
]


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_applying(case: tuple[Any, ...]) -> None:
    differentiates(*case)
