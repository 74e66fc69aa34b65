"""The user's word on derivatives: rules of one's own, gradients that are stopped, hooks, checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from workbench import checking
from workbench.checking import CheckReport
from workbench.engines import engine_named
from workbench.engines import tape as recording
from workbench.frontend.library import handles
from workbench.magnifying import magnified
from workbench.operators import identities, recorded
from workbench.operators.identities import Checkpointed, copied
from workbench.operators.rules import Rule
from workbench.views.microscope import Microscope

T = TypeVar("T")


def rule(f: Callable[..., Any]) -> Rule:
    """Give a function its own derivative rule, for forward mode, reverse mode or both. A decorator.

    f: a Python function, or one without Python source (`jv = wb.rule(scipy.special.jv)`), which the tape can call.
    Returns a callable with f's signature and two decorators:
    `defjvp`: `rule(primals, y, tangents)` gives the tangent of y.
    `defvjp`: `rule(primals, y, y_bar)` gives a tuple, one cotangent per argument. With `defvjp(forward=g)`, g is called
    like f, gives `(y, residuals)`, and the rule gets the residuals instead of the primals.
    `primals` are the arguments, `y` what f returned; tangents and cotangents have the structure of what they belong to,
    with None for what holds no float.
    Rules are compiled like any other function and may call f: they are differentiated to any order. A function with a
    rule for one mode is used in the other by transposition, which needs a rule that is linear in the tangents (or
    cotangents). What f reads besides its arguments is taken for constant.
    Raises DifferentiationError: at the rule's line, where it returns another structure, dtype or shape than is asked;
    where no rule is there; where a rule that is not linear would have to be transposed.
    A wrong rule gives wrong gradients: `wb.check` finds them.
    Method: Griewank & Walther (2008), section 6.1; transposition as in Radul et al. (POPL 2023).

    >>> import math
    >>> @rule
    ... def softplus(x):
    ...     return math.log1p(math.exp(x))
    >>> @softplus.defjvp
    ... def softplus_jvp(primals, y, tangents):
    ...     x, = primals
    ...     x_dot, = tangents
    ...     return x_dot / (1.0 + math.exp(-x))
    >>> from workbench import grad
    >>> grad(lambda x: softplus(2.0 * x))(0.0)
    1.0
    """
    return Rule(f)


def stop_gradient(x: T) -> T:
    """The value of x, constant as far as derivatives go.

    x: a number, an array, or any structure of them.
    Returns a copy, of the same types and shapes; its derivative is zero in both modes and of every order, by the user's
    word. Nothing is raised for what has no derivative anyway.

    >>> from workbench import grad
    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    3.0
    """
    return copied(x)  # type: ignore[no-any-return]


def hook(x: T, fn: Callable[[Any], Any]) -> T:
    """The identity; in reverse mode the cotangent of x goes through fn.

    x: a number, an array, or any structure of them. fn: a function of a cotangent of x's structure (None for what holds
    no float) that returns one of the same structure and shapes; it is compiled with the program, and may use what the
    function around it computed. It need not be called where no derivative, or a zero one, reaches x.
    Forward mode leaves tangents alone.
    Returns a copy of x.
    Raises TypeError where fn cannot be called, DifferentiationError where it returns another structure, dtype or shape.

    >>> from workbench import grad
    >>> grad(lambda x: hook(x, lambda bar: min(bar, 1.0)) ** 2)(3.0)
    1.0
    """
    if not callable(fn):
        raise TypeError(f"hook needs a function of the cotangent, not {fn!r}")
    return copied(x)  # type: ignore[no-any-return]


def checkpoint(f: Callable[..., Any]) -> Checkpointed:
    """The same function, of whose body the reverse sweep keeps nothing: it keeps the arguments and runs the body again.

    f: any Python function of numbers, arrays and structures of them. A decorator.
    Returns a callable with f's signature. Values and derivatives are f's own, in less memory and more time (one more
    run of f for each level of nesting). What f prints is printed once.
    Raises what f raises; DifferentiationError, on the tape, where another run gives another value. Random numbers are
    drawn the same again there; the compiler refuses random draws in f, and leaves the call to the tape.
    Method: Griewank & Walther (2008), chapter 12.

    >>> from workbench import grad
    >>> @checkpoint
    ... def step(x):
    ...     return x * x
    >>> grad(lambda x: step(step(x)))(2.0)
    32.0
    """
    return Checkpointed(f)


def check(f: Callable[..., Any], *args: Any, order: int = 2, engine: str = "auto", directions: int = 2,
          seed: int = 0) -> CheckReport:
    """Check the derivatives of f at these arguments: both modes, orders one and two, on each engine.

    f: any function `wb.grad` takes, one with a rule of its own too; it may return any structure. order: 1 or 2.
    engine: "auto": the compiler and the tape, "numba" or "tape": that one alone. directions: how many random ones.
    Tangents are compared with central differences of plain Python's values, with several step sizes; reverse mode with
    forward mode by inner products; at order two both modes are differentiated again. Tolerances go by the coarsest
    dtype: relative to the largest entry of each result 1e-6, at order two 1e-5 (float32: 2e-2, 8e-2).
    Returns a `CheckReport`: `str()` is a table of what was compared along which direction, `to_dict()`
    plain data.
    Raises AssertionError (with the report as `.report`) where derivatives disagree, naming mode, engine and entry, with
    a script to paste that finds it again;
    DifferentiationError where nothing could be compared; what f raises.
    It cannot catch: what is wrong on branches not taken here, or at other points (check several); errors below the
    tolerances, such as those in entries much smaller than others of the same array; which slope is right at a kink (one
    between those of both sides is "undecided", any other is wrong); a value that is wrong, if its derivative fits.
    `stop_gradient` and `hook` change derivatives at their user's word: they are reported as wrong, which is not a fault
    of f.
    Source: Griewank & Walther (2008), section 3.2.

    >>> import math
    >>> check(lambda x: math.sin(x * x), 0.7, engine="numba", directions=1).passed
    True
    """
    return checking.run(f, args, order, engine_named(engine).parts, directions, seed)


def microscope(f: Callable[..., Any], *args: Any, direction: Any = None, span: float = 0.1) -> Microscope:
    """Look at f along a line through a point: for a mismatch, a kink, a jump.

    f: any function of floats and structures; where it returns several numbers, their sum is looked at. direction: a
    tuple with a tangent per argument (None where it holds no float), of its structure; a random one, as large as the
    arguments, where it is left out. span: how far to go to both sides, in units of the direction.
    Returns a `Microscope`: f along the line with the slope that each engine and mode gives, difference quotients by
    step, and the source lines whose decisions (branches, comparisons, `abs`, `max`, rounding) switch along the line;
    `print` gives text, a notebook shows it as HTML, `.figure()` is plotly's figure, `.to_dict()` the data.
    Raises DifferentiationError where the arguments or the result hold no float; what f raises at the point itself.

    >>> seen = microscope(lambda x: abs(x - 1.0), 1.0, direction=(1.0,))
    >>> seen.verdict.split(":")[0], [s.operation for s in seen.switches]
    ('a kink (line 1)', ['abs'])
    """
    return magnified(f, args, direction, span)


@handles(rule)
def _nested_rule(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    act.t.fail("wb.rule inside a differentiated function", "decorate a function at the top of a module")


@handles(stop_gradient)
def _stopped(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    (x,) = _bound(("x",), args, named)
    return identities.stopped(act, x)


@handles(hook)
def _hooked(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    x, fn = _bound(("x", "fn"), args, named)
    return identities.hooked(act, x, fn)


@handles(checkpoint)
def _checkpointed(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    (f,) = _bound(("f",), args, named)
    return Checkpointed(f)


@recording.means(rule, checkpoint)
def _made_in_a_run(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return callee(*args, **named)


@recording.means(stop_gradient)
def _stopped_in_a_run(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    (x,) = _bound(("x",), args, named)
    return recording.constant(x)


@recording.means(hook)
def _hooked_in_a_run(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    x, fn = _bound(("x", "fn"), args, named)
    if not callable(fn):
        return callee(x, fn)  # which says so
    return callee(x, fn) if recording.recorder_in(x) is None else recorded.hooked(x, fn, copied)


def _bound(names: tuple[str, ...], args: tuple[Any, ...], named: dict[str, Any]) -> list[Any]:
    given = dict(zip(names, args, strict=False)) | named
    if len(args) > len(names) or set(given) != set(names):
        raise TypeError(f"the arguments are {', '.join(names)}")
    return [given[name] for name in names]
