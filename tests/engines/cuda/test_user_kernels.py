"""Kernels of the user's own: their gradients, against the kernels themselves in Numba's simulator; and which are
refused, at which line."""
from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import cuda, float64

import workbench as wb
from tests.engines.cuda.racy_kernels import RACY, launched, waits
from tests.engines.cuda.user_kernels import KERNELS, THREADS, KernelCase, saxpy, saxpy_kernel, stencil
from workbench.engines.cuda import CudaCompiler
from workbench.frontend.launches.names import kernel_function
from workbench.ir import Polynomial
from workbench.ir.inequalities import has_none

NAMED = {case.name: case for case in KERNELS}


@pytest.mark.parametrize("case", KERNELS, ids=lambda case: case.name)
def test_a_gradient_is_that_of_the_differences(case: KernelCase) -> None:
    rng = np.random.default_rng()
    args = case.arguments(rng, 9)
    derivative = wb.value_and_grad(case.function, case.wrt, engine="reference")
    _, gradients = derivative(*args)
    ways = [rng.normal(size=np.shape(args[k])) if np.ndim(args[k]) else float(rng.normal()) for k in case.wrt]

    def value(by: float) -> float:
        moved = list(args)
        for k, way in zip(case.wrt, ways, strict=True):
            moved[k] = moved[k] + by * way
        return float(derivative(*moved)[0])
    slope = (value(1e-6) - value(-1e-6)) / 2e-6
    along = sum(float(np.sum(np.asarray(g) * way)) for g, way in zip(gradients, ways, strict=True))
    assert along == pytest.approx(slope, rel=1e-5, abs=1e-5)
    _, dot = wb.jvp(case.function, [args[k] for k in case.wrt] if len(case.wrt) == len(args) else args,
                    ways if len(case.wrt) == len(args) else [
                        ways[case.wrt.index(k)] if k in case.wrt else _still(a) for k, a in enumerate(args)],
                    engine="reference") if all(_is_float(a) for a in args) else (None, along)
    assert dot == pytest.approx(along, rel=1e-10, abs=1e-12)


def _is_float(value: Any) -> bool:
    return np.asarray(value).dtype.kind == "f"


def _still(value: Any) -> Any:
    return np.zeros(np.shape(value)) if np.ndim(value) else 0.0


@pytest.mark.parametrize("names", [
    ("saxpy", "strided"), pytest.param(("product", "block_sum"), marks=pytest.mark.sampled(1 / 4))],
    ids=lambda names: names[0])
def test_against_the_simulator(project_root: Path, names: tuple[str, ...]) -> None:
    """In a process of its own, which runs the kernels themselves, too."""
    seed = str(int(np.random.default_rng().integers(2**31)))
    command = [sys.executable, "-m", "tests.engines.cuda.simulated_kernels", *names, "--seed", seed]
    done = subprocess.run(command, capture_output=True, text=True, cwd=project_root, env=dict(os.environ), check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 3 * len(names)
    for line in lines:
        assert line["value"] < 1e-12 and line["slope"] < 1e-5 and line["float32"] < 1e-4 and line["kept"], (line, seed)


@pytest.mark.parametrize("kernel", RACY, ids=lambda kernel: kernel.py_func.__name__)
def test_what_may_race_is_refused_at_its_line(kernel: Any) -> None:
    inside = kernel_function(waits if kernel.py_func.__name__ == "barrier_in_a_function" else kernel)
    lines, first = inspect.getsourcelines(inside)
    wanted = next(first + k for k, line in enumerate(lines) if "# here" in line)
    with pytest.raises(wb.DifferentiationError) as caught:
        wb.grad(launched(kernel))(np.linspace(0.1, 1.0, 30), np.arange(30) % 7)
    assert caught.value.lineno == wanted, caught.value
    assert caught.value.hint


def test_sizes_of_blocks_that_are_known_at_run_time_only() -> None:
    @cuda.jit
    def doubled(x, out):
        i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
        if i < x.shape[0]:
            out[i] = 2.0 * x[i] * x[i]

    @cuda.jit
    def reversed_in_blocks(x, out):
        part = cuda.shared.array(0, float64)
        t = cuda.threadIdx.x
        first = cuda.blockIdx.x * cuda.blockDim.x
        part[t] = x[first + t] * x[first + t]
        cuda.syncthreads()
        out[first + t] = part[cuda.blockDim.x - 1 - t] * (t + 1.0)

    def loss(x, threads):
        first, second = np.zeros_like(x), np.zeros_like(x)
        doubled[(x.shape[0] + threads - 1) // threads, threads](x, first)
        reversed_in_blocks[x.shape[0] // threads, threads, 0, 8 * threads](x, second)
        return np.sum(first) + np.sum(second)
    x = np.linspace(0.5, 1.5, 12)
    for threads in (2, 3, 6):
        weights = np.tile(np.arange(threads, 0, -1.0), 12 // threads)
        assert np.allclose(wb.grad(loss)(x, threads), 4.0 * x + 2.0 * weights * x)


def test_launches_made_outside_and_functions_of_kernels() -> None:
    @cuda.jit
    def cubed(x, out):
        i = cuda.grid(1)
        if i < x.size:
            out[i] = power(x[i], 3)

    @cuda.jit
    def power(x, n):
        y = 1.0
        for _ in range(n):
            y *= x
        return y
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # (few blocks, says Numba)
        ready = cubed[2, THREADS]

    def loss(x):
        out = np.empty_like(x)
        ready(x, out)
        return np.sum(out)
    assert np.allclose(wb.grad(loss)(np.arange(5.0)), 3.0 * np.arange(5.0) ** 2)
    with pytest.raises(wb.DifferentiationError, match="without a launch shape"):
        wb.grad(lambda x: cubed(x, x))(np.ones(3))
    with pytest.raises(wb.DifferentiationError, match="in a stream"):
        wb.grad(lambda x: np.sum(x) + (cubed[1, 2, "stream"](x, x) or 0.0))(np.ones(3))


def test_extremes_by_atomics() -> None:
    @cuda.jit
    def extremes(x, out):
        i = cuda.grid(1)
        if i < x.shape[0]:
            cuda.atomic.max(out, 0, x[i] * x[i])
            cuda.atomic.min(out, 1, x[i])

    def loss(x):
        out = np.array([0.0, 9.0])
        extremes[2, THREADS](x, out)
        return out[0] + 3.0 * out[1]
    assert np.array_equal(wb.grad(loss)(np.array([1.0, -0.5, 3.0, 2.0])), [0.0, 3.0, 6.0, 0.0])


def test_a_kernel_of_kernels_costs_what_it_does_and_differentiates_twice() -> None:
    x = np.linspace(0.0, 1.0, 11)
    gradient = wb.grad(lambda a: saxpy(a, x, x))
    assert wb.grad(gradient)(2.0) == pytest.approx(2.0 * np.sum(x * x))
    counted = wb.value_and_grad(stencil, (0, 1))
    counted(np.ones((5, 6)), 0.1, 2)
    assert counted.costs()["flops"] > 0


def test_kernels_are_told_from_their_names_alone() -> None:
    assert kernel_function(saxpy_kernel) is saxpy_kernel.py_func
    assert kernel_function(np.sum) is None
    done = subprocess.run([sys.executable, "-c", "import sys, workbench; print('numba.cuda' in sys.modules)"],
                          capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_systems_without_a_solution() -> None:
    x, y, n, k, m = (Polynomial.atom(name) for name in "xynkm")
    one = Polynomial.of(1)
    inside = [x, n - x - one, y, n - y - one]
    assert has_none([x - y], [y - x - one])
    assert has_none([n * k + x - n * m - y], [*inside, m - k - one])  # two rows have nothing in common
    assert not has_none([k + x - m - y], [*inside, m - k - one])
    assert has_none([x + x - y - y - one], [])  # an even number is not odd
    assert has_none([], [x - y - one, y - x])
    assert not has_none([], [x - y, y - x])
    assert not has_none([x * y], [x, y])
    rng = np.random.default_rng(5)
    for _ in range(300):  # never said of what has one
        values = {v: int(rng.integers(-4, 5)) for v in "xynk"}
        made = []
        for _ in range(4):
            terms = [Polynomial.of(int(rng.integers(-3, 4))) * Polynomial.atom(a) * (
                Polynomial.atom(b) if rng.random() < 0.4 else one) for a, b in rng.choice(list("xynk"), (2, 2))]
            p = terms[0] + terms[1]
            made.append((p, sum(c * int(np.prod([values[a] ** e for a, e in mono])) for mono, c in p.terms.items())))
        zeros = [p - Polynomial.of(v) for p, v in made[:2]]
        assert not has_none(zeros, [p - Polynomial.of(v) for p, v in made[2:]])


@pytest.mark.parametrize("case", KERNELS, ids=lambda case: case.name)
def test_as_kernels_nothing_is_serial_and_what_blocks_share_is_shared(case: KernelCase) -> None:
    args = case.arguments(np.random.default_rng(), 21)
    source = wb.value_and_grad(case.function, case.wrt).made_by(CudaCompiler(), args).compiled.source
    assert "serial" not in source and "grow" not in source
    shares = case.name in ("product", "block_sum", "shared_histogram", "n_body", "softmax", "spread")
    assert source.count("launch_blocks(") == (2 if shares else 0)  # the kernel and its adjoint
