"""Lotka–Volterra by the classical Runge–Kutta method, and its adjoint that keeps two numbers a step."""
from __future__ import annotations

import numpy as np

from tests.benchmarks.workload import Workload


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


def lotka_volterra_by_hand(p, steps, h):
    """Two residuals a step, x and y; stages are computed again, last stage first in the reverse sweep."""
    a, b, d, g, x, y = p[0], p[1], p[2], p[3], p[4], p[5]
    half, sixth, third = 0.5 * h, h / 6.0, h / 3.0
    xs = np.empty(steps)
    ys = np.empty(steps)
    for i in range(steps):
        xs[i] = x
        ys[i] = y
        k1x, k1y = a * x - b * x * y, d * x * y - g * y
        x2, y2 = x + half * k1x, y + half * k1y
        k2x, k2y = a * x2 - b * x2 * y2, d * x2 * y2 - g * y2
        x3, y3 = x + half * k2x, y + half * k2y
        k3x, k3y = a * x3 - b * x3 * y3, d * x3 * y3 - g * y3
        x4, y4 = x + h * k3x, y + h * k3y
        k4x, k4y = a * x4 - b * x4 * y4, d * x4 * y4 - g * y4
        x = x + sixth * (k1x + 2 * k2x + 2 * k3x + k4x)
        y = y + sixth * (k1y + 2 * k2y + 2 * k3y + k4y)
    value = x + y
    x_bar = y_bar = 1.0
    a_bar = b_bar = d_bar = g_bar = 0.0
    for i in range(steps - 1, -1, -1):
        x, y = xs[i], ys[i]
        x2, y2 = x + half * (a * x - b * x * y), y + half * (d * x * y - g * y)
        x3, y3 = x + half * (a * x2 - b * x2 * y2), y + half * (d * x2 * y2 - g * y2)
        x4, y4 = x + h * (a * x3 - b * x3 * y3), y + h * (d * x3 * y3 - g * y3)
        kx, ky = sixth * x_bar, sixth * y_bar  # cotangents of the stage's slopes
        mixed = ky * d - kx * b
        a_bar += kx * x4
        g_bar -= ky * y4
        b_bar -= kx * (x4 * y4)
        d_bar += ky * (x4 * y4)
        x4_bar, y4_bar = kx * a + mixed * y4, mixed * x4 - ky * g
        kx, ky = third * x_bar + h * x4_bar, third * y_bar + h * y4_bar
        mixed = ky * d - kx * b
        a_bar += kx * x3
        g_bar -= ky * y3
        b_bar -= kx * (x3 * y3)
        d_bar += ky * (x3 * y3)
        x3_bar, y3_bar = kx * a + mixed * y3, mixed * x3 - ky * g
        kx, ky = third * x_bar + half * x3_bar, third * y_bar + half * y3_bar
        mixed = ky * d - kx * b
        a_bar += kx * x2
        g_bar -= ky * y2
        b_bar -= kx * (x2 * y2)
        d_bar += ky * (x2 * y2)
        x2_bar, y2_bar = kx * a + mixed * y2, mixed * x2 - ky * g
        kx, ky = sixth * x_bar + half * x2_bar, sixth * y_bar + half * y2_bar
        mixed = ky * d - kx * b
        a_bar += kx * x
        g_bar -= ky * y
        b_bar -= kx * (x * y)
        d_bar += ky * (x * y)
        x_bar += x2_bar + x3_bar + x4_bar + kx * a + mixed * y
        y_bar += y2_bar + y3_bar + y4_bar + mixed * x - ky * g
    return value, (np.array([a_bar, b_bar, d_bar, g_bar, x_bar, y_bar]),)


def arguments(steps):
    return np.array([0.55, 0.028, 0.026, 0.84, 33.9, 5.9]), steps, 0.002


WORKLOADS = (
    Workload("lotka", "Lotka–Volterra, Runge–Kutta, 10⁴ steps", lotka_volterra, arguments, {"steps": 10_000},
             {"steps": 7}, by_hand=lotka_volterra_by_hand),
)
