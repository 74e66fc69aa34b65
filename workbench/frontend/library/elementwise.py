"""Elementwise functions that are no ufuncs: `where`, `clip`, `round`; sums into elements, one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench import rules
from workbench.frontend import arithmetic, branches, indexing
from workbench.frontend.activation import Activation
from workbench.frontend.library.creation import copied
from workbench.frontend.library.operands import as_numpy, as_operand, select
from workbench.frontend.library.registry import implements
from workbench.frontend.library.ufuncs import check_kinds, finish_ufunc, in_loop, ufunc
from workbench.frontend.numbers import number_kind
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import Array, Choice, describe
from workbench.ir import Kind


# ---------------------------------------------------------------------- chosen and bounded
@implements(np.where)
def where(act: Activation, condition: Any, *choices: Any) -> Any:
    """Elements of one array where a condition holds, of another elsewhere; of a condition alone, its true places."""
    t = act.t
    if len(choices) != 2:
        return t.environment.call(act, np.nonzero, (condition, *choices), {})
    mask, a, b = (as_operand(t, v) for v in (condition, *choices))
    return select(t, mask, a, b)


@implements(np.clip)
def clip(act: Activation, a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None,
         max: Any = None, **options: Any) -> Any:
    """No less than one bound and no more than the other."""
    t = act.t
    result = as_operand(t, a)
    if out is not None:
        options["out"] = out
    bounds = [(np.maximum, a_min if min is None else min), (np.minimum, a_max if max is None else max)]
    given = [(function, as_operand(t, limit)) for function, limit in bounds if limit is not None]
    if not given:
        (result,), options, _ = in_loop(t, np.positive, [result], options)
        result = as_numpy(t, copied(t, result, "K") if isinstance(result, Array) else result)
    for k, (function, limit) in enumerate(given):
        last = k == len(given) - 1
        taken = options if last else {name: v for name, v in options.items() if name == "dtype"}
        numbers, rest, _ = in_loop(t, function, [result, limit], taken)
        check_kinds(t, rules.get("maximum"), numbers)
        result = ufunc(t, "maximum" if function is np.maximum else "minimum", numbers)
        options = rest if last else options
    return finish_ufunc(act, result, options, "clip")


@implements(np.round, np.around)
def round_(act: Activation, a: Any, decimals: Any = 0, out: Any = None) -> Any:
    """The nearest number of so many decimals; derivative zero."""
    t = act.t
    result = _rounded(t, as_operand(t, a), t.static_int(decimals, "the number of decimals"))
    return result if out is None else finish_ufunc(act, result, {"out": out}, "rint")


def _rounded(t: Tracer, value: Any, decimals: int) -> Any:
    kind = number_kind(value) or Kind.F64
    if kind.is_complex:
        t.fail("np.round of complex numbers", "round the real and the imaginary part")
    if kind is Kind.BOOL or (kind is Kind.INT and decimals < 0):
        t.fail("np.round of truth values, or of integers to tens", "convert them to floats")
    if kind is Kind.INT:
        return as_numpy(t, copied(t, value, "K") if isinstance(value, Array) else value)
    if decimals == 0:
        return ufunc(t, "rint", [value])
    scale = 10.0**abs(decimals)
    if decimals < 0:
        return arithmetic.binary(t, "*", ufunc(t, "rint", [arithmetic.binary(t, "/", value, scale)]), scale)
    return arithmetic.binary(t, "/", ufunc(t, "rint", [arithmetic.binary(t, "*", value, scale)]), scale)


# ---------------------------------------------------------------------- into elements, one after the other
@implements(np.add.at)
def add_at(act: Activation, a: Any, indices: Any, b: Any) -> None:
    """Numbers added to elements: those that occur twice count twice."""
    t = act.t
    number = as_operand(t, b)
    first = a.options[0] if isinstance(a, Choice) else a
    if isinstance(first, Array) and not first.kind.is_inexact and (number_kind(number) or Kind.F64).is_inexact:
        t.fail("np.add.at and np.subtract.at of floats on an array of integers", "make the array one of floats")
    if isinstance(a, Choice):
        branches.over_choice(t, a, lambda array: indexing.add_at(t, array, indices, number))
    elif isinstance(a, Array):
        indexing.add_at(t, a, indices, number)
    else:
        raise TypeError(f"first operand must be array, not {describe(a)}")


@implements(np.subtract.at)
def subtract_at(act: Activation, a: Any, indices: Any, b: Any) -> None:
    """Numbers subtracted from elements."""
    number = as_operand(act.t, b)
    add_at(act, a, indices, arithmetic.unary(act.t, "-", number) if arithmetic.is_dynamic(number) else -number)
