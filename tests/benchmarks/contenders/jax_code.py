"""JAX, twice: the unmodified program over `jax.numpy`, and programs rewritten for it (`jax_best`). 64 bits, one CPU.

Unmodified programs are compiled whole where they are array expressions or short; long Python loops, which `jit` would
unroll, run operation by operation.
"""
from __future__ import annotations

import math
import os
import types
from collections.abc import Callable
from typing import Any

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import jax.scipy.linalg as linear  # noqa: E402
import jax.scipy.special as special  # noqa: E402

from tests.benchmarks.contenders import jax_best, jax_jacobians  # noqa: E402
from tests.benchmarks.contenders.retarget import of_active, one_at_a_time, repeated, retargeted  # noqa: E402
from tests.benchmarks.workload import Arguments, Workload  # noqa: E402
from tests.benchmarks.workloads.taylor import taylor_sine  # noqa: E402

jax.config.update("jax_enable_x64", True)

NAMES: dict[str, Any] = {
    "np": jnp, "solve_triangular": linear.solve_triangular,
    "math": types.SimpleNamespace(pi=math.pi, lgamma=math.lgamma, erf=special.erf, exp=jnp.exp, log=jnp.log,
                                  sqrt=jnp.sqrt, sin=jnp.sin, cos=jnp.cos, tanh=jnp.tanh),
}
#: Half a million operations that would be dispatched one by one, a millisecond each.
DISPATCHED = frozenset({"lotka", "taylor_until", "break", "black_scholes"})
WHOLE = {"gmm_arrays", "gmm_large_arrays", "mlp", "logsumexp", "gp", "ode", "heat_slices"}


def timed(made: Callable[..., Any], *active: Any) -> Callable[[], Any]:
    return lambda: jax.block_until_ready(made(*active))


def best(workload: Workload, args: Arguments) -> Callable[[], Any] | None:
    if workload.derivative == "jacobian":
        call = jax_jacobians.PROGRAMS[workload.name](*args)
        return lambda: jax.block_until_ready(call())
    active = tuple(jnp.asarray(args[k]) for k in workload.wrt)
    if workload.name == "while":
        program = jax_best.bounded(*args)
    elif workload.name in jax_best.PROGRAMS:
        program = of_active(jax_best.PROGRAMS[workload.name], workload, args, jnp.asarray)
    else:
        return None
    return timed(jax.jit(jax.value_and_grad(program, tuple(range(len(workload.wrt))))), *active)


def as_written(workload: Workload, args: Arguments) -> Callable[[], Any] | None:
    if workload.derivative == "repeated":
        return repeated(jax.jit(jax.value_and_grad(
            lambda x: retargeted(taylor_sine, NAMES)(x, args[1]))), list(jnp.asarray(args[0])))
    if workload.derivative == "jacobian":
        return None
    one_at_a_time(workload, DISPATCHED)
    active = tuple(jnp.asarray(args[k]) for k in workload.wrt)
    made = jax.value_and_grad(of_active(retargeted(workload.program, NAMES), workload, args, jnp.asarray),
                              tuple(range(len(workload.wrt))))
    return timed(jax.jit(made) if workload.name in WHOLE else made, *active)


CONTENDERS = {"jax, best form": best, "jax, as written": as_written}
