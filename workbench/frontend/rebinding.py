"""Arrays that a loop's body rebinds: `u, v = v, u`, `x = f(x)`, `if better: best = x`.

The carried position is renamed to hold what the name holds, without a copy, where no other name refers to the old
array. Otherwise the name becomes a choice, with a run-time index, of the arrays from outside the loop and of a buffer
of its own for those that the body makes.

Invariant: a write after or in the loop reaches the array that Python would write, or is refused.
"""

from __future__ import annotations

from typing import Any

from workbench.frontend import arrays, branches, layout, resizing
from workbench.frontend.moving import Loop, Moving, options_of, same_array
from workbench.frontend.numbers import common_kind
from workbench.frontend.places import at, numbers
from workbench.frontend.tracer import Tracer
from workbench.frontend.unwinding import Widen
from workbench.frontend.values import Array, Cell, Choice, Conflict, Scalar, Variable
from workbench.frontend.variables import (
    LogFrame,
    Reference,
    StoredChoice,
    StoredView,
    generation_of,
    load_tree,
    rebuild,
    references,
    store_tree,
    write_tree,
)
from workbench.ir import Constant, Kind, Value

_SHOWN = "a view that is a copy here goes on to the next iteration of a loop that writes what it shows"
_READ_ONLY = "a write to an array that a loop may have made a read-only view"


class Rebinding(Moving):
    """What the end of a loop's body does about arrays."""

    def __init__(self, t: Tracer, loop: Loop, log: LogFrame, depth: int) -> None:
        super().__init__(t, loop, log, depth)
        self.changes: list[tuple[Variable, Any]] = []
        self.renames: list[tuple[Variable, Array, Any]] = []
        self.restore: list[tuple[Variable, Any]] = []
        self.taken: list[tuple[Cell, Value]] = []  # names' own buffers, and what they hold in the next iteration
        self.homes: dict[Cell, list[tuple[Cell, bool]]] = {}  # where arrays go on, and whether the body writes there
        self.moves: list[tuple[Cell, Cell]] = []  # buffers, and those that they go on in
        self.wrote: dict[Cell, bool] = {}
        self.views: list[tuple[Cell, Cell]] = []  # copies that go on, and what NumPy has views of there
        self.carried_if: Value | None = None  # of what a turn may leave as it was: whether it assigns it
        self.goes_on: dict[Any, Any] = {}  # containers of the body, and those from outside that become them
        self.comes_from: dict[Any, Any] = {}
        self.lists: list[Any] = []  # dynamic lists of the body that go on under a name from outside
        self.born_of: dict[Cell, list[tuple[Any, Array]]] = {}  # made in the body: what stands for it after the loop

    # ------------------------------------------------------------------ arrays
    def array(self, variable: Variable, old: Any, new: Any) -> Any:
        """A name that is bound to another array: the value that it needs on entry, None where it is settled."""
        t = self.t
        joint = self.joint(old, new) if isinstance(old, Array) and isinstance(new, Array) else None
        if joint is not None and joint.moving == old.moving:
            return self.stay(variable, self.log.entry[variable], new)
        if joint is not None:  # another part of the same buffer: those numbers of the view that change are carried
            return lambda: self.moving_as(t.read(variable), joint)
        if resizing.is_resized(self, variable, old):
            return resizing.refill(self, variable, old, new)
        if resizing.changes_shape(self, old, new):
            if variable not in self.log.reads and not self.loop.live(variable):
                self.restore.append((variable, Conflict(f"{variable.name!r} changes its shape in a loop")))
                return None
            if not self.is_written(old.cell):
                return lambda: resizing.own_buffer(self, variable)
        options = [*options_of(old), *options_of(new)]
        outer = all(o.cell.depth <= self.level for o in options)
        decided = t.decisions.get(self.loop.key) == "choice"
        if isinstance(old, Array) and old.cell.private_to == (self.loop, variable):
            self.renames.append((variable, old, new))
            self.restore.append((variable, self.since_rebound(variable, old)))
            return None
        single = isinstance(old, Array) and isinstance(new, Array)
        if decided and single and not outer and not self.is_written(old.cell) and not self.is_taken(variable, old.cell):
            return lambda: self.private(variable, t.read(variable), copied=True)
        unread = variable not in self.log.reads
        if isinstance(old, Choice) or decided or (outer and (isinstance(new, Choice) or unread)):
            return self.choose(variable, options, new)
        self.renames.append((variable, old, new))
        self.restore.append((variable, lambda: renewed(self.log.entry[variable])))
        return None

    def stay(self, variable: Variable, stored: Any, new: Any) -> None:
        """A name goes on with what its entry can hold."""
        write_tree(self.t.builder, stored, new)
        self.restore.append((variable, lambda: renewed(stored)))

    def private(self, variable: Variable, model: Array, copied: bool) -> Array:
        """A buffer of the name's own for the arrays that the body makes: other names keep the one it had before."""
        t = self.t
        if copied:
            value = t.emit("copy", arrays.read(t, model))
        else:
            value = t.emit("empty", *model.dims, kind=model.kind)
        made: Array = t.new_array(value, variable.name)
        made.cell.private_to = (self.loop, variable)
        made.cell.instead_of = model
        made.cell.order = layout.order(t, model)
        return made

    def since_rebound(self, variable: Variable, own: Array) -> Any:
        """After the loop: the name's own buffer where an iteration has rebound it, else the array it had before."""
        before, flag = own.cell.instead_of, self.carry_scalar(Constant(0, Kind.INT), Constant(1, Kind.INT),
                                                              f"{variable.name}_index")

        def stored() -> Any:
            index = Scalar(self.t.builder.read(flag), True)  # type: ignore[arg-type]
            if isinstance(index.value, Constant):
                return store_tree(self.t.builder, own if index.value.value else before, variable.name)
            return store_tree(self.t.builder, Choice((before, own), index), variable.name)
        return stored

    def is_taken(self, variable: Variable, cell: Cell) -> bool:
        """True when another name stands for a buffer at the end of the body."""
        return any(cell in _cells(other.stored) for other in self.log.entry if other is not variable)

    def is_written(self, cell: Cell) -> bool:
        """True when the body has given a buffer another version."""
        touch = self.t.builder.frames[self.depth].touched.get(cell.slot)
        return touch is not None and self.t.builder.read(cell.slot) is not touch.param

    def choose(self, variable: Variable, options: list[Array], new: Any) -> Any:
        """The name stands for one of several arrays from here on: those from outside the loop, and a buffer of its own
        that takes what the body makes."""
        t = self.t
        own = next((o for o in options if o.cell.private_to == (self.loop, variable)), None)
        made = any(self.goes_to(o, variable) for o in options)
        distinct = self.forms(variable, [o for o in options if o is not own and not self.goes_to(o, variable)])
        current = self.log.entry[variable]
        kept = load_tree(renewed(current), t.builder.read)
        if any(o.kind is not distinct[0].kind or o.rank != distinct[0].rank for o in options):
            t.fail(f"{variable.name!r} stands for arrays of different kinds or ranks in different iterations",
                   "give it one type")
        recipes = [[self.recipe(v) for v in numbers(form)] for form in distinct]

        def outside() -> list[Array]:
            return [at(form, [self.made_by(r) for r in row]) if form.steps else form for form, row in zip(
                distinct, recipes, strict=True)]
        if own is None and made:
            def with_own() -> Choice:
                forms, before = outside(), t.read(variable)
                model = options_of(before)[0] if forms[0].moving else forms[0]  # (a length that moves is 0 in a form)
                return self.placed((*forms, self.private(variable, model, copied=False)), before)
            return with_own
        table = tuple(distinct) if own is None else (*distinct, own)
        if isinstance(kept, Choice) and len(kept.options) == len(table) and all(
                a.moving == b.moving and self.belongs(a, b) for a, b in zip(kept.options, table, strict=True)):
            final = self.placed(table, new, kept)
            if own is not None:
                self.take(variable, own, new)
            return self.stay(variable, current, final)
        return lambda: self.placed((*outside(), *table[len(distinct):]), t.read(variable))

    def take(self, variable: Variable, own: Array, new: Any) -> None:
        """Move what the body has made into the name's own buffer, once all names have been looked at."""
        t = self.t

        def taken(option: Array) -> Value:
            layout.refill(t, own.cell, option)
            if option.cell.snapshot:  # an inner loop has given it to two names
                if self.is_written(own.cell):
                    t.fail(option.cell.snapshot, "copy it for one of its names (`.copy()`)")
                own.cell.snapshot = option.cell.snapshot
            value = self.leaving(option, own.cell, t.emit("copy", arrays.read(t, option)))
            return self.shaped(variable, value, own.cell)
        if isinstance(new, Array):
            if not same_array(new, own):
                self.taken.append((own.cell, taken(new)))
            return
        held = arrays.read(t, own)
        if self.is_taken(variable, own.cell):
            held = t.emit("copy", held)
        slot = t.builder.slot(held.type, held, variable.name)

        def move(option: Array) -> None:
            if self.goes_to(option, variable):
                t.builder.write(slot, taken(option))
        branches.over_choice(t, new, move)
        self.taken.append((own.cell, t.builder.held(slot)))

    def goes_to(self, option: Array, variable: Variable) -> bool:
        """True for an array that a name can hold in the next iteration only in a buffer of its own: one that the body
        made, and what is in the buffer that another name has for this loop now."""
        private = option.cell.private_to
        return option.cell.depth > self.level or (
            private is not None and private[0] is self.loop and private[1] is not variable)

    def settle_orders(self) -> None:
        """Where arrays lie otherwise after the body than it took them to, it is evaluated again."""
        if any(cell.order != found for cell, found in self.log.orders.items()):
            raise Widen([])

    def leaving(self, array: Array, home: Cell, value: Value) -> Value:
        """The value by which an array goes on after the iteration. One that goes to two homes becomes two arrays: then
        neither may be written in place."""
        homes = self.homes.setdefault(array.cell, [])
        private = array.cell.private_to
        if array.cell.shows in self.log.stores or array.cell.stale:
            self.t.fail(_SHOWN, "copy it (`.copy()`)")
        self.inherit(array, home)
        if array.cell in self.t.listed and home in self.log.stores:
            self.t.fail(f"{home.name or 'an array'} is written in a loop that puts it into a list",
                        "put a copy into the list (`.copy()`)")
        if private is not None and private[0] is self.loop and private != home.private_to and not homes:
            homes.append((array.cell, self.is_written(array.cell)))  # its owner may keep it
        homes.append((home, self.is_written(home)))
        if len(homes) == 1:
            return value
        if any(written for _, written in homes):
            self.t.fail("an array has two names in a loop, and is written in place in a later iteration",
                        "copy it for one of them (`.copy()`)")
        return self.t.emit("copy", value)

    def inherit(self, array: Array, home: Cell) -> None:
        """What is known of a buffer that the body made holds for the one it goes on in."""
        cell = array.cell
        if array.flat:
            self.t.fail("a `flat` that goes on to the next iteration of a loop", "use `ravel()`")
        self.move(cell, home)
        self.hand_on(cell, home, _READ_ONLY if array.readonly else "")
        self.views += ((home, owner) for owner in cell.owners)

    def hand_on(self, source: Cell, home: Cell, reason: str = "") -> None:
        """What must not be done with one buffer (or `reason`: with the view of it that goes on) must not be done with
        the one it goes on in, nor have been done."""
        refused = source.snapshot or source.shown_elsewhere or reason
        if refused and self.wrote[home]:
            self.t.fail(refused, "copy it (`.copy()`)")
        home.inherit(source)
        home.snapshot = home.snapshot or reason

    def move(self, source: Cell, home: Cell) -> None:
        """Note that what is in a buffer goes on in another, and whether the body has written that one itself."""
        self.moves.append((source, home))
        self.wrote[home] = self.wrote.get(home, False) or self.is_written(home)

    def link(self) -> None:
        """Copies of what NumPy has views of are, in the next iteration, copies of what that goes on in; and what one
        name holds may be another's in an iteration after that."""
        for _ in self.moves:
            for source, home in self.moves:
                self.hand_on(source, home)
                self.views += ((home, owner) for copy, owner in tuple(self.views)
                               if copy is source and (home, owner) not in self.views)
        for home, owner in self.views:
            if owner.depth <= self.level:
                owner.shown_by(home)
                continue
            for other, written in self.homes.get(owner, ()):
                if written or self.wrote[home]:
                    self.t.fail(_SHOWN, "copy it (`.copy()`)")
                other.shown_by(home)

    def shaped(self, variable: Variable, value: Value, cell: Cell) -> Value:
        """A value with the dimensions of the buffer that takes it."""
        t = self.t
        if len(value.dims) != len(cell.dims):
            t.fail(f"{variable.name!r} has {len(cell.dims)} dimensions before the loop and {len(value.dims)} after "
                   "an iteration", "use one rank")
        if tuple(value.dims) == tuple(cell.dims):
            return value
        for a, b in zip(value.dims, cell.dims, strict=True):
            if not t.same(a, b):
                t.environment.meet(t.builder.resolve(a), t.builder.resolve(b))
                t.check(t.emit("eq", a, b), "DifferentiationError", f"the shape of {variable.name} changes in a loop")
        return t.emit("reshape", value, *cell.dims)

    def rename(self) -> None:
        """Give each carried position the buffer its name now holds."""
        t = self.t
        targets: dict[Cell, Any] = {}
        for variable, old, new in self.renames:
            if old.steps or (old.cell in targets and not same_array(targets[old.cell], new)):
                self.fallback(variable)
            targets[old.cell] = new
        names = {variable for variable, _, _ in self.renames}
        chosen = self.log.entry if t.decisions.get(self.loop.key) != "choice" else ()
        later = [(v, v.stored) for v in chosen if self.loop.live(v)]
        for variable, stored in (*self.log.reads.items(), *later):  # what they hold moves to other names
            if variable not in names and any(cell in targets for cell in _cells(stored)):
                self.fallback(self.renames[0][0])
        values: list[tuple[Cell, Value]] = []
        sources: list[Cell] = []
        for cell, new in targets.items():
            values.append((cell, self.renamed_value(cell, new, targets, sources)))
        self.settle_orders()
        for cell in targets:
            way = self.way(cell, targets, sources) if cell.external else []
            if way and way[-1] not in sources and (cell.rewritten or any(map(self.is_written, way))):
                self.fallback(next(v for v, old, _ in self.renames if old.cell is cell))
        external = any(cell.external for cell in (*targets, *sources))
        rewritten = any(cell.rewritten for cell in (*targets, *sources))
        copied = external and (any(map(self.is_copied_view, targets.values())) or any(
            cell.uncertain == self.loop.key for cell in targets))  # Python would write what the view shows
        for cell, value in values:
            cell.uncertain = self.loop.key if copied else cell.uncertain  # each may hold it in a later turn
            cell.external = external
            cell.rewritten = external and rewritten
            cell.origin = None
            t.builder.write(cell.slot, value)
            t.rename(cell)
            cell.renamed_by = self.loop.key
            cell.written = True
        for cell in sources:
            if cell not in targets:
                t.rename(cell)
                cell.renamed_by = self.loop.key

    def way(self, cell: Cell, targets: dict[Cell, Any], sources: list[Cell]) -> list[Cell]:
        """The positions at which what a buffer holds is in this iteration and those after it. Where the last is no
        source, it is under no name any more then."""
        way = [cell]
        while way[-1] in sources:
            home = next(home for home, new in targets.items() if isinstance(new, Array) and new.cell is way[-1])
            if home in way:
                break
            way.append(home)
        return way

    def is_copied_view(self, new: Any) -> bool:
        """True for a view of what there was before the iteration, which goes on as a copy."""
        return isinstance(new, Array) and bool(new.steps) and new.cell.depth <= self.level

    def renamed_value(self, cell: Cell, new: Any, targets: dict[Cell, Any], sources: list[Cell]) -> Value:
        """What a carried position holds in the next iteration."""
        t = self.t
        variable, old = next((v, old) for v, old, _ in self.renames if old.cell is cell)
        if isinstance(new, Choice):
            if any(o.cell.depth <= self.level and not same_array(o, old) for o in new.options):
                self.fallback(variable)
            cell.uncertain = self.loop.key if cell.external else cell.uncertain
            for option in new.options:
                if option.cell is not cell:
                    self.inherit(option, cell)
            new = branches.read_choice(t, new)
        if new.kind is not cell.kind:
            kind = common_kind(Scalar(Constant(0, new.kind), False), Scalar(Constant(0, cell.kind), False))
            if kind is not cell.kind:
                def entry() -> Any:
                    current = t.read(variable)
                    return t.new_array(t.emit("cast", arrays.read(t, current), kind=kind))
                raise Widen([(variable, entry)])
        layout.refill(t, cell, new)
        value = arrays.read(t, new)
        inner = new.cell.depth > self.level
        if new.steps:
            if not inner and new.cell not in targets:
                self.fallback(variable)
            value = t.emit("copy", value)
        elif not inner and (new.cell not in targets or new.cell in sources):
            self.fallback(variable)
        elif not inner:
            sources.append(new.cell)
            self.move(new.cell, cell)
        if inner or new.cell.private_to is not None:
            value = self.leaving(new, cell, value)
        if new.kind is not cell.kind:
            value = t.emit("cast", value, kind=cell.kind)
        return self.shaped(variable, value, cell)

    def fallback(self, variable: Variable) -> None:
        """Renaming is not safe: make the names choices instead, and evaluate the body again."""
        if self.t.decisions.get(self.loop.key) != "choice":
            self.t.decisions[self.loop.key] = "choice"
            raise Widen([])
        self.t.fail(f"{variable.name!r} is rebound in this loop to an array that other names share",
                    "copy it (`.copy()`)")

    # ------------------------------------------------------------------ carried out of the loop
    def carry_scalar(self, start: Value, value: Value, name: str) -> Any:
        """A slot that holds, after the loop, the last turn's number."""
        t = self.t
        slot = t.builder.slot(value.type, start, name, depth=self.depth)
        if self.carried_if is not None:
            value = t.emit("select", self.carried_if, value, t.builder.held(slot))
        t.builder.write(slot, value)
        return slot


def _cells(stored: Any) -> list[Cell]:
    return [r.target.cell for r in references(stored) if isinstance(r.target, Array)]


def renewed(stored: Any, bare: bool = False) -> Any:
    """A stored tree with its references good for the current generation (`bare`: what they refer to only)."""
    if isinstance(stored, Reference):
        return id(stored.target) if bare else Reference(stored.target, generation_of(stored.target))
    if isinstance(stored, StoredView):
        slots = tuple(map(id, stored.slots.values()))
        return slots if bare else StoredView(stored.target, generation_of(stored.target), stored.slots)
    if isinstance(stored, tuple):
        items = [renewed(s, bare) for s in stored]
        return tuple(items) if bare else rebuild(stored, items)
    if isinstance(stored, StoredChoice):
        options = tuple(renewed(o, bare) for o in stored.options)
        return (options, id(stored.index)) if bare else StoredChoice(options, stored.index)
    return id(stored) if bare else stored
