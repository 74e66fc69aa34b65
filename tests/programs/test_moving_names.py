"""Names that stand for another part of an array in each turn of a loop: by the interpreter, against plain Python."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.interpreted import interpret
from tests.programs.test_found import agrees_with_python
from workbench.frontend import unrolling


@pytest.fixture(autouse=True)
def not_unrolled() -> Iterator[None]:
    """Loops stay loops, of whatever size."""
    with mock.patch.object(unrolling, "ATTEMPTS", ({},)):
        yield


def state_before(X, W):
    H = np.zeros((len(X) + 1, len(W)))
    prev = H[0]
    for t in range(len(X)):
        H[t + 1] = np.tanh(X[t] + W @ prev)
        prev = H[t + 1]
    return (prev * prev).sum() + H.mean()


def state_that_is_given(X, W):
    h = W[0]
    H = np.zeros((len(X), len(W)))
    for t in range(len(X)):
        H[t] = np.tanh(X[t] + W @ h)
        h = H[t]
    return np.sum(h * h) + np.sum(H)


def written_through_the_name(X, W):
    u = X[0]
    for t in range(1, len(X)):
        below = X[t]
        below[:] = u * 0.5
        below[1:] += W[0, 1:] * u[:-1]
        u[0] *= 2.0
        u = below
    return np.sum(X ** 2) + u[0]


def written_where_it_shows(X, W):
    row = X[0]
    total = 0.0
    for t in range(len(X) - 1):
        X[t] *= W[0, 0]
        total = total + np.sum(row * row) * (t + 1)
        row = X[t + 1]
        X[t + 1, 0] += row[1] + total
    return total + row[0]


def two_names_of_one_row(X, W):
    u = v = X[0]
    for t in range(1, len(X)):
        u[0] += 0.5 * v[1]
        u = X[t]
        v[1] *= W[0, 0]
        v, u = u, v
    return np.sum(X * np.arange(X.size).reshape(X.shape)) + u[0] * v[1]


def taken_from_the_front(X, W):
    rest = X[:, 0]
    total = 0.0
    while len(rest) > 1:
        head, rest = rest[0], rest[1:]
        rest *= W[0, 0]
        total += head * rest[0]
    return total + rest.sum()


def best_row(X, W):
    best, value = X[0], -1e9
    for row in X:
        score = np.sum(row * W[0])
        if score > value:
            best, value = row, score
    best *= 2.0
    return np.sum(best ** 2) + np.sum(X)


def pair_of_rows(X, W):
    state = (X[0], W[0])
    for t in range(1, len(X)):
        h, c = state
        X[t] = np.tanh(h) * c
        state = (X[t], W[t % len(W)])
    return np.sum(state[0] * state[1])


def after_the_loop_only(X, W):
    for t in range(len(X)):
        last = X[t]
    last *= W[0, 0]
    return np.sum(X * X)


def in_one_arm(X, W):
    row = X[0]
    for t in range(len(X)):
        if X[t, 0] > 0.0:
            row = X[t]
        else:
            row[1] += W[0, 0]
    return np.sum(row * row) + np.sum(X * X)


def columns_in_nested_loops(X, W):
    col = W[:, 0]
    for _ in range(2):
        for j in range(W.shape[1]):
            W[:, j] += 0.1 * col
            col = W[:, j]
        col[0] *= 1.5
    return np.sum(W * W) + np.sum(X) * col[0]


def with_exchanged_buffers(X, W):
    A, B = X, X * 0.5
    row = A[0]
    for t in range(1, len(X)):
        B[t] = A[t] + 0.5 * row
        row = B[t]
        A, B = B, A
    return np.sum(A) + np.sum(B * B) + row[0]


def replaced_once_it_has_moved(X, W):
    rest = X[:, 1] * 1.0
    while len(rest) > 2:
        rest = rest[1:]
    other = rest
    for t in range(3):
        X[0] += 0.5 * other[0]
        if t > 0:
            other = np.sin(rest) * W[0, 0]
        rest, other = other, rest
    return np.sum(rest) + 2.0 * np.sum(other) + np.sum(X * X)


FUNCTIONS = [state_before, state_that_is_given, written_through_the_name, written_where_it_shows, two_names_of_one_row,
             taken_from_the_front, best_row, pair_of_rows, after_the_loop_only, in_one_arm, columns_in_nested_loops,
             with_exchanged_buffers, replaced_once_it_has_moved]


@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_names_that_move(function: Any, rows: int) -> None:
    rng = np.random.default_rng(rows)
    agrees_with_python(function, (rng.uniform(-1, 1, (rows, 2)), rng.uniform(-1, 1, (2, 2))))


def test_whether_two_views_are_one_object_is_not_guessed() -> None:
    def same(X):
        row, first = X[0], X[0]
        for t in range(len(X)):
            row = X[t]
        return X[0, 0] if row is first else X[1, 0]

    with pytest.raises(wb.DifferentiationError, match="are one object"):
        interpret(same, (np.ones((2, 2)),))
