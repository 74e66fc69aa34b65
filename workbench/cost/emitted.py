"""How the engine writes a program, as far as that decides what it does.

Reshapes may be views, negations part of a subtraction, lists made of zeros. Arithmetic may stand in an arm of an
expression, which is evaluated in some of the turns only: `y if c else z`, and what follows an `and` or `or` in the
condition of a branch.

Invariant: an operation stands in one arm at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workbench.engines.numba.emit import reads_only_written
from workbench.engines.numba.folding import folding_of, is_growable
from workbench.engines.numba.views import views
from workbench.ir import Block, Constant, Function, Kind, Op, Value, analysis, callees, walk

Arms = tuple[tuple[Op, ...], tuple[Op, ...]]


@analysis
def emitted_of(function: Function) -> Mapping[Block, Emitted]:
    """How a program's function is written, and those that it calls, by their blocks."""
    parts = [function, *(callee.function for callee in callees(function))]
    written = all(map(reads_only_written, parts))
    return {part.block: Emitted(part, not written) for part in parts}


class Emitted:
    """One function: `arms` are the operations evaluated only where the first operand of an operation is true, and only
    where it is false (not those in arms of these in turn); `moved` is all that is in arms."""

    def __init__(self, function: Function, lists_of_zeros: bool) -> None:
        self.lists_of_zeros = lists_of_zeros
        self.views = views(function)
        self._inlined: Mapping[Value, Op] = folding_of(function).inlined
        self.arms: dict[Op, Arms] = {}
        self.moved: set[Op] = set()
        self.negations: set[Op] = set()
        self.subtractions: set[Op] = set()
        self.checked: set[Op] = set()  # loads from lists that are longer, or not
        for op in walk(function.block):
            if op.prim == "select":
                self._split(op, (op.operands[1],), (op.operands[2],))
            elif op.prim in ("if", "check"):
                self._condition(op.operands[0])
            elif op.prim == "while":
                self._condition(op.regions[0].yields[0])
            elif op.prim == "accum" and not is_growable(op.operands[0]):
                inner = self._inlined.get(op.operands[1])
                if inner is not None and inner.prim == "neg":
                    self.subtractions.add(op)
                    self.negations.add(inner)
            elif op.prim == "load" and is_growable(op.operands[0]) and not op.attrs.get("kept"):
                self.checked.add(op)

    def _split(self, op: Op, yes: tuple[Value, ...], no: tuple[Value, ...]) -> None:
        arms = tuple(tuple(inner for v in values for inner in self._within(v)) for values in (yes, no))
        if any(arms):
            self.arms[op] = arms[0], arms[1]
            self.moved.update(*arms)

    def _condition(self, value: Value) -> None:
        """What is asked of in order, as far as needed."""
        op = None if isinstance(value, Constant) else self._inlined.get(value)
        if op is None or op.prim not in ("and", "or", "not"):
            return
        for operand in op.operands:
            self._condition(operand)
        if op.prim != "not":
            right = op.operands[1:]
            self._split(op, right if op.prim == "and" else (), right if op.prim == "or" else ())

    def _within(self, value: Value) -> Iterator[Op]:
        """The operations that are evaluated whenever an operand is, and only then."""
        op = None if isinstance(value, Constant) else self._inlined.get(value)
        if op is None or (op.prim in ("add", "sub") and op.result.kind is Kind.INT):  # (may be written at several uses)
            return
        yield op
        conditional = op.prim == "select" or op in self.arms
        for operand in op.operands[:1] if conditional else op.operands:
            yield from self._within(operand)
