"""Seconds as a function of sizes: what a report's `time` is while something is open.

Invariant: with everything given it is a number, or an array of one shape with the sizes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from workbench.cost.counting import NOWHERE
from workbench.cost.executions import Executions
from workbench.cost.gpu import GpuTiming
from workbench.cost.machine import Machine, current
from workbench.cost.timing import Timing
from workbench.cost.work import Line
from workbench.records import dataclass


class Predicted:
    """The times of a program: found when they are asked for, and kept by what is bound.

    given: what is bound; ratios: how many times longer than predicted pilots took; pilot: gives one more."""

    def __init__(self, executions: Callable[[], Executions | Timing | GpuTiming],
                 given: Mapping[str, Any] | None = None, ratios: tuple[float, ...] = (),
                 pilot: Callable[..., float] | None = None) -> None:
        self._made = executions
        self.given = dict(given or {})
        self.ratios = ratios
        self.pilot = pilot

    @cached_property
    def timing(self) -> Timing | GpuTiming:
        """What is known of the program before sizes are."""
        made = self._made()
        return Timing(made) if isinstance(made, Executions) else made

    def bound(self, values: Mapping[str, Any]) -> Predicted:
        """With more of it bound."""
        return Predicted(lambda: self.timing, {**self.given, **values}, self.ratios, self.pilot)

    def uncompiled(self) -> Predicted:
        """With nothing compiled to find out more: on a GPU registers are assumed."""
        timing = self.timing
        return Predicted(timing.uncompiled, self.given, self.ratios, self.pilot) if isinstance(
            timing, GpuTiming) else self

    def piloted(self, args: tuple[Any, ...], named: Mapping[str, Any]) -> Predicted:
        """Scaled by one more pilot; of several, the mean counts.

        Raises ValueError where there is nothing that could be run, or what the program raises."""
        if self.pilot is None:
            raise ValueError("there is no program to run")
        return Predicted(lambda: self.timing, self.given, (*self.ratios, self.pilot(*args, **named)), self.pilot)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names of what is open."""
        return tuple(sorted(self.timing.executions.symbols - self.given.keys()))

    def seconds(self, values: Mapping[str, Any] | None = None) -> dict[Line, Any]:
        """Seconds by line; all must be given."""
        given = {**self.given, **(values or {})}
        arrays = any(isinstance(v, np.ndarray) for v in given.values())
        known = {n: np.asarray(v, float) if isinstance(v, np.ndarray) else v for n, v in given.items()}
        machine: Machine = current()
        with np.errstate(all="ignore"):
            found = self.timing.seconds(known, machine)
        factor = math.exp(sum(map(math.log, self.ratios)) / len(self.ratios)) if self.ratios else 1.0
        scaled = {line: time if line == NOWHERE else time * factor for line, time in found.items()}
        return scaled if arrays else {line: float(time) for line, time in scaled.items()}

    def lines(self) -> dict[Line, Any]:
        """The time of each line that takes any: numbers, or durations where something is open."""
        if self.symbols:
            return {line: Duration(self, line) for line in self.timing.lines}
        return self.seconds()

    def time(self, line: Line | None = None) -> Any:
        """Seconds in all, or of a line: a number, or a `Duration` where something is open."""
        made = Duration(self, line)
        return made if self.symbols else made({})


@dataclass(frozen=True, eq=False)
class Duration:
    """Seconds that depend on dimensions, or on what only a run can know.

    Called with values of its symbols it is a number of seconds, or a `Duration` of those that are left. A value may be
    an array of sizes: then so is the result, and all symbols must be given.

    >>> import workbench as wb
    >>> def energy(x):
    ...     return (x * x).sum()
    >>> time = wb.cost(energy, wb.spec("f64[n]")).time
    >>> time.symbols, time(n=10_000_000) > time(n=1000) > 0
    (('n',), True)
    """

    predicted: Predicted
    line: Line | None = None

    def __call__(self, values: Mapping[str, Any] | None = None, /, **dims: Any) -> Any:
        bound = self.predicted.bound({**(values or {}), **dims})
        if bound.symbols:
            return Duration(bound, self.line)
        found = bound.seconds()
        if self.line is not None:
            return found.get(self.line, 0.0)
        total = sum(found.values())
        shapes = [np.shape(v) for v in bound.given.values() if isinstance(v, np.ndarray)]
        return np.broadcast_to(total, np.broadcast_shapes(*shapes)) if shapes else total

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names of what it depends on."""
        return self.predicted.symbols

    def __str__(self) -> str:
        return f"seconds by {', '.join(self.symbols)}"

    __repr__ = __str__
