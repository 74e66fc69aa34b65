"""What is assigned to: names, attributes, items, tuples of them (`a, (b, *c) = ...`), each a closure
`(activation, value) -> None`.

Invariant: the value is there before the target's own parts (`x[f()] = value`) are evaluated, from left to right.
"""

from __future__ import annotations

import ast
from typing import Any

from workbench.frontend import access, iteration, states
from workbench.frontend.activation import Activation
from workbench.frontend.compiler import Compiler, Target, expression_title
from workbench.frontend.held import Held
from workbench.ir import Span


class TargetCompiler(Compiler):
    """Compiles targets."""

    def target(self, node: ast.expr) -> Target:
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
        refuse = self.refuse(node, f"assignment to {expression_title(node)}")
        return lambda act, value: refuse(act)

    def _unpacking(self, node: ast.Tuple | ast.List, span: Span | None) -> Target:
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
