"""The independent oracle: derivatives of a plain Python function by complex step or by extrapolated differences.

It only ever runs the user's own function, on copies of the arguments that keep which of them share memory. Where the
function writes memory that several arguments show, that memory is one variable, and each position reports the
derivative of the memory it shows; otherwise every argument is a variable of its own.
Sources: complex step, Martins et al. (2003); Ridders' extrapolation, Advances in Engineering Software 4 (1982).
"""
from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.corpus.complex_twin import real_names, twin
from tests.corpus.program import Arguments, Program, Sampler
from tests.corpus.structure import Path, copy_arguments, float_leaves, map_leaves, overlapping

Gradient = dict[Path, np.ndarray]
TOLERANCE = {"complex": 1e-8, "difference": 1e-6}
FLOOR = {"complex": 1e-12, "difference": 1e-9}
COMPLEX_STEP = 1e-40
FIRST_STEPS = (2e-2, 1e-3, 5e-5)  # the smaller ones stay on one side of a branch that is near


@dataclass(frozen=True)
class Run:
    """One plain run: the value, and the arguments as the function left them."""

    value: Any
    arguments: Arguments


def plain(function: Callable[..., Any], args: Arguments) -> Run:
    """Run the function once on a copy of its arguments."""
    function = getattr(function, "py_func", function)
    copy = copy_arguments(args)
    return Run(function(*copy), copy)


def writes_shared_memory(function: Callable[..., Any], args: Arguments) -> bool:
    """True if array arguments overlap and the function changes what they show."""
    if not overlapping(args):
        return False
    before, after = float_leaves(args), float_leaves(plain(function, args).arguments)
    return any(not np.array_equal(leaf, after[path]) for path, leaf in before.items())


def _perturbed(args: Arguments, path: Path, index: tuple[int, ...], step: complex | float, *,
               shared: bool) -> Arguments:
    """A copy of the arguments with one scalar of one leaf moved by `step`."""
    copy = copy_arguments(args, shared=shared, to_complex=isinstance(step, complex))
    leaf = float_leaves(copy)[path]
    if isinstance(leaf, np.ndarray):
        leaf[index] += step
        return copy
    return map_leaves(copy, lambda where, value: value + step if where == path else value)


def gradient(function: Callable[..., Any], args: Arguments, positions: tuple[int, ...], method: str) -> Gradient:
    """The derivative of a real scalar function, per leaf of the arguments at `positions`.

    method: "complex" (the function must accept complex numbers) or "difference".
    Returns arrays with the shape of each leaf, keyed by path; the path starts with the argument's position.
    """
    shared = writes_shared_memory(function, args)
    result: Gradient = {}
    for path, leaf in float_leaves(args).items():
        if path[0] not in positions:
            continue
        slopes = np.zeros(np.shape(leaf))
        for index in np.ndindex(slopes.shape):
            slopes[index] = _slope(function, args, path, index, method, shared=shared)
        result[path] = slopes
    return result


def _slope(function: Callable[..., Any], args: Arguments, path: Path, index: tuple[int, ...], method: str, *,
           shared: bool) -> float:
    if method == "complex":
        moved = _perturbed(args, path, index, COMPLEX_STEP * 1j, shared=shared)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            value = function(*moved)
        return float(np.imag(value)) / COMPLEX_STEP

    def along(step: float) -> float:
        return float(function(*_perturbed(args, path, index, step, shared=shared)))

    return min((ridders(along, first) for first in FIRST_STEPS), key=lambda found: found[1])[0]


def ridders(along: Callable[[float], float], first_step: float = 0.02, rounds: int = 8) -> tuple[float, float]:
    """The derivative of `along` at 0 and an error estimate, from central differences extrapolated to step zero.

    Steps shrink by 1.6; the entry of the extrapolation table whose neighbours differ least is kept, which is the
    plateau between truncation and rounding.
    """
    shrink = 1.6
    previous: list[float] = []
    best, best_error = float("nan"), float("inf")
    step = first_step
    for _ in range(rounds):
        row = [(along(step) - along(-step)) / (2.0 * step)]
        factor = shrink * shrink
        for column, older in enumerate(previous):
            row.append((factor * row[column] - older) / (factor - 1.0))
            factor *= shrink * shrink
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - older))
            if error <= best_error:
                best, best_error = row[-1], error
        previous = row
        step /= shrink
    return best, best_error


def expected_gradient(program: Program, sample: Sampler, seed: int) -> Gradient:
    """The oracle's gradient of a corpus program at the point that `sample` draws from `seed`.

    `sample` is `program.make_args` or one of `program.small`; with the complex step the twin's sampler is used.
    """
    if program.oracle == "difference":
        plain_function = getattr(program.function, "py_func", program.function)
        return gradient(plain_function, sample(np.random.default_rng(seed)), program.positions, "difference")
    double = twin(program)
    samplers = (program.make_args, *program.small)
    twin_sample = (double.make_args, *double.small)[samplers.index(sample)]
    with real_names(program):
        args = twin_sample(np.random.default_rng(seed))
    return gradient(double.function, args, program.positions, "complex")


def disagreement(found: Gradient, expected: Gradient, value: float, method: str) -> str | None:
    """None if every leaf agrees to the method's tolerance, else a sentence naming the worst leaf."""
    if set(found) != set(expected):
        return f"leaves differ: found {sorted(map(str, found))}, expected {sorted(map(str, expected))}"
    scale = 1.0 + abs(value)
    for path, oracle in expected.items():
        leaf = np.asarray(found[path])
        if leaf.shape != oracle.shape:
            return f"leaf {path}: shape {leaf.shape}, expected {oracle.shape}"
        if oracle.size == 0:
            continue
        allowed = TOLERANCE[method] * float(np.max(np.abs(oracle))) + FLOOR[method] * scale
        off = float(np.max(np.abs(leaf - oracle)))
        if not off <= allowed:
            return f"leaf {path}: off by {off:.3g} (allowed {allowed:.3g})\nfound\n{leaf}\nexpected\n{oracle}"
    return None


def moved(args: Arguments, direction: Gradient, distance: float) -> Arguments:
    """Arguments at `args + distance * direction`; leaves that the direction does not name stay."""

    def shift(path: Path, leaf: Any) -> Any:
        if path not in direction:
            return leaf
        here = leaf + distance * direction[path]
        if not isinstance(leaf, np.ndarray):
            return type(leaf)(here)
        copy = copy_arguments(leaf, shared=False)
        if copy.dtype != here.dtype:
            return here
        copy[...] = here
        return copy

    return map_leaves(args, shift)


def expected_hvp(program: Program, seed: int, direction: Gradient) -> Gradient:
    """The derivative of the complex-step gradient along `direction`, by a fourth-order difference.

    The gradient is exact to rounding, so that this is good to about ten digits.
    """
    double = twin(program)
    with real_names(program):
        args = double.make_args(np.random.default_rng(seed))

    def slope(step: float) -> Gradient:
        ahead, behind = (gradient(double.function, moved(args, direction, sign * step), program.positions, "complex")
                         for sign in (1.0, -1.0))
        return {path: (ahead[path] - behind[path]) / (2.0 * step) for path in ahead}

    best: Gradient = {}
    least = float("inf")
    for step in (1e-3, 1e-4, 1e-5):  # the smaller ones stay on one side of a branch that is near
        wide, narrow = slope(step), slope(0.5 * step)
        change = sum(float(np.sum(np.abs(narrow[path] - wide[path]))) for path in wide)
        if change < least:
            least = change
            best = {path: (4.0 * narrow[path] - wide[path]) / 3.0 for path in wide}
    return best
