"""Builds structured SSA from code that thinks in mutable variables.

A `Slot` is a variable: a name, an array's current version, a cotangent. Reading or writing a slot inside a region makes
every open loop give it a block parameter on first touch; when the region closes, slots that changed become carried
values and results, unchanged ones are forwarded to the value outside. So one pass over a loop body finds what it
carries (Braun et al. 2013, "Simple and Efficient Construction of SSA Form", adapted to structured regions).

Scalar operations without effect are numbered as they are emitted: the same operation on the same operands in an
enclosing open block is not emitted twice.

Invariant: a block's operations are appended in program order; `Builder.rollback` returns to a checkpoint exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from workbench.ir.calls import Callee, call_results
from workbench.ir.core import Block, Function, Op, Span, Value
from workbench.ir.ops import LOOSE, UNNUMBERED
from workbench.ir.slots import Arm, Checkpoint, Frame, Slot, Touch
from workbench.ir.types import ArrayType, Kind, ScalarType, Type


class Builder:
    """Emits operations into nested regions; see the module's text."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.params: list[Value] = []
        self.shape_params: dict[Value, tuple[int, int]] = {}
        self.frames: list[Frame] = [Frame("function")]
        self._span: Span | None = None
        self.definitions: dict[Value, Op] = {}
        self._forward: dict[Value, Value] = {}
        self.loose = False

    # ------------------------------------------------------------------ operations
    @property
    def span(self) -> Span | None:
        """The user's place that operations come from. Setting None leaves it where it was."""
        return self._span

    @span.setter
    def span(self, span: Span | None) -> None:
        if span is not None:
            self._span = span

    @property
    def depth(self) -> int:
        """Number of open frames."""
        return len(self.frames)

    def param(self, type_: Type, name: str = "", shape_of: tuple[int, int] | None = None) -> Value:
        """A new parameter of the function; with `shape_of`, a dimension of an array parameter."""
        value = Value(type_, name)
        self.params.append(value)
        if shape_of is not None:
            self.shape_params[value] = shape_of
        return value

    def emit(self, prim: str, operands: Sequence[Value], types: Sequence[Type], attrs: Mapping[str, Any] | None = None,
             regions: tuple[Block, ...] = (), name: str = "") -> tuple[Value, ...]:
        """Append an operation; gives its results (those of an equal earlier scalar operation where there is one)."""
        attrs = attrs or {}
        ops = self.resolved(operands)
        if self.loose and prim in LOOSE and types[0].kind.is_inexact:
            attrs = {**attrs, "loose": True}
        if len(types) == 1:
            type_, frames = types[0], self.frames
            key: Any = None
            if type(type_) is ScalarType and not regions and prim not in UNNUMBERED:
                kept = tuple(sorted([item for item in attrs.items() if item[0] != "loose"])) if attrs else ()
                key = (prim, ops, type_, kept)
                for k in range(len(frames) - 1, -1, -1):
                    found = frames[k].numbers.get(key)
                    if found is not None:
                        return (found,)
            result = Value(type_, name)
            op = Op(prim, ops, (result,), attrs, regions, self._span)
            frames[-1].ops.append(op)
            self.definitions[result] = op
            if key is not None:
                frames[-1].numbers[key] = result
            return op.results
        results = tuple([Value(t, name) for t in types])
        self._append(Op(prim, ops, results, attrs, regions, self._span))
        return results

    def one(self, prim: str, operands: Sequence[Value], type_: Type, name: str = "", **attrs: Any) -> Value:
        """Append an operation with one result."""
        return self.emit(prim, operands, (type_,), attrs, name=name)[0]

    def call(self, callee: Callee, operands: Sequence[Value], results: Sequence[Value] | None = None) -> tuple[
            Value, ...]:
        """Append a call. `results` are new values for what it gives (from its function, unless they are passed)."""
        values = self.resolved(operands)
        made = tuple(results) if results is not None else call_results(callee, values)
        self._append(Op("call", values, made, {"callee": callee}, (), self.span))
        return made

    def effect(self, prim: str, operands: Sequence[Value], **attrs: Any) -> None:
        """Append an operation without results."""
        self.emit(prim, operands, (), attrs)

    def _append(self, op: Op) -> None:
        self.frames[-1].ops.append(op)
        for result in op.results:
            self.definitions[result] = op

    def resolve(self, value: Value) -> Value:
        """The value that a forwarded block parameter stands for (itself otherwise)."""
        if self._forward:  # (most builders forward nothing)
            while value in self._forward:
                value = self._forward[value]
        return value

    def resolved(self, values: Sequence[Value]) -> tuple[Value, ...]:
        """What each value stands for."""
        return tuple([self.resolve(v) for v in values]) if self._forward else tuple(values)

    @contextmanager
    def rounding(self, loose: bool) -> Iterator[None]:
        """Sums and products emitted meanwhile are, or are not, of cotangents: `loose`, in no order the user wrote."""
        before, self.loose = self.loose, loose
        try:
            yield
        finally:
            self.loose = before

    @contextmanager
    def outside(self, depth: int) -> Iterator[None]:
        """Emit into the frame that is innermost when only `depth` frames are open (before the open region)."""
        inner = self.frames[depth:]
        del self.frames[depth:]
        try:
            yield
        finally:
            self.frames.extend(inner)

    # ------------------------------------------------------------------ slots
    def slot(self, type_: Type, value: Value | None = None, name: str = "",
             default: Callable[[Builder], Value] | None = None, depth: int | None = None) -> Slot:
        """A new variable, born in the innermost open frame (or in the frame of `depth`)."""
        return Slot(type_, value, self.depth if depth is None else depth, name, default)

    def read(self, slot: Slot) -> Value | None:
        """The slot's value as seen here."""
        self._touch(slot)
        return self.resolve(slot.value) if slot.value is not None else None

    def held(self, slot: Slot) -> Value:
        """The value of a slot that has one. Raises ValueError for a cotangent not yet touched."""
        value = self.read(slot)
        if value is None:
            raise ValueError(f"slot {slot.name!r} has no value")
        return value

    def write(self, slot: Slot, value: Value | None) -> None:
        """Give the slot a new value here."""
        self._touch(slot)
        slot.value = value

    def _touch(self, slot: Slot) -> None:
        for depth in range(slot.depth, len(self.frames)):
            frame = self.frames[depth]
            if slot in frame.touched:
                continue
            if not frame.is_loop:
                frame.touched[slot] = Touch(slot.value, None)
                continue
            if slot.value is None:
                if slot.default is None:
                    raise ValueError(f"slot {slot.name!r} has no value on entry to a loop")
                with self.outside(depth):
                    slot.value = slot.default(self)
            param = Value(slot.type, slot.name)
            # a slot first met in `after` passed through `before` unchanged
            frame.touched[slot] = Touch(slot.value, param, param if frame.before is not None else None)
            slot.value = param

    # ------------------------------------------------------------------ loops
    def begin_for(self, lo: Value, hi: Value, step: int = 1, name: str = "i", marks: Iterable[str] = ()) -> Value:
        """Open a counted loop (`marks`: those of `ir.ops.MARKS` that it has); gives its index."""
        attrs = {"step": step, **dict.fromkeys(marks, True)}
        frame = Frame("for", head=(lo, hi), attrs=attrs, span=self.span)
        frame.index = Value(ScalarType(Kind.INT), name)
        self.frames.append(frame)
        return frame.index

    def end_for(self) -> Frame:
        """Close the counted loop: changed slots become results."""
        frame = self.frames.pop()
        carried = self._settle(frame)
        params = (self._index(frame), *(self._param(frame, s) for s in carried))
        block = Block(params, tuple(frame.ops), tuple(self._final(s) for s in carried))
        self._close(frame, carried, "for", frame.head, (block,))
        return frame

    def begin_while(self) -> None:
        """Open a conditional loop, in its `before` region."""
        self.frames.append(Frame("while", span=self.span))

    def middle_while(self, condition: Value) -> None:
        """End `before` with the loop's condition and begin `after`."""
        frame = self.frames[-1]
        if frame.kind != "while" or frame.before is not None:
            raise ValueError("middle_while outside the before region of a while")
        for slot in frame.touched:
            if slot.value is None and slot.default is not None:
                slot.value = slot.default(self)
        frame.condition = condition
        frame.before, frame.ops = frame.ops, []
        for slot, touch in frame.touched.items():
            touch.middle = slot.value

    def end_while(self) -> Frame:
        """Close the conditional loop. Slots keep what they held when `before` ended."""
        frame = self.frames.pop()
        if frame.before is None or frame.condition is None:
            raise ValueError("end_while before middle_while")
        carried = self._settle(frame)
        touches = [frame.touched[s] for s in carried]
        before = Block(tuple(self._param(frame, s) for s in carried), tuple(frame.before),
                       (self.resolve(frame.condition), *(self.resolve(t.middle) for t in touches)))  # type: ignore[arg-type]
        after = Block((), tuple(frame.ops), tuple(self._final(s) for s in carried))
        self._close(frame, carried, "while", (), (before, after))
        return frame

    def _settle(self, frame: Frame) -> list[Slot]:
        """Forward the parameters of unchanged slots; the changed ones, in order of first touch."""
        pending = list(frame.touched.items())
        for slot, touch in pending:
            if slot.value is None and slot.default is not None:
                self.frames.append(frame)
                slot.value = slot.default(self)
                self.frames.pop()
            final, middle = self._final(slot), touch.middle
            if final is touch.param and (middle is None or self.resolve(middle) is touch.param):
                assert touch.param is not None and touch.entry is not None
                self._forward[touch.param] = touch.entry
        carried = [slot for slot, touch in pending if touch.param not in self._forward]
        for slot, touch in pending:
            if touch.param in self._forward:
                slot.value = touch.entry
        return carried

    def _final(self, slot: Slot) -> Value:
        if slot.value is None:
            raise ValueError(f"slot {slot.name!r} has no value at the end of a region")
        return self.resolve(slot.value)

    @staticmethod
    def _index(frame: Frame) -> Value:
        if frame.index is None:
            raise ValueError("a counted loop has an index")
        return frame.index

    @staticmethod
    def _param(frame: Frame, slot: Slot) -> Value:
        param = frame.touched[slot].param
        if param is None:
            raise ValueError("a loop gives each slot it touches a parameter")
        return param

    def _close(self, frame: Frame, carried: list[Slot], prim: str, head: tuple[Value, ...],
               regions: tuple[Block, ...]) -> None:
        entries = tuple(self.resolve(frame.touched[s].entry) for s in carried)  # type: ignore[arg-type]
        results = tuple(Value(s.type, s.name) for s in carried)
        heads = tuple(self.resolve(v) for v in head)
        self._append(Op(prim, heads + entries, results, frame.attrs, regions, frame.span))
        for slot, result in zip(carried, results, strict=True):
            slot.value = result

    # ------------------------------------------------------------------ conditionals
    def begin_arm(self) -> None:
        """Open one arm of an `if`."""
        self.frames.append(Frame("arm", span=self.span))

    def end_arm(self) -> Arm:
        """Close the arm: touched slots return to what they held before it."""
        frame = self.frames.pop()
        final = {slot: slot.value for slot in frame.touched}
        entry = {slot: touch.entry for slot, touch in frame.touched.items()}
        for slot, value in entry.items():
            slot.value = value
        return Arm(frame.ops, entry, final)

    def end_if(self, condition: Value, then: Arm, orelse: Arm,
               extra: Sequence[tuple[Value, Value]] = ()) -> tuple[Value, ...]:
        """Join two arms: slots changed in either become results. `extra` pairs of (then, else) values are joined
        too; gives their results."""
        slots = list(dict.fromkeys([*then.final, *orelse.final]))
        changed: list[tuple[Slot, Value, Value]] = []
        for slot in slots:
            a = then.final.get(slot, slot.value)
            b = orelse.final.get(slot, slot.value)
            a, b = (self.resolve(v) if v is not None else None for v in (a, b))
            if a is b:
                slot.value = a
                continue
            values = [self._in_arm(arm, slot, v) for arm, v in ((then, a), (orelse, b))]
            changed.append((slot, values[0], values[1]))
        pairs = [*((a, b) for _, a, b in changed), *extra]
        types = [*(s.type for s, _, _ in changed), *(a.type for a, _ in extra)]
        names = [*(s.name for s, _, _ in changed), *(a.name for a, _ in extra)]
        results = tuple(Value(t, n) for t, n in zip(types, names, strict=True))
        regions = tuple(Block((), tuple(arm.ops), tuple(self.resolve(p[side]) for p in pairs))
                        for side, arm in enumerate((then, orelse)))
        if results or then.ops or orelse.ops:
            self._append(Op("if", (self.resolve(condition),), results, {}, regions, self.span))
        for (slot, _, _), result in zip(changed, results, strict=False):
            slot.value = result
        return results[len(changed):]

    def _in_arm(self, arm: Arm, slot: Slot, value: Value | None) -> Value:
        if value is not None:
            return value
        if slot.default is None:
            raise ValueError(f"slot {slot.name!r} has a value in one arm only")
        self.frames.append(Frame("arm", ops=arm.ops))
        try:
            return slot.default(self)
        finally:
            self.frames.pop()

    # ------------------------------------------------------------------ going back, finishing
    def checkpoint(self) -> Checkpoint:
        """Remember this point."""
        frame = self.frames[-1]
        return Checkpoint(self.depth, len(frame.ops), frame.before is not None, dict(frame.numbers))

    def rollback(self, point: Checkpoint) -> None:
        """Drop everything emitted since the checkpoint; slots touched by regions opened since return to what they
        held on entry. (Slots written since in the frame of the checkpoint itself are the caller's to restore.)"""
        while self.depth > point.depth:
            frame = self.frames.pop()
            for slot, touch in frame.touched.items():
                slot.value = touch.entry
        frame = self.frames[-1]
        if (frame.before is not None) != point.before:
            raise ValueError("rollback across the middle of a while")
        del frame.ops[point.length:]
        frame.numbers = point.numbers

    def finish(self, results: Sequence[Value]) -> Function:
        """The finished function, every forwarded parameter replaced."""
        if self.depth != 1:
            raise ValueError("finish inside an open region")
        body = Block(tuple(self.params), tuple(self.frames[0].ops), tuple(results))
        return Function(self.name, self._resolved(body), dict(self.shape_params), self.span)

    def _resolved(self, block: Block) -> Block:
        if not self._forward:
            return block
        ops = tuple(self._resolved_op(op) for op in block.ops)
        return Block(block.params, ops, self.resolved(block.yields))

    def _resolved_op(self, op: Op) -> Op:
        operands = self.resolved(op.operands)
        for result in op.results:
            self._resolve_type(result)
        if not op.regions:
            return op if operands == op.operands else Op(op.prim, operands, op.results, op.attrs, (), op.span)
        regions = tuple(self._resolved(region) for region in op.regions)
        for region in regions:
            for param in region.params:
                self._resolve_type(param)
        return Op(op.prim, operands, op.results, op.attrs, regions, op.span)

    def _resolve_type(self, value: Value) -> None:
        """Dimensions named by a forwarded parameter become the value it stands for (before the IR is published)."""
        if isinstance(value.type, ArrayType) and not value.type.growable:
            dims = tuple(self.resolve(d) for d in value.type.dims)
            if dims != value.type.dims:
                value.type = ArrayType(value.type.kind, dims)
