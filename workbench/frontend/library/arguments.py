"""Arguments of library functions bound to their parameters.

Invariant: what a call gives is taken, refused, or raises as Python does; nothing is left out in silence.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any

from workbench.frontend.activation import Activation
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import Array, Scalar


@functools.cache
def _parameters(callee: Any) -> tuple[inspect.Parameter, ...] | None:
    """The parameters of a function of NumPy or SciPy, where they are known."""
    module = getattr(callee, "__module__", None)
    if isinstance(callee, type) or not isinstance(module, str) or not module.startswith(("numpy", "scipy")):
        return None
    try:
        return tuple(inspect.signature(callee).parameters.values())
    except (TypeError, ValueError):
        return None


def _is_python(callee: Any) -> bool:
    """True for functions that take the parameters that they show (those in C may take others)."""
    return isinstance(getattr(callee, "_implementation", callee), types.FunctionType)


def positioned(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A call of a library function with the arguments it must be given by position, whichever way they are.

    Raises TypeError where Python would: for a keyword that the function does not take."""
    parameters = _parameters(callee) if named else None
    if parameters is None:
        return args, named
    single = {p.name for p in parameters if p.kind is p.POSITIONAL_ONLY}
    if not single.isdisjoint(named):
        raise TypeError(f"{callee.__name__}() got some positional-only arguments passed as keyword arguments: "
                        f"'{', '.join(sorted(single & named.keys()))}'")
    unknown = named.keys() - {p.name for p in parameters}
    if unknown and _is_python(callee) and all(p.kind is not p.VAR_KEYWORD for p in parameters):
        raise TypeError(f"{callee.__name__}() got an unexpected keyword argument '{min(unknown)}'")
    required = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
                and p.default is p.empty]
    rest = dict(named)
    while len(args) < len(required) and required[len(args)] in rest:
        args = (*args, rest.pop(required[len(args)]))
    return args, rest


def title(callee: Any) -> str:
    """A callable as users write it: `np.linalg.svd`."""
    module = getattr(callee, "module", None) or getattr(callee, "__module__", None) or "numpy"
    return f"{module}.{callee.__name__}".replace("numpy.", "np.", 1).removeprefix("builtins.")


@functools.cache
def _own_parameters(function: Callable[..., Any], leading: int) -> tuple[inspect.Parameter, ...]:
    """The parameters of a function behind the first ones."""
    return tuple(inspect.signature(function).parameters.values())[leading:]


def bind(t: Tracer, name: str, parameters: tuple[inspect.Parameter, ...], args: tuple[Any, ...], named: dict[str, Any]
          ) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a call by position and by keyword, one for each parameter; flags (parameters of type `bool`)
    are known while specialising.

    Raises TypeError where Python would, DifferentiationError for an argument that has no parameter."""
    places = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    single = {p.name: p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    further = {p.kind for p in parameters if p.name not in single}
    if len(args) > len(places) and inspect.Parameter.VAR_POSITIONAL not in further:
        t.fail(f"{len(args)} arguments of {name}", f"give it {', '.join(single)}")
    values = dict(zip(places, args, strict=False))
    for key, value in named.items():
        if key not in single and inspect.Parameter.VAR_KEYWORD not in further:
            t.fail(f"the option {key!r} of {name}", "leave it out")
        if key in values:
            raise TypeError(f"{name}() got multiple values for argument '{key}'")
        values[key] = value
    for key, parameter in single.items():
        if key not in values and parameter.default is parameter.empty:
            raise TypeError(f"{name}() missing 1 required positional argument: '{key}'")
        value = values.setdefault(key, parameter.default)
        if parameter.annotation in ("bool", bool):
            static_option(t, value, key)
    positions = [*(values[key] for key in places), *args[len(places):]]
    return positions, {key: value for key, value in values.items() if key not in places}


def called(act: Activation, function: Callable[..., Any], name: str, args: tuple[Any, ...], named: dict[str, Any],
           *leading: Any) -> Any:
    """Call a function of the activation, of `leading` arguments and of a call's own, which is called `name`."""
    own = _own_parameters(function, 1 + len(leading))
    positions, keywords = bind(act.t, name, own, args, named)
    return function(act, *leading, *positions, **keywords)


def static_option(t: Tracer, value: Any, name: str) -> Any:
    """An option that decides what is computed: it must be known while specialising."""
    if isinstance(value, (Scalar, Array)):
        t.fail(f"the option {name!r} known at run time only", "write True or False")
    return value


def refuse(t: Tracer, name: str, **options: tuple[Any, Any]) -> None:
    """Refuse options that do not have the one value that is supported: `key=(value, supported)`."""
    for key, (value, supported) in options.items():
        if value is not supported and not (isinstance(value, type(supported)) and value == supported):
            t.fail(f"{key}={value!r} of {name}", f"leave it {supported!r}")
