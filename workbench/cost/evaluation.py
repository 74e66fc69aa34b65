"""The numbers that formulas are, for given sizes: exact for integers, or for whole arrays of sizes at once.

Invariant: with Python integers and fractions every step is exact; with arrays it is done in 64-bit floats, which are
exact up to 2^53.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from workbench.cost.formula import OF_SIZE, Atom, Formula, Sum, Symbol, room

AT_ONCE = 1 << 20  # turns of sums


def evaluate(formula: Formula, values: Mapping[str, Any]) -> Any:
    """The number that a formula is where the symbols of these names are these numbers (or arrays, all of one shape).

    Raises KeyError for a symbol without a value.

    >>> from workbench.cost.formula import symbol
    >>> n = symbol("n")
    >>> evaluate(n * (n - 1) / 2, {"n": 1000})
    499500
    """
    return _Evaluation(values).formula(formula)


class _Evaluation:
    """Evaluates formulas that have atoms in common; each is evaluated once."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.known: dict[Atom, Any] = {}

    def formula(self, formula: Formula) -> Any:
        total: Any = 0
        for monomial, coefficient in formula.terms.items():
            term: Any = coefficient
            for atom, power in monomial:
                value = self.atom(atom)
                term = _times(term, value ** power if power > 1 else value)
            total = total + term
        return total.numerator if isinstance(total, Fraction) and total.denominator == 1 else total

    def atom(self, atom: Atom) -> Any:
        if atom not in self.known:
            self.known[atom] = self._atom(atom)
        return self.known[atom]

    def _atom(self, atom: Atom) -> Any:
        if isinstance(atom, Symbol):
            return self.values[atom.name]
        if isinstance(atom, Sum):
            return self._sum(atom)
        if atom.function in OF_SIZE:
            return _of_size(OF_SIZE[atom.function], self.formula(atom.args[0]))
        return FUNCTIONS[atom.function](*map(self.formula, atom.args))

    def _sum(self, atom: Sum) -> Any:
        turns = self.formula(atom.turns)
        if isinstance(turns, np.ndarray):
            return self._sums(atom, turns)
        total = 0.0
        for start in range(0, int(turns), AT_ONCE):
            index = np.arange(start, min(start + AT_ONCE, int(turns)), dtype=float)
            body = _Evaluation({**self.values, atom.index.name: index}).formula(atom.body)
            total += float(np.sum(np.broadcast_to(body, index.shape)))
        return int(total) if total.is_integer() else total

    def _sums(self, atom: Sum, turns: np.ndarray) -> np.ndarray:
        """Sums of different lengths: their turns one behind the other, as many at once as memory is worth."""
        counts = turns.astype(np.int64).ravel()
        values = {name: np.broadcast_to(v, turns.shape).ravel() if isinstance(v, np.ndarray) else v
                  for name, v in self.values.items() if name in {s.name for s in atom.body.symbols}}
        found = np.zeros(counts.size)
        parts = np.searchsorted(np.cumsum(counts), np.arange(AT_ONCE, counts.sum() + AT_ONCE, AT_ONCE), "left") + 1
        for start, stop in zip((0, *parts), (*parts, counts.size), strict=True):
            here = counts[start:stop]
            owner = np.repeat(np.arange(here.size), here)
            index = np.arange(owner.size) - np.repeat(np.cumsum(here) - here, here)
            inner = {name: v[start:stop][owner] if isinstance(v, np.ndarray) else v for name, v in values.items()}
            body = _Evaluation({**inner, atom.index.name: index.astype(float)}).formula(atom.body)
            found[start:stop] = np.bincount(owner, np.broadcast_to(body, owner.shape), here.size)
        return found.reshape(turns.shape)


def _times(a: Any, b: Any) -> Any:
    """A product; a fraction times an array is a product of floats."""
    if isinstance(b, np.ndarray) and isinstance(a, Fraction):
        return float(a) * b
    return a * b


def _of_size(function: Callable[[int], int], size: Any) -> Any:
    """Each size once."""
    if not isinstance(size, np.ndarray):
        return function(int(size))
    sizes, places = np.unique(size, return_inverse=True)
    return np.array([function(int(n)) for n in sizes], dtype=float)[places].reshape(size.shape)


def _floor(a: Any, b: Any) -> Any:
    return np.floor_divide(a, b) if isinstance(a, np.ndarray) or isinstance(b, np.ndarray) else a // b


def _larger(a: Any, b: Any) -> Any:
    return np.maximum(a, b) if isinstance(a, np.ndarray) or isinstance(b, np.ndarray) else max(a, b)


def _smaller(a: Any, b: Any) -> Any:
    return np.minimum(a, b) if isinstance(a, np.ndarray) or isinstance(b, np.ndarray) else min(a, b)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "max": _larger, "min": _smaller, "floordiv": _floor,
    "capacity": lambda a: np.vectorize(room)(a) if isinstance(a, np.ndarray) else room(a),
    "positive": lambda a: (a > 0) * 1, "zero": lambda a: (a == 0) * 1,
}
