"""The numeric leaves of a structure, by path: what views list and checks walk over.

A leaf is anything but a tuple, list, dict or dataclass. Paths read as Python: `theta`, `state.pos[1]`, `w['bias']`.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


def is_real_data(leaf: Any) -> bool:
    """Whether a leaf is a float or complex number or an array of them, and so has a derivative."""
    if isinstance(leaf, np.ndarray):
        return bool(np.issubdtype(leaf.dtype, np.inexact))
    return isinstance(leaf, float | complex | np.inexact)


def named_leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """(path, leaf) of each leaf, in order."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from named_leaves(f"{path}[{key!r}]", item)
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        for name, item in zip(value._fields, value, strict=True):
            yield from named_leaves(f"{path}.{name}", item)
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from named_leaves(f"{path}[{index}]", item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from named_leaves(f"{path}.{field.name}", getattr(value, field.name, None))
    else:
        yield path, value


def map_leaves(function: Callable[[Any], Any], value: Any) -> Any:
    """The same structure with each leaf replaced; objects are copied without running `__init__`."""
    if isinstance(value, dict):
        return {key: map_leaves(function, item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        items = [map_leaves(function, item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        twin = copy.copy(value)
        for field in dataclasses.fields(value):
            object.__setattr__(twin, field.name, map_leaves(function, getattr(value, field.name, None)))
        return twin
    return function(value)
