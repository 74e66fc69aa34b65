"""Elementary functions in vectorised loops: errors against mpmath, NumPy's special values, the same bits everywhere."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from llvmlite import binding
from numba.core import types

import workbench as wb
from tests.engines.numba.vector_points import NUMPY, errors, points, special
from workbench.engines.numba import compile_function, pipeline
from workbench.engines.numba.vector_math import (
    BY_TITLE,
    KERNELS,
    SWITCH,
    Kernel,
    exponential,
    in_use,
    left_to_libm,
    ready,
)
from workbench.engines.numba.vector_math.choice import functions_of, is_vector
from workbench.ir import ArrayType, Builder, Constant, Kind, Op, ScalarType, Value, walk
from workbench.operators.specialisation import Request, Specialisation
from workbench.rules import effect, emit, get

Array = Any
Evaluate = Callable[..., Array]
KINDS = {"double": (np.float64, types.float64, np.uint64), "float": (np.float32, types.float32, np.uint32)}
IDS = [kernel.title() for kernel in KERNELS]


def spelled(kernel: Kernel) -> str:
    """A call in a Numba program."""
    if kernel.name == "pow":
        return "x[i] ** y[i]"
    module = "np" if kernel.name in ("exp2", "log2") else "math"
    return f"{module}.{kernel.name}({'x[i], y[i]' if kernel.arity == 2 else 'x[i]'})"


@pytest.fixture(scope="module")
def evaluate() -> Evaluate:
    """A function of (kernel, operands) that gives what a loop over them computes."""
    entries: dict[str, Any] = {}
    for element, (_, kind, _) in KINDS.items():
        lines = ["def f(title, x, y, out):"]
        for number, kernel in enumerate(KERNELS):
            if kernel.element == element:
                lines += [f"    if title == {number}:", "        for i in range(x.shape[0]):",
                          f"            out[i] = {spelled(kernel)}"]
        space: dict[str, Any] = {"math": math, "np": np}
        exec("\n".join([*lines, "    return 0"]), space)
        array = types.Array(kind, 1, "C")
        compiled = pipeline.compile_python(space["f"], (types.int64, array, array, array))
        text = compiled.library.get_llvm_str()
        if in_use() and binding.get_host_cpu_features()["avx2"]:
            lanes = {"double": 4, "float": 8}[element]
            assert all(f"@{k.title(lanes)}(" in text for k in KERNELS if k.element == element)
        entries[element] = compiled.entry_point

    def run(kernel: Kernel, operands: list[Array]) -> Array:
        x = np.ascontiguousarray(operands[0])
        out = np.empty_like(x)
        entries[kernel.element](KERNELS.index(kernel), x, np.ascontiguousarray(operands[-1]), out)
        return out
    return run


@pytest.mark.parametrize("kernel", KERNELS, ids=IDS)
def test_errors_are_within_the_bounds(evaluate: Evaluate, kernel: Kernel) -> None:
    operands = points(kernel.name, KINDS[kernel.element][0], 320, np.random.default_rng(11))
    worst = errors(kernel.name, operands, evaluate(kernel, operands)).max()
    assert worst <= kernel.bound <= 4.0


@pytest.mark.parametrize("kernel", KERNELS, ids=IDS)
def test_special_values_are_those_of_numpy(evaluate: Evaluate, kernel: Kernel) -> None:
    dtype = KINDS[kernel.element][0]
    operands = special(kernel.arity, dtype)
    found = evaluate(kernel, operands)
    with np.errstate(all="ignore"):
        expected = NUMPY.get(kernel.name, getattr(np, kernel.name, None))(*operands)
        apart = abs(found - expected) <= 4 * np.spacing(abs(expected))
    assert np.array_equal(np.isnan(found), np.isnan(expected))
    known = ~np.isnan(expected)
    assert np.array_equal(np.signbit(found)[known], np.signbit(expected)[known])
    exact = known & (np.isinf(expected) | (expected == 0) | np.isinf(found) | (found == 0))
    assert np.array_equal(found[exact], expected[exact])
    assert apart[known & ~exact].all()


@pytest.mark.parametrize("kernel", KERNELS, ids=IDS)
def test_an_element_is_the_same_alone_and_among_any_others(evaluate: Evaluate, kernel: Kernel) -> None:
    dtype, _, bits = KINDS[kernel.element]
    rng = np.random.default_rng(5)
    ordinary = points(kernel.name, dtype, 240, rng)
    mixed = special(kernel.arity, dtype)
    operands = [np.concatenate([a, b[:200]]) for a, b in zip(ordinary, mixed, strict=True)]
    order = rng.permutation(operands[0].size)
    together = evaluate(kernel, [x[order] for x in operands])
    alone = np.array([evaluate(kernel, [x[k:k + 1] for x in operands])[0] for k in order], dtype)
    known = ~np.isnan(alone)
    assert np.array_equal(np.isnan(together), ~known)
    assert np.array_equal(together[known].view(bits), alone[known].view(bits))


def test_results_that_are_numbers_are_exact(evaluate: Evaluate) -> None:
    def of(name: str, *operands: Array) -> Array:
        return evaluate(BY_TITLE[f"workbench_{name}_f64"], [np.asarray(v, float) for v in operands])

    tens = np.arange(23)
    assert np.array_equal(of("log10", 10.0**tens), tens)
    powers = np.arange(-1074, 1024)
    assert np.array_equal(of("log2", np.ldexp(1.0, powers)), powers)
    assert np.array_equal(of("exp2", powers), np.ldexp(1.0, powers))
    bases = np.repeat(np.arange(1, 60), 9)
    exponents = np.tile(np.arange(9), 59)
    assert np.array_equal(of("pow", bases, exponents), [float(int(b)**int(e)) for b, e in zip(bases, exponents)])
    assert np.array_equal(of("pow", bases**2, np.full(bases.size, 0.5)), bases)
    one = np.ones(9)
    for name, at, value in (("exp", 0, 1), ("log", 1, 0), ("cos", 0, 1), ("cosh", 0, 1), ("expm1", 0, 0)):
        assert np.array_equal(of(name, at * one), value * one)


def alone(kernel: Kernel, x: Array) -> Array:
    """A kernel of one operand at points, by its function for plain numbers."""
    ready((kernel,))
    function = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(binding.address_of_symbol(kernel.title()))
    return np.array([function(v) for v in x])


def test_a_wrong_function_is_noticed() -> None:
    (x,) = points("exp", np.float64, 320, np.random.default_rng(11))
    right = replace(BY_TITLE["workbench_exp_f64"], name="again")
    wrong = replace(right, name="spoilt", write=lambda v: exponential.exp(v) * (1.0 + 2.0**-49))
    assert errors("exp", [x], alone(right, x)).max() <= right.bound
    assert errors("exp", [x], alone(wrong, x)).max() > right.bound


def rate(x: Array, w: Array) -> float:
    """A value whose gradient has loops of its own: sums, products, functions."""
    total = 0.0
    for i in range(x.shape[0]):
        total += np.exp(-w[i] * x[i]) * np.sin(x[i])
    return total + np.sum(np.tanh(x * w) + np.log1p(x * x)) + np.sum(np.where(x > 0.5, np.log(x), x**w))


def sequence(x: Array, w: Array) -> float:
    """Numbers one after the other."""
    state = 0.5
    for i in range(x.shape[0]):
        state = math.exp(-state * x[i]) + math.log(1.0 + state * state) * math.sin(w[i] + state)
    return state


def drawn(n: int, dtype: Any = np.float64) -> tuple[Array, Array]:
    rng = np.random.default_rng(n)
    return rng.uniform(0.1, 2.0, n).astype(dtype), rng.uniform(0.3, 1.5, n).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_loops_of_value_and_adjoint_are_vectors(dtype: Any) -> None:
    args = drawn(50, dtype)
    suffix = "f64_4" if dtype is np.float64 else "f32_"
    made = Specialisation(rate, ("x", "w"), Request("grad", (0, 1)), args)
    text = made.compiled.llvm()
    if in_use() and binding.get_host_cpu_features()["avx2"]:
        for name in ("exp", "sin", "cos", "tanh", "log1p", "log", "pow"):
            assert f"@workbench_{name}_{suffix}" in text, name
        assert "<4 x double>" in text or dtype is np.float32


@pytest.mark.parametrize("program", [rate, sequence])
@pytest.mark.parametrize("size", [1, 3, 50])
def test_the_value_in_a_gradient_is_the_value(program: Any, size: int) -> None:
    args = drawn(size)
    value = Specialisation(program, ("x", "w"), Request("value"), args).run(args)[1][0]
    for request in (Request("grad", (0,)), Request("grad", (0, 1)), Request("vjp", (1,))):
        extra = (1.0,) if request.mode == "vjp" else ()
        assert Specialisation(program, ("x", "w"), request, args).run(args, extra)[1][0] == value
    assert value == pytest.approx(program(*args), rel=1e-13)


def test_numbers_alone_are_left_to_the_c_library() -> None:
    text = Specialisation(sequence, ("x", "w"), Request("grad", (0,)), drawn(9)).compiled.llvm()
    assert "workbench_" not in text.replace("<workbench", "")


def test_a_program_and_its_helper_may_use_the_same_function() -> None:
    b = Builder("both")
    x = b.param(ScalarType(Kind.F64), "x")
    results = [emit(b, "expm1", x), emit(b, "exprels", Constant(1, Kind.INT), x), emit(b, "expit", x),
               emit(b, "exp", x)]
    found = compile_function(b.finish(results))(0.3)
    exprel = get("exprels").numpy(1, 0.3)
    assert np.allclose(found, [math.expm1(0.3), exprel, 1 / (1 + math.exp(-0.3)), math.exp(0.3)], rtol=1e-14)


def test_the_c_library_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    args = drawn(20)
    ours = wb.value_and_grad(rate)(*args)
    monkeypatch.setenv(SWITCH, "0")
    made = Specialisation(rate, ("x", "w"), Request("grad", (0,)), args)
    assert "@workbench_" not in made.compiled.llvm()
    _, (value, *gradient) = made.run(args)
    assert value == pytest.approx(ours[0], rel=1e-13)
    assert np.allclose(gradient[0], ours[1], rtol=1e-12, atol=1e-13)


def test_the_configuration_says_what_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    found = wb.show_config()
    assert found.vector_math == ("own" if in_use() else "libm")
    if in_use():
        assert found.bounds == {k.name: (k.bound, BY_TITLE[f"workbench_{k.name}_f32"].bound)
                                for k in KERNELS if k.element == "double"}
    assert f"vector math: {found.vector_math}" in str(found) and "NumPy" in repr(found)
    monkeypatch.setenv(SWITCH, "0")
    assert (wb.show_config().vector_math, wb.show_config().bounds) == ("libm", {})
    assert SWITCH in str(wb.show_config()) or not in_use()


def loop(body: Callable[[Builder, Value, Value, Value], tuple[Value, ...]], turns: int | None = None) -> Op:
    """A loop over i with a carried sum s and array x: (builder, i, s, x) to what the next turn gets."""
    b = Builder("loop")
    n = b.param(ScalarType(Kind.INT), "n", (0, 0))
    x = b.param(ArrayType(Kind.F64, (n,)), "x")
    buffer = b.slot(x.type, emit(b, "copy", x), "x")
    total = b.slot(ScalarType(Kind.F64), Constant(0.0, Kind.F64), "s")
    i = b.begin_for(Constant(0, Kind.INT), n if turns is None else Constant(turns, Kind.INT))
    s, array = b.read(total), b.read(buffer)
    assert s is not None and array is not None
    new, changed = body(b, i, s, array)
    b.write(total, new)
    b.write(buffer, changed)
    b.end_for()
    made = b.finish([b.read(total), b.read(buffer)])
    return next(op for op in walk(made.block) if op.prim == "for")


def test_which_loops_are_taken_for_vectors() -> None:
    one = Constant(1, Kind.INT)

    def sums(b: Builder, i: Value, s: Value, x: Value) -> tuple[Value, ...]:
        y = emit(b, "exp", emit(b, "load", x, i))
        return emit(b, "add", s, y), emit(b, "store", x, y, i)

    def recurs(b: Builder, i: Value, s: Value, x: Value) -> tuple[Value, ...]:
        return emit(b, "exp", emit(b, "add", s, emit(b, "load", x, i))), x

    def shifts(b: Builder, i: Value, s: Value, x: Value) -> tuple[Value, ...]:
        return s, emit(b, "store", x, emit(b, "exp", emit(b, "load", x, emit(b, "add", i, one))), i)

    def uses_the_sum(b: Builder, i: Value, s: Value, x: Value) -> tuple[Value, ...]:
        return emit(b, "add", s, emit(b, "load", x, i)), emit(b, "store", x, emit(b, "exp", s), i)

    def checks(b: Builder, i: Value, s: Value, x: Value) -> tuple[Value, ...]:
        y = emit(b, "load", x, i)
        effect(b, "check", emit(b, "isfinite", y), exception="ValueError", message="")
        return emit(b, "add", s, emit(b, "exp", y)), x

    assert is_vector(loop(sums))
    assert not is_vector(loop(sums, turns=2)) and is_vector(loop(sums, turns=9))
    assert not any(is_vector(loop(body)) for body in (recurs, shifts, uses_the_sum, checks))


def test_the_choice_is_that_of_the_primal() -> None:
    args = drawn(9)
    alone, along = (Specialisation(f, ("x", "w"), Request("grad", (0,)), args) for f in (sequence, rate))
    left = left_to_libm(alone.program.ir, alone.program.primal)
    assert {"exp", "log", "sin"} <= left
    assert "exp" not in left_to_libm(along.program.ir, along.program.primal)
    decided = left_to_libm(along.program.ir, alone.program.primal)  # whatever is made of it
    assert {"exp", "log", "sin"} <= decided
    assert functions_of("expit") == {"exp"} and functions_of("tanh") == frozenset() == functions_of("load")
