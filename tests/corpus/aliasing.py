"""Aliases, views of views, transposed and reversed views, gathers and scatters with repeated indices, overlaps."""
from __future__ import annotations

import math

import numpy as np

from tests.corpus.program import Program, program


def write_through_alias(x):
    y = np.zeros(3)
    y[0] = x
    z = y
    z[1] = y[0] * x
    z[0] = 2.0 * x
    return y[0] * y[1] + z[2]


def alias_of_argument(a):
    z = a
    z[0] = a[1] * a[2]
    z[1] += a[0]
    return np.sum(a * a)


def alias_multiplied_in_place(a, x):
    y = a
    y *= x
    return np.sum(a * a)


def rebinding_is_not_writing(a, x):
    y = a
    y = y * x
    y[0] = 7.0
    return np.sum(a * y)


def copy_is_not_alias(a, x):
    y = a.copy()
    y *= x
    return np.sum(a * y) + np.sum(y)


def write_through_view(a, x):
    v = a[1:3]
    v[0] = x
    v *= a[0]
    return np.sum(a * a)


def write_through_view_of_view(a, x):
    v = a[1:]
    w = v[::2]
    w[1] = x * w[0]
    v[0] += a[0]
    return np.sum(a * a * a)


def write_through_transposed(m, x):
    t = m.T
    t[0, 1] = x
    t[2] *= m[0, 0]
    return np.sum(m * m)


def transposed_row_view(m, x):
    row = m.T[1]
    row[0] = x * row[1]
    row += m[0, 0]
    return np.sum(m[:, 1] ** 2) + np.sum(m)


def write_through_reversed(a, x):
    r = a[::-1]
    r[0] = x
    r[1:3] *= r[0]
    return a[-1] * a[-2] + np.sum(a)


def reversed_view_of_strided_view(a):
    v = a[::2]
    w = v[::-1]
    w[0] = w[1] * w[2]
    v[0] *= 3.0
    return np.sum(a * a)


def view_read_after_base_write(a, x):
    v = a[1:4]
    a[2] = x * x
    a *= 1.5
    return np.sum(v * v)


def reshaped_view_write(a, x):
    m = a.reshape(2, 3)
    m[1, 0] = x
    m[0] *= m[1]
    return np.sum(a * a)


def raveled_view_write(m, x):
    flat = m.reshape(-1)
    flat[1] = x * flat[0]
    return np.sum(m * m)


def row_view_in_loop(m):
    for i in range(1, m.shape[0]):
        row = m[i]
        previous = m[i - 1]
        row += 0.5 * previous * previous
    return np.sum(m * m)


def column_view_swap(m):
    left = m[:, 0]
    right = m[:, 1]
    kept = left.copy()
    left[:] = right
    right[:] = kept * kept
    return np.sum(left * right) + m[0, 0]


def overlapping_shift_right(a):
    a[1:] = a[:-1]
    return np.sum(a * a * np.arange(1.0, len(a) + 1.0))


def overlapping_add_shift(a):
    a[1:] += a[:-1] * a[1:]
    a[:-1] *= a[1:]
    return np.sum(a)


def overlapping_reverse(a):
    a[:] = a[::-1] * a
    return np.sum(a * np.arange(len(a)))


def alias_in_tuple(a, x):
    pair = (a, a)
    pair[0][0] = x
    pair[1][1] = pair[0][0] * x
    return np.sum(a * a)


def alias_in_list_and_dict(a, x):
    kept = [a]
    named = {"a": a}
    kept[0][0] *= x
    named["a"][1] = a[0] + x
    return np.sum(kept[0] * named["a"])


def same_argument_twice(u, v):
    for i in range(len(u)):
        u[i] = u[i] * v[i]
    return np.sum(v * v)


def writes_where_views_overlap(u, v):
    for i in range(len(v)):
        v[i] = v[i] + 0.5 * u[i] * u[i]
    return np.sum(u) + np.sum(v * v)


def reads_same_argument_twice(u, v):
    return np.sum(u * v * v)


def alias_chosen_by_branch(a, b, p):
    c = a if p > 0 else b
    c[2] = p * c[0]
    return np.sum(a * a) + np.sum(b)


def alias_chosen_by_statement(a, b, x):
    if x > 0:
        c = a
    else:
        c = b
    c[0] = x
    c *= 2.0
    return np.sum(a * b)


def alias_chosen_in_loop(a, b):
    for i in range(len(a)):
        if a[i] > b[i]:
            target = a
        else:
            target = b
        target[i] = a[i] * b[i]
    return np.sum(a) + np.sum(b * b)


def gather_repeated(a, index):
    b = a[index]
    return np.sum(b * b * np.arange(1.0, len(index) + 1.0))


def gather_in_loop(a, index):
    s = 0.0
    for i in index:
        s = s * 0.9 + a[i] * a[i]
    return s


def scatter_add_in_loop(a, index):
    out = np.zeros(4)
    for i in range(len(index)):
        out[index[i]] += a[i] * a[i]
    return np.sum(out * out * out)


def fancy_scatter_buffered(a, index):
    out = np.zeros(4)
    out[index] += a
    return np.sum(out * out)


def fancy_assign_distinct(a, index, x):
    out = a.copy()
    out[index] = x * a[:2]
    return np.sum(out * out)


def scatter_add_at(a, index):
    out = np.ones(4)
    np.add.at(out, index, a * a)
    return np.sum(out * out)


def scatter_add_at_rows(m, index):
    out = np.zeros((3, 2))
    np.add.at(out, index, m)
    np.add.at(out, index, 0.5)
    return np.sum(out ** 3)


def out_argument(a, b):
    c = np.empty(3)
    np.multiply(a, b, out=c)
    np.add(c, a, out=c)
    np.sin(c, out=c)
    return np.sum(c * c)


def out_aliases_input(a, b):
    np.multiply(a, b, out=a)
    np.exp(a, out=b)
    return np.sum(a * b)


def out_into_view(a):
    b = np.zeros(5)
    np.add(a[1:], a[:-1], out=b[1:4])
    np.multiply(b[:2], 3.0, out=b[3:])
    return np.sum(b * b)


def write_inside_helper_through_view(m):
    add_neighbours(m[1], m[0])
    add_neighbours(m[:, 1], m[:, 0])
    return np.sum(m * m)


def add_neighbours(target, source):
    for i in range(len(target)):
        target[i] += source[i] * target[i]


def return_alias_from_helper(a, x):
    v = tail(a)
    v[0] = x
    tail(v)[0] *= 2.0 * x
    return np.sum(a * a)


def tail(v):
    return v[1:]


def buffer_then_alias_out(x):
    b = np.zeros(4)
    for i in range(4):
        b[i] = math.sin(x * (i + 1))
    a = b
    return np.sum(a * a)


def assigned_alias_in_loop(a, x):
    c = a
    for i in range(3):
        b = np.zeros(len(a))
        for j in range(len(a)):
            b[j] = c[j] * x + i
        c = b
    return np.sum(c * a)


def poisoned_old_alias(a):
    z = a
    s = 0.0
    for i in range(3):
        a = a * 0.5 + 1.0
        s += z[i] * a[i]
    return s


def closure_writes_alias(a, x):
    def poke(k, value):
        a[k] = value

    z = a
    poke(0, x * a[1])
    poke(2, z[0] * x)
    return np.sum(z * z)


def _vx(n):
    return lambda rng: (rng.normal(size=n), float(rng.normal()))


def _v(n):
    return lambda rng: (rng.normal(size=n),)


def _mx(n, k):
    return lambda rng: (rng.normal(size=(n, k)), float(rng.normal()))


def _ab(n):
    return lambda rng: (rng.normal(size=n), rng.normal(size=n))


def _abx(n):
    return lambda rng: (rng.normal(size=n), rng.normal(size=n), float(rng.normal()))


def _indexed(n, indices):
    return lambda rng: (rng.normal(size=n), np.array(indices, dtype=np.int64))


def _same_twice(rng):
    a = rng.normal(size=4)
    return a, a


def _shifted(rng):
    a = rng.normal(size=5)
    return a, a[1:]


def _interleaved(rng):
    a = rng.normal(size=6)
    return a[::2], a[1::2]


def _crossing(rng):
    a = rng.normal(size=6)
    return a[:4], a[5:1:-1]


PROGRAMS: list[Program] = [
    program(write_through_alias, lambda r: (float(r.normal()),), 0, "aliasing"),
    program(alias_of_argument, _v(3), 0, "aliasing"),
    program(alias_multiplied_in_place, _vx(3), (0, 1), "aliasing", small=(_vx(0), _vx(1))),
    program(rebinding_is_not_writing, _vx(3), (0, 1), "aliasing", small=(_vx(1),)),
    program(copy_is_not_alias, _vx(3), (0, 1), "aliasing", small=(_vx(0), _vx(1))),
    program(write_through_view, _vx(4), (0, 1), "aliasing"),
    program(write_through_view_of_view, _vx(6), (0, 1), "aliasing"),
    program(write_through_transposed, _mx(2, 3), (0, 1), "aliasing"),
    program(transposed_row_view, _mx(3, 2), (0, 1), "aliasing"),
    program(write_through_reversed, _vx(4), (0, 1), "aliasing"),
    program(reversed_view_of_strided_view, _v(6), 0, "aliasing"),
    program(view_read_after_base_write, _vx(5), (0, 1), "aliasing"),
    program(reshaped_view_write, _vx(6), (0, 1), "aliasing"),
    program(raveled_view_write, _mx(2, 3), (0, 1), "aliasing"),
    program(row_view_in_loop, lambda r: (r.normal(size=(3, 2)),), 0, "aliasing",
            small=(lambda r: (r.normal(size=(1, 2)),),)),
    program(column_view_swap, lambda r: (r.normal(size=(3, 2)),), 0, "aliasing"),
    program(overlapping_shift_right, _v(5), 0, "aliasing", small=(_v(0), _v(1), _v(2))),
    program(overlapping_add_shift, _v(5), 0, "aliasing", small=(_v(1), _v(2))),
    program(overlapping_reverse, _v(5), 0, "aliasing", small=(_v(0), _v(1))),
    program(alias_in_tuple, _vx(3), (0, 1), "aliasing"),
    program(alias_in_list_and_dict, _vx(3), (0, 1), "aliasing"),
    program(same_argument_twice, _same_twice, (0, 1), "aliasing", "overlap"),
    program(same_argument_twice, _ab(4), (0, 1), "aliasing", name="two_distinct_arguments"),
    program(same_argument_twice, _crossing, (0, 1), "aliasing", "overlap", name="arguments_cross_reversed"),
    program(writes_where_views_overlap, _shifted, (0, 1), "aliasing", "overlap"),
    program(writes_where_views_overlap, _interleaved, (0, 1), "aliasing", name="interleaved_views_do_not_overlap"),
    program(reads_same_argument_twice, _same_twice, (0, 1), "aliasing", "overlap"),
    program(alias_chosen_by_branch, _abx(3), (0, 1, 2), "aliasing"),
    program(alias_chosen_by_statement, _abx(3), (0, 1, 2), "aliasing"),
    program(alias_chosen_in_loop, _ab(4), (0, 1), "aliasing"),
    program(gather_repeated, _indexed(4, [0, 2, 2, 3, 0]), 0, "aliasing", small=(_indexed(1, [0, 0]),)),
    program(gather_in_loop, _indexed(4, [1, 1, 3, 0]), 0, "aliasing"),
    program(scatter_add_in_loop, _indexed(5, [0, 2, 2, 3, 0]), 0, "aliasing"),
    program(fancy_scatter_buffered, _indexed(5, [0, 2, 2, 3, 0]), 0, "aliasing"),
    program(fancy_assign_distinct, lambda r: (r.normal(size=4), np.array([3, 1]), float(r.normal())), (0, 2),
            "aliasing"),
    program(scatter_add_at, _indexed(5, [0, 2, 2, 3, 0]), 0, "aliasing"),
    program(scatter_add_at_rows, lambda r: (r.normal(size=(4, 2)), np.array([1, 1, 0, 2])), 0, "aliasing"),
    program(out_argument, _ab(3), (0, 1), "aliasing"),
    program(out_aliases_input, _ab(3), (0, 1), "aliasing"),
    program(out_into_view, _v(4), 0, "aliasing"),
    program(write_inside_helper_through_view, lambda r: (r.normal(size=(3, 3)),), 0, "aliasing", "call"),
    program(return_alias_from_helper, _vx(4), (0, 1), "aliasing", "call"),
    program(buffer_then_alias_out, lambda r: (float(r.normal()),), 0, "aliasing"),
    program(assigned_alias_in_loop, _vx(3), (0, 1), "aliasing"),
    program(poisoned_old_alias, _v(3), 0, "aliasing"),
    program(closure_writes_alias, _vx(3), (0, 1), "aliasing", "call"),
]
