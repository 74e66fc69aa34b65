"""Errors in the cells of every magic: at the line and number of the cell; no name is rebound, by interrupts either."""

from __future__ import annotations

from typing import Any

import pytest

import workbench as wb
from tests.extension.conftest import Notebook
from tests.extension.test_errors import shown
from workbench import progress
from workbench.cost import machine
from workbench.cost.calibration import measuring
from workbench.engines.numba import compile as compiling

CELLS = ["grad", "cost", "tape"]
LINES = ["grad", "cost", "tape", "adjoint", "complexity"]


@pytest.mark.parametrize("magic", CELLS)
@pytest.mark.parametrize("blank", [0, 2])
def test_the_line_of_a_syntax_error(notebook: Notebook, magic: str, blank: int) -> None:
    ran = notebook.run("\n" * blank + f"%%{magic}\nx = 1\ny = = 2\n")
    text = shown(notebook, ran.error)
    assert f"line {3 + blank}" in text and "y = = 2" in text and "SyntaxError" in text
    assert "x" not in notebook


@pytest.mark.parametrize("magic", CELLS)
def test_the_line_of_an_error_in_a_cell_of_functions(notebook: Notebook, magic: str) -> None:
    notebook.run("a = 5.0")
    ran = notebook.run(f"%%{magic}\na = 7.0\ndef f(x):\n    return x\n\nf(1.0 / 0)")
    assert isinstance(ran.error, ZeroDivisionError)
    assert notebook.lines_in_cells(ran.error)[-1] == (3, 6) and "workbench_jupyter" not in shown(notebook, ran.error)
    assert notebook["a"] == 5.0 and "f" not in notebook


@pytest.mark.parametrize("magic", CELLS)
def test_the_line_of_a_refusal(notebook: Notebook, magic: str) -> None:
    notebook.run("import struct")
    ran = notebook.run(f"%%{magic}\ndef f(x):\n    y = x * x\n    return struct.pack('d', y)\n\nf(2.0)")
    assert ran.error is not None and "f" not in notebook
    if isinstance(ran.error, wb.DifferentiationError):
        assert ran.error.lineno == 4 and "Cell In[3], line 4" in shown(notebook, ran.error)
    else:
        assert notebook.lines_in_cells(ran.error)[-1] == (3, 4)


@pytest.mark.parametrize("magic", LINES)
def test_an_error_in_the_arguments_of_a_line(notebook: Notebook, magic: str) -> None:
    notebook.run("def f(x):\n    return x * x")
    ran = notebook.run(f"%{magic} f(1.0 / 0) --name kept")
    assert isinstance(ran.error, ZeroDivisionError) and "kept" not in notebook
    ran = notebook.run(f"%{magic} nosuch(1.0)")
    assert isinstance(ran.error, NameError) and "nosuch" in shown(notebook, ran.error)


@pytest.mark.parametrize("magic", CELLS)
def test_an_interrupt_while_the_cell_runs(notebook: Notebook, magic: str) -> None:
    notebook.run("a = 5.0")
    notebook.run(f"%%{magic}\na = 7.0\ndef f(x):\n    return x * x\nraise KeyboardInterrupt\nf(1.0)")
    assert notebook["a"] == 5.0 and "f" not in notebook


@pytest.mark.parametrize("name", ["emit", "compile_python"])
def test_an_interrupt_while_a_program_is_made(notebook: Notebook, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The cell is as if it had not run, and does when it runs again."""
    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt
    cell = "%%grad --name d\nb = 7.25\ndef f(x):\n    return x * x * 1.0625\nf(b)"
    with monkeypatch.context() as patched:
        patched.setattr(compiling, name, interrupted)
        patched.setenv("WORKBENCH_CACHE", "0")
        notebook.run(cell)
        assert not {"b", "f", "d"} & set(notebook.shell.user_ns) and not progress._OBSERVERS.get()
    assert notebook.run(cell).value.grad == 2 * 7.25 * 1.0625 and callable(notebook["d"])


def test_an_interrupt_while_the_machine_is_measured(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> Any:
        raise KeyboardInterrupt
    before = machine.current()
    monkeypatch.setattr(measuring, "STAGES", (("calls", 1.0, lambda: {"entry": 1.0}), ("more", 1.0, interrupted)))
    notebook.run("%workbench calibrate --force")
    assert machine.current() is before and not progress._OBSERVERS.get()


def test_an_interrupt_of_a_measured_sweep(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench import pricing

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt
    notebook.run("def f(x):\n    return (x * x).sum()\nimport workbench as wb")
    monkeypatch.setattr(pricing, "_seconds", interrupted)
    notebook.run("%cost f(wb.spec('f64[n]')) --sweep n=10,20 --measure --name kept")
    assert "kept" not in notebook and not progress._OBSERVERS.get()
