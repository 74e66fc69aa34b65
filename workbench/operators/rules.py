"""Users' derivative rules: `wb.rule` makes a function that is differentiated by what its author says.

A call of it in a traced program is an opaque `call` (`workbench.ir.calls`). Its rules are Python functions that the
front end reads when the program is differentiated, and not before: a rule may call its own function, to any order.

Invariant: what a rule returns has the structure, kinds and shapes that are asked of it, or it is an error at its line.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import types
from collections.abc import Callable
from typing import Any

from workbench.frontend.activation import Activation
from workbench.frontend.arrays import read
from workbench.frontend.outputs import Leaf, Node, Static, Tree, leaves
from workbench.frontend.paths import Input, Path
from workbench.frontend.source import python_function
from workbench.frontend.values import Array, Closure, describe
from workbench.ir import (
    Block,
    Callee,
    Constant,
    DifferentiationError,
    Function,
    Kind,
    ScalarType,
    Value,
    definitions,
    own_results,
)
from workbench.ir.calls import with_dimensions
from workbench.ir.types import ArrayType
from workbench.operators import recorded
from workbench.operators.evaluated import value_of
from workbench.operators.inner import traced
from workbench.operators.readers import CallSite

NO_SOURCE = "has a rule and no Python source, so that it cannot be compiled"


class Rule:
    """A function with its own derivative rule; see `wb.rule`. It is called like the function.

    `jvp_rule`, `vjp_rule` and `forward` are the functions registered, None where there are none."""

    __name__: str

    def __init__(self, function: Callable[..., Any]) -> None:
        if not callable(function):
            raise TypeError(f"a function is needed, not {function!r}")
        self.function = function
        self.jvp_rule: Callable[..., Any] | None = None
        self.vjp_rule: Callable[..., Any] | None = None
        self.forward: Callable[..., Any] | None = None
        self.hidden: dict[Any, Path] = {}  # numbers from outside that the rules read
        target = python_function(function)
        functools.update_wrapper(self, target, updated=())
        self.__wrapped__ = function
        self.__name__ = getattr(target, "__name__", type(function).__name__)
        self.is_opaque = not inspect.isfunction(target)
        try:
            self.signature = inspect.signature(target)
        except (TypeError, ValueError):  # a C function that does not say
            self.signature = inspect.Signature([inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL)])
        self.__signature__ = self.signature
        if self.is_opaque:
            recorded.known_by(self)

    def __call__(self, *args: Any, **named: Any) -> Any:
        """The function's value."""
        return self.function(*args, **named)

    def __get__(self, owner: Any, cls: Any = None) -> Any:
        """The method of an object, where a class defines it."""
        return self if owner is None else types.MethodType(self, owner)

    def __repr__(self) -> str:
        return f"<{self.__name__} with its own derivative rule>"

    # ------------------------------------------------------------------ registering
    def defjvp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Register the rule of forward mode: `rule(primals, y, tangents)` gives the tangent of y. A decorator.

        primals: the arguments, a tuple; y: what the function returned; tangents: one per argument, of its structure
        (None for what holds no float). Returns the rule."""
        self.jvp_rule = _readable(rule)
        return rule

    def defvjp(self, rule: Callable[..., Any] | None = None, *,
               forward: Callable[..., Any] | None = None) -> Callable[..., Any]:
        """Register the rule of reverse mode: `rule(primals, y, y_bar)` gives a tuple, a cotangent per argument, of its
        structure (None for what holds no float). A decorator.

        forward: called like the function, gives `(y, residuals)`; then `rule(residuals, y, y_bar)` is called with what
        it kept instead of the arguments. Returns the rule (or a decorator, where only `forward` is given)."""
        if rule is None:
            return functools.partial(self.defvjp, forward=forward)
        self.forward = _readable(forward) if forward is not None else None
        self.vjp_rule = _readable(rule)
        return rule

    def bind(self, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        """The arguments in the order of the parameters, those that are passed by name too."""
        if not named:
            return args
        bound = self.signature.bind(*args, **named)
        if bound.kwargs:
            raise DifferentiationError(f"{self.__name__} has a rule of its own and takes keyword-only arguments", None,
                                       "make them ordinary parameters")
        return bound.args

    def recorded(self, *args: Any, **named: Any) -> Any:
        """A call of it in a recorded run."""
        return recorded.RecordedRule(self).call(recorded.bound(self, args, named))

    # ------------------------------------------------------------------ in a traced program
    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """A call of it."""
        t = act.t
        if self.is_opaque:
            t.fail(f"{self.__name__} {NO_SOURCE}", "use engine='tape', or write the function in Python")
        for name in ("jvp_rule", "vjp_rule", "forward"):
            t.environment.guard(Path(("dict", vars(self), name)), "is", getattr(self, name))
        args = self._with_defaults(act, self.bind(args, named))
        for value in args:
            if isinstance(value, Closure):
                t.fail(f"{describe(value)}, a nested function, is passed to {self.__name__}, which has a rule of its "
                       "own", "pass a function defined at the top of a module, or leave the rule out")
        program = traced(act, self.forward or self.function, args, {})
        if program.stores or program.changes:
            t.fail(f"{self.__name__} has a rule of its own and writes into its arguments",
                   "let it return what it computes")
        hidden = [self._hidden(act, path) for path in list(self.hidden.values())]
        function = with_parameters(program.function, [value for _, value in hidden])
        output = program.output
        kept: Tree = Static(None)
        if self.forward is not None:
            if not (isinstance(output, Node) and output.type is tuple and len(output.children) == 2):
                t.fail(f"the forward function of {self.__name__} must return (value, residuals)")
            output, kept = output.children
            kept = _recognised(kept, program.function, leaves(output))
        if any(leaf.source is not None for leaf in leaves(output)):
            t.fail(f"{self.__name__} has a rule of its own and returns one of its arguments itself",
                   "return a copy (`.copy()`)")
        count = len(program.function.data_params)
        site = CallSite(self, tuple(program.argument_tree(act, k) for k in range(len(args))),
                        output, kept, {path.key: (path, count + k) for k, (path, _) in enumerate(hidden)},
                        t.environment.late, t.span)
        callee = Callee(self.__name__, function, site)
        operands = [*program.operands, *(value for _, value in hidden)]
        results = list(t.builder.call(callee, operands))
        return value_of(act, output, results)

    def _with_defaults(self, act: Activation, args: tuple[Any, ...]) -> tuple[Any, ...]:
        target = python_function(self.function)
        missing = [p for p in list(self.signature.parameters.values())[len(args):]
                   if p.kind is p.POSITIONAL_OR_KEYWORD and p.default is not p.empty]
        first = len(target.__defaults__ or ()) - len(missing)
        return (*args, *(act.t.environment.default_value(target, first + k, p.default) for k, p in enumerate(missing)))

    def _hidden(self, act: Activation, path: Path) -> tuple[Path, Value]:
        value = act.t.environment.internal(path.fetch(()), path)
        if isinstance(value, Array):
            return path, read(act.t, value)
        return path, act.t.scalar(value)

    def wants(self, inputs: list[Input]) -> None:
        """Note numbers from outside that a rule reads: from now on they are operands of every call."""
        self.hidden.update({item.path.key: item.path for item in inputs})


def _readable(rule: Callable[..., Any]) -> Callable[..., Any]:
    if not inspect.isfunction(python_function(rule)):
        raise TypeError(f"a derivative rule is a Python function, not {rule!r}")
    return rule


def _recognised(tree: Tree, function: Function, output: list[Leaf]) -> Tree:
    """The tree of what `forward` keeps, where that is an argument or part of the value, as such: positions of results,
    then of data parameters. (These are differentiated as the rule says; the rest through the body of `forward`.)"""
    if isinstance(tree, Node):
        return Node(tree.type, tree.keys, tuple(_recognised(c, function, output) for c in tree.children))
    if not isinstance(tree, Leaf):
        return tree
    made = definitions(function)

    def origin(value: Value) -> Value:
        op = made.get(value)
        while op is not None and op.prim == "copy":
            value = op.operands[0]
            op = made.get(value)
        return value
    source = origin(function.results[tree.position])
    # a copy is what it copies unless that is written afterwards, which a function with a rule does not do to arguments
    same = next((leaf.position for leaf in output if function.results[leaf.position] is source
                 or (source in function.params and origin(function.results[leaf.position]) is source)), None)
    if same is not None:
        return dataclasses.replace(tree, position=same)
    data = function.data_params
    if source in data:
        extra = with_dimensions(own_results(function))
        return dataclasses.replace(tree, position=len(extra.results) + data.index(source))
    return tree


def with_parameters(function: Function, models: list[Value]) -> Function:
    """The function with further data parameters, which it does not use."""
    position = len(function.data_params)
    shapes = dict(function.shape_params)
    params = list(function.params)
    for k, model in enumerate(models):
        if isinstance(model.type, ArrayType):
            dims: list[Value] = []
            for axis, dim in enumerate(model.type.dims):
                fresh = dim if isinstance(dim, Constant) else Value(ScalarType(Kind.INT), dim.name)
                if fresh is not dim:
                    shapes[fresh] = (position + k, axis)
                    params.append(fresh)
                dims.append(fresh)
            params.append(Value(ArrayType(model.kind, tuple(dims)), model.name))
        else:
            params.append(Value(model.type, model.name))
    block = Block(tuple(params), function.block.ops, function.results)
    return Function(function.name, block, shapes, function.span)

