"""From Python objects to what the evaluator computes with: parameters for numbers, cells for arrays, containers.

Arguments, globals, closure cells and attributes all come in here. Numbers become parameters of the compiled function
(a hidden input where they are not arguments), guarded by type; everything else read is guarded by identity or value.

Invariant: an object that is reached twice is one object to the evaluator too; arrays that share memory are views of one
buffer.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.frontend import arrays, bare, dynamic_lists, growth, overlap, unrolling
from workbench.frontend.order import Given, Keys, Order
from workbench.frontend.paths import (
    Guard,
    Input,
    Path,
    array_signature,
    class_attribute,
    exactly,
    instance_attributes,
    is_library,
    is_packed,
    is_plain_object,
    layout_of,
    members_of,
)
from workbench.frontend.tracer import ONE, Tracer
from workbench.frontend.unwinding import Restart
from workbench.frontend.values import Array, DictValue, ListValue, ObjectValue, RandomValue, Scalar, SetValue, Variable
from workbench.frontend.variables import Reference, store_tree
from workbench.ir import ArrayType, Constant, Kind, ScalarType, Value, kind_of
from workbench.rules.random import Seeded, state_of

_GIVEN = "an argument without axes is changed in place"


_OF_TUPLES = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__", "__bool__", "__len__",
              "__contains__", "__getitem__", "__iter__", "__getattribute__", "__getattr__", "__iadd__", "__imul__")


class Inputs:
    """Takes objects in; collects parameters, guards, and what was written."""

    def __init__(self) -> None:
        self.t: Tracer = None  # type: ignore[assignment]
        self.inputs: list[Input] = []
        self.guards: dict[Any, Guard] = {}
        self.late: dict[Any, Guard] = {}  # those of rules, which are read when the program is differentiated
        self.known: dict[int, Any] = {}
        self.keep: list[Any] = []
        self.paths: dict[Any, Path] = {}
        self.written: dict[Any, None] = {}
        self.met: dict[int, Path] = {}  # objects that are known, by identity: where they were met first
        self.same: dict[Any, Path] = {}  # other paths to them
        self.classes: set[type] = set()
        self.doubtful: set[tuple[str, str]] = set()  # exceptions that the evaluator met on a path of the program
        self.unassigned: dict[tuple[ObjectValue, str], Variable] = {}  # attributes that objects do not have yet
        self.outside: dict[Any, tuple[Path, Variable]] = {}  # globals and class attributes that the program writes
        self.pins: dict[Any, Any] = {}
        self.sizes: dict[Value, tuple[Path, int, int]] = {}
        self.by_place: dict[Any, Value] = {}
        self.buffers: list[tuple[np.ndarray, int]] = []
        self.groups: dict[int, list[tuple[np.ndarray, Path]]] = {}
        self.views: dict[Any, tuple[Input, overlap.Placement]] = {}
        self.was_written: set[int] = set()
        self.meet_outside: Callable[[Value, Value], None] | None = None  # of an inner program: asks the outer one

    # ------------------------------------------------------------------ guards
    def guard(self, path: Path | None, kind: str, expected: Any) -> None:
        """Take a fact for granted, to be checked at each call."""
        if path is not None and path.root[0] != "object":
            self.guards.setdefault((path.key, kind), Guard(path, kind, expected))

    @contextmanager
    def at_top(self) -> Iterator[None]:
        """Make slots and variables as if at the function's first line."""
        t = self.t
        inner = t.frames[1:]
        del t.frames[1:]
        with t.builder.outside(1):
            try:
                yield
            finally:
                t.frames.extend(inner)

    # ------------------------------------------------------------------ any object
    def internal(self, value: Any, path: Path | None) -> Any:
        """A Python object as a value of the evaluator."""
        if isinstance(value, (bool, str, bytes, type(None), enum.Enum, np.bool_)):
            self.guard(path, "equal", value)
            return value
        if isinstance(value, (int, float, complex, np.generic)):
            return self._number(value, path)
        argument = isinstance(value, np.ndarray) and path is not None and path.is_argument
        alone = argument and (not self.merged or id(overlap.owner_of(value)[0]) in self.groups)
        if id(value) in self.known and not alone:
            self._again(value, path)
            return self.known[id(value)]
        made = self._object(value, path)
        if made is not value and not alone:
            self.known[id(value)] = made
            self.keep.append(value)
            if path is not None:
                self.met[id(value)] = path
        return made

    def _again(self, value: Any, path: Path | None) -> None:
        """An object is reached by another path: that they lead to one object is taken for granted."""
        first = self.met.get(id(value))
        if path is None or first is None or path.key == first.key:
            return
        self.guard(path, "one", first)
        self.same[path.key] = first

    def guard_distinct(self) -> None:
        """At the end: containers that were several objects must be so at later calls."""
        groups: dict[type, list[Path]] = {}
        for value in self.keep:
            path = self.met.get(id(value))
            if path is not None and (isinstance(value, (list, dict, set)) or is_plain_object(value)):
                groups.setdefault(type(value), []).append(path)
        for paths in groups.values():
            if len(paths) > 1:
                self.guard(paths[0], "distinct", tuple(paths))

    def guard_class(self, type_: type) -> None:
        """Take for granted what a class and its bases are: methods, properties and the like. Of subclasses of tuple
        only those are taken that are compared, indexed and iterated over like tuples."""
        replaced = [name for name in _OF_TUPLES if issubclass(type_, tuple) and class_attribute(
            type_, name) is not class_attribute(tuple, name)]
        if replaced:
            self.t.fail(f"a tuple whose class {type_.__name__} has a {replaced[0]} of its own", "use a dataclass")
        for base in (*type_.__mro__, *type.mro(type(type_))):
            if base not in self.classes and not is_library(base.__module__):
                self.guard(Path(("dict", {"class": base}, "class")), "members", members_of(base))
            self.classes.add(base)

    def _object(self, value: Any, path: Path | None) -> Any:
        where = path or Path(("object", value) if isinstance(value, np.ndarray) else ("dict", {"it": value}, "it"))
        if isinstance(value, np.ndarray):
            return self._array(value, where)
        if isinstance(value, np.random.Generator):
            self.guard(path, "type", np.random.Generator)
            return self.generator(where.apply(state_of), self._name(where))
        if isinstance(value, tuple) and not hasattr(type(value), "n_sequence_fields"):  # (`sys.version_info` is one)
            self.guard(path, "type", type(value))
            self.guard(path, "length", len(value))
            if type(value) is not tuple:
                self.guard_class(type(value))
            return tuple.__new__(type(value), [self.internal(v, where.item(k)) for k, v in enumerate(value)])
        if type(value) is list:
            return self._list(value, where)
        if isinstance(value, dict):
            return self._dict(value, where)
        if isinstance(value, set):
            self.guard(path, "exact", exactly(value))
            return SetValue(set(value), 1, original=True)
        if is_plain_object(value):
            self.guard(path, "type", type(value))
            self.guard_class(type(value))
            made = ObjectValue(type(value), {}, 1, original=value)
            self.paths[made] = where
            return made
        self.guard(path, "is", value)
        return value

    def generator(self, path: Path, name: str) -> RandomValue:
        """A random generator, whose state is found at a path."""
        two = Constant(2, Kind.INT)
        param = self.t.builder.param(ArrayType(Kind.F64, (two,)), name)
        position = self._register(path, Kind.F64, 1, False, param)
        with self.at_top():
            cell = self.t.new_cell(param, name, origin=position)
        return RandomValue(Array(cell, (), (two,)))

    def seeded(self, seed: Any, static: bool) -> RandomValue:
        """A generator that is made anew at each call, from a seed that is known or an argument."""
        if static:
            return self.generator(Path(("object", seed)).apply(Seeded()), "rng")
        value = self.t.builder.resolve(seed.value) if isinstance(seed, Scalar) else None
        for item in self.inputs:
            if item.value is value and item.kind is Kind.INT:
                return self.generator(item.path.apply(Seeded()), "rng")
        return self.t.fail("a random generator whose seed is computed", "pass the seed as an argument")

    def _list(self, value: list[Any], path: Path) -> Any:
        made: Any
        site = ("input", path.key)
        if is_packed(value) and not growth.is_static(self.t, site):
            made = self._packed(value, path, site)
        else:
            self.guard(path, "type", list)
            self.guard(path, "length", len(value))
            self.guard(path, "unpacked", None)
            with self.at_top():
                made = dynamic_lists.made(self.t, [self.internal(v, path.item(k)) for k, v in enumerate(value)], site)
        self.paths[made] = path
        return made

    def _packed(self, value: list[float], path: Path, site: Any) -> Any:
        """A long list of floats: a dynamic list filled from an array."""
        self.guard(path, "packed", None)
        t, name, position = self.t, self._name(path), len(self.inputs)
        length = t.builder.param(ScalarType(Kind.INT), f"{name}_n", shape_of=(position, 0))
        t.nonnegative.add(length)
        array = t.builder.param(ArrayType(Kind.F64, (length,)), name)
        self.inputs.append(Input(path, Kind.F64, 1, True, position, array, packed=True))
        with self.at_top():
            return dynamic_lists.from_array(t, array, site)

    def _dict(self, value: dict[Any, Any], path: Path) -> Any:
        self.guard(path, "type", type(value))
        if set(map(type, value)) <= {str}:
            self.guard(path, "keys", tuple(value))
        else:
            self.guard(path.apply(tuple), "exact", exactly(tuple(value)))
        with self.at_top():
            made = DictValue({k: self.t.variable(str(k), self.internal(v, path.item(k))) for k, v in value.items()}, 1,
                             type=type(value), default=getattr(value, "default_factory", None))
        self.paths[made] = path
        return made

    def object_field(self, owner: ObjectValue, name: str) -> Variable | None:
        """The variable of an attribute, taken in on first use."""
        variable = owner.fields.get(name)
        if variable is None and owner.original is not None and name in instance_attributes(owner.original):
            value = getattr(owner.original, name)
            with self.at_top():
                variable = Variable(name, 1, None)
                variable.stored = store_tree(self.t.builder, self.internal(value, self.paths[owner].attribute(name)),
                                             name)
            owner.fields[name] = variable
        return variable

    def guard_lack(self, owner: ObjectValue, name: str) -> None:
        """Take for granted that an object has no attribute of its own with a name, which its class is asked for."""
        if owner in self.paths:
            self.guard(self.paths[owner], f"lacks_{name}", name)

    def load_fields(self, owner: ObjectValue) -> None:
        """Take in all attributes of an object."""
        if owner.original is not None:
            for name in instance_attributes(owner.original):
                self.object_field(owner, name)

    def load_all(self, value: Any) -> None:
        """Take in every leaf of a structure."""
        if isinstance(value, ObjectValue):
            self.load_fields(value)
            children: list[Any] = [v.stored for v in value.fields.values()]
        elif isinstance(value, tuple):
            children = list(value)
        elif isinstance(value, (ListValue, DictValue)):
            entries = value.items if isinstance(value, ListValue) else value.items.values()
            children = [v.stored for v in entries]
        else:
            return
        for child in children:
            self.load_all(child.target if isinstance(child, Reference) else child)

    def note_write(self, owner: Any) -> None:
        """Note that a container was written: those from outside are written back at the end."""
        if getattr(owner, "snapshot", ""):
            self.t.fail(owner.snapshot, "write to a copy")
        owner = getattr(owner, "outer", None) or owner
        if owner in self.paths:
            self.written[owner] = None

    # ------------------------------------------------------------------ numbers
    def _number(self, value: Any, path: Path | None) -> Any:
        if path is None or (path.root[0] == "object" and not path.steps):
            return value
        small = unrolling.FIX in self.t.decisions and type(value) is int and abs(value) <= unrolling.MAX_SIZE
        if path.key in self.pins or small:
            self.guard(path, "equal", value)
            return value
        known = self.paths.get(("number", path.key))
        if known is not None:
            return known
        self.guard(path, "type", type(value))
        python = not isinstance(value, np.generic)
        if isinstance(value, np.generic):
            kind = kind_of(value.dtype)
            if kind is None:
                self.guard(path, "equal", value)
                return value
        else:
            kind = Kind.INT if isinstance(value, int) else Kind.F64 if isinstance(value, float) else Kind.C128
            if isinstance(value, int) and not -(2**63) <= value < 2**63:
                self.guard(path, "equal", value)
                return value
        param = self.t.builder.param(ScalarType(kind), self._name(path))
        self._register(path, kind, -1, python, param)
        scalar = Scalar(param, python)
        self.paths[("number", path.key)] = scalar  # type: ignore[assignment]
        return scalar

    def _name(self, path: Path) -> str:
        for _, key in reversed(path.steps):
            if isinstance(key, str) and key.isidentifier():
                return key
        if path.root[0] == "arg":
            base = self.argument_names[path.root[1]]
            return "_".join([base, *(str(k) for _, k in path.steps if isinstance(k, int))])
        return str(path.root[2]) if path.root[0] == "dict" else "hidden"

    argument_names: tuple[str, ...] = ()

    def _register(self, path: Path, kind: Kind, rank: int, python: bool, value: Value) -> int:
        position = len(self.inputs)
        self.inputs.append(Input(path, kind, rank, python, position, value))
        return position

    # ------------------------------------------------------------------ arrays
    def _array(self, value: np.ndarray, path: Path) -> Any:
        if type(value) is not np.ndarray and value.dtype.kind in "fc":  # another class, another meaning of `*`
            self.t.fail(f"an array of type {type(value).__name__}", "pass a plain array: np.asarray(x)")
        kind = array_kind(value)
        if kind is None:
            self.guard(path, "is", value)
            return value
        if value.ndim == 0:
            number = self._number(value[()], path)
            return bare.marked(self.t, number, _GIVEN) if isinstance(number, Scalar) else number
        owner, hops = overlap.owner_of(value)
        if id(owner) in self.groups:
            return self._shared(value, owner, hops, path)
        return self._buffer(value, kind, path)

    @property
    def merged(self) -> bool:
        """True when arguments that share memory are taken as views of one buffer."""
        return "merge" in self.t.decisions

    def share(self, args: tuple[Any, ...]) -> None:
        """Before tracing: which arguments share memory, if that is to be heeded."""
        if self.merged:
            self.groups = overlap.groups(args)

    def array_written(self, position: int) -> None:
        """An input array is about to be written: arrays that share its memory must be one buffer (start over)."""
        self.was_written.add(position)
        self._look_for_overlap(position)

    def _look_for_overlap(self, position: int) -> None:
        if self.merged:
            return
        mine = next((array for array, where in self.buffers if where == position), None)
        if mine is None:  # a stand-in of an array of an outer program, which knows its aliases itself
            return
        for array, where in self.buffers:
            if where != position and np.shares_memory(mine, array):
                raise Restart("merge", True, self.t.span, "arguments share memory that is written")

    def given_order(self, value: np.ndarray, path: Path) -> Order | None:
        """How an input array lies in memory, which is guarded where it decides something."""
        found = layout_of(value)
        if found == "C":
            keys: Keys | None = tuple(range(value.ndim))
            unit = 1
        elif found == "F":
            keys, unit = tuple(reversed(range(value.ndim))), 1
        else:
            keys, unit = found
        return None if keys is None else Order(keys, unit, frozenset((Given(path, found),)))

    def guard_apart(self) -> None:
        """At the end: arrays that are written must share no memory with others at later calls."""
        for array, position in self.buffers:
            others = [self.inputs[where].path for _, where in self.buffers if where != position]
            if position in self.was_written and others and array is not None:
                self.guard(self.inputs[position].path, "apart", tuple(others))

    def _shared(self, value: np.ndarray, owner: np.ndarray, hops: int, path: Path) -> Array:
        """An argument that shares its memory with another: a view of the buffer that owns it."""
        kind = array_kind(owner)
        if kind is None or not owner.flags.c_contiguous or kind is not kind_of(owner.dtype):
            self.t.fail("arguments share memory whose owner is no contiguous array of numbers, and one is written",
                        "pass copies")
        where = path
        for _ in range(hops):
            where = where.attribute("base")
        if id(owner) not in self.known:
            self.known[id(owner)] = self._buffer(owner, kind, where)
            self.keep.append(owner)
        whole = self.known[id(owner)]
        place = overlap.placement(value, owner)
        root = self.inputs[whole.cell.source]
        self.guard(path, "placed", (root.path, place))
        self.guard(path, "array", array_signature(value))
        self.views[path.key] = (root, place)
        view: Array = arrays.subview(self.t, whole, overlap.affine_view(place, owner))
        return replace(view, readonly=not value.flags.writeable)

    def _buffer(self, value: np.ndarray, kind: Kind, path: Path) -> Array:
        name = self._name(path)
        position = len(self.inputs)
        dims: list[Value] = []
        for axis, size in enumerate(value.shape):
            pinned = self._known_dim(path, axis, size)
            if pinned is not None:
                dims.append(pinned)
            else:
                dim = self.t.builder.param(ScalarType(Kind.INT), f"{name}_n{axis}" if value.ndim > 1 else f"{name}_n",
                                           shape_of=(position, axis))
                self.t.nonnegative.add(dim)
                self.sizes[dim] = (path, axis, size)
                self.by_place[path.key, axis] = dim
                dims.append(dim)
        param = self.t.builder.param(ArrayType(kind, tuple(dims)), name)
        self._register(path, kind, value.ndim, False, param)
        self.buffers.append((value, position))
        for written in self.was_written:
            self._look_for_overlap(written)
        with self.at_top():
            cell = self.t.new_cell(param, name, origin=position)
        cell.order = self.given_order(value, path)
        self.guard(path, "array", array_signature(value))
        return Array(cell, (), tuple(dims), readonly=not value.flags.writeable)


    def _known_dim(self, path: Path, axis: int, size: int) -> Value | None:
        """A dimension that is 1, or that an earlier tracing found to be fixed or equal to another's."""
        if size == 1:
            return ONE
        decision = self.t.decisions.get(("dim", path.key, axis))
        if decision is None and unrolling.FIX in self.t.decisions and size <= unrolling.MAX_SIZE:
            decision = size
        if isinstance(decision, int):
            self.guard(path, f"size{axis}", (axis, decision))
            return Constant(decision, Kind.INT)
        if decision is not None:
            other, other_axis = decision
            found = self.by_place.get((other.key, other_axis))
            if found is not None:
                self.guard(path, f"same{axis}", (axis, other, other_axis))
            return found
        return None

    def at_least(self, dim: Value, bound: int) -> bool:
        """True when a dimension is the size of an input that is at least `bound` now. Either is guarded: what is made
        for a shorter one is good for others, but may refuse them."""
        known = self.sizes.get(dim)
        if known is None:
            return False
        path, axis, size = known
        self.guard(path, f"{'least' if size >= bound else 'below'}{axis}_{bound}", (axis, bound))
        return size >= bound

    def meet(self, a: Value, b: Value) -> None:
        """Two dimensions must be equal: where both are sizes of inputs and are equal now, that is guarded instead of
        checked (tracing starts over)."""
        first, second = self.sizes.get(a), self.sizes.get(b)
        if first is not None and second is not None and first[2] == second[2]:
            order = list(self.sizes)
            (path, axis, _), (other, other_axis, _) = ((second, first) if order.index(a) < order.index(b)
                                                        else (first, second))
            raise Restart(("dim", path.key, axis), (other, other_axis), self.t.span, "dimensions that meet are equal")
        for known, fixed in ((first, b), (second, a)):
            if known is not None and isinstance(fixed, Constant) and fixed.value == known[2]:
                raise Restart(("dim", known[0].key, known[1]), known[2], self.t.span, "a dimension is fixed")
        if self.meet_outside is not None:
            self.meet_outside(a, b)


def array_kind(value: np.ndarray) -> Kind | None:
    """The kind of an array's elements; other integers count as int64, what is no number has none."""
    kind = kind_of(value.dtype)
    if kind is None and np.issubdtype(value.dtype, np.integer) and value.dtype != np.dtype(np.uint64):
        return Kind.INT
    return kind
