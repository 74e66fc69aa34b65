"""`wb.cost`, `wb.sweep`, `wb.complexity`: what a function and its derivatives will cost, before they run, at one size
or at many; `wb.measure`: what it has cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from workbench import composed
from workbench.cost.duration import Duration
from workbench.cost.quantity import Quantity, plain
from workbench.cost.spec import samples, stand_ins
from workbench.ir import DifferentiationError
from workbench.operators import costing
from workbench.operators.composite import Composite
from workbench.operators.derivative import Derivative
from workbench.operators.mapping import Mapped
from workbench.progress import working
from workbench.views import Complexity, Measured, OperatorCost, Sweep
from workbench.views.complexity import LAWS
from workbench.views.numbers import nominal
from workbench.views.report import FIGURES, MEMORY_FIGURES, CostReport


def cost(f: Callable[..., Any], *args: Any, arch: str | None = None, **named: Any) -> CostReport:
    """What a call would cost: its program is made and counted, nothing is compiled or run.

    f: any function that the compiler takes, or a derivative of one (also asked as `wb.grad(f).cost(...)`).
    args, named: its arguments; each, or a part of a structure, may be a `wb.spec("f64[n,m]")` in place of the value.
    With specs, figures are formulas in their dimensions.
    arch: an architecture of GPUs as NVIDIA names them ("sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120"): what
    the kernels would cost there. Of what has `engine="cuda"` it is "sm_90" where nothing is named.
    Returns a `CostReport`: `.flops`, `.ops`, `.bytes_read`, `.bytes_written`, `.bytes_allocated` (numbers in all), and
    `.by_line`, `.by_op`; `report(n=1000)` binds dimensions. What only a run can know (the turns of a `while`) is a
    parameter such as `trips(line 12)`. `.time` is how many seconds the compiled program is predicted to take once it
    has been called before (what Python does around a call, some microseconds, is not in it), on this machine where
    `wb.calibrate()` was used, else on a default one. On a GPU it is predicted from published figures and was never
    measured; `.kernels` lists what is launched. Where a compiler for GPUs is installed, kernels are compiled there for
    their registers, once times or kernels are asked for.
    Raises DifferentiationError at the line that the compiler does not take, TypeError for arguments that f does not
    have, ValueError where specs contradict each other, or for an architecture that nothing is known of.
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
    >>> [(kernel.name, kernel.bytes) for kernel in wb.cost(energy, wb.spec("f64[n]"), arch="sm_90").kernels]
    [('energy_kernel_1', 8·n)]
    """
    return as_derivative(f).cost(*args, arch=arch, **named)


def as_derivative(f: Callable[..., Any]) -> Derivative:
    """What has costs: a derivative itself, the loop of what is mapped, a function compiled as it is."""
    if isinstance(f, Mapped):
        return f.compiled
    return f if isinstance(f, Derivative) else Derivative(f, "value", ())


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
          parameters: Mapping[str, float] | None = None, measured: Sequence[int] | None = None, **sizes: Any) -> Sweep:
    """Cost over sizes: formulas evaluated at every size, nothing compiled or run unless it is to be measured.

    f: a function or a derivative, or a tuple of them to be compared (`(f, wb.grad(f))`).
    args: as for `wb.cost`; what is swept over is a dimension of a `wb.spec`, or an integer that is one.
    figures: which figures of a `CostReport`: flops, bytes_read, bytes_written, bytes_allocated, peak_bytes,
    residual_bytes, time (seconds, predicted).
    parameters: values of what only a run can know, by name (`{"trips(line 12)": 40}`).
    measured: sizes of the one swept dimension at which calls on random arguments are compiled, run and timed; these
    points stand beside the predicted time.
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
        if figure not in SWEPT:
            raise ValueError(f"there is no figure {figure!r}; there are {', '.join(SWEPT)}")
    swept = {name: _sizes(name, value) for name, value in sizes.items()}
    grid = {name: value for name, value in swept.items() if value.ndim}
    if not functions or not 1 <= len(grid) <= 2:
        raise TypeError(f"a sweep is over one or two dimensions, as in n=[10, 100, 1000]; {len(grid)} are given")
    if measured is not None and len(grid) != 1:
        raise TypeError("over two dimensions nothing is measured")
    shown = (*figures, *(("time",) if measured is not None and "time" not in figures else ()))
    reports = [cost(function, *args) for function in functions]
    asked = {figure: [getattr(report, figure) for report in reports] for figure in shown}
    depends = [value for values in asked.values() for value in values if isinstance(value, Quantity | Duration)]
    known = {name for found in (*reports, *depends) for name in found.symbols}
    if missing := sorted(swept.keys() - known):
        raise TypeError(f"nothing depends on {', '.join(missing)}, but on {', '.join(sorted(known)) or 'no size'}")
    given = {**(parameters or {}), **{name: value.item() for name, value in swept.items() if not value.ndim}}
    if left := sorted(known - grid.keys() - given.keys()):
        raise TypeError(f"{', '.join(left)} must be given, too (dimensions by name, others in `parameters`)")
    places = dict(zip(grid, np.meshgrid(*grid.values(), indexing="ij"), strict=True))

    def values(fixed: Mapping[str, float]) -> dict[str, tuple[np.ndarray, ...]]:
        return {figure: tuple(_evaluated(value, fixed, places) for value in found) for figure, found in asked.items()}
    points = None
    if measured is not None:
        ((name, _),) = grid.items()
        fixed = {key: int(value) for key, value in given.items() if "(" not in key}
        made = [as_derivative(function) for function in functions]
        points = np.asarray(measured, float), tuple(np.array(_times(f, args, name, measured, fixed)) for f in made)
    return Sweep(tuple(report.name for report in reports), grid, values(given), given, points, values)


#: What can be swept.
SWEPT = (*FIGURES, *MEMORY_FIGURES, "time")


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
    found = value(known) if isinstance(value, Quantity | Duration) else float(value)
    return np.array(np.broadcast_to(np.asarray(found, float), shape))


Wrt = int | str | tuple[int | str, ...]
#: The rows of `complexity`: how each operator is made of a function and what it is differentiated by.
OPERATORS: dict[str, Callable[[Callable[..., Any], Wrt], Derivative]] = {
    "value": lambda f, wrt: Derivative(f, "value", ()),
    "gradient": lambda f, wrt: Derivative(f, "grad", wrt),
    "jvp": lambda f, wrt: Derivative(f, "jvp", wrt),
    "vjp": lambda f, wrt: Derivative(f, "vjp", wrt),
    "hvp": composed.hvp, "jacobian": composed.jacobian, "hessian": composed.hessian,
    "diag_hessian": composed.diag_hessian, "laplacian": composed.laplacian, "divergence": composed.divergence,
}
_TIMED = frozenset(OPERATORS) - {"jvp", "vjp"}  # those that are called with the function's arguments (and a tangent)


def complexity(f: Callable[..., Any], *args: Any, wrt: Wrt = 0, figures: Sequence[str] = ("flops", "bytes_allocated"),
               measured: Mapping[str, Sequence[int]] | None = None) -> Complexity:
    """What the derivatives of a function cost beside the function: a table over value, gradient, jvp, vjp, hvp,
    Jacobian, Hessian, its diagonal, Laplacian and divergence.

    f: any function that the compiler takes. args: values or specs, as for `wb.cost`. wrt: as for `wb.grad`.
    figures: which figures of a `CostReport` the table shows. measured: for one dimension sizes at which all is run on
    random arguments and timed; the power with which the time grows stands beside.
    Returns a `Complexity`, one row for each operator: its `report`, and its flops as a multiple of the function's. An
    operator that does not apply (a gradient of many outputs) has the reason in place of figures.
    Raises DifferentiationError where the compiler does not take f itself, ValueError for a figure that there is not,
    TypeError where sizes are measured and others are left open.
    Theory: Griewank & Walther, *Evaluating Derivatives* (2008), chapters 3 and 4.

    >>> import workbench as wb
    >>> def energy(x):
    ...     total = 0.0
    ...     for k in range(x.shape[0]):
    ...         total += x[k] ** 3
    ...     return total
    >>> table = wb.complexity(energy, wb.spec("f64[n]"))
    >>> table.inputs, table["gradient"].multiple < 3, table["divergence"].report is None
    (n, True, True)
    """
    for figure in figures:
        if figure not in FIGURES:
            raise ValueError(f"there is no figure {figure!r}; there are {', '.join(FIGURES)}")
    function = cost(f, *args)
    base = nominal(function.flops)
    forward = Derivative(f, "jvp", wrt)
    bound, keywords = forward.bind(args, {})
    inputs, outputs = costing.numbers_of(forward.analysed(stand_ins(bound), keywords), bound)
    def row(name: str, make: Callable[[Callable[..., Any], Wrt], Derivative]) -> OperatorCost:
        try:
            if name == "divergence" and inputs != outputs:
                raise DifferentiationError("only of functions with as many outputs as inputs")
            operator = make(f, wrt)
            given = arguments_of(operator, args)
            report = operator.cost(*given)
            power = _exponent(operator, given, measured) if measured and name in _TIMED else None
        except DifferentiationError as refusal:
            return OperatorCost(name, None, float("nan"), LAWS[name], refusal.reason)
        multiple = nominal(report.flops) / base if base else float("nan")
        return OperatorCost(name, report, multiple, LAWS[name], exponent=power)
    rows = []
    with working(f"pricing the derivatives of {function.name}", len(OPERATORS)) as step:
        for name, make in OPERATORS.items():
            rows.append(row(name, make))
            step()
    return Complexity(function.name, plain(inputs), plain(outputs), function.flops, tuple(rows), tuple(figures))


def arguments_of(f: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a function's derivative is called with: of a Hessian-vector product, a tangent too."""
    return (*args, *_tangents(f, args)) if isinstance(f, Composite) and f.takes_tangent else args


def _tangents(operator: Derivative, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """A tangent for a Hessian-vector product: of the shape of what it is differentiated by."""
    positions = operator.plain.request.wrt  # type: ignore[attr-defined]
    several = operator.plain.several  # type: ignore[attr-defined]
    return (tuple(args[k] for k in positions),) if several else (args[positions[0]],)


def _exponent(operator: Derivative, args: tuple[Any, ...], measured: Mapping[str, Sequence[int]]) -> float:
    """The power of a size with which the time of calls grows: the slope of its logarithm by least squares."""
    if len(measured) != 1:
        raise TypeError("one dimension is measured at a time, as in measured={'n': [100, 200, 400]}")
    ((name, sizes),) = measured.items()
    times = _times(operator, args, name, sizes, {})
    return float(np.polyfit(np.log(np.asarray(sizes, float)), np.log(times), 1)[0])


def _times(operator: Derivative, args: tuple[Any, ...], name: str, sizes: Sequence[int],
           fixed: Mapping[str, int]) -> list[float]:
    """Seconds of calls on random arguments at these sizes of one dimension: the least of five, after a first one."""
    times = []
    with working(f"measuring {operator!r}", len(sizes)) as step:
        for size in sizes:
            given = samples(args, {**fixed, name: int(size)}, np.random.default_rng(0))
            operator(*given)
            times.append(min(_seconds(operator, given) for _ in range(5)))
            step()
    return times


def _seconds(operator: Derivative, args: tuple[Any, ...]) -> float:
    begin = time.perf_counter()
    operator(*args)
    return time.perf_counter() - begin
