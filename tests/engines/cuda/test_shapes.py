"""What shape kernels are launched in: as the registers and the shared memory that the compiler gave them allow.
Devices and compiled kernels are stand-ins here; `lowered` launches what is compiled."""
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numba import float32, float64, typeof

from workbench.cost.gpu import GPUS
from workbench.engines.cuda import device
from workbench.engines.cuda.shapes import CHOICES, WAVES, Limits, launch_shape, occupancy, resident_blocks

A100 = Limits(multiprocessors=108, warps=64, blocks=32, shared=164 * 1024)


@pytest.mark.parametrize("arch", GPUS)
def test_no_other_block_keeps_more_warps_resident(arch: str) -> None:
    gpu, rng = GPUS[arch], np.random.default_rng()
    for _ in range(200):
        registers, shared = int(rng.integers(16, 256)), int(rng.choice([0, rng.integers(0, 48 * 1024)]))
        threads, blocks = launch_shape(gpu, registers, shared)
        best = max(occupancy(gpu, count, registers, shared) for count in CHOICES)
        assert occupancy(gpu, threads, registers, shared) == best > 0
        assert blocks == WAVES * gpu.multiprocessors * resident_blocks(gpu, threads, registers, shared)
        assert launch_shape(gpu, registers, shared, has_rooms=True) == (threads, blocks // WAVES)


def test_blocks_are_no_larger_than_there_is_work_for() -> None:
    for lanes in range(1, 300):
        threads, _ = launch_shape(A100, 40, 20_000, lanes=lanes)
        assert threads in CHOICES and (threads == 32 or threads < 2 * lanes)
    assert launch_shape(A100, 40, 20_000, lanes=256) == launch_shape(A100, 40, 20_000)


class Kernel:
    """A kernel that a compiler gives registers and shared memory by the type of its first argument."""

    def __init__(self) -> None:
        self.launched: list[tuple[int, ...]] = []
        self.kinds: list[Any] = []
        self.given: list[Any] = []

    def typeof_pyval(self, value: Any) -> Any:
        return typeof(value)

    def compile(self, kinds: tuple[Any, ...]) -> Any:
        self.kinds.append(kinds)
        wide = kinds[0].dtype is float64
        return SimpleNamespace(regs_per_thread=128 if wide else 32, shared_mem_per_block=16 * 1024 if wide else 0)

    def __getitem__(self, shape: tuple[int, ...]) -> Any:
        self.launched.append(shape)
        return lambda *args: self.given.append(args)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    monkeypatch.setattr(device, "limits", lambda: A100)
    monkeypatch.setattr(device, "is_simulated", lambda: False)
    monkeypatch.setattr(device, "empty", np.empty)
    return Kernel()


def test_a_launch_asks_the_compiler_first(kernel: Kernel) -> None:
    narrow, wide = np.zeros(10, np.float32), np.zeros((10, 2))
    device.launch(kernel, 10**9, narrow, 3)
    device.launch(kernel, 1000, narrow, 3)
    device.launch(kernel, 10**9, wide, 3)
    device.launch(kernel, 0, wide, 3)  # (nothing to do)
    most = WAVES * A100.multiprocessors
    assert kernel.launched == [(most * 16, 128), (8, 128), (most * 4, 128)]
    assert kernel.kinds[0] == (typeof(narrow), typeof(3)) and kernel.kinds[2][0] == float64[:, ::1]


def test_rooms_are_made_for_the_threads_of_one_wave(kernel: Kernel) -> None:
    numbers = device.numbers(np.float32)
    device.launch(kernel, 10**9, np.zeros(4, np.float32), device.columns(np.float64, 5, 0), numbers)
    ((blocks, threads),) = kernel.launched
    assert (blocks, threads) == (A100.multiprocessors * 16, 128)
    assert kernel.kinds[0][1:] == (float64[:, :, ::1], float32[::1])
    _, room, found = kernel.given[0]
    assert room.shape == (5, 1, blocks * threads) and found is numbers.found and found.shape == (blocks,)


def test_blocks_are_dealt_out_whole(kernel: Kernel) -> None:
    for lanes in (20, 64, 256):
        device.launch_blocks(kernel, 50, lanes, np.zeros(4, np.float32))
        device.launch_blocks(kernel, 10**6, lanes, np.zeros(4, np.float32))
    most = WAVES * A100.multiprocessors
    assert kernel.launched == [(50, 32), (most * 32, 32), (50, 64), (most * 32, 64), (50, 128), (most * 16, 128)]
    with device.launched(16, 3):
        device.launch_blocks(kernel, 50, 64, np.zeros(4, np.float32))
        device.launch(kernel, 50, np.zeros(4, np.float32), np.int64(3))
    assert kernel.launched[-2:] == [(3, 16), (3, 16)] and len(kernel.kinds) == 6


def test_limits_are_asked_of_the_device_once() -> None:
    asked: list[str] = []

    class Device:
        def __getattr__(self, name: str) -> int:
            asked.append(name)
            return {"MULTIPROCESSOR_COUNT": 132, "MAX_THREADS_PER_MULTIPROCESSOR": 2048,
                    "MAX_BLOCKS_PER_MULTIPROCESSOR": 32, "MAX_SHARED_MEMORY_PER_MULTIPROCESSOR": 233472}[name]
    there = Device()
    found = device._limits_of(there)
    assert found == device._limits_of(there) and len(asked) == 4
    h100 = GPUS["sm_90"]
    assert found == Limits(h100.multiprocessors, h100.warps, h100.blocks, h100.shared)
