"""Machine code that works with Python's objects and NumPy's arrays: what functions of them are written with.

It reads what has had its place in every version of them (`are_laid_out` looks), and calls Python's C interface for the
rest. Invariant: nothing here counts references by itself but `taken` and `dropped`.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir as llvm
from numba.core import cgutils

POINTER, BIT, INT, WORD = llvm.IntType(8).as_pointer(), llvm.IntType(1), llvm.IntType(32), llvm.IntType(64)
DOUBLE, FLOAT = llvm.DoubleType(), llvm.FloatType()
_TYPE, _SIZE, _ITEMS, _BYTES = 8, 16, tuple.__basicsize__, bytes.__basicsize__ - 1  # of any object, tuples, bytes
_NUMBER = 16  # of floats
_DATA, _RANK, _SHAPE, _DTYPE, _FLAGS = 16, 24, 32, 56, 64  # of arrays
_ORDER, _KIND = 26, 28  # of dtypes: the order of bytes, and a number that is NumPy's (`np.dtype.num`)
CONTIGUOUS, ALIGNED, WRITEABLE = 0x1, 0x100, 0x400  # flags of arrays


@functools.cache
def are_laid_out() -> bool:
    """True where Python's objects and NumPy's arrays lie as machine code takes them: on 64 bits. (Builds of Python
    without its lock have other objects.)"""
    if (object.__basicsize__, tuple.__itemsize__, float.__basicsize__) != (16, 8, 24):
        return False
    number, array = 1.25, np.zeros((3, 5), np.int16)[:, :4]

    def held(value: Any, offset: int, kind: Any) -> Any:
        return kind.from_address(id(value) + offset).value

    word = ctypes.c_size_t
    shape = held(array, _SHAPE, word)
    flags = (CONTIGUOUS * array.flags.c_contiguous | ALIGNED * array.flags.aligned | WRITEABLE * array.flags.writeable)
    return bool(
        held(number, _TYPE, word) == id(float) and held(number, _NUMBER, ctypes.c_double) == number
        and held((7, number), _SIZE, word) == 2 and held((7, number), _ITEMS + 8, word) == id(number)
        and held(b"gate", _BYTES, ctypes.c_char) == b"g" and held(array, _DATA, word) == array.ctypes.data
        and held(array, _RANK, ctypes.c_int) == 2 and held(array, _DTYPE, word) == id(array.dtype)
        and [word.from_address(shape + 8 * k).value for k in range(2)] == [3, 4]
        and held(array.dtype, _KIND, ctypes.c_int) == array.dtype.num
        and held(array.dtype, _ORDER, ctypes.c_char) == b"="
        and held(array.dtype.newbyteorder(), _ORDER, ctypes.c_char) in b"<>"
        and held(array, _FLAGS, ctypes.c_int) & (CONTIGUOUS | ALIGNED | WRITEABLE) == flags)


class Writer:
    """A function, and what is done with Python's objects in it."""

    def __init__(self, module: llvm.Module, name: str, result: Any, params: Sequence[Any]) -> None:
        self.module = module
        self.function = llvm.Function(module, llvm.FunctionType(result, params), name)
        self.builder = llvm.IRBuilder(self.function.append_basic_block())

    def call(self, name: str, result: Any, *args: Any) -> Any:
        """A call of Python's C interface; one with a variable number of arguments ends them by a null pointer."""
        is_variadic = name.endswith("ObjArgs") or name == "PyTuple_Pack"
        kinds = [arg.type for arg in args]
        kind = llvm.FunctionType(result, kinds[:1] if is_variadic else kinds, is_variadic)
        return self.builder.call(cgutils.get_or_insert_function(self.module, kind, name), args)

    def called(self, function: Any, *args: Any) -> Any:
        """A new reference to what a Python function gives, or null."""
        return self.call("PyObject_CallFunctionObjArgs", POINTER, function, *args, POINTER(None))

    def at(self, pointer: Any, offset: Any, kind: Any) -> Any:
        """What lies so many bytes behind a pointer."""
        offset = WORD(offset) if isinstance(offset, int) else offset
        return self.builder.load(self.builder.bitcast(self.builder.gep(pointer, [offset]), kind.as_pointer()))

    def type_of(self, value: Any) -> Any:
        """An object's type, borrowed."""
        return self.at(value, _TYPE, POINTER)

    def size(self, values: Any) -> Any:
        """The length of a tuple."""
        return self.at(values, _SIZE, WORD)

    def place_of_item(self, values: Any, k: Any) -> Any:
        """Where an item of a tuple lies."""
        offset = self.builder.add(self.builder.mul(k, WORD(8)), WORD(_ITEMS))
        return self.builder.bitcast(self.builder.gep(values, [offset]), POINTER.as_pointer())

    def item(self, values: Any, k: Any) -> Any:
        """An item of a tuple, borrowed."""
        return self.builder.load(self.place_of_item(values, WORD(k) if isinstance(k, int) else k))

    def number(self, plan: Any, k: int) -> Any:
        """A number of a plan's head."""
        return self.at(plan, _BYTES + 4 * k, INT)

    def field(self, record: Any, k: int) -> Any:
        """A number of a record, as a word."""
        return self.builder.sext(self.at(record, 4 * k, INT), WORD)

    def record(self, plan: Any, k: Any, head: int, size: int) -> Any:
        """The record of a plan, behind its head: so many numbers each."""
        offset = self.builder.add(self.builder.mul(k, WORD(4 * size)), WORD(4 * head + _BYTES))
        return self.builder.gep(plan, [offset])

    def float_in(self, value: Any) -> Any:
        """The number of a float."""
        return self.at(value, _NUMBER, DOUBLE)

    def rank(self, array: Any) -> Any:
        """The number of an array's dimensions."""
        return self.builder.sext(self.at(array, _RANK, INT), WORD)

    def dimension(self, array: Any, k: Any) -> Any:
        """One of an array's dimensions."""
        return self.at(self.at(array, _SHAPE, POINTER), self.builder.mul(k, WORD(8)), WORD)

    def data(self, array: Any) -> Any:
        """Where an array's elements lie."""
        return self.at(array, _DATA, POINTER)

    def dtype(self, array: Any) -> Any:
        """An array's dtype, borrowed."""
        return self.at(array, _DTYPE, POINTER)

    def is_native(self, dtype: Any) -> Any:
        """Whether a dtype has bytes in the machine's order."""
        return self.is_(self.at(dtype, _ORDER, llvm.IntType(8)), ord("="))

    def number_of(self, dtype: Any) -> Any:
        """NumPy's number of a dtype."""
        return self.at(dtype, _KIND, INT)

    def has_flags(self, array: Any, flags: int) -> Any:
        """Whether an array has all of some flags."""
        return self.is_(self.builder.and_(self.at(array, _FLAGS, INT), INT(flags)), flags)

    def is_(self, one: Any, other: Any) -> Any:
        """Whether they are the same; `other` may be a number."""
        return self.builder.icmp_signed("==", one, one.type(other) if isinstance(other, int) else other)

    def is_there(self, value: Any) -> Any:
        """Whether a pointer is not null."""
        return self.builder.icmp_unsigned("!=", value, POINTER(None))

    def has(self, flags: Any, flag: int) -> Any:
        """Whether a flag is among others."""
        return self.builder.icmp_signed("!=", self.builder.and_(flags, INT(flag)), INT(0))

    def taken(self, value: Any) -> Any:
        """A borrowed reference as one of our own (null as it is)."""
        self.call("Py_IncRef", llvm.VoidType(), value)
        return value

    def dropped(self, value: Any) -> None:
        """A reference given up (or null)."""
        self.call("Py_DecRef", llvm.VoidType(), value)

    def block(self, name: str = "") -> Any:
        """A new block."""
        return self.function.append_basic_block(name)

    def merged(self, *values: tuple[Any, Any]) -> Any:
        """The value that comes from one of several blocks."""
        phi = self.builder.phi(values[0][0].type)
        for value, block in values:
            phi.add_incoming(value, block)
        return phi

    def choose(self, number: Any, blocks: Sequence[Any]) -> None:
        """To the block with a number, or to the last one."""
        switch = self.builder.switch(number, blocks[-1])
        for k, block in enumerate(blocks[:-1]):
            switch.add_case(WORD(k), block)

    def internal(self) -> Any:
        """The function, for its module alone."""
        self.function.linkage = "internal"
        return self.function

    def go_on_if(self, condition: Any, otherwise: Any) -> None:
        """To the next block where a condition holds, else to another."""
        following = self.block()
        self.builder.cbranch(condition, following, otherwise)
        self.builder.position_at_end(following)

    def loop(self, first: Any, end: Any, body: Callable[[Any], None]) -> None:
        """A body for each number from the first to before the end."""
        with cgutils.for_range_slice(self.builder, first, end, WORD(1)) as (k, _):
            body(k)
