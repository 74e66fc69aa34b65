"""Predicted peaks against how much a process really grows: `python -m tests.cost.resident`, or with names of programs.

Gradients that take tens of megabytes (those of `tests.benchmarks.memory`) and second derivatives of some, each in a
process of its own, after one call: the most that the resident set grows by during a call. The bar: within
2 % and 1 MB, and the prediction not more than 2 % below; those with lists that grow (`LENGTHS`) are told apart, since
the C library moves lists, and what is not written to of their room is not resident.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections import Counter
from fractions import Fraction
from typing import Any

import numpy as np

from tests.benchmarks.memory.process import named, resident
from tests.benchmarks.memory.programs import PROGRAMS
from tests.cost.memory import arguments, copied, derivative, values_of
from workbench.cost.evaluation import evaluate
from workbench.cost.formula import ROOM, room
from workbench.cost.memory import memory

#: of programs with lists: how many elements they get (a run of the reference interpreter would take minutes)
LENGTHS = {"list_of_steps": 2_500_001, "list_while": 2_500_001, "triangle": 3_123_751}
#: what has several lists of several lengths, makes arrays in a recursion, or takes little
LEFT_OUT = ("reaction_until", "recursive_integral", "damped_until", "pendulum_until", "newton_roots")
#: what takes less than 32 MB with the arguments that it has elsewhere
LARGER: dict[str, tuple[Any, ...]] = {
    "folded": (np.array([0.3, 0.6]), 40_000_000), "clipped_steps": (np.linspace(0.0, 1.0, 30_000), 1_200),
    "solved_steps": (np.eye(100) * 5.0 + np.linspace(0.0, 0.1, 10_000).reshape(100, 100), np.ones(100), 25_000)}
SECOND = ("elementwise_chain", "linear_chain", "outer_kernel", "prefix_sums", "scaled_rows", "attention",
          "swapped_buffers", "rebound_array", "burgers_slices", "gathered", "single_precision", "rows_of_matrix",
          "deep_layers", "recurrent", "powers")
NAMES = (*(name for name in PROGRAMS if name not in LEFT_OUT), *(f"{name}:second" for name in SECOND))


def measured(name: str) -> dict[str, Any]:
    """Prediction and growth of a program's gradient, in this process."""
    name, _, mode = name.partition(":")
    function, args, wrt = named(name)
    args = LARGER.get(name, args)
    made = derivative(function, wrt, mode or "gradient").specialised(args)
    data = arguments(made, args)
    final = made.program.final
    found = memory(final, primal=made.count)
    values = values_of(final, data)
    if found.parameters and all(p.kind == "taken" for p in found.parameters):
        values |= {p.symbol.name: Fraction(1, 2) for p in found.parameters}  # (both arms; a run would take minutes)
    elif found.parameters and name in LENGTHS:
        known = {"trips": LENGTHS[name], "taken": Fraction(1, 2), "beyond": room(LENGTHS[name]) - ROOM, "growing": 0}
        values |= {p.symbol.name: known[p.kind] for p in found.parameters}
    elif found.parameters:
        values |= found.sampled(final, copied(data))
    given = copied(data)
    made.compiled.entry(*given)
    return {"predicted": int(evaluate(found.peak, values)), "grown": resident(lambda: made.compiled.entry(*given))}


def main(names: list[str]) -> None:
    """A line for each program, and how many are within the bar."""
    within: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for name in names:
        kind = "with lists" if name in LENGTHS else "of arrays"
        kinds[kind] += 1
        done = subprocess.run([sys.executable, "-m", "tests.cost.resident", "--one", name], capture_output=True,
                              text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        if done.returncode:
            print(f"{name:20} {(done.stderr.strip().splitlines() or ['fails'])[-1]}", flush=True)
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        predicted, grown = found["predicted"], found["grown"]
        ratio = predicted / max(grown, 1)
        good = abs(predicted - grown) <= 0.02 * grown + 1e6 and predicted >= 0.98 * grown
        within[kind] += good
        print(f"{name:20} predicted {predicted / 1e6:8.2f} MB, grown {grown / 1e6:8.2f} MB, {ratio:.3f}"
              f"{'' if good else '  beyond'}", flush=True)
    for kind, number in sorted(kinds.items()):
        print(f"{kind}: {within[kind]} of {number} within the bar")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measured(sys.argv[2])))
    else:
        main(sys.argv[1:] or list(NAMES))
