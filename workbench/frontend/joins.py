"""Joining what two arms of a branch leave behind: numbers are promoted; arrays are seen to in `array_joins`.

Invariant: a joined value is right whichever arm ran; what cannot be joined becomes a `Conflict`, whose reading is an
error, never a guess.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.frontend import states
from workbench.frontend.array_joins import ArrayJoin, Finish, reopened
from workbench.frontend.numbers import is_python_number, joint_kind, number_kind
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import (
    RECORDS,
    ROWS,
    UNDEFINED,
    Array,
    BoundMethod,
    CallChoice,
    Choice,
    Closure,
    Conflict,
    DequeValue,
    DictValue,
    ListValue,
    Maybe,
    ObjectValue,
    OneOf,
    Scalar,
    Variable,
    describe,
    parts_of,
    record_of,
)
from workbench.frontend.variables import rebuild, same_static
from workbench.ir import Constant, Kind, Value


class Join(ArrayJoin):
    """Joins any two values."""

    def values(self, a: Any, b: Any, loose: bool = False) -> Finish:
        """How to make the joined value of `a` (first arm) and `b`. `loose`: where undefined, anything will do."""
        if a is b or same_static(a, b):
            return lambda results: a
        for side, (one, other) in enumerate(((a, b), (b, a))):
            if one is UNDEFINED or self.dead[side]:
                return self.partial(other, 1 - side, loose or self.dead[side])
        if isinstance(a, Maybe) or isinstance(b, Maybe):
            return self.maybes(a, b)
        for conflict in (a, b):
            if isinstance(conflict, Conflict):
                return lambda results: conflict
        if number_kind(a) is not None and number_kind(b) is not None and not _is_array(a) and not _is_array(b):
            return self.numbers(a, b)
        if isinstance(a, tuple) and isinstance(b, tuple) and type(a) is type(b) and len(a) == len(b):
            parts = [self.values(x, y, loose) for x, y in zip(a, b, strict=True)]
            return lambda results: rebuild(a, [part(results) for part in parts])
        if isinstance(a, ROWS) and type(a) is type(b):
            joint = self.values(parts_of(a), parts_of(b), loose)
            return lambda results: record_of(type(a), joint(results))
        if _is_array(a) and _is_array(b):
            return self.arrays(a, b, loose)
        if _is_function(a) and _is_function(b):
            return self.functions(a, b)
        if states.meet(a, b, self.depth):
            return self.states(a, b)
        return self.containers(a, b)

    def numbers(self, a: Any, b: Any) -> Finish:
        """Two numbers: one of their joint kind."""
        kind = joint_kind(a, b)
        python = is_python_number(a) and is_python_number(b)
        sides = []
        for arm, number in zip(self.arms, (a, b), strict=True):
            with reopened(self.t, arm):
                sides.append(self.t.scalar(number, kind))
        position = self.pair(sides[0], sides[1])
        return lambda results: self.t.join(results[position], python, (a, b))

    def partial(self, value: Any, side: int, loose: bool) -> Finish:
        """A value that only one arm gives."""
        if isinstance(value, Maybe):
            return self.maybes(*((value, UNDEFINED) if side == 0 else (UNDEFINED, value)))
        inner = self.padded(value, side)
        if loose or inner is None:
            if inner is None:
                return lambda results: Conflict(f"{describe(value)} is assigned on one path only")
            return inner
        flags = (Constant(side == 0, Kind.BOOL), Constant(side == 1, Kind.BOOL))
        flag = self.pair(*flags)
        return lambda results: Maybe(inner(results), Scalar(results[flag], True), "a name")

    def padded(self, value: Any, side: int) -> Finish | None:
        """A value of one arm with a placeholder in the other."""
        if isinstance(value, Scalar):
            placeholder = Constant(0, value.kind)
            mine = self.t.builder.resolve(value.value)
            position = self.pair(*((mine, placeholder) if side == 0 else (placeholder, mine)))
            return lambda results: Scalar(results[position], value.python, value.others)
        if isinstance(value, tuple):
            parts = [self.padded(v, side) for v in value]
            if any(p is None for p in parts):
                return None
            return lambda results: rebuild(value, [part(results) for part in parts if part is not None])
        if isinstance(value, RECORDS):
            inner = self.padded(parts_of(value), side)
            return None if inner is None else lambda results: record_of(type(value), inner(results))
        if isinstance(value, Array):
            return self.option(value, side)
        if isinstance(value, (ListValue, ObjectValue, DictValue)) and value.depth > self.depth:
            mate = self.partner.get(value)
            key = (value, side) if mate is None else (value, mate) if side == 0 else (mate, value)
            if key not in self.joined:
                self.joined[key] = self.container_of(value, [(v, v) for v in _variables(value)], side)
            return self.joined[key]
        return lambda results: value

    def maybes(self, a: Any, b: Any) -> Finish:
        """Values at least one of which may be undefined."""
        flags, name = [], "a name"
        for value in (a, b):
            if isinstance(value, Maybe):
                name = value.name
                flags.append(self.t.scalar(value.defined))
            else:
                flags.append(Constant(value is not UNDEFINED, Kind.BOOL))
        flag = self.pair(flags[0], flags[1])
        plain = [v.value if isinstance(v, Maybe) else v for v in (a, b)]
        inner = self.values(plain[0], plain[1], loose=True)
        return lambda results: Maybe(inner(results), Scalar(results[flag], True), name)

    def functions(self, a: Any, b: Any) -> Finish:
        """One of several functions, told apart by an integer."""
        options: list[Any] = []
        indices = []
        for side, value in enumerate((a, b)):
            start = Constant(len(options), Kind.INT)
            options.extend(value.options if isinstance(value, CallChoice) else (value,))
            if isinstance(value, CallChoice):
                with reopened(self.t, self.arms[side]):
                    indices.append(self.t.emit("add", self.t.scalar(value.index), start))
            else:
                indices.append(start)
        if not all(_is_outer(option, self.depth) for option in options):
            return lambda results: Conflict("a function made on one path only of a run-time condition")
        position = self.pair(indices[0], indices[1])
        return lambda results: CallChoice(tuple(options), Scalar(results[position], True))

    def states(self, a: Any, b: Any) -> Finish:
        """One of several things known while specialising, perhaps a number: told apart by an integer. Objects that an
        arm made go on outside of it."""
        options = states.united(a, b)
        made: dict[Any, Finish] = {}
        for side, value in enumerate((a, b)):
            for option in states.options_of(value):
                if isinstance(option, ObjectValue) and option.depth > self.depth:
                    outside = self.padded(option, side)
                    if outside is None:
                        return lambda results: Conflict(f"{describe(option)} made on one path only")
                    made[option] = outside
        places, numbers = [], [states.number_of(v) for v in (a, b)]
        for side, value in enumerate((a, b)):
            with reopened(self.t, self.arms[side]):
                places.append(states.place(self.t, value, options))
        position = self.pair(places[0], places[1])
        number: Finish | None = None
        if numbers[0] is not None and numbers[1] is not None:
            number = self.values(numbers[0], numbers[1])
        elif numbers[0] is not None or numbers[1] is not None:
            side = 0 if numbers[0] is not None else 1
            with reopened(self.t, self.arms[side]):
                held = states.at_run_time(self.t, numbers[side])
            number = self.padded(held, side)


        def finish(results: Sequence[Value]) -> OneOf:
            things = tuple(made[o](results) if isinstance(o, ObjectValue) and o in made else o for o in options)
            return OneOf(things, Scalar(results[position], True), number(results) if number else None)
        return finish

    # ------------------------------------------------------------------ containers
    def containers(self, a: Any, b: Any) -> Finish:
        """Two containers: one, where both were made in the arms and have the same entries."""
        fresh = all(isinstance(v, (ListValue, ObjectValue, DictValue)) and v.depth > self.depth for v in (a, b))
        if fresh and type(a) is type(b) and _layout(a) == _layout(b) and self.become_one(a, b):
            if (a, b) not in self.joined:
                self.joined[a, b] = self.container_of(a, list(zip(_variables(a), _variables(b), strict=True)), None)
            return self.joined[a, b]
        if states.meet(a, b):
            return self.states(a, b)
        first, second = describe(a), describe(b)
        if first == second:
            second = f"another{second[1:]}" if second.startswith("a ") else f"another {second}"
        return lambda results: Conflict(f"{first} on one path and {second} on the other of a run-time condition")

    def become_one(self, a: Any, b: Any) -> bool:
        """Whether a container that the first arm made and one that the second made can be one after the `if`: not where
        another name has one of them joined with a third, or by itself."""
        return (a, 0) not in self.joined and (b, 1) not in self.joined and self.mates(a, b)

    def container_of(self, model: Any, pairs: list[tuple[Variable, Variable]], side: int | None) -> Finish:
        """A new container whose entries are joins of entries."""
        parts: list[Finish] = []
        for x, y in pairs:
            if side is None:
                with reopened(self.t, self.arms[0]):
                    a = self.t.read(x)
                with reopened(self.t, self.arms[1]):
                    b = self.t.read(y)
                parts.append(self.values(a, b))
            else:
                with reopened(self.t, self.arms[side]):
                    entry = self.t.read(x)
                inner = self.padded(entry, side)
                if inner is None:
                    return lambda results: Conflict("a container made on one path only")
                parts.append(inner)
        made: list[Any] = []

        def finish(results: Sequence[Value]) -> Any:
            if not made:
                made.append(_like(self.t, model, [part(results) for part in parts]))
            return made[0]
        return finish


def _is_array(value: Any) -> bool:
    return isinstance(value, (Array, Choice))


def _is_function(value: Any) -> bool:
    if isinstance(value, (Closure, CallChoice)):
        return True
    if isinstance(value, BoundMethod):
        return isinstance(value.self_value, ObjectValue)
    return isinstance(value, (types.FunctionType, types.BuiltinFunctionType, np.ufunc)) or isinstance(
        getattr(value, "py_func", None), types.FunctionType)


def _is_outer(function: Any, depth: int) -> bool:
    if isinstance(function, BoundMethod):
        return function.self_value.depth <= depth  # type: ignore[no-any-return]
    return not isinstance(function, Closure) or not (function.defaults or function.keyword_defaults)


def _variables(container: Any) -> list[Variable]:
    if isinstance(container, ListValue):
        return container.items
    if isinstance(container, DictValue):
        return list(container.items.values())
    return list(container.fields.values())


def _layout(container: Any) -> Any:
    if isinstance(container, ListValue):
        return (len(container.items), getattr(container, "longest", None))
    if isinstance(container, DictValue):
        return (tuple(container.items), container.type, container.default)
    return (container.type, tuple(container.fields))


def _like(t: Tracer, model: Any, values: list[Any]) -> Any:
    if isinstance(model, DequeValue):
        return t.new_deque(values, model.longest)
    if isinstance(model, ListValue):
        return t.new_list(values)
    if isinstance(model, DictValue):
        return t.new_dict(dict(zip(model.items, values, strict=True)), type_=model.type, default=model.default)
    return t.new_object(model.type, dict(zip(model.fields, values, strict=True)))
