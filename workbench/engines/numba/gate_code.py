"""The machine code of gates (see `gates`): one function, which does what a gate's tuple says.

The tuple begins with its plan, bytes that hold numbers: `HEADER` of them, then a record of each test and of each of the
program's data, where it is found and, of a test, what must hold. Where numbers stand for objects they are places in
the tuple. Invariant: references are counted on every way out; what is borrowed is not used after Python has run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir as llvm
from numba.core import cgutils

NAME = "workbench_gate"
ARGUMENT, ENTRY, CELL, OBJECT = range(4)  # where a value is found
IS, HAS_TYPE, EQUALS, FITS = range(4)  # what is asked of it
#: numbers that every plan begins with: how many there are of what, and what is returned
ARITY, TESTS, INPUTS, COUNT, FIRST, END, VALUE, FLAGS, HEADER = range(9)
AS_GIVEN, PICKED = -1, -2  # for a number of inputs
SEVERAL, WITH_VALUE, ALL, IN_PYTHON, ASKED = 1, 2, 4, 8, 16
RECORD = 6  # numbers of a place and a test
#: objects that every gate's tuple begins with
PLAN, MISSED, FAILED, SETTLED, PROGRAM, HOLDS, PICK, FLOAT, EXCEPTION, FUNCTION, CODE = range(11)
ITSELF = 0  # for an attribute's name

_POINTER, _INT, _WORD, _REAL = llvm.IntType(8).as_pointer(), llvm.IntType(32), llvm.IntType(64), llvm.DoubleType()


class _Writer:
    """A function of pointers, and what is done with Python's objects in it."""

    def __init__(self, module: llvm.Module, name: str, result: Any, count: int) -> None:
        self.module = module
        self.function = llvm.Function(module, llvm.FunctionType(result, [_POINTER] * count), name)
        self.builder = llvm.IRBuilder(self.function.append_basic_block())

    def call(self, name: str, result: Any, *args: Any) -> Any:
        """A call of Python's C interface; one with a variable number of arguments ends them by a null pointer."""
        is_variadic = name.endswith("ObjArgs") or name == "PyTuple_Pack"
        kinds = [arg.type for arg in args]
        kind = llvm.FunctionType(result, kinds[:1] if is_variadic else kinds, is_variadic)
        return self.builder.call(cgutils.get_or_insert_function(self.module, kind, name), args)

    def called(self, function: Any, *args: Any) -> Any:
        """A new reference to what a Python function gives, or null."""
        return self.call("PyObject_CallFunctionObjArgs", _POINTER, function, *args, _POINTER(None))

    def at(self, pointer: Any, offset: Any, kind: Any) -> Any:
        """What lies so many bytes behind a pointer."""
        offset = _WORD(offset) if isinstance(offset, int) else offset
        return self.builder.load(self.builder.bitcast(self.builder.gep(pointer, [offset]), kind.as_pointer()))

    def type_of(self, value: Any) -> Any:
        return self.at(value, object.__basicsize__ - 8, _POINTER)

    def size(self, values: Any) -> Any:
        """The length of a tuple."""
        return self.at(values, object.__basicsize__, _WORD)

    def place_of_item(self, values: Any, k: Any) -> Any:
        """Where an item of a tuple lies."""
        offset = self.builder.add(self.builder.mul(k, _WORD(8)), _WORD(tuple.__basicsize__))
        return self.builder.bitcast(self.builder.gep(values, [offset]), _POINTER.as_pointer())

    def item(self, values: Any, k: Any) -> Any:
        """An item of a tuple, borrowed."""
        return self.builder.load(self.place_of_item(values, _WORD(k) if isinstance(k, int) else k))

    def number(self, plan: Any, k: int) -> Any:
        """A number of a plan's head."""
        return self.at(plan, bytes.__basicsize__ - 1 + 4 * k, _INT)

    def field(self, record: Any, k: int) -> Any:
        """A number of a record, as a word."""
        return self.builder.sext(self.at(record, 4 * k, _INT), _WORD)

    def is_(self, one: Any, other: Any) -> Any:
        """Whether they are the same; `other` may be a number."""
        return self.builder.icmp_signed("==", one, one.type(other) if isinstance(other, int) else other)

    def is_there(self, value: Any) -> Any:
        """Whether a pointer is not null."""
        return self.builder.icmp_unsigned("!=", value, _POINTER(None))

    def has(self, flags: Any, flag: int) -> Any:
        """Whether a flag is among others."""
        return self.builder.icmp_signed("!=", self.builder.and_(flags, _INT(flag)), _INT(0))

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

    def go_on_if(self, condition: Any, otherwise: Any) -> None:
        """To the next block where a condition holds, else to another."""
        following = self.block()
        self.builder.cbranch(condition, following, otherwise)
        self.builder.position_at_end(following)

    def loop(self, first: Any, end: Any, body: Callable[[Any], None]) -> None:
        """A body for each number from the first to before the end."""
        with cgutils.for_range_slice(self.builder, first, end, _WORD(1)) as (k, _):
            body(k)


def written(module: llvm.Module) -> llvm.Module:
    """The three functions."""
    found = _write_found(_Writer(module, f"{NAME}_found", _POINTER, 3))
    holding = _write_holding(_Writer(module, f"{NAME}_holding", _INT, 3), found)
    for function in (found, holding):
        function.linkage = "internal"
    _write_gate(_Writer(module, NAME, _POINTER, 3), found, holding)
    return module


def _write_found(w: _Writer) -> Any:
    """What is found at a place: a new reference, or null, perhaps with an exception."""
    objects, args, record = w.function.args
    b = w.builder
    kind, owner, key, attribute = (w.field(record, k) for k in range(4))
    ways, got, code, other = [w.block() for _ in range(4)], w.block("got"), w.block("code"), w.block("other")
    switch = b.switch(kind, ways[OBJECT])
    ended = []
    for way, block in enumerate(ways):
        if way != OBJECT:
            switch.add_case(_WORD(way), block)
        b.position_at_end(block)
        held = w.item(args if way == ARGUMENT else objects, owner)
        if way == ENTRY:
            held = w.call("PyDict_GetItemWithError", _POINTER, held, w.item(objects, key))
        ended.append((w.call("PyCell_Get", _POINTER, held) if way == CELL else w.taken(held), block))  # (or null)
        b.branch(got)
    b.position_at_end(got)
    value = w.merged(*ended)
    with b.if_then(b.or_(b.not_(w.is_there(value)), w.is_(attribute, ITSELF))):
        b.ret(value)
    is_function = w.is_(w.type_of(value), w.item(objects, FUNCTION))
    b.cbranch(b.and_(w.is_(attribute, CODE), is_function), code, other)
    b.position_at_end(code)  # (as an attribute it is slow to be had: auditing hooks are told)
    of_function = w.taken(w.call("PyFunction_GetCode", _POINTER, value))
    w.dropped(value)
    b.ret(of_function)
    b.position_at_end(other)
    of_it = w.call("PyObject_GetAttr", _POINTER, value, w.item(objects, attribute))
    w.dropped(value)
    b.ret(of_it)
    return w.function


def _write_holding(w: _Writer, found: Any) -> Any:
    """1 where a test passes, else 0, perhaps with an exception."""
    objects, args, record = w.function.args
    b = w.builder
    value = b.call(found, (objects, args, record))
    with b.if_then(b.not_(w.is_there(value))):
        b.ret(_INT(0))
    test, expected = w.field(record, 4), w.item(objects, w.field(record, 5))
    ways, compared, measured, end = [w.block() for _ in range(4)], w.block(), w.block(), w.block("end")
    switch = b.switch(test, ways[IS])
    for way in (HAS_TYPE, EQUALS, FITS):
        switch.add_case(_WORD(way), ways[way])
    b.position_at_end(ways[IS])
    is_same = w.is_(value, expected)
    b.branch(end)
    b.position_at_end(ways[HAS_TYPE])
    is_of_type = w.is_(w.type_of(value), expected)
    b.branch(end)
    b.position_at_end(ways[EQUALS])
    is_alike = w.is_(w.type_of(value), w.type_of(expected))
    b.cbranch(is_alike, compared, end)
    b.position_at_end(compared)
    is_equal = w.is_(w.call("PyObject_RichCompareBool", _INT, value, expected, _INT(2)), 1)  # Py_EQ
    b.branch(end)
    b.position_at_end(ways[FITS])
    is_integer = w.is_(w.type_of(value), expected)
    b.cbranch(is_integer, measured, end)
    b.position_at_end(measured)
    overflow = cgutils.alloca_once(b, _INT)
    w.call("PyLong_AsLongLongAndOverflow", _WORD, value, overflow)
    fits = w.is_(b.load(overflow), 0)
    b.branch(end)
    b.position_at_end(end)
    answer = w.merged((is_same, ways[IS]), (is_of_type, ways[HAS_TYPE]), (is_alike, ways[EQUALS]), (is_equal, compared),
                      (is_integer, ways[FITS]), (fits, measured))
    w.dropped(value)
    b.ret(b.zext(answer, _INT))
    return w.function


def _write_gate(w: _Writer, found: Any, holding: Any) -> None:
    """The method: of a gate's tuple, a tuple of arguments, and a dictionary of those by keyword, or null."""
    objects, args, named = w.function.args
    b = w.builder
    missed, gone = w.block("missed"), w.block("gone")
    w.go_on_if(b.not_(w.is_there(named)), missed)
    plan = w.item(objects, PLAN)
    arity, tests, inputs = (b.sext(w.number(plan, k), _WORD) for k in (ARITY, TESTS, INPUTS))
    flags = w.number(plan, FLAGS)
    w.go_on_if(w.is_(w.size(args), arity), missed)

    def record(k: Any) -> Any:
        offset = b.add(b.mul(k, _WORD(4 * RECORD)), _WORD(4 * HEADER + bytes.__basicsize__ - 1))
        return b.gep(plan, [offset])

    w.loop(_WORD(0), tests, lambda k: w.go_on_if(w.is_(b.call(holding, (objects, args, record(k))), 1), missed))
    with b.if_then(w.has(flags, ASKED)):
        answer = w.called(w.item(objects, HOLDS), args)
        w.go_on_if(w.is_there(answer), missed)
        is_true = w.is_(w.call("PyObject_IsTrue", _INT, answer), 1)
        w.dropped(answer)
        w.go_on_if(is_true, missed)
    data = _write_data(w, lambda k: b.call(found, (objects, args, record(b.add(tests, k)))), inputs, missed)
    results = w.call("PyObject_Call", _POINTER, w.item(objects, PROGRAM), data, _POINTER(None))
    w.dropped(data)
    w.go_on_if(w.is_there(results), gone)
    _write_returned(w, plan, flags, results)
    b.position_at_end(gone)
    _write_gone(w)
    b.position_at_end(missed)  # an exception is met by Python again, unless it is a signal's
    with b.if_then(w.is_there(w.call("PyErr_Occurred", _POINTER))):
        with b.if_then(w.is_(w.call("PyErr_ExceptionMatches", _INT, w.item(objects, EXCEPTION)), 0)):
            b.ret(_POINTER(None))
        w.call("PyErr_Clear", llvm.VoidType())
    b.ret(w.call("PyObject_Call", _POINTER, w.item(objects, MISSED), args, named))


def _write_data(w: _Writer, found: Callable[[Any], Any], inputs: Any, missed: Any) -> Any:
    """A new reference to the tuple of what the program takes."""
    objects, args, _ = w.function.args
    b = w.builder
    as_given, picked, gathered, unmade, ready = (w.block(name) for name in (
        "as_given", "picked", "gathered", "unmade", "ready"))
    switch = b.switch(inputs, gathered)
    switch.add_case(_WORD(AS_GIVEN), as_given)
    switch.add_case(_WORD(PICKED), picked)

    b.position_at_end(as_given)
    given = w.taken(args)
    b.branch(ready)

    b.position_at_end(picked)
    pick = w.called(w.item(objects, PICK), args)
    b.cbranch(w.is_there(pick), ready, missed)

    b.position_at_end(gathered)
    made = w.call("PyTuple_New", _POINTER, inputs)
    w.go_on_if(w.is_there(made), missed)

    def gather(k: Any) -> None:
        value = found(k)
        w.go_on_if(w.is_there(value), unmade)
        b.store(value, w.place_of_item(made, k))

    w.loop(_WORD(0), inputs, gather)
    end = b.block
    b.branch(ready)

    b.position_at_end(unmade)
    w.dropped(made)
    b.branch(missed)

    b.position_at_end(ready)
    return w.merged((given, as_given), (pick, picked), (made, end))


def _write_returned(w: _Writer, plan: Any, flags: Any, results: Any) -> None:
    """What becomes of the results."""
    objects, args, _ = w.function.args
    b = w.builder
    settled = w.block("settled")
    count, first, end, value = (b.sext(w.number(plan, k), _WORD) for k in (COUNT, FIRST, END, VALUE))
    w.go_on_if(b.not_(w.has(flags, IN_PYTHON)), settled)
    w.go_on_if(w.is_(w.type_of(results), w.type_of(args)), settled)
    w.go_on_if(w.is_(w.size(results), count), settled)

    def finite(k: Any) -> None:
        item = w.item(results, k)
        w.go_on_if(w.is_(w.type_of(item), w.item(objects, FLOAT)), settled)
        number = w.at(item, float.__basicsize__ - 8, _REAL)
        w.go_on_if(b.fcmp_ordered("==", b.fsub(number, number), _REAL(0.0)), settled)  # x - x is 0 for each finite x

    w.loop(first, end, finite)
    with b.if_then(w.has(flags, ALL)):
        b.ret(results)
    with b.if_else(w.has(flags, SEVERAL)) as (yes, no):
        with yes:
            slice_ = w.call("PyTuple_GetSlice", _POINTER, results, first, end)
            of_several = b.block
        with no:
            alone = w.taken(w.item(results, first))
            of_one = b.block
    gradient = w.merged((slice_, of_several), (alone, of_one))
    with b.if_then(b.and_(w.has(flags, WITH_VALUE), w.is_there(gradient))):
        both = w.call("PyTuple_Pack", _POINTER, _WORD(2), w.item(results, value), gradient)
        w.dropped(gradient)
        w.dropped(results)
        b.ret(both)
    w.dropped(results)
    b.ret(gradient)

    b.position_at_end(settled)
    made = w.called(w.item(objects, SETTLED), results, args)
    w.dropped(results)
    b.ret(made)


def _write_gone(w: _Writer) -> None:
    """An exception of the program: handed to Python, which raises another one, or gives a result."""
    objects, args, _ = w.function.args
    b = w.builder
    slots = [cgutils.alloca_once_value(b, _POINTER(None)) for _ in range(3)]
    for name in ("PyErr_Fetch", "PyErr_NormalizeException"):
        w.call(name, llvm.VoidType(), *slots)
    kind, error, trace = map(b.load, slots)
    with b.if_then(w.is_there(trace)):
        w.call("PyException_SetTraceback", _INT, error, trace)
    answer = w.called(w.item(objects, FAILED), error, args)
    for value in (kind, error, trace):
        w.dropped(value)
    b.ret(answer)
