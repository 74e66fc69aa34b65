"""An inner function as a program of its own: traced on stand-ins of its arguments, where a derivative (a checkpoint, a
hook, a rule) is used inside a program that is being traced.

Invariant: what the inner function writes, the outer program writes (`InnerProgram.effects`), or it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Any

import numpy as np

from workbench.frontend import calls, overflow
from workbench.frontend.activation import Activation, outside
from workbench.frontend.arrays import mark_written, read, write
from workbench.frontend.environment import Environment
from workbench.frontend.outputs import Exporter, Leaf, Node, Static, Tree
from workbench.frontend.paths import Input, Path
from workbench.frontend.source import python_function
from workbench.frontend.trace import MAX_RESTARTS, pinned
from workbench.frontend.tracer import Tracer
from workbench.frontend.unwinding import NeedStatic, Restart
from workbench.frontend.values import Array, Choice, DictValue, DynamicList, ListValue, Scalar, Variable, describe
from workbench.ir import Function, Value, consumed_operands, verify, walk
from workbench.ir.calls import taken_params
from workbench.operators.containers import opened
from workbench.operators.evaluated import fresh, shaped
from workbench.operators.mirror import Mirror
from workbench.passes.counting import Counting
from workbench.passes.fusion import unowned
from workbench.records import dataclass
from workbench.transforms.replay import Replay


@dataclass(frozen=True, slots=True, eq=False)
class Store:
    """An outer array that the inner program writes: its data parameter, the result that is its last version, and
    whether the name is bound to another buffer by then."""

    array: Array
    source: int
    result: int
    rebound: bool


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A variable that the inner program assigns, what it holds in the end, and the container it belongs to (None for a
    `nonlocal`)."""

    owner: Any
    variable: Variable
    tree: Tree


@dataclass(frozen=True, eq=False)
class InnerProgram:
    """An inner function traced on stand-ins: its IR, and the outer values of its data parameters."""

    function: Function
    inputs: tuple[Input, ...]
    operands: tuple[Value, ...]
    places: dict[Any, int]  # path key of an argument's leaf -> data parameter
    args: tuple[Any, ...]  # the outer arguments
    output: Tree
    stores: tuple[Store, ...]
    changes: tuple[Change, ...]
    arrays: dict[int, Array]  # data parameter -> the outer array it stands for
    same: dict[Any, Path]  # further paths to containers -> the first
    shown: dict[int, int]  # results that show a part of an array given -> its data parameter
    made: dict[int, Array] = field(default_factory=dict)  # arrays of results, as the outer program has them

    def value(self, act: Activation, results: Sequence[Value]) -> Any:
        """What the function returns; arrays are those that they are in Python."""
        return self._value(act, self.output, results)

    def _value(self, act: Activation, tree: Tree, results: Sequence[Value]) -> Any:
        return shaped(act.t, tree, lambda leaf: self._leaf(act.t, leaf, results), lambda static: static.value)

    def _leaf(self, t: Tracer, leaf: Leaf, results: Sequence[Value]) -> Any:
        """A result: an argument itself where it is one; an array that is in several places is one."""
        if not results[leaf.position].is_array:
            return Scalar(results[leaf.position], leaf.python)
        if leaf.source in self.arrays:
            return self.arrays[leaf.source]
        first = leaf.position if leaf.first is None else leaf.first
        if first not in self.made:
            array = self.made[first] = fresh(t, leaf, results[first])
            owner = self.arrays.get(self.shown.get(first, -1))
            if owner is not None:
                array.cell.snapshot = "a write to a part of an array, which the function of an inner derivative gives"
                owner.cell.shown_by(array.cell)
        return self.made[first]

    def effects(self, act: Activation, results: Sequence[Value]) -> None:
        """Write what the function writes into its arguments, once."""
        t = act.t
        for store in self.stores:
            array, value = store.array, results[store.result]
            if array.steps:
                write(t, array, value)
                continue
            mark_written(t, array)
            dims = array.cell.dims
            t.builder.write(array.cell.slot, value if tuple(value.dims) == tuple(dims) else
                            t.emit("reshape", value, *dims))
            if store.rebound:  # which buffer is which is known at run time only: reading it here is an error
                t.rename(array.cell)
                array.cell.origin = None
        for change in self.changes:
            if change.owner is not None:
                t.environment.note_write(change.owner)
            t.assign(change.variable, self._value(act, change.tree, results))

    def inlined(self, act: Activation, function: Function, more: Sequence[Value] = ()) -> list[Value]:
        """The results of a function made of this program (its derivative), on the program's operands and `more`."""
        return inlined(act, function, [*self.operands, *more])

    # ------------------------------------------------------------------ trees of arguments
    def argument_tree(self, act: Activation, k: int) -> Tree:
        """The tree of argument `k`; leaf positions are data parameters."""
        return self._tree(act.t, self.args[k], Path(("arg", k)))

    def _tree(self, t: Tracer, value: Any, path: Path) -> Tree:
        path = self.same.get(path.key, path)
        place = self.places.get(path.key)
        if place is not None:
            item = self.inputs[place]
            return Leaf(place, item.kind, item.rank, item.python)
        if isinstance(value, DynamicList):
            t.fail("the derivative, inside a program, by a list of run-time length", "pass an array")
        if isinstance(value, (Array, Scalar, Choice)):
            t.fail("an array is passed twice, in a container too", "pass a copy (`.copy()`)")
        found = opened(t, value)
        if found is None:
            return Static(value)
        children = (self._tree(t, part, where) for part, where in zip(found.parts, found.paths(path), strict=True))
        return Node(found.type, found.keys, tuple(children))


def inlined(act: Activation, function: Function, operands: Sequence[Value]) -> list[Value]:
    """Replay a function's operations on outer values; its results."""
    t = act.t
    data = function.data_params
    env: dict[Value, Value] = dict(zip(data, operands, strict=True))
    for param, (position, axis) in function.shape_params.items():
        env[param] = t.builder.resolve(env[data[position]].dims[axis])
    span = t.span
    replay = Replay(t.builder, env)
    replay.block(function.block)
    t.builder.span = span
    return [replay.get(r) for r in function.results]


# ---------------------------------------------------------------------- tracing
class _Written(Exception):
    """What the inner program is given twice, and writes, must be one object to it."""


def traced(act: Activation, function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> InnerProgram:
    """Trace an inner function on stand-ins of its arguments."""
    if act.t.catchers:
        act.t.fail("a derivative, or what is traced by itself, inside `try`", "catch exceptions outside of it")
    decisions: dict[Any, Any] = {}
    pins: dict[Any, Any] = {}
    separate = True
    for _ in range(MAX_RESTARTS):
        inner = Environment()
        inner.late, inner.doubtful = act.t.environment.late, act.t.environment.doubtful
        inner.pins = pins
        inner.argument_names = tuple(f"arg{k}" for k in range(len(args)))
        t = Tracer(getattr(function, "__name__", "inner"), inner, decisions)
        t.builder.span = act.t.span
        try:
            return _Tracing(act, t, inner, separate).program(function, args, named)
        except _Written:
            separate = False
        except Restart as restart:
            if restart.outwards:
                restart.outwards -= 1
                raise
            decisions[restart.key] = restart.decision
        except NeedStatic as need:
            key, fixed = pinned(inner, t, need)
            (pins if fixed is True else decisions)[key] = fixed
    return act.t.fail("specialising the inner function does not come to an end")


class _Exporter(Exporter):
    """Notes which results show parts of arrays given."""

    def __init__(self, t: Tracer, inputs: Environment) -> None:
        super().__init__(t, inputs)
        self.shown: dict[int, int] = {}

    def array(self, array: Array) -> Leaf:
        """The leaf of an array."""
        leaf = super().array(array)
        if array.steps and array.cell.source is not None:
            self.shown[leaf.position] = array.cell.source
        return leaf


class _Tracing:
    """One attempt. `act` is of the outer program, `t` and `inner` are of the inner one."""

    def __init__(self, act: Activation, t: Tracer, inner: Environment, separate: bool) -> None:
        self.act = act
        self.t = t
        self.inner = inner
        self.mirror = Mirror(act.t, inner, separate)
        self.exporter = _Exporter(t, inner)

    def program(self, function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> InnerProgram:
        """The program of a call."""
        mirror, exporter, inner = self.mirror, self.exporter, self.inner
        stand_ins = tuple(mirror.value(a, Path(("arg", k))) for k, a in enumerate(args))
        keywords = {k: mirror.value(v, Path(("object", k), (("item", k),))) for k, v in named.items()}
        callee = mirror.value(function, Path(("object", "function"), (("item", 0),)))
        result = calls.call(outside(self.t, python_function(function)), callee, stand_ins, keywords)
        output = exporter.tree(result)
        unwritten = self.unwritten() if mirror.separate and mirror.is_repeated else frozenset()
        self.refuse_effects_outside()
        changes = tuple(Change(owner, variable, exporter.tree(value)) for owner, variable, value in self.assigned())
        stores = tuple(self.stores(unwritten))
        for key, guard in inner.guards.items():
            self.act.t.environment.guards.setdefault(key, guard)
        operands = [*mirror.operands, *self.reached()]
        ir = Counting()(overflow.checked(self.finished(), self.t.integers))
        verify(ir)
        stores = tuple(s for s in stores if not s.rebound or _is_written(ir, s.source))
        if any(s.rebound and _is_copied(ir, s.source) for s in stores):
            # which memory is which is known at run time, where none is copied on the way
            self.act.t.fail("a function that writes arrays and exchanges them in a loop, their dimensions not known to "
                            "be equal, is called by a derivative or checkpoint inside a program",
                            "copy them in the inner function, or make them of one shape")
        for k in taken_params(ir):  # what is not written for good is worked on in a copy: a view, what is rebound
            if not any(mirror.arrays.get(k) is s.array and not s.array.steps for s in stores):
                operands[k] = self.act.t.emit("copy", operands[k])
        places = {item.path.key: item.position for item in inner.inputs} | mirror.aliases
        return InnerProgram(ir, tuple(inner.inputs), tuple(operands), places, args, output, stores, changes,
                            mirror.arrays, mirror.same, exporter.shown)

    def finished(self) -> Function:
        """The program as it is now."""
        return self.t.builder.finish([self.t.builder.resolve(v) for v in self.exporter.results])

    def reached(self) -> Iterator[Value]:
        """The outer values of what the inner program has reached by itself: globals, what they hold."""
        outer = self.act.t
        for item in self.inner.inputs[len(self.mirror.operands):]:
            value = outer.environment.internal(item.path.fetch(()), item.path)
            if not isinstance(value, (Array, Scalar, float, int, complex, np.generic)):
                outer.fail(f"{describe(value)}, used by a function whose derivative is taken inside a program",
                           "draw random numbers outside of it")
            yield read(outer, value) if isinstance(value, Array) else outer.scalar(value, item.kind)

    # ------------------------------------------------------------------ effects
    def refuse_effects_outside(self) -> None:
        """Refuse writes to what the inner program has reached by itself: they would be lost."""
        known = {id(theirs) for _, theirs in self.mirror.containers}
        if self.inner.outside or any(id(owner) not in known for owner in self.inner.written) or any(
                position >= len(self.mirror.operands) for position in self.inner.was_written):
            self.act.t.fail("a function that changes globals, or what they hold, is called by a derivative, a "
                            "checkpoint, a hook or a rule inside a program",
                            "return what it computes, or use engine='tape'")

    def unwritten(self) -> frozenset[int]:
        """The data parameters given twice, if none of them is written, nor put elsewhere. Raises _Written."""
        repeated = self.mirror.repeated()
        so_far = self.finished()
        moved = any(not isinstance(value, (Scalar, int, float, complex, str)) and value is not None
                    for _, _, value in self.assigned())
        if moved or any(_is_written(so_far, k) for k in repeated):
            raise _Written
        return repeated

    def stores(self, unwritten: frozenset[int]) -> Iterator[Store]:
        """The outer arrays that the inner program writes; their last versions become results."""
        arrays, exporter = self.mirror.arrays, self.exporter
        for cell in self.t.cells:
            if not cell.written or cell.source is None or cell.source in unwritten:
                continue
            outer = arrays.get(cell.source)
            rebound = cell.origin is None
            shared = outer is None or sum(a.cell is outer.cell for a in arrays.values()) > 1
            if outer is None or shared or (rebound and outer.steps):
                self.act.t.fail("a function that is differentiated inside another (as in a Hessian) writes into an "
                                "array that is passed for two of its arguments, or is seen from elsewhere",
                                "pass a copy (`.copy()`), or write into a copy")
            value = self.t.builder.held(cell.slot)
            if value in exporter.used:
                value = self.t.emit("copy", value)
            exporter.used.add(value)
            exporter.results.append(value)
            yield Store(outer, cell.source, len(exporter.results) - 1, rebound)

    def assigned(self) -> Iterator[tuple[Any, Variable, Any]]:
        """The entries of written containers and the variables that closures may bind anew, with what they hold now, but
        for those that hold the object they held."""
        mirror, act, t = self.mirror, self.act, self.t
        for outer, inner in mirror.containers:
            if inner not in self.inner.written:
                continue
            pairs = _entries(outer, inner)
            if pairs is None:
                act.t.fail("the derivative, inside another, of a function that changes the layout of a container",
                           "make a new container in the inner function")
            for mine, theirs in pairs:
                value = t.read(theirs)
                if not mirror.stands_for(value, act.t.read(mine)):
                    yield outer, mine, value
        for key, (mine, theirs) in mirror.captured.items():
            if key in mirror.nonlocals and not mirror.stands_for(value := t.read(theirs), act.t.read(mine)):
                yield None, mine, value


def _is_written(function: Function, position: int) -> bool:
    """True where a program updates the buffer of a data parameter (and does not only rebind a name to another)."""
    shown = unowned(function, [function.data_params[position]])
    return any(v in shown for op in walk(function.block) for v in consumed_operands(op))


def _is_copied(function: Function, position: int) -> bool:
    """True where a program copies the buffer of a data parameter on the way, to rename its dimensions."""
    shown = unowned(function, [function.data_params[position]])
    return any(op.prim == "reshape" and op.operands[0] in shown for op in walk(function.block))


def _entries(outer: Any, inner: Any) -> list[tuple[Variable, Variable]] | None:
    """The variables of two containers side by side, None where their layouts differ."""
    if isinstance(outer, ListValue):
        same = len(outer.items) == len(inner.items)
        return list(zip(outer.items, inner.items, strict=True)) if same else None
    a, b = (c.items if isinstance(c, DictValue) else c.fields for c in (outer, inner))
    return [(a[k], b[k]) for k in a] if list(a) == list(b) else None
