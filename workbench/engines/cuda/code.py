"""Kernels compiled without a device: PTX, machine code, registers, spills, instructions by line.

It needs `ad-workbench[cuda]` alone (numba-cuda, and NVIDIA's wheels with `ptxas` and `nvdisasm`), no driver.

Invariant: what is compiled is the text that `engine="cuda"` would launch.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from numba import types

from workbench.engines.cuda.compiler import namespace_of
from workbench.engines.cuda.host import Program
from workbench.engines.cuda.installed import EXTRA, is_simulated
from workbench.engines.cuda.kernels import Kernel
from workbench.engines.numba.compile import numba_type
from workbench.ir import ArrayType, DifferentiationError, Kind, ScalarType, Value
from workbench.records import dataclass

_COMPILING = threading.Lock()
_REGISTERS = re.compile(r"Used (\d+) registers")
_FRAME = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
_SHARED = re.compile(r"(\d+) bytes smem")
_INSTRUCTION = re.compile(r"^\s*/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][\w.]*)")
_DOUBLES = ("DADD", "DMUL", "DFMA", "DSETP", "MUFU.RCP64", "F2F.F64", "F2F.F32.F64")
_LINE = re.compile(r'//## File "[^"]*", line (\d+)')


@dataclass(frozen=True)
class KernelCode:
    """One kernel, compiled. registers: of a thread; spills: bytes stored to local memory for want of registers; stack:
    bytes of local memory of a thread (small arrays of its own among them); shared: bytes of a block; instructions: how
    many of each mnemonic; by_line: how many of the user's lines (0: none)."""

    name: str
    source: str
    ptx: str
    sass: str
    registers: int
    spills: int
    stack: int
    shared: int
    instructions: Mapping[str, int] = field(default_factory=dict)
    by_line: Mapping[int, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Instructions in all."""
        return sum(self.instructions.values())

    @property
    def doubles(self) -> tuple[str, ...]:
        """Mnemonics of arithmetic in float64."""
        return tuple(name for name in self.instructions if name.startswith(_DOUBLES))


@dataclass(frozen=True)
class CudaCode:
    """All kernels of a program for one architecture; see `wb.compile_cuda`."""

    name: str
    arch: str
    source: str
    kernels: tuple[KernelCode, ...]

    @property
    def ptx(self) -> str:
        """The PTX of all kernels."""
        return "\n".join(kernel.ptx for kernel in self.kernels)

    @property
    def sass(self) -> str:
        """The machine code of all kernels, as nvdisasm writes it."""
        return "\n".join(kernel.sass for kernel in self.kernels)

    @property
    def registers(self) -> int:
        """The most registers that a kernel takes for each thread."""
        return max((kernel.registers for kernel in self.kernels), default=0)

    @property
    def spills(self) -> int:
        """Bytes of all kernels that go to local memory for want of registers."""
        return sum(kernel.spills for kernel in self.kernels)

    @property
    def instructions(self) -> int:
        """Machine instructions of all kernels."""
        return sum(kernel.size for kernel in self.kernels)

    @property
    def by_line(self) -> dict[int, int]:
        """Machine instructions of each of the user's lines (0: of none)."""
        found: Counter[int] = Counter()
        for kernel in self.kernels:
            found.update(kernel.by_line)
        return dict(sorted(found.items()))

    def __str__(self) -> str:
        rows = [("kernel", "registers", "spills", "stack", "shared", "instructions"), *(
            (k.name, str(k.registers), str(k.spills), str(k.stack), str(k.shared), str(k.size)) for k in self.kernels)]
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        lines = ["  ".join(cell.ljust(w) if k == 0 else cell.rjust(w) for k, (cell, w) in enumerate(
            zip(row, widths, strict=True))) for row in rows]
        return "\n".join([f"{self.name} for {self.arch}, compiled without a device; nothing has run", *lines])


def compile_program(program: Program, arch: str) -> CudaCode:
    """The kernels of an emitted program for an architecture (`sm_80`, `sm_90`, ...).

    Raises ValueError for what is no architecture, DifferentiationError where something is missing that compiles."""
    found = re.fullmatch(r"sm_(\d+)(\d)[a-z]?", arch)
    if found is None:
        raise ValueError(f"arch is like 'sm_90', not {arch!r}")
    capability = int(found.group(1)), int(found.group(2))
    tools = _tools()
    names = namespace_of(program)
    made = tuple(_compiled(program, kernel, names[kernel.title], capability, arch, tools) for kernel in program.kernels)
    return CudaCode(program.name, arch, program.text, made)


def _tools() -> dict[str, Path]:
    """Where the compiler's programs are. Raises DifferentiationError where they are not."""
    if is_simulated():
        raise DifferentiationError("in Numba's simulator nothing is compiled", None,
                                   "unset NUMBA_ENABLE_CUDASIM in the process that compiles")
    spec = find_spec("nvidia")
    roots = [Path(place) for place in (spec.submodule_search_locations or ())] if spec is not None else []
    found: dict[str, Path] = {}
    for tool in ("ptxas", "nvdisasm"):
        for root in roots:
            for path in (*root.glob(f"*/bin/{tool}"), *root.glob(f"*/bin/{tool}.exe")):
                found.setdefault(tool, path)
    missing = [name for name in ("ptxas", "nvdisasm") if name not in found]
    if find_spec("numba_cuda") is None:
        missing.insert(0, "numba-cuda")
    if missing:
        raise DifferentiationError(f"compiling for a GPU needs {', '.join(missing)}", None, EXTRA)
    return found


def parameter_types(kernel: Kernel) -> tuple[Any, ...]:
    """The Numba types of a kernel's parameters."""
    def array(kind: Kind, rank: int) -> Any:
        return types.Array(numba_type(ScalarType(kind)), rank, "C")

    def of(value: Value) -> Any:
        return array(value.kind, value.rank) if isinstance(value.type, ArrayType) else numba_type(value.type)
    rooms = [array(room.kind, room.rank + 1) for room in kernel.rooms]
    numbers = [array(kernel.op.results[k].kind, 1) for k in kernel.numbers]
    claims = [array(Kind.INT, 1)] * len(kernel.claimed)
    return (*map(of, kernel.parameters), *rooms, *claims, *numbers, *([array(Kind.INT, 1)] if kernel.fails else []))


@contextmanager
def _device_of(capability: tuple[int, int]) -> Iterator[None]:
    """Functions that kernels call are compiled for the device that is there; here there is said to be one."""
    dispatcher: Any = import_module("numba.cuda.dispatcher")
    with _COMPILING:
        before = dispatcher.get_current_device
        dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=capability)
        try:
            yield
        finally:
            dispatcher.get_current_device = before


def ptx_of(dispatcher: Any, kinds: Sequence[Any], capability: tuple[int, int]) -> str:
    """The PTX of a kernel for arguments of these types, with the lines of each instruction; without, where NVIDIA's
    compiler fails on these (it does for some loops with barriers)."""
    cuda: Any = import_module("numba.cuda")

    def made(lines: bool) -> str:
        with _device_of(capability):
            text = cuda.compile(dispatcher.py_func, types.void(*kinds), device=False, abi="numba", cc=capability,
                                output="ptx", lineinfo=lines)[0]
        return text.decode() if isinstance(text, bytes) else str(text)
    try:
        return made(True)
    except Exception as error:
        if type(error).__name__ != "nvvmError":
            raise
    return made(False)


def _compiled(program: Program, kernel: Kernel, dispatcher: Any, capability: tuple[int, int], arch: str,
              tools: Mapping[str, Path]) -> KernelCode:
    try:
        ptx = ptx_of(dispatcher, parameter_types(kernel), capability)
    except Exception as error:  # (whatever the compiler raises: the program is of our making)
        first = str(error).strip().split("\n")[0]
        raise DifferentiationError(f"numba-cuda does not compile {kernel.title}: {first}", kernel.op.span,
                                   "use engine='numba'") from None
    return assembled(kernel.title, "\n".join(kernel.lines), ptx, arch, dict(program.source_map), tools)


def assembled(title: str, source: str, ptx: str, arch: str, users: Mapping[int, int], tools: Mapping[str, Path] | None
              = None) -> KernelCode:
    """A kernel's PTX as machine code. users: the user's lines of those of the emitted program."""
    tools = tools or _tools()
    with tempfile.TemporaryDirectory() as folder:
        written, binary = Path(folder) / "kernel.ptx", Path(folder) / "kernel.cubin"
        written.write_text(ptx)
        said = _run(tools["ptxas"], "-v", "-lineinfo", f"-arch={arch}", str(written), "-o", str(binary))
        sass = _run(tools["nvdisasm"], "-g", "-c", str(binary))
    frames = [tuple(map(int, m.groups())) for m in _FRAME.finditer(said)]
    instructions: Counter[str] = Counter()
    by_line: Counter[int] = Counter()
    line = 0
    for row in sass.splitlines():
        place = _LINE.search(row)
        if place is not None:
            line = int(place.group(1))
        found = _INSTRUCTION.match(row)
        if found is not None and found.group(1) != "NOP":
            instructions[found.group(1)] += 1
            by_line[users.get(line, 0)] += 1
    return KernelCode(
        title, source, ptx, sass, max(int(m) for m in _REGISTERS.findall(said)),
        sum(stores + loads for _, stores, loads in frames), sum(frame for frame, _, _ in frames),
        sum(map(int, _SHARED.findall(said))), dict(instructions.most_common()), dict(sorted(by_line.items())))


def _run(tool: Path, *args: str) -> str:
    done = subprocess.run([str(tool), *args], capture_output=True, text=True, check=False)
    if done.returncode:
        raise DifferentiationError(f"{tool.name} failed: {(done.stderr or done.stdout).strip().splitlines()[0]}")
    return done.stdout + done.stderr

