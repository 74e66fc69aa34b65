"""What the compiler gives each kernel of a program, or what is assumed where no compiler for GPUs is here.

Kernels are compiled when registers are first asked for, which takes seconds, and what was found is kept.
"""

from __future__ import annotations

import importlib.util
import math
import re

import numpy as np

from workbench.engines.cuda.code import compile_program
from workbench.engines.cuda.host import Program
from workbench.engines.cuda.installed import is_simulated
from workbench.engines.cuda.kernels import Kernel
from workbench.ir import DifferentiationError, Value, walk
from workbench.records import dataclass

#: Registers of a thread where they are not known: about the middle of those in tests/engines/cuda/code.json, of kernels
#: in float32, in float64.
ASSUMED_SINGLE, ASSUMED_DOUBLE, ASSUMED_OWN = 40, 56, 32


@dataclass(frozen=True)
class Registers:
    """registers: of a thread; shared: bytes of a block; spills: bytes of a thread that go to local memory; compiled:
    whether the compiler has said so."""

    registers: int
    shared: int
    spills: int
    compiled: bool


#: What a kernel says of its shared memory: dimensions, dtype.
_SHARED = re.compile(r"cuda\.shared\.array\((\(?[\d, ]+\)?), (?:np\.)?(\w+)\)")
_KNOWN: dict[tuple[str, str], dict[str, Registers]] = {}


def registers_of(program: Program, arch: str) -> dict[str, Registers]:
    """By the names of kernels."""
    if is_simulated() or importlib.util.find_spec("numba_cuda") is None:
        return {kernel.title: assumed(kernel) for kernel in program.kernels}
    key = program.text, arch
    if key not in _KNOWN:
        try:
            code = compile_program(program, arch)
        except DifferentiationError:  # (no ptxas, or one that is too old)
            return {kernel.title: assumed(kernel) for kernel in program.kernels}
        _KNOWN[key] = {k.name: Registers(k.registers, k.shared, k.spills, True) for k in code.kernels}
    return _KNOWN[key]


def assumed(kernel: Kernel | None) -> Registers:
    """What stands in for what the compiler would say: of a kernel of the engine's own for None."""
    if kernel is None:
        return Registers(ASSUMED_OWN, 0, 0, False)
    ops = (kernel.op, *(op for region in kernel.op.regions for op in walk(region)))
    values: list[Value] = [v for op in ops for v in (*op.operands, *op.results)]
    is_double = any(v.kind.is_float and not v.kind.is_single for v in values)
    shared = sum(math.prod(map(int, re.findall(r"\d+", dims))) * np.dtype(dtype).itemsize
                 for line in kernel.lines for dims, dtype in _SHARED.findall(line))
    return Registers(ASSUMED_DOUBLE if is_double else ASSUMED_SINGLE, shared, 0, False)
