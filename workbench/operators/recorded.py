"""Users' rules, hooks and checkpoints in recorded runs: each call is one operation of the tape.

Invariant: what a checkpoint runs again gives the value of its first run (but for rounding, where that was compiled), or
is refused; random draws are the same.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from workbench.engines.tape.calls import mediate
from workbench.engines.tape.meanings import functions, means, special
from workbench.engines.tape.opaque import floats_of, opaque, parts_of, recorder_in, stripped, zeros_of
from workbench.engines.tape.outside import Outside
from workbench.engines.tape.reach import named_by, reaches_active
from workbench.engines.tape.refusal import refuse
from workbench.engines.tape.structures import rebuilt
from workbench.engines.tape.tape import Tape
from workbench.frontend.source import python_function
from workbench.ir import DifferentiationError, Span, is_narrow
from workbench.operators.readers import return_span
from workbench.rules import by_callable

_GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)


def _span(rule: Any) -> Span | None:
    return return_span(rule) if rule is not None else None


# ---------------------------------------------------------------------- rules
class RecordedRule:
    """One call of a function with its own rule."""

    def __init__(self, owner: Any) -> None:
        self.owner = owner
        self.residuals: Any = None
        self.is_linear: set[str] = set()

    def call(self, args: tuple[Any, ...]) -> Any:
        """The value, recorded."""
        owner = self.owner
        rules = (owner.jvp_rule, owner.vjp_rule, owner.forward)
        if reaches_active(owner.function, *(r for r in rules if r is not None)):
            raise refuse(f"{owner.__name__} has a rule of its own and reads a number that is differentiated otherwise "
                         "than through its arguments", "pass it as an argument")
        if owner.jvp_rule is None and owner.vjp_rule is None:
            raise refuse(f"{owner.__name__} is marked by wb.rule and has no rule",
                         f"give it one: @{owner.__name__}.defjvp or @{owner.__name__}.defvjp")
        spans = (_span(owner.vjp_rule or owner.jvp_rule), _span(owner.jvp_rule or owner.vjp_rule))
        return opaque(owner.__name__, self.compute, args, self.pull, self.push, spans)

    def compute(self, *args: Any) -> Any:
        """The value on plain numbers; what `forward` keeps is kept."""
        before, outside = stripped(args, None), Outside(self.owner.forward or self.owner.function)
        if self.owner.forward is None:
            y = self.owner.function(*args)
        else:
            y, kept = self._forward(self.owner.forward(*args))
            self.residuals = stripped(kept, None)
        outside.leave()
        if outside.wrote():
            raise refuse(f"{self.owner.__name__} has a rule of its own and writes into an array outside of it",
                         "let it return what it computes")
        if not same(before, args):
            raise refuse(f"{self.owner.__name__} has a rule of its own and writes into its arguments",
                         "let it return what it computes")
        return stripped(y, None)

    def _forward(self, made: Any) -> tuple[Any, Any]:
        if not (isinstance(made, tuple) and len(made) == 2):
            raise refuse(f"the forward function of {self.owner.__name__} must return (value, residuals)")
        return made

    def first(self, primals: tuple[Any, ...], y: Any) -> Any:
        """What a reverse-mode rule gets first: the arguments, or what `forward` keeps."""
        if self.owner.forward is None:
            return primals
        if recorder_in(primals) is None:
            return self.residuals
        value, kept = self._forward(mediate(self.owner.forward, *primals))
        return _exchanged(kept, value, y)  # the value is differentiated as the rule says

    def pull(self, primals: tuple[Any, ...], y: Any, y_bar: Any) -> Any:
        """Cotangents of the arguments."""
        if self.owner.vjp_rule is not None:
            return mediate(self.owner.vjp_rule, self.first(primals, y), y, y_bar)
        return self.transposed("jvp", self.owner.jvp_rule, primals, y, zeros_of(primals), y_bar)

    def push(self, primals: tuple[Any, ...], y: Any, dots: Any) -> Any:
        """The tangent of the value."""
        if self.owner.jvp_rule is not None:
            return mediate(self.owner.jvp_rule, primals, y, dots)
        return self.transposed("vjp", self.owner.vjp_rule, self.first(primals, y), y, zeros_of(y), dots)

    def transposed(self, mode: str, rule: Any, first: Any, y: Any, zeros: Any, given: Any) -> Any:
        """The other mode of a rule that is linear in its last argument: its own reverse sweep, at zero."""
        if mode not in self.is_linear:
            self.check_linear(mode, rule, bottom_of(first), bottom_of(y), bottom_of(zeros))
            self.is_linear.add(mode)
        tape = Tape(rule, (first, y, zeros), wrt=(2,))
        tape.backward(given)
        return tape.gradient(2)

    def check_linear(self, mode: str, rule: Any, first: Any, y: Any, zeros: Any) -> None:
        """Raise where a rule is not linear, by looking at it at zero and at a random point."""
        tape = Tape(rule, (first, y, zeros), wrt=(2,))
        rng = np.random.default_rng(0)
        point = _mapped(zeros, lambda z: z + rng.uniform(0.5, 1.5, np.shape(z)) * rng.choice([-1.0, 1.0]))
        at_zero, there = list(floats_of(tape.value)), list(floats_of(rule(first, y, point)))
        linear = list(floats_of(tape.tangent((None, None, point))))
        coarse = any(is_narrow(np.asarray(v).dtype) for v in there)
        if any(np.any(np.asarray(v) != 0) for v in at_zero) or len(there) != len(linear) or not all(
                np.allclose(a, b, rtol=1e-3 if coarse else 1e-8, atol=0.0) for a, b in zip(there, linear, strict=True)):
            missing, has = ("reverse", "forward") if mode == "jvp" else ("forward", "reverse")
            raise refuse(f"{self.owner.__name__} has no rule for {missing} mode, the one for {has} mode would be "
                         "transposed, and it is not linear", "write the rule for this mode", _span(rule))


def _mapped(x: Any, leaf: Callable[[Any], Any]) -> Any:
    """A structure of plain numbers with each float and array of floats mapped."""
    if isinstance(x, (float, complex, np.inexact)):
        return type(x)(leaf(x))
    if isinstance(x, np.ndarray):
        return np.asarray(leaf(x), dtype=x.dtype).reshape(x.shape) if x.dtype.kind in "fc" else x
    found = parts_of(x)
    return x if found is None else rebuilt(x, found[0], [_mapped(v, leaf) for v in found[1]])


def bottom_of(x: Any) -> Any:
    """The plain numbers of a structure."""
    recorder = recorder_in(x)
    while recorder is not None:
        x = stripped(x, recorder)
        recorder = recorder_in(x)
    return x


def _exchanged(x: Any, old: Any, new: Any) -> Any:
    """A structure with one of its parts exchanged, by identity."""
    if x is old:
        return new
    found = parts_of(x)
    return x if found is None else rebuilt(x, found[0], [_exchanged(v, old, new) for v in found[1]])


def same(a: Any, b: Any, slack: float = 0.0) -> bool:
    """True where two structures hold the same plain numbers, NaN included; with a slack, relative to the largest."""
    xs, ys = ([np.asarray(v) for v in floats_of(part)] for part in (a, b))
    return len(xs) == len(ys) and all(x.shape == y.shape and (
        np.array_equal(x, y, equal_nan=True) or (bool(slack) and _is_near(x, y, slack)))
        for x, y in zip(xs, ys, strict=True))


def _is_near(x: np.ndarray, y: np.ndarray, slack: float) -> bool:
    unit = 1e-4 if is_narrow(x.dtype) else slack
    finite = np.abs(x[np.isfinite(x)])
    return np.allclose(x, y, rtol=0.0, atol=unit * float(np.max(finite, initial=0.0)), equal_nan=True)


# ---------------------------------------------------------------------- hooks
def hooked(x: Any, function: Callable[[Any], Any], copied: Callable[[Any], Any]) -> Any:
    """`hook` in a recorded run."""
    if reaches_active(function):
        raise refuse("a hook uses a number that is differentiated", "use wb.stop_gradient of it in the hook")
    span = return_span(function) if inspect.isfunction(python_function(function)) else None
    return opaque("hook", copied, (x,), lambda primals, y, bar: (mediate(function, bar),),
                  lambda primals, y, dots: dots[0], (span, None))


# ---------------------------------------------------------------------- checkpoints
class Draws:
    """The state of the random generators that a function can reach, to draw the same again."""

    def __init__(self, function: Any, args: tuple[Any, ...]) -> None:
        self.found = list(_generators([*args, function]))
        self.states = self._now()

    def _now(self) -> list[Any]:
        return [np.random.get_state(), random.getstate(), *(_state(g) for g in self.found)]

    def _set(self, states: list[Any]) -> None:
        np.random.set_state(states[0])
        random.setstate(states[1])
        for generator, state in zip(self.found, states[2:], strict=True):
            _restore(generator, state)

    @contextlib.contextmanager
    def again(self) -> Iterator[None]:
        """Draw as at the first run; afterwards the generators are as they were."""
        now = self._now()
        self._set(self.states)
        try:
            yield
        finally:
            self._set(now)


def _generators(values: list[Any]) -> Iterator[Any]:
    known: set[int] = set()
    pending = list(values)
    while pending:
        x = pending.pop()
        if id(x) in known:
            continue
        known.add(id(x))
        if isinstance(x, _GENERATORS):
            yield x
        elif inspect.isfunction(x):
            pending.extend(named_by(x))
        elif inspect.ismethod(x):
            pending.extend((x.__self__, x.__func__))
        else:
            found = parts_of(x)
            pending.extend(found[1] if found is not None else ())


def _state(generator: Any) -> Any:
    if isinstance(generator, random.Random):
        return generator.getstate()
    return generator.bit_generator.state if isinstance(generator, np.random.Generator) else generator.get_state()


def _restore(generator: Any, state: Any) -> None:
    if isinstance(generator, random.Random):
        generator.setstate(state)
    elif isinstance(generator, np.random.Generator):
        generator.bit_generator.state = state
    else:
        generator.set_state(state)


def checkpointed(function: Any, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A call of a checkpointed function in a recorded run. One that uses active numbers besides its arguments, writes
    into these or gives parts of them back is recorded as any other."""
    if named or reaches_active(function):
        return mediate(function, *args, **named)
    draws: list[Draws] = []

    def compute(*plain: Any) -> Any:
        before = stripped(plain, None)
        draws.append(Draws(function, plain))
        outside = Outside(function)
        y = function(*plain)
        if outside.leave() or outside.wrote():
            raise refuse(f"{name}, which is checkpointed, changes what is outside of it, and would do so twice",
                         "let it return what it computes")
        if not same(before, plain) or _is_shared(y, plain):
            raise _NotByItself
        return stripped(y, None)

    def again(primals: tuple[Any, ...], y: Any) -> Tape:
        with draws[0].again(), contextlib.redirect_stdout(io.StringIO()):  # it has written once
            tape = Tape(function, stripped(primals, None))
        if not same(bottom_of(tape.value), bottom_of(y), 1e-10):  # (a derivative in it may have been compiled before)
            raise refuse(f"{name}, which is checkpointed, gives another value when it is run again",
                         "let it depend on its arguments alone")
        return tape

    def pull(primals: tuple[Any, ...], y: Any, y_bar: Any) -> Any:
        tape = again(primals, y)
        tape.backward(y_bar)
        return tuple(tape.gradient(k) for k in range(len(primals)))

    def push(primals: tuple[Any, ...], y: Any, dots: Any) -> Any:
        return again(primals, y).tangent(dots)
    try:
        return opaque(name, compute, args, pull, push)
    except _NotByItself:  # with copies: it is recorded as any other function
        with draws[0].again(), contextlib.redirect_stdout(io.StringIO()):  # it has written once
            return mediate(function, *args)


def _is_shared(y: Any, args: Any) -> bool:
    """Whether arrays of a result show the memory of one another, or of an argument."""
    known = [x for x in floats_of(args) if isinstance(x, np.ndarray)]
    for array in floats_of(y):
        if isinstance(array, np.ndarray):
            if any(np.may_share_memory(array, other) for other in known):
                return True
            known.append(array)
    return False


class _NotByItself(Exception):
    """A checkpointed function writes into its arguments, or gives them back."""


def bound(owner: Any, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """All arguments by position, defaults of a Python function's parameters filled in."""
    found = owner.signature.bind(*args, **named)
    if found.kwargs:
        raise DifferentiationError(f"{owner.__name__} has a rule of its own and takes keyword-only arguments", None,
                                   "make them ordinary parameters")
    if not owner.is_opaque:
        found.apply_defaults()
    return tuple(found.args)


_owners: dict[Any, Any] = {}  # of functions without source


def known_by(owner: Any) -> None:
    """Let a function without Python source meet its rule wherever a recorded run calls it."""
    function = owner.function
    taken = function in special or function in functions or by_callable(function) is not None

    def handler(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        return owner.recorded(*args, **named) if reaches_active(args, named) else callee(*args, **named)
    if not taken or function in _owners:
        means(function)(handler)
        _owners[function] = owner
