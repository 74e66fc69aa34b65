"""What is asked about dtypes and kinds of numbers: `np.finfo`, `np.result_type`, `np.iscomplexobj` and the like."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend import bare
from workbench.frontend.activation import Activation
from workbench.frontend.library.operands import as_operand
from workbench.frontend.library.registry import handles, implements
from workbench.frontend.numbers import is_python_number, number_kind
from workbench.frontend.values import Scalar, TextValue
from workbench.ir import Kind

_PYTHON_NUMBERS = {Kind.F64: 0.0, Kind.C128: 0.0j}


def _dtype_of(value: Any) -> Any:
    """What decides the dtype of a combination: a Python number of its own, else a dtype."""
    kind = number_kind(value)
    if kind is None:
        return value
    return _PYTHON_NUMBERS.get(kind, 0) if is_python_number(value) else kind.dtype


def _natively(callee: Any) -> Any:
    def handler(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        return callee(*args, **named)
    return handler


for _type in (np.finfo, np.iinfo, np.dtype):
    handles(_type)(_natively(_type))


@implements(np.result_type)
def result_type(act: Activation, *arrays_and_dtypes: Any) -> Any:
    """The dtype that a combination has."""
    return np.result_type(*(_dtype_of(as_operand(act.t, a)) for a in arrays_and_dtypes))


@implements(np.iscomplexobj)
def iscomplexobj(act: Activation, x: Any) -> bool:
    """True for complex numbers."""
    return (number_kind(as_operand(act.t, x)) or Kind.BOOL).is_complex


@implements(np.isrealobj)
def isrealobj(act: Activation, x: Any) -> bool:
    """True for other than complex numbers."""
    return not iscomplexobj(act, x)


@implements(np.isscalar)
def isscalar(act: Activation, element: Any) -> bool:
    """True for what is no array."""
    bare.require_number(act.t, element)
    return np.isscalar(element) or isinstance(element, (Scalar, TextValue))
