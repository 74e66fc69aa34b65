"""Where a value of the running Python program is found again at each call, and what must still hold there.

A `Path` starts at an argument, a module's or class's namespace, or a fixed object, and goes on by attributes and items.
An `Input` is a parameter of the compiled program and the path of what is handed over for it. A `Guard` is what was
taken for granted while specialising: the object itself (functions, classes, modules), an equal
value (flags, strings, numbers that were pinned), a type, a length.
"""

from __future__ import annotations

import dataclasses
import itertools
import operator
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.ir import Kind, Value
from workbench.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """`root` is ("arg", position), ("dict", namespace, name), ("cell", cell) or ("object", value)."""

    root: tuple[Any, ...]
    steps: tuple[tuple[str, Any], ...] = ()

    def attribute(self, name: str) -> Path:
        """The path of an attribute."""
        return Path(self.root, (*self.steps, ("attribute", name)))

    def item(self, key: Any) -> Path:
        """The path of an item."""
        return Path(self.root, (*self.steps, ("item", key)))

    def apply(self, function: Callable[[Any], Any]) -> Path:
        """The path of what a function gives for what is found there."""
        return Path(self.root, (*self.steps, ("apply", function)))

    def fetch(self, args: tuple[Any, ...]) -> Any:
        """The object found there now. Raises LookupError or AttributeError where it is gone."""
        value = self._start(args)
        for kind, key in self.steps:
            value = getattr(value, key) if kind == "attribute" else key(value) if kind == "apply" else value[key]
        return value

    def put(self, value: Any) -> None:
        """Write what a global, a closure cell or a class attribute holds."""
        if self.root[0] == "cell":
            self.root[1].cell_contents = value
        elif not self.steps:
            self.root[1][self.root[2]] = value
        else:
            setattr(self._start(()), self.steps[-1][1], value)

    def _start(self, args: tuple[Any, ...]) -> Any:
        kind = self.root[0]
        if kind == "arg":
            return args[self.root[1]]
        if kind == "dict":
            return self.root[1][self.root[2]]
        if kind == "cell":
            return self.root[1].cell_contents
        return self.root[1]

    @property
    def is_argument(self) -> bool:
        """True when it starts at an argument."""
        return bool(self.root[0] == "arg")

    @property
    def key(self) -> Any:
        """A hashable identity."""
        root = tuple(r if isinstance(r, (str, int)) else id(r) for r in self.root)
        if self.root[0] == "dict" and len(self.root[1]) == 1:  # a holder made for one object
            root = ("dict", id(next(iter(self.root[1].values()))), self.root[2])
        return (root, self.steps)


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """A parameter of the compiled function: where its value is found, and what it is. `packed`: a long list of floats,
    handed over as an array."""

    path: Path
    kind: Kind
    rank: int  # -1 for scalars
    python: bool
    position: int  # among the function's data parameters
    value: Value
    packed: bool = False

    def fetch(self, args: tuple[Any, ...]) -> Any:
        """What is handed over in a call."""
        value = self.path.fetch(args)
        return np.array(value, self.kind.dtype) if self.packed else value


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """A fact checked before each call."""

    path: Path
    kind: str  # a key of _CHECKS (an axis or a name may follow), or one of those that `holds` names
    expected: Any

    def holds(self, args: tuple[Any, ...]) -> bool:
        """True when the fact still holds."""
        if self.kind == "absent":
            return _is_absent(self.path, args)
        try:
            value = self.path.fetch(args)
        except (LookupError, AttributeError, ValueError):
            return False
        if self.kind == "placed":
            return _is_placed(value, self.expected[0].fetch(args), self.expected[1])
        if self.kind == "apart":
            return not any(np.shares_memory(value, path.fetch(args)) for path in self.expected)
        if self.kind == "one":
            return value is self.expected.fetch(args)
        if self.kind == "distinct":
            return len({id(path.fetch(args)) for path in self.expected}) == len(self.expected)
        if self.kind.startswith("least"):
            return bool(value.shape[self.expected[0]] >= self.expected[1])
        if self.kind.startswith("below"):
            return bool(value.shape[self.expected[0]] < self.expected[1])
        if self.kind.startswith("same"):
            axis, other, other_axis = self.expected
            return bool(value.shape[axis] == other.fetch(args).shape[other_axis])
        kind = "lacks" if self.kind.startswith("lacks") else self.kind.rstrip("0123456789")
        return _CHECKS[kind](value, self.expected)


def _is_placed(view: np.ndarray, owner: np.ndarray, place: Any) -> bool:
    """True when a view lies in its owner as it did when the program was specialised."""
    size = owner.itemsize
    start = view.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    return (start == place.offset * size and view.shape == place.shape
            and view.strides == tuple(s * size for s in place.strides))


PACKED = 16  # longer lists of floats are handed over as arrays


def is_packed(value: Any) -> bool:
    """True for long lists of Python floats."""
    return type(value) is list and len(value) > PACKED and set(map(type, value)) == {float}


def array_signature(value: np.ndarray) -> Any:
    """What a compiled function is specialised on: dtype, rank, which dimensions are 1, whether it may be written."""
    return (value.dtype, tuple([d == 1 for d in value.shape]), value.flags.writeable)


def layout_of(value: np.ndarray) -> Any:
    """"C" or "F" for an array whose elements lie in order, by rows or by columns; for others the places of the axes,
    from the one that steps furthest (None for one that does not step), and the unit (see `order.Order`)."""
    if value.flags.c_contiguous:
        return "C"
    if value.flags.f_contiguous:
        return "F"
    steps = {axis: s for axis, (n, s) in enumerate(zip(value.shape, value.strides, strict=True)) if n > 1 and s}
    ordered = sorted(steps, key=lambda axis: -abs(steps[axis]))
    if len(set(map(abs, steps.values()))) < len(steps):
        return None, None
    keys = tuple(ordered.index(axis) if axis in steps else None for axis in range(value.ndim))
    unit, rest = divmod(steps[ordered[-1]], value.itemsize) if ordered else (0, 0)
    even = not rest and all(steps[a] == steps[b] * value.shape[b] for a, b in itertools.pairwise(ordered))
    return keys, unit if even and len(steps) == sum(n > 1 for n in value.shape) else 0


def _is_absent(path: Path, args: tuple[Any, ...]) -> bool:
    try:
        path.fetch(args)
    except (LookupError, AttributeError, ValueError):
        return True
    return False


def _has_own(value: Any, name: str) -> bool:
    """True for an attribute of the object's own: one of `instance_attributes`, without making the list."""
    slot = getattr(type(value), name, None)
    return name in _own(value) or (isinstance(slot, types.MemberDescriptorType) and _is_filled(slot, value))


_CHECKS: dict[str, Callable[[Any, Any], bool]] = {
    "is": lambda value, expected: value is expected,
    "equal": lambda value, expected: type(value) is type(expected) and bool(value == expected),
    "exact": lambda value, expected: exactly(value) == expected,
    "members": lambda value, expected: expected.hold(),
    "type": lambda value, expected: type(value) is expected,
    "fits": lambda value, expected: type(value) is expected and fits(value),
    "length": lambda value, expected: len(value) == expected,
    "packed": lambda value, expected: is_packed(value),
    "unpacked": lambda value, expected: not is_packed(value),
    "keys": lambda value, expected: tuple(value) == expected and set(map(type, value)) <= {str},
    "lacks": lambda value, expected: not _has_own(value, expected),
    "size": lambda value, expected: value.shape[expected[0]] == expected[1],
    "layout": lambda value, expected: isinstance(value, np.ndarray) and layout_of(value) == expected,
    "array": lambda value, expected: isinstance(value, np.ndarray) and array_signature(value) == expected,
}


def fits(value: int) -> bool:
    """True for what machine code takes for an integer: others are known while it is made."""
    return -(2**63) <= value < 2**63


def is_plain_object(value: Any) -> bool:
    """True for instances of users' Python classes, whose attributes can be taken in."""
    type_ = type(value)
    if isinstance(value, (type, types.ModuleType, types.FunctionType, types.MethodType, types.BuiltinFunctionType)):
        return False
    if hasattr(type_, "inlined"):  # a derivative: called, never looked into
        return False
    if type_.__module__ in ("builtins", "numpy", "functools", "numba") or type_.__module__.startswith("numba."):
        return False
    if dataclasses.is_dataclass(type_):
        return True
    if not type_.__flags__ & (1 << 9) or class_attribute(type_, "__array__") is not None or "__array__" in _own(value):
        return False
    library = type_.__module__.partition(".")[0] in sys.stdlib_module_names
    return "__dict__" in dir(type_) or (not library and any("__slots__" in vars(base) for base in type_.__mro__))


def is_library(name: str | None) -> bool:
    """True for modules of the standard library, NumPy, SciPy and Numba: their attributes do not change."""
    top = (name or "").partition(".")[0]
    return top in ("numpy", "scipy", "numba", "workbench") or (top in sys.stdlib_module_names and top != "__main__")


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """What a class was when it was specialised on: its bases, and what it holds that is called or a descriptor. (What
    else is read of it is guarded by itself.)"""

    owner: type
    order: tuple[type, ...]
    count: int
    pick: Callable[[Any], tuple[Any, ...]]
    values: tuple[Any, ...]

    def hold(self) -> bool:
        """True where the class is as it was. Raises LookupError where a member is gone."""
        held = vars(self.owner)
        return self.owner.__mro__ is self.order and len(held) == self.count and all(
            map(operator.is_, self.pick(held), self.values))


def members_of(type_: type) -> Members:
    """What a class is now."""
    held = vars(type_)
    names = [name for name, v in held.items() if callable(v) or hasattr(type(v), "__get__")]
    pick = operator.itemgetter("__module__", "__doc__", *names)  # (of two names or more, it gives a tuple)
    return Members(type_, type_.__mro__, len(held), pick, pick(held))


def exactly(value: Any) -> Any:
    """What tells a key, or a set of keys, from others that are equal to it: 1 from 1.0 and True, 0.0 from -0.0."""
    if isinstance(value, (set, frozenset)):
        return type(value), frozenset(map(exactly, value))
    if isinstance(value, tuple):
        return type(value), tuple(map(exactly, value))
    return type(value), value, repr(value) if isinstance(value, (float, complex)) else ""


def class_attribute(type_: type, name: str) -> Any:
    """A class's attribute as stored (descriptors not called), or None."""
    for base in type_.__mro__:
        if name in vars(base):
            return vars(base)[name]
    return None


def instance_attributes(value: Any) -> list[str]:
    """The names of an object's own attributes, slots included."""
    names = list(_own(value))
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        names.extend(s for s in ((slots,) if isinstance(slots, str) else slots)
                     if s not in ("__dict__", "__weakref__") and _is_filled(vars(base).get(s), value))
    return names


def _own(value: Any) -> Any:
    """What an object holds by name, its `__getattr__` not asked."""
    try:
        return object.__getattribute__(value, "__dict__")
    except AttributeError:
        return ()


def _is_filled(slot: Any, value: Any) -> bool:
    """Whether a slot holds something, the object's `__getattr__` not asked."""
    if not isinstance(slot, types.MemberDescriptorType):
        return False
    try:
        slot.__get__(value, type(value))
    except AttributeError:
        return False
    return True

