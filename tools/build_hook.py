"""Hatchling's hook: builds the panel before a wheel, an editable one or an sdist is made, and puts it into the wheel.

`WORKBENCH_PANEL=0` leaves the panel out; everything else works without it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))
import panel


class PanelHook(BuildHookInterface[Any]):
    """See the module."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return panel.needs() if panel.wanted() and not panel.fresh() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if not panel.wanted():
            return
        try:
            panel.build()
        except panel.PanelError as error:
            self.app.abort(f"The JupyterLab panel could not be built: {error}")
        if self.target_name == "wheel":
            build_data["shared_data"][str(panel.OUTPUT)] = panel.WHERE.as_posix()
