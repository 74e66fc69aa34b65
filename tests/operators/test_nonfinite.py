"""An infinite or NaN derivative of a finite value: returned, with one warning that names the operation and the line."""
from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import workbench as wb
from workbench.operators import nonfinite


def root(x):
    y = x * 1.0
    return y ** 0.5


def root_of_sum(a):
    s = np.sum(a)
    return np.sqrt(s)


def steep(x):
    y = np.float64(0.0)
    for k in range(3):
        y += np.cbrt(x) * k
    return y


def caught(function: Any, *args: Any) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        function(*args)
    return found


@pytest.mark.parametrize("function, argument, line", [
    (root, 0.0, 2), (root_of_sum, np.array([1.0, -1.0]), 2), (steep, np.float64(0.0), 3),
], ids=["pow", "sqrt", "cbrt"])
def test_one_warning_names_the_operation_and_the_line(function: Any, argument: Any, line: int) -> None:
    derivative = wb.value_and_grad(function)
    for _ in range(3):  # the third call goes through the gate
        (warning,) = caught(derivative, argument)
        assert warning.category is RuntimeWarning
        assert f"the derivative of {function.__name__} is infinite or NaN although its value is finite" in str(
            warning.message)
        assert str(warning.message).endswith(f"at line {function.__code__.co_firstlineno + line}")
        assert (warning.filename, warning.lineno) == (__file__, function.__code__.co_firstlineno + line)


def test_places_are_not_looked_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who calls it with a NaN in every turn of a loop does not wait for replays; the place found last is named."""
    replayed = []
    locate = nonfinite.locate
    monkeypatch.setattr(nonfinite, "locate", lambda *given: replayed.append(1) or locate(*given))
    monkeypatch.setattr(nonfinite, "ALL_OPERATIONS", 12)
    derivative = wb.value_and_grad(steep)
    messages = {str(caught(derivative, np.float64(0.0))[0].message) for _ in range(20)}
    assert len(messages) == 1 and "`" in messages.pop()
    assert 1 <= len(replayed) <= 4


def test_the_value_and_the_derivative_are_what_they_are() -> None:
    with pytest.warns(RuntimeWarning):
        value, slope = wb.value_and_grad(root)(0.0)
    assert (value, slope) == (0.0, math.inf)


def test_every_operator_warns() -> None:
    with pytest.warns(RuntimeWarning, match="although its value is finite"):
        assert wb.grad(root)(0.0) == math.inf
    with pytest.warns(RuntimeWarning, match="although its value is finite"):
        assert wb.jvp(root, (0.0,), (1.0,)) == (0.0, math.inf)


def test_no_warning_where_all_is_finite() -> None:
    assert not caught(wb.value_and_grad(root), 4.0)


def test_no_warning_of_the_derivative_where_the_value_is_not_finite() -> None:
    def logarithm(x):
        return np.log(x)

    with np.errstate(all="ignore"):
        found = caught(wb.value_and_grad(logarithm), np.float64(0.0))
    assert not any("derivative" in str(warning.message) for warning in found)


def test_a_zero_cotangent_silences_an_infinite_partial() -> None:
    def unused(x):
        return np.sqrt(x) * 0.0 + x

    assert not caught(wb.value_and_grad(unused), np.float64(0.0))
    assert wb.grad(unused)(np.float64(0.0)) == 1.0


def test_a_written_argument_keeps_the_warning_without_the_line() -> None:
    def writes(a):
        a[0] = np.sqrt(a[1])
        return a[0]

    (warning,) = caught(wb.value_and_grad(writes), np.array([1.0, 0.0]))
    assert "although its value is finite" in str(warning.message)
