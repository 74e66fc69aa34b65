"""The public checker: derivatives of a function against differences of its values, and against each other.

Along random directions: the tangent of forward mode against central differences of plain Python's values, with several
step sizes of which the one that agrees best with its neighbours judges; reverse mode against forward mode by inner
products, <y_bar, J x_dot> = <J* y_bar, x_dot>; the same one order up, for both modes differentiated again.

Invariant: nothing that could not be compared passes as compared: it is listed with its reason.

Source: Griewank & Walther (2008), section 3.2 (the adjoint identity); Fornberg (1988), differences of order four.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Sequence
from dataclasses import asdict, field
from typing import Any

import numpy as np

from workbench.api import jvp, vjp
from workbench.frontend import python_function
from workbench.ir import DifferentiationError, is_narrow
from workbench.operators.floats import flat, fresh, inner, largest, names, norm, with_leaves
from workbench.records import dataclass
from workbench.reproducing import script

# relative tolerances by the coarsest precision that takes part: differences of order one and two, inner products
_TOLERANCES = {8: (1e-6, 1e-5, 1e-9), 4: (2e-2, 8e-2, 1e-4)}
_STEPS = {8: (3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4), 4: (3e-1, 1e-1, 3e-2)}


class Disagreement(AssertionError):
    """Derivatives disagree. `report` holds all that was compared."""

    def __init__(self, message: str, report: CheckReport) -> None:
        super().__init__(message)
        self.report = report


@dataclass(frozen=True)
class Comparison:
    """One comparison. status: "agrees", "disagrees", "undecided" (the differences do not settle: a kink or noise is
    near) or "refused" (the engine does not take it). error and tolerance are relative; step is that of differences;
    direction counts the random directions from 1."""

    engine: str
    order: int
    what: str
    status: str
    error: float = float("nan")
    tolerance: float = float("nan")
    step: float = float("nan")
    detail: str = ""
    direction: int = 1


@dataclass
class CheckReport:
    """What `wb.check` compared. `str()` is a table, `to_dict()` plain data, `passed` true where nothing disagrees and
    something was compared."""

    name: str
    comparisons: list[Comparison] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """True where nothing disagrees, and something agrees."""
        found = {c.status for c in self.comparisons}
        return "disagrees" not in found and "agrees" in found

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"name": self.name, "passed": self.passed, "comparisons": [asdict(c) for c in self.comparisons]}

    def __str__(self) -> str:
        rows = [f"check of {self.name}: {'passed' if self.passed else 'FAILED'}"]
        several = any(c.direction > 1 for c in self.comparisons)
        for c in self.comparisons:
            numbers = f"{c.error:8.1e} (tolerance {c.tolerance:.0e})" if c.error == c.error else " " * 8
            along = f"direction {c.direction}  " if several else ""
            rows.append(f"  {c.engine:6s} order {c.order}  {along}{c.what:38s} {c.status:10s} {numbers}  "
                        f"{c.detail}".rstrip())
        return "\n".join(rows)


@dataclass(frozen=True)
class _Difference:
    """A derivative by differences, leaf by leaf: its numbers, how far those of a neighbouring step differ, the step,
    how large the values are, and the slopes to the left and to the right where they differ (NaN where they do not)."""

    leaves: list[np.ndarray]
    doubts: list[float]
    steps: list[float]
    sizes: list[float]
    sides: list[tuple[np.ndarray, np.ndarray]]


class Checker:
    """Compares the derivatives of one function at one point."""

    def __init__(self, f: Callable[..., Any], args: tuple[Any, ...], seed: int) -> None:
        self.f = f
        self.args = args
        self.rng = np.random.default_rng(seed)
        self.name = getattr(f, "__name__", type(f).__name__)
        self.report = CheckReport(self.name)
        self.value = f(*fresh(args))
        if not flat(args):
            raise DifferentiationError(f"the arguments of {self.name} hold no float", None, "pass floats")
        if not flat(self.value):
            raise DifferentiationError(f"{self.name} returns nothing that has a derivative", None, "return floats")
        self.size = min(_precision(x) for x in (*flat(args), *flat(self.value)))
        self.derivatives = _derivatives(f)
        self.kept = tuple(k for k, a in enumerate(args) if flat(a))
        self.turn = 1  # which random direction is looked along

    def note(self, engine: str, order: int, what: str, status: str, **more: Any) -> None:
        """Enter a comparison along the present direction."""
        self.report.comparisons.append(Comparison(engine, order, what, status, direction=self.turn, **more))

    # ------------------------------------------------------------------ directions
    def direction(self, x: Any) -> Any:
        """A random tangent of the structure of x, as large as x."""
        made = []
        for leaf in flat(x):
            part = self.rng.uniform(0.5, 1.5, leaf.shape) * self.rng.choice([-1.0, 1.0], leaf.shape)
            if leaf.dtype.kind == "c":
                part = part + 1j * self.rng.uniform(0.5, 1.5, leaf.shape)
            made.append(part * np.clip(np.abs(leaf), 0.1, None))
        return with_leaves(x, made, keep=False)

    def tangents(self) -> tuple[Any, ...]:
        """A tangent per argument, None where it holds no float."""
        return tuple(self.direction(a) if k in self.kept else None for k, a in enumerate(self.args))

    def moved(self, dots: tuple[Any, ...], step: float) -> tuple[Any, ...]:
        """The arguments, moved along a direction."""
        leaves = [x + step * d for x, d in zip(flat(self.args), flat(dots), strict=True)]
        return tuple(with_leaves(fresh(self.args), leaves, keep=True))

    def difference(self, function: Callable[..., Any], dots: tuple[Any, ...]) -> _Difference:
        """The derivative of a function along a direction: of several steps the one that neighbours agree with best."""
        found: list[list[np.ndarray]] = []
        sided: list[list[tuple[np.ndarray, np.ndarray]]] = []
        sizes: list[float] = []
        middle = [x.astype(_wide(x)) for x in flat(function(*self.moved(dots, 0)))]
        for step in _STEPS[self.size]:
            values = {k: flat(function(*self.moved(dots, k * step))) for k in (-2, -1, 1, 2)}
            found.append([(8.0 * (p1.astype(_wide(p1)) - m1) - (p2.astype(_wide(p2)) - m2)) / (12.0 * step)
                          for m2, m1, p1, p2 in zip(*(values[k] for k in (-2, -1, 1, 2)), strict=True)])
            sided.append([((3.0 * m - 4.0 * m1 + m2) / (2.0 * step), (4.0 * p1 - p2 - 3.0 * m) / (2.0 * step))
                          for m, m2, m1, p1, p2 in zip(middle, *(values[k] for k in (-2, -1, 1, 2)), strict=True)])
            sizes = [largest(x) for x in values[1]]
        made = _Difference([], [], [], sizes, [])
        for leaf in range(len(sizes)):
            doubts = [largest(a[leaf] - b[leaf]) for a, b in itertools.pairwise(found)]
            best = int(np.argmin([d if d == d else np.inf for d in doubts]))
            made.leaves.append(found[best + 1][leaf])
            made.doubts.append(doubts[best])
            made.steps.append(_STEPS[self.size][best + 1])
            made.sides.append(_kinked(sided[best][leaf], sided[best + 1][leaf]))
        return made

    # ------------------------------------------------------------------ comparing
    def add(self, engine: str, order: int, what: str, found: Any, expected: _Difference) -> None:
        """Compare a derivative with differences, leaf by leaf."""
        tolerance = _TOLERANCES[self.size][order - 1]
        leaves = flat(found)
        if len(leaves) != len(expected.leaves):
            self.note(engine, order, what, "disagrees",
                      detail=f"{len(leaves)} numbers and arrays where the value has {len(expected.leaves)}")
            return
        scales = [max(largest(a), largest(b), 1e-5 * size, 1e-300)
                  for a, b, size in zip(leaves, expected.leaves, expected.sizes, strict=True)]
        errors = [largest(a - b) / scale for a, b, scale in zip(leaves, expected.leaves, scales, strict=True)]
        between = [_between(a, sides, tolerance * scale) for a, sides, scale in zip(leaves, expected.sides, scales,
                                                                                    strict=True)]
        smooth = [largest(np.where(kink, 0.0, a - b)) / scale
                  for kink, a, b, scale in zip(between, leaves, expected.leaves, scales, strict=True)]
        kink = not max(errors) <= tolerance and max(smooth) <= tolerance
        worst = int(np.argmax([e if e == e else np.inf for e in (errors if kink else smooth)]))
        error, doubt = errors[worst], expected.doubts[worst] / scales[worst]
        if kink:
            left, right = (np.atleast_1d(side)[np.atleast_1d(between[worst])][0] for side in expected.sides[worst])
            status, detail = "undecided", f"a kink: the slope is {left:.4g} to the left and {right:.4g} to the right"
        elif not error <= tolerance and not doubt <= 0.1 * error:
            status, detail = "undecided", f"the differences do not settle (they vary by {doubt:.0e})"
        elif error <= tolerance:
            status, detail = "agrees", ""
        else:
            status, detail = "disagrees", _entry(leaves[worst], expected.leaves[worst], worst, len(leaves))
        self.note(engine, order, what, status, error=error, tolerance=tolerance, step=expected.steps[worst],
                  detail=detail)

    def products(self, engine: str, order: int, what: str, left: float, right: float, scale: float,
                 detail: Callable[[], str]) -> None:
        """Compare two inner products that are equal."""
        tolerance = _TOLERANCES[self.size][2] * (1.0 if order == 1 else 100.0)
        error = abs(left - right) / max(abs(left), abs(right), scale, 1e-30)
        status = "agrees" if error <= tolerance else "disagrees"
        text = detail() if status == "disagrees" else ""
        self.note(engine, order, what, status, error=error, tolerance=tolerance, detail=text)

    def refused(self, engine: str, order: int, what: str, error: DifferentiationError) -> None:
        """Note what an engine does not take."""
        self.note(engine, order, what, "refused", detail=error.reason)

    # ------------------------------------------------------------------ orders
    def first(self, engine: str, dots: tuple[Any, ...]) -> None:
        """Order one on one engine."""
        value, tangent = jvp(self.f, fresh(self.args), dots, engine=engine)
        pairs = list(zip(flat(value), flat(self.value), strict=False))
        if len(flat(value)) != len(flat(self.value)) or not all(
                np.allclose(a, b, rtol=_TOLERANCES[self.size][2], atol=1e-300, equal_nan=True) for a, b in pairs):
            self.note(engine, 0, "value", "disagrees",
                      detail=f"{value!r:.60} where plain Python gives {self.value!r:.60}")
        expected = self.difference(self.f, dots)
        self.add(engine, 1, "forward mode, differences", tangent, expected)
        bar = self.direction(self.value)
        _, pull = vjp(self.f, *fresh(self.args), engine=engine)
        bars = pull(bar)
        left, right = inner(bar, tangent), inner(bars, dots)
        scale = 1e-3 * sum(abs(inner(a, b)) for a, b in zip(flat(bars), flat(dots), strict=True))
        self.products(engine, 1, "reverse mode, forward mode", left, right, scale,
                      lambda: self.blame(bar, bars, dots))

    def blame(self, bar: Any, bars: tuple[Any, ...], dots: tuple[Any, ...]) -> str:
        """Which argument's cotangent is furthest from differences along it alone."""
        found = flat(bars)
        parameters = _parameter_names(self.f, len(self.args))
        labels = [n for k, a in enumerate(self.args) for n in names(a, parameters[k])]
        worst, text = -1.0, ""
        for position, label in enumerate(labels):
            alone = [d if k == position else np.zeros_like(d) for k, d in enumerate(flat(dots))]
            part = self.difference(self.f, tuple(with_leaves(dots, list(alone), keep=True)))
            expected = float(sum(np.real(np.vdot(b, d)) for b, d in zip(flat(bar), part.leaves, strict=True)))
            given = float(np.real(np.vdot(found[position], alone[position])))
            error = abs(given - expected) / max(abs(given), abs(expected), 1e-30)
            if error > worst:
                worst, text = error, (f"the cotangent of {label}: {given:.8g} along the direction, differences give "
                                      f"{expected:.8g}")
        return text

    def second(self, engine: str, dots: tuple[Any, ...]) -> None:
        """Order two on one engine: forward over forward, forward over reverse, reverse over reverse."""
        f, other, bar = self.f, self.tangents(), self.direction(self.value)
        tangent, pulled, aim = self.derivatives
        aim(other, bar)
        forward, reverse = "forward over forward, differences", "forward over reverse, differences"
        for what, function, plain in (
                (forward, tangent, lambda *args: jvp(f, args, other, engine=engine)[1]),
                (reverse, pulled, lambda *args: vjp(f, *args, engine=engine)[1](bar))):
            try:
                found = jvp(function, fresh(self.args), dots, engine=engine)[1]
            except DifferentiationError as error:
                self.refused(engine, 2, what, error)
                continue
            self.add(engine, 2, what, found, self.difference(plain, dots))
        try:
            weights = with_leaves(vjp(f, *fresh(self.args), engine=engine)[1](bar), flat(other), keep=True)
            _, again = vjp(pulled, *fresh(self.args), engine=engine)
            turned = again(weights)
            along = jvp(pulled, fresh(self.args), dots, engine=engine)[1]
        except DifferentiationError as error:
            self.refused(engine, 2, "reverse over reverse, forward", error)
            return
        left, right = inner(turned, dots), inner(weights, along)
        self.products(engine, 2, "reverse over reverse, forward", left, right, 1e-3 * norm(along) * norm(weights),
                      lambda: f"{left:.8g} where forward over reverse gives {right:.8g}")


def _derivatives(f: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any], Callable[[Any, Any], None]]:
    """The tangent of f and its cotangents as functions of the arguments, and what sets their direction and cotangent:
    numbers from outside, so that nothing is compiled again."""
    direction: Any = None
    cotangent: Any = None

    def tangent(*args):  # type: ignore[no-untyped-def]
        return jvp(f, args, direction)[1]

    def pulled(*args):  # type: ignore[no-untyped-def]
        return vjp(f, *args)[1](cotangent)

    def aim(other: Any, bar: Any) -> None:
        nonlocal direction, cotangent
        direction, cotangent = other, bar
    for function in (tangent, pulled):
        function.__module__ = "checked"  # the user's code, as far as engines ask
    return tangent, pulled, aim


def _parameter_names(f: Any, count: int) -> list[str]:
    try:
        found = list(inspect.signature(python_function(f)).parameters)
    except (TypeError, ValueError):
        found = []
    return [found[k] if k < len(found) else f"argument {k}" for k in range(count)]


def _precision(x: np.ndarray) -> int:
    return 4 if is_narrow(x.dtype) else 8


def _wide(x: np.ndarray) -> Any:
    return np.complex128 if x.dtype.kind == "c" else np.float64


def _kinked(coarse: tuple[np.ndarray, np.ndarray], fine: tuple[np.ndarray, np.ndarray]) -> Any:
    """The slopes to both sides where they differ as much at a smaller step: what is smooth would have them meet."""
    wide, narrow = (np.abs(right - left) for left, right in (coarse, fine))
    apart = (narrow > 0.7 * wide) & (narrow > 1e-3 * (np.abs(fine[0]) + np.abs(fine[1])))
    return tuple(np.where(apart, side, np.nan) for side in fine)


def _between(found: Any, sides: tuple[np.ndarray, np.ndarray], slack: float) -> Any:
    """Where a real derivative lies between the slopes to both sides of a kink."""
    if np.iscomplexobj(found) or np.iscomplexobj(sides[0]):
        return np.zeros(np.shape(found), dtype=bool)
    low, high = np.minimum(*sides), np.maximum(*sides)
    return (low - slack <= found) & (found <= high + slack)


def _entry(found: Any, expected: Any, leaf: int, count: int) -> str:
    """The entry that is furthest off."""
    a, b = np.atleast_1d(found), np.atleast_1d(expected)
    where = np.unravel_index(int(np.argmax(np.where(np.isfinite(a - b), np.abs(a - b), np.inf))), a.shape)
    part = f"part {leaf} of the result" if count > 1 else "the result"
    index = f"[{', '.join(str(int(k)) for k in where)}]" if np.ndim(found) else ""
    return f"{part}{index}: {a[where]:.8g} where differences give {b[where]:.8g}"


def compare(f: Callable[..., Any], args: tuple[Any, ...], order: int, engines: Sequence[str], directions: int,
            seed: int) -> CheckReport:
    """Compare everything."""
    checker = Checker(f, args, seed)
    for engine in engines:
        for turn in range(1, directions + 1):
            checker.turn, dots = turn, checker.tangents()
            try:
                checker.first(engine, dots)
            except DifferentiationError as error:
                if len(engines) == 1:
                    raise
                checker.refused(engine, 1, "both modes", error)
                break
            if order > 1:
                checker.second(engine, dots)
    return checker.report


def run(f: Callable[..., Any], args: tuple[Any, ...], order: int, engines: Sequence[str], directions: int,
        seed: int) -> CheckReport:
    """Compare everything, and raise where derivatives disagree; see `wb.check`."""
    report = compare(f, args, order, engines, directions, seed)
    wrong = [c for c in report.comparisons if c.status == "disagrees"]
    if wrong:
        first = wrong[0]
        raise Disagreement(f"the derivative of {report.name} is wrong ({first.engine}, {first.what}): {first.detail}\n"
                           f"{report}\n\n{_reproducer(f, args, first, directions, seed)}", report)
    if not report.passed:
        reasons = "; ".join(dict.fromkeys(c.detail for c in report.comparisons))
        raise DifferentiationError(f"nothing could be compared of {report.name}: {reasons}")
    return report


def _reproducer(f: Callable[..., Any], args: tuple[Any, ...], wrong: Comparison, directions: int, seed: int) -> str:
    """A script that finds a disagreement again, by no more comparisons than that takes."""
    order = max(1, wrong.order)
    if directions > 1:
        try:
            again = compare(f, args, order, (wrong.engine,), 1, seed)
        except DifferentiationError:
            again = None
        if again is not None and any(c.status == "disagrees" for c in again.comparisons):
            directions = 1
    return script(f, args, f"order={order}, engine={wrong.engine!r}, directions={directions}, seed={seed}")
