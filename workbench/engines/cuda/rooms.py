"""How much room the lists of a kernel need: the kernel again, with nothing but that left of it.

A list becomes the number of elements that it has room for; what writes elsewhere, raises or reads what was written is
left out. The largest number of all turns is what each thread gets.

Invariant: the program that counts writes nothing.
"""

from __future__ import annotations

from workbench.engines.cuda.free import free_values
from workbench.engines.numba.folding import is_growable
from workbench.ir import (
    ArrayType,
    Block,
    Constant,
    DifferentiationError,
    Function,
    Kind,
    Op,
    Rewriter,
    ScalarType,
    Type,
    Value,
    uses,
    walk,
)
from workbench.passes.dead import DeadCode

_ZERO = Constant(0, Kind.INT)
_ONE = Constant(1, Kind.INT)


def room_function(op: Op, title: str, lists: tuple[Op, ...]) -> tuple[Function, tuple[Value, ...]]:
    """A function of what the loop reads (given, too) that gives the room that some of its lists need.

    Raises DifferentiationError where that depends on what the kernel writes."""
    captured = free_values(op)
    copier = _Rooms(op, lists)
    loop = copier.loop()
    unknown = copier.unknown
    whole = Function(title, Block((*captured, *unknown), (loop,), loop.results), {}, op.span)
    made = DeadCode()(whole)
    read = uses(made)
    if any(value in read for value in made.block.params[len(captured):]):
        raise DifferentiationError("how much a thread has to keep depends on what it keeps", op.span,
                                   "use engine='numba'")
    block = Block(made.block.params[:len(captured)], made.block.ops, made.block.yields)
    return Function(title, block, {}, op.span), captured


class _Rooms(Rewriter):
    def __init__(self, op: Op, lists: tuple[Op, ...]) -> None:
        super().__init__()
        self.op = op
        self.lists = lists
        self.unknown: list[Value] = []
        self.final: dict[Op, Value] = {}
        self.root: dict[Value, Op] = {}
        body = op.regions[0]
        self.written = self._written(body)

    def _written(self, body: Block) -> set[Value]:
        """Versions of arrays from outside that the body changes."""
        found = {p for p in body.params[1:] if p.is_array}
        grown = True
        while grown:
            before = len(found)
            for op in walk(body):
                if op.prim in ("store", "accum") and op.operands[0] in found:
                    found.update(op.results)
                for region in op.regions:
                    inits = op.operands[2:] if op.prim == "for" else op.operands if op.prim == "while" else ()
                    params = region.params[1:] if op.prim == "for" else region.params
                    if params:
                        found.update(p for p, v in zip(params, inits, strict=True) if v in found)
                    ends = region.yields[1:] if op.prim == "while" and region.params else region.yields
                    found.update(r for r, y in zip(op.results, ends, strict=True) if y in found)
            grown = len(found) > before
        return found

    def get(self, value: Value) -> Value:
        return value if isinstance(value, Constant) else self.env.get(value, value)

    def type(self, type_: Type) -> Type:
        if isinstance(type_, ArrayType) and type_.growable:
            return ScalarType(Kind.INT)
        return super().type(type_)

    def loop(self) -> Op:
        """The loop, with the rooms as what it carries."""
        (body,) = self.op.regions
        index = self.fresh(body.params[0])
        carried = tuple(Value(ScalarType(Kind.INT), "room") for _ in self.lists)
        for param, init in zip(body.params[1:], self.op.operands[2:], strict=True):
            if param.is_array:
                self.env[param] = init
            else:
                self.env[param] = self._unknown(param)
        self.ops = []
        for op in body.ops:
            self.rewrite_op(op)
        out = []
        for made, room in zip(self.lists, carried, strict=True):
            result = Value(ScalarType(Kind.INT), "room")
            self.ops.append(Op("maximum", (room, self._room_of(made, body)), (result,)))
            out.append(result)
        block = Block((index, *carried), tuple(self.ops), tuple(out))
        results = tuple(Value(ScalarType(Kind.INT), "room") for _ in self.lists)
        return Op("for", (*self.op.operands[:2], *[_ZERO] * len(self.lists)), results, self.op.attrs, (block,),
                  self.op.span)

    def _room_of(self, made: Op, body: Block) -> Value:
        """The room of a list at the end of the body: that of its last version there."""
        version = made.result
        for op in body.ops:
            if op.prim in ("store", "accum") and op.operands[0] is version:
                version = op.result
            for k, result in enumerate(op.results):
                if isinstance(result.type, ArrayType) and result.type.growable and self._comes_from(op, k, version):
                    version = result
                    break
        if made not in body.ops:
            raise DifferentiationError("a list is begun in an inner loop of a kernel", made.span, "use engine='numba'")
        return self.get(version)

    @staticmethod
    def _comes_from(op: Op, k: int, version: Value) -> bool:
        if op.prim == "for":
            return op.operands[2 + k] is version
        if op.prim == "while":
            return op.operands[k] is version
        if op.prim == "if":
            changed = {version}
            for region in op.regions:
                for inner in walk(region):
                    if any(v in changed for v in inner.operands):
                        changed.update(r for r in inner.results if r.is_array)
            return any(region.yields[k] in changed for region in op.regions)
        return False

    def _unknown(self, value: Value) -> Value:
        made = Value(ScalarType(value.kind), "unknown")
        self.unknown.append(made)
        return made

    def rewrite_op(self, op: Op) -> None:
        """See `Rewriter`."""
        array = op.operands[0] if op.operands else None
        if op.prim == "list":
            self.env[op.result] = _ZERO
        elif op.prim == "check":
            return
        elif op.prim in ("store", "accum") and is_growable(op.operands[0]):
            index = op.operands[2]
            more, room = Value(ScalarType(Kind.INT)), Value(ScalarType(Kind.INT), "room")
            self.ops.append(Op("add", (self.get(index), _ONE), (more,)))
            self.ops.append(Op("maximum", (self.get(op.operands[0]), more), (room,)))
            self.env[op.result] = room
        elif op.prim == "load" and array is not None and (
                is_growable(array) or array in self.written):
            self.env[op.result] = self._unknown(op.result)
        elif op.prim in ("store", "accum") and array is not None and array in self.written:
            self.env[op.result] = self.get(op.operands[0])
        else:
            self.copy_op(op)
