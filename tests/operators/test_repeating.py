"""Compiled programs that raise: prints, writes to containers and draws are those of Python, each of them once."""
from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

import workbench as wb

SEEN: list[Any] = []


class Scope:
    def __init__(self) -> None:
        self.level = 0

    def __enter__(self):
        self.level += 1
        print("in", self.level)
        return self

    def __exit__(self, *exception):
        self.level += 10
        print("out", self.level)


SCOPE = Scope()


def inside_with(x, a, rng):
    with SCOPE:
        print("body", x)
        a[0] = 5.0 * x
        if x < 0:
            raise ValueError(f"negative: {x}")
    return x * a[0]


def finally_with_a_container(x, a, rng):
    try:
        SEEN.append(x)
        print("one", file=sys.stderr)
        a[1] += x
        if a[1] < 0:
            raise KeyError("small")
        return x * 2.0
    finally:
        SEEN.append(1.0)
        print("done")


def draws(x, a, rng):
    total = x
    for k in range(5):
        z = rng.normal()
        SEEN.append(z)
        print(f"{z:.6f}")
        total += z * x
        if k == 3 and x < 0:
            raise RuntimeError("after four draws")
    return total


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("function", [inside_with, finally_with_a_container, draws])
def test_effects_before_an_exception(function: Any, step: int, capsys: Any) -> None:
    derivative = wb.value_and_grad(function, engine="numba")

    def outcome(program: Any, x: float) -> tuple[Any, ...]:
        SEEN.clear()
        SCOPE.level = 0
        memory, rng = np.zeros(6), np.random.default_rng(3)
        try:
            value, error = program(x, memory[:3 * step:step], rng), None
        except Exception as raised:
            value, error = None, repr(raised)
        text = capsys.readouterr()
        value = value[0] if isinstance(value, tuple) else value
        return value, error, text.out, text.err, [float(v) for v in SEEN], SCOPE.level, list(memory), rng.random()
    for x in (0.5, -0.5, -0.25, 0.75):
        assert outcome(derivative, x) == outcome(function, x)
