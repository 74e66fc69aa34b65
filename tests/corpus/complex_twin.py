"""Complex-step twins: the same source run with `np`, `math` and a few builtins that accept complex numbers.

A corpus module is executed a second time and its `np` and `math` are replaced by the stand-ins below: buffers made by
`np.zeros` and friends become complex, comparisons look at the real part (complex NumPy scalars order that way), and
functions without an analytic extension carry the derivative in the imaginary part to first order. The twin never
touches the compiler; every replacement is checked against differences by tests/programs/test_oracle.py.
Source: Martins, Sturdza, Alonso, "The complex-step derivative approximation" (2003).
"""
from __future__ import annotations

import builtins
import contextlib
import importlib
import inspect
import math
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np

from tests.corpus.program import Program


def _first_order(value: Callable[..., Any], slope: Callable[..., Any]) -> Callable[[Any], Any]:
    """Extend a real function to x + i·h by value(x) + i·h·slope(x)."""

    def extended(z: Any) -> Any:
        x = np.real(z)
        return value(x) + 1j * np.imag(z) * slope(x)

    return extended


def _absolute(z: Any) -> Any:
    flipped = np.where(np.real(z) < 0, -np.asarray(z), z)
    return flipped if np.ndim(z) else flipped[()]


def _arctan2(y: Any, x: Any) -> Any:
    re_y, re_x = np.real(y), np.real(x)
    slope = (re_x * np.imag(y) - re_y * np.imag(x)) / (re_x * re_x + re_y * re_y)
    return np.arctan2(re_y, re_x) + 1j * slope


def _hypot(x: Any, y: Any) -> Any:
    return np.sqrt(x * x + y * y)


def _norm(x: Any) -> Any:
    return np.sqrt(np.sum(x * x))


def _variance(x: Any, axis: Any = None) -> Any:
    centred = x - np.mean(x, axis=axis, keepdims=True)
    return np.mean(centred * centred, axis=axis)


def _complexify(maker: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a NumPy constructor so that float results come out complex."""

    def make(*args: Any, **keywords: Any) -> Any:
        made = maker(*args, **keywords)
        return made.astype(np.complex128) if made.dtype.kind == "f" else made

    return make


def _clip(x: Any, low: Any, high: Any) -> Any:
    return np.minimum(np.maximum(x, low), high)


def _logaddexp(x: Any, y: Any) -> Any:
    top = np.maximum(x, y)
    return top + np.log(np.exp(x - top) + np.exp(y - top))


class _Overlay:
    """A module seen through replacements."""

    def __init__(self, module: Any, replacements: dict[str, Any]) -> None:
        self.__dict__.update(replacements)
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


_MAKERS = ("zeros", "ones", "empty", "full", "array", "asarray", "zeros_like", "ones_like", "empty_like",
           "full_like", "linspace", "arange", "eye", "ascontiguousarray")

NUMPY = _Overlay(np, {
    **{name: _complexify(getattr(np, name)) for name in _MAKERS},
    "abs": _absolute, "absolute": _absolute, "fabs": _absolute,
    "sign": lambda z: np.sign(np.real(z)), "floor": lambda z: np.floor(np.real(z)),
    "ceil": lambda z: np.ceil(np.real(z)), "hypot": _hypot, "arctan2": _arctan2, "clip": _clip,
    "var": _variance, "std": lambda x, axis=None: np.sqrt(_variance(x, axis)), "logaddexp": _logaddexp,
    "cbrt": _first_order(np.cbrt, lambda x: 1.0 / (3.0 * np.cbrt(x) ** 2)),
    "log2": lambda z: np.log(z) / math.log(2.0), "float64": lambda z: z,
    "linalg": _Overlay(np.linalg, {"norm": _norm}),
})

_MATH_AS_NUMPY = {"sin": "sin", "cos": "cos", "tan": "tan", "exp": "exp", "sqrt": "sqrt", "sinh": "sinh",
                  "cosh": "cosh", "tanh": "tanh", "asin": "arcsin", "acos": "arccos", "atan": "arctan",
                  "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "expm1": "expm1", "log1p": "log1p",
                  "log10": "log10", "pow": "power"}


def _math_function(name: str) -> Callable[..., Any]:
    extended = getattr(np, _MATH_AS_NUMPY[name])
    return lambda *args: extended(*(np.complex128(arg) for arg in args))


def _log(z: Any, base: Any = None) -> Any:
    value = np.log(np.complex128(z))
    return value if base is None else value / np.log(np.complex128(base))


def _power(x: Any, y: Any) -> Any:
    return np.complex128(x) ** y


MATH = _Overlay(math, {
    **{name: _math_function(name) for name in _MATH_AS_NUMPY},
    "log": _log, "log2": lambda z: _log(z, 2.0), "pow": _power,
    "fabs": _absolute, "hypot": _hypot, "atan2": _arctan2,
    "floor": lambda z: math.floor(np.real(z)), "ceil": lambda z: math.ceil(np.real(z)),
    "erf": _first_order(math.erf, lambda x: 2.0 / math.sqrt(math.pi) * math.exp(-x * x)),
    "erfc": _first_order(math.erfc, lambda x: -2.0 / math.sqrt(math.pi) * math.exp(-x * x)),
    "isfinite": lambda z: math.isfinite(np.real(z)),
})

BUILTINS: dict[str, Any] = {"abs": _absolute, "float": lambda z: z, "int": lambda z: int(np.real(z)),
                            "round": lambda z: round(float(np.real(z)))}

STAND_INS: dict[str, Any] = {"np": NUMPY, "math": MATH, **BUILTINS}

_twins: dict[str, ModuleType] = {}


def twin_module(name: str) -> ModuleType:
    """The module `name` executed anew, reading the stand-ins; `@njit` dispatchers give way to their Python."""
    if name not in _twins:
        original = importlib.import_module(name)
        module = ModuleType(name + "__complex_twin")
        sys.modules[module.__name__] = module
        exec(compile(inspect.getsource(original), module.__name__, "exec"), vars(module))
        for key, value in list(vars(module).items()):
            setattr(module, key, getattr(value, "py_func", value))
        vars(module).update(STAND_INS)
        _twins[name] = module
    return _twins[name]


@contextlib.contextmanager
def real_names(program: Program) -> Iterator[None]:
    """Within this context the program's twin module sees the real `np` and `math`, to draw its arguments."""
    names = vars(twin_module(getattr(program.function, "py_func", program.function).__module__))
    names.update({name: getattr(builtins, name) for name in BUILTINS}, np=np, math=math)
    try:
        yield
    finally:
        names.update(STAND_INS)


def twin(program: Program) -> Program:
    """The entry of the same name in the twin of the program's module."""
    plain = getattr(program.function, "py_func", program.function)
    module = twin_module(plain.__module__)
    (found,) = [entry for entry in module.PROGRAMS if entry.name == program.name]
    return Program(found.name, getattr(found.function, "py_func", found.function), found.make_args, found.wrt,
                   found.oracle, found.tags, found.small)
