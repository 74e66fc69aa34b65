"""The one error of the workbench: what it will not differentiate, said at the user's line.

Invariant: the message carries file, line, the line's text, a caret, what is wrong and what to do."""

from __future__ import annotations

import linecache

from workbench.ir.core import Span


class DifferentiationError(Exception):
    """What every refusal is.

    Attributes: `lineno` and `filename` of the user's line (None where there is none), `reason`, `hint`.

    >>> str(DifferentiationError("no derivative is known", None, hint="write a rule"))
    'no derivative is known\\n  what to do: write a rule'
    """

    def __init__(self, reason: str, span: Span | None = None, hint: str = "") -> None:
        self.reason = reason
        self.span = span
        self.hint = hint
        self.filename: str | None = span.filename if span else None
        self.lineno: int | None = span.line if span else None
        super().__init__(self._message())

    def _message(self) -> str:
        parts = [self.reason]
        if self.span is not None:
            where = f" in {self.span.function}" if self.span.function else ""
            parts = [f'{self.reason}\n  File "{self.span.filename}", line {self.span.line}{where}']
            text = linecache.getline(self.span.filename, self.span.line).rstrip("\n")
            if text.strip():
                indent = len(text) - len(text.lstrip())
                # columns of the syntax tree count UTF-8 bytes; the caret counts characters
                start = len(text.encode()[: self.span.column].decode(errors="ignore"))
                end = len(text.encode()[: self.span.end_column].decode(errors="ignore"))
                width = max(1, end - start)
                parts.append(f"    {text.strip()}\n    {' ' * max(0, start - indent)}{'^' * width}")
        if self.hint:
            parts.append(f"  what to do: {self.hint}")
        return "\n".join(parts)
