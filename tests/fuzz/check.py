"""The property: plain value = interpreted = compiled; reverse = forward = complex step; no effect but the program's.

Programs are compiled in batches: one function calls them all and returns their values as a tuple, so that the fixed
cost of a compilation is shared. A batch that fails in any way is checked again program by program, and only what a
program does alone is reported against it; a batch wrong where its programs are right is reported as a batch.
"""
from __future__ import annotations

import importlib.util
import itertools
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
from tests.corpus.structure import leaves, map_leaves
from tests.fuzz.expected import WRT, Expected, expected
from tests.fuzz.generate import HEADER, FuzzProgram
from tests.programs.calling import close, tangents

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
    """The programs and a function `batch` over them, in a module whose source the front end can read."""
    parts = [program.source for program in programs]
    names = [f"p{program.number}" for program in programs]
    calls = ", ".join(f"program_{program.number}(*{name})" for program, name in zip(programs, names))
    parts.append(f"def batch({', '.join(names)}):\n    return ({calls},)\n")
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


def check(programs: Sequence[FuzzProgram]) -> list[Outcome]:
    """Check several programs, compiled together where possible."""
    references = [(program, expected(program)) for program in programs]
    outcomes = [Outcome(program, "wild", ref.reason) for program, ref in references if ref.status == "wild"]
    usable = [(program, ref) for program, ref in references if ref.status != "wild"]
    if not usable:
        return outcomes
    together = _guarded(usable)
    if all(outcome.kind in ("agrees", "kink") for outcome in together) or len(usable) == 1:
        return outcomes + together
    alone = [_guarded([pair])[0] for pair in usable]
    if not any(outcome.wrong or outcome.kind == "refused" for outcome in alone):
        alone = [Outcome(one.program, f"only in a batch: {both.kind}", both.detail) if both.wrong else one
                 for one, both in zip(alone, together)]
    return outcomes + alone


def _guarded(pairs: Sequence[tuple[FuzzProgram, Expected]]) -> list[Outcome]:
    """Check a batch; an exception is the outcome of all its programs."""
    try:
        return _compare(pairs)
    except wb.DifferentiationError as error:
        return [Outcome(program, "refused", str(error)) for program, _ in pairs]
    except Exception:
        return [Outcome(program, "crash", traceback.format_exc(limit=-6)) for program, _ in pairs]


def _compare(pairs: Sequence[tuple[FuzzProgram, Expected]]) -> list[Outcome]:
    module = load([program for program, _ in pairs])

    def fresh() -> tuple[Any, ...]:
        return tuple(getattr(module, f"arguments_{program.number}")() for program, _ in pairs)

    reverse_args, forward_args = fresh(), fresh()
    values, pullback = wb.vjp(module.batch, *reverse_args)
    gradients = pullback(tuple(type(value)(1.0) for value in values))
    directions = tuple(tangents(args, ref.direction) for args, (_, ref) in zip(fresh(), pairs))
    forward_values, slopes = wb.jvp(module.batch, forward_args, directions)
    interpreted = interpret(module.batch, fresh())
    return [_judge(program, ref, [("compiled", values[i]), ("forward", forward_values[i]), ("interpreted", interpreted[i])],
                   [reverse_args[i], forward_args[i]], gradients[i], slopes[i])
            for i, (program, ref) in enumerate(pairs)]


def _judge(program: FuzzProgram, ref: Expected, values: list[tuple[str, Any]], left: list[Any], derivative: Any,
           slope: Any) -> Outcome:
    """Compare one program's results with its reference."""
    plain = ref.run.value
    for engine, value in values:
        if not close(float(value), float(plain), 1e-11):
            return Outcome(program, f"wrong value ({engine})", f"found {value!r}, plain Python {plain!r}")
    for arguments in left:
        if not close(arguments, ref.run.arguments, 1e-11):
            return Outcome(program, "wrong effects", f"arguments left as\n{arguments}\nplain\n{ref.run.arguments}")
    if ref.status == "kink":
        return Outcome(program, "kink", ref.reason)
    found: Gradient = {path: np.asarray(leaf) for path, leaf in leaves(derivative) if leaf is not None}
    assert all(path[0] in WRT for path in found)
    scaled = max(1.0, *(float(np.max(np.abs(leaf))) for leaf in ref.gradient.values()))
    wrong = disagreement(found, ref.gradient, scaled * 100.0, "complex")
    if wrong is not None:
        return Outcome(program, "wrong gradient (reverse)", wrong)
    terms = sum(float(np.sum(np.abs(ref.gradient[path] * ref.direction[path]))) for path in ref.gradient)
    total = sum(float(np.sum(ref.gradient[path] * ref.direction[path])) for path in ref.gradient)
    if not abs(float(slope) - total) <= 1e-8 * terms + 1e-10:
        return Outcome(program, "wrong derivative (forward)", f"found {slope!r}, complex step {total!r}")
    return Outcome(program, "agrees")


def without_numbers(detail: str) -> str:
    """The reason of a refusal, as a key for counting: its first line without digits and places."""
    first = next((line for line in detail.splitlines() if line.strip()), "")
    return "".join(letter for letter in first.split(".py", 1)[-1] if not letter.isdigit()).strip(" :,")[:110]


def still(kind: str) -> Callable[[FuzzProgram], bool]:
    """A predicate for the shrinker: the program alone still ends in `kind`."""

    def holds(program: FuzzProgram) -> bool:
        try:
            return check([program])[0].kind == kind
        except Exception:
            return False  # the cut broke the program itself: not a smaller example

    return holds


def interpret(function: Any, args: tuple[Any, ...]) -> Any:
    """The value by the reference interpreter, on the IR before any pass."""
    return map_leaves(function(*args), lambda _, leaf: leaf)
