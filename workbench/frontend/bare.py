"""Arrays without axes: numbers to the evaluator, but NumPy can change them in place, and show them in views.

Such a number is marked by the place in the program that made it (`Bare`, among the `others` of a scalar, so that joins
keep it, and loops settle: all that one place makes is taken for one array).
What is computed from it is a number like any other. It is changed in place where one name alone has it; where another
may have it too, or a view, or where it is itself a view of an array that is written later, that is refused.

Invariant: a program that can tell such an array from a number gives what NumPy gives, or is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from workbench.frontend.numbers import number_kind
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import Alternative, Array, Bare, Scalar, Variable, bare_in

_NEW = (np.array, np.copy, np.zeros, np.ones, np.full, np.empty, np.zeros_like, np.ones_like, np.full_like,
        np.empty_like, np.where, np.select, np.choose, np.piecewise, np.tensordot)
_VIEWS = (np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray, np.require, np.reshape, np.squeeze,
          np.transpose, np.moveaxis, np.swapaxes, np.broadcast_to, np.broadcast_arrays, np.ravel, np.atleast_1d,
          np.atleast_2d, np.atleast_3d, np.expand_dims)
_VIEW_METHODS = frozenset({"reshape", "squeeze", "transpose", "ravel", "swapaxes", "view"})
_NUMBER_METHODS = frozenset({"item", "tolist", "sum", "prod", "mean", "std", "var", "max", "min", "ptp", "all", "any",
                             "dot", "trace", "round", "clip"})
_SHOWN = "an array without axes that is shown by a view is changed in place"
_SHOWS = "a write to a view of an array without axes"
_PART = "a view without axes of an array is changed in place"
_HELD = "an array without axes that is in a list of run-time length, or was given to a recursive function, is changed"
_BEHIND = "a write to an array of which a view without axes was taken"
_INSTEAD = "take the number out (`float(...)`, `[()]`), or write `z = z + ...`"


def of(value: Any) -> list[Bare]:
    """The arrays without axes that a value may be."""
    return list(bare_in(value)) if isinstance(value, Scalar) else []


def marked(t: Tracer, value: Any, why: str = "", shared: list[Bare] | None = None) -> Any:
    """A number as an array without axes: a new one, or one of those that it shares its memory with."""
    kind = number_kind(value)
    if kind is None or isinstance(value, Array):
        return value
    others = value.others if isinstance(value, Scalar) else frozenset()
    arrays = shared if shared is not None else [t.bares.setdefault((t.span, why), Bare(why))]
    mine = frozenset(Alternative(kind, False, None, array) for array in arrays)
    return Scalar(t.scalar(value, kind), False, frozenset(a for a in others if a.array is None) | mine)


def given(t: Tracer, callee: Any, args: tuple[Any, ...], named: dict[str, Any], found: Any) -> Any:
    """What a function of NumPy has given, marked where that is an array without axes. What is not known to be new
    shares its memory with such arrays among the arguments."""
    if isinstance(callee, np.ufunc) or not (getattr(callee, "__module__", None) or "").startswith("numpy"):
        return found
    operands = (*args, *named.values())
    shared = [array for operand in operands for array in of(operand)]
    views = any(callee is f for f in _VIEWS)
    new = any(callee is f for f in _NEW) and not (shared and "copy" in named)

    def one(value: Any) -> Any:
        if isinstance(value, Array):
            return shown(t, shared, value) if views else value
        if number_kind(value) is None or of(value):
            return value
        if shared and not new:
            return marked(t, value, shared=shared)
        if views and isinstance(operands[0], Array):
            return part(t, operands[0], value)
        return marked(t, value) if new or views else value
    return tuple(map(one, found)) if type(found) is tuple else one(found)


def of_method(t: Tracer, owner: Any, name: str, options: int, found: Any) -> Any:
    """What a method of an array (without axes), called with so many arguments, has given."""
    if isinstance(owner, Array):
        return part(t, owner, found) if name in _VIEW_METHODS and isinstance(found, Scalar) else found
    shared = of(owner)
    if not shared or name in _NUMBER_METHODS:
        return found
    if isinstance(found, Array):
        return shown(t, shared, found) if name in _VIEW_METHODS else found
    if name == "copy" or (name == "astype" and options == 1):
        return marked(t, found)
    return marked(t, found, shared=shared)


def left(t: Tracer, variables: Iterable[Variable]) -> None:
    """A function was left: its names hold nothing any more."""
    names = set(variables)
    for array in t.bares.values():
        array.holders -= names


def shown(t: Tracer, arrays: Sequence[Bare], view: Array) -> Array:
    """A view with axes, perhaps of arrays without them: neither can be written from here on, then."""
    if arrays:
        _unchanged(t, arrays, _SHOWN)
        view.cell.snapshot = _SHOWS
    return view


def held(t: Tracer, value: Any) -> None:
    """A number becomes an entry of a list of run-time length, or is given to a recursive function."""
    _unchanged(t, bare_in(value), _HELD)


def _unchanged(t: Tracer, arrays: Iterable[Bare], why: str) -> None:
    """Arrays must not be changed in place from here on, nor in another turn of a loop."""
    for array in arrays:
        if array.changed and any(frame.kind == "loop" for frame in t.frames):
            t.fail(why, _INSTEAD)
        array.why = array.why or why


def part(t: Tracer, array: Array, found: Any) -> Any:
    """A view without axes of an array, which must not be written from here on."""
    in_loop = any(frame.kind == "loop" for frame in t.frames[array.cell.depth:])
    if in_loop and array.cell.written:
        t.fail(_BEHIND, "take the number out: `a.item()`, `a[i]`")
    array.cell.snapshot = array.cell.snapshot or _BEHIND
    return marked(t, found, _PART)


def require_number(t: Tracer, value: Any) -> None:
    """Refuse where it is asked whether a number is an array."""
    if of(value):
        t.fail("whether this is an array without axes or a number", "take the number out (`float(...)`, `[()]`)")


def may_change(t: Tracer, old: Scalar) -> None:
    """Before an array without axes is changed in place."""
    for array in of(old):
        if array.why:
            t.fail(array.why, _INSTEAD)
        if len(array.holders) > 1:
            t.fail("an array without axes is changed in place that another name may have, too", _INSTEAD)


def changed(t: Tracer, old: Scalar, found: Any) -> Any:
    """What an array without axes has become."""
    for array in of(old):
        array.changed = True
    if isinstance(found, Array):
        raise ValueError("non-broadcastable output operand")
    if number_kind(found) is not old.kind:
        t.fail("a change in place of an array without axes to another kind of number", "write `z = z + ...`")
    return marked(t, found, shared=of(old))
