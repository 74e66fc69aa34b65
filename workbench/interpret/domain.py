"""What an interpreter computes with: a domain says what a value is and what an operation does to values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from workbench.ir import ArrayType, Constant, Op, Type
from workbench.ir.ops import CONSUMING
from workbench.rules import Growable, get


class Domain(Protocol):
    """The meaning of values and operations; control flow is the interpreter's."""

    def constant(self, value: Constant) -> Any:
        """A constant."""

    def apply(self, op: Op, operands: Sequence[Any]) -> Sequence[Any]:
        """The results of an operation without regions."""

    def truth(self, value: Any, op: Op) -> bool:
        """Which way a condition goes."""

    def trips(self, lo: Any, hi: Any, step: int, op: Op) -> Iterable[Any]:
        """The indices of a counted loop."""


class Values:
    """The reference semantics: NumPy arrays and NumPy scalars of each value's own kind.

    Invariant: no two live arrays share memory (an operation that hands back a view, or its operand, is copied), but
    for what an operation consumes and updates in place. The kind and rank of each result are checked."""

    def constant(self, value: Constant) -> Any:
        """A NumPy scalar."""
        return value.kind.dtype.type(value.value)

    def apply(self, op: Op, operands: Sequence[Any]) -> Sequence[Any]:
        """NumPy's result; floating-point warnings are off, as in compiled code."""
        with np.errstate(all="ignore"):
            attrs = {key: value for key, value in op.attrs.items() if key != "loose"}
            result = get(op.prim).numpy(*operands, **attrs)
        if len(op.results) > 1:
            return [self._owned(op, operands, part, v.type) for part, v in zip(result, op.results, strict=True)]
        return () if not op.results else (self._owned(op, operands, result, op.result.type),)

    def truth(self, value: Any, op: Op) -> bool:
        """The condition itself."""
        return bool(value)

    def trips(self, lo: Any, hi: Any, step: int, op: Op) -> Iterable[Any]:
        """lo, lo + step, ... before hi."""
        return (np.int64(i) for i in range(int(lo), int(hi), step))

    def _owned(self, op: Op, operands: Sequence[Any], result: Any, type_: Type) -> Any:
        if isinstance(result, Growable):
            return result
        if not isinstance(type_, ArrayType):
            if np.ndim(result):
                raise AssertionError(f"{op.prim} gave an array where {type_} is meant")
            scalar = np.asarray(result)[()]
            if scalar.dtype != type_.kind.dtype:
                raise AssertionError(f"{op.prim} gave {scalar.dtype} where {type_} is meant")
            return scalar
        if result.dtype != type_.kind.dtype or result.ndim != type_.rank:
            raise AssertionError(f"{op.prim} gave {result.dtype} of rank {result.ndim} where {type_} is meant")
        if op.prim not in CONSUMING and (result.base is not None or any(result is v for v in operands)):
            return result.copy()
        return result
