"""Gravity among bodies by the leapfrog scheme; the gradient of the kinetic energy at the end by where all began."""
from __future__ import annotations

import numpy as np

from tests.benchmarks.workload import Workload


def accelerate(position, mass, acceleration, softening):
    n = len(mass)
    for i in range(n):
        ax, ay, az = 0.0, 0.0, 0.0
        for j in range(n):
            dx = position[j, 0] - position[i, 0]
            dy = position[j, 1] - position[i, 1]
            dz = position[j, 2] - position[i, 2]
            squared = dx * dx + dy * dy + dz * dz + softening
            pull = mass[j] / (squared * np.sqrt(squared))
            ax += pull * dx
            ay += pull * dy
            az += pull * dz
        acceleration[i, 0] = ax
        acceleration[i, 1] = ay
        acceleration[i, 2] = az


def nbody(position0, velocity0, mass, steps, h, softening):
    position = position0.copy()
    velocity = velocity0.copy()
    acceleration = np.empty_like(position)
    accelerate(position, mass, acceleration, softening)
    for _ in range(steps):
        velocity += 0.5 * h * acceleration
        position += h * velocity
        accelerate(position, mass, acceleration, softening)
        velocity += 0.5 * h * acceleration
    energy = 0.0
    for i in range(len(mass)):
        energy += 0.5 * mass[i] * (velocity[i, 0] ** 2 + velocity[i, 1] ** 2 + velocity[i, 2] ** 2)
    return energy


def arguments(bodies, steps):
    rng = np.random.default_rng(4)
    return (rng.normal(size=(bodies, 3)), 0.1 * rng.normal(size=(bodies, 3)), rng.uniform(0.5, 1.5, bodies) / bodies,
            steps, 0.005, 0.01)


WORKLOADS = (
    Workload("nbody", "leapfrog N-body, 100 bodies, 200 steps", nbody, arguments, {"bodies": 100, "steps": 200},
             {"bodies": 3, "steps": 4}, wrt=(0, 1)),
)
