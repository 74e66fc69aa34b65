"""Parts of a count: the program's own operations and those that differentiate it, and what residuals take, by line.

Invariant: the parts are those of one count, with the same parameters: what is the program's own and what is not add up
to the whole.
"""

from __future__ import annotations

from collections.abc import Mapping

from workbench.cost import roles
from workbench.cost.counting import count
from workbench.cost.formula import Formula
from workbench.cost.work import Work
from workbench.ir import Function, Op, callees

Dims = Mapping[tuple[int, int], Formula]
Integers = Mapping[int, Formula]


def is_primal(op: Op) -> bool:
    """Whether an operation is the program's own: in a gradient, of its forward sweep, what that keeps included.

    What differentiates (a reverse sweep, with what it computes anew; tangents), and what differentiates that in turn,
    is not. An operation of no line is taken for the program's own."""
    return op.span is None or op.span.order == 0


def sides(function: Function, dims: Dims | None = None, integers: Integers | None = None) -> tuple[Work, Work]:
    """What a program does itself, and what differentiates it (of a gradient: its forward and its reverse sweep)."""
    own = count(function, dims, integers, chosen=is_primal).work
    return own, count(function, dims, integers, chosen=lambda op: not is_primal(op)).work


def residuals(function: Function, results: int, dims: Dims | None = None, integers: Integers | None = None) -> Work:
    """The arrays and stacks in which numbers are kept for the reverse sweep: `allocated` in bytes, with all the room
    that stacks have in the end, and `allocation`, their number. results: how many of the results are the primal's."""
    known = dict(roles.roles(function, results))
    for callee in callees(function):
        known |= roles.roles(callee.function, None)
    whole = count(function, dims, integers, chosen=lambda op: known.get(op) == roles.RESIDUAL).work
    found = Work()
    for (line, key), amount in whole.amounts.items():
        if key in ("allocated", "allocation"):
            found.add(line, {key: amount})
    return found
