"""Solvers, filters, trees and tables of numbers, as they are written without thought of a compiler."""
from __future__ import annotations

import bisect
import collections
import functools
import heapq
import math

import numpy as np

from tests.programs.everyday.drawing import Programs, array, numbers, several

PROGRAMS = Programs()
example = PROGRAMS.example


@example(array(8, lo=0.2, hi=2.0))
def fft_recursive(a):

    def fft(x):
        n = len(x)
        if n == 1:
            return [x[0] + 0j]
        e, o = (fft(x[0::2]), fft(x[1::2]))
        out = [0j] * n
        for k in range(n // 2):
            w = complex(math.cos(2 * math.pi * k / n), -math.sin(2 * math.pi * k / n)) * o[k]
            out[k] = e[k] + w
            out[k + n // 2] = e[k] - w
        return out
    X = fft(list(a))
    return sum((abs(z) ** 2 * (k + 1) for k, z in enumerate(X)))


@example(several(array(3, 3, lo=0.5, hi=3.0), array(3)), (0, 1))
def lu_pivot(A, b):
    n = len(b)
    perm = list(range(n))
    for k in range(n):
        p_ = max(range(k, n), key=lambda i: abs(A[i, k]))
        if p_ != k:
            A[[k, p_]] = A[[p_, k]]
            perm[k], perm[p_] = (perm[p_], perm[k])
        for i in range(k + 1, n):
            A[i, k] /= A[k, k]
            for j in range(k + 1, n):
                A[i, j] -= A[i, k] * A[k, j]
    y = [0.0] * n
    for i in range(n):
        y[i] = b[perm[i]] - sum((A[i, j] * y[j] for j in range(i)))
    x = [0.0] * n
    for i in reversed(range(n)):
        x[i] = (y[i] - sum((A[i, j] * x[j] for j in range(i + 1, n)))) / A[i, i]
    return sum((v * v for v in x))


@example(numbers((1.0, 1.5), (0.2, 0.6)), (0, 1))
def rk45_adaptive(a, b):

    def f(t, y):
        return a * math.cos(t) - b * y
    t, y, h = (0.0, 1.0, 0.1)
    steps, rejected = (0, 0)
    while t < 2.0:
        if t + h > 2.0:
            h = 2.0 - t
        k1 = f(t, y)
        k2 = f(t + h / 2, y + h / 2 * k1)
        k3 = f(t + 3 * h / 4, y + 3 * h / 4 * k2)
        yn = y + h / 9 * (2 * k1 + 3 * k2 + 4 * k3)
        k4 = f(t + h, yn)
        err = abs(h * (-5 / 72 * k1 + k2 / 12 + k3 / 9 - k4 / 8))
        if err > 0.001:
            rejected += 1
            h *= 0.5
            continue
        t += h
        y = yn
        steps += 1
        h *= min(2.0, max(0.5, 0.9 * (0.001 / (err + 1e-12)) ** (1 / 3)))
        if steps > 200:
            raise RuntimeError('too many steps')
    else:
        y = y * 1.5
    return y + 0.01 * steps


@example(numbers((0.2, 0.6), (0.9, 1.3)), (0, 1))
def newton_else(x, y):
    z = 1.0
    k = 0
    while k < 50:
        f = z ** 3 - x * z - y
        d = 3 * z * z - x
        if abs(d) < 1e-12:
            break
        zn = z - f / d
        k += 1
        if abs(zn - z) < 1e-13:
            z = zn
            break
        z = zn
    else:
        raise ValueError('no convergence')
    return z


@example(numbers((0.1, 0.4), (0.8, 1.2)), (0, 1))
def adaptive_simpson(a, c):
    f = lambda t: math.exp(-c * t * t) * math.sin(3 * t)

    def simpson(l, r):
        return (r - l) / 6 * (f(l) + 4 * f((l + r) / 2) + f(r))

    def rec(l, r, whole, eps):
        m = (l + r) / 2
        L, Rr = (simpson(l, m), simpson(m, r))
        if abs(L + Rr - whole) < 15 * eps:
            return L + Rr + (L + Rr - whole) / 15
        return rec(l, m, L, eps / 2) + rec(m, r, Rr, eps / 2)
    return rec(a, 2.0, simpson(a, 2.0), 1e-06)


@example(numbers((0.2, 0.5), (1.2, 1.6)), (0, 1))
def brent_like(a, b):
    f = lambda t: math.cos(t) - a * t
    lo, hi = (0.0, b)
    n = 0
    while f(hi) > 0 and n < 20:
        hi *= 1.5
        n += 1
    for _ in range(60):
        mid = 0.5 * (lo + hi)
        if abs(hi - lo) < 1e-14:
            break
        if f(mid) > 0:
            lo = mid
        else:
            hi = mid
    root = 0.5 * (lo + hi)
    root = root - f(root) / (-math.sin(root) - a)
    return root * b


@example(several(array(5), array(8, lo=0.2, hi=2.0)), (0, 1))
def edit_distance(a, b):
    n, m = (len(a), len(b))
    D = [[0.0] * (m + 1) for _ in range(n + 1)]
    for i in range(1, n + 1):
        D[i][0] = D[i - 1][0] + abs(a[i - 1])
    for j in range(1, m + 1):
        D[0][j] = D[0][j - 1] + abs(b[j - 1])
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            changed = D[i - 1][j - 1] + (a[i - 1] - b[j - 1]) ** 2
            D[i][j] = min(D[i - 1][j] + abs(a[i - 1]), D[i][j - 1] + abs(b[j - 1]), changed)
    return D[n][m]


@example(array(8))
def kadane(a):
    best = cur = a[0]
    lo = hi = s = 0
    for i in range(1, len(a)):
        if cur < 0:
            cur = a[i]
            s = i
        else:
            cur += a[i]
        if cur > best:
            best, lo, hi = (cur, s, i)
    return best * (hi - lo + 1)


@example(several(array(5), numbers((0.2, 0.5))), (0, 1))
def kalman2(z, q):
    x = np.zeros(2)
    P_ = np.eye(2)
    F = np.array([[1.0, 0.1], [0, 1.0]])
    H = np.array([[1.0, 0.0]])
    ll = 0.0
    for v in z:
        x = F @ x
        P_ = F @ P_ @ F.T + q * np.eye(2)
        S = (H @ P_ @ H.T)[0, 0] + 0.5
        K = (P_ @ H.T)[:, 0] / S
        e = v - x[0]
        x = x + K * e
        P_ = (np.eye(2) - np.outer(K, H[0])) @ P_
        ll += -0.5 * (e * e / S + math.log(S))
    return ll


@example(several(array(2, 2, lo=0.1, hi=1.0), array(2, 2, lo=0.1, hi=1.0)), (0, 1))
def viterbi(T, E):
    obs = [0, 1, 1, 0]
    n = len(T)
    V = [{s: math.log(0.5) + math.log(E[s, obs[0]]) for s in range(n)}]
    for o in obs[1:]:
        V.append({s: max((V[-1][r] + math.log(T[r, s]) for r in range(n))) + math.log(E[s, o]) for s in range(n)})
    return max(V[-1].values())


@example(numbers((0.8, 1.2), (0.15, 0.3), (90.0, 110.0)), (0, 1, 2))
def american_tree(T, s, S0):
    n = 8
    dt = T / n
    u = math.exp(s * math.sqrt(dt))
    d = 1 / u
    r = 0.03
    q = (math.exp(r * dt) - d) / (u - d)
    memo = {}

    def value(i, j):
        if (i, j) in memo:
            return memo[i, j]
        spot = S0 * u ** j * d ** (i - j)
        ex = max(102.0 - spot, 0.0)
        if i == n:
            v = ex
        else:
            v = max(ex, math.exp(-r * dt) * (q * value(i + 1, j + 1) + (1 - q) * value(i + 1, j)))
        memo[i, j] = v
        return v
    return value(0, 0)


@example(several(array(5), lambda rng: (3,)))
def rng_mc(a, n):
    rng = np.random.default_rng(3)
    t = 0.0
    for _ in range(50):
        z = rng.normal()
        if z > 0:
            t += a[0] * z
        else:
            t += a[1] * z * z
        k = rng.integers(0, 5)
        t += a[k] * rng.uniform(1.0, 2.0)
    return t / 50


@example(array(8, lo=0.2, hi=2.0))
def automaton(a):
    cells = [1 if v > 1 else 0 for v in a]
    w = 0.0
    for step in range(4):
        cells = [cells[k - 1] ^ (cells[k] | cells[(k + 1) % len(cells)]) for k in range(len(cells))]
        w += sum((c * v for c, v in zip(cells, a))) * (step + 1)
    return w


@example(several(array(8, lo=0.2, hi=2.0), lambda rng: (3,)))
def windows(a, k):
    out = []
    q = collections.deque(maxlen=3)
    for v in a:
        q.append(v)
        if len(q) == 3:
            out.append(sum(q) / 3)
    return max(out) * min(out) + np.std(np.array(out))


@example(several(array(8, lo=0.2, hi=1.9), numbers((0.1, 1.0))))
def bisect_use(a, x):
    grid = [0.0, 0.5, 1.0, 1.5, 2.0]
    s = 0.0
    for v in a:
        i = bisect.bisect(grid, v) - 1
        w = (v - grid[i]) / (grid[i + 1] - grid[i]) if i < 4 else 1.0
        s += (1 - w) * i + w * w
    return s


@example(array(8, lo=0.2, hi=2.0))
def insort_use(a):
    l = []
    for v in a:
        bisect.insort(l, v)
    return sum((k * v for k, v in enumerate(l)))


@example(array(8, lo=0.2, hi=2.0))
def heap_use(a):
    h = []
    for v in a:
        heapq.heappush(h, v)
    t, k = (0.0, 1)
    while h:
        t += k * heapq.heappop(h)
        k += 1
    return t


@functools.lru_cache(None)
def _binom(n, k):
    return 1 if k in (0, n) else _binom(n - 1, k - 1) + _binom(n - 1, k)


@example(numbers((0.2, 0.8)))
def bernstein(x):
    return sum((_binom(6, k) * x ** k * (1 - x) ** (6 - k) * math.sin(k) for k in range(7)))


@example(array(8, lo=0.2, hi=2.0))
def keyed(a):
    n = len(a)
    i = max(range(n), key=lambda k: a[k])
    j = min(range(1, n), key=lambda k: (a[k] - 1) ** 2)
    pts = [(v, v * v) for v in a]
    q = max(pts, key=lambda z: -z[1])
    m = min((v for v in a if v > 5), default=3.0)
    return a[i] * i + a[j] * j + q[0] + m + max(a, key=abs) + sorted(pts, key=lambda z: z[1])[2][0]


@example(several(array(8, lo=0.2, hi=2.0), numbers((1.5, 2.5))))
def while_complicated(a, lim):
    i = 0
    s = 0.0
    n = len(a)
    while True:
        if i >= n:
            break
        j = i
        while j < n:
            if a[j] > 1.5:
                j += 2
                continue
            s += a[i] * a[j]
            if s > lim:
                s *= 0.5
                break
            j += 1
        else:
            s += 0.1 * a[i]
            i += 1
            continue
        i += 2
    return s
