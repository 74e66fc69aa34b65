"""The roofline of a program: what each line does a second, beside what the machine could do at most.

A line of the source that does w operations on b bytes in t seconds is a dot at intensity w / b and rate w / t. No rate
is above the peak of arithmetic, nor above intensity times the bandwidth of where the bytes come from.

Source: Williams, Waterman & Patterson, "Roofline", *Comm. ACM* 52(4), 2009.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import Any, ClassVar

from workbench.cost.gpu import Gpu
from workbench.cost.machine import Machine
from workbench.records import dataclass
from workbench.views.cost_style import cost_styles
from workbench.views.figure import Axis, axis_svg
from workbench.views.numbers import columns, short_text
from workbench.views.report_at import At
from workbench.views.shown import Shown
from workbench.views.table import Bars, Code, Number, table_html
from workbench.views.timeline import picture, sizes_text, themed

WIDTH, HEIGHT = 680, 340
#: Where bytes come from, and how many of them are worked on there.
PLACES = (("nearest cache", 1 << 14), ("farther cache", 1 << 22), ("memory", 1 << 26))


@dataclass(frozen=True)
class Roof:
    """A limit. name: what limits; value: flops a second of arithmetic, or bytes a second of a place."""

    name: str
    value: float
    is_bandwidth: bool


@dataclass(frozen=True)
class Dot:
    """A line of the source (0: the whole program). intensity: flops for each byte that is read or written, infinite
    where no array is touched; rate: flops a second; share: of the time of all lines."""

    line: int
    text: str
    intensity: float
    rate: float
    share: float

    @property
    def is_drawn(self) -> bool:
        """Whether it has a place on logarithmic axes."""
        return all(math.isfinite(v) and v > 0 for v in (self.intensity, self.rate))


@dataclass(frozen=True)
class Roofline(Shown):
    """Lines as dots under the roofs of a machine. whole: the program as one dot; calibrated: whether the machine was
    measured here; gpu: which one it is, if it is one. `.svg` is the picture, `as_dict()` the data; `print` gives a
    table, a notebook shows both."""

    name: str
    sizes: Mapping[str, float]
    roofs: tuple[Roof, ...]
    dots: tuple[Dot, ...]
    whole: Dot
    calibrated: bool
    gpu: str = ""

    kind: ClassVar[str] = "roofline"

    def bound(self, dot: Dot) -> float:
        """Flops a second that a dot could reach where its bytes come from the nearest cache."""
        peak = max(roof.value for roof in self.roofs if not roof.is_bandwidth)
        near = max(roof.value for roof in self.roofs if roof.is_bandwidth)
        return min(peak, dot.intensity * near) if dot.intensity > 0 else 0.0

    def as_dict(self) -> dict[str, Any]:
        def plain(dot: Dot) -> dict[str, Any]:
            return {
                "line": dot.line,
                "text": dot.text,
                "share": dot.share,
                **{
                    name: value if math.isfinite(value) else None
                    for name, value in (("intensity", dot.intensity), ("rate", dot.rate))
                },
            }

        return {
            "name": self.name,
            "sizes": dict(self.sizes),
            "calibrated": self.calibrated,
            "roofs": [{"name": r.name, "value": r.value, "bandwidth": r.is_bandwidth} for r in self.roofs],
            "dots": [plain(dot) for dot in self.dots],
            "whole": plain(self.whole),
        }

    def _rows(self) -> list[tuple[str, str, str, str, str]]:
        return [
            (
                str(dot.line) if dot is not self.whole else "all",
                _ratio(dot.intensity),
                _rate(dot.rate),
                f"{dot.share:.0%}",
                dot.text,
            )
            for dot in (*self.dots, self.whole)
        ]

    def text(self) -> str:
        roofs = [f"{r.name}: {short_text(r.value)}{'B/s' if r.is_bandwidth else 'flop/s'}" for r in self.roofs]
        return "\n".join(
            [
                f"roofline of {self.name}{sizes_text(self.sizes)}",
                *roofs,
                "",
                *columns([("line", "flops a byte", "rate", "of the time", ""), *self._rows()], left=(4,)),
            ]
        )

    __str__ = text
    __repr__ = text

    @property
    def svg(self) -> str:
        """The picture, in the colours of the page around it."""
        drawn = [dot for dot in (*self.dots, self.whole) if dot.is_drawn]
        peak = max(roof.value for roof in self.roofs if not roof.is_bandwidth)
        slow = min(roof.value for roof in self.roofs if roof.is_bandwidth)
        left = min([0.02, *(d.intensity / 2 for d in drawn)])
        right = max([20.0, 2 * peak / slow, *(d.intensity * 2 for d in drawn)])
        bottom = min([slow * left, *(d.rate / 2 for d in drawn)])
        x = Axis(
            70.0, WIDTH - 14.0, math.log10(left), math.log10(right), True, (), "flops for each byte read or written"
        )
        y = Rates(HEIGHT - 46.0, 12.0, math.log10(bottom), math.log10(peak * 3), True, (), "flops a second")
        parts = [themed(axis_svg(x, y)), *(_roof_svg(roof, x, y, peak, left, right) for roof in self.roofs)]
        for dot in drawn:
            parts.append(_dot_svg(dot, x, y, dot is self.whole))
        return picture(
            WIDTH, HEIGHT, f"roofline of {self.name}: {len(self.dots)} lines under the roofs of the machine", parts
        )

    def html(self) -> str:
        return (
            f'<div class="wb-view">{cost_styles()}<div class="wb-head"><span class="wb-nabla">∇</span> '
            f'<span class="wb-title">roofline of {escape(self.name)}</span> '
            f'<span class="wb-dim">{escape(sizes_text(self.sizes))}</span></div>{self.part()}</div>'
        )

    def part(self) -> str:
        """The picture and the table of its dots, without a frame."""
        rows = []
        for dot, (line, intensity, rate, share, _) in zip((*self.dots, self.whole), self._rows(), strict=True):
            bound = self.bound(dot)
            rows.append(
                (
                    line,
                    Number(intensity, dot.intensity),
                    Number(rate, dot.rate),
                    Number(f"{dot.rate / bound:.0%}" if bound else "–", dot.rate / bound if bound else math.nan),
                    Bars((("time", dot.share),), share, dot.share),
                    Code(dot.text),
                )
            )
        machine = "the machine as measured" if self.calibrated else "a default machine: wb.calibrate() measures yours"
        if self.gpu:
            machine = f"published figures of {self.gpu}: predicted, never measured"
        table = table_html(
            ("line", "flops a byte", "rate", "of the roof", "of the time", ""),
            rows,
            "lines as dots",
            last=(len(rows) - 1,),
        )
        return (
            f'<div class="wb-chart" data-chart="roofline">{self.svg}</div>{table}'
            f'<div class="wb-notes">{escape(machine)}</div>'
        )


@dataclass(frozen=True)
class Rates(Axis):
    """An axis of rates, powers of ten written with a prefix."""

    def ticks(self) -> list[tuple[float, str]]:
        first, last = math.ceil(self.low), math.floor(self.high)
        every = max(1, (last - first) // 7)
        return [(self.place(10.0**k), short_text(10.0**k)) for k in range(first, last + 1, every)]


def roofline_of(name: str, numbers: At, machine: Machine | Gpu) -> Roofline:
    """The lines of a report at given sizes under the roofs of a machine."""
    total = math.fsum(line.time for line in numbers.lines) or math.nan
    dots = tuple(
        _dot(line.line, line.text, line.flops, line.bytes, line.time, line.time / total)
        for line in numbers.lines
        if line.flops > 0
    )
    moved = numbers.totals["bytes_read"] + numbers.totals["bytes_written"]
    whole = _dot(0, "", numbers.totals["flops"], moved, total, 1.0)
    if isinstance(machine, Gpu):
        return Roofline(name, numbers.sizes, roofs_of_gpu(machine), dots, whole, False, str(machine))
    return Roofline(name, numbers.sizes, roofs(machine), dots, whole, machine.calibrated)


def roofs_of_gpu(gpu: Gpu) -> tuple[Roof, ...]:
    """What a GPU does at most: multiplications with additions by their kind, and bytes a second of L2 and of memory."""
    return (Roof("float32", gpu.peak("f32"), False), Roof("float64", gpu.peak("f64"), False),
            Roof("L2", gpu.cache_bandwidth, True), Roof("memory", gpu.bandwidth, True))


def roofs(machine: Machine) -> tuple[Roof, ...]:
    """What a machine does at most: additions and multiplications in vectors, matrix products, numbers one by one; and
    bytes a second by where they are."""

    def together(form: str) -> float:
        add, multiply = machine.rate(form, "f64", "add"), machine.rate(form, "f64", "mul")
        return 2e9 / max(add, multiply, (add + multiply) * 2 / 3)  # (of three units each takes two)

    arithmetic = [
        Roof("vectors", together("along"), False),
        Roof("one by one", together("alone"), False),
        Roof("matrix products", 2e9 / min(ns for _, ns in machine.tables["gemm"]), False),
    ]
    bandwidths: list[Roof] = []
    for name, size in PLACES:
        value = 1e9 / float(machine.at("read", size))
        if not bandwidths or value < bandwidths[-1].value / 1.5:  # (others would be one line with the one above)
            bandwidths.append(Roof(name, value, True))
    return (*arithmetic, *bandwidths)


def _dot(line: int, text: str, flops: float, moved: float, time: float, share: float) -> Dot:
    return Dot(
        line,
        text,
        flops / moved if moved else math.inf,
        flops / time if time else math.nan,
        share if math.isfinite(share) else 0.0,
    )


def _ratio(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "no bytes"


def _rate(value: float) -> str:
    return f"{short_text(value)}flop/s" if math.isfinite(value) else "–"


def _roof_svg(roof: Roof, x: Axis, y: Axis, peak: float, left: float, right: float) -> str:
    """A level line for arithmetic; for bandwidth a slope up to the highest peak; its name along it."""
    stroke = 'stroke="currentColor" stroke-opacity="0.6" stroke-width="1.4"'
    if not roof.is_bandwidth:
        level = y.place(roof.value)
        label = f"{roof.name}, {short_text(roof.value)}flop/s"
        return (
            f'<line x1="{x.start:.1f}" x2="{x.stop:.1f}" y1="{level:.1f}" y2="{level:.1f}" {stroke} '
            f'stroke-dasharray="6 4"/><text x="{x.stop - 6:.1f}" y="{level - 5:.1f}" text-anchor="end" '
            f'font-size="11">{escape(label)}</text>'
        )
    low = max(left, 10**y.low / roof.value)
    high = min(right, peak / roof.value)
    ends = [(x.place(i), y.place(i * roof.value)) for i in (low, high)]
    (a, b), (c, d) = ends
    turn = math.degrees(math.atan2(d - b, c - a))
    at = a + 0.12 * (c - a), b + 0.12 * (d - b) - 5
    label = f"{roof.name}, {short_text(roof.value)}B/s"
    return (
        f'<line x1="{a:.1f}" y1="{b:.1f}" x2="{c:.1f}" y2="{d:.1f}" {stroke}/><text font-size="11" '
        f'transform="translate({at[0]:.1f},{at[1]:.1f}) rotate({turn:.1f})">{escape(label)}</text>'
    )


def _dot_svg(dot: Dot, x: Axis, y: Axis, is_whole: bool) -> str:
    a, b = x.place(dot.intensity), y.place(dot.rate)
    title = escape(f"line {dot.line}: {dot.text}" if not is_whole else "all lines")
    facts = escape(f"{_ratio(dot.intensity)} flops a byte, {_rate(dot.rate)}, {dot.share:.0%} of the time")
    if is_whole:
        return (
            f'<path d="M{a:.1f} {b - 7:.1f}l7 7l-7 7l-7 -7z" fill="none" stroke="#4c8dea" stroke-width="2">'
            f"<title>{title}\n{facts}</title></path>"
        )
    size = 4 + 6 * math.sqrt(max(dot.share, 0.0))
    return (
        f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{size:.1f}" fill="#e8743b" fill-opacity="0.85"><title>{title}\n'
        f'{facts}</title></circle><text x="{a + size + 3:.1f}" y="{b + 4:.1f}" font-weight="600">{dot.line}</text>'
    )
