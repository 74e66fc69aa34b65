"""The whole comparison: `python -m tests.cost [words of names]`; a line for each that differs, and the sums."""
from __future__ import annotations

import os

os.environ.setdefault("WORKBENCH_CACHE", "source")

import sys
from collections import Counter

from tests.corpus import PROGRAMS
from tests.cost.comparison import ORDERS, compared


def main(words: list[str]) -> int:
    outcomes: Counter[tuple[str, str]] = Counter()
    whole: dict[str, set[str]] = {}
    chosen = [p for p in PROGRAMS if not words or any(word in p.name for word in words)]
    for program in chosen:
        for order in ORDERS:
            for result in compared(program, order):
                outcomes[order, result.outcome] += 1
                whole.setdefault(f"{result.program}", set()).add(result.outcome)
                if result.outcome != "exact":
                    print(f"{result.outcome}: {program.name}, {order}, times {result.scale}: {result.remark}"[:300],
                          flush=True)
    for order in ORDERS:
        print(order, {outcome: n for (o, outcome), n in sorted(outcomes.items()) if o == order})
    print(len(chosen), "programs, of which exact in everything:", sum(found == {"exact"} for found in whole.values()))
    return any(outcome == "different" for _, outcome in outcomes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
