"""A tape as columns, and its nodes grouped by call, loop, turn and array."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import workbench as wb
from workbench.engines.tape.columns import columns
from workbench.engines.tape.edges import operand_nodes, rows_of, scalar_edges
from workbench.engines.tape.groups import ARRAY, CALL, LOOP, TURN, groups


def slope(y: list[float], k: float) -> list[float]:
    return [y[1] * k, -y[0] * math.sin(y[0])]


def step(y: list[float], h: float, k: float) -> list[float]:
    d = slope(y, k)
    first = y[0] + h * d[0]
    return [first, y[1] + h * d[1]]


def pendulum(x: float, k: float) -> float:
    y = [x, 0.0 * x]
    for _ in range(4):
        y = step(y, 0.1, k)
    w = 0.0
    while y[0] > 0.2:
        y[0] = y[0] * 0.5
        w += y[0]
    return y[0] + w


def one_operation_a_turn(x: float) -> float:
    for _ in range(3):
        x = x * 1.5
    for _ in range(4):
        x = math.sin(x)
    return x


def nested_loops(x: float) -> float:
    for _ in range(3):
        for j in range(2):
            x = x * 2.0
            x = x + j
        x = x - sum([x, x, x])
    return x


def with_handlers(x: float) -> float:
    for k in range(4):
        try:
            x = x * 2.0
            if k % 2:
                raise ValueError
        except ValueError:
            x = x + 1.0
        x = x - 0.5
    return x


def numbers(x: float) -> Iterator[float]:
    for k in range(3):
        yield x * k * k


def with_generator(x: float) -> float:
    s = 0.0
    for v in numbers(x):
        s += v * v
        s += v
    return s


def complex_numbers(z: complex) -> float:
    for _ in range(3):
        z = z * z
        z = z + 1.0
    return abs(z)


def of_arrays(a: np.ndarray) -> float:
    for _ in range(3):
        a = np.sin(a) @ np.ones((5, 5))
    return float(np.sum(a))


def by_kind(tape: wb.engines.tape.Tape, kind: int) -> list[tuple[str, int, int]]:
    found = groups(tape.recorder)
    return [(found.labels[found.label[k]], int(found.number[k]), int(found.stop[k] - found.first[k]))
            for k in range(len(found.first)) if found.kind[k] == kind]


def test_calls_and_turns() -> None:
    tape = wb.tape(pendulum, 1.0, 2.0)
    assert by_kind(tape, CALL) == [("pendulum", 0, len(tape) - 2), *[("step", 0, 8), ("slope", 0, 4)] * 4]
    assert [text for text, _, _ in by_kind(tape, LOOP)] == ["for _ in range(4):", "while y[0] > 0.2:"]
    assert by_kind(tape, TURN) == [*[("for _ in range(4):", k, 8) for k in (1, 2, 3, 4)],
                                   *[("while y[0] > 0.2:", k, 2) for k in (1, 2, 3)]]


@pytest.mark.parametrize(("program", "turns"), [
    (with_handlers, [2, 3, 2, 3]), (complex_numbers, [4, 4, 4]), (with_generator, [5, 5, 3]),
    (nested_loops, [8, 2, 2] * 3)])
def test_turns(program: Callable[[Any], float], turns: list[int]) -> None:
    tape = wb.tape(program, 1.5 + 0.5j if program is complex_numbers else 1.5)
    assert [size for _, _, size in by_kind(tape, TURN)] == turns


def test_a_loop_of_one_operation_has_no_turns_of_more() -> None:
    tape = wb.tape(one_operation_a_turn, 0.5)
    assert [size for _, _, size in by_kind(tape, LOOP)] == [3, 4] and by_kind(tape, TURN) == []


def test_arrays() -> None:
    tape = wb.tape(of_arrays, np.ones(5))
    assert by_kind(tape, ARRAY) == [("input", 0, 5), *[("sin", 0, 5), ("matmul", 0, 5)] * 3]


def test_many_inputs() -> None:
    tape = wb.tape(lambda xs, y: sum(x * y for x in xs), [0.5] * 12, 2.0)
    assert by_kind(tape, ARRAY) == [("input", 0, 13)]


@pytest.mark.parametrize("program", (pendulum, nested_loops, with_handlers, with_generator, of_arrays))
def test_groups_are_nested_or_apart(program: Callable[..., float]) -> None:
    arguments = {pendulum: (1.0, 2.0), of_arrays: (np.ones(5),)}.get(program, (1.5,))
    tape = wb.tape(program, *arguments)
    found = groups(tape.recorder)
    stops: list[int] = []
    for first, stop, depth in zip(found.first, found.stop, found.depth, strict=True):
        assert 0 <= first and first + 2 <= stop <= len(tape)
        del stops[depth:]
        assert len(stops) == depth and all(stop <= outer for outer in stops)
        stops.append(stop)


def test_columns_say_what_nodes_say() -> None:
    def program(a: np.ndarray, x: float) -> float:
        b = np.linalg.inv(a) @ a[0]
        return float(np.sum(b * b)) * math.sin(x)
    tape = wb.tape(program, np.array([[2.0, 0.3], [0.1, 1.5]]), 0.3)
    c = columns(tape.recorder)
    starts, sources, weights = scalar_edges(tape.recorder)
    for node in tape:
        k = node.index
        assert c.names[c.operations[k]] == node.operation and c.values[k] == node.value
        assert c.places[c.place[k]] == (node.filename, node.line)
        block = tape.recorder.block_of(k)
        if block is None:
            assert tuple(sources[starts[k]:starts[k + 1]]) == node.inputs
            assert tuple(weights[starts[k]:starts[k + 1]]) == node.partials
        else:
            (inputs, partials), = rows_of(block, range(k, k + 1))
            assert tuple(inputs) == node.inputs and tuple(partials) == node.partials
            assert set(inputs) <= set(operand_nodes(block))


def test_a_sweep_goes_on_with_its_own_cotangent() -> None:
    tape = wb.tape(lambda x: x * x * x, 2.0)
    tape.backward(3.0)
    assert tape.step_forward().operation == "input" and tape.gradient() == 36.0
    tape.step_forward()
    assert tape.gradient() == 12.0 and tape[1].adjoint == 6.0
