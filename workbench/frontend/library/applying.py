"""Functions applied to elements, and indices run over: `np.vectorize`, `np.ndindex`, `np.ndenumerate`, windows.

How compositions speak to the front end stands here too: they refuse, hold a value, and say how an array lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.frontend import arithmetic, arrays, generators, layout
from workbench.frontend.activation import Activation
from workbench.frontend.composed import elementwise, held, refuse
from workbench.frontend.composed.applying import vectorized
from workbench.frontend.composed.shaping import windows
from workbench.frontend.library.operands import as_operand
from workbench.frontend.library.registry import handles_instances, implements
from workbench.frontend.numbers import number_kind
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import END, Array, Partial, Scalar


# ---------------------------------------------------------------------- what compositions say
@implements(refuse)
def refuse_(act: Activation, reason: str, hint: str) -> Any:
    """A composition refuses: at the user's line."""
    act.t.fail(reason, hint)


@implements(held)
def held_(act: Activation, x: Any) -> Any:
    """The value without its derivative."""
    value = as_operand(act.t, x)
    if number_kind(value) is None or not isinstance(value, (Array, Scalar)):
        return value
    return arithmetic.elementwise(act.t, "stop", [value])


@implements(elementwise)
def elementwise_(act: Activation, x: Any, *operands: Any) -> Any:
    """The array, lying as NumPy would have it."""
    t = act.t
    order = layout.combined_order(t, operands, x.dims)
    if order == layout.order(t, x):
        return x
    return layout.laid(t.new_array(t.emit("copy", arrays.read(t, x))), order)


# ---------------------------------------------------------------------- functions applied
@handles_instances(np.vectorize)
def vectorize(callee: Any, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A call of what `np.vectorize` made."""
    if callee.signature is not None or callee.excluded:
        act.t.fail("np.vectorize with a signature or excluded arguments", "write the loop out")
    otypes = callee.otypes[0] if callee.otypes else None
    return act.t.environment.call(act, vectorized, (callee.pyfunc, otypes, *args), named)


@implements(np.vectorize)
def make_vectorized(act: Activation, pyfunc: Any, otypes: Any = None, doc: Any = None, excluded: Any = None,
                    cache: bool = False, signature: Any = None) -> Any:
    """What is to be applied to elements; of several results' types the first counts."""
    if excluded or signature:
        act.t.fail("np.vectorize with a signature or excluded arguments", "write the loop out")
    kinds = [otypes] if isinstance(otypes, str) else act.t.environment.items(act, otypes) if otypes else [None]
    return Partial(vectorized, (pyfunc, kinds[0]), {})


# ---------------------------------------------------------------------- places
@implements(np.ndindex)
def ndindex(act: Activation, *shape: Any) -> Any:
    """The indices, known while specialising."""
    sizes = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
    return generators.over(act.t, _places(act.t, sizes))


def _places(t: Tracer, shape: Sequence[Any]) -> list[tuple[int, ...]]:
    return list(np.ndindex(*(t.static_int(n, "a size that np.ndindex runs over") for n in shape)))


@implements(np.ndenumerate)
def ndenumerate(act: Activation, arr: Any) -> Any:
    """Indices, known while specialising, and elements, read when their turn comes."""
    t = act.t
    array = as_operand(t, arr)
    places = _places(t, [t.dim(d) for d in array.dims] if isinstance(array, Array) else [])
    held = t.variable("$iterated", array)

    def fetch(k: int) -> Any:
        if k >= len(places):
            return END
        return places[k], t.environment.item(act, t.read(held), places[k]) if places[k] else t.read(held)
    return generators.cursor(t, fetch, lambda: len(places))


@implements(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(act: Activation, x: Any, *args: Any, **named: Any) -> Any:
    """Windows on an array, read-only, here a copy that is not read once the array was written."""
    made = act.t.environment.call(act, windows, (x, *args), named)
    array = as_operand(act.t, x)
    made.cell.order = None
    if isinstance(array, Array):
        array.cell.shown_by(made.cell)
    return Array(made.cell, (), made.dims, readonly=True)
