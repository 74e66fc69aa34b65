"""What a program does, counted without running it: operations, bytes read and written, bytes allocated, per line.

The program is the one that an engine emits, after all passes. Its blocks are walked once; a number is a formula where
it follows from dimensions, indices and constants. The counts of a loop's body, as a formula in the loop's index, are
summed over its turns; carried integers that grow by what is known are summed likewise. What only a run can know is a
named parameter: the turns of a loop (`trips(line 12)`: the mean of its visits), how often a branch is taken
(`taken(line 7)`), a size that data decide.

Invariant: with its parameters at what a run measured, a count is exactly what that run does. For that the turns of
loops in branches and loops that data decide are parameters of their own wherever they would depend on an outer index: a
mean times a formula is the mean only of what does not vary. A check is taken to hold.

Source: Knuth, *The Art of Computer Programming*, vol. 1, 1.2.10: counting how often each step is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import field

from workbench.cost.emitted import emitted_of
from workbench.cost.formula import (
    ONE,
    Formula,
    Symbol,
    floordiv,
    maximum,
    minimum,
    mod,
    of,
    positive,
    summed,
    symbol,
    zero,
)
from workbench.cost.work import Amounts, Line, SizesOf, Work, work_of
from workbench.ir import Block, Callee, Constant, Function, Kind, Op, Span, Value, bound, callee_of, in_time
from workbench.records import dataclass

Env = dict[Value, Formula | None]
Watch = Callable[[Block, Env], Amounts]
NOWHERE: Line = "", 0


@dataclass(frozen=True, slots=True)
class Parameter:
    """What only a run can know.

    kind: "trips" (mean turns of a loop's visits), "taken" (the share of visits in which a condition holds), "size" (an
    integer), "mean" (of what `of` is in the executions of an operation, with the lengths of its axes for `dims`),
    "measured" (the mean of what `measure` gives for the operands), "room" (that a growable list has in the end, in
    elements), "there" (the share of loads from a list that are not beyond its room, where zero is read), "calls" (how
    often a function that calls itself is entered, for each call from outside).
    op: whose turns, condition or result it is."""

    symbol: Symbol
    kind: str
    op: Op
    span: Span | None
    of: Formula | None = None
    dims: tuple[tuple[Symbol, Value], ...] = ()
    measure: Callable[..., int] | None = None


@dataclass(slots=True)
class Counts:
    """The work of a program: what is done how often, by line; and the parameters that occur."""

    work: Work
    parameters: dict[Symbol, Parameter] = field(default_factory=dict)

    def only_occurring(self) -> Counts:
        """With the parameters alone that the work depends on."""
        occurring = {s for amount in self.work.amounts.values() for s in amount.symbols}
        return Counts(self.work, {s: p for s, p in self.parameters.items() if s in occurring})


def count(function: Function, dims: Mapping[tuple[int, int], Formula] | None = None,
          integers: Mapping[int, Formula] | None = None, watch: Watch | None = None,
          chosen: Callable[[Op], bool] | None = None) -> Counts:
    """The work of one run of a program that is ready to be emitted.

    watch: is given every block with what is known at its end; what it gives is added as what a run of the block does.
    chosen: only these operations count (see `parts`); parameters have the same names whatever is chosen.

    dims: the length of axis k of argument p, by (p, k); integers: the values of integer arguments by position. What is
    left out is a symbol of the parameter's name."""
    counter = Counter(function)
    counter.watch = watch
    counter.chosen = chosen
    work = counter.block(function.block, arguments(function, dims, integers))
    return Counts(work, counter.parameters).only_occurring()


def arguments(function: Function, dims: Mapping[tuple[int, int], Formula] | None,
              integers: Mapping[int, Formula] | None) -> Env:
    """The sizes and integers among a function's parameters, as formulas; see `count`."""
    env: Env = {}
    for value in function.params:
        if value in function.shape_params:
            known = (dims or {}).get(function.shape_params[value])
            env[value] = known if known is not None else symbol(value.label)
        elif value.kind is Kind.INT and not value.is_array:
            given = (integers or {}).get(function.data_params.index(value))
            env[value] = given if given is not None else symbol(value.label, -(1 << 62))
    return env


class Counter:
    """Walks blocks; `env` holds the formulas of integers and truth values, None for what is not known."""

    watch: Watch | None = None
    chosen: Callable[[Op], bool] | None = None

    def __init__(self, function: Function) -> None:
        self.functions = emitted_of(function)
        self.emitted = self.functions[function.block]
        self.file = function.span.filename if function.span else None
        self.parameters: dict[Symbol, Parameter] = {}
        self.indices: list[Symbol] = []  # of the loops that are open
        self.fixed = 0  # how many of them are around a branch or loop that data decide
        self.dry = False  # integers alone are followed
        self.repeated = 0  # how many loops are open, those without an index among them
        self.facts: list[list[tuple[Value, Value, int]]] = []  # per open block: a - b >= c, once its checks have passed
        self.entered: list[Callee] = []

    # ------------------------------------------------------------------ blocks
    def block(self, block: Block, env: Env) -> Work:
        """The work of a block whose parameters are bound; what it makes is bound, too."""
        in_time(block.ops[0].span if block.ops else None)
        work = Work()
        self.facts.append(list(_facts(block)))
        for op in block.ops:
            self.op(op, env, work)
        self.facts.pop()
        if self.watch is not None:
            work.add(NOWHERE, self.watch(block, env))
        return work

    def op(self, op: Op, env: Env, work: Work) -> None:
        """Add what one operation does."""
        if self.dry and op.regions and not any(_is_whole(r) for r in op.results):
            return
        if op.prim == "for":
            self._for(op, env, work)
        elif op.prim == "while":
            self._while(op, env, work)
        elif op.prim == "if":
            self._if(op, env, work)
        elif op.prim == "call":
            self._call(op, env, work)
        else:
            if op not in self.emitted.moved and not self.dry:
                self._once(op, env, work)
            for value in op.results:
                if _is_whole(value):
                    env[value] = self._result(op, value, env)

    def value(self, value: Value, env: Env) -> Formula | None:
        """The formula of an integer or a truth value."""
        if isinstance(value, Constant):
            return of(int(value.value.real)) if value.kind in (Kind.INT, Kind.BOOL) else None
        return env.get(value)

    def _once(self, op: Op, env: Env, work: Work) -> None:
        """Add what an operation without regions does, and as often as they are taken, what is in its arms."""
        self._add(work, op, self._amounts(op, env))
        if op not in self.emitted.arms:
            return
        condition = self.value(op.operands[0], env)
        if condition is not None and self._varies(condition):
            condition = None
        sides = []
        with self._decided_by_data() if condition is None else nullcontext():
            for arm in self.emitted.arms[op]:
                side = Work()
                for inner in arm:
                    self._once(inner, env, side)
                sides.append(side)
        if sides[0].amounts or sides[1].amounts:
            share = condition if condition is not None else self.parameter("taken", op)
            work.merge(sides[0].times(share))
            work.merge(sides[1].times(1 - share))

    def _add(self, work: Work, op: Op, amounts: Amounts) -> None:
        if self.chosen is None or self.chosen(op):
            work.add(_line(op), amounts)

    def _amounts(self, op: Op, env: Env) -> Amounts:
        """What an operation does by itself. Lengths that are not known, or not the same in all turns, are held open;
        the mean of each of their products is a parameter."""
        held: dict[Symbol, Value] = {}
        amounts = work_of(op, SizesOf(lambda dim: self.size(dim, op, env, held),
                                      lambda name, of: self.parameter("measured", op, name, measure=of)), self.emitted)
        if not held:
            return amounts
        return {key: self._measured(op, of(amount), held) for key, amount in amounts.items()}

    def _measured(self, op: Op, amount: Formula, held: Mapping[Symbol, Value]) -> Formula:
        total = of(0)
        for monomial, coefficient in amount.terms.items():
            product = Formula({monomial: 1})
            known = Formula({ONE: coefficient})
            for atom, power in monomial:
                factor = Formula({frozenset(((atom, power),)): 1})
                if not factor.symbols & held.keys():
                    product, known = Formula({m - {(atom, power)}: c for m, c in product.terms.items()}), known * factor
            if product == 1:
                total = total + known
            else:
                dims = tuple((s, held[s]) for s in sorted(product.symbols, key=lambda s: s.name))
                name = "·".join(dim.label for _, dim in dims) if all(dim.name for _, dim in dims) else "size"
                total = total + known * self.parameter("mean", op, name, product, dims)
        return total

    def size(self, dim: Value | None, op: Op, env: Env, held: dict[Symbol, Value]) -> Formula:
        """The length of an axis, or of the list that an operation makes; a parameter where data decide it."""
        if dim is None:
            return self.parameter("room" if op.prim == "list" else "there", op)
        known = self.value(dim, env)
        if known is None or self._varies(known):
            if self.repeated:
                placed = next((s for s, value in held.items() if value is dim), Symbol(f"{_HELD}{len(held)}"))
                held[placed] = dim
                return _of_symbol(placed)
            place = Symbol(f"{_HELD}0")
            known = self.parameter("mean", op, _known_by(dim) or "size", _of_symbol(place), ((place, dim),))
            if dim not in env:
                env[dim] = known
        return known

    def parameter(self, kind: str, op: Op, name: str = "", mean: Formula | None = None,
                  dims: tuple[tuple[Symbol, Value], ...] = (), measure: Callable[..., int] | None = None) -> Formula:
        """A number that a run knows, named after the line that it belongs to."""
        line = f"line {op.span.line}" if op.span else "no line"
        if op.span is not None and self.file is not None and op.span.filename != self.file:
            line = f"{op.span.filename.rsplit('/', 1)[-1]}:{op.span.line}"
        text = f"{name or kind}({line})"
        number = 1
        while True:
            named = Symbol(text if number == 1 else f"{text[:-1]}, {number})")
            known = self.parameters.get(named)
            if known is None or (known.op is op and known.kind == kind and known.of == mean):
                self.parameters[named] = Parameter(named, kind, op, op.span, mean, dims, measure)
                return _of_symbol(named)
            number += 1

    def _varies(self, formula: Formula) -> bool:
        """Whether a number depends on a loop that is around a branch or loop that data decide, inside of which we are;
        or on a carried integer that is not known."""
        symbols = formula.symbols
        return any(index in symbols for index in self.indices[:self.fixed]) or any(
            s.name.startswith(OPEN) for s in symbols)

    # ------------------------------------------------------------------ integers
    def _result(self, op: Op, result: Value, env: Env) -> Formula | None:
        parts = [self.value(v, env) for v in op.operands]
        if op.prim == "select":
            condition, yes, no = parts
            if condition is None:
                return yes if yes == no else None
            return None if yes is None or no is None else condition * yes + (1 - condition) * no
        rule = _RULES.get(op.prim)
        known = [p for p in parts if p is not None]
        if rule is None or len(known) != len(parts):
            if self.repeated or result.kind is Kind.BOOL:
                return None
            return self.parameter("size", op, result.label if result.name else "size")
        if op.prim in ("minimum", "maximum"):
            return self._extremum(op.prim, known[0], known[1], env)
        return rule(*known)

    def _extremum(self, prim: str, a: Formula, b: Formula, env: Env) -> Formula:
        """The larger or smaller of two numbers, as the checks of the blocks around know it."""
        for larger, smaller, least in (fact for facts in self.facts for fact in facts):
            x, y = self.value(larger, env), self.value(smaller, env)
            if x is None or y is None:
                continue
            gap = x - y - least
            if gap == a - b or gap == a - b - 1:
                return a if prim == "maximum" else b
            if gap == b - a or gap == b - a - 1:
                return b if prim == "maximum" else a
        return maximum(a, b) if prim == "maximum" else minimum(a, b)

    # ------------------------------------------------------------------ control flow
    def _for(self, op: Op, env: Env, work: Work) -> None:
        (body,) = op.regions
        lo, hi = (self.value(v, env) for v in op.operands[:2])
        step = op.attrs["step"]
        known = None if lo is None or hi is None else self._extremum("maximum", (hi - lo) * step, of(0), env)
        if known is not None and self._varies(known):
            known = None
        turns = self.parameter("trips", op) if known is None else known
        index = Symbol(f"{INDEX}{len(self.indices)}")
        here = None if lo is None else lo + step * _of_symbol(index)
        carried = {p: self.value(v, env) for p, v in zip(body.params[1:], op.operands[2:], strict=True)
                   if _is_integer(p)}
        inside: Env = {**env, body.params[0]: here}
        self.indices.append(index)
        self.repeated += 1
        with self._decided_by_data() if known is None else nullcontext():
            grown = self._carried(body, inside, carried, index) if carried else {}
            for value, start in carried.items():
                growth = grown.get(value)
                inside[value] = None if growth is None or start is None else start + _before(growth, index)
            once = self.block(body, inside)
        self.repeated -= 1
        self.indices.pop()
        work.merge(once.mapped(lambda formula: summed(index, turns, formula)))
        for result, value in zip(op.results, body.params[1:], strict=True):
            if value in carried:
                start, growth = carried[value], grown.get(value)
                env[result] = None if growth is None or start is None else start + summed(index, turns, growth)
        self._add(work, op, {"turn": turns})

    def _carried(self, body: Block, env: Env, carried: Mapping[Value, Formula | None],
                 index: Symbol) -> dict[Value, Formula]:
        """By how much each carried integer grows in a turn, as a formula in the index, where that is known."""
        yields = dict(zip(body.params[1:], body.yields, strict=True))
        grown: dict[Value, Formula] = {}
        while True:
            trial = dict(env)
            unknown = {}
            for k, (value, start) in enumerate(carried.items()):
                if value in grown and start is not None:
                    trial[value] = start + _before(grown[value], index)
                else:
                    unknown[value] = Symbol(f"{OPEN}{len(self.indices)}.{k}", -(1 << 62))
                    trial[value] = _of_symbol(unknown[value])
            before, dry = dict(self.parameters), self.dry
            self.dry = True
            self.block(body, trial)
            self.parameters, self.dry = before, dry
            found = {}
            for value, opened in unknown.items():
                end = self.value(yields[value], trial)
                if end is None or value in grown:
                    continue
                growth = end - _of_symbol(opened)
                if not any(s.name.startswith(OPEN) for s in growth.symbols):
                    found[value] = growth
            if not found:
                return grown
            grown.update(found)

    def _while(self, op: Op, env: Env, work: Work) -> None:
        before, after = op.regions
        turns = self.parameter("trips", op)
        inside: Env = {**env, **dict.fromkeys(before.params)}
        self.repeated += 1
        with self._decided_by_data():
            first = self.block(before, inside)
            rest = self.block(after, inside)
        self.repeated -= 1
        work.merge(first.times(turns + 1))
        work.merge(rest.times(turns))
        self._add(work, op, {"turn": turns})

    def _if(self, op: Op, env: Env, work: Work) -> None:
        condition = self.value(op.operands[0], env)
        if condition is not None and self._varies(condition):
            condition = None
        known = condition is not None
        share = condition if condition is not None else self.parameter("taken", op)
        sides: list[Env] = []
        for region, factor in zip(op.regions, (share, 1 - share), strict=True):
            inside = dict(env)
            sides.append(inside)
            if factor == 0:
                continue
            if known:
                once = self.block(region, inside)
            else:
                with self._decided_by_data():
                    once = self.block(region, inside)
            work.merge(once.times(factor))
        for k, result in enumerate(op.results):
            if _is_integer(result) or result.kind is Kind.BOOL:
                yes, no = (self.value(region.yields[k], side) for region, side in zip(op.regions, sides, strict=True))
                if yes is not None and no is not None and (known or yes == no):
                    env[result] = share * yes + (1 - share) * no if yes != no else yes

    def _call(self, op: Op, env: Env, work: Work) -> None:
        callee = callee_of(op)
        if callee in self.entered:  # counted by how often it is entered
            return
        function = callee.function
        inside: Env = {p: self.value(v, env) for p, v in bound(function, op.operands).items()}
        again = _calls_itself(function, callee)
        outer, self.emitted = self.emitted, self.functions[function.block]
        self.entered.append(callee)
        if again:
            entries = self.parameter("calls", op)
            inside = dict.fromkeys(inside)
            self.repeated += 1
            with self._decided_by_data():
                once = self.block(function.block, inside)
            self.repeated -= 1
            work.merge(once.times(entries))
        else:
            work.merge(self.block(function.block, inside))
        self.entered.pop()
        self.emitted = outer

    @contextmanager
    def _decided_by_data(self) -> Iterator[None]:
        """Inside, what depends on the loops that are open now varies from visit to visit."""
        before, self.fixed = self.fixed, len(self.indices)
        yield
        self.fixed = before


INDEX, OPEN, _HELD = "·k", "·open", "·size"


def _before(growth: Formula, index: Symbol) -> Formula:
    """What has been added up when a turn begins."""
    earlier = Symbol(f"{index.name}'")
    here = _of_symbol(index)
    return summed(earlier, here, growth.bind({index: _of_symbol(earlier)}))


def _of_symbol(named: Symbol) -> Formula:
    return Formula({frozenset(((named, 1),)): 1})


def _is_whole(value: Value) -> bool:
    return not value.is_array and value.kind in (Kind.INT, Kind.BOOL)


def _is_integer(value: Value) -> bool:
    return not value.is_array and value.kind is Kind.INT


def _known_by(value: Value) -> str:
    return value.label if value.name else ""


def _line(op: Op) -> Line:
    return (op.span.filename, op.span.line) if op.span is not None else ("", 0)


def _facts(block: Block) -> Iterator[tuple[Value, Value, int]]:
    """(a, b, c) with a - b >= c, of the checks of a block."""
    makers = {r: op for op in block.ops for r in op.results}
    for op in block.ops:
        condition = makers.get(op.operands[0]) if op.prim == "check" else None
        if condition is None or condition.prim not in _ORDER:
            continue
        a, b = condition.operands
        if _is_integer(a) and _is_integer(b):
            turned, least = _ORDER[condition.prim]
            yield (b, a, least) if turned else (a, b, least)


_ORDER = {"ge": (False, 0), "gt": (False, 1), "le": (True, 0), "lt": (True, 1)}


def _calls_itself(function: Function, callee: Callee) -> bool:
    return any(callee_of(op) is callee for op in _calls(function.block, set()))


def _calls(block: Block, seen: set[Callee]) -> Iterator[Op]:
    for op in block.ops:
        if op.prim == "call":
            yield op
            inner = callee_of(op)
            if inner not in seen:
                seen.add(inner)
                yield from _calls(inner.function.block, seen)
        for region in op.regions:
            yield from _calls(region, seen)


_RULES: dict[str, Callable[..., Formula]] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "neg": lambda a: -a,
    "floordiv": floordiv, "mod": mod, "minimum": minimum, "maximum": maximum, "cast": lambda a: a,
    "abs": lambda a: maximum(a, -a), "index": lambda e, n: e + n * positive(-e),
    "lt": lambda a, b: positive(b - a), "le": lambda a, b: positive(b - a + 1),
    "gt": lambda a, b: positive(a - b), "ge": lambda a, b: positive(a - b + 1),
    "eq": lambda a, b: zero(a - b), "ne": lambda a, b: 1 - zero(a - b),
    "and": lambda a, b: a * b, "or": lambda a, b: a + b - a * b, "not": lambda a: 1 - a,
}
