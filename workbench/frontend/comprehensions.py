"""Comprehensions: a list of known length, or one that is filled in a loop at run time.

A comprehension is evaluated item by item where its items are known and few. Where they turn out not to be, or a
run-time condition selects among them, tracing starts over with the decision that this list is filled at run time.

Invariant: the names of its targets are its own; what else it assigns (`:=`) is a name of the function around it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from workbench.frontend import arithmetic, branches, dynamic_lists, gathering, growth, walking
from workbench.frontend.activation import Activation, Scope
from workbench.frontend.compiler import Expression, Target
from workbench.frontend.held import Held
from workbench.frontend.unwinding import Restart
from workbench.frontend.values import Lazy, Scalar, Variable
from workbench.ir import Span
from workbench.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Clause:
    """`for target in source if test if ...`, compiled."""

    source: Expression
    target: Target
    tests: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Comprehension:
    """A compiled comprehension: its clauses, from the outermost, and the parts of an element (key and value of a
    dict's). `names`: those of its targets; `place`: where its list is made."""

    clauses: tuple[Clause, ...]
    parts: tuple[Expression, ...]
    names: tuple[str, ...]
    place: tuple[int, int]
    span: Span | None

    def run(self, act: Activation) -> Any:
        """The list of its elements (of pairs, for a dict)."""
        t, outer, site = act.t, act.scope, (act.path, *self.place)
        act.scope = Scope({n: t.variable(n) for n in self.names}, outer, outer.function)
        try:
            if t.decisions.get(("items", site)) and not growth.is_static(t, site):
                return dynamic_lists.filled(t, site, lambda add: _Filling(self, act, site, add, True).level(0))
            found: list[Any] = []
            held = Held(t)
            _Filling(self, act, site, lambda item: found.append(held.keep(item)), False).level(0)
            held.check()
            return dynamic_lists.made(t, found, site)
        finally:
            act.scope = outer


@dataclass(frozen=True, slots=True, eq=False)
class _Filling:
    """One evaluation: what is done with an element, and whether that is in loops at run time."""

    of: Comprehension
    act: Activation
    site: Any
    add: Callable[[Any], Any]
    at_run_time: bool

    def level(self, depth: int) -> None:
        """The clauses from one on."""
        act = self.act
        if depth == len(self.of.clauses):
            self.add(self.element())
            return
        clause = self.of.clauses[depth]
        source = clause.source(act)
        act.t.builder.span = self.of.span

        def each(item: Any) -> None:
            act.t.in_time()
            clause.target(act, item)
            self.tested(depth, 0)
        if self.at_run_time:
            gathering.over_items(act, source, (*self.site, depth), each, self.is_read_later)
        elif gathering.is_run_time(act, self.site, source):
            self.start_over()
        else:
            for item in (gathering.few_items(act, source, self.site) if isinstance(source, Lazy)
                         else walking.items(act, source)):
                each(item)

    def tested(self, depth: int, position: int) -> None:
        """The conditions of a clause from one on, then the clauses in it."""
        act, tests = self.act, self.of.clauses[depth].tests
        if position == len(tests):
            self.level(depth + 1)
            return
        condition = arithmetic.truth(act.t, tests[position](act))
        if not isinstance(condition, Scalar):
            if condition:
                self.tested(depth, position + 1)
        elif self.at_run_time:
            branches.branch(act.t, condition, lambda: self.tested(depth, position + 1), lambda: None)
        else:
            self.start_over()

    def element(self) -> Any:
        """An element, or a pair."""
        held = Held(self.act.t)
        values = tuple(held.keep(part(self.act)) for part in self.of.parts)
        held.check()
        return values if len(values) > 1 else values[0]

    def is_read_later(self, variable: Variable) -> bool:
        """False for the comprehension's own names, which nobody reads after its loops."""
        return variable.name not in self.of.names

    def start_over(self) -> NoReturn:
        """The items are known at run time only: trace again, and fill the list in a loop."""
        raise Restart(("items", self.site), True, self.of.span, "a comprehension of run-time length")
