"""Every program of `programs`: no two threads meet, the results are the CPU's whatever the order of the threads; and
planted faults are found."""
from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.engines.cuda.programs import CASES, Case, single
from tests.engines.cuda.results import apart
from tests.engines.cuda.user_kernels import KERNELS, KernelCase
from tests.engines.cuda.watched import Device, Race
from workbench.engines.cuda import CudaCompiler
from workbench.engines.reference import Interpreted

NAMED = {case.name: case for case in CASES}


def programs(case: Case, args: tuple[Any, ...]) -> tuple[Any, Any, list[Any]]:
    """The program, its data, and what the interpreter gives for it."""
    derivative = case.derivative("numba")
    derivative = getattr(derivative, "compiled", derivative)
    made = derivative.made_by(CudaCompiler(), args)
    data, _ = made.door.enter(made.pick(args))
    want = derivative.made_by(Interpreted(), args).compiled
    return made.compiled, data, want


def outcome(case: Case, args: tuple[Any, ...], device: Device, change: Any = None) -> tuple[list[Any], list[Any]]:
    """(what the watched threads give, what the interpreter gives)."""
    program, data, reference = programs(case, args)
    text = program.source if change is None else change(program.source)
    assert change is None or text != program.source
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in data]
    want = reference.entry(*copies)
    got = device.run(program.program, tuple(data), text)
    return [np.asarray(v) for v in got], [np.asarray(v) for v in (want if isinstance(want, tuple) else (want,))]


@pytest.mark.sampled(1 / 3)
@pytest.mark.parametrize("narrow", [False, True], ids=["float64", "float32"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_two_threads_meet(case: Case, narrow: bool) -> None:
    rng = np.random.default_rng()
    args = case.arguments(rng, int(rng.integers(9, 40)))
    shape = [(8, 3), (4, 1), (2, 64)][int(rng.integers(3))]
    got, want = outcome(case, single(args) if narrow else args, Device(*shape, seed=int(rng.integers(1000))))
    assert [a.dtype for a in got] == [b.dtype for b in want]
    assert apart(got, want) <= (1e-4 if narrow else 1e-10)


def faulty(name: str, device: Device, change: Any = None) -> float:
    """How far apart results are with a fault; infinitely where threads meet."""
    args = NAMED[name].arguments(np.random.default_rng(3), 30)
    try:
        got, want = outcome(NAMED[name], args, device, change)
    except Race:
        return np.inf
    if [a.dtype for a in got] != [b.dtype for b in want]:
        return np.inf
    found = apart(got, want)
    return found if np.isfinite(found) else np.inf


@pytest.mark.parametrize("name", ["scattered", "network", "n_body"])
def test_a_missing_atomic_is_found(name: str) -> None:
    assert faulty(name, Device()) < 1e-10
    assert faulty(name, Device(dropped=frozenset({"atomic"}))) == np.inf


@pytest.mark.parametrize("name", ["saxpy", "reductions", "log_sum_exp", "network"])
def test_a_missing_barrier_is_found(name: str) -> None:
    assert faulty(name, Device()) < 1e-10
    assert faulty(name, Device(dropped=frozenset({"barrier"}))) == np.inf


def test_a_reduction_of_the_wrong_width_is_found() -> None:
    assert faulty("saxpy", Device(), lambda text: text.replace("cuda.blockDim.x // 2", "cuda.blockDim.x // 4")) > 1e-3


def test_a_stale_residual_is_found() -> None:
    def stale(text: str) -> str:
        return re.sub(r"y_kept\[round_, thread\]", "y_kept[max(round_ - 1, 0), thread]", text)
    assert faulty("while", Device(), stale) > 1e-6


def test_a_promotion_to_float64_is_found() -> None:
    args = single(NAMED["saxpy"].arguments(np.random.default_rng(3), 30))
    got, want = outcome(NAMED["saxpy"], args, Device(), lambda text: text.replace("numbers(np.float32)",
                                                                                 "numbers(np.float64)"))
    assert [a.dtype for a in got] != [b.dtype for b in want]


def test_arrays_of_a_turn_that_share_a_place_have_room_for_the_longest() -> None:
    def chained(x, short, long):
        first = np.zeros(short)
        for k in range(short):
            first[k] = np.sin(x * (k + 1.0))
        total = np.sum(first * first)
        second = np.zeros(long)
        for k in range(long):
            second[k] = np.cos(total + x * k)
        return np.sum(second * second * second)
    case = Case("chained", chained, 0, lambda r, n: (r.normal(size=n), 40, 60), (0, None, None))
    got, want = outcome(case, case.arguments(np.random.default_rng(1), 20), Device())
    assert apart(got, want) <= 1e-10


def test_lists_of_a_turn() -> None:
    def halved(x, y):
        total = 0.0
        while x > 0.1:
            x = x * 0.5
            total += x * x
        while y > 0.05:
            y = y * y * 0.9
            total += y * x
        return total
    case = Case("halved", halved, (0, 1), lambda r, n: (r.uniform(0.2, 9, n), r.uniform(0.2, 0.9, n)), 0)
    got, want = outcome(case, case.arguments(np.random.default_rng(1), 20), Device())
    assert apart(got, want) <= 1e-10


@pytest.mark.parametrize("rows, columns", [(3, 4), (-2, -3), (2, -1), (0, 3)])
def test_nests_with_fewer_turns_than_none(rows: int, columns: int) -> None:
    def squared(x, n, m):
        y = np.zeros(x.shape)
        for i in range(n):
            for j in range(m):
                y[i, j] = x[i, j] * x[i, j]
        return np.sum(y)
    case = Case("squared", squared, 0, lambda r, n: (r.normal(size=(3, 4)), rows, columns))
    got, want = outcome(case, case.arguments(np.random.default_rng(1), 12), Device())
    assert apart(got, want) <= 1e-10


def test_nests_that_begin_later() -> None:
    def scaled(x, y):
        for i in range(1, x.shape[0]):
            for j in range(2, x.shape[1]):
                y[i, j] = x[i, j] * x[i, j]
        return np.sum(y * y)
    case = Case("scaled", scaled, 0, lambda r, n: (r.normal(size=(4, 5)), np.zeros((4, 5))))
    args = case.arguments(np.random.default_rng(1), 12)
    kernels = programs(case, args)[0].program.kernels
    assert any(len(kernel.parallel.loops) == 2 and "1 + i" in "".join(kernel.lines) for kernel in kernels)
    got, want = outcome(case, args, Device())
    assert apart(got, want) <= 1e-10


def test_nests_of_three_loops_either_way() -> None:
    def shifted(x, y):
        for i in range(1, x.shape[0]):
            for j in range(x.shape[1] - 1, -1, -1):
                for k in range(2, x.shape[2]):
                    y[i, j, k] = x[i - 1, j, k - 2] * x[i, j, k] + i + 10 * j + 100 * k
        return np.sum(y * y)
    case = Case("shifted", shifted, 0, lambda r, n: (r.normal(size=(3, 4, 5)), np.zeros((3, 4, 5))))
    got, want = outcome(case, case.arguments(np.random.default_rng(1), 12), Device())
    assert apart(got, want) <= 1e-10


def test_what_all_threads_add_to_is_added_once_by_each_block() -> None:
    def scored(x, w):
        if x > 0.4:  # (threads that are not there add nothing)
            return w[0] * x + w[3] * x * x
        return w[1] * x
    case = Case("scored", lambda w, x: np.sum(wb.vmap(scored, in_axes=(0, None))(x, w)), 0,
                lambda r, n: (r.normal(size=5), r.uniform(0, 1, n)))
    args = case.arguments(np.random.default_rng(1), 30)
    program, _, _ = programs(case, args)
    body, end = program.source.split("w_bar_parts = ")
    assert "cuda.atomic.add(w_bar" not in body and end.count("cuda.atomic.add(w_bar") == 3
    for device in (Device(), Device(4, 1), Device(16, 4)):
        got, want = outcome(case, args, device)
        assert apart(got, want) <= 1e-10
    with pytest.raises(Race):
        outcome(case, args, Device(dropped=frozenset({"barrier"})))
    with pytest.raises(Race):
        outcome(case, args, Device(dropped=frozenset({"atomic"})))


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_users_kernels(kernel: KernelCase) -> None:
    case = Case(kernel.name, kernel.function, kernel.wrt, kernel.arguments)
    args = case.arguments(np.random.default_rng(), 11)
    got, want = outcome(case, args, Device(*[(8, 3), (4, 1), (2, 64)][int(np.random.default_rng().integers(3))]))
    assert apart(got, want) <= 1e-10


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("inputs", [3, 300])
def test_small_arrays_that_turns_add_to_have_a_copy_in_each_block(inputs: int) -> None:
    def layer(x, w):
        total = 0.0
        for j in range(w.shape[0]):
            s = 0.0
            for k in range(w.shape[1]):
                s += w[j, k] * x[k]
            total += np.tanh(s)
        return total
    case = Case("layer", lambda w, x: np.sum(wb.vmap(layer, in_axes=(0, None))(x, w)), 0,
                lambda r, n: (0.1 * r.normal(size=(5, inputs)), r.normal(size=(n // 3, inputs))))
    args = case.arguments(np.random.default_rng(1), 30)
    assert "cuda.atomic.add(w_bar_copy, " in programs(case, args)[0].source
    for device in (Device(), Device(4, 1)):
        got, want = outcome(case, args, device)
        assert apart(got, want) <= 1e-10
    for dropped in ("barrier", "atomic"):
        if inputs == 3 or dropped == "atomic":  # (1,500 elements are too many for a copy)
            with pytest.raises(Race):
                outcome(case, args, Device(dropped=frozenset({dropped})))
