"""What is shown when something fails: the user's frames, one of ours, no machinery."""
from __future__ import annotations

import math
import re
import traceback
from typing import Any

import numpy as np
import pytest

import workbench as wb


def helper(values, k):
    return values[k] * 2.0


def out_of_range(a):
    return helper(a, 9) + a[0]


def divides(x):
    y = x - x
    return 1.0 / y


def chained(x):
    try:
        return math.log(-x * x)
    except ValueError as error:
        raise RuntimeError("no logarithm") from error


def refused(x):
    return float(hash(x)) + x


def frames(error: BaseException) -> list[str]:
    """The files of a printed traceback."""
    return re.findall(r'^  File "([^"]+)"', "".join(traceback.format_exception(error)), re.MULTILINE)


@pytest.mark.parametrize("engine", ("numba", "tape", "auto"))
@pytest.mark.parametrize("function, argument, kind", [
    (out_of_range, np.ones(3), IndexError), (divides, 1.5, ZeroDivisionError)])
def test_primal_exceptions_show_the_users_frames(function: Any, argument: Any, kind: Any, engine: str) -> None:
    derivative = wb.grad(function, engine=engine)
    for _ in range(3):
        with pytest.raises(kind) as caught:
            derivative(argument)
        shown = frames(caught.value)
        ours = [name for name in shown if "/workbench/" in name]
        assert len(ours) == 1 and ours[0].endswith("derivative.py"), shown
        assert shown[0] == shown[-1] == __file__, shown
        text = "".join(traceback.format_exception(caught.value))
        assert ("return values[k] * 2.0" if function is out_of_range else "return 1.0 / y") in text
        assert "During handling" not in text


def test_causes_of_the_primal_are_kept() -> None:
    with pytest.raises(RuntimeError) as caught:
        wb.grad(chained)(1.5)
    assert isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(RuntimeError) as caught:  # compiled code builds the cause when it raises: it has no frames
        wb.grad(chained, engine="tape")(1.5)
    assert isinstance(caught.value.__cause__, ValueError)
    text = "".join(traceback.format_exception(caught.value))
    assert "return math.log(-x * x)" in text and "direct cause" in text
    assert sum("/workbench/" in name for name in frames(caught.value)) == 1


@pytest.mark.parametrize("engine", ("numba", "tape", "auto"))
def test_refusals_carry_their_place_in_the_message(engine: str) -> None:
    for action in (lambda: wb.grad(refused, engine=engine)(1.5), lambda: wb.vjp(refused, 1.5, engine=engine),
                   lambda: wb.jvp(refused, (1.5,), (1.0,), engine=engine)):
        with pytest.raises(wb.DifferentiationError) as caught:
            action()
        text = "".join(traceback.format_exception(caught.value))
        assert "float(hash(x))" in text and "During handling" not in text
        assert sum("/workbench/" in name for name in frames(caught.value)) <= 1, text


def test_full_tracebacks_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_TRACEBACK", "full")
    with pytest.raises(wb.DifferentiationError) as caught:
        wb.grad(refused)(1.5)
    assert sum("/workbench/" in name for name in frames(caught.value)) > 3
