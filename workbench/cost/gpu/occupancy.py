"""How many blocks of threads are on a multiprocessor at a time.

Source: NVIDIA's occupancy calculator (`cuda_occupancy.h` of CUDA 13): registers are given to warps, 256 at a time, in
each of four parts of a multiprocessor; shared memory to blocks, 128 bytes at a time, and the driver keeps 1 KB of each.
Compared with that header in the tests.
"""

from __future__ import annotations

from workbench.cost.gpu.products import REGISTERS, WARP, Gpu

PARTS = 4  # of a multiprocessor
REGISTER_UNIT, SHARED_UNIT, RESERVED = 256, 128, 1024
MOST_REGISTERS, MOST_SHARED = 255, 48 * 1024  # of a thread; of a block, unless it asks for more


def resident_blocks(gpu: Gpu, threads: int, registers: int, shared: int = 0) -> int:
    """The blocks of so many threads that are resident at a time; 0 where not even one can be.

    registers: of a thread; shared: bytes of a block.

    >>> from workbench.cost.gpu.products import gpu_of
    >>> resident_blocks(gpu_of("sm_80"), 256, 32), resident_blocks(gpu_of("sm_80"), 256, 37)
    (8, 6)
    """
    warps = -(-threads // WARP)
    of_warp = -(-registers * WARP // REGISTER_UNIT) * REGISTER_UNIT
    if registers > MOST_REGISTERS or of_warp * -(-warps // PARTS) * PARTS > REGISTERS or shared > MOST_SHARED:
        return 0
    by_registers = REGISTERS // PARTS // of_warp * PARTS // warps if registers else gpu.blocks
    by_shared = gpu.shared // (-(-(shared + RESERVED) // SHARED_UNIT) * SHARED_UNIT)
    return min(gpu.blocks, gpu.warps // warps, by_registers, by_shared)


def occupancy(gpu: Gpu, threads: int, registers: int, shared: int = 0) -> float:
    """The share of the warps that could be resident which are.

    >>> from workbench.cost.gpu.products import gpu_of
    >>> occupancy(gpu_of("sm_90"), 128, 40)
    0.75
    """
    return resident_blocks(gpu, threads, registers, shared) * -(-threads // WARP) / gpu.warps
