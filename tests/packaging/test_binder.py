"""What Binder installs: everything that the package needs, pinned to what satisfies it, and the package itself."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from packaging.requirements import Requirement


def test_every_requirement_is_pinned_to_a_version_that_satisfies_it(project_root: Path) -> None:
    lines = (project_root / "binder" / "requirements.txt").read_text("utf-8").splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    assert lines[-1] == "."
    pins = {Requirement(line).name: line.partition("==")[2] for line in lines[:-1]}
    assert all(pins.values()) and pins["jupyterlab"].startswith("4.6.")
    needed = tomllib.loads((project_root / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    for requirement in map(Requirement, needed):
        assert requirement.specifier.contains(pins[requirement.name]), requirement


def test_python_is_pinned_and_the_script_can_run(project_root: Path) -> None:
    assert (project_root / "binder" / "runtime.txt").read_text("utf-8") == "python-3.12\n"
    assert os.access(project_root / "binder" / "postBuild", os.X_OK)
