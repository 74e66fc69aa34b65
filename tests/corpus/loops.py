"""Loops: for over ranges, arrays, zip, enumerate, tuples and lists; while; break, continue, else; early return."""
from __future__ import annotations

import math

import numpy as np

from tests.corpus.program import Program, program


def power_by_loop(x, n):
    p = 1.0
    for _ in range(n):
        p *= x
    return p


def sum_over_array(a):
    s = 0
    for v in a:
        s += v * v
    return s


def rows_of_matrix(m):
    s = 0.0
    for row in m:
        s += row[0] * np.sum(row)
    return s


def zip_two_arrays(a, b):
    s = 0.0
    for u, v in zip(a, b):
        s += u * math.sin(v)
    return s


def enumerate_array(a):
    s = 0.0
    for i, v in enumerate(a):
        s += (i + 1) * v ** 2
    return s


def enumerate_zip_start(a, b):
    s = 0.0
    for i, (u, v) in enumerate(zip(a, b), start=2):
        s += u * v / i
    return s


def over_tuple_and_list(x, y):
    s = 0.0
    for w in (x, y, x * y):
        s += w * w
    for w in [1.0, 2.0, x]:
        s *= 1.0 + 0.1 * w
    return s


def backward_range(a):
    s = 0.0
    for i in range(len(a) - 1, -1, -1):
        s = s * 0.5 + a[i] * a[i]
    return s


def strided_range(a):
    s = 0.0
    for i in range(1, a.shape[0], 2):
        s += a[i] * a[i - 1]
    return s


def reversed_loop(a):
    s = 0.0
    for v in reversed(a):
        s = math.sin(s + v)
    for i in reversed(range(len(a))):
        s += a[i] * i
    return s


def horner(coefficients, x):
    value = 0.0
    for c in coefficients:
        value = value * x + c
    return value


def triangular_nest(a):
    s = 0.0
    for i in range(len(a)):
        for j in range(i):
            s += a[i] * a[j] / (1.0 + i - j)
    return s


def triple_nest(a, b):
    n = a.shape[0]
    c = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            for k in range(n):
                c[i, j] += a[i, k] * b[k, j]
    return np.sum(c * c)


def zero_trip_inner(a):
    s = 1.0
    for i in range(len(a)):
        for j in range(i, 2):
            s += a[i] * s * 0.3
    return s


def loop_variable_after(x):
    i = 0
    last = x
    for i in range(5):
        last = last * math.cos(x + i)
    return last * i + x


def while_counter(x, n):
    i = 0
    y = x
    while i < n:
        y = math.sin(y) + x
        i += 1
    return y


def while_on_value(x):
    y = x
    while y < 50.0:
        y = y * y + 1.0
    return y


def for_then_while(a):
    total = 0.0
    for i in range(len(a)):
        y = a[i]
        while y < 50.0:
            y = y * y + 1.0
        total += math.log(y)
    return total


def taylor_sine(x):
    term = x
    total = x
    k = 1
    while abs(term) > 1e-10:
        term = -term * x * x / ((2 * k) * (2 * k + 1))
        total += term
        k += 1
    return total


def break_on_value(x):
    y = x
    for i in range(100):
        y = y * 1.1 + 0.1
        if y > 3.0:
            break
    return y * i


def break_before_update(x):
    s = 0.0
    for i in range(20):
        t = x ** i / (i + 1.0)
        if t < 1e-3:
            break
        s += t
    return s


def two_breaks(x, y):
    s = x
    for i in range(50):
        s = s + 0.1 * y * y
        if s > 2.0:
            break
        s = s * 1.05
        if s * y > 3.0:
            s = s * y
            break
    return s * s


def while_true_break(x):
    n = 0
    y = x
    while True:
        n += 1
        y = 0.5 * (y + 2.0 / y)
        if abs(y * y - 2.0) < 1e-3 or n > 20:
            break
        y = y + 0.01 * x
    return y * n * x


def continue_skips(a):
    s = 0.0
    for v in a:
        if v < 0:
            continue
        s += math.sqrt(v)
    return s + a[0]


def break_and_continue(a):
    s = 0.0
    for i in range(len(a)):
        if a[i] < -0.5:
            continue
        s += a[i] * a[i]
        if s > 2.0:
            break
        s *= 1.1
    return s


def for_else(a, limit):
    s = 0.0
    for v in a:
        s += v * v
        if s > limit:
            s = s * limit
            break
    else:
        s = s + 10.0 * limit
    return s


def while_else(x):
    y = x
    k = 0
    while k < 6:
        y = y * 1.3
        if y > 2.5:
            y = y * x
            break
        k += 1
    else:
        y = y + x * x
    return y


def return_from_loop(a):
    s = 0.0
    for v in a:
        s += v * v
        if s > 1.5:
            return s * v
    return -s


def return_from_nested_loop(m):
    s = 0.0
    for i in range(m.shape[0]):
        for j in range(m.shape[1]):
            s += m[i, j] ** 2
            if s > 3.0:
                return s * m[i, j]
    return s


def return_between_continues(a):
    s = 0.0
    for i in range(len(a)):
        if a[i] < -1.0:
            continue
        s += a[i]
        if s > 2.0:
            return s * s * a[i]
        if a[i] < 0.0:
            continue
        s = s * (1.0 + a[i])
    return s


def return_from_while(x):
    k = 0
    while k < 40:
        x = x + 0.1 * math.sin(x) + 0.05
        if x > 2.0:
            return x * k
        if x < -3.0:
            return -x
        k += 1
    return x


def inner_break_outer_continues(m):
    total = 0.0
    for i in range(m.shape[0]):
        row = 0.0
        for j in range(m.shape[1]):
            if m[i, j] < -0.8:
                break
            row += m[i, j] * (j + 1)
        if row > 1.0:
            continue
        total += row * row
    return total


def while_in_while(x):
    y = x
    total = 0.0
    i = 0
    while i < 3:
        z = y
        while z < 2.0:
            z = z * 1.5 + 0.2
        total += z * y
        y = y * 0.8
        i += 1
    return total


def varying_inner_trips(a, counts):
    s = 0.0
    for i in range(len(counts)):
        y = a[i]
        for _ in range(counts[i]):
            y = math.sin(y) + 0.1 * y * y
        s += y
    return s


def early_stop_over_norm(a):
    v = a.copy()
    for k in range(30):
        w = 0.6 * v + 0.1 * np.sin(v)
        change = np.max(np.abs(w - v))
        v = w
        if change < 0.05:
            break
    return np.sum(v) * (k + 1)


def loop_carried_tuple(x):
    state = (x, 1.0)
    for _ in range(4):
        p, q = state
        state = (p * 0.9 + q * 0.1, q + p * p)
    return state[0] * state[1]


def fibonacci_like(x, y):
    a, b = x, y
    for _ in range(6):
        a, b = b, 0.5 * a + 0.3 * b * a
    return a + 2 * b


def list_built_by_append(x):
    powers = []
    for i in range(5):
        powers.append(x ** i)
    total = 0.0
    for i, p in enumerate(powers):
        total += p / (i + 1)
    return total


def list_comprehension(a):
    squares = [v * v for v in (a[0], a[1], a[2]) if v is not None]
    return sum(squares) + squares[0] * squares[-1]


def _matrix(rng):
    return (rng.normal(size=(3, 4)),)


def _vector(rng):
    return (rng.normal(size=5),)


def _empty(rng):
    return (rng.normal(size=0),)


def _single(rng):
    return (rng.normal(size=1),)


def _positive(rng):
    return (float(rng.uniform(0.3, 1.4)),)


PROGRAMS: list[Program] = [
    program(power_by_loop, lambda r: (float(r.normal()), 5), 0, "loop",
            small=(lambda r: (float(r.normal()), 0), lambda r: (float(r.normal()), 1))),
    program(sum_over_array, _vector, 0, "loop", small=(_single,)),
    program(rows_of_matrix, _matrix, 0, "loop", small=(lambda r: (r.normal(size=(1, 1)),),)),
    program(zip_two_arrays, lambda r: (r.normal(size=4), r.normal(size=4)), (0, 1), "loop",
            small=(lambda r: (r.normal(size=2), r.normal(size=3)),)),
    program(enumerate_array, _vector, 0, "loop", small=(_empty, _single)),
    program(enumerate_zip_start, lambda r: (r.normal(size=4), r.normal(size=4)), (0, 1), "loop"),
    program(over_tuple_and_list, lambda r: (float(r.normal()), float(r.normal())), (0, 1), "loop"),
    program(backward_range, _vector, 0, "loop", small=(_empty, _single)),
    program(strided_range, _vector, 0, "loop", small=(_empty, _single)),
    program(reversed_loop, _vector, 0, "loop", small=(_single,)),
    program(horner, lambda r: (r.normal(size=5), float(r.normal())), (0, 1), "loop",
            small=(lambda r: (r.normal(size=1), float(r.normal())),)),
    program(triangular_nest, _vector, 0, "loop", small=(_empty, _single)),
    program(triple_nest, lambda r: (r.normal(size=(3, 3)), r.normal(size=(3, 3))), (0, 1), "loop",
            small=(lambda r: (r.normal(size=(1, 1)), r.normal(size=(1, 1))),)),
    program(zero_trip_inner, _vector, 0, "loop"),
    program(loop_variable_after, lambda r: (float(r.normal()),), 0, "loop"),
    program(while_counter, lambda r: (float(r.normal()), 4), 0, "loop",
            small=(lambda r: (float(r.normal()), 0),)),
    program(while_on_value, _positive, 0, "loop", small=(lambda r: (60.0,),)),
    program(for_then_while, lambda r: (r.uniform(-1, 2, size=4),), 0, "loop", small=(_empty,)),
    program(taylor_sine, lambda r: (float(r.normal()),), 0, "loop"),
    program(break_on_value, _positive, 0, "loop"),
    program(break_before_update, lambda r: (float(r.uniform(0.2, 0.9)),), 0, "loop"),
    program(two_breaks, lambda r: (float(r.uniform(0.5, 1.5)), float(r.uniform(0.5, 2))), (0, 1), "loop"),
    program(while_true_break, _positive, 0, "loop"),
    program(continue_skips, _vector, 0, "loop"),
    program(break_and_continue, _vector, 0, "loop", small=(_empty,)),
    program(for_else, lambda r: (r.normal(size=4), float(r.uniform(0.5, 6))), (0, 1), "loop",
            small=(lambda r: (r.normal(size=0), 0.4),)),
    program(while_else, _positive, 0, "loop"),
    program(return_from_loop, _vector, 0, "loop", small=(_empty, _single)),
    program(return_from_nested_loop, _matrix, 0, "loop"),
    program(return_between_continues, _vector, 0, "loop"),
    program(return_from_while, lambda r: (float(r.normal()),), 0, "loop"),
    program(inner_break_outer_continues, _matrix, 0, "loop"),
    program(while_in_while, _positive, 0, "loop"),
    program(varying_inner_trips, lambda r: (r.normal(size=4), np.array([2, 0, 3, 1])), 0, "loop"),
    program(early_stop_over_norm, _vector, 0, "loop"),
    program(loop_carried_tuple, _positive, 0, "loop"),
    program(fibonacci_like, lambda r: (float(r.normal()), float(r.normal())), (0, 1), "loop"),
    program(list_built_by_append, _positive, 0, "loop"),
    program(list_comprehension, _vector, 0, "loop"),
]
