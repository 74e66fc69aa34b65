"""The page on magics: its cells run, each flag of each magic is explained there, and used in a cell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from workbench_jupyter.flags import MAGICS

from tests.extension.conftest import Notebook

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "magics.md").read_text(encoding="utf-8")
SECTIONS = {re.findall(r"%+(\w+)", part)[0]: part for part in PAGE.split("\n## ")[1:] if part.startswith("`%")}


def test_the_cells_of_the_page_run(notebook: Notebook) -> None:
    cells = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(cells) > 12
    for cell in cells:
        ran = notebook.run(cell.replace("%load_ext workbench\n", ""))
        assert ran.error is None, (cell, ran.error)
        if cell.startswith("%") and "%load_ext" not in cell:
            assert ran.result is not None and ran.result._repr_mimebundle_()["text/html"], cell
    assert notebook["grad_mass"] == 4.5 and notebook["grad_speed"] == 6.0 and callable(notebook["slopes"])


@pytest.mark.parametrize("magic", sorted(MAGICS))
def test_each_flag_is_explained(magic: str) -> None:
    missing = [flag.name for flag in MAGICS[magic] if flag.name not in SECTIONS[magic]]
    assert not missing
