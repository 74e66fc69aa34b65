"""A loop over the blocks of a user's kernel, or over those of its adjoint, as one kernel: a block of threads for each
turn.

Loops inside whose turns are independent are dealt out to the threads of the block, with a barrier behind each. Arrays
that a turn makes lie in shared memory. All else is the same for all threads: each does it for itself, but for what
writes to arrays, which one thread does.

Invariant: every barrier stands where all threads come (but those that have noted what is to be raised): around it are
loops and conditions of numbers that all threads have alike.
"""

from __future__ import annotations

import math
from dataclasses import replace

from workbench.engines.cuda.block_sums import THREADS, halve, worst
from workbench.engines.cuda.kernels import STATEMENTS, Kernel, KernelWriter, deal
from workbench.engines.cuda.parallel import CLAIMED, MAXIMUM, MINIMUM, SUM, Maker, Parallel, parallel
from workbench.engines.numba import control_statements
from workbench.engines.numba.spelling import constant_text, dtype
from workbench.engines.numba.writer import Statement, Writer
from workbench.ir import Block, Constant, DifferentiationError, Function, Op, Value, walk

#: Bytes of shared memory that the arrays of a block may take.
SHARED = 40 * 1024


class _NotOfBlocksError(Exception):
    """The loop has no form as one kernel."""


def of_blocks(function: Function, title: str, found: Parallel, used: list[int], failures: list[Op], maker: Maker
              ) -> Kernel | None:
    """The kernel of a loop over blocks; None where it has no such form."""
    noted = len(failures)
    try:
        return BlockWriter(function, title, found, used, failures, maker).kernel()
    except (_NotOfBlocksError, DifferentiationError):
        del failures[noted:]
        return None


class BlockWriter(KernelWriter):
    """Writes such a kernel."""

    def __init__(self, function: Function, title: str, found: Parallel, used: list[int], failures: list[Op],
                 maker: Maker) -> None:
        super().__init__(function, title, found, used, failures)
        self.blocks = found
        self.threads: dict[Op, Parallel] = {}
        self.inside = False  # of a loop over threads
        self.has_read = False  # since the last barrier
        inner = {r: op for op in walk(function.block) for r in op.results}
        self.maker: Maker = lambda value: inner.get(value) or maker(value)
        self.find(found.body)
        if not self.threads or CLAIMED in found.roles or found.inner:
            raise _NotOfBlocksError

    @staticmethod
    def forms() -> dict[str, Statement]:
        """See `KernelWriter`."""
        return FORMS

    def kernel(self) -> Kernel:
        """See `KernelWriter`."""
        return replace(super().kernel(), lanes=self.lanes(), spread=tuple(self.threads.values()))

    def lanes(self) -> int:
        """For how many threads of a block there is work; `THREADS` where that is not known, or more."""
        return max(min(math.prod(map(turns_of, loop.loops)), THREADS) for loop in self.threads.values())

    @property
    def turn(self) -> str:
        """See `KernelWriter`."""
        return "block"

    def find(self, block: Block) -> None:
        """Find the loops over threads."""
        for op in block.ops:
            found = parallel(op, self.maker, closely=True) if op.prim == "for" else None
            if found is not None and any(inner.prim in ("load", "store", "accum") for inner in walk(op.regions[0])):
                self.threads[op] = found
            elif op.prim in ("for", "while", "if"):
                for region in op.regions:
                    self.find(region)

    # ------------------------------------------------------------------ arrays of the block
    def prepare(self) -> None:
        """Shared memory for the arrays of the block; the threads' own arrays as in other kernels."""
        own = {op for loop in self.threads for op in walk(loop.regions[0])}
        makers: dict[str, list[Op]] = {}
        size = 0
        for op in walk(self.function.block):
            if op.prim in ("list", "list load"):
                raise _NotOfBlocksError
            if op.prim in ("empty", "full", "copy"):
                makers.setdefault(self.names(op.result), []).append(op)
        for name, ops in makers.items():
            if all(op in own for op in ops):
                if not all(self.is_small(op) for op in ops):
                    self.room(name, ops)
                continue
            shapes = {tuple(self.sizes(op)) for op in ops}
            if len(shapes) > 1 or any(op in own for op in ops):
                raise _NotOfBlocksError
            dims = next(iter(shapes))
            size += ops[0].result.kind.itemsize * math.prod(dims)
            shape = str(dims[0]) if len(dims) == 1 else str(dims)
            self.line(f"{name} = cuda.shared.array({shape}, {dtype(ops[0].result.kind)})")
        if size > SHARED:
            raise _NotOfBlocksError

    @staticmethod
    def sizes(op: Op) -> list[int]:
        """The shape of an array, which must be known."""
        dims = [d.value.real for d in op.result.dims if isinstance(d, Constant)]
        if len(dims) < op.result.rank or not dims or min(dims) < 1:
            raise _NotOfBlocksError
        return [int(d) for d in dims]

    # ------------------------------------------------------------------ statements
    def op(self, op: Op) -> None:
        """See `Writer`."""
        if not self.inside and op.prim == "load":
            self.has_read = True
        super().op(op)

    def block(self, block: Block) -> None:
        """See `Writer`; what is read by expressions counts, too."""
        if not self.inside and any(op.prim == "load" and op in self.folding for op in block.ops):
            self.has_read = True
        super().block(block)

    def barrier(self) -> None:
        """All threads wait for one another."""
        self.line("cuda.syncthreads()")
        self.has_read = False

    def before_writing(self) -> None:
        """No thread may still read what is written now."""
        if self.has_read:
            self.barrier()

    def over_elements(self, op: Op, text: str) -> None:
        """Set all elements of an array of the block, `q` being the place."""
        dims = self.sizes(op)
        self.before_writing()
        self.line("item = cuda.threadIdx.x")
        self.line(f"while 0 <= item < {math.prod(dims)}:")
        places, rest = [], "item"
        for k in range(len(dims)):
            below = math.prod(dims[k + 1:])
            place = rest if below == 1 else f"{rest} // {below}"
            places.append(place if k == 0 else f"{place} % {dims[k]}" if below == 1 else f"({place}) % {dims[k]}")
        where = ", ".join(places)
        self.line(f"    {self.names(op.result)}[{where}] = {text.replace('[q]', f'[{where}]')}")
        self.line("    item += cuda.blockDim.x")
        self.barrier()


def turns_of(loop: Op) -> int:
    """How many turns a loop has; `THREADS` where that is not known."""
    lo, hi = loop.operands[:2]
    return int(abs(hi.value.real - lo.value.real)) if isinstance(lo, Constant) and isinstance(hi, Constant) else THREADS


def empty(w: Writer, op: Op) -> None:
    """Contents undefined."""
    assert isinstance(w, BlockWriter)
    if w.inside:
        STATEMENTS["empty"](w, op)


def full(w: Writer, op: Op) -> None:
    """All elements equal."""
    assert isinstance(w, BlockWriter)
    if w.inside:
        STATEMENTS["full"](w, op)
    else:
        w.over_elements(op, w.spell.text(op.operands[0]))


def copy(w: Writer, op: Op) -> None:
    """The elements of another array."""
    assert isinstance(w, BlockWriter)
    if w.inside:
        STATEMENTS["copy"](w, op)
    else:
        w.over_elements(op, f"{w.names(op.operands[0])}[q]")


def update(w: Writer, op: Op) -> None:
    """One element; outside of loops over threads one thread does it."""
    assert isinstance(w, BlockWriter)
    if w.inside:
        STATEMENTS[op.prim](w, op)
        return
    w.before_writing()
    w.line("if cuda.threadIdx.x == 0:")
    w.depth += 1
    STATEMENTS[op.prim](w, op)
    w.depth -= 1
    w.barrier()


def loop(w: Writer, op: Op) -> None:
    """The loop over blocks, one over threads, or one that all threads go through."""
    assert isinstance(w, BlockWriter)
    if op is w.blocks.op:
        over_blocks(w)
    elif op in w.threads:
        over_threads(w, op, w.threads[op])
    else:
        control(w, op)


def control(w: Writer, op: Op) -> None:
    """A loop or branch that all threads go through."""
    assert isinstance(w, BlockWriter)
    _PYTHON[op.prim](w, op)
    if not w.inside and w.has_read and op.prim != "if":
        w.depth += 1  # (the next turn may write what this one has read)
        w.barrier()
        w.depth -= 1
        w.has_read = True


def over_blocks(w: BlockWriter) -> None:
    """The turns of a block of threads."""
    found = w.blocks
    body, op = found.body, found.op
    w.copies((p, v) for p, v in zip(body.params[1:], op.operands[2:], strict=True) if p.is_array)
    numbers = [(k, p, role) for k, (p, role) in enumerate(zip(body.params[1:], found.roles, strict=True))
               if role in (SUM, MAXIMUM, MINIMUM)]
    for _, param, role in numbers:
        w.line(f"{w.names(param)} = {first_of(param, role)}")
    counter = deal_blocks(w, found)
    w.nested(body, zip(body.params[1:], body.yields, strict=True))
    w.depth += 1
    w.before_writing()
    w.line(f"{counter} += cuda.gridsize(1) // cuda.blockDim.x")
    w.depth -= 1
    for k, param, _ in numbers:
        if k in w.used:
            w.line("if cuda.threadIdx.x == 0:")
            w.line(f"    {w.out(k)}[cuda.blockIdx.x] = {w.names(param)}")


def deal_blocks(w: BlockWriter, found: Parallel) -> str:
    """The head of the loop over the turns of a block; the name of what counts them: `block`, which checks tell."""
    return deal(w, found, "cuda.blockIdx.x", "block", always=True)


def first_of(param: Value, role: str) -> str:
    """What a sum or an extreme begins with."""
    return constant_text(Constant(0, param.kind))[0] if role == SUM else worst(param, role)


def over_threads(w: BlockWriter, op: Op, found: Parallel) -> None:
    """A loop that is dealt out to the threads of the block."""
    if CLAIMED in found.roles:
        raise _NotOfBlocksError
    params, inits = found.body.params[1:], op.operands[2:]
    w.before_writing()
    numbers = [(p, r, role) for p, r, role in zip(params, op.results, found.roles, strict=True)
               if role in (SUM, MAXIMUM, MINIMUM)]
    starts = {p: f"{w.names(p)}_start" for p, _, _ in numbers}
    for param, init in zip(params, inits, strict=True):
        if param in starts:
            w.line(f"{starts[param]} = {w.spell.text(init)}")
    w.copies((p, v) for p, v in zip(params, inits, strict=True) if p not in starts)
    for param, _, role in numbers:
        w.line(f"{w.names(param)} = {first_of(param, role)}")
    around, w.parallel, w.inside = w.parallel, replace(found, added=found.added | w.blocks.added), True
    counter = deal(w, found, "cuda.threadIdx.x", "item")
    w.nested(found.body, zip(params, found.body.yields, strict=True))
    w.line(f"    {counter} += cuda.blockDim.x")
    w.parallel, w.inside = around, False
    w.barrier()
    for param, result, role in numbers:
        combined(w, param, result, role, starts[param])


def combined(w: BlockWriter, param: Value, result: Value, role: str, start: str) -> None:
    """Combine the numbers of all threads, which each of them has afterwards."""
    name, part = w.names(param), f"{w.names(param)}_part"
    w.line(f"{part} = cuda.shared.array({THREADS}, {dtype(param.kind)})")
    w.line("lane = cuda.threadIdx.x")
    w.line(f"{part}[lane] = {name}")
    if role == SUM:
        halve(w, [f"{part}[lane] += {part}[lane + half]"])
        w.line(f"{w.names(result)} = {start} + {part}[0]")
    else:
        sign = ">" if role == MAXIMUM else "<"
        halve(w, [f"other = {part}[lane + half]", f"if other {sign} {part}[lane] or other != other:",
                  f"    {part}[lane] = other"])
        w.line(f"{w.names(result)} = {start}")
        w.line(f"if {part}[0] {sign} {start} or {part}[0] != {part}[0]:")
        w.line(f"    {w.names(result)} = {part}[0]")
    w.barrier()


_PYTHON = {"for": control_statements.for_, "while": control_statements.while_, "if": control_statements.if_}
FORMS: dict[str, Statement] = {
    **STATEMENTS, "empty": empty, "full": full, "copy": copy, "store": update, "accum": update, "for": loop,
    "while": control, "if": control}
