"""What is known of the integers of one thread: its indices as polynomials, and when it comes where.

Values that another thread has, too, are the same atoms for both; those of its own are marked with its number.
"""

from __future__ import annotations

from collections.abc import Callable

from workbench.frontend.launches.accesses import Access, Found
from workbench.ir import Block, Constant, Kind, Op, Polynomial, Value, walk
from workbench.ir.inequalities import has_none
from workbench.records import dataclass

#: What may hold: each alternative is what is zero, and what is not negative.
Alternative = tuple[tuple[Polynomial, ...], tuple[Polynomial, ...]]
ALWAYS: list[Alternative] = [((), ())]
MOST = 8
_ONE = Polynomial.of(1)


@dataclass(frozen=True, slots=True)
class Own:
    """A value of one of two threads."""

    value: Value
    thread: int


class Thread:
    """One of two threads. shared: which values are the same for both; positive: integers that are at least 1."""

    def __init__(self, found: Found, number: int, shared: Callable[[Value], bool], positive: frozenset[Value],
                 nonnegative: Callable[[Value], bool]) -> None:
        self.found = found
        self.number = number
        self.shared = shared
        self.positive = positive
        self.nonnegative = nonnegative
        self.facts: list[Polynomial] = []
        self.forms: dict[Value, Polynomial] = {}
        self.guards: list[Polynomial] = []  # (those that surely hold: they say which indices count from the end)

    def atom(self, value: Value) -> Polynomial:
        """A value as it is."""
        return Polynomial.atom(value if self.shared(value) else Own(value, self.number))

    def form(self, value: Value) -> Polynomial:
        """An integer as a polynomial; what is known of its atoms goes to the facts."""
        if isinstance(value, Constant):
            return Polynomial.of(int(value.value.real))
        if value not in self.forms:
            self.forms[value] = self._made(value)
        return self.forms[value]

    def _made(self, value: Value) -> Polynomial:
        op = self.found.makers.get(value)
        if op is None or op.regions or value.kind is not Kind.INT or len(op.results) != 1 or value.is_array:
            return self._atom(value)
        if op.prim in ("add", "sub", "mul"):
            a, b = (self.form(v) for v in op.operands)
            return a + b if op.prim == "add" else a - b if op.prim == "sub" else a * b
        if op.prim == "neg":
            return -self.form(op.operands[0])
        if op.prim == "cast" and op.operands[0].kind is Kind.INT:
            return self.form(op.operands[0])
        if op.prim in ("floordiv", "mod"):
            return self._quotient(value, op)
        if op.prim in ("minimum", "maximum"):
            a, b = (self.form(v) for v in op.operands)
            made = Polynomial.atom((op.prim, a, b))
            self.facts += [a - made, b - made] if op.prim == "minimum" else [made - a, made - b]
            return made
        if op.prim == "index":
            return self._index(op)
        if op.prim == "select":
            return self._chosen(value, op)
        if op.prim == "load" and self.found.root(op.operands[0]) not in self.found.changed:
            return Polynomial.atom(("load", self.found.root(op.operands[0]), *map(self.form, op.operands[1:])))
        return self._atom(value)

    def _atom(self, value: Value) -> Polynomial:
        made = self.atom(value)
        if self.nonnegative(value):
            self.facts.append(made)
        if value in self.positive:
            self.facts.append(made - _ONE)
        loop = self.found.indices.get(value)
        if loop is not None:
            lo, hi = (self.form(v) for v in loop.operands[:2])
            self.facts += [made - lo, hi - made - _ONE] if loop.attrs["step"] == 1 else [lo - made, made - hi - _ONE]
        return made

    def _quotient(self, value: Value, op: Op) -> Polynomial:
        a, b = (self.form(v) for v in op.operands)
        divisor = op.operands[1]
        known = b.constant
        if not ((known is not None and known > 0) or divisor in self.positive or (
                known is None and has_none((), [*self.facts, *self.guards, -b]))):
            return self._atom(value)
        quotient = Polynomial.atom(("floordiv", a, b))
        self.facts += [a - b * quotient, b * quotient + b - _ONE - a]
        if divisor in self.positive:
            self.facts.append(b - _ONE)
        if has_none((), [*self.facts, *self.guards, -a - _ONE]):
            self.facts.append(quotient)
        return quotient if op.prim == "floordiv" else a - b * quotient

    def _index(self, op: Op) -> Polynomial:
        """An index that counts from the end where it is negative."""
        inner, size = (self.form(v) for v in op.operands)
        if has_none((), [*self.facts, *self.guards, -inner - _ONE]):
            self.facts += [inner, size - inner - _ONE]
            return inner
        made = Polynomial.atom(("index", inner, size))
        self.facts += [made, size - made - _ONE]
        return made

    def _chosen(self, value: Value, op: Op) -> Polynomial:
        """One of two numbers: the one that must be meant, where the other is excluded."""
        for holds, other in ((True, 2), (False, 1)):
            if all(has_none(zeros, [*self.facts, *self.guards, *known])
                   for zeros, known in self.holding(op.operands[0], not holds)):
                return self.form(op.operands[3 - other])
        return self._atom(value)

    def where(self, access: Access) -> tuple[list[Polynomial] | None, list[Alternative]]:
        """The indices of an access, and when it happens."""
        alternatives = ALWAYS
        for condition, holds in access.guards:
            alternatives = _both(alternatives, self.holding(condition, holds))
        surely = [p for z, n in alternatives for p in (*z, *(-q for q in z), *n)] if len(alternatives) == 1 else []
        self.guards = surely
        for loop in access.loops:  # (that they are turning is known, too)
            if loop.prim == "for":
                self.form(loop.regions[0].params[0])
        forms = None if access.where is None else [self.form(v) for v in access.where]
        return forms, alternatives

    # ------------------------------------------------------------------ conditions
    def holding(self, condition: Value, holds: bool) -> list[Alternative]:
        """What it means that a condition holds, or that it does not."""
        if isinstance(condition, Constant):
            return ALWAYS if bool(condition.value.real) == holds else []
        op = self.found.makers.get(condition)
        if op is None:
            return ALWAYS
        if op.prim == "not":
            return self.holding(op.operands[0], not holds)
        if op.prim in ("and", "or") and op.result.kind is Kind.BOOL:
            parts = [self.holding(v, holds) for v in op.operands]
            return _both(*parts) if (op.prim == "and") == holds else _either(*parts)
        if op.prim == "if":
            k = op.results.index(condition)
            then, other = (self._yielded(region, k, holds) for region in op.regions)
            return _either(_both(self.holding(op.operands[0], True), then),
                           _both(self.holding(op.operands[0], False), other))
        if op.prim == "select":
            return _either(_both(self.holding(op.operands[0], True), self.holding(op.operands[1], holds)),
                           _both(self.holding(op.operands[0], False), self.holding(op.operands[2], holds)))
        if op.prim in _NEGATED and all(v.kind is Kind.INT and not v.is_array for v in op.operands):
            return self._compared(op.prim if holds else _NEGATED[op.prim], op)
        return ALWAYS

    def _yielded(self, region: Block, k: int, holds: bool) -> list[Alternative]:
        """What it means for a condition that an arm gives. (What an index says is so only where the arm is taken.)"""
        value = region.yields[k]
        if any(op.prim == "index" for op in walk(region)) and not isinstance(value, Constant):
            return ALWAYS
        return self.holding(value, holds)

    def _compared(self, prim: str, op: Op) -> list[Alternative]:
        a, b = (self.form(v) for v in op.operands)
        less, more = b - a - _ONE, a - b - _ONE
        meant: dict[str, list[Alternative]] = {
            "lt": [((), (less,))], "gt": [((), (more,))], "le": [((), (b - a,))], "ge": [((), (a - b,))],
            "eq": [((a - b,), ())], "ne": [((), (less,)), ((), (more,))]}
        return meant[prim]


_NEGATED = {"lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "eq": "ne", "ne": "eq"}


def _both(first: list[Alternative], second: list[Alternative]) -> list[Alternative]:
    if len(first) * len(second) > MOST:
        return first if len(first) <= MOST else ALWAYS
    return [((*z1, *z2), (*n1, *n2)) for z1, n1 in first for z2, n2 in second]


def _either(first: list[Alternative], second: list[Alternative]) -> list[Alternative]:
    made = [*first, *second]
    return ALWAYS if len(made) > MOST or any(not z and not n for z, n in made) else made
