"""What a kept value would take otherwise, and what edits would remove it: words for the reasons of a plan.

Invariant: an advice follows from the plan alone. A value that is needed for the derivative by one operand only is not
needed where that operand carries none; what `wb.checkpoint` runs again keeps its arguments and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection

from workbench.ir import Constant, Op, Value, consumed_operands, walk
from workbench.transforms import reasons
from workbench.transforms.plan import Plan
from workbench.transforms.reasons import Choice, listed, spelled

_BY_CHECKPOINT = {reasons.COSTLY, reasons.HEAVY, reasons.WHOLE, reasons.VERSION}


def again(plan: Plan, value: Value, choice: Choice, count: str) -> str:
    """What computing a value again would take. count: how many numbers it is in all, as a formula."""
    makers = plan.structure.definitions
    op = makers.get(value)
    sources = listed(choice, makers)
    prim = op.prim if op is not None else ""
    looped = plan.structure.loop_of(value) is not None
    match choice.kind:
        case reasons.COSTLY:
            many = f"{count} times {prim}" if count else f"{prim} for each of its numbers"
            return f"{many}, and {sources} would have to be there instead" if sources else many
        case reasons.HEAVY:
            return f"{prim} once more{' in every turn' if looped else ''}, and {sources} would have to be there instead"
        case reasons.INSTEAD:
            return f"little, but {sources} would have to be kept instead: as much or more"
        case reasons.CARRIED:
            return "all turns of the loop before: a turn does not say what it began with"
        case reasons.WHOLE:
            return f"all of the {prim} that gives it{', in every turn' if looped else ''}"
        case reasons.VERSION:
            return "all that was written to the array until then"
        case reasons.GROWING:
            return "all that was done to the list until then"
        case reasons.COUNT:
            return "all of the loop"
        case reasons.ONCE:
            return "another call" if prim == "call" else ""
    return ""


def edits(plan: Plan, value: Value, choice: Choice, several: bool) -> tuple[str, ...]:
    """What would remove a kept value. several: whether it is differentiated by more than one argument."""
    structure, found = plan.structure, []
    name = spelled(value, structure.definitions)
    if choice.kind == reasons.OVERWRITTEN:
        line = _overwritten_at(plan, value)
        at = f" at line {line}" if line else ""
        found.append(f"{name} is overwritten{at}: with what is written there in a new array, no copy is made (there "
                     "are two arrays then, too)")
    operand = _only_operand(plan, value)
    if operand is not None:
        found += _without(plan, name, operand, several)
    if choice.kind == reasons.CARRIED and structure.loop_of(value) is not None:
        found.append("cut the loop into stretches: a function under @wb.checkpoint that makes m turns is called once "
                     "for every m; of n turns about n/m + m values are there at a time, for one more run")
    if choice.kind in _BY_CHECKPOINT and structure.loop_of(value) is not None:
        found.append(f"put what makes {name} in this loop into a function under @wb.checkpoint: its arguments are kept "
                     "instead, which pays where they take less, and it runs once more")
    if choice.kind == reasons.COUNT:
        found.append("a for loop without break, over a range that is known when the outermost loop begins, needs no "
                     "such count")
    return tuple(found)


def _without(plan: Plan, name: str, operand: Value, several: bool) -> list[str]:
    by = spelled(operand, plan.structure.definitions)
    if operand in plan.structure.function.params:
        return [f"needed for the derivative by {by} alone: leave {by} out of wrt where that is not wanted"] \
            if several else []
    return [f"needed for the derivative by {by} alone: with wb.stop_gradient there, which leaves out that part of the "
            f"gradient, {name} is not needed"]


def _only_operand(plan: Plan, value: Value) -> Value | None:
    """The one operand for whose derivative a value is needed, if it is one, and another one than what makes it."""
    operands: Collection[Value | None] = {wish.operand for wish in plan.needs(value)}
    (operand, *others) = operands or (None,)
    maker = plan.structure.definitions.get(value)
    own = operand is value or (maker is not None and operand in maker.operands)  # (it would not be there either)
    return None if others or own or isinstance(operand, Constant) else operand


def _overwritten_at(plan: Plan, value: Value) -> int | None:
    """The line that overwrites an array."""
    for op in walk(plan.structure.function.block):
        if value in consumed_operands(op):
            return op.span.line if op.span is not None else None
        if op.regions and value in op.operands:
            return _first_write(op, value)
    return None


def _first_write(op: Op, value: Value) -> int | None:
    """The line in a loop's body that writes to what an array begins as there."""
    inits = op.operands[2:] if op.prim == "for" else op.operands
    params = op.regions[0].params[1:] if op.prim == "for" else op.regions[0].params
    versions = {param for init, param in zip(inits, params, strict=False) if init is value}
    for inner in (inner for region in op.regions for inner in walk(region)):
        if versions & set(consumed_operands(inner)):
            return inner.span.line if inner.span is not None else None
    return op.span.line if op.span is not None else None
