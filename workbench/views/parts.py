"""Small panels that stand below a gradient's: its IR, its Hessian, and why something else is not there."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from workbench.frontend import named_leaves
from workbench.views.build import code_view, leaf_view
from workbench.views.html import leaf_html
from workbench.views.model import CodeView, LeafView
from workbench.views.programs import code_html
from workbench.views.shown import Shown
from workbench.views.style import stylesheet
from workbench.views.text import code_lines, leaf_lines


class CodePanel(Shown):
    """A program by itself, under a title."""

    def __init__(self, title: str, caption: str, text: str) -> None:
        self.title = title
        self.code: CodeView = code_view(caption, "", text, 1)

    def as_dict(self) -> dict[str, Any]:
        return {"title": self.title, "lines": [line.text for line in self.code.lines]}

    def text(self) -> str:
        return "\n".join([self.title, *code_lines(self.code)])

    def html(self) -> str:
        return framed(self.title, code_html(self.code, {}, True))


class HessianPanel(Shown):
    """Second derivatives, block by block, and the program that computes them."""

    def __init__(self, title: str, blocks: Iterable[tuple[str, Any]], program: str = "") -> None:
        self.title = title
        self.leaves: tuple[LeafView, ...] = tuple(
            leaf_view(path, leaf) for name, tree in blocks for path, leaf in named_leaves(name, tree))
        self.code = code_view("its program", "", program, 1) if program else None

    def as_dict(self) -> dict[str, Any]:
        return {"title": self.title, "blocks": [{"path": leaf.path, "kind": leaf.kind, "text": leaf.text}
                                                for leaf in self.leaves],
                "program": [line.text for line in self.code.lines] if self.code else []}

    def text(self) -> str:
        width = max((len(leaf.path) for leaf in self.leaves), default=0)
        lines = [self.title, *(line.replace("∂/∂", "∂²/", 1) for leaf in self.leaves
                               for line in leaf_lines(leaf, width))]
        return "\n".join([*lines, *(["", *code_lines(self.code)] if self.code else [])])

    def html(self) -> str:
        leaves = "".join(leaf_html(leaf).replace("∂/∂", "∂²/", 1) for leaf in self.leaves)
        code = "" if self.code is None else (
            f"<details><summary>{escape(self.code.title)}</summary>{code_html(self.code, {}, True)}</details>")
        return framed(self.title, (f'<div class="wb-leaves">{leaves}</div>' if leaves else "") + code)


class Note(Shown):
    """In place of a part that could not be made: which, and why."""

    def __init__(self, part: str, reason: str) -> None:
        self.part = part
        self.reason = reason

    def as_dict(self) -> dict[str, Any]:
        return {"part": self.part, "reason": self.reason}

    def text(self) -> str:
        return f"{self.part} is not shown: {self.reason}"

    def html(self) -> str:
        return framed(self.part, f'<div class="wb-hint">not shown: {escape(self.reason)}</div>')


def framed(title: str, body: str) -> str:
    """A view of its own: a head, and what is below."""
    return (f'<div class="wb-view"><style>{stylesheet([])}</style><div class="wb-head"><span class="wb-nabla">∇</span> '
            f'<span class="wb-title">{escape(title)}</span></div>{body}</div>')
