"""Sums of products, diagonals and triangles in programs, against plain Python and its differences."""
from __future__ import annotations

import numpy as np
import pytest

import workbench as wb
from tests.frontend.gradients import differentiates
from tests.frontend.running import agrees
from tests.fuzz.emitted import in_python
from tests.fuzz.interpreted import interpret

SUBSCRIPTS = [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("ij->ji", (2, 3)), ("ii", (3, 3)), ("ii->i", (3, 3)),
    ("ij->", (2, 3)), ("ij->j", (2, 3)), ("i,j->ij", (2,), (3,)), ("i,i", (3,), (3,)),
    ("bij,bjk->bik", (2, 3, 2), (2, 2, 3)),
    ("bij,jk->kib", (2, 3, 2), (2, 3)), ("...ij,...jk->...ik", (2, 2, 3), (3, 2)), ("i...,i...->...", (3, 2), (3, 2)),
    ("...i,...i", (2, 3), (3,)), ("ijk,ilm,jl->km", (2, 3, 2), (2, 2, 2), (3, 2)),
    ("ij,ij,ij->i", (2, 3), (2, 3), (2, 3)),
    ("iij->ij", (2, 2, 3)), ("iji,j->i", (2, 3, 2), (3,)), (",ij->ij", (), (2, 3)), ("i,ij->ij", (1,), (2, 3)),
    ("ab,bc,cd,da", (2, 3), (3, 2), (2, 2), (2, 2)), ("ij,kl->", (2, 2), (2, 3)), ("ij,jk->ik", (1, 3), (3, 1)),
    ("ij,jk->ik", (2, 0), (0, 3)), ("ba", (2, 3)), ("i->i", (3,)),
]


@pytest.mark.parametrize("case", SUBSCRIPTS, ids=lambda case: f"{case[0]} {case[1:]}")
def test_einsum(case) -> None:
    subscripts, *shapes = case
    rng = np.random.default_rng(1)
    args = [rng.uniform(-1.0, 1.0, shape)[()] for shape in shapes]
    args = [float(a) if np.ndim(a) == 0 else a for a in args]
    found = interpret(lambda *args: np.einsum(subscripts, *args), tuple(args))
    expected = np.einsum(subscripts, *args)
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-14)
    differentiates(lambda *args: np.sum(np.einsum(subscripts, *args, optimize=True) ** 2), *args)


def test_einsum_of_lists_and_its_errors() -> None:
    a = np.arange(6.0).reshape(2, 3)
    agrees(lambda a: (np.einsum(a, [0, 1], a, [2, 1], [0, 2]), np.einsum(a, [1, 0]), np.einsum("ij , ij", a, a)), a)
    for function in (lambda a: np.einsum("ij,jk", a, a), lambda a: np.einsum("i", a), lambda a: np.einsum("ij->k", a),
                     lambda a: np.einsum("ij,ij", a), lambda a: np.einsum("ii", a)):
        with pytest.raises(ValueError):
            function(a)
        with pytest.raises(ValueError):
            interpret(function, (a,))


def contractions(a, b):
    c = np.tensordot(a, b, 1)[0, 0] + np.tensordot(a, b, axes=([1, 0], [0, 1])) * np.tensordot(a, a)
    d = np.inner(a, b.T) @ np.inner(b, a[0]) + np.inner(np.stack([a, a]), b.T).sum() * np.inner(a[0], b[:, 0])
    e = np.vecdot(a, b.T).sum() + np.linalg.vecdot(a, b, axis=0).prod() + np.matvec(a, b[:, 0]) @ np.vecmat(a[0], b)
    return c + d.sum() + e + np.linalg.tensordot(a, b, axes=0)[0, 1, 2, 0] + np.linalg.matmul(a, b)[0, 0]


def kroneckers(a, b):
    k = np.kron(a, b) @ np.kron(b[0], a[:, 0])
    return np.sum(k * k) + np.sum(np.kron(a, b[0]) ** 2) + np.kron(a[0, 0], b[0, 0]) + np.linalg.outer(a[0], b[0])[1, 2]


def crosses(a, b):
    d = np.cross(a, b) + np.cross(a, b[0]) * np.linalg.cross(a, b, axis=0)
    return np.sum(np.cross(a, b, axisa=0, axisb=1, axisc=0) ** 2) + np.sum(d**2) + np.sum(np.cross(a[0], b[1]) ** 3)


def diagonals(a, b):
    d = np.diag(a, 1) @ np.diagonal(a, -1) + np.trace(a, 1) * np.trace(np.stack([a, b, a]), 0, 1, 2).sum()
    e = np.diagonal(np.stack([a, b]), 1, 0, 2).sum() * np.diagonal(np.stack([a, b]), axis1=1, axis2=2)[1, 2]
    f = np.sum(np.diag(a[0], -2) ** 2) + np.diagflat(a[:2, :2], 1)[3, 4] + np.linalg.trace(a, offset=-1)
    return d + e + f + np.linalg.diagonal(np.stack([a, b]))[1, 0] + a.trace() * a.diagonal(1).sum()


def triangles(a, b):
    t = np.tril(a) @ np.triu(b, 1) + np.tril(a, -1) * np.triu(np.stack([a, b]), -1)[1]
    return np.sum(t * t) + np.sum(np.linalg.matrix_transpose(t)[0] ** 3) + np.sum(np.tril(a, 9) + np.triu(a[0]))


def polynomials(a, b):
    v = np.vander(a[0]) * np.vander(b[0], 3, increasing=True)
    return np.sum(v**2) + np.sum(np.vander(a[1], 2) ** 2) + np.vander(np.zeros(3) * a[0], 4)[1, 3]


@pytest.mark.parametrize("function", [contractions, kroneckers, crosses, diagonals, triangles, polynomials],
                         ids=lambda f: f.__name__)
def test_program(function) -> None:
    rng = np.random.default_rng(2)
    differentiates(function, rng.uniform(-1.0, 1.0, (3, 3)), rng.uniform(-1.0, 1.0, (3, 3)))


def test_kinds_and_complex_values() -> None:
    a = np.arange(9).reshape(3, 3)
    for x in (a, a.astype(np.float32), a * (1 + 2j)):
        for function in (lambda a: np.einsum("ij,kj->ik", a, a), np.trace, lambda a: np.kron(a, a[0]), np.tril,
                         lambda a: np.vander(a[0]), lambda a: np.diag(a[1], 1), lambda a: np.cross(a, a[::-1]),
                         lambda a: np.inner(a, a), lambda a: np.linalg.vecdot(a, a)):
            agrees(function, x)


def attention(q, k, v):
    scores = np.einsum("bqd,bkd->bqk", q, k) / np.sqrt(q.shape[-1])
    weights = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return np.sum(np.einsum("bqk,bkd->bqd", weights / np.sum(weights, axis=-1, keepdims=True), v) ** 2)


def test_attention_as_it_is_emitted() -> None:
    rng = np.random.default_rng(3)
    args = tuple(rng.uniform(-1.0, 1.0, (2, 3, 2)) for _ in range(3))
    with in_python():
        value, bars = wb.value_and_grad(attention, (0, 1, 2), engine="numba")(*args)
    assert value == pytest.approx(attention(*args), rel=1e-13)
    step, moves = 1e-5, [rng.uniform(-1.0, 1.0, a.shape) for a in args]
    ahead, behind = (attention(*(a + s * step * m for a, m in zip(args, moves))) for s in (1.0, -1.0))
    assert sum(np.sum(b * m) for b, m in zip(bars, moves)) == pytest.approx((ahead - behind) / (2 * step), rel=1e-7)
