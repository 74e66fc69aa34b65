"""The quick start runs top to bottom in a kernel of its own, fits what is published, and shows without scripts."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path("notebooks") / "quickstart.ipynb"
STATIC = {"text/html", "image/svg+xml", "image/png", "text/markdown"}
REPORT = (
    "import json\n"
    "json.dumps(dict(success=bool(fit.success), loss=float(fit.fun), theta=[float(v) for v in np.exp(fit.x)],\n"
    "                gradient=float(np.linalg.norm(fit.jac)), start=float(np.linalg.norm(at_start)),\n"
    "                period=float(period), grad_alpha=float(grad_alpha)))"
)


@pytest.fixture(scope="module")
def executed(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The notebook as run, with one more cell that reports what was found."""
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("home")
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        patch.setenv(name, str(home / name.lower()))
    patch.setenv("PYTHONWARNINGS", "default")
    notebook = nbformat.read(project_root / NOTEBOOK, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(REPORT, id="report"))
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(project_root / "notebooks")}})
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(client.async_execute(env=dict(os.environ)))
    finally:
        loop.close()
        patch.undo()
    yield notebook


@pytest.fixture(scope="module")
def found(executed: Any) -> dict[str, Any]:
    import json

    text = executed.cells[-1].outputs[0]["data"]["text/plain"]
    return dict(json.loads(text.strip("'")))


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells[:-1] if cell.cell_type == "code" for output in cell.outputs]


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
    shown = outputs(executed)
    assert len([o for o in shown if o.output_type in ("execute_result", "display_data")]) >= 7
    for output in shown:
        assert output.output_type != "error"
        if output.output_type == "stream":
            assert output.name == "stdout", output.text
        else:
            assert "text/plain" in output.data and STATIC & set(output.data)
            assert not any("widget" in kind for kind in output.data)


def test_nothing_is_kept_as_widget_state_or_fetched(executed: Any) -> None:
    assert "widgets" not in executed.metadata
    for output in outputs(executed):
        for kind, content in output.get("data", {}).items():
            if kind in ("text/html", "image/svg+xml"):
                assert "<script" not in content
                assert not re.findall(r"(?:src|href)\s*=\s*[\"']?https?:|url\(", content)


def test_the_views_are_there(executed: Any) -> None:
    views = [o.data["text/html"] for o in outputs(executed) if "wb-view" in o.get("data", {}).get("text/html", "")]
    assert len(views) == 3
    assert all("not shown" not in view for view in views)
    assert "∂/∂theta" in views[0] and "lynx_bar" in views[0] and "rk4_step" in views[0]
    assert views[1].count("wb-pass") >= 2 + 1 and 'class="wb-fail"' not in views[1]


def test_the_committed_notebook_is_clean(project_root: Path) -> None:
    notebook = nbformat.read(project_root / NOTEBOOK, as_version=4)
    assert "widgets" not in notebook.metadata
    assert all(not cell.get("outputs") for cell in notebook.cells)
