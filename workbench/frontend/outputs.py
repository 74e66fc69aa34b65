"""From the evaluator's result back to Python objects: a tree that says which result of the program goes where.

Invariant: an array that is an argument is given back itself; every other array is a fresh one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.frontend import arrays, dynamic_lists, layout, states
from workbench.frontend.activation import outside
from workbench.frontend.inputs import Inputs
from workbench.frontend.layouts import Matrix, Number, Same
from workbench.frontend.numbers import is_python_number, number_kind, static_constant
from workbench.frontend.order import Order
from workbench.frontend.texts import Holes
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import (
    Array,
    BoundMethod,
    Cell,
    Choice,
    Closure,
    Cursor,
    DictValue,
    DynamicList,
    Lazy,
    ListValue,
    ObjectValue,
    Partial,
    RandomValue,
    RangeValue,
    Scalar,
    TextValue,
    ZipValue,
    describe,
)
from workbench.ir import Kind, Value
from workbench.records import dataclass
from workbench.rules.text import Template


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A number or array: result `position` of the compiled function; `source` the parameter it is, if it is one;
    `first`: the result that is the very array, where one is in several places."""

    position: int
    kind: Kind
    rank: int
    python: bool
    source: int | None = None
    view: Any = None  # the part of an array that an argument shows (see `overlap`)
    order: Order | None = None  # how an array lies as Python has it
    first: int | None = None


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


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """A list of run-time length: `entry` describes one entry, and its leaves are arrays with an axis for the entries in
    front; `length` is how many there are."""

    entry: Tree
    length: Leaf


@dataclass(frozen=True, slots=True, eq=False)
class Worded:
    """A text of numbers: a template, and the leaves that go into it."""

    template: Template
    children: tuple[Leaf, ...]


Tree = Leaf | Static | Node | Packed | Worded


def build(tree: Tree, leaf: Callable[[Leaf], Any]) -> Any:
    """The Python object that a tree describes; `leaf` gives the numbers and arrays."""
    if isinstance(tree, Leaf):
        return leaf(tree)
    if isinstance(tree, Static):
        return tree.value
    if isinstance(tree, Packed):
        return unpacked(tree, leaf)
    if isinstance(tree, Worded):
        return tree.template.text([leaf(child) for child in tree.children])
    children = [build(child, leaf) for child in tree.children]
    return assemble(tree.type, tree.keys, children)


def unpacked(tree: Packed, leaf: Callable[[Leaf], Any]) -> list[Any]:
    """The list that a tree describes (None where `leaf` gives none for a column)."""
    columns = {column: leaf(column) for column in leaves(tree.entry)}
    lengths = [len(c) for c in columns.values() if c is not None]

    def entry(k: int) -> Any:
        def part(column: Leaf) -> Any:
            array = columns[column]
            if array is None:
                return None
            return array[k].copy() if column.rank > 1 else python_scalar(array[k], column)
        return build(tree.entry, part)
    return [entry(k) for k in range(lengths[0] if lengths else leaf(tree.length))]


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
    if isinstance(tree, Packed):
        return leaves(tree.entry)
    return [leaf for child in tree.children for leaf in leaves(child)] if isinstance(tree, Node) else []


class Exporter:
    """Turns the evaluator's values into trees, collecting the results of the compiled function."""

    def __init__(self, t: Tracer, inputs: Inputs) -> None:
        self.t = t
        self.inputs = inputs
        self.results: list[Value] = []
        self.used: set[Value] = set()
        self.firsts: dict[Cell, int] = {}  # arrays -> the first result that is one

    def tree(self, value: Any) -> Tree:
        """The tree of a value."""
        t = self.t
        value = states.settled(t, value, "a result of a differentiated function is None here", "DifferentiationError")
        t.usable(value)
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
        if isinstance(value, DynamicList):
            return self.packed(value)
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
        if isinstance(value, TextValue):
            holes = Holes(outside(self.t))
            template = holes.tree(value)
            return Worded(template, tuple(self.leaf(v, False, None) for v in holes.numbers))
        if isinstance(value, (Closure, BoundMethod, Partial, RangeValue, ZipValue, Lazy, Cursor, RandomValue)):
            t.fail(f"returning {describe(value)} from a differentiated function", "return numbers, arrays, containers")
        return Static(value)

    def packed(self, value: DynamicList) -> Packed:
        """The tree of a list of run-time length."""
        columns = iter(dynamic_lists.arrays_of(self.t, value))

        def entry(layout: Any) -> Tree:
            if isinstance(layout, Same):
                return Static(layout.value)
            if isinstance(layout, (Number, Matrix)):
                return self.leaf(next(columns), isinstance(layout, Number) and layout.python, None)
            return Node(layout.type, layout.names, tuple(entry(e) for e in layout.entries))
        tree = entry(value.layout)
        return Packed(tree, self.leaf(dynamic_lists.length_of(self.t, value), True, None))

    def leaf(self, value: Value, python: bool, source: int | None, order: Order | None = None) -> Leaf:
        """Register a result."""
        self.results.append(value)
        rank = value.rank if value.is_array else -1
        return Leaf(len(self.results) - 1, value.kind, rank, python, source, order=order)

    def array(self, array: Array) -> Leaf:
        """The leaf of an array."""
        value = arrays.read(self.t, array)
        source = array.cell.origin if not array.steps else None
        if value in self.used or array.steps or (source is not None):
            value = self.t.emit("copy", value)
        self.used.add(value)
        leaf = self.leaf(value, False, source, layout.order(self.t, array))
        if array.steps:
            return leaf
        return replace(leaf, first=self.firsts.setdefault(array.cell, leaf.position))

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
