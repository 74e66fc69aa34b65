"""Random programs as readable Python source, with the arguments to call them with.

`generate(seed)` is deterministic. A program terminates: every `for` has a fixed range, every `while` counts first.
Names carry the program's number, so that several programs can stand in one file and be compiled as one batch.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.fuzz.scope import Scope

HEADER = "import math\nfrom dataclasses import dataclass\n\nimport numpy as np\n"
LENGTH = 4
MATRIX = (2, 3)


@dataclass(frozen=True)
class FuzzProgram:
    """Source text of one program: `program_N` and `arguments_N`, with what they need."""

    number: int
    source: str

    @property
    def text(self) -> str:
        """A file of its own."""
        return HEADER + "\n\n" + self.source


class Writer:
    """Writes one function body, statement by statement."""

    def __init__(self, random: Random, number: int, helpers: list[str]) -> None:
        self.random, self.number, self.helpers = random, number, helpers
        self.lines: list[str] = []
        self.depth, self.loops, self.fresh, self.budget = 1, 0, 0, 0
        self.statements: list[tuple[int, Callable[[Scope], None]]] = [
            (6, self.assign), (5, self.augment), (6, self.write_element), (3, self.write_slice), (3, self.whole_array),
            (2, self.new_array), (3, self.alias), (3, self.view), (2, self.swap), (2, self.chosen_alias),
            (3, self.gather_or_scatter), (2, self.structure), (2, self.closure), (3, self.call_helper),
            (5, self.branch), (5, self.counted_loop), (2, self.loop_over_arrays), (3, self.while_loop),
            (2, self.early_return), (2, self.leave_loop),
        ]

    def put(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def name(self, stem: str) -> str:
        self.fresh += 1
        return f"{stem}{self.fresh}"

    def statement(self, scope: Scope) -> None:
        weights = [weight for weight, _ in self.statements]
        self.budget -= 1
        self.random.choices(self.statements, weights)[0][1](scope)

    def block(self, scope: Scope, most: int = 3) -> None:
        """An indented block: at least one statement, its new names forgotten."""
        self.depth += 1
        before = len(self.lines)
        inner = scope.inner()
        for _ in range(self.random.randint(1, most)):
            if self.budget > 0:
                self.statement(inner)
        if len(self.lines) == before:
            self.assign(inner)
        self.depth -= 1

    # -- scalars and arrays ------------------------------------------------------------------------------------------
    def assign(self, scope: Scope) -> None:
        target = self.random.choice(scope.targets) if self.random.random() < 0.6 and scope.targets else self.name("s")
        self.put(f"{target} = {scope.scalar()}")
        scope.add_scalar(target)

    def augment(self, scope: Scope) -> None:
        target = self.random.choice(scope.targets)
        self.put(self.random.choice((f"{target} += {scope.squashed()}", f"{target} -= 0.5 * {scope.squashed()}",
                                     f"{target} *= {scope.squashed()}",
                                     f"{target} /= 1.5 + {scope.squashed()} ** 2")))

    def write_element(self, scope: Scope) -> None:
        place = scope.element()
        self.put(self.random.choice((f"{place} = {scope.scalar()}", f"{place} += {scope.squashed()}",
                                     f"{place} *= {scope.squashed()}", f"{place} = {place} * math.cos({place})",
                                     f"{place} = 0.5 * {scope.element()} * math.sin({scope.element()})")))

    def write_slice(self, scope: Scope) -> None:
        array = scope.array()
        other = self.random.choice(scope.same_length(array))
        options = [f"{array}[1:] = {scope.scalar(1)}", f"{array}[:1] *= {scope.squashed()}",
                   f"{array}[:] = 0.8 * np.sin({other})", f"{array}[::-1] = {other} * {scope.squashed()}",
                   f"{array}[1:] += 0.3 * np.sin({other}[:-1])", f"{array}[:-1] = 0.7 * {other}[1:]",
                   f"{array}[-2:] -= 0.2 * {scope.atom()}"]
        self.put(self.random.choice(options))

    def whole_array(self, scope: Scope) -> None:
        array = scope.array()
        other = self.random.choice(scope.same_length(array))
        options = [f"{array} *= {scope.squashed()}", f"{array} += 0.3 * np.sin({other})",
                   f"{array} -= {scope.squashed()}", f"np.multiply({other}, 0.7, out={array})",
                   f"np.sin({other}, out={array})", f"{array} /= 1.5 + {other} ** 2"]
        if scope.arrays[array] is not None and "." not in array and "[" not in array:
            options += [f"{array} = np.tanh({other}) + {scope.squashed()}", f"{array} = 0.6 * {array} - 0.3 * {other}",
                        f"{array} = np.where({other} > 0.1, {array}, np.cos({other}))"]
        self.put(self.random.choice(options))

    def new_array(self, scope: Scope) -> None:
        name, length = self.name("w"), self.random.choice((2, 3, LENGTH))
        copied = self.random.choice(scope.sized())
        made, size = self.random.choice(((f"np.zeros({length})", length), (f"np.ones({length})", length),
                                         (f"{copied}.copy()", scope.arrays[copied]),
                                         (f"np.zeros_like({copied})", scope.arrays[copied]),
                                         (f"np.sin({copied})", scope.arrays[copied])))
        self.put(f"{name} = {made}")
        scope.arrays[name] = size

    # -- aliases -----------------------------------------------------------------------------------------------------
    def alias(self, scope: Scope) -> None:
        source = self.random.choice(scope.sized())
        known = [name for name in scope.same_length(source) if name.isidentifier()]
        target = self.random.choice(known) if known and self.random.random() < 0.3 else self.name("z")
        self.put(f"{target} = {source}")
        scope.arrays[target] = scope.arrays[source]

    def view(self, scope: Scope) -> None:
        name, source = self.name("v"), self.random.choice(scope.sized())
        length = scope.arrays[source] or 0
        options = [(f"{source}[::-1]", length), (f"{source}[::2]", (length + 1) // 2), ("m[0]", MATRIX[1]),
                   ("m[:, 1]", MATRIX[0]), ("m.T[2]", MATRIX[0]), ("m[1, ::-1]", MATRIX[1])]
        if length > 2:
            options += [(f"{source}[1:]", length - 1), (f"{source}[:-1]", length - 1)]
        text, size = self.random.choice([option for option in options if option[1] >= 2] or [("m[1]", MATRIX[1])])
        self.put(f"{name} = {text}")
        scope.arrays[name] = size

    def swap(self, scope: Scope) -> None:
        first = self.random.choice(scope.sized())
        others = [name for name in scope.same_length(first) if name != first]
        if others:
            second = self.random.choice(others)
            self.put(f"{first}, {second} = {second}, {first}")

    def chosen_alias(self, scope: Scope) -> None:
        name, first = self.name("c"), self.random.choice(scope.sized())
        second = self.random.choice(scope.same_length(first))
        self.put(f"{name} = {first} if {scope.condition()} else {second}")
        scope.arrays[name] = scope.arrays[first]
        self.put(f"{name}[{self.random.randrange(2)}] = {scope.scalar(1)}")

    def gather_or_scatter(self, scope: Scope) -> None:
        array = self.random.choice(scope.sized())
        indices = [self.random.randrange(scope.arrays[array] or 2) for _ in range(3)]
        draw = self.random.random()
        if draw < 0.35:
            name = self.name("s")
            self.put(f"{name} = np.sum({array}[np.array({indices})] * {scope.squashed()})")
            scope.add_scalar(name)
        elif draw < 0.7:
            self.put(f"np.add.at({array}, np.array({indices}), {scope.squashed()})")
        else:
            index = self.name("i")
            self.put(f"for {index} in {tuple(indices)}:")
            self.put(f"    {array}[{index}] += 0.3 * math.sin({scope.element()})")

    # -- structures and calls ----------------------------------------------------------------------------------------
    def structure(self, scope: Scope) -> None:
        name, array = self.name("q"), self.random.choice(scope.sized())
        made, value, held = self.random.choice((
            (f"State_{self.number}({{s}}, {array})", ".value", ".cells"),
            (f'{{{{"value": {{s}}, "cells": {array}}}}}', '["value"]', '["cells"]'),
            (f"[{{s}}, {array}]", "[0]", "[1]"), (f"({{s}}, {array})", "[0]", "[1]")))
        self.put(f"{name} = " + made.format(s=scope.scalar(1)))
        scope.add_scalar(name + value, assignable=not made.startswith("("))
        if not made.startswith("("):
            scope.arrays[name + held] = scope.arrays[array]

    def closure(self, scope: Scope) -> None:
        name, target = self.name("f"), scope.array()
        if self.random.random() < 0.5:
            self.put(f"{name} = lambda t: t * {scope.squashed()} + {scope.atom()}")
        else:
            self.put(f"def {name}(t):")
            self.put(f"    {target}[0] += 0.2 * math.sin(t)")
            self.put(f"    return t * {target}[1]")
        result = self.name("s")
        self.put(f"{result} = math.sin({name}({scope.atom()})) + {name}(0.3)")
        scope.add_scalar(result)

    def call_helper(self, scope: Scope) -> None:
        if not self.helpers:
            return self.assign(scope)
        result, helper = self.name("s"), self.random.choice(self.helpers)
        arguments = self.random.choice((f"{scope.array()}, {scope.scalar(1)}", f"{scope.array()}, t={scope.atom()}",
                                        f"t={scope.atom()}, cells={scope.array()}"))
        self.put(f"{result} = math.tanh({helper}({arguments}))")
        scope.add_scalar(result)

    # -- control flow ------------------------------------------------------------------------------------------------
    def branch(self, scope: Scope) -> None:
        born = self.name("s") if self.random.random() < 0.3 else None
        self.put(f"if {scope.condition()}:")
        self.block(scope)
        if born:
            self.put(f"    {born} = {scope.scalar(1)}")
        if self.random.random() < 0.25:
            self.put(f"elif {scope.condition()}:")
            self.block(scope)
            if born:
                self.put(f"    {born} = {scope.scalar(1)}")
        if born or self.random.random() < 0.6:
            self.put("else:")
            self.block(scope)
            if born:
                self.put(f"    {born} = {scope.scalar(1)}")
                scope.add_scalar(born)

    def loop_body(self, scope: Scope, most: int = 3) -> None:
        self.loops += 1
        self.block(scope, most)
        self.loops -= 1

    def counted_loop(self, scope: Scope) -> None:
        if self.loops >= 2:
            return self.write_element(scope)
        counter, array = self.name("i"), scope.array()
        length = scope.arrays[array]
        trips = self.random.randint(0, 5)
        ranges = [(f"range({trips})", trips), ("range(k)", 4), (f"range({trips}, 0, -1)", trips + 1)]
        if length is not None:
            ranges += [(f"range(len({array}))", length), (f"range(1, len({array}))", length)] * 2
        text, bound = self.random.choice(ranges)
        inner = scope.inner()
        self.put(f"for {counter} in {text}:")
        inner.counters[counter] = max(bound, 1)
        self.loop_body(inner)
        if self.random.random() < 0.15:
            self.put("else:")
            self.block(scope, 1)

    def loop_over_arrays(self, scope: Scope) -> None:
        if self.loops >= 2:
            return self.augment(scope)
        item, array = self.name("e"), scope.array()
        other, second, counter = self.random.choice(scope.same_length(array)), self.name("e"), self.name("i")
        inner = scope.inner()
        inner.add_scalar(item, assignable=False)
        heads = [f"for {item} in {array}:", f"for {counter}, {item} in enumerate({array}):",
                 f"for {item}, {second} in zip({array}, {other}):"]
        head = self.random.choice(heads)
        if second in head:
            inner.add_scalar(second, assignable=False)
        if counter in head and scope.arrays[array] is not None:
            inner.counters[counter] = scope.arrays[array] or 1
        self.put(head)
        self.loop_body(inner)

    def while_loop(self, scope: Scope) -> None:
        if self.loops >= 2:
            return self.augment(scope)
        counter, trips = self.name("n"), self.random.randint(1, 5)
        self.put(f"{counter} = 0")
        self.put(f"while {counter} < {trips} and ({scope.condition()}):")
        self.put(f"    {counter} += 1")
        self.loop_body(scope.inner())

    def early_return(self, scope: Scope) -> None:
        self.put(f"if {scope.condition()}:")
        self.put(f"    return {scope.scalar()}")

    def leave_loop(self, scope: Scope) -> None:
        if self.loops == 0:
            return self.early_return(scope)
        self.put(f"if {scope.condition()}:")
        self.put(f"    {self.random.choice(('break', 'break', 'continue'))}")


def helper_source(random: Random, number: int, name: str) -> str:
    """A helper of one array (of which two elements are sure) and one scalar; it may write into the array."""
    writer = Writer(random, number, [])
    writer.budget = random.randint(1, 4)
    scope = Scope(random, ["t"], ["t"], {"cells": None})
    plain = [writer.assign, writer.augment, writer.write_element, writer.write_slice, writer.early_return,
             writer.branch, writer.loop_over_arrays, writer.while_loop]
    writer.statements = [(1, statement) for statement in plain]
    while writer.budget > 0:
        writer.statement(scope)
    writer.put(f"return {scope.scalar(1)}")
    return "\n".join([f"def {name}(cells, t):", *writer.lines])


def numbers(random: Random, shape: tuple[int, ...]) -> str:
    """A nested list of short decimal numbers."""
    if not shape:
        return repr(round(random.uniform(-1.6, 1.6), 3))
    return "[" + ", ".join(numbers(random, shape[1:]) for _ in range(shape[0])) + "]"


def generate(seed: int, number: int = 0) -> FuzzProgram:
    """The program of this seed."""
    random = Random(seed)
    helpers = [f"helper_{number}_{i}" for i in range(random.randint(0, 2))]
    parts = [f"@dataclass\nclass State_{number}:\n    value: float\n    cells: np.ndarray"]
    parts += [helper_source(random, number, helper) for helper in helpers]
    writer = Writer(random, number, helpers)
    writer.budget = random.randint(5, 14)
    scope = Scope(random, ["x", "y", "p.value"], ["x", "y", "p.value"],
                  {"a": LENGTH, "b": LENGTH, "p.cells": 3}, {})
    while writer.budget > 0:
        writer.statement(scope)
    total = " + ".join([random.choice(scope.scalars), f"np.sum({scope.array()})", f"math.sin({scope.element()})",
                        f"0.5 * np.sum(m * {scope.squashed()})"])
    body = "\n".join([f"def program_{number}(x, y, a, b, m, p, k):", *writer.lines, f"    return {total}"])
    arguments = ", ".join([numbers(random, ()), numbers(random, ()), f"np.array({numbers(random, (LENGTH,))})",
                           f"np.array({numbers(random, (LENGTH,))})", f"np.array({numbers(random, MATRIX)})",
                           f"State_{number}({numbers(random, ())}, np.array({numbers(random, (3,))}))",
                           str(random.randint(0, 4))])
    parts += [body, f"def arguments_{number}():\n    return ({arguments})"]
    return FuzzProgram(number, "\n\n\n".join(parts) + "\n")
