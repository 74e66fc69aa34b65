"""Compiled loops that a person can interrupt.

Python delivers SIGINT when its interpreter runs, which a compiled loop keeps from running. So compiled programs ask
for pending signals by themselves. Every loop around another loop or a slow call, and every `while`, counts down and
asks at zero; what counts is work: a turn, the turns of the quick loops inside, a slow call as much as many of them.
A `for` over a range that stands alone, which the machine may run as vectors, is run in pieces and asks between. One
around such loops only, itself in another, asks when the number of its turns that are left ends in certain bits:
nothing is counted in a small nest. A function that calls itself asks when it is entered. What the signal's handler
raises leaves the program.

Invariant: the emitted source is not changed, iterations come in the same order, and a loop that is short and stands
alone asks nothing. Programs hold the interpreter's lock, as asking needs.
"""

from __future__ import annotations

import math
import platform
from collections import Counter
from typing import Any

import numpy as np
from llvmlite import ir as llvm
from numba.core import analysis, cgutils, types
from numba.core import ir as numba_ir
from numba.core.callconv import RETCODE_EXC
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.extending import intrinsic

from workbench.engines.numba.growing import COMPILED

PIECE = 1 << 16  # iterations of an innermost loop
OFTEN = 16  # iterations of a loop between an outer one and innermost ones (a power of 2)
PERIOD = 1 << 12  # turns that loops count down from
SLOW = PERIOD // 8  # what a turn with a slow call counts
CALL = PERIOD // 128  # what a turn with a call of a function that is compiled here counts
ENTRIES = 64  # calls of a function that calls itself
CALLBACKS = {f"workbench_{name}" for name in ("give_float", "give_int", "say")}  # Python's
#: the calling convention that spares the caller's registers, on the processors that LLVM has it for
KEEPING = "preserve_mostcc" if platform.machine() in ("x86_64", "AMD64", "arm64", "aarch64") else None
RECURSIVE = "__asks_when_entered__"  # an attribute of Python functions


# ---------------------------------------------------------------------- what programs call
def asked(context: Any, builder: Any, gently: bool = False) -> None:
    """Run the handlers of pending signals; leave the program with what they raise.

    LLVM is told that handlers leave the program's memory alone: what a loop reads stays in registers. gently: the
    question is asked by a function that keeps nearly all registers for its caller (`_gentle`)."""
    kind = llvm.FunctionType(llvm.IntType(32), ())
    function = cgutils.get_or_insert_function(builder.module, kind, "PyErr_CheckSignals")
    for attribute in ("inaccessiblememonly", "nounwind", "cold"):
        function.attributes.add(attribute)
    if gently and KEEPING is not None:
        called = builder.call(_gentle(builder.module, function, KEEPING), (), cconv=KEEPING)
    else:
        called = builder.call(function, ())
    with cgutils.if_unlikely(builder, builder.icmp_signed("!=", called, kind.return_type(0))):
        context.call_conv._return_errcode_raw(builder, RETCODE_EXC)


def _gentle(module: Any, asking: Any, convention: str) -> Any:
    """A function that asks, and keeps its caller's integer registers: around a short loop, loading what a call has
    destroyed again cost 5 % of the gradient of a mixture in 10 dimensions, though the call is hardly ever made."""
    known = module.globals.get("workbench_ask")
    if known is None:
        known = llvm.Function(module, asking.function_type, "workbench_ask")
        known.calling_convention, known.linkage = convention, "internal"
        for attribute in ("inaccessiblememonly", "nounwind", "cold", "noinline"):
            known.attributes.add(attribute)
        builder = llvm.IRBuilder(known.append_basic_block())
        builder.ret(builder.call(asking, ()))
    return known


@intrinsic
def ask(typing: Any) -> Any:
    """Ask at once."""
    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        asked(context, builder)
        return context.get_dummy_value()
    return types.none(), lowered


@intrinsic
def ask_if(typing: Any, interrupted: Any) -> Any:
    """Where Python was interrupted in a callback, which an exception cannot leave: let the signal come again."""
    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = llvm.FunctionType(llvm.VoidType(), ())
        with cgutils.if_unlikely(builder, builder.icmp_signed("!=", args[0], args[0].type(0))):
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "PyErr_SetInterrupt"), ())
            asked(context, builder)
        return context.get_dummy_value()
    return types.none(types.int32), lowered


@intrinsic
def count_down(typing: Any, left: Any, turns: Any) -> Any:
    """So many turns less; at zero, ask and begin again."""
    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = args[0].type
        left = builder.sub(*args)
        slot = cgutils.alloca_once_value(builder, left)
        with cgutils.if_unlikely(builder, builder.icmp_signed("<=", left, kind(0))):
            asked(context, builder)
            builder.store(kind(PERIOD), slot)
        return builder.load(slot)
    return types.int64(types.int64, types.int64), lowered


@intrinsic
def count_range(typing: Any, left: Any, iterator: Any) -> Any:
    """The turns of a range's iterator less, as far as they matter; the loop around asks."""
    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        count = builder.load(cgutils.create_struct_proxy(signature.args[1])(context, builder, args[1]).count)
        most = count.type(PERIOD)
        return builder.sub(args[0], builder.select(builder.icmp_signed("<", count, most), count, most))
    return types.int64(types.int64, iterator), lowered


@intrinsic
def count_entry(typing: Any) -> Any:
    """One call less, of all that a function gets; at zero, ask and begin again."""
    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = llvm.IntType(64)
        counter = cgutils.add_global_variable(builder.module, kind, "workbench_entries_left")
        counter.linkage, counter.initializer = "internal", kind(ENTRIES)
        left = builder.sub(builder.load(counter), kind(1))
        builder.store(left, counter)
        with cgutils.if_unlikely(builder, builder.icmp_signed("<=", left, kind(0))):
            builder.store(kind(ENTRIES), counter)
            asked(context, builder)
        return context.get_dummy_value()
    return types.none(), lowered


@intrinsic
def ask_often(typing: Any, iterator: Any) -> Any:
    """Ask when the number of turns that a range's iterator has left is one of a series."""
    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        count = builder.load(cgutils.create_struct_proxy(signature.args[0])(context, builder, args[0]).count)
        last = count.type(OFTEN - 1)
        with cgutils.if_unlikely(builder, builder.icmp_signed("==", builder.and_(count, last), last)):
            asked(context, builder, gently=True)
        return context.get_dummy_value()
    return types.none(iterator), lowered


@intrinsic
def piece(typing: Any, iterator: Any) -> Any:
    """The next turns of a range's iterator, as an iterator; they are taken from it."""
    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        proxy = cgutils.create_struct_proxy(signature.args[0])
        whole, part = proxy(context, builder, args[0]), proxy(context, builder)
        start, count = builder.load(whole.iter), builder.load(whole.count)
        most = count.type(PIECE)
        size = builder.select(builder.icmp_signed("<", count, most), count, most)
        part.iter, part.count = cgutils.alloca_once_value(builder, start), cgutils.alloca_once_value(builder, size)
        part.stop, part.step = whole.stop, whole.step
        builder.store(builder.sub(count, size), whole.count)
        builder.store(builder.add(start, builder.mul(size, whole.step)), whole.iter)
        return part._getvalue()
    return iterator(iterator), lowered


@intrinsic
def unfinished(typing: Any, iterator: Any) -> Any:
    """Whether a range's iterator has turns left."""
    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        count = builder.load(cgutils.create_struct_proxy(signature.args[0])(context, builder, args[0]).count)
        return builder.icmp_signed(">", count, count.type(0))
    return types.boolean(iterator), lowered


# ---------------------------------------------------------------------- the pass
@register_pass(mutates_CFG=True, analysis_only=False)
class Interruptible(FunctionPass):
    """Loops ask for signals."""

    _name = "workbench_interruptible"

    def __init__(self) -> None:
        FunctionPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        """Change the loops of a function, on Numba's IR as it comes from the bytecode."""
        blocks = state.func_ir.blocks
        loops = list(analysis.compute_cfg_from_blocks(blocks).loops().values())
        recursive = getattr(state.func_id.func, RECURSIVE, False)
        changed = _Asking(blocks)
        changed.around_callbacks()
        changed.judge(loops)
        for loop in loops:
            changed.loop(loop)
        changed.begin(recursive)
        state.func_ir.blocks = dict(sorted(blocks.items()))
        return True


class _Asking:
    """One function's blocks while its loops are changed."""

    def __init__(self, blocks: dict[int, Any]) -> None:
        self.blocks = blocks
        self.entry = blocks[min(blocks)]
        self.scope = self.entry.scope
        self.left = self.scope.redefine("$turns_left", self.entry.loc)
        self.counts = False
        made = [(s.target.name, s.value) for block in blocks.values() for s in block.body
                if isinstance(s, numba_ir.Assign)]
        times = Counter(name for name, _ in made)
        self.defined = {name: value for name, value in made if times[name] == 1}  # a name bound again says nothing

    def around_callbacks(self) -> None:
        """Ask before Python is called, since what is pending would be raised in there, and leave if it was so."""
        for block in self.blocks.values():
            for statement in [s for s in block.body if isinstance(s, numba_ir.Assign)]:
                called = statement.value
                if isinstance(called, numba_ir.Expr) and called.op == "call":
                    found = self.resolved(called.func)
                    if isinstance(found, types.ExternalFunction) and found.symbol in CALLBACKS:
                        place = block.body.index(statement)
                        after = self.called(ask_if, (statement.target,), self.fresh("asked"))
                        block.body[place:place + 1] = [*self.called(ask, (), self.fresh("asked")), statement, *after]

    def begin(self, recursive: bool) -> None:
        """What the function does first."""
        made: list[Any] = []
        if self.counts:
            made.append(self.constant(PERIOD, self.left))
        if recursive:
            made += self.called(count_entry, (), self.fresh("asked"))
        first = next((k for k, s in enumerate(self.entry.body) if not (
            isinstance(s, numba_ir.Assign) and isinstance(s.value, numba_ir.Arg))), 0)
        self.entry.body[first:first] = made

    # ------------------------------------------------------------------ loops
    def judge(self, loops: list[Any]) -> None:
        """Before anything is changed: which loops are quick, nests of quick ones, or counted turn by turn, and what a
        turn counts; for each loop also the one around it."""
        self.forms: dict[int, str] = {}
        self.turns: dict[int, int] = {}
        self.outer: dict[int, int] = {}
        for loop in sorted(loops, key=lambda loop: len(loop.body)):
            inner = [other for other in loops if other is not loop and other.header in loop.body]
            is_outermost = not any(loop.header in other.body for other in loops if other is not loop)
            for other in inner:
                self.outer.setdefault(other.header, loop.header)
            turn = max((self.weight(s.value) for label in loop.body for s in self.blocks[label].body
                        if isinstance(s, numba_ir.Assign)), default=0)
            forms = {self.forms[other.header] for other in inner}
            if not self.is_over_range(loop) or turn >= SLOW or forms - {"quick"} or (
                    inner and (turn or is_outermost)):
                form = "counted"
            else:
                form = "nest" if inner else "quick"
            self.forms[loop.header] = form
            self.turns[loop.header] = SLOW if "nest" in forms else max(turn, 1)

    def loop(self, loop: Any) -> None:
        """Let one loop ask, unless it is a quick one inside another, which asks."""
        form, outer = self.forms[loop.header], self.outer.get(loop.header)
        if form == "counted":
            self.blocks[loop.header].body[:0] = self.counted(self.turns[loop.header])
        elif form == "nest":
            iterator = self.step(loop).value
            self.blocks[loop.header].body[:0] = self.called(ask_often, (iterator,), self.fresh("asked"))
        elif outer is None:
            self.in_pieces(loop)
        elif self.forms[outer] == "counted" and self.turns[outer] < SLOW:
            iterator = self.step(loop).value
            for label in loop.entries:
                self.blocks[label].body[-1:-1] = self.called(count_range, (self.left, iterator), self.left)

    def counted(self, turns: int) -> list[Any]:
        """Count down by so many turns."""
        self.counts = True
        number = self.fresh("turns")
        return [self.constant(turns, number), *self.called(count_down, (self.left, number), self.left)]

    def step(self, loop: Any) -> Any:
        """What takes the next item, in the header of a `for`."""
        return next((s.value for s in self.blocks[loop.header].body if isinstance(s, numba_ir.Assign)
                     and isinstance(s.value, numba_ir.Expr) and s.value.op == "iternext"), None)

    def is_over_range(self, loop: Any) -> bool:
        """Whether a loop is a `for` over a range."""
        step = self.step(loop)
        return step is not None and isinstance(self.blocks[loop.header].body[-1], numba_ir.Branch) and (
            self.is_range(step.value))

    def in_pieces(self, loop: Any) -> None:
        """entry -> take a piece -> header ... -> (the piece is done) more? -> ask -> take a piece."""
        header, step = self.blocks[loop.header], self.step(loop)
        whole, part, end = step.value, self.fresh("piece"), header.body[-1]
        take, after, again = (max(self.blocks) + k for k in (1, 2, 3))
        step.value = part
        header.body[-1] = numba_ir.Branch(end.cond, end.truebr, after, end.loc)
        for label in loop.entries:
            _redirect(self.blocks[label], loop.header, take)
        more = self.fresh("more")
        self.blocks[take] = self.block([*self.called(piece, (whole,), part), numba_ir.Jump(loop.header, header.loc)])
        self.blocks[after] = self.block([*self.called(unfinished, (whole,), more),
                                         numba_ir.Branch(more, again, end.falsebr, header.loc)])
        self.blocks[again] = self.block([*self.called(ask, (), self.fresh("asked")), numba_ir.Jump(take, header.loc)])

    # ------------------------------------------------------------------ making statements
    def block(self, body: list[Any]) -> Any:
        made = numba_ir.Block(self.scope, self.entry.loc)
        made.body = body
        return made

    def fresh(self, name: str) -> Any:
        return self.scope.redefine(f"${name}", self.entry.loc)

    def constant(self, number: int, target: Any) -> Any:
        return numba_ir.Assign(numba_ir.Const(number, self.entry.loc), target, self.entry.loc)

    def called(self, function: Any, args: tuple[Any, ...], target: Any) -> list[Any]:
        loc, name = self.entry.loc, self.fresh("called")
        return [numba_ir.Assign(numba_ir.Global(function._name, function, loc), name, loc),
                numba_ir.Assign(numba_ir.Expr.call(name, args, (), loc), target, loc)]

    # ------------------------------------------------------------------ what loops do
    def value(self, var: Any) -> Any:
        """What a variable is assigned, other variables followed; None where they are exchanged."""
        seen = set()
        while isinstance(var, numba_ir.Var) and var.name not in seen:
            seen.add(var.name)
            var = self.defined.get(var.name)
        return None if isinstance(var, numba_ir.Var) else var

    def resolved(self, var: Any) -> Any:
        """What a variable is known to be: a global object, or an attribute of one; else None."""
        value = self.value(var)
        if isinstance(value, numba_ir.Global | numba_ir.FreeVar):
            return value.value
        if isinstance(value, numba_ir.Expr) and value.op == "getattr":
            return getattr(self.resolved(value.value), value.attr, None)
        return None

    def is_range(self, var: Any) -> bool:
        """Whether an iterator is that of a call of `range`."""
        value = self.value(var)
        if isinstance(value, numba_ir.Expr) and value.op == "getiter":
            value = self.value(value.value)
        return isinstance(value, numba_ir.Expr) and value.op == "call" and self.resolved(value.func) is range

    def weight(self, value: Any) -> int:
        """How many turns a call may take without asking: none for scalar operations, and for lists that grow, which
        takes long as seldom as it is long."""
        if not isinstance(value, numba_ir.Expr) or value.op != "call":
            return 0
        found = self.resolved(value.func)
        if isinstance(found, type | np.ufunc) or getattr(found, "__module__", None) in (math.__name__, "builtins"):
            return 0
        own = getattr(found, "py_func", None)
        if own is None:
            return SLOW
        return 0 if any(own.__code__ is f.__code__ for pair in COMPILED.items() for f in pair) else CALL


def _redirect(block: Any, before: int, after: int) -> None:
    end = block.body[-1]
    if isinstance(end, numba_ir.Jump):
        block.body[-1] = numba_ir.Jump(after, end.loc)
    else:
        yes, no = (after if label == before else label for label in (end.truebr, end.falsebr))
        block.body[-1] = numba_ir.Branch(end.cond, yes, no, end.loc)
