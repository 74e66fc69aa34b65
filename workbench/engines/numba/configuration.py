"""What compiled programs run on: versions, processor, where the elementary functions come from, the disk cache."""

from __future__ import annotations

import platform

import llvmlite
import numba
import numpy as np
from llvmlite import binding

from workbench.engines.numba import cache
from workbench.engines.numba.vector_math.choice import SLOWER_ALONE
from workbench.engines.numba.vector_math.definitions import BOUNDS, SINGLE_BOUND, lanes
from workbench.engines.numba.vector_math.library import SWITCH, in_use, obstacle
from workbench.records import dataclass


@dataclass(frozen=True)
class Configuration:
    """vector_math: "own" (functions of the workbench, in vectorised loops) or "libm" (the C library's everywhere), and
    `why`; bounds: the largest error of each function of ours in units in the last place, of float64 and float32;
    lanes: how many float64 and float32 numbers a vector holds; cache: where compiled programs are kept, if anywhere;
    machine: what times are predicted for, one that is "measured" or a "default"."""

    versions: dict[str, str]
    processor: str
    vector_math: str
    why: str
    bounds: dict[str, tuple[float, float]]
    lanes: tuple[int, int]
    cache: str | None
    machine: str = "default"

    def __str__(self) -> str:
        lines = [", ".join(f"{name} {version}" for name, version in self.versions.items()),
                 f"processor: {self.processor}",
                 f"compiled programs are kept in {self.cache}" if self.cache else "compiled programs are not kept",
                 "times are predicted for this machine, measured" if self.machine == "measured" else
                 "times are predicted for a default machine (wb.calibrate() measures this one)",
                 f"vector math: {self.vector_math} ({self.why})"]
        if self.bounds:
            lines.append(f"  {self.lanes[0]} float64 or {self.lanes[1]} float32 at a time; largest errors in ulp "
                         f"(float64, float32):")
            texts = [f"{name} {double:g}, {single:g}" for name, (double, single) in self.bounds.items()]
            lines += ["  " + "; ".join(texts[k:k + 6]) for k in range(0, len(texts), 6)]
        return "\n".join(lines)

    __repr__ = __str__


def configuration() -> Configuration:
    """That of this process, as programs that are compiled now get it."""
    versions = {"Python": platform.python_version(), "NumPy": np.__version__, "Numba": numba.__version__,
                "llvmlite": llvmlite.__version__, "LLVM": ".".join(map(str, binding.llvm_version_info))}
    own, place = in_use(), cache.directory()
    alone = ", ".join(sorted(SLOWER_ALONE))
    why = (f"in programs with loops that become vectors; elsewhere {alone} are the C library's" if own else
           obstacle() or f"the environment variable {SWITCH} is 0")
    bounds = {name: (bound, SINGLE_BOUND) for name, bound in BOUNDS.items()} if own else {}
    return Configuration(versions, binding.get_host_cpu_name(), "own" if own else "libm", why, bounds, lanes(),
                         str(place) if place is not None else None)
