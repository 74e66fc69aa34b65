"""What library functions mean to the evaluator, where it is not written out in `frontend.composed`.

A module for each subject; each function stands under the callable that it implements, with that callable's parameters
(`registry`). Elementwise functions need none: the rule table knows their callables. What is here composes operations
(a trace is a diagonal and a sum); it never contains derivatives.
"""

from __future__ import annotations

from workbench.frontend.library import (
    applying,
    arguments,
    array_methods,
    builtin_numbers,
    builtin_objects,
    builtin_ordering,
    builtin_sequences,
    builtin_texts,
    caching,
    complex_functions,
    containers,
    creation,
    dataclass_functions,
    diagonals,
    dtypes,
    einsum,
    elementwise,
    exact,
    fourier,
    iterables,
    joining,
    linear,
    math_functions,
    matrices,
    norms,
    operators,
    ordering,
    orders,
    powers,
    random,
    reductions,
    refused,
    scipy_linear,
    shaping,
    ufuncs,
)
from workbench.frontend.library.array_methods import choice_attribute, number_attribute
from workbench.frontend.library.methods import method
from workbench.frontend.library.primitives import apply_primitive, primitive
from workbench.frontend.library.purity import is_pure
from workbench.frontend.library.registry import handles, implements, lookup

__all__ = [
    "apply_primitive", "applying", "arguments", "array_methods", "builtin_numbers", "builtin_objects",
    "builtin_ordering", "builtin_sequences", "builtin_texts", "caching", "choice_attribute", "complex_functions",
    "containers", "creation", "dataclass_functions", "diagonals", "dtypes", "einsum", "elementwise", "exact",
    "fourier", "handles", "implements", "is_pure", "iterables", "joining", "linear", "lookup", "math_functions",
    "matrices", "method", "norms", "number_attribute", "operators", "ordering", "orders", "powers", "primitive",
    "random", "reductions", "refused", "scipy_linear", "shaping", "ufuncs",
]
