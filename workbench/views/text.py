"""A view as plain text: what a terminal shows, and what tests compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workbench.views.kept import kept_lines
from workbench.views.model import CodeView, GradientView, LeafView, NoteView

NARROW = 60


def leaf_lines(leaf: LeafView, width: int) -> list[str]:
    """A leaf on one line where it fits, else its numbers below its name."""
    head = f"  ∂/∂{leaf.path:<{width}}  {leaf.kind}".rstrip()
    norm = "" if leaf.norm is None else f"  ‖·‖ = {leaf.norm:.6g}"
    if "\n" not in leaf.text and len(leaf.text) <= NARROW:
        return [f"{head}  {leaf.text}{norm}"]
    return [head + norm, *("      " + line for line in leaf.text.split("\n"))]


def code_lines(code: CodeView, marks: Mapping[int, str] | None = None,
               notes: Iterable[NoteView] = ()) -> list[str]:
    """A program with line numbers; an adjoint's lines carry the user's line that they stand for. marks: signs beside
    lines, by number; notes: what is said below lines."""
    matched = any(line.of is not None for line in code.lines)
    lines = [f"── {code.title}" + (f", {code.at}" if code.at else "")]
    previous = None
    for line in code.lines:
        mark = ""
        if matched:
            mark = f"{line.of:>5} │ " if line.of is not None and line.of != previous else "      │ "
            previous = line.of
        sign = (marks or {}).get(line.number, "│")
        lines.append(f"{mark or f'{line.number:>5} {sign} '}{line.text}".rstrip())
        lines += [f"      ╰ {note.text}" for note in notes if note.line == line.number and not note.file]
    return lines


def render_text(view: GradientView, programs: bool = True) -> str:
    """The whole view; without `programs` only the numbers."""
    lines = [view.title if view.value is None else f"{view.title} = {view.value}"]
    width = max((len(leaf.path) for leaf in view.gradients), default=0)
    for leaf in view.gradients:
        lines += leaf_lines(leaf, width)
    for check in view.checks:
        lines.append(f"  {'✓' if check.passed else '✗'} {check.name}: {check.digits:.1f} digits agree ({check.detail})")
    if view.hint:
        lines.append(f"  {view.hint}")
    lines += [f"  {note.alone}" for note in view.notes if not (programs and note.is_at(view.source))]
    if programs:
        if view.source is not None:
            marks = {k.line: k.mark for k in reversed(view.kept) if k.line is not None and not k.file}
            lines += ["", *code_lines(view.source, marks, view.notes)]
        if view.adjoint is not None:
            lines += ["", *code_lines(view.adjoint)]
        if view.kept:
            lines += ["", *kept_lines(view.kept)]
        if view.operations:
            counts = ", ".join(f"{o.name} {o.count} ({o.in_loops})" for o in view.operations)
            lines += ["", f"operations of the adjoint (of them in loops): {counts}"]
    lines += [f"  (not shown: {reason})" for reason in view.missing]
    return "\n".join(lines)
