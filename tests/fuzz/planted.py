"""The mistakes themselves, as context managers; `faults` names them. Each is one a careless change could make."""
from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any
from unittest import mock

from workbench import rules
from workbench.frontend import arithmetic, arrays, indexing, inputs, joins, numbers, values
from workbench.ir import Builder, Constant, Kind, Polynomial
from workbench.operators import calling, specialisation
from workbench.passes import bounds, dead, fusion, gather, simplify
from workbench.rules import emit, primitive
from workbench.transforms import adjoints, cotangents, history, plan, residuals, reverse
from workbench.transforms.jvp import _HANDLERS as TANGENTS
from workbench.transforms.jvp import TangentSweep

Planted = Iterator[None]


# ---------------------------------------------------------------------- rules and transforms
@contextlib.contextmanager
def wrong_partial() -> Planted:
    """The derivative of cos without its minus."""
    cosine = rules.get("cos")
    assert cosine.partials is not None and cosine.partials[0] is not None
    partial = cosine.partials[0]
    wrong = dataclasses.replace(cosine, partials=(lambda y, x: -partial(y, x),))
    with mock.patch.dict(primitive._TABLE, {"cos": wrong}):
        yield


@contextlib.contextmanager
def dropped_accumulation() -> Planted:
    """The second contribution to a scalar's cotangent is lost."""
    right = cotangents.Cotangents.add

    def add(self: Any, value: Any, contribution: Any, owned: bool = False) -> None:
        if value in self.active and contribution is not None and not contribution.is_array:
            if self.builder.read(self.of(value)) is not None:
                return
        right(self, value, contribution, owned)

    with mock.patch.object(cotangents.Cotangents, "add", add):
        yield


@contextlib.contextmanager
def element_not_zeroed() -> Planted:
    """An overwritten element keeps its cotangent."""

    def store(self: Any, op: Any, bar: Any) -> None:
        array, value, *_ = op.operands
        part = self.emit("load", bar, *self._rest(op, 2)) if value in self.bars.active else None
        self.bars.put(array, bar)
        self.bars.add(value, part)

    with mock.patch.dict(adjoints._HANDLERS, {"store": store}):
        yield


@contextlib.contextmanager
def slice_not_zeroed() -> Planted:
    """An overwritten slice keeps its cotangent, as if it had been added to."""
    with mock.patch.dict(adjoints._HANDLERS, {"slice_store": adjoints.Adjoints.slice_accum}):
        yield


@contextlib.contextmanager
def wrong_direction() -> Planted:
    """Adjoint loops run from the first iteration to the last."""
    right = reverse.ReverseSweep._for

    def forwards(self: Any, op: Any) -> None:
        begin = self.builder.begin_for
        turned = []

        def begin_for(lo: Any, hi: Any, step: int, name: str) -> Any:
            if turned:
                return begin(lo, hi, step, name)
            turned.append(True)
            del self.builder.begin_for  # loops inside turn themselves
            back = Constant(-step, Kind.INT)
            return begin(emit(self.builder, "add", hi, back), emit(self.builder, "add", lo, back), -step, name)

        self.builder.begin_for = begin_for
        right(self, op)
        self.builder.__dict__.pop("begin_for", None)

    with mock.patch.object(reverse.ReverseSweep, "_for", forwards):
        yield


@contextlib.contextmanager
def stale_residual() -> Planted:
    """An element that was overwritten is read again in the reverse sweep, as if nothing had been stored there."""
    with mock.patch.object(history.HistoryReads, "_misses", lambda self, update, load, later: True):
        yield


@contextlib.contextmanager
def residual_off_by_one() -> Planted:
    """The reverse sweep reads the residual of the iteration before."""
    right = residuals.Residuals._fetch_scalar

    def fetch(self: Any, slot: Any, loop: Any, positions: Any) -> Any:
        indices = type(self)._indices

        def earlier(own: Any, *args: Any) -> list[Any]:
            found = indices(own, *args)
            before = emit(own.builder, "sub", found[-1], Constant(1, Kind.INT))
            return [*found[:-1], emit(own.builder, "maximum", before, Constant(0, Kind.INT))]

        with mock.patch.object(type(self), "_indices", earlier):
            return right(self, slot, loop, positions)

    with mock.patch.object(residuals.Residuals, "_fetch_scalar", fetch):
        yield


@contextlib.contextmanager
def recomputed_from_overwritten() -> Planted:
    """Arrays that values are recomputed from are not copied before they are overwritten."""
    right = plan.Planner.run

    def run(self: Any, required: Any) -> Any:
        made = right(self, required)
        made.copied.clear()
        return made

    with mock.patch.object(plan.Planner, "run", run):
        yield


@contextlib.contextmanager
def wrong_while_count() -> Planted:
    """The adjoint of a `while` runs once too few."""
    right = reverse.ReverseSweep._while

    def shorter(self: Any, op: Any) -> None:
        trips, get = self.structure.loops[op].trips, self.primal.get

        def one_less(value: Any) -> Any:
            found = get(value)
            if value is not trips:
                return found
            return emit(self.builder, "maximum", emit(self.builder, "sub", found, Constant(1, Kind.INT)),
                        Constant(0, Kind.INT))

        with mock.patch.object(self.primal, "get", one_less):
            right(self, op)

    with mock.patch.object(reverse.ReverseSweep, "_while", shorter):
        yield


@contextlib.contextmanager
def exchanged_slots() -> Planted:
    """What a loop carries gives its cotangents to the initial values of its neighbours, where the types fit."""
    right = reverse.ReverseSweep._finish

    def finish(self: Any, carried: Any) -> None:
        own = list(carried)
        for k in range(len(own) - 1):
            if own[k].init.type == own[k + 1].init.type and not own[k].init.is_array:
                first, second = own[k].init, own[k + 1].init
                own[k] = dataclasses.replace(own[k], init=second)
                own[k + 1] = dataclasses.replace(own[k + 1], init=first)
                break
        right(self, own)

    with mock.patch.object(reverse.ReverseSweep, "_finish", finish):
        yield


@contextlib.contextmanager
def exchanged_arms() -> Planted:
    """The adjoint of an `if` takes the arm that was not taken."""
    right = reverse.ReverseSweep._if

    def exchanged(self: Any, op: Any) -> None:
        end_if = self.builder.end_if

        def swapped(condition: Any, then: Any, orelse: Any, *more: Any) -> Any:
            return end_if(condition, orelse, then, *more)

        with mock.patch.object(self.builder, "end_if", swapped):
            right(self, op)

    with mock.patch.object(reverse.ReverseSweep, "_if", exchanged):
        yield


@contextlib.contextmanager
def broadcast_not_summed() -> Planted:
    """A scalar that was written into a box takes the cotangent of one element."""
    right = adjoints.Adjoints._summed

    def first(self: Any, part: Any, value: Any) -> Any:
        if value.is_array or part.rank != 1:
            return right(self, part, value)
        low = self.emit("minimum", Constant(1, Kind.INT), part.dims[0])
        one = (Constant(0, Kind.INT), low, Constant(1, Kind.INT))
        return self.emit("sum", self.emit("slice", part, *one, fixed=(False,)), axes=(0,))

    with mock.patch.object(adjoints.Adjoints, "_summed", first):
        yield


@contextlib.contextmanager
def duplicates_all_win() -> Planted:
    """Each of several values stored at one place takes the cotangent."""
    right = adjoints.Adjoints._winners

    def all_of_them(self: Any, bar: Any, places: Any, rank: int) -> Any:
        won = right(self, bar, places, rank)
        return self.emit("or", won, self.emit("not", won))

    with mock.patch.object(adjoints.Adjoints, "_winners", all_of_them):
        yield


@contextlib.contextmanager
def tangent_kept() -> Planted:
    """Forward mode: an element overwritten by what is constant keeps its tangent."""
    right = TangentSweep.replacing

    def replacing(self: Any, op: Any) -> Any:
        if self.dot(op.operands[1]) is None and self.dot(op.operands[0]) is not None:
            return self.dot(op.operands[0])
        return right(self, op)

    changed = {name: replacing for name, handler in TANGENTS.items() if handler is right}
    with mock.patch.dict(TANGENTS, changed):
        yield


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


@contextlib.contextmanager
def gather_without_edges() -> Planted:
    """Accumulations turned into gathers forget the iterations near the edge."""
    owner = next(cls for cls in vars(gather).values() if isinstance(cls, type) and hasattr(cls, "edges"))
    with mock.patch.object(owner, "edges", lambda self, box, widths, steps, body: None):
        yield
