"""Realistic models in time: ODE integrators, stencils, N-body, pendulum, escape loops, root finding, quadrature."""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tests.corpus.program import Program, program


def lotka_volterra_rhs(x, y, p):
    alpha, beta, delta, gamma = p
    return alpha * x - beta * x * y, delta * x * y - gamma * y


def lotka_volterra_rk4(p, x, y, steps, h):
    for _ in range(steps):
        k1x, k1y = lotka_volterra_rhs(x, y, p)
        k2x, k2y = lotka_volterra_rhs(x + 0.5 * h * k1x, y + 0.5 * h * k1y, p)
        k3x, k3y = lotka_volterra_rhs(x + 0.5 * h * k2x, y + 0.5 * h * k2y, p)
        k4x, k4y = lotka_volterra_rhs(x + h * k3x, y + h * k3y, p)
        x = x + h / 6.0 * (k1x + 2 * k2x + 2 * k3x + k4x)
        y = y + h / 6.0 * (k1y + 2 * k2y + 2 * k3y + k4y)
    return x + y


def lotka_volterra_array_state(p, z0, steps, h):
    def rate(z):
        return np.array([p[0] * z[0] - p[1] * z[0] * z[1], p[2] * z[0] * z[1] - p[3] * z[1]])

    z = z0
    loss = 0.0
    for _ in range(steps):
        k1 = rate(z)
        k2 = rate(z + 0.5 * h * k1)
        k3 = rate(z + 0.5 * h * k2)
        k4 = rate(z + h * k3)
        z = z + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        loss += np.sum(np.log(z) ** 2)
    return loss


def fit_to_series(p, data, h):
    x, y = data[0, 0], data[0, 1]
    loss = 0.0
    for i in range(1, data.shape[0]):
        for _ in range(4):
            dx = p[0] * x - p[1] * x * y
            dy = p[2] * x * y - p[3] * y
            x += h * dx
            y += h * dy
        loss += (math.log(x) - math.log(data[i, 0])) ** 2 + (math.log(y) - math.log(data[i, 1])) ** 2
    return loss


def heat_stencil_1d(u, steps, c):
    for _ in range(steps):
        new = u.copy()
        new[1:-1] = u[1:-1] + c * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        u = new
    return np.sum(u * u)


def wave_equation(u0, steps, courant):
    n = len(u0)
    levels = np.zeros((steps + 2, n))
    levels[0] = u0
    levels[1] = u0
    for t in range(1, steps + 1):
        for i in range(1, n - 1):
            levels[t + 1, i] = (2.0 * levels[t, i] - levels[t - 1, i]
                                + courant ** 2 * (levels[t, i - 1] - 2.0 * levels[t, i] + levels[t, i + 1]))
    return np.sum(levels[-1] ** 2)


def burgers_upwind(u, steps, dt):
    for _ in range(steps):
        old = u.copy()
        for i in range(len(u)):
            if old[i] > 0:
                slope = old[i] - old[i - 1]
            else:
                slope = old[(i + 1) % len(u)] - old[i]
            u[i] = old[i] - dt * old[i] * slope
    return np.sum(u * u)


def nbody_leapfrog(masses, position, velocity, steps, dt):
    n = len(masses)
    for _ in range(steps):
        force = np.zeros((n, 2))
        for i in range(n):
            for j in range(n):
                if i == j:
                    continue
                dx = position[j, 0] - position[i, 0]
                dy = position[j, 1] - position[i, 1]
                r2 = dx * dx + dy * dy + 0.1
                w = masses[j] / (r2 * math.sqrt(r2))
                force[i, 0] += w * dx
                force[i, 1] += w * dy
        velocity += dt * force
        position += dt * velocity
    return 0.5 * np.sum(masses * np.sum(velocity ** 2, axis=1)) + np.sum(position)


def verlet_pairs(position, velocity, steps, dt):
    for _ in range(steps):
        kick = np.zeros_like(position)
        for i in range(len(position)):
            for j in range(i):
                d = position[i] - position[j]
                f = 1.0 / (0.2 + d * d) * d
                kick[i] -= f
                kick[j] += f
        velocity = velocity + dt * kick
        position = position + dt * velocity
    return np.sum(position ** 2) + np.sum(velocity)


@dataclass
class Pendulum:
    angle: float
    rate: float
    length: float
    damping: float


def pendulum_energy(state, steps, dt):
    for _ in range(steps):
        state.rate += dt * (-9.81 / state.length * math.sin(state.angle) - state.damping * state.rate)
        state.angle += dt * state.rate
    return 0.5 * (state.length * state.rate) ** 2 + 9.81 * state.length * (1.0 - math.cos(state.angle))


def mandelbrot_escape(re, im, limit):
    x, y = 0.0, 0.0
    for n in range(limit):
        x, y = x * x - y * y + re, 2.0 * x * y + im
        if x * x + y * y > 16.0:
            return n + 1.0 - math.log(math.log(x * x + y * y))
    return x * x + y * y


def oscillator_until_crossing(stiffness, damping, dt):
    x, v, t = 1.0, 0.0, 0.0
    for _ in range(500):
        previous = x
        v -= dt * (stiffness * x + damping * v)
        x += dt * v
        if x < 0.0:
            t += dt * previous / (previous - x)
            break
        t += dt
    return t


def bouncing_ball(height, restitution, dt):
    y, v = height, 0.0
    bounces = 0
    while bounces < 2:
        v -= 9.81 * dt
        y += v * dt
        if y < 0.0:
            y = -y * restitution
            v = -v * restitution
            bounces += 1
    return y + 0.1 * v * v


def adaptive_euler(rate, y, tolerance):
    t, h = 0.0, 0.2
    steps = 0
    while t < 1.0 and steps < 200:
        if t + h > 1.0:
            h = 1.0 - t
        full = y - h * rate * y * y
        half = y - 0.5 * h * rate * y * y
        half = half - 0.5 * h * rate * half * half
        error = abs(full - half)
        if error < tolerance:
            y = half
            t += h
            h = min(0.3, h * 1.5)
        else:
            h *= 0.5
        steps += 1
    return y


def newton_root(a, b):
    x = 1.0
    for _ in range(30):
        f = x ** 3 + a * x - b
        step = f / (3.0 * x * x + a)
        x = x - step
        if abs(step) < 1e-13:
            break
    return x * x


def secant_root(a):
    x0, x1 = 0.5, 1.5
    f0 = math.exp(x0) - a * x0 - 2.0
    while abs(x1 - x0) > 1e-11:
        f1 = math.exp(x1) - a * x1 - 2.0
        x0, x1, f0 = x1, x1 - f1 * (x1 - x0) / (f1 - f0), f1
    return x1


def fixed_point_kepler(mean_anomaly, eccentricity):
    e = mean_anomaly
    for _ in range(60):
        new = mean_anomaly + eccentricity * math.sin(e)
        if abs(new - e) < 1e-13:
            break
        e = new
    return math.cos(e) - eccentricity


def trapezoid_rule(a, b, n):
    h = (b - a) / n
    total = 0.5 * (math.exp(-a * a) + math.exp(-b * b))
    for i in range(1, n):
        x = a + i * h
        total += math.exp(-x * x)
    return total * h


def simpson_vectorised(a, b, n):
    x = np.linspace(0.0, 1.0, 2 * n + 1) * (b - a) + a
    y = np.sin(x) / (1.0 + x * x)
    return (b - a) / (6.0 * n) * (y[0] + y[-1] + 4.0 * np.sum(y[1::2]) + 2.0 * np.sum(y[2:-1:2]))


def gradient_descent_inner(a, rate, steps):
    x = np.zeros(len(a))
    for _ in range(steps):
        gradient = 2.0 * (x - a) + 0.4 * x ** 3
        x -= rate * gradient
    return np.sum((x - 1.0) ** 2)


def logistic_map_sum(r, x, target):
    s = 0.0
    while s < target:
        x = r * x * (1.0 - x)
        s += x
    return s


def ray_sphere_intersection(origin, direction, centre, radius):
    offset = origin - centre
    a = np.dot(direction, direction)
    b = np.dot(offset, direction)
    c = np.dot(offset, offset) - radius * radius
    discriminant = b * b - a * c
    if discriminant < 0:
        return 0.0 * a
    t = (-b - math.sqrt(discriminant)) / a
    if t < 0:
        t = (-b + math.sqrt(discriminant)) / a
    hit = origin + t * direction
    return t + np.sum(hit)


def chemical_kinetics(k, c, steps, dt):
    for _ in range(steps):
        r1 = k[0] * c[0]
        r2 = k[1] * c[1] * c[2]
        r3 = k[2] * c[1] ** 2
        c[0] += dt * (r2 - r1)
        c[1] += dt * (r1 - r2 - r3)
        c[2] += dt * r3
    return c[2] + c[0] * c[1]


def _f(rng, low, high):
    return float(rng.uniform(low, high))


def _rates(rng):
    return rng.uniform([0.4, 0.01, 0.01, 0.4], [0.8, 0.05, 0.05, 0.9])


PROGRAMS: list[Program] = [
    program(lotka_volterra_rk4, lambda r: (tuple(_rates(r).tolist()), _f(r, 5, 20), _f(r, 3, 10), 12, 0.1),
            (0, 1, 2), "realistic", small=(lambda r: ((0.5, 0.02, 0.02, 0.7), 10.0, 5.0, 0, 0.1),)),
    program(lotka_volterra_array_state, lambda r: (_rates(r), r.uniform(3, 20, size=2), 6, 0.1), (0, 1), "realistic"),
    program(fit_to_series, lambda r: (_rates(r), r.uniform(5, 20, size=(4, 2)), 0.1), "p", "realistic",
            small=(lambda r: (_rates(r), r.uniform(5, 20, size=(1, 2)), 0.1),)),
    program(heat_stencil_1d, lambda r: (r.normal(size=6), 4, 0.2), ("u", "c"), "realistic",
            small=(lambda r: (r.normal(size=3), 1, 0.2), lambda r: (r.normal(size=2), 2, 0.2))),
    program(wave_equation, lambda r: (r.normal(size=5), 4, 0.5), (0, 2), "realistic"),
    program(burgers_upwind, lambda r: (r.normal(size=5), 3, 0.1), (0, 2), "realistic"),
    program(nbody_leapfrog, lambda r: (r.uniform(0.5, 2, size=3), r.normal(size=(3, 2)), r.normal(size=(3, 2)), 2, 0.1),
            (0, 1, 2), "realistic"),
    program(verlet_pairs, lambda r: (r.normal(size=4), r.normal(size=4), 3, 0.1), (0, 1), "realistic"),
    program(pendulum_energy, lambda r: (Pendulum(_f(r, -1, 1), _f(r, -1, 1), _f(r, 0.5, 2), 0.2), 8, 0.05), 0,
            "realistic", "structure"),
    program(mandelbrot_escape, lambda r: (_f(r, -1.5, 0.6), _f(r, -1, 1), 40), (0, 1), "realistic"),
    program(oscillator_until_crossing, lambda r: (_f(r, 0.5, 3), _f(r, 0.0, 0.4), 0.05), (0, 1, 2), "realistic"),
    program(bouncing_ball, lambda r: (_f(r, 0.5, 1.5), _f(r, 0.6, 0.9), 0.02), (0, 1), "realistic"),
    program(adaptive_euler, lambda r: (_f(r, 0.5, 3), _f(r, 0.5, 2), 1e-3), (0, 1), "realistic"),
    program(newton_root, lambda r: (_f(r, 0.5, 2), _f(r, 0.5, 3)), (0, 1), "realistic"),
    program(secant_root, lambda r: (_f(r, 0.5, 1.2),), 0, "realistic"),
    program(fixed_point_kepler, lambda r: (_f(r, 0.2, 2.5), _f(r, 0.1, 0.5)), (0, 1), "realistic"),
    program(trapezoid_rule, lambda r: (_f(r, -1, 0), _f(r, 0.5, 2), 9), (0, 1), "realistic",
            small=(lambda r: (0.1, 0.9, 1),)),
    program(simpson_vectorised, lambda r: (_f(r, -1, 0), _f(r, 0.5, 2), 4), (0, 1), "realistic"),
    program(gradient_descent_inner, lambda r: (r.normal(size=3), 0.1, 6), (0, 1), "realistic"),
    program(logistic_map_sum, lambda r: (_f(r, 2.2, 3.2), _f(r, 0.2, 0.8), 3.0), (0, 1), "realistic"),
    program(ray_sphere_intersection, lambda r: (np.array([0.0, 0.0, -4.0]) + 0.1 * r.normal(size=3),
                                                np.array([0.0, 0.0, 1.0]) + 0.1 * r.normal(size=3),
                                                0.2 * r.normal(size=3), _f(r, 0.8, 1.3)), (0, 1, 2, 3), "realistic"),
    program(chemical_kinetics, lambda r: (r.uniform(0.1, 2, size=3), r.uniform(0.2, 1, size=3), 6, 0.1), (0, 1),
            "realistic"),
]
