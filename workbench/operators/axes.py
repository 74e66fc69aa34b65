"""Which axis of each array of a structure is mapped over: `in_axes` and `out_axes` of `wb.vmap`.

An entry stands for all that is below it: one number for a whole structure, or a structure of the same layout with an
entry for each part (a tuple for a tuple or list, a dict for a dict, an object of the same class for an object).

Invariant: a structure is taken apart by who knows what it is made of (`Parts`): plain Python's here, the evaluator's
stand-ins in `mapped_loops`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from workbench.engines.tape.opaque import parts_of
from workbench.operators.containers import Keys
from workbench.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """How structures are taken apart and made anew.

    of: the keys (None for sequences) and parts of a container, None for what is none. rebuilt: a container like another
    one, of other parts."""

    of: Callable[[Any], tuple[Keys, list[Any]] | None]
    rebuilt: Callable[[Any, Keys, list[Any]], Any]

    def mapped(self, value: Any, axes: Any, name: str, leaf: Callable[[Any, int | None, str], Any]) -> Any:
        """The structure with `leaf(part, axis, name)` in place of each part that is no container."""
        found = self.of(value)
        if found is None:
            return leaf(value, _axis(axes, name), name)
        keys, children = found
        inner = _spread(axes, keys, len(children), name)
        names = [f"{name}[{k!r}]" for k in (keys if keys is not None else range(len(children)))]
        made = [self.mapped(c, a, n, leaf) for c, a, n in zip(children, inner, names, strict=True)]
        return self.rebuilt(value, keys, made)


def _axis(axes: Any, name: str) -> int | None:
    if axes is None:
        return None
    try:
        if isinstance(axes, bool):
            raise TypeError
        return operator.index(axes)
    except TypeError:
        raise TypeError(f"vmap: the axis for {name} is {axes!r}; an axis is an int or None") from None


def _spread(axes: Any, keys: Keys, count: int, name: str) -> list[Any]:
    """An entry for each part of a container."""
    if axes is None or isinstance(axes, int):
        return [axes] * count
    found = parts_of(axes)
    if found is None or (found[0] is None) != (keys is None) or len(found[1]) != count or (
            keys is not None and set(found[0] or ()) != set(keys)):
        raise ValueError(f"vmap: the axes {axes!r} have not the layout of {name}")
    if keys is None:
        return found[1]
    given = dict(zip(found[0] or (), found[1], strict=True))
    return [given[key] for key in keys]


def of_arguments(in_axes: Any, count: int) -> list[Any]:
    """An entry for each argument that is passed by position."""
    if in_axes is None or isinstance(in_axes, int):
        return [in_axes] * count
    if not isinstance(in_axes, (tuple, list)):
        raise TypeError(f"vmap: in_axes is an int, None, or a tuple with an entry per argument, not {in_axes!r}")
    if len(in_axes) != count:
        raise ValueError(f"vmap: in_axes has {len(in_axes)} entries, and the function is called with {count} arguments")
    return list(in_axes)


def normalised(axis: int, rank: int, name: str) -> int:
    """An axis counted from the front. Raises ValueError where the array has no such axis."""
    if rank == 0:
        raise ValueError(f"vmap: {name} is a number, which has no axis to map over; give None as its axis")
    if not -rank <= axis < rank:
        raise ValueError(f"vmap: axis {axis} is out of bounds for {name}, an array of {rank} dimensions")
    return axis % rank


NOTHING_MAPPED = "vmap: no argument is mapped; in_axes must give the axis of at least one array"
EMPTY = "vmap: the batch is empty, so that what the function returns is not known"
UNEQUAL = "vmap: the mapped axes have different sizes"
