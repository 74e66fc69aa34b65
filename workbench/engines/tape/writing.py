"""NumPy functions that write into an array they are given: `out=`, `np.copyto`, `np.put` and their kin.

Invariant: nothing active is written into an array that the tape does not know.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.engines.tape.active import NUMBERS, actives, bottom, holds_active, is_constant
from workbench.engines.tape.array import ActiveArray, from_items
from workbench.engines.tape.meanings import records
from workbench.engines.tape.programs import by_numpy
from workbench.engines.tape.refusal import refuse
from workbench.ir import DifferentiationError


def made_outside() -> DifferentiationError:
    """What is raised where an array is to hold active numbers that was made where nobody could see it."""
    return refuse("an active number is written into an array made outside of the differentiated function",
                  "make the array inside, or pass it as an argument")


def castable(result: Any, target: Any) -> None:
    """Raise where NumPy does not cast a result to the dtype of the array that it goes into."""
    given = np.asarray(bottom(result)).dtype
    if not np.can_cast(given, target.dtype, "same_kind"):
        raise TypeError(f"{given} is written into an array of {target.dtype}")


def written(result: Any, out: Any, exact: bool = False) -> Any:
    """A result written into `out=`, of as many axes at most (`exact`: of as many)."""
    (target,) = out if isinstance(out, tuple) else (out,)
    axes, rank = np.ndim(bottom(result)), np.ndim(bottom(target))
    if axes > rank or (exact and axes != rank):
        raise ValueError(f"non-broadcastable output operand: the result has {axes} axes, `out` has {rank}")
    castable(result, target)
    if type(target) is not ActiveArray and all(is_constant(x) for x in actives(result)):
        target[...] = bottom(result)
        return target
    if type(target) is not ActiveArray:
        raise made_outside()
    target[...] = result
    return target


@records(np.copyto)
def _copyto(target: Any, source: Any, casting: Any = "same_kind", where: Any = True) -> None:
    if type(target) is not ActiveArray:
        raise made_outside()
    np.copyto(np.empty(target.shape, target.dtype), bottom(source), casting, bottom(where))  # raises what NumPy raises
    if where is True:
        target[...] = source
        return
    test = np.broadcast_to(bottom(where), target.shape)
    if np.ndim(bottom(source)):
        source = by_numpy(np.broadcast_to, source, target.shape)[test]
    target[test] = source


@records(np.put)
def _put(a: Any, where: Any, value: Any, mode: Any = "raise") -> None:
    np.put(np.empty(np.shape(bottom(a))), bottom(where), 0.0, mode)  # refuses what is out of bounds
    _written_in_order(a, _places(a, where, mode), value)


@records(np.put_along_axis)
def _put_along_axis(a: Any, indices: Any, values: Any, axis: Any) -> None:
    if type(a) is not ActiveArray:
        raise made_outside()
    a[np.unravel_index(np.take_along_axis(np.arange(a.size).reshape(a.shape), bottom(indices), axis), a.shape)] = values


@records(np.fill_diagonal)
def _fill_diagonal(a: Any, value: Any, wrap: bool = False) -> None:
    places = np.zeros(a.shape, dtype=bool)
    np.fill_diagonal(places, True, wrap)
    if type(a) is not ActiveArray:
        raise made_outside()
    a[places] = value


@records(np.place)
def _place(a: Any, mask: Any, values: Any) -> None:
    chosen = np.flatnonzero(bottom(mask))
    if chosen.size and not np.size(bottom(values)):
        raise ValueError("Cannot insert from an empty array!")
    _written_in_order(a, chosen, values)


@records(np.putmask)
def _putmask(a: Any, mask: Any, values: Any) -> None:
    chosen = np.flatnonzero(bottom(mask))
    _written_in_order(a, chosen, values, chosen)


def _places(a: Any, where: Any, mode: str) -> Any:
    """Indices of the elements in order that `np.put` means."""
    count, where = np.size(bottom(a)), np.ravel(bottom(where))
    if mode == "clip":
        return np.clip(where, 0, count - 1)
    return np.where(where < 0, where + count, where) if mode == "raise" else where % count


def _written_in_order(a: Any, places: np.ndarray, values: Any, taken: np.ndarray | None = None) -> None:
    """Write into elements in order, from values that are repeated where there are not enough."""
    if type(a) is not ActiveArray:
        raise made_outside()
    values = from_items(values) if holds_active(values) and type(values) not in NUMBERS else values
    count = np.size(bottom(values))
    if not places.size or not count:
        return
    if np.ndim(bottom(values)):
        values = by_numpy(np.ravel, values)[(np.arange(len(places)) if taken is None else taken) % count]
    a = a if a.ndim else a.reshape(1)
    a[np.unravel_index(places, a.shape)] = values
