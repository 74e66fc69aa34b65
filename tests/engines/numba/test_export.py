"""An exported file runs on its own and checks itself; a wrong adjoint fails its check."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from workbench import passes
from workbench.engines.numba import export
from workbench.ir import ArrayType, Builder, Constant, Function, Kind, ScalarType
from workbench.rules import emit
from workbench.transforms import vjp


def energy() -> Function:
    """sum(x * sin(s * x)), with x doubled in place first."""
    b = Builder("energy")
    n = b.param(ScalarType(Kind.INT), "n", (0, 0))
    x = b.param(ArrayType(Kind.F64, (n,)), "x")
    s = b.param(ScalarType(Kind.F64), "s")
    total = b.slot(s.type, Constant(0.0, Kind.F64), "total")
    i = b.begin_for(Constant(0, Kind.INT), n)
    element = emit(b, "load", x, i)
    term = emit(b, "mul", element, emit(b, "sin", emit(b, "mul", s, element)))
    b.write(total, emit(b, "add", b.read(total), term))
    b.end_for()
    return b.finish([b.read(total)])


def run(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = folder / "adjoint.py"
    path.write_text(text)
    return subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=120, cwd=folder)


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("seeded", [True, False])
def test_the_file_checks_itself(tmp_path: Path, seeded: bool) -> None:
    primal = energy()
    adjoint = passes.finalize(vjp(passes.optimize(primal), [0, 1], [0], seeds="one" if seeded else None))
    text = export(passes.finalize(primal), adjoint, wrt=[0, 1], outputs=[0], gradients=[1, 2],
                  examples=[np.linspace(-1.0, 2.0, 5), 0.7], seeded=seeded)
    assert "workbench" not in text
    good = run(text, tmp_path)
    assert good.returncode == 0, good.stderr
    assert "relative error" in good.stdout
    bad = run(text.replace("math.cos(", "math.sin(", 1), tmp_path)
    assert bad.returncode != 0 and "does not agree" in bad.stderr
