"""Round numbers for the ticks of an axis, and how they are written."""

from __future__ import annotations

import itertools
import math

_POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` + 1 multiples of 1, 2 or 5 times a power of ten inside [low, high]."""
    raw = (high - low) / max(most, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * (1 - 1e-12))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Powers of ten inside [10**low, 10**high], with 2 and 5 between them where there is room."""
    whole = range(math.floor(low), math.ceil(high) + 1)
    stride = max(1, math.ceil(len(whole) / max(most, 1)))
    factors = (1, 2, 5) if len(whole) * 3 <= most + 4 else (1,)
    ticks = [f * 10.0**k for k in whole if k % stride == 0 for f in factors]
    return [t for t in ticks if low - 1e-9 <= math.log10(t) <= high + 1e-9]


def tick_text(value: float, ticks: list[float]) -> str:
    """A tick with the digits that tell it from its neighbours."""
    if value == 0:
        return "0"
    largest = max(abs(t) for t in ticks)
    if largest >= 1e6 or largest < 1e-3:
        return f"{value:.3g}".replace("-", "−")
    gaps = [abs(b - a) for a, b in itertools.pairwise(ticks)] or [abs(value)]
    digits = max(0, -math.floor(math.log10(min(gaps)) + 1e-9))
    return f"{value:.{digits}f}".replace("-", "−")


def log_tick_text(value: float) -> str:
    """A tick of a logarithmic axis: as it is, or as a power of ten where that is shorter.

    >>> log_tick_text(1000.0), log_tick_text(1e7), log_tick_text(5e-4)
    ('1000', '10⁷', '5·10⁻⁴')
    """
    if 1e-3 <= value < 1e5:
        return f"{value:g}"
    power = math.floor(math.log10(value) + 1e-9)
    factor = value / 10.0**power
    written = "10" + str(power).translate(_POWERS)
    return written if abs(factor - 1) < 1e-9 else f"{factor:.3g}·{written}"
