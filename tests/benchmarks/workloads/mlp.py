"""Cross entropy of a network of one hidden layer, 784-128-10, over a batch of 128 images."""
from __future__ import annotations

import numpy as np

from tests.benchmarks.workload import Workload


def mlp(w1, b1, w2, b2, images, targets):
    hidden = np.tanh(images @ w1 + b1)
    logits = hidden @ w2 + b2
    shifted = logits - np.max(logits, axis=1)[:, None]
    log_probabilities = shifted - np.log(np.sum(np.exp(shifted), axis=1))[:, None]
    return -np.sum(targets * log_probabilities) / len(images)


def arguments(batch, inputs, hidden, classes):
    rng = np.random.default_rng(3)
    w1, w2 = rng.normal(size=(inputs, hidden)) / inputs ** 0.5, rng.normal(size=(hidden, classes)) / hidden ** 0.5
    images = rng.uniform(size=(batch, inputs))
    targets = np.zeros((batch, classes))
    targets[np.arange(batch), rng.integers(0, classes, size=batch)] = 1.0
    return w1, rng.normal(size=hidden), w2, rng.normal(size=classes), images, targets


WORKLOADS = (
    Workload("mlp", "MLP 784-128-10, batch 128", mlp, arguments,
             {"batch": 128, "inputs": 784, "hidden": 128, "classes": 10},
             {"batch": 4, "inputs": 5, "hidden": 3, "classes": 2}, wrt=(0, 1, 2, 3)),
)
