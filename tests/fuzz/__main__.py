"""`python -m tests.fuzz --programs 2000 [--seed S]`: draw, check, shrink, and print one summary line."""
from __future__ import annotations

import argparse
import secrets
import sys

from tests.fuzz.session import run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--programs", type=int, default=200, help="how many programs to check")
    parser.add_argument("--seed", type=int, default=None, help="first seed; fresh and printed if left out")
    parser.add_argument("--batch", type=int, default=2, help="programs compiled together")
    parser.add_argument("--no-shrink", action="store_true", help="print failing programs as they were drawn")
    parser.add_argument("--interpreted", action="store_true", help="front end and transforms only, nothing compiled")
    options = parser.parse_args()
    seed = secrets.randbelow(10 ** 9) if options.seed is None else options.seed
    summary = run(options.programs, seed, options.batch, compiled=not options.interpreted,
                  shrinking=not options.no_shrink, report=print)
    print(summary.line())
    return 1 if summary.disagreements or summary.kink_share > 0.05 else 0


if __name__ == "__main__":
    sys.exit(main())
