"""Elementary functions for GPUs against NumPy's, as plain Python."""
from __future__ import annotations

import numpy as np
import pytest

from workbench.engines.cuda import functions

VALUES = [0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-300, 3.7, -3.7, 1e17, -1e17, 2.0**52 + 1, np.inf, -np.inf, np.nan]


@pytest.mark.parametrize("name", ["sign", "floor", "ceil", "trunc", "rint", "isfinite", "signbit"])
def test_of_one_number(name: str) -> None:
    for x in (*VALUES, *np.random.default_rng().normal(0, 10, 50)):
        got, want = getattr(functions, name)(float(x)), getattr(np, name)(x)
        assert got == want or (got != got and want != want), (name, x)


def test_powers() -> None:
    for x in np.random.default_rng().normal(0, 30, 50):
        assert np.isclose(functions.cbrt(float(x)), np.cbrt(x), 1e-15, 0)
        assert np.isclose(functions.exp2(float(x)), np.exp2(x), 1e-15, 0)
    assert functions.cbrt(0.0) == 0 and functions.cbrt(np.inf) == np.inf and np.isnan(functions.cbrt(np.nan))


def test_of_two_numbers() -> None:
    with np.errstate(all="ignore"):
        for x in VALUES:
            for y in VALUES:
                got, want = functions.fmod(x, y), np.fmod(x, y)
                assert got == want or (got != got and want != want), (x, y)
                got, want = functions.logaddexp(x, y), np.logaddexp(x, y)
                assert np.isclose(got, want, 1e-15, 0, equal_nan=True), (x, y)


def test_quotients() -> None:
    for item, length in ((0, 1), (6, 7), (7, 7), (2**62, 3), (123456789012, 1000)):
        assert functions.quotient(item, length) == item // length
