"""Random programs of writes, names bound anew, views, swaps and containers, in loops and branches: values, effects on
everything that the caller can see, and slopes are those of plain Python.

`python -m tests.programs.test_random_rebinding SEED COUNT` looks at more of them.
"""
from __future__ import annotations

import copy
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import workbench as wb
from tests.frontend.library.test_random_orders import loaded
from tests.fuzz.emitted import in_python

NAMES = ("a", "b", "c", "u", "v")
WRITES = (
    "{n}[{i}] = {e}", "{n}[{i}] += {e}", "{n} *= 0.9", "{n}[:] = np.tanh({m})", "{n}[1:] = {m}[:-1] * 0.5",
    "{n} += {m}", "q.cells[{i}] = {e}", "l[0][{i}] += {e}")
BINDINGS = (
    "{n} = {m}", "{n} = {m}.copy()", "{n} = np.tanh({m})", "{n} = {m}[::-1]", "{n} = {m} * x", "{n}, {m} = {m}, {n}",
    "{n}, {m} = {m}, np.sin({n})", "{n} = {m}.reshape(3)", "q.cells = {m}", "{n} = q.cells", "q.cells = np.tanh({m})",
    "l[0] = {m}", "{n} = l[0]", "l[0], {n} = {n}, l[0]", "{n} = np.ascontiguousarray({m})",
    "{n}, {m}, {o} = {m}, {o}, {n}", "{n} = {m} if x > {t} else {o}")
NUMBERS = ("x", "0.5", "{m}[0] * x", "{m}[2]", "np.sum({m}) * 0.1", "x * 0.3")
RESULTS = ("x", "np.dot(a, W)", "np.dot(b, W) * 0.5", "np.dot(c, c)", "np.dot(u, W) * x", "np.dot(v, W)",
           "np.dot(q.cells, W)", "l[0][1]")


class Holder:
    """An object with an array."""

    def __init__(self, cells: np.ndarray) -> None:
        self.cells = cells


class Writer:
    """Draws one program."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.loops = 0

    def pick(self, items: Any) -> Any:
        return items[self.rng.integers(len(items))]

    def statement(self) -> str:
        n, m, o = self.rng.permutation(NAMES)[:3]
        number = self.pick(NUMBERS).format(m=self.pick(NAMES))
        form = self.pick(WRITES if self.rng.random() < 0.45 else BINDINGS)
        return str(form.format(n=n, m=m, o=o, i=self.rng.integers(3), e=number, t=self.pick(("0.2", "0.9", "-1.0"))))

    def block(self, depth: int, length: int) -> Iterator[str]:
        for _ in range(length):
            if depth > 1 or self.rng.random() > 0.4:
                yield self.statement()
                continue
            body = [f"    {line}" for line in self.block(depth + 1, int(self.rng.integers(1, 4)))]
            self.loops += 1
            kind = self.pick(("for", "for", "while", "if", "if"))
            if kind == "for":
                yield f"for i{self.loops} in range({self.pick(('2', '3', 'k', 'k', 'k - 1'))}):"
                if self.rng.random() < 0.2:
                    body += [f"    if {self.pick(NAMES)}[0] > 0.8:", "        break"]
            elif kind == "while":
                yield from (f"n{self.loops} = k", f"while n{self.loops} > 0:", f"    n{self.loops} -= 1")
            else:
                tests = ("if x > 0.2:", "if {m}[1] > 0.3:", "if k > 1:", "if x > 0.9:")
                yield self.pick(tests).format(m=self.pick(NAMES))
                if self.rng.random() < 0.5:
                    body += ["else:", *(f"    {line}" for line in self.block(depth + 1, int(self.rng.integers(1, 3))))]
            yield from body

    def program(self, name: str) -> str:
        first = (self.pick(("u = a", "u = np.sin(a)", "u = a[::-1]", "u = q.cells")),
                 self.pick(("v = b * 1.0", "v = b", "v = l[0]", "v = c[:]")))
        lines = [*first, *self.block(0, int(self.rng.integers(3, 7)))]
        result = " + ".join(r for r in RESULTS if self.rng.random() < 0.4) or "x"
        return f"def {name}(x, a, b, c, q, l, k):\n    " + "\n    ".join([*lines, f"return {result}"]) + "\n"


def arguments(rng: np.random.Generator) -> list[Any]:
    """Arguments, some of which are one array."""
    def fresh() -> np.ndarray:
        return np.round(rng.normal(size=3), 2)
    x, a, b, c = float(np.round(rng.normal(), 2)), fresh(), fresh(), fresh()
    b = a if rng.random() < 0.15 else b
    holder, items = Holder(a if rng.random() < 0.3 else fresh()), [b if rng.random() < 0.3 else fresh()]
    return [x, a, b, c, holder, items, int(rng.integers(0, 4))]


def arrays(args: list[Any]) -> list[np.ndarray]:
    """All that the caller can see."""
    return [*args[1:4], args[4].cells, args[5][0]]


def slope_is_off(function: Any, args: list[Any], gradient: Any, seed: int) -> str:
    """What is wrong with the slope along a random direction; "" where nothing is, or arguments are one array."""
    if len({id(array) for array in arrays(args)}) < 5:
        return ""
    rng = np.random.default_rng(seed)
    along, steps = float(rng.normal()), [rng.normal(size=3) for _ in range(5)]

    def moved(h: float) -> float:
        there = copy.deepcopy(args)
        there[0] += h * along
        for array, step in zip(arrays(there), steps, strict=True):
            array += h * step
        return float(function(*there))
    slopes = [(8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h) for h in (1e-4, 1e-5)]
    holder = gradient[4].cells
    found = gradient[0] * along + sum(g @ step for g, step in zip(
        [*gradient[1:4], holder, gradient[5][0]], steps, strict=True))
    settled = abs(slopes[0] - slopes[1]) < 1e-5 * (1 + abs(slopes[0]))
    off = min(abs(found - slope) for slope in slopes) > 1e-5 * (1 + abs(found) + abs(slopes[0]))
    return f"slope {found}, differences {slopes}" if settled and off else ""


def verdict(function: Any, args: list[Any], seed: int) -> str:
    """"agrees", "refused", "wild" (numbers without sense), or what is wrong."""
    plain, ours = copy.deepcopy(args), copy.deepcopy(args)
    before, mine = arrays(plain), arrays(ours)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = function(*plain)
        if not abs(expected) < 1e5:
            return "wild"
        try:
            with in_python():
                found, gradient = wb.value_and_grad(function, tuple(range(6)), engine="numba")(*ours)
        except wb.DifferentiationError:
            return "refused"
        pairs = zip([*before, *arrays(plain), expected], [*mine, *arrays(ours), found], strict=True)
        if not all(np.allclose(p, m, rtol=1e-9, atol=1e-9) for p, m in pairs):
            return f"value {found}, effects {mine}, {arrays(ours)}; plain Python {expected}, {before}, {arrays(plain)}"
        return slope_is_off(function, args, gradient, seed) or "agrees"


def session(seed: int, count: int, folder: Path) -> tuple[Counter[str], list[str]]:
    """How many programs had which verdict, and the wrong ones."""
    writers = [Writer(np.random.default_rng(number)) for number in range(seed, seed + count)]
    sources = [writer.program(f"program_{k}") for k, writer in enumerate(writers)]
    module = loaded("W = np.array([1.0, 2.0, 3.0])\n\n\n" + "\n\n".join(sources), folder)
    verdicts: Counter[str] = Counter()
    wrong = []
    for k, writer in enumerate(writers):
        found = verdict(getattr(module, f"program_{k}"), arguments(writer.rng), seed + k)
        verdicts[found if found in ("agrees", "refused", "wild") else "wrong"] += 1
        if found not in ("agrees", "refused", "wild"):
            wrong.append(f"seed {seed + k}: {found}\n{sources[k]}")
    return verdicts, wrong


def test_what_the_caller_can_see_is_as_in_plain_python(tmp_path: Path) -> None:
    verdicts, wrong = session(5120, 40, tmp_path)  # (5145 was wrong once)
    assert not wrong, "\n".join(wrong)
    assert verdicts["agrees"] > 25


def main(first: int, count: int) -> int:
    """A long session in modules of a hundred programs; what is wrong is printed as it is found."""
    verdicts: Counter[str] = Counter()
    for seed in range(first, first + count, 100):
        with TemporaryDirectory() as place:
            some, wrong = session(seed, min(100, first + count - seed), Path(place))
        verdicts += some
        print(*wrong, f"{seed}: {dict(verdicts)}", sep="\n", flush=True)
    return 1 if verdicts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
