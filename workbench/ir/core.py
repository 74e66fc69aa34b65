"""Operations, blocks and functions.

Invariant: objects here are never changed once a `Function` is finished; values are compared by identity, constants by
kind and value, so that a constant is in scope everywhere.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from itertools import chain
from typing import Any, TypeVar

from workbench.ir.types import Constant, Value
from workbench.records import dataclass

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Span:
    """Where in the user's source an operation came from (lines from 1, columns from 0).

    order: 0 for the program's own operations; those that differentiate one of order k, or compute anew for that what is
    not kept, have the next one. Nothing but counts of costs looks at it."""

    filename: str
    line: int
    column: int = 0
    end_column: int = 0
    function: str = ""
    order: int = 0

    def __str__(self) -> str:
        return f"{self.filename}:{self.line}"


def differentiated(span: Span | None) -> Span | None:
    """The place of what differentiates an operation of a place."""
    return None if span is None else of_order(span, span.order + 1)


def of_order(span: Span, order: int) -> Span:
    """A place with another order."""
    if span.order == order:
        return span
    return Span(span.filename, span.line, span.column, span.end_column, span.function, order)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Parameters, operations in order, and what is yielded at the end."""

    params: tuple[Value, ...]
    ops: tuple[Op, ...]
    yields: tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Op:
    """One operation: primitive name, operands, results, attributes, regions, source span. See `workbench.ir.ops`."""

    prim: str
    operands: tuple[Value, ...]
    results: tuple[Value, ...]
    attrs: Mapping[str, Any] = field(default_factory=dict)
    regions: tuple[Block, ...] = ()
    span: Span | None = None

    @property
    def result(self) -> Value:
        """The only result."""
        (only,) = self.results
        return only


@dataclass(frozen=True, eq=False)
class Function:
    """A program. `shape_params[v] = (array parameter's position, axis)` names the integer parameters that are
    dimensions of array parameters: they come first in `block.params` and callers do not pass them."""

    name: str
    block: Block
    shape_params: Mapping[Value, tuple[int, int]] = field(default_factory=dict)
    span: Span | None = None

    def __reduce__(self) -> tuple[type[Function], tuple[Any, ...]]:
        return Function, (self.name, self.block, self.shape_params, self.span)  # (without what analyses found)

    @property
    def params(self) -> tuple[Value, ...]:
        """All parameters, dimensions included."""
        return self.block.params

    @property
    def data_params(self) -> tuple[Value, ...]:
        """The parameters a caller passes: all but the dimensions."""
        return tuple(p for p in self.block.params if p not in self.shape_params)

    @property
    def results(self) -> tuple[Value, ...]:
        """What the function returns."""
        return self.block.yields


def analysis(find: Callable[..., Found]) -> Callable[..., Found]:
    """An analysis of a function (the first argument; others are hashed): done once for each, as nothing changes it.

    What it gives is not to be changed either."""
    name = f"_{find.__module__}.{find.__qualname__}"

    @functools.wraps(find)
    def once(function: Function, *args: Any) -> Found:
        known: dict[Any, Found] = vars(function).setdefault(name, {})
        if args not in known:
            known[args] = find(function, *args)
        return known[args]
    return once


def walk(block: Block) -> Iterator[Op]:
    """All operations of a block, those of nested regions after the operation that holds them."""
    around: list[Iterator[Op]] = []
    ops = iter(block.ops)
    while True:
        for op in ops:
            yield op
            if op.regions:
                around.append(ops)
                ops = chain.from_iterable([region.ops for region in op.regions])
                break
        else:
            if not around:
                return
            ops = around.pop()


__all__ = ["Block", "Constant", "Function", "Op", "Span", "Value", "analysis", "walk"]
