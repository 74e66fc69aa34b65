"""`--verify`: the gradient against two other ways of computing it, at the point where it was asked for.

Forward against reverse mode is the identity ⟨ȳ, Jẋ⟩ = ⟨Jᵀȳ, ẋ⟩ for a random ẋ (Griewank & Walther 2008, section 3.3);
it holds to rounding. Central differences along the same ẋ are taken with several step sizes, the best of which is
good to about two thirds of the digits where f is smooth. Neither sees a mistake that f itself makes in both places.
"""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np

import workbench as wb
from workbench.ir import is_narrow
from workbench.operators.floats import flat, inner, largest, with_leaves
from workbench.operators.snapshots import snapshot
from workbench.views import CheckView

STEPS = tuple(10.0**-k for k in range(2, 9))
SEED = 20260101
MOST_DIGITS = 16.0


def digits(a: float, b: float) -> float:
    """In how many digits two numbers agree, at most 16."""
    if a == b:
        return MOST_DIGITS
    if not (math.isfinite(a) and math.isfinite(b)):
        return 0.0
    return min(max(-math.log10(abs(a - b) / max(abs(a), abs(b))), 0.0), MOST_DIGITS)


def random_like(x: Any, random: np.random.Generator) -> Any:
    """A tangent of a structure, as large as its numbers; None where there is no derivative."""
    made = []
    for leaf in flat(x):
        draw = random.standard_normal(leaf.shape)
        if leaf.dtype.kind == "c":
            draw = draw + 1j * random.standard_normal(leaf.shape)
        made.append(draw * np.maximum(np.abs(leaf), 1e-3 * largest(leaf) + (not np.any(leaf))))
    return with_leaves(x, made, keep=False)


def zero_like(x: Any) -> Any:
    """The tangent 0 of a structure."""
    return with_leaves(x, [np.zeros_like(leaf) for leaf in flat(x)], keep=False)


def moved(args: tuple[Any, ...], tangents: tuple[Any, ...], step: float) -> tuple[Any, ...]:
    """Copies of the arguments, moved along a direction."""
    leaves = [x + step * dot for x, dot in zip(flat(args), flat(tangents), strict=True)]
    return tuple(with_leaves(snapshot(args), leaves, keep=True))


def positional(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, tuple[Any, ...]]:
    """The same call with all arguments by position, as jvp and vjp take them; those by keyword only come last."""
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    if not bound.kwargs:
        return function, bound.args
    count, names = len(bound.args), tuple(bound.kwargs)

    def called(*values: Any) -> Any:
        return function(*values[:count], **dict(zip(names, values[count:], strict=True)))

    return called, (*bound.args, *bound.kwargs.values())


def active_positions(function: Any, wrt: Any) -> tuple[int, ...]:
    """Positions of the arguments that `wrt` names."""
    names = list(inspect.signature(function).parameters)
    wanted = wrt if isinstance(wrt, tuple) else (wrt,)
    return tuple(names.index(w) if isinstance(w, str) else w % len(names) for w in wanted)


def forward_against_reverse(function: Any, args: tuple[Any, ...], tangents: tuple[Any, ...]) -> CheckView:
    """⟨ȳ, Jẋ⟩ against ⟨Jᵀȳ, ẋ⟩ with ȳ = 1."""
    value, moved_by = wb.jvp(function, snapshot(args), tangents)
    _, pullback = wb.vjp(function, *snapshot(args))
    left, right = inner(1.0, moved_by), inner(pullback(type(value)(1.0)), tangents)
    agreed = digits(left, right)
    enough = 4.0 if is_narrow(np.asarray(value).dtype) else 9.0
    return CheckView("forward and reverse", agreed, agreed >= enough, f"⟨ȳ, Jẋ⟩ = {left:.10g}, ⟨Jᵀȳ, ẋ⟩ = {right:.10g}")


def against_differences(function: Any, args: tuple[Any, ...], tangents: tuple[Any, ...], slope: float) -> CheckView:
    """The slope along ẋ against central differences of f as Python runs it."""
    best = (-1.0, 0.0, 0.0)
    tried = []
    for step in STEPS:
        up, down = (float(np.real(function(*moved(args, tangents, signed)))) for signed in (step, -step))
        estimate = (up - down) / (2 * step)
        agreed = digits(estimate, slope)
        tried.append(f"{step:.0e}: {agreed:.1f}")
        best = max(best, (agreed, step, estimate))
    single = any(is_narrow(leaf.dtype) for leaf in flat(args))
    return CheckView(
        "differences", best[0], best[0] >= (1.5 if single else 4.0), f"best step {best[1]:.0e}; {', '.join(tried)}"
    )


def verify(function: Any, wrt: Any, args: tuple[Any, ...], kwargs: dict[str, Any], grad: Any) -> tuple[CheckView, ...]:
    """Both checks of the gradient `grad` of a call of `function`, made on copies of the arguments."""
    positions = active_positions(function, wrt)
    function, args = positional(function, args, kwargs)
    random = np.random.default_rng(SEED)
    tangents = tuple(
        random_like(arg, random) if index in positions else zero_like(arg) for index, arg in enumerate(args)
    )
    active = tuple(tangents[index] for index in positions)
    slope = inner(grad if isinstance(wrt, tuple) else (grad,), active)
    return (forward_against_reverse(function, args, tangents), against_differences(function, args, tangents, slope))
