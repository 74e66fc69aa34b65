"""A bundle of tangents: a program becomes one that carries the tangents of many directions together.

A bundle is an array with one more axis than its value, the last: the lanes. A loop over lanes is an innermost loop, a
product with a matrix is a product of matrices. What moves along other axes moves a bundle along the same ones.

Invariant: lane k of every bundle is the tangent that `jvp` computes for direction k.
Source: Griewank & Walther, Evaluating Derivatives (2008), section 3.1 (vector mode).
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.ir import ArrayType, Builder, Constant, Function, Kind, Op, Type, Value, substitute_type
from workbench.passes.activity import active
from workbench.rules import Expr, emit, get
from workbench.rules.derivatives import scaled, stated
from workbench.rules.functions import kind_of_value
from workbench.transforms.jets import LINEAR, JetSweep, Parts, alone, flattened
from workbench.transforms.jvp import is_growable, jvp
from workbench.transforms.replay import declare
from workbench.transforms.structure import Structure

LANES = 0  # the part that is the bundle
ZERO, ONE = Constant(0, Kind.INT), Constant(1, Kind.INT)


def bundle(function: Function, wrt: Sequence[int], outputs: Sequence[int]) -> Function:
    """The function and its pushforward along many directions in one.

    wrt: positions among `function.data_params` that move; outputs: positions among `function.results` whose tangents
    are wanted. Result: parameters are the function's data parameters and a bundle per `wrt` position, of the
    parameter's dimensions and the number of lanes; results are the function's and a bundle per output.
    Raises ValueError for inputs and outputs that carry no derivative."""
    function = flattened(function)
    builder = Builder(f"{function.name}_bundle")
    builder.span = function.span
    env = declare(builder, function)
    params, results = carrying(function, wrt, outputs)
    lanes, seeds = seeded(builder, function, env, params)
    sweep = BundleSweep(builder, env, Structure(function), active(function, params, results), lanes)
    for param, seed in zip(params, seeds, strict=True):
        sweep.seed(param, [seed])
    sweep.block(function.block)
    builder.span = function.span
    tangents = [sweep.output(r, LANES, seeds) for r in results]
    return builder.finish([*(sweep.get(r) for r in function.results), *tangents])


def carrying(function: Function, wrt: Sequence[int], outputs: Sequence[int]) -> tuple[list[Value], list[Value]]:
    """The parameters and results at these positions. Raises ValueError where one carries no derivative."""
    params = [function.data_params[k] for k in wrt]
    results = [function.results[k] for k in outputs]
    for value in (*params, *results):
        if not value.kind.is_inexact:
            raise ValueError(f"{value!r} carries no derivative")
    return params, results


def seeded(builder: Builder, function: Function, env: dict[Value, Value],
           params: Sequence[Value]) -> tuple[Value, list[Value]]:
    """The number of lanes, and a new parameter per moving one: its bundle."""
    if not params:
        return ZERO, []
    lanes = builder.param(Constant(0, Kind.INT).type, "lanes", (len(function.data_params), params[0].rank))
    seeds = [builder.param(laned(substitute_type(p.type, env), lanes), f"{p.name or 'x'}_dots") for p in params]
    return lanes, seeds


def laned(type_: Type, lanes: Value) -> ArrayType:
    """The type of a bundle of values of a type. (That of a growable list is a list again: of element after element.)"""
    if isinstance(type_, ArrayType) and type_.growable:
        return type_
    return ArrayType(type_.kind, (*type_.dims, lanes))


class BundleSweep(JetSweep):
    """Copies a program with a bundle of tangents for each active value."""

    def __init__(self, builder: Builder, env: dict[Value, Value], structure: Structure, live: frozenset[Value],
                 lanes: Value, count: int = 1) -> None:
        super().__init__(builder, env, structure, live, count)
        self.lanes = lanes

    def part_type(self, type_: Type, k: int) -> Type:
        return laned(type_, self.lanes) if k == LANES else type_

    def name_of(self, name: str, k: int) -> str:
        return f"{name}_dots" if name else ""

    # ------------------------------------------------------------------ rules
    def rule(self, op: Op, operands: Sequence[Value]) -> list[Parts]:
        primitive = get(op.prim)
        if primitive.elementwise and primitive.partials is not None and op.prim != "select":
            return [[self.elementwise(op, operands)]]
        if op.prim in LINEAR:
            return [[self.along(op, operands)]]
        if op.prim == "matmul" and max(v.rank for v in operands) <= 2:
            return [[self.product(op, operands)]]
        return [[bundle] for bundle, _ in self.by_lane(op, operands, False)]

    def lifted(self, x: Value) -> Value:
        """A value that is the same in all lanes."""
        return emit(self.builder, "reshape", x, *x.dims, ONE) if x.is_array else x

    def elementwise(self, op: Op, operands: Sequence[Value]) -> Value | None:
        """The sum of the partial derivatives, times the operands' bundles."""
        primitive = get(op.prim)
        y, xs = Expr(self.builder, self.get(op.result)), [Expr(self.builder, v) for v in operands]
        total: Expr | None = None
        for partial, old in zip(stated(primitive, "forward", y, xs), op.operands, strict=True):
            dots = self.part(old, LANES)
            if partial is None or dots is None:
                continue
            slope = partial(y, *xs)
            if isinstance(slope, Expr):
                slope = Expr(self.builder, self.lifted(slope.value))
            part = scaled(primitive, Expr(self.builder, dots), slope, kind_of_value(y))
            total = part if total is None else total + part
        return None if total is None else self.spread(total.value, self.get(op.result))

    def spread(self, dots: Value, like: Value) -> Value:
        """A bundle, repeated to the dimensions of a value and the lanes."""
        if dots.rank == like.rank + 1:
            ones = any(d == ONE and e != ONE for d, e in zip(dots.dims, like.dims, strict=False))
            if not ones:
                return dots
        return emit(self.builder, "broadcast", dots, *like.dims, self.lanes)

    def along(self, op: Op, operands: Sequence[Value]) -> Value | None:
        """A linear operation, on the other axes of the bundles."""
        dots = [self.part(v, LANES) for v in op.operands]
        found, *rest = dots
        if op.prim == "transpose" and found is not None:
            perm = op.attrs["perm"]
            return emit(self.builder, "transpose", found, perm=(*perm, len(perm)))
        if op.prim in ("reshape", "broadcast") and found is not None:
            return emit(self.builder, op.prim, found, *operands[1:], self.lanes)
        if op.prim in ("fft", "rfft", "irfft"):
            return self.by_lane(op, operands, False)[0][0]
        if op.prim in ("sum", "cumsum", "cast", "real", "imag", "conj"):
            return emit(self.builder, op.prim, found, **op.attrs) if found is not None else None
        zeros = [Constant(0, v.kind) if d is None else d for v, d in zip(operands, dots, strict=True)]
        if op.prim == "select":
            if rest == [None, None]:
                return None
            made = emit(self.builder, "select", self.lifted(operands[0]), *zeros[1:])
        else:
            made = emit(self.builder, op.prim, *zeros)
        return self.spread(made, self.get(op.result))

    def product(self, op: Op, operands: Sequence[Value]) -> Value | None:
        """The bundle of a product of vectors and matrices."""
        parts = []
        for k, old in enumerate(op.operands):
            dots = self.part(old, LANES)
            if dots is not None:
                other = Expr(self.builder, operands[1 - k])
                parts.append((self.left if k == 0 else self.right)(Expr(self.builder, dots), other))
        total = parts[0] if len(parts) == 1 else parts[0] + parts[1]
        value: Value = total.value
        return value

    def left(self, dots: Expr, b: Expr) -> Expr:
        """The bundle of a @ b where a moves."""
        if dots.rank == 2:
            return self.multiplied(b.T, dots)  # (of a vector)
        rows, inner, lanes = dots.dims
        turned = b.T if b.rank == 2 else self.shaped(b, (ONE, inner))
        count = turned.dims[0]
        made = self.multiplied(self.shaped(turned, (ONE, count, inner)), dots)
        return made if b.rank == 2 else self.shaped(made, (rows, lanes))

    def right(self, a: Expr, b: Expr) -> Expr:
        """The bundle of b @ a where a moves."""
        dots, a = a, b
        if dots.rank == 2:
            return self.multiplied(a, dots)
        inner, columns, lanes = dots.dims
        flat = self.multiplied(a, self.shaped(dots, (inner, self.times(columns, lanes))))
        return self.shaped(flat, (*a.dims[:-1], columns, lanes))

    def multiplied(self, a: Expr, b: Expr) -> Expr:
        """The product of vectors and matrices."""
        return Expr(self.builder, emit(self.builder, "matmul", a.value, b.value))

    def shaped(self, x: Expr, dims: Sequence[Value]) -> Expr:
        """An array with other dimensions."""
        return Expr(self.builder, emit(self.builder, "reshape", x.value, *dims))

    def times(self, a: Value, b: Value) -> Value:
        """The product of two dimensions."""
        return emit(self.builder, "mul", a, b)

    # ------------------------------------------------------------------ lane by lane
    def by_lane(self, op: Op, operands: Sequence[Value], twice: bool) -> list[tuple[Value, Value | None]]:
        """The bundle of each result by a loop over lanes, in which forward mode differentiates the operation alone;
        with `twice`, the sum of its second derivatives along them, too."""
        b = self.builder
        function, places = alone(op, operands)
        moving = [k for k, v in enumerate(op.operands) if k in places and self.part(v, LANES) is not None]
        outputs = [k for k, r in enumerate(op.results) if r.kind.is_inexact]
        made = jvp(function, [places[k] for k in moving], outputs)
        results = [self.get(r) for r in op.results]
        if not moving:
            return [(self.zero(laned(r.type, self.lanes)), None) for r in results]
        if twice:
            made = jvp(made, [places[k] for k in moving], range(len(function.results), len(made.results)))
        slots = {k: b.slot(laned(results[k].type, self.lanes), self.zero(laned(results[k].type, self.lanes)), "dots")
                 for k in outputs}
        sums = {k: b.slot(results[k].type, self.zero(results[k].type), "second") for k in outputs if twice}
        dots = [self.part(op.operands[k], LANES) for k in moving]
        lane = b.begin_for(ZERO, self.lanes, 1, "lane")
        given = [self.lane(d, lane) for d in dots if d is not None]
        data = [v for v in operands if not isinstance(v, Constant)]
        found = self.inlined(made, [*data, *given, *(given if twice else ())])
        first = len(function.results)
        for n, k in enumerate(outputs):
            b.write(slots[k], self.with_lane(b.held(slots[k]), found[first + n], lane))
            if twice:
                second = found[first + len(outputs) + n]
                b.write(sums[k], self.added(b.held(sums[k]), second))
        b.end_for()
        return [(b.held(slots[k]), b.held(sums[k]) if twice else None) if k in slots else
                (self.zero(laned(r.type, self.lanes)), None) for k, r in enumerate(results)]

    def added(self, total: Value, value: Value) -> Value:
        """The sum of two values; the first one's buffer is taken."""
        if not total.is_array:
            return emit(self.builder, "add", total, value)
        box = [*[ZERO] * total.rank, *total.dims, *[ONE] * total.rank]
        return emit(self.builder, "slice_accum", total, value, *box, fixed=(False,) * total.rank)

    def lane(self, dots: Value, lane: Value) -> Value:
        """One lane of a bundle."""
        if dots.rank == 1:
            return emit(self.builder, "load", dots, lane)
        return emit(self.builder, "slice", dots, *self._lane_box(dots, lane), fixed=self._lane_fixed(dots))

    def with_lane(self, dots: Value, value: Value, lane: Value) -> Value:
        """A bundle with one lane replaced."""
        if dots.rank == 1:
            return emit(self.builder, "store", dots, value, lane)
        return emit(self.builder, "slice_store", dots, value, *self._lane_box(dots, lane), fixed=self._lane_fixed(dots))

    @staticmethod
    def _lane_box(dots: Value, lane: Value) -> list[Value]:
        rest = dots.rank - 1
        return [*[ZERO] * rest, lane, *dots.dims[:-1], *[ONE] * rest]

    @staticmethod
    def _lane_fixed(dots: Value) -> tuple[bool, ...]:
        return (*[False] * (dots.rank - 1), True)

    # ------------------------------------------------------------------ memory
    def box(self, op: Op, places: Sequence[Value], rank: int) -> tuple[list[Value], tuple[bool, ...]]:
        """The operands of a slice of a bundle, and its fixed axes, from those of an operation on its value."""
        if op.prim in ("load", "store", "accum"):
            return [*places, ZERO, self.lanes, ONE], (*[True] * rank, False)
        fixed = op.attrs["fixed"]
        free = len(fixed) - sum(fixed)
        starts, lengths, steps = places[:rank], places[rank:rank + free], places[rank + free:]
        return [*starts, ZERO, *lengths, self.lanes, *steps, ONE], (*fixed, False)

    def reading(self, op: Op, k: int) -> Value | None:
        dots = self.part(op.operands[0], k)
        if k != LANES or dots is None:
            return super().reading(op, k)
        places = [self.get(v) for v in op.operands[1:]]
        if op.prim == "full":
            return emit(self.builder, "broadcast", dots, *places, self.lanes)
        if op.prim in ("copy", "gather"):
            return emit(self.builder, op.prim, dots, *places)
        if is_growable(op.operands[0]):
            return self.read_list(dots, places[0])
        box, fixed = self.box(op, places, op.operands[0].rank)
        return emit(self.builder, "slice", dots, *box, fixed=fixed)

    def replacing(self, op: Op, k: int) -> Value | None:
        return self._written(op, k) if k == LANES else super().replacing(op, k)

    def adding(self, op: Op, k: int) -> Value | None:
        if k == LANES and self.part(op.operands[1], k) is not None:
            return self._written(op, k)
        return super().adding(op, k)

    def _written(self, op: Op, k: int) -> Value | None:
        array, value, *rest = op.operands
        if self.part(array, k) is None and self.part(value, k) is None:
            return None
        dots, new = self.filled(array, k), self.part(value, k)
        places = [self.get(v) for v in rest]
        if is_growable(array):
            return self.write_list(op, dots, new, places[0])
        if op.prim in ("scatter_store", "scatter_accum"):
            if new is not None and not value.is_array:
                new = emit(self.builder, "broadcast", new, *places[0].dims, *dots.dims[len(places):])
            return emit(self.builder, op.prim, dots, new or Constant(0, value.kind), *places)
        box, fixed = self.box(op, places, array.rank)
        name = op.prim if op.prim.startswith("slice_") else f"slice_{op.prim}"
        if new is not None and not value.is_array and op.prim.startswith("slice_"):
            free = len(fixed) - sum(fixed)
            new = emit(self.builder, "broadcast", new, *box[len(fixed):len(fixed) + free])
        return emit(self.builder, name, dots, new or Constant(0, value.kind), *box, fixed=fixed)

    def read_list(self, dots: Value, index: Value) -> Value:
        """The lanes of an element of a growable list."""
        b = self.builder
        slot = b.slot(ArrayType(dots.kind, (self.lanes,)), emit(b, "empty", self.lanes, kind=dots.kind), "dots")
        first = self.times(index, self.lanes)
        lane = b.begin_for(ZERO, self.lanes, 1, "lane")
        element = emit(b, "load", dots, emit(b, "add", first, lane))
        b.write(slot, emit(b, "store", b.held(slot), element, lane))
        b.end_for()
        return b.held(slot)

    def write_list(self, op: Op, dots: Value, new: Value | None, index: Value) -> Value:
        """A growable list with the lanes of an element replaced, or added to."""
        b = self.builder
        slot = b.slot(dots.type, dots, dots.name)
        first = self.times(index, self.lanes)
        lane = b.begin_for(ZERO, self.lanes, 1, "lane")
        element = Constant(0, dots.kind) if new is None else emit(b, "load", new, lane)
        b.write(slot, emit(b, op.prim, b.held(slot), element, emit(b, "add", first, lane)))
        b.end_for()
        return b.held(slot)
