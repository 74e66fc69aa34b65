"""The memory of a program over its course, at given sizes: bytes alive moment by moment, and what is alive at the peak.

Invariant: moments stand in the order of the program's text, one for each array that is made or given back; a moment in
a loop is the one of its turns in which the most is alive.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, ClassVar

from workbench.cost.evaluation import evaluate
from workbench.cost.formula import Formula
from workbench.cost.memory import Memory
from workbench.records import dataclass
from workbench.views.cost_style import cost_styles
from workbench.views.figure import FAINT, FRAME, INK, Axis, axis_svg
from workbench.views.numbers import bytes_text, columns, figure_text
from workbench.views.shown import Shown
from workbench.views.table import Number, table_html

WIDTH, HEIGHT = 680, 250
MOST_NAMED = 40  # arrays that are listed at one moment


@dataclass(frozen=True)
class HeldAt:
    """An array that is alive: the variable that it was made for, the user's line (0: none), its role ("argument",
    "result", "residual", "cotangent", "scratch") and bytes."""

    name: str
    line: int
    role: str
    bytes: float


@dataclass(frozen=True)
class Instant:
    """A moment: the user's line, bytes alive beyond the arguments, and whether an array was made (or given back)."""

    line: int
    bytes: float
    made: bool


@dataclass(frozen=True)
class Timeline(Shown):
    """The course of a program's memory; `bytes` at the peak, which is the moment `peak` of `instants`; `held`: what is
    alive then. `.svg` is the picture, `as_dict()` the data; `print` gives a table, a notebook shows both."""

    name: str
    sizes: Mapping[str, float]
    instants: tuple[Instant, ...]
    peak: int
    held: tuple[HeldAt, ...]

    kind: ClassVar[str] = "timeline"

    @property
    def bytes(self) -> float:
        """The most bytes that are alive at a time, beyond the arguments."""
        return self.instants[self.peak].bytes if self.instants else 0.0

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "sizes": dict(self.sizes),
            "bytes": self.bytes,
            "peak": self.peak,
            "instants": [[i.line, i.bytes, i.made] for i in self.instants],
            "held": [{"name": h.name, "line": h.line, "role": h.role, "bytes": h.bytes} for h in self.held],
        }

    def text(self) -> str:
        rows = [("", "made for", "role", "bytes")]
        rows += [(f"line {h.line}" if h.line else "–", h.name, h.role, figure_text(h.bytes)) for h in self.held]
        where = f" at line {self.instants[self.peak].line}" if self.instants else ""
        return "\n".join(
            [
                f"memory of {self.name}{sizes_text(self.sizes)}: {bytes_text(self.bytes)} at most{where}",
                *(columns(rows, left=(0, 1, 2)) if self.held else []),
            ]
        )

    __str__ = text
    __repr__ = text

    @property
    def svg(self) -> str:
        """The picture: bytes alive at each moment, the peak marked; the colours of the page around it."""
        x, y = self._axes()
        place = [(x.place(k), y.place(i.bytes)) for k, i in enumerate(self.instants)]
        step = (x.stop - x.start) / max(len(self.instants), 1)
        path = "".join(
            f"{'M' if not k else 'L'}{a - step / 2:.1f},{b:.1f}H{a + step / 2:.1f}" for k, (a, b) in enumerate(place)
        )
        parts = [themed(axis_svg(x, y))]
        if place:
            base = y.place(0.0)
            parts.append(
                f'<path d="{path}V{base:.1f}H{x.start:.1f}Z" fill="#4c8dea" fill-opacity="0.22"/>'
                f'<path d="{path}" fill="none" stroke="#4c8dea" stroke-width="2"/>'
            )
            (a, b), line = place[self.peak], self.instants[self.peak].line
            anchor = "end" if a > WIDTH * 0.6 else "start"
            label = f"{bytes_text(self.bytes)}, line {line}" if line else bytes_text(self.bytes)
            parts.append(
                f'<circle cx="{a:.1f}" cy="{b:.1f}" r="4.5" fill="#e8743b"/><text x="{a:.1f}" y="{b - 9:.1f}" '
                f'text-anchor="{anchor}" font-weight="600">{escape(label)}</text>'
            )
        return picture(WIDTH, HEIGHT, f"memory of {self.name} over its course, {bytes_text(self.bytes)} at most", parts)

    def _axes(self) -> tuple[Axis, Axis]:
        """One place for each moment, named by its line; bytes from 0 on, with room above the peak for its label."""
        count = max(len(self.instants), 1)
        lines = tuple(str(i.line or "–") for i in self.instants)
        x = Moments(
            64.0, WIDTH - 14.0, -0.5, count - 0.5, False, (), "line of the source, in the program's order", lines
        )
        return x, Bytes(HEIGHT - 46.0, 14.0, 0.0, (self.bytes or 1.0) * 1.2, False, (), "bytes alive")

    def html(self) -> str:
        return (
            f'<div class="wb-view">{cost_styles()}<div class="wb-head"><span class="wb-nabla">∇</span> '
            f'<span class="wb-title">memory of {escape(self.name)}</span> '
            f'<span class="wb-value">{escape(bytes_text(self.bytes))}</span>'
            f'<span class="wb-dim">{escape(sizes_text(self.sizes))}</span></div>{self.part()}</div>'
        )

    def part(self) -> str:
        """The picture and the table of what is alive at the peak, without a frame."""
        rows = [
            (h.name, str(h.line or "–"), h.role, Number(figure_text(h.bytes), h.bytes)) for h in self.held[:MOST_NAMED]
        ]
        table = table_html(("alive at the peak", "line", "role", "bytes"), rows, "alive at the peak") if rows else ""
        more = (
            f'<div class="wb-notes">and {len(self.held) - MOST_NAMED} more</div>' if len(self.held) > MOST_NAMED else ""
        )
        return f'<div class="wb-chart" data-chart="timeline">{self.svg}</div><div class="wb-held">{table}{more}</div>'


@dataclass(frozen=True)
class Moments(Axis):
    """An axis of moments; so many are named as there is room for."""

    lines: tuple[str, ...] = ()

    def ticks(self) -> list[tuple[float, str]]:
        every = -(-len(self.lines) // 24) or 1
        return [(self.place(k), text) for k, text in enumerate(self.lines) if k % every == 0]


class Bytes(Axis):
    """An axis of bytes, written with a unit."""

    def ticks(self) -> list[tuple[float, str]]:
        return [
            (place, bytes_text(self.low + (place - self.start) / (self.stop - self.start) * (self.high - self.low)))
            for place, _ in super().ticks()
        ]


def timeline_of(name: str, memory: Memory, given: Mapping[str, Any], sizes: Mapping[str, Any]) -> Timeline:
    """The course at these sizes. given: what was bound before; sizes: what is shown beside the name."""
    values = {**given, **sizes}
    known: dict[Formula, float] = {}

    def number(formula: Formula) -> float:
        if formula not in known:
            known[formula] = float(evaluate(formula, values))
        return known[formula]

    instants = tuple(Instant(m.line, number(m.live), m.made) for m in memory.moments)
    peak = max((k for k, i in enumerate(instants) if i.made), key=lambda k: instants[k].bytes, default=0)
    held = [HeldAt(h.name, h.line, h.role, number(h.size)) for h in memory.moments[peak].buffers] if instants else []
    if instants and (extra := number(memory.moments[peak].workspace)):
        held.append(HeldAt("workspace", instants[peak].line, "scratch", extra))
    order = sorted((h for h in held if h.bytes), key=lambda h: (h.role == "argument", -h.bytes, h.name))
    return Timeline(name, dict(sizes), instants, peak, tuple(order))


def picture(width: float, height: float, label: str, parts: list[str]) -> str:
    """An SVG in the colours of the page around it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} '
        f'{height:g}" role="img" aria-label="{escape(label)}" font-family="system-ui, sans-serif" font-size="12" '
        f'fill="currentColor">{"".join(parts)}</svg>'
    )


def themed(svg: str) -> str:
    """Axes in the colours of the page around them."""
    return (
        svg.replace(f'fill="{INK}"', 'fill="currentColor"')
        .replace(f'stroke="{FAINT}"', 'stroke="currentColor" stroke-opacity="0.14"')
        .replace(f'stroke="{FRAME}"', 'stroke="currentColor" stroke-opacity="0.35"')
    )


def sizes_text(sizes: Mapping[str, float]) -> str:
    """` at n = 1,000, m = 10`; nothing where nothing was open."""
    return f" at {', '.join(f'{k} = {figure_text(v)}' for k, v in sizes.items())}" if sizes else ""
