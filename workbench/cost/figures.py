"""What a program costs, counted without running it: the list of figures, each a number that every operation adds to.

Invariant: a figure is a sum over the operations that stand in the program. Loops are counted once (how often they turn
is known when the program runs), all arms of conditionals are counted, an operation on whole arrays counts once.
"""

from __future__ import annotations

from collections.abc import Callable

from workbench.ir import Function, Op, walk
from workbench.records import dataclass
from workbench.rules import Primitive, get


@dataclass(frozen=True)
class Figure:
    """A cost figure: its name, what it counts, and what one operation adds to it."""

    name: str
    what: str
    of: Callable[[Op], float]


FIGURES: dict[str, Figure] = {}


def register(figure: Figure) -> Figure:
    """Add a figure to the list: `Derivative.costs()` counts it from here on. Returns it.

    Raises ValueError where its name is taken.

    >>> import workbench as wb
    >>> divisions = register(Figure("divisions", "divisions of numbers", lambda op: op.prim == "div"))
    >>> def f(x):
    ...     return 1.0 / x
    >>> derivative = wb.grad(f)
    >>> _ = derivative(2.0)
    >>> derivative.costs()["divisions"]
    2
    >>> _ = FIGURES.pop("divisions")
    """
    if figure.name in FIGURES:
        raise ValueError(f"there is already a figure {figure.name!r}")
    FIGURES[figure.name] = figure
    return figure


def costs(function: Function) -> dict[str, float]:
    """All figures of a program, by name."""
    ops = list(walk(function.block))
    return {name: sum(figure.of(op) for op in ops) for name, figure in FIGURES.items()}


def _of_primitive(of: Callable[[Primitive], float]) -> Callable[[Op], float]:
    """What the rule table says of an operation; nothing for loops and conditionals."""
    def of_op(op: Op) -> float:
        try:
            return of(get(op.prim))
        except KeyError:
            return 0
    return of_op


register(Figure("operations", "all operations", lambda op: 1))
register(Figure("flops", "arithmetic on floats", _of_primitive(lambda primitive: primitive.flops)))
register(Figure("transcendental", "elementary functions", _of_primitive(lambda primitive: primitive.transcendental)))
register(Figure("accesses", "elements read and written", lambda op: op.prim in ("load", "store")))
