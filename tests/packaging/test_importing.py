"""Importing the package leaves the process as it was."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("before", [True, False])
def test_the_collector_is_as_it_was(before: bool) -> None:
    program = f"import gc\nif not {before}: gc.disable()\nimport workbench\nprint(gc.isenabled())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(before)


def test_every_public_name_is_there() -> None:
    import workbench
    assert all(hasattr(workbench, name) for name in workbench.__all__)
    assert workbench.__all__ == sorted(workbench.__all__)
