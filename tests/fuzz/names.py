"""Random programs about names: lists, dicts, objects and arrays that are bound, shared, put into one another and
written in the arms of run-time conditions and in the turns of loops, where it counts which names hold one thing.

`python -m tests.fuzz.names --programs 1000 [--seed S] [--unrolled]` compares values and gradients with plain Python's
values and differences of them; what is refused is right. Emitted programs run as Python. One summary line.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import random
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import workbench as wb
from tests.fuzz.emitted import in_python
from workbench.frontend import unrolling

PREAMBLE = '''import numpy as np


class Thing:
    def __init__(self, u, v):
        self.u, self.v = u, v


class Other(Thing):
    pass
'''
WEIGHTS = (1.0, 2.0, 3.0, 5.0, 7.0, 11.0, 13.0)


@dataclass
class Writer:
    """Writes one program. kinds: what its names hold."""

    draw: random.Random
    kinds: dict[str, str] = field(default_factory=dict)
    loops: int = 0

    def number(self, depth: int = 2) -> str:
        """An expression that is a number."""
        chance = self.draw.random() * (1.0 if depth > 0 else 0.45)
        if chance < 0.3:
            return f"x[{self.draw.randrange(3)}]"
        if chance < 0.45:
            return str(self.draw.choice([0.5, 2.0, 1.5]))
        if self.kinds and chance < 0.85:
            return self.entry(self.draw.choice(list(self.kinds)))
        return f"({self.number(depth - 1)} {self.draw.choice('+*-')} {self.number(depth - 1)})"

    def entry(self, name: str) -> str:
        """A number in what a name holds."""
        k = self.draw.randrange(2)
        return {"list": f"{name}[{k}]", "array": f"{name}[{k}]", "dict": f"{name}['{'uv'[k]}']",
                "object": f"{name}.{'uv'[k]}", "objects": f"{name}[{k}].{self.draw.choice('uv')}"}[self.kinds[name]]

    def of_kind(self, kind: str) -> list[str]:
        """The names that hold such a thing."""
        return [name for name, held in self.kinds.items() if held == kind]

    def one(self) -> str:
        """An object: a name's, or another one."""
        names = self.of_kind("object")
        if names and self.draw.random() < 0.6:
            return self.draw.choice(names)
        return f"{self.draw.choice(['Thing', 'Thing', 'Other'])}({self.number()}, {self.number()})"

    def made(self, kind: str) -> str:
        """A new thing."""
        a, b = self.number(), self.number()
        return {"list": f"[{a}, {b}]", "array": f"np.array([{a}, {b}])", "dict": f"{{'u': {a}, 'v': {b}}}",
                "object": f"Thing({a}, {b})", "objects": f"[{self.one()}, {self.one()}]"}[kind]

    def write(self, name: str) -> str:
        """A number written to what a name holds."""
        return f"{self.entry(name)} {self.draw.choice(['=', '+=', '*='])} {self.number()}"

    def statement(self, depth: int, indent: int) -> list[str]:
        """One statement."""
        margin, chance, name = "    " * indent, self.draw.random(), self.draw.choice(list(self.kinds))
        kind = self.kinds[name]
        if chance < 0.2:
            return [f"{margin}{name} = {self.made(kind)}"]
        if chance < 0.4:
            if kind == "object" and self.of_kind("objects") and self.draw.random() < 0.4:
                return [f"{margin}{name} = {self.draw.choice(self.of_kind('objects'))}[{self.draw.randrange(2)}]"]
            return [f"{margin}{name} = {self.draw.choice(self.of_kind(kind))}"]
        if chance < 0.65 or depth <= 0:
            if kind == "objects" and self.draw.random() < 0.5:
                return [f"{margin}{name}[{self.draw.randrange(2)}] = {self.one()}"]
            return [margin + self.write(name)]
        if chance < 0.8:
            lines = self.region(indent, lambda: self.pair(name, indent + 1), self.draw.random() < 0.65, True)
            return [*lines, margin + self.write(name)]
        return self.region(indent, lambda: [line for _ in range(self.draw.randint(1, 3))
                                            for line in self.statement(depth - 1, indent + 1)],
                           self.draw.random() < 0.6, self.draw.random() < 0.7)

    def region(self, indent: int, body: Any, is_branch: bool, two_arms: bool) -> list[str]:
        """A condition or a loop."""
        margin = "    " * indent
        if not is_branch:
            self.loops += 1
            return [f"{margin}for i{self.loops} in range(len(x)):", *body()]
        lines = [f"{margin}if {self.number()} > {self.number()}:", *body()]
        return [*lines, f"{margin}else:", *body()] if two_arms else lines

    def pair(self, name: str, indent: int) -> list[str]:
        """Two names bound, to one thing mostly; perhaps a third thing that holds it."""
        margin, kind = "    " * indent, self.kinds[name]
        other = self.draw.choice(self.of_kind(kind))
        lines = [f"{margin}{name} = {self.made(kind)}",
                 f"{margin}{other} = {name if self.draw.random() < 0.8 else self.made(kind)}"]
        if kind == "object" and self.of_kind("objects") and self.draw.random() < 0.6:
            lines.append(f"{margin}{self.draw.choice(self.of_kind('objects'))} = [{name}, {other}]")
        return lines

    def program(self, title: str) -> str:
        """A function of a vector of three."""
        lines = [f"def {title}(x):"]
        for position, name in enumerate("abcd"):
            kind = self.draw.choice(["list", "object", "object", "dict", "array", "objects"]) if position else "object"
            lines.append(f"    {name} = {self.made(kind)}")
            self.kinds[name] = kind
        for name in "efg"[:self.draw.randint(0, 2)]:
            source = self.draw.choice(list(self.kinds))
            lines.append(f"    {name} = {source}")
            self.kinds[name] = self.kinds[source]
        for _ in range(self.draw.randint(3, 7)):
            lines += self.statement(2, 1)
        total = " + ".join(f"{weight} * {self.entry(name)}" for weight, name in zip(WEIGHTS, self.kinds, strict=False))
        return "\n".join([*lines, f"    return {total}", ""])


def programs(seed: int, count: int, folder: Path) -> list[Any]:
    """So many functions, of a file: their source is to be had."""
    path = folder / f"names_{seed}.py"
    texts = [Writer(random.Random(f"{seed}.{k}")).program(f"program_{k}") for k in range(count)]
    path.write_text("\n\n".join([PREAMBLE, *texts]), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return [getattr(module, f"program_{k}") for k in range(count)]


def differences(f: Any, x: Any, step: float) -> Any:
    """Central differences."""
    return np.array([(f(x + move) - f(x - move)) / (2.0 * step) for move in step * np.eye(len(x))])


def disagreement(f: Any, x: Any) -> str:
    """What is wrong with a program's value or gradient; empty where nothing is. Raises DifferentiationError where it is
    refused."""
    value, slope = wb.value_and_grad(f, engine="numba")(x.copy())
    wanted = float(f(x.copy()))
    if not np.isfinite(wanted) or abs(wanted) > 1e6:
        return ""
    if abs(value - wanted) > 1e-9 * (1.0 + abs(wanted)):
        return f"value {value}, Python's {wanted}"
    near, nearer = differences(f, x, 1e-6), differences(f, x, 1e-7)
    bends = [f(x + move) + f(x - move) - 2.0 * wanted for move in 1e-6 * np.eye(len(x))]
    jump = np.max(np.abs(bends)) > 1e-7 * (1.0 + abs(wanted))  # (a condition that rounding decides at this point)
    kink = jump or not np.allclose(near, nearer, rtol=1e-4, atol=1e-4)
    return "" if kink or np.allclose(slope, near, rtol=1e-4, atol=1e-4) else f"gradient {slope}, differences {near}"


def check(seed: int, count: int, unrolled: bool = False) -> tuple[list[str], int]:
    """What disagrees, and how many programs were refused."""
    found, refused = [], 0
    loops = contextlib.nullcontext() if unrolled else mock.patch.object(unrolling, "ATTEMPTS", ({},))
    with tempfile.TemporaryDirectory() as folder, in_python(), loops, np.errstate(all="ignore"):
        for k, f in enumerate(programs(seed, count, Path(folder))):
            draw = np.random.default_rng([seed, k])
            try:
                wrong = disagreement(f, draw.uniform(-1.2, 1.2, 3)) or disagreement(f, draw.uniform(-1.2, 1.2, 3))
            except wb.DifferentiationError:
                refused += 1
                continue
            if wrong:
                found.append(f"seed {seed}, program_{k}: {wrong}")
    return found, refused


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--unrolled", action="store_true", help="unroll short loops, as programs are compiled")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(10**9) if given.seed is None else given.seed
    found, refused = check(seed, given.programs, given.unrolled)
    print(*found, f"names: seed {seed}: {given.programs} programs, {refused} refused, {len(found)} disagree", sep="\n")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
