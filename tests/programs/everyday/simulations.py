"""Recurrent networks, time stepping, elimination, filters, trees of prices and the like, in arrays that are written."""
from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tests.programs.everyday.drawing import Programs, R, drawn

PROGRAMS = Programs()
example = PROGRAMS.example


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


@example(drawn(R(-1, 1, 4, 2), R(-0.5, 0.5, 12, 5), R(-0.2, 0.2, 12)), (0, 1, 2))
def lstm_slices(X, W, b):
    n = b.shape[0] // 4
    T = X.shape[0]
    H = np.zeros((T + 1, n))
    C = np.zeros((T + 1, n))
    h, c = H[0], C[0]
    for t in range(T):
        z = W @ np.concatenate([h, X[t]]) + b
        i = sigmoid(z[:n])
        f = sigmoid(z[n:2 * n])
        o = sigmoid(z[2 * n:3 * n])
        g = np.tanh(z[3 * n:])
        C[t + 1] = f * c + i * g
        c = C[t + 1]
        H[t + 1] = o * np.tanh(c)
        h = H[t + 1]
    return np.sum(h ** 2) + np.sum(C)


@example(drawn(R(-1, 1, 5, 2), R(-0.5, 0.5, 3, 2), R(-0.5, 0.5, 3, 3)), (0, 1, 2))
def rnn_prev(X, Wx, Wh):
    T = len(X)
    H = np.zeros((T + 1, Wh.shape[0]))
    prev = H[0]
    for t in range(T):
        H[t + 1] = np.tanh(Wx @ X[t] + Wh @ prev)
        prev = H[t + 1]
    return (prev * prev).sum() + H.mean()


@example(drawn(R(0, 1, 5), 4))
def heat_rows(u0, steps):
    U = np.zeros((steps + 1, u0.size))
    U[0] = u0
    u = U[0]
    for k in range(steps):
        un = U[k + 1]
        un[:] = u
        un[1:-1] += 0.2 * (u[2:] - 2 * u[1:-1] + u[:-2])
        u = un
    return np.sum(u ** 2) + U[-1, 0]


@example(drawn(R(-1, 1, 6), 0.1, 5), (0, 1))
def leapfrog_views(s, dt, steps):
    n = len(s) // 2
    q = s[:n]
    p = s[n:]
    p -= 0.5 * dt * np.sin(q)
    for _ in range(steps):
        q += dt * p
        p -= dt * np.sin(q)
    p += 0.5 * dt * np.sin(q)
    return 0.5 * (p @ p) + np.sum(1 - np.cos(q))


@example(drawn(R(-1, 1, 4, 4), R(-1, 1, 4)), (0, 1))
def gauss_inplace(A, b):
    n = len(b)
    for k in range(n):
        p = k + np.argmax(np.abs(A[k:, k]))
        if p != k:
            A[[k, p]] = A[[p, k]]
            b[k], b[p] = b[p], b[k]
        for i in range(k + 1, n):
            m = A[i, k] / A[k, k]
            A[i, k:] -= m * A[k, k:]
            b[i] -= m * b[k]
    x = np.empty(n)
    for i in range(n - 1, -1, -1):
        x[i] = (b[i] - A[i, i + 1:] @ x[i + 1:]) / A[i, i]
    return np.sum(x * np.arange(1, n + 1))


@example(drawn(R(0.1, 1, 5), R(2, 3, 5), R(0.1, 1, 5), R(-1, 1, 5)), (0, 1, 2, 3))
def thomas_inplace(a, b, c, d):
    n = d.shape[0]
    for i in range(1, n):
        w = a[i] / b[i - 1]
        b[i] = b[i] - w * c[i - 1]
        d[i] = d[i] - w * d[i - 1]
    x = b
    x[-1] = d[-1] / b[-1]
    for i in range(n - 2, -1, -1):
        x[i] = (d[i] - c[i] * x[i + 1]) / b[i]
    return x.sum() + x[0] * x[-1]


@dataclass(frozen=True)
class Gaussian:
    mean: np.ndarray
    cov: np.ndarray


def predict(s, F, Q):
    return Gaussian(F @ s.mean, F @ s.cov @ F.T + Q)


def update(s, z, H, r):
    S = H @ s.cov @ H + r
    K = s.cov @ H / S
    e = z - H @ s.mean
    gain = -0.5 * (e * e / S + math.log(2 * math.pi * S))
    return replace(s, mean=s.mean + K * e, cov=s.cov - np.outer(K, H @ s.cov)), gain


@example(drawn(R(-1, 1, 5), R(0.1, 0.5), R(0.1, 0.5)), (0, 1, 2))
def kalman_dataclass(zs, q, r):
    F = np.array([[1.0, 0.5], [0.0, 1.0]])
    H = np.array([1.0, 0.0])
    s = Gaussian(np.zeros(2), np.eye(2))
    ll = 0.0
    for z in zs:
        s = predict(s, F, q * np.eye(2))
        s, inc = update(s, z, H, r)
        ll += inc
    return ll + s.mean[1]


@example(drawn(R(0.1, 1, 3), R(0.1, 1, 3, 3), R(0.1, 1, 3, 4), np.array([0, 2, 1, 3, 3])), (0, 1, 2))
def hmm_scaled(pi, A, B, obs):
    pi = pi / pi.sum()
    A = A / A.sum(axis=1, keepdims=True)
    B = B / B.sum(axis=1, keepdims=True)
    T = len(obs)
    alpha = np.zeros((T, len(pi)))
    scale = np.zeros(T)
    alpha[0] = pi * B[:, obs[0]]
    scale[0] = alpha[0].sum()
    alpha[0] /= scale[0]
    for t in range(1, T):
        alpha[t] = (alpha[t - 1] @ A) * B[:, obs[t]]
        scale[t] = alpha[t].sum()
        alpha[t] /= scale[t]
    return np.log(scale).sum()


@example(drawn(R(-1, 1, 3), R(-1, 1, 3, 3), R(-1, 1, 5, 3)), (0, 1, 2))
def soft_viterbi(start, trans, emit):
    def lse(x, axis):
        m = x.max(axis=axis, keepdims=True)
        return np.log(np.exp(x - m).sum(axis=axis)) + np.squeeze(m, axis)
    delta = start + emit[0]
    back = []
    for e in emit[1:]:
        scores = delta[:, None] + trans
        back.append(scores.argmax(axis=0))
        delta = lse(scores, 0) + e
    best = int(np.argmax(delta))
    path = [best]
    for ptr in reversed(back):
        best = int(ptr[best])
        path.append(best)
    path = path[::-1]
    score = start[path[0]] + sum(emit[t, s] for t, s in enumerate(path))
    return lse(delta, 0) - 0.5 * score


@example(drawn(R(-1, 1, 4), R(-1, 1, 3), R(0.3, 0.6)), (0, 1, 2))
def edit_soft(a, b, g):
    m, n = len(a), len(b)
    D = [[0.0] * (n + 1) for _ in range(m + 1)]
    for i in range(1, m + 1):
        D[i][0] = i * g
    for j in range(1, n + 1):
        D[0][j] = j * g
    for i in range(1, m + 1):
        for j in range(1, n + 1):
            c = [D[i - 1][j] + g, D[i][j - 1] + g, D[i - 1][j - 1] + (a[i - 1] - b[j - 1]) ** 2]
            D[i][j] = -0.3 * math.log(sum(math.exp(-v / 0.3) for v in c))
    return D[m][n]


@example(drawn(R(1, 3, 5)))
def matrix_chain(p):
    n = len(p) - 1
    m = np.zeros((n, n))
    for L in range(2, n + 1):
        for i in range(n - L + 1):
            j = i + L - 1
            m[i, j] = np.inf
            for k in range(i, j):
                cost = m[i, k] + m[k + 1, j] + p[i] * p[k + 1] * p[j + 1]
                if cost < m[i, j]:
                    m[i, j] = cost
    return m[0, n - 1] + p[0]


@example(drawn(R(-1, 1, 5), np.array([0, 2, 1, 0, 2]), np.array([0, 2, 2, 3, 5]), R(-1, 1, 3)), (0, 3))
def csr_matvec(data, indices, indptr, x):
    y = np.zeros(len(indptr) - 1)
    for i in range(len(y)):
        lo, hi = indptr[i], indptr[i + 1]
        y[i] = np.dot(data[lo:hi], x[indices[lo:hi]])
    return float(y @ y) + float(np.sum(x))


@example(drawn(R(-1, 1, 6), R(-0.3, 0.3, 3), R(-0.3, 0.3, 2)), (0, 1, 2))
def biquad(x, b, a):
    w1 = w2 = 0.0
    y = np.empty_like(x)
    for n, xn in enumerate(x):
        w0 = xn - a[0] * w1 - a[1] * w2
        y[n] = b[0] * w0 + b[1] * w1 + b[2] * w2
        w2, w1 = w1, w0
    return (y ** 2).sum() + b[0]


@example(drawn(R(-1, 1, 4), R(0.8, 0.99), 11), (0, 1))
def karplus(buf, damp, n):
    out = np.zeros(n)
    head = 0
    for i in range(n):
        out[i] = buf[head]
        nxt = (head + 1) % len(buf)
        buf[head] = damp * 0.5 * (buf[head] + buf[nxt])
        head = nxt
    return np.sum(out * np.arange(n)) + buf[0] ** 2


@example(drawn(R(-1, 1, 4, 3), R(-1, 1, 3, 3), R(-1, 1, 3, 3), R(-1, 1, 3, 3)), (0, 1, 2, 3))
def causal_attention(X, Wq, Wk, Wv):
    Q, K, V = (X @ W for W in (Wq, Wk, Wv))
    S = Q @ K.T / np.sqrt(K.shape[-1])
    mask = np.triu(np.ones_like(S, dtype=bool), k=1)
    S[mask] = -np.inf
    S -= S.max(axis=-1, keepdims=True)
    P = np.exp(S)
    P /= P.sum(axis=-1, keepdims=True)
    return np.sum((P @ V) ** 2)


@example(drawn(R(1, 3), R(0.5, 1)), (0, 1))
def secant_else(a, b):
    f = lambda x: x ** 3 - a * x - b
    x0, x1 = 1.0, 2.5
    for it in range(50):
        f0, f1 = f(x0), f(x1)
        if math.isclose(f1, f0, rel_tol=0, abs_tol=1e-15) or abs(f1) < 1e-13:
            break
        x0, x1 = x1, x1 - f1 * (x1 - x0) / (f1 - f0)
    else:
        raise RuntimeError("no convergence")
    return x1 * 2


@example(drawn(R(0.5, 2)))
def golden(a):
    phi = (math.sqrt(5) - 1) / 2
    f = lambda x: (x - a) ** 2 + 0.1 * x ** 4
    lo, hi = 0.0, 3.0
    c, d = hi - phi * (hi - lo), lo + phi * (hi - lo)
    fc, fd = f(c), f(d)
    while hi - lo > 1e-3:
        if fc < fd:
            hi, d, fd = d, c, fc
            c = hi - phi * (hi - lo)
            fc = f(c)
        else:
            lo, c, fc = c, d, fd
            d = lo + phi * (hi - lo)
            fd = f(d)
    return f(0.5 * (lo + hi)) + a


@example(drawn(R(0, 1, 5, 2), R(-0.1, 0.1, 5, 2)), (0, 1))
def sph(x, v):
    h = 0.5
    for step in range(2):
        d = x[:, None, :] - x[None, :, :]
        r = np.sqrt((d ** 2).sum(-1) + 1e-6)
        q = r / h
        w = np.where(q < 1, (1 - q) ** 3, 0.0)
        rho = w.sum(axis=1)
        P = 1.0 * (rho - 1.0)
        dw = np.where(q < 1, -3 * (1 - q) ** 2 / h, 0.0)
        f = -((P[:, None] + P[None, :]) * 0.5 * dw / r)[..., None] * d
        a = f.sum(axis=1)
        a[:, 1] -= 0.5
        v += 0.05 * a
        x += 0.05 * v
        below = x[:, 1] < 0
        x[below, 1] *= -1
        v[below, 1] *= -0.5
    return np.sum(v ** 2) + x.sum()


@example(drawn(R(0.5, 1, 4, 4), R(0, 0.5, 4, 4), R(0.02, 0.05), R(0.05, 0.07)), (0, 1, 2, 3))
def gray_scott(U, V, F, k):
    def lap(Z):
        return sum(np.roll(Z, s, ax) for s in (1, -1) for ax in (0, 1)) - 4 * Z
    U2, V2 = np.empty_like(U), np.empty_like(V)
    for _ in range(3):
        uvv = U * V * V
        np.add(U, 0.1 * lap(U) - uvv + F * (1 - U), out=U2)
        np.add(V, 0.05 * lap(V) + uvv - (F + k) * V, out=V2)
        U, U2 = U2, U
        V, V2 = V2, V
    return (U * V).sum() + U2[0, 0]


@example(drawn(R(0.1, 0.4, 3, 3), R(-1, 1, 3)), (0, 1))
def mean_field(J, h):
    m = np.zeros_like(h)
    for it in range(200):
        old = m.copy()
        for i in range(len(m)):
            m[i] = math.tanh(J[i] @ m - J[i, i] * m[i] + h[i])
        if np.max(np.abs(m - old)) < 1e-12:
            break
    F = -0.5 * m @ J @ m - h @ m
    return F


@example(drawn(R(-1, 1, 5)))
def cum_alias(x):
    x[1:] += x[:-1]
    x[:-1] *= x[1:]
    y = x[::-1]
    x += y
    x[::2] -= 0.5
    y[1:] = y[:-1]
    return np.sum(x * np.arange(len(x))) + np.sum(y ** 2)


@example(drawn(R(-1, 1, 4)))
def sort_net(x):
    for i, j in [(0, 1), (2, 3), (0, 2), (1, 3), (1, 2)]:
        lo, hi = min(x[i], x[j]), max(x[i], x[j])
        x[i], x[j] = lo, hi
    return x @ np.array([1.0, 2.0, 4.0, 8.0])
