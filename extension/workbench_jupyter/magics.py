"""The magics `%%grad`, `%grad` and `%adjoint`.

A cell runs as it would without the magic, and what it computes is differentiated beside it. A cell that fails, be it
in its own code or in the gradient, rebinds no name.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand, output_can_be_silenced
from IPython.display import display

import workbench as wb
from workbench.operators.derivative import Derivative
from workbench.operators.snapshots import snapshot
from workbench.showing import Arguments, Asked, Showing, called, defined, shown_at, typed
from workbench.views import CheckView
from workbench_jupyter.cell import Cell, at_cell, call_like, evaluate, keep, read_cell
from workbench_jupyter.flags import arguments
from workbench_jupyter.options import Options, parse_line, split_call
from workbench_jupyter.result import result_of
from workbench_jupyter.subject import PlainCell, Subject, arguments_at, has_functions, of_functions, of_line
from workbench_jupyter.verify import verify


def asked_by(options: Options, wrt: Any = 0) -> Asked:
    """What a line asks to be shown."""
    return Asked(options.wrt if options.wrt is not None else wrt, options.engine, options.order,
                 ("adjoint", *(part for part in options.show if part != "adjoint")))


def same_value(first: Any, second: Any) -> bool:
    """Whether two runs gave one result, but for the order of sums and the rounding of library functions."""
    a, b = complex(first), complex(second)
    if a == b or (a != a and b != b):
        return True
    tolerance = 3e-3 if getattr(first, "dtype", None) == "float32" else 1e-7
    return math.isfinite(abs(a - b)) and abs(a - b) <= tolerance * max(abs(a), abs(b)) + 1e-12


@magics_class
class GradMagics(Magics):
    """`%%grad` over cells of functions and plain cells; `%grad` for one call; `%adjoint` for the types of a call."""

    shell: Any

    @no_var_expand
    @output_can_be_silenced
    @arguments("grad")
    @cell_magic("grad")
    def grad_cell(self, line: str, body: str) -> Any:
        """Differentiate what a cell computes.

        Over functions, the cell runs as usual; a last line that calls one of them gives its value and gradient.
        Over a plain cell, the inputs are the names that hold real numbers, arrays or structures of them and are read
        before they are assigned; the result is the last expression, else the name assigned last; the gradients land
        as `grad_NAME`.

        Examples::

            %%grad --wrt x,y --verify
            def loss(x, y):
                return (x - y) ** 2
            loss(3.0, 1.0)

            %%grad --order 2 --show tape,cost --name d_energy
            energy = x * x * y
        """
        __tracebackhide__ = True
        options = parse_line(type(self).grad_cell.parser, "grad", line)
        cell = read_cell(self.shell, "grad", body)
        with at_cell(self.shell):
            if has_functions(cell, options):
                return self.over_functions(cell, options)
            return self.over_plain(cell, options)

    @no_var_expand
    @output_can_be_silenced
    @arguments("grad")
    @line_magic("grad")
    def grad_line(self, line: str) -> Any:
        """The value and gradient of one call.

        Examples::

            %grad f(x, y)
            %grad f(x, y) --wrt y --order 2
            %grad f(wb.spec("f64[n]")) --show cost
        """
        __tracebackhide__ = True
        text, flags = split_call(line, "grad")
        options = parse_line(type(self).grad_line.parser, "grad", flags)
        with at_cell(self.shell):
            return self.called(of_line(self.shell, "grad", text, only_calls=True), options)

    @no_var_expand
    @output_can_be_silenced
    @arguments("adjoint")
    @line_magic("adjoint")
    def adjoint(self, line: str) -> Any:
        """The source of a function beside its adjoint, for the types of a call; the function does not run.

        Examples::

            %adjoint f(1.0, np.ones(3))
            %adjoint f(wb.spec("f64[n,m]"), 3) --wrt 0 --show ir
        """
        __tracebackhide__ = True
        text, flags = split_call(line, "adjoint")
        options = parse_line(type(self).adjoint.parser, "adjoint", flags)
        with at_cell(self.shell):
            subject = of_line(self.shell, "adjoint", text)
            made = typed(subject.function, subject.arguments(options, self.shell.user_ns), asked_by(options),
                         subject.title)
            return keep(self.shell, options.name, made)

    def over_functions(self, cell: Cell, options: Options) -> Any:
        """Run a cell of functions; differentiate its last expression where that calls a named one."""
        __tracebackhide__ = True
        subjects, expression = of_functions(cell, options, self.shell.user_ns)
        if subjects[0].given is not None:
            return self.called(subjects[0], options)
        value = None if expression is None else evaluate(expression, cell.filename, self.shell.user_ns)
        programs = [self.program(subject, options) for subject in subjects]
        for program in programs[: None if value is not None else -1]:
            display(program)
        return programs[-1] if value is None else value

    def called(self, subject: Subject, options: Options) -> Any:
        """Value and gradient of a call in the cell; of a call with specs, the program."""
        __tracebackhide__ = True
        assert subject.given is not None and subject.call is not None
        call, filename, asked = subject.call, subject.filename, asked_by(options)
        before: Any = snapshot(subject.given) if options.verify else None

        def run(derivative: Derivative, given: Arguments) -> Any:
            __tracebackhide__ = True
            named = {"derivative": derivative, "args": given[0], "kwargs": given[1]}
            return evaluate(call_like(call, "derivative(*args, **kwargs)"), filename, named)

        def checked(grad: Any) -> tuple[CheckView, ...]:
            return verify(subject.function, asked.wrt, before[0], before[1], grad) if options.verify else ()
        made = shown_at(subject.function, subject.given, asked, subject.title, run, checked)
        keep(self.shell, options.name, made.derivative)
        return made if made.value is None else result_of(made)

    def program(self, subject: Subject, options: Options) -> Showing:
        """What is shown of a function that the cell does not call."""
        hint = (f"End the cell with a call {subject.title}(...) for value and gradient, or give --at 'arguments' for "
                "its adjoint.")
        made = defined(subject.function, asked_by(options), arguments_at(options.at, self.shell.user_ns), hint)
        keep(self.shell, options.name, made.derivative)
        return made

    def over_plain(self, cell: Cell, options: Options) -> Any:
        """Run a plain cell, then differentiate it as a function of its inputs, at their values on entry."""
        __tracebackhide__ = True
        namespace = self.shell.user_ns
        plain = PlainCell(self.shell, cell, options, namespace)
        value = plain.run()
        subject = plain.subject()
        assert subject.given is not None
        wrt = tuple(range(len(subject.inputs)))
        before: Any = snapshot(subject.given) if options.verify else None

        def checked(grad: Any) -> tuple[CheckView, ...]:
            return verify(subject.function, wrt, before[0], before[1], grad) if options.verify else ()
        asked = dataclasses.replace(asked_by(options), wrt=wrt)
        made = called(subject.function, subject.given, asked, subject.title, None, checked, subject.source)
        self.require_same(value, made.value)
        made.value = value
        made.grad = dict(zip(subject.inputs, made.grad, strict=True))
        if made.hessian is not None:
            made.hessian = {name: dict(zip(subject.inputs, row, strict=True))
                            for name, row in zip(subject.inputs, made.hessian, strict=True)}
        namespace.update({f"grad_{name}": grad for name, grad in made.grad.items()})
        keep(self.shell, options.name, made.derivative)
        return result_of(made)

    @staticmethod
    def require_same(value: Any, again: Any) -> None:
        """Refuse a gradient of a cell whose second run gave something else."""
        if not same_value(value, again):
            raise wb.DifferentiationError(
                f"the cell gave {value!r} when it ran and {again!r} when it was differentiated",
                hint="draw random numbers and read clocks and files in another cell, or put the code into a function",
            )

