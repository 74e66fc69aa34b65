"""Statements of growable lists: arrays with room, which are made longer where an element is stored beyond it."""

from __future__ import annotations

from workbench.engines.numba.spelling import constant_text, dtype
from workbench.engines.numba.writer import Writer
from workbench.ir import Constant, Kind, Op


def new_list(w: Writer, op: Op) -> None:
    """An empty list with some room: of zeros, where such may be read."""
    kind = op.result.kind
    w.assign_text(op.result, f"{w.allocate}(64{'' if kind is Kind.F64 else ', ' + dtype(kind)})")


def list_store(w: Writer, op: Op) -> None:
    """Grow if needed, then store or add."""
    array, value, index = op.operands
    name, k = w.names(array), w.spell.text(index)
    if op not in w.with_room:
        grow_list(w, name, k)
    w.line(f"{name}[{k}] {'+=' if op.prim == 'accum' else '='} {w.spell.text(value)}")


def grow_list(w: Writer, name: str, k: str, lacks: bool = False) -> None:
    """Make room for an element; `lacks`: there is surely none."""
    w.helpers[w.grow.__name__] = w.grow
    if not lacks:
        w.line(f"if {k} >= {name}.size:")
    w.depth += not lacks
    w.line(f"{name} = {w.grow.__name__}({name}, {k})")
    w.depth -= not lacks


def list_load(w: Writer, op: Op) -> None:
    """An element, or zero beyond the end (where the adjoint of an element has not been written)."""
    array, index = op.operands
    name, k = w.names(array), w.spell.text(index)
    if op.attrs.get("kept"):  # a residual: the forward sweep has stored it
        w.assign_text(op.result, f"{name}[{k}]")
        return
    zero = constant_text(Constant(0, op.result.kind))[0]
    w.assign_text(op.result, f"{name}[{k}] if {k} < {name}.size else {zero}")
