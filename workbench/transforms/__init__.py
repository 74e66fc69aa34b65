"""Programs to programs: `vjp` (reverse mode) and `jvp` (forward mode); `later` and `linearize` give their linear part
apart from the program.

All give IR again, so they nest to any order. Reverse mode is a forward sweep that stores residuals (`forward`,
`residuals`) and a reverse sweep (`reverse`, `adjoints`, `cotangents`) that gets primal values back (`recall`) as a plan
says (`plan`, with `history` and `mincut`).
"""

from __future__ import annotations

from workbench.transforms.jvp import jvp
from workbench.transforms.linearize import linearize
from workbench.transforms.split import Split
from workbench.transforms.vjp import later, vjp

__all__ = ["Split", "jvp", "later", "linearize", "vjp"]
