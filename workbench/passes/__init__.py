"""IR to IR: simplification, bounds, lowering of array operations to loops, dead code.

`optimize` cleans a program before and after it is transformed; `finalize` makes it ready for an engine."""

from __future__ import annotations

from workbench.ir import Callee, Function, callees
from workbench.passes.annihilate import Annihilate
from workbench.passes.bounds import Bounds
from workbench.passes.contributions import Contributions
from workbench.passes.counting import Counting
from workbench.passes.dead import DeadCode
from workbench.passes.early_end import EarlyEnd
from workbench.passes.expand import Expand
from workbench.passes.gather import Gather
from workbench.passes.inline import Inline, Redirect
from workbench.passes.lanes import Lanes
from workbench.passes.limits import Limits
from workbench.passes.lower import Lower
from workbench.passes.merge import Merge
from workbench.passes.pipeline import Observer, Pass, run
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
    "Annihilate", "Bounds", "Contributions", "Counting", "DeadCode", "EarlyEnd", "Expand", "Gather", "Inline", "Lanes",
    "Limits", "Lower", "Merge", "Observer", "Pass", "Preallocate", "Privatise", "Regroup", "Reuse", "ScalarReplacement",
    "Scaling", "Simplify", "Unread", "Upwards", "finalize", "optimize", "run",
]


def optimize(function: Function, observer: Observer | None = None) -> Function:
    """Array-level simplification: what a front end or a transform made, cleaned up."""
    small = (Lower(longest=4), Simplify(), ScalarReplacement())
    return run((Simplify(), Counting(), Bounds(), Simplify(), *small, Simplify(), Privatise()), function, observer)


def finalize(function: Function, observer: Observer | None = None, exact: int | None = None) -> Function:
    """A function that an engine can emit: scalar loops over elements, and library calls.

    exact: the results after the first `exact` ones are cotangents, whose sums and products may be regrouped. With 0 the
    program is no derivative: only what is marked as a cotangent's is one (of a derivative inside), and passes that take
    what results do not depend on for cotangents are left out."""
    loops = (Lower(), Simplify(), ScalarReplacement(), Bounds())
    passes: tuple[Pass, ...] = (Inline(), Simplify(), Bounds(), *loops, Expand(), Simplify(),
                                Merge(exact), Simplify(), Gather(), Reuse())
    last = (Preallocate(), Limits(), Simplify(unroll=1))
    regrouped: tuple[Pass, ...] = () if exact is None else (
        Annihilate(exact), DeadCode(), Unread(exact), Contributions(exact), Regroup(exact), Upwards(exact))
    if exact:
        regrouped += (Scaling(exact), EarlyEnd(exact))
    made = run((*passes, *regrouped, Simplify(unroll=1), Lanes(), *last), function, observer)
    called = {callee: Callee(callee.name) for callee in callees(made)}
    if not called:
        return made
    for callee, final in called.items():
        final.define(Redirect(called).run(run((*passes, *last), callee.function, observer)), callee.consumes)
    return Redirect(called).run(made)
