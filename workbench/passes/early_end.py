"""A loop that hands a cotangent from turn to turn ends when one has taken it.

    for j = n - 1, ..., 0: s = b if c[j] else 0; b = 0 if c[j] else b; a[j] += s * p    ->    ... while b != 0

So is the reverse sweep of a maximum or minimum that is found in a loop (`nearest = min(nearest, d)`): the last turn
that was better takes all of the cotangent; the turns before it would add zeros. Where the loop that kept the conditions
is in the same block, it notes the last turn that takes, and the other loop is that turn alone.

Invariant: what is left out adds nothing but multiples of a zero to cotangents, which may be rounded otherwise
(`passes.exactness`); it has no effect. (A zero times what is infinite is left out, too: what was not selected has the
derivative zero.)

Source: Griewank & Walther (2008), section 14.2: the reverse sweep of a selection is a selection.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from workbench.ir import (
    Block,
    Constant,
    Function,
    Kind,
    Op,
    Polynomial,
    ScalarType,
    Value,
    definitions,
    has_effects,
    normal_form,
    uses,
    walk,
)
from workbench.passes.base import CotangentPass
from workbench.passes.exactness import exact_values
from workbench.passes.rebuild import Rebuilder
from workbench.passes.zeroing import is_zero
from workbench.records import dataclass

_INT = ScalarType(Kind.INT)
_NONE = Constant(-1, Kind.INT)
# operands by which a result is a multiple: one of them of a product, all of them of other operations
_MULTIPLES: dict[str, tuple[int, ...]] = {
    "mul": (0, 1), "neg": (0,), "cast": (0,), "div": (0,), "add": (0, 1), "sub": (0, 1), "select": (1, 2),
}


@dataclass(frozen=True)
class EarlyEnd(CotangentPass):
    """Ends such loops, where what they carry reaches cotangents alone."""

    name: ClassVar[str] = "early-end"
    heeds_marks: ClassVar[bool] = False

    def rewritten(self, function: Function, exact: int) -> Function:
        """The function with loops that end early."""
        if not any(op.prim == "for" for op in walk(function.block)):
            return function
        search = _Search(function, exact_values(function, exact))
        return _Ender(search).run(function) if search.found else function


@dataclass(frozen=True)
class _Kept:
    """The conditions of a loop that ends early: what loads them, the loop that stored them and what it stored, and what
    they are in turns that take."""

    load: Op
    loop: Op
    condition: Value
    takes: bool


class _Search:
    """Finds the loops, and at which positions they carry what is handed over."""

    def __init__(self, function: Function, exact: set[Value]) -> None:
        self.exact = exact
        self.uses = uses(function)
        self.makers = definitions(function)
        self.found: dict[Op, list[int]] = {}
        self.kept: dict[Op, _Kept] = {}
        self.enter(function.block)

    def enter(self, block: Block) -> None:
        """Search a block."""
        for op in block.ops:
            for region in op.regions:
                self.enter(region)
            handed = self.handed(op) if op.prim == "for" and "items" not in op.attrs else []
            if handed:
                self.found[op] = handed
                kept = self.conditions(op, handed, block)
                others = [k for k in self.kept.values() if kept is not None and k.loop is kept.loop]
                if kept is not None and all(k.condition is kept.condition and k.takes == kept.takes for k in others):
                    self.kept[op] = kept

    def conditions(self, op: Op, handed: list[int], block: Block) -> _Kept | None:
        """What a loop takes by, where it is stored by a loop before it in its block, turn by turn."""
        (body,) = op.regions
        share = self.makers[body.yields[handed[0]]]
        load = self.makers.get(share.operands[0])
        loop = self.makers.get(load.operands[0]) if load is not None and load.prim == "load" else None
        if len(handed) > 1 or load is None or loop is None or loop.prim != "for" or loop not in block.ops:
            return None
        (other,) = loop.regions
        position = loop.results.index(load.operands[0])
        store = self.makers.get(other.yields[position])
        if store is None or store.prim != "store" or store not in other.ops or (
                store.operands[0] is not other.params[1 + position]):
            return None
        turn, again = other.params[0], body.params[0]
        places = zip(store.operands[2:], load.operands[1:], strict=True)
        if not all((a is turn and b is again) or a == b for a, b in places) or turn not in store.operands[2:]:
            return None
        # what is handed on is nothing, where the condition is what it is in turns that take
        takes = is_zero(share.operands[1])
        return _Kept(load, loop, store.operands[1], takes) if self.is_reverse(loop, op) else None

    def is_reverse(self, loop: Op, op: Op) -> bool:
        """True for a loop over the turns of another, which are not negative, from the last to the first."""
        (first, end), (last, stop) = loop.operands[:2], op.operands[:2]
        one = Polynomial.of(1)
        forms = [normal_form(v, self.makers.get) for v in (first, end, last, stop)]
        return (isinstance(first, Constant) and int(first.value.real) >= 0 and loop.attrs["step"] == 1
                and op.attrs["step"] == -1 and forms[2] == forms[1] - one and forms[3] == forms[0] - one)

    def handed(self, op: Op) -> list[int]:
        """The positions of the carried cotangents that some turn takes, if the loop does no more than use them."""
        (body,) = op.regions
        found, taken = [], set[Value]()
        for k, (param, out) in enumerate(zip(body.params[1:], body.yields, strict=True)):
            share = self.share(body, param, out)
            if share is not None:
                found.append(k)
                taken.add(share)
        others = [k for k in range(len(body.yields)) if k not in found]
        if not found or any(body.params[1 + k] in self.exact for k in others):
            return []
        sums = _Sums(taken, {body.params[1 + k]: body.params[1 + k] for k in others})
        same = sums.enter(body) and all(sums.same.get(body.yields[k]) is body.params[1 + k] for k in others)
        return found if same else []

    def share(self, body: Block, param: Value, out: Value) -> Value | None:
        """What a turn takes of a carried number: all or nothing, in which case it is handed on; else None."""
        users = self.uses.get(param, [])
        if param.is_array or not param.kind.is_float or param in self.exact or len(users) != 2 or (
                self.uses.get(out) != [body]):
            return None
        selects = [user for user in users if isinstance(user, Op) and user.prim == "select" and user in body.ops]
        kept = [op for op in selects if op.result is out]
        taken = [op for op in selects if op.result is not out]
        if len(kept) != 1 or len(taken) != 1:
            return None
        condition, *ways = kept[0].operands
        other, *turned = taken[0].operands
        if other is not condition or not all((a is param and is_zero(b)) or (b is param and is_zero(a))
                                             for a, b in (ways, turned)) or (ways[0] is param) == (turned[0] is param):
            return None
        return taken[0].result


class _Sums:
    """Which values are multiples of some numbers, and which are what others were but for multiples added to them."""

    def __init__(self, multiples: set[Value], same: dict[Value, Value]) -> None:
        self.multiples = multiples
        self.same = same

    def is_multiple(self, value: Value) -> bool:
        """True for a value that is zero where the numbers are."""
        return value in self.multiples or is_zero(value)

    def enter(self, block: Block) -> bool:
        """Note the values of a block; False where it does more than compute."""
        return all(self.op(op) for op in block.ops)

    def op(self, op: Op) -> bool:
        """Note the results of an operation; False where it does more than compute."""
        if has_effects(op) or op.prim in ("while", "call", "draw"):
            return False
        if op.prim == "if":
            if not all(self.enter(region) for region in op.regions):
                return False
            self.join(op.results, *(region.yields for region in op.regions))
        elif op.prim == "for":
            return self.loop(op)
        elif len(op.results) == 1:
            self.one(op)
        return True

    def one(self, op: Op) -> None:
        """Note one result."""
        values = op.operands
        factors = [self.is_multiple(values[k]) for k in _MULTIPLES.get(op.prim, ())]
        if factors and (any(factors) if op.prim == "mul" else all(factors)):
            self.multiples.add(op.result)
        elif op.prim in ("add", "sub", "accum") and values[0] in self.same and self.is_multiple(values[1]):
            self.same[op.result] = self.same[values[0]]
        elif op.prim == "add" and values[1] in self.same and self.is_multiple(values[0]):
            self.same[op.result] = self.same[values[1]]

    def join(self, results: Sequence[Value], first: Sequence[Value], second: Sequence[Value]) -> None:
        """Note what is one of two."""
        for result, a, b in zip(results, first, second, strict=True):
            if self.is_multiple(a) and self.is_multiple(b) and not result.is_array:
                self.multiples.add(result)
            elif a in self.same and self.same[a] is self.same.get(b):
                self.same[result] = self.same[a]

    def loop(self, op: Op) -> bool:
        """Note the results of a loop: all that it may carry unchanged is taken to be so, until its body says no."""
        (body,) = op.regions
        inits, params = op.operands[2:], body.params[1:]
        possible = set(range(len(params)))
        while True:
            inner = _Sums(set(self.multiples), dict(self.same))
            for k in possible:
                if inits[k] in self.same:
                    inner.same[params[k]] = self.same[inits[k]]
                elif self.is_multiple(inits[k]) and not params[k].is_array:
                    inner.multiples.add(params[k])
            if not inner.enter(body):
                return False
            wrong = {k for k in possible if not inner.agrees(params[k], body.yields[k])}
            if not wrong:
                break
            possible -= wrong
        for k in possible:
            if params[k] in inner.same:
                self.same[op.results[k]] = inner.same[params[k]]
            elif params[k] in inner.multiples:
                self.multiples.add(op.results[k])
        return True

    def agrees(self, param: Value, out: Value) -> bool:
        """True where a carried value stays what it is taken to be."""
        if param in self.same:
            return self.same.get(out) is self.same[param]
        return param in self.multiples and self.is_multiple(out)


class _Ender(Rebuilder):
    def __init__(self, search: _Search) -> None:
        self.found, self.kept = search.found, search.kept
        self.noted = {kept.loop: kept for kept in self.kept.values()}
        self.last: dict[Op, Value] = {}  # of loops that note it: their last turn that takes

    def copy_for(self, op: Op) -> None:
        """Rebuild a loop."""
        if op in self.kept:
            self.only_turn(op, self.kept[op])
        elif op in self.found:
            self.while_any(op)
        elif op in self.noted:
            self.noting(op, self.noted[op])
        else:
            super().copy_for(op)

    def noting(self, op: Op, kept: _Kept) -> None:
        """A loop that carries its last turn that takes."""
        (body,) = op.regions
        with self.frame("for") as frame:
            params = tuple(self.param(p) for p in body.params)
            last = Value(_INT, "last")
            self.depth_of[last] = self.builder.depth
            self.ops(body)
            ways = (params[0], last) if kept.takes else (last, params[0])
            noted = self.emit("select", self.get(kept.condition), *ways)
            block = Block((*params, last), tuple(frame.ops), (*self.all(body.yields), noted))
        (self.last[op],) = self.finish(op, (*self.all(op.operands), _NONE), (block,), op.results, [last])

    def only_turn(self, op: Op, kept: _Kept) -> None:
        """The turn that takes the cotangent, if there is one."""
        (body,) = op.regions
        last, inits = self.last[kept.loop], self.all(op.operands[2:])
        condition = self.emit("ne", last, _NONE)
        self.env.update(zip(body.params, (last, *inits), strict=True))
        self.env[kept.load.result] = Constant(kept.takes, Kind.BOOL)
        with self.frame("arm") as frame:
            for inner in body.ops:
                if inner is not kept.load:
                    self.builder.span = inner.span or self.builder.span
                    self.op(inner)
            taken = Block((), tuple(frame.ops), self.all(body.yields))
        self.finish(op, (condition,), (taken, Block((), (), inits)), op.results, prim="if", attrs={})

    def while_any(self, op: Op) -> None:
        """A loop that ends when there is nothing to hand over."""
        (body,) = op.regions
        start, stop, *inits = self.all(op.operands)
        step = op.attrs["step"]
        with self.frame("while") as frame:
            params = tuple(self.param(p) for p in body.params)
            goes = self.emit("lt" if step == 1 else "gt", params[0], stop)
            left: Value = Constant(False, Kind.BOOL)
            for k in self.found[op]:
                left = self.emit("or", left, self.emit("ne", params[1 + k], Constant(0, params[1 + k].kind)))
            condition = self.emit("and", goes, left)
            first = Block(params, tuple(frame.ops), (condition, *params))
            frame.ops = []
            self.ops(body)
            following = self.emit("add", params[0], Constant(step, Kind.INT))
            second = Block((), tuple(frame.ops), (following, *self.all(body.yields)))
        self.builder.span = op.span or self.builder.span
        types, names = [_INT, *(self.type_of(r) for r in op.results)], ["", *(r.name for r in op.results)]
        made = self.raw("while", (start, *inits), types, {}, (first, second), names)
        self.env.update(zip(op.results, made[1:], strict=True))
