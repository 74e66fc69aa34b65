"""The panel runs nothing of the user's, and answers in time whatever a cell holds."""

from __future__ import annotations

import pathlib
import sys
import time
from typing import Any

import pytest
from workbench_jupyter.panel.session import PATIENCE, Session

from tests.extension.untouched_objects import TOUCHED, namespace

BODIES = [
    "asked.bad * x", "asked.foo * x", "asked * x", "slotted.v * x", "watched.foo * x", "disguised.foo * x",
    "Made.foo * x", "isinstance(x, Made) * x", "Made() * x", "made * x", "convertible.v * x", "np.sum(convertible) * x",
    "x if everything == 1 else x * x", "x if everything else x * x", "x * len(everything)", "sum(everything) * x",
    "x * everything", "everything + 2.0 + x", "x * float(everything)", "np.sin(everything) * x", "{everything: x}",
    "everything(x)", "[1.0, 2.0][everything] * x", "(everything in [1.0]) * x", "np.array([everything, 1.0]) * x",
    "f'{everything!r}'", "number * x", "table['b'] * x", "len(table) * x", "sum(v for v in table.values()) * x",
    "sum(row) * x", "x if text == 'b' else 2 * x", "described.d * x", "Described.d * x", "minding.y * x",
    "sum(generator) * x", "next(generator) * x", "sum(mapped) * x", "elementwise(2.0) * x", "elementwise(x)",
    "np.vectorize(noted)(x)", "partial() * x", "cached(2.0) * x", "sum(keyed.values()) * x", "objects[0] * x",
    "np.sum(objects) * x", "eval('noted()') * x", "exec('noted()')", "__import__('minding_file')", "input() * x",
    "(lambda: noted(1.0))() * x", "print(everything)", "getattr(asked, 'foo')", "hasattr(asked, 'foo') * x",
    "sorted([everything, everything])", "max(everything, everything)", "str(everything)", "type(everything)(x)",
]
STATEMENTS = [
    "import minding_file\n    return x", "from minding import y\n    return y * x",
    "for v in generator:\n        x = x * v\n    return x", "for v in everything:\n        x = x * v\n    return x",
    "class A:\n        noted()\n        v = noted(1.0)\n    return A.v * x",
    "class A(asked.bad):\n        v = 1.0\n    return A.v * x",
    "class A(metaclass=Made):\n        v = 1.0\n    return A.v * x",
    "class A:\n        v: noted(1) = 1.0\n    return A.v * x",
    "class A:\n        @noted\n        def v(self): return 1.0\n"
    "    return x", "import os\n    os.remove('keep.txt')\n    return x * x",
    "open('keep.txt', 'w').write('')\n    return x",
    "asked.w = 3.0\n    return x", "with everything:\n        x = x * x\n    return x", "del asked.w\n    return x",
    "a, b = everything\n    return a * x", "raise ValueError(f'{everything!r}')", "assert everything\n    return x",
]
ARGUMENTS = [
    "noted(1.0)", "asked.bad", "asked.foo", "watched.w", "watched", "disguised", "made", "convertible", "everything",
    "everything + 1.0", "np.sin(everything)", "len(everything)", "np.array([everything])", "np.zeros(everything)",
    "float(everything)", "[1.0][everything]", "np.zeros(3, dtype=everything)", "np.full(3, everything)",
    "np.zeros(3).reshape(everything)", "np.arange(everything)", "np.linspace(everything, everything, everything)",
    "np.random.rand(everything)", "number", "table", "row", "text", "keyed", "objects", "generator", "[everything]",
    "{everything: 1.0}", "(asked, 1.0)", "everything(1.0)", "Made()", "described.d", "minding.y", "10 ** 10 ** 10",
    "[0.0] * 10 ** 10", "*generator", "**table", "(lambda: noted(1.0))()", "[noted(1.0) for _ in 'ab']",
]
CELLS = {
    "statement": "import os; os.remove('keep.txt')\nnoted()\n{f}",
    "import": "import minding_file\n{f}",
    "decorator": "def deco(g):\n    noted()\n    return g\n@deco\n{f}",
    "decorator of a call": "@noted(3)\n{f}",
    "default": "def f(x, y=noted(1.0)):\n    return x * y\nf(2.0)",
    "annotations": "def f(x: noted(1), *, y: noted(2) = 1.0) -> noted(3):\n    return x * y\nf(2.0)",
    "class body": "class A:\n    noted()\n    z = noted(2)\ndef f(x):\n    return A.z * x\nf(2.0)",
    "class base": "class A(noted(object)):\n    pass\ndef f(x):\n    return A() and x\nf(2.0)",
    "class keyword": "class A(metaclass=noted(type)):\n    z = 1.0\ndef f(x):\n    return A.z * x\nf(2.0)",
    "class decorator": "@noted\nclass A:\n    z = 1.0\ndef f(x):\n    return A.z * x\nf(2.0)",
    "class annotation": "class A:\n    z: noted(2) = 1.0\ndef f(x):\n    return A.z * x\nf(2.0)",
    "method decorator": "class A:\n    @noted\n    def m(self): return 1.0\ndef f(x):\n    return A().m() * x\nf(2.0)",
    "constant": "c = noted(1.0)\ndef f(x):\n    return c * x\nf(2.0)",
    "with": "with open('keep.txt', 'w') as c:\n    noted()\n{f}",
    "loop": "while True:\n    noted()\n{f}",
    "magic": "%run minding_file.py\n!rm keep.txt\n{f}",
}
F = "def f(x):\n    return x * x\nf(2.0)"


class Cell:
    """A folder with a file to keep, and a session about a notebook whose objects mind being touched."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        (folder / "keep.txt").write_text("kept")
        (folder / "minding_file.py").write_text("open('ran.txt', 'w').write('')\n")
        names = namespace()
        self.session = Session(lambda: dict(names))

    def analyse(self, source: str, line: int = 1) -> dict[str, Any]:
        """The answer; nothing has run."""
        begin = time.monotonic()
        found: dict[str, Any] = self.session.answer({"what": "analyse", "cell": {
            "id": "a", "source": source, "line": line}, "others": []})
        assert time.monotonic() - begin < 3 * PATIENCE
        assert TOUCHED == [], source
        assert (self.folder / "keep.txt").read_text() == "kept", source
        assert not (self.folder / "ran.txt").exists(), source
        return found


@pytest.fixture
def cell(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield Cell(tmp_path)
    sys.modules.pop("minding", None)
    assert sys.modules.pop("minding_file", None) is None


def test_nothing_runs_of_what_functions_do(cell: Cell) -> None:
    for body in [f"return {body}" for body in BODIES] + STATEMENTS:
        found = cell.analyse(f"def f(x):\n    {body}\nf(2.0)")
        assert found.get("key") or found["problems"][0]["message"], body


def test_nothing_runs_of_what_objects_do_that_are_handed_over(cell: Cell) -> None:
    for argument in ARGUMENTS:
        found = cell.analyse(f"def f(x, *rest, **named):\n    return x * 2.0\nf({argument})")
        assert found.get("key") or found["problems"][0]["message"], argument
        cell.analyse(f"def f(x, y):\n    return x * y\nf(2.0, {argument})")


@pytest.mark.parametrize("name", CELLS)
def test_nothing_runs_of_what_cells_do(cell: Cell, name: str) -> None:
    found = cell.analyse(CELLS[name].format(f=F), 50)
    assert found.get("key") or found["problems"][0]["message"]


def test_an_opaque_call_is_named_with_its_line(cell: Cell) -> None:
    for call, name in (("open('keep.txt').read()", "open"), ("time.time()", "time.time"), ("random.random()", "random"),
                       ("np.random.rand()", "numpy.random.rand"), ("os.remove('keep.txt')", "remove")):
        found = cell.analyse(f"import os, time, random\ndef f(x):\n    y = x * x\n    z = {call}\n    return y\nf(1.0)")
        assert [problem["line"] for problem in found["problems"]] == [4]
        assert name in found["problems"][0]["message"]


ENDLESS = {
    "loop of the cell": "while True:\n    pass\n" + F,
    "loop": "def f(x):\n    while True:\n        x = x + 1.0\n    return x\nf(2.0)",
    "loop of static integers": "def f(x):\n    k = 1\n    while True:\n        k *= 2\n    return x\nf(2.0)",
    "long text": "def f(x):\n    s = ''\n    while len(s) < 10**9:\n        s += 'a'\n    return x\nf(2.0)",
    "power": "def f(x):\n    return x * (10 ** 10 ** 10)\nf(2.0)",
    "long list": "def f(x):\n    return x * len([0] * 10 ** 10)\nf(2.0)",
    "recursion": "def f(x):\n    return f(x + 1.0) + f(x - 1.0)\nf(2.0)",
    "static recursion": "def g(x, k):\n    return g(x, k + 1) * g(x, k + 2)\ndef f(x):\n    return g(x, 0)\nf(2.0)",
    "unrolled":
        "def f(x):\n    for k in [[i] * 2 for i in range(10 ** 7)]:\n        x = x * len(k)\n    return x\nf(2.0)",
    "many lines": "def f(x):\n" + "    x = x * 1.01\n" * 5000 + "    return x\nf(2.0)",
    "deep": "def f(x):\n    return " + "-" * 5000 + "x\nf(2.0)",
    "nul": "def f(x):\n    return x\0\nf(2.0)",
    "surrogate": "def f(x):\n    s = '\ud800'\n    return x\nf(2.0)",
    "long": "x = 1\n" * 100_000 + F,
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_does_not_end_is_answered_in_time(cell: Cell, name: str) -> None:
    found = cell.analyse(ENDLESS[name], 1)
    assert found.get("key") or found["problems"][0]["message"]
    assert cell.analyse(F)["key"]  # (and what comes after it, too)
