"""What the reverse sweep of a compiled gradient keeps, for people: the plan, with bytes, places and advice.

Invariant: nothing here compiles or runs anything; what is said of a value is what the plan decided of it.
"""

from __future__ import annotations

import linecache
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from workbench.cost.formula import Formula, symbol
from workbench.cost.keeping import kept_bytes
from workbench.cost.quantity import bound
from workbench.cost.writing import written
from workbench.ir import Function, Kind, Span, Value, printed
from workbench.operators import advice
from workbench.operators.costing import places_of
from workbench.operators.specialisation import Specialisation
from workbench.records import dataclass
from workbench.transforms.plan import Plan
from workbench.transforms.reasons import COPIED, KEPT, THERE, Choice, Wish, explained, spelled
from workbench.views.kept import KeptView, NeedView

MANY = 6  # needs of one value that are listed


def kept_of(made: Specialisation) -> tuple[KeptView, ...]:
    """All that waits for the reverse sweep, in the order in which it is made; nothing in forward mode."""
    plan = made.program.planned if made.request.mode in ("grad", "vjp") else None
    return () if plan is None else _Telling(made, plan).all()


@dataclass(frozen=True)
class Residual:
    """A value that waits for the reverse sweep: the user's line that makes it, its bytes (None: only a run knows),
    whether it is stored for it (else it is there anyway), and why."""

    filename: str
    line: int
    size: Formula | None
    stored: bool
    why: str


def residuals_of(made: Specialisation, args: tuple[Any, ...]) -> tuple[Residual, ...]:
    """What `kept_of` tells of, in few words, with bytes as formulas in the dimensions of specs among `args`."""
    plan = made.program.planned if made.request.mode in ("grad", "vjp") else None
    if plan is None:
        return ()
    function, values = made.program.primal, waiting(plan)
    sizes = kept_bytes(function, plan, values, *places_of(function, made.traced.inputs, args))
    found = []
    for value in values:
        span, choice = plan.made_at(value), plan.choices[value]
        if span is not None:
            found.append(Residual(span.filename, span.line, sizes.get(value), choice.how in (KEPT, COPIED),
                                  explained(choice, plan.structure.definitions)))
    return tuple(found)


def waiting(plan: Plan) -> list[Value]:
    """What a plan keeps and copies, and the arrays of the program that stay alive for what comes later."""
    structure, params = plan.structure, set(plan.structure.function.params)

    def waits(value: Value) -> bool:
        how = plan.choices[value].how
        return how in (KEPT, COPIED) or (how == THERE and value.is_array and value not in params)
    return [v for v in structure.home if v in plan.choices and waits(v)]


class _Telling:
    """Tells of the values of one program."""

    def __init__(self, made: Specialisation, plan: Plan) -> None:
        self.function: Function = made.program.primal
        self.plan = plan
        self.several = len(made.request.wrt) > 1
        self.forward = made.request.mode == "grad" and made.program.is_by_numbers
        self.adjoint = _Adjoint(made.compiled, Counter(map(_hint, plan.kept)))
        self.file = self.function.span.filename if self.function.span is not None else ""
        dims, integers, self.sizes = _symbols(self.function, made)
        self.values = waiting(plan)
        self.bytes = kept_bytes(self.function, self.plan, self.values, dims, integers)
        self.ir = {v: number for number, line in enumerate(printed(self.function), 1) for v in line.made}

    def all(self) -> tuple[KeptView, ...]:
        """See `kept_of`."""
        seen: dict[tuple[int, str], int] = {}
        views = []
        for value in self.values:
            span = self.plan.made_at(value)
            hint = _hint(value)
            place = (span.line if span is not None else 0, hint)
            views.append(self._view(value, span, hint, seen.get(place, 0)))
            if self.plan.choices[value].how == KEPT:
                seen[place] = seen.get(place, 0) + 1
        return tuple(views)

    def _view(self, value: Value, span: Span | None, hint: str, before: int) -> KeptView:
        choice = self.plan.choices[value]
        size = self.bytes.get(value)
        name = self.adjoint.holder(hint, self._line(span), before) if choice.how == KEPT else ""
        needs, more = self._needs(value, name)
        count = "" if size is None else written(size * Fraction(1, value.kind.itemsize))
        return KeptView(
            value=self._words(value), how=choice.how, name=name,
            line=span.line if span is not None else None, file=self._file(span), ir=self.ir.get(value),
            formula="" if size is None else written(size) + self._turn(value), bytes=self._number(size),
            why=explained(choice, self.plan.structure.definitions),
            again=advice.again(self.plan, value, choice, count),
            edits=self._edits(value, choice),
            needs=needs, more=more)

    def _needs(self, value: Value, name: str) -> tuple[tuple[NeedView, ...], int]:
        """What needs a value, and how many there are beyond those that are listed."""
        places: dict[tuple[str, int, str] | None, Wish] = {}
        for wish in self.plan.needs(value):
            by = spelled(wish.operand, self.plan.structure.definitions) if wish.operand is not None else ""
            places.setdefault(None if wish.span is None else (wish.span.filename, wish.span.line, by), wish)
        listed = list(places.values())[:MANY]
        return tuple(self._need(wish, name) for wish in listed), len(places) - len(listed)

    def _edits(self, value: Value, choice: Choice) -> tuple[str, ...]:
        if choice.how == THERE:
            return ()
        forward = ("mode='forward' keeps nothing, and takes a sweep for each number",) if self.forward else ()
        return (*advice.edits(self.plan, value, choice, self.several), *forward)

    def _words(self, value: Value) -> str:
        """The value as the user wrote it, or what it counts."""
        for loop in self.plan.structure.loops.values():
            if value is loop.base:
                return "places in lists"
            if value is loop.trips:
                return "number of turns"
        return spelled(value, self.plan.structure.definitions)

    def _turn(self, value: Value) -> str:
        """Of what is made and used in one turn of a loop, that it is so."""
        region = self.plan.structure.home[value].around
        span = region.op.span if region.op is not None else None
        return "" if span is None else f" in a turn of line {span.line}"

    def _number(self, size: Formula | None) -> int | None:
        number = None if size is None else bound(size, self.sizes).constant
        return None if number is None else int(number)

    def _need(self, wish: Wish, name: str) -> NeedView:
        span = wish.span
        by = spelled(wish.operand, self.plan.structure.definitions) if wish.operand is not None else ""
        if span is None:
            return NeedView(None, "", "", by, (), ())
        text = linecache.getline(span.filename, span.line).strip()
        readers = () if self._file(span) else self.adjoint.readers(name, span.line)
        return NeedView(span.line, self._file(span), text, by, readers, self.adjoint.texts(readers))

    def _file(self, span: Span | None) -> str:
        """The last part of a file's name, empty for the function's own."""
        return "" if span is None or span.filename == self.file else re.split(r"[/\\]", span.filename)[-1]

    def _line(self, span: Span | None) -> int | None:
        return span.line if span is not None and span.filename == self.file else None


class _Adjoint:
    """The emitted program, looked through by what its lines come from and which names they hold. hints: how many
    residuals there are of each name."""

    def __init__(self, compiled: Any, hints: Counter[str]) -> None:
        self.hints = hints
        self.lines: Sequence[str] = compiled.source.split("\n")
        self.of: Mapping[int, int] = dict(compiled.source_map)

    def holder(self, hint: str, line: int | None, before: int) -> str:
        """The variable that holds the residual with this name that so many others of the same line come before; empty
        where that is not clear. (What is carried is stored at the beginning of a turn, at its loop's line.)"""
        stores = re.compile(rf"\s*({re.escape(hint)}(?:_\d+)?)(?:\[.*\])? = (?!np\.empty)")
        places = [(m[1], of) for k, of in self.of.items() if (m := stores.match(self._at(k)))]
        every, own = dict.fromkeys(name for name, _ in places), dict.fromkeys(n for n, of in places if of == line)
        if before < len(own):
            return list(own)[before]
        return next(iter(every)) if len(every) == 1 and self.hints[hint] == 1 else ""

    def readers(self, name: str, line: int) -> tuple[int, ...]:
        """The lines that read a variable on behalf of the user's line; without any, the last of that line."""
        own = [k for k, of in self.of.items() if of == line and not self._at(k).lstrip().startswith("#")]
        if name:
            reads = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)(?!\.size|(?:\[[^=]*\])? = )")
            found = [k for k in own if reads.search(self._at(k)) and "grow(" not in self._at(k)]
            if found:
                return tuple(found)
        return tuple(own[-1:])

    def texts(self, numbers: Sequence[int]) -> tuple[str, ...]:
        """These lines."""
        return tuple(self._at(number).strip() for number in numbers)

    def _at(self, number: int) -> str:
        return self.lines[number - 1] if number <= len(self.lines) else ""


def _hint(value: Value) -> str:
    """The name that reverse mode gives a value's residual."""
    return f"{value.name}_kept" if value.name else "kept"


def _symbols(function: Function, made: Specialisation) -> tuple[
        dict[tuple[int, int], Formula], dict[int, Formula], dict[str, int]]:
    """Names for the dimensions and the integers of a program's arguments, and what they were in the call that it was
    made for."""
    dims, integers, sizes = {}, {}, {}
    for position, axis in function.shape_params.values():
        value = function.data_params[position]
        name = f"len({value.label})" if value.rank == 1 else f"{value.label}.shape[{axis}]"
        dims[position, axis] = symbol(name)
        if position < len(made.example):
            sizes[name] = int(np.shape(made.example[position])[axis])
    for position, value in enumerate(function.data_params):
        if value.kind is Kind.INT and not value.is_array:
            integers[position] = symbol(value.label)
            if position < len(made.example):
                sizes[value.label] = int(made.example[position])
    return dims, integers, sizes
