"""Promotion of kinds as Python and NumPy do it (NEP 50), and arithmetic on static numbers, scalars and arrays.

Invariant: a Python number never widens a NumPy array or scalar; two Python numbers follow Python's rules.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend.values import Array, Scalar
from workbench.ir import Constant, Kind, kind_of, promote

_CATEGORY = {Kind.BOOL: 0, Kind.INT: 1, Kind.F32: 2, Kind.F64: 2, Kind.C64: 3, Kind.C128: 3}
_PYTHON_KIND = {0: Kind.BOOL, 1: Kind.INT, 2: Kind.F64, 3: Kind.C128}


def number_kind(value: Any) -> Kind | None:
    """The kind of a number or array of the evaluator, None for anything else."""
    if isinstance(value, (Scalar, Array)):
        return value.kind
    if isinstance(value, bool):
        return Kind.BOOL
    if isinstance(value, int):
        return Kind.INT
    if isinstance(value, (np.int32, np.uint32)):
        return Kind.INT  # as the elements of such arrays; with floats they combine as int64 does
    if isinstance(value, np.generic):
        return kind_of(value.dtype)
    if isinstance(value, float):
        return Kind.F64
    if isinstance(value, complex):
        return Kind.C128
    return None


def is_python_number(value: Any) -> bool:
    """True for Python's own numbers, static or not."""
    if isinstance(value, Scalar):
        return value.python
    return isinstance(value, (bool, int, float, complex)) and not isinstance(value, np.generic)


def common_kind(*operands: Any) -> Kind:
    """The kind in which NumPy (or Python) combines these numbers and arrays."""
    strong = [number_kind(v) for v in operands if not is_python_number(v)]
    weak = [number_kind(v) for v in operands if is_python_number(v)]
    kinds = [k for k in strong if k is not None]
    if not kinds:
        return _PYTHON_KIND[max(_CATEGORY[k] for k in weak if k is not None)]
    kind = promote(*kinds)
    for other in weak:
        assert other is not None
        if _CATEGORY[other] > _CATEGORY[kind]:
            if _CATEGORY[other] == 3:
                kind = {Kind.F32: Kind.C64}.get(kind, Kind.C128)
            else:
                kind = _PYTHON_KIND[_CATEGORY[other]]
    return kind


def static_constant(value: Any, kind: Kind) -> Constant:
    """A static number as a constant of a kind."""
    if isinstance(value, np.generic):
        value = value.item()
    if kind is Kind.INT:
        value = int(value)
        if not -(2**63) <= value < 2**63:
            raise OverflowError("integer does not fit in 64 bits")
    return Constant(value, kind)
