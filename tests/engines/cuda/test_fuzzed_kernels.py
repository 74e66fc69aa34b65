"""No random kernel is accepted of which two threads meet, whatever its sizes."""
from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.engines.cuda.fuzzed_kernels import SIZE, THREADS, Run, written
from workbench.frontend import trace

KERNELS = 40


def accepted(kernel: Any) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The sizes and numbers of blocks that a kernel is accepted for; None where it is refused."""
    def loss(x, n, blocks):
        out = np.zeros(SIZE)
        kernel[blocks, THREADS](x, out, n)
        return np.sum(out)
    try:
        traced = trace(loss, (np.ones(SIZE), 5, 3), ("x", "n", "blocks"))
    except (wb.DifferentiationError, IndexError, ZeroDivisionError):
        return None
    free = {item.path.key[0][1] for item in traced.inputs if item.path.is_argument}
    return (1, 3, 5, 8) if 1 in free else (5,), (1, 2, 3) if 2 in free else (3,)


@pytest.mark.sampled(1 / 2)
def test_no_kernel_that_races_is_accepted(tmp_path: Path) -> None:
    seed = int(np.random.default_rng().integers(2**31))
    path = tmp_path / "kernels_of_a_run.py"
    path.write_text(written(seed, KERNELS))
    spec = importlib.util.spec_from_file_location("kernels_of_a_run", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    taken = 0
    for kernel in module.ALL:
        sizes = accepted(kernel)
        if sizes is None:
            continue
        taken += 1
        text = inspect.getsource(kernel.py_func)
        met = [(n, blocks) for n in sizes[0] for blocks in sizes[1] if Run().meets(text, n, blocks)]
        assert not met, (seed, text, met)
    assert 2 < taken < KERNELS - 2, seed  # (some race, some do not)
