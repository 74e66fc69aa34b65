"""From a derivative and its results to the data of a view.

Every part is made on its own; one that fails is left out and named in `missing`, the rest is shown.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from workbench.frontend import named_leaves, span_of
from workbench.ir import Block, DifferentiationError, Function, printed
from workbench.views.kept import KeptView
from workbench.views.model import (
    CheckView,
    CodeView,
    GradientView,
    LeafView,
    LineView,
    NoteView,
    OperationView,
)

T = TypeVar("T")

#: A comment of its own that names the user's line, `# 7: y = x * x`; with the file where it is another.
ORIGIN = re.compile(r"(?P<before>\s*# )(?:(?P<file>\S+?):)?(?P<line>\d+): ")
MOST_SAMPLES = 96
MOST_ROWS = 32


def number_text(value: Any) -> str:
    """A scalar as a person reads it: six significant digits."""
    return f"{value:.6g}" if isinstance(value, float | complex | np.inexact) else repr(value)


def coarsened(values: np.ndarray, most: int, axis: int) -> np.ndarray:
    """At most `most` entries along an axis, each the entry of largest magnitude of its block."""
    size = values.shape[axis]
    if size <= most:
        return values
    edges = np.linspace(0, size, most + 1).astype(int)
    blocks = [np.take(values, range(a, b), axis) for a, b in itertools.pairwise(edges)]
    return np.stack(
        [np.where(b.max(axis) >= -b.min(axis), b.max(axis), b.min(axis)) for b in blocks],
        axis,
    )


def leaf_view(path: str, leaf: Any) -> LeafView:
    """What is shown of one leaf: scalars as numbers, arrays with their kind, norm and a coarse picture."""
    if leaf is None:
        return LeafView(path, "", "no derivative: not a real or complex number", None)
    if not isinstance(leaf, np.ndarray) or leaf.ndim == 0:
        kind = leaf.dtype.name if isinstance(leaf, np.generic | np.ndarray) else type(leaf).__name__
        return LeafView(path, kind, number_text(leaf[()] if isinstance(leaf, np.ndarray) else leaf), None)
    kind = f"{leaf.dtype.name}[{', '.join(map(str, leaf.shape))}]"
    with np.printoptions(precision=4, suppress=False, threshold=12, edgeitems=3, linewidth=88):
        text = str(leaf)
    samples: tuple[tuple[float, ...], ...] = ()
    if leaf.size and leaf.ndim <= 2 and not np.iscomplexobj(leaf) and bool(np.isfinite(leaf).all()):
        rows = np.atleast_2d(leaf.astype(np.float64))
        rows = coarsened(coarsened(rows, MOST_SAMPLES if leaf.ndim == 1 else MOST_ROWS, 1), MOST_ROWS, 0)
        samples = tuple(tuple(float(x) for x in row) for row in rows)
    norm = float(np.linalg.norm(leaf.ravel()))
    return LeafView(path, kind, text, norm, samples)


def code_view(title: str, at: str, text: str, first: int) -> CodeView:
    """A program line by line."""
    lines = text.rstrip("\n").split("\n")
    return CodeView(title, at, tuple(LineView(first + i, line) for i, line in enumerate(lines)))


def adjoint_view(adjoint: str, places: Mapping[str, str]) -> CodeView:
    """The emitted program; each line belongs to the user's line of the comment above it.

    It begins below its imports. `places` gives the names that people know for files; a line of another file than the
    shown one matches nothing.
    """
    lines: list[LineView] = []
    current: int | None = None
    begun = False
    for number, text in enumerate(adjoint.rstrip("\n").split("\n"), 1):
        begun = begun or not (text == "" or text.startswith(("import ", "from ")))
        if not begun:
            continue
        found = ORIGIN.match(text)
        if found:
            current = None if found["file"] else int(found["line"])
            if found["file"] in places:
                text = f"{found['before']}{places[found['file']]}:{text[found.end('file') + 1 :]}"
        lines.append(LineView(number, text, current))
    return CodeView("adjoint", "", tuple(lines))


def ir_view(program: Function, places: Mapping[str, str]) -> CodeView:
    """The program that is differentiated; each line belongs to the user's line of its operation."""
    own = program.span.filename if program.span is not None else None
    lines: list[LineView] = []
    for number, line in enumerate(printed(program), 1):
        span = line.span
        if span is None or span.filename == own:
            lines.append(LineView(number, line.text, span.line if span is not None else None))
        else:
            name = re.split(r"[/\\]", span.filename)[-1]
            lines.append(LineView(number, line.text, None, f"{places.get(name, name)}:{span.line}"))
    return CodeView("primal IR", "", tuple(lines))


def note_view(refusal: DifferentiationError, own: str, places: Mapping[str, str]) -> NoteView:
    """Why there is no adjoint; `own` is the shown file."""
    span, text = refusal.span, refusal.reason + (f" ({refusal.hint})" if refusal.hint else "")
    if span is None:
        return NoteView(None, "", text)
    name = re.split(r"[/\\]", span.filename)[-1]
    return NoteView(span.line, "" if span.filename == own else places.get(name, name), text)


def operation_views(program: Function) -> tuple[OperationView, ...]:
    """The table of a program's operations, most frequent first, ties by name."""
    everywhere: Counter[str] = Counter()
    in_loops: Counter[str] = Counter()

    def count(block: Block, looped: bool) -> None:
        for op in block.ops:
            everywhere[op.prim] += 1
            in_loops[op.prim] += looped
            for region in op.regions:
                count(region, looped or op.prim in ("for", "while"))

    count(program.block, False)
    ordered = sorted(everywhere.items(), key=lambda item: (-item[1], item[0]))
    return tuple(OperationView(name, number, in_loops[name]) for name, number in ordered)


def gradient_view(
    title: str,
    value: Any = None,
    gradients: Iterable[tuple[str, Any]] = (),
    derivative: Any = None,
    source: Callable[[], tuple[str, int]] | None = None,
    place: str = "",
    checks: tuple[CheckView, ...] = (),
    hint: str = "",
    places: Mapping[str, str] | None = None,
    refusal: DifferentiationError | None = None,
) -> GradientView:
    """Make each part of the view.

    `source` gives the user's text and its first line number, `place` says where it stands; `places` are people's
    names for the files that the adjoint's comments name; `refusal` is why there is no adjoint (a derivative that ran on
    the tape knows it).
    """
    missing: list[str] = []
    names = places or {}
    span = span_of(derivative) if derivative is not None else None
    own = span.filename if span is not None else ""
    if refusal is not None:
        derivative = None
    refusal = refusal or getattr(derivative, "refusal", None)
    if getattr(derivative, "is_recorded", False):
        missing.append("an adjoint program: this runs on the tape, operation by operation (see wb.tape)")
        derivative = None

    def part(name: str, make: Callable[[], T], otherwise: T) -> T:
        try:
            return make()
        except Exception as error:
            missing.append(f"{name}: {type(error).__name__}: {error}")
            return otherwise

    def adjoint_part() -> CodeView | None:
        return None if derivative is None else adjoint_view(derivative.source, names)

    def ir_part() -> CodeView | None:
        primal = getattr(derivative, "primal", None)
        return None if primal is None else ir_view(primal, names)

    def kept_part() -> tuple[KeptView, ...]:
        return tuple(replace(k, file=names.get(k.file, k.file)) for k in getattr(derivative, "kept", ()))

    def source_part() -> CodeView | None:
        if source is None:
            return None
        text, first = source()
        return code_view("your source", place, text, first)

    def gradients_part() -> tuple[LeafView, ...]:
        return tuple(leaf_view(path, leaf) for name, tree in gradients for path, leaf in named_leaves(name, tree))

    def operations_part() -> tuple[OperationView, ...]:
        return () if derivative is None else operation_views(derivative.ir)

    return GradientView(
        title=title,
        value=part("value", lambda: None if value is None else number_text(value), None),
        gradients=part("gradient", gradients_part, ()),
        source=part("source", source_part, None),
        ir=part("primal IR", ir_part, None),
        adjoint=part("adjoint", adjoint_part, None),
        kept=part("what is kept", kept_part, ()),
        notes=() if refusal is None else (note_view(refusal, own, names),),
        operations=part("operations", operations_part, ()),
        checks=checks,
        hint=hint,
        missing=tuple(missing),
    )
