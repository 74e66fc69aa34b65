"""The source around lines that cost something: whole functions, so that what costs nothing is seen, too."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterable

from workbench.records import dataclass

MOST = 400  # lines of one listing: of a longer function only the part that costs anything


@dataclass(frozen=True)
class Listing:
    """A stretch of a file. title: the function's name, or the file's."""

    title: str
    filename: str
    first: int
    lines: tuple[str, ...]


def listings(places: Iterable[tuple[str, int]]) -> tuple[Listing, ...]:
    """The functions that these lines (file, number) stand in, in their order; lines outside of functions by themselves.

    What the files are now is shown; a file that is gone shows nothing."""
    by_file: dict[str, set[int]] = {}
    for filename, number in places:
        if number:
            by_file.setdefault(filename, set()).add(number)
    found: list[Listing] = []
    for filename, numbers in by_file.items():
        text = linecache.getlines(filename)
        wanted = {number for number in numbers if number <= len(text)}
        for title, first, last in _stretches(text, wanted):
            own = [number for number in wanted if first <= number <= last]
            if last - first >= MOST:
                first, last = min(own), min(max(own), min(own) + MOST - 1)
            lines = [line.rstrip("\n") for line in text[first - 1 : last]]
            indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
            found.append(
                Listing(title or filename.rsplit("/", 1)[-1], filename, first, tuple(line[indent:] for line in lines))
            )
    return tuple(found)


def _stretches(text: list[str], wanted: set[int]) -> list[tuple[str, int, int]]:
    """(name, first, last) of the outermost functions around the lines, and of statements around the others."""
    try:
        tree = ast.parse("".join(text))
    except (SyntaxError, ValueError, RecursionError):
        return [("", min(wanted), max(wanted))] if wanted else []
    found: list[tuple[str, int, int]] = []
    left = set(wanted)

    def visit(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            first, last = getattr(child, "lineno", 0), getattr(child, "end_lineno", 0) or 0
            inside = {number for number in left if first <= number <= last}
            if not first or not inside:
                continue
            if isinstance(child, ast.ClassDef | ast.If | ast.With | ast.Try) and not _is_whole(child):
                visit(child)
            else:
                found.append((getattr(child, "name", ""), first, last))
                left.difference_update(inside)

    visit(tree)
    return sorted(found, key=lambda stretch: stretch[1])


def _is_whole(node: ast.AST) -> bool:
    """Whether a statement of several parts holds no function."""
    return not any(isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) for inner in ast.walk(node))
