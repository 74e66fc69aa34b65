"""`%%grad` over plain cells: inputs, outputs, what lands in the namespace."""

from __future__ import annotations

import numpy as np
import pytest
from workbench_jupyter import GradResult

from tests.extension.conftest import Notebook


def test_gradients_land_and_assignments_too(notebook: Notebook) -> None:
    notebook.run("x = 1.5\ny = 2.0\nn = 3")
    result = notebook.run("%%grad\nz = x * x * y\nw = z * n\nw + 1").value
    assert isinstance(result, GradResult)
    assert notebook["z"] == 4.5 and notebook["w"] == 13.5
    assert result.value == pytest.approx(14.5) and result.grad == pytest.approx({"x": 18.0, "y": 6.75})
    assert notebook["grad_x"] == pytest.approx(18.0) and notebook["grad_y"] == pytest.approx(6.75)
    assert isinstance(notebook["grad_x"], float) and "grad_n" not in notebook and "grad_z" not in notebook
    assert notebook["_"] is result


def test_the_output_is_the_last_assigned_name(notebook: Notebook) -> None:
    notebook.run("import numpy as np\nx = np.array([1.0, 2.0, 3.0])")
    result = notebook.run("%%grad\ns = 0.0\nfor i in range(3):\n    s += x[i] ** 2\n").value
    assert result.value == pytest.approx(14.0)
    np.testing.assert_allclose(notebook["grad_x"], [2.0, 4.0, 6.0], rtol=1e-6)
    assert notebook["s"] == 14.0 and notebook["i"] == 2


def test_an_input_that_is_written_counts_with_its_value_on_entry(notebook: Notebook) -> None:
    notebook.run("import numpy as np\nx = np.array([2.0, 3.0])\nview = x[1:]")
    result = notebook.run("%%grad\nx[1] = x[0] * x[1]\nview[0] * x[0]").value
    assert result.value == 12.0
    np.testing.assert_array_equal(notebook["x"], [2.0, 6.0])
    np.testing.assert_allclose(notebook["grad_x"], [12.0, 4.0], rtol=1e-6)


def test_a_name_read_and_rebound(notebook: Notebook) -> None:
    notebook.run("x = 2.0\ncount = 1")
    notebook.run("%%grad\ncount += 1\nx = x * x * count\nx").value
    assert notebook["x"] == 8.0 and notebook["count"] == 2 and notebook["grad_x"] == pytest.approx(8.0)


def test_statements_that_only_show_run_once_and_are_no_part_of_it(notebook: Notebook) -> None:
    notebook.run("x = 2.0")
    ran = notebook.run("%%grad\nimport math\nprint('x is',\n      x)\nloss = math.sin(x)\nprint('loss', loss)")
    assert ran.value.value == pytest.approx(np.sin(2.0))
    assert ran.stdout.count("x is 2.0") == 1 and ran.stdout.count("loss 0.909") == 1
    assert notebook["grad_x"] == pytest.approx(np.cos(2.0)) and notebook["math"].pi > 3


def test_structures_keep_their_structure(notebook: Notebook) -> None:
    notebook.run("w = {'a': 2.0, 'b': (3.0, 4)}\nlabel = 'text'")
    notebook.run("%%grad\nw['a'] * w['b'][0] * w['b'][1]").value
    assert notebook["grad_w"]["a"] == pytest.approx(12.0)
    assert notebook["grad_w"]["b"] == (pytest.approx(8.0), None)


def test_helpers_of_other_cells(notebook: Notebook) -> None:
    notebook.run("def square(v):\n    return v * v\nx = 3.0")
    notebook.run("%%grad\nsquare(x) + x").value
    assert notebook["grad_x"] == pytest.approx(7.0)
    notebook.run("def square(v):\n    return v * v * v")
    notebook.run("%%grad\nsquare(x) + x").value
    assert notebook["grad_x"] == pytest.approx(28.0)


def test_wrt_chooses_inputs(notebook: Notebook) -> None:
    notebook.run("x = 1.0\ny = 2.0")
    result = notebook.run("%%grad --wrt y --name both\nx * y").value
    assert result.grad == pytest.approx({"y": 1.0}) and "grad_x" not in notebook
    assert callable(notebook["both"])


@pytest.mark.parametrize(
    ("before", "cell", "kept"),
    [
        ("x = 1.0\ny = 5.0", "%%grad\ny = x * 2\nz = y + 1\nz / 0", {"x": 1.0, "y": 5.0}),
        ("x = 1.0\ny = 5.0", "%%grad\ny = x * 2\nundefined_name", {"y": 5.0}),
        ("x = 1.0\ny = 5.0", "%%grad\ny = x * 2\n'no number'", {"y": 5.0}),
        ("x = 1.0\ny = 5.0", "%%grad\ny = x * 2\ndef f(a):\n    return a\nf(1.0)\nundefined_name", {"y": 5.0}),
    ],
)
def test_a_failing_cell_rebinds_no_name(notebook: Notebook, before: str, cell: str, kept: dict[str, float]) -> None:
    notebook.run(before).value
    names = set(notebook.shell.user_ns)
    ran = notebook.run(cell)
    assert ran.error is not None
    assert {name: notebook[name] for name in kept} == kept
    new = {name for name in set(notebook.shell.user_ns) - names if not name.startswith("_")}
    assert not new


def test_nothing_to_differentiate_is_said(notebook: Notebook) -> None:
    ran = notebook.run("%%grad\nfresh = 2.0\nfresh * fresh")
    assert "reads no name" in str(ran.error) and "fresh" not in notebook


def test_random_numbers_are_drawn_once_or_refused(notebook: Notebook) -> None:
    notebook.run("import time\nx = 1.0")
    ran = notebook.run("%%grad\nx * time.perf_counter()")
    assert ran.error is not None and "grad_x" not in notebook
