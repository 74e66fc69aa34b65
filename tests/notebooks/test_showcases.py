"""The showcases run, find what they look for, and their gradients are those of the plain Python programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.notebooks.conftest import Run
from tests.notebooks.outputs import check_outputs, printed, read

#: differences of the function as Python runs it, extrapolated from two widths
DIFFERENCES = """
def plain_slopes(f, x):
    def difference(k, width):
        step = np.zeros(len(x))
        step[k] = width * max(1.0, abs(x[k]))
        return (f(x + step) - f(x - step)) / (2 * step[k])
    return [(4 * difference(k, 1e-5) - difference(k, 2e-5)) / 3 for k in range(len(x))]

def peak():  # (getrusage tells the peak of the process that this one was forked from, too)
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

"""
REPORTS = {
    "trebuchet": """
json.dumps(dict(peak=peak(),
                ours=list(value_and_slopes(first)[1]), value=value_and_slopes(first)[0], plain_value=distance(first),
                plain=plain_slopes(lambda x: distance(Trebuchet(*x)), np.array(first)),
                lands=distance(aimed), by_angle=value_and_slopes(aimed)[1].release, success=bool(found.success),
                weight=aimed.counterweight, best=max(distance(aimed._replace(release=aimed.release + d))
                                                     for d in np.linspace(-0.1, 0.1, 21))))
""",
    "raytracer": """
small = target[::4, ::4].copy()
here = value_and_gradient(guess, SPHERES, small)
json.dumps(dict(peak=peak(),
                ours=list(vector_of(here[1])), value=here[0], plain_value=error(guess, SPHERES, small),
                plain=plain_slopes(lambda x: error(lamp_of(x), SPHERES, small), vector_of(guess)),
                found=list(found.x), error=float(found.fun)))
""",
}


@pytest.fixture(scope="module", params=sorted(REPORTS))
def showcase(request: pytest.FixtureRequest, project_root: Path, run_notebook: Run) -> tuple[str, Any, dict[str, Any]]:
    notebook = read(project_root, request.param)
    report = f"import json\n{DIFFERENCES}{REPORTS[request.param]}"
    notebook.cells.append(nbformat.v4.new_code_cell(report, id="report"))
    run_notebook(notebook)
    found = json.loads(notebook.cells[-1].outputs[0]["data"]["text/plain"].strip("'"))
    return request.param, notebook, found


def test_it_runs_clean_and_is_right(showcase: tuple[str, Any, dict[str, Any]]) -> None:
    name, notebook, found = showcase
    check_outputs(notebook)
    assert found["peak"] < 500_000  # kB, of the 2 GB that Binder gives
    assert found["value"] == pytest.approx(found["plain_value"], rel=1e-12)
    assert found["ours"] == pytest.approx(found["plain"], rel=1e-6)
    text = "".join(printed(cell) for cell in notebook.cells if cell.cell_type == "code")
    assert "largest relative error" in text and "jax" in text and "autograd" in text
    assert "not compiled" not in text
    if name == "trebuchet":
        assert found["success"] and found["lands"] == pytest.approx(120.0, abs=1e-3)
        assert abs(found["by_angle"]) < 1e-2 and found["weight"] < 1500.0
        assert found["best"] == pytest.approx(found["lands"], abs=1e-3)  # no angle throws farther
    else:
        assert found["found"] == pytest.approx([-2.0, 4.0, 1.0, 1.0, 0.9, 0.7], abs=1e-3)
        assert found["error"] < 1e-9
