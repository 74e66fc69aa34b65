"""Programs that the model was tried on after its constants had been chosen by others.

What they showed: a remainder by a power of two was priced as a division, a scattered sum as a chain, sorting and
Fourier transforms far too low. Those rules were mended; no constant was fitted to them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.benchmarks.timing_model.kernels import Case, one, placed, square, squares, system, two


def harmonic(x, y):
    return 2.0 * x * y / (x + y * y)


def cauchy(x):
    return -np.sum(np.log(1.0 + x * x))


def swish(x):
    return np.sum(x / (1.0 + np.exp(-x)) * np.tanh(x))


def verlet(q, n):
    p = 0.1
    for _ in range(n):
        p = p - 0.005 * q * q * q
        q = q + 0.01 * p / math.sqrt(1.0 + p * p)
    return q


def tridiagonal(d, r):
    n = len(d)
    c = np.empty(n)
    x = np.empty(n)
    c[0], x[0] = 0.2 / (2.0 + d[0]), r[0] / (2.0 + d[0])
    for i in range(1, n):
        m = 2.0 + d[i] - 0.2 * c[i - 1]
        c[i], x[i] = 0.2 / m, (r[i] - 0.2 * x[i - 1]) / m
    for i in range(n - 2, -1, -1):
        x[i] = x[i] - c[i] * x[i + 1]
    return x


def blurred(a):
    out = np.zeros_like(a)
    for i in range(1, a.shape[0] - 1):
        for j in range(1, a.shape[1] - 1):
            s = 0.0
            for di in range(-1, 2):
                for dj in range(-1, 2):
                    s += a[i + di, j + dj]
            out[i, j] = s / 9.0
    return out


def variance_of_rows(a):
    return np.mean((a - np.mean(a, axis=1)[:, None]) ** 2)


def kernel_matrix(x, y):
    return np.exp(-(x[:, None] - y[None, :]) ** 2)


def power_iteration(a, v):
    for _ in range(5):
        v = a @ v
        v = v / np.sqrt(np.sum(v * v))
    return v @ (a @ v)


def histogram(x, p):
    counts = np.zeros(64)
    for i in range(len(p)):
        counts[p[i] % 64] += x[i]
    return counts


def frobenius(a, b):
    return np.sum((a @ b - a) ** 2)


def max_drawdown(x):
    peak, worst = x[0], 0.0
    for i in range(len(x)):
        peak = max(peak, x[i])
        worst = max(worst, peak - x[i])
    return worst


def solved(a, b):
    return np.linalg.solve(a + 50.0 * np.eye(len(b)), b)


def likelihood(a, y):
    k = a @ a.T + 0.1 * np.eye(len(y))
    c = np.linalg.cholesky(k)
    return np.sum(np.log(np.diag(c))) + y @ np.linalg.solve(k, y)


def extremes(a, x):
    return np.linalg.eigvalsh(a + a.T)[0] * x


def ordered(x):
    return np.sort(x)


def spectrum(x):
    return np.abs(np.fft.fft(x))


def _number(n: int) -> tuple[Any, ...]:
    return 0.7, n


HELD_OUT: tuple[Case, ...] = (
    Case(harmonic, two, (1_000, 20_000, 500_000)), Case(cauchy, one, (1_000, 20_000, 500_000), "grad"),
    Case(swish, one, (1_000, 20_000, 500_000), "grad"), Case(swish, one, (1_000, 20_000, 500_000)),
    Case(verlet, _number, (1_000, 10_000, 100_000)), Case(verlet, _number, (1_000, 10_000, 100_000), "grad"),
    Case(tridiagonal, two, (1_000, 20_000, 300_000)), Case(blurred, square, (30, 200, 1000)),
    Case(variance_of_rows, square, (30, 200, 1000)), Case(variance_of_rows, square, (30, 200, 1000), "grad"),
    Case(kernel_matrix, two, (30, 200, 1000)), Case(power_iteration, system, (30, 200, 1000)),
    Case(histogram, placed, (1_000, 20_000, 500_000)), Case(frobenius, squares, (20, 100, 400), "grad"),
    Case(solved, system, (10, 60, 300)), Case(likelihood, system, (10, 60, 300)),
    Case(likelihood, system, (10, 60, 200), "grad"), Case(extremes, system, (10, 60, 200)),
    Case(ordered, one, (1_000, 20_000, 300_000)), Case(spectrum, one, (1_024, 16_384, 262_144)),
    Case(max_drawdown, one, (1_000, 20_000, 500_000)),
)
