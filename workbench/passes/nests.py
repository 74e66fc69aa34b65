"""Perfect rectangular nests of counted loops, and whether their iterations are independent.

A nest qualifies where each array it updates is touched, in one iteration, at elements that no other iteration stores:
at `index + constant` on every axis, one loop an axis. What it reads of such an array is the element it then overwrites;
an array that is only added to may be added to at several shifts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field

from workbench.ir import Block, Op, Polynomial, Value, normal_form
from workbench.records import dataclass
from workbench.rules import get

Maker = Callable[[Value], Op | None]


@dataclass(frozen=True)
class Term:
    """One accumulation: the operation and how far its element is from the iteration's, loop by loop."""

    op: Op
    shift: tuple[int, ...]


@dataclass
class Nest:
    """The loops from the outermost to the innermost; `ops` are all operations inside but the loops themselves.

    `terms[k]`: accumulations into carried array k; `stores`: the other updates, in order; `sums`: positions of carried
    scalars; `axes[k][x]`: which loop indexes axis x of carried array k."""

    loops: list[Op]
    body: Block
    ops: list[Op]
    chains: dict[Value, int] = field(default_factory=dict)
    terms: dict[int, list[Term]] = field(default_factory=dict)
    stores: list[Op] = field(default_factory=list)
    sums: list[int] = field(default_factory=list)
    axes: dict[int, tuple[int, ...]] = field(default_factory=dict)

    @property
    def indices(self) -> list[Value]:
        """The loops' indices."""
        return [loop.regions[0].params[0] for loop in self.loops]

    def needed(self, values: Sequence[Value]) -> list[Op]:
        """The operations without update that compute values, in order."""
        wanted = set(values)
        found: list[Op] = []
        for op in reversed(self.ops):
            if op.prim not in ("store", "accum") and op.result in wanted:
                found.append(op)
                wanted.update(op.operands)
        return found[::-1]


def has_turns(op: Op, around: Sequence[Op], maker: Maker) -> bool:
    """True where a loop around runs over the same indices: then this one has a turn whenever it is reached."""
    return any(_ends(op, maker) == _ends(outer, maker) for outer in around)


def _ends(op: Op, maker: Maker) -> tuple[Polynomial, Polynomial]:
    """The least and the greatest index of a counted loop."""
    first, bound = (normal_form(v, maker) for v in op.operands[:2])
    one = Polynomial.of(1)
    return (first, bound - one) if op.attrs["step"] == 1 else (bound + one, first)


def find_nest(op: Op, maker: Maker) -> Nest | None:
    """The largest nest that begins with a loop and qualifies, or None."""
    loops, ops = [op], list(op.regions[0].ops)
    while True:
        body = loops[-1].regions[0]
        inner = [o for o in body.ops if o.regions]
        if not inner:
            break
        if len(inner) > 1 or inner[0].prim != "for" or not _passes_on(body, inner[0]):
            return None
        ops = [o for o in ops if o is not inner[0]] + list(inner[0].regions[0].ops)
        loops.append(inner[0])
    nest = Nest(loops, body, ops)
    return nest if _Judge(nest, maker).qualifies() else None


def _passes_on(body: Block, inner: Op) -> bool:
    """True where a loop hands all it carries to the inner one and yields that one's results."""
    return body.params[1:] == inner.operands[2:] and body.yields == inner.results


class _Judge:
    def __init__(self, nest: Nest, maker: Maker) -> None:
        self.nest = nest
        self.maker = maker
        self.indices = nest.indices
        self.inside = {r for op in nest.ops for r in op.results}
        self.forms: dict[Value, Polynomial] = {}

    def qualifies(self) -> bool:
        """Fills in the nest's fields; True where its iterations are independent (but for the scalars it carries)."""
        nest = self.nest
        params = nest.body.params[1:]
        nest.chains.update({param: k for k, param in enumerate(params)})
        for depth, loop in enumerate(nest.loops):
            if any(self.depends(bound) for bound in loop.operands[:2]) and depth:
                return False
        updates: dict[int, list[Op]] = {}
        reads: dict[int, list[Op]] = {}
        for op in nest.ops:
            if not op.results or op.regions or not self._sort(op, params, updates, reads):
                return False
        for k, (param, value) in enumerate(zip(params, nest.body.yields, strict=True)):
            if not param.is_array:
                nest.sums.append(k)
            elif nest.chains.get(value) != k:
                return False
        sums = {params[k] for k in nest.sums}
        touched = [v for ops in updates.values() for op in ops for v in op.operands[1:]]
        if sums & {v for op in nest.needed(touched) for v in op.operands} or sums & set(touched):
            return False
        return all(self._place(k, ops, reads.get(k, [])) for k, ops in updates.items())

    def _sort(self, op: Op, params: Sequence[Value], updates: dict[int, list[Op]], reads: dict[int, list[Op]]) -> bool:
        chains = self.nest.chains
        if op.prim in ("store", "accum"):
            chain = chains.get(op.operands[0])
            if chain is None:
                return False
            chains[op.result] = chain
            updates.setdefault(chain, []).append(op)
        elif op.prim == "load":
            array = op.operands[0]
            if array in chains and array not in params:
                return False
            if array in chains:
                reads.setdefault(chains[array], []).append(op)
        else:
            return get(op.prim).elementwise
        return True

    def _place(self, chain: int, ops: list[Op], reads: list[Op]) -> bool:
        """Where a carried array is updated."""
        nest = self.nest
        places = [self.shift(op.operands[2:]) for op in ops]
        first = places[0]
        if first is None:
            return False
        axes = first[0]
        if all(op.prim == "accum" for op in ops) and not reads:
            for op, place in zip(ops, places, strict=True):
                if place is None or place[0] != axes:
                    return False
                nest.terms.setdefault(chain, []).append(Term(op, place[1]))
            nest.axes[chain] = axes
            return True
        if len(ops) > 1 or any(load.operands[1:] != ops[0].operands[2:] for load in reads):
            return False
        nest.stores.append(ops[0])
        nest.axes[chain] = axes
        return True

    def shift(self, where: Sequence[Value]) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
        """Which loop indexes each axis, and the constants added, loop by loop; None where it is otherwise."""
        if len(where) != len(self.indices):
            return None
        axes: list[int] = []
        shifts = [0] * len(self.indices)
        for value in where:
            form = normal_form(value, self.maker, self.forms)
            for k, index in enumerate(self.indices):
                distance = form.above(normal_form(index, self.maker, self.forms))
                if distance is not None:
                    axes.append(k)
                    shifts[k] = distance
        return (tuple(axes), tuple(shifts)) if sorted(axes) == list(range(len(self.indices))) else None

    def depends(self, value: Value) -> bool:
        """True for a value that changes inside the nest."""
        if value in self.indices:
            return True
        op = self.maker(value)
        if value not in self.inside or op is None:
            return False
        return op.prim == "load" or any(self.depends(v) for v in op.operands)
