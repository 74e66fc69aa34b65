"""Scalar functions that the engine's compiler lacks, as Python that it compiles (their source goes into what it emits).

Source: Abramowitz & Stegun (1964), 6.3.6, 6.3.7, 6.3.18, 6.4.6, 6.4.11: shift the argument up, then the asymptotic
series with Bernoulli numbers. Accurate to about 1e-14 relative to the largest term.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def remainders(a: Any, b: Any) -> Any:
    """`math.remainder` of arrays (NaN where it raises)."""
    kind = np.result_type(a, b)
    flat = [ieee_remainder(float(x), float(y)) for x, y in np.broadcast(a, b)]
    return np.array(flat, kind).reshape(np.broadcast_shapes(np.shape(a), np.shape(b)))[()]


def heaviside(x, h):  # type: ignore[no-untyped-def]
    """0 below zero, h at zero, 1 above (NaN of NaN)."""
    if x != x:
        return x
    if x == 0.0:
        return h
    return 1.0 if x > 0.0 else 0.0


def ieee_remainder(x, y):  # type: ignore[no-untyped-def]
    """x - n y, with n the integer nearest to x/y (even in a tie); exact, as in IEEE 754. NaN where it is undefined."""
    if x != x or y != y or y == 0.0 or abs(x) == math.inf:
        return math.nan * x * y
    if abs(y) == math.inf:
        return x
    a, b = abs(x), abs(y)
    m = np.fmod(a, b)
    c = b - m
    if m < c:
        r = m
    elif m > c:
        r = -c
    else:
        r = m - 2.0 * np.fmod(0.5 * (a - m), b)
    return math.copysign(1.0, x) * r


def exponent(x):  # type: ignore[no-untyped-def]
    """The power of two that makes x a fraction between 1/2 and 1 (0 of zero, infinity and NaN)."""
    if x == 0.0 or x != x or abs(x) == math.inf:
        return 0
    return math.frexp(x)[1]


def spacing(x):  # type: ignore[no-untyped-def]
    """The distance to the next number away from zero (of zero of either sign, the smallest number)."""
    return np.spacing(abs(x)) if x == 0.0 else np.spacing(x)


def digamma(x):  # type: ignore[no-untyped-def]
    """The derivative of log Gamma at x (NaN at the poles but 0)."""
    if x == 0.0:
        return -math.copysign(math.inf, x)
    if x != x or x == -math.inf or (x <= 0.0 and x == math.floor(x)):
        return math.nan * x
    if x == math.inf:
        return x
    total = 0.0 * x
    if x < 0.0:
        total = -math.pi / math.tan(math.pi * x)
        x = 1.0 - x
    while x < 10.0:
        total -= 1.0 / x
        x += 1.0
    r = 1.0 / (x * x)
    series = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * (691 / 32760 - r / 12))))))
    return total + math.log(x) - 0.5 / x - series


def polygamma(n, x):  # type: ignore[no-untyped-def]
    """The derivative of order n of `digamma` at x, n >= 1 (infinite at the poles)."""
    if x != x or x == -math.inf:
        return math.nan * x
    if x <= 0.0 and x == math.floor(x):
        return math.inf if n % 2 else -math.inf
    if x == math.inf:
        return 0.0 * (1.0 / x)
    factorial = 1.0
    for k in range(2, n + 1):
        factorial *= k
    total = 0.0 * x
    while x < 12.0 + n:
        total += factorial / x ** (n + 1)
        x += 1.0
    power = 1.0 / x ** n
    total += power * factorial / n + factorial * power / (2.0 * x)
    # Bernoulli numbers B2, B4, ... with the rising factorial (2k+n-1)! / (2k)!
    term = factorial * (n + 1) / (2.0 * x * x) * power
    total += term / 6.0
    term *= (n + 2) * (n + 3) / (12.0 * x * x)
    total -= term / 30.0
    term *= (n + 4) * (n + 5) / (30.0 * x * x)
    total += term / 42.0
    term *= (n + 6) * (n + 7) / (56.0 * x * x)
    total -= term / 30.0
    term *= (n + 8) * (n + 9) / (90.0 * x * x)
    total += term * 5.0 / 66.0
    term *= (n + 10) * (n + 11) / (132.0 * x * x)
    total -= term * 691.0 / 2730.0
    return total if n % 2 else -total


def argsort(a):  # type: ignore[no-untyped-def]
    """The stable order of the elements along the last axis, NaN last: merges of runs that double in length."""
    n = a.shape[-1]
    out = np.empty(a.shape, np.int64)
    if a.size == 0:
        return out
    rows, places = a.reshape(-1, n), out.reshape(-1, n)
    spare = np.empty(n, np.int64)
    for r in range(rows.shape[0]):
        row, source, target = rows[r], places[r], spare
        for i in range(n):
            source[i] = i
        width, swapped = 1, False
        while width < n:
            for low in range(0, n, 2 * width):
                middle, high = min(low + width, n), min(low + 2 * width, n)
                i, j = low, middle
                for k in range(low, high):
                    right = i >= middle
                    if not right and j < high:
                        x, y = row[source[i]], row[source[j]]
                        right = y < x or (x != x and y == y)
                    if right:
                        target[k] = source[j]
                        j += 1
                    else:
                        target[k] = source[i]
                        i += 1
            source, target = target, source
            width, swapped = 2 * width, not swapped
        if swapped:
            for i in range(n):
                target[i] = source[i]
    return out


def search_left(ordered, sought):  # type: ignore[no-untyped-def]
    """For each number, how many elements of a sorted vector come before it (NaN comes last)."""
    out = np.empty(sought.shape, np.int64)
    flat, places = sought.reshape(-1), out.reshape(-1)
    for k in range(flat.size):
        x = flat[k]
        low, high = 0, ordered.size
        while low < high:
            middle = (low + high) // 2
            y = ordered[middle]
            if y < x or (x != x and y == y):
                low = middle + 1
            else:
                high = middle
        places[k] = low
    return out


def search_right(ordered, sought):  # type: ignore[no-untyped-def]
    """For each number, how many elements of a sorted vector come before it or equal it (NaN comes last)."""
    out = np.empty(sought.shape, np.int64)
    flat, places = sought.reshape(-1), out.reshape(-1)
    for k in range(flat.size):
        x = flat[k]
        low, high = 0, ordered.size
        while low < high:
            middle = (low + high) // 2
            y = ordered[middle]
            if x < y or (y != y and x == x):
                high = middle
            else:
                low = middle + 1
        places[k] = low
    return out


def sincs(n, x):  # type: ignore[no-untyped-def]
    """The derivative of order n of sin(pi x) / (pi x): a series near 0, else by y f_n + n f_(n-1) = sin^(n)(y)."""
    y = math.pi * x
    scale = math.pi ** n
    if abs(y) <= n + 1.0:
        total, term = 0.0, 1.0
        for k in range(n + 40):
            if k > 0:
                term *= -1.0 / ((2.0 * k) * (2.0 * k - 1.0))
            if 2 * k >= n:
                falling = 1.0
                for j in range(n):
                    falling *= 2.0 * k - j
                total += term * falling / (2.0 * k + 1.0) * y ** (2 * k - n)
        return scale * total
    value = math.sin(y) / y
    for k in range(1, n + 1):
        value = (math.sin(y + 0.5 * math.pi * k) - k * value) / y
    return scale * value


def exprels(n, x):  # type: ignore[no-untyped-def]
    """The derivative of order n of (exp(x) - 1) / x, which is the integral of t**n exp(x t) over 0 <= t <= 1."""
    if x == 0.0:
        return 1.0 / (n + 1.0)
    if n == 0:
        return math.expm1(x) / x
    if abs(x) <= n + 4.0:
        total, term = 0.0, math.exp(x) if x < 0.0 else 1.0
        if x < 0.0:  # exp(x) times the series of positive terms
            term /= n + 1.0
            for k in range(1, 80):
                total += term
                term *= -x / (n + 1.0 + k)
            return total
        for k in range(80):
            total += term / (n + 1.0 + k)
            term *= x / (k + 1.0)
        return total
    value = math.expm1(x) / x
    for k in range(1, n + 1):
        value = (math.exp(x) - k * value) / x
    return value


def expit(x):  # type: ignore[no-untyped-def]
    """1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + math.exp(-x))


def logit(x):  # type: ignore[no-untyped-def]
    """log(x / (1 - x))."""
    if 0.3 <= x <= 0.65:
        s = 2.0 * (x - 0.5)
        return math.log1p(s) - math.log1p(-s)
    return np.log(x / (1.0 - x))


def log_expit(x):  # type: ignore[no-untyped-def]
    """-log(1 + exp(-x))."""
    if x < 0.0:
        return x - math.log1p(math.exp(x))
    return -math.log1p(math.exp(-x))


def entr(x):  # type: ignore[no-untyped-def]
    """-x log x (0 at 0, minus infinity below)."""
    if x != x:
        return x
    if x > 0.0:
        return -x * math.log(x)
    return 0.0 if x == 0.0 else -math.inf


def xlogy(x, y):  # type: ignore[no-untyped-def]
    """x log y, 0 where x is 0."""
    if x == 0.0 and y == y:
        return 0.0
    return x * np.log(y)


def xlog1py(x, y):  # type: ignore[no-untyped-def]
    """x log(1 + y), 0 where x is 0."""
    if x == 0.0 and y == y:
        return 0.0
    return x * np.log1p(y)


def ratio(x, y):  # type: ignore[no-untyped-def]
    """x / y, 0 where x is 0."""
    return x if x == 0.0 else x / y


def rel_entr(x, y):  # type: ignore[no-untyped-def]
    """x log(x / y), 0 where x is 0 and y is not negative, infinite outside."""
    if x != x or y != y:
        return x + y
    if x > 0.0 and y > 0.0:
        return x * math.log(x / y)
    return 0.0 if x == 0.0 and y >= 0.0 else math.inf
