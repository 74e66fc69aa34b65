"""Random programs as readable Python source, with the arguments to call them with.

`generate(seed)` is deterministic. A program draws a few features of the language (Groce et al., *Swarm Testing*, 2012:
programs that leave features out reach states that those with everything hide). It terminates: every `for` has a fixed
range, every `while` counts first. Names carry the program's number, so that several can be compiled as one batch.
"""
from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.fuzz.layouts import argument, weighed
from tests.fuzz.scope import Scope, Vector
from tests.fuzz.sums import closing
from tests.fuzz.views import Box
from tests.fuzz.writer import Writer

HEADER = ("import math\nfrom dataclasses import dataclass\nfrom typing import NamedTuple\n\nimport numpy as np\n")
SHAPES = ((2, 3), (2, 3), (3, 2), (3, 3), (1, 3), (2, 1))
SHARES = {"slices": 0.4, "whole": 0.4, "reductions": 0.25, "masks": 0.25, "fancy": 0.3, "views": 0.5, "matrices": 0.4,
          "integers": 0.3, "singles": 0.08, "complex": 0.06, "small": 0.12, "modulo": 0.04, "errors": 0.15,
          "control": 0.6, "calls": 0.35, "structures": 0.35, "comprehensions": 0.2, "growing": 0.05,
          "recursion": 0.05, "stencils": 0.2}
ARRIVING = {"finally": 0.08}  # drawn where asked: the compiler refuses it, the tape does not
LAYOUT_SHARES = {"layouts": 0.3, "parts": 0.35}  # the second of those with the first
PLACE_SHARES = {"moving": 0.1, "resizing": 0.05, "mixed": 0.06, "copies": 0.06, "narrow": 0.03}
PLACES = 33_465  # one of the drawings in which programs that notice planted faults (`faults`) stay what they are
IMPLIED = {"moving": "matrices", "mixed": "matrices", "narrow": "singles"}  # what a feature cannot do without
STRIDED_SHARE = 0.12  # of array arguments that are not contiguous
STATEMENTS = 7
BY_DIFFERENCES = {"complex", "modulo", "parts"}  # where complex step does not reach


@dataclass(frozen=True)
class FuzzProgram:
    """Source text of one program: `program_N` and `arguments_N`, with what they need.

    `oracle` differentiates it: "complex" (complex step) or "difference"."""

    number: int
    source: str
    oracle: str = "complex"
    features: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """A file of its own."""
        return HEADER + "\n\n" + self.source


def classes(number: int) -> list[str]:
    """The structures a program may use."""
    return [
        f"@dataclass\nclass State_{number}:\n    value: float\n    cells: np.ndarray",
        f"class Pair_{number}(NamedTuple):\n    value: float\n    cells: np.ndarray",
        f"class Body_{number}:\n"
        "    def __init__(self, value, cells):\n        self.value, self.cells, self.count = value, cells, 0\n\n"
        "    def step(self, t, scale=0.5):\n        self.value += scale * math.sin(t)\n"
        "        self.cells[0] *= math.cos(self.value)\n        self.count += 1\n        return self\n\n"
        "    @property\n    def energy(self):\n        return 0.5 * self.value ** 2 + np.sum(self.cells)\n\n"
        "    def __call__(self, t):\n        return self.value * t\n\n"
        f"    def __mul__(self, t):\n        return Body_{number}(self.value * t, self.cells)"]


def recursive(number: int) -> list[str]:
    """Functions that call themselves."""
    return [
        f"def halves_{number}(t, n):\n    if n <= 0:\n        return t\n"
        f"    return math.sin(halves_{number}(0.5 * t, n - 1)) + 0.1 * n",
        f"def tree_{number}(t, n):\n    if n <= 0 or t > 1.5:\n        return math.cos(t)\n"
        f"    return tree_{number}(t * 0.7, n - 1) * tree_{number}(t + 0.2, n - 2)",
        f"def writes_{number}(cells, n):\n    if n <= 0:\n        return cells[0]\n"
        f"    cells[1] = 0.5 * math.sin(cells[0]) + cells[1] * n\n    cells[0] *= 0.7\n"
        f"    return writes_{number}(cells, n - 1) + cells[1]"]


def helper_source(random: Random, number: int, name: str, features: frozenset[str],
                  helpers: dict[str, bool]) -> tuple[str, bool]:
    """A helper of one array (of which two elements are sure) and one scalar; it may write into the array."""
    writer = Writer(random, number, features - {"structures", "matrices", "layouts", "mixed", "narrow"}, helpers)
    writer.budget = random.randint(1, 3)
    scope = Scope(random, ["t"], ["t"], {"cells": Vector(None)})
    writer.statements = [pair for pair in writer.statements if pair[1] != writer.counted_loop]
    while writer.budget > 0:
        writer.statement(scope)
    head, tail = random.choice((("cells, t", ""), ("cells, t=0.4, *more, scale=0.5", "scale"),
                                ("cells, t=0.4, *more, scale=0.5", "scale")))
    if tail:
        writer.put(f"for one in more:\n    t += {tail} * math.sin(one)")
        scope.add_scalar(tail)
    writer.put(f"return {scope.scalar(1)}" + (f" * {tail} + t" if tail else ""))
    return "\n".join([f"def {name}({head}):", *writer.lines]), bool(tail)


def numbers(random: Random, shape: tuple[int, ...]) -> str:
    """A nested list of short decimal numbers; now and then two are equal."""
    if not shape:
        return repr(random.choice((0.5, 1.0, -0.5)) if random.random() < 0.03 else round(random.uniform(-1.6, 1.6), 3))
    return "[" + ", ".join(numbers(random, shape[1:]) for _ in range(shape[0])) + "]"


class Signature:
    """Parameters with the arguments to pass, and what they put into the scope."""

    def __init__(self, random: Random, number: int, features: frozenset[str]) -> None:
        self.random, self.number = random, number
        self.names: list[str] = []
        self.values: list[str] = []
        self.scope = Scope(random)
        length = random.randint(2, 5)
        self.number_argument("x")
        self.vector("a", length)
        if random.random() < 0.4:
            self.number_argument("y")
        if random.random() < 0.4:
            self.vector("b", length if random.random() < 0.7 else random.randint(2, 5))
        if "matrices" in features:
            self.matrix("m")
        if "structures" in features:
            self.structure("p")
        if "singles" in features:
            self.vector("f", length, "f")
        if "small" in features:
            self.small("z", random.randint(0, 1))
        if "fancy" in features and random.random() < 0.5:
            self.indices("ix", length)
        self.integer("k")
        if "layouts" in features:
            self.box("h")

    def argument(self, name: str, value: str) -> None:
        self.names.append(name)
        self.values.append(value)

    def number_argument(self, name: str) -> None:
        self.argument(name, numbers(self.random, ()))
        self.scope.add_scalar(name)

    def integer(self, name: str) -> None:
        self.argument(name, str(self.random.randint(0, 4)))
        self.scope.integers.append(name)
        self.scope.integer_targets.append(name)

    def vector(self, name: str, length: int, kind: str = "d") -> None:
        dtype = ", dtype=np.float32" if kind == "f" else ""
        made = f"np.array({numbers(self.random, (length,))}{dtype})"
        self.argument(name, self.random.choice((f"np.repeat({made}, 2)[::2]", f"{made}[::-1]",
        f"np.stack(({made}, {made}))[1]"))
                      if self.random.random() < STRIDED_SHARE else made)
        self.scope.arrays[name] = Vector(length, kind)

    def small(self, name: str, length: int) -> None:
        self.argument(name, f"np.array({numbers(self.random, (length,))})" if length else "np.zeros(0)")
        self.scope.small[name] = length

    def matrix(self, name: str) -> None:
        shape = self.random.choice(SHAPES)
        made = f"np.array({numbers(self.random, shape)})"
        self.argument(name, f"np.asfortranarray({made})" if self.random.random() < STRIDED_SHARE else made)
        self.scope.matrices[name] = shape

    def box(self, name: str) -> None:
        shape, text = argument(self.random, numbers)
        self.argument(name, text)
        self.scope.boxes[name] = Box(shape)

    def indices(self, name: str, length: int) -> None:
        values = [self.random.randrange(-length, length) for _ in range(self.random.randint(1, 4))]
        self.argument(name, f"np.array({values})")
        self.scope.indices[name] = (len(values), length)

    def structure(self, name: str) -> None:
        length = self.random.randint(2, 3)
        value, cells = numbers(self.random, ()), f"np.array({numbers(self.random, (length,))})"
        made, first, second, assignable = self.random.choice((
            (f"State_{self.number}({value}, {cells})", ".value", ".cells", True),
            (f"State_{self.number}({value}, {cells})", ".value", ".cells", True),
            (f"Pair_{self.number}({value}, {cells})", ".value", ".cells", False),
            (f"{{'value': {value}, 'cells': {cells}}}", "['value']", "['cells']", True),
            (f"[{value}, {cells}]", "[0]", "[1]", True), (f"({value}, [{cells}])", "[0]", "[1][0]", False)))
        self.argument(name, made)
        self.scope.add_scalar(name + first, assignable=assignable)
        self.scope.arrays[name + second] = Vector(length)
        if not assignable:
            self.scope.fixed.append(name + second)


def draw_features(seed: int, random: Random, arriving: bool) -> frozenset[str]:
    """What of the language a program uses. Layouts and places are drawn apart: other programs stay what they are."""
    shares = {**SHARES, **ARRIVING} if arriving else SHARES
    found = {name for name, share in shares.items() if random.random() < share}
    apart = Random(f"layouts {seed}")
    for name, share in LAYOUT_SHARES.items():
        if apart.random() >= share:
            break
        found.add(name)
    apart = Random(f"places {seed} {PLACES}")
    return frozenset(found | {name for name, share in PLACE_SHARES.items() if apart.random() < share})


def result(random: Random, scope: Scope) -> str:
    """The value: a mixture of what there is at the end, so that most of it matters."""
    arrays = random.sample(list(scope.arrays), min(len(scope.arrays), 3))
    parts = [random.choice(scope.scalars), random.choice(scope.scalars), *(f"np.sum({name}) * {scope.constant()}"
                                                                           for name in arrays[:2])]
    if len(arrays) > 2 and scope.arrays[arrays[2]].length is not None:
        parts.append(f"np.dot({arrays[2]}, {arrays[2]}[::-1]) * 0.3")
    parts += [f"0.5 * np.sum({name} * {scope.squashed()})" for name in list(scope.matrices)[-2:]]
    parts += [f"np.sum({name}) * 0.7" for name in list(scope.small)[:1]]
    parts += [f"np.sum(np.abs({name}) ** 2) * 0.2" for name in list(scope.waves)[-1:]]
    parts += [f"({name} * (0.3 - 0.4j)).real" for name in scope.complexes[-1:]]
    parts += [f"0.01 * {name}" for name in scope.integers[-1:]]
    parts += [weighed(name, scope.boxes[name].shape, scope.boxes[name].kind)
              for name in random.sample(list(scope.boxes), min(len(scope.boxes), 3))]
    text = " + ".join(parts)
    return f"float({text})" if scope.mixed and random.random() < 0.5 else text


def generate(seed: int, number: int = 0, *, arriving: bool = False, statements: int = STATEMENTS,
             needed: frozenset[str] = frozenset()) -> FuzzProgram:
    """The program of this seed, of at most so many statements (and some in blocks). `arriving`: features too that the
    compiler does not take everywhere; `needed`: features that every program has."""
    random = Random(seed)
    features = draw_features(seed, random, arriving) | needed
    features |= {IMPLIED[name] for name in features if name in IMPLIED}
    helpers: dict[str, bool] = {}
    parts = classes(number) if "structures" in features else []
    parts += recursive(number) if "recursion" in features else []
    for i in range(random.randint(1, 2) if "calls" in features else 0):
        text, flexible = helper_source(random, number, f"helper_{number}_{i}", features, dict(helpers))
        parts.append(text)
        helpers[f"helper_{number}_{i}"] = flexible
    writer = Writer(random, number, features, helpers)
    writer.budget = random.randint(2, statements)
    signature = Signature(random, number, features)
    scope = signature.scope
    if "layouts" in features:
        writer.layouts.opening(scope)
    writer.program(scope)
    if "layouts" in features:
        parts.append(f"@dataclass\nclass Views_{number}:\n    first: np.ndarray\n    second: np.ndarray")
    parts += writer.functions
    value = result(random, scope)
    ending, sums = closing(seed, scope)
    body = "\n".join([f"def program_{number}({', '.join(signature.names)}):", *writer.lines, *ending,
                      f"    return {value}{sums}"])
    parts += [body, f"def arguments_{number}():\n    return ({', '.join(signature.values)})"]
    oracle = "difference" if features & BY_DIFFERENCES else "complex"
    return FuzzProgram(number, "\n\n\n".join(parts) + "\n", oracle, features)
