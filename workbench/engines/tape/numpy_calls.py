"""Calls of NumPy's and SciPy's functions, of methods of arrays and of random draws, in a recorded run.

Invariant: what such a call makes anew may hold active numbers later.
"""

from __future__ import annotations

import functools
import types
from typing import Any

import numpy as np

from workbench.engines.tape.active import ACTIVE, NUMBERS, bottom, holds_active
from workbench.engines.tape.active_number import bare
from workbench.engines.tape.array import ActiveArray, from_items, laid_as
from workbench.engines.tape.c_code import callback, protected
from workbench.engines.tape.functions import made_here
from workbench.engines.tape.late import late
from workbench.engines.tape.operators import call_numpy, overrides
from workbench.engines.tape.refusal import refuse
from workbench.engines.tape.texts import checked_text, holds_text

_READERS = (np.loadtxt, np.genfromtxt)
_DISTRIBUTED = frozenset({"normal", "uniform", "exponential", "lognormal", "laplace", "logistic", "gumbel", "gamma",
                          "beta", "poisson", "binomial", "triangular", "weibull", "rayleigh", "chisquare"})


def call_of_numpy(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A function of NumPy or SciPy; its new arrays may hold active numbers later."""
    if type(callee) is np.ufunc:
        named = {k: v for k, v in named.items() if v is not None}  # (defaults that it takes as given otherwise)
    args = tuple(as_array_of(a) for a in args)
    given = (*args, *named.values())
    if any(overrides(a) for a in args):
        return callee(*args, **named)
    if str(callee.__module__ if hasattr(callee, "__module__") else "").startswith("numpy.testing"):
        return callee(*bottom(args), **bottom(named))
    if holds_active(given):
        if isinstance(callee, np.ufunc) or isinstance(getattr(callee, "__self__", None), np.ufunc):
            return callee(*(_as_operand(a) for a in args), **named)
        if type(callee) is np.vectorize:
            return _by_vectorize(callee, args, named)
        if isinstance(callee, type) or not hasattr(callee, "__name__"):
            return protected(callee, args, named)
        return call_numpy(callee, args, named)
    result = callee(*(a if isinstance(a, type) else callback(a) for a in args), **named)
    if callee in _READERS:
        checked_text(str(result))
    if type(result) is np.ndarray and result.base is None and not any(result is a for a in given):
        return made_here(result)
    return result


def as_array_of(x: Any) -> Any:
    """An object whose class gives an array (`__array__`), which is active: that array; anything else as it is."""
    if type(x) in ACTIVE or isinstance(x, (np.ndarray, np.generic, type)) or not hasattr(type(x), "__array__") or (
            overrides(x)):
        return x
    made = late.mediate(type(x).__array__, x) if type(type(x).__array__) is types.FunctionType else x
    return made if type(made) is ActiveArray else x


def _as_operand(x: Any) -> Any:
    """A list with active numbers as an array, so that NumPy's dispatch sees it."""
    return from_items(x) if type(x) not in ACTIVE and holds_active(x) else x


def vectorized(function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A function of numbers, called for each element of its broadcast arguments."""
    if named:
        raise refuse("keywords of a vectorised function on the tape", "pass them by position")
    arrays = [_as_operand(a) if holds_active(a) else np.asarray(a) for a in args]
    shape = np.broadcast_shapes(*(np.shape(bottom(a)) for a in arrays))
    spread = [a if type(a) in NUMBERS else np.broadcast_to(a, shape) for a in arrays]
    made = [late.mediate(function, *(a if type(a) in NUMBERS else a[where] for a in spread))
            for where in np.ndindex(shape)]
    if not shape:
        return late.mediate(np.float64, made[0])
    lying = functools.reduce(np.bitwise_or, [np.zeros_like(bottom(a), bool) for a in spread])  # as of a ufunc
    result = late.mediate(np.array, made).reshape(shape)
    return result.like(lambda part: laid_as(lying, part)) if type(result) is ActiveArray else laid_as(lying, result)


def _by_vectorize(vectorised: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.vectorize`: the function gets Python's numbers; the first results decide what the others are made, where that
    is not given."""
    if vectorised.signature is not None:
        raise refuse("np.vectorize with a signature on the tape", "write it as a loop")
    places = [k for k in range(len(args)) if k not in vectorised.excluded]
    names = [k for k in named if k not in vectorised.excluded]

    def each(items: list[Any]) -> Any:
        given, by_name = list(args), {**named, **dict(zip(names, items[len(places):], strict=True))}
        for k, item in zip(places, items, strict=False):
            given[k] = item
        return late.mediate(vectorised.pyfunc, *given, **by_name)
    items = [*(args[k] for k in places), *(named[k] for k in names)]
    arrays = [_as_operand(a) if holds_active(a) else np.asarray(a) for a in items]
    shape, kinds = np.broadcast_shapes(*(np.shape(bottom(a)) for a in arrays)), vectorised.otypes
    several = kinds is not None and len(kinds) > 1
    if kinds is None:
        if any(np.size(bottom(a)) == 0 for a in arrays):
            raise ValueError("cannot call `vectorize` on size 0 inputs unless `otypes` is set")
        first = each([a if type(a) in NUMBERS else a[(0,) * a.ndim] for a in arrays])
        several = isinstance(first, tuple)
        kinds = [np.asarray(bottom(v)).dtype for v in (first if several else (first,))]
    cached = [first] if vectorised.otypes is None and vectorised.cache else []
    spread = [a if type(a) in NUMBERS else np.broadcast_to(a, shape) for a in arrays]
    lying = functools.reduce(np.bitwise_or, [np.zeros_like(bottom(a), bool) for a in spread])  # as of a ufunc
    turns = np.nditer(lying, ["multi_index", "zerosize_ok"], order="K")
    results = {}
    for where in (turns.multi_index for _ in turns):
        results[where] = cached.pop() if cached else each(
            [bare(a if type(a) in NUMBERS else a[where]) for a in spread])
    made = [results[where] for where in np.ndindex(shape)]
    columns = [[v[k] for v in made] for k in range(len(kinds))] if several else [made]
    found = tuple(_of_kind(column, np.dtype(kind), lying) for column, kind in zip(columns, kinds, strict=True))
    return found if several else found[0]


def _of_kind(items: list[Any], kind: Any, lying: Any) -> Any:
    """Numbers as an array of some kind that lies as another does."""
    if not holds_active(items) or kind.kind in "iub":
        result: Any = np.array([None, *bottom(items)], dtype=object)[1:].astype(kind)
        return made_here(laid_as(lying, result.reshape(lying.shape)))
    made = late.mediate(np.array, items, kind).reshape(lying.shape)
    return made.like(lambda part: laid_as(lying, part))


def array_method(callee: Any, owner: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A method of an array that is not active, or a draw: its new arrays may hold active numbers later."""
    if any(holds_active(a) for a in (*args, *named.values())) and type(owner) is np.ndarray:
        function = getattr(np, callee.__name__, None)
        if callable(function):
            return call_numpy(function, (owner, *args), named)
    if args and holds_active(args[0]) and getattr(callee, "__name__", "") in ("choice", "permutation"):
        items = _as_operand(args[0])  # the same draws, of places
        place = 4 if callee.__name__ == "choice" else 1
        along = named.get("axis", args[place] if len(args) > place else 0)
        if type(items) is ActiveArray and not along and not holds_active((args[1:], named)):
            return items[callee(len(items), *args[1:], **{k: v for k, v in named.items() if k != "axis"})]
    name = getattr(callee, "__name__", "")
    if name == "shuffle" and args and type(args[0]) is ActiveArray and type(owner) is not np.ndarray and args[0].ndim:
        axis = named.get("axis", args[1] if len(args) > 1 else 0)
        places = np.arange(args[0].shape[axis])
        callee(places)  # the same draws, of places
        args[0][...] = call_numpy(np.take, (args[0], places, axis), {})
        return None
    if type(owner) is not np.ndarray and name in _DISTRIBUTED and holds_active((args, named)):
        raise refuse(f"numbers are drawn by {name}, whose parameters are active",
                     "draw standard numbers and scale them: mean + deviation * rng.standard_normal()")
    result = protected(callee, args, named)
    if type(owner) is np.ndarray and holds_text(owner) and np.asarray(result).dtype.kind in "fc":
        checked_text(owner)
    drawn = type(owner) is not np.ndarray  # (its base, if it has one, is new too)
    if type(result) is np.ndarray and result is not owner and (drawn or result.base is None):
        return made_here(result)
    return result
