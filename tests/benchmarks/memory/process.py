"""One program in a process of its own: `python -m tests.benchmarks.memory.process NAME` answers one line of JSON.

The counting allocator is preloaded; of the disk cache only machine code is used. Figures are bytes.
"""
from __future__ import annotations

import os

for variable in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # read when the libraries are imported, below
os.environ["WORKBENCH_CACHE"] = "source"  # (a marked program must not be taken for the program)

import ctypes  # noqa: E402
import gc  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
import warnings  # noqa: E402
from collections import Counter  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

import workbench as wb  # noqa: E402
from tests.benchmarks.memory.marking import Marks, marked  # noqa: E402
from tests.benchmarks.memory.programs import PROGRAMS  # noqa: E402
from tests.benchmarks.workloads import WORKLOADS  # noqa: E402
from workbench.operators import Derivative  # noqa: E402


class Accounting:
    """The counting allocator of this process."""

    def __init__(self) -> None:
        self.library = ctypes.CDLL(None)
        for name in ("peak", "allotted", "share"):
            getattr(self.library, f"accounting_{name}").restype = ctypes.c_int64
        self.library.accounting_share.argtypes = [ctypes.c_int64]

    def peak(self, call: Callable[[], Any]) -> int:
        """The most that a call holds at a time; it is made once before."""
        call()
        gc.collect()
        gc.disable()
        self.library.accounting_begin()
        result = call()
        found: int = self.library.accounting_peak()
        gc.enable()
        del result
        return found

    def allotted(self, marks: Marks) -> tuple[int, dict[str, int]]:
        """Of the call before: the most that was allotted at a time, and how much of it to which role."""
        by_role: Counter[str] = Counter()
        for number, (_, _, role) in enumerate(marks.variables):
            by_role[role] += self.library.accounting_share(number)
        return self.library.accounting_allotted(), {role: size for role, size in by_role.items() if size}


def resident(call: Callable[[], Any]) -> int | None:
    """How much the resident set grows at most during a call; None where the system does not say."""
    ctypes.CDLL(None).malloc_trim(0)
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins anew
    except OSError:
        return None
    before = _status("VmRSS")
    result = call()
    after = _status("VmHWM")
    del result
    return after - before


def _status(name: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return 1024 * int(line.split()[1])


def measure(program: Callable[..., Any], args: tuple[Any, ...], wrt: Any) -> dict[str, Any]:
    """Peaks of the primal and of the gradient, and what the adjoint program holds by its roles."""
    accounting, marks = Accounting(), Marks()
    primal = Derivative(program, "value", engine="numba")
    gradient = wb.value_and_grad(program, wrt, engine="numba", mode="reverse")  # (forward mode keeps nothing)
    found: dict[str, Any] = {"primal": accounting.peak(lambda: primal(*args)),
                             "gradient": accounting.peak(lambda: gradient(*args))}
    found["resident"] = resident(lambda: gradient(*args))
    with marked(marks):
        spelt = wb.value_and_grad(program, wrt, engine="numba", mode="reverse")
        found["marked"] = accounting.peak(lambda: spelt(*args))
    found["allotted"], found["roles"] = accounting.allotted(marks)
    return found


def named(name: str) -> tuple[Callable[..., Any], tuple[Any, ...], Any]:
    """The program of a name at full size, its arguments, and what it is differentiated by."""
    if name in PROGRAMS:
        program = PROGRAMS[name]
        return program.program, program.arguments(np.random.default_rng(1)), program.wrt
    workload = WORKLOADS[name]
    return workload.program, workload.at("full"), workload.wrt if len(workload.wrt) > 1 else workload.wrt[0]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(measure(*named(sys.argv[1]))))
