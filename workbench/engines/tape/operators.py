"""What NumPy and Python ask of active arrays: their operators, the two protocols of NumPy, and its methods.

`__array_ufunc__` hands on to `elementwise`, `__array_function__` to `programs.dispatch`.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from workbench.engines.tape.active import ACTIVE, bottom
from workbench.engines.tape.active_number import asked_first, bare
from workbench.engines.tape.array import ActiveArray, from_items
from workbench.engines.tape.elementwise import array_ufunc
from workbench.engines.tape.late import late
from workbench.engines.tape.programs import dispatch, in_own_words
from workbench.engines.tape.refusal import refuse
from workbench.engines.tape.scalar import ActiveComplex, ActiveFloat
from workbench.engines.tape.writing import written
from workbench.frontend.library.arguments import positioned
from workbench.ir import DifferentiationError


def _operators() -> None:
    def binary(ufunc: Any) -> tuple[Any, Any, Any]:
        def left(self: ActiveArray, other: Any) -> Any:
            return _operand(ufunc, self, other, other)

        def right(self: ActiveArray, other: Any) -> Any:
            return _operand(ufunc, other, self, other)

        def in_place(self: ActiveArray, other: Any) -> Any:
            if not bottom(self).flags.writeable:
                raise ValueError("output array is read-only")
            return array_ufunc(ufunc, "__call__", (self, other), {"out": (self,)})
        return left, right, in_place
    for name, ufunc in {"add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide,
                        "pow": np.power, "mod": np.remainder, "floordiv": np.floor_divide, "matmul": np.matmul,
                        "divmod": np.divmod}.items():
        for prefix, method in zip(("", "r", "i"), binary(ufunc), strict=True):
            setattr(ActiveArray, f"__{prefix}{name}__", method)
    for name, ufunc in {"lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "eq": np.equal,
                        "ne": np.not_equal}.items():
        setattr(ActiveArray, f"__{name}__", _comparison(ufunc, getattr(operator, name)))
    for name, ufunc in {"neg": np.negative, "abs": np.absolute}.items():
        setattr(ActiveArray, f"__{name}__", lambda self, ufunc=ufunc: array_ufunc(ufunc, "__call__", (self,), {}))


_KNOWN = (np.ndarray, np.generic, int, float, complex, list, tuple)


def _comparison(ufunc: Any, compute: Any) -> Any:
    def method(self: ActiveArray, other: Any) -> Any:
        if type(other) in ACTIVE or isinstance(other, _KNOWN):
            return array_ufunc(ufunc, "__call__", (self, other), {})
        return NotImplemented if asked_first(other) else compute(bottom(self), other)
    return method


def _operand(ufunc: Any, a: Any, b: Any, other: Any) -> Any:
    """An operator with an operand that may have one of its own."""
    if type(other) in ACTIVE or isinstance(other, _KNOWN):
        return array_ufunc(ufunc, "__call__", (a, b), {})
    if overrides(other) and a is not other:
        return ufunc(a, b)
    if asked_first(other) or a is other or ufunc is np.matmul:
        return NotImplemented
    items = late.mediate(np.asarray, other)
    if items.dtype == object:
        return _with_object(_COMPUTED[ufunc], a, b)
    return array_ufunc(ufunc, "__call__", (a, items), {})


def _with_object(compute: Any, a: ActiveArray, other: Any) -> Any:
    """An operator with an object that is no number, as in NumPy: each element meets it, and the results are objects."""
    made = np.empty(a.shape, object)
    for where in np.ndindex(a.shape):
        made[where] = compute(bare(a[where]), other)
    return made if a.ndim else made[()]


_COMPUTED = {np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul, np.power: operator.pow,
             np.true_divide: operator.truediv, np.remainder: operator.mod, np.floor_divide: operator.floordiv,
             np.divmod: divmod}


def overrides(x: Any) -> bool:
    """True for an object whose class has a meaning of its own for NumPy's functions."""
    kind = type(x)
    return kind not in ACTIVE and not isinstance(x, (np.ndarray, np.generic, type)) and (
        getattr(kind, "__array_ufunc__", None) is not None or hasattr(kind, "__array_function__"))


def _of_array(self: ActiveArray, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    """What NumPy calls for a ufunc."""
    if any(overrides(x) for x in inputs):
        return NotImplemented
    return array_ufunc(ufunc, method, inputs, options)


def _function_of_array(self: Any, function: Any, types: Any, args: Any, options: Any) -> Any:
    """What NumPy calls for any other of its functions."""
    if any(kind not in ACTIVE and not issubclass(kind, np.ndarray) for kind in types):
        return NotImplemented
    return call_numpy(function, args, options)


def call_numpy(function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A NumPy function with active arguments, `out=` included."""
    out = options.get("out") if function is not np.copyto else None
    try:
        args, options = positioned(function, args, options)
        if out is None:
            return dispatch(function, args, options)
        plain = bottom(out[0] if isinstance(out, tuple) else out).copy()
        function(*bottom(args), **{**bottom(options), "out": plain})  # raises what NumPy raises
        result = dispatch(function, args, {k: v for k, v in options.items() if k != "out"})
        return written(result, out, exact=function is not np.clip)
    except DifferentiationError:
        raise
    except Exception as error:
        raise in_own_words(error, function, args, options) from None


def _method(self: ActiveArray, name: str) -> Any:
    """A method that NumPy has as a function too."""
    if name.startswith("_") or not hasattr(np.ndarray, name):
        raise AttributeError(f"'numpy.ndarray' object has no attribute {name!r}")
    if name == "compress":
        return lambda condition, *args, **options: call_numpy(np.compress, (condition, self, *args), options)
    if name == "clip":
        return lambda min=None, max=None, *out, **options: call_numpy(np.clip, (self, min, max, *out), options)
    if name not in _METHODS:
        raise refuse(f"the tape does not know the attribute {name!r} of an array", "write it out")

    def method(*args: Any, **options: Any) -> Any:
        return call_numpy(getattr(np, name), (self, *args), options)
    method.__name__ = name
    return method


_METHODS = frozenset({"all", "any", "argmax", "argmin", "argpartition", "argsort", "choose", "cumprod",
                      "cumsum", "diagonal", "dot", "max", "mean", "min", "nonzero", "prod", "ravel", "repeat", "round",
                      "searchsorted", "squeeze", "std", "sum", "swapaxes", "take", "trace", "var"})
_operators()


@late.provides
def as_array(x: Any) -> Any:
    """A number as an array without dimensions."""
    return from_items([x]).reshape(())


ActiveArray.__getattr__ = _method  # type: ignore[attr-defined]
for _class in (ActiveArray, ActiveFloat, ActiveComplex):
    _class.__array_ufunc__ = _of_array
    _class.__array_function__ = _function_of_array
