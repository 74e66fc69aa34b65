"""`python -m tests.fuzz --programs 20000 [--seed S]`: draw, check, shrink, and print one summary line.

The same seed gives the same programs: `--seed N --programs 1` replays one that was reported.
"""
from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
import time

from tests.fuzz.generate import STATEMENTS
from tests.fuzz.workers import Options, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--programs", type=int, default=20_000, help="how many programs to check")
    parser.add_argument("--seed", type=int, default=None, help="first seed; fresh and printed if left out")
    parser.add_argument("--batch", type=int, default=3, help="programs compiled together")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="processes")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so long, with fewer programs")
    parser.add_argument("--arriving", action="store_true", help="draw features too that the compiler partly refuses")
    parser.add_argument("--statements", type=int, default=STATEMENTS, help="how long a program may be")
    parser.add_argument("--needed", default="", help="features that every program has: layouts,parts,moving,resizing,"
                        "mixed,copies,narrow")
    parser.add_argument("--no-shrink", action="store_true", help="print failing programs as they were drawn")
    parser.add_argument("--engine", choices=("numba", "python", "mixed", "none"), default="mixed",
                        help="what runs compiled programs; python: all of the product but Numba, much faster; mixed: "
                        "one chunk in 24 by Numba, the others by Python; none: only the tape and the interpreter run")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exit: the workers end, too
    os.environ["WORKBENCH_CACHE"] = "0"  # every program is new
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    seed = secrets.randbelow(10 ** 9) if options.seed is None else options.seed
    start = time.monotonic()
    summary = run(Options(options.programs, seed, min(options.batch, options.programs), options.jobs, options.engine,
                          not options.no_shrink, options.arriving, options.statements, 60.0 * options.minutes,
                          frozenset(filter(None, options.needed.split(",")))),
                  lambda text: print(text, flush=True))
    print(f"{summary.line()}; {time.monotonic() - start:.0f} s")
    return 1 if summary.disagreements or summary.kink_share > 0.05 else 0


if __name__ == "__main__":
    sys.exit(main())
