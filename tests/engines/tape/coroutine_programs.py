"""Coroutines, texts with numbers, functions as values, and writes into arrays by NumPy's own functions."""

from __future__ import annotations

import asyncio
import collections
import io
import math
import types

import numpy as np

from tests.engines.tape.programs import refused, right


# ---------------------------------------------------------------------- coroutines
async def sine_later(v):
    await asyncio.sleep(0)
    return math.sin(v) * v


class Opened:
    """An asynchronous context manager."""

    def __init__(self, v):
        self.v = v

    async def __aenter__(self):
        await asyncio.sleep(0)
        return math.exp(self.v)

    async def __aexit__(self, kind, error, traceback):
        self.v = math.cos(self.v)
        return True


class Counted:
    """An asynchronous iterator."""

    def __init__(self, v):
        self.v, self.n = v, 0

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.n > 2:
            raise StopAsyncIteration
        self.n += 1
        self.v = math.sqrt(self.v + 1.0)
        return self.v


async def tangents(v):
    for k in range(3):
        v = math.tanh(v) + k
        yield v


async def everything(x, y):
    total, opened = await sine_later(x), Opened(y)
    async with opened as v:
        total += v
        raise ValueError
    total += opened.v
    async for v in Counted(x):
        total += v
    async for v in tangents(y):
        total *= v
    total += sum([math.log(v + 1.0) async for v in tangents(x)])
    a, b = await asyncio.gather(sine_later(y), sine_later(total))
    return a * b + total


@right
def coroutines_of_modules(x, y):
    return asyncio.run(everything(x, y))


@right
def runners_and_tasks(x, y):
    async def both():
        async with asyncio.TaskGroup() as group:
            a, b = group.create_task(sine_later(x)), group.create_task(sine_later(y))
        return a.result() * b.result()

    async def through_queue():
        queue = asyncio.Queue(1)

        async def give():
            for v in (x, y, x * y):
                await queue.put(math.exp(v))
        _, *taken = await asyncio.gather(give(), queue.get(), queue.get(), queue.get())
        return math.prod(taken)
    with asyncio.Runner() as runner:
        return runner.run(both()) + runner.run(through_queue())


@right
def coroutines_by_hand(x, y):
    @types.coroutine
    def asked():
        answer = yield x
        return answer * y

    async def inner():
        return math.sin(await asked())
    running = inner()
    question = running.send(None)
    try:
        running.send(question * y)
    except StopIteration as end:
        return end.value


@refused
def in_another_thread(x, y):
    async def apart():
        return await asyncio.to_thread(math.sin, x)
    return asyncio.run(apart()) * y


@refused
def in_an_executor(x, y):
    async def apart():
        return await asyncio.get_running_loop().run_in_executor(None, lambda: math.sin(x))
    return asyncio.run(apart()) * y


# ---------------------------------------------------------------------- texts, and functions as values
@right
def percent_texts(x, y):
    form, text = "%.2f", "%.3f and %5.1e %d %s" % (x, y, 10 * x, y)
    text += form % x + "%(a).1f" % {"a": y}
    text %= ()
    return x * y + 0 * len(text)


@refused
def percent_text_read(x, y):
    return float(b"%.12f" % x) * y


@right
def types_as_values(x, y):
    kept, table = [], {}
    kept.append(float)
    table.setdefault("f", float)
    named = dict(g=float)
    stream = io.StringIO()
    print(type(x), float, file=stream)
    return x * isinstance(x, kept[0]) + y * isinstance(x, table["f"]) + isinstance(y, named["g"]) * x * len(
        stream.getvalue())


@right
def functions_as_values(x, y):
    kept, table, queue = [], {squared: y}, collections.deque()
    kept.append(squared)
    queue.append(squared)
    return table[kept[0]] * kept[0](x) + (queue[0] is squared) * x + kept.index(squared) + table.get(squared)


def squared(v):
    return v * v


@right
def methods_of_classes(x, y):
    a = np.array([x, y])
    return float.__mul__(x, y) + float.__add__(2.0, x) * float.__neg__(y) + float.__rsub__(x, 3.0) * float.__float__(
        y) + np.ndarray.sum(a) * np.ndarray.dot(a, [1.0, y])


# ---------------------------------------------------------------------- writes into arrays
WEIGHTS = np.arange(1.0, 9.0).reshape(2, 4)


def grid(x, y):
    return np.array([[x, y, x * y, x + y], [1.0, x - y, x * x, y * y]])


@right
def put_in_order(x, y):
    a = grid(x, y)
    a.put([0, 5, -1], [x * y, y])
    np.put(a, [9, 2], y, mode="wrap")
    np.put(a, [99], x * x, mode="clip")
    return np.sum(a * WEIGHTS)


@right
def placed(x, y):
    a, b, c = grid(x, y), grid(x, y), grid(x, y)
    np.place(a, a > 0.6, [x, y * y])
    np.putmask(b, b > 0.6, [x, y * y, 2.0])
    np.putmask(c, c > 0.6, c * 2.0 + y)
    return np.sum((a + 2.0 * b - c) * WEIGHTS)


@right
def written_flat(x, y):
    a, b = grid(x, y), grid(x, y)
    a.flat[::2] = [x * x, y]
    b.flat = [x, y, x * y]
    walk = a.flat
    first = next(walk)
    return np.sum((a + b) * WEIGHTS) + first * walk.index + next(walk) * walk.coords[1] + sum(b.flat)


@refused
def written_flat_from_itself(x, y):
    a = grid(x, y)
    a.flat = a.ravel()[::-1]
    return np.sum(a * WEIGHTS)


@right
def diagonal_by_einstein(x, y):
    a = grid(x, y)[:, :2].copy()
    diagonal, turned = np.einsum("ii->i", a), np.einsum("ij->ji", a)
    diagonal[:] = x * y
    turned[0, 1] *= y
    return np.sum(a * WEIGHTS[:, :2]) * turned[1, 0]


@right
def windows(x, y):
    return np.sum(np.lib.stride_tricks.sliding_window_view(np.array([x, y, x * y, 2.0]), 3).prod(axis=1))


@right
def changed_at_places(x, y):
    a, b, c = np.ones(4), np.zeros((2, 3)), np.array([x, y, 2.0])
    np.multiply.at(a, [0, 0, 1], [x, y, x * y])
    np.maximum.at(b, (slice(None), 1), [x, y])
    np.power.at(c, [0, 0, 1], [2.0, x, y])
    np.divide.at(a, [3, 3], y)
    return np.sum(a * [1.0, 2.0, 3.0, 4.0]) + b.sum() + c.sum()


@right
def from_iterators(x, y):
    made = np.fromiter((v * v for v in (x, y, x * y)), float, count=2)
    return made @ made[::-1] + np.fromiter([x, y], dtype=np.float64).sum() + math.ldexp(x, 3) * math.ldexp(y, -1)


@refused
def memory_of_another(x, y):
    buffer = np.zeros(4)
    a = np.ndarray((2, 2), buffer=buffer)
    a[0, 1] = x
    return buffer.sum() * y


@right
def read_only(x, y):
    a = grid(x, y)
    a.setflags(write=False)
    try:
        a += 1.0
    except ValueError as error:
        return a.sum() * (str(error) == "output array is read-only")


@right
def repeated_constants(x, y):
    return np.unique(np.array([x, 2.0, y, 2.0])) @ [1.0, 2.0, 3.0]
