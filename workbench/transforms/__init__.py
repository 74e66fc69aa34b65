"""Programs to programs: `vjp` (reverse mode) and `jvp` (forward mode).

Both give IR again, so they nest to any order. Reverse mode is a forward sweep that stores residuals (`forward`,
`residuals`) and a reverse sweep (`reverse`, `adjoints`, `cotangents`) that gets primal values back (`recall`) as a plan
says (`plan`, with `history` and `mincut`).
"""

from __future__ import annotations

from workbench.transforms.jvp import jvp
from workbench.transforms.vjp import vjp

__all__ = ["jvp", "vjp"]
