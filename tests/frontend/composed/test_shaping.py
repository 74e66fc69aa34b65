"""Shapes: axes moved, turned, split and repeated; joining, insertion, padding, grids."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.frontend.differentiating import differentiates, named
from tests.fuzz.interpreted import interpret, traced

RNG = np.random.default_rng(1)
V5, V4, V2, V1, V0 = (RNG.normal(size=n) for n in (5, 4, 2, 1, 0))
M, M34, C, SQ = (RNG.normal(size=shape) for shape in ((3, 4), (3, 4), (2, 3, 4), (3, 3)))

CASES: list[tuple[Any, ...]] = [
    (lambda x: np.moveaxis(x, 0, -1) * 1, C),
    (lambda x: np.moveaxis(x, (0, 1), (1, 2)) * 1, C),
    (lambda x: np.rollaxis(x, 2) * 1, C),
    (lambda x: np.rollaxis(x, 0, 3) * 1, C),
    (lambda x: np.fliplr(x) * 1, M),
    (lambda x: np.flipud(x) * 1, V5),
    (lambda x: np.rot90(x) * 1, M),
    (lambda x: np.rot90(x, 2) * 1, M),
    (lambda x: np.rot90(x, -1) * 1, M),
    (lambda x: np.rot90(x, 3, (0, 2)) * 1, C),
    (lambda x: np.roll(x, 2), V5),
    (lambda x: np.roll(x, (1, -1), (0, 1)), M),
    (lambda x: np.roll(x, 3), M),
    (lambda x: np.roll(x, 1, (0, 1)), M),
    (lambda x: np.roll(x, 1), V0),
    (lambda x: np.array_split(x, 3), V5),
    (lambda x: np.split(x, 2, 1), M),
    (lambda x: np.hsplit(x, [1, 3]), M),
    (lambda x: np.vsplit(x, 3), M),
    (lambda x: np.dsplit(x, 2), C),
    (lambda x: np.unstack(x, axis=1), M),
    (lambda x, y: np.broadcast_arrays(x, y), M, V4),
    (lambda x: np.tile(x, 3), V4),
    (lambda x: np.tile(x, (2, 1, 2)), M),
    (lambda x: np.tile(x, 2), M),
    (lambda x: np.tile(x, (2,)), V0),
    (lambda x: np.tile(x[0], 4), V4),
    (lambda x: np.repeat(x, 3), M),
    (lambda x: np.repeat(x, 2, 1), M),
    (lambda x: np.repeat(x, np.array([1, 0, 2]), 0), M),
    (lambda x: np.repeat(x, [1, 2, 0, 3], axis=1), M),
    (lambda x: np.repeat(x[0], 3), V4),
    (lambda x: np.resize(x, (2, 7)), M),
    (lambda x: np.resize(x, 3), M),
    (lambda x: np.atleast_2d(x) * 1, V4),
    (lambda x: np.atleast_3d(x) * 1, M),
    (lambda x: np.atleast_1d(x[0]) * 1, V4),
    (lambda x, y: np.atleast_2d(x[0], y), V4, V5),
    (lambda x: np.expand_dims(x, (0, 2)) * 1, M),
    (lambda x: np.matrix_transpose(x) * 1, C),
    (lambda x, y: np.dstack([x, y]), M, M + 1),
    (lambda x, y: np.block([[x, y], [y, x]]), SQ, SQ + 1),
    (lambda x, y: np.block([x, y, 2.0]), V4, V5),
    (lambda x: np.block([[x, np.zeros((3, 2))], [np.ones((2, 5))]]), SQ),
    (lambda x, y: np.append(x, y), M, V5),
    (lambda x: np.append(x, x[:1], axis=0), M),
    (lambda x: np.append(x, 2.5), V5),
    (lambda x: np.delete(x, 1), V5),
    (lambda x: np.delete(x, -1, 1), M),
    (lambda x: np.delete(x, [0, 3]), V5),
    (lambda x: np.delete(x, slice(0, 4, 2), 1), M),
    (lambda x: np.delete(x, np.array([1]), 0), M),
    (lambda x: np.insert(x, 1, 9.0), V5),
    (lambda x, y: np.insert(x, 2, y, axis=0), M, V4),
    (lambda x, y: np.insert(x, [1, 3], y), V5, V4[:2]),
    (lambda x: np.insert(x, 1, 2.0, axis=1), M),
    (lambda x, y: np.insert(x, [0], y[:, None], axis=1), M, V4[:3]),
    (lambda x, y: np.insert(x, 1, y, axis=1), M, V4[:3]),
    (lambda x: np.insert(x, [3, 1, 1], 7.0), V5),
    (lambda x, y: np.insert(x, 1, y), V5, V4),
    (lambda x: np.pad(x, 2), V5),
    (lambda x: np.pad(x, (1, 2), 'edge'), V5),
    (lambda x: np.pad(x, ((1, 2), (0, 3)), 'reflect'), M),
    (lambda x: np.pad(x, (7, 6), 'reflect'), V4),
    (lambda x: np.pad(x, (7, 6), 'symmetric'), V4),
    (lambda x: np.pad(x, (7, 6), mode='wrap'), V4),
    (lambda x: np.pad(x, (3, 2), 'linear_ramp', end_values=(1.0, -2.0)), V4),
    (lambda x: np.pad(x, 1, constant_values=3.0), M),
    (lambda x: np.pad(x, ((1, 1), (2, 0)), constant_values=((1.0, 2.0), (3.0, 4.0))), M),
    (lambda x: np.pad(x, 2, 'reflect'), V1),
    (lambda x: np.pad(x, 2), V0),
    (lambda x: (np.pad(x, 2, "mean"), np.pad(x, (1, 3), "maximum"), np.pad(x, 1, "minimum", stat_length=2)), V5),
    (lambda x: (np.pad(x, 2, "median", stat_length=((1, 3),)), np.pad(x, (0, 2), "mean", stat_length=(1, 9))), V5),
    (lambda x: (np.pad(x, ((1, 2), (2, 1)), "mean"), np.pad(x, 1, "maximum", stat_length=((1, 2), (3, 1)))), M),
    (lambda x: (np.pad(x, 2, "mean"), np.pad(x, 2, "median"), np.pad(x, 2, "minimum", stat_length=1)), V1),
    (lambda x: (np.pad(x, 9, "reflect", reflect_type="odd"), np.pad(x, 9, "symmetric", reflect_type="odd")), V4),
    (lambda x: np.pad(x, ((2, 1), (0, 6)), "reflect", reflect_type="odd"), M),
    (lambda x: (np.pad(x, 3, "symmetric", reflect_type="odd"), np.pad(x, 2, "reflect", reflect_type="odd")), V1),
    (lambda x, e: np.pad(x, (1, 2), "linear_ramp", end_values=(e, 2.0 * e)), V4, 0.7),
    (lambda x: (np.pad(x, 2, "mean"), np.pad(x, 5, "reflect", reflect_type="odd")), V4.astype(np.float32)),
    (lambda x: np.pad(np.floor(x).astype(int), 2, "mean") * x[0], V4),
    (lambda x: np.lib.stride_tricks.sliding_window_view(x, 3), V5),
    (lambda x: np.lib.stride_tricks.sliding_window_view(x, (2, 2)), M),
    (lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, axis=-1).mean(axis=-1), M),
    (lambda x: np.lib.stride_tricks.sliding_window_view(x, (2, 2), axis=(1, 1)), M),
    (lambda x: np.lib.stride_tricks.sliding_window_view(x, len(x))[0], V5),
    (lambda x: np.lib.stride_tricks.sliding_window_view(x, 1), V1),
    (lambda x: np.pad(x, (x.shape[0] // 2,)), V5),
    (lambda x, y: np.meshgrid(x, y), V4, V5),
    (lambda x, y: np.meshgrid(x, y, indexing='ij'), V4, V5),
    (lambda x, y: np.meshgrid(x, y, V1[:1] * 1, sparse=True), V4, V5),
    (lambda x, y: np.meshgrid(x, y, x), V4, V5),
    (lambda x: x[np.ix_([0, 2], [1, 3])], M),
    (lambda x: np.indices((3, 4))[0] * x, M),
    (lambda x: np.fromfunction(lambda i, j: i * x[0] + j, (2, 3)), V4),
]


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_shapes(case: tuple[Any, ...]) -> None:
    differentiates(*case)


def windows_of_what_is_written(x):
    view = np.lib.stride_tricks.sliding_window_view(x, 3)
    total = view.sum()
    x[0] = 2.0 * x[1]
    return total + x.sum()


def written_windows(x):
    view = np.lib.stride_tricks.sliding_window_view(x, 3)
    view[0] = 1.0
    return view.sum()


def stale_windows(x):
    view = np.lib.stride_tricks.sliding_window_view(x, 3)
    x[0] = 1.0
    return view.sum()


def test_windows_are_views_that_are_only_read() -> None:
    differentiates(windows_of_what_is_written, V5)
    with pytest.raises(ValueError, match="read-only"):
        traced(written_windows, (V5.copy(),))
    with pytest.raises(wb.DifferentiationError, match="written since"):
        traced(stale_windows, (V5.copy(),))
    with pytest.raises(ValueError, match="larger than input"):
        interpret(lambda x: np.lib.stride_tricks.sliding_window_view(x, 6), (V5,))
