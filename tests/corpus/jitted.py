"""Functions under `@njit`: dispatchers read through their Python, helpers jitted and plain."""
from __future__ import annotations

import math

import numpy as np
from numba import njit

from tests.corpus.program import Program, program


@njit
def polynomial(x, c):
    total = 0.0
    for i in range(len(c) - 1, -1, -1):
        total = total * x + c[i]
    return total


@njit
def jitted_caller(x, c):
    return polynomial(x, c) * polynomial(x * x, c[1:])


@njit(cache=False)
def jitted_break_loop(x):
    y = x
    for i in range(200):
        y = y + 0.1 * math.sin(y) + 0.02
        if y > 2.5:
            break
    return y * y


@njit
def jitted_swap(u0, steps):
    u = u0.copy()
    v = u0.copy()
    for _ in range(steps):
        for i in range(1, len(u) - 1):
            v[i] = u[i] + 0.2 * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        u, v = v, u
    return np.sum(u * u)


@njit
def jitted_writes_argument(a):
    for i in range(1, len(a)):
        a[i] = a[i] * a[i - 1]
    return a[-1] + a[0]


@njit(inline="never")
def jitted_early_return(x, y):
    if x > y:
        return x * y
    while x < 2.0:
        x = x * 1.2 + 0.1
        if x > 1.5 and y > 0:
            return x * x
    return x - y


@njit
def jitted_tuple_state(p):
    x, v = p
    for _ in range(5):
        x, v = x + 0.1 * v, v - 0.1 * math.sin(x)
    return x * v


def plain_calls_jitted(x, c):
    return polynomial(x, c) + math.sin(polynomial(2.0, c * x))


@njit
def jitted_matmul(m, v):
    h = np.tanh(m @ v)
    return np.sum(h * h) + np.dot(v, v)


def _f(rng):
    return float(rng.normal())


PROGRAMS: list[Program] = [
    program(jitted_caller, lambda r: (_f(r), r.normal(size=4)), (0, 1), "jitted",
            small=(lambda r: (_f(r), r.normal(size=1)),)),
    program(jitted_break_loop, lambda r: (float(r.uniform(0.1, 1)),), 0, "jitted"),
    program(jitted_swap, lambda r: (r.normal(size=5), 3), 0, "jitted", "swap"),
    program(jitted_writes_argument, lambda r: (r.normal(size=4),), 0, "jitted", "mutation"),
    program(jitted_early_return, lambda r: (abs(_f(r)), _f(r)), (0, 1), "jitted", oracle="complex"),
    program(jitted_tuple_state, lambda r: ((_f(r), _f(r)),), 0, "jitted"),
    program(plain_calls_jitted, lambda r: (_f(r), r.normal(size=3)), (0, 1), "jitted"),
    program(jitted_matmul, lambda r: (r.normal(size=(3, 2)), r.normal(size=2)), (0, 1), "jitted"),
]
