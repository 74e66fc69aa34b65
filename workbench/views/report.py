"""What a program costs, as a report: figures in all, by operation and by line of the user's source.

Invariant: every figure is read off one count (`counting`), so that the lines add up to the whole; binding a dimension
binds it in all of them.
"""

from __future__ import annotations

import json
import linecache
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from workbench.cost.counting import Parameter
from workbench.cost.duration import Predicted
from workbench.cost.formula import Formula, Number, of
from workbench.cost.gpu import Gpu, GpuTiming, KernelCost, LaunchAt
from workbench.cost.machine import Machine, current
from workbench.cost.memory import Memory
from workbench.cost.quantity import bound, plain
from workbench.cost.work import OTHERS, Line, Work, flops_in
from workbench.ir import DifferentiationError
from workbench.records import dataclass
from workbench.views import report_at, report_html, report_tables
from workbench.views.comparison import Comparison, compared
from workbench.views.numbers import data, usual
from workbench.views.roofline import Roofline, roofline_of
from workbench.views.shown import Shown
from workbench.views.timeline import Timeline, timeline_of

#: What can be asked of lines and of whole programs, in the order in which tables show it, and what each is.
FIGURES = {
    "flops": "floating-point operations", "bytes_read": "bytes read", "bytes_written": "bytes written",
    "bytes_allocated": "bytes allocated",
}
#: What can be asked of whole programs alone.
MEMORY_FIGURES = {"peak_bytes": "most bytes alive", "residual_bytes": "bytes kept for the reverse sweep"}
_KEYS = {"bytes_read": "read", "bytes_written": "written", "bytes_allocated": "allocated"}
_BYTES = frozenset(_KEYS.values())


@dataclass(frozen=True)
class OperationCost:
    """How often an operation is done. name: a primitive's (`add`, `exp`), `fma` (two flops), `int`, `logic`, `element`
    (an access), `turn` (of a loop), `convert`, `select`, `allocation`, `call` (of a library)."""

    name: str
    count: Any
    flops: Any


@dataclass(frozen=True)
class LineCost:
    """What a line of the user's source costs. line 0: what belongs to no line, of the time the call's own. time: in
    seconds, see `CostReport.time`; None where no program is at hand."""

    filename: str
    line: int
    text: str
    flops: Any
    bytes_read: Any
    bytes_written: Any
    bytes_allocated: Any
    ops: Mapping[str, Any]
    time: Any = None


class CostReport(Shown):
    """What one run of a program costs, counted without running it.

    Figures are numbers, or formulas (`Quantity`) in the dimensions that are left open and in what only a run can know:
    `trips(line 12)`, the mean turns of that line's loop, `taken(line 7)`, the share of visits in which that branch is
    taken. A call binds them: `report(n=1000)`, `report({"trips(line 12)": 40})`, and gives a report again.

    `.flops` (add, sub, mul, div, sqrt, min, max, pow and each transcendental count 1, a fused multiply-add 2; neg, abs,
    comparisons, conversions and choices 0), `.ops` (counts by name), `.bytes_read`, `.bytes_written`,
    `.bytes_allocated`; `.peak_bytes`, `.residual_bytes`, `.memory`: what is alive over the program's course; `.time`;
    `.by_line`, `.by_op`: lists of records; `.parameters`: what only a run can know. `.timeline(n=1000)` draws the
    course of memory, `.roofline(n=1000)` what lines do a second beside what the machine could."""

    kind: ClassVar[str] = "cost"

    def __init__(self, name: str, work: Work, parameters: Iterable[Parameter] = (),
                 predicted: Predicted | None = None, memory: Callable[[], Memory] | None = None,
                 gpu: Gpu | None = None) -> None:
        self._predicted = predicted
        self.gpu = gpu
        self._memory = memory
        self._given: dict[str, Any] = {}
        self.name = name
        self._work = work
        self._totals = work.totals()
        self._known = tuple(parameters)

    # ------------------------------------------------------------------ figures
    @property
    def flops(self) -> Any:
        """Floating-point operations."""
        return plain(flops_in(self._totals))

    @property
    def bytes_read(self) -> Any:
        """Bytes read from arrays."""
        return plain(self._totals.get("read", of(0)))

    @property
    def bytes_written(self) -> Any:
        """Bytes written into arrays."""
        return plain(self._totals.get("written", of(0)))

    @property
    def bytes_allocated(self) -> Any:
        """Bytes of all arrays that are made, whether or not they are alive together."""
        return plain(self._totals.get("allocated", of(0)))

    @property
    def memory(self) -> Memory:
        """The course of the program's memory, as formulas in what was open when the report was made: `.moments`, each
        with what is alive, and `.at(n=1000)`, the peak and a timeline at given sizes.

        Raises ValueError where the report is a count alone."""
        if self._memory is None:
            raise ValueError(f"{self.name} is a count alone: there is no program whose memory could be followed")
        return self._memory()

    @property
    def peak_bytes(self) -> Any:
        """The most bytes of arrays that are alive at a time, beyond the arguments."""
        return plain(bound(self.memory.peak, self._given))

    @property
    def residual_bytes(self) -> Any:
        """The most bytes that are kept for the reverse sweep at a time, the room of growing lists included."""
        return plain(bound(self.memory.residual, self._given))

    @property
    def time(self) -> Any:
        """Seconds that a call is predicted to take, on the machine that `wb.calibrate` has measured or a default one,
        when its code and data are near (it is not the first call). A float, or a `Duration` while something is open."""
        if self._predicted is None:
            raise ValueError(f"{self.name} is a count alone: there is no program to predict the time of")
        return self._predicted.time()

    @property
    def uncompiled_time(self) -> Any:
        """`time`, for which nothing is compiled: on a GPU registers are assumed where they are not known."""
        if self._predicted is None:
            return self.time
        return self._predicted.uncompiled().time()

    @property
    def kernels(self) -> list[KernelCost]:
        """What is launched on a GPU, in the order of the program; nothing where it runs on the CPU."""
        timing = self._on_gpu
        return [] if timing is None else timing.kernels(self._given)

    @property
    def machine(self) -> Machine | Gpu:
        """What the times are of."""
        return self.gpu or current()

    @property
    def _on_gpu(self) -> GpuTiming | None:
        timing = None if self._predicted is None or self.gpu is None else self._predicted.timing
        return timing if isinstance(timing, GpuTiming) else None

    def piloted(self, *args: Any, **named: Any) -> CostReport:
        """The report with times scaled by a pilot: a call with small arguments is compiled and run, on copies of them.

        args, named: arguments of the function, so large that the call takes some microseconds. With several pilots
        (`report.piloted(x).piloted(y)`) the geometric mean counts.
        Raises what the program raises, ValueError where there is none.

        >>> import numpy as np
        >>> import workbench as wb
        >>> def energy(x):
        ...     return (x * x).sum()
        >>> report = wb.cost(energy, wb.spec("f64[n]")).piloted(np.ones(1000))
        >>> report(n=10_000_000).time > 0
        True
        """
        if self._predicted is None:
            raise ValueError(f"{self.name} is a count alone: there is no program to run")
        made = self._like(self._work)
        made._given = self._given
        made._predicted = self._predicted.piloted(args, named)
        return made

    def figure(self, name: str) -> Any:
        """A figure of the whole by name; None where it cannot be had of this program."""
        try:
            return getattr(self, name)
        except (DifferentiationError, ValueError):  # a count alone; arrays made by a function that calls itself
            return None

    @property
    def ops(self) -> dict[str, Any]:
        """How often each operation is done, by name (see `OperationCost`)."""
        return {record.name: record.count for record in self.by_op}

    @property
    def by_op(self) -> list[OperationCost]:
        """A record for each operation, arithmetic first."""
        keys = sorted(self._totals.keys() - _BYTES, key=lambda key: (key in OTHERS, key))
        return [OperationCost(key, plain(total), plain(flops_in({key: total})))
                for key in keys if (total := self._totals[key]) != 0]

    @property
    def by_line(self) -> list[LineCost]:
        """A record for each line of the user's source that costs anything, in order."""
        return list(self._lines)

    @cached_property
    def _lines(self) -> list[LineCost]:
        lines: dict[Line, dict[str, Formula]] = {}
        for (line, key), amount in self._work.amounts.items():
            if amount != 0:
                lines.setdefault(line, {})[key] = amount
        times = {} if self._predicted is None else self._predicted.lines()
        return [_line_cost(line, lines.get(line, {}), times.get(line, None if self._predicted is None else 0.0))
                for line in sorted(lines.keys() | times.keys())]

    # ------------------------------------------------------------------ what it depends on
    @property
    def symbols(self) -> tuple[str, ...]:
        """Names of everything that a call can bind."""
        return tuple(sorted({symbol.name for total in self._totals.values() for symbol in total.symbols}))

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the dimensions and integers that are left open."""
        runs = {parameter.symbol.name for parameter in self._known}
        return tuple(name for name in self.symbols if name not in runs)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of what only a run can know, as far as it matters."""
        runs = {parameter.symbol.name for parameter in self._known}
        return tuple(name for name in self.symbols if name in runs)

    def __call__(self, values: Mapping[str, Number] | None = None, /, **dims: Number) -> CostReport:
        """The report with dimensions and parameters bound, by name.

        Raises TypeError for a name that it does not depend on and never has."""
        given = {**(values or {}), **dims}
        unknown = given.keys() - set(self.symbols) - {p.symbol.name for p in self._known} - self._given.keys()
        if unknown and self._predicted is not None:  # branches whose arms do equally much are not foreseen, either
            unknown -= set(self._predicted.symbols)
        if unknown and self._memory is not None:
            unknown -= {p.symbol.name for p in self.memory.parameters}
        if unknown:
            raise TypeError(f"{self.name} costs nothing by {', '.join(sorted(unknown))}; it depends on "
                            f"{', '.join(self.symbols) or 'nothing'}")
        made = self._like(self._work.mapped(lambda formula: bound(formula, given)))
        made._given = self._given | given
        made._predicted = None if self._predicted is None else self._predicted.bound(given)
        return made

    def _like(self, work: Work) -> CostReport:
        return CostReport(self.name, work, self._known, self._predicted, self._memory, self.gpu)

    def renamed(self, name: str, moved: Callable[[Line], Line]) -> CostReport:
        """The same under another name, its lines where an edit has moved them, to be compared."""
        made = self._like(self._work.moved(moved))
        made.name, made._given = name, self._given
        places = [(line, *moved((line.filename, line.line))) for line in self._lines]
        made._lines = [replace(line, filename=filename, line=number) for line, filename, number in places]
        return made

    def compare(self, other: CostReport) -> Comparison:
        """This report beside another one: of a derivative beside the function, of a program before and after a change.

        Returns a `Comparison` with the other's figures over this one's.

        >>> import workbench as wb
        >>> def energy(x):
        ...     return (x * x * x).sum()
        >>> both = wb.cost(energy, wb.spec("f64[n]")).compare(wb.cost(wb.grad(energy), wb.spec("f64[n]")))
        >>> both["flops"].first, both["flops"].second, both["flops"].ratio < 4
        (3·n, 6·n, True)
        """
        return compared(self, other, ("time", *FIGURES, *MEMORY_FIGURES))

    def timeline(self, values: Mapping[str, Number] | None = None, /, **dims: Number) -> Timeline:
        """The memory over the program's course at given sizes: a picture with the peak, and what is alive then.

        values, dims: dimensions and what only a run can know, by name, as in a call of the report; all that is open.
        Returns a `Timeline`: `.svg`, `.as_dict()`, `.bytes` at the peak, `.held`; a notebook shows it.
        Raises TypeError for what is left open, ValueError where the report is a count alone.

        >>> import workbench as wb
        >>> def energy(x):
        ...     y = x * x
        ...     return (y * y).sum()
        >>> course = wb.cost(wb.grad(energy), wb.spec("f64[n]")).timeline(n=1000)
        >>> course.bytes, [held.name for held in course.held]
        (8000.0, ['y', 'x'])
        """
        memory = self.memory  # (or the reason why there is none)
        given = self._complete(self._sizes(), values, dims)
        return timeline_of(self.name, memory, self._given, given)

    def roofline(self, values: Mapping[str, Number] | None = None, /, **dims: Number) -> Roofline:
        """What each line does a second, over its operations for each byte, beside what the machine could do at most.

        values, dims: dimensions and what only a run can know, by name, as in a call of the report; all that is open.
        Returns a `Roofline`: `.svg`, `.as_dict()`, `.roofs`, `.dots`; a notebook shows it. The machine is the one that
        `wb.calibrate()` has measured, else a default one.
        Raises TypeError for what is left open, ValueError where the report is a count alone.
        Source: Williams, Waterman & Patterson, *Comm. ACM* 52(4), 2009.

        >>> import workbench as wb
        >>> def energy(x):
        ...     return (x * x).sum()
        >>> dots = wb.cost(energy, wb.spec("f64[n]")).roofline(n=1000).dots
        >>> [(dot.text, dot.intensity) for dot in dots]
        [('return (x * x).sum()', 0.25)]
        """
        if self._predicted is None:
            raise ValueError(f"{self.name} is a count alone: there is no program to predict the time of")
        given = self._complete({*self.symbols, *self._predicted.symbols}, values, dims)
        return roofline_of(self.name, report_at.at(self, given), self.machine)

    def _sizes(self) -> set[str]:
        """Names of what the course of memory depends on."""
        try:
            moments = self.memory.moments
        except (DifferentiationError, ValueError):
            return set()
        formulas = [f for m in moments for f in (m.live, m.workspace, *(held.size for held in m.buffers))]
        return {symbol.name for formula in formulas for symbol in formula.symbols} - self._given.keys()

    def _complete(self, names: set[str], values: Mapping[str, Number] | None,
                  dims: Mapping[str, Number]) -> dict[str, Any]:
        """What is given; raises TypeError where any of these names is not."""
        given = {**(values or {}), **dims}
        if missing := sorted(names - given.keys() - self._given.keys()):
            raise TypeError(f"{', '.join(missing)} must be given, too")
        return given

    # ------------------------------------------------------------------ at sizes, for views
    @property
    def open(self) -> tuple[str, ...]:
        """Names of all that figures, times and memory depend on: dimensions first, then what only a run can know."""
        names = {*self.symbols, *(self._predicted.symbols if self._predicted is not None else ()), *self._sizes()}
        dimensions = sorted(name for name in names if "(" not in name)
        return (*dimensions, *sorted(names - {*dimensions}))

    def seconds(self, sizes: Mapping[str, Any]) -> dict[Line, float] | None:
        """Seconds by line where everything has a size; None where there is no program."""
        return None if self._predicted is None else self._predicted.seconds(sizes)

    def launched(self, sizes: Mapping[str, Any]) -> list[LaunchAt]:
        """What a GPU launches and copies where everything has a size; nothing on the CPU."""
        timing = self._on_gpu
        return [] if timing is None else timing.rows({**self._given, **sizes})

    def course(self, sizes: Mapping[str, Any]) -> Timeline | None:
        """The course of memory where everything has a size; None where it cannot be had."""
        try:
            return timeline_of(self.name, self.memory, self._given, sizes)
        except (ArithmeticError, DifferentiationError, KeyError, ValueError):
            return None

    def answer(self, question: Mapping[str, Any]) -> Any:
        """What a live view asks: `{"what": "at", "dims": {"n": 1000}}` gives all numbers at these sizes."""
        if question.get("what") != "at":
            return super().answer(question)
        return report_html.numbers_at(self, question.get("dims") or {})

    # ------------------------------------------------------------------ as text and data
    def text(self) -> str:
        return report_tables.text_of(self)

    def html(self) -> str:
        return report_html.html_of(self)

    __str__ = text

    def __repr__(self) -> str:
        return f"<cost of {self.name}: {self.flops} flops>"

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain numbers and strings: what `to_json` writes."""
        return {
            "name": self.name, **{figure: data(getattr(self, figure)) for figure in FIGURES},
            **{figure: data(value) for figure in (*MEMORY_FIGURES, "time")
               if (value := self.figure(figure)) is not None},
            "dimensions": list(self.dimensions), "parameters": list(self.parameters),
            "open": {name: usual(name) for name in self.open},
            **({} if self.gpu is None else {"gpu": self.gpu.name, "arch": self.gpu.arch, "kernels": [
                {name: value if value is None or isinstance(value, str | bool) else data(value)
                 for name, value in vars(kernel).items()} for kernel in self.kernels]}),
            "by_op": [{"name": r.name, "count": data(r.count), "flops": data(r.flops)} for r in self.by_op],
            "by_line": [{"file": r.filename, "line": r.line, "text": r.text,
                         **{figure: data(getattr(r, figure)) for figure in FIGURES},
                         **({} if r.time is None else {"time": data(r.time)}),
                         "ops": {key: data(count) for key, count in r.ops.items()}} for r in self.by_line],
        }

    def to_json(self) -> str:
        """`as_dict` as JSON; formulas are strings."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=1)


def _line_cost(line: Line, amounts: Mapping[str, Formula], time: Any) -> LineCost:
    filename, number = line
    figures = {figure: plain(amounts.get(key, of(0))) for figure, key in _KEYS.items()}
    ops = {key: plain(amount) for key, amount in sorted(amounts.items()) if key not in _BYTES}
    text = linecache.getline(filename, number).strip() if number else ""
    return LineCost(filename, number, text, plain(flops_in(amounts)), **figures, ops=ops, time=time)


__all__ = ["FIGURES", "MEMORY_FIGURES", "CostReport", "LineCost", "OperationCost"]
