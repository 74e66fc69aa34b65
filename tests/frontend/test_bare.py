"""Arrays without axes: what can tell them from numbers gives what NumPy gives, or is refused."""
from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.interpreted import interpret

MAKERS: list[Callable[[Any], Any]] = [
    lambda x: np.array(x), lambda x: np.asarray(x), lambda x: np.full((), x), lambda x: np.where(x > 0, x, -x),
    lambda x: np.array([x])[0, ...], lambda x: np.squeeze(np.array([[x]])), lambda x: np.array([x]).reshape(()),
    lambda x: np.copy(x), lambda x: np.ones_like(x), lambda x: np.array(x).copy(), lambda x: np.zeros(()),
]


def renamed(z, x):
    w = z
    z += 1.0
    return w * x


def once(z, x):
    z *= 2.0
    return z * x


def summed(z, x):
    for k in range(3):
        z += x * k
    return z * 1.0


def listed(z, x):
    both = [z, z]
    both[0] += 1.0
    return both[1] * x


def paired(z, x):
    first, second = (z, z)
    first -= x
    return second * x


def handed(z, x):
    def add(q):
        q += 1.0
    add(z)
    return z * x


def given_back(z, x):
    def same(q):
        return q
    w = same(z)
    w += x
    return z * x


def kept(z, x):
    held = {"z": z}
    z += 1.0
    return held["z"] * x


def with_an_axis(z, x):
    v = z[None]
    v[0] = 3.0
    return z * x


def reshaped(z, x):
    v = z.reshape(1)
    v += 3.0
    return z * x


def shown(z, x):
    v = np.atleast_1d(z)
    z += 1.0
    return v[0] * x


def filled(z, x):
    z[...] = x
    return z * x


def alike(z, x):
    y = z[...]
    y += 1.0
    return z * x


def either(z, x):
    w = z if x > 0.5 else np.array(1.0)
    w += 1.0
    return z * x


def in_a_loop(z, x):
    w = np.array(0.0)
    for _ in range(2):
        w = z
        w += 1.0
    return z * x + w


def kind(z, x):
    return x if isinstance(z, np.ndarray) else x * x


def number(z, x):
    w = z[()]
    z += 1.0
    return w * z * x


USES = [renamed, once, summed, listed, paired, handed, given_back, kept, with_an_axis, reshaped, shown, filled, alike,
        either, in_a_loop, kind, number]


@pytest.mark.parametrize("use", USES, ids=lambda f: f.__name__)
@pytest.mark.filterwarnings("ignore:.*runs on the tape:UserWarning")
def test_what_is_made_and_used(use: Callable[[Any, Any], Any]) -> None:
    refused = 0
    for make in MAKERS:
        def function(x, make=make):
            return use(make(x), x) + 0.0

        for x in (0.7, -0.4):
            try:
                wanted = function(x)
            except (TypeError, IndexError, ValueError) as error:
                with pytest.raises((type(error), wb.DifferentiationError)):
                    wb.grad(function)(x)
                continue
            slope = (function(x + 1e-6) - function(x - 1e-6)) / 2e-6
            for engine in ("numba", "tape"):
                try:
                    value, found = wb.value_and_grad(function, engine=engine)(x)
                except wb.DifferentiationError:
                    assert engine == "numba"
                    refused += 1
                    continue
                assert np.isclose(value, wanted, rtol=1e-12) and np.isclose(found, slope, rtol=1e-5, atol=1e-7)
    assert refused < 2 * len(MAKERS) or use not in (once, summed, number)


def test_a_part_that_is_written_later() -> None:
    def part(x, k):
        a = np.array([x, 2 * x])
        v = a[0, ...] if k == 0 else np.squeeze(a[:1]) if k == 1 else a[:1].reshape(())
        a[0] = 5.0
        return v * x

    for k in range(3):
        with pytest.raises(wb.DifferentiationError, match="view without axes"):
            wb.grad(part, engine="numba")(0.7, k)
        assert wb.grad(part, engine="tape")(0.7, k) == 5.0


def test_arguments() -> None:
    def changes(z):
        w = z
        z += 1.0
        return w * z

    z = np.array(0.7)
    with pytest.raises(wb.DifferentiationError, match="argument without axes"):
        wb.grad(changes, engine="numba")(z)
    assert z == 0.7
    value, slope = wb.value_and_grad(changes, engine="tape")(z)
    assert (value, slope, z) == (pytest.approx(1.7 * 1.7), pytest.approx(3.4), 1.7)


def chosen_in_turn(x, n):
    z = np.array(x)
    for _ in range(n):
        z = np.where(z > 1.0, z * 0.5, z * 1.5)
    return z * x


def exchanged(x, n):
    z, w = np.array(x), np.array(2 * x)
    for _ in range(n):
        z, w = w, np.array(z * 0.9)
    return z * w


def changed_by_a_helper(x, n):
    def added(start):
        z = np.array(start)
        for _ in range(n):
            z += x
        return z
    return added(x) * added(2 * x)


@pytest.mark.parametrize("function", [chosen_in_turn, exchanged, changed_by_a_helper], ids=lambda f: f.__name__)
def test_loops_settle(function: Callable[[Any, Any], Any]) -> None:
    for n in (40, 300):  # (too many turns to be unrolled)
        value, slope = wb.value_and_grad(function, engine="numba")(0.7, n)
        assert np.isclose(value, function(0.7, n), rtol=1e-12)
        assert np.isclose(slope, wb.grad(function, engine="tape")(0.7, n), rtol=1e-11)


def test_one_array_under_two_names_in_turns_of_a_loop() -> None:
    def function(x, n):
        z, w, s = np.array(0.0), np.array(0.0), 0.0
        for i in range(n):
            w += x
            s += z
            z = np.array(x * i)
            w = z
        return s

    with pytest.raises(wb.DifferentiationError, match="another name"):
        wb.grad(function, engine="numba")(0.7, 300)


SAME = ["np.array(z, copy=None)", "np.array(z, copy=False)", "np.asfortranarray(z)", "np.ascontiguousarray(z)",
        "z.real", "np.real(z)", "z.astype(float, copy=False)", "z.astype(float)",
        "np.broadcast_arrays(z, np.ones(2))[0]",
        "np.atleast_1d(z, z)[0]", "np.array(z)", "np.asarray(z, dtype=float)", "np.reshape(z, (1,))", "z.conj()",
        "np.stack([z, z])", "z.flatten()", "z.ravel()", "z.transpose()", "z[None, ...]",
        "max(z, 0.0)", "np.max(z)", "+z", "z.copy()", "np.where(True, z, z)", "z.item()", "np.squeeze(a=z)",
        "z.round(9)"]


@pytest.mark.parametrize("change", ["w += 1.0", "z += 1.0", "z += 1.0; w += x"])
def test_what_shares_its_memory(change: str, tmp_path: Path) -> None:
    lines = ["import numpy as np"]
    for k, again in enumerate(SAME):
        lines += [f"def program_{k}(x):", "    z = np.array(x)", f"    w = {again}", f"    {change}",
                  "    return np.sum(w) * z * x"]
    file = tmp_path / "sharing.py"
    file.write_text("\n".join(lines) + "\n")
    module = runpy.run_path(str(file))
    right = 0
    for k, again in enumerate(SAME):
        function = module[f"program_{k}"]
        try:
            found = interpret(function, (0.7,))
        except wb.DifferentiationError:
            continue
        assert np.isclose(found, function(0.7), rtol=1e-12), again
        right += 1
    assert right >= 5
