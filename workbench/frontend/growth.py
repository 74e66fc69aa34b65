"""Which lists are dynamic: decisions, by the place where a list is made, with which tracing starts over.

A list begins as one of known length. Where the program makes it grow in a loop, the list made at this place becomes a
dynamic one, whose entries have a layout (`layouts`). Where a dynamic list cannot do what the program asks for, the
decision is taken back, and loops are unrolled instead.

Invariant: a place goes from known to dynamic to wider layouts to known for good, so that tracing comes to an end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from workbench.frontend.layouts import Layout, Number, Record, Same, joined, layout_of
from workbench.frontend.tracer import Tracer
from workbench.frontend.unwinding import NeedStatic, Restart
from workbench.frontend.values import DynamicList, ListValue, describe
from workbench.records import dataclass

MANY = 64  # a list made of more items than these is dynamic although its length is known
UNROLLED = 16  # loops of so few iterations are unrolled where a list grows in them


@dataclass(frozen=True, slots=True)
class Static:
    """The decision that a list has a known length, and why."""

    reason: str
    hint: str


def key_of(site: Any) -> Any:
    """The key of the decision about the lists made at a place."""
    return ("list", site)


def decided(t: Tracer, site: Any) -> Layout | None:
    """The layout of the dynamic lists made at a place, None where they have a known length."""
    found = t.decisions.get(key_of(site)) if site is not None else None
    return None if isinstance(found, Static) else found


def is_static(t: Tracer, site: Any) -> bool:
    """True where it was decided that the lists made at a place have a known length."""
    return isinstance(t.decisions.get(key_of(site)), Static)


def known_length(t: Tracer, site: Any, otherwise: str) -> NoReturn:
    """Refuse a list of run-time length: with the reason why its entries must be known, if there is one."""
    decision = t.decisions.get(key_of(site))
    if isinstance(decision, Static):
        t.fail(decision.reason, decision.hint)
    t.fail(otherwise, "use an array")


def is_immutable(layout: Layout) -> bool:
    """True where entries cannot be told apart from copies of them."""
    if isinstance(layout, Record):
        return issubclass(layout.type, tuple) and all(is_immutable(e) for e in layout.entries)
    return isinstance(layout, (Number, Same))


def wider(t: Tracer, layout: Layout | None, value: Any) -> Layout | None:
    """A layout that takes one more value; None where there is none."""
    own = layout_of(value, t.read)
    return own if layout is None else joined(layout, own)


def become_dynamic(t: Tracer, owner: ListValue, what: str, *values: Any) -> None:
    """A list of known length grows (by `values`) or shrinks in a loop or under a run-time condition: start over with a
    dynamic one, or have the loop unrolled. Gives control back where its length stays known."""
    inner = [frame.kind for frame in t.frames[owner.depth:]]
    if "loop" not in inner and "arm" not in inner:
        return
    decision = t.decisions.get(key_of(owner.site))
    if owner.site is None or isinstance(decision, Static) or (_in_few_turns(t) and "arm" not in inner):
        t.may_restructure(owner, decision.reason if isinstance(decision, Static) else what)
    layout, odd = _layout_of_all(t, owner, values)
    if layout is None:
        empty = not values and not owner.items
        t.may_restructure(owner, what if empty else f"{what}, with {describe(odd)} as an entry,")
    raise Restart(key_of(owner.site), layout, t.span, what)


def _in_few_turns(t: Tracer) -> bool:
    """True in a loop of so few turns that it is unrolled rather than that a list becomes dynamic."""
    return bool(t.open_loops) and t.static_loops.get(t.open_loops[-1][0], UNROLLED + 1) <= UNROLLED


def _layout_of_all(t: Tracer, owner: ListValue, values: Iterable[Any]) -> tuple[Layout | None, Any]:
    """The layout of values and of all entries of a list; None, and the first that does not fit, where there is none."""
    layout: Layout | None = None
    for entry in [*values, *(t.read(variable) for variable in owner.items)]:
        layout = wider(t, layout, entry)
        if layout is None:
            return None, entry
    return layout, None


def or_dynamic(t: Tracer, owner: ListValue, action: Callable[[], Any], *values: Any) -> Any:
    """Do something with a list of known length at a run-time position; where that cannot be done without unrolling a
    loop of many iterations, start over with a dynamic list (which takes `values` too)."""
    try:
        return action()
    except NeedStatic:
        layout, _ = _layout_of_all(t, owner, values)
        if _in_few_turns(t) or owner.site is None or layout is None or is_static(t, owner.site):
            raise
        raise Restart(key_of(owner.site), layout, t.span, "a list is read at a run-time position") from None


def give_up(t: Tracer, owner: DynamicList, reason: str, hint: str = "use an array") -> NoReturn:
    """What the program asks for needs the entries one by one: start over with lists of known length."""
    if owner.site is None or is_static(t, owner.site):
        t.fail(reason, hint)
    raise Restart(key_of(owner.site), Static(reason, hint), t.span, reason)
