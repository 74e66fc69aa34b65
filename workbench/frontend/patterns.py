"""Patterns of `match`: each becomes a closure `(activation, subject, captures) -> condition`.

The condition is static, or a run-time boolean where the subject's numbers decide. What a pattern captures is collected,
and bound where the whole pattern has matched. Source: PEP 634.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from workbench.frontend import access, arithmetic, growth, iteration, states, subscripts
from workbench.frontend.activation import Activation
from workbench.frontend.dispatch import compare, identical
from workbench.frontend.expressions import ExpressionCompiler
from workbench.frontend.library.builtin_objects import is_instance
from workbench.frontend.values import DictValue, DynamicList, ListValue, ObjectValue, OneOf, RangeValue, Scalar
from workbench.ir import Kind

Captures = dict[str, Any]
Pattern = Callable[[Activation, Any, Captures], Any]
_SELF_MATCHING = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)


class PatternCompiler(ExpressionCompiler):
    """Compiles patterns."""

    def pattern(self, node: ast.pattern) -> Pattern:
        """The closure of a pattern."""
        return getattr(self, f"_{type(node).__name__}")(node)  # type: ignore[no-any-return]

    def _MatchValue(self, node: ast.MatchValue) -> Pattern:
        value = self.expression(node.value)
        return lambda act, subject, captures: arithmetic.truth(act.t, compare(act, "==", subject, value(act)))

    def _MatchSingleton(self, node: ast.MatchSingleton) -> Pattern:
        value = node.value
        return lambda act, subject, captures: identical(act, subject, value)

    def _MatchAs(self, node: ast.MatchAs) -> Pattern:
        inner = self.pattern(node.pattern) if node.pattern is not None else None
        name = node.name

        def run(act: Activation, subject: Any, captures: Captures) -> Any:
            condition = inner(act, subject, captures) if inner is not None else True
            if name is not None:
                captures[name] = subject
            return condition
        return run

    def _MatchOr(self, node: ast.MatchOr) -> Pattern:
        parts = [self.pattern(p) for p in node.patterns]

        def run(act: Activation, subject: Any, captures: Captures) -> Any:
            t = act.t
            result: Any = False
            for part in parts:
                inner: Captures = {}
                condition = part(act, subject, inner)
                if condition is False:
                    continue
                if inner and (isinstance(condition, Scalar) or result is not False):
                    t.fail("an alternative of a pattern captures names and depends on a run-time number",
                           "write two cases")
                captures.update(inner)
                if condition is True:
                    return True
                result = t.wrap(t.emit("or", t.scalar(result, Kind.BOOL), t.scalar(condition)), True)
            return result
        return run

    def _MatchSequence(self, node: ast.MatchSequence) -> Pattern:
        star = next((k for k, p in enumerate(node.patterns) if isinstance(p, ast.MatchStar)), None)
        parts = [self.pattern(p) for p in node.patterns if not isinstance(p, ast.MatchStar)]
        starred = node.patterns[star] if star is not None else None
        rest_name = starred.name if isinstance(starred, ast.MatchStar) else None

        def run(act: Activation, subject: Any, captures: Captures) -> Any:
            if isinstance(subject, OneOf) and isinstance(subject.number, tuple):
                return _both(act, states.is_numeric_now(act.t, subject), run(act, subject.number, captures))
            if isinstance(subject, DynamicList):
                growth.give_up(act.t, subject, "a pattern for a list whose length is known at run time only",
                               "compare its length")
            if not _is_sequence(act, subject):
                return False
            items = iteration.static_items(act, subject)
            if star is None:
                return len(items) == len(parts) and _all(act, parts, items, captures)
            if len(items) < len(parts):
                return False
            after = len(parts) - star
            if rest_name is not None:
                captures[rest_name] = act.t.new_list(items[star:len(items) - after])
            return _all(act, parts, [*items[:star], *items[len(items) - after:]], captures)
        return run

    def _MatchMapping(self, node: ast.MatchMapping) -> Pattern:
        keys = [self.expression(k) for k in node.keys]
        parts = [self.pattern(p) for p in node.patterns]
        rest = node.rest

        def run(act: Activation, subject: Any, captures: Captures) -> Any:
            t = act.t
            if not isinstance(subject, DictValue):
                return False
            names = [subscripts.static_key(act, k(act)) for k in keys]
            if any(n not in subject.items for n in names):
                return False
            if rest is not None:
                captures[rest] = t.new_dict({k: t.read(v) for k, v in subject.items.items() if k not in names})
            return _all(act, parts, [t.read(subject.items[n]) for n in names], captures)
        return run

    def _MatchClass(self, node: ast.MatchClass) -> Pattern:
        class_ = self.expression(node.cls)
        positional = [self.pattern(p) for p in node.patterns]
        named = [(name, self.pattern(p)) for name, p in zip(node.kwd_attrs, node.kwd_patterns, strict=True)]

        def run(act: Activation, subject: Any, captures: Captures) -> Any:
            type_ = class_(act)
            act.t.usable(subject)
            if not is_instance(act.t, subject, type_):
                return False
            fields = list(getattr(type_, "__match_args__", ()))
            if positional and not fields and type_ in _SELF_MATCHING:
                return positional[0](act, subject, captures)
            if len(positional) > len(fields):
                raise TypeError(f"{type_.__name__}() accepts {len(fields)} positional sub-patterns "
                                f"({len(positional)} given)")
            pairs = [*zip(fields, positional, strict=False), *named]
            try:
                values = [access.attribute(act, subject, name) for name, _ in pairs]
            except AttributeError:
                return False
            return _all(act, [p for _, p in pairs], values, captures)
        return run


def _all(act: Activation, parts: list[Pattern], values: list[Any], captures: Captures) -> Any:
    """Whether every part matches its value."""
    result: Any = True
    for part, value in zip(parts, values, strict=True):
        condition = part(act, value, captures)
        if condition is False:
            return False
        result = _both(act, result, condition)
    return result


def _both(act: Activation, a: Any, b: Any) -> Any:
    """`a and b` of two conditions."""
    t = act.t
    if a is False or b is False:
        return False
    return t.wrap(t.emit("and", t.scalar(a, Kind.BOOL), t.scalar(b, Kind.BOOL)), True)


def _is_sequence(act: Activation, subject: Any) -> bool:
    """True for what a pattern of a sequence may match."""
    if isinstance(subject, ObjectValue) and issubclass(subject.type, Sequence):
        act.t.fail(f"a pattern for a {subject.type.__name__}", "match a tuple of its items")
    return isinstance(subject, (tuple, list, range, ListValue, RangeValue))
