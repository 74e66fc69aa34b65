"""What does something beyond its results, or enters another function: checks that raise, prints, calls, draws.

A draw carries no derivative: where its law has parameters, they must not be differentiated.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.ir import DifferentiationError, Kind, Value, call_results
from workbench.rules.costs import memory as costs
from workbench.rules.primitive import ANY, BOOL, Attrs, Primitive, Types, register
from workbench.rules.random import ADDRESS, DRAWN, FUNCTIONS, LAWS
from workbench.rules.text import Failure, Template, say


def _check_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    ok = operands[0]
    if ok.is_array or ok.kind is not Kind.BOOL or not isinstance(exception(attrs["exception"]), type):
        raise TypeError(f"check of {ok!r}")
    return ()


def exception(name: str) -> type[BaseException]:
    """The exception of a name: a builtin one, NumPy's or ours. Raises TypeError where there is none."""
    ours = {"LinAlgError": np.linalg.LinAlgError, "DifferentiationError": DifferentiationError}
    found = ours.get(name) or getattr(builtins, name, None)
    if not (isinstance(found, type) and issubclass(found, Exception)):
        raise TypeError(f"{name} is no builtin exception")
    return found


def _check(ok: Any, *numbers: Any, exception: str, message: str, failure: Failure | None = None) -> None:
    """`failure`: the exception itself, where numbers belong to it or it is the program's own."""
    if not ok:
        raise failure.build(numbers) if failure is not None else _exception(exception)(message)


_exception = exception


def _call_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    return tuple(r.type for r in call_results(attrs["callee"], operands))


def _call(*operands: Any, callee: Any) -> Any:
    raise TypeError(f"a call of {callee} is entered by the interpreter")



def _print(*numbers: Any, template: Template, stream: str, flush: bool) -> None:
    say(template.text(numbers), stream, flush)


def _print_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    if not isinstance(attrs["template"], Template):
        raise TypeError("print takes a template")
    return ()



def _draw(state: np.ndarray, *params: Any, law: str) -> np.ndarray:
    kinds = LAWS[law].params
    state[DRAWN] = FUNCTIONS[law](int(state[ADDRESS]), *(int(p) if k is Kind.INT else float(p)
                                                         for p, k in zip(params, kinds, strict=True)))
    return state


def _draw_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    law = LAWS[attrs["law"]]
    state, *params = operands
    if not state.is_array or state.kind is not Kind.F64 or [p.kind for p in params] != list(law.params):
        raise TypeError(f"a draw of {attrs['law']} from {state!r} with {params!r}")
    return (state.type,)


register(Primitive("check", _check, _check_types, kinds=(BOOL,), partials=()))
register(Primitive("print", _print, _print_types, kinds=(ANY,), partials=()))
register(Primitive(
    "call", _call, _call_types, kinds=(ANY,),
    adjoint="the pushforward or pullback of the function called, which are functions again (`transforms.calls`)"))
register(Primitive("draw", _draw, _draw_types, kinds=(ANY,), partials=(), cost=costs.draw))
