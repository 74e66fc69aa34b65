"""Ufuncs: their methods, `out=`, `where=` and `dtype=`, and those with several results."""
from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np
import pytest

from tests.frontend.differentiating import differentiates, named

RNG = np.random.default_rng(5)
V5, V4, V2, V1, V0 = (RNG.normal(size=n) for n in (5, 4, 2, 1, 0))
M, C = RNG.normal(size=(3, 4)), RNG.normal(size=(2, 3, 4))
Z4 = V4 + 1j * RNG.normal(size=4)
F32 = V4.astype(np.float32)


def at(ufunc: Any) -> Any:
    def function(x, v):
        y = x.copy()
        ufunc.at(y, [0, 2, 0], v[:3])
        return y
    return function


def outputs(x, y):
    out, kept = np.zeros(4), np.full(4, 0.5)
    np.multiply(x, y, out=out)
    np.exp(x, out=kept, where=y > 0)
    np.sin(out, out=out)
    return out, kept, np.add(F32, x, dtype=np.float64), np.logaddexp(x, y, out=np.empty(4))


CASES: list[tuple[Any, ...]] = [
    (outputs, V4, V4 + 0.3),
    (lambda x: np.add.reduce(x), M),
    (lambda x: np.add.reduce(x, axis=None), M),
    (lambda x: np.multiply.reduce(x, 1, keepdims=True), M),
    (lambda x: np.maximum.reduce(x), M),
    (lambda x: np.minimum.reduce(x, (0, 2)), C),
    (lambda x: np.logaddexp.reduce(x), V5),
    (lambda x: np.logaddexp.reduce(x, axis=1, keepdims=True), M),
    (lambda x: np.logaddexp.reduce(x, None), M),
    (lambda x: np.hypot.reduce(x), V5),
    (lambda x: np.subtract.reduce(x), V5),
    (lambda x: np.logical_or.reduce(x > 0), M),
    (lambda x: np.bitwise_xor.reduce(np.array([1, 7, 4])) * x, V1),
    (lambda x: np.fmax.reduce(x, initial=0.1), M),
    (lambda x: np.add.accumulate(x), M),
    (lambda x: np.multiply.accumulate(x, 1), M),
    (lambda x: np.maximum.accumulate(x), V5),
    (lambda x: np.logaddexp.accumulate(x, 1), M),
    (lambda x: np.maximum.accumulate(x), V0),
    (lambda x, y: np.multiply.outer(x, y), V4, M),
    (lambda x, y: np.subtract.outer(x, y), V4, V5),
    (lambda x, y: np.power.outer(np.abs(x), y[0]), V4, V5),
    (lambda x: np.add.reduceat(x, [0, 3, 1]), V5),
    (lambda x: np.multiply.reduceat(x, [0, 2], 1), M),
    (at(np.add), V4, V4 + 2),
    (at(np.subtract), V4, V4 + 2),
    (at(np.multiply), V4, V4 + 2),
    (at(np.maximum), V4, V4 + 0.1),
    (lambda x: np.modf(x * 3), V5),
    (lambda x: np.frexp(x * 9)[0], V5),
    (lambda x, y: np.divmod(x, y), V5, V5 + 3),
    (lambda x, y: np.float_power(np.abs(x), y), V5, V5),
    (lambda x: np.float_power(np.abs(x), 2), F32),
    (lambda x: (np.sinc(x), np.sinc(x * 1e-4)), V5),
    (lambda x: (np.i0(x), np.deg2rad(x), np.rad2deg(x), np.cbrt(x), np.exp2(x), np.expm1(x)), V5),
    (lambda x: np.nextafter(x, 9.0), V5),
    (lambda x: (np.spacing(x), x), V5),
    (lambda x, y: (np.heaviside(x, y), np.copysign(x, y), np.fmod(x, y), np.remainder(x, y)), V5, V5 + 3),
    (lambda x: (np.ldexp(x, 3), np.ldexp(x, np.arange(5)), math.ldexp(x[0], -2)), V5),
    (lambda x, y: (np.fmax(x, y), np.fmin(x, y), np.arctan2(x, y), np.logaddexp2(x, y)), V5, V5[::-1].copy()),
    (lambda x: (np.sign(x), np.angle(x), np.angle(x, deg=True), np.abs(x), np.isreal(x)), V5),
    (lambda z: (np.angle(z), np.angle(z, True), np.abs(z), np.real(z), np.imag(z), np.conj(z), np.sign(z)), Z4),
    (lambda z: (np.exp(z), np.log(z), np.sqrt(z), z**2, z**0.3, np.power(z, 1.5 + 0.5j), 1 / z, np.square(z)), Z4),
    (lambda z: (np.sin(z), np.cos(z), np.tan(z), np.arcsin(z), np.arccos(z), np.arctan(z)), Z4),
    (lambda z: (np.sinh(z), np.cosh(z), np.tanh(z), np.arcsinh(z), np.arccosh(z), np.arctanh(z)), Z4),
    (lambda z: (np.expm1(z), np.log1p(z), np.log2(z), np.log10(z), np.exp2(z), np.reciprocal(z)), Z4),
    (lambda z: (cmath.exp(z[0]), cmath.log(z[1]), cmath.log(z[1], 3.0), cmath.sqrt(z[2]), cmath.phase(z[3])), Z4),
    (lambda z: (cmath.sin(z[0]), cmath.acos(z[1]), cmath.tanh(z[2]), cmath.atanh(z[3]), cmath.log10(z[0])), Z4),
    (lambda z: (cmath.polar(z[0]), cmath.rect(z[1].real, z[1].imag), abs(z[2]), z[3].conjugate()), Z4),
    (lambda x: (math.modf(x[0] * 3), math.frexp(x[1])[0], math.nextafter(x[2], 5.0), math.ulp(x[0])), V5),
    (lambda x: (math.gamma(x[0]), math.lgamma(x[1]), math.erf(x[2]), math.remainder(x[3], 0.7)), V5 + 3),
    (lambda x: x * math.comb(5, 2) * math.isqrt(x.shape[0]), V5),
    (lambda x: (math.dist(x[:2], x[2:4]), math.prod(x), math.fsum(x), math.cbrt(x[0]), math.exp2(x[1])), V4),
]


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_ufuncs(case: tuple[Any, ...]) -> None:
    differentiates(*case)
