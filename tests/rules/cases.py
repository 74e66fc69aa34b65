"""The inputs on which a primitive is checked: every kind it takes, broadcasting, sizes 0 and 1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.ir import Kind
from workbench.rules import Primitive, Sample

SHAPES = {
    1: (((),), ((3,),), ((2, 2),), ((1,),), ((0,),)),
    2: (((), ()), ((3,), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (3,)), ((2, 3), ()), ((1,), (4,)), ((1,), (1,)),
        ((0,), (0,)), ((0,), (1,)), ((2, 0), (2, 1))),
    3: (((), (), ()), ((3,), (3,), (3,)), ((2, 3), (3,), (2, 1)), ((), (3,), (3,)), ((3,), (), ()), ((1,), (4,), (1,)),
        ((0,), (0,), (0,)), ((0,), (1,), ())),
}
INEXACT = (Kind.F64, Kind.F32, Kind.C128, Kind.C64)


@dataclass(frozen=True)
class Case:
    """Operands of given kinds, and attributes."""

    operands: tuple[Any, ...]
    attrs: dict[str, Any]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return tuple(kind_of(v) for v in self.operands)

    def __str__(self) -> str:
        shapes = ", ".join(f"{k.value}{list(np.shape(v))}" for k, v in zip(self.kinds, self.operands))
        return f"({shapes}) {self.attrs or ''}"


def kind_of(x: Any) -> Kind:
    dtype = np.asarray(x).dtype
    return next(k for k in Kind if k.dtype == dtype)


def derivative_cases(primitive: Primitive, rng: np.random.Generator) -> Iterator[Case]:
    """Inputs of the inexact kinds."""
    for kind in INEXACT:
        if any(kind in kinds for kinds in primitive.kinds):
            yield from cases(primitive, rng, kind)


def cases(primitive: Primitive, rng: np.random.Generator, kind: Kind) -> Iterator[Case]:
    """Inputs whose operands have this kind where they can."""
    if primitive.samples is not None:
        for sample in primitive.samples(rng, kind):
            yield from _sampled(sample)
        return
    for kinds in _kind_choices(primitive, kind):
        for shapes in SHAPES[primitive.arity or 2]:
            operands = tuple(
                draw(rng, k, shape, primitive.domain[p]) for p, (k, shape) in enumerate(zip(kinds, shapes)))
            yield Case(operands, {})


def _sampled(sample: Sample) -> Iterator[Case]:
    yield Case(tuple(np.int64(v) if isinstance(v, int) else v for v in sample.operands), dict(sample.attrs))


def _kind_choices(primitive: Primitive, kind: Kind) -> Iterator[tuple[Kind, ...]]:
    arity = primitive.arity or 2
    chosen = []
    for position in range(arity):
        if primitive.takes(position, kind):
            chosen.append(kind)
        else:
            chosen.append(Kind.INT if primitive.takes(position, Kind.INT) else Kind.BOOL)
    yield tuple(chosen)
    if primitive.integral and kind.is_inexact:
        yield tuple(Kind.INT if position in primitive.integral else k for position, k in enumerate(chosen))


def draw(rng: np.random.Generator, kind: Kind, shape: tuple[int, ...], domain: tuple[float, float]) -> Any:
    """Values of a kind in an interval (complex ones: near it)."""
    lo, hi = domain
    values: Any = rng.uniform(lo, hi, shape)
    if kind is Kind.BOOL:
        return np.asarray(values > (lo + hi) / 2)[()]
    if kind is Kind.INT:
        return rng.integers(int(np.ceil(lo)), int(np.floor(hi)) + 1, shape)[()] if shape else np.int64(
            rng.integers(int(np.ceil(lo)), int(np.floor(hi)) + 1))
    if kind.is_complex:
        values = values + 1j * rng.uniform(-0.3, 0.3, shape)
    return np.asarray(values).astype(kind.dtype)[()]
