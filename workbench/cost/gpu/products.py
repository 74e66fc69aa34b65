"""One product of each architecture, with what is published of it.

Sources, by their letters in `Gpu.sources`:

- (a) NVIDIA, *CUDA C++ Programming Guide* 13, "Technical Specifications per Compute Capability": resident warps and
  blocks, registers, shared memory.
- (b) NVIDIA, *CUDA C++ Best Practices Guide* 13, "Throughput of Native Arithmetic Instructions": results a clock of a
  multiprocessor.
- (c) NVIDIA, *A100 Tensor Core GPU Architecture* (2020) and the A100 80 GB datasheet: multiprocessors, clock, memory,
  L2 and its 5120 bytes a clock.
- (d) NVIDIA, *H100 Tensor Core GPU Architecture* (2022) and the H100 datasheet. The clock is that of its published 67
  TFLOPS.
- (e) NVIDIA, HGX B200 datasheet (75 TFLOPS of float32, 37 of float64, 62 TB/s for eight); publications differ by a
  tenth.
- (f) NVIDIA, *GA102*, *Ada* and *RTX Blackwell GPU Architecture* (2020, 2022, 2025).
- (g) Luo et al., "Benchmarking and Dissecting the Nvidia Hopper GPU Architecture via Microbenchmarking" (2024,
  arXiv:2402.13499): latencies of L1, L2 and memory on A100, H100 and RTX 4090, rounded.
- (h) assumed as of the neighbour that it is published of: L2 bytes a clock of all but A100, latencies of B200 (H100),
  RTX 3090 and RTX 5090 (RTX 4090).

All are peaks that no program quite reaches.
"""

from __future__ import annotations

import re

from workbench.records import dataclass


@dataclass(frozen=True)
class Gpu:
    """A GPU. multiprocessors; clock: Hz; f32, f64, special, whole: results a clock of a multiprocessor, of additions
    and multiplications in float32 and float64, of the special functions, of integers; bandwidth: bytes a second of
    memory; cache: bytes of L2; cache_rate: its bytes a clock; near, middle, far: clocks until L1, L2, memory answer;
    link: bytes a second from the host, one way; warps, blocks: that are resident on a multiprocessor at most; shared:
    its bytes of shared memory.

    >>> gpu = gpu_of("sm_90")
    >>> gpu.name, round(gpu.peak("f32") / 1e12), round(gpu.peak("f64") / 1e12, 1)
    ('H100 SXM', 67, 33.5)
    """

    arch: str
    name: str
    multiprocessors: int
    clock: float
    f32: int
    f64: int
    special: int
    whole: int
    bandwidth: float
    cache: int
    cache_rate: int
    near: int
    middle: int
    far: int
    link: float
    warps: int
    blocks: int
    shared: int
    sources: str

    def peak(self, kind: str) -> float:
        """Flops a second of multiplications with additions in a kind."""
        rate: int = getattr(self, kind)
        return 2.0 * rate * self.multiprocessors * self.clock

    @property
    def cache_bandwidth(self) -> float:
        """Bytes a second of L2."""
        return self.cache_rate * self.clock

    def __str__(self) -> str:
        return f"{self.name} ({self.arch})"


_KB, _MB = 1 << 10, 1 << 20
GPUS: dict[str, Gpu] = {gpu.arch: gpu for gpu in (
    Gpu("sm_80", "A100 SXM 80 GB", 108, 1.41e9, 64, 32, 16, 64, 2.039e12, 40 * _MB, 5120, 38, 262, 466, 32e9, 64, 32,
        164 * _KB, "abcg"),
    Gpu("sm_86", "GeForce RTX 3090", 82, 1.695e9, 128, 2, 16, 64, 936e9, 6 * _MB, 2048, 43, 273, 542, 32e9, 48, 16,
        100 * _KB, "abfgh"),
    Gpu("sm_89", "GeForce RTX 4090", 128, 2.52e9, 128, 2, 16, 64, 1.008e12, 72 * _MB, 2048, 43, 273, 542, 32e9, 48, 24,
        100 * _KB, "abfgh"),
    Gpu("sm_90", "H100 SXM", 132, 1.98e9, 128, 64, 16, 64, 3.35e12, 50 * _MB, 5120, 41, 263, 479, 64e9, 64, 32,
        228 * _KB, "abdgh"),
    Gpu("sm_100", "B200", 148, 1.98e9, 128, 64, 16, 64, 7.7e12, 126 * _MB, 5120, 41, 263, 479, 64e9, 64, 32,
        228 * _KB, "abeh"),
    Gpu("sm_120", "GeForce RTX 5090", 170, 2.407e9, 128, 2, 16, 64, 1.792e12, 96 * _MB, 2048, 43, 273, 542, 64e9, 48,
        24, 100 * _KB, "abfgh"),
)}


def gpu_of(arch: str) -> Gpu:
    """The product that stands for an architecture (`sm_90`, or `sm_90a`).

    Raises ValueError for what is no architecture, or one of which nothing stands here."""
    found = re.fullmatch(r"(sm_\d+)[af]?", arch)
    if found is None:
        raise ValueError(f"arch is like 'sm_90', not {arch!r}")
    if found.group(1) not in GPUS:
        raise ValueError(f"no figures of {arch!r} are kept; there are those of {', '.join(GPUS)}")
    return GPUS[found.group(1)]
