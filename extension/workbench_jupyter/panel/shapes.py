"""What calls of NumPy would give, by kind and shape: arrays that nobody makes.

An array that would be made is a `Spec` whose dimensions are numbers. Calls of other functions are not worked out, but
for those of numbers and the lengths of plain containers.

Invariant: types are asked, never objects; nothing large is made.
"""

from __future__ import annotations

import ast
import math
import types
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

import workbench as wb
from workbench.cost.spec import Spec
from workbench.frontend.paths import is_library
from workbench.ir import kind_of
from workbench_jupyter.panel import records

#: What makes a function of another one that is called with the same arguments.
SAME: tuple[Any, ...] = (
    wb.grad, wb.value_and_grad, wb.jacobian, wb.hessian, wb.diag_hessian, wb.laplacian, wb.divergence, wb.checkpoint,
    wb.show, numba.njit, numba.jit,
)
NUMBERS = (bool, int, float, complex)
MOST_ITEMS = 4096


class Unknown(Exception):
    """An expression whose value only running it would tell; the reason."""


class Generator:
    """What `np.random.default_rng(...)` would give: arrays of random numbers, by their shapes."""


def is_number(value: Any) -> bool:
    """Whether a value is a number of Python's own types or a NumPy scalar."""
    return type(value) in NUMBERS or issubclass(type(value), np.generic)


class Method:
    """A method of an array or a generator that may be called."""

    def __init__(self, owner: Any, name: str) -> None:
        self.owner = owner
        self.name = name


def is_array(value: Any) -> bool:
    """Whether a value is an array, there or by its shape."""
    return (type(value) is Spec and value.dims is not None) or type(value) is np.ndarray


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of an array; named dimensions by their sizes. Raises `Unknown` where one has none."""
    if isinstance(value, np.ndarray):
        return tuple(value.shape)
    found = [d if isinstance(d, int) else value.sizes.get(d) for d in value.dims]
    if None in found:
        raise Unknown(f"{value} has no sizes")
    return tuple(int(n) for n in found)


def array(like: Any, shape: tuple[int, ...]) -> Spec:
    """An array of the kind of another one, by its shape."""
    kind = like.kind if type(like) is Spec else kind_of(like.dtype)
    if kind is None:
        raise Unknown(f"an array of {like.dtype}")
    return Spec(kind, tuple(int(n) for n in shape), {})


def elementwise(node: ast.AST, a: Any, b: Any, floats: bool = False) -> Spec:
    """What elementwise arithmetic gives."""
    kinds, shapes = [], []
    for value in (a, b):
        if is_array(value):
            kinds.append(np.dtype(value.kind.dtype) if type(value) is Spec else value.dtype)
            shapes.append(shape_of(value))
        elif is_number(value):
            kinds.append(type(value) if type(value) in NUMBERS else value.dtype)
        else:
            raise Unknown(f"{shortened(node)} is known when it has run")
    kind = np.result_type(*(np.dtype(k) if len(kinds) == 1 or not isinstance(k, type) or k is complex else k(0)
                            for k in kinds))
    if floats and kind.kind in "iub":
        kind = np.dtype(float)
    return made(kind, np.broadcast_shapes(*shapes))


def made(dtype: Any, shape: Any) -> Spec:
    """A new array of a dtype and a shape."""
    if type(shape) not in (int, tuple, list) or (type(dtype) is not str and not isinstance(dtype, np.dtype) and not (
            type(dtype) is type and is_library(dtype.__module__))):
        raise Unknown("such an array is known when it is made")
    kind = kind_of(np.dtype(dtype))
    sizes = (shape,) if type(shape) is int else tuple(shape)
    if kind is None or not all((type(n) is int or issubclass(type(n), np.integer)) and 0 <= n < 2**48
                               for n in sizes):
        raise Unknown("such an array is known when it is made")
    return Spec(kind, tuple(int(n) for n in sizes), {})


def called(callee: Any, args: list[Any], named: dict[str, Any]) -> Any:
    """What a call would give, of those that are known here; NotImplemented for others."""
    if type(callee) is Method:
        return _method(callee, args, named)
    if type(callee) in (types.MethodType, types.BuiltinFunctionType) and callee.__self__ is np.random.mtrand._rand:
        return _drawn(callee.__name__, args, named)
    if type(callee) not in _ASKED:
        return NotImplemented
    if type(callee) is type and (records.is_record(callee) or records.is_named_tuple(callee)):
        return records.instance(callee, args, named)
    if any(callee is operator for operator in SAME) and args and type(args[0]) is types.FunctionType:
        return args[0] if callee in (numba.njit, numba.jit, wb.show) else callee(*args, **named)
    if callee is wb.spec:
        return wb.spec(*args, **named)
    if callee in _SCALARS and args and not named and all(is_number(a) for a in args):
        return callee(*args)
    if callee is len and len(args) == 1:
        if is_array(args[0]):
            return shape_of(args[0])[0]
        return len(args[0]) if type(args[0]) in (list, tuple, dict, str) else NotImplemented
    if callee in (list, tuple) and len(args) == 1 and type(args[0]) in (list, tuple):
        return callee(args[0])
    if isinstance(callee, np.ufunc):
        own = vars(np).get(callee.__name__) is callee
        return _ufunc(callee, args, named) if own else NotImplemented
    maker = _MAKERS.get(callee)
    if maker is not None:
        return maker(*args, **named)
    return NotImplemented


def _ufunc(callee: Any, args: list[Any], named: dict[str, Any]) -> Any:
    if named or len(args) != callee.nin or callee.nout != 1:
        return NotImplemented
    if all(is_number(a) for a in args):
        with np.errstate(all="ignore"):
            return callee(*args)
    if callee.signature is not None or not all(is_array(a) or is_number(a) for a in args):
        return NotImplemented
    found = args[0]
    for other in args[1:] or [0.0]:
        found = elementwise(ast.Constant(callee.__name__), found, other, floats=True)
    return found


def _method(callee: Method, args: list[Any], named: dict[str, Any]) -> Any:
    owner, name = callee.owner, callee.name
    if type(owner) is Generator or type(owner) is np.random.Generator:
        return _drawn(name, args, named)
    shape = shape_of(owner)
    if name == "copy" and not named:
        return owner
    if name == "astype":
        return made(args[0], shape)
    if name in ("ravel", "flatten") and not args:
        return array(owner, (math.prod(shape),))
    if name == "reshape":
        wanted = args[0] if len(args) == 1 and type(args[0]) is tuple else tuple(args)
        if not all(type(n) is int for n in wanted):
            return NotImplemented
        known = math.prod(n for n in wanted if n >= 0) or 1
        return array(owner, tuple(n if n >= 0 else math.prod(shape) // known for n in wanted))
    return NotImplemented


_SIZED_LAST = {"normal", "uniform", "exponential", "gamma", "beta", "laplace", "lognormal", "logistic", "gumbel"}


def _drawn(name: str, args: list[Any], named: dict[str, Any]) -> Any:
    """The shape of an array of random numbers."""
    if name in ("rand", "randn"):
        return made(float, tuple(args)) if args else 0.5
    if name in ("random", "standard_normal", "random_sample", "standard_exponential"):
        size = args[0] if args else named.get("size")
    elif name in ("integers", "randint"):
        size = named.get("size", args[2] if len(args) > 2 else None)
        return 1 if size is None else made(int, size)
    elif name in _SIZED_LAST:
        size = named.get("size", args[2] if len(args) > 2 else None)
    else:
        return NotImplemented
    return 0.5 if size is None else made(float, size)


def _arange(*args: Any, dtype: Any = None) -> Spec:
    if not all(is_number(a) for a in args):
        raise Unknown("such an array is known when it is made")
    start, stop, step = (0, args[0], 1) if len(args) == 1 else (*args, 1) if len(args) == 2 else args
    length = max(math.ceil((stop - start) / step), 0)
    whole = all(isinstance(a, int | np.integer) for a in args)
    return made(dtype or (int if whole else float), length)


def _of_list(value: Any, dtype: Any = None) -> Any:
    if is_array(value):
        return value if dtype is None else made(dtype, shape_of(value))
    if not _is_of_numbers(value):
        raise Unknown("such an array is known when it is made")
    found = np.array(value, dtype)
    return made(found.dtype, found.shape) if found.ndim else found[()]


def _is_of_numbers(value: Any) -> bool:
    if type(value) in (list, tuple):
        return len(value) <= MOST_ITEMS and all(map(_is_of_numbers, value))
    return is_number(value)


def _like(value: Any, *_: Any, dtype: Any = None) -> Spec:
    if not is_array(value):
        raise Unknown("such an array is known when it is made")
    return array(value, shape_of(value)) if dtype is None else made(dtype, shape_of(value))


#: Types of callables that are looked up: their hash and equality are Python's.
_ASKED = (types.BuiltinFunctionType, types.FunctionType, type, np.ufunc, type(np.linspace),
          type(np.random.default_rng))
_SCALARS = {math.sqrt, math.exp, math.log, math.sin, math.cos, math.tan, math.pow, math.floor, math.ceil, math.hypot,
            abs, min, max, round, float, int, complex, bool}
_MAKERS: dict[Any, Callable[..., Any]] = {
    np.zeros: lambda shape, dtype=float: made(dtype, shape),
    np.ones: lambda shape, dtype=float: made(dtype, shape),
    np.empty: lambda shape, dtype=float: made(dtype, shape),
    np.full: lambda shape, fill_value, dtype=None: made(dtype or type(fill_value), shape),
    np.eye: lambda n, m=None, dtype=float: made(dtype, (n, n if m is None else m)),
    np.identity: lambda n, dtype=float: made(dtype, (n, n)),
    np.linspace: lambda start, stop, num=50, endpoint=True, dtype=float: made(dtype, num),
    np.logspace: lambda start, stop, num=50, **_: made(float, num),
    np.geomspace: lambda start, stop, num=50, **_: made(float, num),
    np.arange: _arange,
    np.array: _of_list, np.asarray: _of_list, np.ascontiguousarray: _of_list,
    np.zeros_like: _like, np.ones_like: _like, np.empty_like: _like, np.full_like: _like,
    np.random.default_rng: lambda *_: Generator(),
}


def shortened(node: ast.AST) -> str:
    """An expression as text, not too long of it."""
    try:
        text = ast.unparse(node)
    except (ValueError, AttributeError, RecursionError):
        return "this"
    return f"`{text if len(text) <= 60 else text[:57] + '...'}`"
