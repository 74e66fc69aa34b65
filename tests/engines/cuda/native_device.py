"""`engine="cuda"` on this computer: kernels as `lowering` compiles them, every access to memory watched.

Two threads of a launch that touch one element, one of them to write and not atomically, race; in one block a barrier
between them orders the two. Threads of a block run one after the other from barrier to barrier, in random order; what
is not written yet is NaN; what lies beside an array belongs to nobody.
"""
from __future__ import annotations

import ctypes
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
from greenlet import getcurrent, greenlet
from numba import cuda, typeof, types

from tests.engines.cuda.lowering import ATOMIC, WRITE, Native, State, texts_of
from workbench.engines.cuda import compiler, device
from workbench.engines.cuda.code import KernelCode, assembled, ptx_of
from workbench.engines.cuda.shapes import Limits

GUARD = 4096
CAPABILITY, ARCH = (9, 0), "sm_90"
SMALL = Limits(multiprocessors=1, warps=8, blocks=2, shared=228 * 1024)  # a device that is soon full


class Race(Exception):
    """Two threads meet at an element."""


class Outside(Exception):
    """A thread touches what belongs to no array."""


class Divergent(Exception):
    """Threads of a block wait at different barriers."""


class Placed:
    """An array on the device."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values
        self.shape, self.size, self.ndim, self.dtype = values.shape, values.size, values.ndim, values.dtype

    def reshape(self, *shape: Any) -> Placed:
        return Placed(self.values.reshape(*shape))

    def __getitem__(self, where: Any) -> Any:
        return self.values[where]

    def __setitem__(self, where: Any, value: Any) -> None:
        self.values[where] = value

    def copy_to_host(self, into: np.ndarray | None = None) -> np.ndarray:
        if into is None:
            return self.values.copy()
        into[...] = self.values
        return into

    def copy_to_device(self, other: Any) -> None:
        self.values[...] = other.values if isinstance(other, Placed) else other

    def is_c_contiguous(self) -> bool:
        return self.values.flags.c_contiguous


class NativeDevice:
    """A GPU that is not there."""

    def __init__(self, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.state = State()
        self.arrays: list[np.ndarray] = []
        self.kernels: dict[Any, Native] = {}
        self.codes: dict[Any, KernelCode] = {}
        self.shapes: set[tuple[int, int]] = set()  # of launches: blocks, threads
        self.launches = 0

    # ------------------------------------------------------------------ arrays
    def device_array(self, shape: Any, dtype: Any = np.float64, **ignored: Any) -> Placed:
        """A new array: NaN, or -1."""
        dims = shape if isinstance(shape, tuple) else (shape,)
        size = int(np.prod(dims, dtype=np.int64)) * np.dtype(dtype).itemsize
        memory = np.full(size + 2 * GUARD, 255, np.uint8)
        inside = memory[GUARD:GUARD + size]
        self.arrays.append(inside)
        return Placed(inside.view(dtype).reshape(dims))

    def to_device(self, values: Any, **ignored: Any) -> Placed:
        """A copy of an array."""
        made = self.device_array(np.shape(values), np.asarray(values).dtype)
        made.values[...] = values
        return made

    # ------------------------------------------------------------------ launches
    def compiled(self, kernel: Any, kinds: tuple[Any, ...]) -> SimpleNamespace:
        """What numba-cuda says of a kernel that it has compiled for types: here, what ptxas says."""
        key = kernel.py_func.__code__, kinds
        if key not in self.codes:
            self.codes[key] = assembled(kernel.__name__, "", ptx_of(kernel, kinds, CAPABILITY), ARCH, {})
        code = self.codes[key]
        return SimpleNamespace(regs_per_thread=code.registers, shared_mem_per_block=code.shared)

    def native(self, kernel: Any, args: Sequence[Any]) -> Native:
        """A kernel for the types of arguments."""
        kinds = tuple(map(type_of, args))
        key = kernel.py_func.__code__, kinds
        if key not in self.kernels:
            self.kernels[key] = Native(texts_of(kernel.py_func, types.void(*kinds), CAPABILITY), self.state)
        return self.kernels[key]

    def launch(self, kernel: Any, shape: tuple[int, int], args: Sequence[Any]) -> None:
        """Run all threads of all blocks, and look at what they touched."""
        blocks, threads = shape
        native = self.native(kernel, args)
        given: list[Any] = []
        for arg in args:
            if isinstance(arg, Placed):
                strides = arg.values.strides
                given += [0, 0, arg.size, arg.dtype.itemsize, arg.values.ctypes.data, *arg.shape, *strides]
            else:
                given.append(arg.item() if isinstance(arg, np.generic) else arg)
        assert len(given) == len(native.kinds)
        self.launches += 1
        self.shapes.add(shape)
        registers = self.state.registers
        registers[:] = [0, 0, 0, threads, 1, 1, 0, 0, 0, blocks, 1, 1]
        for block in self.rng.permutation(blocks):
            for address, size in native.shared:
                _bytes_at(address, size)[:] = 255
            registers[6] = block
            if native.has_barrier:
                self._together(native, int(block), threads, given)
            else:
                for lane in self.rng.permutation(threads):
                    registers[0] = lane
                    self.state.now[0] = _who(int(block), 0, int(lane))
                    native.call(*given)
        self.look(kernel.py_func.__name__, native, self.state.taken())

    def _together(self, native: Native, block: int, threads: int, given: list[Any]) -> None:
        """A block with barriers."""
        main = getcurrent()
        self.state.pause = main.switch
        live = {lane: greenlet(lambda: native.call(*given)) for lane in range(threads)}
        epoch, parted = 0, False
        while live:
            sites: set[int] = set()
            for lane in self.rng.permutation(sorted(live)):
                self.state.registers[0] = lane
                self.state.now[0] = _who(block, epoch, int(lane))
                site = live[lane].switch()
                if live[lane].dead:
                    del live[lane]
                else:
                    sites.add(site)
            epoch += 1
            parted |= len(sites) > 1
        if parted:
            raise Divergent(f"threads of block {block} waited at different barriers")

    # ------------------------------------------------------------------ what was touched
    def look(self, name: str, native: Native, rows: np.ndarray) -> None:
        """Raises Race, or Outside."""
        if not len(rows):
            return
        address, what, who = rows.T
        done, size = what % 4, what // 4
        block, epoch, lane = who >> 40, who >> 20 & 0xfffff, who & 0xfffff
        shared = np.zeros(len(rows), bool)
        for start, length in native.shared:
            shared |= (address >= start) & (address + size <= start + length)
        bounds = sorted((a.ctypes.data, a.ctypes.data + a.size) for a in self.arrays if a.size)
        starts, ends = (np.array(column, np.int64) for column in zip(*bounds, strict=True))
        place = np.searchsorted(starts, address, "right") - 1
        inside = (place >= 0) & (address + size <= ends[place])
        if not np.all(inside | shared):
            raise Outside(f"{name}: a thread touches what belongs to no array")
        met = _meet((address, np.where(shared, block, -1), block, epoch), lane, done)
        if met is None and not np.all(shared):
            met = _meet((address[~shared],), block[~shared], done[~shared])
        if met is not None:
            at = np.searchsorted(starts, met, "right") - 1
            raise Race(f"{name}: threads meet at byte {met - starts[at]} of an array of {ends[at] - starts[at]}, "
                       "or in shared memory")


def _who(block: int, epoch: int, lane: int) -> int:
    return block << 40 | epoch << 20 | lane


def _bytes_at(address: int, size: int) -> np.ndarray:
    return np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address))


def _meet(keys: tuple[np.ndarray, ...], who: np.ndarray, done: np.ndarray) -> int | None:
    """The first address that more than one of `who` touch without an order, where one of them writes; keys: what is
    equal where there is no order, addresses first."""
    order = np.lexsort(keys)
    new = np.zeros(len(order), bool)
    new[0] = True
    for key in keys:
        new[1:] |= np.diff(key[order]) != 0
    starts = np.flatnonzero(new)
    who, done = who[order], done[order]

    def several(taking: np.ndarray) -> np.ndarray:
        low = np.minimum.reduceat(np.where(taking, who, 2**62), starts)
        return np.maximum.reduceat(np.where(taking, who, -1), starts) > low
    written = np.maximum.reduceat((done == WRITE).astype(np.int8), starts) > 0
    atomic = np.maximum.reduceat((done == ATOMIC).astype(np.int8), starts) > 0
    plain = np.minimum.reduceat(done, starts) < WRITE
    bad = (written | (atomic & plain)) & several(np.ones(len(who), bool))
    return int(keys[0][order][starts[np.flatnonzero(bad)[0]]]) if bad.any() else None


def type_of(value: Any) -> Any:
    """The type of a kernel's argument."""
    return types.Array(typeof(value.dtype.type(0)), value.ndim, "C") if isinstance(value, Placed) else typeof(value)


# ---------------------------------------------------------------------- in the place of one
@contextmanager
def running(seed: int = 0, change: Callable[[str], str] | None = None) -> Iterator[NativeDevice]:
    """`engine="cuda"` runs here. change: of the text of programs."""
    made = NativeDevice(seed)
    named = compiler.namespace_of

    def changed(program: Any) -> dict[str, Any]:
        text = program.text if change is None else change(program.text)
        assert change is None or text != program.text
        return named(dataclasses.replace(program, text=text))

    def made_compiled(kernel: Any, kinds: tuple[Any, ...]) -> SimpleNamespace:
        return made.compiled(kernel, kinds)

    def configured(kernel: Any, shape: tuple[int, int]) -> Callable[..., None]:
        return lambda *args: made.launch(kernel, shape, args)
    with ExitStack() as stack:
        for owner, name, value in (
                (cuda, "device_array", made.device_array), (cuda, "to_device", made.to_device),
                (type(device._fill), "__getitem__", configured), (type(device._fill), "compile", made_compiled),
                (type(device._fill), "typeof_pyval", lambda kernel, value: type_of(value)),
                (device, "limits", lambda: SMALL), (compiler, "need_device", lambda: None),
                (compiler, "namespace_of", changed)):
            stack.enter_context(mock.patch.object(owner, name, value))
        yield made
