"""An instrumented twin of a compiled program: the same statements, with a stopwatch between them.

The twin is made of the program's syntax tree. Loops that hold loops are gone into; an innermost loop, or a run of plain
statements, is one `Piece`, so that what is vectorised stays so. Behind each piece a lap is taken with the processor's
cycle counter and added to the piece's entry of an array that the twin is given, with the number of laps and the bytes
of arrays that the piece has made. The cost of taking a lap itself is measured and taken off.

Invariant: the twin computes what the program computes, on the same data.
"""

from __future__ import annotations

import ast
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from llvmlite import ir as llvm
from numba import njit
from numba.core import types
from numba.core.typing.templates import Signature
from numba.extending import intrinsic

from workbench.engines.numba.compile import Compiled
from workbench.records import dataclass

TICKS, LAPS, BYTES, _ROWS = 0, 1, 2, 3
_BEGUN, _LAPPED, _MADE = "begun", "lapped", "made"  # what the twin calls, below
_TABLE, _THEN, _VALUE = "workbench_table", "workbench_then", "workbench_value"
#: What an access or a call weighs against one addition where a piece's time is shared among its lines.
_WEIGHTS: dict[type[ast.AST], int] = {ast.BinOp: 1, ast.Subscript: 1, ast.Compare: 1, ast.Call: 8}


@dataclass(frozen=True)
class Piece:
    """Statements that are timed together. first: their first line in the emitted source; lines: the user's lines that
    they are of (file and number; no file: none), with the share of each."""

    first: int
    lines: dict[tuple[str, int], float]


@dataclass(frozen=True)
class Lap:
    """What a piece has taken in one run: seconds, how often it ran, bytes of the arrays that it made."""

    piece: Piece
    seconds: float
    runs: int
    bytes: int


class Twin:
    """The instrumented twin of a compiled program. Raises CompilationError where Numba does not take it."""

    def __init__(self, compiled: Compiled) -> None:
        self.pieces: list[Piece] = []
        self.compiled = compiled
        recipe = compiled.recipe
        extra = types.Array(types.int64, 2, "C")
        self.entry: Callable[..., Any] = recipe.fresh(self._instrumented, (extra,)).entry_point

    def run(self, *data: Any) -> list[Lap]:
        """Run on flat data, which may be written. Raises what the program raises."""
        table = np.zeros((_ROWS, len(self.pieces)), np.int64)
        wall, cycles = time.perf_counter(), _cycles()
        try:
            self.entry(*data, table)
        except Exception as error:
            raise self.compiled.translated(error)  # noqa: B904
        wall, cycles = time.perf_counter() - wall, _cycles() - cycles
        if cycles <= 0:
            raise RuntimeError("this processor's cycle counter stands still: pieces of programs cannot be timed")
        second, own = wall / cycles, _cycles_of_a_lap()
        return [Lap(piece, max(0.0, float(ticks - laps * own)) * second, int(laps), int(size))
                for piece, ticks, laps, size in zip(self.pieces, *table, strict=True)]

    # ------------------------------------------------------------------ the syntax tree
    def _instrumented(self, tree: ast.Module) -> ast.Module:
        (function,) = (node for node in tree.body
                       if isinstance(node, ast.FunctionDef) and node.name == self.compiled.program.name)
        function.args.args.append(ast.arg(_TABLE))
        begin = ast.Assign([ast.Name(_THEN, ast.Store())], ast.Call(ast.Name(_BEGUN, ast.Load()), [], []))
        body = self._body(function.body)
        function.body = [ast.copy_location(begin, function.body[0]), *body]
        tree.body = [ast.ImportFrom(__name__, [ast.alias(name) for name in (_BEGUN, _LAPPED, _MADE)], 0), *tree.body]
        return ast.fix_missing_locations(tree)

    def _body(self, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        """Statements with laps between pieces."""
        out: list[ast.stmt] = []
        plain: list[ast.stmt] = []

        def close() -> None:
            if plain:
                out.extend([*_with_bytes(plain, len(self.pieces)), self._lap(plain)])
                plain.clear()
        for statement in statements:
            if isinstance(statement, ast.Return):
                if statement.value is not None and not isinstance(statement.value, ast.Name | ast.Constant):
                    kept = ast.Assign([ast.Name(_VALUE, ast.Store())], statement.value)
                    plain.append(ast.copy_location(kept, statement))
                    statement = ast.copy_location(ast.Return(ast.Name(_VALUE, ast.Load())), statement)
                close()
                out.append(statement)
            elif _holds_nest(statement):
                close()
                self._open(statement)
                out.append(statement)
                out.append(self._lap([], statement))
            elif isinstance(statement, ast.For | ast.While):
                close()
                out.extend([*_with_bytes([statement], len(self.pieces)), self._lap([statement])])
            else:
                plain.append(statement)
        close()
        return out

    def _open(self, statement: Any) -> None:
        """Go into a loop, or into the arms of a conditional."""
        statement.body = self._body(statement.body)
        if statement.orelse:
            statement.orelse = self._body(statement.orelse)

    def _lap(self, statements: Sequence[ast.stmt], header: ast.stmt | None = None) -> ast.stmt:
        """The end of a piece: of these statements, or of what a nest needs beyond its own pieces."""
        number = len(self.pieces)
        weights: Counter[tuple[str, int]] = Counter()
        for statement in statements:
            bodies = [part for suite in _suites(statement) for part in suite]  # (its head is done once)
            for node in (node for part in (bodies or [statement]) for node in ast.walk(part)):
                line = getattr(node, "lineno", None)
                if line is not None and isinstance(node, ast.stmt | ast.expr):
                    weights[self._users(line)] += _WEIGHTS.get(type(node), 0)
        place = header if header is not None else statements[-1]
        if not weights.total():
            weights = Counter({self._users((header or statements[0]).lineno): 1})
        total = weights.total()
        first = (header or statements[0]).lineno
        self.pieces.append(Piece(first, {user: weight / total for user, weight in weights.items() if weight}))
        call = ast.Call(ast.Name(_LAPPED, ast.Load()), [
            ast.Name(_TABLE, ast.Load()), ast.Constant(number), ast.Name(_THEN, ast.Load())], [])
        return ast.copy_location(ast.Assign([ast.Name(_THEN, ast.Store())], call), place)

    def _users(self, line: int) -> tuple[str, int]:
        """The user's line that a line of the emitted source is of."""
        spans = self.compiled.program.spans
        span = spans[line - 1] if 0 < line <= len(spans) else None
        return (span.filename, span.line) if span is not None else ("", 0)


def _holds_nest(statement: ast.stmt) -> bool:
    """Whether a statement holds a loop that is not its own: then it is gone into."""
    inner = [node for part in _suites(statement) for node in part]
    return isinstance(statement, ast.For | ast.While | ast.If) and any(
        isinstance(node, ast.For | ast.While) for part in inner for node in ast.walk(part))


def _suites(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse"):
        if part := getattr(statement, name, None):
            yield part


def _with_bytes(statements: Sequence[ast.stmt], piece: int) -> list[ast.stmt]:
    """Statements, those that make arrays followed by a note of their bytes."""
    noting = _Noting(piece)
    return [part for statement in statements for part in noting.both(statement)]


class _Noting(ast.NodeTransformer):
    """Notes the bytes of arrays that assignments of calls make."""

    def __init__(self, piece: int) -> None:
        self.piece = piece

    def both(self, statement: ast.stmt) -> list[ast.stmt]:
        """A statement, and what is noted behind it."""
        found = self.visit(statement)
        return found if isinstance(found, list) else [found]

    def visit_Assign(self, node: ast.Assign) -> Any:
        target = node.targets[0]
        if not isinstance(target, ast.Name) or not _makes(node.value):
            return node
        call = ast.Call(ast.Name(_MADE, ast.Load()), [
            ast.Name(_TABLE, ast.Load()), ast.Constant(self.piece), ast.Name(target.id, ast.Load())], [])
        return [node, ast.copy_location(ast.Expr(call), node)]


def _makes(value: ast.expr) -> bool:
    """Whether an expression may make an array: a call but for views and conversions, or a product of matrices."""
    if isinstance(value, ast.BinOp):
        return isinstance(value.op, ast.MatMult)
    if not isinstance(value, ast.Call):
        return False
    called = value.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "math":
        return False
    return name not in ("reshape", "ravel", "float", "int", "bool", "max", "min", "abs", "len", _BEGUN)


# ---------------------------------------------------------------------- what the twin calls
@intrinsic
def begun(typing: Any) -> Any:
    """The cycle counter."""
    def lowered(context: Any, builder: Any, signature: Signature, args: Any) -> Any:
        return _counter(builder)
    return types.int64(), lowered


@intrinsic
def lapped(typing: Any, table: Any, piece: Any, then: Any) -> Any:
    """Add the cycles since `then`, and a lap, to a piece; gives the counter behind that."""
    def lowered(context: Any, builder: Any, signature: Signature, args: Any) -> Any:
        now = _counter(builder)
        _add(context, builder, signature, args, TICKS, builder.sub(now, args[2]))
        _add(context, builder, signature, args, LAPS, now.type(1))
        return _counter(builder)
    return types.int64(table, types.int64, types.int64), lowered


@intrinsic
def made(typing: Any, table: Any, piece: Any, value: Any) -> Any:
    """Add the bytes of an array to a piece; nothing for what is none."""
    def lowered(context: Any, builder: Any, signature: Signature, args: Any) -> Any:
        kind = signature.args[2]
        if isinstance(kind, types.Array):
            array = context.make_array(kind)(context, builder, value=args[2])
            size = builder.mul(array.nitems, array.itemsize)
            _add(context, builder, signature, args, BYTES, size)
        return context.get_dummy_value()
    return types.none(table, types.int64, value), lowered


def _counter(builder: Any) -> Any:
    kind = llvm.FunctionType(llvm.IntType(64), ())
    return builder.call(builder.module.declare_intrinsic("llvm.readcyclecounter", fnty=kind), ())


def _add(context: Any, builder: Any, signature: Signature, args: Any, row: int, amount: Any) -> None:
    array = context.make_array(signature.args[0])(context, builder, value=args[0])
    columns = builder.extract_value(array.shape, 1)
    place = builder.gep(array.data, [builder.add(builder.mul(columns, columns.type(row)), args[1])])
    builder.store(builder.add(builder.load(place), amount), place)


@njit
def _cycles() -> Any:
    return begun()  # type: ignore[call-arg]


@njit
def _laps(table, count):  # type: ignore[no-untyped-def]
    then: Any = begun()  # type: ignore[call-arg]
    for _ in range(count):
        then = lapped(table, 0, then)
    return then


def _cycles_of_a_lap() -> float:
    """The cycles that a lap itself takes of the piece behind it, the least of some runs."""
    most = 1000
    found = []
    for _ in range(5):
        table = np.zeros((_ROWS, 1), np.int64)
        _laps(table, most)
        found.append(float(table[TICKS, 0]) / most)
    return min(found)
