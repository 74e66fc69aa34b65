"""The forward Laplacian against traces of Hessians by nested derivatives, closed forms, and sums along directions."""
from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.corpus import PROGRAMS
from tests.transforms.of_vectors import kernels, loops
from workbench.operators.derivative import Derivative
from workbench.operators.expansions import nested_laplacian

RNG = np.random.default_rng(5)


class Forward:
    """A function's value and forward Laplacian; with `directed`, along directions that are the last argument."""

    def __init__(self, function: Any, wrt: tuple[int, ...] = (0,), directed: bool = False) -> None:
        self.function, self.wrt, self.directed = function, wrt, directed
        self.__name__ = "forward"

    def __call__(self, *args: Any) -> Any:
        raise AssertionError("the compiler refuses it")

    def inlined(self, act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        *args, directions = args if self.directed else (*args, None)
        return nested_laplacian(act, self.function, self.wrt, tuple(args), named, False,
                                (directions,) if self.directed else None)


def forward(function: Any, *args: Any, wrt: tuple[int, ...] = (0,), engine: str = "reference",
            directed: bool = False) -> Any:
    """The forward Laplacian, or the sum along the last argument."""
    return Derivative(Forward(function, wrt, directed), "value", (), engine=engine)(*copy.deepcopy(args))[1]


def flat(x: Any) -> list[Any]:
    """The floats of a structure, in order, each by how it is reached."""
    if isinstance(x, (float, np.floating)):
        return [x]
    if isinstance(x, np.ndarray):
        return list(x.ravel()) if x.dtype.kind == "f" else []
    items = x.values() if isinstance(x, dict) else x if isinstance(x, (list, tuple)) else vars(x).values() if hasattr(
        x, "__dict__") else ()
    return [v for item in items for v in flat(item)]


def unit(x: Any, k: int, seen: list[int]) -> Any:
    """The tangent that is 1 at the k-th float of a structure."""
    if isinstance(x, (float, np.floating)):
        seen[0] += 1
        return float(seen[0] - 1 == k)
    if isinstance(x, np.ndarray):
        if x.dtype.kind != "f":
            return x * 0
        made = np.zeros(x.size)
        if 0 <= k - seen[0] < x.size:
            made[k - seen[0]] = 1.0
        seen[0] += x.size
        return made.reshape(x.shape)
    if isinstance(x, dict):
        return {key: unit(v, k, seen) for key, v in x.items()}
    if isinstance(x, (list, tuple)):
        parts = [unit(v, k, seen) for v in x]
        return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    if hasattr(x, "__dict__"):
        made = copy.copy(x)
        for key, v in vars(x).items():
            object.__setattr__(made, key, unit(v, k, seen))
        return made
    return None


def trace(function: Any, args: tuple[Any, ...], wrt: tuple[int, ...]) -> float:
    """The trace of the Hessian: forward mode of the gradient, number by number."""
    gradient = wb.grad(function, wrt, engine="reference")
    moving = tuple(args[k] for k in wrt)
    total = 0.0
    for k in range(len(flat(moving))):
        tangents: list[Any] = [None] * len(args)
        for position, tangent in zip(wrt, unit(moving, k, [0]), strict=True):
            tangents[position] = tangent
        total += flat(wb.jvp(gradient, copy.deepcopy(args), tangents, engine="reference")[1])[k]
    return total


#: What an inner derivative does not take at all, whichever it is.
REFUSED = {"same_argument_twice", "long_list_of_floats"}
CHOSEN = [(k, p) for k, p in enumerate(PROGRAMS) if k % 23 == 7 and p.name not in REFUSED]


@pytest.mark.parametrize(("number", "program"), CHOSEN, ids=[p.name for _, p in CHOSEN])
def test_a_program_of_the_corpus_has_the_trace_of_its_hessian(number: int, program: Any) -> None:
    function = getattr(program.function, "py_func", program.function)
    args = program.make_args(np.random.default_rng(number))
    found = forward(function, *args, wrt=program.positions)
    expected = trace(function, args, program.positions)
    assert (0.0 if found is None else found) == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


def _network(x: Any, w: Any, v: Any) -> Any:
    h = np.tanh(w @ x)
    return np.sum(np.tanh(v @ (h * h)) / (2.0 + np.cos(h[0])))


def _lists(x: Any) -> Any:
    found = []
    for v in x:
        found.append(v * v)
        if v > 0.2:
            found.append(np.sin(v))
    total = 1.0
    for v in found:
        total = total * (v + 1.0)
    return total


CASES = [(_network, (RNG.normal(size=(4, 3)), RNG.normal(size=(2, 4)))), (loops, ()), (kernels, ()), (_lists, ())]


@pytest.mark.parametrize(("function", "rest"), CASES, ids=[f.__name__ for f, _ in CASES])
def test_networks_loops_kernels_and_lists(function: Any, rest: tuple[Any, ...]) -> None:
    x = np.array([0.3, -0.5, 0.8])
    expected = trace(function, (x, *rest), (0,))
    for engine in ("reference", "numba") if function is loops else ("reference",):
        assert forward(function, x, *rest, engine=engine) == pytest.approx(expected, rel=1e-9)


def test_closed_forms_of_numbers_arrays_and_several_arguments() -> None:
    x, y = RNG.normal(size=3), RNG.normal(size=(2, 2))
    assert forward(lambda x: math.exp(2.0 * x), 0.5) == pytest.approx(4.0 * math.e)
    assert forward(lambda x: np.sum(x ** 3), x) == pytest.approx(6.0 * np.sum(x))
    assert forward(lambda x, y: np.sum(x) * np.sum(y * y), x, y, wrt=(0, 1)) == pytest.approx(8.0 * np.sum(x))
    assert forward(lambda x: (np.sum(x * x), {"a": x ** 2}), x)[1]["a"] == pytest.approx([2.0] * 3)
    # (harmonic, away from the origin)
    assert forward(lambda x: 1.0 / np.sqrt(x @ x), x) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("n", [0, 1])
def test_sizes_0_and_1(n: int) -> None:
    x = np.full(n, 0.4)
    w = np.full((2, n), 0.7)
    found = forward(lambda x, w: np.sum(np.sin(w @ x)) + np.sum(x * x), x, w)
    assert found == pytest.approx(n * (2.0 - 2.0 * 0.49 * math.sin(0.28)), abs=1e-12)


def test_kinks_are_those_of_nested_derivatives() -> None:
    x = np.array([0.0, 1.0, 1.0])

    def kinks(x: Any) -> Any:
        return np.sum(np.abs(x) * x[1]) + np.max(x) * x[0] + np.hypot(x[0], 0.0) + np.maximum(x[1], x[2]) ** 2
    assert forward(kinks, x) == pytest.approx(trace(kinks, (x,), (0,)))
    assert forward(lambda x: np.sqrt(x * 0.0) + x * x, 2.0) == 2.0  # (an infinite partial, nothing moves)


def test_single_precision_stays() -> None:
    x = np.array([0.5, 0.25], np.float32)
    found = forward(lambda x: np.sum(np.tanh(x) * x), x)
    assert found.dtype == np.float32
    assert found == pytest.approx(trace(lambda x: np.sum(np.tanh(x) * x), (x.astype(float),), (0,)), rel=1e-5)


def test_directions_give_quadratic_forms_of_the_hessian() -> None:
    x, v = RNG.normal(size=3), RNG.normal(size=(5, 3))
    hessian = np.array([wb.jvp(wb.grad(loops), (x,), (e,))[1] for e in np.eye(3)])
    assert forward(loops, x, v, directed=True) == pytest.approx(np.trace(v @ hessian @ v.T))
    assert forward(loops, x, np.eye(3), directed=True) == pytest.approx(forward(loops, x))
    assert forward(lambda x: x ** 3, 2.0, np.array([1.0, 2.0]), directed=True) == pytest.approx(60.0)


def test_it_is_differentiated_and_mapped_like_any_program() -> None:
    laplacian = Forward(loops)
    x = np.array([0.3, -0.5, 0.8])
    found = wb.grad(lambda x: laplacian(x)[1], engine="reference")(x)
    step = 1e-5
    expected = [(forward(loops, x + step * e) - forward(loops, x - step * e)) / (2 * step) for e in np.eye(3)]
    assert found == pytest.approx(expected, rel=1e-6)
    batch = np.array([x, 2.0 * x])
    mapped = wb.vmap(lambda x: laplacian(x)[1], engine="reference")
    assert mapped(batch) == pytest.approx([forward(loops, row) for row in batch])


def test_recursion_and_rules_go_through_nested_forward_mode() -> None:
    def power(x: Any, n: int) -> Any:
        return 1.0 if n == 0 else x * power(x, n - 1)

    @wb.rule
    def cube(x: Any) -> Any:
        return x * x * x

    @cube.defjvp
    def _(primals: Any, y: Any, tangents: Any) -> Any:
        return 3.0 * primals[0] * primals[0] * tangents[0]
    x = np.array([0.5, 2.0])
    assert forward(lambda x, n: power(x[0], n) * x[1], x, 4) == pytest.approx(12.0 * 0.25 * 2.0)
    assert forward(lambda x: cube(x[0] * x[1]), x) == pytest.approx(6.0 * 1.0 * (4.0 + 0.25))


def test_what_is_not_known_is_refused_at_its_line() -> None:
    with pytest.raises(wb.DifferentiationError, match="complex"):
        forward(lambda z: (z * z).real, 1.0 + 2.0j)
