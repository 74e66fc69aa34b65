"""How what NumPy makes lies in memory decides whether its reshape is a view: written so, it is right or refused."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.special

import workbench as wb
from tests.fuzz.emitted import in_python

PLACES = np.array([0, 2])
WEIGHTS = np.arange(1.0, 10.0).reshape(3, 3)


def each_order(a, n):
    for _ in range(n):
        v = a.reshape(-1)
        v[0] = v[0] * v[1] + 1.0
        a = a.T
    return np.sum(a * a * a)


def after_the_loop(a, n):
    for _ in range(n):
        a = a.T
    v = a.ravel()
    v[1] = v[1] * v[2]
    return np.sum(a * a * WEIGHTS)


def in_an_inner_loop(a, n):
    for _ in range(n):
        v = a.reshape(-1)
        v[1] = v[1] * v[0]
        for _ in range(3):
            a = a.T
    return np.sum(a * a * WEIGHTS)


def of_what_is_made(a, n):
    b = a * 2.0
    for _ in range(n):
        v = b.reshape(-1)
        v[1] = v[1] * v[0]
        b = b.T * 1.5
    return np.sum(b * b * WEIGHTS)


def in_one_arm(a, n):
    b = a.T if n > 1 and a[0, 0] > 0.0 else a
    v = b.reshape(-1)
    v[1] = v[1] * v[0]
    return np.sum(b * b * WEIGHTS) + np.sum(a[0])


def apart_at_first(a, n):
    b = a[:, 0]
    for _ in range(n):
        v = b.ravel()
        v[0] = v[1] * v[0]
        b = b * 1.0
    return np.sum(a * WEIGHTS) + np.sum(b * b)


@wb.checkpoint
def ravelled(b):
    v = b.reshape(-1)
    v[1] = v[1] * v[0]
    return np.sum(b * b * WEIGHTS)


def in_a_program_of_its_own(a, n):
    return ravelled(a.T * float(n)) + ravelled(a * 1.0)


LAYOUTS = {"rows": np.ascontiguousarray, "columns": np.asfortranarray}


def agrees(function: Callable[..., Any], x: np.ndarray, *rest: Any, engine: str = "numba",
           derivative: Any = None) -> bool:
    """False where it is refused. (Emitted programs run as the Python that they are.)"""
    a = x.copy(order="K")
    try:
        with in_python():
            value, slope = (derivative or wb.value_and_grad(function, engine=engine))(a, *rest)
    except wb.DifferentiationError:
        return False
    b = x.copy(order="K")
    assert value == pytest.approx(function(b, *rest), rel=1e-12) and np.allclose(a, b)
    for place in np.ndindex(*x.shape):
        up, down = x.copy(order="K"), x.copy(order="K")
        up[place] += 1e-6
        down[place] -= 1e-6
        assert slope[place] == pytest.approx((function(up, *rest) - function(down, *rest)) / 2e-6, rel=1e-4, abs=1e-5)
    return True


@pytest.mark.parametrize("engine", ("numba", "tape"))
@pytest.mark.parametrize("layout", ("rows", "columns"))
@pytest.mark.parametrize("function", [each_order, after_the_loop, in_an_inner_loop, of_what_is_made, in_one_arm,
                                      apart_at_first, in_a_program_of_its_own])
def test_arrays_that_lie_otherwise_in_later_iterations(function: Callable[..., Any], layout: str, engine: str) -> None:
    x = LAYOUTS[layout](np.random.default_rng().normal(size=(3, 3)))
    derivative = wb.value_and_grad(function, engine=engine)
    done = [agrees(function, x, n, engine=engine, derivative=derivative) for n in (0, 1, 2, 3)]
    assert engine == "numba" or all(done)


MADE: dict[str, Callable[[Any, Any], Any]] = {
    "columns": lambda a, s: a[:, [0, 2]],
    "take": lambda a, s: np.take(a, PLACES, axis=1),
    "rows": lambda a, s: a[PLACES],
    "solve": lambda a, s: np.linalg.solve(s, a),
    "inv": lambda a, s: np.linalg.inv(s),
    "cholesky": lambda a, s: scipy.linalg.cholesky(s @ s.T),
    "lower": lambda a, s: scipy.linalg.cholesky(s @ s.T, lower=True),
    "triangular": lambda a, s: scipy.linalg.solve_triangular(s, a),
    "cho_solve": lambda a, s: scipy.linalg.cho_solve((scipy.linalg.cholesky(s @ s.T), False), a),
    "expm": lambda a, s: scipy.linalg.expm(0.1 * s),
    "einsum": lambda a, s: np.einsum("ij,jk->ki", a, s),
    "einsum_t": lambda a, s: np.einsum("ij,ij->ji", a, s),
    "fft": lambda a, s: np.real(np.fft.fft(a, axis=1)),
    "vander": lambda a, s: np.vander(a[0]),
    "copy_f": lambda a, s: a.copy(order="F"),
    "copy_k": lambda a, s: a.T.copy("K"),
    "copy_t": lambda a, s: a.T.copy(),
    "np_copy": lambda a, s: np.copy(a.T),
    "array": lambda a, s: np.array(a.T),
    "array_f": lambda a, s: np.array(a, order="F"),
    "asfortran": lambda a, s: np.asfortranarray(a),
    "astype": lambda a, s: a.T.astype(np.float64),
    "astype_c": lambda a, s: a.T.astype(np.float64, order="C"),
    "product": lambda a, s: a.T * s.T,
    "mixed": lambda a, s: a.T * s,
    "zeros_like": lambda a, s: np.zeros_like(a.T) + a,
    "tensordot": lambda a, s: np.tensordot(a, s, axes=([1], [1])),
    "matmul": lambda a, s: a.T @ s,
    "sort": lambda a, s: np.sort(a, axis=0),
    "roll": lambda a, s: np.roll(a, 1, axis=1),
    "rot90": lambda a, s: np.rot90(a) * 1.0,
    "stack": lambda a, s: np.stack([a[0], s[0]], axis=1),
    "outer": lambda a, s: np.outer(a[0], s[0]),
    "broadcast": lambda a, s: a[0][:, None] * np.ones((1, 3)),
    "middle": lambda a, s: np.sum(a[:, :, None] * s[:, None, :], axis=1),
    "gradient": lambda a, s: np.gradient(a)[0],
    "softmax": lambda a, s: scipy.special.softmax(a, axis=0),
}


@pytest.mark.parametrize("engine", ("numba", "tape"))
@pytest.mark.parametrize("name", MADE)
def test_writes_through_reshapes_of_what_numpy_makes(name: str, engine: str) -> None:
    make = MADE[name]

    def function(a, s):
        m = make(a, s)
        r = m.reshape(-1)
        r[1] = r[0] * 2.0 + s[0, 1]
        q = m.ravel()
        q[2] = q[1] * s[1, 1]
        return np.sum(m * np.arange(1.0, 1.0 + m.size).reshape(m.shape)) + r[1] * q[2]
    rng = np.random.default_rng()
    done = agrees(function, rng.normal(size=(3, 3)), rng.normal(size=(3, 3)) + 4.0 * np.eye(3), engine=engine)
    unknown = () if engine == "tape" else ("cholesky", "lower", "triangular", "cho_solve", "expm")
    must = name not in ("fft", *unknown)
    assert done or not must


def writes_part(a):
    z = a + 1j * a * a
    m = z.real
    m[0] = 3.0 * a[1]
    return np.sum(np.abs(z) ** 2)


def part_sees_write(a):
    z = a + 1j * a * a
    m = np.imag(z)
    z[0] = a[1] * 2j
    return np.sum(m * m)


def real_part_sees_write(a):
    z = a + 1j * a * a
    m = np.real(z)
    z[0] = a[1] * 2.0
    return np.sum(m * m)


def part_seen_in_a_loop(a):
    z = a + 1j * a * a
    m = z.imag
    total = 0.0
    for k in range(3):
        total += m[0] * a[k]
        z[0] = a[k] * 1j
    return total


def part_taken_again(a):
    z = a + 1j * a * a
    total = 0.0
    for k in range(4):
        total += np.sum(z.imag * z.real)
        z[k] = a[k] * 2.0 + 1j
    return total


def real_of_real(a):
    m = np.real(a)
    m[0] = a[1] * 2.0
    return np.sum(a * a) + np.sum(np.imag(a))


@pytest.mark.parametrize("engine", ("numba", "tape"))
@pytest.mark.parametrize("function", [writes_part, part_sees_write, real_part_sees_write, part_seen_in_a_loop,
                                      part_taken_again, real_of_real])
def test_parts_of_complex_arrays_are_views(function: Callable[[Any], Any], engine: str) -> None:
    done = agrees(function, np.random.default_rng().normal(size=4), engine=engine)
    assert done or function not in (part_taken_again, real_of_real)


def ravelled_reversed(a):
    np.flip(a, 0).ravel()[0] = 0.5 * a[0]
    a[::-1].reshape(2, -1)[1] *= a[1]
    return np.sum(a * a)


@pytest.mark.parametrize("engine", ("numba", "tape"))
def test_reversed_views_of_what_is_passed_reversed_lie_in_order(engine: str) -> None:
    """Right, or refused: the compiler and the tape may know such arrays less well than others."""
    x = np.random.default_rng().normal(size=8)
    for a, b in zip((x.copy()[::-1], x.copy()[::2], x.copy()), (x.copy()[::-1], x.copy()[::2], x.copy()), strict=True):
        try:
            value = wb.value_and_grad(ravelled_reversed, engine=engine)(a)[0]
        except wb.DifferentiationError:
            assert a.strides[0] != a.itemsize
            continue
        assert value == pytest.approx(ravelled_reversed(b)) and np.allclose(a, b)


CHOSEN: dict[str, Callable[[Any], Any]] = {
    "broadcast": lambda v: np.broadcast_to(v, (2, 4)), "diagonal": lambda v: np.diagonal(v.reshape(2, 2))}


@pytest.mark.parametrize("name", CHOSEN)
def test_views_of_one_of_two_arrays_see_writes(name: str) -> None:
    make = CHOSEN[name]

    def function(a):
        v = a[::-1] if a[0] > 0.0 else a
        w = make(v)
        a += 0.5 * a[0]
        return np.sum(w * w)
    assert agrees(function, np.array([0.3, 0.2, 0.7, 0.4]), engine="tape")
    agrees(function, np.array([0.3, 0.2, 0.7, 0.4]))


def test_a_strided_argument_made_contiguous_is_a_copy_on_the_tape() -> None:
    def f(b):
        w = np.ascontiguousarray(b)
        b[2] = 0.5
        return np.dot(w, w[::1])
    for x in (np.array([0.3, 0.2, 0.1]), np.array([0.3, 0.2, 0.1])[::-1]):
        value, gradient = wb.value_and_grad(f, engine="tape")(np.copy(x) if x.flags.c_contiguous else x)
        shared = x.flags.c_contiguous
        given = np.array([0.3, 0.2, 0.1]) if shared else np.array([0.1, 0.2, 0.3])
        given[2] = 0.5 if shared else given[2]
        assert value == pytest.approx(np.dot(given, given))
        np.testing.assert_allclose(gradient, 2.0 * given * ([1.0, 1.0, 0.0] if shared else 1.0))
