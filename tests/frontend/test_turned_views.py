"""Views of parts that a loop turns around, shifts or shortens: what a name shows in each turn is what Python shows."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.corpus.oracle import ridders


def turned(part: Callable[[Any], Any], write: bool) -> Callable[..., Any]:
    def program(c, n):
        u = part(c)
        for _ in range(n):
            u = u[::-1]
            if write:
                u[0] = 0.5 * u[0] + u[-1]
        return np.sum(u.copy() * np.arange(1.0, u.shape[0] + 1.0)) + c[0] * c[-1]
    return program


def turned_by_rows(c, n):
    u = c.reshape(2, -1)[:, ::-1][:, 1:]
    for _ in range(n):
        u = u[:, ::-1]
    return np.sum(u * np.arange(1.0, u.size + 1.0).reshape(u.shape))


def turned_and_shifted(c, n):
    u = c[::-1][:-1]
    for k in range(n):
        u = u[::-1] if k % 2 else u[::-1][1:]
    return np.sum(u * np.arange(1.0, u.shape[0] + 1.0))


def exchanged(c, n):
    u, v = c[1:-1][::-1], c[2:]
    for _ in range(n):
        u, v = v[::-1], u
    return np.sum(u * np.arange(1.0, u.shape[0] + 1.0)) - 2.0 * v[0]


PARTS = {"reversed, all but the last": lambda c: c[::-1][:-1], "all but the last, reversed": lambda c: c[:-1][::-1],
         "inside": lambda c: c[1:-1][::-1], "every second": lambda c: c[::-1][1::2], "all": lambda c: c[::-1]}
PROGRAMS = {**{f"{name}{', written' * write}": turned(part, write) for name, part in PARTS.items()
               for write in (False, True)},
            "rows": turned_by_rows, "shifted": turned_and_shifted, "exchanged": exchanged}


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_shown_is_what_python_shows(name: str) -> None:
    program, rng = PROGRAMS[name], np.random.default_rng()
    for size, n in ((4, 0), (4, 1), (4, 2), (6, 3), (8, 2)):
        c, v = rng.normal(size=size), rng.normal(size=size)
        left = c.copy()
        want = program(left, n)
        for engine in ("reference", "tape"):
            given = c.copy()
            try:
                value, slope = wb.value_and_grad(program, engine=engine)(given, n)
            except wb.DifferentiationError:
                assert engine == "reference" and (name in ("shifted", "exchanged") or "written" in name), (name, n)
                continue
            assert abs(value - want) < 1e-12 * max(1.0, abs(want)), (engine, n)
            np.testing.assert_allclose(given, left, rtol=1e-13, atol=1e-13)
            exact, error = ridders(lambda h: program(c + h * v, n))  # noqa: B023
            assert abs(slope @ v - exact) < 1e-6 * max(1.0, abs(exact)) + 10 * error, (engine, n)
