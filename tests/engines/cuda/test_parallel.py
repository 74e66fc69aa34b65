"""Which loops become kernels of many threads: what is not proved to be free of races is done by one."""
from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import workbench as wb
from workbench.engines.cuda import CudaCompiler
from workbench.ir import Constant, Function, Kind, ScalarType, Value
from workbench.operators.derivative import Derivative

X = np.linspace(0.5, 1.5, 50)
INDEX = np.arange(50)[::-1].copy()


def with_a_number_handed_on(function: Function) -> Function:
    """A program of one loop, which carries a number, too, that it does not touch: the result is that number."""
    (*before, loop) = function.block.ops
    (body,) = loop.regions
    number, result = Value(ScalarType(Kind.F64), "kept"), Value(ScalarType(Kind.F64), "kept")
    block = dataclasses.replace(body, params=(*body.params, number), yields=(*body.yields, number))
    made = dataclasses.replace(loop, operands=(*loop.operands, Constant(3.0, Kind.F64)), regions=(block,),
                               results=(*loop.results, result))
    return dataclasses.replace(function, block=dataclasses.replace(
        function.block, ops=(*before, made), yields=(*function.block.yields, result)))


def test_a_number_that_a_loop_hands_on_is_what_it_was() -> None:
    """(Passes leave no such numbers; programs of others may have them.)"""
    made = Derivative(elementwise, "value", ()).made_by(CudaCompiler(), (X,))
    program = CudaCompiler().compile(with_a_number_handed_on(made.program.final)).program  # type: ignore[attr-defined]
    assert [kernel.numbers for kernel in program.kernels] == [()] and program.kernels[0].parallel is not None
    host = program.text[program.text.index("def elementwise("):]
    assert "kept = 3.0" in host or "return 3.0" in host or ", 3.0" in host


def kernels(f: Any, *args: Any) -> list[str]:
    """The kernels of a function: "threads" for each that many threads do, "one" for each that one does."""
    program = Derivative(f, "value", ()).made_by(CudaCompiler(), args).compiled.program  # type: ignore[attr-defined]
    return ["one" if kernel.parallel is None else "threads" for kernel in program.kernels]


def elementwise(x):
    for i in range(x.shape[0]):
        x[i] = np.sin(x[i]) * x[i]


def shifted_copy(x, y):
    for i in range(1, x.shape[0]):
        y[i - 1] = x[i] + x[i - 1]


def total(x):
    s = 0.0
    for i in range(x.shape[0]):
        if x[i] > 0.0:
            s += x[i] * x[i]
    return s


def total_of_rows(a):
    s = 0.0
    for i in range(a.shape[0]):
        if a[i, 0] > 0.5:
            for j in range(a.shape[1]):
                s += a[i, j]
        else:
            k = 0
            while k < 3:
                s -= a[i, k]
                k += 1
    return s


def total_downward(x):
    s = 0.0
    for i in range(x.shape[0] - 1, -1, -1):
        s -= x[i]
    return s


def scattered(x, index, y):
    for i in range(x.shape[0]):
        y[index[i]] += x[i]


def rows(a):
    for i in range(a.shape[0]):
        for j in range(1, a.shape[1]):
            a[i, j] += a[i, j - 1]


def neighbours(x):
    for i in range(1, x.shape[0]):
        x[i] = 0.5 * (x[i] + x[i - 1])


def next_one(x):
    for i in range(x.shape[0] - 1):
        x[i] = x[i + 1] * 2.0


def prefix(x, y):
    s = 0.0
    for i in range(x.shape[0]):
        s += x[i]
        y[i] = s


def scattered_and_read(x, index, y):
    for i in range(x.shape[0]):
        y[index[i]] += x[i] * y[0]


def stored_by_index(x, index, y):
    for i in range(x.shape[0]):
        y[index[i]] = x[i]


def doubled(x):
    s = 1.0
    for i in range(x.shape[0]):
        s = s + s * x[i]
    return s


def last(x):
    s = 0.0
    for i in range(x.shape[0]):
        s = x[i]
    return s


def sum_or_difference(x):
    s = 0.0
    for i in range(x.shape[0]):
        s = s + x[i] if x[i] > 1.0 else x[i] - s
    return s


def older_sum(x, y):
    s = 0.0
    for i in range(x.shape[0]):
        t = s + x[i]
        s = t + 1.0
        y[i] = t
    return s


def sum_of_the_inner_loop(a, y):
    s = 0.0
    for i in range(a.shape[0]):
        last = 0.0
        for j in range(a.shape[1]):
            s += a[i, j]
            last = s
        y[i] = last
    return s


def sum_in_an_arm(x, y):
    s = 0.0
    for i in range(x.shape[0]):
        t = 0.0
        if x[i] > 1.0:
            s += x[i]
            t = s
        y[i] = t
    return s


def twice_the_sum(x):
    s, t = 0.0, 0.0
    for i in range(x.shape[0]):
        s = s + x[i]
        t = t + s
    return t


def copied_while_written(x, y):
    for i in range(x.shape[0]):
        z = y.copy()
        y[i] = z[0] + z[i]


def same_place(x, y):
    for i in range(x.shape[0]):
        y[0] = x[i]


def halves(x):
    for i in range(x.shape[0]):
        x[i // 2] = x[i] * 3.0


@pytest.mark.parametrize("f, args", [
    (elementwise, (X,)), (shifted_copy, (X, X.copy())), (total, (X,)), (total_downward, (X,)),
    (total_of_rows, (np.ones((40, 40)),)), (scattered, (X, INDEX, X.copy())), (rows, (np.ones((40, 40)),))],
    ids=lambda v: getattr(v, "__name__", ""))
def test_turns_that_are_independent(f: Any, args: tuple[Any, ...]) -> None:
    assert kernels(f, *args) == ["threads"]


@pytest.mark.parametrize("f, args", [
    (neighbours, (X,)), (next_one, (X,)), (prefix, (X, X.copy())), (scattered_and_read, (X, INDEX, X.copy())),
    (stored_by_index, (X, INDEX, X.copy())), (doubled, (X,)), (last, (X,)), (sum_or_difference, (X,)),
    (same_place, (X, X.copy())), (halves, (X,)), (older_sum, (X, X.copy())), (twice_the_sum, (X,)),
    (copied_while_written, (X, X.copy())),
    (sum_of_the_inner_loop, (np.ones((40, 40)), np.ones(40))), (sum_in_an_arm, (X, X.copy()))],
    ids=lambda v: getattr(v, "__name__", ""))
def test_turns_that_wait_for_one_another(f: Any, args: tuple[Any, ...]) -> None:
    assert kernels(f, *args) == ["one"]


def test_a_nest_is_dealt_out_as_a_whole() -> None:
    def scaled(a):
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                a[i, j] *= 2.0
    program = Derivative(scaled, "value", ()).made_by(CudaCompiler(), (np.ones((40, 40)),)).compiled.program
    (kernel,) = program.kernels
    assert len(kernel.parallel.loops) == 2 and "quotient(" in "\n".join(kernel.lines)


def test_what_rows_have_in_common_is_found_by_each_element() -> None:
    def weighted(a, w):
        for i in range(1, a.shape[0]):
            for j in range(a.shape[1]):
                a[i, j] *= w[i] + i
    def with_exponentials(a, w):
        for i in range(w.shape[0]):
            e = np.exp(w[i])
            for j in range(a.shape[1]):
                w[i] += e * a[0, j]
    def summed(a, w):
        for i in range(a.shape[0]):
            s = i * 2.0
            for j in range(a.shape[1]):
                w[i] += s * a[i, j]
    for f, depth in ((weighted, 2), (with_exponentials, 1), (summed, 1)):
        made = Derivative(f, "value", ()).made_by(CudaCompiler(), (np.ones((40, 40)), np.ones(40)))
        (kernel,) = made.compiled.program.kernels
        assert len(kernel.parallel.loops) == depth, f


def test_the_adjoint_of_a_stencil_is_one_nest_over_all_elements() -> None:
    def smoothed(u):
        v = np.zeros_like(u)
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                v[i, j] = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]
        return np.sum(v * v)
    made = Derivative(smoothed, "grad", (0,)).made_by(CudaCompiler(), (np.ones((40, 40)),))
    assert all(len(kernel.parallel.loops) == 2 for kernel in made.compiled.program.kernels)
    assert "u_bar[" not in made.compiled.source.split("def smoothed_vjp(")[1]  # (no element is written by the host)


def test_what_has_no_form() -> None:
    def solved(a, b):
        return np.sum(np.linalg.solve(a, b))
    with pytest.raises(wb.DifferentiationError, match="no form on a GPU"):
        kernels(solved, np.eye(3), np.ones(3))
    with pytest.raises(wb.DifferentiationError, match="no form on a GPU"):
        kernels(lambda x: np.sum(x * x), np.ones(3) + 1j)


def test_a_loop_that_exchanges_arrays_is_the_hosts() -> None:
    def exchanged(a, b, n):
        for _ in range(n):
            b[0] = a[0] * 1.5
            a, b = b, a
        return a[0]
    assert kernels(exchanged, X.copy(), X.copy(), 3) == []


def blurred(u, v):
    for i in range(1, u.shape[0] - 1):
        for j in range(1, u.shape[1] - 1):
            v[i, j] = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j]


def scaled_rows(a):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            a[i, j] *= 0.5 * i  # (the factor is computed once for each row, before the loop over its elements)


def three_deep(a, b):
    for i in range(1, a.shape[0]):
        for j in range(1, a.shape[1]):
            for k in range(a.shape[2]):
                a[i, j, k] = b[i - 1, j, k] + b[i, j - 1, k]


def dear_rows(a):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            a[i, j] *= np.exp(-0.1 * i)  # (too dear to be computed again for each element)


def first_of_rows(a):
    for i in range(a.shape[0]):
        first = a[i, 0]
        for j in range(a.shape[1]):
            a[i, j] *= first  # (what is read before the inner loop lies in what it writes)


@pytest.mark.parametrize(("f", "deep"), [
    (blurred, 2), (scaled_rows, 2), (three_deep, 3), (dear_rows, 1), (first_of_rows, 1)])
def test_nests_are_dealt_out_together(f: Any, deep: int) -> None:
    shape = (5, 6, 7)[:3 if f is three_deep else 2]
    args = tuple(np.ones(shape) for _ in range(f.__code__.co_argcount))
    program = Derivative(f, "value", ()).made_by(CudaCompiler(), args).compiled.program  # type: ignore[attr-defined]
    (kernel,) = program.kernels
    assert kernel.parallel is not None and len(kernel.parallel.loops) == deep
