"""Operands that write LLVM: a kernel is a Python function of them, and is written once for any number of lanes.

A kernel is evaluated on `Lanes`, whose operators append instructions; nothing is reassociated or contracted but where
`fma` says so, so that one element has the same bits alone and in a vector of any width. What is rare leaves by a branch
that is taken where any lane asks for it.

Invariant: the instructions of an element do not depend on its neighbours. A branch that a neighbour caused gives the
other lanes what they would have had.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

_COMPARE = {"<": "olt", "<=": "ole", ">": "ogt", ">=": "oge", "==": "oeq"}
_SUFFIX = {"double": "f64", "float": "f32", "i64": "i64", "i32": "i32", "i1": "i1"}


def literal(value: float, type_: str) -> str:
    """A constant as LLVM writes it: floats by their bits (those of a float by the bits of the double it equals)."""
    if type_ in ("double", "float"):
        return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"
    return str(int(value))


class Writer:
    """The body of one function: its instructions, in `width` lanes (1: plain numbers)."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[str] = []
        self.declared: set[str] = set()
        self.libm: set[tuple[str, str, int]] = set()
        self._count = 0
        self._labels = 0

    def type(self, element: str) -> str:
        """The type of a value of the function."""
        return element if self.width == 1 else f"<{self.width} x {element}>"

    def suffix(self, element: str) -> str:
        """The same in the name of an intrinsic."""
        return ("" if self.width == 1 else f"v{self.width}") + _SUFFIX[element]

    def constant(self, value: float, element: str) -> Lanes:
        """A number in every lane."""
        text = literal(value, element)
        return Lanes(self, text if self.width == 1 else f"splat ({element} {text})", element)

    def emit(self, text: str, element: str) -> Lanes:
        """Append an instruction; gives its result."""
        self._count += 1
        name = f"%v{self._count}"
        self.lines.append(f"  {name} = {text}")
        return Lanes(self, name, element)

    def call(self, intrinsic: str, *operands: Lanes) -> Lanes:
        """An intrinsic of operands of one type, which is also that of its result."""
        element = operands[0].element
        type_, name = self.type(element), f"@llvm.{intrinsic}.{self.suffix(element)}"
        self.declared.add(f"declare {type_} {name}({', '.join([type_] * len(operands))})")
        return self.emit(f"call {type_} {name}({', '.join(f'{type_} {v.name}' for v in operands)})", element)

    def any(self, mask: Lanes) -> str:
        """The name of an i1: whether any lane is true."""
        if self.width == 1:
            return mask.name
        type_, name = self.type("i1"), f"@llvm.vector.reduce.or.v{self.width}i1"
        self.declared.add(f"declare i1 {name}({type_})")
        return self.emit(f"call i1 {name}({type_} {mask.name})", "i1").name

    def leave(self, mask: Lanes, careful: Callable[[], Lanes], rare: bool = True) -> None:
        """Return what `careful` gives, for all lanes, where any lane of the mask is true (which is seldom, if rare)."""
        self._labels += 1
        left, common = f"left{self._labels}", f"common{self._labels}"
        weights = ", !prof !0" if rare else ""
        self.lines.append(f"  br i1 {self.any(mask)}, label %{left}, label %{common}{weights}")
        self.lines.append(f"{left}:")
        self.ret(careful())
        self.lines.append(f"{common}:")

    def ret(self, value: Lanes) -> None:
        """Return a value."""
        self.lines.append(f"  ret {self.type(value.element)} {value.name}")

    def by_libm(self, function: str, mask: Lanes, others: Lanes, *operands: Lanes) -> Lanes:
        """The C library's function in the lanes of the mask, `others` in the rest."""
        element, type_ = operands[0].element, self.type(operands[0].element)
        self.libm.add((function, element, len(operands)))
        arguments = ", ".join(f"{type_} {v.name}" for v in (others, *operands))
        name = f"@{libm_lanes(function, element, self.width)}"
        return self.emit(f"tail call {type_} {name}({self.type('i1')} {mask.name}, {arguments})", element)


def libm_lanes(function: str, element: str, width: int) -> str:
    """The name of the function that calls the C library's lane by lane."""
    return f"workbench_libm_{function}_{_SUFFIX[element]}_{width}"


class Lanes:
    """A value of a kernel: floats, integers of the same size, or a mask."""

    __slots__ = ("element", "name", "writer")

    def __init__(self, writer: Writer, name: str, element: str) -> None:
        self.writer = writer
        self.name = name
        self.element = element

    def like(self, other: Any) -> Lanes:
        """A number in every lane (what is `Lanes` is handed back)."""
        return other if isinstance(other, Lanes) else self.writer.constant(other, self.element)

    def _binary(self, op: str, a: Any, b: Any) -> Lanes:
        left, right = self.like(a), self.like(b)
        return self.writer.emit(f"{op} {self.writer.type(self.element)} {left.name}, {right.name}", self.element)

    def _is_float(self) -> bool:
        return self.element in ("double", "float")

    def _sum(self, op: str, a: Any, b: Any) -> Lanes:
        return self._binary(f"f{op}" if self._is_float() else op, a, b)

    def __add__(self, other: Any) -> Lanes:
        return self._sum("add", self, other)

    def __radd__(self, other: Any) -> Lanes:
        return self._sum("add", other, self)

    def __sub__(self, other: Any) -> Lanes:
        return self._sum("sub", self, other)

    def __rsub__(self, other: Any) -> Lanes:
        return self._sum("sub", other, self)

    def __mul__(self, other: Any) -> Lanes:
        return self._sum("mul", self, other)

    def __rmul__(self, other: Any) -> Lanes:
        return self._sum("mul", other, self)

    def __truediv__(self, other: Any) -> Lanes:
        return self._binary("fdiv", self, other)

    def __rtruediv__(self, other: Any) -> Lanes:
        return self._binary("fdiv", other, self)

    def __neg__(self) -> Lanes:
        return self.writer.emit(f"fneg {self.writer.type(self.element)} {self.name}", self.element)

    def __abs__(self) -> Lanes:
        return self.writer.call("fabs", self)

    def __lshift__(self, count: int) -> Lanes:
        return self._binary("shl", self, count)

    def __rshift__(self, count: int) -> Lanes:
        """The logical shift."""
        return self._binary("lshr", self, count)

    def __and__(self, other: Any) -> Lanes:
        return self._binary("and", self, other)

    def __or__(self, other: Any) -> Lanes:
        return self._binary("or", self, other)

    def __xor__(self, other: Any) -> Lanes:
        return self._binary("xor", self, other)

    def __invert__(self) -> Lanes:
        return self._binary("xor", self, self.writer.constant(1 if self.element == "i1" else -1, self.element))

    def _compare(self, sign: str, other: Any) -> Lanes:
        right = self.like(other)
        op = f"fcmp {_COMPARE[sign]}" if self._is_float() else {"==": "icmp eq", "<": "icmp slt"}[sign]
        return self.writer.emit(f"{op} {self.writer.type(self.element)} {self.name}, {right.name}", "i1")

    def __lt__(self, other: Any) -> Lanes:
        return self._compare("<", other)

    def __le__(self, other: Any) -> Lanes:
        return self._compare("<=", other)

    def __gt__(self, other: Any) -> Lanes:
        return self._compare(">", other)

    def __ge__(self, other: Any) -> Lanes:
        return self._compare(">=", other)

    def equals(self, other: Any) -> Lanes:
        """A mask (== is Python's)."""
        return self._compare("==", other)

    def bits(self) -> Lanes:
        """A float as an integer."""
        return self._cast("bitcast", {"double": "i64", "float": "i32"}[self.element])

    def floats(self) -> Lanes:
        """The float of these bits."""
        return self._cast("bitcast", {"i64": "double", "i32": "float"}[self.element])

    def wide(self) -> Lanes:
        """A float as a double."""
        return self._cast("fpext", "double")

    def narrow(self) -> Lanes:
        """A double rounded to a float."""
        return self._cast("fptrunc", "float")

    def _cast(self, op: str, element: str) -> Lanes:
        writer = self.writer
        return writer.emit(f"{op} {writer.type(self.element)} {self.name} to {writer.type(element)}", element)


def fma(a: Lanes, b: Any, c: Any) -> Lanes:
    """a * b + c, rounded once."""
    return a.writer.call("fma", a, a.like(b), a.like(c))


def where(mask: Lanes, a: Any, b: Any) -> Lanes:
    """a in the lanes of the mask, b in the rest (one of them is `Lanes`)."""
    some = a if isinstance(a, Lanes) else b
    left, right, writer = some.like(a), some.like(b), mask.writer
    type_ = writer.type(some.element)
    return writer.emit(f"select {writer.type('i1')} {mask.name}, {type_} {left.name}, {type_} {right.name}",
                       some.element)


def polynomial(x: Lanes, coefficients: Sequence[float]) -> Lanes:
    """Its value at x, lowest coefficient first: pairs, pairs of pairs and so on (Estrin), which do not wait for each
    other."""
    terms: list[Any] = list(coefficients)
    power = x
    while len(terms) > 1:
        paired = [fma(power, terms[k + 1], terms[k]) for k in range(0, len(terms) - 1, 2)]
        terms = paired + terms[len(paired) * 2:]
        if len(terms) > 1:
            power = power * power
    return x.like(terms[0])


def two_sum(a: Lanes, b: Any) -> tuple[Lanes, Lanes]:
    """a + b and its rounding error, exactly (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def quick_sum(a: Any, b: Lanes) -> tuple[Lanes, Lanes]:
    """The same for |a| >= |b| (Dekker)."""
    total = a + b
    return total, (a - total) + b


def two_product(a: Lanes, b: Any) -> tuple[Lanes, Lanes]:
    """a * b and its rounding error, exactly."""
    product = a * b
    return product, fma(a, b, -product)


def quotient(a: Lanes, a_low: Lanes, b: Lanes, b_low: Lanes) -> tuple[Lanes, Lanes]:
    """(a + a_low) / (b + b_low) as a number and its correction (the low parts are rounding errors)."""
    inverse = 1.0 / b
    first = a * inverse
    rest = fma(-first, b, a) + (a_low - first * b_low)
    return first, rest * inverse
