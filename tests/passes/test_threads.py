"""Loops over the threads of a block: what all would store alike, and what stands between their heads."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import cuda, float64

import workbench as wb
from tests.engines.cuda.user_kernels import n_body
from workbench.engines.cuda import CudaCompiler
from workbench.ir import Op, walk


@cuda.jit
def product(x, out):
    a = cuda.shared.array((16, 16), float64)
    i, j = cuda.grid(2)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    a[tx, ty] = x[i, j] * x[i, j]
    cuda.syncthreads()
    out[i, j] = a[ty, tx]


def loss(x):
    out = np.zeros_like(x)
    product[(x.shape[0] // 16, x.shape[1] // 16), (16, 16)](x, out)
    return np.sum(out * out)


def loops(function: Callable[..., Any], *args: Any) -> tuple[str, list[Op]]:
    made = wb.value_and_grad(function).made_by(CudaCompiler(), args).compiled
    return made.source, [op for op in walk(made.function.block) if "threads" in op.attrs]


def test_what_all_threads_would_store_is_stored_by_one() -> None:
    text, found = loops(n_body, np.ones((20, 3)), np.ones(20))
    assert "serial" not in text
    assert text.count("cuda.shared.array((8, 4), np.float64)") == 2  # in the kernel and in its adjoint
    stores = [inner for op in found for inner in walk(op.regions[0]) if inner.prim == "if" and inner.results
              and all(r.is_array for r in inner.results)]
    assert stores


def test_nests_of_threads_are_perfect() -> None:
    text, found = loops(loss, np.ones((32, 48)))
    outer = [op for op in found if any("threads" in inner.attrs for inner in walk(op.regions[0]))]
    assert outer
    assert all(len(op.regions[0].ops) == 1 for op in outer)
    assert "while 0 <= item < 16 * 16:" in text
