"""The operator module: operators as functions, and what gets items and attributes."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from workbench.frontend.activation import Activation
from workbench.frontend.composed import iterators
from workbench.frontend.library.registry import handles, implements
from workbench.frontend.values import Partial


def _getter(recipe: Callable[..., Any]) -> Any:
    def handler(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        return Partial(recipe, (args, *([tuple(named.items())] if recipe is iterators.method_of else [])), {})
    return handler


handles(operator.itemgetter)(_getter(iterators.items_of))
handles(operator.attrgetter)(_getter(iterators.attributes_of))
handles(operator.methodcaller)(_getter(iterators.method_of))


def getter_of(callee: Any) -> Any:
    """An `itemgetter` and the like that was made outside, as the evaluator's."""
    kind, args = callee.__reduce__()[:2]
    if kind is operator.itemgetter:
        return Partial(iterators.items_of, (args,), {})
    if kind is operator.attrgetter:
        return Partial(iterators.attributes_of, (args,), {})
    return Partial(iterators.method_of, (args, ()), {})


_BINARY = {operator.lt: "<", operator.le: "<=", operator.gt: ">", operator.ge: ">=", operator.eq: "==",
           operator.ne: "!=", operator.add: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/",
           operator.floordiv: "//", operator.mod: "%", operator.pow: "**", operator.matmul: "@",
           operator.and_: "&", operator.or_: "|", operator.xor: "^", operator.concat: "+"}


def _binary(op: str) -> Any:
    if op in ("<", "<=", ">", ">=", "==", "!="):
        return lambda act, args, named: act.t.environment.compare(act, op, *args)
    return lambda act, args, named: act.t.environment.binary(act, op, *args)


for _function, _op in _BINARY.items():
    handles(_function)(_binary(_op))


@implements(operator.getitem)
def getitem(act: Activation, a: Any, b: Any, /) -> Any:
    """`a[b]`."""
    return act.t.environment.item(act, a, b)


@implements(operator.setitem)
def setitem(act: Activation, a: Any, b: Any, c: Any, /) -> None:
    """`a[b] = c`."""
    act.t.environment.set_item(act, a, b, c)


@implements(operator.contains)
def contains(act: Activation, a: Any, b: Any, /) -> Any:
    """`b in a`."""
    return act.t.environment.contains(act, a, b)
