"""The intermediate representation: structured SSA over scalars and arrays with symbolic dimensions.

A `Function` is typed parameters, one `Block`, results. An `Op` has a primitive's name, operands, attributes, regions
and the `Span` of the user's line. Arrays are values: a `store` consumes the old version and gives a new one, and the
verifier holds every function to that *linear use*, so that the last pass can make each update in place.
Nothing mutates IR once it is built; an analysis returns a dictionary keyed by value.
"""

from __future__ import annotations

from workbench.ir.builder import Builder
from workbench.ir.calls import (
    Callee,
    CallRule,
    bound,
    call_results,
    callee_of,
    callees,
    consumed_operands,
    has_effects,
    is_recursive,
    own_results,
)
from workbench.ir.core import Block, Constant, Function, Op, Span, Value, analysis, differentiated, of_order, walk
from workbench.ir.deadline import Deadline, Overdue, Stopped, deadline, in_time, within
from workbench.ir.dims import Polynomial, is_length, normal_form, same_dim
from workbench.ir.errors import DifferentiationError
from workbench.ir.fingerprint import fingerprint
from workbench.ir.printer import print_function, printed
from workbench.ir.rewrite import Rewriter, definitions, substitute_type, uses
from workbench.ir.slots import Frame, Slot
from workbench.ir.types import (
    ArrayType,
    Kind,
    ScalarType,
    Type,
    dtypes_in_words,
    element_type,
    is_narrow,
    kind_of,
    promote,
)
from workbench.ir.verifier import VerificationError, verify

__all__ = [
    "ArrayType", "Block", "Builder", "CallRule", "Callee", "Constant", "Deadline", "DifferentiationError", "Frame",
    "Function", "Kind", "Op", "Overdue", "Polynomial", "Rewriter", "ScalarType", "Slot", "Span", "Stopped", "Type",
    "Value", "VerificationError", "analysis", "bound", "call_results", "callee_of", "callees", "consumed_operands",
    "deadline", "definitions", "differentiated", "dtypes_in_words", "element_type", "fingerprint", "has_effects",
    "in_time", "is_length", "is_narrow", "is_recursive", "kind_of", "normal_form", "of_order", "own_results",
    "print_function", "printed", "promote", "same_dim", "substitute_type", "uses", "verify", "walk", "within",
]
