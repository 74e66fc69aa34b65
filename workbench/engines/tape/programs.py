"""Structured operations: NumPy's functions of arrays, differentiated by the compiler's front end and transforms.

The value is NumPy's own. For the derivative the call alone is traced to IR, on the shapes at hand; the pullback and
pushforward of that IR run in the interpreter. A derivative is IR again, so that under an outer recorder it is an
operation like any other, to any order. What the front end does not take is refused at the user's line.

Invariant: a program stands for a call only where its value is NumPy's, looked at once when it is made.
"""

from __future__ import annotations

import copy
import functools
import inspect
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.engines.tape.active import ACTIVE, PLAIN, actives, bottom, holds_active, is_constant, recorder_of
from workbench.engines.tape.array import ActiveArray, fresh, from_items, wrap
from workbench.engines.tape.late import late
from workbench.engines.tape.meanings import functions, written_out
from workbench.engines.tape.recorder import Part, Recorder
from workbench.engines.tape.refusal import refuse
from workbench.engines.tape.texts import note_text
from workbench.frontend import Leaf, Node, Static, Traced, Tree, calls, leaves, trace
from workbench.frontend.library import lookup
from workbench.interpret import run
from workbench.ir import Builder, DifferentiationError, Function, Kind, ScalarType
from workbench.passes import DeadCode, Simplify
from workbench.passes import run as run_passes
from workbench.rules import by_callable, emit
from workbench.transforms import jvp, vjp

MAX_PROGRAMS = 2000
_OVERWRITING = frozenset({np.median, np.quantile, np.percentile, np.nanmedian, np.nanquantile, np.nanpercentile})
_CLEANING = (DeadCode(), Simplify(), DeadCode())
_programs: dict[Any, list[tuple[Traced, Function, Any]]] = {}
_lately: dict[Any, tuple[Traced, Function, tuple[int, ...]]] = {}
_count = 0
_lock = threading.Lock()


# ---------------------------------------------------------------------- programs that stand for calls
def structured(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A call of a NumPy (or SciPy) function with active arguments."""
    if all(is_constant(x) for x in actives((args, named))):
        return _of_constants(callee, args, named)
    if callee in _OVERWRITING:  # the argument is of no use afterwards, as NumPy says: it is left as it is
        call = inspect.signature(callee).bind(*args, **named)
        call.arguments["overwrite_input"] = False
        args, named = call.args, call.kwargs
    names = [k for k, v in named.items() if (v is not None or k == "axis") and v is not np._NoValue]
    named = {k: named[k] for k in names}
    values = tuple(_array_like(a) for a in (*args, *named.values()))
    recorder = recorder_of(values)
    stripped = tuple(stripped_of(v, recorder) for v in values)
    value = by_numpy(callee, *stripped[:len(args)], **dict(zip(names, stripped[len(args):], strict=True)))
    if value is None:
        raise refuse(f"np.{getattr(callee, '__name__', callee)} writes into active arrays in place",
                     "write it with indices")
    shown = any(np.may_share_memory(bottom(v), bottom(a)) for v in _arrays_of(value) for a in _arrays_of(stripped))
    if not _has_floats(value) and not shown:
        note_text(value, recorder)
        return value
    if shown:
        return _view(callee, args, named, value)
    active = frozenset(k for k, v in enumerate(values) if not all(is_constant(x) for x in actives(v)))
    traced, function, given = _program(callee, tuple(_plain(v) for v in stripped), tuple(names), bottom(value), active)
    inputs = [item.path.fetch((None, *(values[k] for k in given))) for item in traced.inputs]
    outputs = [leaf.position for leaf in leaves(traced.output) if leaf.kind.is_inexact]
    results = iter(_recorded(getattr(callee, "__name__", "call"), function, inputs, outputs, recorder,
                             _found(value, traced.output)))
    return _rebuilt(value, traced.output, results)


def _of_constants(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A call in which nothing is active: NumPy's own. Its new arrays may hold active numbers later."""
    return _made(callee(*bottom(args), **bottom(named)), list(actives((args, named))), recorder_of(args, named))


def _made(value: Any, operands: list[Any], recorder: Recorder) -> Any:
    if isinstance(value, (tuple, list)):
        items = [_made(v, operands, recorder) for v in value]
        return items if type(value) is list else tuple.__new__(type(value), items)  # type: ignore[type-var]
    if type(value) is not np.ndarray:
        return value
    shown = [a for a in operands if np.may_share_memory(value, bottom(a))]
    for a in shown:
        a.show()
    return value if shown else fresh(value, recorder)


def _array_like(x: Any) -> Any:
    """An argument with nested lists of active numbers as arrays, and scalar arrays as numbers."""
    if type(x) is ActiveArray:
        return x if x.ndim else x[()]
    if type(x) not in ACTIVE and isinstance(x, (list, tuple)) and holds_active(x):
        if any(type(v) is ActiveArray for v in x):
            return type(x)(_array_like(v) for v in x) if type(x) in (list, tuple) else x
        return from_items(x)
    return x


def stripped_of(x: Any, recorder: Recorder) -> Any:
    """An argument with the recorder's own numbers replaced by what they stand for."""
    if type(x) in ACTIVE:
        if x.recorder is not recorder:
            return x
        return x.primal
    if isinstance(x, (list, tuple)):
        items = [stripped_of(v, recorder) for v in x]
        return items if isinstance(x, list) else tuple.__new__(type(x), items)
    return {k: stripped_of(v, recorder) for k, v in x.items()} if type(x) is dict else x


def _plain(x: Any) -> Any:
    """What the front end sees of an argument."""
    x = bottom(x)
    if isinstance(x, np.generic) and not isinstance(x, np.inexact):
        return x.item()
    return x


def by_numpy(callee: Any, *args: Any, **named: Any) -> Any:
    """A NumPy function, recorded where an argument is active."""
    return dispatch(callee, args, named) if holds_active((args, named)) else callee(*args, **named)


def dispatch(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A NumPy function with active arguments."""
    handler = functions.get(callee)
    if handler is None and callee in written_out and lookup(callee) is None and by_callable(callee) is None:
        handler, args = written_out[callee], tuple(_array_like(a) for a in args)
    return structured(callee, args, named) if handler is None else handler(*args, **named)


def in_own_words(error: Exception, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Exception:
    """The exception that NumPy itself raises on copies of the plain numbers; a refusal where it raises none."""
    try:
        callee(*copy.deepcopy(bottom(args)), **copy.deepcopy(bottom(named)))
    except Exception as own:
        return own
    name = getattr(callee, "__name__", callee)
    return refuse(f"this call of np.{name} is not known on the tape ({error})", "write it out")


def _has_floats(value: Any) -> bool:
    """True for a value with floats in it. What may hide them (records, arrays of objects, objects) is refused."""
    if isinstance(value, (list, tuple)):
        found = [_has_floats(v) for v in value]
        return any(found)
    if isinstance(value, (float, complex)):
        return True
    if isinstance(value, (np.ndarray, np.generic)):
        if value.dtype.kind in "OV":
            raise refuse(f"active numbers in an array of {value.dtype}", "keep each field in an array of its own")
        return value.dtype.kind in "fc"
    if not isinstance(value, _WITHOUT_FLOATS):
        raise refuse(f"active numbers in a {type(value).__name__}, an object of the library's", "use arrays of floats")
    return False


def _view(callee: Any, args: tuple[Any, ...], named: dict[str, Any], value: Any) -> Any:
    """A result that is a view of the only active array among the arguments: it has the same view of the nodes."""
    found = list(actives((args, named)))
    if len(found) == 1 and type(found[0]) is ActiveArray and isinstance(value, np.ndarray) and (
            value.dtype == found[0].dtype and getattr(callee, "__name__", "") != "frombuffer"):
        nodes = callee(*(a.nodes if a is found[0] else a for a in args), **named)
        if nodes.shape == value.shape and np.may_share_memory(nodes, found[0].nodes):
            return wrap(value, nodes, found[0].recorder)
    raise refuse(f"np.{getattr(callee, '__name__', callee)} gives a view of its argument", "copy it (`.copy()`)")


def _arrays_of(value: Any) -> Iterator[Any]:
    """The arrays in nested lists and tuples."""
    if isinstance(value, (list, tuple)):
        for v in value:
            yield from _arrays_of(v)
    elif isinstance(value, np.ndarray):
        yield value


_WITHOUT_FLOATS = (int, str, bytes, type, np.dtype, slice, type(None))


class _Call:
    """A call whose arguments are partly known while it is traced: numbers, texts, axes; the rest are its own."""

    def __init__(self, callee: Any, args: tuple[Any, ...], keywords: tuple[str, ...], given: Sequence[int]) -> None:
        self.callee = callee
        self.args = args
        self.keywords = keywords
        self.given = tuple(given)

    def inlined(self, act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call it, in the program being traced."""
        values = [_static(act, a) if k not in self.given else None for k, a in enumerate(self.args)]
        for k, value in zip(self.given, args, strict=True):
            values[k] = value
        first = len(values) - len(self.keywords)
        keywords = dict(zip(self.keywords, values[first:], strict=True))
        return calls.call(act, self.callee, tuple(values[:first]), keywords)


def _static(act: Any, x: Any) -> Any:
    return act.t.new_list([_static(act, v) for v in x]) if type(x) is list else x


def _traced_call(call: Any, *given: Any) -> Any:
    return call(*given)


def _program(callee: Any, args: tuple[Any, ...], keywords: tuple[str, ...], value: Any,
             active: frozenset[int]) -> tuple[Traced, Function, tuple[int, ...]]:
    """The traced call, made where none holds for these arguments, and which arguments it takes. Floats are known while
    it is traced only where the front end asks for that, and never those that are active."""
    reason = ("", "")
    try:
        exact = (callee, keywords, *(_exactly(a) for a in args))  # of the same shapes: all guards hold
        if exact in _lately:
            return _lately[exact]
    except TypeError:
        exact = None
    for fixed in (False, True):
        given = tuple(k for k, a in enumerate(args) if k in active or not (
            _is_fixed(a) or (fixed and type(a) is float)))
        try:
            found = (*_found_or_made(callee, args, keywords, given, value), given)
            if exact is not None and not fixed:
                if len(_lately) >= MAX_PROGRAMS:
                    _lately.clear()
                _lately[exact] = found
            return found
        except DifferentiationError as error:
            reason = reason if fixed else (error.reason, error.hint)
        if not any(type(a) is float and k not in active for k, a in enumerate(args)):
            break
    raise _no_rule(callee, *reason)


def _exactly(x: Any) -> Any:
    """All that a program is specialised on, shapes included."""
    if isinstance(x, np.ndarray):
        return x.dtype, x.shape, x.flags.writeable
    if isinstance(x, (list, tuple)):
        return type(x), tuple(_exactly(v) for v in x)
    return type(x) if isinstance(x, (float, complex, np.generic)) else (type(x), x)


def _is_fixed(x: Any) -> bool:
    """True for an argument that is known while a call is traced."""
    if isinstance(x, (list, tuple)):
        return all(_is_fixed(v) for v in x)
    return not isinstance(x, (float, complex, np.ndarray, np.inexact))


def _found_or_made(callee: Any, args: tuple[Any, ...], keywords: tuple[str, ...], given: tuple[int, ...],
                   value: Any) -> tuple[Traced, Function]:
    global _count
    taken = tuple(args[k] for k in given)
    try:
        key = (callee, keywords, given, *(_kind(a, k in given) for k, a in enumerate(args)))
        known = _programs.get(key, ())
    except TypeError as error:
        raise DifferentiationError(f"an argument of this call is not known: {error}") from None
    for traced, function, call in known:
        if all(guard.holds((call, *taken)) for guard in traced.guards):
            return traced, function
    call = _Call(callee, args, keywords, given)
    try:
        traced = trace(_traced_call, (call, *taken), ("call", *(f"x{k}" for k in given)))
        function = run_passes(_CLEANING, traced.function)
        found = run(function, [item.path.fetch((call, *taken)) for item in traced.inputs])
    except DifferentiationError:
        raise
    except Exception as error:  # NumPy took the call: what the front end makes of it is beside the point
        raise DifferentiationError(f"the compiler does not take this call ({type(error).__name__}: {error})") from None
    if traced.written or not _agree(value, traced.output, found):
        raise DifferentiationError("the compiler does not take this call as NumPy does")
    with _lock:
        if _count >= MAX_PROGRAMS:
            _programs.clear()
            _count = 0
        _programs.setdefault(key, []).append((traced, function, call))
        _count += 1
    return traced, function


def _no_rule(callee: Any, reason: str, hint: str = "") -> DifferentiationError:
    module = getattr(callee, "__module__", None) or "numpy"
    name = f"{module}.{getattr(callee, '__name__', callee)}"
    if _traced_call.__name__ in reason:  # where the call stands is no line of the user's
        reason, hint = "the compiler does not take it", ""
    return refuse(f"no derivative of {name} on the tape: {reason}", hint or "use a function with a rule")


def _kind(x: Any, given: bool) -> Any:
    """What a program is specialised on, besides its guards."""
    if not given:
        return type(x), tuple(_kind(v, False) for v in x) if isinstance(x, (list, tuple)) else (
            (x.start, x.stop, x.step) if isinstance(x, slice) else x)
    if isinstance(x, np.ndarray):
        return x.dtype, tuple(x.shape if x.size < 8 else (min(d, 2) for d in x.shape)), x.flags.writeable
    if isinstance(x, (list, tuple)):
        return type(x), tuple(_kind(v, True) for v in x)
    if isinstance(x, (float, complex, np.generic)):
        return type(x)
    return type(x), x


def _agree(value: Any, tree: Tree, results: Sequence[Any]) -> bool:
    """True where a program's results are the value, in structure, kind and number."""
    if isinstance(tree, Node):
        same = isinstance(value, (list, tuple)) and len(value) == len(tree.children)
        return same and all(_agree(v, c, results) for v, c in zip(value, tree.children, strict=True))
    if isinstance(tree, Static):
        return value is tree.value or bool(np.all(value == tree.value))
    if not isinstance(tree, Leaf):
        return False
    found, given = np.asarray(results[tree.position]), np.asarray(value)
    if found.shape != given.shape or found.dtype.kind != given.dtype.kind:
        return False
    slack = 1e-3 if given.dtype.itemsize <= 4 or given.dtype == np.complex64 else 1e-8
    scale = float(np.max(np.abs(given), initial=0.0, where=np.isfinite(given))) if given.size else 0.0
    return bool(np.allclose(found, given, slack, slack * scale, equal_nan=True))


def _found(value: Any, tree: Tree) -> list[Any]:
    """The floats of a value, in the order of the program's results."""
    if isinstance(tree, Node):
        return [x for v, c in zip(value, tree.children, strict=True) for x in _found(v, c)]
    return [value] if isinstance(tree, Leaf) and tree.kind.is_inexact else []


def _rebuilt(value: Any, tree: Tree, results: Any) -> Any:
    """The value with its floats replaced by recorded ones."""
    if isinstance(tree, Node):
        items = [_rebuilt(v, c, results) for v, c in zip(value, tree.children, strict=True)]
        return items if isinstance(value, list) else tuple.__new__(type(value), items)
    return next(results) if isinstance(tree, Leaf) and tree.kind.is_inexact else value


# ---------------------------------------------------------------------- IR on active numbers
def apply_function(function: Function, inputs: Sequence[Any]) -> list[Any]:
    """The results of an IR function, recorded where inputs are active."""
    if not any(type(x) in ACTIVE for x in inputs):
        return run(function, [_as_input(x, p) for x, p in zip(inputs, function.data_params, strict=True)])
    recorder = recorder_of(inputs)
    values = apply_function(function, [stripped_of(x, recorder) for x in inputs])
    outputs = [k for k, r in enumerate(function.results) if r.kind.is_inexact]
    made = iter(_recorded(function.name, function, inputs, outputs, recorder, [values[k] for k in outputs]))
    return [next(made) if k in outputs else v for k, v in enumerate(values)]


@functools.cache
def _of_primitive(name: str, count: int, kind: Kind) -> Function:
    builder = Builder(name)
    params = [builder.param(ScalarType(kind), f"x{k}") for k in range(count)]
    return builder.finish([emit(builder, name, *params)])


@late.provides
def by_program(name: str, xs: Sequence[Any], y: Any, y_bar: Any, position: int) -> Any:
    """What a cotangent of an operation of numbers contributes to that of an operand (see `partials.pulled`)."""
    kind = Kind.C128 if isinstance(bottom(xs[0]), complex) else Kind.F64
    return apply_function(_transformed(_of_primitive(name, len(xs), kind), "vjp", (position,), (0,)), [*xs, y_bar])[0]




def _as_input(x: Any, param: Any) -> Any:
    """A number or array of the kind that a parameter has."""
    if param.is_array:
        return np.asarray(x, dtype=param.kind.dtype)
    return x if type(x) in PLAIN and not param.kind.is_complex else np.asarray(x)[()]


def _recorded(name: str, function: Function, inputs: Sequence[Any], outputs: Sequence[int], recorder: Recorder,
              values: Sequence[Any]) -> list[Any]:
    """A block of a recorder that computes `values` by an IR function."""
    wrt = [k for k, x in enumerate(inputs) if type(x) in ACTIVE and x.recorder is recorder
           and (type(x) is not ActiveArray or x.nodes.max(initial=-1) >= 0)]
    if not wrt or not outputs:
        return [fresh(v, recorder) for v in values]
    kept = [_snapshot(stripped_of(x, recorder)) for x in inputs]
    operands = [Part(np.array(_nodes(inputs[k])), _dtype(inputs[k])) for k in wrt]

    def pull(bars: list[Any]) -> Sequence[Any]:
        return apply_function(_transformed(function, "vjp", tuple(wrt), tuple(outputs)), [*kept, *(
            _like(bar, v) for bar, v in zip(bars, values, strict=True))])

    def push(dots: list[Any]) -> Sequence[Any]:
        return apply_function(_transformed(function, "jvp", tuple(wrt), tuple(outputs)), [*kept, *(
            _like(dot, kept[k]) for dot, k in zip(dots, wrt, strict=True))])  # (keeps no input: parts are looked after)
    nodes = recorder.structured(name, [_measured(v) for v in values], operands, pull, push)
    return [wrap(v, n if _is_array(v) else n[()], recorder) for v, n in zip(values, nodes, strict=True)]


def _like(bar: Any, value: Any) -> Any:
    """A cotangent as a number where the value is one."""
    return bar if _is_array(value) or not _is_array(bar) else bar.reshape(-1)[0]


def _is_array(x: Any) -> bool:
    return x.__class__ is np.ndarray


def _nodes(x: Any) -> Any:
    return x.nodes if type(x) is ActiveArray else x.node


def _dtype(x: Any) -> Any:
    return np.asarray(bottom(x)).dtype


def _measured(x: Any) -> Any:
    """An array to be entered in the record (its plain numbers do)."""
    return np.asarray(bottom(x))


def _snapshot(x: Any) -> Any:
    """An input as it is now: arrays are copied, since the program may write them later."""
    return x.copy() if _is_array(x) else x


@functools.lru_cache(maxsize=4 * MAX_PROGRAMS)
def _transformed(function: Function, mode: str, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Function:
    """The pullback or pushforward alone, without the function's own results."""
    made: Any = {"vjp": vjp, "jvp": jvp}[mode](function, wrt, outputs)
    block = replace(made.block, yields=made.block.yields[len(function.results):])
    return run_passes(_CLEANING, Function(made.name, block, made.shape_params, made.span))


__all__ = ["apply_function", "by_numpy", "dispatch", "stripped_of", "structured"]
