"""A fuzzing session: seeds to programs, programs to batches, outcomes to a summary and to shrunk reproducers."""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.fuzz.check import Outcome, check, still, without_numbers
from tests.fuzz.generate import FuzzProgram, generate
from tests.fuzz.shrink import shrink

REPRODUCERS_OF_A_KIND = 2


@dataclass
class Summary:
    """Counts of one session; `disagreements` are the wrong outcomes, shrunk if asked."""

    seed: int
    checked: int = 0
    kinks: int = 0
    discarded: int = 0
    disagreements: list[Outcome] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)

    @property
    def kink_share(self) -> float:
        return self.kinks / max(1, self.checked)

    def line(self) -> str:
        return (f"fuzz: seed {self.seed}: {self.checked} programs, {len(self.disagreements)} disagreements, "
                f"{sum(self.refusals.values())} refusals, {self.kinks} kinks excluded ({self.kink_share:.1%}), "
                f"{self.discarded} discarded")


def batches(seed: int, size: int) -> Iterator[list[FuzzProgram]]:
    """Programs of seeds `seed`, `seed + 1`, …, endlessly, `size` at a time; each is numbered by its seed."""
    while True:
        yield [generate(number, number) for number in range(seed, seed + size)]
        seed += size


def reproducer(outcome: Outcome) -> str:
    """A failing program as text to paste into a file."""
    rule = "-" * 100
    return f"{rule}\n# {outcome.kind} (seed {outcome.program.number})\n{outcome.program.text}\n{outcome.detail}\n{rule}"


def run(programs: int, seed: int, batch: int = 2, *, compiled: bool = True, shrinking: bool = True,
        report: Callable[[str], None] = print) -> Summary:
    """Check `programs` programs from `seed` on; report failures as they are found."""
    summary = Summary(seed)
    report(f"fuzz: seed {seed}")
    examples: dict[str, Outcome] = {}
    for drawn in batches(seed, batch):
        for outcome in check(drawn[:programs - summary.checked], compiled=compiled):
            if outcome.kind == "wild":
                summary.discarded += 1
                continue
            summary.checked += 1
            summary.kinks += outcome.kind == "kink"
            if outcome.kind == "refused":
                reason = without_numbers(outcome.detail)
                summary.refusals[reason] += 1
                examples.setdefault(reason, outcome)
            elif outcome.wrong:
                summary.disagreements.append(outcome)
                if sum(other.kind == outcome.kind for other in summary.disagreements) <= REPRODUCERS_OF_A_KIND:
                    report(reproducer(smaller(outcome, compiled) if shrinking else outcome))
        if summary.checked >= programs:
            break
    for kind, count in Counter(outcome.kind for outcome in summary.disagreements).most_common():
        report(f"{count} × {kind}")
    for reason, count in summary.refusals.most_common():
        report(f"refused {count} times: {reason} (first: seed {examples[reason].program.number})")
        report(examples[reason].detail)
    return summary


def smaller(outcome: Outcome, compiled: bool) -> Outcome:
    """The outcome of the smallest program found that fails in the same way."""
    if outcome.kind.startswith("only in a batch"):
        return outcome
    program = shrink(outcome.program, still(outcome.kind, compiled=compiled))
    return next((found for found in check([program], compiled=compiled) if found.kind == outcome.kind), outcome)
