"""What the rule table says that operations on whole arrays do, against instrumented runs of their kernels."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.cost.comparison import judged
from tests.rules.cases import Case, cases, kind_of
from workbench.cost.counting import count
from workbench.ir import ArrayType, Builder, Constant, DifferentiationError, Function, Kind, ScalarType, Value
from workbench.rules import emit_all, table

NAMES = sorted(name for name, p in table().items() if p.cost and p.kernels) + ["matmul"]


def program(name: str, case: Case) -> tuple[Function, list[Any]]:
    """A function that does one operation, and its arguments."""
    builder = Builder("program")
    args: list[Any] = []
    xs = [parameter(builder, v, args) for v in case.operands]
    return builder.finish(list(emit_all(builder, name, *xs, **case.attrs))), args


def parameter(builder: Builder, value: Any, args: list[Any]) -> Value:
    """A parameter for a number or array (dimensions symbolic, but for 1); an integer scalar is a constant."""
    kind, name = kind_of(value), f"x{len(args)}"
    if np.ndim(value) == 0 and kind is Kind.INT:
        return Constant(int(value), kind)
    args.append(np.array(value)[()])
    dims = tuple(Constant(1, Kind.INT) if n == 1 else builder.param(
        ScalarType(Kind.INT), f"{name}_n{axis}", shape_of=(len(args) - 1, axis))
        for axis, n in enumerate(np.shape(value)))
    return builder.param(ArrayType(kind, dims) if dims else ScalarType(kind), name)


def is_taken(name: str, case: Case) -> bool:
    """Matrices that no pivot of is zero, and products that are a library's."""
    a = case.operands[0]
    if name == "matmul":
        return kind_of(a).is_inexact and max(np.ndim(v) for v in case.operands) <= 3 and (
            np.ndim(a) == 3) == (np.ndim(case.operands[1]) == 3)
    return True


@pytest.mark.parametrize("name", NAMES)
def test_samples(name: str) -> None:
    primitive, rng = table()[name], np.random.default_rng()
    for kind in (k for k in Kind if primitive.takes(0, k)):
        for case in filter(lambda case: is_taken(name, case), cases(primitive, rng, kind)):
            function, args = program(name, case)
            assert judged(function, count(function), tuple(args)) == ("exact", ""), (name, str(case))


def large(rng: np.random.Generator) -> Iterator[tuple[str, Case]]:
    """Beyond one block, and beyond small factors."""
    for n in (48, 49):
        a = rng.normal(size=(1, n, n))
        for x in (a,) if n > 48 else (a + 1j * a[:, ::-1],):
            positive = x @ np.conj(np.swapaxes(x, 1, 2)) + n * np.eye(n)
            yield "solve", Case((x, x[:, :, :3].copy()), {})
            yield "solve_triangular", Case((positive, x[:, :, :3].copy()), {"lower": n % 2 == 0, "unit": n == 49})
            yield "cholesky", Case((positive,), {})
            yield "cholesky_pullback", Case((np.linalg.cholesky(positive), x), {})
            yield "matmul", Case((x, x), {})
    for n in (31, 37, 64, 60, 74):
        lines = rng.normal(size=(3, n))
        yield "fft", Case((lines + 1j * lines[::-1],), {"inverse": n % 2 == 0})
        yield "rfft", Case((lines, np.int64(n // 2 + 1)), {})
        yield "argsort", Case((lines,), {})
        yield "expm", Case((lines[:, :3] * 9.0,), {})


@pytest.mark.sampled(1 / 2)
def test_large_ones() -> None:
    for name, case in large(np.random.default_rng()):
        function, args = program(name, case)
        assert judged(function, count(function), tuple(args)) == ("exact", ""), (name, str(case))


def test_what_is_not_counted_is_said() -> None:
    function, _ = program("adjugate_change", Case((np.ones((2, 2)), np.ones((2, 2))), {}))
    with pytest.raises(DifferentiationError, match="what adjugate_change costs is not known"):
        count(function)
