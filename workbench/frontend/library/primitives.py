"""Functions that the rule table knows by their callables: of `math` for numbers, of NumPy and SciPy elementwise."""

from __future__ import annotations

from typing import Any

from workbench import rules
from workbench.frontend.activation import Activation
from workbench.frontend.library import math_functions, ufuncs


def primitive(callee: Any) -> rules.Primitive | None:
    """The elementwise primitive that a callable means."""
    try:
        found = rules.by_callable(callee)
    except TypeError:
        return None
    return found if found is not None and found.elementwise else None


def apply_primitive(act: Activation, prim: rules.Primitive, callee: Any, args: tuple[Any, ...], named: dict[str, Any]
                    ) -> Any:
    """Call a function that the rule table knows."""
    if getattr(callee, "__module__", "") == "math":
        return math_functions.apply(act.t, prim, args)
    return ufuncs.apply(act, prim, callee, args, named)
