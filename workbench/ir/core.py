"""Values, operations, blocks and functions.

Invariant: objects here are never changed once a `Function` is finished; values are compared by identity, constants by
kind and value, so that a constant is in scope everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.ir.types import ArrayType, Kind, ScalarType, Type


@dataclass(frozen=True, slots=True)
class Span:
    """Where in the user's source an operation came from (lines from 1, columns from 0)."""

    filename: str
    line: int
    column: int = 0
    end_column: int = 0
    function: str = ""

    def __str__(self) -> str:
        return f"{self.filename}:{self.line}"


class Value:
    """An SSA value: made once, by a parameter or an operation. `name` is a hint taken from the user's program."""

    __slots__ = ("name", "type")

    def __init__(self, type_: Type, name: str = "") -> None:
        self.type = type_
        self.name = name

    @property
    def kind(self) -> Kind:
        """Scalar kind, or the kind of the elements."""
        return self.type.kind

    @property
    def is_array(self) -> bool:
        """True for arrays (growable ones too)."""
        return isinstance(self.type, ArrayType)

    @property
    def dims(self) -> tuple[Value, ...]:
        """Dimensions of an array, () of a scalar."""
        return self.type.dims

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return self.type.rank

    @property
    def label(self) -> str:
        """How a type shows this value as a dimension."""
        return self.name or "?"

    def __repr__(self) -> str:
        return f"<{self.label}: {self.type}>"


class Constant(Value):
    """A scalar known when the program is built. Equal when kind and value (sign of zero, NaN included) are."""

    __slots__ = ("_key", "value")

    def __init__(self, value: bool | int | float | complex, kind: Kind) -> None:
        super().__init__(ScalarType(kind))
        self.value = kind.dtype.type(value).item()
        self._key = (kind, repr(self.value))

    @property
    def label(self) -> str:
        """The value as Python writes it."""
        return repr(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


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


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A program. `shape_params[v] = (array parameter's position, axis)` names the integer parameters that are
    dimensions of array parameters: they come first in `block.params` and callers do not pass them."""

    name: str
    block: Block
    shape_params: Mapping[Value, tuple[int, int]] = field(default_factory=dict)
    span: Span | None = None

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


def walk(block: Block) -> Iterator[Op]:
    """All operations of a block, those of nested regions after the operation that holds them."""
    for op in block.ops:
        yield op
        for region in op.regions:
            yield from walk(region)
