"""Log-likelihood of a hidden Markov model by the scaled forward algorithm, 16 states, 1,000 observations."""
from __future__ import annotations

import numpy as np

from tests.benchmarks.workload import Workload


def softmax_rows(logits):
    powers = np.exp(logits)
    return powers / np.sum(powers, axis=1)[:, None]


def hmm(start, transition_logits, emission_logits, observations):
    transition = softmax_rows(transition_logits)
    emission = softmax_rows(emission_logits)
    forward = np.exp(start) / np.sum(np.exp(start)) * emission[:, observations[0]]
    total = 0.0
    for t in range(1, len(observations)):
        scale = np.sum(forward)
        total += np.log(scale)
        forward = (forward / scale) @ transition * emission[:, observations[t]]
    return total + np.log(np.sum(forward))


def arguments(states, symbols, steps):
    rng = np.random.default_rng(7)
    return (rng.normal(size=states), rng.normal(size=(states, states)), rng.normal(size=(states, symbols)),
            rng.integers(0, symbols, size=steps))


WORKLOADS = (
    Workload("hmm", "HMM forward algorithm, 16 states, 1,000 observations", hmm, arguments,
             {"states": 16, "symbols": 24, "steps": 1000}, {"states": 3, "symbols": 4, "steps": 6}, wrt=(0, 1, 2)),
)
