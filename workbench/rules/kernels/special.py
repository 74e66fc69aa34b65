"""The digamma function and its derivatives, and those of sin(x) / x and of (exp(x) - 1) / x.

Source: Abramowitz & Stegun (1964), 6.3.6, 6.3.7, 6.3.18, 6.4.6, 6.4.11: shift the argument up, then the asymptotic
series with Bernoulli numbers. Accurate to about 1e-14 relative to the largest term.
"""

from __future__ import annotations

import math


def digamma(x: float) -> float:
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


def polygamma(n: int, x: float) -> float:
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


def sincs(n: int, x: float) -> float:
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


def exprels(n: int, x: float) -> float:
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
