"""Methods of `np.random.Generator`: laws of location and scale are formulas of a standard draw, as in NumPy.

Invariant: the same numbers as NumPy draws, in the same order, and the generator left as NumPy leaves it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.frontend import arrays
from workbench.frontend.activation import Activation
from workbench.frontend.library.arguments import bind, called
from workbench.frontend.library.containers import plain_form
from workbench.frontend.library.creation import shape_dims
from workbench.frontend.library.operands import as_operand
from workbench.frontend.library.reductions import axes_of
from workbench.frontend.library.registry import implements
from workbench.frontend.library.shaping import size_of
from workbench.frontend.numbers import number_kind
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.values import Array, ListValue, RandomValue, Scalar
from workbench.ir import Constant, Kind, Value, kind_of
from workbench.rules.random import FUNCTIONS, LAWS

_WIDEST = 2**53  # integers up to here are floats exactly


def draw(t: Tracer, generator: RandomValue, law: str, *params: Value) -> Value:
    """One number."""
    if law not in FUNCTIONS:
        t.fail("random draws cannot be compiled on this platform", "draw before, and pass the numbers")
    cell = generator.state.cell
    state = t.emit("draw", t.builder.held(cell.slot), *params, law=law)
    t.builder.write(cell.slot, state)
    cell.written = True
    return t.emit("cast", t.emit("load", state, ZERO), kind=LAWS[law].kind)


def draws(act: Activation, generator: RandomValue, law: str, dims: Sequence[Value] | None, params: Sequence[Any] = ()
          ) -> Any:
    """A number, or an array of them in C order; parameters may be arrays of that shape."""
    t = act.t
    kinds = LAWS[law].params
    if dims is None:
        return Scalar(draw(t, generator, law, *(t.scalar(p, k) for p, k in zip(params, kinds, strict=True))), True)
    count = size_of(t, dims)
    flat = [t.emit("reshape", arrays.fit(t, p, dims, k), count) if isinstance(p, Array) else t.scalar(p, k)
            for p, k in zip(params, kinds, strict=True)]
    made = t.new_array(t.emit("empty", count, kind=LAWS[law].kind))
    slot = made.cell.slot

    def fill(index: Value) -> None:
        value = draw(t, generator, law, *(t.emit("load", p, index) if p.is_array else p for p in flat))
        t.builder.write(slot, t.emit("store", t.builder.held(slot), value, index))
    t.environment.repeat(t, count, ("draws", act.path, t.span, law), fill)
    made.cell.written = True
    return made if len(dims) == 1 else t.new_array(t.emit("reshape", arrays.read(t, made), *dims))


def _shape(act: Activation, size: Any, *params: Any) -> list[Value] | None:
    """The shape of what is drawn: `size`, or that of the parameters; None for a number."""
    t = act.t
    if size is not None:
        entries = tuple(t.environment.items(act, size)) if isinstance(size, (ListValue, tuple)) else (size,)
        return list(shape_dims(t, entries))
    dims = [p.dims for p in params if isinstance(p, Array)]
    return list(arrays.broadcast_dims(t, *dims)) if dims else None


def _operands(t: Tracer, *params: Any) -> list[Any]:
    return [as_operand(t, value) for value in params]


def _nonnegative(t: Tracer, value: Any, name: str) -> None:
    kind = number_kind(value)
    if not isinstance(value, Array) and kind is not None:
        negative = t.emit("lt", t.scalar(value, Kind.F64), Constant(0.0, Kind.F64))
        t.check(t.emit("not", negative), "ValueError", f"{name} < 0")


# ---------------------------------------------------------------------- laws of location and scale
def _standard(law: str) -> Any:
    def method(act: Activation, generator: RandomValue, size: Any = None, dtype: Any = np.float64) -> Any:
        kind = kind_of(dtype)
        if kind is None or not kind.is_float:
            raise TypeError(f"Unsupported dtype {np.dtype(dtype)!r} for {law}")
        wanted = law if kind is Kind.F64 else f"{law}_{kind.value}"
        if wanted not in LAWS:
            act.t.fail(f"{law} of {kind.dtype}", "draw float64 and convert")
        return draws(act, generator, wanted, _shape(act, size))
    return method


def _located(law: str, *standard: float) -> Any:
    """`loc + scale * z` with z of the standard law."""
    def method(act: Activation, generator: RandomValue, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        t = act.t
        loc, scale = _operands(t, loc, scale)
        _nonnegative(t, scale, "scale")
        z = draws(act, generator, law, _shape(act, size, loc, scale), standard)
        binary = t.environment.binary
        return _plain(t, binary(act, "+", loc, binary(act, "*", scale, z)))
    return method


_normal = _located("standard_normal")


def _scaled(law: str, *standard: float) -> Any:
    """`scale * z`."""
    def method(act: Activation, generator: RandomValue, scale: Any = 1.0, size: Any = None) -> Any:
        t = act.t
        (scale,) = _operands(t, scale)
        _nonnegative(t, scale, "scale")
        z = draws(act, generator, law, _shape(act, size, scale), standard)
        return _plain(t, t.environment.binary(act, "*", scale, z))
    return method


def _plain(t: Tracer, value: Any) -> Any:
    """A number as NumPy draws it: Python's own float."""
    return Scalar(t.scalar(value, Kind.F64), True) if not isinstance(value, Array) else value


def _uniform(act: Activation, generator: RandomValue, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
    t = act.t
    low, high = _operands(t, low, high)
    binary = t.environment.binary
    z = draws(act, generator, "random", _shape(act, size, low, high))
    return _plain(t, binary(act, "+", low, binary(act, "*", binary(act, "-", high, low), z)))


def _lognormal(act: Activation, generator: RandomValue, mean: Any = 0.0, sigma: Any = 1.0, size: Any = None) -> Any:
    inner = _normal(act, generator, mean, sigma, size)
    return _plain(act.t, act.t.environment.call(act, np.exp, (inner,), {}))


def _gamma(act: Activation, generator: RandomValue, shape: Any, scale: Any = 1.0, size: Any = None) -> Any:
    t = act.t
    shape, scale = _operands(t, shape, scale)
    _nonnegative(t, shape, "shape")
    _nonnegative(t, scale, "scale")
    z = draws(act, generator, "standard_gamma", _shape(act, size, shape, scale), (shape,))
    return _plain(t, t.environment.binary(act, "*", scale, z))


# ---------------------------------------------------------------------- laws whose parameters carry no derivative
def _fixed(law: str, *names: str, signed: bool = False) -> Any:
    """A law of parameters of these names, which are not negative unless `signed`."""
    own = tuple(inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names)
    size_last = inspect.Parameter("size", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None)

    def method(act: Activation, generator: RandomValue, *args: Any, **named: Any) -> Any:
        (*given, size), _ = bind(act.t, law, (*own, size_last), args, named)
        params = _operands(act.t, *given)
        for name, value in zip(names, params, strict=True):
            if not signed:
                _nonnegative(act.t, value, name)
        return draws(act, generator, law, _shape(act, size, *params), params)
    return method


def _integers(act: Activation, generator: RandomValue, low: Any, high: Any = None, size: Any = None,
              dtype: Any = np.int64, endpoint: Any = False) -> Any:
    t = act.t
    low, high = as_operand(t, low), None if high is None else as_operand(t, high)
    if np.dtype(dtype) != np.int64 or any(isinstance(v, Array) for v in (low, high)):
        t.fail("integers of another dtype, or between arrays", "draw int64 between two numbers")
    if high is None:
        low, high = 0, low
    first, last = t.integer(low, "a bound"), t.integer(high, "a bound")
    if not endpoint:
        last = t.emit("sub", last, ONE)
    t.check(t.emit("le", first, last), "ValueError", "low >= high" if not endpoint else "low > high")
    span = t.emit("sub", last, first)
    for end in (first, last, span):
        if not (isinstance(end, Constant) and abs(end.value.real) <= _WIDEST):
            inside = t.emit("le", t.emit("abs", end), Constant(_WIDEST, Kind.INT))
            t.check(inside, "DifferentiationError", "random integers of more than 53 bits")
    params = [Scalar(v, True) for v in (first, span, ZERO, ZERO)]
    drawn = draws(act, generator, "bounded", _shape(act, size), params)
    return Scalar(drawn.value, False) if isinstance(drawn, Scalar) else drawn


# ---------------------------------------------------------------------- of what there is
def _choice(act: Activation, generator: RandomValue, a: Any, size: Any = None, replace: bool = True, p: Any = None,
            axis: Any = 0, shuffle: bool = True) -> Any:
    t = act.t
    if p is not None or (size is not None and replace is not True):
        t.fail("choice with probabilities, or without replacement", "draw integers")
    source = as_operand(t, a)
    place = axes_of(t, axis, source.rank)[0] if isinstance(source, Array) else 0
    length = t.dim(source.dims[place]) if isinstance(source, Array) else source
    places = _integers(act, generator, 0, length, size)
    if isinstance(source, Array):
        return t.environment.item(act, source, (slice(None),) * place + (places,))
    return Scalar(places.value, True) if isinstance(places, Scalar) else places


def _swaps(act: Activation, generator: RandomValue, count: Value, swap: Callable[[Value, Value], None]) -> None:
    """The exchanges of a shuffle: i = n - 1, ..., 1 with a place up to i."""
    t = act.t

    def step(index: Value) -> None:
        i = t.emit("sub", t.emit("sub", count, ONE), index)
        swap(i, draw(t, generator, "interval", i))
    turns = t.emit("maximum", t.emit("sub", count, ONE), ZERO)
    t.environment.repeat(t, turns, ("shuffle", act.path, t.span), step)


def _shuffle(act: Activation, generator: RandomValue, x: Any, axis: Any = 0) -> None:
    t = act.t
    if axis != 0 or not isinstance(x, Array):
        t.fail("shuffle of a list, or along an axis", "shuffle an array")
    held = t.variable("$shuffled", x)

    def swap(i: Value, j: Value) -> None:
        array = t.read(held)
        item, put = t.environment.item, t.environment.set_item
        a, b = Scalar(i, True), Scalar(j, True)
        first, second = (item(act, array, k) for k in (a, b))
        if isinstance(first, Array):
            first, second = (t.new_array(t.emit("copy", arrays.read(t, v))) for v in (first, second))
        put(act, array, a, second)
        put(act, array, b, first)
    _swaps(act, generator, x.dims[0], swap)


def _permutation(act: Activation, generator: RandomValue, x: Any, axis: Any = 0) -> Any:
    t = act.t
    source = as_operand(t, x)
    if axis != 0 and isinstance(source, Array):
        t.fail("permutation along an axis", "permute the first axis")
    count = source.dims[0] if isinstance(source, Array) else t.integer(source, "a number of items")
    order = t.new_array(t.emit("iota", count))
    _shuffle(act, generator, order)
    return t.environment.item(act, source, order) if isinstance(source, Array) else order


_METHODS: dict[str, Callable[..., Any]] = {
    "random": _standard("random"), "standard_normal": _standard("standard_normal"),
    "standard_exponential": _standard("standard_exponential"),
    "normal": _normal, "uniform": _uniform, "lognormal": _lognormal, "laplace": _located("laplace", 0.0, 1.0),
    "gumbel": _located("gumbel", 0.0, 1.0), "logistic": _located("logistic", 0.0, 1.0),
    "exponential": _scaled("standard_exponential"), "rayleigh": _scaled("rayleigh", 1.0), "gamma": _gamma,
    "standard_gamma": _fixed("standard_gamma", "shape"), "chisquare": _fixed("chisquare", "df"),
    "standard_t": _fixed("standard_t", "df"), "beta": _fixed("beta", "a", "b"), "weibull": _fixed("weibull", "a"),
    "pareto": _fixed("pareto", "a"), "power": _fixed("power", "a"), "wald": _fixed("wald", "mean", "scale"),
    "vonmises": _fixed("vonmises", "mu", "kappa", signed=True),
    "triangular": _fixed("triangular", "left", "mode", "right", signed=True),
    "poisson": _fixed("poisson", "lam"), "geometric": _fixed("geometric", "p"),
    "standard_cauchy": _fixed("standard_cauchy"), "integers": _integers, "choice": _choice, "shuffle": _shuffle,
    "permutation": _permutation,
}


def method(act: Activation, generator: RandomValue, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A method of a generator."""
    found = _METHODS.get(name)
    if found is None:
        return act.t.fail(f"the draw {name!r} of a random generator", "draw before, and pass the numbers")
    return called(act, found, name, args, named, generator)


@implements(np.random.default_rng)
def default_rng(act: Activation, seed: Any = None) -> Any:
    """A generator, made anew at each call of the program."""
    t = act.t
    if isinstance(seed, RandomValue):
        return seed
    if seed is None:
        t.fail("a random generator without a seed", "pass it as an argument")
    if any(frame.kind == "loop" for frame in t.frames):
        t.fail("a random generator made in a loop", "make it before the loop")
    plain = plain_form(act, seed)
    return t.environment.seeded(seed if plain is NotImplemented else plain, plain is not NotImplemented)
