"""Taylor mode against mpmath's series, nested forward mode, and itself on other engines."""
from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest

import workbench as wb
from tests.corpus import PROGRAMS
from tests.transforms.of_vectors import kernels, loops

RNG = np.random.default_rng(11)


def derivatives(function: Any, x: Any, order: int, engine: str = "reference") -> list[Any]:
    """The derivatives of a function of one number."""
    return [*wb.taylor(function, (x,), ((1.0, *[0.0] * (order - 1)),), engine=engine)[1]]


def nested(function: Any, primals: tuple[Any, ...], series: Any, order: int) -> list[Any]:
    """The same by forward mode nested in forward mode, along the path."""
    def along(t: Any) -> Any:
        moved = []
        for x, given in zip(primals, series, strict=True):
            power = 1.0
            for k, c in enumerate(given or (), 1):
                power = power * t / k
                x = x + power * c
            moved.append(x)
        return function(*moved)
    found, program = [], along
    for _ in range(order):
        program = _pushed(program)
        found.append(wb.jvp(lambda t, p=program: p(t), (0.0,), (0.0,), engine="reference")[0])
    return found


def _pushed(program: Any) -> Any:
    return lambda t: wb.jvp(program, (t,), (1.0,))[1]


FUNCTIONS = [
    ("exp", np.exp, mpmath.exp, 0.3), ("expm1", np.expm1, mpmath.expm1, 0.3), ("log", np.log, mpmath.log, 0.7),
    ("log1p", np.log1p, mpmath.log1p, 0.7), ("sin", np.sin, mpmath.sin, 0.4), ("cos", np.cos, mpmath.cos, 0.4),
    ("tan", np.tan, mpmath.tan, 0.4), ("asin", np.arcsin, mpmath.asin, 0.3), ("acos", np.arccos, mpmath.acos, 0.3),
    ("atan", np.arctan, mpmath.atan, 0.8), ("sinh", np.sinh, mpmath.sinh, 0.4), ("cosh", np.cosh, mpmath.cosh, 0.4),
    ("tanh", np.tanh, mpmath.tanh, 0.4), ("asinh", np.arcsinh, mpmath.asinh, 0.4),
    ("acosh", np.arccosh, mpmath.acosh, 1.7), ("atanh", np.arctanh, mpmath.atanh, 0.4),
    ("sqrt", np.sqrt, mpmath.sqrt, 0.6), ("cbrt", np.cbrt, mpmath.cbrt, 0.6),
    ("pow", lambda x: x ** 2.5, lambda x: x ** mpmath.mpf("2.5"), 0.6),
    ("integral_pow", lambda x: x ** 3, lambda x: x ** 3, 0.6),
    ("exponent", lambda x: 1.7 ** x, lambda x: mpmath.mpf("1.7") ** x, 0.6),
    ("both", lambda x: x ** x, lambda x: x ** x, 0.6),
    ("div", lambda x: (1.0 + x) / (2.0 - x * x), lambda x: (1 + x) / (2 - x * x), 0.6),
    ("gammaln", math.lgamma, mpmath.loggamma, 1.6), ("erf", math.erf, mpmath.erf, 0.6),
]


@pytest.mark.parametrize(("function", "exact", "x"), [f[1:] for f in FUNCTIONS], ids=[f[0] for f in FUNCTIONS])
def test_functions_have_the_series_of_mpmath(function: Any, exact: Any, x: float) -> None:
    order = 6
    with mpmath.workdps(40):
        expected = [float(c * mpmath.factorial(k)) for k, c in enumerate(mpmath.taylor(exact, x, order))]
    assert derivatives(function, x, order) == pytest.approx(expected[1:], rel=1e-11)


def test_sine_and_cosine_are_computed_once() -> None:
    """Sine and cosine are one another's: no further function is computed for any order."""
    def program(x: Any) -> Any:
        return wb.taylor(np.sin, (x,), ((1.0, 0.5, 0.25, 0.125, 0.5, 1.0),))[1]
    value = wb.value_and_grad(lambda x: program(x)[-1])
    value(0.3)
    assert value.op_counts()["sin"] + value.op_counts()["cos"] == 2


@pytest.mark.parametrize(("function", "order"), [(loops, 3), (kernels, 2)])
def test_loops_branches_mutation_and_kernels(function: Any, order: int) -> None:
    x, series = np.array([0.3, -0.5, 0.8]), tuple(RNG.normal(size=(order, 3)))
    found = wb.taylor(function, (x,), (series,), engine="reference")[1]
    assert [*found] == pytest.approx(nested(function, (x,), (series,), order), rel=1e-9)


def test_engines_agree_and_structures_stay() -> None:
    def function(p: Any, y: float, n: int) -> Any:
        for _ in range(n):
            y = y * math.sin(y)
        return {"a": np.sin(p["u"] * y), "b": (y * y, n, None)}
    primals = ({"u": np.array([1.0, 2.0])}, 0.5, 3)
    series = (({"u": np.array([1.0, 0.0])}, {"u": np.array([0.0, 1.0])}), (1.0, 0.5), None)
    found = [wb.taylor(function, primals, series, engine=engine) for engine in ("numba", "reference", "tape")]
    for value, (first, second) in found:
        assert value["b"][1:] == (3, None)
        assert first["b"][1:] == (None, None)
        for one, other in ((value, found[0][0]), (first, found[0][1][0]), (second, found[0][1][1])):
            assert one["a"] == pytest.approx(other["a"])
            assert one["b"][0] == pytest.approx(other["b"][0])


@pytest.mark.parametrize("engine", ["reference", "tape"])
def test_it_is_differentiated_and_mapped_like_any_program(engine: str) -> None:
    def third(x: Any) -> Any:
        return wb.taylor(lambda z: np.exp(z * z), (x,), ((1.0, 0.0, 0.0),))[1][2]
    fourth = derivatives(lambda z: np.exp(z * z), 0.3, 4)[3]
    assert wb.grad(third, engine=engine)(0.3) == pytest.approx(fourth)
    assert wb.jvp(third, (0.3,), (1.0,), engine=engine)[1] == pytest.approx(fourth)
    assert wb.vmap(third, engine=engine)(np.array([0.3, 0.5])) == pytest.approx([third(0.3), third(0.5)])


def test_of_gradients_and_of_itself() -> None:
    x, v = np.array([0.3, -0.5, 0.8]), np.array([1.0, 0.5, -1.0])
    found = wb.taylor(wb.grad(loops), (x,), ((v, 0.0 * v),), engine="reference")[1]
    assert found[0] == pytest.approx(wb.jvp(wb.grad(loops), (x,), (v,))[1])
    inner = wb.taylor(lambda z: wb.taylor(np.sin, (z,), ((1.0, 0.0),))[1][1], (0.4,), ((1.0, 0.0),), engine="reference")
    assert inner[1] == pytest.approx((-math.cos(0.4), math.sin(0.4)))


@pytest.mark.parametrize("n", [0, 1])
def test_sizes_0_and_1(n: int) -> None:
    x = np.full(n, 0.5)
    found = wb.taylor(lambda x: np.sum(np.sin(x)) + np.sum(x @ x), (x,), ((np.ones(n), np.zeros(n)),),
                      engine="reference")[1]
    assert found == pytest.approx((n * (math.cos(0.5) + 1.0), n * (2.0 - math.sin(0.5))))


def test_kinks_zeros_and_infinite_partials() -> None:
    assert derivatives(lambda x: x ** 3, 0.0, 4) == [0.0, 0.0, 6.0, 0.0]
    assert derivatives(lambda x: x ** 2.0, 0.0, 4) == [0.0, 2.0, 0.0, 0.0]
    assert derivatives(abs, 0.0, 3) == [0.0, 0.0, 0.0]
    assert derivatives(lambda x: np.maximum(x, 0.0) * x, 0.0, 2) == nested(
        lambda x: np.maximum(x, 0.0) * x, (0.0,), ((1.0, 0.0),), 2)
    assert derivatives(lambda x: np.sqrt(x * 0.0) + x * x, 2.0, 2) == [4.0, 2.0]
    assert derivatives(lambda x: x * x if x > 1.0 else math.nan, 2.0, 2) == [4.0, 2.0]


def test_single_precision_stays() -> None:
    x = np.array([0.5, 0.25], np.float32)
    series = ((np.ones(2, np.float32), np.zeros(2, np.float32)),)
    value, found = wb.taylor(lambda x: np.tanh(x) * x, (x,), series, engine="reference")
    assert value.dtype == found[0].dtype == found[1].dtype == np.float32
    exact = wb.taylor(lambda x: np.tanh(x) * x, (x.astype(float),), series, engine="reference")[1]
    assert found[1] == pytest.approx(exact[1], rel=1e-5)


def test_effects_happen_once() -> None:
    def function(x: Any) -> Any:
        x[0] = x[0] * x[1]
        return x[0] * x[0]
    x = np.array([2.0, 3.0])
    value, (first,) = wb.taylor(function, (x,), ((np.array([1.0, 0.0]),),), engine="reference")
    assert (value, first, x[0]) == (36.0, 36.0, 6.0)


def test_rules_and_recursion_go_through_nested_forward_mode() -> None:
    def power(x: Any, n: int) -> Any:
        return 1.0 if n == 0 else x * power(x, n - 1)

    @wb.rule
    def cube(x: Any) -> Any:
        return x * x * x

    @cube.defjvp
    def _(primals: Any, y: Any, tangents: Any) -> Any:
        return 3.0 * primals[0] * primals[0] * tangents[0]
    found = wb.taylor(power, (2.0, 4), ((1.0, 0.0, 0.0), None), engine="reference")
    assert found == (16.0, pytest.approx((32.0, 48.0, 48.0)))
    assert derivatives(cube, 2.0, 3) == pytest.approx([12.0, 12.0, 6.0])


def test_what_is_wrong_is_said() -> None:
    x = np.array([1.0, 2.0])
    with pytest.raises(wb.DifferentiationError, match="a coefficient of 2 axes for an argument of 1"):
        wb.taylor(np.sum, (x,), ((np.ones((2, 2)),),), engine="reference")
    with pytest.raises(wb.DifferentiationError, match="a coefficient of 0 axes for an argument of 1"):
        wb.taylor(np.sum, (x,), ((1.0,),), engine="reference")
    with pytest.raises(ValueError, match="another shape"):
        wb.taylor(np.sum, (x,), ((np.ones(3),),), engine="reference")
    with pytest.raises(ValueError, match="as many"):
        wb.taylor(lambda x, y: x * y, (1.0, 2.0), ((1.0,), (1.0, 2.0)))
    with pytest.raises(ValueError, match="no coefficient"):
        wb.taylor(lambda x: x, (1.0,), (None,))
    with pytest.raises(TypeError, match="1 arguments and 2 series"):
        wb.taylor(lambda x: x, (1.0,), ((1.0,), (1.0,)))


def _is_plain(program: Any) -> bool:
    """True for programs that are differentiated by one number or array."""
    args = program.make_args(np.random.default_rng(0))
    return len(program.positions) == 1 and isinstance(args[program.positions[0]], (float, np.ndarray))


CHOSEN = [(k, p) for k, p in enumerate(PROGRAMS) if k % 29 == 3 and _is_plain(p)]


@pytest.mark.parametrize(("number", "program"), CHOSEN, ids=[p.name for _, p in CHOSEN])
def test_a_program_of_the_corpus_agrees_with_nested_forward_mode(number: int, program: Any) -> None:
    rng = np.random.default_rng(number)
    function, args = getattr(program.function, "py_func", program.function), program.make_args(rng)
    (position,) = program.positions
    moves = rng.normal(size=(2, *np.shape(args[position])))
    rows = tuple(float(row) for row in moves) if moves.ndim == 1 else tuple(moves)
    series = tuple(rows if k == position else None for k in range(len(args)))
    copied = tuple(np.array(a) if isinstance(a, np.ndarray) else a for a in args)
    found = wb.taylor(function, copied, series, engine="reference")[1]
    assert [0.0 if d is None else d for d in found] == pytest.approx(nested(function, args, series, 2), rel=1e-8)
