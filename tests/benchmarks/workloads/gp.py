"""Marginal likelihood of a Gaussian process with a squared exponential kernel, a length scale for each of 4 inputs."""
from __future__ import annotations

import numpy as np
from scipy.linalg import solve_triangular

from tests.benchmarks.workload import Workload


def gp(log_lengths, log_signal, log_noise, x, y):
    n = len(y)
    scaled = x / np.exp(log_lengths)
    squares = np.sum(scaled * scaled, axis=1)
    distances = squares[:, None] + squares - 2.0 * scaled @ scaled.T
    kernel = np.exp(2.0 * log_signal - 0.5 * distances) + np.exp(2.0 * log_noise) * np.eye(n)
    factor = np.linalg.cholesky(kernel)
    whitened = solve_triangular(factor, y, lower=True)
    return (-0.5 * whitened @ whitened - np.sum(np.log(np.diag(factor)))
            - 0.5 * n * np.log(2.0 * np.pi))


def arguments(n):
    rng = np.random.default_rng(10)
    x = rng.uniform(-2.0, 2.0, size=(n, 4))
    y = np.sin(2.0 * x[:, 0]) + x[:, 1] * x[:, 2] + 0.1 * rng.normal(size=n)
    return np.log(np.array([0.8, 1.0, 1.3, 2.0])), 0.1, -1.5, x, y


WORKLOADS = (
    Workload("gp", "Gaussian process marginal likelihood, n=500", gp, arguments, {"n": 500}, {"n": 5}, wrt=(0, 1, 2)),
)
