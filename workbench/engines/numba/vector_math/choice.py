"""Which functions of a program are ours, and which the C library's.

Ours pay where loops become vectors. One at a time, some are slower than the C library's, which look values up in
tables: those are left to it in programs that use them on numbers only. Others are never slower.

Invariant: the choice for what a program computes depends on that program alone, not on the derivative that is taken of
it; so its value is the same bits in a gradient. It is a guess of what LLVM will do, and only costs time if wrong.
"""

from __future__ import annotations

from functools import cache

from workbench.ir import Block, Constant, Function, Op, callees, walk
from workbench.rules import get, with_called
from workbench.rules.foreign import Foreign

#: the attribute of a Python function that names the elementary functions it takes from the C library
LEFT_TO_LIBM = "__workbench_left_to_libm__"
#: those that are slower than the C library's on a number at a time
SLOWER_ALONE = frozenset({"exp", "exp2", "log", "log2", "pow", "sin", "cos", "tan", "atan"})
_REDUCING = frozenset({"add", "sub", "mul", "maximum", "minimum"})
_SERIAL = frozenset({"for", "while", "check", "print", "call", "draw", "list"})
_FEW = 4  # turns


def left_to_libm(function: Function, primal: Function | None = None) -> frozenset[str]:
    """The functions that are the C library's in a program, which may be the derivative of another one."""
    along = _uses(function)[1]
    if primal is not None:
        decided, first = _uses(primal)
        along = first | (along - decided)
    return SLOWER_ALONE - along


def _uses(function: Function) -> tuple[set[str], set[str]]:
    """The functions used on numbers, and those used along vectors (they may be both)."""
    alone: set[str] = set()
    along: set[str] = set()
    for part in (function, *(callee.function for callee in callees(function))):
        _visit(part.block, False, alone, along)
    return alone, along


def _visit(block: Block, vector: bool, alone: set[str], along: set[str]) -> None:
    for op in block.ops:
        names = functions_of(op.prim)
        if names:
            (along if vector or any(v.is_array for v in (*op.operands, *op.results)) else alone).update(names)
        for region in op.regions:
            _visit(region, is_vector(op) if op.prim == "for" else vector and op.prim == "if", alone, along)


@cache
def functions_of(prim: str) -> frozenset[str]:
    """The functions of `SLOWER_ALONE` that an operation computes, itself or in its kernels."""
    if prim in SLOWER_ALONE:
        return frozenset({prim})
    try:
        kernels = get(prim).kernels
    except KeyError:  # structural
        return frozenset()
    parts = [part for kernel in kernels for part in with_called(kernel) if not isinstance(part, Foreign)]
    return SLOWER_ALONE.intersection(name for part in parts for name in part.__code__.co_names)


def is_vector(loop: Op) -> bool:
    """True where the turns of a loop hand on arrays and sums alone, so that they can be taken side by side."""
    lo, hi = loop.operands[:2]
    (body,) = loop.regions
    if isinstance(lo, Constant) and isinstance(hi, Constant) and abs(hi.value - lo.value) < _FEW:
        return False
    handed = {p: y for p, y in zip(body.params[1:], body.yields, strict=True) if not p.is_array and y is not p}
    partial = {*handed, *handed.values()}  # sums as far as they are
    buffers = {v for v in body.params if v.is_array}
    stores = {op.operands[2:] for op in walk(body) if op.prim in ("store", "accum")}
    added = set()
    for op in walk(body):
        buffers.update(v for v in op.results if v.is_array)
        if op.prim in _SERIAL or (op.prim == "load" and op.operands[0] in buffers and op.operands[1:] not in stores):
            return False
        uses = [v for v in op.operands if v in partial]
        if uses and not (op.prim in _REDUCING and len(uses) == 1 and handed.get(uses[0]) is op.results[0]):
            return False
        added.update(uses)
    return len(added) == len(handed)
