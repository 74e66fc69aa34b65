"""IR to IR: simplification, bounds, lowering of array operations to loops, dead code.

`pipeline` says in two lists which passes run, with a reason for every place; `base` what a pass is, how another package
adds one, and how to look on. `optimize` cleans a program before and after it is transformed; `finalize` makes it ready
for an engine.

Passes copy programs in one of two ways. An `ir.Rewriter` clones operations, types and order, and is for passes that
drop or replace a few (`bounds`, `dead`, `scalars`, `preallocate`, `privatise`). A `rebuild.Rebuilder` emits them again
through the rule table, so that constants are folded and equal operations shared on the way: for passes that write new
code. Passes that take nests of loops apart use `nest_parts.NestBuilder`, which is a Rebuilder.
"""

from __future__ import annotations

from workbench.passes.annihilate import Annihilate
from workbench.passes.base import CotangentPass, Pass, Stage, Step, is_watched, run, watching
from workbench.passes.bounds import Bounds
from workbench.passes.contributions import Contributions
from workbench.passes.counting import Counting
from workbench.passes.dead import DeadCode
from workbench.passes.early_end import EarlyEnd
from workbench.passes.expand import Expand
from workbench.passes.gather import Gather
from workbench.passes.inline import Inline
from workbench.passes.lanes import Lanes
from workbench.passes.limits import Limits
from workbench.passes.lower import Lower
from workbench.passes.merge import Merge
from workbench.passes.pipeline import FINALIZE, FOR_THREADS, OPTIMIZE, STAGES, are_as_shipped, finalize, optimize
from workbench.passes.preallocate import Preallocate
from workbench.passes.privatise import Privatise
from workbench.passes.regroup import Regroup
from workbench.passes.reuse import Reuse
from workbench.passes.scalars import ScalarReplacement
from workbench.passes.scaling import Scaling
from workbench.passes.simplify import Simplify
from workbench.passes.unread import Unread
from workbench.passes.upwards import Upwards

__all__ = [
    "FINALIZE", "FOR_THREADS", "OPTIMIZE", "STAGES", "Annihilate", "Bounds", "Contributions", "CotangentPass",
    "Counting", "DeadCode", "EarlyEnd", "Expand", "Gather", "Inline", "Lanes", "Limits", "Lower", "Merge", "Pass",
    "Preallocate", "Privatise", "Regroup", "Reuse", "ScalarReplacement", "Scaling", "Simplify", "Stage", "Step",
    "Unread", "Upwards", "are_as_shipped", "finalize", "is_watched", "optimize", "run", "watching",
]
