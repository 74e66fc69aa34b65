"""Attributes and methods of arrays and scalars; many a method is a function of NumPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.frontend import arithmetic, arrays, branches, generators, indexing, layout
from workbench.frontend.activation import Activation
from workbench.frontend.library import creation, shaping
from workbench.frontend.library.arguments import called, static_option
from workbench.frontend.library.operands import as_operand, cast, dtype_kind
from workbench.frontend.library.registry import implements
from workbench.frontend.numbers import number_kind
from workbench.frontend.tracer import ONE, Tracer
from workbench.frontend.values import Array, ArrayMethod, Choice, Scalar, describe, is_flat
from workbench.ir import Constant, Kind

# ---------------------------------------------------------------------- attributes
_FUNCTIONS: dict[str, Any] = {
    "sum": np.sum, "prod": np.prod, "mean": np.mean, "max": np.max, "min": np.min, "any": np.any, "all": np.all,
    "std": np.std, "var": np.var, "argmax": np.argmax, "argmin": np.argmin, "cumsum": np.cumsum,
    "cumprod": np.cumprod, "dot": np.dot, "trace": np.trace, "diagonal": np.diagonal,
    "clip": np.clip, "round": np.round, "swapaxes": np.swapaxes, "squeeze": np.squeeze, "ravel": np.ravel,
    "nonzero": np.nonzero, "put": np.put, "take": np.take, "repeat": np.repeat,
    "argsort": np.argsort, "searchsorted": np.searchsorted, "partition": np.partition,
    "argpartition": np.argpartition,
}
_PYTHON: dict[Kind, type] = {Kind.BOOL: bool, Kind.INT: int, Kind.F64: float, Kind.C128: complex}


def number_attribute(t: Tracer, owner: Array | Scalar, name: str) -> Any:
    """An attribute of an array or of a scalar."""
    if is_flat(owner) and name != "copy":
        t.fail(f"`.{name}` of an array's `flat`", "index the array")
    dims = owner.dims if isinstance(owner, Array) else ()
    if name == "shape":
        return tuple(t.dim(d) for d in dims)
    if name == "ndim":
        return len(dims)
    if name == "size":
        return t.dim(shaping.size_of(t, dims))
    if name == "dtype":
        return owner.kind.dtype
    if name == "itemsize":
        return owner.kind.itemsize
    if name == "nbytes":
        return t.dim(t.emit("mul", shaping.size_of(t, dims), t.integer(owner.kind.itemsize)))
    if name == "T":
        return arrays.transposed(t, owner, tuple(reversed(range(owner.rank)))) if isinstance(owner, Array) else owner
    if name in ("real", "imag"):
        return _part(t, owner, name)
    if name == "mT" and isinstance(owner, Array):
        if owner.rank < 2:
            raise ValueError("matrix transpose with ndim < 2 is undefined")
        return arrays.transposed(t, owner, (*range(owner.rank - 2), owner.rank - 1, owner.rank - 2))
    if name == "flat" and isinstance(owner, Array):
        return _flat(t, owner)
    known = name in _METHODS or name in _FUNCTIONS
    python = isinstance(owner, Scalar) and owner.python
    if not known or (python and name not in ("conjugate", "is_integer")):
        type_ = np.ndarray if isinstance(owner, Array) else _PYTHON[owner.kind] if python else owner.kind.dtype.type
        if not callable(getattr(type_, name)):
            t.fail(f"`.{name}` of {describe(owner)}", "compute it outside of the program")
    return ArrayMethod(owner, name)


def _flat(t: Tracer, owner: Array) -> Any:
    """All elements as a vector; of a strided view a copy, which must not be written."""
    flat = shaping.reshape(t, owner, -1)
    if flat.cell is not owner.cell:
        flat.cell.snapshot = "a write through `flat` of a strided view"
        owner.cell.shown_by(flat.cell)
    return replace(flat, flat=generators.fresh(t))


def choice_attribute(t: Tracer, owner: Choice, name: str) -> Any:
    """An attribute of one of several arrays; views stay views of each."""
    if name in ("T", "mT", "flat", "real", "imag"):
        return Choice(tuple(number_attribute(t, option, name) for option in owner.options), owner.index)
    for option in owner.options[1:]:
        for a, b in zip(owner.options[0].dims, option.dims, strict=True):
            arrays.require_alike(t, a, b)
    found = number_attribute(t, owner.options[0], name)
    return ArrayMethod(owner, name) if isinstance(found, ArrayMethod) else found


def _part(t: Tracer, owner: Any, name: str) -> Any:
    if owner.kind.is_complex:
        result = arithmetic.elementwise(t, name, [owner])
        if isinstance(owner, Scalar):
            return Scalar(result.value, owner.python)
        result.cell.order = layout.order_of_part(t, owner)
        result.cell.snapshot = "a write to a part of a complex array"  # in NumPy a view
        owner.cell.shown_by(result.cell)
        return result
    if name == "real":
        return owner
    if isinstance(owner, Scalar):
        return Scalar(Constant(0, owner.kind), owner.python)
    zeros: Array = creation.filled(t, list(owner.dims), 0, owner.kind)
    return Array(zeros.cell, (), zeros.dims, readonly=True)


def _part_function(name: str) -> Any:
    def function(act: Activation, val: Any) -> Any:
        if isinstance(val, Choice):
            return choice_attribute(act.t, val, name)
        value = as_operand(act.t, val)
        if not isinstance(value, (Array, Scalar)):
            return getattr(np, name)(value)
        return number_attribute(act.t, value, name)
    return function


for _name in ("real", "imag"):
    implements(getattr(np, _name))(_part_function(_name))


# ---------------------------------------------------------------------- methods
_VIEWS = frozenset({"reshape", "ravel", "transpose", "swapaxes", "squeeze"})



def choice_method(act: Activation, owner: Choice, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Call a method of one of several arrays; views stay views of each."""
    t = act.t
    if name in _VIEWS:
        return Choice(tuple(number_method(act, option, name, args, named) for option in owner.options), owner.index)
    if name == "fill":
        return branches.over_choice(t, owner, lambda array: number_method(act, array, name, args, named))
    return number_method(act, t.environment.read_choice(t, owner), name, args, named)


def number_method(act: Activation, owner: Array | Scalar, name: str, args: tuple[Any, ...], named: dict[str, Any]
                  ) -> Any:
    """Call a method of an array or of a scalar."""
    if name in _METHODS:
        return called(act, _METHODS[name], name, args, named, owner)
    if name in _FUNCTIONS:
        return act.t.environment.call(act, _FUNCTIONS[name], (owner, *args), named)
    return act.t.fail(f"no rule is known for the method {name!r} of {describe(owner)}", "use a function with a rule")


def _astype(act: Activation, owner: Any, dtype: Any, order: Any = "K", casting: Any = "unsafe", subok: Any = True,
            copy: Any = True) -> Any:
    t, kind, old = act.t, dtype_kind(act.t, dtype), number_kind(owner)
    if old is not None and not np.can_cast(old.dtype, kind.dtype, casting):
        raise TypeError(f"Cannot cast array data from {old.dtype!r} to {kind.dtype!r} "
                        f"according to the rule {casting!r}")
    if kind is old and isinstance(owner, Array):
        if not static_option(t, copy, "copy"):
            return creation.asarray(act, owner, order=order)
        return creation.copied(t, owner, order)
    found = cast(t, owner, kind)
    return layout.laid(found, layout.order_asked(t, order, owner, owner.rank)) if isinstance(owner, Array) else found


def _copy(act: Activation, owner: Any, order: Any = "C") -> Any:
    return creation.copied(act.t, owner, order) if isinstance(owner, Array) else owner


def _copy_to_host(act: Activation, owner: Array, ary: Any = None, stream: Any = 0) -> Any:
    if ary is None:
        return creation.copied(act.t, owner, "C")
    act.t.environment.set_item(act, ary, Ellipsis, owner)
    return ary


def _copy_to_device(act: Activation, owner: Array, ary: Any, stream: Any = 0) -> None:
    act.t.environment.set_item(act, owner, Ellipsis, ary)


def _fill(act: Activation, owner: Any, value: Any) -> None:
    arrays.write(act.t, owner, act.t.scalar(value, owner.kind))


def _compress(act: Activation, owner: Any, condition: Any, axis: Any = None, out: Any = None) -> Any:
    return act.t.environment.call(act, np.compress, (condition, owner, axis, out), {})


def _choose(act: Activation, owner: Any, *choices: Any, **options: Any) -> Any:
    return act.t.environment.call(act, np.choose, (owner, choices[0] if len(choices) == 1 else choices), options)


def _sort(act: Activation, owner: Any, *args: Any, **options: Any) -> None:
    ordered = act.t.environment.call(act, np.sort, (owner, *args), options)
    indexing.put(act.t, owner, Ellipsis, ordered)


def _flatten(act: Activation, owner: Any, order: Any = "C") -> Any:
    t = act.t
    shaping.row_by_row(t, order)
    if isinstance(owner, Scalar):
        return t.new_array(t.emit("full", owner.value, ONE))
    return t.new_array(t.emit("copy", t.emit("reshape", arrays.read(t, owner), shaping.size_of(t, owner.dims))))


def _reshape(act: Activation, owner: Any, *shape: Any, order: Any = "C", copy: Any = None) -> Any:
    shaping.row_by_row(act.t, order)
    made = shaping.reshape(act.t, shaping.need_array(act.t, owner), shape[0] if len(shape) == 1 else shape)
    return shaping.perhaps_copied(act.t, made, copy)


def _transpose(act: Activation, owner: Any, *axes: Any) -> Any:
    asked = None if not axes or axes == (None,) else (axes[0] if len(axes) == 1 else axes)
    if isinstance(owner, Scalar):
        if asked:
            raise ValueError("axes don't match array")
        return owner
    return shaping.transposed(act.t, owner, asked)


def _item(act: Activation, owner: Any, *args: Any) -> Any:
    t = act.t
    place = args[0] if len(args) == 1 and isinstance(args[0], tuple) else args
    if isinstance(owner, Scalar):
        if place not in ((), (0,)):
            t.fail("an index into an array without axes", "leave it out")
        return Scalar(owner.value, True)
    if len(place) > 1:
        if len(place) != owner.rank:
            raise ValueError("incorrect number of indices for array")
        return Scalar(t.scalar(t.environment.item(act, owner, place)), True)
    flat = shaping.reshape(t, owner, -1)
    if not place:
        arrays.require_same(t, flat.dims[0], ONE, "can only convert an array of size 1 to a Python scalar")
    return Scalar(t.scalar(t.environment.item(act, flat, place[0] if place else 0)), True)


def _conjugate(act: Activation, owner: Any, *into: Any) -> Any:
    if into:
        act.t.fail("an array that a conjugate is to be put into", "use np.conjugate with out=")
    if not owner.kind.is_complex:
        return owner
    result = arithmetic.elementwise(act.t, "conj", [owner])
    return Scalar(result.value, owner.python) if isinstance(owner, Scalar) else result


def _tolist(act: Activation, owner: Any) -> Any:
    if isinstance(owner, Scalar):
        return Scalar(owner.value, True)
    return act.t.new_list([_tolist(act, row) for row in act.t.environment.items(act, owner)])


def _is_integer(act: Activation, owner: Any) -> Any:
    t = act.t
    value = t.scalar(owner)
    return t.wrap(t.emit("eq", value, t.emit("floor", value)), True) if value.kind.is_float else True


_METHODS: dict[str, Callable[..., Any]] = {
    "copy_to_host": _copy_to_host, "copy_to_device": _copy_to_device,
    "astype": _astype, "copy": _copy, "fill": _fill, "flatten": _flatten, "reshape": _reshape,
    "transpose": _transpose, "item": _item, "conj": _conjugate, "conjugate": _conjugate, "tolist": _tolist,
    "is_integer": _is_integer, "sort": _sort,
    "compress": _compress, "choose": _choose,
}
