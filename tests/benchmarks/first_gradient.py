"""Seconds to the first gradient in a real kernel: empty caches, extension loaded five seconds before.

A kernel is started as JupyterLab would start one, in a fresh cache directory. The clock runs from sending the cell to
its last reply; a plain `@njit` of the same model in another fresh kernel is the yardstick.
"""
from __future__ import annotations

import os
import tempfile
import time

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.benchmarks.bars import Bar

DATA = """
import numpy as np
from math import log
hare = np.array([30., 47.2, 70.2, 77.4, 36.3, 20.6, 18.1, 21.4, 22., 25.4, 27.1,
                 40.3, 57., 76.6, 52.3, 19.5, 11.2, 7.6, 14.6, 16.2, 24.7])
lynx = np.array([4., 6.1, 9.8, 35.2, 59.4, 41.7, 19., 13., 8.3, 9.1, 7.4,
                 8., 12.3, 19.5, 45.7, 51.1, 29.7, 15.8, 9.7, 10.1, 8.6])
"""
MODEL = """def misfit(p, hare, lynx):
    alpha, beta, delta, gamma, x, y = p
    h = 0.1
    total = 0.0
    for year in range(len(hare)):
        total += (log(x) - log(hare[year])) ** 2 + (log(y) - log(lynx[year])) ** 2
        for _ in range(10):
            k1x, k1y = alpha * x - beta * x * y, delta * x * y - gamma * y
            x2, y2 = x + 0.5 * h * k1x, y + 0.5 * h * k1y
            k2x, k2y = alpha * x2 - beta * x2 * y2, delta * x2 * y2 - gamma * y2
            x3, y3 = x + 0.5 * h * k2x, y + 0.5 * h * k2y
            k3x, k3y = alpha * x3 - beta * x3 * y3, delta * x3 * y3 - gamma * y3
            x4, y4 = x + h * k3x, y + h * k3y
            k4x, k4y = alpha * x4 - beta * x4 * y4, delta * x4 * y4 - gamma * y4
            x = x + h / 6.0 * (k1x + 2.0 * k2x + 2.0 * k3x + k4x)
            y = y + h / 6.0 * (k1y + 2.0 * k2y + 2.0 * k3y + k4y)
    return total
"""
CALL = "misfit(np.array([0.55, 0.028, 0.026, 0.84, 30.0, 4.0]), hare, lynx)\n"


def run_cell(client: BlockingKernelClient, code: str) -> float:
    """Seconds from sending a cell to its end; an error in the cell is raised."""
    start = time.perf_counter()
    reply = client.execute_interactive(code, timeout=120, output_hook=lambda _: None)
    seconds = time.perf_counter() - start
    if reply["content"]["status"] != "ok":
        raise RuntimeError("\n".join(reply["content"].get("traceback", [])))
    return seconds


def in_fresh_kernel(cells: list[str], pause: float) -> float:
    """Seconds of the last cell, a pause after the first ones, in a kernel with empty caches."""
    with tempfile.TemporaryDirectory(prefix="first-gradient-") as folder:
        environment = {**os.environ, "XDG_CACHE_HOME": folder, "NUMBA_CACHE_DIR": os.path.join(folder, "numba"),
                       "IPYTHONDIR": os.path.join(folder, "ipython")}
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel(env=environment)
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            for cell in cells[:-1]:
                run_cell(client, cell)
            time.sleep(pause)
            return run_cell(client, cells[-1])
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def first_gradient() -> Bar:
    ours = in_fresh_kernel([DATA, "%load_ext workbench", "%%grad\n" + MODEL + CALL], pause=5.0)
    yardstick = in_fresh_kernel([DATA, "import numba", "@numba.njit\n" + MODEL + CALL], pause=5.0)
    return Bar("first gradient of the quick start's model, empty caches", ours, 1.5, "s",
               f"the model alone under @njit, numba imported 5 s before: {yardstick:.2f} s")
