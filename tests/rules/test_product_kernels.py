"""Products of stacks with numbers that processors are slow at: against extended precision, in every orientation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from workbench.engines.numba.compile import shared
from workbench.rules.kernels.products import PRODUCTS, holds_tiny, parted

RNG = np.random.default_rng(20261130)
SIZES = ((2, 33, 5, 34), (1, 32, 1, 32), (3, 31, 8, 40), (2, 0, 3, 4), (2, 3, 0, 4), (1, 8, 9, 8))


def factor(shape: tuple[int, ...], tiny: str, dtype: Any = np.float64) -> Any:
    """A stack, of which rows, columns, single numbers, all or none are tiny."""
    made = RNG.normal(size=shape).astype(dtype)
    if tiny in ("rows", "columns"):
        lengths = (*shape[:2], 1) if tiny == "rows" else (shape[0], 1, shape[2])
        made = made * np.where(RNG.random(lengths) < 0.4, 2.0 ** RNG.integers(-1060, -1000), 1.0)
    elif tiny == "some":
        made *= RNG.choice([1.0, 1e-200, 1e-295, 1e-312, 0.0, -5e-324], size=shape)
    elif tiny == "all":
        made *= 1e-310
    return made


def turned(x: Any, yes: bool) -> Any:
    return np.swapaxes(x, 1, 2) if yes else x


def check(function: Callable[..., Any], sides: tuple[bool, bool], kinds: tuple[str, str],
          size: tuple[int, ...]) -> None:
    count, m, depth, n = size
    a = factor((count, depth, m) if sides[0] else (count, m, depth), kinds[0])
    b = factor((1, n, depth) if sides[1] else (count, depth, n), kinds[1])
    before = a.copy(), b.copy()
    found = function(a, b)
    assert np.array_equal(a, before[0]) and np.array_equal(b, before[1])
    x, y = (turned(v.astype(np.longdouble), t) for v, t in zip((a, b), sides, strict=True))
    exact, bound = x @ y, np.abs(x) @ np.abs(y)
    assert found.shape == exact.shape
    smallest = np.longdouble(2.0) ** -1074 * (depth + 2)
    assert np.all(np.abs(found - exact) <= 1e-14 * bound + smallest)


@pytest.mark.parametrize("sides", PRODUCTS, ids=str)
def test_elements_as_in_extended_precision(sides: tuple[bool, bool]) -> None:
    for kinds in (("rows", "none"), ("columns", "none"), ("none", "rows"), ("none", "columns"), ("some", "some"),
                  ("all", "none"), ("none", "all"), ("none", "none")):
        for size in SIZES:
            check(PRODUCTS[sides], sides, kinds, size)


def test_compiled_for_one_orientation_and_both_kinds() -> None:
    sides = (False, True)
    function = shared(PRODUCTS[sides], frozenset())
    for kinds in (("columns", "none"), ("none", "some"), ("some", "columns"), ("none", "none")):
        for size in SIZES:
            check(function, sides, kinds, size)


def test_what_is_tiny_is_taken_out() -> None:
    x = np.array([[1.0, 2.0 ** -961, 0.0], [-5e-324, np.nan, -np.inf], [2.0 ** -960, -(2.0 ** -970), 3.0]])
    usual = np.array([0.0, 1.0, 2.0 ** -960])
    assert holds_tiny(x.ravel(), usual) and not holds_tiny(usual, usual)
    assert not any(holds_tiny(x.ravel(), np.append(usual, bad)) for bad in (np.inf, -np.inf, np.nan))
    others, tiny = parted(x)
    np.testing.assert_equal(others, [[1.0, 0.0, 0.0], [0.0, np.nan, -np.inf], [2.0 ** -960, 0.0, 3.0]])
    np.testing.assert_equal(tiny / 2.0 ** 128, np.where(np.abs(x) < 2.0 ** -960, x, 0.0))


def test_infinite_numbers_and_none_are_passed_on() -> None:
    a, b = factor((1, 32, 4), "columns"), factor((1, 4, 32), "none")
    a[0, 0, 0], a[0, 1, 1], b[0, 2, 3] = np.inf, np.nan, -np.inf
    with np.errstate(invalid="ignore"):
        found, expected = PRODUCTS[False, False](a, b), a @ b
    assert np.array_equal(np.isnan(found), np.isnan(expected))
    finite = np.isfinite(expected)
    assert np.array_equal(found[~finite & ~np.isnan(expected)], expected[~finite & ~np.isnan(expected)])
    assert np.allclose(found[finite], expected[finite], rtol=1e-13, atol=1e-300)
