"""Calls through a gate: what they give, refuse and raise is what calls by Python do, whatever has changed meanwhile."""
from __future__ import annotations

import copy
import fractions
import gc
import math
import pickle
import signal
import sys
import threading
import traceback
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from workbench.operators import gating


def is_gated(derivative: Any) -> bool:
    return derivative._gate[0] is not None


def gated(derivative: Any, *args: Any) -> Any:
    """A derivative whose gate is open for such arguments."""
    for _ in range(2):
        derivative(*args)
    assert is_gated(derivative)
    return derivative


def bump(x):
    return math.sin(x) * math.exp(-x * x)


def mixed(x, n, y, flag):
    for _ in range(n):
        x = x * y if flag else x + y
    return x * x


class Metres(float):
    """A float, and more."""


class Whole(int):
    """An int, and more."""


def outcome(call: Callable[[], Any]) -> Any:
    """What a call gives, with types and bits, or raises; and what it warns of."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            result = call()
        except Exception as error:
            return type(error), str(error)
    return _exact(result), [str(w.message) for w in warned]


def _exact(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_exact, value))
    return type(value), value.tobytes().hex()[:200] if isinstance(value, np.ndarray) else repr(value), getattr(
        value, "dtype", None), getattr(value, "shape", None)


ARGUMENTS = [
    0.7, -0.0, 3, True, 10**400, Metres(0.7), Whole(2), np.float64(0.7), np.float32(0.7), np.int64(2), np.bool_(True),
    np.array(0.7), np.array([0.7]), np.array([0.7, 0.2]), 0.7 + 0.1j, fractions.Fraction(1, 2), "0.7", None, [0.7], (),
    math.nan, math.inf, -math.inf, 1e308]


@pytest.mark.parametrize("argument", ARGUMENTS, ids=repr)
@pytest.mark.parametrize("operator", [wb.grad, wb.value_and_grad])
def test_every_kind_of_argument(operator: Any, argument: Any) -> None:
    for engine in ("numba", "auto"):
        derivative = gated(operator(bump, engine=engine), 0.5)
        expected = outcome(lambda: operator(bump, engine=engine)(argument))  # noqa: B023
        before = outcome(lambda: derivative(0.5))  # noqa: B023
        assert outcome(lambda: derivative(argument)) == expected  # noqa: B023
        assert outcome(lambda: derivative(argument))[0] == expected[0]  # (said once, that it runs on the tape)  # noqa: B023
        assert outcome(lambda: derivative(0.5)) == before  # noqa: B023
        derivative(0.5)
        assert is_gated(derivative) and outcome(lambda: derivative(0.5)) == before  # noqa: B023


@pytest.mark.parametrize("wrt", [0, 2, (0,), (0, 2), (2, 0), (0, 0)], ids=repr)
@pytest.mark.parametrize("operator", [wb.grad, wb.value_and_grad])
@pytest.mark.parametrize("args", [(1.5, 3, 0.5, True), (1.5, 3, 0.5, False), (1.5, 3, 2, True)], ids=repr)
def test_mixed_arguments(operator: Any, wrt: Any, args: Any) -> None:
    if 2 in (wrt if isinstance(wrt, tuple) else (wrt,)) and isinstance(args[2], int):
        return  # not to be differentiated
    expected = outcome(lambda: operator(mixed, wrt)(*args))
    derivative = gated(operator(mixed, wrt), *args)
    assert outcome(lambda: derivative(*args)) == expected
    for other in ((1.5, 3, 0.5, not args[3]), (1.5, 3.0, 0.5, True), (np.float64(1.5), *args[1:]), (1.5, 0, *args[2:]),
                  (1.5, -2, *args[2:]), (1.5, True, *args[2:])):
        assert outcome(lambda: derivative(*other)) == outcome(lambda: operator(mixed, wrt)(*other))  # noqa: B023
    assert outcome(lambda: derivative(*args)) == expected


def test_the_ways_that_arguments_are_passed() -> None:
    def power(x, n=2):
        return x ** n

    for args, named in (((3.0,), {}), ((3.0, 3), {}), ((), {"x": 3.0}), ((3.0,), {"n": 3}), ((), {"n": 3, "x": 3.0}),
                        ((), {}), ((3.0, 2, 1), {}), ((3.0,), {"x": 3.0}), ((3.0,), {"m": 3})):
        derivative = gated(wb.grad(power), 3.0, 2)
        expected = outcome(lambda: wb.grad(power)(*args, **named))  # noqa: B023
        for _ in range(3):
            assert outcome(lambda: derivative(*args, **named)) == expected  # noqa: B023
            assert derivative(*(3.0, 2), **{}) == 6.0


def test_defaults_and_names_that_change() -> None:
    def power(x, n=2, m=1.0):
        return m * x ** n

    derivative = wb.grad(power)
    for _ in range(4):
        assert derivative(3.0) == derivative(3.0, m=1.0) == derivative(n=2, x=3.0) == 6.0
        assert derivative(3.0, m=2.0) == derivative(m=2.0, x=3.0) == derivative(3.0, 2, 2.0) == 12.0
    power.__defaults__ = (3, 1.0)
    assert [derivative(3.0) for _ in range(3)] == [27.0] * 3
    power.__defaults__ = (1.0,)
    assert outcome(lambda: derivative(3.0))[0] is TypeError and derivative(3.0, 2) == 6.0
    power.__code__ = (lambda y, n, m: m * y ** n * 2.0).__code__
    assert derivative(y=3.0, n=2) == derivative(3.0, 2) == 12.0
    assert outcome(lambda: derivative(x=3.0, n=2))[0] is TypeError
    power.__defaults__ = None
    assert outcome(lambda: derivative(3.0, 2))[0] is TypeError and derivative(3.0, 2, 1.0) == 12.0


def test_parameters_that_go_by_position_alone() -> None:
    def power(x, /, n=2):
        return x ** n

    derivative = wb.grad(power)
    for _ in range(4):
        assert derivative(3.0) == derivative(3.0, n=2) == 6.0
        assert outcome(lambda: derivative(x=3.0))[0] is TypeError


RATE = 2.0
FLAG = True


def helper(x):
    return x * x


def uses_globals(x):
    return math.exp(helper(x) * RATE) if FLAG else helper(x)


def triple(x):
    return 3.0 * x


@pytest.mark.parametrize("name, value", [
    ("RATE", 3.0), ("RATE", 3), ("RATE", np.float64(3.0)), ("RATE", -2.0), ("FLAG", False), ("FLAG", 0),
    ("helper", triple), ("helper", math.sin), ("math", np)], ids=lambda value: getattr(value, "__name__", str(value)))
def test_globals_that_change(monkeypatch: pytest.MonkeyPatch, name: str, value: Any) -> None:
    derivative = gated(wb.value_and_grad(uses_globals), 0.5)
    before = derivative(0.5)
    monkeypatch.setitem(globals(), name, value)
    expected = wb.value_and_grad(uses_globals)(0.5)
    assert [derivative(0.5) for _ in range(4)] == [expected] * 4 and expected[0] == uses_globals(0.5)
    monkeypatch.undo()
    assert [derivative(0.5) for _ in range(4)] == [before] * 4


def test_a_global_that_goes_and_a_builtin_that_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def magnitude(x):
        return abs(x) * RATE

    derivative = gated(wb.grad(magnitude, engine="numba"), 0.5)
    monkeypatch.delitem(globals(), "RATE")
    with pytest.raises((NameError, wb.DifferentiationError)):
        derivative(0.5)
    monkeypatch.undo()
    assert derivative(0.5) == 2.0
    monkeypatch.setitem(globals(), "abs", lambda x: 5.0 * x)
    assert [derivative(0.5) for _ in range(3)] == [10.0] * 3


def test_cells_that_change_and_are_emptied() -> None:
    def make():
        rate, act = 2.0, math.sin

        def function(x):
            return act(x) * rate

        def change(to, other):
            nonlocal rate, act
            rate, act = to, other

        def empty():
            nonlocal act
            del act
        return function, change, empty

    function, change, empty = make()
    derivative = gated(wb.value_and_grad(function, engine="numba"), 0.5)
    for rate, act in ((2.0, math.sin), (4.0, math.sin), (4, math.sin), (4.0, math.cos), (-1.0, lambda x: x * x * x)):
        change(rate, act)
        for _ in range(3):
            value, slope = derivative(0.5)
            assert (value, slope) == wb.value_and_grad(function)(0.5) and value == function(0.5)
    empty()
    with pytest.raises((NameError, wb.DifferentiationError)):
        derivative(0.5)


def test_code_that_is_replaced() -> None:
    def function(x):
        return x * x

    derivative = gated(wb.grad(function), 3.0)
    before = function.__code__
    function.__code__ = (lambda x: x * x * x).__code__
    assert [derivative(3.0) for _ in range(3)] == [27.0] * 3
    function.__code__ = before
    assert [derivative(3.0) for _ in range(3)] == [6.0] * 3


def test_what_a_users_rule_reads() -> None:
    """It is taken for granted after the function has been traced."""
    factor = 3.0

    @wb.rule
    def cube(x):
        return x * x * x

    @cube.defjvp
    def cube_jvp(primals, y, tangents):
        return (factor if factor > 0.0 else 100.0) * primals[0] * primals[0] * tangents[0]

    derivative = gated(wb.grad(lambda x: cube(x), engine="numba"), 2.0)
    factor = -1.0
    assert [derivative(2.0) for _ in range(3)] == [400.0] * 3


def test_attributes_of_an_object() -> None:
    class Model:
        def __init__(self):
            self.rate, self.on = 2.0, True

        def loss(self, x):
            return x * x * self.rate if self.on else x

    model = Model()
    derivative = gated(wb.grad(model.loss), 3.0)
    for name, value, slope in (("rate", 3.0, 18.0), ("rate", 3, 18.0), ("on", False, 1.0), ("on", True, 18.0)):
        setattr(model, name, value)
        assert [derivative(3.0) for _ in range(3)] == [slope] * 3
    del model.rate
    with pytest.raises((AttributeError, wb.DifferentiationError)):
        derivative(3.0)


# ------------------------------------------------------------------ results that are looked into, exceptions
def test_a_derivative_that_is_not_finite_warns_at_each_call() -> None:
    def root(x):
        return x ** 0.5

    derivative = gated(wb.value_and_grad(root), 4.0)
    for _ in range(3):
        with pytest.warns(RuntimeWarning, match=r"NaN although its value is finite: `\w+` at line") as found:
            assert derivative(0.0) == (0.0, math.inf)
        assert len(found) == 1 and found[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert derivative(4.0) == (2.0, 0.25)
        with pytest.raises(RuntimeWarning) as caught:
            derivative(0.0)
    assert [f.filename for f in traceback.extract_tb(caught.tb)][0] == __file__
    assert is_gated(derivative) and derivative(4.0) == (2.0, 0.25)


@pytest.mark.parametrize("operator", [wb.grad, wb.value_and_grad])
@pytest.mark.parametrize("wrt", [(0, 1), (1, 0), 1], ids=repr)
def test_one_of_several_that_is_not_finite(operator: Any, wrt: Any) -> None:
    def roots(x, y):
        return x ** 0.5 + y ** 0.5

    derivative = gated(operator(roots, wrt), 1.0, 4.0)
    for args in ((0.0, 4.0), (1.0, 0.0), (0.0, 0.0), (1.0, 4.0)):
        assert outcome(lambda: derivative(*args)) == outcome(lambda: operator(roots, wrt)(*args))  # noqa: B023


def inverse(x, limit):
    if x > limit:
        raise ValueError(f"{x} is more than {limit}")
    return 1.0 / x


@pytest.mark.parametrize("engine", ["numba", "auto"])
def test_exceptions_are_those_of_the_function(engine: str) -> None:
    derivative = gated(wb.grad(inverse, engine=engine), 2.0, 5.0)
    for args, kind, text in (((0.0, 5.0), ZeroDivisionError, "return 1.0 / x"),
                             ((6.5, 5.0), ValueError, "6.5 is more than 5.0")):
        for _ in range(2):
            with pytest.raises(kind) as caught:
                derivative(*args)
            shown = "".join(traceback.format_exception(caught.value))
            assert text in shown and "During handling" not in shown
            assert traceback.extract_tb(caught.tb)[-1].name == "inverse"
    assert is_gated(derivative) and derivative(2.0, 5.0) == -0.25


def test_an_integer_that_is_too_large() -> None:
    def times(x, n):
        return x * n

    derivative = gated(wb.grad(times), 2.0, 3)
    for n in (10**400, 2**63, -2**63 - 1):
        assert outcome(lambda: derivative(2.0, n)) == outcome(lambda: wb.grad(times)(2.0, n))  # noqa: B023
    assert derivative(2.0, 2**63 - 1) == float(2**63 - 1) and derivative(2.0, -2**63) == -float(2**63)


def test_numbers_that_the_compiler_refuses_go_to_the_tape() -> None:
    def power(x, n):
        y = 1
        for _ in range(n):
            y = y * 10
        return x * y

    derivative = gated(wb.grad(power), 2.0, 3)
    assert derivative(2.0, 3) == 1000.0
    assert outcome(lambda: derivative(2.0, 25)) == outcome(lambda: wb.grad(power)(2.0, 25))


# ------------------------------------------------------------------ inside others, threads, signals, references
def test_inside_another_derivative() -> None:
    slope = gated(wb.grad(bump), 0.5)

    def outer(x):
        return slope(x) * x

    expected = wb.grad(lambda x: wb.grad(bump)(x) * x)(0.5)
    assert wb.grad(outer)(0.5) == expected and wb.grad(outer, engine="tape")(0.5) == pytest.approx(expected, rel=1e-14)
    assert wb.jvp(slope, (0.5,), (1.0,))[0] == slope(0.5)
    assert np.allclose(wb.vmap(slope)(np.array([0.5, 0.7])), [slope(0.5), slope(0.7)], rtol=1e-15)


def test_it_is_entered_from_within(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(x, n):
        print(f"{n}")
        return x * x * n

    class Stream:
        def write(self, text: str) -> int:
            if text.strip() and int(text) > 0:
                found.append(derivative(3.0, int(text) - 1))
            return len(text)

        def flush(self) -> None:
            return

    found: list[Any] = []
    derivative = gated(wb.grad(told), 3.0, 0)
    monkeypatch.setattr(sys, "stdout", Stream())
    result = derivative(3.0, 4)
    monkeypatch.undo()
    assert result == 24.0 and found == [0.0, 6.0, 12.0, 18.0]


def test_threads_with_arguments_of_several_kinds() -> None:
    derivative = wb.value_and_grad(lambda x, n: x * x * n)
    wrong: list[Any] = []

    def work(kind: type, n: Any) -> None:
        for k in range(400):
            value, slope = derivative(kind(k), n)
            if (value, slope, type(slope)) != (k * k * n, 2.0 * k * n, kind):
                wrong.append((kind, k, n, value, slope))

    started = [threading.Thread(target=work, args=given) for given in (
        (float, 2), (np.float64, 2), (float, 3.0), (float, 2), (np.float64, 0.5))]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    assert not wrong


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no timer")
def test_a_person_interrupts() -> None:
    def long(x, n):
        for _ in range(n):
            x = x * 0.999999 + 0.1
        return x

    derivative = gated(wb.grad(long), 1.0, 10)
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt) as caught:
            derivative(1.0, 10**13)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, previous)
    assert not any(f.name == "long_vjp" for f in traceback.extract_tb(caught.tb))
    assert derivative(1.0, 1) == pytest.approx(0.999999)


def test_references_are_given_back() -> None:
    class Number(float):
        pass

    def root(x, n):
        return x ** 0.5 / (n - 1)

    derivative = gated(wb.value_and_grad(root, engine="numba"), 4.0, 3)
    x, n, other = 4.25, 1234567, Number(4.0)
    calls = [lambda: derivative(x, n), lambda: derivative(other, n), lambda: derivative(0.0, n), lambda: derivative(x),
             lambda: derivative(x, n=n), lambda: derivative(x, 1)]

    def all_of_them(times: int) -> tuple[int, ...]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for _ in range(times):
                for call in calls:
                    for _ in range(3):
                        with_exception(call)
        gc.collect()
        return (sys.getrefcount(x), sys.getrefcount(n), sys.getrefcount(other), sys.getrefcount(derivative),
                sys.getrefcount(None), sys.getrefcount(float), sys.getallocatedblocks())

    all_of_them(3)
    before = all_of_them(1)
    after = all_of_them(20)
    assert all(now < then + 100 for now, then in zip(after, before, strict=True)), (before, after)


def with_exception(call: Callable[[], Any]) -> None:
    try:
        call()
    except Exception:
        return


def test_a_derivative_and_its_gate_are_collected() -> None:
    def make() -> list[weakref.ref[Any]]:
        def function(x):
            return x * x

        derivative = gated(wb.grad(function), 2.0)
        return [weakref.ref(derivative), weakref.ref(function)]

    derivative, function = make()
    assert derivative() is None  # at once
    gc.collect()
    assert function() is None


def test_its_call_may_outlive_its_name() -> None:
    call = gated(wb.grad(bump), 0.5).__call__
    gc.collect()
    assert call(0.5) == wb.grad(bump)(0.5) and call(np.float64(0.5)) == call(0.5)


def test_a_shallow_copy_gives_the_same() -> None:
    derivative = gated(wb.grad(bump), 0.5)
    assert copy.copy(derivative)(0.5) == derivative(0.5)


def test_what_has_no_gate() -> None:
    def writes(a):
        a[0] = a[1] * a[1]
        return a[0]

    def notes(x, found):
        found["x"] = x
        return x * x

    for function, args in ((writes, (np.ones(3),)), (notes, (1.0, {})), (lambda *x: x[0] * x[1], (1.0, 2.0))):
        derivative = wb.grad(function)
        for _ in range(4):
            derivative(*args)
        assert not is_gated(derivative) and callable(derivative)


# ------------------------------------------------------------------ arrays, structures
def norm(a):
    return np.sum(a * a)


def weighted(w, x, k):
    return np.sum(np.tanh(w @ x)) * k


W = np.linspace(-1.0, 1.0, 12).reshape(3, 4)
FROZEN = np.ones(3)
FROZEN.flags.writeable = False
KINDS = [np.ones(3), np.ones(1), np.ones(0), np.ones((2, 2)), np.ones((3, 1)), np.arange(6.0)[::2], np.ones((2, 3)).T,
         np.ones((3, 3), order="F"), np.ones(3, np.float32), np.ones(3, ">f8"), np.ones(3, int), np.ones(3, complex),
         FROZEN, pickle.loads(pickle.dumps(np.ones(3))), np.array(2.0), 2.0, 3, [1.0, 2.0], np.ma.ones(3), None,
         np.array([1.0, math.nan]), np.array([math.inf]), np.array([1e200, 1.0]), np.ones(5000)]


@pytest.mark.parametrize("array", KINDS, ids=lambda a: f"{type(a).__name__} {getattr(a, 'dtype', '')} {str(a)[:12]}")
@pytest.mark.parametrize("operator", [wb.grad, wb.value_and_grad])
def test_every_kind_of_array(operator: Any, array: Any) -> None:
    derivative = gated(operator(norm), np.ones(4))
    before = outcome(lambda: derivative(np.ones(4)))
    expected = outcome(lambda: operator(norm)(array))
    for _ in range(4):
        assert outcome(lambda: derivative(array))[0] == expected[0]
    assert outcome(lambda: derivative(np.ones(4))) == before
    gated(derivative, np.ones(4))


@pytest.mark.parametrize("operator", [wb.grad, wb.value_and_grad])
@pytest.mark.parametrize("wrt", [0, 1, 2, (0, 1, 2), (2, 0), (1, 1)], ids=repr)
def test_arrays_and_numbers(operator: Any, wrt: Any) -> None:
    args = (W, np.arange(4.0), 2.0)
    for kinds in (args, (*args[:2], np.float64(2.0)), (*args[:2], np.float32(2.0)), (W, np.ones((4, 5)), 2.0),
                  (W.astype(np.float32), np.ones(4, np.float32), 2.0)):
        expected = outcome(lambda: operator(weighted, wrt)(*kinds))  # noqa: B023
        derivative = operator(weighted, wrt)
        for _ in range(4):
            assert outcome(lambda: derivative(*kinds)) == expected  # noqa: B023
        assert is_gated(derivative)
        for bad in ((W, np.ones(3), 2.0), (W, np.ones(4)), (W, np.ones(4), None)):
            assert outcome(lambda: derivative(*bad))[0] == outcome(lambda: operator(weighted, wrt)(*bad))[0]  # noqa: B023
        assert outcome(lambda: derivative(*kinds)) == expected  # noqa: B023


def test_one_array_twice_and_parts_of_one() -> None:
    def product(a, b):
        return np.sum(a * b * b)

    whole = np.arange(1.0, 9.0)
    derivative = wb.grad(product, (0, 1))
    for pair in ((whole[:4], whole[4:]), (whole, whole), (whole[:4].copy(), whole[4:].copy()), (whole[:4], whole[:4]),
                 (whole[:-1], whole[1:]), (whole[::2], whole[1::2]), (whole, whole.copy())) * 2:
        expected = _exact(wb.grad(product, (0, 1))(*pair))
        for _ in range(4):
            assert _exact(derivative(*pair)) == expected


def test_gradients_of_arrays_are_new_each_time_and_arguments_stay() -> None:
    derivative, a = gated(wb.grad(norm), np.ones(3)), np.arange(3.0)
    first, second = derivative(a), derivative(a)
    first[:] = 7.0
    assert first is not second and second.tolist() == derivative(a).tolist() == [0.0, 2.0, 4.0]
    assert a.tolist() == [0.0, 1.0, 2.0] and sys.getrefcount(first) == 2


def test_an_array_that_changes_its_shape_in_place() -> None:
    derivative, a = wb.grad(lambda a: np.sum(a[:-1] * a[1:])), np.ones((4, 1))[:, 0].copy()
    gated(derivative, a)
    a.resize((2,), refcheck=False)
    assert derivative(a).tolist() == [1.0, 1.0]
    a.flags.writeable = False
    assert derivative(a).tolist() == [1.0, 1.0]


def test_an_array_derivative_that_is_not_finite_warns_at_each_call() -> None:
    def root(a):
        return np.sum(np.sqrt(a))

    derivative = gated(wb.grad(root), np.ones(3))
    for _ in range(3):
        with pytest.warns(RuntimeWarning, match=r"`\w+` at line"):
            assert derivative(np.array([1.0, 0.0, 4.0])).tolist() == [0.5, math.inf, 0.25]
    assert is_gated(derivative)


def test_exceptions_of_programs_with_arrays() -> None:
    def entry(a, k):
        return a[k] * a[k]

    derivative = gated(wb.grad(entry), np.ones(3), 1)
    for _ in range(2):
        with pytest.raises(IndexError) as caught:
            derivative(np.ones(3), 3)
        assert traceback.extract_tb(caught.tb)[-1].name.endswith("entry")
    assert derivative(np.arange(3.0), -1).tolist() == [0.0, 0.0, 4.0]


def test_structures() -> None:
    def loss(model, rate):
        return np.sum(model["w"] @ model["b"][0]) * rate * model["n"]

    def model() -> Any:
        return {"w": W.copy(), "b": (np.arange(4.0), "name"), "n": 3}

    derivative = gated(wb.value_and_grad(loss), model(), 2.0)
    for other in (model(), {**model(), "n": 4}, {**model(), "w": W * 2.0}, {**model(), "b": (np.ones(4)[::1], "name")},
                  {**model(), "b": (np.ones(8)[::2], "name")}, {**model(), "b": (np.arange(4.0), "other")},
                  {**model(), "more": 1.0}, {k: v for k, v in reversed(model().items())}, {**model(), "n": 3.0}):
        expected = repr(wb.value_and_grad(loss)(other, 2.0))
        for _ in range(3):
            assert repr(derivative(other, 2.0)) == expected
    del other["w"]
    with pytest.raises((KeyError, wb.DifferentiationError)):
        derivative(other, 2.0)


def test_a_value_with_more() -> None:
    def loss(x, a):
        return x * x, {"scaled": a * x, "a": a, "name": "n"}

    a = np.arange(3.0)
    for operator in (wb.grad, wb.value_and_grad):
        expected = repr(operator(loss, has_aux=True)(2.0, a))
        derivative = gated(operator(loss, has_aux=True), 2.0, a)
        assert repr(derivative(2.0, a)) == expected
        found = derivative(2.0, a)
        assert (found[1] if operator is wb.grad else found[0][1])["a"] is a


def test_random_numbers_are_drawn_once() -> None:
    def noisy(x, rng):
        return x * rng.normal()

    derivative = wb.grad(noisy)
    one, other = np.random.default_rng(3), np.random.default_rng(3)
    assert [derivative(2.0, one) for _ in range(6)] == [other.normal() for _ in range(6)]


def test_the_last_kind_of_argument_has_the_gate() -> None:
    derivative = gated(wb.grad(lambda x, n: x * n), 2.0, 3)
    first = derivative._gate[0]
    gated(derivative, 2.0, 3.0)
    assert derivative._gate[0] is not first
    gated(derivative, 2.0, 3)
    assert derivative._gate[0] is first


def test_the_latest_program_is_that_of_the_latest_call() -> None:
    derivative = wb.grad(lambda x, n: x * n)
    derivative(2.0, 3.0)
    gated(derivative, 2.0, 3)
    derivative.cost(2.0, 3.0)  # (what was looked at is tried first)
    derivative(2.0, 3)
    assert "n: i64" in str(derivative.ir)


def test_a_guard_that_takes_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that machine code does not know are tested behind the others."""
    monkeypatch.setattr(gating, "_place", lambda path: None)
    derivative = gated(wb.value_and_grad(uses_globals), 0.5)
    before = derivative(0.5)
    monkeypatch.setitem(globals(), "RATE", 3.0)
    assert derivative(0.5) == wb.value_and_grad(uses_globals)(0.5) != before
    assert outcome(lambda: derivative(2)) == outcome(lambda: wb.value_and_grad(uses_globals)(2))
