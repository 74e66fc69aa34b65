"""Functions of NumPy and SciPy that are written out, as plain Python, in those that the rule table and the front end
know: a derivative follows from how they are composed. The front end evaluates them as it does a user's function.
"""

from __future__ import annotations

from workbench.frontend.composed import (
    applying,
    calculus,
    iterators,
    joining,
    missing,
    numbers,
    ordering,
    padding,
    polynomials,
    queues,
    ranges,
    selection,
    shaping,
    special,
    statistics,
    triangles,
    ufuncs,
)
from workbench.frontend.composed.registry import (
    Composition,
    composes,
    composes_subscript,
    compositions,
    elementwise,
    held,
    is_own,
    is_own_file,
    refuse,
    subscript,
)

__all__ = [
    "Composition", "applying", "calculus", "composes", "composes_subscript", "compositions", "elementwise", "held",
    "is_own", "is_own_file", "iterators", "joining", "missing", "numbers", "ordering", "padding", "polynomials",
    "queues", "ranges", "refuse", "selection", "shaping", "special", "statistics", "subscript", "triangles", "ufuncs",
]
