"""The two sides of a gradient, and what it keeps."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

import workbench as wb
from tests.fuzz.emitted import in_python
from workbench.cost.counting import count
from workbench.cost.evaluation import evaluate
from workbench.cost.parts import residuals, sides
from workbench.cost.writing import written
from workbench.operators.derivative import Derivative


def logistic(x, n):
    for _ in range(n):
        x = 3.7 * x * (1.0 - x)
    return x


def energy(x):
    return np.sum(np.exp(x) * np.sin(x))


def until_small(x):
    while x > 0.01:
        x = x * math.sin(x)
    return x


def in_both_sweeps(x):
    total = 0.0
    for i in range(len(x)):
        total += math.exp(x[i]) * x[i]
    return total


def programs(derivative: Any, args: tuple[Any, ...]) -> Any:
    with in_python():
        return derivative.specialised(args).program


def test_the_forward_sweep_does_what_the_program_does() -> None:
    for function, args in ((logistic, (0.3, 5)), (energy, (np.ones(4),)), (until_small, (0.5,))):
        own = count(programs(Derivative(function, "value"), args).final).work
        forward, _ = sides(programs(wb.value_and_grad(function), args).final)
        for key in ("mul", "add", "sub", "sin", "exp"):
            assert evaluate(forward.total(key), _Fives()) == evaluate(own.total(key), _Fives()), (function, key)


class _Fives(dict[str, int]):
    def __missing__(self, name: str) -> int:
        return 5


def test_the_sides_add_up_to_the_whole() -> None:
    for derivative in (wb.value_and_grad(in_both_sweeps), wb.grad(lambda x: np.sum(wb.grad(in_both_sweeps)(x)))):
        final = programs(derivative, (np.ones(4),)).final
        whole, (forward, reverse) = count(final).work, sides(final)
        places = forward.amounts.keys() | reverse.amounts.keys()
        assert places == whole.amounts.keys()
        forward.merge(reverse)
        assert forward.amounts == whole.amounts
        assert reverse.amounts


def test_what_a_loop_in_one_pass_does_is_told_apart() -> None:
    forward, reverse = sides(programs(wb.value_and_grad(in_both_sweeps), (np.ones(4),)).final)
    assert written(forward.total("exp")) == "x_n"
    assert written(reverse.total("exp")) == "0"
    assert written(reverse.total("written")) == "8·x_n"


def test_tangents_are_not_the_programs_own() -> None:
    def along(x):
        return wb.jvp(energy, (x,), (np.ones_like(x),))[1]
    forward, tangents = sides(programs(Derivative(along, "value"), (np.ones(4),)).final)
    assert written(forward.total("exp")) == "x_n"
    assert written(tangents.total("cos")) == "x_n"


def test_residuals_by_line() -> None:
    program = programs(wb.value_and_grad(logistic, mode="reverse"), (0.3, 5))
    kept = residuals(program.final, program.count)
    assert written(kept.total("allocated")) == "8·n"
    assert {line for (_, line), _ in kept.amounts} == {logistic.__code__.co_firstlineno + 1}
    program = programs(wb.value_and_grad(until_small, mode="reverse"), (0.5,))
    assert written(residuals(program.final, program.count).total("allocated")).startswith("8·room(line")
