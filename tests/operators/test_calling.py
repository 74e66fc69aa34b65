"""Between Python and compiled code: structures, kinds of numbers, layouts, written arguments, signatures, threads."""
from __future__ import annotations

import copy
import functools
import pickle
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python
from workbench.frontend import library
from workbench.operators.mapping import Mapped

RNG = np.random.default_rng(10)


def squares(a):
    return np.sum(a * a)


def weighted(a):
    s = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            s += (i + 2.0 * j) * a[i, j] ** 2
    return s


# ------------------------------------------------------------------ structures
class Pair(NamedTuple):
    left: float
    right: np.ndarray


@dataclass
class Model:
    rate: float
    pair: Pair
    layers: list
    options: dict
    name: str = "model"
    made: int = field(default=0)

    def __post_init__(self) -> None:
        if self.made:
            raise RuntimeError("made anew")
        self.made = 1


class Slotted:
    __slots__ = ("factor", "shift")

    def __init__(self, factor, shift):
        self.factor, self.shift = factor, shift


def model() -> Model:
    return Model(1.5, Pair(2.0, np.array([1.0, 3.0])), [np.array([0.5]), (2.0, 3)], {"gain": 4.0, "on": True})


def predict(m):
    y = m.rate * m.pair.left + np.sum(m.pair.right ** 2) * m.options["gain"]
    return y + m.layers[0][0] * m.layers[1][0] * m.layers[1][1]


def test_a_gradient_has_the_structure_of_its_argument() -> None:
    value, slope = wb.value_and_grad(predict)(model())
    assert value == pytest.approx(predict(model()), rel=1e-14)
    assert type(slope) is Model and type(slope.pair) is Pair and type(slope.layers) is list
    assert type(slope.layers[1]) is tuple and type(slope.options) is dict
    assert slope.name is None and slope.made is None and slope.options["on"] is None and slope.layers[1][1] is None
    assert (slope.rate, slope.pair.left, slope.options["gain"], slope.layers[1][0]) == (2.0, 1.5, 10.0, 1.5)
    assert slope.pair.right.tolist() == [8.0, 24.0] and slope.layers[0].tolist() == [6.0]


def test_leaves_that_are_not_read_get_zeros() -> None:
    slope = wb.grad(lambda m: m.rate * 2.0)(model())
    assert slope.rate == 2.0 and slope.pair.left == 0.0 and slope.pair.right.tolist() == [0.0, 0.0]


def test_objects_with_slots() -> None:
    slope = wb.grad(lambda s, x: s.factor * x + s.shift)(Slotted(2.0, 3.0), 5.0)
    assert type(slope) is Slotted and (slope.factor, slope.shift) == (5.0, 1.0)


def test_structures_as_results() -> None:
    def apart(a, x):
        return {"sum": np.sum(a), "pair": Pair(x * x, a * x), "name": "r", "list": [x, (a,)]}

    a = np.array([1.0, 2.0])
    value, pullback = wb.vjp(apart, a, 3.0)
    assert type(value["pair"]) is Pair and value["pair"].left == 9.0 and value["name"] == "r"
    assert value["pair"].right.tolist() == [3.0, 6.0] and value["list"][1][0].tolist() == [1.0, 2.0]
    cotangent = {"sum": 1.0, "pair": Pair(10.0, np.array([1.0, -1.0])), "name": None,
                 "list": [0.5, (np.array([2.0, 0.0]),)]}
    for _ in range(2):  # a pullback may be called repeatedly
        slope_a, slope_x = pullback(cotangent)
        assert slope_a.tolist() == [1.0 + 3.0 + 2.0, 1.0 - 3.0] and slope_x == 60.0 + (1.0 - 2.0) + 0.5
    _, tangent = wb.jvp(apart, (a, 3.0), (np.array([1.0, 0.0]), 1.0))
    assert type(tangent["pair"]) is Pair and tangent["pair"].left == 6.0 and tangent["name"] is None
    assert tangent["pair"].right.tolist() == [1.0 + 3.0, 2.0]


def test_a_tangent_of_another_shape_or_structure_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        wb.jvp(squares, (np.ones(3),), (np.ones(4),))
    with pytest.raises(ValueError, match="dimensions"):
        wb.jvp(squares, (np.ones(3),), (np.ones((3, 1)),))
    with pytest.raises(TypeError, match="1 arguments and 2 tangents"):
        wb.jvp(squares, (np.ones(3),), (np.ones(3), 1.0))
    _, pullback = wb.vjp(lambda a: a * 2.0, np.ones(3))
    with pytest.raises(ValueError, match="shape"):
        pullback(np.ones(2))


# ------------------------------------------------------------------ kinds
@pytest.mark.parametrize("x", [1.5, np.float64(1.5), np.float32(1.5)], ids=repr)
def test_scalars_keep_their_kind(x: Any) -> None:
    def cube(x):
        return x * x * x

    value, slope = wb.value_and_grad(cube)(x)
    assert type(value) is type(slope) is type(x)
    assert (value, slope) == (3.375, 6.75)
    value, tangent = wb.jvp(cube, (x,), (2.0,))
    assert type(value) is type(tangent) is type(x) and tangent == 13.5


def test_float32_arrays_stay_float32_with_python_numbers_among_them() -> None:
    def f(a, x):
        return np.sum(a * x + a ** 2 / 3.0 - 1)

    a = RNG.normal(size=5).astype(np.float32)
    value, (slope, slope_x) = wb.value_and_grad(f, (0, 1))(a, 2.0)
    assert value.dtype == slope.dtype == np.float32 and type(slope_x) is float
    np.testing.assert_allclose(slope, 2.0 + a.astype(float) * 2.0 / 3.0, rtol=1e-6)
    assert slope_x == pytest.approx(float(np.sum(a.astype(float))), rel=1e-5)


def test_int32_arrays_as_indices() -> None:
    def gather(a, i):
        return np.sum(a[i] * a[i[0]])

    a, i = RNG.normal(size=4), np.array([1, 3, 1], np.int32)
    value, slope = wb.value_and_grad(gather)(a, i)
    assert value == pytest.approx(gather(a, i), rel=1e-14)
    expected = np.zeros(4)
    np.add.at(expected, i, a[1])
    expected[1] += np.sum(a[i])
    np.testing.assert_allclose(slope, expected, rtol=1e-13)
    assert i.dtype == np.int32


# ------------------------------------------------------------------ layouts
MATRIX = RNG.normal(size=(4, 6))


@pytest.mark.parametrize("view", [MATRIX[::2, 1:], MATRIX.T, np.asfortranarray(MATRIX), MATRIX[::-1, ::-2], MATRIX[1:2],
                                  MATRIX[:, :0], np.broadcast_to(MATRIX[0], (3, 6))],
                         ids=["strided", "transposed", "fortran", "reversed", "one row", "empty", "read-only"])
def test_any_layout(view: np.ndarray) -> None:
    before = view.copy()
    value, slope = wb.value_and_grad(weighted)(view)
    weights = np.arange(view.shape[0])[:, None] + 2.0 * np.arange(view.shape[1])
    assert value == pytest.approx(np.sum(weights * view ** 2), rel=1e-13)
    np.testing.assert_allclose(slope, 2.0 * weights * view, rtol=1e-14)
    assert slope.flags.c_contiguous and slope.flags.writeable
    np.testing.assert_array_equal(view, before)


def test_unaligned_and_byte_swapped_arrays() -> None:
    raw = np.zeros(8 * 3 + 1, np.uint8)
    unaligned = raw[1:].view(np.float64)
    unaligned[:] = [1.0, 2.0, 3.0]
    assert not unaligned.flags.aligned
    assert wb.grad(squares)(unaligned).tolist() == [2.0, 4.0, 6.0]


# ------------------------------------------------------------------ written arguments
def doubles(a, limit):
    for i in range(len(a)):
        a[i] = a[i] * 2.0
        if a[i] > limit:
            raise ValueError("too large")
    return np.sum(a * a)


@pytest.mark.parametrize("show", [lambda x: x, lambda x: x[::2], lambda x: x[::-1]],
                         ids=["contiguous", "strided", "reversed"])
def test_written_arguments_are_written_back(show: Any) -> None:
    base = np.arange(1.0, 7.0)
    ours, theirs = base.copy(), base.copy()
    expected = doubles(show(theirs), 1e3)
    value, slope = wb.value_and_grad(doubles)(show(ours), 1e3)
    assert value == expected and ours.tolist() == theirs.tolist()
    np.testing.assert_allclose(slope, 8.0 * show(base), rtol=1e-15)


@pytest.mark.parametrize("show", [lambda x: x, lambda x: x[::2], lambda x: x[::-1]],
                         ids=["contiguous", "strided", "reversed"])
def test_written_arguments_are_written_back_when_the_program_raises(show: Any) -> None:
    ours, theirs = np.arange(1.0, 7.0), np.arange(1.0, 7.0)
    with pytest.raises(ValueError, match="too large"):
        doubles(show(theirs), 5.0)
    with pytest.raises(ValueError, match="too large"):
        wb.value_and_grad(doubles)(show(ours), 5.0)
    assert ours.tolist() == theirs.tolist() != np.arange(1.0, 7.0).tolist()


def test_an_index_error_comes_after_the_writes_before_it() -> None:
    def runs_over(a):
        for i in range(len(a) + 1):
            a[i] = 2.0 * i
        return np.sum(a)

    for show in (lambda x: x, lambda x: x[::2]):
        ours, theirs = np.ones(4), np.ones(4)
        with pytest.raises(IndexError):
            runs_over(show(theirs))
        with pytest.raises(IndexError):
            wb.grad(runs_over)(show(ours))
        assert ours.tolist() == theirs.tolist()


def test_a_read_only_argument_that_is_written_raises_as_numpy_does() -> None:
    frozen = np.ones(3)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        wb.grad(doubles)(frozen, 10.0)


def test_attributes_and_entries_are_written_once() -> None:
    def counts(state, x):
        state["calls"] = state["calls"] + 1.0
        state["last"] = x * x
        return x * state["calls"]

    state = {"calls": 0.0, "last": 0.0}
    derivative = wb.grad(counts, "x")
    assert [derivative(state, 3.0), derivative(state, 4.0)] == [1.0, 2.0]
    assert state == {"calls": 2.0, "last": 16.0}


# ------------------------------------------------------------------ signatures
def everything(x, y=2.0, *rest, scale=1.0, shift):
    total = x * y * scale + shift
    for r in rest:
        total = total + r * r * x
    return total


@pytest.mark.parametrize("args, named, slope", [
    ((3.0,), {"shift": 0.0}, 2.0), ((3.0, 5.0), {"shift": 1.0}, 5.0), ((3.0, 5.0, 2.0, 1.0), {"shift": 1.0}, 10.0),
    ((), {"shift": 0.0, "x": 3.0}, 2.0), ((3.0,), {"shift": 0.0, "scale": 4.0, "y": 0.5}, 2.0),
])
def test_keywords_defaults_and_variadic(args: tuple, named: dict, slope: float) -> None:
    value, found = wb.value_and_grad(everything)(*args, **named)
    assert (value, found) == (everything(*args, **named), slope)


def test_wrt_by_name_and_position_and_several() -> None:
    assert wb.grad(everything, "y")(3.0, shift=0.0) == 3.0
    assert wb.grad(everything, ("y", 0))(3.0, 5.0, shift=0.0) == (3.0, 5.0)
    assert wb.grad(everything, 2)(3.0, 5.0, 7.0, shift=0.0) == 42.0
    assert wb.grad(everything, ("shift", "scale"))(3.0, 5.0, scale=2.0, shift=0.0) == (1.0, 15.0)
    assert wb.grad(everything, "scale")(3.0, 5.0, 7.0, 8.0, scale=2.0, shift=0.0) == 15.0
    with pytest.raises(wb.DifferentiationError, match="'rest' collects arguments"):
        wb.grad(everything, "rest")


def test_wrong_arguments_raise_as_the_function_does() -> None:
    for args, named in (((), {}), ((1.0,), {}), ((1.0,), {"shift": 1.0, "other": 2.0}),
                        ((1.0,), {"x": 1.0, "shift": 1.0})):
        with pytest.raises(TypeError):
            everything(*args, **named)
        with pytest.raises(TypeError):
            wb.grad(everything)(*args, **named)
    with pytest.raises(wb.DifferentiationError, match="no parameter named 'z'"):
        wb.grad(everything, "z")


class Cell:
    """A model with a method, and callable."""

    def __init__(self, k):
        self.k = k

    def method(self, x, y):
        return self.k * x * x * y

    def __call__(self, x):
        return self.k * x ** 3

    @staticmethod
    def plain(x):
        return x * x


def test_methods_and_callable_objects() -> None:
    cell = Cell(2.0)
    assert wb.grad(cell.method)(3.0, 5.0) == 60.0
    assert wb.grad(cell.method, 1)(3.0, 5.0) == 18.0 and wb.grad(cell.method, "y")(3.0, y=5.0) == 18.0
    assert wb.grad(Cell.plain)(3.0) == 6.0
    assert wb.grad(cell)(3.0) == 54.0
    assert wb.value_and_grad(cell)(x=2.0) == (16.0, 24.0)
    slope = wb.grad(cell.method)
    slope(3.0, 5.0)
    cell.k = 4.0
    assert slope(3.0, 5.0) == 120.0


def test_names_and_documentation_are_kept() -> None:
    derivative = wb.grad(Cell(1.0).method)
    assert derivative.__name__ == "method" and "gradient of method" in repr(derivative)


def test_has_aux() -> None:
    def f(x, a):
        return x * np.sum(a), {"twice": a * 2.0, "x": x, "note": "kept", "count": 3}

    a = np.array([1.0, 2.0])
    slope, extra = wb.grad(f, has_aux=True)(2.0, a)
    assert slope == 3.0
    assert extra["twice"].tolist() == [2.0, 4.0] and (extra["x"], extra["note"], extra["count"]) == (2.0, "kept", 3)
    (value, extra), slope = wb.value_and_grad(f, 1, has_aux=True)(2.0, a)
    assert value == 6.0 and slope.tolist() == [2.0, 2.0] and extra["note"] == "kept"
    with pytest.raises(wb.DifferentiationError, match="has_aux"):
        wb.grad(squares, has_aux=True)(a)


# ------------------------------------------------------------------ threads
def test_several_threads_share_one_derivative() -> None:
    derivative = wb.value_and_grad(weighted)
    wrong: list[Any] = []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for round_ in range(15):
            # new sizes, kinds and layouts: some calls compile while others run
            a = rng.normal(size=(2 + (seed + round_) % 3, 1 + seed % 2)).astype([np.float64, np.float32][seed // 2 % 2])
            weights = np.arange(a.shape[0])[:, None] + 2.0 * np.arange(a.shape[1])
            _, slope = derivative(a)
            if slope.dtype != a.dtype or not np.allclose(slope, 2.0 * weights * a, rtol=1e-5):
                wrong.append((seed, slope))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_what_several_threads_call_first_is_made_once() -> None:
    derivative, together = wb.grad(squares), threading.Barrier(4)

    def work() -> None:
        together.wait(30.0)
        derivative(np.ones(3))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(derivative._specialisations) == 1


def met_by_the_evaluator(x, n):
    return x * n.bit_length() if n > 3 else x * 2.0


def raised_by_the_program(x, n):
    return x * n.no_such_thing() if n > 3 else x * 2.0


def test_an_exception_that_the_evaluator_met_is_confirmed_by_python(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(t: Any, owner: Any, name: str) -> Any:
        raise AttributeError(f"a number has no attribute {name!r}")
    monkeypatch.setattr(library, "number_attribute", unknown)
    with in_python():
        assert wb.grad(raised_by_the_program, engine="numba")(1.5, 2) == 2.0
        with pytest.raises(AttributeError, match="'int' object has no attribute 'no_such_thing'"):
            wb.grad(raised_by_the_program, engine="numba")(1.5, 5)
        gradient = wb.grad(met_by_the_evaluator, engine="numba")
        for _ in range(2):
            assert gradient(1.5, 2) == 2.0
            with pytest.raises(wb.DifferentiationError, match="raises AttributeError .* which Python does not"):
                gradient(1.5, 5)
        with pytest.warns(UserWarning, match="runs on the tape"):
            assert wb.grad(met_by_the_evaluator)(1.5, 5) == 3.0


# ------------------------------------------------------------------ copies, other processes
def cubed(x: Any, k: float = 1.0) -> Any:
    return k * x * x * x


@wb.grad
def decorated(x: Any) -> Any:
    return x * x * x


class Scaled:
    def __init__(self, k: float) -> None:
        self.k = k

    def cubed(self, x: Any) -> Any:
        return self.k * x * x * x


OPERATORS = [wb.grad(cubed), wb.value_and_grad(cubed, ("x", "k")), wb.grad(cubed, engine="tape"), decorated,
             wb.grad(functools.partial(cubed, k=2.0)), wb.hessian(cubed), wb.vmap(wb.grad(cubed), in_axes=(0, None)),
             wb.grad(wb.grad(cubed)), wb.grad(Scaled(3.0).cubed)]


@pytest.mark.parametrize("operator", OPERATORS, ids=range(len(OPERATORS)))
def test_copies_and_what_another_process_is_sent(operator: Any) -> None:
    args = (np.ones(3), 1.0) if isinstance(operator, Mapped) else (2.0,)
    for _ in range(4):  # (a call behind a gate, too)
        want = operator(*args)
        for made in (copy.copy(operator), copy.deepcopy(operator), pickle.loads(pickle.dumps(operator))):
            assert type(made) is type(operator) and repr(made) == repr(operator)
            assert repr(made(*args)) == repr(want)
    assert pickle.loads(pickle.dumps(decorated)) is decorated


def test_names_of_what_is_no_function() -> None:
    class Cubed:
        def __call__(self, x: Any) -> Any:
            return x * x * x
    part = functools.partial(functools.partial(cubed), k=2.0)
    assert [repr(operator(f)) for operator in (wb.grad, wb.hessian, wb.vmap) for f in (part, Cubed())] == [
        "<gradient of cubed>", "<gradient of Cubed>", "<Hessian of cubed>", "<Hessian of Cubed>", "<cubed, mapped>",
        "<Cubed, mapped>"]


def test_a_derivative_of_a_copied_object_is_the_copys() -> None:
    slope = wb.grad(Scaled(3.0).cubed)
    assert [slope(1.0) for _ in range(3)] == [9.0] * 3
    other = copy.deepcopy(slope)
    slope.function.__self__.k = 5.0
    assert (slope(1.0), other(1.0)) == (15.0, 9.0)


def test_another_process_is_sent_a_derivative() -> None:
    code = "import pickle, sys; print(pickle.load(sys.stdin.buffer)(2.0, 3.0))"
    done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(wb.grad(cubed)), capture_output=True,
                          check=False)
    assert done.stdout.decode().strip() == "36.0", done.stderr.decode()
