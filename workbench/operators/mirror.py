"""Stand-ins: the arguments of an inner function, and what its closures captured, as inputs of a program of its own.

Invariant: what is one object to the outer program is one object to the inner one (arrays that are `separate` excepted).
"""

from __future__ import annotations

import ast
import copy
from typing import Any

from workbench.frontend.activation import Scope
from workbench.frontend.arrays import read
from workbench.frontend.environment import Environment
from workbench.frontend.layout import order
from workbench.frontend.paths import Input, Path
from workbench.frontend.tracer import Tracer
from workbench.frontend.unwinding import Restart
from workbench.frontend.values import (
    Array,
    BoundMethod,
    Choice,
    Closure,
    DictValue,
    ListValue,
    ObjectValue,
    Partial,
    Scalar,
    Variable,
    describe,
    is_static,
)
from workbench.ir import ArrayType, Constant, Kind, ScalarType, Value
from workbench.operators.containers import Container, made, opened


class Mirror:
    """Makes stand-ins of outer values as inputs of the inner program.

    With `separate`, an array that is given twice (as two arguments, or as an argument and a captured variable) is two
    inputs, which have their own derivatives; else it is one, as it must be where it is written. A container is one."""

    def __init__(self, outer: Tracer, inner: Environment, separate: bool) -> None:
        self.separate = separate
        self.outer = outer
        self.inner = inner
        self.operands: list[Value] = []  # the outer values of the inner inputs
        self.arrays: dict[int, Array] = {}  # inner inputs -> the outer arrays they stand for
        self.containers: list[tuple[Any, Any]] = []  # outer and inner ones
        self.captured: dict[int, tuple[Variable, Variable]] = {}  # what closures share: outer and inner variables
        self.nonlocals: set[int] = set()  # those that a closure may bind anew
        self.aliases: dict[Any, int] = {}  # further paths to arrays, with the inner input
        self.same: dict[Any, Path] = {}  # further paths to containers, with the first
        self.is_repeated = False
        self._known: dict[int, Any] = {}
        self._keep: list[Any] = []  # what `_known` goes by the identity of
        self._dims: dict[Value, Value] = {}
        inner.meet_outside = self._meet

    def _meet(self, a: Value, b: Value) -> None:
        """Dimensions that meet in the inner program are sizes of the outer one's inputs, perhaps: guarded there."""
        outside = {inner: outer for outer, inner in self._dims.items()}
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
            return self._scalar(value, path)
        if isinstance(value, float):
            return self._scalar(Scalar(Constant(value, Kind.F64), True), path)
        if isinstance(value, tuple):
            return tuple.__new__(type(value), [self.value(v, path.item(k)) for k, v in enumerate(value)])
        if id(value) in self._known:
            return self._again(value, path)
        stand_in = self._object(value, path)
        if stand_in is not value:
            self._note(value, stand_in)
        return stand_in

    def _note(self, value: Any, stand_in: Any) -> None:
        self._known[id(value)] = stand_in
        self._keep.append(value)

    def _again(self, value: Any, path: Path) -> Any:
        """The stand-in of what has one already."""
        known = self._known[id(value)]
        if isinstance(value, (ListValue, DictValue, ObjectValue)):
            self.same[path.key] = self.inner.paths[known]
            return known
        if isinstance(value, Closure):
            return known
        self.is_repeated = True
        if self.separate:
            stand_in = self._object(value, path)
            if stand_in is not value:
                self._note(value, stand_in)
            return stand_in
        if isinstance(known, Array) and known.cell.source is not None:
            self.aliases[path.key] = known.cell.source
        return known

    def _object(self, value: Any, path: Path) -> Any:
        if isinstance(value, Array):
            return self._array(value, path)
        container = opened(self.outer, value)
        if container is not None:
            return self._container(value, container, path)
        if isinstance(value, Closure):
            return self._closure(value, path)
        if isinstance(value, BoundMethod):
            return BoundMethod(self.value(value.function, path), self.value(value.self_value, path.attribute("self")))
        if isinstance(value, Partial):
            args = tuple(self.value(v, path.item(k)) for k, v in enumerate(value.args))
            return Partial(self.value(value.function, path.attribute("func")), args,
                           {k: self.value(v, path.attribute(k)) for k, v in value.named.items()})
        if hasattr(type(value), "inlined") and hasattr(value, "function"):  # what an operator makes of a function
            return self._operator(value, path)
        if not is_static(value):
            self.outer.fail(f"{describe(value)} passed to a derivative (or a checkpoint, hook, rule) inside a program",
                            "pass numbers, arrays, lists, dictionaries or objects")
        return value

    def _operator(self, value: Any, path: Path) -> Any:
        function = self.value(value.function, path.attribute("function"))
        if function is value.function:
            return value
        stand_in = copy.copy(value)
        object.__setattr__(stand_in, "function", function)
        return stand_in

    def _container(self, value: Any, container: Container, path: Path) -> Any:
        parts = [self.value(part, where) for part, where in zip(container.parts, container.paths(path), strict=True)]
        stand_in = made(self.inner.t, container.type, container.keys, parts)
        self.containers.append((value, stand_in))
        self.inner.paths[stand_in] = path  # so that writes to it are noted
        return stand_in

    def _closure(self, value: Closure, path: Path) -> Closure:
        """A nested function with what it captured; its variables are those of other closures that capture them too."""
        defaults = tuple(self.inner.t.variable("default", self.value(self.outer.read(d), path.item(k)))
                         for k, d in enumerate(value.defaults))
        named = {k: self.inner.t.variable(k, self.value(self.outer.read(d), path.item(k)))
                 for k, d in value.keyword_defaults.items()}
        scope = Scope({}, None, value.scope.function)
        stand_in = Closure(value.node, scope, defaults, named, value.name)
        self._note(value, stand_in)  # (it may capture itself)
        names = {n.id for n in ast.walk(value.node) if isinstance(n, ast.Name)}
        bound_anew = {name for n in ast.walk(value.node) if isinstance(n, ast.Nonlocal) for name in n.names}
        for name in sorted(names | bound_anew):
            variable = value.scope.find(name)
            if variable is not None:
                scope.names[name] = self._variable(name, variable, path.attribute(name))
                if name in bound_anew:
                    self.nonlocals.add(id(variable))
        return stand_in

    def _variable(self, name: str, outer: Variable, path: Path) -> Variable:
        """The variable that stands for one of the outer program."""
        if id(outer) not in self.captured:
            held = self.value(self.outer.read(outer), path)
            if id(outer) not in self.captured:  # (else on the way, by a closure that captures itself)
                self.captured[id(outer)] = outer, self.inner.t.variable(name, held)
        return self.captured[id(outer)][1]

    def _scalar(self, value: Scalar, path: Path) -> Scalar:
        param = self.inner.t.builder.param(ScalarType(value.kind), value.value.name)
        self._register(path, value.kind, -1, value.python, param, self.outer.builder.resolve(value.value))
        return Scalar(param, value.python)

    def _array(self, value: Array, path: Path) -> Array:
        t = self.inner.t
        position = len(self.inner.inputs)
        dims = tuple(self._dim(self.outer.builder.resolve(dim), position, axis) for axis, dim in enumerate(value.dims))
        param = t.builder.param(ArrayType(value.kind, dims), value.cell.name)
        self.arrays[position] = value
        self._register(path, value.kind, value.rank, False, param, read(self.outer, value))
        cell = t.new_cell(param, value.cell.name, origin=position)
        cell.order = order(self.outer, value)
        return Array(cell, (), dims)

    def _dim(self, dim: Value, position: int, axis: int) -> Value:
        """The size of an axis of an inner input: equal ones are one value, as they are outside."""
        if isinstance(dim, Constant):
            return dim
        t = self.inner.t
        if dim not in self._dims:
            self._dims[dim] = t.builder.param(ScalarType(Kind.INT), dim.name, shape_of=(position, axis))
            t.nonnegative.add(self._dims[dim])
        return self._dims[dim]

    def _register(self, path: Path, kind: Kind, rank: int, python: bool, param: Value, operand: Value) -> None:
        self.inner.inputs.append(Input(path, kind, rank, python, len(self.inner.inputs), param))
        self.operands.append(operand)

    # ------------------------------------------------------------------ what is asked afterwards
    def repeated(self) -> frozenset[int]:
        """Inner inputs that stand for arrays of which others show the memory too."""
        cells = [a.cell for a in self.arrays.values()]
        return frozenset(k for k, a in self.arrays.items() if cells.count(a.cell) > 1)

    def stands_for(self, inner: Any, outer: Any) -> bool:
        """True where an array or container of the inner program stands for that of the outer one."""
        if isinstance(inner, Array):
            source = inner.cell.source
            if source is None or inner.steps or inner.cell.origin is None:
                return False
            found = self.arrays.get(source)
            return (found is not None and isinstance(outer, Array) and found.cell is outer.cell
                    and found.steps == outer.steps)
        return any(mine is outer and theirs is inner for mine, theirs in self.containers)
