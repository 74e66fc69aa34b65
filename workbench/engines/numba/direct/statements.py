"""Statements of emitted programs: parts of a function (see `releases`) to blocks of LLVM."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from llvmlite import ir as llvm
from numba.core import cgutils, types
from numba.core import ir as numba_ir

from workbench.engines.numba.direct.asking import Asking, Manner
from workbench.engines.numba.direct.code import Code, NotDirect, Typed
from workbench.engines.numba.direct.expressions import Expressions
from workbench.engines.numba.interrupts import PIECE, SLOW
from workbench.engines.numba.releases import Branch, Entry, Leave, Loop, Part, Step


class Statements:
    """Writes the parts of a function.

    title, filename: what tracebacks call it; loose: the numbers of lines that add up cotangents; manners: how loops
    ask. `returned` is the type of what it returns, once that is known."""

    def __init__(self, code: Code, expressions: Expressions, asking: Asking, title: str, filename: str,
                 loose: frozenset[int]) -> None:
        self.code = code
        self.expressions = expressions
        self.variables = expressions.variables
        self.asking = asking
        self.title, self.filename = title, filename
        self.loose = loose
        self.manners: dict[Loop, Manner] = {}
        self.returned: Any = None
        self._ranged: set[str] = set()
        self._around: list[tuple[Any, Any]] = []  # per open loop: where `continue` and `break` go

    def parts(self, parts: Iterable[Part]) -> None:
        """Parts in order, as long as they are reached."""
        for part in parts:
            if self.code.builder.block.is_terminated:
                return
            if isinstance(part, Step):
                self.step(part)
            elif isinstance(part, Entry):
                self.variables.release(part.released)
            elif isinstance(part, Branch):
                self.branch(part)
            elif isinstance(part, Loop):
                self.loop(part)
            else:
                self.leave(part)

    # ------------------------------------------------------------------ plain statements
    def step(self, step: Step) -> None:
        """A statement, and the references that are given up behind it."""
        node = step.node
        if isinstance(node, ast.For):  # (what its range reads is given up when the range is there: see `loop`)
            self._ranged = step.released
            return
        self.code.loosely = node.lineno in self.loose
        write = _WRITERS.get(type(node))
        if write is None:
            raise NotDirect(f"a statement of the form {type(node).__name__}")
        moved = write(self, node, step.released)
        self.code.loosely = False
        self.variables.release(step.released - moved)

    def _pass(self, node: ast.stmt, released: set[str]) -> set[str]:
        return set()

    def _assign(self, node: ast.Assign, released: set[str]) -> set[str]:
        if len(node.targets) != 1:
            raise NotDirect("several targets")
        target, value = node.targets[0], node.value
        if isinstance(target, ast.Subscript):
            found = self.expressions.value(value)
            self.expressions.store(*self.expressions.element(target), self._number(found))
        elif isinstance(target, ast.Name):
            return self._bind(target.id, value, released)
        elif isinstance(target, ast.Tuple) and all(isinstance(part, ast.Name) for part in target.elts):
            names = [part.id for part in target.elts if isinstance(part, ast.Name)]
            self._bind_all(names, value)
        else:
            raise NotDirect("a target of another form")
        return set()

    def _bind(self, name: str, node: ast.expr, released: set[str]) -> set[str]:
        """Bind a variable; which references are its own now."""
        found = self.expressions.result(node)
        if not isinstance(found.type, types.Array):
            self.variables.bind(name, found)
            return set()
        if not isinstance(node, ast.Name):
            self.variables.bind_array(name, found)
            return set()
        if node.id in released and not self.variables.is_borrowed(node.id):
            self.variables.forget(node.id)
            self.variables.bind_array(name, found)
            return {node.id}
        self.variables.take(found)
        self.variables.bind_array(name, found)
        return set()

    def _bind_all(self, names: Sequence[str], node: ast.expr) -> None:
        """Bind variables as if at once."""
        if isinstance(node, ast.Call):
            for name, found in zip(names, self.expressions.results(node), strict=True):
                if isinstance(found.type, types.Array):
                    self.variables.bind_array(name, found)
                else:
                    self.variables.bind(name, found)
            return
        if not isinstance(node, ast.Tuple):
            for name, found in zip(names, self.expressions.shape(node), strict=True):
                self.variables.bind(name, found)
            return
        values = [self.expressions.value(part) for part in node.elts]
        arrays = {name: part.id for name, part, value in zip(names, node.elts, values, strict=True)
                  if isinstance(part, ast.Name) and isinstance(value.type, types.Array)}
        if sorted(arrays) != sorted(arrays.values()) or any(map(self.variables.is_borrowed, arrays)):
            raise NotDirect("arrays that are bound at once, and not exchanged")
        for name, value in zip(names, values, strict=True):
            if name in arrays:
                self.variables.put(name, value)
            else:
                self.variables.bind(name, value)

    def _number(self, value: Typed) -> Typed:
        if not isinstance(value.type, types.Number | types.Boolean):
            raise NotDirect(f"an element of {value.type}")
        return value

    def _update(self, node: ast.AugAssign, released: set[str]) -> set[str]:
        if isinstance(node.target, ast.Name):
            found = self.expressions.operation(
                node.op, self.variables.get(node.target.id), self.expressions.value(node.value))
            self.variables.bind(node.target.id, found)
        elif isinstance(node.target, ast.Subscript):
            kind, address = self.expressions.element(node.target)
            value = self.expressions.value(node.value)
            found = self.expressions.operation(node.op, self.expressions.load(kind, address), value)
            self.expressions.store(kind, address, self._number(found))
        else:
            raise NotDirect("a target of another form")
        return set()

    # ------------------------------------------------------------------ ways out
    def leave(self, part: Leave) -> None:
        """`return`, `raise`, `break` or `continue`."""
        if part.kind == "return":
            assert part.step is not None and isinstance(part.step.node, ast.Return)
            self._return(part.step.node, part.step.reads)
        elif part.kind == "raise":
            assert part.step is not None and isinstance(part.step.node, ast.Raise)
            self._raise(part.step.node)
        else:
            on, out = self._around[-1]
            self.code.builder.branch(out if part.kind == "break" else on)

    def _return(self, node: ast.Return, reads: frozenset[str]) -> None:
        """Evaluate the results; arrays that they read and are not are given up, for nothing else needs them."""
        if node.value is None or self.returned is not None:
            raise NotDirect("a way out that gives nothing, or one of several")
        moved: set[str] = set()
        if isinstance(node.value, ast.Tuple):
            found = self.code.tuple([self._result(part, moved) for part in node.value.elts])
        elif isinstance(node.value, ast.Constant) and node.value.value is None:
            found = Typed(types.none, self.code.context.get_dummy_value())
        else:
            found = self._result(node.value, moved)
        self.variables.release(reads - moved)
        self.returned = found

    def finish(self) -> None:
        """Hand over what is returned."""
        context, builder, found = self.code.context, self.code.builder, self.returned
        context.call_conv.return_value(builder, context.get_return_value(builder, found.type, found.value))

    def _result(self, node: ast.expr, moved: set[str]) -> Typed:
        """A result: an array comes with a reference."""
        found = self.expressions.result(node)
        if isinstance(found.type, types.Array) and isinstance(node, ast.Name):
            if self.variables.is_borrowed(node.id) or node.id in moved:
                self.variables.take(found)
            moved.add(node.id)
        return found

    def _raise(self, node: ast.Raise) -> None:
        """An exception whose class and arguments are known."""
        if not isinstance(node.exc, ast.Call) or not all(isinstance(arg, ast.Constant) for arg in node.exc.args):
            raise NotDirect("an exception that is made otherwise")
        made = self.expressions.static(node.exc.func)(*(arg.value for arg in node.exc.args
                                                        if isinstance(arg, ast.Constant)))
        if not isinstance(made, BaseException):
            raise NotDirect("an exception that is none")
        self.code.context.call_conv.return_user_exc(
            self.code.builder, type(made), made.args, loc=numba_ir.Loc(self.filename, node.lineno),
            func_name=self.title)

    # ------------------------------------------------------------------ branches and loops
    def branch(self, part: Branch) -> None:
        """`if`."""
        builder = self.code.builder
        assert isinstance(part.step.node, ast.If)
        bit = self.expressions.truth(part.step.node.test)
        self.variables.release(part.step.released)
        then = builder.append_basic_block("then")
        after = builder.append_basic_block("after")
        orelse = builder.append_basic_block("orelse") if part.orelse else after
        builder.cbranch(bit, then, orelse)
        ends = not part.orelse
        for block, arm in ((then, part.then), (orelse, part.orelse)):
            if block is not after:
                builder.position_at_end(block)
                self.parts(arm)
                if not builder.block.is_terminated:
                    builder.branch(after)
                    ends = True
        builder.position_at_end(after)
        if not ends:
            builder.unreachable()

    def loop(self, part: Loop) -> None:
        """`for` over a range, or `while`."""
        builder, manner = self.code.builder, self.manners[part]
        head, body, over = (builder.append_basic_block(name) for name in ("head", "body", "over"))
        orelse = builder.append_basic_block("orelse") if part.orelse else over
        if isinstance(part.node, ast.For):
            counter = _Counter(self, part.node)
            self.variables.release(self._ranged)
            if manner.form == "quick" and manner.around is None:
                leave = self._in_pieces(counter, head, orelse)
            else:
                leave = orelse
                self._count_inside(manner, counter)
                builder.branch(head)
            builder.position_at_end(head)
            self._ask(manner, counter)
            self.parts(part.head)
            counter.step(body, leave)
            builder.position_at_end(body)
            self.variables.bind(part.node.target.id, counter.index())  # type: ignore[attr-defined]
        else:
            builder.branch(head)
            builder.position_at_end(head)
            self._ask(manner, None)
            self._test(part, body, orelse)
            builder.position_at_end(body)
        self._around.append((head, over))
        self.parts(part.body)
        self._around.pop()
        if not builder.block.is_terminated:
            builder.branch(head)
        if part.orelse:
            builder.position_at_end(orelse)
            self.parts(part.orelse)
            if not builder.block.is_terminated:
                builder.branch(over)
        builder.position_at_end(over)

    def _test(self, part: Loop, body: Any, orelse: Any) -> None:
        entry, *steps = part.head
        assert isinstance(entry, Entry) and isinstance(part.node, ast.While)
        self.variables.release(entry.released)
        if part.is_endless:
            self.code.builder.branch(body)
            return
        bit = self.expressions.truth(part.node.test)
        for step in steps:
            assert isinstance(step, Step)
            self.variables.release(step.released)
        self.code.builder.cbranch(bit, body, orelse)

    # ------------------------------------------------------------------ asking for signals
    def _ask(self, manner: Manner, counter: _Counter | None) -> None:
        """At the beginning of a turn."""
        if manner.form == "counted":
            self.asking.count(manner.turns)
        elif manner.form == "nest":
            assert counter is not None
            self.asking.often(self.code.builder.load(counter.count))

    def _count_inside(self, manner: Manner, counter: _Counter) -> None:
        """Before a loop in another one."""
        around = self.manners[manner.around] if manner.around is not None else None
        if manner.form == "quick" and around is not None and around.form == "counted":
            outer = manner.around
            assert outer is not None
            if self.manners[outer].turns < SLOW:
                self.asking.count_range(self.code.builder.load(counter.count))

    def _in_pieces(self, counter: _Counter, head: Any, orelse: Any) -> Any:
        """take a piece -> head ... -> (the piece is done) more? -> ask -> take a piece; where a piece ends."""
        builder = self.code.builder
        take, done, again = (builder.append_basic_block(name) for name in ("take", "done", "again"))
        whole, start = counter.count, counter.next
        counter.count = cgutils.alloca_once(builder, _INT)
        counter.next = cgutils.alloca_once(builder, _INT)
        builder.branch(take)
        builder.position_at_end(take)
        left, first = builder.load(whole), builder.load(start)
        size = builder.select(builder.icmp_signed("<", left, _INT(PIECE)), left, _INT(PIECE))
        builder.store(first, counter.next)
        builder.store(size, counter.count)
        builder.store(builder.sub(left, size), whole)
        builder.store(builder.add(first, builder.mul(size, _INT(counter.by))), start)
        builder.branch(head)
        builder.position_at_end(done)
        builder.cbranch(builder.icmp_signed(">", builder.load(whole), _INT(0)), again, orelse)
        builder.position_at_end(again)
        self.asking.now()
        builder.branch(take)
        return done


_INT = llvm.IntType(64)


class _Counter:
    """The turns of a `for` over a range: `count` are left, `next` is the index of the next."""

    def __init__(self, statements: Statements, node: ast.For) -> None:
        self.code = statements.code
        builder, call = self.code.builder, node.iter
        if not isinstance(node.target, ast.Name) or not isinstance(call, ast.Call) or (
                statements.expressions.callee(call) is not range):
            raise NotDirect("a loop over what is no range")
        args = list(call.args)
        self.by = 1
        if len(args) == 3:
            if ast.unparse(args.pop()) != "-1":
                raise NotDirect("a range of other steps")
            self.by = -1
        bounds = [statements.expressions.value(arg) for arg in args]
        if any(bound.type is not types.int64 for bound in bounds):
            raise NotDirect("a range of other integers")
        stop = bounds[-1].value
        start = bounds[0].value if len(bounds) == 2 else _INT(0)
        turns = builder.sub(stop, start) if self.by == 1 else builder.sub(start, stop)
        turns = builder.select(builder.icmp_signed(">", turns, _INT(0)), turns, _INT(0))
        self.count, self.next = cgutils.alloca_once(builder, _INT), cgutils.alloca_once(builder, _INT)
        builder.store(turns, self.count)
        builder.store(start, self.next)
        self._index: Any = None

    def step(self, body: Any, leave: Any) -> None:
        """To the body if there is a turn left."""
        builder = self.code.builder
        self._left = builder.load(self.count)
        builder.cbranch(builder.icmp_signed(">", self._left, _INT(0)), body, leave)

    def index(self) -> Typed:
        """Begin a turn: its index."""
        builder = self.code.builder
        index = builder.load(self.next)
        builder.store(builder.sub(self._left, _INT(1), flags=["nsw"]), self.count)
        builder.store(builder.add(index, _INT(self.by)), self.next)
        return Typed(types.int64, index)


_WRITERS: dict[type[ast.stmt], Callable[..., set[str]]] = {
    ast.Assign: Statements._assign, ast.AugAssign: Statements._update, ast.Pass: Statements._pass}
