"""Machine code in the making: operations on values whose types are known.

Arithmetic and comparisons of numbers of one type are written as LLVM's instructions, as Numba's implementations would
write them under the error model "numpy". Everything else is asked of Numba: its typing context says what a function
gives, its target context how it is lowered.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir as llvm
from numba.core import cgutils, types
from numba.core.typing.templates import fold_arguments

from workbench.engines.numba.borrowing import count, staying
from workbench.engines.numba.rounding import FACTOR_FLAGS, SUM_FLAGS


class NotDirect(Exception):
    """A program uses something that is left to Numba's own front end."""


class Typed(NamedTuple):
    """A value in LLVM with its Numba type."""

    type: Any
    value: Any


_FLOATS = {operator.add: "fadd", operator.sub: "fsub", operator.mul: "fmul", operator.truediv: "fdiv"}
_INTEGERS = {operator.add: "add", operator.sub: "sub", operator.mul: "mul"}
_LOOSELY = {operator.add: SUM_FLAGS, operator.sub: SUM_FLAGS, operator.mul: FACTOR_FLAGS}
_COMPARED = {operator.lt: "<", operator.le: "<=", operator.gt: ">", operator.ge: ">=", operator.eq: "==",
             operator.ne: "!="}


class Code:
    """The body of one function of LLVM.

    `context` is Numba's target context for this function, `typing` its typing context; `loosely`: sums of floats may
    be regrouped now (see `rounding`)."""

    def __init__(self, context: Any, typing: Any, builder: Any) -> None:
        self.context = context
        self.typing = typing
        self.builder = builder
        self.loosely = False
        self._found: dict[Any, tuple[Any, Any]] = {}

    # ------------------------------------------------------------------ constants
    def float(self, value: float) -> Typed:
        """A float64."""
        return Typed(types.float64, llvm.Constant(llvm.DoubleType(), value))

    def integer(self, value: int) -> Typed:
        """An int64."""
        if not -2**63 <= value < 2**63:
            raise NotDirect("an integer of more than 64 bits")
        return Typed(types.int64, llvm.Constant(llvm.IntType(64), value))

    def boolean(self, value: bool) -> Typed:
        """A boolean."""
        return Typed(types.boolean, llvm.Constant(llvm.IntType(1), int(value)))

    # ------------------------------------------------------------------ operations
    def binary(self, function: Callable[..., Any], left: Typed, right: Typed) -> Typed:
        """An operation of two numbers."""
        kind = left.type
        if kind == right.type:
            if isinstance(kind, types.Float) and function in _FLOATS:
                flags = _LOOSELY.get(function, ()) if self.loosely else ()
                return Typed(kind, getattr(self.builder, _FLOATS[function])(left.value, right.value, flags=flags))
            if kind is types.int64 and function in _INTEGERS:
                return Typed(kind, getattr(self.builder, _INTEGERS[function])(left.value, right.value))
        return self.call(function, (left, right))

    def compare(self, function: Callable[..., Any], left: Typed, right: Typed) -> Typed:
        """A comparison of two numbers."""
        kind = left.type
        if kind == right.type and function in _COMPARED:
            sign = _COMPARED[function]
            if isinstance(kind, types.Float):
                compared = self.builder.fcmp_unordered if sign == "!=" else self.builder.fcmp_ordered
                return Typed(types.boolean, compared(sign, left.value, right.value))
            if kind is types.int64:
                return Typed(types.boolean, self.builder.icmp_signed(sign, left.value, right.value))
        return self.call(function, (left, right))

    def call(self, function: Any, args: Sequence[Typed]) -> Typed:
        """What Numba has for a function of these arguments."""
        kinds = tuple(arg.type for arg in args)
        key = (id(function), kinds)
        if key not in self._found:
            kind = self.typing.resolve_value_type(function)
            if isinstance(kind, types.ExternalFunction | types.RecursiveCall):
                raise NotDirect("a function that is reached by its symbol")
            signature = self.typing.resolve_function_type(kind, kinds, {})
            if signature is None:
                raise NotDirect(f"no signature of {function}")
            self._found[key] = signature, self.context.get_function(kind, signature)
        signature, lowered = self._found[key]
        with staying(self.builder) if function is np.dot else nullcontext():
            return Typed(signature.return_type, lowered(self.builder, self._folded(args, signature)))

    def turned(self, array: Typed) -> Typed:
        """`x.T`, not counted: the variable keeps the array. (Numba's optimiser removes the two references at once; one
        that is given up later it would move behind what follows.)"""
        kind = self.typing.resolve_getattr(array.type, "T")
        view = self.context.get_getattr(array.type, "T")(self.context, self.builder, array.type, array.value, "T")
        self.context.nrt.decref(self.builder, kind, view)
        return Typed(kind, view)

    def give_up(self, array: Typed) -> None:
        """Give up the reference of an intermediate result, here and not later."""
        count(self.builder, "variable_releases", "NRT_decref", self.builder.extract_value(array.value, 0))

    def method(self, name: str, receiver: Typed, args: Sequence[Typed]) -> Typed:
        """A method of an array."""
        kind = self.typing.resolve_getattr(receiver.type, name)
        signature = kind.get_call_type(self.typing, tuple(arg.type for arg in args), {})
        lowered = self.context.get_function(kind, signature)
        return Typed(signature.return_type, lowered(self.builder, [receiver.value, *self._folded(args, signature)]))

    def _folded(self, args: Sequence[Typed], signature: Any) -> list[Any]:
        """The values of arguments as a signature has them, defaults included."""
        kinds = signature.args
        if signature.pysig is None:
            return [self.cast(arg, kind).value for arg, kind in zip(args, kinds, strict=True)]

        def default(index: int, _: Any, value: Any) -> Any:
            return self.context.get_constant_generic(self.builder, kinds[index], value)

        def several(index: int, _: Any, values: Sequence[Typed]) -> Any:
            parts = [self.cast(value, kind).value for value, kind in zip(values, kinds[index], strict=True)]
            return cgutils.make_anonymous_struct(self.builder, parts)
        return list(fold_arguments(signature.pysig, args, {}, lambda k, _, arg: self.cast(arg, kinds[k]).value,
                                   default, several))

    def cast(self, value: Typed, kind: Any) -> Typed:
        """A value as one of another type."""
        if value.type == kind:
            return value
        return Typed(kind, self.context.cast(self.builder, value.value, value.type, kind))

    def tuple(self, values: Sequence[Typed]) -> Typed:
        """A tuple."""
        kind = types.Tuple(tuple(value.type for value in values))
        return Typed(kind, self.context.make_tuple(self.builder, kind, [value.value for value in values]))
