"""The programs of a gradient's view as static HTML: source and adjoint side by side, the primal IR closed below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from workbench.views.highlight import highlighted
from workbench.views.kept import KeptView
from workbench.views.model import CodeView, GradientView, NoteView
from workbench.views.style import HUES

#: So many lines of IR are saved with a view; where it has more, the rest is left to the live view.
IR_LINES = 600


def code_html(code: CodeView, hues: dict[int, int], matches_by_number: bool, name: str = "",
              marks: Mapping[int, Sequence[KeptView]] | None = None, notes: Iterable[NoteView] = ()) -> str:
    """One program; a row's classes tie it to the rows of the other that stand for the same user's line. name: of the
    program's own class; marks: what is kept of what a line makes; notes: what is said below lines."""
    rows = []
    previous: int | None = None
    below: dict[int | None, list[str]] = {}
    for note in notes:
        below.setdefault(None if note.file else note.line, []).append(note.text)
    texts = [line.text for line in code.lines]
    for line, text in zip(code.lines, map(escape, texts) if name == "ir" else highlighted(texts), strict=True):
        of = line.number if matches_by_number else line.of
        classes = f" wb-h{hues[of]} wb-l{of}" if of is not None and of in hues else ""
        label = str(of or "") if of != previous or matches_by_number else ""
        previous = of
        indent = len(line.text) - len(line.text.lstrip())
        style = f' style="--in:{indent}"' if indent else ""
        program = f'<span class="wb-line"{style}>{text}\n</span>'
        where = f' title="{escape(line.where)}"' if line.where else ""
        kept = _mark((marks or {}).get(line.number, ()))
        rows.append(f'<span class="wb-row{classes}"{where}><span class="wb-no">{kept}{label} </span>{program}</span>')
        rows += [f'<span class="wb-note">{escape(text)}</span>' for text in below.get(line.number, ())]
    at = f" <span>{escape(code.at)}</span>" if code.at else ""
    own = f" wb-{name}" if name else ""
    return (
        f'<div class="wb-program{own}"><div class="wb-caption">{escape(code.title)}{at}</div>'
        f'<pre class="wb-code">{"".join(rows)}</pre></div>'
    )


def _mark(kept: Sequence[KeptView]) -> str:
    if not kept:
        return ""
    title = escape("\n".join(k.title for k in kept))
    return f'<span class="wb-mark" title="{title}">{kept[0].mark}</span>'


def marks_of(view: GradientView) -> dict[int, list[KeptView]]:
    """What is kept, by the line of the source that makes it: first what is stored, then what stays alive."""
    found: dict[int, list[KeptView]] = {}
    for kept in sorted(view.kept, key=lambda k: k.how == "there"):
        if kept.line is not None and not kept.file:
            found.setdefault(kept.line, []).append(kept)
    return found


def hues_of(view: GradientView) -> dict[int, int]:
    """A hue for each user's line that the adjoint has lines for, in the order of the source."""
    if view.adjoint is None:
        return {}
    shown = {line.number for line in view.source.lines} if view.source else None
    matched = {line.of for line in view.adjoint.lines if line.of is not None}
    return {of: i % HUES for i, of in enumerate(sorted(matched if shown is None else matched & shown))}


def programs_html(view: GradientView, hues: dict[int, int]) -> str:
    """Source and adjoint, then the IR."""
    codes = []
    if view.source is not None:
        codes.append(code_html(view.source, hues, True, "source", marks_of(view), view.notes))
    if view.adjoint is not None:
        codes.append(code_html(view.adjoint, hues, False, "adjoint"))
    if not codes:
        return ""
    title = "Source and adjoint, lines of one colour belong together" if len(codes) == 2 else "Source"
    both = f'<summary>{title}</summary><div class="wb-programs">{"".join(codes)}</div>'
    return f'<details class="wb-both" open="">{both}</details>{ir_html(view, hues)}'


def ir_html(view: GradientView, hues: dict[int, int]) -> str:
    """The primal IR, closed."""
    if view.ir is None:
        return ""
    lines = view.ir.lines
    marks = {kept.ir: [kept] for kept in view.kept if kept.ir is not None}
    shown = CodeView(view.ir.title, view.ir.at, lines[:IR_LINES])
    more = f'<div class="wb-missing">{len(lines) - IR_LINES} more lines</div>' if len(lines) > IR_LINES else ""
    return (f'<details class="wb-irs"><summary>Primal IR: {len(lines)} lines</summary>'
            f'<div class="wb-programs">{code_html(shown, hues, False, "ir", marks)}</div>{more}</details>')
