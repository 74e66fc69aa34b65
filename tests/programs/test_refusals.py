"""What cannot be differentiated is refused at its line; what fails in Python fails the same way at the same line."""
from __future__ import annotations

import inspect
import re
import traceback
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.corpus.oracle import disagreement, gradient
from tests.corpus.structure import copy_arguments
from tests.programs import refused
from tests.programs.calling import close
from tests.programs.refused import MUST_REFUSE, RAISING, REFUSE_OR_RIGHT, Case

FILE = refused.__file__
SOURCE = inspect.getsource(refused).splitlines()


def named(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[f"{case[0].__name__}-{type(case[1][0]).__name__}"
                                                       for case in cases])


def lines_to_blame(function: Any) -> range | list[int]:
    """The marked line of the function, or of the one it calls; any of its lines if none is marked."""
    for candidate in (function, refused.elliptic):
        lines, first = inspect.getsourcelines(candidate)
        marked = [first + i for i, line in enumerate(lines) if "# <--" in line]
        if marked or function is not refused.elliptic_in_helper:
            return marked or range(first, first + len(lines))
    raise AssertionError("unreachable: elliptic is marked")


def assert_points_at_line(error: wb.DifferentiationError, function: Any) -> None:
    assert str(error).strip()
    if function is refused.without_source:
        assert "source" in str(error)
        return
    assert error.filename == FILE
    assert error.lineno in lines_to_blame(function), f"line {error.lineno}: {error}"
    assert SOURCE[error.lineno - 1].strip().split("  #")[0] in str(error), f"no source line in: {error}"
    assert "^" in str(error), f"no caret in: {error}"


@named(MUST_REFUSE)
def test_refused_at_its_line(case: Case) -> None:
    function, args = case
    with pytest.raises(wb.DifferentiationError) as caught:
        wb.grad(function, engine="numba")(*copy_arguments(args))
    assert_points_at_line(caught.value, function)


@pytest.mark.filterwarnings("ignore:.*runs on the tape:UserWarning")
@pytest.mark.parametrize("engine", ("numba", "tape", "auto"))
@named(REFUSE_OR_RIGHT)
def test_refused_or_right(case: Case, engine: str) -> None:
    function, args = case
    try:
        value, slope = wb.value_and_grad(function, engine=engine)(*copy_arguments(args))
    except wb.DifferentiationError as error:
        assert_points_at_line(error, function)
        return
    expected = function(*copy_arguments(args))
    assert close(value, expected, 1e-12)
    oracle = gradient(function, args, (0,), "difference")
    assert disagreement({(0,): np.asarray(slope)}, oracle, float(expected), "difference") is None


@pytest.mark.filterwarnings("ignore:.*runs on the tape:UserWarning")
@named([case for case in MUST_REFUSE if case[0] is not refused.without_source])
def test_the_tape_refuses_too(case: Case) -> None:
    function, args = case
    for engine in ("tape", "auto"):
        with pytest.raises(wb.DifferentiationError) as caught:
            wb.grad(function, engine=engine)(*copy_arguments(args))
        assert caught.value.filename == FILE


def fail_in_python(function: Any, args: tuple[Any, ...]) -> tuple[Exception, int]:
    """The exception that plain Python raises, and the line of this project's file that raises it."""
    try:
        function(*args)
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == FILE]
        assert frames[-1].lineno is not None
        return error, frames[-1].lineno
    raise AssertionError(f"{function.__name__} does not fail")


def user_line(error: BaseException) -> int | None:
    """The line of the user's file that an exception names: by its span, or else by its traceback and notes."""
    span = getattr(error, "__workbench_span__", None)
    if span is not None and span.filename == FILE:
        return span.line
    shown = "".join(traceback.format_exception(error))
    found = re.findall(re.escape(FILE) + r'(?:", line |:)(\d+)', shown)
    return int(found[-1]) if found else None


@named(RAISING)
def test_exceptions_of_the_primal_come_through(case: Case) -> None:
    function, args = case
    left_by_python, left_by_us = copy_arguments(args), copy_arguments(args)
    expected, line = fail_in_python(function, left_by_python)
    derivative = wb.grad(function)
    for attempt in ("first call", "second call"):
        left_by_us = copy_arguments(args)
        with pytest.raises(type(expected)) as caught:
            derivative(*left_by_us)
        assert type(caught.value) is type(expected), attempt
        assert user_line(caught.value) == line, f"{attempt}: blamed line {user_line(caught.value)}, Python {line}"
        assert close(left_by_us, left_by_python, 1e-12), f"{attempt}: arguments left as {left_by_us}"


def test_unknown_names_under_wrt() -> None:
    for wrt in (5, "nothing", (0, 7)):
        with pytest.raises((wb.DifferentiationError, TypeError, ValueError, IndexError)):
            wb.grad(refused.explicit_raise, wrt)(-1.0)


def test_there_are_enough_cases() -> None:
    assert len(MUST_REFUSE) + len(REFUSE_OR_RIGHT) + len(RAISING) >= 40
