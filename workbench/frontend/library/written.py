"""Compositions as handlers: they are entered like a user's function, their options `out` and `dtype` are not theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.frontend import arithmetic, arrays, generators, layout
from workbench.frontend.composed import Composition, compositions, elementwise, held, refuse
from workbench.frontend.composed.applying import dense_grid, joined_columns, joined_rows, open_grid, vectorized
from workbench.frontend.composed.shaping import windows
from workbench.frontend.library.elementwise import as_operand
from workbench.frontend.library.registry import (
    Handler,
    implements,
    implements_instances,
    implements_subscript,
    lookup,
)
from workbench.frontend.numbers import number_kind
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import END, Array, Partial, Scalar


def entering(composition: Composition) -> Handler:
    """The handler that evaluates a composition."""
    def handler(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        return act.t.environment.call(act, composition.function, (*composition.first, *args), named)
    return handler


@implements(refuse)
def refuse_(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A composition refuses: at the user's line."""
    act.t.fail(*args)


@implements(held)
def held_(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """The value without its derivative."""
    t = act.t
    value = as_operand(t, args[0])
    if number_kind(value) is None or not isinstance(value, (Array, Scalar)):
        return value
    return arithmetic.elementwise(t, "stop_gradient", [value])


@implements(elementwise)
def elementwise_(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """The array, lying as NumPy would have it."""
    t, (value, *operands) = act.t, args
    order = layout.combined_order(t, operands, value.dims)
    if order == layout.order(t, value):
        return value
    return layout.laid(t.new_array(t.emit("copy", arrays.read(t, value))), order)


@implements_instances(np.vectorize)
def vectorize(callee: Any, act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A call of what `np.vectorize` made."""
    if callee.signature is not None or callee.excluded:
        act.t.fail("np.vectorize with a signature or excluded arguments", "write the loop out")
    otypes = callee.otypes[0] if callee.otypes else None
    return act.t.environment.call(act, vectorized, (callee.pyfunc, otypes, *args), named)


@implements(np.vectorize)
def make_vectorized(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.vectorize(function, otypes=None)`."""
    options = {"otypes": None, **dict(zip(("otypes", "doc"), args[1:], strict=False)), **named}
    if {k for k, v in options.items() if v} - {"otypes", "doc", "cache"}:
        act.t.fail("np.vectorize with a signature or excluded arguments", "write the loop out")
    otypes = options["otypes"]
    kinds = [otypes] if isinstance(otypes, str) else act.t.environment.items(act, otypes) if otypes else [None]
    return Partial(vectorized, (args[0] if args else named["pyfunc"], kinds[0]), {})


@implements(np.ndindex)
def ndindex(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.ndindex(*shape)`: the indices, known while specialising."""
    return generators.over(act.t, _places(act.t, args[0] if len(args) == 1 and isinstance(args[0], tuple) else args))


def _places(t: Tracer, shape: Sequence[Any]) -> list[tuple[int, ...]]:
    return list(np.ndindex(*(t.static_int(n, "a size that np.ndindex runs over") for n in shape)))


@implements(np.ndenumerate)
def ndenumerate(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.ndenumerate(a)`: indices, known while specialising, and elements, read when their turn comes."""
    t: Tracer = act.t
    array = as_operand(t, args[0])
    places = _places(t, [t.dim(d) for d in array.dims] if isinstance(array, Array) else [])
    held = t.variable("$iterated", array)

    def fetch(k: int) -> Any:
        if k >= len(places):
            return END
        return places[k], t.environment.item(act, t.read(held), places[k]) if places[k] else t.read(held)
    return generators.cursor(t, fetch, lambda: len(places))


@implements(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Windows on an array, read-only, here a copy that is not read once the array was written."""
    t = act.t
    made = t.environment.call(act, windows, args, named)
    array = as_operand(t, args[0] if args else named["x"])
    made.cell.order = None
    if isinstance(array, Array):
        array.cell.shown_by(made.cell)
    return Array(made.cell, (), made.dims, made.generation, readonly=True)


def _subscripted(function: Any) -> Handler:
    def handler(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        return act.t.environment.call(act, function, args, named)
    return handler


_SUBSCRIPTS: tuple[tuple[Any, Any], ...] = (
    (np.mgrid, dense_grid), (np.ogrid, open_grid), (np.r_, joined_rows), (np.c_, joined_columns))
for _object, _meaning in _SUBSCRIPTS:
    implements_subscript(_object, _subscripted(_meaning))
implements_subscript(np.s_, lambda act, args, named: args[0])

for _callee, _composition in compositions().items():
    if lookup(_callee) is not None:
        raise ValueError(f"{_callee} has a handler, and a composition as well")
    implements(_callee)(entering(_composition))
