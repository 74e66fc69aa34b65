"""Systems of integer equations and inequalities that have no solution.

Polynomials over atoms (`dims`): every monomial is a variable of its own, eliminated by Fourier and Motzkin's
method, with bounds rounded to integers and the test of the greatest common divisor. Products are known in two ways: an
equation is put into them, and an inequality is multiplied by what is known not to be negative. (The omega test: Pugh,
1991, without its last, exact step.)

Invariant: what is said to have no solution has none; what is not said may have none either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import gcd
from typing import Any

from workbench.ir.dims import Monomial, Polynomial

MOST = 400  # inequalities at a time
PRODUCTS = 60
_ONE: Monomial = frozenset()
Row = dict[Monomial, int]


class Unsolvable(Exception):
    """There is no solution."""


def has_none(zeros: Iterable[Polynomial], nonnegative: Iterable[Polynomial]) -> bool:
    """True where no integers make some polynomials zero and others not negative, as far as is seen."""
    try:
        left, right = _substituted(list(zeros), list(nonnegative))
        return _eliminated([*_rows(right), *_rows(left), *_rows(-p for p in left)], left, right)
    except Unsolvable:
        return True


# ---------------------------------------------------------------------- equations
def _substituted(zeros: list[Polynomial], others: list[Polynomial]) -> tuple[list[Polynomial], list[Polynomial]]:
    """The system with every equation used up that gives an atom as a polynomial of others."""
    left: list[Polynomial] = []
    while zeros:
        zero = _divided(zeros.pop(), others)
        if zero.constant is not None:
            if zero.constant != 0:
                raise Unsolvable
            continue
        _test_divisor(zero)
        atom = _unit(zero)
        if atom is None:
            left.append(zero)
            continue
        sign = zero.terms[frozenset(((atom, 1),))]
        value = Polynomial.atom(atom) - zero if sign == 1 else Polynomial.atom(atom) + zero
        zeros = [substitute(p, atom, value) for p in [*zeros, *left]]
        others = [substitute(p, atom, value) for p in others]
        left = []
    return left, others


def _test_divisor(zero: Polynomial) -> None:
    """Raises Unsolvable where the constant is no multiple of what divides all other coefficients."""
    divisor = 0
    for monomial, coefficient in zero.terms.items():
        if monomial:
            divisor = gcd(divisor, coefficient)
    if divisor and zero.terms.get(_ONE, 0) % divisor:
        raise Unsolvable


def _divided(zero: Polynomial, others: Sequence[Polynomial]) -> Polynomial:
    """An equation without the atoms that all its terms have, where these are positive."""
    common = None
    for monomial in zero.terms:
        atoms = {atom for atom, _ in monomial}
        common = atoms if common is None else common & atoms
    for atom in common or ():
        if _positive(Polynomial.atom(atom), others):
            zero = Polynomial({_without(m, atom): c for m, c in zero.terms.items()})
    return zero


def _without(monomial: Monomial, atom: Any) -> Monomial:
    """A monomial divided by an atom."""
    powers = dict(monomial)
    powers[atom] -= 1
    return frozenset((a, p) for a, p in powers.items() if p)


def _positive(value: Polynomial, others: Sequence[Polynomial]) -> bool:
    """Whether inequalities alone say that something is at least 1."""
    return _eliminated([*_rows(others), *_rows([-value])], (), ())


def _unit(zero: Polynomial) -> Any:
    """An atom that occurs once, by itself, with the coefficient 1 or -1; None where there is none."""
    count: dict[Any, int] = {}
    for monomial in zero.terms:
        for atom, _ in monomial:
            count[atom] = count.get(atom, 0) + 1
    for monomial, coefficient in zero.terms.items():
        if len(monomial) == 1 and abs(coefficient) == 1:
            ((atom, power),) = monomial
            if power == 1 and count[atom] == 1:
                return atom
    return None


def substitute(value: Polynomial, atom: Any, by: Polynomial) -> Polynomial:
    """A polynomial with another one in place of an atom."""
    if not any(a == atom for monomial in value.terms for a, _ in monomial):
        return value
    made = Polynomial.of(0)
    for monomial, coefficient in value.terms.items():
        term = Polynomial.of(coefficient)
        for a, power in monomial:
            for _ in range(power):
                term = term * (by if a == atom else Polynomial.atom(a))
        made = made + term
    return made


# ---------------------------------------------------------------------- inequalities
def _rows(polynomials: Iterable[Polynomial]) -> list[Row]:
    return [dict(p.terms) for p in polynomials]


def _tight(row: Row) -> Row | None:
    """A row divided by what divides its coefficients, the constant rounded down; None where it says nothing."""
    divisor = 0
    for monomial, coefficient in row.items():
        if monomial:
            divisor = gcd(divisor, coefficient)
    constant = row.get(_ONE, 0)
    if divisor == 0:
        if constant < 0:
            raise Unsolvable
        return None
    if divisor == 1:
        return row
    made = {m: c // divisor for m, c in row.items() if m}
    if constant // divisor:
        made[_ONE] = constant // divisor
    return made


def _eliminated(rows: list[Row], zeros: Sequence[Polynomial], others: Sequence[Polynomial]) -> bool:
    """Whether inequalities (each row is not negative) have no solution."""
    try:
        known: dict[frozenset[tuple[Monomial, int]], int] = {}
        for row in [*rows, *_products(zeros, others)]:
            _enter(known, row)
        while known:
            counts: dict[Monomial, list[int]] = {}
            for key in known:
                for monomial, coefficient in key:
                    counts.setdefault(monomial, [0, 0])[coefficient > 0] += 1
            chosen = min(counts, key=lambda m: counts[m][0] * counts[m][1] - counts[m][0] - counts[m][1])
            held = [(key, constant) for key, constant in known.items() if any(m == chosen for m, _ in key)]
            known = {key: c for key, c in known.items() if not any(m == chosen for m, _ in key)}
            split = [(dict(key), constant) for key, constant in held]
            for lower, c1 in (s for s in split if s[0][chosen] > 0):
                for upper, c2 in (s for s in split if s[0][chosen] < 0):
                    a, b = lower[chosen], -upper[chosen]
                    total: Row = {m: b * c for m, c in lower.items()}
                    for m, c in upper.items():
                        total[m] = total.get(m, 0) + a * c
                    _enter(known, {**{m: c for m, c in total.items() if c}, _ONE: b * c1 + a * c2})
            if len(known) > MOST:
                return False
    except Unsolvable:
        return True
    return False


def _enter(known: dict[frozenset[tuple[Monomial, int]], int], row: Row) -> None:
    """Note a row; of those that differ in their constants alone, the tightest."""
    tight = _tight(row)
    if tight is not None:
        key = frozenset((m, c) for m, c in tight.items() if m)
        constant = tight.get(_ONE, 0)
        if key not in known or known[key] > constant:
            known[key] = constant


def _products(zeros: Sequence[Polynomial], others: Sequence[Polynomial]) -> list[Row]:
    """Inequalities multiplied by what is not negative, where the products occur."""
    wanted: dict[Any, set[Any]] = {}  # an atom -> those that it is multiplied by somewhere
    for p in (*zeros, *others):
        for monomial in p.terms:
            if sum(power for _, power in monomial) > 1:
                for atom, _ in monomial:
                    wanted.setdefault(_without(monomial, atom), set()).add(atom)
    made: list[Row] = []
    for factor, atoms in wanted.items():
        value = Polynomial({factor: 1})
        useful = [p for p in others if any(a in atoms for m in p.terms for a, _ in m) and all(
            sum(power for _, power in m) <= 1 for m in p.terms)]
        if useful and _eliminated([*_rows(others), *_rows([-value - Polynomial.of(1)])], (), ()):
            made += [dict((p * value).terms) for p in useful]
        if len(made) > PRODUCTS:
            break
    return made
