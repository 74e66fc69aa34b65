"""Elementwise functions that give several results, or are made of others; complex numbers taken apart."""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np
import scipy

from workbench.frontend.composed.registry import composes, held, refuse
from workbench.rules.kernels.floating import exponent
from workbench.rules.primitives.special import sincs


@composes(np.divmod)
def divmod_(x1: Any, x2: Any, /) -> Any:
    """Floor and remainder of a division."""
    return np.floor_divide(x1, x2), np.remainder(x1, x2)


def _in_floats(x: Any) -> Any:
    x = np.asarray(x)
    if x.dtype.kind == "b":
        refuse("truth values taken apart, which NumPy does in float16", "convert them to float64")
    return x * 1.0


@composes(np.modf)
def modf(x: Any, /) -> Any:
    """Fractional and whole part, both with the sign of the number."""
    x = _in_floats(x)
    whole = np.trunc(x)
    return np.copysign(np.where(np.isinf(x), 0.0, x - whole), x), whole


@composes(math.modf)
def math_modf(x: Any, /) -> Any:
    """Fractional and whole part, both with the sign of the number."""
    x = float(x)
    whole = float(np.trunc(x))
    return math.copysign(0.0 if math.isinf(x) else x - whole, x), whole


@composes(np.frexp)
def frexp(x: Any, /) -> Any:
    """Fraction and exponent of two."""
    x = _in_floats(x)
    power = exponent(x)
    return np.ldexp(x, -power), power


@composes(math.frexp)
def math_frexp(x: Any, /) -> Any:
    """Fraction and exponent of two."""
    power = int(exponent(float(x)))
    return math.ldexp(float(x), -power), power


@composes(math.nextafter)
def nextafter(x: Any, y: Any, /) -> Any:
    """The neighbour of a number on the way to another."""
    return float(np.nextafter(float(x), float(y)))


@composes(math.ulp)
def ulp(x: Any, /) -> Any:
    """The distance to the next number away from zero."""
    return float(np.abs(np.spacing(np.abs(float(x)))))


def rounded(x: float, scale: float, finer: bool) -> float:
    """`round(x, n)` of a Python float, scale = 10**abs(n), `finer` where n >= 0: to the nearest, ties to even, of the
    exact decimal value of x, as Python does it (and not of the rounded product, as NumPy does)."""
    fixed = float(held(x))
    scaled = fixed * scale if finer else fixed / scale
    if not abs(scaled) < 2.0**53:  # (what is so large has no digits there; or no number)
        return fixed
    error = product_error(fixed, scale, scaled) if finer else -product_error(scaled, scale, fixed) / scale
    whole = float(np.rint(scaled))
    beyond = scaled - whole  # exact
    if (beyond == 0.5 and error > 0.0) or beyond + error > 0.5:
        whole += 1.0
    elif (beyond == -0.5 and error < 0.0) or beyond + error < -0.5:
        whole -= 1.0
    elif beyond == 0.5 and error < 0.0:
        whole = scaled - 0.5
    elif beyond == -0.5 and error > 0.0:
        whole = scaled + 0.5
    return math.copysign(whole / scale if finer else whole * scale, fixed)


def product_error(a: float, b: float, product: float) -> float:
    """a b - product, exactly (T. J. Dekker, Numerische Mathematik 18, 1971)."""
    high_a = 134217729.0 * a - (134217729.0 * a - a)
    high_b = 134217729.0 * b - (134217729.0 * b - b)
    low_a, low_b = a - high_a, b - high_b
    return low_a * low_b - (((product - high_a * high_b) - low_a * high_b) - high_a * low_b)


def direction(x: Any, /) -> Any:
    """A complex number divided by its modulus: `np.sign` of it."""
    x = np.asarray(x)
    modulus = np.abs(x)
    return x / np.where(modulus == 0, 1.0, modulus)


@composes(np.angle)
def angle(z: Any, deg: bool = False) -> Any:
    """The argument of a complex number."""
    z = np.asarray(z)
    turned = np.arctan2(np.imag(z), np.real(z)) if z.dtype.kind == "c" else np.arctan2(0, held(z * 1.0))
    return turned * 180 / np.pi if deg else turned


@composes(np.i0)
def i0(x: Any) -> Any:
    """The modified Bessel function of order 0."""
    return scipy.special.i0(np.asarray(x) * 1.0)


@composes(np.sinc)
def sinc(x: Any) -> Any:
    """sin(pi x) / (pi x), 1 at 0."""
    return sincs(0, np.asarray(x) * 1.0)


@composes(np.float_power)
def float_power(x1: Any, x2: Any, /) -> Any:
    """A power in double precision."""
    a, b = np.asarray(x1), np.asarray(x2)
    dtype = np.complex128 if a.dtype.kind == "c" or b.dtype.kind == "c" else np.float64
    return np.power(a.astype(dtype), b.astype(dtype))


@composes(np.astype)
def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    """Converted to another dtype."""
    return x.astype(dtype, copy=copy)


@composes(np.asarray_chkfinite)
def asarray_chkfinite(a: Any, dtype: Any = None, order: Any = None) -> Any:
    """An array; what is not finite raises."""
    a = np.asarray(a, dtype, "K" if order is None else order)
    if not np.all(np.isfinite(a)):
        raise ValueError("array must not contain infs or NaNs")
    return a


@composes(np.iterable)
def iterable(y: Any) -> Any:
    """True for what has several elements."""
    return np.ndim(y) > 0 if isinstance(y, np.ndarray) else hasattr(y, "__iter__") or (
        hasattr(y, "__getitem__") and not isinstance(y, np.generic))


@composes(np.isreal)
def isreal(x: Any) -> Any:
    """Where the imaginary part is zero."""
    return np.imag(x) == 0


@composes(np.iscomplex)
def iscomplex(x: Any) -> Any:
    """Where the imaginary part is not zero."""
    return np.not_equal(np.imag(x), 0)


# ---------------------------------------------------------------------- cmath
@composes(cmath.polar)
def polar(z: Any, /) -> Any:
    """Modulus and phase."""
    return abs(complex(z)), cmath.phase(z)


@composes(cmath.rect)
def rect(r: Any, phi: Any, /) -> Any:
    """A number from its modulus and phase."""
    return complex(r * math.cos(phi), r * math.sin(phi))


@composes(cmath.isclose)
def isclose(a: Any, b: Any, *, rel_tol: Any = 1e-09, abs_tol: Any = 0.0) -> Any:
    """True where two numbers are nearly equal."""
    a, b = complex(a), complex(b)
    if a == b:
        return True
    return abs(a - b) <= max(rel_tol * max(abs(a), abs(b)), abs_tol)
