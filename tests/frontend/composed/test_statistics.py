"""Reductions with all their options, means, spreads, ranks, and those that leave NaN out."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.frontend.differentiating import differentiates, named

RNG = np.random.default_rng(2)
V5, V4, V2, V1, V0 = (RNG.normal(size=n) for n in (5, 4, 2, 1, 0))
M, M34, C, SQ = (RNG.normal(size=shape) for shape in ((3, 4), (3, 4), (2, 3, 4), (3, 3)))
XS, F32, Z4 = np.sort(V5), V5.astype(np.float32), V4 + 1j * RNG.normal(size=4)
Z3, NAN = Z4[:3].copy(), M.copy()
NAN[0, 1] = NAN[2, 3] = np.nan

CASES: list[tuple[Any, ...]] = [
    (lambda x: np.mean(x), M),
    (lambda x: np.mean(x, 0), M),
    (lambda x: np.mean(x, (0, 2), keepdims=True), C),
    (lambda x: np.mean(x, 1, where=x > 0), M),
    (lambda x: x.mean(), Z4),
    (lambda x: np.mean(x), F32),
    (lambda x: np.mean(x, dtype=np.float64), F32),
    (lambda x: np.var(x), M),
    (lambda x: np.var(x, 0, ddof=1), M),
    (lambda x: np.std(x, 1, keepdims=True), M),
    (lambda x: np.std(x), Z4),
    (lambda x: np.var(x, where=x > 0), M),
    (lambda x: x.std(axis=0), M),
    (lambda x: np.var(x), F32),
    (lambda x: np.ptp(x, 0), M),
    (lambda x: np.average(x, 0), M),
    (lambda x, w: np.average(x, 1, w), M, V4),
    (lambda x, w: np.average(x, weights=w), M, M34),
    (lambda x, w: np.average(x, 1, w, returned=True), M, V4),
    (lambda x: np.sum(x, 1, keepdims=True, initial=2.0), M),
    (lambda x: np.sum(x, where=x > 0), M),
    (lambda x, y: np.sum(x, 0, initial=y[0]), M, V4),
    (lambda x: np.prod(x, 1, where=x > 0, initial=3.0), M),
    (lambda x, y: np.max(x, 1, initial=y[0]), M, V4),
    (lambda x: np.min(x, where=x > 0, initial=5.0), M),
    (lambda x: np.max(x, (0, 1), keepdims=True), M),
    (lambda x: np.sum(x, dtype=np.float64), F32),
    (lambda x: np.sum(x), Z4),
    (lambda x: np.argmax(x, 1, keepdims=True), M),
    (lambda x: np.any(x > 0, 1, keepdims=True), M),
    (lambda x: np.count_nonzero(x > 0, 1), M),
    (lambda x: np.count_nonzero(x), M),
    (lambda x: np.median(x), V5),
    (lambda x: np.median(x), M),
    (lambda x: np.median(x, 0), M),
    (lambda x: np.median(x, 1, keepdims=True), M),
    (lambda x: np.median(x, (0, 2)), C),
    (lambda x: np.median(x, (1, 2), keepdims=True), C),
    (lambda x: np.median(np.where(np.isnan(x), 0.3, x), 1), NAN),
    (lambda x: np.median(x), V1),
    (lambda x: np.quantile(x, 0.3), V5),
    (lambda x: np.quantile(x, [0.3, 0.6], axis=1), M),
    (lambda x, q: np.quantile(x, np.abs(q[0]) / 5, 0), M, V4),
    (lambda x: np.percentile(x, [25, 50, 75]), M),
    (lambda x: np.percentile(x, 40, axis=1, keepdims=True), M),
    (lambda x: np.percentile(x, 40, method='nearest'), V5),
    (lambda x: np.percentile(x, [40, 60], method='midpoint', axis=0, keepdims=True), M),
    (lambda x: np.quantile(x, 1.0), V5),
    (lambda x: np.nansum(x, 0), NAN),
    (lambda x: np.nanmean(x, 1), NAN),
    (lambda x: np.nanvar(x, 1), NAN),
    (lambda x: np.nanstd(x), NAN),
    (lambda x: np.nanmax(x, 0), NAN),
    (lambda x: np.nanmin(x), NAN),
    (lambda x: np.nanprod(x, 1), NAN),
    (lambda x: np.nancumsum(x, 1), NAN),
    (lambda x: np.nancumprod(x), NAN),
    (lambda x: np.nanmedian(x, 1), NAN),
    (lambda x: np.nanmedian(x), NAN),
    (lambda x: np.nanquantile(x, 0.3, axis=1), NAN),
    (lambda x: np.nanpercentile(x, 30), NAN),
    (lambda x: np.nanargmax(x, 1), NAN),
    (lambda x: np.nan_to_num(x) * 2, NAN),
    (lambda x: np.isclose(x, x + 1e-09), M),
    (lambda x: np.allclose(x, x), NAN),
    (lambda x: np.array_equal(x, x), M),
    (lambda x: np.cov(x), M),
    (lambda x, y: np.cov(x, y), V4, V4 ** 2),
    (lambda x: np.corrcoef(x), M),
    (lambda x: np.cov(x), V5),
    (lambda x: np.cov(x, rowvar=False), M),
    (lambda x: np.cumsum(x, 1), M),
    (lambda x: np.cumsum(x), M),
    (lambda x: np.cumprod(x, 0), M),
    (lambda x: np.add.accumulate(x), M),
    (lambda x: np.add.reduce(x), M),
]


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_statistics(case: tuple[Any, ...]) -> None:
    differentiates(*case)
