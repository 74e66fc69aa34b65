"""Guards: whatever a derivative read while it was specialised may change, and the next call must see it.

One derivative object is called, something is changed, and it is called again; each time against the plain function.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.corpus.oracle import disagreement, gradient, plain
from tests.corpus.structure import copy_arguments, leaves
from tests.programs import guarded
from tests.programs.calling import close

RNG = np.random.default_rng(11)


def agrees(derivative: Any, function: Callable[..., Any], *args: Any) -> None:
    """`derivative` (a value_and_grad in position 0) gives what the plain function and differences give now."""
    expected = plain(function, args)
    given = copy_arguments(args)
    value, slope = derivative(*given)
    assert close(value, expected.value, 1e-12), f"value {value!r}, plain {expected.value!r}"
    assert close(given, expected.arguments, 1e-12), "arguments left differently"
    found = {path: np.asarray(leaf) for path, leaf in leaves(slope, (0,)) if leaf is not None}
    wrong = disagreement(found, gradient(function, args, (0,), "difference"), float(expected.value), "difference")
    assert wrong is None, wrong


MODULE_CHANGES: list[tuple[str, str, list[Any]]] = [
    ("calls_helper", "helper", [guarded.cube, guarded.twice, math.sin, guarded.cube]),
    ("calls_through_two", "inner_helper", [guarded.cube, guarded.twice, math.exp]),
    ("calls_through_two", "outer_helper", [guarded.outer_helper, guarded.cube]),
    ("calls_jitted", "jitted_helper", [guarded.jitted_one, guarded.jitted_two, guarded.cube]),
    ("reads_rate", "RATE", [2.0, 3.5, -1.0, 4, np.float64(0.5), 2.0]),
    ("reads_flag", "SMOOTH", [True, False, True]),
    ("reads_kind", "KIND", ["sin", "exp", "sin"]),
    ("reads_weights", "WEIGHTS", [np.array([1.0, 2.0]), np.array([3.0, -1.0]), np.array([1.0, 2.0, 3.0, 4.0]),
                                  np.zeros(0), np.array([5.0]), [1.0, 2.0], (3.0, 4.0, 5.0)]),
    ("reads_levels", "LEVELS", [(0.5, 1.5), (0.5, 2.5), (0.5, 1.5, 2.5), [1.0]]),
    ("reads_options", "OPTIONS", [{"gain": 3.0, "clip": False}, {"gain": 0.3, "clip": True},
                                  {"gain": 0.1, "clip": True}]),
    ("reads_function_table", "FUNCTIONS", [{"act": math.sin}, {"act": math.cos}, {"act": guarded.cube}]),
]


@pytest.mark.parametrize("function_name, name, values", MODULE_CHANGES,
                         ids=[f"{change[0]}-{change[1]}" for change in MODULE_CHANGES])
def test_module_globals(monkeypatch: pytest.MonkeyPatch, function_name: str, name: str, values: list[Any]) -> None:
    function = getattr(guarded, function_name)
    derivative = wb.value_and_grad(function)
    for value in values:
        monkeypatch.setattr(guarded, name, value)
        agrees(derivative, function, 0.7)


def test_contents_changed_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    weights, options, table = np.array([1.0, 2.0]), {"gain": 3.0, "clip": False}, {"act": math.sin}
    monkeypatch.setattr(guarded, "WEIGHTS", weights)
    monkeypatch.setattr(guarded, "OPTIONS", options)
    monkeypatch.setattr(guarded, "FUNCTIONS", table)
    functions = (guarded.reads_weights, guarded.reads_options, guarded.reads_function_table)
    derivatives = [wb.value_and_grad(function) for function in functions]
    for _ in range(2):
        for derivative, function in zip(derivatives, functions):
            agrees(derivative, function, 0.6)
        weights[:] = [-3.0, 0.5]
        options.update(gain=0.2, clip=True)
        table["act"] = math.exp


def test_attributes_and_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "CONFIG", guarded.Config())
    derivative = wb.value_and_grad(guarded.reads_config)
    agrees(derivative, guarded.reads_config, 0.7)
    monkeypatch.setattr(guarded.Config, "scale", 5.0)
    agrees(derivative, guarded.reads_config, 0.7)
    guarded.CONFIG.scale = 0.25
    agrees(derivative, guarded.reads_config, 0.7)
    guarded.CONFIG.squared = False
    agrees(derivative, guarded.reads_config, 0.7)
    monkeypatch.setattr(guarded.Config, "apply", lambda self, t: t * t + self.scale)
    agrees(derivative, guarded.reads_config, 0.7)


def test_module_and_code_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    derivative = wb.value_and_grad(guarded.calls_helper_with_default)
    agrees(derivative, guarded.calls_helper_with_default, 0.7)
    monkeypatch.setattr(guarded.helper_with_default, "__code__", guarded.integer_power.__code__)
    agrees(derivative, guarded.calls_helper_with_default, 0.7)
    replacement = ModuleType("math")
    replacement.sin = math.cos  # type: ignore[attr-defined]
    derivative = wb.value_and_grad(guarded.reads_kind)
    agrees(derivative, guarded.reads_kind, 0.7)
    monkeypatch.setattr(guarded, "math", replacement)
    agrees(derivative, guarded.reads_kind, 0.7)


def test_closure_cells() -> None:
    scaled, change = guarded.make_scaled(2.0, True)
    derivative = wb.value_and_grad(scaled)
    agrees(derivative, scaled, 0.7)
    for factor, squared in ((3.0, True), (3.0, False), (-1, False), (0.5, True)):
        change(factor, squared)
        agrees(derivative, scaled, 0.7)


def test_closures_of_one_code_do_not_mix() -> None:
    functions = [guarded.make_scaled(factor, squared)[0] for factor in (1.0, 2.0) for squared in (True, False)]
    derivatives = [wb.value_and_grad(function) for function in functions]
    for _ in range(2):
        for derivative, function in zip(derivatives, functions):
            agrees(derivative, function, 0.7)


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    derivative = wb.value_and_grad(guarded.with_default)
    for defaults in ((2.0, "plain"), (3.0, "plain"), (3.0, "other"), (4, "plain")):
        monkeypatch.setattr(guarded.with_default, "__defaults__", defaults)
        agrees(derivative, guarded.with_default, 0.7)
    agrees(derivative, guarded.with_default, 0.7, 9.0)
    derivative = wb.value_and_grad(guarded.with_keyword_default)
    for default in (2.0, 5.0):
        monkeypatch.setattr(guarded.with_keyword_default, "__kwdefaults__", {"k": default})
        agrees(derivative, guarded.with_keyword_default, 0.7)
    derivative = wb.value_and_grad(guarded.calls_helper_with_default)
    for power in (2, 3, 2.5):
        monkeypatch.setattr(guarded.helper_with_default, "__defaults__", (power,))
        agrees(derivative, guarded.calls_helper_with_default, 0.7)


@pytest.mark.parametrize("function", [guarded.sum_of_squares, guarded.loop_of_squares])
def test_sizes(function: Any) -> None:
    derivative = wb.value_and_grad(function)
    for size in (3, 5, 1, 2, 0, 1, 4, 0, 3):
        agrees(derivative, function, RNG.normal(size=size))


def test_ranks() -> None:
    derivative = wb.value_and_grad(guarded.any_rank)
    for shape in ((3,), (2, 3), (3,), (1, 1), (1,), (2, 2, 2), (2, 3)):
        agrees(derivative, guarded.any_rank, RNG.normal(size=shape))


def test_dimensions_that_meet() -> None:
    derivative = wb.value_and_grad(guarded.product)
    for left, right in ((3, 3), (5, 5), (3, 1), (1, 3), (1, 1), (0, 0), (0, 1), (4, 4)):
        agrees(derivative, guarded.product, RNG.normal(size=left), RNG.normal(size=right))
    agrees(derivative, guarded.product, RNG.normal(size=(2, 3)), RNG.normal(size=3))
    agrees(derivative, guarded.product, RNG.normal(size=(2, 3)), RNG.normal(size=(2, 1)))
    agrees(derivative, guarded.product, RNG.normal(size=3), 2.5)
    with pytest.raises(ValueError):
        derivative(RNG.normal(size=3), RNG.normal(size=4))
    agrees(derivative, guarded.product, RNG.normal(size=3), RNG.normal(size=3))


def test_dtypes() -> None:
    derivative = wb.value_and_grad(guarded.sum_of_squares)
    a = RNG.normal(size=4)
    for dtype in (np.float64, np.float32, np.float64):
        value, slope = derivative(a.astype(dtype))
        assert value.dtype == dtype and slope.dtype == dtype
        assert slope == pytest.approx(2.0 * a.astype(dtype), rel=1e-6)
    with pytest.raises(wb.DifferentiationError):
        derivative(np.array([1, 2]))
    agrees(derivative, guarded.sum_of_squares, a)


def test_layouts() -> None:
    derivative = wb.value_and_grad(guarded.loop_of_squares)
    base = RNG.normal(size=8)
    for view in (base, base[::2], base[::-1], base[1:6], base.reshape(2, 4)[:, 1]):
        agrees(derivative, guarded.loop_of_squares, view)
    frozen = base.copy()
    frozen.flags.writeable = False
    value, slope = derivative(frozen)
    assert slope == pytest.approx(2.0 * frozen * np.arange(1.0, 9.0))
    derivative = wb.value_and_grad(guarded.any_rank)
    matrix = RNG.normal(size=(3, 4))
    for view in (matrix, np.asfortranarray(matrix), matrix.T, matrix[::2, ::-1]):
        agrees(derivative, guarded.any_rank, view)


def test_overlap_is_checked_at_each_call() -> None:
    derivative = wb.value_and_grad(guarded.writes_first)
    a, b = RNG.normal(size=4), RNG.normal(size=4)
    for args in ((a, b), (a, a), (a, b), (a, a[::-1]), (b, a)):
        agrees(derivative, guarded.writes_first, *args)


def test_strided_arguments_are_written_back() -> None:
    derivative = wb.value_and_grad(guarded.writes_first)
    base = RNG.normal(size=8)
    agrees(derivative, guarded.writes_first, base[::2], RNG.normal(size=4))
    before = base.copy()
    derivative(base[::2], RNG.normal(size=4))
    assert base[::2] == pytest.approx(2.0 * before[::2])
    assert base[1::2].tolist() == before[1::2].tolist()


def test_static_arguments() -> None:
    function = guarded.static_arguments
    derivative = wb.value_and_grad(function)
    for rest in ((True, "exp", None), (False, "exp", None), (True, "none", None), (True, "none", 2.0),
                 (True, "none", 3), (False, "exp", None), (True, "none", np.float64(1.5))):
        agrees(derivative, function, 0.6, *rest)


def test_integers_are_dynamic_or_pinned() -> None:
    derivative = wb.value_and_grad(guarded.integer_power)
    for n in (2, 3, 0, 1, 2.5, -1, True, 7, np.int64(3)):
        agrees(derivative, guarded.integer_power, 0.8, n)
    derivative = wb.value_and_grad(guarded.axis_argument)
    for axis in (0, 1, 0, -1):
        agrees(derivative, guarded.axis_argument, RNG.normal(size=(2, 3)), axis)


def test_structures() -> None:
    derivative = wb.value_and_grad(guarded.structure_argument)
    for argument in ((1.0, 2.0), (1.0, 2.0, 3.0), [1.0, 2.0], [0.5] * 5, (1.5,), RNG.normal(size=20).tolist(),
                     RNG.normal(size=25).tolist(), RNG.normal(size=3), guarded.Couple(1.0, 2.0), (1.0, 2)):
        agrees(derivative, guarded.structure_argument, argument)
    derivative = wb.value_and_grad(guarded.dict_argument)
    for argument in ({"a": 1.5, "b": 2.0}, {"b": 2.0, "a": 1.5}, {"a": 1.5}, {"c": 1.0, "a": 0.5, "b": 2.0}):
        agrees(derivative, guarded.dict_argument, argument)
    derivative = wb.value_and_grad(guarded.pair_argument)
    for argument in (guarded.Pair(1.5, 2.0), guarded.Couple(1.5, 2.0), guarded.Pair(0.5, 2), guarded.Pair(0.5, -1.0)):
        agrees(derivative, guarded.pair_argument, argument)


def test_functions_as_arguments() -> None:
    derivative = wb.value_and_grad(guarded.applies, 1)
    lambdas = [lambda t: t * t, lambda t: 3.0 * t, lambda t: math.sin(t)]
    for f in (*lambdas, guarded.cube, guarded.twice, math.exp, *lambdas):
        value, slope = derivative(f, 0.7)
        assert value == pytest.approx(f(0.7) * 0.7, rel=1e-12)
        oracle = gradient(lambda x, f=f: guarded.applies(f, x), (0.7,), (0,), "difference")[(0,)]
        assert slope == pytest.approx(oracle, rel=1e-6)


def test_variadic_and_keywords() -> None:
    derivative = wb.value_and_grad(guarded.variadic)
    for rest in ((), (2.0,), (2.0, 3.0), (), (1, 2, 3)):
        agrees(derivative, guarded.variadic, 0.7, *rest)
    derivative = wb.value_and_grad(guarded.with_default)
    for keywords in ({}, {"k": 5.0}, {"mode": "other"}, {"mode": "plain", "k": 3}):
        value, slope = derivative(0.7, **keywords)
        assert value == pytest.approx(guarded.with_default(0.7, **keywords), rel=1e-12)
        oracle = gradient(lambda x, kw=keywords: guarded.with_default(x, **kw), (0.7,), (0,), "difference")[(0,)]
        assert slope == pytest.approx(oracle, rel=1e-6)
    _, slope = derivative(x=0.7)
    assert slope == pytest.approx(2.8)


def test_scalar_kinds() -> None:
    derivative = wb.value_and_grad(guarded.reads_rate)
    for x, kind in ((0.7, float), (np.float64(0.7), np.float64), (np.float32(0.7), np.float32), (0.7, float)):
        value, slope = derivative(x)
        assert type(value) is type(guarded.reads_rate(x)) and type(slope) is kind
        assert slope == pytest.approx(2.8, rel=1e-6)
    with pytest.raises(wb.DifferentiationError):
        derivative(1)
    agrees(derivative, guarded.reads_rate, 0.7)
