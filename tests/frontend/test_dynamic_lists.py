"""Lists whose length is known at run time only: values and both modes against differences, aliases kept or refused."""
from __future__ import annotations

import copy
import inspect
import math
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.corpus.oracle import disagreement, gradient
from tests.frontend.running import agrees
from tests.fuzz.emitted import in_python
from tests.fuzz.interpreted import interpreted_gradient


@dataclass
class Particle:
    x: float
    v: float

    def energy(self):
        return 0.5 * self.v**2 + math.cos(self.x)


# ------------------------------------------------------------------ numbers
def grows(x, n):
    xs = []
    for k in range(n):
        xs.append(math.sin(x * k))
    s = 0.0
    for v in xs:
        s += v * v
    return s


def grows_under_conditions(x, n):
    xs = []
    for k in range(n):
        v = x * k
        if v > 1.0:
            xs.append(v)
        elif v > 0.5:
            xs.append(2.0 * v)
        else:
            continue
        if len(xs) > 5:
            break
    return max(xs) * xs[-1] + sum(xs[1:3]) + sum(xs[::-1]) * xs[0] + len(xs) if xs else x


def stack(x, n):
    pending = [x]
    total = 0.0
    while pending:
        v = pending.pop()
        total += v * v
        if v < 10.0:
            pending.append(v * 2.0)
            if len(pending) < n:
                pending.append(v * 3.0)
    return total


def table(x, n):
    c = [0.0] * (n + 1)
    c[0] = x
    for i in range(1, n + 1):
        c[i] = c[i - 1] * x / i
    return sum(c) * c[-1]


def filtered(x, n):
    terms = [math.exp(-x * k) for k in range(n) if math.sin(x * k) > 0.0]
    return sum(t * t for t in terms) + 0.1 * len(terms)


def layers(x, n):
    layer = [x * k for k in range(n)]
    for _ in range(n):
        layer = [math.sin(v) + 0.1 for v in layer]
    return sum(layer)


def widened(x, n):
    xs = [0]
    for k in range(n):
        xs.append(xs[-1] + x)
    return xs[-1] * xs[len(xs) // 2]


def in_a_dict(x, n):
    log = {"t": [], "e": []}
    t = 0.0
    while t < n * 0.1:
        log["t"].append(t)
        log["e"].append(math.exp(-t * x))
        t = t + 0.1
    return sum(e * t for e, t in zip(log["e"], log["t"]))


def last_row(x, n):
    for i in range(n + 1):
        row = []
        for j in range(i + 1):
            row.append(x * x * j)
    return sum(row)


def taken_apart(x, n):
    xs = []
    for k in range(n - n + 3):
        xs.append(x * k + 1.0)
    a, b, c = xs
    return a * b * c


def added(x, n):
    xs = [x * k for k in range(n)]
    ys = xs + [x, 2.0]
    xs += [x * x]
    ys.extend(xs)
    zs = list(ys)
    zs[0] = 3.0 * x
    return sum(ys) * sum(zs)


def inserted(x, n):
    xs = []
    for k in range(n):
        xs.insert(0, x * k)
        xs.insert(k // 2, x + k)
        xs.insert(-1, x * x)
        xs.insert(100, 1.0)
    return sum(i * v for i, v in enumerate(xs))


def queue(x, n):
    waiting = [x]
    s = 0.0
    for _ in range(n):
        v = waiting.pop(0)
        s += v * v
        waiting.append(v * 1.1)
        waiting.append(v * 0.5)
    return s


def removed(x, n):
    xs = [x * k for k in range(n + 4)]
    xs.pop(1)
    del xs[-1]
    del xs[0]
    xs.reverse()
    return xs[0] * xs[-1] * len(xs)


def slice_replaced(x, n):
    xs = [x * k for k in range(n + 3)]
    xs[1:3] = [1.0, 2.0 * x]
    xs[0:n] = [v * v for v in xs[0:n]]
    return sum(i * v for i, v in enumerate(xs))


def extended(x, n):
    xs = [x]
    xs.extend(x * k for k in range(n))
    xs += [1.0] * n
    return sum(xs) * xs[-1]


def ordered(x, n):
    xs = [math.sin(x * k) for k in range(n)]
    ys = sorted(xs, reverse=True)
    xs.sort()
    return sum(y * i for i, y in enumerate(ys)) + xs[0] * xs[-1] + math.prod(1.0 + v for v in xs)


# ------------------------------------------------------------------ records, arrays, lists
def records(x, n):
    particles = []
    for k in range(n):
        particles.append(Particle(x * k, x + k))
    return sum(p.energy() for p in particles)


def trajectory(x, n):
    state = [x, 2.0]
    path = []
    for _ in range(n):
        state = [s + 0.1 * math.cos(s) for s in state]
        path.append((state[0], state[1]))
    a = np.array(path)
    return np.sum(a * a) if n > 0 else x


def arrays(x, n):
    state = np.array([x, x * x])
    history = [state]
    for _ in range(n):
        state = state + 0.1 * np.sin(state)
        history.append(state)
    h = np.array(history)
    return np.sum(h[:, 0] * h[:, 1])


def arrays_of_unknown_length(x, n):
    rows = []
    for k in range(n):
        rows.append(x * np.arange(n + 2) + k)
    total = x
    for row in rows:
        total += np.sum(row**2)
    return total


def product(x, n):
    a = [[x * i + j for j in range(n)] for i in range(n)]
    b = [[x + i * j for j in range(n)] for i in range(n)]
    c = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            for k in range(n):
                c[i][j] += a[i][k] * b[k][j]
    return sum(c[i][i] for i in range(n)) + x


def triangle(x, n):
    rows = []
    for i in range(n):
        row = [1.0]
        for j in range(1, i):
            row.append(rows[i - 1][j - 1] + x * rows[i - 1][j])
        if i > 0:
            row.append(x)
        rows.append(row)
    return sum(sum(r) for r in rows) + x


def stacked(x, n):
    rows = []
    for k in range(n):
        rows.append(np.array([x * k, 1.0, x]) / (x + k))
    m = np.stack(rows)
    flat = np.concatenate(rows)
    wide = np.column_stack(rows)
    return np.sum(m**2) + flat[1] * flat[-1] + np.sum(wide[:, 0]) + np.sum(np.vstack(rows) * m)


def relaxed(x, n):
    grid = [[x * i + j for j in range(n + 2)] for i in range(n + 2)]
    for _ in range(2):
        new = [row[:] for row in grid]
        for i in range(1, n + 1):
            for j in range(1, n + 1):
                new[i][j] = 0.25 * (grid[i - 1][j] + grid[i + 1][j] + grid[i][j - 1] + grid[i][j + 1])
        grid = new
    return sum(sum(v * v for v in row) for row in grid)


def rectangle(x, n):
    a = np.array([[x * i + j for j in range(n)] for i in range(n)])
    return np.sum(a @ a) + x if n > 0 else x


# ------------------------------------------------------------------ aliases
def two_names(x, n):
    xs = [x * k for k in range(n)]
    ys = xs
    for k in range(n):
        ys.append(x * k)
        xs[k] = xs[k] * 2.0
    return sum(xs) + len(ys)


def rows_by_name(x, n):
    m = [[x * i + j for j in range(n + 2)] for i in range(n + 1)]
    r = m[0]
    r[0] = 5.0 * x
    for i in range(n + 1):
        r = m[i]
        r[1] *= 2.0
    return m[0][0] * m[0][1] + r[1]


PROGRAMS = [grows, grows_under_conditions, stack, table, filtered, layers, widened, in_a_dict, last_row, taken_apart,
            added, inserted, queue, removed, slice_replaced, extended, ordered, stacked, relaxed, records, trajectory,
            arrays, arrays_of_unknown_length, product, triangle, rectangle, two_names, rows_by_name]


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
def test_value_and_gradient(function: Any) -> None:
    many = 5 if function in (product, stack, relaxed, queue) else 30
    for x, n in ((0.37, 4), (1.3, 2), (0.21, many), (0.4, 1), (0.9, 0)):
        if n == 0 and function in (ordered, stacked):
            continue
        if n > 0:  # (a sum of nothing is an int, and a float here)
            agrees(function, x, n)
        value, slope = interpreted_gradient(function, (x, n))
        assert np.isclose(value, function(x, n), rtol=1e-13)
        oracle = gradient(function, (x, n), (0,), "difference")
        assert disagreement({(0,): slope[(0,)]}, oracle, float(value), "difference") is None


@pytest.mark.parametrize("function", [stack, filtered, product, arrays], ids=lambda f: f.__name__)
@pytest.mark.parametrize("way", [in_python, pytest.param(nullcontext, marks=pytest.mark.sampled(1 / 4))],
                         ids=["emitted", "compiled"])
def test_compiled_forward_and_second_order(function, way) -> None:
    x, n = 0.43, 5
    with way():
        value, slope = wb.value_and_grad(function, engine="numba")(x, n)
        assert np.isclose(value, function(x, n), rtol=1e-13)
        assert np.isclose(wb.jvp(function, (x, n), (1.0, None), engine="numba")[1], slope, rtol=1e-12)
        h = 1e-4
        curvature = (function(x + h, n) + function(x - h, n) - 2 * function(x, n)) / h**2
        assert np.isclose(wb.grad(wb.grad(function))(x, n), curvature, rtol=1e-5, atol=1e-5)


# ------------------------------------------------------------------ in and out
def test_lists_are_returned_with_their_derivatives() -> None:
    def path(x, n):
        out = []
        for k in range(n):
            x = x * 1.1
            out.append((x, k, "a"))
        return out
    value, tangent = wb.jvp(path, (1.0, 20), (1.0, None), engine="numba")
    assert value == path(1.0, 20)
    assert [type(v) for v in value[3]] == [float, int, str]
    assert np.allclose([t[0] for t in tangent], [1.1**k for k in range(1, 21)])
    _, pullback = wb.vjp(path, 1.0, 20, engine="numba")
    assert np.isclose(pullback([(1.0, None, None)] * 20)[0], sum(1.1**k for k in range(1, 21)))
    assert wb.vjp(path, 1.0, 0, engine="numba")[1]([])[0] == 0.0


def changes(xs, n):
    ys = xs
    for k in range(n):
        xs[k] = xs[k] * 2.0
        ys.append(xs[k] * xs[k])
    return sum(ys)


@pytest.mark.parametrize("size", (4, 30))
def test_a_list_that_is_an_argument(size: int) -> None:
    """A long list of floats goes in as an array, and its gradient comes back as a list."""
    given = [0.1 * k for k in range(size)]
    ours, theirs = list(given), list(given)
    value, slopes = wb.value_and_grad(changes, engine="numba")(ours, 3)
    assert np.isclose(value, changes(theirs, 3))
    assert ours == theirs
    assert type(slopes) is list and len(slopes) == size
    oracle = gradient(changes, (given, 3), (0,), "difference")
    assert np.allclose(slopes, [oracle[0, k] for k in range(size)], atol=1e-6)


def test_one_specialisation_takes_lists_of_any_length() -> None:
    def total(xs):
        s = 0.0
        for x in xs:
            s += x * x
        return s
    derivative = wb.grad(total, engine="numba")
    for size in (17, 400, 18):
        xs = [float(k) for k in range(size)]
        assert derivative(xs) == [2.0 * x for x in xs]
    assert derivative([1.0, 2.0]) == [2.0, 4.0]


# ------------------------------------------------------------------ refused, or raised as Python does
def row_from_outside(x, n):
    row = [x, 1.0]
    rows = []
    for _ in range(n):
        row[0] = row[0] * 1.1
        rows.append(row)  # <--
    return rows[0][0]


def array_written_before(a, n):
    history = []
    for _ in range(n):
        a[0] = a[0] * 1.1
        history.append(a)  # <--
    return history[0][0]


def array_written_after(a, n):
    history = []
    b = a * 1.0
    for _ in range(n):
        history.append(b)
        b[0] = b[0] * 1.1  # <--
    return history[0][0]


def array_written_in_the_next_iteration(a, n):
    history = []
    b = a * 1.0
    for _ in range(n):
        b[0] = b[0] * 1.1
        b = b * 2.0
        history.append(b)  # <--
    return history[0][0]


def array_written_when_read(a, n):
    history = []
    for k in range(n):
        history.append(a * k)
    history[0][0] = 3.0  # <--
    return history[0][0]


def one_row_twice(x, n):
    row = [x * k for k in range(n)]
    rows = [row]
    for _ in range(n):
        rows.append(row)  # <--
    rows[0][0] = 7.0
    return rows[1][0] + x


def one_row_many_times(x, n):
    m = [[0.0] * n] * n  # <--
    m[0][0] = x
    return m[1][0]


def grows_while_iterated(x, n):
    xs = [x]
    for k in range(n):
        xs.append(x + k)
    for v in xs:
        if v < 1.0:
            xs.append(v + 10.0)  # <--
    return sum(xs)


ALIASED = [row_from_outside, array_written_before, array_written_after, array_written_in_the_next_iteration,
           array_written_when_read, one_row_twice, one_row_many_times, grows_while_iterated]


@pytest.mark.parametrize("function", ALIASED, ids=lambda f: f.__name__)
def test_aliases_are_refused_and_the_tape_has_them_right(function: Any) -> None:
    first: Any = np.array([1.0, 2.0]) if "array" in function.__name__ else 0.5
    with pytest.raises(wb.DifferentiationError) as caught:
        wb.grad(function, engine="numba")(copy.deepcopy(first), 100)
    lines, start = inspect.getsourcelines(function)
    assert "# <--" in lines[caught.value.lineno - start], lines[caught.value.lineno - start]
    value, slope = wb.value_and_grad(function, engine="tape")(copy.deepcopy(first), 3)
    oracle = gradient(function, (first, 3), (0,), "difference")
    assert disagreement({(0,): np.asarray(slope)}, oracle, float(value), "difference") is None


@pytest.mark.parametrize("function", [f for f in ALIASED if f is not grows_while_iterated], ids=lambda f: f.__name__)
def test_aliases_are_compiled_where_the_loop_is_short(function: Any) -> None:
    """(They are unrolled: the lists then have known lengths.)"""
    first: Any = np.array([1.0, 2.0]) if "array" in function.__name__ else 0.5
    value, slopes = interpreted_gradient(function, (copy.deepcopy(first), 3))
    assert value == pytest.approx(function(copy.deepcopy(first), 3), rel=1e-12)
    oracle = gradient(function, (first, 3), (0,), "difference")
    assert disagreement({(0,): slopes[(0,)]}, oracle, float(value), "difference") is None


def test_exceptions_of_lists() -> None:
    def beyond(x, n):
        xs = []
        for _ in range(n):
            xs.append(x)
        return xs[n]

    def too_many(x, n):
        xs = [x * k for k in range(n)]
        a, b = xs
        return a + b

    def popped(x, n):
        xs = [x]
        for _ in range(n):
            xs.pop()
        return x
    for function, n, kind in ((beyond, 3, IndexError), (too_many, 3, ValueError), (popped, 20, IndexError)):
        with pytest.raises(kind):
            wb.grad(function, engine="numba")(1.0, n)
