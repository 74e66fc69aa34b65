"""Random kernels, and whether two of their threads meet, found by running all threads with every access noted."""
from __future__ import annotations

import ast
import random
from types import SimpleNamespace
from typing import Any

SIZE, THREADS = 200, 4


def written(seed: int, count: int) -> str:
    """The text of a module with some kernels."""
    r = random.Random(seed)
    parts = ["from numba import cuda, float64", "", "T = 4", ""]
    for k in range(count):
        parts += _kernel(r, k)
    return "\n".join([*parts, f"ALL = [{', '.join(f'k{k}' for k in range(count))}]", ""])


def _kernel(r: random.Random, number: int) -> list[str]:
    array = r.choice(["s", "out"])
    lines = ["@cuda.jit", f"def k{number}(x, out, n):"]
    if array == "s":
        lines.append(f"    s = cuda.shared.array({SIZE}, float64)")
    lines += ["    t = cuda.threadIdx.x", "    b = cuda.blockIdx.x", "    i = cuda.grid(1)", "    h = 2"]
    if array == "s" and r.random() < 0.6:
        lines += ["    s[t] = x[t]", "    cuda.syncthreads()"]
    for j in range(r.randint(1, 3)):
        indent = "    "
        if r.random() < 0.6:
            lines.append(f"{indent}if {_condition(r)}:")
            indent += "    "
        if r.random() < 0.25:
            step = r.choice(["T", "1", "2", "cuda.gridsize(1)"])
            lines.append(f"{indent}for h in range({r.choice('ti01')}, {r.choice('n8')}, {step}):")
            indent += "    "
        way = r.random()
        place = f"({_integer(r)})"
        if way < 0.6:
            lines.append(f"{indent}{array}[{place}] = x[0] + {j}.0")
        elif way < 0.8:
            lines.append(f"{indent}cuda.atomic.add({array}, {place}, 1.0)")
        else:
            lines.append(f"{indent}out[{'i' if array == 's' else f'{SIZE - 1} - i'}] = {array}[{place}]")
        if array == "s" and r.random() < 0.3:
            lines.append("    cuda.syncthreads()")
    return [*lines, "", ""]


def _integer(r: random.Random, depth: int = 0) -> str:
    way = r.random()
    if depth > 2 or way < 0.35:
        return r.choice(["i", "t", "b", "n", "1", "2", "3", "h"])
    first = _integer(r, depth + 1)
    if way < 0.7:
        return f"({first} {'+' if way < 0.6 else '-'} {_integer(r, depth + 1)})"
    if way < 0.94:
        op, numbers = ("*", "23nT") if way < 0.8 else ("//", "234") if way < 0.87 else ("%", "248")
        return f"({first} {op} {r.choice(numbers)})"
    return f"min({first}, {_integer(r, depth + 1)})"


def _condition(r: random.Random) -> str:
    text = f"{_integer(r, 1)} {r.choice(['<', '<=', '==', '!=', '>', '>='])} {_integer(r, 1)}"
    if r.random() < 0.3:
        text += f" {r.choice(['and', 'or'])} {_integer(r, 1)} {r.choice(['<', '=='])} {_integer(r, 1)}"
    return text


# ---------------------------------------------------------------------- running all threads
class Meeting(Exception):
    """Two threads are at one element."""


class Noted:
    """An array that notes who touches it."""

    def __init__(self, run: Run, shared: bool) -> None:
        self.run = run
        self.shared = shared
        self.log: dict[Any, list[tuple[int, int, int, str]]] = {}

    def note(self, index: int, kind: str) -> None:
        if not -SIZE <= index < SIZE:
            raise IndexError
        now = self.run
        key = (index % SIZE, now.block if self.shared else None)
        for block, thread, phase, other in self.log.setdefault(key, []):
            apart = (block, thread) == (now.block, now.thread) or (block == now.block and phase != now.phase)
            if not apart and not (kind == other and kind in ("read", "add")):
                raise Meeting
        self.log[key].append((now.block, now.thread, now.phase, kind))

    def __getitem__(self, index: int) -> float:
        self.note(index, "read")
        return 0.5

    def __setitem__(self, index: int, value: float) -> None:
        self.note(index, "write")


class Run:
    """A launch."""

    def __init__(self) -> None:
        self.block = self.thread = self.phase = 0
        self.shared = Noted(self, True)

    def meets(self, text: str, n: int, blocks: int) -> bool | None:
        """Whether two threads of the kernel in a text meet; None where an index is out of bounds."""
        (node,) = ast.parse(text).body
        assert isinstance(node, ast.FunctionDef)
        node.decorator_list = []
        run = self

        def wait() -> None:
            run.phase += 1
        names: dict[str, Any] = {"T": THREADS, "float64": None}
        exec(compile(ast.Module([node], []), "<kernel>", "exec"), names)
        x, out = Noted(self, False), Noted(self, False)
        try:
            for self.block in range(blocks):
                for self.thread in range(THREADS):
                    self.phase = 0
                    names["cuda"] = SimpleNamespace(
                        shared=SimpleNamespace(array=lambda size, kind: run.shared), syncthreads=wait,
                        atomic=SimpleNamespace(add=lambda array, index, value: array.note(index, "add")),
                        grid=lambda _: run.block * THREADS + run.thread, gridsize=lambda _: THREADS * blocks,
                        threadIdx=SimpleNamespace(x=self.thread), blockIdx=SimpleNamespace(x=self.block))
                    names[node.name](x, out, n)
        except Meeting:
            return True
        except (IndexError, ZeroDivisionError):
            return None
        return False
