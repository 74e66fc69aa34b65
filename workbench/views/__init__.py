"""What is shown, as data first, then as text, HTML and SVG. Knows nothing of Jupyter.

`gradient_view` makes the data of a cell view, `render_text` and `render_html` draw it; `figure_svg` draws a plotly
figure's specification as a static picture.
"""

from __future__ import annotations

from workbench.views.build import gradient_view
from workbench.views.complexity import Complexity, OperatorCost
from workbench.views.figure import figure_svg
from workbench.views.html import render_html
from workbench.views.measured import Measured, MeasuredLine
from workbench.views.model import CheckView, GradientView
from workbench.views.strategies import Strategies, Strategy
from workbench.views.sweep import Sweep
from workbench.views.text import render_text

__all__ = [
    "CheckView",
    "Complexity",
    "GradientView",
    "Measured",
    "MeasuredLine",
    "OperatorCost",
    "Strategies",
    "Strategy",
    "Sweep",
    "figure_svg",
    "gradient_view",
    "render_html",
    "render_text",
]
