"""Statements: exits from loops, `match`, `with`, `del`, assignment in all its forms, exceptions, orderings."""
# ruff: noqa: E501, E702, F811
from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from typing import NamedTuple

import numba
import numpy as np
from numba import prange


def for_else(x, n):
    s = x
    for i in range(n):
        s = s * 1.1
        if s > 3.0:
            break
    else:
        s = s + x * x
    return s


def while_else(x, y):
    k = 0
    s = x
    while k < 5:
        s = s * y + 0.1
        k += 1
        if s > 10.0:
            break
    else:
        s = s * x
    return s + k


def nested_exits(x, n):
    total = 0.0
    for i in range(n):
        for j in range(n):
            if j > i:
                break
            if (i + j) % 3 == 1:
                continue
            total += x * (i + 1) * (j + 1)
            if total > 40.0:
                return total * x
        else:
            total += 0.5 * x
        while True:
            total *= 1.01
            if total > i:
                break
            total += x
    return total


def walrus(x, n):
    s = 0.0
    k = 0
    while (k := k + 1) < n:
        if (y := x * k) > 1.0:
            s += y * y
    return s + (z := x * 2.0) * z


def walrus_comprehension(x):
    values = [w := x + k for k in range(4)]
    return sum(values) * w


def match_static(x, kind):
    match kind:
        case "sin":
            return math.sin(x)
        case "cos" | "cosine":
            return math.cos(x)
        case None:
            return x
        case _:
            return x * x


def match_numeric(x, n):
    match n:
        case 0:
            y = x
        case 1 | 2:
            y = x * x
        case k if k > 5:
            y = x * k
        case _:
            y = x ** 3
    return y


def match_structures(p, x):
    match p:
        case (a, b):
            return a * x + b
        case [a, *rest]:
            return a * x + sum(rest)
        case {"a": a, "b": b}:
            return a * b * x
        case Pt(px, py):
            return px * py * x
    return x


class Pt(NamedTuple):
    px: float
    py: float


@dataclass
class Shape:
    w: float
    h: float = 2.0


def match_class(x, y):
    s = Shape(x, y)
    match s:
        case Shape(w=w, h=h) if w > 100:
            return w
        case Shape(w, h):
            return w * h + w


def del_entries(x, y):
    d = {"a": x, "b": y, "c": x * y}
    del d["c"]
    lst = [x, y, x * x, y * y]
    del lst[1]
    del lst[0:1]
    t = 0.0
    for k in d:
        t += d[k]
    return t * sum(lst)


def starred(x, y):
    a, *b, c = x, y, x * y, 2.0
    [p, q], r = (x, y), 3.0
    d = e = a * c
    d += 1.0
    return sum(b) * d + e * p * q * r


def star_args(x, y):
    def f(a, *rest, scale=1.0, **named):
        t = a * scale
        for r in rest:
            t += r
        for k, v in named.items():
            t *= v
        return t
    args = (x, y, x * y)
    named = {"scale": 2.0, "power": y}
    return f(*args, **named) + f(x) + f(*[y, x], scale=x)


def lambda_defaults(x, y):
    fs = [lambda t, k=k: t * k + x for k in range(3)]
    g = lambda t, *, a=y: t * a
    return sum(f(y) for f in fs) * g(x)


def annotated(x: float, y: "float" = 2.0) -> float:
    z: float = x * y
    w: "np.ndarray"
    w = np.zeros(2)
    w[0] = z
    return z + w[0]


def uses_prange(a):
    s = 0.0
    for i in prange(a.shape[0]):
        s += a[i] * a[i]
    for i in numba.prange(2):
        s += i
    return s


def literal_unroll(x, y):
    s = 0.0
    for v in numba.literal_unroll((x, 2, y)):
        s += v * x
    return s


def tuple_dynamic_index(x, y, n):
    t = (x, y, x * y)
    return t[n] * t[-1]


def list_dynamic_index(x, n):
    t = [x, 2.0, x * x]
    s = 0.0
    for i in range(n):
        s += t[i % 3]
    return s


def tuple_compare(x, y):
    if (x, 1) < (y, 2):
        return x * y
    if [x, y] >= [y, x]:
        return x
    return y


def tuple_minmax(x, y):
    v, k = min((x, 0), (y, 1))
    w, j = max([(x * y, 0), (y, 1)])
    return v * (k + 1) + w * (j + 1)


def errstate(x):
    with np.errstate(all="ignore"):
        y = np.sqrt(x)
    with contextlib.nullcontext(3.0) as k:
        y = y * k
    return y


class Timer:
    def __init__(self):
        self.n = 0.0
    def __enter__(self):
        self.n += 1.0
        return self
    def __exit__(self, *a):
        self.n += 2.0


def with_user(x):
    t = Timer()
    with t as u:
        y = x * u.n
    return y * t.n


@contextlib.contextmanager
def managed(v):
    yield v * 2.0


def with_generator(x):
    with managed(x) as y:
        z = y * x
    return z


def try_plain(x):
    y = 0.0
    try:
        y = x * x
    finally:
        y = y + 1.0
    return y


class MyError(Exception):
    pass


def raise_user(x):
    if x > 1e6:
        raise MyError(f"too big {x:.2f}", x)
    assert x < 1e5, f"value {x}"
    return x * x


def raise_from(x):
    if x > 1e6:
        raise ValueError("bad") from KeyError("k")
    return x * x


def prints(x, n):
    print("start", x)
    for i in range(n):
        print(i, f"{x * i:.3f}", end=";", sep=",")
    print()
    return x * x


def mixed_tuple_unpack_swap(x, y):
    a = [x, y, x]
    a[0], a[1] = a[1], a[0]
    i = 0
    i, a[i] = 1, 5.0
    (p, q), *rest = zip((x, y), (y, x))
    return a[0] + a[1] * p * q + rest[0][0]


def slices_static(x, y):
    t = (x, y, 1.0, 2.0)
    s = slice(1, 3)
    return sum(t[s]) + sum(t[::-1][:2]) + t[-1] * x


def ternary_chain(x, y):
    return (x if x > y else y) * (not x > 3) + (x and y) + (0 or y) + bool(x) + int(y > 0) + (x > 0) * 2.0


def complex_exits(x, n):
    s = x
    i = 0
    while True:
        i += 1
        if i > n:
            break
        if i % 2:
            continue
        for j in range(i):
            if j == 3:
                break
            s += x * j
            if s > 50:
                return s
        else:
            s *= 1.1
            continue
        s -= 0.3 * x
    return s


def int_ops(x, n):
    a, b = divmod(n, 3)
    return x * (a << 1) + (n & 3) * x + (n ^ 1) + (~n) * x + (n | 8) + n // 2 + n % 2 + abs(-n)


def del_names(x):
    y = x * 2
    z = y
    del y
    return z


def import_inside(x):
    import math as m
    from math import cos
    return m.sin(x) * cos(x)


def docstring_and_ellipsis(x):
    """doc"""
    ...
    pass
    return x


def assert_numbers(x, y):
    assert x < 100 and y < 100, "bad"
    assert isinstance(x, float)
    return x * y


def varargs_entry(*xs):
    s = 0.0
    for i, v in enumerate(xs):
        s += v * (i + 1)
    return s


def any_all_runtime(x, y):
    if any(v > 1 for v in (x, y)) and all([x > -9, y > -9]):
        return x * y
    return x + y


def running_best(x, n):
    best, arg = -1e9, -1
    for i in range(n):
        v = math.sin(x * i)
        if v > best:
            best, arg = v, i
    return best * (arg + 1)


CASES = [
    (for_else, 0.7, 5),
    (for_else, 1.7, 9),
    (while_else, 0.5, 0.9),
    (while_else, 5.0, 1.9),
    (nested_exits, 0.3, 4),
    (nested_exits, 2.3, 5),
    (walrus, 0.6, 5),
    (walrus_comprehension, 0.4),
    (match_static, 0.3, 'cosine'),
    (match_static, 0.3, None),
    (match_numeric, 0.5, 0),
    (match_numeric, 0.5, 2),
    (match_numeric, 0.5, 9),
    (match_structures, (0.1, 0.2), 0.3),
    (match_structures, [0.1, 0.2, 0.4], 0.3),
    (match_structures, {'a': 0.1, 'b': 0.2}, 0.3),
    (match_class, 0.3, 0.4),
    (del_entries, 0.3, 0.4),
    (starred, 0.3, 0.4),
    (star_args, 0.3, 0.4),
    (lambda_defaults, 0.3, 0.4),
    (annotated, 0.3),
    (uses_prange, np.array([0.1, 0.2])),
    (literal_unroll, 0.3, 0.4),
    (tuple_dynamic_index, 0.3, 0.4, 1),
    (list_dynamic_index, 0.3, 4),
    (tuple_compare, 0.3, 0.4),
    (tuple_compare, 0.5, 0.4),
    (tuple_minmax, 0.3, 0.4),
    (errstate, 0.3),
    (with_user, 0.3),
    (with_generator, 0.3),
    (try_plain, 0.3),
    (raise_user, 0.3),
    (raise_from, 0.3),
    (prints, 0.3, 2),
    (mixed_tuple_unpack_swap, 0.3, 0.4),
    (slices_static, 0.3, 0.4),
    (ternary_chain, 0.3, 0.4),
    (complex_exits, 0.3, 7),
    (int_ops, 0.3, 7),
    (del_names, 0.3),
    (import_inside, 0.3),
    (docstring_and_ellipsis, 0.3),
    (assert_numbers, 0.3, 0.4),
    (varargs_entry, 0.3, 0.4),
    (any_all_runtime, 0.3, 0.4),
    (running_best, 0.3, 5),
]
