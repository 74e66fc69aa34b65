"""Iterators that run when they are consumed: generator functions, generator expressions, `map`, `filter`, itertools.

A generator is evaluated inside out: where it yields, what its consumer does with an item is evaluated in place (the
`Sink`), so that the two alternate as Python has them, in loops at run time too. A `break` of the consumer is a `return`
of the generator. Invariant: an iterator is consumed once, by whoever gets it; what was left half way, or is still
being gone through, is not gone on with, except where the place of the next item is known while specialising (`Cursor`).
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from workbench.frontend import composed
from workbench.frontend.activation import Activation, Code, Scope, entered
from workbench.frontend.completions import NORMAL, stayed
from workbench.frontend.held import Held
from workbench.frontend.source import Definition
from workbench.frontend.syntax import own_nodes
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import END, Array, Choice, Cursor, Lazy, Variable, ZipValue, is_static
from workbench.records import dataclass

FRESH, SPENT, LEFT = "not begun", "gone through", "left half way"


@dataclass(frozen=True, slots=True, eq=False)
class Sink:
    """What a consumer does with an item; its completion says whether the generator goes on. `leaves`: it may not."""

    take: Callable[[Any], Any]
    leaves: bool = False


def is_generator(node: ast.AST) -> bool:
    """True for the definition of a generator."""
    body = node.body if isinstance(node, ast.FunctionDef) else []
    inner = (ast.FunctionDef, ast.Lambda, ast.ClassDef)
    return any(isinstance(n, (ast.Yield, ast.YieldFrom)) for statement in body if not isinstance(statement, inner)
               for n in own_nodes(statement))


def lazy(t: Tracer, push: Callable[[Activation, Sink], Any], type_: type | None) -> Lazy:
    """An iterator not yet consumed."""
    return Lazy(push, fresh(t), type_)


def fresh(t: Tracer) -> Variable:
    """The state of an iterator that was not begun."""
    made: Variable = t.variable("the iterator", FRESH)
    return made


def state_of(value: Any) -> Variable | None:
    """What makes an iterator itself, however often it is read from a variable; None for other things."""
    if isinstance(value, Cursor):
        return value.position
    return value.spent if isinstance(value, (Lazy, ZipValue)) else None


def begun(t: Tracer, state: Variable) -> bool:
    """Begin to go through an iterator; false where it has nothing any more. Until it is `SPENT`, it counts as left."""
    found = t.read(state)
    t.usable(found)
    if found not in (FRESH, SPENT):
        t.fail("an iterator is gone on with that a loop has left, or that another loop goes through",
               "make it a list, or another iterator")
    if found == FRESH:
        t.assign(state, LEFT)
    return bool(found == FRESH)


def taken(act: Activation, values: Any) -> Any:
    """What is gone through in the place of an iterator over things that have indices: those, once."""
    t = act.t
    if isinstance(values, Array) and values.flat is not None:
        return replace(values, flat=None) if begun(t, values.flat) else ()
    if isinstance(values, Choice) and all(option.flat is not None for option in values.options):
        parts = [taken(act, option) for option in values.options]
        return Choice(tuple(parts), values.index) if () not in parts else ()
    if not isinstance(values, ZipValue) or values.spent is None:
        return values
    if not begun(t, values.spent):
        return ()
    if values.kind == "iter":
        return values.parts[0]
    return ZipValue(values.kind, tuple(taken(act, part) for part in values.parts), values.start)


def exhausted(act: Activation, values: Any) -> None:
    """Note that all of an iterator was gone through. What others were zipped with may have items left."""
    if isinstance(values, Array) and values.flat is not None:
        act.t.assign(values.flat, SPENT)
    elif isinstance(values, ZipValue) and values.spent is not None:
        act.t.assign(values.spent, SPENT)
        if len(values.parts) == 1:
            exhausted(act, values.parts[0])


def suspended(act: Activation, code: Code, scope: Scope, node: Definition, where: Any, name: str,
              function: Any) -> Lazy:
    """A generator function's frame, its arguments bound: it runs when it is consumed."""
    def push(consumer: Activation, sink: Sink) -> Any:
        t = consumer.t
        inner = entered(consumer, code, scope, node, where, name, function, sink)
        span = t.span
        completion = code.run(inner)
        t.builder.span = span
        return completion
    return lazy(act.t, push, None if composed.is_own(function) else types.GeneratorType)


def consume(act: Activation, iterator: Lazy, sink: Sink) -> None:
    """Give the items to a consumer."""
    if not begun(act.t, iterator.spent):
        return
    stayed(act, iterator.push(act, sink))
    if not sink.leaves:
        act.t.assign(iterator.spent, SPENT)


def items(act: Activation, iterator: Lazy) -> list[Any]:
    """All items, where their number is known while specialising."""
    t = act.t
    found: list[Any] = []
    depth, held = len(t.frames), Held(t)

    def take(item: Any) -> int:
        if len(t.frames) != depth:
            t.fail("the number of items of this generator is known at run time only", "loop over it, or use an array")
        found.append(held.keep(item))
        return NORMAL
    consume(act, iterator, Sink(take))
    held.check()
    return found


def each(act: Activation, iterator: Lazy, action: Callable[[Any], Any]) -> None:
    """Do something with each item, at run time where the generator's loops are."""
    def take(item: Any) -> int:
        action(item)
        return NORMAL
    consume(act, iterator, Sink(take))


def numbered(act: Activation, iterator: Lazy, start: Any) -> Lazy:
    """`enumerate` of a generator."""
    def push(consumer: Activation, sink: Sink) -> Any:
        t = consumer.t
        count = t.variable("$count", start)

        def take(item: Any) -> Any:
            k = t.read(count)
            t.assign(count, t.environment.binary(consumer, "+", k, 1))
            return sink.take((k, item))
        consume(consumer, iterator, Sink(take, sink.leaves))
        return NORMAL
    return lazy(act.t, push, enumerate)


def expression_as_function(node: ast.GeneratorExp) -> ast.FunctionDef:
    """A generator expression as the generator function it stands for; its parameter is the outermost iterable."""
    body: ast.stmt = ast.Expr(ast.Yield(node.elt))
    for generator in reversed(node.generators):
        for test in reversed(generator.ifs):
            body = ast.If(test, [body], [])
        body = ast.For(generator.target, generator.iter, [body], [])
    assert isinstance(body, ast.For)
    body.iter = ast.Name(".0", ast.Load())
    outer = sorted({n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr)})
    statements: list[ast.stmt] = [ast.Nonlocal(outer)] if outer else []
    arguments = ast.arguments([], [ast.arg(".0")], None, [], [], None, [])
    made = ast.FunctionDef("<genexpr>", arguments, [*statements, body], [], None)
    for child in ast.walk(made):
        if isinstance(child, (ast.expr, ast.stmt, ast.arg)) and not hasattr(child, "lineno"):
            ast.copy_location(child, node)
    return made


# ---------------------------------------------------------------------- iter and next
def cursor(t: Tracer, fetch: Callable[[int], Any], count: Callable[[], int]) -> Cursor:
    """An iterator over things known one by one, at its beginning."""
    return Cursor(fetch, count, t.variable("$position", 0))


def over(t: Tracer, items: Sequence[Any]) -> Cursor:
    """An iterator over values that nothing changes any more."""
    held = [v if is_static(v) else t.variable("item", v) for v in items]
    return cursor(t, lambda k: END if k >= len(held) else t.read(held[k]) if isinstance(held[k], Variable) else held[k],
                  lambda: len(held))


def following(act: Activation, it: Cursor) -> Any:
    """The next item, or END."""
    t = act.t
    position = t.static_int(t.read(it.position), "how far an iterator has come")
    item = it.fetch(position)
    if item is not END:
        t.assign(it.position, position + 1)
    return item


def left_in(act: Activation, it: Cursor) -> int:
    """How many items an iterator still has, as things are now."""
    position = act.t.static_int(act.t.read(it.position), "how far an iterator has come")
    return max(it.count() - position, 0)
