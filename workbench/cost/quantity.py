"""A figure of a report: a number, or a formula that can be asked for numbers.

Invariant: `plain` gives a number wherever a formula is one; a `Quantity` always depends on something.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.cost.evaluation import evaluate
from workbench.cost.formula import Formula, Number, Symbol, of
from workbench.cost.writing import written
from workbench.records import dataclass


@dataclass(frozen=True, eq=False)
class Quantity:
    """A figure that depends on dimensions, or on what only a run can know.

    `str()` is as a person would write it; called with values of its symbols it is a number, or a `Quantity` of those
    that are left. Quantities can be added, subtracted, multiplied and compared for equality.

    >>> from workbench.cost.formula import symbol
    >>> steps = Quantity(symbol("n") * symbol("m") * 2 + symbol("n") * 3)
    >>> steps
    2·m·n + 3·n
    >>> steps(n=10), steps(n=10, m=2)
    (20·m + 30, 70)
    """

    formula: Formula

    def __call__(self, values: Mapping[str, Number] | None = None, /, **dims: Number) -> Any:
        """What it is with symbols bound, by name; names that are no identifiers go into the mapping. A symbol that does
        not occur changes nothing. A value may be an array of sizes: then all symbols must be given."""
        given = {**(values or {}), **dims}
        if any(isinstance(v, np.ndarray) for v in given.values()):
            return evaluate(self.formula, given)
        return plain(self.formula.bind({s: given[s.name] for s in self.formula.symbols if s.name in given}))

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names of what it depends on."""
        return tuple(sorted(symbol.name for symbol in self.formula.symbols))

    def __str__(self) -> str:
        return written(self.formula)

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity | int | float) and self.formula == _formula(other)

    def __hash__(self) -> int:
        return hash(self.formula)

    def __add__(self, other: Quantity | Number) -> Any:
        return plain(self.formula + _formula(other))

    def __sub__(self, other: Quantity | Number) -> Any:
        return plain(self.formula - _formula(other))

    def __rsub__(self, other: Quantity | Number) -> Any:
        return plain(_formula(other) - self.formula)

    def __mul__(self, other: Quantity | Number) -> Any:
        return plain(self.formula * _formula(other))

    __radd__ = __add__
    __rmul__ = __mul__


def _formula(value: Quantity | Number) -> Formula:
    return value.formula if isinstance(value, Quantity) else of(value)


def plain(formula: Formula) -> Any:
    """The number that a formula is, or a `Quantity`."""
    number = formula.constant
    return Quantity(formula) if number is None else number


def bound(formula: Formula, values: Mapping[str, Number]) -> Formula:
    """A formula with symbols bound by name."""
    found: dict[Symbol, Formula | Number] = {s: values[s.name] for s in formula.symbols if s.name in values}
    return formula.bind(found) if found else formula
