"""Random loops in which a name's arrays become smaller: `v = 0.5 * (v[1:] + v[:-1])`, `points = points[points < C]`.

The loops end because each turn takes something away, and begins with that. What is drawn reads the name; now and then
it is written, which the compiler refuses where other names might see it.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.fuzz.scope import Scope, Unavailable, Vector

if TYPE_CHECKING:
    from tests.fuzz.writer import Writer

BY_ONE = ("{n} = {n}[1:] * {q}", "{n} = 0.5 * ({n}[1:] + {n}[:-1])", "{n} = np.diff({n})", "{n} = np.tanh({n}[:-1])",
          "{n} = np.maximum({n}[1:], {n}[:-1])", "{n} = {n}[1:].copy()", "{n} = {n}[1:] * {x} - 0.3 * {n}[:-1]",
          "{n} = np.where({n}[1:] > {x}, {n}[:-1], 0.5 * {n}[1:])", "{n} = {q} * (0.6 * {n}[1:] + 0.4 * {n}[:-1])",
          "{n} = np.cumsum({n})[1:] * 0.4", "{n} = np.convolve({n}, [0.5, -0.3], 'valid')")
OTHERWISE = (("{n} = {n}[::2] + {q}", 3), ("{n} = {n}[: len({n}) // 2] * {n}[len({n}) - len({n}) // 2:]", 4),
             ("{n} = {n}[0:len({n}) - len({n}) % 2:2] - 0.5 * {n}[1::2]", 4), ("{n} = {n}[1:-1] * {q}", 4))
FILTERS = ("{n} = {n}[{n} < np.max({n})] * {q}", "{n} = {n}[{n} > np.min({n})]",
           "{n} = np.tanh({n}[np.arange(len({n})) != ({k}) % len({n})])")
CORNERS = ("{n} = {n}[1:, 1:] - 0.3 * np.outer({n}[1:, 0], {n}[0, 1:])", "{n} = {n}[:-1, :-1] * {q}",
           "{n} = np.tanh({n}[1:, :-1])", "{n} = {n}[1:, 1:] + {n}[:-1, :-1] * {x}")
READS = ("{T} += 0.3 * np.sum({n})", "{T} = {T} - {q} * np.sum(np.sin({n}))", "{p} += 0.2 * np.sum({n} * {n})",
         "{T} += 0.1 * len({n})", "{p} = 0.5 * np.mean({n}) + {q}")
FIRSTS = ("{p} += 0.3 * {n}[0]", "{T} += {q} * {n}[-1]", "{T} = math.tanh({T} * {n}[1])", "{p} = {n}[0] * {n}[1]",
          "{n}c = {n}.copy()\n{n}c[0] = {q}\n{T} += np.sum({n}c)", "{n}v = {n}[::-1]\n{T} += {n}v[0] * {q}",
          "{n}v = {n}[1:]\n{T} -= np.sum({n}v) * {q}")
WRITES = ("{n}[0] = {q}", "{n} *= {q}", "{n}[:1] += {q}")


class Resizing:
    """Draws loops for a writer."""

    def __init__(self, writer: Writer) -> None:
        self.writer, self.random = writer, writer.random

    def statement(self, scope: Scope) -> None:
        if self.writer.loops >= 2 or len(scope.arrays) < 2:
            raise Unavailable
        draw = self.random.random()
        if draw < 0.15 and scope.matrices:
            return self.corners(scope)
        return self.filters(scope) if draw < 0.3 else self.vector(scope)

    def vector(self, scope: Scope) -> None:
        """A vector that keeps two elements."""
        writer, name = self.writer, self.writer.name("w")
        array = scope.pick(n for n, vector in scope.arrays.items()
                           if vector.kind == "d" and (vector.length is None or vector.length > 2))
        own = writer.depth == 1 and array.isidentifier() and self.random.random() < 0.2
        name = array if own else name  # (the program's own name for it)
        if not own:
            start = self.random.choice(("{a}", "{a}", "np.tanh({a})", "{a} * {q}", "{a}[::-1]", "{a}.copy()"))
            writer.put(f"{name} = " + start.format(a=array, q=scope.squashed()))
        size, counter = writer.name("n"), writer.name("i")
        line, least = self.random.choice((*((text, 3) for text in BY_ONE), *OTHERWISE))
        heads = [f"while len({name}) >= {least}:"]
        if least == 3 and "::" not in line:
            writer.put(f"{size} = len({name})")
            heads += [f"for {counter} in range({size} - 2):", f"for {counter} in range({size} - 1, 1, -1):",
                      f"for {counter} in range(max({size} - 2, 0)):"]
        self.around(scope, self.random.choice(heads), name, line, (*READS, *FIRSTS))
        if own:
            for held in (scope.arrays, scope.boxes):
                held.pop(name, None)
        if self.random.random() < 0.15:
            scope.arrays[name] = Vector(None)
        elif self.random.random() < 0.4:
            made = writer.name("w")
            writer.put(f"{made} = " + self.random.choice(("{n}.copy()", "{n} * {q}", "np.sin({n})")).format(
                n=name, q=scope.squashed()))
            scope.arrays[made] = Vector(None)

    def filters(self, scope: Scope) -> None:
        """A vector of which in the end nothing may be left."""
        writer, name = self.writer, self.writer.name("w")
        writer.put(f"{name} = " + self.random.choice(("{a}", "{a} * {q}", "{a}.copy()")).format(
            a=scope.pick(n for n, vector in scope.arrays.items() if vector.kind == "d"), q=scope.squashed()))
        head = f"while len({name}) > {self.random.randint(0, 2)}:"
        self.around(scope, head, name, self.random.choice(FILTERS), READS[:2])

    def corners(self, scope: Scope) -> None:
        """A matrix that loses rows and columns."""
        writer, name = self.writer, self.writer.name("w")
        matrix = scope.pick(scope.matrices)
        writer.put(f"{name} = " + self.random.choice(("{m}", "{m} * {q}", "np.tanh({m} @ {m}.T)", "{m}.copy()")).format(
            m=matrix, q=scope.squashed()))
        self.around(scope, f"while min({name}.shape) > {self.random.randint(1, 2)}:", name,
                    self.random.choice(CORNERS), (*READS, "{T} += {q} * {n}[0, -1]", "{p} = {n}[0, 0] * {n}[-1, 0]"))

    def around(self, scope: Scope, head: str, name: str, line: str, reads: tuple[str, ...]) -> None:
        """The loop, and what reads the name in it and after it."""
        writer, inner = self.writer, scope.inner()
        for held in (inner.arrays, inner.boxes):
            held.pop(name, None)
        writer.put(head)
        writer.depth += 1
        writer.loops += 1
        self.fill(inner, name, line)
        for _ in range(self.random.choice((1, 1, 2))):
            if self.random.random() < 0.6:
                self.fill(inner, name, self.random.choice(WRITES if self.random.random() < 0.06 else reads))
            else:
                writer.statement(inner)
        writer.loops -= 1
        writer.depth -= 1
        inner = scope.inner()
        inner.arrays.pop(name, None)
        self.fill(inner, name, self.random.choice(reads))

    def fill(self, scope: Scope, name: str, line: str) -> None:
        drawn: dict[str, Callable[[], str]] = {
            "q": scope.squashed, "x": scope.atom, "T": lambda: str(scope.pick(scope.targets)), "k": scope.integer,
            "p": lambda: scope.place(scope.array())}
        words = {key: draw() for key, draw in drawn.items() if f"{{{key}}}" in line}
        self.writer.put(line.format(n=name, **words))
