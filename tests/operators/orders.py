"""Derivatives of order one to four of the corpus: `python -m tests.operators.orders`, or with names of programs.

Each program is followed along a random line through arguments freshly drawn, phi(t) = f(x + t v), and phi is
differentiated four times by each nesting of `NESTINGS`. The truth is Cauchy's formula over a circle of complex t, which
runs the user's own function alone. A program without complex numbers of its own, or whose line crosses a kink, has no
power series there: its coefficients of negative order are not small, and it is counted apart.

    --compiled     by Numba (minutes for many programs); else the emitted programs run as the Python that they are
    --seed N       of the arguments and directions (else a fresh one, printed)
    --share K      every K-th program only
Source: Lyness and Moler, "Numerical differentiation of analytic functions" (1967).
"""
from __future__ import annotations

import argparse
import contextlib
import math
import secrets
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import workbench as wb
from tests.corpus import PROGRAMS, Program
from tests.corpus.complex_twin import twin
from tests.corpus.oracle import writes_shared_memory
from tests.corpus.structure import copy_arguments, is_float_leaf
from tests.fuzz.emitted import in_python

ORDER = 4
POINTS = 32
RADII = (0.02, 0.05, 0.1)
#: how far from the truth an answer may be, beside ten times what the truth is known to; relative to the largest
#: coefficient that f has on a circle of radius 1/10
TOLERANCE = 1e-6
Line = Callable[[Any], Any]


def forward(g: Line) -> Line:
    return lambda t: wb.jvp(g, (t,), (1.0,))[1]


def reverse(g: Line) -> Line:
    return wb.grad(g)


#: The innermost operator first.
NESTINGS: dict[str, tuple[Callable[[Line], Line], ...]] = {
    "forward, four times": (forward,) * 4,
    "reverse, four times": (reverse,) * 4,
    "forward over reverse": (reverse, forward, reverse, forward),
    "reverse over forward": (forward, reverse, forward, reverse),
}


@dataclass(frozen=True)
class Path:
    """A line through the arguments of a function: each moving argument by its step, None where it stays."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    steps: tuple[Any, ...]

    def line(self) -> Line:
        f, args, steps = self.function, self.args, self.steps

        def along(t: Any) -> Any:
            moved = [a if s is None else a + t * s for a, s in zip(args, steps)]
            return f(*moved)

        return along


def path_of(program: Program, rng: np.random.Generator) -> Path | None:
    """A line through fresh arguments; None where an argument that should move is a structure, or float32."""
    args = program.make_args(rng)
    if writes_shared_memory(program.function, args):
        return None
    steps: list[Any] = [None] * len(args)
    for k in program.positions:
        a = args[k]
        if not is_float_leaf(a) or np.asarray(a).dtype != np.float64:
            return None
        steps[k] = rng.uniform(-1.0, 1.0, np.shape(a)) if np.ndim(a) else float(rng.uniform(-1.0, 1.0))
    return Path(program.function, args, tuple(steps))


def truth(program: Program, path: Path) -> tuple[np.ndarray, float] | None:
    """The derivatives of order 0 to 4 and how well they are known, relative to all; None where not analytic."""
    function = twin(program).function

    def at(z: complex) -> complex:
        fresh = copy_arguments(path.args, to_complex=True)
        return complex(function(*(a if s is None else a + z * s for a, s in zip(fresh, path.steps))))

    found = [_coefficients(at, radius) for radius in RADII]
    best = None
    for first, (values, noise) in enumerate(found):
        for other, (others, more) in enumerate(found):
            if first == other or max(noise, more) > 1e-6:
                continue
            scale = np.abs(values * 0.1 ** np.arange(ORDER + 1)).max() + 1e-300
            apart = float(np.abs((values - others) * 0.1 ** np.arange(ORDER + 1)).max() / scale)
            if best is None or apart < best[1]:
                best = values, apart
    return None if best is None or best[1] > 1e-3 else (best[0] * _FACTORIALS, best[1])


_FACTORIALS = np.array([math.factorial(k) for k in range(ORDER + 1)], float)


def _coefficients(at: Callable[[complex], complex], radius: float) -> tuple[np.ndarray, float]:
    """The coefficients of the power series to order 4; and the size of those of negative order, relative to all."""
    values = np.array([at(radius * np.exp(2j * np.pi * k / POINTS)) for k in range(POINTS)])
    if not np.isfinite(values).all():
        return np.full(ORDER + 1, np.nan), math.inf
    spectrum = np.fft.fft(values) / POINTS
    negative = np.abs(spectrum[POINTS // 2:]).max() / (np.abs(spectrum[1:]).max() + 1e-300)
    return (spectrum[:ORDER + 1] / radius ** np.arange(ORDER + 1)).real, float(negative)


def difference(got: list[float], want: np.ndarray) -> float:
    """The largest difference of derivatives, relative to the largest of them on a circle of radius 1/10."""
    weights = 0.1 ** np.arange(1, ORDER + 1) / _FACTORIALS[1:]
    scale = np.abs(want * (0.1 ** np.arange(ORDER + 1) / _FACTORIALS)).max() + 1e-300
    apart = np.abs((np.array(got) - want[1:]) * weights).max() / scale
    return float(apart) if np.isfinite(apart) else math.inf


def derivatives(nesting: tuple[Callable[[Line], Line], ...], line: Line) -> list[float]:
    """Of order 1 to 4 at 0."""
    found = []
    for operator in nesting:
        line = operator(line)
        found.append(float(line(0.0)))
    return found


def taylor(line: Line) -> list[float]:
    return [float(d) for d in wb.taylor(line, (0.0,), ((1.0, 0.0, 0.0, 0.0),))[1]]


def outcomes(program: Program, seed: int) -> dict[str, str]:
    """What was found, for each nesting."""
    path = path_of(program, np.random.default_rng(seed))
    if path is None:
        return {"": "structures, float32 or shared memory"}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            known = truth(program, path)
        except (TypeError, AttributeError, ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
            return {"": f"has no complex twin ({type(error).__name__})"}
        if known is None:
            return {"": "not analytic on the circle"}
        want, uncertain = known
        ways = {name: lambda line, way=way: derivatives(way, line) for name, way in NESTINGS.items()}
        found = {}
        for name, way in {**ways, "Taylor": taylor}.items():
            try:
                apart = difference(way(path.line()), want)
            except wb.DifferentiationError as error:
                found[name] = f"refused: {error}".splitlines()[0]
                continue
            found[name] = "agrees" if apart <= TOLERANCE + 10 * uncertain else f"differs by {apart:.1e}"
        return found


def main() -> int:
    """A line for each program; how many agree, by nesting."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("names", nargs="*")
    asked.add_argument("--compiled", action="store_true")
    asked.add_argument("--seed", type=int)
    asked.add_argument("--share", type=int, default=1)
    options = asked.parse_args()
    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    chosen = [p for p in PROGRAMS if not options.names or p.name in options.names]
    chosen = chosen[seed % options.share::options.share]
    counts: dict[str, Counter[str]] = {}
    failed = 0
    for program in chosen:
        start = time.perf_counter()
        with contextlib.nullcontext() if options.compiled else in_python():
            found = outcomes(program, seed)
        for name, text in found.items():
            counts.setdefault(name, Counter())[text.split(":")[0].split(" by ")[0]] += 1
        wrong = {name: text for name, text in found.items() if text.startswith("differs")}
        failed += bool(wrong)
        others = {text for text in found.values() if text != "agrees"}
        print(f"{program.name:32} {time.perf_counter() - start:6.1f} s  {'; '.join(sorted(others)) or 'agrees'}"
              f"{'  <-- ' + ', '.join(wrong) if wrong else ''}", flush=True)
    for name, kinds in counts.items():
        print(f"{name or 'left out':24} " + ", ".join(f"{text} {n}" for text, n in sorted(kinds.items())))
    print(f"{len(chosen)} programs, {failed} with a difference")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
