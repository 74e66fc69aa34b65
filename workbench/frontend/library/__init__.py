"""What library functions mean to the evaluator: NumPy, math and the builtins, each a handler of evaluator values.

A handler is `(activation, args, named) -> value`. Elementwise functions need none: the rule table knows their
callables. Handlers here compose operations (a mean is a sum and a division); they never contain derivatives.
"""

from __future__ import annotations

from workbench.frontend.library import (
    applying,
    arguments,
    builtin_functions,
    caching,
    complex_functions,
    containers,
    creation,
    diagonals,
    einsum,
    elementwise,
    exact,
    fourier,
    iterables,
    linear,
    matrices,
    norms,
    ordering,
    orders,
    powers,
    purity,
    random,
    reductions,
    refused,
    scipy_linear,
    shaping,
)
from workbench.frontend.library.elementwise import apply_primitive, primitive
from workbench.frontend.library.methods import choice_attribute, method, number_attribute
from workbench.frontend.library.purity import is_pure
from workbench.frontend.library.registry import handles, implements, lookup

__all__ = [
    "apply_primitive", "applying", "arguments", "builtin_functions", "caching", "choice_attribute",
    "complex_functions", "containers", "creation", "diagonals", "einsum", "elementwise", "exact", "fourier", "handles",
    "implements", "is_pure", "iterables", "linear", "lookup", "matrices", "method", "norms", "number_attribute",
    "ordering", "orders", "powers", "primitive", "purity", "random", "reductions", "refused", "scipy_linear", "shaping",
]
