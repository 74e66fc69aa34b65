"""The stages of a compilation one by one: each program before and after a pass, and the difference.

Names of values are counted in the order of the program, so that one value more renumbers all behind it. Lines that
differ in nothing else are not shown as different: `aligned` carries the names of one program over to the other.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from html import escape
from typing import Any

from workbench.records import dataclass
from workbench.views.shown import Shown
from workbench.views.style import stylesheet

#: Lines around a difference that text shows.
AROUND = 2
_NAME = re.compile(r"(?<![\w.'])[A-Za-z_]\w*(?:\.\d+)?(?![\w.])")
SAME, ADDED, REMOVED = " ", "+", "-"


@dataclass(frozen=True)
class StageView:
    """A program after a stage. phase: "traced", "primal", the mode, "lowering", "lowered", "source"; step: the pass,
    empty where the phase is one step; function: the name of the program (functions that are called go through passes,
    too); before: the same program's text before, None where there was none."""

    phase: str
    step: str
    function: str
    before: str | None
    text: str

    @property
    def changed(self) -> bool:
        """Whether it says something else than before."""
        return self.text != self.before

    @property
    def title(self) -> str:
        """Phase and pass."""
        return f"{self.phase}: {self.step}" if self.step else self.phase

    def difference(self) -> list[tuple[str, str]]:
        """(sign, line) pairs: " " for lines that are the same (but for numbers in names), "-" and "+"."""
        if self.before is None or not self.changed:
            return [(SAME, line) for line in self.text.split("\n")]
        return aligned(self.before.split("\n"), self.text.split("\n"))


def aligned(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, str]]:
    """Two programs line by line; see the module's text."""
    old, new = ([_NAME.sub(lambda m: m[0].partition(".")[0], line) for line in lines] for lines in (before, after))
    rows: list[tuple[str, str]] = []
    names = _Names()
    for tag, i, i_end, j, j_end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            rows += [(REMOVED, line) for line in before[i:i_end]] + [(ADDED, line) for line in after[j:j_end]]
            continue
        for was, now in zip(before[i:i_end], after[j:j_end], strict=True):
            rows += [(SAME, now)] if names.agree(was, now) else [(REMOVED, was), (ADDED, now)]
    return rows


class _Names:
    """Which names of one program are which of the other, one to one, within a function."""

    def __init__(self) -> None:
        self.there: dict[str, str] = {}
        self.back: dict[str, str] = {}

    def agree(self, old: str, new: str) -> bool:
        """Whether two lines that differ in numbers at most are the same."""
        if old.startswith("func "):
            self.there.clear()
            self.back.clear()
        pairs = zip(_NAME.findall(old), _NAME.findall(new), strict=True)
        return all(self.there.setdefault(a, b) == b and self.back.setdefault(b, a) == a for a, b in pairs)


@dataclass(frozen=True)
class PassStages(Shown):
    """All stages of one compilation, in order. Printed, it is what each pass has changed; `stages` are the records."""

    name: str
    stages: tuple[StageView, ...]

    def as_dict(self) -> dict[str, Any]:
        """The list of stages, and how each differs from the one before; their texts by `answer`."""
        return {"name": self.name, "stages": [
            {"phase": s.phase, "step": s.step, "function": s.function, "changed": s.changed} for s in self.stages]}

    def stage(self, number: int) -> dict[str, Any]:
        """One of them: the lines of the difference with their signs, the program before and after; `first`: whether
        there was none before. Raises ValueError for a number that there is not."""
        if not 0 <= number < len(self.stages):
            raise ValueError(f"there are {len(self.stages)} stages, counted from 0; {number} is none of them")
        stage = self.stages[number]
        rows = stage.difference()
        return {"signs": "".join(sign for sign, _ in rows), "lines": [line for _, line in rows],
                "before": (stage.before or "").split("\n"), "after": stage.text.split("\n"),
                "first": stage.before is None}

    def text(self) -> str:
        """What each pass has changed."""
        parts = []
        for stage in self.stages:
            head = f"── {stage.title}" + (f" ({stage.function})" if stage.step else "")
            if not stage.changed:
                parts.append(f"{head}: nothing changed")
                continue
            rows = stage.difference()
            shown = rows if stage.before is None else _around(rows)
            parts.append("\n".join([head, *(f"{sign} {line}".rstrip() for sign, line in shown)]))
        return "\n".join(parts)

    __str__ = text

    def html(self) -> str:
        """The same, closed but for its titles."""
        parts = [f'<div class="wb-head"><span class="wb-title">{escape(self.name)}</span> '
                 f"{sum(s.changed for s in self.stages)} of {len(self.stages)} stages change the program</div>"]
        for stage in self.stages:
            if stage.changed:
                rows = stage.difference() if stage.before is None else _around(stage.difference())
                lines = "\n".join(escape(f"{sign} {line}".rstrip()) for sign, line in rows)
                parts.append(f"<details><summary>{escape(stage.title)}</summary>"
                             f'<pre class="wb-code">{lines}</pre></details>')
        return f'<div class="wb-view"><style>{stylesheet([])}</style>{"".join(parts)}</div>'


def _around(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The rows that differ, and some around them; what is left out is a row of dots."""
    near = {k + d for k, (sign, _) in enumerate(rows) if sign != SAME for d in range(-AROUND, AROUND + 1)}
    shown: list[tuple[str, str]] = []
    for k, row in enumerate(rows):
        if k in near:
            shown.append(row)
        elif not shown or shown[-1][1] != "...":
            shown.append((SAME, "..."))
    return shown
