"""Python source as HTML, line by line: every character that came from a program is escaped here."""

from __future__ import annotations

import builtins
import io
import keyword
import tokenize
from html import escape

CLASSES = {tokenize.COMMENT: "c", tokenize.STRING: "s", tokenize.NUMBER: "n", tokenize.OP: "o"}


def token_class(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NAME:
        if keyword.iskeyword(token.string):
            return "k"
        if token.string.endswith(("_bar", "_dot")):
            return "d"
        return "b" if hasattr(builtins, token.string) else ""
    return CLASSES.get(token.type, "s" if tokenize.tok_name[token.type].startswith("FSTRING") else "")


def spans(line: str, marks: list[tuple[int, int, str]]) -> str:
    """One line with (start, stop, class) marks made `<span>`s."""
    parts, position = [], 0
    for start, stop, name in marks:
        if start >= position and stop > start:
            parts += [escape(line[position:start]), f'<span class="wb-{name}">{escape(line[start:stop])}</span>']
            position = stop
    return "".join([*parts, escape(line[position:])])


def marks_of(lines: list[str]) -> dict[int, list[tuple[int, int, str]]]:
    """By line, counted from one: (start, stop, class) of what is coloured; where the text is no whole program, nothing
    beyond the place where that shows."""
    marks: dict[int, list[tuple[int, int, str]]] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline):
            name = token_class(token)
            (row, start), (last, stop) = token.start, token.end
            for line in range(row, last + 1) if name else ():
                left = start if line == row else 0
                right = stop if line == last else len(lines[line - 1])
                marks.setdefault(line, []).append((left, right, name))
    except (tokenize.TokenError, SyntaxError, IndexError):
        pass
    return marks


def highlighted(lines: list[str]) -> list[str]:
    """Each line as HTML; where the text is no whole program, the rest of it stays plain."""
    marks = marks_of(lines)
    return [spans(line, marks.get(number, [])) for number, line in enumerate(lines, 1)]
