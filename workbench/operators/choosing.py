"""An operator that takes the cheapest way: those that may be cheapest are priced by predicted time, and the best runs.

A way's program is traced and counted once for each set of types and ranks, with its dimensions left open where the
program allows it; a call looks up its sizes (to a factor of two) and prices what it has not priced before. Another
choice than before is another program, of its own.

Invariant: every way gives the same derivative; which one runs depends on types and sizes alone.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.cost.spec import opened, sizes_in, specs_in
from workbench.frontend.structures import named_leaves
from workbench.ir import DifferentiationError
from workbench.operators import strategy, ways
from workbench.operators.composite import Composite
from workbench.operators.specialisation import Specialisation
from workbench.views import Strategies, Strategy
from workbench.views.numbers import usual
from workbench.views.report import CostReport

CLEARLY = 1.1  # how many times as fast another way must be to be named
FACTORS = (2.0, 4.0, 8.0, 16.0, 64.0, 0.5, 0.25, 0.125, 1 / 16, 1 / 64)


class Choosing(Composite):
    """See the module's text. An operator of which a mode is asked for goes that way."""

    def __init__(self, make: Callable[..., Any], title: str, function: Callable[..., Any],
                 wrt: int | str | tuple[int | str, ...], engine: str, deterministic: bool) -> None:
        super().__init__(make, title, function, wrt, engine, deterministic)
        self._made_with = title, function, wrt, engine, deterministic
        self._ways: dict[str, Composite] = {}
        self._reports: dict[Any, Reports] = {}
        self._last: Composite | None = None
        self._known: dict[Any, str | None] = {}

    @property
    def free(self) -> bool:
        """Whether there is a choice."""
        return self.operator.mode == "auto" and not self.request.deterministic and self.engine.compiler is not None

    def way(self, mode: str) -> Composite:
        """The operator that goes one way."""
        if mode not in self._ways:
            fixed = dataclasses.replace(self.operator, mode=mode)
            self._ways[mode] = Composite(lambda g, wrt, several: fixed, *self._made_with)
        return self._ways[mode]

    # ------------------------------------------------------------------ which way
    def specialised(self, args: tuple[Any, ...], keywords: tuple[str, ...] = ()) -> Specialisation:
        """That of the way that is cheapest for these sizes."""
        mode = self._mode(args, keywords)
        if mode is None:
            return super().specialised(args, keywords)
        self._last = self.way(mode)
        return self._last.specialised(args, keywords)

    def analysed(self, args: tuple[Any, ...], keywords: tuple[str, ...] = ()) -> Specialisation:
        """That of the way that is cheapest for these sizes, not compiled."""
        mode = self._mode(args, keywords)
        return super().analysed(args, keywords) if mode is None else self.way(mode).analysed(args, keywords)

    def cost(self, *args: Any, arch: str | None = None, **named: Any) -> CostReport:
        """What a call would cost, by the way that would run; open dimensions count as 1000 where ways are chosen."""
        bound, keywords = self.bind(args, named)
        if not self.free or next(specs_in(bound), None) is None:
            return super().cost(*args, arch=arch, **named)
        modes = strategy.candidates(self.operator.operator, self._inputs(bound))
        mode = modes[0] if len(modes) == 1 else Reports(self, bound, keywords, modes).cheapest(bound)
        return self.way(mode).cost(*args, arch=arch, **named)

    @property
    def latest(self) -> Specialisation:
        """The specialisation used last."""
        return super().latest if self._last is None else self._last.latest

    def _mode(self, args: tuple[Any, ...], keywords: tuple[str, ...]) -> str | None:
        """The way for a call; None where nothing is to be chosen."""
        if not self.free:
            return None
        key = keywords, *(_bucket(x) for x in args)
        if key not in self._known:
            modes = strategy.candidates(self.operator.operator, self._inputs(args))
            try:
                self._known[key] = modes[0] if len(modes) == 1 else self._priced(args, keywords, modes).cheapest(args)
            except DifferentiationError:  # no way is compiled: what is made without a choice says why
                self._known[key] = None
        return self._known[key]

    def _inputs(self, args: tuple[Any, ...]) -> int:
        """How many numbers are differentiated by."""
        return sum(ways.numbers(args[k], args) for k in self.plain.request.wrt)

    def _priced(self, args: tuple[Any, ...], keywords: tuple[str, ...], modes: tuple[str, ...]) -> Reports:
        key = keywords, modes, *(_kind(x) for x in args)
        known = self._reports.get(key)
        if known is None or not known.fits(args):
            known = self._reports[key] = Reports(self, args, keywords, modes)
        return known

    # ------------------------------------------------------------------ why
    def explain(self, *args: Any, **named: Any) -> Strategies:
        """The ways there are for a call, what each is predicted to take, which one runs, and at which sizes another one
        would. Arguments may be specs, as for `wb.cost`. A mode that was asked for is marked.

        Raises DifferentiationError where no way is compiled."""
        bound, keywords = self.bind(args, named)
        modes = strategy.MODES[self.operator.operator]
        reports = Reports(self, bound, keywords, modes)
        forced = None if self.free else self.operator.mode
        if forced == "auto":
            forced = strategy.chosen(self.operator.operator, self._inputs(bound), None, self.request.deterministic)
        elif forced is None:
            among = strategy.candidates(self.operator.operator, self._inputs(bound))
            forced = among[0] if len(among) == 1 else reports.cheapest(bound, among)
        return reports.table(self._title(), bound, forced, self.operator.mode != "auto")


class Reports:
    """The costs of several ways of one operator, for arguments of some types and ranks."""

    def __init__(self, operator: Choosing, args: tuple[Any, ...], keywords: tuple[str, ...],
                 modes: tuple[str, ...]) -> None:
        self.reasons: dict[str, str] = {}
        self.names = operator.names_for(args, keywords)
        open_, _ = opened(args, self.names)
        self.given: tuple[Any, ...] | None = None
        try:
            self.reports = self._made(operator, open_, keywords, modes)
            needs_sizes = bool(self.reasons)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            needs_sizes = True
        if needs_sizes:
            self.reasons = {}
            self.reports = self._made(operator, args, keywords, modes)
            self.given = args
        if not self.reports:
            raise DifferentiationError("; ".join(f"{mode}: {why}" for mode, why in self.reasons.items()))

    def _made(self, operator: Choosing, args: tuple[Any, ...], keywords: tuple[str, ...],
              modes: tuple[str, ...]) -> dict[str, CostReport]:
        found = {}
        positional = len(args) - len(keywords)
        for mode in modes:
            try:
                found[mode] = operator.way(mode).cost(*args[:positional],
                                                      **dict(zip(keywords, args[positional:], strict=True)))
            except DifferentiationError as refusal:
                self.reasons[mode] = refusal.reason
        return found

    def fits(self, args: tuple[Any, ...]) -> bool:
        """Whether arguments of these sizes are described: they are, or those that all was counted for."""
        return self.given is None or all(_bucket(a) == _bucket(b) for a, b in zip(args, self.given, strict=True))

    def sizes(self, args: tuple[Any, ...]) -> dict[str, float]:
        """The values of what is open, as far as arguments say."""
        return dict(opened(args, self.names)[1]) if self.given is None else dict(sizes_in(args))

    def seconds(self, mode: str, sizes: dict[str, float]) -> float:
        """The predicted time of a way."""
        return ways.seconds(self.reports[mode], sizes)

    def cheapest(self, args: tuple[Any, ...], among: tuple[str, ...] | None = None) -> str:
        """The mode that is predicted to be fastest."""
        sizes = self.sizes(args)
        return min((m for m in self.reports if among is None or m in among), key=lambda m: self.seconds(m, sizes))

    def table(self, title: str, args: tuple[Any, ...], chosen: str, forced: bool) -> Strategies:
        """All of it as a table."""
        sizes = self.sizes(args)
        rows = [Strategy(mode, self.seconds(mode, sizes), mode == chosen, report(
            {k: v for k, v in sizes.items() if k in report.symbols})) for mode, report in self.reports.items()]
        rows.sort(key=lambda row: row.seconds)
        rows += [Strategy(mode, math.nan, False, None, why) for mode, why in self.reasons.items()]
        opened = sorted({name for report in self.reports.values() for name in report.symbols} - sizes.keys())
        assumed = tuple(f"{name} = {usual(name)}" for name in opened)
        return Strategies(title, tuple(rows), () if forced else self._turning(sizes, chosen), assumed, forced)

    def _turning(self, sizes: dict[str, float], chosen: str) -> tuple[str, ...]:
        """For each dimension, the nearest sizes at which another way is cheapest."""
        found = []
        for name, size in sizes.items():
            for factors in (FACTORS[:5], FACTORS[5:]):
                for factor in factors:
                    moved = {**sizes, name: max(2, round(size * factor))}
                    best = min(self.reports, key=lambda mode: self.seconds(mode, moved))
                    if self.seconds(best, moved) * CLEARLY < self.seconds(chosen, moved):
                        found.append(f"with {name} = {moved[name]:,} (now {size:,}): {best}")
                        break
        return tuple(found)


def _outline(value: Any, size: Callable[[int], int]) -> Any:
    """The leaves of a value by path, with their types, and of arrays the sizes in outline."""
    return tuple((path, *((leaf.dtype, *map(size, leaf.shape)) if isinstance(leaf, np.ndarray) else (type(leaf),)))
                 for path, leaf in named_leaves("", value))


def _kind(value: Any) -> Any:
    """What the trace of a value depends on, in outline."""
    return _outline(value, lambda n: min(n, 2))


def _bucket(value: Any) -> Any:
    """The sizes of a value, to a factor of two."""
    return _outline(value, int.bit_length)
