"""The memory that a program takes while it runs: its course, the peak and what is alive then, residuals and results.

Read off the very program that is emitted, without running it (`course`). Bytes are those of arrays' elements beyond the
arguments, which are the caller's: the heads of arrays, some hundred bytes each, are not counted.

Invariant: the peak is the most that a compiled run holds at a time (`python -m tests.cost.memory` asks the allocator);
where data decide which arrays are alive together, it is that of the larger choice. A process may grow by less, where
the room of lists is not touched, and by more: by lists that the C library moves, and by what BLAS keeps for itself.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.cost import roles as roles_of
from workbench.cost.counting import Env, Parameter, arguments
from workbench.cost.course import Event, Frame, Walk
from workbench.cost.evaluation import evaluate
from workbench.cost.formula import Formula, is_nonnegative, maximum, of
from workbench.cost.sampling import sampled
from workbench.cost.sizes import LARGEST, Sizes, WatchingSizes
from workbench.cost.worlds import Buffer, World
from workbench.engines.numba.emit import Places, emit
from workbench.interpret import Interpreter, bind
from workbench.ir import Function, Span, callees
from workbench.records import dataclass

_ROLES = {roles_of.OUTPUT: "result", roles_of.RESIDUAL: "residual", roles_of.COTANGENT: "cotangent",
          roles_of.UNNAMED: "cotangent", roles_of.SCRATCH: "scratch"}


@dataclass(frozen=True, slots=True)
class Held:
    """An array that is alive. name: of the variable that it was made for; line: of the user's source, 0 for none;
    role: "argument", "result", "residual", "cotangent" or "scratch"; size: bytes."""

    name: str
    line: int
    role: str
    size: Formula


@dataclass(frozen=True, slots=True)
class Moment:
    """What is alive right after a line of the emitted program has made an array, or given one back (then `made` is
    False). live: bytes beyond the arguments (0 where the moment does not come); line: of the user's source; workspace:
    bytes that a kernel holds beside its operands and results."""

    live: Formula
    line: int
    emitted: int
    made: bool
    buffers: tuple[Held, ...]
    workspace: Formula


@dataclass(frozen=True, slots=True)
class Peak:
    """The course at given sizes: `bytes` at the peak, the `moment` that it is, and the `timeline`: (line, bytes)."""

    bytes: int
    moment: Moment | None
    timeline: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Memory:
    """See the module's text. Formulas of bytes; parameters: what only a run can know, as far as it matters."""

    peak: Formula
    moments: Sequence[Moment]
    residual: Formula
    results: Formula
    parameters: Sequence[Parameter]

    def at(self, values: Mapping[str, Any] | None = None, /, **dims: Any) -> Peak:
        """The course at given dimensions and parameters, by name. Raises KeyError for one that is left out."""
        given = {**(values or {}), **dims}
        timeline = [(moment.line, int(evaluate(moment.live, given))) for moment in self.moments]
        made = [k for k, moment in enumerate(self.moments) if moment.made]
        highest = max(made, key=lambda k: timeline[k][1], default=None)
        if highest is None:
            return Peak(0, None, timeline)
        return Peak(timeline[highest][1], self.moments[highest], timeline)

    def sampled(self, function: Function, args: Sequence[Any]) -> dict[str, Any]:
        """The values of its parameters in a run on flat arguments."""
        found: dict[str, Any] = {}
        largest = [p for p in self.parameters if p.kind in LARGEST]
        others = [p for p in self.parameters if p.kind not in LARGEST]
        if largest:
            watching = WatchingSizes(function)
            Interpreter(watching).call(function, bind(function, copied(args)))
            found |= {p.symbol.name: watching.value(p) for p in largest}
        return {**found, **(sampled(function, copied(args), others) if others else {})}


def memory(function: Function, dims: Mapping[tuple[int, int], Formula] | None = None,
           integers: Mapping[int, Formula] | None = None, primal: int | None = None) -> Memory:
    """The memory of one run of a program that is ready to be emitted.

    dims, integers: as of `counting.count`; primal: how many of the results are the primal's, for a derivative (what is
    a residual is known by that). Raises DifferentiationError for a function that calls itself and makes arrays."""
    sizes = Sizes(function)
    env = arguments(function, dims, integers)
    sizes.block(function.block, env)
    places = Places()
    source = emit(function, places=places)
    texts = {part.name: part for part in ast.parse(source.text).body
             if isinstance(part, ast.FunctionDef) and part.name in places.functions}
    roles = {op: _ROLES[role] for op, role in roles_of.roles(function, primal).items()}
    for callee in callees(function):
        roles |= {op: _ROLES[role] for op, role in roles_of.roles(callee.function, None).items()}
    walk = Walk(places, roles, texts)
    params = [a.arg for a in texts[source.name].args.args]
    given_arrays = {name: Buffer(_bytes(value, env), name, "argument", function.span)
                    for name, value in zip(params, function.data_params, strict=True) if value.is_array}
    frame = Frame(walk, source.name, sizes.known, ())
    returned = frame.run(World(frozenset(), given_arrays))
    results = of(0)
    for _, buffers in returned:
        kept = {id(b): b.size for b in buffers if b is not None and b.role != "argument"}
        results = maximum(results, sum(kept.values(), of(0)))
    peak = _most([(e.total, e.conditions) for e in walk.events if e.made])
    residual = _most([(e.residual, e.conditions) for e in walk.events if e.made])
    moments = [_moment(event) for event in walk.events]
    parameters = sizes.parameters_of([peak, residual, results, *(m.live for m in moments)])
    return Memory(peak, moments, residual, results, parameters)


def _bytes(value: Any, env: Env) -> Formula:
    total = of(value.kind.dtype.itemsize)
    for dim in value.dims:
        total = total * (env.get(dim) or of(getattr(dim, "value", 0)))
    return total


def _moment(event: Event) -> Moment:
    live = event.total
    for condition in event.conditions:
        live = live * condition
    held = tuple(Held(b.name, _line(b.span), b.role, b.size) for b in event.buffers)
    return Moment(live, _line(event.span), event.line, event.made, held, event.extra)


def _line(span: Span | None) -> int:
    return span.line if span is not None else 0


def _most(moments: Sequence[tuple[Formula, frozenset[Formula]]]) -> Formula:
    """The maximum of what is alive; what another moment surely has as well is left out."""
    kept: list[tuple[Formula, frozenset[Formula]]] = []
    for total, conditions in dict.fromkeys(moments):
        if any(of_other <= conditions and is_nonnegative(other - total) for other, of_other in kept):
            continue
        kept = [(other, of_other) for other, of_other in kept
                if not (conditions <= of_other and is_nonnegative(total - other))]
        kept.append((total, conditions))
    peak = of(0)
    for total, conditions in kept:
        for condition in conditions:
            total = total * condition
        peak = maximum(peak, total)
    return peak



def copied(args: Sequence[Any]) -> list[Any]:
    """Flat arguments, arrays copied."""
    return [v.copy() if isinstance(v, np.ndarray) else v for v in args]
