"""The logistic function and its relatives, and logarithms that are weighted: x log y, entropies.

Where the weight is 0, x log y is 0 for every y, 0 included, and so is its derivative by y: `ratio` is x / y there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.deferred import Library
from workbench.rules import kernels
from workbench.rules.arithmetic import binary, unary
from workbench.rules.expr import apply, log
from workbench.rules.primitive import FLOAT

special = Library("scipy.special")


def _shared(name: str, kernel: Any) -> dict[str, Any]:
    return {"kinds": FLOAT, "callables": (getattr(special, name),), "numba": f"{kernel.__name__}({{0}})",
            "helpers": (kernel,), "transcendental": True, "analytic": False}


unary("expit", special.expit, lambda y, x: y * apply("expit", -x), **_shared("expit", kernels.expit))
unary("logit", special.logit, lambda y, x: 1.0 / (x * (1.0 - x)), singular=True, domain=(0.1, 0.9),
      **_shared("logit", kernels.logit))
unary("log_expit", special.log_expit, lambda y, x: apply("expit", -x), **_shared("log_expit", kernels.log_expit))
unary("entr", special.entr, lambda y, x: -log(x) - 1.0, singular=True, domain=(0.1, 2.0),
      **_shared("entr", kernels.entr))


def _weighted(name: str, kernel: Any, partials: tuple[Any, Any], domain: tuple[float, float]) -> None:
    ufunc = getattr(special, name)
    binary(name, ufunc, partials, kinds=(FLOAT,), callables=(ufunc,), numba=f"{name}({{0}}, {{1}})", helpers=(kernel,),
           transcendental=True, singular=True, analytic=False, domain=((0.2, 2.0), domain))


def _ratio(x: Any, y: Any) -> Any:
    return np.where(np.equal(x, 0), x, np.divide(x, y))[()]


binary("ratio", _ratio, (lambda z, x, y: 1.0 / y, lambda z, x, y: -apply("ratio", z, y)), kinds=(FLOAT,),
       numba="ratio({0}, {1})", helpers=(kernels.ratio,), singular=True, analytic=False,
       domain=((0.2, 2.0), (0.2, 2.0)))
_weighted("xlogy", kernels.xlogy, (lambda z, x, y: log(y), lambda z, x, y: apply("ratio", x, y)), (0.2, 2.0))
_weighted("xlog1py", kernels.xlog1py,
          (lambda z, x, y: apply("log1p", y), lambda z, x, y: apply("ratio", x, 1.0 + y)), (-0.5, 2.0))
_weighted("rel_entr", kernels.rel_entr,
          (lambda z, x, y: log(x / y) + 1.0, lambda z, x, y: -apply("ratio", x, y)), (0.2, 2.0))
