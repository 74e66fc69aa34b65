"""What compiled programs call, run as plain Python: on every sample of its primitive, and where it is at its limits."""

from __future__ import annotations

import builtins
import dis
import math

import mpmath
import numpy as np
import pytest

from tests.rules.cases import cases, kind_of
from tests.rules.checker import as_tuple
from tests.rules.test_compiled import ULPS
from workbench.ir import Kind
from workbench.rules import Foreign, source_of, spell, table, with_called
from workbench.rules.kernels import (
    cholesky,
    determinants,
    eigenvalues,
    floating,
    qr,
    singular_values,
    solving,
    special,
)
from workbench.rules.primitive import ATOM


def test_text_is_untyped() -> None:
    assert source_of(floating.spacing) == [
        "def spacing(x):",
        '    """The distance to the next number away from zero (of zero of either sign, the smallest number)."""',
        "    return np.spacing(abs(x)) if x == 0.0 else np.spacing(x)"]


def test_called_kernels_come_first() -> None:
    """Attributes are not taken for functions of their names (`a.shape` for a function `shape`)."""
    assert [k.__name__ for k in with_called(solving.inverse_matrices)] == [
        "stack_of", "stack_of", "lu_in_place", "forward_in_place", "backward_in_place", "has_zero_diagonal", "make_nan",
        "solve_matrices", "inverse_matrices"]


@pytest.mark.parametrize("name", [n for n, p in table().items() if p.kernels])
def test_texts_need_nothing_else(name: str) -> None:
    """An exported file holds the kernels, `math` and `np`."""
    kernels = [k for kernel in table()[name].kernels for k in with_called(kernel) if not isinstance(k, Foreign)]
    space = {"math": math, "np": np}
    exec("\n".join(line for kernel in kernels for line in source_of(kernel)), space)
    known = {*space, *vars(builtins)}
    for kernel in kernels:
        read = {i.argval for i in dis.get_instructions(space[kernel.__name__]) if i.opname == "LOAD_GLOBAL"}
        assert read <= known, kernel.__name__


def test_ieee_remainder() -> None:
    rng = np.random.default_rng(3)
    pairs = [(x * 10.0**e, y) for x, y, e in zip(rng.normal(size=500), rng.normal(size=500), rng.uniform(-3, 3, 500))]
    for x, y in [*pairs, (5.0, 2.0), (7.0, 2.0), (3.0, 2.0), (-5.0, 2.0), (1.0, 2.0), (0.0, 1.0), (1.0, math.inf)]:
        assert floating.ieee_remainder(x, y) == math.remainder(x, y)
    assert math.isnan(floating.ieee_remainder(1.0, 0.0))


@pytest.mark.parametrize("x", [1e-5, 0.3, 1.0, 4.7, 30.0, 1e6, -0.5, -7.3])
def test_polygamma(x: float) -> None:
    expected = float(mpmath.digamma(x))
    assert abs(special.digamma(x) - expected) <= 2e-14 * max(1.0, abs(expected))
    for n in (1, 2, 3, 6):
        assert special.polygamma(n, x) == pytest.approx(float(mpmath.polygamma(n, x)), rel=1e-13)


def test_poles() -> None:
    assert math.isnan(special.digamma(-2.0))
    assert math.isinf(special.polygamma(1, -2.0))


# ---------------------------------------------------------------------- all samples
@pytest.mark.parametrize("name", [n for n, p in table().items() if p.kernels and not p.elementwise])
def test_as_python(name: str) -> None:
    """What emitted programs call, on every case: sizes 0 and 1, stacks, all kinds."""
    primitive = table()[name]
    rng = np.random.default_rng(9)
    namespace = {"np": np, **{kernel.__name__: kernel for kernel in primitive.kernels}}
    for kind in (k for k in Kind if primitive.takes(0, k)):
        for case in cases(primitive, rng, kind):
            expected = as_tuple(primitive.numpy(*case.operands, **case.attrs))
            operands = [f"x{k}" for k in range(len(case.operands))]
            text, _ = spell(primitive, [(x, ATOM) for x in operands], case.kinds, kind_of(expected[0]), case.attrs)
            with np.errstate(all="ignore"):
                found = as_tuple(eval(text, {**namespace, **dict(zip(operands, case.operands))}))
            for a, b in zip(found, expected, strict=True):
                assert np.shape(a) == np.shape(b) and kind_of(a) is kind_of(b), f"{name}{case}"
                scale = ULPS[kind_of(b)] * 10.0 * float(np.max(np.abs(b), initial=1.0))
                assert np.max(np.abs(np.subtract(a, b, dtype=np.complex128)), initial=0.0) <= scale, f"{name}{case}"


def test_large_matrices() -> None:
    """Beyond one block, with rows exchanged, of both kinds."""
    rng = np.random.default_rng(10)
    for n in (49, 100):
        a, b = rng.uniform(-1.0, 1.0, (1, n, n)), rng.uniform(-1.0, 1.0, (1, n, 3))
        for x, y in ((a, b), (a + 1j * a[:, ::-1], b + 2j)):
            positive = x @ np.conj(np.swapaxes(x, 1, 2)) + np.eye(n)
            unit = np.triu(x, 1) / n + np.eye(n)
            low = np.linalg.cholesky(positive) + np.triu(x, 1)  # what is above the diagonal is not read
            for found, expected in (
                    (solving.solve_matrices(x, y)[0], np.linalg.solve(x, y)),
                    (cholesky.cholesky_factors(positive)[0], np.linalg.cholesky(positive)),
                    (cholesky.cholesky_pullbacks(low, x), table()["cholesky_pullback"].numpy(low, x)),
                    (solving.solve_triangles(unit, y, False, True)[0], np.linalg.solve(unit, y)),
                    (determinants.signs_and_logs(x)[1], np.linalg.slogdet(x)[1])):
                np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


def test_reflections_of_tiny_and_huge_numbers() -> None:
    a = np.random.default_rng(11).uniform(-1.0, 1.0, (1, 4, 3))
    for scale in (1e-200, 1e200):
        for x in (a, a + 1j * a[:, ::-1]):
            expected_factors = np.linalg.qr(scale * x)
            for found, expected in zip(qr.qr_factors(scale * x), expected_factors, strict=True):
                np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-14 * np.abs(expected).max())


def test_says_where_there_is_nothing() -> None:
    singular = np.array([[[1.0, 2.0], [2.0, 4.0]], [[1.0, 0.0], [0.0, 2.0]]])
    with np.errstate(all="ignore"):
        x, ok = solving.inverse_matrices(singular)
    assert not ok and np.isnan(x[0]).all() and np.array_equal(x[1], [[1.0, 0.0], [0.0, 0.5]])
    low, ok = cholesky.cholesky_factors(-singular)
    assert not ok and np.isnan(low[1, 0, 0])
    unknown = np.array([[[1.0, 0.0], [np.nan, 1.0], [0.0, 2.0]]])
    with np.errstate(all="ignore"):
        assert np.isnan(qr.qr_factors(unknown)[1][0, 0]).all()
    assert not eigenvalues.eigenpairs(np.full((1, 2, 2), np.nan))[2]
    assert not singular_values.singular_triples(np.full((1, 2, 2), np.inf))[3]
