"""From Python objects to what the evaluator computes with: parameters for numbers, cells for arrays, containers.

Arguments, globals, closure cells and attributes all come in here. Numbers become parameters of the compiled function
(a hidden input where they are not arguments), guarded by type; everything else read is guarded by identity or value.

Invariant: an object that is reached twice is one object to the evaluator too; arrays that share memory are views of one
buffer.
"""

from __future__ import annotations

import enum
from typing import Any

import numpy as np

from workbench.frontend import bare, dynamic_lists, growth, looking, overlap, unrolling
from workbench.frontend.array_inputs import ArrayInputs, array_kind
from workbench.frontend.paths import (
    Input,
    Path,
    class_attribute,
    exactly,
    fits,
    instance_attributes,
    is_library,
    is_packed,
    is_plain_object,
    members_of,
)
from workbench.frontend.values import Array, DictValue, ListValue, ObjectValue, RandomValue, Scalar, SetValue, Variable
from workbench.frontend.variables import Reference, store_tree
from workbench.ir import ArrayType, Constant, Kind, ScalarType, kind_of
from workbench.rules.random import Seeded, state_of

_GIVEN = "an argument without axes is changed in place"


class Inputs(ArrayInputs):
    """Takes objects in, and notes what of them is written."""

    def __init__(self) -> None:
        super().__init__()
        self.paths: dict[Any, Path] = {}
        self.written: dict[Any, None] = {}
        self.met: dict[int, Path] = {}  # objects that are known, by identity: where they were met first
        self.same: dict[Any, Path] = {}  # other paths to them
        self.classes: set[type] = set()
        self.doubtful: set[tuple[str, str]] = set()  # exceptions that the evaluator met on a path of the program
        self.unassigned: dict[tuple[ObjectValue, str], Variable] = {}  # attributes that objects do not have yet
        self.outside: dict[Any, tuple[Path, Variable]] = {}  # globals and class attributes that the program writes
        self.pins: dict[Any, Any] = {}

    # ------------------------------------------------------------------ any object
    def internal(self, value: Any, path: Path | None) -> Any:
        """A Python object as a value of the evaluator."""
        looking.check(value, self.t.span)
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
        replaced = [name for name in looking.OF_TUPLES if issubclass(type_, tuple) and class_attribute(
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
            return self.generator(where.apply(state_of), self.name_of(where))
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
        position = self.register(path, Kind.F64, 1, False, param)
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
        t, name, position = self.t, self.name_of(path), len(self.inputs)
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
        if isinstance(value, int) and not isinstance(value, bool):
            if not fits(value):
                self.guard(path, "equal", value)
                return value
            self.guard(path, "fits", type(value))
        else:
            self.guard(path, "type", type(value))
        python = not isinstance(value, np.generic)
        if isinstance(value, np.generic):
            kind = kind_of(value.dtype)
            if kind is None:
                self.guard(path, "equal", value)
                return value
        else:
            kind = Kind.INT if isinstance(value, int) else Kind.F64 if isinstance(value, float) else Kind.C128
        param = self.t.builder.param(ScalarType(kind), self.name_of(path))
        self.register(path, kind, -1, python, param)
        scalar = Scalar(param, python)
        self.paths[("number", path.key)] = scalar  # type: ignore[assignment]
        return scalar

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
            return self.shared(value, owner, hops, path)
        return self.buffer(value, kind, path)
