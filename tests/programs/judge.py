"""What a wrong program may do: fail as plain Python fails, be refused at its line, or be right; nothing else."""
from __future__ import annotations

import gc
import inspect
import re
import signal
import traceback
import types
import warnings
from typing import Any

import numpy as np

import workbench as wb
from tests.corpus.oracle import disagreement, gradient
from tests.corpus.structure import copy_arguments, leaves
from tests.programs.calling import close

SECONDS = 30


class Hangs(Exception):
    """It took too long."""


def _stop(*_: Any) -> None:
    raise Hangs


def run(action: Any) -> tuple[Any, BaseException | None]:
    """The value of an action, or what it raises."""
    before = signal.signal(signal.SIGALRM, _stop)
    signal.alarm(SECONDS)
    try:
        return action(), None
    except (Exception, SystemExit) as error:
        return None, error
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def judged(theme: types.ModuleType, function: Any, args: tuple[Any, ...], engine: str, must_refuse: bool) -> str | None:
    """None where all is well, else what is wrong."""
    left, given = copied(args), copied(args)
    run_fresh = with_fresh_defaults(theme, function)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected, failure = run(lambda: run_fresh(*left))
        with_fresh_defaults(theme, function, only_set=True)
        with warnings.catch_warnings(record=True) as said:
            warnings.filterwarnings("always", "the derivative of .* (is infinite or NaN|is not finite)")
            found, raised = run(lambda: wb.value_and_grad(function, engine=engine)(*given))
        if inspect.iscoroutine(expected):  # nobody awaits it, nor the one that the tape has made
            expected.close()
            gc.collect()
    if isinstance(raised, Hangs):
        return "hangs"
    if isinstance(raised, OverflowError) and "64 bits" in str(raised) and engine != "tape":
        return ugly(raised)  # compiled integers have 64 bits, and say so
    if isinstance(raised, wb.DifferentiationError):
        return blamed(theme, function, raised) or ugly(raised)
    if must_refuse:
        return f"{raised!r} or {found!r} instead of a refusal"
    if failure is not None:
        if raised is None:
            return f"gives {found!r} where Python raises {failure!r}"
        exact = engine == "tape" and function.__name__ not in theme.OTHER_WORDS
        return other_exception(theme, failure, raised, exact) or ugly(raised) or (
            None if close(given, left, 1e-12) else f"arguments left as {given}, by Python as {left}")
    if raised is not None:
        return f"raises {type(raised).__name__}: {raised} where Python gives {expected!r}"
    infinite = not_finite(found, expected, bool(said))
    if infinite is not None:
        return infinite or None
    return wrong_result(run_fresh, args, found, expected) or (
        None if close(given, left, 1e-12) else f"arguments left as {given}, by Python as {left}")


def with_fresh_defaults(theme: types.ModuleType, function: Any, only_set: bool = False) -> Any:
    """The function, its default arguments made anew at each call (where they change)."""
    fresh = theme.DEFAULTS.get(getattr(function, "__name__", ""))
    if fresh is None:
        return function
    function.__defaults__ = fresh()
    return None if only_set else lambda *args: (with_fresh_defaults(theme, function, True), function(*args))[1]


def copied(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Fresh arguments; kinds that the copier of the corpus does not know as they are."""
    known = (np.ndarray, list, dict, tuple, float)
    if all(isinstance(a, known) and type(a) not in (np.matrix, np.ma.MaskedArray) for a in args):
        return copy_arguments(args)
    return args


def blamed(theme: types.ModuleType, function: Any, error: wb.DifferentiationError) -> str | None:
    """A refusal must point into the program, with its line and a caret."""
    if error.filename != theme.__file__ or error.lineno is None:  # an argument, or code that came from a text
        known = error.filename is not None and error.filename.startswith(("<", __file__))
        return None if known else f"blames {error.filename}:{error.lineno}: {error}"
    lines, first = inspect.getsourcelines(inspect.unwrap(function))
    marked = [first + k for k, line in enumerate(lines) if "# <--" in line]
    if marked and error.lineno not in marked:
        return f"blames line {error.lineno}, not {marked}: {error}"
    text = inspect.getsource(theme).splitlines()[error.lineno - 1].strip().split("  #")[0]
    return None if text in str(error) and "^" in str(error) else f"no line or caret: {error}"


def other_exception(theme: types.ModuleType, failure: BaseException, raised: BaseException, exact: bool) -> str | None:
    """Type, line and (`exact`) message of the primal's exception."""
    if type(raised) is not type(failure):
        return f"raises {type(raised).__name__}: {raised}, Python {type(failure).__name__}: {failure}"
    said = [re.sub(r"^maximum recursion depth exceeded.*", "", str(e)) for e in (raised, failure)]
    if exact and said[0] != said[1]:
        return f"says {raised}, Python {failure}"
    if isinstance(failure, RecursionError):  # how deep it comes is not the program's
        return None
    ours, theirs = user_line(theme, raised), user_line(theme, failure)
    return None if ours == theirs else f"at line {ours}, Python at {theirs}: {raised!r}"


def user_line(theme: types.ModuleType, error: BaseException) -> int | None:
    """The innermost line of the program in a traceback."""
    frames = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == theme.__file__]
    return frames[-1] if frames else None


def ugly(error: BaseException) -> str | None:
    """Frames of the machinery, or a second exception that the program has not raised."""
    if isinstance(error, SystemExit):  # is not shown
        return None
    text = "".join(traceback.format_exception(error))
    ours = [name for name in re.findall(r'^  File "([^"]+)"', text, re.MULTILINE)
            if "/workbench/" in name or "/numba/" in name or name.startswith("<workbench")]
    if len(ours) > 1 or "Active" in str(error):
        return f"shows the machinery: {text}"
    return None


def not_finite(found: Any, expected: Any, warned: bool) -> str | None:
    """Of a value or gradient that is infinite or NaN: the value must be Python's, and a gradient at a finite value must
    come with a warning. "" where all is well, None where both are finite."""
    value, slope = found
    parts = [np.asarray(leaf) for _, leaf in leaves(slope, (0,)) if leaf is not None]
    numbers = isinstance(value, float) and all(p.dtype.kind == "f" for p in parts)
    if not numbers or (np.isfinite(value) and all(np.all(np.isfinite(p)) for p in parts)):
        return None
    if not np.isfinite(value):
        return "" if np.array_equal(value, expected, equal_nan=True) else f"value {value!r}, Python {expected!r}"
    return "" if warned and value == expected else f"gradient {slope!r} without a warning"


def wrong_result(function: Any, args: tuple[Any, ...], found: Any, expected: Any) -> str | None:
    """The value and the gradient against plain Python and differences."""
    value, slope = found
    if not close(value, expected, 1e-12):
        return f"value {value!r}, Python {expected!r}"
    parts = {path: np.asarray(leaf) for path, leaf in leaves(slope, (0,)) if leaf is not None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        args = tuple(a.astype(a.dtype.newbyteorder("=")) if isinstance(a, np.ndarray) and not a.dtype.isnative else a
                     for a in args)
        return disagreement(parts, gradient(function, args, (0,), "difference"), float(expected), "difference")
