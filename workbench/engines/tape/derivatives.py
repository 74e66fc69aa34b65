"""Derivatives by recorded runs: what the tape is to the operators, the engine "tape".

Method: Griewank & Walther (2008), section 6.1: one run is recorded, and swept as often as is asked.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.engines.tape.active import bottom
from workbench.engines.tape.structures import Items, leaves
from workbench.engines.tape.tape import Tape, located


def gradient(function: Callable[..., Any], args: tuple[Any, ...], keywords: Sequence[str], wrt: Sequence[int],
             has_aux: bool) -> tuple[Any, tuple[Any, ...]]:
    """The value of a function and its gradients by some arguments, the last of which go by keywords."""
    tape = Tape(function, args, keywords, wrt, has_aux)
    for k in wrt:
        if not any(True for _ in leaves(tape.leaves[k])):
            raise located(function, f"argument {k} holds no float: {args[k]!r:.60}", "give it as a float")
    result = tape.result
    if isinstance(result, Items) or result is None or result.part.is_complex or result.part.nodes.ndim:
        value = tape.value[0] if has_aux else tape.value
        kind = "a complex number" if getattr(result, "kind", None) is complex else type(value).__name__
        raise located(function, f"the gradient of a function that returns {kind} is asked for", "return one real float")
    tape.backward()
    return tape.value, tuple(tape.gradient(k) for k in wrt)


def forward(function: Callable[..., Any], primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    """The value of a function and its derivative along a direction, which may show memory that the function writes."""
    tangents = copy.deepcopy(tangents)
    tape = Tape(function, primals, (), [k for k, t in enumerate(tangents) if t is not None])
    for k, tangent in enumerate(tangents):
        if tape.leaves[k] is None and isinstance(tangent, (int, float, complex, np.number)) and bottom(tangent) != 0:
            raise located(function, f"argument {k} holds no float: {primals[k]!r:.60}", "give it as a float")
    return tape.value, tape.tangent(tangents)


def pullback(function: Callable[..., Any], primals: tuple[Any, ...]) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of a function, and what turns a cotangent of it into those of the arguments."""
    tape = Tape(function, primals)

    def pull(cotangent: Any) -> tuple[Any, ...]:
        tape.backward(cotangent)
        return tuple(tape.gradient(k) for k in range(len(primals)))
    return tape.value, pull


def pushforward(function: Callable[..., Any], primals: tuple[Any, ...]) -> tuple[Any, Callable[..., Any]]:
    """The value of a function, and what turns tangents of the arguments (None: zero) into that of the value."""
    tape = Tape(function, primals)

    def push(*tangents: Any) -> Any:
        if len(tangents) != len(primals):
            raise TypeError(f"{len(primals)} arguments and {len(tangents)} tangents")
        return tape.tangent(copy.deepcopy(tangents))
    return tape.value, push


class TapeRunner:
    """The tape as a `Runner`."""

    name = "tape"
    gradient = staticmethod(gradient)
    forward = staticmethod(forward)
    pullback = staticmethod(pullback)
    pushforward = staticmethod(pushforward)
