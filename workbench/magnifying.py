"""The microscope: a function along a line through a point, its slopes by all engines, its difference quotients.

Invariant: where f is not defined beside the point, there is a note and no value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.api import jvp, vjp
from workbench.checking import Checker
from workbench.engines import ENGINES
from workbench.ir import DifferentiationError
from workbench.operators import along
from workbench.operators.floats import flat, fresh, inner, with_leaves
from workbench.views.microscope import Microscope, Slope


def magnified(f: Callable[..., Any], args: tuple[Any, ...], direction: Any, span: float) -> Microscope:
    """Look at a function along a line; see `wb.microscope`."""
    checker = Checker(f, args, 0)
    dots = checker.tangents() if direction is None else direction
    if not isinstance(dots, tuple) or len(dots) != len(args):
        raise TypeError(f"the direction is a tuple with a tangent for each of the {len(args)} arguments")
    given = dict(enumerate(flat(dots)))
    if [np.shape(d) for d in given.values()] != [np.shape(x) for x in flat(args)]:
        raise TypeError("the direction has not the structure and shapes of the arguments")
    notes: list[str] = []

    def value(offset: float) -> float:
        return sum(float(np.real(np.sum(leaf))) for leaf in flat(f(*checker.moved(dots, offset))))

    def guarded(offset: float) -> float:
        try:
            return value(offset)
        except (ArithmeticError, ValueError, LookupError) as error:  # f is not defined there
            notes.append(f"{type(error).__name__} at offset {offset:+.3g}: {error}")
            return float("nan")
    with np.errstate(all="ignore"):
        offsets = [span * k / 100 for k in range(-100, 101)]
        values = [guarded(t) for t in offsets]
        steps, central, left, right = along.quotients(guarded, span)
        line = along.Line(f, args, lambda t: checker.moved(dots, t))
        try:
            switches = line.switches(span)
        except (ArithmeticError, ValueError, LookupError) as error:
            switches = []
            notes.append(f"switches: {type(error).__name__}: {error}")
    slopes = [slope for engine in ENGINES["auto"].parts for slope in _slopes(checker, engine, dots)]
    notes += [line.note] if line.note else []
    return Microscope(along.title_of(f), tuple(offsets), tuple(values), tuple(slopes), tuple(steps), tuple(central),
                      tuple(left), tuple(right), tuple(switches), tuple(dict.fromkeys(notes))[:4])


def _slopes(checker: Checker, engine: str, dots: tuple[Any, ...]) -> list[Slope]:
    """The derivative of the sum of f's results along a direction, by both modes of an engine."""
    f, args = checker.f, checker.args
    ones = with_leaves(checker.value, [np.ones(x.shape) for x in flat(checker.value)], keep=False)

    def forward() -> float:
        return inner(ones, jvp(f, fresh(args), dots, engine=engine)[1])

    def reverse() -> float:
        return inner(vjp(f, *fresh(args), engine=engine)[1](ones), dots)
    found = []
    for mode, slope in (("forward", forward), ("reverse", reverse)):
        try:
            found.append(Slope(engine, mode, slope()))
        except DifferentiationError as error:
            found.append(Slope(engine, mode, float("nan"), error.reason))
    return found
