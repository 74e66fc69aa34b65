"""From the evaluator's result back to Python objects: a tree that says which result of the program goes where.

Invariant: an array that is an argument is given back itself; every other array is a fresh one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.frontend import arrays
from workbench.frontend.inputs import Inputs
from workbench.frontend.numbers import is_python_number, number_kind, static_constant
from workbench.frontend.tracer import Tracer, describe
from workbench.frontend.values import (
    Array,
    BoundMethod,
    Choice,
    Closure,
    Cursor,
    DictValue,
    Lazy,
    ListValue,
    ObjectValue,
    Partial,
    RangeValue,
    Scalar,
    ZipValue,
)
from workbench.ir import Kind, Value


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A number or array: result `position` of the compiled function; `source` the parameter it is, if it is one."""

    position: int
    kind: Kind
    rank: int
    python: bool
    source: int | None = None
    view: Any = None  # the part of an array that an argument shows (see `overlap`)


@dataclass(frozen=True, slots=True, eq=False)
class Static:
    """An object known while specialising."""

    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A container: its type, the keys of its children (None for sequences), the children."""

    type: type
    keys: tuple[Any, ...] | None
    children: tuple[Tree, ...]
    original: Any = None


Tree = Leaf | Static | Node


def build(tree: Tree, leaf: Callable[[Leaf], Any]) -> Any:
    """The Python object that a tree describes; `leaf` gives the numbers and arrays."""
    if isinstance(tree, Leaf):
        return leaf(tree)
    if isinstance(tree, Static):
        return tree.value
    children = [build(child, leaf) for child in tree.children]
    return assemble(tree.type, tree.keys, children)


def assemble(type_: type, keys: tuple[Any, ...] | None, children: Sequence[Any]) -> Any:
    """An instance of a container type from its children, built without running `__init__`."""
    if issubclass(type_, tuple):
        return tuple.__new__(type_, children)
    if type_ is list:
        return list(children)
    assert keys is not None
    if issubclass(type_, dict):
        return dict(zip(keys, children, strict=True))
    made = object.__new__(type_)
    for key, child in zip(keys, children, strict=True):
        object.__setattr__(made, key, child)
    return made


def leaves(tree: Tree) -> list[Leaf]:
    """The numbers and arrays of a tree, in order."""
    if isinstance(tree, Leaf):
        return [tree]
    return [leaf for child in tree.children for leaf in leaves(child)] if isinstance(tree, Node) else []


class Exporter:
    """Turns the evaluator's values into trees, collecting the results of the compiled function."""

    def __init__(self, t: Tracer, inputs: Inputs) -> None:
        self.t = t
        self.inputs = inputs
        self.results: list[Value] = []
        self.used: set[Value] = set()

    def tree(self, value: Any) -> Tree:
        """The tree of a value."""
        t = self.t
        if isinstance(value, Choice):
            value = t.environment.read_choice(t, value)
        if isinstance(value, Scalar):
            return self.leaf(t.builder.resolve(value.value), value.python, None)
        if isinstance(value, (float, complex, np.floating, np.complexfloating)):
            kind = number_kind(value)
            if kind is not None:  # no input reaches it: its derivative is zero
                return self.leaf(static_constant(value, kind), is_python_number(value), None)
        if isinstance(value, Array):
            return self.array(value)
        if isinstance(value, (ListValue, tuple)):
            items = [t.read(v) for v in value.items] if isinstance(value, ListValue) else list(value)
            type_ = list if isinstance(value, ListValue) else type(value)
            return Node(type_, None, tuple(self.tree(v) for v in items))
        if isinstance(value, (DictValue, ObjectValue)):
            if isinstance(value, ObjectValue):
                self.inputs.load_fields(value)
            entries = value.items if isinstance(value, DictValue) else value.fields
            children = tuple(self.tree(t.read(v)) for v in entries.values())
            return Node(value.type, tuple(entries), children)
        if isinstance(value, (Closure, BoundMethod, Partial, RangeValue, ZipValue, Lazy, Cursor)):
            t.fail(f"returning {describe(value)} from a differentiated function", "return numbers, arrays, containers")
        return Static(value)

    def leaf(self, value: Value, python: bool, source: int | None) -> Leaf:
        """Register a result."""
        self.results.append(value)
        return Leaf(len(self.results) - 1, value.kind, value.rank if value.is_array else -1, python, source)

    def array(self, array: Array) -> Leaf:
        value = arrays.read(self.t, array)
        source = array.cell.origin if not array.steps else None
        if value in self.used or array.steps or (source is not None):
            value = self.t.emit("copy", value)
        self.used.add(value)
        return self.leaf(value, False, source)

    def final_versions(self) -> None:
        """Results that keep writes into buffers from outside alive: the last version of every such buffer."""
        for cell in self.t.cells:
            if cell.written and cell.external and cell.slot.depth <= 1:
                value = self.t.builder.read(cell.slot)
                if value is not None and value not in self.used:
                    self.used.add(value)
                    self.results.append(value)


def python_scalar(value: Any, leaf: Leaf) -> Any:
    """A scalar result as the program would give it: Python's own number, or NumPy's scalar."""
    if leaf.python:
        return value.item() if isinstance(value, np.generic) else value
    return leaf.kind.dtype.type(value)
