"""CasADi: scalar expression graphs for steps, points and items; `map`, `mapaccum` and matrix expressions around them.

Everything is rewritten as CasADi wants it, and runs in its virtual machine.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import casadi as ca
import numpy as np

from tests.benchmarks.contenders.retarget import repeated
from tests.benchmarks.workload import Arguments, Workload
from tests.benchmarks.workloads.gmm import gmm_constant


def compiled(value: Any, active: list[Any]) -> ca.Function:
    """Value and gradients of an expression, as one function."""
    return ca.Function("gradient", active, [value, *(ca.gradient(value, leaf) for leaf in active)])


def called(made: ca.Function, *args: Any) -> Callable[[], Any]:
    def call() -> Any:
        value, *gradients = made(*args)
        return float(value), tuple(gradient.full() for gradient in gradients)
    return call


def sine(terms):
    x = ca.SX.sym("x")
    term = total = x
    for k in range(1, terms):
        term = -term * x * x / ((2 * k) * (2 * k + 1))
        total = total + term
    return x, total


def taylor_single(xs, terms):
    x, total = sine(terms)
    made = compiled(total, [x])
    return repeated(lambda at: made(at), xs)


def taylor_batch(xs, terms):
    x, total = sine(terms)
    points = ca.MX.sym("xs", 1, len(xs))
    mapped = ca.Function("sine", [x], [total]).map(len(xs))
    return called(compiled(ca.sum2(mapped(points)), [points]), xs)


def lotka(p, steps, h):
    s, rates = ca.SX.sym("s", 2), ca.SX.sym("rates", 4)

    def slope(s):
        return ca.vertcat(rates[0] * s[0] - rates[1] * s[0] * s[1], rates[2] * s[0] * s[1] - rates[3] * s[1])
    k1 = slope(s)
    k2 = slope(s + 0.5 * h * k1)
    k3 = slope(s + 0.5 * h * k2)
    k4 = slope(s + h * k3)
    step = ca.Function("step", [s, rates], [s + h / 6.0 * (k1 + 2 * k2 + 2 * k3 + k4)])
    whole = ca.MX.sym("p", 6)
    states = step.mapaccum("steps", steps)(whole[4:], ca.repmat(whole[:4], 1, steps))
    return called(compiled(ca.sum1(states[:, -1]), [whole]), p)


def gmm(alpha, mu, q, l, x, gamma, m):
    n, d = x.shape
    components = len(alpha)
    point = ca.SX.sym("x", d)
    a, centre, log_scale, below = (ca.SX.sym(name, *np.atleast_2d(of).T.shape) for name, of in zip(
        "amql", (alpha.reshape(-1, 1).T, mu, q, l)))
    terms = []
    for k in range(components):
        centred = point - centre[:, k]
        y = ca.exp(log_scale[:, k]) * centred
        p = 0
        for column in range(d):
            size = d - column - 1
            y = y + ca.vertcat(ca.SX.zeros(column + 1), below[p:p + size, k] * centred[column])
            p += size
        terms.append(a[k] + ca.sum1(log_scale[:, k]) - 0.5 * ca.sumsqr(y))
    likelihood = ca.Function("likelihood", [a, centre, log_scale, below, point], [ca.logsumexp(ca.vertcat(*terms))])
    active = [ca.MX.sym(name, *of.shape) for name, of in zip("amql", (a, centre, log_scale, below))]
    every = likelihood.map("every", "serial", n, [0, 1, 2, 3], [])(*active, ca.DM(x.T))
    value = (ca.sum2(every) - n * ca.logsumexp(active[0]) + m * ca.sum1(ca.sum2(active[2]))
             - 0.5 * gamma ** 2 * (ca.sumsqr(ca.exp(active[2])) + ca.sumsqr(active[3]))
             + gmm_constant(d, components, n, gamma, m))
    call = called(compiled(value, active), alpha, mu.T, q.T, l.T)

    def transposed() -> Any:
        value, gradients = call()
        return value, tuple(gradient.T for gradient in gradients)
    return transposed


def heat(u0, steps, c):
    start = u = ca.MX.sym("u", *u0.shape)
    for _ in range(steps):
        inside = u[1:-1, 1:-1] + c * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1])
        u = ca.MX(u)
        u[1:-1, 1:-1] = inside
    return called(compiled(0.5 * ca.sumsqr(u), [start]), u0)


def mlp(w1, b1, w2, b2, images, targets):
    active = [ca.MX.sym(name, *np.shape(of)) for name, of in zip(("w", "b", "v", "c"), (w1, b1, w2, b2))]
    batch = len(images)
    hidden = ca.tanh(ca.DM(images) @ active[0] + ca.repmat(active[1].T, batch, 1))
    logits = hidden @ active[2] + ca.repmat(active[3].T, batch, 1)
    normaliser = ca.log(ca.sum2(ca.exp(logits)))
    value = -ca.sum1(ca.sum2(ca.DM(targets) * (logits - ca.repmat(normaliser, 1, targets.shape[1])))) / batch
    return called(compiled(value, active), w1, b1, w2, b2)


def logsumexp(x):
    leaf = ca.MX.sym("x", len(x))
    return called(compiled(ca.logsumexp(leaf), [leaf]), x)


def kalman(transition, log_process, log_noise, observations, observe):
    states, seen = len(log_process), len(log_noise)
    state, y = ca.SX.sym("s", states + states ** 2 + 1), ca.SX.sym("y", seen)
    f, process, noise = ca.SX.sym("f", states, states), ca.SX.sym("q", states), ca.SX.sym("r", seen)
    mean, covariance = f @ state[:states], ca.reshape(state[states:-1], states, states)
    covariance = f @ covariance @ f.T + ca.diag(ca.exp(process))
    innovation = y - observe @ mean
    spread = observe @ covariance @ observe.T + ca.diag(ca.exp(noise))
    inverse = ca.inv(spread)
    gain = covariance @ observe.T @ inverse
    likelihood = -0.5 * (ca.log(ca.det(spread)) + innovation.T @ inverse @ innovation + seen * math.log(2 * math.pi))
    after = ca.vertcat(mean + gain @ innovation, ca.vec(covariance - gain @ observe @ covariance),
                       state[-1] + likelihood)
    step = ca.Function("step", [state, y, f, process, noise], [after])
    active = [ca.MX.sym("f", states, states), ca.MX.sym("q", states), ca.MX.sym("r", seen)]
    steps = len(observations)
    start = ca.DM(np.concatenate([np.zeros(states), np.eye(states).ravel(), [0.0]]))
    path = step.mapaccum("steps", steps)(start, ca.DM(observations.T), *(ca.repmat(leaf, 1, steps) for leaf in active))
    return called(compiled(path[-1, -1], active), transition, log_process, log_noise)


def black_scholes(spot, strike, time, rate, volatility):
    s, k, t, r, v = (ca.SX.sym(name) for name in "sktrv")
    spread = v * ca.sqrt(t)
    d1 = (ca.log(s / k) + (r + 0.5 * v ** 2) * t) / spread
    near, far = (0.5 * (1.0 + ca.erf(d / math.sqrt(2.0))) for d in (d1, d1 - spread))
    price = ca.Function("price", [s, k, t, r, v], [s * near - k * ca.exp(-r * t) * far])
    n = len(spot)
    active = [ca.MX.sym("s", 1, n), ca.MX.sym("t", 1, n), ca.MX.sym("r"), ca.MX.sym("v", 1, n)]
    prices = price.map(n)(active[0], ca.DM(strike).T, active[1], ca.repmat(active[2], 1, n), active[3])
    return called(compiled(ca.sum2(prices), active), spot, time, rate, volatility)


PROGRAMS = {
    "taylor_single": taylor_single, "taylor_batch": taylor_batch, "taylor_mapped": taylor_batch,
    "lotka": lotka, "gmm": gmm, "gmm_arrays": gmm,
    "heat": heat, "heat_slices": heat, "mlp": mlp, "logsumexp": logsumexp, "kalman": kalman,
    "black_scholes": black_scholes,
}


def gradient(workload: Workload, args: Arguments) -> Callable[[], Any] | None:
    return PROGRAMS[workload.name](*args) if workload.name in PROGRAMS else None


CONTENDERS = {"casadi": gradient}
