"""What must hold of the outputs of every notebook."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat

STATIC = {"text/html", "image/svg+xml", "image/png", "text/markdown"}
SAVED_BYTES = 300_000


def read(project_root: Path, name: str) -> Any:
    """A notebook as it is committed."""
    return nbformat.read(project_root / "notebooks" / f"{name}.ipynb", as_version=4)


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def printed(cell: Any) -> str:
    """What a cell wrote to its standard output."""
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def check_outputs(notebook: Any) -> None:
    """Each output has a static form; none is an error, a warning, or fetched from elsewhere; what is saved is small."""
    assert "widgets" not in notebook.metadata
    for output in outputs(notebook):
        assert output.output_type != "error", output.get("evalue")
        if output.output_type == "stream":
            assert output.name == "stdout", output.text
            continue
        kinds = set(output.data)
        assert "text/plain" in kinds and (kinds == {"text/plain"} or STATIC & kinds), kinds
        assert not any("widget" in kind for kind in kinds)
        for kind in kinds & {"text/html", "image/svg+xml"}:
            assert "<script" not in output.data[kind]
            assert not re.findall(r"(?:src|href)\s*=\s*[\"']?https?:|url\(", output.data[kind])
            assert "not shown" not in output.data[kind]
    assert len(nbformat.writes(notebook)) < SAVED_BYTES
