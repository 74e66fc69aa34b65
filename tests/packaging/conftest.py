"""The wheel, for all tests of the distribution."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def wheel(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel under test where there is one, else one built now."""
    built = os.environ.get("WORKBENCH_TESTED_FROM")
    folder = Path(built).parent / "dist" if built else tmp_path_factory.mktemp("dist")
    if not built:
        command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
        subprocess.run(command, cwd=project_root, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path
