"""Derivatives at the edges of domains, on the tape and compiled: where they exist they are right (also where a formula
divides by zero), where they do not a warning says so. The expected numbers are worked out by hand, from definitions."""
from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.special as sp

import workbench as wb
from tests.fuzz.emitted import in_python

INF, EULER = np.inf, 0.5772156649015329
ZEROS, LABELS = np.zeros((2, 2)), np.array([0.0, 1.0])
SINGULAR, COFACTORS = np.array([[1.0, 2.0], [2.0, 4.0]]), np.array([[4.0, -2.0], [-2.0, 1.0]])


def row(*values: float) -> np.ndarray:
    return np.array(values, float)


Case = tuple[Callable[..., Any], tuple[Any, ...], tuple[Any, ...]]
NUMBERS: list[Case] = [
    (lambda x, y: sp.xlogy(x, y), (0.0, 0.0), (-INF, 0.0)),
    (lambda x, y: sp.xlogy(x, y), (1.0, 0.0), (-INF, INF)),
    (lambda x, y: sp.xlog1py(x, y), (0.0, -1.0), (-INF, 0.0)),
    (lambda x, y: sp.rel_entr(x, y), (0.0, 1.0), (-INF, 0.0)),
    (lambda x, y: sp.kl_div(x, y), (0.0, 1.0), (-INF, 1.0)),
    (lambda x, y: sp.kl_div(x, y), (1.0, 1.0), (0.0, 0.0)),
    (lambda x, y: np.hypot(x, y), (0.0, 0.0), (0.0, 0.0)),
    (lambda x, y: math.hypot(x, y), (0.0, 0.0), (0.0, 0.0)),
    (lambda x, y: x ** y, (0.0, 2.0), (0.0, 0.0)),
    (lambda x, y: np.power(x, y), (0.0, 1.0), (1.0, 0.0)),
    (lambda x, y: np.float_power(x, y), (0.0, 2.0), (0.0, 0.0)),
    (lambda x, y: np.logaddexp(x, y), (-INF, 0.0), (0.0, 1.0)),
    (lambda x, y: np.logaddexp2(x, y), (0.0, -INF), (1.0, 0.0)),
    (lambda n, k: sp.binom(n, k), (3.0, 0.0), (0.0, 11 / 6)),
    (lambda n, k: sp.binom(n, k), (3.0, 3.0), (11 / 6, -11 / 6)),
    (lambda x: np.sqrt(x) * x, (0.0,), (0.0,)),
    (lambda x: np.sqrt(x) * 0.0, (0.0,), (0.0,)),
    (lambda x: x ** 0.0 + 0.0 ** (x + 2.0), (0.0,), (0.0,)),
    (lambda x: np.cbrt(x), (-8.0,), (1 / 12,)),
    (lambda x: np.abs(x * 1j), (0.0,), (0.0,)),
    (lambda x: np.sinc(x), (0.0,), (0.0,)),
    (lambda x: sp.exprel(x), (0.0,), (0.5,)),
    (lambda x: sp.entr(x), (0.0,), (INF,)),
    (lambda x: sp.entr(x), (1.0,), (-1.0,)),
    (lambda x: sp.boxcox(x, 0.0), (1.0,), (1.0,)),
    (lambda m: sp.boxcox(2.0, m), (0.0,), (math.log(2.0) ** 2 / 2,)),
    (lambda x: sp.huber(1.0, x), (1.0,), (1.0,)),
    (lambda x: sp.pseudo_huber(1.0, x), (0.0,), (0.0,)),
    (lambda x: sp.gammainc(1.0, x) - sp.gammaincc(2.0, x), (0.0,), (1.0,)),
    (lambda x: sp.gammaincc(1.0, x), (0.0,), (-1.0,)),
    (lambda x: sp.betainc(1.0, 2.0, x), (0.0,), (2.0,)),
    (lambda x: sp.betainc(2.0, 1.0, x), (1.0,), (2.0,)),
    (lambda x: sp.betainc(1.0, 1.0, x), (1.0,), (1.0,)),
    (lambda x: sp.gamma(x), (1.0,), (-EULER,)),
    (lambda x: sp.rgamma(x), (0.0,), (1.0,)),
    (lambda x: sp.rgamma(x), (-1.0,), (-1.0,)),
    (lambda x: sp.rgamma(x), (-2.0,), (2.0,)),
    (lambda x: sp.j1(x) + sp.i1(x) + sp.iv(1, x) + sp.jv(2, x), (0.0,), (1.5,)),
    (lambda x: np.arcsin(x), (1.0,), (INF,)),
    (lambda x: np.log1p(x), (0.0,), (1.0,)),
]
ARRAYS: list[Case] = [
    (lambda y: np.sum(sp.xlogy(LABELS, y)), (row(0, 0.5),), (row(0, 2),)),
    (lambda y: np.sum(sp.xlog1py(1.0 - LABELS, -y)), (row(0.5, 1),), (row(-2, 0),)),
    (lambda x: np.sum(sp.xlogy(x, x)), (row(0, 1),), (row(-INF, 1),)),
    (lambda x: sp.logsumexp(x), (row(-INF, 0, 0),), (row(0, 0.5, 0.5),)),
    (lambda x: sp.logsumexp(x, b=LABELS), (row(5, 1),), (row(0, 1),)),
    (lambda x: sp.logsumexp(x, b=LABELS), (row(INF, 1),), (row(0, 1),)),
    (lambda b: sp.logsumexp(row(0, 1), b=b), (row(0, 1),), (row(1 / math.e, 1),)),
    (lambda b: sp.logsumexp(row(9, 1), b=b), (row(0, 2),), (row(math.exp(8) / 2, 0.5),)),
    (lambda x: sp.softmax(x)[1], (row(-INF, 0, 0),), (row(0, 0.25, -0.25),)),
    (lambda x: sp.log_softmax(x)[1], (row(-INF, 0, 0),), (row(0, 0.5, -0.5),)),
    (lambda x: np.linalg.norm(x), (row(0, 0),), (row(0, 0),)),
    (lambda x: np.linalg.norm(x, 1.5), (row(0, 2),), (row(0, 1),)),
    (lambda x: np.linalg.norm(x, 3) + np.linalg.norm(x, np.inf), (row(0, 0),), (row(0, 0),)),
    (lambda x: np.sum(np.linalg.norm(x, axis=1)), (np.array([[0.0, 0], [3, 4]]),), (np.array([[0, 0], [0.6, 0.8]]),)),
    (lambda x: np.prod(x), (row(2, 0, 3),), (row(0, 6, 0),)),
    (lambda x: np.multiply.reduce(x), (row(0, 0, 3),), (row(0, 0, 0),)),
    (lambda x: np.cumprod(x) @ row(1, 2, 3, 4), (row(2, 0, 3, 5),), (row(1, 142, 0, 0),)),
    (lambda x: np.std(x) + x.std(ddof=1) + np.nanstd(x), (row(1, 1, 1),), (row(0, 0, 0),)),
    (lambda x: np.max(x), (row(-INF, -INF),), (row(0.5, 0.5),)),
    (lambda x: np.linalg.det(x), (SINGULAR,), (COFACTORS,)),
    (lambda x: np.linalg.det(x), (ZEROS,), (ZEROS,)),
    (lambda x: np.sum(scipy.linalg.expm(x)), (ZEROS,), (np.ones((2, 2)),)),
    (lambda x: np.sum(np.linalg.matrix_power(x, 0)), (ZEROS,), (ZEROS,)),
]
UNDEFINED: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (lambda x, y: sp.rel_entr(x, y), (0.0, 0.0)),
    (lambda x, y: np.arctan2(x, y), (0.0, 0.0)),
    (lambda x, y: x ** y, (-1.0, 2.0)),
    (lambda x, y: np.sqrt(x * x) + y, (0.0, 1.0)),
    (lambda x, y: np.angle(x + 0j) + y, (0.0, 1.0)),
]


def found(engine: str, function: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
    wrt = tuple(range(len(args)))
    if engine == "tape":
        return wb.grad(function, wrt, engine="tape")(*args)
    with in_python():
        return wb.grad(function, wrt, engine="numba")(*args)


@pytest.mark.parametrize("engine", ["tape", "compiled"])
@pytest.mark.parametrize("kind", ["numbers", "arrays"])
@pytest.mark.filterwarnings("ignore")
def test_edges(kind: str, engine: str) -> None:
    for function, args, expected in {"numbers": NUMBERS, "arrays": ARRAYS}[kind]:
        for one, wanted in zip(found(engine, function, args), expected, strict=True):
            np.testing.assert_allclose(one, wanted, rtol=1e-9, atol=1e-12,
                                       err_msg=f"line {function.__code__.co_firstlineno}")


@pytest.mark.parametrize("engine", ["tape", "compiled"])
def test_no_nan_is_silent(engine: str) -> None:
    for function, args in UNDEFINED:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            bars = found(engine, function, args)
        assert any(np.isnan(bar) for bar in bars)
        lines = [w.lineno for w in caught if "derivative" in str(w.message)]
        assert lines == [function.__code__.co_firstlineno]


@pytest.mark.parametrize("engine", ["tape", "compiled"])
def test_mixed_second_derivatives_of_a_weighted_logarithm(engine: str) -> None:
    """By the weight and by the argument, also where the weight is 0."""
    def slope(x, k):
        return wb.grad(lambda z: sp.xlogy(z[0], z[1]))(x)[k]

    for point, expected in ((row(0, 2), [[0, 0.5], [0.5, 0]]), (row(3, 2), [[0, 0.5], [0.5, -0.75]])):
        np.testing.assert_allclose([found(engine, lambda x: slope(x, k), (point,))[0] for k in (0, 1)], expected)
