"""That the threads of a launch may run in any order: no two of them meet at an element, but by atomic operations or
with a barrier between them.

Two threads are followed at once: what each knows where it comes to an access (`facts`) must exclude that both come to
the same element (`workbench.ir.inequalities`). Threads of one block meet in a phase, or in two that no barrier keeps
apart; those of two blocks anywhere. (Two-thread abstraction: Betts et al., GPUVerify, 2012.)

Invariant: what is not proved is refused.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

from workbench.frontend.launches.accesses import Access, Found, found_in
from workbench.frontend.launches.facts import Thread
from workbench.frontend.threads import Launch, Launches
from workbench.ir import DifferentiationError, Function, Op, Polynomial, Value
from workbench.ir.inequalities import has_none

SPLITS = 3
_ONE = Polynomial.of(1)


def prove(function: Function, launches: Launches, nonnegative: Callable[[Value], bool]) -> None:
    """Raises DifferentiationError, at the user's line, where two threads of a launch may meet."""
    if not launches.loops:
        return
    found = found_in(function, launches)
    for launch, op in found.unclear:
        raise DifferentiationError(f"the threads of {launch.name} hand on numbers or arrays to one another", op.span,
                                   "write what threads share into arrays")
    for launch, accesses in found.accesses.items():
        _Proof(found, launch, distinct(accesses), nonnegative).all()


def distinct(accesses: Sequence[Access]) -> list[Access]:
    """Accesses without those that say the same."""
    kept = {(a.root, a.where, a.writes, a.atomic, a.guards, a.loops): a for a in reversed(accesses)}
    return list(kept.values())[::-1]


class Meetings:
    """Which accesses of a launch two threads may do at one element. nonnegative: integers that are known not to be
    negative."""

    def __init__(self, found: Found, launch: Launch, nonnegative: Callable[[Value], bool]) -> None:
        self.found = found
        self.launch = launch
        self.nonnegative = nonnegative
        sizes = (*launch.blocks, *launch.threads)
        self.positive = frozenset(sizes)
        self.loops = {op: d for op in found.indices.values() if (d := found.dealt(op)) is not None
                      and d.launch is launch}

    def own_loops(self, loops: Sequence[Op], role: str) -> dict[int, Op]:
        """Those of the launch's loops around something that are over blocks or threads, by their axes."""
        return {self.loops[op].axis: op for op in loops if op in self.loops and (
            (self.loops[op].role == "thread") == (role == "thread"))}

    def is_own(self, root: Value) -> bool:
        """Whether an array is made by the thread itself."""
        return any(op in self.loops and self.loops[op].role != "block" for op in self.found.around.get(root, ()))

    def of_block(self, root: Value) -> bool:
        """Whether an array is made by the block itself."""
        return any(op in self.loops for op in self.found.around.get(root, ()))

    def phase(self, access: Access) -> int | None:
        """The phase that an access is in."""
        for op in access.loops:
            if op in self.loops and self.loops[op].role == "thread":
                return self.loops[op].phase
        return None

    def may_meet(self, a: Access, b: Access) -> bool:
        """Whether two threads may do two accesses at one element, with no barrier between."""
        if not self.of_block(a.root):
            across = self.own_loops(a.loops, "block")
            if not self.apart(a, b, across, across, lambda v: not any(op in self.loops for op in self.around(v))):
                return True
        p, q = self.phase(a), self.phase(b)
        if p is None or q is None:
            return False
        first, second = self.own_loops(a.loops, "thread"), self.own_loops(b.loops, "thread")
        if p == q and all(first[axis] is second.get(axis) for axis in first) and not self.apart(
                a, b, first, second, lambda v: not any(
                    op in self.loops and self.loops[op].role == "thread" for op in self.around(v))):
            return True
        if (p, q) in self.launch.meets or (q, p) in self.launch.meets:
            blocks = set(self.own_loops(a.loops, "block").values())
            outer = set(itertools.takewhile(lambda op: op not in blocks, a.loops)) if blocks else set()
            return not self.apart(a, b, first, second, lambda v: all(
                op in blocks or op in outer for op in self.around(v)))
        return False

    def around(self, value: Value) -> tuple[Op, ...]:
        """The loops around where a value is made; of an index, its own too."""
        return self.found.around.get(value, ())

    def apart(self, a: Access, b: Access, first: dict[int, Op], second: dict[int, Op],
              shared: Callable[[Value], bool]) -> bool:
        """Whether two accesses of threads that differ along one of some axes are always at different elements."""
        return all(self.excluded(a, b, first[axis], second[axis], more, shared)
                   for axis in first if axis in second for more in (False, True))

    def excluded(self, a: Access, b: Access, loop_a: Op, loop_b: Op, more: bool, shared: Callable[[Value], bool]
                 ) -> bool:
        """Whether two accesses are never at one element where the index of the first thread is less (or more)."""
        threads = [Thread(self.found, k, shared, self.positive, self.nonnegative) for k in range(2)]
        (where_a, when_a), (where_b, when_b) = threads[0].where(a), threads[1].where(b)
        index_a = threads[0].form(loop_a.regions[0].params[0])
        index_b = threads[1].form(loop_b.regions[0].params[0])
        order = index_a - index_b - _ONE if more else index_b - index_a - _ONE
        zeros = [] if where_a is None or where_b is None else [p - q for p, q in zip(where_a, where_b, strict=True)]
        for z1, n1 in when_a:
            for z2, n2 in when_b:
                known = [*threads[0].facts, *threads[1].facts, *n1, *n2, order]
                if not _never([*zeros, *z1, *z2], known, SPLITS):
                    return False
        return True


class _Proof(Meetings):
    """That no two threads of a launch meet."""

    def __init__(self, found: Found, launch: Launch, accesses: list[Access], nonnegative: Callable[[Value], bool]
                 ) -> None:
        super().__init__(found, launch, nonnegative)
        self.accesses = accesses

    def all(self) -> None:
        """Every pair."""
        written = {a.root for a in self.accesses if a.writes}
        for root in written:
            if self.is_own(root):
                continue
            here = [a for a in self.accesses if a.root is root]
            for a, b in itertools.combinations_with_replacement(here, 2):
                if (a.writes or b.writes) and not (a.atomic and a.atomic == b.atomic):
                    if self.may_meet(a, b):
                        self.refuse(a, b)

    def refuse(self, a: Access, b: Access) -> NoReturn:
        """Refuse, at the user's line."""
        first, second = (a, b) if a.writes else (b, a)
        name = f"{first.root.name or 'an array'}"
        lines = [x.span.line for x in (first, second) if x.span is not None]
        kernel = self.launch.name
        if first.op is second.op:
            what = f"two threads of {kernel} may write one element of {name}"
            hint = "use cuda.atomic.add, or give each thread elements of its own"
        elif first.op.prim == "store" and second.op.prim == "load" and lines[:1] == lines[1:]:
            what = f"two threads of {kernel} may change one element of {name}"
            hint = "use cuda.atomic.add, or give each thread elements of its own"
        else:
            other = "write" if second.writes else "read"
            what = (f"two threads of {kernel} may meet at one element of {name}, which this line writes and line "
                    f"{lines[-1] if lines else 0} {other}s with no barrier between")
            hint = "put cuda.syncthreads() between them, or give each thread elements of its own"
        raise DifferentiationError(f"{what}: it is not proved that none do", first.span, hint)


def _never(zeros: list[Polynomial], known: list[Polynomial], splits: int) -> bool:
    """Whether equations never hold; tried by cases, of which of two counters is ahead."""
    if has_none(zeros, known):
        return True
    for gap in _gaps(zeros) if splits else ():
        return (_never([*zeros, gap], known, splits - 1) and _never(zeros, [*known, gap - _ONE], splits - 1)
                and _never(zeros, [*known, -gap - _ONE], splits - 1))
    return False


def _gaps(zeros: Sequence[Polynomial]) -> Iterator[Polynomial]:
    """Differences of atoms that are multiplied by the same in an equation."""
    for zero in zeros:
        terms = [(m, c) for m, c in zero.terms.items() if m]
        for (m1, c1), (m2, c2) in itertools.combinations(terms, 2):
            if c1 + c2 == 0 and (abs(c1) > 1 or len(m1) > 1):
                only1, only2 = m1 - m2, m2 - m1
                if len(only1) == len(only2) == 1:
                    ((x, p1),), ((y, p2),) = only1, only2
                    if p1 == p2 == 1:
                        yield Polynomial.atom(x) - Polynomial.atom(y)
