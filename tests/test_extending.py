"""What CONTRIBUTING.md shows of adding a primitive, a library function, a pass, an engine, a derivative operator and a
cost figure, done by a package from outside: each in a process of its own, with nothing but the public lists."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TEXT = (Path(__file__).parent.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
TOYS = {name: text for name, text in re.findall(r"```python\n# (\w+)\.py\n(.*?)```", TEXT, re.DOTALL)}


def test_there_is_one_of_each() -> None:
    assert list(TOYS) == ["primitive", "library_function", "a_pass", "an_engine", "operator", "a_figure"]


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("name", TOYS)
def test_what_is_added_works(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"added_{name}.py"
    path.write_text(TOYS[name], encoding="utf-8")
    made = subprocess.run([sys.executable, "-W", "error", str(path)], capture_output=True, text=True,
                          env={**os.environ, "WORKBENCH_CACHE": "0"}, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
