"""One interpreter over IR: it runs the control flow and leaves values and operations to a domain.

Over `Values` it is the reference semantics that passes, transforms and engines are tested against. Errors raised by the
program (`check`, `index`) are the builtin exceptions, with the `span` of the user's line attached.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.interpret.domain import Domain, Values
from workbench.ir import ArrayType, Block, Constant, Function, Op, Value, bound, callee_of


def run(function: Function, args: Sequence[Any]) -> list[Any]:
    """The results of a function, as NumPy scalars and arrays.

    args: one per data parameter, arrays of the parameter's dtype and rank, or numbers; the dimensions are read from
    the arrays. An array that the function writes is written in place. Raises TypeError for arguments of other types,
    ValueError where a dimension is not what the function was built for, and whatever the program raises."""
    return Interpreter(Values()).call(function, bind(function, args))


def bind(function: Function, args: Sequence[Any]) -> dict[Value, Any]:
    """Parameters and their values, the dimensions among them."""
    params = function.data_params
    if len(params) != len(args):
        raise TypeError(f"{function.name} takes {len(params)} arguments, not {len(args)}")
    env: dict[Value, Any] = {}
    for position, (param, arg) in enumerate(zip(params, args, strict=True)):
        env[param] = _argument(param, arg, f"argument {position} of {function.name}")
    for dim, (position, axis) in function.shape_params.items():
        env[dim] = np.int64(env[params[position]].shape[axis])
    for param in params:
        for axis, dim in enumerate(param.dims):
            expected = dim.value if isinstance(dim, Constant) else env.get(dim)
            if expected is not None and env[param].shape[axis] != expected:
                raise ValueError(f"axis {axis} of {param.label} has {env[param].shape[axis]} elements, not {expected}")
    return env


def _argument(param: Value, arg: Any, what: str) -> Any:
    if isinstance(param.type, ArrayType):
        if not isinstance(arg, np.ndarray) or arg.dtype != param.kind.dtype or arg.ndim != param.rank:
            raise TypeError(f"{what} is not an array {param.type}")
        return arg
    if np.ndim(arg) or not np.can_cast(np.min_scalar_type(arg), param.kind.dtype, "same_kind"):
        raise TypeError(f"{what} is not a scalar {param.type}")
    return param.kind.dtype.type(arg)


class Interpreter:
    """Runs blocks over a domain."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain

    def call(self, function: Function, env: dict[Value, Any]) -> list[Any]:
        """The results of a function whose parameters are bound in `env`."""
        return self.block(function.block, env)

    def block(self, block: Block, env: dict[Value, Any]) -> list[Any]:
        """Run a block whose parameters are bound; what it yields."""
        for op in block.ops:
            self.op(op, env)
        return [self.value(v, env) for v in block.yields]

    def value(self, value: Value, env: dict[Value, Any]) -> Any:
        """What an IR value is now."""
        return self.domain.constant(value) if isinstance(value, Constant) else env[value]

    def op(self, op: Op, env: dict[Value, Any]) -> None:
        """Run one operation. An exception gets the span of the innermost operation it came through."""
        try:
            if op.prim == "for":
                results = self._for(op, env)
            elif op.prim == "while":
                results = self._while(op, env)
            elif op.prim == "if":
                results = self._if(op, env)
            elif op.prim == "call":
                results = self._call(op, env)
            else:
                results = self.domain.apply(op, [self.value(v, env) for v in op.operands])
        except Exception as error:
            if op.span is not None and not hasattr(error, "span"):
                error.span = op.span  # type: ignore[attr-defined]
                error.add_note(f"  at {op.span}")
            raise
        for value, result in zip(op.results, results, strict=True):
            env[value] = result

    def _for(self, op: Op, env: dict[Value, Any]) -> Sequence[Any]:
        lo, hi, *carried = (self.value(v, env) for v in op.operands)
        (body,) = op.regions
        for index in self.domain.trips(lo, hi, op.attrs["step"], op):
            env.update(zip(body.params, (index, *carried), strict=True))
            carried = self.block(body, env)
        return carried

    def _while(self, op: Op, env: dict[Value, Any]) -> Sequence[Any]:
        carried = [self.value(v, env) for v in op.operands]
        before, after = op.regions
        while True:
            env.update(zip(before.params, carried, strict=True))
            condition, *out = self.block(before, env)
            if not self.domain.truth(condition, op):
                return out
            carried = self.block(after, env)

    def _call(self, op: Op, env: dict[Value, Any]) -> Sequence[Any]:
        function = callee_of(op).function
        return self.call(function, {p: self.value(v, env) for p, v in bound(function, op.operands).items()})

    def _if(self, op: Op, env: dict[Value, Any]) -> Sequence[Any]:
        taken = self.domain.truth(self.value(op.operands[0], env), op)
        return self.block(op.regions[0 if taken else 1], env)
