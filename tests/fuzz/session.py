"""A fuzzing session: seeds to programs, programs to batches, outcomes to a summary and to shrunk reproducers."""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from tests.fuzz.check import check, still
from tests.fuzz.compare import Outcome, counts, without_numbers
from tests.fuzz.expected import functions, namespace, wrt
from tests.fuzz.generate import FuzzProgram, generate
from tests.fuzz.shrink import shrink

REPRODUCERS_OF_A_KIND = 2
REFUSALS_SHOWN = 12
HOW = ("tape", "refused by the tape", "interpreted", "second order", "guards", "apart", "compiled", "forward",
       "mapped", "refused under vmap", "optimised", "unoptimised", "run as Python")


@dataclass
class Summary:
    """Counts of one session; `disagreements` are the wrong outcomes, shrunk if asked."""

    seed: int
    checked: int = 0
    kinks: int = 0
    raising: int = 0
    discarded: int = 0
    disagreements: list[Outcome] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Outcome] = field(default_factory=dict)
    how: Counter[str] = field(default_factory=Counter)
    drawn: Counter[str] = field(default_factory=Counter)  # programs by feature
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def kink_share(self) -> float:
        return self.kinks / max(1, self.checked)

    def line(self) -> str:
        return (f"fuzz: seed {self.seed}: {self.checked} programs, {len(self.disagreements)} disagreements, "
                f"{sum(self.refusals.values())} refusals, {self.kinks} kinks excluded ({self.kink_share:.1%}), "
                f"{self.raising} raise, {self.discarded} discarded")

    def ways(self) -> str:
        """How many programs were looked at in which way."""
        return "checked: " + ", ".join(f"{self.how[how]} {how}" for how in HOW if self.how[how])

    def shares(self) -> str:
        """How many programs of each feature were refused."""
        return "refused: " + ", ".join(f"{self.refused[name]} of {count} with {name} ({self.refused[name] / count:.1%})"
                                       for name, count in self.drawn.most_common() if self.refused[name])

    def add(self, outcomes: Sequence[Outcome], *more: str) -> None:
        """Count outcomes; `more`: what else is true of the way they were compiled."""
        for outcome in outcomes:
            if outcome.kind == "wild":
                self.discarded += 1
                continue
            self.checked += 1
            self.drawn.update(outcome.program.features)
            self.kinks += outcome.kind == "kink"
            self.raising += outcome.kind == "raises"
            self.how += counts([outcome.looked_at(*more) if "compiled" in outcome.checked else outcome])
            if outcome.kind == "refused":
                self.refused.update(outcome.program.features)
                reason = without_numbers(outcome.detail)
                self.refusals[reason] += 1
                self.examples.setdefault(reason, outcome)
            elif outcome.wrong:
                self.disagreements.append(outcome)

    def is_new(self, outcome: Outcome) -> bool:
        """True for the first few disagreements of a kind."""
        return sum(other.kind == outcome.kind for other in self.disagreements) <= REPRODUCERS_OF_A_KIND

    def report(self, report: Callable[[str], None]) -> None:
        """What was found, by kind."""
        for kind, count in Counter(outcome.kind for outcome in self.disagreements).most_common():
            seeds = [outcome.program.number for outcome in self.disagreements if outcome.kind == kind]
            report(f"{count} × {kind} (seeds {', '.join(map(str, seeds[:8]))})")
        if any(self.refused.values()):
            report(self.shares())
        for reason, count in self.refusals.most_common(REFUSALS_SHOWN):
            report(f"refused {count} times: {reason} (first: seed {self.examples[reason].program.number})")


def batches(seed: int, size: int, arriving: bool = False) -> Iterator[list[FuzzProgram]]:
    """Programs of seeds `seed`, `seed + 1`, …, endlessly, `size` at a time; each is numbered by its seed."""
    while True:
        yield [generate(number, number, arriving=arriving) for number in range(seed, seed + size)]
        seed += size


def reproducer(outcome: Outcome) -> str:
    """A failing program as a script that needs nothing but the workbench: paste it into a file and run it."""
    program = outcome.program
    told = "".join(f"# {line}\n" for line in (f"{outcome.kind} (seed {program.number})", *outcome.detail.splitlines()))
    try:
        positions = wrt(functions(program, namespace(program))[1]())
    except Exception:  # (a worker has died: what it was given may be no program)
        positions = (0,)
    name, arguments = f"program_{program.number}", f"arguments_{program.number}"
    rule = f"# {'-' * 98}"
    return f"{rule}\n{told}{program.text.rstrip()}\n\n\n{SHOWING.format(name, arguments, positions)}{rule}"


#: what a reproducer does when it is run
SHOWING = '''if __name__ == "__main__":
    import workbench as wb

    print("plain Python:", {0}(*{1}()))
    for engine in ("reference", "tape", "numba"):
        try:
            print(f"{{engine}}:", wb.value_and_grad({0}, {2}, engine=engine)(*{1}()))
        except Exception as error:
            print(f"{{engine}}:", type(error).__name__, error)
    print(wb.check({0}, *{1}()))
'''


def run(programs: int, seed: int, batch: int = 2, *, compiled: bool = True, shrinking: bool = True,
        arriving: bool = False, report: Callable[[str], None] = print) -> Summary:
    """Check `programs` programs from `seed` on, in this process; report failures as they are found."""
    summary = Summary(seed)
    report(f"fuzz: seed {seed}")
    for drawn in batches(seed, batch, arriving):
        for outcome in check(drawn[:programs - summary.checked], compiled=compiled):
            summary.add([outcome], "optimised")
            if outcome.wrong and summary.is_new(outcome):
                report(reproducer(smaller(outcome, compiled) if shrinking else outcome))
        if summary.checked >= programs:
            break
    summary.report(report)
    return summary


def smaller(outcome: Outcome, compiled: bool) -> Outcome:
    """The outcome of the smallest program found that fails in the same way."""
    if outcome.kind.startswith("only in a batch"):
        return outcome
    program = shrink(outcome.program, still(outcome.kind, compiled=compiled))
    found = next((found for found in check([program], compiled=compiled) if found.kind == outcome.kind), outcome)
    return replace(found, checked=outcome.checked)
