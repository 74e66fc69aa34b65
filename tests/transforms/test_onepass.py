"""Loops in one pass: which are, which are not, and that their gradients are right (against the complex step)."""
from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.frontend.library.test_random_orders import loaded
from tests.fuzz.emitted import in_python
from workbench.transforms.structure import Structure

RNG = np.random.default_rng(20261127)


def squares(x):
    total = 0.0
    for i in range(len(x)):
        total += np.sin(x[i]) * x[i]
    return total


def terms(x):
    total = 0.0
    for i in range(len(x)):
        term, k = x[i], 1
        while abs(term) > 1e-9:
            total = total + term
            term = -term * x[i] * x[i] / ((2 * k) * (2 * k + 1))
            k += 1
    return total


def nested(x):
    total = 1.0
    for i in range(len(x)):
        for j in range(i):
            if x[i] > x[j]:
                total += np.exp(x[i] * x[j])
            else:
                total -= x[j] ** 2
    return 0.5 * total


def pairs(x):
    """Energies of pairs, each of a loop that keeps what it needs."""
    total = 0.0
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            y = x[i] - x[j]
            for _ in range(2):
                y = np.sin(y) + y
            total += y * y
    return total


def mixture(x):
    """The logarithm of a sum asks for the sum: its loop is not run in one pass, the one around it is."""
    total = 0.0
    for i in range(len(x)):
        s = 0.0
        for k in range(3):
            s += np.exp(-(x[i] - k * 0.5) ** 2) * x[0] ** 2
        total += np.log(s)
    return total


def indexed_after(x):
    """An element whose index is checked after the loop: its cotangent is not written before, but after."""
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[i]
    return 0.5 * total + x[1]


def scratch(x):
    total = 0.0
    for i in range(len(x)):
        row = np.empty(4)
        row[0] = x[i]
        for k in range(1, 4):
            row[k] = np.sin(row[k - 1]) + row[k - 1] * x[i]
            row[k - 1] *= row[k]
        total += row.sum()
    return total


def two_loops(x):
    scale = np.exp(x[0])
    a = 0.0
    for i in range(len(x)):
        a += x[i] ** 3 * scale
    b = 0.0
    for i in range(len(x)):
        y = x[i]
        for _ in range(3):
            y = np.sin(y) * scale
        b -= y
    return 2.0 * a - b / 3.0


def two_sums(x):
    a, b = 0.0, 0.0
    for i in range(len(x)):
        y = x[i]
        for _ in range(3):
            y = y * np.cos(y)
        a += y
        b += y * x[i]
    return 3.0 * a + b


def with_count(x):
    total, count = 0.0, 0
    for i in range(len(x)):
        y = x[i]
        for _ in range(count % 3):
            y = np.sin(y) + y
        if y > 0.0:
            count += 1
        total += y
    return total / len(x)


def leaving(x):
    total = 0.0
    for i in range(len(x)):
        if x[i] > 1e9:
            break
        y = x[i]
        for _ in range(i):
            y = y * np.cos(y)
        total += y
    return total


def squared_sum(x):
    """What follows needs the sum itself."""
    total = 0.0
    for i in range(len(x)):
        total += np.sin(x[i])
    return total * total


def fed_forward(x):
    """A sum that later terms need."""
    total = 0.0
    for i in range(len(x)):
        total += np.sin(x[i] + total)
    return total


def doubled(x):
    """The sum is added to itself."""
    total = 1.0
    for i in range(len(x)):
        more = total + x[i]
        total = total + more
    return total


def between(x):
    """What is made between the loops takes part in the second."""
    a = 0.0
    for i in range(len(x)):
        a += np.sin(x[i])
    w = a * a
    b = 0.0
    for i in range(len(x)):
        b += np.cos(x[i]) * w
    return a + b


def made_between(x):
    """What is made between the loops takes a cotangent of the second, and asks for nothing itself."""
    a = 0.0
    for i in range(len(x)):
        a += np.sin(x[i])
    w = x[0] + x[1]
    b = 0.0
    for i in range(len(x)):
        b += np.cos(x[i]) * w
    return a + b


def normalised(x):
    """What is made after the loop, of its own, and taken off: its adjoint comes when it has run."""
    total = 0.0
    for i in range(len(x)):
        y = x[i]
        for _ in range(3):
            y = np.sin(y) + y
        total += y
    s = 0.0
    for i in range(len(x)):
        s += np.exp(x[i])
    total -= 2.0 * np.log(s)
    for i in range(len(x)):
        total += x[i] ** 3
    return total


def overwritten(x):
    """An array that the loop reads is overwritten afterwards: its cotangent is moved then."""
    a = np.sin(x)
    total = 0.0
    for i in range(len(a)):
        total += a[i] * x[i]
    a[:] *= 0.5
    return np.sum(a) + total


def with_scratch(x):
    """An array of the iteration's own."""
    total, y = 0.0, np.empty(len(x), x.dtype)
    for i in range(len(x)):
        for k in range(len(x)):
            y[k] = x[i] * x[k]
        for k in range(1, len(x)):
            y[k] += np.sin(y[k - 1])
        total += y[len(x) - 1]
    return total


def stored(x):
    out = np.zeros(len(x))
    for i in range(len(x)):
        out[i] = np.sin(x[i]) * x[i]
    return (out * out).sum()


def rewritten(x):
    """The array that the loop reads is written afterwards, and before."""
    a = np.sin(x)
    total = 0.0
    for i in range(len(a)):
        y = a[i]
        for _ in range(2):
            y = y * np.sin(y)
        total += y
        a[i] = 0.0
    a[0] = 3.0
    return total + a.sum() + x[0]


def swapped_sums(x):
    a, b = x[0], x[1]
    for i in range(len(x)):
        a, b = b + np.sin(x[i]), a
    return 2.0 * a + b


def replaced(x):
    """Whether the sum is replaced is known when the `while` has run."""
    y = x[0]
    for i in range(len(x)):
        y += np.sin(x[i])
    t = 0.3 * len(x)
    while t < 1.0:
        t *= 2.0
        y = 0.5
    return y


def carried_over(x):
    """From the second turn on the inner loop adds the sum itself."""
    y = x[0]
    for i in range(len(x)):
        term = 0.0
        total = y
        for j in range(len(x)):
            total += term
            term = y
        y = total + np.sin(x[i])
    return y


def filled_behind(x):
    """An array that the loop writes for its later turns, read where it is never written again."""
    c = np.ones(len(x) + 1)
    y = 0.0
    for i in range(len(x)):
        for j in range(len(x)):
            if x[j] > 0.0:
                y += x[j] * x[j] * c[i]
        c[i + 1] = 0.5 * i
    return y


# how many loops of each program are run in one pass
def times_an_input(x):
    """The sum is a factor of an input's cotangent: that part comes when the sum is there."""
    total, first = 0.0, x[0]
    for i in range(len(x)):
        total += np.sin(x[i])
    return total * first - x[1] * x[1]


def greatest(x):
    total = 0.0
    for i in range(len(x)):
        total += np.sin(x[i]) * x[i]
    return np.maximum(x[0], total)


def greater(x):
    y = 0.0
    for i in range(len(x)):
        y += np.sin(x[i]) * x[i]
    if y > 0.3:
        return y
    return x[0] * 3.0


def one_more_in_an_arm(x):
    """A loop in an arm behind a loop."""
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[0]
    y = x[0]
    result = total
    if y > 0.0:
        more = 0.0
        for k in range(len(x)):
            more += np.exp(x[0] * x[k])
        result = total + more
    return result


def goes_on_nonlinearly(x):
    """What the second loop keeps is asked for by operations in it."""
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    for _ in range(3):
        total += np.sin(total * 0.1)
    return total


IN_ONE_PASS = {squares: 1, terms: 1, nested: 2, pairs: 2, mixture: 1, scratch: 1, two_loops: 2, two_sums: 1,
               with_count: 1, between: 1, made_between: 2, normalised: 2, with_scratch: 1, indexed_after: 1,
               filled_behind: 2, times_an_input: 1}
OTHERS = (leaving, overwritten, squared_sum, fed_forward, doubled, stored, rewritten, swapped_sums, replaced,
          carried_over, greatest, greater, one_more_in_an_arm, goes_on_nonlinearly)


def complex_step(f: Callable[[Any], Any], x: Any) -> Any:
    steps = np.eye(len(x)) * 1e-30j
    return np.array([f(x + step).imag for step in steps]) / 1e-30


def twin(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The program for complex numbers: comparisons are of real parts, arrays are complex."""
    text = textwrap.dedent(inspect.getsource(f)).replace("np.zeros(len(x))", "np.zeros(len(x), complex)")
    text = text.replace("np.empty(4)", "np.empty(4, complex)").replace("abs(term)", "abs(term.real)")
    for name in ("x[i]", "x[j]", "y"):
        text = text.replace(f"if {name} >", f"if ({name}).real >")
    text = text.replace("> x[j]", "> x[j].real")
    space: dict[str, Any] = {"np": np}
    exec(text, space)
    return space[f.__name__]


@pytest.mark.parametrize("f", [*IN_ONE_PASS, *OTHERS], ids=lambda f: f.__name__)
def test_gradient(f: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = []

    class Spy(Structure):
        def __init__(self, function: Any, one_pass: Any = (), late: Any = ()) -> None:
            super().__init__(function, one_pass, late)
            chosen.append(len(self.one_pass))

    monkeypatch.setattr(sys.modules["workbench.transforms.decisions"], "Structure", Spy)
    derivative = wb.value_and_grad(f, engine="numba")
    for n in (2, 5):
        x = RNG.normal(size=n)
        held = x.copy()
        value, gradient = derivative(x)
        assert value == pytest.approx(f(held.copy()), rel=1e-12)
        np.testing.assert_allclose(gradient, complex_step(twin(f), held), rtol=1e-10, atol=1e-12)
        np.testing.assert_array_equal(x, held)
    assert chosen[-1] == IN_ONE_PASS.get(f, 0), derivative.source


def test_an_index_that_is_checked_after_the_loop_raises() -> None:
    with pytest.raises(IndexError):
        wb.grad(indexed_after, engine="numba")(np.ones(1))


def test_a_long_formula_after_the_loop_is_looked_at_once(tmp_path: Path) -> None:
    """Each line uses the one before twice."""
    lines = "    a = a * a - 0.1 * a\n" * 60
    head = "def scaled(x, a):\n    y = 0.0\n    for v in x:\n        y += v * v\n"
    scaled = loaded(f"{head}{lines}    return y * (1.0 + a)\n", tmp_path).scaled
    with in_python():
        x = RNG.normal(size=3)
        value, gradient = wb.value_and_grad(scaled, 0, engine="numba")(x, 0.6)
    assert value == pytest.approx(scaled(x, 0.6), rel=1e-13)
    np.testing.assert_allclose(gradient, complex_step(lambda z: scaled(z, 0.6), x), rtol=1e-12)
