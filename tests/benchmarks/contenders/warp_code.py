"""Warp: kernels rewritten for it, on the CPU. Its adjoint runs a loop's body again but keeps no number that the loop
carries, so states are arrays with a place for every step, and short loops are unrolled."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import warp as wp

from tests.benchmarks.contenders.retarget import repeated
from tests.benchmarks.workload import Arguments, Workload
from tests.benchmarks.workloads.gmm import gmm_constant

wp.config.quiet = True
wp.set_module_options({"max_unroll": 32})
F = wp.float64
TERMS = wp.constant(20)


@wp.kernel
def sine(xs: wp.array(dtype=F), total: wp.array(dtype=F)):
    i = wp.tid()
    x = xs[i]
    term = x
    value = x
    for k in range(1, TERMS):
        term = -term * x * x / F((2 * k) * (2 * k + 1))
        value = value + term
    wp.atomic_add(total, 0, value)


@wp.kernel
def lotka_steps(p: wp.array(dtype=F), steps: int, h: F, xs: wp.array(dtype=F), ys: wp.array(dtype=F),
                total: wp.array(dtype=F)):
    half = F(0.5) * h
    two = F(2.0)
    xs[0] = p[4]
    ys[0] = p[5]
    for i in range(steps):
        x = xs[i]
        y = ys[i]
        k1x = p[0] * x - p[1] * x * y
        k1y = p[2] * x * y - p[3] * y
        x2 = x + half * k1x
        y2 = y + half * k1y
        k2x = p[0] * x2 - p[1] * x2 * y2
        k2y = p[2] * x2 * y2 - p[3] * y2
        x3 = x + half * k2x
        y3 = y + half * k2y
        k3x = p[0] * x3 - p[1] * x3 * y3
        k3y = p[2] * x3 * y3 - p[3] * y3
        x4 = x + h * k3x
        y4 = y + h * k3y
        k4x = p[0] * x4 - p[1] * x4 * y4
        k4y = p[2] * x4 * y4 - p[3] * y4
        xs[i + 1] = x + h / F(6.0) * (k1x + two * k2x + two * k3x + k4x)
        ys[i + 1] = y + h / F(6.0) * (k1y + two * k2y + two * k3y + k4y)
    total[0] = xs[steps] + ys[steps]


@wp.kernel
def heat_step(u: wp.array2d(dtype=F), c: F, v: wp.array2d(dtype=F)):
    i, j = wp.tid()
    if i == 0 or j == 0 or i == u.shape[0] - 1 or j == u.shape[1] - 1:
        v[i, j] = u[i, j]
    else:
        v[i, j] = u[i, j] + c * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - F(4.0) * u[i, j])


@wp.kernel
def half_square(u: wp.array2d(dtype=F), total: wp.array(dtype=F)):
    i, j = wp.tid()
    wp.atomic_add(total, 0, F(0.5) * u[i, j] * u[i, j])


@wp.kernel
def logistic(start: wp.array(dtype=F), limit: F, total: wp.array(dtype=F)):
    value = F(0.0)
    x = start[1]
    while value < limit:
        x = start[0] * x * (F(1.0) - x)
        value = value + x
    total[0] = value


@wp.kernel
def gmm_terms(alpha: wp.array2d(dtype=F), mu: wp.array2d(dtype=F), q: wp.array2d(dtype=F), l: wp.array2d(dtype=F),
              x: wp.array2d(dtype=F), terms: wp.array2d(dtype=F), y: wp.array3d(dtype=F)):
    i, k = wp.tid()
    d = x.shape[1]
    for row in range(d):
        s = wp.exp(q[k, row]) * (x[i, row] - mu[k, row])
        for column in range(row):
            place = column * d - column * (column + 1) // 2 + row - column - 1
            s += l[k, place] * (x[i, column] - mu[k, column])
        y[i, k, row] = s
    term = alpha[0, k]
    for row in range(d):
        term += q[k, row] - F(0.5) * y[i, k, row] * y[i, k, row]
    terms[i, k] = term


@wp.kernel(enable_backward=False)
def row_largest(terms: wp.array2d(dtype=F), largest: wp.array(dtype=F)):
    i = wp.tid()
    found = terms[i, 0]
    for k in range(1, terms.shape[1]):
        found = wp.max(found, terms[i, k])
    largest[i] = found


@wp.kernel
def row_sum_exp(terms: wp.array2d(dtype=F), largest: wp.array(dtype=F), sums: wp.array(dtype=F)):
    i = wp.tid()
    s = F(0.0)
    for k in range(terms.shape[1]):
        s += wp.exp(terms[i, k] - largest[i])
    sums[i] = s


@wp.kernel
def add_logs(sums: wp.array(dtype=F), largest: wp.array(dtype=F), factor: F, total: wp.array(dtype=F)):
    i = wp.tid()
    wp.atomic_add(total, 0, factor * (largest[i] + wp.log(sums[i])))


@wp.kernel
def gmm_prior(q: wp.array2d(dtype=F), l: wp.array2d(dtype=F), gamma: F, m: F, total: wp.array(dtype=F)):
    k = wp.tid()
    s = F(0.0)
    half = F(0.5) * gamma * gamma
    for j in range(q.shape[1]):
        s += m * q[k, j] - half * wp.exp(F(2.0) * q[k, j])
    for j in range(l.shape[1]):
        s += -half * l[k, j] * l[k, j]
    wp.atomic_add(total, 0, s)


def array(value: Any, moving: bool = True) -> wp.array:
    return wp.array(np.asarray(value), dtype=F, device="cpu", requires_grad=moving)


def room(*shape: int) -> wp.array:
    return wp.zeros(shape, dtype=F, device="cpu", requires_grad=True)


def swept(launches: Callable[[], None], total: wp.array, leaves: list[wp.array], constant: float = 0.0
          ) -> Callable[[], Any]:
    """Launch, and the tape's reverse sweep."""
    def call() -> Any:
        total.zero_()
        with wp.Tape() as tape:
            launches()
        tape.backward(total)
        value = float(total.numpy()[0]) + constant
        gradients = tuple(leaf.grad.numpy().copy() for leaf in leaves)
        tape.zero()
        return value, gradients
    return call


def launch(kernel: Any, size: Any, inputs: list[Any], outputs: list[Any]) -> None:
    wp.launch(kernel, size, inputs=inputs, outputs=outputs, device="cpu")


def sines(xs, terms):
    leaf, total = array(xs), room(1)
    return swept(lambda: launch(sine, len(xs), [leaf], [total]), total, [leaf])


def single_sines(xs, terms):
    leaf, total = array(xs[:1]), room(1)
    call = swept(lambda: launch(sine, 1, [leaf], [total]), total, [leaf])

    def one(x: float) -> Any:
        leaf.fill_(x)
        value, (slope,) = call()
        return value, slope[0]
    return repeated(one, xs)


def lotka(p, steps, h):
    leaf, total, xs, ys = array(p), room(1), room(steps + 1), room(steps + 1)
    return swept(lambda: launch(lotka_steps, 1, [leaf, steps, F(h), xs, ys], [total]), total, [leaf])


def heat(u0, steps, c):
    levels, total = [array(u0), *(room(*u0.shape) for _ in range(steps))], room(1)

    def launches() -> None:
        for u, v in zip(levels, levels[1:]):
            launch(heat_step, u0.shape, [u, F(c)], [v])
        launch(half_square, u0.shape, [levels[-1]], [total])
    return swept(launches, total, levels[:1])


def logistic_while(r, x, limit):
    leaf, total = array([r, x]), room(1)
    return swept(lambda: launch(logistic, 1, [leaf, F(limit)], [total]), total, [leaf])


def gmm(alpha, mu, q, l, x, gamma, m):
    (n, d), components = x.shape, len(alpha)
    leaves, points, total = [array(of) for of in (alpha[None], mu, q, l)], array(x, False), room(1)
    terms, y = room(n, components), room(n, components, d)
    sums, alpha_sum = room(n), room(1)
    largest, largest_row = wp.zeros(n, dtype=F, device="cpu"), wp.zeros(1, dtype=F, device="cpu")

    def launches() -> None:
        launch(gmm_terms, (n, components), [*leaves, points], [terms, y])
        launch(row_largest, n, [terms], [largest])
        launch(row_sum_exp, n, [terms, largest], [sums])
        launch(add_logs, n, [sums, largest, F(1.0)], [total])
        launch(row_largest, 1, [leaves[0]], [largest_row])
        launch(row_sum_exp, 1, [leaves[0], largest_row], [alpha_sum])
        launch(add_logs, 1, [alpha_sum, largest_row, F(-float(n))], [total])
        launch(gmm_prior, components, [leaves[2], leaves[3], F(gamma), F(m)], [total])
    return swept(launches, total, leaves, gmm_constant(d, components, n, gamma, m))


PROGRAMS = {"taylor_single": single_sines, "taylor_batch": sines, "taylor_mapped": sines, "lotka": lotka,
            "heat": heat, "heat_slices": heat,
            "gmm": gmm, "gmm_arrays": gmm, "gmm_large": gmm, "gmm_large_arrays": gmm, "while": logistic_while}


def gradient(workload: Workload, args: Arguments) -> Callable[[], Any] | None:
    return PROGRAMS[workload.name](*args) if workload.name in PROGRAMS else None


CONTENDERS = {"warp": gradient}
