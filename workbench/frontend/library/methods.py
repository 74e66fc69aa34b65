"""Attributes and methods of arrays, scalars, lists and dicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.frontend import arithmetic, arrays, bare, branches, generators, growth, indexing, layout, list_operations
from workbench.frontend.activation import Activation
from workbench.frontend.library import containers, creation, iterables, operands, random, shaping
from workbench.frontend.library.arguments import static_option
from workbench.frontend.library.registry import handles
from workbench.frontend.numbers import number_kind, number_type, the_same
from workbench.frontend.tracer import ONE, Tracer
from workbench.frontend.values import (
    Array,
    ArrayMethod,
    Choice,
    DequeValue,
    DictValue,
    DynamicList,
    ListValue,
    RandomValue,
    Scalar,
    SetValue,
    ZipValue,
    describe,
    is_flat,
    is_static,
)
from workbench.ir import Constant, Kind

_FUNCTIONS: dict[str, Any] = {
    "sum": np.sum, "prod": np.prod, "mean": np.mean, "max": np.max, "min": np.min, "any": np.any, "all": np.all,
    "std": np.std, "var": np.var, "argmax": np.argmax, "argmin": np.argmin, "cumsum": np.cumsum,
    "cumprod": np.cumprod, "dot": np.dot, "trace": np.trace, "diagonal": np.diagonal,
    "clip": np.clip, "round": np.round, "swapaxes": np.swapaxes, "squeeze": np.squeeze, "ravel": np.ravel,
    "nonzero": np.nonzero, "put": np.put, "take": np.take, "repeat": np.repeat,
    "argsort": np.argsort, "searchsorted": np.searchsorted, "partition": np.partition,
    "argpartition": np.argpartition,
}


def number_attribute(t: Tracer, owner: Array | Scalar, name: str) -> Any:
    """An attribute of an array or of a scalar."""
    if is_flat(owner):
        if name not in ("copy", "base", "coords", "index"):
            raise AttributeError(f"'numpy.flatiter' object has no attribute '{name}'")
        if name != "copy":
            t.fail(f"`.{name}` of an array's `flat`", "index the array")
    if isinstance(owner, Scalar) and not bare.of(owner) and not the_same(
            owner, lambda kind, python: hasattr(number_type(kind, python), name), "what attributes a number has"):
        raise AttributeError(f"'{number_type(owner.kind, owner.python).__name__}' object has no attribute '{name}'")
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
        if not hasattr(type_, name):
            raise AttributeError(f"{describe(owner)} has no attribute '{name}'")
        if not callable(getattr(type_, name)):
            t.fail(f"`.{name}` of {describe(owner)}", "compute it outside of the program")
    return ArrayMethod(owner, name)


_PYTHON: dict[Kind, type] = {Kind.BOOL: bool, Kind.INT: int, Kind.F64: float, Kind.C128: complex}


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


_VIEWS = frozenset({"reshape", "ravel", "transpose", "swapaxes", "squeeze"})


def _choice_method(act: Activation, owner: Choice, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    t = act.t
    if name in _VIEWS:
        return Choice(tuple(method(act, option, name, args, named) for option in owner.options), owner.index)
    if name == "fill":
        return branches.over_choice(t, owner, lambda array: _fill(act, array, args, named))
    return method(act, t.environment.read_choice(t, owner), name, args, named)


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
    return Array(zeros.cell, (), zeros.dims, zeros.generation, readonly=True)


def _part_function(name: str) -> Any:
    def handler(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        (value,) = args
        if isinstance(value, Choice):
            return choice_attribute(act.t, value, name)
        value = operands.as_operand(act.t, value)
        if not isinstance(value, (Array, Scalar)):
            return getattr(np, name)(value)
        return number_attribute(act.t, value, name)
    return handler


for _name in ("real", "imag"):
    handles(getattr(np, _name))(_part_function(_name))


def method(act: Activation, owner: Any, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Call a method."""
    if isinstance(owner, RandomValue):
        return random.method(act, owner, name, args, named)
    if isinstance(owner, SetValue):
        return containers.set_method(act, owner, name, args)
    if isinstance(owner, DequeValue):
        found = containers.deque_method(act, owner, name, args)
        if found is not NotImplemented:
            return found
    if isinstance(owner, ListValue):
        return _list_method(act, owner, name, args, named)
    if isinstance(owner, DynamicList):
        if name == "sort":
            t = act.t
            t.environment.note_write(owner)
            return iterables.sort_list(act, owner, named)
        return list_operations.method(act, owner, name, args)
    if isinstance(owner, Choice):
        return _choice_method(act, owner, name, args, named)
    if isinstance(owner, DictValue):
        return _dict_method(act, owner, name, args, named)
    if name in _METHODS:
        return _METHODS[name](act, owner, args, named)
    if name in _FUNCTIONS:
        return act.t.environment.call(act, _FUNCTIONS[name], (owner, *args), named)
    return act.t.fail(f"no rule is known for the method {name!r} of {describe(owner)}", "use a function with a rule")


def _astype(act: Activation, owner: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    t = act.t
    options = {**dict(zip(("dtype", "order", "casting", "subok", "copy"), args, strict=False)), **named}
    kind, order = operands.dtype_kind(t, options["dtype"]), options.get("order", "K")
    casting, old = options.get("casting", "unsafe"), number_kind(owner)
    if old is not None and not np.can_cast(old.dtype, kind.dtype, casting):
        raise TypeError(f"Cannot cast array data from {old.dtype!r} to {kind.dtype!r} "
                        f"according to the rule {casting!r}")
    if kind is old and isinstance(owner, Array):
        if not static_option(t, options.get("copy", True), "copy"):
            return creation.asarray(act, owner, order=order)
        return creation.copied(t, owner, order)
    found = operands.cast(t, owner, kind)
    return layout.laid(found, layout.order_asked(t, order, owner, owner.rank)) if isinstance(owner, Array) else found


def _copy(act: Activation, owner: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    order = named.get("order", args[0] if args else "C")
    return creation.copied(act.t, owner, order) if isinstance(owner, Array) else owner


def _fill(act: Activation, owner: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    arrays.write(act.t, owner, act.t.scalar(args[0], owner.kind))


def _compress(act: Activation, owner: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return act.t.environment.call(act, np.compress, (args[0], owner, *args[1:]), named)


def _choose(act: Activation, owner: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    choices = args[0] if len(args) == 1 else args
    return act.t.environment.call(act, np.choose, (owner, choices), named)


def _sort(act: Activation, owner: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    ordered = act.t.environment.call(act, np.sort, (owner, *args), named)
    indexing.put(act.t, owner, Ellipsis, ordered)


def _flatten(act: Activation, owner: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    t = act.t
    shaping.row_by_row(t, args[0] if args else named.get("order", "C"))
    if isinstance(owner, Scalar):
        return t.new_array(t.emit("full", owner.value, Constant(1, Kind.INT)))
    return t.new_array(t.emit("copy", t.emit("reshape", arrays.read(t, owner), shaping.size_of(t, owner.dims))))


def _reshape(act: Activation, owner: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    shaping.row_by_row(act.t, named.get("order", "C"))
    unknown = next((key for key in named if key not in ("order", "copy")), None)
    if unknown is not None:
        raise TypeError(f"numpy.ndarray.reshape() got an unexpected keyword argument {unknown!r}")
    made = shaping.reshape(act.t, shaping.need_array(act.t, owner), args[0] if len(args) == 1 else args)
    return shaping.perhaps_copied(act.t, made, named.get("copy"))


def _transpose(act: Activation, owner: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    axes = None if not args or args == (None,) else (args[0] if len(args) == 1 else args)
    if isinstance(owner, Scalar):
        if axes:
            raise ValueError("axes don't match array")
        return owner
    return shaping.transposed(act.t, owner, axes)


def _item(act: Activation, owner: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
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


def _conjugate(act: Activation, owner: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if args or named:
        act.t.fail("an array that a conjugate is to be put into", "use np.conjugate with out=")
    if not owner.kind.is_complex:
        return owner
    result = arithmetic.elementwise(act.t, "conj", [owner])
    return Scalar(result.value, owner.python) if isinstance(owner, Scalar) else result


def _tolist(act: Activation, owner: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if isinstance(owner, Scalar):
        return Scalar(owner.value, True)
    rows = act.t.environment.items(act, owner)
    return act.t.new_list([_tolist(act, row, (), {}) for row in rows])


def _is_integer(act: Activation, owner: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    t = act.t
    value = t.scalar(owner)
    return t.wrap(t.emit("eq", value, t.emit("floor", value)), True) if value.kind.is_float else True


_METHODS: dict[str, Callable[..., Any]] = {
    "astype": _astype, "copy": _copy, "fill": _fill, "flatten": _flatten, "reshape": _reshape,
    "transpose": _transpose, "item": _item, "conj": _conjugate, "conjugate": _conjugate, "tolist": _tolist,
    "is_integer": _is_integer, "sort": _sort,
    "compress": _compress, "choose": _choose,
}


# ---------------------------------------------------------------------- lists and dicts
def _list_method(act: Activation, owner: ListValue, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    t = act.t
    if name == "copy":
        return t.new_list([t.read(v) for v in owner.items])
    if name in ("index", "count"):
        values = [t.read(v) for v in owner.items]
        if not is_static((*values, *args)):
            t.fail(f"list.{name} of run-time numbers", "write a loop")
        return getattr(values, name)(*args)
    if name == "append":
        growth.become_dynamic(t, owner, "a list grows", args[0])
        owner.items.append(t.variable(f"entry_{len(owner.items)}", args[0]))
        owner.items[-1].depth = owner.depth
    elif name == "extend":
        t.environment.over_items(act, args[0], ("extend", owner.site),
                                 lambda entry: _list_method(act, owner, "append", (entry,), {}))
    elif name == "insert":
        growth.become_dynamic(t, owner, "a list grows", args[1])
        owner.items.insert(t.static_int(args[0], "a position in a list"), t.variable("entry", args[1]))
    elif name == "pop":
        growth.become_dynamic(t, owner, "a list shrinks")
        t.environment.note_write(owner)
        return t.read(owner.items.pop(t.static_int(args[0], "a position in a list") if args else -1))
    elif name == "reverse":
        growth.become_dynamic(t, owner, "a list is reversed")
        owner.items.reverse()
    elif name == "sort":
        iterables.sort_list(act, owner, named)
    elif name == "remove":
        t.may_restructure(owner, "a list shrinks")
        values = [t.read(v) for v in owner.items]
        if not is_static((*values, *args)):
            t.fail("list.remove among run-time numbers", "write a loop")
        owner.items.pop(values.index(args[0]))
    elif name == "clear":
        growth.become_dynamic(t, owner, "a list is cleared")
        owner.items.clear()
    else:
        t.fail(f"the list method {name!r}", "use an array")
    t.environment.note_write(owner)
    return None


def _dict_method(act: Activation, owner: DictValue, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    t = act.t
    if name in ("get", "pop", "setdefault") and args:
        args = (t.environment.key(act, args[0]), *args[1:])
    if name in ("keys", "values", "items"):
        return ZipValue(name, (owner,))
    if name == "get":
        return t.read(owner.items[args[0]]) if args[0] in owner.items else (args[1] if len(args) > 1 else None)
    if name == "copy":
        made = t.new_dict({k: t.read(v) for k, v in owner.items.items()}, type_=owner.type)
        made.default = owner.default
        return made
    if name in ("popitem", "clear"):
        t.may_restructure(owner, "a key is removed")
        t.environment.note_write(owner)
        if name == "clear":
            return owner.items.clear()
        if not owner.items:
            raise KeyError("popitem(): dictionary is empty")
        last = next(reversed(owner.items))
        return last, t.read(owner.items.pop(last))
    if name == "pop":
        if args[0] not in owner.items and len(args) > 1:
            return args[1]
        t.may_restructure(owner, "a key is removed")
        t.environment.note_write(owner)
        return t.read(owner.items.pop(args[0]))
    if name == "update":
        entries = t.environment.call(act, dict, args, named)
        for key, variable in entries.items.items():
            t.environment.set_item(act, owner, key, t.read(variable))
        return None
    if name == "setdefault":
        if args[0] not in owner.items:
            t.environment.set_item(act, owner, args[0], args[1] if len(args) > 1 else None)
        return t.read(owner.items[args[0]])
    return t.fail(f"the dict method {name!r}", "write it out")

