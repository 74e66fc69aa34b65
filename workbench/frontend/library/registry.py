"""The table from callables to handlers."""

from __future__ import annotations

import builtins
import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.deferred import Meanings
from workbench.frontend.values import Choice, is_static

Handler = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]
_handlers: Meanings[Handler] = Meanings()
_instances: dict[type, Callable[..., Any]] = {}
_subscripts: dict[int, Handler] = {}

_PURE_BUILTINS = {abs, all, any, bin, bool, chr, complex, divmod, float, format, frozenset, hash, hex, int, isinstance,
                  issubclass, len, max, min, oct, ord, pow, repr, round, slice, sorted, str, sum, tuple, type, bytes,
                  hasattr, callable, ascii, object, np.issubdtype, np.promote_types, np.can_cast}


def implements(*callables: Any) -> Callable[[Handler], Handler]:
    """Register a handler for callables."""
    def register(handler: Handler) -> Handler:
        for item in callables:
            _handlers[item] = handler
        return handler
    return register


def gives_view(handler: Handler) -> Handler:
    """A handler whose result is a view of its first argument: of a choice of arrays it gives a choice of views."""
    @functools.wraps(handler)
    def each(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if args and isinstance(args[0], Choice):
            options = tuple(handler(act, (option, *args[1:]), named) for option in args[0].options)
            return Choice(options, args[0].index)
        return handler(act, args, named)
    return each


def implements_instances(type_: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a handler for calls of all objects of a type: it takes the object first."""
    def register(handler: Callable[..., Any]) -> Callable[..., Any]:
        _instances[type_] = handler
        return handler
    return register


def lookup(item: Any) -> Handler | None:
    """The handler of a callable, if it has one."""
    of_type = _instances.get(type(item))
    if of_type is not None:
        return functools.partial(of_type, item)
    try:
        return _handlers.get(item)
    except TypeError:
        return None


def handlers() -> dict[Any, Handler]:
    """All callables that have a handler."""
    return _handlers.all()


def subscript(item: Any) -> Handler | None:
    """What subscripts of an object mean, if it is one that is known."""
    return _subscripts.get(id(item))


def implements_subscript(item: Any, handler: Handler) -> None:
    """Register what subscripts of an object mean: a handler of the key."""
    _subscripts[id(item)] = handler


def is_pure(item: Any) -> bool:
    """True for callables that may be run while specialising: no effect, and always the same result."""
    try:
        if item in _PURE_BUILTINS:
            return True
    except TypeError:
        return False
    if isinstance(item, np.ufunc):
        return True
    module = getattr(item, "__module__", None)
    if module == "math" and getattr(math, getattr(item, "__name__", ""), None) is item:
        return True
    if isinstance(item, type) and issubclass(item, np.generic):
        return True
    owner = getattr(item, "__self__", None)
    immutable = isinstance(owner, (str, bytes, int, float, frozenset, tuple))
    if immutable and is_static(owner) and not isinstance(item, type):
        return True
    if owner in (str, bytes, int, float, complex) and isinstance(owner, type):
        return True
    return getattr(builtins, getattr(item, "__name__", ""), None) is item and isinstance(item, type) and issubclass(
        item, (int, float, str, tuple, complex))
