"""Prices of options: Black–Scholes over a book of calls, and an arithmetic Asian call by Monte Carlo."""
from __future__ import annotations

import math

import numpy as np

from tests.benchmarks.workload import Workload


def normal_cdf(x):
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def black_scholes(spot, strike, time, rate, volatility):
    total = 0.0
    for i in range(len(spot)):
        spread = volatility[i] * math.sqrt(time[i])
        d1 = (math.log(spot[i] / strike[i]) + (rate + 0.5 * volatility[i] ** 2) * time[i]) / spread
        d2 = d1 - spread
        total += spot[i] * normal_cdf(d1) - strike[i] * math.exp(-rate * time[i]) * normal_cdf(d2)
    return total


def asian_call(spot, rate, volatility, strike, time, normals):
    paths, steps = normals.shape
    h = time / steps
    drift = (rate - 0.5 * volatility ** 2) * h
    spread = volatility * math.sqrt(h)
    total = 0.0
    for i in range(paths):
        price = spot
        mean = 0.0
        for j in range(steps):
            price = price * math.exp(drift + spread * normals[i, j])
            mean += price / steps
        total += max(mean - strike, 0.0)
    return math.exp(-rate * time) * total / paths


def book(count):
    rng = np.random.default_rng(8)
    return (rng.uniform(80.0, 120.0, count), rng.uniform(80.0, 120.0, count), rng.uniform(0.1, 2.0, count), 0.03,
            rng.uniform(0.1, 0.5, count))


def paths(count, steps):
    return 100.0, 0.03, 0.2, 101.0, 1.0, np.random.default_rng(9).normal(size=(count, steps))


WORKLOADS = (
    Workload("black_scholes", "Black–Scholes, 10⁴ calls", black_scholes, book, {"count": 10_000}, {"count": 4},
             wrt=(0, 2, 3, 4)),
    Workload("monte_carlo", "Asian call by Monte Carlo, 10⁵ paths of 12 steps", asian_call, paths,
             {"count": 100_000, "steps": 12}, {"count": 5, "steps": 3}, wrt=(0, 1, 2)),
)
