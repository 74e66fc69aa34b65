"""Taylor mode: the derivatives of a program's results along a path of its inputs, to any order at once.

Each active value carries the coefficients of its Taylor series along the path. What is linear moves them one by one, a
product convolves them, functions of elements have the recurrences of `series`; what has neither is differentiated by
forward mode nested in forward mode, along the path, of a program of that operation alone.

Invariant: the coefficients are those that nested forward mode gives.
Source: Griewank & Walther, Evaluating Derivatives (2008), chapter 13; Bettencourt, Johnson & Duvenaud, "Taylor-mode
automatic differentiation for higher-order derivatives in JAX" (2019).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from workbench.ir import Builder, Constant, Function, Kind, Op, ScalarType, Value, substitute_type
from workbench.passes.activity import active
from workbench.rules import Expr, emit, get
from workbench.rules.functions import filled
from workbench.rules.functions import matmul as product
from workbench.transforms.bundle import carrying
from workbench.transforms.jets import LINEAR, JetSweep, Parts, alone, flattened
from workbench.transforms.jvp import jvp
from workbench.transforms.replay import Replay, declare
from workbench.transforms.series import Graph, NoSeriesError, Series
from workbench.transforms.structure import Structure


def taylor(function: Function, wrt: Sequence[int], outputs: Sequence[int], order: int) -> Function:
    """The function and its derivatives along a path, up to an order.

    wrt: positions among `function.data_params` that move; outputs: positions among `function.results`. Result:
    parameters are the function's data parameters, then for k = 1, ..., order the k-th derivative by the path's
    parameter of each `wrt` position; results are the function's, then for each k the k-th derivative of each output.
    Raises ValueError for inputs and outputs that carry no derivative, and for orders below 1."""
    if order < 1:
        raise ValueError(f"a Taylor series of order {order}")
    function = flattened(function)
    builder = Builder(f"{function.name}_taylor")
    builder.span = function.span
    env = declare(builder, function)
    params, results = carrying(function, wrt, outputs)
    given = [[builder.param(substitute_type(p.type, env), f"{p.name or 'x'}_{k}") for p in params]
             for k in range(1, order + 1)]
    sweep = TaylorSweep(builder, env, Structure(function), active(function, params, results), order)
    for n, param in enumerate(params):
        if param in sweep.active:
            sweep.seed(param, [sweep.by_factorial(row[n], k, "div") for k, row in enumerate(given, 1)])
    sweep.block(function.block)
    builder.span = function.span
    seeds = [seed for row in given for seed in row]
    found = [sweep.by_factorial(sweep.output(r, k - 1, seeds), k, "mul") for k in range(1, order + 1) for r in results]
    return builder.finish([*(sweep.get(r) for r in function.results), *found])


class TaylorSweep(JetSweep):
    """Copies a program with the Taylor coefficients of its active values: part k is coefficient k + 1."""

    def by_factorial(self, value: Value, k: int, prim: str) -> Value:
        """Between a derivative and a coefficient."""
        return value if k == 1 else emit(self.builder, prim, value, Constant(math.factorial(k), value.kind))

    def name_of(self, name: str, k: int) -> str:
        return f"{name}_{k + 1}" if name else ""

    # ------------------------------------------------------------------ rules
    def rule(self, op: Op, operands: Sequence[Value]) -> list[Parts]:
        primitive = get(op.prim)
        parts = [[self.part(v, k) for k in range(self.count)] for v in op.operands]
        if op.prim in LINEAR:
            return [[self.tangent_at(op, operands, [p[k] for p in parts]) for k in range(self.count)]]
        if op.prim == "matmul":
            return [self.product(operands, parts)]
        if primitive.elementwise and primitive.partials is not None:
            try:
                return [self.elementwise(op, operands, parts)]
            except NoSeriesError:
                pass
        return self.along_path(op, operands, parts)

    def elementwise(self, op: Op, operands: Sequence[Value], parts: Sequence[Parts]) -> Parts:
        """The recurrences of `series`."""
        graph = Graph(self.builder)
        given: dict[Value, Series] = {}
        for value, known in zip(operands, parts, strict=True):
            if any(p is not None for p in known):
                given.setdefault(value, Series(Expr(self.builder, value), [
                    None if p is None else Expr(self.builder, p) for p in known]))
        series = graph.node(op.prim, tuple(given.get(v) or graph.constant(v) for v in operands), op.attrs,
                            self.get(op.result))
        found = [series.coefficient(k + 1) for k in range(self.count)]
        return [None if c is None else filled(c, series.value).value for c in found]

    def product(self, operands: Sequence[Value], parts: Sequence[Parts]) -> Parts:
        """A product of vectors and matrices: the convolution."""
        a, b = ([v, *known] for v, known in zip(operands, parts, strict=True))
        found: Parts = []
        for k in range(1, self.count + 1):
            terms = [product(Expr(self.builder, x), Expr(self.builder, y)) for m in range(k + 1)
                     if (x := a[m]) is not None and (y := b[k - m]) is not None]
            total = sum(terms[1:], terms[0]) if terms else None
            found.append(None if total is None else total.value)
        return found

    def along_path(self, op: Op, operands: Sequence[Value], parts: Sequence[Parts]) -> list[Parts]:
        """Forward mode in forward mode, of the operation alone along the path."""
        function, places = alone(op, operands)
        moving = [k for k in places if any(p is not None for p in parts[k])]
        outputs = [k for k, r in enumerate(op.results) if r.kind.is_inexact]
        path = _path(function, {places[k]: [n for n, p in enumerate(parts[k], 1) if p is not None] for k in moving})
        count, time = len(function.results), len(path.data_params) - 1
        for k in range(self.count):
            latest = len(path.results) - len(outputs)
            path = jvp(path, [time], [latest + n for n in range(len(outputs))] if k else outputs)
        ones = [Constant(1, Kind.F64)] * self.count
        data = [v for v in operands if not isinstance(v, Constant)]
        given = [p for k in moving for p in parts[k] if p is not None]
        found = self.inlined(path, [*data, *given, Constant(0, Kind.F64), *ones])[count:]
        made: list[Parts] = []
        for k in range(len(op.results)):
            rows = [found[n * len(outputs) + outputs.index(k)] if k in outputs else None for n in range(self.count)]
            made.append([None if v is None else self.by_factorial(v, n, "div") for n, v in enumerate(rows, 1)])
        return made


def _path(function: Function, orders: dict[int, list[int]]) -> Function:
    """The function along a path: parameters are its data parameters, for those in `orders` the coefficients of these
    orders, and the path's parameter, which is 0 at the function's own."""
    builder = Builder(function.name)
    builder.span = function.span
    env = declare(builder, function)
    data = function.data_params
    given = {k: [(n, builder.param(substitute_type(data[k].type, env))) for n in known]
             for k, known in sorted(orders.items())}
    time = builder.param(ScalarType(Kind.F64), "t")
    for k, coefficients in given.items():
        moved = Expr(builder, env[data[k]])
        at = Expr(builder, emit(builder, "cast", time, kind=data[k].kind.real))
        for n, value in coefficients:
            power = at
            for _ in range(n - 1):
                power = power * at
            moved = moved + power * Expr(builder, value)
        env[data[k]] = moved.value
    replay = Replay(builder, env)
    replay.block(function.block)
    return builder.finish([replay.get(r) for r in function.results])
