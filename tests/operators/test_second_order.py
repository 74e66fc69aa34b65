"""Hessians and what is read off them, in each mode and on each engine, against closed forms and the corpus' oracle."""

from __future__ import annotations

import itertools
import math
import warnings
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.corpus import PROGRAMS
from tests.corpus.oracle import expected_hvp
from tests.corpus.structure import copy_arguments, float_leaves
from tests.operators.test_jacobian import Pair, program_of, same

RNG = np.random.default_rng(8)
ENGINES = ("reference", "tape")
MODES = ("forward-over-reverse", "reverse-over-reverse", "forward-over-forward")
X, V = RNG.normal(size=3), RNG.normal(size=3)
ALL = (wb.hessian, wb.diag_hessian, wb.laplacian)


def smooth(x: Any) -> Any:
    return np.sum(x ** 6 + np.sin(2 * x)) + x[0] ** 2 * x[1] * x[2]


def smooth_hessian(x: Any) -> Any:
    h = np.diag(30 * x ** 4 - 4 * np.sin(2 * x))
    h[0, 0] += 2 * x[1] * x[2]
    h[0, 1] = h[1, 0] = 2 * x[0] * x[2]
    h[0, 2] = h[2, 0] = 2 * x[0] * x[1]
    h[1, 2] = h[2, 1] = x[0] ** 2
    return h


def fourth(x: Any) -> Any:
    """The fourth derivatives of `smooth`."""
    found = np.zeros((3, 3, 3, 3))
    for i in range(3):
        found[i, i, i, i] = 360 * x[i] ** 2 + 16 * math.sin(2 * x[i])
    for where in set(itertools.permutations((0, 0, 1, 2))):
        found[where] = 2.0
    return found


def of_pair(p: Any, c: float) -> Any:
    return p.a[0] * p.b ** 3 * c + np.sum(p.a ** 2) * p.b


def looped(x: Any, n: int) -> float:
    y = x.copy()
    s = 0.0
    for k in range(n):
        for i in range(1, len(y)):
            y[i] = y[i] + 0.3 * math.sin(y[i - 1]) * x[i] if y[i] > -1.0 else y[i] * x[k % len(x)]
        s += y[-1] * y[0]
    return s


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_vector(engine: str, mode: str) -> None:
    h = smooth_hessian(X)
    same(wb.hessian(smooth, 0, mode, engine=engine)(X), h)
    same(wb.diag_hessian(smooth, 0, mode, engine=engine)(X), np.diag(h).copy())
    same(wb.hvp(smooth, 0, mode, engine=engine)(X, V), h @ V)
    same(wb.laplacian(smooth, 0, mode, engine=engine)(X), float(np.trace(h)))
    for make in ALL:
        same(make(lambda x: (np.sum(x ** 3), "k"), 0, mode, engine=engine, has_aux=True)(X)[1], "k")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("engine", ENGINES)
def test_structures(engine: str, mode: str) -> None:
    """Of a structure a structure of structures; of several arguments a tuple of tuples."""
    a, b, c = np.array([1.0, 2.0]), 3.0, 2.0
    haa, hab, hbb = 2 * b * np.eye(2), np.array([3 * b * b * c, 0.0]) + 2 * a, float(a[0] * 6 * b * c)
    none: Any = None
    same(wb.hessian(of_pair, 0, mode, engine=engine)(Pair(a, b), c),
         Pair(Pair(haa, hab, none), Pair(hab, hbb, none), none))
    same(wb.diag_hessian(of_pair, 0, mode, engine=engine)(Pair(a, b), c), Pair(np.diag(haa).copy(), hbb, none))
    same(wb.laplacian(of_pair, 0, mode, engine=engine)(Pair(a, b), c), float(np.trace(haa) + hbb))
    same(wb.hvp(of_pair, 0, mode, engine=engine)(Pair(a, b), c, Pair(np.ones(2), 2.0)),
         Pair(haa @ np.ones(2) + 2 * hab, float(hab.sum() + 2 * hbb), none))

    def of_two(a: Any, b: float) -> Any:
        return np.sum(a ** 2) * b ** 3
    same(wb.hessian(of_two, (0, 1), mode, engine=engine)(a, b),
         ((2 * b ** 3 * np.eye(2), 6 * a * b * b), (6 * a * b * b, float(np.sum(a ** 2) * 6 * b))))
    same(wb.hvp(of_two, ("a", "b"), mode, engine=engine)(a, b, (np.ones(2), 0.0)),
         (2 * b ** 3 * np.ones(2), float(np.sum(6 * a * b * b))))


@pytest.mark.parametrize("mode", MODES)
def test_shapes_and_kinds(mode: str) -> None:
    """Sizes 0 and 1, a matrix, float32, a number."""
    def cubes(x: Any) -> Any:
        return np.sum(x ** 3)
    for engine in ENGINES:
        for x in (np.zeros(0), np.ones(1), np.full((2, 2), 2.0), np.ones((2, 0)), np.array([1, 2], np.float32)):
            h = np.diag(6 * x.reshape(-1)).reshape(x.shape * 2).astype(x.dtype)
            same(wb.hessian(cubes, 0, mode, engine=engine)(x), h)
            same(wb.diag_hessian(cubes, 0, mode, engine=engine)(x), 6 * x)
            assert wb.laplacian(cubes, 0, mode, engine=engine)(x) == 6 * x.sum()
        for make in ALL:
            assert make(lambda s: s ** 3, 0, mode, engine=engine)(2.0) == 12.0


def test_compiled_loops() -> None:
    """Compiled by Numba; one specialisation for all sizes; the primal of the gradient is done once."""
    h = 1e-5
    made = [wb.hessian(looped, 0, mode, engine="numba") for mode in MODES]
    for n in (3, 6):
        x = RNG.normal(size=n)
        g = wb.grad(looped)
        want = np.array([(g(x + h * e, 5) - g(x - h * e, 5)) / (2 * h) for e in np.eye(n)])
        for hessian in made:
            assert np.allclose(hessian(x, 5), want, 1e-6, 1e-6)
    assert all(len(hessian._specialisations) == 1 for hessian in made)
    _, after = program_of(made[0]).split("for block in")
    assert "math domain error" not in after and "for lane in" in after  # (what the primal's sine raises)
    assert np.allclose(wb.laplacian(looped, engine="numba")(x, 5), np.trace(want), 1e-6)
    assert np.allclose(wb.laplacian(looped, mode="hessian", engine="reference")(x, 5), np.trace(want), 1e-6)


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("engine", ENGINES)
def test_order_four(engine: str) -> None:
    """Nested to order 4, against closed forms."""
    def power(s: float) -> float:
        return s ** 6 + math.sin(2 * s) + math.exp(0.5 * s)
    s, t4 = 0.7, fourth(X)
    want = 360 * s * s + 16 * math.sin(2 * s) + 0.5 ** 4 * math.exp(0.5 * s)
    for f in (wb.hessian(wb.hessian(power), engine=engine), wb.laplacian(wb.laplacian(power), engine=engine),
              wb.grad(wb.hessian(wb.grad(power)), engine=engine),
              wb.jacobian(wb.jacobian(wb.jacobian(wb.jacobian(power))), engine=engine)):
        same(f(s), want)
    same(wb.hvp(wb.hessian(power), engine=engine)(s, 2.0), 2 * want)
    same(wb.hessian(wb.laplacian(smooth), engine=engine)(X), np.einsum("iijk->jk", t4))
    if engine == "reference":
        same(wb.jacobian(wb.jacobian(wb.hessian(smooth)), engine=engine)(X), t4)
        same(wb.jacobian(wb.jacobian(wb.diag_hessian(smooth)), engine=engine)(X), np.einsum("iijk->ijk", t4))
        same(wb.divergence(wb.grad(wb.laplacian(smooth)), engine=engine)(X), float(np.einsum("iijj->", t4)))


def test_hvp_takes_the_tangent_last() -> None:
    def scaled(x: Any, n: int = 2, *, c: float = 1.0) -> Any:
        return np.sum(x ** n) * c
    product = wb.hvp(scaled, engine="reference")
    same(product(X, 3, V), 6 * X * V)
    same(product(X, V), 2 * V)
    same(product(X, V, c=2.0), 4 * V)
    same(product(X, 3, v=V), 6 * X * V)
    with pytest.raises(ValueError, match="shape|dimensions"):
        product(X, np.ones(2))
    with pytest.raises(TypeError):
        product()


def test_refusals() -> None:
    for engine in ENGINES:
        for mode in MODES:
            with pytest.raises(wb.DifferentiationError, match="real float|returns"):
                wb.hessian(lambda x: x * x, 0, mode, engine=engine)(X)
            with pytest.raises(wb.DifferentiationError, match="complex"):
                wb.hessian(lambda x: np.sum(np.abs(x) ** 2), 0, mode, engine=engine)(X + 1j)
    for make in (*ALL, wb.hvp):
        with pytest.raises(ValueError, match="'forward-over-reverse'"):
            make(smooth, mode="sideways")  # type: ignore[operator]


@pytest.mark.parametrize("program", [p for p in PROGRAMS if p.oracle == "complex"][5::23], ids=lambda p: p.name)
def test_the_corpus(program: Any) -> None:
    """Hessian-vector products, and Hessians times the same tangent, against differences of complex-step gradients."""
    rng = np.random.default_rng(3)
    args = program.make_args(np.random.default_rng(3))
    direction = {path: rng.normal(size=np.shape(leaf)) for path, leaf in float_leaves(args).items()
                 if path[0] in program.positions}
    want = expected_hvp(program, 3, direction)
    made = wb.hessian(program.function, program.positions, engine="reference")(*copy_arguments(args))
    got: dict[Any, Any] = {}
    places = {path: (program.positions.index(path[0]), *path[1:]) for path in direction}
    blocks = float_leaves(made)
    for path, place in places.items():
        terms = [np.tensordot(blocks[(*place, *places[other])], direction[other], np.ndim(direction[other]))
                 for other in direction]
        got[path] = sum(terms)
    scale = max((float(np.max(np.abs(v), initial=0.0)) for v in want.values()), default=0.0)
    assert all(np.allclose(got[path], want[path], 1e-6, 1e-7 * (1 + scale)) for path in want)


def test_a_view_that_products_in_two_loops_read() -> None:
    """What a product needs stored is stored in each of the blocks that need it."""
    def grams(t: Any, m: Any) -> Any:
        return np.sum((t @ t.transpose(0, 2, 1)) ** 2) + np.sum(m)
    t, m, v = RNG.normal(size=(2, 3, 4)), RNG.normal(size=5), RNG.normal(size=(2, 3, 4))
    (htt, htm), (hmt, hmm) = wb.hessian(grams, (0, 1), MODES[0], engine="reference")(t, m)
    want = wb.hvp(grams, engine="tape")(t, m, v)
    assert np.allclose(np.tensordot(htt, v, 3), want) and not htm.any() and not hmt.any() and not hmm.any()


@pytest.mark.parametrize("engine", ("numba", "reference", "tape"))
def test_the_forward_laplacian(engine: str) -> None:
    """Carried through the program, with the structures, auxiliary results and refusals of the other modes."""
    same(wb.laplacian(smooth, 0, "forward", engine=engine)(X), wb.laplacian(smooth)(X))
    pair, c = Pair(np.array([0.3, 0.4]), 0.7), 0.5
    same(wb.laplacian(of_pair, 0, "forward", engine=engine)(pair, c), wb.laplacian(of_pair)(pair, c))
    both = wb.laplacian(lambda a, b: a ** 3 * b, ("a", "b"), "forward", engine=engine)
    assert both(2.0, b=5.0) == 60.0
    assert isinstance(both(2.0, 5.0), float)
    assert wb.laplacian(lambda x: (np.sum(x ** 3), "k"), 0, "forward", engine=engine, has_aux=True)(X)[1] == "k"
    same(wb.grad(wb.laplacian(lambda x: np.sum(x ** 4), 0, "forward"), engine=engine)(X), 24.0 * X)
    with pytest.raises(wb.DifferentiationError, match="one real float"):
        wb.laplacian(lambda x: x * x, 0, "forward", engine=engine)(X)


@pytest.mark.parametrize("mode", MODES)
def test_effects_happen_once(mode: str) -> None:
    def written(x: Any, out: Any, log: Any) -> Any:
        out += x * x
        log["calls"] = log["calls"] + 1
        return np.sum(out * x)
    for engine in ENGINES:
        for make, want in ((wb.hessian, np.diag(6 * X)), (wb.diag_hessian, 6 * X), (wb.laplacian, 6 * X.sum())):
            out, log = np.ones(3), {"calls": 0}
            assert np.allclose(make(written, 0, mode, engine=engine)(X, out, log), want)  # type: ignore[operator]
            assert np.allclose(out, 1 + X * X) and log["calls"] == 1


@pytest.mark.parametrize("operator", [wb.hessian, wb.laplacian, wb.diag_hessian])
def test_what_is_not_finite_is_said(operator) -> None:  # type: ignore[no-untyped-def]
    """As of gradients: a warning at the line, once, where the arguments are finite."""
    def roots(x):  # type: ignore[no-untyped-def]
        return np.sum(np.sqrt(x))
    with pytest.warns(RuntimeWarning, match="roots is infinite or NaN"):
        operator(roots)(np.array([0.0, 1.0]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        operator(roots)(np.array([4.0, 1.0]))
        operator(roots)(np.array([np.nan, 1.0]))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("operator", ALL)
def test_one_array_for_two_arguments(operator: Any, engine: str) -> None:
    """By the first alone where it is read, refused where it is written."""
    def read(a: Any, b: Any) -> Any:
        return np.sum(a * b * a)

    def written(a: Any, b: Any) -> Any:
        a[0] = a[1] * b[0]
        return np.sum(a * b * a)
    assert np.allclose(operator(read, engine=engine)(X, X), operator(read, engine=engine)(X, X.copy()))
    with pytest.raises(wb.DifferentiationError, match="argument") as caught:
        given = X.copy()
        operator(written, engine=engine)(given, given)
    assert ".copy()" in str(caught.value)
