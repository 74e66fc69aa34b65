"""autograd on the unmodified programs: `np` and `math` are its own modules, nothing else changes."""
from __future__ import annotations

import math
import types
from collections.abc import Callable
from typing import Any

import autograd
import autograd.numpy as anp
import autograd.scipy.linalg as linear
import autograd.scipy.special as special

from tests.benchmarks.contenders.retarget import of_active, one_at_a_time, repeated, retargeted
from tests.benchmarks.workload import Arguments, Workload
from tests.benchmarks.workloads.taylor import taylor_sine

NAMES: dict[str, Any] = {
    "np": anp, "solve_triangular": linear.solve_triangular,
    "math": types.SimpleNamespace(pi=math.pi, lgamma=math.lgamma, erf=special.erf, exp=anp.exp, log=anp.log,
                                  sqrt=anp.sqrt, sin=anp.sin, cos=anp.cos, tanh=anp.tanh),
}


def gradient(workload: Workload, args: Arguments) -> Callable[[], Any] | None:
    if workload.derivative == "repeated":
        one = autograd.value_and_grad(retargeted(taylor_sine, NAMES))
        return repeated(lambda x: one(x, args[1]), args[0])
    if workload.derivative == "jacobian":
        return None
    one_at_a_time(workload)
    program = of_active(retargeted(workload.program, NAMES), workload, args)
    made = autograd.value_and_grad(lambda active: program(*active))
    active = tuple(args[k] for k in workload.wrt)
    return lambda: made(active)


CONTENDERS = {"autograd": gradient}
