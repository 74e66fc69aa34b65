"""Loops over items of which nothing is kept: the reverse sweep runs each item again, and its adjoint at once.

In `for k in range(n): out[k] = f(x[k])` no item needs what another one computed. So the residuals of an item are its
own, made when its turn comes in the reverse sweep and given up after it: memory does not grow with the number of items,
and a block of items (`passes.lanes`) has its residuals side by side. The price is one more run of the primal.

Such a loop stands in the function's own block, before any loop in one pass; it only stores into what it carries; what
it reads from outside is still there in the reverse sweep; and there is a loop in its body, else residuals are cheap.

Invariant: effects are the forward sweep's; what was checked there is not checked again.
"""

from __future__ import annotations

from collections.abc import Collection

from workbench.ir import Function, Op, Value, walk
from workbench.transforms.structure import Structure, captured

_STORES = frozenset({"store", "slice_store"})
_EFFECTS = frozenset({"print", "draw", "call"})


def late_loops(function: Function, active: Collection[Value], one_pass: Collection[Op]) -> tuple[Op, ...]:
    """The loops of a function that are run again item by item."""
    if not any("items" in op.attrs for op in function.block.ops):
        return ()
    found = []
    consumed = Structure(function).consumed
    for op in function.block.ops:
        if op in one_pass:
            break
        if "items" in op.attrs and any(r in active for r in op.results) and runs_again(op) and not any(
                v in consumed for v in captured(op) if v.is_array):
            found.append(op)
    return tuple(found)


def runs_again(op: Op) -> bool:
    """True for a loop over items that has loops in its body, and of whose items none needs another."""
    (body,) = op.regions
    inner = list(walk(body))
    if any(o.prim in _EFFECTS for o in inner) or not any(o.prim in ("for", "while") for o in inner):
        return False
    return all(p.is_array for p in body.params[1:]) and is_stored_only(op)


def is_stored_only(op: Op) -> bool:
    """True where the body does nothing with the arrays it carries but store into them."""
    (body,) = op.regions
    versions = set(body.params[1:])
    for inner in body.ops:
        if inner.prim in _STORES and inner.operands[0] in versions:
            versions.add(inner.result)
            if any(v in versions for v in inner.operands[1:]):
                return False
        elif versions.intersection(inner.operands) or (inner.regions and versions & captured(inner)):
            return False
    return all(v in versions for v in body.yields)


def stores(op: Op) -> frozenset[Op]:
    """The operations of the body by which such a loop stores what it gives."""
    (body,) = op.regions
    versions = set(body.params[1:])
    found = []
    for inner in body.ops:
        if inner.prim in _STORES and inner.operands[0] in versions:
            versions.add(inner.result)
            found.append(inner)
    return frozenset(found)
