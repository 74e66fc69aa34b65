"""In-place work: element and slice writes, augmented assignment, writes through views, writes into arguments."""
from __future__ import annotations

import math

import numpy as np

from tests.corpus.program import Program, program


def write_elements(x, y):
    a = np.zeros(3)
    a[0] = x
    a[1] = y * x
    a[2] = a[0] + a[1] ** 2
    return a[2] * a[1]


def overwrite_same_element(x):
    a = np.ones(2)
    a[0] = x
    a[0] = a[0] * a[0]
    a[0] = math.sin(a[0])
    a[-1] = a[0] * x
    return a[0] + a[1]


def overwrite_kills_dependence(x, y):
    a = np.empty(2)
    a[0] = x
    a[1] = y
    a[0] = 3.0
    return a[0] * a[1]


def augmented_elements(a, x):
    b = a.copy()
    for i in range(len(b)):
        b[i] += x
        b[i] *= b[i]
        b[i] -= 0.5 * a[i]
        b[i] /= 1.0 + x * x
    return np.sum(b)


def augmented_power(a):
    b = a * 1.0
    b **= 2
    b[0] **= 3
    return np.sum(b)


def augmented_whole_array(a, b):
    c = a.copy()
    c += b
    c *= a
    c -= 1.0
    c /= 2.0 + b * b
    return np.sum(c * c)


def augmented_scalar_rebinds(x):
    y = x
    y += 1.0
    y *= x
    y -= x / 3.0
    y /= 2.0
    y **= 2
    return y + x


def slice_assignment(a, x):
    b = np.zeros(6)
    b[:4] = a
    b[2:5] = b[1:4] * x
    b[5] = x
    b[::2] += 1.0
    return np.sum(b * b)


def slice_assign_scalar(a, x):
    a[1:3] = x
    a[3:] *= 2.0
    return np.sum(a * a)


def negative_step_write(a):
    b = np.zeros(5)
    b[::-1] = a
    b[3:0:-1] *= a[:3]
    return np.dot(b, a)


def negative_indices(a):
    a[-1] = a[-2] * a[-3]
    a[-2] += a[0]
    return a[-1] * a[-2] + a[0]


def rows_and_columns(m, v):
    m[1] = v
    m[:, 0] += 2.0 * v
    m[0, 1:] = v[1:] * m[2, :2]
    return np.sum(m * m)


def diagonal_by_loop(m, x):
    for i in range(m.shape[0]):
        m[i, i] = m[i, i] * x + i
    return np.sum(m @ m)


def write_whole_with_colon(a, b):
    a[:] = b * b
    a[...] += b
    return np.sum(a * b)


def two_dim_row_views(m):
    for row in m:
        row[0] = row[1] * row[2]
        row *= 2.0
    return np.sum(m * m)


def fill_and_copyto(a, x):
    b = np.empty_like(a)
    b.fill(x)
    b[0] = a[0]
    return np.sum(a * b)


def history_array(x, n):
    h = np.zeros(n + 1)
    h[0] = x
    for t in range(n):
        h[t + 1] = math.sin(h[t]) * 1.3 + 0.1 * x
    return h[n] + h[n // 2]


def running_sum_in_place(a):
    for i in range(1, len(a)):
        a[i] += a[i - 1]
    return np.sum(a * a)


def second_order_recurrence(a):
    for i in range(2, len(a)):
        a[i] = a[i] * a[i - 1] - 0.5 * a[i - 2]
    return a[-1]


def backward_recurrence(a):
    for i in range(len(a) - 2, -1, -1):
        a[i] = a[i] + 0.5 * a[i + 1] * a[i + 1]
    return a[0]


def copy_each_iteration(a):
    for _ in range(3):
        o = a.copy()
        for i in range(1, len(a)):
            a[i] = o[i] * o[i - 1]
    return np.sum(a)


def gauss_seidel_fixed(b):
    x = np.zeros(len(b))
    for _ in range(5):
        for i in range(len(b)):
            s = b[i]
            if i > 0:
                s -= 0.4 * x[i - 1]
            if i < len(b) - 1:
                s -= 0.3 * x[i + 1]
            x[i] = s / 2.0
    return np.sum(x * x)


def gauss_seidel_until(b):
    x = np.zeros(len(b))
    change = 1.0
    while change > 1e-4:
        change = 0.0
        for i in range(len(b)):
            old = x[i]
            s = b[i]
            if i > 0:
                s -= 0.4 * x[i - 1]
            if i < len(b) - 1:
                s -= 0.3 * x[i + 1] * x[i + 1]
            x[i] = s / 4.0
            change = max(change, abs(x[i] - old))
    return np.sum(x)


def bubble_sort_weighted(a):
    n = len(a)
    for i in range(n):
        for j in range(n - 1 - i):
            if a[j] > a[j + 1]:
                a[j], a[j + 1] = a[j + 1], a[j]
    s = 0.0
    for i in range(n):
        s += (i + 1.0) * a[i] * a[i]
    return s


def swap_elements_tuple(a):
    a[0], a[2] = a[2] * a[1], a[0]
    a[1], a[0] = a[0], a[1]
    return a[0] * 1.0 + a[1] * 2.0 + a[2] * 3.0 * a[0]


def swap_rows(m):
    for j in range(m.shape[1]):
        kept = m[0, j]
        m[0, j] = m[1, j]
        m[1, j] = kept * kept
    return np.sum(m[0] * m[1])


def scale_in_helper(v, factor):
    for i in range(len(v)):
        v[i] *= factor


def helper_writes_argument(a, x):
    scale_in_helper(a, x)
    scale_in_helper(a[1:], x)
    return np.sum(a)


def normalise(v, out):
    total = 0.0
    for i in range(len(v)):
        total += v[i] * v[i]
    length = math.sqrt(total)
    for i in range(len(v)):
        out[i] = v[i] / length
    return length


def out_parameter_helper(a):
    unit = np.empty(len(a))
    length = normalise(a, unit)
    return unit[0] * length + unit[1] * unit[2]


def writes_its_argument(a, b):
    s = 0.0
    for i in range(len(a)):
        a[i] = a[i] * b[i]
        s += a[i] * a[i]
    return s


def reads_after_write_then_overwrites(a):
    s = 0.0
    for i in range(len(a) - 1):
        s += a[i] * a[i + 1]
        a[i + 1] = s
        a[i] = 0.0
    return s * a[-1]


def accumulate_into_first(a):
    for i in range(1, len(a)):
        a[0] += a[i] * a[0]
    return a[0]


def zero_out_argument(a):
    s = np.sum(a * a)
    a[:] = 0.0
    return s + np.sum(a)


def histogram_weights(values, weights):
    bins = np.zeros(4)
    for i in range(len(values)):
        k = int(values[i])
        bins[k] += weights[i] * weights[i]
    return bins[0] * bins[1] + bins[2] - bins[3]


def index_from_loop_state(a):
    b = np.zeros(3)
    k = 0
    for i in range(len(a)):
        b[k] += a[i] * (i + 1)
        k = (k + 2) % 3
    return b[0] * b[1] * b[2]


def list_element_writes(x, y):
    cells = [x, y, 0.0]
    cells[2] = cells[0] * cells[1]
    cells[0] += cells[2]
    for i in range(3):
        cells[i] = cells[i] * (i + 1.0)
    return cells[0] * cells[1] + cells[2]


def game_of_rows(m):
    n = m.shape[0]
    for t in range(3):
        for i in range(n):
            m[i] = 0.5 * m[i] + 0.5 * m[(i + 1) % n] * m[i]
    return np.sum(m)


def local_array_per_iteration(a):
    total = 0.0
    for i in range(len(a)):
        w = np.zeros(2)
        w[0] = a[i]
        w[1] = w[0] * a[i]
        total += w[0] + w[1] * w[1]
    return total


def conditional_writes(a):
    for i in range(len(a)):
        if a[i] < 0:
            a[i] = -a[i] * 0.5
        elif a[i] > 1.0:
            a[i] = 1.0
    return np.sum(a * a)


def write_until_break(a):
    for i in range(len(a) - 1):
        a[i + 1] = a[i + 1] + 0.5 * a[i]
        if a[i + 1] > 1.0:
            a[i] = 0.0
            break
    return np.sum(a * a)


def _pair(rng):
    return (float(rng.normal()), float(rng.normal()))


def _scalar(rng):
    return (float(rng.normal()),)


def _v(n):
    return lambda rng: (rng.normal(size=n),)


def _vx(n):
    return lambda rng: (rng.normal(size=n), float(rng.normal()))


def _m(n, k):
    return lambda rng: (rng.normal(size=(n, k)),)


PROGRAMS: list[Program] = [
    program(write_elements, _pair, (0, 1), "mutation"),
    program(overwrite_same_element, _scalar, 0, "mutation"),
    program(overwrite_kills_dependence, _pair, (0, 1), "mutation"),
    program(augmented_elements, _vx(4), (0, 1), "mutation", small=(_vx(0), _vx(1))),
    program(augmented_power, _v(3), 0, "mutation", small=(_v(1),)),
    program(augmented_whole_array, lambda r: (r.normal(size=4), r.normal(size=4)), (0, 1), "mutation",
            small=(lambda r: (r.normal(size=0), r.normal(size=0)), lambda r: (r.normal(size=1), r.normal(size=1)))),
    program(augmented_scalar_rebinds, _scalar, 0, "mutation"),
    program(slice_assignment, _vx(4), (0, 1), "mutation"),
    program(slice_assign_scalar, _vx(5), (0, 1), "mutation"),
    program(negative_step_write, _v(5), 0, "mutation"),
    program(negative_indices, _v(4), 0, "mutation", small=(_v(3),)),
    program(rows_and_columns, lambda r: (r.normal(size=(3, 3)), r.normal(size=3)), (0, 1), "mutation"),
    program(diagonal_by_loop, lambda r: (r.normal(size=(3, 3)), float(r.normal())), (0, 1), "mutation",
            small=(lambda r: (r.normal(size=(1, 1)), 0.7),)),
    program(write_whole_with_colon, lambda r: (r.normal(size=4), r.normal(size=4)), (0, 1), "mutation"),
    program(two_dim_row_views, _m(2, 3), 0, "mutation"),
    program(fill_and_copyto, _vx(3), (0, 1), "mutation"),
    program(history_array, lambda r: (float(r.normal()), 6), 0, "mutation", small=(lambda r: (0.3, 0),)),
    program(running_sum_in_place, _v(5), 0, "mutation", small=(_v(0), _v(1))),
    program(second_order_recurrence, _v(6), 0, "mutation", small=(_v(1), _v(2))),
    program(backward_recurrence, _v(5), 0, "mutation", small=(_v(1), _v(2))),
    program(copy_each_iteration, _v(4), 0, "mutation", small=(_v(1), _v(2))),
    program(gauss_seidel_fixed, _v(4), 0, "mutation", small=(_v(0), _v(1))),
    program(gauss_seidel_until, _v(4), 0, "mutation", small=(_v(1),)),
    program(bubble_sort_weighted, _v(5), 0, "mutation", small=(_v(1), _v(2))),
    program(swap_elements_tuple, _v(3), 0, "mutation"),
    program(swap_rows, _m(2, 4), 0, "mutation"),
    program(helper_writes_argument, _vx(4), (0, 1), "mutation", "call"),
    program(out_parameter_helper, _v(3), 0, "mutation", "call"),
    program(writes_its_argument, lambda r: (r.normal(size=4), r.normal(size=4)), (0, 1), "mutation"),
    program(reads_after_write_then_overwrites, _v(5), 0, "mutation", small=(_v(1), _v(2))),
    program(accumulate_into_first, _v(4), 0, "mutation", small=(_v(1),)),
    program(zero_out_argument, _v(4), 0, "mutation"),
    program(histogram_weights, lambda r: (r.uniform(0, 3.99, size=6), r.normal(size=6)), (1, 0), "mutation"),
    program(index_from_loop_state, _v(6), 0, "mutation"),
    program(list_element_writes, _pair, (0, 1), "mutation"),
    program(game_of_rows, _m(3, 2), 0, "mutation"),
    program(local_array_per_iteration, _v(3), 0, "mutation", small=(_v(0),)),
    program(conditional_writes, lambda r: (2.0 * r.normal(size=6),), 0, "mutation"),
    program(write_until_break, _v(5), 0, "mutation", small=(_v(1),)),
]
