"""Buffers swapped in time loops, kept aliases of them, and buffers handed from name to name."""
from __future__ import annotations

import math

import numpy as np

from tests.corpus.program import Program, program


def swap_odd_second_unused(u0):
    u = u0.copy()
    v = u0.copy()
    for _ in range(3):
        for i in range(1, len(u) - 1):
            v[i] = u[i] + 0.2 * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        u, v = v, u
    return np.sum(u * u)


def swap_even_second_unused(u0):
    u = u0.copy()
    v = u0.copy()
    for _ in range(4):
        for i in range(1, len(u) - 1):
            v[i] = u[i] + 0.2 * (u[i - 1] - 2.0 * u[i] * u[i] + u[i + 1])
        u, v = v, u
    return np.sum(u * u)


def swap_trips_from_argument(u0, steps):
    u = u0.copy()
    v = np.zeros(len(u0))
    for _ in range(steps):
        for i in range(len(u)):
            v[i] = math.sin(u[i]) + 0.3 * u[i - 1]
        u, v = v, u
    return np.sum(u * u) + 0.5 * np.sum(v)


def swap_with_alias_kept(a, b, steps):
    z = a
    for _ in range(steps):
        a[0] = b[1] * a[0]
        b[1] += a[1]
        a, b = b, a
    return np.sum(z * z) + a[0] * b[1]


def swap_once_without_loop(a, b):
    z = a
    a, b = b, a
    a[0] = b[0] * 2.0
    b[1] = a[1] * a[0]
    return z[1] * a[0] + b[0]


def swap_by_third_name(a, b):
    for i in range(3):
        kept = a
        a = b
        b = kept
        a[i % 2] = a[0] * b[1] + 0.5
    return np.sum(a) * np.sum(b * b)


def rotate_three_buffers(a, b, c):
    for i in range(4):
        c[0] = a[0] * b[1] + 0.1 * i
        c[1] = a[1] - b[0]
        a, b, c = b, c, a
    return a[0] * b[1] + c[0]


def swap_in_one_arm(a, b):
    for i in range(4):
        if a[0] > b[0]:
            a, b = b, a
        a[0] = a[0] + 0.7 * b[1] * b[1]
        b[1] = b[1] * 0.9
    return a[0] * b[1] + a[1] * b[0]


def swap_rows_as_views(m, steps):
    u = m[0]
    v = m[1]
    for _ in range(steps):
        for i in range(1, len(u)):
            v[i] = u[i] * u[i - 1] + 0.1
        u, v = v, u
    return np.sum(u * u) + np.sum(m)


def nested_swaps(a, b):
    for _ in range(2):
        for _ in range(3):
            b[0] = 0.5 * a[0] * a[1] + 0.2
            b[1] = a[1] + 0.1 * b[0]
            a, b = b, a
        a[0] = a[0] + b[1]
    return a[0] * a[1] + b[0]


def swap_with_break(a, b):
    for i in range(9):
        b[0] = a[0] * 1.5 + 0.1 * a[1]
        b[1] = a[1]
        a, b = b, a
        if a[0] > 3.0:
            break
    return a[0] * a[1] + b[0]


def swap_in_while(a, b):
    k = 0
    while k < 5 and a[0] < 4.0:
        b[0] = a[0] * a[0] * 0.5 + 1.0
        b[1] = a[1] * 0.5
        a, b = b, a
        k += 1
    return a[0] + a[1] * b[0] + b[1]


def new_buffer_each_step(u):
    for _ in range(3):
        w = np.empty_like(u)
        w[0] = u[-1]
        for i in range(1, len(u)):
            w[i] = u[i - 1] * u[i]
        u = w
    return np.sum(u * u)


def buffer_filled_then_bound(a0):
    a = a0
    for t in range(3):
        b = np.zeros(3)
        for i in range(3):
            b[i] = a[i] * a[(i + 1) % 3] + 0.1 * t
        a = b
    return np.sum(a * a0)


def swap_fields_of_tuple(a, b):
    pair = (a, b)
    for _ in range(3):
        new, old = pair
        old[0] = new[0] * new[1]
        pair = (old, new)
    return pair[0][0] + pair[1][0] * pair[1][1]


def swap_entries_of_list(a, b):
    buffers = [a, b]
    for i in range(5):
        source = buffers[i % 2]
        target = buffers[(i + 1) % 2]
        for j in range(len(source)):
            target[j] = source[j] * 0.8 + 0.1 * source[j - 1] * source[j]
    return np.sum(buffers[0]) + np.sum(buffers[1] * buffers[1])


def swap_inside_helper(a, b):
    for _ in range(3):
        a, b = relax(a, b)
    return np.sum(a * a) + b[0]


def relax(source, target):
    for i in range(len(source)):
        target[i] = 0.5 * source[i] + 0.25 * source[i] * source[i - 1]
    return target, source


def copy_back_instead_of_swap(u):
    v = np.zeros(len(u))
    for _ in range(3):
        for i in range(1, len(u) - 1):
            v[i] = u[i - 1] * u[i + 1] + u[i]
        u[:] = v
    return np.sum(u)


def heat_two_buffers_2d(u0, steps, c):
    n, m = u0.shape
    u = u0.copy()
    v = u0.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                v[i, j] = u[i, j] + c * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])
        u, v = v, u
    s = 0.0
    for i in range(n):
        for j in range(m):
            s += u[i, j] * u[i, j]
    return s


def nonlinear_stencil_swap(u0, steps):
    u = u0.copy()
    v = np.empty_like(u0)
    n = len(u0)
    for _ in range(steps):
        for i in range(n):
            left = u[i - 1]
            right = u[(i + 1) % n]
            v[i] = u[i] + 0.1 * (right - 2.0 * u[i] + left) + 0.05 * u[i] * (1.0 - u[i] * u[i])
        u, v = v, u
    return np.sum(u * np.arange(1.0, n + 1.0))


def leapfrog_levels(u0, steps):
    before = u0.copy()
    now = u0.copy()
    after = np.zeros(len(u0))
    for _ in range(steps):
        for i in range(1, len(u0) - 1):
            after[i] = 2.0 * now[i] - before[i] + 0.3 * (now[i - 1] - 2.0 * now[i] + now[i + 1])
        before, now, after = now, after, before
    return np.sum(now * before)


def _ab(n):
    return lambda rng: (rng.normal(size=n), rng.normal(size=n))


def _steps(k):
    return lambda rng: (rng.normal(size=2), rng.normal(size=2), k)


def _u(n):
    return lambda rng: (rng.normal(size=n),)


def _u_steps(n, k):
    return lambda rng: (rng.normal(size=n), k)


PROGRAMS: list[Program] = [
    program(swap_odd_second_unused, _u(5), 0, "aliasing", "swap", small=(_u(1), _u(2), _u(3))),
    program(swap_even_second_unused, _u(5), 0, "aliasing", "swap", small=(_u(2), _u(3))),
    program(swap_trips_from_argument, _u_steps(4, 3), 0, "aliasing", "swap",
            small=(_u_steps(4, 0), _u_steps(4, 1), _u_steps(1, 2))),
    program(swap_with_alias_kept, _steps(3), (0, 1), "aliasing", "swap", small=(_steps(0), _steps(2))),
    program(swap_once_without_loop, _ab(2), (0, 1), "aliasing", "swap"),
    program(swap_by_third_name, _ab(2), (0, 1), "aliasing", "swap"),
    program(rotate_three_buffers, lambda r: tuple(r.normal(size=2) for _ in range(3)), (0, 1, 2), "aliasing", "swap"),
    program(swap_in_one_arm, _ab(2), (0, 1), "aliasing", "swap"),
    program(swap_rows_as_views, lambda r: (r.normal(size=(2, 3)), 3), 0, "aliasing", "swap",
            small=(lambda r: (r.normal(size=(2, 3)), 2),)),
    program(nested_swaps, _ab(2), (0, 1), "aliasing", "swap"),
    program(swap_with_break, lambda r: (r.uniform(0.2, 2, size=2), r.normal(size=2)), (0, 1), "aliasing", "swap"),
    program(swap_in_while, lambda r: (r.uniform(0.2, 2, size=2), r.normal(size=2)), (0, 1), "aliasing", "swap"),
    program(new_buffer_each_step, _u(4), 0, "aliasing", "swap", small=(_u(1), _u(2))),
    program(buffer_filled_then_bound, _u(3), 0, "aliasing", "swap"),
    program(swap_fields_of_tuple, _ab(2), (0, 1), "aliasing", "swap"),
    program(swap_entries_of_list, _ab(3), (0, 1), "aliasing", "swap"),
    program(swap_inside_helper, _ab(3), (0, 1), "aliasing", "swap", "call"),
    program(copy_back_instead_of_swap, _u(5), 0, "aliasing", "swap", small=(_u(2),)),
    program(heat_two_buffers_2d, lambda r: (r.normal(size=(4, 5)), 3, 0.2), ("u0", "c"), "aliasing", "swap",
            small=(lambda r: (r.normal(size=(3, 3)), 1, 0.2), lambda r: (r.normal(size=(1, 1)), 2, 0.1),
                   lambda r: (r.normal(size=(4, 4)), 0, 0.2))),
    program(nonlinear_stencil_swap, _u_steps(5, 3), 0, "aliasing", "swap", small=(_u_steps(1, 2), _u_steps(5, 4))),
    program(leapfrog_levels, _u_steps(5, 4), 0, "aliasing", "swap", small=(_u_steps(3, 2),)),
]
