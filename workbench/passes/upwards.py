"""Innermost loops that run downwards for no reason run upwards.

A reverse sweep runs every loop backwards. Where no turn needs what another one has left, that is a matter of taste;
LLVM makes better vectors of loops that run upwards, and they are easier to read.

Invariant: an element that a turn reads or stores is no other turn's; what several turns add to is a cotangent, whose
order is not the user's (`passes.exactness`). Loops that raise, print or draw stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.ir import Block, Constant, Function, Kind, Op, Polynomial, Value, definitions, normal_form, walk
from workbench.ir.ops import has_effect
from workbench.passes.annihilate import annihilating
from workbench.passes.exactness import exact_values
from workbench.passes.pipeline import Pass
from workbench.passes.rebuild import Rebuilder
from workbench.passes.zeroing import uses

_ONE = Constant(1, Kind.INT)
_ELEMENTS = frozenset({"load", "store", "accum"})


@dataclass(frozen=True)
class Upwards(Pass):
    """Turns loops whose order matters to nothing but the results from position `results` on."""

    name: ClassVar[str] = "upwards"
    results: int = 0

    def __call__(self, function: Function) -> Function:
        """The function with such loops turned."""
        if not any(op.prim == "for" and op.attrs["step"] == -1 for op in walk(function.block)):
            return function
        judge = _Judge(function, exact_values(function, self.results, annihilating(function)))
        turned = {op for op in walk(function.block) if op.prim == "for" and judge.is_free(op)}
        return _Turner(turned).run(function) if turned else function


class _Judge:
    """Says of which loops the order does not matter."""

    def __init__(self, function: Function, exact: set[Value]) -> None:
        self.exact = exact
        self.makers = definitions(function)
        self.uses = uses(function)

    def is_free(self, op: Op) -> bool:
        """True for an innermost loop downwards that may run upwards."""
        (body,) = op.regions
        if op.attrs["step"] != -1 or "items" in op.attrs or any(self._is_bound(inner) for inner in body.ops):
            return False
        made = {*body.params, *(r for inner in body.ops for r in inner.results)}
        return all(self._is_apart(param, out, body, made) if param.is_array else self._is_sum(param, out, body)
                   for param, out in zip(body.params[1:], body.yields, strict=True))

    @staticmethod
    def _is_bound(op: Op) -> bool:
        """True for what keeps a loop as it is: regions, effects, arrays other than element by element."""
        if op.regions or has_effect(op.prim, bool(op.attrs.get("checked"))) or op.prim in ("call", "draw"):
            return True
        return op.prim not in _ELEMENTS and any(v.is_array for v in (*op.operands, *op.results))

    def _is_apart(self, version: Value, out: Value, body: Block, made: set[Value]) -> bool:
        """True for an array whose elements are each one turn's, or only added to."""
        touched: list[Op] = []
        added = version not in self.exact
        while True:
            following = None
            for user in self.uses.get(version, []):
                if isinstance(user, Block):
                    if user is not body or version is not out:
                        return False
                    continue
                touched.append(user)
                if user.prim != "load":
                    if following is not None or user.operands[0] is not version:
                        return False
                    following = user
                    added = added and user.prim == "accum" and "loose" in user.attrs
                else:
                    added = False
            if following is None:
                break
            version = following.result
        return version is out and (added or self._are_one(touched, body, made))

    def _are_one(self, touched: Sequence[Op], body: Block, made: set[Value]) -> bool:
        """True where all these reach for one element in a turn, and for another in each turn."""
        places = {op.operands[1 if op.prim == "load" else 2:] for op in touched}
        if len(places) > 1:
            return False
        return not places or any(self._moves(where, body.params[0], made) for where in places.pop())

    def _moves(self, where: Value, index: Value, made: set[Value]) -> bool:
        """True for the loop's index and something that does not change in the loop."""
        distance = normal_form(where, self.makers.get) - Polynomial.atom(index)
        atoms = [atom for monomial in distance.terms for atom, _ in monomial]
        return all(isinstance(atom, Value) and atom not in made for atom in atoms)

    def _is_sum(self, param: Value, out: Value, body: Block) -> bool:
        """True for a number that is not changed, or a cotangent that is only added to."""
        if param in self.exact:
            return param is out
        value = param
        while value is not out:
            users = self.uses.get(value, [])
            user = users[0] if len(users) == 1 else None
            if not isinstance(user, Op) or user not in body.ops or user.prim not in ("add", "sub") or (
                    "loose" not in user.attrs or (user.prim == "sub" and user.operands[0] is not value)):
                return False
            value = user.result
        return self.uses.get(out) == [body] or param is out


class _Turner(Rebuilder):
    def __init__(self, turned: set[Op]) -> None:
        self.turned = turned

    def copy_for(self, op: Op) -> None:
        """Rebuild a loop, in the other direction."""
        if op not in self.turned:
            super().copy_for(op)
            return
        (body,) = op.regions
        last, before = self.all(op.operands[:2])
        bounds = self.emit("add", before, _ONE), self.emit("add", last, _ONE)
        with self.frame("for") as frame:
            params = tuple(self.param(p) for p in body.params)
            self.ops(body)
            block = Block(params, tuple(frame.ops), self.all(body.yields))
        turned = Op("for", op.operands, op.results, {**op.attrs, "step": 1}, op.regions, op.span)
        self.finish(turned, (*bounds, *self.all(op.operands[2:])), (block,), op.results)
