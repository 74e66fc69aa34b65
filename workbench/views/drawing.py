"""Small static drawings of gradients: bars for a vector, a heat map for a matrix. SVG that needs no script."""

from __future__ import annotations

from html import escape

POSITIVE = "#3f8ae0"
NEGATIVE = "#e8743b"


def scale_of(samples: tuple[tuple[float, ...], ...]) -> float:
    return max((abs(x) for row in samples for x in row), default=0.0) or 1.0


def tile(x: float, y: float, width: float, height: float, value: float, opacity: float = 1.0) -> str:
    colour = POSITIVE if value >= 0 else NEGATIVE
    fade = f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
    return f'<rect x="{x:g}" y="{y:.2f}" width="{width:g}" height="{height:.2f}" fill="{colour}"{fade}/>'


def bars(samples: tuple[float, ...], label: str) -> str:
    """A bar for each entry, up for positive and down for negative."""
    step, height = (6, 36) if len(samples) <= 32 else (3, 36)
    middle, scale = height / 2, scale_of((samples,))
    shapes = []
    for index, value in enumerate(samples):
        size = abs(value) / scale * (middle - 1)
        shapes.append(tile(index * step, middle - size if value >= 0 else middle, step - 1, max(size, 0.5), value))
    width = max(len(samples) * step, step)
    axis = f'<line x1="0" x2="{width}" y1="{middle}" y2="{middle}" stroke="#8a93a0" stroke-width="0.5"/>'
    return frame(width, height, label, axis + "".join(shapes))


def heat_map(samples: tuple[tuple[float, ...], ...], label: str) -> str:
    """A tile for each entry: colour for the sign, strength for the magnitude."""
    rows, columns = len(samples), len(samples[0])
    side = max(3, min(12, 144 // max(rows, columns)))
    scale = scale_of(samples)
    shapes = [
        tile(j * side, i * side, side - 0.5, side - 0.5, value, min(0.08 + 0.92 * abs(value) / scale, 1.0))
        for i, row in enumerate(samples)
        for j, value in enumerate(row)
    ]
    return frame(columns * side, rows * side, label, "".join(shapes))


def frame(width: float, height: float, label: str, content: str) -> str:
    return (
        f'<svg class="wb-drawing" role="img" aria-label="{escape(label)}" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" xmlns="http://www.w3.org/2000/svg">{content}</svg>'
    )


def drawing(samples: tuple[tuple[float, ...], ...], path: str) -> str:
    """The drawing that fits the shape; nothing for fewer than two entries."""
    if not samples or len(samples) * len(samples[0]) < 2:
        return ""
    if len(samples) == 1:
        return bars(samples[0], f"gradient with respect to {path}, one bar for each entry")
    return heat_map(samples, f"gradient with respect to {path}, one tile for each entry")
