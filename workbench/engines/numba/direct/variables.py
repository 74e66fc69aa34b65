"""The variables of a program, and who holds its arrays.

What is bound once, on all paths, is a value of LLVM; others have a place in memory, which LLVM makes values of.
A variable of an array counts as one reference; what is an argument on all paths is borrowed from the caller and counts
none (see `borrowing`, whose rules these are). References are given up where `releases` says.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from numba.core import cgutils, types

from workbench.engines.numba.borrowing import count
from workbench.engines.numba.direct.code import Code, NotDirect, Typed
from workbench.engines.numba.releases import Branch, Entry, Leave, Loop, Part, Step
from workbench.records import dataclass


class Bindings:
    """How often each name is bound, and which are bound in loops or branches."""

    def __init__(self, params: Iterable[str], parts: Iterable[Part]) -> None:
        self.times: Counter[str] = Counter(params)
        self.inside: set[str] = set()
        self.params = frozenset(self.times)
        self._visit(parts, 0)

    def _visit(self, parts: Iterable[Part], depth: int) -> None:
        for part in parts:
            if isinstance(part, Step):
                self._bind(stored(part.node), depth)
            elif isinstance(part, Branch):
                self._visit(part.then, depth + 1)
                self._visit(part.orelse, depth + 1)
            elif isinstance(part, Loop):
                if isinstance(part.node, ast.For):
                    self._bind(names_of(part.node.target), depth + 1)
                for suite in (part.body, part.orelse):
                    self._visit(suite, depth + 1)
            elif isinstance(part, Leave | Entry):
                continue

    def _bind(self, names: Iterable[str], depth: int) -> None:
        for name in names:
            self.times[name] += 1
            if depth:
                self.inside.add(name)

    def is_fixed(self, name: str) -> bool:
        """Whether a name is bound once, before all that follows."""
        return self.times[name] == 1 and name not in self.inside


def stored(statement: ast.stmt) -> list[str]:
    """The names that a plain statement binds."""
    targets = statement.targets if isinstance(statement, ast.Assign) else (
        [statement.target] if isinstance(statement, ast.AugAssign) else [])
    return [name for target in targets for name in names_of(target)]


def names_of(target: ast.expr) -> list[str]:
    """The names in a target."""
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    return [part.id for part in parts if isinstance(part, ast.Name)]


@dataclass(slots=True, eq=False)
class _Place:
    """Where a variable is: a value (with the fields of an array), or in memory at `slot`. holder: where the reference
    of a variable of an array is, null if it holds none; None where it is borrowed."""

    type: Any
    value: Any = None
    fields: tuple[Any, ...] = ()
    slot: Any = None
    holder: Any = None


class Variables:
    """The variables of a function of LLVM; `arrays` are those that may hold arrays."""

    def __init__(self, code: Code, bindings: Bindings, arrays: Collection[str]) -> None:
        self.code = code
        self.bindings = bindings
        self.arrays = arrays
        self._places: dict[str, _Place] = {}
        self._known: dict[Any, Any] = {}  # what places in memory hold, in this block
        self._block: Any = None

    def __contains__(self, name: str) -> bool:
        return name in self.bindings.times

    # ------------------------------------------------------------------ reading
    def get(self, name: str) -> Typed:
        """The value of a variable."""
        place = self._place(name)
        return Typed(place.type, place.value if place.slot is None else self._loaded(name, place.slot))

    def kind(self, name: str) -> Any:
        """The type of a variable."""
        return self._place(name).type

    def field(self, name: str, position: int) -> Any:
        """Of an array: its memory (0), how many elements it has (1), its dimensions (from 2)."""
        place = self._place(name)
        if place.slot is None:
            return place.fields[position]
        path = _paths(self.code, place.type)[position]
        builder = self.code.builder
        known, key = self._of_block(), (name, position)
        if key not in known:
            known[key] = builder.load(cgutils.gep_inbounds(builder, place.slot, 0, *path))
        return known[key]

    def _place(self, name: str) -> _Place:
        if name not in self._places:
            raise NotDirect(f"{name} is used before it is bound")
        return self._places[name]

    def _of_block(self) -> dict[Any, Any]:
        if self.code.builder.block is not self._block:
            self._known.clear()
            self._block = self.code.builder.block
        return self._known

    def _loaded(self, name: str, slot: Any) -> Any:
        known = self._of_block()
        if name not in known:
            known[name] = self.code.builder.load(slot)
        return known[name]

    # ------------------------------------------------------------------ binding
    def argument(self, name: str, value: Typed) -> None:
        """Bind a parameter: borrowed, unless another array may be bound to it."""
        is_array = isinstance(value.type, types.Array)
        if self.bindings.is_fixed(name):
            self._places[name] = _Place(value.type, value.value, _fields(self.code, value) if is_array else ())
        elif is_array:
            self.take(value)
            self.bind_array(name, value)
        else:
            self.bind(name, value)

    def bind(self, name: str, value: Typed) -> None:
        """Bind a variable to a number."""
        if not isinstance(value.type, types.Number | types.Boolean):
            raise NotDirect(f"a variable that holds {value.type}")
        if self.bindings.is_fixed(name):
            self._places[name] = _Place(value.type, value.value)
            return
        place = self._places.get(name)
        if place is None:
            place = self._places[name] = _Place(value.type, slot=cgutils.alloca_once(
                self.code.builder, value.value.type))
        if place.type != value.type:
            raise NotDirect(f"{name} holds {place.type} and {value.type}")
        self.code.builder.store(value.value, place.slot)
        self._of_block()[name] = value.value

    def bind_array(self, name: str, value: Typed) -> None:
        """Bind a variable to an array, whose reference is handed over; that of what it held is given up."""
        if not isinstance(value.type, types.Array) or value.type.layout != "C" or name not in self.arrays:
            raise NotDirect(f"a variable that holds {value.type}")
        self._prepare(name, value)
        old = None if self.bindings.is_fixed(name) else self._holder(name)
        self.put(name, value)
        if old is not None:
            count(self.code.builder, "variable_releases", "NRT_decref", old)

    def put(self, name: str, value: Typed) -> None:
        """Bind a variable to an array, and leave all references as they are."""
        builder = self.code.builder
        if self.bindings.is_fixed(name):
            holder = cgutils.alloca_once(builder, cgutils.voidptr_t, zfill=True)
            builder.store(builder.extract_value(value.value, 0), holder)
            self._places[name] = _Place(value.type, value.value, _fields(self.code, value), holder=holder)
            return
        self._prepare(name, value)
        builder.store(value.value, self._places[name].slot)
        self._drop(name)
        self._of_block()[name] = value.value

    def _prepare(self, name: str, value: Typed) -> None:
        """Have a place in memory for an array, which holds none at first."""
        place = self._places.get(name)
        if place is None and not self.bindings.is_fixed(name):
            slot = cgutils.alloca_once(self.code.builder, value.value.type, zfill=True)
            place = self._places[name] = _Place(value.type, slot=slot, holder=slot)
        if place is not None and place.type != value.type:
            raise NotDirect(f"{name} holds {place.type} and {value.type}")

    def _drop(self, name: str) -> None:
        """What is known of a variable is no longer so."""
        known = self._of_block()
        for key in [key for key in known if key == name or key[0] == name]:
            del known[key]

    # ------------------------------------------------------------------ references
    def is_borrowed(self, name: str) -> bool:
        """Whether a variable of an array counts no reference."""
        return self._place(name).holder is None

    def take(self, value: Typed) -> None:
        """Count a reference to an array."""
        builder = self.code.builder
        count(builder, "variable_takes", "NRT_incref", builder.extract_value(value.value, 0))

    def release(self, names: Iterable[str]) -> None:
        """Give up the references of variables."""
        for name in sorted(names):
            held = self._holder(name) if name in self._places else None
            if held is not None:
                count(self.code.builder, "variable_releases", "NRT_decref", held)
                self.forget(name)

    def forget(self, name: str) -> None:
        """A variable's reference is another's now."""
        builder, place = self.code.builder, self._places[name]
        builder.store(cgutils.voidptr_t(None), self._reference(place))
        self._drop(name)

    def _holder(self, name: str) -> Any:
        """The reference that a variable holds; None if it has none by now."""
        place = self._places.get(name)
        if place is None or place.holder is None:
            return None
        return self.code.builder.load(self._reference(place))

    def _reference(self, place: _Place) -> Any:
        if place.slot is None:
            return place.holder
        return cgutils.gep_inbounds(self.code.builder, place.slot, 0, 0)


def _paths(code: Code, kind: Any) -> list[tuple[int, ...]]:
    """Where the fields of an array are in its structure."""
    model = code.context.data_model_manager[kind]
    shape = model.get_field_position("shape")
    return [(model.get_field_position("data"),), (model.get_field_position("nitems"),),
            *((shape, axis) for axis in range(kind.ndim))]


def _fields(code: Code, value: Typed) -> tuple[Any, ...]:
    return tuple(code.builder.extract_value(value.value, path) for path in _paths(code, value.type))


