"""Arrays without axes: numbers to the evaluator, but NumPy can change them in place, and show them in views.

Such a number is marked by the place in the program that made it (`Bare`, among the `others` of a scalar, so that joins
keep it, and loops settle: all that one place makes is taken for one array).
What is computed from it is a number like any other. It is changed in place where one name alone has it; where another
may have it too, or a view, or where it is itself a view of an array that is written later, that is refused.

Invariant: a program that can tell such an array from a number gives what NumPy gives, or is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.frontend.numbers import number_kind
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import Alternative, Array, Bare, Scalar, Variable, bare_in

_MADE = (np.array, np.asarray, np.asanyarray, np.copy, np.zeros, np.ones, np.full, np.empty, np.zeros_like,
         np.ones_like, np.full_like, np.empty_like, np.where, np.select, np.tensordot, np.reshape, np.squeeze,
         np.transpose, np.ravel, np.atleast_1d, np.atleast_2d, np.atleast_3d, np.expand_dims, np.broadcast_to,
         np.moveaxis, np.swapaxes, np.require, np.choose, np.piecewise)
_KEEP = (np.asarray, np.asanyarray, np.require, np.reshape, np.squeeze, np.transpose, np.moveaxis, np.swapaxes,
         np.broadcast_to)  # what they give is, or shows, what they were given
_VIEWS = (*_KEEP, np.ravel, np.atleast_1d, np.atleast_2d, np.atleast_3d, np.expand_dims)
_METHODS = frozenset({"reshape", "squeeze", "transpose", "ravel", "swapaxes", "view"})
_COPIES = frozenset({"copy", "astype"})
_SHOWN = "an array without axes that is shown by a view is changed in place"
_SHOWS = "a write to a view of an array without axes"
_PART = "a view without axes of an array is changed in place"
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
    tokens = shared if shared is not None else [t.bares.setdefault((t.span, why), Bare(why))]
    mine = frozenset(Alternative(kind, False, None, token) for token in tokens)
    return Scalar(t.scalar(value, kind), False, frozenset(a for a in others if a.array is None) | mine)


def given(t: Tracer, callee: Any, args: tuple[Any, ...], found: Any) -> Any:
    """What a function of NumPy has given, marked where that is an array without axes."""
    if not any(callee is f for f in _MADE):
        return found
    operand = args[0] if args else None
    if isinstance(found, Array):
        return shown(t, operand, found) if any(callee is f for f in _VIEWS) else found
    if number_kind(found) is None:
        return found
    if any(callee is f for f in _KEEP) and of(operand):
        return marked(t, found, shared=of(operand))
    if any(callee is f for f in _VIEWS) and isinstance(operand, Array):
        return part(t, operand, found)
    return marked(t, found)


def of_method(t: Tracer, owner: Any, name: str, found: Any) -> Any:
    """What a method of an array (without axes) has given."""
    if isinstance(owner, Array) and name in _METHODS and isinstance(found, Scalar):
        return part(t, owner, found)
    if not of(owner):
        return found
    if isinstance(found, Array):
        return shown(t, owner, found) if name in _METHODS else found
    if name in _METHODS:
        return marked(t, found, shared=of(owner))
    return marked(t, found) if name in _COPIES else found


def left(t: Tracer, variables: Iterable[Variable]) -> None:
    """A function was left: its names hold nothing any more."""
    names = set(variables)
    for array in t.bares.values():
        array.holders -= names


def shown(t: Tracer, owner: Any, view: Array) -> Array:
    """A view with axes of what may be an array without them: neither can be written from here on."""
    for token in of(owner):
        token.why = _SHOWN
        view.cell.snapshot = _SHOWS
    return view


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
    for token in of(old):
        if token.why:
            t.fail(token.why, _INSTEAD)
        if len(token.holders) > 1:
            t.fail("an array without axes is changed in place that another name may have, too", _INSTEAD)


def changed(t: Tracer, old: Scalar, found: Any) -> Any:
    """What an array without axes has become."""
    if isinstance(found, Array):
        raise ValueError("non-broadcastable output operand")
    if number_kind(found) is not old.kind:
        t.fail("a change in place of an array without axes to another kind of number", "write `z = z + ...`")
    return marked(t, replace(found, others=frozenset()) if isinstance(found, Scalar) else found, shared=of(old))
