"""The forward Laplacian: values, a bundle of first derivatives and one sum of second derivatives go through a program.

Where v_k are the directions, each active value y has its tangents D y v_k (the bundle, see `bundle`) and the one sum of
D2 y [v_k, v_k] over k. An operation g of x maps the sum s of x to Dg s + sum of D2g [x_k, x_k]: for a function of
elements that is the second partial derivative times the inner products of the lanes, for a product twice the inner
product of the two bundles. So n + 2 vectors are carried where a Hessian has n * n numbers, and nothing is kept for a
reverse sweep.

Invariant: the second derivatives come from the rule table's first ones (`curvature`, or nested forward mode).
Source: Li et al., "A computational framework for neural network-based variational Monte Carlo with Forward Laplacian"
(2024); Dangel et al., "Collapsing Taylor mode automatic differentiation" (2025).
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.ir import Builder, Constant, Function, Op, Value, substitute_type
from workbench.passes.activity import active
from workbench.rules import Expr, emit, get
from workbench.rules.derivatives import push, scaled
from workbench.rules.functions import filled, kind_of_value, transpose
from workbench.transforms.bundle import LANES, ONE, ZERO, BundleSweep, carrying, laned, seeded
from workbench.transforms.curvature import second_partial
from workbench.transforms.jets import LINEAR, Parts, flattened
from workbench.transforms.replay import declare
from workbench.transforms.structure import Structure

SUM = 1  # the part that is the sum of second derivatives


def laplacian(function: Function, wrt: Sequence[int], outputs: Sequence[int], directed: bool = False) -> Function:
    """The function and the sum of its second derivatives along directions: v' H v, added up.

    wrt: positions among `function.data_params` that are varied together; outputs: positions among `function.results`.
    The directions are the unit vectors of all that is varied: the sum is the Laplacian; or, if `directed`, they are
    given: as a further parameter per `wrt` position, of the parameter's dimensions and the number of directions.
    Result: parameters are the function's data parameters (and the directions), results are the function's and a sum per
    output, of its type. Raises ValueError for inputs and outputs that are not real floats."""
    function = flattened(function)
    builder = Builder(f"{function.name}_laplacian")
    builder.span = function.span
    env = declare(builder, function)
    params, results = carrying(function, wrt, outputs)
    for param in params:
        if not param.kind.is_float:
            raise ValueError(f"{param!r} is not real")
    live = active(function, params, results)
    if directed:
        lanes, seeds = seeded(builder, function, env, params)
    else:
        params = [p for p in params if p in live]
        lanes, seeds = _unit_vectors(builder, env, params)
    sweep = LaplacianSweep(builder, env, Structure(function), live, lanes, 2)
    if not directed and len(params) == 1 and params[0].rank == 1:
        sweep.identity = seeds[0]
    for param, seed in zip(params, seeds, strict=True):
        sweep.seed(param, [seed, None])
    sweep.block(function.block)
    builder.span = function.span
    sums = [sweep.output(r, SUM, seeds) for r in results]
    return builder.finish([*(sweep.get(r) for r in function.results), *sums])


def _unit_vectors(builder: Builder, env: dict[Value, Value],
                  params: Sequence[Value]) -> tuple[Value, list[Value]]:
    """How many numbers the parameters are together, and the bundles of the unit vectors."""
    sizes = []
    for param in params:
        size: Value = ONE
        for dim in substitute_type(param.type, env).dims:
            size = emit(builder, "mul", size, dim)
        sizes.append(size)
    lanes: Value = ZERO
    firsts = []
    for size in sizes:
        firsts.append(lanes)
        lanes = emit(builder, "add", lanes, size)
    seeds = []
    for param, size, first in zip(params, sizes, firsts, strict=True):
        type_ = substitute_type(param.type, env)
        zeros = emit(builder, "full", Constant(0, param.kind), size, lanes)
        slot = builder.slot(zeros.type, zeros, f"{param.name or 'x'}_dots")
        index = builder.begin_for(ZERO, size)
        place = emit(builder, "add", first, index)
        builder.write(slot, emit(builder, "store", builder.held(slot), Constant(1, param.kind), index, place))
        builder.end_for()
        seed = builder.held(slot)
        seeds.append(seed if type_.rank == 1 else emit(builder, "reshape", seed, *laned(type_, lanes).dims))
    return lanes, seeds


class LaplacianSweep(BundleSweep):
    """Copies a program with a bundle of tangents and a sum of second derivatives for each active value."""

    identity: Value | None = None  # the bundle that is the unit matrix

    def name_of(self, name: str, k: int) -> str:
        return f"{name}_dots" if name and k == LANES else f"{name}_sum" if name else ""

    # ------------------------------------------------------------------ rules
    def rule(self, op: Op, operands: Sequence[Value]) -> list[Parts]:
        primitive = get(op.prim)
        if primitive.elementwise and primitive.partials is not None and op.prim != "select":
            return [[self.elementwise(op, operands), self.curved(op, operands)]]
        sums = [self.part(v, SUM) for v in op.operands]
        if op.prim in LINEAR:
            return [[self.along(op, operands), self.tangent_at(op, operands, sums)]]
        if op.prim == "matmul" and max(v.rank for v in operands) <= 2:
            return [[self.product(op, operands), self.bilinear(op, operands, sums)]]
        found: list[Parts] = []
        linear = self.pushed(op, operands, sums)
        for (dots, second), first in zip(self.by_lane(op, operands, True), linear, strict=True):
            total = second if first is None else first if second is None else emit(self.builder, "add", first, second)
            found.append([dots, total])
        return found

    def curved(self, op: Op, operands: Sequence[Value]) -> Value | None:
        """The sum of an elementwise operation: the tangent at the sums, and the second partial derivatives times the
        inner products of the lanes."""
        primitive = get(op.prim)
        y, xs = Expr(self.builder, self.get(op.result)), [Expr(self.builder, v) for v in operands]
        sums = [self.part(v, SUM) for v in op.operands]
        given = [None if s is None else Expr(self.builder, s) for s in sums]
        total = push(primitive, y, xs, given)
        dots = [self.part(v, LANES) for v in op.operands]
        for i, a in enumerate(dots):
            for j, b in enumerate(dots[:i + 1]):
                if a is None or b is None:
                    continue
                second = second_partial(primitive, op, y, xs, i, j)
                if second is None:
                    continue
                term = scaled(primitive, self.inner(a, b), second, kind_of_value(y))
                term = term if i == j else term + term
                total = term if total is None else total + term
        if total is None:
            return None
        value: Value = filled(total, y).value
        return value

    def inner(self, a: Value, b: Value) -> Expr:
        """The inner products over the lanes of two bundles."""
        if a is b and a is self.identity:
            return Expr(self.builder, emit(self.builder, "full", Constant(1, a.kind), *a.dims[:-1]))
        products = emit(self.builder, "mul", a, b)
        return Expr(self.builder, emit(self.builder, "sum", products, axes=(products.rank - 1,)))

    def right(self, a: Expr, b: Expr) -> Expr:
        if a.value is self.identity and b.rank == 2:
            return b
        return super().right(a, b)

    def bilinear(self, op: Op, operands: Sequence[Value], sums: Sequence[Value | None]) -> Value | None:
        """The sum of a product of vectors and matrices: twice the inner product of the bundles goes into it."""
        total = self.tangent_at(op, operands, sums) if any(s is not None for s in sums) else None
        a, b = (self.part(v, LANES) for v in op.operands)
        if a is None or b is None:
            return total
        made = self._contracted(Expr(self.builder, a), Expr(self.builder, b))
        twice = emit(self.builder, "add", made, made)
        return twice if total is None else emit(self.builder, "add", total, twice)

    def _contracted(self, a: Expr, b: Expr) -> Value:
        """The product of two bundles, over their inner axis and the lanes."""
        inner, lanes = a.dims[-2:]
        count = self.times(inner, lanes)
        rows = self.shaped(a, (*a.dims[:-2], count))
        columns = transpose(b, (0, 2, 1)) if b.rank == 3 else b
        columns = self.shaped(columns, (count, *b.dims[1:-1]))
        return self.multiplied(rows, columns).value

    def pushed(self, op: Op, operands: Sequence[Value], sums: Sequence[Value | None]) -> Sequence[Value | None]:
        """The tangents of the results at the sums of the operands."""
        if all(s is None for s in sums):
            return [None] * len(op.results)
        return self.tangents_alone(op, operands, sums)
