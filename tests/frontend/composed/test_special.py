"""`scipy.special`, as functions of arrays."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special as sp

import workbench as wb
from tests.frontend.differentiating import differentiates, named

RNG = np.random.default_rng(6)
V, W, P = RNG.normal(size=5), RNG.uniform(0.3, 3.0, 5), RNG.uniform(0.1, 0.9, 5)
M, C = RNG.normal(size=(3, 4)), RNG.normal(size=(2, 3, 4))

CASES: list[tuple[Any, ...]] = [
    (lambda x: (sp.erf(x), sp.erfc(x), sp.erfcx(x), sp.erfi(x), sp.dawsn(x)), V),
    (lambda x: (sp.erfinv(x), sp.erfcinv(x), sp.ndtri(x), sp.logit(x)), P),
    (lambda x: (sp.ndtr(x), sp.log_ndtr(x), sp.expit(x), sp.log_expit(x), sp.exprel(x), sp.exprel(x * 1e-3)), V),
    (lambda x: (sp.gamma(x), sp.gammaln(x), sp.digamma(x), sp.psi(x), sp.polygamma(1, x), sp.rgamma(x)), W),
    (lambda a, b: (sp.beta(a, b), sp.betaln(a, b), sp.binom(a + 3, b), sp.comb(a + 3, b)), W, W[::-1].copy()),
    (lambda x: (sp.gammainc(2.5, x), sp.gammaincc([1.0, 2, 3, 4, 5], x)), W),
    (lambda x: sp.betainc(1.5, 2.5, x), P),
    (lambda x, y: (sp.xlogy(x, y), sp.xlog1py(x, y), sp.rel_entr(x, y), sp.kl_div(x, y)), W, W[::-1].copy()),
    (lambda x: (sp.entr(x), sp.xlogy(0, x), sp.exp10(x), sp.exp2(x), sp.cbrt(x), sp.expm1(x), sp.log1p(x)), W),
    (lambda d, r: (sp.huber(d, r), sp.pseudo_huber(d, r)), W, V),
    (lambda x: (sp.huber(1.0, x), sp.pseudo_huber(0.5, x[0])), V),
    (lambda x, m: (sp.boxcox(x, m), sp.boxcox1p(x, m), sp.inv_boxcox(x, np.abs(m))), W, V),
    (lambda x: (sp.boxcox(x, 0.0), sp.boxcox(x, 2)), W),
    (lambda x: (sp.j0(x), sp.j1(x), sp.y0(x), sp.y1(x), sp.jv(1.5, x), sp.yv(0.5, x)), W),
    (lambda x: (sp.i0(x), sp.i1(x), sp.k0(x), sp.k1(x), sp.iv(1.5, x), sp.kv(0.5, x), sp.jv(2, x)), W),
    (lambda x: (sp.expi(x), sp.exp1(x)), W),
    (lambda x: sp.logsumexp(x), V),
    (lambda x: sp.logsumexp(x, axis=1), M),
    (lambda x: sp.logsumexp(x, axis=(0, 2), keepdims=True), C),
    (lambda x, b: sp.logsumexp(x, b=b), V, W),
    (lambda x, b: sp.logsumexp(x, axis=0, b=b), M, RNG.uniform(0.2, 2, 4)),
    (lambda x: sp.logsumexp(x[0]), V),
    (lambda x: sp.softmax(x), V),
    (lambda x: sp.softmax(x, axis=1), M),
    (lambda x: sp.log_softmax(x, axis=0), M),
    (lambda x: sp.log_softmax(x), V),
    (lambda x: (sp.expit(x), sp.erf(x), sp.gammaln(np.abs(x) + 1), sp.ndtr(x)), V.astype(np.float32)),
]


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_special(case: tuple[Any, ...]) -> None:
    differentiates(*case)


@pytest.mark.parametrize("function", [
    lambda a, x: sp.gammainc(a, x), lambda a, x: sp.gammaincc(a, x), lambda a, x: sp.betainc(a, 1.0, 0.5) + x,
    lambda a, x: sp.jv(a, x), lambda a, x: sp.kv(a, x)])
def test_unknown_derivatives_are_refused(function: Any) -> None:
    with pytest.raises(wb.DifferentiationError, match="not known in closed form") as caught:
        wb.grad(function, 0, engine="numba")(1.5, 0.7)
    assert caught.value.lineno == function.__code__.co_firstlineno


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("kind, tolerance", [(np.float64, 1e-7), (np.float32, 2e-3)], ids=["f64", "f32"])
def test_compiled(kind: Any, tolerance: float) -> None:
    """By address, in double and single precision."""
    def total(x, y):
        values = sp.ndtri(x) + sp.erfinv(x) + sp.gammainc(2.0, y) + sp.betainc(1.0, 2.0, x) + sp.j0(y) + sp.k1(y)
        values = values + sp.expit(y) + sp.logit(x) + sp.entr(x) + np.sinc(y) + sp.exprel(y) + sp.xlogy(x, y)
        return np.sum(values) + sp.logsumexp(y) + np.sum(np.sort(y)[:2] * np.sort(x)[2])

    x, y = P.astype(kind), W.astype(kind)
    value, (by_x, by_y) = wb.value_and_grad(total, (0, 1), engine="numba")(x, y)
    assert value.dtype == total(x, y).dtype and by_x.dtype == by_y.dtype == kind
    assert value == pytest.approx(total(x, y), rel=10 * tolerance)
    for k in range(5):
        step = np.zeros(5)
        step[k] = 1e-6
        for found, left, right in ((by_x, (P + step, W), (P - step, W)), (by_y, (P, W + step), (P, W - step))):
            assert found[k] == pytest.approx((total(*left) - total(*right)) / 2e-6, rel=tolerance, abs=tolerance)


def test_largest_of_infinite_elements() -> None:
    x = np.array([-np.inf, 0.0, -np.inf])
    np.testing.assert_array_equal(wb.grad(lambda a: sp.logsumexp(a), engine="numba")(x), [0.0, 1.0, 0.0])
