"""The plan says how each value of the primal is had in the reverse sweep, and gives the reason that decided."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python
from workbench.frontend import trace
from workbench.ir import DifferentiationError, Function, walk
from workbench.operators import Derivative
from workbench.passes import optimize
from workbench.transforms import plan_of, vjp
from workbench.transforms.plan import Plan
from workbench.transforms.reasons import Row


def decay(x, n):
    y = 1.0
    for _ in range(n):
        y = y * x + 0.5
    return y * y


def history(x, n):
    h = np.empty(n + 1)
    h[0] = x
    for t in range(n):
        h[t + 1] = np.sin(h[t]) * x
    return h[n]


def wave(a, n):
    u = a.copy()
    for _ in range(n):
        for i in range(1, len(u)):
            u[i] = u[i] * u[i - 1] * (i + 1.5)
    return np.sum(u)


def until(x):
    y = x
    while y < 10.0:
        z = y * 2.0
        y = y + np.exp(z * 0.1)
    return y


def overwritten(a, n):
    b = a * 2.0
    c = np.sin(b)
    for i in range(n):
        b[i] = 0.0
    return np.sum(c * c) + np.sum(b)


def one_pass(a, n):
    total = 0.0
    for i in range(n):
        total += np.exp(a[i]) * a[i]
    return total


CASES = {decay: (0.9, 3), history: (0.3, 4), wave: (np.ones(5), 3), until: (1.5,), overwritten: (np.ones(3), 2),
         one_pass: (np.ones(3), 3)}
EXPECTED = [
    (decay, "y", "kept", "carried from turn to turn"),
    (history, "h[t]", "read again", "nothing is written to this element of h afterwards"),
    (history, "sin(h[t])", "kept", "sin costs more than to store and load a number"),
    (wave, "i", "counted", "the index of its loop"),
    (wave, "i - 1", "computed again", "from i"),
    (wave, "u[i - 1]", "kept", "to keep u, i - 1 instead would cost as much or more"),
    (until, "exp(z * 0.1)", "kept", "exp costs more"),
    (until, "trips", "there", "made outside of all loops and arms"),
    (overwritten, "b", "copied", "overwritten later"),
    (one_pass, "exp(a[i])", "there", "its adjoint comes in the turn that makes it"),
]


def traced(f: Callable[..., Any]) -> Function:
    return optimize(trace(f, CASES[f], tuple(inspect.signature(f).parameters)).function)


def planned(f: Callable[..., Any]) -> Plan:
    return plan_of(traced(f), [0], [0])


@pytest.mark.parametrize("f, value, how, why", EXPECTED, ids=lambda part: getattr(part, "__name__", str(part)))
def test_how_a_value_is_had_and_why(f: Callable[..., Any], value: str, how: str, why: str) -> None:
    found = [row for row in planned(f).rows() if row.value == value and row.how == how]
    assert found and all(why in row.why for row in found), planned(f).report()


@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_what_is_kept_is_what_the_report_says_is_kept(f: Callable[..., Any]) -> None:
    plan = planned(f)
    assert {v for v, choice in plan.choices.items() if choice.how == "kept"} == set(plan.kept)
    assert {v for v, choice in plan.choices.items() if choice.how == "copied"} == plan.copied
    assert all(choice.price is not None and choice.price > 0 for v, choice in plan.choices.items() if v in plan.kept)
    reads = {v for v, choice in plan.choices.items() if choice.how == "read again"}
    assert {v for v in plan.history if v in plan.choices and v not in plan.kept} <= reads


@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_the_plan_is_that_of_the_adjoint(f: Callable[..., Any]) -> None:
    """What is kept has a place of its own in the adjoint, named after it."""
    function = traced(f)
    made = {r.name for op in walk(vjp(function, [0], [0]).block) for r in op.results}
    assert {f"{v.name}_kept" for v in planned(f).kept if v.name} <= made


def test_lines_are_the_users() -> None:
    first = inspect.getsourcelines(history)[1]
    assert {row.line for row in planned(history).rows() if row.value == "sin(h[t])"} == {first + 4}


def test_a_derivative_shows_its_plan() -> None:
    with in_python():
        gradient = wb.grad(decay, mode="reverse")
        gradient(0.9, 3)
        lines = gradient.plan.splitlines()
        assert lines[0].split() == ["line", "value", "how", "price", "why"]
        assert any(line.split()[1:4] == ["y", "kept", "8"] for line in lines)
        assert len({line.index(line.split("  ")[-1].strip()) for line in lines}) == 1  # reasons begin in one column


def test_forward_mode_has_none() -> None:
    with in_python():
        forward = Derivative(decay, "jvp")
        forward.specialised((0.9, 3))
        with pytest.raises(DifferentiationError, match="only reverse mode has a plan"):
            _ = forward.plan


def test_rows_are_data() -> None:
    row = planned(decay).rows()[0]
    assert row == Row(None, "x", "there", None, "made outside of all loops and arms")
