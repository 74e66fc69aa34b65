"""The corpus: natural numeric programs, by theme, each with the oracle that judges its derivatives.

`PROGRAMS` lists every entry. The functions are ordinary user code: nothing in them knows of the compiler.
"""
from __future__ import annotations

from tests.corpus import (
    aliasing,
    arrays_elementwise,
    arrays_shapes,
    buffers,
    calls,
    control_flow,
    jitted,
    loops,
    models_dynamics,
    models_linear_algebra,
    models_statistics,
    mutation,
    structures,
)
from tests.corpus.program import Program

PROGRAMS: list[Program] = [
    entry
    for module in (control_flow, loops, mutation, aliasing, buffers, structures, calls, arrays_elementwise,
                   arrays_shapes, models_dynamics, models_statistics, models_linear_algebra, jitted)
    for entry in module.PROGRAMS
]

__all__ = ["PROGRAMS", "Program"]
