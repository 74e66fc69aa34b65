"""Classes whose methods Python calls without being told to, on the tape (see `programs`)."""

from __future__ import annotations

import functools
import math
import operator
import struct
from typing import Any

from tests.engines.tape.programs import Pair, refused, right


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
def operators(x, y):
    add_all = functools.reduce(operator.add, [x, y, 1.0])
    getter = operator.itemgetter(1)([x, y])
    attribute = operator.attrgetter("a")(Pair(x))
    method = operator.methodcaller("product_with", y)(Model(x))
    return add_all * getter + attribute * method + operator.pow(x, y) + operator.truediv(x, y) + operator.neg(y)
