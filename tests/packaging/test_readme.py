"""The examples of the README print what the README says, and those of the pages in docs/ what their comments say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = list(zip(re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL),
                    re.findall(r"prints\n\n```text\n(.*?)```", TEXT, re.DOTALL), strict=True))


def printed(program: str, folder: Path) -> str:
    """What a program prints when Python runs it."""
    script = folder / "example.py"
    script.write_text(program, encoding="utf-8")
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


@pytest.mark.parametrize(("program", "expected"), EXAMPLES, ids=[f"example{k}" for k in range(len(EXAMPLES))])
def test_an_example_prints_what_the_readme_says(program: str, expected: str, tmp_path: Path) -> None:
    assert printed(program, tmp_path) == expected


def test_the_page_on_costs(tmp_path: Path) -> None:
    """The comment behind a `print` is its output."""
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "cost.md").read_text(encoding="utf-8"), re.DOTALL)
    said = re.findall(r"^print\(.*\) +# (.*)$", program, re.MULTILINE)
    lines = printed(program, tmp_path).splitlines()
    assert lines[:2] == said[:2] and any("u[i] =" in line for line in lines[2:])
