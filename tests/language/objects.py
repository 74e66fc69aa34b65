"""Objects: classes and their machinery, dataclasses, named tuples, enums, dicts, sets, lists, strings."""
# ruff: noqa: E501, E702, F811
from __future__ import annotations

import copy
import dataclasses
import enum
import functools
from collections import OrderedDict, defaultdict, deque, namedtuple
from dataclasses import InitVar, asdict, astuple, dataclass, field, replace
from typing import NamedTuple

import numpy as np


class Model:
    def __init__(self, a):
        self.a = a
    @functools.cached_property
    def sq(self):
        return self.a * self.a


def cached_prop(x):
    m = Model(x)
    return m.sq * m.sq + m.a


def sets(x, names=("a", "b")):
    s = {"a", "b"} | set(names)
    f = frozenset((1, 2, 3))
    t = 0.0
    if "a" in s and 2 in f:
        t += x * len(s)
    for k in sorted(f - {1}):
        t += k * x
    u = {k % 2 for k in range(5)}
    return t * len(u)


def dict_methods(x, y):
    d = {"a": x}
    d.setdefault("b", y)
    d.update({"c": x * y}, e=2.0)
    d |= {"f": y}
    g = {**d, "h": x} | dict(i=y)
    s = d.get("zz", 1.0) + d.pop("e") + d.pop("none", 3.0)
    for k, v in g.items():
        s += v
    for v in d.values():
        s *= v
    if "a" in d.keys():
        s += len(d)
    k, v = d.popitem()
    return s + v


def dict_comp(x, y):
    d = {k: v * x for k, v in zip("ab", (x, y))}
    e = {k: i for i, k in enumerate(sorted({n.upper() for n in ["p", "q"]}))}
    return d["a"] * d["b"] + e["Q"] * x


def default_dict(x, y):
    d = defaultdict(float)
    d["a"] += x
    d["b"] += y
    d["a"] += y * y
    o = OrderedDict(a=x)
    o["b"] = y
    return d["a"] * d["b"] + sum(o.values())


def use_deque(x, y):
    q = deque([x, y], maxlen=3)
    q.append(x * y)
    q.append(x + y)
    q.appendleft(x)
    z = q.popleft()
    return sum(q) * z + q[-1]


def strings(x, name="Sin_2"):
    key = name.lower().split("_")
    if key[0].startswith("s") and int(key[1]) == 2 and "in" in name and len(name) == 5:
        return x * float("2.5") * len(name.strip().replace("_", ""))
    return x


def fstring_static(x, n=3):
    d = {f"w{k}": x * k for k in range(3)}
    k = 2
    return d[f"w{k}"] + d["w%d" % 1] + d["w{}".format(2)]


def isinst(x, y):
    s = 0.0
    for v in (x, 3, "a", (x, y), [y], None, True, np.float64(2.0)):
        if isinstance(v, bool):
            s += 1.0
        elif isinstance(v, (int, np.integer)):
            s += v * x
        elif isinstance(v, float):
            s += v * y
        elif isinstance(v, str):
            s += len(v)
        elif isinstance(v, (tuple, list)):
            s += sum(v)
        elif v is None:
            s -= 1.0
    return s


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 3


def enums(x, c=Color.RED):
    s = 0.0
    for k in Color:
        s += k.value * x
    if c is Color.RED and c == Color.RED and c.name == "RED":
        s *= x
    w = {Color.RED: 2.0, Color.BLUE: x}
    return s + w[Color.BLUE] + Level.HIGH * x + len(Color) + Color["BLUE"].value + Color(2).value


class T0:
    def __init__(self, c):
        self._c = c
    @property
    def f(self):
        return self._c * 1.8 + 32
    @f.setter
    def f(self, v):
        self._c = (v - 32) / 1.8
    @classmethod
    def of(cls, f):
        t = cls(0.0)
        t.f = f
        return t
    @staticmethod
    def half(v):
        return v * 0.5


def properties(x):
    t = T0.of(x)
    t.f += 2.0
    t.f = t.f * x
    return t._c * t.f + T0.half(x) + t.half(x)


class B0:
    unit = 2.0
    def __init__(self, c):
        self._c = c
    def scaled(self):
        return self._c * self.unit
    @property
    def p(self):
        return self._c * 3.0


class B1(B0):
    unit = 3.0
    def __init__(self, c, k=1.0):
        super().__init__(c)
        self.k = k
    def scaled(self):
        return super().scaled() + B0.scaled(self) * self.k
    @property
    def p(self):
        return super().p + 1.0


def inheritance(x, y):
    b = B1(x, k=y)
    return b.scaled() + B0(x).scaled() + b.p + (1.0 if isinstance(b, B0) else 0.0) + len(B1.__mro__)


class V:
    def __init__(self, a, b):
        self.a, self.b = a, b
    def __add__(self, o):
        return V(self.a + o.a, self.b + o.b)
    def __iadd__(self, o):
        self.a += o.a
        self.b += o.b
        return self
    def __mul__(self, k):
        return V(self.a * k, self.b * k)
    __rmul__ = __mul__
    def __neg__(self):
        return V(-self.a, -self.b)
    def __abs__(self):
        return (self.a ** 2 + self.b ** 2) ** 0.5
    def __lt__(self, o):
        return abs(self) < abs(o)
    def __eq__(self, o):
        return self.a == o.a
    def __call__(self, t):
        return self.a * t + self.b
    def __getitem__(self, k):
        return (self.a, self.b)[k]
    def __setitem__(self, k, v):
        if k == 0:
            self.a = v
        else:
            self.b = v
    def __len__(self):
        return 2
    def __iter__(self):
        return iter((self.a, self.b))
    def __contains__(self, v):
        return v == 3
    def __bool__(self):
        return True
    def __float__(self):
        return self.a
    def __matmul__(self, o):
        return self.a * o.a + self.b * o.b


def operator_methods(x, y):
    u, v = V(x, y), V(y, 2.0)
    w = u + v * 2.0 + 3.0 * u
    w += v
    w[0] = w[0] * x
    w[1] += y
    s = w @ u + abs(w) + w(x) + len(w)
    for c in w:
        s += c
    a, b = w
    s += a * b + sum(w)
    if u < v:
        s += x
    else:
        s -= y
    if 3 in u:
        s *= 2.0
    if u == v:
        s = 0.0
    return s + float(u)


class Slotted:
    __slots__ = ("a", "b")
    def __init__(self, a, b):
        self.a = a
        self.b = b


def slots(x, y):
    s = Slotted(x, y)
    s.a = s.a * s.b
    return s.a + s.b


class Counted:
    made = 0
    total = 0.0
    def __init__(self, v):
        Counted.made += 1
        type(self).total += 1.0
        self.v = v


def class_counters(x):
    before = Counted.made
    a, b = Counted(x), Counted(x * x)
    return a.v * b.v + (Counted.made - before) * x


@dataclass
class DC:
    a: float
    w: list = field(default_factory=list)
    n: int = 3
    scale: InitVar[float] = 2.0
    c: float = field(init=False, default=1.0)
    def __post_init__(self, scale):
        self.c = self.a * scale


def dataclass_features(x, y):
    d = DC(x, [y, x], scale=y)
    e = DC(y)
    e.w.append(x)
    return d.c + sum(d.w) + e.c * e.w[0] * d.n


@dataclass(frozen=True, order=True)
class FD:
    a: float
    b: float = 1.0
    def moved(self, d):
        return replace(self, a=self.a + d)


def dataclass_frozen(x, y):
    p = FD(x, y).moved(2.0)
    t = astuple(p)
    d = asdict(p)
    return t[0] * t[1] + d["a"] + sum(getattr(p, f.name) for f in dataclasses.fields(p))


@dataclass(order=True)
class OD:
    a: float
    b: float


def dataclass_order(x, y):
    p, q = OD(x, 1.0), OD(y, 2.0)
    r = 1.0
    if p < q:
        r = x
    if p == OD(x, 1.0):
        r *= y
    return r


@dataclass(kw_only=True, slots=True)
class KW:
    a: float
    b: float = 2.0


def dataclass_kw(x):
    k = KW(a=x)
    k.b *= x
    return k.a * k.b


class NT(NamedTuple):
    a: float
    b: float = 2.0
    def total(self):
        return self.a + self.b
    @property
    def prod(self):
        return self.a * self.b
    @classmethod
    def make(cls, v):
        return cls(v, v * v)


N2 = namedtuple("N2", "p q")


def namedtuples(x, y):
    n = NT(x)
    m = n._replace(b=y)
    k = NT.make(x)
    z = N2(x, q=y)
    a, b = m
    return n.total() * m.prod + k.b + a * b + m._asdict()["b"] + len(n) + z.p * z[1] + NT._make((x, y)).b + sum(n._fields.index(f) for f in ("a", "b"))


def copies(x, y):
    a = [x, [y, 1.0]]
    b = copy.copy(a)
    c = copy.deepcopy(a)
    b[1][0] = x * y
    c[1][1] = 5.0
    d = a[:]
    d[0] = 3.0
    arr = np.array([x, y])
    arr2 = copy.deepcopy(arr)
    arr2[0] = 0.0
    return a[1][0] + c[1][0] * c[1][1] + a[0] + arr[0] + arr2[1]


class Particle:
    def __init__(self, p, v):
        self.p, self.v = p, v
    def step(self, dt):
        self.v -= self.p * dt
        self.p += self.v * dt


def objects_in_loops(x, y, n):
    ps = [Particle(x, 0.0), Particle(y, 1.0)]
    for i in range(n):
        for p in ps:
            p.step(0.1)
    return sum(p.p * p.v for p in ps)


def objects_replaced(x, n):
    p = Particle(x, 0.0)
    for i in range(n):
        p = Particle(p.p + 0.1 * p.v, p.v - 0.1 * p.p)
    return p.p


def list_methods(x, y):
    a = [x, y]
    a.append(3.0); a.extend([x * y]); a.insert(0, y); a.reverse()
    b = a.pop() + a.pop(0)
    c = a * 2 + [1.0]
    a += [x]
    idx = [1, 2, 3].index(2)
    a[0:1] = [x, x * x]
    return b * sum(c) + len(a) * x + a[idx] + [1, 2, 2].count(2)


def sort_static(x, y):
    names = ["b", "a"]
    names.sort()
    ks = sorted([3, 1, 2], reverse=True)
    w = {"a": x, "b": y}
    pairs = list(zip(ks, (x, y, x * y)))
    pairs.sort(key=lambda p: p[0])
    return w[names[0]] * ks[0] + pairs[0][1]


def getattr_setattr(x):
    p = Particle(x, 1.0)
    setattr(p, "p", p.p * 2.0)
    for n in ("p", "v"):
        setattr(p, n, getattr(p, n) * x)
    return p.p + p.v + getattr(p, "zzz", 3.0) + (1.0 if hasattr(p, "p") else 0.0) + sum(vars(p).values()) + p.__dict__["p"]


def class_in_function(x):
    class Local:
        k = 2.0
        def __init__(self, a):
            self.a = a
        def get(self):
            return self.a * self.k
    return Local(x).get()


def type_dispatch(x):
    table = {float: lambda v: v * 2, int: lambda v: v}
    return table[type(x)](x) + (type(x).__name__ == "float")


def kwargs_entry(x, **kw):
    return x * sum(kw.values()) if kw else x


def object_dict_of_lists(x, y):
    d = {}
    for k, v in [("a", x), ("b", y), ("a", x * y)]:
        d.setdefault(k, []).append(v)
    return sum(d["a"]) * d["b"][0]


def string_build(x):
    name = "".join(["a", "b"]) + "c" * 2
    return x * len(name) + x * name.count("c")


def chained_methods(x):
    class_ = Builder()
    return class_.add(x).add(2.0).mul(x).value


class Builder:
    def __init__(self):
        self.value = 0.0
    def add(self, v):
        self.value += v
        return self
    def mul(self, v):
        self.value *= v
        return self


class Node:
    def __init__(self, v, left=None, right=None):
        self.v, self.left, self.right = v, left, right
    def total(self):
        s = self.v
        if self.left is not None:
            s += self.left.total()
        if self.right is not None:
            s += 2.0 * self.right.total()
        return s


def tree(x, y):
    t = Node(x, Node(y), Node(x * y, None, Node(2.0)))
    return t.total()


class Abstract:
    def value(self, x):
        raise NotImplementedError
    def twice(self, x):
        return 2 * self.value(x)


class Concrete(Abstract):
    def value(self, x):
        return x * x


def polymorphism(x):
    return sum(o.twice(x) for o in (Concrete(), Concrete()))


class Mixin:
    def extra(self):
        return self.base() * 2


class Multi(Mixin, B0):
    def base(self):
        return self._c


def multiple_inheritance(x):
    return Multi(x).extra()


class Desc:
    def __get__(self, o, t=None):
        return o.v * 2


class HasDesc:
    d = Desc()
    def __init__(self, v):
        self.v = v


def descriptor(x):
    return HasDesc(x).d


class GA:
    def __init__(self, x):
        self.x = x
    def __getattr__(self, name):
        return self.x * len(name)


def getattr_magic(x):
    return GA(x).abc


class WithNew:
    def __new__(cls, v):
        o = super().__new__(cls)
        o.v = v
        return o


def with_new(x):
    return WithNew(x).v * 2


CASES = [
    (cached_prop, 0.3),
    (sets, 0.3),
    (dict_methods, 0.3, 0.4),
    (dict_comp, 0.3, 0.4),
    (default_dict, 0.3, 0.4),
    (use_deque, 0.3, 0.4),
    (strings, 0.3),
    (fstring_static, 0.3),
    (isinst, 0.3, 0.4),
    (enums, 0.3),
    (properties, 0.3),
    (inheritance, 0.3, 0.4),
    (operator_methods, 0.3, 0.4),
    (slots, 0.3, 0.4),
    (class_counters, 0.3),
    (dataclass_features, 0.3, 0.4),
    (dataclass_frozen, 0.3, 0.4),
    (dataclass_order, 0.3, 0.4),
    (dataclass_order, 0.5, 0.4),
    (dataclass_kw, 0.3),
    (namedtuples, 0.3, 0.4),
    (copies, 0.3, 0.4),
    (objects_in_loops, 0.3, 0.4, 3),
    (objects_replaced, 0.3, 3),
    (list_methods, 0.3, 0.4),
    (sort_static, 0.3, 0.4),
    (getattr_setattr, 0.3),
    (class_in_function, 0.3),
    (kwargs_entry, 0.3),
    (type_dispatch, 0.3),
    (object_dict_of_lists, 0.3, 0.4),
    (string_build, 0.3),
    (chained_methods, 0.3),
    (tree, 0.3, 0.4),
    (polymorphism, 0.3),
    (multiple_inheritance, 0.3),
    (descriptor, 0.3),
    (getattr_magic, 0.3),
    (with_new, 0.3),
]
