"""Where the time of a run went: seconds and bytes by line of the user's source, beside what was counted beforehand."""

from __future__ import annotations

import json
import linecache
import math
from dataclasses import asdict
from html import escape
from typing import Any, ClassVar

from workbench.records import dataclass
from workbench.views.cost_style import cost_styles
from workbench.views.numbers import columns, data, figure_text, multiple_text, nominal, time_text
from workbench.views.shown import Shown
from workbench.views.table import Bars, Cell, Code, Number, table_html


@dataclass(frozen=True)
class MeasuredLine:
    """A line of the user's source (0: none): seconds and share of the run, bytes of the arrays that it made, how often
    what it belongs to ran, the floating-point operations that were counted for it beforehand, and the seconds that were
    predicted for it (NaN: none)."""

    filename: str
    line: int
    text: str
    seconds: float
    share: float
    bytes_allocated: int
    runs: int
    flops: Any
    predicted: float = math.nan


@dataclass(frozen=True)
class Measured(Shown):
    """A run that was measured. seconds: the fastest of `repeats` runs of the program itself; twin: of its instrumented
    twin. The lines' seconds add up to `seconds`: the twin's laps, scaled. Lines of one innermost loop share its time by
    how much each of them does. predicted: the seconds that `wb.cost` gave for the call before (NaN: none).
    `print` gives a table, a notebook shows it."""

    name: str
    seconds: float
    twin: float
    repeats: int
    by_line: tuple[MeasuredLine, ...]
    predicted: float = math.nan

    kind: ClassVar[str] = "measured"

    @property
    def bytes_allocated(self) -> int:
        """Bytes of all arrays that the run made."""
        return sum(line.bytes_allocated for line in self.by_line)

    def text(self) -> str:
        rows = [("line", "seconds", "predicted", "share", "bytes allocated", "flops", "")]
        rows += [(str(r.line or "–"), time_text(r.seconds), time_text(r.predicted), f"{r.share:.1%}",
                  f"{r.bytes_allocated:,}", figure_text(r.flops), r.text) for r in self.by_line]
        both = time_text(self.seconds), time_text(self.predicted)
        rows.append(("all", *both, "", f"{self.bytes_allocated:,}", "", ""))
        lines = columns(rows, left=(6,))
        return "\n".join([f"{self.name}: {time_text(self.seconds)}, the fastest of {self.repeats} runs", "", *lines])

    __str__ = text
    __repr__ = text

    def as_dict(self) -> dict[str, Any]:
        """Plain data; formulas are strings, NaN is None."""
        def plain(seconds: float) -> float | None:
            return seconds if math.isfinite(seconds) else None
        lines = [{**asdict(r), "flops": data(r.flops), "predicted": plain(r.predicted)} for r in self.by_line]
        return {"name": self.name, "seconds": self.seconds, "predicted": plain(self.predicted), "twin": self.twin,
                "repeats": self.repeats, "bytes_allocated": self.bytes_allocated, "by_line": lines}

    to_dict = as_dict

    def to_json(self) -> str:
        """`as_dict` as JSON."""
        return json.dumps(self.as_dict(), ensure_ascii=False)

    def html(self) -> str:
        most = max((t for r in self.by_line for t in (r.seconds, r.predicted) if not math.isnan(t)), default=0.0)
        rows: list[list[Cell]] = [
            [str(r.line or "–"), Bars((("second", r.seconds / (most or 1.0)), ("first", r.predicted / (most or 1.0)))),
             *_times(r.seconds, r.predicted), Number(f"{r.share:.1%}", r.share),
             Number(f"{r.bytes_allocated:,}", r.bytes_allocated), Number(figure_text(r.flops), nominal(r.flops)),
             Code(r.text)] for r in self.by_line]
        rows.append(["all", "", *_times(self.seconds, self.predicted), "", Number(f"{self.bytes_allocated:,}"), "", ""])
        head = ("line", "", "measured", "predicted", "ratio", "share", "bytes allocated", "flops", "")
        table = table_html(head, rows, "measured and predicted time by line", last=(len(rows) - 1,))
        ratio = "" if math.isnan(self.predicted) else f"predicted: {time_text(self.predicted)}"
        return (f'<div class="wb-view">{cost_styles()}<div class="wb-head">'
                f'<span class="wb-nabla">∇</span> <span class="wb-title">{escape(self.name)}</span> '
                f'<span class="wb-value">{escape(time_text(self.seconds))}</span><span>{escape(ratio)}</span></div>'
                '<div class="wb-legend"><span><i class="wb-second"></i>measured</span>'
                f'<span><i class="wb-first"></i>predicted</span></div>{table}</div>')


def _times(seconds: float, predicted: float) -> tuple[Number, Number, Number]:
    """What was measured, what was predicted, and the one over the other."""
    ratio = seconds / predicted if predicted else math.nan
    return (Number(time_text(seconds), seconds), Number(time_text(predicted), predicted),
            Number(multiple_text(ratio), ratio))


def line_text(filename: str, line: int) -> str:
    """The user's line, without its indentation."""
    return linecache.getline(filename, line).strip() if line else ""
