"""Calls of a recursive function: what varies between them, what they take and give, and the `call` operation.

Invariant: an array that a call writes is under one name there; what may be an array that the function was given is not
written afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Any

from workbench.frontend import arrays, bare
from workbench.frontend.activation import Activation
from workbench.frontend.dynamic_lists import array_of
from workbench.frontend.layouts import (
    Layout,
    Matrix,
    Number,
    Record,
    Same,
    assembled,
    joined,
    joined_numbers,
    layout_of,
)
from workbench.frontend.layouts import parts as layout_parts
from workbench.frontend.tracer import Tracer
from workbench.frontend.unwinding import Unreachable
from workbench.frontend.values import (
    Array,
    Cell,
    Choice,
    describe,
)
from workbench.frontend.variables import same_static
from workbench.ir import ArrayType, Callee, Constant, Kind, ScalarType, Value
from workbench.records import dataclass

_ALIASED = "a write to an array that a recursive function may have been given, and may have given back"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a recursive function takes and gives, as far as it is known: one layout per parameter that varies between
    calls, the layout of the result (None: no path is known yet that returns), the hidden inputs, which array parameters
    it writes, whether an array that it gives may be one that it was given."""

    params: tuple[tuple[str, Layout], ...]
    result: Layout | None = None
    hidden: tuple[Any, ...] = ()  # keys of their paths
    written: frozenset[int] = frozenset()
    aliased: bool = False


@dataclass(slots=True, eq=False)
class Level:
    """One pass over a recursive function: its tracer, and what calls of itself hand on."""

    t: Tracer
    callee: Callee
    shape: Shape
    depth: Value
    fixed: dict[str, Any] = field(default_factory=dict)  # parameters that every call passes on as they are
    own: list[Value] = field(default_factory=list)  # parameters that stand for what was captured
    wider: dict[str, Layout] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    shared: list[Cell] = field(default_factory=list)  # outer arrays that were captured


class Unfit(Exception):
    """Why a function cannot be a callee."""


# ---------------------------------------------------------------------- what varies and what does not
def varying(value: Any, t: Tracer) -> Layout | None:
    """The layout of an argument that may differ between calls; None for what must be the same in all of them."""
    if isinstance(value, Choice):
        value = t.environment.read_choice(t, value)
    layout = layout_of(value, t.read)
    return layout if layout is not None and _is_numeric(layout) else None


def _is_numeric(layout: Layout) -> bool:
    if isinstance(layout, Record):
        return issubclass(layout.type, tuple) and all(_is_numeric(e) or isinstance(e, Same) for e in layout.entries)
    return isinstance(layout, (Number, Matrix))


def merged(a: Layout, b: Layout) -> Layout | None:
    """The least layout that takes both; numbers join as on two paths."""
    if isinstance(a, Number) and isinstance(b, Number):
        return joined_numbers(a, b)
    if isinstance(a, Record) and isinstance(b, Record) and a.type is b.type and len(a.entries) == len(b.entries):
        entries = [merged(x, y) for x, y in zip(a.entries, b.entries, strict=True)]
        return None if any(e is None for e in entries) else Record(a.type, a.names, tuple(
            e for e in entries if e is not None))
    return joined(a, b)


def columns_of(layout: Layout) -> Iterator[Number | Matrix]:
    if isinstance(layout, Record):
        for entry in layout.entries:
            yield from columns_of(entry)
    elif isinstance(layout, (Number, Matrix)):
        yield layout


def plain(t: Tracer, value: Any) -> Any:
    """A result with choices of arrays read."""
    if isinstance(value, tuple):
        return tuple.__new__(type(value), [plain(t, v) for v in value])
    return t.environment.read_choice(t, value) if isinstance(value, Choice) else value


# ---------------------------------------------------------------------- calls
def call_itself(act: Activation, level: Level, bound: dict[str, Any]) -> Any:
    """A call of the function in its own body."""
    if act.t.catchers:
        act.t.fail("a recursive call inside `try`", "catch exceptions outside of it")
    t = act.t
    if t is not level.t:
        t.fail("a recursive function is called by another one that it calls", "write them as one function")
    for name, fixed in level.fixed.items():
        if bound[name] is not fixed and not same_static(bound[name], fixed):
            raise Unfit(f"the argument {name!r} of a recursive function, {describe(bound[name])}, differs from call "
                         "to call")
    for name, layout in level.shape.params:
        own = varying(bound[name], t)
        wide = merged(layout, own) if own is not None else None
        if wide is None:
            raise Unfit(f"the argument {name!r} of a recursive function changes its type")
        if wide != layout:
            level.wider[name] = merged(level.wider.get(name, layout), wide) or wide
    if level.shape.result is None or level.wider:
        raise Unreachable  # (in a later pass it returns)
    hidden = [item.value for item in t.environment.inputs[:len(level.shape.hidden)]]
    operands = [t.emit("add", level.depth, Constant(1, Kind.INT)), *arguments(t, level, bound), *level.own, *hidden]
    return called(t, level, operands, bound)


def arguments(t: Tracer, level: Level, bound: dict[str, Any]) -> list[Value]:
    """The numbers and arrays that a call passes; those that are written are copied where a view is passed."""
    operands: list[Value] = []
    count = 0
    for name, layout in level.shape.params:
        value = bound[name]
        if isinstance(value, Choice):
            value = t.environment.read_choice(t, value)
        for column, leaf in zip(columns_of(layout), layout_parts(layout, value, t.read), strict=True):
            if isinstance(column, Number):
                operands.append(t.scalar(leaf, column.kind))
                continue
            elements = arrays.read(t, leaf)
            if count in level.shape.written and leaf.steps:
                elements = t.emit("copy", elements)
            for axis, size in enumerate(column.dims):
                if size is not None:
                    arrays.require_same(t, elements.dims[axis], Constant(size, Kind.INT), "shapes differ")
            operands.append(elements)
            count += 1
    return operands


def _array_arguments(t: Tracer, level: Level, bound: dict[str, Any]) -> list[Array]:
    return [leaf for name, layout in level.shape.params
            for leaf in layout_parts(layout, bound[name], t.read) if isinstance(leaf, Array)]


def called(t: Tracer, level: Level, operands: list[Value], bound: dict[str, Any]) -> Any:
    """Emit the call; its value, after its writes into arrays."""
    shape = level.shape
    assert shape.result is not None
    passed = _array_arguments(t, level, bound)
    written = [passed[k] for k in sorted(shape.written)]
    for array in written:
        if sum(other.cell is array.cell for other in passed) > 1 or array.cell in level.shared:
            raise Unfit("a recursive function writes an array that it also has under another name")
        arrays.mark_written(t, array)
    columns = list(columns_of(shape.result))
    if any(other.array for c in columns if isinstance(c, Number) for other in c.others):
        for value in bound.values():
            bare.held(t, value)
    results: list[Value] = []
    for column in columns:
        results += [Value(ScalarType(Kind.INT), "size") for _ in (column.dims if isinstance(column, Matrix) else ())]
        type_ = ScalarType(column.kind) if isinstance(column, Number) else ArrayType(column.kind, (), True)
        results.append(Value(type_, level.callee.name))
    places = [next(n for n, p in enumerate(operands) if n > 0 and p is v) for v in
              (_passed_value(t, operands, array, level, bound) for array in written)]
    versions = [Value(operands[n].type, array.cell.name) for n, array in zip(places, written, strict=True)]
    if not level.callee.is_defined:
        level.callee.consumes = tuple(places)
    t.builder.call(level.callee, operands, [*results, *versions])
    for array, version in zip(written, versions, strict=True):
        if array.steps:
            arrays.write(t, array, version)
        else:
            t.builder.write(array.cell.slot, version)
    if shape.aliased:
        for array in passed:
            array.cell.snapshot = _ALIASED
            t.listed[array.cell] = None
    given = iter(results)
    leaves = iter([c.scalar(next(given)) if isinstance(c, Number) else _array(t, c, given, shape.aliased)
                   for c in columns])
    return assembled(shape.result, leaves, lambda record, items: None)


def _array(t: Tracer, column: Matrix, given: Iterator[Value], aliased: bool) -> Any:
    """An array that a call gives: from its dimensions and its elements."""
    dims: list[Value] = []
    for size in column.dims:
        dim = next(given)
        t.nonnegative.add(dim)
        dims.append(dim if size is None else Constant(size, Kind.INT))
    made = array_of(t, dims, next(given))
    if aliased:
        made.cell.snapshot = _ALIASED
    return made


def _passed_value(t: Tracer, operands: list[Value], array: Array, level: Level, bound: dict[str, Any]) -> Value:
    """The operand that an array argument was passed as."""
    passed = _array_arguments(t, level, bound)
    places = [1 + k for k, column in enumerate(c for _, layout in level.shape.params for c in columns_of(layout))
              if isinstance(column, Matrix)]
    return operands[places[next(k for k, a in enumerate(passed) if a is array)]]
