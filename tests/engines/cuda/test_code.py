"""The code of some programs against what is kept of it, where a compiler for GPUs is (`make gpu-code` runs all)."""
from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest

import workbench as wb
from tests.engines.cuda.compiled import ALL, ARCHITECTURES, KEPT, REDUCING, figures, missed
from tests.engines.cuda.programs import CASES, single

compiles = pytest.mark.skipif(importlib.util.find_spec("numba_cuda") is None, reason="no compiler for GPUs is here")
TABLE = json.loads(KEPT.read_text())
SAMPLE = [*((name, "sm_90") for name in ("saxpy", "black_scholes", "scattered", "taylor_sine")), ("network", "sm_80"),
          ("n_body", "sm_100"), ("product_kernel", "sm_90")]


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_the_table_has_all_programs_and_misses_no_bar(arch):
    assert set(TABLE[arch]) == {f"{case.name} {dtype}" for case in ALL for dtype in ("float64", "float32")}
    assert missed(TABLE[arch]) == []


def test_a_missed_bar_is_told():
    entry = {"kernels": 1, "registers": 40, "spilled": 8, "instructions": 500, "ratio": 5.0, "float64": ["DADD"]}
    assert len(missed({f"{case.name} float32": entry for case in CASES})) == len(CASES) - len(REDUCING) + 2


@compiles
@pytest.mark.parametrize("name, arch", SAMPLE)
def test_what_is_kept(name, arch):
    (case,) = (case for case in ALL if case.name == name)
    found = figures(case, single(case.arguments(np.random.default_rng(0), 70)), arch)
    kept = TABLE[arch][f"{name} float32"]
    assert found["kernels"] == kept["kernels"] and found["spilled"] == kept["spilled"] == 0
    assert found["registers"] <= 1.2 * kept["registers"] and found["instructions"] <= 1.2 * kept["instructions"]
    assert found["float64"] == kept["float64"]  # (empty but where a user's kernel says float64)


@compiles
def test_lines_have_their_instructions():
    def doubled(x):
        y = np.sin(x)
        return np.sum(y * y)
    code = wb.compile_cuda(wb.grad(doubled), wb.spec("f32[n]"), arch="sm_80")
    first = doubled.__code__.co_firstlineno
    assert code.by_line[first + 1] > 0 and code.by_line[first + 2] > 0
    assert ".target sm_80" in code.ptx and "EXIT" in code.sass and "registers" in str(code)
