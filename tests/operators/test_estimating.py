"""Laplacians estimated along random directions: the mean, and the variance that is stated."""

from __future__ import annotations

import math

import numpy as np
import pytest

import workbench as wb


def coupled(x):  # type: ignore[no-untyped-def]
    total = 0.0
    for k in range(x.shape[0]):
        total += np.sin(x[k]) * x[k - 1] + x[k] ** 3
    return total


def test_mean_and_variance_are_those_of_theory() -> None:
    """Of one sample the variance is twice the sum of the squares off the diagonal of the Hessian."""
    x = np.random.default_rng().normal(size=6)
    hessian = wb.hessian(coupled)(x)
    off = hessian - np.diag(np.diag(hessian))
    found = wb.estimate_laplacian(coupled, samples=3000, rng=7)(x)
    assert abs(found.value - np.trace(hessian)) < 6 * math.sqrt(2 * np.sum(off ** 2) / 3000)
    assert found.variance == pytest.approx(2 * np.sum(off ** 2) / 3000, rel=0.3)
    assert found.error == math.sqrt(found.variance) and float(found) == found.value and "±" in str(found)


def test_a_diagonal_hessian_has_no_variance() -> None:
    found = wb.estimate_laplacian(lambda x: np.sum(x ** 4), samples=3)(np.array([1.0, 2.0]))
    assert found.value == pytest.approx(12 + 48) and found.variance < 1e-20
    assert math.isnan(wb.estimate_laplacian(lambda x: np.sum(x ** 4), samples=1)(np.array([1.0, 2.0])).variance)


def test_structures_and_several_arguments() -> None:
    def energy(p, s):  # type: ignore[no-untyped-def]
        return np.sum(p["a"] ** 2) * 0.5 + 3 * p["b"] ** 2 + s ** 3
    args = {"a": np.ones(4, np.float32), "b": 1.0}, 2.0
    for wrt, expected in ((0, 4 + 6), ((0, 1), 4 + 6 + 12)):
        assert wb.estimate_laplacian(energy, wrt, samples=4)(*args).value == pytest.approx(expected, rel=1e-6)


def test_seeds_and_refusals() -> None:
    x = np.linspace(0, 1, 5)
    first, second = (wb.estimate_laplacian(coupled, samples=5, rng=3)(x).value for _ in range(2))
    assert first == second
    with pytest.raises(ValueError, match="samples"):
        wb.estimate_laplacian(coupled, samples=0)
    with pytest.raises(wb.DifferentiationError):
        wb.estimate_laplacian(lambda x: x, samples=2, engine="numba")(x)
