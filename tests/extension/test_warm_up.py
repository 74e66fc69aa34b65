"""A gradient asked for while the compiler is still warming up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(history_load_length=0)
shell.history_manager.enabled = False
for round in range(2):
    shell.run_cell("%load_ext workbench").raise_error()
    shell.run_cell("x = 3.0").raise_error()
    shell.run_cell("%%grad\\nx * x").raise_error()
assert shell.user_ns["grad_x"] == 6.0
"""


def test_a_gradient_at_once_after_loading(tmp_path: Path) -> None:
    """Cold, then from the disk cache: in both cases the warm-up is compiling at the same time."""
    environment = dict(os.environ, XDG_CACHE_HOME=str(tmp_path), IPYTHONDIR=str(tmp_path / "ipython"))
    environment.pop("NUMBA_CACHE_DIR", None)
    for _ in range(2):
        command = [sys.executable, "-c", PROGRAM]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert ran.returncode == 0, ran.stderr
