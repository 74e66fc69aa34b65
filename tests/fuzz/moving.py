"""Random loops in which names stand for another part of an array in each turn: `prev = m[t]`, `u, v = v, a[t:t + 2]`.

`Places` are views of one form, of which a turn picks one. Names are bound to one before the loop, and anew in its body;
what else stands there are any statements of the writer, which read and write through the names as through all arrays.
Invariant: as in `scope`; a name that moves keeps its shape, unless that is unknown (`Vector(None)`) from the start.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fuzz.scope import Scope, Unavailable, Vector
from tests.fuzz.views import Box, Shape

if TYPE_CHECKING:
    from tests.fuzz.writer import Writer

ROWS = ("{m}[{i}]", "{m}[{i}]", "{m}[{i}, :]", "{m}[{i}, ::-1]", "{m}[{i}][::-1]", "{m}[::-1][{i}]", "{m}.T[:, {i}]",
        "{m}[{i}, ...]")
COLUMNS = ("{m}[:, {i}]", "{m}[:, {i}]", "{m}.T[{i}]", "{m}[::-1, {i}]", "{m}[:, ::-1][:, {i}]")
BLOCKS = ("{m}[{i}:{i} + 1]", "{m}[{i}][None]", "{m}[{i}, None, :]")
WINDOWS = ("{a}[{i}:{i} + {w}]", "{a}[{i}:{i} + {w}]", "{a}[{i}:][:{w}]", "{a}[{i}:{i} + {w}][::-1]",
           "{a}[::-1][{i}:{i} + {w}]")
WRITES = ("{u}[{i}] = {s}", "{u}[{i}] += {q}", "{u} *= {q}", "{u}[:] = np.tanh({b})", "{u} += 0.3 * {b}",
          "{u}[1:] = 0.5 * {b}[:-1]", "np.add(0.5 * {u}, {b} * {q}, out={u})", "{u}[::-1] -= 0.4 * {b}",
          "{place}[:] = 0.6 * {u} + {q}", "{place}[0] += {u}[-1] * {q}", "{place}[...] = np.sin({b})",
          "{u}[{i}], {b}[{i}] = {b}[{i}], {u}[{i}]", "{place} *= {q}", "{u} -= {q} * {place}")
BLOCK_WRITES = ("{u} *= {q}", "{u}[0, 0] += {q}", "{u}[:] = np.tanh({place})", "{place} *= {q}", "{u} += 0.3 * {place}")
BINDINGS = ("{u} = {p}", "{u} = {p}", "{u} = {p}", "{u} = {p}", "{u}, {v} = {v}, {p}", "{u}, {v} = {p}, {u}",
            "{u}, {v} = {v}, {u}", "if {c}:\n    {u} = {p}", "if {c}:\n    {u} = {p}\nelse:\n    {u} = {v}",
            "{u} = {p} if {c} else {v}", "{u} = {p} if {c} else {r}", "{u} = {v}", "{u} = {u}[::-1]", "{v} = {u} = {p}",
            "{u} = np.tanh({p})", "{u} = 0.7 * {u} - 0.2 * {p}", "{u} = {p}.copy()", "{u}, {v} = {p}, {r}")
CUTS = (("{n} = {n}[1:]", 3), ("{n} = {n}[1:]", 3), ("{h}, {n} = {n}[0], {n}[1:]", 3), ("{n} = {n}[:-1]", 3),
        ("{h}, {n} = {n}[-1], {n}[:-1]", 3), ("{n} = {n}[1:-1]", 4), ("{n} = {n}[len({n}) // 2:]", 4),
        ("{n} = {n}[:len({n}) - 1]", 3), ("{n} = {n}[1:][::-1]", 3))


@dataclass(frozen=True)
class Places:
    """Views of one form in an array: a template with `{i}`, from 0 to `count` (as a text, too: `extent`)."""

    root: str
    text: str
    count: int
    extent: str
    shape: Shape
    items: str = ""  # the same in a loop over the array, as a template with `{e}`
    negative: bool = True  # indices may be counted from the end

    def at(self, index: str) -> str:
        return self.text.replace("{i}", index)


class Moving:
    """Draws loops for a writer."""

    def __init__(self, writer: Writer) -> None:
        self.writer, self.random = writer, writer.random
        self.kinds: list[tuple[int, Callable[[Scope], None]]] = [(6, self.loop), (2, self.pair), (2, self.last),
                                                                (2, self.rest)]

    def statement(self, scope: Scope) -> None:
        if self.writer.loops >= 2:
            raise Unavailable
        self.random.choices(self.kinds, [weight for weight, _ in self.kinds])[0][1](scope)

    # -- where names may stand ----------------------------------------------------------------------------------------
    def places(self, scope: Scope) -> Places:
        """Some places."""
        pick, found = self.random.choice, []
        for m, (rows, columns) in scope.matrices.items():
            if columns > 1:
                text = pick(ROWS).replace("{m}", m)
                found.append(Places(m, text, rows, f"len({m})", (columns,), pick(("{e}", "{e}", "{e}[::-1]"))))
            if columns > 2:
                found.append(Places(m, f"{m}[{{i}}, 1:]", rows, f"{m}.shape[0]", (columns - 1,), "{e}[:-1]"))
            if rows > 1:
                found.append(Places(m, pick(COLUMNS).replace("{m}", m), columns, f"{m}.shape[1]", (rows,)))
            if self.random.random() < 0.3:
                text = pick(BLOCKS).replace("{m}", m)
                found.append(Places(m, text, rows, f"len({m})", (1, columns), "{e}[None, :]", False))
            if rows * columns > 3 and self.random.random() < 0.5:
                found.append(self.windows(f"{m}.reshape(-1)", rows * columns))
        for a, vector in scope.arrays.items():
            if vector.kind == "d" and (vector.length or 2) > 2 and self.random.random() < 0.5:
                found.append(self.windows(a, vector.length or 2))
        for b, box in scope.boxes.items():
            if len(box.shape) == 3 and box.kind == "d" and box.writable:
                found.append(Places(b, f"{b}[{{i}}]", box.shape[0], f"len({b})", box.shape[1:], "{e}"))
                found.append(Places(b, f"{b}[:, {{i}}]", box.shape[1], f"{b}.shape[1]", (box.shape[0], box.shape[2])))
        chosen: Places = scope.pick(place for place in found if len(place.shape) == 2 or place.shape[0] > 1)
        return chosen

    def windows(self, a: str, length: int) -> Places:
        """Windows that slide over a vector."""
        width = self.random.randint(2, min(length - 1, 4))
        text = self.random.choice(WINDOWS).replace("{a}", a).replace("{w}", str(width))
        return Places(a, text, length - width + 1, f"len({a}) - {width - 1}", (width,), negative=False)

    def index(self, scope: Scope, places: Places) -> str:
        """An index of a place."""
        pick, count = self.random.choice, places.count
        fitting = [name for name, bound in scope.counters.items() if bound <= count]
        draw = self.random.random()
        if fitting and draw < 0.55:
            return pick(fitting)
        if fitting and draw < 0.75:
            name = pick(fitting)
            return pick((f"{count - 1} - {name}", f"({name} + 1) % {count}", f"({name} + 1) % ({places.extent})",
                         *((f"{name} - 1", f"-1 - {name}") if places.negative else ())))
        if scope.counters and draw < 0.85:
            return f"({pick(list(scope.counters))}) % {count}"
        if scope.integers and draw < 0.92:
            return f"({scope.integer()}) % {count}"
        return str(self.random.randrange(-count if places.negative else 0, count))

    def fitting(self, scope: Scope, shape: Shape) -> list[str]:
        """Names of arrays of this shape that can be bound anew."""
        names = [n for n, v in scope.arrays.items() if v == Vector(shape[0])] if len(shape) == 1 else \
            [n for n, held in scope.matrices.items() if held == shape]
        return [name for name in names if name not in scope.fixed]

    def starting(self, scope: Scope, places: Places) -> str:
        """What a name holds before the loop."""
        first, others = places.at(self.index(scope, places)), self.fitting(scope, places.shape)
        draw = self.random.random()
        if draw < 0.55 or not others:
            return first
        other = self.random.choice(others)
        return other if draw < 0.75 else self.random.choice(
            (f"np.tanh({other})", f"{first}.copy()", f"np.zeros_like({first})", f"{other}[::-1]", f"0.5 * {first}"))

    def born(self, scope: Scope, name: str, places: Places) -> None:
        if len(places.shape) == 1:
            scope.arrays[name] = Vector(places.shape[0])
        else:
            scope.matrices[name] = (places.shape[0], places.shape[1])
        if name.isidentifier():
            scope.boxes[name] = Box(places.shape, "d", places.root)

    # -- loops --------------------------------------------------------------------------------------------------------
    def loop(self, scope: Scope) -> None:
        """Names that are bound before the loop and in it, and read and written in it and after it."""
        places, names = self.places(scope), []
        others = [name for name in self.fitting(scope, places.shape) if name not in places.text]
        for _ in range(self.random.choice((1, 2, 2))):
            if others and self.random.random() < 0.3:
                names.append(self.random.choice(others))
            else:
                name = self.writer.name("u")
                self.writer.put(f"{name} = {self.starting(scope, places)}")
                names.append(name)
        for name in names:
            self.born(scope, name, places)
        inner, row = self.head(scope, places)
        self.body(inner, places, names, row, [self.random.choice(BINDINGS), *self.random.sample(
            BINDINGS, self.random.choice((0, 0, 1)))])
        self.afterwards(scope, places, names)

    def pair(self, scope: Scope) -> None:
        """Names that a container hands from one turn to the next."""
        places, held = self.places(scope), self.writer.name("h")
        names = [self.writer.name("u"), self.writer.name("u")]
        opened, first, second = self.random.choice(("()", "()", "[]")), *(self.starting(scope, places) for _ in names)
        self.writer.put(f"{held} = {opened[0]}{first}, {second}{opened[1]}")
        inner, row = self.head(scope, places)
        for name in names:
            self.born(inner, name, places)
        self.writer.put(f"    {names[0]}, {names[1]} = {held}")
        self.body(inner, places, names, row, [])
        handed = self.random.choice(("{v}, {p}", "{p}, {u}", "{v}, {u}", "{u}, 0.5 * {v}")).format(
            u=names[0], v=names[1], p=self.place(inner, places, row))
        self.writer.put(f"    {held} = {opened[0]}{handed}{opened[1]}")
        parts = [f"{held}[0]", f"{held}[1]"]
        for part in parts:
            self.born(scope, part, places)
        scope.fixed += parts
        self.afterwards(scope, places, parts)

    def last(self, scope: Scope) -> None:
        """A name that is bound in the loop only, and used after it."""
        places, name = self.places(scope), self.writer.name("u")
        inner, row = self.head(scope, places, whole=True)
        self.born(inner, name, places)
        self.writer.put(f"    {name} = {self.place(inner, places, row)}")
        self.body(inner, places, [name], row, [])
        self.born(scope, name, places)
        self.afterwards(scope, places, [name])

    def head(self, scope: Scope, places: Places, whole: bool = False) -> tuple[Scope, str]:
        """The first lines of a loop, the scope of its body, and the place of the turn in a loop over the array."""
        writer, inner, counter = self.writer, scope.inner(), self.writer.name("i")
        count, extent, pick = places.count, places.extent, self.random.choice
        if places.items and self.random.random() < 0.25:
            item = writer.name("e")
            numbered = pick((True, False))
            writer.put(f"for {counter}, {item} in enumerate({places.root}):" if numbered else
                       f"for {item} in {places.root}:")
            if numbered:
                inner.counters[counter] = count
            return inner, places.items.replace("{e}", item)
        if not whole and self.random.random() < 0.2:
            trips = self.random.randint(1, 4)
            end, inner.counters[counter] = pick(((str(trips), trips + 1), (extent, count + 1)))
            writer.put(f"{counter} = 0\nwhile {counter} < {end} and ({scope.condition()}):\n    {counter} += 1")
            return inner, ""
        ranges = [(f"range({count})", count), (f"range({extent})", count), (f"range({extent} - 1, -1, -1)", count)]
        if not whole:
            ranges += [(f"range(1, {extent})", count), ("range(k)", 99), (f"range({extent} - 1)", count),
                       ("range(3)", 3)]
        text, inner.counters[counter] = pick(ranges)
        writer.put(f"for {counter} in {text}:")
        return inner, ""

    def place(self, scope: Scope, places: Places, row: str) -> str:
        return row if row and self.random.random() < 0.7 else places.at(self.index(scope, places))

    def body(self, inner: Scope, places: Places, names: list[str], row: str, bindings: list[str]) -> None:
        """Statements of a loop, and at some place among them these bindings."""
        writer, random = self.writer, self.random
        statements: list[Callable[[], None]] = [
            lambda: self.write(inner, places, names, row) if random.random() < 0.55 else writer.statement(inner)
            for _ in range(random.choice((1, 1, 2, 3)))]
        for form in bindings:
            place = random.choice((len(statements), random.randint(0, len(statements))))
            statements.insert(place, lambda form=form: self.bind(inner, places, names, row, form))  # type: ignore[misc]
        writer.depth += 1
        writer.loops += 1
        for statement in statements:
            statement()
        writer.loops -= 1
        writer.depth -= 1

    def bind(self, scope: Scope, places: Places, names: list[str], row: str, form: str) -> None:
        u, v = self.random.sample(names, 2) if len(set(names)) > 1 else (names[0], self.place(scope, places, row))
        if v not in names and "{v} =" in form:
            form = "{u} = {p}"
        self.writer.put(form.format(u=u, v=v, p=self.place(scope, places, row), r=places.at(self.index(scope, places)),
                                    c=scope.condition()))

    def write(self, scope: Scope, places: Places, names: list[str], row: str = "") -> None:
        """Through a name, or to the array that it shows."""
        u, place = self.random.choice(names), self.place(scope, places, row)
        forms = [form for form in (WRITES if len(places.shape) == 1 else BLOCK_WRITES)
                 if u not in scope.fixed or not form.startswith("{u} ")]
        form = self.random.choice(forms)
        if len(places.shape) == 2:
            return self.writer.put(form.format(u=u, place=place, q=scope.squashed()))
        b = self.random.choice([*names, *self.fitting(scope, places.shape), place])
        return self.writer.put(form.format(u=u, b=b, place=place, i=self.random.randrange(-2, places.shape[0]),
                                           s=scope.scalar(1), q=scope.squashed()))

    def afterwards(self, scope: Scope, places: Places, names: list[str]) -> None:
        """The names are written, and read, after the loop."""
        if self.random.random() < 0.5:
            self.write(scope, places, names)
        if self.random.random() < 0.5:
            result = self.writer.name("s")
            name = self.random.choice(names)
            self.writer.put(f"{result} = np.sum({name} * {places.at(self.index(scope, places))}) - {scope.constant()}"
                            if self.random.random() < 0.5 else
                            f"{result} = math.tanh({name}[{', '.join('0' for _ in places.shape)}])")
            scope.add_scalar(result)

    # -- what is left of an array -------------------------------------------------------------------------------------
    def rest(self, scope: Scope) -> None:
        """A name for what is left of an array, which is written through it; two elements at least."""
        array = scope.pick(name for name, vector in scope.arrays.items() if vector.length is None or vector.length > 2)
        name, head, counter = (self.writer.name(stem) for stem in "rhi")
        kind = scope.arrays[array].kind
        start = self.random.choice(("{a}", "{a}", "{a}[:]", "{a}[::-1]", "{a}.copy()", "np.tanh({a})")).format(a=array)
        cut, least = self.random.choice(CUTS)
        inner = scope.inner()
        self.writer.put(f"{name} = {start}")
        if self.random.random() < 0.6:
            self.writer.put(f"while len({name}) >= {least}:")
        else:
            trips = f"len({array}) - {least - 1}" if "1:-1" not in cut and "//" not in cut else "2"
            self.writer.put(f"for {counter} in range({trips}):")
            if trips == "2":
                self.writer.put(f"    if len({name}) < {least}:\n        break")
        self.writer.put("    " + cut.format(n=name, h=head))
        if "{h}" in cut:
            inner.add_scalar(head, assignable=False)
        inner.arrays[name] = Vector(None, kind)
        self.writer.depth += 1
        self.writer.loops += 1
        for _ in range(self.random.choice((1, 1, 2))):
            if self.random.random() < 0.6:
                self.writer.put(self.random.choice(("{n} *= {q}", "{n}[0] += {q}", "{a}[{i}] += {n}[1] * {q}",
                                                    "{n}[-1] = {s}", "{n}[1:] -= 0.3 * {n}[:-1]")).format(
                    n=name, a=array, i=scope.index(array), q=inner.squashed(), s=inner.scalar(1)))
            else:
                self.writer.statement(inner)
        self.writer.loops -= 1
        self.writer.depth -= 1
        scope.arrays[name] = Vector(None, kind)
