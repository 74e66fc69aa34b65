"""Neighbouring loops of as many parallel turns become one: a launch for all, and what one writes and the next reads is
still in the cache.

Nests over the same elements have been merged before (`passes.merge`); here are loops whose bodies differ, such as sums
over each row and what is done with them.

Invariant: a turn of the later loop touches no element that another turn of an earlier one writes, or the other way
round.
"""

from __future__ import annotations

from workbench.engines.cuda.parallel import SCATTER, Parallel, parallel
from workbench.ir import Block, Function, Op, Polynomial, Rewriter, Value, definitions, normal_form, walk
from workbench.ir.ops import ALLOCATING, CONSUMING, has_effect
from workbench.rules import get

Place = tuple[int, Polynomial]


def together(function: Function) -> Function:
    """The function with its neighbouring loops of parallel turns as one."""
    if sum(op.prim == "for" for op in walk(function.block)) < 2:
        return function
    return _Together(function).run(function)


class _Together(Rewriter):
    def __init__(self, function: Function) -> None:
        super().__init__()
        self.makers = definitions(function)
        self.buffers: dict[Value, Value] = {}  # results of the group's loops: the array that came in

    def copy_block(self, block: Block) -> Block:
        """See `Rewriter`."""
        outer, self.ops = self.ops, []
        around, self.buffers = self.buffers, {}
        params = tuple(self.fresh(p) for p in block.params)
        group: list[Op] = []
        for op in block.ops:
            found = self.qualified(op)
            if found is not None and group and self.fits(group, op, found):
                self.join(group, op)
            elif group and self.may_come_first(group, op):
                self.rewrite_op(op)
            else:
                self.flush(group)
                if found is not None:
                    self.join(group, op)
                else:
                    self.rewrite_op(op)
        self.flush(group)
        new = Block(params, tuple(self.ops), tuple(self.get(v) for v in block.yields))
        self.ops, self.buffers = outer, around
        return new

    # ------------------------------------------------------------------ which loops
    def qualified(self, op: Op) -> Parallel | None:
        """A loop whose own turns are independent. (A nest whose inner turns are threads, too, stays by itself: its
        neighbouring threads touch neighbouring elements.)"""
        found = parallel(op, self.makers.get) if op.prim == "for" else None
        return found if found is not None and not found.inner else None

    def join(self, group: list[Op], op: Op) -> None:
        """A loop joins the group."""
        group.append(op)
        for result, init in zip(op.results, op.operands[2:], strict=True):
            if result.is_array:
                self.buffers[result] = self.buffer(init)

    def buffer(self, array: Value) -> Value:
        """The array that came into the group as this one."""
        return self.buffers.get(array, array)

    def may_come_first(self, group: list[Op], op: Op) -> bool:
        """True for an operation without effect that uses nothing of the waiting loops."""
        if op.regions or not op.results or op.prim in CONSUMING or op.prim == "call":
            return False
        known = op.prim in ALLOCATING or op.prim == "load" or get(op.prim).elementwise
        made = {r for waiting in group for r in waiting.results}
        return known and not has_effect(op.prim, bool(op.attrs.get("checked"))) and not made.intersection(op.operands)

    def fits(self, group: list[Op], op: Op, found: Parallel) -> bool:
        """True where a loop may be one with those that wait."""
        first = group[0]
        if op.attrs.get("step", 1) != first.attrs.get("step", 1) or any(
                self.form(a) != self.form(b) for a, b in zip(op.operands[:2], first.operands[:2], strict=True)):
            return False
        if SCATTER in found.roles:
            return False
        numbers = {r for waiting in group for r in waiting.results if not r.is_array}
        if numbers and any(v in numbers for inner in (op, *walk(op.regions[0])) for v in inner.operands):
            return False
        if self.checks(op) and any(self.checks(waiting) for waiting in group):
            return False  # (the first error of the first loop is the one to be raised)
        mine = self.touched(op)
        for waiting in group:
            theirs = self.touched(waiting)
            for array in mine.keys() & theirs.keys():
                (written, places), (also, others) = mine[array], theirs[array]
                if (written or also) and not places & others:
                    return False
        return True

    @staticmethod
    def checks(op: Op) -> bool:
        """Whether something in a loop may raise."""
        return any(inner.prim == "check" for inner in walk(op.regions[0]))

    def form(self, value: Value) -> Polynomial:
        """The normal form of an integer."""
        return normal_form(value, self.makers.get)

    def touched(self, op: Op) -> dict[Value, tuple[bool, set[Place]]]:
        """For each array from outside: whether it is written, and the turn's own places that all accesses have."""
        (body,) = op.regions
        index = Polynomial.atom(body.params[0])
        roots = {p: self.buffer(init) for p, init in zip(body.params[1:], op.operands[2:], strict=True) if p.is_array}
        made: set[Value] = set()
        found: dict[Value, tuple[bool, set[Place]]] = {}
        for root in roots.values():
            found.setdefault(root, (True, set()))
        started: set[Value] = set()
        for inner in walk(body):
            if inner.prim in ALLOCATING:
                made.update(inner.results)
            self._follow(inner, roots, made)
            if inner.prim not in ("load", "store", "accum", "copy"):
                continue
            array = inner.operands[0]
            if array in made:
                continue
            root = roots.get(array, self.buffer(array))
            where = {"load": inner.operands[1:], "copy": ()}.get(inner.prim, inner.operands[2:])  # (a copy: everywhere)
            own = {(axis, form) for axis, form in enumerate(self.form(v) - index for v in where)
                   if form.constant is not None}
            written, places = found.get(root, (False, set()))
            found[root] = written, own if root not in started else places & own
            started.add(root)
        return found

    @staticmethod
    def _follow(op: Op, roots: dict[Value, Value], made: set[Value]) -> None:
        """Which arrays the results and the parameters of regions are."""
        def same(source: Value, target: Value) -> None:
            if source in roots:
                roots[target] = roots[source]
            elif source in made:
                made.add(target)
        if op.prim in CONSUMING:
            same(op.operands[0], op.result)
        inits = op.operands[2:] if op.prim == "for" else op.operands if op.prim == "while" else ()
        for region in op.regions[:1]:
            for init, param, result in zip(inits, region.params[1:] if op.prim == "for" else region.params, op.results,
                                           strict=False):
                same(init, param)
                same(init, result)

    # ------------------------------------------------------------------ one loop of several
    def flush(self, group: list[Op]) -> None:
        """Emit the group."""
        if len(group) == 1:
            self.copy_op(group[0])
        elif group:
            self.merge(group)
        group.clear()
        self.buffers.clear()

    def merge(self, group: list[Op]) -> None:
        """One loop that does what several do."""
        arrays: dict[Value, Value] = {}  # what came in: its version in the body, as far as it is written
        numbers: dict[tuple[int, int], Value] = {}
        inits: list[Value] = []
        params: list[Value] = []
        for g, op in enumerate(group):
            for k, (init, param) in enumerate(zip(op.operands[2:], op.regions[0].params[1:], strict=True)):
                if param.is_array and self.buffer(init) in arrays:
                    continue
                new = Value(self.type(param.type), param.name)
                params.append(new)
                inits.append(self.get(self.buffer(init)) if param.is_array else self.get(init))
                if param.is_array:
                    arrays[self.buffer(init)] = new
                else:
                    numbers[g, k] = new
        lo, hi = (self.get(v) for v in group[0].operands[:2])
        index = Value(group[0].regions[0].params[0].type, group[0].regions[0].params[0].name)
        outside = {root: self.env.get(root, root) for root in arrays}
        outer, self.ops = self.ops, []
        places = list(arrays)
        ends: dict[tuple[int, int], Value] = {}
        for g, op in enumerate(group):
            (body,) = op.regions
            self.env[body.params[0]] = index
            for result, root in self.buffers.items():
                if root in arrays:
                    self.env[result] = arrays[root]
            for root in places:
                self.env[root] = arrays[root]
            for k, (init, param) in enumerate(zip(op.operands[2:], body.params[1:], strict=True)):
                self.env[param] = arrays[self.buffer(init)] if param.is_array else numbers[g, k]
            for inner in body.ops:
                self.rewrite_op(inner)
            for k, (init, out) in enumerate(zip(op.operands[2:], body.yields, strict=True)):
                if init.is_array:
                    arrays[self.buffer(init)] = self.get(out)
                else:
                    ends[g, k] = self.get(out)
        made = iter(numbers)
        roots = iter(places)
        yields = [arrays[next(roots)] if p.is_array else ends[next(made)] for p in params]
        block = Block((index, *params), tuple(self.ops), tuple(yields))
        self.ops = outer
        results = tuple(Value(p.type, p.name) for p in params)
        self.env.update(outside)
        self.emit(Op("for", (lo, hi, *inits), results, group[0].attrs, (block,), group[0].span))
        found = dict(zip(places, (r for r in results if r.is_array), strict=True))
        scalars = dict(zip(numbers, (r for r in results if not r.is_array), strict=True))
        for g, op in enumerate(group):
            for k, (init, result) in enumerate(zip(op.operands[2:], op.results, strict=True)):
                self.env[result] = found[self.buffer(init)] if result.is_array else scalars[g, k]


