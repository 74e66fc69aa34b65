"""Compositions as handlers: they are entered like a user's function, their options `out` and `dtype` are not theirs."""

from __future__ import annotations

from typing import Any

from workbench.frontend import arithmetic
from workbench.frontend.composed import Composition, compositions, held, refuse
from workbench.frontend.library.elementwise import as_operand
from workbench.frontend.library.registry import Handler, implements, lookup
from workbench.frontend.numbers import number_kind
from workbench.frontend.values import Array, Scalar


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


for _callee, _composition in compositions().items():
    if lookup(_callee) is not None:
        raise ValueError(f"{_callee} has a handler, and a composition as well")
    implements(_callee)(entering(_composition))
