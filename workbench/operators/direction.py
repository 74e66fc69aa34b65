"""Which way a gradient goes where nobody has named one: in reverse, or forward with a tangent for each number.

A gradient goes in reverse. By one or two numbers, and where reverse mode would keep something of the turns of a loop,
the program is priced both ways, and goes forward where that is clearly faster: it then keeps nothing. This is decided
by the program alone, for sizes that are taken for granted and the default machine, so that the same program is made
everywhere.

Invariant: a gradient has the same value either way. Only operations are let through whose two modes are made from one
statement of their partials. Where the modes treat zeros otherwise, the forward program finds what is not finite, and
the reverse one is asked (`Program.in_reverse`).

Source: Griewank & Walther, Evaluating Derivatives (2008), sections 3.1 and 3.2.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from workbench.cost.executions import Executions
from workbench.cost.formula import symbol
from workbench.cost.machine import Machine
from workbench.cost.timing import Timing
from workbench.ir import Function, Kind, Op, own_results, walk
from workbench.ir.ops import ALLOCATING, CONSUMING, CONTROL
from workbench.passes import optimize
from workbench.rules import get
from workbench.views.numbers import usual

NUMBERS = 2  # so many tangents are carried at most
GAIN = 1.3  # how many times as fast forward mode is to be
#: What is not elementwise, but moves numbers or adds them up: both modes do the same with zeros.
_MOVING = CONTROL | ALLOCATING | (CONSUMING - {"draw"}) | {
    "broadcast", "cast", "check", "cumsum", "gather", "index", "load", "mask_count", "mask_index", "matmul", "reshape",
    "select", "slice", "sum", "transpose"}


class Candidate:
    """A program that may run, as far as it has been made. `transformed`: of the primal; `ir`: simplified; `final`: what
    would be emitted."""

    def __init__(self, transform: Callable[[], Function], lower: Callable[[Function], Function]) -> None:
        self._transform = transform
        self._lower = lower

    @functools.cached_property
    def transformed(self) -> Function:
        """As the mode's transform makes it."""
        return self._transform()

    @functools.cached_property
    def ir(self) -> Function:
        """Before it is lowered."""
        return own_results(optimize(self.transformed))

    @functools.cached_property
    def final(self) -> Function:
        """What is emitted."""
        return self._lower(self.ir)


def may_be_forward(primal: Function, numbers: int) -> bool:
    """Whether forward mode is a candidate for the derivatives by so many numbers."""
    if not 1 <= numbers <= NUMBERS:
        return False
    ops = list(walk(primal.block))
    return any(op.prim in ("for", "while") for op in ops) and all(map(_is_alike, ops))


def _is_alike(op: Op) -> bool:
    """Whether both modes of an operation are made from one statement."""
    if op.prim in _MOVING:
        return True
    try:
        primitive = get(op.prim)
    except KeyError:
        return False
    return primitive.elementwise and primitive.vjp is None and primitive.jvp is None


def is_forward(primal: Function, reverse: Candidate, forward: Candidate) -> bool:
    """Whether the forward program is clearly faster than one that keeps something."""
    return _arrays_made(reverse.ir) > _arrays_made(primal) and (
        _seconds(reverse.final) > GAIN * _seconds(forward.final))


def _arrays_made(function: Function) -> int:
    return sum(op.prim in ALLOCATING for op in walk(function.block))


def _seconds(final: Function) -> float:
    """How long a program would take on the default machine, where all that is open is taken for granted."""
    dims = {place: symbol(f"axis{number}") for number, place in enumerate(final.shape_params.values())}
    integers = {k: symbol(f"number{k}") for k, param in enumerate(final.data_params)
                if not param.is_array and param.kind is Kind.INT}
    made = Executions(final, dims, integers)
    with np.errstate(all="ignore"):
        found = Timing(made).seconds({name: usual(name) for name in made.symbols}, Machine())
    return float(sum(found.values()))
