"""IR to readable Python source for Numba: the whole program.

`writer` writes a function; operations that are more than an expression are written by the `..._statements`, of which
there is a table here.

User's names, one comment with the user's line where it changes, single-use scalars folded into expressions, every
array update in place (linear use makes that safe: a result inherits its operand's variable), buffers permuted by a
loop as a simultaneous assignment at the end of its body.

Invariant: emission decides only how things are written; each operation of the IR is evaluated once, in an order that
gives the values the IR says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field

from workbench.engines.numba import (
    array_statements,
    control_statements,
    effect_statements,
    list_statements,
)
from workbench.engines.numba.folding import is_growable
from workbench.engines.numba.in_place import in_place
from workbench.engines.numba.names import RESERVED, identifier
from workbench.engines.numba.rounding import loose_sums
from workbench.engines.numba.writer import Statement, Writer
from workbench.ir import (
    Block,
    Callee,
    Function,
    Op,
    Span,
    callees,
    walk,
)
from workbench.records import dataclass
from workbench.rules import Foreign, source_of
from workbench.rules.foreign import MODULE

DECORATOR = '@njit(error_model="numpy")'
#: how the operations are written that are no expressions, or not only
STATEMENTS: dict[str, Statement] = {
    "empty": array_statements.empty, "full": array_statements.full, "copy": array_statements.copy,
    "iota": array_statements.iota, "reshape": array_statements.reshape, "matmul": array_statements.matmul,
    "store": array_statements.store, "accum": array_statements.accum, "list": list_statements.new_list,
    "list load": list_statements.list_load,
    "call": effect_statements.call_, "check": effect_statements.check, "print": effect_statements.print_,
    "draw": effect_statements.draw, "if": control_statements.if_, "for": control_statements.for_,
    "while": control_statements.while_,
}


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


class Places:
    """Of an emitted program: which operation each line is part of (by number, from 1), which variables of each of its
    functions hold arrays, and of which branches the second arm alone is written."""

    def __init__(self) -> None:
        self.ops: dict[int, Op] = {}
        self.arrays: dict[str, frozenset[str]] = {}
        self.functions: dict[str, Function] = {}
        self.turned: set[Op] = set()

    def enter(self, part: Writer, before: int) -> None:
        """A function is written after so many lines."""
        self.ops.update({before + k: op for k, op in enumerate(part.done, 1) if op is not None})
        self.arrays[part.title] = part.names.of_arrays()
        self.functions[part.title] = part.function
        self.turned |= part.turned


def emit(function: Function, name: str | None = None, alone: bool = False, quiet: bool = False,
         exact: int | None = None, places: Places | None = None) -> Source:
    """The function as Python source that Numba compiles (and Python runs), after the functions that it calls.

    alone: it is to run without the workbench: it prints nothing, and exceptions are Python's own without numbers;
    quiet: it prints nothing; exact: results after the first `exact` ones are cotangents, which may be added up in any
    order; places: is told what is where."""
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
    main = Writer(function, name, titles, alone, quiet or alone, written, STATEMENTS)
    if exact is not None:
        main.sums = loose_sums(function, exact)
    called = [Writer(callee.function, title, titles, alone, quiet or alone, written, STATEMENTS)
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
        if places is not None:
            places.enter(part, len(spans) + len(top))
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
