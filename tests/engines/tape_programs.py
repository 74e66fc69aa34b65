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


@refused
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
def operators(x, y):
    add_all = functools.reduce(operator.add, [x, y, 1.0])
    getter = operator.itemgetter(1)([x, y])
    attribute = operator.attrgetter("a")(Pair(x))
    method = operator.methodcaller("product_with", y)(Model(x))
    return add_all * getter + attribute * method + operator.pow(x, y) + operator.truediv(x, y) + operator.neg(y)


class Model:
    """Methods that Python calls without being told to."""

    count = 0

    def __init__(self, a: float) -> None:
        self.a = a

    def __init_subclass__(cls, scale: float = 1.0, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.scale = math.exp(scale)

    def product_with(self, v):
        return math.sin(self.a) * v

    def __getitem__(self, k):
        return math.cos(self.a * k)

    def __setitem__(self, k, v):
        self.a = math.tanh(v) * k

    def __delitem__(self, k):
        self.a = math.exp(self.a) + k

    def __iter__(self):
        for k in range(3):
            yield math.sin(self.a + k)

    def __contains__(self, v):
        return math.sin(v) < math.sin(self.a)

    def __len__(self):
        return int(math.exp(self.a)) + 1

    def __bool__(self):
        return math.sin(self.a) > 0.0

    def __enter__(self):
        self.a = math.sqrt(self.a)
        return self

    def __exit__(self, *error):
        self.a = math.log(self.a + 2.0)
        return True

    def __lt__(self, other):
        return math.cos(self.a) < math.cos(other.a)

    def __eq__(self, other):
        return math.sin(self.a) == math.sin(other.a)

    def __hash__(self):
        return int(math.exp(self.a) * 100)

    def __neg__(self):
        return Model(math.sin(-self.a))

    def __abs__(self):
        return Model(math.fabs(self.a))

    def __invert__(self):
        return Model(math.exp(-self.a))

    def __iadd__(self, other):
        self.a = self.a + math.sin(other)
        return self

    def __radd__(self, other):
        return other + math.atan(self.a)

    def __matmul__(self, other):
        return Model(math.exp(self.a) * other.a)

    def __and__(self, other):
        return math.sin(self.a) * math.cos(other.a)

    def __lshift__(self, other):
        return math.cos(self.a) * other

    def __divmod__(self, other):
        return math.sin(self.a) / other, math.cos(self.a)

    def __round__(self, digits=0):
        return math.sin(self.a)

    def __float__(self):
        return math.exp(self.a)

    def __index__(self):
        return int(math.exp(self.a))

    def __call__(self, t, *, scale=1.0):
        return math.exp(self.a * t) * scale

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return math.sin(self.a) * len(name)

    def __format__(self, spec):
        self.a = math.sin(self.a)
        return "model"

    @property
    def square(self):
        return math.pow(self.a, 2.0)

    @square.setter
    def square(self, v):
        self.a = math.sqrt(v)

    @square.deleter
    def square(self):
        self.a = math.cos(self.a)

    @functools.cached_property
    def slow(self):
        return math.exp(self.a)

    @classmethod
    def made(cls, v):
        return cls(math.sin(v))

    @staticmethod
    def helper(v):
        return math.log(v)


class Scaled(Model, scale=0.3):
    @property
    def square(self):
        return super().square * self.scale

    def __getitem__(self, k):
        return super().__getitem__(k) + super().product_with(2.0)


@right
def items_of_models(x, y):
    m, s = Model(x), Scaled(y)
    total = m[2] * s[1]
    m[3] = y
    total += m.a
    del s[1]
    return total * s.a + MODELS[0][x] + MODELS[1]["s"][y]


MODELS = [Model(0.3), {"s": Scaled(0.4)}]


@right
def iteration_of_models(x, y):
    first, *rest = Model(x)
    a, b, c = Scaled(y)
    return first * sum(rest) + a * b * c + sum(Model(x * y)) + max(Model(x)) + sum(v for v in Model(y)) + dict(
        enumerate(Model(x)))[1] + [*Model(x)][2] + math.fsum(Model(y))


@right
def truth_of_models(x, y):
    m = Model(x)
    total = x if m else y
    total += (0.1 in m) * y + len(m) * x + (y if not Model(y) else x * y)
    while m and m.a < 2.0:
        m.a += x + 0.5
    return total + m.a + (m and Model(x * y)).a


@right
def contexts_of_models(x, y):
    m = Model(x)
    with m as inner, Model(y) as second:
        second.a = inner.a * y
        raise KeyError
    return m.a * second.a


@right
def orders_of_models(x, y):
    models = sorted([Model(x), Model(y), Model(x * y)])
    table = {Model(x): y, Model(y): x}
    low = min(Model(x), Model(y))
    return models[0].a * models[2].a + table[Model(x)] + low.a + (Model(x) == Model(x)) * y


@right
def operators_of_models(x, y):
    m, s = Model(x), Scaled(y)
    total = (-m).a + abs(s).a + (~m).a + (m @ s).a + (m & s) + (m << 2.0) + round(s) + divmod(m, 2.0)[1]
    m += y
    return total + m.a + sum([m, s]) + [10.0, 20.0, 30.0, 40.0][m] * x


@right
def attributes_of_models(x, y):
    m, s = Model(x), Scaled(y)
    m.square = y * y + 1.0
    m.square *= 2.0
    total = m.square * s.square + m.slow + s.other + getattr(m, "more") + Scaled.made(x).a + m.helper(y)
    del m.square
    setattr(m, "square", x)
    return total + s.a + m.a + f"{m}{s:x}".count("model") * m.a + m(0.3, scale=y) + sum(map(m, [x, y]))


@right
def floats_of_models(x, y):
    return math.sin(Model(x)) * float(Model(y)) + math.hypot(Model(x), y)


@refused
def float_of_model_in_c(x, y):
    return struct.unpack("d", struct.pack("d", Model(x)))[0] * y


class Positive:
    """A descriptor."""

    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, owner, kind=None):
        return math.exp(vars(owner)[self.name])

    def __set__(self, owner, v):
        vars(owner)[self.name] = math.log(v)


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a, b):
        self.a, self.b = math.sin(a), b

    def __setattr__(self, name, v):
        object.__setattr__(self, name, v * 2.0)


class Described:
    value = Positive()
    total = 0.0

    def __init__(self, v):
        self.value = v
        type(self).total = v * v

    def __getattribute__(self, name):
        return object.__getattribute__(self, name)


@right
def descriptors(x, y):
    d, s = Described(x), Slotted(x, y)
    d.value += y
    result = d.value * s.a + s.b + Described.total
    Described.total = 0.0
    return result


class Meta(type):
    def __call__(cls, *args):
        made = super().__call__(*args)
        made.extra = math.sin(made.a)
        return made

    def __getitem__(cls, v):
        return math.cos(v)


class Made(metaclass=Meta):
    def __new__(cls, a):
        made = super().__new__(cls)
        made.base = math.exp(a)
        return made

    def __init__(self, a):
        self.a = a


@right
def metaclasses(x, y):
    made = Made(x)
    kind = type("Late", (Model,), {"twice": lambda self: math.sin(self.a) * 2.0})
    return made.extra * made.base + Made[y] + kind(y).twice()


class Table(dict):
    def __missing__(self, key):
        self[key] = value = math.sin(key)
        return value


class Numbers(list):
    def __getitem__(self, k):
        return math.exp(super().__getitem__(k))

    def append(self, v):
        super().append(math.sin(v))


@right
def subclasses_of_containers(x, y):
    table, numbers = Table(), Numbers([x])
    numbers.append(y)
    return table[x] * table[y] + table[x] + numbers[0] * numbers[1] + sum(numbers)


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


# ---------------------------------------------------------------------- arrays
OUTSIDE = np.zeros(3)


@refused
def array_from_outside(x, y):
    OUTSIDE[1] = x
    return OUTSIDE[1] * y


@refused
def array_from_outside_added(x, y):
    view = OUTSIDE[1:]
    view += x
    return OUTSIDE[1] * y


@refused
def array_from_outside_as_out(x, y):
    np.multiply(np.array([x, y, x]), 2.0, out=OUTSIDE)
    return OUTSIDE[1] * y


@refused
def operator_result_written(x, y):
    made = OUTSIDE * 2.0
    made[0] = x
    return made[0] * y


@right
def copies_written(x, y):
    made, ranged, copied = np.array(OUTSIDE), np.arange(3.0), OUTSIDE.copy()
    made[0], ranged[1], copied[2] = x, y, x * y
    return made[0] * ranged[1] + copied.sum() + ranged @ copied


@refused
def objects(x, y):
    return np.array([x, y], dtype=object).astype(float).sum()


@right
def objects_alone(x, y):
    made = np.empty(2, dtype=object)
    made[0], made[1] = x, y
    return made.sum() * made[0]


@right
def vectorised(x, y):
    return np.sum(np.vectorize(lambda a, b: a * math.sin(b))(np.array([x, y]), y))


@refused
def function_as_ufunc(x, y):
    return np.frompyfunc(lambda a: a * a, 1, 1)(np.array([x, y])).sum()


@right
def integer_arrays(x, y):
    places = np.zeros(2, dtype=int)
    places[0] = int(3 * x)
    return np.array([x, y])[places % 2].sum() + np.array([x, y]).astype(int).sum() * y


@right
def views(x, y):
    a = np.array([[x, y], [y, x * y]])
    row, column, flat, turned = a[0], a[:, 1], a.reshape(-1), a.T
    row *= 2.0
    column[1] += x
    flat[2:] = flat[:2] * y
    turned[0, 0] = math.sin(y)
    np.add(a, x, out=a)
    a.flat[0], b = a[1, 1], a.ravel()
    b[3] = 2.0
    return a.sum() * flat[1] + np.sum(a @ a)


@refused
def shown_to_others_then_written(x, y):
    a = np.zeros(3)
    shown = np.lib.stride_tricks.as_strided(a, (2,), (8,))
    a[0] = x
    return shown[0] * y


@right
def shown_to_others(x, y):
    a = np.zeros(3)
    a[0] = 2.0
    return len(bytes(memoryview(np.asarray(list(a))))) * x + sum(a) * y


@refused
def viewed_as_integers(x, y):
    return np.array([x]).view(np.int64).view(np.float64)[0] * y


@right
def kept_in_class(x, y):
    Holder.values.append(x)
    Holder.last = y * y
    result = Holder.values.pop() * Holder.last
    Holder.last = 0.0
    return result


class Holder:
    values: list[float] = []
    last = 0.0


@refused
def sent_to_another_process(x, y):
    connection: list[bytes] = [pickle.dumps({"x": x})]
    return pickle.loads(connection[0])["x"] * y


@right
def closures(x, y):
    total = 0.0

    def add(v):
        nonlocal total
        total += math.sin(v)
        return total
    held = [add]
    held[0](x)
    return functools.partial(held[0], y)() * total
