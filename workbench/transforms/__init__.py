"""Programs to programs: `vjp` (reverse mode) and `jvp` (forward mode); `later` and `linearize` give their linear part
apart from the program.

All give IR again, so they nest to any order. Reverse mode is a forward sweep that stores residuals (`forward`,
`residuals`) and a reverse sweep (`reverse`, `adjoints`, `cotangents`) that gets primal values back (`recall`) as a plan
says (`plan`, with `history` and `mincut`). What runs in one pass (`onepass`) or again (`late`), and what is kept, is
decided first (`decisions`); `plan_of` tells it, with the reasons. Both sweeps meet in `sweeps`; `recursion` makes what
functions that call themselves have in place of a pullback (`stacks`, `joint`).

Forward mode gives gradients by few numbers, too (`forward_gradient`). What is carried forward may be more than one
tangent (`jets`): a `bundle` of tangents of many directions, with the sum of their second derivatives (`laplacian`), or
the coefficients of a series (`taylor`, with the recurrences of `series`); `curvature` has second partial derivatives.
"""

from __future__ import annotations

from workbench.transforms.bundle import bundle
from workbench.transforms.forward_gradient import forward_gradient
from workbench.transforms.jvp import jvp
from workbench.transforms.laplacian import laplacian
from workbench.transforms.linearize import linearize
from workbench.transforms.split import Split
from workbench.transforms.taylor import taylor
from workbench.transforms.vjp import later, plan_of, vjp

__all__ = ["Split", "bundle", "forward_gradient", "jvp", "laplacian", "later", "linearize", "plan_of", "taylor", "vjp"]
