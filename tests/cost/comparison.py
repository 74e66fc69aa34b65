"""Counts against instrumented runs: every corpus program, its gradient and its second derivative, at three sizes.

A size multiplies the axes of the arguments where the program takes that, and whole numbers with them; where it does
not, other numbers are drawn. What is compared is every key of a count that the twin sees, as exact integers.
"""
from __future__ import annotations

import contextlib
import inspect
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import tests.corpus
import workbench as wb
from tests.corpus import Program
from tests.corpus.structure import map_leaves
from tests.cost.instrumented import counted_run
from tests.fuzz.emitted import in_python
from workbench.cost.counting import Counts, count
from workbench.cost.evaluation import evaluate
from workbench.cost.sampling import sampled
from workbench.engines.numba.emit import emit
from workbench.ir import DifferentiationError, Function
from workbench.operators.derivative import Derivative

#: what the twin does not see: integers, truth values, conversions and turns of loops
UNSEEN = {"int", "logic", "turn", "convert", "select"}
ORDERS = ("primal", "gradient", "second derivative")
SCALES = (1, 2, 3)
#: classes of the corpus whose objects are arguments
OBJECTS = tuple(dict.fromkeys(found for module in vars(tests.corpus).values() if inspect.ismodule(module)
                              for found in vars(module).values() if isinstance(found, type)
                              and found.__module__ == module.__name__))


@dataclass(frozen=True)
class Comparison:
    """What one program gave in one run. outcome: "exact", "different", "refused" (the count says that it does not
    know), or "none" (there is no such program: its derivative is refused, or no run comes to an end)."""

    program: str
    order: str
    scale: int
    outcome: str
    remark: str = ""


def derivative_of(program: Program, order: str) -> Any:
    """What is counted: the function itself, its gradient, or the gradient of a weighted sum of that."""
    if order == "primal":
        return Derivative(program.function, "value")
    if order == "gradient":
        return wb.value_and_grad(program.function, program.wrt)
    gradient = wb.grad(program.function, program.wrt)

    def weighted(*args: Any) -> Any:
        return _sum_of(gradient(*args))

    return wb.value_and_grad(weighted, program.positions if isinstance(program.wrt, tuple) else program.positions[0])


def _sum_of(tree: Any) -> Any:
    """The sum of all numbers of a gradient."""
    if isinstance(tree, tuple | list):
        total = 0.0
        for part in tree:
            total = total + _sum_of(part)
        return total
    if isinstance(tree, dict):
        total = 0.0
        for key in tree:
            total = total + _sum_of(tree[key])
        return total
    if isinstance(tree, OBJECTS):
        total = 0.0
        for name in tuple(vars(tree)):
            total = total + _sum_of(getattr(tree, name))
        return total
    return 0.0 if tree is None else np.sum(tree)


def at_scale(args: tuple[Any, ...], scale: int) -> tuple[Any, ...]:
    """The arguments with axes and whole numbers multiplied."""
    def larger(path: Any, leaf: Any) -> Any:
        if isinstance(leaf, np.ndarray) and leaf.ndim:
            repeated = np.tile(leaf, (scale,) * leaf.ndim)
            return repeated if scale == 1 or leaf.dtype.kind not in "fc" else (
                repeated * (1.0 + 0.1 * np.sin(np.arange(repeated.size))).reshape(repeated.shape)).astype(leaf.dtype)
        return leaf * scale if type(leaf) is int else leaf
    return map_leaves(args, larger)


def compared(program: Program, order: str) -> Iterator[Comparison]:
    """The comparisons of one program at each scale."""
    known: dict[int, Counts | DifferentiationError] = {}
    derivative = derivative_of(program, order)
    for scale in SCALES:
        found = None
        for attempt in (scale, 1):
            args = program.make_args(np.random.default_rng(scale))
            try:
                found = _one(derivative, at_scale(args, attempt), known)
                break
            except Exception as error:  # (of any kind: the program's own, at sizes that it is not meant for)
                found = "none", f"{type(error).__name__}: {error}"
        assert found is not None
        yield Comparison(program.name, order, attempt, *found)


def _one(derivative: Any, args: tuple[Any, ...], known: dict[int, Any]) -> tuple[str, str]:
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), in_python():
        warnings.simplefilter("ignore")
        made = derivative.specialised(args)
        program = made.program.final
        if id(program) not in known:
            try:
                known[id(program)] = count(program), program
            except DifferentiationError as error:
                known[id(program)] = error, program
        counts = known[id(program)][0]
        data = made.door.enter(made.pick(args))[0]
        if isinstance(counts, DifferentiationError):
            return "refused", str(counts).split("\n")[0]
        return judged(program, counts, data)


def judged(program: Function, counts: Counts, data: tuple[Any, ...]) -> tuple[str, str]:
    """The counts at the sizes of some data against a run with these."""
    source = emit(program)
    done = counted_run(source, copied(data))
    values: dict[str, Any] = {
        dim.label: data[position].shape[axis] for dim, (position, axis) in program.shape_params.items()}
    values |= {p.label: int(v) for p, v in zip(program.data_params, data, strict=True)
               if isinstance(v, int | np.integer)}
    values |= sampled(program, copied(data), counts.parameters.values())
    wrong = []
    for key in sorted(({k for _, k in counts.work.amounts} | set(done)) - UNSEEN):
        said = evaluate(counts.work.total(key), values)
        if said != done[key]:
            wrong.append(f"{key} {said} (ran: {done[key]})")
    return ("different", ", ".join(wrong)) if wrong else ("exact", "")


def copied(data: tuple[Any, ...]) -> list[Any]:
    """Arguments that a run may write."""
    return [v.copy() if isinstance(v, np.ndarray) else v for v in data]

