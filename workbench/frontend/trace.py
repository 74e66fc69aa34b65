"""Specialising: a Python function and the arguments of a call become an IR function, with what a call must supply.

Tracing starts over when a decision has to be taken back (an aliasing mode of a loop, an integer that must be known):
each restart adds one decision, so the number of restarts is bounded.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Mapping
from typing import Any

from workbench.frontend import activation, calls, launches, overflow, source, unrolling
from workbench.frontend.environment import Environment
from workbench.frontend.numbers import MADE_A_TURN, UnsettledKind
from workbench.frontend.outputs import Exporter, Tree
from workbench.frontend.overlap import Placement
from workbench.frontend.paths import Guard, Input, Path
from workbench.frontend.tracer import Tracer
from workbench.frontend.unwinding import NeedStatic, Restart, Unreachable
from workbench.frontend.values import BoundMethod, DictValue, Lazy, ObjectValue
from workbench.frontend.variables import StoredMaybe, load_tree
from workbench.ir import Constant, DifferentiationError, Function, Kind, Overdue, Span, Stopped, Value, verify
from workbench.records import dataclass

MAX_RESTARTS = 60
MAX_UNPACKED = 64  # sizes that may be fixed because the program's structure depends on them


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """A container from outside that the program writes: where it is, and what it holds at the end."""

    path: Path
    kind: str  # "attributes" | "items" | "place" (the path itself is written)
    tree: Tree


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """A specialised program. `output` describes the value in terms of `function.results`; later results are the last
    versions of written buffers; `effects` are writes to containers from outside; `same` are further paths to containers
    of the arguments, with the first one."""

    function: Function
    inputs: tuple[Input, ...]
    output: Tree
    effects: tuple[Effect, ...]
    guards: tuple[Guard, ...]
    written: frozenset[int]
    views: Mapping[Any, tuple[Input, Placement]]
    same: Mapping[Any, Path]
    late: Mapping[Any, Guard]  # what users' rules take for granted: it grows while the program is differentiated
    doubtful: frozenset[tuple[str, str]]  # exceptions that the evaluator met, which Python might not


def trace(function: Any, args: tuple[Any, ...], names: tuple[str, ...], wrt: tuple[int, ...] = (),
          keywords: tuple[str, ...] = ()) -> Traced:
    """Specialise `function` for a call with `args`, the last of which go by `keywords`; `names` are their names. All
    leaves of the arguments in `wrt` become inputs, whether the function reads them or not.

    Raises DifferentiationError, or what the program itself raises on the way whatever its numbers are."""
    refusal: DifferentiationError | None = None
    for attempt in unrolling.ATTEMPTS:
        try:
            return _settled(function, args, names, wrt, keywords, dict(attempt))
        except Stopped:
            raise
        except Overdue as error:
            raise refusal or error from None
        except DifferentiationError as error:
            refusal = refusal or error
        except Exception:
            if refusal is None:
                raise
    assert refusal is not None
    raise refusal


def _settled(function: Any, args: tuple[Any, ...], names: tuple[str, ...], wrt: tuple[int, ...],
             keywords: tuple[str, ...], decisions: dict[Any, Any]) -> Traced:
    """Trace again and again, each time with one more decision."""
    pins: dict[Any, Any] = {}
    last: Restart | None = None
    for _ in range(MAX_RESTARTS):
        environment = Environment()
        environment.pins = pins
        environment.argument_names = names
        t = Tracer(getattr(function, "__name__", "f"), environment, decisions)
        try:
            return _run(t, environment, function, args, wrt, keywords)
        except Restart as restart:
            decisions[restart.key] = restart.decision
            last = restart
        except UnsettledKind as error:
            if None in error.loops or all((MADE_A_TURN, loop) in decisions for loop in error.loops):
                raise DifferentiationError(error.reason, t.span, error.hint) from None
            decisions.update({(MADE_A_TURN, loop): True for loop in error.loops})
        except Unreachable:
            raise DifferentiationError("every path of this program raises an exception",
                                       source.span_of(function)) from None
        except NeedStatic as need:
            key, fixed = pinned(environment, t, need)
            (pins if fixed is True else decisions)[key] = fixed
        except Exception as error:
            if isinstance(error, DifferentiationError) and t.launches.met:
                error.compiled_only = True
            if not hasattr(error, "__workbench_span__") and not isinstance(error, DifferentiationError):
                error.__workbench_span__ = t.span  # type: ignore[attr-defined]
            raise
    if last is None:
        raise DifferentiationError("specialising this function does not come to an end", source.span_of(function))
    reason = f"{last.reason}, again and again: in each call of a function by itself, perhaps"
    raise DifferentiationError(reason, last.span, "use loops, and arrays in place of lists")


def pinned(environment: Environment, t: Tracer, need: NeedStatic) -> tuple[Any, Any]:
    """The input on whose value the program's structure depends, and True; or a dimension of one, and its size."""
    value = t.builder.resolve(need.scalar.value)
    roots = _roots(t, value)
    for item in environment.inputs:
        if item.value in roots and item.kind is Kind.INT and item.path.key not in environment.pins:
            return item.path.key, True
    for dim, (path, axis, size) in environment.sizes.items():
        if dim in roots and size <= MAX_UNPACKED:
            return ("dim", path.key, axis), size
    if need.instead is not None:
        return need.instead, "chosen"
    if "inside a loop" in need.reason:
        raise DifferentiationError(need.reason, need.span, "use an array")
    raise DifferentiationError(f"{need.reason} must be known before the program runs, and it is computed at run time",
                               need.span, "use an array")


def _roots(t: Tracer, value: Value) -> set[Value]:
    found: set[Value] = set()
    pending = [value]
    while pending:
        current = t.builder.resolve(pending.pop())
        if current in found or isinstance(current, Constant):
            continue
        found.add(current)
        op = t.builder.definitions.get(current)
        if op is not None:
            pending.extend(op.operands)
    return found


def _run(t: Tracer, environment: Environment, function: Any, args: tuple[Any, ...],
         wrt: tuple[int, ...], keywords: tuple[str, ...]) -> Traced:
    owner = getattr(function, "__self__", None)
    target = source.python_function(function)
    environment.share(args)
    if isinstance(target, types.FunctionType):
        t.builder.span = source.span_of_function(target)  # what is wrong with an argument is told there
    values = tuple(environment.internal(a, Path(("arg", k))) for k, a in enumerate(args))
    for k in wrt:
        environment.load_all(values[k])
    root = activation.outside(t, target)
    if owner is not None and hasattr(function, "__func__"):
        target = BoundMethod(function.__func__, environment.internal(owner, None))
    positional = len(values) - len(keywords)
    named = dict(zip(keywords, values[positional:], strict=True))
    result = calls.call(root, target, values[:positional], named)
    if isinstance(result, Lazy):
        raise DifferentiationError(f"{t.builder.name} is a generator", _first_yield(target),
                                   "return a list or an array")
    exporter = Exporter(t, environment)
    output = exporter.tree(result)
    effects = tuple(_effects(t, environment, exporter))
    exporter.final_versions()
    ir = t.builder.finish([t.builder.resolve(v) for v in exporter.results])
    launches.prove(ir, t.launches, lambda v: v in ir.shape_params or v in t.nonnegative)
    ir = overflow.checked(ir, t.integers)
    verify(ir)
    environment.guard_apart()
    environment.guard_distinct()
    written = frozenset(c.source for c in t.cells if c.source is not None and c.written)
    return Traced(ir, tuple(environment.inputs), output, effects, tuple(environment.guards.values()), written,
                  environment.views, environment.same, environment.late, frozenset(environment.doubtful))


def _first_yield(function: Any) -> Span:
    inner = function.function if isinstance(function, BoundMethod) else function
    node = source.definition_of(inner)
    found = next((n for n in ast.walk(node) if isinstance(n, (ast.Yield, ast.YieldFrom))), node)
    return Span(inner.__code__.co_filename, found.lineno, found.col_offset, found.end_col_offset or 0,
                inner.__qualname__)


def _refuse_perhaps(t: Tracer, owner: ObjectValue) -> None:
    """Attributes that an object from outside has in the end on some paths only: refused on the others."""
    for name, variable in owner.fields.items():
        if isinstance(variable.stored, StoredMaybe):
            held = load_tree(variable.stored, t.builder.read)
            t.check(t.scalar(held.defined), "DifferentiationError",
                    f"the attribute {name!r}, which is assigned on some paths only, is not there in the end")


def _effects(t: Tracer, environment: Environment, exporter: Exporter) -> list[Effect]:
    effects = []
    for owner in environment.written:
        path = environment.paths[owner]
        if isinstance(owner, ObjectValue):
            _refuse_perhaps(t, owner)
            tree = exporter.tree(DictValue(owner.fields, 1))
            effects.append(Effect(path, "attributes", tree))
        else:
            effects.append(Effect(path, "items", exporter.tree(owner)))
    for path, variable in environment.outside.values():
        effects.append(Effect(path, "place", exporter.tree(t.read(variable))))
    return effects

