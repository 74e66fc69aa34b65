"""The kernel extension: what `%load_ext workbench` adds to IPython.

It imports `workbench`, never the reverse. Loading registers the magics and what completes them, warms the compiler up
in a thread so that the first gradient does not wait for it, makes what the workbench shows come alive in the page,
shows how far work is that takes a while, gives plotly figures a static form beside the interactive one, and opens the
line to JupyterLab's panel.
"""

from __future__ import annotations

from typing import Any

from IPython.display import display

from workbench import engines
from workbench.views import places, shown
from workbench_jupyter import completion, figures, live, panel, progress
from workbench_jupyter.about_magics import AboutMagics
from workbench_jupyter.cell import cell_files
from workbench_jupyter.cost_magics import CostMagics
from workbench_jupyter.flags import MAGICS
from workbench_jupyter.magics import GradMagics
from workbench_jupyter.result import GradResult

__all__ = ["GradResult", "load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: Any) -> None:
    """Register the magics and the display of figures with a shell; start the warm-up."""
    shell.register_magics(GradMagics, CostMagics, AboutMagics)
    places.register(lambda: {**cell_files(shell), **panel.cell_files()})
    shown.register_display(display)
    figures.register(shell)
    progress.register(shell)
    completion.register(shell)
    live.register()
    panel.register(shell)
    engines.warm_up()


def unload_ipython_extension(shell: Any) -> None:
    """Take back what `load_ipython_extension` did."""
    for known in shell.magics_manager.magics.values():
        for name in MAGICS:
            known.pop(name, None)
    places.register(None)
    shown.register_display(None)
    figures.unregister(shell)
    progress.unregister(shell)
    completion.unregister(shell)
    live.unregister()
    panel.unregister()
