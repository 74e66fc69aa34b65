"""Mistakes to plant in rules and transforms, as context managers; `faults` names them."""
from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any
from unittest import mock

from workbench import rules
from workbench.engines.tape import elementwise, partials, recorded_ir
from workbench.ir import Constant, Kind
from workbench.rules import emit, primitive
from workbench.transforms import adjoints, cotangents, history, onepass, plan, residuals, reverse
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
    _forget()
    with mock.patch.dict(primitive._TABLE, {"cos": wrong}):
        yield
    _forget()


def _forget() -> None:
    """What the tape keeps of the table."""
    for kept in (partials.on_floats, elementwise._partials, recorded_ir.transformed):
        kept.cache_clear()


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


@contextlib.contextmanager
def any_sum_in_one_pass() -> Planted:
    """Loops are run in one pass although their sums are more than added to."""

    def plausible(op: Any, active: Any) -> bool:
        return op.prim == "for" and not any(r.is_array and r in active for r in op.results)

    with mock.patch.object(onepass, "can_run_in_one_pass", plausible):
        yield


@contextlib.contextmanager
def late_cotangent_lost() -> Planted:
    """What is made between loops in one pass does without the cotangents that the later one passes to it."""
    with mock.patch.object(onepass, "captured", lambda op: set()):
        yield
