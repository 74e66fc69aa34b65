"""The unmodified program over another tool's NumPy: `np`, `math` and other imports stand for the tool's."""
from __future__ import annotations

import types
from collections.abc import Callable, Set
from typing import Any

import numpy as np

from tests.benchmarks.workload import Arguments, Workload

HOME = "tests.benchmarks.workloads"
#: Loop nests of more than a million scalar operations: a tool that records one at a time takes hours, or all memory.
TOO_LONG = frozenset({"taylor_batch", "taylor_mapped", "heat", "gmm", "gmm_large", "lstm_loops", "kmeans",
                      "least_squares", "determinant", "nbody", "monte_carlo"})


class TooLongError(Exception):
    """A program that a tool cannot record, one scalar operation after the other."""


def retargeted(function: Any, names: dict[str, Any], known: dict[Any, Any] | None = None) -> Any:
    """A copy of a function, and of the functions of the workloads that it calls, with these global names."""
    known = {} if known is None else known
    if function not in known:
        space = {**function.__globals__, **names}
        known[function] = types.FunctionType(function.__code__, space, function.__name__, function.__defaults__)
        for name in function.__code__.co_names:
            callee = function.__globals__.get(name)
            if name not in names and isinstance(callee, types.FunctionType) and callee.__module__.startswith(HOME):
                space[name] = retargeted(callee, names, known)
    return known[function]


def one_at_a_time(workload: Workload, more: Set[str] = frozenset()) -> None:
    """Raises TooLongError where recording scalar operations is hopeless; `more`: a tool's own such workloads."""
    if workload.name in TOO_LONG or workload.name in more:
        raise TooLongError("too many scalar operations, recorded one at a time")


def of_active(program: Callable[..., Any], workload: Workload, args: Arguments,
              made: Callable[[Any], Any] = lambda arg: arg) -> Callable[..., Any]:
    """The program as a function of what the gradient is by; `made` makes a tool's array of one that is data."""
    data = [made(arg) if isinstance(arg, np.ndarray) and arg.dtype.kind == "f" else arg for arg in args]

    def function(*active: Any) -> Any:
        every = list(data)
        for k, argument in zip(workload.wrt, active):
            every[k] = argument
        return program(*every)
    return function


def repeated(one: Callable[[Any], tuple[Any, Any]], xs: Any) -> Callable[[], Any]:
    """One call for each item: `one` gives value and slope."""
    def call() -> Any:
        pairs = [one(x) for x in xs]
        return sum(float(value) for value, _ in pairs), np.array([float(slope) for _, slope in pairs])
    return call
