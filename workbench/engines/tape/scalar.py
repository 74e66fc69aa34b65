"""`ActiveFloat` and `ActiveComplex`: numbers whose operations are recorded.

They compute with the number that they stand for (Python's own, NumPy's scalar, or an active number of an outer
recorder), so that values, warnings and exceptions are those of the program itself. What would drop the derivative
(`float(x)` inside C code) raises.

Invariant: an operation is recorded by the innermost recorder among its operands; a number of an outer one is a constant
to it.
"""

from __future__ import annotations

import dis
import fractions
import functools
import inspect
import math
import operator
import sys
import types
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import numpy as np

from workbench.engines.tape.partials import has_partial, of_ufuncs, on_floats, pulled
from workbench.engines.tape.recorder import Recorder, operation
from workbench.engines.tape.refusal import at_line, kept, refuse
from workbench.ir import DifferentiationError
from workbench.rules import get

PLAIN = frozenset({float, int, bool, np.bool_, *(np.dtype(c).type for c in "efdgbhilqBHILQ")})
COMPLEX = frozenset({complex, np.complex64, np.complex128})
_PYTHON = (float, int)
_ADD, _SUB, _MUL, _DIV, _POW, _NEG = (operation(name) for name in ("add", "sub", "mul", "div", "pow", "neg"))


class ActiveFloat:
    """A float that depends on the independent variables."""

    __slots__ = ("node", "primal", "recorder")

    def __init__(self, value: Any, node: int, recorder: Recorder) -> None:
        self.primal = value
        self.node = node
        self.recorder = recorder

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """As of the float: `isinstance` and patterns take it for one."""
        return self.primal.__class__

    # ------------------------------------------------------------------ arithmetic, its partials written out for speed
    def __add__(self, other: Any) -> Any:
        kind, r = type(other), self.recorder
        if kind is ActiveFloat and other.recorder is r:
            value = self.primal + other.primal
            return ActiveFloat(value, r.two(_ADD, value, self.node, 1.0, other.node, 1.0), r)
        if kind in PLAIN:
            value = self.primal + other
            return ActiveFloat(value, r.one(_ADD, value, self.node, 1.0), r)
        return _other("add", operator.add, self, other, other)

    def __radd__(self, other: Any) -> Any:
        if type(other) in PLAIN:
            r = self.recorder
            value = other + self.primal
            return ActiveFloat(value, r.one(_ADD, value, self.node, 1.0), r)
        return _other("add", operator.add, other, self, other)

    def __sub__(self, other: Any) -> Any:
        kind, r = type(other), self.recorder
        if kind is ActiveFloat and other.recorder is r:
            value = self.primal - other.primal
            return ActiveFloat(value, r.two(_SUB, value, self.node, 1.0, other.node, -1.0), r)
        if kind in PLAIN:
            value = self.primal - other
            return ActiveFloat(value, r.one(_SUB, value, self.node, 1.0), r)
        return _other("sub", operator.sub, self, other, other)

    def __rsub__(self, other: Any) -> Any:
        if type(other) in PLAIN:
            r = self.recorder
            value = other - self.primal
            return ActiveFloat(value, r.one(_SUB, value, self.node, -1.0), r)
        return _other("sub", operator.sub, other, self, other)

    def __mul__(self, other: Any) -> Any:
        kind, r = type(other), self.recorder
        if kind is ActiveFloat and other.recorder is r:
            a, b = self.primal, other.primal
            value = a * b
            return ActiveFloat(value, r.two(_MUL, value, self.node, b, other.node, a), r)
        if kind in PLAIN:
            value = self.primal * other
            return ActiveFloat(value, r.one(_MUL, value, self.node, other), r)
        return _other("mul", operator.mul, self, other, other)

    def __rmul__(self, other: Any) -> Any:
        if type(other) in PLAIN:
            r = self.recorder
            value = other * self.primal
            return ActiveFloat(value, r.one(_MUL, value, self.node, other), r)
        return _other("mul", operator.mul, other, self, other)

    def __truediv__(self, other: Any) -> Any:
        kind, r = type(other), self.recorder
        if kind is ActiveFloat and other.recorder is r:
            b = other.primal
            value = self.primal / b
            if b != 0:
                if type(b) is float:
                    return ActiveFloat(value, r.two(_DIV, value, self.node, 1.0 / b, other.node, -value / b), r)
                weight = 1.0 / bare(b)  # (Python's floats have no warnings of their own)
                return ActiveFloat(value, r.two(_DIV, value, self.node, weight, other.node, -bare(value) / bare(b)), r)
        elif kind in PLAIN:
            value = self.primal / other
            if other != 0:
                return ActiveFloat(value, r.one(_DIV, value, self.node, 1.0 / bare(other)), r)
        return _other("div", operator.truediv, self, other, other)

    def __rtruediv__(self, other: Any) -> Any:
        b, r = self.primal, self.recorder
        if type(other) in PLAIN and b != 0:
            value = other / b
            return ActiveFloat(value, r.one(_DIV, value, self.node, -bare(value) / bare(b)), r)
        return _other("div", operator.truediv, other, self, other)

    def __pow__(self, other: Any, modulus: Any = None) -> Any:
        if type(other) in _PYTHON and type(self.primal) is float and modulus is None:
            value, r = self.primal**other, self.recorder
            if type(value) is float:
                weight = on_floats("pow", 0)(value, self.primal, other)
                return ActiveFloat(value, r.one(_POW, value, self.node, weight), r)
        return NotImplemented if modulus is not None else _other("pow", operator.pow, self, other, other)

    def __rpow__(self, other: Any) -> Any:
        return _other("pow", operator.pow, other, self, other)

    def __mod__(self, other: Any) -> Any:
        return _other("mod", operator.mod, self, other, other)

    def __rmod__(self, other: Any) -> Any:
        return _other("mod", operator.mod, other, self, other)

    def __floordiv__(self, other: Any) -> Any:
        if type(other) in _SCALARS:
            return self.primal // plain(other)  # piecewise constant
        return _other("floordiv", operator.floordiv, self, other, other)

    def __rfloordiv__(self, other: Any) -> Any:
        if type(other) in _SCALARS:
            return plain(other) // self.primal
        return _other("floordiv", operator.floordiv, other, self, other)

    def __divmod__(self, other: Any) -> Any:
        if type(other) not in _SCALARS:
            return _other("divmod", divmod, self, other, other)
        divmod(self.primal, plain(other))  # has its own words for a zero divisor
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        if type(other) not in _SCALARS:
            return _other("divmod", divmod, other, self, other)
        divmod(plain(other), self.primal)
        return other // self, other % self

    def __neg__(self) -> ActiveFloat:
        value = -self.primal
        return ActiveFloat(value, self.recorder.one(_NEG, value, self.node, -1.0), self.recorder)

    def __pos__(self) -> ActiveFloat:
        return self

    def __abs__(self) -> Any:
        return apply("abs", operator.abs, self)

    # ------------------------------------------------------------------ what has no derivative, or a zero one
    def __hash__(self) -> int:
        return hashed(self)

    def __bool__(self) -> bool:
        return bool(self.primal)

    def __int__(self) -> int:
        return int(self.primal)  # piecewise constant, as the four below

    def __trunc__(self) -> Any:
        return math.trunc(self.primal)

    def __floor__(self) -> Any:
        return math.floor(self.primal)

    def __ceil__(self) -> Any:
        return math.ceil(self.primal)

    def __round__(self, digits: int | None = None) -> Any:
        return round(self.primal) if digits is None else round(self.primal, digits)

    def __float__(self) -> float:
        if is_formatting(sys._getframe(1)):
            self.recorder.written_as_text = True
            return float(bottom_of(self))
        raise refuse("an active number is handed to code outside of Python, which would drop its derivative",
                     "use a function with a rule")

    def __complex__(self) -> complex:
        raise refuse("an active number is handed to code outside of Python, which would drop its derivative",
                     "use a function with a rule")

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise refuse("an active number is stored in an array that the tape does not know",
                     "make the array inside the differentiated function (a copy will do)")

    __array_ufunc__: Any  # set where arrays are known
    __array_function__: Any

    def __copy__(self) -> ActiveFloat:
        return self

    def __deepcopy__(self, memo: Any) -> ActiveFloat:
        return self

    def __reduce__(self) -> Any:
        raise refuse("an active number is pickled", "take its value out of the differentiated function first")

    def __repr__(self) -> str:
        self.recorder.written_as_text = True
        return repr(self.primal)

    def __str__(self) -> str:
        self.recorder.written_as_text = True
        return str(self.primal)

    def __format__(self, spec: str) -> str:
        self.recorder.written_as_text = True
        return format(self.primal, spec)

    # ------------------------------------------------------------------ what floats have
    def __getattr__(self, name: str) -> Any:
        return unknown_attribute(self, name)

    def __getitem__(self, key: Any) -> Any:
        return subscripted(self, key)

    __iter__ = None  # (with `__getitem__` alone it would seem to have elements)

    @property
    def real(self) -> ActiveFloat:
        """Itself."""
        return self

    @property
    def imag(self) -> Any:
        """Zero, of the number's own type."""
        return self.primal.imag

    def conjugate(self) -> ActiveFloat:
        """Itself."""
        return self

    def is_integer(self) -> bool:
        """As of the float."""
        return bool(self.primal.is_integer())

    def item(self, *where: Any) -> ActiveFloat:
        """As a Python number."""
        if where:
            unknown_attribute(self, "item")(*where)  # (raises where NumPy does)
        return self if type(self.primal) is float else ActiveFloat(bare(self.primal), self.node, self.recorder)


class ActiveComplex:
    """A complex number that depends on the independent variables: `node` is that of its real part, the next one that of
    its imaginary part."""

    __slots__ = ("node", "primal", "recorder")

    def __init__(self, value: Any, node: int, recorder: Recorder) -> None:
        self.primal = value
        self.node = node
        self.recorder = recorder

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """As of the complex number."""
        return self.primal.__class__

    def __neg__(self) -> Any:
        return apply("neg", operator.neg, self)

    def __pos__(self) -> ActiveComplex:
        return self

    def __abs__(self) -> Any:
        return apply("modulus", operator.abs, self)

    def __hash__(self) -> int:
        return hashed(self)

    def __bool__(self) -> bool:
        return bool(self.primal)

    __complex__ = ActiveFloat.__complex__
    __array__ = ActiveFloat.__array__
    __array_ufunc__: Any
    __array_function__: Any
    __repr__, __str__, __format__ = ActiveFloat.__repr__, ActiveFloat.__str__, ActiveFloat.__format__
    __reduce__ = ActiveFloat.__reduce__

    def __copy__(self) -> ActiveComplex:
        return self

    def __deepcopy__(self, memo: Any) -> ActiveComplex:
        return self

    def __getattr__(self, name: str) -> Any:
        return unknown_attribute(self, name)

    def __getitem__(self, key: Any) -> Any:
        return subscripted(self, key)

    __iter__ = None

    @property
    def real(self) -> ActiveFloat:
        """The real part."""
        return ActiveFloat(self.primal.real, self.node, self.recorder)

    @property
    def imag(self) -> ActiveFloat:
        """The imaginary part."""
        return ActiveFloat(self.primal.imag, self.node + 1, self.recorder)

    def conjugate(self) -> Any:
        """The conjugate."""
        return apply("conj", lambda z: z.conjugate(), self)

    conj = conjugate

    def item(self) -> ActiveComplex:
        """As a Python number."""
        return self if type(self.primal) is complex else ActiveComplex(bare(self.primal), self.node, self.recorder)


NUMBERS = frozenset({ActiveFloat, ActiveComplex})
recorded_types: set[type] = set(NUMBERS)  # and arrays, where they are known
_SCALARS = PLAIN | COMPLEX | NUMBERS


def _complex_operators() -> None:
    for name, rule, compute in (("add", "add", operator.add), ("sub", "sub", operator.sub),
                                ("mul", "mul", operator.mul), ("truediv", "div", operator.truediv),
                                ("pow", "pow", operator.pow)):
        def left(self: Any, other: Any, rule: str = rule, compute: Any = compute) -> Any:
            return _other(rule, compute, self, other, other)

        def right(self: Any, other: Any, rule: str = rule, compute: Any = compute) -> Any:
            return _other(rule, compute, other, self, other)
        setattr(ActiveComplex, f"__{name}__", left)
        setattr(ActiveComplex, f"__r{name}__", right)


_complex_operators()


def _comparisons() -> None:
    """Comparisons of the values; a class of the program's, asked where the number does not know it, gets the active
    number."""
    def compared(name: str, reflected: str, compute: Callable[[Any, Any], Any]) -> Any:
        def method(self: Any, other: Any) -> Any:
            primal = self.primal
            if type(other) in _SCALARS:
                return compute(primal, plain(other))
            if isinstance(primal, np.generic):  # NumPy hands its scalar on as Python's
                return compute(bare(self), other) if _in_python(other, reflected) and not asked_first(other) else (
                    compute(primal, other))
            found = getattr(primal, name)(other)
            if found is not NotImplemented or _in_python(other, reflected):
                return found
            return compute(primal, other)
        return method
    sides = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
    for name, reflected in sides.items():
        method = compared(f"__{name}__", f"__{reflected}__", getattr(operator, name))
        setattr(ActiveFloat, f"__{name}__", method)
        if name in ("eq", "ne"):
            setattr(ActiveComplex, f"__{name}__", method)


def _in_python(x: Any, *names: str) -> bool:
    """True for an object whose class has one of these methods, written in Python."""
    return not isinstance(x, fractions.Fraction) and any(
        type(inspect.getattr_static(type(x), name, None)) in _METHODS for name in names)


_METHODS = (types.FunctionType, staticmethod, functools.partialmethod)
_comparisons()


# ---------------------------------------------------------------------- numbers
def is_formatting(frame: FrameType) -> bool:
    """True where a frame of Python is at a `%`, which asks for a float where its left operand is a text."""
    code, at = frame.f_code.co_code, frame.f_lasti
    return code[at] == _BINARY_OP and code[at + 1] in _REMAINDERS


_BINARY_OP = dis.opmap["BINARY_OP"]
_REMAINDERS = frozenset(k for k, (_, sign) in enumerate(dis._nb_ops) if sign in ("%", "%="))  # type: ignore[attr-defined]


def bottom_of(x: Any) -> Any:
    """The number that an active one stands for, through all recorders."""
    while type(x) in NUMBERS:
        x = x.primal
    return x


def plain(x: Any) -> Any:
    """The number that an active one stands for (an outer recorder's, perhaps); anything else as it is."""
    return x.primal if type(x) in NUMBERS else x


def bare(x: Any) -> Any:
    """A number as Python's own, through all recorders."""
    if type(x) is ActiveFloat or type(x) is ActiveComplex:
        return type(x)(bare(x.primal), x.node, x.recorder)
    return x.item() if isinstance(x, np.generic) else x


def as_numpy(x: Any, kind: Any = np.float64) -> Any:
    """A number as NumPy's scalar (which gives infinities instead of exceptions), through all recorders."""
    if type(x) not in NUMBERS:
        return kind(x)
    if kind is np.complex128 and type(x) is ActiveFloat:
        x = as_complex(x)
    return type(x)(as_numpy(x.primal, kind), x.node, x.recorder)


def as_complex(x: ActiveFloat) -> ActiveComplex:
    """A float as a complex number."""
    value = as_complex(x.primal) if type(x.primal) is ActiveFloat else complex(x.primal)
    node = x.recorder.any_number(operation("complex"), value.real, [(x.node, 1.0)])
    x.recorder.any_number(operation("complex"), 0.0, ())
    return ActiveComplex(value, node, x.recorder)


def number(value: Any, node: int, recorder: Recorder) -> Any:
    """An active number of the value's kind."""
    complex_ = type(value) is ActiveComplex or type(value) in COMPLEX
    return (ActiveComplex if complex_ else ActiveFloat)(value, int(node), recorder)


def hashed(x: Any) -> int:
    """The hash of the value. Two active numbers that are equal and not the same cannot both be keys: which is found
    would decide the derivative."""
    code = hash(x.primal)
    if x.recorder.keys.setdefault(code, x.node) != x.node:
        raise refuse("two active numbers that happen to be equal are used as keys (of a dictionary, set or cache)",
                     "use keys that are no active numbers")
    return code


def unknown_attribute(x: Any, name: str) -> Any:
    """An attribute of a number that has no meaning of its own here."""
    value = x.primal
    while type(value) in NUMBERS:
        value = value.primal
    if name.startswith("_") or not hasattr(value, name):
        raise AttributeError(f"'{type(value).__name__}' object has no attribute {name!r}")
    if name in ("shape", "ndim", "size", "dtype", "itemsize", "nbytes"):
        return getattr(value, name)
    if issubclass(type(value), np.generic):
        return _as_scalar(getattr(as_array[0](x), name))
    raise refuse(f"the tape does not know the attribute {name!r} of a number", "write it out")


def _as_scalar(x: Any) -> Any:
    """What a scalar of NumPy gives where an array without dimensions gives this: a scalar again."""
    if isinstance(x, np.ndarray):
        return x if x.ndim else x[()]
    return (lambda *args, **named: _as_scalar(x(*args, **named))) if callable(x) else x


def subscripted(x: Any, key: Any) -> Any:
    """`x[()]`, `x[...]`, `x[None]`: of a scalar of NumPy."""
    value = bottom_of(x)
    value[key]  # raises where the program does
    return as_array[0](x)[key]


# ---------------------------------------------------------------------- recording an operation
def innermost(operands: Sequence[Any]) -> Recorder:
    """The innermost recorder among the operands, one of which is active."""
    found: Any = None
    for x in operands:
        if type(x) in recorded_types:
            r = x.recorder
            if r.closed:
                raise kept()
            found = r if found is None or r.level > found.level else found
    return found  # type: ignore[no-any-return]


_NAMES = ("add", "sub", "mul", "truediv", "pow", "mod", "floordiv", "divmod")
_OPERATORS = tuple(f"__{side}{op}__" for op in _NAMES for side in ("", "r"))


def _other(name: str, compute: Callable[..., Any], a: Any, b: Any, other: Any) -> Any:
    """An operation with an operand that is not of the common kinds."""
    if type(other) in _SCALARS:
        return apply(name, compute, a, b)
    if isinstance(other, fractions.Fraction):
        return compute(*(float(x) if x is other else x for x in (a, b)))
    for base in (int, float):
        if isinstance(other, base) and all(getattr(type(other), op) is getattr(base, op) for op in _OPERATORS):
            return compute(*(base(x) if x is other else x for x in (a, b)))  # (an `enum.IntEnum`)
    if isinstance(other, (np.ndarray, np.generic)):
        return NotImplemented
    if not _in_python(other, *_OPERATORS):
        _refuse_what_works(compute, a, b)
    elif b is other and isinstance(bottom_of(a), np.generic) and not asked_first(other):
        return compute(bare(a), other)  # NumPy hands its scalar on as Python's
    return NotImplemented


def _refuse_what_works(compute: Callable[..., Any], a: Any, b: Any) -> None:
    """An operation of C code that takes floats (`datetime.timedelta(1) * x`) does not take active ones."""
    try:
        compute(bottom_of(a), bottom_of(b))
    except Exception:  # so the program itself fails here
        return
    raise refuse("an active number meets an operator of code outside of Python, which would drop its derivative",
                 "write it in floats")


def asked_first(x: Any) -> bool:
    """True for an object whose operators NumPy asks before its own."""
    return hasattr(type(x), "__array_ufunc__") or getattr(x, "__array_priority__", -1.0) > 0


def call(callee: Any, *args: Any) -> Any:
    """A function of numbers, mediated (replaced where the mediator is known)."""
    return callee(*args)


by_program: list[Callable[..., Any]] = [call]  # `pulled` on numbers of an outer recorder; set where programs are known
as_array: list[Callable[..., Any]] = [call]  # a number as an array without dimensions; set where arrays are known
mediated: list[Callable[..., Any]] = [call]


def apply(name: str, compute: Callable[..., Any], *operands: Any) -> Any:
    """Compute with the values, and record the operation with the partials of the rule of that name."""
    recorder = innermost(operands)
    if recorder is None:
        return compute(*operands)
    active = [type(x) in NUMBERS and x.recorder is recorder for x in operands]
    values = [x.primal if mine else x for x, mine in zip(operands, active, strict=True)]
    nested = any(type(v) in NUMBERS for v in values)
    value = mediated[0](compute, *values) if nested else compute(*values)
    if type(value) is ActiveComplex or type(value) in COMPLEX or any(type(x) is ActiveComplex for x in operands):
        return _complex(name, recorder, operands, active, values, value)
    if get(name).partials is None:
        raise refuse(f"no derivative of {name} is known", "use a function with a rule")
    edges = []
    for k, (x, mine) in enumerate(zip(operands, active, strict=True)):
        if mine and has_partial(name, k):
            edges.append((x.node, partial(name, k, value, values)))
    if not edges:
        return value
    return ActiveFloat(value, recorder.any_number(operation(name), value, edges), recorder)


def partial(name: str, position: int, value: Any, values: Sequence[Any]) -> Any:
    """The partial derivative of an operation of real numbers."""
    try:
        if type(value) not in NUMBERS and all(type(v) not in NUMBERS for v in values):
            return on_floats(name, position)(value, *values)
        if not of_ufuncs(name, position):
            return by_program[0](name, [as_numpy(v) for v in values], value, np.float64(1.0), position)
        table: Any = get(name).partials
        with np.errstate(all="ignore"):
            return table[position](as_numpy(value), *(as_numpy(v) for v in values))
    except DifferentiationError as error:
        raise at_line(error) from None


def _complex(name: str, recorder: Recorder, operands: Sequence[Any], active: Sequence[bool], values: Sequence[Any],
             value: Any) -> Any:
    """An operation with complex operands or a complex result."""
    wide = type(value) is ActiveComplex or type(value) in COMPLEX
    xs = [as_numpy(v, np.complex128) for v in values]
    y = as_numpy(value, np.complex128 if wide else np.float64)
    pull = by_program[0] if any(type(v) in NUMBERS for v in xs) else pulled
    rows: list[list[tuple[int, Any]]] = [[], []]
    for k, (x, mine) in enumerate(zip(operands, active, strict=True)):
        for row, seed in enumerate((np.complex128(1.0), np.complex128(1j)) if wide else (np.float64(1.0),)):
            bar = pull(name, xs, y, seed, k) if mine else None
            if bar is not None:
                rows[row].append((x.node, bar.real))
                if type(x) is ActiveComplex:
                    rows[row].append((x.node + 1, bar.imag))
    if not rows[0] and not rows[1]:
        return value
    number_ = operation(name)
    node = recorder.any_number(number_, value.real if wide else value, rows[0])
    if not wide:
        return ActiveFloat(value, node, recorder)
    recorder.any_number(number_, value.imag, rows[1])
    return ActiveComplex(value, node, recorder)


def apply_one(name: str, number_: int, compute: Callable[..., Any], x: ActiveFloat) -> Any:
    """`apply` to one real operand, which is active: the common case, without the lists."""
    given = x.primal
    if type(given) is ActiveFloat or not has_partial(name, 0):
        return apply(name, compute, x)
    value = compute(given)
    return ActiveFloat(value, x.recorder.one(number_, value, x.node, on_floats(name, 0)(value, given)), x.recorder)
