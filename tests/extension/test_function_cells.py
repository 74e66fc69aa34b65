"""`%%grad` over cells of functions, and `%grad` for one call."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from workbench_jupyter import GradResult

from tests.extension.conftest import Notebook

TWO = "def helper(v):\n    return v * v\n\ndef loss(x, y):\n    return helper(x) * y\n"


def test_a_last_call_gives_value_and_gradient(notebook: Notebook) -> None:
    value, grad = notebook.run(f"%%grad\n{TWO}\nloss(3.0, y=2.0)").value
    assert value == pytest.approx(18.0) and grad == pytest.approx(12.0)
    assert notebook["loss"](1.0, 1.0) == 1.0
    assert inspect.getsource(notebook["loss"]).startswith("def loss(x, y):\n")


def test_the_result_is_out(notebook: Notebook) -> None:
    notebook.run(f"%%grad\n{TWO}\nloss(3.0, 2.0)")
    assert isinstance(notebook["_"], GradResult) and notebook["Out"][2].value == pytest.approx(18.0)


def test_a_semicolon_silences(notebook: Notebook) -> None:
    ran = notebook.run(f"%%grad\n{TWO}\nloss(3.0, 2.0);")
    assert ran.result is None and ran.error is None


def test_names_choose_the_function(notebook: Notebook) -> None:
    value, grad = notebook.run(f"%%grad helper\n{TWO}\nhelper(5.0)").value
    assert (value, grad) == (25.0, pytest.approx(10.0))
    assert notebook.run(f"%%grad helper\n{TWO}\nloss(3.0, 2.0)").value == 18.0  # another function: as usual


def test_wrt_by_name_and_several(notebook: Notebook) -> None:
    _, grad = notebook.run(f"%%grad --wrt y\n{TWO}\nloss(3.0, 2.0)").value
    assert grad == pytest.approx(9.0)
    _, grads = notebook.run(f"%%grad --wrt x,1\n{TWO}\nloss(3.0, 2.0)").value
    assert grads == pytest.approx((12.0, 9.0))


def test_other_statements_run_as_usual(notebook: Notebook) -> None:
    ran = notebook.run("%%grad\ndef f(x):\n    return x * x\nprint('here')\na = 2.0\n%precision 3\nf(a)")
    assert ran.value.grad == pytest.approx(4.0)
    assert "here" in ran.stdout and notebook["a"] == 2.0


def test_without_a_call_there_is_source_and_a_hint(notebook: Notebook) -> None:
    program = notebook.run(f"%%grad\n{TWO}").value
    text = program._repr_mimebundle_()["text/plain"]
    assert "def loss(x, y):" in text and "loss(...)" in text and "    2 │ def helper(v):" in text


def test_at_gives_the_adjoint(notebook: Notebook) -> None:
    shown = notebook.run(f"%%grad --at '3.0, y=2.0'\n{TWO}").value._repr_mimebundle_()
    assert "── adjoint" in shown["text/plain"] and "def loss_vjp(x, y):" in shown["text/plain"]
    assert "= 18" not in shown["text/plain"]  # only its types were looked at


def test_annotations_give_the_adjoint(notebook: Notebook) -> None:
    text = notebook.run("%%grad\ndef f(x: float, n: int):\n    return x * n").value._repr_mimebundle_()["text/plain"]
    assert "def f_vjp(x, n):" in text
    text = notebook.run("%%grad\ndef f(x: list):\n    return x[0]").value._repr_mimebundle_()["text/plain"]
    assert "f_vjp" not in text and "--at" in text


def test_name_keeps_the_derivative(notebook: Notebook) -> None:
    notebook.run(f"%%grad --name d_loss\n{TWO}\nloss(3.0, 2.0)").value
    value, grad = notebook["d_loss"](2.0, 2.0)
    assert (value, grad) == (pytest.approx(8.0), pytest.approx(8.0))


@pytest.mark.parametrize(
    "line", ["loss(a, b)", "--wrt x loss(a, b)", "loss(a, b) --wrt x", "loss(a, y=b) --wrt=x --engine auto"]
)
def test_the_line_magic(notebook: Notebook, line: str) -> None:
    notebook.run(TWO + "a, b = 3.0, 2.0")
    result = notebook.run(f"r = %grad {line}\nr").value
    assert result.grad == pytest.approx(12.0)


def test_verify_shows_the_digits(notebook: Notebook) -> None:
    result = notebook.run(f"%%grad --verify\n{TWO}\nloss(3.0, 2.0)").value
    text = result._repr_mimebundle_()["text/plain"]
    assert "✓ forward and reverse" in text and "✓ differences" in text and "digits agree" in text
    plain = notebook.run("%%grad --verify --wrt a\nb = a * a\nb" if "a" in notebook else "a = 2.0")
    assert plain.error is None


def test_a_wrong_gradient_is_seen_by_verify(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench_jupyter import verify as checks

    monkeypatch.setattr(checks, "inner", lambda a, b, true=checks.inner: true(a, b) * (1.01 if a == 1.0 else 1.0))
    result = notebook.run(f"%%grad --verify\n{TWO}\nloss(3.0, 2.0)").value
    assert "✗ forward and reverse" in result._repr_mimebundle_()["text/plain"]


def test_help_and_mistakes_in_the_line(notebook: Notebook) -> None:
    assert "--verify" in notebook.shell.find_cell_magic("grad").__doc__
    assert "--frobnicate" in str(notebook.run("%%grad --frobnicate\nx = 1.0").error)
    assert "no function named" in str(notebook.run("%%grad nosuch\nx = 1.0").error)
    assert "takes a call" in str(notebook.run("%grad 1 + 1").error)


def test_arrays_and_written_arguments(notebook: Notebook) -> None:
    notebook.run("import numpy as np\nv = np.array([1.0, 2.0])")
    cell = "%%grad\ndef f(x):\n    x[0] = x[0] * x[1]\n    return x[0] * 3.0\nf(v)"
    result = notebook.run(cell).value
    np.testing.assert_allclose(result.grad, [6.0, 3.0], rtol=1e-6)


@pytest.mark.parametrize(
    "cell",
    [
        "def f(x, *, scale=2.0):\n    return scale * x * x\nf(3.0, scale=4.0)",
        "def f(x, n, w):\n    return w['a'] * x ** n + w['b'][1] * x\nf(3.0, 2, {'a': 2.0, 'b': (1, 5.0), 'c': 't'})",
        "import numpy as np\ndef f(x, k):\n    x[k] = x[0] * x[1]\n    return np.sum(x * x)\nf(np.ones(3) * 2, 2)",
        "import numpy as np\ndef f(x):\n    return np.sum(x * x)\nf(np.array([1.0, 2.0], dtype=np.float32))",
        "import numpy as np\ndef f(z):\n    return np.sum(np.abs(z) ** 2)\nf(np.array([1.0 + 2.0j, 3.0 - 1.0j]))",
    ],
)
def test_verify_agrees_on_every_kind_of_argument(notebook: Notebook, cell: str) -> None:
    checks = notebook.run(f"%%grad --verify\n{cell}").value.panel.view.checks
    assert [check.passed for check in checks] == [True, True], checks
