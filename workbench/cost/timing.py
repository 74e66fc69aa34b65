"""How long a program will run, in seconds, for any sizes: loop by loop.

An innermost loop takes the most of three: what its units work on, what its turns wait for each other, and what its
bytes take to come from where they are. Where they are follows from the bytes that are touched before they are touched
again. To this come the beginnings of loops, branches that are not foreseen, new arrays, libraries, and the call.
The program is taken to have run before: its code and its data are as near as they will be.

Invariant: the lines of a program add up to its time; nothing is run or compiled.

Source: Williams, Waterman & Patterson, "Roofline", *Comm. ACM* 52(4), 2009; the working sets as in Stengel, Treibig,
Hager & Wellein, "Execution-cache-memory model", ICS 2015.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.cost.accesses import Access
from workbench.cost.counting import NOWHERE
from workbench.cost.executions import Executions, Numbers, is_library, line_of
from workbench.cost.machine import Machine
from workbench.cost.nests import WHOLE_ARRAYS, Loop, Loops, is_dear
from workbench.cost.prices import Prices
from workbench.cost.work import OTHERS, Line
from workbench.ir import Block, Callee, Kind, Op, Value, callee_of, walk

NS = 1e-9
LINE = 64  # bytes that memory gives at a time
NEAR = 32 * 1024  # bytes: no farther away than the nearest cache
LANES = 4
OVERLAPPED = 0.2  # what the shorter of two things adds that are done beside each other
AHEAD = 140  # operations that a processor looks ahead
LEARNT = 4000  # branches that it remembers how they went
#: The units that operations keep busy; additions and multiplications share one of their three.
UNITS = {"add": "adding", "sub": "adding", "accum": "adding", "mul": "multiplying", "div": "dividing",
         "sqrt": "dividing"}


class Timing:
    """The times of one program on a machine; `seconds` has them by line."""

    def __init__(self, executions: Executions) -> None:
        self.executions = executions
        self.function = executions.function
        self.loops = Loops()
        self.loops.find(self.function)
        self.lines = {NOWHERE, *(line_of(op) for f in self.loops.places for op in walk(f.block))}

    def seconds(self, values: Mapping[str, Any], machine: Machine) -> dict[Line, Any]:
        """Seconds by line where the symbols have these values: numbers, or arrays of one shape."""
        return _Clock(self, Numbers(self.executions, values), Prices(machine)).run()


class _Clock:
    """Adds up times for given sizes."""

    def __init__(self, timing: Timing, numbers: Numbers, prices: Prices) -> None:
        self.loops = timing.loops
        self.function = timing.function
        self.n = numbers
        self.p = prices
        self.machine = prices.machine
        self.lines: dict[Line, Any] = {}
        self.entered: list[Callee] = []
        self.touched: dict[Op, Any] = {}
        self.everything = self._everything()

    def run(self) -> dict[Line, Any]:
        """Seconds by line."""
        self._add(NOWHERE, self._call())
        self._block(self.function.block)
        return {line: time * NS for line, time in self.lines.items()}

    def _add(self, line: Line, time: Any) -> None:
        self.lines[line] = self.lines.get(line, 0.0) + time

    # ------------------------------------------------------------------ blocks
    def _block(self, block: Block) -> None:
        """What stands in a block, as often as it runs."""
        runs = self.n.runs(block)
        for op in block.ops:
            if op in self.loops.innermost:
                self._innermost(self.loops.innermost[op], runs)
            elif op.prim in ("for", "while"):
                turns = self.n.runs(op.regions[-1])
                self._add(line_of(op), runs * 4 * self.p.clock + turns * 4 * self.p.clock)
                for region in op.regions:
                    self._block(region)
            elif op.prim == "if":
                self._add(line_of(op), self._branch(op, runs))
                for region in op.regions:
                    self._block(region)
            elif op.prim == "call":
                callee = callee_of(op)
                self._add(line_of(op), runs * 10 * self.p.clock)
                if callee not in self.entered:
                    self.entered.append(callee)
                    self._block(callee.function.block)
            elif op.prim in WHOLE_ARRAYS:
                self._add(line_of(op), runs * self._arrays(op))
            elif is_library(op):
                self._add(line_of(op), runs * self._library(op))
            elif op.prim in ("load", "store", "accum"):
                self._add(line_of(op), runs * self._access(op, "alone"))
            else:
                self._add(line_of(op), runs * self.p.work(op, "alone"))

    def _branch(self, op: Op, runs: Any) -> Any:
        """A branch that data decide is not foreseen as often as it goes the rarer way."""
        yes = self.n.runs(op.regions[0])
        no = runs - yes
        missed = self._missed(yes, no) if _decided_by_floats(op, self.loops) else 0.0
        return runs * self.p.clock / 2 + missed

    def _access(self, op: Op, form: str) -> float:
        size = op.operands[0].kind.dtype.itemsize
        read = self.p.load(form, size) if op.prim != "store" else 0.0
        write = self.p.store(form, size) if op.prim != "load" else 0.0
        add = self.machine.rate(form, op.operands[0].kind.value, "add") if op.prim == "accum" else 0.0
        return read + write + add

    # ------------------------------------------------------------------ innermost loops
    def _innermost(self, loop: Loop, visits: Any) -> None:
        turns = self.n.runs(loop.bodies[-1])
        mean = turns / np.maximum(visits, 1e-300)
        if loop.obstacle:
            compute = turns * self._alone(loop, mean, visits) + visits * self._begin_alone()
            compute = compute + self._misses(loop)
        else:
            along, alone = self._along(loop), self._alone(loop, mean, visits)
            if loop.is_ordered:
                added = self.machine.rate("chain", "f64", "add")
                along = np.maximum(along, added * self._waited(loop, mean, visits))
            rest = np.minimum(mean % LANES, mean)
            inside = mean >= LANES
            compute = visits * np.where(
                inside, (mean - rest) * along + rest * alone + self.machine.rates["begin.along"] + 4 * self.p.clock,
                mean * alone + self._begin_alone())
        memory = turns * self._memory(loop)
        time = _beside(compute, memory)
        for line, weight in self._weights(loop).items():
            self._add(line, time * weight)

    def _begin_alone(self) -> float:
        return self.machine.rates["begin.alone"] + 6 * self.p.clock

    def _work(self, op: Op, form: str, loop: Loop) -> tuple[float, float]:
        """What an operation in a loop takes of the units of arithmetic, and of those of memory."""
        if op.prim in ("load", "store", "accum"):
            access = loop.access_of[op]
            size = op.operands[0].kind.dtype.itemsize
            add = self.machine.rate(form, op.operands[0].kind.value, "add") if op.prim == "accum" else 0.0
            if access.step == 0 and op.prim == "load":
                return add, 0.0
            far = form == "along" and access.step != 1 and access.step != 0
            price = (self.machine.rate("along", "f64", "gather") if access.step is None else
                     1.5 * self.p.load("alone", size)) if far else self.p.load(
                         form, size, (access.offset or 0) % LANES != 0)
            return add, (price if access.reads else 0.0) + (self.p.store(form, size) if access.writes else 0.0)
        if op.regions:
            return self.p.clock / (2 if form == "alone" else 8), 0.0
        return self.p.work(op, form), 0.0

    def _units(self, loop: Loop, form: str) -> tuple[Any, Any, Any]:
        """Arithmetic, accesses and instructions of a turn; arms count as often as they are taken, in vectors always."""
        turns = self.n.runs(loop.bodies[-1])
        busy: dict[str, Any] = {}
        access: Any = 0.0
        issued: Any = 0.0

        def visit(block: Block, share: Any) -> None:
            nonlocal access, issued
            for op in block.ops:
                work, memory = self._work(op, form, loop)
                unit = UNITS.get(op.prim, "other")
                busy[unit] = busy.get(unit, 0.0) + share * work
                access = access + share * memory
                issued = issued + share * self.p.issue[form] * (1 if op.prim != "accum" else 3)
                for region in op.regions:
                    taken = 1.0 if form == "along" else self.n.runs(region) / np.maximum(turns, 1e-300)
                    visit(region, np.minimum(taken, 1.0))
        for region in loop.bodies:
            visit(region, 1.0)
        added, multiplied = busy.get("adding", 0.0), busy.get("multiplying", 0.0)
        simple = np.maximum(np.maximum(added, multiplied), (added + multiplied) * 2 / 3)
        return _beside(simple + busy.get("other", 0.0), busy.get("dividing", 0.0)), access, issued

    def _along(self, loop: Loop) -> Any:
        arithmetic, access, issued = self._units(loop, "along")
        return np.maximum(np.maximum(arithmetic, access), issued)

    def _alone(self, loop: Loop, mean: Any, visits: Any) -> Any:
        arithmetic, access, issued = self._units(loop, "alone")
        time = np.maximum(np.maximum(arithmetic, access), issued + self.p.turn)
        return np.maximum(time, self._chain(loop) * self._waited(loop, mean, visits))

    def _waited(self, loop: Loop, mean: Any, visits: Any) -> Any:
        """The share of a chain that is waited for: a visit that needs nothing of the one before begins while that
        ends, as far as a processor looks ahead."""
        if not loop.is_fresh:
            return 1.0
        ahead = np.minimum(mean / 2, AHEAD / max(len(loop.ops), 1)) * (visits > 1)
        return 1 - ahead / np.maximum(mean, 1e-300)

    def _chain(self, loop: Loop) -> float:
        """What a turn waits for the one before (at any sizes)."""
        machine, time = loop.chains.get(id(self.machine), (None, 0.0))
        if machine is not self.machine:
            time = self._waited_for(loop)
            loop.chains[id(self.machine)] = self.machine, time
        return time

    def _waited_for(self, loop: Loop) -> float:
        time = loop.chain(self.p.latency)
        if any(a.op.prim == "accum" and a.step == 0 for a in loop.accesses):
            time = max(time, self.machine.rates["chain.f64.memory"])
        return time

    def _misses(self, loop: Loop) -> Any:
        total: Any = 0.0
        for op in loop.ops:
            if op.prim == "if":
                yes, no = (self.n.runs(region) for region in op.regions)
                if _decided_by_floats(op, self.loops) and is_dear(op):
                    total = total + self._missed(yes, no)
        return total

    def _missed(self, yes: Any, no: Any) -> Any:
        """What branches take that are not foreseen: the rarer way, unless there are so few that they are remembered."""
        rarer = np.maximum(np.minimum(yes, no), 0)
        return rarer * (yes + no) / (yes + no + LEARNT) * self.machine.rates["miss"]

    def _weights(self, loop: Loop) -> dict[Line, float]:
        """The shares of lines in a loop's time: as they work."""
        found: dict[Line, float] = {}
        for op in loop.ops:
            work, memory = self._work(op, "along" if not loop.obstacle else "alone", loop)
            line = line_of(op)
            found[line] = found.get(line, 0.0) + work + memory + 1e-6
        total = sum(found.values())
        return {line: weight / total for line, weight in found.items()} if found else {line_of(loop.op): 1.0}

    # ------------------------------------------------------------------ memory
    def _memory(self, loop: Loop) -> Any:
        """ns that the bytes of a turn take to come."""
        read: Any = 0.0
        written: Any = 0.0
        anywhere: Any = 0.0
        seen: set[object] = set()
        for access in loop.accesses:
            size = access.op.operands[0].kind.dtype.itemsize
            if access.step == 0 and access.op.prim != "accum":
                continue
            key = access.root, access.writes, access.loops, access.step if access.step is not None else access.op
            if key in seen:
                continue  # a neighbour of what comes anyway
            seen.add(key)
            if access.step is None:
                span = self.n.elements(access.op.operands[0]) * size
                near = self.machine.at("gather", NEAR)
                anywhere = anywhere + np.maximum(self.machine.at("gather", span) - near, 0.0)
                continue
            working = self._working_set(loop, access)
            bytes_ = np.where(working > NEAR, size, 0.0)
            if access.step == 2:  # down a column: lines of the cache, and pages, that come for one element each
                column = self._turns(loop.op) * LINE
                rate = np.maximum(self.machine.rates["column"], LINE * self.machine.at("read", column))
                anywhere = anywhere + np.where(column > NEAR, rate, 0.0)
            if access.reads and not access.writes:
                read = read + bytes_ * self.machine.at("read", working)
            else:
                written = written + bytes_ * self.machine.at("write", working)
        return _beside(read, written) + anywhere

    def _turns(self, loop: Op) -> Any:
        block = self.loops.parents[loop.regions[0]]
        return self.n.runs(loop.regions[-1]) / np.maximum(self.n.runs(block), 1e-300)

    def _working_set(self, loop: Loop, access: Access) -> Any:
        """Bytes that are touched before an element is touched again: all that the next loop around touches in a turn
        that does not move the access; all of the program's where each moves it."""
        for outer in reversed(self.loops.around[loop.op]):
            if outer.regions[0] not in access.loops:
                if outer not in self.touched:
                    self.touched[outer] = self._touched(outer)
                return self.touched[outer]
        return self.everything

    def _touched(self, outer: Op) -> Any:
        """Bytes that a turn of a loop touches."""
        found: dict[Value, Any] = {}
        for region in outer.regions:
            for loop in self.loops.inside.get(region, ()):
                nest = [loop.op, *(o for o in reversed(self.loops.around[loop.op]))]
                inside = nest[:nest.index(outer)]
                for access in loop.accesses:
                    array = access.op.operands[0]
                    size = array.kind.dtype.itemsize
                    whole = self.n.elements(array) * size
                    touched: Any = size
                    if access.step is None:
                        touched = whole
                    for op in inside:
                        if op.regions[0] in access.loops:
                            touched = touched * self._turns(op)
                    touched = np.minimum(touched, whole) if self.n.is_known(array) else touched
                    found[access.root] = np.maximum(found.get(access.root, 0.0), touched)
        return sum(found.values(), start=0.0)

    def _everything(self) -> Any:
        """Bytes of all arrays."""
        total: Any = 0.0
        for function, places in self.loops.places.items():
            roots = {places.root(v) for op in walk(function.block) for v in (*op.operands, *op.results) if v.is_array}
            for root in roots:
                total = total + self.n.elements(root) * root.kind.dtype.itemsize
        return total

    # ------------------------------------------------------------------ whole arrays
    def _arrays(self, op: Op) -> Any:
        """An operation on whole arrays, once."""
        if op.prim == "list":
            return self.machine.rates["allocation"]
        result = op.results[0]
        bytes_ = self.n.elements(result) * result.kind.dtype.itemsize if result.is_array else 0.0
        time = self._new(bytes_) if result.is_array else 0.0
        if op.prim == "empty":
            return time
        if op.prim == "reshape":  # (nearly always a view)
            return 0.0
        if op.prim == "matmul":
            return time + self._product(op)
        rate = self.machine.at("copy", self.everything) * 2 if op.prim == "copy" else (
            self.machine.at("write", self.everything))
        return time + bytes_ * rate

    def _new(self, bytes_: Any) -> Any:
        """A new array: its pages come one by one where the system gives them anew."""
        extra = self.machine.at("fresh", bytes_) - 2 * self.machine.at("copy", bytes_)
        anew = np.asarray(bytes_) > (1 << 25)
        return self.machine.rates["allocation"] + np.where(anew, np.maximum(extra, 0.0), 0.0) * bytes_

    def _library(self, op: Op) -> Any:
        """A kernel's or a library's work: products as BLAS does them, LAPACK's operations, and the rest as loops that
        become vectors in part."""
        kind = next(v.kind for v in (*op.operands, *op.results) if v.is_array)
        amounts = self.n.amounts(op)
        terms, work = amounts.pop("fma", 0), amounts.pop("library", 0)
        calls = np.maximum(amounts.pop("call", 0), 1)
        total = terms * self.machine.at("gemm32" if kind is Kind.F32 else "gemm", np.cbrt(terms / calls))
        total = total + work * self.machine.at("lapack", np.cbrt(work / calls / 9))
        moved = sum(amounts.pop(key, 0) for key in ("read", "written"))
        amounts.pop("allocated", 0)
        total = total + amounts.pop("allocation", 0) * self.machine.rates["allocation"] + self.machine.rates["entry"]
        compared = amounts.pop("compared", 0)
        missed = 0.5 * self.machine.rates["miss"] * compared / (compared + 20 * LEARNT)
        total = total + compared * (5 * self.p.clock + missed)
        loops: Any = amounts.pop("element", 0) * self.p.load("alone", 8) / 2
        parts = 3 if any(v.kind.is_complex for v in (*op.operands, *op.results)) else 1
        for key, amount in amounts.items():
            if key not in OTHERS:
                loops = loops + parts * amount * (self.machine.rate("along", kind.value, key)
                                          + self.machine.rate("alone", kind.value, key)) / 2
            else:
                loops = loops + amount * self.p.clock / 3
        return total + _beside(loops, moved * self.machine.at("copy", self.everything))

    def _product(self, op: Op) -> Any:
        a, b = op.operands
        turned = op.attrs.get("turned", (False, False))[0] and a.rank > 1
        terms = self.n.elements(op.result) if op.result.is_array else 1
        terms = terms * self.n.dim(a.dims[-2 if turned else -1])
        if a.rank == b.rank == 1:
            return self.p.clock * 20 + terms * self.machine.at("dot", np.sqrt(terms))
        if min(a.rank, b.rank) == 1:
            size = a.kind.dtype.itemsize
            near = np.minimum(np.sqrt(terms), 160.0)
            return terms * np.maximum(self.machine.at("gemv", near) * size / 8,
                                      size * self.machine.at("read", np.maximum(self.everything, NEAR)))
        return terms * self.machine.at("gemm32" if a.kind is Kind.F32 else "gemm", np.cbrt(terms))

    # ------------------------------------------------------------------ the call
    def _call(self) -> float:
        """The way in and out."""
        arrays = sum(p.is_array for p in self.function.data_params)
        results = sum(r.is_array for r in self.function.results)
        bare, made = self.machine.rates["entry"], self.machine.rates["entry.result"]
        return max(bare * (1 + 0.35 * (arrays - 2)) + results * max(made - 0.65 * bare, 0.0), 0.2 * bare)


def _beside(a: Any, b: Any) -> Any:
    """What two things take that are done at the same time, as far as they can be."""
    return np.maximum(a, b) + OVERLAPPED * np.minimum(a, b)


def _decided_by_floats(op: Op, loops: Loops) -> bool:
    """Whether a branch depends on numbers that are no integers."""
    for places in loops.places.values():
        maker = places.makers.get(op.operands[0])
        if maker is not None:
            return any(v.kind.is_inexact for v in maker.operands) or maker.prim in ("load", "and", "or", "not")
    return False
