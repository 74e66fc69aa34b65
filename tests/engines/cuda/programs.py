"""Programs that a GPU is for, as users write them: each with a derivative, and how its arguments are drawn."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import erfc

import workbench as wb


def saxpy(a, x, y):
    return np.sum((a * x + y) ** 2)


def reductions(x):
    return np.sum(np.sqrt(1.0 + x * x)) + np.mean(x * np.sin(x)) + np.sum(x) ** 2


def stencil(u, kappa, steps):
    for _ in range(steps):
        v = u.copy()
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                v[i, j] = u[i, j] + kappa * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])
        u = v
    return np.sum(u * u)


def matrix_product(a, b):
    return np.sum(np.tanh(a @ b))


def scattered(x, bins, weights):
    total = np.zeros(weights.shape[0], weights.dtype)
    for i in range(x.shape[0]):
        total[bins[i]] += x[i] * x[i]
    return np.sum(total * weights)


def n_body(position, mass):
    energy = 0.0
    for i in range(position.shape[0]):
        for j in range(position.shape[0]):
            if i != j:
                dx = position[i, 0] - position[j, 0]
                dy = position[i, 1] - position[j, 1]
                dz = position[i, 2] - position[j, 2]
                energy -= mass[i] * mass[j] / np.sqrt(dx * dx + dy * dy + dz * dz + 0.01)
    return energy


def softmax_loss(logits, weight):
    shifted = np.exp(logits - np.max(logits, axis=1)[:, None])
    return np.sum(weight * (shifted / np.sum(shifted, axis=1)[:, None]))


def layer_norm(x, gain, shift, weight):
    mean = np.mean(x, axis=1)[:, None]
    centred = x - mean
    scale = 1.0 / np.sqrt(np.mean(centred * centred, axis=1) + 1e-5)[:, None]
    return np.sum(weight * (gain * centred * scale + shift))


def ray(dx, dy, radius):
    t = 0.0
    for _ in range(24):
        px, py, pz = t * dx, t * dy, t - 3.0
        t += np.sqrt(px * px + py * py + pz * pz) - radius
    return t


def black_scholes(spot, strike, maturity, rate, volatility):
    root = volatility * np.sqrt(maturity)
    d1 = (np.log(spot / strike) + (rate + 0.5 * volatility * volatility) * maturity) / root
    d2 = d1 - root
    first = 0.5 * erfc(-d1 / 1.4142135623730951)
    second = 0.5 * erfc(-d2 / 1.4142135623730951)
    return spot * first - strike * np.exp(-rate * maturity) * second


def path_payoff(noise, spot, volatility):
    price = spot
    total = 0.0 * spot
    for k in range(noise.shape[0]):
        price *= np.exp(-0.005 * volatility * volatility + 0.1 * volatility * noise[k])
        total += price
    return max(total / noise.shape[0] - 1.0, 0.0 * spot)


def pendulum(angle, speed, length):
    h = 0.05
    for _ in range(20):
        k1a, k1s = speed, -9.81 / length * np.sin(angle)
        k2a, k2s = speed + 0.5 * h * k1s, -9.81 / length * np.sin(angle + 0.5 * h * k1a)
        k3a, k3s = speed + 0.5 * h * k2s, -9.81 / length * np.sin(angle + 0.5 * h * k2a)
        k4a, k4s = speed + h * k3s, -9.81 / length * np.sin(angle + h * k3a)
        angle += h / 6.0 * (k1a + 2.0 * k2a + 2.0 * k3a + k4a)
        speed += h / 6.0 * (k1s + 2.0 * k2s + 2.0 * k3s + k4s)
    return angle


def lotka_volterra(x, y, a, b):
    h = 0.02
    for _ in range(40):
        dx, dy = a * x - x * y, x * y - b * y
        x, y = x + h * dx, y + h * dy
    return x * y


def small_network(x, w1, w2):
    hidden = np.zeros(4, x.dtype)
    for j in range(4):
        s = w1[j, 2]
        for k in range(2):
            s += w1[j, k] * x[k]
        hidden[j] = np.tanh(s)
    out = w2[4]
    for j in range(4):
        out += w2[j] * hidden[j]
    return out * out


def network_loss(w1, w2, batch):
    return np.sum(wb.vmap(small_network, in_axes=(0, None, None))(batch, w1, w2))


def k_means(points, centres):
    total = 0.0
    for i in range(points.shape[0]):
        best = np.sum((points[i] - centres[0]) ** 2)
        for c in range(1, centres.shape[0]):
            d = np.sum((points[i] - centres[c]) ** 2)
            if d < best:
                best = d
        total += best
    return total


def log_sum_exp(x):
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


def taylor_sine(x):
    total = 0.0
    term = x
    for k in range(1, 20):
        total += term
        term = -term * x * x / ((2 * k) * (2 * k + 1))
    return total


def root_of(a):
    y = a
    while abs(y * y - a) > 1e-4:
        y = 0.5 * (y + a / y)
    return y


def hidden_markov(observed, stay, spread):
    first, second = 0.5, 0.5
    total = 0.0
    for k in range(observed.shape[0]):
        e1 = np.exp(-0.5 * (observed[k] / spread) ** 2)
        e2 = np.exp(-0.5 * ((observed[k] - 1.0) / spread) ** 2)
        p1 = (first * stay + second * (1.0 - stay)) * e1
        p2 = (first * (1.0 - stay) + second * stay) * e2
        scale = p1 + p2
        total += np.log(scale)
        first, second = p1 / scale, p2 / scale
    return total


def prefix_product(x):
    running = np.ones(x.shape[0], x.dtype)
    p = running[0]
    for i in range(x.shape[0]):
        p *= x[i]
        running[i] = p
    return np.sum(running)


@dataclass(frozen=True)
class Case:
    """A function, by what it is differentiated, how arguments are drawn for a number of items. `axes`: of a function of
    one item, those of the batch (0: all arguments have one)."""

    name: str
    function: Callable[..., Any]
    wrt: Any
    arguments: Callable[[np.random.Generator, int], tuple[Any, ...]]
    axes: Any = None

    @property
    def primal(self) -> Callable[..., Any]:
        """What is differentiated, for all items."""
        return self.function if self.axes is None else wb.vmap(self.function, in_axes=self.axes)

    def derivative(self, engine: str) -> Callable[..., Any]:
        """Value and gradient, or the gradients of all items."""
        if self.axes is None:
            return wb.value_and_grad(self.function, self.wrt, engine=engine)
        return wb.vmap(wb.grad(self.function, self.wrt), in_axes=self.axes, engine=engine)


CASES = [
    Case("saxpy", saxpy, (0, 1, 2), lambda r, n: (1.3, r.normal(size=n), r.normal(size=n))),
    Case("reductions", reductions, 0, lambda r, n: (r.normal(size=n),)),
    Case("stencil", stencil, (0, 1), lambda r, n: (r.normal(size=(n // 8 + 3, 9)), 0.1, 3)),
    Case("matrix_product", matrix_product, (0, 1),
         lambda r, n: (0.3 * r.normal(size=(n // 16 + 2, 7)), 0.3 * r.normal(size=(7, 11)))),
    Case("scattered", scattered, (0, 2),
         lambda r, n: (r.normal(size=n), r.integers(0, 7, n), r.normal(size=7))),
    Case("n_body", n_body, (0, 1), lambda r, n: (r.normal(size=(n // 8 + 2, 3)), r.uniform(1, 2, n // 8 + 2))),
    Case("softmax", softmax_loss, 0, lambda r, n: (r.normal(size=(n // 8 + 1, 6)), r.normal(size=(n // 8 + 1, 6)))),
    Case("layer_norm", layer_norm, (0, 1, 2),
         lambda r, n: (r.normal(size=(n // 8 + 1, 6)), r.normal(size=6), r.normal(size=6),
                       r.normal(size=(n // 8 + 1, 6)))),
    Case("ray", ray, (0, 1, 2),
         lambda r, n: (0.1 * r.normal(size=n), 0.1 * r.normal(size=n), r.uniform(0.8, 1.2, n)), 0),
    Case("black_scholes", black_scholes, (0, 1, 2, 3, 4),
         lambda r, n: tuple(r.uniform(low, high, n) for low, high in (
             (80, 120), (80, 120), (0.5, 2), (0.01, 0.05), (0.1, 0.4))), 0),
    Case("monte_carlo", path_payoff, (1, 2),
         lambda r, n: (r.normal(size=(n, 12)), 1.1, 0.3), (0, None, None)),
    Case("pendulum", pendulum, (0, 1, 2),
         lambda r, n: (r.normal(size=n), r.normal(size=n), r.uniform(0.5, 2, n)), 0),
    Case("lotka_volterra", lotka_volterra, (0, 1, 2, 3),
         lambda r, n: tuple(r.uniform(0.5, 1.5, n) for _ in range(4)), 0),
    Case("network", network_loss, (0, 1),
         lambda r, n: (r.normal(size=(4, 3)), r.normal(size=5), r.normal(size=(n, 2)))),
    Case("k_means", k_means, 1, lambda r, n: (r.normal(size=(n, 3)), r.normal(size=(4, 3)))),
    Case("log_sum_exp", log_sum_exp, 0, lambda r, n: (r.normal(size=n),)),
    Case("taylor_sine", taylor_sine, 0, lambda r, n: (r.uniform(-1, 1, n),), 0),
    Case("while", root_of, 0, lambda r, n: (r.uniform(0.5, 3, n),), 0),
    Case("hidden_markov", hidden_markov, (0, 1, 2),
         lambda r, n: (r.normal(0.5, 1, size=(n, 8)), 0.8, 0.7), (0, None, None)),
    Case("prefix_product", prefix_product, 0, lambda r, n: (r.uniform(0.9, 1.1, n),)),
]


def single(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arrays of floats as float32."""
    return tuple(a.astype(np.float32) if isinstance(a, np.ndarray) and a.dtype == np.float64 else
                 np.float32(a) if isinstance(a, float) else a for a in args)
