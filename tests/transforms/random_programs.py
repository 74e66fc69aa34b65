"""Random programs for the transforms: nests of loops and arms over scalars and arrays that are written in place.

Every number of the program is drawn from one seed. Values stay bounded, so that differences can judge them."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from tests.transforms.kit import Kit, Var
from workbench.ir import Function, Kind
from workbench.rules.functions import exp, matmul, sin, sum_, where

SIZE = 4


def arguments(seed: int) -> list[Any]:
    """Arguments of any program."""
    rng = np.random.default_rng(seed)
    return [0.4, 0.7, rng.uniform(0.2, 1, SIZE), rng.uniform(0.2, 1, SIZE), rng.uniform(0.2, 1, (SIZE, 2)),
            np.array([0, 2, 2, 1]), 3]


class Writer:
    """Writes one program."""

    def __init__(self, seed: int, statements: int = 22) -> None:
        self.draw = random.Random(seed)
        self.kit = k = Kit("random", x="f64", y="f64", a="f64[n]", b="f64[n]", m="f64[n,p]", idx="i64[q]", t="i64")
        self.scalars: list[Var] = [k.x, k.y, k.var(0.0, "s"), k.var(k.x.now * k.y.now, "z")]
        self.arrays: list[Var] = [k.a, k.b, k.zeros(k.n, name="c")]
        self.counters: list[Any] = []
        self.depth = 0
        self.left = statements

    def write(self) -> Function:
        """The program; its results are all variables but `m`."""
        while self.left > 0:
            self.statement()
        return self.kit.finish(*self.scalars, *self.arrays)

    # ------------------------------------------------------------------ expressions
    def pick(self, *weighted: tuple[float, Any]) -> Any:
        """One of the choices, by weight."""
        return self.draw.choices([c for _, c in weighted], [w for w, _ in weighted])[0]()

    def scalar(self, depth: int = 0) -> Any:
        """A scalar expression."""
        k, more = self.kit, depth + 1
        if depth > 2:
            return self.draw.choice(self.scalars).now
        return self.pick(
            (7, lambda: self.draw.choice(self.scalars).now),
            (4, lambda: self.draw.choice(self.arrays)[self.index()]),
            (1, lambda: k.m[self.index(), self.draw.choice([0, 1])]),
            (2, lambda: sin(self.scalar(more))),
            (1, lambda: exp(sin(self.scalar(more)))),
            (2, lambda: self.scalar(more) * self.scalar(more) * 0.5),
            (1, lambda: self.scalar(more) / (1.5 + sin(self.scalar(more)))),
            (0.6, lambda: where(self.scalar(more) > 0.5, self.scalar(more), self.scalar(more))),
            (0.6, lambda: sum_(self.array(more), (0,)) * 0.2),
            (1, lambda: self.scalar(more) - self.scalar(more) * 0.3))

    def array(self, depth: int = 0) -> Any:
        """An array expression of n elements."""
        k, more = self.kit, depth + 1
        if depth > 2:
            return self.draw.choice(self.arrays).now
        return self.pick(
            (8, lambda: self.draw.choice(self.arrays).now),
            (4, lambda: sin(self.array(more))),
            (2, lambda: self.array(more) * self.scalar(more) * 0.5),
            (2, lambda: self.array(more) + self.array(more) * 0.4),
            (1, lambda: k.slice(k.m, (0, k.n, 1), self.draw.choice([0, 1]))),
            (1, lambda: k.slice(self.draw.choice(self.arrays), (k.n - 1, k.n, -1))),
            (1, lambda: k.emit("cumsum", self.array(more), axis=0) * 0.3))

    def index(self) -> Any:
        """A valid index of an axis of n elements."""
        k = self.kit
        if not self.counters or self.draw.random() < 0.2:
            return self.draw.randrange(SIZE)
        i, shift = self.draw.choice(self.counters), self.draw.choice([0, 0, 0, 1, -1, 2])
        if shift == 0:
            return i
        if self.draw.random() < 0.5:
            return k.emit("mod", i + shift, k.n)
        held = k.emit("minimum", k.emit("maximum", i + shift, 0), k.n - 1)
        return k.emit("index", held, k.n, checked=True)

    def bounded(self, x: Any) -> Any:
        """x, kept from growing."""
        return sin(x) if self.draw.random() < 0.7 else x / (1.0 + x * x)

    # ------------------------------------------------------------------ statements
    def statement(self) -> None:
        """One statement."""
        self.left -= 1
        nested = self.depth < 3
        self.pick(
            (22, lambda: self.draw.choice(self.scalars).set(self.bounded(self.scalar()))),
            (18, self.store), (6, self.accumulate), (6, self.whole), (3, self.swap), (3, self.table), (3, self.box),
            (3, self.scatter), (2 if self.counters else 0, self.part), (2 if self.depth else 0, self.local),
            (13 if nested else 0, self.loop), (7 if nested else 0, self.conditional_loop),
            (13 if nested else 0, self.arms))

    def block(self, most: int, least: int = 1) -> None:
        """A few statements."""
        for _ in range(self.draw.randint(least, most)):
            self.statement()

    def store(self) -> None:
        self.draw.choice(self.arrays)[self.index()] = self.bounded(self.scalar())

    def accumulate(self) -> None:
        value = self.bounded(self.scalar())
        self.draw.choice(self.arrays).accum(value, self.index())

    def whole(self) -> None:
        self.draw.choice(self.arrays).set(sin(self.array()))

    def swap(self) -> None:
        a, b = self.draw.sample(self.arrays, 2)
        held = a.now, b.now
        a.set(held[1])
        b.set(held[0])

    def table(self) -> None:
        k = self.kit
        if self.draw.random() < 0.5:
            k.m[self.index(), self.draw.choice([0, 1])] = self.bounded(self.scalar())
        else:
            k.m.set(sin(k.m.now) * self.bounded(self.scalar()))
            self.scalars[0].set(sin(sum_(matmul(self.array(1), k.m.now), (0,)) * 0.1))

    def box(self) -> None:
        array, value = self.draw.choice(self.arrays), self.bounded(self.scalar())
        self.kit.put_slice(array, value, (1, 2, 1), accum=self.draw.random() < 0.5)

    def scatter(self) -> None:
        k, array = self.kit, self.draw.choice(self.arrays)
        value = sin(k.emit("gather", self.draw.choice(self.arrays), k.idx))
        array.set(k.emit(self.draw.choice(["scatter_store", "scatter_accum"]), array, value, k.idx))

    def part(self) -> None:
        """A slice whose length varies."""
        part = self.kit.slice(self.draw.choice(self.arrays), (0, self.draw.choice(self.counters) + 1, 1))
        self.scalars[2].set(sin(sum_(sin(part * self.scalar()) * part, (0,)) * 0.2))

    def local(self) -> None:
        """An array that lives in this block."""
        array = self.kit.zeros(self.kit.n, name="local")
        self.arrays.append(array)
        self.block(2)
        self.arrays.remove(array)
        self.draw.choice(self.scalars).set(self.bounded(array[self.index()]))

    def loop(self) -> None:
        k = self.kit
        bounds = [(0, k.n, 1), (1, k.n, 1), (k.n - 1, -1, -1), (0, k.t, 1), (0, k.n - 1, 1)]
        if self.counters:
            bounds.append((0, self.draw.choice(self.counters), 1))
        self.depth += 1
        with k.loop(*self.draw.choice(bounds)) as i:
            self.counters.append(i)
            self.block(4)
            self.counters.pop()
        self.depth -= 1

    def conditional_loop(self) -> None:
        k = self.kit
        count, most, works = k.var(0, "count", Kind.INT), self.draw.choice([2, 3]), self.draw.random() < 0.5
        self.depth += 1

        def before() -> Any:
            if works:
                self.statement()
            return (count.now < most) & (self.scalar() < self.draw.choice([0.5, 5.0]))
        with k.loop_while(before):
            self.block(3)
            count.set(count.now + 1)
        self.depth -= 1

    def arms(self) -> None:
        self.depth += 1
        condition = self.scalar() > self.draw.choice([0.1, 0.5])
        self.kit.when(condition, lambda: self.block(3), lambda: self.block(2, 0))
        self.depth -= 1
