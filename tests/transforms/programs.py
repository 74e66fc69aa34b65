"""Programs for the transforms: name -> (function, arguments, wrt, outputs)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tests.transforms.kit import Kit
from workbench.ir import Function, Kind, Span
from workbench.rules import effect
from workbench.rules.functions import cos, exp, matmul, sin, sqrt, sum_, where

Case = tuple[Function, list[Any], list[int], list[int]]
PROGRAMS: dict[str, Callable[[], Case]] = {}


def program(make: Callable[[], Case]) -> Callable[[], Case]:
    PROGRAMS[make.__name__] = make
    return make


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape) + len(shape)).uniform(0.4, 1.3, shape)


# ---------------------------------------------------------------------- scalars and loops
@program
def straight() -> Case:
    k = Kit("straight", x="f64", y="f64")
    z = sin(k.x.now * k.y.now) / k.y.now + k.x.now ** 3
    return k.finish(z * z, k.x), [0.7, 1.3], [0, 1], [0]


@program
def carried_pair() -> Case:
    k = Kit("carried_pair", x="f64", y="f64", n="i64")
    x, y = k.x, k.y
    with k.loop(0, k.n):
        a, b = x.now, y.now
        p = a * b
        q = a - 0.1 * p
        x.set(a + 0.1 * (q - p * q))
        y.set(b + 0.1 * (p - q * b))
    return k.finish(x, y), [0.7, 1.3, 9], [0, 1], [0, 1]


@program
def captured() -> Case:
    k = Kit("captured", x="f64", w="f64", a="f64[n]")
    s = k.var(0.0, "s")
    c = k.var(exp(k.w.now), "c")
    with k.loop(0, k.n) as i:
        s.set(s.now * c.now + sin(k.x.now * k.a[i]))
    return k.finish(s), [0.3, -0.4, draw(6)], [0, 1, 2], [0]


@program
def rectangular() -> Case:
    k = Kit("rectangular", a="f64[n,m]", x="f64")
    s = k.var(0.0, "s")
    with k.loop(0, k.n) as i:
        t = k.var(1.0, "t")
        with k.loop(1, k.m - 1, name="j") as j:
            t.set(t.now * k.a[i, j] + k.x.now)
        s.set(s.now * 0.5 + t.now * t.now)
    return k.finish(s), [draw(3, 5), 0.6], [0, 1], [0]


@program
def triangular() -> Case:
    k = Kit("triangular", a="f64[n]", x="f64")
    s = k.var(0.0, "s")
    with k.loop(0, k.n) as i:
        t = k.var(k.x.now, "t")
        with k.loop(0, i, name="j") as j:
            t.set(sin(t.now * k.a[j]) + s.now)
        s.set(s.now * k.a[i] + t.now)
    return k.finish(s), [draw(5), 0.6], [0, 1], [0]


@program
def downwards() -> Case:
    k = Kit("downwards", a="f64[n]")
    s = k.var(1.0, "s")
    with k.loop(k.n - 1, 0, -1) as i:
        s.set(s.now * k.a[i] + s.now * s.now * 0.1)
    return k.finish(s), [draw(6)], [0], [0]


@program
def no_trips() -> Case:
    k = Kit("no_trips", x="f64", n="i64")
    with k.loop(0, k.n):
        k.x.set(k.x.now * k.x.now)
    return k.finish(k.x), [0.7, -3], [0], [0]


@program
def unused_result() -> Case:
    k = Kit("unused_result", x="f64", n="i64")
    a, b = k.var(k.x.now, "a"), k.var(1.0, "b")
    with k.loop(0, k.n):
        old = a.now
        a.set(b.now * k.x.now)
        b.set(old + sin(b.now))
    return k.finish(b), [0.7, 4], [0], [0]


@program
def small_state() -> Case:
    """The state is a small array, its stages a loop."""
    k = Kit("small_state", y="f64[2]", n="i64")
    y = k.y
    with k.loop(0, k.n, name="t"):
        d = k.var(k.emit("empty", 2, kind=Kind.F64), "d")
        with k.loop(0, 2, name="j") as j:
            d[j] = y[j] * (y[1 - j] - 0.5)
        with k.loop(0, 2, name="j") as j:
            y[j] = y[j] + 0.1 * d[j]
    return k.finish(y), [draw(2), 5], [0], [0]


# ---------------------------------------------------------------------- while
@program
def taylor() -> Case:
    k = Kit("taylor", x="f64")
    term, s, n = k.var(k.x.now, "term"), k.var(k.x.now, "s"), k.var(1, "n", Kind.INT)
    with k.loop_while(lambda: (term.now > 1e-9) | (term.now < -1e-9)):
        m = k.emit("cast", 2 * n.now * (2 * n.now + 1), kind=Kind.F64)
        term.set(-term.now * k.x.now * k.x.now / m)
        s.set(s.now + term.now)
        n.set(n.now + 1)
    return k.finish(s), [1.3], [0], [0]


@program
def while_in_for() -> Case:
    k = Kit("while_in_for", a="f64[n]")
    s = k.var(0.0, "s")
    with k.loop(0, k.n) as i:
        y = k.var(k.a[i], "y")
        with k.loop_while(lambda: y.now < 50.0):
            y.set(y.now * y.now + 1.0)
        s.set(s.now + y.now)
    return k.finish(s), [draw(4)], [0], [0]


@program
def work_before_exit() -> Case:
    """Rotated loop: `before` computes, and its last, partial iteration counts."""
    k = Kit("work_before_exit", x="f64", a="f64[n]")
    s, i = k.var(k.x.now, "s"), k.var(0, "i", Kind.INT)
    def before() -> Any:
        s.set(sin(s.now) * k.x.now + s.now)
        i.set(i.now + 1)
        return (s.now < 3.0) & (i.now < k.n)
    with k.loop_while(before):
        s.set(s.now * k.a[i.now - 1] + s.now * s.now)
    return k.finish(s.now * s.now), [0.4, draw(9)], [0, 1], [0]


@program
def inner_loop_before_exit() -> Case:
    """The last, partial iteration runs an inner loop that the only output does not need."""
    k = Kit("inner_loop_before_exit", x="f64", y="f64")
    def before() -> Any:
        i = k.var(0, "i", Kind.INT)
        with k.loop_while(lambda: (i.now < 3) & (k.y.now < 5.0)):
            k.y.set(k.y.now * k.y.now * 0.3 + 1.0)
            i.set(i.now + 1)
        return k.y.now < 4.0
    with k.loop_while(before):
        k.x.set(k.x.now * sin(k.y.now))
        k.y.set(k.y.now * 0.8)
    return k.finish(k.x, k.y), [0.7, 0.2], [0, 1], [0]


@program
def for_in_while_in_for() -> Case:
    k = Kit("for_in_while_in_for", a="f64[n]", x="f64")
    s = k.var(k.x.now, "s")
    with k.loop(0, k.n) as i:
        m = k.var(1, "m", Kind.INT)
        t = k.var(k.a[i], "t")
        with k.loop_while(lambda: t.now < 4.0):
            with k.loop(0, m, name="j") as j:
                wave = sin(s.now + k.a[k.emit("mod", j, k.n)])
                t.set(t.now + 0.05 * t.now * wave * wave + 0.9)
            m.set(m.now + 1)
        s.set(s.now + t.now * t.now * 0.1)
    return k.finish(s), [draw(5), 0.3], [0, 1], [0]


@program
def while_with_array() -> Case:
    """Gauss-Seidel until the change is small."""
    k = Kit("while_with_array", u="f64[n]", f="f64[n]")
    change = k.var(1.0, "change")
    def sweep() -> Any:
        change.set(0.0)
        with k.loop(1, k.n - 1) as i:
            new = 0.5 * (k.u[i - 1] + k.u[i + 1]) + 0.1 * k.f[i] * k.u[i]
            change.set(change.now + (new - k.u[i]) * (new - k.u[i]))
            k.u[i] = new
        return change.now > 1e-3
    with k.loop_while(sweep):
        k.u[0] = k.u[0] * 0.99
    return k.finish(k.u), [draw(6), draw(6)], [0, 1], [0]


# ---------------------------------------------------------------------- conditionals
@program
def branch_in_loop() -> Case:
    k = Kit("branch_in_loop", a="f64[n]", x="f64")
    s = k.var(0.0, "s")
    with k.loop(0, k.n) as i:
        def then() -> None:
            t = sin(k.a[i] * k.x.now)
            s.set(s.now + t * t * s.now + 1.0)
        def orelse() -> None:
            s.set(s.now * k.a[i])
        k.when(k.a[i] > 0.8, then, orelse)
    return k.finish(s), [draw(7), 0.7], [0, 1], [0]


@program
def branch_at_top() -> Case:
    k = Kit("branch_at_top", x="f64", a="f64[n]")
    y = k.var(k.x.now, "y")
    def then() -> None:
        z = exp(y.now * k.x.now)
        k.when(z > 0.5, lambda: y.set(z * y.now + sin(z)))
        with k.loop(0, k.n) as i:
            y.set(y.now * k.a[i] + sin(y.now))
    k.when(k.x.now > 0.0, then, lambda: y.set(y.now * y.now))
    return k.finish(y), [0.4, draw(3)], [0, 1], [0]


@program
def branch_on_arrays() -> Case:
    k = Kit("branch_on_arrays", a="f64[n]", x="f64")
    def then() -> None:
        b = k.a.now * k.a.now
        c = sin(b)
        k.a.set(c * b * k.x.now)
    def orelse() -> None:
        k.a[0] = k.a[1] * k.a[1]
    k.when(k.x.now > 0.0, then, orelse)
    with k.loop(0, k.n) as i:
        k.when(k.a[i] > 0.3, lambda: k.a.__setitem__(i, k.a[i] * k.a[i]))
        k.a.accum(k.a[i] * k.x.now, 0)
    return k.finish(k.a), [draw(4), 0.9], [0, 1], [0]


@program
def active_in_one_arm() -> Case:
    k = Kit("active_in_one_arm", x="f64", n="i64")
    s = k.var(0.0, "s")
    with k.loop(0, k.n) as i:
        k.when(i > 1, lambda: k.when(i > 2, lambda: s.set(s.now + k.x.now * k.x.now)), lambda: s.set(1.0))
    return k.finish(s), [0.6, 6], [0], [0]


# ---------------------------------------------------------------------- arrays
@program
def overwriting() -> Case:
    k = Kit("overwriting", a="f64[n]")
    k.a[0] = k.a[0] * k.a[1]
    k.a[0] = k.a[0] * k.a[0]
    k.a[1] = 2.0
    k.a[2] = k.a[0] * k.a[1] * k.a[2]
    return k.finish(k.a), [draw(4)], [0], [0]


@program
def swap() -> Case:
    """Two buffers swapped, an odd number of times; the second is unused afterwards."""
    return _swap(3)


@program
def swap_even() -> Case:
    return _swap(4)


def _swap(trips: int) -> Case:
    k = Kit("swap", u="f64[n]", c="f64", steps="i64")
    v = k.zeros(k.n, name="v")
    with k.loop(0, k.steps, name="t"):
        with k.loop(1, k.n - 1) as i:
            v[i] = k.u[i] + k.c.now * (k.u[i - 1] - 2.0 * k.u[i] + k.u[i + 1]) * k.u[i]
        a, b = k.u.now, v.now
        k.u.set(b)
        v.set(a)
    return k.finish(k.u), [draw(6), 0.2, trips], [0, 1], [0]


@program
def linear_stencil() -> Case:
    k = Kit("linear_stencil", u="f64[n,m]", steps="i64")
    v = k.zeros(k.n, k.m, name="v")
    with k.loop(0, k.steps, name="t"):
        with k.loop(1, k.n - 1) as i, k.loop(1, k.m - 1, name="j") as j:
            around = k.u[i - 1, j] + k.u[i + 1, j] + k.u[i, j - 1] + k.u[i, j + 1]
            v[i, j] = k.u[i, j] + 0.1 * (around - 4.0 * k.u[i, j])
        a, b = k.u.now, v.now
        k.u.set(b)
        v.set(a)
    return k.finish(k.u), [draw(4, 5), 3], [0], [0]


@program
def rebuilt() -> Case:
    """b = zeros; for: b[i] = ...; a = b"""
    k = Kit("rebuilt", a="f64[n]", steps="i64")
    a = k.a
    with k.loop(0, k.steps, name="t"):
        b = k.zeros(k.n, name="b")
        with k.loop(0, k.n) as i:
            b[i] = sin(a[i]) * a[0]
        a.set(b.now)
    return k.finish(a), [draw(4), 3], [0], [0]


@program
def copied_inside() -> Case:
    k = Kit("copied_inside", a="f64[n]", steps="i64")
    with k.loop(0, k.steps, name="t"):
        old = k.var(k.emit("copy", k.a), "old")
        with k.loop(1, k.n) as i:
            k.a[i] = old[i] * old[i - 1]
    return k.finish(k.a), [draw(4), 3], [0], [0]


@program
def conditional_store() -> Case:
    k = Kit("conditional_store", a="f64[n]")
    with k.loop(0, k.n) as i:
        k.when(k.a[i] > 0.7, lambda: k.a.__setitem__(i, k.a[i] * k.a[i]))
        k.a.accum(k.a[i], 0)
    return k.finish(k.a), [draw(5)], [0], [0]


@program
def history() -> Case:
    k = Kit("history", x0="f64", r="f64", n="i64")
    x = k.var(k.emit("empty", k.n.now + 1, kind=Kind.F64), "x")
    x[0] = k.x0.now
    with k.loop(0, k.n, name="t") as t:
        x[t + 1] = k.r.now * x[t] * (1.0 - x[t])
    return k.finish(x), [0.3, 2.9, 6], [0, 1], [0]


@program
def history_rows() -> Case:
    k = Kit("history_rows", x="f64[n,m]")
    x = k.x
    with k.loop(0, k.n - 1, name="t") as t:
        with k.loop(1, k.m - 1, name="j") as j:
            x[t + 1, j] = x[t, j] * x[t, j - 1] + 0.1 * x[t, j + 1] * x[t, j]
    return k.finish(x), [draw(4, 5)], [0], [0]


@program
def prefix_products() -> Case:
    """Read behind the store: never overwritten afterwards."""
    k = Kit("prefix_products", x="f64[n]")
    with k.loop(1, k.n) as i:
        k.x[i] = k.x[i] * k.x[i - 1]
    return k.finish(k.x), [draw(5)], [0], [0]


@program
def buffer_replaced_in_one_arm() -> Case:
    """The final version is not the buffer that was read."""
    k = Kit("buffer_replaced_in_one_arm", a="f64[n]", x="f64")
    with k.loop(0, k.n - 1, name="t") as t:
        k.x.set(k.x.now * sin(k.a[t]))
        k.a[t + 1] = k.a[t] * k.x.now
        k.when(k.emit("eq", t, 1), lambda: k.a.set(sin(k.a.now)))
    return k.finish(k.a, k.x), [draw(5), 0.7], [0, 1], [0, 1]


@program
def read_then_overwritten() -> Case:
    """The loop reads what is overwritten after it."""
    k = Kit("read_then_overwritten", a="f64[n]")
    s = k.var(0.0, "s")
    with k.loop(0, k.n) as i:
        s.set(s.now + k.a[i] * k.a[i] * s.now + k.a[i])
    k.a[0] = s.now
    return k.finish(s, k.a), [draw(5)], [0], [0, 1]


@program
def fresh_array_each_time() -> Case:
    """Arrays of varying size, required whole."""
    k = Kit("fresh_array_each_time", a="f64[n]", x="f64")
    s = k.var(k.x.now, "s")
    with k.loop(1, k.n) as i:
        part = k.slice(k.a, (0, i, 1))
        e = exp(part * s.now)
        s.set(s.now + sum_(e * part, (0,)) * 0.1)
    return k.finish(s), [draw(5), 0.3], [0, 1], [0]


# ---------------------------------------------------------------------- whole arrays
@program
def array_state() -> Case:
    k = Kit("array_state", u="f64[n]", steps="i64")
    with k.loop(0, k.steps, name="t"):
        k.u.set(k.u.now + 0.1 * sin(k.u.now) * k.u.now)
    return k.finish(k.u), [draw(4), 3], [0], [0]


@program
def layers() -> Case:
    k = Kit("layers", w="f64[n,n]", x="f64[n]", steps="i64")
    y = k.var(k.emit("copy", k.x), "y")
    with k.loop(0, k.steps, name="t"):
        y.set(sin(matmul(k.w.now, y.now)) + 0.3 * k.x.now)
    return k.finish(sum_(y.now * k.x.now, (0,))), [draw(3, 3), draw(3), 3], [0, 1], [0]


@program
def layers_while() -> Case:
    """Whole arrays required in a loop of unknown length."""
    k = Kit("layers_while", w="f64[n,n]", x="f64[n]")
    y = k.var(k.emit("copy", k.x), "y")
    with k.loop_while(lambda: sum_(y.now * y.now, (0,)) < 40.0):
        y.set(exp(matmul(k.w.now, y.now) * 0.2) + y.now)
    return k.finish(sum_(y.now * k.x.now, (0,))), [draw(3, 3), draw(3)], [0, 1], [0]


@program
def array_overwritten_at_top() -> Case:
    k = Kit("array_overwritten_at_top", a="f64[n]")
    b = k.a.now * k.a.now * k.a.now
    k.a[0] = 3.0 * k.a[1]
    return k.finish(b, k.a), [draw(4)], [0], [0, 1]


@program
def broadcasting() -> Case:
    k = Kit("broadcasting", a="f64[n,m]", b="f64[m]", c="f64[n,1]", x="f64")
    y = k.a.now * k.b.now + k.c.now * k.x.now / k.b.now
    return k.finish(sum_(y * y, (0, 1))), [draw(3, 4), draw(4), draw(3, 1), 0.7], [0, 1, 2, 3], [0]


@program
def shared_array_cotangent() -> Case:
    """Both operands of a sum get the same cotangent, and each is updated in place afterwards."""
    k = Kit("shared_array_cotangent", a="f64[n]", b="f64[n]")
    k.a[0] = k.a[0] * k.b[1]
    k.b[1] = k.a[0] * k.a[2]
    c = k.var(k.a.now + k.b.now, "c")
    c[1] = c[1] * c[0]
    return k.finish(c), [draw(4), draw(4)], [0, 1], [0]


@program
def sums_in_loops() -> Case:
    k = Kit("sums_in_loops", a="f64[n]", steps="i64", x="f64")
    s = k.var(k.x.now, "s")
    with k.loop(0, k.steps, name="t"):
        s.set(s.now + sum_(k.a.now * s.now, (0,)) * 0.1)
    return k.finish(s), [draw(4), 3, 0.3], [0, 2], [0]


# ---------------------------------------------------------------------- slices, gathers
@program
def slices() -> Case:
    k = Kit("slices", a="f64[n,m]", b="f64[m]", x="f64")
    with k.loop(1, k.n) as i:
        row = k.slice(k.a, i - 1, (0, k.m, 1))
        k.put_slice(k.a, row * k.b.now * k.x.now, i, (0, k.m, 1))
        k.put_slice(k.a, row * row, i, (k.m - 1, k.m, -1), accum=True)
    k.put_slice(k.a, k.x, (0, 2, 1), 1)
    k.put_slice(k.a, k.x, (0, 2, 1), 2, accum=True)
    return k.finish(k.a), [draw(3, 4), draw(4), 0.7], [0, 1, 2], [0]


@program
def gathers() -> Case:
    k = Kit("gathers", a="f64[n,m]", idx="i64[p]", jdx="i64[p]")
    row = k.emit("gather", k.a, k.idx)
    element = k.emit("gather", k.a, k.idx, k.jdx)
    y = sum_(row * row, (0, 1)) + sum_(sin(element) * element, (0,))
    return k.finish(y), [draw(3, 4), np.array([0, 2, 2, 0]), np.array([1, 3, 3, 0])], [0], [0]


@program
def scatter_repeated() -> Case:
    k = Kit("scatter_repeated", a="f64[n,m]", v="f64[p,m]", w="f64[p]", idx="i64[p]", jdx="i64[p]")
    k.a.set(k.emit("scatter_store", k.a, k.v, k.idx))
    k.a.set(k.emit("scatter_accum", k.a, k.v.now * k.v.now, k.idx))
    k.a.set(k.emit("scatter_store", k.a, k.w, k.idx, k.jdx))
    y = k.a.now * k.a.now
    args = [draw(3, 4), draw(4, 4), draw(4), np.array([0, 2, 2, 0]), np.array([1, 3, 3, 0])]
    return k.finish(y), args, [0, 1, 2], [0]


@program
def scatter_in_loop() -> Case:
    k = Kit("scatter_in_loop", a="f64[n]", idx="i64[p]", steps="i64")
    with k.loop(0, k.steps, name="t"):
        g = k.emit("gather", k.a, k.idx)
        k.a.set(k.emit("scatter_store", k.a, g * g, k.idx))
        k.a.set(k.emit("scatter_accum", k.a, sin(g), k.idx))
    return k.finish(k.a), [draw(4), np.array([1, 3, 1]), 3], [0], [0]


@program
def masked() -> Case:
    k = Kit("masked", a="f64[n]")
    mask = k.a.now > 0.8
    count = k.emit("mask_count", mask)
    places = k.emit("mask_index", mask, count)
    chosen = k.emit("gather", k.a, places)
    return k.finish(sum_(chosen * chosen * chosen, (0,))), [draw(6)], [0], [0]


# ---------------------------------------------------------------------- kinds
@program
def complex_loop() -> Case:
    k = Kit("complex_loop", z="c128", c="c128", n="i64")
    with k.loop(0, k.n):
        k.z.set(k.z.now * k.z.now * 0.3 + k.c.now * cos(k.z.now))
    return k.finish(k.z), [0.3 + 0.2j, 0.4 - 0.1j, 4], [0, 1], [0]


@program
def complex_array() -> Case:
    k = Kit("complex_array", a="c128[n]", x="f64")
    x = k.emit("cast", k.x, kind=Kind.C128)
    with k.loop(1, k.n) as i:
        k.a[i] = k.a[i] * k.a[i - 1] * x
    y = k.a.now * k.a.now
    real = k.emit("real", y)
    return k.finish(sum_(real * k.x.now, (0,)), k.a), [draw(4) + 0.3j * draw(4), 0.7], [0, 1], [0, 1]


@program
def kinked() -> Case:
    k = Kit("kinked", a="f64[n]")
    y = where(k.a.now > 0.8, sqrt(k.a.now), k.a.now * k.a.now)
    s = k.var(sum_(y, (0,)), "s")
    with k.loop(0, k.n) as i:
        s.set(where(k.a[i] > 0.8, s.now * k.a[i], s.now - k.a[i]))
    return k.finish(s), [draw(5)], [0], [0]


@program
def integers_between() -> Case:
    k = Kit("integers_between", a="f64[n]", x="f64")
    s, m = k.var(0.0, "s"), k.var(0, "m", Kind.INT)
    with k.loop(0, k.n) as i:
        k.when(k.a[i] > 0.8, lambda: m.set(m.now + i))
        s.set(s.now * k.x.now + k.emit("cast", m, kind=Kind.F64) * k.a[i])
    return k.finish(s), [draw(5), 0.7], [0, 1], [0]


@program
def checked() -> Case:
    """Checks, and a line of the user's for every operation."""
    k = Kit("checked", a="f64[n]", at="i64[n]")
    def line(number: int) -> None:
        k.builder.span = Span("user.py", number)
    line(1)
    s = k.var(0.0, "s")
    effect(k.builder, "check", k.value(k.n > 0), exception="ValueError", message="nothing")
    with k.loop(0, k.n) as i:
        line(2)
        where_ = k.emit("index", k.at[i], k.n, checked=True)
        x = k.a[where_]
        line(3)
        k.when(x > 0.5, lambda: s.set(s.now * x + x * x))
    line(4)
    result = s.now * s.now
    function = k.finish(result)
    return replace(function, span=Span("user.py", 1)), [draw(4), np.array([0, -1, 2, -1])], [0], [0]


def names() -> Sequence[str]:
    """All programs."""
    return sorted(PROGRAMS)
