"""Points at which elementary functions are measured, and their errors in units in the last place."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special
from mpmath import mp, mpf

Array = Any
EXACT: dict[str, Callable[..., Any]] = {
    **{name: getattr(mp, name) for name in ("exp", "expm1", "log", "log10", "log1p", "sin", "cos", "tan", "atan",
                                            "atan2", "sinh", "cosh", "tanh", "erf")},
    "exp2": lambda x: mpf(2)**x, "log2": lambda x: mp.log(x) / mp.log(2), "pow": mp.power}
NUMPY = {"atan": np.arctan, "atan2": np.arctan2, "pow": np.power, "erf": scipy.special.erf}
#: where results are finite, of doubles and floats
RANGES = {"exp": ((-746, 710), (-104, 89)), "exp2": ((-1075, 1024), (-150, 128)), "expm1": ((-60, 710), (-60, 89)),
          "sinh": ((-711, 711), (-90, 90)), "cosh": ((-711, 711), (-90, 90)), "tanh": ((-25, 25), (-25, 25)),
          "erf": ((-7, 7), (-7, 7))}


def points(name: str, dtype: Any, n: int, rng: np.random.Generator) -> list[Array]:
    """Some n points of a function: ordinary ones, tiny and huge ones, subnormal ones, those where something cancels."""
    single = dtype is np.float32
    least, largest = (1e-44, 1e38) if single else (1e-322, 1e307)

    def spread(low: float, high: float, count: int) -> Array:
        return np.exp(rng.uniform(math.log(low), math.log(high), count)) * rng.choice([-1.0, 1.0], count)

    part = n // 4
    tiny = spread(least, 1e-3, part)
    if name in RANGES:
        low, high = RANGES[name][single]
        found = [rng.uniform(low, high, part), rng.uniform(-1.5, 1.5, part), rng.uniform(-6, 6, part), tiny]
    elif name in ("log", "log2", "log10"):
        found = [abs(spread(least, largest, part)), rng.uniform(0.5, 2, part), 1 + spread(1e-12, 0.1, part), abs(tiny)]
    elif name == "log1p":
        found = [rng.uniform(-1, 3, part), abs(spread(1e-3, largest, part)), tiny, abs(spread(1e-15, 0.5, part)) - 1]
    elif name in ("sin", "cos", "tan"):
        near = np.round(abs(spread(1, 1e8, part))) * (math.pi / 2)
        found = [rng.uniform(-10, 10, part), spread(1, 1e9, part), near, spread(1e9, largest, part // 4), tiny]
    elif name == "atan":
        found = [rng.uniform(-3, 3, 2 * part), spread(1e-3, largest, part), tiny]
    elif name == "atan2":
        x = spread(1e-10, 1e10, 2 * part)
        return [np.concatenate([x[:part] * rng.uniform(-3, 3, part), spread(1e-10, 1e10, part)]).astype(dtype),
                x.astype(dtype)]
    else:
        x = np.concatenate([abs(spread(1e-30, 1e30, part)), rng.uniform(0.5, 2, part), 1 + spread(1e-6, 1e-2, part)])
        x = x[x != 1.0].astype(dtype)
        reach = np.minimum((86 if single else 707) / abs(np.log(x.astype(float))), 1e6)
        return [x, (rng.uniform(-1, 1, x.size) * reach).astype(dtype)]
    with np.errstate(over="ignore"):
        return [np.concatenate(found).astype(dtype)]


def special(arity: int, dtype: Any) -> list[Array]:
    """Zeros, infinities, NaN, subnormal and extreme numbers, thresholds of the functions; all pairs of them."""
    info = np.finfo(dtype)
    numbers = [0.0, 1.0, 0.5, 2.0, 3.0, np.inf, np.nan, info.tiny, info.smallest_subnormal,
               3 * info.smallest_subnormal, info.tiny * (1 - info.eps), info.max, info.max / 2, info.eps,
               1 - info.epsneg, 1 + info.eps, 708.0, 709.5, 710.2, 711.0, 745.0, 746.0, 88.5, 89.0, 103.0, 104.0, 1e6,
               1e10, 2.0**30, 1.5 * 2.0**30, 36.7, 37.5, 20.0,
               1024.0, 1074.0, 1076.0, 127.0, 149.0, 150.0, math.pi, math.pi / 2, 1e30, 10.0, 100.0, 1e-5, 0.3]
    values = np.array([*numbers, *(-v for v in numbers)], dtype)
    if arity == 1:
        return [values]
    first, second = zip(*itertools.product(values, values), strict=True)
    return [np.array(first, dtype), np.array(second, dtype)]


def errors(name: str, operands: list[Array], found: Array) -> Array:
    """Errors in units in the last place of the exact results."""
    with mp.workprec(240):
        return np.array([_error(EXACT[name](*(mpf(float(x[i])) for x in operands)), y) for i, y in enumerate(found)])


def _error(exact: Any, found: Any) -> float:
    info = np.finfo(found.dtype)
    if exact == 0:
        return 0.0 if found == 0 else math.inf
    unit = mpf(2)**(max(mp.floor(mp.log(abs(exact), 2)), info.minexp) - info.nmant)
    if np.isfinite(found):
        return float(abs(mpf(float(found)) - exact) / unit)
    return 0.0 if abs(exact) >= mpf(float(info.max)) + unit / 2 else math.inf
