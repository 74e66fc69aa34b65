"""Functions of other libraries that compiled programs call by address: those of `scipy.special.cython_special`.

Invariant: the machine code that calls one names it by a symbol, which is bound to the address in each process, so that
compiled programs may be kept on disk. An exported file binds the address itself, and then needs SciPy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.records import dataclass

MODULE = "scipy.special.cython_special"


@dataclass(frozen=True, slots=True)
class Foreign:
    """A C function of doubles, with a last integer argument that is 0.

    name: as programs call it; symbol: in the module; arity: how many doubles; ufunc: the same for arrays."""

    name: str
    symbol: str
    arity: int
    ufunc: Callable[..., Any]

    @property
    def __name__(self) -> str:
        return f"scipy_{self.name}"

    def __call__(self, *args: Any) -> Any:
        """The value, by the ufunc (the last argument is the 0)."""
        return float(self.ufunc(*args[:self.arity]))

    def spelling(self) -> str:
        """The call, with places for the operands."""
        return f"{self.__name__}({', '.join(f'{{{k}}}' for k in range(self.arity))}, 0)"

    def numpy(self, *args: Any) -> Any:
        """The ufunc, in the kind of its last operand."""
        return np.asarray(self.ufunc(*args)).astype(np.result_type(args[-1]))[()]
