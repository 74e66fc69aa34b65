"""Random operands, of which the samples of primitives are made: what tests run rules on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.ir import Kind
from workbench.rules.primitive import Sample


def draw(rng: np.random.Generator, kind: Kind, dims: tuple[int, ...]) -> Any:
    """Random values of a kind, in (-2, 2)."""
    values = rng.uniform(-2.0, 2.0, dims)
    if kind.is_complex:
        return (values + 1j * rng.uniform(-2.0, 2.0, dims)).astype(kind.dtype)
    if kind is Kind.BOOL:
        return values > 0
    return np.asarray(3 * values if kind is Kind.INT else values).astype(kind.dtype)


def stacks(rng: np.random.Generator, kind: Kind, shapes: Sequence[tuple[int, ...]], shift: float = 0.0) -> list[Any]:
    """Random arrays of matrices in (-1, 1); `shift` is added to the diagonals."""
    found = []
    for dims in shapes:
        values = rng.uniform(-1.0, 1.0, dims)
        if kind.is_complex:
            values = values + 1j * rng.uniform(-1.0, 1.0, dims)
        values = values + shift * np.eye(dims[-2], dims[-1])
        found.append(np.asarray(values).astype(kind.dtype))
    return found


def square_samples(*shapes: tuple[int, ...]) -> Callable[[np.random.Generator, Kind], list[Sample]]:
    """Regular matrices, or stacks of them, as the only operand."""
    def samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
        return [Sample((a,)) for a in stacks(rng, kind, shapes, 1.5)]
    return samples
