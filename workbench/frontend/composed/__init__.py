"""Functions of NumPy and SciPy that are written out, as plain Python, in those that the rule table and the front end
know: a derivative follows from how they are composed. The front end evaluates them as it does a user's function.
"""

from __future__ import annotations

from workbench.frontend.composed import (
    applying,
    calculus,
    joining,
    missing,
    numbers,
    padding,
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
    compositions,
    elementwise,
    held,
    is_own,
    is_own_file,
    refuse,
)

__all__ = [
    "Composition", "applying", "calculus", "composes", "compositions", "elementwise", "held", "is_own", "is_own_file",
    "joining", "missing", "numbers", "padding", "ranges", "refuse", "selection", "shaping", "special", "statistics",
    "triangles", "ufuncs",
]
