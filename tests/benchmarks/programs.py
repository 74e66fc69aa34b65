"""The timed programs, as a user would write them under `@njit`, and arguments at the sizes of the bars."""
from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit


@njit
def lotka_volterra(p, steps, h):
    alpha, beta, delta, gamma, x, y = p[0], p[1], p[2], p[3], p[4], p[5]
    for _ in range(steps):
        k1x = alpha * x - beta * x * y
        k1y = delta * x * y - gamma * y
        x2 = x + 0.5 * h * k1x
        y2 = y + 0.5 * h * k1y
        k2x = alpha * x2 - beta * x2 * y2
        k2y = delta * x2 * y2 - gamma * y2
        x3 = x + 0.5 * h * k2x
        y3 = y + 0.5 * h * k2y
        k3x = alpha * x3 - beta * x3 * y3
        k3y = delta * x3 * y3 - gamma * y3
        x4 = x + h * k3x
        y4 = y + h * k3y
        k4x = alpha * x4 - beta * x4 * y4
        k4y = delta * x4 * y4 - gamma * y4
        x = x + h / 6.0 * (k1x + 2 * k2x + 2 * k3x + k4x)
        y = y + h / 6.0 * (k1y + 2 * k2y + 2 * k3y + k4y)
    return x + y


@njit
def taylor_sine(x):
    term = x
    total = x
    k = 1
    while abs(term) > 1e-12:
        term = -term * x * x / ((2 * k) * (2 * k + 1))
        total += term
        k += 1
    return total


@njit
def taylor_sines(xs):
    total = 0.0
    for i in range(len(xs)):
        total += taylor_sine(xs[i])
    return total


@njit
def heat(u0, steps, c):
    n, m = u0.shape
    u = u0.copy()
    v = u0.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                v[i, j] = u[i, j] + c * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])
        u, v = v, u
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += u[i, j] * u[i, j]
    return 0.5 * total


@njit
def logistic_until(rate, y, limit, h, steps):
    for _ in range(steps):
        y = y + h * rate * y * (1.0 - y)
        if y > limit:
            break
    return y * y + rate


def float_function(x):
    return math.sin(x) * math.exp(-x * x)


def lotka_volterra_arguments() -> tuple[Any, ...]:
    return np.array([0.55, 0.028, 0.026, 0.84, 33.9, 5.9]), 10_000, 0.002


def taylor_arguments() -> tuple[Any, ...]:
    return (np.random.default_rng(1).uniform(-3.0, 3.0, size=5_000),)


def heat_arguments() -> tuple[Any, ...]:
    return np.random.default_rng(2).normal(size=(256, 256)), 100, 0.2


def logistic_arguments() -> tuple[Any, ...]:
    return 1.0, 0.01, 0.98, 8.5e-5, 120_000
