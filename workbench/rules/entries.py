"""Short forms of entries of the table: elementwise primitives of one and of two operands, functions of SciPy that are
called by address, families of derivatives, and what is computed by a kernel.

Invariant: the name, how NumPy computes it, partials, `kinds`, `result` and `domain` are all that these forms know;
every other keyword is a field of `Primitive`.
"""

from __future__ import annotations

from typing import Any

from workbench.deferred import Library
from workbench.ir import Kind
from workbench.rules.expr import apply
from workbench.rules.foreign import Foreign
from workbench.rules.kernels.source import Kernel
from workbench.rules.primitive import FLOAT, INEXACT, INT, Partial, Primitive, TypeRule, register
from workbench.rules.typing import ResultKind, elementwise, last, same

Interval = tuple[float, float]

special = Library("scipy.special")


def unary(name: str, numpy: Any, partial: Partial | None, *, kinds: frozenset[Kind] = INEXACT,
          result: ResultKind = same, domain: Interval = (-2.0, 2.0), **more: Any) -> Primitive:
    """Register an elementwise primitive of one operand. Where no spelling for complex operands is given, it is the one
    for real operands; `kernel`: the spelling is a call of it."""
    return _registered(name, numpy, (partial,), (kinds,), elementwise(result, (kinds,), name), (domain,), **more)


def binary(name: str, numpy: Any, partials: tuple[Partial | None, Partial | None], *,
           kinds: tuple[frozenset[Kind], ...] = (INEXACT,), result: ResultKind = same, equal: bool = True,
           domain: tuple[Interval, Interval] = ((-2.0, 2.0), (-2.0, 2.0)), **more: Any) -> Primitive:
    """Register an elementwise primitive of two operands (of `equal` kinds); see `unary`."""
    return _registered(name, numpy, partials, kinds, elementwise(result, kinds, name, equal), domain, **more)


def _registered(name: str, numpy: Any, partials: tuple[Partial | None, ...], kinds: tuple[frozenset[Kind], ...],
                types: TypeRule, domain: tuple[Interval, ...], kernel: Kernel | None = None, numba: str | None = None,
                numba_complex: str | None = None, flops: int = 1, **more: Any) -> Primitive:
    if kernel is not None:
        numba, more = call_of(kernel, len(partials)), {**more, "kernels": (kernel,)}
    return register(Primitive(name, numpy, types, len(partials), True, kinds, partials=partials, numba=numba,
                              numba_complex=numba_complex or numba, flops=flops, domain=domain, **more))


def family(name: str, numpy: Any, kernel: Kernel, domain: Interval, **more: Any) -> Primitive:
    """Register a family f(n, x) of functions of which each is the derivative of the one before."""
    return _registered(
        name, numpy, (None, lambda y, n, x: apply(name, n + 1, x)), (INT, FLOAT),
        elementwise(last, (INT, FLOAT), name, True, 1), ((1.0, 3.0), domain), kernel, transcendental=True,
        analytic=False, **more)


def foreign(name: str, partials: tuple[Partial | None, ...], domain: tuple[Interval, ...], symbol: str = "",
            callables: tuple[Any, ...] = (), singular: bool = False) -> Primitive:
    """Register a function of `scipy.special` that compiled programs call by address."""
    ufunc = getattr(special, name)
    function = Foreign(name, symbol or name, len(partials), ufunc)
    return register(Primitive(
        name, function.numpy, elementwise(last, (FLOAT,), name), len(partials), True, (FLOAT,), (ufunc, *callables),
        partials, numba=function.spelling(), kernels=(function,), flops=1, transcendental=True, singular=singular,
        analytic=False, domain=domain))


def call_of(kernel: Kernel, count: int) -> str:
    """The spelling that calls a kernel with the operands."""
    return f"{kernel.__name__}({', '.join(f'{{{k}}}' for k in range(count))})"


def by_kernel(kernel: Kernel, places: str) -> dict[str, Any]:
    """The spelling of a primitive as a call of a kernel, for real and complex operands."""
    text = f"{kernel.__name__}({places})"
    return {"numba": text, "numba_complex": text, "kernels": (kernel,)}
