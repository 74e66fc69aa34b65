"""Derivatives of calls: the derivative of a callee is a callee again, made once for what is asked of it.

A callee without a rule differentiates through its body. Its pullback runs the body again, so that the forward sweep
keeps nothing of it but what it was given.

Invariant: the derivative of a callee that calls itself calls itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.ir import (
    ArrayType,
    Block,
    Callee,
    Constant,
    DifferentiationError,
    Function,
    Op,
    Value,
    callees,
    is_recursive,
    walk,
)
from workbench.passes import DeadCode, optimize
from workbench.passes.silence import silenced
from workbench.records import dataclass

Pull = Callable[[Callee, tuple[int, ...], tuple[int, ...]], "Pulled"]
Asked = tuple[int, ...]


@dataclass(frozen=True)
class Source:
    """A primal value that a pullback takes: an operand or result of the call (counted through), or one's dimension."""

    position: int
    axis: int | None = None

    def of(self, op: Op) -> Value:
        """The value in a call."""
        value = (*op.operands, *op.results)[self.position]
        return value if self.axis is None else value.dims[self.axis]


@dataclass(frozen=True)
class Pulled:
    """The pullback of a callee: what it takes of the primal, followed by the cotangents; it gives those asked for."""

    callee: Callee
    sources: tuple[Source, ...]


def body(callee: Callee) -> Function:
    """A callee's function, simplified: what is differentiated."""
    if "body" not in callee.derived:
        callee.derived["body"] = optimize(callee.function)
    found: Function = callee.derived["body"]
    return found


def pushed(callee: Callee, wrt: Asked, outputs: Asked, jvp: Callable[[Function, Asked, Asked], Function]) -> Callee:
    """The pushforward of a callee (see `CallRule.pushforward`); `jvp` differentiates a body."""
    key = ("pushforward", wrt, outputs)
    if key not in callee.derived:
        made = callee.derived[key] = Callee(f"{callee.name}_jvp", consumes=callee.consumes)
        if callee.rule is not None:
            function = callee.rule.pushforward(callee, wrt, outputs)
        else:
            function = jvp(body(callee), wrt, outputs)
        count = len(callee.function.results)
        made.define(alike(function, [*function.results[:count], *(function.results[k] for k in outputs)]))
    found: Callee = callee.derived[key]
    return found


def pulled(callee: Callee, wrt: Asked, outputs: Asked, vjp: Callable[[Function, Asked, Asked], Function],
           backwards: bool = False) -> Pulled:
    """The pullback of a callee; `vjp` differentiates a body (`backwards`: without anything in one pass)."""
    key = ("pullback", wrt, outputs, backwards)
    if key not in callee.derived:
        count = len(callee.function.data_params)
        made = Callee(f"{callee.name}_vjp", consumes=callee.consumes)
        everything = tuple(Source(k) for k in range(count))
        recursive = is_recursive(callee) and callee.rule is None
        if recursive:  # it is called before it is known: its parameters are settled beforehand
            callee.derived[key] = Pulled(made, everything)
        if callee.rule is not None:
            count += len(callee.function.results)
            function = callee.rule.pullback(callee, wrt, outputs)
        else:
            refuse_repetition(callee)
            function = silenced(only(vjp(body(callee), wrt, outputs), len(callee.function.results)))
        function = alike(function, [function.data_params[k] for k in wrt])
        if not recursive:
            function, sources = pruned(DeadCode()(function), count)
            callee.derived[key] = Pulled(made, sources)
        made.define(function, None if recursive else ())
    found: Pulled = callee.derived[key]
    return found


def refuse_repetition(callee: Callee) -> None:
    """The pullback runs the body again: what draws random numbers must not be in it (what prints is left out)."""
    functions = [callee.function, *(c.function for c in callees(callee.function) if c.is_defined)]
    for op in (op for function in functions for op in walk(function.block)):
        if op.prim == "draw":
            raise DifferentiationError(f"{callee.name} draws random numbers, and its body is run again by the reverse "
                                       "sweep", op.span,
                                       "draw outside of the function that is recursive or checkpointed")


def only(function: Function, first: int) -> Function:
    """A function without its first results."""
    block = Block(function.params, function.block.ops, function.results[first:])
    return Function(function.name, block, function.shape_params, function.span)


def alike(function: Function, models: Sequence[Value]) -> Function:
    """The function with each array that it returns given the very dimensions of its model."""
    ops: list[Op] = []
    results: list[Value] = []
    for result, model in zip(function.results, models, strict=True):
        if isinstance(result.type, ArrayType) and not result.type.growable and result.dims != model.dims:
            shaped = Value(ArrayType(result.kind, model.dims), result.name)
            ops.append(Op("reshape", (result, *model.dims), (shaped,)))
            result = shaped
        results.append(result)
    if not ops:
        return function
    block = Block(function.params, (*function.block.ops, *ops), tuple(results))
    return Function(function.name, block, function.shape_params, function.span)


# ---------------------------------------------------------------------- parameters that are not used
def pruned(function: Function, count: int) -> tuple[Function, tuple[Source, ...]]:
    """The function without those of its first `count` data parameters that it does not use, and what the others are. A
    dimension whose array is gone is read off another array, or becomes a parameter."""
    data = function.data_params
    used = mentioned(function)
    kept = [k for k, p in enumerate(data) if k >= count or p in used]
    used.update(d for k in kept for d in data[k].dims)
    first = sum(k < count for k in kept)
    shapes: dict[Value, tuple[int, int]] = {}
    extra: dict[Value, Source] = {}
    for dim, (position, axis) in function.shape_params.items():
        if dim not in used:
            continue
        places = [(n, data[k].dims.index(dim)) for n, k in enumerate(kept) if dim in data[k].dims]
        if places:
            shapes[dim] = places[0]
        else:
            extra[dim] = Source(position, axis)
    shapes = {dim: (n + (len(extra) if n >= first else 0), axis) for dim, (n, axis) in shapes.items()}
    params = (*shapes, *(data[k] for k in kept[:first]), *extra, *(data[k] for k in kept[first:]))
    block = Block(params, function.block.ops, function.results)
    sources = (*(Source(k) for k in kept[:first]), *extra.values())
    return Function(function.name, block, shapes, function.span), sources


def mentioned(function: Function) -> set[Value]:
    """All values that operations, types and results of a function refer to."""
    used: set[Value] = set(function.results)
    for op in walk(function.block):
        used.update(op.operands)
        made = [*op.results]
        for region in op.regions:
            used.update(region.yields)
            made += region.params
        used.update(d for value in made for d in value.dims)
    used.update(d for value in function.results for d in value.dims)
    return {v for v in used if not isinstance(v, Constant)}
