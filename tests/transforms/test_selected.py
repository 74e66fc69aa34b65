"""Loops whose result is selected or not: their adjoints run only where it was, and the gradients are right."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.corpus.oracle import gradient, ridders
from tests.fuzz.emitted import in_python

RNG = np.random.default_rng(20261128)


def nearest_centre(centres, points):
    total = 0.0
    for i in range(len(points)):
        nearest = math.inf
        for j in range(len(centres)):
            squared = 0.0
            for k in range(points.shape[1]):
                squared += (centres[j, k] - points[i, k]) ** 2
            nearest = min(nearest, math.sqrt(squared))
        total += nearest
    return total


def rectified_layer(w, x):
    total = 0.0
    for i in range(len(w)):
        dot = 0.0
        for j in range(w.shape[1]):
            dot += w[i, j] * x[0, j]
        total += max(0.0, dot) * (i + 1)
    return total


def longest_series(w, x):
    """A loop whose trips depend on the data, one of several."""
    best = -1.0
    for i in range(len(w)):
        term, total, k = w[i, 0], 0.0, 1
        while abs(term) > 1e-6:
            total += term
            term *= x[0, 0] / k
            k += 1
        best = total if total > best else best
    return best * best


def of_two_results(w, x):
    """A loop of which one result is selected and the other always used."""
    out = 0.0
    for i in range(len(w)):
        a, b = 1.0, 0.0
        for j in range(w.shape[1]):
            a *= w[i, j]
            b += a * x[0, j]
        out += (a if b > 0.1 else 0.0) + np.sin(b)
    return out


def both_selected_alike(w, x):
    out = 0.0
    for i in range(len(w)):
        a, b = 1.0, 0.0
        for j in range(w.shape[1]):
            a *= w[i, j]
            b += a * x[0, j]
        if b > 0.1:
            out = out - a * b
        out = out * 1.5 if w[i, 0] > 0 else out
    return out


def written_where_selected(w, x):
    """What the loop changes is an array that is read elsewhere, too."""
    row = x[0].copy()
    out = 0.0
    for i in range(len(w)):
        total = 0.0
        for j in range(w.shape[1]):
            row[j] = row[j] * w[i, j] + 0.1
            total += row[j]
        out = max(out, total * 0.5)
    return out + row.sum()


def selected_by_nested_choices(w, x):
    out = 0.0
    for i in range(len(w)):
        total = 0.0
        for j in range(w.shape[1]):
            total += w[i, j] * w[i, j] * x[0, j]
        chosen = total if w[i, 0] > 0.0 else -1.0
        out += chosen if chosen > -0.5 else 2.0 * w[i, 1]
    return out


PROGRAMS = [nearest_centre, rectified_layer, longest_series, of_two_results, both_selected_alike,
            written_where_selected, selected_by_nested_choices]


def arguments(program: Callable[..., float], rows: int, columns: int) -> tuple[Any, ...]:
    points = 3 if program is nearest_centre else 1
    return RNG.normal(size=(rows, columns)), RNG.normal(size=(points, columns))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_against_differences(program: Callable[..., float]) -> None:
    with in_python():
        slopes = wb.value_and_grad(program, (0, 1), engine="numba")
        for rows, columns in ((1, 2), (4, 3), (7, 5), (3, 9)):
            args = arguments(program, rows, columns)
            value, found = slopes(*args)
            assert value == program(*args)
            wanted = gradient(program, args, (0, 1), "difference")
            for k in (0, 1):
                assert np.allclose(found[k], wanted[k,], rtol=1e-6, atol=1e-7)
            directions = tuple(RNG.normal(size=a.shape) for a in args)
            along = wb.jvp(program, args, directions)[1]
            assert np.isclose(along, sum(np.sum(g * d) for g, d in zip(found, directions, strict=True)))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_second_order(program: Callable[..., float]) -> None:
    args = arguments(program, 3, 3)
    directions = tuple(RNG.normal(size=a.shape) for a in args)
    with in_python():
        slopes = wb.grad(program, (0, 1), engine="numba")
        seconds = wb.jvp(lambda *point: slopes(*point), args, directions)[1]

        def along(t: float) -> float:
            moved = slopes(*(a + t * d for a, d in zip(args, directions, strict=True)))
            return sum(float(np.sum(g * d)) for g, d in zip(moved, directions, strict=True))
        found = sum(float(np.sum(s * d)) for s, d in zip(seconds, directions, strict=True))
        assert np.isclose(found, ridders(along, 1e-3)[0], rtol=1e-5, atol=1e-6)


def test_what_is_not_selected_is_not_run_and_cannot_spoil_the_rest() -> None:
    with in_python():
        slopes = wb.grad(nearest_centre, engine="numba")
        centres, points = np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[1.0, 0.0]])
        assert np.array_equal(slopes(centres, points), [[-1.0, 0.0], [0.0, 0.0]])
        assert "if " in slopes.source.split("for k in range(points_n1 - 1", 1)[0].rsplit("for j", 1)[1]
        # a distance of 0 has no derivative; where it was not selected nobody asks
        farthest = wb.grad(farthest_centre, engine="numba")
        assert np.allclose(farthest(centres, np.array([[0.0, 0.0]])), [[0.0, 0.0], [0.6, 0.8]], rtol=1e-15, atol=0.0)


def farthest_centre(centres, points):
    farthest = 0.0
    for j in range(len(centres)):
        squared = 0.0
        for k in range(points.shape[1]):
            squared += (centres[j, k] - points[0, k]) ** 2
        farthest = max(farthest, math.sqrt(squared))
    return farthest
