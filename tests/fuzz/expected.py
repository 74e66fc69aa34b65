"""What a random program must give: plain Python's value, effects and errors, and a gradient from an oracle.

The gradient is checked against a difference along a random direction before anything else is compared with it. Where
the two differ a branch or a tie is near: the program is a *kink* at this point, excluded and counted. Derivatives of
programs in float32 are those of the same text in float64, where its value is the same.
"""
from __future__ import annotations

import math
import traceback
import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tests.corpus.complex_twin import NUMPY, STAND_INS
from tests.corpus.oracle import FIRST_STEPS, Gradient, Run, gradient, moved, plain, ridders
from tests.corpus.structure import copy_arguments, float_leaves
from tests.fuzz.generate import FuzzProgram

#: what a program may raise (`AttributeError`: an attribute that cannot be set)
PROGRAM_ERRORS = (ArithmeticError, ValueError, LookupError, AssertionError, RuntimeError, AttributeError)
LARGEST = 1e5
SAME_IN_DOUBLE = 1e-4
SAME_SLOPES = 1e-5  # to both sides, beside the size of the terms


class _Complex:
    """`np.float64` of the complex world: as a function the identity, as a dtype complex."""

    dtype = np.dtype(np.complex128)

    def __call__(self, number: Any) -> Any:
        return number


def _of_real(function: Any) -> Any:
    return lambda *args, **named: function(*(np.real(arg) for arg in args), **named)


NAMES = {**STAND_INS, "np": type(NUMPY)(NUMPY, {
    "float64": _Complex(), "argmax": _of_real(np.argmax), "argmin": _of_real(np.argmin), "rint": _of_real(np.rint),
    "square": lambda z: z * z, "reciprocal": lambda z: 1.0 / z})}


@dataclass(frozen=True)
class Failure:
    """An error of the program itself: its type and the line of the program's text."""

    type: type
    line: int


@dataclass(frozen=True)
class Expected:
    """The reference for one program.

    `status` is "sound", "kink" (no gradient to compare), "raises" (`failure` says what) or "wild" (not usable)."""

    status: str
    run: Run
    gradient: Gradient
    direction: Gradient
    reason: str = ""
    failure: Failure | None = None


def namespace(program: FuzzProgram, *, complex_step: bool = False, double: bool = False) -> dict[str, Any]:
    """The program's functions, executed in a fresh namespace; `double`: with float64 for float32."""
    names: dict[str, Any] = {"__name__": f"fuzz_plain_{program.number}"}
    text = program.text.replace("np.float32", "np.float64") if double or complex_step else program.text
    exec(compile(text, f"<program {program.number}>", "exec", dont_inherit=True), names)
    if complex_step:
        names.update(NAMES)
    return names


def functions(program: FuzzProgram, names: dict[str, Any]) -> tuple[Any, Any]:
    return names[f"program_{program.number}"], names[f"arguments_{program.number}"]


def wrt(args: tuple[Any, ...]) -> tuple[int, ...]:
    """Positions of the arguments that hold floats."""
    return tuple(sorted({path[0] for path in float_leaves(args)}))


def failure_of(error: Exception, filename: str) -> Failure:
    """The error with the innermost line that is the program's."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == filename]
    return Failure(type(error), (lines or [None])[-1] or 0)


def expected(program: FuzzProgram) -> Expected:
    """Run the program in plain Python, and differentiate it twice over."""
    function, arguments = functions(program, namespace(program))
    left = copy_arguments(arguments())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            run = Run(function(*left), left)
        except PROGRAM_ERRORS as error:
            return Expected("raises", Run(float("nan"), left), {}, {}, f"{type(error).__name__}: {error}",
                            failure_of(error, f"<program {program.number}>"))
        except (RuntimeWarning, TypeError) as error:  # a number that became complex, for one
            return Expected("wild", Run(float("nan"), ()), {}, {}, f"{type(error).__name__}: {error}")
        try:
            return _differentiated(program, run)
        except (*PROGRAM_ERRORS, RuntimeWarning, TypeError) as error:
            return Expected("wild", run, {}, {}, f"near here {type(error).__name__}: {error}")


def _differentiated(program: FuzzProgram, run: Run) -> Expected:
    function, arguments = functions(program, namespace(program, double=True))
    args = arguments()
    value = float(plain(function, args).value)
    if program.oracle == "complex":
        names = namespace(program, complex_step=True)
        slopes = gradient(functions(program, names)[0], complex_arguments(program, names), wrt(args), "complex")
    else:
        slopes = gradient(function, args, wrt(args), "difference")
    direction = _direction(program, args)
    differences = _along(function, args, direction)
    sizes = [abs(value)] + [float(np.max(np.abs(leaf), initial=0.0)) for leaf in slopes.values()]
    if not all(map(math.isfinite, sizes)) or max(sizes) > LARGEST:
        return Expected("wild", run, {}, {}, "large values")
    terms = {path: slopes[path] * direction[path] for path in slopes}
    total = sum(float(np.sum(term)) for term in terms.values())
    scale = sum(float(np.sum(np.abs(term))) for term in terms.values())
    reference = Expected("sound", run, slopes, direction)
    if not abs(differences - total) <= 1e-5 * scale + 1e-8 * (1.0 + abs(value)):
        return replace(reference, status="kink", reason=f"difference {differences!r}, by {program.oracle} {total!r}")
    if program.oracle != "complex" and (apart := _sides_apart(function, args, direction)) > SAME_SLOPES * (1.0 + scale):
        return replace(reference, status="kink", reason=f"slopes to the two sides {apart!r} apart")
    if not abs(value - float(run.value)) <= SAME_IN_DOUBLE * (1.0 + abs(value)):
        return replace(reference, status="kink", reason=f"value {run.value!r}, in float64 {value!r}")
    return reference


def complex_arguments(program: FuzzProgram, names: dict[str, Any]) -> tuple[Any, ...]:
    """The arguments as real numbers, their classes those of the complex namespace."""
    own = namespace(program, double=True)
    own.update({name: value for name, value in names.items() if name.endswith(f"_{program.number}")
                and isinstance(value, type)})
    args: tuple[Any, ...] = functions(program, own)[1]()
    return args


def _direction(program: FuzzProgram, args: tuple[Any, ...]) -> Gradient:
    rng = np.random.default_rng(program.number)
    return {path: rng.normal(size=np.shape(leaf)) for path, leaf in float_leaves(args).items()}


def _along(function: Any, args: tuple[Any, ...], direction: Gradient) -> float:
    def value(distance: float) -> float:
        return float(plain(function, moved(args, direction, distance)).value)

    return min((ridders(value, first) for first in FIRST_STEPS), key=lambda found: found[1])[0]


def _sides_apart(function: Any, args: tuple[Any, ...], direction: Gradient) -> float:
    """How much the slopes ahead and behind differ, by one-sided differences of second order. (Central ones along
    coordinates and along the direction agree at the tie of two numbers: each gives the mean of the two sides.)"""
    def side(step: float) -> float:
        here, near, far = (float(plain(function, moved(args, direction, k * step)).value) for k in (0.0, 1.0, 2.0))
        return (4.0 * near - far - 3.0 * here) / (2.0 * step)

    return min(abs(side(step) - side(-step)) for step in (1e-3, 1e-4, 1e-5))


def second_derivative(program: FuzzProgram, reference: Expected) -> Gradient | None:
    """The derivative along the direction of the complex-step gradient, by a fourth-order difference; None where steps
    of different lengths differ (a branch is near)."""
    names = namespace(program, complex_step=True)
    function, args = functions(program, names)[0], complex_arguments(program, names)

    def slope(step: float) -> Gradient:
        ahead, behind = (gradient(function, moved(args, reference.direction, sign * step), wrt(args), "complex")
                         for sign in (1.0, -1.0))
        return {path: (ahead[path] - behind[path]) / (2.0 * step) for path in ahead}

    wide, narrow, finest = (slope(step) for step in (2e-4, 1e-4, 5e-5))
    found, finer = ({path: (4.0 * b[path] - a[path]) / 3.0 for path in a}
                    for a, b in ((wide, narrow), (narrow, finest)))
    size = 1.0 + max(float(np.max(np.abs(leaf), initial=0.0)) for leaf in finer.values())
    apart = max(float(np.max(np.abs(found[path] - finer[path]), initial=0.0)) for path in found)
    return finer if apart <= 1e-7 * size else None
