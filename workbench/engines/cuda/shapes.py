"""How many threads a block gets, and how many blocks are launched at most: as registers and shared memory allow.

Source: NVIDIA's occupancy calculator (`cuda_occupancy.h` of CUDA 13): registers are given to warps, 256 at a time, in
each of four parts of a multiprocessor; shared memory to blocks, 128 bytes at a time, and the driver keeps 1 KB of each.
Compared with that header in the tests.

Invariant: a kernel has one shape, whatever it is called with: what blocks add up has the same parts in every call of as
many turns.
"""

from __future__ import annotations

from typing import Protocol

from workbench.engines.cuda.block_sums import THREADS
from workbench.records import dataclass

WARP = 32
REGISTERS = 65536  # of a multiprocessor, of all that numba-cuda compiles for
PARTS = 4  # of a multiprocessor
REGISTER_UNIT, SHARED_UNIT, RESERVED = 256, 128, 1024
MOST_REGISTERS, MOST_SHARED = 255, 48 * 1024  # of a thread; of a block, unless it asks for more

#: Threads of a block that are tried, in the order of preference among those that keep as many warps resident: more make
#: barriers dearer and leave more waiting for the last one, fewer take more blocks and their sums.
CHOICES = tuple(count for count in (128, 256, 64, 32) if count <= THREADS)
#: How often all resident blocks follow one another at most before threads take further turns: enough that a
#: multiprocessor whose turns are short takes those of another one, few enough that beginnings and sums do not count.
#: Once where each thread has room of its own in memory, which is made for all that are launched.
WAVES = 4


class Multiprocessors(Protocol):
    """A GPU's: how many; warps, blocks: that are resident on one at most; shared: bytes of its shared memory."""

    @property
    def multiprocessors(self) -> int: ...
    @property
    def warps(self) -> int: ...
    @property
    def blocks(self) -> int: ...
    @property
    def shared(self) -> int: ...


@dataclass(frozen=True)
class Limits:
    """Those of the device that is there; see `Multiprocessors`."""

    multiprocessors: int
    warps: int
    blocks: int
    shared: int


def resident_blocks(gpu: Multiprocessors, threads: int, registers: int, shared: int = 0) -> int:
    """The blocks of so many threads that are resident on a multiprocessor at a time; 0 where not even one can be.

    registers: of a thread; shared: bytes of a block.

    >>> a100 = Limits(multiprocessors=108, warps=64, blocks=32, shared=164 * 1024)
    >>> resident_blocks(a100, 256, 32), resident_blocks(a100, 256, 37)
    (8, 6)
    """
    warps = -(-threads // WARP)
    of_warp = -(-registers * WARP // REGISTER_UNIT) * REGISTER_UNIT
    if registers > MOST_REGISTERS or of_warp * -(-warps // PARTS) * PARTS > REGISTERS or shared > MOST_SHARED:
        return 0
    by_registers = REGISTERS // PARTS // of_warp * PARTS // warps if registers else gpu.blocks
    by_shared = gpu.shared // (-(-(shared + RESERVED) // SHARED_UNIT) * SHARED_UNIT)
    return min(gpu.blocks, gpu.warps // warps, by_registers, by_shared)


def occupancy(gpu: Multiprocessors, threads: int, registers: int, shared: int = 0) -> float:
    """The share of the warps that could be resident which are.

    >>> occupancy(Limits(multiprocessors=132, warps=64, blocks=32, shared=228 * 1024), 128, 40)
    0.75
    """
    return resident_blocks(gpu, threads, registers, shared) * -(-threads // WARP) / gpu.warps


def launch_shape(gpu: Multiprocessors, registers: int, shared: int = 0, has_rooms: bool = False,
                 lanes: int = THREADS) -> tuple[int, int]:
    """How a kernel is launched: threads of a block, and blocks at most.

    registers: of a thread; shared: bytes of a block; has_rooms: whether each thread has room in memory; lanes: for how
    many threads a block has work.

    Sixteen kilobytes in which a block adds up have room on an A100 nine times, so that large blocks keep it busiest:

    >>> a100 = Limits(multiprocessors=108, warps=64, blocks=32, shared=164 * 1024)
    >>> launch_shape(a100, 32), launch_shape(a100, 32, shared=16 * 1024)
    ((128, 6912), (256, 3456))
    """
    useful = [count for count in CHOICES if count <= WARP or count < 2 * lanes]
    threads = max(useful, key=lambda count: (occupancy(gpu, count, registers, shared), -CHOICES.index(count)))
    resident = max(resident_blocks(gpu, threads, registers, shared), 1)
    return threads, resident * gpu.multiprocessors * (1 if has_rooms else WAVES)
