"""Which passes run, in which order, and why: the whole pipeline in two lists.

`OPTIMIZE` cleans up what a front end or a transform made; it runs before and after every transform. `FINALIZE` makes
of that what an engine can emit: loops over elements, and calls of libraries. `print(OPTIMIZE)` shows the list.
"""

from __future__ import annotations

from workbench.ir import Callee, Function, callees
from workbench.passes.annihilate import Annihilate
from workbench.passes.base import Stage, Step
from workbench.passes.bounds import Bounds
from workbench.passes.contributions import Contributions
from workbench.passes.counting import Counting
from workbench.passes.dead import DeadCode
from workbench.passes.early_end import EarlyEnd
from workbench.passes.expand import Expand
from workbench.passes.gather import Gather
from workbench.passes.inline import Inline, Redirect
from workbench.passes.item_copies import Copies
from workbench.passes.lanes import Lanes
from workbench.passes.limits import Limits
from workbench.passes.lower import Lower
from workbench.passes.merge import Merge
from workbench.passes.once import Once
from workbench.passes.preallocate import Preallocate
from workbench.passes.privatise import Privatise
from workbench.passes.regroup import Regroup
from workbench.passes.reuse import Reuse
from workbench.passes.scalars import ScalarReplacement
from workbench.passes.scaling import Scaling
from workbench.passes.simplify import Simplify
from workbench.passes.thread_nests import ThreadNests
from workbench.passes.unread import Unread
from workbench.passes.upwards import Upwards

OPTIMIZE = Stage(
    "optimize",
    Step(Simplify(), "constants, equal operations and dead code go first: all that follows looks at fewer operations"),
    Step(Counting(), "loops that count get an index, of which the next step knows the range"),
    Step(Bounds(), "before arrays are taken apart: what is proved here need not be asked element by element"),
    Step(Simplify(), "indices that were proved are plain integers, and may now be known"),
    Step(Lower(longest=4), "operations on arrays as small as points and rotations are written out ..."),
    Step(Simplify(), "... their loops unrolled, so that every index is known ..."),
    Step(ScalarReplacement(), "... and such arrays are numbers: transforms see straight lines"),
    Step(Simplify(), "the numbers of different arrays that are the same"),
    Step(Privatise(), "last: the stores and loads that are left show what an iteration overwrites before it reads"),
)

FINALIZE = Stage(
    "finalize",
    Step(Inline(), "first: what is called is simplified and fused where it is called"),
    Step(Simplify(), "what the callees compute anew"),
    Step(Bounds(), "checks that are proved here do not keep whole-array operations apart"),
    Step(Lower(), "loops over elements, fused while it is known which operations are on whole arrays"),
    Step(Simplify(), "what does not change in a loop is computed before it; short loops are unrolled"),
    Step(ScalarReplacement(), "small arrays whose indices unrolling has made known"),
    Step(Bounds(), "indices of the loops that were just made are in range"),
    Step(Expand(), "after the last proof: `index` is still whole in all that proves"),
    Step(Simplify(), "expanded checks of known indices; then nests are as perfect as they get"),
    Step(Merge(), "neighbouring nests, as long as they are in the order of the program"),
    Step(Simplify(), "what merged bodies have in common"),
    Step(Gather(), "after merging: what a scattering nest is turned around with cannot be merged any more"),
    Step(Reuse(), "conditionals are now where they stay"),
    Step(Annihilate(), "before what looks for products of cotangents: a guarded product is none"),
    Step(DeadCode(), "the guards, which would count as uses of what they guarded"),
    Step(Unread(), "zeros to add to, before the additions get another form"),
    Step(Contributions(), "sums in numbers, which the next step can regroup"),
    Step(Regroup(), "the order of sums and products, when it is known what they add up in"),
    Step(Upwards(), "the direction of loops that do nothing but add, which regrouping may have made such"),
    Step(Scaling(), "after regrouping: factors of powers of two are not to be regrouped"),
    Step(EarlyEnd(), "makes `while` loops of counted ones, which the steps above would not look into"),
    Step(Simplify(unroll=1), "from here on loops stay loops: unrolled bodies would hide lanes and limits"),
    Step(Lanes(), "blocks of items, around loops that have their last form"),
    Step(Preallocate(), "room for arrays, when it is known in which loops they are made"),
    Step(Limits(), "ends of innermost loops, when it is known which these are"),
    Step(Simplify(unroll=1), "bounds of loops that are the same; the last step, so that nothing is emitted twice"),
)

#: As FINALIZE, for engines that give each turn of a loop a thread: no vectors of items, arrays stay a turn's own, loops
#: end where they end.
FOR_THREADS = Stage("finalize", *(step for kept in FINALIZE.steps if not isinstance(
    kept.does, Lanes | Preallocate | Limits | EarlyEnd | Upwards) for step in (
        (Step(Copies(), "each loop is a launch: copies and fills are to be part of others"),
         Step(Merge(freely=True), "whatever is over the same elements: a launch costs more than what is gained apart"))
        if isinstance(kept.does, Merge) else
        (Step(Gather(asks=True), "an element is a thread's: edges apart would be launches of their own"),)
        if isinstance(kept.does, Gather) else (kept,))),
    Step(Privatise(shifted=True), "what a turn keeps for its reverse sweep is its own: turns share no room"),
    Step(Once(), "what no thread has for itself is stored by one"),
    Step(Simplify(unroll=1), "so that nothing is emitted twice"),
    Step(ThreadNests(), "last: numbers that were moved between the heads of loops over threads keep these apart"))

STAGES = (OPTIMIZE, FINALIZE)


def optimize(function: Function) -> Function:
    """Array-level simplification: what a front end or a transform made, cleaned up."""
    return OPTIMIZE(function)


def finalize(function: Function, exact: int | None = None, stage: Stage = FINALIZE) -> Function:
    """A function that an engine can emit: scalar loops over elements, and library calls.

    exact: the results after the first `exact` ones are cotangents, whose sums and products may be regrouped (see
    `CotangentPass`). stage: another one than the CPU's. In functions that stay functions of their own they may not."""
    made = stage(function, exact)
    called = {callee: Callee(callee.name) for callee in callees(made)}
    for callee, final in called.items():
        final.define(Redirect(called).run(stage(callee.function)), callee.consumes)
    return Redirect(called).run(made) if called else made


def are_as_shipped() -> bool:
    """True where no other package has added a step."""
    return all(stage.is_as_shipped for stage in STAGES)
