"""One call of NumPy's as IR: traced alone by the front end, and kept for calls of the same kind.

Invariant: a program stands for a call only where its value is NumPy's, looked at once when it is made.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.engines.tape.recorded_ir import CLEANING
from workbench.engines.tape.refusal import refuse
from workbench.frontend import Leaf, Node, Static, Traced, Tree, calls, trace
from workbench.interpret import run
from workbench.ir import DifferentiationError, Function, is_narrow
from workbench.passes import run as run_passes

MAX_PROGRAMS = 2000
_programs: dict[Any, list[tuple[Traced, Function, Any]]] = {}
_lately: dict[Any, tuple[Traced, Function, tuple[int, ...]]] = {}
_count = 0
_lock = threading.Lock()


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


def program_of(callee: Any, args: tuple[Any, ...], keywords: tuple[str, ...], value: Any,
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
        function = run_passes(CLEANING, traced.function)
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
    slack = 1e-3 if is_narrow(given.dtype) else 1e-8
    scale = float(np.max(np.abs(given), initial=0.0, where=np.isfinite(given))) if given.size else 0.0
    return bool(np.allclose(found, given, slack, slack * scale, equal_nan=True))
