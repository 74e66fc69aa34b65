"""Scalar problems of the ADBench and GradBench suites, from their formulas: logsumexp, k-means, least squares, an
ordinary differential equation, and a determinant by cofactors."""
from __future__ import annotations

import numpy as np

from tests.benchmarks.workload import Workload


def logsumexp(x):
    largest = np.max(x)
    return largest + np.log(np.sum(np.exp(x - largest)))


def kmeans(centroids, points):
    total = 0.0
    for i in range(len(points)):
        nearest = np.inf
        for j in range(len(centroids)):
            squared = 0.0
            for k in range(points.shape[1]):
                squared += (centroids[j, k] - points[i, k]) ** 2
            nearest = min(nearest, squared)
        total += nearest
    return total


def least_squares(x, n):
    total = 0.0
    for i in range(n):
        t = -1.0 + 2.0 * i / (n - 1)
        residual = float(np.sign(t))
        power = 1.0
        for j in range(len(x)):
            residual -= x[j] * power
            power *= t
        total += residual * residual
    return 0.5 * total


def slopes(x, y):
    result = np.empty_like(y)
    result[0] = x[0]
    result[1:] = x[1:] * y[:-1]
    return result


def ode(x, steps):
    """The last component at time 2 of y0' = x0, yi' = xi y(i-1), by the classical Runge–Kutta method."""
    h = 2.0 / steps
    y = np.zeros_like(x)
    for _ in range(steps):
        k1 = slopes(x, y)
        k2 = slopes(x, y + 0.5 * h * k1)
        k3 = slopes(x, y + 0.5 * h * k2)
        k4 = slopes(x, y + h * k3)
        y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return y[-1]


def cofactors(a, row, following):
    """The determinant of the rows from `row` on and the columns in the linked list `following` (its head is last)."""
    n = len(a)
    if row == n:
        return 1.0
    total = 0.0
    sign = 1.0
    before = n
    column = following[n]
    while column < n:
        following[before] = following[column]
        total += sign * a[row, column] * cofactors(a, row + 1, following)
        following[before] = column
        sign = -sign
        before = column
        column = following[column]
    return total


def determinant(a):
    n = len(a)
    following = np.arange(1, n + 2)
    following[n] = 0
    return cofactors(a, 0, following)


def vector(n):
    return (np.random.default_rng(11).normal(size=n),)


def clouds(k, n, d):
    points = np.random.default_rng(12).uniform(size=(n, d))
    return points[-k:].copy() + 1e-3, points


def polynomial(m, n):
    return np.random.default_rng(13).uniform(size=m), n


def rates(n, steps):
    return np.random.RandomState(31337).rand(n), steps


def matrix(n):
    return (np.random.RandomState(31337).rand(n, n),)


WORKLOADS = (
    Workload("logsumexp", "logsumexp, n=160,000", logsumexp, vector, {"n": 160_000}, {"n": 5}),
    Workload("kmeans", "k-means k=100 n=10⁴ d=8, gradient", kmeans, clouds, {"k": 100, "n": 10_000, "d": 8},
             {"k": 3, "n": 9, "d": 2}),
    Workload("least_squares", "least squares m=128 n=4096", least_squares, polynomial, {"m": 128, "n": 4096},
             {"m": 4, "n": 6}),
    Workload("ode", "ODE n=10⁴, 10 Runge–Kutta steps", ode, rates, {"n": 10_000, "steps": 10}, {"n": 4, "steps": 3}),
    Workload("determinant", "determinant by cofactors, 9×9", determinant, matrix, {"n": 9}, {"n": 4}),
)
