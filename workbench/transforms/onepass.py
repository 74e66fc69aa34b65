"""Loops whose iterations are differentiated one at a time, each right after it has run; and recursive calls.

In `for i in range(n): total += g(i)` no iteration waits for another's derivative: whatever follows the loop, the
cotangent of `total` is the same in all of them. Where that cotangent is known before the loop begins (what follows is
linear, with factors that the loop does not make), the adjoint of an iteration can be run in the iteration itself. No
residual leaves it, and its primal is not run twice.

Such loops are a suffix of those of the function's own block, and of the bodies of such loops. The adjoints of the
operations that depend on their results are emitted before the first of them. So these must ask for nothing that is
computed later (but for plain formulas, which are computed twice; and an operation on numbers propagates to what depends
on the loops first, and to its other operands when all is there), the loops must not pass cotangents to what is made by
them, and no element of an array may be reached for before its index has been checked. The adjoints of all other
operations come when everything has run; these must not take the buffer of an array that the loops read, whose cotangent
would be moved and not added to.

A call of a recursive function can stand for a loop: where the cotangents of its results are known before it, it is
replaced by one that gives the results and pulls the cotangents back (`transforms.joint`). So can a conditional or a
`while` that such calls are in.

Invariant: the primal's operations and effects are in the program's order. The contributions to a cotangent are added in
the order of the iterations, instead of the opposite one.

Source: the "II-loops" of Hascoët, Fidanova & Held, "Adjoining independent computations" (Automatic Differentiation of
Algorithms, 2002).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from workbench.ir import Block, Callee, Constant, Function, Op, Value, callee_of, walk
from workbench.ir.ops import has_effect
from workbench.transforms.structure import Region, Structure, captured, dependent, taken

FORMULAS = frozenset({"cast", "add", "sub", "mul", "neg"})


def candidates(function: Function, active: frozenset[Value], joint: Callable[[Callee], object]) -> set[Op]:
    """The operations of a function that may be run in one pass, by themselves: loops, calls of functions that can be
    run so (`joint`), and what holds such calls."""
    found: set[Op] = set()

    def gather(block: Block) -> bool:
        calls = False
        for op in block.ops:
            inside = sum(map(gather, op.regions)) > 0  # (all of them are gone through)
            if op.prim == "call" and any(r in active for r in op.results):
                inside = joint(callee_of(op)) is not None
            fit = any(r in active for r in op.results) and can_run_in_one_pass(op, active)
            if fit and (inside or op.prim == "for"):
                found.add(op)
            calls |= inside
        return calls
    gather(function.block)
    return found


def can_run_in_one_pass(op: Op, active: frozenset[Value]) -> bool:
    """True for loops whose active carried values are numbers that the body only adds to, for conditionals and calls
    that give active numbers."""
    if op.prim in ("if", "call"):
        return not any(r.is_array for r in op.results if r in active)
    if op.prim not in ("for", "while"):
        return False
    body = op.regions[-1]
    params = op.regions[0].params[1 if op.prim == "for" else 0:]
    carried = [(param, out) for param, out, result in zip(params, body.yields, op.results, strict=True)
               if result in active]
    if op.prim == "while" and not _is_condition_only(op, active):
        return False
    for param, _ in carried:
        if param.is_array:
            return False
        shares = _Shares(param, active)
        shares.block(body)
        if any(shares.of(out) != (1 if other is param else 0) for other, out in carried):
            return False
    return True


def _is_condition_only(op: Op, active: frozenset[Value]) -> bool:
    """True where the first region of a `while` does nothing with active values but hand them on."""
    before = op.regions[0]
    handed = zip(before.params, before.yields[1:], op.results, strict=True)
    return all(v is param for param, v, result in handed if result in active or param in active or v in active) and (
        not any(r in active for inner in walk(before) for r in inner.results))


def open_blocks(op: Op) -> tuple[Block, ...]:
    """The regions of an operation in one pass in which adjoints are run."""
    return op.regions[1:] if op.prim == "while" else op.regions


class _Shares:
    """How often a number is contained in others: x in x + g once; None where not by additions alone."""

    def __init__(self, number: Value, active: frozenset[Value]) -> None:
        self.active = active
        self.known: dict[Value, int | None] = {number: 1}

    def of(self, value: Value) -> int | None:
        """The share in a value."""
        return self.known.get(value, 0)

    def block(self, block: Block) -> None:
        """Follow the operations of a block."""
        for op in block.ops:
            if op.regions:
                self._regions(op)
            elif any(self.of(v) != 0 for v in op.operands):
                share = self._share(op)
                self.known.update((r, share) for r in op.results if r in self.active)

    def _share(self, op: Op) -> int | None:
        shares = [self.of(v) for v in op.operands]
        if not op.results or op.results[0].is_array:
            return None
        if op.prim in ("add", "sub") and None not in shares:
            sign = 1 if op.prim == "add" else -1
            return shares[0] + sign * shares[1]  # type: ignore[operator]
        if op.prim == "select" and shares[1] == shares[2]:
            return shares[1]
        return None

    def _regions(self, op: Op) -> None:
        if op.prim == "if":
            for block in op.regions:
                self.block(block)
            self._same(op.results, zip(*(map(self.of, block.yields) for block in op.regions), strict=True))
            return
        inits, first = (op.operands[2:], 1) if op.prim == "for" else (op.operands, 0)
        params = op.regions[0].params[first:]
        carried = [self.of(v) for v in inits]
        while True:  # until all iterations give what they are begun with
            self._same(params, [(share,) for share in carried])
            for block in op.regions:
                self.block(block)
            ends = zip(carried, map(self.of, op.regions[-1].yields), strict=True)
            joined = [share if share == end else None for share, end in ends]
            if joined == carried:
                break
            carried = joined
        leaving = carried if op.prim == "for" else map(self.of, op.regions[0].yields[1:])
        self._same(op.results, [(share,) for share in leaving])

    def _same(self, values: Sequence[Value], shares: Iterable[Sequence[int | None]]) -> None:
        """Enter the share of each value where it is the same whichever way it came about."""
        for value, ways in zip(values, shares, strict=True):
            if value in self.active and any(way != 0 for way in ways):
                self.known[value] = ways[0] if len(set(ways)) == 1 else None


class Suffix:
    """The operations of an open region from some loop on: loops (calls, ...) in one pass, and others, with what their
    adjoints ask for (and for which operand, if not for all; for operands inside of those with regions). Of these, the
    ones that depend on a loop's result must be able to come before all loops."""

    def __init__(self, region: Region, structure: Structure, active: frozenset[Value]) -> None:
        self.region = region
        self.structure = structure
        self.active = active
        self.loops: list[Op] = []
        self.others: dict[Op, list[tuple[Value | None, Value]]] = {}

    def can_begin(self, loop: Op) -> bool:
        """True where a further loop can be run in one pass: the adjoints of the operations that depend on it (or on the
        loops after it) can come before it."""
        loops = [*self.loops, loop]
        first = self.region.block.ops.index(loop)
        early = dependent(self.region.block.ops[first:], loops)
        others = [op for op in self.others if op in early]
        within = (inner for op in others for inner in (op, *(i for block in op.regions for i in walk(block))))
        if any(op in self.structure.one_pass for op in within):  # (what its adjoint asks for is not known)
            return False
        calls, _, touches = _nature(others, self.active)
        if calls or (touches and _nature(self.others, self.active)[1]):
            return False
        later = self._from(loop)
        early_results = {r for op in early for r in op.results}
        given = [v for op in loops for v in (op.operands if op.prim == "call" else captured(op)) if v in self.active]
        if any(not taken(op).isdisjoint((*given, *(v for e in others for v in (*e.operands, *captured(e)))))
               for op in self.others if op not in early):
            return False  # (the cotangent of a buffer that is taken is moved, not added to what is there)
        return all(self._is_outside(v, early_results) for v in given) and (
            self._are_formulas((v for op in others for operand, v in self.others[op]
                                if operand is None or op.regions or operand in early_results), later))

    def _from(self, op: Op) -> dict[Value, Op]:
        """What is made by an operation of the region and those after it (the trips of a `while`, too)."""
        ops = self.region.block.ops
        later = ops[ops.index(op):]
        made = {result: one for one in later for result in one.results}
        for one in later:
            loop = self.structure.loops.get(one)
            if loop is not None:
                made.update((v, one) for v in (loop.base, loop.trips) if v is not None)
        return made

    def _is_outside(self, value: Value, results: Collection[Value]) -> bool:
        """True for values of this region or those around that are none of these results."""
        home = self.structure.home[value]
        return value not in results if home is self.region else self.region not in home.chain

    def _is_made(self, value: Value, later: Mapping[Value, Op]) -> bool:
        if isinstance(value, Constant):
            return True
        home = self.structure.home[value]
        return value not in later if home is self.region else self.region not in home.chain

    def _are_formulas(self, values: Iterable[Value], later: Mapping[Value, Op]) -> bool:
        """True for values that are made before, or are plain formulas of such."""
        pending, seen = list(values), set[Value]()
        while pending:
            value = pending.pop()
            if value in seen or self._is_made(value, later):
                continue
            seen.add(value)
            op = later.get(value)
            if op is None or op.prim not in FORMULAS or value.is_array:
                return False
            pending += op.operands
        return True


def _nature(ops: Iterable[Op], active: frozenset[Value]) -> tuple[bool, bool, bool]:
    """Whether operations (or those inside them) call (pullbacks may run code of the user's, and stacks are popped in
    order), whether some may raise, and whether the adjoints of some read or write elements of arrays."""
    calls = raises = touches = False
    for op in ops:
        calls |= op.prim == "call"
        raises |= has_effect(op.prim, bool(op.attrs.get("checked")))
        live = any(r in active for r in op.results)
        touches |= live and any(v.is_array for v in (*op.operands, *op.results))
        for block in op.regions:
            inner = _nature(block.ops, active)
            calls, raises, touches = calls | inner[0], raises | inner[1], touches | inner[2]
    return calls, raises, touches
