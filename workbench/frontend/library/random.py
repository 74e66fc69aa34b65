"""Methods of `np.random.Generator`: laws of location and scale are formulas of a standard draw, as in NumPy.

Invariant: the same numbers as NumPy draws, in the same order, and the generator left as NumPy leaves it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.frontend import arrays
from workbench.frontend.library.arguments import bound
from workbench.frontend.library.containers import plain_form
from workbench.frontend.library.creation import shape_dims
from workbench.frontend.library.elementwise import as_operand
from workbench.frontend.library.reductions import axes_of
from workbench.frontend.library.registry import handles
from workbench.frontend.library.shaping import size_of
from workbench.frontend.numbers import number_kind
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.values import Array, ListValue, RandomValue, Scalar
from workbench.ir import Constant, Kind, Value
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


def draws(act: Any, generator: RandomValue, law: str, dims: Sequence[Value] | None, params: Sequence[Any] = ()) -> Any:
    """A number, or an array of them in C order; parameters may be arrays of that shape."""
    t: Tracer = act.t
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


def _shape(act: Any, size: Any, *params: Any) -> list[Value] | None:
    """The shape of what is drawn: `size`, or that of the parameters; None for a number."""
    t: Tracer = act.t
    if size is not None:
        entries = tuple(t.environment.items(act, size)) if isinstance(size, (ListValue, tuple)) else (size,)
        return list(shape_dims(t, entries))
    dims = [p.dims for p in params if isinstance(p, Array)]
    return list(arrays.broadcast_dims(t, *dims)) if dims else None


def _bound(names: tuple[str, ...], defaults: dict[str, Any], args: tuple[Any, ...], named: dict[str, Any],
           act: Any) -> list[Any]:
    """Arguments by parameter."""
    given = dict(zip(names, args, strict=False))
    unknown = set(named) - set(names)
    if len(args) > len(names) or unknown:
        act.t.fail(f"this argument of a draw: {', '.join(sorted(unknown)) or 'too many'}", "leave it out")
    given.update(named)
    values = [given.get(n, defaults.get(n)) for n in names]
    if any(v is None and n not in defaults for n, v in zip(names, values, strict=True)):
        raise TypeError("a draw takes more positional arguments")
    return [as_operand(act.t, v) if n not in ("size", "dtype", "endpoint") and v is not None else v
            for n, v in zip(names, values, strict=True)]


def _nonnegative(t: Tracer, value: Any, name: str) -> None:
    kind = number_kind(value)
    if not isinstance(value, Array) and kind is not None:
        negative = t.emit("lt", t.scalar(value, Kind.F64), Constant(0.0, Kind.F64))
        t.check(t.emit("not", negative), "ValueError", f"{name} < 0")


# ---------------------------------------------------------------------- laws of location and scale
def _standard(law: str) -> Any:
    def method(act: Any, generator: RandomValue, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        size, dtype = _bound(("size", "dtype"), {"size": None, "dtype": np.float64}, args, named, act)
        single = np.dtype(dtype) == np.float32
        if single and f"{law}_f32" not in LAWS:
            act.t.fail(f"{law} of float32", "draw float64 and convert")
        return draws(act, generator, f"{law}_f32" if single else law, _shape(act, size))
    return method


def _located(law: str, standard: tuple[float, ...], first: str, second: str, start: float = 0.0) -> Any:
    """`loc + scale * z` with z of the standard law."""
    def method(act: Any, generator: RandomValue, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t: Tracer = act.t
        loc, scale, size = _bound((first, second, "size"), {first: start, second: 1.0, "size": None}, args, named, act)
        _nonnegative(t, scale, second)
        z = draws(act, generator, law, _shape(act, size, loc, scale), standard)
        binary = t.environment.binary
        return _plain(t, binary(act, "+", loc, binary(act, "*", scale, z)))
    return method


def _scaled(law: str, standard: tuple[float, ...]) -> Any:
    """`scale * z`."""
    def method(act: Any, generator: RandomValue, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t: Tracer = act.t
        scale, size = _bound(("scale", "size"), {"scale": 1.0, "size": None}, args, named, act)
        _nonnegative(t, scale, "scale")
        z = draws(act, generator, law, _shape(act, size, scale), standard)
        return _plain(t, t.environment.binary(act, "*", scale, z))
    return method


def _plain(t: Tracer, value: Any) -> Any:
    """A number as NumPy draws it: Python's own float."""
    return Scalar(t.scalar(value, Kind.F64), True) if not isinstance(value, Array) else value


def _uniform(act: Any, generator: RandomValue, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    t: Tracer = act.t
    low, high, size = _bound(("low", "high", "size"), {"low": 0.0, "high": 1.0, "size": None}, args, named, act)
    binary = t.environment.binary
    z = draws(act, generator, "random", _shape(act, size, low, high))
    return _plain(t, binary(act, "+", low, binary(act, "*", binary(act, "-", high, low), z)))


def _lognormal(act: Any, generator: RandomValue, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    t: Tracer = act.t
    mean, sigma, size = _bound(("mean", "sigma", "size"), {"mean": 0.0, "sigma": 1.0, "size": None}, args, named, act)
    inner = _METHODS["normal"](act, generator, (mean, sigma, size), {})
    return _plain(t, t.environment.call(act, np.exp, (inner,), {}))


def _gamma(act: Any, generator: RandomValue, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    t: Tracer = act.t
    shape, scale, size = _bound(("shape", "scale", "size"), {"scale": 1.0, "size": None}, args, named, act)
    _nonnegative(t, shape, "shape")
    _nonnegative(t, scale, "scale")
    z = draws(act, generator, "standard_gamma", _shape(act, size, shape, scale), (shape,))
    return _plain(t, t.environment.binary(act, "*", scale, z))


# ---------------------------------------------------------------------- laws whose parameters carry no derivative
def _fixed(law: str, *names: str) -> Any:
    def method(act: Any, generator: RandomValue, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        *params, size = _bound((*names, "size"), {"size": None}, args, named, act)
        for name, value in zip(names, params, strict=True):
            if law not in ("triangular", "vonmises"):
                _nonnegative(act.t, value, name)
        return draws(act, generator, law, _shape(act, size, *params), params)
    return method


def _integers(act: Any, generator: RandomValue, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    t: Tracer = act.t
    names = ("low", "high", "size", "dtype", "endpoint")
    defaults = {"high": None, "size": None, "dtype": np.int64, "endpoint": False}
    low, high, size, dtype, endpoint = _bound(names, defaults, args, named, act)
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


def _choice(act: Any, generator: RandomValue, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    t: Tracer = act.t
    a, size, replace, p, axis, _ = bound(t, "choice", args, named, "a", size=None, replace=True, p=None, axis=0,
                                         shuffle=True)
    if p is not None or (size is not None and replace is not True):
        t.fail("choice with probabilities, or without replacement", "draw integers")
    source = as_operand(t, a)
    if isinstance(source, (ListValue, tuple)):
        source = t.environment.as_array(t, source)
    place = axes_of(t, axis, source.rank)[0] if isinstance(source, Array) else 0
    length = t.dim(source.dims[place]) if isinstance(source, Array) else source
    places = _integers(act, generator, (0, length, size), {})
    if isinstance(source, Array):
        return t.environment.item(act, source, (slice(None),) * place + (places,))
    return Scalar(places.value, True) if isinstance(places, Scalar) else places


def _swaps(act: Any, generator: RandomValue, count: Value, swap: Callable[[Value, Value], None]) -> None:
    """The exchanges of a shuffle: i = n - 1, ..., 1 with a place up to i."""
    t: Tracer = act.t

    def step(index: Value) -> None:
        i = t.emit("sub", t.emit("sub", count, ONE), index)
        swap(i, draw(t, generator, "interval", i))
    turns = t.emit("maximum", t.emit("sub", count, ONE), ZERO)
    t.environment.repeat(t, turns, ("shuffle", act.path, t.span), step)


def _shuffle(act: Any, generator: RandomValue, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    t: Tracer = act.t
    x, axis = bound(t, "shuffle", args, named, "x", axis=0)
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


def _permutation(act: Any, generator: RandomValue, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    t: Tracer = act.t
    x, axis = bound(t, "permutation", args, named, "x", axis=0)
    source = as_operand(t, x)
    if axis != 0 and isinstance(source, Array):
        t.fail("permutation along an axis", "permute the first axis")
    count = source.dims[0] if isinstance(source, Array) else t.integer(source, "a number of items")
    order = t.new_array(t.emit("iota", count))
    _shuffle(act, generator, (order,), {})
    return t.environment.item(act, source, order) if isinstance(source, Array) else order


_METHODS: dict[str, Callable[..., Any]] = {
    "random": _standard("random"), "standard_normal": _standard("standard_normal"),
    "standard_exponential": _standard("standard_exponential"),
    "normal": _located("standard_normal", (), "loc", "scale"), "uniform": _uniform, "lognormal": _lognormal,
    "laplace": _located("laplace", (0.0, 1.0), "loc", "scale"),
    "gumbel": _located("gumbel", (0.0, 1.0), "loc", "scale"),
    "logistic": _located("logistic", (0.0, 1.0), "loc", "scale"),
    "exponential": _scaled("standard_exponential", ()), "rayleigh": _scaled("rayleigh", (1.0,)), "gamma": _gamma,
    "standard_gamma": _fixed("standard_gamma", "shape"), "chisquare": _fixed("chisquare", "df"),
    "standard_t": _fixed("standard_t", "df"), "beta": _fixed("beta", "a", "b"), "weibull": _fixed("weibull", "a"),
    "pareto": _fixed("pareto", "a"), "power": _fixed("power", "a"), "wald": _fixed("wald", "mean", "scale"),
    "vonmises": _fixed("vonmises", "mu", "kappa"), "triangular": _fixed("triangular", "left", "mode", "right"),
    "poisson": _fixed("poisson", "lam"), "geometric": _fixed("geometric", "p"),
    "standard_cauchy": _fixed("standard_cauchy"), "integers": _integers, "choice": _choice, "shuffle": _shuffle,
    "permutation": _permutation,
}


def method(act: Any, generator: RandomValue, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A method of a generator."""
    found = _METHODS.get(name)
    if found is None:
        return act.t.fail(f"the draw {name!r} of a random generator", "draw before, and pass the numbers")
    return found(act, generator, args, named)


@handles(np.random.default_rng)
def default_rng(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.random.default_rng(seed)`, made anew at each call of the program."""
    t: Tracer = act.t
    seed = args[0] if args else named.get("seed")
    if isinstance(seed, RandomValue):
        return seed
    if seed is None:
        t.fail("a random generator without a seed", "pass it as an argument")
    if any(frame.kind == "loop" for frame in t.frames):
        t.fail("a random generator made in a loop", "make it before the loop")
    plain = plain_form(act, seed)
    return t.environment.seeded(seed if plain is NotImplemented else plain, plain is not NotImplemented)
