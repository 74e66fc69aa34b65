"""The body of a recursive function, evaluated on parameters of its own.

What varies between calls is a parameter; what every call sees alike (arguments passed on as they are, names from
around the function) has stand-ins, whose numbers and arrays are parameters, too.

Invariant: what the body has of the program around it, it was given as a parameter; the program's values are not in it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from typing import Any

from workbench.frontend import arrays, overflow
from workbench.frontend.activation import Activation, Scope, outside
from workbench.frontend.dynamic_lists import elements
from workbench.frontend.layouts import (
    Layout,
    Matrix,
    Number,
    Record,
    Same,
    assembled,
    layout_of,
)
from workbench.frontend.layouts import parts as layout_parts
from workbench.frontend.paths import Path
from workbench.frontend.recursive_calls import Level, Shape, Unfit, arguments, called, columns_of, merged, plain
from workbench.frontend.tracer import Tracer
from workbench.frontend.unwinding import NeedStatic, Unreachable
from workbench.frontend.values import (
    UNDEFINED,
    Array,
    BoundMethod,
    Choice,
    Closure,
    DictValue,
    ListValue,
    ObjectValue,
    Scalar,
    describe,
    is_static,
)
from workbench.ir import ArrayType, Callee, Constant, Kind, ScalarType, Value


class Pass:
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
            raise Unfit(f"{need.reason} must be known before {name} runs") from None

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
        leaves = iter([leaf(column) for column in columns_of(layout)])
        return assembled(layout, leaves, lambda record, items: None)

    def captured(self, value: Any) -> Any:
        """What every call sees alike, with parameters for its numbers and arrays."""
        outer = self.outer
        if type(value) is dict:
            raise Unfit("a recursive function with ** arguments")
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
        """What stands in the body for a value from around it."""
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
            raise Unfit(f"a recursive function that uses {describe(value)}")
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
            raise Unfit("a recursive function that writes names of an enclosing function")
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
            self.result = plain(t, self.result)
            found = layout_of(self.result, t.read)
            if found is None or not _is_result(found):
                raise Unfit(f"a recursive function that returns {describe(self.result)}")
            result = found if result is None else merged(result, found)
            if result is None:
                raise Unfit("a recursive function that returns different types")
        elif result is None:
            t.fail(f"{t.builder.name} calls itself without end", "give it a path that returns")
        for cell in t.cells:
            source: Any = cell.source
            if cell.written and source is not None and not (isinstance(source, tuple) and source[0] == "parameter"):
                raise Unfit("a recursive function that writes an array which is no parameter")
        if self.environment.written:
            raise Unfit("a recursive function that writes into containers")
        written = frozenset(k for k, cell in enumerate(level.cells) if cell.written)
        hidden = tuple(item.path.key for item in self.environment.inputs)
        return Shape(params, result, hidden, self.before.written | written, aliased)

    def call(self, bound: dict[str, Any]) -> Any:
        """Define the callee, and call it."""
        t, outer, shape = self.t, self.outer, self.before
        assert shape.result is not None
        leaves = layout_parts(shape.result, self.result, t.read)
        results: list[Value] = []
        for column, leaf in zip(columns_of(shape.result), leaves, strict=True):
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
        operands = [Constant(0, Kind.INT), *arguments(outer, self.level, bound), *self.operands,
                    *(arrays.read(outer, v) if isinstance(v, Array) else outer.scalar(v, item.kind)
                      for v, item in zip(hidden, self.environment.inputs, strict=True))]
        return called(outer, self.level, operands, bound)


def _is_result(layout: Layout) -> bool:
    if isinstance(layout, Record):
        return issubclass(layout.type, tuple) and all(_is_result(e) for e in layout.entries)
    return isinstance(layout, (Number, Matrix, Same))


def _may_be_given(value: Any) -> bool:
    """True where a result may be (a view of) an array that the function was given."""
    if isinstance(value, tuple):
        return any(_may_be_given(v) for v in value)
    options = value.options if isinstance(value, Choice) else (value,)
    return any(isinstance(v, Array) and v.cell.source is not None for v in options)
