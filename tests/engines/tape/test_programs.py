"""What a tape could lose: each program is differentiated as differences say, or refused in its own lines."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.corpus.oracle import ridders
from tests.engines.tape import (
    arrays,
    coroutine_programs,
    library_programs,
    library_refusals,
    models,
    numpy_programs,
    object_programs,
    programs,
)
from tests.engines.tape.programs import REFUSED, RIGHT

FILES = tuple(m.__file__ for m in (arrays, coroutine_programs, library_programs, library_refusals,
                                   models, numpy_programs, object_programs, programs))


@pytest.mark.parametrize("function", RIGHT, ids=lambda f: f.__name__)
def test_right(function: Callable[[float, float], Any]) -> None:
    x, y = 0.7, 0.4
    expected = function(x, y)
    value, gradient = wb.value_and_grad(function, (0, 1), engine="tape")(x, y)
    assert value == expected and type(value) is type(expected)
    for k in (0, 1):
        slope, off = ridders(lambda h, k=k: float(function(x + h * (k == 0), y + h * (k == 1))), 1e-3)
        assert gradient[k] == pytest.approx(slope, rel=1e-7, abs=max(1e-9, 10 * off))
    value, slope = wb.jvp(function, (x, y), (0.3, -0.2), engine="tape")
    assert slope == pytest.approx(0.3 * gradient[0] - 0.2 * gradient[1], rel=1e-12)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_refused(function: Callable[[float, float], Any]) -> None:
    before = programs.OUTSIDE.copy()
    with pytest.raises(wb.DifferentiationError) as caught:
        wb.grad(function, (0, 1), engine="tape")(0.7, 0.4)
    first = function.__code__.co_firstlineno
    last = max(line for _, _, line in function.__code__.co_lines() if line)
    inside = caught.value.filename in FILES
    assert inside and caught.value.lineno is not None and first <= caught.value.lineno <= last + 2
    np.testing.assert_array_equal(programs.OUTSIDE, before)
