"""The bar: every gradient's peak against what is allowed, the worst one counts (see the folder's text)."""
from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.bars import Bar
from tests.benchmarks.memory.programs import PROGRAMS
from tests.benchmarks.workloads import WORKLOADS

FACTOR, SLACK = 1.02, 1_000_000
NAMES = (*(name for name, workload in WORKLOADS.items() if workload.derivative == "gradient"), *PROGRAMS)


@dataclass(frozen=True)
class Peaks:
    """What was measured of a program, in bytes (see `process.measure`)."""

    name: str
    primal: int
    gradient: int
    marked: int
    allotted: int
    roles: dict[str, int]
    resident: int | None

    @property
    def excess(self) -> int:
        """The gradient's peak over the primal's."""
        return self.gradient - self.primal

    @property
    def allowed(self) -> float:
        """What the excess must not pass."""
        return FACTOR * self.allotted + SLACK

    @property
    def ratio(self) -> float:
        """How much of what is allowed is used; more than 1 fails."""
        return self.excess / self.allowed

    def __str__(self) -> str:
        parts = ", ".join(f"{role} {size / 1e6:.2f}" for role, size in sorted(self.roles.items()))
        seen = "" if self.resident is None else f"; resident set grows by {self.resident / 1e6:.2f}"
        return (f"{self.name:18} primal {self.primal / 1e6:7.2f}, gradient {self.gradient / 1e6:7.2f}, over it "
                f"{self.excess / 1e6:7.2f}, at most {self.allowed / 1e6:7.2f} ({self.ratio:.2f}): {parts}{seen}")


@functools.cache
def allocator() -> Path:
    """The counting allocator, compiled."""
    folder = tempfile.TemporaryDirectory(prefix="accounting-")
    atexit.register(folder.cleanup)
    made = Path(folder.name) / "accounting.so"
    source = Path(__file__).with_name("accounting.c")
    subprocess.run(["cc", "-O2", "-Wall", "-shared", "-fPIC", str(source), "-o", str(made)], check=True)
    return made


def measured(name: str) -> Peaks:
    """A program's peaks, in a process of its own."""
    environment = {**os.environ, "LD_PRELOAD": str(allocator())}
    done = subprocess.run([sys.executable, "-m", "tests.benchmarks.memory.process", name], env=environment, check=True,
                          capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Peaks(name, **found)


def peaks(names: Iterable[str] = NAMES) -> Iterator[Peaks]:
    """Those of all programs, printed as they come."""
    for name in names:
        try:
            found = measured(name)
        except subprocess.CalledProcessError as error:
            print(f"{name:18} {(error.stderr.strip().splitlines() or ['fails'])[-1]}", flush=True)
            raise
        print(found, flush=True)
        yield found


def residual_memory() -> Bar:
    """The worst of all programs."""
    found = list(peaks())
    worst = max(found, key=lambda p: p.ratio)
    over = [p.name for p in found if p.ratio > 1.0]
    return Bar("peak memory of gradients over the primal's, of what is allowed: the worst of all programs", worst.ratio,
               1.0, "times", f"{len(found)} programs, the worst is {worst.name}; beyond: {', '.join(over) or 'none'}")


if __name__ == "__main__":
    list(peaks(sys.argv[1:] or NAMES))
