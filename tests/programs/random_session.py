"""Sessions of random programs whose arguments are arrays that the program writes: values, effects on everything that
the caller can see, and slopes against plain Python."""
from __future__ import annotations

import copy
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import workbench as wb
from tests.frontend.library.test_random_orders import loaded
from tests.fuzz.emitted import in_python


class Holder:
    """An object with an array."""

    def __init__(self, cells: np.ndarray) -> None:
        self.cells = cells


@dataclass(frozen=True)
class Sort:
    """A sort of programs.

    head: what stands at the top of their modules. writer: draws a program, given a generator. arguments: of a program,
    a number first. arrays: all that the caller can see, of the arguments (or of gradients by them). differentiated: so
    many of the arguments. within: what programs are differentiated in.
    """

    head: str
    writer: Callable[[np.random.Generator], Any]
    arguments: Callable[[np.random.Generator], list[Any]]
    arrays: Callable[[Any], list[np.ndarray]]
    differentiated: int
    within: Callable[[], AbstractContextManager[Any]] = in_python

    def slope_is_off(self, function: Callable[..., Any], args: list[Any], gradient: Any, seed: int) -> str:
        """What is wrong with the slope along a random direction; "" where nothing is, or arguments are one array."""
        seen = self.arrays(args)
        if len({id(array) for array in seen}) < len(seen):
            return ""
        rng = np.random.default_rng(seed)
        along, steps = float(rng.normal()), [rng.normal(size=array.shape) for array in seen]

        def moved(h: float) -> float:
            there = copy.deepcopy(args)
            there[0] += h * along
            for array, step in zip(self.arrays(there), steps, strict=True):
                array += h * step
            return float(function(*there))
        slopes = [(8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h) for h in (1e-4, 1e-5)]
        found = gradient[0] * along + sum(
            np.sum(g * step) for g, step in zip(self.arrays(gradient), steps, strict=True))
        settled = abs(slopes[0] - slopes[1]) < 1e-5 * (1 + abs(slopes[0]))
        off = min(abs(found - slope) for slope in slopes) > 1e-5 * (1 + abs(found) + abs(slopes[0]))
        return f"slope {found}, differences {slopes}" if settled and off else ""

    def verdict(self, function: Callable[..., Any], args: list[Any], seed: int) -> str:
        """"agrees", "refused: why", "wild" (numbers without sense), or what is wrong."""
        plain, ours = copy.deepcopy(args), copy.deepcopy(args)
        before, mine = self.arrays(plain), self.arrays(ours)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                expected = function(*plain)
            except ValueError:  # a window that ends too soon
                return "wild"
            if not abs(expected) < 1e5:
                return "wild"
            try:
                with self.within():
                    found, gradient = wb.value_and_grad(
                        function, tuple(range(self.differentiated)), engine="numba")(*ours)
            except wb.DifferentiationError as error:
                return f"refused: {str(error).splitlines()[0]}"
            except Exception as error:
                return f"raises {error!r}"
            after, ours_after = self.arrays(plain), self.arrays(ours)
            pairs = zip([*before, *after, expected], [*mine, *ours_after, found], strict=True)
            if not all(np.allclose(p, m, rtol=1e-9, atol=1e-9) for p, m in pairs):
                return f"value {found}, effects {mine}, {ours_after}; plain Python {expected}, {before}, {after}"
            return self.slope_is_off(function, args, gradient, seed) or "agrees"

    def session(self, seed: int, count: int, folder: Path) -> tuple[Counter[str], list[str]]:
        """How many programs had which verdict, and the wrong ones."""
        writers = [self.writer(np.random.default_rng(number)) for number in range(seed, seed + count)]
        sources = [writer.program(f"program_{k}") for k, writer in enumerate(writers)]
        module = loaded(self.head + "\n\n".join(sources), folder)
        verdicts: Counter[str] = Counter()
        wrong = []
        for k, writer in enumerate(writers):
            found = self.verdict(getattr(module, f"program_{k}"), self.arguments(writer.rng), seed + k)
            good = found in ("agrees", "wild") or found.startswith("refused")
            verdicts[found if good else "wrong"] += 1
            if not good:
                wrong.append(f"seed {seed + k}: {found}\n{sources[k]}")
        return verdicts, wrong

    def main(self) -> int:
        """A long session, in modules of a hundred programs: the first seed and how many programs are what the command
        line says. What is wrong is printed as it is found."""
        first, count = int(sys.argv[1]), int(sys.argv[2])
        verdicts: Counter[str] = Counter()
        for seed in range(first, first + count, 100):
            with TemporaryDirectory() as place:
                some, wrong = self.session(seed, min(100, first + count - seed), Path(place))
            verdicts += some
            print(*wrong, f"{seed}: {dict(verdicts)}", sep="\n", flush=True)
        return 1 if verdicts["wrong"] else 0
