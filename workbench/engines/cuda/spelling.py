"""How values are written: in kernels as on the CPU, but for functions that Numba has no form of there, and for arrays
of a thread's own; on the host by NumPy's functions, which give NaN and infinity where Python's raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.engines.cuda import functions
from workbench.engines.numba.spelling import Speller, Text
from workbench.ir import DifferentiationError, Kind, Op, Value
from workbench.rules import Foreign, Primitive, get, with_called
from workbench.rules.primitive import ATOM
from workbench.rules.spelling import converted

#: Primitives that are written as a call of one of `functions`.
OWN: dict[str, Callable[..., Any]] = {name: getattr(functions, name) for name in (
    "sign", "floor", "ceil", "trunc", "rint", "fmod", "cbrt", "exp2", "logaddexp", "isfinite", "signbit")}
#: Others, and how.
FORMS = {"square": "{0} ** 2", "isnan": "math.isnan({0})", "isinf": "math.isinf({0})"}
WITHOUT = frozenset({"gcd", "lcm", "nextafter", "logaddexp2", "jv", "yv", "iv", "kv"})


class KernelSpeller(Speller):
    """`spread` holds the names of arrays that have a part for each thread, as their last axis."""

    def __init__(self, name: Callable[[Value], str], inlined: dict[Value, Op]) -> None:
        super().__init__(name, inlined)
        self.spread: set[str] = set()

    def operation(self, op: Op, truth: bool = False) -> Text:
        """See `Speller`. Raises DifferentiationError for what has no form on a GPU."""
        if op.prim in OWN:
            helper = OWN[op.prim]
            self.helpers[helper.__name__] = helper
            text = f"{helper.__name__}({', '.join(self.text(v) for v in op.operands)})"
            kind = op.results[0].kind
            return (converted(text, kind) if kind.is_float and kind.is_single else text), ATOM
        if op.prim in FORMS and op.results[0].kind.is_float | (op.results[0].kind is Kind.BOOL):
            return FORMS[op.prim].format(*(self.text(v, ATOM) for v in op.operands)), ATOM if "(" in FORMS[
                op.prim] else 0
        if op.prim != "load" and self._is_unknown(get(op.prim), op):
            raise DifferentiationError(f"{op.prim} has no form on a GPU", op.span, "use engine='numba'")
        return super().operation(op, truth)

    @staticmethod
    def _is_unknown(primitive: Primitive, op: Op) -> bool:
        called = [k for kernel in primitive.kernels for k in with_called(kernel)]
        return op.prim in WITHOUT or any(isinstance(k, Foreign) for k in called) or any(
            v.kind.is_complex for v in (*op.operands, *op.results))

    def element(self, array: Value, indices: tuple[Value, ...]) -> str:
        """`a[i, j]`, or `a[i, j, thread]`."""
        name = self.name(array)
        where = [self.text(v) for v in indices] + (["thread"] if name in self.spread else [])
        return f"{name}[{', '.join(where)}]"


#: What NumPy and SciPy call the functions that `math` has.
BY_NUMPY = {**{name: f"np.{name}" for name in (
    "sqrt", "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "sinh", "cosh", "tanh", "hypot",
    "copysign", "degrees", "radians", "ldexp")},
    **{name: f"np.arc{name[1:]}" for name in ("asin", "acos", "atan", "asinh", "acosh", "atanh", "atan2")},
    "erf": "special.erf", "erfc": "special.erfc", "gamma": "special.gamma", "lgamma": "special.gammaln",
    "div": "np.divide", "pow": "np.power", "floordiv": "np.floor_divide", "mod": "np.mod"}


class HostSpeller(Speller):
    """Writes what the host computes of single numbers."""

    def operation(self, op: Op, truth: bool = False) -> Text:
        """See `Speller`. (Numbers of Python's own would raise where a compiled program goes on.)"""
        if op.prim in BY_NUMPY and op.results[0].kind.is_float:
            return f"{BY_NUMPY[op.prim]}({', '.join(self.text(v) for v in op.operands)})", ATOM
        if op.prim == "reciprocal" and op.results[0].kind.is_float:
            return f"np.divide(1, {self.text(op.operands[0])})", ATOM
        return super().operation(op, truth)
