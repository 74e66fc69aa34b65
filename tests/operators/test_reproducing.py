"""Where a check fails, a script is printed that finds it again; where none can be written, the reason."""
from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import workbench as wb

SCALE = 3.0


@wb.rule
def bent(x):
    return math.sin(SCALE * x)


@bent.defvjp
def bent_vjp(primals, y, y_bar):
    (x,) = primals
    return (2.0 * y_bar * math.cos(SCALE * x),)


def energy(x, n, weights):
    total = 0.0
    for k in range(n):
        total += weights["w"] * bent(x[k])
    return total


def test_a_failed_check_is_found_again_by_its_script(tmp_path: Path) -> None:
    with pytest.raises(AssertionError) as caught:
        wb.check(energy, np.array([0.5, 0.25]), 2, {"w": 1.5}, engine="tape")
    text = str(caught.value)
    script = text[text.index("from numpy import inf"):]
    assert "SCALE = 3.0" in script and "def bent(x):" in script and "@bent.defvjp" in script
    assert script.splitlines()[-1].startswith("print(wb.check(energy, np.array([0.5, 0.25], dtype=np.float64), 2, ")
    assert "engine='tape', directions=1" in script
    path = tmp_path / "again.py"
    path.write_text(script, encoding="utf-8")
    made = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, cwd=tmp_path)
    assert made.returncode == 1 and "the derivative of energy is wrong (tape, " in made.stderr, made.stderr


def test_what_cannot_be_written_is_said() -> None:
    place = SimpleNamespace(factor=2.0)

    def scaled(x):
        return bent(x) * place.factor

    for f, reason in ((lambda x: bent(x), "no function with a name"), (scaled, "SimpleNamespace")):
        with pytest.raises(AssertionError, match="# no script to paste: .*" + reason):
            wb.check(f, 0.5, engine="tape", directions=1, order=1)
