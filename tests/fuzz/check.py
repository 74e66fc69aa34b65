"""The property: plain value = interpreted = compiled; reverse = forward = complex step; no effect but the program's.

Programs are compiled in batches: one function calls them all and returns their values as a tuple, so that the fixed
cost of a compilation is shared. A batch that fails in any way is checked again program by program, and only what a
program does alone is reported against it; a batch wrong where its programs are right is reported as a batch.
"""
from __future__ import annotations

import importlib.util
import itertools
import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import workbench as wb
from tests.corpus.oracle import Gradient, disagreement
from tests.corpus.structure import leaves
from tests.fuzz.expected import Expected, expected, functions
from tests.fuzz.generate import HEADER, FuzzProgram
from tests.fuzz.interpreted import interpreted_gradient, interpreted_slope
from tests.programs.calling import close, tangents
from workbench.ir import DifferentiationError

Pair = tuple[FuzzProgram, Expected]
VALUE_TOLERANCE = 1e-11
_numbers = itertools.count()


@dataclass(frozen=True)
class Outcome:
    """What became of one program: `kind` is "agrees", "kink", "wild", "refused", or what was wrong."""

    program: FuzzProgram
    kind: str
    detail: str = ""

    @property
    def wrong(self) -> bool:
        return self.kind not in ("agrees", "kink", "wild", "refused")


def load(programs: Sequence[FuzzProgram]) -> ModuleType:
    """The programs, `batch` (all their values) and `total` (their sum, and all values), in a module of its own."""
    parts = [program.source for program in programs]
    names = [f"p{program.number}" for program in programs]
    calls = ", ".join(f"program_{program.number}(*{name})" for program, name in zip(programs, names))
    parts.append(f"def batch({', '.join(names)}):\n    return ({calls},)")
    taken = ", ".join(names)
    parts.append(f"def total({taken}):\n    values = batch({taken})\n    return sum(values), values\n")
    module_name = f"fuzz_module_{next(_numbers)}"
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    path = folder / f"{module_name}.py"
    path.write_text(HEADER + "\n\n" + "\n\n\n".join(parts))
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    return module


def check(programs: Sequence[FuzzProgram], *, compiled: bool = True) -> list[Outcome]:
    """Check several programs in the interpreter, each alone, and those that agree there compiled, together."""
    references = [(program, expected(program)) for program in programs]
    outcomes = [Outcome(program, "wild", ref.reason) for program, ref in references if ref.status == "wild"]
    usable: list[Pair] = []
    for program, ref in references:
        if ref.status == "wild":
            continue
        (outcome,) = _guarded(_interpreted, [(program, ref)])
        if compiled and outcome.kind in ("agrees", "kink"):
            usable.append((program, ref))
        else:
            outcomes.append(outcome)
    return outcomes + (_check_compiled(usable) if usable else [])


def _check_compiled(pairs: Sequence[Pair]) -> list[Outcome]:
    """The batch, and where anything in it fails, each program alone."""
    together = _guarded(_compiled, pairs)
    if all(outcome.kind in ("agrees", "kink") for outcome in together) or len(pairs) == 1:
        return together
    alone = [_guarded(_compiled, [pair])[0] for pair in pairs]
    if not any(outcome.wrong or outcome.kind == "refused" for outcome in alone):
        alone = [Outcome(one.program, f"only in a batch: {both.kind}", both.detail) if both.wrong else one
                 for one, both in zip(alone, together)]
    return alone


def _guarded(compare: Callable[[Sequence[Pair]], list[Outcome]], pairs: Sequence[Pair]) -> list[Outcome]:
    """Check a batch; an exception is the outcome of all its programs."""
    try:
        return compare(pairs)
    except DifferentiationError as error:
        return [Outcome(program, "refused", str(error)) for program, _ in pairs]
    except Exception as error:
        kind = f"crash: {type(error).__name__}: {without_numbers(str(error))}"
        return [Outcome(program, kind, traceback.format_exc(limit=-6)) for program, _ in pairs]


def _interpreted(pairs: Sequence[Pair]) -> list[Outcome]:
    """One program by the interpreter: value, reverse and forward mode."""
    ((program, ref),) = pairs
    module = load([program])
    function, arguments = functions(program, vars(module))
    recorded = _recorded(program, ref, module)
    if recorded.wrong:
        return [recorded]
    value, derivative = interpreted_gradient(function, arguments())
    slope = interpreted_slope(function, arguments(), ref.direction)
    return [_judge(program, ref, "interpreted", value, [], derivative, slope)]


def _recorded(program: FuzzProgram, ref: Expected, module: ModuleType) -> Outcome:
    """One program on the tape: value, effects and reverse mode."""
    function, arguments = (getattr(module, f"{name}_{program.number}") for name in ("program", "arguments"))
    args = arguments()
    wrt = tuple(range(len(args) - 1))  # the last one is an integer
    try:
        value, gradient = wb.value_and_grad(function, wrt, engine="tape")(*args)
    except DifferentiationError as error:
        return Outcome(program, "wrong refusal (tape)", str(error))
    found = {path: np.asarray(leaf) for path, leaf in leaves(gradient) if leaf is not None}
    return _judge(program, ref, "tape", value, [args], found, _slope(ref))


def _compiled(pairs: Sequence[Pair]) -> list[Outcome]:
    """A batch compiled: values, effects and reverse mode; forward mode for every fourth batch and for one alone."""
    module = load([program for program, _ in pairs])

    def fresh() -> tuple[Any, ...]:
        return tuple(getattr(module, f"arguments_{program.number}")() for program, _ in pairs)

    args = fresh()
    (_, values), gradients = wb.value_and_grad(module.total, tuple(range(len(pairs))), has_aux=True)(*args)
    forward = len(pairs) == 1 or pairs[0][0].number % 8 < len(pairs)
    slopes = _forward(module, fresh(), fresh(), pairs) if forward else None
    outcomes = []
    for i, (program, ref) in enumerate(pairs):
        derivative = {path: np.asarray(leaf) for path, leaf in leaves(gradients[i]) if leaf is not None}
        slope = _slope(ref) if slopes is None else slopes[i]
        outcomes.append(_judge(program, ref, "compiled", values[i], [args[i]], derivative, slope))
    return outcomes


def _forward(module: ModuleType, args: tuple[Any, ...], shapes: tuple[Any, ...], pairs: Sequence[Pair]) -> Any:
    """Derivatives along the references' directions; raises where values or effects are not those of the program."""
    directions = tuple(tangents(shape, ref.direction) for shape, (_, ref) in zip(shapes, pairs))
    values, slopes = wb.jvp(module.batch, args, directions)
    for value, left, (program, ref) in zip(values, args, pairs):
        if not close(float(value), float(ref.run.value), VALUE_TOLERANCE):
            raise AssertionError(f"forward mode's value of program {program.number}: {value!r}, {ref.run.value!r}")
        if not close(left, ref.run.arguments, VALUE_TOLERANCE):
            raise AssertionError(f"forward mode's effects of program {program.number}")
    return slopes


def _slope(ref: Expected) -> float:
    """The reference's derivative along its direction."""
    return float(sum(np.sum(ref.gradient[path] * ref.direction[path]) for path in ref.gradient))


def _judge(program: FuzzProgram, ref: Expected, engine: str, value: Any, left: list[Any], derivative: Gradient,
           slope: Any) -> Outcome:
    """Compare one program's results with its reference."""
    plain = ref.run.value
    if not close(float(value), float(plain), VALUE_TOLERANCE):
        return Outcome(program, f"wrong value ({engine})", f"found {value!r}, plain Python {plain!r}")
    for arguments in left:
        if not close(arguments, ref.run.arguments, VALUE_TOLERANCE):
            return Outcome(program, f"wrong effects ({engine})", f"left {arguments}\nplain {ref.run.arguments}")
    if ref.status == "kink":
        return Outcome(program, "kink", ref.reason)
    found = {path: np.asarray(leaf) for path, leaf in derivative.items() if path in ref.gradient}
    largest = max(1.0, *(float(np.max(np.abs(leaf))) for leaf in ref.gradient.values()))
    wrong = disagreement(found, ref.gradient, 100.0 * largest, "complex")
    if wrong is not None:
        return Outcome(program, f"wrong reverse ({engine})", wrong)
    terms = [ref.gradient[path] * ref.direction[path] for path in ref.gradient]
    total, size = _slope(ref), float(sum(np.sum(np.abs(term)) for term in terms))
    if not abs(float(slope) - total) <= 1e-8 * size + 1e-10:
        return Outcome(program, f"wrong forward ({engine})", f"found {slope!r}, complex step {total!r}")
    return Outcome(program, "agrees")


def without_numbers(message: str) -> str:
    """The first line of a message without digits and file names, as a key for counting."""
    first = next((line for line in message.splitlines() if line.strip()), "")
    first = re.sub(r"\S*fuzz[-_]\S*", "", first)
    return "".join(letter for letter in first if not letter.isdigit()).strip()[:100]


def still(kind: str, *, compiled: bool = True) -> Callable[[FuzzProgram], bool]:
    """A predicate for the shrinker: the program alone still ends in `kind`."""

    def holds(program: FuzzProgram) -> bool:
        try:
            return check([program], compiled=compiled)[0].kind == kind
        except Exception:
            return False  # the cut broke the program itself: not a smaller example

    return holds
