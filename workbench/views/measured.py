"""Where the time of a run went: seconds and bytes by line of the user's source, beside what was counted beforehand."""

from __future__ import annotations

import json
import linecache
from dataclasses import asdict
from html import escape
from typing import Any

from workbench.records import dataclass
from workbench.views.numbers import columns, data, figure_text, time_text
from workbench.views.style import TABLES, stylesheet


@dataclass(frozen=True)
class MeasuredLine:
    """A line of the user's source (0: none): seconds and share of the run, bytes of the arrays that it made, how often
    what it belongs to ran, and the floating-point operations that were counted for it beforehand."""

    filename: str
    line: int
    text: str
    seconds: float
    share: float
    bytes_allocated: int
    runs: int
    flops: Any


@dataclass(frozen=True)
class Measured:
    """A run that was measured. seconds: the fastest of `repeats` runs of the program itself; twin: of its instrumented
    twin. The lines' seconds add up to `seconds`: the twin's laps, scaled. Lines of one innermost loop share its time by
    how much each of them does; `print` gives a table, a notebook shows it."""

    name: str
    seconds: float
    twin: float
    repeats: int
    by_line: tuple[MeasuredLine, ...]

    @property
    def bytes_allocated(self) -> int:
        """Bytes of all arrays that the run made."""
        return sum(line.bytes_allocated for line in self.by_line)

    def __str__(self) -> str:
        rows = [("line", "seconds", "share", "bytes allocated", "flops", "")]
        rows += [(str(r.line or "–"), time_text(r.seconds), f"{r.share:.1%}", f"{r.bytes_allocated:,}",
                  figure_text(r.flops), r.text) for r in self.by_line]
        rows.append(("all", time_text(self.seconds), "", f"{self.bytes_allocated:,}", "", ""))
        lines = columns(rows, left=(5,))
        return "\n".join([f"{self.name}: {time_text(self.seconds)}, the fastest of {self.repeats} runs", "", *lines])

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """Plain data; formulas are strings."""
        lines = [{**asdict(line), "flops": data(line.flops)} for line in self.by_line]
        return {"name": self.name, "seconds": self.seconds, "twin": self.twin, "repeats": self.repeats,
                "bytes_allocated": self.bytes_allocated, "by_line": lines}

    def to_json(self) -> str:
        """`to_dict` as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def _repr_html_(self) -> str:
        most = max((r.share for r in self.by_line), default=0.0) or 1.0
        rows = "".join(
            f'<tr><td class="wb-num">{r.line or "–"}</td><td class="wb-num">{escape(time_text(r.seconds))}</td>'
            f'<td><span class="wb-heat" style="width: {96 * r.share / most:.0f}px"></span> {r.share:.1%}</td>'
            f'<td class="wb-num">{r.bytes_allocated:,}</td><td class="wb-num">{escape(figure_text(r.flops))}</td>'
            f"<td><code>{escape(r.text)}</code></td></tr>" for r in self.by_line)
        return (f'<div class="wb-view"><style>{stylesheet([])}{TABLES}</style><div class="wb-head">'
                f'<span class="wb-nabla">∇</span> <span class="wb-title">{escape(self.name)}</span> '
                f'<span class="wb-value">{escape(time_text(self.seconds))}</span></div>'
                f'<div class="wb-table"><table><tr><th>line</th><th>time</th><th>share</th>'
                f"<th>bytes allocated</th><th>flops</th><th></th></tr>"
                f"{rows}</table></div></div>")


def line_text(filename: str, line: int) -> str:
    """The user's line, without its indentation."""
    return linecache.getline(filename, line).strip() if line else ""
