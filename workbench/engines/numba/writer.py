"""One function as lines of Python: names, places, comments, and what every statement is made of."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from workbench.engines.numba import runtime
from workbench.engines.numba.folding import folding_of, is_growable
from workbench.engines.numba.in_place import InPlace
from workbench.engines.numba.liveness import Classes, Liveness, coalesce
from workbench.engines.numba.names import RESERVED, Names, identifier
from workbench.engines.numba.rounding import is_loose
from workbench.engines.numba.spelling import Speller
from workbench.engines.numba.views import views
from workbench.ir import Block, Callee, Constant, Function, Kind, Op, Span, Value
from workbench.rules import get

UPDATES = {"add": "+=", "sub": "-=", "mul": "*=", "div": "/="}
_INVERSE = {"lt": ">=", "le": ">", "gt": "<=", "ge": "<", "eq": "!=", "ne": "=="}
_LONGEST_TUPLE = 28
Statement = Callable[["Writer", Op], None]  # writes an operation


class Writer:
    """The text of one function in the making; `statements` writes what has a form of its own."""

    def __init__(self, function: Function, name: str | None, titles: Mapping[Callee, str], alone: bool,
                 quiet: bool, written: bool, statements: Mapping[str, Statement]) -> None:
        self.function = function
        self.statements = statements
        self.alone = alone
        self.with_room: set[Op] = set()  # stores into lists that have room for them
        self.grows = True  # (lists are made longer where they must)
        self.allocate, self.grow = ("np.empty", runtime.grow) if written else ("np.zeros", runtime.grow_zeros)
        self.quiet = quiet
        self.titles = titles
        self.folding = folding_of(function)
        live = Liveness(function, self.folding.leaves, self.folding.__contains__)
        self.live = live
        self.views = views(function, live)
        self.classes = Classes(live)
        coalesce(function, self.classes, lambda v: not isinstance(v, Constant) and v not in self.folding.inlined)
        self.title = identifier(name or function.name, RESERVED)
        self.names = Names(self.classes, RESERVED | {self.title, *titles.values()})
        self.parameters: list[str] = []
        self.spell = Speller(self.names, self.folding.inlined)
        self.lines: list[str] = []
        self.spans: list[Span | None] = []
        self.done: list[Op | None] = []  # the operation that each line is part of
        self.doing: Op | None = None
        self.turned: set[Op] = set()  # branches of which the second arm alone is written
        self.depth = 1
        self.span: Span | None = None
        self.said: tuple[str, int] | None = None
        self.sums: frozenset[Op] = frozenset()
        self.loose: list[int] = []  # positions of lines
        self.helpers: dict[str, Callable[..., object]] = {}
        self.in_place: InPlace = {}
        self.main_file = function.span.filename if function.span else None

    # ------------------------------------------------------------------ the whole
    def run(self, in_place: InPlace, own: Collection[int] = ()) -> None:
        """The lines of the function. `in_place`: results that functions need not return, `own` those of this one."""
        self.in_place = in_place
        self.parameters = [self.names(p) for p in self.function.data_params]
        self.span = self.function.span
        self.shapes()
        self.block(self.function.block)
        self.span = None
        results = [self.spell.text(v) for k, v in enumerate(self.function.results) if k not in own]
        if results:
            self.line(f"return {_tuple(results)}")
        else:
            self.line("return None")

    def shapes(self) -> None:
        """`n, m = x.shape` for the dimensions that are used."""
        data = self.function.data_params
        by_array: dict[int, dict[int, Value]] = {}
        entry = self.live.mask(self._used_dims())
        for value, (position, axis) in self.function.shape_params.items():
            if self.live.bit[value] & entry:
                by_array.setdefault(position, {})[axis] = value
        for position, axes in sorted(by_array.items()):
            array = data[position]
            if len(axes) == array.rank > 1:
                self.line(f"{', '.join(self.names(axes[k]) for k in range(array.rank))} = {self.names(array)}.shape")
            else:
                for axis, value in sorted(axes.items()):
                    self.line(f"{self.names(value)} = {self.names(array)}.shape[{axis}]")

    def _used_dims(self) -> list[Value]:
        used: set[Value] = set(self.function.results)

        def visit(block: Block) -> None:
            used.update(block.yields)
            for op in block.ops:
                used.update(op.operands)
                for region in op.regions:
                    visit(region)

        visit(self.function.block)
        return [v for v in self.function.shape_params if v in used]

    # ------------------------------------------------------------------ lines
    def line(self, text: str, op: Op | None = None) -> None:
        """One line of code, with a comment before it where the user's line changes; `op` is what it does."""
        self.comment()
        if op is not None and is_loose(op, self.sums, self.folding):
            self.loose.append(len(self.lines))
        self.add("    " * self.depth + text, self.span)

    def add(self, line: str, span: Span | None) -> None:
        """One line as it is."""
        self.lines.append(line)
        self.spans.append(span)
        self.done.append(self.doing)

    def cut(self, start: int) -> None:
        """Take lines back, from a position on."""
        del self.lines[start:], self.spans[start:], self.done[start:]

    def comment(self) -> None:
        """The user's source line, where it is another than the last."""
        if self.span is None:
            return
        where = (self.span.filename, self.span.line)
        if where == self.said:
            return
        self.said = where
        text = linecache.getline(*where).strip()
        if text:
            place = str(self.span.line)
            if self.main_file is not None and self.span.filename != self.main_file:
                place = f"{self.span.filename.rsplit('/', 1)[-1]}:{place}"
            self.add("    " * self.depth + f"# {place}: {text}"[: 118 - 4 * self.depth], self.span)

    # ------------------------------------------------------------------ operations
    def block(self, block: Block) -> None:
        """All operations of a block."""
        around = self.doing
        for op in block.ops:
            if op not in self.folding:
                self.span, self.doing = op.span or self.span, op
                self.op(op)
        self.doing = around

    def op(self, op: Op) -> None:
        """One operation as one or more lines."""
        handler = self.statements.get(op.prim)
        if handler is not None:
            handler(self, op)
        elif op.prim == "load" and is_growable(op.operands[0]):
            self.statements["list load"](self, op)
        elif len(op.results) > 1:
            self.line(f"{', '.join(self.names(v) for v in op.results)} = {self.call(op)}")
        elif op.result.is_array:
            self.assign_text(op.result, self.call(op))
        else:
            self.assign_scalar(op)

    def assign_text(self, target: Value, text: str) -> None:
        """`name = text`."""
        self.line(f"{self.names(target)} = {text}")

    def assign_scalar(self, op: Op) -> None:
        """`name = expression`, or `name += expression`."""
        if op.prim != "load" and op.prim != "cast" and not get(op.prim).elementwise:
            self.assign_text(op.result, self.call(op))
            return
        update = self.as_update(op, self.names(op.result))
        self.line(update if update is not None else f"{self.names(op.result)} = {self.spell.operation(op)[0]}", op)

    def as_update(self, op: Op, name: str) -> str | None:
        """`name += e` where the operation is name + e, else None."""
        sign = UPDATES.get(op.prim)
        if sign is None:
            return None
        first, second = op.operands
        if self.is_variable(first, name):
            return f"{name} {sign} {self.spell.text(second)}"
        if op.prim in ("add", "mul") and self.is_variable(second, name):
            return f"{name} {sign} {self.spell.text(first)}"
        return None

    def is_variable(self, value: Value, name: str) -> bool:
        """True where the value is held by the variable `name`."""
        return not isinstance(value, Constant) and value not in self.folding.inlined and self.names(value) == name

    def call(self, op: Op) -> str:
        """An operation of the rule table as a call."""
        return self.spell.operation(op)[0]

    # ------------------------------------------------------------------ growable lists
    # ------------------------------------------------------------------ what control flow is made of
    def negation(self, condition: Value) -> str:
        """The opposite of a condition."""
        op = self.folding.inlined.get(condition)
        if op is not None and op.prim == "not":
            return self.spell.text(op.operands[0], truth=True)
        if op is not None and op.prim in _INVERSE and (
                op.prim in ("eq", "ne") or op.operands[0].kind in (Kind.INT, Kind.BOOL)):
            left, right = (self.spell.text(v, 7) for v in op.operands)
            return f"{left} {_INVERSE[op.prim]} {right}"
        if isinstance(condition, Constant):
            return repr(not condition.value)
        return f"not ({self.spell.text(condition, truth=True)})" if op is not None else f"not {self.names(condition)}"

    def copies(self, pairs: Iterable[tuple[Value, Value]]) -> None:
        """Assign values to variables as if at once."""
        pending = [(self.names(t), v) for t, v in pairs if not self.is_variable(v, self.names(t))]
        while pending:
            for k, (name, _) in enumerate(pending):
                if not any(name in self.reads(v) for j, (_, v) in enumerate(pending) if j != k):
                    break
            else:
                targets = ", ".join(name for name, _ in pending)
                self.line(f"{targets} = {', '.join(self.spell.text(v) for _, v in pending)}")
                return
            name, value = pending.pop(k)
            op = self.folding.inlined.get(value)
            update = self.as_update(op, name) if op is not None else None
            self.line(update if update is not None else f"{name} = {self.spell.text(value)}", op)

    def reads(self, value: Value) -> set[str]:
        """Names of the variables that a value's text reads."""
        return set() if isinstance(value, Constant) else {self.names(v) for v in self.folding.leaves(value)}

    def nested(self, block: Block, copies: Iterable[tuple[Value, Value]]) -> None:
        """An indented block and the copies at its end."""
        self.depth += 1
        start = len(self.lines)
        self.block(block)
        self.copies(copies)
        if not any(not text.lstrip().startswith("#") for text in self.lines[start:]):
            self.line("pass")
        self.depth -= 1


def _tuple(texts: Sequence[str]) -> str:
    """A tuple display; a long one in parts: CPython makes those of more than 30 from lists, which Numba refuses."""
    if len(texts) <= _LONGEST_TUPLE:
        return ", ".join(texts)
    parts = [texts[k:k + _LONGEST_TUPLE] for k in range(0, len(texts), _LONGEST_TUPLE)]
    return " + ".join(f"({', '.join(part)}{',' * (len(part) == 1)})" for part in parts)
