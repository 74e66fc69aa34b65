"""A session in several processes: chunks of seeds, each in a fresh process, so that machine code does not pile up.

Of what Numba compiles, one chunk in eight is compiled with LLVM's full optimisation, as users have it, the others with
none: that leaves the workbench's own passes, emission and Numba's lowering as they are, at two thirds of the time. In a
mixed session one chunk in 24 is compiled by Numba, the others run as Python, which is all of the product but Numba at a
tenth of the time. Which programs those are depends on the seed alone. A process that dies is a disagreement of the
programs it was at.
"""
from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from tests.fuzz.check import check
from tests.fuzz.compare import Outcome
from tests.fuzz.emitted import in_python
from tests.fuzz.generate import STATEMENTS, FuzzProgram, generate
from tests.fuzz.session import Summary, reproducer, smaller

CHUNK = 120
OPTIMISED_SHARE = 8
NUMBA_SHARE = 24  # of mixed sessions: one chunk in so many
PROGRESS_SECONDS = 60.0
LONGEST_BATCH = 1800.0  # seconds; after that a process hangs, however busy the machine is


@dataclass(frozen=True)
class Options:
    """What a session is asked for."""

    programs: int
    seed: int
    batch: int = 3
    jobs: int = 2
    engine: str = "numba"  # or "python": compiled programs run as Python (`emitted`); or "mixed", or "none"
    shrinking: bool = True
    arriving: bool = False
    statements: int = STATEMENTS
    seconds: float = float("inf")
    needed: frozenset[str] = frozenset()  # features that every program has

    def program(self, seed: int) -> FuzzProgram:
        return generate(seed, seed, arriving=self.arriving, statements=self.statements, needed=self.needed)


    def engine_of(self, chunk: int) -> str:
        """What runs the compiled programs of a chunk: "numba", "python" or "none"."""
        if self.engine != "mixed":
            return self.engine
        return "python" if chunk % NUMBA_SHARE else "numba"

    def is_optimised(self, chunk: int) -> bool:
        """Whether LLVM optimises a chunk that Numba compiles."""
        return (chunk // NUMBA_SHARE if self.engine == "mixed" else chunk) % OPTIMISED_SHARE == 0

    def way(self, chunk: int) -> str:
        """How the compiled programs of a chunk are run, in the words of the summary."""
        by_python = self.engine_of(chunk) == "python"
        return "run as Python" if by_python else "optimised" if self.is_optimised(chunk) else "unoptimised"


def work(sender: Connection, options: Options, chunk: int) -> None:
    """Check one chunk in this process; each batch is announced, then its outcomes are sent."""
    gc.freeze()  # what is imported stays: the collector need not look through it
    with in_python() if options.engine_of(chunk) == "python" else contextlib.nullcontext():
        _work(sender, options, chunk)
    sender.close()


def _work(sender: Connection, options: Options, chunk: int) -> None:
    compiled, known = options.engine != "none", set[str]()
    first = options.seed + chunk * CHUNK
    for seed in range(first, first + CHUNK, options.batch):
        seeds = range(seed, min(seed + options.batch, first + CHUNK))
        sender.send(("at", list(seeds)))
        outcomes = check([options.program(n) for n in seeds], compiled=compiled)
        for position, outcome in enumerate(outcomes):
            if outcome.wrong and options.shrinking and outcome.kind not in known:
                known.add(outcome.kind)
                outcomes[position] = smaller(outcome, compiled)
        sender.send(("done", outcomes))


class Worker:
    """One process at work on a chunk."""

    def __init__(self, options: Options, chunk: int) -> None:
        os.environ["NUMBA_OPT"] = "3" if options.is_optimised(chunk) else "0"
        context = multiprocessing.get_context("spawn")
        self.receiver, sender = context.Pipe(duplex=False)
        self.at: list[int] = []
        self.options, self.chunk = options, chunk
        self.process = context.Process(target=work, args=(sender, options, chunk), daemon=True)
        self.process.start()
        self.since = time.monotonic()
        sender.close()

    def receive(self) -> list[Outcome] | None:
        """The outcomes of a batch, none where there is news of another kind; None where the process has ended."""
        try:
            kind, news = self.receiver.recv()
            self.since = time.monotonic()
        except (EOFError, OSError):
            self.process.join()
            if not self.process.exitcode:
                return None
            kind = f"crash: the process died with code {self.process.exitcode}"
            at, self.at = self.at, []
            if not at:
                raise RuntimeError(f"chunk {self.chunk}: {kind}") from None
            return [Outcome(self.options.program(seed), kind) for seed in at] if at else None
        if kind == "done":
            return list(news)
        self.at = news
        return []

    def end_hanging(self) -> None:
        """End a process that has been at one batch for too long."""
        if time.monotonic() - self.since > LONGEST_BATCH:
            self.process.kill()


def run(options: Options, report: Callable[[str], None] = print) -> Summary:
    """The whole session. Ends when enough programs are checked, or the time is up (then with fewer)."""
    start = said = time.monotonic()
    summary, chunk = Summary(options.seed), 0
    workers: list[Worker] = []
    report(f"fuzz: seed {options.seed}")
    while True:
        late = time.monotonic() - start > options.seconds
        while len(workers) < options.jobs and not late and summary.checked + len(workers) * CHUNK < options.programs:
            workers.append(Worker(options, chunk))
            chunk += 1
        if not workers:
            break
        for ready in wait([worker.receiver for worker in workers], timeout=5.0):
            (worker,) = [one for one in workers if one.receiver is ready]
            outcomes = worker.receive()
            if outcomes is None or (not outcomes and not worker.at):
                workers.remove(worker)
                continue
            take(summary, outcomes[:options.programs - summary.checked], options.way(worker.chunk), report)
        for worker in workers:
            worker.end_hanging()
        if late or summary.checked >= options.programs:
            for worker in workers:
                worker.process.terminate()
            break
        if time.monotonic() - said > PROGRESS_SECONDS:
            said = time.monotonic()
            report(f"{said - start:.0f} s: {summary.line()}")
    summary.report(report)
    report(summary.ways())
    return summary


def take(summary: Summary, outcomes: Sequence[Outcome], how: str, report: Callable[[str], None]) -> None:
    """Count outcomes, compiled in this way, and print the first disagreements of a kind."""
    summary.add(outcomes, how)
    for outcome in outcomes:
        if outcome.wrong and summary.is_new(outcome):
            report(reproducer(outcome))
