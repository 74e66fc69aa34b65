"""The grid of NumPy calls: `python -m tests.grid [--engine ...] [--only TEXT] [--every N] [--second N]`.

Prints what is wrong as it is found, and counts of the outcomes by engine.
"""
from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.grid.calls import Entry, entries
from tests.grid.judge import Verdict, judge
from tests.grid.operands import is_tied, operand

BAD = ("wrong", "internal", "accepted")


def verdict(entry: Entry, engine: str, second: bool) -> Verdict:
    """The verdict on one entry."""
    args = tuple(operand(name, k, entry.low, entry.high) for k, name in enumerate(entry.operands))
    return judge(entry.text, args, engine, any(is_tied(name) for name in entry.operands), second)


def main() -> int:
    """Run the grid, or a part of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="interpreted", choices=("interpreted", "tape", "emitted", "numba"))
    parser.add_argument("--only", default="")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--second", type=int, default=7)
    parser.add_argument("--show", default=",".join(BAD))
    options = parser.parse_args()
    chosen = [e for e in entries() if options.only in e.name or options.only in e.text][options.offset::options.every]
    counts: Counter[str] = Counter()
    start = time.time()
    for k, entry in enumerate(chosen):
        found = verdict(entry, options.engine, k % options.second == 0)
        counts[found.outcome] += 1
        if found.outcome in options.show.split(","):
            print(f"{found.outcome}: {entry}: {found.detail[:300]}", flush=True)
    print(f"{len(chosen)} calls, {options.engine}, {time.time() - start:.0f} s: {dict(counts)}")
    return 1 if any(counts[b] for b in BAD) else 0


if __name__ == "__main__":
    sys.exit(main())
