"""How often each block of a program runs, and how large its arrays are, as formulas: what times are computed from.

Invariant: the formulas are those of the counts (`counting`), so that times have the same dimensions and parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.cost.counting import NOWHERE, Counts, Env, count
from workbench.cost.emitted import emitted_of
from workbench.cost.evaluation import evaluate
from workbench.cost.formula import Formula, Symbol, of
from workbench.cost.work import Amounts, SizesOf, work_of
from workbench.ir import Block, Constant, Function, Op, Value, walk
from workbench.rules.costs.amounts import elements
from workbench.rules.costs.ordering import doublings


class Executions:
    """The blocks of a program, and its `counts`. `sizes`: elements of arrays, None where that is not known before a
    run."""

    def __init__(self, function: Function, dims: Mapping[tuple[int, int], Formula], integers: Mapping[int, Formula],
                 ) -> None:
        self.function = function
        self.given = dims, integers
        self.numbers: dict[Block, int] = {}
        self.sizes: dict[Value, Formula | None] = {}
        self.dims: dict[Value, Formula | None] = {}
        self.amounts: dict[Op, dict[str, Formula]] = {}
        self._emitted = {op: emitted for block, emitted in emitted_of(function).items() for op in walk(block)}
        found: Counts = count(function, dims, integers, self._watch)
        self.parameters = found.parameters
        for known in (self.sizes, self.dims):
            known.update({value: None for value, size in known.items() if size and not self._is_asked_for(size)})
        amounts = found.work.amounts
        self.formulas = {block: amounts.pop((NOWHERE, f"@{number}"), of(0)) for block, number in self.numbers.items()}
        self.counts = found.only_occurring()

    def _is_asked_for(self, size: Formula) -> bool:
        """Whether all that a size depends on is a dimension, or a parameter that the counts depend on, too."""
        return all(symbol.is_size or symbol in self.parameters for symbol in size.symbols)

    def _watch(self, block: Block, env: Env) -> Amounts:
        number = self.numbers.setdefault(block, len(self.numbers))
        for op in block.ops:
            for value in (*op.operands, *op.results):
                if value.is_array:
                    self._measure(value, env)
            if is_library(op):
                self.amounts[op] = self._work(op)
        for value in (*block.params, *block.yields):
            if value.is_array:
                self._measure(value, env)
        return {f"@{number}": 1}

    def _work(self, op: Op) -> dict[str, Formula]:
        """What an operation of a library does once; what only a run can know of it (exchanges of rows) is left out, and
        what varies from turn to turn."""
        def dimension(dim: Value | None) -> Formula:
            if isinstance(dim, Constant):
                return of(int(dim.value.real))
            return (None if dim is None else self.dims.get(dim)) or of(0)
        sizes = SizesOf(dimension, lambda name, of_: of(0))
        amounts = {key: of(amount) for key, amount in work_of(op, sizes, self._emitted[op]).items()}
        if op.prim == "argsort" or op.prim.startswith("searchsorted"):  # as often as numbers are in no order
            halvings = sizes.of_size("doublings", doublings, sizes(op.operands[0].dims[-1]))
            amounts["compared"] = elements(op.result, sizes) * halvings
        return amounts

    def _measure(self, value: Value, env: Env) -> None:
        total: Formula | None = of(1)
        for dim in value.dims:
            known = of(int(dim.value.real)) if isinstance(dim, Constant) else env.get(dim)
            if known is not None and any(_is_inner(symbol) for symbol in known.symbols):
                known = None
            self.dims[dim] = known
            total = None if total is None or known is None else total * known
        self.sizes[value] = total

    @property
    def symbols(self) -> frozenset[str]:
        """Names of what times depend on."""
        return frozenset(symbol.name for formula in self._every() for symbol in formula.symbols)

    def _every(self) -> list[Formula]:
        return [*self.formulas.values(), *(size for size in self.sizes.values() if size is not None),
                *(amount for amounts in self.amounts.values() for amount in amounts.values())]


NEVER = of(0)


class Numbers:
    """The same for given sizes: numbers, or arrays of them."""

    def __init__(self, executions: Executions, values: Mapping[str, Any]) -> None:
        self._executions = executions
        self._values = values
        self._known: dict[Formula, Any] = {}

    def runs(self, block: Block) -> Any:
        """How often a block runs."""
        return self.number(self._executions.formulas.get(block, NEVER))

    def elements(self, value: Value) -> Any:
        """How many elements an array has; one where that is not known."""
        return self.number(self._executions.sizes.get(value))

    def is_known(self, value: Value) -> bool:
        """Whether it is known before a run how many elements an array has."""
        return self._executions.sizes.get(value) is not None

    def amounts(self, op: Op) -> dict[str, Any]:
        """What an operation of a library does once."""
        return {key: self.number(amount) for key, amount in self._executions.amounts.get(op, {}).items()}

    def dim(self, value: Value) -> Any:
        """The length of an axis."""
        if isinstance(value, Constant):
            return int(value.value.real)
        return self.number(self._executions.dims.get(value))

    def number(self, formula: Formula | None) -> Any:
        """What a formula is; 1 for what is not known."""
        if formula is None:
            return 1
        if formula not in self._known:
            self._known[formula] = evaluate(formula, self._values)
        return self._known[formula]


def is_library(op: Op) -> bool:
    """Whether an operation is on whole arrays, and more than memory: a kernel's or a library's."""
    return op.prim not in _SIMPLE and not op.regions and any(v.is_array for v in (*op.operands, *op.results))


_SIMPLE = frozenset({"load", "store", "accum", "empty", "full", "copy", "iota", "reshape", "matmul", "list", "call"})


def line_of(op: Op) -> tuple[str, int]:
    """The user's line that an operation belongs to."""
    return (op.span.filename, op.span.line) if op.span is not None else NOWHERE


def _is_inner(symbol: Symbol) -> bool:
    return symbol.name.startswith("·")
