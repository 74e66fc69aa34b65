"""Writes `workbench/engines/numba/vector_math/coefficients.py`: minimax polynomials, by Remez's exchange algorithm.

Each is the polynomial p of a degree that makes the largest |weight (g - p)| over an interval smallest, found with 60
decimal digits and then rounded to doubles. The error that is printed is that of the rounded polynomial, relative to the
function that it is a part of. Needs mpmath.

Source: Cheney, Introduction to Approximation Theory (1966), ch. 3; Muller, Elementary Functions (2016), ch. 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mpmath import mp, mpf

mp.dps = 60
TARGET = Path(__file__).parents[1] / "workbench" / "engines" / "numba" / "vector_math" / "coefficients.py"
Real = Callable[[Any], Any]
HALF_LN2 = mp.log(2) / 2 * mpf("1.0001")
QUARTER_PI = mp.pi / 4 * mpf("1.0001")
EIGHTH = mp.sqrt(2) - 1
SMALL_S = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1) * mpf("1.0001")
SWITCH = mpf(1)


@dataclass(frozen=True)
class Problem:
    """A polynomial to be found: of `degree` in a variable over (low, high)."""

    name: str
    what: str
    g: Real
    weight: Real
    low: Any
    high: Any
    degree: int


def even(f: Real) -> Real:
    """f of the root of the variable."""
    return lambda z: f(mp.sqrt(z))


def series(name: str, what: str, function: Real, head: Real, power: int, high: Any, degree: int,
           by_square: bool = True) -> Problem:
    """(function - head) / x**power, in x**2; the error is relative to the function."""
    g, weight = (lambda x: (function(x) - head(x)) / x**power), (lambda x: x**power / function(x))
    if by_square:
        return Problem(name, what, even(g), even(weight), mpf(0), high**2, degree)
    return Problem(name, what, g, weight, -high, high, degree)


def atanh_head(terms: int) -> Real:
    """The first terms of the series of atanh."""
    return lambda s: sum(s**(2 * k + 1) / (2 * k + 1) for k in range(terms))


def identity(x: Any) -> Any:
    """x."""
    return x


def problems() -> list[Problem]:
    """All of them."""
    found = []
    for suffix, degrees in (("", (10, 4, 4, 5, 5, 11, 6)), ("_F32", (5, 2, 2, 3, 2, 5, 3))):
        exp, sinh, cosh, sin, cos, atan, log = degrees
        found += [
            series(f"EXP{suffix}", "(exp(r) - 1 - r) / r**2", mp.exp, lambda r: 1 + r, 2, HALF_LN2, exp, False),
            series(f"SINH{suffix}", "(sinh(r) - r) / r**3", mp.sinh, identity, 3, HALF_LN2, sinh),
            series(f"COSH{suffix}", "(cosh(r) - 1 - r**2/2) / r**4", mp.cosh, lambda r: 1 + r * r / 2, 4, HALF_LN2,
                   cosh),
            series(f"SIN{suffix}", "(sin(r) - r) / r**3", mp.sin, identity, 3, QUARTER_PI, sin),
            series(f"COS{suffix}", "(cos(r) - 1 + r**2/2) / r**4", mp.cos, lambda r: 1 - r * r / 2, 4, QUARTER_PI, cos),
            series(f"ATAN{suffix}", "(atan(t) - t) / t**3", mp.atan, identity, 3, EIGHTH, atan),
            series(f"LOG{suffix}", "2 (atanh(s) - s) / s**3", lambda s: 2 * mp.atanh(s), lambda s: 2 * s, 3, SMALL_S,
                   log),
        ]
    found.append(series("POW", "(atanh(s) - s - s**3/3 - s**5/5) / s**7", mp.atanh, atanh_head(3), 7, SMALL_S, 7))
    for suffix, near, far in (("", 11, 21), ("_F32", 6, 9)):
        found += [
            series(f"ERF_NEAR{suffix}", "(erf(x) - 2/sqrt(pi) x) / x**3", mp.erf, lambda x: 2 / mp.sqrt(mp.pi) * x, 3,
                   SWITCH, near),
            Problem(f"ERF_FAR{suffix}", "erfc(x) exp(x**2) in x - 3", lambda u: mp.erfc(u + 3) * mp.exp((u + 3)**2),
                    lambda u: mp.exp(-(u + 3)**2) / mp.erf(u + 3), SWITCH - 3, mpf(3), far),
        ]
    return found


def solve(problem: Problem, nodes: list[Any]) -> tuple[list[Any], Any]:
    """The polynomial whose weighted error is +-E at the nodes, in turn."""
    n = problem.degree
    matrix, right = mp.matrix(n + 2, n + 2), mp.matrix(n + 2, 1)
    for i, z in enumerate(nodes):
        for j in range(n + 1):
            matrix[i, j] = z**j
        matrix[i, n + 1] = (-1)**i / problem.weight(z)
        right[i] = problem.g(z)
    found = mp.lu_solve(matrix, right)
    return [found[k] for k in range(n + 1)], found[n + 1]


def evaluate(coefficients: list[Any], z: Any) -> Any:
    """By Horner's scheme."""
    total = mpf(0)
    for c in reversed(coefficients):
        total = total * z + c
    return total


def remez(problem: Problem) -> tuple[list[float], float]:
    """The coefficients as doubles, and the largest error that is left."""
    n, low, high = problem.degree, problem.low, problem.high
    span = high - low
    low, high = low + span * mpf("1e-9"), high - span * mpf("1e-12")
    middle, radius = (low + high) / 2, (high - low) / 2
    nodes = [middle - radius * mp.cos(mp.pi * k / (n + 1)) for k in range(n + 2)]
    grid = [middle - radius * mp.cos(mp.pi * k / (24 * (n + 2))) for k in range(24 * (n + 2) + 1)]
    exact = [(problem.g(z), problem.weight(z)) for z in grid]
    coefficients: list[Any] = []
    for _ in range(12):
        coefficients, level = solve(problem, nodes)
        errors = [w * (g - evaluate(coefficients, z)) for z, (g, w) in zip(grid, exact, strict=True)]
        peaks: list[int] = []
        for k, error in enumerate(errors):  # the largest of each run of one sign
            if peaks and mp.sign(errors[peaks[-1]]) == mp.sign(error):
                if abs(error) > abs(errors[peaks[-1]]):
                    peaks[-1] = k
            else:
                peaks.append(k)
        while len(peaks) > n + 2:
            del peaks[0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1]
        if len(peaks) < n + 2:
            break
        nodes = [grid[k] for k in peaks]
        if max(map(abs, errors)) < abs(level) * mpf("1.001"):
            break
    rounded = [float(c) for c in coefficients]
    left = max(abs(w * (g - evaluate([mpf(c) for c in rounded], z))) for z, (g, w) in zip(grid, exact, strict=True))
    return rounded, float(left)


CONSTANTS = (("LN2", mp.log(2), 2), ("PER_LN2", 1 / mp.log(2), 2), ("PER_LN10", 1 / mp.log(10), 2),
             ("LOG10_2", mp.log10(2), 2), ("HALF_PI", mp.pi / 2, 3), ("QUARTER_PI", mp.pi / 4, 2),
             ("TWO_PER_PI", 2 / mp.pi, 1), ("THIRD", mpf(1) / 3, 2), ("TWO_PER_ROOT_PI", 2 / mp.sqrt(mp.pi), 2))


def short(value: Any, bits: int) -> Any:
    """The value rounded to so many bits, so that products with short integers are exact."""
    return mp.nint(value * 2**bits) / 2**bits


def parts(value: Any, count: int) -> list[float]:
    """Doubles whose sum is the value as far as they reach."""
    found = []
    for _ in range(count):
        found.append(float(value))
        value -= mpf(found[-1])
    return found


def main() -> None:
    """Write the module."""
    lines = ['"""Minimax polynomials, lowest coefficient first, and constants as sums of doubles."""',
             "# written by `tools/minimax.py`", ""]
    for name, value, count in CONSTANTS:
        texts = ", ".join(map(repr, parts(value, count)))
        lines.append(f"{name} = {texts if count == 1 else f'({texts})'}")
    for name, value in (("LN2", mp.log(2)), ("LOG10_2", mp.log10(2))):
        head = short(value, 41)
        lines.append(f"SHORT_{name} = ({float(head)!r}, {float(value - head)!r})")
    lines.append("")
    for problem in problems():
        coefficients, error = remez(problem)
        print(f"{problem.name:14s} degree {problem.degree:2d}   2^{float(mp.log(error, 2)):.1f}", flush=True)
        lines.append(f"#: {problem.what}; the function is off by at most 2^{float(mp.log(error, 2)):.1f} of itself")
        lines.append(f"{problem.name} = (")
        lines += [f"    {c!r}," for c in coefficients]
        lines.append(")")
    TARGET.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
