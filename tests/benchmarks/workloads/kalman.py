"""Log-likelihood of a linear Gaussian state space model by the Kalman filter: 4 states, 2 of them observed."""
from __future__ import annotations

import numpy as np

from tests.benchmarks.workload import Workload


def kalman(transition, log_process, log_noise, observations, observe):
    states, seen = len(log_process), len(log_noise)
    process = np.diag(np.exp(log_process))
    noise = np.diag(np.exp(log_noise))
    mean = np.zeros(states)
    covariance = np.eye(states)
    total = 0.0
    for t in range(len(observations)):
        mean = transition @ mean
        covariance = transition @ covariance @ transition.T + process
        innovation = observations[t] - observe @ mean
        spread = observe @ covariance @ observe.T + noise
        gain = np.linalg.solve(spread, observe @ covariance).T
        total -= 0.5 * (np.log(np.linalg.det(spread)) + innovation @ np.linalg.solve(spread, innovation)
                        + seen * np.log(2.0 * np.pi))
        mean = mean + gain @ innovation
        covariance = covariance - gain @ observe @ covariance
    return total


def arguments(steps):
    """Observations drawn from the model: two coordinates that oscillate, their places observed."""
    rng = np.random.default_rng(6)
    turn = 0.98 * np.array([[np.cos(0.1), np.sin(0.1)], [-np.sin(0.1), np.cos(0.1)]])
    transition = np.zeros((4, 4))
    transition[:2, :2], transition[2:, 2:] = turn, turn.T
    transition[0, 2] = 0.05
    observe = np.zeros((2, 4))
    observe[0, 0] = observe[1, 2] = 1.0
    state, observations = rng.normal(size=4), np.empty((steps, 2))
    for t in range(steps):
        state = transition @ state + 0.2 * rng.normal(size=4)
        observations[t] = observe @ state + 0.3 * rng.normal(size=2)
    return transition, np.log(np.full(4, 0.05)), np.log(np.array([0.1, 0.08])), observations, observe


WORKLOADS = (
    Workload("kalman", "Kalman filter log-likelihood, 4 states, 1,000 observations", kalman, arguments,
             {"steps": 1000}, {"steps": 4}, wrt=(0, 1, 2)),
)
