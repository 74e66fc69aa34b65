"""How long a program will take on a GPU, for any sizes, launch by launch: predicted from published figures.

A launch takes the most of five: its instructions in the units of the multiprocessors; its bytes from memory, and from
the caches; its atomic additions, those to one element after another; what its threads wait for, when as many are
resident as registers and shared memory allow; and what it takes to be launched. To this come copies between host and
device, and what the host does itself. Launches follow one another.

Invariant: nothing is run; the lines of a program add up to its time. A launch never takes less at a larger size.

Source: Williams, Waterman & Patterson, "Roofline", *Comm. ACM* 52(4), 2009; waiting as in Volkov, *Understanding
Latency Hiding on GPUs*, thesis (Berkeley, 2016): what is resident, over how long each thread takes.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from workbench.cost.counting import NOWHERE
from workbench.cost.executions import Executions, Numbers
from workbench.cost.formula import Formula
from workbench.cost.gpu.instructions import Instructions
from workbench.cost.gpu.kernels import KernelCost, figures_of, flops_of
from workbench.cost.gpu.launches import SECTOR, Access, Launch, launches_of
from workbench.cost.gpu.products import Gpu
from workbench.cost.gpu.registers import Registers, assumed, registers_of
from workbench.cost.machine import Machine
from workbench.cost.work import Line
from workbench.engines.cuda.block_sums import AT_ONCE, COPIED
from workbench.engines.cuda.block_sums import THREADS as MOST_THREADS
from workbench.engines.cuda.host import Program
from workbench.engines.cuda.shapes import WARP, launch_shape, occupancy, resident_blocks
from workbench.ir import Block, Function, Value
from workbench.records import dataclass

#: Seconds of a launch until the next one (4 to 6 µs are reported of CUDA 13 and current drivers; what numba-cuda's own
#: Python does is not in it), of a copy however small it is (about 10 µs with its synchronisation), of an operation of
#: the host's Python: all assumed.
LAUNCH, COPY, HOST = 5e-6, 10e-6, 60e-9
ISSUE = 4.0  # clocks until the next instruction of a thread can use a result (Volta and later: Jia et al. 2018)
ISSUED = 128.0  # instructions of threads that a multiprocessor issues in a clock: four schedulers, a warp each
LINE_BYTES = 128  # that L1 hands out in a clock
BARRIER = 60.0  # clocks of a step in which a block combines its numbers, or waits for all of its threads
SHARED_ADDITION = 4.0  # clocks in which a multiprocessor adds to up to 32 elements of shared memory: assumed


@dataclass(frozen=True)
class LaunchAt:
    """A row of the table of launches at given sizes. launches: how often; threads: of each; registers, shared,
    compiled: see `Registers`; occupancy: the share of warps that are resident of those that could be; bytes: that
    threads ask global memory for; coalesced: the share of those that a warp asks for together; atomics: additions;
    time: seconds of all launches; bound: by what. Of copies, what has no meaning is 0."""

    name: str
    line: int
    launches: float
    threads: float
    registers: int
    shared: int
    compiled: bool
    occupancy: float
    flops: float
    bytes: float
    coalesced: float
    atomics: float
    time: float
    bound: str


class GpuTiming:
    """The times of one program on a GPU; see `workbench.cost.timing.Timing`. written: the arguments that it changes;
    resident: those that lie on the device already."""

    def __init__(self, executions: Executions, program: Program, gpu: Gpu, written: Collection[int],
                 resident: Collection[int]) -> None:
        self.executions = executions
        self.function: Function = executions.function
        self.program = program
        self.gpu = gpu
        self.found = launches_of(self.function, program, executions, written, resident)
        self.lines = {NOWHERE, *(line for _, line in self.found.host), *(line for _, line, _ in self.found.single),
                      *(work.line for launch in self.found.launches for work in launch.work),
                      *(launch.line for launch in self.found.launches)}

    @cached_property
    def registers(self) -> dict[str, Registers]:
        """What each kernel takes: where there is a compiler, they are compiled for that."""
        return registers_of(self.program, self.gpu.arch)

    def registers_of(self, launch: Launch) -> Registers:
        """What a launch's kernel takes."""
        return assumed(None) if launch.kernel is None else self.registers[launch.name]

    def shape_of(self, launch: Launch) -> tuple[int, int]:
        """Threads of a block, and blocks at most, as the engine would launch it."""
        size, kernel = self.registers_of(launch), launch.kernel
        lanes = MOST_THREADS if kernel is None or kernel.lanes is None else kernel.lanes
        return launch_shape(self.gpu, size.registers, size.shared, kernel is not None and bool(kernel.rooms), lanes)

    def uncompiled(self) -> GpuTiming:
        """The same, with registers that are assumed."""
        made = copy.copy(self)
        made.__dict__["registers"] = {kernel.title: assumed(kernel) for kernel in self.program.kernels}
        return made

    @cached_property
    def flops(self) -> dict[Launch, Formula]:
        """Flops of each launch."""
        return {launch: flops_of(self.executions, launch) for launch in self.found.launches}

    def kernels(self, given: Mapping[str, Any]) -> list[KernelCost]:
        """A record for each launch, with symbols bound."""
        known = self.executions.symbols <= given.keys()
        rows = self.rows(given) if known else []
        found = []
        for k, launch in enumerate(self.found.launches):
            size = self.registers_of(launch)
            share = occupancy(self.gpu, self.shape_of(launch)[0], size.registers, size.shared)
            found.append(KernelCost(
                launch.name, launch.line[1], registers=size.registers, shared=size.shared, compiled=size.compiled,
                occupancy=share, time=rows[k].time if known else None, bound=rows[k].bound if known else None,
                **figures_of(self.executions, launch, self.flops[launch], given)))
        return found

    def seconds(self, values: Mapping[str, Any], machine: Machine) -> dict[Line, Any]:
        """Seconds by line where the symbols have these values. (The machine is the GPU.)"""
        return _Device(self, Numbers(self.executions, values)).lines()

    def rows(self, values: Mapping[str, Any]) -> list[LaunchAt]:
        """Every launch, then every copy, at given sizes. (Flops may depend on more than times do: they are NaN
        then.)"""
        numbers = Numbers(self.executions, values)
        flops = {launch: float(numbers.number(formula)) if {s.name for s in formula.symbols} <= values.keys() else
                 math.nan for launch, formula in self.flops.items()}
        with np.errstate(all="ignore"):
            return _Device(self, numbers).rows(flops)


class _Device:
    """A program at given sizes on a GPU."""

    def __init__(self, timing: GpuTiming, numbers: Numbers) -> None:
        self.timing = timing
        self.found = timing.found
        self.gpu = timing.gpu
        self.n = numbers

    # ------------------------------------------------------------------ all of it
    def lines(self) -> dict[Line, Any]:
        """Seconds by line."""
        found: dict[Line, Any] = {NOWHERE: self.copied()}

        def add(line: Line, time: Any) -> None:
            found[line] = found.get(line, 0.0) + time
        for launch in self.found.launches:
            at = _At(self, launch)
            for line, share in at.shares().items():
                add(line, at.time * share)
            add(launch.line, at.returned)
        for block, line, accesses in self.found.single:
            add(line, self.n.runs(block) * accesses * COPY)
        for block, line in self.found.host:
            add(line, self.n.runs(block) * HOST)
        return found

    def copied(self) -> Any:
        """Seconds of copies before and after, and of the check whether something is to be raised."""
        seconds = sum((self.bytes(v) / self.gpu.link + COPY for v in (*self.found.given, *self.found.back)), 0.0)
        return seconds + (2 * COPY if self.found.checks else 0.0)

    def bytes(self, array: Value) -> Any:
        """Bytes of an array."""
        return self.n.elements(array) * array.kind.dtype.itemsize

    def rows(self, flops: Mapping[Launch, float]) -> list[LaunchAt]:
        """See `GpuTiming.rows`."""
        rows = []
        for launch in self.found.launches:
            at = _At(self, launch)
            rows.append(at.row(float(flops.get(launch, 0.0))))
        single = sum((float(self.n.runs(block)) * accesses for block, _, accesses in self.found.single), 0.0)
        numbers = sum((float(_At(self, launch).returned) for launch in self.found.launches), 0.0)
        for name, arrays in (("arguments to the device", self.found.given), ("arrays back", self.found.back)):
            if arrays:
                moved = sum((float(self.bytes(v)) for v in arrays), 0.0)
                rows.append(_copy(name, len(arrays), moved, moved / self.gpu.link + len(arrays) * COPY))
        if numbers:
            rows.append(_copy("numbers back", round(numbers / COPY), 0.0, numbers))
        if single:
            rows.append(_copy("elements, by the host", single, 0.0, single * COPY))
        if self.found.checks:
            rows.append(_copy("exceptions noted", 2, 16.0, 2 * COPY))
        return rows


def _copy(name: str, count: float, moved: float, time: float) -> LaunchAt:
    return LaunchAt(name, 0, count, 0, 0, 0, False, 0.0, 0.0, moved, 0.0, 0.0, time, "link")


class _At:
    """A launch at given sizes."""

    def __init__(self, device: _Device, launch: Launch) -> None:
        self.device, self.gpu, self.n, self.launch = device, device.gpu, device.n, launch
        self.size = device.timing.registers_of(launch)
        self.launches = self.n.runs(launch.block)
        self.all = self.launches if launch.is_serial else self.launches * self.n.number(launch.turns) if not isinstance(
            launch.turns, Block) else self.n.runs(launch.turns)
        self.turns = self.all / np.maximum(self.launches, 1e-300)  # of one launch
        self.is_done = (self.launches > 0) & (self.turns > 0)
        self.width, most = device.timing.shape_of(launch)  # threads of a block
        self.is_of_blocks = launch.kernel is not None and launch.kernel.lanes is not None
        together = 1 if self.is_of_blocks else self.width  # turns that a block does at a time
        self.blocks = 1.0 if launch.is_serial else np.clip(np.ceil(self.turns / together), 1, most)
        self.threads = 1.0 if launch.is_serial else self.blocks * self.width
        self.each = np.maximum(self.turns / (1.0 if launch.is_serial else self.blocks * together), 1.0)  # of a thread
        self.resident = max(resident_blocks(self.gpu, self.width, self.size.registers, self.size.shared), 1)
        self.far = self._far()

    @property
    def returned(self) -> Any:
        """Seconds of the copies of numbers that the host waits for."""
        return self.launches * self.launch.numbers * COPY

    # ------------------------------------------------------------------ per turn
    def _per_turn(self, block: Block, times: Any) -> Any:
        return self.n.runs(block) * times / np.maximum(self.all, 1e-300)

    def _alike(self, block: Block) -> float:
        """How many threads do what stands in a block of the program, each for itself, in a turn of theirs."""
        return float(self.width) if self.is_of_blocks and block not in self.launch.spread else 1.0

    def _own(self, block: Block) -> Any:
        """The share of what stands there that a thread does which has most of it."""
        spread = self.launch.spread.get(block)
        if spread is None:
            return 1.0
        turns = self.n.runs(spread.body) / np.maximum(self.n.runs(spread.home), 1e-300)
        return np.ceil(turns / self.width) / np.maximum(turns, 1.0)

    def _instructions(self, weight: Callable[[Block], Any]) -> tuple[Any, Any, Any, Any]:
        """Of a turn: float32, float64, special, others; weight: of what stands in a block of the program."""
        total: list[Any] = [0.0, 0.0, 0.0, 0.0]
        for work in self.launch.work:
            share = self._per_turn(work.block, self.n.number(work.times)) * weight(work.block)
            for k, count in enumerate(work.instructions):
                total[k] = total[k] + share * count
        return total[0], total[1], total[2], total[3]

    def _counted(self, access: Access) -> Any:
        """How often an access is done in all launches."""
        return self.n.runs(access.block) * self.n.number(access.times)

    # ------------------------------------------------------------------ memory
    @cached_property
    def moved(self) -> dict[Value, Any]:
        """Bytes that one launch moves between L2 and the multiprocessors, by array; neighbours come together."""
        found: dict[Value, Any] = {}
        seen: set[object] = set()
        for access in self.launch.accesses:
            key = access.root, access.block, access.step, access.along, access.writes
            if access.step is not None and key in seen:
                continue
            seen.add(key)
            each = self._counted(access) / np.maximum(self.launches, 1e-300) * access.moved * self._alike(access.block)
            found[access.root] = found.get(access.root, 0.0) + each
        return found

    def _extent(self, root: Value, moved: Any) -> Any:
        """Bytes of an array that a launch touches."""
        if not root.is_array or not self.n.is_known(root):
            return moved
        return np.minimum(moved, self.device.bytes(root))

    def _far(self) -> Any:
        """The share of what is touched that is not in L2 from before: none where all of it has room there."""
        working = sum((self._extent(root, moved) for root, moved in self.moved.items()), 0.0)
        return np.clip(working / self.gpu.cache - 1.0, 0.0, 1.0)

    @cached_property
    def from_memory(self) -> Any:
        """Bytes that a launch has of memory: what it touches, and again what L2 has no room to keep."""
        total: Any = 0.0
        for root, moved in self.moved.items():
            extent = self._extent(root, moved)
            again = np.clip(1.0 - self.gpu.cache / np.maximum(extent, 1.0), 0.0, 1.0)
            total = total + extent * self.far + (moved - extent) * again
        return total

    @cached_property
    def from_caches(self) -> Any:
        """Seconds in which L2 and L1 hand out a launch's bytes."""
        shared = sum(self.moved.values(), 0.0) / self.gpu.cache_bandwidth
        clocks: Any = 0.0
        for access in self.launch.accesses:
            each = access.bytes / LINE_BYTES if access.is_coalesced else 1.0
            share = self._per_turn(access.block, self.n.number(access.times)) * self._alike(access.block)
            clocks = clocks + each * share
        return np.maximum(shared, self._busiest(clocks))

    # ------------------------------------------------------------------ the five
    def _busiest(self, clocks: Any) -> Any:
        """Seconds of the multiprocessor that has most, where each turn takes so many of its clocks."""
        blocks = np.ceil(self.blocks / self.gpu.multiprocessors)
        turns = WARP if self.launch.is_serial else 1 if self.is_of_blocks else self.width  # (one keeps a warp's place)
        return clocks * self.each * turns * blocks / self.gpu.clock

    def parts(self) -> dict[str, Any]:
        """Seconds of one launch by what it could be bound by."""
        gpu = self.gpu
        f32, f64, special, whole = self._instructions(self._alike)
        units = [f32 / gpu.f32, f64 / gpu.f64, special / gpu.special, whole / gpu.whole,
                 (f32 + f64 + special + whole) / ISSUED]
        compute = units[0]
        for unit in units[1:]:
            compute = np.maximum(compute, unit)
        return {"memory": self.from_memory / gpu.bandwidth, "cache": self.from_caches,
                "compute": self._busiest(compute), "atomics": self._atomics(), "latency": self._waiting(),
                "launch": LAUNCH}

    def _atomics(self) -> Any:
        """Additions to one element wait for each other; all are done in L2, but those of a block to its own copies of
        small arrays, which are added in the end."""
        longest: Any = 0.0
        for access in self.launch.accesses:
            if access.is_atomic:
                count = self._counted(access) / np.maximum(self.launches, 1e-300)
                places = np.maximum(self.n.elements(access.root), 1) if access.root.is_array else 1.0
                if access.is_copied:
                    is_small = places <= COPIED
                    each = SHARED_ADDITION / np.minimum(places, WARP) / self.gpu.clock
                    longest = longest + np.where(
                        is_small, count * each / np.minimum(self.blocks, self.gpu.multiprocessors), 0.0)
                    count = np.where(is_small, np.minimum(count, self.blocks * places), count)
                longest = longest + np.maximum(count / np.minimum(places, np.maximum(count, 1)) / self.gpu.clock,
                                               count * SECTOR / self.gpu.cache_bandwidth)
        return longest

    def _waiting(self) -> Any:
        """How long threads take one after another, in as many shifts as residency asks for."""
        gpu = self.gpu
        f32, f64, special, whole = self._instructions(self._own)
        clocks = (f32 + whole) * ISSUE + f64 * max(ISSUE, ISSUED / gpu.f64) + special * max(ISSUE, ISSUED / gpu.special)
        clocks = clocks + self._waits() + self._barriers()
        sums = 0 if self.launch.is_serial else self.launch.numbers + -(-self.launch.sums // AT_ONCE)
        combined = 0.0 if self.is_of_blocks else sums * np.log2(self.width) * BARRIER
        shifts = np.maximum(1.0, self.blocks / (self.resident * gpu.multiprocessors))
        return (clocks * self.each + combined) * shifts / gpu.clock

    def _waits(self) -> Any:
        """Clocks that a turn waits for memory: in each block once, for the farthest of what is read there."""
        waits: dict[Block, Any] = {}
        beyond = self.gpu.middle + self.far * (self.gpu.far - self.gpu.middle)
        for access in self.launch.accesses:
            if not access.reads or access.is_atomic:
                continue
            near = access.along in (0, 1)
            wait = self.gpu.near + (access.size / SECTOR * (beyond - self.gpu.near) if near else beyond - self.gpu.near)
            shares = self._per_turn(access.block, self.n.number(access.times)) * self._own(access.block)
            waits[access.block] = np.maximum(waits.get(access.block, 0.0), wait * shares)
        return sum(waits.values(), 0.0)

    def _barriers(self) -> Any:
        """Clocks that the threads of a block wait for one another in a turn: around each loop that they share, and for
        each number that they combine after it."""
        loops = dict.fromkeys(self.launch.spread.values())
        return sum((self._per_turn(loop.home, 2 + loop.sums * np.log2(self.width)) for loop in loops), 0.0) * BARRIER

    # ------------------------------------------------------------------ what is asked
    @cached_property
    def time(self) -> Any:
        """Seconds of all launches."""
        longest: Any = 0.0
        for part in self.parts().values():
            longest = np.maximum(longest, part)
        return np.where(self.is_done, self.launches * longest, 0.0)

    def shares(self) -> dict[Line, Any]:
        """The shares of lines: as they compute and move."""
        gpu = self.gpu
        weights: dict[Line, Any] = {self.launch.line: 1e-300}
        for work in self.launch.work:
            busy = _units(work.instructions, gpu) / gpu.multiprocessors / gpu.clock
            count = self.n.runs(work.block) * self.n.number(work.times) * self._alike(work.block)
            weights[work.line] = weights.get(work.line, 0.0) + count * busy
        for access in self.launch.accesses:
            moved = self._counted(access) * access.moved * self._alike(access.block)
            weights[access.line] = weights.get(access.line, 0.0) + moved / gpu.bandwidth
        total = sum(weights.values(), 0.0)
        return {line: weight / total for line, weight in weights.items()}

    def row(self, flops: float) -> LaunchAt:
        """The launch in the table."""
        parts = {name: float(part) for name, part in self.parts().items()}
        asked = sum((float(self._counted(a)) * a.bytes for a in self.launch.accesses), 0.0)
        together = sum((float(self._counted(a)) * a.bytes for a in self.launch.accesses if a.is_coalesced), 0.0)
        atomics = sum((float(self._counted(a)) for a in self.launch.accesses if a.is_atomic), 0.0)
        return LaunchAt(
            self.launch.name, self.launch.line[1], float(self.launches) if self.is_done else 0.0,
            float(self.turns) if self.launch.is_serial else float(self.threads), self.size.registers, self.size.shared,
            self.size.compiled, occupancy(self.gpu, self.width, self.size.registers, self.size.shared), flops, asked,
            together / asked if asked else 1.0, atomics, float(self.time), max(parts, key=parts.__getitem__))


def _units(instructions: Instructions, gpu: Gpu) -> float:
    """Clocks of a multiprocessor that a thread's instructions take."""
    return max(instructions.f32 / gpu.f32, instructions.f64 / gpu.f64, instructions.special / gpu.special,
               instructions.whole / gpu.whole, instructions.all / ISSUED)
