"""What emitted programs call on the host: arrays on the device, launches, and what comes back of them.

Invariant: nothing here copies an array to the host but `numbers`, which are one for each block.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from numba import cuda as _numba_cuda
from numba import from_dtype, types

from workbench.engines.cuda.block_sums import THREADS as MOST_THREADS
from workbench.engines.cuda.installed import is_simulated
from workbench.engines.cuda.problems import Problem
from workbench.engines.cuda.shapes import WARP, Limits, launch_shape
from workbench.engines.cuda.streams import CURRENT

cuda: Any = _numba_cuda  # (it has no annotations)

#: Threads of a block, and blocks at most, in the place of what fits a kernel; and those in the simulator, where nothing
#: says what fits.
SHAPE: ContextVar[tuple[int, int] | None] = ContextVar("shape", default=None)
SIMULATED = (128, 4096)
NONE = np.iinfo(np.int64).max


@contextmanager
def launched(threads: int, blocks: int) -> Iterator[None]:
    """Launch with blocks of so many threads (a power of two, at most 256), and at most so many blocks, whatever fits a
    kernel."""
    token = SHAPE.set((threads, blocks))
    try:
        yield
    finally:
        SHAPE.reset(token)


class Columns:
    """An array with a column for each thread, made when it is known how many there are."""

    def __init__(self, dtype: Any, dims: tuple[int, ...]) -> None:
        self.dtype = dtype
        self.dims = dims

    @property
    def rank(self) -> int:
        """How many axes the array has."""
        return len(self.dims) + 1

    def array(self, blocks: int, threads: int) -> Any:
        """The array of a launch."""
        return empty((*(max(d, 1) for d in self.dims), blocks * threads), self.dtype)


class Numbers:
    """What each block gives: one number."""

    rank = 1

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)
        self.found: Any = None

    def array(self, blocks: int, threads: int) -> Any:
        """The array of a launch."""
        self.found = empty(blocks, self.dtype)
        return self.found

    def _on_host(self) -> Any:
        return np.zeros(0, self.dtype) if self.found is None else to_host(self.found)

    def first(self) -> Any:
        """That of the only block."""
        return _plain(self._on_host()[0])

    def total(self, start: Any) -> Any:
        """Their sum, added to a number."""
        return _plain(self.dtype.type(start) + self._on_host().sum(dtype=self.dtype))

    def largest(self, start: Any) -> Any:
        """The largest of them and a number; NaN where one is."""
        return _plain(np.max(self._on_host(), initial=self.dtype.type(start)))

    def smallest(self, start: Any) -> Any:
        """The smallest."""
        return _plain(np.min(self._on_host(), initial=self.dtype.type(start)))


def _plain(value: Any) -> Any:
    """Numbers of 64 bits as Python's own."""
    return value.item() if value.dtype in (np.float64, np.int64, np.bool_) else value


def columns(dtype: Any, *dims: int) -> Columns:
    """See `Columns`."""
    return Columns(dtype, dims)


def numbers(dtype: Any) -> Numbers:
    """See `Numbers`."""
    return Numbers(dtype)


def launch(kernel: Any, count: int, *args: Any) -> None:
    """Deal `count` turns out to threads."""
    if count > 0:
        threads, most = shape_of(kernel, args)
        _launch(kernel, min(-(-count // threads), most), threads, args)


def launch_blocks(kernel: Any, count: int, lanes: int, *args: Any) -> None:
    """Deal `count` turns out to blocks of threads, each of which has work for so many of them."""
    if count > 0:
        threads, most = shape_of(kernel, args, lanes)
        _launch(kernel, min(count, most), threads, args)


def _launch(kernel: Any, blocks: int, threads: int, args: Sequence[Any]) -> None:
    given = [arg.array(blocks, threads) if isinstance(arg, Columns | Numbers) else arg for arg in args]
    stream = CURRENT.get()
    kernel[(blocks, threads, stream) if stream else (blocks, threads)](*given)


def shape_of(kernel: Any, args: Sequence[Any], lanes: int = MOST_THREADS) -> tuple[int, int]:
    """Threads of a block, and blocks at most: what a kernel, compiled for arguments of these kinds, leaves room for on
    the device that is there; lanes: see `launch_shape`."""
    chosen = SHAPE.get()
    if chosen is not None or is_simulated():
        return chosen or SIMULATED
    compiled = kernel.compile(tuple(_type_of(kernel, arg) for arg in args))
    return launch_shape(limits(), compiled.regs_per_thread, compiled.shared_mem_per_block,
                        has_rooms=any(isinstance(arg, Columns) for arg in args), lanes=lanes)


def _type_of(kernel: Any, arg: Any) -> Any:
    """The type of an argument of a kernel, arrays that are made for its shape included."""
    if isinstance(arg, Columns | Numbers):
        return types.Array(from_dtype(np.dtype(arg.dtype)), arg.rank, "C")
    return kernel.typeof_pyval(arg)


def limits() -> Limits:
    """Those of the device that is there."""
    return _limits_of(cuda.get_current_device())


@functools.cache
def _limits_of(device: Any) -> Limits:
    return Limits(device.MULTIPROCESSOR_COUNT, device.MAX_THREADS_PER_MULTIPROCESSOR // WARP,
                  device.MAX_BLOCKS_PER_MULTIPROCESSOR, device.MAX_SHARED_MEMORY_PER_MULTIPROCESSOR)


def claims(array: Any) -> Any:
    """For each element of an array which turn touches it: none yet."""
    return full((max(array.size, 1),), FREE, np.int64)


#: Who has claimed an element: nobody; turns that only read it; turns that only add to it; else twice a turn's number,
#: and one more where that turn writes.
FREE, READ, ADDED = -1, -2, -3


@cuda.jit(device=True)  # type: ignore[untyped-decorator]
def claimed(found: Any, place: int, turn: int) -> Any:
    """Whether a turn may write an element: no other one has touched it."""
    before = cuda.atomic.cas(found, place, FREE, 2 * turn + 1)
    if before == 2 * turn:  # (it has read it)
        before = cuda.atomic.cas(found, place, 2 * turn, 2 * turn + 1)
    return before == FREE or before == 2 * turn or before == 2 * turn + 1


@cuda.jit(device=True)  # type: ignore[untyped-decorator]
def shared(found: Any, place: int, turn: int) -> Any:
    """Whether a turn may read an element: no other one has written it or added to it."""
    before = cuda.atomic.cas(found, place, FREE, 2 * turn)
    if before >= 0 and before % 2 == 0 and before != 2 * turn:  # (another one has read it)
        before = cuda.atomic.cas(found, place, before, READ)
    is_free = (before == FREE) | (before == READ)  # (what is `in` a tuple is looked for in memory)
    return is_free or (before >= 0 and before % 2 == 0) or before == 2 * turn + 1


@cuda.jit(device=True)  # type: ignore[untyped-decorator]
def added(found: Any, place: int, turn: int) -> Any:
    """Whether a turn may add to an element: others have added to it, too, or have not touched it."""
    before = cuda.atomic.cas(found, place, FREE, ADDED)
    if before == 2 * turn:
        before = cuda.atomic.cas(found, place, 2 * turn, 2 * turn + 1)
    is_free = (before == FREE) | (before == ADDED)
    return is_free or before == 2 * turn or before == 2 * turn + 1


def empty(shape: Any, dtype: Any) -> Any:
    """A new array on the device."""
    stream = CURRENT.get()
    return cuda.device_array(shape, dtype, stream=stream) if stream else cuda.device_array(shape, dtype)


def to_device(values: Any) -> Any:
    """An array of the host, on the device."""
    stream = CURRENT.get()
    return cuda.to_device(values, stream=stream) if stream else cuda.to_device(values)


def to_host(array: Any, into: Any = None) -> Any:
    """An array of the device, on the host; it is there when this returns."""
    found = array.copy_to_host(into)
    stream = CURRENT.get()
    if stream:
        stream.synchronize()
    return found


def arange(count: int) -> Any:
    """0, 1, ..., on the device."""
    return to_device(np.arange(count))


def reshaped(array: Any, *dims: int) -> Any:
    """A view of an array in another shape, in the same stream."""
    made = array.reshape(*dims)
    if CURRENT.get():
        made.stream = CURRENT.get()
    return made


def full(shape: Any, value: Any, dtype: Any) -> Any:
    """A new array on the device, all elements equal."""
    made = empty(shape, dtype)
    if made.size:
        launch(_fill, made.size, made.reshape(made.size), np.dtype(dtype).type(value))
    return made


def copied(array: Any) -> Any:
    """A copy on the device."""
    made = empty(array.shape, array.dtype)
    if array.size:
        made.copy_to_device(array)
    return made


def matmul(a: Any, b: Any, a_turned: bool, b_turned: bool) -> Any:
    """A product of two matrices, of which each may be meant transposed; or of a vector and a matrix."""
    if a.ndim == b.ndim == 1:
        return _plain(to_host(matmul(a.reshape(1, a.size), b.reshape(b.size, 1), False, False))[0, 0])
    if a.ndim == 1:
        return reshaped(matmul(a.reshape(1, a.size), b, False, b_turned), -1)
    if b.ndim == 1:
        return reshaped(matmul(a, b.reshape(b.size, 1), a_turned, False), -1)
    rows, inner = a.shape[::-1] if a_turned else a.shape
    columns_ = b.shape[0] if b_turned else b.shape[1]
    made = empty((rows, columns_), a.dtype)
    if made.size:
        launch(_product, rows * columns_, a, b, made, inner, a_turned, b_turned)
    return made


@cuda.jit  # type: ignore[untyped-decorator]
def _fill(array: Any, value: Any) -> None:
    for k in range(cuda.grid(1), array.shape[0], cuda.gridsize(1)):
        array[k] = value


@cuda.jit  # type: ignore[untyped-decorator]
def _product(a: Any, b: Any, out: Any, inner: int, a_turned: bool, b_turned: bool) -> None:
    for item in range(cuda.grid(1), out.shape[0] * out.shape[1], cuda.gridsize(1)):
        i, j = item // out.shape[1], item % out.shape[1]
        total = out.dtype.type(0)
        for k in range(inner):
            x = a[k, i] if a_turned else a[i, k]
            y = b[j, k] if b_turned else b[k, j]
            total += x * y
        out[i, j] = total


def count_not_finite(array: Any) -> int:
    """How many elements are infinite or NaN."""
    found = to_device(np.zeros(1, np.int64))
    launch(_not_finite, array.size, array.reshape(array.size), found)
    return int(to_host(found)[0])


@cuda.jit  # type: ignore[untyped-decorator]
def _not_finite(array: Any, out: Any) -> None:
    count = 0
    k = cuda.grid(1)
    while k < array.shape[0]:
        if not math.isfinite(array[k]):
            count += 1
        k += cuda.gridsize(1)
    cuda.atomic.add(out, 0, count)


def no_problem() -> Any:
    """Where kernels note what they would raise."""
    return to_device(np.full(1, NONE, np.int64))


def raise_first(problem: Any) -> None:
    """Raise a `Problem` where a kernel noted one: that of the first turn."""
    found = int(to_host(problem)[0])
    if found != NONE:
        raise Problem(found)


