"""Promotion of kinds as Python and NumPy do it (NEP 50).

A number that is joined from several paths may be NumPy's on one and Python's own on another, of two precisions, or an
integer on one path only. Its value is right in any case, but what is computed from it may be rounded to float32 on one
path only: there `common_kind` refuses; and so does `the_same` where a program asks for its type, or prints it. (In the
first turn of a loop a name that starts as a Python number and is then NumPy's counts as NumPy's. Without a turn it is
Python's: that is checked while the program runs.)

Invariant: a Python number never widens a NumPy array or scalar; two Python numbers follow Python's rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import numpy as np

from workbench.frontend.values import Alternative, Array, Scalar
from workbench.ir import Constant, DifferentiationError, Kind, kind_of, promote

MADE_A_TURN = "made a turn"  # with a loop's key: the decision to check that it made one
KNOWS_TURN = "knows turn"  # with the key of a `while`: the decision to keep whether it made one

_CATEGORY = {kind: "bifc".index(kind.dtype.kind) for kind in Kind}
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


def number_type(kind: Kind, python: bool) -> type:
    """The type that Python or NumPy gives a number of a kind."""
    if not python:
        return kind.dtype.type
    return {Kind.BOOL: bool, Kind.INT: int, Kind.C128: complex}.get(kind, float)


def is_python_number(value: Any) -> bool:
    """True for Python's own numbers, static or not."""
    if isinstance(value, Scalar):
        return value.python
    return isinstance(value, (bool, int, float, complex)) and not isinstance(value, np.generic)


class UnsettledKind(DifferentiationError):
    """The precision of a result, or the type of a number that is asked for, depends on a run-time condition: on these
    `loops` having made a turn, or on others."""

    def __init__(self, loops: frozenset[Any], reason: str = "", hint: str = "") -> None:
        super().__init__(reason or "whether this is computed in single precision depends on a run-time condition: a "
                         "number in it is NumPy's on one path and Python's own, or of another precision, on another",
                         None, hint or "make it the same on all paths, by np.float32(...) or float(...)")
        self.loops = loops


def common_kind(*operands: Any) -> Kind:
    """The kind in which NumPy (or Python) combines these numbers and arrays.

    Raises UnsettledKind where that depends on the path which one of them came by."""
    kind = joint_kind(*operands)
    if any(isinstance(v, Scalar) and v.others for v in operands):
        ways = [w for w in product(*map(possible, operands)) if _rounds_otherwise(
            kind, _common((a.kind, a.python) for a in w))]
        if ways:
            raise UnsettledKind(frozenset(next((a.loop for a in way if a.loop is not None), None) for way in ways))
    return kind


def joint_kind(*operands: Any) -> Kind:
    """The kind that holds any of these numbers, or the elements of these arrays."""
    return _common((number_kind(v), is_python_number(v)) for v in operands)


def _rounds_otherwise(kind: Kind, other: Kind) -> bool:
    """True for two precisions; an integer, or a number without an imaginary part, is exact in either kind."""
    return other.is_inexact and kind.is_single != other.is_single


def possible(value: Any) -> frozenset[Alternative]:
    """What a number or array is on one path or another."""
    kind = number_kind(value)
    assert kind is not None
    mine = Alternative(kind, is_python_number(value))
    return value.others | {mine} if isinstance(value, Scalar) else frozenset((mine,))


def the_same(value: Any, ask: Callable[[Kind, bool], Any], what: str) -> Any:
    """What is found out of the kind of a number, and of whether it is Python's own, where that is the same on all paths
    that it came by.

    Raises UnsettledKind where it is not."""
    kind = number_kind(value)
    assert kind is not None
    found = ask(kind, is_python_number(value))
    others = [a for a in possible(value) if a.array is None and ask(a.kind, a.python) != found]
    if others:
        raise UnsettledKind(frozenset(a.loop for a in others),
                            f"{what} depends on a run-time condition: it is of one type on one path and of another on "
                            "another", "make it the same on all paths, by float(...) or int(...)")
    return found


def alternatives(kind: Kind, python: bool, joined: Iterable[Any]) -> frozenset[Alternative]:
    """What a number of this kind, which joins others, is apart from that on other paths."""
    found = [a for v in joined for a in possible(v)]
    return frozenset(a for a in found if a.array is not None or (a.kind, a.python) != (kind, python))


def computed(kind: Kind, python: bool, operands: Iterable[Any], keeps: bool) -> frozenset[Alternative]:
    """What a result of operands is on other paths: Python's own, where all of them are; of the kind that they have
    there, if the operation `keeps` it."""
    operands = tuple(operands)
    if keeps and any(isinstance(v, Scalar) and v.others for v in operands):
        ways = list(product(*map(possible, operands)))
    else:
        ways = python_ways(*operands) if kind.is_inexact else []
    found = set()
    for way in ways:
        other = _common((a.kind, a.python) for a in way) if keeps else kind
        mine = all(a.python for a in way)
        other = Kind.INT if other is Kind.BOOL and mine else other
        if (other, mine) != (kind, python):
            found.add(Alternative(other, mine, next((a.loop for a in way if a.loop is not None), None)))
    return frozenset(found)


def python_ways(*operands: Any) -> list[tuple[Alternative, ...]]:
    """The paths, by what operands are on them, on which all are Python's own numbers."""
    if not any(isinstance(v, Scalar) and v.others for v in operands):
        return []
    return [w for w in product(*map(possible, operands)) if all(a.python for a in w)]


def _common(kinds: Iterable[tuple[Kind | None, bool]]) -> Kind:
    given = list(kinds)
    strong = [k for k, python in given if not python and k is not None]
    weak = [k for k, python in given if python and k is not None]
    if not strong:
        return _PYTHON_KIND[max(_CATEGORY[k] for k in weak)]
    kind = promote(*strong)
    for other in weak:
        if _CATEGORY[other] > _CATEGORY[kind]:
            if _CATEGORY[other] == 3:
                kind = kind.complex
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
