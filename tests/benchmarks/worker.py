"""One contender in a process of its own: `python -m tests.benchmarks.worker MODULE CONTENDER WORKLOAD SIZE FILE`.

It makes its call, writes value and derivative to FILE and answers one line of JSON; then each line that it reads is a
number of calls, and its answer the seconds per call. Seconds are the processor's: on one core nothing of a call runs
beside it, and what other processes take is left out. Whatever the tool prints goes to the error stream.
"""
from __future__ import annotations

import os

for variable in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # read when the libraries are imported, below

import gc  # noqa: E402
import importlib  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

import numpy as np  # noqa: E402

from tests.benchmarks.workload import flat  # noqa: E402
from tests.benchmarks.workloads import WORKLOADS  # noqa: E402

SLOW = 25.0  # seconds of a first call, after which it is not repeated


def main(module: str, contender: str, name: str, size: str, target: str) -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    start = time.perf_counter()
    workload = WORKLOADS[name]
    tool = importlib.import_module(f"tests.benchmarks.contenders.{module}")
    call = tool.CONTENDERS[contender](workload, workload.at(size))
    if call is None:
        answers.write(json.dumps({"absent": True}) + "\n")
        return
    clock = time.process_time
    called = clock()
    value, derivative = call()
    once = first_call = clock() - called
    first = time.perf_counter() - start
    np.savez(target, value=flat(value), derivative=flat(derivative))
    for _ in range(2):  # the first call compiles; what is slow even when it is warm is not called a third time
        if once < SLOW and (once == first_call or once < 1.0):
            called = clock()
            call()
            once = clock() - called
    answers.write(json.dumps({"first": first, "once": once}) + "\n")
    gc.collect()
    gc.disable()
    for line in sys.stdin:
        count = int(line)
        called = clock()
        for _ in range(count):
            call()
        answers.write(f"{(clock() - called) / count!r}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
