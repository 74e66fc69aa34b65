"""Errors stand at the cell's own line and number."""

from __future__ import annotations

import pytest

import workbench as wb
from tests.extension.conftest import Notebook


def shown(notebook: Notebook, error: BaseException) -> str:
    rendered = getattr(error, "_render_traceback_", None)
    assert rendered is not None
    return "\n".join(rendered())


@pytest.mark.parametrize("blank", [0, 2])
def test_the_line_of_an_error_in_a_plain_cell(notebook: Notebook, blank: int) -> None:
    notebook.run("x = 1.0")
    ran = notebook.run("\n" * blank + "%%grad\ny = x\n\nz = y / 0\n")
    assert isinstance(ran.error, ZeroDivisionError)
    assert notebook.lines_in_cells(ran.error)[-1] == (3, 4 + blank)
    text = shown(notebook, ran.error)
    assert "Cell In[3], line" in text and "z = y / 0" in text and "workbench_jupyter" not in text


def test_the_line_of_an_error_inside_a_function(notebook: Notebook) -> None:
    ran = notebook.run("%%grad\ndef f(x):\n    return x + missing\n\nf(1.0)")
    assert ran.error is not None
    assert "missing" in str(ran.error)
    if isinstance(ran.error, wb.DifferentiationError):
        assert ran.error.lineno == 3
    else:
        assert notebook.lines_in_cells(ran.error)[-1] == (2, 3)


def test_the_line_of_an_error_in_the_call(notebook: Notebook) -> None:
    ran = notebook.run("%%grad\ndef f(x):\n    return x\n\nf(1.0 / 0)")
    assert isinstance(ran.error, ZeroDivisionError)
    assert notebook.lines_in_cells(ran.error)[-1] == (2, 5)


def test_the_line_of_a_syntax_error(notebook: Notebook) -> None:
    ran = notebook.run("%%grad\nx = 1\ny = = 2\n")
    text = shown(notebook, ran.error)
    assert "line 3" in text and "y = = 2" in text and "SyntaxError" in text


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("%%grad\ndef f(x):\n    y = x * x\n    return struct.pack('d', y)\n\nf(2.0)", 4),
        ("%%grad\ny = x * x\nz = struct.pack('d', y)\nz", 3),
    ],
)
def test_a_refusal_points_at_the_cell(notebook: Notebook, cell: str, line: int) -> None:
    notebook.run("import struct\nx = 2.0")
    ran = notebook.run(cell)
    assert ran.error is not None
    if isinstance(ran.error, wb.DifferentiationError):
        assert ran.error.lineno == line
        assert f"Cell In[3], line {line}" in shown(notebook, ran.error)
    else:
        assert notebook.lines_in_cells(ran.error)[-1] == (3, line)


def test_functions_of_a_cell_raise_at_its_lines_later(notebook: Notebook) -> None:
    notebook.run("%%grad\ndef f(x):\n    if x > 5.0:\n        raise ValueError('large')\n    return x\nf(1.0)").value
    ran = notebook.run("f(9.0)")
    assert notebook.lines_in_cells(ran.error)[-1] == (2, 4)


def test_a_helper_in_another_file_is_named_with_the_line_that_calls_it(notebook: Notebook) -> None:
    ran = notebook.run("%%grad --engine tape\nfrom tests.programs.refused import elliptic\n\n"
                       "def f(x):\n    return 2.0 * elliptic(x)\n\nf(0.5)")
    assert isinstance(ran.error, wb.DifferentiationError) and ran.error.caller is not None
    assert ran.error.filename is not None and ran.error.filename.endswith("refused.py")
    assert ran.error.caller.line == 5
    assert "called from Cell In[2], line 5 in f\n    return 2.0 * elliptic(x)" in shown(notebook, ran.error)


def test_what_a_compiled_helper_raises_shows_the_call_in_the_cell(notebook: Notebook) -> None:
    notebook.run("from tests.programs.wrong.control import deep_two")
    ran = notebook.run("%%grad\ndef f(x):\n    return deep_two(x)\n\nf(1.5)")
    text = shown(notebook, ran.error)
    assert isinstance(ran.error, IndexError) and "----> 5 f(1.5)" in text and "control.py" in text
    assert "run_cell_magic" not in text


def test_what_is_not_compiled_runs_on_the_tape_and_says_so(notebook: Notebook) -> None:
    with pytest.warns(UserWarning, match="runs on the tape"):
        ran = notebook.run("%%grad\ndef f(x):\n    table = {int(10 * x): x * x}\n    return table[20]\n\nf(2.0)")
    assert ran.value.grad == 4.0
    assert "an adjoint program: this runs on the tape" in ran.stdout
