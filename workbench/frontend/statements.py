"""Statements: compiled once to closures `(activation) -> completion`.

A completion says how control left the statement: an integer (normal, break, continue, return) known while
specialising, `Mixed` where it depends on the data, or `DEAD` after a raise. Early exits are lowered here:
where one arm of an `if` always exits, the rest of the block moves into the other; otherwise the rest is guarded by
the run-time completion. Loops left by `break` or `return` become conditional loops on the completion.

Invariant: an exception of the user's program found while specialising is raised at run time exactly where it would be.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from workbench.frontend import access, arithmetic, branches, calls, contexts, generators, iteration, syntax, walking
from workbench.frontend.activation import Activation
from workbench.frontend.branches import DEAD
from workbench.frontend.completions import (
    BREAK,
    CONTINUE,
    NORMAL,
    RETURN,
    Block,
    If,
    Mixed,
    Statement,
    choose,
    mixed_completion,
)
from workbench.frontend.expressions import BINARY
from workbench.frontend.liveness import live_after_loops
from workbench.frontend.loops import Loop, conditional, counted
from workbench.frontend.patterns import PatternCompiler
from workbench.frontend.texts import Holes
from workbench.frontend.tracer import NeedStatic
from workbench.frontend.values import Conflict, ExceptionValue, Lazy, ObjectValue, Scalar, Variable
from workbench.frontend.variables import LogFrame
from workbench.ir import Constant, Kind, Value

MAX_UNROLL = 1024


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
            return branches.guarded(act.t, lambda: run(act))
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

    def _Assign(self, node: ast.Assign) -> Statement:
        value = self.expression(node.value)
        targets = [self.target(n) for n in node.targets]

        def run(act: Activation) -> int:
            result = value(act)
            for target in targets:
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
                operand = value(act)
                act.t.builder.span = span
                write(act, access.augmented(act, op, old, operand))
                return NORMAL
            return run_name
        owner = self.expression(target.value)
        if isinstance(target, ast.Attribute):
            name = target.attr

            def run_attribute(act: Activation) -> int:
                holder = owner(act)
                old = access.attribute(act, holder, name)
                operand = value(act)
                act.t.builder.span = span
                access.set_attribute(act, holder, name, access.augmented(act, op, old, operand))
                return NORMAL
            return run_attribute
        key = self.expression(target.slice)
        calls_out = any(isinstance(n, ast.Call) for n in ast.walk(node.value))

        def run_item(act: Activation) -> int:
            container = owner(act)
            index = key(act)
            act.t.builder.span = span
            update = access.begin_update(act, container, index, op, calls_out)
            operand = value(act)
            act.t.builder.span = span
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
                container, index = owner(act), key(act)
                act.t.builder.span = span
                access.delete_item(act, container, index)
            return delete_item
        refuse = self.refuse(node, "`del` of an attribute", "set it to None")
        return lambda act: refuse(act)

    def _FunctionDef(self, node: ast.FunctionDef) -> Statement:
        make = self.closure(node, node.name)
        decorators = [self.expression(d) for d in node.decorator_list]
        target = self.target(ast.Name(node.name, ast.Store()))

        def run(act: Activation) -> int:
            function: Any = make(act)
            for decorator in reversed(decorators):
                function = calls.decorated(act, decorator(act), function)
            target(act, function)
            return NORMAL
        return run

    # ------------------------------------------------------------------ raising
    def _Raise(self, node: ast.Raise) -> Statement:
        exception = self._exception(node)
        return lambda act: _raise(act, exception(act))

    def _exception(self, node: ast.Raise) -> Callable[[Activation], ExceptionValue]:
        if node.exc is None:
            refuse = self.refuse(node, "a bare raise")
            return lambda act: refuse(act)  # type: ignore[no-any-return]
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
                _check(act, act.t.scalar(condition), failure())
                return NORMAL
            return choose(act, condition, lambda: NORMAL, lambda: _raise(act, failure()))
        return run

    # ------------------------------------------------------------------ branches and loops
    def _If(self, node: ast.If) -> If:
        raises = None
        if len(node.body) == 1 and isinstance(node.body[0], ast.Raise) and syntax.is_simple(node.body[0]):
            exception = self._exception(node.body[0])

            def raises(act: Activation, ok: Any) -> None:
                _check(act, ok, exception(act))
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

            def case(position: int) -> Any:
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

    def _loop(self, act: Activation, node: ast.For | ast.While) -> Loop:
        names = self.live.get(node)

        def live(variable: Variable) -> bool:
            if names is None or act.scope.names.get(variable.name) is not variable:
                return True
            return variable.name in names
        return Loop((act.path, node.lineno, node.col_offset), live)

    def _While(self, node: ast.While) -> Statement:
        test, body, orelse = self.condition(node.test), self.block(node.body), self.block(node.orelse)
        span = self.span(node)
        exits = self._exits(node.body)

        def run(act: Activation) -> Any:
            t = act.t
            leaves, returns = exits(act)
            code = t.variable("$code", Scalar(Constant(NORMAL, Kind.INT), True)) if leaves else None

            def condition() -> Scalar:
                def loop_test() -> Any:
                    t.builder.span = span
                    return arithmetic.truth(t, test(act))
                if code is None:
                    return _dynamic(loop_test())
                going = arithmetic.compare(t, "==", t.read(code), NORMAL)
                return _dynamic(branches.branch(t, _dynamic(going), loop_test, lambda: False))

            def iterate() -> None:
                self._iterate(act, body, code)
            static = _static_loop(act, test, body, span)
            if static is not None:
                return static if static != NORMAL or not node.orelse else orelse.run(act)
            conditional(t, self._loop(act, node), condition, iterate)
            return _after(act, code, orelse if node.orelse else None, returns)
        return run

    def _exits(self, body: Sequence[ast.stmt]) -> Callable[[Activation], tuple[bool, bool]]:
        """Whether a loop can be left before its end, and by a return; where it yields, that is for the consumer."""
        leaves, returns = syntax.leaves(body), syntax.returns(body)
        yields = any(isinstance(n, (ast.Yield, ast.YieldFrom)) for s in body for n in (s, *syntax.own_nodes(s)))

        def exits(act: Activation) -> tuple[bool, bool]:
            stops = yields and act.sink is not None and act.sink.leaves
            return leaves or stops, returns or stops
        return exits

    def _iterate(self, act: Activation, body: Block, code: Variable | None) -> None:
        completion = body.run(act)
        if completion is DEAD or code is None:
            return
        if isinstance(completion, Mixed):
            t = act.t
            going_on = t.scalar(completion.is_(act, CONTINUE), Kind.BOOL)
            value = t.emit("select", going_on, Constant(NORMAL, Kind.INT), t.scalar(completion.code))
            act.t.assign(code, Scalar(value, True))
            return
        if completion == CONTINUE:
            completion = NORMAL
        act.t.assign(code, Scalar(act.t.scalar(completion, Kind.INT), True))

    def _For(self, node: ast.For) -> Statement:
        source, target = self.expression(node.iter), self.target(node.target)
        body, orelse = self.block(node.body), self.block(node.orelse)
        span = self.span(node)
        exits = self._exits(node.body)
        name = node.target.id if isinstance(node.target, ast.Name) and node.target.id.strip("_") else "k"

        def run(act: Activation) -> Any:
            values = source(act)
            act.t.builder.span = span
            leaves, returns = exits(act)
            if isinstance(values, ObjectValue):
                values = iteration.iterator_of(act, values)
            if isinstance(values, Lazy):
                return _over_generator(act, values, target, body, orelse if node.orelse else None, leaves, returns)
            if iteration.is_unrolled(act, values):
                return _unrolled(act, values, target, body, orelse if node.orelse else None)
            loop = self._loop(act, node)
            lists = iteration.dynamic_parts(values)
            if lists:
                return self._over_lists(act, lists, loop, values, target, body, orelse if node.orelse else None, leaves,
                                        returns, name)
            for _ in range(2):
                builder_point, frames = act.t.builder.checkpoint(), len(act.t.frames)
                try:
                    return self._run_for(act, loop, values, target, body, orelse if node.orelse else None, leaves,
                                         returns, name)
                except NeedStatic as need:
                    static = iteration.static_range(act, values)
                    depends = any(iteration.depends_on(act.t, need.scalar.value, i) for i in act.t.static_loops)
                    if static is None or len(static) > MAX_UNROLL or not depends or len(act.t.frames) != frames:
                        raise
                    act.t.builder.rollback(builder_point)
                    return _unrolled(act, list(static), target, body, orelse if node.orelse else None)
            return NORMAL
        return run

    def _over_lists(self, act: Activation, lists: list[Any], loop: Loop, values: Any, *rest: Any) -> Any:
        """A loop over dynamic lists: they must not grow or shrink meanwhile."""
        for one in lists:
            one.iterated += 1
        try:
            return self._run_for(act, loop, values, *rest)
        finally:
            for one in lists:
                one.iterated -= 1

    def _run_for(self, act: Activation, loop: Loop, values: Any, target: Callable[[Activation, Any], None],
                 body: Block, orelse: Block | None, leaves: bool, returns: bool, name: str) -> Any:
        t = act.t
        lo, hi, step, item = iteration.indexed(act, values)
        static = iteration.static_range(act, values)
        if not leaves:
            def bind(index: Scalar) -> None:
                if static is not None:
                    t.static_loops[index.value] = len(static)
                target(act, item(index))
                body.run(act)
            counted(t, loop, lo, hi, step, name, bind)
            return orelse.run(act) if orelse is not None else NORMAL
        code = t.variable("$code", Scalar(Constant(NORMAL, Kind.INT), True))
        counter = t.variable("$i", Scalar(lo, True))

        def condition() -> Scalar:
            index = t.scalar(t.read(counter))
            inside = t.emit("lt" if step == 1 else "gt", index, hi)
            going = t.emit("eq", t.scalar(t.read(code)), Constant(NORMAL, Kind.INT))
            return Scalar(t.emit("and", inside, going), True)

        def iterate() -> None:
            index = t.read(counter)
            value = t.builder.resolve(index.value)
            if step == 1 and t.is_nonnegative(lo):
                t.nonnegative.add(value)
            target(act, item(index))
            self._iterate(act, body, code)
            t.assign(counter, Scalar(t.emit("add", value, Constant(step, Kind.INT)), True))
        conditional(t, loop, condition, iterate)
        return _after(act, code, orelse, returns)


# ---------------------------------------------------------------------- helpers of loops
def _dynamic(value: Any) -> Scalar:
    return value if isinstance(value, Scalar) else Scalar(Constant(bool(value), Kind.BOOL), True)


def _after(act: Activation, code: Variable | None, orelse: Block | None, returns: bool) -> Any:
    """What follows a loop: its `else`, and a return from inside it."""
    if code is None:
        return orelse.run(act) if orelse is not None else NORMAL
    t = act.t
    value = t.scalar(t.read(code))
    completion: Any = NORMAL
    if returns:
        returned = t.emit("eq", value, Constant(RETURN, Kind.INT))
        code_after = t.emit("select", returned, Constant(RETURN, Kind.INT), Constant(NORMAL, Kind.INT))
        completion = Mixed(Scalar(code_after, True), frozenset({NORMAL, RETURN}))
    if orelse is None:
        return completion
    exhausted = t.wrap(t.emit("eq", value, Constant(NORMAL, Kind.INT)), True)
    return choose(act, exhausted, lambda: orelse.run(act), lambda: completion)


def _over_generator(act: Activation, iterator: Lazy, target: Callable[[Activation, Any], None], body: Block,
                    orelse: Block | None, leaves: bool, returns: bool) -> Any:
    """A loop over a generator: its body is evaluated where the generator yields."""
    t = act.t
    code = t.variable("$code", Scalar(Constant(NORMAL, Kind.INT), True)) if leaves else None

    def take(item: Any) -> Any:
        target(act, item)
        completion = body.run(act)
        if completion is DEAD or code is None:
            return NORMAL if completion == CONTINUE else completion
        if not isinstance(completion, Mixed):
            if completion in (NORMAL, CONTINUE):
                return NORMAL
            t.assign(code, Scalar(Constant(completion, Kind.INT), True))
            return RETURN
        going_on = t.scalar(False, Kind.BOOL)
        for other in (NORMAL, CONTINUE):
            going_on = t.emit("or", going_on, t.scalar(completion.is_(act, other), Kind.BOOL))
        t.assign(code, Scalar(t.emit("select", going_on, Constant(NORMAL, Kind.INT), t.scalar(completion.code)), True))
        if not completion.possible - {NORMAL, CONTINUE}:
            return NORMAL
        value = t.emit("select", going_on, Constant(NORMAL, Kind.INT), Constant(RETURN, Kind.INT))
        return Mixed(Scalar(value, True), frozenset({NORMAL, RETURN}))
    generators.consume(act, iterator, generators.Sink(take, leaves))
    return _after(act, code, orelse, returns)


def _static_loop(act: Activation, test: Callable[[Activation], Any], body: Block, span: Any) -> Any:
    """A `while` whose condition is false from the start, known while specialising; None otherwise."""
    t = act.t
    point, depth = t.builder.checkpoint(), len(t.frames)
    t.builder.begin_arm()
    t.frames.append(LogFrame("arm"))  # (a trial: what the condition assigns is undone)
    try:
        value = test(act)
        t.builder.span = span
        condition = arithmetic.truth(t, value)
    finally:
        while len(t.frames) > depth:
            t.frames.pop().restore()
        t.builder.rollback(point)
    if condition is not False:
        return None
    test(act)
    return NORMAL


def _unrolled(act: Activation, values: Any, target: Callable[[Activation, Any], None], body: Block,
              orelse: Block | None) -> Any:
    """A loop over things known while specialising."""
    fetch, span = walking.live(act, values), act.t.builder.span

    def run_from(k: int) -> Any:
        while True:
            act.t.builder.span = span
            item = fetch(k)
            if item is walking.END:
                return NORMAL
            target(act, item)
            completion = body.run(act)
            k += 1
            if completion is DEAD or completion == RETURN:
                return completion
            if isinstance(completion, Mixed):
                t, mixed, following = act.t, completion, k
                more = t.emit("or", t.scalar(mixed.is_(act, NORMAL), Kind.BOOL),
                              t.scalar(mixed.is_(act, CONTINUE), Kind.BOOL))
                left = mixed.possible - {NORMAL, CONTINUE}
                if not left:
                    continue
                return choose(act, t.wrap(more, True), lambda: run_from(following),  # noqa: B023
                               lambda: mixed_completion(act, mixed.code, left))  # noqa: B023
            if completion == BREAK:
                return BREAK
    completion = run_from(0)
    if completion is DEAD or completion == RETURN:
        return completion
    if isinstance(completion, Mixed):
        t = act.t
        returned = t.scalar(completion.is_(act, RETURN), Kind.BOOL)
        rest: Any = NORMAL
        if RETURN in completion.possible:
            after = t.emit("select", returned, Constant(RETURN, Kind.INT), Constant(NORMAL, Kind.INT))
            rest = Mixed(Scalar(after, True), frozenset({NORMAL, RETURN}))
        if orelse is None:
            return rest
        broke = t.scalar(completion.is_(act, BREAK), Kind.BOOL)
        exhausted = t.wrap(t.emit("not", t.emit("or", returned, broke)), True)
        return choose(act, exhausted, lambda: orelse.run(act), lambda: rest)
    if completion == BREAK:
        return NORMAL
    return orelse.run(act) if orelse is not None else NORMAL


# ---------------------------------------------------------------------- raising
def _check(act: Activation, ok: Value, exception: ExceptionValue) -> None:
    holes = Holes(act)
    failure = holes.failure(exception)
    branches.check_failure(act.t, ok, failure, holes.numbers)


def _raise(act: Activation, exception: ExceptionValue) -> Any:
    """`raise`: at once where every run of the program comes by, and no number is needed for it."""
    holes = Holes(act)
    failure = holes.failure(exception)
    if act.t.is_unconditional and not holes.numbers:
        raise failure.build(())
    branches.check_failure(act.t, Constant(False, Kind.BOOL), failure, holes.numbers)
    return DEAD
