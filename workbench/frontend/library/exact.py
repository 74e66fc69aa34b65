"""Exact integer functions of `math`: their arguments must be known while specialising, and are pinned by a guard."""

from __future__ import annotations

import math
from typing import Any

from workbench.frontend.library.registry import implements
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import is_static


def _exact(function: Any) -> Any:
    def handler(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t: Tracer = act.t
        if is_static(args):
            return function(*args)
        return function(*(t.static_int(a, f"an argument of math.{function.__name__}") for a in args))
    return handler


for _function in (math.comb, math.perm, math.factorial, math.isqrt):
    implements(_function)(_exact(_function))
