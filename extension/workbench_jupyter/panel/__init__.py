"""The kernel's half of the JupyterLab panel: what functions cost, as they are edited, before they run.

The page sends the text of a cell; nothing of it is executed. `reading` finds the function, `names` what its names mean,
`arguments` with what it would be called, `analysis` what it costs, `session` answers the page, `comm` carries that.
"""

from __future__ import annotations

from typing import Any

from workbench_jupyter.panel.comm import Panel

_OPEN: list[Panel] = []


def register(shell: Any) -> None:
    """Open the line to the panel, where there is a kernel: a plain IPython has none."""
    unregister()
    if getattr(shell, "kernel", None) is not None:
        _OPEN.append(Panel(shell))


def cell_files() -> dict[str, str]:
    """What the texts that are looked at are called, by the names under which they are known."""
    return {name: called for panel in _OPEN for name, called in panel.session.held.items()}


def unregister() -> None:
    """Close it."""
    while _OPEN:
        _OPEN.pop().close()
