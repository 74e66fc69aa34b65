"""Subscripts against NumPy's own: slices of every sign, `...`, `None`, integers, integer arrays, masks, and writes."""
from __future__ import annotations

import itertools
import linecache
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.frontend.running import agrees
from tests.fuzz.emitted import in_python
from tests.fuzz.interpreted import interpret, traced
from workbench.interpret import run
from workbench.ir import ArrayType, DifferentiationError

RNG = np.random.default_rng(7)
BOUNDS = (None, -7, -4, -1, 0, 1, 2, 4, 5, 9)
STEPS = (None, 1, 2, 3, -1, -2, -5)


# ------------------------------------------------------------------ slices with bounds known while specialising
@pytest.mark.parametrize("step", STEPS)
def test_static_slices(step: int | None) -> None:
    a = RNG.normal(size=5)
    for start, stop in itertools.product(BOUNDS, BOUNDS):
        agrees(lambda x: x[start:stop:step], a)


# ------------------------------------------------------------------ slices with bounds known at run time
def sliced(a, start, stop):
    return a[start:stop]


def sliced_from(a, start, stop):
    return a[start:] * 2.0 + np.sum(a[:stop])


def sliced_backwards(a, start, stop):
    return a[start:stop:-1]


def sliced_by_two(a, start, stop):
    return a[start:stop:2]


def sliced_backwards_by_two(a, start, stop):
    return a[start:stop:-2]


def written(a, start, stop):
    a[start:stop] = 9.0
    a[start:stop:-1] += 1.0
    return a


def view_of_view(a, start, stop):
    v = a[start:]
    w = v[::2]
    w[:stop] *= 3.0
    return a


@pytest.mark.parametrize("function", [sliced, sliced_from, sliced_backwards, sliced_by_two, sliced_backwards_by_two,
                                      written, view_of_view])
def test_run_time_bounds(function: Any) -> None:
    program = traced(function, (np.zeros(5), 1, 2)).function
    for size, start, stop in itertools.product((2, 5), (-7, -5, -2, -1, 0, 1, 3, 5, 8), (-6, -3, -1, 0, 2, 5, 7)):
        a = RNG.normal(size=size)
        expected = function(a.copy(), start, stop)
        found = run(program, [a.copy(), start, stop])[0]
        np.testing.assert_array_equal(found, expected, err_msg=f"{size} elements, {start}:{stop}")


@pytest.mark.parametrize("step", [1, 2, -1, -3])
def test_a_step_passed_as_an_argument(step: int) -> None:
    def stepped(a, start, stop, step):
        return a[start:stop:step]

    for start, stop in itertools.product((-6, -1, 0, 3, 9), repeat=2):
        agrees(stepped, RNG.normal(size=5), start, stop, step)


def test_a_slice_of_step_zero_raises() -> None:
    with pytest.raises(ValueError, match="zero"):
        agrees(lambda a: a[::0], np.zeros(3))


# ------------------------------------------------------------------ several axes
KEYS: list[Any] = [
    (0,), (-1,), (1, 2), (-2, -1, -3), (slice(None), 1), (Ellipsis, 0), (0, Ellipsis, -1), (Ellipsis,),
    (None,), (slice(None), None), (Ellipsis, None), (None, 1, None, Ellipsis), (slice(1, None), slice(None, None, -1)),
    (slice(None), slice(None), slice(None, None, 2)), (1, slice(None, None, -1), None, 2), (0, None, Ellipsis, None, 1),
]


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_basic_keys_in_three_dimensions(key: Any) -> None:
    a = RNG.normal(size=(2, 3, 4))
    agrees(lambda x: x[key] * 1.0, a)
    if np.ndim(a[key]):
        agrees(lambda x: x[key].shape, a)


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_writes_by_basic_keys(key: Any) -> None:
    def write(x):
        x[key] = 5.0
        x[key] *= 2.0
        return x.sum()

    agrees(write, RNG.normal(size=(2, 3, 4)))


def test_writes_of_arrays_are_broadcast() -> None:
    def write(a, row, column):
        a[1:] = row
        a[:, ::2] += column[:, None]
        a[..., -1] = column
        return a

    agrees(write, RNG.normal(size=(3, 4)), RNG.normal(size=4), RNG.normal(size=3))


def test_chained_and_transposed_views() -> None:
    def chained(a):
        v = a.T[1:, ::-1]
        w = v[-1][1:]
        w[0] = 100.0
        v[0, 0] += w[0]
        return v, w, a

    agrees(chained, RNG.normal(size=(3, 4)))


# ------------------------------------------------------------------ integers
def element(a, i, j):
    return a[i, j]


def test_run_time_integers_count_from_the_end_when_negative() -> None:
    a = RNG.normal(size=(3, 4))
    program = traced(element, (a, 0, 0)).function
    for i, j in itertools.product(range(-3, 3), range(-4, 4)):
        assert run(program, [a, i, j])[0] == a[i, j]


@pytest.mark.parametrize("i, j", [(3, 0), (-4, 0), (0, 4), (0, -5)])
def test_out_of_bounds_raises_at_the_line(i: int, j: int) -> None:
    with pytest.raises(IndexError) as caught:
        run(traced(element, (np.zeros((3, 4)), 0, 0)).function, [np.zeros((3, 4)), i, j])
    assert caught.value.span.line == element.__code__.co_firstlineno + 1


def test_out_of_bounds_writes_leave_the_array_alone() -> None:
    def write(a, i):
        a[i] = 1.0
        return a[0]

    a = np.zeros(3)
    with pytest.raises(IndexError):
        run(traced(write, (a, 0)).function, [a, 3])
    assert not a.any()


def test_numpy_integers_are_indices_too() -> None:
    agrees(lambda a, i: a[i], RNG.normal(size=4), np.int64(-2))
    agrees(lambda a, i: a[i], RNG.normal(size=4), np.int32(1))


def test_too_many_indices_raise() -> None:
    with pytest.raises(IndexError):
        agrees(lambda a: a[0, 0], np.zeros(3))


# ------------------------------------------------------------------ integer arrays and masks
def test_gathers() -> None:
    a, m, i = RNG.normal(size=5), RNG.normal(size=(3, 4)), np.array([0, -1, 2, 2, -3])
    agrees(lambda a, i: a[i], a, i)
    agrees(lambda a, i: a[i.reshape(1, 5)], a, i)
    agrees(lambda m, i: m[i], m, i % 3)
    agrees(lambda m, i: m[:, i], m, i % 4)
    agrees(lambda m, i, j: m[i, j], m, np.array([0, 2]), np.array([-1, 1]))
    agrees(lambda m, i: m[i, 1], m, i % 3)
    agrees(lambda a: a[[3, 0, 0]], a)


def test_a_gather_is_a_copy_and_a_slice_is_not() -> None:
    def copies(a, i):
        b = a[i]
        b[0] = 50.0
        c = a[1:]
        c[0] = 70.0
        return b

    agrees(copies, RNG.normal(size=4), np.array([0, 1]))


def test_scatters_with_repeated_indices_keep_the_last_and_add_at_adds_all() -> None:
    def scatter(a, b, i, v):
        a[i] = v
        a[i] += 1.0
        np.add.at(b, i, v)
        return a, b

    agrees(scatter, RNG.normal(size=4), RNG.normal(size=4), np.array([1, 3, 1, -1]), RNG.normal(size=4))


def test_parts_written_with_other_parts() -> None:
    """NumPy reads all before it writes unless both are vectors stepped in one direction, at unlike steps."""
    def assigned(written: str, read: str) -> Any:
        space: dict[str, Any] = {"np": np}
        name = f"<part {written} {read}>"
        source = f"def f(a):\n    a[{written}] = a[{read}]\n    return a\n"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec"), space)
        return space["f"]

    x, m = RNG.normal(size=7), RNG.normal(size=(4, 4))
    for a, written, read in ((x, "1:", ":-1"), (x, ":-1", "1:"), (x, "::-1", ":"), (x, ":4", "::2"), (x, "2:5", "0:3"),
                             (x, ":3", "1:7:2"), (x, "1:6:2", "0:3"), (x, "::2", "3::-1"), (m, "1:", ":-1"),
                             (m, "2", ":, 2"), (m, ":, 1", "1"), (m, "0, ::2", "1, :2")):
        agrees(assigned(written, read), a)
    for written, read in (("::2", ":4"), ("::-2", "3::-1"), ("3:6", "0:5:2"), ("1:4", "::3")):
        with pytest.raises(DifferentiationError, match="in other steps"):
            traced(assigned(written, read), (x,))
    with pytest.raises(DifferentiationError, match="in other steps"):
        traced(assigned("1", ":, 2"), (m,))


def test_gathers_out_of_bounds_raise() -> None:
    program = traced(lambda a, i: a[i], (np.zeros(5), np.array([0, 1]))).function
    for bad in (5, -6):
        with pytest.raises(IndexError):
            run(program, [np.zeros(5), np.array([0, bad])])


def test_masks() -> None:
    a, m = RNG.normal(size=6), RNG.normal(size=(3, 4))
    agrees(lambda a: a[a > 0.0], a)
    agrees(lambda m: m[m > 0.0], m)
    agrees(lambda m, p: m[p], m, np.array([True, False, True]))
    agrees(lambda a: a[a > 100.0], a)

    def write(a):
        a[a < 0.0] = 0.5
        a[a > 1.0] *= 2.0
        return a

    agrees(write, a)


def test_views_take_their_dimensions_from_any_size() -> None:
    def halves(a):
        n = len(a) // 2
        return np.sum(a[:n] * a[n:2 * n]), len(a[n:]), a[::2].shape[0]

    program = traced(halves, (np.ones(6),))
    assert isinstance(program.function.data_params[0].type, ArrayType)
    for size in (0, 2, 5, 8):
        a = RNG.normal(size=size)
        np.testing.assert_allclose(run(program.function, [a])[:3], halves(a), rtol=1e-14)


def last_against_all(a):
    return np.sum(a[-1:, :] * a) + np.sum(a[..., -1:] * a) + np.sum(a[-2:] * a[:2])


def test_the_last_of_an_axis_meets_all_of_it() -> None:
    with in_python():
        gradient = wb.grad(last_against_all, engine="numba")
        for shape in ((3, 4), (0, 4), (1, 4), (2, 1), (2, 3), (5, 2)):
            a = np.arange(1.0, 1.0 + shape[0] * shape[1]).reshape(shape)
            assert np.allclose(gradient(a), wb.grad(last_against_all, engine="tape")(a)), shape
        fresh = wb.grad(last_against_all, engine="numba")
        for shape in ((0, 2), (5, 2)):
            assert fresh(np.ones(shape)).shape == shape


@pytest.mark.parametrize("statement", ["f[:1] += z", "f[0] += z[0]", "f[1:] -= z[0]", "f[[0, 2]] += z", "f[f > 0] -= z",
                                       "f[0] += 0.1", "f[:2] += 3"])
def test_updates_of_single_precision_add_in_the_wider_one(statement: str) -> None:
    names: dict[str, Any] = {"np": np}
    text = f"def program(f, z):\n    {statement}\n    return float(np.sum(f * f))\n"
    filename = f"<{statement}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    exec(compile(text, filename, "exec"), names)
    for seed in range(40):
        rng = np.random.default_rng(seed)
        f, z = rng.normal(size=4).astype(np.float32), rng.normal(size=1)
        plain, ours = f.copy(), f.copy()
        names["program"](plain, z)
        interpret(names["program"], (ours, z))
        assert np.array_equal(plain, ours)
