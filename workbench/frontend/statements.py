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
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from workbench.frontend import (
    access,
    arithmetic,
    branches,
    calls,
    classes,
    contexts,
    generators,
    iteration,
    syntax,
    trying,
    unrolling,
    walking,
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
    Mixed,
    Statement,
    choose,
    completed,
    mixed_completion,
    possible_codes,
)
from workbench.frontend.expressions import BINARY
from workbench.frontend.held import Held
from workbench.frontend.liveness import live_after_loops
from workbench.frontend.loops import can_be_left, conditional, counted
from workbench.frontend.moving import Loop
from workbench.frontend.patterns import PatternCompiler
from workbench.frontend.source import Definition
from workbench.frontend.unwinding import NeedStatic
from workbench.frontend.values import END, UNDEFINED, Conflict, ExceptionValue, Lazy, ObjectValue, Scalar, Variable
from workbench.frontend.variables import LogFrame
from workbench.ir import Constant, Kind

MAX_UNROLL = 1024


_codes: dict[int, tuple[ast.AST, Code]] = {}


def code_of(node: Definition, function: Any, name: str) -> Code:
    """The closures of a function's definition, made once; `function` is the Python function around it."""
    known = _codes.get(id(node))
    if known is not None and known[0] is node:
        return known[1]
    compiler = StatementCompiler(function.__code__.co_filename, name, node)
    if isinstance(node, ast.Lambda):
        run: Callable[[Activation], Any] = compiler.expression(node.body)
    else:
        block = compiler.block(node.body)
        run = block.run if generators.is_generator(node) else lambda act: calls.finish(act, block.run(act))
    code = Code(*syntax.names_of(node), run)
    _codes[id(node)] = node, code
    return code


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
                write(act, access.augmented(act, op, old, operand))
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
                access.set_attribute(act, holder, name, access.augmented(act, op, old, operand))
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
            update = access.begin_update(act, container, index, op, calls_out, (act.path, *place))
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
            loop = self._loop(act, node)
            leaves = exits(act) or ("left", loop.key) in t.decisions
            code = t.variable("$code", Scalar(Constant(NORMAL, Kind.INT), True)) if leaves else None
            leaving: set[int] = set()

            def condition() -> Scalar:
                def loop_test() -> Any:
                    t.builder.span = span
                    return arithmetic.truth(t, test(act))
                if code is None:
                    return _dynamic(loop_test())

                def tested() -> Any:
                    going = arithmetic.compare(t, "==", t.read(code), NORMAL)
                    return branches.branch(t, _dynamic(going), loop_test, lambda: False)
                return _test_that_may_raise(act, tested, code, leaving)

            def iterate() -> None:
                self._iterate(act, loop, lambda: body.run(act), code, leaving)
            def at_run_time() -> Any:
                conditional(t, loop, condition, iterate)
                return _after(act, code, orelse if node.orelse else None, leaving)
            endless = isinstance(node.test, ast.Constant)
            return _unrolled_while(act, test, body, orelse, span, at_run_time, endless)
        return run

    def _exits(self, body: Sequence[ast.stmt]) -> Callable[[Activation], bool]:
        """Whether a loop can be left before its end; where it yields, that is for the consumer."""
        leaves = syntax.leaves(body)
        yields = any(isinstance(n, (ast.Yield, ast.YieldFrom)) for s in body for n in (s, *syntax.own_nodes(s)))
        return lambda act: leaves or (yields and act.sink is not None and act.sink.leaves)

    def _iterate(self, act: Activation, loop: Loop, body: Callable[[], Any], code: Variable | None,
                 leaving: set[int]) -> None:
        """One iteration: how it ended goes into `code`, by what the loop may be left into `leaving`."""
        t = act.t
        mark = len(t.pending)
        completion = completed(act, mark, body())
        possible = possible_codes(completion) - {NORMAL, CONTINUE}
        if completion is DEAD:
            return
        if code is None:
            if possible:
                can_be_left(t, loop)
            return
        leaving |= possible - {BREAK}
        if isinstance(completion, Mixed):
            going_on = t.scalar(completion.is_(act, CONTINUE), Kind.BOOL)
            value = t.emit("select", going_on, Constant(NORMAL, Kind.INT), t.scalar(completion.code))
            t.assign(code, Scalar(value, True))
            return
        if completion == CONTINUE:
            completion = NORMAL
        t.assign(code, Scalar(t.scalar(completion, Kind.INT), True))

    def _For(self, node: ast.For) -> Statement:
        source, target = self.expression(node.iter), self.target(node.target)
        body, orelse = self.block(node.body), self.block(node.orelse)
        span = self.span(node)
        exits = self._exits(node.body)
        name = node.target.id if isinstance(node.target, ast.Name) and node.target.id.strip("_") else "k"

        def run(act: Activation) -> Any:
            values = source(act)
            act.t.builder.span = span
            loop = self._loop(act, node)
            leaves = exits(act) or ("left", loop.key) in act.t.decisions
            if isinstance(values, ObjectValue):
                values = iteration.iterator_of(act, values)
            if isinstance(values, Lazy):
                return _over_generator(act, values, loop, target, body, orelse if node.orelse else None, leaves)
            opened = generators.taken(act, values)
            completion = over(act, opened, loop, leaves)
            if opened is not values and not leaves and completion is NORMAL:
                generators.exhausted(act, values)
            return completion

        def over(act: Activation, values: Any, loop: Loop, leaves: bool) -> Any:
            if iteration.is_unrolled(act, values) or iteration.known_turns(act, values) is not None:
                return _unrolled(act, values, target, body, orelse if node.orelse else None)
            builder_point, frames = act.t.builder.checkpoint(), len(act.t.frames)
            try:
                with iteration.gone_through(values):
                    return self._run_for(act, loop, values, target, body, orelse if node.orelse else None, leaves,
                                         name)
            except NeedStatic as need:
                static = iteration.static_range(act, values)
                depends = any(iteration.depends_on(act.t, need.scalar.value, i) for i in act.t.static_loops)
                if static is None or len(static) > MAX_UNROLL or not depends or len(act.t.frames) != frames:
                    raise
                act.t.builder.rollback(builder_point)
                return _unrolled(act, list(static), target, body, orelse if node.orelse else None)
        return run

    def _run_for(self, act: Activation, loop: Loop, values: Any, target: Callable[[Activation, Any], None],
                 body: Block, orelse: Block | None, leaves: bool, name: str) -> Any:
        t = act.t
        lo, hi, step, item = iteration.indexed(act, values)
        static = iteration.static_range(act, values)
        if not leaves:
            def bind(index: Scalar) -> None:
                if static is not None:
                    t.static_loops[index.value] = len(static)

                def once() -> Any:
                    target(act, item(index))
                    return body.run(act)
                self._iterate(act, loop, once, None, set())
            counted(t, loop, lo, hi, step, name, bind)
            return orelse.run(act) if orelse is not None else NORMAL
        code = t.variable("$code", Scalar(Constant(NORMAL, Kind.INT), True))
        counter = t.variable("$i", Scalar(lo, True))
        leaving: set[int] = set()

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

            def once() -> Any:
                target(act, item(index))
                return body.run(act)
            self._iterate(act, loop, once, code, leaving)
            t.assign(counter, Scalar(t.emit("add", value, Constant(step, Kind.INT)), True))
        conditional(t, loop, condition, iterate)
        return _after(act, code, orelse, leaving)


# ---------------------------------------------------------------------- helpers of loops
def _dynamic(value: Any) -> Scalar:
    return value if isinstance(value, Scalar) else Scalar(Constant(bool(value), Kind.BOOL), True)


def _test_that_may_raise(act: Activation, test: Callable[[], Any], code: Variable, leaving: set[int]) -> Scalar:
    """The condition of a loop; an exception in it that is caught further out ends the loop with its completion."""
    t = act.t
    mark = len(t.pending)
    outcome = branches.settled(t, mark, branches.guarded(t, test))
    if not isinstance(outcome, branches.Leaving):
        return _dynamic(False if outcome is DEAD else outcome)
    leaving |= outcome.possible
    stays = t.emit("eq", t.scalar(outcome.code), Constant(NORMAL, Kind.INT))
    held = t.scalar(t.read(code))
    t.assign(code, Scalar(t.emit("select", stays, held, t.scalar(outcome.code)), True))
    value = t.scalar(False if outcome.value is UNDEFINED else outcome.value, Kind.BOOL)
    return Scalar(t.emit("and", stays, value), True)


def _onward(act: Activation, code: Any, leaving: Iterable[int]) -> Any:
    """The completion of a loop that is left: what goes further than the loop itself."""
    further = frozenset(leaving)
    if not further:
        return NORMAL
    t = act.t
    beyond = t.emit("ge", t.scalar(code), Constant(RETURN, Kind.INT))
    value = t.emit("select", beyond, t.scalar(code), Constant(NORMAL, Kind.INT))
    return mixed_completion(act, t.wrap(value, True), frozenset({NORMAL}) | further)


def _after(act: Activation, code: Variable | None, orelse: Block | None, leaving: set[int]) -> Any:
    """What follows a loop: its `else`, and what leaves it for more than the loop (a return, an exception)."""
    if code is None:
        return orelse.run(act) if orelse is not None else NORMAL
    t = act.t
    value = t.scalar(t.read(code))
    completion = _onward(act, t.wrap(value, True), leaving)
    if orelse is None:
        return completion
    exhausted = t.wrap(t.emit("eq", value, Constant(NORMAL, Kind.INT)), True)
    return choose(act, exhausted, lambda: orelse.run(act), lambda: completion)


def _over_generator(act: Activation, iterator: Lazy, loop: Loop, target: Callable[[Activation, Any], None],
                    body: Block, orelse: Block | None, leaves: bool) -> Any:
    """A loop over a generator: its body is evaluated where the generator yields."""
    t = act.t
    code = t.variable("$code", Scalar(Constant(NORMAL, Kind.INT), True)) if leaves else None
    leaving: set[int] = set()

    def take(item: Any) -> Any:
        mark = len(t.pending)
        target(act, item)
        completion = completed(act, mark, body.run(act))
        possible = possible_codes(completion) - {NORMAL, CONTINUE}
        if code is None and possible:
            can_be_left(t, loop)
        if completion is DEAD or code is None:
            return DEAD if completion is DEAD else NORMAL
        leaving.update(possible - {BREAK})
        if not isinstance(completion, Mixed):
            if completion in (NORMAL, CONTINUE):
                return NORMAL
            t.assign(code, Scalar(Constant(completion, Kind.INT), True))
            return RETURN
        going_on = t.scalar(False, Kind.BOOL)
        for other in (NORMAL, CONTINUE):
            going_on = t.emit("or", going_on, t.scalar(completion.is_(act, other), Kind.BOOL))
        t.assign(code, Scalar(t.emit("select", going_on, Constant(NORMAL, Kind.INT), t.scalar(completion.code)), True))
        if not possible:
            return NORMAL
        value = t.emit("select", going_on, Constant(NORMAL, Kind.INT), Constant(RETURN, Kind.INT))
        return Mixed(Scalar(value, True), frozenset({NORMAL, RETURN}))
    generators.consume(act, iterator, generators.Sink(take, leaves))
    return _after(act, code, orelse, leaving)


def _foreseen(act: Activation, test: Callable[[Activation], Any], span: Any) -> Any:
    """What the condition of a `while` would be, without evaluating it."""
    t = act.t
    point, depth, mark = t.builder.checkpoint(), len(t.frames), len(t.pending)
    t.builder.begin_arm()
    t.frames.append(LogFrame("arm"))  # (a trial: what the condition assigns is undone)
    try:
        value = test(act)
        t.builder.span = span
        return arithmetic.truth(t, value)
    finally:
        while len(t.frames) > depth:
            t.frames.pop().restore()
        t.builder.rollback(point)
        del t.pending[mark:]


def _unrolled_while(act: Activation, test: Callable[[Activation], Any], body: Block, orelse: Block, span: Any,
                    at_run_time: Callable[[], Any], endless: bool) -> Any:
    """A `while`, as far as its condition is known while specialising: none of it where that is true from the start,
    unless loops are unrolled as a last resort; then the rest at run time. `endless`: one that only exits end, which
    must then be known, too."""
    t = act.t
    while True:
        foreseen = _foreseen(act, test, span)
        if foreseen is False:
            test(act)
            return orelse.run(act)
        if foreseen is not True or not unrolling.wanted(t):
            return at_run_time()
        unrolling.turn(t)
        mark = len(t.pending)
        test(act)
        completion = completed(act, mark, body.run(act))
        if completion is DEAD or (not isinstance(completion, Mixed) and completion >= RETURN):
            return completion
        if isinstance(completion, Mixed):
            more = t.emit("or", t.scalar(completion.is_(act, NORMAL), Kind.BOOL),
                          t.scalar(completion.is_(act, CONTINUE), Kind.BOOL))
            left, code = completion.possible - {NORMAL, CONTINUE}, completion.code
            if left:
                def rest() -> Any:
                    if endless:
                        return at_run_time()
                    return _unrolled_while(act, test, body, orelse, span, at_run_time, endless)
                return choose(act, t.wrap(more, True), rest, lambda: _onward(act, code, left - {BREAK}))  # noqa: B023
        elif completion == BREAK:
            return NORMAL


def _unrolled(act: Activation, values: Any, target: Callable[[Activation, Any], None], body: Block,
              orelse: Block | None) -> Any:
    """A loop over things known while specialising."""
    fetch, span = walking.live(act, values), act.t.builder.span

    def run_from(k: int) -> Any:
        while True:
            act.t.builder.span = span
            mark = len(act.t.pending)
            item = fetch(k)
            if item is END:
                return completed(act, mark, NORMAL)
            target(act, item)
            completion = completed(act, mark, body.run(act))
            k += 1
            if completion is DEAD or (not isinstance(completion, Mixed) and completion >= RETURN):
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
    if completion is DEAD or (not isinstance(completion, Mixed) and completion >= RETURN):
        return completion
    if isinstance(completion, Mixed):
        rest = _onward(act, completion.code, completion.possible - {NORMAL, BREAK})
        if orelse is None:
            return rest
        return choose(act, completion.is_(act, NORMAL), lambda: orelse.run(act), lambda: rest)
    if completion == BREAK:
        return NORMAL
    return orelse.run(act) if orelse is not None else NORMAL
