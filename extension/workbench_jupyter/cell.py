"""A cell as the magics see it: its text, its number, and running its statements at their own lines.

Invariants: every code object compiled here carries the line numbers that the user sees in the cell (the magic's own
line included); a cell that fails rebinds no name of the user's namespace; and functions defined in a cell have
source that `inspect` finds, under a file name that IPython shows as `Cell In[n]`.
"""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType
from typing import Any, TypeVar

import workbench as wb

T = TypeVar("T")


class CellSyntaxError(Exception):
    """A syntax error in the body of a magic's cell, shown where Python would show it."""

    def __init__(self, error: SyntaxError, rendered: list[str]) -> None:
        super().__init__(str(error))
        self.error = error
        self.rendered = rendered

    def _render_traceback_(self) -> list[str]:
        return self.rendered


@dataclass(frozen=True)
class Cell:
    """The body of a `%%` magic: `text` has one empty line for each line above it in the cell."""

    text: str
    number: int
    filename: str
    tree: ast.Module

    def compiled(self, statements: list[ast.stmt]) -> CodeType:
        return compile(ast.Module(statements, []), self.filename, "exec")


def cell_number(shell: Any) -> int:
    """The number of the running cell, from the file names of the calling frames: a silent run has number 0."""
    numbers = getattr(shell.compile, "_filename_map", {})
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename in numbers:
            return int(numbers[frame.f_code.co_filename])
        frame = frame.f_back  # type: ignore[assignment]
    return int(shell.execution_count)


def lines_above(shell: Any, number: int, magic: str, body: str) -> int:
    """How many lines of the cell stand above the magic's body: its own, and blank ones before it."""
    history = shell.history_manager.input_hist_raw
    raw = history[number] if 0 < number < len(history) else ""
    lines = raw.splitlines()
    for index, line in enumerate(lines):
        if line.strip():
            same_cell = line.lstrip().startswith(f"%%{magic}") and raw.rstrip().endswith(body.rstrip())
            return index + 1 if same_cell else 1
    return 1


def read_cell(shell: Any, magic: str, body: str) -> Cell:
    """Parse a magic's body, IPython's own syntax included; raises `CellSyntaxError`."""
    number = cell_number(shell)
    try:
        text = "\n" * lines_above(shell, number, magic, body) + shell.transform_cell(body)
        filename = shell.compile.cache(text, number)
        tree = shell.transform_ast(ast.parse(text, filename))
    except SyntaxError as error:
        raise CellSyntaxError(error, shell.SyntaxTB.structured_traceback(type(error), error, [])) from None
    return Cell(text, number, filename, tree)


def synthetic_file(shell: Any, text: str, number: int) -> str:
    """Register generated source, line for line beside a cell, so that it is found and shown as that cell's."""
    return str(shell.compile.cache(text, number, raw_code=f"# differentiated\n{text}"))


def run(cell: Cell, statements: list[ast.stmt], namespace: dict[str, Any]) -> None:
    """Run statements of the cell in the user's namespace, as a normal run would."""
    __tracebackhide__ = True
    if statements:
        exec(cell.compiled(statements), namespace)


def evaluate(expression: ast.expr, filename: str, namespace: dict[str, Any]) -> Any:
    """The value of an expression, its line numbers kept."""
    __tracebackhide__ = True
    return eval(compile(ast.Expression(expression), filename, "eval"), namespace)


def call_parts(call: ast.Call) -> ast.expr:
    """The expression `(function, (positional, ...), {keyword: ...})` of a call, evaluated in Python's order."""
    keywords = ast.Dict(
        [None if k.arg is None else ast.Constant(k.arg) for k in call.keywords], [k.value for k in call.keywords]
    )
    parts = ast.Tuple([call.func, ast.Tuple(list(call.args), ast.Load()), keywords], ast.Load())
    for node in ast.walk(parts):
        if isinstance(node, ast.expr) and not hasattr(node, "lineno"):
            ast.copy_location(node, call)
    return parts


def call_like(call: ast.Call, text: str) -> ast.expr:
    """An expression that stands where a call stands in the cell, so that tracebacks show that line."""
    made = ast.parse(text, mode="eval").body
    for node in ast.walk(made):
        if isinstance(node, ast.expr | ast.keyword):
            ast.copy_location(node, call)
    return made


@contextmanager
def names_kept_on_failure(namespace: dict[str, Any]) -> Iterator[None]:
    """Whatever is raised inside, the namespace then binds what it bound before."""
    __tracebackhide__ = True
    before = dict(namespace)
    try:
        yield
    except BaseException:
        for name in namespace.keys() - before.keys():
            del namespace[name]
        namespace.update(before)
        raise


@contextmanager
def at_cell(shell: Any) -> Iterator[None]:
    """Whatever is raised inside is shown at the cell's own lines, and has rebound no name."""
    __tracebackhide__ = True
    try:
        with names_kept_on_failure(shell.user_ns):
            yield
    except BaseException as error:
        show_at_cell(shell, error)
        raise


def keep(shell: Any, name: str | None, made: T) -> T:
    """What a magic has made, under the name that `--name` gives."""
    if name is not None:
        shell.user_ns[name] = made
    return made


def cell_files(shell: Any) -> dict[str, str]:
    """How people know the files of cells: `In[n]`."""
    return {filename: f"In[{number}]" for filename, number in getattr(shell.compile, "_filename_map", {}).items()}


def cell_names(shell: Any, text: str) -> str:
    """A message with the files of cells named as IPython names them: `Cell In[n]`."""
    for filename, number in getattr(shell.compile, "_filename_map", {}).items():
        text = text.replace(f'File "{filename}"', f"Cell In[{number}]").replace(filename, f"Cell In[{number}]")
    return text


def show_at_cell(shell: Any, error: BaseException) -> None:
    """Let IPython show an error from the first frame of a cell on; a refusal by the position that it carries."""
    if isinstance(error, wb.DifferentiationError):
        lines = [f"{type(error).__name__}: {cell_names(shell, str(error))}"]
    else:
        numbers = getattr(shell.compile, "_filename_map", {})
        trace = error.__traceback__
        while trace is not None and (
            trace.tb_frame.f_code.co_filename not in numbers or "get_ipython().run_cell_magic" in running_line(trace)
        ):
            trace = trace.tb_next
        if trace is None:
            return
        error.__traceback__ = trace
        last = trace
        while trace is not None:
            last = last if trace.tb_frame.f_locals.get("__tracebackhide__") else trace
            trace = trace.tb_next
        last.tb_next, trace = None, error.__traceback__  # IPython shows the innermost frame, hidden or not
        lines = shell.InteractiveTB.structured_traceback(type(error), error, trace, tb_offset=0)
    error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]


def running_line(trace: Any) -> str:
    """The text of the line that a traceback's entry is at."""
    return linecache.getline(trace.tb_frame.f_code.co_filename, trace.tb_lineno)
