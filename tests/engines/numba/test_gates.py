"""Gates by themselves: what they test, call and return, and what becomes of everything else."""
from __future__ import annotations

import gc
import math
import pickle
import sys
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from workbench.engines.numba import gates
from workbench.engines.numba.gate_code import ARGUMENT, CELL, ENTRY, EQUALS, FITS, HAS_TYPE, IS, IS_ARRAY, OBJECT
from workbench.engines.numba.gates import Condition, Datum, Gate, Place, Results
from workbench.engines.numba.python_objects import are_laid_out
from workbench.frontend import array_signature

FIRST = Place(ARGUMENT, 0)


class Gated:
    """Something that is called through a gate."""

    __slots__ = ("__weakref__", "gate", "more")

    def __call__(self, *args: Any, **named: Any) -> Any:
        return missed(*args, **named)

    def failed(self, made: Any, error: BaseException, args: Any) -> Any:
        assert made == "made"
        return failed(error, args)

    def unsettled(self, made: Any, results: Any, args: Any) -> Any:
        assert made == "made"
        return unsettled(results, args)

    def finished(self, made: Any, results: Any, args: Any) -> Any:
        assert made == "made"
        return finished(results, args)


IN_PYTHON = Gated.__call__
assert gates.guard(Gated, "gate")


def missed(*args: Any, **named: Any) -> Any:
    return "missed", args, named


def failed(error: BaseException, args: Any) -> Any:
    return "failed", error, args


def unsettled(results: Any, args: Any) -> Any:
    return "unsettled", results, args


def finished(results: Any, args: Any) -> Any:
    return "finished", results, args


def refuse(args: Any) -> Any:
    raise ValueError


def program(*numbers: Any) -> Any:
    return 0.5, *numbers


def gate(*tests: Condition, arity: int = 1, run: Callable[..., Any] = program, results: Results | None = None,
         data: Sequence[Datum] | None = None, **more: Any) -> Gated:
    given = [Datum(Place(ARGUMENT, k)) for k in range(arity)] if data is None else data
    methods: dict[str, Any] = {"missed": IN_PYTHON, "failed": Gated.failed, "unsettled": Gated.unsettled,
                               "finished": Gated.finished, "enter": refuse}
    made = Gated()
    made.gate = gates.opened("made", Gate(arity, tests, given, run, results or Results(arity + 1),
                                          **(methods | more)).parts())
    return made


def cell_of(value: Any) -> Any:
    return (lambda: value).__closure__[0]  # type: ignore[index]


class Odd:
    """An attribute that can be had, is missing, or raises."""

    def __init__(self, value: Any) -> None:
        self.value = value

    @property
    def attribute(self) -> Any:
        if isinstance(self.value, BaseException):
            raise self.value
        return self.value


@pytest.mark.parametrize("kind, expected, passing, failing", [
    (IS, missed, [missed], [failed, None, 1]),
    (HAS_TYPE, float, [1.0, math.nan], [1, True, None, "a", float]),
    (HAS_TYPE, bool, [True, False], [1, 0.0]),
    (EQUALS, 3, [3, 2 + 1], [3.0, 4, True, None]),
    (EQUALS, 2.5, [2.5, float("2.5")], [2, -2.5, math.nan]),
    (EQUALS, "name", ["name", "".join(["na", "me"])], ["other", b"name"]),
    (EQUALS, True, [True], [1, 1.0, False]),
    (FITS, int, [0, -1, 2**63 - 1, -2**63], [2**63, -2**63 - 1, 10**400, True, 1.0, None]),
])
def test_tests_of_values(kind: int, expected: Any, passing: list[Any], failing: list[Any]) -> None:
    space: dict[str, Any] = {}
    for value in (*passing, *failing):
        space["name"] = value
        through = (0.5, 1.5) if value in failing and not any(value is p for p in passing) else 1.5
        for place in (Place(ENTRY, space, "name"), Place(CELL, cell_of(value)), Place(OBJECT, value),
                      Place(OBJECT, Odd(value), "", "attribute"), Place(ENTRY, {"it": Odd(value)}, "it", "attribute"),
                      Place(CELL, cell_of(Odd(value)), "", "attribute")):
            found = gate(Condition(place, kind, expected))(1.5)
            assert found == (1.5 if through == 1.5 else ("missed", (1.5,), {})), (place, value)
        found = gate(Condition(FIRST, kind, expected), run=lambda x: (0.0, 1.5))(value)
        assert found == (1.5 if through == 1.5 else ("missed", (value,), {}))


def test_a_place_where_nothing_is() -> None:
    space = {"name": 1.0}
    empty = cell_of(None)
    del empty.cell_contents
    through = gate(Condition(Place(ENTRY, space, "name"), HAS_TYPE, float))
    assert through(2.0) == 2.0
    del space["name"]
    assert through(2.0) == ("missed", (2.0,), {})
    for place in (Place(CELL, empty), Place(OBJECT, space, "", "absent"), Place(OBJECT, 1.0, "", "__code__"),
                  Place(OBJECT, Odd(ValueError("no")), "", "attribute")):
        assert gate(Condition(place, HAS_TYPE, float))(2.0) == ("missed", (2.0,), {})
    with pytest.raises(KeyboardInterrupt):  # (not ours)
        gate(Condition(Place(OBJECT, Odd(KeyboardInterrupt()), "", "attribute"), IS, None))(2.0)


def test_code_of_functions_and_of_others() -> None:
    def function() -> None:
        return

    class Other:
        __code__ = function.__code__

    space: dict[str, Any] = {"it": function}
    through = gate(Condition(Place(ENTRY, space, "it", "__code__"), IS, function.__code__))
    assert through(1.0) == 1.0
    for it, passes in ((Other(), True), (missed, False), (math.sin, False), (None, False), (function, True)):
        space["it"] = it
        assert through(1.0) == (1.0 if passes else ("missed", (1.0,), {}))


def test_an_equality_that_raises_and_that_changes_its_mind() -> None:
    class Answers:
        def __init__(self, answer: Any) -> None:
            self.answer = answer

        def __eq__(self, other: object) -> Any:
            if isinstance(self.answer, BaseException):
                raise self.answer
            return self.answer

    for answer, passes in ((True, True), (False, False), (ValueError(), False)):
        found = gate(Condition(Place(OBJECT, Answers(answer)), EQUALS, Answers(answer)))(1.0)
        assert found == (1.0 if passes else ("missed", (1.0,), {}))


@pytest.mark.parametrize("args, named", [
    ((), {}), ((1.0, 2.0), {}), ((1.0,), {"y": 2.0}), ((), {"x": 1.0}), ((2,), {})], ids=repr)
def test_other_calls_go_to_python_as_they_are(args: Any, named: Any) -> None:
    assert gate(Condition(FIRST, HAS_TYPE, float))(*args, **named) == ("missed", args, named)


@pytest.mark.parametrize("results, expected", [
    (Results(3), 1.0), (Results(3, first=2, end=3), 2.0), (Results(3, end=3, is_several=True), (1.0, 2.0)),
    (Results(3, is_several=True), (1.0,)), (Results(3, value=0), (0.5, 1.0)),
    (Results(3, end=3, is_several=True, value=0), (0.5, (1.0, 2.0))), (Results(3, first=0, end=1, value=2), (2.0, 0.5)),
    (Results(3, gradient_type=np.float64), np.float64(1.0)), (Results(3, value=0, value_type=np.float32),
                                                              (np.float32(0.5), 1.0)),
    (Results(3, 1, 1, 2, False, 0, np.float64, np.float32), (np.float64(0.5), np.float32(1.0))),
    (Results(3, in_python=True), ("finished", (0.5, 1.0, 2.0), (1.0, 2.0))),
    (Results(4), ("unsettled", (0.5, 1.0, 2.0), (1.0, 2.0)))], ids=repr)  # (not as many as there should be)
def test_what_is_returned(results: Results, expected: Any) -> None:
    found = gate(arity=2, results=results)(1.0, 2.0)
    assert repr(found) == repr(expected)


def test_a_value_and_its_derivative_are_handed_on() -> None:
    pair = (2.0, 3.0)
    assert gate(run=lambda x: pair, results=Results(2, value=0))(1.0) is pair


def test_a_type_that_refuses() -> None:
    def refuses(number: Any) -> Any:
        raise LookupError

    for results in (Results(2, gradient_type=refuses), Results(2, value=0, value_type=refuses),
                    Results(2, value=0, gradient_type=refuses)):
        with pytest.raises(LookupError):
            gate(results=results)(1.0)


SPOILT = [np.array([1.0, 2.0, number, 3.0]).astype(dtype) for number in (math.inf, -math.inf, math.nan)
          for dtype in (np.float64, np.float32, np.complex128, np.complex64)]


@pytest.mark.parametrize("number", [
    math.inf, -math.inf, math.nan, 1, None, 1j, np.float64(1.0), *SPOILT, np.array([1, 2]), np.ones((4, 4))[::2, ::2],
    np.ones(2, ">f8"), np.array(complex(1.0, math.nan))], ids=repr)
def test_derivatives_that_are_not_known_to_be_finite_go_to_python(number: Any) -> None:
    for results in (Results(3, end=3, is_several=True), Results(3, first=2, end=3), Results(3, in_python=True)):
        found = gate(arity=2, results=results)(1.0, number)
        assert found[0] == "unsettled" and found[1][2] is number and found[2][1] is number
    assert gate(arity=2, results=Results(3, 3))(1.0, number) == 1.0  # (it is none of them)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128, np.complex64])
@pytest.mark.parametrize("shape", [(), (0,), (1,), (7,), (64,), (1001,), (3, 5), (2, 0, 3)], ids=repr)
def test_arrays_that_are_finite_are_handed_on(dtype: Any, shape: tuple[int, ...]) -> None:
    array = np.full(shape, 1e30, dtype)
    assert gate()(array) is array
    for k in range(array.size) if array.size < 100 else (0, 1000):
        array.flat[k] = math.nan
        assert gate()(array)[0] == "unsettled"
        array.flat[k] = 1.0
    assert gate()(array) is array
    other = pickle.loads(pickle.dumps(array))
    assert gate()(other) is other  # (its dtype is another object)


def test_results_that_are_no_tuple() -> None:
    for results in ([0.5, 1.0], 2.0, None):
        assert gate(run=lambda x: results)(1.0) == ("unsettled", results, (1.0,))  # noqa: B023


def test_data_from_elsewhere() -> None:
    space, cell, owner = {"rate": 3.0}, cell_of(4.0), Odd(5.0)
    data = [Datum(place) for place in (
        Place(ENTRY, space, "rate"), FIRST, Place(CELL, cell), Place(OBJECT, owner, "", "attribute"),
        Place(OBJECT, 6.0), Place(ARGUMENT, 1))]
    through = gate(arity=2, data=data, results=Results(7, end=7, is_several=True))
    assert through(1.0, 2.0) == (3.0, 1.0, 4.0, 5.0, 6.0, 2.0)
    space["rate"], cell.cell_contents, owner.value = -3.0, -4.0, -5.0
    assert through(1.0, 2.0) == (-3.0, 1.0, -4.0, -5.0, 6.0, 2.0)
    owner.value = ValueError()
    assert through(1.0, 2.0) == ("missed", (1.0, 2.0), {})
    assert gate(data=[], run=lambda: (0.5, 1.0))(7.0) == 1.0


# ------------------------------------------------------------------ arrays
def asked(array: np.ndarray) -> Condition:
    """That arrays are like this one."""
    shape = array.flags.writeable + sum(2 << k for k, n in enumerate(array.shape) if n == 1)
    return Condition(FIRST, IS_ARRAY, array.dtype, array.ndim, shape)


class Subclass(np.ndarray):
    """An array, and more."""


FROZEN = np.ones(3)
FROZEN.flags.writeable = False
ARRAYS = [np.ones(3), FROZEN, np.ones(1), np.ones(0), np.ones((3, 1)), np.ones((1, 3)), np.ones((2, 3)), np.array(1.0),
          np.ones(3, np.float32), np.ones(3, ">f8"), np.ones(3, int), np.ones((1, 2, 1, 3)), np.ones(3).view(Subclass),
          1.0, None, [1.0], np.float64(1.0)]


@pytest.mark.parametrize("array", ARRAYS[:-5], ids=repr)
def test_arrays_alike(array: np.ndarray) -> None:
    through = gate(asked(array), run=lambda x: (0.0, 1.5))
    for other in (*ARRAYS, array.copy(), pickle.loads(pickle.dumps(array)), np.ones(7), np.ones((5, 1))):
        passes = type(other) is np.ndarray and array_signature(other) == array_signature(array)
        found = through(other)
        assert found == 1.5 if passes else found[0] == "missed", (array, other)


def test_arrays_that_the_program_would_be_given_copies_of() -> None:
    through = gate(data=[Datum(FIRST, np.dtype(float), 2)], run=lambda x: (0.0, 1.5))
    unaligned = np.frombuffer(bytes(4 + 8 * 6), np.uint8)[4:].view(float).reshape(2, 3)
    assert unaligned.flags.c_contiguous
    for array, passes in ((np.ones((2, 3)), True), (np.ones((2, 3), order="F"), False), (np.ones(3), False),
                          (np.ones((4, 6))[::2, ::2], False), (np.ones((2, 3), np.float32), False), (1.0, False),
                          (np.ones((2, 3), ">f8"), False), (pickle.loads(pickle.dumps(np.ones((2, 3)))), True),
                          (unaligned, unaligned.flags.aligned), (np.ones((2, 3)).view(Subclass), False)):
        found = through(array)
        assert found == 1.5 if passes else found[0] == "missed", array
    made = gate(data=[Datum(FIRST, np.dtype(float), 1)], enter=lambda args: (np.ones(2), *args), arity=1,
                run=lambda *data: (0.0, float(len(data))))
    assert made(np.ones(3)) == 1.0 and made(np.ones(6)[::2]) == made(2.0) == 2.0
    picked = gate(data=[Datum(None, np.dtype(float), 1)], pick=lambda args: (args[0][0],), run=lambda x: (0.0, 1.5))
    assert picked([np.ones(3)]) == 1.5 and picked([np.ones(6)[::2]])[0] == "missed" and picked([2])[0] == "missed"


def test_what_python_tests_and_picks() -> None:
    def refuses(args: Any) -> Any:
        raise kind()

    assert gate(holds=lambda args: args == (1.0,))(1.0) == 1.0
    assert gate(holds=lambda args: args == (1.0,))(2.0) == ("missed", (2.0,), {})
    assert gate(pick=lambda args: (args[0] + 1.0,))(1.0) == 2.0
    for kind in (ValueError, LookupError):
        assert gate(holds=refuses)(1.0) == ("missed", (1.0,), {})
        assert gate(pick=refuses)(1.0) == ("missed", (1.0,), {})
    kind = KeyboardInterrupt  # type: ignore[assignment]
    for more in ({"holds": refuses}, {"pick": refuses}):
        with pytest.raises(KeyboardInterrupt):
            gate(**more)(1.0)
    assert gate(Condition(FIRST, HAS_TYPE, float), holds=refuses)(1) == ("missed", (1,), {})  # (behind the others)


def test_exceptions_of_the_program() -> None:
    class Own(Exception):
        pass

    def raises(x: Any) -> Any:
        raise error

    for error in (Own("text"), KeyboardInterrupt(), ZeroDivisionError()):
        told, found, args = gate(run=raises)(1.0)
        assert told == "failed" and found is error and args == (1.0,)
        assert found.__traceback__.tb_frame.f_code is raises.__code__ and sys.exc_info() == (None, None, None)


def test_exceptions_of_what_is_called() -> None:
    def raises(*args: Any) -> Any:
        raise LookupError

    for name, run, args in (("missed", program, ()), ("failed", raises, (1.0,)), ("unsettled", program, (math.inf,)),
                            ("finished", program, (1.0,))):
        through = gate(run=run, results=Results(2, in_python=name == "finished"), **{name: raises})
        with pytest.raises(LookupError):
            through(*args)


def test_a_shut_gate_and_none() -> None:
    shut, without = Gated(), Gated()
    shut.gate = gates.shut(IN_PYTHON)
    for args in ((), (1.0,), (1.0, 2.0)):
        assert shut(*args) == ("missed", args, {})
    with pytest.raises(SystemError):
        without(1.0)
    without.gate = 7
    with pytest.raises(SystemError):
        without(1.0)


def test_a_gate_that_is_replaced_while_it_is_passed() -> None:
    def run(x: float) -> Any:
        through.gate = gates.shut(IN_PYTHON)
        gc.collect()
        return 0.5, x

    through = gate(run=run, results=Results(2, value=0, value_type=np.float64))
    assert through(2.0) == (0.5, 2.0) and through(2.0) == ("missed", (2.0,), {})


def test_what_is_called_keeps_its_object_and_a_gate_does_not() -> None:
    through = gate()
    call, there = through.__call__, weakref.ref(through)
    del through
    assert call(2.0) == 2.0 and there() is not None
    del call
    assert there() is None
    with pytest.raises(TypeError):
        Gated.__call__(7, 1.0)  # type: ignore[arg-type]


def test_references() -> None:
    """What a gate uses it gives back, on every way."""
    value, space = Odd(1.0), {"name": 123.25}
    tests = (Condition(Place(ENTRY, space, "name"), HAS_TYPE, float),
             Condition(Place(OBJECT, value, "", "attribute"), IS, None))
    x, ones = 1234.5, np.ones(3)
    ways = [
        gate(), gate(*tests), gate(tests[0]), gate(results=Results(2, is_several=True, value=0)),
        gate(results=Results(2, value=0)), gate(results=Results(2, value=0, value_type=np.float64)),
        gate(results=Results(2, gradient_type=np.float64)), gate(results=Results(2, in_python=True)),
        gate(results=Results(3), data=[Datum(FIRST), Datum(FIRST)]), gate(results=Results(2, value=0, value_type=str)),
        gate(data=[Datum(FIRST), Datum(Place(ENTRY, space, "none"))]), gate(data=[Datum(FIRST, np.dtype(float), 1)]),
        gate(data=[Datum(FIRST, np.dtype(float), 1)], enter=lambda args: args), gate(asked(ones)),
        gate(pick=lambda args: (ones,), data=[Datum(None, ones.dtype, 1)]),
        gate(holds=lambda args: True), gate(holds=lambda args: []), gate(pick=lambda args: args),
        gate(run=lambda x: (0.5, math.inf)), gate(run=lambda x: 1 / 0), gate(arity=2), gate(run=lambda x: None)]

    def counted(times: int) -> tuple[int, ...]:
        for _ in range(times):
            for way in ways:
                way(x)
        gc.collect()
        return (*map(sys.getrefcount, (x, value, space, space["name"], float, None, missed, failed, unsettled, ones,
                                     ones.dtype, np.float64)),
                sys.getallocatedblocks())

    counted(2)
    before, after = counted(1), counted(200)
    assert all(later - earlier < 50 for earlier, later in zip(before, after, strict=True)), (before, after)


def test_objects_lie_as_they_are_read() -> None:
    assert are_laid_out()
