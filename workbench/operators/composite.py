"""`Composite`: an operator that is composed of other derivatives, as a callable with the function's own signature.

What it computes is stated once for traced programs (`jacobian`, `second_order`, `fields`), where all of it becomes one
program, and once for recorded runs (`runs`).

Invariant: the program is specialised by types, ranks and structure, as every derivative; of sizes, only the choice
between forward and reverse mode depends on those of the first call.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from workbench.engines import Runner
from workbench.engines.tape.calls import mediate
from workbench.frontend import python_function
from workbench.frontend.activation import Activation
from workbench.frontend.structures import named_leaves
from workbench.operators import nonfinite, runs
from workbench.operators.copies import name_of
from workbench.operators.derivative import Derivative
from workbench.operators.specialisation import Specialisation

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class _Program:
    """An operator of a function: compiled where it is traced, run on the tape where it is called."""

    def __init__(self, operator: Any, signature: inspect.Signature) -> None:
        self.operator = operator
        self.function = operator.function
        functools.update_wrapper(self, python_function(self.function), updated=())
        self.__name__ = name_of(python_function(self.function))
        self.__wrapped__ = self.function
        self.__signature__ = signature

    def __call__(self, *args: Any, **named: Any) -> Any:
        return runs.run(_directly, self.operator, args, named)

    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """The operator in a traced program."""
        return self.operator.inlined(act, args, named)


def _directly(callee: Any, *args: Any, **named: Any) -> Any:
    return callee(*args, **named)


class Composite(Derivative):
    """An operator composed of other derivatives. `make`: the operator of traced programs, of a function, positions and
    whether there are several."""

    def __init__(self, make: Callable[..., Any], title: str, function: Callable[..., Any],
                 wrt: int | str | tuple[int | str, ...], engine: str, deterministic: bool) -> None:
        first = Derivative(function, "grad", wrt, engine=engine)  # (it checks them)
        self.title = title
        self.takes_tangent = title == "hvp"
        self.plain = first
        self.operator = make(first.function, first.request.wrt, first.several)
        program = _Program(self.operator, self._signature(first))
        super().__init__(program, "value", (), engine=engine, deterministic=deterministic)
        if first.keyword_only:
            raise self._error(f"{title} by a keyword-only argument of {self.__name__}")

    def _signature(self, first: Derivative) -> inspect.Signature:
        """The function's, with a tangent behind what is passed by position."""
        if not self.takes_tangent:
            return first.signature
        parameters = list(first.signature.parameters.values())
        before = [p.replace(kind=inspect.Parameter.POSITIONAL_ONLY, default=inspect.Parameter.empty)
                  for p in parameters if p.kind in _POSITIONAL]
        if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters):
            return inspect.Signature([inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL),
                                      *(p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY)])
        name = "v" if "v" not in first.signature.parameters else "v_dot"
        return inspect.Signature([*before, inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY),
                                  *(p for p in parameters if p.kind not in _POSITIONAL)])

    def bind(self, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], tuple[str, ...]]:
        """As of any derivative; the tangent comes last of what is passed by position."""
        if not self.takes_tangent:
            return super().bind(args, named)
        if "v" in named and "v" not in self.plain.names:
            args, named = (*args, named["v"]), {k: x for k, x in named.items() if k != "v"}
        if not args:
            raise TypeError(f"hvp of {self.__name__} takes the function's arguments and a tangent")
        bound, keywords = self.plain.bind(args[:-1], named)
        positional = len(bound) - len(keywords)
        return (*bound[:positional], args[-1], *bound[positional:]), keywords

    def _finish(self, made: Specialisation, args: tuple[Any, ...]) -> Any:
        """The results of a compiled program; it is said where they are not finite and the arguments are."""
        data, results = made.run(args)
        found = made.value(args, data, results)
        derivative = found[0] if self.operator.has_aux else found
        if not nonfinite.is_finite([leaf for _, leaf in named_leaves("", derivative)]) and nonfinite.is_finite(data):
            made.replays.said(f"the {self._title()} is infinite or NaN", made.program.ir,
                              () if made.traced.written else data)
        return found

    def _gate_of(self, made: Specialisation) -> tuple[Any, ...] | None:
        """None: what is found is looked at."""
        return None

    def _record(self, args: tuple[Any, ...], keywords: tuple[str, ...], runner: Runner) -> Any:
        """By a run of the tape."""
        positional = len(args) - len(keywords)
        return self.function(*args[:positional], **dict(zip(keywords, args[positional:], strict=True)))

    def recorded(self, *args: Any, **named: Any) -> Any:
        """By a run of the tape, inside another one."""
        bound, keywords = self.bind(args, named)
        positional = len(bound) - len(keywords)
        return runs.run(mediate, self.operator, bound[:positional],
                        dict(zip(keywords, bound[positional:], strict=True)))

    def _title(self) -> str:
        return f"{self.title} of {self.__name__}"

    def __repr__(self) -> str:
        return f"<{self._title()}>"
