"""Calls that are recorded as one operation: their pullback and pushforward are given, and run in the sweeps.

The call runs on plain numbers. Under an outer recorder it is an operation of that one too, and so are the sweeps'
calls: to any order.

Invariant: the arguments are copied when the call is recorded; what the sweeps are given back is held to the structure
and shapes that are asked.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from workbench.engines.tape.active import ACTIVE, bottom, innermost, is_constant
from workbench.engines.tape.array import ActiveArray, fresh, wrap
from workbench.engines.tape.recorder import Recorder, current
from workbench.engines.tape.refusal import refuse
from workbench.engines.tape.structures import Items, Leaf, Tree, content, is_object, leaves, rebuilt, result_tree
from workbench.ir import DifferentiationError, Span

Pull = Callable[[Any, Any, Any], Any]


def opaque(name: str, compute: Callable[..., Any], args: tuple[Any, ...], pull: Pull, push: Pull,
           spans: tuple[Span | None, Span | None] = (None, None)) -> Any:
    """The value of `compute(*args)` as one operation.

    pull(primals, y, y_bar) gives a cotangent per argument, push(primals, y, tangents) the tangent of y, both in the
    structures of what they belong to, with None for what holds no float; spans: where the two are written."""
    recorder = recorder_in(args)
    if recorder is None:
        return compute(*args)
    tree = result_tree(args, recorder)
    primals = stripped(args, recorder)
    y = opaque(name, compute, primals, pull, push, spans)
    kept_y = stripped(y, None)  # the program may write into what it gets
    shape = result_tree(kept_y, recorder)
    operands, results = list(leaves(tree)), list(leaves(shape))

    def pulled(bars: list[Any]) -> Sequence[Any]:
        given = pull(primals, kept_y, filled(shape, iter(bars)))
        return matched(tree, given, f"the reverse-mode rule of {name}", spans[0])

    def pushed(dots: list[Any]) -> Sequence[Any]:
        given = push(primals, kept_y, filled(tree, iter(dots)))
        return matched(shape, given, f"the forward-mode rule of {name}", spans[1])
    values = list(floats_of(y))
    parts = [leaf.part for leaf in operands]
    nodes = recorder.structured(name, [np.asarray(bottom(v)) for v in values], parts, pulled, pushed)
    made = iter([wrap(v, n if leaf.kind is None else int(n), recorder)
                 for v, n, leaf in zip(values, nodes, results, strict=True)])
    return _replaced(y, made)


# ---------------------------------------------------------------------- structures
def recorder_in(x: Any) -> Recorder | None:
    """The innermost recorder of the active numbers in a structure, None where there are none."""
    return innermost(floats_of(x))  # type: ignore[no-any-return]


def parts_of(x: Any) -> tuple[tuple[Any, ...] | None, list[Any]] | None:
    """Keys and items of a container; None for anything else."""
    if type(x) in ACTIVE:
        return None
    if isinstance(x, (tuple, list, collections.deque)):
        return None, list(x)
    if isinstance(x, dict) or is_object(x):
        held = content(x)
        return tuple(held), list(held.values())
    return None


def _is_float(x: Any) -> bool:
    return type(x) in ACTIVE or isinstance(x, (float, complex, np.inexact)) or (
        isinstance(x, np.ndarray) and x.dtype.kind in "fc")


def floats_of(x: Any) -> Iterator[Any]:
    """The numbers and arrays of a structure that may have a derivative, in order."""
    if _is_float(x):
        yield x
        return
    found = parts_of(x)
    for item in found[1] if found is not None else ():
        yield from floats_of(item)


def stripped(x: Any, recorder: Recorder | None) -> Any:
    """A copy of a structure with a recorder's own numbers replaced by what they stand for; with None, arrays that are
    constants of any (what runs on plain numbers makes such ones where it is written in a program that is recorded)."""
    if type(x) in ACTIVE and x.recorder is recorder:
        return x.primal.copy() if type(x) is ActiveArray else x.primal
    if type(x) is ActiveArray and recorder is None and is_constant(x):
        return bottom(x).copy()
    if isinstance(x, np.ndarray):
        return x.copy()
    found = parts_of(x)
    return x if found is None else rebuilt(x, found[0], [stripped(v, recorder) for v in found[1]])


def _replaced(x: Any, floats: Iterator[Any]) -> Any:
    if _is_float(x):
        return next(floats)
    found = parts_of(x)
    return x if found is None else rebuilt(x, found[0], [_replaced(v, floats) for v in found[1]])


def filled(tree: Tree, numbers: Iterator[Any]) -> Any:
    """The structure of a tree with numbers in its leaves, None where it holds no float."""
    if isinstance(tree, Leaf):
        number = next(numbers)
        if tree.kind in (float, complex) and type(number) not in ACTIVE:
            return tree.kind(number.item() if hasattr(number, "item") else number)
        return number
    if isinstance(tree, Items):
        return rebuilt(tree.model, tree.keys, [filled(child, numbers) for child in tree.children])
    return None


def matched(tree: Tree, given: Any, what: str, span: Span | None) -> list[Any]:
    """The numbers of what is given, held to the structure and shapes of a tree. Raises DifferentiationError."""
    def fail(asked: str, hint: str = "") -> DifferentiationError:
        return refuse(f"{what}: {_described(given)} where {asked} is asked", hint, span)
    if tree is None:
        if given is not None and next(floats_of(given), None) is not None:
            raise fail("None", "it stands for what holds no float")
        return []
    if isinstance(tree, Leaf):
        shape = tree.part.nodes.shape
        fits = _is_float(given) or (isinstance(given, (int, np.integer)) and not isinstance(given, bool))
        if not fits or np.shape(bottom(given)) != shape or (
                np.iscomplexobj(bottom(given)) and not tree.part.is_complex):
            hint = "return zeros (0.0, or np.zeros_like of the array) where the derivative is zero"
            raise fail(f"an array of shape {shape}" if tree.kind is None else f"a number ({tree.part.dtype})",
                       hint if given is None else "")
        if tree.kind is None and bottom(given).dtype != tree.part.dtype:
            raise fail(f"an array of {tree.part.dtype}")
        return [given]
    if given is None and not any(True for _ in leaves(tree)):
        return []
    found = parts_of(given)
    keyed = tree.keys is not None
    if found is None or (found[0] is not None) != keyed or (keyed and set(found[0] or ()) != set(tree.keys or ())) or (
            len(found[1]) != len(tree.children)):
        hint = "return a tuple with one entry per argument, also for one: `return (x_bar,)`"
        if type(tree.model) is not tuple:
            hint = "None is for what holds no float: return one like it, with zeros where the derivative is zero" if (
                given is None) else ""
        raise fail(f"a {type(tree.model).__name__} of {len(tree.children)}", hint)
    items = found[1]
    if keyed:
        by_key = dict(zip(found[0] or (), items, strict=True))
        items = [by_key[k] for k in tree.keys or ()]
    return [v for child, item in zip(tree.children, items, strict=True) for v in matched(child, item, what, span)]


def _described(x: Any) -> str:
    plain = bottom(x)
    if isinstance(plain, np.ndarray):
        return f"an array of {plain.dtype} of shape {plain.shape}"
    found = parts_of(plain)
    name = type(plain).__name__
    return f"a {name} of {len(found[1])}" if found is not None else f"{name} {plain!r:.40}"


def zeros_of(x: Any) -> Any:
    """Zeros of the structure of x, None where it holds no float."""
    tree = result_tree(x, Recorder())
    return filled(tree, iter([np.zeros(leaf.part.nodes.shape, leaf.part.dtype)[()] for leaf in leaves(tree)]))


def constant(x: Any) -> Any:
    """A copy of a structure that depends on nothing; its arrays may be written."""
    def plain(x: Any) -> Any:
        if _is_float(x):
            number = bottom(x)
            return fresh(number.copy(), current()) if isinstance(number, np.ndarray) else number
        found = parts_of(x)
        if found is not None:
            return rebuilt(x, found[0], [plain(v) for v in found[1]])
        return x.copy() if isinstance(x, np.ndarray) else x
    return plain(x)
