"""Arrays on the tape lie as NumPy's do, and are views where NumPy's are: all functions, arguments in every order."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.frontend.library.test_orders import MODULES, OWN, variants
from workbench.ir import DifferentiationError

CASES = [*OWN, *(case for module in MODULES for case in module.CASES)]
Seen = tuple[tuple[int, ...], tuple[int, ...], tuple[bool, ...]]


def seen(result: Any, args: tuple[Any, ...]) -> Seen:
    """The shape of an array, its strides in elements (of axes that are longer than 1), which arguments it shows."""
    plain = getattr(result, "primal", result)
    strides = tuple(s // plain.itemsize for s, n in zip(plain.strides, plain.shape, strict=True) if n > 1)
    shown = tuple(bool(np.shares_memory(plain, getattr(a, "primal", a))) for a in args)
    return plain.shape, strides if plain.size else (), shown


def arrays_of(result: Any) -> list[Any]:
    parts = result if isinstance(result, (tuple, list)) else [result]
    return [p for p in parts if isinstance(getattr(p, "primal", p), np.ndarray) and np.ndim(getattr(p, "primal", p))]


def compared(function: Any, given: tuple[Any, ...]) -> tuple[list[Seen], list[Seen]] | None:
    """What is seen in plain Python, and on the tape; None where the tape refuses it or it raises."""
    noted: list[Seen] = []

    def recorded(*args: Any) -> Any:
        result = function(*args)
        noted.extend(seen(r, args) for r in arrays_of(result))
        return args[0].ravel()[0] * 1.0 if args[0].size else 0.0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = [seen(r, given) for r in arrays_of(function(*given))]
            wb.value_and_grad(recorded, tuple(range(len(given))), engine="tape")(*given)
    except (DifferentiationError, TypeError, ValueError, np.linalg.LinAlgError):
        return None
    return expected, noted


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("part", range(4))
def test_arrays_lie_as_in_numpy(part: int) -> None:
    wrong, agreeing = [], 0
    for function, *args in CASES[part::4]:
        for given in variants(tuple(args)):
            found = compared(function, given)
            if found is None:
                continue
            agreeing += found[0] == found[1]
            if found[0] != found[1]:
                wrong.append((function.__code__.co_firstlineno, function.__code__.co_filename[-40:], *found))
    assert not wrong
    assert agreeing > 100
