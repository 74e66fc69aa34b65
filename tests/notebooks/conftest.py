"""Notebooks run in a kernel of their own, in directories of their own, with every warning shown."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbclient import NotebookClient

Run = Callable[[Any], Any]


@pytest.fixture(scope="module")
def run_notebook(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a notebook where the notebooks are, and gives it back with its outputs."""
    home = tmp_path_factory.mktemp("home")
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    environment = dict(os.environ, PYTHONWARNINGS="default", **{name: str(home / name.lower()) for name in names})

    def run(notebook: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            for name in names:
                patch.setenv(name, environment[name])
            client = NotebookClient(notebook, timeout=300, store_widget_state=False,
                                    resources={"metadata": {"path": str(project_root / "notebooks")}})
            loop = asyncio.new_event_loop()
            try:
                loop.run_until_complete(client.async_execute(env=environment))
            finally:
                loop.close()
        return notebook

    return run
