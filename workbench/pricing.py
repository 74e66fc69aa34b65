"""`wb.cost`: what a function or a derivative of it will cost, before it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.cost.report import CostReport
from workbench.operators.derivative import Derivative


def cost(f: Callable[..., Any], *args: Any, **named: Any) -> CostReport:
    """What a call would cost: its program is made and counted, nothing is compiled or run.

    f: any function that the compiler takes, or a derivative of one (also asked as `wb.grad(f).cost(...)`).
    args, named: its arguments; each, or a part of a structure, may be a `wb.spec("f64[n,m]")` in place of the value.
    With specs, figures are formulas in their dimensions.
    Returns a `CostReport`: `.flops`, `.ops`, `.bytes_read`, `.bytes_written`, `.bytes_allocated` (numbers in all), and
    `.by_line`, `.by_op`; `report(n=1000)` binds dimensions. What only a run can know (the turns of a `while`) is a
    parameter such as `trips(line 12)`.
    Raises DifferentiationError at the line that the compiler does not take, TypeError for arguments that f does not
    have, ValueError where specs contradict each other.
    Method: the interpreter walks the final program in a domain of formulas; sums over loops are closed (Graham, Knuth &
    Patashnik, *Concrete Mathematics*, 1994, 6.5).

    >>> import workbench as wb
    >>> def energy(x):
    ...     total = 0.0
    ...     for k in range(x.shape[0]):
    ...         total += x[k] * x[k]
    ...     return total
    >>> report = wb.cost(energy, wb.spec("f64[n]"))
    >>> report.flops, report.bytes_read
    (2·n, 8·n)
    >>> report(n=1000).flops
    2000
    >>> wb.cost(wb.grad(energy), wb.spec("f64[n]")).flops
    3·n
    """
    derivative = f if isinstance(f, Derivative) else Derivative(f, "value", ())
    return derivative.cost(*args, **named)
