"""`python -m tests.benchmarks.timing_model`: this machine and the kernels, measured in one run and compared."""

from __future__ import annotations

import os

for variable in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # read when the libraries are imported, below

import argparse  # noqa: E402
import sys  # noqa: E402

from tests.benchmarks.timing_model.comparison import compared, vectors  # noqa: E402
from tests.benchmarks.timing_model.held_out import HELD_OUT  # noqa: E402
from tests.benchmarks.timing_model.kernels import CASES  # noqa: E402
from tests.benchmarks.timing_model.small import SMALL  # noqa: E402


def main() -> int:
    """Print the table; the bars are missed where a number says so."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.timing_model", description=__doc__)
    parser.add_argument("names", nargs="*", help="kernels (default: all)")
    parser.add_argument("--kept", action="store_true", help="with the machine as it was measured before")
    parser.add_argument("--pilot", action="store_true",
                        help="scaled by a run at a third of the middle size")
    parser.add_argument("--held-out", action="store_true", help="the kernels that no constant was chosen by")
    parser.add_argument("--small", action="store_true", help="small programs that no constant was chosen by")
    parser.add_argument("--vectors", action="store_true", help="which loops LLVM made vectors of, and which we say")
    chosen = parser.parse_args()
    cases = [case for case in (HELD_OUT if chosen.held_out else SMALL if chosen.small else CASES)
             if not chosen.names or case.function.__name__ in chosen.names]
    if chosen.vectors:
        return vectors(cases)
    return compared(cases, kept=chosen.kept, pilot=chosen.pilot)


if __name__ == "__main__":
    sys.exit(main())
