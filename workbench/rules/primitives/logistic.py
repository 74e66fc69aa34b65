"""The logistic function and its relatives, and logarithms that are weighted: x log y, entropies.

Where the weight is 0, x log y is 0 for every y, 0 included, and so is its derivative by y: `ratio` is x / y there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.rules.entries import binary, special, unary
from workbench.rules.expr import apply
from workbench.rules.functions import log
from workbench.rules.kernels import logistic as kernels
from workbench.rules.kernels.source import Kernel
from workbench.rules.primitive import FLOAT, Partial


def _unary(kernel: Kernel, partial: Partial, **more: Any) -> None:
    """A function of `scipy.special` by a kernel of the same name."""
    ufunc = getattr(special, kernel.__name__)
    unary(kernel.__name__, ufunc, partial, kinds=FLOAT, callables=(ufunc,), kernel=kernel, transcendental=True,
          analytic=False, **more)


def _weighted(kernel: Kernel, partials: tuple[Partial, Partial], lowest: float) -> None:
    """A function of `scipy.special` of a weight and a number, by a kernel of the same name."""
    ufunc = getattr(special, kernel.__name__)
    binary(kernel.__name__, ufunc, partials, kinds=(FLOAT,), callables=(ufunc,), kernel=kernel, transcendental=True,
           singular=True, analytic=False, domain=((0.2, 2.0), (lowest, 2.0)))


def _ratio(x: Any, y: Any) -> Any:
    return np.where(np.equal(x, 0), x, np.divide(x, y))[()]


_unary(kernels.expit, lambda y, x: y * apply("expit", -x))
_unary(kernels.logit, lambda y, x: 1.0 / (x * (1.0 - x)), singular=True, domain=(0.1, 0.9))
_unary(kernels.log_expit, lambda y, x: apply("expit", -x))
_unary(kernels.entr, lambda y, x: -log(x) - 1.0, singular=True, domain=(0.1, 2.0))
binary("ratio", _ratio, (lambda z, x, y: 1.0 / y, lambda z, x, y: -apply("ratio", z, y)), kinds=(FLOAT,),
       kernel=kernels.ratio, singular=True, analytic=False, domain=((0.2, 2.0), (0.2, 2.0)))
_weighted(kernels.xlogy, (lambda z, x, y: log(y), lambda z, x, y: apply("ratio", x, y)), 0.2)
_weighted(kernels.xlog1py, (lambda z, x, y: apply("log1p", y), lambda z, x, y: apply("ratio", x, 1.0 + y)), -0.5)
_weighted(kernels.rel_entr, (lambda z, x, y: log(x / y) + 1.0, lambda z, x, y: -apply("ratio", x, y)), 0.2)
