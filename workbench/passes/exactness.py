"""Which values must keep every bit, and which may be rounded otherwise.

Numbers that only cotangents depend on, by additions and products alone, may be computed in another order. Whatever the
program itself computes may not, nor what decides anything: conditions, comparisons, integers, what a function is
applied to whose value or domain may jump.

Invariant: a value that is not in the result reaches, through the operations listed here, nothing but results that are
cotangents.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from workbench.ir import Block, Constant, Function, Op, Value, analysis

# operand positions through which a small relative change of an operand is a small change of the result
_SMOOTH: dict[str, tuple[int, ...]] = {
    "add": (0, 1), "sub": (0, 1), "mul": (0, 1), "neg": (0,), "div": (0,), "select": (1, 2), "load": (0,),
    "store": (0, 1), "accum": (0, 1), "copy": (0,), "reshape": (0,),
}


def exact_values(function: Function, results: int, but: Collection[Op] = ()) -> set[Value]:
    """The values that the first `results` results of a function depend on, and whatever decides something.

    but: operations whose operands may differ all the same."""
    return _searched(function, results) if not but else _found(function, results, but)


@analysis
def _searched(function: Function, results: int) -> set[Value]:
    return _found(function, results, ())


def _found(function: Function, results: int, but: Collection[Op]) -> set[Value]:
    search = _Search(but)
    search.mark(function.results[:results])
    search.enter(function.block)
    search.run()
    return search.exact


class _Search:
    def __init__(self, but: Collection[Op]) -> None:
        self.but = but
        self.exact: set[Value] = set()
        self.sources: dict[Value, tuple[Value, ...]] = {}
        self.pending: list[Value] = []

    def mark(self, values: Iterable[Value]) -> None:
        """These must be exact."""
        self.pending += [v for v in values if not isinstance(v, Constant)]

    def run(self) -> None:
        """What they are made of, too."""
        while self.pending:
            value = self.pending.pop()
            if value not in self.exact:
                self.exact.add(value)
                self.mark(self.sources.get(value, ()))

    def enter(self, block: Block) -> None:
        """Note what is made of what, and what decides."""
        for op in block.ops:
            if op.prim == "if":
                self.mark(op.operands)
                self.sources.update(zip(op.results, zip(*(arm.yields for arm in op.regions), strict=True), strict=True))
            elif op.prim == "for":
                self.mark(op.operands[:2])
                (body,) = op.regions
                ways = zip(op.operands[2:], body.yields, strict=True)
                for param, result, way in zip(body.params[1:], op.results, ways, strict=True):
                    self.sources[param] = self.sources[result] = way
            elif op.prim == "while":
                before, after = op.regions
                self.mark(before.yields[:1])
                self.sources.update(zip(before.params, zip(op.operands, after.yields, strict=True), strict=True))
                self.sources.update(zip(op.results, ((v,) for v in before.yields[1:]), strict=True))
            else:
                self._plain(op)
            for region in op.regions:
                self.enter(region)

    def _plain(self, op: Op) -> None:
        if op in self.but:
            return
        smooth = _SMOOTH.get(op.prim, ())
        if op.prim == "cast" and op.result.kind.is_inexact:
            smooth = (0,)
        self.mark(v for k, v in enumerate(op.operands) if k not in smooth)
        for result in op.results:
            self.sources[result] = op.operands
