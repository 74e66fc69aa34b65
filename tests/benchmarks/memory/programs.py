"""Programs whose reverse sweep needs tens of megabytes of the primal: what the workloads do not have."""
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


def damped_until(x, rate, limit):
    """A `while`: one number a turn in a growing list."""
    total = 0.0
    while total < limit:
        x = rate * x * (1.0 - x)
        total += x * x
    return total


def pendulum_until(angle, speed, h, limit):
    """A `while` with two carried numbers and a branch: two lists, and one of booleans."""
    time = 0.0
    energy = 0.0
    while time < limit:
        if angle > 0.3:
            speed = speed - h * math.sin(angle) * angle
        else:
            speed = speed - h * math.sin(angle)
        angle = angle + h * speed
        energy += speed * speed * angle
        time += h
    return energy * h


def newton_roots(values):
    """A `while` in a `for`: lists of all turns together."""
    total = 0.0
    for i in range(len(values)):
        root = values[i]
        while abs(root * root * root - values[i]) > 1e-12 * values[i]:
            root = root - (root * root * root - values[i]) / (3.0 * root * root)
        total += root * math.sin(root)
    return total


def reaction_until(u, rate, limit):
    """A `while` that carries an array."""
    u = u.copy()
    time = 0.0
    while time < limit:
        u = u + rate * u * (1.0 - u) * np.sin(u)
        time += 1.0
    return np.sum(u * u)


def triangle(x):
    """Nested loops, the inner one's length depends on the outer one."""
    total = 0.0
    y = 0.3
    for i in range(len(x)):
        for j in range(i):
            y = math.sin(y + x[j] * x[i])
        total += y
    return total


def grid_walk(x, rows, columns):
    """Nested loops whose lengths are known: exact arrays."""
    y = 0.5
    total = 0.0
    for i in range(rows):
        for j in range(columns):
            y = math.sin(y * x[j]) + 0.1 * math.cos(y)
            total += y * y
    return total


def list_of_steps(x, count):
    """A list that grows, and is read."""
    path = [x]
    for k in range(count):
        path.append(math.sin(path[k]) + 0.1 * x)
    total = 0.0
    for value in path:
        total += value * value * value
    return total


def list_while(x, limit):
    """Two lists that grow in a `while`, and are read backwards."""
    path = []
    weights = []
    y = x
    while len(path) < limit:
        y = math.sin(y + x)
        path.append(y)
        weights.append(y * y)
    total = 0.0
    for k in range(len(path)):
        total += path[len(path) - 1 - k] * weights[k]
    return total


def bisected(f, a, b, depth, scale):
    middle = 0.5 * (a + b)
    if depth == 0:
        return (b - a) * f(middle * scale)
    left = bisected(f, a, middle, depth - 1, scale * 1.0001)
    right = bisected(f, middle, b, depth - 1, scale + 0.001 * left)
    return left * right + left + right


def recursive_integral(a, b, depth):
    """A function that calls itself twice, and multiplies what comes back."""
    return bisected(lambda x: math.sin(x) * x, a, b, depth, 1.0)


def swapped_buffers(u, steps):
    """A loop nest over two swapped buffers, not linear: a whole grid is kept for each step."""
    n, m = u.shape
    u = u.copy()
    v = u.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                around = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]
                v[i, j] = u[i, j] + 0.1 * math.sin(around - 4.0 * u[i, j])
        u, v = v, u
    return np.sum(u * u)


def rebound_array(u, steps):
    """An array expression that rebinds its name in a loop."""
    for _ in range(steps):
        u = np.sin(u) + 0.1 * np.roll(u, 1) * u
    return np.sum(u)


def burgers_slices(u, steps, c):
    """Slices of an array, written in place."""
    u = u.copy()
    for _ in range(steps):
        u[1:-1] = u[1:-1] - c * u[1:-1] * (u[2:] - u[:-2]) + c * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return np.sum(u * u)


def outer_kernel(x, y, width):
    """Broadcasts: a matrix of kernels, used twice."""
    kernel = np.exp(-((x[:, None] - y[None, :]) ** 2) / width)
    weights = kernel / np.sum(kernel, axis=1)[:, None]
    return np.sum(np.log(1.0 + weights @ y)) + np.sum(weights * weights)


def elementwise_chain(x):
    """Array expressions at the top, each used more than once."""
    a = np.sin(x)
    b = np.exp(a)
    c = a * b + np.tanh(b)
    d = np.sqrt(1.0 + c * c)
    e = d / (1.0 + a * a)
    return np.sum(e * c) + np.sum(d)


def linear_chain(x, w):
    """Linear array expressions that nobody needs again, then a function."""
    a = 2.0 * x + w
    b = np.cumsum(a)
    c = b[::-1] - a
    d = c[1:] + c[:-1]
    e = np.concatenate((d, x))
    return np.sum(e) * np.sum(w * w)


def deep_layers(x, w1, w2, w3):
    """Matrix products with an activation in between."""
    h = np.tanh(x @ w1)
    h = np.tanh(h @ w2)
    h = np.tanh(h @ w3)
    return np.sum(h * h)


def recurrent(h, w, u, inputs):
    """A matrix product a step, in a loop that rebinds the state."""
    total = 0.0
    for t in range(len(inputs)):
        h = np.tanh(w @ h + u * inputs[t])
        total += np.sum(h * h)
    return total


def powers(a, steps):
    """Products of matrices that a loop rebinds."""
    b = a
    for _ in range(steps):
        b = 0.5 * (b @ a) + 0.1 * a * np.sin(b)
    return np.sum(b * b)


@dataclass
class Body:
    position: float
    speed: float
    heat: float


def bouncing(body, steps, h):
    """A dataclass of numbers, made anew each step."""
    loss = 0.0
    for _ in range(steps):
        force = -math.sin(body.position) - 0.1 * body.speed * body.heat
        body = Body(body.position + h * body.speed, body.speed + h * force, 0.99 * body.heat + h * force * force)
        if body.position > 1.0:
            body.speed = -0.5 * body.speed * body.position
        loss += body.heat * body.position
    return loss * h


def single_precision(x, steps):
    """float32, an array a step."""
    for _ in range(steps):
        x = np.sin(x) * x + np.float32(0.5) * x
    return np.sum(x)


def folded(x, steps):
    """Numbers that are folded by comparisons: booleans of all turns are kept."""
    total = 0.0
    for i in range(len(x)):
        y = x[i]
        for _ in range(steps):
            if y > 0.5:
                y = 1.9 * (1.0 - y)
            else:
                y = 1.9 * y
        total += y * y
    return total


def clipped_steps(x, steps):
    """Masks of arrays in a loop."""
    x = x.copy()
    for _ in range(steps):
        x = np.where(x > 0.5, 1.9 * (1.0 - x), 1.9 * x)
    return np.sum(x * x)


def gathered(x, index, steps):
    """An array that is gathered from and updated in a loop."""
    x = x.copy()
    for _ in range(steps):
        x = 0.5 * x + np.sin(x[index]) * x
    return np.sum(x)


def prefix_sums(x):
    """Library results of arrays: sorted, added up, multiplied."""
    y = np.sort(x)
    z = np.cumsum(y * y)
    return np.sum(np.sqrt(1.0 + z) * y) + np.sum(np.diff(z) ** 2)


def solved_steps(a, b, steps):
    """A linear system a step."""
    x = b
    for _ in range(steps):
        x = np.linalg.solve(a, np.sin(x) + b)
    return np.sum(x * x)


def rows_of_matrix(a):
    """Rows taken one by one, each normalised, and written into a new matrix."""
    out = np.empty_like(a)
    for i in range(a.shape[0]):
        row = np.exp(a[i])
        out[i] = row / np.sum(row)
    return np.sum(out * out * a)


def scaled_rows(a):
    """Reductions of rows, and rows divided by them: intermediate values have no names."""
    shifted = np.exp(a - np.max(a, axis=1)[:, None])
    lengths = np.sqrt(np.sum(a * a, axis=1))
    return np.sum(np.log(np.sum(shifted, axis=1)) ** 2) + np.sum((a / lengths[:, None]) ** 4)


def attention(queries, keys, values):
    """Products of matrices around a softmax of rows."""
    scores = queries @ keys.T
    weights = np.exp(scores - np.max(scores, axis=1)[:, None])
    weights = weights / np.sum(weights, axis=1)[:, None]
    return np.sum((weights @ values) ** 2)


@dataclass(frozen=True)
class Program:
    """A program, its arguments, and what it is differentiated by."""

    name: str
    program: Callable[..., Any]
    arguments: Callable[[np.random.Generator], tuple[Any, ...]]
    wrt: Any = 0


PROGRAMS = {program.__name__: Program(program.__name__, program, arguments, wrt) for program, arguments, wrt in (
    (damped_until, lambda rng: (0.4, 3.6, 1.2e6), (0, 1)),
    (pendulum_until, lambda rng: (1.0, 0.2, 1e-3, 2.2e3), (0, 1)),
    (newton_roots, lambda rng: (rng.uniform(1.0, 1e6, 100_000),), 0),
    (reaction_until, lambda rng: (rng.uniform(0.1, 0.9, 2_000), 0.1, 1_500.0), (0, 1)),
    (triangle, lambda rng: (rng.uniform(0.0, 1.0, 2_500),), 0),
    (grid_walk, lambda rng: (rng.uniform(0.5, 1.5, 2_000), 1_500, 2_000), 0),
    (list_of_steps, lambda rng: (0.7, 2_500_000), 0),
    (list_while, lambda rng: (0.7, 2_500_000), 0),
    (recursive_integral, lambda rng: (0.2, 1.9, 18), (0, 1)),
    (swapped_buffers, lambda rng: (rng.uniform(0.0, 1.0, (256, 256)), 60), 0),
    (rebound_array, lambda rng: (rng.uniform(0.0, 0.5, 20_000), 200), 0),
    (burgers_slices, lambda rng: (rng.uniform(0.0, 1.0, 20_000), 200, 0.1), 0),
    (outer_kernel, lambda rng: (rng.uniform(0.0, 1.0, 2_000), rng.uniform(0.0, 1.0, 1_500), 0.1), (0, 1)),
    (elementwise_chain, lambda rng: (rng.uniform(0.0, 1.0, 1_000_000),), 0),
    (linear_chain, lambda rng: (rng.uniform(0.0, 1.0, 2_000_000), rng.uniform(0.0, 1.0, 2_000_000)), (0, 1)),
    (deep_layers, lambda rng: (rng.normal(size=(4_000, 500)), 0.04 * rng.normal(size=(500, 500)),
                               0.04 * rng.normal(size=(500, 500)), 0.04 * rng.normal(size=(500, 300))), (1, 2, 3)),
    (recurrent, lambda rng: (rng.normal(size=300), 0.05 * rng.normal(size=(300, 300)), rng.normal(size=300),
                             rng.normal(size=10_000)), (0, 1, 2)),
    (powers, lambda rng: (0.05 * rng.normal(size=(200, 200)), 60), 0),
    (bouncing, lambda rng: (Body(0.5, 1.0, 0.1), 1_000_000, 1e-3), 0),
    (single_precision, lambda rng: (rng.uniform(0.1, 0.5, 50_000).astype(np.float32), 200), 0),
    (folded, lambda rng: (rng.uniform(0.0, 1.0, 30_000), 1_000), 0),
    (clipped_steps, lambda rng: (rng.uniform(0.0, 1.0, 30_000), 500), 0),
    (gathered, lambda rng: (rng.uniform(0.0, 1.0, 20_000), rng.integers(0, 20_000, 20_000), 150), 0),
    (prefix_sums, lambda rng: (rng.uniform(0.0, 1.0, 1_500_000),), 0),
    (solved_steps, lambda rng: (np.eye(100) * 5.0 + 0.1 * rng.normal(size=(100, 100)), rng.normal(size=100), 200),
     (0, 1)),
    (scaled_rows, lambda rng: (rng.normal(size=(2_000, 1_000)),), 0),
    (attention, lambda rng: (rng.normal(size=(2_000, 50)), rng.normal(size=(1_500, 50)), rng.normal(size=(1_500, 50))),
     (0, 1, 2)),
    (rows_of_matrix, lambda rng: (rng.normal(size=(3_000, 1_000)),), 0),
)}
