"""Functions that are the identity (or the function itself) and change how a program is differentiated: `stop_gradient`,
`hook`, `checkpoint`.

Invariant: the value is the program's own. What a hook returns is held to the structure and shapes of the cotangent.
"""

from __future__ import annotations

import copy
import functools
import inspect
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.frontend import calls, map_leaves
from workbench.frontend.activation import Activation
from workbench.frontend.outputs import leaves
from workbench.frontend.source import python_function
from workbench.frontend.values import (
    Array,
    BoundMethod,
    Closure,
    Partial,
    Scalar,
)
from workbench.ir import Builder, Callee, Function, Value, substitute_type
from workbench.operators import recorded
from workbench.operators.containers import opened
from workbench.operators.evaluated import tree_of, value_of
from workbench.operators.inner import traced
from workbench.operators.readers import Matcher, declare_call, own_parameters, return_span
from workbench.operators.structure import inexact
from workbench.records import dataclass
from workbench.transforms.cotangents import zero
from workbench.transforms.replay import declare


def copied(x: Any, generators: bool = False) -> Any:
    """A structure with its arrays and containers copied: what an identity gives outside of a traced program, where its
    result is as much its caller's own. With `generators`, those of random numbers too, which then draw the same."""
    def fresh(leaf: Any) -> Any:
        if isinstance(leaf, np.ndarray):
            return leaf.copy()
        if generators and isinstance(leaf, (np.random.Generator, np.random.RandomState)):
            return copy.deepcopy(leaf)  # (Python's `random.Random` is an object like others, and copied with its state)
        return leaf
    return map_leaves(fresh, x)


def stopped(act: Activation, value: Any) -> Any:
    """A copy of a structure that carries no derivative."""
    values: list[Value] = []
    tree = tree_of(act, value, values)
    return value_of(act, tree, [act.t.emit("stop", v) if v.kind.is_inexact else v for v in values])


# ---------------------------------------------------------------------- hooks
@dataclass(frozen=True, eq=False)
class _Applied:
    """What a hook does to a cotangent, as a function of it and the user's function: it gives the leaves."""

    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call the user's function and take apart what it returns."""
        cotangent, function = args
        t = act.t
        models: list[Value] = []
        tree = tree_of(act, cotangent, models)
        given = calls.call(act, function, (cotangent,), {})
        if inspect.isfunction(python_function(function)):
            t.builder.span = return_span(function)
        found: dict[int, Value] = {}
        Matcher(t, "a hook's function", models, found).match(tree, given, "what it returns")
        return tuple(t.new_array(found[leaf.position]) if leaf.rank >= 0 else Scalar(found[leaf.position], leaf.python)
                     for leaf in leaves(tree))


class HookRule:
    """The identity whose cotangent goes through a program: its first data parameters are the cotangents of the first
    operands, the rest are what the hook captured."""

    def __init__(self, program: Callee, count: int) -> None:
        self.program = program
        self.count = count

    def pushforward(self, callee: Callee, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Function:
        """Tangents are left alone."""
        builder = Builder(f"{callee.name}_jvp")
        env = declare(builder, callee.function)
        data = [env[p] for p in callee.function.data_params]
        dots = {k: builder.param(substitute_type(data[k].type, env), f"{data[k].name or 'x'}_dot") for k in wrt}
        results = builder.call(callee, data)
        return builder.finish([*results, *(dots[k] if k in dots else zero(builder, results[k].type) for k in outputs)])

    def pullback(self, callee: Callee, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Function:
        """Cotangents go through the program."""
        builder = Builder(f"{callee.name}_vjp")
        data, results = declare_call(builder, callee.function)
        given = {k: builder.param(results[k].type, f"{results[k].name or 'y'}_bar") for k in outputs}
        bars = [given[k] if k in given else zero(builder, results[k].type) for k in range(self.count)]
        made = builder.call(self.program, [*bars, *data[self.count:]])
        return builder.finish([made[k] if k < self.count else zero(builder, data[k].type) for k in wrt])


def hooked(act: Activation, value: Any, function: Any) -> Any:
    """`hook(value, function)` in a traced program."""
    t = act.t
    values: list[Value] = []
    tree = tree_of(act, value, values)
    floats = [leaf.position for leaf in leaves(tree) if leaf.kind.is_inexact]
    if not floats:
        return value
    cotangent = value_of(act, inexact(tree), values)
    program = traced(act, _Applied(), (cotangent, function), {})
    held = {array.cell for array in _arrays(act, cotangent)}
    if program.changes or any(store.array.cell not in held for store in program.stores):
        t.fail("a hook's function writes into what it captured", "let it return the cotangent, and nothing else")
    order = [leaf.position for leaf in leaves(program.output)]
    places = [leaf.position for leaf in leaves(program.argument_tree(act, 0))]
    captured = [k for k in range(len(program.operands)) if k not in places]
    fn = _reordered(own_parameters(program.function), [*places, *captured], order)
    operands = [*(values[k] for k in floats), *(program.operands[k] for k in captured)]
    rule = HookRule(Callee("hook_function", fn), len(floats))
    builder = Builder("hook")
    builder.span = t.span
    env = declare(builder, fn)
    data = [env[p] for p in fn.data_params]
    callee = Callee("hook", builder.finish(data[:len(floats)]), rule)
    results = dict(enumerate(values))
    results.update(zip(floats, t.builder.call(callee, operands), strict=True))
    return value_of(act, tree, [results[k] for k in range(len(values))])


def _arrays(act: Activation, value: Any) -> list[Array]:
    """All arrays in a structure of the evaluator."""
    if isinstance(value, Array):
        return [value]
    found = opened(act.t, value)
    return [] if found is None else [array for part in found.parts for array in _arrays(act, part)]


def _reordered(function: Function, data: Sequence[int], results: Sequence[int]) -> Function:
    """The function with its data parameters in another order, and some of its results."""
    builder = Builder(function.name)
    builder.span = function.span
    old = function.data_params
    env: dict[Value, Value] = {}
    for dim, (position, axis) in function.shape_params.items():
        env[dim] = builder.param(dim.type, dim.name, (data.index(position), axis))
    for position in data:
        env[old[position]] = builder.param(substitute_type(old[position].type, env), old[position].name)
    made = builder.call(Callee(function.name, function), [env[p] for p in old])
    return builder.finish([made[k] for k in results])


# ---------------------------------------------------------------------- checkpoints
class Checkpointed:
    """A function whose body the reverse sweep runs again; see `wb.checkpoint`."""

    __name__: str

    def __init__(self, function: Callable[..., Any]) -> None:
        stands_for_one = isinstance(function, (Closure, BoundMethod, Partial)) or hasattr(function, "inlined")
        if not callable(function) and not stands_for_one:
            raise TypeError(f"a function is needed, not {function!r}")
        self.function = function
        if callable(function):
            target = python_function(function)
            functools.update_wrapper(self, target, updated=())
            self.__wrapped__ = function
        self.__name__ = str(getattr(function, "name", getattr(function, "__name__", type(function).__name__)))

    def __call__(self, *args: Any, **named: Any) -> Any:
        """The function's value."""
        return self.function(*args, **named)

    def __get__(self, owner: Any, cls: Any = None) -> Any:
        """The method of an object, where a class defines it."""
        return self if owner is None else types.MethodType(self, owner)

    def __repr__(self) -> str:
        return f"<{self.__name__}, checkpointed>"

    def recorded(self, *args: Any, **named: Any) -> Any:
        """A call of it in a recorded run: one operation."""
        return recorded.checkpointed(self.function, self.__name__, args, named)

    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """A call of it in a traced program: opaque, so that nothing of it is kept."""
        t = act.t
        program = traced(act, self.function, args, named)
        callee = Callee(self.__name__, program.function)
        results = list(t.builder.call(callee, program.operands))
        program.effects(act, results)
        return program.value(act, results)
