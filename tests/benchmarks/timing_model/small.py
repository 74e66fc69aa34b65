"""Small programs that the model was tried on later, with no constant chosen by them, most of them short at their least
size, so that what a call, a loop's beginning or a branch takes is not lost in the rest.

What they showed: comparisons in short arms were taken to leave a branch a branch, which LLVM makes a selection."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.benchmarks.timing_model.kernels import Case, one, placed, signs, square, system, two, vector


def horner(c, x):
    y = 0.0
    for k in range(len(c) - 1, -1, -1):
        y = y * x + c[k]
    return y


def hailstones(n):
    longest = 0
    for start in range(1, n):
        k, turns = start, 0
        while k != 1:
            k = k // 2 if k % 2 == 0 else 3 * k + 1
            turns += 1
        longest = max(longest, turns)
    return longest


def moving_average(x):
    n = len(x)
    out = np.zeros(n)
    for i in range(2, n - 2):
        out[i] = (x[i - 2] + x[i - 1] + x[i] + x[i + 1] + x[i + 2]) / 5.0
    return out


def log_sum_exp(x):
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


def distances(p):
    n = len(p)
    total = 0.0
    for i in range(n):
        for j in range(i + 1, n):
            dx, dy, dz = p[i, 0] - p[j, 0], p[i, 1] - p[j, 1], p[i, 2] - p[j, 2]
            total += math.sqrt(dx * dx + dy * dy + dz * dz + 0.01)
    return total


def soft_rows(a):
    shifted = np.exp(a - np.max(a, axis=1)[:, None])
    return shifted / np.sum(shifted, axis=1)[:, None]


def edit_distance(x, y):
    n = len(y)
    row = np.zeros(n + 1)
    for j in range(n + 1):
        row[j] = float(j)
    for i in range(len(x)):
        before, row[0] = row[0], i + 1.0
        for j in range(1, n + 1):
            cost = before + abs(x[i] - y[j - 1])
            before = row[j]
            row[j] = min(cost, row[j] + 1.0, row[j - 1] + 1.0)
    return row[n]


def sieve(n, root):
    composite = np.zeros(n)
    for p in range(2, root + 1):
        if composite[p] == 0.0:
            for k in range(p * p, n, p):
                composite[k] = 1.0
    return n - np.sum(composite)


def walk(x, p):
    place, total = 0, 0.0
    for _ in range(len(p)):
        total += x[place]
        place = p[place]
    return total


def pendulum(a, n):
    v = 0.0
    for _ in range(n):
        v -= 0.01 * math.sin(a)
        a += 0.01 * v
    return a


def trapezoid(a, n):
    total = 0.0
    for k in range(n):
        x = k / n
        total += math.exp(-a * x) * math.sin(3.0 * x)
    return total / n


def layers(w, x):
    for _ in range(4):
        x = np.tanh(w @ x)
    return np.sum(x * x)


def positive(x):
    return np.sum(np.where(x > 0.0, x * x, 0.5 * x))


def runs(x):
    longest, now = 0, 0
    for i in range(len(x)):
        if x[i] > 0.0:
            now += 1
            longest = max(longest, now)
        else:
            now = 0
    return longest


def mixed(x, y):
    return np.sum(x * y) / (np.sum(x * x) + np.max(np.abs(y)))


def standard(x):
    return (x - np.mean(x)) / np.std(x)


def threshold(x, y):
    total = 0.0
    for i in range(len(x)):
        z = x[i] * y[i]
        if z > 0.3:
            total += math.log(1.0 + z)
        elif z < -0.3:
            total -= z * z
    return total


def transposed(a):
    return np.sum(a.T * a, axis=0)


def _points(n: int) -> tuple[Any, ...]:
    return (np.random.default_rng(5).normal(size=(n, 3)),)


def _count(n: int) -> tuple[Any, ...]:
    return (n,)


def _bound(n: int) -> tuple[Any, ...]:
    return n, math.isqrt(n)


def _coefficients(n: int) -> tuple[Any, ...]:
    return vector(n), 0.9999  # (of a smaller one the powers would be subnormal, on which processors are slow)


def _number(n: int) -> tuple[Any, ...]:
    return 0.7, n


def _signed(n: int) -> tuple[Any, ...]:
    return (signs(n),)


SMALL: tuple[Case, ...] = (
    Case(horner, _coefficients, (5, 100, 10_000)), Case(horner, _coefficients, (5, 100, 10_000), "grad"),
    Case(hailstones, _count, (300, 1_000, 3_000)), Case(moving_average, one, (10, 300, 20_000)),
    Case(log_sum_exp, one, (5, 200, 20_000)), Case(log_sum_exp, one, (5, 200, 20_000), "grad"),
    Case(distances, _points, (4, 30, 300)), Case(distances, _points, (4, 30, 300), "grad"),
    Case(soft_rows, square, (4, 30, 300)), Case(edit_distance, two, (4, 30, 300)),
    Case(sieve, _bound, (300, 3_000, 30_000)), Case(walk, placed, (10, 1_000, 50_000)),
    Case(pendulum, _number, (5, 200, 10_000)), Case(pendulum, _number, (5, 200, 10_000), "grad"),
    Case(trapezoid, _number, (5, 200, 10_000)), Case(trapezoid, _number, (5, 200, 10_000), "grad"),
    Case(layers, system, (4, 30, 200)), Case(layers, system, (4, 30, 200), "grad"),
    Case(positive, _signed, (10, 1_000, 50_000)), Case(positive, _signed, (10, 1_000, 50_000), "grad"),
    Case(runs, _signed, (10, 1_000, 50_000)), Case(mixed, two, (5, 300, 20_000)),
    Case(mixed, two, (5, 300, 20_000), "grad"), Case(standard, one, (5, 300, 20_000)),
    Case(threshold, two, (10, 1_000, 50_000)), Case(threshold, two, (10, 1_000, 50_000), "grad"),
    Case(transposed, square, (4, 30, 300)),
)
