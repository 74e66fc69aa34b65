"""Kinds of results: Python's own rules for Python numbers, NEP 50 where NumPy's are among them; division by zero."""
from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

from tests.frontend.running import agrees
from tests.fuzz.interpreted import interpret

NUMBERS: dict[str, Any] = {
    "int": 3, "bool": True, "float": 2.5, "complex": 1.5 - 0.5j,
    "float32": np.float32(1.25), "float64": np.float64(0.75), "int64": np.int64(2),
    "complex64": np.complex64(1.0 + 2.0j),
    "array32": np.array([0.5, 2.0], np.float32), "array64": np.array([1.5, 3.0]), "integers": np.array([4, 1]),
}


def sums_and_products(x, y):
    return x + y, x - y, x * y, x / y


# complex + np.float64 is left out: np.float64 is a subclass of float, so Python's own addition takes it
PAIRS = [(left, right) for left in NUMBERS for right in NUMBERS if (left, right) != ("complex", "float64")]


@pytest.mark.parametrize("left, right", PAIRS)
def test_promotion(left: str, right: str) -> None:
    agrees(sums_and_products, NUMBERS[left], NUMBERS[right])


def with_constants(x):
    return x + 1, x * 2.0, x + True, 1.5 - x, 3 / x, x + 1j


@pytest.mark.parametrize("name", NUMBERS)
def test_constants_do_not_widen(name: str) -> None:
    agrees(with_constants, NUMBERS[name])


def whole_division(x, y):
    return x // y, x % y


@pytest.mark.parametrize("left", [7, -7, 7.5, -7.5, np.float32(7.5), np.array([7.5, -7.5]), np.int64(-7)], ids=repr)
@pytest.mark.parametrize("right", [2, -2, 2.5, -2.5, np.float64(2.5), np.float32(-2.5)], ids=repr)
def test_floor_division_and_remainder_have_the_sign_of_the_divisor(left: Any, right: Any) -> None:
    agrees(whole_division, left, right)


def powers(x):
    return x ** 2, x ** 3, x ** 0.5, x ** -1.0, 2.0 ** x


@pytest.mark.parametrize("name", ["float", "float32", "float64", "array32", "array64"])
def test_powers(name: str) -> None:
    agrees(powers, NUMBERS[name])



@pytest.mark.parametrize("value", [2.75, -2.75, 0.0, np.float64(-1.5)], ids=repr)
def test_conversions(value: Any) -> None:
    agrees(lambda x: (float(x), bool(x), abs(x), -x, +x), value)
    agrees(lambda x: int(x), value)


def divide(x, y):
    return x / y


def floor_divide(x, y):
    return x // y


def remainder(x, y):
    return x % y


@pytest.mark.parametrize("function", [divide, floor_divide, remainder])
@pytest.mark.parametrize("x, y", [(1.5, 0.0), (1.5, 0), (3, 0)])
def test_python_numbers_raise_on_a_zero_divisor(function: Any, x: Any, y: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        function(x, y)
    with pytest.raises(ZeroDivisionError) as caught:
        interpret(function, (x, y))
    assert caught.value.span.line == function.__code__.co_firstlineno + 1


def test_python_raises_on_powers_of_zero() -> None:
    with pytest.raises(ZeroDivisionError):
        interpret(lambda x: x ** -1.0, (0.0,))
    with pytest.raises(ZeroDivisionError):
        interpret(lambda x, n: x ** n, (0.0, -2.0))


@pytest.mark.parametrize("x, y", [(np.float64(1.5), 0.0), (1.5, np.float64(0.0)), (np.float64(-1.5), np.float64(0.0)),
                                  (np.float32(1.0), 0), (np.array([1.0, -1.0, 0.0]), 0.0)])
def test_numpy_numbers_give_infinity(x: Any, y: Any) -> None:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        agrees(divide, x, y)


def test_math_functions_give_python_floats_and_numpy_functions_numpy_scalars() -> None:
    agrees(lambda x: (math.sin(x), np.sin(x), math.floor(x), np.floor(x)), 1.7)
    agrees(lambda x: (math.sin(x), np.sin(x), np.maximum(x, 2)), np.float32(0.5))


def test_comparisons_and_chained_comparisons() -> None:
    for x in (0.0, 0.5, 1.0):
        agrees(lambda x: (x < 0.5, 0.0 < x <= 0.5, x == 0.5, x != 0.5, not x), x)


def test_numpy_scalars_of_an_array_stay_numpy_scalars() -> None:
    agrees(lambda a: (a[0], a[0] * 2.0, a[0] + a[1], float(a[0])), np.array([1.5, 2.5], np.float32))
