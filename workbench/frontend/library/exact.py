"""Functions of integers that must be known while specialising (a guard pins them): exact ones of `math`, NumPy's
windows, and its tables of indices.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from workbench.frontend import arrays
from workbench.frontend.activation import Activation
from workbench.frontend.library.registry import handles, implements
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import is_static


def _exact(function: Any) -> Any:
    def handler(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t = act.t
        if is_static(args):
            return function(*args)
        return function(*(t.static_int(a, f"an argument of math.{function.__name__}") for a in args))
    return handler


@functools.cache
def _values(function: Any, *args: Any, **named: Any) -> Any:
    """What NumPy gives: the same arrays, however often a program is traced."""
    return function(*args, **named)


def _held(t: Tracer, values: Any) -> Any:
    """A new array of known values."""
    return t.new_array(t.emit("copy", arrays.read(t, t.environment.as_array(t, values))))


def _window(function: Any) -> Any:
    def handler(act: Activation, M: Any, *rest: Any, **named: Any) -> Any:
        t = act.t
        n = t.static_int(M, f"the length of np.{function.__name__}")
        if not is_static((*rest, *named.values())):
            t.fail(f"a run-time parameter of np.{function.__name__}", "write the window out")
        return _held(t, _values(function, n, *rest, **named))
    return handler


def _table(function: Any) -> Any:
    def handler(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t = act.t

        def known(value: Any) -> Any:
            return value if value is None or isinstance(value, type | np.dtype | str) else t.static_int(
                value, f"an argument of np.{function.__name__}")
        made = _values(function, *map(known, args), **{name: known(value) for name, value in named.items()})
        return tuple(_held(t, values) for values in made) if isinstance(made, tuple) else _held(t, made)
    return handler


for _indices in (np.tri, np.tril_indices, np.triu_indices, np.diag_indices):
    handles(_indices)(_table(_indices))
for _shape in (np.bartlett, np.blackman, np.hamming, np.hanning, np.kaiser):
    implements(_shape)(_window(_shape))
for _function in (math.comb, math.perm, math.factorial, math.isqrt):
    handles(_function)(_exact(_function))
