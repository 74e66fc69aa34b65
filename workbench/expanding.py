"""`wb.taylor`: derivatives of any order along a path."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

from workbench.engines import engine_named
from workbench.engines import tape as recording
from workbench.frontend.library import handles
from workbench.operators import Derivative
from workbench.operators.expansions import Expansion, length, nested_taylor, recorded_taylor
from workbench.operators.tracebacks import with_users_tracebacks

Series = Sequence[Sequence[Any] | None]


@with_users_tracebacks
def taylor(f: Callable[..., Any], primals: Sequence[Any], series: Series, *, engine: str = "auto",
           deterministic: bool = False) -> tuple[Any, tuple[Any, ...]]:
    """The value of f and its first K derivatives along a path of its arguments, x(t), at t = 0: Taylor mode.

    primals: the arguments of f, x(0). series: for each of them a sequence of K values of its structure, the derivatives
    of the path x'(0), x''(0), ..., to order K (None for an argument that does not move). These are derivatives, not
    divided by k!: with the series (1.0, 0.0, 0.0) of a number x, the result holds f'(x), f''(x) and f'''(x). engine and
    deterministic: as for `grad`.
    Returns (value, (d1, ..., dK)): dk is the k-th derivative of f(x(t)) by t, of the structure of the value, None where
    it holds no float.
    The price grows with K * K: functions of elements have recurrences, products are convolved. Solutions of equations,
    decompositions, and what has a rule of its own are differentiated K times, at a price of 2 ** K. The tape runs f
    once, on copies of its arguments, by forward mode nested K times.
    Raises ValueError where the sequences differ in length or none is given, DifferentiationError where something cannot
    be differentiated K times, what f itself raises otherwise.
    Method: Griewank & Walther (2008), chapter 13.

    >>> taylor(lambda x: x * x * x, (2.0,), ((1.0, 0.0, 0.0),))
    (8.0, (12.0, 12.0, 6.0))
    >>> import math
    >>> taylor(lambda r, a: r * math.exp(a), (2.0, 0.0), (None, (1.0, 3.0)))
    (2.0, (2.0, 8.0))
    """
    given, moves = _checked(primals, series)
    alone = engine_named(engine).alone
    found: tuple[Any, tuple[Any, ...]]
    if alone is not None:
        found = recorded_taylor(f, given, moves)
        return found
    values = _expanded(f, engine, deterministic)
    args, keywords = values.bind((given, moves), {})
    found = values.compiled_or_recorded(
        args, keywords, lambda made: made.value(args, *made.run(args)), lambda runner: recorded_taylor(f, given, moves))
    return found


def _checked(primals: Sequence[Any], series: Series) -> tuple[tuple[Any, ...], tuple[tuple[Any, ...] | None, ...]]:
    """Arguments and series as tuples. Raises TypeError and ValueError."""
    given, moves = tuple(primals), tuple(None if s is None else tuple(s) for s in series)
    if len(given) != len(moves):
        raise TypeError(f"{len(given)} arguments and {len(moves)} series")
    length(moves)
    return given, moves


_known: weakref.WeakKeyDictionary[Any, dict[Any, Derivative]] = weakref.WeakKeyDictionary()


def _expanded(f: Callable[..., Any], engine: str, deterministic: bool) -> Derivative:
    """The program of a function and its derivatives, made once."""
    try:
        known = _known.setdefault(f, {})
    except TypeError:  # not weakly referable: specialised for this call only
        known = {}
    if (engine, deterministic) not in known:
        known[engine, deterministic] = Derivative(Expansion(f), "value", (), engine=engine, deterministic=deterministic)
    return known[engine, deterministic]


@handles(taylor)
def _nested_taylor(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    f, primals, series = (*args, *(named[k] for k in ("f", "primals", "series")[len(args):] if k in named))
    items = act.t.environment.items
    moves = tuple(None if s is None else tuple(items(act, s)) for s in items(act, series))
    given = tuple(items(act, primals))
    if len(given) != len(moves):
        raise TypeError(f"{len(given)} arguments and {len(moves)} series")
    return nested_taylor(act, f, given, moves)


@recording.means(taylor)
def _recorded_taylor(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`taylor` inside a recorded run."""
    f, primals, series = (*args, *(named[k] for k in ("f", "primals", "series")[len(args):] if k in named))
    return recorded_taylor(f, *_checked(primals, series))
