"""`numba.prange` on a GPU: what is promised makes threads, and a promise that is broken is told at its line."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from numba import prange

import workbench as wb
from tests.engines.cuda.promised import cases
from tests.engines.cuda.results import apart, parts
from workbench.engines.cuda.races import REASON

#: What claims must and must not be made for.
CLAIMED, PROVED = {"placed", "in rows", "second half", "one of them"}, {
    "gathered", "counted", "smoothed", "outer", "own arrays"}
BROKEN = {"placed twice": 2, "in one row": 2, "neighbours": 2, "same element": 2, "same row": 3, "same slice": 2}


@pytest.mark.sampled(1 / 3)
def test_promises_in_the_simulator(project_root: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "tests.engines.cuda.promised"], capture_output=True, text=True,
                          cwd=project_root, env=dict(os.environ), check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert found.keys() == CLAIMED | PROVED | BROKEN.keys() | {"chained"}
    for name, line in found.items():
        if name in BROKEN:
            assert "the same element" in line["refused"] and line["line"] == BROKEN[name] and line["kept"], line
        else:
            assert line["apart"] < 1e-10, line
    assert all(found[name]["claims"] and not found[name]["serial"] for name in CLAIMED)
    assert not any(found[name]["claims"] or found[name]["serial"] for name in PROVED)
    assert found["chained"]["serial"]  # (a number that is no sum: one thread has it, as anything that is not proved)


@pytest.mark.skipif(find_spec("numba_cuda") is None or find_spec("greenlet") is None,
                    reason="no compiler for GPUs is here")
def test_promises_in_device_code() -> None:
    """The kernels as numba-cuda lowers them, run on the CPU in random order, every access watched."""
    lowered = import_module("tests.engines.cuda.lowered")
    for name, function, wrt, args in cases(np.random.default_rng(), 37):
        if name in {"same element", "same row", "same slice"}:
            continue
        given = [[np.array(v) if isinstance(v, np.ndarray) else v for v in args] for _ in range(3)]
        want = list(parts(wb.value_and_grad(function, wrt, engine="numba")(*given.pop())))
        derivative = wb.value_and_grad(function, wrt, engine="cuda")
        with lowered.running(0):
            for shape in ((32, 2), (8, 16)):
                with lowered.launched(*shape):
                    if name in BROKEN:
                        with pytest.raises(wb.DifferentiationError, match="the same element"):
                            derivative(*given.pop())
                    else:
                        assert apart(list(parts(derivative(*given.pop()))), want) < 1e-10, (name, shape)


def same_element(a, x):
    for i in prange(x.shape[0]):
        a[0] = x[i]
    return np.sum(a)


def test_a_race_is_told_before_anything_runs() -> None:
    with pytest.raises(wb.DifferentiationError, match=REASON) as caught:
        wb.cost(wb.grad(same_element, (0, 1), engine="cuda"), wb.spec("f64[n]"), wb.spec("f64[n]"))
    assert caught.value.lineno == same_element.__code__.co_firstlineno + 2


def test_on_the_cpu_it_is_pythons_range() -> None:
    a, x = np.zeros(3), np.arange(4.0)
    assert np.array_equal(wb.grad(same_element, 1)(a, x), [0, 0, 0, 1])  # (the last turn's is what stays)
