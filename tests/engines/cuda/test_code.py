"""The code of some programs against what is kept of it, where a compiler for GPUs is (`make gpu-code` runs all)."""
from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest

import workbench as wb
from tests.engines.cuda.compiled import KEPT, KEPT_FOR, figures
from tests.engines.cuda.programs import CASES, single

pytestmark = pytest.mark.skipif(importlib.util.find_spec("numba_cuda") is None, reason="no compiler for GPUs is here")


@pytest.mark.parametrize("case", [c for c in CASES if c.name in ("saxpy", "black_scholes", "scattered", "taylor_sine")],
                         ids=lambda case: case.name)
def test_what_is_kept(case):
    args = single(case.arguments(np.random.default_rng(0), 70))
    code = wb.compile_cuda(case.derivative("numba"), *args, arch=KEPT_FOR)
    found, kept = figures(code), json.loads(KEPT.read_text())[f"{case.name} float32"]
    assert found["kernels"] == kept["kernels"] and found["spilled"] == kept["spilled"] == 0
    assert found["registers"] <= 1.2 * kept["registers"] and found["instructions"] <= 1.2 * kept["instructions"]
    assert [d for kernel in code.kernels for d in kernel.doubles] == []


def test_lines_have_their_instructions():
    def doubled(x):
        y = np.sin(x)
        return np.sum(y * y)
    code = wb.compile_cuda(wb.grad(doubled), wb.spec("f32[n]"), arch="sm_80")
    first = doubled.__code__.co_firstlineno
    assert code.by_line[first + 1] > 0 and code.by_line[first + 2] > 0
    assert ".target sm_80" in code.ptx and "EXIT" in code.sass and "registers" in str(code)
