"""What a program launches and copies, read off its text: kernels with the accesses of their threads, copies between
host and device, and what the host does itself.

Invariant: what is a kernel here is one in the program that runs (`workbench.engines.cuda.host`); how often, and how
many bytes, are formulas of the same counts that the report shows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field

from workbench.cost.accesses import Places
from workbench.cost.emitted import emitted_of
from workbench.cost.executions import Executions, line_of
from workbench.cost.formula import Formula, of
from workbench.cost.gpu.instructions import (
    ACCESS,
    DIVISION,
    INNER,
    NOTHING,
    TURN,
    Instructions,
    instructions_of,
)
from workbench.cost.work import Line
from workbench.engines.cuda.block_sums import COPIES, MOST
from workbench.engines.cuda.host import Program
from workbench.engines.cuda.kernels import Kernel, KernelWriter
from workbench.engines.cuda.parallel import MAXIMUM, MINIMUM, SUM, Parallel
from workbench.ir import Block, Constant, Function, Op, Value, walk
from workbench.records import dataclass

#: Bytes that memory and caches hand out at a time.
SECTOR = 32


@dataclass(frozen=True, eq=False)
class Access:
    """What threads do with an array. root: which one; size: bytes of an element; times: how often in a turn's block
    runs; block: where; step: how far apart neighbours' elements are: 0 (the same), 1 (neighbours), 2 (farther), None
    (anywhere); along: the same from turn to turn of the thread's own innermost loop; line: the user's."""

    root: Value
    size: int
    block: Block
    step: int | None
    along: int | None
    reads: bool
    writes: bool
    is_atomic: bool
    offset: int | None
    line: Line
    times: Formula = field(default_factory=lambda: of(1))
    is_copied: bool = False

    @property
    def is_coalesced(self) -> bool:
        """Whether a warp's accesses lie together."""
        return self.step in (0, 1)

    @property
    def bytes(self) -> int:
        """That a thread asks for."""
        return self.size * (self.reads + self.writes)

    @property
    def moved(self) -> float:
        """Bytes that come from L2 for each: whole sectors, unless neighbours or the turns that follow use the rest."""
        each = self.size if self.step == 1 or (self.step != 0 and self.along in (0, 1)) else (
            1.0 if self.step == 0 else float(SECTOR))
        return each * (self.reads + self.writes)


@dataclass(frozen=True, eq=False)
class Work:
    """Instructions of a line, `times` as often as a block runs."""

    block: Block
    line: Line
    instructions: Instructions
    times: Formula


@dataclass(frozen=True, eq=False)
class Spread:
    """A loop whose turns the threads of a block share. body: what a turn is; home: where the loop stands; sums: numbers
    that these threads combine after it."""

    body: Block
    home: Block
    sums: int


@dataclass(frozen=True, eq=False)
class Launch:
    """Something that is launched.

    name: its kernel's; block: of the host, as often as which it is launched; turns: the block that is a turn of its
    threads, or how many there are in each launch, None for one thread alone; kernel: what was written, None for those
    that the engine has for itself; numbers: how many it gives back to the host; sums: elements that each block adds to
    once, in the end; spread: where a turn is a block's, the loops that its threads share, by all blocks inside of them
    (what stands elsewhere each thread does for itself)."""

    name: str
    op: Op
    block: Block
    turns: Block | Formula | None
    work: tuple[Work, ...]
    accesses: tuple[Access, ...]
    kernel: Kernel | None
    numbers: int
    sums: int = 0
    spread: Mapping[Block, Spread] = field(default_factory=dict)

    @property
    def line(self) -> Line:
        """The user's line of the loop."""
        return line_of(self.op)

    @property
    def is_serial(self) -> bool:
        """Whether one thread does it all."""
        return self.turns is None


@dataclass(frozen=True, eq=False)
class Launches:
    """All of a program. launches: in the order of the text; single: elements that the host reads or writes itself, by
    block and line; host: its own operations, likewise; given, back: arrays that are copied there before and back after;
    checks: whether something may be raised."""

    launches: tuple[Launch, ...]
    single: tuple[tuple[Block, Line, int], ...]
    host: tuple[tuple[Block, Line], ...]
    given: tuple[Value, ...]
    back: tuple[Value, ...]
    checks: bool


def launches_of(function: Function, program: Program, executions: Executions, written: Collection[int],
                resident: Collection[int]) -> Launches:
    """What a program launches. written: the arguments that it changes; resident: those that lie on the device."""
    walker = _Walk(function, program, executions)
    walker.host(function.block)
    arrays = {k: p for k, p in enumerate(function.data_params) if p.is_array}
    back = [p for k, p in arrays.items() if k in written and k not in resident]
    if not resident:
        back += [r for r in function.results if r.is_array]
    return Launches(tuple(walker.launches), tuple(walker.single), tuple(walker.work),
                    tuple(p for k, p in arrays.items() if k not in resident), tuple(back), bool(program.failures))


class _Walk:
    def __init__(self, function: Function, program: Program, executions: Executions) -> None:
        self.places = Places(function)
        self.executions = executions
        self.views = {view for emitted in emitted_of(function).values() for view in emitted.views}
        self.kernels: dict[Op, Kernel] = {}
        self.counting: dict[Kernel, list[Kernel]] = {}
        waiting: list[Kernel] = []
        for kernel in reversed(program.kernels):  # (those that count rooms stand behind the kernel that needs them)
            if "_rooms_" in kernel.title:
                waiting.append(kernel)
            else:
                self.kernels[kernel.op] = kernel
                self.counting[kernel], waiting = waiting, []
        self.launches: list[Launch] = []
        self.single: list[tuple[Block, Line, int]] = []
        self.work: list[tuple[Block, Line]] = []

    # ------------------------------------------------------------------ the host
    def host(self, block: Block) -> None:
        """What stands in a block of the host's part."""
        for op in block.ops:
            kernel = self.kernels.get(op)
            if kernel is not None:
                self.kernel(op, block, kernel)
            elif op.prim == "matmul":
                self.product(op, block)
            elif op.prim in ("full", "copy") or (op.prim == "reshape" and op not in self.views):
                self.whole(op, block)
            elif op.prim in ("load", "store", "accum") and not op.operands[0].type.growable:  # type: ignore[union-attr]
                self.single.append((block, line_of(op), 2 if op.prim == "accum" else 1))
            elif op.regions:
                for region in op.regions:
                    self.host(region)
            else:
                self.work.append((block, line_of(op)))

    # ------------------------------------------------------------------ kernels
    def kernel(self, op: Op, block: Block, kernel: Kernel) -> None:
        """A loop whose turns are threads, or a part of the program for one thread."""
        found = kernel.parallel
        inside = _Inside(self, kernel)
        if found is None:
            inside.block(Block((), (op,), ()), block)
        else:
            inside.more(found.body, line_of(op), TURN)
            for _ in found.inner:
                inside.more(found.body, line_of(op), DIVISION)
            inside.block(found.body, found.body)
            for k in kernel.claimed:
                self.filled("fill", op, block, op.results[k], 8, False)
        work = tuple(Work(home, line, instructions, of(1)) for (home, line), instructions in inside.work.items())
        for counting in self.counting[kernel]:
            self.launches.append(
                Launch(counting.title, op, block, inside.turns, work, (), counting, len(counting.numbers)))
        self.launches.append(
            Launch(kernel.title, op, block, inside.turns, work, tuple(inside.accesses), kernel, len(kernel.numbers),
                   len(inside.sums), inside.spread))

    # ------------------------------------------------------------------ what the engine has kernels of its own for
    def whole(self, op: Op, block: Block) -> None:
        """Every element of an array filled, or copied from another one on the device."""
        is_new = op.prim == "full"
        self.filled("fill" if is_new else "copy", op, block, op.result, op.result.kind.dtype.itemsize, not is_new)

    def filled(self, name: str, op: Op, block: Block, array: Value, size: int, reads: bool) -> None:
        """As many elements as an array has, of some bytes, written or copied."""
        elements, line = self.executions.sizes.get(array) or of(1), line_of(op)
        access = Access(array, size, block, 1, None, reads, True, False, 0, line, elements)
        self.launches.append(Launch(name, op, block, elements, (Work(block, line, TURN + ACCESS, elements),),
                                    (access,), None, 0))

    def product(self, op: Op, block: Block) -> None:
        """A product of matrices: a thread for each element of the result."""
        a, b = op.operands
        turned = op.attrs.get("turned", (False, False))
        elements = (self.executions.sizes.get(op.result) if op.result.is_array else None) or of(1)
        inner = self.executions.dims.get(a.dims[0 if turned[0] and a.rank > 1 else -1])
        size, line = op.result.kind.dtype.itemsize, line_of(op)
        steps = elements * (inner if inner is not None else 1)
        accesses = (
            Access(a, size, block, 0, 2 if turned[0] else 1, True, False, False, 0, line, steps),
            Access(b, size, block, 2 if turned[1] else 1, 1 if turned[1] else 2, True, False, False, 0, line, steps),
            Access(op.result, size, block, 1, None, False, True, False, 0, line, elements))
        fused = Instructions(f32=1.0) if op.result.kind.is_single else Instructions(f64=1.0)
        step = ACCESS + ACCESS + INNER + fused
        self.launches.append(Launch("matmul", op, block, elements, (
            Work(block, line, TURN + DIVISION + ACCESS, elements), Work(block, line, step, steps)), accesses, None,
            0 if op.result.is_array else 1))


def sums_of(kernel: Kernel) -> dict[tuple[Value, ...], list[Op]]:
    """The additions of a kernel that each block sums up: those whose indices no turn chooses, by element."""
    found = kernel.parallel
    made: dict[tuple[Value, ...], list[Op]] = {}
    for op in () if found is None or kernel.lanes is not None else walk(found.body):
        if found is not None and op in found.added and op not in found.claims and op.prim != "load" and all(
                isinstance(v, Constant) or v in kernel.parameters for v in op.operands[2:]):
            made.setdefault((_first(op, found.body), *op.operands[2:]), []).append(op)
    return dict(list(made.items())[:MOST])


def copies_of(kernel: Kernel, apart: Collection[Op]) -> set[Value]:
    """The arrays of which each block has a copy to which it adds, as the kernel's parameters of them; apart: the
    additions that are not summed up by the blocks."""
    found = kernel.parallel
    if found is None or kernel.lanes is not None:
        return set()
    arrays = (_first(op, found.body) for op in walk(found.body) if op in apart and op.prim != "load" and op not in
              found.claims and op.operands[0].rank <= 2)
    return set(list(dict.fromkeys(arrays))[:COPIES])


def _first(op: Op, body: Block) -> Value:
    """The parameter of a body whose array an update changes."""
    makers = {r: inner for inner in walk(body) for r in inner.results}
    array = op.operands[0]
    while array in makers and makers[array].prim in ("store", "accum"):
        array = makers[array].operands[0]
    return array


class _Inside:
    """What the threads of a kernel do: instructions by block and line, and accesses of global memory."""

    def __init__(self, walk_: _Walk, kernel: Kernel) -> None:
        self.places, self.sizes = walk_.places, walk_.executions.sizes
        found = kernel.parallel
        self.turns = turns = None if found is None else found.body
        self.added: frozenset[Op] = frozenset() if found is None else found.added
        self.claims: Mapping[Op, Value] = {} if found is None else found.claims
        self.sums = sums_of(kernel)
        summed = {op for ops in self.sums.values() for op in ops}
        self.apart = {op for op in self.added if op not in summed}
        inside = () if turns is None else tuple(walk(turns))
        self.made = {op for op in inside if op.prim in ("empty", "full", "copy", "list")}
        self.copied = copies_of(kernel, self.apart)
        self.spread: dict[Block, Spread] = {}
        self.loops = {loop.op: loop for loop in kernel.spread}
        threads = {op for loop in self.loops for op in walk(loop.regions[0])}
        self.own = {op.result for op in self.made if op.prim != "list" and (
            KernelWriter.is_small(op) or (kernel.lanes is not None and op not in threads))}
        self.work: dict[tuple[Block, Line], Instructions] = {}
        self.accesses: list[Access] = []

    def more(self, home: Block, line: Line, instructions: Instructions) -> None:
        """Add instructions to a line of a block."""
        if instructions is not NOTHING:
            self.work[home, line] = self.work.get((home, line), NOTHING) + instructions

    def block(self, block: Block, home: Block) -> None:
        """What stands in a block that runs as often as `home`."""
        for op in block.ops:
            line = line_of(op)
            if op in self.loops:
                self.share(self.loops[op], home)
            for region in op.regions:
                self.more(region, line, INNER)
                self.block(region, region)
            if not op.regions:
                self.more(home, line, instructions_of(op))
                self.access(op, home)

    def share(self, loop: Parallel, home: Block) -> None:
        """A loop whose turns the threads of a block share."""
        spread = Spread(loop.body, home, sum(role in (SUM, MAXIMUM, MINIMUM) for role in loop.roles))
        self.spread.update(dict.fromkeys((loop.body, *(r for op in walk(loop.body) for r in op.regions)), spread))

    def access(self, op: Op, home: Block) -> None:
        """What an operation does in global memory."""
        line = line_of(op)
        if op.prim in ("load", "store", "accum"):
            array = op.operands[0]
            root = self.places.root(array)
            if root in self.own or (op in self.added and (op.prim == "load" or op not in self.apart)):
                return  # (read where it is added to, or added by the block)
            turn = self.spread[home].body if home in self.spread else self.turns  # (what neighbours differ in)
            near = self.places.access(op, home)
            there = near if turn is None else self.places.access(op, turn)
            is_column = self.places.makers.get(root) in self.made
            is_alike = turn is None or (bool(self.loops) and turn is self.turns)
            step = 1 if is_column else 0 if is_alike else there.step
            is_atomic = op in self.added
            self.accesses.append(Access(
                root, array.kind.dtype.itemsize, home, step, None if home is turn else near.step,
                op.prim != "store" or is_atomic, op.prim != "load", is_atomic, there.offset, line,
                is_copied=is_atomic and self.turns is not None and _first(op, self.turns) in self.copied))
            if op in self.claims:
                self.accesses.append(Access(self.claims[op], 8, home, step, None if home is turn else near.step,
                                            True, True, False, there.offset, line))
        elif op.prim in ("full", "copy") and op.result not in self.own:
            size = op.result.kind.dtype.itemsize
            self.accesses.append(Access(op.result, size, home, 1, 1, op.prim == "copy", True, False, 0, line,
                                        self.sizes.get(op.result) or of(1)))
