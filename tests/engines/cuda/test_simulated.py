"""Some of `programs` in Numba's simulator, drawn anew in each session, in a process of its own (it is chosen before
Numba is imported); `python -m tests.engines.cuda.simulated` runs all, `...cuda.corpus` the corpus."""
from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import workbench as wb
from tests.engines.cuda.programs import CASES

TOLERANCE = {"float64": 1e-10, "float32": 1e-4}
DRAWN = 2


def test_some_programs(project_root: Path) -> None:
    rng = np.random.default_rng()
    names = [CASES[k].name for k in rng.choice(len(CASES), DRAWN, replace=False)]
    seed = str(int(rng.integers(2**31)))
    command = [sys.executable, "-m", "tests.engines.cuda.simulated", *names, "--seed", seed, "--items", "40"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=project_root, env=dict(os.environ), check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 6 * DRAWN
    for line in lines:
        assert line.get("kept") and line["apart"] <= TOLERANCE[line["dtype"]], (line, seed)


@pytest.mark.skipif(os.environ.get("NUMBA_ENABLE_CUDASIM", "0") == "1", reason="a simulator is there")
def test_without_a_device_it_is_said_what_is_missing() -> None:
    with pytest.raises(wb.DifferentiationError, match="engine='cuda'") as caught:
        wb.grad(lambda x: np.sum(x * x), engine="cuda")(np.ones(3))
    assert caught.value.hint


def test_errors_and_arrays_of_the_device(project_root: Path) -> None:
    program = """
import numpy as np, workbench as wb
from tests.engines.cuda.raising import looked_up, refused_above
for f, args in ((looked_up, (np.ones(5), np.array([0, 1, 9, 2, 12]))), (refused_above, (np.full(3, 3.0),))):
    try:
        wb.grad(f, engine="cuda")(*args)
    except (IndexError, ValueError) as error:
        print(type(error).__name__, error, error.__traceback__.tb_next is not None)
from numba import cuda
from tests.engines.cuda.raising import overwritten, rooted
there = cuda.to_device(np.linspace(0.0, 1.0, 50)), cuda.to_device(np.linspace(1.0, 2.0, 50))
value, slopes = wb.value_and_grad(overwritten, (0, 1), engine="cuda")(*there)
want = wb.value_and_grad(overwritten, (0, 1), engine="reference")(np.linspace(0.0, 1.0, 50), np.linspace(1.0, 2.0, 50))
print(all(hasattr(slope, "copy_to_host") for slope in slopes), abs(value - want[0]) < 1e-12, there[1].copy_to_host()[0],
      max(np.abs(a.copy_to_host() - b).max() for a, b in zip(slopes, want[1])) < 1e-12)
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(wb.grad(rooted, engine="cuda")(cuda.to_device(np.ones(3))).copy_to_host()[0], len(caught))
try:
    wb.grad(looked_up, engine="cuda", deterministic=True)(np.ones(2), np.array([0, 1]))
except wb.DifferentiationError as error:
    print(str(error).splitlines()[0])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=project_root,
                          env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    index, value, there, infinite, exact = done.stdout.splitlines()
    assert there == "True True 2.0 True", there  # arrays of the device, taken and given
    assert infinite == "inf 1"
    assert index.startswith("IndexError") and value.startswith("ValueError too large")
    assert "not deterministic" in exact


@pytest.mark.skipif(importlib.util.find_spec("numba_cuda") is not None, reason="a compiler for GPUs is there")
def test_without_a_compiler_it_is_said_what_is_missing() -> None:
    with pytest.raises(wb.DifferentiationError, match="compiling for a GPU needs numba-cuda") as caught:
        wb.compile_cuda(wb.grad(lambda x: np.sum(x * x)), wb.spec("f64[n]"))
    assert "ad-workbench[cuda]" in caught.value.hint
    with pytest.raises(ValueError, match="sm_90"):
        wb.compile_cuda(lambda x: np.sum(x * x), wb.spec("f64[n]"), arch="hopper")


def test_kernels_are_shown_beside_the_source() -> None:
    def energy(x):
        return np.sum(x * x)
    shown = wb.show(energy, wb.spec("f64[n]"), engine="cuda", show="adjoint,ptx").text()
    assert "@cuda.jit" in shown and "return np.sum(x * x)" in shown
    assert "needs numba-cuda" in shown or "ptxas" in shown or ".target sm_90" in shown
