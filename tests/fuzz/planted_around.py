"""Mistakes to plant in the front end, buffers, guards and passes, as context managers; `faults` names them."""
from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

from workbench.frontend import arithmetic, arrays, indexing, inputs, joins, numbers, values
from workbench.ir import Builder, Constant, Kind, Polynomial
from workbench.operators import calling, specialisation
from workbench.passes import bounds, collector, dead, fusion, merge, regroup, simplify

Planted = Iterator[None]


# ---------------------------------------------------------------------- front end, buffers, guards
@contextlib.contextmanager
def alias_missed() -> Planted:
    """A view that a name holds is a copy."""
    right = indexing.get

    def get(t: Any, array: Any, key: Any) -> Any:
        found = right(t, array, key)
        view = isinstance(found, values.Array) and found.cell is array.cell
        return t.new_array(t.emit("copy", arrays.read(t, found))) if view else found

    with mock.patch.object(indexing, "get", get):
        yield


@contextlib.contextmanager
def view_of_arm_copied() -> Planted:
    """A view of what an arm of a branch made is a copy after the branch."""
    right = joins.Join.option

    def option(self: Any, array: Any, side: int) -> Any:
        finish = right(self, array, side)
        if finish is None or not array.steps or array.cell.depth <= self.depth:
            return finish
        return lambda results: self.t.new_array(self.t.emit("copy", arrays.read(self.t, finish(results))))

    with mock.patch.object(joins.Join, "option", option):
        yield


@contextlib.contextmanager
def copy_back_missed() -> Planted:
    """What a program writes into an array that is not contiguous stays in the copy made at the door."""
    right = calling.Door.enter

    with mock.patch.object(calling.Door, "enter", lambda self, data: (right(self, data)[0], [])):
        yield


@contextlib.contextmanager
def effect_missed() -> Planted:
    """Attributes and entries that a program assigns are not written."""
    with mock.patch.object(specialisation.calling, "apply_effects", lambda effects, args, leaf: None):
        yield


def _without_guards(*kinds: str) -> Any:
    right = inputs.Inputs.guard

    def guard(self: Any, path: Any, kind: str, expected: Any) -> None:
        if not kind.startswith(kinds):
            right(self, path, kind, expected)

    return mock.patch.object(inputs.Inputs, "guard", guard)


@contextlib.contextmanager
def function_guard_missing() -> Planted:
    """The identity of functions that were read is not checked at the next call."""
    with _without_guards("is"):
        yield


@contextlib.contextmanager
def kind_guard_missing() -> Planted:
    """Kinds of numbers are not compared at the next call."""
    with _without_guards("type"):
        yield


@contextlib.contextmanager
def wrong_promotion() -> Planted:
    """A float32 array with Python's numbers gives float64."""
    right = numbers.common_kind

    def common_kind(*operands: Any) -> Kind:
        kind = right(*operands)
        return Kind.F64 if kind is Kind.F32 else kind

    with mock.patch.object(arithmetic, "common_kind", common_kind), mock.patch.object(numbers, "common_kind",
                                                                                      common_kind):
        yield


# ---------------------------------------------------------------------- passes
@contextlib.contextmanager
def reads_reused() -> Planted:
    """Two loads of one place are one, whatever was stored between."""
    right = Builder.emit

    def origin(self: Any, value: Any) -> Any:
        op = self.definitions.get(value)
        while op is not None and op.prim in ("store", "accum"):
            value = self.resolve(op.operands[0])
            op = self.definitions.get(value)
        return value

    def emit_(self: Any, prim: str, operands: Any, types: Any, attrs: Any = None, *more: Any, **named: Any) -> Any:
        if prim != "load":
            return right(self, prim, operands, types, attrs, *more, **named)
        key = ("reused", origin(self, self.resolve(operands[0])), *(self.resolve(v) for v in operands[1:]))
        for frame in reversed(self.frames):
            if key in frame.numbers:
                return (frame.numbers[key],)
        found = right(self, prim, operands, types, attrs, *more, **named)
        self.frames[-1].numbers[key] = found[0]
        return found

    with mock.patch.object(Builder, "emit", emit_):
        yield


@contextlib.contextmanager
def load_hoisted() -> Planted:
    """A load whose index does not change leaves its loop, although the loop writes the array."""
    for_, copy = simplify._Simplifier.for_, simplify._Simplifier.copy
    entries: dict[Any, Any] = {}

    def entering(self: Any, op: Any) -> None:
        for param, init in zip(op.regions[0].params[1:], op.operands[2:]):
            if param.is_array and not getattr(param.type, "growable", False):
                entries[param] = self.get(init)
        for_(self, op)

    def hoisted(self: Any, op: Any) -> None:
        entry = entries.get(op.operands[0]) if op.prim == "load" else None
        indices = self.all(op.operands[1:])
        frames = self.builder.frames
        if entry is None or not frames[-1].is_loop or not all(isinstance(v, Constant) for v in indices):
            return copy(self, op)
        with self.builder.outside(len(frames) - 1):
            self.bind(op.result, self.emit("load", entry, *indices, **op.attrs))

    with mock.patch.object(simplify._Simplifier, "for_", entering), \
            mock.patch.object(simplify._Simplifier, "copy", hoisted):
        yield


@contextlib.contextmanager
def check_removed() -> Planted:
    """What only raises is dead code."""
    right = dead.has_effects

    with mock.patch.object(dead, "has_effects", lambda op: op.prim not in ("check", "index") and right(op)):
        yield


@contextlib.contextmanager
def bound_off_by_one() -> Planted:
    """What is at least -1 is proved not to be negative."""
    right = bounds.Facts.is_nonnegative

    with mock.patch.object(bounds.Facts, "is_nonnegative", lambda self, goal: right(self, goal + Polynomial.of(1))):
        yield


@contextlib.contextmanager
def fused_past_write() -> Planted:
    """Elements are computed where they are used, although an array they are made from is written in between."""
    owner = next(cls for cls in vars(fusion).values() if isinstance(cls, type) and hasattr(cls, "_stays_readable"))
    with mock.patch.object(owner, "_stays_readable", lambda self, op, end, root, deep, seen: True):
        yield


class _ByArray(set[Any]):
    """Readings that are taken for one another where they read the same array."""

    def __contains__(self, reading: object) -> bool:
        return any(r[1] is reading[1] for r in self)  # type: ignore[index]


@contextlib.contextmanager
def harmless_read_hides_others() -> Planted:
    """An array is read in two places of the statement that updates it, and only the first is looked at."""
    original = fusion.Fusion._stays_readable
    with mock.patch.object(fusion.Fusion, "_stays_readable", lambda self, op, end, root, deep, seen: original(
            self, op, end, root, deep, seen if isinstance(seen, _ByArray) else _ByArray())):
        yield


@contextlib.contextmanager
def gather_without_edges() -> Planted:
    """Accumulations turned into gathers forget the iterations near the edge."""
    right = collector.Collector.segments

    def segments(self: Any, terms: Any, zero: bool, axis: int) -> Any:
        return (s for s in right(self, terms, zero, axis) if s.low[0] != s.high[0])

    with mock.patch.object(collector.Collector, "segments", segments), (
            mock.patch.object(collector.Collector, "ask", lambda self: None)):
        yield


@contextlib.contextmanager
def merged_carelessly() -> Planted:
    """Nests are merged although an iteration needs what a later one of the earlier nest does."""
    owner = next(cls for cls in vars(merge).values() if isinstance(cls, type) and hasattr(cls, "may_meet"))
    with mock.patch.object(owner, "may_meet", staticmethod(lambda a, b: True)):
        yield


@contextlib.contextmanager
def signs_lost() -> Planted:
    """Sums of cotangents that are regrouped add what they should subtract."""
    owner = next(cls for cls in vars(regroup).values() if isinstance(cls, type) and hasattr(cls, "product"))
    right = owner.product
    with mock.patch.object(owner, "product", lambda self, term: (False, right(self, term)[1])):
        yield
