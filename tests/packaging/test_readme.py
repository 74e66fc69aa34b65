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


def cells(line: str) -> list[str]:
    return [cell.strip(" *") for cell in line.strip().strip("|").split("|")]


def test_the_table_of_tools_is_that_of_the_benchmarks() -> None:
    """Every figure of the README is the benchmarks' latest, and every tool of theirs is there."""
    lines = (ROOT / "tests" / "benchmarks" / "README.md").read_text(encoding="utf-8").splitlines()
    names = cells(next(line for line in lines if line.startswith("| workload |")))[2:]
    means = cells(next(line for line in lines if line.startswith("| **geometric mean (of how many)**")))[2:]
    measured = {name: tuple(re.fullmatch(r"(\S+) \((\d+)\)", mean).groups())  # type: ignore[union-attr]
                for name, mean in zip(names, means, strict=True)}
    said = {}
    for line in re.findall(r"^\| .* \|$", TEXT, re.MULTILINE)[1:]:
        tool, way, count, mean = cells(line)
        said[tool, way] = (mean, count)
    known = {"ad-workbench": "workbench", "adjoints written by hand, in Numba": "hand", "PyTorch": "torch",
             "autograd": "autograd", "tangent-ad": "tangent-ad", "Warp": "warp", "CasADi": "casadi"}
    ways = {"as it is": "jax, as written", "rewritten for it": "jax, best form"}
    assert {known.get(tool) or ways[way]: figures for (tool, way), figures in said.items()} == measured


def test_what_the_readme_points_at_is_there() -> None:
    places = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert len(places) >= 10
    assert [place for place in places if not (ROOT / place).exists()] == []
    assert all(path.stat().st_size < 200_000 for path in (ROOT / "docs" / "images").iterdir())
