"""How arrays lie as the front end has it, and as NumPy has it: all functions, arguments in every order."""
from __future__ import annotations

import copy
import itertools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import scipy.fft
import scipy.linalg
import scipy.special

from tests.frontend.composed import (
    test_applying,
    test_calculus,
    test_selection,
    test_shaping,
    test_special,
    test_statistics,
    test_ufuncs,
)
from tests.fuzz.interpreted import traced
from workbench.frontend import Leaf, Node, Traced, layout
from workbench.frontend.outputs import Exporter
from workbench.frontend.values import Array
from workbench.ir import DifferentiationError

RNG = np.random.default_rng(8)
M, N, SQ, C, D = (RNG.normal(size=shape) for shape in ((3, 4), (3, 4), (3, 3), (2, 3, 4), (2, 3, 3)))
ROW, COLUMN, ONE3, NONE, V4, V3 = (RNG.normal(size=s) for s in ((1, 4), (3, 1), (2, 1, 3), (0, 4), 4, 3))
SPD = SQ @ SQ.T + 3.0 * np.eye(3)
PLACES, GRID = np.array([0, 2]), np.array([[0, 2, 1], [1, 0, 0]])
MASK = np.array([True, False, True])
B4 = RNG.normal(size=(2, 5, 3, 3))

OWN: list[tuple[Any, ...]] = [
    (lambda x, y: np.inner(x, y), M, N), (lambda x: np.diagflat(x), V4), (lambda x: np.identity(3), M),
    (lambda x, y: np.matvec(x, y), B4, V3), (lambda x, y: np.vecmat(y, x), B4, V3),
    (lambda x: np.argpartition(x, 1), M),
    (lambda x: np.linalg.vector_norm(x, axis=0), C), (lambda x: np.amax(x, axis=0), C), (lambda x: np.vecdot(x, x), B4),
    (lambda x, y: x + y, M, N), (lambda x, y: x.T + y.T, M, N), (lambda x, y: x.T * y, SQ, SQ + 1),
    (lambda x, y: x * y, M, V4), (lambda x, y: x * y[:, None], M, V3), (lambda x, y: x + y, C, M),
    (lambda x, y: x.T @ y, M, N), (lambda x, y: x @ y, C, V4), (lambda x, y: x @ y, D, SQ),
    (lambda x, y: x @ y, B4, D), (lambda x: x @ x, B4), (lambda x, y: np.dot(x, y), C, B4[0, 0]),
    (lambda x, y: np.dot(x, y.T), M, N), (lambda x, y: x * y, M, ROW), (lambda x, y: x * y, M, COLUMN),
    (lambda x: x * 2.0, ONE3), (lambda x: x * 2.0, NONE), (lambda x: x[1:, ::2] * 1, M), (lambda x: x[:, 1] * 1, C),
    (lambda x: x[:, None] * 1, M), (lambda x: -x[::-1], C), (lambda x: x.reshape(4, 3), M),
    (lambda x: x.reshape(-1), M), (lambda x: x.reshape(6, 4) * 1, C), (lambda x: +x, M),
    (lambda x: x.reshape(2, 12) * 1, C), (lambda x: x.reshape(3, 2, 2).T * 1, M), (lambda x: x.ravel(), M),
    (lambda x: x[PLACES], M), (lambda x: x[:, PLACES], M), (lambda x: x[:, GRID], M), (lambda x: x[GRID.T], M),
    (lambda x: x[PLACES], C[:, :, :2].repeat(2, 0)), (lambda x: x[:, PLACES], C), (lambda x: x[:, :, PLACES], C),
    (lambda x: x[GRID, GRID + 1], M), (lambda x: x[GRID.T, GRID.T], M), (lambda x: x[:, GRID, GRID], C),
    (lambda x: x[MASK], M), (lambda x: x[x > 0], M), (lambda x: x[np.ones((2, 3), bool)], C),
    (lambda x: x[:, 0:2][MASK], M), (lambda x: x[PLACES, :, 1], np.concatenate([C, C])),
    (lambda x: np.take(x, PLACES, axis=1), C), (lambda x: np.sum(x, axis=0), C), (lambda x: x.sum(axis=1), C),
    (lambda x: x.mean(axis=(0,)), C), (lambda x: x.max(axis=2), C), (lambda x: np.std(x, axis=1), C),
    (lambda x: np.var(x, 0, keepdims=True), C), (lambda x: np.prod(x, axis=0, keepdims=True), C),
    (lambda x: np.argmax(x, axis=0), C), (lambda x: np.any(x > 0, 1), C), (lambda x: np.cumsum(x, axis=1), M),
    (lambda x: np.cumsum(x, axis=0), C), (lambda x: np.cumprod(x, 0), M), (lambda x: np.sum(x, axis=0), NONE),
    (lambda x: np.median(x, axis=1), C), (lambda x: np.sum(x[:0], axis=0), C), (lambda x: np.ptp(x, 0), C),
    (lambda x: np.logical_and(x > 0, x < 1), M), (lambda x: np.where(x > 0, x, 0.0), M),
    (lambda x, y: np.where(x > 0, y, x), M, N), (lambda x: x.clip(0, 1), M), (lambda x: np.clip(x, x * 0.5, 1), M),
    (lambda x: np.sort(x, axis=0), M), (lambda x: np.sort(x), C), (lambda x: np.argsort(x, axis=0), M),
    (lambda x: np.zeros_like(x), C), (lambda x: np.ones_like(x.T), M), (lambda x: np.empty_like(x, order="C") * 0, M),
    (lambda x: np.full_like(x, 2.0, order="F"), M), (lambda x: np.zeros((3, 4), order="F"), M),
    (lambda x: np.zeros((2, 3)), M), (lambda x: np.full((2, 3), 1.0, order="F"), M), (lambda x: np.eye(3), M),
    (lambda x: np.empty((2, 3), order="F") * 0, M), (lambda x: x.copy(), M), (lambda x: x.copy("K"), C),
    (lambda x: x.copy(order="F"), C), (lambda x: x.copy("A"), C), (lambda x: np.copy(x), C),
    (lambda x: copy.copy(x) * 1, M), (lambda x: copy.deepcopy(x), C), (lambda x: copy.copy(x), C),
    (lambda x: np.array(x), C), (lambda x: np.array(x, order="C"), C), (lambda x: np.array(x, order="F"), C),
    (lambda x: np.array([x, x]), M), (lambda x: np.array([[x[0, 0], 1.0], [2.0, 3.0]]), M),
    (lambda x: np.asarray(x, order="F"), M), (lambda x: np.asarray(x, order="C"), M),
    (lambda x: np.ascontiguousarray(x), M), (lambda x: np.asfortranarray(x), M), (lambda x: x.astype(np.float32), M),
    (lambda x: x.astype(np.float32, order="C"), M), (lambda x: x.astype(float), C),
    (lambda x: x.T.astype(complex, order="F"), M), (lambda x: x.flatten(), M),
    (lambda x: np.stack([x, x], axis=1), M), (lambda x, y: np.concatenate([x, y], axis=1), M, N),
    (lambda x, y: np.stack([x, y]), M, N), (lambda x, y: np.vstack([x, y]), M, N),
    (lambda x, y: np.column_stack([x, y]), M, N), (lambda x: np.outer(x, x), V4), (lambda x: np.kron(x, x), M),
    (lambda x: x.real * 1, M), (lambda x: (x + 1j).real * 1, M), (lambda x: (x + 1j * x).imag, M),
    (lambda x: (x * 1j).conj(), M), (lambda x: np.angle(x + 1j), M), (lambda x: np.abs(x * 1j), C),
    (lambda x: np.fft.fft(x, axis=0), M), (lambda x: np.fft.fft(x), M), (lambda x: np.fft.rfft2(x), C),
    (lambda x: np.fft.irfft(x + 0j, axis=0), M), (lambda x: np.fft.fftn(x), C), (lambda x: np.fft.fftshift(x), M),
    (lambda x: scipy.fft.fft(x, axis=0), M), (lambda x: np.fft.ifft2(x), M), (lambda x: np.linalg.inv(x), SPD),
    (lambda x: np.linalg.inv(x), D), (lambda x, y: np.linalg.solve(x, y), SPD, M),
    (lambda x: np.linalg.cholesky(x), SPD), (lambda x: np.linalg.qr(x), M), (lambda x: np.linalg.qr(x), M.T.copy()),
    (lambda x: np.linalg.qr(x, mode="complete"), M.T.copy()), (lambda x: np.linalg.svd(x), M),
    (lambda x: np.linalg.svd(x, full_matrices=False), M),
    (lambda x: np.linalg.svd(x, full_matrices=False), M.T.copy()), (lambda x: np.linalg.eigh(x), SPD),
    (lambda x: np.linalg.pinv(x), M), (lambda x, y: np.linalg.lstsq(x, y), M, N),
    (lambda x: np.linalg.matrix_power(x, 3), SPD), (lambda x: np.linalg.matrix_power(x, -2), SPD),
    (lambda x: np.linalg.matrix_power(x, 1), SPD), (lambda x: np.linalg.norm(x, axis=0), C),
    (lambda x: np.linalg.multi_dot([x, x.T, x]), M), (lambda x: np.linalg.tensorinv(x, ind=1), SPD),
    (lambda x: scipy.linalg.inv(x), SPD), (lambda x, y: scipy.linalg.solve(x, y), SPD, M),
    (lambda x: scipy.linalg.cholesky(x), SPD), (lambda x: scipy.linalg.expm(x), SPD),
    (lambda x: scipy.linalg.lu(x), SPD), (lambda x: scipy.linalg.qr(x), SPD),
    (lambda x: scipy.linalg.block_diag(x, x), M), (lambda x: scipy.linalg.toeplitz(x), V4),
    (lambda x, y: scipy.linalg.solve_triangular(x, y), SPD, M), (lambda x: scipy.linalg.svd(x), M),
    (lambda x: scipy.linalg.eigh(x), SPD), (lambda x: scipy.special.softmax(x, axis=0), M),
    (lambda x: scipy.special.logsumexp(x, axis=0), C), (lambda x, y: np.einsum("ij,jk->ik", x, y), SQ, SQ + 1),
    (lambda x, y: np.einsum("ij,jk->ki", x, y), SQ, SQ + 1), (lambda x: np.einsum("ij->ji", x), M),
    (lambda x: np.einsum("ijk->ki", x), C), (lambda x, y: np.einsum("ij,ij->ij", x, y), M, N),
    (lambda x, y: np.einsum("i,j->ij", x, y), V4, V3), (lambda x, y: np.einsum("bij,bjk->bik", x, y), D, D + 1),
    (lambda x, y: np.tensordot(x, y, axes=([1], [1])), M, N), (lambda x, y: np.tensordot(x, y, 1), C, V4),
    (lambda x: np.vander(x), V4), (lambda x: np.vander(x, increasing=True), V4), (lambda x: np.diag(x), V4),
    (lambda x: np.diag(x), SQ), (lambda x: np.tril(x), M), (lambda x: np.triu(x, 1), M),
    (lambda x: np.meshgrid(x, x), V4), (lambda x: np.indices((2, 3)) * x[0], V4),
    (lambda x: np.meshgrid(x, x, indexing="ij"), V4), (lambda x: np.broadcast_to(x, (3, 4)) * 1, V4),
    (lambda x: np.linspace(x, x + 1, 5), V4), (lambda x: np.linspace(x, x + 1, 5, axis=1), V4),
    (lambda x: np.cov(x), M), (lambda x: np.gradient(x), M), (lambda x: np.diff(x, axis=0), M),
    (lambda x: np.round(x, 2), M), (lambda x: abs(x), M), (lambda x: x ** 2, M), (lambda x: x ** 3, M),
    (lambda x: np.exp(x), C), (lambda x: np.add.reduce(x, axis=1), C), (lambda x: np.add.accumulate(x, axis=1), M),
    (lambda x: np.multiply.outer(x, x), M), (lambda x: np.partition(x, 1, axis=0), M), (lambda x: np.flip(x, 1), M),
    (lambda x: x.swapaxes(0, 1) * 1, C), (lambda x: x.squeeze() * 1, ONE3), (lambda x: np.trace(x), B4),
    (lambda x: np.cross(x[:, :3], x[:, 1:]), M), (lambda x: np.nan_to_num(x), M), (lambda x: np.heaviside(x, 0.5), M),
]
MODULES = (test_applying, test_calculus, test_selection, test_shaping, test_special, test_statistics, test_ufuncs)


def arranged(x: np.ndarray) -> Iterator[np.ndarray]:
    """The same array in every order, with and without gaps."""
    for axes in itertools.permutations(range(x.ndim)):
        yield np.ascontiguousarray(x.transpose(axes)).transpose(np.argsort(axes))
    wide = np.zeros([2 * n for n in x.shape], x.dtype)
    apart = wide[(slice(None, None, 2),) * x.ndim]
    apart[...] = x
    yield apart
    apart = np.asfortranarray(wide)[(slice(None, None, 2),) * x.ndim]
    apart[...] = x
    yield apart
    back = x[(slice(None, None, -1),) * x.ndim].copy()
    yield back[(slice(None, None, -1),) * x.ndim]


def variants(args: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The arguments in each order, all of one and each by itself."""
    forms = [list(arranged(a)) if isinstance(a, np.ndarray) and a.ndim > 1 else [a] for a in args]
    longest = max(len(f) for f in forms)
    for k in range(longest):
        yield tuple(f[k % len(f)] for f in forms)
    for position, form in enumerate(forms):
        if len(forms) > 1 and len(form) > 1:
            yield tuple(f[-1 if len(f) < 2 else 1] if k == position else f[0] for k, f in enumerate(forms))


def pairs(tree: Any, value: Any) -> Iterator[tuple[Leaf, np.ndarray]]:
    """Results of several axes, and what the front end says of them."""
    if isinstance(tree, Leaf) and isinstance(value, np.ndarray) and value.ndim:
        yield tree, value
    elif isinstance(tree, Node) and isinstance(value, (tuple, list)):
        for child, item in zip(tree.children, value, strict=True):
            yield from pairs(child, item)


def differs(leaf: Leaf, value: np.ndarray) -> bool:
    """True where what is known of an order is not so."""
    if CONTIGUOUS.get(leaf.position, None) not in (None, value.flags.c_contiguous):
        return True
    if leaf.order is None or value.size == 0:
        return False
    axes = {k: abs(s) for k, (n, s) in enumerate(zip(value.shape, value.strides, strict=True)) if n > 1 and s}
    keyed = {k: leaf.order.keys[k] for k in axes}
    if None in keyed.values() or sorted(axes, key=lambda k: -axes[k]) != sorted(keyed, key=lambda k: keyed[k] or 0):
        return True
    if leaf.order.unit is None:
        return False
    step = leaf.order.unit * value.itemsize
    even = True
    for k in reversed(sorted(keyed, key=lambda k: keyed[k] or 0)):
        even, step = even and value.strides[k] == step, step * value.shape[k]
    return not even if leaf.order.unit else bool(value.flags.forc)


CONTIGUOUS: dict[int, bool | None] = {}  # of the results of the program that was traced last
VIEWS: dict[int, bool | None] = {}  # whether they are views of arguments (None: a copy that may not be written)


def noted(exporter: Exporter, array: Array, own: Any = Exporter.array) -> Leaf:
    """`Exporter.array`, and whether the front end has the array contiguous."""
    leaf = own(exporter, array)
    CONTIGUOUS[leaf.position] = layout.has_no_gaps(exporter.t, array)
    cell = array.cell
    VIEWS[leaf.position] = None if cell.snapshot or cell.shows is not None else cell.source is not None
    return leaf


def _traced(function: Any, given: tuple[Any, ...]) -> Traced:
    CONTIGUOUS.clear()
    VIEWS.clear()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Exporter, "array", noted)
        return traced(function, given)


def judged(case: tuple[Any, ...]) -> Iterator[tuple[str, Any, Any]]:
    """What the front end knows of each result: "known", "unknown", "wrong", "alias", or that it is "refused"."""
    function, *args = case
    for given in variants(tuple(args)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected = function(*given)
                program = _traced(function, given)
        except (DifferentiationError, np.linalg.LinAlgError, ValueError, TypeError) as error:
            yield "refused", error, given
            continue
        for leaf, value in pairs(program.output, expected):
            shared = any(isinstance(a, np.ndarray) and np.shares_memory(a, value) for a in given)
            if value.size and VIEWS.get(leaf.position) not in (None, shared) and value.flags.writeable:
                yield "alias", leaf, value
            if value.ndim > 1 or differs(leaf, value):
                yield "wrong" if differs(leaf, value) else "unknown" if leaf.order is None else "known", leaf, value


#: Results whose order is not known, of arguments that do not lie by rows or of any: so many, and no more.
UNKNOWN_SHARE = 0.16


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("cases", [OWN, *(module.CASES for module in MODULES)],
                         ids=["own", *(module.__name__.rpartition("_")[2] for module in MODULES)])
def test_orders_are_those_of_numpy(cases: list[tuple[Any, ...]]) -> None:
    found = [(kind, *rest) for case in cases for kind, *rest in judged(case)]
    wrong = [(kind, leaf.order, value.shape, value.strides) for kind, leaf, value in found
             if kind in ("wrong", "alias")]
    assert not wrong
    kinds = [kind for kind, *_ in found]
    assert kinds.count("known") and kinds.count("unknown") <= max(UNKNOWN_SHARE * len(kinds), 6)
