"""What library functions take and give: numbers and arrays of a kind, results chosen between, or put into `out`."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend import arithmetic, arrays, branches, indexing
from workbench.frontend.numbers import common_kind, number_kind
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import Array, Choice, DynamicList, ListValue, Scalar
from workbench.ir import Constant, Kind, Value, dtypes_in_words, kind_of


# ---------------------------------------------------------------------- taken
def as_operand(t: Tracer, value: Any) -> Any:
    """Lists, tuples and choices as arrays."""
    if isinstance(value, Choice):
        return t.environment.read_choice(t, value)
    if isinstance(value, (ListValue, DynamicList, tuple, np.ndarray)):
        return t.environment.as_array(t, value)
    return value


def dtype_kind(t: Tracer, dtype: Any) -> Kind:
    """The kind of a dtype argument."""
    kind = kind_of(dtype)
    if kind is None:
        t.fail(f"arrays of dtype {dtype}", f"use {dtypes_in_words('or')}")
    return kind


def cast(t: Tracer, value: Any, kind: Kind) -> Any:
    """A number or array converted to another kind."""
    given = number_kind(value)
    if given is kind:
        return value
    if given is not None and given.is_complex and not kind.is_complex and kind is not Kind.BOOL:
        t.fail(f"a complex number converted to {kind.dtype}, which drops its imaginary part", "take the real part")
    converted = arrays.operand(t, value, kind)
    if not converted.is_array:
        return Scalar(converted, False)
    return arithmetic.result(t, converted, False, "", [value])


def is_known(value: Any) -> bool:
    """True for a number that is known while specialising."""
    return number_kind(value) is not None and not arithmetic.is_dynamic(value)


def as_truth(t: Tracer, value: Any) -> Value:
    """The truth of a number, or of each element of an array."""
    test = arrays.operand(t, value, number_kind(value) or Kind.BOOL)
    return test if test.kind is Kind.BOOL else t.emit("ne", test, Constant(0, test.kind))


# ---------------------------------------------------------------------- given
def as_numpy(t: Tracer, value: Any) -> Any:
    """A scalar of NumPy's kind: what a NumPy function gives for Python numbers."""
    if isinstance(value, Scalar):
        return Scalar(value.value, False)
    if isinstance(value, (bool, int)):
        return np.bool_(value) if isinstance(value, bool) else np.int64(value)
    return value


def select(t: Tracer, mask: Any, a: Any, b: Any) -> Any:
    """`np.where(mask, a, b)`."""
    kind = common_kind(a, b)
    shapes = [v.dims for v in (mask, a, b) if isinstance(v, Array)]
    if len(shapes) > 1:
        arrays.broadcast_dims(t, *shapes)
    chosen = t.emit("select", as_truth(t, mask), arrays.operand(t, a, kind), arrays.operand(t, b, kind))
    if not chosen.is_array:
        return Scalar(chosen, False)
    return arithmetic.result(t, chosen, False, "", [mask, a, b])


def fits(out: Any, result: Any, exact: bool = False) -> None:
    """Raise where a result has more axes than the array that it goes into (or, of a reduction, other ones)."""
    rank = (out.options[0] if isinstance(out, Choice) else out).rank
    axes = result.rank if isinstance(result, Array) else 0
    if axes > rank or (exact and axes != rank):
        raise ValueError(f"non-broadcastable output operand: the result has {axes} axes, `out` has {rank}")


def write_out(t: Tracer, out: Any, result: Any) -> None:
    """`out=`: the result goes into an array, or into the one that a choice stands for."""
    if isinstance(out, Choice):
        branches.over_choice(t, out, lambda array: indexing.put(t, array, Ellipsis, result))
    else:
        indexing.put(t, out, Ellipsis, result)
