"""The LSTM of ADBench and GradBench: diagonal gates, the state written in place; its loss over a text of bits.

Row 2i of `main` holds layer i's weights (forget, in, out, change), row 2i+1 its biases; `extra` holds the weights in
and out and the bias out; row 2i of `state` is layer i's hidden state, row 2i+1 its cell.
"""
from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from tests.benchmarks.workload import Workload

DATA = Path(__file__).parent.parent / "data"


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def lstm(main, extra, state, sequence):
    layers, b = len(main) // 2, sequence.shape[1]
    state = state.copy()
    total = 0.0
    for t in range(len(sequence) - 1):
        x = sequence[t] * extra[0]
        for i in range(layers):
            weight, bias = main[2 * i], main[2 * i + 1]
            hidden = state[2 * i]
            forget = sigmoid(x * weight[:b] + bias[:b])
            ingate = sigmoid(hidden * weight[b:2 * b] + bias[b:2 * b])
            outgate = sigmoid(x * weight[2 * b:3 * b] + bias[2 * b:3 * b])
            change = np.tanh(hidden * weight[3 * b:] + bias[3 * b:])
            cell = state[2 * i + 1] * forget + ingate * change
            x = outgate * np.tanh(cell)
            state[2 * i], state[2 * i + 1] = x, cell
        y = x * extra[1] + extra[2]
        total += np.sum(sequence[t + 1] * (y - np.log(2.0 + np.sum(np.exp(y)))))
    return -total / ((len(sequence) - 1) * b)


def lstm_loops(main, extra, state, sequence):
    """The same as one pass of scalars: a primal as fast as C++ would have it."""
    layers, b = len(main) // 2, sequence.shape[1]
    state = state.copy()
    x = np.empty(b)
    total = 0.0
    for t in range(len(sequence) - 1):
        for j in range(b):
            x[j] = sequence[t, j] * extra[0, j]
        for i in range(layers):
            for j in range(b):
                forget = 1.0 / (1.0 + math.exp(-(x[j] * main[2 * i, j] + main[2 * i + 1, j])))
                ingate = 1.0 / (1.0 + math.exp(-(state[2 * i, j] * main[2 * i, b + j] + main[2 * i + 1, b + j])))
                outgate = 1.0 / (1.0 + math.exp(-(x[j] * main[2 * i, 2 * b + j] + main[2 * i + 1, 2 * b + j])))
                change = math.tanh(state[2 * i, j] * main[2 * i, 3 * b + j] + main[2 * i + 1, 3 * b + j])
                state[2 * i + 1, j] = state[2 * i + 1, j] * forget + ingate * change
                state[2 * i, j] = outgate * math.tanh(state[2 * i + 1, j])
                x[j] = state[2 * i, j]
        total_exp = 2.0
        for j in range(b):
            x[j] = x[j] * extra[1, j] + extra[2, j]
            total_exp += math.exp(x[j])
        normaliser = math.log(total_exp)
        for j in range(b):
            total += sequence[t + 1, j] * (x[j] - normaliser)
    return -total / ((len(sequence) - 1) * b)


def arguments(layers, length, shortened=None):
    """The suites' own inputs, the text cut to `shortened` characters."""
    numbers = (DATA / f"lstm_l{layers}_c{length}.txt").read_text().split()
    layers, length, b = (int(word) for word in numbers[:3])
    values = np.array(numbers[3:], dtype=np.float64)
    sizes = (8 * layers * b, 3 * b, 2 * layers * b, length * b)
    main, extra, state, sequence = np.split(values, np.cumsum(sizes)[:-1])
    sequence = sequence.reshape(length, b)[:shortened].copy()
    return main.reshape(2 * layers, 4 * b), extra.reshape(3, b), state.reshape(2 * layers, b), sequence


TINY = {"layers": 2, "length": 1024, "shortened": 5}

WORKLOADS = (
    Workload("lstm", "LSTM, 4 layers, 4,096 characters", lstm, arguments, {"layers": 4, "length": 4096}, TINY,
             wrt=(0, 1), primal=lstm_loops),
    Workload("lstm_loops", "LSTM, 4 layers, 4,096 characters, loops", lstm_loops, arguments,
             {"layers": 4, "length": 4096}, TINY, wrt=(0, 1)),
)
