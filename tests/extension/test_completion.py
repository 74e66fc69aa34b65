"""Completion in the lines of magics, as a front end asks for it."""

from __future__ import annotations

import pytest
from IPython.core.completer import provisionalcompleter
from workbench_jupyter.completion import completions

from tests.extension.conftest import Notebook


def energy(x, scale=1.0):
    return scale * x


def offered(cell: str, **names: object) -> list[str] | None:
    """What is offered at the mark `|` of a cell."""
    before = cell.split("|")[0]
    line, position = before.count("\n"), len(before.rsplit("\n", 1)[-1])
    found = completions(cell.replace("|", ""), line, position, {"energy": energy, "v": 1.5, "k": 3, **names})
    return None if found is None else found[1]


BODY = "\ndef loss(x, rate, turns):\n    return x\nloss(wb.spec('f64[n, m]'), 2.0, wb.spec('i64'))"


@pytest.mark.parametrize("cell, words", [
    ("%%grad --e|" + BODY, ["--engine"]),
    ("%%grad --wrt x --|" + BODY, ["--engine", "--order", "--show", "--at", "--name", "--verify"]),
    ("%%grad --engine |" + BODY, ["auto", "numba", "tape", "cuda", "reference"]),
    ("%%grad --engine=nu|" + BODY, ["numba"]),
    ("%%grad --show tape,i|" + BODY, ["ir"]),
    ("%%grad --order |" + BODY, ["1", "2"]),
    ("%%grad --wrt |" + BODY, ["x", "rate", "turns"]),
    ("%%grad --wrt x,r|" + BODY, ["rate"]),
    ("%%grad --wrt |\nw = v * k", ["v"]),
    ("%%grad l|" + BODY, ["loss"]),
    ("%%cost --sweep |" + BODY, ["n=", "m=", "turns="]),
    ("%%cost --of hes|" + BODY, ["hessian"]),
    ("%cost energy(wb.spec('f64[rows,cols]')) --sweep |", ["rows=", "cols="]),
    ("%cost energy([wb.spec('f64[a]')], wb.spec('i64')) --sweep a=10:20 --sweep s|", ["scale="]),
    ("%cost energy(v) --of value,gr|", ["gradient", "grad"]),
    ("%cost energy(v) --figures by|", ["bytes_read", "bytes_written", "bytes_allocated"]),
    ("%grad en|", ["energy"]),
    ("r = %grad energy(v) --wrt |", ["x", "scale"]),
    ("%adjoint energy(v) --n|", ["--name"]),
    ("%tape energy(v) --n|", ["--name"]),
    ("%complexity energy(v) --measured |", []),
    ("%workbench cal|", ["calibrate"]),
    ("%workbench calibrate --f|", ["--force"]),
])
def test_what_is_offered(cell: str, words: list[str]) -> None:
    assert offered(cell) == words


@pytest.mark.parametrize("cell", ["%grad energy(v|", "%%grad\nx = en|", "%timeit --|", "x = 1\ny.gr|", "%%gra|"])
def test_where_it_is_no_affair_of_the_magics(cell: str) -> None:
    assert offered(cell) is None


def completed(notebook: Notebook, cell: str, position: int) -> list[tuple[str, int, int]]:
    with provisionalcompleter():
        return [(c.text, c.start, c.end) for c in notebook.shell.Completer.completions(cell, position)]


def test_the_shell_offers_it_and_nothing_else(notebook: Notebook) -> None:
    notebook.run("def energy(x, scale):\n    return x * scale")
    assert completed(notebook, "%grad energy(2.0, 3.0) --wrt ", 29) == [("x", 29, 29), ("scale", 29, 29)]
    assert completed(notebook, "%%grad --eng\nenergy(2.0, 3.0)", 12) == [("--engine", 7, 12)]
    assert completed(notebook, "%%grad --wrt x,s\nenergy(2.0, 3.0)", 16) == [("scale", 15, 16)]
    assert ("print", 0, 4) in completed(notebook, "prin", 4)


def test_unloading_takes_it_back(notebook: Notebook) -> None:
    assert notebook.shell.Completer.custom_matchers
    notebook.run("%unload_ext workbench").value
    assert not notebook.shell.Completer.custom_matchers
    assert ("--engine", 7, 10) not in completed(notebook, "%%grad --e", 10)
