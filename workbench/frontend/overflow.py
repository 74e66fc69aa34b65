"""Python's integers do not overflow, the machine's do: where one could, the program checks and refuses.

What cannot grow beyond 64 bits needs no check: constants, dimensions, loop indices that start small (a loop that long
never ends), counters that grow by such numbers, and their sums and products. Everything else - a product that is
carried, a Fibonacci sum, a power of an argument - is checked where it is computed, in floating point.

Invariant: an integer result that Python would have had beyond 64 bits is never returned wrapped.
"""

from __future__ import annotations

from collections.abc import Set

from workbench.ir import Constant, Function, Kind, Op, Rewriter, ScalarType, Value, definitions, walk

GROWING = frozenset({"add", "sub", "mul", "pow", "lshift", "square"})
_BOUNDED = frozenset({"index", "mask_count", "argmax", "argmin", "iota"})
_CLOSED = frozenset({"add", "sub", "mul", "neg", "abs", "minimum", "maximum", "floordiv"})
LIMIT = 9.0e18  # below 2**63 by more than floating point can be wrong
LARGEST = 2**31


class _Sizes:
    """Which integers of a function are small."""

    def __init__(self, function: Function) -> None:
        self.makers = definitions(function)
        self.carried: dict[Value, tuple[Value, Value]] = {}  # parameter of a loop: its initial value and its yield
        self.results: dict[Value, tuple[Value, ...]] = {}  # result of a loop or an arm: what it may be
        self.known: dict[Value, bool] = dict.fromkeys(function.shape_params, True)
        self.counting: set[Value] = set()
        self.near: dict[Value, Value] = {}
        self.assumed: set[Value] = set()
        for op in function.block.ops:  # a loop that is always run to its end is not long
            if op.prim == "for":
                start, end = op.operands[:2] if op.attrs["step"] == 1 else op.operands[1::-1]
                if isinstance(start, Constant) and self.small(start):
                    self.known[end] = True
        for op in walk(function.block):
            self._control(op)

    def _control(self, op: Op) -> None:
        if op.prim == "for":
            body = op.regions[0]
            lo, hi = op.operands[:2]
            # an index far from where the loop starts (or, running down, ends) takes for ever to come by
            self.near[body.params[0]] = lo if op.attrs["step"] == 1 else hi
            self._loop(op.operands[2:], body.params[1:], body.yields, op.results)
        elif op.prim == "while":
            before, after = op.regions
            self._loop(op.operands, before.params, after.yields, ())
            for result, out in zip(op.results, before.yields[1:], strict=True):
                self.results[result] = (out,)
        elif op.prim == "if":
            for k, result in enumerate(op.results):
                self.results[result] = tuple(region.yields[k] for region in op.regions)

    def _loop(self, inits: tuple[Value, ...], params: tuple[Value, ...], yields: tuple[Value, ...],
              results: tuple[Value, ...]) -> None:
        for init, param, final in zip(inits, params, yields, strict=True):
            self.carried[param] = (init, final)
        for result, param, init in zip(results, params, inits, strict=False):
            self.results[result] = (param, init)

    def small(self, value: Value) -> bool:
        """True for an integer that cannot come near 64 bits."""
        if isinstance(value, Constant):
            return bool(abs(value.value) <= LARGEST)
        if value in self.known:
            return self.known[value]
        if value in self.assumed:
            return False
        self.assumed.add(value)
        self.known[value] = found = self._small(value)
        self.assumed.discard(value)
        return found

    def _small(self, value: Value) -> bool:
        if value in self.near:
            return self.small(self.near[value])
        if value in self.carried:
            init, final = self.carried[value]
            return self.small(init) and self.counts(final, value)
        if value in self.results:
            return all(self.small(v) for v in self.results[value])
        op = self.makers.get(value)
        if op is None or value.kind not in (Kind.INT, Kind.BOOL):
            return False
        if op.prim in _BOUNDED or value.kind is Kind.BOOL:
            return True
        if op.prim == "mod":
            return self.small(op.operands[1])
        if op.prim == "select":
            return all(self.small(v) for v in op.operands[1:])
        if op.prim == "cast":
            return op.operands[0].kind is Kind.BOOL
        return op.prim in _CLOSED and all(self.small(v) for v in op.operands)

    def counts(self, value: Value, counter: Value) -> bool:
        """True when a value is the counter plus small numbers (or a small number)."""
        if value is counter:
            return True
        if value in self.carried:  # an inner loop goes on counting
            if value in self.counting:
                return True
            self.counting.add(value)
            init, final = self.carried[value]
            found = self.counts(init, counter) and self.counts(final, value)
            self.counting.discard(value)
            return found
        if value in self.results:
            return all(self.counts(v, counter) for v in self.results[value])
        op = self.makers.get(value)
        if op is not None and op.prim in ("add", "sub"):
            a, b = op.operands
            if self.counts(a, counter) and not self._reaches(b, counter) and self.small(b):
                return True
            return op.prim == "add" and self.counts(b, counter) and not self._reaches(a, counter) and self.small(a)
        if op is not None and op.prim in ("select", "minimum", "maximum"):
            return all(self.counts(v, counter) for v in op.operands[op.prim == "select":])
        return not self._reaches(value, counter) and self.small(value)

    def _reaches(self, value: Value, counter: Value) -> bool:
        pending, seen = [value], set()
        while pending:
            current = pending.pop()
            if current is counter:
                return True
            if current in seen or isinstance(current, Constant):
                continue
            seen.add(current)
            op = self.makers.get(current)
            pending.extend(self.carried.get(current, ()))
            pending.extend(self.results.get(current, () if op is None or op.regions else op.operands))
        return False


class _Checks(Rewriter):
    def __init__(self, sizes: _Sizes, integers: Set[Value]) -> None:
        super().__init__()
        self.sizes = sizes
        self.integers = integers

    def rewrite_op(self, op: Op) -> None:
        self.copy_op(op)
        if len(op.results) != 1 or op.prim not in GROWING or op.results[0] not in self.integers:
            return
        closed = op.prim not in ("pow", "lshift") and all(self.sizes.small(v) for v in op.operands)
        if not closed:
            self.check(op)

    def check(self, op: Op) -> None:
        """The same operation in floating point must stay within 64 bits."""
        number, truth = ScalarType(Kind.F64), ScalarType(Kind.BOOL)

        def emit(prim: str, *operands: Value, kind: Kind | None = None) -> Value:
            type_ = truth if prim in ("lt",) else number
            result = Value(type_)
            self.emit(Op(prim, operands, (result,), {"kind": kind} if kind else {}, (), op.span))
            return result
        floats = [emit("cast", self.get(v), kind=Kind.F64) for v in op.operands]
        if op.prim == "lshift":
            exact = emit("mul", floats[0], emit("exp2", floats[1]))
        elif op.prim == "square":
            exact = emit("mul", floats[0], floats[0])
        else:
            exact = emit(op.prim, *floats)
        fits = emit("lt", emit("abs", exact), Constant(LIMIT, Kind.F64))
        self.emit(Op("check", (fits,), (), {
            "exception": "DifferentiationError",
            "message": "an integer grows beyond 64 bits here: make it a float"}, (), op.span))


def checked(function: Function, integers: Set[Value]) -> Function:
    """The function with checks where one of `integers` (results of Python's integer operators) could overflow."""
    grows = any(op.prim in GROWING and op.results[0] in integers for op in walk(function.block) if op.results)
    return _Checks(_Sizes(function), integers).run(function) if grows else function

