"""Loops over items taken in blocks do what they do item by item, to the last bit."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.passes.random_ir import copies, same
from tests.transforms.kit import Kit
from workbench import interpret, passes
from workbench.frontend import trace
from workbench.ir import Function, Kind, Op, Rewriter, verify, walk
from workbench.passes.counting import Counting
from workbench.passes.dead import DeadCode
from workbench.passes.lanes import WIDTH, Lanes
from workbench.rules.expr import Expr
from workbench.rules.functions import exp, sin
from workbench.transforms import vjp

SIZES = (0, 1, WIDTH, WIDTH + 3)


class Writer:
    """A random loop over items. What makes an item depend on another one is left out, but for `total`."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.kit = k = Kit("items", a="f64[n]", rows="f64[n,p]", w="f64[p]", s="f64", t="i64")
        self.out, self.table = k.zeros(k.n, name="out"), k.zeros(k.n, k.p, name="table")
        self.total = k.var(0.5, "total")
        self.counters: list[Any] = []
        self.left = 14

    def write(self) -> Function:
        k = self.kit
        step = self.draw.choice([1, -1])
        lo, hi = (0, k.n) if step == 1 else (k.n - 1, -1)
        index = k.builder.begin_for(k.value(lo), k.value(hi), step, "i", ["items"])
        self.i = Expr(k.builder, index)
        self.scalars = [k.var(k.a[self.i], "x"), k.var(k.s.now * k.w[0], "y"), k.var(k.rows[self.i, 0], "z")]
        self.own = k.zeros(k.p, name="own")
        self.count = k.var(0, "count", Kind.INT)
        while self.left > 0:
            self.statement(0)
        self.total.set(self.total.now * 0.5 + self.scalar())
        self.out[self.i] = self.scalar()
        k.builder.end_for()
        return k.finish(self.out, self.table, self.total)

    def place(self) -> Any:
        """An index into `own`, a row of `table`, `w`."""
        return self.draw.choice([0, self.kit.p - 1, *self.counters])

    def scalar(self) -> Any:
        k, draw = self.kit, self.draw
        a, b = draw.choice(self.scalars).now, draw.choice(self.scalars).now
        return draw.choice([
            lambda: a * 0.5 + b, lambda: sin(a + b), lambda: a * k.w[self.place()], lambda: exp(sin(a)) - b,
            lambda: self.own[self.place()] + a * 0.25, lambda: self.table[self.i, self.place()] - a,
            lambda: k.rows[self.i, self.place()] * b, lambda: k.emit("cast", self.count.now, kind=Kind.F64) + a,
        ])()

    def statement(self, depth: int) -> None:
        k, draw = self.kit, self.draw
        self.left -= 1
        kind = draw.choices(["set", "own", "table", "swap", "for", "while", "if"], [5, 3, 3, 1, 6, 1, 2])[0]
        if kind == "set" or (depth > 2 and kind in ("for", "while", "if")):
            draw.choice(self.scalars).set(sin(self.scalar()))
        elif kind == "own":
            self.own[self.place()] = self.scalar() * 0.5
        elif kind == "table":
            where = self.place()
            if draw.random() < 0.5:
                self.table.accum(self.scalar() * 0.1, self.i, where)
            else:
                self.table[self.i, where] = sin(self.scalar())
        elif kind == "swap":
            first, second = draw.sample(self.scalars, 2)
            one, two = first.now, second.now
            first.set(two)
            second.set(one)
        elif kind == "for":
            lo, hi, step = draw.choice([(0, k.p, 1), (k.p - 1, -1, -1), (1, k.p, 1)])
            with k.loop(lo, hi, step, "j") as j:
                self.counters.append(j)
                for _ in range(draw.randint(1, 3)):
                    self.statement(depth + 1)
                self.counters.pop()
        elif kind == "while":
            v = draw.choice(self.scalars)
            with k.loop_while(lambda: k.emit("gt", v.now * v.now, Expr(k.builder, k.value(0.2, Kind.F64)))):
                v.set(v.now * 0.5)
                self.count.set(self.count.now + 1)
                if draw.random() < 0.3:
                    self.own[self.place()] = v.now * 0.7
        else:
            v, u = draw.sample(self.scalars, 2)
            k.when(v.now > 0.1,
                   lambda: draw.choice([lambda: u.set(self.scalar() * 0.5), lambda: self.statement(depth + 1),
                                        lambda: self.written_and_read(u, depth)])(),
                   lambda: v.set(self.own[self.place()] + 0.3) if draw.random() < 0.7 else self.own.accum(
                       u.now * 0.1, self.place()))

    def written_and_read(self, target: Any, depth: int) -> None:
        """What an arm may write for itself alone."""
        where = self.place()
        self.own[where] = self.scalar()
        if depth < 2 and self.draw.random() < 0.5:
            self.kit.when(target.now > 0.0, lambda: self.written_and_read(target, depth + 1),
                          lambda: self.statement(depth + 1))
        target.set(sin(self.own[where]))


def arguments(seed: int, n: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=n), rng.normal(size=(n, 3)), rng.normal(size=3), 0.7, 3]


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("start", range(0, 30, 10))
def test_random_loops_keep_every_bit(start: int) -> None:
    in_blocks = 0
    for seed in range(start, start + 10):
        function = DeadCode()(passes.optimize(Writer(seed).write()))
        blocks = verify(Lanes()(function))
        in_blocks += blocks is not function
        for n in SIZES if seed % 10 == 0 else (WIDTH + 1,):
            args = arguments(seed, n)
            with np.errstate(all="ignore"):
                results = [interpret.run(f, copies(args)) for f in (
                    function, blocks, verify(passes.Simplify()(blocks)))]
            assert all(same(a, b) and same(a, c) for a, b, c in zip(*results, strict=True)), f"seed {seed}, {n} items"
    assert in_blocks >= 3


class _Shifted(Rewriter):
    """A mistake: items read the place of their neighbour."""

    def rewrite_op(self, op: Op) -> None:
        if op.prim == "load" and len(op.operands) == 2 and any(
                isinstance(d, wb.ir.Constant) and d.value == WIDTH for d in op.operands[0].dims):
            self.env[op.result] = self.get(op.operands[0])
            super().rewrite_op(Op(op.prim, (op.operands[0], wb.ir.Constant(0, Kind.INT)), op.results, op.attrs))
        else:
            super().rewrite_op(op)


def test_the_comparison_notices_a_wrong_pass() -> None:
    wrong = 0
    for seed in range(6):
        function = passes.optimize(Writer(seed).write())
        args = arguments(seed, WIDTH + 1)
        blocks = _Shifted().run(Lanes()(function))
        with np.errstate(all="ignore"):
            wrong += not all(map(same, interpret.run(function, copies(args)), interpret.run(blocks, copies(args))))
    assert wrong >= 2


def taylor(x, terms):  # type: ignore[no-untyped-def]
    term, total, k = x, x, 1
    while k < terms:
        term = -term * x * x / ((2 * k) * (2 * k + 1))
        total += term
        k += 1
    return total


def orbit(start, steps, dt):  # type: ignore[no-untyped-def]
    """A state of four numbers in an array that is written, and a branch."""
    s = start.copy()
    energy = 0.0
    for _ in range(steps):
        r = s[0] * s[0] + s[1] * s[1] + 0.1
        for k in range(2):
            s[2 + k] -= dt * s[k] / (r * np.sqrt(r))
        for k in range(2):
            s[k] += dt * s[2 + k]
        if s[0] > 0.0:
            energy += s[2] * s[2]
    return s, energy


def test_mapped_programs_and_their_gradients_are_in_blocks() -> None:
    """Traced, differentiated, finalized: blocks are there, and the interpreter finds the same bits as without them."""
    rng = np.random.default_rng()
    n = WIDTH + 5
    cases = [(taylor, (0, None), (rng.normal(size=n), 5)),
             (orbit, (0, None, None), (rng.normal(size=(n, 4)), 4, 0.05)),
             (wb.grad(taylor), (0, None), (rng.normal(size=n), 5))]
    for f, axes, args in cases:
        traced = trace(wb.vmap(f, axes), args, tuple(f"arg{k}" for k in range(len(args))))
        primal = passes.optimize(traced.function)
        outputs = [k for k, r in enumerate(primal.results) if r.kind.is_inexact]
        for program in (primal, passes.optimize(vjp(primal, [0], outputs))):
            with passes.watching(lambda name, stage: verify(stage)):
                final = passes.finalize(program, len(primal.results))
            plain = passes.finalize(_Unmarked().run(program), len(primal.results))
            assert sum("block" in p.name for op in walk(final.block) for b in op.regions for p in b.params) >= 1
            data = [*args, *(np.ones(n) if r.rank == 1 else np.ones((n, 4)) for r in (
                primal.results[k] for k in outputs))][:len(program.data_params)]
            assert all(map(same, interpret.run(final, copies(data)), interpret.run(plain, copies(data))))


def spread_while(x, m, f):  # type: ignore[no-untyped-def]
    while x < -1.49:
        x += 1.0
        m[1, 1:] = m[0, :1]
    for _ in range(1, len(f)):
        pass
    return np.sum(m * np.max(f))


def test_an_array_that_items_make_in_loops_of_their_own_is_not_put_in_blocks() -> None:
    """Items with 0, 0, 2 and 1 turns, each of which makes an array in the reverse sweep."""
    rng = np.random.default_rng()
    m, f = rng.normal(size=(4, 2, 3)), rng.normal(size=(4, 5))
    mapped = wb.vmap(spread_while, (0, 0, 0))
    found = wb.grad(lambda *args: np.sum(mapped(*args)), (1, 2), engine="numba")(np.array([3.0, 2.0, -3.0, -2.0]),
                                                                                 m.copy(), f)
    for k, x in enumerate((3.0, 2.0, -3.0, -2.0)):
        alone = wb.grad(spread_while, (1, 2), engine="tape")(x, m[k].copy(), f[k])
        assert all(np.allclose(a[k], b, rtol=1e-12) for a, b in zip(found, alone, strict=True))


class _Unmarked(Rewriter):
    """A program whose loops over items are loops as any others."""

    def rewrite_op(self, op: Op) -> None:
        if "items" in op.attrs:
            op = Op(op.prim, op.operands, op.results, {"step": op.attrs["step"]}, op.regions, op.span)
        super().rewrite_op(op)


def counted(x, n):  # type: ignore[no-untyped-def]
    """Loops that count, forwards and backwards, inclusive and not, and one that does not."""
    i, s = n, 0.0
    while i >= 1:
        s, i = s + x * i, i - 1
    j = 0
    while j <= n:
        s, j = s * x + j, j + 1
    while 3 > j:
        s, j = s * s, j + 1
    k = 0
    while k < n and s < 100.0:
        s, k = s + 1.0, k + 1
    return s, i, j, k


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_loops_that_count(n: int) -> None:
    function = trace(counted, (0.3, n), ("x", "n")).function
    made = verify(Counting()(passes.Simplify()(function)))
    assert [sum(op.prim == p for op in walk(made.block)) for p in ("for", "while")] == [3, 1]
    assert tuple(interpret.run(made, [0.3, n])) == counted(0.3, n)
    if n == 5:
        value, tangent = wb.jvp(counted, (0.3, n), (1.0, None), engine="numba")
        quotient = (counted(0.3 + 1e-6, n)[0] - counted(0.3 - 1e-6, n)[0]) / 2e-6
        assert value == counted(0.3, n) and np.isclose(tangent[0], quotient, rtol=1e-8)
