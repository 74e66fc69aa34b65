"""How values are written: constants, elements, and what `workbench.rules` spells, folded into expressions."""

from __future__ import annotations

import math
from collections.abc import Callable

from workbench.ir import Constant, DifferentiationError, Kind, Op, Value
from workbench.rules import Primitive, get, spell, with_called
from workbench.rules.primitive import ATOM, BITAND, BITOR, UNARY

Text = tuple[str, int]
# without branches, where the result is a value and not a test
_EAGER = {"and": ("{0} & {1}", BITAND), "or": ("{0} | {1}", BITOR)}
# of integers Python's own are the same, and quicker to compile
_BUILTIN = {"minimum": "min", "maximum": "max"}


def dtype(kind: Kind) -> str:
    """How a kind's NumPy dtype is written."""
    return "np.bool_" if kind is Kind.BOOL else f"np.{kind.dtype.name}"


def real_text(value: float) -> Text:
    """A float64."""
    if math.isnan(value):
        return "np.nan", ATOM
    if math.isinf(value):
        return ("np.inf", ATOM) if value > 0 else ("-np.inf", UNARY)
    return repr(value), UNARY if math.copysign(1.0, value) < 0 else ATOM


def constant_text(constant: Constant) -> Text:
    """A constant of its kind."""
    value = constant.value
    if constant.kind is Kind.F64:
        return real_text(float(value.real))
    if constant.kind.is_float:
        return f"np.{constant.kind.dtype.name}({real_text(float(value.real))[0]})", ATOM
    if constant.kind.is_complex:
        number = complex(value)
        made = f"complex({real_text(number.real)[0]}, {real_text(number.imag)[0]})"
        return (made if constant.kind is Kind.C128 else f"np.{constant.kind.dtype.name}({made})"), ATOM
    if constant.kind is Kind.INT:
        if value == -2**63:
            return "(-9223372036854775807 - 1)", ATOM
        return repr(value), UNARY if int(value.real) < 0 else ATOM
    return repr(value), ATOM


class Speller:
    """Writes values. `name(v)` gives a variable's name; `inlined[v]` the operation to be written in its place."""

    def __init__(self, name: Callable[[Value], str], inlined: dict[Value, Op]) -> None:
        self.name = name
        self.inlined = inlined
        self.helpers: dict[str, Callable[..., object]] = {}

    def text(self, value: Value, least: int = 0, truth: bool = False) -> str:
        """A value in a place that takes precedence `least` or higher (`truth`: the test of a branch)."""
        text, precedence = self.parts(value, truth)
        return text if precedence >= least else f"({text})"

    def parts(self, value: Value, truth: bool = False) -> Text:
        """A value's text and its precedence."""
        if isinstance(value, Constant):
            return constant_text(value)
        op = self.inlined.get(value)
        return (self.name(value), ATOM) if op is None else self.operation(op, truth)

    def operation(self, op: Op, truth: bool = False) -> Text:
        """An operation as an expression."""
        if op.prim == "load":
            return self.element(op.operands[0], op.operands[1:]), ATOM
        primitive = get(op.prim)
        for kernel in primitive.kernels:
            self.helpers.update({called.__name__: called for called in with_called(kernel)})
        truth = truth and op.prim in ("and", "or", "not")
        parts = [self.parts(v, truth) for v in op.operands]
        if op.prim in _EAGER and not truth:
            form, precedence = _EAGER[op.prim]
            left, right = (t if p > precedence else f"({t})" for t, p in parts)
            return form.format(left, right), precedence
        if op.prim in _BUILTIN and op.results[0].kind is Kind.INT:
            return f"{_BUILTIN[op.prim]}({parts[0][0]}, {parts[1][0]})", ATOM
        if op.prim == "add" and isinstance(op.operands[1], Constant) and parts[1][0].startswith("-"):
            return spell(get("sub"), [parts[0], (parts[1][0][1:], ATOM)], [v.kind for v in op.operands], op.result.kind)
        return self.spelled(primitive, parts, op)

    @staticmethod
    def spelled(primitive: Primitive, parts: list[Text], op: Op) -> Text:
        """As the rule table spells it. Raises DifferentiationError where it has no spelling."""
        try:
            return spell(primitive, parts, [v.kind for v in op.operands], op.results[0].kind, op.attrs)
        except KeyError:
            raise DifferentiationError(f"{op.prim} cannot be compiled for the CPU", op.span) from None

    def element(self, array: Value, indices: tuple[Value, ...]) -> str:
        """`a[i, j]`."""
        return f"{self.name(array)}[{', '.join(self.text(v) for v in indices)}]"
