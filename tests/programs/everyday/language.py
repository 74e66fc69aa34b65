"""The language in ordinary use: classes, closures, generators, containers, exceptions, NumPy in passing."""

from __future__ import annotations

import bisect
import cmath
import collections
import contextlib
import copy
import dataclasses
import enum
import functools
import itertools
import math
import operator
from typing import NamedTuple

import numpy as np

from tests.programs.everyday.drawing import Programs, array, numbers, several

PROGRAMS = Programs()
example = PROGRAMS.example


@example(numbers((0.5, 1.5)))
def late_binding(x):
    fs = [lambda v: v * k * x for k in range(3)]
    gs = [lambda v, k=k: v * k * x for k in range(3)]
    return sum(f(2.0) for f in fs) + sum(g(3.0) for g in gs)


@example(array(6))
def views_and_aliases(a):
    b = a[::2]
    c = b
    c *= 2.0
    d = a[::-1]
    d[0] = b[0] + 1.0
    e = a.reshape(2, 3).T
    e[0] += a[3]
    a[1:4] = a[0:3]
    return np.sum(a * np.arange(6.0)) + np.sum(e**2)


@example(array(6))
def masks(a):
    b = a.copy()
    b[b < 0] *= -0.5
    b[(a > 0.2) & (a < 0.8)] = a.max()
    m = a > 0
    return np.sum(b) + np.sum(np.where(m, a**2, 3 * a)) + (b[m].sum() if m.any() else 0.0) + np.count_nonzero(m)


@example(array(5))
def scatter_add(a):
    out = np.zeros(3)
    np.add.at(out, [0, 1, 1, 2, 0], a)
    idx = np.array([2, 0, 2])
    out[idx] += 1.0
    return np.sum(out**2) + np.bincount([0, 1, 1, 2, 2], weights=a).max() if False else np.sum(out**2)


@example(numbers((1.2, 3.7), (-3.7, -1.2)), (0, 1))
def mixed_division(x, y):
    q, r = divmod(x, 0.7)
    q2 = y // 0.4
    r2 = y % 0.4
    return r * q + r2 * q2 + round(x) * y + int(y) * x + math.fmod(x, 0.7) + math.floor(x) * 0.1


@example(numbers((0.5, 1.5)))
def walrus_and_chains(x):
    total = 0.0
    while (y := x * 0.8) > 0.1 and (n := int(y * 10)) >= 1:
        total += y * n
        x = y
    return total + (0 < total < 100) * x


@example(numbers((0.5, 1.5), (0.5, 1.5)), (0, 1))
def star_everything(x, y):
    a, *b, c = [x, y, x * y, x + y, 2.0]
    d = {**{"p": x}, **{"q": y, "p": y * y}}
    f = lambda *args, scale=1.0, **kw: scale * sum(args) + sum(kw.values())
    (g, (h, i)), j = (x, (y, c)), b
    return f(a, *b, scale=y, **d) + g * h * i + len(j)


class Base:
    count = 0

    def __init__(self, x):
        self._x = x
        Base.count += 1

    @property
    def x(self):
        return self._x

    @x.setter
    def x(self, v):
        self._x = v * 2

    def area(self):
        return self.x

    @classmethod
    def unit(cls, x):
        return cls(x + 1)

    @staticmethod
    def helper(v):
        return v * v


class Derived(Base):
    def __init__(self, x, y):
        super().__init__(x)
        self.y = y

    def area(self):
        return super().area() * self.y + self.helper(self.x)

    def __iadd__(self, o):
        self._x += o
        return self

    def __radd__(self, o):
        return o + self.area()

    def __lt__(self, o):
        return self.area() < o.area()

    def __neg__(self):
        return Derived(-self._x, self.y)

    def __pow__(self, n):
        return self.area() ** n

    def __contains__(self, v):
        return v < self._x

    def __getitem__(self, k):
        return self._x if k == "x" else self.y

    def __setitem__(self, k, v):
        setattr(self, k, v)

    def __call__(self, v):
        return v * self._x

    def __len__(self):
        return 3

    def __bool__(self):
        return self._x > 0

    def __iter__(self):
        return iter((self._x, self.y))

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.y = self.y * 2


@example(numbers((0.5, 1.5), (0.5, 1.5)), (0, 1))
def classes(x, y):
    a = Derived(x, y)
    b = Base.unit(y)
    a += 0.5
    a.x = y
    b.x = b.x
    with a as c:
        c["y"] = c["x"] * 2
    lo = min(a, -a)
    s = sum([a, a]) if a else 0
    p, q = a
    return a.area() + b.area() + lo.area() + s + a**2 + a(3.0) + len(a) + p * q + (0.1 in a)


class Pt(NamedTuple):
    x: float
    y: float = 2.0

    def norm(self):
        return math.hypot(self.x, self.y)


@example(numbers((0.5, 1.5)))
def named_tuples(x):
    p = Pt(x)
    q = p._replace(y=x * x)
    d = q._asdict()
    return p.norm() + q.norm() * d["y"] + sum(q) + max(p, q).x


@dataclasses.dataclass(frozen=True, order=True)
class State:
    t: float
    pos: tuple = (1.0, 2.0)
    hist: list = dataclasses.field(default_factory=list, compare=False)

    def step(self, dt):
        return dataclasses.replace(
            self, t=self.t + dt, pos=tuple(p * (1 - dt * self.t) for p in self.pos), hist=self.hist + [self.t]
        )


@example(numbers((0.1, 0.3)))
def frozen_states(dt):
    s = State(0.5)
    for _ in range(4):
        s = s.step(dt)
    return s.pos[0] * s.pos[1] + sum(s.hist) + dataclasses.astuple(s)[0]


class Act(enum.Enum):
    RELU = "relu"
    TANH = "tanh"
    SOFT = "soft"

    def __call__(self, v):
        return {"relu": lambda v: max(v, 0.0), "tanh": math.tanh, "soft": lambda v: math.log1p(math.exp(v))}[
            self.value
        ](v)


@example(numbers((0.5, 1.5)))
def enum_dispatch(x):
    return sum(a(x - i * 0.7) for i, a in enumerate(Act))


@example(numbers((0.5, 1.5)))
def functional(x):
    comp = functools.reduce(lambda f, g: lambda v: g(f(v)), [math.sin, lambda v: v * x, functools.partial(pow, 2.0)])
    acc = list(itertools.accumulate([x, x * x, 1.0], operator.mul))
    ch = list(itertools.chain([x], acc))
    grp = {
        k: sum(v for v, _ in g)
        for k, g in itertools.groupby([(x, 1), (x * 2, 1), (x * 3, 2)], key=operator.itemgetter(1))
    }
    pr = sum(a * b for a, b in itertools.product([x, 1.0], [x, 2.0]))
    cb = sum(a * b for a, b in itertools.combinations([x, 2.0, x * x], 2))
    zl = sum(a * b for a, b in itertools.zip_longest([x, 2.0], [3.0], fillvalue=x))
    return (
        comp(0.5)
        + sum(acc)
        + ch[-1]
        + grp[1] * grp[2]
        + pr
        + cb
        + zl
        + sum(itertools.takewhile(lambda v: v < 2, [x, x + 0.1, 9.0]))
        + sum(itertools.starmap(operator.mul, [(x, 2), (x, 3)]))
    )


@example(numbers((0.5, 1.5)))
def containers(x):
    d = collections.defaultdict(list)
    d["a"].append(x)
    d["b"].extend([x, x * x])
    dq = collections.deque([1.0, x], maxlen=3)
    dq.append(x * x)
    dq.appendleft(2 * x)
    dq.rotate(1)
    od = collections.OrderedDict(a=x, b=2.0)
    od.move_to_end("a")
    cm = collections.ChainMap({"k": x}, {"k": 1.0, "z": x * 3})
    s = {1, 2, 3}
    s.add(2)
    fs = frozenset([1])
    c = collections.Counter("aab")
    return (
        sum(sum(v) for v in d.values())
        + dq[0] * dq[-1]
        + list(od.values())[0]
        + cm["k"] * cm["z"]
        + len(s | fs) * x
        + c["a"] * x
    )


@example(numbers((0.5, 1.5)))
def copies(x):
    a = {"v": [x, [x, 2.0]]}
    b = copy.copy(a)
    c = copy.deepcopy(a)
    b["v"][0] = 5 * x
    c["v"][1][0] = 7 * x
    b["v"][1].append(x)
    return a["v"][0] + sum(a["v"][1]) + sum(c["v"][1]) + c["v"][0]


@example(numbers((0.5, 1.5)))
def exceptions_as_control(x):
    def safe(f, v, default):
        try:
            return f(v)
        except (ValueError, ZeroDivisionError) as e:
            return default * len(e.args)
        finally:
            log.append(v)

    log = []

    class Found(Exception):
        def __init__(self, v):
            self.v = v

    try:
        for k in range(10):
            if k * x > 3:
                raise Found(k * x)
    except Found as e:
        r = e.v
    else:
        r = 0.0
    return safe(math.log, x - 3.0, x) + safe(lambda v: 1 / v, x, 2.0) + r + sum(log)


@example(numbers((0.5, 1.5)))
def generators(x):
    def countdown(n):
        while n > 0:
            yield n
            n -= x
        return 3.0

    def wrap():
        r = yield from countdown(4.0)
        yield r * x

    def running():
        tot = 0.0
        while True:
            v = yield tot
            if v is None:
                return
            tot += v * x

    g = running()
    next(g)
    g.send(1.0)
    s = g.send(2.0)
    return sum(wrap()) + s + next(v for v in countdown(3.0) if v < 2.5)


@example(numbers((0.5, 1.5)))
def loop_elses(x):
    n = 0
    for k in range(5):
        if k * x > 100:
            break
    else:
        n += 1
    while n < 3:
        n += 1
        if n == 2:
            continue
        x *= 1.1
    else:
        x += 0.5
    for i in range(3):
        for j in range(3):
            if j > i:
                break
            x += 0.1 * x * j
        else:
            x *= 1.01
    return x * n


@example(numbers((0.5, 1.5)))
def decorators(x):
    def scaled(k):
        def deco(f):
            @functools.wraps(f)
            def w(*a, **kw):
                return k * f(*a, **kw)

            return w

        return deco

    @scaled(x)
    @scaled(2.0)
    def f(v, p=2):
        return v**p

    @functools.cache
    def g(n):
        return x if n < 2 else g(n - 1) + g(n - 2) * x

    return f(x) + f(x, p=3) + g(8)


@example(numbers((0.5, 1.5)))
def context_managers(x):
    stack = []

    @contextlib.contextmanager
    def scope(v):
        stack.append(v)
        try:
            yield v * x
        finally:
            stack.pop()

    with scope(2.0) as a, scope(x) as b:
        r = a * b + sum(stack)
    with contextlib.ExitStack() as es:
        c = es.enter_context(scope(3.0))
        r += c
    return r + len(stack)


@example(numbers((0.5, 1.5), (0.5, 1.5)), (0, 1))
def complex_arithmetic(x, y):
    z = complex(x, y)
    w = z * z + 1j
    v = cmath.exp(w * 0.1) / z.conjugate()
    return abs(v) + v.real * v.imag + cmath.phase(z)


@example(array(4, 3))
def numpy_tour(A):
    B = A.T @ A + 3 * np.eye(3)
    x = np.linalg.solve(B, np.ones(3))
    L = np.linalg.cholesky(B)
    e = np.einsum("ij,jk->ik", A, B).sum()
    k = np.kron(A[:2, :2], np.eye(2)).sum()
    o = np.outer(A[0], A[1]).trace() if False else np.trace(np.outer(A[0], A[1]))
    return (
        x.sum()
        + np.log(np.diag(L)).sum()
        + 0.1 * e
        + k
        + o
        + np.linalg.norm(A, axis=1).sum()
        + np.linalg.det(B) * 0.01
    )


@example(array(4, 5))
def numpy_shapes(A):
    s = np.stack([A[:, 0], A[:, 1]], axis=1).reshape(-1)
    c = np.concatenate([A[0], A[:, 2]])
    v = np.vstack([A[0], A[1]])
    h = np.hstack([A[:1], A[1:2]])
    b = A[:, None, :] - A[None, :, :]
    m = np.mean(b**2, axis=(0, 2))
    r = np.roll(A, 1, axis=1) * A
    f = np.flip(A, 0) * A
    return (
        s.sum()
        + (c**2).sum()
        + v.std()
        + h.var()
        + m.max()
        + r.sum()
        + f.mean()
        + np.tile(A[0], 2).sum()
        + np.repeat(A[1], 2) @ np.ones(10)
        + A.swapaxes(0, 1)[1].prod()
        + np.moveaxis(A, 0, 1)[0, 1]
        + np.squeeze(A[:1]).min()
    )


@example(array(9))
def numpy_more(a):
    d = np.diff(a)
    cs = np.cumsum(a)
    tr = np.trapezoid(a, dx=0.5)
    g = np.gradient(a)
    md = np.median(a)
    pt = np.ptp(a)
    cl = np.clip(a, -0.5, 0.5).sum()
    i = np.interp(0.3, np.linspace(0, 1, 9), a)
    cv = np.convolve(a, [1.0, 2.0, 1.0], mode="same").sum()
    so = np.sort(a)[2]
    am = a[np.argmax(a)]
    q = np.polyval(a[:3], 0.5)
    w = np.where(a > 0)[0]
    return (
        d @ d
        + cs.max()
        + tr
        + g.sum()
        + md
        + pt
        + cl
        + i
        + cv
        + so
        + am
        + q
        + a[w].sum()
        + np.hypot(a[0], a[1])
        + np.logaddexp(a[0], a[2])
        + np.prod(a[:3])
        + np.average(a, weights=np.arange(9.0))
    )


@example(array(3, 3))
def in_place_ops(A):
    A += 1.0
    A[0] -= A[1]
    A[:, 1] *= A[:, 2]
    A /= 2.0
    B = A
    B **= 2
    np.multiply(A, 0.5, out=A)
    A[1, 1], A[0, 0] = A[0, 0], A[1, 1]
    A[[0, 2]] = A[[2, 0]]
    return np.sum(B * np.arange(9.0).reshape(3, 3))


@example(array(5))
def swaps_and_buffers(a):
    u, v = a.copy(), np.zeros(5)
    for k in range(3):
        v[1:-1] = u[1:-1] + 0.1 * (u[2:] - 2 * u[1:-1] + u[:-2])
        v[0] = u[0]
        v[-1] = u[-1] * 0.9
        u, v = v, u
    return np.sum(u**2) + v[2]


@example(lambda r: ([float(v) for v in r.uniform(0.5, 1.5, 5)],))
def list_surgery(items):
    items.append(items[0] * items[1])
    items.insert(1, 2.0 * items[2])
    p = items.pop()
    items.reverse()
    q = items.pop(0)
    items.extend([p, q])
    items[1:3] = [items[2] * 3]
    del items[-2]
    items.sort()
    i = bisect.bisect(items, 1.0)
    return sum(k * v for k, v in enumerate(items)) + items[i - 1] + items.index(items[0]) + p * q


@example(numbers((0.5, 1.5)))
def global_state(x):
    global COUNTER, HISTORY
    COUNTER = x * 2
    HISTORY = []
    HISTORY.append(COUNTER)
    _bump(x)
    return COUNTER * len(HISTORY) + HISTORY[-1]


COUNTER = 0.0
HISTORY = []


def _bump(x):
    global COUNTER
    COUNTER += x * x
    HISTORY.append(COUNTER)


@example(numbers((0.5, 1.5), (0.5, 1.5)), (0, 1))
def match_statement(x, y):
    def ev(e):
        match e:
            case float() | int():
                return e
            case ("add", a, b):
                return ev(a) + ev(b)
            case ("mul", *fs):
                return math.prod(ev(f) for f in fs)
            case {"neg": a}:
                return -ev(a)
            case Pt(x=a, y=b) if a > 0:
                return a * b
            case [a, b]:
                return ev(a) / ev(b)
            case _:
                return 1.0

    return ev(("add", ("mul", x, y, 2.0), {"neg": [x, y]})) + ev(Pt(x, y)) + ev(None)


@example(array(4))
def strings_and_numbers(a):
    names = [f"w{i}" for i in range(len(a))]
    d = dict(zip(names, a))
    s = ",".join(sorted(d))
    label = "big" if d["w0"] > 0 else "small"
    return (
        sum(d[n] * len(n) for n in s.split(","))
        + (2.0 if label.startswith("b") else 3.0) * d["w1"]
        + float("1.5") * a[2]
    )


@example(numbers((0.2, 0.8)))
def logistic_map_grad(r0):
    x = 0.3
    xs = []
    for n in range(12):
        x = 3.0 * r0 * x * (1 - x) + 0.1
        xs.append(x)
    return sum(xs[-3:]) / 3 + max(xs) + min(xs, key=lambda v: abs(v - 0.4))


@example(numbers((0.5, 1.5), (0.5, 1.5)), (0, 1))
def gradient_descent_inside(a, b):
    x, y = 0.0, 0.0
    lr = 0.1
    f = lambda x, y: (x - a) ** 2 + (y - b) ** 2 + x * y
    for _ in range(15):
        gx = (f(x + 1e-3, y) - f(x - 1e-3, y)) / 2e-3
        gy = (f(x, y + 1e-3) - f(x, y - 1e-3)) / 2e-3
        x -= lr * gx
        y -= lr * gy
    return f(x, y) + x


@example(several(array(3, lo=0.5, hi=1.5), numbers((0.1, 0.9))), (0, 1))
def default_and_kwonly(a, s):
    def blend(u, v=2.0, /, w=None, *, mode="lin", **extra):
        w = v if w is None else w
        return {"lin": lambda: u + w, "mul": lambda: u * w * v}[mode]() + sum(extra.values())

    return blend(s) + blend(s, a[0], mode="mul") + blend(a[1], w=s, k=a[2])


@example(numbers((0.5, 1.5)))
def integer_loops(x):
    n = 0
    i = 100
    bits = []
    while i:
        bits.append(i & 1)
        i >>= 1
        n += 1
    fib = [0, 1]
    for _ in range(10):
        fib.append(fib[-1] + fib[-2])
    g = math.gcd(48, 36)
    p = pow(3, 5, 7)
    c = math.comb(6, 2)
    f = math.factorial(5)
    return (
        x**n
        + sum(b * x**k for k, b in enumerate(bits))
        + fib[-1] * x
        + g * p * c * x / f
        + x * (7 // 2)
        + (-7 % 3) * x
        + (1 << 3) * x
    )


@example(array(5, lo=0.1, hi=1.0))
def softmax_attention(q):
    K = np.outer(q, np.array([1.0, 0.5, -0.3]))
    V = K**2
    s = K @ K.T / np.sqrt(3)
    m = np.tril(np.ones((5, 5)))
    s = np.where(m > 0, s, -1e9)
    s = s - s.max(axis=-1, keepdims=True)
    w = np.exp(s) / np.exp(s).sum(-1, keepdims=True)
    return (w @ V).sum()


@example(several(array(4, 4)))
def power_iteration(A):
    S = A + A.T + 4 * np.eye(4)
    v = np.ones(4)
    for _ in range(30):
        w = S @ v
        v = w / np.linalg.norm(w)
    return v @ S @ v


@example(several(array(4, 3), array(4)), (0, 1))
def gram_schmidt(A, b):
    Q = []
    for j in range(A.shape[1]):
        v = A[:, j].copy()
        for q in Q:
            v = v - (q @ v) * q
        Q.append(v / np.linalg.norm(v))
    return sum(abs(q @ b) for q in Q)
