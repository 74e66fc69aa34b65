"""`--verify`: the gradient against two other ways of computing it, at the point where it was asked for.

Forward against reverse mode is the identity ⟨ȳ, Jẋ⟩ = ⟨Jᵀȳ, ẋ⟩ for a random ẋ (Griewank & Walther 2008, section 3.3);
it holds to rounding. Central differences along the same ẋ are taken with several step sizes, the best of which is
good to about two thirds of the digits where f is smooth. Neither sees a mistake that f itself makes in both places.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

import workbench as wb
from workbench.views import CheckView, is_real_data, map_leaves, named_leaves
from workbench_jupyter.snapshot import snapshot

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


def inner(a: Any, b: Any) -> float:
    """Re⟨a, b⟩ over the real and complex leaves of two structures of one shape."""
    pairs = zip(named_leaves("", a), named_leaves("", b), strict=True)
    return float(
        sum(np.sum(np.real(np.conj(np.asarray(x)) * y)) for (_, x), (_, y) in pairs if x is not None and y is not None)
    )


def random_like(leaf: Any, random: np.random.Generator) -> Any:
    """A tangent of a leaf's size and kind; None where it has no derivative."""
    if not is_real_data(leaf):
        return None
    kind = np.asarray(leaf).dtype
    draw = random.standard_normal(np.shape(leaf))
    if np.issubdtype(kind, np.complexfloating):
        draw = draw + 1j * random.standard_normal(np.shape(leaf))
    scaled = draw * np.maximum(np.abs(leaf), 1e-3 * float(np.max(np.abs(leaf), initial=0.0)) + (not np.any(leaf)))
    return scaled.astype(kind) if isinstance(leaf, np.ndarray) else type(leaf)(scaled)


def zero_like(leaf: Any) -> Any:
    return leaf * 0 if is_real_data(leaf) else None


def moved(leaf: Any, tangent: Any, step: float) -> Any:
    return (
        leaf if tangent is None else leaf + type(leaf)(step * tangent) if np.ndim(leaf) == 0 else leaf + step * tangent
    )


def paired(function: Callable[[Any, Any], Any], values: Any, tangents: Any) -> Any:
    """Map over the leaves of two structures of one shape."""
    others = iter([leaf for _, leaf in named_leaves("", tangents)])
    return map_leaves(lambda leaf: function(leaf, next(others)), values)


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
    enough = 4.0 if isinstance(value, np.float32) else 9.0
    return CheckView("forward and reverse", agreed, agreed >= enough, f"⟨ȳ, Jẋ⟩ = {left:.10g}, ⟨Jᵀȳ, ẋ⟩ = {right:.10g}")


def against_differences(function: Any, args: tuple[Any, ...], tangents: tuple[Any, ...], slope: float) -> CheckView:
    """The slope along ẋ against central differences of f as Python runs it."""
    best = (-1.0, 0.0, 0.0)
    tried = []
    for step in STEPS:
        up, down = (
            float(np.real(function(*paired(functools.partial(moved, step=signed), snapshot(args), tangents))))
            for signed in (step, -step)
        )
        estimate = (up - down) / (2 * step)
        agreed = digits(estimate, slope)
        tried.append(f"{step:.0e}: {agreed:.1f}")
        best = max(best, (agreed, step, estimate))
    single = any(np.asarray(leaf).dtype == np.float32 for _, leaf in named_leaves("", args))
    return CheckView(
        "differences", best[0], best[0] >= (1.5 if single else 4.0), f"best step {best[1]:.0e}; {', '.join(tried)}"
    )


def verify(function: Any, wrt: Any, args: tuple[Any, ...], kwargs: dict[str, Any], grad: Any) -> tuple[CheckView, ...]:
    """Both checks of the gradient `grad` of a call of `function`, made on copies of the arguments."""
    positions = active_positions(function, wrt)
    function, args = positional(function, args, kwargs)
    random = np.random.default_rng(SEED)
    tangents = tuple(
        map_leaves((lambda leaf: random_like(leaf, random)) if index in positions else zero_like, arg)
        for index, arg in enumerate(args)
    )
    active = tuple(tangents[index] for index in positions)
    slope = inner(grad if isinstance(wrt, tuple) else (grad,), active)
    return (forward_against_reverse(function, args, tangents), against_differences(function, args, tangents, slope))
