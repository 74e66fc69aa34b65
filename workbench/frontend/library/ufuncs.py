"""NumPy's ufuncs: the loop that NumPy chooses, `out=`, `where=` and `dtype=`; results are of NumPy's kinds, and nothing
raises.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench import rules
from workbench.frontend import arithmetic, arrays
from workbench.frontend.activation import Activation
from workbench.frontend.composed.numbers import direction
from workbench.frontend.library.operands import (
    as_numpy,
    as_operand,
    as_truth,
    cast,
    dtype_kind,
    fits,
    is_known,
    select,
    write_out,
)
from workbench.frontend.library.registry import handles
from workbench.frontend.numbers import common_kind, is_python_number, number_kind
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import Array, Choice, Scalar, describe
from workbench.ir import Kind, kind_of

_OPERATORS: dict[Any, str] = {
    np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/", np.floor_divide: "//", np.mod: "%",
    np.power: "**", np.matmul: "@", np.less: "<", np.less_equal: "<=", np.greater: ">", np.greater_equal: ">=",
    np.equal: "==", np.not_equal: "!=", np.bitwise_and: "&", np.bitwise_or: "|", np.bitwise_xor: "^",
    np.left_shift: "<<", np.right_shift: ">>",
}
_UNARY: dict[Any, str] = {np.negative: "-", np.positive: "+", np.invert: "~", np.absolute: "abs"}
_LOGICAL: dict[Any, str] = {np.logical_and: "and", np.logical_or: "or", np.logical_xor: "xor", np.logical_not: "not"}
# of integers NumPy's functions give what they are given; what the table's primitives do not take, or take as it is
_OF_INTEGERS = frozenset({"floor", "ceil", "trunc", "real", "imag", "conj"})


# ---------------------------------------------------------------------- one call
def apply(act: Activation, prim: rules.Primitive, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Call an elementwise function of NumPy or SciPy."""
    t = act.t
    numbers, kind = [as_operand(t, a) for a in args], None
    if isinstance(callee, np.ufunc):
        numbers, named, kind = in_loop(t, callee, numbers, named)
    require_numbers(prim.name, numbers)
    if (number_kind(numbers[0]) or Kind.F64).is_complex and prim.name == "sign":
        result = t.environment.call(act, direction, (numbers[0],), {})
    else:
        check_kinds(t, prim, numbers)
        result = ufunc(t, prim.name, numbers)
    return finish_ufunc(act, result, named, prim.name, kind)


def require_numbers(name: str, numbers: list[Any]) -> None:
    for number in numbers:
        if number_kind(number) is None:
            raise TypeError(f"{name} of {describe(number)}")


def in_loop(t: Tracer, callee: np.ufunc, args: list[Any], named: dict[str, Any]) -> tuple[
        list[Any], dict[str, Any], Kind]:
    """The operands of a ufunc in the kinds that NumPy computes it in, the keywords (`out=` among them, `dtype=` not),
    and the kind of the result.

    Raises what NumPy raises where it has no loop for the kinds, or does not cast them so."""
    numbers, options = list(args), dict(named)
    if len(numbers) == callee.nin + 1 and callee.nout == 1:
        options["out"] = numbers.pop()
    if len(numbers) != callee.nin or callee.nout != 1:
        raise TypeError(f"{callee.__name__}() takes from {callee.nin} to {callee.nargs} positional arguments but "
                        f"{len(args)} were given")
    require_numbers(callee.__name__, numbers)
    out, dtype = options.get("out"), options.pop("dtype", None)
    out = out[0] if isinstance(out, tuple) else out
    kind = number_kind(out) if out is not None else None
    given = (*(_dtype_of(n) for n in numbers), None if kind is None else kind.dtype)
    asked: dict[str, Any] = {}
    if dtype is not None:
        asked["signature"] = (*(None for _ in numbers), dtype_kind(t, dtype).dtype)
    loop = callee.resolve_dtypes(given, casting="same_kind", **asked)
    *kinds, result = (kind_of(d) for d in loop)
    if result is None:
        t.fail(f"np.{callee.__name__} of these kinds, which gives {loop[-1]},", "convert the argument to float64")
    numbers = [cast(t, n, k) if k is not None and (dtype is not None or _is_cast(n, k)) else n
               for n, k in zip(numbers, kinds, strict=True)]
    return numbers, options, result


def _is_cast(number: Any, kind: Kind) -> bool:
    """True where NumPy converts a real number or array to another kind of inexact number."""
    known = isinstance(number, (Array, Scalar)) and kind.is_inexact
    return known and number.kind is not kind and not number.kind.is_complex


def _dtype_of(number: Any) -> Any:
    """The dtype of an operand; of Python's numbers, which promote weakly, their type."""
    kind = number_kind(number) or Kind.F64
    if not is_python_number(number) or kind is Kind.BOOL:
        return kind.dtype
    return {Kind.INT: int, Kind.F64: float}.get(kind, complex)


def check_kinds(t: Tracer, prim: rules.Primitive, numbers: list[Any]) -> None:
    """Refuse complex numbers where the function, or its derivative, is known for real ones only."""
    if len(numbers) != (prim.arity or len(numbers)):
        raise TypeError(f"{prim.name} takes {prim.arity} arguments, not {len(numbers)}")
    for number in numbers:
        kind = number_kind(number)
        if kind is not None and kind.is_complex and not prim.takes(0, kind) and prim.name not in ("abs", "not"):
            t.fail(f"{prim.name} of complex numbers", "take the real part, or the modulus")


def finish_ufunc(act: Activation, result: Any, named: dict[str, Any], name: str, kind: Kind | None = None) -> Any:
    """`out=` and `where=` of a ufunc whose result must be of a kind."""
    t = act.t
    if kind is not None and number_kind(result) is not kind:
        t.fail(f"np.{name} of these kinds, which gives {kind.dtype},", "convert the argument to float64")
    options = dict(named)
    out, where = options.pop("out", None), options.pop("where", True)
    if options.pop("casting", "same_kind") != "same_kind" or options:
        t.fail(f"the option {next(iter(options), 'casting')!r} of np.{name}", "leave it out")
    if isinstance(out, tuple):
        (out,) = out
    if out is None:
        if where is not True:
            t.fail(f"`where=` without `out=` leaves elements of np.{name} undefined", "give out=")
        return result
    if not isinstance(out, (Array, Choice)):
        if isinstance(out, Scalar) and out.kind.is_inexact and not out.python:
            t.fail(f"`out=` of np.{name} without axes", "use what it returns")
        raise TypeError("return arrays must be of ArrayType")
    fits(out, result)
    function = getattr(np, name, None)
    if isinstance(out, Array) and isinstance(function, np.ufunc) and function.nout == 1:
        arrays.require_castable(result, out, function)
    if where is not True:
        result = select(t, as_operand(t, where), result, as_operand(t, out))
    write_out(t, out, result)
    return out


def ufunc(t: Tracer, name: str, numbers: list[Any]) -> Any:
    """A NumPy elementwise function on numbers and arrays: NumPy's kinds, no exceptions."""
    if any(rules.get(name).is_whole(k) for k in range(len(numbers))):
        return as_numpy(t, _of_own_kinds(t, name, numbers))
    kind = common_kind(*numbers)
    if not kind.is_inexact:
        name = {"fmin": "minimum", "fmax": "maximum"}.get(name, name)
        kind = Kind.INT if name in _OF_INTEGERS or rules.get(name).takes(0, Kind.INT) else Kind.F64
    if name in ("floor", "ceil", "trunc") and kind is Kind.INT:
        return as_numpy(t, numbers[0])
    result = arithmetic.elementwise(t, name, numbers, kind)
    return as_numpy(t, result)


def _of_own_kinds(t: Tracer, name: str, numbers: list[Any]) -> Any:
    """A function some of whose operands are integers."""
    shapes = [n.dims for n in numbers if isinstance(n, Array)]
    if len(shapes) > 1:
        arrays.broadcast_dims(t, *shapes)
    values = []
    for position, number in enumerate(numbers):
        integral, kind = rules.get(name).is_whole(position), number_kind(number) or Kind.F64
        if integral and kind.is_inexact:
            t.fail(f"{name} of a float where an integer is meant", "convert it with int()")
        single = kind.is_inexact and name != "polygamma"  # (of which SciPy's is always in double precision)
        values.append(arrays.operand(t, number, Kind.INT if integral else kind if single else Kind.F64))
    return arithmetic.result(t, t.emit(name, *values), False, "", numbers)


# ---------------------------------------------------------------------- operators and logic
def _operator(callee: Any, op: str) -> Any:
    def handler(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        numbers, named, kind = in_loop(act.t, callee, [as_operand(act.t, a) for a in args], named)
        if all(is_known(n) for n in numbers) and not named:
            return callee(*numbers)
        if len(numbers) == 1:
            result = arithmetic.unary(act.t, op, numbers[0])
        else:
            # NumPy's functions do not raise where Python's operators do
            first = as_numpy(act.t, numbers[0]) if is_python_number(numbers[0]) and is_python_number(
                numbers[1]) else numbers[0]
            if isinstance(first, float):  # (Python's number promotes weakly)
                first = (kind.dtype.type if kind.is_single else np.float64)(first)
            result = arithmetic.binary(act.t, op, first, numbers[1])
        return finish_ufunc(act, as_numpy(act.t, result), named, callee.__name__, kind)
    return handler


def _logical(callee: Any, op: str) -> Any:
    def handler(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t = act.t
        numbers, named, _ = in_loop(t, callee, [as_operand(t, a) for a in args], named)
        values = [as_truth(t, number) for number in numbers]
        shapes = [v.dims for v in values if v.is_array]
        if len(shapes) > 1:
            arrays.broadcast_dims(t, *shapes)
        found = arithmetic.result(t, t.emit(op, *values), False, "", numbers)
        return finish_ufunc(act, found, named, f"logical_{op}")
    return handler


for _callee, _op in (*_OPERATORS.items(), *_UNARY.items()):
    handles(_callee)(_operator(_callee, _op))
for _callee, _op in _LOGICAL.items():
    handles(_callee)(_logical(_callee, _op))
