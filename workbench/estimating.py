"""Laplacians estimated along random directions, with the variance of the estimate: asked for by name, never unasked.

For directions v whose entries are 1 or -1 with equal probability, the expectation of v' H v is the trace of H, and its
variance is twice the sum of the squares of the entries of H off the diagonal.

Source: Hutchinson, "A stochastic estimator of the trace of the influence matrix for Laplacian smoothing splines"
(1990).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.composed import hvp
from workbench.frontend import python_function
from workbench.frontend.structures import is_real_data, map_leaves, named_leaves
from workbench.records import dataclass


@dataclass(frozen=True)
class Estimate:
    """An estimate: its value, its variance as the samples show it (of the estimate, not of one sample; NaN for a single
    sample), and how many samples there are. `float()` gives the value."""

    value: float
    variance: float
    samples: int

    @property
    def error(self) -> float:
        """The standard error: the square root of the variance."""
        return math.sqrt(self.variance)

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        return f"{self.value:.8g} ± {self.error:.2g} ({self.samples} samples)"

    __repr__ = __str__


class LaplacianEstimate:
    """See `estimate_laplacian`."""

    __name__: str

    def __init__(self, function: Callable[..., Any], wrt: int | str | tuple[int | str, ...], samples: int,
                 rng: np.random.Generator | int | None, engine: str) -> None:
        if isinstance(samples, bool) or not isinstance(samples, int | np.integer) or samples < 1:
            raise ValueError(f"samples is a number from 1 on, not {samples!r}")
        self.samples = int(samples)
        self.rng = np.random.default_rng(rng)
        self.product = hvp(function, wrt, engine=engine)
        functools.update_wrapper(self, python_function(function), updated=())

    def __call__(self, *args: Any, **named: Any) -> Estimate:
        """The estimate at these arguments."""
        bound, _ = self.product.plain.bind(args, named)
        given = tuple(bound[k] for k in self.product.plain.request.wrt)
        one = given if self.product.plain.several else given[0]
        found = np.empty(self.samples)
        for k in range(self.samples):
            direction = map_leaves(self._signs, one)
            found[k] = _inner(direction, self.product(*args, direction, **named))
        spread = float(found.var(ddof=1)) / self.samples if self.samples > 1 else math.nan
        return Estimate(float(found.mean()), spread, self.samples)

    def _signs(self, leaf: Any) -> Any:
        """Random signs of a leaf's shape and dtype; what carries no derivative as it is."""
        if not is_real_data(leaf):
            return leaf
        signs = self.rng.integers(0, 2, np.shape(leaf)) * 2.0 - 1.0
        return signs.astype(leaf.dtype) if isinstance(leaf, np.ndarray) else type(leaf)(signs)


def _inner(a: Any, b: Any) -> float:
    """The inner product of two structures."""
    pairs = zip(named_leaves("", a), named_leaves("", b), strict=True)
    return float(sum(np.sum(x * y) for (_, x), (_, y) in pairs if is_real_data(x)))


def estimate_laplacian(f: Callable[..., Any], wrt: int | str | tuple[int | str, ...] = 0, *, samples: int = 100,
                       rng: np.random.Generator | int | None = None, engine: str = "auto") -> LaplacianEstimate:
    """An estimate of the sum of the second derivatives of a function, along random directions, with its variance.

    f, wrt and engine: as for `wb.laplacian`. samples: how many directions are drawn, each for the price of a
    Hessian-vector product. rng: a generator, or a seed; None: fresh ones.
    Returns a callable with f's signature, which gives an `Estimate`: `.value`, `.variance`, `.error`, `.samples`.
    Raises ValueError for a number of samples below 1; what `wb.hessian` raises.
    Method: Hutchinson (1990), entries of directions 1 or -1.

    >>> import numpy as np
    >>> import workbench as wb
    >>> def coupled(x):
    ...     return np.sum(x * x) + 0.1 * x[0] * x[1]
    >>> found = wb.estimate_laplacian(coupled, samples=400, rng=1)(np.ones(10))
    >>> abs(found.value - 20.0) < 5 * found.error, 0 < found.error < 0.02
    (True, True)
    """
    return LaplacianEstimate(f, wrt, samples, rng, engine)
