"""`np.linalg` in programs: values and derivatives against plain Python and its differences; errors at their lines."""
from __future__ import annotations

import numpy as np
import pytest

import workbench as wb
from tests.frontend.gradients import differentiates
from tests.frontend.running import agrees
from tests.fuzz.interpreted import interpreted_gradient


def solving(a, b):
    x = np.linalg.solve(a, b)
    many = np.linalg.solve(a, np.outer(b, b) + a)
    return x @ b + np.sum(many * many) + np.sum(np.linalg.solve(np.stack([a, a.T]), a)[1] ** 2)


def inverses(a, b):
    return b @ np.linalg.inv(a) @ b + np.sum(np.linalg.inv(np.stack([a, a + a.T]))[1])


def determinants(a, b):
    sign, log = np.linalg.slogdet(a)
    stack = np.linalg.det(np.stack([a, np.outer(b, b)]))
    return sign * log + np.linalg.det(a) ** 2 + np.sum(stack * np.array([1.0, 3.0])) + np.linalg.slogdet(a).logabsdet


def factors(a, b):
    low = np.linalg.cholesky(a @ a.T + np.eye(3))
    up = np.linalg.cholesky(a @ a.T + np.diag(b * b), upper=True)
    q, r = np.linalg.qr(a)
    return np.sum(low * a) + np.sum(up * a) + np.sum(q * a.T) + np.sum(r * r * a) + np.linalg.qr(a, mode="r")[0, 1]


def one_triangle(a, b):
    return np.sum(np.linalg.cholesky(a + 9.0 * np.eye(3)) * a) + np.linalg.eigvalsh(a, UPLO="U")[1] * b[0]


def tall_and_wide(a, b):
    q, r = np.linalg.qr(a[:, :2])
    p, s = np.linalg.qr(a[:2])
    return np.sum(q * a[:, :2]) + np.sum(r * r) + np.sum(p * a[:2, :2]) + np.sum(s * a[:2] * a[:2])


def spectra(a, b):
    w, v = np.linalg.eigh(a + a.T)
    u, s, vh = np.linalg.svd(a)
    thin = np.linalg.svd(a[:, :2], full_matrices=False)
    return (w @ b + np.sum(v**2 * a) + s @ b + np.sum((u * u) @ vh**2 * a) + np.sum(thin.U**2 * a[:, :2]) + thin.S[0]
            + np.linalg.svd(a[:2], compute_uv=False)[1] + np.linalg.svdvals(a)[0])


def least_squares(a, b):
    x, residuals, rank, s = np.linalg.lstsq(a[:, :2], b, rcond=None)
    wide = np.linalg.lstsq(a[:2], a[:2], rcond=None)[0]
    return x @ x + residuals[0] * rank + s[1] + np.sum(wide * wide) + np.sum(np.linalg.pinv(a[:, :2]) * a[:2])


def powers(a, b):
    cube = np.linalg.matrix_power(a, 3)
    rest = np.linalg.matrix_power(a, -2) + np.linalg.matrix_power(a, 0) + np.linalg.matrix_power(a, 1)
    chain = np.linalg.multi_dot([a, a.T, a]) + np.linalg.multi_dot((a[:, :1], a[:1], a))
    return b @ cube @ b + np.sum(rest * a) + np.sum(chain) + np.linalg.multi_dot([b, a, a, b])


def vector_norms(a, b):
    norm = np.linalg.norm
    total = norm(b) + norm(b, 1) + norm(b, np.inf) + norm(b, -np.inf) + norm(b, 3) + norm(b, 0.5) + norm(b, 0)
    total = total + np.sum(norm(a, axis=0)) + np.sum(norm(a, 1, 1, True) * a) + np.sum(norm(a, 3, axis=-1) * b)
    return total + np.linalg.vector_norm(a) + np.linalg.vector_norm(a, axis=1, ord=np.inf)[0]


def matrix_norms(a, b):
    norm = np.linalg.norm
    total = norm(a) + norm(a, "fro") + norm(a, 1) + norm(a, -1) + norm(a, np.inf) + norm(a, -np.inf)
    total = total + norm(a, 2) + norm(a, -2) + norm(a, "nuc") + norm(np.stack([a, a.T]), 2, axis=(0, 2))[1]
    keep = norm(a, 1, keepdims=True) + norm(a, "nuc", keepdims=True) + norm(a, 2, axis=(1, 0), keepdims=True)
    return total + np.sum(keep * a) + np.linalg.matrix_norm(a) + np.linalg.matrix_norm(a, ord=1)


def conditions(a, b):
    cond = np.linalg.cond
    ranks = np.linalg.matrix_rank(a) + np.linalg.matrix_rank(np.outer(b, b)) + np.linalg.matrix_rank(b)
    return cond(a) + cond(a, -2) + cond(a, 1) + cond(a, "fro") + ranks * b[0] + np.linalg.matrix_rank(a, tol=0.1)


def newton(a, b):
    x = b.copy()
    for _ in range(4):
        x = x - np.linalg.solve(a + np.diag(3.0 * x**2), a @ x + x**3 - b)
    return x @ x


def kalman_filter(f, h):
    x, p, total = np.ones(3), np.eye(3), 0.0
    for k in range(4):
        x, p = f @ x / 4.0, f @ p @ f.T / 16.0 + 0.1 * np.eye(3)
        s = h[None] @ p @ h[:, None] + 0.5
        gain = p @ h[:, None] @ np.linalg.inv(s)
        error = 1.0 * k - h @ x
        x = x + gain[:, 0] * error
        p = p - gain @ h[None] @ p
        total += 0.5 * error**2 / s[0, 0] + 0.5 * np.linalg.slogdet(s)[1]
    return total


def subspace_iteration(a, b):
    q = np.stack([b, b[::-1] * np.array([1.0, 2.0, 3.0])], axis=1)
    n = 0
    while n < 3:
        q, r = np.linalg.qr((a + a.T) @ q)
        n += 1
    if r[0, 0] ** 2 > 0.01:
        w, v = np.linalg.eigh(q.T @ a @ q)
        result = w[1] + v[0, 0] ** 2
    else:
        result = np.linalg.det(r)
    return result


def gaussian_process(a, y):
    x = a[0]
    low = np.linalg.cholesky(np.exp(-((x[:, None] - x[None, :]) ** 2)) + 0.1 * np.eye(x.shape[0]))
    alpha = np.linalg.solve(low.T, np.linalg.solve(low, y))
    return 0.5 * y @ alpha + np.sum(np.log(np.diag(low)))


def complex_matrices(a, b):
    z = a + 1j * np.outer(b, b)
    w, v = np.linalg.eigh(z + z.conj().T)
    q, r = np.linalg.qr(z)
    u, s, vh = np.linalg.svd(z)
    sign, log = np.linalg.slogdet(z)
    total = np.linalg.solve(z, b * (1.0 - 2.0j)) @ b + np.linalg.inv(z)[0, 1] * np.linalg.det(z) + sign * log
    total = total + np.sum(v * z) + np.sum(q * z) + np.sum(r) + np.sum(u * z) + np.sum(vh * z) + w @ s
    low = np.linalg.cholesky(z @ z.conj().T + np.eye(3))
    total = total + np.sum(low * z) + np.sum(np.linalg.pinv(z[:, :2])) + np.linalg.norm(z, 2) + np.linalg.norm(z[0], 3)
    return total.real * total.imag


PROGRAMS = [
    newton, kalman_filter, subspace_iteration, gaussian_process, complex_matrices, solving, inverses, determinants,
    factors, one_triangle, tall_and_wide, spectra, least_squares, powers, vector_norms, matrix_norms, conditions,
]


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(-1.0, 1.0, (3, 3)) + np.diag([1.5, 2.5, 4.0]), rng.uniform(0.5, 1.5, 3)


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("seed", [1, 2])
def test_program(function, seed: int) -> None:
    differentiates(function, *drawn(seed))


# ---------------------------------------------------------------------- errors, and where there is no derivative
def length_of_solution(a, b):
    x = np.linalg.solve(a, b)
    return x @ x


def test_compiled_and_a_singular_matrix() -> None:
    a, b = drawn(5)
    value, (a_bar, _) = wb.value_and_grad(length_of_solution, (0, 1), engine="numba")(a, b)
    assert value == pytest.approx(length_of_solution(a, b), rel=1e-13)
    x, y = np.linalg.solve(a, b), np.linalg.solve(a.T, 2.0 * np.linalg.solve(a, b))
    np.testing.assert_allclose(a_bar, -np.outer(y, x), rtol=1e-11)
    with pytest.raises(np.linalg.LinAlgError, match="Singular matrix") as caught:
        wb.grad(length_of_solution, engine="numba")(np.ones((3, 3)), b)
    assert caught.value.__workbench_span__.line == length_of_solution.__code__.co_firstlineno + 1


def test_errors_of_numpy() -> None:
    a, b = drawn(6)
    for function, args in ((lambda a: np.linalg.inv(a).sum(), (a[:2].copy(),)),
                           (lambda a: np.linalg.cholesky(a).sum(), (-a,)), (np.linalg.det, (b,)),
                           (lambda a: np.linalg.norm(a, 5), (a,)), (lambda a: np.linalg.norm(a[None], 2), (a,)),
                           (lambda a: np.linalg.svd(a)[1].sum(), (np.full((2, 2), np.nan),))):
        with pytest.raises(Exception) as expected:
            function(*args)
        with pytest.raises(expected.type):
            interpreted_gradient(function, args)


def test_refusals() -> None:
    a, b = drawn(7)
    for function, word in ((lambda a: np.linalg.svd(a[:2])[0].sum(), "full_matrices"),
                           (lambda a: np.linalg.qr(a, mode="complete")[0].sum(), "complete"),
                           (lambda a: np.linalg.norm(a, a[0, 0]), "order"),
                           (lambda a: np.linalg.pinv(a, hermitian=True).sum(), "hermitian")):
        with pytest.raises(wb.DifferentiationError, match=word):
            interpreted_gradient(function, (a,))


def test_determinants_at_singular_matrices() -> None:
    a = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])
    for matrix in (a, np.diag([0.0, 0.0, 2.0]), np.zeros((3, 3)), np.zeros((1, 1)), a[:2, :2].copy()):
        differentiates(np.linalg.det, matrix)


def test_equal_eigenvalues() -> None:
    """Symmetric functions of the values have a derivative, vectors have none."""
    a = np.diag([2.0, 2.0, 5.0])
    _, found = interpreted_gradient(lambda a: np.sum(np.linalg.eigvalsh(a) ** 2), (a,))
    np.testing.assert_allclose(found[(0,)], 2.0 * a)
    _, found = interpreted_gradient(lambda a: np.linalg.norm(a, "nuc"), (a,))
    np.testing.assert_allclose(found[(0,)], np.eye(3), atol=1e-15)
    tilted = a + 1e-3 * np.outer([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    for function in (lambda a: np.sum(np.linalg.eigh(a).eigenvectors[0]), lambda a: np.sum(np.linalg.svd(a)[2][0])):
        _, found = interpreted_gradient(lambda a, f=function: f(np.ones((3, 3)) + a * 0.0 + np.eye(3)), (tilted,))
        assert np.all(found[(0,)] == 0.0) or not np.all(np.isfinite(found[(0,)]))
        _, found = interpreted_gradient(function, (np.eye(3),))
        assert not np.all(np.isfinite(found[(0,)]))


def test_pseudoinverse_without_full_rank() -> None:
    b = np.arange(1.0, 4.0)
    _, found = interpreted_gradient(lambda a: np.sum(np.linalg.pinv(a)), (np.outer(b, b),))
    assert np.all(np.isnan(found[(0,)]))


def test_sizes_zero_and_one() -> None:
    for n in (0, 1):
        a = np.full((n, n), 3.0)
        for function in (lambda a: np.linalg.det(a), lambda a: np.sum(np.linalg.inv(a)), lambda a: np.linalg.norm(a),
                         lambda a: np.sum(np.linalg.eigh(a)[0]), lambda a: np.sum(np.linalg.solve(a, a)),
                         lambda a: np.sum(np.linalg.cholesky(a)), lambda a: np.sum(np.linalg.qr(a)[1])):
            differentiates(function, a)


def test_condition_numbers_of_singular_matrices() -> None:
    for a in (np.zeros((2, 2)), np.stack([np.zeros((2, 2)), np.eye(2)])):
        agrees(lambda a: (np.linalg.cond(a), np.linalg.matrix_rank(a + 1.0)), a)


def test_single_precision_stays() -> None:
    a = np.eye(2, dtype=np.float32) * np.float32(2)
    _, found = interpreted_gradient(lambda a: np.linalg.slogdet(a)[1] + np.linalg.norm(np.linalg.inv(a)), (a,))
    assert found[(0,)].dtype == np.float32
