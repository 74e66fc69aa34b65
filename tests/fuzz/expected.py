"""What a random program must give: plain Python's value and effects, and the complex-step gradient.

The gradient is checked against a difference along a random direction before anything else is compared with it. Where
the two differ a branch or a tie is near: the program is a *kink* at this point, excluded and counted.
"""
from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.corpus.complex_twin import STAND_INS
from tests.corpus.oracle import FIRST_STEPS, Gradient, Run, gradient, moved, plain, ridders
from tests.corpus.structure import float_leaves
from tests.fuzz.generate import FuzzProgram

WRT = (0, 1, 2, 3, 4, 5)
LARGEST = 1e5


@dataclass(frozen=True)
class Expected:
    """The reference for one program. `status` is "sound", "kink" (no gradient to compare) or "wild" (not usable)."""

    status: str
    run: Run
    gradient: Gradient
    direction: Gradient
    reason: str = ""


def namespace(program: FuzzProgram, *, complex_step: bool = False) -> dict[str, Any]:
    """The program's functions, executed in a fresh namespace."""
    names: dict[str, Any] = {"__name__": f"fuzz_plain_{program.number}"}
    exec(compile(program.text, f"<program {program.number}>", "exec", dont_inherit=True), names)
    if complex_step:
        names.update(STAND_INS)
    return names


def functions(program: FuzzProgram, names: dict[str, Any]) -> tuple[Any, Any]:
    return names[f"program_{program.number}"], names[f"arguments_{program.number}"]


def expected(program: FuzzProgram) -> Expected:
    """Run the program in plain Python, and differentiate it twice over."""
    plain_names = namespace(program)
    function, arguments = functions(program, plain_names)
    complex_names = namespace(program, complex_step=True)
    complex_function = functions(program, complex_names)[0]
    wild = Run(float("nan"), ())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            run = plain(function, arguments())
            slopes = gradient(complex_function, _complex_arguments(program, complex_names), WRT, "complex")
            direction = _direction(program, arguments())
            differences = _along(function, arguments(), direction)
    except (ArithmeticError, ValueError, RuntimeWarning) as error:
        return Expected("wild", wild, {}, {}, f"{type(error).__name__}: {error}")
    sizes = [abs(float(run.value))] + [float(np.max(np.abs(leaf))) for leaf in slopes.values()]
    if not all(map(math.isfinite, sizes)) or max(sizes) > LARGEST:
        return Expected("wild", wild, {}, {}, "large values")
    terms = {path: slopes[path] * direction[path] for path in slopes}
    total = sum(float(np.sum(term)) for term in terms.values())
    scale = sum(float(np.sum(np.abs(term))) for term in terms.values())
    smooth = abs(differences - total) <= 1e-5 * scale + 1e-8 * (1.0 + abs(float(run.value)))
    return Expected("sound" if smooth else "kink", run, slopes, direction,
                    "" if smooth else f"difference {differences!r}, complex step {total!r}")


def _complex_arguments(program: FuzzProgram, names: dict[str, Any]) -> tuple[Any, ...]:
    """The arguments as real numbers, their class that of the complex namespace."""
    state = f"State_{program.number}"
    own = namespace(program)
    own[state] = names[state]
    return functions(program, own)[1]()


def _direction(program: FuzzProgram, args: tuple[Any, ...]) -> Gradient:
    rng = np.random.default_rng(program.number)
    return {path: rng.normal(size=np.shape(leaf)) for path, leaf in float_leaves(args).items()}


def _along(function: Any, args: tuple[Any, ...], direction: Gradient) -> float:
    def value(distance: float) -> float:
        return float(plain(function, moved(args, direction, distance)).value)

    return min((ridders(value, first) for first in FIRST_STEPS), key=lambda found: found[1])[0]
