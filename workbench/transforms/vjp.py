"""Reverse mode: a program becomes one that computes its results, then pulls cotangents back to its inputs.

The new function takes the program's arguments and a cotangent per chosen output, and gives the program's results
followed by the cotangents of the chosen inputs. It is IR like any other, and can be differentiated again.

Invariant: it has the program's effects, once; its reverse sweep writes into no argument.

Source: Griewank & Walther, Evaluating Derivatives (2008), chapters 3 and 4; Hückelheim & Hascoët, "Source-to-source
automatic differentiation of structured programs", and the design of residual arrays described in `transforms.plan`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from workbench.ir import ArrayType, Builder, Callee, Constant, Function, Kind, ScalarType, Value
from workbench.passes.activity import active
from workbench.records import dataclass
from workbench.transforms.calls import Pulled, pulled
from workbench.transforms.decisions import Decisions, Question, best, decide
from workbench.transforms.joint import Joint
from workbench.transforms.late import late_loops
from workbench.transforms.plan import Plan
from workbench.transforms.recursion import joint_of, twins_of
from workbench.transforms.replay import declare
from workbench.transforms.split import Split, parted
from workbench.transforms.stacks import Twins
from workbench.transforms.sweeps import Sweeps


def vjp(function: Function, wrt: Sequence[int], outputs: Sequence[int], seeds: str | None = None,
        backwards: bool = False, told: Callable[[Plan], None] | None = None) -> Function:
    """The function and its pullback in one.

    wrt: positions among `function.data_params`; outputs: positions among `function.results` that have a cotangent.
    seeds: None, or "one" where the only output is a real scalar whose cotangent is the constant 1.
    backwards: no loop is run in one pass, so that all contributions to a cotangent come in the opposite order.
    told: is given the plan (see `plan_of`).
    Result: parameters are the function's data parameters and a cotangent per output (none with seeds "one"); results
    are the function's and a cotangent per `wrt` position, of the parameter's type (zeros where nothing depends on it).
    Raises ValueError for inputs and outputs that carry no derivative."""
    decided = _decided(function, wrt, outputs, backwards)
    if told is not None:
        told(decided.plan)
    builder = Builder(f"{function.name}_vjp")
    builder.span = function.span
    env, cotangents = _declare(builder, function, outputs, seeds)
    sweeps = Sweeps(builder, env, decided)
    sweeps.forward.begin()
    return builder.finish(sweeps.together(cotangents))


def plan_of(function: Function, wrt: Sequence[int], outputs: Sequence[int], backwards: bool = False) -> Plan:
    """How `vjp` of the same arguments has each primal value that its reverse sweep needs; `Plan.report` says why.

    >>> from workbench.ir import Builder, Kind, ScalarType
    >>> from workbench.rules import emit
    >>> b = Builder("f")
    >>> x = b.param(ScalarType(Kind.F64), "x")
    >>> s = emit(b, "sin", x)
    >>> print(plan_of(b.finish([emit(b, "mul", s, s)]), [0], [0]).report())
    line  value   how    price  why
    -     x       there  -      made outside of all loops and arms
    -     sin(x)  there  -      made outside of all loops and arms
    """
    return _decided(function, wrt, outputs, backwards).plan


def _decided(function: Function, wrt: Sequence[int], outputs: Sequence[int], backwards: bool) -> Decisions:
    for value in (*(function.data_params[k] for k in wrt), *(function.results[k] for k in outputs)):
        if not value.kind.is_inexact:
            raise ValueError(f"{value!r} carries no derivative")
    return best(_question(function, wrt, outputs, backwards), backwards)


def _question(function: Function, wrt: Sequence[int], outputs: Sequence[int], backwards: bool = False) -> Question:
    params = tuple(function.data_params[k] for k in wrt)
    results = tuple(function.results[k] for k in outputs)
    return Question(function, params, results, active(function, params, results), _Derivatives(backwards))


def later(function: Function, wrt: Sequence[int], outputs: Sequence[int]) -> Split | None:
    """The function, and its pullback apart from it: no cotangent is known when the function runs. Parameters as for
    `vjp`. None where the pullback takes what the function has left (see `transforms.stacks`)."""
    asked = _question(function, wrt, outputs)
    for late in dict.fromkeys((late_loops(function, asked.active, ()), ())):
        decided = decide(asked, (), late)
        if decided.copies_in_turns:
            continue
        builder = Builder(f"{function.name}_vjp")
        builder.span = function.span
        sweeps = Sweeps(builder, declare(builder, function), decided)
        primal = sweeps.forth()
        cut = len(builder.frames[0].ops)
        seeds = [Value(sweeps.forward.type(r), f"{r.name or 'result'}_bar") for r in asked.results]
        split = parted(builder.finish([*primal, *sweeps.back(seeds)]), cut, seeds, len(primal))
        if split is not None:
            return split
    return None


@dataclass(frozen=True, slots=True)
class _Derivatives:
    """The derivatives of what a program calls (see `reverse.Callees`). backwards: none of them runs anything in one
    pass."""

    backwards: bool = False

    def pull(self, callee: Callee, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Pulled:
        """Its pullback: by its rule, or reverse mode of its body."""
        return pulled(callee, wrt, outputs, partial(vjp, backwards=self.backwards), self.backwards)

    def twins(self, callee: Callee) -> Twins | None:
        """Its twins."""
        return twins_of(callee, self, self.backwards)

    def joint(self, callee: Callee) -> Joint | None:
        """Its joint twin (which is asked for where something may be run in one pass)."""
        return joint_of(callee, self)


def _declare(builder: Builder, function: Function, outputs: Sequence[int],
             seeds: str | None) -> tuple[dict[Value, Value], list[Value]]:
    """Parameters: the function's, and the cotangents, whose dimensions may be further parameters."""
    results = [function.results[k] for k in outputs]
    if seeds == "one":
        if len(results) != 1 or results[0].is_array or not results[0].kind.is_float:
            raise ValueError("the seed 1 is for one real scalar output")
        return declare(builder, function), [Constant(1, results[0].kind)]
    position = len(function.data_params)
    dims: list[Mapping[int, Value]] = []
    known = set(function.params)
    for k, result in enumerate(results):
        fresh = {}
        for axis, dim in enumerate(result.dims):
            if not isinstance(dim, Constant) and dim not in known:
                name = f"{result.name or 'result'}_n{axis}"
                fresh[axis] = builder.param(ScalarType(Kind.INT), name, (position + k, axis))
        dims.append(fresh)
    env = declare(builder, function)
    cotangents = []
    for result, fresh_dims in zip(results, dims, strict=True):
        axes = [fresh_dims.get(axis) or env.get(dim, dim) for axis, dim in enumerate(result.dims)]
        type_ = ArrayType(result.kind, tuple(axes)) if axes else result.type
        cotangents.append(builder.param(type_, f"{result.name or 'result'}_bar"))
    return env, cotangents
