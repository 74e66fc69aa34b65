"""Structures of numbers, as the users' functions take and give them: trees of their leaves, and containers of their own
kind made anew.

Invariant: no method of a user's class runs where a container is taken apart or made.
"""

from __future__ import annotations

import collections
import collections.abc
import copy
import functools
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from workbench.engines.tape.active import ACTIVE, bottom
from workbench.engines.tape.active_number import bare
from workbench.engines.tape.array import ActiveArray
from workbench.engines.tape.reach import reaches_active
from workbench.engines.tape.recorder import INACTIVE, Part, Recorder, gathered, scattered
from workbench.engines.tape.refusal import kept, refuse
from workbench.engines.tape.remains import KEPT
from workbench.frontend import instance_attributes, is_plain_object
from workbench.records import dataclass

_FLOATS = (float, np.floating, complex, np.complexfloating)
_MISSING = object()


# ---------------------------------------------------------------------- trees of leaves
@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A number (of Python or NumPy: its type) or an array (None): its nodes."""

    part: Part
    kind: Any


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """A container: what it was, and a tree (or None) per item, key or attribute."""

    model: Any
    keys: tuple[Any, ...] | None
    children: tuple[Any, ...]


Tree = Leaf | Items | None


def leaves(tree: Tree) -> Iterator[Leaf]:
    """The numbers and arrays of a tree."""
    if isinstance(tree, Leaf):
        yield tree
    elif isinstance(tree, Items):
        for child in tree.children:
            yield from leaves(child)


def read(tree: Tree, numbers: Any) -> Any:
    """The numbers of the nodes of a tree, in its structure; None where it holds no float."""
    if tree is None:
        return None
    if isinstance(tree, Items):
        return rebuilt(tree.model, tree.keys, [read(child, numbers) for child in tree.children])
    found = gathered(tree.part, numbers)
    if tree.kind is None or type(found) in ACTIVE:
        return bare(found) if tree.kind in (float, complex) else found
    return tree.kind(found.item() if isinstance(found, np.generic) else found)


def write(tree: Tree, given: Any, numbers: Any, what: str) -> None:
    """Add what is given, of the structure of a tree, to the numbers of its nodes. Raises TypeError where it does not
    fit."""
    if tree is None or given is None:
        return
    if isinstance(tree, Leaf):
        shape = np.shape(bottom(given))
        if shape not in ((), tree.part.nodes.shape):
            raise TypeError(f"{what} has the shape {shape}, not {tree.part.nodes.shape}")
        scattered(tree.part, numbers, given if type(given) in ACTIVE else np.asarray(
            given, dtype=complex if tree.part.is_complex else float))
        return
    items = _items_of(given, tree.keys)
    if items is None or len(items) != len(tree.children):
        raise TypeError(f"{what} has not the structure of what it belongs to")
    for child, item in zip(tree.children, items, strict=True):
        write(child, item, numbers, what)


def _items_of(x: Any, keys: tuple[Any, ...] | None) -> list[Any] | None:
    """What is given for the items, keys or attributes of a container (None for zero); None where it does not fit."""
    if keys is None:
        return list(x) if isinstance(x, (list, tuple, collections.deque)) else None
    if set(x) - set(keys) if isinstance(x, dict) else keys and not any(hasattr(x, str(k)) for k in keys):
        return None
    return [x.get(k) if isinstance(x, dict) else getattr(x, k, None) for k in keys]


def rebuilt(model: Any, keys: tuple[Any, ...] | None, items: list[Any]) -> Any:
    """A container of the model's own type, made without running `__init__`."""
    if isinstance(model, tuple):
        return as_tuple(model, items)
    if isinstance(model, collections.deque):
        return type(model)(items, model.maxlen)
    made: Any
    if isinstance(model, list):
        made = copy.copy(model)
        made[:] = items
        return made
    assert keys is not None
    if isinstance(model, dict):
        made = copy.copy(model)
        fill(made, dict(zip(keys, items, strict=True)))
        return made
    made = empty(type(model))
    for key, item in zip(keys, items, strict=True):
        object.__setattr__(made, key, item)
    return made


def as_tuple(model: Any, items: list[Any]) -> Any:
    """A tuple of the model's own class, with its attributes."""
    made = tuple.__new__(type(model), items)
    if type(model) is not tuple and getattr(model, "__dict__", None):
        made.__dict__.update(model.__dict__)
    return made


def plain_objects(array: Any, plain: Callable[[Any], Any]) -> None:
    """Give an array of objects plain ones, in place."""
    for where, held in np.ndenumerate(array):
        left = plain(held)
        if left is not held:
            array[where] = left


def empty(cls: type) -> Any:
    """An instance of a class, made without its own methods."""
    return types.SimpleNamespace.__new__(cls) if issubclass(cls, types.SimpleNamespace) else object.__new__(cls)


def is_object(x: Any) -> bool:
    """True for an instance of a user's class, whose attributes may be floats."""
    top = type(x).__module__.partition(".")[0]
    if type(x) in ACTIVE or isinstance(x, types.SimpleNamespace):
        return type(x) not in ACTIVE
    library = top == "workbench" or (top in sys.stdlib_module_names and top != "__main__")
    return not library and is_plain_object(x)


def result_tree(x: Any, recorder: Recorder) -> Tree:
    """The nodes of a result; INACTIVE for numbers that are not active."""
    if type(x) in ACTIVE:
        if x.recorder is not recorder and x.recorder.closed:
            raise kept()
        plain = bottom(x)
        nodes = x.nodes.copy() if type(x) is ActiveArray else np.array(x.node)
        if x.recorder is not recorder:
            nodes = np.full(np.shape(plain), INACTIVE)
        return Leaf(Part(nodes, np.asarray(plain).dtype), None if type(x) is ActiveArray else type(plain))
    if type(x) in KEPT:
        raise kept()
    if isinstance(x, _FLOATS):
        return Leaf(Part(np.array(INACTIVE), np.asarray(x).dtype), type(x))
    if isinstance(x, np.ndarray) and x.dtype.kind in "fc":
        return Leaf(Part(np.full(x.shape, INACTIVE), x.dtype), None)
    if isinstance(x, (tuple, list, collections.deque)):
        return Items(x, None, tuple(result_tree(v, recorder) for v in x))
    if isinstance(x, dict):
        return Items(x, tuple(x), tuple(result_tree(v, recorder) for v in x.values()))
    if is_object(x):
        keys = tuple(instance_attributes(x))
        return Items(x, keys, tuple(result_tree(getattr(x, k), recorder) for k in keys))
    if isinstance(x, collections.abc.Iterator):
        raise refuse(f"a result of type {type(x).__name__}, whose items are not made yet",
                     "return them in a list or tuple")
    if isinstance(x, _FUNCTIONS) and reaches_active(x):
        raise refuse("a result that is a function which uses active numbers", "return numbers or arrays")
    if any(type(v) in ACTIVE or reaches_active(v) for v in _held_elsewhere(x)):
        raise refuse(f"a result that holds active numbers in a {type(x).__name__}: it has no places for derivatives",
                     "return them in a list, dict or dataclass")
    return None


def _held_elsewhere(x: Any) -> list[Any]:
    """What a container of another kind holds, one that a derivative has no structure for."""
    if isinstance(x, np.ndarray):
        return x.reshape(-1).tolist() if x.dtype.kind in "OV" else []
    if isinstance(x, BaseException):
        return [*x.args, *vars(x).values()]
    if type(x) is functools.partial:
        return [*x.args, *x.keywords.values()]
    if isinstance(x, collections.abc.Mapping):
        return list(x.values())
    return list(x) if isinstance(x, collections.abc.Collection) and not isinstance(x, _WITHOUT_ITEMS) else []


_FUNCTIONS = (types.FunctionType, types.MethodType)
_WITHOUT_ITEMS = (str, bytes, bytearray, range, memoryview, type)


def content(x: Any) -> Any:
    """What a container holds: a list, or a dictionary by keys or attributes."""
    if isinstance(x, (list, collections.deque)):
        return list(x)
    return dict(x) if isinstance(x, dict) else {k: getattr(x, k) for k in instance_attributes(x)}


def copied(x: Any) -> Any:
    """A container as a model of its kind (its own content may change)."""
    if isinstance(x, (list, dict, collections.deque)):
        return copy.copy(x)
    made = empty(type(x))
    for key in instance_attributes(x):
        object.__setattr__(made, key, getattr(x, key))
    return made


def fill(x: Any, held: Any) -> None:
    """Give a container a content, without its own methods; only what differs is touched."""
    if isinstance(x, list):
        if len(x) != len(held) or any(a is not b for a, b in zip(x, held, strict=True)):
            list.__setitem__(x, slice(None), held)
    elif isinstance(x, collections.deque):
        if list(x) != held or any(a is not b for a, b in zip(x, held, strict=True)):
            x.clear()
            x.extend(held)
    elif isinstance(x, dict):
        kind = table_kind(x)
        for key in [k for k in x if k not in held]:
            kind.__delitem__(x, key)
        for key, value in held.items():
            if kind.get(x, key, _MISSING) is not value:
                kind.__setitem__(x, key, value)
    else:
        for key in [k for k in instance_attributes(x) if k not in held]:
            object.__delattr__(x, key)
        for key, value in held.items():
            if getattr(x, key, _MISSING) is not value:
                object.__setattr__(x, key, value)


def table_kind(x: dict[Any, Any]) -> Any:
    """The class whose methods change a dictionary without those of the user's own class."""
    return collections.OrderedDict if isinstance(x, collections.OrderedDict) else dict


