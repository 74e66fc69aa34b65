"""The device code of every program of `programs`, run on the CPU and watched, against the CPU engine:
`python -m tests.engines.cuda.lowered`, which needs no GPU but `ad-workbench[cuda]` and greenlet (`make gpu-code`).

    [names]   some of them    --items N    --shapes 32x2,...    threads of a block x blocks at most    --seed N
A line for each: name, dtype, shape, launches, the largest difference relative to the largest value, operations of
float64 in kernels of float32 (as lowered: what `math` computes is float64), seconds; and what threads did that they
must not.
"""
from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.engines.cuda.lowering import doubles
from tests.engines.cuda.native_device import Divergent, Outside, Race, running
from tests.engines.cuda.programs import CASES, Case, single
from tests.engines.cuda.results import apart, parts
from tests.engines.cuda.user_kernels import cases
from workbench.engines.cuda.device import launched

#: Launch shapes: threads of a block, blocks at most; None: what fits each kernel on a device that is soon full.
SHAPES = ((32, 2), (64, 1), (8, 16), None)
TOLERANCE = {"float64": 1e-10, "float32": 1e-4}


@dataclass
class Outcome:
    """What one launch shape gave. apart: infinite where dtypes differ, or threads did what they must not (`met`)."""

    name: str
    dtype: str
    shape: tuple[int, int] | None
    launches: int
    apart: float
    doubles: int
    seconds: float
    met: str = ""

    @property
    def is_right(self) -> bool:
        """Whether it is what the CPU gives."""
        return self.apart <= TOLERANCE[self.dtype]

    def __str__(self) -> str:
        shape = f"{self.shape[0]:3}x{self.shape[1]:<3}" if self.shape else "fitting"
        return (f"{self.name:16} {self.dtype} {shape} {self.launches:4} {self.apart:9.1e} "
                f"{self.doubles:4} {self.seconds:7.2f}  {self.met}")


def outcomes(case: Case, args: tuple[Any, ...], shapes: tuple[tuple[int, int] | None, ...] = SHAPES, seed: int = 0,
             change: Callable[[str], str] | None = None) -> Iterator[Outcome]:
    """What a program gives, in each launch shape; change: of its text."""
    want = list(parts(case.derivative("numba")(*args)))
    derivative = case.derivative("cuda")
    narrow = any(np.asarray(a).dtype == np.float32 for a in args)
    with running(seed, change) as there:
        for shape in shapes:
            start, before, met, distance = time.perf_counter(), there.launches, "", np.inf
            try:
                with launched(*shape) if shape else nullcontext():
                    got = list(parts(derivative(*args)))
                if [a.dtype for a in got] == [b.dtype for b in want]:
                    distance = apart(got, want)
            except (Race, Outside, Divergent) as error:
                met = str(error)
            wide = sum(doubles(native.texts) for native in there.kernels.values()) if narrow else 0
            yield Outcome(case.name, "float32" if narrow else "float64", shape, there.launches - before,
                          distance if np.isfinite(distance) else np.inf, wide, time.perf_counter() - start, met)


def main() -> int:
    """The lines; 1 where one is wrong."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("names", nargs="*")
    asked.add_argument("--items", type=int, default=70)
    asked.add_argument("--shapes", default="")
    asked.add_argument("--seed", type=int, default=0)
    options = asked.parse_args()
    shapes = tuple((int(t), int(b)) for t, b in (s.split("x") for s in options.shapes.split(","))
                   ) if options.shapes else SHAPES
    rng = np.random.default_rng(options.seed)
    warnings.simplefilter("ignore")
    wrong = 0
    for case in [*CASES, *cases()]:
        if options.names and case.name not in options.names:
            continue
        args = case.arguments(rng, options.items)
        for given in (args, single(args)):
            for found in outcomes(case, given, shapes, options.seed):
                print(found, flush=True)
                wrong += not found.is_right
    print(f"{wrong} wrong" if wrong else "all as on the CPU, and no two threads met")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
