"""Names whose arrays change their shape in a loop: `v = 0.5 * (v[1:] + v[:-1])`, `points = points[inside]`.

Such a name gets a buffer of its own, as large as its array was before the loop, and shows as much of it as its array
has now; what the body makes is copied to the beginning of it. An array that grows is refused when the program runs.

Invariant: nothing is written through such a name (the array it was before the loop may have other names, and would have
to be written in its first turn only), and it is not read once that array has been written.
"""

from __future__ import annotations

from typing import Any

from workbench.frontend import arrays
from workbench.frontend.moving import Moving
from workbench.frontend.places import at, lengths, numbers
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.values import Array, Variable
from workbench.ir import Constant, Value

_WRITTEN = "a write to an array whose name has arrays of other shapes in a loop"


def changes_shape(settle: Moving, old: Any, new: Any) -> bool:
    """True where the body makes an array that has become smaller, or one of a size that the loop computes."""
    if not isinstance(old, Array) or not isinstance(new, Array) or new.cell.depth <= settle.level:
        return False
    if old.kind is not new.kind or old.rank != new.rank:
        return False
    t = settle.t
    pairs = list(zip(old.dims, new.dims, strict=True))
    gaps = [(t.polynomial(b) - t.polynomial(a)).constant for a, b in pairs]
    if any(gap is not None and gap > 0 for gap in gaps):
        return False
    return any(_is_smaller(t, b, a) for a, b in pairs) or any(
        gap is None and settle.recipe(dim) is None for gap, dim in zip(gaps, new.dims, strict=True))


def _is_smaller(t: Tracer, dim: Value, than: Value) -> bool:
    """True for a dimension that is certainly smaller than another one, unless that is 0: of `v[1:]`, `v[::2]`."""
    gap = (t.polynomial(dim) - t.polynomial(than)).constant
    op = t.definition(dim)
    if gap is not None or op is None:
        return gap is not None and gap < 0
    if op.prim == "maximum" and op.operands[1] == ZERO:
        return _is_smaller(t, op.operands[0], than)
    if op.prim == "minimum":
        return any(_is_smaller(t, part, than) for part in op.operands)
    if op.prim == "floordiv" and isinstance(op.operands[1], Constant):
        gap, by = (t.polynomial(op.operands[0]) - t.polynomial(than)).constant, op.operands[1].value
        return gap is not None and gap < by and by > 1
    return False


def own_buffer(settle: Any, variable: Variable) -> Array:
    """What the name holds before the loop, copied into a buffer of its own: a view of all of it, whose lengths move."""
    before = settle.t.read(variable)
    own = settle.private(variable, before, copied=True)
    own.cell.snapshot = _WRITTEN
    before.cell.shown_by(own.cell)
    view = Array(own.cell, (arrays.whole(own),), own.dims)
    return at(view, numbers(view), frozenset(k for k in lengths(view) if k is not None))


def is_resized(settle: Moving, variable: Variable, old: Any) -> bool:
    """True where the name has such a buffer in this loop."""
    return isinstance(old, Array) and bool(old.moving) and old.cell.private_to == (settle.loop, variable)


def refill(settle: Any, variable: Variable, old: Array, new: Any) -> None:
    """Move what the body has made to the beginning of the name's own buffer."""
    t, own = settle.t, old.cell
    if not isinstance(new, Array) or new.rank != old.rank or new.kind is not old.kind:
        t.fail(f"{variable.name!r} changes its shape in a loop on some paths only", "use one shape, and a length")
    for dim, room in zip(new.dims, own.dims, strict=True):
        t.check(t.emit("ge", room, dim), "DifferentiationError", f"the shape of {variable.name} grows in a loop")
    value = settle.leaving(new, own, t.emit("copy", arrays.read(t, new)))
    held, rank = t.builder.read(own.slot), len(own.dims)
    filled = t.emit("slice_store", held, value, *[ZERO] * rank, *new.dims, *[ONE] * rank, fixed=(False,) * rank)
    settle.taken.append((own, filled))
    places = numbers(old)
    for position, dim in zip(lengths(old), new.dims, strict=True):
        assert position is not None
        places[position] = dim
    settle.stay(variable, settle.log.entry[variable], at(old, places))
