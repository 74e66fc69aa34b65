"""The memory of programs, read off them, against what the allocator of compiled runs counts: a sample of the corpus, of
which `python -m tests.cost.memory` asks all."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.cost.memory import compared
from tests.fuzz.emitted import in_python
from workbench.cost.evaluation import evaluate
from workbench.cost.formula import of
from workbench.cost.memory import Memory, memory
from workbench.cost.worlds import MOST, Buffer, World, alive, merged
from workbench.cost.writing import written


def smoothed(u, steps):
    for _ in range(steps):
        u = np.sin(u) + 0.1 * np.roll(u, 1) * u
    return np.sum(u)


def exchanged(u, steps):
    v = u.copy()
    for _ in range(steps):
        for i in range(1, len(u) - 1):
            v[i] = u[i] + 0.1 * (u[i - 1] - u[i + 1])
        u, v = v, u
    return np.sum(u * u)


def path_of(x, count):
    path = [x]
    for k in range(count):
        path.append(math.sin(path[k]) + 0.1 * x)
    total = 0.0
    for value in path:
        total += value * value
    return total


def shrinking(x):
    total = 0.0
    for k in range(len(x)):
        total += np.sum(np.sort(x[k:]) * x[k:])
    return total


def layers(x, w):
    for _ in range(3):
        x = np.tanh(w @ x)
    return np.sum(x)


def halved(x):
    turns = 0.0
    while x > 0.01:
        x = x * 0.5
        turns += x
    return turns * x


def stacked(a, b):
    s = np.stack([a, b])
    t = np.stack((a * b, b), axis=1)
    return np.sum(s @ t) + np.sum(b * np.arange(1.0, len(b) + 1.0))


def layer(m, v):
    h = np.tanh(m @ v)
    return np.sum(h * h) + np.dot(v, v)


def roots_in_place(a):
    b = np.exp(a)
    b -= 1.0
    b *= b
    np.sqrt(b + 1.0, out=b)
    return np.mean(b)


def exchanged_until(a, b):
    k = 0
    while k < 5 and a[0] < 4.0:
        b[0] = a[0] * a[0] * 0.5 + 1.0
        b[1] = a[1] * 0.5
        a, b = b, a
        k += 1
    return a[0] + a[1] * b[0] + b[1]


def copied_each_time(a):
    for _ in range(3):
        o = a.copy()
        for i in range(1, len(a)):
            a[i] = o[i] * o[i - 1]
    return np.sum(a)


CASES: dict[str, tuple[Callable[..., Any], Callable[[], tuple[Any, ...]]]] = {
    "smoothed": (smoothed, lambda: (np.linspace(0.0, 1.0, 7), 4)),
    "exchanged": (exchanged, lambda: (np.linspace(0.0, 1.0, 7), 3)),
    "path_of": (path_of, lambda: (0.3, 100)),
    "shrinking": (shrinking, lambda: (np.linspace(0.0, 1.0, 6),)),
    "layers": (layers, lambda: (np.linspace(0.0, 1.0, 5), np.linspace(-1.0, 1.0, 25).reshape(5, 5))),
    "halved": (halved, lambda: (5.0,)),
    "stacked": (stacked, lambda: (np.linspace(0.0, 1.0, 3), np.linspace(1.0, 2.0, 3))),
    "layer": (layer, lambda: (np.linspace(0.0, 1.0, 6).reshape(3, 2), np.linspace(0.0, 1.0, 2))),
    "roots_in_place": (roots_in_place, lambda: (np.linspace(0.0, 1.0, 4),)),
    "copied_each_time": (copied_each_time, lambda: (np.linspace(0.5, 1.5, 4),)),
    "exchanged_until": (exchanged_until, lambda: (np.array([0.5, 0.3]), np.array([0.2, 0.1]))),
}


@pytest.mark.parametrize(("name", "mode"), [*((name, "gradient") for name in CASES), ("shrinking", "primal"),
                                            ("copied_each_time", "primal"), ("copied_each_time", "second"),
                                            *((name, "second") for name in (
                                                "layers", "stacked", "layer", "roots_in_place", "exchanged_until"))])
def test_the_peak_is_what_a_run_holds(name: str, mode: str) -> None:
    found = list(compared(name, *CASES[name], 0, mode))
    assert [outcome.kind for outcome in found] == ["exact"] * 3, found


def read(function: Callable[..., Any], *args: Any) -> Memory:
    with in_python():
        made = wb.value_and_grad(function).specialised(args)
    return memory(made.program.final, primal=made.count)


def test_formulas_are_those_that_a_person_would_write() -> None:
    found = read(smoothed, np.ones(5), 3)
    assert written(found.residual) == "8·steps·u_n"
    assert written(found.peak) == "8·steps·u_n + 32·u_n"


def test_the_course_says_what_is_alive_at_the_peak() -> None:
    peak = read(smoothed, np.ones(5), 3).at(u_n=1000, steps=50)
    assert peak.bytes == 8 * 50 * 1000 + 32 * 1000
    assert peak.moment is not None
    assert {"u_kept": "residual", "u": "argument"}.items() <= {b.name: b.role for b in peak.moment.buffers}.items()
    assert max(size for _, size in peak.timeline) == peak.bytes
    assert all(line > 0 for line, _ in peak.timeline)


def test_worlds_beyond_those_that_are_told_apart_are_joined_and_hold_no_less() -> None:
    rng = np.random.default_rng(3)
    shared = [Buffer(of(int(size)), "s", "scratch", None) for size in rng.integers(1, 9, 4)]
    worlds = []
    for _ in range(12):
        own = [Buffer(of(int(size)), "o", "scratch", None) for size in rng.integers(1, 9, 4)]
        worlds.append(World(frozenset(), {name: (shared + own)[rng.integers(8)] for name in "abcde"}))
    found = merged(worlds, ())
    assert len(found) <= MOST

    def total(world: World) -> int:
        return int(evaluate(sum((b.size for b in alive(world.held.values())), of(0)), {}))
    for world in worlds:
        for names in (set(), {"a"}, {"b", "c"}, {"a", "d", "e"}):
            assert max(total(w.without(names)) for w in found) >= total(world.without(names))


def test_a_peak_that_is_read_wrong_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.cost import memory as judged
    from workbench.engines.numba import releases
    read = judged.memory

    def misread(*args: Any, **named: Any) -> Any:
        with monkeypatch.context() as patched:  # (the program itself is compiled as it always is)
            patched.setattr(releases, "_release", lambda entry: None)  # nothing is given back
            return read(*args, **named)
    monkeypatch.setattr(judged, "memory", misread)
    assert {outcome.kind for outcome in compared("smoothed", *CASES["smoothed"], 0, "gradient")} == {"different"}
