"""Numbers that a run leaves behind are the program's own, and a later run does not take them for constants."""
from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.engines.tape import left_behind as left


def test_what_is_left_are_plain_numbers_to_their_users() -> None:
    left.clear()
    assert wb.grad(left.leaves_numbers, (0, 1), engine="tape")(3.0, 2.0) == (12.0, 9.0)
    assert left.LIST == [6.0] and left.TABLE == {"x": 3.0, 3.0: 2.0} and left.SET == {2.0}
    assert json.dumps([left.LIST, left.QUEUE[0]]) == "[[6.0], [3.0, [2.0]]]" and str(left.OBJECT.last) == "3.0"
    assert math.sqrt(left.Log.seen[0] + 2.0) == 2.0 and isinstance(left.Log.best, np.float64)
    assert type(left.LIST[0] * 2) is float and np.array(left.LIST).dtype == float
    (array,) = left.ARRAYS
    np.testing.assert_array_equal(np.stack([array, array + 1.0]), [[6.0, 4.0], [7.0, 5.0]])
    assert repr(array) == "array([6., 4.])" and array.sum() == 10.0 and float(np.max(array)) == 6.0
    assert array[0] == 6.0 and list(array.flat) == [6.0, 4.0] and sum(array) == 10.0
    out = np.zeros(2)
    np.add(array, array, out=out)
    assert out[0] == 12.0


@pytest.mark.parametrize("use", left.USES)
def test_what_is_left_is_no_constant(use: Callable[[float], Any]) -> None:
    left.clear()
    wb.grad(left.leaves_numbers, (0, 1), engine="tape")(3.0, 2.0)
    with pytest.raises(wb.DifferentiationError, match="earlier recorded run") as caught:
        wb.grad(use, engine="tape")(1.5)
    assert caught.value.filename == left.__file__ and caught.value.lineno == use.__code__.co_firstlineno


def test_what_is_left_is_not_returned() -> None:
    left.clear()
    wb.grad(left.leaves_numbers, engine="tape")(3.0, 2.0)
    with pytest.raises(wb.DifferentiationError, match="earlier recorded run"):
        wb.grad(lambda x: left.LIST[0], engine="tape")(1.5)


def test_what_is_left_may_be_an_argument() -> None:
    left.clear()
    wb.grad(left.leaves_numbers, engine="tape")(3.0, 2.0)
    square = wb.grad(lambda a: np.sum(a * a), engine="tape")
    assert square(left.LIST[0]) == 12.0 and type(square(left.LIST[0])) is float
    np.testing.assert_array_equal(square(left.ARRAYS[0]), [12.0, 8.0])
    assert wb.grad(lambda v: v[0] * v[0], engine="tape")([left.LIST[0], 1.0]) == [12.0, 0.0]
    np.testing.assert_array_equal(wb.grad(lambda a: np.sum(a * a), engine="numba")(left.ARRAYS[0]), [12.0, 8.0])


def test_an_inner_run_leaves_the_globals_of_the_outer_one_alone() -> None:
    left.DERIVATIVE[:] = [wb.grad(left.scaled, engine="tape")]
    assert wb.grad(left.outer_global, engine="tape")(1.5) == pytest.approx(20.0 * 1.5**4)
    assert type(left.FACTOR) is float and left.FACTOR == 2.25


class Failure(Exception):
    def __init__(self, amount: float) -> None:
        super().__init__("failed")
        self.amount, self.amounts = amount, [amount]


def test_what_an_exception_carries_are_plain_numbers() -> None:
    def failing(x: float) -> float:
        try:
            raise KeyError(x + 1.0)
        except KeyError as error:
            raise Failure(x * x) from error
    with pytest.raises(Failure) as caught:
        wb.grad(failing, engine="tape")(2.0)
    error: Any = caught.value
    assert type(error.amount) is float and type(error.amounts[0]) is float and error.amounts == [4.0]
    assert type(error.__cause__.args[0]) is float and error.__cause__.args == (3.0,)


def test_what_is_left_in_closures_and_attributes() -> None:
    last = 0.0

    class Items(list[float]):
        tag = 0.0
    items, objects, members = Items([1.0, 2.0]), np.array([1.0, 2.0], dtype=object), {1.0}

    def program(x: float, items: Items, objects: Any, members: set[float]) -> float:
        nonlocal last
        last, items.tag, objects[0] = x * x, x + 1.0, x * 3.0
        members.add(x * 5.0)
        return last * items.tag * objects[0]
    gradient = wb.grad(program, engine="tape")(2.0, items, objects, members)
    assert gradient == pytest.approx(3.0 * (4 * 2.0**3 + 3 * 2.0**2))
    assert (last + 1.0, items.tag + 1.0, objects[0], members) == (5.0, 4.0, 6.0, {1.0, 10.0})
    assert type(objects[0]) is float and {type(v) for v in members} == {float}
    with pytest.raises(wb.DifferentiationError):
        wb.grad(lambda x: x * last, engine="tape")(2.0)
