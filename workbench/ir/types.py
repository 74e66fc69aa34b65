"""Types of IR values: a scalar kind, an array of one with symbolic dimensions, or a growable residual list.

Invariant: a dimension is an integer `Value` (or `Constant`) fixed when the buffer is made; every version of an array
has the same dimensions. Two dimensions are the same when their normal forms are (`workbench.ir.dims`).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from workbench.ir.core import Value


class Kind(enum.Enum):
    """The kind of a scalar, or of an array's elements; the value is its short name."""

    BOOL = "bool"
    INT = "i64"
    F32 = "f32"
    F64 = "f64"
    C64 = "c64"
    C128 = "c128"

    @property
    def is_float(self) -> bool:
        """True for real floating kinds."""
        return self in (Kind.F32, Kind.F64)

    @property
    def is_complex(self) -> bool:
        """True for complex kinds."""
        return self in (Kind.C64, Kind.C128)

    @property
    def is_inexact(self) -> bool:
        """True where a derivative can live: real or complex floating kinds."""
        return self.is_float or self.is_complex

    @property
    def dtype(self) -> np.dtype:
        """The NumPy dtype of this kind."""
        return _DTYPES[self]

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return int(_DTYPES[self].itemsize)

    @property
    def real(self) -> Kind:
        """The real kind of the same precision."""
        return {Kind.C64: Kind.F32, Kind.C128: Kind.F64}.get(self, self)


_DTYPES: dict[Kind, np.dtype] = {
    Kind.BOOL: np.dtype(np.bool_),
    Kind.INT: np.dtype(np.int64),
    Kind.F32: np.dtype(np.float32),
    Kind.F64: np.dtype(np.float64),
    Kind.C64: np.dtype(np.complex64),
    Kind.C128: np.dtype(np.complex128),
}
_KINDS: dict[np.dtype, Kind] = {dtype: kind for kind, dtype in _DTYPES.items()}


@dataclass(frozen=True, slots=True)
class ScalarType:
    """A scalar of one kind."""

    kind: Kind

    @property
    def dims(self) -> tuple[Value, ...]:
        """No dimensions."""
        return ()

    @property
    def rank(self) -> int:
        """Zero."""
        return 0

    def __str__(self) -> str:
        return self.kind.value


@dataclass(frozen=True, slots=True)
class ArrayType:
    """An array: element kind and one integer value per dimension (rank at least 1).

    `growable` marks a residual list: rank 1, no dimensions, an endless array of zeros of which a prefix is held;
    `store` and `accum` extend it, `load` beyond the end gives zero. It holds what is kept in loops whose trip count
    is not known on entry.
    """

    kind: Kind
    dims: tuple[Value, ...]
    growable: bool = False

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return 1 if self.growable else len(self.dims)

    def __str__(self) -> str:
        if self.growable:
            return f"{self.kind.value}[...]"
        return f"{self.kind.value}[{', '.join(dim.label for dim in self.dims)}]"


Type = ScalarType | ArrayType


def kind_of(dtype: object) -> Kind | None:
    """The kind of a NumPy dtype (or what `np.dtype` takes), or None where there is none."""
    try:
        return _KINDS.get(np.dtype(dtype))  # type: ignore[call-overload]
    except TypeError:
        return None


def element_type(type_: Type) -> ScalarType:
    """The scalar type of an array's elements; a scalar's own type."""
    return ScalarType(type_.kind)




def promote(*kinds: Kind) -> Kind:
    """NumPy's promotion of kinds taken as strong types (int with float32 gives float64)."""
    dtype = np.result_type(*(kind.dtype for kind in kinds))
    return _KINDS[dtype]
