"""Which loops may give each of their turns a thread, and what becomes of what they carry.

A loop qualifies where its turns touch one another's results in two ways alone: by adding to (or taking an extreme of) a
carried number, and by adding to elements of a carried array that no turn reads. Other elements of carried arrays are a
turn's own: one of their indices is the loop's index and a constant, the same in all accesses; or it is proved of any
two turns that they do not meet (`apart`).

Invariant: what is not proved to be so is not parallel, unless it is promised (`numba.prange`): then each turn claims
what it touches, and a claim that another turn has made is an error. Any order of the turns gives the same results, but
for the order of sums.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import field

from workbench.engines.cuda.apart import Turns
from workbench.ir import Block, Constant, Kind, Op, Polynomial, Value, normal_form, walk
from workbench.ir.ops import CONSUMING
from workbench.records import dataclass
from workbench.rules import get

#: What becomes of something that a loop carries: a turn's own elements; added up or an extreme taken, in a number;
#: added to in an array by several turns; handed on unchanged; elements that are the turn's own as the user has
#: promised, which is looked at as it runs.
OWN, SUM, MAXIMUM, MINIMUM, SCATTER, SAME, CLAIMED = "own", "add", "max", "min", "scatter", "same", "claimed"
_EXTREMES = {"maximum": MAXIMUM, "minimum": MINIMUM}
_MAKERS = frozenset({"empty", "full", "copy", "list"})
_UPDATES = frozenset({"store", "accum"})
Maker = Callable[[Value], Op | None]


@dataclass(frozen=True, eq=False)
class Parallel:
    """A loop of parallel turns. inner: the loops right inside of it that are parallel, too, from outside in; roles: of
    what it carries, in order; added: the stores and their loads that are additions by several turns; claims: the
    accesses of what is CLAIMED, with the parameter of the body that each is of."""

    op: Op
    inner: tuple[Op, ...]
    roles: tuple[str, ...]
    added: frozenset[Op]
    claims: Mapping[Op, Value] = field(default_factory=dict)

    @property
    def loops(self) -> tuple[Op, ...]:
        """All loops whose turns are threads."""
        return (self.op, *self.inner)

    @property
    def body(self) -> Block:
        """What a thread does."""
        return self.loops[-1].regions[0]


def parallel(op: Op, maker: Maker, alone: bool = False, closely: bool = False) -> Parallel | None:
    """How a loop's turns can be threads; None where they cannot. alone: not those of loops inside; closely: what
    several turns add to is proved not to be their own."""
    if op.prim != "for":
        return None
    inner: list[Op] = []
    found = _judged(op, inner, maker, closely)
    while found is not None:
        deeper = _only_loop((op, *inner)[-1])
        if deeper is None or alone:
            return found
        next_ = _judged(op, [*inner, deeper], maker, closely)
        if next_ is None:
            return found
        inner.append(deeper)
        found = next_
    return None


def _only_loop(op: Op) -> Op | None:
    """The loop that is all that a loop does, and that has as many turns in each of its turns."""
    (body,) = op.regions
    if len(body.ops) != 1 or body.ops[0].prim != "for":
        return None
    inner = body.ops[0]
    if body.params[0] in inner.operands[:2] or inner.operands[2:] != body.params[1:] or body.yields != inner.results:
        return None
    return inner


def _judged(op: Op, inner: Iterable[Op], maker: Maker, closely: bool) -> Parallel | None:
    loops = (op, *inner)
    arrays = _Arrays(loops[-1].regions[0])
    if not arrays.follow():
        return None
    roles, added, claims = [], set[Op](), dict[Op, Value]()
    is_promised = all("promised" in loop.attrs for loop in loops)
    turns: Turns | None = None
    for position, param in enumerate(loops[-1].regions[0].params[1:]):
        out = loops[-1].regions[0].yields[position]
        if param is out and not any(param in o.operands for o in walk(loops[-1].regions[0])):
            roles.append(SAME)
        elif param.is_array:
            if arrays.roots.get(out) is not param:
                return None
            pairs = arrays.additions(param)
            if out is param and all(o.prim == "load" for o, _ in arrays.accesses(param)):
                roles.append(SAME)
            elif arrays.are_own(param, [loop.regions[0].params[0] for loop in loops], maker):
                roles.append(OWN)
            elif pairs is not None:
                turns = turns or (Turns(loops, maker) if closely else None)
                met = turns.additions(param, arrays.partners(param)) if turns is not None else pairs
                roles.append(SCATTER if met is None or met else OWN)
                added |= pairs if met is None else met
            elif is_promised and param not in arrays.whole:
                roles.append(CLAIMED)
                more = arrays.added(param)
                added |= more
                claims.update((access, param) for access, _ in arrays.accesses(param)
                              if access.prim != "load" or access not in more)
            else:
                turns = turns or Turns(loops, maker)
                met = None if param in arrays.whole else turns.additions(param, arrays.partners(param))
                if met is None:
                    return None
                roles.append(SCATTER if met else OWN)
                added |= met
        else:
            role = _folded(param, out, loops[-1].regions[0])
            if role is None:
                return None
            roles.append(role)
    return Parallel(op, tuple(loops[1:]), tuple(roles), frozenset(added), claims)


def keeps_places(op: Op) -> bool:
    """Whether every array that a loop carries is in the end the one that it began with, changed: none is exchanged."""
    blocks = op.regions if op.prim == "while" else op.regions[:1]
    first = blocks[0]
    params = first.params[1:] if op.prim == "for" else first.params
    arrays = _Arrays(Block((Constant(0, Kind.INT), *params), tuple(o for b in blocks for o in b.ops), ()))
    if not arrays.follow():
        return False
    ends = [first.yields] if op.prim == "for" else [first.yields[1:], blocks[-1].yields]
    return all(arrays.roots.get(end[k]) is p for end in ends for k, p in enumerate(params) if p.is_array)


class _Arrays:
    """The arrays that a body reads and changes: which version is of which (`roots`), and every access."""

    def __init__(self, body: Block) -> None:
        self.body = body
        self.roots: dict[Value, Value] = {p: p for p in body.params[1:] if p.is_array}
        self.own: set[Value] = set()  # made by the turn itself
        self.whole: set[Value] = set()  # read as a whole
        self.users: dict[Value, list[Op]] = {}

    def follow(self) -> bool:
        """Whether the body does nothing but what is understood here."""
        for op in walk(self.body):
            for value in op.operands:
                self.users.setdefault(value, []).append(op)
        return self._block(self.body)

    def _block(self, block: Block) -> bool:
        return all(self._op(op) for op in block.ops)

    def _op(self, op: Op) -> bool:
        if op.prim in _MAKERS:
            if op.prim == "copy" and op.operands[0] in self.roots:
                self.whole.add(self.roots[op.operands[0]])
            self.roots[op.result] = op.result
            self.own.add(op.result)
            return True
        if op.prim in _UPDATES:
            root = self.roots.get(op.operands[0])
            if root is None:
                return False
            self.roots[op.result] = root
            return True
        if op.prim in ("for", "while", "if"):
            return self._control(op)
        if op.prim in CONSUMING or op.prim in ("call", "print", "draw"):
            return False
        if op.prim in ("load", "check"):
            return True
        return not any(v.is_array for v in (*op.operands, *op.results)) and get(op.prim).elementwise

    def _control(self, op: Op) -> bool:
        first = op.regions[0]
        inits = op.operands[2:] if op.prim == "for" else op.operands if op.prim == "while" else ()
        params = first.params[1:] if op.prim == "for" else first.params
        for init, param in zip(inits, params, strict=True):
            if param.is_array:
                if init not in self.roots:
                    return False
                self.roots[param] = self.roots[init]
        if not all(self._block(region) for region in op.regions):
            return False
        ends = {"for": [first.yields], "while": [first.yields[1:], op.regions[-1].yields],
                "if": [region.yields for region in op.regions]}[op.prim]
        for k, result in enumerate(op.results):
            if not result.is_array:
                continue
            roots = {self.roots.get(end[k]) for end in ends}
            if len(roots) > 1 or None in roots or (inits and self.roots[inits[k]] not in roots):
                return False
            self.roots[result] = next(iter(roots))  # type: ignore[assignment]
        return True

    def accesses(self, root: Value) -> list[tuple[Op, tuple[Value, ...]]]:
        """Every load and update of an array, with the indices."""
        found = []
        for op in walk(self.body):
            if op.prim in _UPDATES and self.roots.get(op.operands[0]) is root:
                found.append((op, op.operands[2:]))
            elif op.prim == "load" and self.roots.get(op.operands[0]) is root:
                found.append((op, op.operands[1:]))
        return found

    def are_own(self, root: Value, indices: Collection[Value], maker: Maker) -> bool:
        """Whether a turn touches elements of an array that no other turn touches."""
        if root in self.whole:
            return False
        for index in indices:
            places: set[tuple[int, Polynomial]] | None = None
            for _, where in self.accesses(root):
                forms = [normal_form(v, maker) - Polynomial.atom(index) for v in where]
                own = {(axis, form) for axis, form in enumerate(forms) if form.constant is not None}
                places = own if places is None else places & own
            if places is not None and not places:
                return False
        return True

    def additions(self, root: Value) -> set[Op] | None:
        """The operations that add to elements of an array, where nothing else is done with it; else None."""
        found = self.added(root)
        return found if root not in self.whole and all(op in found for op, _ in self.accesses(root)) else None

    def added(self, root: Value) -> set[Op]:
        """The operations that add to elements of an array, whatever else is done with it."""
        found: set[Op] = set()
        made = {r: op for op in walk(self.body) for r in op.results}
        for op, where in self.accesses(root):
            if op.prim == "accum":
                found.add(op)
            elif op.prim == "store":
                value = made.get(op.operands[1])
                load = None if value is None else self._taken_from(value, made, root, where)
                if load is not None:
                    found |= {op, load}
        return found

    def partners(self, root: Value) -> dict[Op, Op]:
        """Stores that add to an element and the loads of it that they add to, each by the other."""
        made = {r: op for op in walk(self.body) for r in op.results}
        found: dict[Op, Op] = {}
        for op, where in self.accesses(root):
            value = made.get(op.operands[1]) if op.prim == "store" else None
            load = None if value is None else self._taken_from(value, made, root, where)
            if load is not None:
                found |= {op: load, load: op}
        return found

    def _taken_from(self, value: Op, made: Mapping[Value, Op], root: Value, where: tuple[Value, ...]) -> Op | None:
        """The load of the same element that a sum adds to, where nothing else reads it."""
        if value.prim not in ("add", "sub") or len(self.users.get(value.result, [])) != 1:
            return None
        for operand in value.operands[:1 if value.prim == "sub" else 2]:
            load = made.get(operand)
            if load is not None and load.prim == "load" and self.roots.get(load.operands[0]) is root and (
                    load.operands[1:] == where and len(self.users.get(operand, [])) == 1):
                return load
        return None


def _folded(param: Value, out: Value, body: Block) -> str | None:
    """How a carried number is combined from turn to turn: SUM, MAXIMUM, MINIMUM; None where otherwise."""
    for role in (SUM, MAXIMUM, MINIMUM):
        if _combines(param, out, body, role):
            return role
    return None


def _combines(start: Value, out: Value, block: Block, role: str) -> bool:
    """Whether `out` is `start` combined with something by a role's operation, and nothing else reads `start` or what is
    between them: each value on the way is read once, by the next step."""
    value = start
    for op in block.ops:
        times = _reads(value, op)
        if not times:
            continue
        following = _step(value, op, times, role)
        if following is None or sum(_reads(value, other) for other in block.ops) != times or value in block.yields:
            return False
        value = following
    return value is out and sum(v is out for v in block.yields) == 1


def _step(value: Value, op: Op, times: int, role: str) -> Value | None:
    """What an operation that reads a running value makes of it; None where it does something else, too."""
    if op.prim == "if" and value not in op.operands:
        for k, result in enumerate(op.results):
            if all(_combines(value, region.yields[k], region, role) for region in op.regions):
                return result
        return None
    if times != 1 or value not in op.operands:
        return None
    position = op.operands.index(value)
    if op.prim == "for":
        (body,), k = op.regions, position - 2
        return op.results[k] if k >= 0 and _combines(body.params[1 + k], body.yields[k], body, role) else None
    if op.prim == "while":
        before, after = op.regions
        param = before.params[position]
        handed_on = before.yields[1 + position] is param and sum(v is param for v in before.yields) == 1
        if not handed_on or any(_reads(param, inner) for inner in before.ops):
            return None
        return op.results[position] if _combines(param, after.yields[position], after, role) else None
    return op.result if not op.regions and _is_combination(op, position, role) else None


def _reads(value: Value, op: Op) -> int:
    """How often an operation, or something inside of it, reads a value."""
    inside = sum(sum(_reads(value, inner) for inner in region.ops) + sum(v is value for v in region.yields)
                 for region in op.regions)
    return sum(v is value for v in op.operands) + inside


def _is_combination(op: Op, position: int, role: str) -> bool:
    if not op.results or op.result.is_array or op.result.kind.is_complex:
        return False
    if role == SUM:
        return op.prim == "add" or (op.prim == "sub" and position == 0)
    return _EXTREMES.get(op.prim) == role
