"""Kernels as programs get them: traced, optimised, emitted and compiled by the engine, with the same settings."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from workbench.engines.numba.compile import compile_function
from workbench.frontend.trace import trace
from workbench.ir import own_results
from workbench.passes import finalize, optimize


def compiled(kernel: Callable[..., Any], *args: Any) -> Callable[..., Any]:
    """A kernel, for arguments like these, as a function without checks."""
    traced = trace(kernel, args, tuple(inspect.signature(kernel).parameters))
    primal = optimize(traced.function)
    entry = compile_function(finalize(own_results(optimize(primal)), 0), primal=primal).entry
    places = [item.position for item in traced.inputs]
    paths = [item.path for item in sorted(traced.inputs, key=lambda item: item.position)]

    def call(*args: Any) -> Any:
        return entry(*(path.fetch(args) for path in paths))
    return entry if places == list(range(len(args))) and len(paths) == len(args) else call
