"""Tables of programs: all combinations of a few parts, each run by plain Python and by an engine.

A program must give Python's value, leave the caller's arrays as Python leaves them, have the slope that differences of
plain Python see, raise what Python raises, or be refused; nothing else. A module of such programs has a `sources()`
and ends with `main(...)`, which runs all of them: `python -m tests.programs.test_... [engine] [every] [guise]`. In a
guise (or in `each`, in turn) the array that a program begins with is of another make.
"""
from __future__ import annotations

import copy
import itertools
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import workbench as wb
from tests.frontend.library.test_random_orders import loaded
from tests.fuzz.emitted import in_python
from tests.programs.judge import ugly
from tests.programs.reference import begin

POINTS = (1.1, 0.3)
FIRST = np.array([0.75, -1.25, 0.55])
ALONG = (0.7, np.array([0.4, -0.9, 0.6]))
GUISES = {
    "given": "",
    "of known length": "a = a.reshape(3)",
    "backwards": "a = a[::-1]",
    "row": "a = a.reshape(1, 3)[0]",
    "row made": "a = np.outer(np.array([x, 1.0]), a)[1]",
    "one of two": "a = a if x > 0.5 else a[::-1]",
    "one of two of known length": "other = np.ones(3) * x\na = a.reshape(3) if x > 0.5 else other",
    "exchanged": "other = np.ones(3) * x\nfor _ in range(int(3.0 * x)):\n    a, other = other, a",
    "exchanged, of known length": "other = np.ones(3)\na = a.reshape(3)\nfor _ in range(int(3.0 * x)):\n"
                                  "    a, other = other, a",
    "moving": "a = np.concatenate((a, a * x))\nfor _ in range(int(3.0 * x)):\n    a = a[1:]\na = a[:3]",
}


@dataclass
class Outcome:
    """What became of a set of programs: how many runs had which verdict, and what is wrong with the others."""

    verdicts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)


def combined(*parts: dict[str, Any]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Every choice of one item from each table: its name, and the items."""
    for chosen in itertools.product(*(p.items() for p in parts)):
        yield ", ".join(name for name, _ in chosen), tuple(item for _, item in chosen)


def program(number: int, name: str, lines: str) -> str:
    """A program of `x`, a number, and `a`, an array of three."""
    body = "\n".join(f"    {line}" for line in lines.split("\n") if line.strip())
    return f"def program_{number}(x, a):  # {name}\n{body}\n"


def in_guise(source: str, guise: str) -> str:
    """A program whose array is of this make."""
    head, _, body = source.partition("\n")
    lines = "".join(f"    {line}\n" for line in GUISES[guise].split("\n") if line)
    return f"{head} ({guise})\n{lines}{body}"


def plain(function: Any, x: Any, a: Any) -> tuple[Any, Any]:
    """The value or the exception that Python gives, and the array as it is then."""
    left = copy.deepcopy(a)
    begin(True)
    try:
        return function(x, left), left
    except Exception as error:
        return error, left


def slope(function: Any, x: float) -> tuple[float, float]:
    """The derivative along a direction by differences, and how far those of another step are from it."""
    def at(h: float) -> float:
        begin(False)
        return float(function(x + h * ALONG[0], FIRST + h * ALONG[1]))
    found = [(8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h) for h in (1e-3, 2.5e-4)]
    return found[1], abs(found[0] - found[1])


def derivative_of(function: Any, engine: str) -> Any:
    """The value and the gradient: on the tape, or (engine `python`) by the program that is emitted. Engine `outside`:
    the program is not differentiated, only the operators that it uses are compiled."""
    if engine == "outside":
        return lambda x, a: (function(x, a), None)
    return wb.value_and_grad(function, (0, 1), engine="tape" if engine == "tape" else "numba")


def differentiated(derivative: Any, x: float, engine: str) -> tuple[Any, Any, Any]:
    """The value, the gradient, and the array afterwards."""
    left = FIRST.copy()
    with nullcontext() if engine == "tape" else in_python():
        value, gradient = derivative(x, left)
    return value, gradient, left


def verdict(function: Any, x: float, engine: str, refusals: Counter[str] | None = None, slack: float = 1e-11,
            reference: Any = None, derivative: Any = None) -> str:
    """`right`, `refused`, `raised`, `unsettled` (right, differences do not settle), or what is wrong: compared with the
    program itself, or with another that is to do the same. (A derivative that was called before has its program.)"""
    reference = reference or function
    derivative = derivative or derivative_of(function, engine)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        expected, array = plain(reference, x, FIRST)
        try:
            value, gradient, left = differentiated(derivative, x, engine)
        except wb.DifferentiationError as error:
            if refusals is not None:
                refusals[error.reason[:100]] += 1
            return ugly(error) or "refused"
        except Exception as error:
            if type(error) is type(expected):
                return ugly(error) or "raised"
            return f"raises {type(error).__name__}: {error}; Python: {expected!r}"
        if isinstance(expected, Exception):
            return f"gives {value!r}, Python raises {expected!r}"
        if not np.isclose(value, expected, rtol=slack, atol=1e-12, equal_nan=True):
            return f"value {value!r}, Python {expected!r}"
        if not np.allclose(left, array, rtol=1e-12, atol=1e-12):
            return f"the array is left as {left}, by Python as {array}"
        if gradient is None:
            return "right"
        wanted, spread = slope(reference, x)
    x_bar, a_bar = gradient
    found = float(x_bar) * ALONG[0] + float(np.sum(a_bar * ALONG[1]))
    if not spread < 1e-2 * (1 + abs(wanted)):
        return "unsettled"
    if abs(found - wanted) <= max(1e-6, 100 * slack) * (1 + abs(wanted)) + 4 * spread:
        return "right"
    return f"slope {found}, by differences {wanted}"


def judged(head: str, sources: list[str], folder: Path, engine: str, show: bool = False, slack: float = 1e-11,
           other_head: str | None = None) -> Outcome:
    """All of these programs, at each of the points; compared with what they do in a module with another head."""
    module = loaded(head + "\n\n\n" + "\n\n".join(sources), folder)
    other = module
    if other_head is not None:
        (folder / "other").mkdir()
        other = loaded(other_head + "\n\n\n" + "\n\n".join(sources), folder / "other")
    outcome = Outcome()
    for source in sources:
        number = re.search(r"program_\d+", source)
        assert number is not None
        function = getattr(module, number[0])
        derivative = derivative_of(function, engine)
        for x in POINTS:
            found = verdict(function, x, engine, outcome.refusals, 1e-6 if "float32" in source else slack,
                            getattr(other, number[0]), derivative)
            known = found in ("right", "refused", "raised", "unsettled")
            outcome.verdicts[found if known else "wrong"] += 1
            if not known:
                outcome.wrong.append(f"{engine}, x = {x}: {found}\n{source}")
                if show:
                    print(outcome.wrong[-1], flush=True)
    return outcome


def main(head: str, sources: Callable[[], list[str]], slack: float = 1e-11, other_head: str | None = None) -> None:
    """All programs of a module, or one in so many, in modules of five hundred; what is wrong is printed at once."""
    engines = [sys.argv[1]] if len(sys.argv) > 1 else ["python", "tape"]
    chosen = sources()[::int(sys.argv[2]) if len(sys.argv) > 2 else 1]
    if len(sys.argv) > 3:
        guises = list(GUISES) if sys.argv[3] == "each" else [sys.argv[3]]
        chosen = [in_guise(source, guises[k % len(guises)]) for k, source in enumerate(chosen)]
    wrong = 0
    for engine in engines:
        verdicts: Counter[str] = Counter()
        refusals: Counter[str] = Counter()
        for first in range(0, len(chosen), 500):
            with TemporaryDirectory() as place:
                some = judged(head, chosen[first:first + 500], Path(place), engine, True, slack, other_head)
            verdicts += some.verdicts
            refusals += some.refusals
        print(f"{engine}: {len(chosen)} programs at {len(POINTS)} points: {dict(verdicts)}")
        print(*(f"{count:6} {reason}" for reason, count in refusals.most_common(12)), sep="\n")
        wrong += verdicts["wrong"]
    sys.exit(bool(wrong))
