"""Which innermost loops LLVM turns into vectors, told from the lowered program: a guess that costs accuracy if wrong.

A loop does if it leaves at its end alone, hands on nothing but sums and arrays, and reads no element that another turn
writes, as far as indices tell. (Sums of floats keep their order: vectors of terms are added up one by one.) Compared
with what LLVM did for the corpus by `python -m tests.benchmarks.timing_model --vectors`.

Source: the legality rules of LLVM's LoopVectorize (llvm.org/docs/Vectorizers.html).
"""

from __future__ import annotations

from workbench.cost.accesses import Access, Places
from workbench.ir import Block, Constant, Kind, Op, Value, walk

#: Tuples (of indices) that are farther apart than this do not meet.
_FAR = 500_000
_ENDS = ("while", "for", "call", "print", "draw", "list", "matmul", "empty", "full", "copy")
_FEW = 4


def obstacle(loop: Op, accessed: list[Access], places: Places) -> str:
    """Why a loop does not become vectors; empty where it does."""
    body = loop.regions[0]
    if loop.prim != "for":
        return "its turns are not known when it begins"
    for op in walk(body):
        if op.prim in _ENDS:
            return f"{op.prim} in it"
        if op.prim == "check" and _changes(op.operands[0], body, places):
            return "it may end before its turns are done"
    return _handed_on(loop) or _memory(loop, accessed)


def _changes(value: Value, body: Block, places: Places) -> bool:
    """Whether a value is computed from what changes in a loop."""
    if isinstance(value, Constant):
        return False
    if value in body.params:
        return True
    maker = places.makers.get(value)
    inside = {id(op) for op in walk(body)}
    if maker is None or id(maker) not in inside:
        return False
    if maker.prim == "load" or maker.regions:
        return True
    return any(_changes(v, body, places) for v in maker.operands)


def _handed_on(loop: Op) -> str:
    body = loop.regions[0]
    handed = {p: y for p, y in zip(body.params[1:], body.yields, strict=True) if not p.is_array and y is not p}
    used: dict[Value, list[Op]] = {p: [] for p in handed}
    for op in walk(body):
        for value in op.operands:
            if value in used:
                used[value].append(op)
        for region in op.regions:
            for value in region.yields:
                if value in used:
                    used[value].append(op)
    for param, end in handed.items():
        if param.kind is Kind.INT and all(op.prim in ("add", "sub") for op in used[param]):
            continue
        if param.kind is Kind.BOOL and all(op.prim in ("or", "and") for op in used[param]):
            continue
        real = [op for op in used[param] if not op.regions]
        if len(real) != 1 or real[0].prim not in ("add", "sub"):
            return f"{param.label} is handed from turn to turn"
        if real[0].prim == "sub" and real[0].operands[1] is param:
            return f"{param.label} changes its sign from turn to turn"
        if real[0].results[0] is not end and len(used[param]) == 1:
            return f"{param.label} is handed from turn to turn"
    return ""


def _memory(loop: Op, accessed: list[Access]) -> str:
    for access in accessed:
        if access.writes and access.step != 1:
            return "it writes here and there" if access.step != 0 else "it adds to one element"
        for other in accessed if access.writes else ():
            if other.root is access.root and other is not access:
                if other.step is None:
                    return "it reads anywhere in what it writes"
                if other.loops != access.loops or other.offset == access.offset:
                    continue
                if other.offset is None or access.offset is None:
                    continue
                apart = (other.offset - access.offset) * loop.attrs["step"]
                if -_FAR < apart < 0 or (apart < _FAR and other.writes):
                    return "it reads what an earlier turn writes"
    return ""


def carried_by_memory(accessed: list[Access], step: int) -> dict[Op, Op]:
    """Loads of what the turn before has stored, with that store."""
    found: dict[Op, Op] = {}
    for load in accessed:
        if not load.reads:
            continue
        for store in accessed:
            if store.writes and store.root is load.root and None not in (store.offset, load.offset):
                same = store.step == load.step == 1 and store.offset - load.offset == step  # type: ignore[operator]
                stays = store.step == load.step == 0 and store.offset == load.offset
                if (same or stays) and load.op.prim == "load":
                    found[load.op] = store.op
    return found
