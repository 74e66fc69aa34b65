"""Functions that call themselves at run time: traced once by themselves, called by the program (`call` operations).

A function whose calls of itself depend on run-time numbers cannot be unrolled: tracing starts over with the decision
that it is recursive. Its body is then traced on parameters of its own, again and again until nothing changes: in the
first pass a call of itself is taken never to return, so that the other paths say what the function gives; later passes
call it with that result, with kinds that take all calls, and with the hidden inputs and written arrays found so far.

Invariant: a compiled recursion as deep as Python's limit raises RecursionError, as Python does.
Source: recursive residuals by running the body again in the reverse sweep, `transforms.calls`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from workbench.frontend import arrays, bare, overflow
from workbench.frontend.activation import Activation, Scope, outside
from workbench.frontend.dynamic_lists import array_of, elements
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
from workbench.frontend.paths import Path
from workbench.frontend.tracer import Tracer
from workbench.frontend.unwinding import NeedStatic, Restart, Unreachable
from workbench.frontend.values import (
    UNDEFINED,
    Array,
    BoundMethod,
    Cell,
    Choice,
    Closure,
    DictValue,
    ListValue,
    ObjectValue,
    Scalar,
    describe,
    is_static,
)
from workbench.frontend.variables import same_static
from workbench.ir import ArrayType, Callee, Constant, DifferentiationError, Kind, ScalarType, Value

_ALIASED = "a write to an array that a recursive function may have been given, and may have given back"
MAX_PASSES = 10
MAX_UNROLLED = 16  # levels of a function in itself, and run-time conditions, before it is taken to be recursive
MAX_ENTERED = 64  # calls of a function in itself, under run-time conditions, before it is tried whether it may be
MAX_CALLS = 2000  # calls of a function in itself, under run-time conditions, that are traced at all
PERHAPS = "perhaps"  # the decision to try; taken back where the function is not fit for it


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


def may_unroll(act: Activation, node: ast.AST, name: str) -> None:
    """Before a function is entered: start over where it calls itself again and again under run-time conditions (those
    of branches, and whether a loop makes a turn)."""
    t = act.t
    levels = sum(where[2] == id(node) for where in act.path)
    conditions = sum(frame.kind in ("arm", "loop") for frame in t.frames)
    if not levels or not conditions:
        return
    entered = t.entered[id(node)] = t.entered.get(id(node), 0) + 1
    if entered > MAX_CALLS:
        t.fail(f"{name} calls itself more than {MAX_CALLS:,} times under run-time conditions", "write it as a loop")
    if id(node) in t.unrolled:
        return
    sure = min(levels, conditions) >= MAX_UNROLLED
    if (sure or entered > MAX_ENTERED) and t.decisions.get(("recursive", id(node))) is None:
        raise Restart(("recursive", id(node)), True if sure else PERHAPS, t.span, f"{name} calls itself at run time")


def enter(act: Activation, node: ast.FunctionDef | ast.Lambda, bound: dict[str, Any], function: Any, name: str,
          parent: Scope | None, run: Callable[..., Any]) -> Any:
    """Call a function that was found to be recursive. `run(act, bound, parent)` evaluates its body."""
    if act.t.catchers:
        act.t.fail("a recursive call inside `try`", "catch exceptions outside of it")
    bound = {k: _plain(act.t, v) for k, v in bound.items()}
    environment = act.t.environment
    key = id(node)
    level = environment.recursions.get(key)
    try:
        if level is not None:
            return _call_itself(act, level, bound)
        if environment.recursions:
            act.t.fail(f"{name} and another recursive function call each other", "write them as one function")
        return _call_first(act, node, bound, function, name, parent, run)
    except (_Unfit, DifferentiationError) as error:
        if act.t.decisions.get(("recursive", key)) == PERHAPS:
            raise Restart(("recursive", key), False, act.t.span, f"{name} is unrolled") from None
        if isinstance(error, DifferentiationError):
            raise
        raise DifferentiationError(str(error), act.t.span, "write it as a loop") from None


class _Unfit(Exception):
    """Why a function cannot be a callee."""


# ---------------------------------------------------------------------- what varies and what does not
def _varying(value: Any, t: Tracer) -> Layout | None:
    """The layout of an argument that may differ between calls; None for what must be the same in all of them."""
    if isinstance(value, Choice):
        value = t.environment.read_choice(t, value)
    layout = layout_of(value, t.read)
    return layout if layout is not None and _is_numeric(layout) else None


def _is_numeric(layout: Layout) -> bool:
    if isinstance(layout, Record):
        return issubclass(layout.type, tuple) and all(_is_numeric(e) or isinstance(e, Same) for e in layout.entries)
    return isinstance(layout, (Number, Matrix))


def _merged(a: Layout, b: Layout) -> Layout | None:
    """The least layout that takes both; numbers join as on two paths."""
    if isinstance(a, Number) and isinstance(b, Number):
        return joined_numbers(a, b)
    if isinstance(a, Record) and isinstance(b, Record) and a.type is b.type and len(a.entries) == len(b.entries):
        entries = [_merged(x, y) for x, y in zip(a.entries, b.entries, strict=True)]
        return None if any(e is None for e in entries) else Record(a.type, a.names, tuple(
            e for e in entries if e is not None))
    return joined(a, b)


def _leaves(layout: Layout) -> Iterator[Number | Matrix]:
    if isinstance(layout, Record):
        for entry in layout.entries:
            yield from _leaves(entry)
    elif isinstance(layout, (Number, Matrix)):
        yield layout


# ---------------------------------------------------------------------- the first call
def _call_first(act: Activation, node: ast.FunctionDef | ast.Lambda, bound: dict[str, Any], function: Any, name: str,
                parent: Scope | None, run: Callable[..., Any]) -> Any:
    t = act.t
    params = tuple((k, layout) for k, v in bound.items() if (layout := _varying(v, t)) is not None)
    shape = Shape(params)
    paths: tuple[Path, ...] = ()
    for _ in range(MAX_PASSES):
        traced = _Pass(act, node, shape, paths, bound, function, name, parent, run)
        found = traced.shape()
        if found == shape:
            return traced.call(bound)
        shape, paths = found, tuple(item.path for item in traced.environment.inputs)
    raise _Unfit(f"what {name} takes and gives does not settle")


class _Pass:
    """One evaluation of the body on parameters of its own."""

    def __init__(self, act: Activation, node: ast.FunctionDef | ast.Lambda, shape: Shape, paths: tuple[Path, ...],
                 bound: dict[str, Any], function: Any, name: str, parent: Scope | None,
                 run: Callable[..., Any]) -> None:
        self.outer = act.t
        self.before = shape
        self.paths = paths
        self.environment = environment = act.t.environment.another()
        self.t = t = Tracer(name.split(".")[-1].strip("<>"), environment, act.t.decisions)
        t.builder.span = act.t.span
        self.operands: list[Value] = []  # of what was captured
        depth = t.builder.param(ScalarType(Kind.INT), "depth")
        self.level = Level(t, Callee(t.builder.name), shape, depth)
        environment.recursions = {id(node): self.level}
        limit = t.emit("lt", self.level.depth, Constant(sys.getrecursionlimit(), Kind.INT))
        values = {k: self.parameter(k, layout) for k, layout in shape.params}
        self.known: dict[int, Any] = {}
        self.keep: list[Any] = []
        for k, value in bound.items():
            if k not in values:
                values[k] = self.level.fixed[k] = self.captured(value)
        scope = self.scope(parent, node)
        for path in paths:
            environment.internal(path.fetch(()), path)
        t.check(limit, "RecursionError", "maximum recursion depth exceeded")
        root = outside(t, function)
        try:
            self.result: Any = run(root, {k: values[k] for k in bound}, scope)
            self.returns = True
        except Unreachable:
            self.returns = False
        except NeedStatic as need:
            t.builder.span = need.span
            raise _Unfit(f"{need.reason} must be known before {name} runs") from None

    # ------------------------------------------------------------------ parameters
    def parameter(self, name: str, layout: Layout) -> Any:
        """A parameter of the callee."""
        t = self.t

        def leaf(column: Number | Matrix) -> Any:
            if isinstance(column, Number):
                return column.scalar(t.builder.param(ScalarType(column.kind), name))
            position = len(t.builder.params) - len(t.builder.shape_params)
            dims: list[Value] = []
            for axis, size in enumerate(column.dims):
                if size is not None:
                    dims.append(Constant(size, Kind.INT))
                    continue
                dims.append(t.builder.param(ScalarType(Kind.INT), f"{name}_n", (position, axis)))
                t.nonnegative.add(dims[-1])
            cell = t.new_cell(t.builder.param(ArrayType(column.kind, tuple(dims)), name), name)
            cell.source = ("parameter", len(self.level.cells))  # type: ignore[assignment]
            cell.external = True
            self.level.cells.append(cell)
            return Array(cell, (), tuple(dims))
        leaves = iter([leaf(column) for column in _leaves(layout)])
        return assembled(layout, leaves, lambda record, items: None)

    def captured(self, value: Any) -> Any:
        """What every call sees alike, with parameters for its numbers and arrays."""
        outer = self.outer
        if type(value) is dict:
            raise _Unfit("a recursive function with ** arguments")
        if isinstance(value, Choice):
            value = outer.environment.read_choice(outer, value)
        if is_static(value) and not isinstance(value, float):
            return value
        if isinstance(value, float):
            value = Scalar(Constant(value, Kind.F64), True)
        if isinstance(value, tuple):
            return tuple.__new__(type(value), [self.captured(v) for v in value])
        if id(value) not in self.known:
            self.known[id(value)] = self.stand_in(value)
            self.keep.append(value)
        return self.known[id(value)]

    def stand_in(self, value: Any) -> Any:
        t, outer = self.t, self.outer
        if isinstance(value, (Scalar, Array)):
            layout = layout_of(value, outer.read)
            assert layout is not None
            if isinstance(layout, Matrix):  # of any size: the same program serves
                layout = Matrix(layout.kind, tuple(n if n == 1 else None for n in layout.dims))
            made = self.parameter(value.cell.name if isinstance(value, Array) else value.value.name, layout)
            if isinstance(value, Array):
                self.level.cells.pop()
                self.level.shared.append(value.cell)
                made.cell.source = ("captured", made.cell.name)
            self.level.own.append(t.builder.params[-1])
            self.operands.append(arrays.read(outer, value) if isinstance(value, Array) else outer.scalar(value))
            return made
        if isinstance(value, ListValue):
            container: Any = t.new_list([self.captured(outer.read(v)) for v in value.items])
        elif isinstance(value, DictValue):
            container = t.new_dict({k: self.captured(outer.read(v)) for k, v in value.items.items()}, type_=value.type)
        elif isinstance(value, ObjectValue):
            outer.environment.load_fields(value)
            container = t.new_object(value.type, {k: self.captured(outer.read(v)) for k, v in value.fields.items()})
        elif isinstance(value, Closure):
            return self.closure(value)
        elif isinstance(value, BoundMethod):
            return BoundMethod(value.function, self.captured(value.self_value))
        else:
            raise _Unfit(f"a recursive function that uses {describe(value)}")
        container.snapshot = "a write to a container that a recursive function shares"
        return container

    def closure(self, value: Closure) -> Closure:
        """A nested function with what it captured (itself, if it calls itself)."""
        scope = Scope({}, None, value.scope.function)
        made = Closure(value.node, scope, (), {}, value.name)
        self.known[id(value)] = made
        self.fill(scope, value.scope, value.node)
        defaults = tuple(self.t.variable("default", self.captured(self.outer.read(d))) for d in value.defaults)
        named = {k: self.t.variable(k, self.captured(self.outer.read(d))) for k, d in value.keyword_defaults.items()}
        made = Closure(value.node, scope, defaults, named, value.name)
        self.known[id(value)] = made
        for variable in scope.names.values():
            if self.t.read(variable) is not made and isinstance(held := self.t.read(variable), Closure) and (
                    held.node is value.node):
                self.t.assign(variable, made)
        return made

    def scope(self, parent: Scope | None, node: ast.FunctionDef | ast.Lambda) -> Scope | None:
        """The scope a nested function was defined in, as far as it reads it."""
        if parent is None:
            return None
        scope = Scope({}, None, parent.function)
        self.fill(scope, parent, node)
        return scope

    def fill(self, scope: Scope, source: Scope, node: ast.FunctionDef | ast.Lambda) -> None:
        """Stand-ins of the names that a function reads from where it was defined."""
        outer = self.outer
        if any(isinstance(n, ast.Nonlocal) for n in ast.walk(node)):
            raise _Unfit("a recursive function that writes names of an enclosing function")
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        own = outer.environment.compiled(node, source.function, "").local_names
        for name in sorted(names.difference(own)):
            variable = source.find(name)
            if variable is not None and variable.stored is not UNDEFINED:
                held = outer.read(variable)
                scope.names[name] = self.t.variable(name, self.captured(held))

    # ------------------------------------------------------------------ what was found
    def shape(self) -> Shape:
        """What the function takes and gives, as this pass has found it."""
        t, level = self.t, self.level
        params = tuple((k, level.wider.get(k, layout)) for k, layout in self.before.params)
        result = self.before.result
        aliased = self.before.aliased
        if self.returns:
            aliased = aliased or _may_be_given(self.result)
            self.result = _plain(t, self.result)
            found = layout_of(self.result, t.read)
            if found is None or not _is_result(found):
                raise _Unfit(f"a recursive function that returns {describe(self.result)}")
            result = found if result is None else _merged(result, found)
            if result is None:
                raise _Unfit("a recursive function that returns different types")
        elif result is None:
            t.fail(f"{t.builder.name} calls itself without end", "give it a path that returns")
        for cell in t.cells:
            source: Any = cell.source
            if cell.written and source is not None and not (isinstance(source, tuple) and source[0] == "parameter"):
                raise _Unfit("a recursive function that writes an array which is no parameter")
        if self.environment.written:
            raise _Unfit("a recursive function that writes into containers")
        written = frozenset(k for k, cell in enumerate(level.cells) if cell.written)
        hidden = tuple(item.path.key for item in self.environment.inputs)
        return Shape(params, result, hidden, self.before.written | written, aliased)

    def call(self, bound: dict[str, Any]) -> Any:
        """Define the callee, and call it."""
        t, outer, shape = self.t, self.outer, self.before
        assert shape.result is not None
        leaves = layout_parts(shape.result, self.result, t.read)
        results: list[Value] = []
        for column, leaf in zip(_leaves(shape.result), leaves, strict=True):
            if isinstance(column, Number):
                results.append(t.scalar(leaf, column.kind))
            else:
                results += [*leaf.dims, elements(t, arrays.read(t, leaf))]
        for k in sorted(shape.written):
            results.append(t.builder.held(self.level.cells[k].slot))
        function = t.builder.finish([t.builder.resolve(v) for v in results])
        self.level.callee.define(overflow.checked(function, t.integers))
        for key, guard in self.environment.guards.items():
            outer.environment.guards.setdefault(key, guard)
        hidden = [outer.environment.internal(path.fetch(()), path) for path in self.paths]
        operands = [Constant(0, Kind.INT), *_arguments(outer, self.level, bound), *self.operands,
                    *(arrays.read(outer, v) if isinstance(v, Array) else outer.scalar(v, item.kind)
                      for v, item in zip(hidden, self.environment.inputs, strict=True))]
        return _called(outer, self.level, operands, bound)


def _is_result(layout: Layout) -> bool:
    if isinstance(layout, Record):
        return issubclass(layout.type, tuple) and all(_is_result(e) for e in layout.entries)
    return isinstance(layout, (Number, Matrix, Same))


def _plain(t: Tracer, value: Any) -> Any:
    """A result with choices of arrays read."""
    if isinstance(value, tuple):
        return tuple.__new__(type(value), [_plain(t, v) for v in value])
    return t.environment.read_choice(t, value) if isinstance(value, Choice) else value


def _may_be_given(value: Any) -> bool:
    """True where a result may be (a view of) an array that the function was given."""
    if isinstance(value, tuple):
        return any(_may_be_given(v) for v in value)
    options = value.options if isinstance(value, Choice) else (value,)
    return any(isinstance(v, Array) and v.cell.source is not None for v in options)


# ---------------------------------------------------------------------- calls
def _call_itself(act: Activation, level: Level, bound: dict[str, Any]) -> Any:
    if act.t.catchers:
        act.t.fail("a recursive call inside `try`", "catch exceptions outside of it")
    t = act.t
    if t is not level.t:
        t.fail("a recursive function is called by another one that it calls", "write them as one function")
    for name, fixed in level.fixed.items():
        if bound[name] is not fixed and not same_static(bound[name], fixed):
            raise _Unfit(f"the argument {name!r} of a recursive function, {describe(bound[name])}, differs from call "
                         "to call")
    for name, layout in level.shape.params:
        own = _varying(bound[name], t)
        wide = _merged(layout, own) if own is not None else None
        if wide is None:
            raise _Unfit(f"the argument {name!r} of a recursive function changes its type")
        if wide != layout:
            level.wider[name] = _merged(level.wider.get(name, layout), wide) or wide
    if level.shape.result is None or level.wider:
        raise Unreachable  # (in a later pass it returns)
    hidden = [item.value for item in t.environment.inputs[:len(level.shape.hidden)]]
    operands = [t.emit("add", level.depth, Constant(1, Kind.INT)), *_arguments(t, level, bound), *level.own, *hidden]
    return _called(t, level, operands, bound)


def _arguments(t: Tracer, level: Level, bound: dict[str, Any]) -> list[Value]:
    """The numbers and arrays that a call passes; those that are written are copied where a view is passed."""
    operands: list[Value] = []
    count = 0
    for name, layout in level.shape.params:
        value = bound[name]
        if isinstance(value, Choice):
            value = t.environment.read_choice(t, value)
        for column, leaf in zip(_leaves(layout), layout_parts(layout, value, t.read), strict=True):
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


def _called(t: Tracer, level: Level, operands: list[Value], bound: dict[str, Any]) -> Any:
    """Emit the call; its value, after its writes into arrays."""
    shape = level.shape
    assert shape.result is not None
    passed = _array_arguments(t, level, bound)
    written = [passed[k] for k in sorted(shape.written)]
    for array in written:
        if sum(other.cell is array.cell for other in passed) > 1 or array.cell in level.shared:
            raise _Unfit("a recursive function writes an array that it also has under another name")
        arrays.mark_written(t, array)
    columns = list(_leaves(shape.result))
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
    places = [1 + k for k, column in enumerate(c for _, layout in level.shape.params for c in _leaves(layout))
              if isinstance(column, Matrix)]
    return operands[places[next(k for k, a in enumerate(passed) if a is array)]]
