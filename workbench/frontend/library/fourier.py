"""`np.fft` and `scipy.fft`: transforms along any axes, padded or cropped, in all normalisations; shifts, frequencies.

The rule table transforms the rows of a matrix, not scaled: an axis is brought to the end, the leading ones are made
one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.deferred import Library
from workbench.frontend import arithmetic, arrays, indexing
from workbench.frontend.activation import Activation
from workbench.frontend.library.operands import as_operand, fits, write_out
from workbench.frontend.library.reductions import axes_of
from workbench.frontend.library.registry import implements
from workbench.frontend.library.shaping import size_of
from workbench.frontend.numbers import number_kind
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.values import Array, Choice, ListValue, Scalar, describe
from workbench.ir import Constant, Kind, Value

_scipy = Library("scipy.fft")
_TWO = Constant(2, Kind.INT)


def _array(t: Tracer, value: Any) -> Array:
    array = as_operand(t, value)
    if not isinstance(array, Array):
        if number_kind(array) is None:
            raise TypeError(f"a transform of {describe(array)}")
        raise IndexError("tuple index out of range")
    return array


# ---------------------------------------------------------------------- lengths and scales
def _length(t: Tracer, n: Any) -> Value:
    """A length given by the user. Raises ValueError where it is not positive."""
    value = t.integer(n, "the length of a transform")
    message = "Invalid number of FFT data points (0) specified."
    if isinstance(value, Constant) and value.value < 1:
        raise ValueError(message.replace("(0)", f"({value.value})"))
    t.check(t.emit("gt", value, ZERO), "ValueError", message)
    return value


def resized(t: Tracer, array: Array, n: Value, axis: int) -> Array:
    """The array cropped, or padded with zeros, to a length along an axis."""
    have = t.builder.resolve(array.dims[axis])
    if t.same(have, n):
        return array
    lead = [slice(None)] * axis
    shorter = t.emit("minimum", have, n)
    if isinstance(n, Constant) and isinstance(have, Constant) and n.value <= have.value:
        return indexing.get(t, array, (*lead, slice(0, n.value)))  # type: ignore[no-any-return]
    dims = [n if k == axis else d for k, d in enumerate(array.dims)]
    made: Array = t.new_array(t.emit("full", Constant(0, array.kind), *dims))
    part = slice(0, t.dim(shorter))
    indexing.put(t, made, (*lead, part), indexing.get(t, array, (*lead, part)))
    return made


def scaled(t: Tracer, array: Any, n: Value, norm: Any, inverse: bool) -> Any:
    """The result with the factor that its normalisation asks for."""
    if norm not in (None, "backward", "ortho", "forward"):
        raise ValueError(f'Invalid norm value {norm}; should be "backward", "ortho" or "forward".')
    if norm != "ortho" and (norm == "forward") == inverse:
        return array
    kind = array.kind.real
    count = t.emit("cast", n, kind=kind)
    factor = t.emit("div", Constant(1, kind), t.emit("sqrt", count) if norm == "ortho" else count)
    return arithmetic.elementwise(t, "mul", [array, Scalar(factor, False)], array.kind)


# ---------------------------------------------------------------------- one axis
def along(t: Tracer, prim: str, array: Array, axis: int, *operands: Value, **attrs: Any) -> Array:
    """A transform of lines along one axis."""
    order = (*(k for k in range(array.rank) if k != axis), axis)
    turned = arrays.read(t, arrays.transposed(t, array, order))
    lead = turned.dims[:-1]
    lines = turned if turned.rank == 2 else t.emit("reshape", turned, size_of(t, lead), turned.dims[-1])
    result = t.emit(prim, lines, *operands, **attrs)
    shaped = result if turned.rank == 2 else t.emit("reshape", result, *lead, result.dims[-1])
    back = tuple(order.index(k) for k in range(array.rank))
    made: Array = t.new_array(shaped if back == tuple(range(array.rank)) else t.emit("transpose", shaped, perm=back))
    return made


def complex_transform(t: Tracer, array: Array, n: Any, axis: int, norm: Any, inverse: bool) -> Any:
    """`fft` or `ifft` along an axis."""
    length = array.dims[axis] if n is None else _length(t, n)
    if n is None:
        _length(t, t.dim(length))
    kind = array.kind.complex
    array = resized(t, array, length, axis)
    if array.kind is not kind:
        array = t.new_array(t.emit("cast", arrays.read(t, array), kind=kind))
    return scaled(t, along(t, "fft", array, axis, inverse=inverse), length, norm, inverse)


def real_transform(t: Tracer, array: Array, n: Any, axis: int, norm: Any) -> Any:
    """`rfft` along an axis."""
    if array.kind.is_complex:
        raise TypeError("ufunc 'rfft_n_even' did not contain a loop with signature matching types")
    length = array.dims[axis] if n is None else _length(t, n)
    if n is None:
        _length(t, t.dim(length))
    kind = array.kind if array.kind.is_float else Kind.F64
    array = resized(t, array, length, axis)
    if array.kind is not kind:
        array = t.new_array(t.emit("cast", arrays.read(t, array), kind=kind))
    half = t.emit("add", t.emit("floordiv", length, _TWO), ONE)
    return scaled(t, along(t, "rfft", array, axis, half), length, norm, False)


def real_inverse(t: Tracer, array: Array, n: Any, axis: int, norm: Any) -> Any:
    """`irfft` along an axis."""
    if n is None:
        n = t.dim(t.emit("mul", _TWO, t.emit("sub", array.dims[axis], ONE)))
    length = _length(t, n)
    half = t.emit("add", t.emit("floordiv", length, _TWO), ONE)
    kind = array.kind.complex
    array = resized(t, array, half, axis)
    if array.kind is not kind:
        array = t.new_array(t.emit("cast", arrays.read(t, array), kind=kind))
    return scaled(t, along(t, "irfft", array, axis, length), length, norm, True)


def _conjugated(t: Tracer, array: Any) -> Any:
    return arithmetic.elementwise(t, "conj", [array]) if array.kind.is_complex else array


def _swapped(norm: Any) -> Any:
    return {"backward": "forward", None: "forward", "forward": "backward"}.get(norm, norm)


_ONE_AXIS: dict[str, Any] = {
    "fft": lambda t, a, n, axis, norm: complex_transform(t, a, n, axis, norm, False),
    "ifft": lambda t, a, n, axis, norm: complex_transform(t, a, n, axis, norm, True),
    "rfft": real_transform, "irfft": real_inverse,
    "hfft": lambda t, a, n, axis, norm: real_inverse(t, _conjugated(t, a), n, axis, _swapped(norm)),
    "ihfft": lambda t, a, n, axis, norm: _conjugated(t, real_transform(t, a, n, axis, _swapped(norm))),
}


def _one_of_numpy(name: str) -> Any:
    def function(act: Activation, a: Any, n: Any = None, axis: Any = -1, norm: Any = None, out: Any = None) -> Any:
        result = _along_one(act.t, name, a, n, axis, norm)
        return result if name == "hfft" else _into(act.t, out, result, name)  # (which has none in NumPy)
    return function


def _one_of_scipy(name: str) -> Any:
    def function(act: Activation, x: Any, n: Any = None, axis: Any = -1, norm: Any = None, overwrite_x: bool = False,
                 workers: Any = None, *, plan: Any = None) -> Any:
        return _along_one(act.t, name, x, n, axis, norm)
    return function


def _along_one(t: Tracer, name: str, x: Any, n: Any, axis: Any, norm: Any) -> Any:
    array = _array(t, x)
    (place,) = axes_of(t, axis, array.rank)
    return _ONE_AXIS[name](t, array, n, place, norm)


def _into(t: Tracer, out: Any, result: Array, name: str) -> Any:
    """`out=` of a transform."""
    if out is None:
        return result
    fits(out, result, exact=True)
    first = out.options[0] if isinstance(out, Choice) else out
    if (result.kind.is_complex and not first.kind.is_complex) or not first.kind.is_inexact:
        raise TypeError(f"Cannot cast output of {name} from {result.kind.dtype!r} to {first.kind.dtype!r}")
    for dim, other in zip(result.dims, first.dims, strict=True):
        arrays.require_same(t, dim, other, "output array has wrong shape.")
    write_out(t, out, result)
    return out


# ---------------------------------------------------------------------- several axes
def _entries(t: Tracer, value: Any) -> list[Any] | None:
    if value is None:
        return None
    if isinstance(value, ListValue):
        return [t.read(v) for v in value.items]
    return list(value) if isinstance(value, tuple) else [value]


def _plan(t: Tracer, array: Array, s: Any, axes: Any) -> list[tuple[int, Any]]:
    """Axes in order, each with the length asked for, or its own."""
    lengths, places = _entries(t, s), _entries(t, axes)
    if places is None:
        places = list(range(array.rank) if lengths is None else range(-len(lengths), 0))
    if lengths is not None and len(lengths) != len(places):
        raise ValueError("Shape and axes have different lengths.")
    found = [axes_of(t, axis, array.rank)[0] for axis in places]
    wanted = [-1] * len(found) if lengths is None else lengths
    return [(axis, t.dim(array.dims[axis]) if n == -1 else n) for axis, n in zip(found, wanted, strict=True)]


def _several_of_numpy(name: str, default: Any) -> Any:
    def function(act: Activation, a: Any, s: Any = None, axes: Any = default, norm: Any = None, out: Any = None) -> Any:
        if out is not None and s is not None:
            act.t.fail(f"np.fft.{name} with s= and out=", "assign what it returns: out[...] = ...")
        return _into(act.t, out, _along_several(act.t, name, a, s, axes, norm), name)
    return function


def _several_of_scipy(name: str, default: Any) -> Any:
    def function(act: Activation, x: Any, s: Any = None, axes: Any = default, norm: Any = None,
                 overwrite_x: bool = False, workers: Any = None, *, plan: Any = None) -> Any:
        return _along_several(act.t, name, x, s, axes, norm)
    return function


def _along_several(t: Tracer, name: str, x: Any, s: Any, axes: Any, norm: Any) -> Any:
    """The last axis first, if the transform is of real numbers; of its inverse last."""
    inverse, real = name.startswith("i"), name.lstrip("i").startswith("r")
    result = _array(t, x)
    steps: Sequence[tuple[int, Any]] = _plan(t, result, s, axes)
    if not steps:
        raise ValueError("at least 1 axis must be transformed")
    if real and inverse and s is None:
        steps = [*steps[:-1], (steps[-1][0], None)]
    if real and not inverse:
        result = real_transform(t, result, steps[-1][1], steps[-1][0], norm)
    for axis, n in reversed(steps[:-1] if real else steps):
        result = complex_transform(t, result, n, axis, norm, inverse)
    if real and inverse:
        result = real_inverse(t, result, steps[-1][1], steps[-1][0], norm)
    return result


for _name in _ONE_AXIS:
    implements(getattr(np.fft, _name))(_one_of_numpy(_name))
    implements(getattr(_scipy, _name))(_one_of_scipy(_name))
for _name in ("fft", "ifft", "rfft", "irfft"):
    for _suffix, _axes in (("2", (-2, -1)), ("n", None)):
        implements(getattr(np.fft, _name + _suffix))(_several_of_numpy(_name + _suffix, _axes))
        implements(getattr(_scipy, _name + _suffix))(_several_of_scipy(_name + _suffix, _axes))


# ---------------------------------------------------------------------- shifts and frequencies
def _shift(sign: int) -> Any:
    def function(act: Activation, x: Any, axes: Any = None) -> Any:
        t = act.t
        result = _array(t, x)
        for axis in axes_of(t, tuple(_entries(t, axes) or ()) if axes is not None else None, result.rank):
            half = t.emit("floordiv", result.dims[axis], _TWO)
            by = half if sign > 0 else t.emit("neg", half)
            result = t.environment.call(act, np.roll, (result, t.wrap(by, True), axis), {})
        return result
    return function


implements(np.fft.fftshift, _scipy.fftshift)(_shift(1))
implements(np.fft.ifftshift, _scipy.ifftshift)(_shift(-1))


def _frequencies(t: Tracer, numbers: Value, n: Value, d: Any) -> Any:
    """Numbers of waves as frequencies: divided by n d."""
    spacing = as_operand(t, d)
    kind = Kind.F64 if isinstance(spacing, (int, float)) else number_kind(spacing)
    if kind is None or not kind.is_float or isinstance(spacing, Array):
        t.fail("frequencies of a spacing that is no real number", "give the spacing as a float")
    total = t.emit("mul", t.emit("cast", n, kind=kind), t.scalar(spacing, kind))
    factor = Scalar(t.emit("div", Constant(1, kind), total), False)
    return arithmetic.elementwise(t, "mul", [t.new_array(t.emit("cast", numbers, kind=kind)), factor], kind)


@implements(np.fft.fftfreq, _scipy.fftfreq)
def fftfreq(act: Activation, n: Any, d: Any = 1.0, device: Any = None) -> Any:
    """The frequencies of a transform."""
    t = act.t
    n = t.integer(n)
    k = t.emit("iota", n)
    positive = t.emit("lt", k, t.emit("floordiv", t.emit("add", n, ONE), _TWO))
    return _frequencies(t, t.emit("select", positive, k, t.emit("sub", k, n)), n, d)


@implements(np.fft.rfftfreq, _scipy.rfftfreq)
def rfftfreq(act: Activation, n: Any, d: Any = 1.0, device: Any = None) -> Any:
    """The frequencies of a transform of real numbers."""
    t = act.t
    n = t.integer(n)
    return _frequencies(t, t.emit("iota", t.emit("add", t.emit("floordiv", n, _TWO), ONE)), n, d)

