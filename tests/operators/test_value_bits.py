"""The value of a program keeps every bit in whatever is made of it: nothing of it is taken for a cotangent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python
from workbench.operators import Derivative

RNG = np.random.default_rng(4)


def one_is_taken(b, c, p, n):
    t = 0.0
    for j in range(n - 1, -1, -1):
        take = c > j
        s = b if take else 0.0
        b = 0.0 if take else b
        t = t + s * (p if j < 1 else 1.0)
    return t


def tiny_times_huge(c, p, q):
    total = 0.0
    for k in range(c.shape[0]):
        b = c[k]
        s = 0.0
        for i in range(p.shape[0]):
            y = b * p[i] * p[i]
            for j in range(q.shape[0]):
                s = s + y * q[j]
        total = total + s
    return total


def tiny(c, p, q):
    total = 0.0
    for k in range(c.shape[0]):
        b = c[k]
        s = 0.0
        for i in range(p.shape[0]):
            y = b * p[i]
            for j in range(q.shape[0]):
                s = s + y * q[j]
        total = total + s * 1e100
    return total


CASES = [
    (one_is_taken, (2.0, 3, np.inf, 3)),
    (tiny_times_huge, (np.array([1e-290, 2e-290]), np.array([1e145, 1e146]), np.array([1e300, 2e290]))),
    (tiny, (RNG.random(3) * 1e-300, RNG.random(4) * 1e-20, RNG.random(5) * 1e200)),
]


@pytest.mark.filterwarnings("ignore:the derivative")  # (of one it overflows)
@pytest.mark.parametrize("program, args", CASES, ids=[f.__name__ for f, _ in CASES])
def test_the_value_is_that_of_python(program: Any, args: tuple[Any, ...]) -> None:
    plain = np.float64(program(*args)).tobytes()
    directions = [np.ones_like(a) if isinstance(a, np.ndarray) else 0.0 if isinstance(a, float) else None for a in args]
    with in_python():
        for found in (Derivative(program, "value", engine="numba")(*args), wb.vjp(program, *args, engine="numba")[0],
                      wb.linearize(program, *args, engine="numba")[0],
                      wb.value_and_grad(program, engine="numba")(*args)[0],
                      wb.jvp(program, args, directions, engine="numba")[0]):
            assert np.float64(found).tobytes() == plain
