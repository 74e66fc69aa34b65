"""The distribution: one pure wheel with both import packages and the panel; metadata say what the documents say."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import workbench


def test_one_pure_wheel_with_both_packages(wheel: Path) -> None:
    assert wheel.name.startswith("ad_workbench-") and wheel.name.endswith("-py3-none-any.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name and ".data" not in name} == {
        "workbench",
        "workbench_jupyter",
    }
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_every_source_file_is_in_the_wheel(wheel: Path, project_root: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(
        ["git", "ls-files", "workbench", "extension/workbench_jupyter"],
        cwd=project_root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    missing = {name for name in tracked if (project_root / name).exists()} - {
        f"extension/{name}" if name.startswith("workbench_jupyter/") else name for name in names
    }
    assert not missing


def test_the_panel_is_where_jupyterlab_looks_for_it(wheel: Path) -> None:
    """Below the environment's prefix, with all that its package.json names, without maps of its sources; and small."""
    with zipfile.ZipFile(wheel) as archive:
        (place,) = {name.split("/data/")[0] + "/data/share/jupyter/labextensions/ad-workbench/"
                    for name in archive.namelist() if "/data/" in name}
        panel = {name.removeprefix(place): archive.getinfo(name).file_size for name in archive.namelist()
                 if "/data/" in name}
        said = json.loads(archive.read(place + "package.json"))
        installed = json.loads(archive.read(place + "install.json"))
    assert said["name"] == "ad-workbench" and said["jupyterlab"]["_build"]["load"] in panel
    assert installed["packageManager"] == "python" and installed["packageName"] == "ad-workbench"
    assert not [name for name in panel if name.startswith("/") or name.endswith((".map", ".ts"))]
    assert sum(panel.values()) < 300_000


def test_version_is_stated_once() -> None:
    assert importlib.metadata.version("ad-workbench") == workbench.__version__


def test_the_engine_imports_without_jupyter() -> None:
    """Neither Jupyter nor the kernel extension nor plotly is loaded by `import workbench`."""
    code = (
        "import sys, workbench\n"
        "bad = {'workbench_jupyter', 'IPython', 'ipywidgets', 'anywidget', 'jupyterlab', 'plotly'}\n"
        "sys.exit(str(sorted(bad & set(sys.modules))) if bad & set(sys.modules) else 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
