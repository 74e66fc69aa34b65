"""A linear map of a traced program, applied to each unit tangent (or cotangent): the columns or rows of its matrix.

The numbers of an array are gone through by one loop over items (`mapped_loops`), which is laid out so that the lanes of
vector instructions are filled; what the map is linear about was computed before it, once.

Invariant: the map is emitted once for each array among what it takes, and once for all numbers: programs do not grow
with sizes, nor do they depend on them.

Source: Griewank & Walther, Evaluating Derivatives (2008), section 3.1 and 3.2: vector mode, forward and reverse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.frontend import arrays
from workbench.frontend.activation import Activation
from workbench.frontend.layout import laid
from workbench.frontend.library.shaping import size_of
from workbench.frontend.order import by_rows
from workbench.frontend.outputs import Leaf
from workbench.frontend.tracer import ONE, ZERO
from workbench.frontend.values import Array, Scalar
from workbench.ir import Constant, Kind, Value
from workbench.operators.mapped_loops import MappedLoop
from workbench.records import dataclass

Taken = Callable[[list[Value], Leaf, list[Value]], Sequence[Value]]
FEW = 4  # numbers that the map is written out for; more of them are gone through by a loop


@dataclass(frozen=True, eq=False)
class Units:
    """The numbers that a linear map takes. run: what the map gives for flat tangents or cotangents by position, of
    which those that are missing are zero; dims: the dimensions of each leaf; one: what a unit is; items_last: the axis
    that counts units comes last in what `each` gives."""

    act: Activation
    leaves: Sequence[Leaf]
    dims: Mapping[int, Sequence[Value]]
    run: Callable[[dict[int, Value]], list[Value]]
    one: complex = 1.0
    items_last: bool = False

    def each(self, taken: Taken, key: str) -> dict[int, list[Any]]:
        """What is `taken` of the map's values for each unit, given the leaf it is of and its indices there; stacked,
        for each leaf by its position."""
        numbers = [leaf for leaf in self.leaves if leaf.rank < 0]
        made: dict[int, list[Any]] = {}
        if len(numbers) <= FEW or len({leaf.kind for leaf in numbers}) > 1:
            for leaf in numbers:
                made[leaf.position] = list(taken(self.run({leaf.position: self.value(leaf.kind)}), leaf, []))
        else:
            made.update(self.of_numbers(numbers, taken, key))
        for leaf in self.leaves:
            if leaf.rank >= 0:
                made[leaf.position] = self.of_array(leaf, taken, key)
        return made

    def value(self, kind: Kind) -> Constant:
        """A unit of a kind."""
        return Constant(self.one if kind.is_complex else self.one.real, kind)

    def of_array(self, leaf: Leaf, taken: Taken, key: str) -> list[Any]:
        """For each entry of an array."""
        t = self.act.t
        dims = list(self.dims[leaf.position])
        count = size_of(t, dims)

        def of_item(index: Scalar) -> Any:
            k = t.scalar(index)
            where = self.indices(k, dims)
            unit = t.emit("store", t.emit("full", Constant(0, leaf.kind), *dims), self.value(leaf.kind), *where)
            return self.values(taken(self.run({leaf.position: unit}), leaf, where))
        return self.loop(count, of_item, (key, leaf.position))

    def of_numbers(self, numbers: Sequence[Leaf], taken: Taken,
                   key: str) -> dict[int, list[Any]]:
        """For each of several numbers: in what is taken, none of them has indices."""
        t = self.act.t

        def of_item(index: Scalar) -> Any:
            k = t.scalar(index)
            seeds = {leaf.position: t.emit("select", t.emit("eq", k, Constant(n, Kind.INT)), self.value(leaf.kind),
                                           Constant(0, leaf.kind)) for n, leaf in enumerate(numbers)}
            results = self.run(seeds)
            rows = [taken(results, leaf, []) for leaf in numbers]
            chosen = list(rows[-1])
            for n in range(len(numbers) - 2, -1, -1):
                is_it = t.emit("eq", k, Constant(n, Kind.INT))
                chosen = [a if a is b else t.emit("select", is_it, a, b) for a, b in zip(rows[n], chosen, strict=True)]
            return self.values(chosen)
        stacked = self.loop(Constant(len(numbers), Kind.INT), of_item, (key, "numbers"))
        return {leaf.position: [self.row(array, n) for array in stacked] for n, leaf in enumerate(numbers)}

    # ------------------------------------------------------------------ parts
    def values(self, results: Sequence[Value]) -> tuple[Any, ...]:
        """Results of the map as values of the evaluator."""
        return tuple(self.act.t.new_array(v) for v in results)

    def loop(self, count: Value, of_item: Callable[[Scalar], Any], key: tuple[Any, ...]) -> list[Value]:
        """What is given for each item, stacked."""
        t = self.act.t
        loop = MappedLoop(self.act)
        loop.items_last = self.items_last
        loop.repeat(count, of_item, 0, ("units", *key))
        return [arrays.read(t, array) for array in loop.gathered()]

    def row(self, array: Value, n: int) -> Value:
        """What was stacked of one item."""
        t = self.act.t
        at = Constant(n, Kind.INT)
        if array.rank == 1:
            return t.emit("load", array, at)
        rank = array.rank - 1
        dims, fixed, starts = list(array.dims[1:]), [True, *[False] * rank], [at, *[ZERO] * rank]
        if self.items_last:
            dims, fixed, starts = list(array.dims[:-1]), [*[False] * rank, True], [*[ZERO] * rank, at]
        return t.emit("slice", array, *starts, *dims, *[ONE] * rank, fixed=tuple(fixed))

    def indices(self, k: Value, dims: Sequence[Value]) -> list[Value]:
        """The indices of an array's entry, counted by rows."""
        t = self.act.t
        found: list[Value] = []
        for dim in reversed(dims[1:]):
            found.append(t.emit("mod", k, dim))
            k = t.emit("floordiv", k, dim)
        return [*([k] if dims else []), *reversed(found)]


def array_of(act: Activation, value: Value, dims: Sequence[Value]) -> Any:
    """An array of the evaluator's own with these dimensions, which are those of the value multiplied out."""
    t = act.t
    if tuple(value.dims) != tuple(dims):
        value = t.emit("reshape", value, *dims)
    array: Array = laid(t.new_array(value), by_rows(len(dims)))
    return array
