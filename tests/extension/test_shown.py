"""What a cell shows: a static form always, everything escaped, nothing kept as widget state."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

import pytest

from tests.extension.conftest import Notebook

EVIL = "<img src=x onerror=alert(1)>"


def test_text_and_html_are_both_there(notebook: Notebook) -> None:
    result = notebook.run("%%grad\ndef f(x):\n    return x * x\nf(3.0)").value
    bundle = result._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert bundle["text/plain"].startswith("f(3.0) = 9\n  ∂/∂x  float  6")
    for part in ("f(3.0)", "= 9", "∂/∂x", "<details", "return"):
        assert part in bundle["text/html"]
    assert "<script" not in bundle["text/html"] and "http" not in bundle["text/html"].replace("http://www.w3.org", "")


def test_what_a_program_says_is_escaped(notebook: Notebook) -> None:
    cell = f"%%grad\ndef f(w):\n    s = '{EVIL}'  # {EVIL}\n    return w['{EVIL}'] * 2.0\nf({{'{EVIL}': 1.0}})"
    html = notebook.run(cell).value._repr_mimebundle_()["text/html"]
    assert "<img" not in html and html.count("&lt;img") >= 4


def test_the_html_is_well_formed(notebook: Notebook) -> None:
    notebook.run("import numpy as np\nm = np.arange(6.0).reshape(2, 3) - 2")
    html = notebook.run("%%grad\nnp.sum(m * m)").value.html()
    body = html[html.index("</style>") + 8 :].removesuffix("</div>").replace("<details open>", "<details>")
    root = ElementTree.fromstring(f"<div>{body}</div>")
    assert root.find(".//{http://www.w3.org/2000/svg}svg") is not None


def test_two_runs_print_the_same(notebook: Notebook) -> None:
    cell = "%%grad\ndef f(x):\n    return x * x\nf(3.0)"
    first, second = (notebook.run(cell).value.html() for _ in range(2))
    assert first.replace("In[2]", "In[3]") == second


def test_the_view_is_json(notebook: Notebook) -> None:
    view = notebook.run("%%grad\ndef f(x):\n    return x * x\nf(3.0)").value.panel.view
    data = json.loads(json.dumps(view.as_dict()))
    assert data["title"] == "f(3.0)" and data["gradients"][0]["path"] == "x"
    assert data["source"]["lines"][0] == {"number": 2, "text": "def f(x):", "of": None, "where": ""}


def test_a_failing_part_degrades_alone(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.views import build

    def broken(*_: object) -> None:
        raise RuntimeError("no table today")

    monkeypatch.setattr(build, "operation_views", broken)
    monkeypatch.setattr(build, "adjoint_view", broken)
    bundle = notebook.run("%%grad\ndef f(x):\n    return x * x\nf(3.0)").value._repr_mimebundle_()
    assert "no table today" in bundle["text/plain"] and "= 9" in bundle["text/plain"]
    assert "no table today" in bundle["text/html"] and "return" in bundle["text/html"]


def test_plotly_figures_have_a_static_form(notebook: Notebook) -> None:
    ran = notebook.run("import plotly.graph_objects as go\ngo.Figure(go.Scatter(y=[1, 3, 2], name='<b>x</b> & y'))")
    (bundle,) = ran.shown
    assert set(bundle) == {"application/vnd.plotly.v1+json", "image/svg+xml", "text/plain"}
    svg = ElementTree.fromstring(bundle["image/svg+xml"])
    assert svg.find(".//{http://www.w3.org/2000/svg}polyline") is not None
    assert "x & y" in "".join(svg.itertext())


def test_unloading_takes_everything_back(notebook: Notebook) -> None:
    notebook.run("%unload_ext workbench").value
    assert notebook.shell.find_cell_magic("grad") is None and notebook.shell.find_line_magic("grad") is None
