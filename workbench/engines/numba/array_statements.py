"""Statements that make and change arrays. An array that an operation updates is the variable that it was before."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.engines.numba.folding import is_growable
from workbench.engines.numba.list_statements import list_store
from workbench.engines.numba.spelling import dtype
from workbench.engines.numba.writer import UPDATES, Writer
from workbench.ir import Constant, Kind, Op, Value
from workbench.rules import with_called
from workbench.rules.kernels.products import PRODUCTS


def shape_text(w: Writer, values: Sequence[Value]) -> str:
    """A shape: `n` or `(n, m)`."""
    texts = [w.spell.text(v) for v in values]
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def allocation(w: Writer, function: str, dims: Sequence[Value], kind: Kind) -> str:
    """`np.zeros(n)`, with the dtype unless it is float64."""
    return f"{function}({shape_text(w, dims)}{'' if kind is Kind.F64 else ', ' + dtype(kind)})"


def empty(w: Writer, op: Op) -> None:
    """A new array, contents undefined."""
    w.assign_text(op.result, allocation(w, "np.empty", op.operands, op.result.kind))


def full(w: Writer, op: Op) -> None:
    """A new array, all elements equal."""
    value, *dims = op.operands
    kind = op.result.kind
    zero = isinstance(value, Constant) and repr(value.value) in ("0", "0.0", "0j", "False")
    if zero:
        w.assign_text(op.result, allocation(w, "np.zeros", dims, kind))
    elif isinstance(value, Constant) and repr(value.value) in ("1", "1.0", "True"):
        w.assign_text(op.result, allocation(w, "np.ones", dims, kind))
    else:
        w.assign_text(op.result, f"np.full({shape_text(w, dims)}, {w.spell.text(value)})")


def copy(w: Writer, op: Op) -> None:
    """A new array with the same elements."""
    w.assign_text(op.result, f"{w.names(op.operands[0])}.copy()")


def iota(w: Writer, op: Op) -> None:
    """0, 1, ..., n-1."""
    w.assign_text(op.result, f"np.arange({w.spell.text(op.operands[0])})")


def reshape(w: Writer, op: Op) -> None:
    """A view where the operand is dead and ours, else of a copy."""
    array, *dims = op.operands
    copied = "" if op in w.views else ".copy()"
    w.assign_text(op.result, f"{w.names(array)}{copied}.reshape({shape_text(w, dims)})")


def matmul(w: Writer, op: Op) -> None:
    """A product by BLAS."""
    turned = op.attrs.get("turned", (False, False))
    names = [w.names(v) for v in op.operands]
    if op.result.rank > 2:
        helper = PRODUCTS[turned]
        w.helpers.update((part.__name__, part) for part in with_called(helper))
        w.assign_text(op.result, f"{helper.__name__}({', '.join(names)})")
        return
    texts = [f"{name}.T" if t else name for name, t in zip(names, turned, strict=True)]
    w.assign_text(op.result, f"np.dot({', '.join(texts)})")


def store(w: Writer, op: Op) -> None:
    """`a[i] = v`, or `a[i] += v` where v adds to that element."""
    array, value, *indices = op.operands
    if is_growable(array):
        list_store(w, op)
        return
    place = w.spell.element(array, tuple(indices))
    inner = w.folding.inlined.get(value)
    sign = UPDATES.get(inner.prim) if inner is not None else None
    if inner is not None and sign is not None:
        first, second = inner.operands
        if w.spell.text(first) == place:
            w.line(f"{place} {sign} {w.spell.text(second)}", inner)
            return
        if inner.prim in ("add", "mul") and w.spell.text(second) == place:
            w.line(f"{place} {sign} {w.spell.text(first)}", inner)
            return
    w.line(f"{place} = {w.spell.text(value)}", inner)


def accum(w: Writer, op: Op) -> None:
    """`a[i] += v`."""
    array, value, *indices = op.operands
    if is_growable(array):
        list_store(w, op)
        return
    negated = w.folding.inlined.get(value)
    place = w.spell.element(array, tuple(indices))
    if negated is not None and negated.prim == "neg":
        w.line(f"{place} -= {w.spell.text(negated.operands[0])}", op)
    else:
        w.line(f"{place} += {w.spell.text(value)}", op)
