"""Which way a gradient goes: forward where that is clearly faster, and what it gives is what reverse mode gives."""

from __future__ import annotations

import math
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import workbench as wb
from workbench.operators import direction


def series(x: float, n: int) -> float:
    term, total = 1.0, 1.0
    for k in range(1, n):
        term = term * x / k
        total += term
    return total


def root(a: float, b: float) -> float:
    x = 1.0 + a
    while abs(x * x - a * b) > 1e-12:
        x = 0.5 * (x + a * b / x)
    return x


def relaxed(k: float, u: np.ndarray, steps: int) -> float:
    u = u.copy()
    for _ in range(steps):
        u[1:-1] += k * (u[:-2] - 2.0 * u[1:-1] + u[2:])
    return float(np.sum(u * u))


class Pair(NamedTuple):
    a: float
    b: float


def orbit(p: Pair, n: int) -> float:
    x, v = p.a, p.b
    for _ in range(n):
        v -= 0.01 * x * x * x
        x += 0.01 * v
    return math.sin(x) * v


def wave(x: float) -> float:
    return math.sin(x) * x


def energy(x: np.ndarray) -> float:
    total = 0.0
    for k in range(x.shape[0]):
        total = 0.5 * total * x[k] + x[k]
    return total


U = np.linspace(0.0, 1.0, 20) ** 2
FORWARD = [(series, (0.7, 30), 0), (root, (3.0, 2.0), (0, 1)), (root, (3.0, 2.0), "b"), (relaxed, (0.2, U, 5), 0),
           (orbit, (Pair(0.3, 0.2), 50), 0)]
REVERSE = [(wave, (0.3,), 0), (energy, (U,), 0), (relaxed, (0.2, U, 5), 1), (relaxed, (0.2, U, 5), (0, 1))]


def way(derivative: Any) -> str:
    found: str = derivative.latest.program.way
    return found


@pytest.mark.parametrize(("f", "args", "wrt"), FORWARD)
def test_forward_by_few_numbers_through_loops(f: Callable[..., Any], args: tuple[Any, ...], wrt: Any) -> None:
    chosen = wb.value_and_grad(f, wrt=wrt)
    value, gradient = chosen(*args)
    expected, wanted = wb.value_and_grad(f, wrt=wrt, mode="reverse")(*args)
    assert way(chosen) == "forward" and value == expected == f(*args)
    assert np.allclose(gradient, wanted, rtol=1e-12) and type(gradient) is type(wanted)
    assert "_dot" in chosen.source and "_bar" not in chosen.source
    assert "nothing is kept" in chosen.plan
    table = chosen.explain(*args)
    assert table.chosen == "forward" and table["reverse"].seconds > direction.GAIN * 0.8 * table["forward"].seconds


@pytest.mark.parametrize(("f", "args", "wrt"), REVERSE)
def test_reverse_otherwise(f: Callable[..., Any], args: tuple[Any, ...], wrt: Any) -> None:
    """Without loops, by arrays, by many numbers."""
    chosen = wb.grad(f, wrt=wrt)
    chosen(*args)
    assert way(chosen) == "reverse" and chosen.explain(*args).chosen == "reverse"


def test_a_mode_that_is_named() -> None:
    for mode in ("forward", "reverse"):
        for f, args, wrt in (*FORWARD, REVERSE[0]):
            named = wb.grad(f, wrt=wrt, mode=mode)
            assert np.allclose(named(*args), wb.grad(f, wrt=wrt)(*args), rtol=1e-12)
            assert way(named) == mode and "asked for" in str(named.explain(*args))
    assert way_of_deterministic() == "reverse"
    with pytest.raises(ValueError, match="grad knows no mode 'backward'"):
        wb.grad(series, mode="backward")
    with pytest.raises(wb.DifferentiationError, match="by real numbers alone"):
        wb.grad(energy, engine="numba", mode="forward")(U)


def way_of_deterministic() -> str:
    derivative = wb.grad(series, deterministic=True)
    derivative(0.7, 30)
    return way(derivative)


def test_what_is_had_once_is_had_in_reverse() -> None:
    """Effects: a program that could not be run again where forward mode finds what is not finite."""
    def noted(x: float, seen: list[float], n: int) -> float:
        for _ in range(n):
            x = x * x
            seen[0] = x
        return x
    derivative = wb.grad(noted)
    seen = [0.0]
    assert derivative(1.5, seen, 2) == 4 * 1.5 ** 3 and seen == [1.5 ** 4] and way(derivative) == "reverse"


def hidden(x: float, n: int) -> float:
    """At 0, a zero cotangent meets an infinite partial, which it hides; a tangent is infinite."""
    y = 1.0
    for _ in range(n):
        y = y * np.cos(x) + 0.0 * np.sqrt(x)
    return float(y)


def met(x: float, n: int) -> float:
    """At 0, a zero tangent meets an infinite partial, and an infinite cotangent a zero partial."""
    y = 0.0
    for _ in range(n):
        y = 0.5 * y * y + np.sqrt(x * x)
    return float(y)


def masked(x: float, n: int) -> float:
    y = 1.0
    for k in range(n):
        y = y * np.where(x > 0.0, np.log(x), 1.0 - x * k)
    return float(y)


@pytest.mark.parametrize("f", [hidden, met, masked])
@pytest.mark.parametrize("with_value", [False, True])
def test_zeros_are_treated_as_in_reverse(f: Callable[..., Any], with_value: bool) -> None:
    """What forward mode does not find to be finite is asked of reverse mode, with its warning. (With a tangent of zero
    that hides partials, `met` would have a derivative of 0 without a word.)"""
    operator = wb.value_and_grad if with_value else wb.grad
    said, found = {}, {}
    for mode in ("forward", "reverse"):
        derivative = operator(f, mode=mode)
        assert np.all(np.isfinite(derivative(0.8, 5)))
        for n in (0, 1, 5):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                found[mode, n] = derivative(0.0, n)
            said[mode, n] = [(str(w.message), w.category) for w in caught]
        assert way(derivative) == mode
    for n in (0, 1, 5):
        assert np.array_equal(found["forward", n], found["reverse", n], equal_nan=True)
        assert said["forward", n] == said["reverse", n]
    assert bool(said["forward", 5]) == (f is met)


def test_aux_kinds_and_nesting() -> None:
    def with_aux(x: float, n: int) -> tuple[float, dict[str, float]]:
        y = series(x, n)
        return y * y, {"series": y}
    derivative = wb.grad(with_aux, has_aux=True)
    gradient, aux = derivative(0.7, 30)
    assert way(derivative) == "forward" and math.isclose(gradient, 2 * math.exp(1.4), rel_tol=1e-12)
    assert math.isclose(aux["series"], math.exp(0.7))
    single = wb.grad(series)(np.float32(0.7), 30)
    assert type(single) is np.float32 and math.isclose(single, math.exp(0.7), rel_tol=1e-6)
    for inner in ("auto", "forward", "reverse"):
        second = wb.grad(wb.grad(series, mode=inner))
        assert math.isclose(second(0.7, 30), math.exp(0.7), rel_tol=1e-12)

        def composed(x: float, mode: str = inner) -> float:
            return wb.grad(series, mode=mode)(x * x, 30)
        assert math.isclose(wb.grad(composed)(0.7), 1.4 * math.exp(0.49), rel_tol=1e-12)
    mapped = wb.vmap(wb.grad(series), in_axes=(0, None))(np.array([0.1, 0.7]), 30)
    assert np.allclose(mapped, np.exp([0.1, 0.7]), rtol=1e-12)


def test_errors_are_those_of_the_function() -> None:
    def quotient(x: float, n: int) -> float:
        y = 1.0
        for k in range(n):
            y = y * x / (3 - k)
        return y
    derivative = wb.grad(quotient)
    assert math.isclose(derivative(2.0, 2), 2 * 2.0 / 6) and way(derivative) == "forward"
    with pytest.raises(ZeroDivisionError):
        derivative(2.0, 5)


def test_a_file_of_it(tmp_path: Path) -> None:
    derivative = wb.value_and_grad(root, wrt=(0, 1))
    derivative(3.0, 2.0)
    derivative.export(tmp_path / "root.py")
    done = subprocess.run([sys.executable, tmp_path / "root.py"], capture_output=True, text=True, check=True)
    assert "relative error" in done.stdout


def test_it_is_the_same_from_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("WORKBENCH_CACHE")
    first, again = wb.grad(met), wb.grad(met)
    for derivative in (first, again):
        assert derivative(0.8, 5) == first(0.8, 5)
        with pytest.warns(RuntimeWarning, match="infinite or NaN"):
            assert math.isnan(derivative(0.0, 5))
    assert again.source == first.source and way(again) == way(first) == "forward"
