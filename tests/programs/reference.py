"""The operators of the public interface by differences of plain Python: what programs that use them are compared with.

Inner derivatives are exact to about ten digits, so that differences of them are still good to five.
"""
from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

STEP = 0.02  # of a formula of order eight
_WEIGHTS = (4 / 5, -1 / 5, 4 / 105, -1 / 280)


def along(f: Callable[[float], Any]) -> Any:
    """The derivative of a function of one number at 0."""
    return sum(w * (np.asarray(f(k * STEP)) - np.asarray(f(-k * STEP))) / STEP for k, w in enumerate(_WEIGHTS, 1))


def leaves(value: Any) -> list[Any]:
    """Floats and arrays in a structure, in order."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in leaves(item)]
    return [value] if isinstance(value, (float, np.ndarray)) else []


def rebuilt(value: Any, given: Any) -> Any:
    """A structure with other floats and arrays, None in the place of anything else."""
    if isinstance(value, dict):
        return {key: rebuilt(item, given) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([rebuilt(item, given) for item in value])
    return next(given) if isinstance(value, (float, np.ndarray)) else None


def shifted(value: Any, direction: list[Any], h: float) -> Any:
    """A structure moved along a direction that is given leaf by leaf."""
    moves = iter(direction)

    def of(v: Any) -> Any:
        if isinstance(v, dict):
            return {key: of(item) for key, item in v.items()}
        if isinstance(v, (list, tuple)):
            return type(v)([of(item) for item in v])
        return v + h * next(moves) if isinstance(v, (float, np.ndarray)) else copy.deepcopy(v)
    return of(value)


def units(value: Any) -> Any:
    """For each number of a structure: the direction in which it alone moves."""
    parts = leaves(value)
    for k, leaf in enumerate(parts):
        for place in np.ndindex(np.shape(leaf)):
            direction: list[Any] = [np.zeros(np.shape(v)) if np.ndim(v) else 0.0 for v in parts]
            if place:
                direction[k][place] = 1.0
            else:
                direction[k] = 1.0
            yield direction


def positions(f: Any, wrt: Any) -> tuple[tuple[int, ...], bool]:
    several = isinstance(wrt, tuple)
    names = list(inspect.signature(f).parameters)
    return tuple(names.index(w) if isinstance(w, str) else w for w in (wrt if several else (wrt,))), several


def value_and_grad(f: Any, wrt: Any = 0, has_aux: bool = False, **_: Any) -> Any:
    def run(*args: Any, **named: Any) -> Any:
        args = inspect.signature(f).bind(*args, **named).args
        where, several = positions(f, wrt)
        before = copy.deepcopy(args)
        value = f(*args)
        first = (lambda out: out[0]) if has_aux else (lambda out: out)

        def gradient(k: int) -> Any:
            def at(direction: list[Any], h: float) -> Any:
                moved = [shifted(v, direction, h) if j == k else copy.deepcopy(v) for j, v in enumerate(before)]
                return first(f(*moved))
            numbers = iter([along(lambda h: at(d, h)) for d in units(before[k])])  # noqa: B023
            return rebuilt(before[k], iter([
                np.array([next(numbers) for _ in range(np.size(v))]).reshape(np.shape(v)) if np.ndim(v)
                else float(next(numbers)) for v in leaves(before[k])]))
        found = tuple(gradient(k) for k in where)
        return value, found if several else found[0]
    return run


def grad(f: Any, wrt: Any = 0, has_aux: bool = False, **_: Any) -> Any:
    both = value_and_grad(f, wrt, has_aux)

    def run(*args: Any, **named: Any) -> Any:
        value, found = both(*args, **named)
        return (found, value[1]) if has_aux else found
    run.__signature__ = inspect.signature(f)  # type: ignore[attr-defined]
    return run


def jvp(f: Any, primals: Any, tangents: Any, **_: Any) -> Any:
    before, tangents = copy.deepcopy(tuple(primals)), copy.deepcopy(tuple(tangents))
    value = f(*primals)

    def at(h: float) -> list[Any]:
        moved = [copy.deepcopy(p) if t is None else shifted(p, leaves(t), h) for p, t in zip(before, tangents)]
        return [np.asarray(v) for v in leaves(f(*moved))]
    dots = [along(lambda h: at(h)[k]) for k in range(len(leaves(value)))]  # noqa: B023
    return value, rebuilt(value, iter([d if np.ndim(v) else float(d) for d, v in zip(dots, leaves(value))]))


def vjp(f: Any, *primals: Any, **_: Any) -> Any:
    before = copy.deepcopy(primals)
    value = f(*primals)

    def pullback(cotangent: Any) -> Any:
        bars = [np.array(b) for b in leaves(cotangent)]

        def scalar(*args: Any) -> Any:
            return float(sum(np.sum(b * v) for b, v in zip(bars, leaves(f(*args)))))
        where = tuple(k for k, p in enumerate(before) if leaves(p))
        found = dict(zip(where, value_and_grad(scalar, where)(*copy.deepcopy(before))[1]))
        return tuple(found.get(k) for k in range(len(before)))
    return value, pullback


def vmap(f: Any, in_axes: Any = 0, out_axes: Any = 0, **_: Any) -> Any:
    def run(*args: Any) -> Any:
        axes = in_axes if isinstance(in_axes, tuple) else (in_axes,) * len(args)
        count = next(np.shape(a)[k] for a, k in zip(args, axes) if k is not None)
        items = []
        for i in range(count):
            row = [a if k is None else np.moveaxis(a, k, 0)[i] for a, k in zip(args, axes)]
            items.append(f(*[float(r) if np.ndim(r) == 0 else r for r in row]))
        if isinstance(items[0], tuple):
            return tuple(np.stack(column, axis=out_axes) for column in zip(*items))
        return np.stack(items, axis=out_axes)
    return run


def checkpoint(f: Any) -> Any:
    return f


_held: list[Any] = []  # what `stop_gradient` gave in the first run, call by call
_asked = [0]


def begin(first: bool) -> None:
    """Begin a run: in the first, stopped values are noted, in the others those of the first are given."""
    _asked[0] = 0
    if first:
        _held.clear()


def stop_gradient(x: Any) -> Any:
    _asked[0] += 1
    if _asked[0] > len(_held):
        _held.append(copy.deepcopy(x))
    return copy.deepcopy(_held[_asked[0] - 1])


def hook(x: Any, fn: Any) -> Any:
    return x


def rule(f: Any) -> Any:
    f.defjvp = f.defvjp = lambda g: g
    return f
