"""Under Numba: the primal as the user would compile it, and the adjoint written by hand."""
from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from numba import njit

from tests.benchmarks.workload import Arguments, Workload

HOME = "tests.benchmarks.workloads"


def jitted(function: Any, known: dict[Any, Any] | None = None, **options: Any) -> Any:
    """A function under `njit`, with it the functions of the workloads that it calls; the originals stay as they are."""
    known = {} if known is None else known
    if function in known:
        return known[function]
    names = dict(function.__globals__)
    compiled = njit(**options)(types.FunctionType(function.__code__, names, function.__name__, function.__defaults__))
    known[function] = compiled
    for name in function.__code__.co_names:
        callee = names.get(name)
        if isinstance(callee, types.FunctionType) and callee.__module__.startswith(HOME):
            names[name] = jitted(callee, known, **options)
    return compiled


def primal(workload: Workload, args: Arguments, **options: Any) -> Callable[[], Any]:
    compiled = jitted(workload.primal or workload.program, **options)
    return lambda: (compiled(*args), ())


def by_hand(workload: Workload, args: Arguments) -> Callable[[], Any] | None:
    if workload.by_hand is None:
        return None
    compiled = jitted(workload.by_hand, error_model="numpy")
    return lambda: compiled(*args)


CONTENDERS = {
    "primal": primal,
    "primal, numpy errors": lambda workload, args: primal(workload, args, error_model="numpy"),
    "hand": by_hand,
}
