"""The cost of a function and of its gradient, kept by what they were computed from, and their numbers at any sizes.

Invariant: an `Analysis` changes once, when it is completed; all of its lines are those of the cell as it was; what has
been computed for one text is not computed again while that is among the last ones.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
import inspect
import math
import re
from collections import OrderedDict
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from workbench.cost.duration import Duration
from workbench.cost.quantity import plain
from workbench.cost.spec import stand_ins
from workbench.ir import DifferentiationError, Overdue, Stopped
from workbench.operators import costing
from workbench.operators.calling import guard_function
from workbench.operators.derivative import Derivative
from workbench.operators.kept import Residual, residuals_of
from workbench.operators.program import Program
from workbench.operators.specialisation import Specialisation
from workbench.views import report_at
from workbench.views.numbers import at_sizes, figure_text, is_share, time_text, usual
from workbench.views.report import CostReport
from workbench.views.shown import Shown
from workbench_jupyter.panel.arguments import Given
from workbench_jupyter.panel.reading import Problem, Reading
from workbench_jupyter.panel.subjects import Subject

NO_SCALAR = "grad needs a function"
#: So many sizes are kept.
SIZES = 8
FIGURES = {"flops": "flops", "allocated": "bytes_allocated", "peak": "peak_bytes", "residuals": "residual_bytes"}


class Analysis:
    """What is known of a function. value, gradient: their costs (gradient: None where there is none, `refusal` says
    why, and while it is `pending`: until `complete` finds it); pulled: it is the pullback of several outputs; kept:
    what waits for the reverse sweep."""

    def __init__(self, key: str, program_key: str, cell: str, reading: Reading, subject: Subject,
                 depends: set[str]) -> None:
        self.key = key
        self.program_key = program_key
        self.cell = cell
        self.reading = reading
        self.node = subject.node
        self.tree = subject.tree
        self.filename = subject.filename
        self.function = subject.function
        self.name = subject.name
        self.place = {"name": subject.name, "first": subject.first, "last": subject.last}
        self.asked = self.given = subject.given
        self.wrt, self.wrt_source = subject.wrt, subject.wrt_source
        self.notes = list(subject.notes)
        self.seen, self.names = subject.home.seen, subject.home.names  # what names of the namespace meant
        self.depends = depends
        self.views: dict[Any, Shown] = {}
        self._known: OrderedDict[tuple[float, ...], dict[str, Any]] = OrderedDict()
        self.pulled = False
        self.pending = True
        self.refusal: Problem | None = None
        self.gradient: CostReport | None = None
        self.made: Specialisation | None = None
        self._begin()

    # ------------------------------------------------------------------ counting
    def _begin(self) -> None:
        """Find what the value costs."""
        wrt: Any = self.wrt if len(self.wrt) != 1 else self.wrt[0]
        self.derivative = Derivative(self.function, "grad", wrt, with_value=True)
        try:
            if not self.wrt:
                raise DifferentiationError("no argument holds a real number")
            self.program, args = self._traced()
        except DifferentiationError as refusal:
            if refusal.reason.startswith(NO_SCALAR) and "a constant" not in refusal.reason:
                try:
                    self.derivative = Derivative(self.function, "vjp", wrt)
                    self.program, args = self._traced()
                    self.pulled = True
                except DifferentiationError as other:
                    args = self._without(other)
            else:
                args = self._without(refusal)
        self.value = costing.report_of_primal(self.name, self.program, args)

    def _without(self, refusal: DifferentiationError) -> tuple[Any, ...]:
        """Go on with the value alone; gives the arguments."""
        self.refusal, self.pending = problem_of(refusal, self.filename, self.node), False
        self.derivative = Derivative(self.function, "value", ())
        self.program, args = self._traced()
        return args

    def _traced(self) -> tuple[Program, tuple[Any, ...]]:
        """The program for the arguments; integers that its structure depends on are as they were given."""
        bound, keywords = self.derivative.bind(self.given.args, self.given.named)
        names = self.derivative.names_for(bound, keywords)
        whole = frozenset(name for name, value in self.given.integers(names))
        try:
            made = self.derivative.begun(stand_ins(bound), keywords)
        except Overdue:
            raise
        except Exception:
            if not whole:
                raise
            pinned = whole  # (an axis, say, that there is not where it is left open)
        else:
            pinned = whole & frozenset(
                names[guard.path.root[1]] for guard in made.guards
                if guard.kind == "equal" and guard.path.is_argument and not guard.path.steps)
            if not pinned:
                return made, bound
        return self._traced_with(pinned)

    def _traced_with(self, pinned: frozenset[str]) -> tuple[Program, tuple[Any, ...]]:
        """The program with some integers as they were given."""
        bound, keywords = self.derivative.bind(self.given.args, self.given.named)
        self.given = self.given.fixed(pinned, self.derivative.names_for(bound, keywords))
        bound, keywords = self.derivative.bind(self.given.args, self.given.named)
        return self.derivative.begun(stand_ins(bound), keywords), bound

    def complete(self) -> None:
        """Find what the gradient costs, unless that is known. Raises Stopped where nobody waits for it any more."""
        if not self.pending:
            return
        try:
            made, args = self._differentiated()
            name = f"{'pullback' if self.pulled else 'gradient'} of {self.name}"
            gradient = costing.report_of(name, made, args)
        except Stopped:
            raise
        except Exception as refusal:  # (or what the gradient's program raises whatever its numbers are)
            self.refusal = problem_of(refusal, self.filename, self.node)
        else:
            self.made, self.program, self.gradient = made, made.program, gradient
        self.pending = False
        self.forget_numbers()

    def _differentiated(self) -> tuple[Specialisation, tuple[Any, ...]]:
        """The gradient's program. Where there is none while integers are left open, these are as they were given."""
        bound, keywords = self.derivative.bind(self.given.args, self.given.named)
        try:
            return self.derivative.completed(self.program, stand_ins(bound), keywords), bound
        except Overdue:
            raise
        except Exception:
            whole = frozenset(name for name, value in self.given.integers(self.derivative.names_for(bound, keywords)))
            if not whole:
                raise
        self.program, bound = self._traced_with(whole)
        self.value = costing.report_of_primal(self.name, self.program, bound)
        return self.derivative.completed(self.program, stand_ins(bound), keywords), bound

    def forget_numbers(self) -> None:
        """Evaluate everything anew: there is more, or it was not done."""
        self._known = OrderedDict()
        for name in ("open", "kept", "texts"):
            self.__dict__.pop(name, None)

    def of_text(self, key: str, cell: str, reading: Reading, subject: Subject) -> Analysis:
        """The same program where something else in the cell's text has changed."""
        made = copy.copy(self)
        made.key, made.cell, made.reading, made.notes = key, cell, reading, list(subject.notes)
        made.place = {"name": subject.name, "first": subject.first, "last": subject.last}
        made.wrt_source = subject.wrt_source
        given = subject.given
        made.given = dataclasses.replace(self.given, source=given.source, real=given.real, sizes={
            name: size for name, size in given.sizes.items() if name in self.given.sizes})
        made.views, made.seen = {}, {**self.seen, **subject.home.seen}
        made.__dict__.pop("open", None)
        return made

    def figures(self) -> Analysis:
        """The figures alone, to be compared with: nothing of the notebook's is held on to. (Those of the gradient are
        not found any more where it is pending.)"""
        made = copy.copy(self)
        made.kept = self.kept
        made.names, made.pending = {}, False
        made.function = made.derivative = made.program = made.made = None  # type: ignore[assignment]
        made.given = dataclasses.replace(self.given, args=(), named={}, real=((), {}))
        made.asked, made.seen, made.views = made.given, {}, {}
        return made

    def lets_go(self, namespace: Mapping[str, Any]) -> bool:
        """Let go of what names do not mean any more; False where the program depends on that."""
        gone = [name for name, value in self.seen.items() if namespace.get(name, self) is not value]
        if not self.depends.isdisjoint(gone):
            return False
        for name in gone:
            del self.seen[name]
            self.names.pop(name, None)
        if gone:  # (it may have been an argument)
            self.given = dataclasses.replace(self.given, real=(self.given.args, self.given.named))
            self.asked = dataclasses.replace(self.asked, real=self.given.real)
            self.views = {key: shown for key, shown in self.views.items() if key[0] != "tape"}
        return True

    def fits(self, given: Given) -> bool:
        """Whether a program is that for other arguments of the same types: whether integers are what they were, where
        it depends on them."""
        fixed = self.asked.sizes.keys() - self.given.sizes.keys()
        return all(self.asked.sizes.get(name) == given.sizes.get(name) for name in fixed)

    @property
    def by(self) -> list[str]:
        """The names of the parameters that it is differentiated by."""
        names = list(inspect.signature(self.function).parameters)
        return [names[k] for k in self.wrt if k < len(names)]

    @property
    def remarks(self) -> list[Problem]:
        """What is told besides: what was left out, and why there is no gradient."""
        return [*self.notes, *([self.refusal] if self.refusal is not None else [])]

    def is_current(self) -> bool:
        """Whether what was taken for granted of functions and objects elsewhere still holds."""
        bound, _ = self.derivative.bind(self.given.args, self.given.named)
        return guard_function(self.program.guards, len(bound))(stand_ins(bound))

    @cached_property
    def kept(self) -> tuple[Residual, ...]:
        """What waits for the reverse sweep."""
        if self.made is None:
            return ()
        bound, _ = self.derivative.bind(self.given.args, self.given.named)
        return residuals_of(self.made, bound)

    # ------------------------------------------------------------------ at sizes
    @property
    def reports(self) -> list[CostReport]:
        """Of the value and, where there is one, the gradient."""
        return [self.value] if self.gradient is None else [self.value, self.gradient]

    @cached_property
    def open(self) -> dict[str, float]:
        """Everything that has a size, with its value at first."""
        names = dict.fromkeys(name for report in self.reports for name in report.open)
        names |= dict.fromkeys(s.name for r in self.kept if r.size is not None for s in r.size.symbols)
        return {name: self.given.sizes.get(name, usual(name)) for name in names}

    def dims(self, sizes: Mapping[str, float] | None = None) -> list[dict[str, Any]]:
        """The sliders: names with value, least and most."""
        offered = {name for report in self.reports for name in report.symbols} | self.given.sizes.keys()
        made = []
        for name, value in self.sized(sizes).items():
            if name not in offered:  # (what lists have room for, say)
                continue
            most = 1.0 if is_share(name) else max(10 ** (math.ceil(math.log10(max(value, 1.0))) + 3), 1e4)
            made.append({"name": name, "value": value, "least": 0 if is_share(name) else 1, "most": min(most, 1e9)})
        return made

    def sized(self, sizes: Mapping[str, float] | None) -> dict[str, float]:
        """A value for everything that is open."""
        return {name: (sizes or {}).get(name, value) for name, value in self.open.items()}

    def at(self, sizes: Mapping[str, float] | None = None) -> dict[str, Any]:
        """Totals and lines at these sizes; those of the last ones are kept."""
        given = self.sized(sizes)
        key = tuple(given.values())
        if key not in self._known:
            found = [report_at.at(report, given) for report in self.reports]
            totals = [totals_of(numbers, texts) for numbers, texts in zip(found, self.texts, strict=True)]
            self._known[key] = {"totals": {"value": totals[0], "gradient": totals[1] if totals[1:] else None},
                                "lines": self._lines(found[-1], given)}
            while len(self._known) > SIZES:
                self._known.popitem(last=False)
        return self._known[key]

    @cached_property
    def texts(self) -> list[dict[str, str]]:
        """The figures of each program as formulas."""
        return [texts_of(report) for report in self.reports]

    def _lines(self, found: report_at.At, sizes: Mapping[str, float]) -> list[dict[str, Any]]:
        kept: dict[int, float] = {}
        why: dict[int, str] = {}
        for residual in self.kept:
            if residual.filename == self.filename:
                size = 0.0 if residual.size is None else at_sizes(plain(residual.size), sizes)
                kept[residual.line] = kept.get(residual.line, 0.0) + size
                why.setdefault(residual.line, residual.why if residual.stored else f"stays alive: {residual.why}")
        lines = {line.line: line for line in found.lines if line.filename == self.filename and line.line}
        made = []
        for number in sorted(lines.keys() | kept.keys()):
            line = lines.get(number)
            made.append({
                "line": number, "kept": kept.get(number, 0.0), "why": why.get(number, ""),
                **{name: getattr(line, attribute) if line is not None else 0.0 for name, attribute in (
                    ("time", "time"), ("flops", "flops"), ("bytes", "bytes"), ("peak", "alive"))}})
        return made


def texts_of(report: CostReport) -> dict[str, str]:
    """A program's figures as formulas."""
    texts = {name: text_of(report.figure(figure)) for name, figure in FIGURES.items()}
    return {**texts, "bytes": text_of(report.bytes_read + report.bytes_written)}


def totals_of(found: report_at.At, texts: Mapping[str, str]) -> dict[str, Any]:
    """A program's figures, as numbers and as text."""
    totals = found.totals
    made: dict[str, Any] = {name: totals.get(figure) for name, figure in FIGURES.items()}
    made["bytes"] = totals["bytes_read"] + totals["bytes_written"]
    made["time"] = totals.get("time")
    made["texts"] = {**texts, "time": time_text(made["time"]) if made["time"] is not None else ""}
    return made


def text_of(value: Any) -> str:
    """A figure as text; empty where there is none."""
    return "" if value is None or isinstance(value, Duration) else figure_text(value)


def problem_of(error: BaseException, filename: str, node: ast.AST, why: Mapping[str, str] | None = None) -> Problem:
    """What went wrong, at the cell's own line."""
    span: Any = getattr(error, "span", None) or getattr(error, "__workbench_span__", None)
    reason = getattr(error, "reason", None) or f"{type(error).__name__}: {error}"
    hint = getattr(error, "hint", "")
    if isinstance(error, NameError) and (missing := (why or {}).get(_name_of(error))):
        reason = missing
    where = ""
    if span is not None and span.filename != filename:
        where, span = f" (line {span.line} of another cell or file)", getattr(error, "caller", None)
    if span is not None and span.filename == filename:
        return Problem(f"{reason}{where}{f' ({hint})' if hint else ''}", span.line, span.column)
    return Problem(f"{reason}{where}{f' ({hint})' if hint else ''}", node.lineno, 0)  # type: ignore[attr-defined]


def _name_of(error: NameError) -> str:
    """The name that is not defined."""
    found = re.search(r"'(\w+)'", str(error))
    return found[1] if found else ""


__all__ = ["Analysis", "problem_of"]
