"""The example of the README prints what the README says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def test_the_example_runs_and_prints_what_it_says(project_root: Path, tmp_path: Path) -> None:
    text = (project_root / "README.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (printed,) = re.findall(r"prints\n\n```text\n(.*?)```", text, re.DOTALL)
    script = tmp_path / "example.py"
    script.write_text(program, encoding="utf-8")
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == printed
