"""The course of a program's memory: its emitted text is walked with what each variable of an array holds.

Arrays are made where the text makes them, with the sizes that the IR knows (`sizes`), and given back where the engine
deletes the last variable that holds them (`releases`). A loop's body is walked until a turn leaves what it found; each
moment of it is taken in the turn in which most is alive. Which arms of branches are taken, and which loops turn at
all, are conditions of moments.

Invariant: nothing is run. Where one number stands for all visits of a branch (`taken(line 7)`), a moment in each of its
arms is taken to happen if the arm is taken at all.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field

from workbench.cost.extremes import greatest
from workbench.cost.formula import Formula, Symbol, of, positive, zero
from workbench.cost.sizes import Known
from workbench.cost.worlds import Buffer, Conditions, World, alive, are_alike, bind, merged
from workbench.engines.numba.emit import Places
from workbench.engines.numba.folding import is_growable
from workbench.engines.numba.releases import Branch, Entry, Leave, Loop, Part, Step, released, steps_of
from workbench.ir import DifferentiationError, Op, Span
from workbench.records import dataclass

#: Turns of a loop that are walked one by one before one stands for all that follow.
TURNS = 5


@dataclass(frozen=True, slots=True)
class Event:
    """A moment as it is walked. buffers: what is alive, and `extra` bytes beside; made: whether something was made."""

    total: Formula
    residual: Formula
    conditions: Conditions
    span: Span | None
    line: int
    buffers: tuple[Buffer, ...]
    made: bool
    extra: Formula

    def bound(self, change: Mapping[Symbol, Formula]) -> Event:
        """With an index bound."""
        def new(formula: Formula) -> Formula:
            return formula.bind(change) if not formula.symbols.isdisjoint(change) else formula
        return Event(new(self.total), new(self.residual), frozenset(c for c in map(new, self.conditions) if c != 1),
                     self.span, self.line, tuple(_sized(b, new(b.size)) for b in self.buffers), self.made,
                     new(self.extra))

    def at_its_most(self, index: Symbol, first: int, turns: Formula) -> Event:
        """In the turn, from `first` on, in which most is alive."""
        formulas = (self.total, self.residual, self.extra, *self.conditions, *(b.size for b in self.buffers))
        if not any(f.depends_on(index) for f in formulas):
            return self

        def most(formula: Formula) -> Formula:
            return greatest(formula, index, first, turns) if formula.depends_on(index) else formula
        inside = [c for c in self.conditions if c.depends_on(index)]
        total = self.total
        for condition in inside:
            total = total * condition
        return Event(most(total), most(self.residual), self.conditions - set(inside), self.span, self.line,
                     tuple(_sized(b, most(b.size)) for b in self.buffers), self.made, most(self.extra))


def _sized(buffer: Buffer, size: Formula) -> Buffer:
    return buffer if size is buffer.size else buffer.sized(size)


@dataclass(slots=True)
class Walk:
    """What all functions of a program share while they are walked."""

    places: Places
    roles: Mapping[Op, str]
    texts: Mapping[str, ast.FunctionDef]
    events: list[Event] = field(default_factory=list)
    conditions: list[Formula] = field(default_factory=list)
    depth: int = 0  # of loops that are open
    parts: dict[str, list[Part]] = field(default_factory=dict)
    entered: list[str] = field(default_factory=list)

    def parts_of(self, title: str) -> list[Part]:
        """A function's parts."""
        if title not in self.parts:
            self.parts[title] = released(self.texts[title], self.places.arrays[title])
        return self.parts[title]

    @contextmanager
    def where(self, *conditions: Formula) -> Iterator[None]:
        """Inside, moments are under these conditions."""
        more = [c for c in conditions if c != 1]
        self.conditions += more
        yield
        del self.conditions[len(self.conditions) - len(more):]


class Frame:
    """One function in one call. outer: the buffers that its callers hold."""

    def __init__(self, walk: Walk, title: str, known: Known, outer: Sequence[Buffer]) -> None:
        self.walk, self.title, self.known, self.outer = walk, title, known, list(outer)
        self.weightless = {id(b) for b in outer}
        self.returned: list[tuple[World, list[Buffer | None]]] = []
        self.breaks: list[World] = []
        self.continues: list[World] = []
        self._matter: dict[int, bool] = {}

    def run(self, world: World) -> list[tuple[World, list[Buffer | None]]]:
        """The worlds in which the function returns, and its results."""
        self.outer = alive([*self.outer, *world.held.values()])  # the caller keeps what it passes
        self.weightless |= {id(b) for b in self.outer}
        self.block(self.walk.parts_of(self.title), [world])
        return self.returned

    # ------------------------------------------------------------------ parts
    def block(self, parts: Sequence[Part], worlds: list[World]) -> list[World]:
        """The worlds behind parts that are gone through in order."""
        for part in parts:
            if not worlds:
                return []
            if isinstance(part, Step):
                worlds = [new for world in worlds for new in self.step(part, world)]
            elif isinstance(part, Entry):
                worlds = merged([self.dropped(world, part.released, None) for world in worlds], self.weightless)
            elif isinstance(part, Branch):
                worlds = self.branch(part, worlds)
            elif isinstance(part, Loop):
                worlds = self.loop(part, worlds)
            else:
                worlds = self.leave(part, worlds)
        return worlds

    def leave(self, part: Leave, worlds: list[World]) -> list[World]:
        """What leaves a block goes on elsewhere."""
        if part.kind == "break":
            self.breaks += worlds
        elif part.kind == "continue":
            self.continues += worlds
        elif part.kind == "return" and part.step is not None:
            node = part.step.node
            assert isinstance(node, ast.Return)
            names = _results(node.value)
            for world in worlds:
                self.returned.append((world, [world.held.get(name) for name in names]))
        return []

    def matters(self, part: Part) -> bool:
        """Whether anything is made, bound or given back in a part."""
        key = id(part)
        if key not in self._matter:
            self._matter[key] = self._find(part)
        return self._matter[key]

    def _find(self, part: Part) -> bool:
        if isinstance(part, Entry):
            return bool(part.released)
        if isinstance(part, Step):
            return bool(part.binds or part.released) or self._operation(part) is not None
        if isinstance(part, Branch):
            return self.matters(part.step) or any(map(self.matters, [*part.then, *part.orelse]))
        if isinstance(part, Loop):
            return any(map(self.matters, [*part.head, *part.body, *part.orelse]))
        return part.kind in ("break", "return")

    # ------------------------------------------------------------------ moments
    def note(self, world: World, step: Step, new: Sequence[Buffer], extra: Formula, made: bool = True,
             sizes: Mapping[int, Formula] | None = None) -> None:
        """A moment: what is alive, with what is new. sizes: of buffers that are larger for a moment."""
        buffers = alive([*self.outer, *world.held.values(), *new])
        total, residual = extra, of(0)
        for buffer in buffers:
            if buffer.role == "argument":
                continue
            size = buffer.size if sizes is None else sizes.get(id(buffer), buffer.size)
            total = total + size
            if buffer.role == "residual":
                residual = residual + size
        op = self.walk.places.ops.get(step.line)
        self.walk.events.append(Event(
            total, residual, world.conditions | set(self.walk.conditions), op.span if op is not None else None,
            step.line, tuple(buffers), made, extra))

    def dropped(self, world: World, names: set[str], step: Step | None) -> World:
        """The world in which variables are deleted."""
        after = world.without(names)
        if step is not None and after is not world and len(alive(after.held.values())) < len(
                alive(world.held.values())):
            self.note(after, step, (), of(0), made=False)
        return after

    # ------------------------------------------------------------------ steps
    def _operation(self, step: Step) -> Op | None:
        """The operation that a statement does, if it may hold memory while it does so."""
        op = self.walk.places.ops.get(step.line)
        if op is None or not isinstance(step.node, ast.Assign | ast.Expr):
            return None
        if op.prim == "call" or op in self.known.workspace or op in self.known.sizes:
            return op if any(isinstance(n, ast.Call) for n in ast.walk(step.node.value)) else None
        return None

    def step(self, step: Step, world: World) -> list[World]:
        """A statement."""
        if not (step.binds or step.released or self._operation(step) is not None):
            return [world]
        node = step.node
        worlds = [world]
        if isinstance(node, ast.Assign):
            worlds = self.assign(step, node.targets[0], node.value, world)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            worlds = [after for after, _ in self.called(step, node.value, [], world)]
        return [self.dropped(after, step.released, step) for after in worlds]

    def assign(self, step: Step, target: ast.expr, value: ast.expr, world: World) -> list[World]:
        """`target = value`, or several at once."""
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            states: list[tuple[World, dict[str, Buffer]]] = [(world, {})]
            for one, its in zip(target.elts, value.elts, strict=True):
                states = [(after, {**bound, **more}) for before, bound in states
                          for after, more in self.bound(step, one, its, before)]
        else:
            states = self.bound(step, target, value, world)
        return [World(after.conditions, {**after.held, **bound}) for after, bound in states]

    def bound(self, step: Step, target: ast.expr, value: ast.expr, world: World) -> list[
            tuple[World, dict[str, Buffer]]]:
        """What the variables of a target are bound to."""
        names = [part.id if isinstance(part, ast.Name) else "" for part in (
            target.elts if isinstance(target, ast.Tuple) else [target])]
        source = _viewed(value)
        if source is not None:
            held = world.held.get(source)
            return [(world, {names[0]: held} if held is not None else {})]
        if isinstance(value, ast.Call):
            return [(after, {name: b for name, b in zip(names, buffers, strict=False) if name and b is not None})
                    for after, buffers in self.called(step, value, names, world)]
        return [(world, {})]

    def called(self, step: Step, call: ast.Call, names: Sequence[str], world: World) -> list[
            tuple[World, list[Buffer | None]]]:
        """What a call gives, in the worlds behind it."""
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name in self.walk.texts:
            return self.entered(step, name, call, names, world)
        op = self._operation(step)
        if name.startswith("grow") and isinstance(call.args[0], ast.Name):
            return self.grown(step, world.held[call.args[0].id], world)
        if op is None:
            return [(world, [])]
        sizes = list(self.known.sizes.get(op, ()))
        copied = _copied(call)
        if copied is not None and copied in world.held and world.held[copied].is_list:
            sizes = [world.held[copied].size]
        made: list[Buffer | None] = []
        for position, size in enumerate(sizes):
            label = names[position].partition(".")[0] if position < len(names) else ""
            made.append(Buffer(size, label or op.prim, self.walk.roles.get(op, "scratch"), op.span, op,
                               self.known.lists.get(op), is_growable(op.results[position])) if (
                                   op.results[position].is_array) else None)
        new = [b for b in made if b is not None]
        self.note(world, step, new, self.known.workspace.get(op, of(0)))
        return [(world, made)]

    def grown(self, step: Step, before: Buffer, world: World) -> list[tuple[World, list[Buffer | None]]]:
        """A list has the room that it will have in the end, and takes the most while it grows."""
        if before.ends is None:
            return [(world, [before])]
        size, most = before.ends
        after = Buffer(size, before.name, before.role, before.span, before.op, None, True)
        self.note(world, step, (), of(0), sizes={id(before): most})
        held = {name: after if b is before else b for name, b in world.held.items()}
        return [(World(world.conditions, held), [after])]

    def entered(self, step: Step, title: str, call: ast.Call, names: Sequence[str], world: World) -> list[
            tuple[World, list[Buffer | None]]]:
        """A function of the program is called."""
        op = self.walk.places.ops[step.line]
        parts = self.walk.parts_of(title)
        if title in self.walk.entered:
            if any(s.binds for s in steps_of(parts)):
                raise DifferentiationError("what memory a function takes that calls itself and makes arrays is not "
                                           "known", op.span)
            return [(world, [])]
        frame = Frame(self.walk, title, self.known.calls[op], alive([*self.outer, *world.held.values()]))
        params = [a.arg for a in self.walk.texts[title].args.args]
        given = {param: world.held[arg.id] for param, arg in zip(params, call.args, strict=True)
                 if isinstance(arg, ast.Name) and arg.id in world.held}
        self.walk.entered.append(title)
        returned = frame.run(World(world.conditions, given))
        self.walk.entered.pop()
        ends = merged([World(w.conditions, {**world.held, **{f"·{k}": b for k, b in enumerate(results)
                                                             if b is not None}}) for w, results in returned],
                      self.weightless)
        return [(World(w.conditions, {k: b for k, b in w.held.items() if not k.startswith("·")}),
                 [w.held.get(f"·{k}") for k in range(len(returned[0][1]))]) for w in ends]

    # ------------------------------------------------------------------ branches
    def branch(self, part: Branch, worlds: list[World]) -> list[World]:
        """`if`."""
        worlds = [self.dropped(world, part.step.released, part.step) for world in worlds]
        op = self.walk.places.ops.get(part.step.line)
        if op is None or op.prim == "check" or not self.matters(part):
            return worlds
        if op.prim != "if":  # room for an element of a list, or what leaves a `while`
            after = self.block(part.then, worlds)
            return worlds if any(isinstance(inner, Leave) for inner in part.then) else after
        share = self.known.shares[op]
        first = share if _is_sure(share) else positive(share)
        second = 1 - share if _is_sure(share) else positive(1 - share)
        arms = [(part.then, first), (part.orelse, second)]
        if op in self.walk.places.turned:
            arms = [(part.then, second), (part.orelse, first)]
        found: list[World] = []
        for arm, condition in arms:
            if condition != 0:
                with self.walk.where(condition):
                    found += [w.given(condition) for w in self.block(arm, worlds)]
        return found

    # ------------------------------------------------------------------ loops
    def loop(self, part: Loop, worlds: list[World]) -> list[World]:
        """`for` and `while`."""
        if not self.matters(part):
            return worlds
        op = self.walk.places.ops[part.line]
        index, turns = self.known.turns.get(op, (Symbol("·none"), of(1)))
        endless = part.is_endless
        outer = self.breaks, self.continues
        left: list[World] = []  # by `break`
        ended: list[World] = []
        worlds = self.block(part.head, worlds)
        last = turns - 1
        heads: list[list[World]] = []
        for turn in range(TURNS):
            heads.append(worlds)
            start = len(self.walk.events)
            self.breaks, self.continues = [], []
            with self.walk.where(*(() if endless and not turn else (self._happens(turns, turn, endless),))):
                self.walk.depth += 1
                after = self.block(part.body, worlds) + self.continues
                after = merged(self.block(part.head, after), self.weightless)
                self.walk.depth -= 1
            again = next((k for k, head in enumerate(heads) if are_alike(head, after, self.weightless)), None)
            if again is None and turn == TURNS - 1:
                again = turn
            here = of(turn)
            if again is None or again < turn:
                self.walk.events[start:] = [e.bound({index: here}) for e in self.walk.events[start:]]
            else:
                self.walk.events[start:] = [e.at_its_most(index, turn, turns) for e in self.walk.events[start:]]
                here = last
            left += bind(self.breaks, index, here)
            if not endless and not (again == 0 == turn):
                ended += [w.given(zero(turns - turn)) for w in bind(worlds, index, of(turn))]
            if again is not None:
                if not endless:
                    ends = [*bind((w for head in heads[again + 1:] for w in head), index, last),
                            *bind(after, index, last)]
                    ended += ends if turn == 0 and again == 0 else [w.given(positive(turns - turn)) for w in ends]
                break
            worlds = bind(after, index, Formula({frozenset(((index, 1),)): 1}) - 1)
        self.breaks, self.continues = outer
        if part.orelse:
            ended = self.block(part.orelse, merged(ended, self.weightless))
        return merged([*left, *ended], self.weightless)

    def _happens(self, turns: Formula, turn: int, endless: bool) -> Formula:
        """The condition under which there is a turn of this number. (The mean of several visits says only whether there
        is one at all.)"""
        if endless:
            turn -= 1
        known = _is_sure(turns) or self.walk.depth == 0
        return positive(turns - turn) if known else positive(turns)


def _is_sure(formula: Formula) -> bool:
    """Whether a number of turns, or a condition, is the same in all visits, or known in each."""
    return not any("(" in s.name for s in formula.symbols)


def _results(value: ast.expr | None) -> list[str]:
    """The names that are returned, by position."""
    if isinstance(value, ast.BinOp) and isinstance(value.left, ast.Tuple | ast.BinOp):
        return _results(value.left) + _results(value.right)
    if isinstance(value, ast.Tuple):
        return [part.id if isinstance(part, ast.Name) else "" for part in value.elts]
    return [value.id if isinstance(value, ast.Name) else ""]


def _viewed(value: ast.expr) -> str | None:
    """The variable whose array an expression is: `a`, or `a.reshape(n)`."""
    if isinstance(value, ast.Name):
        return value.id
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "reshape":
        return value.func.value.id if isinstance(value.func.value, ast.Name) else None
    return None


def _copied(call: ast.Call) -> str | None:
    """The variable that `a.copy()` copies."""
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr == "copy" and isinstance(function.value, ast.Name):
        return function.value.id
    return None
