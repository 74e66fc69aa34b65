"""The one error of the workbench: what it will not differentiate, said at the user's line.

Invariant: the message carries file, line, the line's text, a caret, what is wrong and what to do."""

from __future__ import annotations

import linecache

from workbench.ir.core import Span


class DifferentiationError(Exception):
    """What every refusal is.

    Attributes: `lineno` and `filename` of the user's line (None where there is none), `reason`, `hint`; `caller`: where
    that line is in a file other than the program's, the program's own line that led there.

    >>> str(DifferentiationError("no derivative is known", None, hint="write a rule"))
    'no derivative is known\\n  what to do: write a rule'
    """

    def __init__(self, reason: str, span: Span | None = None, hint: str = "") -> None:
        self.reason = reason
        self.span = span
        self.hint = hint
        self.compiled_only = False  # the program launches kernels, which only compiled programs can do
        self.caller: Span | None = None
        self.filename: str | None = span.filename if span else None
        self.lineno: int | None = span.line if span else None
        super().__init__(self._message())

    def called_at(self, span: Span | None) -> DifferentiationError:
        """Name a call on the way to the line, from the inside out: the last one in another file is kept.

        Returns the error itself."""
        inner = self.caller or self.span
        if span is not None and inner is not None and self.span is not None and span.filename != inner.filename:
            self.caller = span if span.filename != self.span.filename else None
            self.args = (self._message(),)
        return self

    def _message(self) -> str:
        parts = [self.reason]
        if self.span is not None:
            parts += _shown(self.span, "")
        if self.caller is not None:
            parts += _shown(self.caller, "called from ")
        if self.hint:
            parts.append(f"  what to do: {self.hint}")
        return "\n".join(parts)


def _shown(span: Span, how: str) -> list[str]:
    """A place, its line and a caret."""
    where = f" in {span.function}" if span.function else ""
    parts = [f'  {how}File "{span.filename}", line {span.line}{where}']
    text = linecache.getline(span.filename, span.line).rstrip("\n")
    if text.strip():
        indent = len(text) - len(text.lstrip())
        # columns of the syntax tree count UTF-8 bytes; the caret counts characters
        start = len(text.encode()[: span.column].decode(errors="ignore"))
        end = len(text.encode()[: span.end_column].decode(errors="ignore"))
        parts.append(f"    {text.strip()}\n    {' ' * max(0, start - indent)}{'^' * max(1, end - start)}")
    return parts
