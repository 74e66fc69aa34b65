"""What the threads of a block add up together: numbers that a loop carries, and elements of arrays that all threads add
to, such as the gradients of weights that all items share.

Each thread adds up in a variable of its own; after its last turn the block combines these in shared memory, in an order
that does not depend on time, and one thread hands on the block's sum: a number in the block's element of an array, an
element of an array by one atomic addition. Where turns choose the elements, a small array has a copy in the shared
memory of the block, which is added to atomically, and in the end to the array.

Invariant: the barriers stand before and behind the loop over turns, where every thread comes (but those that have noted
what is to be raised), whatever its turns did.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from workbench.engines.cuda.functions import quotient
from workbench.engines.cuda.parallel import MAXIMUM, SUM, Parallel
from workbench.engines.numba.spelling import constant_text, dtype
from workbench.engines.numba.writer import Writer
from workbench.ir import Constant, Kind, Value, walk
from workbench.records import dataclass

#: Threads of a block at most: so long are the arrays in which a block adds up.
THREADS = 256
#: Elements of arrays that have a variable of each thread at most; others are added to atomically turn by turn.
MOST = 32
#: Elements that are combined at once: each takes `THREADS` numbers of shared memory.
AT_ONCE = 8
#: Elements of an array of which a block has a copy, and how many such arrays there are at most in a kernel.
COPIED, COPIES = 1024, 2


@dataclass(frozen=True)
class Element:
    """An element that all threads add to: of which array, where, and the variable for what a thread adds."""

    array: str
    place: str
    kind: Kind
    variable: str


def place_of(w: Writer, indices: Sequence[Value]) -> str:
    """An element's indices, as atomic operations take them."""
    where = [w.spell.text(v) for v in indices]
    return where[0] if len(where) == 1 else f"({', '.join(where)})"


def shared_elements(w: Writer, found: Parallel, outside: Sequence[Value]) -> dict[tuple[str, str], Element]:
    """The elements that additions of several turns are about whose indices no turn chooses: constants, and numbers from
    outside of the kernel."""
    known = set(outside)
    made: dict[tuple[str, str], Element] = {}
    for op in walk(found.body):
        if op not in found.added or op in found.claims or op.prim == "load":
            continue  # (what is claimed may be read by a turn that adds to it)
        array, _, *indices = op.operands
        if all(isinstance(v, Constant) or v in known for v in indices):
            name, place = w.names(array), place_of(w, indices)
            number = sum(of == name for of, _ in made) + 1
            if len(made) < MOST:
                made.setdefault((name, place), Element(name, place, array.kind, f"{name}_part_{number}"))
    return made


def copied_arrays(w: Writer, found: Parallel, elements: Mapping[tuple[str, str], Element]) -> dict[str, Value]:
    """The arrays of which a block has a copy, by their names: to whose elements turns add that are not among these."""
    made: dict[str, Value] = {}
    for op in walk(found.body):
        if op in found.added and op.prim != "load" and op.operands[0].rank <= 2:
            name = w.names(op.operands[0])
            if (name, place_of(w, op.operands[2:])) not in elements and len(made) < COPIES:
                made.setdefault(name, op.operands[0])
    return made


def begin(w: Writer, elements: Sequence[Element], copies: Mapping[str, Value]) -> None:
    """Nothing has been added."""
    for element in elements:
        w.line(f"{element.variable} = {constant_text(Constant(0, element.kind))[0]}")
    for name, array in copies.items():
        w.line(f"{name}_copy = cuda.shared.array({COPIED}, {dtype(array.kind)})")
        w.line(f"{name}_fits = {name}.size <= {COPIED}")
        each_element(w, name, [f"{name}_copy[lane] = {constant_text(Constant(0, array.kind))[0]}"])
    if copies:
        w.line("cuda.syncthreads()")


def each_element(w: Writer, name: str, lines: Sequence[str]) -> None:
    """What the threads of a block do with the elements of an array of which there is a copy."""
    for line in (f"if {name}_fits:", "    lane = cuda.threadIdx.x", f"    while lane < {name}.size:",
                 *(f"        {line}" for line in lines), "        lane += cuda.blockDim.x"):
        w.line(line)


def add_to_copy(w: Writer, name: str, indices: Sequence[Value], text: str) -> None:
    """An addition to the block's copy, where it has one, else to the array."""
    first, *second = (w.spell.text(v) for v in indices)
    flat = f"({first}) * {name}.shape[1] + ({second[0]})" if second else first
    for line in (f"{name}_more = {text}", f"if {name}_fits:", f"    cuda.atomic.add({name}_copy, {flat}, {name}_more)",
                 "else:", f"    cuda.atomic.add({name}, {place_of(w, indices)}, {name}_more)"):
        w.line(line)


def add_copies(w: Writer, copies: Mapping[str, Value]) -> None:
    """What a block has added up in its copies goes to the arrays."""
    if copies:
        w.line("cuda.syncthreads()")
    for name, array in copies.items():
        lines, place = [], "lane"
        if array.rank == 2:
            w.helpers["quotient"] = quotient
            lines, place = [f"row = quotient(lane, {name}.shape[1])"], f"(row, lane - row * {name}.shape[1])"
        zero = constant_text(Constant(0, array.kind))[0]
        each_element(w, name, [*lines, f"if {name}_copy[lane] != {zero}:",
                               f"    cuda.atomic.add({name}, {place}, {name}_copy[lane])"])


def add_together(w: Writer, elements: Sequence[Element]) -> None:
    """A block's sums, each handed on by one atomic addition."""
    for kind in dict.fromkeys(element.kind for element in elements):
        ours = [element for element in elements if element.kind is kind]
        parts = f"{ours[0].array}_parts"
        most = min(AT_ONCE, len(ours))
        w.line(f"{parts} = cuda.shared.array(({most}, {THREADS}), {dtype(kind)})")
        w.line("lane = cuda.threadIdx.x")
        for start in range(0, len(ours), AT_ONCE):
            now = ours[start:start + AT_ONCE]
            for k, element in enumerate(now):
                w.line(f"{parts}[{k}, lane] = {element.variable}")
            taken = f"{parts}[part, lane] += {parts}[part, lane + half]"
            halve(w, [f"for part in range({len(now)}):", f"    {taken}"] if len(now) > 1 else [
                taken.replace("part,", "0,")])
            w.line("if lane == 0:")
            for k, element in enumerate(now):
                w.line(f"    cuda.atomic.add({element.array}, {element.place}, {parts}[{k}, 0])")


def combine(w: Writer, param: Value, role: str, out: str) -> None:
    """Combine the numbers of a block in shared memory; the result is the block's element of an array."""
    name = w.names(param)
    part = f"{name}_part"
    taken = [f"{part}[lane] += other"]
    if role != SUM:  # (what is NaN stays)
        taken = [f"if other {'>' if role == MAXIMUM else '<'} {part}[lane] or other != other:",
                 f"    {part}[lane] = other"]
    for line in (f"{part} = cuda.shared.array({THREADS}, {dtype(param.kind)})", "lane = cuda.threadIdx.x",
                 f"{part}[lane] = {name}"):
        w.line(line)
    halve(w, [f"other = {part}[lane + half]", *taken])
    w.line("if lane == 0:")
    w.line(f"    {out}[cuda.blockIdx.x] = {part}[0]")


def halve(w: Writer, lines: Sequence[str]) -> None:
    """Half of the threads take over from the other half, until one is left."""
    for line in ("cuda.syncthreads()", "half = cuda.blockDim.x // 2", "while half > 0:", "    if lane < half:",
                 *(f"        {line}" for line in lines), "    cuda.syncthreads()", "    half //= 2"):
        w.line(line)


def worst(param: Value, role: str) -> str:
    """Less than everything, or more."""
    if param.kind.is_float:
        value = -math.inf if role == MAXIMUM else math.inf
    else:
        value = -2**63 if role == MAXIMUM else 2**63 - 1
    return constant_text(Constant(value, param.kind))[0]
