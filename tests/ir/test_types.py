"""Kinds and constants; and where the kinds of one precision are told apart, which a new kind would change."""

from __future__ import annotations

import tokenize
from pathlib import Path

import numpy as np
import pytest

import workbench
from workbench.ir import Constant, Kind, is_narrow, kind_of, promote

# what is decided for single kinds, by file: where to look for a new one
PLACES = {
    "ir/types.py": "dtypes, and the real and complex kind of the same precision",
    "rules/random.py": "the C types of NumPy's draws, and which laws have them",
    "cost/timing.py": "which of the measured products of matrices a time is read off",
    "cost/calibration/measuring.py": "which kinds are measured",
    "engines/tape/active.py": "which classes of numbers of NumPy are plain (all that NumPy has, kinds or not)",
    "engines/numba/outlet.py": "the machine types of what is printed and drawn",
}


def test_places_that_tell_precisions_apart() -> None:
    root = Path(workbench.__file__).parent
    found = {path.relative_to(root).as_posix() for path in root.rglob("*.py") if names_of_single_precision(path)}
    assert found == set(PLACES)


def names_of_single_precision(path: Path) -> set[str]:
    """What a file's code calls narrow kinds and dtypes (its comments and texts do not count)."""
    with path.open("rb") as file:
        names = {token.string for token in tokenize.tokenize(file.readline) if token.type == tokenize.NAME}
    return names & {"F32", "C64", "float32", "complex64", "float16"}


def test_narrow_dtypes_are_of_a_kind_or_not() -> None:
    assert all(kind.is_single == is_narrow(kind.dtype) for kind in Kind)
    assert is_narrow(np.dtype(np.float16)) and kind_of(np.float16) is None
    assert not is_narrow(np.dtype(np.longdouble)) and not is_narrow(np.dtype(np.int8))


@pytest.mark.parametrize("kind", Kind, ids=lambda k: k.value)
def test_kinds_are_numpys(kind: Kind) -> None:
    assert kind_of(kind.dtype) is kind
    assert kind.is_complex == (kind.dtype.kind == "c") and kind.is_float == (kind.dtype.kind == "f")
    assert kind.real.dtype == kind.dtype.type(0).real.dtype
    if kind.is_inexact:
        assert kind.complex.real is kind.real and kind.is_single == (kind.real.itemsize < 8)


def test_promotion() -> None:
    assert promote(Kind.INT, Kind.F32) is Kind.F64
    assert promote(Kind.F32, Kind.C64) is Kind.C64
    assert promote(Kind.F64, Kind.C64) is Kind.C128
    assert promote(Kind.BOOL, Kind.INT) is Kind.INT


def test_constants_are_equal_by_kind_and_bits() -> None:
    nan = float("nan")
    assert Constant(nan, Kind.F64) == Constant(nan, Kind.F64)
    assert Constant(0.0, Kind.F64) != Constant(-0.0, Kind.F64)
    assert Constant(1, Kind.INT) != Constant(1.0, Kind.F64)
    assert Constant(0.1, Kind.F32) != Constant(0.1, Kind.F64)
    assert len({Constant(1, Kind.INT), Constant(1, Kind.INT)}) == 1
