"""The end of a loop's body: what each variable that changed holds in the next iteration, and after the loop.

How a loop's carried values are found. The body is evaluated with every name as it was before the loop. A number keeps
its slot: the builder gives each slot that the body touches a block parameter, and carries those that it wrote. A
variable whose stored tree has another form at the end (a known number has become a run-time one, an integer a float)
takes the least form that holds both (`widened`), and the body is evaluated again (`Widen`), until no form changes.
Arrays that were bound anew are seen to in `rebinding`, `moving` and `resizing`, names that the body assigns first in
`born`.

Invariant: after a loop every name reads what Python would have it read, or reading it is an error.
"""

from __future__ import annotations

from typing import Any

from workbench.frontend import dynamic_lists, states
from workbench.frontend.born import Born
from workbench.frontend.numbers import MADE_A_TURN, is_python_number, joint_kind, number_kind, possible
from workbench.frontend.places import at, numbers, same_form
from workbench.frontend.rebinding import renewed
from workbench.frontend.unwinding import Restart, Widen
from workbench.frontend.values import (
    ROWS,
    UNDEFINED,
    Alternative,
    Array,
    Choice,
    Conflict,
    Container,
    DictValue,
    DynamicList,
    ListValue,
    Maybe,
    ObjectValue,
    Scalar,
    Variable,
    describe,
    parts_of,
    record_of,
)
from workbench.frontend.variables import (
    Leaf,
    Reference,
    StaleReference,
    StoredRecord,
    StoredView,
    load_tree,
    rebuild,
    same_shape,
    same_static,
    stale_targets,
    write_tree,
)
from workbench.ir import Constant, Kind


class Settle(Born):
    """The end of a loop body."""

    def all(self) -> None:
        """Settle every variable that the body has changed; raises `Widen` where one needs a more general form."""
        settled: set[Variable] = set()
        while pending := [v for v in self.log.entry if v not in settled]:
            for variable in pending:
                settled.add(variable)
                if variable.stored is not self.log.entry[variable]:
                    self.variable(variable)
        if self.changes:
            raise Widen(self.changes)
        self.unwritten()
        self.rename()
        for cell, value in self.taken:
            self.t.builder.write(cell.slot, value)
            self.t.rename(cell)
            cell.renamed_by = self.loop.key
            cell.written = True
        self.link()
        self.aliases()

    def unwritten(self) -> None:
        """An array from outside that became an entry of a list in the body must not be written in it."""
        for cell in self.t.listed:
            if cell in self.log.stores:
                self.t.fail(f"{cell.name or 'an array'} is written in a loop that puts it into a list",
                            "put a copy into the list (`.copy()`)")

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
        for source, homes in self.homes.items():
            listed = source in self.t.listed
            for cell, _ in homes if len(homes) > 1 or listed else ():
                cell.snapshot = "a write into an array that goes by two names since a loop"
                if listed:
                    self.t.listed[cell] = None
        for variable, value in self.restore:
            variable.stored = value() if callable(value) else value
        for variable in self.loop.started:
            variable.stored = self.perhaps_as_started(variable)

    def entry(self, variable: Variable) -> Any:
        """What the variable held when the loop was entered, as the next iteration sees it."""
        # what inner loops have renamed is the same position still
        return load_tree(renewed(self.log.entry[variable]), self.t.builder.read)

    def variable(self, variable: Variable) -> None:
        """Settle one variable."""
        if renewed(self.log.entry[variable], True) == renewed(variable.stored, True):
            return  # bound to the same things, which an inner loop has renamed
        old = self.entry(variable)
        try:
            new = load_tree(variable.stored, self.t.builder.read)
        except StaleReference:
            new = Conflict("a renamed array or container")
        if old is UNDEFINED:
            started = self.unstarted(variable, new)
            if started is None:
                self.born(variable, new)
            else:
                self.changes.append((variable, started))
            return
        if _is_scalar(new) and Alternative(self.loop.started.get(variable), True) in possible(new):  # type: ignore[arg-type]
            del self.loop.started[variable]  # it may be as it started, whatever the number of turns
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
            held = Scalar(Constant(0, stored.slot.type.kind), stored.python, stored.others)
            if joint_kind(held, new) is held.kind and (is_python_number(new) or not stored.python):
                return self.t.join(self.t.scalar(new, held.kind), stored.python, (held, new))
        if isinstance(stored, StoredView) and isinstance(new, Array):
            return self.as_moving(stored, new)
        form = states.form_of_stored(stored)
        if form is not None and states.fits(form, new):
            return states.formed(self.t, form, new)
        if isinstance(stored, tuple) and isinstance(new, tuple) and len(stored) == len(new):
            return rebuild(new, [self.coerced(s, n) for s, n in zip(stored, new, strict=True)])
        return new

    def as_moving(self, stored: StoredView, new: Array) -> Array:
        """A view of a stored form, its numbers that do not move spelt as they were."""
        new, form = self.spread(new, stored.target), stored.target
        if not same_form(form, new):
            return new
        pairs = zip(numbers(form), numbers(new), strict=True)
        return at(new, [x if k not in stored.slots and self.t.same(x, y) else y for k, (x, y) in enumerate(pairs)])

    # ------------------------------------------------------------------ names changed by the loop
    def widened(self, variable: Variable, old: Any, new: Any, stored: Any) -> Any:
        """The more general entry value that the body needs, or None when the change is settled otherwise."""
        if isinstance(old, Conflict) or isinstance(new, Conflict):
            bad = old if isinstance(old, Conflict) else new
            if bad is new and variable in self.log.reads:
                return bad  # the next iteration must not read what the first one did
            self.restore.append((variable, bad))
            return None
        if isinstance(old, Maybe):
            return self.maybe(variable, old, new)
        if isinstance(new, Maybe):
            return Maybe(old, Scalar(Constant(True, Kind.BOOL), True), new.name)
        if _is_scalar(old) and _is_scalar(new):
            kind = joint_kind(old, new)
            python = is_python_number(old) and is_python_number(new)
            joined = [new if self.starts(variable, old, new) else old, new]
            return lambda: self.t.join(self.t.scalar(self.t.read(variable), kind), python, joined)
        if isinstance(old, (Array, Choice)) and isinstance(new, (Array, Choice)):
            return self.array(variable, old, new)
        if isinstance(old, tuple) and isinstance(new, tuple) and type(old) is type(new) and len(old) == len(new):
            return self.entries(variable, old, new)
        if isinstance(old, ROWS) and type(old) is type(new):
            return self.entries(variable, old, new)
        chosen = isinstance(old, ObjectValue) and isinstance(new, ObjectValue) and states.meet(old, new, self.level)
        if isinstance(old, Container) and type(old) is type(new) and not chosen:
            return self.container(variable, old, new)
        if variable not in self.log.reads and not self.loop.live(variable):
            self.restore.append((variable, Conflict(f"{variable.name!r} changes its type in a loop")))
            return None
        if states.meet(old, new, self.level):
            form = states.form_of(self.t, variable.name, old, new)
            if form != states.form_of_stored(stored):
                return lambda: states.formed(self.t, form, self.t.read(variable))
        return self.t.fail(f"{variable.name!r} is {describe(old)} before the loop, {describe(new)} after an iteration",
                           "give it one type")

    def starts(self, variable: Variable, old: Any, new: Any) -> bool:
        """True for a Python number that the loop makes NumPy's: it counts as NumPy's from the first turn on. (One that
        it makes another number of Python's, such as a float of an integer, is either in the body.)"""
        kind = number_kind(old)
        if kind is None or not is_python_number(old) or Alternative(kind, True) in possible(new):
            return False
        self.loop.started[variable] = kind
        return not is_python_number(new)

    def perhaps_as_started(self, variable: Variable) -> Any:
        """What such a name holds after the loop: Python's number still, where no turn was made."""
        stored = variable.stored
        if not isinstance(stored, Leaf):
            return stored
        kind = self.loop.started[variable]
        others = stored.others - {Alternative(kind, True)} if stored.python else stored.others
        if not self.t.decisions.get((MADE_A_TURN, self.loop.key)):
            others |= {Alternative(kind, True, self.loop.key)}
        return Leaf(stored.slot, stored.python, others)

    def maybe(self, variable: Variable, old: Maybe, new: Any) -> Any:
        """A name that may be undefined before the loop: its number and flag are carried."""
        inner = new.value if isinstance(new, Maybe) else new
        if not self.loop.live(variable) and variable not in self.log.reads:
            self.restore.append((variable, Conflict(f"{variable.name!r} was assigned in a loop only")))
            return None
        if isinstance(new, Maybe) and _is_scalar(old.value) and _is_scalar(inner):
            kind = joint_kind(old.value, inner)
            python = is_python_number(old.value) and is_python_number(inner)

            def entry() -> Maybe:
                current = load_tree(variable.stored, self.t.builder.read)
                return Maybe(Scalar(self.t.scalar(current.value, kind), python), current.defined, old.name)
            return entry
        if not isinstance(new, Maybe) and _is_scalar(old.value) and _is_scalar(inner):
            # definitely assigned by the body: carry the value and the flag
            kind = joint_kind(old.value, inner)
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

    def entries(self, variable: Variable, old: Any, new: Any) -> Any:
        """A tuple (a range, a slice) whose entries changed kind: widened entry by entry."""
        kinds: list[Any] = []
        stored = self.log.entry[variable]
        leaves = stored.parts if isinstance(stored, StoredRecord) else stored
        before, after = (parts_of(v) if isinstance(v, ROWS) else v for v in (old, new))
        for leaf, a, b in zip(leaves, before, after, strict=True):
            joint = self.joint(a, b) if isinstance(a, Array) and isinstance(b, Array) else None
            if same_shape(leaf, b) or (joint is not None and joint.moving == a.moving):
                kinds.append(None)
            elif joint is not None:
                kinds.append(joint)
            elif _is_scalar(a) and _is_scalar(b):
                same = same_static(a, b)
                kinds.append(None if same else (joint_kind(a, b), is_python_number(a) and is_python_number(b)))
            elif a is b or same_static(a, b):
                kinds.append(None)
            elif isinstance(a, Array) and isinstance(b, (Array, Choice)):
                self.renames.append((variable, a, b))
                kinds.append("array")
            else:
                self.t.fail(f"an entry of {variable.name!r} is {describe(a)} before the loop and {describe(b)} after")
        if any(isinstance(k, (tuple, Array)) for k in kinds):
            self.renames = [r for r in self.renames if r[0] is not variable]

            def entry() -> Any:
                def item(v: Any, k: Any) -> Any:
                    if isinstance(k, Array):
                        return self.moving_as(v, k)
                    return Scalar(self.t.scalar(v, k[0]), k[1]) if isinstance(k, tuple) else v
                current = self.t.read(variable)
                if isinstance(current, ROWS):
                    return record_of(type(current), tuple(map(item, parts_of(current), kinds)))
                return rebuild(current, [item(v, k) for v, k in zip(current, kinds, strict=True)])
            return entry
        # only arrays were rebound: write the numbers, rename the arrays
        for leaf, a, b, kind in zip(leaves, before, after, kinds, strict=True):
            if isinstance(a, Scalar) or kind is None:
                write_tree(self.t.builder, leaf, b)
        self.restore.append((variable, lambda: renewed(stored)))
        return None

    def container(self, variable: Variable, old: Any, new: Any) -> Any:
        """A list, dict or object replaced by a new one of the same layout: its entries are carried."""
        if isinstance(old, DynamicList):
            return self.dynamic_list(variable, old, new)
        pairs = _matching(old, new)
        if pairs is None or new.depth <= self.level:
            self.t.fail(f"{variable.name!r} names another container after an iteration of the loop",
                        "write into the same container")
        if self.goes_on.get(new, old) is not old or self.comes_from.get(old, new) is not new:
            self.t.fail(f"{variable.name!r} and another name hold {describe(new)} after an iteration that is one, or "
                        "was one before", "give each name its own from the beginning")
        if new not in self.goes_on:
            self.goes_on[new], self.comes_from[old] = old, new
            values = [(a, self.t.read(b)) for a, b in pairs]
            for a, value in values:
                self.t.assign(a, value)
            self.t.rename(old)
        self.restore.append((variable, lambda: Reference(old, old.generation)))
        return None


    def dynamic_list(self, variable: Variable, old: DynamicList, new: DynamicList) -> Any:
        """A dynamic list replaced by a new one: its columns take what the new one holds."""
        t = self.t
        same_pool = old.columns is new.columns and old.begin is not None and new.begin is not None
        own = old.begin is None and new.begin is None
        if old.layout != new.layout or new.depth <= self.level or new in self.lists or not (same_pool or own):
            t.fail(f"{variable.name!r} names another list after an iteration of the loop", "write into the same list")
        self.lists.append(new)
        if old.begin is not None and new.begin is not None:
            t.assign(old.begin, t.read(new.begin))
            t.assign(old.length, t.read(new.length))
            t.rename(old)
        else:
            dynamic_lists.move(t, old, new)
        self.restore.append((variable, lambda: Reference(old, old.generation)))
        return None


def _is_scalar(value: Any) -> bool:
    return number_kind(value) is not None and not isinstance(value, Array)


def _matching(old: Any, new: Any) -> list[tuple[Variable, Variable]] | None:
    if isinstance(old, ListValue):
        same = len(old.items) == len(new.items) and getattr(old, "longest", None) == getattr(new, "longest", None)
        return list(zip(old.items, new.items, strict=True)) if same else None
    if isinstance(old, DictValue):
        same = list(old.items) == list(new.items) and old.type is new.type and old.default is new.default
        return [(old.items[k], new.items[k]) for k in old.items] if same else None
    same = old.type is new.type and list(old.fields) == list(new.fields)
    return [(old.fields[k], new.fields[k]) for k in old.fields] if same else None
