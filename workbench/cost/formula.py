"""Formulas: exact numbers of operations and bytes, as functions of dimensions and of what only a run can know.

A formula is a polynomial with rational coefficients over atoms. An atom is a symbol (a dimension, or a parameter such
as the turns of a `while`), a function of formulas (`max`, `min`, `//`, `%`, and 1 or 0 for whether a formula is
positive, or zero; `capacity`), or a sum over the turns of a loop that has no closed form.

Invariant: formulas do not change and are equal by content; a formula is exact for every size, zero and one included.
Sums over the turns of loops are closed by the power sums of Faulhaber (Graham, Knuth & Patashnik, *Concrete
Mathematics*, 1994, 6.5), see `summation`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

from workbench.records import dataclass

Number = int | Fraction | float
NUMBERS = (int, Fraction, float)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A number that has a name and is not below `least`: a dimension or integer argument (`is_size`), an index of a
    loop, or what only a run can know."""

    name: str
    least: int = 0
    is_size: bool = False

    def __hash__(self) -> int:
        return hash(self.name)


@dataclass(frozen=True, slots=True)
class Apply:
    """max, min or floordiv of two formulas; positive or zero: 1 where a formula is so, else 0; a list's capacity."""

    function: str
    args: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """What `body` adds up to while `index` is 0, 1, ..., turns - 1."""

    index: Symbol
    turns: Formula
    body: Formula


Atom = Symbol | Apply | Sum
Monomial = frozenset[tuple[Atom, int]]
ONE: Monomial = frozenset()


class Formula:
    """See the module's text. Made by `of`, `symbol`, arithmetic, and the functions below.

    >>> n, m = symbol("n"), symbol("m")
    >>> (n + 1) * (n - 1) == n * n - 1
    True
    >>> maximum(n * m + 3, 0) == n * m + 3
    True
    """

    __slots__ = ("_hash", "_symbols", "terms")
    terms: Mapping[Monomial, Number]

    def __init__(self, terms: Mapping[Monomial, Number]) -> None:
        self.terms = {m: c if type(c) is int else _plain(c) for m, c in terms.items() if c}
        self._hash: int | None = None
        self._symbols: frozenset[Symbol] | None = None

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self.terms.items()))
        return self._hash

    def __eq__(self, other: object) -> bool:
        if isinstance(other, NUMBERS):
            return self.constant == other
        return self is other or (isinstance(other, Formula) and self.terms == other.terms)

    # ------------------------------------------------------------------ arithmetic
    def __add__(self, other: Formula | Number) -> Formula:
        if not isinstance(other, Formula):
            other = of(other)
        if not self.terms or not other.terms:
            return self if self.terms else other
        terms = dict(self.terms)
        for monomial, coefficient in other.terms.items():
            terms[monomial] = terms.get(monomial, 0) + coefficient
        return Formula(terms)

    def __neg__(self) -> Formula:
        return Formula({m: -c for m, c in self.terms.items()})

    def __sub__(self, other: Formula | Number) -> Formula:
        return self + -of(other)

    def __rsub__(self, other: Formula | Number) -> Formula:
        return of(other) - self

    def __mul__(self, other: Formula | Number) -> Formula:
        if isinstance(other, Formula):
            if self.constant is not None:
                self, other = other, self
            number = other.constant
        else:
            number = other
        if number is not None:
            return self if number == 1 else Formula({m: c * number for m, c in self.terms.items()})
        terms: dict[Monomial, Number] = {}
        for m1, c1 in self.terms.items():
            for m2, c2 in of(other).terms.items():
                monomial = _product(m1, m2)
                terms[monomial] = terms.get(monomial, 0) + c1 * c2
        return Formula(terms)

    def __pow__(self, exponent: int) -> Formula:
        result = of(1)
        for _ in range(exponent):
            result = result * self
        return result

    def __truediv__(self, divisor: int) -> Formula:
        return self * Fraction(1, divisor)

    __radd__ = __add__
    __rmul__ = __mul__

    # ------------------------------------------------------------------ looking inside
    @property
    def constant(self) -> Number | None:
        """The number that the formula is, None where it depends on something."""
        if not self.terms:
            return 0
        return self.terms.get(ONE) if len(self.terms) == 1 else None

    @property
    def atoms(self) -> frozenset[Atom]:
        """The atoms of its terms (not those inside of atoms)."""
        return frozenset(atom for monomial in self.terms for atom, _ in monomial)

    @property
    def symbols(self) -> frozenset[Symbol]:
        """Every symbol that the formula depends on (found once: formulas share their parts)."""
        if self._symbols is None:
            self._symbols = frozenset(_free(self))
        return self._symbols

    def depends_on(self, symbol: Symbol) -> bool:
        """Whether the symbol occurs in it."""
        return symbol in self.symbols

    def powers(self, symbol: Symbol) -> dict[int, Formula] | None:
        """Its coefficients as a polynomial in a symbol; None where the symbol occurs inside of another atom."""
        parts: dict[int, dict[Monomial, Number]] = {}
        for monomial, coefficient in self.terms.items():
            rest = frozenset((atom, p) for atom, p in monomial if atom != symbol)
            if any(symbol in _free_in_atom(atom) for atom, _ in rest):
                return None
            power = next((p for atom, p in monomial if atom == symbol), 0)
            parts.setdefault(power, {})[rest] = coefficient
        return {power: Formula(terms) for power, terms in parts.items()}

    def bind(self, values: Mapping[Symbol, Formula | Number], known: dict[Atom, Formula] | None = None) -> Formula:
        """The formula with symbols replaced by formulas or numbers. known: what atoms are then (parts are shared)."""
        if self.symbols.isdisjoint(values):
            return self
        known = {} if known is None else known
        replaced = {atom: _bind_atom(atom, values, known) for atom in self.atoms}
        if all(isinstance(new, Formula) and new == _atom(old) for old, new in replaced.items()):
            return self
        total = of(0)
        for monomial, coefficient in self.terms.items():
            product = of(coefficient)
            for atom, power in monomial:
                product = product * replaced[atom] ** power
            total = total + product
        return total

    def __repr__(self) -> str:
        return f"Formula({dict(self.terms)})"


# ---------------------------------------------------------------------- making formulas
def of(number: Formula | Number) -> Formula:
    """A number as a formula; a formula as it is."""
    return number if isinstance(number, Formula) else Formula({ONE: number})


def symbol(name: str, least: int = 0) -> Formula:
    """The formula that is a dimension."""
    return _atom(Symbol(name, least, is_size=True))


def maximum(a: Formula | Number, b: Formula | Number) -> Formula:
    """The larger one."""
    a, b = of(a), of(b)
    if is_nonnegative(a - b):
        return a
    return b if is_nonnegative(b - a) else _applied("max", a, b)


def minimum(a: Formula | Number, b: Formula | Number) -> Formula:
    """The smaller one."""
    a, b = of(a), of(b)
    if is_nonnegative(a - b):
        return b
    return a if is_nonnegative(b - a) else _applied("min", a, b)


def floordiv(a: Formula | Number, b: Formula | Number) -> Formula:
    """a // b. Raises ZeroDivisionError for the number 0."""
    a, b = of(a), of(b)
    x, y = a.constant, b.constant
    if x is not None and y is not None:
        return of(x // y)
    if y is not None and y and all(_divides(c, y) for c in a.terms.values()):
        return Formula({m: Fraction(c) / Fraction(y) for m, c in a.terms.items()})
    return _atom(Apply("floordiv", (a, b)))


def mod(a: Formula | Number, b: Formula | Number) -> Formula:
    """a % b, of the sign of b."""
    a, b = of(a), of(b)
    return a - floordiv(a, b) * b


def positive(a: Formula | Number) -> Formula:
    """1 where a > 0, else 0; a is an integer."""
    a = of(a)
    if is_nonnegative(a - 1):
        return of(1)
    return of(0) if is_nonnegative(-a) else _atom(Apply("positive", (a,)))


def zero(a: Formula | Number) -> Formula:
    """1 where a is 0, else 0; a is an integer."""
    a = of(a)
    if a.constant is not None:
        return of(int(a.constant == 0))
    if is_nonnegative(a - 1) or is_nonnegative(-a - 1):
        return of(0)
    return _atom(Apply("zero", (a,)))


#: Sums of so many terms are added up one by one where they have no closed form.
ONE_BY_ONE = 16
ROOM = 64


def capacity(length: Formula | Number) -> Formula:
    """The room that a growable list has which elements were appended to up to this length: 64, and twice that and one
    more whenever it is full."""
    length = of(length)
    number = length.constant
    return _atom(Apply("capacity", (length,))) if number is None else of(room(number))


def room(length: Number) -> int:
    """The capacity for a length that is a number."""
    size = ROOM
    while size < length:
        size = 2 * size + 1
    return size


def of_size(name: str, function: Callable[[int], int], size: Formula | Number) -> Formula:
    """A function of a size that has a name and is never negative."""
    size = of(size)
    number = size.constant
    if number is not None:
        return of(function(int(number)))
    OF_SIZE[name] = function
    return _atom(Apply(name, (size,)))


#: Functions of one size, by name: what is no polynomial (see `of_size`).
OF_SIZE: dict[str, Callable[[int], int]] = {}
FUNCTIONS: dict[str, Callable[..., Formula]] = {
    "max": maximum, "min": minimum, "floordiv": floordiv, "positive": positive, "zero": zero, "capacity": capacity,
}


# ---------------------------------------------------------------------- what is known of a formula
@functools.lru_cache(8192)
def is_nonnegative(formula: Formula) -> bool:
    """Whether it is certain that a formula is not negative, whatever its symbols are (True), or it is not (False)."""
    number = formula.constant
    if number is not None:
        return number >= 0
    lifted = {s: _atom(Symbol(s.name)) + s.least for s in _plain_symbols(formula) if s.least > 0}
    if lifted:
        formula = formula.bind(lifted)
    return all(c >= 0 for c in formula.terms.values()) and all(map(_is_nonnegative_atom, formula.atoms))


def _is_nonnegative_atom(atom: Atom) -> bool:
    if isinstance(atom, Symbol):
        return atom.least >= 0
    if isinstance(atom, Sum):
        return is_nonnegative(atom.body)
    if atom.function == "max":
        return any(map(is_nonnegative, atom.args))
    return atom.function in ("positive", "zero", "capacity", *OF_SIZE) or all(map(is_nonnegative, atom.args))


def _plain_symbols(formula: Formula) -> Iterator[Symbol]:
    return (atom for atom in formula.atoms if isinstance(atom, Symbol))


# ---------------------------------------------------------------------- inside
def _plain(number: Number) -> Number:
    return number.numerator if isinstance(number, Fraction) and number.denominator == 1 else number


def _divides(number: Number, divisor: Number) -> bool:
    return isinstance(number, int) and isinstance(divisor, int) and number % divisor == 0


def _atom(atom: Atom) -> Formula:
    return Formula({frozenset(((atom, 1),)): 1})


def _applied(function: str, a: Formula, b: Formula) -> Formula:
    """A function whose arguments may be exchanged: in one order, so that equal ones are equal."""
    first, second = sorted((a, b), key=hash)
    return _atom(Apply(function, (first, second)))


def _product(a: Monomial, b: Monomial) -> Monomial:
    if not a or not b:
        return a or b
    powers: dict[Atom, int] = dict(a)
    for atom, power in b:
        powers[atom] = powers.get(atom, 0) + power
    for atom in powers:
        if isinstance(atom, Apply) and atom.function in ("positive", "zero"):
            powers[atom] = 1
    return frozenset(powers.items())


def _free(formula: Formula) -> Iterator[Symbol]:
    for atom in formula.atoms:
        yield from _free_in_atom(atom)


def _free_in_atom(atom: Atom) -> frozenset[Symbol]:
    if isinstance(atom, Symbol):
        return frozenset((atom,))
    if isinstance(atom, Sum):
        return (atom.body.symbols - {atom.index}) | atom.turns.symbols
    return frozenset(s for arg in atom.args for s in arg.symbols)


def _bind_atom(atom: Atom, values: Mapping[Symbol, Formula | Number], known: dict[Atom, Formula]) -> Formula:
    if isinstance(atom, Symbol):
        return of(values[atom]) if atom in values else _atom(atom)
    found = known.get(atom)
    if found is None:
        if isinstance(atom, Sum):
            from_outside = {s: v for s, v in values.items() if s != atom.index}
            found = summed(atom.index, atom.turns.bind(from_outside), atom.body.bind(from_outside))
        else:
            args = [arg.bind(values, known) for arg in atom.args]
            named = OF_SIZE.get(atom.function)
            found = FUNCTIONS[atom.function](*args) if named is None else of_size(atom.function, named, args[0])
        known[atom] = found
    return found


def summed(index: Symbol, turns: Formula, body: Formula) -> Formula:
    """The sum of `body` over index = 0, 1, ..., turns - 1 (turns is not negative)."""
    total = of(0)
    for monomial, coefficient in body.terms.items():
        inner = frozenset((atom, p) for atom, p in monomial if index in _free_in_atom(atom))
        total = total + Formula({monomial - inner: coefficient}) * _summed_product(index, turns, inner)
    return total


@functools.lru_cache(4096)
def _summed_product(index: Symbol, turns: Formula, factors: Monomial) -> Formula:
    """The sum of a product whose factors all depend on the index."""
    power = sum(p for atom, p in factors if atom == index)
    others = [(atom, p) for atom, p in factors if atom != index]
    if not others:
        return power_sum(power, turns)
    rest = Formula({frozenset(((index, power),)) if power else ONE: 1})
    for atom, p in others:
        if isinstance(atom, Apply) and atom.function in ("max", "min"):
            if _is_linear(atom.args[0] - atom.args[1], index):
                left = Formula({frozenset((a, q) for a, q in factors if a != atom): 1})
                return summed(index, turns, _as_indicators(atom) ** p * left)
    conditions = [atom for atom, _ in others if isinstance(atom, Apply) and atom.function in ("positive", "zero")]
    if len(conditions) == len(others) and all(_is_linear(c.args[0], index) for c in conditions):
        return _sum_where(index, turns, conditions, rest)
    blocks = _sum_of_blocks(index, turns, others) if not power else None
    if blocks is not None:
        return blocks
    count = turns.constant
    whole = Formula({factors: 1})
    if isinstance(count, int) and count <= ONE_BY_ONE:
        total = of(0)
        for k in range(count):
            total = total + whole.bind({index: k})
        return total
    return _atom(Sum(index, turns, whole))


def _sum_of_blocks(index: Symbol, turns: Formula, factors: Sequence[tuple[Atom, int]]) -> Formula | None:
    """The lengths of the blocks that n elements are cut into, B at a time, added up: n. That is
    max(min(n - B * index, B), 0) over ⌊(n + B - 1) / B⌋ turns; None for anything else."""
    atom: Atom = factors[0][0]
    if len(factors) != 1 or factors[0][1] != 1 or not isinstance(atom, Apply):
        return None
    inner = [arg for arg in atom.args if arg != 0]
    if atom.function == "max" and len(inner) == 1 and len(atom.args) == 2 and len(inner[0].terms) == 1:
        ((monomial, coefficient),) = inner[0].terms.items()
        ((atom, power),) = monomial if len(monomial) == 1 else ((atom, 0),)
        if coefficient != 1 or power != 1:
            return None
    if not isinstance(atom, Apply) or atom.function != "min":
        return None
    for block, rest in (atom.args, atom.args[::-1]):
        size, powers = block.constant, rest.powers(index)
        if size is None or powers is None or set(powers) != {0, 1} or powers[1] != -size:
            continue
        total = powers[0]
        if isinstance(size, int) and size > 0 and is_nonnegative(total) and turns == floordiv(total + size - 1, size):
            return total
    return None


def _as_indicators(atom: Apply) -> Formula:
    """max(a, b) = b + (a - b)[a > b], and min(a, b) = a - (a - b)[a > b]."""
    a, b = atom.args
    part = (a - b) * positive(a - b)
    return b + part if atom.function == "max" else a - part


def _is_linear(formula: Formula, index: Symbol) -> bool:
    """Whether a formula is an index, or its negative, plus what does not depend on it."""
    powers = formula.powers(index)
    return powers is not None and set(powers) <= {0, 1} and powers.get(1, of(0)) in (of(1), of(-1))


def _sum_where(index: Symbol, turns: Formula, conditions: Sequence[Apply], body: Formula) -> Formula:
    """The sum of a power of the index over the turns in which all the conditions hold: each says that index + a, or
    a - index, is positive, or zero."""
    first, last = of(0), turns  # the first turn that counts, and the first that does not any more
    for condition in conditions:
        powers = condition.args[0].powers(index)
        assert powers is not None
        start, rising = powers.get(0, of(0)), powers[1] == 1
        if condition.function == "zero":
            place = -start if rising else start
            product = body * positive(place + 1) * positive(turns - place)
            for other in conditions:
                if other is not condition:
                    product = product * _atom(other)
            return product.bind({index: place})
        if rising:
            first = maximum(first, 1 - start)
        else:
            last = minimum(last, start)
    first = minimum(first, turns)
    return summed(index, maximum(last, first), body) - summed(index, first, body)


@functools.lru_cache(4096)
def power_sum(power: int, turns: Formula) -> Formula:
    """0**power + 1**power + ... + (turns - 1)**power, by Faulhaber's formula.

    >>> n = symbol("n")
    >>> power_sum(1, n) == n * (n - 1) / 2
    True
    """
    total = of(0)
    choose = 1
    for j, bernoulli in enumerate(_bernoulli(power)):
        total = total + turns ** (power + 1 - j) * (choose * bernoulli)
        choose = choose * (power + 1 - j) // (j + 1)
    return total * Fraction(1, power + 1)


@functools.cache
def _bernoulli(most: int) -> list[Fraction]:
    """The Bernoulli numbers B_0, ..., B_most, with B_1 = -1/2."""
    numbers: list[Fraction] = []
    for m in range(most + 1):
        choose, total = 1, Fraction(0)
        for k, number in enumerate(numbers):
            total += choose * number
            choose = choose * (m + 1 - k) // (k + 1)
        numbers.append(Fraction(1) if m == 0 else -total / (m + 1))
    return numbers
