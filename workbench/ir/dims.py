"""Normal forms of integer expressions: polynomials with integer coefficients over atoms.

Two dimensions are taken to be equal exactly when their normal forms are. An atom is a value that is not a sum or
product (a parameter, a loop index, a `min` of two polynomials, ...).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any
from weakref import WeakValueDictionary

from workbench.ir.core import Constant, Op, Value
from workbench.ir.types import Kind

Monomial = frozenset[tuple[Any, int]]
_ONE: Monomial = frozenset()


class Polynomial:
    """An integer polynomial; immutable, hashable, equal by content.

    Equal ones whose atoms hold polynomials are one object as a rule: atoms that hold polynomials that hold atoms
    (lengths of parts of parts) would take a time exponential in their depth to compare."""

    __slots__ = ("__weakref__", "_hash", "_nested", "terms")
    terms: dict[Monomial, int]
    _hash: int | None
    _nested: bool  # some atoms hold polynomials

    def __new__(cls, terms: Mapping[Monomial, int]) -> Polynomial:
        return _polynomial({m: c for m, c in terms.items() if c}, True)

    def __eq__(self, other: object) -> bool:
        if self is other or not isinstance(other, Polynomial):
            return self is other
        if self._nested:
            return other._nested and hash(self) == hash(other) and self.terms == other.terms
        return self.terms == other.terms

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self.terms.items()))
        return self._hash

    def __add__(self, other: Polynomial) -> Polynomial:
        return self._plus(other, 1)

    def __neg__(self) -> Polynomial:
        return _polynomial({m: -c for m, c in self.terms.items()}, self._nested)

    def __sub__(self, other: Polynomial) -> Polynomial:
        return self._plus(other, -1)

    def _plus(self, other: Polynomial, sign: int) -> Polynomial:
        terms = dict(self.terms)
        for monomial, coefficient in other.terms.items():
            total = terms.get(monomial, 0) + sign * coefficient
            if total:
                terms[monomial] = total
            else:
                del terms[monomial]
        return _polynomial(terms, self._nested or other._nested)

    def __mul__(self, other: Polynomial) -> Polynomial:
        terms: dict[Monomial, int] = {}
        for m1, c1 in self.terms.items():
            for m2, c2 in other.terms.items():
                if not m1 or not m2:
                    monomial = m1 or m2
                else:
                    powers = dict(m1)
                    for atom, power in m2:
                        powers[atom] = powers.get(atom, 0) + power
                    monomial = frozenset(powers.items())
                terms[monomial] = terms.get(monomial, 0) + c1 * c2
        return _polynomial({m: c for m, c in terms.items() if c}, self._nested or other._nested)

    @property
    def constant(self) -> int | None:
        """The value of a constant polynomial, else None."""
        if not self.terms:
            return 0
        if len(self.terms) == 1 and _ONE in self.terms:
            return self.terms[_ONE]
        return None

    def above(self, other: Polynomial) -> int | None:
        """By how much this is more than another one, where that is a constant, else None."""
        mine, theirs = self.terms, other.terms
        gap = mine.get(_ONE, 0) - theirs.get(_ONE, 0)
        if len(mine) - (_ONE in mine) != len(theirs) - (_ONE in theirs):
            return None
        for monomial, coefficient in mine.items():
            if monomial and theirs.get(monomial) != coefficient:
                return None
        return gap

    @staticmethod
    def of(number: int) -> Polynomial:
        """A constant polynomial."""
        return _polynomial({_ONE: number} if number else {}, False)

    @staticmethod
    def atom(key: Any) -> Polynomial:
        """The polynomial that is one atom."""
        return _polynomial({frozenset(((key, 1),)): 1}, type(key) is tuple)


def _polynomial(terms: dict[Monomial, int], nested: bool) -> Polynomial:
    """The polynomial of terms without a zero. nested: whether some atoms may hold polynomials (a sum of such may have
    none: they have cancelled out)."""
    nested = nested and any(type(atom) is tuple for monomial in terms for atom, _ in monomial)
    if nested:
        key = frozenset(terms.items())
        known = _ALL.get(key)
        if known is not None:
            return known
    made = object.__new__(Polynomial)
    made.terms, made._nested, made._hash = terms, nested, None
    if nested:
        made._hash = hash(key)
        _ALL[key] = made
    return made


_ALL: WeakValueDictionary[frozenset[tuple[Monomial, int]], Polynomial] = WeakValueDictionary()

Definition = Callable[[Value], Op | None]


def normal_form(value: Value, definition: Definition, known: dict[Value, Polynomial] | None = None) -> Polynomial:
    """The normal form of an integer value; `definition` gives the operation that makes a value, if any.

    known: forms that have been found, and where these are put: while what `definition` gives for a value stays so."""
    return _form(value, definition, {} if known is None else known)


def _form(value: Value, definition: Definition, known: dict[Value, Polynomial]) -> Polynomial:
    """known: forms of what has been met (lengths of parts of parts are made of the same values again and again)."""
    if isinstance(value, Constant):
        return Polynomial.of(int(value.value.real))
    found = known.get(value)
    if found is None:
        found = known[value] = _made(value, definition, known)
    return found


def _made(value: Value, definition: Definition, known: dict[Value, Polynomial]) -> Polynomial:
    op = definition(value)
    if op is None or value.kind is not Kind.INT or value.is_array or len(op.results) != 1:
        return Polynomial.atom(value)
    if op.prim in ("add", "sub", "mul", "neg"):
        parts = [_form(v, definition, known) for v in op.operands]
        if op.prim == "neg":
            return -parts[0]
        if op.prim == "add":
            return parts[0] + parts[1]
        return parts[0] - parts[1] if op.prim == "sub" else parts[0] * parts[1]
    if op.prim in ("floordiv", "mod", "minimum", "maximum"):
        parts = [_form(v, definition, known) for v in op.operands]
        numbers = [p.constant for p in parts]
        if None not in numbers:
            folded = _fold(op.prim, [n for n in numbers if n is not None])
            if folded is not None:
                return Polynomial.of(folded)
        return Polynomial.atom((op.prim, *parts))
    return Polynomial.atom(value)


def _fold(prim: str, numbers: list[int]) -> int | None:
    a, b = numbers
    if prim == "minimum":
        return min(a, b)
    if prim == "maximum":
        return max(a, b)
    if b == 0:
        return None
    return a // b if prim == "floordiv" else a % b


def same_dim(a: Value, b: Value, definition: Definition) -> bool:
    """True when two dimensions are provably equal."""
    if a is b or a == b:
        return True
    known: dict[Value, Polynomial] = {}
    return normal_form(a, definition, known) == normal_form(b, definition, known)


def is_length(dim: Value, lengths: Container[Value], definition: Definition) -> bool:
    """True for an integer that is certainly not negative: made by sums and products of these lengths, of constants and
    of positive parts."""
    form = normal_form(dim, definition)
    atoms = {atom for monomial in form.terms for atom, _ in monomial}
    return all(factor >= 0 for factor in form.terms.values()) and all(
        _is_positive_part(atom) if isinstance(atom, tuple) else atom in lengths for atom in atoms)


def _is_positive_part(atom: tuple[Any, ...]) -> bool:
    """True for the maximum of something and a constant that is not negative."""
    return atom[0] == "maximum" and any(part.constant is not None and part.constant >= 0 for part in atom[1:])
