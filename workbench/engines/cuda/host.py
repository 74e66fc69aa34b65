"""A program as Python that launches kernels: the whole text.

Loops whose turns are independent become kernels of their own. Loops around such loops, and arithmetic of single
numbers, are Python's own, on the host; what reads or changes elements of arrays otherwise is a kernel of one thread.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.engines.cuda import kernels
from workbench.engines.cuda.blocks import of_blocks
from workbench.engines.cuda.free import free_values
from workbench.engines.cuda.kernels import Kernel, KernelWriter, outlined
from workbench.engines.cuda.parallel import SAME, SUM, Parallel, keeps_places, parallel
from workbench.engines.cuda.rooms import room_function
from workbench.engines.cuda.spelling import HostSpeller
from workbench.engines.numba import control_statements, effect_statements, list_statements
from workbench.engines.numba.array_statements import shape_text
from workbench.engines.numba.emit import helper_source, reads_only_written
from workbench.engines.numba.folding import is_growable
from workbench.engines.numba.names import RESERVED
from workbench.engines.numba.spelling import dtype
from workbench.engines.numba.writer import Statement, Writer
from workbench.ir import Constant, DifferentiationError, Function, Op, Span, Value, callees, definitions, uses, walk
from workbench.records import dataclass
from workbench.rules import get

#: A loop of fewer turns inside of another one is not worth a launch.
FEW = 32


@dataclass(frozen=True)
class Program:
    """An emitted program: text, the user's place of each line, its kernels, and what each check raises."""

    name: str
    text: str
    spans: tuple[Span | None, ...]
    kernels: tuple[Kernel, ...]
    failures: tuple[Op, ...]
    parameters: tuple[str, ...]
    results: int

    @property
    def source_map(self) -> list[tuple[int, int]]:
        """Pairs (emitted line, user's line), both from 1."""
        return [(k, span.line) for k, span in enumerate(self.spans, 1) if span is not None]


def emit(function: Function) -> Program:
    """The program of a function that was finalized for threads (`passes.FOR_THREADS`).

    Raises DifferentiationError for what has no form on a GPU."""
    if any(callees(function)):
        raise DifferentiationError("functions that call themselves have no form on a GPU", function.span,
                                   "use engine='numba'")
    writer = HostWriter(function)
    writer.run({})
    head: list[str] = ["import math", "", "import numpy as np", "from numba import cuda, njit",
                       "from scipy import special", "",
                       f"from workbench.engines.cuda.device import {', '.join(sorted(writer.devices))}"]
    spans: list[Span | None] = [None] * len(head)
    helpers = {name: h for kernel in writer.kernels for name, h in kernel.helpers.items()} | {
        **writer.spell.helpers, **writer.helpers}
    for helper in helpers.values():
        lines = ["", "", *helper_source(helper)]
        head += lines
        spans += [None] * len(lines)
    for kernel in writer.kernels:
        head += ["", "", *kernel.lines]
        spans += [None, None, *kernel.spans]
    head += ["", "", f"def {writer.title}({', '.join(writer.parameters)}):"]
    spans += [None] * 3
    body, places = list(writer.lines), list(writer.spans)
    if writer.failures:
        body[0:0] = ["    problem = no_problem()"]
        places[0:0] = [None]
        body[-1:-1] = ["    raise_first(problem)"]
        places[-1:-1] = [None]
    return Program(writer.title, "\n".join([*head, *body, ""]), (*spans, *places), tuple(writer.kernels),
                   tuple(writer.failures), tuple(writer.parameters), len(function.results))


class HostWriter(Writer):
    """Writes the host's part, and the kernels that it launches."""

    def __init__(self, function: Function) -> None:
        super().__init__(function, None, {}, False, True, reads_only_written(function), STATEMENTS)
        self.kernels: list[Kernel] = []
        self.failures: list[Op] = []
        self.devices: set[str] = {"launch", "no_problem", "raise_first"}
        self.makers = definitions(function)
        self.uses = uses(function)
        self.names.reserved = RESERVED | {"cuda", "njit", "special", "problem", *self.devices, *DEVICES}
        self.spell = HostSpeller(self.names, self.folding.inlined)
        self._found: dict[Op, Parallel | None] = {}

    def device(self, name: str) -> str:
        """A function of `device` that the program uses."""
        self.devices.add(name)
        return name

    def parallel(self, op: Op) -> Parallel | None:
        """How a loop's turns are threads."""
        if op not in self._found:
            self._found[op] = parallel(op, self.makers.get, closely="blocks" in op.attrs)
        return self._found[op]

    def has_parallel(self, op: Op) -> bool:
        """Whether there are loops inside of something that are worth a launch each."""
        for region in op.regions:
            for inner in region.ops:
                if inner.prim == "for" and not is_short(inner) and self.parallel(inner) is not None:
                    return True
                if inner.regions and self.has_parallel(inner):
                    return True
        return False

    def used(self, op: Op) -> list[int]:
        """The numbers among an operation's results that something reads."""
        return [k for k, r in enumerate(op.results) if not r.is_array and self.uses.get(r)]

    def title_of(self, what: str) -> str:
        """A kernel's name."""
        return f"{self.title}_{what}_{sum(what in k.title for k in self.kernels) + 1}"

    def op(self, op: Op) -> None:
        """See `Writer`. Raises DifferentiationError for what a GPU does not do."""
        known = op.prim in STATEMENTS or op.prim in ("load", "cast") or get(op.prim).elementwise
        if not known or any(v.kind.is_complex for v in (*op.operands, *op.results)):
            refused(self, op)
        super().op(op)

    def as_update(self, op: Op, name: str) -> str | None:
        """See `Writer`; a division by zero is NumPy's."""
        return None if op.prim == "div" else super().as_update(op, name)

    # ------------------------------------------------------------------ launches
    def launch(self, op: Op, found: Parallel | None) -> None:
        """An operation as a kernel, and the line that launches it."""
        used = self.used(op)
        if found is not None and any(inner.prim == "list" for inner in walk(found.op.regions[0])) and found.inner:
            found = parallel_alone(op, self.makers)
        unchanged = [] if found is None else [k for k in used if found.roles[k] == SAME]
        used = [k for k in used if k not in unchanged]
        what = "kernel" if found is not None else "serial"
        title = self.title_of(what)
        kernel = None
        if found is not None and "blocks" in op.attrs:
            kernel = of_blocks(outlined(op, title, used), title, found, used, self.failures, self.makers.get)
        if kernel is None:
            kernel = KernelWriter(outlined(op, title, used), title, found, used, self.failures).kernel()
        self.kernels.append(kernel)
        inits = op.operands[2:] if op.prim == "for" else op.operands if op.prim == "while" else ()
        self.copies((r, v) for r, v in zip(op.results, inits, strict=False) if r.is_array)
        renamed = {v: r for r, v in zip(op.results, inits, strict=False) if r.is_array}
        given = [self.spell.text(renamed.get(v, v)) for v in kernel.parameters]
        count = self.count(found)
        given += self.rooms(kernel, op, found, count, given)
        given += [f"{self.device('claims')}({self.names(op.results[k])})" for k in kernel.claimed]
        if kernel.claimed:
            self.devices |= {"added", "claimed", "shared"}
        outs = [f"{self.names(op.results[k])}_out" for k in kernel.numbers]
        for k, out in zip(kernel.numbers, outs, strict=True):
            self.line(f"{out} = {self.device('numbers')}({dtype(op.results[k].kind)})")
        given += [*outs, *(["problem"] if kernel.fails else [])]
        how = "launch" if kernel.lanes is None else self.device("launch_blocks")
        many = count if kernel.lanes is None else f"{count}, {kernel.lanes}"
        self.line(f"{how}({title}, {many}, {', '.join(given)})")
        for k, out in zip(kernel.numbers, outs, strict=True):
            name = self.names(op.results[k])
            if found is None:
                self.line(f"{name} = {out}.first()")
            else:
                how = {SUM: "total", "max": "largest", "min": "smallest"}[found.roles[k]]
                self.line(f"{name} = {out}.{how}({self.spell.text(inits[k])})")
        self.copies((op.results[k], inits[k]) for k in unchanged)

    def count(self, found: Parallel | None) -> str:
        """How many turns there are to be dealt out."""
        if found is None:
            return "1"
        return kernels.product(kernels.turns(self, found))

    def rooms(self, kernel: Kernel, op: Op, found: Parallel | None, count: str, given: Sequence[str]) -> list[str]:
        """The arrays with a column for each thread."""
        made = []
        for room in kernel.rooms:
            if not room.is_list:
                dims = [list(dict.fromkeys(self.spell.text(op.result.dims[k]) for op in room.makers))
                        for k in range(room.rank)]
                texts = [axis[0] if len(axis) == 1 else f"max({', '.join(axis)})" for axis in dims]
                made.append(f"{self.device('columns')}({dtype(room.kind)}, {', '.join(texts)})")
                continue
            assert found is not None  # (lists of serial parts are the host's)
            title = self.title_of("rooms")
            function, captured = room_function(op, title, room.makers)
            (loop,) = function.block.ops
            alone = parallel(loop, definitions(function).get)
            if alone is None:
                raise DifferentiationError("how much a thread has to keep cannot be counted", room.makers[0].span,
                                           "use engine='numba'")
            written = KernelWriter(function, title, alone, range(len(loop.results)), self.failures).kernel()
            self.kernels.append(written)
            names = dict(zip(kernel.parameters, given, strict=False))
            outs = [f"{room.name}_room{k or ''}" for k in range(len(room.makers))]
            for out in outs:
                self.line(f"{out} = {self.device('numbers')}(np.int64)")
            self.line(f"launch({title}, {count}, {', '.join([*(names[v] for v in captured), *outs])})")
            most = [f"{out}.largest(0)" for out in outs]
            made.append(f"{self.device('columns')}({dtype(room.kind)}, "
                        f"{most[0] if len(most) == 1 else 'max(' + ', '.join(most) + ')'})")
        return made


def parallel_alone(op: Op, makers: dict[Value, Op]) -> Parallel | None:
    """A loop whose own turns alone are threads, not those of the loops inside."""
    return parallel(op, makers.get, alone=True)


def is_short(op: Op) -> bool:
    """Whether a loop surely has few turns."""
    lo, hi = op.operands[:2]
    return isinstance(lo, Constant) and isinstance(hi, Constant) and abs(hi.value.real - lo.value.real) < FEW


# ---------------------------------------------------------------------- statements
_PYTHON = {"for": control_statements.for_, "while": control_statements.while_, "if": control_statements.if_}


def control(w: Writer, op: Op) -> None:
    """A kernel, or Python's own loop or branch."""
    assert isinstance(w, HostWriter)
    found = w.parallel(op) if op.prim == "for" else None
    if any(is_growable(v) for v in free_values(op)) or (found is None and any(
            is_growable(v) for inner in walk_in(op) for v in inner.results)):
        _PYTHON[op.prim](w, op)  # lists grow on the host
        return
    if found is not None and not (touches_nothing(op) and is_short(op)):
        w.launch(op, found)
    elif touches_nothing(op) or w.has_parallel(op) or op.prim == "if" or not keeps_places(op):
        _PYTHON[op.prim](w, op)
    else:
        w.launch(op, None)


def touches_nothing(op: Op) -> bool:
    """Whether an operation is about single numbers alone."""
    return not any(v.is_array for inner in walk_in(op) for v in (*inner.operands, *inner.results))


def walk_in(op: Op) -> list[Op]:
    """An operation and all inside of it."""
    return [op, *(inner for region in op.regions for inner in walk(region))]


def empty(w: Writer, op: Op) -> None:
    """A new array on the device."""
    assert isinstance(w, HostWriter)
    w.assign_text(op.result, f"{w.device('empty')}({shape_text(w, op.operands)}, {dtype(op.result.kind)})")


def full(w: Writer, op: Op) -> None:
    """A new array on the device, all elements equal."""
    assert isinstance(w, HostWriter)
    value, *dims = op.operands
    w.assign_text(op.result, f"{w.device('full')}({shape_text(w, dims)}, {w.spell.text(value)}, "
                             f"{dtype(op.result.kind)})")


def copy(w: Writer, op: Op) -> None:
    """A copy on the device."""
    assert isinstance(w, HostWriter)
    w.assign_text(op.result, f"{w.device('copied')}({w.names(op.operands[0])})")


def iota(w: Writer, op: Op) -> None:
    """0, 1, ..., n-1."""
    assert isinstance(w, HostWriter)
    w.assign_text(op.result, f"{w.device('arange')}({w.spell.text(op.operands[0])})")


def reshape(w: Writer, op: Op) -> None:
    """A view where the operand is dead and ours, else of a copy."""
    assert isinstance(w, HostWriter)
    array, *dims = op.operands
    name = w.names(array) if op in w.views else f"{w.device('copied')}({w.names(array)})"
    w.assign_text(op.result, f"{w.device('reshaped')}({', '.join([name, *(w.spell.text(d) for d in dims)])})")


def matmul(w: Writer, op: Op) -> None:
    """A product of matrices: a thread for each element."""
    assert isinstance(w, HostWriter)
    if any(v.rank > 2 for v in op.operands):
        refused(w, op)
    turned = op.attrs.get("turned", (False, False))
    first, second = (w.names(v) for v in op.operands)
    w.assign_text(op.result, f"{w.device('matmul')}({first}, {second}, {turned[0]}, {turned[1]})")


def scalar_store(w: Writer, op: Op) -> None:
    """One element, from the host."""
    array, value, *indices = op.operands
    if is_growable(array):
        list_statements.list_store(w, op)
        return
    sign = "+=" if op.prim == "accum" else "="
    w.line(f"{w.spell.element(array, tuple(indices))} {sign} {w.spell.text(value)}")


def refused(w: Writer, op: Op) -> None:
    """What has no form."""
    what = f"{op.prim} of complex numbers" if any(
        v.kind.is_complex for v in (*op.operands, *op.results)) else op.prim
    raise DifferentiationError(f"{what} has no form on a GPU", op.span, "use engine='numba'")


DEVICES = ("added", "arange", "claimed", "claims", "columns",
           "copied", "empty", "full", "launch_blocks", "matmul", "numbers", "reshaped", "shared")
STATEMENTS: dict[str, Statement] = {
    "empty": empty, "full": full, "copy": copy, "iota": iota, "reshape": reshape, "matmul": matmul,
    "store": scalar_store, "accum": scalar_store, "check": effect_statements.check,
    "for": control, "while": control, "if": control,
    "list": list_statements.new_list, "list load": list_statements.list_load,
    **dict.fromkeys(("call", "print", "draw"), refused),
}
