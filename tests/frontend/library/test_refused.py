"""Every function of NumPy, math and cmath is known: differentiated, constant, or refused with its reason and line."""
from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.interpreted import traced
from workbench.frontend import library
from workbench.frontend.library.arguments import title
from workbench.frontend.library.refused import REFUSED

X = np.array([0.5, 1.5, -0.5])


@pytest.mark.parametrize("function", REFUSED, ids=title)
def test_refused_with_reason_and_line(function: Any) -> None:
    reason, hint = REFUSED[function]

    def program(x):
        y = x * 2
        return function(y)  # here

    with pytest.raises(wb.DifferentiationError) as caught:
        traced(program, (X,))
    assert reason in str(caught.value) and hint in str(caught.value)
    assert caught.value.lineno == program.__code__.co_firstlineno + 2


# refused as soon as the option or the kind is asked for
OPTIONS: list[tuple[Any, str]] = [
    (lambda x: np.pad(x, 1, mode="empty"), "np.pad with mode"),
    (lambda x: np.quantile(x, 0.5, method="inverted_cdf"), "a method that jumps"),
    (lambda x: np.unique(x, axis=0), "along an axis"),
    (lambda x: np.sort(x + 1j), "order of complex numbers"),
    (lambda x: np.max(x * 1j), "order of complex numbers"),
    (lambda x: np.logaddexp.reduce(x > 0), "which gives float16"),
    (lambda x: np.sin(x > 0), "which gives float16"),
    (lambda x: x * 1j < x, "order of complex numbers"),
    (lambda x: np.sum(x * 1j, dtype=np.float64), "drops its imaginary part"),
    (lambda x: np.power.reduce(x), "to the last alone"),
    (lambda x: np.add.at(np.zeros(3, int), 0, x[0]), "of floats on an array of integers"),
    (lambda x: np.sum(np.outer(x, x), 0, out=np.zeros(3, int)), "floats into an array of integers"),
    (lambda x: np.searchsorted(x, 1.0, sorter=np.argsort(x)), "sorter"),
    (lambda x: np.sin(x, where=x > 0), "leaves elements of np.sin undefined"),
    (lambda x: np.sin(x, casting="unsafe"), "casting"),
    (lambda x: np.asarray(x, dtype=np.float16), "float16"),
    (lambda x: np.insert(x, slice(0, 2), 1.0), "at a slice"),
    (lambda x: np.poly(np.outer(x, x)), "np.poly of a matrix"),
    (lambda x: np.fmax.reduce(x, where=x > 0), "which has no identity"),
    (lambda x: np.cov(x, aweights=x), "with weights"),
    (lambda x: np.r_["-1,2", x], "directive"),
]


@pytest.mark.parametrize(("program", "reason"), OPTIONS)
def test_options_are_refused(program: Any, reason: str) -> None:
    with pytest.raises(wb.DifferentiationError, match=reason) as caught:
        traced(program, (X,))
    assert caught.value.lineno == program.__code__.co_firstlineno


def known(function: Any) -> bool:
    return library.lookup(function) is not None or library.primitive(function) is not None or library.is_pure(function)


def functions(module: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if not name.startswith("_") and callable(value)
            and not isinstance(value, type) and type(value).__name__ != "PytestTester"}


@pytest.mark.parametrize("module", [np, np.linalg, np.fft, math, cmath], ids=lambda m: m.__name__)
def test_every_function_is_known(module: Any) -> None:
    assert not {name for name, function in functions(module).items() if not known(function)}


def test_methods_of_ufuncs_are_known() -> None:
    binary = [f for f in functions(np).values() if isinstance(f, np.ufunc) and f.nin == 2 and f.nout == 1
              and f.signature is None]
    assert len(binary) > 30
    for ufunc in binary:
        for name in ("reduce", "accumulate", "outer", "reduceat", "at"):
            assert library.lookup(getattr(ufunc, name)) is not None
