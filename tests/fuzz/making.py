"""Library calls whose results may lie in memory in any way, as templates with their shapes (`layouts`).

`x` is a view of one of `ranks`, `y` another of the same shape, `S` a square matrix that is far from singular, `q` a
number within [-1, 1]. `PART_MAKERS` are those that complex step does not differentiate.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Shape = tuple[int, ...]
ANY = (1, 2, 3)


@dataclass(frozen=True)
class Maker:
    """A template. `takes`, `gives`: "d" for real, "c" for complex arrays."""

    text: str
    ranks: tuple[int, ...] = (2,)
    shape: Callable[[Shape], Shape] = lambda shape: shape
    takes: str = "d"
    gives: str = "d"


def definite(text: str, length: int) -> str:
    """A matrix with large pivots, of a view with so many rows."""
    return f"({text} @ {text}.T * 0.2 + 3.0 * np.eye({length}))"


def _turned(shape: Shape) -> Shape:
    return shape[::-1]


def _square(shape: Shape) -> Shape:
    return (shape[0], shape[0])


def _twice(axis: int) -> Callable[[Shape], Shape]:
    return lambda shape: tuple(2 * n if k == axis % len(shape) else n for k, n in enumerate(shape))


def _paired(axis: int) -> Callable[[Shape], Shape]:
    def shape_of(shape: Shape) -> Shape:
        place = axis % (len(shape) + 1)
        return (*shape[:place], 2, *shape[place:])

    return shape_of


MAKERS: tuple[Maker, ...] = (
    *(Maker(text, ANY) for text in (
        "{x}.copy()", "np.copy({x})", "np.copy({x}, order='F')", "{x}.copy(order='F')", "np.array({x})",
        "np.array({x}, order='F')", "np.asfortranarray({x})", "np.ascontiguousarray({x})", "{x}.astype(float)",
        "np.sort({x}, axis=0)", "np.sort({x}, axis=-1)", "np.cumsum({x}, axis=0) * 0.4", "np.roll({x}, 1, axis=-1)",
        "np.ones_like({x}) * {q}", "np.full_like({x}, {q})", "np.zeros_like({x}) + 0.5", "np.sin({x})", "{x} * {y}",
        "0.5 * {x} - {y}", "np.where({x} > 0.1, {x}, {y})", "np.clip({x}, -0.8, 0.9)", "np.maximum({x}, {y})",
        "np.flip({x}).copy()", "np.asarray({x})", "np.ravel({x}).reshape({x}.shape)", "{x}[::-1] + {y}",
        "np.negative({x})", "np.asarray({x}, order='F')", "+{x}")),
    Maker("np.concatenate(({x}, {y}))", ANY, _twice(0)), Maker("np.concatenate(({x}, {y}), axis=-1)", ANY, _twice(-1)),
    Maker("np.stack(({x}, {y}))", (1, 2), _paired(0)), Maker("np.stack(({x}, {y}), axis=-1)", (1, 2), _paired(-1)),
    Maker("np.stack(({x}, {y}), axis=1)", (1, 2), _paired(1)), Maker("np.vstack(({x}, {y}))", (2,), _twice(0)),
    Maker("np.hstack(({x}, {y}))", (2,), _twice(1)), Maker("np.tile({x}, 2)", (1,), _twice(0)),
    Maker("np.repeat({x}, 2, axis=0)", ANY, _twice(0)), Maker("np.repeat({x}, 2, axis=-1)", ANY, _twice(-1)),
    Maker("np.tensordot({x}, {y}, axes=([1], [1])) * 0.3", (2,), _square),
    Maker("np.einsum('ij,kj->ki', {x}, {y}) * 0.3", (2,), _square),
    Maker("np.einsum('ij,ij->ji', {x}, {y})", (2,), _turned), Maker("np.einsum('ij->ji', {x})", (2,), _turned),
    Maker("np.einsum('ij,ij->ij', {x}, {y})"), Maker("0.3 * ({x} @ {y}.T)", (2,), _square),
    Maker("np.matmul({x}.T, {y}) * 0.3", (2,), lambda s: (s[1], s[1])),
    Maker("np.dot({x}.T, {y}) * 0.3", (2,), lambda s: (s[1], s[1])),
    Maker("np.outer({x}, {y})", (1,), _square), Maker("np.diag({x})", (1,), _square),
    Maker("np.triu({x})"), Maker("np.tril({x}.T)", (2,), _turned), Maker("np.rot90({x}) * 1.0", (2,), _turned),
    Maker("np.linalg.inv({S})", (2,), _square), Maker("np.linalg.solve({S}, {x})"),
    Maker("np.linalg.solve({S}, {y})"), Maker("np.linalg.inv({S}).T", (2,), _square),
    Maker("np.swapaxes({x}, 0, -1) * 1.0", ANY, _turned), Maker("np.atleast_2d({x})", (1,), lambda s: (1, *s)),
    Maker("np.sum({x}, axis=0)", (2, 3), lambda s: s[1:]), Maker("np.mean({x}, axis=1)", (2, 3),
                                                                lambda s: (s[0], *s[2:])),
    Maker("np.take({x}, [0, -1], axis=-1)", ANY, lambda s: (*s[:-1], 2)),
    Maker("{x}[:, [-1, 0]]", (2, 3), lambda s: (s[0], 2, *s[2:])),
    Maker("{x}[[0, -1, 0]]", ANY, lambda s: (3, *s[1:])), Maker("np.broadcast_to({x}, (2, *{x}.shape)) * 1.0", (1, 2),
                                                             lambda s: (2, *s)),
    Maker("np.kron({x}, np.array([1.0, 0.5]))", (1,), _twice(0)), Maker("np.meshgrid({x}, {y})[0]", (1,), _square),
    Maker("np.multiply.outer({x}, {y})", (1,), _square), Maker("np.moveaxis({x}, 0, -1).copy()", (2,), _turned),
)

PART_MAKERS: tuple[Maker, ...] = (
    *(Maker(text, ANY, gives="c") for text in (
        "{x} + 1j * {y}", "{x} * (0.5 + 1.0j)", "np.exp(1j * {x})", "{x}.astype(complex)", "np.zeros_like({x}) * 1j",
        "1j * {x} - {y}", "np.zeros({x}.shape, dtype=complex)", "{x} + 1j * {y}")),
    *(Maker(text, ANY, takes="c", gives="c") for text in (
        "{x}.copy()", "np.conj({x})", "0.5 * {x} + {y} * 0.5", "np.copy({x})", "np.zeros_like({x})")),
    *(Maker(text, ANY, takes="c") for text in ("{x}.real", "{x}.imag", "np.abs({x} + (2.0 + 1.0j))", "np.real({x})",
                                               "{x}.real * {x}.imag", "{x}.imag.copy()")),
    Maker("np.fft.fft({x}, axis=0).real * 0.4", ANY), Maker("np.fft.fft({x}) * 0.4", ANY, gives="c"),
    Maker("np.fft.ifft({x}, axis=0).imag", ANY), Maker("np.fft.fft2({x}).real * 0.2", (2,)),
    Maker("np.linalg.qr({S})[0]", (2,), _square), Maker("np.linalg.qr({S})[1] * 0.3", (2,), _square),
    Maker("np.linalg.cholesky({S})", (2,), _square), Maker("np.linalg.cholesky({S}).T", (2,), _square),
)
