"""What comes from outside: hidden inputs, guards, one parameter per global array, arguments that share memory."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.frontend.running import agrees
from tests.fuzz.interpreted import interpret, traced

RATE: Any = 2.0
FLAG: Any = True
WEIGHTS: Any = np.array([1.0, 2.0, 3.0])
TABLE: Any = {"gain": 3.0, "name": "sin"}
RNG = np.random.default_rng(8)


def reads_rate(x):
    return x * RATE + RATE


def kinds(function: Any, *args: Any) -> list[str]:
    """Kind and name of each parameter."""
    return [f"{item.value.name}: {item.kind.value}" + "[]" * max(item.rank, 0)
            for item in traced(function, args).inputs]


def guards(function: Any, *args: Any) -> set[tuple[str, Any]]:
    """What is taken for granted about things that are no arguments."""
    return {(guard.kind, guard.expected if isinstance(guard.expected, (type, str, bool, int)) else "...")
            for guard in traced(function, args).guards if not guard.path.is_argument}


# ------------------------------------------------------------------ hidden inputs
def test_a_global_number_is_an_input_guarded_by_type() -> None:
    assert kinds(reads_rate, 1.5) == ["x: f64", "RATE: f64"]
    assert ("type", float) in guards(reads_rate, 1.5)
    assert not any(kind == "equal" for kind, _ in guards(reads_rate, 1.5))


def test_another_value_needs_no_new_program_another_type_does(monkeypatch: pytest.MonkeyPatch) -> None:
    program = traced(reads_rate, (1.5,))
    monkeypatch.setitem(globals(), "RATE", -7.0)
    assert all(guard.holds((1.5,)) for guard in program.guards)
    monkeypatch.setitem(globals(), "RATE", 7)
    assert not all(guard.holds((1.5,)) for guard in program.guards)
    monkeypatch.setitem(globals(), "RATE", np.float64(7.0))
    assert not all(guard.holds((1.5,)) for guard in program.guards)


def test_flags_and_strings_are_guarded_by_value() -> None:
    def chooses(x):
        return x * 2.0 if FLAG and TABLE["name"] == "sin" else x

    assert {("equal", True), ("equal", "sin")} <= guards(chooses, 1.5)


def test_closure_cells_are_inputs() -> None:
    level, offsets = 2.5, np.array([1.0, 2.0])

    def inner(x):
        return x * level + offsets[1]

    assert sorted(name.split(": ")[1] for name in kinds(inner, 1.5)) == ["f64", "f64", "f64[]"]
    agrees(inner, 1.5)


@dataclass
class Settings:
    scale: float
    table: np.ndarray
    label: str = "plain"
    unread: Any = 0.0


def reads_attributes(s, x):
    y = s.scale * x + s.table[0]
    return y if s.label == "plain" else -y


def test_only_attributes_that_are_read_are_inputs() -> None:
    settings = Settings(2.0, np.array([1.0, 2.0]))
    assert sorted(kinds(reads_attributes, settings, 1.5)) == ["scale: f64", "table: f64[]", "x: f64"]
    agrees(reads_attributes, settings, 1.5)
    agrees(reads_attributes, Settings(2.0, np.array([1.0]), "other"), 1.5)


def test_an_integer_is_an_input_until_its_value_is_needed() -> None:
    def uses(a, n):
        return a * n

    def needs(a, axis):
        return np.sum(a, axis=axis)

    assert kinds(uses, 1.5, 3) == ["a: f64", "n: i64"]
    pinned = traced(needs, (np.ones((2, 3)), 1))
    assert [item.value.name for item in pinned.inputs] == ["a"]
    assert any(guard.kind == "equal" and guard.expected == 1 for guard in pinned.guards)


# ------------------------------------------------------------------ arrays
def reads_often(x):
    s = 0.0
    for i in range(3):
        s += WEIGHTS[i] * x
    return s + WEIGHTS[0] + np.sum(WEIGHTS) + helper(x)


def helper(x):
    return WEIGHTS[-1] * x


def test_a_global_array_is_one_parameter_however_often_it_is_read() -> None:
    assert kinds(reads_often, 1.5) == ["x: f64", "WEIGHTS: f64[]"]
    agrees(reads_often, 1.5)


def test_a_global_array_and_a_closure_cell_of_the_same_array() -> None:
    same = WEIGHTS

    def both(x):
        return same[0] * x + WEIGHTS[1]

    assert kinds(both, 1.5).count("x: f64") == 1 and len(kinds(both, 1.5)) == 2
    agrees(both, 1.5)


def writes_global(x):
    WEIGHTS[0] = x
    return WEIGHTS[0] * WEIGHTS[1]


def test_writes_into_a_global_array_land(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = np.array([1.0, 5.0])
    monkeypatch.setitem(globals(), "WEIGHTS", mine)
    assert interpret(writes_global, (3.0,)) == 15.0
    assert mine.tolist() == [3.0, 5.0]


def test_dimensions_that_are_one_and_dtypes_are_part_of_the_program() -> None:
    def total(a, b):
        return np.sum(a * b)

    program = traced(total, (np.ones(3), np.ones(1)))
    assert [str(p.type.kind.value) for p in program.function.data_params] == ["f64", "f64"]

    def holds(*args: Any) -> bool:
        return all(guard.holds(args) for guard in program.guards)

    assert holds(np.ones(7), np.ones(1))
    assert not holds(np.ones(7), np.ones(7)) and not holds(np.ones(1), np.ones(1))
    assert not holds(np.ones(7, np.float32), np.ones(1)) and not holds(np.ones((7, 2)), np.ones(1))


# ------------------------------------------------------------------ shared memory
def writes_first(a, b):
    a[0] = b[-1] * 2.0
    a[1] += b[0]
    return np.sum(a * b)


def overlap_agrees(function: Any, base: np.ndarray, show: Any) -> None:
    """Value and memory as plain Python leaves them, for arguments that are views of one array."""
    ours, theirs = base.copy(), base.copy()
    expected = function(*show(theirs))
    value, _ = wb.value_and_grad(function)(*show(ours))
    assert value == pytest.approx(float(expected), rel=1e-14)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("show", [
    lambda x: (x, x), lambda x: (x[:3], x[1:]), lambda x: (x[1:], x[:3]), lambda x: (x[::-1], x),
    lambda x: (x[:2], x[2:]),
], ids=["same", "shifted", "shifted back", "reversed", "apart"])
def test_arguments_that_share_memory(show: Any) -> None:
    overlap_agrees(writes_first, RNG.normal(size=4), show)


def test_the_same_argument_twice_is_one_variable() -> None:
    def mixed(a, b):
        a[0] = b[1] * b[1]
        return np.sum(b * b * b)

    x = np.array([0.5, 2.0])
    _, (first, second) = wb.value_and_grad(mixed, (0, 1))(x.copy(), x.copy())
    assert first.tolist() == [0.0, 0.0]
    assert second == pytest.approx(3.0 * x**2)
    shared = x.copy()
    value, (first, second) = wb.value_and_grad(mixed, (0, 1))(shared, shared)
    assert value == pytest.approx(4.0**3 + 2.0**3)
    assert first == pytest.approx([0.0, 3.0 * 4.0**2 * 4.0 + 3.0 * 2.0**2]) and first.tolist() == second.tolist()


def test_overlap_that_is_only_read_makes_two_parameters() -> None:
    def reads(a, b):
        return np.sum(a * b)

    x = RNG.normal(size=4)
    assert len(traced(reads, (x[:3], x[1:])).inputs) == 2
    overlap_agrees(reads, x, lambda x: (x[:3], x[1:]))


def test_an_argument_that_is_also_a_global(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = np.array([1.0, 2.0, 3.0])
    monkeypatch.setitem(globals(), "WEIGHTS", mine)

    def writes_argument(a):
        a[0] = 5.0 * a[1]
        return WEIGHTS[0] * a[2]

    value, slope = wb.value_and_grad(writes_argument)(mine)
    assert value == 30.0 and mine.tolist() == [10.0, 2.0, 3.0]
    assert slope.tolist() == [0.0, 15.0, 10.0]


def test_a_list_that_is_reached_twice_is_one_list() -> None:
    def both(p, q):
        p[0] = 7.0
        return q[0] * q[1]

    shared = [1.0, 2.0]
    assert interpret(both, (shared, shared)) == 14.0
    assert interpret(both, ([1.0, 2.0], [1.0, 2.0])) == 2.0
