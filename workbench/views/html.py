"""A view as static HTML: no script, nothing fetched, readable without its style, and every text escaped."""

from __future__ import annotations

from html import escape

from workbench.views.drawing import drawing
from workbench.views.kept import kept_html
from workbench.views.model import CheckView, GradientView, LeafView, OperationView
from workbench.views.programs import hues_of, programs_html
from workbench.views.style import stylesheet

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
        "".join(f'<div class="wb-hint">{escape(n.alone)}</div>' for n in view.notes if not n.is_at(view.source)),
        programs_html(view, hues),
        kept_html(view.kept),
        operations_html(view.operations),
        "".join(f'<div class="wb-missing">not shown: {escape(reason)}</div>' for reason in view.missing),
    ]
    return f'<div class="wb-view"><style>{stylesheet(sorted(hues))}</style>{"".join(parts)}</div>'
