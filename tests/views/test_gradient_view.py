"""The data of a cell view and its two drawings."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from workbench.views import CheckView, gradient_view, render_html, render_text
from workbench.views.build import adjoint_view, coarsened, leaf_view
from workbench.views.drawing import drawing
from workbench.views.highlight import highlighted

ADJOINT = """def f_vjp(x):
    # 3: y = x * x
    y = x * x
    # helper.py:7: return v
    v_bar = 1.0
    # 4: return y
    y_bar = v_bar
    # 3: y = x * x
    x_bar = 2.0 * x * y_bar
    return x_bar"""


def op(prim: str, *regions: SimpleNamespace) -> SimpleNamespace:
    return SimpleNamespace(prim=prim, regions=regions)


PROGRAM = SimpleNamespace(
    block=SimpleNamespace(ops=[op("mul"), op("for", SimpleNamespace(ops=[op("mul"), op("mul")]))])
)


def test_adjoint_lines_know_the_users_line() -> None:
    view = adjoint_view(ADJOINT, {"helper.py": "In[1]"})
    assert [line.of for line in view.lines] == [None, 3, 3, None, None, 4, 4, 3, 3, 3]
    assert view.lines[3].text == "    # In[1]:7: return v"


def test_the_text_of_a_view() -> None:
    derivative = SimpleNamespace(source=ADJOINT, ir=PROGRAM)
    view = gradient_view(
        "f(3.0)",
        9.0,
        [("x", 6.0)],
        derivative,
        lambda: ("def f(x):\n    y = x * x\n    return y\n", 2),
        "In[1]",
        (CheckView("differences", 9.25, True, "best step 1e-06"),),
    )
    assert render_text(view) == "\n".join(
        [
            "f(3.0) = 9",
            "  ∂/∂x  float  6",
            "  ✓ differences: 9.2 digits agree (best step 1e-06)",
            "",
            "── your source, In[1]",
            "    2 │ def f(x):",
            "    3 │     y = x * x",
            "    4 │     return y",
            "",
            "── adjoint",
            "      │ def f_vjp(x):",
            "    3 │     # 3: y = x * x",
            "      │     y = x * x",
            "      │     # helper.py:7: return v",
            "      │     v_bar = 1.0",
            "    4 │     # 4: return y",
            "      │     y_bar = v_bar",
            "    3 │     # 3: y = x * x",
            "      │     x_bar = 2.0 * x * y_bar",
            "      │     return x_bar",
            "",
            "operations of the adjoint (of them in loops): mul 3 (2), for 1 (0)",
        ]
    )
    html = render_html(view)
    assert html.count('class="wb-row wb-h0 wb-l3"') == 6 and html.count('class="wb-row wb-h1 wb-l4"') == 3
    assert ".wb-l3:hover" in html and "4 of 2 kinds" in html


@pytest.mark.parametrize(
    ("leaf", "kind", "norm"),
    [
        (1.5, "float", None),
        (np.float32(1.5), "float32", None),
        (np.ones((2, 3)), "float64[2, 3]", 6**0.5),
        (np.zeros(0), "float64[0]", 0.0),
        (np.array([3 + 4j]), "complex128[1]", 5.0),
        (np.array([np.nan, 1.0]), "float64[2]", None),
        (None, "", None),
    ],
)
def test_leaves_of_every_kind(leaf: object, kind: str, norm: float | None) -> None:
    view = leaf_view("x", leaf)
    assert view.kind == kind
    if not (isinstance(leaf, np.ndarray) and np.isnan(leaf).any()):
        assert view.norm == (None if norm is None else pytest.approx(norm))
    assert "∂/∂x" in render_text(gradient_view("f", 1.0, [("x", leaf)]))


def test_large_arrays_are_drawn_coarsely_and_keep_their_extremes() -> None:
    values = np.zeros(5000)
    values[1234] = -7.0
    coarse = coarsened(values[None, :], 96, 1)
    assert coarse.shape == (1, 96) and coarse.min() == -7.0
    assert len(render_html(gradient_view("f", 0.0, [("x", values), ("m", np.ones((900, 700)))]))) < 150_000


def test_drawings() -> None:
    assert drawing((), "x") == "" and drawing(((1.0,),), "x") == ""
    assert drawing(((1.0, -2.0),), "x").count("<rect") == 2
    assert drawing(((0.0, 0.0), (0.0, 0.0)), "<x>").count("<rect") == 4 and "<x>" not in drawing(((0.0, 1.0),), "<x>")


def test_highlighting_escapes_and_survives_what_is_no_program() -> None:
    assert highlighted(["x_bar = '<b>'"]) == [
        '<span class="wb-d">x_bar</span> <span class="wb-o">=</span> <span class="wb-s">&#x27;&lt;b&gt;&#x27;</span>'
    ]
    assert highlighted(["if (<b>", "'''open"])[1].endswith("open")
    assert highlighted(['s = """a', "<b>", '"""'])[1] == '<span class="wb-s">&lt;b&gt;</span>'


def test_a_part_that_fails_is_named_and_the_rest_shown() -> None:
    def no_source() -> tuple[str, int]:
        raise OSError("no <source>")

    view = gradient_view(
        "f", 2.0, [("x", 1.0)], SimpleNamespace(source="import math\n\ndef g(): pass", ir=PROGRAM), no_source
    )
    assert view.missing == ("source: OSError: no <source>",) and view.adjoint is not None
    assert view.adjoint.lines[0].text == "def g(): pass"
    assert "(not shown: source: OSError: no <source>)" in render_text(view)
    assert "no &lt;source&gt;" in render_html(view)
