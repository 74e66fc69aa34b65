"""The public operators: thin, over `workbench.operators`."""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from workbench.cost.machine import current
from workbench.engines import Runner, engine_named
from workbench.engines import tape as recording
from workbench.engines.numba import Configuration
from workbench.frontend.library import handles
from workbench.operators import Derivative, linear, nesting, strategy
from workbench.operators.mapping import Mapped
from workbench.operators.specialisation import Specialisation
from workbench.operators.tracebacks import with_users_tracebacks
from workbench.records import dataclass
from workbench.views.tape import ShownTape

Wrt = int | str | tuple[int | str, ...]


def grad(f: Callable[..., Any], wrt: Wrt = 0, *, engine: str = "auto", has_aux: bool = False,
         deterministic: bool = False, mode: str = "auto") -> Derivative:
    """The gradient of a function that returns one real float.

    f: any Python function of numbers, arrays and structures of them (a Numba dispatcher and a lambda too).
    wrt: which parameters: an index, a name, or a tuple of them. has_aux: f returns (value, anything).
    engine: "numba": compiled; "tape": a recorded run of any Python, slower; "auto": compiled where the compiler takes
    the function, else the tape, with one warning that says why; "reference": interpreted, to compare with; or another
    that was registered (see `workbench.engines.register`).
    deterministic: contributions to a derivative are added up in the order opposite to the program's and multiplied as
    rules give them, and exp, sin and so on are the C library's: slower, and the same bits with every version that
    knows the same rules. (Without it they may be regrouped; the value of f never is. On one machine, a program gives
    the same bits in every call either way.)
    mode: "reverse"; "forward", by numbers alone, which keeps nothing; "auto": forward by one or two numbers where a
    program has loops and is predicted to be clearly faster (`.explain(*args)` prints both), else in reverse, as with
    `deterministic` and inside of other programs. The gradient is the same.
    Returns a callable with f's signature; a gradient has the structure of its argument, a tuple of them for a tuple
    `wrt`; with `has_aux`, (gradient, anything).
    Raises DifferentiationError where something cannot be differentiated, what f itself raises otherwise.
    Method: reverse or forward mode by source transformation, Griewank & Walther (2008), chapter 3.

    >>> def f(x, n):
    ...     y = 1.0
    ...     for _ in range(n):
    ...         y = y * x
    ...     return y
    >>> grad(f)(2.0, 3)
    12.0
    """
    return Derivative(f, "grad", wrt, engine=engine, has_aux=has_aux, deterministic=deterministic,
                      way=mode)


def value_and_grad(f: Callable[..., Any], wrt: Wrt = 0, *, engine: str = "auto", has_aux: bool = False,
                   deterministic: bool = False, mode: str = "auto") -> Derivative:
    """The value of a function and its gradient, together, for the price of one sweep forth and back.

    f, wrt, engine, has_aux, deterministic: as for `grad`.
    Returns a callable with f's signature that gives (value, gradient), the gradient with the structure of its argument;
    with `has_aux`, ((value, anything), gradient).
    Raises as `grad` does.
    Method: reverse or forward mode by source transformation, Griewank & Walther (2008), chapter 3.

    >>> def f(x):
    ...     return x * x
    >>> value_and_grad(f)(3.0)
    (9.0, 6.0)
    """
    return Derivative(f, "grad", wrt, with_value=True, engine=engine, has_aux=has_aux, deterministic=deterministic,
                      way=mode)


@with_users_tracebacks
def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], *, engine: str = "auto",
        deterministic: bool = False) -> Any:
    """The value of f and its derivative along a direction: forward mode.

    f: any Python function of numbers, arrays and structures of them; it may return any structure. primals: the
    arguments of f. tangents: one per argument, of its structure and shapes (None where it holds no float). engine and
    deterministic: as for `grad`.
    Returns (value, tangent of the value), the tangent of the value's structure and shapes (None for what is no float).
    Raises TypeError where there are not as many tangents as arguments, DifferentiationError where a tangent has not the
    structure of its argument or something cannot be differentiated, what f itself raises otherwise.
    Method: forward mode, Griewank & Walther (2008), section 3.1.

    >>> jvp(lambda x, y: x * y, (3.0, 5.0), (1.0, 0.0))
    (15.0, 5.0)
    """
    primals, tangents = tuple(primals), tuple(tangents)
    if len(primals) != len(tangents):
        raise TypeError(f"{len(primals)} arguments and {len(tangents)} tangents")
    alone = engine_named(engine).alone
    if alone is not None:
        return alone.forward(f, primals, tangents)
    wrt = tuple(k for k, tangent in enumerate(tangents) if tangent is not None)
    derivative = _cached(f, "jvp", wrt, engine, deterministic)
    args, keywords = derivative.bind(primals, {})
    def compiled(made: Specialisation) -> Any:
        flat = made.tangents([tangents[k] for k in wrt], args)
        data, results = made.run(args, flat)
        return made.value(args, data, results), made.output_tangent(results)
    return derivative.compiled_or_recorded(args, keywords, compiled,
                                           lambda runner: runner.forward(f, primals, tangents))


@with_users_tracebacks
def vjp(f: Callable[..., Any], *primals: Any, engine: str = "auto",
        deterministic: bool = False) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of f and its pullback: reverse mode.

    f: any Python function of numbers, arrays and structures of them; it may return any structure. primals: its
    arguments. engine and deterministic: as for `grad`.
    Returns (value, pullback); `pullback(cotangent)` takes a cotangent of the value's structure and shapes and gives a
    tuple, the cotangent of each argument (None for what holds no float). It may be called repeatedly.
    Raises DifferentiationError where something cannot be differentiated, and, from the pullback, where the cotangent
    has not the structure of the value; what f itself raises otherwise.
    Method: reverse mode, Griewank & Walther (2008), section 3.2.

    >>> value, pullback = vjp(lambda x, y: x * y, 3.0, 5.0)
    >>> value, pullback(1.0)
    (15.0, (5.0, 3.0))
    """
    def pull(made: Specialisation, kept: tuple[Any, ...], args: tuple[Any, ...], shapes: list[Any]) -> Any:
        return lambda cotangent: made.pull(kept, made.cotangents(cotangent, shapes))
    taken: tuple[Any, Any] = _later(f, primals, "vjp", pull, lambda runner: runner.pullback(f, primals), engine,
                                    deterministic)
    return taken


@with_users_tracebacks
def linearize(f: Callable[..., Any], *primals: Any, engine: str = "auto",
              deterministic: bool = False) -> tuple[Any, Callable[..., Any]]:
    """The value of f and its pushforward: forward mode, for as many directions as are wanted.

    f: any Python function of numbers, arrays and structures of them; it may return any structure. primals: its
    arguments. engine and deterministic: as for `grad`.
    Returns (value, pushforward); `pushforward(*tangents)` takes a tangent per argument, of its structure and shapes
    (None where it is zero), and gives the tangent of the value. Inside a compiled program f runs once, and the
    pushforward uses what it has kept; else it is compiled together with f, and runs it again.
    Raises DifferentiationError where something cannot be differentiated, TypeError, from the pushforward, where there
    are not as many tangents as arguments; what f itself raises otherwise.
    Method: forward mode, Griewank & Walther (2008), section 3.1.

    >>> value, pushforward = linearize(lambda x, y: x * y, 3.0, 5.0)
    >>> value, pushforward(1.0, 0.0), pushforward(0.0, 1.0)
    (15.0, 5.0, 3.0)
    """
    def push(made: Specialisation, kept: tuple[Any, ...], args: tuple[Any, ...], shapes: list[Any]) -> Any:
        return lambda *tangents: made.push(kept, tangents, args)
    return _counted(_later(f, primals, "push", push, lambda runner: runner.pushforward(f, primals), engine,
                           deterministic), len(primals))


def _later(f: Callable[..., Any], primals: tuple[Any, ...], mode: str, make: Callable[..., Any],
           recorded: Callable[[Runner], Any], engine: str, deterministic: bool) -> Any:
    """The value of f, and what `make` makes of the specialisation for later: with a copy of the data, the arguments,
    and all that the program has given. `recorded` does all that by a runner."""
    alone = engine_named(engine).alone
    if alone is not None:
        return recorded(alone)
    value_of = _cached(f, "value", (), engine, deterministic)
    derivative = _cached(f, mode, tuple(range(len(primals))), engine, deterministic)
    args, keywords = derivative.bind(primals, {})

    def compiled(made: Specialisation) -> Any:
        kept = made.snapshot(args)
        plain = value_of.specialised(args, keywords)
        data, results = plain.run(args)
        return plain.value(args, data, results), make(made, kept, args, list(results))
    return derivative.compiled_or_recorded(args, keywords, compiled, recorded)


def _counted(made: tuple[Any, Callable[..., Any]], count: int) -> tuple[Any, Callable[..., Any]]:
    """A value and its pushforward, which takes as many tangents as there are arguments."""
    value, push = made

    def pushforward(*tangents: Any) -> Any:
        if len(tangents) != count:
            raise TypeError(f"{count} arguments and {len(tangents)} tangents")
        return push(*tangents)
    return value, pushforward


def vmap(f: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0, *, engine: str = "auto") -> Mapped:
    """A function of one item as a function of a batch: what a loop over the items gives, stacked.

    f: any Python function of numbers, arrays and structures of them, which returns numbers, arrays or structures of
    them, of one shape for all items; a derivative (`wb.grad(f)`), or a mapped function. A decorator.
    in_axes: which axis of the arguments is that of the items: an int, None (the argument is the same for all items), or
    a tuple with an entry per argument; an entry stands for all arrays of its argument, or is a structure of the same
    layout with entries for its parts. Arguments passed by keyword are mapped over their first axis. What is neither
    number nor array (a function, a text, a random generator) is passed on.
    out_axes: where the axis of the items is in the results, as an entry of `in_axes`; None: the result is the same for
    all items (it is checked).
    engine: "numba": compiled; "tape": Python runs the loop; "auto": compiled where the compiler takes the function.
    Inside a differentiated function the engine is that of the derivative.
    Returns a callable. It can be differentiated, and mapped again. Items run in order, each exactly once: random
    numbers are drawn as the loop draws them, and what f writes into an item is written into the argument.
    Raises ValueError where the sizes of the mapped axes differ, an array has no such axis, or the batch is empty;
    DifferentiationError where the shape of a result depends on the item, or an argument that is not mapped is written
    (where Python runs the loop, ValueError: such arrays are read-only).

    >>> import numpy as np
    >>> def power(x, n):
    ...     y = 1.0
    ...     for _ in range(n):
    ...         y = y * x
    ...     return y
    >>> vmap(power, in_axes=(0, None))(np.array([1.0, 2.0, 3.0]), 3)
    array([ 1.,  8., 27.])
    >>> vmap(grad(power), in_axes=(0, None))(np.array([1.0, 2.0, 3.0]), 3)
    array([ 3., 12., 27.])
    """
    if not callable(f):
        raise TypeError(f"a function is needed, not {f!r}")
    return Mapped(f, in_axes, out_axes, engine)


def tape(f: Callable[..., Any], *args: Any, **named: Any) -> recording.Tape:
    """One recorded run of a function, every float of its arguments an independent variable.

    f: any Python function of numbers, arrays and structures of them. args, named: its arguments.
    Returns a `Tape`: `.value`, `len(tape)` nodes, `tape[k]` (operation, inputs, value, partials, adjoint, line) and
    slices, `.by_line()`, `.backward()`, `.gradient(position)`, `.step_back()`, `.step_forward()`, `.to_json()`. A
    notebook shows it: a table, and while the kernel runs a list and a graph of all nodes, to be stepped through.
    Raises DifferentiationError where a derivative would be lost, what f itself raises otherwise.
    Method: Griewank & Walther (2008), section 6.1.

    >>> recorded = tape(lambda x, y: x * y + x, 3.0, 5.0)
    >>> [node.operation for node in recorded]
    ['input', 'input', 'mul', 'add']
    >>> _ = recorded.backward()
    >>> recorded.gradient(0), recorded.gradient(1)
    (6.0, 3.0)
    """
    return ShownTape(f, (*args, *named.values()), tuple(named))


@dataclass(frozen=True)
class _Operator:
    """`grad` or `value_and_grad` of a function of the program being traced."""

    function: Any
    wrt: tuple[Any, ...]
    several: bool
    with_value: bool
    has_aux: bool
    deterministic: bool
    mode: str

    def inlined(self, act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call the derivative."""
        positions = tuple(nesting.position_of(act, self.function, w) for w in self.wrt)
        return nesting.nested_gradient(act, self.function, positions, self.several, self.with_value, self.has_aux, args,
                                       named, self.deterministic, self.mode)


def _nested_operator(with_value: bool) -> Any:
    def handler(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        wrt = args[1] if len(args) > 1 else named.get("wrt", 0)
        several = isinstance(wrt, tuple)
        return _Operator(args[0], wrt if several else (wrt,), several, with_value, named.get("has_aux", False),
                         named.get("deterministic", False), strategy.checked("grad", named.get("mode", strategy.AUTO)))
    return handler


handles(grad)(_nested_operator(False))
handles(value_and_grad)(_nested_operator(True))


@handles(jvp)
def _nested_jvp(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    primals, tangents = (tuple(act.t.environment.items(act, a)) for a in args[1:3])
    return nesting.nested_jvp(act, args[0], primals, tangents)


@handles(vjp)
def _nested_vjp(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return linear.nested_vjp(act, args[0], args[1:])


@handles(linearize)
def _nested_linearize(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return linear.nested_linearize(act, args[0], args[1:])


@handles(vmap)
def _nested_vmap(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return Mapped(*args, **named)


@recording.means(vmap)
def _mapped_in_a_run(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return callee(*args, **named)


@recording.means(jvp)
def _recorded_jvp(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`jvp` inside a recorded run."""
    f, primals, tangents = (*args, *(named[k] for k in ("f", "primals", "tangents") if k in named))
    return recording.forward(f, tuple(primals), tuple(tangents))


@recording.means(vjp)
def _recorded_vjp(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`vjp` inside a recorded run."""
    return recording.pullback(args[0], args[1:])


@recording.means(linearize)
def _recorded_linearize(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`linearize` inside a recorded run."""
    return recording.pushforward(args[0], args[1:])


@recording.means(tape)
def _recorded_tape(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`tape` inside a recorded run: its sweeps are recorded by the outer one."""
    return ShownTape(args[0], (*args[1:], *named.values()), tuple(named))


_derivatives: weakref.WeakKeyDictionary[Any, dict[Any, Derivative]] = weakref.WeakKeyDictionary()


def _cached(f: Callable[..., Any], mode: str, wrt: tuple[int, ...], engine: str, deterministic: bool) -> Derivative:
    try:
        known = _derivatives.setdefault(f, {})
    except TypeError:  # not weakly referable: specialised for this call only
        known = {}
    key = (mode, wrt, engine, deterministic)
    if key not in known:
        known[key] = Derivative(f, mode, wrt, engine=engine, deterministic=deterministic)
    return known[key]


def show_config(engine: str = "auto") -> Any:
    """What the compiled programs of an engine run on: with Numba versions, the processor, the disk cache, and where
    exp, sin and so on come from.

    engine: as for `grad`; another engine's compiler says what it has to say (`Compiler.configuration`).
    Vectorised loops use functions of the workbench's own, of which the largest errors are given in units in the last
    place; the environment variable WORKBENCH_VECTOR_MATH=0 leaves them all to the C library.
    Returns a record that prints itself, of Numba's programs with `vector_math` ("own" or "libm"), `bounds`, `lanes`,
    `versions`, `processor`, `cache`, and `machine` ("measured" where `wb.calibrate` was used, else
    "default"); None for an engine that compiles nothing.
    Raises DifferentiationError where there is no such engine.

    >>> show_config().vector_math in ("own", "libm")
    True
    >>> show_config("tape") is None
    True
    """
    compiler = engine_named(engine).compiler
    found = None if compiler is None else compiler.configuration()
    if isinstance(found, Configuration):
        return dataclasses.replace(found, machine="measured" if current().calibrated else "default")
    return found
