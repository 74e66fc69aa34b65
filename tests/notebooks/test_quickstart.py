"""The quick start runs top to bottom in a kernel of its own, fits what is published, and shows without scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.notebooks.conftest import Run
from tests.notebooks.outputs import check_outputs, outputs, read

REPORT = (
    "import json\n"
    "json.dumps(dict(success=bool(fit.success), loss=float(fit.fun), theta=[float(v) for v in np.exp(fit.x)],\n"
    "                gradient=float(np.linalg.norm(fit.jac)), start=float(np.linalg.norm(at_start)),\n"
    "                period=float(period), grad_alpha=float(grad_alpha)))"
)


@pytest.fixture(scope="module")
def executed(project_root: Path, run_notebook: Run) -> Any:
    """The notebook as run, with one more cell that reports what was found."""
    notebook = read(project_root, "quickstart")
    notebook.cells.append(nbformat.v4.new_code_cell(REPORT, id="report"))
    return run_notebook(notebook)


@pytest.fixture(scope="module")
def found(executed: Any) -> dict[str, Any]:
    text = executed.cells[-1].outputs[0]["data"]["text/plain"]
    return dict(json.loads(text.strip("'")))


def test_the_fit_converged(found: dict[str, Any]) -> None:
    assert found["success"]
    assert found["gradient"] < 1e-5 < 10 < found["start"]
    assert found["loss"] == pytest.approx(2.0186611955, rel=1e-8)


def test_the_parameters_are_near_the_published_ones(found: dict[str, Any]) -> None:
    """Carpenter (2018): posterior means 0.55, 0.028, 0.80, 0.024; populations of 1900 about 34 and 5.9."""
    for value, published, spread in zip(
        found["theta"], [0.55, 0.028, 0.80, 0.024, 34.0, 5.9], [0.065, 0.004, 0.09, 0.004, 3.0, 0.6], strict=True
    ):
        assert abs(value - published) <= spread


def test_the_plain_cell_is_right(found: dict[str, Any]) -> None:
    alpha = found["theta"][0]
    assert found["grad_alpha"] == pytest.approx(-0.5 * found["period"] / alpha, rel=1e-9)


def test_every_output_has_a_static_form_and_none_is_a_warning(executed: Any) -> None:
    check_outputs(executed)
    assert len([o for o in outputs(executed) if o.output_type in ("execute_result", "display_data")]) >= 8


def test_the_views_are_there(executed: Any) -> None:
    views = [o.data["text/html"] for o in outputs(executed) if "wb-view" in o.get("data", {}).get("text/html", "")]
    first, plain, mine, adjoint, cost = views
    assert "∂/∂theta" in first and "lynx_bar" in first and "rk4_step" in first
    assert "alpha" in plain and plain.count("wb-pass") >= 2 + 1 and 'class="wb-fail"' not in plain
    assert "x_bar" in mine and "x_bar" in adjoint and "reverse sweep" in cost
