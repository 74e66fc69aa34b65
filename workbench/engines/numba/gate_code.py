"""The machine code of gates (see `gates`): one method, which does what a tuple says that its object holds in a slot.

The tuple has a plan, bytes that hold numbers: `HEADER` of them, then a record of each test and of each of the program's
data: where it is found, what must hold, of data whether it is an array. Where numbers stand for objects they are places
in the tuple. Invariant: references are counted on every way out; what is borrowed is not used after Python has run. The
tuple is held while the method runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir as llvm
from numba.core import cgutils

from workbench.engines.numba.python_objects import (
    ALIGNED,
    BIT,
    CONTIGUOUS,
    DOUBLE,
    FLOAT,
    INT,
    POINTER,
    WORD,
    WRITEABLE,
    Writer,
)

NAME = "workbench_gate"
ARGUMENT, ENTRY, CELL, OBJECT = range(4)  # where a value is found
IS, HAS_TYPE, EQUALS, FITS, IS_ARRAY = range(5)  # what is asked of it
#: numbers that every plan begins with: how many there are of what, the results to be looked at and those returned
ARITY, TESTS, INPUTS, COUNT, DERIVATIVES, FIRST, END, VALUE, FLAGS, HEADER = range(10)
#: flags: what is returned, and what takes Python
SEVERAL, WITH_VALUE, ALL, IN_PYTHON, VALUE_MADE, GRADIENT_MADE = (1 << k for k in range(6))
ASKED, AS_GIVEN, PICKED, ARRAYS = (1 << k for k in range(6, 10))
#: numbers of a record: of a place, of what is asked, of an array (its shape's lowest bit: whether it may be written;
#: the others: which of the dimensions are 1)
KIND, OWNER, KEY, ATTRIBUTE, QUESTION, EXPECTED, RANK, SHAPE, RECORD = range(9)
#: objects that every gate's tuple begins with
(MADE, PLAN, MISSED, FAILED, UNSETTLED, FINISHED, PROGRAM, HOLDS, PICK, ENTER, VALUE_TYPE, GRADIENT_TYPE, PYTHON_FLOAT,
 EXCEPTION, FUNCTION, CODE, NDARRAY) = range(17)
ITSELF = 0  # for an attribute's name


def written(module: llvm.Module, name: str, slot: int) -> llvm.Module:
    """A module with the method, by this name, of objects that have their tuple so many bytes behind their beginning."""
    three, two = [POINTER] * 3, [POINTER] * 2
    array = _write_array(Writer(module, f"{NAME}_array", BIT, three))
    found = _write_found(Writer(module, f"{NAME}_found", POINTER, three))
    holding = _write_holding(Writer(module, f"{NAME}_holding", BIT, three), found, array)
    finite = _write_finite(Writer(module, f"{NAME}_finite", BIT, two), [
        _write_all_finite(Writer(module, f"{NAME}_{kind}", BIT, [POINTER, WORD]), kind) for kind in (DOUBLE, FLOAT)])
    gate = _write_gate(Writer(module, f"{NAME}_inner", POINTER, [POINTER] * 4), found, holding, array, finite)
    _write_method(Writer(module, name, POINTER, three), gate, slot)
    return module


def _write_array(w: Writer) -> Any:
    """Whether a value is an array of a record's rank and dtype."""
    objects, value, record = w.function.args
    b = w.builder
    no, compared, yes = w.block("no"), w.block("compared"), w.block("yes")
    w.go_on_if(w.is_(w.type_of(value), w.item(objects, NDARRAY)), no)
    w.go_on_if(w.is_(w.rank(value), w.field(record, RANK)), no)
    dtype, expected = w.dtype(value), w.item(objects, w.field(record, EXPECTED))
    b.cbranch(w.is_(dtype, expected), yes, compared)
    b.position_at_end(compared)  # (that of an array from a pickle is another object)
    w.go_on_if(w.is_(w.call("PyObject_RichCompareBool", INT, dtype, expected, INT(2)), 1), no)  # Py_EQ
    b.branch(yes)
    b.position_at_end(yes)
    b.ret(BIT(1))
    b.position_at_end(no)
    b.ret(BIT(0))
    return w.internal()


def _write_found(w: Writer) -> Any:
    """What is found at a place: a new reference, or null, perhaps with an exception."""
    objects, args, record = w.function.args
    b = w.builder
    kind, owner, key, attribute = (w.field(record, k) for k in (KIND, OWNER, KEY, ATTRIBUTE))
    ways, got, code, other = [w.block() for _ in range(4)], w.block("got"), w.block("code"), w.block("other")
    w.choose(kind, ways)
    ended = []
    for way, block in enumerate(ways):
        b.position_at_end(block)
        held = w.item(args if way == ARGUMENT else objects, owner)
        if way == ENTRY:
            held = w.call("PyDict_GetItemWithError", POINTER, held, w.item(objects, key))
        ended.append((w.call("PyCell_Get", POINTER, held) if way == CELL else w.taken(held), block))  # (or null)
        b.branch(got)
    b.position_at_end(got)
    value = w.merged(*ended)
    with b.if_then(b.or_(b.not_(w.is_there(value)), w.is_(attribute, ITSELF))):
        b.ret(value)
    is_function = w.is_(w.type_of(value), w.item(objects, FUNCTION))
    b.cbranch(b.and_(w.is_(attribute, CODE), is_function), code, other)
    b.position_at_end(code)  # (as an attribute it is slow to be had: auditing hooks are told)
    of_function = w.taken(w.call("PyFunction_GetCode", POINTER, value))
    w.dropped(value)
    b.ret(of_function)
    b.position_at_end(other)
    of_it = w.call("PyObject_GetAttr", POINTER, value, w.item(objects, attribute))
    w.dropped(value)
    b.ret(of_it)
    return w.internal()


def _write_holding(w: Writer, found: Any, array: Any) -> Any:
    """Whether a test passes; perhaps, where it does not, with an exception."""
    objects, args, record = w.function.args
    b = w.builder
    value = b.call(found, (objects, args, record))
    with b.if_then(b.not_(w.is_there(value))):
        b.ret(BIT(0))
    expected = w.item(objects, w.field(record, EXPECTED))
    ways, end = [w.block() for _ in range(5)], w.block("end")
    w.choose(w.field(record, QUESTION), ways)
    ended: list[tuple[Any, Any]] = []

    def ends(answer: Any) -> None:
        ended.append((answer, b.block))
        b.branch(end)

    def goes_on(condition: Any) -> None:
        ended.append((BIT(0), b.block))
        w.go_on_if(condition, end)

    b.position_at_end(ways[IS])
    ends(w.is_(value, expected))
    b.position_at_end(ways[HAS_TYPE])
    ends(w.is_(w.type_of(value), expected))
    b.position_at_end(ways[EQUALS])
    goes_on(w.is_(w.type_of(value), w.type_of(expected)))
    ends(w.is_(w.call("PyObject_RichCompareBool", INT, value, expected, INT(2)), 1))  # Py_EQ
    b.position_at_end(ways[FITS])
    goes_on(w.is_(w.type_of(value), expected))
    overflow = cgutils.alloca_once(b, INT)
    w.call("PyLong_AsLongLongAndOverflow", WORD, value, overflow)
    ends(w.is_(b.load(overflow), 0))
    b.position_at_end(ways[IS_ARRAY])
    goes_on(b.call(array, (objects, value, record)))
    shape = w.field(record, SHAPE)
    goes_on(w.is_(b.trunc(shape, BIT), w.has_flags(value, WRITEABLE)))

    def alike(k: Any) -> None:
        is_one = b.trunc(b.lshr(shape, b.add(k, WORD(1))), BIT)
        goes_on(w.is_(is_one, w.is_(w.dimension(value, k), 1)))

    w.loop(WORD(0), w.rank(value), alike)
    ends(BIT(1))
    b.position_at_end(end)
    answer = w.merged(*ended)
    w.dropped(value)
    b.ret(answer)
    return w.internal()


def _write_all_finite(w: Writer, kind: Any) -> Any:
    """Whether so many floats at an address are finite. All are looked at, as vectors."""
    address, many = w.function.args
    b = w.builder
    bad = cgutils.alloca_once_value(b, INT(0))

    def look(k: Any) -> None:
        number = w.at(address, b.mul(k, WORD(8 if kind is DOUBLE else 4)), kind)
        is_bad = b.not_(b.fcmp_ordered("==", b.fsub(number, number), kind(0.0)))  # x - x is 0 for each finite x
        b.store(b.or_(b.load(bad), b.zext(is_bad, INT)), bad)

    w.loop(WORD(0), many, look)
    b.ret(w.is_(b.load(bad), 0))
    return w.internal()


def _write_finite(w: Writer, all_finite: list[Any]) -> Any:
    """Whether a result is a finite float, or an array of floats or complex numbers that are. (False for all else.)"""
    objects, value = w.function.args
    b = w.builder
    array, no = w.block("array"), w.block("no")
    w.go_on_if(w.is_(w.type_of(value), w.item(objects, PYTHON_FLOAT)), array)
    number = w.float_in(value)
    b.ret(b.fcmp_ordered("==", b.fsub(number, number), DOUBLE(0.0)))
    b.position_at_end(array)
    w.go_on_if(w.is_(w.type_of(value), w.item(objects, NDARRAY)), no)
    w.go_on_if(w.has_flags(value, CONTIGUOUS | ALIGNED), no)
    dtype = w.dtype(value)  # (which may be another object than NumPy's own: one from the disk, with a program)
    w.go_on_if(w.is_native(dtype), no)
    size = cgutils.alloca_once_value(b, WORD(1))
    w.loop(WORD(0), w.rank(value), lambda k: b.store(b.mul(b.load(size), w.dimension(value, k)), size))
    many = b.load(size)
    for kind, each, function in (("f8", 1, all_finite[0]), ("c16", 2, all_finite[0]), ("f4", 1, all_finite[1]),
                                 ("c8", 2, all_finite[1])):
        with b.if_then(w.is_(w.number_of(dtype), np.dtype(kind).num)):
            b.ret(b.call(function, (w.data(value), b.mul(many, WORD(each)))))
    b.branch(no)
    b.position_at_end(no)
    b.ret(BIT(0))
    return w.internal()


def _write_method(w: Writer, gate: Any, slot: int) -> None:
    """The method: of an object, a tuple of arguments, and a dictionary of those by keyword, or null."""
    owner, args, named = w.function.args
    b = w.builder
    objects = w.at(owner, slot, POINTER)
    there, other = w.block("there"), w.block("other")
    w.go_on_if(w.is_there(objects), other)
    b.cbranch(w.is_(w.type_of(objects), w.type_of(args)), there, other)
    b.position_at_end(other)  # an object that has not been initialised
    w.call("PyErr_BadInternalCall", llvm.VoidType())
    b.ret(POINTER(None))
    b.position_at_end(there)
    w.taken(objects)  # (another thread, or the call itself, may put another one in its place)
    result = b.call(gate, (owner, objects, args, named))
    w.dropped(objects)
    b.ret(result)


def _write_gate(w: Writer, found: Any, holding: Any, array: Any, finite: Any) -> Any:
    """What the method does with the tuple."""
    owner, objects, args, named = w.function.args
    b = w.builder
    missed, gone = w.block("missed"), w.block("gone")
    w.go_on_if(b.not_(w.is_there(named)), missed)
    plan = w.item(objects, PLAN)
    arity, tests, inputs = (b.sext(w.number(plan, k), WORD) for k in (ARITY, TESTS, INPUTS))
    flags = w.number(plan, FLAGS)
    w.go_on_if(w.is_(w.size(args), arity), missed)

    def record(k: Any) -> Any:
        return w.record(plan, k, HEADER, RECORD)

    w.loop(WORD(0), tests, lambda k: w.go_on_if(b.call(holding, (objects, args, record(k))), missed))
    with b.if_then(w.has(flags, ASKED)):
        answer = w.called(w.item(objects, HOLDS), args)
        w.go_on_if(w.is_there(answer), missed)
        is_true = w.is_(w.call("PyObject_IsTrue", INT, answer), 1)
        w.dropped(answer)
        w.go_on_if(is_true, missed)
    data = _write_data(w, lambda k: b.call(found, (objects, args, record(b.add(tests, k)))), flags, inputs, missed)
    before, doored = b.block, w.block("doored")
    w.go_on_if(w.has(flags, ARRAYS), doored)
    entered = _write_door(w, array, lambda k: record(b.add(tests, k)), data, inputs, missed)
    b.branch(doored)
    b.position_at_end(doored)
    data = w.merged((data, before), entered)
    results = w.call("PyObject_Call", POINTER, w.item(objects, PROGRAM), data, POINTER(None))
    w.dropped(data)
    w.go_on_if(w.is_there(results), gone)
    _write_returned(w, plan, flags, results, finite)
    b.position_at_end(gone)
    _write_gone(w)
    b.position_at_end(missed)  # an exception is met by Python again, unless it is a signal's
    with b.if_then(w.is_there(w.call("PyErr_Occurred", POINTER))):
        with b.if_then(w.is_(w.call("PyErr_ExceptionMatches", INT, w.item(objects, EXCEPTION)), 0)):
            b.ret(POINTER(None))
        w.call("PyErr_Clear", llvm.VoidType())
    method = w.call("PyMethod_New", POINTER, w.item(objects, MISSED), owner)
    with b.if_then(b.not_(w.is_there(method))):
        b.ret(method)
    result = w.call("PyObject_Call", POINTER, method, args, named)
    w.dropped(method)
    b.ret(result)
    return w.internal()


def _write_data(w: Writer, found: Callable[[Any], Any], flags: Any, inputs: Any, missed: Any) -> Any:
    """A new reference to the tuple of what the program takes."""
    _, objects, args, _ = w.function.args
    b = w.builder
    as_given, other, picked, gathered, unmade, ready = (w.block(name) for name in (
        "as_given", "other", "picked", "gathered", "unmade", "ready"))
    b.cbranch(w.has(flags, AS_GIVEN), as_given, other)
    b.position_at_end(as_given)
    given = w.taken(args)
    b.branch(ready)
    b.position_at_end(other)
    b.cbranch(w.has(flags, PICKED), picked, gathered)
    b.position_at_end(picked)
    pick = w.called(w.item(objects, PICK), args)
    b.cbranch(w.is_there(pick), ready, missed)
    b.position_at_end(gathered)
    made = w.call("PyTuple_New", POINTER, inputs)
    w.go_on_if(w.is_there(made), missed)

    def gather(k: Any) -> None:
        value = found(k)
        w.go_on_if(w.is_there(value), unmade)
        b.store(value, w.place_of_item(made, k))

    w.loop(WORD(0), inputs, gather)
    end = b.block
    b.branch(ready)
    b.position_at_end(unmade)
    w.dropped(made)
    b.branch(missed)
    b.position_at_end(ready)
    return w.merged((given, as_given), (pick, picked), (made, end))


def _write_door(w: Writer, array: Any, record: Callable[[Any], Any], data: Any, inputs: Any,
                missed: Any) -> tuple[Any, Any]:
    """The data with arrays as the program takes them, and the block where they are: where some are not, Python makes
    copies of these."""
    _, objects, args, _ = w.function.args
    b = w.builder
    unfit = w.block("unfit")

    def fits(k: Any) -> None:
        value = w.item(data, k)
        with b.if_then(b.icmp_signed(">=", w.field(record(k), RANK), WORD(0))):
            w.go_on_if(b.call(array, (objects, value, record(k))), unfit)
            w.go_on_if(w.has_flags(value, CONTIGUOUS | ALIGNED), unfit)

    w.loop(WORD(0), inputs, fits)
    fit, ready = b.block, w.block("fit")
    b.branch(ready)
    b.position_at_end(unfit)
    w.dropped(data)
    entered = w.called(w.item(objects, ENTER), args)
    b.cbranch(w.is_there(entered), ready, missed)
    b.position_at_end(ready)
    return w.merged((data, fit), (entered, unfit)), ready


def _write_returned(w: Writer, plan: Any, flags: Any, results: Any, finite: Any) -> None:
    """What becomes of the results."""
    owner, objects, args, _ = w.function.args
    b = w.builder
    unsettled, settled, failed = w.block("unsettled"), w.block("settled"), w.block("failed")
    count, derivatives, first, end, value = (b.sext(w.number(plan, k), WORD) for k in (
        COUNT, DERIVATIVES, FIRST, END, VALUE))
    w.go_on_if(w.is_(w.type_of(results), w.type_of(args)), unsettled)
    w.go_on_if(w.is_(w.size(results), count), unsettled)
    w.loop(derivatives, count, lambda k: w.go_on_if(b.call(finite, (objects, w.item(results, k))), unsettled))
    w.go_on_if(b.not_(w.has(flags, IN_PYTHON)), settled)
    with b.if_then(w.has(flags, ALL)):
        b.ret(results)
    with b.if_else(w.has(flags, SEVERAL)) as (yes, no):
        with yes:
            slice_ = w.call("PyTuple_GetSlice", POINTER, results, first, end)
            of_several = b.block
        with no:
            alone = _write_made(w, w.item(results, first), flags, GRADIENT_MADE, GRADIENT_TYPE)
            of_one = b.block
    gradient = w.merged((slice_, of_several), (alone, of_one))
    w.go_on_if(w.is_there(gradient), failed)
    with b.if_then(b.not_(w.has(flags, WITH_VALUE))):
        w.dropped(results)
        b.ret(gradient)
    own = _write_made(w, w.item(results, value), flags, VALUE_MADE, VALUE_TYPE)
    w.dropped(results)
    with b.if_then(b.not_(w.is_there(own))):
        w.dropped(gradient)
        b.ret(own)
    both = w.call("PyTuple_Pack", POINTER, WORD(2), own, gradient)
    w.dropped(own)
    w.dropped(gradient)
    b.ret(both)

    b.position_at_end(failed)
    w.dropped(results)
    b.ret(POINTER(None))
    for block, function in ((unsettled, UNSETTLED), (settled, FINISHED)):
        b.position_at_end(block)
        made = w.called(w.item(objects, function), owner, w.item(objects, MADE), results, args)
        w.dropped(results)
        b.ret(made)


def _write_made(w: Writer, number: Any, flags: Any, flag: int, type_: int) -> Any:
    """A result, as an object of another type where a flag says so: a new reference, or null."""
    b = w.builder
    with b.if_else(w.has(flags, flag)) as (yes, no):
        with yes:
            made = w.called(w.item(w.function.args[1], type_), number)
            of_type = b.block
        with no:
            itself = w.taken(number)
            as_it_is = b.block
    return w.merged((made, of_type), (itself, as_it_is))


def _write_gone(w: Writer) -> None:
    """An exception of the program: handed to Python, which raises another one, or gives a result."""
    owner, objects, args, _ = w.function.args
    b = w.builder
    slots = [cgutils.alloca_once_value(b, POINTER(None)) for _ in range(3)]
    for name in ("PyErr_Fetch", "PyErr_NormalizeException"):
        w.call(name, llvm.VoidType(), *slots)
    kind, error, trace = map(b.load, slots)
    with b.if_then(w.is_there(trace)):
        w.call("PyException_SetTraceback", INT, error, trace)
    answer = w.called(w.item(objects, FAILED), owner, w.item(objects, MADE), error, args)
    for value in (kind, error, trace):
        w.dropped(value)
    b.ret(answer)
