"""Nests turned around give the same bits, at every size; what must not be turned stays."""

from __future__ import annotations

import random

import numpy as np
import pytest

from workbench import interpret, passes
from workbench.ir import ArrayType, Builder, Constant, Function, Kind, ScalarType, verify, walk
from workbench.passes import collector
from workbench.rules import emit

INT, F64 = ScalarType(Kind.INT), ScalarType(Kind.F64)


def integer(number: int) -> Constant:
    return Constant(number, Kind.INT)


def scattering(seed: int, rank: int, sums: bool, overwrite: bool, transposed: bool = False) -> Function:
    """A nest that adds a few shifted terms, and perhaps sums a scalar and zeroes what it read."""
    rng = random.Random(seed)
    b = Builder("scatter")
    dims = [b.param(INT, f"n{k}", (0, k)) for k in range(rank)]
    array = ArrayType(Kind.F64, tuple(dims))
    bar, source, r = b.param(array, "bar"), b.param(array, "source"), b.param(F64, "r")
    target, read, total = b.slot(array, bar, "bar"), b.slot(array, source, "source"), b.slot(F64, r, "total")
    shifts: list[tuple[int, ...]] = []
    while len(set(shifts)) < 2:
        shifts = [tuple(rng.randint(-2, 2) for _ in range(rank)) for _ in range(rng.randint(2, 4))]
    index = []
    for k in range(rank):
        low, high = max(0, -min(s[k] for s in shifts)), max(0, max(s[k] for s in shifts))
        first, last = integer(low), emit(b, "sub", dims[k], integer(high))
        if rng.random() < 0.5:
            index.append(b.begin_for(first, last))
        else:
            index.append(b.begin_for(emit(b, "sub", last, integer(1)), integer(low - 1), -1))
    value = emit(b, "load", b.read(read), *index)
    if overwrite:
        b.write(read, emit(b, "store", b.read(read), Constant(0.0, Kind.F64), *index))
    for k, shift in enumerate(shifts):
        where = [emit(b, "add", i, integer(c)) for i, c in zip(index, shift)]
        term = emit(b, "mul", value, emit(b, "add", r, Constant(float(k), Kind.F64)))
        b.write(target, emit(b, "accum", b.read(target), term, *(where[::-1] if transposed else where)))
    if sums:
        b.write(total, emit(b, "add", b.read(total), emit(b, "mul", value, value)))
    for _ in range(rank):
        b.end_for()
    return verify(b.finish([b.read(target), b.read(read), b.read(total)]))


def agree(function: Function, turned: Function, sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(sum(sizes))
    args = [rng.normal(size=sizes), rng.normal(size=sizes), 0.3]
    first = interpret.run(function, [a.copy() if isinstance(a, np.ndarray) else a for a in args])
    second = interpret.run(turned, [a.copy() if isinstance(a, np.ndarray) else a for a in args])
    for a, c in zip(first, second, strict=True):
        assert np.array_equal(a, c), sizes


def loads(function: Function) -> int:
    return sum(op.prim == "load" for op in walk(function.block))


@pytest.mark.parametrize("asks", [False, True])
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_same_bits_at_every_size(seed: int, rank: int, asks: bool) -> None:
    function = scattering(seed, rank, sums=seed % 2 == 0, overwrite=seed % 3 == 0)
    turned = passes.run((passes.Gather(asks=asks), passes.Simplify(unroll=1)), function,
                        lambda name, stage: verify(stage))
    assert loads(turned) > loads(function)
    sizes = range(11) if rank == 1 else (0, 1, 2, 4, 5, 8) if rank == 2 else (0, 1, 4, 6)
    for n in sizes:
        agree(function, turned, (n, *(n + k for k in range(1, rank))))
    agree(function, turned, tuple(range(9, 9 - 4 * rank, -4)))


@pytest.mark.parametrize("written", [0, 8, 10_000])
@pytest.mark.parametrize("seed", [0, 1, 4])
def test_ends_and_edges_in_every_form(monkeypatch: pytest.MonkeyPatch, written: int, seed: int) -> None:
    monkeypatch.setattr(collector, "_WRITTEN", written)
    for function in (scattering(seed, 2, sums=False, overwrite=True), swapping(seed, 2)):
        turned = passes.run((passes.Simplify(), passes.Gather(), passes.Simplify(unroll=1)), function,
                            lambda name, stage: verify(stage))
        rng = np.random.default_rng(seed)
        for sizes in ((0, 3), (1, 1), (3, 2), (4, 9), (8, 8)):
            source = rng.normal(size=sizes)
            args = [source, 3] if len(function.params) == 4 else [rng.normal(size=sizes), source, 0.3]
            first, second = (interpret.run(f, [a.copy() if isinstance(a, np.ndarray) else a for a in args])
                             for f in (function, turned))
            for a, c in zip(first, second, strict=True):
                assert np.array_equal(a, c), (sizes, written)


def test_long_axes_are_asked_about_once() -> None:
    """A five-point stencil: one condition, and in the arm where there is room for all terms none."""
    b = Builder("five")
    n, m = b.param(INT, "n", (0, 0)), b.param(INT, "m", (0, 1))
    array = ArrayType(Kind.F64, (n, m))
    target, source = b.slot(array, b.param(array, "bar"), "bar"), b.param(array, "source")
    i = b.begin_for(integer(1), emit(b, "sub", n, integer(1)))
    j = b.begin_for(integer(1), emit(b, "sub", m, integer(1)))
    for di, dj in ((-1, 0), (0, -1), (0, 0), (0, 1), (1, 0)):
        where = [emit(b, "add", k, integer(d)) for k, d in ((i, di), (j, dj))]
        b.write(target, emit(b, "accum", b.read(target), emit(b, "load", source, i, j), *where))
    b.end_for()
    b.end_for()
    turned = verify(passes.Gather()(verify(b.finish([b.read(target)]))))
    (asked,) = (op for op in turned.block.ops if op.prim == "if")
    room, short = asked.regions
    assert not any(op.prim == "if" for op in walk(room)) and any(op.prim == "if" for op in walk(short))
    assert sum(op.prim == "accum" for op in walk(room)) == 0
    rng = np.random.default_rng(1)
    for sizes in ((0, 0), (1, 4), (2, 2), (3, 3), (3, 7), (4, 4), (5, 3), (9, 8)):
        args = [rng.normal(size=sizes), rng.normal(size=sizes)]
        expected = args[0].copy()
        for p in range(1, sizes[0] - 1):
            for q in range(1, sizes[1] - 1):
                for dp, dq in ((-1, 0), (0, -1), (0, 0), (0, 1), (1, 0)):
                    expected[p + dp, q + dq] += args[1][p, q]
        assert np.array_equal(interpret.run(turned, args)[0], expected), sizes


def test_an_empty_nest_touches_no_element() -> None:
    """Loops without a turn, over indices that the array does not have."""
    b = Builder("nothing")
    n, first, last = b.param(INT, "n", (2, 0)), b.param(INT, "first"), b.param(INT, "last")
    array = ArrayType(Kind.F64, (n,))
    target = b.slot(array, b.param(array, "bar"), "bar")
    i = b.begin_for(first, last)
    for shift in (-1, 1, 2):
        b.write(target, emit(b, "accum", b.read(target), Constant(1.0, Kind.F64), emit(b, "add", i, integer(shift))))
    b.end_for()
    function = verify(b.finish([b.read(target)]))
    turned = verify(passes.Gather()(function))
    assert sum(op.prim == "for" for op in walk(turned.block)) > 1
    for bounds in ((20, 20), (20, 19), (20, 18), (-7, -7), (1, 1), (1, 2), (1, 3)):
        for f in (function, turned):
            got, = interpret.run(f, [*bounds, np.zeros(5)])
            assert got.sum() == 3 * max(bounds[1] - bounds[0], 0)


def test_a_transposed_target() -> None:
    function = scattering(3, 2, sums=False, overwrite=True, transposed=True)
    turned = verify(passes.Gather()(function))
    assert loads(turned) > loads(function)
    for n in (4, 7):
        agree(function, turned, (n, n))


def recurrence(dependent: str) -> Function:
    """Loops whose iterations are not independent."""
    b = Builder("f")
    n = b.param(INT, "n", (0, 0))
    array = ArrayType(Kind.F64, (n,))
    x, y = b.param(array, "x"), b.param(array, "y")
    target, other = b.slot(array, x, "x"), b.slot(array, y, "y")
    i = b.begin_for(integer(1), emit(b, "sub", n, integer(1)))
    before, after = emit(b, "sub", i, integer(1)), emit(b, "add", i, integer(1))
    if dependent == "reads its target":
        value = emit(b, "load", b.read(target), i)
    elif dependent == "reads what another iteration writes":
        value = emit(b, "load", b.read(other), before)
        b.write(other, emit(b, "store", b.read(other), value, i))
    else:
        value = emit(b, "load", b.read(other), i)
    if dependent == "one cell":
        before, after = integer(0), integer(1)
    if dependent == "stride 2":
        after = emit(b, "mul", i, integer(2))
        after = emit(b, "mod", after, n)
    for where in (before, after):
        b.write(target, emit(b, "accum", b.read(target), value, where))
    b.end_for()
    return verify(b.finish([b.read(target), b.read(other)]))


DEPENDENT = ["reads its target", "reads what another iteration writes", "one cell", "stride 2"]


@pytest.mark.parametrize("dependent", DEPENDENT)
def test_dependent_iterations_stay(dependent: str) -> None:
    function = recurrence(dependent)
    assert loads(passes.Gather()(function)) == loads(function)


def test_independent_nests_run_upwards() -> None:
    b = Builder("f")
    n = b.param(INT, "n", (0, 0))
    x = b.param(ArrayType(Kind.F64, (n,)), "x")
    out = b.slot(x.type, emit(b, "copy", x), "out")
    i = b.begin_for(emit(b, "sub", n, integer(1)), integer(-1), -1)
    b.write(out, emit(b, "accum", b.read(out), emit(b, "load", x, i), i))
    b.end_for()
    turned = verify(passes.Gather()(b.finish([b.read(out)])))
    assert [op.attrs["step"] for op in walk(turned.block) if op.prim == "for"] == [1]


def swapping(seed: int, rank: int, start: float = 0.0) -> Function:
    """An outer loop whose nests add to one buffer, zero what they read of the other, and swap them."""
    rng = random.Random(seed)
    b = Builder("swap")
    dims = [b.param(INT, f"n{k}", (0, k)) for k in range(rank)]
    array = ArrayType(Kind.F64, tuple(dims))
    source, steps = b.param(array, "source"), b.param(INT, "steps")
    other = emit(b, "full", Constant(start, Kind.F64), *dims)
    read, target = b.slot(array, emit(b, "copy", source), "read"), b.slot(array, other, "target")
    shifts = [tuple(rng.randint(-1, 2) for _ in range(rank)) for _ in range(4)]
    b.begin_for(integer(0), steps)
    low = [max(0, -min(s[k] for s in shifts)) + rng.randint(0, 1) for k in range(rank)]
    high = [max(0, max(s[k] for s in shifts)) for k in range(rank)]
    last = [emit(b, "sub", n, integer(h)) for n, h in zip(dims, high)]
    index = [b.begin_for(emit(b, "sub", end, integer(1)), integer(lo - 1), -1) for lo, end in zip(low, last)]
    value = emit(b, "load", b.read(read), *index)
    b.write(read, emit(b, "store", b.read(read), Constant(0.0, Kind.F64), *index))
    for k, shift in enumerate(shifts):
        where = [emit(b, "add", i, integer(c)) for i, c in zip(index, shift)]
        term = emit(b, "mul", value, Constant(0.3 + k, Kind.F64))
        b.write(target, emit(b, "accum", b.read(target), term, *where))
    for _ in range(rank):
        b.end_for()
    held = b.read(read)
    b.write(read, b.read(target))
    b.write(target, held)
    b.end_for()
    return verify(b.finish([b.read(read), b.read(target)]))


@pytest.mark.parametrize("asks", [False, True])
@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("rank", [1, 2])
def test_zeros_for_the_next_iteration_are_not_read(seed: int, rank: int, asks: bool) -> None:
    function = swapping(seed, rank)
    turned = passes.run((passes.Simplify(), passes.Gather(asks=asks), passes.Simplify(unroll=1)), function,
                        lambda name, stage: verify(stage))
    rng = np.random.default_rng(seed)
    for n in (3, 4, 5, 9):
        for steps in range(4):
            args = [rng.normal(size=(n, n + 1)[:rank]), steps]
            for a, c in zip(interpret.run(function, args), interpret.run(turned, args), strict=True):
                assert np.array_equal(a, c), (n, steps)


@pytest.mark.parametrize("start", [0.0, 1.0, -0.0])
def test_only_zeros_are_left_for_the_next_iteration(start: float) -> None:
    function = swapping(1, 2, start)
    turned = passes.run((passes.Simplify(), passes.Gather(), passes.Simplify(unroll=1)), function,
                        lambda name, stage: verify(stage))
    after_the_loop = [op for op in turned.block.ops if op.prim == "for"][1:]
    assert bool(after_the_loop) == (repr(start) == "0.0")
