"""What is decided of an adjoint before any of it is written: what runs in one pass, what runs again, what is kept.

All of it follows from what the reverse sweep asks of the primal, which a dry run of that sweep finds out: it emits into
a builder that is thrown away, and its questions are noted (`recall.Wishes`).

Invariant: the dry run asks what the sweep that is written will ask, neither less (it would not be there) nor more (it
would be kept in vain).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from workbench.ir import Block, Builder, Function, Op, Value
from workbench.records import dataclass
from workbench.transforms.late import late_loops
from workbench.transforms.onepass import Suffix, candidates, open_blocks
from workbench.transforms.plan import Plan, Planner
from workbench.transforms.recall import Wishes
from workbench.transforms.reverse import Callees, ReverseSweep
from workbench.transforms.stacks import Stacks, Twins
from workbench.transforms.structure import Structure


@dataclass(frozen=True, slots=True)
class Question:
    """What is differentiated: the results of a function whose cotangents are given, by its parameters. active: the
    values that carry cotangents. callees: the derivatives of what it calls."""

    function: Function
    params: tuple[Value, ...]
    results: tuple[Value, ...]
    active: frozenset[Value]
    callees: Callees


@dataclass(frozen=True, slots=True)
class Decisions:
    """The answer to a question: which operations are open (see `structure`), how each value that is asked for is had,
    and which recursive calls the reverse sweep reaches."""

    asked: Question
    structure: Structure
    plan: Plan
    reached: dict[Op, Twins]

    @property
    def copies_in_turns(self) -> bool:
        """True where whole arrays would be copied in every turn of a loop that is open: then it had better not be."""
        opened = self.structure.one_pass | self.structure.late
        return any(self.structure.home[v].op in opened for v in self.plan.copied)


def decide(asked: Question, one_pass: Collection[Op] = (), late: Collection[Op] = (),
           stacked: bool = False) -> Decisions:
    """The decisions where these operations are run in one pass, and these again. stacked: see `Planner`."""
    structure = Structure(asked.function, one_pass, late)
    sweep, wishes = _dry(asked, structure)
    halves = structure.halves(asked.function.block)
    sweep.early(halves)
    _dry_regions(sweep, halves.early)
    sweep.late(halves)
    sweep.end(asked.params)
    plan = Planner(structure, stacked).run(list(wishes.asked))
    plan.asked_at = {value: tuple(wishes_) for value, wishes_ in wishes.asked_at.items()}
    return Decisions(asked, structure, plan, sweep.stacks.reached)


def best(asked: Question, backwards: bool) -> Decisions:
    """The decisions for both sweeps in one program: as much in one pass as can be, and then run again, as long as no
    arrays are copied for it. backwards: nothing in one pass."""
    first = () if backwards else in_one_pass(asked)
    function, active = asked.function, asked.active
    ways = dict.fromkeys([(first, late_loops(function, active, first)), (first, ()),
                          ((), late_loops(function, active, ())), ((), ())])
    return next(decided for one_pass, late in ways if not (decided := decide(asked, one_pass, late)).copies_in_turns)


# ---------------------------------------------------------------------- dry runs
def _dry(asked: Question, structure: Structure) -> tuple[ReverseSweep, Wishes]:
    """A reverse sweep that has begun, and what will be noted of it."""
    builder = Builder(asked.function.name)
    wishes = Wishes(builder)
    stacks = Stacks(builder, asked.callees.twins)
    sweep = ReverseSweep(builder, structure, asked.active, wishes, stacks, asked.callees)
    sweep.begin(asked.results, [Value(r.type) for r in asked.results])
    return sweep, wishes


def _dry_regions(sweep: ReverseSweep, ops: Sequence[Op]) -> None:
    """The adjoints in the regions of what is in one pass."""
    for op in ops:
        if op not in sweep.structure.one_pass:
            continue
        if op.prim == "call":
            sweep.joint(op, op.operands)
        for block in open_blocks(op):
            if sweep.enter(op, block):
                _dry_regions(sweep, sweep.structure.halves(block).early)
                sweep.leave(op, block)


# ---------------------------------------------------------------------- what is run in one pass
def in_one_pass(asked: Question) -> tuple[Op, ...]:
    """As many of the last loops (calls, ...) as the adjoints between and after them allow."""
    found = candidates(asked.function, asked.active, asked.callees.joint)
    if not found:
        return ()
    sweep, wishes = _dry(asked, Structure(asked.function, found))
    return tuple(_chosen(sweep, wishes, asked.function.block))


def _chosen(sweep: ReverseSweep, wishes: Wishes, block: Block) -> list[Op]:
    """Those among the operations of an open region, and in them."""
    suffix = Suffix(sweep.structure.regions[block], sweep.structure, sweep.active)
    for op in reversed(block.ops):
        wishes.latest.clear()
        sweep.ops([op])
        if op in sweep.structure.one_pass and suffix.can_begin(op):
            suffix.loops.append(op)
        else:
            suffix.others[op] = list(wishes.latest)
    chosen = list(suffix.loops)
    for op in suffix.loops:
        for inner in open_blocks(op) if sweep.passed[op] else ():
            with sweep.inside(op, inner):
                chosen += _chosen(sweep, wishes, inner)
    return chosen
