"""Statements: compiled once to closures `(activation) -> completion`.

A completion says how control left the statement (`completions`, where early exits out of an `if` are lowered). What is
more than a line has a module: `assignments`, `loop_statements` (where `break` is lowered), `patterns`, `trying`,
`contexts`, `classes`; here its parts are compiled.

Invariant: an exception of the user's program found while specialising is raised at run time exactly where it would be.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from workbench.frontend import (
    arithmetic,
    branches,
    calls,
    classes,
    contexts,
    generators,
    looking,
    syntax,
    trying,
)
from workbench.frontend.activation import Activation, Code
from workbench.frontend.branches import DEAD
from workbench.frontend.completions import (
    BREAK,
    CONTINUE,
    NORMAL,
    RETURN,
    Block,
    If,
    Statement,
    choose,
    mixed_completion,
)
from workbench.frontend.held import Held
from workbench.frontend.liveness import live_after_loops
from workbench.frontend.loop_statements import For, Head, While
from workbench.frontend.patterns import PatternCompiler
from workbench.frontend.source import Definition
from workbench.frontend.values import UNDEFINED, ExceptionValue, Scalar

MAX_UNROLL = 1024


_codes: dict[int, tuple[ast.AST, Code]] = {}


def code_of(node: Definition, function: Any, name: str) -> Code:
    """The closures of a function's definition, made once; `function` is the Python function around it."""
    known = _codes.get(id(node))
    if known is not None and known[0] is node:
        return known[1]
    compiler = StatementCompiler(function.__code__.co_filename, name, node)
    is_generator = generators.is_generator(node)
    if isinstance(node, ast.Lambda):
        run: Callable[[Activation], Any] = compiler.expression(node.body)
    else:
        block = compiler.block(node.body)
        run = block.run if is_generator else lambda act: calls.finish(act, block.run(act))
    inner = any(isinstance(n, (ast.FunctionDef, ast.Lambda)) for n in syntax.every_node(node) if n is not node)
    code = Code(*syntax.names_of(node), run, is_generator, inner)
    _codes[id(node)] = node, code
    return code


def forget(nodes: Iterable[Definition]) -> None:
    """Let go of what was made of definitions that will not be asked for again."""
    for node in nodes:
        _codes.pop(id(node), None)


class StatementCompiler(PatternCompiler):
    """Compiles the statements of one function."""

    def __init__(self, filename: str, function: str, node: ast.AST) -> None:
        super().__init__(filename, function)
        self.live = live_after_loops(node)

    def block(self, nodes: Sequence[ast.stmt]) -> Block:
        """A compiled block."""
        return Block([self.statement(n) for n in nodes], syntax.exits(nodes))

    def statement(self, node: ast.stmt) -> Statement | If:
        """A compiled statement; errors of the program are raised where it would raise them."""
        method = getattr(self, f"_{type(node).__name__}", None)
        if method is None:
            refuse = self.refuse(node, f"{syntax.statement_title(node)} cannot be compiled yet",
                                 "leave it out of the differentiated function")
            return lambda act: refuse(act)
        compiled = method(node)
        return compiled if isinstance(compiled, If) else self._guarded(node, compiled)

    def _guarded(self, node: ast.stmt, run: Statement) -> Statement:
        span = self.span(node)

        def guarded(act: Activation) -> Any:
            act.t.builder.span = span
            outcome = branches.guarded(act.t, lambda: run(act))
            if isinstance(outcome, branches.Leaving):
                return mixed_completion(act, outcome.code, outcome.possible)
            return outcome
        return guarded

    # ------------------------------------------------------------------ simple statements
    def _Pass(self, node: ast.Pass) -> Statement:
        return lambda act: NORMAL

    def _Break(self, node: ast.Break) -> Statement:
        return lambda act: BREAK

    def _Continue(self, node: ast.Continue) -> Statement:
        return lambda act: CONTINUE

    def _Global(self, node: ast.Global) -> Statement:
        return lambda act: NORMAL

    def _Nonlocal(self, node: ast.Nonlocal) -> Statement:
        return lambda act: NORMAL

    def _Expr(self, node: ast.Expr) -> Statement:
        if isinstance(node.value, ast.Yield):
            return self._yield(node.value)
        if isinstance(node.value, ast.YieldFrom):
            name = ast.Name("$item", ast.Store())
            again = ast.Expr(ast.Yield(ast.Name("$item", ast.Load())))
            loop = ast.For(name, node.value.value, [again], [])
            for child in ast.walk(loop):
                if isinstance(child, (ast.expr, ast.stmt)) and not hasattr(child, "lineno"):
                    ast.copy_location(child, node)
            return self._For(loop)
        value = self.expression(node.value)

        def run(act: Activation) -> int:
            value(act)
            return NORMAL
        return run

    def _yield(self, node: ast.Yield) -> Statement:
        value = self.expression(node.value) if node.value is not None else None
        return lambda act: act.sink.take(value(act) if value is not None else None)

    def _Import(self, node: ast.Import | ast.ImportFrom) -> Statement:
        targets = [self.target(ast.Name(a.asname or a.name.split(".")[0], ast.Store())) for a in node.names]

        def run(act: Activation) -> int:
            space: dict[str, Any] = {}
            looking.imports(node, act.t.span)
            exec(compile(ast.Module([node], []), self.filename, "exec"), act.globals, space)
            for target, alias in zip(targets, node.names, strict=True):
                target(act, space[alias.asname or alias.name.split(".")[0]])
            return NORMAL
        return run

    _ImportFrom = _Import

    def _Return(self, node: ast.Return) -> Statement:
        value = self.expression(node.value) if node.value is not None else None

        def run(act: Activation) -> int:
            act.t.assign(act.result, value(act) if value is not None else None)
            return RETURN
        return run

    def _FunctionDef(self, node: ast.FunctionDef) -> Statement:
        make = self.closure(node, node.name)
        decorators = [self.expression(d) for d in node.decorator_list]
        target = self.target(ast.Name(node.name, ast.Store()))

        def run(act: Activation) -> int:
            around = [decorator(act) for decorator in decorators]
            function: Any = make(act)
            for decorator in reversed(around):
                function = calls.decorated(act, decorator, function)
            target(act, function)
            return NORMAL
        return run

    def _ClassDef(self, node: ast.ClassDef) -> Statement:
        target = self.target(ast.Name(node.name, ast.Store()))

        def run(act: Activation) -> int:
            target(act, classes.defined(act, node, self.filename))
            return NORMAL
        return run

    # ------------------------------------------------------------------ raising
    def _Raise(self, node: ast.Raise) -> Statement:
        if node.exc is None:
            return lambda act: trying.raised_again(act, self._current(act))
        exception = self._exception(node)
        return lambda act: trying.raised(act, exception(act))

    @staticmethod
    def _current(act: Activation) -> Any:
        """The exception being handled."""
        if not act.t.handled:
            raise RuntimeError("No active exception to reraise")
        return act.t.handled[-1]

    def _exception(self, node: ast.Raise) -> Callable[[Activation], ExceptionValue]:
        assert node.exc is not None
        raised = self.expression(node.exc)
        cause = self.expression(node.cause) if node.cause is not None else None

        def run(act: Activation) -> ExceptionValue:
            value = raised(act)
            if isinstance(value, BaseException):
                value = ExceptionValue(type(value), value.args, {})
            elif isinstance(value, type) and issubclass(value, BaseException):
                value = ExceptionValue(value, (), {})
            if not isinstance(value, ExceptionValue):
                raise TypeError("exceptions must derive from BaseException")
            return dataclasses.replace(value, cause=cause(act)) if cause is not None else value
        return run

    def _Assert(self, node: ast.Assert) -> Statement:
        test, span = self.condition(node.test), self.span(node)
        message = self.expression(node.msg) if node.msg is not None else None
        simple = node.msg is None or syntax.is_simple(node.msg)

        def run(act: Activation) -> Any:
            value = test(act)
            act.t.builder.span = span
            condition = arithmetic.truth(act.t, value)

            def failure() -> ExceptionValue:
                return ExceptionValue(AssertionError, (message(act),) if message is not None else (), {})
            if isinstance(condition, Scalar) and simple:
                trying.check(act, act.t.scalar(condition), failure())
                return NORMAL
            return choose(act, condition, lambda: NORMAL, lambda: trying.raised(act, failure()))
        return run

    def _Try(self, node: ast.Try) -> Statement:
        body, orelse, final = self.block(node.body), self.block(node.orelse), self.block(node.finalbody)
        handlers = [self._handler(h) for h in node.handlers]
        harmless = syntax.is_harmless(node.finalbody)

        def inside(act: Activation) -> Any:
            if not handlers:
                return body.run(act)
            return trying.excepting(act, lambda: body.run(act), [h(act) for h in handlers],
                                    (lambda: orelse.run(act)) if node.orelse else None)

        def run(act: Activation) -> Any:
            if not node.finalbody:
                return inside(act)
            return trying.finally_(act, lambda: inside(act), lambda: final.run(act), harmless)
        return run

    def _handler(self, node: ast.ExceptHandler) -> Callable[[Activation], trying.Handler]:
        type_ = self.expression(node.type) if node.type is not None else None
        block, name = self.block(node.body), node.name
        inner = [n for s in node.body for n in (s, *syntax.own_nodes(s))]
        looks = any(isinstance(n, ast.Raise) and n.exc is None for n in inner) or any(
            isinstance(n, ast.Name) and n.id == name for n in inner)

        def make(act: Activation) -> trying.Handler:
            classes = type_(act) if type_ is not None else BaseException

            def handle(exception: Any) -> Any:
                variable = act.scope.find(name) if name is not None else None
                if variable is not None:
                    act.t.assign(variable, exception)
                act.t.handled.append(exception)
                try:
                    completion = block.run(act)
                finally:
                    act.t.handled.pop()
                if variable is not None and completion is not DEAD:
                    act.t.assign(variable, UNDEFINED)  # the name is gone with the handler
                return completion
            return trying.Handler(classes if isinstance(classes, tuple) else (classes,), handle, looks)
        return make

    # ------------------------------------------------------------------ branches and loops
    def _If(self, node: ast.If) -> If:
        raises = None
        if len(node.body) == 1 and isinstance(node.body[0], ast.Raise) and syntax.is_simple(node.body[0]):
            exception = self._exception(node.body[0])

            def raises(act: Activation, ok: Any) -> None:
                trying.check(act, ok, exception(act))
        return If(self.condition(node.test), self.block(node.body), self.block(node.orelse), self.span(node),
                   raises, self.span(node.body[0]))

    def _Match(self, node: ast.Match) -> Statement:
        subject, span = self.expression(node.subject), self.span(node)
        cases = [(self.pattern(c.pattern), self.expression(c.guard) if c.guard is not None else None,
                  self.block(c.body)) for c in node.cases]
        targets = {n: self.target(ast.copy_location(ast.Name(n, ast.Store()), node)) for n in syntax.captured(node)}

        def run(act: Activation) -> Any:
            value = subject(act)
            act.t.builder.span = span

            held = Held(act.t, value)

            def case(position: int) -> Any:
                held.check()
                if position == len(cases):
                    return NORMAL
                pattern, guard, body = cases[position]
                captures: dict[str, Any] = {}
                condition = pattern(act, value, captures)

                def taken() -> Any:
                    for name, captured in captures.items():
                        targets[name](act, captured)
                    if guard is None:
                        return body.run(act)
                    return choose(act, arithmetic.truth(act.t, guard(act)), lambda: body.run(act),
                                  lambda: case(position + 1))
                return choose(act, condition, taken, lambda: case(position + 1))
            return case(0)
        return run

    def _With(self, node: ast.With) -> Statement:
        items = [(self.expression(i.context_expr), self.target(i.optional_vars) if i.optional_vars else None)
                 for i in node.items]
        body, span = self.block(node.body), self.span(node)

        def run(act: Activation, position: int = 0) -> Any:
            if position == len(items):
                return body.run(act)
            expression, target = items[position]
            manager = expression(act)
            act.t.builder.span = span

            def inside(value: Any) -> Any:
                if target is not None:
                    target(act, value)
                return run(act, position + 1)
            return contexts.entered(act, manager, inside)
        return run

    def _While(self, node: ast.While) -> Statement:
        endless = isinstance(node.test, ast.Constant)
        return While(self._head(node), self.condition(node.test), self.block(node.body), self._else(node),
                     self.span(node), endless).run

    def _For(self, node: ast.For) -> Statement:
        name = node.target.id if isinstance(node.target, ast.Name) and node.target.id.strip("_") else "k"
        return For(self._head(node), self.expression(node.iter), self.target(node.target), self.block(node.body),
                   self._else(node), self.span(node), name).run

    def _else(self, node: ast.For | ast.While) -> Block | None:
        return self.block(node.orelse) if node.orelse else None

    def _head(self, node: ast.For | ast.While) -> Head:
        yields = any(isinstance(n, (ast.Yield, ast.YieldFrom)) for s in node.body for n in (s, *syntax.own_nodes(s)))
        return Head((node.lineno, node.col_offset), self.live.get(node), syntax.leaves(node.body), yields)
