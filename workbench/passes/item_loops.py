"""What is known of a loop over items: which values differ from item to item, which arrays are an item's own, and in
which parts of the body vectors of items can be computed.

A body is taken apart into segments: what is the same for all items; runs of operations to be done for several items at
once; and counted loops with as many turns for every item, whose bodies are segments again.

Invariant: a loop that qualifies does in any order of its items what it does in order, but for its serial operations:
those of carried numbers, which run once the rest has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from workbench.ir import ArrayType, Block, Op, Polynomial, Value, consumed_operands, normal_form, walk
from workbench.ir.ops import CONSUMING
from workbench.passes.accumulation import read_by
from workbench.records import dataclass
from workbench.rules import get

UPDATES = frozenset({"store", "accum"})
_MAKERS = frozenset({"empty", "full"})


@dataclass(slots=True, eq=False)
class Same:
    """An operation that is the same for all items (or makes an array of the item's own)."""

    op: Op


@dataclass(slots=True, eq=False)
class Run:
    """Operations that are done for several items at once; afterwards `moves`: values that go to carried places."""

    ops: list[Op] = field(default_factory=list)
    moves: list[tuple[Value, Value]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Turns:
    """A loop that has as many turns for every item."""

    op: Op
    body: list[Segment]


Segment = Same | Run | Turns


class ItemLoop:
    """The analysis of one loop. `qualifies`: it can be done, and is worth it.

    outside: the arrays that the caller may see; what is written into these must be written when a check raises."""

    def __init__(self, op: Op, makers: Mapping[Value, Op], outside: Collection[Value]) -> None:
        self.op = op
        self.makers = makers
        self.body = op.regions[0]
        self.index = self.body.params[0]
        self.varying: set[Value] = {self.index, *(p for p in self.body.params[1:] if not p.is_array)}
        self.roots: dict[Value, Value] = {}  # versions of an array: the first of them
        self.own: set[Value] = set()  # roots that are an item's own
        self.serial = self._serial()
        self.qualifies = self.serial is not None and self._arrays(self.body.ops, True) and self._are_apart()
        if not self.qualifies:
            return
        while self._spread(self.body.ops):
            pass
        even = [op for op in walk(self.body) if op.prim in _MAKERS or op.prim == "check"]
        uneven = [op for op in walk(self.body) if op.prim == "for" and not self.is_even(op)]
        if any(inner in even for op in uneven for inner in walk(op.regions[0])):
            self.qualifies = False  # (such loops are run item by item)
            return
        checked = any(op.prim == "check" for op in even)
        if any(v in self.varying for op in even for v in op.operands) or (
                checked and any(v in outside for v in op.operands)):
            self.qualifies = False
            return
        self.segments = self._segments(self.body)
        self.qualifies = any(isinstance(s, Turns) and self._recurs(s) for s in self._all(self.segments))

    # ------------------------------------------------------------------ what it must be like
    def _serial(self) -> list[Op] | None:
        """The operations on carried numbers, None where some are not plain arithmetic of the body itself."""
        tainted = {p for p in self.body.params[1:] if not p.is_array}
        found = []
        for op in self.body.ops:
            used = {v for v in read_by([op]) if v in tainted}
            if not used:
                continue
            if not is_formula(op):
                return None
            found.append(op)
            tainted.add(op.result)
        for param, out in zip(self.body.params[1:], self.body.yields, strict=True):
            if param.is_array and out in tainted:
                return None
        return found

    def _arrays(self, ops: Sequence[Op], plain: bool) -> bool:
        """Follow the versions of arrays. `plain`: these operations are done for every item, whatever its numbers."""
        for param in self.body.params[1:]:
            if param.is_array:
                self.roots.setdefault(param, param)
        return all(self._array(op, plain) for op in ops)

    def _array(self, op: Op, plain: bool) -> bool:
        if op.prim in _MAKERS:
            if not plain or op.result.rank == 0:
                return False
            self.roots[op.result] = op.result
            self.own.add(op.result)
            return True
        if op.prim in UPDATES:
            root = self.roots.get(op.operands[0])
            if root is None:
                return False
            self.roots[op.result] = root
            return True
        if op.prim == "check":
            return plain
        if op.prim == "load":
            type_ = op.operands[0].type
            return isinstance(type_, ArrayType) and not type_.growable
        if op.prim == "for":
            return self._turns(op, plain)
        if op.prim in ("if", "while"):
            return self._uneven(op)
        return is_formula(op)

    def _turns(self, op: Op, plain: bool) -> bool:
        (body,) = op.regions
        for init, param in zip(op.operands[2:], body.params[1:], strict=True):
            if param.is_array:
                if init not in self.roots:
                    return False
                self.roots[param] = self.roots[init]
        if not all(self._array(inner, plain) for inner in body.ops):
            return False
        for param, out, result in zip(body.params[1:], body.yields, op.results, strict=True):
            if param.is_array:
                if self.roots.get(out) is not self.roots[param]:
                    return False
                self.roots[result] = self.roots[param]
        return True

    def _uneven(self, op: Op) -> bool:
        """Follow the arrays of what is done for some items only, or more often for some."""
        first, second = op.regions
        if op.prim == "while":
            for init, param in zip(op.operands, first.params, strict=True):
                if param.is_array:
                    if init not in self.roots:
                        return False
                    self.roots[param] = self.roots[init]
        if not all(self._array(inner, False) for region in op.regions for inner in region.ops):
            return False
        ends = first.yields[1:] if op.prim == "while" else first.yields
        for a, b, result, param in zip(ends, second.yields, op.results, first.params or ends, strict=True):
            if result.is_array:
                root = self.roots.get(a)
                if root is None or self.roots.get(b) is not root or self.roots.get(param) is not root:
                    return False
                self.roots[result] = root
        return True

    def _are_apart(self) -> bool:
        """True where an item touches no element of a carried array that another one touches."""
        for param, out in zip(self.body.params[1:], self.body.yields, strict=True):
            if param.is_array and self.roots.get(out) is not param:
                return False
        places: dict[Value, set[tuple[int, Polynomial]]] = {}
        for op in walk(self.body):
            if op.prim in UPDATES or op.prim == "load":
                root = self.roots.get(op.operands[0])
                if root is None or root in self.own:
                    continue
                where = op.operands[1:] if op.prim == "load" else op.operands[2:]
                forms = [normal_form(v, self.makers.get) - Polynomial.atom(self.index) for v in where]
                own = {(axis, form) for axis, form in enumerate(forms) if form.constant is not None}
                places[root] = places[root] & own if root in places else own
        return all(places.values())

    def dropped(self, op: Op) -> dict[Value, Value]:
        """The arrays that the arms of a conditional update and that are not among its results, as nobody reads them
        afterwards; with the version that it begins with."""
        if op.prim != "if":
            return {}
        inside = [inner for region in op.regions for inner in walk(region)]
        made = {v for inner in inside for v in (*inner.results, *(p for r in inner.regions for p in r.params))}
        results = {self.roots.get(r) for r in op.results}
        taken = [v for inner in inside for v in consumed_operands(inner) if v not in made]
        return {self.roots[v]: v for v in taken if v in self.roots and self.roots[v] not in results}

    # ------------------------------------------------------------------ what differs from item to item
    def _spread(self, ops: Iterable[Op]) -> bool:
        """Find more values that differ; True where there were some."""
        before = len(self.varying)
        for op in ops:
            if op.prim in ("for", "while", "if"):
                self._spread_control(op)
            elif op.prim == "load" and op.operands[0] in self.roots:
                self.varying.add(op.result)
            elif any(v in self.varying for v in op.operands):
                self.varying.update(op.results)
        return len(self.varying) > before

    def _spread_control(self, op: Op) -> None:
        if not self.is_even(op):  # done for each item by itself
            for region in op.regions:
                self.varying.update(region.params)
            self.varying.update(op.results)
        for region in op.regions:
            self._spread(region.ops)
        if self.is_even(op):
            (body,) = op.regions
            for init, param, out, result in zip(op.operands[2:], body.params[1:], body.yields, op.results, strict=True):
                if init in self.varying or out in self.varying:
                    self.varying.update((param, result))

    def is_even(self, op: Op) -> bool:
        """True for a loop that has as many turns for every item."""
        return op.prim == "for" and not any(v in self.varying for v in op.operands[:2])

    # ------------------------------------------------------------------ segments
    def _segments(self, block: Block) -> list[Segment]:
        found: list[Segment] = []
        serial = set(self.serial or ())
        for op in block.ops:
            if op in serial:
                continue
            if self.is_even(op):
                body = self._segments(op.regions[0])
                carried = list(zip(op.operands[2:], op.regions[0].params[1:], op.regions[0].yields, strict=True))
                moved = [(i, p, y) for i, p, y in carried if p in self.varying and not p.is_array]
                _run(found).moves += [(i, p) for i, p, _ in moved]
                _run(body).moves += [(y, p) for _, p, y in moved]
                found.append(Turns(op, body))
            elif self._is_same(op):
                found.insert(len(found) - (1 if found and isinstance(found[-1], Run) else 0), Same(op))
            else:
                _run(found).ops.append(op)
        return found

    def _is_same(self, op: Op) -> bool:
        if op.prim in _MAKERS:
            return True
        return not op.regions and op.prim not in UPDATES and not any(r in self.varying for r in op.results)

    def _all(self, segments: Iterable[Segment]) -> Iterator[Segment]:
        for segment in segments:
            yield segment
            if isinstance(segment, Turns):
                yield from self._all(segment.body)

    def _recurs(self, turns: Turns) -> bool:
        """True for a loop whose turns wait for one another: by a number that it carries, or a place of an array of the
        item's own that is the same in all turns."""
        (body,) = turns.op.regions
        if any(p in self.varying and p.kind.is_inexact and not p.is_array for p in body.params[1:]):
            return True
        carried = {self.roots[p] for p in body.params[1:] if p.is_array} & self.own
        return any(op.prim == "load" and self.roots.get(op.operands[0]) in carried and not any(
            (normal_form(v, self.makers.get) - Polynomial.atom(body.params[0])).constant is not None
            for v in op.operands[1:]) for op in walk(body))


def _run(segments: list[Segment]) -> Run:
    """The run at the end of segments, a new one where there is none."""
    if not segments or not isinstance(segments[-1], Run):
        segments.append(Run())
    last = segments[-1]
    assert isinstance(last, Run)
    return last


def is_formula(op: Op) -> bool:
    """True for operations on numbers that do nothing else."""
    return not op.regions and op.prim not in CONSUMING and op.prim not in ("load", "call") and len(
        op.results) == 1 and not any(v.is_array for v in (*op.operands, op.result)) and get(op.prim).elementwise
