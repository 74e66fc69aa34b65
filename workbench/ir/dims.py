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

    Equal ones are one object as a rule: atoms that hold polynomials that hold atoms (lengths of parts of parts) would
    take a time exponential in their depth to compare."""

    __slots__ = ("__weakref__", "_hash", "terms")
    terms: dict[Monomial, int]
    _hash: int

    def __new__(cls, terms: Mapping[Monomial, int]) -> Polynomial:
        content = {m: c for m, c in terms.items() if c}
        key = frozenset(content.items())
        made = _ALL.get(key)
        if made is None:
            made = object.__new__(cls)
            made.terms, made._hash = content, hash(key)
            _ALL[key] = made
        return made

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Polynomial) and self._hash == other._hash and self.terms == other.terms)

    def __hash__(self) -> int:
        return self._hash

    def __add__(self, other: Polynomial) -> Polynomial:
        terms = dict(self.terms)
        for monomial, coefficient in other.terms.items():
            terms[monomial] = terms.get(monomial, 0) + coefficient
        return Polynomial(terms)

    def __neg__(self) -> Polynomial:
        return Polynomial({m: -c for m, c in self.terms.items()})

    def __sub__(self, other: Polynomial) -> Polynomial:
        return self + (-other)

    def __mul__(self, other: Polynomial) -> Polynomial:
        terms: dict[Monomial, int] = {}
        for m1, c1 in self.terms.items():
            for m2, c2 in other.terms.items():
                powers = dict(m1)
                for atom, power in m2:
                    powers[atom] = powers.get(atom, 0) + power
                monomial = frozenset(powers.items())
                terms[monomial] = terms.get(monomial, 0) + c1 * c2
        return Polynomial(terms)

    @property
    def constant(self) -> int | None:
        """The value of a constant polynomial, else None."""
        if not self.terms:
            return 0
        if len(self.terms) == 1 and _ONE in self.terms:
            return self.terms[_ONE]
        return None

    @staticmethod
    def of(number: int) -> Polynomial:
        """A constant polynomial."""
        return Polynomial({_ONE: number})

    @staticmethod
    def atom(key: Any) -> Polynomial:
        """The polynomial that is one atom."""
        return Polynomial({frozenset({(key, 1)}): 1})


_ALL: WeakValueDictionary[frozenset[tuple[Monomial, int]], Polynomial] = WeakValueDictionary()

Definition = Callable[[Value], Op | None]


def normal_form(value: Value, definition: Definition) -> Polynomial:
    """The normal form of an integer value; `definition` gives the operation that makes a value, if any."""
    return _form(value, definition, {})


def _form(value: Value, definition: Definition, known: dict[Value, Polynomial]) -> Polynomial:
    """known: forms of what has been met (lengths of parts of parts are made of the same values again and again)."""
    if isinstance(value, Constant):
        return Polynomial.of(int(value.value.real))
    if value not in known:
        known[value] = _made(value, definition, known)
    return known[value]


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
    return a is b or a == b or normal_form(a, definition) == normal_form(b, definition)


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
