"""Bounds: `index` operations that are proved valid become plain integers, those of indices that are not negative a
check on one side, `check`s that are proved disappear, and so do questions whether a quotient by an integer is finite.

What is known where an operation stands: the ranges of enclosing loops, the conditions of enclosing arms and of checks
passed, that lengths are not negative, and that counters only grow.

Invariant: what is not proved stays checked, so that every `load` and `store` has valid, non-negative indices.
"""

from __future__ import annotations

from cmath import isfinite
from math import inf
from typing import ClassVar

from workbench.ir import Block, Constant, Function, Kind, Op, Polynomial, ScalarType, Value, definitions, normal_form
from workbench.ir.rewrite import Rewriter
from workbench.passes.base import Pass
from workbench.passes.inequalities import Facts
from workbench.records import dataclass

OUTSIDE = "index out of bounds"
_ONE = Polynomial.of(1)
_OPPOSITE = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt", "eq": "ne", "ne": "eq"}


@dataclass(frozen=True)
class Bounds(Pass):
    """Removes checks that are proved."""

    name: ClassVar[str] = "bounds"

    def __call__(self, function: Function) -> Function:
        """The function with fewer checks."""
        verdicts = _Prover(function).verdicts
        return _Applier(verdicts).run(function) if verdicts else function


class _Prover:
    """Walks the program with what is known; `verdicts` says what becomes of an operation (by identity)."""

    def __init__(self, function: Function) -> None:
        self.makers = definitions(function)
        self.forms: dict[Value, Polynomial] = {}
        self.facts = Facts()
        self.verdicts: dict[int, str] = {}
        for dim in function.shape_params:
            self.facts.add(self.form(dim))
        self.block(function.block)

    def form(self, value: Value) -> Polynomial:
        """The normal form of an integer."""
        return normal_form(value, self.makers.get, self.forms)

    def block(self, block: Block) -> None:
        """Operations in order; what is learned on the way holds to the block's end."""
        for op in block.ops:
            self.op(op)

    def op(self, op: Op) -> None:
        """Judge one operation, then learn from it."""
        if op.prim == "index":
            self.index(op)
        elif op.prim == "check":
            if self.proves(op.operands[0]):
                self.verdicts[id(op)] = "drop"
            self.learn(op.operands[0], True)
        elif op.prim == "isfinite":
            if self.is_finite(op.operands[0]):
                self.verdicts[id(op)] = "true"
        elif op.prim in ("full", "empty", "iota"):
            for dim in op.operands[1 if op.prim == "full" else 0:]:
                self.facts.add(self.form(dim))
        elif op.prim == "mask_count":
            self.facts.add(self.form(op.result))
        elif op.prim in ("floordiv", "mod") and op.result.kind is Kind.INT and not op.result.is_array:
            if all(self.facts.is_nonnegative(self.form(v)) for v in op.operands):
                self.facts.add(self.form(op.result))
        elif op.prim == "if":
            for truth, region in zip((True, False), op.regions, strict=True):
                mark = self.facts.mark()
                self.learn(op.operands[0], truth)
                self.block(region)
                self.facts.release(mark)
        elif op.prim == "for":
            self.for_(op)
        elif op.prim == "while":
            self.while_(op)

    # ------------------------------------------------------------------ indices
    def index(self, op: Op) -> None:
        """Is it valid, and which sign has it?"""
        e, n = (self.form(v) for v in op.operands)
        not_negative = self.facts.is_nonnegative(e)
        negative = not not_negative and self.facts.is_nonnegative(-e - _ONE)
        below = not op.attrs.get("checked") or negative or self.facts.is_nonnegative(n - _ONE - e)
        above = not op.attrs.get("checked") or not_negative or self.facts.is_nonnegative(e + n)
        if below and above:
            self.verdicts[id(op)] = "plain" if not_negative else "wrapped" if negative else "unchecked"
        elif not_negative:
            self.verdicts[id(op)] = "below"
        self.facts.add(n - _ONE - e)
        self.facts.add(e + n)

    # ------------------------------------------------------------------ conditions
    def is_finite(self, value: Value) -> bool:
        """True for an integer as a float, and for a constant divided by one that is not zero."""
        op = self.makers.get(value)
        if op is None or value.is_array:
            return False
        if op.prim == "neg":
            return self.is_finite(op.operands[0])
        if op.prim == "cast":
            return op.operands[0].kind in (Kind.INT, Kind.BOOL)
        if op.prim != "div" or not isinstance(op.operands[0], Constant) or not isfinite(op.operands[0].value):
            return False
        below = self.makers.get(op.operands[1])
        if below is None or below.prim != "cast" or below.operands[0].kind is not Kind.INT:
            return False
        p = self.form(below.operands[0])
        return self.facts.is_nonnegative(p - _ONE) or self.facts.is_nonnegative(-p - _ONE)

    def proves(self, condition: Value) -> bool:
        """True where a condition certainly holds."""
        if isinstance(condition, Constant):
            return bool(condition.value)
        op = self.makers.get(condition)
        if op is None:
            return False
        if op.prim in ("and", "or"):
            return (all if op.prim == "and" else any)(self.proves(v) for v in op.operands)
        if op.prim not in _OPPOSITE or any(v.kind is not Kind.INT or v.is_array for v in op.operands):
            return False
        a, b = (self.form(v) for v in op.operands)
        prove = self.facts.is_nonnegative
        if op.prim == "ne":
            return prove(a - b - _ONE) or prove(b - a - _ONE)
        return all(prove(p) for p in comparison(op.prim, a, b))

    def learn(self, condition: Value, truth: bool) -> None:
        """Add what a condition being true (or false) says about integers."""
        op = self.makers.get(condition)
        if op is None or any(v.is_array for v in op.operands):
            return
        if op.prim == "not":
            self.learn(op.operands[0], not truth)
        elif op.prim == ("and" if truth else "or"):
            for value in op.operands:
                self.learn(value, truth)
        elif op.prim in _OPPOSITE and all(v.kind is Kind.INT for v in op.operands):
            a, b = (self.form(v) for v in op.operands)
            for fact in comparison(op.prim if truth else _OPPOSITE[op.prim], a, b):
                self.facts.add(fact)

    # ------------------------------------------------------------------ loops
    def for_(self, op: Op) -> None:
        """Inside, the index is in range."""
        (body,) = op.regions
        mark = self.facts.mark()
        i, lo, hi = (self.form(v) for v in (body.params[0], *op.operands[:2]))
        if op.attrs["step"] == 1:
            self.facts.add(i - lo)
            self.facts.add(hi - _ONE - i)
            other = self._other_bound(op.operands[1], lo)
            if other is not None:
                self.facts.add(other - _ONE - i)
        else:
            self.facts.add(lo - i)
            self.facts.add(i - hi - _ONE)
        for param, init, value in zip(body.params[1:], op.operands[2:], body.yields, strict=True):
            self.counter(param, init, value)
        self.block(body)
        self.facts.release(mark)

    def _other_bound(self, hi: Value, lo: Polynomial) -> Polynomial | None:
        """b where hi is max(lo, b): a loop from lo that runs at all ends below b."""
        op = self.makers.get(hi)
        if op is None or op.prim not in ("maximum", "pymax", "select"):
            return None
        if op.prim == "select":
            return self._selected_maximum(op, lo)
        a, b = (self.form(v) for v in op.operands)
        return b if a == lo else a if b == lo else None

    def _selected_maximum(self, op: Op, lo: Polynomial) -> Polynomial | None:
        """The same for `select(b > lo, b, lo)` and its mirror images."""
        if any(v.kind is not Kind.INT or v.is_array for v in op.operands[1:]):
            return None
        a, b = (self.form(v) for v in op.operands[1:])
        test = self.makers.get(op.operands[0])
        if test is None or test.prim not in ("lt", "le", "gt", "ge") or lo not in (a, b):
            return None
        left, right = (self.form(v) for v in test.operands)
        larger, smaller = (left, right) if test.prim in ("gt", "ge") else (right, left)
        return (b if a == lo else a) if (a, b) == (larger, smaller) else None

    def while_(self, op: Op) -> None:
        """In `after` the condition holds."""
        before, after = op.regions
        mark = self.facts.mark()
        for k, param in enumerate(before.params):
            if before.yields[1 + k] is param:
                self.counter(param, op.operands[k], after.yields[k])
        self.block(before)
        self.learn(before.yields[0], True)
        self.block(after)
        self.facts.release(mark)

    def counter(self, param: Value, init: Value, value: Value) -> None:
        """A carried integer that never falls is at least what it started from; one that never rises, at most."""
        if param.kind is not Kind.INT or param.is_array:
            return
        least, most = self.change(value, param, 6)
        if least >= 0:
            self.facts.add(self.form(param) - self.form(init))
        if most <= 0:
            self.facts.add(self.form(init) - self.form(param))

    def change(self, value: Value, param: Value, depth: int) -> tuple[float, float]:
        """The least and the most that may have been added to `param` to give `value`."""
        distance = self.form(value).above(self.form(param))
        if distance is not None:
            return distance, distance
        op = self.makers.get(value)
        if op is not None and depth > 0:
            position = op.results.index(value)
            if op.prim == "for":
                (body,) = op.regions
                before = self.change(op.operands[2 + position], param, depth - 1)
                least, most = self.change(body.yields[position], body.params[1 + position], depth - 1)
                return before[0] if least >= 0 else -inf, before[1] if most <= 0 else inf
            if op.prim in ("select", "if"):
                options = op.operands[1:] if op.prim == "select" else [r.yields[position] for r in op.regions]
                changes = [self.change(option, param, depth - 1) for option in options]
                return min(least for least, _ in changes), max(most for _, most in changes)
            if op.prim == "add" and isinstance(op.operands[1], Constant):
                number = int(op.operands[1].value.real)
                least, most = self.change(op.operands[0], param, depth - 1)
                return least + number, most + number
        return -inf, inf


def comparison(prim: str, a: Polynomial, b: Polynomial) -> tuple[Polynomial, ...]:
    """What is not negative where a comparison of integers holds."""
    return {"lt": (b - a - _ONE,), "le": (b - a,), "gt": (a - b - _ONE,), "ge": (a - b,), "eq": (a - b, b - a),
            "ne": ()}[prim]


class _Applier(Rewriter):
    """Carries out the verdicts."""

    def __init__(self, verdicts: dict[int, str]) -> None:
        super().__init__()
        self.verdicts = verdicts

    def rewrite_op(self, op: Op) -> None:
        """Drop, replace or copy one operation."""
        verdict = self.verdicts.get(id(op))
        if verdict is None:
            self.copy_op(op)
        elif verdict == "plain":
            self.env[op.result] = self.get(op.operands[0])
        elif verdict == "true":
            self.env[op.result] = Constant(True, Kind.BOOL)
        elif verdict == "below":
            index, length = (self.get(v) for v in op.operands)
            ok = Value(ScalarType(Kind.BOOL))
            self.emit(Op("lt", (index, length), (ok,), {}, (), op.span))
            self.emit(Op("check", (ok,), (), {"exception": "IndexError", "message": OUTSIDE}, (), op.span))
            self.env[op.result] = index
        elif verdict == "wrapped":
            operands = tuple(self.get(v) for v in op.operands)
            self.emit(Op("add", operands, (self.fresh(op.result),), {}, (), op.span))
        elif verdict == "unchecked":
            operands = tuple(self.get(v) for v in op.operands)
            self.emit(Op("index", operands, (self.fresh(op.result),), {"checked": False}, (), op.span))
