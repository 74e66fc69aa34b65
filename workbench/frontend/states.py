"""States: one of several things known while specialising, told apart by a run-time integer: `mode = "up"` in one arm
and `"down"` in the other, `best = None` and then a number, or a tuple of numbers, or an object of a user's class. What
they are is known, which it is now is not.

A state may be bound, passed, returned by a function, compared, asked for its truth, used as a key; where it is None or
a number, arithmetic takes the number, after a check that it is one; of objects, attributes are read and written, and
methods called, by a case split. All else that would have to know which it is is refused (`Tracer.usable`).

Invariant: an option is told apart by its position among the options, which is the same wherever a state of these
options goes; the number of a state that is something else is never looked at.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from typing import Any

from workbench.frontend.activation import outside
from workbench.frontend.numbers import alternatives, is_python_number, joint_kind, number_kind
from workbench.frontend.paths import class_attribute
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import NUMBER, Alternative, Array, ObjectValue, OneOf, Scalar
from workbench.frontend.variables import Leaf, Reference, StoredRecord, same_static
from workbench.ir import Constant, Kind, Value
from workbench.records import dataclass

MAX_OPTIONS = 16


@dataclass(frozen=True, slots=True)
class Numeric:
    """What is known of a run-time number."""

    kind: Kind
    python: bool
    others: frozenset[Alternative] = frozenset()


@dataclass(frozen=True, slots=True)
class Form:
    """The options of a state, and what its number is: `Numeric`, or a tuple of such."""

    options: tuple[Any, ...]
    number: Any = None


def is_label(value: Any) -> bool:
    """True for what is one object wherever it is equal: None, texts, members of plain enumerations."""
    if isinstance(value, enum.Enum):
        return type(value).__eq__ is object.__eq__
    return value is None or type(value) in (str, bytes)


def is_number(value: Any) -> bool:
    """True for a number, known or not."""
    return number_kind(value) is not None and not isinstance(value, Array)


def is_numeric(value: Any) -> bool:
    """True for a number, or a tuple of numbers."""
    return is_number(value) or (type(value) is tuple and bool(value) and all(map(is_numeric, value)))


def is_older(value: Any, depth: float) -> bool:
    """True where the objects that a value may be were there before a region of this depth was entered."""
    return all(option.depth <= depth for option in options_of(value) if isinstance(option, ObjectValue))


def meet(a: Any, b: Any, depth: float = math.inf) -> bool:
    """True for two things of which a state can be made, or a wider one, at the end of a region of this depth."""
    both = all((is_label(v) or is_numeric(v) or isinstance(v, (OneOf, ObjectValue))) and is_older(v, depth)
               for v in (a, b))
    if not both or (is_numeric(a) and is_numeric(b)) or len(united(a, b)) > MAX_OPTIONS:
        return False
    numbers = [n for n in map(number_of, (a, b)) if n is not None]
    return len(numbers) < 2 or _alike(*numbers)


def _alike(a: Any, b: Any) -> bool:
    """True for two numbers, or two tuples of as many."""
    if is_number(a) or is_number(b):
        return is_number(a) and is_number(b)
    return len(a) == len(b) and all(map(_alike, a, b))


def options_of(value: Any) -> tuple[Any, ...]:
    """What a value may be."""
    if isinstance(value, OneOf):
        return value.options
    return (NUMBER,) if is_numeric(value) else (value,)


def united(a: Any, b: Any) -> tuple[Any, ...]:
    """What either of two values may be: the options of the first, then the others."""
    found = list(options_of(a))
    found += [o for o in options_of(b) if _position(found, o) is None]
    return tuple(found)


def number_of(value: Any) -> Any:
    """The number (tuple of numbers) that a value may be, if it may be one."""
    return value.number if isinstance(value, OneOf) else value if is_numeric(value) else None


def at_run_time(t: Tracer, number: Any) -> Any:
    """A number, or a tuple of numbers, as values of the program."""
    if isinstance(number, tuple):
        return tuple(at_run_time(t, n) for n in number)
    return number if isinstance(number, Scalar) else Scalar(t.scalar(number), is_python_number(number))


def _position(options: Sequence[Any], option: Any) -> int | None:
    return next((k for k, o in enumerate(options) if same_static(o, option)), None)


def place(t: Tracer, value: Any, options: tuple[Any, ...]) -> Value:
    """Where a value stands among options."""
    places = [_position(options, o) for o in options_of(value)]
    if not isinstance(value, OneOf):
        return Constant(places[0], Kind.INT)  # type: ignore[arg-type]
    index = t.scalar(value.index)
    if places == list(range(len(places))):
        return index
    found: Value = Constant(places[-1], Kind.INT)  # type: ignore[arg-type]
    for k in reversed(range(len(places) - 1)):
        found = t.emit("select", t.emit("eq", index, Constant(k, Kind.INT)), Constant(places[k], Kind.INT),  # type: ignore[arg-type]
                       found)
    return found


# ---------------------------------------------------------------------- in loops
def form_of(t: Tracer, name: str, old: Any, new: Any) -> Form:
    """The form that a name needs which holds one thing before a loop and another after an iteration."""
    options, numbers = united(old, new), [n for n in map(number_of, (old, new)) if n is not None]
    return Form(options, _joint(t, name, numbers[0], numbers[-1]) if numbers else None)


def _joint(t: Tracer, name: str, a: Any, b: Any) -> Any:
    if isinstance(a, tuple):
        return tuple(_joint(t, name, x, y) for x, y in zip(a, b, strict=True))
    if is_python_number(a) != is_python_number(b):
        t.fail(f"{name!r} is a number of Python's and one of NumPy's by turns", "give it one type")
    kind, python = joint_kind(a, b), is_python_number(a)
    return Numeric(kind, python, alternatives(kind, python, (a, b)))


def form_of_stored(stored: Any) -> Form | None:
    """The form of a stored state, None of anything else."""
    if not isinstance(stored, StoredRecord) or stored.type is not OneOf:
        return None
    options, _, number = stored.parts
    return Form(tuple(o.target if isinstance(o, Reference) else o for o in options), _form_of_leaves(number))


def _form_of_leaves(stored: Any) -> Any:
    if isinstance(stored, tuple):
        return tuple(map(_form_of_leaves, stored))
    return Numeric(stored.slot.type.kind, stored.python, stored.others) if isinstance(stored, Leaf) else None


def fits(form: Form, value: Any) -> bool:
    """True where a state of this form can hold a value."""
    if not (is_label(value) or is_numeric(value) or isinstance(value, (OneOf, ObjectValue))):
        return False
    number = number_of(value)
    known = all(_position(form.options, o) is not None for o in options_of(value))
    return known and (number is None or _holds(form.number, number))


def _holds(form: Any, number: Any) -> bool:
    if isinstance(number, tuple):
        return isinstance(form, tuple) and len(form) == len(number) and all(map(_holds, form, number))
    return isinstance(form, Numeric) and form.python == is_python_number(number) and (
        form.kind is joint_kind(number, Scalar(Constant(0, form.kind), form.python)) and
        alternatives(form.kind, form.python, (number,)) <= form.others)


def formed(t: Tracer, form: Form, value: Any) -> OneOf:
    """A value as a state of a form that it fits."""
    index = Scalar(place(t, value, form.options), True)
    return OneOf(form.options, index, None if form.number is None else _formed(t, form.number, number_of(value)))


def _formed(t: Tracer, form: Any, number: Any) -> Any:
    if isinstance(form, tuple):
        return tuple(_formed(t, f, None if number is None else n) for f, n in zip(form, number or form, strict=True))
    held = Constant(0, form.kind) if number is None else t.scalar(number, form.kind)
    return Scalar(held, form.python, form.others)


# ---------------------------------------------------------------------- what a program asks
def objects_of(value: Any) -> list[ObjectValue]:
    """The objects of users' classes that a state may be; none of what is no state."""
    return [option for option in value.options if isinstance(option, ObjectValue)] if isinstance(value, OneOf) else []


def _is(t: Tracer, state: OneOf, positions: Sequence[int]) -> Any:
    """Whether a state is at one of these positions."""
    if len(positions) in (0, len(state.options)):
        return bool(positions)
    tests = [t.emit("eq", t.scalar(state.index), Constant(k, Kind.INT)) for k in positions]
    return t.wrap(_any(t, tests), True)


def _any(t: Tracer, tests: Sequence[Value]) -> Value:
    found = tests[0]
    for test in tests[1:]:
        found = t.emit("or", found, test)
    return found


def is_numeric_now(t: Tracer, state: OneOf) -> Any:
    """Whether a state is the number (the tuple of numbers) that it may be."""
    return _is(t, state, [k for k, o in enumerate(state.options) if o is NUMBER])


def truth(t: Tracer, state: OneOf) -> Any:
    """Python's truth of a state."""
    if any(class_attribute(o.type, name) for o in objects_of(state) for name in ("__bool__", "__len__")):
        t.usable(state)
    found = _is(t, state, [k for k, o in enumerate(state.options) if o is not NUMBER and o])
    if state.number is None:
        return found
    mine = t.scalar(_is(t, state, [state.options.index(NUMBER)]), Kind.BOOL)
    if isinstance(state.number, Scalar):
        number = t.scalar(state.number)
        mine = t.emit("and", mine, t.emit("ne", number, Constant(0, number.kind)))
    return t.wrap(t.emit("or", t.scalar(found, Kind.BOOL), mine), True)


def equal(t: Tracer, a: Any, b: Any, identical: bool) -> Any:
    """`a == b` (`a is b`), one of them a state."""
    if not isinstance(a, OneOf):
        a, b = b, a
    if not (isinstance(b, (OneOf, ObjectValue)) or is_label(b) or is_number(b)):
        t.usable(a)
    objects = [o for o in (*options_of(a), *options_of(b)) if isinstance(o, ObjectValue)]
    if not identical and any(class_attribute(o.type, "__eq__") is not object.__eq__ for o in objects):
        t.usable(a)
    shared = [(k, j, o) for k, o in enumerate(a.options) for j, p in enumerate(options_of(b)) if same_static(o, p)]
    if identical and any(o is NUMBER or isinstance(o, (str, bytes)) for _, _, o in shared):
        t.fail("whether two texts or numbers are one object", "compare them by `==`")
    tests: list[Value] = []
    for k, j, option in shared:
        test = t.scalar(_is(t, a, [k]), Kind.BOOL)
        if isinstance(b, OneOf):
            test = t.emit("and", test, t.scalar(_is(t, b, [j]), Kind.BOOL))
        if option is NUMBER:
            if isinstance(a.number, tuple):
                t.usable(a)
            same = t.environment.compare(outside(t), "==", a.number, number_of(b))
            test = t.emit("and", test, t.scalar(same, Kind.BOOL))
        tests.append(test)
    return t.wrap(_any(t, tests), True) if tests else False


def settled_tuple(t: Tracer, value: Any, message: str) -> Any:
    """The tuple of a state that is None or a tuple, after a check that it is; any other value as it is."""
    return settled(t, value, message) if isinstance(value, OneOf) and isinstance(value.number, tuple) else value


def name_of_number(value: Any) -> str:
    """How Python's messages call the number that a value is, or may be."""
    kind = number_kind(number_of(value))
    if kind is None:
        return ""
    return "bool" if kind is Kind.BOOL else "int" if kind is Kind.INT else "complex" if kind.is_complex else "float"


def not_both_none(t: Tracer, a: OneOf, b: OneOf, message: str) -> None:
    """Check that one of two states is a number."""
    if a.number is not None and b.number is not None:
        either = [t.scalar(_is(t, v, [v.options.index(NUMBER)]), Kind.BOOL) for v in (a, b)]
        t.check(_any(t, either), "TypeError", message)


def settled(t: Tracer, value: Any, message: str, exception: str = "TypeError") -> Any:
    """The number of a state that is None or a number, after a check that it is; any other value as it is."""
    if not isinstance(value, OneOf):
        return value
    if value.number is None or any(o is not None and o is not NUMBER for o in value.options):
        t.usable(value)
    t.check(t.scalar(_is(t, value, [value.options.index(NUMBER)]), Kind.BOOL), exception, message)
    return value.number
