"""Random programs in which names stand for rows, columns and windows of arrays, another one in each turn of a loop, and
are written through: values, effects on everything that the caller can see, and slopes are those of plain Python.

`python -m tests.programs.test_random_places SEED COUNT` looks at more of them.
"""
from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from tests.fuzz.emitted import in_python
from tests.programs import test_random_rebinding as rebinding
from tests.programs.random_session import Holder, Sort
from workbench.frontend import unrolling

WEIGHTS = "W = np.array([1.0, 2.0, 3.0])\nZ = np.arange(1.0, 10.0).reshape(3, 3)\n\n\n"
NAMES = ("u", "v", "w")
PLACES = ("M[{i}]", "M[{i}]", "N[{i}]", "M[:, {i}]", "g[{w}:{w} + 3]", "M[{i}][::-1]", "B[{i}, 1]", "B[1, :, {i}]",
          "N[{i}, :]", "M.reshape(9)[{w}:{w} + 3]", "a")
WRITES = (
    "{n}[{i}] = {e}", "{n}[{i}] += {e}", "{n} *= 0.9", "{n}[:] = np.tanh({m})", "{n}[1:] = {m}[:-1] * 0.5",
    "{n} += {m} * 0.3", "M[{i}, {j}] = {e}", "N[{i}] = np.sin({n})", "g[{i} + 1] *= {e}", "B[{i}] += 0.1 * {n}",
    "{n}[:] = {p}", "q.cells[{i}] = {e}", "l[0][{i}] = {e}", "np.add({n}, {m}, out={n})", "p = (p + 1) % 3",
    "p = (p + 2) % 3")
BINDINGS = (
    "{n} = {p}", "{n} = {p}", "{n} = {p}", "{n} = {m}", "{n}, {m} = {m}, {n}", "{n} = np.tanh({m})", "{n} = {p} * x",
    "{n} = {p} if x > {t} else {m}", "{n} = {p} if x > {t} else {r}", "q.cells = {p}", "{n} = q.cells", "l[0] = {p}",
    "{n} = l[0]", "s = ({p}, {m})", "{n}, {m} = s", "{n} = s[0]", "M, N = N, M", "{n}, {m} = {p}, {n}")
INDICES = ("0", "1", "2", "-1", "p", "p", "i % 3", "i % 3", "(i + 1) % 3", "-1 - p")
RESULTS = ("x", "np.dot(u, W)", "np.dot(v, W)", "np.dot(w, W) * x", "np.sum(M * Z)", "np.sum(N * Z) * 0.5",
           "np.dot(q.cells, W)", "np.dot(l[0], W)", "np.dot(s[0], W)", "np.sum(B[0] * Z)", "g[2] * x")


class Writer(rebinding.Writer):
    """Draws one program."""

    def statement(self) -> str:
        n, m, _ = self.rng.permutation(NAMES)

        def fill(form: str) -> str:
            window = next(index for index in iter(self.index, None) if "-" not in index)
            return str(form).replace("{i}", self.index()).replace("{j}", self.index()).replace("{w}", window)
        number = fill(str(self.pick(("x", "0.5", "{m}[0] * x", "{m}[2]", "np.sum({m}) * 0.1"))).replace("{m}", m))
        form = self.pick(WRITES if self.rng.random() < 0.4 else BINDINGS)
        form = form.replace("{n}", n).replace("{m}", m).replace("{e}", number)
        form = form.replace("{t}", self.pick(("0.2", "0.9", "-1.0")))
        for hole in ("{p}", "{r}"):
            form = form.replace(hole, fill(self.pick(PLACES)))
        return fill(form)

    def index(self) -> str:
        chosen = str(self.pick(INDICES))
        if "i" in chosen:
            chosen = chosen.replace("i", f"i{self.loops}") if self.loops in self.open else "p"
        return chosen if len(chosen) < 3 else f"({chosen})"

    def program(self, name: str) -> str:
        self.open: set[int] = set()
        first = [f"{n} = {self.pick(('M[0]', 'N[1]', 'M[:, 0]', 'a', 'g[:3]', 'M[-1]'))}" for n in NAMES]
        lines = [*first, "s = (M[0], u)", "p = 0", *self.block(0, int(self.rng.integers(3, 6)))]
        result = " + ".join(r for r in RESULTS if self.rng.random() < 0.4) or "x"
        return f"def {name}(x, a, M, N, B, g, q, l, k):\n    " + "\n    ".join([*lines, f"return {result}"]) + "\n"

    def block(self, depth: int, length: int) -> Any:
        for _ in range(length):
            if depth > 1 or self.rng.random() > 0.45:
                yield self.statement()
                continue
            kind = self.pick(("for", "for", "while", "if"))
            self.loops += kind != "if"
            mine = self.loops
            if kind == "for":
                self.open.add(mine)
                yield f"for i{mine} in range({self.pick(('2', '3', 'k', 'k', 'k - 1'))}):"
            elif kind == "while":
                yield from (f"n{mine} = k", f"while n{mine} > 0:", f"    n{mine} -= 1")
            else:
                yield self.pick(("if x > 0.2:", "if M[1, 0] > 0.3:", "if k > 1:", "if u[0] > 0.1:"))
            body = list(self.block(depth + 1, int(self.rng.integers(1, 4))))
            if kind == "for" and self.rng.random() < 0.2:
                body.append(f"if {self.pick(NAMES)}[0] > 0.8:\n" + "        " + "break")
            if kind != "if":
                self.open.discard(mine)
            yield from ("    " + line.replace("\n", "\n    ") for line in body)
            if kind == "if" and self.rng.random() < 0.5:
                yield "else:"
                yield from ("    " + line.replace("\n", "\n    ") for line in self.block(depth + 1, 1))


def arguments(rng: np.random.Generator) -> list[Any]:
    """Arguments, some of which are views of one another."""
    def fresh(*shape: int) -> np.ndarray:
        return np.round(rng.normal(size=shape), 2)
    x, a, m = float(np.round(rng.normal(), 2)), fresh(3), fresh(3, 3)
    return [x, a, m, fresh(3, 3), fresh(3, 3, 3), fresh(6), Holder(fresh(3)), [fresh(3)], int(rng.integers(0, 4))]


def arrays(args: list[Any]) -> list[np.ndarray]:
    """All that the caller can see."""
    return [*args[1:6], args[6].cells, args[7][0]]


@contextmanager
def as_loops() -> Iterator[None]:
    """Loops stay loops: none is unrolled where a program would be refused."""
    with in_python(), mock.patch.object(unrolling, "ATTEMPTS", ({},)):
        yield


SORT = Sort(WEIGHTS, Writer, arguments, arrays, 8, as_loops)


def test_names_that_move_over_arrays(tmp_path: Path) -> None:
    verdicts, wrong = SORT.session(7000, 20, tmp_path)
    assert not wrong, "\n".join(wrong)
    assert verdicts["agrees"] > 12, verdicts


if __name__ == "__main__":
    sys.exit(SORT.main())
