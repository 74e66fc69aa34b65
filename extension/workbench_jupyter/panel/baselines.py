"""What a cell is compared with: what it was when it last ran, or before it was edited, or what the reader has pinned.

Invariant: what is noted of runs are texts, of analyses figures: nothing keeps what the notebook holds alive beyond the
next run. (An analysis whose gradient is pending is kept as it is until then.)
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from workbench_jupyter.panel.analysis import Analysis

#: So many cells' texts are remembered, and so many figures.
MOST, FIGURES = 64, 8


class Baselines:
    """The baselines of a kernel's cells."""

    def __init__(self) -> None:
        self.ran: OrderedDict[str, str] = OrderedDict()  # a cell's text when it last ran
        self.known: OrderedDict[tuple[str, str], Analysis] = OrderedDict()  # of that text, by cell and function
        self.before: OrderedDict[tuple[str, str], Analysis] = OrderedDict()  # before the edit
        self.pinned: OrderedDict[str, Analysis] = OrderedDict()
        self.cell = ""

    def note_run(self, cell: str | None, text: str) -> None:
        """A cell has run."""
        if cell:
            self.ran[cell] = text
            self.ran.move_to_end(cell)
            for place in [place for place in (*self.known, *self.before) if place[0] == cell]:
                self.known.pop(place, None)
                self.before.pop(place, None)
            _trim(self.ran, MOST)

    def note(self, analysis: Analysis) -> None:
        """A cell has been analysed, with this text."""
        place = analysis.cell, analysis.name
        if analysis.cell != self.cell:  # (the reader has come to it anew)
            self.cell = analysis.cell
            for known in [known for known in self.before if known[0] == analysis.cell]:
                del self.before[known]
        if place not in self.before or self.before[place].key == analysis.key:
            self.before[place] = _kept(analysis)
        if self.ran.get(analysis.cell) == analysis.reading.source:
            self.known[place] = _kept(analysis)
        if analysis.cell in self.pinned and self.pinned[analysis.cell].key == analysis.key:
            self.pinned[analysis.cell] = _kept(analysis)
        _trim(self.before, FIGURES)
        _trim(self.known, FIGURES)

    def pin(self, cell: str, analysis: Analysis | None) -> None:
        """Compare a cell with this analysis from now on; None: with the last run again."""
        self.pinned.pop(cell, None)
        if analysis is not None:
            self.pinned[cell] = _kept(analysis)
            _trim(self.pinned, FIGURES)

    def pending(self) -> Iterator[Analysis]:
        """Those whose gradient is not known yet."""
        for kept in (self.known, self.before, self.pinned):
            yield from (analysis for analysis in kept.values() if analysis.pending)

    def let_go(self) -> None:
        """Hold on to nothing of the notebook's: of what is pending the value's figures stay."""
        for kept in (self.known, self.before, self.pinned):
            for place, analysis in kept.items():
                if analysis.pending:
                    kept[place] = analysis.figures()  # type: ignore[index]

    def of(self, analysis: Analysis) -> tuple[Analysis, str] | None:
        """What an analysis is compared with, and what that is called; None where there is nothing, or it is itself."""
        place = analysis.cell, analysis.name
        pinned = self.pinned.get(analysis.cell)
        for found, since in ((pinned, "the pinned text"), (self.known.get(place), "its last run"),
                             (self.before.get(place), "before this edit")):
            if found is not None and (found is not pinned or found.name == analysis.name):
                return None if found.reading.source == analysis.reading.source else (found, since)
        return None


def _kept(analysis: Analysis) -> Analysis:
    """What stays of an analysis: its figures, when these are known."""
    return analysis if analysis.pending else analysis.figures()


def _trim(known: OrderedDict[Any, Any], most: int) -> None:
    while len(known) > most:
        known.popitem(last=False)
