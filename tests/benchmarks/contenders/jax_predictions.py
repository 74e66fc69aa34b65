"""What JAX says beforehand of the programs of `tests.benchmarks.predictions`, and folx's Laplacian of its network.

Runs in an environment of its own. Arguments come as JSON on the first line, results go as JSON to the last.
"""
from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

import folx  # noqa: E402
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

jax.config.update("jax_enable_x64", True)


def waves(x):
    return jnp.sum(jnp.sin(x) * jnp.exp(-0.1 * x * x))


def network(x, w, v):
    return jnp.sum(jnp.tanh(v @ jnp.tanh(w @ x)))


def settled(x, w, n):
    return jnp.sum(jax.lax.scan(lambda x, _: (jnp.tanh(w @ x), None), x, None, length=n)[0] ** 2)


def heat(u, k, n):
    def step(u, _):
        return u.at[1:-1].add(k * (u[:-2] - 2.0 * u[1:-1] + u[2:])), None
    return jnp.sum(jax.lax.scan(step, u, None, length=n)[0] ** 2)


def logistic(x, r, n):
    return jax.lax.scan(lambda x, _: (r * x * (1.0 - x), None), x, None, length=n)[0]


WAYS = {
    "folx": jax.jit(lambda x, w, v: folx.forward_laplacian(lambda y: network(y, w, v))(x).laplacian),
    "trace of the Hessian": jax.jit(lambda x, w, v: jnp.trace(jax.hessian(network)(x, w, v)))}


def predictions(cases: list[tuple[str, list[Any]]]) -> list[dict[str, float]]:
    """Of each function and its gradient: operations, bytes, and bytes of temporaries."""
    found = []
    for name, given in cases:
        function = globals()[name]
        static = tuple(k for k, a in enumerate(given) if isinstance(a, int))
        args = [np.array(a) if isinstance(a, list) else a for a in given]
        for made in (function, jax.value_and_grad(function)):
            compiled = jax.jit(made, static_argnums=static).lower(*args).compile()
            costs, memory = compiled.cost_analysis(), compiled.memory_analysis()
            costs = costs[0] if isinstance(costs, list) else costs
            found.append({"flops": costs.get("flops", 0.0) + costs.get("transcendentals", 0.0),
                          "bytes": costs.get("bytes accessed", 0.0),
                          "peak": memory.temp_size_in_bytes + memory.output_size_in_bytes})
    return found


def laplacians(args: list[Any], turns: int) -> dict[str, Any]:
    """The least seconds of folx's forward Laplacian of the network, and of the trace of the Hessian, compiled."""
    args = [jnp.array(a) for a in args]
    seconds = {}
    values = {name: float(way(*args)) for name, way in WAYS.items()}
    for name, way in WAYS.items():
        best = float("inf")
        for _ in range(turns):
            begin = time.perf_counter()
            jax.block_until_ready(way(*args))
            best = min(best, time.perf_counter() - begin)
        seconds[name] = best
    return {"seconds": seconds, "values": values}


if __name__ == "__main__":
    for line in sys.stdin:  # one question a line
        asked = json.loads(line)
        answer = predictions(asked["cases"]) if "cases" in asked else laplacians(asked["args"], asked["turns"])
        print(json.dumps(answer), flush=True)
