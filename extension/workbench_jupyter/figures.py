"""One display hook for plotly figures: interactive where plotly's renderer is, and a static SVG beside it.

The figure's own specification is published for JupyterLab, Notebook and VS Code; nothing is loaded from outside.
A figure that keeps plotly's default template gets colours that read on light and dark pages.
"""

from __future__ import annotations

import json
from typing import Any

from IPython.display import display

from workbench.views import figure_svg

PLOTLY = ("plotly.graph_objs._figure", "Figure")
MIME = "application/vnd.plotly.v1+json"
GREY = "#7d8794"
GRID = "rgba(128, 140, 155, 0.28)"


def neutral_template() -> dict[str, Any]:
    """Transparent ground, grey ink and grid: legible on light and dark alike."""
    axis = {"gridcolor": GRID, "linecolor": GRID, "zerolinecolor": GRID, "automargin": True}
    return {
        "layout": {
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": GREY},
            "xaxis": axis,
            "yaxis": axis,
            "colorway": ["#636efa", "#ef553b", "#00a37a", "#ab63fa", "#ff8a30", "#19a3c7", "#e0407b", "#7a9a28"],
            "title": {"x": 0.02, "xanchor": "left"},
            "legend": {"orientation": "h", "yanchor": "top", "y": -0.2, "x": 0},
            "margin": {"l": 60, "r": 20, "t": 60, "b": 50},
        }
    }


def bundle(figure: Any) -> dict[str, Any]:
    """The figure as plotly's JSON, as static SVG and as text."""
    specification = json.loads(figure.to_json())
    layout = specification.setdefault("layout", {})
    default = json.loads(type(figure)().to_json()).get("layout", {}).get("template")
    if layout.get("template") == default:
        layout["template"] = neutral_template()
    title = (layout.get("title") or {}).get("text") or "plotly figure"
    return {
        MIME: {"data": specification["data"], "layout": layout, "config": {"responsive": True, "displaylogo": False}},
        "image/svg+xml": figure_svg(specification),
        "text/plain": f"{title}: {len(specification['data'])} traces",
    }


def show(figure: Any) -> None:
    """What IPython calls to display a figure."""
    display(bundle(figure), raw=True)


def register(shell: Any) -> None:
    shell.display_formatter.ipython_display_formatter.for_type_by_name(*PLOTLY, show)


def unregister(shell: Any) -> None:
    shell.display_formatter.ipython_display_formatter.pop(".".join(PLOTLY), None)
