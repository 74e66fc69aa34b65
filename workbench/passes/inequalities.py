"""Proofs of `polynomial >= 0` from facts of the same form.

To prove p >= 0, a monomial of p is cancelled with a fact q >= 0 that holds it with the same sign (p = a q + r with
a > 0: r >= 0 is enough), until a constant is left. Integers are exact here: a value proved to lie between 0 and an
array's length is representable, so that machine arithmetic gives it whatever happened in between.

Source: Fourier-Motzkin elimination, one chain at a time (Schrijver 1986, Theory of Linear and Integer Programming).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd
from typing import Any

from workbench.ir import Polynomial

_DEPTH = 9
_EFFORT = 400
_CONSTANT: frozenset[Any] = frozenset()


class Facts:
    """A scoped set of facts. `mark` and `release` open and close a scope."""

    def __init__(self) -> None:
        self._facts: list[Polynomial] = []
        self._known: set[Polynomial] = set()
        self._rank: dict[Any, int] = {}
        self._effort = 0

    def mark(self) -> int:
        """Open a scope."""
        return len(self._facts)

    def release(self, mark: int) -> None:
        """Forget what was added since the mark."""
        self._known.difference_update(self._facts[mark:])
        del self._facts[mark:]

    def add(self, fact: Polynomial) -> None:
        """Learn that a polynomial is not negative."""
        if fact.constant is not None or fact in self._known:
            return
        self._known.add(fact)
        self._facts.append(fact)
        for monomial in fact.terms:
            for atom, _ in monomial:
                self._meet(atom)

    def _meet(self, atom: Any) -> None:
        """Rank an atom by age, and learn what holds of it by its making."""
        if atom in self._rank:
            return
        if isinstance(atom, tuple):
            for part in atom[1:]:
                for monomial in part.terms:
                    for inner, _ in monomial:
                        self._meet(inner)
        self._rank[atom] = len(self._rank)

    def is_nonnegative(self, goal: Polynomial) -> bool:
        """True where goal >= 0 is proved."""
        self._effort = _EFFORT
        for monomial in goal.terms:
            for atom, _ in monomial:
                self._meet(atom)
        return self._prove(goal, _DEPTH)

    def _prove(self, goal: Polynomial, depth: int) -> bool:
        constant = goal.constant
        if constant is not None:
            return constant >= 0
        if goal in self._known:
            return True
        self._effort -= 1
        if depth == 0 or self._effort < 0:
            return False
        monomial = max((m for m in goal.terms if m != _CONSTANT), key=self._age)
        coefficient = goal.terms[monomial]
        for fact in self._with(monomial, coefficient > 0):
            other = fact.terms[monomial]
            common = gcd(coefficient, other)
            rest = _scaled(goal, abs(other) // common) - _scaled(fact, abs(coefficient) // common)
            if self._prove(rest, depth - 1):
                return True
        return False

    def _age(self, monomial: Any) -> tuple[int, int]:
        return max(self._rank[atom] for atom, _ in monomial), len(monomial)

    def _with(self, monomial: Any, positive: bool) -> Iterator[Polynomial]:
        """Facts that hold a monomial with a sign."""
        for fact in reversed(self._facts):
            found = fact.terms.get(monomial)
            if found is not None and (found > 0) == positive:
                yield fact
        atoms = [atom for atom, power in monomial if power == 1]
        if len(atoms) == 1 and len(monomial) == 1:
            for fact in intrinsic(atoms[0]):
                found = fact.terms.get(monomial)
                if found is not None and (found > 0) == positive:
                    yield fact
        elif not atoms and len(monomial) == 1 and positive and next(iter(monomial))[1] % 2 == 0:
            yield Polynomial({monomial: 1})  # a square
        elif len(atoms) == 2 and len(monomial) == 2:
            yield from self._products(atoms, monomial, positive)

    def _products(self, atoms: list[Any], monomial: Any, positive: bool) -> Iterator[Polynomial]:
        """Facts about one atom times another that is not negative."""
        for atom, factor in (atoms, atoms[::-1]):
            times = Polynomial.atom(factor)
            if times not in self._known:
                continue
            single = frozenset({(atom, 1)})
            for fact in reversed(self._facts):
                if single in fact.terms and (fact.terms[single] > 0) == positive:
                    product = fact * times
                    if monomial in product.terms:
                        yield product


def _scaled(p: Polynomial, number: int) -> Polynomial:
    return p if number == 1 else p * Polynomial.of(number)


def intrinsic(atom: Any) -> Iterator[Polynomial]:
    """What holds of an atom by its making: of minima, maxima, and floor division and remainder by a positive number."""
    if not isinstance(atom, tuple):
        return
    name, a, b = atom
    itself = Polynomial.atom(atom)
    if name in ("minimum", "pymin"):
        yield a - itself
        yield b - itself
    elif name in ("maximum", "pymax"):
        yield itself - a
        yield itself - b
    elif b.constant is not None and b.constant > 0:
        if name == "mod":
            yield itself
            yield b - Polynomial.of(1) - itself
        elif name == "floordiv":
            yield a - b * itself
            yield b * itself + b - Polynomial.of(1) - a
