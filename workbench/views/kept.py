"""What a reverse sweep keeps, as data, as text and as static HTML: each value with its line, and why it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from workbench.records import dataclass

KEPT, THERE = "●", "○"
#: So many values are told of in full in what is saved; of the others, one line.
TOLD = 12


@dataclass(frozen=True)
class NeedView:
    """A derivative that needs a value: the user's line that it is of, its text, the operand by which it is
    differentiated (empty: all), and the lines of the adjoint that compute it. file: of that line; empty: the
    function's own."""

    line: int | None
    file: str
    text: str
    by: str
    adjoint: tuple[int, ...]
    code: tuple[str, ...]


@dataclass(frozen=True)
class KeptView:
    """A value that waits for the reverse sweep.

    how: "kept" (stored in every turn), "copied" (before it is overwritten) or "there" (an array that stays alive);
    line, file: where it is made, as of `NeedView`; name: of the variable of the adjoint that holds it, where that is
    clear; ir: the line of the primal IR that makes it; formula: its bytes in the dimensions; bytes: for the arguments
    of the call, None where only a run knows; why: the reason of the plan; again: what computing it again would take;
    edits: what would remove it; more: how many needs are not among `needs`."""

    value: str
    how: str
    line: int | None
    file: str
    name: str
    ir: int | None
    formula: str
    bytes: int | None
    why: str
    again: str
    edits: tuple[str, ...]
    needs: tuple[NeedView, ...]
    more: int = 0

    @property
    def mark(self) -> str:
        """The sign beside its line."""
        return THERE if self.how == "there" else KEPT

    @property
    def place(self) -> str:
        """Its line in words."""
        if self.line is None:
            return "no line"
        return f"{self.file}:{self.line}" if self.file else f"line {self.line}"

    @property
    def size(self) -> str:
        """Its bytes in words."""
        if not self.formula:
            return "bytes known at run time only"
        if self.bytes is None:
            return f"{self.formula} bytes"
        return f"{self.bytes:,} bytes" if self.formula == str(self.bytes) else f"{self.formula} = {self.bytes:,} bytes"

    @property
    def title(self) -> str:
        """All in one line."""
        held = {"kept": "kept for the reverse sweep", "copied": "copied for the reverse sweep",
                "there": "stays alive until the reverse sweep"}[self.how]
        return f"{self.value}: {held}, {self.size}"


def sentences(kept: KeptView) -> list[tuple[str, str]]:
    """(heading, text) pairs: why, what needs it, its price, what would remove it."""
    found = [("why", kept.why)]
    for need in kept.needs:
        where = "" if need.line is None else f"line {need.line}" if not need.file else f"{need.file}:{need.line}"
        by = f", for the derivative by {need.by}" if need.by else ""
        code = "; ".join(need.code)
        found.append(("needed by", f"{where or 'the reverse sweep'}{by}{': ' if code else ''}{code}"))
    if kept.more:
        found.append(("needed by", f"{kept.more} more"))
    if kept.again:
        found.append(("to compute it again", kept.again))
    found += [("to remove it", edit) for edit in kept.edits] or [("to remove it", "there is no edit of this line")]
    return found


def total(kept: Sequence[KeptView]) -> str:
    """How much is kept in all, for the arguments of the call."""
    own = [k for k in kept if k.how != "there"]
    if not own:
        return "Nothing is stored for the reverse sweep" + (
            f"; {len(kept)} of the program's arrays stay alive" if kept else "")
    values = "1 value is" if len(own) == 1 else f"{len(own)} values are"
    known = [k.bytes for k in own if k.bytes is not None]
    parts = [f"{sum(known):,} bytes for these arguments"] if known else []
    parts += [k.formula for k in own if k.bytes is None and k.formula][:3] if not known else []
    if len(known) < len(own) and (known or not parts):
        parts.append("as much as only a run knows")
    elif not known:
        parts = [" + ".join(parts) + (" + ..." if len(own) > len(parts) else "") + " bytes"]
    return f"{values} kept for the reverse sweep: {', and '.join(parts)}"


def kept_lines(kept: Sequence[KeptView]) -> list[str]:
    """As text."""
    lines = [f"── {total(kept)}"]
    for number, item in enumerate(kept):
        lines.append(f"  {item.mark} {item.place}: {item.title}")
        lines += [f"      {heading}: {text}" for heading, text in sentences(item) if number < TOLD]
    return lines


def kept_html(kept: Sequence[KeptView]) -> str:
    """As a list that is closed at first."""
    if not kept:
        return ""
    rows = []
    for number, item in enumerate(kept):
        told = "".join(f"<dt>{escape(heading)}</dt><dd>{escape(text)}</dd>" for heading, text in sentences(item)
                       if number < TOLD)
        place = f"{escape(item.file)}:{item.line}" if item.file else escape(item.place)
        rows.append(f'<li><span class="wb-mark">{item.mark}</span> <b>{place}</b> {escape(item.title)}'
                    f'{f"<dl>{told}</dl>" if told else ""}</li>')
    return (f'<details class="wb-kept"><summary>{escape(total(kept))}</summary>'
            f'<ul>{"".join(rows)}</ul></details>')
