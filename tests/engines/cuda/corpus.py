"""The whole corpus on the engine "cuda" in Numba's simulator, against the interpreter:
`python -m tests.engines.cuda.corpus`, or with names of programs.

Every program's value and gradient, with blocks of few threads and few blocks, so that threads take several turns, and
with a thread for each turn. What has no form on a GPU is refused, and counted.
"""
from __future__ import annotations

import os

os.environ["NUMBA_ENABLE_CUDASIM"] = "1"  # read when Numba is imported

import sys  # noqa: E402
import warnings  # noqa: E402
from collections import Counter  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

import workbench as wb  # noqa: E402
from tests.corpus import PROGRAMS, Program  # noqa: E402
from tests.corpus.structure import copy_arguments, float_leaves  # noqa: E402
from workbench.engines.cuda.device import launched  # noqa: E402


def outcome(program: Program, seed: int) -> str:
    """What was found."""
    args = program.make_args(np.random.default_rng(seed))
    want, left = called(program, "reference", args)
    for threads, blocks in ((4, 2), (16, 64)):
        try:
            with launched(threads, blocks):
                got, other = called(program, "cuda", args)
        except wb.DifferentiationError as error:
            return f"refused: {str(error).splitlines()[0]}"
        for a, b in zip((got, other), (want, left), strict=True):
            found, expected = float_leaves(a), float_leaves(b)
            for path, leaf in expected.items():
                size = float(np.abs(leaf).max(initial=0.0))
                floor = 1e-9 * (size if np.isfinite(size) else 1.0)
                if not np.allclose(found[path], leaf, 1e-9, floor, equal_nan=True):
                    return f"DIFFERS at {path}: {found[path]} for {leaf}"
    return "agrees"


def called(program: Program, engine: str, args: tuple[Any, ...]) -> tuple[Any, Any]:
    """Value and gradient, and the arguments as they were left."""
    given = copy_arguments(args)
    return wb.value_and_grad(program.function, program.wrt, engine=engine)(*given), given


def main() -> int:
    """A line for each program."""
    warnings.simplefilter("ignore")
    names, seed = sys.argv[1:], int(np.random.default_rng().integers(2**31))
    print(f"seed {seed}")
    counts: Counter[str] = Counter()
    for program in PROGRAMS:
        if names and program.name not in names:
            continue
        try:
            text = outcome(program, seed)
        except Exception as error:
            text = f"FAILS: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        counts[text.split(":")[0].split(" at ")[0]] += 1
        print(f"{program.name:36} {text[:200]}", flush=True)
    print(", ".join(f"{text} {n}" for text, n in sorted(counts.items())))
    return int(any(text in counts for text in ("DIFFERS", "FAILS")))


if __name__ == "__main__":
    sys.exit(main())
