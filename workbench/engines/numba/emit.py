"""IR to readable Python source for Numba.

User's names, one comment with the user's line where it changes, single-use scalars folded into expressions, every
array update in place (linear use makes that safe: a result inherits its operand's variable), buffers permuted by a
loop as a simultaneous assignment at the end of its body.

Invariant: emission decides only how things are written; each operation of the IR is evaluated once, in an order that
gives the values the IR says.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from workbench.engines.numba import outlet, runtime
from workbench.engines.numba.folding import Folding, is_growable
from workbench.engines.numba.in_place import InPlace, in_place
from workbench.engines.numba.liveness import Classes, Liveness, coalesce
from workbench.engines.numba.names import RESERVED, Names, identifier
from workbench.engines.numba.rounding import is_loose, loose_sums
from workbench.engines.numba.spelling import Speller, constant_text, dtype
from workbench.ir import (
    Block,
    Callee,
    Constant,
    DifferentiationError,
    Function,
    Kind,
    Op,
    Span,
    Value,
    callee_of,
    callees,
    consumed_operands,
    definitions,
    walk,
)
from workbench.ir.ops import CONSUMING
from workbench.rules import Foreign, get, source_of, with_called
from workbench.rules.foreign import MODULE
from workbench.rules.kernels.products import PRODUCTS
from workbench.rules.primitive import ATOM
from workbench.rules.random import LAWS

_UPDATES = {"add": "+=", "sub": "-=", "mul": "*=", "div": "/="}
_INVERSE = {"lt": ">=", "le": ">", "gt": "<=", "ge": "<", "eq": "!=", "ne": "=="}


_LONGEST_TUPLE = 28
DECORATOR = '@njit(error_model="numpy")'


@dataclass(frozen=True)
class Source:
    """An emitted program: its text, the name to call, and which user line each emitted line came from.

    `called` are the functions of the program that it calls, with the results that they return, by their names in the
    text; `first` counts the lines of imports and helpers; `loose` are the numbers of lines that only add up cotangents
    (see `rounding`)."""

    name: str
    text: str
    spans: tuple[Span | None, ...]
    helpers: tuple[Callable[..., object], ...] = ()
    parameters: tuple[str, ...] = field(default=())
    called: Mapping[str, Function] = field(default_factory=dict)
    first: int = 0
    loose: frozenset[int] = frozenset()

    @property
    def source_map(self) -> list[tuple[int, int]]:
        """Pairs (emitted line, user's line), both from 1."""
        return [(k, span.line) for k, span in enumerate(self.spans, 1) if span is not None]


def emit(function: Function, name: str | None = None, alone: bool = False, quiet: bool = False,
         exact: int | None = None) -> Source:
    """The function as Python source that Numba compiles (and Python runs), after the functions that it calls.

    alone: it is to run without the workbench: it prints nothing, and exceptions are Python's own without numbers;
    quiet: it prints nothing; exact: results after the first `exact` ones are cotangents, which may be added up in any
    order."""
    titles: dict[Callee, str] = {}
    taken = {identifier(name or function.name, RESERVED)}
    for callee in callees(function):
        title, number = identifier(callee.name, RESERVED), 0
        while title in taken:
            number += 1
            title = f"{identifier(callee.name, RESERVED)}_{number}"
        titles[callee] = title
        taken.add(title)
    written = all(map(reads_only_written, (function, *(callee.function for callee in titles))))
    main = _Emitter(function, name, titles, alone, quiet or alone, written)
    if exact is not None:
        main.sums = loose_sums(function, exact)
    called = [_Emitter(callee.function, title, titles, alone, quiet or alone, written)
              for callee, title in titles.items()]
    kept = in_place({callee: (callee.function, part.classes) for callee, part in zip(titles, called, strict=True)})
    for callee, part in zip(titles, called, strict=True):
        part.run(kept, kept[callee])
    main.run(kept)
    helpers = {k: h for part in (*called, main) for k, h in {**part.spell.helpers, **part.helpers}.items()}
    head = header(tuple(helpers.values()), bool(called))
    lines, spans = list(head), [None] * len(head)  # type: list[str], list[Span | None]
    for part in (*called, main):
        top = ["", "", *([DECORATOR] if part is not main else []), f"def {part.title}({', '.join(part.parameters)}):"]
        lines += [*top, *part.lines]
        loose = [len(spans) + len(top) + k + 1 for k in part.loose]
        spans += [*([None] * len(top)), *part.spans]
    return Source(main.title, "\n".join([*lines, ""]), tuple(spans), tuple(helpers.values()), tuple(main.parameters),
                  {part.title: _returning(part.function, kept[callee]) for callee, part in zip(
                      titles, called, strict=True)}, len(head), frozenset(loose))


def _returning(function: Function, kept: Collection[int]) -> Function:
    """The function without the results that it need not return."""
    results = tuple(r for k, r in enumerate(function.results) if k not in kept)
    block = Block(function.params, function.block.ops, results)
    return Function(function.name, block, function.shape_params, function.span)


def reads_only_written(function: Function) -> bool:
    """True where all that a function reads of growable lists is an element that was stored: the rest need not be 0."""
    return all(op.attrs.get("kept", False) if op.prim == "load" else op.prim != "accum"
               for op in walk(function.block) if op.operands and is_growable(op.operands[0]) and op.prim != "store")


def helper_source(helper: Callable[..., object]) -> list[str]:
    """The lines that define a helper."""
    if isinstance(helper, Foreign):
        doubles = "ctypes.c_double, " * (helper.arity + 1)
        return [f"{helper.__name__} = ctypes.CFUNCTYPE({doubles}ctypes.c_int)(",
                f'    get_cython_function_address("{MODULE}", "{helper.symbol}"))']
    return [DECORATOR, *source_of(helper)]


def header(helpers: Sequence[Callable[..., object]], compiles: bool) -> list[str]:
    """Imports and helpers. `compiles`: more is decorated than the helpers."""
    foreign = any(isinstance(h, Foreign) for h in helpers)
    lines = [*(["import ctypes"] if foreign else []), "import math", "", "import numpy as np"]
    if helpers or compiles:
        lines.append("from numba import njit")
    if foreign:
        lines.append("from numba.extending import get_cython_function_address")
    for helper in helpers:
        lines += ["", "", *helper_source(helper)]
    return lines


def _tuple(texts: Sequence[str]) -> str:
    """A tuple display; a long one in parts: CPython makes those of more than 30 from lists, which Numba refuses."""
    if len(texts) <= _LONGEST_TUPLE:
        return ", ".join(texts)
    parts = [texts[k:k + _LONGEST_TUPLE] for k in range(0, len(texts), _LONGEST_TUPLE)]
    return " + ".join(f"({', '.join(part)}{',' * (len(part) == 1)})" for part in parts)


class _Emitter:
    def __init__(self, function: Function, name: str | None, titles: Mapping[Callee, str], alone: bool,
                 quiet: bool, written: bool) -> None:
        self.function = function
        self.alone = alone
        self.with_room: set[Op] = set()  # stores into lists that have room for them
        self.allocate, self.grow = ("np.empty", runtime.grow) if written else ("np.zeros", runtime.grow_zeros)
        self.quiet = quiet
        self.titles = titles
        self.folding = Folding(function)
        live = Liveness(function, self.folding.leaves, self.folding.__contains__)
        self.live = live
        self.classes = Classes(live)
        coalesce(function, self.classes, lambda v: not isinstance(v, Constant) and v not in self.folding.inlined)
        self.title = identifier(name or function.name, RESERVED)
        self.names = Names(self.classes, RESERVED | {self.title, *titles.values()})
        self.parameters: list[str] = []
        self.spell = Speller(self.names, self.folding.inlined)
        self.lines: list[str] = []
        self.spans: list[Span | None] = []
        self.depth = 1
        self.span: Span | None = None
        self.said: tuple[str, int] | None = None
        self.sums: frozenset[Op] = frozenset()
        self.loose: list[int] = []  # positions of lines
        self.helpers: dict[str, Callable[..., object]] = {}
        self.in_place: InPlace = {}
        self.main_file = function.span.filename if function.span else None
        self.made = definitions(function)

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
        self.lines.append("    " * self.depth + text)
        self.spans.append(self.span)

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
            self.lines.append("    " * self.depth + f"# {place}: {text}"[: 118 - 4 * self.depth])
            self.spans.append(self.span)

    # ------------------------------------------------------------------ operations
    def block(self, block: Block) -> None:
        """All operations of a block."""
        for op in block.ops:
            if op not in self.folding:
                self.span = op.span or self.span
                self.op(op)

    def op(self, op: Op) -> None:
        """One operation as one or more lines."""
        handler = _STATEMENTS.get(op.prim)
        if handler is not None:
            handler(self, op)
        elif op.prim == "load" and is_growable(op.operands[0]):
            self.list_load(op)
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
        sign = _UPDATES.get(op.prim)
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

    # ------------------------------------------------------------------ arrays
    def dims(self, values: Sequence[Value]) -> str:
        """A shape: `n` or `(n, m)`."""
        texts = [self.spell.text(v) for v in values]
        return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"

    def empty(self, op: Op) -> None:
        """A new array, contents undefined."""
        self.assign_text(op.result, self.allocation("np.empty", op.operands, op.result.kind))

    def allocation(self, function: str, dims: Sequence[Value], kind: Kind) -> str:
        """`np.zeros(n)`, with the dtype unless it is float64."""
        return f"{function}({self.dims(dims)}{'' if kind is Kind.F64 else ', ' + dtype(kind)})"

    def full(self, op: Op) -> None:
        """A new array, all elements equal."""
        value, *dims = op.operands
        kind = op.result.kind
        zero = isinstance(value, Constant) and repr(value.value) in ("0", "0.0", "0j", "False")
        if zero:
            self.assign_text(op.result, self.allocation("np.zeros", dims, kind))
        elif isinstance(value, Constant) and repr(value.value) in ("1", "1.0", "True"):
            self.assign_text(op.result, self.allocation("np.ones", dims, kind))
        else:
            self.assign_text(op.result, f"np.full({self.dims(dims)}, {self.spell.text(value)})")

    def copy(self, op: Op) -> None:
        """A new array with the same elements."""
        self.assign_text(op.result, f"{self.names(op.operands[0])}.copy()")

    def iota(self, op: Op) -> None:
        """0, 1, ..., n-1."""
        self.assign_text(op.result, f"np.arange({self.spell.text(op.operands[0])})")

    def reshape(self, op: Op) -> None:
        """A view where the operand is dead and ours, else of a copy."""
        array, *dims = op.operands
        ours = self.is_ours(array) and not self.live.bit[array] & self.live.at[op.result]
        self.assign_text(op.result, f"{self.names(array)}{'' if ours else '.copy()'}.reshape({self.dims(dims)})")

    def matmul(self, op: Op) -> None:
        """A product by BLAS."""
        turned = op.attrs.get("turned", (False, False))
        names = [self.names(v) for v in op.operands]
        if op.result.rank > 2:
            helper = PRODUCTS[turned]
            self.helpers.update((part.__name__, part) for part in with_called(helper))
            self.assign_text(op.result, f"{helper.__name__}({', '.join(names)})")
            return
        texts = [f"{name}.T" if t else name for name, t in zip(names, turned, strict=True)]
        self.assign_text(op.result, f"np.dot({', '.join(texts)})")

    def is_ours(self, array: Value) -> bool:
        """True where the buffer is surely made by this program (not the caller's)."""
        op = self.made.get(array)
        while op is not None and op.prim in CONSUMING:
            op = self.made.get(op.operands[0])
        return op is not None and not op.regions and not (op.prim == "call" and consumed_operands(op))

    def store(self, op: Op) -> None:
        """`a[i] = v`, or `a[i] += v` where v adds to that element."""
        array, value, *indices = op.operands
        if is_growable(array):
            self.list_store(op)
            return
        place = self.spell.element(array, tuple(indices))
        inner = self.folding.inlined.get(value)
        sign = _UPDATES.get(inner.prim) if inner is not None else None
        if inner is not None and sign is not None:
            first, second = inner.operands
            if self.spell.text(first) == place:
                self.line(f"{place} {sign} {self.spell.text(second)}", inner)
                return
            if inner.prim in ("add", "mul") and self.spell.text(second) == place:
                self.line(f"{place} {sign} {self.spell.text(first)}", inner)
                return
        self.line(f"{place} = {self.spell.text(value)}", inner)

    def accum(self, op: Op) -> None:
        """`a[i] += v`."""
        array, value, *indices = op.operands
        if is_growable(array):
            self.list_store(op)
            return
        negated = self.folding.inlined.get(value)
        place = self.spell.element(array, tuple(indices))
        if negated is not None and negated.prim == "neg":
            self.line(f"{place} -= {self.spell.text(negated.operands[0])}", op)
        else:
            self.line(f"{place} += {self.spell.text(value)}", op)

    # ------------------------------------------------------------------ growable lists
    def new_list(self, op: Op) -> None:
        """An empty list with some room: of zeros, where such may be read."""
        kind = op.result.kind
        self.assign_text(op.result, f"{self.allocate}(64{'' if kind is Kind.F64 else ', ' + dtype(kind)})")

    def list_store(self, op: Op) -> None:
        """Grow if needed, then store or add."""
        array, value, index = op.operands
        name, k = self.names(array), self.spell.text(index)
        if op not in self.with_room:
            self.grow_list(name, k)
        self.line(f"{name}[{k}] {'+=' if op.prim == 'accum' else '='} {self.spell.text(value)}")

    def grow_list(self, name: str, k: str, lacks: bool = False) -> None:
        """Make room for an element; `lacks`: there is surely none."""
        self.helpers[self.grow.__name__] = self.grow
        if not lacks:
            self.line(f"if {k} >= {name}.size:")
        self.depth += not lacks
        self.line(f"{name} = {self.grow.__name__}({name}, {k})")
        self.depth -= not lacks

    def list_load(self, op: Op) -> None:
        """An element, or zero beyond the end (where the adjoint of an element has not been written)."""
        array, index = op.operands
        name, k = self.names(array), self.spell.text(index)
        if op.attrs.get("kept"):  # a residual: the forward sweep has stored it
            self.assign_text(op.result, f"{name}[{k}]")
            return
        zero = constant_text(Constant(0, op.result.kind))[0]
        self.assign_text(op.result, f"{name}[{k}] if {k} < {name}.size else {zero}")

    # ------------------------------------------------------------------ effects and control flow
    def enter(self, op: Op) -> None:
        """`a, b = f(x, y)`; what `f` changes in place is there under its own name."""
        kept = self.in_place.get(callee_of(op), {})
        call = f"{self.titles[callee_of(op)]}({', '.join(self.spell.text(v) for v in op.operands)})"
        given = [self.names(r) for k, r in enumerate(op.results) if k not in kept]
        moved = [(self.names(op.results[k]), self.names(op.operands[p])) for k, p in kept.items()
                 if self.names(op.results[k]) != self.names(op.operands[p])]
        if not moved:
            self.line(f"{', '.join(given)} = {call}" if given else call)
            return
        if not given:
            self.line(call)
            call = ""
        first = [", ".join(given)] if len(given) == 1 else [f"({', '.join(given)})"] if given else []
        targets, sources = ", ".join([*first, *(r for r, _ in moved)]), [*([call] if call else []),
                                                                         *(p for _, p in moved)]
        self.line(f"{targets} = {', '.join(sources)}")  # (at once: a name may be one that is read)

    def check(self, op: Op) -> None:
        """`if not ok: raise ...`."""
        ok = op.operands[0]
        if isinstance(ok, Constant) and ok.value:
            return
        self.line(f"if {self.negation(ok)}:")
        self.depth += 1
        if op.attrs.get("failure") is not None and not self.alone:
            self.give(op.operands[1:])
            self.line(f"raise Raised({outlet.key_of(op)})")
            self.depth -= 1
            return
        message, name = op.attrs.get("message", ""), op.attrs["exception"]
        name = f"np.linalg.{name}" if name == "LinAlgError" else name
        self.line(f"raise {name}({message!r})" if message else f"raise {name}()")
        self.depth -= 1

    def print(self, op: Op) -> None:
        """Hand over the numbers, then have the text printed."""
        if not self.quiet:
            self.give(op.operands)
            self.line(f"say({outlet.key_of(op)})")

    def draw(self, op: Op) -> None:
        """`rng[0] = random_standard_normal(int(rng[1]))`."""
        state, *params = op.operands
        if self.alone:
            raise DifferentiationError("a program that draws random numbers cannot stand alone", op.span,
                                       "draw before, and pass the numbers")
        arguments = ", ".join([f"int({self.names(state)}[1])", *(self.spell.text(p) for p in params)])
        self.line(f"{self.names(state)}[0] = {LAWS[op.attrs['law']].symbol}({arguments})")

    def give(self, values: Sequence[Value]) -> None:
        """Hand numbers over to Python."""
        for value in values:
            if value.is_array:
                name = self.names(value)
                self.line(f"give_int({name}.ctypes.data)")
                for axis in range(value.rank):
                    self.line(f"give_int({name}.shape[{axis}])")
            elif value.kind.is_complex:
                text = self.spell.text(value, ATOM)
                self.line(f"give_float({text}.real)")
                self.line(f"give_float({text}.imag)")
            else:
                self.line(f"give_{'float' if value.kind.is_float else 'int'}({self.spell.text(value)})")

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

    def if_(self, op: Op) -> None:
        """`if` / `else`; an empty arm is left out."""
        then, orelse = op.regions
        span = self.span
        self.line(f"if {self.spell.text(op.operands[0], truth=True)}:")
        head = len(self.lines) - 1
        self.nested(then, zip(op.results, then.yields, strict=True))
        if self.lines[head + 1:] == ["    " * (self.depth + 1) + "pass"]:
            del self.lines[head:], self.spans[head:]
            self.span = span
            self.line(f"if {self.negation(op.operands[0])}:")
            self.nested(orelse, zip(op.results, orelse.yields, strict=True))
            return
        mark = len(self.lines)
        self.lines.append("    " * self.depth + "else:")
        self.spans.append(span)
        self.nested(orelse, zip(op.results, orelse.yields, strict=True))
        if self.lines[mark + 1:] == ["    " * (self.depth + 1) + "pass"]:
            del self.lines[mark:], self.spans[mark:]

    def for_(self, op: Op) -> None:
        """A counted loop."""
        (body,) = op.regions
        lo, hi = op.operands[:2]
        self.copies(zip(body.params[1:], op.operands[2:], strict=True))
        index = self.names(body.params[0])
        if op.attrs.get("step", 1) == -1:
            bounds = f"{self.spell.text(lo)}, {self.spell.text(hi)}, -1"
        elif isinstance(lo, Constant) and lo.value == 0:
            bounds = self.spell.text(hi)
        else:
            bounds = f"{self.spell.text(lo)}, {self.spell.text(hi)}"
        self.line(f"for {index} in range({bounds}):")
        self.nested(body, zip(body.params[1:], body.yields, strict=True))

    def while_(self, op: Op) -> None:
        """`while condition:` where the condition is one expression, else a loop with a break.

        Where each turn begins with an element more in a list, the loop runs as long as there is room, inside of one
        that makes room: what is in the way of the machine there is not in the way of each turn."""
        before, after = op.regions
        self.copies(zip(before.params, op.operands, strict=True))
        leave = list(zip(op.results, before.yields[1:], strict=True))
        plain = all(inner in self.folding for inner in before.ops) and all(
            self.is_variable(v, self.names(r)) for r, v in leave)
        if plain:
            self.line(f"while {self.spell.text(before.yields[0], truth=True)}:")
            self.nested(after, zip(before.params, after.yields, strict=True))
            return
        lists = [op for op in (*before.ops, *after.ops) if op.prim == "store" and is_growable(op.operands[0])
                 and {op.operands[0], op.operands[2]} <= set(before.params)]
        self.with_room.update(lists)
        rooms = [(self.names(op.operands[0]), self.spell.text(op.operands[2])) for op in lists]
        self.line("while True:")
        self.depth += 1
        if rooms:
            self.line(f"while {' and '.join(f'{k} < {name}.size' for name, k in rooms)}:")
            self.depth += 1
        self.block(before)
        self.line(f"if {self.negation(before.yields[0])}:")
        self.depth += 1
        self.copies(leave)
        self.line("break")
        self.depth -= 1
        self.block(after)
        self.copies(zip(before.params, after.yields, strict=True))
        if rooms:
            self.to_grow(rooms)
        self.depth -= 1

    def to_grow(self, rooms: Sequence[tuple[str, str]]) -> None:
        """After a loop that runs as long as there is room in lists: make room and enter it again, or leave."""
        self.depth -= 1
        self.line("else:")
        self.depth += 1
        for name, k in rooms:
            self.grow_list(name, k, lacks=len(rooms) == 1)
        self.line("continue")
        self.depth -= 1
        self.line("break")


_STATEMENTS: dict[str, Callable[[_Emitter, Op], None]] = {
    "empty": _Emitter.empty, "full": _Emitter.full, "copy": _Emitter.copy, "iota": _Emitter.iota,
    "reshape": _Emitter.reshape, "matmul": _Emitter.matmul, "store": _Emitter.store, "accum": _Emitter.accum,
    "call": _Emitter.enter, "list": _Emitter.new_list, "check": _Emitter.check, "print": _Emitter.print,
    "draw": _Emitter.draw, "if": _Emitter.if_, "for": _Emitter.for_, "while": _Emitter.while_,
}
