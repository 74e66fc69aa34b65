"""Innermost loops that add to shifted elements are split, one loop per shift, so that each is vectorised.

    for j: bar[j+1] += e(j); bar[j-1] += e(j)    ->    for j: bar[j-1] += e(j)
                                                       for j: bar[j+1] += e(j)

The new loops are ordered so that every element receives its terms in the order of the original loop: results keep
every bit. What the loop overwrites at the element it reads goes to a last loop.

Source: loop distribution, Allen & Kennedy, Optimizing Compilers for Modern Architectures (2001), chapter 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.ir import Block, Constant, Function, Kind, Op, Polynomial, Value, definitions, normal_form
from workbench.passes.pipeline import Pass
from workbench.passes.rebuild import Rebuilder
from workbench.rules import get

_CHEAP = frozenset({"add", "sub", "mul", "neg", "load", "cast", "select", "lt", "le", "gt", "ge", "eq", "ne", "and",
                    "or"})


@dataclass(frozen=True)
class Fission(Pass):
    """Splits loops; what is computed again for it is cheap and has at most `budget` operations."""

    name: ClassVar[str] = "fission"
    budget: int = 24

    def __call__(self, function: Function) -> Function:
        """The function with its scattering loops split."""
        return _Splitter(function, self.budget).run(function)


@dataclass(frozen=True)
class _Part:
    """One of the loops to be: the updates it makes."""

    updates: tuple[Op, ...]


class _Splitter(Rebuilder):
    def __init__(self, function: Function, budget: int) -> None:
        self.makers = definitions(function)
        self.budget = budget

    def op(self, op: Op) -> None:
        """Split an innermost loop where that is possible."""
        parts = self.plan(op) if op.prim == "for" else None
        if parts is None:
            self.copy(op)
        else:
            self.split(op, parts)

    # ------------------------------------------------------------------ what may be split
    def plan(self, op: Op) -> list[_Part] | None:
        """The loops to be, in order; None where the loop stays as it is."""
        (body,) = op.regions
        if any(inner.regions or not inner.results for inner in body.ops) or not all(r.is_array for r in op.results):
            return None
        chains = {param: k for k, param in enumerate(body.params[1:])}
        updates: dict[int, list[Op]] = {}
        reads: dict[int, list[Op]] = {}
        for inner in body.ops:
            if inner.prim in ("store", "accum"):
                chain = chains.get(inner.operands[0])
                if chain is None:
                    return None
                chains[inner.result] = chain
                updates.setdefault(chain, []).append(inner)
            elif inner.prim == "load":
                array = inner.operands[0]
                if array in chains:
                    if array not in body.params:
                        return None
                    reads.setdefault(chains[array], []).append(inner)
            elif not get(inner.prim).elementwise:
                return None
        if any(chains.get(value) != k for k, value in enumerate(body.yields)):
            return None
        return self.parts(op, chains, updates, reads)

    def parts(self, op: Op, chains: dict[Value, int], updates: dict[int, list[Op]],
              reads: dict[int, list[Op]]) -> list[_Part] | None:
        """Accumulations by their shift, then the stores."""
        (body,) = op.regions
        index = body.params[0]
        shifts: dict[int, list[Op]] = {}
        stores: list[Op] = []
        for chain, ops in updates.items():
            found = [self.shift(o.operands[2:], index) for o in ops]
            if None in found:
                return None
            if all(o.prim == "accum" for o in ops) and chain not in reads:
                if len({axis for axis, _ in found if axis is not None}) != 1:  # type: ignore[misc]
                    return None
                for inner, where in zip(ops, found, strict=True):
                    assert where is not None
                    shifts.setdefault(where[1], []).append(inner)
            elif len(ops) == 1 and all(self.same_place(load, ops[0]) for load in reads.get(chain, [])):
                stores.extend(ops)
            else:
                return None
        if len(shifts) < 2:
            return None
        parts = []
        for shift in sorted(shifts, reverse=op.attrs["step"] == 1):
            places: dict[tuple[Value, ...], list[Op]] = {}
            for inner in shifts[shift]:
                places.setdefault((body.yields[chains[inner.result]], *inner.operands[2:]), []).append(inner)
            parts += [_Part(tuple(ops)) for ops in places.values()]
        if stores:
            parts.append(_Part(tuple(o for o in body.ops if any(o is s for s in stores))))
        return parts if self.is_cheap(body, parts) else None

    def shift(self, where: Sequence[Value], index: Value) -> tuple[int, int] | None:
        """(axis, c) where one index is the loop's plus the constant c and the others do not change in the loop."""
        found: tuple[int, int] | None = None
        atom = Polynomial.atom(index)
        for axis, value in enumerate(where):
            form = normal_form(value, self.makers.get)
            if not self.mentions(value, index):
                continue
            distance = (form - atom).constant
            if distance is None or found is not None:
                return None
            found = (axis, distance)
        return found

    def mentions(self, value: Value, index: Value) -> bool:
        """True where a value depends on the loop's index or on anything that the loop computes from memory."""
        if value is index:
            return True
        op = self.makers.get(value)
        if op is None or op.regions:
            return False
        return op.prim == "load" or any(self.mentions(v, index) for v in op.operands)

    @staticmethod
    def same_place(load: Op, store: Op) -> bool:
        """True where both touch one element."""
        return all(a == b for a, b in zip(load.operands[1:], store.operands[2:], strict=True))

    def is_cheap(self, body: Block, parts: Sequence[_Part]) -> bool:
        """True where computing shared values again costs little."""
        needed = [self.needed(body, part) for part in parts]
        total = sum(map(len, needed))
        once = set().union(*({id(o) for o in ops} for ops in needed))
        if total - len(once) > self.budget:
            return False
        seen: set[int] = set()
        for ops in needed:
            for inner in ops:
                if id(inner) in seen and inner.prim not in _CHEAP and inner.result.kind is not Kind.INT:
                    return False
                seen.add(id(inner))
        return True

    def needed(self, body: Block, part: _Part) -> list[Op]:
        """Operations of the body that a part computes, besides its updates."""
        wanted = {v for o in part.updates for v in o.operands[1:]}
        found: list[Op] = []
        for inner in reversed(body.ops):
            if inner.prim not in ("store", "accum") and inner.result in wanted:
                found.append(inner)
                wanted.update(inner.operands)
        return found[::-1]

    # ------------------------------------------------------------------ splitting
    def split(self, op: Op, parts: Sequence[_Part]) -> None:
        """Emit the loops; each runs upwards, for its iterations are independent."""
        (body,) = op.regions
        lo, hi = self.all(op.operands[:2])
        if op.attrs["step"] == -1:
            one = Constant(1, Kind.INT)
            lo, hi = self.emit("add", hi, one), self.emit("add", lo, one)
        arrays = dict(enumerate(self.all(op.operands[2:])))
        chain_of = {param: k for k, param in enumerate(body.params[1:])}
        for inner in body.ops:
            if inner.prim in ("store", "accum"):
                chain_of[inner.result] = chain_of[inner.operands[0]]
        for part in parts:
            slots = {chain: self.builder.slot(arrays[chain].type, arrays[chain], body.params[1 + chain].name)
                     for chain in dict.fromkeys(chain_of[o.operands[0]] for o in part.updates)}
            index = self.builder.begin_for(lo, hi, name=body.params[0].name)
            self.env[body.params[0]] = index
            for param, chain in zip(body.params[1:], range(len(op.results)), strict=True):
                self.env[param] = arrays[chain]
            for chain, slot in slots.items():
                value = self.builder.read(slot)
                assert value is not None
                self.env[body.params[1 + chain]] = value
            for inner in self.needed(body, part):
                self.builder.span = inner.span or self.builder.span
                self.copy(inner)
            for update in part.updates:
                slot = slots[chain_of[update.operands[0]]]
                self.builder.span = update.span or self.builder.span
                array = self.builder.read(slot)
                assert array is not None
                self.builder.write(slot, self.emit(update.prim, array, *self.all(update.operands[1:])))
            self.builder.span = op.span or self.builder.span
            self.builder.end_for()
            for chain, slot in slots.items():
                value = self.builder.read(slot)
                assert value is not None
                arrays[chain] = value
        for chain, result in enumerate(op.results):
            self.env[result] = arrays[chain]
