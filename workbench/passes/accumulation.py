"""What a loop's body does nothing with but add to it, and what operations read.

Invariant: nothing here looks at what is added; whether the order of additions is the user's is for the passes to ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from workbench.ir import Block, Constant, Op, Value

Uses = Mapping[Value, Sequence[Op | Block]]  # see `ir.uses`


def additions(uses: Uses, value: Value, out: Value, body: Block) -> list[Op]:
    """The operations by which a carried value (an array, or a number) becomes what the body yields for it, if they are
    additions to it and nothing else is done with it; else none."""
    found = only_added_to(uses, value, out, body)
    return found if found is not None and uses.get(out) == [body] else []


def only_added_to(uses: Uses, value: Value, out: Value, body: Block) -> list[Op] | None:
    """The additions that lead from one value to another, where the body does nothing else with those before the last;
    None where it does."""
    own = set(body.ops)
    found: list[Op] = []
    while value is not out:
        users = uses.get(value, [])
        user = users[0] if len(users) == 1 else None
        if not isinstance(user, Op) or user not in own or not _adds_to(user, value):
            return None
        found.append(user)
        value = user.result
    return found


def _adds_to(op: Op, value: Value) -> bool:
    if value.is_array:
        return op.prim == "accum" and op.operands[0] is value
    return op.prim == "add" or (op.prim == "sub" and op.operands[0] is value)


def is_made_in(value: Value, block: Block) -> bool:
    """True for a block's parameters, and for what its operations give."""
    return not isinstance(value, Constant) and (
        value in block.params or any(value in op.results for op in block.ops))


def made_in(block: Block) -> set[Value]:
    """All values of which `is_made_in` is true."""
    return {*block.params, *(result for op in block.ops for result in op.results)}


def read_by(ops: Iterable[Op]) -> Iterator[Value]:
    """What operations read, those in their regions and what these yield too."""
    for op in ops:
        yield from op.operands
        for region in op.regions:
            yield from read_by(region.ops)
            yield from region.yields
