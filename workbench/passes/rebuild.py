"""Re-emitting a function through the builder: what passes that simplify and expand are built on.

Every scalar operation goes through `rules.emit`, so constants are folded, IEEE-safe identities applied and equal
operations of enclosing blocks reused, whatever else a pass does.

Invariant: the result shares no `Value` with the input but constants; operations keep their spans and names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from workbench.ir import (
    ArrayType,
    Block,
    Builder,
    Constant,
    Frame,
    Function,
    Op,
    Type,
    Value,
    callee_of,
    in_time,
    same_dim,
    substitute_type,
)
from workbench.ir.ops import CONSUMING
from workbench.rules import emit, get


class Rebuilder:
    """Copies a function through a builder; override `op` to change operations.

    `env` maps old values to new ones, `depth_of` a new value to the number of frames open where it was made."""

    def run(self, function: Function) -> Function:
        """The rebuilt function."""
        self.builder = Builder(function.name)
        self.env: dict[Value, Value] = {}
        self.depth_of: dict[Value, int] = {}
        self.before(function)
        for param in function.params:
            new = self.builder.param(param.type, param.name, function.shape_params.get(param))
            self.env[param] = new
            self.depth_of[new] = 1
        for param in function.params:
            self.env[param].type = substitute_type(param.type, self.env)
        self.ops(function.block)
        rebuilt = self.builder.finish([self.get(v) for v in function.results])
        return Function(function.name, rebuilt.block, rebuilt.shape_params, function.span)

    def before(self, function: Function) -> None:
        """Called once before anything is emitted (for analyses)."""

    # ------------------------------------------------------------------ environment
    def get(self, value: Value) -> Value:
        """The new value for an old one."""
        return value if isinstance(value, Constant) else self.env[value]

    def all(self, values: Sequence[Value]) -> tuple[Value, ...]:
        """The new values for old ones."""
        env = self.env
        return tuple([v if isinstance(v, Constant) else env[v] for v in values])

    def type(self, type_: Type) -> Type:
        """A type with its dimensions translated."""
        return substitute_type(type_, self.env)

    def type_of(self, value: Value) -> Type:
        """The type of what stands for a value of the program (override)."""
        return self.type(value.type)

    def param(self, value: Value) -> Value:
        """A new block parameter for an old one."""
        new = Value(self.type_of(value), value.name)
        self.env[value] = new
        self.depth_of[new] = self.builder.depth
        return new

    def bind(self, old: Value, new: Value) -> None:
        """Let a new value stand for an old result; it takes the name if it has none."""
        self.env[old] = new
        if not isinstance(new, Constant):
            if new not in self.depth_of:
                self.depth_of[new] = len(self.builder.frames)
            if not new.name:
                new.name = old.name

    def emit(self, prim: str, *operands: Value, **attrs: Any) -> Value:
        """Emit through the rule table, noting the depth of what is new."""
        builder = self.builder
        value = emit(builder, prim, *operands, **attrs)
        if not isinstance(value, Constant) and value not in self.depth_of:
            self.depth_of[value] = len(builder.frames)
        return value

    def raw(self, prim: str, operands: Sequence[Value], types: Sequence[Type], attrs: Mapping[str, Any],
            regions: tuple[Block, ...] = (), names: Sequence[str] = ()) -> tuple[Value, ...]:
        """Append an operation as it is."""
        results = self.builder.emit(prim, operands, types, attrs, regions)
        for position, value in enumerate(results):
            if value not in self.depth_of:
                self.depth_of[value] = self.builder.depth
                if position < len(names) and not value.name:
                    value.name = names[position]
        return results

    # ------------------------------------------------------------------ blocks
    @contextmanager
    def frame(self, kind: str) -> Iterator[Frame]:
        """An open region."""
        frame = Frame(kind)
        self.builder.frames.append(frame)
        try:
            yield frame
        finally:
            self.builder.frames.pop()

    def ops(self, block: Block) -> None:
        """Re-emit a block's operations here."""
        in_time(self.builder.span)
        for op in block.ops:
            self.builder.span = op.span or self.builder.span
            self.op(op)

    def op(self, op: Op) -> None:
        """Re-emit one operation (override)."""
        self.copy(op)

    def copy(self, op: Op) -> None:
        """Re-emit an operation, its regions rebuilt."""
        if op.prim == "for":
            self.copy_for(op)
        elif op.prim == "while":
            self.copy_while(op)
        elif op.prim == "if":
            self.copy_if(op)
        elif op.prim == "call":
            self.copy_call(op)
        elif len(op.results) == 1 and op.prim not in CONSUMING and get(op.prim).elementwise:
            made = self.emit(op.prim, *self.all(op.operands), **op.attrs)
            self.bind(op.result, self.with_dims(made, self.type(op.result.type).dims) if made.is_array else made)
        else:
            types = [self.type(r.type) for r in op.results]
            results = self.raw(op.prim, self.all(op.operands), types, op.attrs, (), [r.name for r in op.results])
            for old, new in zip(op.results, results, strict=True):
                self.env[old] = new

    def with_dims(self, made: Value, dims: Sequence[Value]) -> Value:
        """A result with the dimensions that it had: they may be less simple than those that it would have now, and
        what it is handed on to has them."""
        if all(same_dim(a, b, self.builder.definitions.get) for a, b in zip(made.dims, dims, strict=True)):
            return made
        ops = self.builder.frames[-1].ops
        if ops and made in ops[-1].results:
            made.type = ArrayType(made.kind, tuple(dims))
            return made
        return self.emit("reshape", made, *dims)

    def copy_call(self, op: Op) -> None:
        """Re-emit a call, what it enters left as it is."""
        for old, new in zip(op.results, self.builder.call(callee_of(op), self.all(op.operands)), strict=True):
            self.bind(old, new)

    def finish(self, op: Op, operands: Sequence[Value], regions: tuple[Block, ...], results: Sequence[Value],
               more: Sequence[Value] = (), prim: str | None = None, attrs: Mapping[str, Any] | None = None) -> tuple[
                   Value, ...]:
        """Append a control operation in an old one's place (with its name and attributes, unless others are given) and
        bind these results of it. `more`: values like the further results that it has; gives those."""
        self.builder.span = op.span or self.builder.span
        types = [*(self.type_of(r) for r in results), *(v.type for v in more)]
        names = [v.name for v in (*results, *more)]
        made = self.raw(prim or op.prim, operands, types, op.attrs if attrs is None else attrs, regions, names)
        self.env.update(zip(results, made, strict=False))
        return made[len(results):]

    def region(self, kind: str, block: Block, keep: Sequence[int] | None = None,
               begin: Callable[[tuple[Value, ...]], None] | None = None) -> Block:
        """A region of this kind, rebuilt. keep: the carried positions of a `for` that are carried on (None: all).
        begin: called with the new parameters, before the operations."""
        kept = range(len(block.yields)) if keep is None else keep
        carried = [block.params[1 + k] for k in kept] if kind == "for" else []
        with self.frame(kind) as frame:
            params = tuple(self.param(p) for p in (*block.params[:1], *carried))
            if begin is not None:
                begin(params)
            self.ops(block)
            return Block(params, tuple(frame.ops), tuple(self.get(block.yields[k]) for k in kept))

    def copy_for(self, op: Op) -> None:
        """Rebuild a counted loop (override)."""
        self.rebuild_for(op)

    def copy_while(self, op: Op) -> None:
        """Rebuild a conditional loop (override)."""
        self.rebuild_while(op)

    def rebuild_for(self, op: Op, keep: Sequence[int] | None = None,
                    begin: Callable[[tuple[Value, ...]], None] | None = None) -> None:
        """Rebuild a counted loop that carries what it carried at some positions (None: at all). What stands for the
        others is in `env`."""
        kept = range(len(op.results)) if keep is None else keep
        block = self.region("for", op.regions[0], kept, begin)
        operands = (*op.operands[:2], *(op.operands[2 + k] for k in kept))
        self.finish(op, self.all(operands), (block,), [op.results[k] for k in kept])

    def rebuild_while(self, op: Op, keep: Sequence[int] | None = None) -> None:
        """Rebuild a conditional loop, likewise."""
        before, after = op.regions
        kept = range(len(op.results)) if keep is None else keep
        with self.frame("while") as frame:
            params = tuple(self.param(before.params[k]) for k in kept)
            self.ops(before)
            yields = (self.get(before.yields[0]), *(self.get(before.yields[1 + k]) for k in kept))
            first = Block(params, tuple(frame.ops), yields)
            frame.ops = []
            self.ops(after)
            second = Block((), tuple(frame.ops), tuple(self.get(after.yields[k]) for k in kept))
        operands = [self.get(op.operands[k]) for k in kept]
        self.finish(op, operands, (first, second), [op.results[k] for k in kept])

    def copy_if(self, op: Op) -> None:
        """Rebuild a conditional."""
        arms = tuple(self.region("arm", region) for region in op.regions)
        self.finish(op, self.all(op.operands), arms, op.results)

    def has_turn(self, op: Op) -> Value:
        """Whether a counted loop has a turn."""
        return self.emit("lt" if op.attrs["step"] == 1 else "gt", *self.all(op.operands[:2]))
