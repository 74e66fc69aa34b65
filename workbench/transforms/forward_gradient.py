"""The gradient of a number by few numbers in forward mode: the program runs once, with a tangent for each of them.

Forward mode is applied for one number after the other, to the program that the one before has made. Of that, only what
the output depends on has a tangent: no tangent is differentiated.

Invariant: a tangent that is zero hides no partial that is not finite, as it does in `jvp`. Where a zero cotangent hides
one in reverse mode, or a zero tangent would hide one that reverse mode meets, what is found here is not finite.

Source: Griewank & Walther, Evaluating Derivatives (2008), section 3.1.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from workbench.ir import Builder, Constant, Function, Op
from workbench.passes.activity import active
from workbench.rules import Primitive, get
from workbench.transforms.jvp import TangentSweep
from workbench.transforms.replay import declare
from workbench.transforms.structure import Structure


def forward_gradient(function: Function, wrt: Sequence[int], output: int) -> Function:
    """The function and the derivatives of one of its results by some of its parameters, all of them real numbers.

    wrt: positions among `function.data_params`; output: a position among `function.results`. Parameters are the
    function's; results are the function's and a derivative per `wrt` position, as of `vjp` with seeds "one"."""
    made = function
    for k in wrt:
        made = _along(made, k, output)
    return dataclasses.replace(made, name=f"{function.name}_jvp")


def _along(function: Function, k: int, output: int) -> Function:
    """With one more tangent, that of a step along parameter k."""
    param, result = function.data_params[k], function.results[output]
    builder = Builder(function.name)
    builder.span = function.span
    sweep = _Tangents(builder, declare(builder, function), Structure(function), active(function, [param], [result]))
    sweep.seed(param, Constant(1.0, param.kind))
    sweep.block(function.block)
    builder.span = function.span
    return builder.finish([*(sweep.get(r) for r in function.results), sweep.filled(result)])


class _Tangents(TangentSweep):
    """Forward mode in which zeros hide nothing."""

    def primitive(self, op: Op) -> Primitive:
        known = get(op.prim)
        return dataclasses.replace(known, singular=False) if known.singular else known
