"""Classes, parsers, generators, records and functions of functions around numbers."""
from __future__ import annotations

import dataclasses
import functools
import itertools
import math
import operator
from typing import NamedTuple

import numpy as np

from tests.programs.everyday.drawing import Programs, array, numbers, several

PROGRAMS = Programs()
example = PROGRAMS.example


class Quat:
    __slots__ = ('w', 'x', 'y', 'z')

    def __init__(self, w, x=0.0, y=0.0, z=0.0):
        self.w, self.x, self.y, self.z = (w, x, y, z)

    def __mul__(a, b):
        if isinstance(b, (int, float)):
            return Quat(a.w * b, a.x * b, a.y * b, a.z * b)
        return Quat(
            a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z,
            a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
            a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x,
            a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w,
        )

    def __rmul__(self, k):
        return self * k

    def conj(self):
        return Quat(self.w, -self.x, -self.y, -self.z)

    def __abs__(self):
        return math.sqrt(self.w ** 2 + self.x ** 2 + self.y ** 2 + self.z ** 2)

    def __truediv__(self, k):
        return self * (1 / k)

    @classmethod
    def axis(cls, angle, ux, uy, uz):
        s = math.sin(angle / 2)
        return cls(math.cos(angle / 2), ux * s, uy * s, uz * s)

    def rotate(self, v):
        q = self * Quat(0.0, *v) * self.conj()
        return (q.x, q.y, q.z)


@example(numbers((0.4, 0.9), (0.9, 1.4)), (0, 1))
def quaternions(a, b):
    q = Quat.axis(a, 0.0, 0.0, 1.0) * Quat.axis(b, 1.0, 0.0, 0.0)
    q = q / abs(q)
    tot = 0.0
    v = (1.0, 2.0, 3.0)
    for _ in range(4):
        v = q.rotate(v)
        tot += v[0] * v[1]
    return tot + (0.5 * q).w


class Sparse:

    def __init__(self):
        self.d = {}

    def __setitem__(self, k, v):
        self.d[k] = v

    def __getitem__(self, k):
        return self.d.get(k, 0.0)

    def matvec(self, x):
        out = [0.0] * len(x)
        for (i, j), v in self.d.items():
            out[i] += v * x[j]
        return out


@example(several(array(5), numbers((0.2, 0.5))), (0, 1))
def sparse_dict(a, c):
    s = Sparse()
    n = 5
    for i in range(n):
        s[i, i] = 2.0 + c
        if i > 0:
            s[i, i - 1] = -1.0 * c
        if i < n - 1:
            s[i, i + 1] = a[0]
    x = list(a)
    for _ in range(3):
        x = s.matvec(x)
    return sum(x) + s[0, 4] + s[1, 0]


@example(several(numbers((0.3, 0.7)), lambda rng: (9,)))
def memo_fib(x, n):
    memo = {}

    def fib(k):
        if k < 2:
            return x * (k + 1)
        if k in memo:
            return memo[k]
        memo[k] = fib(k - 1) + x * fib(k - 2)
        return memo[k]
    return fib(9)


@example(numbers((0.4, 0.9)))
def rpn_parser(x):
    toks = 'x 2 * 3 + x sin * 1.5 /'.split()
    st = []
    for t in toks:
        if t == 'x':
            st.append(x)
        elif t in '+-*/':
            b, a = (st.pop(), st.pop())
            st.append({'+': operator.add, '-': operator.sub, '*': operator.mul, '/': operator.truediv}[t](a, b))
        elif t == 'sin':
            st.append(math.sin(st.pop()))
        else:
            st.append(float(t))
    return st[-1]


@example(numbers((0.4, 0.9), (0.1, 0.5)), (0, 1))
def recursive_descent(x, y):
    src = 'x*(y+2)-x/(1+y*y)'
    pos = 0

    def peek():
        return src[pos] if pos < len(src) else ''

    def eat():
        nonlocal pos
        c = src[pos]
        pos += 1
        return c

    def expr():
        v = term()
        while peek() in ('+', '-'):
            if eat() == '+':
                v = v + term()
            else:
                v = v - term()
        return v

    def term():
        v = atom()
        while peek() and peek() in '*/':
            op = eat()
            r = atom()
            v = v * r if op == '*' else v / r
        return v

    def atom():
        c = eat()
        if c == '(':
            v = expr()
            eat()
            return v
        if c.isdigit():
            return float(c)
        return {'x': x, 'y': y}[c]
    return expr()


class Poly:

    def __init__(self, *c):
        self.c = list(c)

    def __add__(self, o):
        return Poly(*[a + b for a, b in itertools.zip_longest(self.c, o.c, fillvalue=0.0)])

    def __mul__(self, o):
        out = [0.0] * (len(self.c) + len(o.c) - 1)
        for i, a in enumerate(self.c):
            for j, b in enumerate(o.c):
                out[i + j] += a * b
        return Poly(*out)

    def __call__(self, x):
        return functools.reduce(lambda acc, c: acc * x + c, reversed(self.c), 0.0)

    def deriv(self):
        return Poly(*[k * c for k, c in enumerate(self.c)][1:])

    def __pow__(self, n):
        r = Poly(1.0)
        for _ in range(n):
            r = r * self
        return r

    def __len__(self):
        return len(self.c)

    def __iter__(self):
        return iter(self.c)

    def __neg__(self):
        return Poly(*(-c for c in self))

    def __sub__(self, o):
        return self + -o


@example(numbers((0.3, 0.8), (0.9, 1.4)), (0, 1))
def poly_ops(a, x):
    q = Poly(a, 1.0, -a) ** 3 - Poly(2.0, a)
    return q(x) + q.deriv()(x) * len(q) + sum(q)


class State(NamedTuple):
    x: float
    v: float
    t: float = 0.0


@example(numbers((0.8, 1.2), (0.3, 0.7)), (0, 1))
def namedtuple_sim(k, c):
    s = State(1.0, 0.0)
    for _ in range(20):
        s = s._replace(x=s.x + 0.1 * s.v, v=s.v - 0.1 * (k * s.x + c * s.v), t=s.t + 0.1)
    return s.x * s.v + s.t


@example(array(5))
def gens(a):

    def chunks(l, k):
        for i in range(0, len(l), k):
            yield l[i:i + k]

    def pairs():
        prev = None
        for v in a:
            if prev is not None:
                yield (prev, v)
            prev = v
    s = sum((np.sum(c) * (i + 1) for i, c in enumerate(chunks(a, 2))))
    for u, v in pairs():
        s += u * v
    g = (v * v for v in a if v > 0)
    return s + sum(g) + sum(g)


@example(numbers((0.2, 0.6), (0.6, 1.2)), (0, 1))
def matches(x, y):

    def ev(e):
        match e:
            case ['add', a, b]:
                return ev(a) + ev(b)
            case ['mul', a, b]:
                return ev(a) * ev(b)
            case ['neg', a]:
                return -ev(a)
            case {'var': 'x'}:
                return x
            case {'var': _}:
                return y
            case int(n) | float(n):
                return n * 1.0
            case _:
                raise TypeError(e)
    return ev(('add', ('mul', {'var': 'x'}, ['neg', {'var': 'y'}]), ('mul', 3, {'var': 'x'})))


@dataclasses.dataclass
class Layer:
    W: np.ndarray
    b: np.ndarray
    act: str = 'tanh'

    def __call__(self, x):
        z = x @ self.W + self.b
        match self.act:
            case 'tanh':
                return np.tanh(z)
            case 'relu':
                return np.maximum(z, 0)
            case _:
                return z


class Net:

    def __init__(self, *ls):
        self.layers = list(ls)

    def __call__(self, x):
        return functools.reduce(lambda h, l: l(h), self.layers, x)

    @property
    def params(self):
        return sum((l.W.size + l.b.size for l in self.layers))


@example(several(array(3, 4), array(4), array(4, 1)), (0, 1, 2))
def net(W1, b1, W2):
    n = Net(Layer(W1, b1), Layer(W2, np.zeros(1), 'id'))
    X = np.arange(6.0).reshape(2, 3) / 5
    return float(np.mean((n(X)[:, 0] - 1.0) ** 2)) + 0.001 * n.params * np.sum(W1 ** 2)


@example(array(5))
def star_defaults(a):

    def f(x, /, y=1.0, *args, k=2.0, **kw):
        return x * y + sum(args) * k + kw.get('z', 0.0)
    first, *rest = a[:3]
    return f(first) + f(*rest) + f(first, *rest, k=a[3]) + f(a[4], z=a[0], **{'y': 3.0})


@example(array(5))
def comps(a):
    d = {k: v * v for k, v in enumerate(a)}
    s = {round(k / 2) for k in range(5)}
    nested = [[u * v for u in a[:2]] for v in a[:3]]
    flat = [w for row in nested for w in row if w > 0]
    inv = {v: k for k, v in zip('abc', range(3))}
    return sum(d.values()) + len(s) + sum(flat) + sum((sum(r) for r in nested)) + d[inv[0] == 'a']


@example(numbers((0.5, 1.0), (0.1, 0.5)), (0, 1))
def partials(x, y):
    pw = functools.partial(pow, x)
    sc = functools.partial(lambda a, b, c=1.0: a * b + c, b=y)
    comp = lambda *fs: functools.reduce(lambda f, g: lambda v: g(f(v)), fs)
    return pw(3) + sc(2.0) + sc(x, c=y) + comp(math.sin, math.exp, sc)(x)


@example(numbers((0.8, 1.0), (1.0, 1.2)), (0, 1))
def nbody(m1, v):

    @dataclasses.dataclass
    class B:
        m: float
        x: list
        v: list
    bs = [B(m1, [0.0, 0.0], [0.0, 0.0]), B(0.1, [1.0, 0.0], [0.0, v]), B(0.05, [-2.0, 0.3], [0.2, 0.1])]
    for _ in range(5):
        for i, b in enumerate(bs):
            for j, c in enumerate(bs):
                if i == j:
                    continue
                dx = [q - p_ for p_, q in zip(b.x, c.x)]
                r3 = sum((d * d for d in dx)) ** 1.5
                for k in range(2):
                    b.v[k] += 0.01 * c.m * dx[k] / r3
        for b in bs:
            b.x = [p_ + 0.01 * u for p_, u in zip(b.x, b.v)]
    return sum((0.5 * b.m * sum((u * u for u in b.v)) for b in bs)) + bs[1].x[0]


@example(numbers((0.3, 0.8), (0.9, 1.4)), (0, 1))
def unpack_zoo(a, b):
    first, *mid, last = [a, b, a * b, a - b, 2.0]
    (p_, q), r = ((a, b), 3.0)
    d = dict(zip('abc', (a, b, 1.0)))
    e = {**d, 'z': a * 3}
    f = [*mid, *d.values()]
    g = lambda *args, k=2.0, **kw: sum(args) * k + sum(kw.values())
    return first * last + sum(mid) + p_ * q * r + g(*f, **{'k': b, 'u': a}) + e['z']


@example(several(numbers((0.5, 0.8)), array(3)), (0, 1))
def mutual_rec(x, a):

    def even(n, v):
        if v > 50:
            return v
        return v if n == 0 else odd(n - 1, v * x + a[0])

    def odd(n, v):
        return v * 2 if n == 0 else even(n - 1, v + x)
    return even(20, 1.0) + odd(7, x)
