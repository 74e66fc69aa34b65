"""Counts of whole gradients, read off the program, against a twin of the emitted program that counts while it runs."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.corpus import PROGRAMS, Program
from tests.cost.comparison import ORDERS, compared, judged
from tests.fuzz.emitted import in_python
from workbench.cost.counting import count
from workbench.cost.writing import written


def logistic(x, n):
    for _ in range(n):
        x = 3.7 * x * (1.0 - x)
    return x


def triangle(x, n):
    total = 0.0
    for i in range(n):
        for j in range(i + 1):
            total += math.sin(x * i + j) * x
    return total


def substitution(a, b):
    n = len(b)
    y = np.zeros(n)
    for i in range(n):
        s = b[i]
        for j in range(i):
            s -= a[i, j] * y[j]
        y[i] = s / a[i, i]
    return np.sum(y * y)


def stencil(u, steps):
    n, m = u.shape
    v = u.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                v[i, j] = u[i, j] + 0.1 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])
        u, v = v, u
    return np.sum(u * u)


def packed(l, c):
    d = len(c)
    y = np.zeros(d)
    p = 0
    for column in range(d):
        for row in range(column + 1, d):
            y[row] += l[p] * c[column]
            p += 1
    return np.sum(y * y)


def layers(x, w):
    for _ in range(3):
        x = np.tanh(w @ x)
    return np.sum(x)


def reshaped(x):
    return np.sum(np.exp(x.reshape(-1)) * 2.0)


def halved_until_small(x):
    turns = 0.0
    while x > 0.01:
        x = x * 0.5
        turns += x
    return turns * x


def on_both_sides(x):
    total = 0.0
    for k in range(len(x)):
        if x[k] > 0.0:
            total += math.exp(x[k]) * x[k]
        else:
            total -= x[k] / (1.0 + x[k] * x[k])
    return total


def square(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=(n, n)) + n * np.eye(n)


CASES: dict[str, tuple[Callable[..., Any], Callable[[np.random.Generator, int], tuple[Any, ...]]]] = {
    "logistic": (logistic, lambda rng, n: (0.3, n)),
    "triangle": (triangle, lambda rng, n: (0.3, n)),
    "substitution": (substitution, lambda rng, n: (square(rng, n), rng.normal(size=n))),
    "stencil": (stencil, lambda rng, n: (rng.normal(size=(n, n + 2)), 4)),
    "packed": (packed, lambda rng, n: (rng.normal(size=n * (n - 1) // 2), rng.normal(size=n))),
    "layers": (layers, lambda rng, n: (rng.normal(size=n), square(rng, n))),
    "reshaped": (reshaped, lambda rng, n: (rng.normal(size=(n, 3)),)),
    "halved_until_small": (halved_until_small, lambda rng, n: (float(n) * 10.0,)),
    "on_both_sides": (on_both_sides, lambda rng, n: (rng.normal(size=n),)),
}


def gradient_program(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """The final program of a gradient, and the flat arguments of a call."""
    with in_python():
        made = wb.value_and_grad(function).specialised(args)
    return made.program.final, made.door.enter(made.pick(args))[0]


@pytest.mark.parametrize("name", CASES)
def test_a_gradient_does_what_was_counted(name: str) -> None:
    function, arguments = CASES[name]
    rng = np.random.default_rng()
    program, _ = gradient_program(function, arguments(rng, 6))
    counts = count(program)
    for n in (2, 5, 9):
        _, data = gradient_program(function, arguments(rng, n))
        assert judged(program, counts, data) == ("exact", "")


@pytest.mark.parametrize("program", PROGRAMS[::12], ids=lambda program: program.name)
def test_corpus_programs_do_what_was_counted(program: Program) -> None:
    for order in ORDERS:
        for result in compared(program, order):
            assert result.outcome in ("exact", "none"), (result.order, result.scale, result.remark)


def test_formulas_are_those_that_a_person_would_write() -> None:
    work = count(gradient_program(triangle, (0.3, 4))[0]).work
    assert written(work.total("sin")) == "n²/2 + n/2"
    work = count(gradient_program(stencil, (np.ones((4, 5)), 3))[0]).work
    assert written(work.total("allocated")) == "24·u_n0·u_n1"


def test_what_only_a_run_can_know_has_a_name() -> None:
    names = {symbol.name for symbol in count(gradient_program(halved_until_small, (3.0,))[0]).parameters}
    assert any(name.startswith("trips(line ") for name in names)
    names = {symbol.name for symbol in count(gradient_program(on_both_sides, (np.ones(3),))[0]).parameters}
    assert any(name.startswith("taken(line ") for name in names)
