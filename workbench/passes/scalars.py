"""Scalar replacement: small arrays of constant size whose every index is known become scalars, carried ones too.

Values that share a buffer (updates, loops, arms) are one group; a group is replaced as a whole or not at all. What
leaves the function is packed into an array at its end.

Invariant: only arrays that the program makes itself are replaced, never the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from workbench.ir import Block, Constant, Function, Kind, Op, ScalarType, Value, walk
from workbench.ir.rewrite import Rewriter
from workbench.passes.base import Pass
from workbench.records import dataclass


@dataclass(frozen=True)
class ScalarReplacement(Pass):
    """Replaces arrays of at most `limit` elements."""

    name: ClassVar[str] = "scalar-replacement"
    limit: int = 16

    def __call__(self, function: Function) -> Function:
        """The function with small arrays as scalars."""
        groups = _Groups(function, self.limit)
        return _Replacer(groups).run(function) if groups.chosen else function


def constant_size(value: Value) -> int | None:
    """Number of elements, where it is constant."""
    if not value.is_array or not value.dims:
        return None
    size = 1
    for dim in value.dims:
        if not isinstance(dim, Constant):
            return None
        size *= int(dim.value.real)
    return size


def flat_index(value: Value, indices: Sequence[Value]) -> int | None:
    """The position of an element in row-major order, where the indices are constant and in range."""
    flat = 0
    for dim, index in zip(value.dims, indices, strict=True):
        if not isinstance(index, Constant) or not isinstance(dim, Constant):
            return None
        length, where = int(dim.value.real), int(index.value.real)
        if not 0 <= where < length:
            return None
        flat = flat * length + where
    return flat


def joined(op: Op) -> Iterator[tuple[Value, ...]]:
    """Values of a control operation that share a buffer, position by position."""
    for k, result in enumerate(op.results):
        if op.prim == "for":
            (body,) = op.regions
            yield op.operands[2 + k], body.params[1 + k], body.yields[k], result
        elif op.prim == "while":
            before, after = op.regions
            yield op.operands[k], before.params[k], before.yields[1 + k], after.yields[k], result
        else:
            yield (*(region.yields[k] for region in op.regions), result)


class _Groups:
    """Which values are replaced."""

    def __init__(self, function: Function, limit: int) -> None:
        self.limit = limit
        self.parent: dict[Value, Value] = {}
        self.barred: set[Value] = set()
        for param in function.params:
            self.bar(param)
        for op in walk(function.block):
            self._look(op)
        barred = {self.find(value) for value in self.barred}
        self.chosen = {v for v in self.parent if self.find(v) not in barred}

    def find(self, value: Value) -> Value:
        """The representative of a group."""
        self.parent.setdefault(value, value)
        while self.parent[value] is not value:
            value = self.parent[value]
        return value

    def bar(self, value: Value) -> None:
        """Leave a value's group in memory."""
        if value.is_array:
            self.find(value)
            self.barred.add(value)

    def join(self, *values: Value) -> None:
        """Put values into one group."""
        for value in values[1:]:
            self.parent[self.find(value)] = self.find(values[0])

    def _look(self, op: Op) -> None:
        if op.regions:
            for values in joined(op):
                if values[0].is_array:
                    self.join(*values)
            return
        for result in op.results:
            size = constant_size(result)
            if result.is_array and (size is None or size > self.limit or op.prim not in _MAKERS):
                self.bar(result)
            elif result.is_array:
                self.find(result)
        if op.prim in ("store", "accum"):
            self.join(op.operands[0], op.result)
        if op.prim in ("load", "store", "accum"):
            where = op.operands[1 if op.prim == "load" else 2:]
            if op.operands[0].is_array and (not op.operands[0].dims or flat_index(op.operands[0], where) is None):
                self.bar(op.operands[0])
        elif op.prim != "copy":
            for value in op.operands:
                self.bar(value)


class _Replacer(Rewriter):
    """Rewrites operations on chosen values to scalars."""

    def __init__(self, groups: _Groups) -> None:
        super().__init__()
        self.chosen = groups.chosen
        self.elements: dict[Value, list[Value]] = {}

    def run(self, function: Function) -> Function:
        """The rewritten function; results that were replaced are packed."""
        outer, self.ops = self.ops, []
        params = tuple(self.fresh(p) for p in function.params)
        for op in function.block.ops:
            self.rewrite_op(op)
        yields = tuple(self.pack(v) if v in self.chosen else self.get(v) for v in function.results)
        block = Block(params, tuple(self.ops), yields)
        self.ops = outer
        shapes = {self.get(v): where for v, where in function.shape_params.items()}
        return Function(function.name, block, shapes, function.span)

    def put(self, prim: str, operands: Sequence[Value], like: Value, op: Op | None = None) -> Value:
        """Emit an operation with a result like `like`."""
        result = Value(self.type(like.type), like.name)
        self.emit(Op(prim, tuple(operands), (result,), {"kind": like.kind} if prim == "empty" else {}, (),
                     op.span if op else None))
        return result

    def pack(self, value: Value) -> Value:
        """An array that holds the elements."""
        array = self.put("empty", value.dims, value)
        for element, index in zip(self.elements[value], positions(value), strict=True):
            array = self.put("store", (array, element, *index), value)
        return array

    def rewrite_op(self, op: Op) -> None:
        """Rewrite one operation."""
        handler = _MAKERS.get(op.prim)
        if op.regions:
            self.control(op)
        elif op.prim == "load" and op.operands[0] in self.chosen:
            flat = flat_index(op.operands[0], op.operands[1:])
            assert flat is not None
            self.env[op.result] = self.elements[op.operands[0]][flat]
        elif handler is not None and op.result in self.chosen:
            self.elements[op.result] = handler(self, op)
        elif op.prim == "copy" and op.operands[0] in self.chosen:
            self.env[op.result] = self.pack(op.operands[0])
        else:
            self.copy_op(op)

    def full(self, op: Op) -> list[Value]:
        """All elements equal."""
        size = constant_size(op.result) or 0
        return [self.get(op.operands[0])] * size

    def empty(self, op: Op) -> list[Value]:
        """Undefined elements: zeros."""
        return [Constant(0, op.result.kind)] * (constant_size(op.result) or 0)

    def copy(self, op: Op) -> list[Value]:
        """The same elements, or loads of them."""
        source = op.operands[0]
        if source in self.chosen:
            return list(self.elements[source])
        like = Value(ScalarType(source.kind))
        return [self.put("load", (self.get(source), *index), like, op) for index in positions(source)]

    def store(self, op: Op) -> list[Value]:
        """One element replaced, or added to."""
        array, value, *where = op.operands
        flat = flat_index(array, where)
        assert flat is not None
        found = list(self.elements[array])
        new = self.get(value)
        if op.prim == "accum":
            new = self.put("add", (found[flat], new), Value(ScalarType(array.kind), array.name), op)
        found[flat] = new
        return found

    # ------------------------------------------------------------------ control flow
    def spread(self, values: Sequence[Value]) -> list[Value]:
        """New values, chosen arrays by their elements."""
        return [new for v in values for new in (self.elements[v] if v in self.chosen else [self.get(v)])]

    def make(self, values: Sequence[Value]) -> list[Value]:
        """New block parameters or results, chosen arrays as one scalar an element."""
        made: list[Value] = []
        for value in values:
            if value in self.chosen:
                size = constant_size(value) or 0
                self.elements[value] = [Value(ScalarType(value.kind), f"{value.name}_{k}" if value.name else "")
                                        for k in range(size)]
                made += self.elements[value]
            else:
                made.append(self.fresh(value))
        return made

    def control(self, op: Op) -> None:
        """Carried arrays become carried scalars."""
        operands = self.spread(op.operands)
        regions = []
        for region in op.regions:
            outer, self.ops = self.ops, []
            params = self.make(region.params)
            for inner in region.ops:
                self.rewrite_op(inner)
            regions.append(Block(tuple(params), tuple(self.ops), tuple(self.spread(region.yields))))
            self.ops = outer
        self.emit(Op(op.prim, tuple(operands), tuple(self.make(op.results)), op.attrs, tuple(regions), op.span))


def positions(value: Value) -> list[tuple[Value, ...]]:
    """All indices of an array of constant size, in row-major order."""
    found: list[tuple[Value, ...]] = [()]
    for dim in value.dims:
        assert isinstance(dim, Constant)
        found = [(*index, Constant(k, Kind.INT)) for index in found for k in range(int(dim.value.real))]
    return found


_MAKERS: dict[str, Callable[[_Replacer, Op], list[Value]]] = {
    "full": _Replacer.full, "empty": _Replacer.empty, "copy": _Replacer.copy, "store": _Replacer.store,
    "accum": _Replacer.store,
}
