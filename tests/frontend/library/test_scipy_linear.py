"""`scipy.linalg` in programs: values and derivatives against plain Python and its differences."""
from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

import workbench as wb
from tests.frontend.gradients import differentiates
from tests.frontend.running import agrees
from tests.fuzz.interpreted import interpreted_gradient


def equations(a, b):
    solve, triangle = scipy.linalg.solve, scipy.linalg.solve_triangular
    x = solve(a, b) + solve(a, b, transposed=True) + solve(a, b, assume_a="sym")
    x = x + solve(a, b, lower=True, assume_a="pos")
    y = triangle(a, b) + triangle(a, b, trans="T") + triangle(a, b, lower=True, unit_diagonal=True)
    z = triangle(a, np.outer(b, b), trans=2, lower=True) + scipy.linalg.inv(a)
    z = z + solve(a, a, assume_a="upper triangular")
    return np.sum(x * y) + np.sum(z * z) + scipy.linalg.det(a)


def choleskys(a, b):
    spd = a @ a.T + np.eye(3)
    pairs = scipy.linalg.cho_factor(spd), scipy.linalg.cho_factor(spd, lower=True)
    x = scipy.linalg.cho_solve(pairs[0], b) + scipy.linalg.cho_solve(pairs[1], a)[:, 0]
    assert np.shape(pairs[1][0]) == (3, 3) and pairs[1][1] and not pairs[0][1]
    x = x + pairs[0][0][1] * pairs[1][0][2]
    return x @ b + np.sum(scipy.linalg.cholesky(spd) * a) + np.sum(scipy.linalg.cholesky(spd, lower=True) * a.T)


def spectra(a, b):
    u, s, vh = scipy.linalg.svd(a[:, :2], full_matrices=False)
    q, r = scipy.linalg.qr(a[:2], mode="economic")
    values = scipy.linalg.eigh(a, eigvals_only=True) @ b + scipy.linalg.eigvalsh(a, lower=False)[1]
    return (np.sum(u**2 * a[:, :2]) + s[0] + np.sum(vh**4) + np.sum(q * a[:2, :2]) + np.sum(r**2) + values
            + scipy.linalg.svdvals(a)[1] + np.sum(scipy.linalg.pinv(a[:2]) * a[:, :2]))


def triangles(a, b):
    turned = np.stack([a[1], a[2], a[0]])
    p, low, up = scipy.linalg.lu(turned)
    both = scipy.linalg.lu(turned, permute_l=True)[0] + scipy.linalg.lu(turned, p_indices=True)[1]
    factors = scipy.linalg.lu_factor(turned)
    x = scipy.linalg.lu_solve(factors, b) + scipy.linalg.lu_solve(factors, b, trans=1)
    y = scipy.linalg.lu_solve(factors, a) + scipy.linalg.lu_solve(factors, a, trans=2)
    return np.sum(p @ low @ a * up) + np.sum(both * a) + x @ b + np.sum(y * y) + np.sum(factors[0] * a)


def functions(a, b):
    e = scipy.linalg.expm(a) + scipy.linalg.expm(4.0 * a - a.T)
    blocks = scipy.linalg.block_diag(a, b, 2.0 * a[:1]) @ np.ones(9)
    t = scipy.linalg.toeplitz(b, a[0]) @ scipy.linalg.toeplitz(b)
    return np.sum(e * a) + np.sum(blocks**2) + np.sum(t**2) + scipy.linalg.norm(a) + scipy.linalg.norm(a, 1)


@pytest.mark.parametrize("function", [equations, choleskys, spectra, triangles, functions], ids=lambda f: f.__name__)
@pytest.mark.parametrize("seed", [1, 2])
def test_program(function, seed: int) -> None:
    rng = np.random.default_rng(seed)
    differentiates(function, 0.3 * rng.uniform(-1.0, 1.0, (3, 3)) + np.diag([1.0, 1.5, 2.0]), rng.uniform(0.5, 1.5, 3))


def test_shapes() -> None:
    for n in (0, 1, 3):
        c = np.arange(1.0, n + 1.0)
        agrees(lambda c: (scipy.linalg.toeplitz(c, c[:1]), scipy.linalg.block_diag(c, c[None])), c)


def test_errors_and_refusals() -> None:
    a = np.eye(3)
    nothing = np.full((3, 3), np.nan)
    for function, args in ((lambda a: scipy.linalg.inv(a).sum(), (nothing,)),
                           (lambda a: scipy.linalg.cholesky(-a).sum(), (a,)),
                           (lambda a: scipy.linalg.solve_triangular(0.0 * a, a).sum(), (a,))):
        with pytest.raises(Exception) as expected:
            function(*args)
        with pytest.raises(expected.type):
            interpreted_gradient(function, args)
    for function, word in ((lambda a: scipy.linalg.lu(a[:2])[1].sum(), "square"),
                           (lambda a: scipy.linalg.eigh(a)[1].sum(), "eigenvectors"),
                           (lambda a: scipy.linalg.qr(a)[1].sum(), "economic"),
                           (lambda a: scipy.linalg.solve(a, a, assume_a="banded").sum(), "assume_a")):
        with pytest.raises(wb.DifferentiationError, match=word):
            interpreted_gradient(function, (a,))
