"""Doing something with each item of anything: one after the other where they are known, in a loop at run time
otherwise. What is made of the items (a list, a sum) has a known length in the first case, else it is a dynamic list.

Invariant: an iterator is begun before its first item is asked for, and spent after its last.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.frontend import branches, dynamic_lists, generators, growth, iteration, unrolling, walking
from workbench.frontend.activation import Activation
from workbench.frontend.held import Held
from workbench.frontend.loops import counted
from workbench.frontend.moving import Loop
from workbench.frontend.unwinding import Restart
from workbench.frontend.values import Choice, DynamicList, Lazy, RangeValue, Scalar, Variable, ZipValue


def over_items(act: Activation, values: Any, key: Any, action: Callable[[Any], Any],
               live: Callable[[Variable], bool] = lambda variable: True) -> None:
    """Do something with each item of anything: one after the other where they are known and few, in a loop at run
    time otherwise."""
    if isinstance(values, Lazy):
        generators.each(act, values, action)
        return
    opened = generators.taken(act, values)
    if opened is not values:
        over_items(act, opened, key, action, live)
        generators.exhausted(act, values)
        return
    items: Any = iteration.unrolled(act, values)
    static = iteration.static_range(act, values) if items is None else None
    if static is not None and len(static) <= growth.UNROLLED:
        items = list(static)
    elif items is None and iteration.known_turns(act, values) is not None:
        items = walking.items(act, values)
    if items is not None:
        for item in items:
            action(item)
        return
    lo, hi, step, item_at = iteration.indexed(act, values)
    with iteration.gone_through(values):
        counted(act.t, Loop((act.path, "items", key), live), lo, hi, step, "k", lambda index: action(item_at(index)))


def list_of(act: Activation, values: Any) -> Any:
    """`list(values)`."""
    if isinstance(values, Choice):
        values = branches.read_choice(act.t, values)
    site = iteration.site_here(act)
    if not is_run_time(act, site, values):
        return dynamic_lists.made(act.t, few_items(act, values, site), site)
    return dynamic_lists.filled(act.t, site, lambda add: over_items(act, values, site, add))


def few_items(act: Activation, values: Any, site: Any) -> list[Any]:
    """The items of which a list of known length is made at a place; a generator whose loops run at run time makes
    it a dynamic list (tracing starts over)."""
    t = act.t
    if not isinstance(values, Lazy) or growth.is_static(t, site):
        if isinstance(values, (RangeValue, ZipValue, DynamicList)) and iteration.length_of(act, values) is None:
            growth.known_length(t, site, "a list of run-time length where its entries must be known")
        return iteration.static_items(act, values)
    found: list[Any] = []
    depth, held = len(t.frames), Held(t)

    def add(item: Any) -> None:
        if len(t.frames) != depth:
            raise Restart(("items", site), True, t.span, "a generator of run-time length")
        found.append(held.keep(item))
    generators.each(act, values, add)
    held.check()
    return found


def is_run_time(act: Activation, site: Any, values: Any) -> bool:
    """True where what is made of the items of `values` has a length known at run time only, or a great one."""
    t = act.t
    if growth.is_static(t, site):
        return False
    if growth.decided(t, site) is not None or t.decisions.get(("items", site)):
        return True
    if isinstance(values, Lazy) or iteration.is_unrolled(act, values):
        return False
    if isinstance(values, DynamicList):
        return True
    known = iteration.length_of(act, values)
    return known is None or (known > growth.MANY and not unrolling.wanted(t))


def running_sum(act: Activation, values: Any, start: Any) -> Any:
    """`sum` over something of run-time length: a loop."""
    t = act.t
    opened = generators.taken(act, values)
    if opened is not values:
        total = running_sum(act, opened, start)
        generators.exhausted(act, values)
        return total
    few = iteration.known_turns(act, values) is not None or iteration.static_range(act, values) is not None
    if few or iteration.is_unrolled(act, values):
        total = start
        for item in iteration.static_items(act, values):
            total = t.environment.binary(act, "+", total, item)
        return total
    lo, hi, step, item = iteration.indexed(act, values)
    total = t.variable("total", start)

    def add(index: Scalar) -> None:
        t.assign(total, t.environment.binary(act, "+", t.read(total), item(index)))
    counted(t, Loop((act.path, "sum", id(values))), lo, hi, step, "k", add)
    return t.read(total)
