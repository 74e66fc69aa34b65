"""Models that people write in plain Python: equations stepped, trees walked, filters, games, losses."""

from __future__ import annotations

import dataclasses
import heapq
import itertools
import math
import random

import numpy as np

from tests.programs.everyday.drawing import Programs, array, numbers, several

PROGRAMS = Programs()
example = PROGRAMS.example


# ODE
@example(numbers((0.5, 1.5), (0.1, 0.4)), (0, 1))
def lotka_volterra_rk4(a, b):
    def f(s):
        x, y = s
        return [a * x - b * x * y, 0.3 * b * x * y - 0.6 * y]

    s = [2.0, 1.0]
    h = 0.05
    for _ in range(40):
        k1 = f(s)
        k2 = f([v + h / 2 * k for v, k in zip(s, k1)])
        k3 = f([v + h / 2 * k for v, k in zip(s, k2)])
        k4 = f([v + h * k for v, k in zip(s, k3)])
        s = [v + h / 6 * (p + 2 * q + 2 * r + w) for v, p, q, r, w in zip(s, k1, k2, k3, k4)]
    return s[0] * s[1]


@example(array(3, lo=0.5, hi=1.5))
def adaptive_step(p):
    t_, y, h = 0.0, np.array([1.0, 0.0]), 0.1
    while t_ < 1.0 - 1e-12:
        h = min(h, 1.0 - t_)
        f = lambda y: np.array([y[1], -p[0] * y[0] - p[1] * y[1]])
        y1 = y + h * f(y)
        y2 = y + h * (f(y) + f(y1)) / 2
        err = np.max(np.abs(y2 - y1))
        if err < 0.02 or h < 1e-3:
            t_ += h
            y = y2
            h *= 1.2
        else:
            h *= 0.5
    return np.sum(y * p[:2])


@example(numbers((80, 120), (0.1, 0.4), (0.01, 0.05)), (0, 1, 2))
def binomial_american_put(s, sigma, r):
    n = 12
    dt = 1.0 / n
    up = math.exp(sigma * math.sqrt(dt))
    d = 1 / up
    q = (math.exp(r * dt) - d) / (up - d)
    disc = math.exp(-r * dt)
    k = 105.0
    values = [max(k - s * up**j * d ** (n - j), 0.0) for j in range(n + 1)]
    for i in range(n - 1, -1, -1):
        values = [
            max(disc * (q * values[j + 1] + (1 - q) * values[j]), k - s * up**j * d ** (i - j)) for j in range(i + 1)
        ]
    return values[0]


@example(numbers((80, 120), (0.1, 0.4)), (0, 1))
def monte_carlo_asian(s0, sigma):
    rng = np.random.default_rng(7)
    z = rng.standard_normal((50, 6))
    steps = np.exp((0.02 - 0.5 * sigma**2) / 6 + sigma * np.sqrt(1 / 6) * z)
    paths = s0 * np.cumprod(steps, axis=1)
    return np.mean(np.maximum(paths.mean(axis=1) - 95.0, 0.0)) * math.exp(-0.02)


@dataclasses.dataclass
class Vec:
    x: float
    y: float
    z: float

    def __add__(s, o):
        return Vec(s.x + o.x, s.y + o.y, s.z + o.z)

    def __sub__(s, o):
        return Vec(s.x - o.x, s.y - o.y, s.z - o.z)

    def __mul__(s, k):
        return Vec(s.x * k, s.y * k, s.z * k)

    __rmul__ = __mul__

    def dot(s, o):
        return s.x * o.x + s.y * o.y + s.z * o.z

    def unit(s):
        return s * (1 / math.sqrt(s.dot(s)))


@dataclasses.dataclass
class Ball:
    c: Vec
    r: float
    color: float

    def hit(self, o, d):
        oc = o - self.c
        b = oc.dot(d)
        q = oc.dot(oc) - self.r * self.r
        disc = b * b - q
        if disc < 0:
            return None
        s = -b - math.sqrt(disc)
        return s if s > 1e-6 else None


@example(numbers((-0.2, 0.2), (0.8, 1.2)), (0, 1))
def ray_tracer(cx, rad):
    scene = [Ball(Vec(cx, 0.0, 5.0), rad, 0.9), Ball(Vec(1.5, 0.2, 7.0), 1.0, 0.5)]
    light = Vec(1.0, 1.0, -1.0).unit()
    total = 0.0
    for i in range(4):
        for j in range(4):
            d = Vec((i - 1.5) * 0.1, (j - 1.5) * 0.1, 1.0).unit()
            best = None
            for b in scene:
                s = b.hit(Vec(0.0, 0.0, 0.0), d)
                if s is not None and (best is None or s < best[0]):
                    best = (s, b)
            if best:
                s, b = best
                n = (d * s - b.c) * (1 / b.r)
                total += b.color * max(0.0, n.dot(light)) + 0.1 * s
    return total


@example(several(array(3, 3, lo=0.1, hi=1.0), array(3, 2, lo=0.1, hi=1.0)), (0, 1))
def hmm_forward(A, B):
    A = A / A.sum(axis=1, keepdims=True)
    B = B / B.sum(axis=1, keepdims=True)
    obs = [0, 1, 1, 0, 1]
    alpha = np.ones(3) / 3 * B[:, obs[0]]
    ll = 0.0
    for o in obs[1:]:
        c = alpha.sum()
        ll += np.log(c)
        alpha = (alpha / c) @ A * B[:, o]
    return ll + np.log(alpha.sum())


@example(several(array(3, 3, lo=0.1, hi=1.0)))
def viterbi_score(A):
    logA = np.log(A)
    score = [0.0, -0.1, 0.2]
    for _ in range(4):
        score = [max(score[i] + logA[i, j] for i in range(3)) for j in range(3)]
    return max(score)


@example(several(array(6, lo=-1, hi=1), numbers((0.1, 1.0), (0.1, 1.0))), (0, 1, 2))
def kalman_1d(ys, q, r):
    m, p, ll = 0.0, 1.0, 0.0
    for y in ys:
        p = p + q
        s = p + r
        k = p / s
        e = y - m
        ll -= 0.5 * (math.log(2 * math.pi * s) + e * e / s)
        m += k * e
        p *= 1 - k
    return ll


@example(several(array(8, 2)))
def kmeans(X):
    C = X[[0, 3, 5]].copy()
    for _ in range(3):
        lab = [int(np.argmin(np.sum((C - x) ** 2, axis=1))) for x in X]
        for k in range(3):
            members = [i for i, l in enumerate(lab) if l == k]
            if members:
                C[k] = X[members].mean(axis=0)
    return sum(float(np.min(np.sum((C - x) ** 2, axis=1))) for x in X)


@example(
    several(
        array(4, 3),
        array(
            3,
        ),
        array(3, 2),
        array(
            2,
        ),
    ),
    (0, 1, 2, 3),
)
def mlp_loss(W1, b1, W2, b2):
    X = np.linspace(-1, 1, 20).reshape(5, 4)
    H = np.tanh(X @ W1 + b1)
    O = H @ W2 + b2
    P_ = np.exp(O - O.max(axis=1, keepdims=True))
    P_ /= P_.sum(axis=1, keepdims=True)
    return -np.mean(np.log(P_[np.arange(5), [0, 1, 0, 1, 1]]))


@example(several(array(2), array(2, lo=0.5, hi=1.5), numbers((0.3, 0.7))), (0, 1, 2))
def gmm_loglik(mu, sd, w):
    xs = [-1.2, 0.3, 0.8, 2.0]
    ws = [w, 1 - w]
    return sum(
        math.log(sum(ws[k] * math.exp(-0.5 * ((x - mu[k]) / sd[k]) ** 2) / sd[k] for k in range(2))) for x in xs
    )


class Node:
    def __init__(self, op, *kids):
        self.op, self.kids = op, kids

    def eval(self, env):
        if self.op == "var":
            return env[self.kids[0]]
        if self.op == "const":
            return self.kids[0]
        vals = [k.eval(env) for k in self.kids]
        return {"+": sum, "*": math.prod}[self.op](vals) if self.op in "+*" else getattr(math, self.op)(*vals)


@example(numbers((0.5, 1.5), (0.5, 1.5)), (0, 1))
def expression_tree(x, y):
    e = Node(
        "+",
        Node("*", Node("var", "x"), Node("sin", Node("var", "y"))),
        Node("exp", Node("*", Node("const", 0.3), Node("var", "x"))),
    )
    return e.eval({"x": x, "y": y})


@example(numbers((0.5, 1.5), (0.1, 0.9)), (0, 1))
def config_driven(lr, mom):
    config = {
        "optimizer": {"name": "momentum", "lr": lr, "mom": mom},
        "steps": 5,
        "loss": {"kind": "rosenbrock", "a": 1.0},
    }
    x, y, vx, vy = 0.5, 0.5, 0.0, 0.0
    opt = config["optimizer"]
    for step in range(config["steps"]):
        if config["loss"]["kind"] == "rosenbrock":
            gx = -2 * (config["loss"]["a"] - x) - 40 * x * (y - x * x)
            gy = 20 * (y - x * x)
        else:
            gx, gy = x, y
        if opt["name"] == "momentum":
            vx = opt["mom"] * vx - opt["lr"] * 0.01 * gx
            vy = opt["mom"] * vy - opt["lr"] * 0.01 * gy
        x += vx
        y += vy
    return (1 - x) ** 2 + 10 * (y - x * x) ** 2


@example(lambda r: ({k: r.normal(size=s) for k, s in (("W", (3, 2)), ("b", (2,)), ("v", (2,)))},))
def dict_of_arrays(params):
    x = np.array([0.2, -0.4, 0.9])
    h = np.tanh(x @ params["W"] + params["b"])
    reg = sum(np.sum(v**2) for v in params.values())
    return float(h @ params["v"]) + 0.1 * reg + sum(0.01 * float(np.sum(v)) for k, v in params.items() if k != "b")


class Poly:
    def __init__(self, c):
        self.c = list(c)

    def __add__(self, o):
        o = o if isinstance(o, Poly) else Poly([o])
        n = max(len(self.c), len(o.c))
        return Poly([(self.c[i] if i < len(self.c) else 0) + (o.c[i] if i < len(o.c) else 0) for i in range(n)])

    def __mul__(self, o):
        if not isinstance(o, Poly):
            return Poly([a * o for a in self.c])
        out = [0.0] * (len(self.c) + len(o.c) - 1)
        for i, a in enumerate(self.c):
            for j, b in enumerate(o.c):
                out[i + j] += a * b
        return Poly(out)

    def __call__(self, x):
        r = 0.0
        for a in reversed(self.c):
            r = r * x + a
        return r

    def derivative(self):
        return Poly([i * a for i, a in enumerate(self.c)][1:])

    def __len__(self):
        return len(self.c)

    def __getitem__(self, k):
        return self.c[k]

    def __iter__(self):
        return iter(self.c)


@example(numbers((0.5, 1.5), (0.5, 1.5)), (0, 1))
def polynomial_class(a, b):
    p = Poly([1.0, a, b]) * Poly([b, 2.0]) + 3.0
    return p(0.7) * len(p) + p.derivative()(a) + p[1] + sum(p)


@example(several(array(4, 2), array(2, 5)), (0, 1))
def matrix_factorisation(U, V):
    R = np.arange(20.0).reshape(4, 5) / 10
    M = R.astype(int) % 2 == 0
    return np.sum(M * (R - U @ V) ** 2) + 0.1 * (np.sum(U**2) + np.sum(V**2))


@example(array(6, 6))
def image_filter(im):
    k = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16.0
    out = np.zeros((4, 4))
    for i in range(4):
        for j in range(4):
            out[i, j] = np.sum(im[i : i + 3, j : j + 3] * k)
    gx = out[:, 1:] - out[:, :-1]
    gy = out[1:] - out[:-1]
    return np.sum(np.sqrt(gx[:-1] ** 2 + gy[:, :-1] ** 2 + 0.01))


@example(several(array(8), array(8)), (0, 1))
def fft_convolution(a, b):
    n = 16
    c = np.fft.irfft(np.fft.rfft(a, n) * np.fft.rfft(b, n), n)
    return np.sum(c**2 * np.arange(n))


@example(several(array(5), numbers((0.1, 3.9))), (0, 1))
def linear_interpolation(y, x):
    k = int(x)
    w = x - k
    return y[k] * (1 - w) + y[k + 1] * w + np.interp(x, np.arange(5.0), y)


@example(numbers((0.5, 2.0), (0.5, 2.0)), (0, 1))
def newton_root(a, b):
    x = 1.0
    for _ in range(20):
        fx = x**3 + a * x - b
        d = 3 * x * x + a
        step = fx / d
        x -= step
        if abs(step) < 1e-14:
            break
    return x


@example(numbers((1.5, 5.0)))
def bisection(a):
    lo, hi = 0.0, a
    for _ in range(3):
        mid = (lo + hi) / 2
        if mid * mid > a:
            hi = mid
        else:
            lo = mid
    return lo + hi * hi


@example(array(7))
def sort_and_cumsum(a):
    s = np.sort(a)
    c = np.cumsum(s)
    order = sorted(range(len(a)), key=lambda i: a[i])
    g = sum((2 * (i + 1) - 8) * a[k] for i, k in enumerate(order))
    return c[-1] * c[2] + g + sorted(a.tolist(), reverse=True)[1]


@example(array(5, 5, lo=0.0, hi=1.0))
def cellular_diffusion(g):
    g = g.copy()
    for step in range(3):
        new = g.copy()
        for i in range(5):
            for j in range(5):
                nb = [g[(i + di) % 5, (j + dj) % 5] for di, dj in ((0, 1), (1, 0), (0, -1), (-1, 0))]
                new[i, j] = g[i, j] + 0.1 * (sum(nb) - 4 * g[i, j]) - (0.05 * g[i, j] ** 3 if g[i, j] > 0.4 else 0)
        g = new
    return np.sum(g**2)


@example(several(array(4, 2), array(4, 2)), (0, 1))
def n_body(x, v):
    x, v = x.copy(), v.copy()
    m = np.array([1.0, 2.0, 0.5, 1.5])
    for _ in range(5):
        a = np.zeros_like(x)
        for i in range(4):
            for j in range(4):
                if i != j:
                    d = x[j] - x[i]
                    r2 = d @ d + 0.1
                    a[i] += m[j] * d / r2**1.5
        v += 0.05 * a
        x += 0.05 * v
    return 0.5 * np.sum(m[:, None] * v**2)


@example(numbers((0.5, 2.0), (0.5, 2.0)), (0, 1))
def simpson(a, b):
    def integrate(f, lo, hi, n=10):
        h = (hi - lo) / n
        return h / 3 * sum((1 if k in (0, n) else 4 if k % 2 else 2) * f(lo + k * h) for k in range(n + 1))

    return integrate(lambda s: math.exp(-a * s * s) * math.cos(b * s), 0.0, b)


@example(numbers((0.5, 2.0)))
def adaptive_quadrature(a):
    def rule(f, l, r):
        return (r - l) / 6 * (f(l) + 4 * f((l + r) / 2) + f(r))

    def go(f, l, r, eps, whole):
        m = (l + r) / 2
        left, right = rule(f, l, m), rule(f, m, r)
        if abs(left + right - whole) < 15 * eps:
            return left + right
        return go(f, l, m, eps / 2, left) + go(f, m, r, eps / 2, right)

    f = lambda s: math.sin(a * s) * math.exp(s)
    return go(f, 0.0, 2.0, 1e-3, rule(f, 0.0, 2.0))


@example(numbers((0.1, 0.5)))
def random_walk(sigma):
    rng = random.Random(3)
    x = 0.0
    path = [x]
    for _ in range(20):
        x += sigma * rng.gauss(0, 1)
        path.append(x)
    return max(path) - min(path) + sum(abs(b - a) for a, b in itertools.pairwise(path))


@example(numbers((0.5, 1.5)))
def heap_dijkstra(w):
    graph = {"a": {"b": w, "c": 2.0}, "b": {"d": 1.5 * w, "c": 0.3}, "c": {"d": w * w}, "d": {}}
    dist = {k: math.inf for k in graph}
    dist["a"] = 0.0
    q = [(0.0, "a")]
    while q:
        d, n = heapq.heappop(q)
        if d > dist[n]:
            continue
        for m, c in graph[n].items():
            if d + c < dist[m]:
                dist[m] = d + c
                heapq.heappush(q, (dist[m], m))
    return dist["d"] + 0.1 * dist["c"]


@example(numbers((0.5, 1.5), (0.5, 1.5)), (0, 1))
def memoised_recursion(x, y):
    memo = {}

    def f(i, j):
        if i == 0 or j == 0:
            return x ** (i + j)
        if (i, j) not in memo:
            memo[i, j] = y * f(i - 1, j) + 0.5 * f(i, j - 1)
        return memo[i, j]

    return f(4, 3)


@example(array(6))
def longest_path_dp(w):
    best = [0.0] * 7
    for i in range(6):
        best[i + 1] = max(best[i], (best[i - 1] if i > 0 else 0.0) + w[i] * w[i] + 0.1 * w[i])
    return best[-1]


@example(several(array(5), array(4)), (0, 1))
def dynamic_time_warping(a, b):
    n, m = len(a), len(b)
    D = np.full((n + 1, m + 1), np.inf)
    D[0, 0] = 0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            c = (a[i - 1] - b[j - 1]) ** 2
            D[i, j] = c + min(D[i - 1, j], D[i, j - 1], D[i - 1, j - 1])
    return D[n, m]
