"""The kernel extension: what `%load_ext workbench` adds to IPython.

It imports `workbench`, never the reverse. Loading registers `%%grad` and `%grad`, warms the compiler up in a thread so
that the first gradient does not wait for it, makes what the workbench shows come alive in the page, and gives plotly
figures a static form beside the interactive one.
"""

from __future__ import annotations

from typing import Any

from IPython.display import display

from workbench import engines
from workbench.views import places, shown
from workbench_jupyter import figures, live
from workbench_jupyter.cell import cell_files
from workbench_jupyter.flags import MAGICS
from workbench_jupyter.magics import GradMagics
from workbench_jupyter.result import GradResult

__all__ = ["GradResult", "load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: Any) -> None:
    """Register the magics and the display of figures with a shell; start the warm-up."""
    shell.register_magics(GradMagics)
    places.register(lambda: cell_files(shell))
    shown.register_display(display)
    figures.register(shell)
    live.register()
    engines.warm_up()


def unload_ipython_extension(shell: Any) -> None:
    """Take back what `load_ipython_extension` did."""
    for known in shell.magics_manager.magics.values():
        for name in MAGICS:
            known.pop(name, None)
    places.register(None)
    shown.register_display(None)
    figures.unregister(shell)
    live.unregister()
