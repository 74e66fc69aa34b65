"""Divergence and curl of vector fields, inside traced programs.

A field is a function whose result has as many numbers as what it is differentiated by: both an array of the same shape,
numbers, or structures of them.

Source: the definitions, in Cartesian coordinates; the derivatives are those of `jacobian`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from workbench.frontend.activation import Activation
from workbench.frontend.arrays import read
from workbench.frontend.outputs import Leaf, Tree, leaves
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import Array, Scalar
from workbench.ir import Constant, Kind, Value
from workbench.operators import linear, strategy
from workbench.operators.evaluated import shaped
from workbench.operators.jacobian import Call, Linearised, Operator, blocks_of, size_known
from workbench.operators.second_order import summed
from workbench.operators.units import array_of
from workbench.records import dataclass


@dataclass(frozen=True)
class Field(Operator):
    """What the operators of fields have in common."""

    def linearised(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Linearised, str]:
        """A call of the function, linearised."""
        call = Call(act, self.function, self.wrt, args, named, self.has_aux)
        if any(leaf.kind.is_complex for tree in (*call.takes, call.gives) for leaf in leaves(tree)):
            act.t.fail(f"the {self.operator} of a complex field", "differentiate its real and imaginary part")
        mode = self.mode if self.mode != "auto" else strategy.chosen(self.operator, call.inputs(), call.inputs())
        return call.linearised(mode), mode


@dataclass(frozen=True)
class Divergence(Field):
    """The sum of the derivatives of each number of the result by the corresponding one of the argument."""

    operator: ClassVar[str] = "divergence"

    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call it."""
        done, mode = self.linearised(act, args, named)
        takes, gives = _unique(act.t, done.takes), _unique(act.t, [done.gives])
        first, second = (gives, takes) if mode == strategy.REVERSE else (takes, gives)
        order = {position: k for k, position in enumerate(linear.positions(done.map.gives))}
        picking = _Picking(act, first, second, order, done.dims)
        found = [v for (v,) in done.units(act).each(picking.taken, self.operator).values()]
        value = summed(act, found, done.takes)
        return (value, done.aux) if self.has_aux else value


class _Picking:
    """Which of the numbers that a linear map gives belongs to which of those it takes."""

    def __init__(self, act: Activation, takes: Sequence[Leaf], gives: Sequence[Leaf], order: dict[int, int],
                 dims: dict[int, tuple[Value, ...]]) -> None:
        self.t = act.t
        self.takes = [leaf.position for leaf in takes]
        self.gives = gives
        self.order = order
        self.dims = dims
        self.alike = [leaf.rank for leaf in takes] == [leaf.rank for leaf in gives]
        numbers, vector = all(leaf.rank < 0 for leaf in takes), [leaf.rank for leaf in gives] == [1]
        self.to_vector = numbers and vector
        self.to_numbers = [leaf.rank for leaf in takes] == [1] and all(leaf.rank < 0 for leaf in gives)
        if not (self.alike or self.to_vector or self.to_numbers):
            self.refuse()

    def refuse(self) -> None:
        """Raise where the two do not fit."""
        self.t.fail("a vector field is needed: its result must have the shape of what it is differentiated by",
                    "return an array of the shape of the argument")

    def same(self, a: Value, b: Value) -> None:
        """Two sizes must be equal."""
        if isinstance(a, Constant) and isinstance(b, Constant) and a != b:
            self.refuse()
        if not self.t.same(a, b):
            self.t.check(self.t.emit("eq", a, b), "ValueError", "the result of a vector field has another shape than "
                         "what it is differentiated by")

    def taken(self, results: list[Value], leaf: Leaf, where: list[Value]) -> list[Value]:
        """The number that belongs to a unit."""
        t = self.t
        if self.alike:
            value = results[self.order[self.gives[self.takes.index(leaf.position)].position]]
            for a, b in zip(self.dims[leaf.position] if leaf.rank >= 0 else (), value.dims, strict=True):
                self.same(a, b)
            return [t.emit("load", value, *where) if leaf.rank > 0 else value]
        if self.to_vector:
            (value,) = results
            self.same(value.dims[0], Constant(len(self.takes), Kind.INT))
            return [t.emit("load", value, Constant(self.takes.index(leaf.position), Kind.INT))]
        numbers = [results[self.order[out.position]] for out in self.gives]
        self.same(self.dims[leaf.position][0], Constant(len(numbers), Kind.INT))
        chosen = numbers[-1]
        for n in range(len(numbers) - 2, -1, -1):
            chosen = t.emit("select", t.emit("eq", where[0], Constant(n, Kind.INT)), numbers[n], chosen)
        return [chosen]


def _unique(t: Tracer, trees: Sequence[Tree]) -> list[Leaf]:
    """The leaves, each of which must be there once."""
    found = [leaf for tree in trees for leaf in leaves(tree)]
    if len({leaf.position for leaf in found}) < len(found):
        t.fail("one array in several places of a vector field's argument or result", "pass a copy (`.copy()`)")
    return found


_NOT_THREE = "the curl of a field that is not in three dimensions"


def three(t: Tracer, dim: Value) -> None:
    """Raise where a size is not three; where it is one of an argument, the program is made for that size."""
    if isinstance(dim, Constant) and dim.value != 3:
        t.fail(_NOT_THREE, "use wb.jacobian")
    if size_known(t, dim) == 3:
        t.static_int(Scalar(dim, True), "the size of a field")
    else:
        t.check(t.emit("eq", dim, Constant(3, Kind.INT)), "ValueError", _NOT_THREE)


@dataclass(frozen=True)
class Curl(Field):
    """The curl of a field in three dimensions, in the structure of the field's result."""

    operator: ClassVar[str] = "curl"

    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call it."""
        t = act.t
        done, mode = self.linearised(act, args, named)
        outs, ins = _unique(t, [done.gives]), _unique(t, done.takes)
        blocks = blocks_of(act, done, mode)
        for block in blocks.values():
            for dim in block.dims if isinstance(block, Array) else ():
                three(t, dim)
        rows = [(leaf, n) for leaf in outs for n in self.numbers(t, leaf, outs)]
        columns = [(leaf, n) for leaf in ins for n in self.numbers(t, leaf, ins)]

        def entry(i: int, j: int) -> Value:
            (out, n), (leaf, k) = rows[i], columns[j]
            block = blocks[out.position, leaf.position]
            where = [Constant(v, Kind.INT) for v in (n, k) if v is not None]
            return t.emit("load", read(t, block), *where) if where else t.scalar(block)
        parts = [t.emit("sub", entry(2, 1), entry(1, 2)), t.emit("sub", entry(0, 2), entry(2, 0)),
                 t.emit("sub", entry(1, 0), entry(0, 1))]
        value = self.structured(act, done.gives, parts)
        return (value, done.aux) if self.has_aux else value

    @staticmethod
    def numbers(t: Tracer, leaf: Leaf, among: Sequence[Leaf]) -> list[int | None]:
        """The three numbers of an array, or one that is a number itself. Raises where there are not three in all."""
        if len(among) == 3 and leaf.rank < 0:
            return [None]
        if len(among) != 1 or leaf.rank != 1:
            t.fail(_NOT_THREE, "use wb.jacobian")
        return [0, 1, 2]

    @staticmethod
    def structured(act: Activation, tree: Tree, parts: list[Value]) -> Any:
        """The three numbers in the structure of the field's result."""
        t = act.t
        remaining = list(parts)

        def leaf_value(leaf: Leaf) -> Any:
            if leaf.rank < 0:
                return Scalar(remaining.pop(0), leaf.python)
            made = t.emit("empty", Constant(3, Kind.INT), kind=parts[0].kind)
            for k, part in enumerate(parts):
                made = t.emit("store", made, part, Constant(k, Kind.INT))
            return array_of(act, made, made.dims)
        return shaped(t, tree, leaf_value, lambda static: None)
