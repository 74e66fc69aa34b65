"""`%%cost`, `%cost`, `%complexity`, `%%tape`, `%tape`, `%adjoint`, `%workbench`."""

from __future__ import annotations

import numpy as np
import pytest

from tests.extension.conftest import Notebook


@pytest.fixture
def defined(notebook: Notebook) -> Notebook:
    notebook.run("import numpy as np, workbench as wb\nRAN = []\n"
                 "def energy(x):\n    return (x * x * x).sum()\n"
                 "def power(x, n):\n    y = 1.0\n    for _ in range(n):\n        y = y * x\n    return y\n"
                 "v = np.ones(5)").value
    return notebook


def test_the_cost_of_a_call_is_counted_and_not_made(defined: Notebook) -> None:
    report = defined.run("%cost energy(wb.spec('f64[n]')) --name report").value
    assert str(report.flops) == "3·n" and defined["report"] is report
    report = defined.run("r = %cost --of grad energy(wb.spec('f64[n]', n=10))\nr").value
    assert "gradient of energy" in report.text()
    assert defined.run("%cost energy(v)").value.flops == 15


def test_a_cell_defines_its_functions_and_does_not_call(notebook: Notebook) -> None:
    report = notebook.run("%%cost\nimport workbench as wb\nran = []\ndef f(x):\n    ran.append(1)\n"
                          "    return (x * x).sum()\nf(wb.spec('f64[n]'))").value
    assert notebook["ran"] == [] and str(report.flops) == "2·n"
    report = notebook.run("%%cost --of value,gradient,hessian\nimport workbench as wb\n"
                          "def f(x):\n    return (x * x).sum()\nf(wb.spec('f64[n]'))").value
    assert [part.name for part in report.parts] == ["f", "gradient of f", "Hessian of f"] and "f" in notebook


def test_two_costs_are_compared(defined: Notebook) -> None:
    both = defined.run("%cost energy(wb.spec('f64[n]')) --of value,gradient").value
    assert str(both["flops"].first) == "3·n" and both["flops"].ratio < 4


def test_a_plain_cell_is_counted_and_does_not_run(notebook: Notebook) -> None:
    notebook.run("import numpy as np\nx = np.ones(4)").value
    report = notebook.run("%%cost --of gradient\nimport math\nz = math.sin(2.0) * x\nw = np.sum(z * x)").value
    assert report.flops > 0 and "w" not in notebook and "z" not in notebook and "math" in notebook


@pytest.mark.parametrize("sizes, count", [("n=10:1e6:log", 25), ("n=10:1000:5", 5), ("n=1,10,100", 3)])
def test_sweeps(defined: Notebook, sizes: str, count: int) -> None:
    swept = defined.run(f"%cost energy(wb.spec('f64[n]')) --of value,gradient --sweep {sizes} --name s").value
    assert swept.dimensions["n"].size == count and len(swept.names) == 2 and defined["s"] is swept
    assert abs(swept.exponents()["n"] - 1.0) < 0.05


def test_sweeps_over_two_dimensions_and_measured_ones(defined: Notebook) -> None:
    swept = defined.run("%cost --sweep n=1,10,100 --measure --figures flops power(2.0, wb.spec('i64'))").value
    assert "time" in swept.figures and swept.dimensions["n"].tolist() == [1, 10, 100]
    defined.run("def product(a, b):\n    return (a @ b).sum()")
    swept = defined.run("%cost product(wb.spec('f64[n,m]'), wb.spec('f64[m,n]')) --sweep n=10,20 --sweep m=5").value
    assert swept.values().tolist() == sorted(swept.values().tolist()) and list(swept.dimensions) == ["n"]


def test_measured_beside_counted(defined: Notebook) -> None:
    both = defined.run("%cost energy(v) --measure --of gradient").value
    assert both.parts[1].seconds > 0.0 and "gradient of energy" in both.text()


def test_complexity(defined: Notebook) -> None:
    table = defined.run("%complexity energy(wb.spec('f64[n]')) --name table").value
    assert table["gradient"].multiple < 4 and defined["table"] is table
    assert "pass n by position" in str(defined.run("%complexity power(2.0, n=3)").error)


@pytest.mark.parametrize("cell", [
    "%tape power(2.0, 3) --name run", "%%tape --name run\ndef g(x, n):\n    return power(x, n)\ng(2.0, n=3)",
    "%%tape --name run\ny = t * t\nz = y * t\nz"])
def test_tapes(defined: Notebook, cell: str) -> None:
    defined.run("t = 2.0")
    tape = defined.run(cell).value
    assert tape.value == 8.0 and defined["run"] is tape
    assert "no specs" in str(defined.run("%tape energy(wb.spec('f64[n]'))").error)


def test_the_adjoint_of_types(defined: Notebook) -> None:
    defined.run("def loud(x):\n    print('ran')\n    return x * x\ndef typed(x: float, n: int):\n    return x * n")
    ran = defined.run("%adjoint loud(wb.spec('f64')) --show ir --name shown")
    assert "def loud_vjp(x):" in ran.value.text() and "func loud_vjp" in ran.value.text()
    assert ran.stdout.count("ran\n") == 0 or "│" in ran.stdout
    assert "def typed_vjp(x, n):" in defined.run("%adjoint typed").value.text()
    assert "what arguments?" in str(defined.run("%adjoint energy").error)


def test_the_hessian_is_shown_and_returned(defined: Notebook) -> None:
    value, grad, hessian = defined.run("%grad energy(v) --order 2").value
    np.testing.assert_allclose(hessian, 6.0 * np.eye(5))
    defined.run("a, b = 2.0, 3.0")
    result = defined.run("%%grad --order 2\na * a * b").value
    assert result.hessian == {"a": {"a": 6.0, "b": 4.0}, "b": {"a": 4.0, "b": 0.0}} and "∂²/∂a∂b" in result.text()


def test_what_is_shown_below(defined: Notebook) -> None:
    result = defined.run("%grad energy(v) --show tape,ir,cost").value
    assert len(result.parts) == 4 and result.tape.value == 5.0 and result.cost.flops > 0
    made = defined.run("%grad energy(wb.spec('f64[n]')) --show cost").value
    assert made.value is None and "def energy_vjp(x):" in made.text()


def test_what_is_in_use(notebook: Notebook, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    text = notebook.run("%workbench").value.text()
    assert "NumPy" in text and "engines" in text and "numba" in text and "compiled programs" in text
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("WORKBENCH_CACHE", "1")
    folder = tmp_path / "ad-workbench"
    folder.mkdir(mode=0o700)
    (folder / "0123.bin").write_bytes(b"x" * 2048)
    (folder / "machine-1.json").write_text("{}")
    assert "1 programs, 2 KB" in notebook.run("%workbench").value.text()
    assert "removed: 2 KB" in notebook.run("%workbench clear").value.text()
    assert [path.name for path in folder.iterdir()] == ["machine-1.json"]
    assert "did you mean calibrate?" in str(notebook.run("%workbench calibrat").error)


@pytest.mark.parametrize("line, message", [
    ("%grad power(2.0, 3) --enginne tape", "did you mean --engine?"),
    ("%grad power(2.0, 3) --engine nmba", "did you mean numba?"),
    ("%grad power(2.0, 3) --show tpe", "did you mean tape?"),
    ("%cost energy(v) --of hesian", "did you mean hessian?"),
    ("%cost energy(v) --sweep n:10", "is not understood"),
    ("%cost energy(wb.spec('f64[n]')) --sweep m=1,2", "nothing depends on m"),
    ("%cost energy", "what arguments?"),
    ("%cost np.sin", "what arguments?"),
    ("%cost 3 +", "no expression"),
    ("%cost v --name 3", "not a name"),
    ("%tape 3", "neither"),
])
def test_mistakes_in_a_line_are_said_in_one(defined: Notebook, line: str, message: str) -> None:
    ran = defined.run(line)
    assert type(ran.error).__name__ == "UsageError" and message in str(ran.error) and "\n" not in str(ran.error)


def test_help_has_examples(notebook: Notebook) -> None:
    for name in ("grad", "cost", "tape"):
        for found in (notebook.shell.find_cell_magic(name), notebook.shell.find_line_magic(name)):
            assert "Examples" in found.__doc__ and f"%{name}" in found.__doc__ and "--name" in found.__doc__
    for name in ("adjoint", "complexity", "workbench"):
        assert f"%{name}" in notebook.shell.find_line_magic(name).__doc__
