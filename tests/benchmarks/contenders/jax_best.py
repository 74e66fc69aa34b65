"""The workloads rewritten as JAX runs them best: scans, checkpoints by hand, lanes by `vmap`, matrix products."""
from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.linalg import solve_triangular
from jax.scipy.special import erf, logsumexp

from tests.benchmarks.workloads.gmm import gmm_constant


def sine(x, terms):
    term = total = x
    for k in range(1, terms):
        term = -term * x * x / ((2 * k) * (2 * k + 1))
        total = total + term
    return total


def sines(xs, terms):
    return jnp.sum(jax.vmap(lambda x: sine(x, terms))(xs))


def lotka(p, steps, h):
    a, b, d, g = p[0], p[1], p[2], p[3]

    def slope(s):
        return jnp.array([a * s[0] - b * s[0] * s[1], d * s[0] * s[1] - g * s[1]])

    @jax.checkpoint
    def step(s, _):
        k1 = slope(s)
        k2 = slope(s + 0.5 * h * k1)
        k3 = slope(s + 0.5 * h * k2)
        k4 = slope(s + h * k3)
        return s + h / 6.0 * (k1 + 2 * k2 + 2 * k3 + k4), None
    return jnp.sum(lax.scan(step, p[4:], length=steps, unroll=4)[0])


def heat(u0, steps, c):
    def step(u, _):
        inside = u[1:-1, 1:-1] + c * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1])
        return u.at[1:-1, 1:-1].set(inside), None
    u, _ = lax.scan(step, u0, length=steps)
    return 0.5 * jnp.sum(u * u)


def logistic_while(r, x, limit, bound):
    """Padded to a bound: a `while` has no reverse mode."""
    def step(state, _):
        x, total = state
        open_ = total < limit
        following = r * x * (1.0 - x)
        return (jnp.where(open_, following, x), jnp.where(open_, total + following, total)), None
    return lax.scan(step, (x, 0.0), length=bound, unroll=4)[0][1]


def gmm(alpha, mu, q, l, x, gamma, m):
    """The quadratic forms as matrix products of all points with all factors, side by side."""
    n, d = x.shape
    components = len(alpha)
    rows, columns = zip(*[(row, column) for column in range(d) for row in range(column + 1, d)])
    factors = jnp.zeros((components, d, d)).at[:, jnp.array(rows), jnp.array(columns)].set(l)
    factors = factors + jnp.exp(q)[:, :, None] * jnp.eye(d)
    y = x @ factors.reshape(components * d, d).T - jnp.einsum("kab,kb->ka", factors, mu).reshape(-1)
    terms = alpha + jnp.sum(q, 1) - 0.5 * jnp.sum((y * y).reshape(n, components, d), 2)
    prior = m * jnp.sum(q) - 0.5 * gamma ** 2 * (jnp.sum(jnp.exp(2.0 * q)) + jnp.sum(l * l))
    return gmm_constant(d, components, n, gamma, m) + jnp.sum(logsumexp(terms, 1)) - n * logsumexp(alpha) + prior


def mlp(w1, b1, w2, b2, images, targets):
    logits = jnp.tanh(images @ w1 + b1) @ w2 + b2
    return -jnp.sum(targets * jax.nn.log_softmax(logits)) / len(images)


def lstm(main, extra, state, sequence):
    b = sequence.shape[1]
    weights = main.reshape(-1, 2, 4, b)

    def step(state, texts):
        now, following = texts
        x = now * extra[0]
        new = []
        for (weight, bias), (hidden, cell) in zip(weights, state):
            forget, ingate, outgate = (jax.nn.sigmoid(v * weight[k] + bias[k])
                                       for k, v in ((0, x), (1, hidden), (2, x)))
            cell = cell * forget + ingate * jnp.tanh(hidden * weight[3] + bias[3])
            x = outgate * jnp.tanh(cell)
            new.append(jnp.stack([x, cell]))
        y = x * extra[1] + extra[2]
        return jnp.stack(new), jnp.sum(following * (y - jnp.log(2.0 + jnp.sum(jnp.exp(y)))))
    _, likelihoods = lax.scan(step, state.reshape(-1, 2, b), (sequence[:-1], sequence[1:]), unroll=2)
    return -jnp.sum(likelihoods) / ((len(sequence) - 1) * b)


def kmeans(centroids, points):
    squares = (jnp.sum(points * points, 1)[:, None] + jnp.sum(centroids * centroids, 1)
               - 2.0 * points @ centroids.T)
    nearest = jnp.argmin(lax.stop_gradient(squares), 1)
    return jnp.sum((centroids[nearest] - points) ** 2)


def least_squares(x, n):
    t = -1.0 + 2.0 * jnp.arange(n) / (n - 1)
    powers = t[:, None] ** jnp.arange(len(x))
    return 0.5 * jnp.sum((jnp.sign(t) - powers @ x) ** 2)


def ode(x, steps):
    h = 2.0 / steps

    def slope(y):
        return x * jnp.concatenate([jnp.ones(1), y[:-1]])

    def step(y, _):
        k1 = slope(y)
        k2 = slope(y + 0.5 * h * k1)
        k3 = slope(y + 0.5 * h * k2)
        k4 = slope(y + h * k3)
        return y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4), None
    return lax.scan(step, jnp.zeros_like(x), length=steps)[0][-1]


def nbody(position, velocity, mass, steps, h, softening):
    @jax.checkpoint
    def accelerate(position):
        apart = position - position[:, None]
        squared = jnp.sum(apart * apart, 2) + softening
        return jnp.einsum("j,ij,ijk->ik", mass, squared ** -1.5, apart)

    def step(state, _):
        position, velocity, acceleration = state
        velocity = velocity + 0.5 * h * acceleration
        position = position + h * velocity
        acceleration = accelerate(position)
        return (position, velocity + 0.5 * h * acceleration, acceleration), None
    (_, velocity, _), _ = lax.scan(step, (position, velocity, accelerate(position)), length=steps)
    return 0.5 * jnp.sum(mass[:, None] * velocity ** 2)


def kalman(transition, log_process, log_noise, observations, observe):
    process, noise = jnp.diag(jnp.exp(log_process)), jnp.diag(jnp.exp(log_noise))
    seen = len(log_noise)

    @jax.checkpoint
    def step(state, observation):
        mean, covariance = state
        mean = transition @ mean
        covariance = transition @ covariance @ transition.T + process
        innovation = observation - observe @ mean
        s = observe @ covariance @ observe.T + noise
        determinant = s[0, 0] * s[1, 1] - s[0, 1] * s[1, 0]
        inverse = jnp.array([[s[1, 1], -s[0, 1]], [-s[1, 0], s[0, 0]]]) / determinant
        gain = covariance @ observe.T @ inverse
        likelihood = -0.5 * (jnp.log(determinant) + innovation @ inverse @ innovation + seen * math.log(2 * math.pi))
        return (mean + gain @ innovation, covariance - gain @ observe @ covariance), likelihood
    states = len(log_process)
    _, likelihoods = lax.scan(step, (jnp.zeros(states), jnp.eye(states)), observations)
    return jnp.sum(likelihoods)


def hmm(start, transition_logits, emission_logits, observations):
    transition, emission = jax.nn.softmax(transition_logits), jax.nn.softmax(emission_logits)

    def step(forward, symbol):
        scale = jnp.sum(forward)
        return (forward / scale) @ transition * emission[:, symbol], jnp.log(scale)
    forward, logs = lax.scan(step, jax.nn.softmax(start) * emission[:, observations[0]], observations[1:], unroll=4)
    return jnp.sum(logs) + jnp.log(jnp.sum(forward))


def black_scholes(spot, strike, time, rate, volatility):
    spread = volatility * jnp.sqrt(time)
    d1 = (jnp.log(spot / strike) + (rate + 0.5 * volatility ** 2) * time) / spread
    below = [0.5 * (1.0 + erf(d / math.sqrt(2.0))) for d in (d1, d1 - spread)]
    return jnp.sum(spot * below[0] - strike * jnp.exp(-rate * time) * below[1])


def asian_call(spot, rate, volatility, strike, time, normals):
    h = time / normals.shape[1]
    logs = jnp.cumsum((rate - 0.5 * volatility ** 2) * h + volatility * math.sqrt(h) * normals, 1)
    mean = jnp.mean(spot * jnp.exp(logs), 1)
    return jnp.exp(-rate * time) * jnp.mean(jnp.maximum(mean - strike, 0.0))


def gp(log_lengths, log_signal, log_noise, x, y):
    scaled = x / jnp.exp(log_lengths)
    squares = jnp.sum(scaled * scaled, 1)
    distances = squares[:, None] + squares - 2.0 * scaled @ scaled.T
    factor = jnp.linalg.cholesky(jnp.exp(2.0 * log_signal - 0.5 * distances)
                                 + jnp.exp(2.0 * log_noise) * jnp.eye(len(y)))
    whitened = solve_triangular(factor, y, lower=True)
    return (-0.5 * whitened @ whitened - jnp.sum(jnp.log(jnp.diag(factor)))
            - 0.5 * len(y) * math.log(2.0 * math.pi))


def bounded(r, x, limit):
    """The `while`, padded by a tenth beyond the steps that it takes (found by running it)."""
    count, total, at = 0, 0.0, float(x)
    while total < limit:
        at = float(r) * at * (1.0 - at)
        total += at
        count += 1
    bound = count + count // 10
    return lambda r, x: logistic_while(r, x, limit, bound)


PROGRAMS = {
    "taylor_batch": sines, "taylor_mapped": sines, "lotka": lotka, "heat": heat, "heat_slices": heat,
    "gmm": gmm, "gmm_arrays": gmm,
    "gmm_large": gmm, "gmm_large_arrays": gmm, "mlp": mlp, "lstm": lstm, "lstm_loops": lstm, "logsumexp": logsumexp,
    "kmeans": kmeans, "least_squares": least_squares, "ode": ode, "nbody": nbody, "kalman": kalman, "hmm": hmm,
    "black_scholes": black_scholes, "monte_carlo": asian_call, "gp": gp,
}
