"""Loops end before the turn in which an index would leave its array; the error is raised behind them.

    for j in range(n):                    for j in range(min(n, len(a))):
        if j >= len(a): raise     ->          ... a[j] ...
        ... a[j] ...                      if len(a) < n: raise

What cannot change from turn to turn is asked before the loop, if that has a turn. Without a way out of the middle LLVM
makes vectors of such a loop.

Invariant: the exception is the one that would have been raised first, at its line; until then the program has done all
that anybody can see: what stands before a check in the body does not write to arrays of the caller, print or raise.

Source: index-set splitting, Allen & Kennedy, Optimizing Compilers for Modern Architectures (2001), section 5.4.
"""

from __future__ import annotations

from typing import ClassVar

from workbench.ir import (
    Block,
    Constant,
    Function,
    Kind,
    Op,
    Polynomial,
    Value,
    consumed_operands,
    definitions,
    normal_form,
    walk,
)
from workbench.ir.ops import has_effect
from workbench.passes.base import Pass
from workbench.passes.fusion import unowned
from workbench.passes.nests import has_turns
from workbench.passes.rebuild import Rebuilder
from workbench.records import dataclass
from workbench.rules import get

_EFFECTS = frozenset({"call", "draw", "while"})


@dataclass(frozen=True)
class Limits(Pass):
    """Takes checks of indices out of innermost loops."""

    name: ClassVar[str] = "limits"

    def __call__(self, function: Function) -> Function:
        """The function with shorter loops."""
        search = _Search(function)
        return _Limiter(search).run(function) if search.found else function


@dataclass(frozen=True, slots=True)
class _Check:
    """A check that fails from some turn on. `position`: what is compared with `length`, and grows by 1 from turn to
    turn, is so much (`offset`) more than the loop's index (-1) or the number carried there. Where `length` is None the
    condition is the same in each turn; `test` makes it, if not something before the loop."""

    op: Op
    test: Op | None = None
    length: Value | None = None
    position: int = -1
    offset: int = 0
    rises: bool = False


class _Search:
    """Finds the checks that can leave their loops."""

    def __init__(self, function: Function) -> None:
        self.makers = definitions(function)
        self.forms: dict[Value, Polynomial] = {}
        self.lengths = frozenset(function.shape_params)
        self.outside = unowned(function, [p for p in function.params if p.is_array])
        self.found: dict[Op, list[_Check]] = {}
        for op in walk(function.block):
            if op.prim == "for" and "items" not in op.attrs:
                checks = self._checks(op)
                if checks:
                    self.found[op] = checks

    def _checks(self, op: Op) -> list[_Check]:
        (body,) = op.regions
        if any(inner.prim in ("for", "while") for inner in walk(body)):
            return []
        made = {*body.params, *(r for inner in body.ops for r in inner.results)}
        found = []
        for inner in body.ops:
            if inner.prim == "check" and len(inner.operands) == 1:
                check = self._check(inner, op, made)
                if check is None:
                    break
                found.append(check)
            elif any(self._is_seen(part) for part in (inner, *(o for region in inner.regions for o in walk(region)))):
                break
        return found

    def _is_seen(self, op: Op) -> bool:
        """True for what raises, or what somebody else can see the effect of."""
        return has_effect(op.prim, bool(op.attrs.get("checked"))) or op.prim in _EFFECTS or any(
            v in self.outside for v in consumed_operands(op))

    def _check(self, check: Op, loop: Op, made: set[Value]) -> _Check | None:
        condition = check.operands[0]
        if condition not in made:
            return None if isinstance(condition, Constant) else _Check(check)
        test = self.makers[condition]
        if len(test.results) == 1 and get(test.prim).elementwise and made.isdisjoint(test.operands):
            return _Check(check, test=test)
        if test.prim != "lt" or any(v.kind is not Kind.INT or v.is_array for v in test.operands):
            return None
        number, length = test.operands
        if length in made:
            return None
        (body,) = loop.regions
        form = normal_form(number, self.makers.get, self.forms)
        for k, param in enumerate(body.params):
            if param.is_array or param.kind is not Kind.INT:
                continue
            offset = form.above(normal_form(param, self.makers.get, self.forms))
            if offset is None:
                continue
            if k == 0:
                return _Check(check, None, length, -1, offset, loop.attrs["step"] == 1)
            advance = normal_form(body.yields[k - 1], self.makers.get, self.forms).above(
                normal_form(param, self.makers.get, self.forms))
            if advance in (-1, 0, 1) and loop.attrs["step"] == 1:
                return _Check(check, None, length, k - 1, offset, advance == 1)
        return None


class _Limiter(Rebuilder):
    def __init__(self, search: _Search) -> None:
        self.search = search
        self.gone = {check.op for checks in search.found.values() for check in checks}
        self.around: list[Op] = []

    def op(self, op: Op) -> None:
        """Copy all but the checks that have left their loop."""
        if op not in self.gone:
            self.copy(op)

    def copy_for(self, op: Op) -> None:
        """Rebuild a loop, with its checks around it."""
        checks = self.search.found.get(op)
        if checks is None:
            self.around.append(op)
            super().copy_for(op)
            self.around.pop()
            return
        lo, hi, *inits = self.all(op.operands)
        self.before_loop(op, checks, lo)
        rising = [(check, self.limit(check, op, lo)) for check in checks if check.rises]
        bound = hi
        for _, limit in rising:
            bound = self.emit("minimum", bound, limit)
        self.finish(op, (lo, bound, *inits), (self.region("for", op.regions[0]),), op.results)
        for check, limit in rising:
            ok = self.emit("ge", limit, hi)
            if check is not rising[-1][0]:
                ok = self.emit("or", ok, self.emit("gt", limit, bound))
            self.check(check.op, ok)

    def before_loop(self, op: Op, checks: list[_Check], lo: Value) -> None:
        """What the first turn decides, in order: up to the last check that no later turn fails."""
        last = max((k for k, check in enumerate(checks) if not check.rises), default=-1)
        if last < 0:
            return
        if has_turns(op, self.around, self.search.makers.get):
            for check in checks[:last + 1]:
                self.check(check.op, self.at_first(check, op, lo))
            return
        condition = self.has_turn(op)
        with self.frame("arm") as frame:
            for check in checks[:last + 1]:
                self.check(check.op, self.at_first(check, op, lo))
        arms = Block((), tuple(frame.ops), ()), Block((), (), ())
        self.finish(op, (condition,), arms, (), prim="if", attrs={})

    def start(self, check: _Check, op: Op, lo: Value) -> Value:
        """What is compared in the first turn."""
        number = lo if check.position < 0 else self.get(op.operands[2 + check.position])
        return self.emit("add", number, Constant(check.offset, Kind.INT)) if check.offset else number

    def at_first(self, check: _Check, op: Op, lo: Value) -> Value:
        """The condition in the first turn."""
        if check.test is not None:
            return self.emit(check.test.prim, *self.all(check.test.operands), **check.test.attrs)
        if check.length is None:
            return self.get(check.op.operands[0])
        return self.emit("lt", self.start(check, op, lo), self.get(check.length))

    def limit(self, check: _Check, op: Op, lo: Value) -> Value:
        """The index of the turn in which a check would fail: the first one at least."""
        assert check.length is not None
        length = self.get(check.length)
        if check.position >= 0:
            length = self.emit("add", lo, self.emit("sub", length, self.start(check, op, lo)))
        elif check.offset:
            length = self.emit("add", length, Constant(-check.offset, Kind.INT))
        elif isinstance(lo, Constant) and lo.value == 0 and check.length in self.search.lengths:
            return length
        return self.emit("maximum", length, lo)

    def check(self, op: Op, ok: Value) -> None:
        """Emit a check, with what it raises and where."""
        self.builder.span = op.span or self.builder.span
        if not (isinstance(ok, Constant) and ok.value):
            self.raw("check", (ok,), (), op.attrs)
