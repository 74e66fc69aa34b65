"""Expressions: the syntax tree compiled once to closures `(activation) -> value`.

Invariant: a closure evaluates its operands left to right as Python does; what is held meanwhile is looked at before it
is used (`held`).
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from workbench.frontend import (
    access,
    arithmetic,
    branches,
    calls,
    dispatch,
    dynamic_lists,
    generators,
    iteration,
    states,
    subscripts,
    texts,
)
from workbench.frontend.activation import Activation
from workbench.frontend.arithmetic import is_dynamic
from workbench.frontend.assignments import AssignmentCompiler
from workbench.frontend.compiler import BINARY, Expression
from workbench.frontend.comprehensions import Clause, Comprehension
from workbench.frontend.held import Held
from workbench.frontend.paths import class_attribute
from workbench.frontend.values import (
    UNDEFINED,
    Closure,
    ListValue,
    ObjectValue,
    Scalar,
    SetValue,
    is_flat,
    is_static,
)

_SET = "a set of run-time numbers"
_STATIC_UNARY: dict[str, Callable[[Any], Any]] = {"-": operator.neg, "+": operator.pos, "~": operator.invert}


class ExpressionCompiler(AssignmentCompiler):
    """Compiles expressions."""

    # ------------------------------------------------------------------ atoms
    def _Constant(self, node: ast.Constant) -> Expression:
        value = node.value
        return lambda act: value

    def _Name(self, node: ast.Name) -> Expression:
        name, span = node.id, self.span(node)

        def run(act: Activation) -> Any:
            variable = act.scope.find(name)
            if variable is None:
                act.t.builder.span = span
                return act.t.environment.outer_name(act, name)
            value = act.t.read(variable)
            if value is UNDEFINED:
                act.t.builder.span = span
                raise UnboundLocalError(
                    f"cannot access local variable '{name}' where it is not associated with a value")
            return value
        return run

    def _NamedExpr(self, node: ast.NamedExpr) -> Expression:
        name, value = node.target.id, self.expression(node.value)

        def run(act: Activation) -> Any:
            result = value(act)
            variable = act.scope.find(name)
            if variable is None:
                act.t.fail(f"assignment expression to the unknown name {name!r}")
            act.t.assign(variable, result)
            return result
        return run

    def _JoinedStr(self, node: ast.JoinedStr) -> Expression:
        parts = [self.expression(v) for v in node.values]
        span = self.span(node)

        def run(act: Activation) -> Any:
            values = [part(act) for part in parts]
            act.t.builder.span = span
            return texts.joined(values)
        return run

    def _FormattedValue(self, node: ast.FormattedValue) -> Expression:
        value = self.expression(node.value)
        spec = self.expression(node.format_spec) if node.format_spec else None
        conversion = chr(node.conversion) if node.conversion > 0 else ""

        def run(act: Activation) -> Any:
            content = value(act)
            form = spec(act) if spec else ""
            if not isinstance(form, str):
                act.t.fail("a format that depends on a run-time number", "write the width and precision out")
            return texts.text(act, content, conversion, form)
        return run

    # ------------------------------------------------------------------ containers
    def _Tuple(self, node: ast.Tuple) -> Expression:
        items = self._items(node.elts)
        return lambda act: tuple(items(act))

    def _List(self, node: ast.List) -> Expression:
        items = self._items(node.elts)
        place = (node.lineno, node.col_offset)
        return lambda act: dynamic_lists.made(act.t, items(act), (act.path, *place))

    def _Set(self, node: ast.Set) -> Expression:
        items, refuse = self._items(node.elts), self.refuse(node, _SET)

        def run(act: Activation) -> Any:
            values = items(act)
            return _set_of(act, values) if all(is_static(v) for v in values) else refuse(act)
        return run

    def _items(self, nodes: list[ast.expr]) -> Callable[[Activation], list[Any]]:
        parts = [(isinstance(n, ast.Starred), self.expression(n.value if isinstance(n, ast.Starred) else n))
                 for n in nodes]

        def run(act: Activation) -> list[Any]:
            values: list[Any] = []
            held = Held(act.t)
            for starred, part in parts:
                value = part(act)
                for item in iteration.static_items(act, value) if starred else (value,):
                    values.append(held.keep(item))
            held.check()
            return values
        return run

    def _Dict(self, node: ast.Dict) -> Expression:
        keys = [self.expression(k) if k is not None else None for k in node.keys]
        values = [self.expression(v) for v in node.values]
        span = self.span(node)

        def run(act: Activation) -> Any:
            entries: dict[Any, Any] = {}
            held = Held(act.t)
            for key, value in zip(keys, values, strict=True):
                if key is None:
                    merged = value(act)
                    for name, variable in subscripts.dict_items(act, merged):
                        entries[name] = held.keep(act.t.read(variable))
                    continue
                name = key(act)
                act.t.builder.span = span
                entries[subscripts.static_key(act, name)] = held.keep(value(act))
            held.check()
            return act.t.new_dict(entries)
        return run

    def _Slice(self, node: ast.Slice) -> Expression:
        parts = [self.expression(p) if p is not None else None for p in (node.lower, node.upper, node.step)]
        return lambda act: slice(*(p(act) if p is not None else None for p in parts))

    def _Starred(self, node: ast.Starred) -> Expression:
        return self.refuse(node, "a starred expression here")

    # ------------------------------------------------------------------ operators
    def _BinOp(self, node: ast.BinOp) -> Expression:
        op, left, right = BINARY[type(node.op)], self.expression(node.left), self.expression(node.right)
        span = self.span(node)

        def run(act: Activation) -> Any:
            a = left(act)
            held = Held(act.t, a)
            b = right(act)
            act.t.builder.span = span
            held.check()
            return dispatch.binary(act, op, a, b)
        return run

    def _UnaryOp(self, node: ast.UnaryOp) -> Expression:
        negated = isinstance(node.op, ast.Not)
        operand = self.condition(node.operand) if negated else self.expression(node.operand)
        span = self.span(node)
        if negated:
            def negate(act: Activation) -> Any:
                value = operand(act)
                act.t.builder.span = span
                return arithmetic.opposite(act.t, arithmetic.truth(act.t, value))
            return negate
        op = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}[type(node.op)]

        def run(act: Activation) -> Any:
            value = operand(act)
            act.t.builder.span = span
            value = states.settled(act.t, value, f"bad operand type for unary {op}: 'NoneType'")
            act.t.usable(value)
            if is_flat(value):
                raise TypeError(f"bad operand type for unary {op}: 'numpy.flatiter'")
            if is_dynamic(value):
                return arithmetic.unary(act.t, op, value)
            method = {"-": "__neg__", "+": "__pos__", "~": "__invert__"}[op]
            if isinstance(value, ObjectValue) or (
                    isinstance(value, tuple) and class_attribute(type(value), method) is not None):
                return calls.call(act, access.attribute(act, value, method), (), {})
            return _STATIC_UNARY[op](value)
        return run

    def _BoolOp(self, node: ast.BoolOp) -> Expression:
        return self._connected(node, [self.expression(v) for v in node.values], False)

    def condition(self, node: ast.expr) -> Expression:
        """An expression of which the truth alone is asked: `a and b` is one truth value, whatever a and b are."""
        if not isinstance(node, ast.BoolOp):
            return self.expression(node)
        return self._connected(node, [self.condition(v) for v in node.values], True)

    def _connected(self, node: ast.BoolOp, values: list[Expression], as_truth: bool) -> Expression:
        """`a and b`, `a or b`: one of the values, or its truth."""
        is_and, span = isinstance(node.op, ast.And), self.span(node)

        def rest(act: Activation, position: int) -> Any:
            value = values[position](act)
            is_last = position == len(values) - 1
            if is_last and not as_truth:
                return value
            act.t.builder.span = span
            test = arithmetic.truth(act.t, value)
            if as_truth:
                value = test
            if is_last:
                return value
            if not isinstance(test, Scalar):
                return rest(act, position + 1) if test == is_and else value

            def more() -> Any:
                return rest(act, position + 1)

            def same() -> Any:
                return not is_and if as_truth else value
            return branches.branch(act.t, test, more if is_and else same, same if is_and else more)
        return lambda act: rest(act, 0)

    def _Compare(self, node: ast.Compare) -> Expression:
        first = self.expression(node.left)
        others = [(op, self.expression(n)) for op, n in zip(node.ops, node.comparators, strict=True)]
        span = self.span(node)

        def rest(act: Activation, left: Any, position: int) -> Any:
            op, expression = others[position]
            held = Held(act.t, left)
            right = expression(act)
            act.t.builder.span = span
            held.check()
            result = dispatch.comparison(act, op, left, right)
            if position == len(others) - 1:
                return result
            test = arithmetic.truth(act.t, result)
            if not isinstance(test, Scalar):
                return rest(act, right, position + 1) if test else result
            return branches.branch(act.t, test, lambda: rest(act, right, position + 1), lambda: result)
        return lambda act: rest(act, first(act), 0)

    def _IfExp(self, node: ast.IfExp) -> Expression:
        test, body, orelse = self.condition(node.test), self.expression(node.body), self.expression(node.orelse)
        span = self.span(node)

        def run(act: Activation) -> Any:
            value = test(act)
            act.t.builder.span = span
            condition = arithmetic.truth(act.t, value)
            if not isinstance(condition, Scalar):
                return body(act) if condition else orelse(act)
            return branches.branch(act.t, condition, lambda: body(act), lambda: orelse(act))
        return run

    # ------------------------------------------------------------------ access and calls
    def _Attribute(self, node: ast.Attribute) -> Expression:
        value, name, span = self.expression(node.value), node.attr, self.span(node)

        def run(act: Activation) -> Any:
            owner = value(act)
            act.t.builder.span = span
            act.t.certain(owner)
            found = access.attribute(act, owner, name)
            act.t.certain(found)
            return found
        return run

    def _Subscript(self, node: ast.Subscript) -> Expression:
        value, key, span = self.expression(node.value), self.expression(node.slice), self.span(node)

        def run(act: Activation) -> Any:
            owner = value(act)
            held = Held(act.t, owner)
            index = key(act)
            act.t.builder.span = span
            held.check()
            owner = states.settled_tuple(act.t, owner, "'NoneType' object is not subscriptable")
            act.t.usable(owner)
            found = subscripts.item(act, owner, index)
            act.t.certain(found)
            return found
        return run

    def _Call(self, node: ast.Call) -> Expression:
        function, span = self.expression(node.func), self.span(node)
        positional = self._items(node.args)
        keywords = [(k.arg, self.expression(k.value)) for k in node.keywords]

        def run(act: Activation) -> Any:
            callee = function(act)
            held = Held(act.t, callee)
            args = held.keep(tuple(positional(act)))
            named: dict[str, Any] = {}
            for name, expression in keywords:
                value = expression(act)
                if name is None:
                    for key, variable in subscripts.dict_items(act, value):
                        named[key] = held.keep(act.t.read(variable))
                else:
                    named[name] = held.keep(value)
            act.t.builder.span = span
            held.check()
            result = calls.call(act, callee, args, named, node)
            act.t.builder.span = span
            return result
        return run

    # ------------------------------------------------------------------ functions, comprehensions
    def _Lambda(self, node: ast.Lambda) -> Expression:
        return self.closure(node, "<lambda>")

    def closure(self, node: ast.FunctionDef | ast.Lambda, name: str) -> Expression:
        """A function made by the program; its defaults are variables, as what they hold may be renamed."""
        defaults, keyword_defaults = self.defaults(node.args)

        def run(act: Activation) -> Closure:
            t = act.t
            positional = tuple(t.variable("default", d(act)) for d in defaults)
            named = {k: t.variable(k, d(act)) for k, d in keyword_defaults.items()}
            return Closure(node, act.scope, positional, named, name)
        return run

    def defaults(self, args: ast.arguments) -> tuple[list[Expression], dict[str, Expression]]:
        """Closures for the default values of parameters."""
        named = {a.arg: self.expression(d) for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True)
                 if d is not None}
        return [self.expression(d) for d in args.defaults], named

    # ------------------------------------------------------------------ comprehensions
    def _ListComp(self, node: ast.ListComp) -> Expression:
        return self._comprehension(node.generators, [node.elt]).run

    def _GeneratorExp(self, node: ast.GeneratorExp) -> Expression:
        source, function = self.expression(node.generators[0].iter), generators.expression_as_function(node)
        make = self.closure(function, "<genexpr>")

        def run(act: Activation) -> Any:
            closure = make(act)
            return calls.call(act, closure, (source(act),), {}, node)
        return run

    def _SetComp(self, node: ast.SetComp) -> Expression:
        made, refuse = self._comprehension(node.generators, [node.elt]), self.refuse(node, _SET)

        def run(act: Activation) -> Any:
            listed = made.run(act)
            values = [act.t.read(v) for v in listed.items] if isinstance(listed, ListValue) else [listed]
            return _set_of(act, values) if all(is_static(v) for v in values) else refuse(act)
        return run

    def _DictComp(self, node: ast.DictComp) -> Expression:
        made, span = self._comprehension(node.generators, [node.key, node.value]), self.span(node)

        def run(act: Activation) -> Any:
            listed = made.run(act)
            act.t.builder.span = span
            if not isinstance(listed, ListValue):
                act.t.fail("a dict with keys that are known at run time only", "use arrays")
            pairs = [act.t.read(v) for v in listed.items]
            return act.t.new_dict({subscripts.static_key(act, k): v for k, v in pairs})
        return run

    def _comprehension(self, generators: list[ast.comprehension], elements: list[ast.expr]) -> Comprehension:
        first = generators[0].iter
        names = sorted({n.id for g in generators for n in ast.walk(g.target) if isinstance(n, ast.Name)})
        clauses = [Clause(self.expression(g.iter), self.target(g.target), tuple(self.condition(c) for c in g.ifs))
                   for g in generators]
        return Comprehension(tuple(clauses), tuple(map(self.expression, elements)), tuple(names),
                             (first.lineno, first.col_offset), self.span(first))


def _set_of(act: Activation, values: list[Any]) -> SetValue:
    return SetValue({subscripts.static_key(act, v) for v in values}, len(act.t.frames))
