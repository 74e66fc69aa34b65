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
from typing import Self

from workbench.cost.emitted import Emitted
from workbench.cost.formula import Formula, of
from workbench.ir import Constant, DifferentiationError, Kind, Op, Value

Line = tuple[str, int]
Amounts = Mapping[str, Formula | int]
Size = Callable[[Value | None], Formula]

MEMORY = frozenset({"read", "written", "allocated"})
#: keys that are no arithmetic of floats
OTHERS = MEMORY | {"allocation", "int", "logic", "element", "turn", "call", "convert", "select"}


class Work:
    """How often each thing is done, by line: `amounts[line, key]` is a formula."""

    def __init__(self) -> None:
        self.amounts: dict[tuple[Line, str], Formula] = {}

    def add(self, line: Line, amounts: Amounts) -> None:
        """Add what is done at a line."""
        for key, amount in amounts.items():
            place = line, key
            known = self.amounts.get(place)
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

    def times(self, factor: Formula) -> Self:
        """What is done that many times."""
        return self.mapped(lambda amount: amount * factor)

    def total(self, key: str) -> Formula:
        """What all lines add up to."""
        return sum((amount for (_, k), amount in self.amounts.items() if k == key), of(0))


def work_of(op: Op, size: Size, emitted: Emitted) -> Amounts:
    """What an operation without regions does once, but for what is in its arms; `size` gives the formula of a
    dimension, for None of the room that the operation's list will have, or how often a list has the element.

    Raises DifferentiationError for an operation on whole arrays whose work is not stated here."""
    if op in emitted.views or op in emitted.negations:
        return {}
    if op in emitted.checked:
        return {key: size(None) * amount for key, amount in _load(op, size).items()}
    if op in emitted.subtractions:
        return {("sub" if key == "add" else key): amount for key, amount in _accum(op, size).items()}
    rule = _RULES.get(op.prim)
    if rule is not None:
        return rule(op, size)
    if op.prim == "list":
        room = size(None) * _bytes(op.result)
        return {"allocated": room, "allocation": 1, **({"written": room} if emitted.lists_of_zeros else {})}
    if any(v.is_array for v in (*op.operands, *op.results)):
        raise DifferentiationError(f"what {op.prim} costs is not known", op.span)
    return _scalar(op)


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


def _bytes(value: Value) -> int:
    return value.kind.dtype.itemsize


def elements(value: Value, size: Size) -> Formula:
    """How many elements an array has."""
    total = of(1)
    for dim in value.dims:
        total = total * size(dim)
    return total


def _load(op: Op, size: Size) -> Amounts:
    return {"element": 1, "read": _bytes(op.operands[0])}


def _store(op: Op, size: Size) -> Amounts:
    return {"element": 1, "written": _bytes(op.operands[0])}


def _accum(op: Op, size: Size) -> Amounts:
    arithmetic = "int" if op.operands[0].kind is Kind.INT else "add"
    return {"element": 2, "read": _bytes(op.operands[0]), "written": _bytes(op.operands[0]), arithmetic: 1}


def _new(op: Op, size: Size) -> Amounts:
    return {"allocated": elements(op.result, size) * _bytes(op.result), "allocation": 1}


def _filled(op: Op, size: Size) -> Amounts:
    count = elements(op.result, size) * _bytes(op.result)
    return {"allocated": count, "allocation": 1, "written": count}


def _product(op: Op, size: Size) -> Amounts:
    """A product of matrices: what BLAS does, which reads its operands once."""
    a, b = op.operands
    terms = elements(op.result, size) if op.result.is_array else of(1)
    turned = op.attrs.get("turned", (False, False))[0] and a.rank > 1
    return {"fma": terms * size(a.dims[-2 if turned else -1]), "call": 1,
            "read": elements(a, size) * _bytes(a) + elements(b, size) * _bytes(b),
            **({"allocated": terms * _bytes(op.result), "allocation": 1, "written": terms * _bytes(op.result)}
               if op.result.is_array else {})}


def _copied(op: Op, size: Size) -> Amounts:
    count = elements(op.result, size) * _bytes(op.result)
    return {"allocated": count, "allocation": 1, "written": count, "read": count}


_RULES: dict[str, Callable[[Op, Size], Amounts]] = {
    "load": _load, "store": _store, "accum": _accum, "empty": _new, "full": _filled, "copy": _copied,
    "iota": _filled, "reshape": _copied, "matmul": _product,
}
