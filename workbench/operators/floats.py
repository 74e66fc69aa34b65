"""The floats in structures of plain Python values: taken out, put in, compared.

Invariant: what holds no float (integers, flags, texts) keeps its place; order and names go by the structure.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend import is_real_data, map_leaves, named_leaves
from workbench.operators.identities import copied


def flat(x: Any) -> list[np.ndarray]:
    """The floats and arrays of floats in a structure, in order."""
    return [np.asarray(leaf) for _, leaf in named_leaves("", x) if is_real_data(leaf)]


def names(x: Any, where: str = "") -> list[str]:
    """What to call each of them."""
    return [path for path, leaf in named_leaves(where, x) if is_real_data(leaf)]


def with_leaves(x: Any, leaves: list[Any], keep: bool) -> Any:
    """The structure with other leaves (taken from the front of the list); what holds no float stays or becomes None."""
    def replaced(leaf: Any) -> Any:
        if not is_real_data(leaf):
            return leaf if keep else None
        if isinstance(leaf, np.ndarray):
            return np.asarray(leaves.pop(0), dtype=leaf.dtype).reshape(leaf.shape)
        number: Any = complex(leaves.pop(0))
        return type(leaf)(number if isinstance(leaf, (complex, np.complexfloating)) else number.real)
    return map_leaves(replaced, x)


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
