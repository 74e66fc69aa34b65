"""Conversions of kind, and the primitives that are not holomorphic: real, imag, conj, complex, modulus, angle.

`emit("abs", z)` of a complex value makes `modulus`. Its derivative is 0 at 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.ir import Builder, Constant, Kind, Op, Value, kind_of
from workbench.rules import identities
from workbench.rules.emission import emit
from workbench.rules.folding import truncated
from workbench.rules.functions import (
    astype,
    broadcast_to,
    complex_,
    conj,
    imag,
    kind_of_value,
    real,
    shape,
    sum_to,
    where,
)
from workbench.rules.primitive import ANY, ATOM, COMPLEX, FLOAT, Attrs, Primitive, Sample, Types, register
from workbench.rules.samples import draw
from workbench.rules.spelling import converted
from workbench.rules.typing import ResultKind, elementwise, same, shaped
from workbench.rules.typing import complex_ as complex_kind
from workbench.rules.typing import real as real_kind


# ---------------------------------------------------------------------- cast
def _cast_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    (value,), kind = operands, attrs["kind"]
    if value.kind.is_complex and not kind.is_complex:
        raise TypeError(f"cast of {value.kind.value} to {kind.value}: take the real part")
    return (shaped(kind, value.dims),)


def _cast_numpy(x: Any, kind: Kind) -> Any:
    return np.asarray(x).astype(kind.dtype)[()]


def _cast_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = f_bar in the kind of x`."""
    source = kind_of_value(xs[0])
    return astype(y_bar, source) if source.is_inexact and op.attrs["kind"].is_inexact else None


def _cast_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return astype(tangents[0], op.attrs["kind"]) if op.attrs["kind"].is_inexact else None


def _unary_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    return [Sample((draw(rng, kind, dims)[()],)) for dims in ((), (3,), (2, 2), (0,))]


def _cast_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    targets = [k for k in Kind if not (kind.is_complex and not k.is_complex)]
    return [Sample(s.operands, {"kind": k}) for s in _unary_samples(rng, kind) for k in targets]


def _cast_spelling(kinds: Sequence[Kind], result: Kind) -> tuple[str, int]:
    plain = {(Kind.INT, Kind.F64): "float({0})", (Kind.F64, Kind.C128): "complex({0})"}
    return plain.get((kinds[0], result)) or converted("{0}", result), ATOM


def _uncast(builder: Builder, operands: Sequence[Value], attrs: Attrs) -> Value | None:
    """What has the kind already is handed back."""
    return operands[0] if operands[0].kind is attrs["kind"] else None


register(Primitive("cast", _cast_numpy, _cast_types, 1, True, (ANY,), vjp=_cast_vjp, jvp=_cast_jvp, flops=0,
                   numba=_cast_spelling, numba_complex=_cast_spelling, samples=_cast_samples, instead=_uncast,
                   exact=truncated))


# ---------------------------------------------------------------------- parts
def _real_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = f_bar + 0i`."""
    return complex_(y_bar, 0.0)


def _imag_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = 0 + i f_bar`."""
    return complex_(0.0, y_bar)


def _conj_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = conj(f_bar)`."""
    return conj(y_bar)


def _complex_numpy(re: Any, im: Any) -> Any:
    """Not re + 1j*im, which turns an infinite part into NaN."""
    kind = kind_of(np.result_type(re, im)) or Kind.F64
    out = np.empty(np.broadcast_shapes(np.shape(re), np.shape(im)), kind.complex.dtype)
    out.real, out.imag = re, im
    return out[()]


def _complex_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = Re(f_bar); y_bar = Im(f_bar)`."""
    return sum_to(imag(y_bar) if k else real(y_bar), shape(xs[k]))


def _complex_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    re, im = (0.0 if t is None else t for t in tangents)
    result = complex_(re, im)
    return broadcast_to(result, shape(y)) if len(shape(y)) else result


def _complex_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    shapes: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
        ((), ()), ((3,), (3,)), ((2, 3), (3,)), ((), (2,)), ((0,), (0,))]
    return [Sample((draw(rng, kind, a)[()], draw(rng, kind, b)[()])) for a, b in shapes]


def _of_real(builder: Builder, operands: Sequence[Value], attrs: Attrs) -> str | Value | None:
    """A real number is its own real part and conjugate."""
    (x,) = operands
    return None if x.kind.is_complex else "copy" if x.is_array else x


def _no_part(builder: Builder, operands: Sequence[Value], attrs: Attrs) -> Value | None:
    """A real number has the imaginary part 0."""
    (x,) = operands
    zero = Constant(0, x.kind)
    return None if x.kind.is_complex else emit(builder, "full", zero, *x.dims) if x.is_array else zero


def _part(name: str, numpy: Any, vjp: Any, jvp: Any, text: str, kind: ResultKind, **more: Any) -> None:
    register(Primitive(name, numpy, elementwise(kind, (COMPLEX,), name), 1, True, (COMPLEX,), (numpy,), vjp=vjp,
                       jvp=jvp, numba_complex=text, analytic=False, samples=_unary_samples, **more))


def _complex_spelling(kinds: Sequence[Kind], result: Kind) -> tuple[str, int]:
    """The compiler makes complex numbers of double precision."""
    form = "complex({0}, {1})"
    return converted(form, result) if result.is_single else form, ATOM


_part("real", np.real, _real_vjp, lambda op, xs, y, tangents: real(tangents[0]), "{0}.real", real_kind,
      instead=_of_real, simpler=identities.part(0))
_part("imag", np.imag, _imag_vjp, lambda op, xs, y, tangents: imag(tangents[0]), "{0}.imag", real_kind,
      instead=_no_part, simpler=identities.part(1))
_part("conj", np.conjugate, _conj_vjp, lambda op, xs, y, tangents: conj(tangents[0]), "np.conj({0})", same,
      instead=_of_real)
register(Primitive("complex", _complex_numpy, elementwise(complex_kind, (FLOAT,), "complex"), 2, True, (FLOAT, FLOAT),
                   (complex,), vjp=_complex_vjp, jvp=_complex_jvp, numba=_complex_spelling, analytic=False,
                   samples=_complex_samples))


# ---------------------------------------------------------------------- polar form
def _nonzero(y: Any) -> Any:
    return where(y == 0, 1.0, y)


def _modulus_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = f_bar x / f, 0 where f = 0`."""
    return xs[0] * (y_bar / _nonzero(y))


def _modulus_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return real(conj(xs[0]) * tangents[0]) / _nonzero(y)


def _squared(x: Any) -> Any:
    return real(x) * real(x) + imag(x) * imag(x)


def _angle_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = i f_bar x / |x|^2`."""
    scale = y_bar / _squared(xs[0])
    return complex_(-imag(xs[0]) * scale, real(xs[0]) * scale)


def _angle_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return imag(conj(xs[0]) * tangents[0]) / _squared(xs[0])


register(Primitive("modulus", np.abs, elementwise(real_kind, (COMPLEX,), "modulus"), 1, True, (COMPLEX,),
                   vjp=_modulus_vjp, jvp=_modulus_jvp, numba_complex="abs({0})", flops=0, transcendental=True,
                   analytic=False,
                   samples=_unary_samples))
register(Primitive("angle", np.angle, elementwise(real_kind, (COMPLEX,), "angle"), 1, True, (COMPLEX,), (np.angle,),
                   vjp=_angle_vjp, jvp=_angle_jvp, numba_complex="math.atan2({0}.imag, {0}.real)", flops=1,
                   transcendental=True, analytic=False, samples=_unary_samples))
