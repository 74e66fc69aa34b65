"""What runs derivatives: engines, and the list of them by name.

`engine` says what an engine is, `registry` lists them. `numba` compiles IR for the CPU, `reference` interprets it,
`tape` runs the function itself. `warm_up` gets the compiler ready in the background. `collecting` and `signals` keep
the garbage collector and interrupts away while programs are made.
"""

from __future__ import annotations

from workbench.engines.engine import Compiler, Engine, Executable, Origin, Runner
from workbench.engines.numba.warming import warm_up
from workbench.engines.registry import COMPILER, ENGINES, UNCOMPILED, engine_named, register

__all__ = ["COMPILER", "ENGINES", "UNCOMPILED", "Compiler", "Engine", "Executable", "Origin", "Runner", "engine_named",
           "register", "warm_up"]
