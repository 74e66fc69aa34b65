"""Type rules: NumPy's broadcasting by rank and symbolic dimensions, and the kinds of results.

Invariant: a rule makes no new dimension, it only hands on those of its operands. A dimension equal to `Constant(1)`
broadcasts; other dimensions that meet are taken to be equal (the front end has checked or guarded them).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.ir import ArrayType, Constant, Kind, ScalarType, Type, Value
from workbench.rules.primitive import Attrs, TypeRule, Types

ONE = Constant(1, Kind.INT)
ResultKind = Callable[[Sequence[Kind]], Kind]


def broadcast_dims(shapes: Sequence[tuple[Value, ...]]) -> tuple[Value, ...]:
    """The common shape. Raises ValueError where two constant dimensions differ and neither is 1."""
    rank = max((len(s) for s in shapes), default=0)
    dims: list[Value] = []
    for axis in range(-rank, 0):
        chosen: Value = ONE
        for shape in shapes:
            if len(shape) < -axis or shape[axis] == ONE:
                continue
            dim = shape[axis]
            if chosen == ONE:
                chosen = dim
            elif isinstance(dim, Constant) and isinstance(chosen, Constant) and dim != chosen:
                raise ValueError(f"shapes do not broadcast: {chosen.value} and {dim.value}")
            elif isinstance(dim, Constant):
                chosen = dim
        dims.append(chosen)
    return tuple(dims)


def shaped(kind: Kind, dims: tuple[Value, ...]) -> Type:
    """An array type, or the scalar type where there are no dimensions."""
    return ArrayType(kind, dims) if dims else ScalarType(kind)


def elementwise(result: ResultKind, kinds: tuple[frozenset[Kind], ...], name: str, equal: bool = True,
                since: int = 0) -> TypeRule:
    """The rule of an elementwise primitive: operands from `since` on must have equal kind (where `equal`)."""
    known: dict[tuple[Kind, ...], Kind] = {}

    def kind_of_result(found: tuple[Kind, ...]) -> Kind:
        for position, kind in enumerate(found):
            if kind not in kinds[min(position, len(kinds) - 1)]:
                raise TypeError(f"{name} does not take {kind.value}")
        if equal and len(set(found[since:])) > 1:
            raise TypeError(f"{name} of different kinds: {', '.join(k.value for k in found)}")
        return result(found)

    def rule(operands: Sequence[Value], attrs: Attrs) -> Types:
        types = [v.type for v in operands]
        found = tuple([t.kind for t in types])
        kind = known.get(found)
        if kind is None:
            kind = known[found] = kind_of_result(found)
        for t in types:
            if type(t) is ArrayType:
                break
        else:
            return _SCALARS[kind]
        shapes = [t.dims for t in types if type(t) is ArrayType]
        if any(t.growable for t in types if isinstance(t, ArrayType)):
            raise TypeError(f"{name} of a growable list")
        return (ArrayType(kind, broadcast_dims(shapes)),)
    return rule


_SCALARS: dict[Kind, tuple[Type, ...]] = {kind: (ScalarType(kind),) for kind in Kind}


def same(kinds: Sequence[Kind]) -> Kind:
    """The kind of the first operand."""
    return kinds[0]


def last(kinds: Sequence[Kind]) -> Kind:
    """The kind of the last operand."""
    return kinds[-1]


def truth(kinds: Sequence[Kind]) -> Kind:
    """A comparison's kind."""
    return Kind.BOOL


def real(kinds: Sequence[Kind]) -> Kind:
    """The real kind of the same precision."""
    return kinds[0].real


def complex_(kinds: Sequence[Kind]) -> Kind:
    """The complex kind of the same precision."""
    return kinds[0].complex


def dimension(value: Value) -> Value:
    """The value itself, as a dimension. Raises TypeError unless it is an integer scalar."""
    if value.is_array or value.kind is not Kind.INT:
        raise TypeError(f"{value!r} is not a dimension")
    return value


def array(value: Value, name: str) -> ArrayType:
    """The array type of an operand. Raises TypeError for a scalar."""
    if not isinstance(value.type, ArrayType):
        raise TypeError(f"{name} of a scalar")
    return value.type
