"""`wb.jacobian` in each mode and on each engine, against closed forms and differences of the plain function."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.corpus import PROGRAMS
from tests.corpus.oracle import ridders
from tests.corpus.structure import copy_arguments, float_leaves
from workbench.operators import Derivative

RNG = np.random.default_rng(5)
ENGINES = ("reference", "tape")
MODES = ("forward", "reverse")
A, X = RNG.normal(size=(4, 3)), RNG.normal(size=3)
Z = np.array([1 + 2j, 3 - 1j])


@dataclass
class Pair:
    """An array, a number, and an integer that has no derivative."""

    a: Any
    b: Any
    n: int = 3


def recurrence(x: Any, n: int) -> Any:
    y = np.zeros(len(x))
    for _ in range(n):
        for i in range(len(x)):
            y[i] += math.sin(x[i]) * y[i - 1] + x[i] if y[i] < 2.0 else 0.5 * x[i]
    return y


def differences(f: Any, x: Any) -> Any:
    """The Jacobian of a vector function by extrapolated differences."""
    size = len(f(x))
    return np.array([[ridders(lambda h, i=i, e=e: float(f(x + h * e)[i]))[0] for e in np.eye(len(x))]  # type: ignore[misc]
                     for i in range(size)])


def same(got: Any, want: Any, tolerance: float = 1e-12) -> None:
    """Two structures have the same types, shapes, dtypes and (nearly) numbers."""
    assert isinstance(got, type(want)) or isinstance(want, float) and isinstance(got, float), (type(got), type(want))
    if isinstance(want, (tuple, list)):
        assert len(got) == len(want)
        for a, b in zip(got, want, strict=True):
            same(a, b, tolerance)
    elif isinstance(want, dict):
        assert list(got) == list(want)
        for key in want:
            same(got[key], want[key], tolerance)
    elif isinstance(want, Pair):
        same(vars(got), vars(want), tolerance)
    elif isinstance(want, np.ndarray):
        assert got.dtype == want.dtype and got.shape == want.shape
        assert np.allclose(got, want, tolerance, tolerance)
    elif want is None or isinstance(want, str):
        assert got == want
    else:
        assert abs(got - want) <= tolerance * max(1.0, abs(want))


def square(x: Any) -> Any:
    return x * x


CASES: list[tuple[str, Any, Any, tuple[Any, ...], Any, dict[str, Any]]] = [
    ("linear", lambda x: A @ x, 0, (X,), A, {}),
    ("of a matrix", lambda a, x: a @ x, 0, (A, X), np.einsum("ik,j->ikj", np.eye(4), X), {}),
    ("several", lambda a, x: a @ x, (0, "x"), (A, X), (np.einsum("ik,j->ikj", np.eye(4), X), A), {}),
    ("number to number", square, 0, (3.0,), 6.0, {}),
    ("number to vector", lambda s: np.array([s, s * s]), 0, (3.0,), np.array([1.0, 6.0]), {}),
    ("vector to number", lambda x: np.sum(x * x), 0, (X,), 2 * X, {}),
    ("float32", square, 0, (X.astype(np.float32),), np.diag(2 * X.astype(np.float32)), {}),
    ("NumPy float32", square, 0, (np.float32(3),), np.float32(6), {}),
    ("no numbers", square, 0, (np.zeros(0),), np.zeros((0, 0)), {}),
    ("by no numbers", lambda x: np.array([np.sum(x), 1.0]), 0, (np.zeros(0),), np.zeros((2, 0)), {}),
    ("one number", square, 0, (np.ones(1),), np.array([[2.0]]), {}),
    ("matrix of one", lambda x: x @ x, 0, (np.full((1, 1), 3.0),), np.full((1, 1, 1, 1), 6.0), {}),
    ("structures", lambda p: {"u": p.a * p.b, "v": (p.b, 3)}, 0, (Pair(X, 2.0),),
     {"u": Pair(2 * np.eye(3), X, None), "v": (Pair(np.zeros(3), 1.0, None), None)}, {}),  # type: ignore[arg-type]
    ("several numbers in a list", lambda v: v[0] * v[1] + v[2] * v[3], 0, ([1.0, 2.0, 3.0, 4.0],),
     [2.0, 1.0, 4.0, 3.0], {}),
    ("numbers to a vector", lambda v: np.array([v[0] * v[1], v[2]]), 0, ([1.0, 2.0, 3.0],),
     [np.array([2.0, 0.0]), np.array([1.0, 0.0]), np.array([0.0, 1.0])], {}),
    ("numbers to numbers", lambda a, b, c: (a * b, b * c, c * a), (0, 1, 2), (1.0, 2.0, 3.0),
     ((2.0, 1.0, 0.0), (0.0, 3.0, 2.0), (3.0, 0.0, 1.0)), {}),
    ("independent", lambda x: (x, 1.0), 0, (X,), (np.eye(3), np.zeros(3)), {}),
    ("anything beside", lambda x: (x * x, {"k": "name", "s": x.sum()}), 0, (X,),
     (np.diag(2 * X), {"k": "name", "s": float(X.sum())}), {"has_aux": True}),
    ("holomorphic", square, 0, (Z,), np.diag(2 * Z), {"holomorphic": True}),
    ("holomorphic number", square, 0, (1 + 2j,), 2 + 4j, {"holomorphic": True}),
    ("real of complex", lambda z: np.abs(z) ** 2, 0, (Z,), np.diag(2 * Z), {}),
    ("complex of real", lambda x: np.exp(1j * x), 0, (X,), np.diag(1j * np.exp(1j * X)), {}),
    ("ties", lambda x: np.maximum(x, 0.0), 0, (np.array([1.0, 0.0, -1.0]),), np.diag([1.0, 0.5, 0.0]), {}),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_closed_forms(case: Any, mode: str) -> None:
    """Shapes, kinds and structures are those of the contract, in each mode, compiled or recorded."""
    _, f, wrt, args, want, more = case
    for engine in ENGINES:
        same(wb.jacobian(f, wrt, mode, engine=engine, **more)(*args), want, 1e-6 if "float32" in case[0] else 1e-12)


def test_loops_with_mutation_compiled() -> None:
    """One specialisation serves all sizes but 1; both modes agree with differences of plain Python."""
    for mode in MODES:
        derivative = wb.jacobian(recurrence, mode=mode, engine="numba")
        for n in (2, 5, 70):
            x = RNG.normal(size=n)
            got = derivative(x, 4)
            if n == 5:
                assert np.allclose(got, differences(lambda x: recurrence(x, 4), x), 1e-7, 1e-7)
            v, h = RNG.normal(size=n), 1e-6
            along = (recurrence(x + h * v, 4) - recurrence(x - h * v, 4)) / (2 * h)
            assert np.allclose(got @ v, along, 1e-5, 1e-5)
        assert len(derivative._specialisations) == 1
        assert derivative(np.empty(0), 0).shape == (0, 0)


def program_of(derivative: Any) -> str:
    """The emitted program without its comments."""
    return "\n".join(line for line in derivative.source.split("\n") if not line.lstrip().startswith("#"))


def test_the_program_runs_once() -> None:
    """The loop over directions has no sine in it, and its innermost loop is one over directions."""
    derivative = wb.jacobian(recurrence, mode="forward", engine="numba")
    derivative(X, 3)
    before, after = program_of(derivative).split("for block in")
    assert "math.sin" in before and "math.sin" not in after and "for lane in" in after
    assert derivative.__name__ == "recurrence" and repr(derivative) == "<Jacobian of recurrence>"
    assert derivative.ir.name == "recurrence"


def test_effects_happen_once() -> None:
    def written(x: Any, out: Any, log: Any) -> Any:
        out[:] += x * x
        log["calls"] = log["calls"] + 1
        return out * x
    for engine in ("numba", "tape"):
        for mode in MODES:
            out, log = np.ones(3), {"calls": 0}
            same(wb.jacobian(written, 0, mode, engine=engine)(X, out, log), np.diag(3 * X * X + 1))
            assert np.allclose(out, 1 + X * X) and log["calls"] == 1


def test_inside_a_program_the_mode_is_chosen_by_sizes() -> None:
    """Forward where no more numbers go in than come out, as far as that is known when the program is made."""
    def few(x: Any) -> Any:
        return wb.jacobian(lambda y: y[:2] * y[-2:])(x)

    def many(x: Any) -> Any:
        return wb.jacobian(lambda y: np.outer(y, y))(x)

    def one(x: Any) -> Any:
        return wb.jacobian(lambda y: np.sum(y * y))(x)
    for f, is_reverse in ((few, True), (many, False), (one, True)):
        whole = Derivative(f, "value", engine="reference")
        whole(np.ones(7))
        assert ("_bar" in str(whole.ir)) == is_reverse


def test_refusals() -> None:
    for engine in ("numba", "tape"):
        for f, args, more, reason in (
                (square, (Z,), {}, "complex function"), (square, (X,), {"holomorphic": True}, "holomorphic"),
                (lambda x: 3, (X,), {}, "no float"), (square, (3,), {}, "no derivative|holds no float")):
            with pytest.raises(wb.DifferentiationError, match=reason):
                wb.jacobian(f, engine=engine, **more)(*args)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'auto', 'forward', 'reverse'"):
        wb.jacobian(square, mode="sparse")
    with pytest.raises(wb.DifferentiationError, match="no parameter"):
        wb.jacobian(square, "y")


@pytest.mark.parametrize("program", PROGRAMS[::17], ids=lambda p: p.name)
def test_the_jacobian_of_a_number_is_its_gradient(program: Any) -> None:
    args = program.make_args(np.random.default_rng(3))
    want = float_leaves(wb.grad(program.function, program.wrt, engine="reference")(*copy_arguments(args)))
    for mode in MODES:
        got = float_leaves(wb.jacobian(program.function, program.wrt, mode, engine="reference")(*copy_arguments(args)))
        assert got.keys() == want.keys()
        assert all(np.allclose(got[key], want[key], 1e-10, 1e-10) for key in want)
