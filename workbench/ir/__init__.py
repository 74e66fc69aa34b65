"""The intermediate representation: structured SSA over scalars and arrays with symbolic dimensions.

A `Function` is typed parameters, one `Block`, results. An `Op` has a primitive's name, operands, attributes, regions
and the `Span` of the user's line. Arrays are values: a `store` consumes the old version and gives a new one, and the
verifier holds every function to that *linear use*, so that the last pass can make each update in place.
Nothing mutates IR once it is built; an analysis returns a dictionary keyed by value.
"""

from __future__ import annotations

from workbench.ir.builder import Builder, Frame, Slot
from workbench.ir.core import Block, Constant, Function, Op, Span, Value, walk
from workbench.ir.dims import Polynomial, normal_form, same_dim
from workbench.ir.errors import DifferentiationError
from workbench.ir.printer import print_function
from workbench.ir.rewrite import Rewriter, definitions, substitute_type
from workbench.ir.types import ArrayType, Kind, ScalarType, Type, element_type, kind_of, promote
from workbench.ir.verifier import VerificationError, verify

__all__ = [
    "ArrayType", "Block", "Builder", "Constant", "DifferentiationError", "Frame", "Function", "Kind", "Op",
    "Polynomial", "Rewriter", "ScalarType", "Slot", "Span", "Type", "Value", "VerificationError", "definitions",
    "element_type", "kind_of", "normal_form", "print_function", "promote", "same_dim", "substitute_type", "verify",
    "walk",
]
