"""Functions: closures that write, iterators, generators, itertools, functools, the operator module."""
# ruff: noqa: E501, E702, F811
from __future__ import annotations

import functools
import itertools
import math
import operator
from typing import NamedTuple

import numpy as np


def nonlocal_write(x, y):
    total = 0.0
    count = 0
    def add(v):
        nonlocal total, count
        total += v * v
        count += 1
        return total
    for v in (x, y, x * y):
        add(v)
    return total * count + add(x)


def nonlocal_in_loop(x, n):
    state = x
    def step(dt):
        nonlocal state
        state = state + dt * math.sin(state)
    for i in range(n):
        step(0.1)
    return state


COUNTER = 0


SCALE = 2.0


def global_write(x):
    global COUNTER, SCALE
    COUNTER += 1
    SCALE = SCALE * x
    return SCALE * x


def mutate_captured(x, y):
    memory = []
    table = {}
    def remember(k, v):
        memory.append(v)
        table[k] = v
    remember("a", x)
    remember("b", y * x)
    return sum(memory) * table["b"]


def closures_in_containers(x, y):
    ops = {"add": lambda a, b: a + b, "mul": lambda a, b: a * b}
    fs = [math.sin, np.exp, lambda t: t ** 2]
    s = ops["add"](x, y) * ops["mul"](x, y)
    for f in fs:
        s += f(x)
    return s


def reduce_(x, y):
    return functools.reduce(lambda a, b: a * b + x, [x, y, 2.0], 1.0) + functools.reduce(operator.add, (x, y))


def partial_(x, y):
    f = functools.partial(pow, x)
    g = functools.partial(lambda a, b, c=1.0: a * b + c, y, c=x)
    return f(3) + g(2.0)


@functools.lru_cache(maxsize=None)
def cached(k):
    return k * 2.0 + 1.0


@functools.lru_cache
def cached_active(x):
    return x * x


def lru(x):
    return cached(3) * x + cached_active(x)


def deco(f):
    @functools.wraps(f)
    def inner(*args, **kw):
        return 2.0 * f(*args, **kw)
    return inner


@deco
def decorated(x):
    return x * x


def wraps(x):
    return decorated(x) + 1.0


class Pt(NamedTuple):
    px: float
    py: float


def operators(x, y):
    return (operator.add(x, y) * operator.mul(x, y) - operator.truediv(x, y) + operator.neg(x) + operator.pow(y, 2)
            + operator.itemgetter(1)((x, y)) + operator.attrgetter("px")(Pt(x, y)) + operator.methodcaller("conjugate")(x).real)


def iter_product(x, y):
    s = 0.0
    for a, b in itertools.product((x, y), (1.0, 2.0, x)):
        s += a * b
    return s


def iter_chain(x, y):
    return sum(v * v for v in itertools.chain([x], (y, x * y), [2.0])) + sum(itertools.chain.from_iterable([[x, y], [x]]))


def iter_zip_longest(x, y):
    s = 0.0
    for a, b in itertools.zip_longest((x, y, x), (y,), fillvalue=1.5):
        s += a * b
    return s


def iter_accumulate(x, y):
    s = 0.0
    for v in itertools.accumulate([x, y, 2.0]):
        s = s * 0.5 + v
    for v in itertools.accumulate([x, y, 2.0], operator.mul, initial=2.0):
        s += v
    return s


def iter_combinations(x, y):
    pts = (x, y, x * y, 1.0)
    return (sum((a - b) ** 2 for a, b in itertools.combinations(pts, 2))
            + sum(a * b for a, b in itertools.permutations(pts[:3], 2))
            + sum(a * b for a, b in itertools.combinations_with_replacement(pts[:2], 2)))


def iter_islice(x, y):
    return (sum(itertools.islice((x, y, x * x, y), 1, 3)) + sum(a * b for a, b in itertools.pairwise([x, y, x * y]))
            + sum(itertools.repeat(x, 3)) + sum(itertools.starmap(lambda a, b: a * b, [(x, y), (y, y)]))
            + sum(v for v, k in zip((x, y, x), itertools.cycle((1, 2)))) + sum(v * k for v, k in zip((x, y), itertools.count(1)))
            + sum(itertools.takewhile(lambda k: k < 3, [1, 2, 3, 4])) * x
            + sum(itertools.compress([x, y, x * y], [1, 0, 1])))


def map_filter(x, y):
    s = sum(map(lambda v: v * v, [x, y]))
    s += sum(map(operator.mul, (x, y), (y, y)))
    s += sum(filter(None, [1, 0, 3])) * x
    s += sum(v for v in filter(lambda k: k % 2 == 0, range(6))) * y
    return s + sum(list(map(math.sin, (x, y))))


def builtins_key(x, y):
    pts = [(1, x), (0, y), (2, x * y)]
    pts = sorted(pts, key=lambda p: p[0])
    m = max(pts, key=lambda p: p[0])
    n = min([3, 1, 2], key=lambda k: -k)
    e = max([], default=x)
    return pts[0][1] * m[1] + n * x + e + (1.0 if any(k > 2 for k in (1, 3)) else 2.0) * y


def max_key_runtime(x, y):
    best = max([x, y, x * y], key=lambda v: -v * v)
    return best * x


def sorted_runtime(x, y):
    a, b, c = sorted([x, y, x * y])
    return a + 2.0 * b * c


def gen_function(x, y):
    def terms():
        yield x
        yield x * y
        for k in range(3):
            yield k * y
    s = 0.0
    for t in terms():
        s += t * t
    return s + sum(terms())


def halves(x, n):
    while n > 0:
        yield x / n
        n -= 1


def gen_module(x):
    return sum(halves(x, 4)) + max(halves(x, 3))


def gen_stateful(x):
    g = iter([x, 2 * x, 3.0])
    a = next(g)
    b = next(g)
    return a * b + next(g) + next(g, 7.0)


def zip_enumerate(a, b):
    s = 0.0
    for i, (u, v) in enumerate(zip(a, b)):
        s += u * v * i
    for (i, u), v in zip(enumerate(a, start=2), b):
        s += i * u * v
    for i, u in reversed(list(enumerate([1.0, 2.0]))):
        s += i * u * a[0]
    for u, k in zip(a, range(1, 100)):
        s += u * k
    for u, v in zip(a[1:], a):
        s += u * v
    for i, u in enumerate(reversed(a)):
        s += i * u
    return s


def nested_functions(x):
    def outer(f):
        def inner(t):
            return f(f(t))
        return inner
    def make(n):
        return (lambda t: t) if n == 0 else (lambda t: x * make(n - 1)(t))
    return outer(lambda t: t * x)(2.0) + make(3)(1.0)


def conditional_lambda(x, y):
    f = math.sin if x > 0 else math.cos
    return f(y)


@functools.singledispatch
def sd(v):
    return v * 0


@sd.register
def _(v: float):
    return v * 3


@sd.register
def _(v: list):
    return sum(v)


def singled(x):
    return sd(x) + sd([x, x])


def count_runtime(x, y):
    n = sum(1 for v in (x, y, x * y) if v > 0)
    return n * x


def filter_runtime(x, y):
    return sum(v * v for v in (x, y, x * y) if v > 0)


CASES = [
    (nonlocal_write, 0.3, 0.4),
    (nonlocal_in_loop, 0.3, 4),
    (global_write, 0.3),
    (mutate_captured, 0.3, 0.4),
    (closures_in_containers, 0.3, 0.4),
    (reduce_, 0.3, 0.4),
    (partial_, 0.3, 0.4),
    (lru, 0.3),
    (wraps, 0.3),
    (operators, 0.3, 0.4),
    (iter_product, 0.3, 0.4),
    (iter_chain, 0.3, 0.4),
    (iter_zip_longest, 0.3, 0.4),
    (iter_accumulate, 0.3, 0.4),
    (iter_combinations, 0.3, 0.4),
    (iter_islice, 0.3, 0.4),
    (map_filter, 0.3, 0.4),
    (builtins_key, 0.3, 0.4),
    (max_key_runtime, 0.3, 0.4),
    (sorted_runtime, 0.3, 0.4),
    (gen_function, 0.3, 0.4),
    (gen_module, 0.3),
    (gen_stateful, 0.3),
    (zip_enumerate, np.array([0.1, 0.2, 0.3]), np.array([0.4, 0.5, 0.6])),
    (nested_functions, 0.3),
    (conditional_lambda, 0.3, 0.4),
    (singled, 0.3),
    (count_runtime, 0.3, -0.4),
    (filter_runtime, 0.3, -0.4),
]
