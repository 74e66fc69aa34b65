"""Taylor series of functions of elements, as recurrences that the rule table's partial derivatives give.

y = g(x) along a path has y' = g_x(x, y) x'. So coefficient k of y is a convolution of the coefficients of x with those
of the partial derivative before k, which is an expression of x and y: where its parts are series again, each known as
far as it is asked, that is the recurrence of the textbooks (exp: y' = y x'; tanh: y' = (1 - y y) x'; sine and cosine
one another's), at k products for coefficient k. Only sums, products and quotients are written down.

Invariant: a coefficient is emitted when it is asked for, once; None is zero.
Source: Griewank & Walther, Evaluating Derivatives (2008), section 13.2; Karczmarczuk, "Functional differentiation of
computer programs" (2001).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.ir import Builder, Constant, Function, Kind, Op, Value
from workbench.rules import Expr, emit, get, tangent
from workbench.rules.derivatives import scaled
from workbench.transforms.curvature import partial_program
from workbench.transforms.jets import LINEAR

Coefficient = Expr | None


class NoSeriesError(Exception):
    """An operation without partial derivatives of elements is met on the way."""


class Series:
    """One value and its Taylor coefficients, the later ones None where it is not known to move."""

    def __init__(self, value: Expr, known: Sequence[Coefficient] = ()) -> None:
        self.value = value
        self.known: list[Coefficient] = [value, *known]
        self.moves = any(c is not None for c in known)

    def coefficient(self, k: int) -> Coefficient:
        """Coefficient k."""
        return self.known[k] if k < len(self.known) else None


class Operation(Series):
    """The series of an operation on series."""

    def __init__(self, graph: Graph, prim: str, operands: tuple[Series, ...], attrs: Mapping[str, Any],
                 value: Value | None = None) -> None:
        values = [x.value.value for x in operands]
        super().__init__(Expr(graph.builder, emit(graph.builder, prim, *values, **attrs) if value is None else value))
        self.graph = graph
        self.primitive = get(prim)
        self.operands = operands
        self.attrs = attrs
        partials = self.primitive.partials
        if partials is None and prim not in LINEAR:
            raise NoSeriesError(prim)
        self.moves = self.value.kind.is_inexact and any(
            x.moves and (partials is None or partials[k] is not None) for k, x in enumerate(operands))
        self._slopes: dict[int, Series | float | None] = {}

    def coefficient(self, k: int) -> Coefficient:
        if not self.moves and k:
            return None
        while len(self.known) <= k:
            self.known.append(self._next(len(self.known)))
        return self.known[k]

    def _next(self, k: int) -> Coefficient:
        name = self.primitive.name
        if name in LINEAR:
            given = [x.coefficient(k) for x in self.operands]
            found: Coefficient = tangent(self.primitive, Op(name, (), (), self.attrs), [x.value for x in self.operands],
                                         self.value, given)
            return found
        if name in ("mul", "square"):
            return convolved(self.operands[0], self.operands[-1], k)
        return self._quotient(k) if name == "div" else self._integrated(k)

    def _quotient(self, k: int) -> Coefficient:
        """a = y b: y_k b_0 is what a_k has more than the products of the y before."""
        a, b = self.operands
        total = a.coefficient(k)
        for m in range(1, k + 1):
            y, factor = self.coefficient(k - m), b.coefficient(m)
            if y is not None and factor is not None:
                term = scaled(self.primitive, factor, y, self.value.kind)
                total = -term if total is None else total - term
        return None if total is None else scaled(self.primitive, total, 1.0 / b.value, self.value.kind)

    def _integrated(self, k: int) -> Coefficient:
        """k y_k is coefficient k - 1 of the sum of partial derivatives times the operands' derivatives."""
        known, total = None, None
        for position, x in enumerate(self.operands):
            slope = self._slope(position) if x.moves else None
            if slope is None:
                continue
            if not isinstance(slope, Series):
                known = added(known, scaled(self.primitive, x.coefficient(k), slope, self.value.kind)
                              if x.coefficient(k) is not None else None)
                continue
            for m in range(1, k + 1):
                moved, factor = x.coefficient(m), slope.coefficient(k - m)
                if moved is not None and factor is not None:
                    term = scaled(self.primitive, moved, factor, self.value.kind)
                    total = added(total, term if m == 1 else float(m) * term)
        return added(known, total if total is None or k == 1 else total / float(k))

    def _slope(self, position: int) -> Series | float | None:
        """The partial derivative by an operand."""
        if position not in self._slopes:
            kinds = [x.value.kind for x in self.operands]
            op = Op(self.primitive.name, (), (), self.attrs, (), self.graph.builder.span)
            found = partial_program(self.primitive, op, kinds, self.value.kind, position)
            self._slopes[position] = (self.graph.replayed(found, (self, *self.operands))
                                      if isinstance(found, Function) else found)
        return self._slopes[position]


class Graph:
    """Series that share what they have in common."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self._made: dict[Any, Series] = {}

    def constant(self, value: Value) -> Series:
        """The series of what does not move."""
        key = ("value", value)
        if key not in self._made:
            self._made[key] = Series(Expr(self.builder, value))
        return self._made[key]

    def node(self, prim: str, operands: tuple[Series, ...], attrs: Mapping[str, Any],
             value: Value | None = None) -> Series:
        """The series of an operation, the same for the same series. `value`: of the operation, where it is there."""
        key = (prim, *map(id, operands), *sorted(attrs.items()))
        if key not in self._made:
            if prim == "mul" and any(_is_zero(x) for x in operands):  # (be the other factor infinite)
                return next(x for x in operands if _is_zero(x))
            self._made[key] = Operation(self, prim, operands, attrs, value)
        return self._made[key]

    def replayed(self, function: Function, operands: Sequence[Series]) -> Series:
        """The result of a program of numbers on series."""
        env: dict[Value, Series] = dict(zip(function.params, operands, strict=True))
        for op in function.block.ops:
            given = tuple(self.constant(v) if isinstance(v, Constant) else env[v] for v in op.operands)
            env[op.result] = self.node(op.prim, given, {k: v for k, v in op.attrs.items() if k != "loose"})
        (result,) = function.results
        return self.constant(result) if isinstance(result, Constant) else env[result]


def convolved(a: Series, b: Series, k: int) -> Coefficient:
    """Coefficient k of a product; of a square, each product once."""
    total: Coefficient = None
    for m in range((k + 1) // 2 if a is b else k + 1):
        total = added(total, _times(a.coefficient(m), b.coefficient(k - m)))
    if a is not b:
        return total
    total = added(total, total)
    return total if k % 2 else added(total, _times(a.coefficient(k // 2), a.coefficient(k // 2)))


def added(a: Coefficient, b: Coefficient) -> Coefficient:
    """The sum of two coefficients."""
    found: Coefficient = b if a is None else a if b is None else a + b
    return found


def _times(a: Coefficient, b: Coefficient) -> Coefficient:
    found: Coefficient = None if a is None or b is None else a * b
    return found


def _is_zero(x: Series) -> bool:
    value = x.value.value
    return isinstance(value, Constant) and value.kind is not Kind.BOOL and value.value == 0
