"""Names whose arrays change their shape in a loop: by the interpreter, against plain Python."""
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


def backwards_through_a_tree(v, r):
    for _ in range(len(v) - 1):
        v = r * (0.6 * v[1:] + 0.4 * v[:-1])
        v = np.maximum(v, 0.1)
    return v[0] * r


def by_the_level(v, r):
    start = v
    for i in range(len(v) - 1, 0, -1):
        v = r * v[1:i + 1] * v[:i]
    return np.sum(v) + np.sum(start)


def halved(v, r):
    c, n, total = v, len(v), 0.0
    out = np.zeros(n)
    while n > 1:
        half = n // 2
        out[half:n] = (c[0:n:2] - c[1:n:2]) * r
        c = c[0:n:2] + c[1:n:2]
        total += np.sum(c * c)
        n = half
    return np.sum(np.abs(out) ** 1.5) + total + np.sum(c)


def filtered(v, r):
    rest = v * r
    while len(rest) > 1:
        rest = rest[rest < np.max(rest)] * r
    return np.sum(rest) + v[0]


def corner_of_a_matrix(v, r):
    m = np.outer(v, v) + np.eye(len(v))
    total = 0.0
    for _ in range(len(v) - 1):
        total += np.log(m[0, 0])
        m = m[1:, 1:] - r * np.outer(m[1:, 0], m[0, 1:]) / m[0, 0]
    return total + m[0, 0]


def another_name_keeps_it(v, r):
    kept = v
    for _ in range(len(v) - 1):
        kept = kept[1:] * r
        longest = kept
        v[0] += np.sum(longest)
    return v[0] + np.sum(kept)


def in_an_outer_loop(v, r):
    total = 0.0
    for k in range(3):
        w = v * (k + 1.0)
        for _ in range(len(v) - 1):
            w = w[1:] * w[:-1] + r
        total += w[0]
    return total


def a_name_used_again(v, r):
    part = v[:1] * r
    total = np.sum(part)
    for i in range(len(v)):
        part = v[:i] * r
        total += np.sum(part * part)
    return total


def part_of_what_is_given(v, r):
    w = v[1:]
    for _ in range(len(w) - 1):
        w = 0.5 * w[1:] + r
    return np.sum(w) + v[0]


def first_half_with_the_last(v, r):
    w = np.sin(v)
    while len(w) > 1:
        w = w[:len(w) // 2] * w[len(w) - len(w) // 2:] + r
    return np.sum(w)


def every_other(v, r):
    w = v[::-1]
    while len(w) > 2:
        w = w[::2] * r
    return np.sum(w * w)


def after_a_view_has_moved(v, r):
    w = np.tanh(v)
    while len(w) > 4:
        w = w[1:]
    for _ in range(len(w) - 1):
        w = r * w[1:]
    return np.sum(w) + v[0]


def differences(v, r):
    total = np.sum(v)
    for _ in range(len(v) - 1):
        v = np.diff(v) * r
        total += v @ v
    return total


FUNCTIONS = [differences, backwards_through_a_tree, by_the_level, halved, filtered, corner_of_a_matrix,
             in_an_outer_loop,
             a_name_used_again, part_of_what_is_given, first_half_with_the_last, every_other, after_a_view_has_moved]


@pytest.mark.parametrize("size", [1, 2, 8])
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_names_that_change_their_shape(function: Any, size: int) -> None:
    agrees_with_python(function, (np.random.default_rng(size).uniform(0.3, 1.0, size), 0.8))


def written_in_its_turn(v, r):
    for _ in range(len(v) - 1):
        v[0] *= r
        v = v[1:] * r
    return np.sum(v)


def written_after_it(v, r):
    w = v
    for _ in range(2):
        w = w[1:] * r
    w[0] = 0.5
    return np.sum(w)


def read_after_the_other_name_is_written(v, r):
    w = v
    for _ in range(2):
        w = w[1:] * r
    v[0] = 0.5
    return np.sum(w)


def made_in_an_arm(v, r):
    w = v
    if r > 0.5:
        for _ in range(len(v) - 4):
            w = w[1:] * r
    v[0] *= 0.5
    return np.sum(w)


def reshaped_in_an_arm(v, r):
    m = np.outer(v, v)
    w = np.zeros(2 * len(v))
    if r > 0.5:
        w = m[:, :2].reshape(-1)
    w[0] = 5.0 * r
    return np.sum(m)


@pytest.mark.parametrize("function", [written_in_its_turn, made_in_an_arm, reshaped_in_an_arm,
                                      written_after_it, read_after_the_other_name_is_written,
                                      another_name_keeps_it])
def test_writes_that_other_names_might_see_are_refused(function: Any) -> None:
    with pytest.raises(wb.DifferentiationError):
        interpret(function, (np.linspace(0.3, 1.0, 4), 0.8))
