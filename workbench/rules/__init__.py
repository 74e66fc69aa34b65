"""The rule table: each primitive's callables, types, derivative, cost and spelling, stated in one place.

`get` finds a primitive by name, `by_callable` by the Python object that means it; `emit` makes an operation of it;
`Expr` is an overloaded operand on which rules run. A primitive is added in one file by theme, and listed nowhere else.
"""

from __future__ import annotations

from workbench.rules import (
    arithmetic,
    bessel,
    comparison,
    complexes,
    decompositions,
    exponential,
    floating,
    fourier,
    linear_algebra,
    logistic,
    matrix_exponential,
    memory,
    ordering,
    random,
    reductions,
    shapes,
    singular_values,
    solving,
    special,
    text,
    triangular_factors,
    trigonometric,
)
from workbench.rules.checking import check_types
from workbench.rules.derivatives import cotangent, pull, push, tangent
from workbench.rules.emission import effect, emit, emit_all
from workbench.rules.expr import Expr
from workbench.rules.folding import constant
from workbench.rules.foreign import Foreign
from workbench.rules.memory import Growable, box_operands, exception
from workbench.rules.primitive import Primitive, Sample, Unknown, by_callable, get, register, table
from workbench.rules.spelling import spell, with_called
from workbench.rules.typing import broadcast_dims

__all__ = [
    "Expr", "Foreign", "Growable", "Primitive", "Sample", "Unknown", "arithmetic", "bessel", "box_operands",
    "broadcast_dims", "by_callable", "check_types", "comparison", "complexes", "constant", "cotangent",
    "decompositions", "effect", "emit", "emit_all", "exception", "exponential", "floating", "fourier", "get",
    "linear_algebra", "logistic", "matrix_exponential", "memory", "ordering", "pull", "push", "random",
    "reductions", "register", "shapes", "singular_values", "solving", "special", "spell", "table", "tangent",
    "text", "triangular_factors", "trigonometric", "with_called",
]
