"""Lengths of vectors with components that are 0: derivatives of both orders."""
from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.interpreted import interpreted_gradient, interpreted_second


def plane(x):
    return math.hypot(x[0], x[1])


def space(x):
    return math.hypot(x[0], x[1], x[2], 0.0)


def apart(x):
    return math.dist((x[0], x[1], 0.5), (0.25, 0.5, x[2]))


def numpys(x):
    return np.hypot(x[0], x[1]) + np.linalg.norm(x)


def of_complex(x):
    return np.linalg.norm(x * (1.0 + 2.0j)) + np.linalg.norm(np.array([x[0] + 1j * x[1], 2.0 - 1j * x[2]]))


POINTS = ([0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -2.0], [0.25, 0.5, 1.0], [0.3, -0.4, 1.2])


def smooth(f: Any, x: np.ndarray) -> bool:
    """False at the tip of a cone."""
    return f(x) > 1e-3 and not (f is numpys and x[0] == x[1] == 0.0) and not (f is plane and x[0] == x[1] == 0.0)


@pytest.mark.parametrize("f", [plane, space, apart, numpys, of_complex])
def test_derivatives_where_components_are_zero(f: Any) -> None:
    rng = np.random.default_rng(4)
    for point in map(np.array, POINTS):
        if not smooth(f, point):
            continue
        d, h = rng.normal(size=3), 1e-3

        def along(s: float, point: np.ndarray = point, d: np.ndarray = d) -> float:
            return float(f(point + s * d))
        slope = (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h)
        bend = (16 * (along(h) + along(-h)) - (along(2 * h) + along(-2 * h)) - 30 * along(0.0)) / (12 * h * h)
        gradient = interpreted_gradient(f, (point,))[1][(0,)]
        assert gradient @ d == pytest.approx(slope, rel=1e-7, abs=1e-9)
        assert interpreted_second(f, (point,), {(0,): d})[(0,)] @ d == pytest.approx(bend, rel=1e-5, abs=1e-6)
        taped = wb.grad(lambda s, f=f, point=point, d=d: wb.grad(f, engine="tape")(point + s * d) @ d, engine="tape")
        assert taped(0.0) == pytest.approx(bend, rel=1e-5, abs=1e-6)
