"""Adjoints written by hand for the timed programs: the limit that a compiler is measured against.

Each returns the value and the gradient with respect to what `table.py` names, keeps the least that its reverse sweep
needs, and is checked against differences before it is timed.
"""
from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(error_model="numpy")
def lotka_volterra(p, steps, h):
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
    return value, np.array([a_bar, b_bar, d_bar, g_bar, x_bar, y_bar])


@njit(error_model="numpy")
def taylor_sines(xs):
    """One residual a term, kept in a scratch array that is long enough for |x| < 10; nothing else is needed."""
    x_bar = np.empty_like(xs)
    terms = np.empty(64)
    total = 0.0
    for i in range(len(xs)):
        x = xs[i]
        square = x * x
        term = x
        k = 1
        total += x
        while abs(term) > 1e-12:
            terms[k] = term
            term = -term * square / ((2 * k) * (2 * k + 1))
            total += term
            k += 1
        term_bar = 0.0
        bar = 0.0
        for j in range(k - 1, 0, -1):
            term_bar += 1.0
            inverse = -1.0 / ((2 * j) * (2 * j + 1))
            bar += term_bar * (inverse * terms[j])
            term_bar *= inverse * square
        x_bar[i] = 2.0 * x * bar + term_bar + 1.0
    return total, x_bar


@njit(error_model="numpy")
def heat(u0, steps, c):
    """The scheme is linear: no residuals. Its transpose inside the frame is the scheme itself, in gather form.

    The frame of the two buffers is never written, so what flows into it only adds up, in four vectors.
    """
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
    top, bottom, left, right = u[0].copy(), u[n - 1].copy(), u[:, 0].copy(), u[:, m - 1].copy()
    inside = np.zeros((n, m))
    inside[1:n - 1, 1:m - 1] = u[1:n - 1, 1:m - 1]
    other = np.zeros((n, m))
    for _ in range(steps):
        for j in range(1, m - 1):
            top[j] += c * inside[1, j]
            bottom[j] += c * inside[n - 2, j]
        for i in range(1, n - 1):
            left[i] += c * inside[i, 1]
            right[i] += c * inside[i, m - 2]
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                other[i, j] = inside[i, j] + c * (inside[i - 1, j] + inside[i + 1, j] + inside[i, j - 1]
                                                  + inside[i, j + 1] - 4.0 * inside[i, j])
        inside, other = other, inside
    inside[0] = top
    inside[n - 1] = bottom
    inside[:, 0] = left
    inside[:, m - 1] = right
    return 0.5 * total, inside


@njit(error_model="numpy")
def logistic_until(rate, y, limit, h, steps):
    """One residual a step; the number of steps taken is known when the reverse sweep starts."""
    ys = np.empty(steps)
    taken = 0
    for i in range(steps):
        ys[i] = y
        taken += 1
        y = y + h * rate * y * (1.0 - y)
        if y > limit:
            break
    y_bar = 2.0 * y
    rate_bar = 1.0
    for i in range(taken - 1, -1, -1):
        before = ys[i]
        slope = h * y_bar
        rate_bar += slope * (before * (1.0 - before))
        y_bar += slope * (rate * (1.0 - 2.0 * before))
    return y * y + rate, (rate_bar, y_bar)


@njit
def float_function(x):
    bump = math.exp(-x * x)
    return (math.cos(x) - 2.0 * x * math.sin(x)) * bump
