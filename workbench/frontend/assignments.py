"""Assignments: what is assigned to (names, attributes, items, tuples of them), `=`, `op=`, `del`.

A target is a closure `(activation, value) -> None`.

Invariant: the value is there before the parts of a target (`x[f()] = value`) are evaluated, from left to right; what is
held meanwhile is looked at before it is used (`held`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from workbench.frontend import access, iteration, states, subscripts, updates
from workbench.frontend.activation import Activation
from workbench.frontend.compiler import BINARY, Compiler, Target, expression_title
from workbench.frontend.completions import NORMAL, Statement
from workbench.frontend.held import Held
from workbench.frontend.values import Conflict
from workbench.ir import Span


class AssignmentCompiler(Compiler):
    """Compiles targets, and the statements that bind names and change places."""

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
                subscripts.set_item(act, target, index, value)
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

    # ------------------------------------------------------------------ statements
    def _Assign(self, node: ast.Assign) -> Statement:
        value = self.expression(node.value)
        targets = [self.target(n) for n in node.targets]

        def run(act: Activation) -> int:
            result = value(act)
            held = Held(act.t, result)
            for target in targets:
                held.check()
                target(act, result)
            return NORMAL
        return run

    def _AnnAssign(self, node: ast.AnnAssign) -> Statement:
        if node.value is None:
            return lambda act: NORMAL
        value, target = self.expression(node.value), self.target(node.target)

        def run(act: Activation) -> int:
            target(act, value(act))
            return NORMAL
        return run

    def _AugAssign(self, node: ast.AugAssign) -> Statement:
        op, value, span = BINARY[type(node.op)], self.expression(node.value), self.span(node)
        target = node.target
        if isinstance(target, ast.Name):
            read = self.expression(ast.copy_location(ast.Name(target.id, ast.Load()), target))
            write = self.target(target)

            def run_name(act: Activation) -> int:
                old = read(act)
                held = Held(act.t, old)
                operand = value(act)
                act.t.builder.span = span
                held.check()
                write(act, updates.augmented(act, op, old, operand))
                return NORMAL
            return run_name
        owner = self.expression(target.value)
        if isinstance(target, ast.Attribute):
            name = target.attr

            def run_attribute(act: Activation) -> int:
                holder = owner(act)
                old = access.attribute(act, holder, name)
                held = Held(act.t, holder, old)
                operand = value(act)
                act.t.builder.span = span
                held.check()
                access.set_attribute(act, holder, name, updates.augmented(act, op, old, operand))
                return NORMAL
            return run_attribute
        key, place = self.expression(target.slice), (node.lineno, node.col_offset)
        calls_out = any(isinstance(n, ast.Call) for n in ast.walk(node.value))

        def run_item(act: Activation) -> int:
            container = owner(act)
            held = Held(act.t, container)
            index = key(act)
            act.t.builder.span = span
            held.check()
            update = updates.begin_update(act, container, index, op, calls_out, (act.path, *place))
            operand = value(act)
            act.t.builder.span = span
            held.check()
            update(operand)
            return NORMAL
        return run_item

    def _Delete(self, node: ast.Delete) -> Statement:
        parts = [self._deletion(n) for n in node.targets]

        def run(act: Activation) -> int:
            for part in parts:
                part(act)
            return NORMAL
        return run

    def _deletion(self, node: ast.expr) -> Callable[[Activation], Any]:
        if isinstance(node, ast.Name):
            name, read = node.id, self.expression(ast.copy_location(ast.Name(node.id, ast.Load()), node))

            def delete_name(act: Activation) -> None:
                variable = act.scope.find(name)
                if variable is None:
                    act.t.fail(f"`del` of the global {name!r}", "leave it")
                read(act)  # raises where it has no value
                act.t.assign(variable, Conflict(f"{name!r} was deleted"))
            return delete_name
        if isinstance(node, (ast.Tuple, ast.List)):
            parts = [self._deletion(n) for n in node.elts]
            return lambda act: [part(act) for part in parts]
        if isinstance(node, ast.Subscript):
            owner, key, span = self.expression(node.value), self.expression(node.slice), self.span(node)

            def delete_item(act: Activation) -> None:
                container = owner(act)
                held = Held(act.t, container)
                index = key(act)
                act.t.builder.span = span
                held.check()
                subscripts.delete_item(act, container, index)
            return delete_item
        refuse = self.refuse(node, "`del` of an attribute", "set it to None")
        return lambda act: refuse(act)
