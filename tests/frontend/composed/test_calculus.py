"""Differences, integrals, interpolation, convolution, polynomials, ranges."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.integrate as si

from tests.frontend.differentiating import differentiates, named

RNG = np.random.default_rng(3)
V5, V4, V2, V1, V0 = (RNG.normal(size=n) for n in (5, 4, 2, 1, 0))
M, M34, C, SQ = (RNG.normal(size=shape) for shape in ((3, 4), (3, 4), (2, 3, 4), (3, 3)))
XS, Z4 = np.sort(V5), V4 + 1j * RNG.normal(size=4)
Z3, P = Z4[:3].copy(), np.polynomial.polynomial

MODES = ("full", "same", "valid")
PAIRS = ((V5, V4), (V4, V5), (V5, V2), (V2, V5), (V1, V4), (Z4, V4), (Z4, Z3), (Z3, Z4), (V5, V4[:3].copy()),
         (V4[:3].copy(), V5))
CASES: list[tuple[Any, ...]] = [
    (lambda x: np.diff(x), M),
    (lambda x: np.diff(x, 2, 0), M),
    (lambda x: np.diff(x, prepend=1.0, append=x[:, :2]), M),
    (lambda x: np.diff(x, 3), V5),
    (lambda x: np.ediff1d(x, to_begin=[1.0, 2], to_end=x[0]), V5),
    (lambda x: np.gradient(x), V5),
    (lambda x: np.gradient(x), M),
    (lambda x, h: np.gradient(x, h[0]), V5, V4),
    (lambda x, y: np.gradient(x, y), V5, XS),
    (lambda x, y: np.gradient(x, y, edge_order=2), V5, XS),
    (lambda x: np.gradient(x, axis=1, edge_order=2), M),
    (lambda x, y: np.gradient(x, 2.0, y), M, np.sort(V4)),
    (lambda x: np.gradient(x, 1.5, axis=(0,)), M),
    (lambda y: np.trapezoid(y), V5),
    (lambda y, x: np.trapezoid(y, x), V5, XS),
    (lambda y, x: np.trapezoid(y, x, axis=0), M, V4[:3]),
    (lambda y: np.trapezoid(y, dx=0.1, axis=0), M),
    (lambda y, x: np.trapezoid(y, x), M, M34),
    (lambda y, x: si.cumulative_trapezoid(y, x), V5, XS),
    (lambda y: si.cumulative_trapezoid(y, axis=0, initial=0), M),
    (lambda x: np.unwrap(x * 5), V5),
    (lambda x: np.unwrap(x * 5, axis=0), M),
    (lambda x, xp, fp: np.interp(x, xp, fp), M, XS, V5),
    (lambda x, xp, fp: np.interp(x[0], xp, fp), V4, XS, V5),
    (lambda x, xp, fp: np.interp(x, xp, fp, left=-1.0, right=fp[2]), M, XS, V5),
    (lambda x, xp, fp: np.interp(x * 3, xp, fp, period=2.5), M, XS, V5),
    (lambda x, fp: np.interp(x, [0.0], fp), V4, V1),
    (lambda x, fp: np.interp(x, [0, 1, 2, 3], fp), V5, Z4),
    *[(lambda a, v, mode=mode: np.convolve(a, v, mode), a, v) for mode in MODES for a, v in PAIRS],
    *[(lambda a, v, mode=mode: np.correlate(a, v, mode), a, v) for mode in MODES for a, v in PAIRS],
    (lambda p, x: np.polyval(p, x), V4, M),
    (lambda p, x: np.polyval(p, x[0]), V4, V5),
    (lambda p: np.polyder(p), V5),
    (lambda p: np.polyder(p, 2), V5),
    (lambda p: np.polyint(p), V5),
    (lambda p: np.polyint(p, 2, [1.0, 2.0]), V5),
    (lambda a, b: np.polyadd(a, b), V4, V2),
    (lambda a, b: np.polysub(a, b), V2, V4),
    (lambda z: np.poly(z), V4),
    (lambda x, c: P.polyval(x, C), M, V4),
    (lambda x, c: P.polyval(x, C), V5, M),
    (lambda c: P.polyder(C), V4),
    (lambda c: P.polyint(C), V4),
    (lambda c: P.polyint(C, 2, [1.0], 0.5), M),
    (lambda c: P.polyder(C, 2, axis=1), M),
    (lambda x: np.vander(x), V4),
    (lambda x: np.vander(x, 3, increasing=True), V4),
    (lambda a: np.linspace(a[0], a[1], 7), V4),
    (lambda a, b: np.linspace(a, b, 5), V4, V4 * 2),
    (lambda a, b: np.linspace(a, b[0], 5, axis=-1), V4, V5),
    (lambda a: np.linspace(a[0], 3, 4, endpoint=False, retstep=True), V4),
    (lambda a: np.linspace(a[0], 1, 1), V4),
    (lambda a: np.logspace(a[0], a[1], 5), V4),
    (lambda a: np.logspace(a[0], a[1], 5, base=2.0), V4),
    (lambda a: np.geomspace(np.abs(a[0]), np.abs(a[1]) * 9, 5), V4),
    (lambda a: np.geomspace(-np.abs(a[0]), -np.abs(a[1]) * 9, 5, endpoint=False), V4),
    (lambda a: np.linspace(0, 10, 5) * a[0], V4),
    (lambda a: np.arange(a[0], a[0] + 3, 0.5), V4),
]


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_calculus(case: tuple[Any, ...]) -> None:
    differentiates(*case)
