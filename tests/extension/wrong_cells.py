"""Wrong programs as cells: what IPython shows and what the namespace holds, under `%%grad` and without it.

A program of `tests/programs/wrong` becomes a cell of its function and a call, or, where it returns once and at its end,
a plain cell of its body. The same cell without the magic says what Python does. Invariant: a cell under the magic shows
the exception that it shows without it, at its line, or a refusal at a line of the cell; no frame of the machinery; and
after a failure every name is bound to what it was bound to before.
"""

from __future__ import annotations

import ast
import copy
import inspect
import re
import textwrap
import types
import warnings
from collections.abc import Iterator
from typing import Any

from IPython.core.error import UsageError

import workbench as wb
from tests.extension.conftest import Notebook, Ran
from tests.programs.calling import close
from tests.programs.judge import copied, run

MACHINERY = re.compile(r"File .*(/workbench/|/numba/|workbench_jupyter)|<workbench|run_cell_magic|Active(Float|Array)")
KEPT_BY_IPYTHON = re.compile(r"_+(i+\d*|\d+)?|_d?h|_ih|_oh|In|Out|_exit_code")


def function_cell(function: Any) -> str | None:
    """The program's own source and a call of it with the arguments `ARGUMENTS`; None where it has no source."""
    try:
        inspect.getsource(function)
    except OSError:
        return None
    return f"{textwrap.dedent(inspect.getsource(function)).rstrip()}\n\n{function.__name__}(*ARGUMENTS)\n"


def plain_cell(function: Any) -> str | None:
    """The program's body, its result the last expression; None where it is no such program."""
    try:
        text = textwrap.dedent(inspect.getsource(function)).rstrip()
    except OSError:
        return None
    tree = ast.parse(text).body[0]
    if not isinstance(tree, ast.FunctionDef):
        return None
    returns = [node for node in ast.walk(tree) if isinstance(node, ast.Return)]
    last = tree.body[-1]
    inside = (ast.FunctionDef, ast.Global, ast.Nonlocal, ast.Yield, ast.YieldFrom, ast.Lambda, ast.ClassDef, ast.Await)
    odd = any(isinstance(node, inside) for statement in tree.body for node in ast.walk(statement))
    if odd or returns != [last] or not isinstance(last, ast.Return) or last.value is None or tree.decorator_list:
        return None
    lines = text.split("\n")
    row = last.lineno - 1
    lines[row] = lines[row].replace("return ", "(", 1)
    lines[-1] = re.sub(r"(\s*#.*)?$", "", lines[-1], count=1) + ")"
    return textwrap.dedent("\n".join(lines[tree.body[0].lineno - 1:])) + "\n"


def names_of(theme: types.ModuleType, function: Any, args: tuple[Any, ...]) -> dict[str, Any]:
    """What the cell finds in its namespace: the module's names, the arguments by their names and as `ARGUMENTS`."""
    fresh = {name: value if isinstance(value, types.ModuleType | type) or callable(value) else copied_value(value)
             for name, value in vars(theme).items() if not name.startswith("__")}
    fresh.pop(function.__name__, None)
    given = copied(args)
    return {**fresh, **dict(zip(inspect.signature(function).parameters, given)), "ARGUMENTS": given}


def copied_value(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except (TypeError, ValueError):
        return value


def ran(notebook: Notebook, names: dict[str, Any], cell: str) -> tuple[Ran | None, str, dict[str, Any]]:
    """(what the cell did, or None if it hangs; all that it printed; the names that a failure has changed)."""
    base = {k: v for k, v in notebook.shell.user_ns.items() if KEPT_BY_IPYTHON.fullmatch(k) or k in (
        "__name__", "__builtin__", "__builtins__", "get_ipython", "exit", "quit", "open")}
    notebook.shell.user_ns.clear()
    notebook.shell.user_ns.update(base)
    notebook.shell.user_ns.update(names)
    before = dict(notebook.shell.user_ns)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcome, failure = run(lambda: notebook.run(cell))
    if outcome is None:
        return None, repr(failure), {}
    after = notebook.shell.user_ns
    for left in (*after.values(), *in_frames(outcome.error)):  # (a coroutine that is dropped later is a warning then)
        if inspect.iscoroutine(left):
            left.close()
    changed = {k: after.get(k) for k in before.keys() | after.keys() if not KEPT_BY_IPYTHON.fullmatch(k)
               and (k not in before or k not in after or before[k] is not after[k])}
    return outcome, outcome.stdout + outcome.stderr, changed


def in_frames(error: BaseException | None) -> Iterator[Any]:
    """The values of all local names that an error's traceback, and those of the errors before it, hold."""
    while error is not None:
        trace = error.__traceback__
        while trace is not None:
            yield from trace.tb_frame.f_locals.values()
            trace = trace.tb_next
        error = error.__context__


def place(notebook: Notebook, theme: types.ModuleType, error: BaseException, above: int) -> tuple[str, int] | None:
    """The innermost line of an error in the cell (counted without what is above the program) or the module."""
    numbers = notebook.shell.compile._filename_map
    found = None
    trace = error.__traceback__
    while trace is not None:
        filename, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        if filename in numbers and not (above and line == 1):
            found = ("cell", line - above)
        elif filename == theme.__file__:
            found = ("module", line)
        trace = trace.tb_next
    return found


def judged_cell(notebook: Notebook, theme: types.ModuleType, function: Any, args: tuple[Any, ...], cell: str,
                engine: str, must_refuse: bool) -> str | None:
    """None where all is well, else what is wrong."""
    names = names_of(theme, function, args)
    left = names["ARGUMENTS"]
    plain, _, _ = ran(notebook, names, cell)
    assert plain is not None
    expected = None if plain.error is None else place(notebook, theme, plain.error, 0)
    names = names_of(theme, function, args)
    given = names["ARGUMENTS"]
    outcome, printed, changed = ran(notebook, names, f"%%grad --engine {engine}\n{cell}")
    if outcome is None:
        return f"hangs: {printed}"
    error = outcome.error
    if error is None:
        if plain.error is not None:
            return f"gives {outcome.result!r} where Python raises {plain.error!r}"
        if must_refuse:
            return f"{outcome.result!r} instead of a refusal"
        return None if close(given, left, 1e-12) else f"arguments left as {given}, by Python as {left}"
    if changed:
        return f"rebound {changed} although it failed with {error!r}"
    if MACHINERY.search(printed) and not isinstance(error, BaseExceptionGroup):  # IPython shows all frames of a group
        return f"shows the machinery:\n{printed}"
    if isinstance(error, UsageError):
        known = ("this cell has no inputs", "nothing to differentiate", "--wrt")
        return None if any(text in str(error) for text in known) else f"{error!r}"
    if isinstance(error, wb.DifferentiationError):
        return refusal(cell, printed, error)
    if isinstance(error, OverflowError) and "64 bits" in str(error) and engine != "tape":
        return None
    return other_error(plain, error, (place(notebook, theme, error, 1), expected), printed) or (
        None if close(given, left, 1e-12) else f"arguments left as {given}, by Python as {left}")


def other_error(plain: Ran, error: BaseException, places: tuple[Any, Any], printed: str) -> str | None:
    """What is shown of an exception of the program's: its type, and the line where Python raises it."""
    if plain.error is None:
        return f"raises {error!r} where Python gives {plain.result!r}\n{printed}"
    if type(error).__name__ != type(plain.error).__name__:
        return f"raises {error!r} where Python raises {plain.error!r}\n{printed}"
    found, expected = places
    if found != expected and not isinstance(error, RecursionError):
        return f"at {found}, Python at {expected}: {error!r}\n{printed}"
    if isinstance(error, SystemExit):  # of which IPython shows little
        return None
    if found is not None and found[0] == "cell" and f"line {found[1] + 1}" not in printed:
        return f"does not show line {found[1] + 1}:\n{printed}"
    return None if type(error).__name__ in printed else f"does not show {error!r}:\n{printed}"


def refusal(cell: str, printed: str, error: wb.DifferentiationError) -> str | None:
    """A refusal is shown alone, at a line of the cell, with that line and a caret; at a marked one where some are."""
    lines = ["", *cell.splitlines()]
    shown = re.search(r"Cell In\[\d+\], line (\d+)", printed)
    if error.span is None and error.hint.startswith("draw random numbers"):  # of the cell as a whole
        return None
    if "Traceback" in printed:
        return f"shows a traceback of a refusal:\n{printed}"
    if shown is None:
        return f"no line of the cell:\n{printed}"
    line = int(shown.group(1))
    if error.caller is not None:
        return None if line == error.caller.line else f"shows line {line}, is called at {error.caller}:\n{printed}"
    if line != error.lineno:
        return f"shows line {line}, names {error.lineno}:\n{printed}"
    marked = [k + 1 for k, text in enumerate(lines) if "# <--" in text]
    if marked and line not in marked:
        return f"blames line {line}, not {marked}:\n{printed}"
    text = lines[line - 1].strip().split("  #")[0]
    return None if text in printed and "^" in printed else f"no line or caret:\n{printed}"
