"""Every program of `programs` in Numba's simulator against the CPU engine: `python -m tests.engines.cuda.simulated`.

    [names]   some of them    --items N    --shapes 32x2,...    threads of a block x blocks at most    --seed N
A line of JSON for each: name, dtype, shape, the largest difference relative to the largest value, or what was raised.
"""
from __future__ import annotations

import os

os.environ["NUMBA_ENABLE_CUDASIM"] = "1"  # read when Numba is imported

import argparse  # noqa: E402
import json  # noqa: E402
import warnings  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

import workbench as wb  # noqa: E402
from tests.engines.cuda.programs import CASES, Case, single  # noqa: E402
from tests.engines.cuda.results import apart, parts  # noqa: E402
from workbench.engines.cuda.device import launched  # noqa: E402

SHAPES = ((32, 2), (64, 1), (16, 64))


def differences(case: Case, args: tuple[Any, ...], shapes: tuple[tuple[int, int], ...]) -> list[dict[str, Any]]:
    """What each launch shape gives against the CPU."""
    want = list(parts(case.derivative("numba")(*args)))
    found = []
    for threads, blocks in shapes:
        line: dict[str, Any] = {"name": case.name, "dtype": want[-1].dtype.name, "shape": f"{threads}x{blocks}"}
        try:
            with launched(threads, blocks):
                got = list(parts(case.derivative("cuda")(*args)))
            line["kept"] = all(a.dtype == b.dtype and a.shape == b.shape for a, b in zip(got, want, strict=True))
            line["apart"] = apart(got, want)
        except wb.DifferentiationError as error:
            line["refused"] = str(error).splitlines()[0]
        found.append(line)
    return found


def main() -> None:
    """See the module's text."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("names", nargs="*")
    asked.add_argument("--items", type=int, default=70)
    asked.add_argument("--shapes", default="")
    asked.add_argument("--seed", type=int)
    options = asked.parse_args()
    shapes = tuple((int(t), int(b)) for t, b in (s.split("x") for s in options.shapes.split(","))
                   ) if options.shapes else SHAPES
    rng = np.random.default_rng(options.seed)
    warnings.simplefilter("ignore")
    for case in CASES:
        if options.names and case.name not in options.names:
            continue
        args = case.arguments(rng, options.items)
        for given in (args, single(args)):
            for line in differences(case, given, shapes):
                print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
