"""What stands for an argument that is not there: its dtype and its dimensions, each a name or a number.

Invariant: nothing of a spec's size is ever allocated. The stand-in that programs are traced with is small: every named
dimension has a length of its own, so that dimensions are taken for equal only where they have one name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from workbench.cost.formula import Formula, of, symbol
from workbench.frontend.structures import map_leaves, named_leaves
from workbench.ir import Kind
from workbench.records import dataclass

#: Dimensions given as numbers stand for themselves up to here, and as names of lengths of their own beyond.
LITERAL = 64
#: Lengths that stand for named dimensions: no two equal, none of them one that a program may know.
LENGTHS = (67, 71, 73, 79, 83, 89, 97, 101)
_KINDS = {**{kind.value: kind for kind in Kind}, "b1": Kind.BOOL}
_FORM = re.compile(r"\s*([a-z]+\d*)\s*(?:\[([^\[\]]*)\])?\s*")


@dataclass(frozen=True)
class Spec:
    """An argument by its dtype and dimensions; see `spec`. dims: names and numbers; None: a number, no array."""

    kind: Kind
    dims: tuple[str | int, ...] | None
    sizes: Mapping[str, int]

    def __str__(self) -> str:
        return self.kind.value + ("" if self.dims is None else f"[{','.join(map(str, self.dims))}]")

    def dimension(self, axis: int, sizes: Mapping[str, int]) -> Formula:
        """The length of an axis, where named dimensions have these sizes and the others are open."""
        if self.dims is None:
            raise IndexError(f"{self} has no axes")
        dim = self.dims[axis]
        return of(dim) if isinstance(dim, int) else of(sizes[dim]) if dim in sizes else symbol(dim)

    def stand_in(self, lengths: Callable[[str], int]) -> Any:
        """A small argument of this kind; `lengths` gives the length of a named dimension."""
        if self.dims is None:
            return _NUMBERS.get(self.kind, self.kind.dtype.type)(2)
        shape = tuple(d if isinstance(d, int) and d <= LITERAL else lengths(str(d)) for d in self.dims)
        return np.zeros(shape, self.kind.dtype)  # (pages that nobody touches take no memory)


_NUMBERS: dict[Kind, Callable[[Any], Any]] = {Kind.BOOL: bool, Kind.INT: int, Kind.F64: float, Kind.C128: complex}


def spec(text: str, **sizes: int) -> Spec:
    """An argument that is not there, by its dtype and dimensions: what costs are asked for with.

    text: a dtype (`f64`, `f32`, `c128`, `c64`, `i64`, `bool`), and for an array its dimensions in brackets, each a name
    or a number: `"f64[n,3]"`. Dimensions of one name are equal. A dtype alone is a number; an integer number is a
    dimension named after its parameter.
    sizes: the lengths of named dimensions; those left out stay symbols.
    Returns a `Spec`. Raises ValueError where the text is none, or a size belongs to no dimension or is negative.

    >>> import workbench as wb
    >>> str(wb.spec("f64[n,m]", m=10))
    'f64[n,m]'
    """
    found = _FORM.fullmatch(text)
    kind = _KINDS.get(found[1]) if found else None
    if found is None or kind is None:
        raise ValueError(f"{text!r} is no spec: a dtype ({', '.join(_KINDS)}) and dimensions, as in 'f64[n,3]'")
    dims = None if found[2] is None else tuple(_dim(part.strip(), text) for part in found[2].split(",") if part.strip())
    for name, size in sizes.items():
        if dims is None or name not in dims:
            raise ValueError(f"{text!r} has no dimension {name!r}")
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 0:
            raise ValueError(f"a size is an integer from 0 on, not {name}={size!r}")
    return Spec(kind, dims, {name: int(size) for name, size in sizes.items()})


def _dim(text: str, whole: str) -> str | int:
    if text.isdigit():
        return int(text)
    if not text.isidentifier():
        raise ValueError(f"{text!r} in {whole!r} is no dimension: a name or a number")
    return text


def stand_ins(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments with every spec in them, in structures too, replaced by a small stand-in.

    Raises ValueError where two specs give one name different sizes."""
    sizes = sizes_in(args)
    lengths: dict[str, int] = {}

    def length(name: str) -> int:
        if sizes.get(name, 2) < 2:
            return sizes[name]
        if name not in lengths:
            lengths[name] = LENGTHS[len(lengths)] if len(lengths) < len(LENGTHS) else LENGTHS[-1] + 2 * len(lengths)
        return lengths[name]
    return tuple(_with_specs(arg, lambda found: found.stand_in(length)) for arg in args)


def sizes_in(args: tuple[Any, ...]) -> dict[str, int]:
    """The sizes that all specs together give. Raises ValueError where two specs give one name different sizes."""
    sizes: dict[str, int] = {}
    for found in specs_in(args):
        for name, size in found.sizes.items():
            if sizes.setdefault(name, size) != size:
                raise ValueError(f"dimension {name!r} is both {sizes[name]} and {size}")
    return sizes


def specs_in(value: Any) -> Iterator[Spec]:
    """Every spec in a structure."""
    return (leaf for _, leaf in named_leaves("", value, Spec) if isinstance(leaf, Spec))


def _with_specs(value: Any, made: Callable[[Spec], Any]) -> Any:
    """A structure with what is made of each spec in its place; what holds none is the object itself."""
    if next(specs_in(value), None) is None:
        return value
    return map_leaves(lambda leaf: made(leaf) if isinstance(leaf, Spec) else leaf, value, Spec)


def samples(args: tuple[Any, ...], sizes: Mapping[str, int], rng: np.random.Generator) -> tuple[Any, ...]:
    """Arguments with every spec replaced by random numbers, in [0.1, 1), of full size. (An integer number is the size
    that is not given to any dimension of an array.)

    Raises TypeError where a dimension has no size."""
    known = {**sizes_in(args), **sizes}
    named = {str(d) for found in specs_in(args) for d in found.dims or () if isinstance(d, str)}
    if missing := sorted(named - known.keys()):
        raise TypeError(f"{', '.join(missing)} must be given to draw arguments")
    others = [size for name, size in sizes.items() if name not in named]

    def drawn(found: Spec) -> Any:
        if found.kind is Kind.INT and found.dims is None:
            if not others:
                raise TypeError("the value of an integer argument must be given to draw arguments")
            return others[0]
        shape = () if found.dims is None else tuple(known[d] if isinstance(d, str) else d for d in found.dims)
        values = rng.uniform(0.1, 1.0, shape)
        if found.dims is None:
            return _NUMBERS.get(found.kind, found.kind.dtype.type)(values)
        return values.astype(found.kind.dtype)
    return tuple(_with_specs(arg, drawn) for arg in args)


def opened(args: tuple[Any, ...], names: Sequence[str]) -> tuple[tuple[Any, ...], dict[str, int]]:
    """Arguments with every dimension left open, and the sizes that they had.

    Arrays of numbers become specs whose dimensions are called after the first array that has them (`x.shape[0]`): equal
    lengths have one name, 0 and 1 stay numbers.

    >>> specs, sizes = opened((np.ones((3, 2)), np.ones(3), 7.0), "wxy")
    >>> [str(s) for s in specs], sizes
    (['f64[w.shape[0],w.shape[1]]', 'f64[w.shape[0]]', '7.0'], {'w.shape[0]': 3, 'w.shape[1]': 2})
    """
    called: dict[int, str] = {}

    def dim(size: int, name: str) -> str | int:
        return size if size < 2 else called.setdefault(size, name)

    def found(value: Any, name: str) -> Any:
        if isinstance(value, np.ndarray) and value.dtype.name in _DTYPES:
            dims = tuple(dim(size, f"{name}.shape[{axis}]") for axis, size in enumerate(value.shape))
            return Spec(_DTYPES[value.dtype.name], dims, {})
        return value
    sizes = sizes_in(args)
    made = tuple(map_leaves(partial(found, name=name), arg) if holds_arrays(arg) else
                 _with_specs(arg, lambda spec: Spec(spec.kind, spec.dims, {}))
                 for arg, name in zip(args, names, strict=True))
    return made, {**sizes, **{name: size for size, name in called.items()}}


def holds_arrays(value: Any) -> bool:
    """Whether an array is in a structure."""
    return any(isinstance(leaf, np.ndarray) for _, leaf in named_leaves("", value))


_DTYPES = {kind.dtype.name: kind for kind in Kind}
