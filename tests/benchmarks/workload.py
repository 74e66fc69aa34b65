"""`Workload`: one program of the benchmarks, its arguments at two sizes, and what its derivative is compared with.

Programs are plain Python over NumPy, written as a user would write them. The modules of `workloads/` import nothing
else, so that every tool's own environment can run them.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Arguments = tuple[Any, ...]


@dataclass(frozen=True)
class Workload:
    """A program to be differentiated.

    arguments: makes the program's arguments from a size. wrt: the positions that the gradient is by.
    by_hand: an adjoint written by hand, of the program's arguments, that returns (value, gradients of wrt).
    primal: a faster way to write the primal, where the program is not the fastest; it is what ratios are over.
    derivative: "gradient", or what else is asked for ("repeated": one gradient per item, "jacobian").
    """

    name: str
    title: str
    program: Callable[..., Any]
    arguments: Callable[..., Arguments]
    full: dict[str, Any]
    small: dict[str, Any]
    wrt: tuple[int, ...] = (0,)
    by_hand: Callable[..., Any] | None = None
    primal: Callable[..., Any] | None = None
    derivative: str = "gradient"

    def at(self, size: str) -> Arguments:
        """The arguments at a size: "full" or "small"."""
        return self.arguments(**(self.full if size == "full" else self.small))


def flat(derivative: Any) -> np.ndarray:
    """A derivative's numbers in one vector."""
    parts = derivative if isinstance(derivative, (tuple, list)) else (derivative,)
    return np.concatenate([np.empty(0), *(np.ravel(np.asarray(part, dtype=np.float64)) for part in parts)])
