"""Peaks read off programs against what compiled runs hold: `python -m tests.cost.memory`, or with names of programs of
the corpus.

Each program of the corpus, its gradient and its second derivative (forward over reverse) are read once and run at
several sizes: its own arguments, and arrays of which every length is changed to another one wherever it occurs. The
truth is the allocator's (`measured`).
"""
from __future__ import annotations

import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import workbench as wb
from tests.corpus import PROGRAMS
from tests.cost.measured import most_held
from workbench.cost.evaluation import evaluate
from workbench.cost.memory import memory
from workbench.operators import Derivative

MODES = ("primal", "gradient", "second")
#: how lengths are changed, beside staying as they are
CHANGES: tuple[Callable[[int], int], ...] = (lambda n: n, lambda n: n + 3, lambda n: 2 * n + 1)


@dataclass(frozen=True)
class Outcome:
    """What was found: `kind` is "exact", "different", or why there is nothing to compare."""

    name: str
    mode: str
    size: int
    kind: str
    text: str = ""


def derivative(function: Callable[..., Any], wrt: Any, mode: str) -> Derivative:
    """What a mode asks of a function."""
    if mode == "primal":
        return Derivative(function, "value", engine="numba")
    gradient = wb.value_and_grad(function, wrt, engine="numba")
    if mode == "gradient":
        return gradient
    return Derivative(wb.grad(function, wrt, engine="numba"), "jvp", wrt, engine="numba")


def resized(value: Any, change: Callable[[int], int]) -> Any:
    """An argument whose arrays have other lengths."""
    if isinstance(value, np.ndarray) and value.ndim:
        return np.resize(value, tuple(change(n) for n in value.shape))
    if type(value) in (list, tuple):
        return type(value)(resized(part, change) for part in value)
    return value


def arguments(made: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The flat arguments of a call; tangents are ones."""
    data = list(made.door.enter(made.pick(args))[0])
    final = made.program.final
    for item in made.program.wrt_inputs[:len(final.data_params) - len(data)]:
        data.append(np.ones_like(data[item.position]) if item.rank >= 0 else data[item.position] * 0 + 1)
    return tuple(data)


def values_of(final: Any, data: tuple[Any, ...]) -> dict[str, Any]:
    """The lengths of axes and the integers of a call, by the names that formulas have for them."""
    values: dict[str, Any] = {dim.label: data[position].shape[axis]
                              for dim, (position, axis) in final.shape_params.items()}
    return values | {p.label: v for p, v in zip(final.data_params, data, strict=True)
                     if isinstance(v, int | np.integer)}


def copied(data: tuple[Any, ...]) -> list[Any]:
    return [v.copy() if isinstance(v, np.ndarray) else v for v in data]


def compared(name: str, function: Callable[..., Any], draw: Callable[[], tuple[Any, ...]], wrt: Any,
             mode: str) -> Iterator[Outcome]:
    """A program in one mode at all sizes."""
    known: dict[int, Any] = {}
    try:
        asked = derivative(function, wrt, mode)
        asked.specialised(draw())
    except Exception as error:
        yield Outcome(name, mode, 0, "refused", f"{type(error).__name__}: {error}"[:100])
        return
    for size, change in enumerate(CHANGES):
        try:
            args = resized(draw(), change)
            made = asked.specialised(args)
            data = arguments(made, args)
            made.compiled.entry(*copied(data))
        except Exception as error:
            yield Outcome(name, mode, size, "does not run", f"{type(error).__name__}: {error}"[:100])
            continue
        try:
            final = made.program.final
            if id(final) not in known:
                known[id(final)] = memory(final, primal=None if mode == "primal" else made.count)
            found = known[id(final)]
            values = values_of(final, data)
            values |= found.sampled(final, copied(data)) if found.parameters else {}
            peak = evaluate(found.peak, values)
            at = found.at(values)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            yield Outcome(name, mode, size, "not read",
                          f"{type(error).__name__}: {error} ({where.filename.rsplit('/', 1)[-1]}:{where.lineno})"[:160])
            continue
        given = copied(data)
        truth = most_held(lambda given=given, made=made: made.compiled.entry(*given))
        if peak == truth and at.bytes == truth:
            yield Outcome(name, mode, size, "exact", str(truth))
        else:
            yield Outcome(name, mode, size, "different", f"read {peak} (moments {at.bytes}), held {truth}")


def outcomes(names: list[str] = [], modes: tuple[str, ...] = MODES) -> Iterator[Outcome]:
    """All programs, or those of these names."""
    for program in PROGRAMS:
        if names and program.name not in names:
            continue
        for mode in modes:
            yield from compared(program.name, program.function,
                                lambda program=program: program.make_args(np.random.default_rng(1)), program.wrt, mode)


def main(arguments_: list[str]) -> None:
    warnings.simplefilter("ignore")
    modes = tuple(a for a in arguments_ if a in MODES) or MODES
    kinds: Counter[tuple[str, str]] = Counter()
    for outcome in outcomes([a for a in arguments_ if a not in MODES], modes):
        kinds[outcome.mode, outcome.kind] += 1
        if outcome.kind != "exact":
            print(f"{outcome.name} {outcome.mode} {outcome.size}: {outcome.kind}: {outcome.text}", flush=True)
    for (mode, kind), number in sorted(kinds.items()):
        print(f"{mode}: {kind} {number}")


if __name__ == "__main__":
    main(sys.argv[1:])
