"""The end of a loop's body: what each variable that changed holds in the next iteration, and after the loop.

Numbers are carried, or widened and the body evaluated again; arrays that were rebound (`u, v = v, u`, `x = f(x)`)
rename their buffers, so that the carried position holds what the name holds; where an alias makes renaming unsafe the
name becomes a choice of arrays with a run-time index, or gets a buffer of its own.

Invariant: after a loop every name reads what Python would have it read, or reading it is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workbench.frontend import arrays, branches
from workbench.frontend.numbers import common_kind, is_python_number, number_kind
from workbench.frontend.tracer import Restart, Tracer, Widen, describe
from workbench.frontend.values import (
    UNDEFINED,
    Array,
    Cell,
    Choice,
    Conflict,
    DictValue,
    ListValue,
    Maybe,
    ObjectValue,
    Scalar,
    Variable,
)
from workbench.frontend.variables import (
    Leaf,
    LogFrame,
    Reference,
    StaleReference,
    StoredChoice,
    generation_of,
    load_tree,
    rebuild,
    references,
    same_shape,
    same_static,
    stale_targets,
    store_tree,
    write_tree,
)
from workbench.ir import Constant, Kind, Value

_CONTAINERS = (ListValue, DictValue, ObjectValue)


@dataclass
class Loop:
    """One loop: a key for decisions, which names may be read after it, and the evaluation of its body."""

    key: Any
    live: Callable[[Variable], bool]


class Settle:
    """The end of a loop body."""

    def __init__(self, t: Tracer, loop: Loop, log: LogFrame, depth: int) -> None:
        self.t = t
        self.loop = loop
        self.log = log
        self.depth = depth  # of the builder, outside the loop
        self.level = len(t.frames) - 1  # of variables born outside
        self.changes: list[tuple[Variable, Any]] = []
        self.renames: list[tuple[Variable, Array, Any]] = []
        self.restore: list[tuple[Variable, Any]] = []
        self.taken: list[tuple[Cell, Value]] = []  # names' own buffers, and what they hold in the next iteration
        self.homes: dict[Cell, list[tuple[Cell, bool]]] = {}  # where arrays go on, and whether the body writes there
        self.born_of: dict[Cell, list[tuple[Any, Array]]] = {}  # made in the body: what stands for it after the loop

    def all(self) -> None:
        settled: set[Variable] = set()
        while pending := [v for v in self.log.entry if v not in settled]:
            for variable in pending:
                settled.add(variable)
                if variable.stored is not self.log.entry[variable]:
                    self.variable(variable)
        if self.changes:
            raise Widen(self.changes)
        self.rename()
        for cell, value in self.taken:
            self.t.builder.write(cell.slot, value)
            self.t.rename(cell)
            cell.renamed_by = self.loop.key
            cell.written = True
        self.aliases()

    def aliases(self) -> None:
        """A name that the body read, and did not bind anew, must not refer to what the body has renamed: in the next
        iteration it would read another buffer. Then the loop that renamed it makes its names choices instead."""
        for variable, stored in self.log.reads.items():
            if variable in self.log.entry:
                continue
            for target in stale_targets(stored):
                key = getattr(target, "cell", target)
                loop = getattr(key, "renamed_by", None)
                if loop is not None and self.t.decisions.get(loop) != "choice":
                    raise Restart(loop, "choice", self.t.span, "an alias of a renamed array is used")
                self.t.fail(f"{variable.name.strip('$')!r} refers to an array or container that this loop rebinds",
                            "copy it before the loop")

    def after(self) -> None:
        """Once the loop is closed: what the variables hold from here on."""
        for homes in self.homes.values():
            for cell, _ in homes if len(homes) > 1 else ():
                cell.snapshot = "a write into an array that goes by two names since a loop"
        for variable, value in self.restore:
            variable.stored = value() if callable(value) else value

    def entry(self, variable: Variable) -> Any:
        """What the variable held when the loop was entered, as the next iteration sees it."""
        # what inner loops have renamed is the same position still
        return load_tree(_renewed(self.log.entry[variable]), self.t.builder.read)

    def variable(self, variable: Variable) -> None:
        if _renewed(self.log.entry[variable], True) == _renewed(variable.stored, True):
            return  # bound to the same things, which an inner loop has renamed
        old = self.entry(variable)
        try:
            new = load_tree(variable.stored, self.t.builder.read)
        except StaleReference:
            new = Conflict("a renamed array or container")
        if old is UNDEFINED:
            self.born(variable, new)
            return
        new = self.coerced(self.log.entry[variable], new)
        if same_shape(self.log.entry[variable], new):
            variable.stored = self.log.entry[variable]
            write_tree(self.t.builder, variable.stored, new)
            return
        wider = self.widened(variable, old, new, self.log.entry[variable])
        if wider is not None:
            self.changes.append((variable, wider))

    def coerced(self, stored: Any, new: Any) -> Any:
        """A final value as the entry's slots can hold it, where that loses nothing."""
        if isinstance(stored, Leaf) and _is_scalar(new):
            held = Scalar(Constant(0, stored.slot.type.kind), stored.python)
            if common_kind(held, new) is held.kind and (is_python_number(new) or not stored.python):
                return Scalar(self.t.scalar(new, held.kind), stored.python)
        if isinstance(stored, tuple) and isinstance(new, tuple) and len(stored) == len(new):
            return rebuild(new, [self.coerced(s, n) for s, n in zip(stored, new, strict=True)])
        return new

    # ------------------------------------------------------------------ names born in the loop
    def born(self, variable: Variable, new: Any) -> None:
        """A name first assigned in the body: what it holds after the loop."""
        loose = variable.name.startswith("$")
        if not loose and not self.loop.live(variable):
            self.restore.append((variable, Conflict(f"{variable.name!r} was assigned in a loop only")))
            return
        carried = self.carry_out(new, variable.name)
        if carried is None:
            reason = f"{variable.name!r}, assigned in a loop to {describe(new)}, is not available after it"
            self.restore.append((variable, Conflict(reason)))
            return
        if loose:
            self.restore.append((variable, lambda: store_tree(self.t.builder, carried(), variable.name)))
            return
        flag = self.carry_scalar(Constant(False, Kind.BOOL), self.t.scalar(
            new.defined if isinstance(new, Maybe) else True, Kind.BOOL), f"has_{variable.name}")

        def stored() -> Any:
            defined = Scalar(self.t.builder.read(flag), True)  # type: ignore[arg-type]
            return store_tree(self.t.builder, Maybe(carried(), defined, variable.name), variable.name)
        self.restore.append((variable, stored))

    def carry_scalar(self, start: Value, value: Value, name: str) -> Any:
        slot = self.t.builder.slot(value.type, start, name, depth=self.depth)
        self.t.builder.write(slot, value)
        return slot

    def carry_out(self, value: Any, name: str) -> Any:
        """A thunk that gives, after the loop, the value of its last iteration; None where that is not possible."""
        t = self.t
        if isinstance(value, Maybe):
            return self.carry_out(value.value, name)
        if isinstance(value, Scalar):
            slot = self.carry_scalar(Constant(0, value.kind), t.builder.resolve(value.value), name)
            return lambda: load_tree(Leaf(slot, value.python), t.builder.read)
        if isinstance(value, tuple):
            parts = [self.carry_out(v, f"{name}{i}") for i, v in enumerate(value)]
            if any(p is None for p in parts):
                return None
            return lambda: rebuild(value, [p() for p in parts])
        if isinstance(value, Array):
            if value.cell.depth <= self.level:
                older = arrays.moved(value, self.outside_dim)
                return None if older is None else lambda: older
            return self.carry_array(value, name)
        if isinstance(value, (Choice, Conflict)) or (isinstance(value, _CONTAINERS) and value.depth > self.level):
            return None
        return lambda: value

    def carry_array(self, array: Array, name: str) -> Any:
        t = self.t
        for steps, made in self.born_of.get(array.cell, ()):
            if steps == array.steps:
                return lambda: made
        outside = [self.outside_dim(d) for d in array.dims]
        dims = [d for d in outside if d is not None]
        if len(dims) < len(outside):
            return None
        with t.builder.outside(self.depth):
            start = t.emit("empty", *dims, kind=array.kind)
        value = arrays.read(t, array)
        if array.steps:
            value = t.emit("copy", value)
        value = t.emit("reshape", value, *dims) if tuple(value.dims) != tuple(dims) else value
        slot = t.builder.slot(start.type, start, name, depth=self.depth)
        cell = Cell(slot, len(t.cells), self.level, name)
        t.builder.write(slot, self.leaving(array, cell, value))
        t.cells.append(cell)
        made = Array(cell, (), tuple(dims))
        self.born_of.setdefault(array.cell, []).append((array.steps, made))
        return lambda: made

    def outside_dim(self, dim: Value) -> Value | None:
        """A dimension as a value visible outside the loop."""
        t = self.t
        dim = t.builder.resolve(dim)
        if isinstance(dim, Constant):
            return dim
        frame = t.builder.frames[self.depth]
        inner = {r for op in [*(frame.before or []), *frame.ops] for r in op.results}
        for slot, touch in frame.touched.items():
            if touch.param is dim:
                unchanged = slot.value is not None and t.builder.resolve(slot.value) is dim
                return touch.entry if unchanged else None
        if dim is frame.index:
            return None
        if dim not in inner:
            return dim
        op = t.builder.definitions.get(dim)
        if op is None or op.regions or op.prim in ("load", "mask_count", "index"):
            return None
        operands = [self.outside_dim(v) for v in op.operands]
        if any(v is None for v in operands):
            return None
        with t.builder.outside(self.depth):
            return t.emit(op.prim, *[v for v in operands if v is not None], **op.attrs)

    # ------------------------------------------------------------------ names changed by the loop
    def widened(self, variable: Variable, old: Any, new: Any, stored: Any) -> Any:
        """The more general entry value that the body needs, or None when the change is settled otherwise."""
        if isinstance(old, Conflict) or isinstance(new, Conflict):
            bad = old if isinstance(old, Conflict) else new
            self.restore.append((variable, bad))
            return None
        if isinstance(old, Maybe):
            return self.maybe(variable, old, new)
        if isinstance(new, Maybe):
            return Maybe(old, Scalar(Constant(True, Kind.BOOL), True), new.name)
        if _is_scalar(old) and _is_scalar(new):
            kind = common_kind(old, new)
            python = is_python_number(old) and is_python_number(new)
            return lambda: Scalar(self.t.scalar(self.t.read(variable), kind), python)
        if isinstance(old, (Array, Choice)) and isinstance(new, (Array, Choice)):
            return self.array(variable, old, new)
        if isinstance(old, tuple) and isinstance(new, tuple) and type(old) is type(new) and len(old) == len(new):
            return self.entries(variable, old, new)
        if isinstance(old, _CONTAINERS) and type(old) is type(new):
            return self.container(variable, old, new)
        if variable not in self.log.reads and not self.loop.live(variable):
            self.restore.append((variable, Conflict(f"{variable.name!r} changes its type in a loop")))
            return None
        return self.t.fail(f"{variable.name!r} is {describe(old)} before the loop, {describe(new)} after an iteration",
                           "give it one type")

    def maybe(self, variable: Variable, old: Maybe, new: Any) -> Any:
        inner = new.value if isinstance(new, Maybe) else new
        if not self.loop.live(variable):
            self.restore.append((variable, Conflict(f"{variable.name!r} was assigned in a loop only")))
            return None
        if isinstance(new, Maybe) and _is_scalar(old.value) and _is_scalar(inner):
            kind = common_kind(old.value, inner)
            python = is_python_number(old.value) and is_python_number(inner)

            def entry() -> Maybe:
                current = load_tree(variable.stored, self.t.builder.read)
                return Maybe(Scalar(self.t.scalar(current.value, kind), python), current.defined, old.name)
            return entry
        if not isinstance(new, Maybe) and _is_scalar(old.value) and _is_scalar(inner):
            # definitely assigned by the body: carry the value and the flag
            kind = common_kind(old.value, inner)
            python = is_python_number(old.value) and is_python_number(inner)
            final = Maybe(Scalar(self.t.scalar(inner, kind), python), Scalar(Constant(True, Kind.BOOL), True), old.name)
            if same_shape(self.log.entry[variable], final):
                variable.stored = self.log.entry[variable]
                write_tree(self.t.builder, variable.stored, final)
                return None

            def widened() -> Maybe:
                current = load_tree(variable.stored, self.t.builder.read)
                return Maybe(Scalar(self.t.scalar(current.value, kind), python), current.defined, old.name)
            return widened
        return self.t.fail(f"{variable.name!r} may be undefined and changes in this loop", "assign it before the loop")

    def entries(self, variable: Variable, old: tuple[Any, ...], new: tuple[Any, ...]) -> Any:
        """A tuple whose entries changed kind: widened entry by entry."""
        kinds: list[Any] = []
        for a, b in zip(old, new, strict=True):
            if _is_scalar(a) and _is_scalar(b):
                same = same_static(a, b)
                kinds.append(None if same else (common_kind(a, b), is_python_number(a) and is_python_number(b)))
            elif a is b or same_static(a, b):
                kinds.append(None)
            elif isinstance(a, Array) and isinstance(b, (Array, Choice)):
                self.renames.append((variable, a, b))
                kinds.append("array")
            else:
                self.t.fail(f"an entry of {variable.name!r} is {describe(a)} before the loop and {describe(b)} after")
        if any(isinstance(k, tuple) for k in kinds):
            self.renames = [r for r in self.renames if r[0] is not variable]

            def entry() -> Any:
                current = self.t.read(variable)
                items = [v if not isinstance(k, tuple) else Scalar(self.t.scalar(v, k[0]), k[1])
                         for v, k in zip(current, kinds, strict=True)]
                return rebuild(current, items)
            return entry
        # only arrays were rebound: write the numbers, rename the arrays
        stored = self.log.entry[variable]
        for leaf, a, b in zip(stored, old, new, strict=True):
            if isinstance(a, Scalar):
                self.t.builder.write(leaf.slot, b.value)
        self.restore.append((variable, lambda: _renewed(stored)))
        return None

    def container(self, variable: Variable, old: Any, new: Any) -> Any:
        """A list, dict or object replaced by a new one of the same layout: its entries are carried."""
        pairs = _matching(old, new)
        if pairs is None or new.depth <= self.level:
            self.t.fail(f"{variable.name!r} names another container after an iteration of the loop",
                        "write into the same container")
        values = [(a, self.t.read(b)) for a, b in pairs]
        for a, value in values:
            self.t.assign(a, value)
        self.t.rename(old)
        self.restore.append((variable, lambda: Reference(old, old.generation)))
        return None

    # ------------------------------------------------------------------ arrays
    def array(self, variable: Variable, old: Any, new: Any) -> Any:
        t = self.t
        options = [*_options(old), *_options(new)]
        outer = all(o.cell.depth <= self.level for o in options)
        decided = t.decisions.get(self.loop.key) == "choice"
        if isinstance(old, Array) and old.cell.private_to == (self.loop.key, variable):
            self.renames.append((variable, old, new))
            self.restore.append((variable, self.since_rebound(variable, old)))
            return None
        if decided and isinstance(old, Array) and isinstance(new, Array) and not outer and not self.is_written(old.cell):
            return lambda: self.private(variable, old, copied=True)
        unread = variable not in self.log.reads
        if isinstance(old, Choice) or decided or (outer and (isinstance(new, Choice) or unread)):
            return self.choose(variable, options, new)
        self.renames.append((variable, old, new))
        self.restore.append((variable, lambda: _renewed(self.log.entry[variable])))
        return None

    def private(self, variable: Variable, model: Array, copied: bool) -> Array:
        """A buffer of the name's own for the arrays that the body makes: other names keep the one it had before."""
        t = self.t
        if copied:
            value = t.emit("copy", arrays.read(t, model))
        else:
            value = t.emit("empty", *model.dims, kind=model.kind)
        made: Array = t.new_array(value, variable.name)
        made.cell.private_to = (self.loop.key, variable)
        made.cell.instead_of = model
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

    def is_written(self, cell: Cell) -> bool:
        """True when the body has given a buffer another version."""
        touch = self.t.builder.frames[self.depth].touched.get(cell.slot)
        return touch is not None and self.t.builder.read(cell.slot) is not touch.param

    def choose(self, variable: Variable, options: list[Array], new: Any) -> Any:
        """The name stands for one of several arrays from here on: those from outside the loop, and a buffer of its own
        that takes what the body makes."""
        t = self.t
        own = next((o for o in options if o.cell.private_to == (self.loop.key, variable)), None)
        distinct: list[Array] = []
        for option in options:
            if self.goes_to(option, variable) or option is own:
                continue
            if arrays.moved(option, self.outside_dim) is not option:
                t.fail(f"{variable.name!r} stands for views whose places differ between iterations",
                       "copy into one array instead")
            if not any(_same_array(option, d) for d in distinct):
                distinct.append(option)
        distinct.sort(key=lambda a: (a.cell.number, len(a.steps)))
        current = self.log.entry[variable]
        kept = load_tree(_renewed(current), t.builder.read)
        if any(o.kind is not distinct[0].kind or o.rank != distinct[0].rank for o in options):
            t.fail(f"{variable.name!r} stands for arrays of different kinds or ranks in different iterations",
                   "give it one type")
        if own is None and any(self.goes_to(o, variable) for o in options):
            def with_own() -> Choice:
                table = (*distinct, self.private(variable, distinct[0], copied=False))
                return Choice(table, _as_scalar(_index_in(t, table, t.read(variable))))
            return with_own
        table = tuple(distinct) if own is None else (*distinct, own)
        if isinstance(kept, Choice) and len(kept.options) == len(table) and all(
                _same_array(a, b) for a, b in zip(kept.options, table, strict=True)):
            final = _index_in(t, table, new)
            if own is not None:
                self.take(variable, own, new)
            t.builder.write(current.index.slot, t.scalar(final, Kind.INT))
            self.restore.append((variable, lambda: _renewed(current)))
            return None

        def entry() -> Choice:
            return Choice(table, _as_scalar(_index_in(t, table, t.read(variable))))
        return entry

    def take(self, variable: Variable, own: Array, new: Any) -> None:
        """Move what the body has made into the name's own buffer, once all names have been looked at."""
        t = self.t

        def taken(option: Array) -> Value:
            return self.shaped(variable, self.leaving(option, own.cell, t.emit("copy", arrays.read(t, option))), own.cell)
        if isinstance(new, Array):
            if not _same_array(new, own):
                self.taken.append((own.cell, taken(new)))
            return
        held = arrays.read(t, own)
        slot = t.builder.slot(held.type, held, variable.name)

        def move(option: Array) -> None:
            if self.goes_to(option, variable):
                t.builder.write(slot, taken(option))
        branches.over_choice(t, new, move)
        moved = t.builder.read(slot)
        assert moved is not None
        self.taken.append((own.cell, moved))

    def goes_to(self, option: Array, variable: Variable) -> bool:
        """True for an array that a name can hold in the next iteration only in a buffer of its own: one that the body
        made, and what is in another name's buffer now."""
        private = option.cell.private_to
        return option.cell.depth > self.level or (private is not None and private[1] is not variable)

    def leaving(self, array: Array, home: Cell, value: Value) -> Value:
        """The value by which an array goes on after the iteration. One that goes to two homes becomes two arrays: then
        neither may be written in place."""
        homes = self.homes.setdefault(array.cell, [])
        private = array.cell.private_to
        if private is not None and private[0] == self.loop.key and private != home.private_to and not homes:
            homes.append((array.cell, self.is_written(array.cell)))  # its owner may keep it
        homes.append((home, self.is_written(home)))
        if len(homes) == 1:
            return value
        if any(written for _, written in homes):
            self.t.fail("an array has two names in a loop, and is written in place in a later iteration",
                        "copy it for one of them (`.copy()`)")
        return self.t.emit("copy", value)

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
        if not self.renames:
            return
        targets: dict[Cell, Any] = {}
        for variable, old, new in self.renames:
            if old.steps or (old.cell in targets and not _same_array(targets[old.cell], new)):
                self.fallback(variable)
            targets[old.cell] = new
        names = {variable for variable, _, _ in self.renames}
        for variable, stored in self.log.reads.items():
            if variable not in names and any(cell in targets for cell in _cells(stored)):
                self.fallback(self.renames[0][0])
        values: list[tuple[Cell, Value]] = []
        sources: list[Cell] = []
        for cell, new in targets.items():
            values.append((cell, self.renamed_value(cell, new, targets, sources)))
        for cell in targets:
            if cell.external and cell not in sources and self.is_written(cell):
                self.fallback(next(v for v, old, _ in self.renames if old.cell is cell))
        external = any(cell.external for cell in (*targets, *sources))
        for cell, value in values:
            cell.external = external
            cell.origin = None
            t.builder.write(cell.slot, value)
            t.rename(cell)
            cell.renamed_by = self.loop.key
            cell.written = True
        for cell in sources:
            if cell not in targets:
                t.rename(cell)
                cell.renamed_by = self.loop.key

    def renamed_value(self, cell: Cell, new: Any, targets: dict[Cell, Any], sources: list[Cell]) -> Value:
        t = self.t
        variable, old = next((v, old) for v, old, _ in self.renames if old.cell is cell)
        if isinstance(new, Choice):
            if any(o.cell.depth <= self.level and not _same_array(o, old) for o in new.options):
                self.fallback(variable)
            cell.uncertain = self.loop.key if cell.external else cell.uncertain
            new = branches.read_choice(t, new)
        if new.kind is not cell.kind:
            kind = common_kind(Scalar(Constant(0, new.kind), False), Scalar(Constant(0, cell.kind), False))
            if kind is not cell.kind:
                def entry() -> Any:
                    current = t.read(variable)
                    return t.new_array(t.emit("cast", arrays.read(t, current), kind=kind))
                raise Widen([(variable, entry)])
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


def _is_scalar(value: Any) -> bool:
    return number_kind(value) is not None and not isinstance(value, Array)


def _same_array(a: Any, b: Any) -> bool:
    return a is b or (isinstance(a, Array) and isinstance(b, Array) and a.cell is b.cell and a.steps == b.steps)


def _options(value: Any) -> tuple[Array, ...]:
    return value.options if isinstance(value, Choice) else (value,)


def _index_in(t: Tracer, table: tuple[Array, ...], value: Any) -> Any:
    """The place in the table of what a value stands for; the last one takes what is not in it."""
    def place(array: Array) -> int:
        return next((k for k, option in enumerate(table) if _same_array(option, array)), len(table) - 1)
    if isinstance(value, Array):
        return place(value)
    result: Value = Constant(place(value.options[-1]), Kind.INT)
    index = t.scalar(value.index)
    for k in range(len(value.options) - 2, -1, -1):
        hit = t.emit("eq", index, Constant(k, Kind.INT))
        result = t.emit("select", hit, Constant(place(value.options[k]), Kind.INT), result)
    return Scalar(result, True)


def _as_scalar(value: Any) -> Scalar:
    return value if isinstance(value, Scalar) else Scalar(Constant(value, Kind.INT), True)


def _cells(stored: Any) -> list[Cell]:
    return [r.target.cell for r in references(stored) if isinstance(r.target, Array)]


def _renewed(stored: Any, bare: bool = False) -> Any:
    """A stored tree with its references good for the current generation (`bare`: what they refer to only)."""
    if isinstance(stored, Reference):
        return id(stored.target) if bare else Reference(stored.target, generation_of(stored.target))
    if isinstance(stored, tuple):
        items = [_renewed(s, bare) for s in stored]
        return tuple(items) if bare else rebuild(stored, items)
    if isinstance(stored, StoredChoice):
        options = tuple(_renewed(o, bare) for o in stored.options)
        return (options, id(stored.index)) if bare else StoredChoice(options, stored.index)
    return id(stored) if bare else stored


def _matching(old: Any, new: Any) -> list[tuple[Variable, Variable]] | None:
    if isinstance(old, ListValue):
        same = len(old.items) == len(new.items)
        return list(zip(old.items, new.items, strict=True)) if same else None
    if isinstance(old, DictValue):
        same = list(old.items) == list(new.items)
        return [(old.items[k], new.items[k]) for k in old.items] if same else None
    same = old.type is new.type and list(old.fields) == list(new.fields)
    return [(old.fields[k], new.fields[k]) for k in old.fields] if same else None


