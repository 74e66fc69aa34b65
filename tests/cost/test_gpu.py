"""Costs on a GPU: occupancy against NVIDIA's own calculator, counts against figures derived by hand, what is shown.

Nothing of it is compiled, and nothing was measured on a device: times are held to what any roofline must keep.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import math

import numpy as np
import pytest
from numba import prange

import workbench as wb
from tests.engines.cuda.programs import CASES
from tests.engines.cuda.user_kernels import cases
from workbench.cost.gpu import GPUS, LaunchAt, gpu_of
from workbench.engines.cuda.shapes import launch_shape, occupancy, resident_blocks
from workbench.views.kernels import cells_of, kernels_part

REGISTERS = (32, 37, 40, 65, 96, 128, 255)
#: Resident blocks for these registers by (threads, bytes of shared memory): what `cuda_occupancy.h` of CUDA 13 gives
#: (`cudaOccMaxActiveBlocksPerMultiprocessor`), with 1 KB of each block reserved and all that there is of shared memory.
#: (All of 1980 cases agreed with that header when this was written.)
CALCULATED = {
    "sm_80": {(64, 49152): (3, 3, 3, 3, 3, 3, 3), (128, 0): (16, 12, 12, 7, 5, 4, 2),
              (256, 2048): (8, 6, 6, 3, 2, 2, 1), (1024, 16384): (2, 1, 1, 0, 0, 0, 0)},
    "sm_86": {(64, 49152): (2, 2, 2, 2, 2, 2, 2), (128, 0): (12, 12, 12, 7, 5, 4, 2),
              (256, 2048): (6, 6, 6, 3, 2, 2, 1), (1024, 16384): (1, 1, 1, 0, 0, 0, 0)},
    "sm_89": {(64, 49152): (2, 2, 2, 2, 2, 2, 2), (128, 0): (12, 12, 12, 7, 5, 4, 2),
              (256, 2048): (6, 6, 6, 3, 2, 2, 1), (1024, 16384): (1, 1, 1, 0, 0, 0, 0)},
    "sm_90": {(64, 49152): (4, 4, 4, 4, 4, 4, 4), (128, 0): (16, 12, 12, 7, 5, 4, 2),
              (256, 2048): (8, 6, 6, 3, 2, 2, 1), (1024, 16384): (2, 1, 1, 0, 0, 0, 0)},
    "sm_100": {(64, 49152): (4, 4, 4, 4, 4, 4, 4), (128, 0): (16, 12, 12, 7, 5, 4, 2),
               (256, 2048): (8, 6, 6, 3, 2, 2, 1), (1024, 16384): (2, 1, 1, 0, 0, 0, 0)},
    "sm_120": {(64, 49152): (2, 2, 2, 2, 2, 2, 2), (128, 0): (12, 12, 12, 7, 5, 4, 2),
               (256, 2048): (6, 6, 6, 3, 2, 2, 1), (1024, 16384): (1, 1, 1, 0, 0, 0, 0)},
}
#: Teraflops of float32 and float64 as NVIDIA publishes them (of the GeForce cards a 64th).
PUBLISHED = {"sm_80": (19.5, 9.7), "sm_86": (35.6, 0.56), "sm_89": (82.6, 1.29), "sm_90": (67, 34), "sm_100": (75, 37),
             "sm_120": (104.8, 1.64)}


@pytest.mark.parametrize("arch", GPUS)
def test_occupancy_is_that_of_nvidias_calculator(arch) -> None:  # type: ignore[no-untyped-def]
    gpu = gpu_of(arch)
    for (threads, shared), blocks in CALCULATED[arch].items():
        assert tuple(resident_blocks(gpu, threads, count, shared) for count in REGISTERS) == blocks
        assert occupancy(gpu, threads, 32, shared) == blocks[0] * threads / 32 / gpu.warps
    assert resident_blocks(gpu, 128, 256) == resident_blocks(gpu, 128, 32, 48 * 1024 + 1) == 0


@pytest.mark.parametrize("arch", GPUS)
def test_peaks_are_those_that_are_published(arch) -> None:  # type: ignore[no-untyped-def]
    found = tuple(gpu_of(arch).peak(kind) / 1e12 for kind in ("f32", "f64"))
    assert found == pytest.approx(PUBLISHED[arch], rel=0.03)


# ---------------------------------------------------------------------- programs
def scaled_sum(a, x, y):  # type: ignore[no-untyped-def]
    return a * x + y


def dotted(x, y):  # type: ignore[no-untyped-def]
    return np.sum(x * y)


def differences(u, v):  # type: ignore[no-untyped-def]
    for i in range(1, u.shape[0] - 1):
        v[i] = u[i - 1] + u[i + 1] - 2.0 * u[i]


def product(a, b):  # type: ignore[no-untyped-def]
    return a @ b


def binned(x, bins, total):  # type: ignore[no-untyped-def]
    for i in range(x.shape[0]):
        total[bins[i]] += x[i]


def columns_first(x, y):  # type: ignore[no-untyped-def]
    for i in range(x.shape[0]):
        y[i] = 3.0 * x[i, 1]


def halved(u, steps):  # type: ignore[no-untyped-def]
    for _ in range(steps):
        for i in range(u.shape[0]):
            u[i] = 0.5 * u[i]


def running(x):  # type: ignore[no-untyped-def]
    s = 0.0
    for i in range(x.shape[0]):
        s = np.sin(s) + x[i]
        x[i] = s


def kernel_of(f, *specs):  # type: ignore[no-untyped-def]
    report = wb.cost(f, *specs, arch="sm_90")
    (kernel,) = report.kernels
    assert kernel.flops == report.flops
    return kernel


def test_counts_are_those_derived_by_hand() -> None:
    """Flops, bytes that threads ask for, those of them that a warp asks for apart, atomic additions."""
    f32, f64 = wb.spec("f32[n]"), wb.spec("f64[n]")
    k = kernel_of(scaled_sum, wb.spec("f32"), f32, f32)
    assert (str(k.flops), str(k.bytes), k.apart, k.atomics, k.launches) == ("2·n", "12·n", 0, 0, 1)
    k = kernel_of(dotted, f64, f64)
    assert (str(k.flops), str(k.bytes), k.apart, k.shared) == ("2·n", "16·n", 0, 2048)  # (256 numbers of a block)
    k = kernel_of(differences, f64, f64)
    assert (k.flops(n=10), k.bytes(n=10), k.apart) == (3 * 8, 4 * 8 * 8, 0)
    k = kernel_of(product, wb.spec("f32[m,k]"), wb.spec("f32[k,n]"))
    assert (k.name, str(k.flops), str(k.bytes)) == ("matmul", "2·k·m·n", "8·k·m·n + 4·m·n")
    k = kernel_of(binned, f64, wb.spec("i64[n]"), wb.spec("f64[m]"))
    assert (str(k.flops), str(k.bytes), str(k.apart), str(k.atomics)) == ("n", "32·n", "16·n", "n")
    k = kernel_of(columns_first, wb.spec("f64[n,m]"), f64)
    assert (str(k.flops), str(k.bytes), str(k.apart)) == ("n", "16·n", "8·n")
    k = kernel_of(halved, f64, wb.spec("i64"))
    assert (str(k.flops), str(k.bytes), str(k.launches)) == ("n·steps", "16·n·steps", "steps")


def weighted(w, x):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(x.shape[0]):
        total += (w[0] * x[i] + w[1]) ** 2
    return total


def permuted(a, places):  # type: ignore[no-untyped-def]
    for i in prange(places.shape[0]):
        a[places[i]] = 2.0 * a[places[i]]


def test_what_blocks_add_up_and_what_turns_claim() -> None:
    (*_, kernel) = wb.cost(wb.grad(weighted), wb.spec("f64[2]"), wb.spec("f64[n]"), arch="sm_90").kernels
    assert kernel.atomics == 0 and kernel.shared >= 2 * 256 * 8  # (two elements, which each block adds to once)
    claims, kernel = wb.cost(permuted, wb.spec("f64[m]"), wb.spec("i64[n]"), arch="sm_90").kernels
    assert (claims.name, str(claims.bytes), claims.flops, kernel.name) == ("fill", "8·m", 0, "permuted_kernel_1")
    assert str(kernel.bytes) == "56·n"  # a place, an element read and written, a claim looked at twice


def test_lines_and_rows_add_up_to_the_time() -> None:
    report = wb.cost(wb.grad(CASES[0].function, (0, 1, 2), engine="cuda"), 1.5, wb.spec("f64[n]"), wb.spec("f64[n]"))
    assert report.gpu is gpu_of("sm_90") and report.machine is report.gpu
    for n in (0, 1, 1000, 10**7):
        at = report(n=n)
        assert math.fsum(line.time for line in at.by_line) == pytest.approx(at.time)
        rows = math.fsum(row.time for row in at.launched({}))
        assert rows == pytest.approx(at.time, abs=1e-6)  # (but for the host's own operations)
    (kernel,) = report(n=10**8).kernels
    assert kernel.bound == "memory"  # x and y are read, two arrays written: what is written again is in L2
    assert kernel.time == pytest.approx(32 * 10**8 / 3.35e12)
    assert report(n=100).kernels[0].bound == "launch"


def test_what_bounds_a_launch() -> None:
    serial = wb.cost(running, wb.spec("f64[n]"), arch="sm_90")(n=10**5)
    (row,) = (row for row in serial.launched({}) if "serial" in row.name)
    assert row.bound == "latency" and row.threads == 1 and serial.time > 1e-3

    def powered(x):  # type: ignore[no-untyped-def]
        y = x
        for _ in range(200):
            y = np.sin(y) + x
        return y
    items = wb.vmap(powered, engine="cuda")
    times = {}
    for kind in ("f32", "f64"):
        report = wb.cost(items, wb.spec(f"{kind}[n]"), arch="sm_89")(n=10**6)
        times[kind] = report.kernels[0].time
        assert report.kernels[0].bound in ("compute", "latency")
    assert times["f64"] > 10 * times["f32"]  # a GeForce has a 64th of its float64
    few, many = (wb.cost(binned, wb.spec("f64[n]"), wb.spec("i64[n]"), wb.spec("f64[m]"), arch="sm_80")(n=10**7, m=m)
                 for m in (2, 10**6))
    assert few.kernels[0].bound == "atomics" and few.kernels[0].time > many.kernels[0].time  # (blocks add to copies)


def test_a_block_of_a_users_kernel_is_a_turn() -> None:
    case = next(case for case in cases() if case.name == "product_kernel")
    times = []
    for items in (100, 10_000, 1_000_000):
        args = case.arguments(np.random.default_rng(0), items)
        report = wb.cost(case.derivative("cuda"), *args, arch="sm_90")
        rows = [row for row in report.launched({name: 1.0 for name in report.open}) if row.shared == 3 * 8 * 8 * 8]
        assert len(rows) == 2  # the kernel, and its adjoint, each with tiles of 8 by 8
        (n, m), (_, k) = args[0].shape, args[1].shape
        for row in rows:
            threads, most = launch_shape(gpu_of("sm_90"), row.registers, row.shared, lanes=64)
            assert threads == 64 and row.threads == 64 * min(-(-n // 8) * -(-k // 8), most) and row.coalesced > 0.9
        assert rows[0].flops >= 2 * n * m * k and rows[1].flops > rows[0].flops
        times.append(sum(row.time for row in rows))
    assert times == sorted(times) and times[-1] > 10 * times[0]


@pytest.mark.parametrize("case", [c for c in CASES if c.name in (
    "saxpy", "reductions", "n_body", "softmax", "black_scholes", "scattered", "log_sum_exp", "prefix_product")],
    ids=lambda case: case.name)
def test_times_grow_with_sizes(case) -> None:  # type: ignore[no-untyped-def]
    args = case.arguments(np.random.default_rng(0), 70)
    specs = [wb.spec(f"{a.dtype.kind}{8 * a.itemsize}[{'n,m'[:2 * a.ndim - 1]}]") if isinstance(a, np.ndarray) else a
             for a in args]
    for arch in ("sm_80", "sm_120"):
        report = wb.cost(case.derivative("cuda"), *specs, arch=arch)
        fixed = {name: 7 for name in report.open if name == "m"} | {name: 0.5 for name in report.open if "(" in name}
        sizes = np.unique(np.geomspace(1, 1e9, 200).astype(int)).astype(float)
        found = report.time({**fixed, "n": sizes})
        assert np.all(np.diff(found) >= -1e-12 * found[1:]), (case.name, arch)
        assert found[40] == pytest.approx(report({**fixed, "n": int(sizes[40])}).time)


def test_reports_show_what_is_launched() -> None:
    report = wb.cost(wb.grad(CASES[0].function, engine="cuda"), 1.5, wb.spec("f32[n]"), wb.spec("f32[n]"))
    assert "saxpy_vjp_kernel_1" in report.text() and "never measured on a device" in report.text()
    at = report(n=10**6)
    for text in (at.text(), at.html(), report.html()):
        assert "saxpy_vjp_kernel_1" in text and "H100 SXM (sm_90)" in text and "arguments to the device" in text
        assert "occupancy" in text and "bound by" in text
    data = json.loads(report.to_json())
    assert data["arch"] == "sm_90" and data["kernels"][0]["flops"] == "7·n"
    answer = report.answer({"what": "at", "dims": {"n": 5000}})
    assert [cell[0] for cell in answer["launches"][0]][:3] == ["saxpy_vjp_kernel_1", "15", "1"]
    assert "published figures of H100" in report.roofline(n=1000).html()
    assert wb.cost(CASES[0].function, 1.5, np.ones(3), np.ones(3)).kernels == []


def test_names_in_tables_are_text() -> None:
    report = wb.cost(dotted, wb.spec("f64[n]"), wb.spec("f64[n]"), arch="sm_80")
    (row, *_) = report.launched({"n": 10})
    hostile = dataclasses.replace(row, name="<script>alert(1)</script>", bound="<img>")
    shown = kernels_part(report, [hostile])
    assert "<script" not in shown and "<img" not in shown and "&lt;script&gt;" in shown
    assert cells_of(LaunchAt("copied", 0, 1, 0, 0, 0, False, 0, 0, 8, 0, 0, 1e-5, "link"))[3][0] == ""


@pytest.mark.skipif(importlib.util.find_spec("numba_cuda") is not None, reason="a compiler for GPUs is there")
def test_registers_are_assumed_where_nothing_compiles() -> None:
    single, double = (wb.cost(dotted, wb.spec(f"{kind}[n]"), wb.spec(f"{kind}[n]"), arch="sm_90")
                      for kind in ("f32", "f64"))
    assert [k.compiled for k in single.kernels] == [False] and "assumed" in single.text() and " ~40 " in single.text()
    assert single.kernels[0].registers < double.kernels[0].registers
    assert single.kernels[0].occupancy == 0.75


class There:
    """An array on a device, as others see it."""

    def __init__(self, size: int) -> None:
        self.shape, self.dtype = (size,), np.dtype(float)
        self.__cuda_array_interface__ = {"shape": self.shape, "typestr": "<f8", "data": (0, False), "version": 3}


def test_arrays_on_the_device_are_not_copied() -> None:
    cost = wb.grad(dotted, engine="cuda").cost
    there, here = cost(There(10**6), There(10**6)), cost(np.ones(10**6), np.ones(10**6))
    names = [row.name for row in there.launched({})]
    assert "arguments to the device" not in names and "arrays back" not in names
    assert there.time < here.time / 10 and there.flops == here.flops


def test_what_is_asked_for_wrongly_is_said() -> None:
    with pytest.raises(ValueError, match="no figures of 'sm_75'"):
        wb.cost(dotted, wb.spec("f64[n]"), wb.spec("f64[n]"), arch="sm_75")
    with pytest.raises(ValueError, match="arch is like"):
        wb.cost(dotted, wb.spec("f64[n]"), wb.spec("f64[n]"), arch="hopper")
    with pytest.raises(wb.DifferentiationError, match="has no form on a GPU"):
        wb.cost(lambda a: np.linalg.det(a), wb.spec("f64[n,n]"), arch="sm_90")
    assert wb.cost(dotted, wb.spec("f64[n]"), wb.spec("f64[n]"), arch="sm_90a").gpu is gpu_of("sm_90")
