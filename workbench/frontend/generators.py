"""Iterators that run when they are consumed: generator functions, generator expressions, `map`, `filter`, itertools.

A generator is evaluated inside out: where it yields, what its consumer does with an item is evaluated in place (the
`Sink`), so that the two alternate as Python has them, in loops at run time too. A `break` of the consumer is a `return`
of the generator. Invariant: an iterator is consumed once; what was left half way is not gone on with.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workbench.frontend.activation import Activation, Scope
from workbench.frontend.completions import NORMAL, stayed
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import Cursor, Lazy, ListValue

FRESH, SPENT, LEFT = "fresh", "spent", "left"


@dataclass(frozen=True, slots=True, eq=False)
class Sink:
    """What a consumer does with an item; its completion says whether the generator goes on. `leaves`: it may not."""

    take: Callable[[Any], Any]
    leaves: bool = False


def is_generator(node: ast.AST) -> bool:
    """True for the definition of a generator."""
    pending = list(getattr(node, "body", ())) if isinstance(node, ast.FunctionDef) else []
    while pending:
        child = pending.pop()
        if isinstance(child, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(child, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            pending.extend(ast.iter_child_nodes(child))
    return False


def lazy(t: Tracer, push: Callable[[Activation, Sink], Any]) -> Lazy:
    """An iterator not yet consumed."""
    return Lazy(push, t.variable("$spent", FRESH))


def suspended(act: Activation, code: Any, scope: Scope, node: ast.AST, where: Any, name: str, function: Any) -> Lazy:
    """A generator function's frame, its arguments bound: it runs when it is consumed."""
    def push(consumer: Activation, sink: Sink) -> Any:
        t = consumer.t
        inner = Activation(t, scope, node, (*consumer.path, where), t.variable("$result"), code.filename, name,
                           function.__globals__, code.global_names, sink)
        span = t.span
        completion = code.run(inner)
        t.builder.span = span
        return completion
    return lazy(act.t, push)


def consume(act: Activation, iterator: Lazy, sink: Sink) -> None:
    """Give the items to a consumer."""
    t = act.t
    state = t.read(iterator.spent)
    if state == SPENT:
        return
    if state != FRESH:
        t.fail("a generator that a loop has left is gone on with", "make it a list, or another generator")
    t.assign(iterator.spent, LEFT if sink.leaves else SPENT)
    stayed(act, iterator.push(act, sink))


def items(act: Activation, iterator: Lazy) -> list[Any]:
    """All items, where their number is known while specialising."""
    t = act.t
    found: list[Any] = []
    depth = len(t.frames)

    def take(item: Any) -> int:
        if len(t.frames) != depth:
            t.fail("the number of items of this generator is known at run time only", "loop over it, or use an array")
        found.append(item)
        return NORMAL
    consume(act, iterator, Sink(take))
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
    return lazy(act.t, push)


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
def cursor(act: Activation, values: list[Any] | ListValue) -> Cursor:
    """`iter` of things known one by one; of a list, its own entries."""
    t = act.t
    if isinstance(values, ListValue):
        return Cursor(values.items, t.variable("$position", 0))
    return Cursor(tuple(t.variable("item", v) for v in values), t.variable("$position", 0))


def remaining(act: Activation, it: Cursor) -> list[Any]:
    """What an iterator still has; it has nothing afterwards."""
    t = act.t
    position = t.static_int(t.read(it.position), "how far an iterator has come")
    t.assign(it.position, len(it.items))
    return [t.read(v) for v in it.items[position:]]


def following(act: Activation, it: Cursor, default: tuple[Any, ...]) -> Any:
    """`next`."""
    t = act.t
    position = t.static_int(t.read(it.position), "how far an iterator has come")
    if position >= len(it.items):
        if default:
            return default[0]
        raise StopIteration
    t.assign(it.position, position + 1)
    return t.read(it.items[position])


