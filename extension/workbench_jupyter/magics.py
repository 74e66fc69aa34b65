"""The magics `%%grad` and `%grad`.

A cell runs as it would without the magic, and what it computes is differentiated beside it. A cell that fails, be it
in its own code or in the gradient, rebinds no name.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import math
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand, output_can_be_silenced
from IPython.display import display

import workbench as wb
from workbench.views import GradientView, function_source, gradient_view
from workbench.views.panel import GradientPanel
from workbench_jupyter.cell import (
    Cell,
    call_like,
    call_parts,
    evaluate,
    names_kept_on_failure,
    read_cell,
    run,
    show_at_cell,
    synthetic_file,
)
from workbench_jupyter.options import Options, grad_arguments, parse_line, split_call
from workbench_jupyter.plain import cell_function_source, first_reads, holds_real_data, only_shows, output_of
from workbench_jupyter.result import GradResult, Program
from workbench_jupyter.snapshot import snapshot
from workbench_jupyter.verify import verify

CELL_FUNCTION = "cell"


def source_and_place(shell: Any, function: Any) -> tuple[Any, str]:
    """(a maker of the source and its first line, where it stands as a person says it).

    Of a function that a cell defines the whole cell is shown, since its helpers stand there too.
    """
    code = getattr(inspect.unwrap(getattr(function, "py_func", function)), "__code__", None)
    filename = code.co_filename if code is not None else ""
    number = getattr(shell.compile, "_filename_map", {}).get(filename)
    if number is None:
        return lambda: function_source(function), filename
    return lambda: without_blank_ends("".join(linecache.getlines(filename))), f"In[{number}]"


def cell_files(shell: Any) -> dict[str, str]:
    """How people know the files of cells: the last part of the name, and `In[n]`."""
    numbers = getattr(shell.compile, "_filename_map", {})
    return {filename.rsplit("/", 1)[-1]: f"In[{number}]" for filename, number in numbers.items()}


def without_blank_ends(text: str) -> tuple[str, int]:
    """A text without the empty lines around it, and the number of its first line."""
    start = text.lstrip("\n")
    return start.rstrip(), len(text) - len(start) + 1


def named_gradients(function: Any, wrt: Any, grad: Any) -> list[tuple[str, Any]]:
    """(argument's name, its gradient) for the arguments that `wrt` names."""
    names = list(inspect.signature(function).parameters)
    wanted = wrt if isinstance(wrt, tuple) else (wrt,)
    parts = grad if isinstance(wrt, tuple) else (grad,)
    return [(w if isinstance(w, str) else names[w], part) for w, part in zip(wanted, parts, strict=True)]


def same_value(first: Any, second: Any) -> bool:
    """Whether two runs gave one result, but for the order of sums and the rounding of library functions."""
    a, b = complex(first), complex(second)
    if a == b or (a != a and b != b):
        return True
    tolerance = 3e-3 if getattr(first, "dtype", None) == "float32" else 1e-7
    return math.isfinite(abs(a - b)) and abs(a - b) <= tolerance * max(abs(a), abs(b)) + 1e-12


@magics_class
class GradMagics(Magics):
    """`%%grad` over cells of functions and plain cells; `%grad` for one call."""

    shell: Any

    @no_var_expand
    @output_can_be_silenced
    @grad_arguments
    @cell_magic("grad")
    def grad_cell(self, line: str, body: str) -> Any:
        """Differentiate what a cell computes.

        Over functions, the cell runs as usual; a last line that calls one of them gives its value and gradient.
        Over a plain cell, the inputs are the names that hold real numbers, arrays or structures of them and are read
        before they are assigned; the result is the last expression, else the name assigned last; the gradients land
        as `grad_NAME`.
        """
        __tracebackhide__ = True
        options = parse_line(type(self).grad_cell.parser, line)
        cell = read_cell(self.shell, "grad", body)
        namespace = self.shell.user_ns
        functions = [node.name for node in cell.tree.body if isinstance(node, ast.FunctionDef)]
        try:
            with names_kept_on_failure(namespace):
                if functions or options.names:
                    return self.over_functions(cell, options, options.names or (functions[-1],), namespace)
                return self.over_plain(cell, options, namespace)
        except BaseException as error:
            show_at_cell(self.shell, error)
            raise

    @no_var_expand
    @output_can_be_silenced
    @grad_arguments
    @line_magic("grad")
    def grad_line(self, line: str) -> Any:
        """The value and gradient of one call: `%grad f(x, y)`."""
        __tracebackhide__ = True
        text, flags = split_call(line)
        options = parse_line(type(self).grad_line.parser, flags)
        try:
            tree = ast.parse(text, mode="eval").body
        except SyntaxError:
            raise UsageError(f"%grad: {text!r} is no expression; try %grad f(x, y)") from None
        if not isinstance(tree, ast.Call):
            raise UsageError("%grad takes a call: %grad f(x, y)")
        filename = self.shell.compile.cache(text, self.shell.execution_count)
        try:
            with names_kept_on_failure(self.shell.user_ns):
                return self.call(tree, filename, options, self.shell.user_ns)
        except BaseException as error:
            show_at_cell(self.shell, error)
            raise

    def over_functions(self, cell: Cell, options: Options, names: tuple[str, ...], namespace: dict[str, Any]) -> Any:
        """Run a cell of functions; differentiate its last expression where that calls a named one."""
        __tracebackhide__ = True
        *statements, last = cell.tree.body
        expression = last.value if isinstance(last, ast.Expr) else None
        run(cell, statements if expression is not None else [*statements, last], namespace)
        for name in names:
            if not callable(namespace.get(name)):
                raise UsageError(f"%%grad: no function named {name!r} is defined here")
        if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name) and expression.func.id in names:
            return self.call(expression, cell.filename, options, namespace)
        value = None if expression is None else evaluate(expression, cell.filename, namespace)
        programs = [self.program(name, options, namespace) for name in names]
        for program in programs[: None if value is not None else -1]:
            display(program)
        return programs[-1] if value is None else value

    def call(self, call: ast.Call, filename: str, options: Options, namespace: dict[str, Any]) -> GradResult:
        """Value and gradient of a call in the cell."""
        __tracebackhide__ = True
        function, args, kwargs = evaluate(call_parts(call), filename, namespace)
        wrt = 0 if options.wrt is None else options.wrt
        place = source_and_place(self.shell, function)
        before_args, before_kwargs = snapshot((args, kwargs)) if options.verify else ((), {})
        derivative = wb.value_and_grad(function, wrt, engine=options.engine, mode="reverse")
        named = {"derivative": derivative, "args": args, "kwargs": kwargs}
        value, grad = evaluate(call_like(call, "derivative(*args, **kwargs)"), filename, named)
        checks = verify(function, wrt, before_args, before_kwargs, grad) if options.verify else ()
        if options.name is not None:
            namespace[options.name] = derivative
        view = gradient_view(
            ast.unparse(call),
            value,
            named_gradients(function, wrt, grad),
            derivative,
            *place,
            checks=checks,
            places=cell_files(self.shell),
        )
        return GradResult(value, grad, GradientPanel(view, derivative))

    def program(self, name: str, options: Options, namespace: dict[str, Any]) -> Any:
        """What is shown of a function that the cell does not call."""
        __tracebackhide__ = True
        function = namespace[name]
        wrt = 0 if options.wrt is None else options.wrt
        derivative = wb.value_and_grad(function, wrt, engine=options.engine, mode="reverse")
        if options.name is not None:
            namespace[options.name] = derivative
        place = source_and_place(self.shell, function)
        known = self.arguments_at(name, options.at, namespace)
        if known is not None:
            derivative.specialised(*derivative.bind(*known))
            view = gradient_view(name, None, (), derivative, *place, places=cell_files(self.shell))
            return Program(GradientPanel(view, derivative))
        hint = f"End the cell with a call {name}(...) for value and gradient, or give --at 'arguments' for its adjoint."
        view = gradient_view(name, None, (), None, *place, hint=hint)
        return Program(GradientPanel(view, derivative))

    @staticmethod
    def arguments_at(
        name: str, at: str | None, namespace: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        """Arguments that give the types of a function: those of `--at`, else samples of its annotations."""
        if at is not None:
            call = ast.parse(f"{name}({at})", mode="eval").body
            assert isinstance(call, ast.Call)
            _, args, kwargs = evaluate(call_parts(call), "--at", namespace)
            return args, kwargs
        signature = inspect.signature(namespace[name])
        samples = {"float": 1.0, "complex": 1.0 + 0.0j, "int": 1}
        kinds = [getattr(p.annotation, "__name__", p.annotation) for p in signature.parameters.values()]
        if not kinds or any(kind not in samples for kind in kinds):
            return None
        return tuple(samples[kind] for kind in kinds), {}

    def over_plain(self, cell: Cell, options: Options, namespace: dict[str, Any]) -> GradResult:
        """Run a plain cell, then differentiate it as a function of its inputs, at their values on entry."""
        __tracebackhide__ = True
        body = list(cell.tree.body)
        while body and isinstance(body[-1], ast.Expr) and only_shows(body[-1], namespace):
            body.pop()
        shown = cell.tree.body[len(body) :]
        reads, assigned = first_reads(ast.Module(body, []))
        last, output = output_of(body, assigned)
        bound = [name for name in reads if name in namespace]
        inputs = self.chosen([name for name in bound if holds_real_data(namespace[name])], options.wrt)
        parameters = inputs + [name for name in bound if name in assigned and name not in inputs]
        on_entry = dict(zip(bound, snapshot(tuple(namespace[name] for name in bound)), strict=True))
        run(cell, body[:-1] if last is not None else body, namespace)
        value = evaluate(last.value, cell.filename, namespace) if last is not None else namespace[output]
        run(cell, shown, namespace)

        dropped = [s for s in cell.tree.body if s in shown or (s is not last and only_shows(s, namespace))]
        source = cell_function_source(cell.text, CELL_FUNCTION, parameters, dropped, output if last is None else last)
        filename = synthetic_file(self.shell, source, cell.number)
        seen = {**namespace, **on_entry}
        exec(compile(source, filename, "exec"), seen)
        function = seen[CELL_FUNCTION]
        args = tuple(on_entry[name] for name in parameters)
        wrt = tuple(range(len(inputs)))
        before = snapshot(args) if options.verify else ()
        derivative = wb.value_and_grad(function, wrt, engine=options.engine, mode="reverse")
        again, grads = derivative(*args)
        self.require_same(value, again)
        checks = verify(function, wrt, before, {}, grads) if options.verify else ()
        gradients = dict(zip(inputs, grads, strict=True))
        namespace.update({f"grad_{name}": grad for name, grad in gradients.items()})
        if options.name is not None:
            namespace[options.name] = derivative
        view: GradientView = gradient_view(
            output,
            value,
            gradients.items(),
            derivative,
            lambda: without_blank_ends(cell.text),
            f"In[{cell.number}]",
            checks,
            places=cell_files(self.shell),
        )
        return GradResult(value, gradients, GradientPanel(view, derivative))

    @staticmethod
    def chosen(inputs: list[str], wrt: Any) -> list[str]:
        """The inputs that `--wrt` names, or all of them; there must be one."""
        if wrt is not None:
            wanted = wrt if isinstance(wrt, tuple) else (wrt,)
            for name in wanted:
                if name not in inputs:
                    raise UsageError(f"--wrt: {name!r} is no input of this cell; its inputs are {', '.join(inputs)}")
            return [str(name) for name in wanted]
        if not inputs:
            raise UsageError(
                "%%grad: nothing to differentiate with respect to: the cell reads no name that holds a float, "
                "an array of floats or a structure of them before assigning it"
            )
        return inputs

    @staticmethod
    def require_same(value: Any, again: Any) -> None:
        """Refuse a gradient of a cell whose second run gave something else."""
        if not same_value(value, again):
            raise wb.DifferentiationError(
                f"the cell gave {value!r} when it ran and {again!r} when it was differentiated",
                hint="draw random numbers and read clocks and files in another cell, or put the code into a function",
            )
