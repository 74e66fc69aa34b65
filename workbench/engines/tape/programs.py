"""Structured operations: NumPy's functions of arrays, differentiated by the compiler's front end and transforms.

The value is NumPy's own. For the derivative the call alone is traced to IR, on the shapes at hand; the pullback and
pushforward of that IR run in the interpreter. A derivative is IR again, so that under an outer recorder it is an
operation like any other, to any order. What the front end does not take is refused at the user's line.

Invariant: a program stands for a call only where its value is NumPy's, looked at once when it is made.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from workbench.engines.tape.active import ACTIVE, actives, bottom, holds_active, is_constant, recorder_of
from workbench.engines.tape.array import ActiveArray, fresh, from_items, wrap
from workbench.engines.tape.meanings import functions, written_out
from workbench.engines.tape.recorded_ir import recorded, stripped_of
from workbench.engines.tape.recorder import Recorder
from workbench.engines.tape.refusal import refuse
from workbench.engines.tape.texts import note_text
from workbench.engines.tape.traced_calls import program_of
from workbench.frontend import Leaf, Node, Tree, leaves
from workbench.frontend.library import lookup
from workbench.rules import by_callable

_OVERWRITING = frozenset({np.median, np.quantile, np.percentile, np.nanmedian, np.nanquantile, np.nanpercentile})


# ---------------------------------------------------------------------- programs that stand for calls
def structured(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A call of a NumPy (or SciPy) function with active arguments."""
    if all(is_constant(x) for x in actives((args, named))):
        return _of_constants(callee, args, named)
    if callee in _OVERWRITING:  # the argument is of no use afterwards, as NumPy says: it is left as it is
        call = inspect.signature(callee).bind(*args, **named)
        call.arguments["overwrite_input"] = False
        args, named = call.args, call.kwargs
    names = [k for k, v in named.items() if (v is not None or k == "axis") and v is not np._NoValue]
    named = {k: named[k] for k in names}
    values = tuple(_array_like(a) for a in (*args, *named.values()))
    recorder = recorder_of(values)
    stripped = tuple(stripped_of(v, recorder) for v in values)
    value = by_numpy(callee, *stripped[:len(args)], **dict(zip(names, stripped[len(args):], strict=True)))
    if value is None:
        raise refuse(f"np.{getattr(callee, '__name__', callee)} writes into active arrays in place",
                     "write it with indices")
    shown = any(np.may_share_memory(bottom(v), bottom(a)) for v in _arrays_of(value) for a in _arrays_of(stripped))
    if not _has_floats(value) and not shown:
        note_text(value, recorder)
        return value
    if shown:
        return _view(callee, args, named, value)
    active = frozenset(k for k, v in enumerate(values) if not all(is_constant(x) for x in actives(v)))
    traced, function, given = program_of(callee, tuple(_plain(v) for v in stripped), tuple(names), bottom(value),
                                         active)
    inputs = [item.path.fetch((None, *(values[k] for k in given))) for item in traced.inputs]
    outputs = [leaf.position for leaf in leaves(traced.output) if leaf.kind.is_inexact]
    results = iter(recorded(getattr(callee, "__name__", "call"), function, inputs, outputs, recorder,
                             _found(value, traced.output)))
    return _rebuilt(value, traced.output, results)


def _of_constants(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A call in which nothing is active: NumPy's own. Its new arrays may hold active numbers later."""
    return _made(callee(*bottom(args), **bottom(named)), list(actives((args, named))), recorder_of(args, named))


def _made(value: Any, operands: list[Any], recorder: Recorder) -> Any:
    if isinstance(value, (tuple, list)):
        items = [_made(v, operands, recorder) for v in value]
        return items if type(value) is list else tuple.__new__(type(value), items)  # type: ignore[type-var]
    if type(value) is not np.ndarray:
        return value
    shown = [a for a in operands if np.may_share_memory(value, bottom(a))]
    for a in shown:
        a.show()
    return value if shown else fresh(value, recorder)


def _array_like(x: Any) -> Any:
    """An argument with nested lists of active numbers as arrays, and scalar arrays as numbers."""
    if type(x) is ActiveArray:
        return x if x.ndim else x[()]
    if type(x) not in ACTIVE and isinstance(x, (list, tuple)) and holds_active(x):
        if any(type(v) is ActiveArray for v in x):
            return type(x)(_array_like(v) for v in x) if type(x) in (list, tuple) else x
        return from_items(x)
    return x


def _plain(x: Any) -> Any:
    """What the front end sees of an argument."""
    x = bottom(x)
    if isinstance(x, np.generic) and not isinstance(x, np.inexact):
        return x.item()
    return x


def by_numpy(callee: Any, *args: Any, **named: Any) -> Any:
    """A NumPy function, recorded where an argument is active."""
    return dispatch(callee, args, named) if holds_active((args, named)) else callee(*args, **named)


def dispatch(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A NumPy function with active arguments."""
    handler = functions.get(callee)
    if handler is None and callee in written_out and lookup(callee) is None and by_callable(callee) is None:
        handler, args = written_out[callee], tuple(_array_like(a) for a in args)
    return structured(callee, args, named) if handler is None else handler(*args, **named)


def in_own_words(error: Exception, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Exception:
    """The exception that NumPy itself raises on copies of the plain numbers; a refusal where it raises none."""
    try:
        callee(*copy.deepcopy(bottom(args)), **copy.deepcopy(bottom(named)))
    except Exception as own:
        return own
    name = getattr(callee, "__name__", callee)
    return refuse(f"this call of np.{name} is not known on the tape ({error})", "write it out")


def _has_floats(value: Any) -> bool:
    """True for a value with floats in it. What may hide them (records, arrays of objects, objects) is refused."""
    if isinstance(value, (list, tuple)):
        found = [_has_floats(v) for v in value]
        return any(found)
    if isinstance(value, (float, complex)):
        return True
    if isinstance(value, (np.ndarray, np.generic)):
        if value.dtype.kind in "OV":
            raise refuse(f"active numbers in an array of {value.dtype}", "keep each field in an array of its own")
        return value.dtype.kind in "fc"
    if not isinstance(value, _WITHOUT_FLOATS):
        raise refuse(f"active numbers in a {type(value).__name__}, an object of the library's", "use arrays of floats")
    return False


def _view(callee: Any, args: tuple[Any, ...], named: dict[str, Any], value: Any) -> Any:
    """A result that is a view of the only active array among the arguments: it has the same view of the nodes."""
    found = list(actives((args, named)))
    if len(found) == 1 and type(found[0]) is ActiveArray and isinstance(value, np.ndarray) and (
            value.dtype == found[0].dtype and getattr(callee, "__name__", "") != "frombuffer"):
        nodes = callee(*(a.nodes if a is found[0] else a for a in args), **named)
        if nodes.shape == value.shape and np.may_share_memory(nodes, found[0].nodes):
            return wrap(value, nodes, found[0].recorder)
    raise refuse(f"np.{getattr(callee, '__name__', callee)} gives a view of its argument", "copy it (`.copy()`)")


def _arrays_of(value: Any) -> Iterator[Any]:
    """The arrays in nested lists and tuples."""
    if isinstance(value, (list, tuple)):
        for v in value:
            yield from _arrays_of(v)
    elif isinstance(value, np.ndarray):
        yield value


_WITHOUT_FLOATS = (int, str, bytes, type, np.dtype, slice, type(None))


def _found(value: Any, tree: Tree) -> list[Any]:
    """The floats of a value, in the order of the program's results."""
    if isinstance(tree, Node):
        return [x for v, c in zip(value, tree.children, strict=True) for x in _found(v, c)]
    return [value] if isinstance(tree, Leaf) and tree.kind.is_inexact else []


def _rebuilt(value: Any, tree: Tree, results: Any) -> Any:
    """The value with its floats replaced by recorded ones."""
    if isinstance(tree, Node):
        items = [_rebuilt(v, c, results) for v, c in zip(value, tree.children, strict=True)]
        return items if isinstance(value, list) else tuple.__new__(type(value), items)
    return next(results) if isinstance(tree, Leaf) and tree.kind.is_inexact else value


# ---------------------------------------------------------------------- IR on active numbers

