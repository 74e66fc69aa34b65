"""From a syntax tree to closures: what the compilers of targets, expressions, patterns, statements share.

The tree of a function is compiled once; evaluating it is calling closures. The compilers are one class by inheritance
(`Compiler` < `AssignmentCompiler` < `ExpressionCompiler` < `PatternCompiler` < `StatementCompiler`): its method `_For`
compiles an `ast.For`: a construct without a method is refused by name, when the program reaches it.

Invariant: a closure sets the source span before it emits.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from workbench.frontend import composed
from workbench.frontend.activation import Activation
from workbench.ir import DifferentiationError, Span

Expression = Callable[[Activation], Any]
Target = Callable[[Activation, Any], None]

BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
          ast.MatMult: "@", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>"}


class Compiler:
    """Compiles one function; `filename` and `function` go into spans."""

    def __init__(self, filename: str, function: str) -> None:
        self.filename = filename
        self.function = function

    def span(self, node: ast.AST) -> Span | None:
        """The source span of a node; None in a function that stands in for one of the library."""
        if composed.is_own_file(self.filename):
            return None
        return Span(self.filename, getattr(node, "lineno", 0), getattr(node, "col_offset", 0),
                    _end_column(node), self.function)

    def expression(self, node: ast.expr) -> Expression:
        """The closure that evaluates an expression."""
        method = getattr(self, f"_{type(node).__name__}", None)
        if method is None:
            return self.refuse(node, f"{expression_title(node)} cannot be compiled yet")
        return method(node)  # type: ignore[no-any-return]

    def refuse(self, node: ast.AST, reason: str, hint: str = "") -> Expression:
        """A closure that refuses when it is reached."""
        span = self.span(node)

        def run(act: Activation) -> Any:
            raise DifferentiationError(reason, span, hint or "rewrite the line")
        return run


def _end_column(node: ast.AST) -> int:
    end = getattr(node, "end_col_offset", 0) or 0
    one_line = getattr(node, "end_lineno", None) == getattr(node, "lineno", None)
    return end if one_line else getattr(node, "col_offset", 0) + 1


def expression_title(node: ast.AST) -> str:
    """What an expression is called in errors."""
    names = {"Yield": "`yield`", "YieldFrom": "`yield from`", "Await": "`await`", "SetComp": "a set comprehension"}
    return names.get(type(node).__name__, f"the construct `{type(node).__name__}`")
