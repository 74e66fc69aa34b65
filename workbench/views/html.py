"""A view as static HTML: no script, nothing fetched, readable without its style, and every text escaped."""

from __future__ import annotations

from html import escape

from workbench.views.drawing import drawing
from workbench.views.highlight import highlighted
from workbench.views.model import CheckView, CodeView, GradientView, LeafView, OperationView
from workbench.views.style import HUES, stylesheet

ROWS_OF_A_TABLE = 10


def head(view: GradientView) -> str:
    value = "" if view.value is None else f'<span class="wb-value">= {escape(view.value)}</span>'
    return (
        f'<div class="wb-head"><span class="wb-nabla">∇</span> '
        f'<span class="wb-title">{escape(view.title)}</span> {value}</div>'
    )


def leaf_html(leaf: LeafView) -> str:
    norm = "" if leaf.norm is None else f'<span class="wb-norm">‖·‖ = {leaf.norm:.6g}</span> '
    kind = f'<span class="wb-kind">{escape(leaf.kind)}</span> ' if leaf.kind else ""
    return (
        f'<div class="wb-leaf"><span class="wb-path">∂/∂{escape(leaf.path)}</span> {kind}{norm}'
        f'{drawing(leaf.samples, leaf.path)} <pre class="wb-numbers">{escape(leaf.text)}</pre></div>'
    )


def check_html(check: CheckView) -> str:
    mark, name = ("✓", "wb-pass") if check.passed else ("✗", "wb-fail")
    return (
        f'<div class="{name}"><b>{mark}</b> {escape(check.name)}: <b>{check.digits:.1f} digits</b> agree '
        f'<span class="wb-kind">{escape(check.detail)}</span></div>'
    )


def code_html(code: CodeView, hues: dict[int, int], matches_by_number: bool) -> str:
    """One program; a row's classes tie it to the rows of the other that stand for the same user's line."""
    rows = []
    previous: int | None = None
    for line, text in zip(code.lines, highlighted([line.text for line in code.lines]), strict=True):
        of = line.number if matches_by_number else line.of
        classes = f" wb-h{hues[of]} wb-l{of}" if of is not None and of in hues else ""
        label = "" if of is None or (of == previous and not matches_by_number) else of
        previous = of
        indent = len(line.text) - len(line.text.lstrip())
        program = f'<span class="wb-line" style="--in: {indent}">{text}\n</span>'
        rows.append(f'<span class="wb-row{classes}"><span class="wb-no">{label} </span>{program}</span>')
    at = f" <span>{escape(code.at)}</span>" if code.at else ""
    return (
        f'<div class="wb-program"><div class="wb-caption">{escape(code.title)}{at}</div>'
        f'<pre class="wb-code">{"".join(rows)}</pre></div>'
    )


def hues_of(view: GradientView) -> dict[int, int]:
    """A hue for each user's line that the adjoint has lines for, in the order of the source."""
    if view.adjoint is None:
        return {}
    shown = {line.number for line in view.source.lines} if view.source else None
    matched = {line.of for line in view.adjoint.lines if line.of is not None}
    return {of: i % HUES for i, of in enumerate(sorted(matched if shown is None else matched & shown))}


def programs_html(view: GradientView, hues: dict[int, int]) -> str:
    codes = []
    if view.source is not None:
        codes.append(code_html(view.source, hues, True))
    if view.adjoint is not None:
        codes.append(code_html(view.adjoint, hues, False))
    if not codes:
        return ""
    title = "Source and adjoint, lines of one colour belong together" if len(codes) == 2 else "Source"
    return f'<details open><summary>{title}</summary><div class="wb-programs">{"".join(codes)}</div></details>'


def operations_html(operations: tuple[OperationView, ...]) -> str:
    """The table of operations, in columns of a few rows each."""
    if not operations:
        return ""
    heading = "<th>operation</th><th>number</th><th>in loops</th>"
    tables = []
    for start in range(0, len(operations), ROWS_OF_A_TABLE):
        rows = "".join(
            f"<tr><td><code>{escape(o.name)}</code></td><td>{o.count}</td><td>{o.in_loops}</td></tr>"
            for o in operations[start : start + ROWS_OF_A_TABLE]
        )
        tables.append(f'<table class="wb-optable"><tr>{heading}</tr>{rows}</table>')
    total = sum(o.count for o in operations)
    return (
        f"<details><summary>Operations of the adjoint: {total} of {len(operations)} kinds</summary>"
        f'<div class="wb-optables">{"".join(tables)}</div></details>'
    )


def render_html(view: GradientView) -> str:
    """The whole view as one element with its own style."""
    hues = hues_of(view)
    leaves = "".join(leaf_html(leaf) for leaf in view.gradients)
    checks = "".join(check_html(check) for check in view.checks)
    parts = [
        head(view),
        f'<div class="wb-leaves">{leaves}</div>' if leaves else "",
        f'<div class="wb-checks">{checks}</div>' if checks else "",
        f'<div class="wb-hint">{escape(view.hint)}</div>' if view.hint else "",
        programs_html(view, hues),
        operations_html(view.operations),
        "".join(f'<div class="wb-missing">not shown: {escape(reason)}</div>' for reason in view.missing),
    ]
    return f'<div class="wb-view"><style>{stylesheet(sorted(hues))}</style>{"".join(parts)}</div>'
