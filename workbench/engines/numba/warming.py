"""Exercises what the first compilation of a process would otherwise pay for, in the background."""

from __future__ import annotations

import ast
import inspect
import math
import threading

import numpy as np
from numba.core import types

from workbench.engines.numba import cache
from workbench.engines.numba.direct import TREE
from workbench.engines.numba.pipeline import compile_python
from workbench.engines.numba.vector_math.definitions import KERNELS
from workbench.engines.numba.vector_math.library import in_use
from workbench.engines.numba.vector_math.machine_code import ready

_started: list[threading.Thread] = []


def _typical(x, y, n):  # type: ignore[no-untyped-def]
    m = x.shape[0]
    total = 0.0
    out = np.zeros(m)
    stack = np.empty((max(n, 0), min(m, 9)))
    kept = np.empty(m)
    flags = np.empty(m, np.bool_)
    places = np.empty(m, np.int64)
    bar = x.copy()
    grid = np.zeros((m, m))
    if n < 0:
        raise ValueError("negative")
    for t in range(n):
        for i in range(m - 1, -1, -1):
            stack[t, i] = math.exp(-x[i]) / (1.0 + y * y)
            out[i] += stack[t, i] if y > 0.0 else math.log(x[i])
            total += math.sin(out[i]) ** 2
            kept[i] = total
            places[i] = i
            flags[i] = np.isfinite(total)
            grid[i, i] += kept[i] + bar[places[i]] if flags[i] else float(n)
    return total, out, grid


def warm() -> None:
    """Compile a program that uses what most do; nothing of it is kept. Have the elementary functions ready, one by
    one: other compilations need not wait for all."""
    cache.environment()
    cache.workbench()
    vector, matrix = (types.Array(types.float64, rank, "C") for rank in (1, 2))
    (tree,) = ast.parse(inspect.getsource(_typical)).body
    setattr(_typical, TREE, tree)
    for result in (types.Tuple((types.float64, vector, matrix)), None):  # directly, and with Numba's front end
        compile_python(_typical, (vector, types.float64, types.int64), result)
    if in_use():
        for kernel in KERNELS:
            if kernel.element == "double":
                ready((kernel,))


def warm_up() -> threading.Thread:
    """Exercise the compiler in a background thread, once per process; gives the thread.

    After it a first gradient costs only its own compilation (the first one of a process costs about 0.6 s more)."""
    if not _started:
        thread = threading.Thread(target=warm, name="workbench-warm-up", daemon=True)
        _started.append(thread)
        thread.start()
    return _started[0]
