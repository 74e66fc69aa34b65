"""What an operation is made of on a GPU: how many instructions of which unit.

Counted in the machine code that ptxas 13 makes of one operation in a loop for sm_90 (`wb.compile_cuda`), as it goes for
ordinary arguments: branches for huge, tiny and infinite ones are left out, what is unrolled is counted once, all is
rounded. Other architectures have nearly the same.
"""

from __future__ import annotations

from typing import NamedTuple

from workbench.ir import Constant, Kind, Op


class Instructions(NamedTuple):
    """Instructions of one thread: in float32 and float64, of the special functions, and all others."""

    f32: float = 0.0
    f64: float = 0.0
    special: float = 0.0
    whole: float = 0.0

    def __add__(self, other: object) -> Instructions:
        assert isinstance(other, Instructions)
        return Instructions(self.f32 + other.f32, self.f64 + other.f64, self.special + other.special,
                            self.whole + other.whole)

    @property
    def all(self) -> float:
        """In all units."""
        return sum(self)


#: Of a turn of a thread's loop; of an inner loop; of an access, its address included; of a division of integers of 64
#: bits, where both have room in 32.
TURN, INNER, ACCESS = (Instructions(whole=n) for n in (10.0, 3.0, 4.0))
DIVISION = Instructions(special=1.0, whole=30.0)
NOTHING, ONE = Instructions(), Instructions(whole=1.0)

#: (float, special, others) in float32 and in float64.
_COUNTED: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "add": ((1, 0, 0), (1, 0, 0)), "sub": ((1, 0, 0), (1, 0, 0)), "mul": ((1, 0, 0), (1, 0, 0)),
    "div": ((9, 1, 6), (9, 1, 12)), "reciprocal": ((9, 1, 6), (9, 1, 12)), "sqrt": ((5, 1, 4), (9, 1, 11)),
    "maximum": ((3, 0, 0), (2, 0, 3)), "minimum": ((3, 0, 0), (2, 0, 3)), "floor": ((1, 0, 2), (1, 0, 4)),
    "exp": ((6, 1, 2), (18, 0, 5)), "expm1": ((18, 0, 4), (21, 0, 17)), "log": ((19, 0, 6), (30, 1, 24)),
    "log2": ((21, 0, 6), (32, 1, 27)), "log10": ((20, 0, 6), (32, 1, 27)), "log1p": ((18, 0, 6), (35, 1, 20)),
    "sin": ((14, 0, 5), (17, 0, 45)), "cos": ((14, 0, 5), (17, 0, 46)), "tan": ((17, 1, 6), (32, 1, 73)),
    "sinh": ((17, 2, 4), (40, 1, 60)), "cosh": ((10, 2, 3), (35, 1, 50)), "tanh": ((12, 2, 1), (34, 2, 32)),
    "asin": ((20, 1, 2), (42, 1, 17)), "acos": ((21, 1, 2), (46, 1, 50)), "atan": ((15, 1, 2), (28, 1, 19)),
    "atan2": ((31, 1, 16), (42, 1, 57)), "hypot": ((15, 1, 10), (14, 1, 25)), "pow": ((35, 2, 20), (60, 1, 70)),
    "erf": ((18, 1, 4), (42, 1, 44)), "erfc": ((40, 2, 10), (60, 1, 50)), "lgamma": ((60, 2, 30), (110, 2, 90)),
}
#: What is float64 in kernels, whatever the kind (`workbench.engines.cuda.functions`).
_ALWAYS_DOUBLE = {"exp2": (60.0, 1.0, 70.0), "cbrt": (80.0, 2.0, 85.0), "logaddexp": (55.0, 1.0, 30.0),
                  "fmod": (20.0, 1.0, 30.0)}
_FREE = frozenset({"empty", "list", "check", "index"})


def instructions_of(op: Op) -> Instructions:
    """Those of an operation without regions, once. (What is not known is as dear as an addition.)"""
    if op.prim in _FREE or not op.results:
        return NOTHING
    result = op.results[0]
    single = result.kind.is_single
    if op.prim in ("load", "store"):
        return ACCESS
    if op.prim == "accum":
        return ACCESS + _of((1.0, 0.0, 1.0), single)
    if op.prim in ("full", "copy"):
        return NOTHING
    if not result.kind.is_float:
        return DIVISION if op.prim in ("floordiv", "mod") and result.kind is Kind.INT else ONE
    if op.prim in _ALWAYS_DOUBLE:
        return _of(_ALWAYS_DOUBLE[op.prim], False)
    if op.prim == "pow" and isinstance(op.operands[1], Constant) and float(op.operands[1].value.real).is_integer():
        return _of((max(1.0, 1.5 * int(abs(op.operands[1].value.real)).bit_length()), 0.0, 0.0), single)
    return _of(_COUNTED.get(op.prim, ((1, 0, 0), (1, 0, 0)))[0 if single else 1], single)


def _of(counts: tuple[float, float, float], single: bool) -> Instructions:
    of_floats, special, others = counts
    return Instructions(of_floats if single else 0.0, 0.0 if single else of_floats, special, others)
