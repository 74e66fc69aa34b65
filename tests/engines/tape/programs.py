"""Programs on which a tape could lose a derivative: each is differentiated right, or refused."""

from __future__ import annotations

import array
import ast
import bisect
import collections
import copy
import ctypes
import dataclasses
import decimal
import fractions
import functools
import heapq
import itertools
import json
import math
import operator
import pickle
import random
import statistics
import struct
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

RIGHT: list[Callable[[float, float], Any]] = []
REFUSED: list[Callable[[float, float], Any]] = []


def right(function: Callable[[float, float], Any]) -> Callable[[float, float], Any]:
    """The derivative is what differences say."""
    RIGHT.append(function)
    return function


def refused(function: Callable[[float, float], Any]) -> Callable[[float, float], Any]:
    """The derivative is refused, in the function's own lines."""
    REFUSED.append(function)
    return function


OUTSIDE = np.zeros(3)  # an array that no run knows


# ---------------------------------------------------------------------- through text and bytes
@refused
def text(x, y):
    return float(str(x)) * y


@refused
def formatted(x, y):
    return float(f"{x:.17g}") + y


@refused
def percent(x, y):
    return float("%r" % x) + y


@refused
def evaluated(x, y):
    return eval(repr(x)) * y


@refused
def literal(x, y):
    return ast.literal_eval(str(x)) * y


@refused
def as_json(x, y):
    return json.loads(json.dumps([x]))[0] * y


@refused
def as_hex(x, y):
    return float.fromhex(x.hex()) * y


@refused
def hex_of_class(x, y):
    return float.fromhex(float.hex(x)) * y


@refused
def packed(x, y):
    return struct.unpack("d", struct.pack("d", x))[0] * y


@refused
def packed_or_else(x, y):
    try:
        return struct.unpack("d", struct.pack("d", x))[0] * y
    except struct.error:
        return y


@refused
def pickled(x, y):
    return pickle.loads(pickle.dumps(x)) * y


@refused
def array_of_bytes(x, y):
    return np.frombuffer(np.array([x, y]).tobytes())[0] * y


@refused
def memory(x, y):
    return memoryview(np.array([x, y]))[0] * y


@refused
def typed_array(x, y):
    return array.array("d", [x, y])[0] * y


@refused
def foreign(x, y):
    return ctypes.c_double(x).value * y


@refused
def print_and_read(x, y):
    lines = [str(v) for v in (x, y)]
    return sum(map(float, lines))


# ---------------------------------------------------------------------- through other kinds of number
@refused
def fraction(x, y):
    return float(fractions.Fraction(x) * fractions.Fraction(y))


@refused
def fraction_or_else(x, y):
    try:
        return float(fractions.Fraction(x))
    except Exception:
        return y * 1.0


@right
def fraction_as_factor(x, y):
    return fractions.Fraction(1, 3) * x + y * fractions.Fraction(2, 7) - fractions.Fraction(1, 2)


@refused
def decimal_number(x, y):
    return float(decimal.Decimal(x) * 2) + y


@refused
def decimal_from_float(x, y):
    return float(decimal.Decimal.from_float(x)) + y


@refused
def ratio(x, y):
    n, d = x.as_integer_ratio()
    return n / d * y


@refused
def split_exponent(x, y):
    m, e = math.frexp(x)
    return m * 2**e * y


@right
def split_fraction(x, y):
    part, whole = math.modf(3.0 * x)
    return part * y + whole


@right
def numpy_number(x, y):
    return np.float64(x) * y + np.asarray(x) * 2.0 + np.array(y)


@right
def integers(x, y):
    return int(3 * x) * y + round(7 * x) * y + round(x * y, 3) + x.is_integer() + math.floor(x * 9) * x + 5 // y


@right
def large_integers(x, y):
    return 10**30 / 10**29 * x + y * 3**50 / 7**27 + (x * 2**70) / 2**69 + 10**40 // 10**39 * y


@refused
def special_float(x, y):
    return x.__float__() * y


@right
def descriptor(x, y):
    return float.__mul__(x, 2.0) + y


@right
def true_or_false(x, y):
    return (x > y) * x + bool(x) * y + (not x) * 3.0


# ---------------------------------------------------------------------- keys, sets, order
@right
def keys(x, y):
    table = {x: y, y: 2.0 * x}
    return table[x] * table[y] + sum(table) + (x in table) * x


@refused
def equal_keys(x, y):
    a, b = x * 1.0, x + 0.0
    table = {a: y}
    table[b] = 3.0
    return table[a] * a


@refused
def hashes(x, y):
    return hash(x) % 7 * y


@right
def members(x, y):
    items = [x, y, 2.0]
    return items.index(y) * x + (x in items) * y + items.count(x) * x * y


@right
def ordered(x, y):
    items = sorted([(y, 1), (x, 2), (x * y, 3)], key=lambda item: -math.sin(item[0]))
    return sum(a * k for k, (a, _) in enumerate(items)) + max([x, y], key=math.cos) * min(x, y, key=lambda v: v * v)


@right
def heap(x, y):
    items = [x, y, x * y, x - y]
    heapq.heapify(items)
    return heapq.heappop(items) * heapq.nlargest(1, items)[0] + heapq.heappushpop(items, 0.1 * x)


@right
def bisected(x, y):
    items = [0.0, 0.5, 1.0]
    bisect.insort(items, x)
    return bisect.bisect(items, y) * x + items[1] * y


@right
def counted(x, y):
    counts = collections.Counter({"a": x, "b": y})
    counts.update({"a": 2.0 * y})
    counts.subtract({"b": x * y})
    return counts["a"] * counts["b"] + sum(counts.values())


@right
def ordered_tables(x, y):
    table = collections.OrderedDict(a=x, b=y)
    table.move_to_end("a")
    chain = collections.ChainMap({"c": x * y}, table)
    return table.popitem()[1] * chain["b"] + chain["c"]


@right
def mean_of_queue(x, y):
    queue = collections.deque([x, y, x * y], maxlen=3)
    queue.append(y * y)
    queue.rotate(1)
    return queue[0] * queue[1] + queue[2]


# ---------------------------------------------------------------------- caches, threads, random numbers
@functools.lru_cache(maxsize=None)
def cached_square(v, n):
    return v * v if n == 0 else cached_square(v, n - 1) * math.cos(v)


@right
def cached(x, y):
    return cached_square(x, 3) + cached_square(y, 2) + cached_square(x * 1.0, 1)


@functools.cache
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


@right
def cached_integers(x, y):
    return fibonacci(60) * 1e-12 * x + y


@refused
def threads(x, y):
    results = [0.0, 0.0]

    def work(k, v):
        results[k] = math.sin(v)
    workers = [threading.Thread(target=work, args=(k, v)) for k, v in enumerate((x, y))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(results)


@refused
def pool(x, y):
    with ThreadPoolExecutor(2) as executor:
        return sum(executor.map(lambda v: v * v, [x, y]))


@right
def draws(x, y):
    generator, source = np.random.default_rng(3), random.Random(4)
    noise = generator.normal(size=3)
    noise[0] = x
    return np.sum(noise * y) + source.random() * x + source.gauss(x, y) + source.choice([x, y]) + generator.random() * y


@refused
def draw_with_active_scale(x, y):
    return np.random.default_rng(0).normal(x, y)


# ---------------------------------------------------------------------- what is swallowed
@refused
def swallowed(x, y):
    try:
        return np.histogram([x, y])[0].sum() * x
    except Exception:
        return y


@refused
def swallowed_in_a_callback(x, y):
    class Loud:
        def __del__(self):
            struct.pack("d", x)
    loud = Loud()
    del loud
    return x * y


@right
def own_errors(x, y):
    total = 0.0
    for action in (lambda: len(x), lambda: x[0], lambda: x.missing, lambda: x + "a", lambda: math.log(-x),
                   lambda: [x][3], lambda: {}[x], lambda: int("no"), lambda: x / 0.0, lambda: iter(x)):
        try:
            total += action()
        except (TypeError, AttributeError, ValueError, IndexError, KeyError, ZeroDivisionError):
            total += x * y
    return total


# ---------------------------------------------------------------------- copies and compositions
@dataclasses.dataclass(order=True)
class Pair:
    a: float
    b: float = 1.0
    tags: list[float] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Frozen:
    a: float
    inner: Pair

    @property
    def product(self) -> float:
        return self.a * math.sin(self.inner.a)


@right
def copies(x, y):
    pair = Pair(x, y, [x])
    other, deep = copy.copy(pair), copy.deepcopy(pair)
    other.tags.append(y)
    deep.tags[0] *= 3.0
    changed = dataclasses.replace(pair, a=y * y)
    table = dataclasses.asdict(changed)
    return sum(pair.tags) * deep.tags[0] + changed.a * pair.b + table["a"] + dataclasses.astuple(pair)[1]


@right
def compared(x, y):
    a, b = Pair(x, y), Pair(x, y)
    frozen = Frozen(x, a)
    return (a == b) * x + (a < Pair(y, x)) * y + frozen.product + max(a, Pair(y)).a + dataclasses.replace(frozen, a=y).a


@right
def iterated(x, y):
    steps = itertools.accumulate(itertools.repeat(x, 4), lambda a, b: math.sin(a) * b)
    pairs = itertools.starmap(math.hypot, [(x, y), (y, 2.0)])
    grouped = {k: list(v) for k, v in itertools.groupby([x, y, x * y], key=lambda v: v > 0.5)}
    chained = itertools.chain.from_iterable([[x], [y, x]])
    some = itertools.islice(itertools.cycle([x, y]), 5)
    return (sum(steps) + sum(pairs) + sum(sum(v) for v in grouped.values()) + math.prod(chained) + sum(some)
            + sum(a * b for a, b in itertools.pairwise([x, y, x])) + sum(map(operator.mul, [x, y], [y, y])))


@right
def generators_with_state(x, y):
    def averager():
        total, count = 0.0, 0
        value = yield 0.0
        while True:
            total, count = total + math.sin(value), count + 1
            value = yield total / count

    def both(*parts):
        for part in parts:
            yield from part
    machine = averager()
    next(machine)
    found = [machine.send(v) for v in (x, y, x * y)]
    machine.close()
    return sum(found) + sum(both(iter([x, y]), (math.cos(v) for v in (x, y))))


@right
def names(x, y):
    scope = locals()
    values = dict(a=x, b=y)
    return scope["x"] * len(scope) + eval("a * b + x", {"a": x}, {"b": y, "x": y}) + "{a}".count("a") * values["a"]


@right
def statistics_of(x, y):
    data = [x, y, 1.3, x * y]
    return statistics.median(data) + statistics.quantiles(data, n=3)[1] + statistics.NormalDist(x, y).pdf(0.3)


@right
def patterns(x, y):
    def kind(v):
        match v:
            case int():
                return 1.0
            case float(f) if f > 0.5:
                return math.sin(f)
            case float():
                return math.cos(v)
            case [a, *_] | {"a": a}:
                return a * 2.0
            case Pair(a=a, b=b):
                return a * b
        return 0.0
    return kind(x) + kind(y) + kind([x]) + kind({"a": y}) + kind(Pair(x, y)) + isinstance(x, float) * x
