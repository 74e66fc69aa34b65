"""The verifier: scoping, single assignment, types of structural operations, and linear use of updated arrays.

Linear use: an operand that an operation consumes (`store`, ..., the initial value of a loop, a yielded array) must
not be used afterwards, and a loop body may consume only arrays it was given as carried values or made itself.
Every compilation runs it: this is what turns a missed alias into an error instead of a wrong gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.ir.calls import bound, call_results, callee_of, callees, taken_params
from workbench.ir.core import Block, Constant, Function, Op, Span, Value
from workbench.ir.dims import Polynomial, normal_form
from workbench.ir.ops import CONSUMING
from workbench.ir.printer import print_function
from workbench.ir.rewrite import definitions, substitute_type
from workbench.ir.types import ArrayType, Kind, Type


class VerificationError(Exception):
    """An invalid program. It names the operation and its source line, and holds the whole program as text."""

    def __init__(self, message: str, span: Span | None, program: str) -> None:
        super().__init__(f"{message} (from {span})" if span else message)
        self.span = span
        self.program = program


class _Scope:
    def __init__(self, parent: _Scope | None, opaque: bool) -> None:
        self.parent = parent
        self.opaque = opaque  # a loop body: values of the parent may be used, not consumed
        self.defined: set[Value] = set()
        self.dead: dict[Value, str] = {}

    def knows(self, value: Value) -> bool:
        scope: _Scope | None = self
        while scope is not None:
            if value in scope.defined:
                return True
            scope = scope.parent
        return False

    def killer(self, value: Value) -> str | None:
        scope: _Scope | None = self
        while scope is not None:
            if value in scope.dead:
                return scope.dead[value]
            scope = scope.parent
        return None

    def owner_is_behind_loop(self, value: Value) -> bool:
        scope: _Scope | None = self
        while scope is not None and value not in scope.defined:
            if scope.opaque:
                return True
            scope = scope.parent
        return False


class _Verifier:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.defs = definitions(function)
        self.forms: dict[Value, Polynomial] = {}
        self.seen: set[Value] = set()
        self.span: Span | None = function.span

    def fail(self, message: str) -> None:
        raise VerificationError(message, self.span, print_function(self.function))

    def define(self, scope: _Scope, values: Sequence[Value]) -> None:
        for value in values:
            if isinstance(value, Constant):
                self.fail(f"a constant {value!r} is defined")
            if value in self.seen:
                self.fail(f"{value!r} is defined twice")
            self.seen.add(value)
            for dim in value.dims:
                if not isinstance(dim, Constant) and not scope.knows(dim) and dim not in values:
                    self.fail(f"dimension {dim!r} of {value!r} is not in scope")
                if dim.kind is not Kind.INT or dim.is_array:
                    self.fail(f"dimension {dim!r} of {value!r} is not an integer")
            scope.defined.add(value)

    def use(self, scope: _Scope, value: Value, what: str) -> None:
        if isinstance(value, Constant):
            return
        if not scope.knows(value):
            self.fail(f"{what} uses {value!r}, which is not in scope")
        killer = scope.killer(value)
        if killer is not None:
            self.fail(f"{what} uses {value!r}, whose buffer was taken by {killer}")

    def consume(self, scope: _Scope, value: Value, what: str) -> None:
        self.use(scope, value, what)
        if not value.is_array:
            return
        if scope.owner_is_behind_loop(value):
            self.fail(f"{what} consumes {value!r}, made outside the loop")
        scope.dead[value] = what

    def same_type(self, a: Type, b: Type, what: str) -> None:
        lookup = self.defs.get
        same = type(a) is type(b) and a.kind is b.kind and a.rank == b.rank and (
            isinstance(a, ArrayType) == isinstance(b, ArrayType))
        if same and a.dims != b.dims:
            same = all(normal_form(x, lookup, self.forms) == normal_form(y, lookup, self.forms)
                       for x, y in zip(a.dims, b.dims, strict=True))
        if not same:
            self.fail(f"{what}: {a} is not {b}")

    # ------------------------------------------------------------------
    def block(self, block: Block, scope: _Scope, what: str, ending: bool = True) -> None:
        self.define(scope, block.params)
        for op in block.ops:
            self.span = op.span or self.span
            self.op(op, scope)
        if ending:
            self.end(block.yields, scope, what)

    def end(self, yields: Sequence[Value], scope: _Scope, what: str) -> None:
        for value in yields:
            self.consume(scope, value, f"the yield of {what}")

    def op(self, op: Op, scope: _Scope) -> None:
        handler = _HANDLERS.get(op.prim)
        if handler is not None:
            handler(self, op, scope)
        else:
            if op.regions:
                self.fail(f"{op.prim} has regions")
            operands = op.operands
            if op.prim in CONSUMING:
                for value in operands[1:]:
                    self.use(scope, value, op.prim)
                self.consume(scope, operands[0], op.prim)
                self.same_type(operands[0].type, op.result.type, op.prim)
            else:
                for value in operands:
                    self.use(scope, value, op.prim)
        self.define(scope, op.results)

    def for_(self, op: Op, scope: _Scope) -> None:
        (body,) = op.regions
        for value in op.operands[:2]:
            self.use(scope, value, "for")
        inits = op.operands[2:]
        self.carried(inits, body.params[1:], body.yields, op.results, "for")
        for value in inits:
            self.consume(scope, value, "for")
        if op.attrs.get("step") not in (1, -1):
            self.fail("a for steps by 1 or -1")
        self.block(body, _Scope(scope, True), "for")

    def while_(self, op: Op, scope: _Scope) -> None:
        before, after = op.regions
        self.carried(op.operands, before.params, after.yields, op.results, "while")
        self.carried(op.operands, before.params, before.yields[1:], op.results, "while, before")
        for value in op.operands:
            self.consume(scope, value, "while")
        inner = _Scope(scope, True)
        self.block(before, inner, "while", ending=False)
        # `before` ends the loop with its yields, or `after` goes on from the same values
        leaving = _Scope(inner, False)
        self.end(before.yields, leaving, "while, before")
        self.block(after, _Scope(inner, False), "while, after")

    def call(self, op: Op, scope: _Scope) -> None:
        callee = callee_of(op)
        if not callee.is_defined:
            self.fail(f"{callee.name} is called and has no function")
        function = callee.function
        if len(op.operands) != len(function.data_params):
            self.fail(f"{callee.name} takes {len(function.data_params)} operands, not {len(op.operands)}")
        for position, value in enumerate(op.operands):
            self.use(scope, value, f"the call of {callee.name}")
            if position in callee.consumes and value in op.operands[position + 1:]:
                self.fail(f"{callee.name} is given {value!r}, which it consumes, twice")
        env = bound(function, op.operands)
        for param, value in zip(function.data_params, op.operands, strict=True):
            self.same_type(substitute_type(param.type, env), value.type, f"an operand of {callee.name}")
        expected = call_results(callee, op.operands)
        if len(expected) != len(op.results):
            self.fail(f"{callee.name} gives {len(expected)} results, not {len(op.results)}")
        own = dict(zip(expected, op.results, strict=True))
        for a, b in zip(expected, op.results, strict=True):
            self.same_type(substitute_type(a.type, own), b.type, f"a result of {callee.name}")
        for position in callee.consumes:
            self.consume(scope, op.operands[position], f"the call of {callee.name}")

    def carried(self, inits: Sequence[Value], params: Sequence[Value], yields: Sequence[Value],
                results: Sequence[Value], what: str) -> None:
        if not len(inits) == len(params) == len(yields) == len(results):
            self.fail(f"{what} carries {len(inits)}, {len(params)}, {len(yields)}, {len(results)} values")
        for i, p, y, r in zip(inits, params, yields, results, strict=True):
            for other in (p, y, r):
                self.same_type(i.type, other.type, f"{what}, carried {p!r}")

    def if_(self, op: Op, scope: _Scope) -> None:
        self.use(scope, op.operands[0], "if")
        dead: dict[Value, str] = {}
        for region in op.regions:
            if len(region.yields) != len(op.results):
                self.fail("an arm of an if yields another number of values than it has results")
            for value, result in zip(region.yields, op.results, strict=True):
                self.same_type(value.type, result.type, "if")
            inner = _Scope(scope, False)
            self.block(region, inner, "if")
            dead.update(inner.dead)
        for value, killer in dead.items():
            if scope.knows(value):
                scope.dead[value] = killer


_HANDLERS: dict[str, Callable[[_Verifier, Op, _Scope], None]] = {
    "for": _Verifier.for_, "while": _Verifier.while_, "if": _Verifier.if_, "call": _Verifier.call,
}


def verify(function: Function) -> Function:
    """The function itself, if it is valid and so are all that it calls.

    Raises VerificationError naming the first fault found."""
    _verify_one(function)
    for callee in callees(function):
        _verify_one(callee.function)
        if not set(taken_params(callee.function)) <= set(callee.consumes):
            raise VerificationError(f"{callee.name} takes buffers that it is not said to take", callee.function.span,
                                    print_function(callee.function))
    return function


def _verify_one(function: Function) -> None:
    checker = _Verifier(function)
    checker.block(function.block, _Scope(None, False), "the function")
