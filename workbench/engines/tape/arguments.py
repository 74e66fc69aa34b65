"""The arguments of a recorded run: made active before it, plain again after it.

The program's own containers hold active numbers while it runs, so that aliases stay aliases; at every exit they hold
plain ones again, changed as the program itself would have changed them. Arrays keep their memory.

Invariant: after a refusal every argument is as it was before the call.
"""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.engines.tape.active import ACTIVE, NUMBERS, bottom
from workbench.engines.tape.array import ActiveArray, fresh
from workbench.engines.tape.operations import number
from workbench.engines.tape.recorder import INPUT, Part, Recorder
from workbench.engines.tape.refusal import refuse
from workbench.engines.tape.remains import plain_of
from workbench.engines.tape.structures import (
    _FLOATS,
    Items,
    Leaf,
    Tree,
    _held_elsewhere,
    as_tuple,
    content,
    copied,
    fill,
    is_object,
    plain_objects,
    table_kind,
)

_OPERATIONS = tuple(f"{side}{name}" for name in ("add", "sub", "mul", "truediv", "pow", "mod", "floordiv", "divmod")
                    for side in ("", "r")) + ("neg", "abs", "pos", "lt", "le", "gt", "ge", "eq", "ne", "bool", "hash")


class Arguments:
    """The arguments of a run, made active."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.known: dict[int, tuple[Any, Tree]] = {}
        self.containers: list[tuple[Any, Any, Any]] = []  # a container, what it held, what it holds at the start
        self.arrays: list[tuple[ActiveArray, Any]] = []  # and what they held
        self.objects: list[tuple[Any, Any]] = []  # arrays of objects, and what they held
        self.sets: list[tuple[Any, Any]] = []  # and what they held

    def active(self, x: Any, wrt: bool) -> tuple[Any, Tree]:
        """An argument with its floats as independent variables (`wrt`) or as they are; and its tree."""
        x = plain_of(x)
        if isinstance(x, _FLOATS):
            return self.number(x) if wrt else (x, None)
        if isinstance(x, np.ndarray):
            return self.array(x, wrt)
        if isinstance(x, tuple):
            items, trees = self.several(x, wrt)
            return as_tuple(x, items), Items(x, None, trees) if wrt else None
        if isinstance(x, (list, dict, collections.deque)) or is_object(x):
            if id(x) not in self.known:
                self.container(x, wrt)
            return x, self.known[id(x)][1]
        if isinstance(x, set):
            self.sets.append((x, x.copy()))
        if wrt and any(isinstance(v, _FLOATS) for v in _held_elsewhere(x)):
            raise refuse(f"a derivative by the floats in a {type(x).__name__}: it has no places for them",
                         "pass them in a list, dict or dataclass")
        return x, None

    def several(self, items: Any, wrt: bool) -> tuple[list[Any], tuple[Tree, ...]]:
        """The items of a container."""
        pairs = [self.active(v, wrt) for v in items]
        return [p for p, _ in pairs], tuple(t for _, t in pairs)

    def number(self, x: Any) -> tuple[Any, Tree]:
        """An independent variable."""
        plain = bottom(x)
        if isinstance(plain, float) and any(getattr(type(plain), f"__{name}__") is not getattr(base, f"__{name}__")
                                            for base in (np.float64 if isinstance(plain, np.float64) else float,)
                                            for name in _OPERATIONS):
            raise refuse(f"an argument of type {type(plain).__name__}, a float with operators of its own",
                         "pass a float, or a class that holds one")
        node = self.recorder.any_number(INPUT, x.real if isinstance(x, (complex, np.complexfloating)) else x, ())
        if isinstance(x, (complex, np.complexfloating)):
            self.recorder.any_number(INPUT, x.imag, ())
        return number(x, node, self.recorder), Leaf(Part(np.array(node), np.asarray(plain).dtype), type(plain))

    def array(self, x: Any, wrt: bool) -> tuple[Any, Tree]:
        """An array, its memory shared with the user's."""
        if x.dtype.kind not in "fc":
            if wrt and x.dtype.kind == "O":
                raise refuse("a derivative by an array of objects", "pass an array of floats, or a list")
            if wrt and x.dtype.kind == "V":
                raise refuse("a derivative by an array of records", "pass each field as an array of its own")
            if x.dtype.kind == "O":
                self.objects.append((x, x.copy()))
            return x, None
        if type(x) not in (np.ndarray, ActiveArray):  # another class, another meaning of `*`
            raise refuse(f"an argument of type {type(x).__name__}", "pass a plain array")
        made = fresh(x, self.recorder)
        tree = None
        if wrt:
            made = ActiveArray(made.primal, self.recorder.leaves(x), self.recorder)
            tree = Leaf(Part(made.nodes.copy(), x.dtype), None)
        for other, _ in self.arrays:
            if share_memory(bottom(other), bottom(x)):
                other.nodes.flags.writeable = made.nodes.flags.writeable = False  # a write would be seen by one only
        self.arrays.append((made, x.copy()))
        return made, tree

    def container(self, x: Any, wrt: bool) -> None:
        """A list, dictionary or object: it holds active numbers until the end of the run."""
        before = content(x)
        self.known[id(x)] = (x, None)
        values = list(before.values()) if isinstance(before, dict) else before
        items, trees = self.several(values, wrt)
        now = dict(zip(before, items, strict=True)) if isinstance(before, dict) else items
        self.known[id(x)] = (x, Items(copied(x), tuple(before) if isinstance(before, dict) else None,
                                      trees) if wrt else None)
        self.containers.append((x, before, now))
        fill(x, now)

    def restore(self) -> None:
        """Give the user's arguments what they held before the run."""
        for x, before, _ in self.containers:
            fill(x, before)
        for array, values in self.arrays:
            if bottom(array).flags.writeable:
                array.primal[...] = values
        for items, held in self.sets:
            items.clear()
            items.update(held)
        for objects, held in self.objects:
            plain_objects(objects, lambda v: v.primal if type(v) in ACTIVE else v)
            if objects.flags.writeable:
                objects[...] = held

    def write_back(self, plain: Callable[[Any], Any]) -> None:
        """Give the user's containers what the program has left in them."""
        for x, _ in (*self.objects, *self.sets):
            plain(x)
        for x, before, now in self.containers:
            found = content(x)
            if isinstance(x, dict) and any(type(k) in NUMBERS for k in x):
                table_kind(x).clear(x)
            if isinstance(found, dict):
                fill(x, {plain(k): before[k] if k in now and v is now[k] else plain(v) for k, v in found.items()})
            else:
                fill(x, [before[k] if k < len(now) and v is now[k] else plain(v) for k, v in enumerate(found)])


def share_memory(a: np.ndarray, b: np.ndarray) -> bool:
    """True where two arrays have an element in common, or where that is too hard to find out."""
    try:
        return bool(np.shares_memory(a, b, max_work=10_000))  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True


class Plain:
    """Gives objects that hold active numbers plain ones, in place, each object once."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.known: dict[int, Any] = {}

    def __call__(self, x: Any) -> Any:
        """The object as the program itself would have given it."""
        if type(x) in ACTIVE:
            if x.recorder is not self.recorder:
                return x
            return x.primal
        if isinstance(x, tuple):
            items = [self(v) for v in x]
            changed = any(a is not b for a, b in zip(items, x, strict=True))
            return as_tuple(x, items) if changed else x
        if isinstance(x, np.ndarray) and x.dtype.kind == "O":
            plain_objects(x, self)
            return x
        if not (isinstance(x, (list, dict, set, frozenset, collections.deque)) or is_object(x)) or id(x) in self.known:
            return x
        self.known[id(x)] = x
        if isinstance(x, (set, frozenset)):
            items = [self(v) for v in x]
            if any(a is not b for a, b in zip(items, x, strict=True)):
                if isinstance(x, frozenset):
                    return type(x)(items)
                x.clear()
                x.update(items)
            return x
        held = content(x)
        if not isinstance(held, dict):
            fill(x, [self(v) for v in held])
        elif isinstance(x, dict) and any(type(k) in NUMBERS for k in held):
            made = {self(k): self(v) for k, v in held.items()}
            table_kind(x).clear(x)
            fill(x, made)
        else:
            fill(x, {k: self(v) for k, v in held.items()})
        return x
