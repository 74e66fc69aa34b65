"""tangent-ad on the unmodified programs: source to source, run as Python."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tangent

from tests.benchmarks.contenders.retarget import one_at_a_time, repeated
from tests.benchmarks.workload import Arguments, Workload
from tests.benchmarks.workloads.taylor import taylor_sine


def gradient(workload: Workload, args: Arguments) -> Callable[[], Any] | None:
    if workload.derivative == "repeated":
        one = tangent.grad(taylor_sine, preserve_result=True, verbose=0)

        def value_and_slope(x: Any) -> Any:
            slope, value = one(x, args[1])
            return value, slope
        return repeated(value_and_slope, args[0])
    if workload.derivative == "jacobian":
        return None
    one_at_a_time(workload)
    made = tangent.grad(workload.program, wrt=workload.wrt, preserve_result=True, verbose=0)

    def call() -> Any:
        *gradients, value = made(*args)
        return value, tuple(gradients)
    return call


CONTENDERS = {"tangent-ad": gradient}
