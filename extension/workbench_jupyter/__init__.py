"""The kernel extension: what `%load_ext workbench` adds to IPython.

It imports `workbench`, never the reverse.
"""

from __future__ import annotations

from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """Register the magics with a shell."""


def unload_ipython_extension(shell: Any) -> None:
    """Take back what `load_ipython_extension` did."""
