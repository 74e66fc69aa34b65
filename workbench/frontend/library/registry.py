"""The table from callables to what a call of them means.

A callable is in one of two tables. What can be written in other functions is a *composition* (`frontend.composed`),
plain Python that is entered like a user's function. Anything else has a *handler*, `(activation, args, named) ->
value`, here. `implements` makes one of a function of the activation and of the callable's own parameters; `handles`
takes one as it is, for callables whose arguments are not bound by name, or not all at once.

Invariant: no callable is in both tables.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from workbench.deferred import Meanings
from workbench.frontend.activation import Activation
from workbench.frontend.composed import Composition, compositions
from workbench.frontend.library.arguments import called, title
from workbench.frontend.values import Choice

F = TypeVar("F", bound=Callable[..., Any])
Handler = Callable[[Activation, tuple[Any, ...], dict[str, Any]], Any]
_handlers: Meanings[Handler] = Meanings()
_instances: dict[type, Callable[..., Any]] = {}


# ---------------------------------------------------------------------- entering
def implements(*callables: Any) -> Callable[[F], F]:
    """Register what callables mean: a function of the activation and of their own parameters, by their own names."""
    def register(function: F) -> F:
        for item in callables:
            handles(item)(_binding(function, title(item)))
        return function
    return register


def _binding(function: Callable[..., Any], name: str) -> Handler:
    @functools.wraps(function)
    def handler(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        return called(act, function, name, args, named)
    return handler


def handles(*callables: Any) -> Callable[[F], F]:
    """Register a handler for callables."""
    def register(handler: F) -> F:
        for item in callables:
            if item in compositions():
                raise ValueError(f"{title(item)} is written out in others already")
            _handlers[item] = handler
        return handler
    return register


def handles_instances(type_: type) -> Callable[[F], F]:
    """Register a handler for calls of all objects of a type: it takes the object first."""
    def register(handler: F) -> F:
        _instances[type_] = handler
        return handler
    return register


def gives_view(function: F) -> F:
    """An implementation whose result is a view of its first argument: of a choice of arrays it gives one of views."""
    @functools.wraps(function)
    def each(act: Activation, array: Any, *rest: Any, **named: Any) -> Any:
        if isinstance(array, Choice):
            return Choice(tuple(function(act, option, *rest, **named) for option in array.options), array.index)
        return function(act, array, *rest, **named)
    return each  # type: ignore[return-value]


# ---------------------------------------------------------------------- looking up
def lookup(item: Any) -> Handler | None:
    """The handler of a callable, if it has one, or that enters its composition."""
    of_type = _instances.get(type(item))
    if of_type is not None:
        return functools.partial(of_type, item)
    try:
        found = _handlers.get(item)
        composition = compositions().get(item) if found is None else None
    except TypeError:
        return None
    return found if composition is None else functools.partial(_enter, composition)


def _enter(composition: Composition, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return act.t.environment.call(act, composition.function, (*composition.first, *args), named)


def handlers() -> dict[Any, Handler]:
    """All callables that have a handler."""
    return _handlers.all()
