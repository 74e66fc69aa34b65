"""A loop whose turns are threads, or a part of a program for one thread, as the text of a kernel.

The text is what the CPU engine writes, but for: the loop, whose turns are dealt out to the threads; carried numbers,
which a block combines in shared memory and leaves in an array with an element for each block; additions of several
threads to one element, which are atomic; exceptions, of which the number of the turn is noted; and arrays that a turn
makes, which lie in registers where they are small, else in an array with a column for each thread, so that neighbouring
threads touch neighbouring words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.engines.cuda import block_sums
from workbench.engines.cuda.block_sums import Element, combine, place_of, worst
from workbench.engines.cuda.free import free_values
from workbench.engines.cuda.functions import quotient
from workbench.engines.cuda.parallel import CLAIMED, MAXIMUM, MINIMUM, SUM, Parallel
from workbench.engines.cuda.problems import FAILURES
from workbench.engines.cuda.spelling import KernelSpeller
from workbench.engines.numba import control_statements
from workbench.engines.numba.names import RESERVED
from workbench.engines.numba.spelling import constant_text, dtype
from workbench.engines.numba.writer import Statement, Writer
from workbench.ir import Block, Constant, DifferentiationError, Function, Kind, Op, Value, walk
from workbench.records import dataclass

#: Arrays of up to so many bytes are a thread's own; larger ones lie in global memory.
SMALL = 128
#: What is raised where turns of a `prange` touch what others do.
BROKEN = "turns of a prange loop touch the same element, and one of them writes it"
NAMES = frozenset({"added", "block", "claimed", "shared", "cuda", "problem", "thread", "item", "rest", "quotient",
                   "half", "part", "row", "lane", "other", "launch", "device"})


@dataclass(frozen=True, eq=False)
class Room:
    """An array with a column for each thread, which the arrays of a turn that have its name share: its kind, how many
    axes each of them has, and what makes them (lists, or arrays)."""

    name: str
    kind: Kind
    rank: int
    makers: tuple[Op, ...]

    @property
    def is_list(self) -> bool:
        """Whether its length is to be counted."""
        return self.makers[0].prim == "list"


@dataclass(frozen=True, eq=False)
class Kernel:
    """A kernel that was written.

    parameters: its operands, values of the program around it, in order; rooms: the arrays that follow them; numbers:
    what comes back in arrays of one element, after those: results of the operation, by their positions; claimed: the
    arrays, by their positions among the results, of which each element has a claim, in arrays between the two; count:
    see `Parallel`, None for one thread; lanes: where a turn is a block's, for how many of its threads there is work;
    spread: the loops inside whose turns these threads share."""

    title: str
    op: Op
    parallel: Parallel | None
    parameters: tuple[Value, ...]
    rooms: tuple[Room, ...]
    numbers: tuple[int, ...]
    claimed: tuple[int, ...]
    lines: tuple[str, ...]
    spans: tuple[Any, ...]
    helpers: Mapping[str, Any]
    fails: bool
    lanes: int | None = None
    spread: tuple[Parallel, ...] = ()


def outlined(op: Op, title: str, used: Sequence[int] = ()) -> Function:
    """An operation as a function of all that it reads, with some of its results."""
    return Function(title, Block(free_values(op), (op,), tuple(op.results[k] for k in used)), {}, op.span)


class KernelWriter(Writer):
    """Writes one kernel; `failures` collects the checks of the whole program, which numbers them."""

    def __init__(self, function: Function, title: str, parallel: Parallel | None, used: Sequence[int],
                 failures: list[Op]) -> None:
        (self.whole,) = function.block.ops
        self.parallel = parallel
        self.used = used
        self.failures = failures
        self.rooms: dict[str, Room] = {}
        self.elements: dict[tuple[str, str], Element] = {}
        self.copied: dict[str, Value] = {}
        self.fails = False
        self.promises: dict[Op, Op] = {}  # what is raised where an access breaks one
        super().__init__(function, title, {}, False, True, True, self.forms())
        self.grows = False
        self.names.reserved = RESERVED | NAMES | {title}
        self.spell = KernelSpeller(self.names, self.folding.inlined)
        self.speller: KernelSpeller = self.spell

    @staticmethod
    def forms() -> dict[str, Statement]:
        """What has a form of its own."""
        return STATEMENTS

    @property
    def turn(self) -> str:
        """The number of the turn, in which something may be raised."""
        return "0" if self.parallel is None else "item"

    def kernel(self) -> Kernel:
        """The kernel."""
        self.parameters = [self.names(p) for p in self.function.data_params]
        self.span = self.function.span
        self.prepare()
        self.block(self.function.block)
        self.span = None
        numbers = [k for k in self.used if not self.whole.results[k].is_array]
        if self.parallel is None:
            for k in numbers:
                self.line(f"{self.out(k)}[0] = {self.names(self.whole.results[k])}")
        start = [] if not self.rooms else ["    thread = cuda.grid(1)"]
        claimed = [] if self.parallel is None else [k for k, role in enumerate(self.parallel.roles) if role == CLAIMED]
        extra = [*self.rooms, *(self.claims(self.parallel.body.params[1 + k]) for k in claimed if self.parallel),
                 *(self.out(k) for k in numbers), *(["problem"] if self.fails else [])]
        head = ["@cuda.jit", f"def {self.title}({', '.join([*self.parameters, *extra])}):"]
        if self.parallel is None:
            start.append("    if cuda.grid(1) > 0:\n        return")
        lines = [*head, *(line for text in start for line in text.split("\n"))]
        return Kernel(self.title, self.whole, self.parallel, self.function.data_params, tuple(self.rooms.values()),
                      tuple(numbers), tuple(claimed), (*lines, *self.lines), (*[None] * len(lines), *self.spans),
                      {**self.spell.helpers, **self.helpers}, self.fails)

    def prepare(self) -> None:
        """Give lists and large arrays their names before anything that uses them is written."""
        makers: dict[str, list[Op]] = {}
        for op in walk(self.function.block):
            if op.prim in ("list", "empty", "full", "copy"):
                makers.setdefault(self.names(op.result), []).append(op)
        for name, ops in makers.items():
            if not all(op.prim != "list" and self.is_small(op) for op in ops):
                self.room(name, ops)

    def out(self, k: int) -> str:
        """The array that a result comes back in."""
        return f"{self.names(self.whole.results[k])}_out"

    def block(self, block: Block) -> None:
        """See `Writer`; what is promised to be a turn's own is claimed before it is touched."""
        if self.parallel is None or not self.parallel.claims:
            super().block(block)
            return
        for op in block.ops:
            if op in self.parallel.claims:
                self.claim(op, self.parallel.claims[op])
            super().block(Block((), (op,), ()))

    def claims(self, param: Value) -> str:
        """The array with a claim for each element of an array."""
        return f"{self.names(param)}_claims"

    def claim(self, op: Op, param: Value) -> None:
        """Claim the element that an operation touches; note where another turn has done that."""
        assert self.parallel is not None
        how = "shared" if op.prim == "load" else "added" if op in self.parallel.added else "claimed"
        texts = [self.spell.text(v, 10) for v in (op.operands[1:] if op.prim == "load" else op.operands[2:])]
        place = texts[0]
        for axis, text in enumerate(texts[1:], 1):
            place = f"({place}) * {self.names(op.operands[0])}.shape[{axis}] + {text}"
        if (failure := self.promises.get(op)) is None:
            failure = self.promises[op] = Op("check", (), (), {
                "exception": "DifferentiationError", "message": BROKEN}, (), op.span)
            self.failures.append(failure)
        self.fails = True
        self.line(f"if not {how}({self.claims(param)}, {place}, item):")
        self.line(f"    cuda.atomic.min(problem, 0, item * {FAILURES} + {self.failures.index(failure)})")
        self.line("    return")

    # ------------------------------------------------------------------ arrays of a thread's own
    @staticmethod
    def is_small(op: Op) -> bool:
        """Whether an array has few elements, whatever the arguments."""
        dims = op.result.dims
        size = op.result.kind.itemsize
        for dim in dims:
            if not isinstance(dim, Constant):
                return False
            size *= int(dim.value.real)
        return 0 < size <= SMALL and bool(dims)

    def room(self, name: str, makers: Sequence[Op]) -> None:
        """An array with a column for each thread, for all arrays of a name."""
        ops = [self.whole, *(inner for region in self.whole.regions for inner in walk(region))]
        inside = {v for op in ops for v in (*op.results, *(p for region in op.regions for p in region.params))}
        if len({op.prim == "list" for op in makers}) > 1:
            raise DifferentiationError("a list and an array share a place in a kernel", makers[0].span,
                                       "use engine='numba'")
        for op in makers:
            if op.prim != "list" and (not op.result.dims or any(d in inside for d in op.result.dims)):
                raise DifferentiationError("an array is made in a kernel whose size is not known before it is launched",
                                           op.span, "make it outside, or use engine='numba'")
        first = makers[0].result
        self.rooms[name] = Room(name, first.kind, first.rank, tuple(makers))
        self.speller.spread.add(name)

    def fill(self, op: Op, text: str | None) -> None:
        """Set every element of a new array, from text with the indices `q0`, `q1`, ... in it."""
        if text is None:
            return
        letters = [f"q{k}" for k in range(op.result.rank)]
        for letter, dim in zip(letters, op.result.dims, strict=True):
            self.line(f"for {letter} in range({self.spell.text(dim)}):")
            self.depth += 1
        name = self.names(op.result)
        where = letters + (["thread"] if name in self.speller.spread else [])
        self.line(f"{name}[{', '.join(where)}] = {text}")
        self.depth -= len(letters)


def make(w: Writer, op: Op, text: str | None) -> None:
    """A new array: a small one of the thread's own, or a column of one that is there."""
    assert isinstance(w, KernelWriter)
    if w.names(op.result) not in w.speller.spread:
        dims = ", ".join(w.spell.text(d) for d in op.result.dims)
        w.line(f"{w.names(op.result)} = cuda.local.array(({dims},), {dtype(op.result.kind)})")
    w.fill(op, text)


def empty(w: Writer, op: Op) -> None:
    """Contents undefined."""
    make(w, op, None)


def full(w: Writer, op: Op) -> None:
    """All elements equal."""
    make(w, op, w.spell.text(op.operands[0]))


def copy(w: Writer, op: Op) -> None:
    """The elements of another array."""
    letters = [f"q{k}" for k in range(op.result.rank)]
    name = w.names(op.operands[0])
    assert isinstance(w, KernelWriter)
    make(w, op, f"{name}[{', '.join(letters + (['thread'] if name in w.speller.spread else []))}]")


def new_list(w: Writer, op: Op) -> None:
    """Nothing to do: its room is there."""


def list_load(w: Writer, op: Op) -> None:
    """An element that was stored."""
    if not op.attrs.get("kept"):
        raise DifferentiationError("a list is read beyond its end in a kernel", op.span, "use engine='numba'")
    w.assign_text(op.result, w.spell.element(op.operands[0], op.operands[1:]))


def store(w: Writer, op: Op) -> None:
    """`a[i] = v`; an addition that other threads do, too, is atomic."""
    assert isinstance(w, KernelWriter)
    array, value, *indices = op.operands
    if w.parallel is None or op not in w.parallel.added:
        w.line(f"{w.spell.element(array, tuple(indices))} = {w.spell.text(value)}", op)
        return
    added = w.folding.inlined.get(value)
    if added is None:
        raise DifferentiationError("an addition of several threads cannot be written as one", op.span,
                                   "use engine='numba'")
    first, second = added.operands
    load = w.folding.inlined.get(first)
    other = second if load is not None and load in w.parallel.added else first
    atomic(w, array, indices, w.spell.text(other), negative=added.prim == "sub")


def accum(w: Writer, op: Op) -> None:
    """`a[i] += v`."""
    assert isinstance(w, KernelWriter)
    array, value, *indices = op.operands
    if w.parallel is not None and op in w.parallel.added:
        atomic(w, array, indices, w.spell.text(value))
    else:
        w.line(f"{w.spell.element(array, tuple(indices))} += {w.spell.text(value)}", op)


def atomic(w: Writer, array: Value, indices: Sequence[Value], text: str, negative: bool = False) -> None:
    """An addition that is not torn apart by those of other threads: at once, or to what the block adds in the end."""
    assert isinstance(w, KernelWriter)
    name, place = w.names(array), place_of(w, indices)
    element = w.elements.get((name, place))
    signed = f"-({text})" if negative else text
    if element is not None:
        w.line(f"{element.variable} {'-=' if negative else '+='} {text}")
    elif name in w.copied:
        block_sums.add_to_copy(w, name, indices, signed)
    else:
        w.line(f"cuda.atomic.add({name}, {place}, {signed})")


def check(w: Writer, op: Op) -> None:
    """Note which turn would raise what, and end the thread."""
    assert isinstance(w, KernelWriter)
    ok = op.operands[0]
    if isinstance(ok, Constant) and ok.value:
        return
    if op not in w.failures:
        w.failures.append(op)
        if len(w.failures) > FAILURES:
            raise DifferentiationError("a program has too many places that may raise", op.span, "use engine='numba'")
    w.fails = True
    w.line(f"if {w.negation(ok)}:")
    w.line(f"    cuda.atomic.min(problem, 0, {w.turn} * {FAILURES} + {w.failures.index(op)})")
    w.line("    return")


def for_(w: Writer, op: Op) -> None:
    """A counted loop; that of the kernel is dealt out to the threads."""
    assert isinstance(w, KernelWriter)
    if w.parallel is None or op is not w.parallel.op:
        control_statements.for_(w, op)
        return
    found = w.parallel
    body = found.body
    inits = dict(zip(body.params[1:], op.operands[2:], strict=True))
    w.copies((p, v) for p, v in inits.items() if p.is_array)
    numbers = [(p, role) for p, role in zip(body.params[1:], found.roles, strict=True)
               if role in (SUM, MAXIMUM, MINIMUM)]
    outs = {p: w.out(k) for k, p in enumerate(body.params[1:]) if not p.is_array}
    for param, role in numbers:
        w.line(f"{w.names(param)} = {constant_text(Constant(0, param.kind))[0] if role == SUM else worst(param, role)}")
    w.elements = block_sums.shared_elements(w, found, w.function.data_params)
    w.copied = block_sums.copied_arrays(w, found, w.elements)
    block_sums.begin(w, list(w.elements.values()), w.copied)
    step = deal(w, found)
    w.nested(body, zip(body.params[1:], body.yields, strict=True))
    w.line(f"    {step} += cuda.gridsize(1)")
    for param, role in numbers:  # (once all threads are there: a block's parts are arrays of their own)
        if any(op.results[k] is w.whole.results[k] and p is param for k, p in enumerate(body.params[1:])
               if k in w.used):
            combine(w, param, role, outs[param])
    block_sums.add_together(w, list(w.elements.values()))
    block_sums.add_copies(w, w.copied)


def deal(w: Writer, found: Parallel, first: str = "cuda.grid(1)", counter: str = "item", always: bool = False
         ) -> str:
    """The head of the loop over the turns of a thread, from `first` on; the name of what counts them (`always`: it is
    `counter`). (A `while`: how often a `range`
    with a step turns is a division of 64 bits, which a GPU does not have. It asks for 0 <= ..., too, which always
    holds: else NVIDIA's compiler unrolls it, for which it does that division, although most threads have one turn.)"""
    assert isinstance(w, KernelWriter)
    lengths = turns(w, found)
    needs = always or any(op.prim == "check" for op in walk(found.body)) or len(found.loops) > 1 or bool(found.claims)
    names = [w.names(loop.regions[0].params[0]) for loop in found.loops]
    if not needs and starts_at_zero(found.op):
        w.line(f"{names[0]} = {first}")
        w.line(f"while 0 <= {names[0]} < {lengths[0]}:")
        return names[0]
    w.line(f"{counter} = {first}")
    w.line(f"while 0 <= {counter} < {product(lengths)}:")
    w.depth += 1
    left = counter
    for k, name in enumerate(names[:-1]):
        below = product(lengths[k + 1:])
        w.helpers["quotient"] = quotient
        w.line(f"{name} = quotient({left}, {below})")
        rest = f"{left} - {name} * {below if below.isidentifier() or below.isdigit() else f'({below})'}"
        if k + 2 < len(names):
            w.line(f"rest = {rest}")
        left = "rest" if k + 2 < len(names) else rest
    for loop, name, turn in reversed(list(zip(found.loops, names, [*names[:-1], left], strict=True))):
        start = w.spell.text(loop.operands[0])
        if loop.attrs.get("step", 1) == -1:
            turn = f"{start} - {f'({turn})' if ' ' in turn else turn}"
        elif not starts_at_zero(loop):
            turn = f"{start} + {turn}"
        if turn != name:
            w.line(f"{name} = {turn}")
    w.depth -= 1
    return counter


def starts_at_zero(loop: Op) -> bool:
    """Whether a loop's index is the number of the turn."""
    lo = loop.operands[0]
    return loop.attrs.get("step", 1) == 1 and isinstance(lo, Constant) and lo.value == 0


def turns(w: Writer, found: Parallel) -> list[str]:
    """How many turns each loop has; none but that of the first is negative, so that their product says whether there
    are any."""
    sizes = {dim for value in free_values(found.op) if value.is_array for dim in value.dims}
    texts = [length(w, loop) for loop in found.loops]
    for k, loop in enumerate(found.loops):
        known = starts_at_zero(loop) and (loop.operands[1] in sizes or texts[k].isdigit())
        if k > 0 and not known:
            texts[k] = f"max({texts[k]}, 0)"
    return texts


def product(texts: Sequence[str]) -> str:
    """Numbers of turns, multiplied."""
    return " * ".join(f"({t})" if " " in t and not t.startswith("max(") and len(texts) > 1 else t for t in texts)


def length(w: Writer, loop: Op) -> str:
    """How many turns a loop has (or less than none)."""
    lo, hi = loop.operands[:2]
    if loop.attrs.get("step", 1) == -1:
        lo, hi = hi, lo
    if isinstance(lo, Constant) and isinstance(hi, Constant):
        return str(int(hi.value.real) - int(lo.value.real))
    first, last = w.spell.text(lo, 10), w.spell.text(hi, 10)
    return w.spell.text(hi) if first == "0" else f"{last} - {first}"


def refused(w: Writer, op: Op) -> None:
    """What no kernel does."""
    raise DifferentiationError(f"{op.prim} has no form on a GPU", op.span, "use engine='numba'")


STATEMENTS: dict[str, Statement] = {
    "empty": empty, "full": full, "copy": copy, "list": new_list, "list load": list_load, "store": store,
    "accum": accum, "check": check, "if": control_statements.if_, "for": for_, "while": control_statements.while_,
    **dict.fromkeys(("call", "print", "draw", "matmul", "reshape", "iota"), refused),
}
