"""The magics `%%cost`, `%cost`, `%complexity`, `%%tape` and `%tape`: what a call costs, and a recorded run.

A cost is asked for before anything runs: the functions of a cell are defined, the call in its last line is counted and
not made (unless `--measure` wants it run).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand, output_can_be_silenced

import workbench as wb
from workbench.cost.spec import specs_in
from workbench.operators.snapshots import snapshot
from workbench.pricing import OPERATORS, arguments_of
from workbench.showing import Arguments
from workbench.views.shown import Panels, Shown
from workbench_jupyter.cell import Cell, at_cell, keep, read_cell
from workbench_jupyter.flags import arguments
from workbench_jupyter.options import Options, parse_line, split_call
from workbench_jupyter.subject import PlainCell, Subject, has_functions, of_functions, of_line

#: So many sizes of a sweep are measured.
MEASURED = 6


@magics_class
class CostMagics(Magics):
    """`%%cost`, `%cost` and `%complexity`; `%%tape` and `%tape`."""

    shell: Any

    @no_var_expand
    @output_can_be_silenced
    @arguments("cost")
    @cell_magic("cost")
    def cost_cell(self, line: str, body: str) -> Any:
        """What a cell's last call would cost; the call is not made.

        Over functions, these are defined, and the call in the last line, whose arguments may be specs, is counted.
        A plain cell is counted as a function of its inputs, and does not run.

        Examples::

            %%cost --of value,gradient
            def energy(x):
                return (x * x).sum()
            energy(wb.spec("f64[n]"))

            %%cost --of gradient --sweep n=10:1e6:log --figures flops,time
            def energy(x):
                return (x * x).sum()
            energy(wb.spec("f64[n]"))
        """
        __tracebackhide__ = True
        options = parse_line(type(self).cost_cell.parser, "cost", line)
        cell = read_cell(self.shell, "cost", body)
        with at_cell(self.shell):
            if has_functions(cell, options):
                return self.cost(of_functions(cell, options, self.shell.user_ns)[0][-1], options)
            plain = PlainCell(self.shell, cell, options, self.shell.user_ns)
            plain.run_imports()
            return self.cost(plain.subject(), options)

    @no_var_expand
    @output_can_be_silenced
    @arguments("cost")
    @line_magic("cost")
    def cost_line(self, line: str) -> Any:
        """What a call would cost; it is not made.

        Examples::

            %cost f(wb.spec("f64[n]"), 3)
            %cost f(x) --of hessian
            %cost f(wb.spec("f64[n]")) --of value,gradient --sweep n=10:1e6:log
            %cost f(x) --of gradient --measure
        """
        __tracebackhide__ = True
        text, flags = split_call(line, "cost")
        options = parse_line(type(self).cost_line.parser, "cost", flags)
        with at_cell(self.shell):
            return self.cost(of_line(self.shell, "cost", text), options)

    @no_var_expand
    @output_can_be_silenced
    @arguments("complexity")
    @line_magic("complexity")
    def complexity(self, line: str) -> Any:
        """What all derivatives of a function cost beside the function, as a table.

        Examples::

            %complexity f(wb.spec("f64[n]"))
            %complexity f(wb.spec("f64[n]")) --measured n=100,200,400
        """
        __tracebackhide__ = True
        text, flags = split_call(line, "complexity")
        options = parse_line(type(self).complexity.parser, "complexity", flags)
        with at_cell(self.shell):
            subject = of_line(self.shell, "complexity", text)
            args, named = subject.arguments(options, self.shell.user_ns)
            chosen: dict[str, Any] = {"figures": options.figures} if options.figures else {}
            if options.measured:
                chosen["measured"] = {name: np.atleast_1d(sizes).tolist() for name, sizes in options.measured}
            found = wb.complexity(subject.function, *positional("complexity", args, named),
                                  wrt=0 if options.wrt is None else options.wrt, **chosen)
            return keep(self.shell, options.name, found)

    @no_var_expand
    @output_can_be_silenced
    @arguments("tape")
    @cell_magic("tape")
    def tape_cell(self, line: str, body: str) -> Any:
        """Run a cell, and record what its last call does, operation by operation.

        Over functions, the cell runs as usual and the call in the last line is recorded. A plain cell runs as usual and
        is recorded as a function of its inputs.

        Examples::

            %%tape --name run
            def f(x, y):
                return x * y + x
            f(2.0, 3.0)
        """
        __tracebackhide__ = True
        options = parse_line(type(self).tape_cell.parser, "tape", line)
        cell = read_cell(self.shell, "tape", body)
        with at_cell(self.shell):
            return self.recorded(self.subject_to_record(cell, options), options)

    @no_var_expand
    @output_can_be_silenced
    @arguments("tape")
    @line_magic("tape")
    def tape_line(self, line: str) -> Any:
        """Make a call, and record it, operation by operation.

        Examples::

            %tape f(2.0, 3.0)
            %tape f(x, y) --name run
        """
        __tracebackhide__ = True
        text, flags = split_call(line, "tape")
        options = parse_line(type(self).tape_line.parser, "tape", flags)
        with at_cell(self.shell):
            return self.recorded(of_line(self.shell, "tape", text), options)

    # ------------------------------------------------------------------ what they do
    def cost(self, subject: Subject, options: Options) -> Any:
        """The cost of what `--of` names, at one size or over a sweep, measured too where that is asked for."""
        __tracebackhide__ = True
        args, named = subject.arguments(options, self.shell.user_ns)
        wrt: Any = options.wrt if options.wrt is not None else (
            tuple(range(len(subject.inputs))) if subject.inputs else 0)
        names = ["gradient" if name == "grad" else name for name in options.of or ("value",)]
        functions = [subject.function if name == "value" else OPERATORS[name](subject.function, wrt) for name in names]
        if options.sweep:
            return keep(self.shell, options.name, swept(functions, positional("cost", args, named), options))
        reports = [wb.cost(f, *arguments_of(f, args), **named) for f in functions]
        measured: list[Shown] = [
            wb.measure(f, *snapshot(arguments_of(f, args)), **snapshot((named,))[0])
            for f in functions] if options.measure else []
        if len(reports) == 2:
            parts: list[Shown] = [reports[0].compare(reports[1]), *measured]
        else:
            parts = [*reports, *measured]
        return keep(self.shell, options.name, parts[0] if len(parts) == 1 else Panels(parts))

    def subject_to_record(self, cell: Cell, options: Options) -> Subject:
        """What a cell's last call is, or the cell itself, which has run then."""
        __tracebackhide__ = True
        if has_functions(cell, options):
            return of_functions(cell, options, self.shell.user_ns)[0][-1]
        plain = PlainCell(self.shell, cell, options, self.shell.user_ns)
        plain.run()
        return plain.subject()

    def recorded(self, subject: Subject, options: Options) -> Any:
        """The tape of a call."""
        __tracebackhide__ = True
        args, named = given_values(subject, options, self.shell.user_ns)
        return keep(self.shell, options.name, wb.tape(subject.function, *args, **named))


def given_values(subject: Subject, options: Options, namespace: dict[str, Any]) -> Arguments:
    """Arguments to run a function with: specs are none."""
    args, named = subject.arguments(options, namespace)
    if next(specs_in([*args, *named.values()]), None) is not None:
        raise UsageError(f"{options.magic}: the run is recorded, so it needs values, no specs")
    return args, named


def positional(magic: str, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """Arguments of what takes them by position alone."""
    if named:
        raise UsageError(f"{magic}: pass {', '.join(named)} by position here")
    return args


def swept(functions: list[Callable[..., Any]], args: tuple[Any, ...], options: Options) -> Any:
    """A sweep; with `--measure`, some of its sizes are measured."""
    __tracebackhide__ = True
    grids = [sizes for _, sizes in options.sweep if np.ndim(sizes)]
    chosen: dict[str, Any] = {"figures": options.figures} if options.figures else {}
    if options.measure and len(grids) == 1:
        places = np.unique(np.linspace(0, len(grids[0]) - 1, MEASURED).round().astype(int))
        chosen["measured"] = [int(size) for size in grids[0][places]]
    try:
        return wb.sweep(tuple(functions), *args, **chosen, **dict(options.sweep))
    except (TypeError, ValueError) as error:
        if isinstance(error, wb.DifferentiationError):
            raise
        raise UsageError(f"cost --sweep: {error}") from None
