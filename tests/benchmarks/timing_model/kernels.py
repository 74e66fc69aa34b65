"""Forty programs at three sizes each, none of which the machine is measured with: values and gradients, vectors and
matrices, recurrences, gathers, branches, small steps of time, products."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import workbench as wb
from workbench.records import dataclass

Array = Any


@dataclass(frozen=True)
class Case:
    """A program: `asked` (value or gradient), `make` gives its arguments at a size."""

    function: Callable[..., Any]
    make: Callable[[int], tuple[Any, ...]]
    sizes: tuple[int, int, int]
    asked: str = "value"

    @property
    def name(self) -> str:
        """The function's, with what is asked of it."""
        return self.function.__name__ + ("" if self.asked == "value" else "'")

    def program(self) -> Any:
        """What is called."""
        if self.asked == "grad":
            return wb.grad(self.function, mode="reverse")
        return wb.vmap(self.function) if self.asked == "vmap" else self.function


def _rng() -> np.random.Generator:
    return np.random.default_rng(7)


def vector(n: int) -> Array:
    """Between 0.5 and 1.5."""
    return _rng().uniform(0.5, 1.5, n)


def signs(n: int) -> Array:
    """Between -1 and 1, in no order."""
    return _rng().uniform(-1, 1, n)


def one(n: int) -> tuple[Any, ...]:
    """A vector."""
    return (vector(n),)


def two(n: int) -> tuple[Any, ...]:
    """Two vectors."""
    return vector(n), signs(n)


def three(n: int) -> tuple[Any, ...]:
    """Three vectors."""
    return vector(n), signs(n), vector(n) * 2


def square(n: int) -> tuple[Any, ...]:
    """A square matrix."""
    return (_rng().uniform(0.5, 1.5, (n, n)),)


def squares(n: int) -> tuple[Any, ...]:
    """Two square matrices."""
    return _rng().uniform(0.5, 1.5, (n, n)), _rng().uniform(-1, 1, (n, n))


def system(n: int) -> tuple[Any, ...]:
    """A square matrix and a vector."""
    return _rng().uniform(0.5, 1.5, (n, n)) / n, signs(n)


def placed(n: int) -> tuple[Any, ...]:
    """A vector and places in it."""
    return vector(n), _rng().integers(0, n, n)


def single(n: int) -> tuple[Any, ...]:
    """Two vectors of float32."""
    return vector(n).astype(np.float32), signs(n).astype(np.float32)


# ---------------------------------------------------------------------- elementwise
def triad(x, y, z):
    return x + 3.0 * y * z


def polynomial(x):
    return 1.0 + x * (0.5 + x * (0.25 + x * (0.125 + x * (0.0625 + x * 0.03125))))


def gaussian(x, y):
    return np.exp(-0.5 * (x - y) ** 2) / np.sqrt(2 * np.pi)


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def distances(x, y, z):
    return np.sqrt(x * x + y * y + z * z)


def wave(x, y):
    return np.sin(x) * np.cos(y) + np.tanh(x * y)


def softplus(x):
    return np.log1p(np.exp(x))


def clipped(x, y):
    return np.where(x > y, x - y, 0.5 * (x + y))


def single_chain(x, y):
    return np.exp(-x * x) * y + x / (y * y + np.float32(1.0))


def standardised(x):
    return (x - np.mean(x)) / np.std(x)


# ---------------------------------------------------------------------- sums
def dot_by_hand(x, y):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * y[i]
    return total


def entropy(x):
    return -np.sum(x * np.log(x))


def log_sum_exp(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def absolute(x, y):
    return np.sum(np.abs(x - y))


# ---------------------------------------------------------------------- recurrences
def smoothed(x, y):
    s = x[0]
    out = np.empty_like(x)
    for i in range(len(x)):
        s = 0.9 * s + 0.1 * x[i]
        out[i] = s
    return out


def logistic_map(x, n):
    for _ in range(n):
        x = 3.7 * x * (1.0 - x)
    return x


def pendulum(angle, n):
    speed = 0.0
    for _ in range(n):
        speed -= 0.01 * math.sin(angle)
        angle += 0.01 * speed
    return angle


def predator(a, n):
    x, y = a, 1.0
    for _ in range(n):
        dx = x * (1.1 - 0.4 * y)
        dy = y * (0.1 * x - 0.4)
        x, y = x + 0.001 * dx, y + 0.001 * dy
    return x


def newton(x, n):
    y = 1.0
    for _ in range(n):
        y = y - (y * y - x) / (2.0 * y)
    return y


def horner(x, c):
    total = 0.0
    for i in range(len(c)):
        total = total * x + c[i]
    return total


def prefix(x):
    out = np.empty_like(x)
    out[0] = x[0]
    for i in range(1, len(x)):
        out[i] = out[i - 1] + x[i]
    return out


# ---------------------------------------------------------------------- grids and matrices
def heat(u, steps):
    u = u.copy()
    for _ in range(steps):
        v = u.copy()
        for i in range(1, len(u) - 1):
            u[i] = v[i] + 0.1 * (v[i - 1] - 2 * v[i] + v[i + 1])
    return u


def laplace(u):
    out = np.zeros_like(u)
    for i in range(1, u.shape[0] - 1):
        for j in range(1, u.shape[1] - 1):
            out[i, j] = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j]
    return out


def row_sums(a):
    return np.sum(a, axis=1)


def column_sums(a):
    return np.sum(a, axis=0)


def by_columns(a):
    total = 0.0
    for j in range(a.shape[1]):
        for i in range(a.shape[0]):
            total += a[i, j] * a[i, j]
    return total


def transposed(a, b):
    return a.T + b


def multiplied(a, b):
    return a @ b


def by_hand(a, b):
    n = a.shape[0]
    c = np.zeros((n, n))
    for i in range(n):
        for k in range(n):
            for j in range(n):
                c[i, j] += a[i, k] * b[k, j]
    return c


def layer(a, x):
    return np.tanh(a @ x)


def quadratic(a, x):
    return x @ (a @ x)


def outer(x, y):
    return np.outer(x, y)


# ---------------------------------------------------------------------- places, branches, pairs
def gathered(x, p):
    return x[p] * 2.0


def scattered(x, p):
    out = np.zeros(len(x))
    for i in range(len(p)):
        out[p[i]] += x[i]
    return out


def potential(x, y):
    total = 0.0
    for i in range(len(x)):
        for j in range(i):
            total += 1.0 / np.sqrt((x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2 + 0.01)
    return total


def piecewise(x):
    total = 0.0
    for i in range(len(x)):
        if x[i] > 1.0:
            total += math.log(x[i])
        else:
            total -= x[i] * x[i]
    return total


def euclid(x, n):
    count = 0
    for i in range(n):
        a, b = i, 360
        while b:
            a, b = b, a % b
        count += a
    return x * count


def energy(x):
    total = 0.0
    for i in range(len(x) - 1):
        total += (x[i + 1] - x[i]) ** 2 + 0.25 * x[i] ** 4
    return total


def chain_energy(x):
    return np.sum(np.sin(x[1:] - x[:-1]) ** 2) + np.sum(np.exp(-x))


def network(a, x):
    return np.sum(np.tanh(a @ np.tanh(a @ x)) ** 2)


_SIZES = (1_000, 20_000, 500_000)
_TURNS = (1_000, 10_000, 100_000)
_SQUARE = (30, 200, 1000)


def _with_steps(n: int) -> tuple[Any, ...]:
    return vector(n), 20


def _number(n: int) -> tuple[Any, ...]:
    return 0.4, n


CASES: tuple[Case, ...] = (
    Case(triad, three, _SIZES), Case(polynomial, one, _SIZES), Case(gaussian, two, _SIZES), Case(logistic, one, _SIZES),
    Case(distances, three, _SIZES), Case(wave, two, _SIZES), Case(softplus, one, _SIZES), Case(clipped, two, _SIZES),
    Case(single_chain, single, _SIZES), Case(standardised, one, _SIZES),
    Case(dot_by_hand, two, _SIZES), Case(entropy, one, _SIZES), Case(log_sum_exp, one, _SIZES),
    Case(rosenbrock, one, _SIZES, "grad"), Case(absolute, two, _SIZES),
    Case(smoothed, two, _SIZES), Case(logistic_map, _number, _TURNS), Case(pendulum, _number, _TURNS),
    Case(predator, _number, _TURNS), Case(predator, _number, _TURNS, "grad"), Case(newton, _number, _TURNS),
    Case(horner, lambda n: (0.9, vector(n)), _SIZES), Case(prefix, one, _SIZES),
    Case(heat, _with_steps, (300, 10_000, 200_000)), Case(laplace, square, _SQUARE), Case(row_sums, square, _SQUARE),
    Case(column_sums, square, _SQUARE), Case(by_columns, square, _SQUARE), Case(transposed, squares, _SQUARE),
    Case(multiplied, squares, (20, 100, 500)), Case(by_hand, squares, (20, 60, 250)), Case(layer, system, _SQUARE),
    Case(quadratic, system, _SQUARE), Case(outer, two, _SQUARE), Case(gathered, placed, _SIZES),
    Case(scattered, placed, _SIZES), Case(potential, two, (50, 300, 2000)), Case(piecewise, one, _SIZES),
    Case(euclid, _number, (300, 5_000, 100_000)), Case(energy, one, _SIZES, "grad"),
    Case(chain_energy, one, _SIZES, "grad"), Case(network, system, _SQUARE, "grad"),
)
