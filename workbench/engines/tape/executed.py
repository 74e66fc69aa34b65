"""A recorded run of a program's IR: nothing of the function that it was traced from is executed.

The interpreter runs the program over numbers that have their nodes beside them: what moves numbers moves nodes alike,
real elementwise operations have a node per element with the partials of the rule table, all others are structured. A
node stands at the instruction of the user's code that its operation was traced from, so that a record looks as that of
a run of the function itself.

Invariant: arguments are copied; nothing is printed; a run that takes more operations than it may raises `Exhausted`,
and what was recorded until then is in the recorder.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Sequence
from types import CodeType
from typing import Any

import numpy as np

from workbench.engines.tape.partials import as_operand, has_partial, on_floats
from workbench.engines.tape.recorded_ir import transformed
from workbench.engines.tape.recorder import INACTIVE, Part, Recorder, lines_of, operation
from workbench.interpret import Interpreter, Values, run
from workbench.ir import Builder, Constant, Function, Kind, Op, ScalarType, Span, Value, in_time
from workbench.ir.types import ArrayType
from workbench.records import dataclass
from workbench.rules import Growable, emit_all, get

#: Operations that move numbers: the positions of operands that are moved.
_MOVED = {"load": (0,), "store": (0, 1), "slice": (0,), "slice_store": (0, 1), "gather": (0,), "scatter_store": (0, 1),
          "reshape": (0,), "transpose": (0,), "broadcast": (0,), "copy": (0,), "full": (0,), "select": (1, 2)}
_ADDED = {"accum": ("load", "store"), "slice_accum": ("slice", "slice_store")}


class Exhausted(Exception):
    """A run that takes more operations than it may."""


@dataclass(frozen=True, slots=True, eq=False)
class Noted:
    """A real or complex number, array or list with its nodes."""

    values: Any
    nodes: Any


class PlacedRecorder(Recorder):
    """Nodes stand where they are said to. codes: gives the code that a line of a file is in."""

    def __init__(self, codes: Callable[[Span], CodeType | None]) -> None:
        super().__init__()
        self._codes_of = codes
        self._sites: dict[Any, _Site] = {}
        self.site = _Site(_NOWHERE, 0)

    def stand_at(self, span: Span | None) -> None:
        """The nodes that follow come from here; None: from where the last ones came from."""
        if span is None:
            return
        key = span.filename, span.line, span.column, span.end_column
        if key not in self._sites:
            code = self._codes_of(span) or _line_of(span)
            self._sites[key] = _Site(code, _instruction(code, span))
        self.site = self._sites[key]

    def _user(self, _: Any) -> Any:
        self.alive[id(self.site.f_code)] = self.site.f_code
        return self.site


@dataclass(frozen=True, slots=True, eq=False)
class _Site:
    """What the recorder asks of a frame."""

    f_code: CodeType
    f_lasti: int


_NOWHERE = compile("0", "", "eval")


def _line_of(span: Span) -> CodeType:
    """Code that stands for a line of which no function is known."""
    return compile("\n" * (max(span.line, 1) - 1) + "0", span.filename, "exec")


def _instruction(code: CodeType, span: Span) -> int:
    """The last instruction at a place, else the first of its line."""
    at = [2 * k for k, place in enumerate(code.co_positions()) if place[0] == span.line and place[2] == span.column
          and place[3] == span.end_column]
    return at[-1] if at else next((offset for offset, line in lines_of(code).items() if line == span.line), 0)


def codes_in(filename: str) -> list[CodeType]:
    """The code of all functions of a file or cell, compiled, not run; empty where its text is none."""
    try:
        return functions_of(compile("".join(linecache.getlines(filename)), filename, "exec", dont_inherit=True))
    except (SyntaxError, ValueError):
        return []


def functions_of(whole: CodeType) -> list[CodeType]:
    """A module's code, and that of all functions in it."""
    found = [whole]
    for code in found:  # (which grows meanwhile)
        found += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
    return found


def innermost(codes: Sequence[CodeType], span: Span) -> CodeType | None:
    """The innermost function that a line is in."""
    around = [code for code in codes if any(line == span.line for _, _, line in code.co_lines())
              and code.co_name != "<module>"]
    return max(around, key=lambda code: code.co_firstlineno, default=None)


class Recording(Values):
    """The domain. most: so many operations may run."""

    def __init__(self, recorder: PlacedRecorder, most: int) -> None:
        self.recorder = recorder
        self.left = most

    def input(self, value: Any, kind: Kind, wrt: bool) -> Any:
        """An argument as the interpreter has it; wrt: its numbers are independent variables."""
        held = np.array(value, kind.dtype)
        held = held if held.ndim else held[()]
        if not kind.is_inexact:
            return held
        nodes = self.recorder.leaves(np.asarray(held)) if wrt else np.full(np.shape(held), INACTIVE)
        return Noted(held, nodes if np.ndim(held) else int(nodes[()]))

    # ------------------------------------------------------------------ what an interpreter asks
    def apply(self, op: Op, operands: Sequence[Any]) -> Sequence[Any]:
        """As `Values`, recorded where a number is a result."""
        self.left -= 1
        if self.left < 0:
            raise Exhausted
        if not self.left % 256:
            in_time(op.span)
        self.recorder.stand_at(op.span)
        if op.prim == "print":
            return ()
        if op.prim in _ADDED and len(operands) > 1:
            return self._added(op, operands)
        plain = [x.values if isinstance(x, Noted) else x for x in operands]
        if not any(result.kind.is_inexact for result in op.results):
            return super().apply(op, plain)
        if op.prim in _MOVED:
            return [Noted(super().apply(op, plain)[0], self._moved(op, operands, plain))]
        if all(not isinstance(x, Noted) or _is_inactive(x.nodes) for x in operands):
            return [_inactive(value) for value in super().apply(op, plain)]
        primitive = get(op.prim)
        real = not any(v.kind.is_complex for v in (*op.operands, *op.results))
        if op.prim == "cast" and real:
            return [Noted(super().apply(op, plain)[0], _copied(_nodes(operands[0])))]
        if primitive.elementwise and primitive.partials is not None and real and primitive.vjp is None:
            return [self._elementwise(op, operands, plain)]
        return self._structured(op, operands, plain)

    def truth(self, value: Any, op: Op) -> bool:
        """The condition; a turn counts as an operation."""
        self.left -= 1
        if self.left < 0:
            raise Exhausted
        return bool(value)

    def trips(self, lo: Any, hi: Any, step: int, op: Op) -> Any:
        """The indices of a loop, each of which counts as an operation."""
        for index in super().trips(lo, hi, step, op):
            self.left -= 1
            if self.left < 0:
                raise Exhausted
            yield index

    # ------------------------------------------------------------------ operations
    def _moved(self, op: Op, operands: Sequence[Any], plain: Sequence[Any]) -> Any:
        """The nodes, moved as their numbers are."""
        moved = _MOVED[op.prim]
        given = [_nodes(x) if k in moved else plain[k] for k, x in enumerate(operands)]
        attrs = {key: value for key, value in op.attrs.items() if key != "loose"}
        found = get(op.prim).numpy(*given, **attrs)
        if op.prim in ("store", "slice_store", "scatter_store"):
            return found  # (in place, as the numbers)
        return _copied(found)

    def _added(self, op: Op, operands: Sequence[Any]) -> Sequence[Any]:
        """Adding in place: what is there is read, added to and stored."""
        read, store = _ADDED[op.prim]
        array, amount, *where = operands
        attrs = {key: value for key, value in op.attrs.items() if key != "loose"}
        numbers = [x.values if isinstance(x, Noted) else x for x in (array, amount)]
        old = Noted(get(read).numpy(numbers[0], *where, **attrs), get(read).numpy(_nodes(array), *where, **attrs))
        total = self._two("add", old, amount, old.values + numbers[1])
        get(store).numpy(numbers[0], total.values, *where, **attrs)
        nodes = get(store).numpy(_nodes(array), total.nodes, *where, **attrs)
        return [Noted(numbers[0], nodes)]

    def _two(self, name: str, a: Any, b: Any, values: Any) -> Noted:
        return self._entered(name, values, [(_nodes(x), np.float64(1.0)) for x in (a, b)])

    def _elementwise(self, op: Op, operands: Sequence[Any], plain: Sequence[Any]) -> Noted:
        """A node per element, with the partials of the rule."""
        value = super().apply(op, plain)[0]
        name, edges = op.prim, []
        partials: Any = get(name).partials
        if np.ndim(value) == 0:
            edges = [(x.nodes, on_floats(name, k)(value, *plain)) for k, x in enumerate(operands)
                     if isinstance(x, Noted) and x.nodes >= 0 and has_partial(name, k)]
            return self._entered(name, value, edges)
        with np.errstate(all="ignore"):
            xs = [as_operand(name, k, x, value.dtype) for k, x in enumerate(plain)]
            for k, x in enumerate(operands):
                if isinstance(x, Noted) and partials[k] is not None and not _is_inactive(x.nodes):
                    edges.append((x.nodes, partials[k](value, *xs)))
        return self._entered(name, value, edges)

    def _entered(self, name: str, value: Any, edges: Sequence[tuple[Any, Any]]) -> Noted:
        edges = [(nodes, weight) for nodes, weight in edges if not _is_inactive(nodes)]
        if not edges:
            return _inactive(value)
        if np.ndim(value) == 0:
            node = self.recorder.any_number(operation(name), float(value), [(int(n), float(w)) for n, w in edges])
            return Noted(value, node)
        self.left -= value.size
        if self.left < 0:
            raise Exhausted
        sources, weights = np.empty((*value.shape, len(edges)), np.int64), np.empty((*value.shape, len(edges)))
        for k, (nodes, weight) in enumerate(edges):
            sources[..., k], weights[..., k] = nodes, weight
        made = self.recorder.many(name, value, sources.reshape(-1, len(edges)), weights.reshape(-1, len(edges)))
        return Noted(value, made)

    def _structured(self, op: Op, operands: Sequence[Any], plain: Sequence[Any]) -> Sequence[Any]:
        """An operation that pulls and pushes all at once, by its own program."""
        kept = [np.array(x) if isinstance(x, np.ndarray) else x for x in plain]
        values = super().apply(op, plain)
        function, inputs = _alone(op, kept)
        places = [k for k, x in enumerate(kept) if _is_input(op.operands[k], x)]
        wrt = tuple(n for n, k in enumerate(places) if isinstance(operands[k], Noted)
                    and not _is_inactive(operands[k].nodes))
        outputs = tuple(k for k, v in enumerate(op.results) if v.kind.is_inexact)
        parts = [Part(np.array(operands[places[n]].nodes), np.asarray(inputs[n]).dtype) for n in wrt]

        def pull(bars: list[Any]) -> Sequence[Any]:
            given = _typed(bars, values, outputs)
            return run(transformed(function, "vjp", wrt, outputs), [*inputs, *given])

        def push(dots: list[Any]) -> Sequence[Any]:
            given = _typed(dots, inputs, wrt)
            return run(transformed(function, "jvp", wrt, outputs), [*inputs, *given])
        nodes = iter(self.recorder.structured(op.prim, [np.asarray(values[k]) for k in outputs], parts, pull, push))
        return [Noted(v, n if np.ndim(v) else int(n[()])) if k in outputs and (n := next(nodes)) is not None else v
                for k, v in enumerate(values)]


def _typed(given: Sequence[Any], like: Sequence[Any], at: Sequence[int]) -> list[Any]:
    """Derivatives of the shapes and kinds of what they are derivatives of."""
    return [np.asarray(x, np.asarray(like[k]).dtype).reshape(np.shape(like[k]))[()]
            for x, k in zip(given, at, strict=True)]


def _alone(op: Op, plain: Sequence[Any]) -> tuple[Function, list[Any]]:
    """An operation as a function of its numbers and arrays, of the sizes that they have; and these."""
    builder, inputs, values = Builder(op.prim), list[Any](), list[Value]()
    for value, x in zip(op.operands, plain, strict=True):
        if _is_input(value, x):
            type_: Any = ScalarType(value.kind) if not np.ndim(x) else ArrayType(
                value.kind, tuple(Constant(n, Kind.INT) for n in np.shape(x)))
            values.append(builder.param(type_, value.name or f"x{len(inputs)}"))
            inputs.append(x)
        else:
            values.append(Constant(x.item() if isinstance(x, np.generic) else x, value.kind))
    attrs = {key: value for key, value in op.attrs.items() if key != "loose"}
    return builder.finish(list(emit_all(builder, op.prim, *values, **attrs))), inputs


def _is_input(value: Value, x: Any) -> bool:
    """Whether an operand is a parameter of `_alone`; sizes and indices are constants of it."""
    return bool(np.ndim(x)) or value.kind.is_inexact


# ---------------------------------------------------------------------- nodes
def _nodes(x: Any) -> Any:
    """The nodes of a number, an array or a list."""
    if isinstance(x, Noted):
        return x.nodes
    return _inactive(x).nodes


def _inactive(value: Any) -> Noted:
    """A value that depends on nothing."""
    if isinstance(value, Growable):
        nodes: Any = Growable(Kind.INT)
        nodes.zero = INACTIVE
        nodes[:] = [INACTIVE] * len(value)
        return Noted(value, nodes)
    return Noted(value, np.full(np.shape(value), INACTIVE) if np.ndim(value) else INACTIVE)


def _is_inactive(nodes: Any) -> bool:
    if isinstance(nodes, list):
        return all(node < 0 for node in nodes)
    return bool(np.max(nodes, initial=INACTIVE) < 0) if isinstance(nodes, np.ndarray) else bool(nodes < 0)


def _copied(nodes: Any) -> Any:
    """Nodes of their own; of a number, a plain integer."""
    if isinstance(nodes, Growable):
        made = Growable(Kind.INT)
        made.zero = INACTIVE
        made[:] = nodes
        return made
    return np.array(nodes) if np.ndim(nodes) else int(nodes)


def executed(function: Function, inputs: Sequence[tuple[Any, Kind, bool]], codes: Callable[[Span], CodeType | None],
             most: int) -> tuple[PlacedRecorder, list[Any], list[Any] | None]:
    """Run a program on arguments (value, kind, whether it is an independent variable) and record it.

    Returns the recorder, what the inputs are in it, and the results, both `Noted` where they are numbers (the nodes of
    an input are those of what was handed over, whatever is written into it later). The results are None where the run
    took more than `most` operations, which all are recorded.
    Raises what the program raises."""
    recorder = PlacedRecorder(codes)
    domain = Recording(recorder, most)
    given = [domain.input(*item) for item in inputs]
    begun = [Noted(x.values, _copied(x.nodes)) if isinstance(x, Noted) else x for x in given]  # (they may be written)
    env: dict[Value, Any] = dict(zip(function.data_params, given, strict=True))
    for dim, (position, axis) in function.shape_params.items():
        held = given[position]
        env[dim] = np.int64(np.shape(held.values if isinstance(held, Noted) else held)[axis])
    try:
        return recorder, begun, Interpreter(domain).call(function, env)
    except Exhausted:
        return recorder, begun, None


