"""What one operation does: the keys of a count, and how often each.

Keys are names of primitives for operations on floats (`add`, `exp`; taking a constant away is adding one), `fma` for a
multiplication with an addition in a matrix product, `library` for an operation of LAPACK, `int` for arithmetic of
integers, `logic` for comparisons and what is done with truth values, `element` for an element's access; `turn` for a
turn of a loop; `read`, `written` and `allocated` in bytes, `allocation` for their number; `call` for a call of a
library.

Invariant: only what the emitted program does is counted: an operation once, whatever it is folded into, and what stands
in an arm of an expression (`emitted`) as often as that is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from workbench.cost.emitted import Emitted
from workbench.cost.formula import Formula, Symbol, floordiv, maximum, of, of_size, positive, summed
from workbench.ir import Constant, DifferentiationError, Kind, Op, Value
from workbench.rules import get
from workbench.rules.costs.amounts import Amounts as RuleAmounts

Line = tuple[str, int]
Amounts = Mapping[str, Formula | int]

MEMORY = frozenset({"read", "written", "allocated"})
#: keys that are no arithmetic of floats
OTHERS = MEMORY | {"allocation", "int", "logic", "element", "turn", "call", "convert", "select", "draw", "real", "imag",
                   "conj", "complex"}

#: Operations on floats that are no floating-point operations, and those that are several. All others are one.
FLOPS = {"neg": 0, "abs": 0, "fma": 2}


def flops_in(amounts: Mapping[str, Formula]) -> Formula:
    """Floating-point operations among amounts."""
    total = of(0)
    for key, amount in amounts.items():
        weight = 0 if key in OTHERS else FLOPS.get(key, 1)
        if weight:
            total = total + amount * weight
    return total


class Work:
    """How often each thing is done, by line: `amounts[line, key]` is a formula."""

    def __init__(self) -> None:
        self.amounts: dict[tuple[Line, str], Formula] = {}

    def add(self, line: Line, amounts: Amounts) -> None:
        """Add what is done at a line."""
        for key, amount in amounts.items():
            place = line, key
            known = self.amounts.get(place)
            if amount != 0:
                self.amounts[place] = of(amount) if known is None else known + amount

    def merge(self, other: Work) -> None:
        """Add what another one holds."""
        for (line, key), amount in other.amounts.items():
            self.add(line, {key: amount})

    def mapped(self, change: Callable[[Formula], Formula]) -> Self:
        """With every formula changed; equal ones are changed once."""
        made = type(self)()
        known: dict[Formula, Formula] = {}
        for place, amount in self.amounts.items():
            if amount not in known:
                known[amount] = change(amount)
            made.amounts[place] = known[amount]
        return made

    def moved(self, where: Callable[[Line], Line]) -> Self:
        """With what is done at each line at another one."""
        made = type(self)()
        for (line, key), amount in self.amounts.items():
            made.add(where(line), {key: amount})
        return made

    def times(self, factor: Formula) -> Self:
        """What is done that many times."""
        return self.mapped(lambda amount: amount * factor)

    def totals(self) -> dict[str, Formula]:
        """What all lines add up to, by key."""
        totals: dict[str, Formula] = {}
        for (_, key), amount in self.amounts.items():
            known = totals.get(key)
            totals[key] = amount if known is None else known + amount
        return totals

    def total(self, key: str) -> Formula:
        """What all lines add up to."""
        return sum((amount for (_, k), amount in self.amounts.items() if k == key), of(0))


class SizesOf:
    """What costs are stated in (`workbench.rules.costs.amounts.Sizes`). dimension: gives the formula of a dimension,
    for None of the room that a list has, or how often it has an element; measured: names what only a run can know."""

    def __init__(self, dimension: Callable[[Value | None], Formula],
                 measured: Callable[[str, Callable[..., int]], Formula]) -> None:
        self._dimension = dimension
        self.measured: Any = measured
        self._open = 0

    def __call__(self, dim: Value | None) -> Any:
        return self._dimension(dim)

    def maximum(self, a: Any, b: Any) -> Any:
        """The larger one."""
        return maximum(a, b)

    def floordiv(self, a: Any, b: int) -> Any:
        """a // b."""
        return floordiv(a, b)

    def positive(self, a: Any) -> Any:
        """1 where a > 0, else 0."""
        return positive(a)

    def of_size(self, name: str, of: Callable[[int], int], size: Any) -> Any:
        """A function of a size that is no polynomial."""
        return of_size(name, of, size)

    def summed(self, turns: Any, body: Callable[[Any], Mapping[str, Any]]) -> RuleAmounts:
        """What `body` adds up to for 0, 1, ..., turns - 1."""
        self._open += 1
        index = Symbol(f"·j{self._open}")
        made = body(Formula({frozenset(((index, 1),)): 1}))
        self._open -= 1
        found: Any = {key: summed(index, of(turns), of(amount)) for key, amount in made.items()}
        return RuleAmounts(found)


def work_of(op: Op, sizes: SizesOf, emitted: Emitted) -> Amounts:
    """What an operation without regions does once, but for what is in its arms.

    Raises DifferentiationError for an operation on whole arrays whose cost the rule table does not state."""
    if op in emitted.views or op in emitted.negations:
        return {}
    cost = get(op.prim).cost
    if cost is None:
        if any(v.is_array for v in (*op.operands, *op.results)):
            raise DifferentiationError(f"what {op.prim} costs is not known", op.span)
        return _scalar(op)
    amounts: Any = cost(op, sizes)
    if op in emitted.checked:
        amounts = amounts * sizes(None)
    elif op in emitted.subtractions:
        amounts = {"sub" if key == "add" else key: amount for key, amount in amounts.items()}
    elif op.prim == "list" and emitted.lists_of_zeros:
        amounts = amounts + {"written": amounts["allocated"]}
    found: Amounts = amounts
    return found


def _scalar(op: Op) -> Amounts:
    """An operation on numbers."""
    kind = op.operands[0].kind if op.operands else op.result.kind
    if op.prim == "cast":
        return {"convert": 1}
    if op.prim == "select":
        return {"select": 1}
    result = op.results[0].kind if op.results else Kind.BOOL
    if result is Kind.BOOL or op.prim in ("check", "print"):
        return {"logic": 1} if op.results else {}
    if result is Kind.INT and kind in (Kind.INT, Kind.BOOL):
        return {"int": 1}
    if op.prim == "sub" and isinstance(op.operands[1], Constant):
        return {"add": 1}
    return {op.prim: 1}
