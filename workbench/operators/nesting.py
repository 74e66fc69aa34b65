"""A derivative used inside a differentiated function: its program is made and put in place of the call.

The inner function is traced by itself (`inner`), transformed, and its operations are replayed into the program under
construction. So `grad(grad(f))`, and `grad` of anything that calls `wb.grad` or `wb.jvp` on the way, need no case of
their own; `linear` has `wb.vjp` and `wb.linearize`.
"""

from __future__ import annotations

import inspect
import itertools
from typing import Any

from workbench.frontend.activation import Activation
from workbench.frontend.outputs import Leaf, Node, Tree, leaves
from workbench.frontend.paths import class_attribute
from workbench.frontend.source import python_function
from workbench.frontend.values import BoundMethod, Closure, ObjectValue, Partial, Scalar, describe
from workbench.ir import Kind, Value
from workbench.ir.calls import own_results
from workbench.operators import strategy
from workbench.operators.evaluated import conforming, derivative_of, flatten
from workbench.operators.inner import InnerProgram, traced
from workbench.operators.structure import inexact
from workbench.passes import optimize
from workbench.transforms import forward_gradient, jvp, vjp


def nested_gradient(act: Activation, function: Any, wrt: tuple[int, ...], several: bool, with_value: bool,
                    has_aux: bool, args: tuple[Any, ...], named: dict[str, Any], deterministic: bool = False,
                    way: str = strategy.REVERSE) -> Any:
    """`grad(function, wrt)(*args)` inside a traced program: in reverse, unless forward mode is named."""
    args, named = by_position(function, args, named)
    if any(k >= len(args) for k in wrt):
        act.t.fail("the argument under wrt is not among those that are passed by position",
                   "pass it by position in the inner call")
    program = traced(act, function, args, named)
    output = loss(act, program, has_aux)
    trees = [inexact(program.argument_tree(act, k)) for k in wrt]
    positions = list(dict.fromkeys(leaf.position for tree in trees for leaf in leaves(tree)))
    if not positions:
        act.t.fail(f"the argument under wrt is {describe(args[wrt[0]])}: it has no derivative")
    primal = own_results(optimize(program.function))
    if way == strategy.FORWARD:
        if any(primal.data_params[k].is_array or not primal.data_params[k].kind.is_float for k in positions):
            act.t.fail("forward mode gives gradients by real numbers alone", "leave the mode out")
        made = forward_gradient(primal, positions, output.position)
    else:
        made = vjp(primal, positions, [output.position], seeds="one", backwards=deterministic)
    results = program.inlined(act, made)
    places = {position: len(primal.results) + k for k, position in enumerate(positions)}
    gradients = tuple(derivative_of(act, tree, results, places) for tree in trees)
    gradient = gradients if several else gradients[0]
    program.effects(act, results)
    value = program.value(act, results)
    if with_value:
        return value, gradient
    return (gradient, value[1]) if has_aux else gradient


def loss(act: Activation, program: InnerProgram, has_aux: bool) -> Leaf:
    """The one real float that is differentiated."""
    output: Tree = program.output
    if has_aux:
        if not (isinstance(output, Node) and output.type is tuple and len(output.children) == 2):
            act.t.fail("with has_aux=True the function must return (value, anything)")
        output = output.children[0]
    if not (isinstance(output, Leaf) and output.rank < 0 and output.kind.is_float):
        act.t.fail("grad needs a function that returns one real float", "sum its result up")
    return output


def nested_jvp(act: Activation, function: Any, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
    """`jvp(function, primals, tangents)` inside a traced program."""
    program = traced(act, function, primals, {})
    flat: dict[int, Value] = {}
    for k, tangent in enumerate(tangents):
        if tangent is not None:
            flatten(act, inexact(program.argument_tree(act, k)), tangent, flat)
    outputs = [leaf for leaf in leaves(program.output) if leaf.kind.is_inexact]
    for position, value in flat.items():
        of = program.operands[position]
        flat[position] = conforming(act, value, of.dims, "tangent", "argument", of.kind)
    pushed = jvp(program.function, list(flat), [leaf.position for leaf in outputs])
    results = program.inlined(act, pushed, list(flat.values()))
    places = {leaf.position: len(program.function.results) + k for k, leaf in enumerate(outputs)}
    program.effects(act, results)
    return program.value(act, results), derivative_of(act, program.output, results, places)


# ---------------------------------------------------------------------- parameters
def by_position(function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments with those that can be moved out of `named` where their parameters stand."""
    found, rest = list(args), dict(named)
    for name in positional(function)[len(args):] if named else ():
        if name not in rest:
            break
        found.append(rest.pop(name))
    return tuple(found), rest


def position_of(act: Activation, function: Any, wrt: Any) -> int:
    """The position of a parameter of a function of the evaluator."""
    is_index = wrt.kind is Kind.INT if isinstance(wrt, Scalar) else type(wrt) is int
    if not isinstance(wrt, str) and not is_index:
        raise TypeError(f"wrt is an index, a name, or a tuple of them, not {describe(wrt)}")
    if not isinstance(wrt, str):
        position = act.t.static_int(wrt, "the parameter under wrt")
        if position < 0:
            act.t.fail(f"wrt={position} is no parameter of the function", "count parameters from 0")
        return position
    names = positional(function)
    if wrt not in names:
        act.t.fail(f"the function has no positional parameter named {wrt!r}")
    return names.index(wrt)


def positional(function: Any) -> list[str]:
    """The names of the parameters that a function of the evaluator takes by position."""
    if isinstance(function, Closure):
        spec = function.node.args
        return [a.arg for a in (*spec.posonlyargs, *spec.args)]
    if isinstance(function, BoundMethod):
        return positional(function.function)[1:]
    if isinstance(function, ObjectValue):
        return positional(class_attribute(function.type, "__call__"))[1:]
    if isinstance(function, Partial):
        names = positional(function.function)[len(function.args):]
        return list(itertools.takewhile(lambda name: name not in function.named, names))
    if hasattr(type(function), "inlined") and hasattr(function, "function"):
        return positional(function.function)
    if not callable(function):
        return []
    try:
        parameters = inspect.signature(python_function(function)).parameters.items()
    except ValueError:  # (a C function that does not say)
        return []
    return [n for n, p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
