"""Results and times on a machine with a GPU: `make gpu-check`. One table, in some minutes.

Each program of `programs` in float64 and float32, against the CPU engine; times of a call with arrays of the host
(copies included), after one to compile, beside the CPU engine's of the same run.
"""
from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import workbench as wb
from tests.engines.cuda.programs import CASES, single
from tests.engines.cuda.results import apart, parts
from tests.engines.cuda.user_kernels import cases
from workbench.engines.cuda.installed import is_simulated

TOLERANCE = {np.dtype(np.float64): 1e-10, np.dtype(np.float32): 1e-4}
ITEMS = 40 if is_simulated() else 200_000


def seconds(call: Callable[[], Any]) -> float:
    """The median of some calls."""
    found = []
    for _ in range(5):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return float(np.median(found))


def main() -> int:
    """The table; 1 where something differs."""
    warnings.simplefilter("ignore")
    rng = np.random.default_rng()
    wrong = 0
    print(f"{'program':18} {'dtype':8} {'difference':>10} {'GPU':>10} {'CPU':>10}")
    for case in [*CASES, *cases()]:
        items = min(ITEMS, 4_000) if case.name in ("n_body", "stencil", "n_body_kernel", "product_kernel") else ITEMS
        args = case.arguments(rng, items)
        for given in (args, single(args)):
            on_gpu, on_cpu = case.derivative("cuda"), case.derivative("numba")
            try:
                got, want = list(parts(on_gpu(*given))), list(parts(on_cpu(*given)))
            except wb.DifferentiationError as error:
                print(f"{case.name:18} {str(error).splitlines()[0]}")
                wrong += 1
                continue
            difference = apart(got, want)
            good = difference <= TOLERANCE[want[-1].dtype]
            wrong += not good
            times = [seconds(lambda run=run: run(*given)) for run in (on_gpu, on_cpu)]
            print(f"{case.name:18} {want[-1].dtype.name:8} {difference:10.1e} {1e3 * times[0]:7.2f} ms "
                  f"{1e3 * times[1]:7.2f} ms{'' if good else '  DIFFERS'}", flush=True)
    if is_simulated():
        print("in Numba's simulator: these are no times of a GPU")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
