"""Random draws in compiled code: NumPy's numbers, once, in the value, the gradient and the pullback alike."""
from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.interpreted import interpret

SHARED = np.random.default_rng(9)


def scalars_in_a_loop(x, rng, n):
    s = 0.0
    for _ in range(n):
        s += x * rng.normal(1.0, x) + rng.random() * x
    return s


def arrays(x, rng, n):
    z = rng.standard_normal((n, 2))
    w = rng.normal(x, 2.0, size=n)
    u = rng.uniform(-1.0, x, n)
    f = rng.standard_normal(3, dtype=np.float32)
    return z[0, 1] * x + z[n - 1, 0] + w[0] * u[1] + w[n - 1] * f[2]


def laws(x, rng, n):
    k = rng.integers(0, 5)
    a = rng.integers(1, 10, size=n)
    located = rng.exponential(x) + rng.gamma(2.0, x) + rng.lognormal(x, 0.3) + rng.laplace(x, 2.0) + rng.gumbel(0.0, x)
    fixed = rng.poisson(3.0) * x + rng.chisquare(2.0) + rng.beta(1.0, 2.0) + rng.standard_t(3.0) + rng.geometric(0.3)
    more = rng.weibull(2.0) + rng.pareto(3.0) + rng.power(2.0) + rng.wald(1.0, 2.0) + rng.vonmises(0.5, 1.0)
    last = rng.triangular(0.0, 1.0, 3.0) + rng.standard_cauchy() + rng.standard_exponential() + rng.logistic(x, x)
    return x * k + a[0] * x + a[n - 1] + located + fixed + more + last + rng.rayleigh(x)


def orders(x, rng, n):
    a = np.arange(n) * x
    rng.shuffle(a)
    p = rng.permutation(n)
    c = rng.choice(a)
    d = rng.choice(a, size=3)
    q = rng.permutation(a)
    m = np.arange(2.0 * n).reshape(n, 2)
    rng.shuffle(m)
    return a[0] * 3 + p[0] * x + c + d[0] + d[2] + q[1] + m[0, 1] * x


def branches_and_whiles(x, rng, n):
    made = np.random.default_rng(5)
    s = x * made.normal() + x * SHARED.normal()
    if s > 0:
        s += made.random() * x
    k = 0
    while s < 5.0 and k < 20:
        s += abs(rng.normal(0.0, x))
        k += 1
    return s + made.random()


def array_parameters(x, rng, n):
    made = np.random.default_rng(n)
    mu = np.array([x, 2 * x, 3.0])
    z = made.normal(mu, 1.0) + made.poisson(np.array([1.0, 2.0, 3.0])) * x + rng.normal(mu, np.ones((2, 3)))[0]
    return z[0] * z[1] + z[2]


def seeded_in_a_loop(x, rng, n):
    s = 0.0
    for k in range(n):
        s += x * np.random.default_rng(k).normal()
    return s + rng.random()


PROGRAMS = [scalars_in_a_loop, arrays, laws, orders, branches_and_whiles, array_parameters, seeded_in_a_loop]
GENERATORS = [np.random.PCG64, np.random.MT19937, np.random.SFC64]


def after(function: Any, run: Any, x: float, kind: Any) -> tuple[Any, float, float]:
    """What a run gives, and the next number of both generators."""
    global SHARED
    rng, SHARED = np.random.Generator(kind(7)), np.random.default_rng(9)
    return run(function, x, rng), rng.random(), SHARED.random()


@pytest.mark.parametrize("kind", GENERATORS)
@pytest.mark.parametrize("function", PROGRAMS)
def test_draws_are_numpys(function: Any, kind: Any) -> None:
    plain = after(function, lambda f, x, rng: f(x, rng, 5), 0.4, kind)
    ours = after(function, lambda f, x, rng: interpret(f, (x, rng, 5)), 0.4, kind)
    assert ours == plain and type(ours[0]) is type(plain[0])


@pytest.mark.parametrize("function", PROGRAMS)
def test_gradients_draw_once(function: Any) -> None:
    kind, step = np.random.PCG64, 1e-6
    plain = after(function, lambda f, x, rng: f(x, rng, 5), 0.4, kind)
    high, low = (after(function, lambda f, x, rng: f(x, rng, 5), 0.4 + h, kind)[0] for h in (step, -step))
    derivative = wb.value_and_grad(function, engine="numba")
    for _ in range(2):
        (value, slope), *rest = after(function, lambda f, x, rng: derivative(x, rng, 5), 0.4, kind)
        assert value == plain[0] and tuple(rest) == plain[1:]
        assert abs(slope - (high - low) / (2 * step)) <= 1e-7 * (1.0 + abs(slope))


def test_pullbacks_do_not_draw_again() -> None:
    (value, pullback), following, shared = after(branches_and_whiles, lambda f, x, rng: wb.vjp(f, x, rng, 5), 0.4,
                                                 np.random.PCG64)
    assert (value, following, shared) == after(branches_and_whiles, lambda f, x, rng: f(x, rng, 5), 0.4,
                                               np.random.PCG64)
    state = copy.deepcopy(SHARED.bit_generator.state)
    slope = after(branches_and_whiles, lambda f, x, rng: wb.grad(f)(x, rng, 5), 0.4, np.random.PCG64)[0]
    assert pullback(1.0)[0] == pullback(1.0)[0] == pytest.approx(slope, rel=1e-14)
    assert SHARED.bit_generator.state == state


def poisson_mean(x, rng):
    return rng.poisson(x) * x


def unseeded(x):
    return x * np.random.default_rng().normal()


@pytest.mark.parametrize("function, args", [
    (poisson_mean, (2.0, np.random.default_rng(0))), (unseeded, (2.0,))])
def test_refused(function: Any, args: Any) -> None:
    with pytest.raises(wb.DifferentiationError) as caught:
        wb.grad(function, engine="numba")(*args)
    assert caught.value.lineno == function.__code__.co_firstlineno + 1


@pytest.mark.parametrize("law", ["random", "standard_normal", "standard_exponential"])
def test_a_dtype_that_numpy_does_not_draw_is_its_error(law: str) -> None:
    def drawn(x, rng):
        return x * getattr(rng, law)(dtype=np.int64)
    with pytest.raises(TypeError, match=f"Unsupported dtype dtype\\('int64'\\) for {law}"):
        wb.grad(drawn, engine="numba")(2.0, np.random.default_rng(0))
