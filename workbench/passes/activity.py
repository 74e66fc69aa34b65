"""Activity: which values carry a derivative.

A value is *varied* if it depends differentiably on a chosen input, *useful* if a chosen output depends differentiably
on it, *active* if both. Only real and complex floating kinds carry derivatives.

Invariant: a loop's carried position is one unit - its initial value, body parameter and result are varied together and
useful together - so that a linear chain of array versions has a chain of cotangents or none.

Source: Griewank & Walther, Evaluating Derivatives (2008), section 6.2; Hascoët & Pascual, TOMS 39 (2013).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from workbench.ir import Block, Constant, DifferentiationError, Function, Op, Value, walk
from workbench.rules import get


def differentiable_operands(op: Op) -> tuple[Value, ...]:
    """The operands that the results of an operation without regions depend on differentiably: all of them where nothing
    is stated, so that what has no rule is refused when it is differentiated, and never taken for a constant."""
    primitive = get(op.prim)
    positions: Iterable[int] = range(len(op.operands))
    if primitive.vjp is None and primitive.partials is not None:
        positions = [k for k, partial in enumerate(primitive.partials) if partial is not None]
    return tuple(v for v in (op.operands[k] for k in positions if k < len(op.operands)) if carries(v))


def carries(value: Value) -> bool:
    """True where a derivative can live."""
    return value.kind.is_inexact and not isinstance(value, Constant)


def loop_units(op: Op) -> Iterator[tuple[Value, Value, tuple[Value, ...], Value]]:
    """Per carried position of a loop: (initial value, body parameter, yielded values, result)."""
    if op.prim == "for":
        (body,) = op.regions
        yields: list[tuple[Value, ...]] = [(y,) for y in body.yields]
        params, inits = body.params[1:], op.operands[2:]
    else:
        before, after = op.regions
        yields = list(zip(before.yields[1:], after.yields, strict=True))
        params, inits = before.params, op.operands
    yield from zip(inits, params, yields, op.results, strict=True)


class _Flow:
    """A set of marked values, grown to its fixpoint."""

    def __init__(self, marked: Iterable[Value]) -> None:
        self.marked = {v for v in marked if carries(v)}

    def mark(self, *values: Value) -> None:
        self.marked.update(v for v in values if carries(v))

    def any(self, values: Iterable[Value]) -> bool:
        return any(v in self.marked for v in values)

    def fixpoint(self, block: Block) -> None:
        before = -1
        while len(self.marked) != before:
            before = len(self.marked)
            self.block(block)

    def block(self, block: Block) -> None:
        raise NotImplementedError


class _Forward(_Flow):
    def block(self, block: Block) -> None:
        for op in block.ops:
            if op.prim in ("for", "while"):
                self.loop(op)
            elif op.prim == "if":
                for region in op.regions:
                    self.block(region)
                for values in zip(op.results, *(region.yields for region in op.regions), strict=True):
                    if self.any(values[1:]):
                        self.mark(values[0])
            elif self.any(differentiable_operands(op)):
                self.mark(*op.results)

    def loop(self, op: Op) -> None:
        before = -1
        while len(self.marked) != before:
            before = len(self.marked)
            for init, param, yields, result in loop_units(op):
                if self.any((init, param, *yields)):
                    self.mark(param, result)
            for region in op.regions:
                self.block(region)


class _Backward(_Flow):
    def block(self, block: Block) -> None:
        for op in reversed(block.ops):
            if op.prim in ("for", "while"):
                self.loop(op)
            elif op.prim == "if":
                for values in zip(op.results, *(region.yields for region in op.regions), strict=True):
                    if self.any(values[:1]):
                        self.mark(*values[1:])
                for region in op.regions:
                    self.block(region)
            elif self.any(op.results):
                self.mark(*differentiable_operands(op))

    def loop(self, op: Op) -> None:
        before = -1
        while len(self.marked) != before:
            before = len(self.marked)
            for init, param, yields, result in loop_units(op):
                if self.any((param, result)):
                    self.mark(init, param, *yields, result)
            for region in reversed(op.regions):
                self.block(region)


def varied(function: Function, wrt: Sequence[Value]) -> frozenset[Value]:
    """The values that depend differentiably on the values `wrt` (those included)."""
    flow = _Forward(wrt)
    flow.fixpoint(function.block)
    return frozenset(flow.marked)


def useful(function: Function, outputs: Sequence[Value]) -> frozenset[Value]:
    """The values that the values `outputs` depend on differentiably (those included)."""
    flow = _Backward(outputs)
    flow.fixpoint(function.block)
    return frozenset(flow.marked)


def active(function: Function, wrt: Sequence[Value], outputs: Sequence[Value]) -> frozenset[Value]:
    """The values that are both varied and useful."""
    moved = varied(function, wrt)
    for op in walk(function.block):
        if op.prim == "draw" and any(v in moved for v in op.operands[1:]):
            reason = f"the derivative of a random number ({op.attrs['law']}) by a parameter of its law is not known"
            raise DifferentiationError(reason, op.span, "keep the parameter out of wrt, or use wb.stop_gradient")
    return moved & useful(function, outputs)
