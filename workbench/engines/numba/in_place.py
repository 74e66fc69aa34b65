"""Which results of a called function are arrays that it was given and has changed in place: it need not return them.

What is returned has its references counted, call by call; that can cost more than the call does.

Invariant: such a result is, on every path, the very array that was passed: the variable of the parameter is never bound
to another one. Functions that call each other are looked at together: all that may be so is taken to be so, until
something says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workbench.engines.numba.folding import is_growable
from workbench.engines.numba.liveness import Classes
from workbench.ir import Callee, Constant, Function, Kind, Op, Value, callee_of, walk
from workbench.ir.ops import CONSUMING

ZERO = Constant(0, Kind.INT)
InPlace = Mapping[Callee, Mapping[int, int]]  # per callee: positions of results, and of the parameters that they are


def in_place(called: Mapping[Callee, tuple[Function, Classes]]) -> InPlace:
    """The results of functions that are parameters changed in place. `called`: with the variables of their values."""
    found = {callee: _candidates(callee, *called[callee]) for callee in called}
    while True:
        wrong = [(callee, k) for callee, (function, classes) in called.items() for k in found[callee]
                 if not _is_kept(function, classes, function.results[k], found)]
        if not wrong:
            return found
        for callee, k in wrong:
            del found[callee][k]


def _candidates(callee: Callee, function: Function, classes: Classes) -> dict[int, int]:
    params = {classes.find(function.data_params[p]): p for p in callee.consumes}
    return {k: params[classes.find(r)] for k, r in enumerate(function.results)
            if r.is_array and not is_growable(r) and r in classes.parent and classes.find(r) in params}


def _is_kept(function: Function, classes: Classes, result: Value, found: InPlace) -> bool:
    """True where all values of a variable are versions of one array."""
    root = classes.find(result)

    def belongs(value: Value) -> bool:
        return value in classes.parent and classes.find(value) is root
    return all(belongs(source) for op in walk(function.block) for target, source in _bound(op, found)
               if belongs(target))


def _bound(op: Op, found: InPlace) -> Iterator[tuple[Value, Value]]:
    """What an operation binds variables to: what it makes and, if that is an array that it was given, this; otherwise
    a constant, which is in no variable."""
    if op.prim == "if":
        for region in op.regions:
            yield from zip(op.results, region.yields, strict=True)
    elif op.prim == "for":
        (body,) = op.regions
        for bound in (op.operands[2:], body.yields):
            yield from zip(body.params[1:], bound, strict=True)
        yield from zip(op.results, body.params[1:], strict=True)
    elif op.prim == "while":
        before, after = op.regions
        for bound in (op.operands, after.yields):
            yield from zip(before.params, bound, strict=True)
        yield from zip(op.results, before.yields[1:], strict=True)
    else:
        kept = found.get(callee_of(op), {}) if op.prim == "call" else {0: 0} if op.prim in CONSUMING else {}
        for k, result in enumerate(op.results):
            yield result, op.operands[kept[k]] if k in kept else ZERO
