"""Kinks, ties and infinite partials: what no random point meets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.rules.cases import Case
from tests.rules.checker import by_ir, by_numbers
from workbench.rules import get


def gradient(name: str, *operands: Any, y_bar: Any = 1.0, way: Any = by_numbers, **attrs: Any) -> list[Any]:
    """Cotangents of the operands."""
    primitive = get(name)
    values = tuple(np.float64(v) if isinstance(v, float) else np.asarray(v)[()] for v in operands)
    with np.errstate(all="ignore"):
        y = primitive.numpy(*values, **attrs)
    case = Case(values, attrs)
    bar = np.asarray(y_bar, np.asarray(y).dtype)[()]
    _, bars = way(primitive, case, [np.ones_like(v) if v.dtype.kind in "fc" else None for v in values], [bar], (y,))
    return bars


@pytest.mark.parametrize("way", [by_numbers, by_ir])
@pytest.mark.parametrize(("name", "operands", "expected"), [
    ("maximum", (2.0, 2.0), (0.5, 0.5)),
    ("maximum", (2.0, 3.0), (0.0, 1.0)),
    ("minimum", (-1.0, -1.0), (0.5, 0.5)),
    ("minimum", (-0.0, 0.0), (0.5, 0.5)),
    ("fmax", (1.0, 1.0), (0.5, 0.5)),
    ("fmin", (1.0, np.nan), (1.0, 0.0)),
    ("fmax", (np.nan, 1.0), (0.0, 1.0)),
    ("abs", (0.0,), (0.0,)),
    ("abs", (-0.0,), (0.0,)),
    ("hypot", (0.0, 0.0), (0.0, 0.0)),
    ("copysign", (0.0, -1.0), (0.0, None)),
    ("heaviside", (0.0, 0.5), (None, 1.0)),
    ("heaviside", (1.0, 0.5), (None, 0.0)),
    ("pow", (0.0, 2.0), (0.0, 0.0)),
    ("pow", (0.0, 1.0), (1.0, 0.0)),
    ("pow", (0.0, 0.0), (0.0, -np.inf)),
    ("pow", (3.0, 0.0), (0.0, np.log(3.0))),
    ("pow", (-2.0, 3.0), (12.0, np.nan)),
    ("pow", (0.0, 0.5), (np.inf, 0.0)),
    ("pow", (2.0, np.int64(0)), (0.0, None)),
    ("pow", (0.0, np.int64(0)), (0.0, None)),
    ("pow", (-2.0, np.int64(3)), (12.0, None)),
    ("sqrt", (0.0,), (np.inf,)),
])
def test_kink(name: str, operands: tuple[Any, ...], expected: tuple[Any, ...], way: Any) -> None:
    for found, wanted in zip(gradient(name, *operands, way=way), expected, strict=True):
        if wanted is None:
            assert found is None
        else:
            np.testing.assert_equal(0.0 if found is None else found + 0.0, wanted)


@pytest.mark.parametrize("way", [by_numbers, by_ir])
@pytest.mark.parametrize(("name", "operands"), [
    ("sqrt", (0.0,)), ("log", (0.0,)), ("div", (1.0, 0.0)), ("pow", (0.0, 0.5)), ("pow", (-1.0, 0.5)), ("asin", (1.0,)),
    ("acos", (-1.0,)), ("acosh", (1.0,)), ("atanh", (1.0,)), ("log1p", (-1.0,)), ("cbrt", (0.0,)),
    ("reciprocal", (0.0,)), ("atan2", (0.0, 0.0)), ("logaddexp", (-np.inf, -np.inf)),
    ("log2", (0.0,)), ("log10", (0.0,)),
])
def test_zero_cotangent_annihilates(name: str, operands: tuple[float, ...], way: Any) -> None:
    assert [float(b) for b in gradient(name, *operands, y_bar=0.0, way=way)] == [0.0] * len(operands)


@pytest.mark.parametrize("way", [by_numbers, by_ir])
def test_selection_routes(way: Any) -> None:
    """What is not selected gets zero even of an infinite cotangent."""
    _, a, b = gradient("select", np.bool_(True), 1.0, 2.0, y_bar=np.inf, way=way)
    assert (a, b) == (np.inf, 0.0)


@pytest.mark.parametrize("way", [by_numbers, by_ir])
@pytest.mark.parametrize(("name", "values", "expected"), [
    ("max", [1.0, 3.0, 3.0], [0.0, 0.5, 0.5]),
    ("min", [1.0, 3.0, 1.0], [0.5, 0.0, 0.5]),
    ("prod", [2.0, 0.0, 3.0], [0.0, 6.0, 0.0]),
    ("prod", [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]),
    ("prod", [2.0, 4.0, 3.0], [12.0, 6.0, 8.0]),
])
def test_reduction(name: str, values: list[float], expected: list[float], way: Any) -> None:
    (found,) = gradient(name, np.array(values), axes=(0,), way=way)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("way", [by_numbers, by_ir])
def test_cumulative_product_with_zeros(way: Any) -> None:
    x = np.array([2.0, 0.0, 3.0, 5.0])
    (found,) = gradient("cumprod", x, axis=0, y_bar=[1.0, 10.0, 100.0, 1000.0], way=way)
    # y = x0, x0 x1, x0 x1 x2, x0 x1 x2 x3
    np.testing.assert_array_equal(found, [1.0, 2 * (10 + 100 * 3 + 1000 * 15), 0.0, 0.0])


@pytest.mark.parametrize("way", [by_numbers, by_ir])
def test_modulus_at_zero(way: Any) -> None:
    (found,) = gradient("modulus", np.complex128(0), way=way)
    assert found == 0
