"""Recursive calls in one pass: a function that gives what the callee gives, and pulls cotangents back at once.

Where a function adds up what its calls of itself give, times factors that it knows before (`total += factor * f(...)`),
the cotangents of a call's results are known before the call. Such a callee gets a *joint* twin: it takes the callee's
arguments, the cotangents of the arrays it reads, to be added to in place, and the cotangents of its results; it
computes the callee's results and runs the adjoint of its body, region by region, as `transforms.onepass` says. In it,
each call of the callee is one of the twin. Nothing waits on stacks (compare `transforms.stacks`), and nothing runs
twice.

Invariant: the twin has the callee's effects, in the callee's order. All recursive calls that are differentiated are
joint, or there is no twin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.ir import Builder, Callee, Op, Value, call_results
from workbench.records import dataclass
from workbench.transforms.cotangents import Cotangents, zero
from workbench.transforms.recall import Primal, mirrored


@dataclass(slots=True, eq=False)
class Joint:
    """The joint twin of a callee. `wrt` are the parameters with cotangents, `outputs` the results with cotangents."""

    callee: Callee
    twin: Callee
    wrt: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def accumulated(self) -> tuple[int, ...]:
        """The parameters whose cotangent the twin adds to in place."""
        params = self.callee.function.data_params
        return tuple(k for k in self.wrt if params[k].is_array)

    def call(self, op: Op, operands: Sequence[Value], passed: Mapping[int, Value], builder: Builder, primal: Primal,
             bars: Cotangents) -> Sequence[Value]:
        """The twin instead of the callee: what the callee gives. `passed` are the cotangents of the call's results."""
        given = list(operands)
        grown: list[int] = []
        for k in self.accumulated:
            value = op.operands[k]
            fresh = value not in bars.active or any(op.operands[j] is value for j in grown)
            given.append(zero(builder, mirrored(value.type, primal)) if fresh else bars.buffer(value))
            if not fresh:
                grown.append(k)
        given += [passed[k] if k in passed else zero(builder, op.results[k].type) for k in self.outputs]
        results = call_results(self.callee, operands)
        names = [f"{op.operands[k].name or 'x'}_bar" for k in self.wrt]
        made = [Value(mirrored(op.operands[k].type, primal), name) for k, name in zip(self.wrt, names, strict=True)]
        builder.call(self.twin, given, [*results, *made])
        for k, bar in zip(self.wrt, made, strict=True):
            if k in grown:
                bars.put(op.operands[k], bar)
            else:
                bars.add(op.operands[k], bar, owned=True)
        return results
