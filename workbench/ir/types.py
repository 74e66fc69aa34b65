"""Values and their types: a scalar kind, an array of one with symbolic dimensions, or a growable residual list.

Invariant: a dimension is an integer `Value` (or `Constant`) fixed when the buffer is made; every version of an array
has the same dimensions. Two dimensions are the same when their normal forms are (`workbench.ir.dims`).
"""

from __future__ import annotations

import enum
import functools
from typing import ClassVar

import numpy as np

from workbench.records import dataclass


class Kind(enum.Enum):
    """The kind of a scalar, or of an array's elements; the value is its short name.

    A new kind (a dtype) is a member here, with its dtype below: promotion, type rules, NumPy's meaning of operations,
    the spelling of dtypes and of constants, tolerances, what errors list and what tests draw follow from these
    properties. What is decided kind by kind elsewhere is listed in `tests/ir/test_types.py`, which fails where another
    place begins to: those are the places to look at."""

    BOOL = "bool"
    INT = "i64"
    F32 = "f32"
    F64 = "f64"
    C64 = "c64"
    C128 = "c128"

    __hash__ = object.__hash__  # (members are unique; `Enum` hashes the name, in Python, and kinds are in every key)

    @functools.cached_property
    def is_float(self) -> bool:
        """True for real floating kinds."""
        return self in (Kind.F32, Kind.F64)

    @functools.cached_property
    def is_complex(self) -> bool:
        """True for complex kinds."""
        return self in (Kind.C64, Kind.C128)

    @functools.cached_property
    def is_inexact(self) -> bool:
        """True where a derivative can live: real or complex floating kinds."""
        return self.is_float or self.is_complex

    @functools.cached_property
    def dtype(self) -> np.dtype:
        """The NumPy dtype of this kind."""
        return _DTYPES[self]

    @functools.cached_property
    def itemsize(self) -> int:
        """Bytes per element."""
        return int(_DTYPES[self].itemsize)

    @functools.cached_property
    def real(self) -> Kind:
        """The real kind of the same precision."""
        return {Kind.C64: Kind.F32, Kind.C128: Kind.F64}.get(self, self)

    @functools.cached_property
    def complex(self) -> Kind:
        """The complex kind of the same precision (of integers and truth values, of double precision)."""
        return Kind.C64 if self.is_single else Kind.C128

    @functools.cached_property
    def is_single(self) -> bool:
        """True for inexact kinds that are narrower than Python's own numbers."""
        return is_narrow(self.dtype)


_DTYPES: dict[Kind, np.dtype] = {
    Kind.BOOL: np.dtype(np.bool_),
    Kind.INT: np.dtype(np.int64),
    Kind.F32: np.dtype(np.float32),
    Kind.F64: np.dtype(np.float64),
    Kind.C64: np.dtype(np.complex64),
    Kind.C128: np.dtype(np.complex128),
}
_KINDS: dict[np.dtype, Kind] = {dtype: kind for kind, dtype in _DTYPES.items()}


class ScalarType:
    """A scalar of one kind. One object for each kind: equal types are identical, and hash as fast as objects do."""

    __slots__ = ("kind",)
    kind: Kind
    _made: ClassVar[dict[Kind, ScalarType]] = {}

    def __new__(cls, kind: Kind) -> ScalarType:
        made = cls._made.get(kind)
        if made is None:
            made = cls._made[kind] = super().__new__(cls)
            made.kind = kind
        return made

    def __reduce__(self) -> tuple[type[ScalarType], tuple[Kind]]:
        return ScalarType, (self.kind,)

    def __repr__(self) -> str:
        return f"ScalarType({self.kind})"

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


class Value:
    """An SSA value: made once, by a parameter or an operation. `name` is a hint taken from the user's program."""

    __slots__ = ("is_array", "name", "type")
    is_array: bool  # (growable ones too)

    def __init__(self, type_: Type, name: str = "") -> None:
        self.type = type_
        self.name = name
        self.is_array = type(type_) is ArrayType

    @property
    def kind(self) -> Kind:
        """Scalar kind, or the kind of the elements."""
        return self.type.kind

    @property
    def dims(self) -> tuple[Value, ...]:
        """Dimensions of an array, () of a scalar."""
        return self.type.dims

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return self.type.rank

    @property
    def label(self) -> str:
        """How a type shows this value as a dimension."""
        return self.name or "?"

    def __repr__(self) -> str:
        return f"<{self.label}: {self.type}>"


class Constant(Value):
    """A scalar known when the program is built. Equal when kind and value (sign of zero, NaN included) are."""

    __slots__ = ("_hash", "_key", "value")

    def __init__(self, value: bool | int | float | complex, kind: Kind) -> None:
        super().__init__(ScalarType(kind))
        self.value = kind.dtype.type(value).item()
        self._key = (kind, repr(self.value))
        self._hash = hash(self._key)

    @property
    def label(self) -> str:
        """The value as Python writes it."""
        return repr(self.value)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Constant) and self._key == other._key)

    def __hash__(self) -> int:
        return self._hash


def kind_of(dtype: object) -> Kind | None:
    """The kind of a NumPy dtype (or what `np.dtype` takes), or None where there is none."""
    try:
        return _KINDS.get(np.dtype(dtype))  # type: ignore[call-overload]
    except TypeError:
        return None


def is_narrow(dtype: np.dtype) -> bool:
    """True for a floating dtype, real or complex, with fewer digits than Python's own numbers; of a kind or not.

    >>> [name for name in ("float16", "float32", "float64", "complex64", "int32") if is_narrow(np.dtype(name))]
    ['float16', 'float32', 'complex64']
    """
    return dtype.kind in "fc" and bool(np.finfo(dtype).bits < np.finfo(float).bits)


def dtypes_in_words(last: str) -> str:
    """The dtypes that there are kinds of, as a list in a sentence.

    >>> dtypes_in_words("or")
    'bool, int64, float32, float64, complex64 or complex128'
    """
    *first, final = (kind.dtype.name for kind in Kind)
    return f"{', '.join(first)} {last} {final}"


def element_type(type_: Type) -> ScalarType:
    """The scalar type of an array's elements; a scalar's own type."""
    return ScalarType(type_.kind)


@functools.cache
def promote(*kinds: Kind) -> Kind:
    """NumPy's promotion of kinds taken as strong types (int with float32 gives float64)."""
    dtype = np.result_type(*(kind.dtype for kind in kinds))
    return _KINDS[dtype]
