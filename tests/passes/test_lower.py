"""Every structured primitive and every structural array operation, lowered, against the interpreter.

Each is tried on stored operands, and between elementwise operations (fused with what is before and after)."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from workbench import interpret, passes
from workbench.ir import ArrayType, Builder, Constant, Function, Kind, ScalarType, Value, verify, walk
from workbench.rules import emit, emit_all, table

INT = ScalarType(Kind.INT)
STRUCTURED = sorted(name for name, p in table().items() if p.samples is not None and not p.elementwise)
KINDS = (Kind.F64, Kind.F32, Kind.INT, Kind.C128, Kind.BOOL)


def build(make: Callable[[Builder, list[Value]], Value], arrays: list[np.ndarray]) -> Function:
    """A function of arrays with symbolic dimensions (those of length 1 are constant)."""
    b = Builder("f")
    shapes = [[b.param(INT, f"n{k}{axis}", (k, axis)) if length != 1 else Constant(1, Kind.INT)
               for axis, length in enumerate(a.shape)] for k, a in enumerate(arrays)]
    kinds = [next(k for k in Kind if k.dtype == a.dtype) for a in arrays]
    values = [b.param(ArrayType(kind, tuple(dims)), f"a{k}")
              for k, (kind, dims) in enumerate(zip(kinds, shapes, strict=True))]
    made = make(b, values)
    return b.finish(made if isinstance(made, list) else [made])


def compare(function: Function, args: list[np.ndarray]) -> None:
    with np.errstate(all="ignore"):
        expected = interpret.run(function, [a.copy() for a in args])
        with passes.watching(lambda name, stage: verify(stage)):
            final = passes.finalize(verify(function))
        found = interpret.run(final, [a.copy() for a in args])
    for a, b in zip(expected, found, strict=True):
        assert np.shape(a) == np.shape(b) and np.asarray(a).dtype == np.asarray(b).dtype
        single = np.asarray(a).dtype in (np.float32, np.complex64)
        np.testing.assert_allclose(b, a, rtol=2e-5 if single else 1e-12, atol=1e-5 if single else 1e-12)


def touched(b: Builder, value: Value) -> Value:
    """The value through an elementwise operation."""
    if not value.is_array:
        return value
    return emit(b, "not" if value.kind is Kind.BOOL else "neg", value)


@pytest.mark.parametrize("fused", [False, True], ids=["stored", "fused"])
@pytest.mark.parametrize("name", STRUCTURED)
def test_structured_primitives(name: str, fused: bool) -> None:
    tried = 0
    primitive = table()[name]
    for kind in KINDS:
        if not primitive.takes(0, kind):
            continue
        for sample in primitive.samples(np.random.default_rng(1), kind):
            arrays = [np.asarray(v) for v in sample.operands if np.ndim(v)]

            def make(b: Builder, values: list[Value]) -> list[Value]:
                rest = iter(values)
                operands = [next(rest) if np.ndim(v) else Constant(
                    np.asarray(v).item(), Kind.INT if isinstance(v, int) else kind if np.iscomplexobj(v) else kind.real)
                    for v in sample.operands]
                if fused:
                    operands = [touched(b, v) for v in operands]
                made = emit_all(b, name, *operands, **sample.attrs)
                return [touched(b, value) for value in made] if fused else list(made)

            compare(build(make, arrays), arrays)
            tried += 1
    assert tried


def integer(number: int) -> Constant:
    return Constant(number, Kind.INT)


@pytest.mark.parametrize("fused", [False, True], ids=["stored", "fused"])
def test_gathers_scatters_and_masks(fused: bool) -> None:
    rng = np.random.default_rng(2)
    base, rows, columns = rng.normal(size=(4, 3)), rng.integers(0, 4, 6), rng.integers(0, 3, 6)
    source = rng.normal(size=6)

    def value(b: Builder, v: Value) -> Value:
        return touched(b, v) if fused else v

    def gather(b: Builder, v: list[Value]) -> Value:
        return value(b, emit(b, "gather", v[0], v[1], v[2]))

    def gather_rows(b: Builder, v: list[Value]) -> Value:
        return value(b, emit(b, "gather", value(b, v[0]), v[1]))

    def scatter(prim: str) -> Callable[[Builder, list[Value]], Value]:
        return lambda b, v: emit(b, prim, emit(b, "copy", v[0]), value(b, v[3]), v[1], v[2])

    def masked(b: Builder, v: list[Value]) -> Value:
        mask = emit(b, "lt", value(b, v[0]), Constant(0.2, Kind.F64))
        return emit(b, "mask_index", mask, emit(b, "mask_count", mask))

    for make in (gather, gather_rows, scatter("scatter_store"), scatter("scatter_accum"), masked):
        compare(build(make, [base, rows, columns, source]), [base, rows, columns, source])


def in_place_sum(array: np.ndarray, read: tuple[int, int], written: tuple[int, int]) -> Function:
    """a[written] = a[read] + a[written], for slices (start, step)."""
    def make(b: Builder, values: list[Value]) -> Value:
        a = emit(b, "copy", values[0])
        length = integer(3)
        boxes = [(integer(start), length, integer(step)) for start, step in (read, written)]
        parts = [emit(b, "slice", a, *box, fixed=(False,)) for box in boxes]
        return emit(b, "slice_store", a, emit(b, "add", *parts), *boxes[1], fixed=(False,))
    return build(make, [array])


@pytest.mark.parametrize("written", [(0, 1), (1, 1), (4, -1), (2, 2)])
def test_an_update_that_reads_what_it_writes(written: tuple[int, int]) -> None:
    array = np.arange(8.0) ** 2
    for read in ((0, 1), (1, 1), (4, -1), (0, 2)):
        compare(in_place_sum(array, read, written), [array])


def test_chains_make_no_temporaries() -> None:
    def make(b: Builder, values: list[Value]) -> Value:
        x, y = values
        d = emit(b, "sub", x, y)
        return emit(b, "sum", emit(b, "exp", emit(b, "neg", emit(b, "mul", d, d))), axes=(0,))

    final = passes.finalize(build(make, [np.ones(3), np.ones(3)]))
    assert not [op.prim for op in walk(final.block) if any(r.is_array for r in op.results)]


def test_updates_of_our_own_arrays_are_in_place_and_the_callers_are_not_touched() -> None:
    def make(b: Builder, values: list[Value]) -> Value:
        mine = b.slot(values[0].type, emit(b, "full", Constant(1.0, Kind.F64), *values[0].dims))
        b.begin_for(integer(0), integer(9))
        grown = emit(b, "add", b.read(mine), emit(b, "mul", b.read(mine), values[0]))
        b.write(mine, grown)
        b.end_for()
        return emit(b, "add", values[0], b.read(mine))

    x = np.array([0.5, 0.25])
    function = build(make, [x])
    compare(function, [x])
    final = passes.finalize(function)
    assert sum(op.prim in ("empty", "full", "copy") for op in walk(final.block)) == 1
    before = x.copy()
    interpret.run(final, [x])
    assert np.array_equal(x, before)


def in_order(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Sums whose terms are added one after the other in row-major order."""
    kept = [k for k in range(x.ndim) if k not in axes]
    out = np.zeros([x.shape[k] for k in kept])
    for where in np.ndindex(x.shape):
        out[tuple(where[k] for k in kept)] += x[where]
    return out


@pytest.mark.parametrize("perm", list(itertools.permutations(range(3))), ids=str)
def test_sums_of_transposed_arrays_keep_their_order(perm: tuple[int, ...]) -> None:
    rng = np.random.default_rng(sum(perm) + perm[0])
    for axes in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2)):
        def make(b: Builder, values: list[Value], axes: tuple[int, ...] = axes) -> Value:
            return emit(b, "sum", emit(b, "neg", emit(b, "transpose", values[0], perm=perm)), axes=axes)

        for shape in ((2, 3, 4), (5, 1, 2), (0, 2, 3), (3, 2, 0)):
            x = rng.normal(size=shape)
            (found,) = interpret.run(passes.finalize(build(make, [x])), [x])
            assert np.array_equal(found, in_order(-np.transpose(x, perm), axes))


def test_sums_along_the_innermost_axis_in_memory_are_numbers() -> None:
    def make(b: Builder, values: list[Value]) -> Value:
        return emit(b, "sum", emit(b, "transpose", values[0], perm=(2, 0, 1)), axes=(0,))

    final = passes.finalize(build(make, [np.ones((2, 3, 4))]))
    assert not [op for op in walk(final.block) if op.prim == "accum"]
    innermost = [op for op in walk(final.block) if op.prim == "for" and not any(o.regions for o in op.regions[0].ops)]
    loads = [op for op in walk(innermost[0].regions[0]) if op.prim == "load"]
    assert loads[0].operands[-1] is innermost[0].regions[0].params[0]


@pytest.mark.parametrize("read_later", [False, True])
def test_arrays_that_were_read_before_are_written_in_place(read_later: bool) -> None:
    def make(b: Builder, values: list[Value]) -> list[Value]:
        y = emit(b, "sin", values[0])
        before = emit(b, "max", y, axes=(0,))
        squares = emit(b, "exp", emit(b, "mul", y, before))
        after = emit(b, "sum", y, axes=(0,)) if read_later else before
        return [squares, after, emit(b, "sum", squares, axes=(0,))]

    for size in (1, 5):
        x = np.linspace(-2.0, 3.0, size)
        compare(build(make, [x]), [x])
    final = passes.finalize(build(make, [np.ones(3)]))
    assert sum(op.prim == "empty" for op in walk(final.block)) == (2 if read_later else 1)
