"""Small programs that lean on one habit each: counters, operators of classes, `out=`, names that are bound anew, and so
on."""
from __future__ import annotations

import itertools
import math
import operator
from dataclasses import dataclass
from functools import partial, reduce
from typing import NamedTuple

import numpy as np

from tests.programs.everyday.drawing import Programs, R, drawn

PROGRAMS = Programs()
example = PROGRAMS.example


@example(drawn(R(-1, 1, 6), R(0.1, 0.5)), (0, 1))
def counters_nonlocal(x, a):
    calls = 0
    best = -1e9
    history = []
    def visit(v):
        nonlocal calls, best
        calls += 1
        if v > best:
            best = v
            history.append(v * a)
        return v * calls
    s = 0.0
    for v in x:
        s += visit(v)
    return s + sum(history) + calls * a


class Dual:
    def __init__(self, v, d=0.0): self.v, self.d = v, d
    @staticmethod
    def lift(o): return o if isinstance(o, Dual) else Dual(o)
    def __add__(self, o):
        o = Dual.lift(o)
        return Dual(self.v + o.v, self.d + o.d)
    __radd__ = __add__
    def __mul__(self, o):
        o = Dual.lift(o)
        return Dual(self.v * o.v, self.v * o.d + self.d * o.v)
    __rmul__ = __mul__
    def __neg__(self): return Dual(-self.v, -self.d)
    def __sub__(self, o): return self + (-Dual.lift(o))
    def __rsub__(self, o): return Dual.lift(o) - self
    def __truediv__(self, o):
        o = Dual.lift(o)
        return Dual(self.v / o.v, (self.d * o.v - self.v * o.d) / o.v ** 2)
    def __rtruediv__(self, o): return Dual.lift(o) / self
    def __pow__(self, n): return reduce(operator.mul, [self] * n, Dual(1.0))
    def __lt__(self, o): return self.v < Dual.lift(o).v


@example(drawn(R(0.5, 1.5), R(1, 2)), (0, 1))
def newton_dual(x, a):
    f = lambda t: t ** 3 - a * t - 1 / (1 + t * t)
    t = x + 1.0
    for _ in range(4):
        y = f(Dual(t, 1.0))
        t = t - y.v / y.d
    return t * t + x


class Quat(NamedTuple):
    w: float
    x: float
    y: float
    z: float
    def __mul__(self, o):
        return Quat(self.w*o.w - self.x*o.x - self.y*o.y - self.z*o.z,
                    self.w*o.x + self.x*o.w + self.y*o.z - self.z*o.y,
                    self.w*o.y - self.x*o.z + self.y*o.w + self.z*o.x,
                    self.w*o.z + self.x*o.y - self.y*o.x + self.z*o.w)
    def conj(self): return self._replace(x=-self.x, y=-self.y, z=-self.z)
    @property
    def norm(self): return math.sqrt(sum(c * c for c in self))


@example(drawn(R(-1, 1, 3), R(0.1, 0.3), 3), (0, 1))
def attitude(om, dt, n):
    q = Quat(1.0, 0.0, 0.0, 0.0)
    for k in range(n):
        dq = Quat(1.0, *(0.5 * dt * o for o in om))
        q = q * dq
        inv = 1 / q.norm
        q = Quat(*(c * inv for c in q))
    v = q * Quat(0.0, 1.0, 2.0, 0.5) * q.conj()
    return v.x + 2 * v.y * v.z


@example(drawn(R(-1, 1, 5)))
def nan_where(x):
    safe = np.where(x > 0, x, 1.0)
    y = np.where(x > 0, np.sqrt(safe) * np.log(safe), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(x > 0, 1.0 / safe, x)
    y[np.isnan(y)] = 0
    m = x < -0.2
    y[m] = z[m] ** 2
    y[~m] += 0.5
    return np.sum(y * z)


@example(drawn(R(-1, 1, 6), np.array([0, 1, 1, 2, 0, 5])))
def fancy_dups(x, idx):
    y = np.zeros(7)
    np.add.at(y, idx, x[idx] * 2)
    y[idx] += x[idx[::-1]]
    y[idx] = y[idx] * x[idx] + np.arange(len(idx))
    np.maximum.at(y, idx[:2], x[idx[1:3]])
    c = np.bincount(idx, weights=x[idx], minlength=7)
    return y @ np.arange(7.0) + c[0] ** 2


@example(drawn(R(-1, 1, 4), R(-1, 1, 4)), (0, 1))
def out_args(a, b):
    t = np.empty_like(a)
    np.multiply(a, b, out=t)
    np.add(t, a, out=a)
    np.exp(a, out=t)
    np.subtract(t, b, out=t, where=a > 0)
    np.cumsum(t, out=b)
    np.negative(b[::-1], out=t)
    return np.dot(t, a) + b.sum()


def _axpy(y, x, alpha=1.0, *, scale=1.0):
    y += alpha * scale * x
    return y


@example(drawn(R(-1, 1, 3), R(-1, 1, 3), R(0.5, 1)), (0, 1, 2))
def written_returned(x, y, a):
    z = _axpy(y, x, a)
    z *= 2
    w = _axpy(_axpy(x.copy(), z), x, scale=a)
    w, z = z, w
    w += 1.0
    return np.sum(y * z) + np.sum(w)


@example(drawn(R(0.1, 1), R(0.1, 1)), (0, 1))
def varargs(a, b):
    def apply(fs, *xs, **kw):
        out = []
        for f in fs:
            out.append(f(*xs, **kw) if kw else f(*xs))
        return out
    fs = [lambda u, v: u * v, lambda u, v=2.0: u ** v, partial(math.pow, b), partial(lambda s, u, v: s * u + v, a)]
    r = apply(fs[:2], a, b) + [fs[2](a), fs[3](b, a)]
    ops = {"add": operator.add, "mul": operator.mul}
    acc = 0.0
    for k, name in enumerate(("add", "mul", "add")):
        acc = ops[name](acc, r[k] + 1)
    return acc + sum(r)


@example(drawn(
    {'lr': 0.1, 'w': np.array([0.5, -0.3]), 'b': 0.2, 'layers': [
        {'W': np.array([[0.1, 0.2], [0.3, 0.4]]), 'act': 'tanh'}, {'W': np.array([[0.5, -0.2]]), 'act': 'relu'}]},
    R(-1, 1, 2)), (0, 1))
def params_dict(p, x):
    acts = {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0), "id": lambda z: z}
    h = x * p["w"] + p["b"]
    reg = 0.0
    for layer in p["layers"]:
        h = acts[layer.get("act", "id")](layer["W"] @ h)
        reg += p["lr"] * np.sum(layer["W"] ** 2)
    p = dict(p)
    p["b"] *= 2
    p["seen"] = 1
    del p["seen"]
    return h.sum() + reg + p["b"]


@example(drawn(R(0.2, 0.8), R(0.1, 0.4)), (0, 1))
def while_breaks(x, tol):
    n = 0
    y = x
    while True:
        y = y * 0.9 + 0.1 * math.sin(3 * y)
        n += 1
        if n >= 50:
            break
        if 0.05 < y < tol / 2:
            y += 1
            break
        if math.isclose(y, x, rel_tol=1e-3):
            y *= 2
            break
        if not n % 7:
            continue
        y += 0.01
    return y * n


@example(drawn(R(-1, 1, 5, 3), R(-1, 1, 3)), (0, 1))
def momentum_sgd(X, w):
    v = np.zeros_like(w)
    g = np.empty_like(w)
    m2 = np.zeros_like(w)
    for t, x in enumerate(X, start=1):
        e = x @ w - 1.0
        np.multiply(x, 2 * e, out=g)
        v *= 0.9
        v += g
        m2 = 0.99 * m2 + 0.01 * g ** 2
        w -= 0.05 * v / (np.sqrt(m2 / (1 - 0.99 ** t)) + 1e-3)
    return (w ** 2).sum()


@dataclass
class Body:
    m: float
    x: np.ndarray
    v: np.ndarray
    a: np.ndarray = None


@example(drawn(
    [Body(1.0, np.array([0.0, 0.0]), np.array([0.0, 0.1])), Body(0.5, np.array([1.0, 0.2]), np.array([0.0, 1.0]))],
    R(0.01, 0.05), 3), (0, 1))
def verlet_bodies(bodies, dt, n):
    def accel():
        for b in bodies:
            b.a = np.zeros(2)
        for p, q in itertools.combinations(bodies, 2):
            d = q.x - p.x
            r3 = (d @ d + 0.01) ** 1.5
            p.a += q.m * d / r3
            q.a -= p.m * d / r3
    accel()
    for _ in range(n):
        for b in bodies:
            b.v += 0.5 * dt * b.a
            b.x += dt * b.v
        accel()
        for b in bodies:
            b.v += 0.5 * dt * b.a
    for b in bodies:
        b.a = None
    return sum(0.5 * b.m * (b.v @ b.v) for b in bodies)


@example(drawn(R(-1, 1, 4, 4)))
def qr_givens(A):
    n = A.shape[0]
    for j in range(n):
        for i in range(n - 1, j, -1):
            a, b = A[i - 1, j], A[i, j]
            r = np.hypot(a, b)
            c, s = a / r, b / r
            top, bot = A[i - 1].copy(), A[i].copy()
            A[i - 1] = c * top + s * bot
            A[i] = -s * top + c * bot
    return np.sum(np.abs(np.diag(A)) * np.arange(1, n + 1))


@example(drawn(R(-1, 1, 5), R(-1, 1, 5)), (0, 1))
def dtw_rows(a, b):
    prev = np.full(len(b) + 1, np.inf)
    prev[0] = 0.0
    for i in range(len(a)):
        cur = np.full(len(b) + 1, np.inf)
        for j in range(len(b)):
            cur[j + 1] = abs(a[i] - b[j]) + min(prev[j], prev[j + 1], cur[j])
        prev = cur
    return prev[-1]


@example(drawn(R(-1, 1, 6), 3))
def strided_views(x, k):
    m = x.reshape(-1, 2)
    ev, od = x[::2], x[1::2]
    for _ in range(k):
        od += 0.5 * ev
        m[:, 0] *= 0.9
        ev[1:] -= od[:-1]
        x[-1] += m[0, 1]
    return np.sum(m ** 2) + od @ ev


@example(drawn(R(-1, 1, 3, 2)))
def rows_swap(X):
    best, second = X[0], X[0] * 0.5
    for row in X:
        if row.sum() > best.sum():
            best, second = row, best
        else:
            second = row
        row *= 1.1
    return best @ np.array([1., 2.]) + second.sum() + np.sum(X ** 2)


@example(drawn(R(-1, 1, 7, 2)))
def two_history(X):
    a, b = X[0], X[1]
    out = np.zeros_like(X)
    for t in range(2, len(X)):
        out[t] = X[t] + 0.5 * a - 0.2 * b
        a, b = b, out[t]
    b[:] += a
    return (out ** 2).sum() + b[0] * a[1]


@example(drawn(R(-1, 1, 8)))
def haar_inplace(x):
    c = x
    n = len(c)
    out = np.zeros(n)
    while n > 1:
        half = n // 2
        a = (c[0:n:2] + c[1:n:2]) / np.sqrt(2)
        d = (c[0:n:2] - c[1:n:2]) / np.sqrt(2)
        out[half:n] = d
        c = a
        n = half
    out[0] = c[0]
    return np.sum(np.abs(out) ** 1.5)
