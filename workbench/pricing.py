"""`wb.cost`, `wb.sweep`: what a function or a derivative of it will cost, before it runs, at one size or at many;
`wb.measure`: what it has cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from workbench.cost.quantity import Quantity
from workbench.cost.report import FIGURES, CostReport
from workbench.operators.derivative import Derivative
from workbench.views import Measured, Sweep


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


def measure(f: Callable[..., Any], *args: Any, repeats: int = 5, **named: Any) -> Measured:
    """Run a function or a derivative, and an instrumented twin of it, and say where the time went, line by line.

    f: any function that the compiler takes, or a derivative of one. args, named: its arguments, which stay as they are.
    repeats: how many runs of both; the fastest count.
    Returns a `Measured`: `.seconds`, and `.by_line` with seconds, bytes of arrays made, and the flops that `wb.cost`
    counted. Laps are taken between loops, not inside of innermost ones, so that what is vectorised stays so: the lines
    of one innermost loop share its time by what they do.
    Raises DifferentiationError where the compiler does not take f, what f raises otherwise.

    >>> import numpy as np
    >>> import workbench as wb
    >>> def total(x):
    ...     y = np.sin(x)
    ...     return (y * y).sum()
    >>> found = wb.measure(wb.grad(total), np.ones(1000))
    >>> found.seconds > 0.0, sum(line.share for line in found.by_line) > 0.99
    (True, True)
    """
    derivative = f if isinstance(f, Derivative) else Derivative(f, "value", ())
    return derivative.measure(*args, repeats=repeats, **named)


def sweep(f: Callable[..., Any] | tuple[Callable[..., Any], ...], *args: Any, figures: Sequence[str] = ("flops",),
          parameters: Mapping[str, float] | None = None, **sizes: Any) -> Sweep:
    """Cost over sizes: formulas evaluated at every size, nothing compiled or run.

    f: a function or a derivative, or a tuple of them to be compared (`(f, wb.grad(f))`).
    args: as for `wb.cost`; what is swept over is a dimension of a `wb.spec`, or an integer that is one.
    figures: which figures of a `CostReport`: flops, bytes_read, bytes_written, bytes_allocated.
    parameters: values of what only a run can know, by name (`{"trips(line 12)": 40}`).
    sizes: for one or two names of dimensions the sizes, a sequence of integers from 0 on; for others one size.
    Returns a `Sweep`: `.values(figure)`, `.exponents(figure)`, `.figure(figure)` (plotly); printed as a table, in a
    notebook as curves.
    Raises TypeError where no size or more than two are swept, where something is left open, or where f does not depend
    on a name; ValueError for an unknown figure or a wrong size; DifferentiationError as `wb.cost`.

    >>> import workbench as wb
    >>> def total(x):
    ...     s = 0.0
    ...     for k in range(x.shape[0]):
    ...         s += x[k] * x[k]
    ...     return s
    >>> swept = wb.sweep((total, wb.grad(total)), wb.spec("f64[n]"), n=[10, 100, 1000])
    >>> swept.values("flops", of="total")
    array([  20.,  200., 2000.])
    """
    functions = f if isinstance(f, tuple) else (f,)
    for figure in figures:
        if figure not in FIGURES:
            raise ValueError(f"there is no figure {figure!r}; there are {', '.join(FIGURES)}")
    swept = {name: _sizes(name, value) for name, value in sizes.items()}
    grid = {name: value for name, value in swept.items() if value.ndim}
    if not functions or not 1 <= len(grid) <= 2:
        raise TypeError(f"a sweep is over one or two dimensions, as in n=[10, 100, 1000]; {len(grid)} are given")
    reports = [cost(function, *args) for function in functions]
    known = {name for report in reports for name in report.symbols}
    if missing := sorted(swept.keys() - known):
        raise TypeError(f"nothing depends on {', '.join(missing)}, but on {', '.join(sorted(known)) or 'no size'}")
    given = {**(parameters or {}), **{name: value.item() for name, value in swept.items() if not value.ndim}}
    if left := sorted(known - grid.keys() - given.keys()):
        raise TypeError(f"{', '.join(left)} must be given, too (dimensions by name, others in `parameters`)")
    places = dict(zip(grid, np.meshgrid(*grid.values(), indexing="ij"), strict=True))
    values = {figure: tuple(_evaluated(getattr(report, figure), given, places) for report in reports)
              for figure in figures}
    return Sweep(tuple(report.name for report in reports), grid, values)


def _sizes(name: str, value: Any) -> np.ndarray:
    sizes = np.asarray(value)
    if sizes.ndim > 1 or sizes.size == 0 or sizes.dtype.kind not in "iuf" or np.any(sizes < 0) or np.any(
            sizes != np.floor(sizes)):
        raise ValueError(f"sizes are integers from 0 on: {name}={value!r}")
    return sizes.astype(float)


def _evaluated(value: Any, given: Mapping[str, Any], places: Mapping[str, np.ndarray]) -> np.ndarray:
    """A figure over the grid."""
    shape = next(iter(places.values())).shape
    known: dict[str, Any] = {**given, **places}
    found = value(known) if isinstance(value, Quantity) else float(value)
    return np.array(np.broadcast_to(np.asarray(found, float), shape))
