"""`np.einsum`, `np.tensordot` and what they are the general case of: sums of products, pair by pair, left to right.

An operand is an array with a label per axis. Labels that occur twice in one operand take its diagonal; an axis of
length 1 is dropped (it broadcasts); a label that nothing else needs is summed at once. A pair is one matrix product
where it sums over something, else a product of elements.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from workbench.frontend import arithmetic, arrays, layout
from workbench.frontend.activation import Activation
from workbench.frontend.library.operands import as_numpy, as_operand, fits, write_out
from workbench.frontend.library.reductions import axes_of
from workbench.frontend.library.registry import implements
from workbench.frontend.library.shaping import size_of
from workbench.frontend.numbers import common_kind, number_kind
from workbench.frontend.order import Order, combined
from workbench.frontend.tracer import ONE, Tracer
from workbench.frontend.values import Array, ListValue, describe
from workbench.ir import Kind, Value
from workbench.records import dataclass

Label = str | int
Labels = tuple[Label, ...]


@dataclass(frozen=True)
class Term:
    """An operand: its elements, and a label per axis (all different)."""

    value: Value
    labels: Labels


# ---------------------------------------------------------------------- one operand
def term(t: Tracer, value: Value, labels: Labels) -> Term:
    """An operand whose labels differ: diagonals taken, axes of length 1 dropped."""
    if len(labels) != len(value.dims):
        raise ValueError("einstein sum subscripts string does not contain the right number of indices")
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            value, labels = _diagonal(t, value, labels, label)
    kept = [k for k, d in enumerate(value.dims) if t.builder.resolve(d) != ONE]
    if len(kept) < len(labels):
        value = _reshaped(t, value, [value.dims[k] for k in kept])
        labels = tuple(labels[k] for k in kept)
    return Term(value, labels)


def _diagonal(t: Tracer, value: Value, labels: Labels, label: Label) -> tuple[Value, Labels]:
    first = labels.index(label)
    second = labels.index(label, first + 1)
    rest = [k for k in range(len(labels)) if k not in (first, second)]
    message = "dimensions in single operand for collapsing index do not match"
    arrays.require_same(t, value.dims[first], value.dims[second], message)
    places = t.emit("iota", value.dims[first])
    turned = t.emit("transpose", value, perm=(first, second, *rest))
    return t.emit("gather", turned, places, places), (label, *(labels[k] for k in rest))


def _reshaped(t: Tracer, value: Value, dims: Sequence[Value]) -> Value:
    """A value with other dimensions (a scalar where there are none)."""
    if dims:
        return t.emit("reshape", value, *dims) if value.is_array else t.emit("full", value, *dims)
    if not value.is_array:
        return value
    return t.emit("load", t.emit("reshape", value, ONE), t.integer(0))


def _ordered(t: Tracer, x: Term, labels: Sequence[Label]) -> Value:
    """The elements with axes in another order."""
    perm = tuple(x.labels.index(label) for label in labels)
    return x.value if perm == tuple(range(len(perm))) else t.emit("transpose", x.value, perm=perm)


def summed(t: Tracer, x: Term, needed: Collection[Label]) -> Term:
    """Labels that nothing needs summed over."""
    axes = tuple(k for k, label in enumerate(x.labels) if label not in needed)
    if not axes:
        return x
    return Term(t.emit("sum", x.value, axes=axes), tuple(label for label in x.labels if label in needed))


# ---------------------------------------------------------------------- two operands
def product(t: Tracer, x: Term, y: Term, needed: Collection[Label]) -> Term:
    """The product, summed over shared labels that are not needed."""
    shared = [label for label in x.labels if label in y.labels]
    for label in shared:
        first, second = (v.value.dims[v.labels.index(label)] for v in (x, y))
        arrays.refuse_stretching(t, first, second, first, second)
        arrays.require_same(t, first, second, "operands could not be broadcast together")
    inner = [label for label in shared if label not in needed]
    batch = [label for label in shared if label in needed]
    left = [label for label in x.labels if label not in shared]
    right = [label for label in y.labels if label not in shared]
    if not inner:
        return _elements(t, x, y, batch, left, right)
    rows, columns = [_dim(x, label) for label in left], [_dim(y, label) for label in right]
    lead, depth = [_dim(x, label) for label in batch], [_dim(x, label) for label in inner]
    stack = [size_of(t, lead)] if lead else []
    high, wide = [size_of(t, rows)] if rows or lead else [], [size_of(t, columns)] if columns or lead else []
    deep = size_of(t, depth)
    a = _reshaped(t, _ordered(t, x, [*batch, *left, *inner]), [*stack, *high, deep])
    b = _reshaped(t, _ordered(t, y, [*batch, *inner, *right]), [*stack, deep, *wide])
    result = t.emit("matmul", a, b)
    dims = [*lead, *rows, *columns]
    return Term(result if not dims else _reshaped(t, result, dims), (*batch, *left, *right))


def _dim(x: Term, label: Label) -> Value:
    return x.value.dims[x.labels.index(label)]


def _elements(t: Tracer, x: Term, y: Term, batch: list[Label], left: list[Label], right: list[Label]) -> Term:
    a, b = _ordered(t, x, [*batch, *left]), _ordered(t, y, [*batch, *right])
    if a.is_array and b.is_array:
        a = _reshaped(t, a, [*a.dims, *[ONE] * len(right)])
        b = _reshaped(t, b, [*b.dims[:len(batch)], *[ONE] * len(left), *b.dims[len(batch):]])
    return Term(t.emit("mul", a, b), (*batch, *left, *right))


# ---------------------------------------------------------------------- any number
def contracted(t: Tracer, operands: Sequence[Any], inputs: Sequence[Labels], output: Labels) -> Any:
    """The sum of products over all labels that are not in the output."""
    kind = common_kind(*operands)
    lengths: dict[Label, Value] = {}
    terms = []
    for operand, labels in zip(operands, inputs, strict=True):
        for label, dim in zip(labels, operand.dims if isinstance(operand, Array) else (), strict=False):
            if lengths.setdefault(label, ONE) == ONE:
                lengths[label] = t.builder.resolve(dim)
        terms.append(term(t, arrays.operand(t, operand, kind), labels))
    for k, x in enumerate(terms):
        elsewhere = {label for y in (*terms[:k], *terms[k + 1:]) for label in y.labels}
        terms[k] = summed(t, x, elsewhere | set(output))
    result, *rest = terms
    while rest:
        needed = {label for y in rest[1:] for label in y.labels} | set(output)
        result = product(t, result, rest.pop(0), needed)
    if kind is Kind.BOOL:
        t.fail("einsum of truth values", "convert them")
    value = _ordered(t, result, [label for label in output if label in result.labels])
    dims = [lengths[label] if label in result.labels else ONE for label in output]
    if len(dims) != len(result.labels):
        value = _reshaped(t, value, dims)
    if value in [arrays.read(t, v) for v in operands if isinstance(v, Array)]:
        value = t.emit("copy", value)  # the sum of one array over nothing
    return t.new_array(value)


def _parsed(t: Tracer, subscripts: str, ranks: Sequence[int]) -> tuple[list[Labels], Labels]:
    """Labels of the operands and of the output; the axes of `...` are integers, counted from the last."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    parts = left.split(",")
    if len(parts) != len(ranks):
        raise ValueError("more operands provided to einstein sum function than specified in the subscripts string"
                         if len(parts) < len(ranks) else "fewer operands provided to einstein sum function than "
                         "specified in the subscripts string")
    inputs = [_labels(part, rank) for part, rank in zip(parts, ranks, strict=True)]
    dotted = sorted({label for labels in inputs for label in labels if isinstance(label, int)})
    if arrow:
        output = _labels(right, len(dotted) + len(right.replace("...", "")))
        found = {label for labels in inputs for label in labels}
        for label in output:
            if label not in found or output.count(label) > 1:
                raise ValueError(f"einstein sum subscripts string included output subscript '{label}' which never "
                                 "appeared in an input, or appears twice")
        return inputs, output
    letters = "".join(c for c in left if c.isalpha())
    once = sorted({c for c in letters if letters.count(c) == 1})
    return inputs, (*dotted, *once)


def _labels(part: str, rank: int) -> Labels:
    before, dots, after = part.partition("...")
    if not all(c.isalpha() for c in before + after):
        raise ValueError(f"invalid subscript in {part!r}: subscripts must be letters")
    count = rank - len(before) - len(after)
    if count < 0 or (count > 0 and not dots):
        raise ValueError("einstein sum subscripts string does not match the number of dimensions of an operand")
    return (*before, *range(-count, 0), *after)


def _interleaved(t: Tracer, act: Activation, args: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """`einsum(a, [0, 1], b, [1, 2], [0, 2])` as a string and operands."""
    def text(sublist: Any) -> str:
        entries = [t.read(v) for v in sublist.items] if isinstance(sublist, ListValue) else list(sublist)
        return "".join("..." if e is Ellipsis else chr(ord("a") + e if e < 26 else ord("A") + e - 26) for e in entries)

    pairs, last = (args, None) if len(args) % 2 == 0 else (args[:-1], args[-1])
    subscripts = ",".join(text(s) for s in pairs[1::2])
    return subscripts if last is None else f"{subscripts}->{text(last)}", list(pairs[::2])


@implements(np.einsum)
def einsum(act: Activation, *operands: Any, out: Any = None, optimize: Any = False, dtype: Any = None,
           order: Any = "K", casting: Any = "safe") -> Any:
    """The sum of products that subscripts say; how it is optimised is not asked."""
    t = act.t
    if dtype is not None:
        t.fail("the option 'dtype' of np.einsum", "leave it out")
    if isinstance(operands[0], str):
        subscripts, terms = operands[0], list(operands[1:])
    else:
        subscripts, terms = _interleaved(t, act, operands)
    numbers = [as_operand(t, v) for v in terms]
    for number in numbers:
        if number_kind(number) is None:
            raise TypeError(f"einsum of {describe(number)}")
    inputs, output = _parsed(t, subscripts, [v.rank if isinstance(v, Array) else 0 for v in numbers])
    if len(numbers) == 1 and isinstance(numbers[0], Array) and out is None and set(inputs[0]) == set(output):
        return _view(t, numbers[0], inputs[0], output)
    result = contracted(t, numbers, inputs, output)
    if not optimize:
        layout.laid(result, _order(t, numbers, inputs, output))
    if out is not None:
        fits(out, result, exact=True)
        write_out(t, out, result)
        return out
    return result


def _view(t: Tracer, array: Array, labels: Labels, output: Labels) -> Any:
    """The sum over nothing: NumPy has a view. Of a diagonal there is a copy here, which is not written, nor read once
    the array was written."""
    if len(labels) == len(output):
        return arrays.transposed(t, array, [labels.index(label) for label in output])
    made = contracted(t, [array], [labels], output)
    made.cell.order = Order((0,), None) if made.rank == 1 else None
    made.cell.snapshot = "a write to a view that np.einsum gives"
    array.cell.shown_by(made.cell)
    return made


def _order(t: Tracer, operands: Sequence[Any], inputs: Sequence[Labels], output: Labels) -> Order | None:
    """How NumPy lays out the sum: it runs over the output's axes, then over the others in order of their letters."""
    if any(len(set(labels)) < len(labels) for labels in inputs):
        return None
    summed = {label for labels in inputs for label in labels} - set(output)
    axes = (*output, *sorted(summed, key=str))
    lengths: dict[Label, Value] = {}
    orders: list[Order | None] = []
    for operand, labels in zip(operands, inputs, strict=True):
        found = layout.order(t, operand) if isinstance(operand, Array) else Order(())
        for label, dim in zip(labels, operand.dims if isinstance(operand, Array) else (), strict=True):
            if lengths.get(label, ONE) == ONE:
                lengths[label] = t.builder.resolve(dim)
        orders.append(None if found is None else Order(
            tuple(found.keys[labels.index(a)] if a in labels else None for a in axes), None, found.given))
    return combined(orders, len(axes), layout.loose_axes(t, [lengths[a] for a in axes]), len(output))


# ---------------------------------------------------------------------- special cases
@implements(np.tensordot)
def tensordot(act: Activation, a: Any, b: Any, axes: Any = 2) -> Any:
    """The sum over the last axes of one and the first of the other, or over pairs of axes."""
    t = act.t
    numbers = [as_operand(t, v) for v in (a, b)]
    ranks = [v.rank if isinstance(v, Array) else 0 for v in numbers]
    if isinstance(axes, (tuple, list, ListValue)):
        first, second = (t.environment.items(act, axes))
        pair = [_axes(t, act, v, rank) for v, rank in zip((first, second), ranks, strict=True)]
    else:
        n = t.static_int(axes, "the number of axes")
        pair = [tuple(range(ranks[0] - n, ranks[0])), tuple(range(n))]
    if len(pair[0]) != len(pair[1]) or any(k < 0 or k >= r for p, r in zip(pair, ranks, strict=True) for k in p):
        raise ValueError("shape-mismatch for sum")
    left: Labels = tuple(range(ranks[0]))
    right: Labels = tuple(pair[0][pair[1].index(k)] if k in pair[1] else ranks[0] + k for k in range(ranks[1]))
    output = tuple(k for k in left if k not in pair[0]) + tuple(k for k in right if k not in left)
    for i, j in zip(*pair, strict=True):
        arrays.require_same(t, numbers[0].dims[i], numbers[1].dims[j], "shape-mismatch for sum")
    return contracted(t, numbers, [left, right], output)


@implements(np.linalg.tensordot)
def linalg_tensordot(act: Activation, x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    """As `np.tensordot`."""
    return tensordot(act, x1, x2, axes)


def _axes(t: Tracer, act: Activation, value: Any, rank: int) -> tuple[int, ...]:
    entries = t.environment.items(act, value) if isinstance(value, (tuple, list, ListValue)) else [value]
    return tuple(axes_of(t, k, rank)[0] for k in entries)


@implements(np.inner)
def inner(act: Activation, a: Any, b: Any) -> Any:
    """The sum of products over the last axes of both."""
    t = act.t
    a, b = (as_operand(t, v) for v in (a, b))
    if not isinstance(a, Array) or not isinstance(b, Array):
        return as_numpy(t, arithmetic.elementwise(t, "mul", [a, b]))
    message = "shapes are not aligned"
    arrays.require_same(t, a.dims[-1], b.dims[-1], message)
    left, right = tuple(range(a.rank)), tuple(range(a.rank, a.rank + b.rank - 1))
    return contracted(t, [a, b], [left, (*right, a.rank - 1)], (*left[:-1], *right))


def _by_subscripts(name: str, subscripts: str, conjugates: bool) -> Any:
    def function(act: Activation, x1: Any, x2: Any, out: Any = None, axis: Any = -1) -> Any:
        t = act.t
        first, second = as_operand(t, x1), as_operand(t, x2)
        for position, part in enumerate(subscripts.split("->")[0].split(",")):
            v = (first, second)[position]
            if not isinstance(v, Array) or v.rank < len(part.removeprefix("...")):
                raise ValueError(f"{name}: input operand {position} does not have enough dimensions")
        if axis != -1:
            first, second = (_last(t, v, axis) for v in (first, second))
        if conjugates and first.kind.is_complex:
            first = arithmetic.elementwise(t, "conj", [first])
        return einsum(act, subscripts, first, second, out=out)
    return function


def _last(t: Tracer, array: Array, axis: Any) -> Array:
    """The array with an axis moved to the end."""
    (place,) = axes_of(t, axis, array.rank)
    return arrays.transposed(t, array, (*(k for k in range(array.rank) if k != place), place))


_vecdot = implements(np.vecdot)(_by_subscripts("np.vecdot", "...i,...i->...", True))
implements(np.matvec)(_by_subscripts("np.matvec", "...ij,...j->...i", False))
implements(np.vecmat)(_by_subscripts("np.vecmat", "...i,...ij->...j", True))


@implements(np.linalg.vecdot)
def linalg_vecdot(act: Activation, x1: Any, x2: Any, /, *, axis: Any = -1) -> Any:
    """As `np.vecdot`."""
    return _vecdot(act, x1, x2, axis=axis)
