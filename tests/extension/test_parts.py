"""The parts of the magics that need no engine: reading lines and cells, copying values."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from IPython.core.error import UsageError
from workbench_jupyter.options import parsed_wrt, split_call
from workbench_jupyter.plain import cell_function_source, first_reads, holds_real_data, only_shows, output_of
from workbench_jupyter.verify import digits

from workbench.operators.snapshots import snapshot


@pytest.mark.parametrize(
    ("cell", "reads", "assigned"),
    [
        ("z = x + y\nx = 1", ["x", "y"], ["z", "x"]),
        ("y += x", ["y", "x"], ["y"]),
        ("a[i] = b", ["b", "a", "i"], []),
        ("t: float = x", ["x"], ["t"]),
        ("if p:\n    q = x\nelse:\n    r = y\nq + r", ["p", "x", "y", "q", "r"], ["q", "r"]),
        ("if p:\n    q = x\nelse:\n    q = y\nq", ["p", "x", "y"], ["q"]),
        ("for i in v:\n    s = s + i\ns", ["v", "s"], ["i", "s"]),
        ("while (w := w + 1) < k:\n    pass", ["w", "k"], ["w"]),
        ("[e * x for e in v if e > c]", ["v", "c", "x"], []),
        ("f = lambda e, d=g: e * x * d", ["g", "x"], ["f"]),
        ("try:\n    q = x\nexcept E:\n    pass\nq", ["x", "E", "q"], ["q"]),
        ("if p:\n    def h(e):\n        return e * x\nh(y)", ["p", "x", "h", "y"], ["h"]),
        ("import math as m\nm.sin(x)", ["x"], []),
        ("match v:\n    case [a, *b]:\n        s = a\ns", ["v", "s"], ["a", "b", "s"]),
        ("with open(n) as g:\n    q = g", ["open", "n"], ["g", "q"]),
        ("s = t = x\n(u, w), v = t", ["x"], ["s", "t", "u", "w", "v"]),
    ],
)
def test_names_read_before_assignment(cell: str, reads: list[str], assigned: list[str]) -> None:
    assert first_reads(ast.parse(cell)) == (reads, assigned)


def sourced(cell: str, dropped: tuple[int, ...] = ()) -> str:
    text = "\n" + cell
    body = ast.parse(text).body
    last, name = output_of(body, first_reads(ast.Module(body, []))[1])
    return cell_function_source(text, "cell", ["x"], [body[i] for i in dropped], name if last is None else last)


@pytest.mark.parametrize(
    ("cell", "dropped"),
    [
        ("y = x * 2\ny + 1", ()),
        ("print(x,\n  'ä', x); y = x * 2; print(y)\n(y +\n   1)", (0, 2)),
        ("y = '''a\n b''' and x * 2\ny + 1", ()),
        ("y = x * len(f'''\n''') * 2\ny + 1", ()),
        ("# a comment\n\ny = 2 * x; 'ö'; y + 1", ()),
        ("if x > 0:\n    y = 2 * x\nelse:\n    y = 0\nz = y + 1", ()),
    ],
)
def test_the_function_of_a_cell_keeps_meaning_and_lines(cell: str, dropped: tuple[int, ...]) -> None:
    source = sourced(cell, dropped)
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    assert namespace["cell"](3.0) == 7.0
    assert source.splitlines()[0] == "def cell(x):"
    theirs, ours = ("\n" + cell).splitlines(), source.splitlines()
    for number, line in enumerate(theirs[1:], 1):
        if "y = " in line and "print" not in line:
            assert line.split(";")[0].strip() == ours[number].split(";")[0].strip()


def test_a_cell_without_result_is_refused() -> None:
    with pytest.raises(ValueError, match="ends with no expression"):
        output_of(ast.parse("import math").body, [])


@dataclass
class Box:
    inner: Any


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, True), (1j, True), (np.float32(1), True), (np.zeros(2), True), (Box([1, (2.0,)]), True),
        ({"a": 1.0}, True),
        (1, False), (True, False), (np.arange(3), False), ("1.0", False), (Box(3), False), (float, False), ([], False),
        (np.sin, False), (Box, False), (None, False),
    ],
)  # fmt: skip
def test_what_holds_real_data(value: Any, expected: bool) -> None:
    assert holds_real_data(value) is expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("print(x)", True), ("import os", True), ("fig = go.Figure(x)", True), ("fig.add_scatter(y=x)", True),
        ("x.sort()", False), ("y = print", False), ("printed(x)", False), ("y = np.sin(x)", False), ("x", False),
    ],
)  # fmt: skip
def test_what_only_shows(statement: str, expected: bool) -> None:
    import plotly.graph_objects as go

    namespace = {"go": go, "fig": go.Figure(), "np": np, "x": [1.0], "printed": lambda value: value}
    assert only_shows(ast.parse(statement).body[0], namespace) is expected


def test_snapshots_keep_overlap() -> None:
    base = np.arange(12.0).reshape(3, 4)
    values = (base, base[1:, ::2], base.T, Box(base[::-1, 0]), {"same": base}, np.zeros(0), np.broadcast_to(2.0, (3,)))
    copies = snapshot(values)
    copies[0][1, 2] = -1.0
    copies[0][2, 0] = -2.0
    assert copies[1][0, 1] == -1.0 and copies[2][2, 1] == -1.0 and copies[3].inner[0] == -2.0
    assert copies[4]["same"] is copies[0] and copies[0].flags.c_contiguous
    np.testing.assert_array_equal(base, np.arange(12.0).reshape(3, 4))
    np.testing.assert_array_equal(copies[6], [2.0, 2.0, 2.0])
    again = snapshot(copies)
    again[0][1, 2] = 5.0
    assert again[1][0, 1] == 5.0 and copies[1][0, 1] == -1.0


def test_what_cannot_be_copied_stands_for_itself() -> None:
    generator = (value for value in [1.0])
    array = np.ones(2)
    copies = snapshot((generator, array))
    assert copies[0] is generator and copies[1] is not array


@pytest.mark.parametrize(
    ("line", "call", "flags"),
    [
        ("f(x, y)", "f(x, y)", ""),
        ("--wrt x --verify f(x)", "f(x)", "--wrt x --verify"),
        ("f(x) --verify", "f(x)", "--verify"),
        ("--engine=tape f(x, '--wrt') --wrt 'x, y'", "f(x, '--wrt')", "--engine=tape --wrt 'x, y'"),
        ("f(a --b)", "f(a --b)", ""),
    ],
)
def test_the_call_and_its_flags(line: str, call: str, flags: str) -> None:
    found = split_call(line)
    assert (found[0], found[1].split()) == (call, flags.split())


def test_wrt() -> None:
    assert parsed_wrt("x") == "x" and parsed_wrt("1") == 1
    assert parsed_wrt("x, 1") == ("x", 1) and parsed_wrt("(x,)") == "x"
    with pytest.raises(UsageError):
        parsed_wrt(",")


def test_digits() -> None:
    assert digits(1.0, 1.0) == 16.0 and digits(0.0, 0.0) == 16.0
    assert digits(1.0, 1.001) == pytest.approx(3.0, abs=0.1) and digits(1.0, -1.0) == 0.0
    assert digits(1.0, float("nan")) == 0.0 and digits(1.0, float("inf")) == 0.0
