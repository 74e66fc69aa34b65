"""Algorithms on lists, dicts and arrays that change under way."""

from __future__ import annotations

import math

import numpy as np

from tests.programs.everyday.drawing import Programs, array, numbers, several

PROGRAMS = Programs()
example = PROGRAMS.example


@example(numbers((0.5, 1.5)))
def stack_machine(x):
    stack = []
    for tok in "x x * 2 + x /".split():
        if tok == "x":
            stack.append(x)
        elif tok in "+*/":
            b = stack.pop()
            a = stack.pop()
            stack.append({"+": a + b, "*": a * b, "/": a / b}[tok])
        else:
            stack.append(float(tok))
    return stack[-1]


@example(array(5, lo=0.2, hi=1.0))
def while_pop(a):
    todo = list(a)
    total = 0.0
    while todo:
        v = todo.pop()
        total += v * len(todo)
        if v > 0.9 and len(todo) < 3:
            todo.append(v * 0.5)
    return total


@example(numbers((0.5, 1.5)))
def while_pop_condition(x):
    todo = [x, 2 * x, 3.0, 4.0]
    s = 0.0
    while todo.pop() > 0.6 * x and todo:
        s += todo[-1]
    return s * x


@example(numbers((0.5, 1.5)))
def while_next(x):
    it = iter([x, 2 * x, 3 * x, 0.0])
    s = 0.0
    while (v := next(it)) > 0:
        s += v * v
    return s


@example(numbers((0.5, 1.5)))
def nested_lists(x):
    grid = [[x * (i + 1) * (j + 1) for j in range(3)] for i in range(3)]
    tr = list(zip(*grid))
    flat = [v for row in grid for v in row if v > x]
    grid[1][2] += 5 * x
    row = grid[0]
    row[0] = 9 * x
    grid[0] = [1.0] * 3
    return sum(map(sum, grid)) + sum(tr[2]) + len(flat) * x + row[0]


@example(numbers((0.5, 1.5)))
def shared_rows(x):
    grid = [[0.0] * 3] * 3
    grid[0][1] = x
    grid[2][0] += 2 * x
    return sum(sum(r) for r in grid)


@example(numbers((0.5, 1.5)))
def aliased_arguments(x):
    def f(a, b):
        a[0] += b[0]
        b[0] *= 2
        return a[0] + b[0]

    l = [x, 1.0]
    m = [2 * x]
    return f(l, l) + f(l, m)


@example(array(4))
def aliased_arrays(a):
    def f(u, v):
        u[1:] += v[:-1]
        v[0] *= 3.0
        return u.sum() * v.sum()

    return f(a, a) + f(a[1:], a[:-1]) + f(a.copy(), a)


@example(array(3, 3))
def array_of_views(A):
    rows = [A[i] for i in range(3)]
    rows[0] *= 2
    rows[1][:] = rows[0]
    rows[2] = rows[2] + 1
    A[2, 0] = 7.0
    return A.sum() + rows[2].sum() + sum(r[0] * r[-1] for r in rows)


@example(numbers((0.5, 1.5)))
def dict_updates_in_loop(x):
    d = {"a": x, "b": 1.0}
    h = []
    for i in range(4):
        d["a"] *= 1.1
        d["b"] += d["a"]
        h.append(dict(d))
        if i == 2:
            d = {**d, "a": x}
    return d["b"] + h[1]["a"] + sum(e["b"] for e in h)


@example(numbers((0.5, 1.5)))
def closures_with_state(x):
    def make():
        n = 0
        tot = 0.0

        def add(v):
            nonlocal n, tot
            n += 1
            tot += v
            return tot / n

        return add

    f, g = make(), make()
    f(x)
    g(2 * x)
    return f(x * x) + g(1.0) * f(3.0)


@example(numbers((0.5, 1.5)))
def swap_and_rebind(x):
    a, b, c = x, 2 * x, 3.0
    for _ in range(5):
        a, b, c = b, c, a * 0.5 + b * 0.1
    (a, b), c = (b, a), c * a
    return a + 2 * b + 3 * c


@example(array(6))
def two_pointers(a):
    s = np.sort(a)
    i, j, t_ = 0, len(s) - 1, 0.0
    while i < j:
        if s[i] + s[j] < 0.1:
            t_ += s[i] * s[j]
            i += 1
        else:
            t_ -= s[j]
            j -= 1
    return t_


@example(array(6))
def running_stats(a):
    m = v = 0.0
    for n, x in enumerate(a, 1):
        d = x - m
        m += d / n
        v += d * (x - m)
    return m + math.sqrt(v / (len(a) - 1))


@example(array(8))
def moving_average_ema(a):
    w = 3
    ma = [sum(a[i : i + w]) / w for i in range(len(a) - w + 1)]
    e = a[0]
    out = [e]
    for v in a[1:]:
        e = 0.3 * v + 0.7 * e
        out.append(e)
    cross = sum(1 for p, q in zip(ma, out[w - 1 :]) if p > q)
    return sum(ma) * cross + out[-1] + max(out) - min(ma)


@example(array(4, 4))
def lu_by_hand(A):
    A = A + 4 * np.eye(4)
    n = 4
    L = np.eye(n)
    U = A.copy()
    for k in range(n):
        for i in range(k + 1, n):
            L[i, k] = U[i, k] / U[k, k]
            U[i] -= L[i, k] * U[k]
    y = np.zeros(n)
    for i in range(n):
        y[i] = 1.0 - L[i, :i] @ y[:i]
    x = np.zeros(n)
    for i in reversed(range(n)):
        x[i] = (y[i] - U[i, i + 1 :] @ x[i + 1 :]) / U[i, i]
    return x.sum() + np.prod(np.diag(U)) * 0.01


@example(array(4, 4))
def pivoted_elimination(A):
    M = [list(map(float, r)) for r in A.tolist()]
    b = [1.0, 2.0, 3.0, 4.0]
    n = 4
    for c in range(n):
        p = max(range(c, n), key=lambda r: abs(M[r][c]))
        M[c], M[p] = M[p], M[c]
        b[c], b[p] = b[p], b[c]
        for r in range(c + 1, n):
            f = M[r][c] / M[c][c]
            for k in range(c, n):
                M[r][k] -= f * M[c][k]
            b[r] -= f * b[c]
    x = [0.0] * n
    for i in range(n - 1, -1, -1):
        x[i] = (b[i] - sum(M[i][k] * x[k] for k in range(i + 1, n))) / M[i][i]
    return math.atan(x[0]) + math.tanh(sum(x))


@example(array(5, 2))
def convex_polygon(p):
    q = p + np.array([[math.cos(2 * math.pi * i / 5) * 5, math.sin(2 * math.pi * i / 5) * 5] for i in range(5)])
    area = 0.5 * sum(q[i - 1, 0] * q[i, 1] - q[i, 0] * q[i - 1, 1] for i in range(5))
    per = sum(math.dist(q[i - 1], q[i]) for i in range(5))
    return area / per


@example(numbers((0.2, 0.8), (0.2, 0.8)), (0, 1))
def bezier_and_splines(s, u):
    pts = [(0.0, 0.0), (s, 2.0), (2.0, u), (3.0, 1.0)]

    def cast(ps, t_):
        return (
            ps[0]
            if len(ps) == 1
            else cast([tuple((1 - t_) * a + t_ * b for a, b in zip(p, q)) for p, q in zip(ps, ps[1:])], t_)
        )

    x, y = cast(pts, u)
    return x * y


@example(array(3))
def ode_with_events(p):
    y, v, t_, bounces = 1.0 + p[0] * 0.1, 0.0, 0.0, 0
    while t_ < 2.0 and bounces < 3:
        v -= 9.81 * 0.01
        y += v * 0.01
        t_ += 0.01
        if y < 0:
            y = -y * 0.9
            v = -v * (0.8 + 0.1 * p[1])
            bounces += 1
    return y + v * 0.1 + bounces


@example(several(array(10, lo=0, hi=1), numbers((0.1, 1.0), (0.1, 1.0))), (0, 1, 2))
def garch(r, a, b):
    s = 0.5
    ll = 0.0
    for x in r:
        s = 0.1 + a * 0.3 * x * x + b * 0.6 * s
        ll += math.log(s) + x * x / s
    return -0.5 * ll


@example(several(array(3, 3, lo=0.1, hi=1)))
def pagerank(A):
    M = A / A.sum(axis=0)
    r = np.full(3, 1 / 3)
    for _ in range(25):
        new = 0.85 * M @ r + 0.05
        if np.abs(new - r).sum() < 1e-12:
            break
        r = new
    return r @ np.array([1.0, 2.0, 3.0])


@example(several(array(6, 2), array(3)), (0, 1))
def logistic_regression(X, w):
    y = np.array([0, 1, 0, 1, 1, 0])
    z = X @ w[:2] + w[2]
    return np.mean(np.logaddexp(0, z) - y * z) + 0.01 * np.dot(w, w)


@example(several(array(5, 5, lo=0.2, hi=1)))
def floyd_warshall(D):
    D = D.copy()
    np.fill_diagonal(D, 0.0)
    for k in range(5):
        D = np.minimum(D, D[:, k : k + 1] + D[k : k + 1, :])
    return D.sum()


@example(array(12))
def haar_wavelet(a):
    c = np.concatenate([a, np.zeros(4)])
    out = []
    while len(c) > 1:
        lo, hi = (c[::2] + c[1::2]) / math.sqrt(2), (c[::2] - c[1::2]) / math.sqrt(2)
        out.append(hi)
        c = lo
    thr = [np.sign(h) * np.maximum(np.abs(h) - 0.1, 0) for h in out]
    return sum(np.sum(t_**2) for t_ in thr) + c[0]


@example(numbers((0.5, 1.5), (0.1, 0.6)), (0, 1))
def kepler_equation(M, e):
    E = M if e < 0.8 else math.pi
    for _ in range(50):
        d = (E - e * math.sin(E) - M) / (1 - e * math.cos(E))
        E -= d
        if abs(d) < 1e-13:
            break
    return 2 * math.atan2(math.sqrt(1 + e) * math.sin(E / 2), math.sqrt(1 - e) * math.cos(E / 2))


@example(numbers((0.5, 1.5)))
def dual_numbers_by_user(x):
    class Dual:
        def __init__(s, a, b=0.0):
            s.a, s.b = a, b

        def __add__(s, o):
            o = o if isinstance(o, Dual) else Dual(o)
            return Dual(s.a + o.a, s.b + o.b)

        __radd__ = __add__

        def __mul__(s, o):
            o = o if isinstance(o, Dual) else Dual(o)
            return Dual(s.a * o.a, s.a * o.b + s.b * o.a)

        __rmul__ = __mul__

    d = Dual(x, 1.0)
    r = 3.0 * d * d * d + 2.0 * d + 1.0
    return r.a + r.b * x


@example(numbers((0.5, 1.5)))
def visitor(x):
    class V:
        def visit(self, n):
            return getattr(self, f"visit_{type(n).__name__}")(n)

        def visit_tuple(self, n):
            return math.prod(self.visit(c) for c in n)

        def visit_list(self, n):
            return sum(self.visit(c) for c in n)

        def visit_float(self, n):
            return n

        def visit_int(self, n):
            return n * x

    return V().visit([x, (2, x, [3, 1.5]), (x,)])


@example(numbers((0.5, 1.5)))
def linked_list(x):
    class N:
        __slots__ = ("v", "nxt")

        def __init__(s, v, nxt=None):
            s.v, s.nxt = v, nxt

    head = None
    for k in range(4):
        head = N(x**k, head)
    prev = None
    cur = head
    while cur:
        cur.nxt, prev, cur = prev, cur, cur.nxt
    s, i, n = 0.0, 1, prev
    while n is not None:
        s += i * n.v
        n = n.nxt
        i += 1
    return s


@example(numbers((0.5, 1.5)))
def binary_tree(x):
    tree = {}

    def insert(t_, k, v):
        if not t_:
            t_.update(k=k, v=v, l={}, r={})
            return
        insert(t_["l"] if k < t_["k"] else t_["r"], k, v)

    for k in (5, 2, 8, 1, 9):
        insert(tree, k, x * k)

    def walk(t_, d=1):
        return 0.0 if not t_ else t_["v"] * d + walk(t_["l"], d + 1) + walk(t_["r"], d + 1)

    return walk(tree)


@example(numbers((0.5, 1.5)))
def state_machine(x):
    state, y, n = "start", x, 0
    while state != "done":
        if state == "start":
            state = "grow"
        elif state == "grow":
            y *= 1.3
            n += 1
            state = "shrink" if y > 2.5 else "grow"
        elif state == "shrink":
            y -= 0.4
            state = "done" if y < 1.8 or n > 20 else "shrink"
    return y * n


@example(
    lambda r: ([{"m": float(r.uniform(1, 2)), "pos": [float(v) for v in r.uniform(-1, 1, 2)]} for _ in range(3)],)
)
def bodies_as_dicts(bodies):
    e = 0.0
    for i, b in enumerate(bodies):
        for c in bodies[i + 1 :]:
            d = math.sqrt(sum((p - q) ** 2 for p, q in zip(b["pos"], c["pos"])) + 0.01)
            e -= b["m"] * c["m"] / d
    return e


@example(lambda r: ((r.normal(size=3), [r.normal(size=(2, 2)), {"k": float(r.normal())}]),))
def nested_structure(p):
    a, (M, d) = p
    return float(a @ a) + M[0] @ M[1] * d["k"] + np.trace(M)


@example(several(array(4), numbers((0.1, 0.9))), (0, 1))
def float32_mixture(a, s):
    b = a.astype(np.float32).astype(np.float64) if False else a
    return (b * np.float64(s) + np.int64(2) * s).sum() + np.sum(a > 0) * s + a[np.int64(1)]


@example(array(7))
def fancy_writes(a):
    b = np.zeros(10)
    b[[1, 3, 5]] = a[:3]
    b[b == 0] = a[3]
    b[7:9] = a[4:6]
    i = np.argsort(a)
    b[:7][i] += a
    b[-1], b[0] = b[0], b[-1]
    return b @ np.arange(10.0)


@example(array(3, 4))
def broadcasting_zoo(A):
    c = A - A.mean(0)
    d = A / (1 + np.abs(A).sum(1, keepdims=True))
    e = A[:, :, None] * A[:, None, :]
    f = A[..., 0] @ d[:, 1]
    g = np.add.outer(A[0], A[1])
    h = (A.T * np.arange(3)).T
    return (c**2).sum() + d.max() + e.sum() + f + g.mean() + h.sum() + A.ravel()[::3].sum() + (A @ A.T).trace()


@example(numbers((0.5, 1.5)))
def try_in_loop(x):
    s = 0.0
    for k in (0, 1, 2, -1):
        try:
            if k < 0:
                raise ValueError(k * x)
            s += x / k
        except ZeroDivisionError:
            s += 10 * x
            continue
        except ValueError as e:
            s += e.args[0]
            break
        finally:
            s *= 1.1
    return s


@example(numbers((0.5, 1.5)))
def recursion_zoo(x):
    def ack(m, n):
        return n + 1 if m == 0 else ack(m - 1, 1) if n == 0 else ack(m - 1, ack(m, n - 1))

    def hanoi(n):
        return 0.0 if n == 0 else 2 * hanoi(n - 1) + x

    def even(n):
        return x if n == 0 else odd(n - 1)

    def odd(n):
        return -x if n == 0 else even(n - 1) * 1.1

    def perms(l):
        return [[]] if not l else [[h] + p for i, h in enumerate(l) for p in perms(l[:i] + l[i + 1 :])]

    return ack(1, 2) * x + hanoi(4) + even(5) + sum(p[0] * p[1] for p in perms([x, 2.0, x * x]))
