"""What variables hold at a place of a program, and under which conditions: states of its memory.

A world says which buffer each variable of an array holds. Where paths meet that leave different buffers alive, there
are several worlds; what differs in sizes alone becomes one.

Invariant: worlds do not change; a buffer is known by identity, and is alive while a variable holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from workbench.cost.formula import Formula, Symbol, is_nonnegative, maximum, of
from workbench.ir import Op, Span
from workbench.records import dataclass

Conditions = frozenset[Formula]  # formulas that are 0 or 1: all of them are 1
Pair = tuple["Buffer | None", "Buffer | None", list[str]]
#: So many worlds are told apart.
MOST = 6


@dataclass(frozen=True, slots=True, eq=False)
class Buffer:
    """An array's memory. name: the variable that it was made for; span: of the user's line; ends: of a growable list,
    the bytes that it has in the end, and the most while it grows (None once it has them)."""

    size: Formula
    name: str
    role: str
    span: Span | None
    op: Op | None = None
    ends: tuple[Formula, Formula] | None = None
    is_list: bool = False

    def sized(self, size: Formula) -> Buffer:
        """The buffer with another size."""
        return Buffer(size, self.name, self.role, self.span, self.op, self.ends, self.is_list)


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Which buffers variables hold, under which conditions."""

    conditions: Conditions
    held: Mapping[str, Buffer]

    def without(self, names: Collection[str]) -> World:
        """The world in which these variables are deleted."""
        if not names or not any(name in self.held for name in names):
            return self
        return World(self.conditions, {name: b for name, b in self.held.items() if name not in names})

    def given(self, *conditions: Formula) -> World:
        """The world under more conditions; those that are certain are left out."""
        more = {c for c in conditions if c != 1}
        return World(self.conditions | more, self.held) if more else self

    def changed(self, change: Callable[[Formula], Formula]) -> World:
        """The world with every formula changed."""
        known: dict[int, Buffer] = {}
        for buffer in self.held.values():
            if id(buffer) not in known:
                size = change(buffer.size)
                known[id(buffer)] = buffer if size is buffer.size or size == buffer.size else buffer.sized(size)
        conditions = frozenset(c for c in map(change, self.conditions) if c != 1)
        return World(conditions, {name: known[id(b)] for name, b in self.held.items()})

    @property
    def is_possible(self) -> bool:
        """Whether no condition is surely false."""
        return not any(c == 0 for c in self.conditions)


def bind(worlds: Iterable[World], index: Symbol, value: Formula) -> list[World]:
    """Worlds with an index bound."""
    made = (world.changed(lambda formula: formula.bind({index: value}) if formula.depends_on(index) else formula)
            for world in worlds)
    return [world for world in made if world.is_possible]


def alive(buffers: Iterable[Buffer]) -> list[Buffer]:
    """The buffers, each once."""
    return list({id(b): b for b in buffers}.values())


def pairs(a: World, b: World, weightless: Collection[int]) -> list[Pair] | None:
    """The buffers of two worlds that take each other's place, with the variables that hold them; None where what is
    shared in one is not in the other. Those that are held anyway (`weightless`, by identity) may stand for several."""
    found = _matched(a, b)
    for side in (0, 1):
        own = [id(pair[side]) for pair in found if pair[side] is not None and id(pair[side]) not in weightless]
        if len(own) != len(set(own)):
            return None
    return found


def _matched(a: World, b: World) -> list[Pair]:
    """The buffers that variables hold in two worlds, with the variables that hold both."""
    found: dict[tuple[int, int], Pair] = {}
    for name in {**a.held, **b.held}:
        left, right = a.held.get(name), b.held.get(name)
        found.setdefault((id(left), id(right)), (left, right, []))[2].append(name)
    return list(found.values())


def are_alike(before: Sequence[World], after: Sequence[World], weightless: Collection[int]) -> bool:
    """Whether two states of a loop are the same but for which turn has made the buffers."""
    if len(before) != len(after):
        return False
    return all(any(_is_alike(a, b, weightless) for b in after) for a in before)


def _is_alike(a: World, b: World, weightless: Collection[int]) -> bool:
    if a.conditions != b.conditions or a.held.keys() != b.held.keys():
        return False
    found = pairs(a, b, weightless)
    return found is not None and all(
        left is right or (left is not None and right is not None and left.size == right.size
                          and (left.ends is None) == (right.ends is None)
                          and (id(left) in weightless) == (id(right) in weightless)) for left, right, _ in found)


def merged(worlds: Sequence[World], weightless: Collection[int]) -> list[World]:
    """Worlds that meet, as few as they can be."""
    made: list[World] = []
    for world in worlds:
        if not world.is_possible:
            continue
        for k, other in enumerate(made):
            both = _merged(other, world, weightless)
            if both is not None:
                made[k] = both
                break
        else:
            made.append(world)
    while len(made) > MOST:
        last = made.pop()
        made[-1] = _joined(made[-1], last, weightless)
    return made


def _joined(a: World, b: World, weightless: Collection[int]) -> World:
    """One world for two that are better told apart: each of its variables has the larger of two buffers, of its own
    where the two worlds share differently, so that no less is alive than in either."""
    held: dict[str, Buffer] = {}
    for left, right, names in _matched(a, b):
        buffer = left if left is right else _either(left, right, a, b, weightless)
        if buffer is not None:
            own = buffer if left is right or id(buffer) in weightless else buffer.sized(buffer.size)
            held.update(dict.fromkeys(names, own))
    return World(a.conditions & b.conditions, held)


def _merged(a: World, b: World, weightless: Collection[int]) -> World | None:
    found = pairs(a, b, weightless)
    if found is None or not _is_fair(found, a, b, weightless):
        return None
    held: dict[str, Buffer] = {}
    for left, right, names in found:
        buffer = left if left is right else _either(left, right, a, b, weightless)
        if buffer is not None:
            held.update(dict.fromkeys(names, buffer))
    return World(a.conditions & b.conditions, held)


def _is_fair(found: Sequence[Pair], a: World, b: World, weightless: Collection[int]) -> bool:
    """Whether what pairs take is what one of the worlds takes: no buffer of both is counted twice, and no pair is
    larger in one while another one is larger in the other."""
    both = {id(x) for x in a.held.values()} & {id(x) for x in b.held.values()} - set(weightless)
    signs: set[int] = set()
    for left, right, _ in found:
        if left is not right and (id(left) in both or id(right) in both):
            return False
        x, y = (of(0) if v is None or id(v) in weightless else v.size for v in (left, right))
        if x != y:
            signs.add(1 if is_nonnegative(x - y) else -1 if is_nonnegative(y - x) else 0)
    return len(signs) < 2 or _condition(a, b) is not None


def _condition(a: World, b: World) -> Formula | None:
    """What holds in the one world and not in the other, if that is known."""
    return next((c for c in a.conditions if (1 - c) in b.conditions or _is_opposite(c, b.conditions)), None)


def _either(left: Buffer | None, right: Buffer | None, a: World, b: World, weightless: Collection[int]) -> Buffer | (
        None):
    """A buffer that is one or the other."""
    sizes = [of(0) if x is None or id(x) in weightless else x.size for x in (left, right)]
    known = [x for x in (left, right) if x is not None and id(x) not in weightless]
    first = known[0] if known else left or right
    if first is None or not known:
        return first
    if sizes[0] == sizes[1]:
        return first
    condition = _condition(a, b)
    if condition is None:
        return first.sized(maximum(*sizes))
    return first.sized(condition * sizes[0] + (1 - condition) * sizes[1])


def _is_opposite(condition: Formula, others: Conditions) -> bool:
    """Whether some other condition is surely 1 minus this one: [n = 0] and [n > 0]."""
    atoms = list(condition.atoms)
    if len(atoms) != 1 or getattr(atoms[0], "function", "") not in ("zero", "positive"):
        return False
    return any(getattr(atom, "function", "") in ("zero", "positive") and getattr(atom, "function", "") !=
               getattr(atoms[0], "function", "") and getattr(atom, "args", 0) == getattr(atoms[0], "args", 1)
               for other in others for atom in other.atoms)
