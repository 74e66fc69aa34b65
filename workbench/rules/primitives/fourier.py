"""Discrete Fourier transforms of lines (the rows of a matrix), not scaled.

`fft` is exp(-2 pi i jk / n), or with `inverse` its conjugate; `rfft` gives the first m = n // 2 + 1 frequencies of real
lines, `irfft` the real lines of length n with these first frequencies. They are linear: the derivative is the
transform, its adjoint the conjugate one. In the half spectra, frequencies between the ends count twice.

Source: Van Loan, Computational Frameworks for the Fast Fourier Transform (1992), 1.1, 4.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.ir import ArrayType, Kind, Op, Value
from workbench.rules import workspaces
from workbench.rules.costs import fourier as costs
from workbench.rules.entries import by_kernel
from workbench.rules.expr import Expr, apply
from workbench.rules.functions import shape, where
from workbench.rules.kernels import fourier as kernels
from workbench.rules.matrices import as_row, in_kind, places, real_constant
from workbench.rules.primitive import COMPLEX, FLOAT, INT, Attrs, Primitive, Sample, Types, register
from workbench.rules.samples import draw
from workbench.rules.typing import array, complex_, dimension


def _lines(operand: Value, kinds: frozenset[Kind], name: str) -> ArrayType:
    type_ = array(operand, name)
    if type_.rank != 2 or type_.kind not in kinds:
        raise TypeError(f"{name} of {type_}")
    return type_


# ---------------------------------------------------------------------- complex lines
def _fft_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    return (_lines(operands[0], COMPLEX, "fft"),)


def _fft(x: Any, inverse: bool) -> Any:
    if 0 in x.shape:
        return x.copy()
    return np.fft.ifft(x, norm="forward") if inverse else np.fft.fft(x)


def _fft_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = the unscaled transform of f_bar in the other direction`."""
    return apply("fft", y_bar, inverse=not op.attrs["inverse"])


def _fft_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return apply("fft", tangents[0], **op.attrs)


_LENGTHS = (1, 2, 3, 4, 5, 12, 37, 0)


def _fft_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    return [Sample((draw(rng, kind, (1 + n % 3, n)),), {"inverse": n % 2 == 1}) for n in _LENGTHS]


register(Primitive("fft", _fft, _fft_types, 1, kinds=(COMPLEX,), vjp=_fft_vjp, jvp=_fft_jvp, flops=10,
                   **by_kernel(kernels.fourier_lines, "{0}, {inverse}"),
                   workspace=workspaces.fft, cost=costs.complex_lines,
                   samples=_fft_samples))


# ---------------------------------------------------------------------- real lines
def _rfft_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    x = _lines(operands[0], FLOAT, "rfft")
    return (ArrayType(complex_([x.kind]), (x.dims[0], dimension(operands[1]))),)


def _rfft(x: Any, m: Any) -> Any:
    return np.fft.rfft(x) if x.shape[1] else 1j * np.zeros((len(x), m), x.dtype)


def _irfft_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    x = _lines(operands[0], COMPLEX, "irfft")
    return (ArrayType(x.kind.real, (x.dims[0], dimension(operands[1]))),)


def _irfft(x: Any, n: Any) -> Any:
    return np.fft.irfft(x, int(n), norm="forward")


def _number(dim: Any, like: Any) -> Any:
    return Expr(like.builder, dim) if isinstance(like, Expr) else dim


def _weighted(spectra: Any, n: Any, inner: float) -> Any:
    """Half spectra of lines of length n, the frequencies between the ends multiplied."""
    k = places(shape(spectra)[1], spectra)
    ends = (k == 0) | (k * 2 == _number(n, spectra))
    one = real_constant(spectra, 1.0)
    return spectra * in_kind(as_row(where(ends, one, real_constant(spectra, inner))), spectra)


def _transform(name: str, x: Any, dim: Any) -> Any:
    return apply(name, x, _number(dim, x))


def _rfft_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = irfft(f_bar), unscaled, the frequencies between the ends halved`."""
    n = shape(xs[0])[1]
    return _transform("irfft", _weighted(y_bar, n, 0.5), n) if k == 0 else None


def _rfft_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return _transform("rfft", tangents[0], shape(y)[1])


def _irfft_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = rfft(f_bar), the frequencies between the ends doubled`."""
    if k != 0:
        return None
    return _weighted(_transform("rfft", y_bar, shape(xs[0])[1]), shape(y)[1], 2.0)


def _irfft_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return _transform("irfft", tangents[0], shape(y)[1])


def _rfft_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    return [Sample((draw(rng, kind, (1 + n % 3, n)), n // 2 + 1)) for n in _LENGTHS if n]


def _irfft_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    return [Sample((draw(rng, kind, (1 + n % 3, n // 2 + 1)), n)) for n in _LENGTHS if n]


register(Primitive("rfft", _rfft, _rfft_types, 2, kinds=(FLOAT, INT), vjp=_rfft_vjp, jvp=_rfft_jvp, flops=5,
                   numba="half_spectra({0}, np.empty(0, {result}), {1})", kernels=(kernels.half_spectra,),
                   workspace=workspaces.rfft, analytic=False, cost=costs.half_spectra, samples=_rfft_samples))
register(Primitive("irfft", _irfft, _irfft_types, 2, kinds=(COMPLEX, INT), vjp=_irfft_vjp, jvp=_irfft_jvp, flops=5,
                   numba_complex="real_lines({0}, {1})", kernels=(kernels.real_lines,),
                   workspace=workspaces.irfft, analytic=False,
                   cost=costs.real_lines, samples=_irfft_samples))
