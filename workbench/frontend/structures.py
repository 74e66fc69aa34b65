"""Structures of plain Python values: their leaves by path, and other leaves in their places.

A leaf is anything but a tuple, a list, a dict or an object of a user's class. Paths read as Python: `theta`,
`state.pos[1]`, `w['bias']`. What views list, checks move and identities copy are leaves.

Invariant: a structure that is made has the types, keys and attributes of its model; no `__init__` runs.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from workbench.frontend.paths import instance_attributes, is_plain_object


def is_real_data(leaf: Any) -> bool:
    """Whether a leaf is a float or complex number or an array of them, and so has a derivative."""
    if isinstance(leaf, np.ndarray):
        return leaf.dtype.kind in "fc"
    return isinstance(leaf, float | complex | np.inexact)


def named_leaves(path: str, value: Any, whole: type | tuple[type, ...] = ()) -> Iterator[tuple[str, Any]]:
    """(path, leaf) of each leaf, in order. What is `whole` is a leaf, too; what is inside itself is not entered again.

    >>> list(named_leaves("w", {"bias": 1.0, "layers": [(2.0, "tanh")]}))
    [("w['bias']", 1.0), ("w['layers'][0][0]", 2.0), ("w['layers'][0][1]", 'tanh')]
    """
    return _leaves(path, value, whole, frozenset())


def _leaves(path: str, value: Any, whole: type | tuple[type, ...], around: frozenset[int]) -> Iterator[tuple[str, Any]]:
    parts = None if isinstance(value, whole) else _parts(value)
    if parts is None:
        yield path, value
    elif id(value) not in around:
        for step, part in parts:
            yield from _leaves(f"{path}{step}", part, whole, around | {id(value)})


def _parts(value: Any) -> list[tuple[str, Any]] | None:
    """What a container holds, and how Python writes where; None for a leaf."""
    if isinstance(value, dict):
        return [(f"[{key!r}]", part) for key, part in value.items()]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return [(f".{name}", part) for name, part in zip(value._fields, value, strict=True)]
    if isinstance(value, tuple | list):
        return [(f"[{index}]", part) for index, part in enumerate(value)]
    if is_plain_object(value):
        return [(f".{name}", getattr(value, name)) for name in instance_attributes(value)]
    return None


def map_leaves(function: Callable[[Any], Any], value: Any, whole: type | tuple[type, ...] = ()) -> Any:
    """The same structure with each leaf replaced, in the order of `named_leaves`. What is `whole` is a leaf, too.

    >>> map_leaves(lambda leaf: 2 * leaf, {"bias": 1.0, "layers": [(2.0, 3.0)]})
    {'bias': 2.0, 'layers': [(4.0, 6.0)]}
    """
    if isinstance(value, whole):
        return function(value)
    if isinstance(value, dict):
        made = copy.copy(value)
        made.update({key: map_leaves(function, part, whole) for key, part in value.items()})
        return made
    if isinstance(value, tuple):
        return tuple.__new__(type(value), [map_leaves(function, part, whole) for part in value])
    if isinstance(value, list):
        return [map_leaves(function, part, whole) for part in value]
    if is_plain_object(value):
        made = copy.copy(value)
        for name in instance_attributes(value):
            object.__setattr__(made, name, map_leaves(function, getattr(value, name), whole))
        return made
    return function(value)
