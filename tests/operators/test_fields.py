"""`wb.divergence` and `wb.curl`, against closed forms; what is no vector field is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.operators.test_jacobian import Pair, same

ENGINES = ("reference", "tape")
MODES = ("auto", "forward", "reverse")
X = np.array([0.3, 0.7, 1.1])
DIVERGENCE = float(X[1] + np.cos(X[1]) * X[2] + X[0] ** 2)
CURL = np.array([-np.sin(X[1]), -2 * X[0] * X[2], -X[0]])


def field(x: Any) -> Any:
    return np.array([x[0] * x[1], np.sin(x[1]) * x[2], x[0] ** 2 * x[2]])


def parts(x: float, y: float, z: float) -> Any:
    return x * y, math.sin(y) * z, x ** 2 * z


def of_array(x: Any) -> Any:
    return parts(x[0], x[1], x[2])


def to_array(x: float, y: float, z: float) -> Any:
    return np.array(parts(x, y, z))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("engine", ENGINES)
def test_closed_forms(engine: str, mode: str) -> None:
    """Of arrays, of numbers, and from the one to the other."""
    for f, wrt, args in ((field, 0, (X,)), (of_array, 0, (X,)), (parts, (0, 1, 2), tuple(X.tolist())),
                         (to_array, (0, 1, 2), tuple(X.tolist()))):
        assert math.isclose(wb.divergence(f, wrt, mode, engine=engine)(*args), DIVERGENCE)
        got = wb.curl(f, wrt, mode, engine=engine)(*args)
        same(got if isinstance(got, np.ndarray) else np.array(got), CURL)
    same(wb.curl(lambda x: (field(x), "k"), 0, mode, engine=engine, has_aux=True)(X), (CURL, "k"))
    got = wb.divergence(lambda p: Pair(p.a * p.b, p.b ** 2), 0, mode, engine=engine)(Pair(np.ones((2, 2)), 3.0))
    assert got == 4 * 3.0 + 6.0
    assert wb.divergence(lambda x: x ** 3, 0, mode, engine=engine)(np.zeros(0)) == 0.0
    got = wb.divergence(lambda x: x ** 3, 0, mode, engine=engine)(np.array([1, 2], np.float32))
    assert got == 15.0 and np.asarray(got).dtype == np.float32


def test_compiled() -> None:
    assert math.isclose(wb.divergence(field, engine="numba")(X), DIVERGENCE)
    curl = wb.curl(field, engine="numba")
    same(curl(X), CURL)
    same(curl(2 * X), np.array([-np.sin(1.4), -8 * X[0] * X[2], -2 * X[0]]))


@pytest.mark.parametrize("engine", ENGINES)
def test_identities(engine: str) -> None:
    """The curl of a gradient and the divergence of a curl are zero."""
    def potential(x: Any) -> Any:
        return np.exp(x[0] * x[1]) * np.sin(x[2])
    same(wb.curl(wb.grad(potential), engine=engine)(X), np.zeros(3))
    assert abs(wb.divergence(wb.curl(field), engine=engine)(X)) < 1e-14
    assert math.isclose(wb.divergence(wb.grad(potential), engine=engine)(X), wb.laplacian(potential)(X))


@pytest.mark.parametrize("engine", ENGINES)
def test_refusals(engine: str) -> None:
    for x in (np.ones(2), np.ones(4), np.ones((3, 3))):
        with pytest.raises((wb.DifferentiationError, ValueError), match="three dimensions"):
            wb.curl(lambda x: x * x, engine=engine)(x)
    for f in (lambda x: x[:2], lambda x: x.sum(), lambda x: (x, x)):
        with pytest.raises((wb.DifferentiationError, ValueError), match="vector field"):
            wb.divergence(f, engine=engine)(np.ones(3))
        with pytest.raises((wb.DifferentiationError, ValueError), match="three dimensions"):
            wb.curl(f, engine=engine)(np.ones(3))
    with pytest.raises(wb.DifferentiationError, match="complex"):
        wb.divergence(lambda z: z * z, engine=engine)(X + 1j)
