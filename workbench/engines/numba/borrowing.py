"""Arguments are borrowed, and variables give their arrays back where the program's text says.

Numba has each function count a reference to every array that it is given and give it up at the end. Where all paths
return, its optimiser removes the pair; where one raises, it cannot, and in a small function that calls itself counting
costs more than all the rest. The caller keeps what it passes until the call is over, so nothing needs to be counted.
(Where an exception leaves a function, Numba gives nothing up: a reference that was not counted is not lost either.)

Numba's optimiser also moves what gives references up behind what takes them, in the block of machine code that both are
in. How long those are depends on what LLVM has inlined, and an array may stay until the next one is made. So the
references of variables are counted by functions that the optimiser does not know; it still removes those of
intermediate results. A variable's reference is given up at the end of the statement that needs it last, or that binds
it to another array.

Views that are intermediate results are not counted.

Invariants: only a variable that is the argument on all paths is left out; what is bound to another array, or bound from
it, has its references counted. The optimiser may remove any two references of intermediate results that it finds, since
a variable keeps the array while there are any: one whose array an intermediate result of its last statement still has
waits for that (`pending`). An intermediate result that outlives a block is counted like a variable, or not at all where
it stands for a variable that keeps its array (`lent`).

Source: llvmlite's `RefNormalizePass` and `RefPrunePass`; `numba.core.lowering.Lower`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
from llvmlite import ir as llvm
from numba.core import cgutils, config
from numba.core import ir as numba_ir
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.runtime.nrtdynmod import incref_decref_ty
from numba.core.typed_passes import BaseNativeLowering

_Lower: Any = Lower  # (without annotations)
#: how many arguments functions of NumPy take at most that give a new array then (`dot` gives back what it writes to)
_FRESH = {"empty": 9, "zeros": 9, "ones": 9, "full": 9, "arange": 9, "dot": 2}


class BorrowingLower(_Lower):  # type: ignore[misc]
    """Numba's lowering, with references of variables counted apart, and none for arguments."""

    def init(self) -> None:
        """Find what is not counted, and what calls give new arrays."""
        super().init()
        blocks = self.func_ir.blocks
        assigned = [s for block in blocks.values() for s in block.find_insts(numba_ir.Assign)]
        times = Counter(s.target.name for s in assigned)
        self.borrowed = {s.target.name for s in assigned
                         if isinstance(s.value, numba_ir.Arg) and times[s.target.name] == 1}
        self.taking = False  # what is not counted
        crossing = {name for block in blocks.values() for name in _outliving(block) if self._holds_arrays(name)}
        self.lent = {name for name in crossing if _is_lent(name, blocks, self.borrowed)}
        self.temporary = {s.target.name for s in assigned if s.target.is_temp} - crossing
        self.strict = False  # the references that are counted now are a variable's
        # references of variables that this statement takes and gives up: whose array it is, if known, type, value
        self.taken: list[tuple[str, Any, Any]] = []
        self.pending: list[tuple[str, Any, Any]] = []
        self.contents: dict[str, str] = {}  # what variables are bound to now: which had it when the statement began
        self.subject = ""
        self.open: set[str] = set()  # intermediate results
        self.makers = _makers(assigned)

    def _holds_arrays(self, name: str) -> bool:
        return bool(self.context.data_model_manager[self.typeof(name)].contains_nrt_meminfo())

    @contextmanager
    def _of_variable(self, holds: bool = True) -> Iterator[None]:
        """Inside, references are a variable's."""
        before, self.strict = self.strict, holds and not config.DEBUG_NRT  # type: ignore[attr-defined]
        try:
            yield
        finally:
            self.strict = before

    def lower_inst(self, inst: Any) -> Any:
        """Lower a statement; in front of the program's next one, variables give arrays back."""
        if isinstance(inst, numba_ir.Stmt) and inst.is_terminator:  # (what is returned is there)
            self.open.clear()
        if not self.open and not isinstance(inst, numba_ir.Del):
            self._settle()
        return super().lower_inst(inst)

    def _settle(self) -> None:
        """Count the references that a statement takes and gives up, but for those that only go to another variable."""
        for taken in list(self.taken):
            match = next((given for given in self.pending if given[0] and given[0] == taken[0]), None)
            if match is not None:
                self.taken.remove(taken)
                self.pending.remove(match)
        for _, kind, value in self.taken:
            self._count("variable_takes", "NRT_incref", kind, value)
        for _, kind, value in self.pending:
            self._count("variable_releases", "NRT_decref", kind, value)
        self.taken.clear()
        self.pending.clear()
        self.contents.clear()

    def _known(self, name: str) -> str:
        """The variable that had a variable's array when the statement began; none where it was made since."""
        return self.contents.get(name, "" if name in self.temporary else name)

    def lower_assign(self, ty: Any, inst: Any) -> Any:
        """Lower an assignment."""
        value, name = inst.value, inst.target.name
        is_cast = isinstance(value, numba_ir.Expr) and value.op == "cast"  # (what is returned)
        self.subject = ""
        if is_cast:
            self.subject = self._known(value.value.name)
        elif isinstance(value, numba_ir.Var):
            self.subject = self._known(value.name)
        elif isinstance(value, numba_ir.Expr):
            result = super().lower_assign(ty, inst)
            if name not in self.temporary and not self._is_fresh(value):
                with self._of_variable():
                    self.incref(ty, result)
                super().decref(ty, result)
            elif value.op == "getattr" and self._holds_arrays(name) and self._stays(value.value.name):
                super().decref(ty, result)
                self.lent.add(name)
            return result
        self.taking = name in self.lent or (isinstance(value, numba_ir.Arg) and name in self.borrowed)
        try:
            with self._of_variable(is_cast or name not in self.temporary):
                return super().lower_assign(ty, inst)
        finally:
            self.taking = False

    def _stays(self, name: str) -> bool:
        """Whether an array is there while there are intermediate results, without being counted for them."""
        return name not in self.temporary or name in self.lent

    def _is_fresh(self, value: Any) -> bool:
        """Whether an expression is a call that gives a new array, with one reference."""
        return value.op == "call" and not value.kws and len(value.args) <= self.makers.get(value.func.name, -1)

    def lower_call(self, resty: Any, expr: Any) -> Any:
        """Lower a call; that of a product stays one, since it counts its operands in Numba's way."""
        is_product = self.makers.get(expr.func.name) == _FRESH["dot"]
        with staying(self.builder) if is_product else nullcontext():
            return super().lower_call(resty, expr)

    def storevar(self, value: Any, name: str, argidx: Any = None) -> None:
        """Bind a variable."""
        bound, self.subject = self.subject, self._known(name)
        self.contents[name] = bound
        self.taking = name in self.lent
        with self._of_variable(name not in self.temporary):
            super().storevar(value, name, argidx)
        self.taking = False
        if name in self.temporary and self._holds_arrays(name):
            self.open.add(name)

    def delvar(self, name: str) -> None:
        """Give up a variable's reference."""
        if name in self.borrowed or name in self.lent:
            self.open.discard(name)
            return
        self.subject = self._known(name)
        self.contents[name] = ""
        with self._of_variable(name not in self.temporary):
            super().delvar(name)
        self.open.discard(name)

    def incref(self, typ: Any, val: Any) -> None:
        """Count a reference."""
        if self.taking:
            return
        if self.strict and self.subject:  # (a variable has it until the statement is over)
            self.taken.append((self.subject, typ, val))
        elif self.strict:
            self._count("variable_takes", "NRT_incref", typ, val)
        else:
            super().incref(typ, val)

    def decref(self, typ: Any, val: Any) -> None:
        """Give up a reference."""
        if self.taking:
            return
        if self.strict:
            self.pending.append((self.subject, typ, val))
        else:
            super().decref(typ, val)

    def _count(self, name: str, counted: str, typ: Any, val: Any) -> None:
        """Have a function of ours call one of Numba's for each array."""
        for _, head in self.context.nrt.get_meminfos(self.builder, typ, val):
            count(self.builder, name, counted, head)


@contextmanager
def staying(builder: Any) -> Iterator[None]:
    """Calls of Numba's functions that are written inside stay calls: nothing of them is inlined."""
    block, first = builder.block, len(builder.block.instructions)
    yield
    blocks = builder.function.blocks
    for later in blocks[blocks.index(block):]:
        for instruction in later.instructions[first if later is block else 0:]:
            if isinstance(instruction, llvm.CallInstr) and instruction.callee.name.startswith("_Z"):
                instruction.attributes.add("noinline")


def count(builder: Any, name: str, counted: str, head: Any) -> None:
    """Have a function of ours, which Numba's optimiser does not know, call one of Numba's for an array's head."""
    function = cgutils.get_or_insert_function(builder.module, incref_decref_ty, name)
    if function.is_declaration:
        function.linkage = "linkonce_odr"
        function.attributes.add("noinline")
        inside = llvm.IRBuilder(function.append_basic_block())
        inside.call(cgutils.get_or_insert_function(builder.module, incref_decref_ty, counted), function.args)
        inside.ret_void()
    function.args[0].add_attribute("noalias")
    function.args[0].add_attribute("captures(none)")
    builder.call(function, [head])


def _outliving(block: Any) -> set[str]:
    """The intermediate results that are made in a block and are there behind it, but for what is returned."""
    made = {s.target.name for s in block.find_insts(numba_ir.Assign) if s.target.is_temp}
    gone = {s.value for s in block.find_insts(numba_ir.Del)}
    if isinstance(block.terminator, numba_ir.Return):
        gone.add(block.terminator.value.name)
    return made - gone


def _is_lent(name: str, blocks: dict[int, Any], borrowed: set[str]) -> bool:
    """Whether an intermediate result always stands for one variable, which keeps its array meanwhile."""
    makers = [(block, k) for block in blocks.values() for k, s in enumerate(block.body)
              if isinstance(s, numba_ir.Assign) and s.target.name == name]
    values = [block.body[k].value for block, k in makers]
    if not all(isinstance(v, numba_ir.Var) and not v.is_temp and v.name == values[0].name for v in values):
        return False
    source = values[0].name
    seen: set[int] = set()
    ahead = [(block, k + 1) for block, k in makers]
    while ahead:
        block, start = ahead.pop()
        for statement in block.body[start:]:
            if isinstance(statement, numba_ir.Del) and statement.value == name:
                break
            if source not in borrowed and ((isinstance(statement, numba_ir.Del) and statement.value == source) or (
                    isinstance(statement, numba_ir.Assign) and statement.target.name == source)):
                return False
        else:
            ahead += [(blocks[label], 0) for label in block.terminator.get_targets() if label not in seen]
            seen.update(block.terminator.get_targets())
    return True


def _makers(assigned: list[Any]) -> dict[str, int]:
    """The intermediate results that are functions which give new arrays, with how many arguments they may have."""
    numpy = {s.target.name for s in assigned
             if isinstance(s.value, numba_ir.Global | numba_ir.FreeVar) and s.value.value is np}
    found: dict[str, int] = {}
    for statement in assigned:
        value = statement.value
        if isinstance(value, numba_ir.Expr) and value.op == "getattr":
            if value.value.name in numpy:
                found[statement.target.name] = _FRESH.get(value.attr, -1)
            elif value.attr == "copy":
                found[statement.target.name] = 0
    return found


@register_pass(mutates_CFG=True, analysis_only=False)
class BorrowingLowering(BaseNativeLowering):
    """Numba's native lowering with borrowed arguments."""

    _name = "workbench_native_lowering"  # type: ignore[assignment]

    @property
    def lowering_class(self) -> type[Lower]:
        """What lowers."""
        return BorrowingLower
