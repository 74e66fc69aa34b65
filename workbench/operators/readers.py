"""Reads users' rules: the Python functions behind a `call` become programs, when they are asked for.

A rule's program takes the operands of the call, its results, and the tangents of all float arguments (or the cotangents
of all float results); it gives the tangents of the results (or the cotangents of the arguments). The rule for one mode
serves the other by transposition.

Invariant: what the rules read from outside (numbers, functions, flags) is an operand of the call, or guarded.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from workbench.frontend import calls, overflow
from workbench.frontend.activation import outside
from workbench.frontend.arrays import read
from workbench.frontend.environment import Environment
from workbench.frontend.numbers import number_kind
from workbench.frontend.outputs import Leaf, Node, Static, Tree, leaves
from workbench.frontend.paths import Guard, Input, Path
from workbench.frontend.source import definition_of, python_function, span_of_function
from workbench.frontend.trace import MAX_RESTARTS
from workbench.frontend.tracer import Tracer
from workbench.frontend.unwinding import NeedStatic, Restart
from workbench.frontend.values import Array, Choice, DictValue, ListValue, ObjectValue, Scalar, describe
from workbench.ir import (
    ArrayType,
    Block,
    Builder,
    Callee,
    Constant,
    DifferentiationError,
    Function,
    Op,
    Span,
    Value,
    own_results,
    substitute_type,
    verify,
)
from workbench.ir.calls import taken_params
from workbench.operators.evaluated import derivative_of, value_of
from workbench.passes import optimize
from workbench.rules import emit
from workbench.transforms import jvp, vjp
from workbench.transforms.calls import alike, body
from workbench.transforms.cotangents import zero
from workbench.transforms.linearity import transposed
from workbench.transforms.replay import declare


class MoreInputs(Exception):
    """A rule reads numbers from outside that no call of its function passes yet: the program must be traced again."""


class RuleOwner(Protocol):
    """What a call site needs of a `Rule`."""

    __name__: str
    jvp_rule: Any
    vjp_rule: Any
    forward: Any

    def wants(self, inputs: list[Input]) -> None:
        """Note numbers from outside that a rule reads."""


class CallSite:
    """The rules of one call (a `CallRule`). Trees describe the arguments, by data parameters, the value, by results,
    and what `forward` kept, by results and then data parameters."""

    def __init__(self, owner: RuleOwner, args: tuple[Tree, ...], output: Tree, kept: Tree,
                 hidden: Mapping[Any, tuple[Path, int]], late: dict[Any, Guard], span: Span | None) -> None:
        self.owner = owner
        self.args = args
        self.output = output
        self.kept = kept
        self.hidden = hidden
        self.late = late
        self.span = span
        self.inputs = _positions(args)
        self.outputs = _positions((output,))
        self._programs: dict[str, Callee] = {}

    # ------------------------------------------------------------------ what transforms ask
    def pushforward(self, callee: Callee, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Function:
        """See `CallRule`."""
        self._only_arguments(wrt)
        rule = self._program(callee, "jvp")
        builder = Builder(f"{callee.name}_jvp")
        builder.span = callee.function.span
        env = declare(builder, callee.function)
        data = [env[p] for p in callee.function.data_params]
        given = {k: builder.param(substitute_type(data[k].type, env), f"{data[k].name or 'x'}_dot") for k in wrt}
        results = list(builder.call(callee, data))
        dots = [given[k] if k in given else zero(builder, data[k].type) for k in self.inputs]
        found = dict(zip(self.outputs, builder.call(rule, [*data, *results, *dots]), strict=False))
        rest = tuple(k for k in outputs if k not in found)
        if rest:  # what `forward` keeps is differentiated through its body
            through = Callee(f"{callee.name}_kept", jvp(body(callee), wrt, rest))
            made = builder.call(through, [*data, *given.values()])[len(results):]
            found.update(zip(rest, made, strict=False))
        return builder.finish([*results, *(found[k] for k in outputs)])

    def _only_arguments(self, wrt: Sequence[int]) -> None:
        """Raise where the function depends on what is differentiated otherwise than through its arguments."""
        rules = {position for _, position in self.hidden.values()}
        if any(k not in self.inputs and k not in rules for k in wrt):
            raise DifferentiationError(f"{self.owner.__name__} has a rule of its own and reads a number that is "
                                       "differentiated otherwise than through its arguments", self.span,
                                       "pass it as an argument")

    def pullback(self, callee: Callee, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Function:
        """See `CallRule`."""
        self._only_arguments(wrt)
        rule = self._program(callee, "vjp")
        builder = Builder(f"{callee.name}_vjp")
        builder.span = callee.function.span
        data, results = declare_call(builder, callee.function)
        given = {k: builder.param(results[k].type, f"{results[k].name or 'y'}_bar") for k in outputs}
        bars = [given[k] if k in given else zero(builder, results[k].type) for k in self.outputs]
        made = builder.call(rule, [*data, *results, *bars])
        found = {k: made[self.inputs.index(k)] if k in self.inputs else zero(builder, data[k].type) for k in wrt}
        rest = tuple(k for k in outputs if k not in self.outputs)
        if rest:  # what `forward` keeps is differentiated through its body
            through = Callee(f"{callee.name}_kept", vjp(body(callee), wrt, rest))
            more = builder.call(through, [*data, *(given[k] for k in rest)])[len(results):]
            found = {k: emit(builder, "add", found[k], part) for k, part in zip(wrt, more, strict=False)}
        return builder.finish([found[k] for k in wrt])

    # ------------------------------------------------------------------ programs
    def _program(self, callee: Callee, mode: str) -> Callee:
        """The program of a mode's rule, or the transpose of the other's."""
        if mode not in self._programs:
            other = {"jvp": "vjp", "vjp": "jvp"}[mode]
            names = {"jvp": self.owner.jvp_rule, "vjp": self.owner.vjp_rule}
            name = self.owner.__name__
            if names[mode] is not None:
                function = self._read(callee, mode, names[mode])
            elif names[other] is not None:
                first = len(callee.function.data_params) + len(callee.function.results)
                what = (f"{name} has no rule for {_MODES[mode]} mode, the one for {_MODES[other]} mode would be "
                        "transposed")
                function = transposed(optimize(self._read(callee, other, names[other])), first, what)
            else:
                raise DifferentiationError(f"{name} is marked by wb.rule and has no rule", self.span,
                                           f"give it one: @{name}.defjvp or @{name}.defvjp")
            self._programs[mode] = Callee(f"{name}_{mode}_rule", function)
        return self._programs[mode]

    def _read(self, callee: Callee, mode: str, rule: Any) -> Function:
        """Trace a rule."""
        decisions: dict[Any, Any] = {}
        for _ in range(MAX_RESTARTS):
            inner = Environment()
            inner.late = self.late
            t = Tracer(getattr(rule, "__name__", "rule"), inner, decisions)
            t.builder.span = span_of_function(python_function(rule))
            try:
                return self._traced(t, inner, callee.function, mode, rule)
            except Restart as restart:
                decisions[restart.key] = restart.decision
            except NeedStatic as need:
                raise DifferentiationError(f"{need.reason} must be known before the program runs, and it is an "
                                           f"argument of {callee.name}, which has a rule of its own", need.span,
                                           "pass it as a number written in the program") from None
        raise DifferentiationError(f"reading the rule of {callee.name} does not come to an end", self.span)

    def _traced(self, t: Tracer, inner: Environment, function: Function, mode: str, rule: Any) -> Function:
        data, results = declare_call(t.builder, function)
        t.nonnegative.update(t.builder.shape_params)
        models = [data[k] for k in self.inputs] if mode == "jvp" else [results[k] for k in self.outputs]
        suffix = "dot" if mode == "jvp" else "bar"
        linear = [t.builder.param(m.type, f"{m.name or 'y'}_{suffix}") for m in models]
        place = {k: n for n, k in enumerate(self.inputs if mode == "jvp" else self.outputs)}
        for path, position in self.hidden.values():
            _enter_hidden(inner, path, data[position])
        root = outside(t, python_function(rule))
        y = value_of(root, self.output, results)
        if mode == "jvp":
            first = tuple(value_of(root, tree, data) for tree in self.args)
            third: Any = tuple(derivative_of(root, tree, linear, place) for tree in self.args)
            asked = self.output
        else:
            first = tuple(value_of(root, tree, data) for tree in self.args)
            if self.owner.forward is not None:
                first = value_of(root, self.kept, [*results, *data])
            third = derivative_of(root, self.output, linear, place)
            asked = Node(tuple, None, self.args)
        given = calls.call(root, rule, (first, y, third), {})
        t.builder.span = return_span(rule)
        arrays = [value for value in inner.known.values() if isinstance(value, Array)]
        if inner.outside or inner.written or inner.was_written or any(a.cell.written for a in arrays):
            t.fail(f"the {_MODES[mode]}-mode rule of {self.owner.__name__} changes what is outside of it",
                   "let it return what it computes, or use engine='tape'")
        found: dict[int, Value] = {}
        Matcher(t, f"the {_MODES[mode]}-mode rule of {self.owner.__name__}", data if mode == "vjp" else results,
                 found).match(asked, given, "what it returns")
        if inner.inputs:
            self.owner.wants(inner.inputs)
            raise MoreInputs(self.owner.__name__)
        self.late.update(inner.guards)
        order = self.outputs if mode == "jvp" else self.inputs
        made = overflow.checked(t.builder.finish([t.builder.resolve(found[k]) for k in order]), t.integers)
        start = len(data) if mode == "jvp" else 0
        models = [made.data_params[start + k] for k in order]
        return verify(own_results(own_parameters(alike(made, models))))


_MODES = {"jvp": "forward", "vjp": "reverse"}


def _positions(trees: Sequence[Tree]) -> tuple[int, ...]:
    """Positions of the leaves that carry derivatives, each once."""
    return tuple(dict.fromkeys(leaf.position for tree in trees for leaf in leaves(tree) if leaf.kind.is_inexact))


def declare_call(builder: Builder, function: Function) -> tuple[list[Value], list[Value]]:
    """Parameters for a function's data and for its results, which may be one another's dimensions."""
    env = declare(builder, function)
    data = [env[p] for p in function.data_params]
    made: dict[int, Value] = {}
    for k, result in sorted(enumerate(function.results), key=lambda pair: pair[1].is_array):
        made[k] = Value(substitute_type(result.type, env), result.name)
        env.setdefault(result, made[k])
    results = [made[k] for k in range(len(made))]
    builder.params += results
    return data, results


def _enter_hidden(inner: Environment, path: Path, param: Value) -> None:
    """Let a number from outside that the call passes be found."""
    value = path.fetch(())
    if isinstance(param.type, ArrayType):
        inner.known[id(value)] = inner.t.new_array(param)
        inner.keep.append(value)
    else:
        python = isinstance(value, (int, float, complex)) and type(value).__module__ == "builtins"
        inner.paths[("number", path.key)] = Scalar(param, python)  # type: ignore[assignment]


def own_parameters(function: Function) -> Function:
    """The function working on copies of the arrays that it writes."""
    taken = [function.data_params[k] for k in taken_params(function)]
    if not taken:
        return function
    fresh = {p: Value(p.type, p.name) for p in taken}
    copies = tuple(Op("copy", (fresh[p],), (p,), {}, (), function.span) for p in taken)
    params = tuple(fresh.get(p, p) for p in function.params)
    return Function(function.name, Block(params, (*copies, *function.block.ops), function.results),
                    function.shape_params, function.span)


def return_span(rule: Any) -> Span:
    """Where a rule returns: the line of its only `return`, else its first line."""
    function = python_function(rule)
    node = definition_of(function)
    code = function.__code__
    if isinstance(node, ast.Lambda):
        return Span(code.co_filename, node.body.lineno, node.body.col_offset, node.body.end_col_offset or 0,
                    function.__qualname__)
    found = [n for n in ast.walk(node) if isinstance(n, ast.Return)]
    if len(found) != 1:
        return span_of_function(function)
    return Span(code.co_filename, found[0].lineno, found[0].col_offset, found[0].end_col_offset or 0,
                function.__qualname__)


class Matcher:
    """Takes apart what a rule returned, holding it to what is asked."""

    def __init__(self, t: Tracer, who: str, models: Sequence[Value], found: dict[int, Value]) -> None:
        self.t = t
        self.who = who
        self.models = models
        self.found = found

    def fail(self, where: str, given: Any, wanted: str, hint: str = "") -> None:
        """Refuse what was returned."""
        self.t.fail(f"{self.who}: {where} is {describe(given)} where {wanted} is asked", hint)

    def match(self, tree: Tree, given: Any, where: str) -> None:
        """Enter the leaves of what was returned."""
        t = self.t
        given = t.environment.read_choice(t, given) if isinstance(given, Choice) else given
        if isinstance(tree, Leaf):
            if tree.kind.is_inexact:
                self.leaf(tree, given, where)
            elif given is not None:
                self.fail(where, given, "None", "an integer or flag has no derivative")
        elif isinstance(tree, Static):
            if given is not None and leaves_of(given):
                self.fail(where, given, "None", "it stands for what holds no float")
        elif isinstance(tree, Node) and (given is not None or any(x.kind.is_inexact for x in leaves(tree))):
            self.node(tree, given, where)

    def node(self, tree: Node, given: Any, where: str) -> None:
        """Enter the parts of a container."""
        t = self.t
        wanted = f"a {tree.type.__name__} of {len(tree.children)}"
        hint = ""
        if tree.type is tuple and not isinstance(given, tuple):
            hint = "return a tuple with one entry per argument, also for one: `return (x_bar,)`"
        elif given is None:
            hint = "None is for what holds no float: return one like it, with zeros where the derivative is zero"
        names: tuple[Any, ...] = tree.keys if tree.keys is not None else tuple(range(len(tree.children)))
        parts: list[Any] = []
        if issubclass(tree.type, (tuple, list)) and isinstance(given, (tuple, ListValue)):
            parts = [t.read(v) for v in given.items] if isinstance(given, ListValue) else list(given)
        elif issubclass(tree.type, dict) and isinstance(given, DictValue):
            if set(given.items) != set(names):
                self.fail(where, given, f"a dict with the keys {list(names)}")
            parts = [t.read(given.items[k]) for k in names]
        elif isinstance(given, ObjectValue) and given.type is tree.type:
            parts = [t.environment.attribute(outside(t), given, k) for k in names]
        else:
            self.fail(where, given, wanted, hint)
        if len(parts) != len(tree.children):
            self.t.fail(f"{self.who}: {where} has {len(parts)} entries where {len(tree.children)} are asked", hint)
        for name, child, part in zip(names, tree.children, parts, strict=True):
            self.match(child, part, f"entry {name!r} of {where}")

    def leaf(self, tree: Leaf, given: Any, where: str) -> None:
        """Enter a number or array."""
        t = self.t
        model = self.models[tree.position]
        wanted = f"a number of {tree.kind.value}" if tree.rank < 0 else (
            f"a {tree.kind.value} array of {tree.rank} dimension{'s' * (tree.rank != 1)}")
        hint = "return zeros (0.0, or np.zeros_like of the array) where the derivative is zero" if given is None else ""
        if tree.rank < 0:
            kind = number_kind(given)
            if kind is None or isinstance(given, Array) or (kind.is_complex and not tree.kind.is_complex):
                self.fail(where, given, wanted, hint)
            self.found[tree.position] = t.scalar(given, tree.kind)
            return
        if not isinstance(given, Array) or given.kind is not tree.kind or given.rank != tree.rank:
            self.fail(where, given, wanted, hint or "make it with np.zeros_like, or by operations on the argument")
        value = read(t, given)
        for a, b in zip(value.dims, model.dims, strict=True):
            if not t.same(a, b):
                message = f"{self.who}: {where} has another shape than is asked"
                equal = t.emit("eq", a, b)
                if isinstance(equal, Constant) and not equal.value:
                    t.fail(message)
                t.check(equal, "DifferentiationError", message)
        if tree.position in self.found:
            return
        self.found[tree.position] = value


def leaves_of(given: Any) -> bool:
    """True where an evaluator's value is a number or array."""
    return isinstance(given, (Scalar, Array, float, complex)) and not isinstance(given, Constant)
