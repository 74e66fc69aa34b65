"""What an operation on whole arrays does, as its entry in the rule table states it (`cost`).

A cost is a function of the operation and of `Sizes`, which give the dimensions as formulas (of `workbench.cost`, of
which nothing is known here but that they can be added and multiplied). It gives amounts by key: names of primitives for
operations on numbers, `element` for accesses, `read`, `written` and `allocated` in bytes, `allocation`, `call`; `fma`
for a multiplication with an addition of BLAS, `library` for an operation of LAPACK.

Invariant: a cost is written as the kernel is: a loop is a sum over its turns, in the kernel's order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from workbench.ir import Kind, Op, Value

Amount = int  # or a formula, which is computed with as whole numbers are


class Amounts(dict[str, Amount]):
    """How often each thing is done. They are added, and multiplied by how often all of it is done."""

    def __add__(self, other: Mapping[str, Amount]) -> Amounts:
        made = Amounts(self)
        for key, amount in other.items():
            made[key] = made[key] + amount if key in made else amount
        return made

    def __mul__(self, factor: Amount) -> Amounts:
        return Amounts({key: amount * factor for key, amount in self.items()})


class Sizes(Protocol):
    """The dimensions of an operation, and what is computed with them."""

    def __call__(self, dim: Value | None) -> Amount:
        """A dimension; for None, how much room the list has that the operation makes or reads."""

    def maximum(self, a: Amount, b: Amount) -> Amount:
        """The larger one."""

    def floordiv(self, a: Amount, b: int) -> Amount:
        """a // b."""

    def positive(self, a: Amount) -> Amount:
        """1 where a > 0, else 0."""

    def summed(self, turns: Amount, body: Callable[[Amount], Amounts]) -> Amounts:
        """What `body` adds up to for 0, 1, ..., turns - 1."""

    def of_size(self, name: str, of: Callable[[int], int], size: Amount) -> Amount:
        """A function of a size that is no polynomial."""

    def measured(self, name: str, of: Callable[..., int]) -> Amount:
        """What only a run can know: the mean of a function of the operands."""


Cost = Callable[[Op, Sizes], Amounts]


def elements(value: Value, size: Sizes) -> Amount:
    """How many elements an array has."""
    total: Amount = 1
    for dim in value.dims:
        total = size(dim) * total
    return total


class Of:
    """Amounts of operations on elements of one kind."""

    def __init__(self, kind: Kind) -> None:
        self.bytes = kind.dtype.itemsize
        self.kind = kind
        self.load = Amounts(element=1, read=self.bytes)
        self.store = Amounts(element=1, written=self.bytes)
        self.size = Amounts({"modulus" if kind.is_complex else "abs": 1})
        #: only complex numbers have parts, and conjugates
        self.conj, self.real, self.imag = (
            Amounts({name: 1} if kind.is_complex else {}) for name in ("conj", "real", "imag"))

    def loads(self, count: int, **done: int) -> Amounts:
        """Elements that are read, and what is done with them."""
        return self.load * count + done

    def update(self, **done: int) -> Amounts:
        """An element that is changed."""
        return self.load + self.store + done

    def new(self, count: Amount, filled: bool = False) -> Amounts:
        """A new array."""
        made = Amounts(allocation=1, allocated=count * self.bytes)
        return made + {"written": count * self.bytes} if filled else made

    def copy(self, count: Amount) -> Amounts:
        """A copy of an array."""
        return self.new(count, True) + {"read": count * self.bytes}

    def conjugate(self, count: Amount) -> Amounts:
        """The conjugate of a whole array, as a new one."""
        return self.copy(count) + self.conj * count

    def product(self, rows: Amount, inner: Amount, columns: Amount, into: bool = False) -> Amounts:
        """A product of matrices by BLAS, which reads its operands once; `into` memory that is there."""
        made = Amounts(written=rows * columns * self.bytes) if into else self.new(rows * columns, True)
        return made + {"fma": rows * inner * columns, "call": 1, "read": (rows * inner + inner * columns) * self.bytes}


INTEGERS = Of(Kind.INT)
