"""`python -m tests.benchmarks`: measure every bar in one run and print the table."""
from __future__ import annotations

import os

for variable in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # read when the libraries are imported, below

import argparse  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402

from tests.benchmarks.first_gradient import first_gradient  # noqa: E402
from tests.benchmarks.table import RATIOS, Bar, call_overhead, heat_memory, ratio, recording  # noqa: E402

MEASUREMENTS: dict[str, Callable[[], Bar]] = {
    "lotka": lambda: ratio(RATIOS[0]), "taylor": lambda: ratio(RATIOS[1]), "heat": lambda: ratio(RATIOS[2]),
    "memory": heat_memory, "break": lambda: ratio(RATIOS[3]), "call": call_overhead, "first": first_gradient,
    "tape": recording,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which of {', '.join(MEASUREMENTS)} (default: all)")
    names = parser.parse_args().names or list(MEASUREMENTS)
    print(f"{'what':<58}{'measured':>12}{'bar':>10}   verdict")
    failures = 0
    for name in names:
        try:
            bar = MEASUREMENTS[name]()
        except Exception as error:  # one bar that cannot be measured must not hide the others
            failures += 1
            print(f"{name:<58}   not measured: {type(error).__name__}: {error}", flush=True)
            continue
        failures += not bar.passed
        print(f"{bar.name:<58}{bar.measured:>9.2f} {bar.unit:<2}{bar.limit:>7.1f} {bar.unit:<2}"
              f"   {'pass' if bar.passed else 'falls short'}\n    {bar.note}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
