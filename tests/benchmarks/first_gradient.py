"""Seconds to the first gradient in a real kernel: empty caches, extension loaded five seconds before.

A kernel is started as JupyterLab would start one, in a fresh cache directory. The clock runs from sending the cell to
its last reply; a plain `@njit` of the same model in another fresh kernel is the yardstick. Programs of 20 and of 100
lines (`first_programs`) come from a module, and are timed right after the warm-up has ended (a process
that was idle for seconds may have to fetch its memory first); of the one, a second kernel that finds the first one's
caches is timed too.
"""
from __future__ import annotations

import functools
import inspect
import os
import statistics
import subprocess
import sys
import tempfile
import time

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.benchmarks import first_programs
from tests.benchmarks.bars import Bar

PAUSE = 5.0  # seconds between loading the extension and the first gradient
WARM = ("%load_ext workbench", "from workbench.engines import warm_up\nwarm_up().join()")

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


@functools.cache
def installed() -> dict[str, str]:
    """The environment of a user, whose modules Python has compiled when they were installed."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    code = "import tests.benchmarks.first_programs as p, workbench as wb; wb.value_and_grad(p.predators)(*p.ORBIT)"
    subprocess.run([sys.executable, "-c", code], check=True, env={**environment, "WORKBENCH_CACHE": "0"})
    return environment


def run_cell(client: BlockingKernelClient, code: str) -> float:
    """Seconds from sending a cell to its end; an error in the cell is raised."""
    start = time.perf_counter()
    reply = client.execute_interactive(code, timeout=120, output_hook=lambda _: None)
    seconds = time.perf_counter() - start
    if reply["content"]["status"] != "ok":
        raise RuntimeError("\n".join(reply["content"].get("traceback", [])))
    return seconds


def in_fresh_kernel(cells: list[str], pause: float, folder: str | None = None) -> float:
    """Seconds of the last cell, a pause after the first ones, in a kernel with empty caches (or those in `folder`)."""
    with tempfile.TemporaryDirectory(prefix="first-gradient-") as fresh:
        kept = folder or fresh
        environment = {**installed(), "XDG_CACHE_HOME": kept, "NUMBA_CACHE_DIR": os.path.join(kept, "numba"),
                       "IPYTHONDIR": os.path.join(kept, "ipython")}
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
    """The quick start's model, as a cell."""
    ours = in_fresh_kernel([DATA, "%load_ext workbench", "%%grad\n" + MODEL + CALL], pause=PAUSE)
    yardstick = in_fresh_kernel([DATA, "import numba", "@numba.njit\n" + MODEL + CALL], pause=PAUSE)
    return Bar("first gradient of the quick start's model, empty caches", ours, 1.5, "s",
               f"the model alone under @njit, numba imported {PAUSE:.0f} s before: {yardstick:.2f} s")


def first_of(function: str, arguments: str, limit: float) -> Bar:
    """A program of `first_programs`."""
    read = f"from tests.benchmarks.first_programs import {function}, {arguments}\nimport {{0}}"
    ours = in_fresh_kernel([read.format("workbench as wb"), *WARM, f"wb.value_and_grad({function})(*{arguments})"], 0.0)
    yardstick = in_fresh_kernel([read.format("numba"), "numba.njit(lambda x: x)(1.0)",
                                 f"numba.njit({function})(*{arguments})"], 0.0)
    lines = len(inspect.getsource(getattr(first_programs, function)).splitlines())
    return Bar(f"first gradient of a loop, a function of {lines} lines, empty caches", ours, limit, "s",
               f"the function alone under njit, which has compiled another one before: {yardstick:.2f} s")


def short() -> Bar:
    """20 lines."""
    return first_of("predators", "ORBIT", 0.3)


def long() -> Bar:
    """Nearly 100 lines."""
    return first_of("glider", "FLIGHT", 0.8)


def warm() -> Bar:
    """The same in a new kernel that finds what another one has compiled."""
    cells = ["from tests.benchmarks.first_programs import glider, FLIGHT\nimport workbench as wb", *WARM,
             "wb.value_and_grad(glider)(*FLIGHT)"]
    with tempfile.TemporaryDirectory(prefix="first-gradient-") as folder:
        first = in_fresh_kernel(cells, 0.0, folder)
        again = in_fresh_kernel(cells, 0.0, folder)
    return Bar("the same function in a new kernel, caches of another one", 1e3 * again, 100.0, "ms",
               f"in the first kernel {1e3 * first:.0f} ms")


def importing() -> Bar:
    """What `import workbench` takes beyond NumPy and Numba, medians of fresh processes."""
    def seconds(modules: str) -> float:
        code = f"import time; t = time.perf_counter(); import {modules}; print(time.perf_counter() - t)"
        return statistics.median(float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True,
                                                      text=True, env=installed()).stdout) for _ in range(9))
    with_it, without = seconds("numpy, numba, workbench"), seconds("numpy, numba")
    return Bar("`import workbench`, beyond NumPy and Numba", with_it - without, 0.2, "s",
               f"NumPy and Numba alone: {without:.2f} s")
