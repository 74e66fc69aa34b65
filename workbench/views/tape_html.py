"""A tape as static text and HTML: its first and last nodes, its lines, the graph of a small one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from workbench.engines.tape.tape import Node, Tape
from workbench.views.numbers import columns
from workbench.views.style import TABLES, stylesheet
from workbench.views.tape_data import file_name, line_text
from workbench.views.tape_graph import MOST_NODES, graph_svg

FIRST, LAST = 40, 10
MOST_LINES, MOST_INPUTS = 12, 6

CSS = """.wb-tape-lines { padding: 2px 14px 8px; }
.wb-view .wb-table td.wb-gap { color: var(--wb-dim); text-align: center; }
.wb-view .wb-table td.wb-odd { color: var(--wb-no); font-weight: 600; }
.wb-drawn { padding: 10px 14px; overflow: auto; max-height: 460px; border-top: 1px solid var(--wb-line); }
.wb-graph { display: block; font-family: var(--jp-code-font-family, monospace); }
.wb-graph .wb-edge { fill: none; stroke: var(--wb-dim); stroke-opacity: .55; }
.wb-graph rect { fill: var(--wb-panel); stroke: var(--wb-line); } .wb-graph .wb-input rect { stroke: var(--wb-accent); }
.wb-graph text { font-size: 12px; text-anchor: middle; fill: var(--wb-fg); }
.wb-graph .wb-small { font-size: 10px; fill: var(--wb-dim); }
.wb-scroll { max-height: 420px; overflow: auto; border-top: 1px solid var(--wb-line); }
"""


def is_swept(tape: Tape) -> bool:
    """True where adjoints are known."""
    return tape.position < len(tape)


def ends(tape: Tape) -> tuple[list[Node], int, list[Node]]:
    """The first nodes, how many are left out, the last nodes."""
    count = len(tape)
    if count <= FIRST + LAST:
        return tape[:], 0, []
    return tape[:FIRST], count - FIRST - LAST, tape[count - LAST:]


def position_text(tape: Tape) -> str:
    """Where the sweep stands, in words."""
    if tape.position == 0:
        return "swept back to the beginning: every adjoint is there"
    if is_swept(tape):
        return f"the reverse sweep stands before node {tape.position - 1}"
    return "not swept yet: adjoints come with backward()"


def node_cells(node: Node, swept: bool) -> list[str]:
    """A row of the table."""
    inputs = ", ".join(str(k) for k in node.inputs[:MOST_INPUTS])
    more = f", … {len(node.inputs)} in all" if len(node.inputs) > MOST_INPUTS else ""
    return [str(node.index), node.operation, inputs + more, f"{node.value:.6g}",
            f"{node.adjoint:.6g}" if swept else "", str(node.line or ""), line_text(node.filename, node.line)]


HEAD = ["node", "operation", "inputs", "value", "adjoint", "line", "source"]


def tape_text(tape: Tape, title: str, lines: Sequence[Mapping[str, Any]]) -> str:
    """As plain text."""
    first, left_out, last = ends(tape)
    swept = is_swept(tape)
    rows = columns([HEAD, *(node_cells(n, swept) for n in (*first, *last))], left=(1, 2, 6))
    if left_out:
        rows.insert(1 + len(first), f"… {left_out:,} more …")
    by_line = columns([["line", "nodes", "operations", "source"], *(
        [str(row["line"]), f"{row['nodes']:,}", operations_text(row["operations"]), row["text"]]
        for row in lines[:MOST_LINES])], left=(2, 3)) if lines else []
    return "\n".join([f"{title}: {len(tape):,} nodes, value {tape.value!r}; {position_text(tape)}", "", *rows, "",
                      *by_line])


def operations_text(counts: Mapping[str, int]) -> str:
    """How many of each, the commonest first."""
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    more = f", {len(ordered) - 4} more kinds" if len(ordered) > 4 else ""
    return ", ".join(f"{count:,} {name}" for name, count in ordered[:4]) + more


def tape_html(tape: Tape, title: str, lines: Sequence[Mapping[str, Any]]) -> str:
    """As static HTML."""
    first, left_out, last = ends(tape)
    swept = is_swept(tape)
    body = [_row(node, swept) for node in first]
    if left_out:
        body.append(f'<tr><td class="wb-gap" colspan="{len(HEAD)}">… {left_out:,} more …</td></tr>')
    body += [_row(node, swept) for node in last]
    head = "".join(f"<th>{escape(name)}</th>" for name in HEAD)
    small = len(tape) <= MOST_NODES
    drawn = f'<div class="wb-drawn">{graph_svg(tape[:], swept)}</div>' if small and len(tape) else ""
    return (
        f'<div class="wb-view"><style>{stylesheet([])}{TABLES}{CSS}</style><div class="wb-head">'
        f'<span class="wb-nabla">∇</span> <span class="wb-title">{escape(title)}</span> '
        f'<span class="wb-value">= {escape(_short(tape.value))}</span> '
        f'<span class="wb-kind">{len(tape):,} nodes</span></div>'
        f'<div class="wb-hint">{escape(position_text(tape))}</div>{_lines(lines)}{drawn}'
        f'<div class="wb-table wb-scroll"><table><tr>{head}</tr>{"".join(body)}</table></div></div>'
    )


def _short(value: Any) -> str:
    text = f"{value:.8g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _row(node: Node, swept: bool) -> str:
    index, operation, inputs, value, adjoint, line, source = (escape(cell) for cell in node_cells(node, swept))
    odd = ' wb-odd' if adjoint in ("nan", "inf", "-inf") else ""
    return (f'<tr><td class="wb-num">{index}</td><td><code>{operation}</code></td><td>{inputs}</td>'
            f'<td class="wb-num">{value}</td><td class="wb-num{odd}">{adjoint}</td><td class="wb-num">{line}</td>'
            f"<td><code>{source}</code></td></tr>")


def _lines(lines: Sequence[Mapping[str, Any]]) -> str:
    """The table by line, with a bar for the share of each."""
    if not lines:
        return ""
    most = max(row["nodes"] for row in lines)
    several = len({row["file"] for row in lines}) > 1
    rows = "".join(
        f'<tr><td class="wb-num">{escape(file_name(row["file"])) + ":" if several else ""}{row["line"]}</td>'
        f'<td class="wb-num">{row["nodes"]:,}</td><td class="wb-num"><span class="wb-heat" '
        f'style="width:{max(1, round(60 * row["nodes"] / most))}px"></span></td><td>'
        f'{escape(operations_text(row["operations"]))}</td><td><code>{escape(row["text"])}</code></td></tr>'
        for row in lines[:MOST_LINES])
    left_out = f"the {MOST_LINES} lines with most nodes, of {len(lines)}" if len(lines) > MOST_LINES else "by line"
    return (f'<div class="wb-table wb-tape-lines"><table><tr><th>line</th><th>nodes</th><th></th><th>{left_out}</th>'
            f"<th>source</th></tr>{rows}</table></div>")
