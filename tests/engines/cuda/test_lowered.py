"""The device code that numba-cuda lowers, run on the CPU and watched, where it is installed: some of `programs`, drawn
anew in each session (`make gpu-code` runs all), and planted faults, each of which is found."""
from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.engines.cuda.programs import CASES, single

if not all(map(importlib.util.find_spec, ("numba_cuda", "greenlet"))):
    pytest.skip("no compiler for GPUs is here", allow_module_level=True)

from tests.engines.cuda.lowered import Outcome, outcomes
from tests.engines.cuda.lowering import instrumented, opaque

NAMED = {case.name: case for case in CASES}


def outcome(name: str, change: Callable[[str], str] | None = None, narrow: bool = False) -> Outcome:
    """What a program gives in blocks of eight threads."""
    args: tuple[Any, ...] = NAMED[name].arguments(np.random.default_rng(3), 30)
    (found,) = outcomes(NAMED[name], single(args) if narrow else args, ((8, 3),), change=change)
    return found


@pytest.mark.sampled(1 / 3)
@pytest.mark.parametrize("narrow", [False, True], ids=["float64", "float32"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_device_code_gives_what_the_cpu_gives(case, narrow):
    args = case.arguments(np.random.default_rng(), 40)
    for found in outcomes(case, single(args) if narrow else args):
        assert found.is_right, found


@pytest.mark.parametrize("name", ["scattered", "network", "n_body"])
def test_a_missing_atomic_is_found(name):
    def plain(text: str) -> str:
        return re.sub(r"cuda\.atomic\.add\((\w+), (\([^()]*\)|[^,()]+), (.*)\)$", r"\1[\2] += \3", text, flags=re.M)
    assert outcome(name).is_right
    assert "meet" in outcome(name, plain).met


@pytest.mark.parametrize("name", ["saxpy", "reductions", "log_sum_exp", "network"])
def test_a_missing_barrier_is_found(name):
    assert outcome(name).is_right
    assert "meet" in outcome(name, lambda text: text.replace("cuda.syncthreads()", "pass")).met


def test_barriers_at_which_threads_part_are_found():
    def parted(text: str) -> str:
        return text.replace("        cuda.syncthreads()\n        half //= 2",
                            "            cuda.syncthreads()\n        else:\n            cuda.syncthreads()\n"
                            "        half //= 2")
    assert "different barriers" in outcome("saxpy", parted).met


def test_a_reduction_of_the_wrong_width_is_found():
    assert outcome("saxpy", lambda text: text.replace("cuda.blockDim.x // 2", "cuda.blockDim.x // 4")).apart > 1e-3


def test_a_stale_residual_is_found():
    def stale(text: str) -> str:
        return re.sub(r"y_kept\[round_, thread\]", "y_kept[max(round_ - 1, 0), thread]", text)
    assert outcome("while", stale).apart > 1e-6


def test_a_promotion_to_float64_is_found():
    assert outcome("saxpy", narrow=True).doubles == 0
    assert outcome("saxpy", lambda text: text.replace("numbers(np.float32)", "numbers(np.float64)"), True).doubles > 0
    assert outcome("saxpy", lambda text: text.replace("result += ", "result += 1.0 * "), True).doubles > 0


def test_what_lies_beside_an_array_is_nobodys():
    def beyond(text: str) -> str:
        return re.sub(r"y_bar\[i\] = ", "y_bar[i + 1] = ", text)
    assert "no array" in outcome("saxpy", beyond).met


def test_texts_for_this_computer():
    assert opaque("store {i8*, [1 x i64]*} %a, {i8*, [1 x i64]*}* %b") == "store {ptr, ptr} %a, ptr %b"
    text = instrumented("  %1 = alloca double\n  store double 0x0, double* %1\n  store float %x, float* %p")
    assert [line for line in text.splitlines() if "call" in line] == ["  call void @workbench.note(ptr %p, i64 17)"]
