"""The floats in structures of plain Python values: taken out, put in, compared.

Invariant: what holds no float (integers, flags, texts) keeps its place; order and names go by the structure.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from workbench.frontend import instance_attributes, is_plain_object
from workbench.operators.identities import copied


def flat(x: Any) -> list[np.ndarray]:
    """The floats and arrays of floats in a structure, in order."""
    if isinstance(x, (float, complex, np.inexact)) or (isinstance(x, np.ndarray) and x.dtype.kind in "fc"):
        return [np.asarray(x)]
    return [leaf for _, child in _children(x) for leaf in flat(child)]


def names(x: Any, where: str = "") -> list[str]:
    """What to call each of them."""
    if isinstance(x, (float, complex, np.inexact)) or (isinstance(x, np.ndarray) and x.dtype.kind in "fc"):
        return [where]
    return [name for key, child in _children(x) for name in names(child, f"{where}{key}")]


def _children(x: Any) -> list[tuple[str, Any]]:
    if isinstance(x, (list, tuple)):
        return [(f"[{k}]", v) for k, v in enumerate(x)]
    if isinstance(x, dict):
        return [(f"[{k!r}]", v) for k, v in x.items()]
    if is_plain_object(x):
        return [(f".{k}", getattr(x, k)) for k in instance_attributes(x)]
    return []


def with_leaves(x: Any, leaves: list[Any], keep: bool) -> Any:
    """The structure with other leaves (taken from the front of the list); what holds no float stays or becomes None."""
    if isinstance(x, np.ndarray) and x.dtype.kind in "fc":
        return np.asarray(leaves.pop(0), dtype=x.dtype).reshape(x.shape)
    if isinstance(x, (float, complex, np.inexact)):
        number: Any = complex(leaves.pop(0))
        return type(x)(number if isinstance(x, (complex, np.complexfloating)) else number.real)
    if isinstance(x, (list, tuple)):
        parts = [with_leaves(v, leaves, keep) for v in x]
        return parts if isinstance(x, list) else tuple.__new__(type(x), parts)
    if isinstance(x, dict):
        made = copy.copy(x)
        made.update({k: with_leaves(v, leaves, keep) for k, v in x.items()})
        return made
    if is_plain_object(x):
        made = copy.copy(x)
        for name in instance_attributes(x):
            object.__setattr__(made, name, with_leaves(getattr(x, name), leaves, keep))
        return made
    return x if keep else None


def inner(a: Any, b: Any) -> float:
    """Re <a, b> of two structures."""
    return float(sum(np.real(np.vdot(x, y)) for x, y in zip(flat(a), flat(b), strict=True)))


def largest(x: Any) -> float:
    """The largest modulus in an array (NaN where there is one)."""
    return float(np.max(np.abs(x), initial=0.0))


def norm(a: Any) -> float:
    """The largest modulus in a structure."""
    return max((largest(x) for x in flat(a)), default=0.0)


def fresh(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Copies of the arguments for one run: what it writes and draws is not seen by the next."""
    made: tuple[Any, ...] = copied(args, generators=True)
    return made
