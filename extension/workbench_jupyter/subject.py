"""What a magic is about: a function with arguments, read off a line or a cell.

Over a cell of functions the cell runs as it would without the magic, but for its last expression where that calls one
of them: what becomes of the call is the magic's affair. A plain cell is a function of its inputs (`PlainCell`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from IPython.core.error import UsageError

from workbench.operators.snapshots import snapshot
from workbench.records import dataclass
from workbench.showing import Arguments, Source
from workbench.views.arguments import annotated
from workbench.views.places import without_blank_ends
from workbench_jupyter.cell import Cell, call_parts, evaluate, run, synthetic_file
from workbench_jupyter.options import Options
from workbench_jupyter.plain import cell_function_source, first_reads, holds_real_data, only_shows, output_of

CELL_FUNCTION = "cell"


@dataclass(frozen=True)
class Subject:
    """A function, and its arguments where there are any. call: where it is called, with the name of that file; source:
    what is shown in place of the function's own text; inputs: the names that a plain cell is differentiated by."""

    function: Callable[..., Any]
    title: str
    given: Arguments | None = None
    call: ast.Call | None = None
    filename: str = ""
    source: Source | None = None
    inputs: tuple[str, ...] = ()

    def arguments(self, options: Options, namespace: dict[str, Any]) -> Arguments:
        """The arguments of the call, else those of `--at`, else specs that annotations give."""
        found = self.given or arguments_at(options.at, namespace)
        if found is None and (specs := annotated(self.function)) is not None:
            found = specs, {}
        if found is None:
            raise UsageError(f"{options.magic}: what arguments? Write {self.title}(...), where wb.spec('f64[n]') may "
                             "stand for an array")
        return found


def arguments_at(text: str | None, namespace: dict[str, Any]) -> Arguments | None:
    """The arguments that `--at` gives."""
    if text is None:
        return None
    try:
        call = ast.parse(f"f({text})", mode="eval").body
    except SyntaxError:
        raise UsageError(f"--at: {text!r} are no arguments; try --at '2.0, np.ones(3)'") from None
    assert isinstance(call, ast.Call)
    call.func = ast.copy_location(ast.Constant(None), call.func)
    _, args, named = evaluate(call_parts(call), "--at", namespace)
    return args, named


def of_line(shell: Any, magic: str, text: str, only_calls: bool = False) -> Subject:
    """The call, or the function, that a line names."""
    __tracebackhide__ = True
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        raise UsageError(f"%{magic}: {text!r} is no expression; try %{magic} f(x, y)") from None
    filename = shell.compile.cache(text, shell.execution_count)
    if isinstance(tree, ast.Call):
        function, args, named = evaluate(call_parts(tree), filename, shell.user_ns)
        return Subject(function, ast.unparse(tree), (args, named), tree, filename)
    if only_calls:
        raise UsageError(f"%{magic} takes a call: %{magic} f(x, y)")
    function = evaluate(tree, filename, shell.user_ns)
    if not callable(function):
        raise UsageError(f"%{magic} takes a call or a function, and {text} is neither")
    return Subject(function, ast.unparse(tree), None, None, filename)


def of_functions(cell: Cell, options: Options, namespace: dict[str, Any]) -> tuple[list[Subject], ast.expr | None]:
    """Run a cell of functions; (the functions that the magic is about, a last expression that is something else).

    Where the last expression calls one of them, that call is the only subject, and has not run."""
    __tracebackhide__ = True
    functions = [node.name for node in cell.tree.body if isinstance(node, ast.FunctionDef)]
    names = options.names or (functions[-1],)
    *statements, last = cell.tree.body or [ast.Pass(lineno=1, col_offset=0)]
    expression = last.value if isinstance(last, ast.Expr) else None
    run(cell, statements if expression is not None else [*statements, last], namespace)
    for name in names:
        if not callable(namespace.get(name)):
            raise UsageError(f"%%{options.magic}: no function named {name!r} is defined here")
    if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name) and expression.func.id in names:
        function, args, named = evaluate(call_parts(expression), cell.filename, namespace)
        return [Subject(function, ast.unparse(expression), (args, named), expression, cell.filename)], None
    return [Subject(namespace[name], name, None, None, cell.filename) for name in names], expression


def has_functions(cell: Cell, options: Options) -> bool:
    """Whether a cell is about functions, not about itself."""
    return bool(options.names) or any(isinstance(node, ast.FunctionDef) for node in cell.tree.body)


class PlainCell:
    """A plain cell as a function of its inputs, at their values before it runs.

    Invariant: it is made before the cell runs, `run` runs it once, and `subject` is about its function."""

    def __init__(self, shell: Any, cell: Cell, options: Options, namespace: dict[str, Any]) -> None:
        self.shell = shell
        self.cell = cell
        self.namespace = namespace
        body = list(cell.tree.body)
        while body and isinstance(body[-1], ast.Expr) and only_shows(body[-1], namespace):
            body.pop()
        self.body, self.shown = body, cell.tree.body[len(body):]
        reads, assigned = first_reads(ast.Module(body, []))
        self.last, self.output = output_of(body, assigned)
        bound = [name for name in reads if name in namespace]
        self.inputs = chosen([name for name in bound if holds_real_data(namespace[name])], options)
        self.parameters = self.inputs + [name for name in bound if name in assigned and name not in self.inputs]
        self.on_entry = dict(zip(bound, snapshot(tuple(namespace[name] for name in bound)), strict=True))

    def run(self) -> Any:
        """Run the cell as it is; its value."""
        __tracebackhide__ = True
        run(self.cell, self.body[:-1] if self.last is not None else self.body, self.namespace)
        value = (evaluate(self.last.value, self.cell.filename, self.namespace) if self.last is not None
                 else self.namespace[self.output])
        run(self.cell, self.shown, self.namespace)
        return value

    def run_imports(self) -> None:
        """Of a cell that is not to run, the imports alone."""
        run(self.cell, [s for s in self.body if isinstance(s, ast.Import | ast.ImportFrom)], self.namespace)

    def subject(self) -> Subject:
        """The cell's function, with its inputs as arguments."""
        dropped = [s for s in self.cell.tree.body
                   if s in self.shown or (s is not self.last and only_shows(s, self.namespace))]
        source = cell_function_source(self.cell.text, CELL_FUNCTION, self.parameters, dropped,
                                      self.output if self.last is None else self.last)
        filename = synthetic_file(self.shell, source, self.cell.number)
        seen = {**self.namespace, **self.on_entry}
        exec(compile(source, filename, "exec"), seen)
        args = tuple(self.on_entry[name] for name in self.parameters)
        return Subject(seen[CELL_FUNCTION], self.output, (args, {}), None, filename,
                       (lambda: without_blank_ends(self.cell.text), f"In[{self.cell.number}]"), tuple(self.inputs))


def chosen(inputs: list[str], options: Options) -> list[str]:
    """The inputs of a plain cell that `--wrt` names, or all of them; there must be one."""
    if options.wrt is not None:
        for name in options.wrt if isinstance(options.wrt, tuple) else (options.wrt,):
            if name not in inputs:
                raise UsageError(f"--wrt: {name!r} is no input of this cell; its inputs are {', '.join(inputs)}")
        return [str(name) for name in (options.wrt if isinstance(options.wrt, tuple) else (options.wrt,))]
    if not inputs:
        raise UsageError(
            f"%%{options.magic}: this cell has no inputs: it reads no name that holds a float, an array of floats or a "
            "structure of them before assigning it, and defines no function"
        )
    return inputs
