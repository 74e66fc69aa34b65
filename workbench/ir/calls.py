"""Functions that programs call: `call` enters a `Callee`, known by identity.

A callee's `Function` is filled in when it is known, so that a function may call itself. A callee may have a rule, which
gives its derivatives instead of its body.

Invariant: what a callee returns belongs to the caller (no result is a parameter that it does not consume, none appears
twice), and every dimension of a result is a constant, a parameter, a dimension of one, or a result itself: the caller
can name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from workbench.ir.core import Block, Constant, Function, Op, Value, walk
from workbench.ir.ops import CONSUMING, has_effect
from workbench.ir.types import ArrayType


class CallRule(Protocol):
    """What differentiates a callee instead of its body. Positions are those of data parameters and of results."""

    def pushforward(self, callee: Callee, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Function:
        """Parameters: the callee's, then a tangent per `wrt`; results: the callee's, then a tangent per output."""

    def pullback(self, callee: Callee, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Function:
        """Parameters: the callee's, its results, a cotangent per output; results: a cotangent per `wrt`."""


class Callee:
    """A function that `call` enters.

    name: the user's name for it. rule: see `CallRule`; without one it differentiates through its body, which the
    reverse sweep runs again. consumes: positions of data parameters whose buffers it takes (from its body, unless they
    are given). `derived` remembers its derivatives, by what was asked."""

    __slots__ = ("_function", "consumes", "derived", "name", "rule")

    def __init__(self, name: str, function: Function | None = None, rule: CallRule | None = None,
                 consumes: Sequence[int] | None = None) -> None:
        self.name = name
        self.rule = rule
        self.consumes: tuple[int, ...] = tuple(consumes or ())
        self.derived: dict[Any, Any] = {}
        self._function: Function | None = None
        if function is not None:
            self.define(function, consumes)

    def define(self, function: Function, consumes: Sequence[int] | None = None) -> None:
        """Fill in the function, once. Its results are made the caller's own, dimensions that the caller could not name
        are appended to them. Raises ValueError where it is filled in already."""
        if self._function is not None:
            raise ValueError(f"{self.name} has its function already")
        self._function = with_dimensions(own_results(function))
        taken = taken_params(function)
        self.consumes = tuple(sorted({*taken, *(self.consumes if consumes is None else consumes)}))

    @property
    def is_defined(self) -> bool:
        """True once its function is known."""
        return self._function is not None

    @property
    def function(self) -> Function:
        """Its function. Raises ValueError before it is known."""
        if self._function is None:
            raise ValueError(f"{self.name} is called before it is known")
        return self._function

    def __repr__(self) -> str:
        return self.name


def callee_of(op: Op) -> Callee:
    """What a `call` enters."""
    found = op.attrs["callee"]
    assert isinstance(found, Callee)
    return found


def consumed_operands(op: Op) -> tuple[Value, ...]:
    """The operands whose buffers an operation without regions takes."""
    if op.prim in CONSUMING:
        return op.operands[:1]
    if op.prim == "call":
        return tuple(op.operands[k] for k in callee_of(op).consumes)
    return ()


# ---------------------------------------------------------------------- what a caller sees
def call_results(callee: Callee, operands: Sequence[Value]) -> tuple[Value, ...]:
    """New values for the results of a call, their dimensions those that the caller knows."""
    function = callee.function
    env = bound(function, operands)
    made: dict[int, Value] = {k: Value(r.type, r.name) for k, r in enumerate(function.results) if not r.is_array}
    places = {r: k for k, r in enumerate(function.results) if k in made}
    for k, result in enumerate(function.results):
        if isinstance(result.type, ArrayType):
            dims = tuple(env[d] if d in env else made[places[d]] if d in places else d for d in result.type.dims)
            made[k] = Value(ArrayType(result.kind, dims, result.type.growable), result.name)
    return tuple(made[k] for k in range(len(function.results)))


def bound(function: Function, operands: Sequence[Value]) -> dict[Value, Value]:
    """What each parameter of a function is in a caller, dimensions included."""
    data = function.data_params
    env = dict(zip(data, operands, strict=True))
    for dim, (position, axis) in function.shape_params.items():
        env[dim] = operands[position].dims[axis]
    return env


# ---------------------------------------------------------------------- what a callee returns
def own_results(function: Function) -> Function:
    """The function with results that are parameters, or appear twice, copied: callers own what they get.

    (Last versions of written parameters are not parameters, and stay as they are.)"""
    seen: set[Value] = set(function.params)
    ops: list[Op] = []
    results: list[Value] = []
    for value in function.results:
        if isinstance(value.type, ArrayType) and value in seen:
            copy = Value(value.type, value.name)
            ops.append(Op("copy", (value,), (copy,)))
            value = copy
        seen.add(value)
        results.append(value)
    if not ops:
        return function
    block = Block(function.params, (*function.block.ops, *ops), tuple(results))
    return Function(function.name, block, function.shape_params, function.span)


def with_dimensions(function: Function) -> Function:
    """The function that also returns the dimensions of its results that a caller could not name otherwise."""
    known = {*function.params, *function.results}
    more = dict.fromkeys(d for r in function.results for d in r.dims if not isinstance(d, Constant) and d not in known)
    if not more:
        return function
    block = Block(function.params, function.block.ops, (*function.results, *more))
    return Function(function.name, block, function.shape_params, function.span)


def taken_params(function: Function) -> tuple[int, ...]:
    """Positions of the data parameters whose buffers a function takes."""
    taken: set[Value] = set()
    for op in walk(function.block):
        taken.update(consumed_operands(op))
        if op.prim in ("for", "while"):
            taken.update(op.operands[2:] if op.prim == "for" else op.operands)
        for region in op.regions:
            taken.update(region.yields)
    return tuple(k for k, p in enumerate(function.data_params) if p.is_array and p in taken)


# ---------------------------------------------------------------------- all functions of a program
def callees(function: Function) -> Iterator[Callee]:
    """All callees that a function reaches, each once, in the order in which they are first met."""
    seen: set[Callee] = set()
    pending = [function]
    while pending:
        for op in walk(pending.pop(0).block):
            if op.prim == "call" and callee_of(op) not in seen:
                seen.add(callee_of(op))
                yield callee_of(op)
                if callee_of(op).is_defined:
                    pending.append(callee_of(op).function)


def is_recursive(callee: Callee) -> bool:
    """True for a callee that may come to call itself."""
    return callee in callees(callee.function)


def has_effects(op: Op) -> bool:
    """True for operations that may raise or do something beyond their results (never dead, never reordered)."""
    if op.prim != "call":
        return has_effect(op.prim, bool(op.attrs.get("checked")))
    callee = callee_of(op)
    if not callee.is_defined or not all(c.is_defined for c in callees(callee.function)):
        return True
    if "effects" not in callee.derived:
        functions = [callee.function, *(c.function for c in callees(callee.function))]
        callee.derived["effects"] = is_recursive(callee) or any(
            has_effect(inner.prim, bool(inner.attrs.get("checked"))) for f in functions for inner in walk(f.block))
    return bool(callee.derived["effects"])
