"""A derivative used inside a differentiated function: its program is made and put in place of the call.

The inner function is traced by itself on stand-ins of the arguments (and of what its closures captured), transformed,
and its operations are replayed into the program under construction. So `grad(grad(f))`, and `grad` of anything that
calls `wb.grad`, `wb.jvp` or `wb.vjp` on the way, need no case of their own.
"""

from __future__ import annotations

import ast
import copy
import inspect
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workbench.frontend import calls, overflow
from workbench.frontend.activation import Activation, Scope, outside
from workbench.frontend.arrays import mark_written, read, write
from workbench.frontend.describing import describe
from workbench.frontend.environment import Environment
from workbench.frontend.layout import laid, order
from workbench.frontend.outputs import Exporter, Leaf, Node, Packed, Static, Tree, Worded, assemble, leaves
from workbench.frontend.paths import Input, Path, class_attribute
from workbench.frontend.source import python_function
from workbench.frontend.trace import MAX_RESTARTS, pinned
from workbench.frontend.tracer import Tracer
from workbench.frontend.unwinding import NeedStatic, Restart
from workbench.frontend.values import (
    Array,
    BoundMethod,
    Choice,
    Closure,
    DictValue,
    DynamicList,
    ListValue,
    ObjectValue,
    Partial,
    Scalar,
    Variable,
    is_static,
)
from workbench.ir import ArrayType, Constant, Function, Kind, ScalarType, Value, consumed_operands, verify, walk
from workbench.ir.calls import own_results, taken_params
from workbench.passes import optimize
from workbench.passes.counting import Counting
from workbench.passes.fusion import unowned
from workbench.transforms import jvp, vjp
from workbench.transforms.replay import Replay


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


@dataclass(frozen=True, eq=False)
class Program:
    """An inner function traced on stand-ins: its IR, and the outer values of its data parameters."""

    function: Function
    inputs: tuple[Input, ...]
    operands: tuple[Value, ...]
    places: dict[Any, int]  # path key of an argument's leaf -> data parameter
    args: tuple[Any, ...]  # the outer arguments
    output: Tree
    stores: tuple[tuple[Array, int, bool], ...]  # outer arrays that it writes, their result, whether it rebinds them
    changes: tuple[tuple[Any, Variable, Tree], ...]  # outer containers that it writes, their variables; and `nonlocal`s
    arrays: dict[int, Array]  # data parameter -> the outer array it stands for
    same: dict[Any, Path]  # further paths to containers -> the first
    shown: dict[int, int]  # results that show a part of an array given -> its data parameter
    made: dict[int, Array] = field(default_factory=dict)  # arrays of results, as the outer program has them

    def array(self, act: Activation, leaf: Leaf, results: list[Value]) -> Array:
        """The outer array of a result: an argument itself where it is one; one that is in several places is one."""
        if leaf.source in self.arrays:
            return self.arrays[leaf.source]
        first = leaf.position if leaf.first is None else leaf.first
        if first not in self.made:
            made = self.made[first] = _array(act.t, leaf, results[first])
            owner = self.arrays.get(self.shown.get(first, -1))
            if owner is not None:
                made.cell.snapshot = "a write to a part of an array, which the function of an inner derivative gives"
                owner.cell.shown_by(made.cell)
        return self.made[first]

    def effects(self, act: Activation, results: list[Value]) -> None:
        """Write what the function writes into its arguments, once."""
        t = act.t
        for array, position, rebound in self.stores:
            value = results[position]
            if array.steps:
                write(t, array, value)
                continue
            mark_written(t, array)
            dims = array.cell.dims
            t.builder.write(array.cell.slot, value if tuple(value.dims) == tuple(dims) else
                            t.emit("reshape", value, *dims))
            if rebound:  # which buffer is which is known at run time only: reading it here is an error
                t.rename(array.cell)
                array.cell.origin = None
        for owner, variable, tree in self.changes:
            if owner is not None:
                t.environment.note_write(owner)
            t.assign(variable, value_of(act, tree, results, None, self))


class _Written(Exception):
    """What the inner program is given twice, and writes, must be one object to it."""


class _Mirror:
    """Makes stand-ins of outer values as inputs of the inner program.

    With `separate`, an array that is given twice (as two arguments, or as an argument and a captured variable) is two
    inputs, which have their own derivatives; else it is one, as it must be where it is written. A container is one."""

    def __init__(self, outer: Tracer, inner: Environment, separate: bool) -> None:
        self.separate = separate
        self.aliases: dict[Any, int] = {}
        self.same: dict[Any, Path] = {}  # further paths to containers, with the first
        self.is_repeated = False
        self.outer = outer
        self.inner = inner
        self.operands: list[Value | None] = []
        self.known: dict[int, Any] = {}
        self.dims: dict[Value, Value] = {}
        self.keep: list[Any] = []
        self.arrays: dict[int, Array] = {}
        self.containers: list[tuple[Any, Any]] = []
        self.captured: dict[int, tuple[Variable, Variable]] = {}  # what closures share: outer and inner variables
        self.nonlocals: set[int] = set()  # those that a closure may bind anew
        inner.meet_outside = self.meet

    def meet(self, a: Value, b: Value) -> None:
        """Dimensions that meet in the inner program are sizes of the outer one's inputs, perhaps: guarded there."""
        outside = {inner: outer for outer, inner in self.dims.items()}
        first, second = (v if isinstance(v, Constant) else outside.get(v) for v in (a, b))
        if first is None or second is None:
            return
        try:
            self.outer.environment.meet(first, second)
        except Restart as restart:
            restart.outwards += 1
            raise

    def value(self, value: Any, path: Path) -> Any:
        """The stand-in of a value of the outer evaluator."""
        if isinstance(value, Choice):
            value = self.outer.environment.read_choice(self.outer, value)
        if isinstance(value, Scalar):
            return self.scalar(value, path)
        if isinstance(value, float):
            return self.scalar(Scalar(Constant(value, Kind.F64), True), path)
        if isinstance(value, tuple):
            return tuple.__new__(type(value), [self.value(v, path.item(k)) for k, v in enumerate(value)])
        if id(value) in self.known and isinstance(value, (ListValue, DictValue, ObjectValue)):
            made = self.known[id(value)]
            self.same[path.key] = self.inner.paths[made]
            return made
        if id(value) in self.known and isinstance(value, Closure):
            return self.known[id(value)]
        if id(value) in self.known:
            self.is_repeated = True
            if not self.separate:
                known = self.known[id(value)]
                if isinstance(known, Array) and known.cell.source is not None:
                    self.aliases[path.key] = known.cell.source
                return known
        made = self.object(value, path)
        if made is not value:
            self.known[id(value)] = made
            self.keep.append(value)
        return made

    def object(self, value: Any, path: Path) -> Any:
        if isinstance(value, Array):
            return self.array(value, path)
        if isinstance(value, (ListValue, DictValue, ObjectValue)):
            return self.container(value, path)
        if isinstance(value, Closure):
            return self.closure(value, path)
        if isinstance(value, BoundMethod):
            return BoundMethod(self.value(value.function, path), self.value(value.self_value, path.attribute("self")))
        if isinstance(value, Partial):
            args = tuple(self.value(v, path.item(k)) for k, v in enumerate(value.args))
            return Partial(self.value(value.function, path.attribute("func")), args,
                           {k: self.value(v, path.attribute(k)) for k, v in value.named.items()})
        if hasattr(type(value), "inlined") and hasattr(value, "function"):  # what an operator makes of a function
            function = self.value(value.function, path.attribute("function"))
            if function is value.function:
                return value
            made = copy.copy(value)
            object.__setattr__(made, "function", function)
            return made
        if not is_static(value):
            self.outer.fail(f"{describe(value)} passed to a derivative (or a checkpoint, hook, rule) inside a program",
                            "pass numbers, arrays, lists, dictionaries or objects")
        return value

    def container(self, value: Any, path: Path) -> Any:
        t = self.inner.t
        made: Any
        if isinstance(value, ListValue):
            made = t.new_list([self.value(self.outer.read(v), path.item(k)) for k, v in enumerate(value.items)])
        elif isinstance(value, DictValue):
            made = t.new_dict({k: self.value(self.outer.read(v), path.item(k)) for k, v in value.items.items()},
                              type_=value.type)
        else:
            self.outer.environment.load_fields(value)
            made = t.new_object(value.type, {k: self.value(self.outer.read(v), path.attribute(k))
                                             for k, v in value.fields.items()})
        self.containers.append((value, made))
        self.inner.paths[made] = path  # so that writes to it are noted
        return made

    def closure(self, value: Closure, path: Path) -> Closure:
        """A nested function with what it captured; its variables are those of other closures that capture them too."""
        defaults = tuple(self.inner.t.variable("default", self.value(self.outer.read(d), path.item(k)))
                         for k, d in enumerate(value.defaults))
        named = {k: self.inner.t.variable(k, self.value(self.outer.read(d), path.item(k)))
                 for k, d in value.keyword_defaults.items()}
        scope = Scope({}, None, value.scope.function)
        made = Closure(value.node, scope, defaults, named, value.name)
        self.known[id(value)] = made  # (it may capture itself)
        self.keep.append(value)
        names = {n.id for n in ast.walk(value.node) if isinstance(n, ast.Name)}
        bound_anew = {name for n in ast.walk(value.node) if isinstance(n, ast.Nonlocal) for name in n.names}
        for name in sorted(names | bound_anew):
            variable = value.scope.find(name)
            if variable is not None:
                scope.names[name] = self.variable(name, variable, path.attribute(name))
                if name in bound_anew:
                    self.nonlocals.add(id(variable))
        return made

    def variable(self, name: str, outer: Variable, path: Path) -> Variable:
        """The variable that stands for one of the outer program."""
        if id(outer) not in self.captured:
            held = self.value(self.outer.read(outer), path)
            if id(outer) not in self.captured:  # (else on the way, by a closure that captures itself)
                self.captured[id(outer)] = outer, self.inner.t.variable(name, held)
        return self.captured[id(outer)][1]

    def scalar(self, value: Scalar, path: Path) -> Scalar:
        param = self.inner.t.builder.param(ScalarType(value.kind), value.value.name)
        self.register(path, value.kind, -1, value.python, param, self.outer.builder.resolve(value.value))
        return Scalar(param, value.python)

    def array(self, value: Array, path: Path) -> Array:
        t = self.inner.t
        position = len(self.inner.inputs)
        dims: list[Value] = []
        for axis, dim in enumerate(value.dims):
            dim = self.outer.builder.resolve(dim)
            if isinstance(dim, Constant):
                dims.append(dim)
                continue
            if dim not in self.dims:
                self.dims[dim] = t.builder.param(ScalarType(Kind.INT), dim.name, shape_of=(position, axis))
                t.nonnegative.add(self.dims[dim])
            dims.append(self.dims[dim])
        param = t.builder.param(ArrayType(value.kind, tuple(dims)), value.cell.name)
        self.arrays[position] = value
        self.register(path, value.kind, value.rank, False, param, read(self.outer, value))
        cell = t.new_cell(param, value.cell.name, origin=position)
        cell.order = order(self.outer, value)
        return Array(cell, (), tuple(dims))

    @property
    def repeated(self) -> set[int]:
        """Data parameters that stand for arrays of which others show the memory too."""
        cells = [a.cell for a in self.arrays.values()]
        return {k for k, a in self.arrays.items() if cells.count(a.cell) > 1}

    def register(self, path: Path, kind: Kind, rank: int, python: bool, param: Value, operand: Value) -> None:
        self.inner.inputs.append(Input(path, kind, rank, python, len(self.inner.inputs), param))
        self.operands.append(operand)


def traced(act: Activation, function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Program:
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
            return _traced(act, t, _Mirror(act.t, inner, separate), function, args, named)
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


def _traced(act: Activation, t: Tracer, mirror: _Mirror, function: Any, args: tuple[Any, ...],
            named: dict[str, Any]) -> Program:
    inner = mirror.inner
    stand_ins = tuple(mirror.value(a, Path(("arg", k))) for k, a in enumerate(args))
    keywords = {k: mirror.value(v, Path(("object", k), (("item", k),))) for k, v in named.items()}
    callee = mirror.value(function, Path(("object", "function"), (("item", 0),)))
    root = outside(t, python_function(function))
    result = calls.call(root, callee, stand_ins, keywords)
    exporter = _Exporter(t, inner)
    output = exporter.tree(result)
    unwritten = _unwritten(act, t, mirror, exporter) if mirror.separate and mirror.is_repeated else frozenset()
    _refuse_effects_outside(act, mirror)
    changes = tuple(_changes(act, t, mirror, exporter))
    stores = tuple(_stores(act, t, mirror, exporter, unwritten))
    for key, guard in inner.guards.items():
        act.t.environment.guards.setdefault(key, guard)
    operands = [o for o in mirror.operands if o is not None]
    for item in inner.inputs[len(operands):]:
        value = act.t.environment.internal(item.path.fetch(()), item.path)
        if not isinstance(value, (Array, Scalar, float, int, complex, np.generic)):
            act.t.fail(f"{describe(value)}, used by a function whose derivative is taken inside a program",
                       "draw random numbers outside of it")
        operands.append(read(act.t, value) if isinstance(value, Array) else act.t.scalar(value, item.kind))
    ir = Counting()(overflow.checked(t.builder.finish([t.builder.resolve(v) for v in exporter.results]), t.integers))
    verify(ir)
    stores = tuple(s for s in stores if not s[2] or _is_written(ir, next(
        k for k, a in mirror.arrays.items() if a is s[0])))
    for array, _, rebound in stores:  # which memory is which is known at run time, where none is copied on the way
        if rebound and _is_copied(ir, next(k for k, a in mirror.arrays.items() if a is array)):
            act.t.fail("a function that writes arrays and exchanges them in a loop, their dimensions not known to be "
                       "equal, is called by a derivative or checkpoint inside a program",
                       "copy them in the inner function, or make them of one shape")
    for k in taken_params(ir):  # what is not written for good is worked on in a copy: a view, an array that is rebound
        if not any(mirror.arrays.get(k) is array and not array.steps for array, _, _ in stores):
            operands[k] = act.t.emit("copy", operands[k])
    places = {item.path.key: item.position for item in inner.inputs} | mirror.aliases
    return Program(ir, tuple(inner.inputs), tuple(operands), places, args, output, stores, changes, mirror.arrays,
                   mirror.same, exporter.shown)


def _refuse_effects_outside(act: Activation, mirror: _Mirror) -> None:
    """Refuse writes to what the inner program has reached by itself (globals, what they hold): they would be lost."""
    inner = mirror.inner
    known = {id(theirs) for _, theirs in mirror.containers}
    if inner.outside or any(id(owner) not in known for owner in inner.written) or any(
            position >= len(mirror.operands) for position in inner.was_written):
        act.t.fail("a function that changes globals, or what they hold, is called by a derivative, a checkpoint, a "
                   "hook or a rule inside a program", "return what it computes, or use engine='tape'")


def _unwritten(act: Activation, t: Tracer, mirror: _Mirror, exporter: Exporter) -> frozenset[int]:
    """The data parameters given twice, if none of them is written, nor put elsewhere. Raises _Written."""
    repeated = frozenset(mirror.repeated)
    so_far = t.builder.finish([t.builder.resolve(v) for v in exporter.results])
    moved = any(not isinstance(value, (Scalar, int, float, complex, str)) and value is not None
                for _, _, value in _assigned(act, t, mirror))
    if moved or any(_is_written(so_far, k) for k in repeated):
        raise _Written
    return repeated


def _is_written(function: Function, position: int) -> bool:
    """True where a program updates the buffer of a data parameter (and does not only rebind a name to another)."""
    shown = unowned(function, [function.data_params[position]])
    return any(v in shown for op in walk(function.block) for v in consumed_operands(op))


def _is_copied(function: Function, position: int) -> bool:
    """True where a program copies the buffer of a data parameter on the way, to rename its dimensions."""
    shown = unowned(function, [function.data_params[position]])
    return any(op.prim == "reshape" and op.operands[0] in shown for op in walk(function.block))


def _stores(act: Activation, t: Tracer, mirror: _Mirror, exporter: Exporter,
            unwritten: frozenset[int]) -> Iterator[tuple[Array, int, bool]]:
    """The outer arrays that the inner program writes, and the results that are their last versions."""
    for cell in t.cells:
        if not cell.written or cell.source is None or cell.source in unwritten:
            continue
        outer = mirror.arrays.get(cell.source)
        rebound = cell.origin is None
        shared = outer is None or sum(a.cell is outer.cell for a in mirror.arrays.values()) > 1
        if outer is None or shared or (rebound and outer.steps):
            act.t.fail("the derivative, inside another, of a function that writes into an array it shares",
                       "copy the array in the inner function")
        value = t.builder.held(cell.slot)
        if value in exporter.used:
            value = t.emit("copy", value)
        exporter.used.add(value)
        exporter.results.append(value)
        yield outer, len(exporter.results) - 1, rebound


def _changes(act: Activation, t: Tracer, mirror: _Mirror,
             exporter: Exporter) -> Iterator[tuple[Any, Variable, Tree]]:
    """The variables of outer containers, and of the closures, that the inner program assigns."""
    for owner, variable, value in _assigned(act, t, mirror):
        yield owner, variable, exporter.tree(value)


def _assigned(act: Activation, t: Tracer, mirror: _Mirror) -> Iterator[tuple[Any, Variable, Any]]:
    """The entries of written containers and the variables that closures may bind anew, with what they hold now, but for
    those that hold the object they held."""
    for outer, inner in mirror.containers:
        if inner not in t.environment.written:
            continue
        pairs = _entries(outer, inner)
        if pairs is None:
            act.t.fail("the derivative, inside another, of a function that changes the layout of a container",
                       "make a new container in the inner function")
        for mine, theirs in pairs:
            value = t.read(theirs)
            if not _is_the_same(mirror, act.t.read(mine), value):
                yield outer, mine, value
    for key, (mine, theirs) in mirror.captured.items():
        if key in mirror.nonlocals and not _is_the_same(mirror, act.t.read(mine), value := t.read(theirs)):
            yield None, mine, value


def _is_the_same(mirror: _Mirror, outer: Any, inner: Any) -> bool:
    """True where an array or container of the inner program stands for that of the outer one."""
    if isinstance(inner, Array):
        source = inner.cell.source
        kept = source is not None and not inner.steps and inner.cell.origin is not None
        found = mirror.arrays.get(source) if kept else None  # type: ignore[arg-type]
        return (found is not None and isinstance(outer, Array) and found.cell is outer.cell
                and found.steps == outer.steps)
    return any(mine is outer and theirs is inner for mine, theirs in mirror.containers)


def _entries(outer: Any, inner: Any) -> list[tuple[Variable, Variable]] | None:
    if isinstance(outer, ListValue):
        same = len(outer.items) == len(inner.items)
        return list(zip(outer.items, inner.items, strict=True)) if same else None
    a, b = (c.items if isinstance(c, DictValue) else c.fields for c in (outer, inner))
    return [(a[k], b[k]) for k in a] if list(a) == list(b) else None


def inline(act: Activation, function: Function, operands: list[Value]) -> list[Value]:
    """Replay a function's operations on outer values; its results."""
    t = act.t
    env: dict[Value, Value] = dict(zip(function.data_params, operands, strict=True))
    data = function.data_params
    for param, (position, axis) in function.shape_params.items():
        env[param] = t.builder.resolve(env[data[position]].dims[axis])
    span = t.span
    replay = Replay(t.builder, env)
    replay.block(function.block)
    t.builder.span = span
    return [replay.get(r) for r in function.results]


def value_of(act: Activation, tree: Tree, results: list[Value], offset: dict[int, int] | None = None,
             program: Program | None = None) -> Any:
    """The evaluator's value of a tree of results (leaves not in `offset` become None where it is given; with `program`,
    arrays are those that they are in Python: see there)."""
    t = act.t
    if isinstance(tree, Leaf):
        if offset is not None and tree.position not in offset:
            return None
        value = results[offset[tree.position] if offset is not None else tree.position]
        if not value.is_array:
            return Scalar(value, tree.python)
        return _array(t, tree, value) if program is None else program.array(act, tree, results)
    if isinstance(tree, Static):
        return tree.value if offset is None else None
    if isinstance(tree, Packed):
        t.fail("the derivative, inside a program, of a function that returns a list of run-time length",
               "return an array")
    if isinstance(tree, Worded):
        return t.fail("a derivative of a function that returns a text of run-time numbers", "return the numbers")
    children = [value_of(act, c, results, offset, program) for c in tree.children]
    return rebuilt(t, tree.type, tree.keys, children)


def _array(t: Tracer, leaf: Leaf, value: Value) -> Array:
    """An array of the evaluator's own that holds a result."""
    owned = value not in {t.builder.read(c.slot) for c in t.cells if c.depth <= len(t.frames)}
    return laid(t.new_array(value if owned else t.emit("copy", value)), leaf.order)


def rebuilt(t: Tracer, type_: type, keys: tuple[Any, ...] | None, children: list[Any]) -> Any:
    """A container of the evaluator."""
    if issubclass(type_, tuple):
        return assemble(type_, keys, children)
    if type_ is list:
        return t.new_list(children)
    if issubclass(type_, dict):
        return t.new_dict(dict(zip(keys or (), children, strict=True)), type_=type_)
    return t.new_object(type_, dict(zip(keys or (), children, strict=True)))


def argument_tree(program: Program, value: Any, path: Path, t: Tracer) -> Tree:
    """The tree of an argument; leaf positions are data parameters of the inner program."""
    path = program.same.get(path.key, path)
    place = program.places.get(path.key)
    if place is not None:
        item = program.inputs[place]
        return Leaf(place, item.kind, item.rank, item.python)
    parts: list[tuple[Any, Path]]
    keys: tuple[Any, ...] | None = None
    type_ = value.type if isinstance(value, (DictValue, ObjectValue)) else list
    if isinstance(value, tuple):
        type_, parts = type(value), [(v, path.item(k)) for k, v in enumerate(value)]
    elif isinstance(value, DynamicList):
        t.fail("the derivative, inside a program, by a list of run-time length", "pass an array")
    elif isinstance(value, ListValue):
        parts = [(t.read(v), path.item(k)) for k, v in enumerate(value.items)]
    elif isinstance(value, DictValue):
        keys, parts = tuple(value.items), [(t.read(v), path.item(k)) for k, v in value.items.items()]
    elif isinstance(value, ObjectValue):
        keys, parts = tuple(value.fields), [(t.read(v), path.attribute(k)) for k, v in value.fields.items()]
    elif isinstance(value, (Array, Scalar, Choice)):
        t.fail("an array is passed twice, in a container too", "pass a copy (`.copy()`)")
    else:
        return Static(value)
    return Node(type_, keys, tuple(argument_tree(program, v, p, t) for v, p in parts))


def gradient_shape(program: Program, value: Any, path: Path, t: Tracer) -> Tree:
    """The tree of an argument's gradient: None for what carries no derivative."""
    return inexact(argument_tree(program, value, path, t))


def inexact(tree: Tree) -> Tree:
    """The tree with None for what carries no derivative."""
    if isinstance(tree, Node):
        return Node(tree.type, tree.keys, tuple(inexact(c) for c in tree.children))
    return tree if isinstance(tree, Leaf) and tree.kind.is_inexact else Static(None)


def by_position(function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments with those that can be moved out of `named` where their parameters stand."""
    found, rest = list(args), dict(named)
    for name in positional(function)[len(args):] if named else ():
        if name not in rest:
            break
        found.append(rest.pop(name))
    return tuple(found), rest


def nested_gradient(act: Activation, function: Any, wrt: tuple[int, ...], several: bool, with_value: bool,
                    has_aux: bool, args: tuple[Any, ...], named: dict[str, Any], deterministic: bool = False) -> Any:
    """`grad(function, wrt)(*args)` inside a traced program."""
    args, named = by_position(function, args, named)
    if any(k >= len(args) for k in wrt):
        act.t.fail("the argument under wrt is not among those that are passed by position",
                   "pass it by position in the inner call")
    program = traced(act, function, args, named)
    output = program.output
    if has_aux:
        if not (isinstance(output, Node) and output.type is tuple and len(output.children) == 2):
            act.t.fail("with has_aux=True the function must return (value, anything)")
        output = output.children[0]
    if not (isinstance(output, Leaf) and output.rank < 0 and output.kind.is_float):
        act.t.fail("grad needs a function that returns one real float", "sum its result up")
    assert isinstance(output, Leaf)
    trees = [gradient_shape(program, program.args[k], Path(("arg", k)), act.t) for k in wrt]
    positions = list(dict.fromkeys(leaf.position for tree in trees for leaf in leaves(tree)))
    if not positions:
        act.t.fail(f"the argument under wrt is {describe(args[wrt[0]])}: it has no derivative")
    function = own_results(optimize(program.function))
    pulled = vjp(function, positions, [output.position], seeds="one", backwards=deterministic)
    results = inline(act, pulled, list(program.operands))
    count = len(function.results)
    offset = {position: count + k for k, position in enumerate(positions)}
    gradients = tuple(value_of(act, tree, results, offset) for tree in trees)
    gradient = gradients if several else gradients[0]
    program.effects(act, results)
    value = value_of(act, program.output, results, None, program)
    if with_value:
        return value, gradient
    return (gradient, value[1]) if has_aux else gradient


def nested_jvp(act: Activation, function: Any, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
    """`jvp(function, primals, tangents)` inside a traced program."""
    t = act.t
    program = traced(act, function, primals, {})
    flat: dict[int, Value] = {}
    for k, tangent in enumerate(tangents):
        if tangent is not None:
            flatten(act, gradient_shape(program, program.args[k], Path(("arg", k)), t), tangent, flat)
    outputs = [leaf for leaf in leaves(program.output) if leaf.kind.is_inexact]
    for position, value in flat.items():
        flat[position] = conforming(act, value, program.operands[position].dims, "tangent", "argument")
    pushed = jvp(program.function, list(flat), [leaf.position for leaf in outputs])
    results = inline(act, pushed, [*program.operands, *flat.values()])
    count = len(program.function.results)
    offset = {leaf.position: count + k for k, leaf in enumerate(outputs)}
    program.effects(act, results)
    return value_of(act, program.output, results, None, program), value_of(act, program.output, results, offset)


def conforming(act: Activation, value: Value, dims: Sequence[Value], what: str, of: str) -> Value:
    """A tangent or cotangent with the very dimensions of what it belongs to, checked where they may differ."""
    t = act.t
    if not value.is_array or tuple(value.dims) == tuple(dims):
        return value
    for a, b in zip(value.dims, dims, strict=True):
        if not t.same(a, b):
            t.check(t.emit("eq", a, b), "ValueError", f"a {what} has another shape than its {of}")
    return t.emit("reshape", value, *dims)


def flatten(act: Activation, tree: Tree, given: Any, flat: dict[int, Value]) -> None:
    """Tangents or cotangents of the structure of `tree`, by position."""
    t = act.t
    if isinstance(tree, Leaf):
        given = t.environment.read_choice(t, given) if isinstance(given, Choice) else given
        if isinstance(given, Array):
            flat[tree.position] = read(t, given)
        else:
            flat[tree.position] = t.scalar(given, tree.kind)
    elif isinstance(tree, Node):
        if isinstance(given, (ListValue, tuple)):
            parts = [t.read(v) for v in given.items] if isinstance(given, ListValue) else list(given)
        elif isinstance(given, DictValue):
            parts = [t.read(given.items[k]) for k in tree.keys or ()]
        else:
            parts = [t.environment.attribute(act, given, k) for k in tree.keys or ()]
        for child, part in zip(tree.children, parts, strict=True):
            if not isinstance(child, Static):
                flatten(act, child, part, flat)


def position_of(act: Activation, function: Any, wrt: Any) -> int:
    """The position of a parameter of a function of the evaluator."""
    is_index = wrt.kind is Kind.INT if isinstance(wrt, Scalar) else type(wrt) is int
    if not isinstance(wrt, str) and not is_index:
        raise TypeError(f"wrt is an index, a name, or a tuple of them, not {describe(wrt)}")
    if not isinstance(wrt, str):
        position = act.t.static_int(wrt, "the parameter under wrt")
        if position < 0:
            act.t.fail(f"wrt={position} is no parameter of the function", "count parameters from 0")
        return position
    names = positional(function)
    if wrt not in names:
        act.t.fail(f"the function has no positional parameter named {wrt!r}")
    return names.index(wrt)


def positional(function: Any) -> list[str]:
    """The names of the parameters that a function of the evaluator takes by position."""
    if isinstance(function, Closure):
        spec = function.node.args
        return [a.arg for a in (*spec.posonlyargs, *spec.args)]
    if isinstance(function, BoundMethod):
        return positional(function.function)[1:]
    if isinstance(function, ObjectValue):
        return positional(class_attribute(function.type, "__call__"))[1:]
    if isinstance(function, Partial):
        names = positional(function.function)[len(function.args):]
        return list(itertools.takewhile(lambda name: name not in function.named, names))
    if hasattr(type(function), "inlined") and hasattr(function, "function"):
        return positional(function.function)
    if not callable(function):
        return []
    try:
        parameters = inspect.signature(python_function(function)).parameters.items()
    except ValueError:  # (a C function that does not say)
        return []
    return [n for n, p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
