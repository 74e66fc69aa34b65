"""Expressions: the syntax tree compiled once to closures `(activation) -> value`.

Invariant: a closure evaluates its operands left to right as Python does, and sets the source span before it emits.
"""

from __future__ import annotations

import ast
import dataclasses
import operator
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from workbench.frontend import (
    access,
    arithmetic,
    branches,
    calls,
    composed,
    dynamic_lists,
    gathering,
    generators,
    growth,
    iteration,
    sequences,
    states,
    texts,
    walking,
)
from workbench.frontend.activation import Activation, Scope
from workbench.frontend.arithmetic import OPERATOR_NAMES, STATIC_BINARY, is_dynamic
from workbench.frontend.held import Held
from workbench.frontend.library import containers
from workbench.frontend.numbers import number_kind
from workbench.frontend.unwinding import Restart
from workbench.frontend.values import (
    UNDEFINED,
    Array,
    ArrayMethod,
    BoundMethod,
    CallChoice,
    Choice,
    Closure,
    DictValue,
    DynamicList,
    Lazy,
    ListValue,
    ObjectValue,
    OneOf,
    RangeValue,
    Scalar,
    SetValue,
    TextValue,
    describe,
    is_flat,
    is_static,
)
from workbench.ir import DifferentiationError, Kind, Span

Expression = Callable[[Activation], Any]

BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
           ast.MatMult: "@", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>"}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_REFLECTED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
_SET = "a set of run-time numbers"
_STATIC_UNARY: dict[str, Callable[[Any], Any]] = {"-": operator.neg, "+": operator.pos, "~": operator.invert}


class ExpressionCompiler:
    """Compiles the expressions of one function; `filename` and `function` go into spans."""

    def __init__(self, filename: str, function: str) -> None:
        self.filename = filename
        self.function = function

    def span(self, node: ast.AST) -> Span | None:
        """The source span of a node; None in a function that stands in for one of the library."""
        if composed.is_own_file(self.filename):
            return None
        return Span(self.filename, getattr(node, "lineno", 0), getattr(node, "col_offset", 0),
                    _end_column(node), self.function)

    def expression(self, node: ast.expr) -> Expression:
        """The closure that evaluates an expression."""
        method = getattr(self, f"_{type(node).__name__}", None)
        if method is None:
            return self.refuse(node, f"{_title(node)} cannot be compiled yet")
        return method(node)  # type: ignore[no-any-return]

    def refuse(self, node: ast.AST, reason: str, hint: str = "") -> Expression:
        """A closure that refuses when it is reached."""
        span = self.span(node)

        def run(act: Activation) -> Any:
            raise DifferentiationError(reason, span, hint or "rewrite the line")
        return run

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
                    for name, variable in access.dict_items(act, merged):
                        entries[name] = held.keep(act.t.read(variable))
                    continue
                name = key(act)
                act.t.builder.span = span
                entries[access.static_key(act, name)] = held.keep(value(act))
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
            return apply_binary(act, op, a, b)
        return run

    def _UnaryOp(self, node: ast.UnaryOp) -> Expression:
        negated = isinstance(node.op, ast.Not)
        operand = self.condition(node.operand) if negated else self.expression(node.operand)
        span = self.span(node)
        if negated:
            def negate(act: Activation) -> Any:
                value = operand(act)
                act.t.builder.span = span
                test = arithmetic.truth(act.t, value)
                if isinstance(test, Scalar):
                    return act.t.wrap(act.t.emit("not", act.t.scalar(test)), True)
                return not test
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
                    isinstance(value, tuple) and access.class_attribute(type(value), method) is not None):
                return calls.call(act, access.attribute(act, value, method), (), {})
            return _STATIC_UNARY[op](value)
        return run

    def _BoolOp(self, node: ast.BoolOp) -> Expression:
        values = [self.expression(v) for v in node.values]
        is_and, span = isinstance(node.op, ast.And), self.span(node)

        def rest(act: Activation, position: int) -> Any:
            value = values[position](act)
            if position == len(values) - 1:
                return value
            act.t.builder.span = span
            test = arithmetic.truth(act.t, value)
            if not isinstance(test, Scalar):
                return rest(act, position + 1) if test == is_and else value
            def more() -> Any:
                return rest(act, position + 1)
            def same() -> Any:
                return value
            return branches.branch(act.t, test, more if is_and else same, same if is_and else more)
        return lambda act: rest(act, 0)

    def condition(self, node: ast.expr) -> Expression:
        """An expression of which the truth alone is asked: `a and b` is one truth value, whatever a and b are."""
        if not isinstance(node, ast.BoolOp):
            return self.expression(node)
        values = [self.condition(v) for v in node.values]
        is_and, span = isinstance(node.op, ast.And), self.span(node)

        def rest(act: Activation, position: int) -> Any:
            value = values[position](act)
            act.t.builder.span = span
            test = arithmetic.truth(act.t, value)
            if position == len(values) - 1:
                return test
            if not isinstance(test, Scalar):
                return rest(act, position + 1) if test == is_and else test
            def more() -> Any:
                return rest(act, position + 1)
            def same() -> bool:
                return not is_and
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
            result = apply_comparison(act, op, left, right)
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
            act.t.usable(owner)
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
            found = access.item(act, owner, index)
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
                    for key, variable in access.dict_items(act, value):
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

    def _ListComp(self, node: ast.ListComp) -> Expression:
        return self._comprehension(node.generators, [node.elt])

    def _GeneratorExp(self, node: ast.GeneratorExp) -> Expression:
        source, function = self.expression(node.generators[0].iter), generators.expression_as_function(node)
        make = self.closure(function, "<genexpr>")

        def run(act: Activation) -> Any:
            closure = make(act)
            return calls.call(act, closure, (source(act),), {}, node)
        return run

    def _SetComp(self, node: ast.SetComp) -> Expression:
        collect, refuse = self._comprehension(node.generators, [node.elt]), self.refuse(node, _SET)

        def run(act: Activation) -> Any:
            made = collect(act)
            values = [act.t.read(v) for v in made.items] if isinstance(made, ListValue) else [made]
            return _set_of(act, values) if all(is_static(v) for v in values) else refuse(act)
        return run

    def _DictComp(self, node: ast.DictComp) -> Expression:
        collect, span = self._comprehension(node.generators, [node.key, node.value]), self.span(node)

        def run(act: Activation) -> Any:
            made = collect(act)
            act.t.builder.span = span
            if not isinstance(made, ListValue):
                act.t.fail("a dict with keys that are known at run time only", "use arrays")
            pairs = [act.t.read(v) for v in made.items]
            return act.t.new_dict({access.static_key(act, k): v for k, v in pairs})
        return run

    def _comprehension(self, generators: list[ast.comprehension],
                       elements: list[ast.expr]) -> Callable[[Activation], Any]:
        """A list of the elements (of pairs, for a dict): of known length, or filled at run time."""
        names = sorted({n.id for g in generators for n in ast.walk(g.target) if isinstance(n, ast.Name)})
        sources = [self.expression(g.iter) for g in generators]
        targets = [self.target(g.target) for g in generators]
        tests = [[self.condition(c) for c in g.ifs] for g in generators]
        parts = [self.expression(e) for e in elements]
        span = self.span(generators[0].iter)
        place = (generators[0].iter.lineno, generators[0].iter.col_offset)

        def run(act: Activation) -> Any:
            outer, site = act.scope, (act.path, *place)
            t = act.t

            def element() -> Any:
                held = Held(t)
                values = tuple(held.keep(part(act)) for part in parts)
                held.check()
                return values if len(values) > 1 else values[0]

            def level(depth: int, add: Callable[[Any], Any], at_run_time: bool) -> None:
                if depth == len(generators):
                    add(element())
                    return
                source = sources[depth](act)
                t.builder.span = span

                def tested(position: int) -> None:
                    if position == len(tests[depth]):
                        level(depth + 1, add, at_run_time)
                        return
                    condition = arithmetic.truth(t, tests[depth][position](act))
                    if not isinstance(condition, Scalar):
                        if condition:
                            tested(position + 1)
                    elif at_run_time:
                        branches.branch(t, condition, lambda: tested(position + 1), lambda: None)
                    else:
                        start_over(t, site, span)

                def each(item: Any) -> None:
                    targets[depth](act, item)
                    tested(0)
                if at_run_time:
                    gathering.over_items(act, source, (*site, depth), each, lambda v: v.name not in names)
                elif gathering.is_run_time(act, site, source):
                    start_over(t, site, span)
                else:
                    for item in (gathering.few_items(act, source, site) if isinstance(source, Lazy)
                                 else walking.items(act, source)):
                        each(item)
            act.scope = Scope({n: t.variable(n) for n in names}, outer, outer.function)
            try:
                if t.decisions.get(("items", site)) and not growth.is_static(t, site):
                    return dynamic_lists.filled(t, site, lambda add: level(0, add, True))
                found: list[Any] = []
                held = Held(t)
                level(0, lambda item: found.append(held.keep(item)), False)
                held.check()
                return dynamic_lists.made(t, found, site)
            finally:
                act.scope = outer
        return run

    # ------------------------------------------------------------------ assignment targets
    def target(self, node: ast.expr) -> Callable[[Activation, Any], None]:
        """A closure that assigns a value to a target."""
        span = self.span(node)
        if isinstance(node, ast.Name):
            name = node.id

            def assign_name(act: Activation, value: Any) -> None:
                variable = None if name in act.global_names else act.scope.find(name)
                if variable is None:
                    act.t.environment.assign_global(act, name, value)
                else:
                    act.t.assign(variable, value)
            return assign_name
        if isinstance(node, (ast.Tuple, ast.List)):
            return self._unpacking(node, span)
        if isinstance(node, ast.Attribute):
            owner, attribute = self.expression(node.value), node.attr

            def assign_attribute(act: Activation, value: Any) -> None:
                held = Held(act.t, value)
                target = owner(act)
                act.t.builder.span = span
                held.check()
                access.set_attribute(act, target, attribute, value)
            return assign_attribute
        if isinstance(node, ast.Subscript):
            container, key = self.expression(node.value), self.expression(node.slice)

            def assign_item(act: Activation, value: Any) -> None:
                held = Held(act.t, value)
                target = held.keep(container(act))
                index = key(act)
                act.t.builder.span = span
                held.check()
                access.set_item(act, target, index, value)
            return assign_item
        refuse = self.refuse(node, f"assignment to {_title(node)}")
        return lambda act, value: refuse(act)

    def _unpacking(self, node: ast.Tuple | ast.List, span: Span | None) -> Callable[[Activation, Any], None]:
        targets = [self.target(n.value if isinstance(n, ast.Starred) else n) for n in node.elts]
        stars = [k for k, n in enumerate(node.elts) if isinstance(n, ast.Starred)]

        def assign(act: Activation, value: Any) -> None:
            act.t.builder.span = span
            value = states.settled_tuple(act.t, value, "cannot unpack non-iterable NoneType object")
            items = iteration.unpacked(act, value, len(targets) if not stars else None)
            if stars:
                star, after = stars[0], len(targets) - stars[0] - 1
                if len(items) < len(targets) - 1:
                    raise ValueError(f"not enough values to unpack (expected at least {len(targets) - 1}, "
                                     f"got {len(items)})")
                middle = act.t.new_list(items[star:len(items) - after])
                items = [*items[:star], middle, *items[len(items) - after:]]
            held = Held(act.t, *items)
            for target, item in zip(targets, items, strict=True):
                held.check()
                target(act, item)
        return assign


def _set_of(act: Activation, values: list[Any]) -> SetValue:
    return SetValue({access.static_key(act, v) for v in values}, len(act.t.frames))


def start_over(t: Any, site: Any, span: Span | None) -> NoReturn:
    """The items of a comprehension are known at run time only: trace again, and fill its list in a loop."""
    raise Restart(("items", site), True, span, "a comprehension of run-time length")


def apply_binary(act: Activation, op: str, a: Any, b: Any) -> Any:
    """`a op b` for any two values."""
    if isinstance(a, OneOf) or isinstance(b, OneOf):
        a, b = _settled(act, op, a, b)
    act.t.usable(a, b)
    if op == "%" and isinstance(a, (str, bytes)) and is_static(b):
        return a % b
    if isinstance(a, (str, TextValue)) and not is_static((a, b)):
        if op == "%" and isinstance(a, str):
            return texts.interpolated(act, a, b)
        if op == "+" and texts.is_text(b):
            return texts.joined([a, b])
    if isinstance(a, TextValue) or isinstance(b, TextValue):
        texts.refuse(act.t, f"`{op}`")
    if isinstance(a, ObjectValue) or isinstance(b, ObjectValue):
        return _operator_method(act, op, a, b)
    if (type(a) is not tuple and isinstance(a, tuple)) or (type(b) is not tuple and isinstance(b, tuple)):
        found = _method_result(act, op, a, b)
        if found is not NotImplemented:
            return found
    if is_flat(a) or is_flat(b):
        _check_flat(op, a, b)
    if is_dynamic(a) or is_dynamic(b):
        if not sequences.is_sequence(a) and not sequences.is_sequence(b):
            return arithmetic.binary(act.t, op, a, b)
        if is_dynamic(a) and is_dynamic(b):
            return arithmetic.binary(act.t, op, a, b)
    if any(isinstance(v, (ListValue, DynamicList, tuple, RangeValue)) for v in (a, b)):
        return sequences.operator(act, op, a, b)
    if isinstance(a, SetValue) or isinstance(b, SetValue):
        return containers.set_operator(act, op, a, b)
    if isinstance(a, DictValue) and isinstance(b, DictValue) and op in ("==", "!="):
        return _equal_dicts(act, op, a, b)
    if isinstance(a, DictValue) and isinstance(b, DictValue) and op == "|":
        merged = {k: act.t.read(v) for d in (a, b) for k, v in d.items.items()}
        return act.t.new_dict(merged)
    if op in ("==", "!="):
        _refuse_unknown(act, a, b)
    return STATIC_BINARY[op](a, b)


def _refuse_unknown(act: Activation, *operands: Any) -> None:
    """Refuse equality where it does not follow from what things are to the evaluator: which may make anew what is one
    object, or has an equality of its own, to Python."""
    for value in operands:
        if isinstance(value, (slice, BoundMethod, ArrayMethod, CallChoice)) and not is_static(value):
            act.t.fail(f"a comparison of {describe(value)}", "compare what it is made of")


def _settled(act: Activation, op: str, a: Any, b: Any) -> tuple[Any, Any]:
    """Two operands, one of them a state that must be a number here."""
    for value, other in ((a, b), (b, a)):
        if isinstance(value, OneOf) and not (isinstance(other, OneOf) or states.is_number(other)):
            act.t.usable(value)

    def message(first: str, second: str) -> str:
        if op in ("<", "<=", ">", ">="):
            return f"'{op}' not supported between instances of '{first}' and '{second}'"
        return f"unsupported operand type(s) for {op}: '{first}' and '{second}'"
    names = [states.name_of_number(v) for v in (a, b)]
    if isinstance(a, OneOf) and isinstance(b, OneOf):
        states.not_both_none(act.t, a, b, message("NoneType", "NoneType"))
    return (states.settled(act.t, a, message("NoneType", names[1])),
            states.settled(act.t, b, message(names[0], "NoneType")))


def apply_comparison(act: Activation, op: ast.cmpop, a: Any, b: Any) -> Any:
    """A single comparison."""
    act.t.certain(a)
    act.t.certain(b)
    if isinstance(op, (ast.Is, ast.IsNot)):
        same = identical(act, a, b)
        if isinstance(same, Scalar):
            return same if isinstance(op, ast.Is) else act.t.wrap(act.t.emit("not", act.t.scalar(same)), True)
        return same if isinstance(op, ast.Is) else not same
    if isinstance(op, (ast.In, ast.NotIn)):
        found = access.contains(act, b, a)
        if isinstance(found, Scalar):
            return found if isinstance(op, ast.In) else act.t.wrap(act.t.emit("not", act.t.scalar(found)), True)
        return found if isinstance(op, ast.In) else not found
    return compare(act, _COMPARE[type(op)], a, b)


def identical(act: Activation, a: Any, b: Any) -> Any:
    """`a is b`. Of run-time numbers only Python's truth values are known to be one object each; what is made anew
    whenever it is read (tuples, entries of dynamic lists, one of several arrays) cannot be told apart from its like."""
    t = act.t
    if a is b and not isinstance(a, Scalar):
        return True
    if isinstance(a, OneOf) or isinstance(b, OneOf):
        return states.equal(t, a, b, True)
    if a is None or b is None:
        return False
    truths = [isinstance(v, bool) or (isinstance(v, Scalar) and v.python and v.kind is Kind.BOOL) for v in (a, b)]
    if isinstance(a, Scalar) or isinstance(b, Scalar):
        if all(truths):
            return arithmetic.compare(t, "==", a, b)
        if any(truths) or any(number_kind(v) is None for v in (a, b)):
            return False
        t.fail("whether two run-time numbers are one object", "compare them by `==`")
    for v, other in ((a, b), (b, a)):
        unsure = isinstance(v, (Choice, CallChoice, tuple)) or bool(getattr(v, "snapshot", "")) or (
            isinstance(v, DynamicList) and v.begin is not None) or (isinstance(v, Array) and bool(v.moving))
        if unsure and (isinstance(other, (Choice, CallChoice)) or _alike(v, other)):
            t.fail("whether two things that are chosen or read at run time are one object", "compare what they hold")
    return False


def _alike(a: Any, b: Any) -> bool:
    """True where two values could be one object."""
    if isinstance(a, Choice):
        return isinstance(b, Array)
    if isinstance(a, CallChoice):
        return callable(b) or isinstance(b, (Closure, BoundMethod))
    return type(a) is type(b)


def _check_flat(op: str, *operands: Any) -> None:
    """An `ndarray.flat` has comparisons, and takes part in the operators of arrays and of NumPy's numbers."""
    if OPERATOR_NAMES[op] not in _REFLECTED and not any(
            isinstance(v, (np.ndarray, np.generic)) or (isinstance(v, Array) and not is_flat(v))
            or (isinstance(v, Scalar) and not v.python) for v in operands):
        raise TypeError(f"unsupported operand types for {op}: 'numpy.flatiter' and another that is not an array")


def compare(act: Activation, name: str, a: Any, b: Any) -> Any:
    """`a < b` and the like."""
    if name in ("==", "!=") and (isinstance(a, OneOf) or isinstance(b, OneOf)):
        same = states.equal(act.t, a, b, False)
        if name == "==":
            return same
        return act.t.wrap(act.t.emit("not", act.t.scalar(same)), True) if isinstance(same, Scalar) else not same
    state = generators.state_of(a) or generators.state_of(b)
    if state is not None and name in ("==", "!="):
        return (generators.state_of(a) is generators.state_of(b)) == (name == "==")
    if name in ("==", "!=") and (iteration.is_view(a) or iteration.is_view(b)):
        act.t.fail("a comparison of a dict's keys, values or items", "compare lists of them")
    return apply_binary(act, name, a, b)


def _equal_dicts(act: Activation, op: str, a: DictValue, b: DictValue) -> Any:
    if set(a.items) != set(b.items):
        return op == "!="
    sides = [tuple(act.t.read(d.items[k]) for k in a.items) for d in (a, b)]
    return sequences.operator(act, op, *sides)


def _operator_method(act: Activation, op: str, a: Any, b: Any) -> Any:
    """A user's class with `__add__` and the like."""
    name = OPERATOR_NAMES[op]
    if isinstance(a, ObjectValue) and _is_generated(a.type, f"__{name}__" if name != "ne" else "__eq__"):
        if not isinstance(b, ObjectValue) or b.type is not a.type:
            if op in ("==", "!="):
                return op == "!="
            raise TypeError(f"'{op}' not supported between instances of '{a.type.__name__}' and another type")
        return sequences.operator(act, op, *(tuple(
            access.attribute(act, v, f.name) for f in dataclasses.fields(a.type) if f.compare) for v in (a, b)))
    if op == "!=" and access.class_attribute(getattr(a, "type", object), "__ne__") is object.__ne__:
        equal = arithmetic.truth(act.t, _operator_method(act, "==", a, b))
        return act.t.wrap(act.t.emit("not", act.t.scalar(equal, Kind.BOOL)), True) if isinstance(
            equal, Scalar) else not equal
    found = _method_result(act, op, a, b)
    if found is not NotImplemented:
        return found
    if op in ("==", "!="):
        return (a is b) == (op == "==")
    raise TypeError(f"unsupported operand type(s) for {op}")


def _method_result(act: Activation, op: str, a: Any, b: Any) -> Any:
    """What the methods for an operator of a user's classes give (subclasses of tuple among them); NotImplemented where
    there are none."""
    name = OPERATOR_NAMES[op]
    reflected = f"__{_REFLECTED.get(name, f'r{name}')}__"
    types_ = [v.type if isinstance(v, ObjectValue) else type(v) for v in (a, b)]
    order = [(a, b, types_[0], f"__{name}__"), (b, a, types_[1], reflected)]
    inherited = access.class_attribute(types_[0], reflected) is access.class_attribute(types_[1], reflected)
    if types_[0] is not types_[1] and issubclass(types_[1], types_[0]) and (name in _REFLECTED or not inherited):
        order.reverse()  # the class that is derived from the other's is asked first
    for owner, other, type_, method in order:
        if not isinstance(owner, (ObjectValue, tuple)):
            continue
        found = access.class_attribute(type_, method)
        if found is not None and found is not getattr(tuple if issubclass(type_, tuple) else object, method, None):
            result = calls.call(act, access.attribute(act, owner, method), (other,), {})
            if result is not NotImplemented:
                return result
    return NotImplemented


def _is_generated(type_: type, name: str) -> bool:
    """True for a comparison that `dataclass` has made."""
    code = getattr(access.class_attribute(type_, name), "__code__", None)
    return dataclasses.is_dataclass(type_) and getattr(code, "co_filename", "") == "<string>"


def _end_column(node: ast.AST) -> int:
    end = getattr(node, "end_col_offset", 0) or 0
    one_line = getattr(node, "end_lineno", None) == getattr(node, "lineno", None)
    return end if one_line else getattr(node, "col_offset", 0) + 1


def _title(node: ast.AST) -> str:
    names = {"Yield": "`yield`", "YieldFrom": "`yield from`", "Await": "`await`", "SetComp": "a set comprehension"}
    return names.get(type(node).__name__, f"the construct `{type(node).__name__}`")
