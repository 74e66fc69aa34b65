"""Calls as text, gradients by name, and the types that annotations give."""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from workbench.cost.spec import Spec, spec
from workbench.views.build import number_text

Wrt = int | str | tuple[int | str, ...]
#: What stands for an annotation of Python's own types.
KINDS = {"float": "f64", "complex": "c128", "int": "i64", "bool": "bool"}


def call_text(name: str, args: tuple[Any, ...], named: Mapping[str, Any]) -> str:
    """A call as a person would write it, long arguments shortened.

    >>> call_text("f", (2.0, np.ones(3)), {"n": 4})
    'f(2, float64[3], n=4)'
    """
    return f"{name}({', '.join([*map(argument_text, args), *(f'{k}={argument_text(v)}' for k, v in named.items())])})"


def argument_text(value: Any) -> str:
    """An argument in few characters."""
    if isinstance(value, np.ndarray) and value.ndim:
        return f"{value.dtype.name}[{', '.join(map(str, value.shape))}]"
    if isinstance(value, Spec):
        return str(value)
    return number_text(value) if isinstance(value, float | complex | np.generic) else reprlib.repr(value)


def wanted_names(function: Any, wrt: Wrt) -> list[str]:
    """The names of the parameters that `wrt` says; those that `*args` takes are numbered."""
    names = list(inspect.signature(function).parameters)
    wanted = wrt if isinstance(wrt, tuple) else (wrt,)
    return [w if isinstance(w, str) else names[w] if w < len(names) else f"{names[-1]}[{w - len(names) + 1}]"
            for w in wanted]


def named_gradients(function: Any, wrt: Wrt, grad: Any) -> list[tuple[str, Any]]:
    """(argument's name, its gradient) for the arguments that `wrt` names."""
    return list(zip(wanted_names(function, wrt), grad if isinstance(wrt, tuple) else (grad,), strict=True))


def named_blocks(function: Any, wrt: Wrt, hessian: Any) -> list[tuple[str, Any]]:
    """(the arguments' names, the second derivatives by them) for each pair."""
    names = wanted_names(function, wrt)
    if not isinstance(wrt, tuple):
        return [(f"∂{names[0]}²", hessian)]
    return [(f"∂{a}∂{b}" if a != b else f"∂{a}²", block) for a, row in zip(names, hessian, strict=True)
            for b, block in zip(names, row, strict=True)]


def annotated(function: Callable[..., Any]) -> tuple[Spec, ...] | None:
    """Specs for the parameters that must be given, where annotations say their types: `float`, `int`, `complex`,
    `bool`, or a spec as text, `"f64[n]"`. None where one does not, or there are none.

    >>> def f(x: float, w: "f64[n]", n: int = 3): pass
    >>> [str(found) for found in annotated(f)]
    ['f64', 'f64[n]', 'i64']
    """
    found = []
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a function that is written in C
        return None
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.KEYWORD_ONLY):
            if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
                return None
            continue
        kind = getattr(parameter.annotation, "__name__", parameter.annotation)
        try:
            found.append(spec(KINDS.get(kind, kind).strip("'\"")))
        except (ValueError, AttributeError, TypeError):
            if parameter.default is parameter.empty:
                return None
            break
    return tuple(found) or None
