"""Every notebook is what its Markdown makes, without outputs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import nbformat
import pytest


@pytest.fixture(scope="module")
def tool(project_root: Path) -> Any:
    spec = importlib.util.spec_from_file_location("notebooks_tool", project_root / "tools" / "notebooks.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_are_in_step(tool: Any) -> None:
    assert tool.out_of_step() == []


def test_none_is_committed_with_outputs(tool: Any) -> None:
    for source in tool.sources():
        notebook = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
        assert "widgets" not in notebook.metadata
        assert all(not cell.get("outputs") for cell in notebook.cells)


def test_an_edit_on_either_side_is_noticed_and_the_way_back_is_the_same(tool: Any, tmp_path: Path) -> None:
    source, made = tmp_path / "quickstart.md", tmp_path / "quickstart.ipynb"
    source.write_text((tool.FOLDER / "quickstart.md").read_text("utf-8"), "utf-8")
    made.write_text(tool.written(source), "utf-8")
    assert tool.out_of_step(tmp_path) == []
    edited = nbformat.read(made, as_version=4)
    edited.cells[-1].source += "\n\nOne more word."
    nbformat.write(edited, made)
    assert tool.out_of_step(tmp_path) == [made]
    source.write_text(tool.back(made), "utf-8")
    assert "One more word." in source.read_text("utf-8") and tool.out_of_step(tmp_path) == []
