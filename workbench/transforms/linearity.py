"""Linear programs and their transposes: how a rule that is written for one mode serves the other.

A tangent rule is linear in the tangents, so its own reverse mode, at tangents of zero, is the rule of the cotangents;
and the other way round.

Invariant: what is not known to be linear is refused at its line.
Source: Radul et al., "You only linearize once" (POPL 2023), section on transposition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.ir import (
    Block,
    Builder,
    Callee,
    Constant,
    DifferentiationError,
    Function,
    Op,
    Value,
    definitions,
    substitute_type,
)
from workbench.passes import Inline
from workbench.passes.activity import loop_units
from workbench.transforms.cotangents import zero
from workbench.transforms.vjp import vjp

# linear in all operands together (integers apart), and linear in one operand while the others are fixed
_SUMS = frozenset({"add", "sub", "neg", "cast", "real", "imag", "conj", "complex", "store", "accum", "slice_store",
                   "slice_accum", "scatter_store", "scatter_accum", "sum", "cumsum", "copy", "full", "reshape",
                   "transpose", "broadcast", "load", "slice", "gather"})
_PRODUCTS: dict[str, tuple[int, ...]] = {"mul": (0, 1), "matmul": (0, 1), "div": (0,), "select": (1, 2)}
_MOVING = ("copy", "reshape", "transpose", "broadcast", "neg", "cast", "slice", "sum")


def transposed(function: Function, first: int, what: str) -> Function:
    """The transpose of a program that is linear in its data parameters from `first` on, in all its results.

    Its parameters are the fixed ones and one per result, its results one per linear parameter; the results' dimensions
    are parameters. `what` names the program in the error. Raises DifferentiationError where it is not linear, as far as
    can be known."""
    check_linear(function, first, what)
    data = function.data_params
    pulled = Callee(f"{function.name}_transposed", vjp(function, range(first, len(data)), range(len(function.results))))
    builder = Builder(f"{function.name}_transposed")
    builder.span = function.span
    env: dict[Value, Value] = {}
    for param in function.params:
        if param not in data[first:]:
            env[param] = builder.param(substitute_type(param.type, env), param.name, function.shape_params.get(param))
    bars = [builder.param(substitute_type(r.type, env), f"{r.name or 'y'}_bar") for r in function.results]
    points = [zero(builder, substitute_type(p.type, env)) for p in data[first:]]  # any would do
    made = builder.call(pulled, [*(env[p] for p in data[:first]), *points, *bars])
    return builder.finish(made[len(function.results):len(function.results) + len(points)])


def check_linear(function: Function, first: int, what: str) -> None:
    """Raise where a program is not known to be linear in its data parameters from `first` on."""
    flat = Inline()(function)
    check = _Linearity(flat, flat.data_params[first:], what)
    check.block(flat.block)
    for value in flat.results:
        check.demand(value)


class _Linearity:
    def __init__(self, function: Function, linear: Sequence[Value], what: str) -> None:
        self.what = what
        self.makers = definitions(function)
        self.span = function.span
        self.depends = set(linear)
        before = -1
        while before != len(self.depends):
            before = len(self.depends)
            self.spread(function.block)

    def spread(self, block: Block) -> None:
        """Mark what depends on the linear parameters in any way."""
        for op in block.ops:
            for region in op.regions:
                self.spread(region)
            for group in groups(op):
                if any(v in self.depends for v in group):
                    self.depends.update(group[-1:] if op.prim not in ("for", "while") else group[1:])

    # ------------------------------------------------------------------ checking
    def refuse(self, op: Op | None, reason: str) -> None:
        """Raise."""
        span = (op.span if op is not None else None) or self.span
        raise DifferentiationError(f"{self.what}, and it is not linear: {reason}", span, "write the rule for this mode")

    def demand(self, value: Value, op: Op | None = None) -> None:
        """Raise unless a value is linear or zero."""
        if value.kind.is_inexact and value not in self.depends and not self.is_zero(value):
            self.refuse(op or self.makers.get(value), "it adds a number that does not depend on them")

    def is_zero(self, value: Value) -> bool:
        """True for what is certainly zero, or not written yet."""
        if isinstance(value, Constant):
            return bool(value.value == 0)
        op = self.makers.get(value)
        if op is None:
            return False
        if op.prim in ("empty", "list"):
            return True
        if op.prim == "mul":
            return any(self.is_zero(v) for v in op.operands)
        return op.prim in ("full", *_MOVING) and self.is_zero(op.operands[0])

    def block(self, block: Block) -> None:
        """Check the operations of a block."""
        for op in block.ops:
            self.op(op)

    def op(self, op: Op) -> None:
        """Check one operation."""
        if op.prim in ("for", "while", "if"):
            decides = op.operands[:{"for": 2, "if": 1}.get(op.prim, 0)] + (
                op.regions[0].yields[:1] if op.prim == "while" else ())
            if any(v in self.depends for v in decides):
                self.refuse(op, "it branches on them")
            for group in groups(op):
                if group[-1] in self.depends:
                    for value in group[:-1]:
                        self.demand(value, op)
            for region in op.regions:
                self.block(region)
            return
        linear = [k for k, v in enumerate(op.operands) if v in self.depends]
        if not linear:
            return
        if op.prim in _SUMS:
            positions = tuple(k for k, v in enumerate(op.operands) if v.kind.is_inexact)
            for k in positions:
                self.demand(op.operands[k], op)
        else:
            positions = _PRODUCTS.get(op.prim, ())
            if op.prim == "select":
                for value in op.operands[1:]:
                    self.demand(value, op)
            elif len(linear) > 1:
                self.refuse(op, f"it has a {op.prim} of two of them")
        if not set(linear) <= set(positions):
            self.refuse(op, f"it takes {op.prim} of them")
        if any(not r.kind.is_inexact for r in op.results):
            self.refuse(op, f"it takes {op.prim} of them")


def groups(op: Op) -> Iterator[tuple[Value, ...]]:
    """Per result what it comes from, the result last."""
    if op.prim in ("for", "while"):
        for init, param, yields, result in loop_units(op):
            yield (init, param, *yields, result)
    elif op.prim == "if":
        for position, result in enumerate(op.results):
            yield (*(region.yields[position] for region in op.regions), result)
    else:
        for result in op.results:
            yield (*op.operands, result)
