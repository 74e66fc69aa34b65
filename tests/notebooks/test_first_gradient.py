"""How long the first gradient takes in a kernel that loaded the extension a few seconds before."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

BAR_SECONDS = 1.5


@pytest.mark.timing
def test_the_first_gradient_of_the_quick_start(project_root: Path, tmp_path: Path) -> None:
    """Empty disk caches; the clock runs inside the kernel, around the cell of the model."""
    quickstart = nbformat.read(project_root / "notebooks" / "quickstart.ipynb", as_version=4)
    sources = [cell.source for cell in quickstart.cells if cell.cell_type == "code"]
    model = next(index for index, source in enumerate(sources) if source.startswith("%%grad"))
    steps = [*sources[:model], "import time\ntime.sleep(5)", "began = time.perf_counter()"]
    steps += [sources[model], "elapsed = time.perf_counter() - began\nelapsed"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in steps])
    caches = {"XDG_CACHE_HOME": str(tmp_path / "xdg"), "NUMBA_CACHE_DIR": str(tmp_path / "numba")}
    client = NotebookClient(notebook, timeout=120)
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(client.async_execute(env=dict(os.environ, **caches)))
    finally:
        loop.close()
    elapsed = float(notebook.cells[-1].outputs[0]["data"]["text/plain"])
    print(f"first gradient after {elapsed:.2f} s")
    assert elapsed <= BAR_SECONDS
