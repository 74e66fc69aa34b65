"""Values of expressions that nobody runs: literals, names, numbers computed of them, and arrays by their shapes.

What an expression would give is worked out here where that needs no code of the user's: literals and displays,
arithmetic on numbers, names whose values are known, attributes and items of plain things, and the calls of NumPy that
make arrays, of which only kind and shape come out (a `Spec` whose dimensions are numbers).

Invariant: no method of an object of the user's is called (`type(x)` is asked, never the object), and nothing large is
made: what would be raises `Unknown`, with the reason.
"""

from __future__ import annotations

import ast
import builtins
import math
import operator
import types
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np

import workbench as wb
from workbench.cost.spec import Spec
from workbench.frontend.paths import is_library
from workbench.ir import kind_of
from workbench_jupyter.panel import records

NUMBERS = (bool, int, float, complex)
PLAIN = (*NUMBERS, str, bytes, type(None))
MOST_DIGITS = 256  # bits of integers
MOST_ITEMS = 4096

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_, ast.Invert: operator.invert,
}


class Unknown(Exception):
    """An expression whose value only running it would tell; the reason."""


class Generator:
    """What `np.random.default_rng(...)` would give: arrays of random numbers, by their shapes."""


def is_number(value: Any) -> bool:
    """Whether a value is a number of Python's own types or a NumPy scalar."""
    return type(value) in NUMBERS or issubclass(type(value), np.generic)


class Constants:
    """Works out expressions. names: values of names; why: reasons why a name has none."""

    def __init__(self, names: Mapping[str, Any], why: Mapping[str, str] | None = None) -> None:
        self.names = names
        self.why = {} if why is None else why

    def value(self, node: ast.expr) -> Any:
        """What an expression would give. Raises `Unknown`."""
        method = getattr(self, f"_{type(node).__name__}", None)
        if method is None:
            self.refuse(node)
        try:
            return method(node)
        except Unknown:
            raise
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise Unknown(f"{shortened(node)} fails: {error}") from None

    def refuse(self, node: ast.AST) -> NoReturn:
        """Say that an expression is not worked out."""
        raise Unknown(f"{shortened(node)} is known when it has run")

    # ------------------------------------------------------------------ literals and names
    def _Constant(self, node: ast.Constant) -> Any:
        return node.value

    def _Name(self, node: ast.Name) -> Any:
        if node.id in self.names:
            return self.names[node.id]
        if node.id in self.why:
            raise Unknown(f"{node.id}: {self.why[node.id]}")
        if hasattr(builtins, node.id):
            return getattr(builtins, node.id)
        raise Unknown(f"{node.id} is not defined yet")

    def _Tuple(self, node: ast.Tuple) -> Any:
        return tuple(self.items(node.elts))

    def _List(self, node: ast.List) -> Any:
        return self.items(node.elts)

    def items(self, nodes: list[ast.expr]) -> list[Any]:
        """The items of a display."""
        found: list[Any] = []
        for item in nodes:
            if isinstance(item, ast.Starred):
                inner = self.value(item.value)
                if type(inner) not in (tuple, list):
                    self.refuse(item)
                found += inner
            else:
                found.append(self.value(item))
        return found

    def _Dict(self, node: ast.Dict) -> Any:
        made = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None or type(name := self.value(key)) not in (str, int, bool):
                self.refuse(node)
            made[name] = self.value(value)
        return made

    # ------------------------------------------------------------------ operators
    def _UnaryOp(self, node: ast.UnaryOp) -> Any:
        value = self.value(node.operand)
        if type(value) is Spec and not isinstance(node.op, ast.Not):
            return value
        if not is_number(value):
            self.refuse(node)
        return _UNARY[type(node.op)](value)

    def _BinOp(self, node: ast.BinOp) -> Any:
        a, b = self.value(node.left), self.value(node.right)
        if type(node.op) not in _BINARY:
            self.refuse(node)
        if is_array(a) or is_array(b):
            return elementwise(node, a, b, floats=isinstance(node.op, ast.Div))
        if type(a) in (list, tuple) and type(a) is type(b) and isinstance(node.op, ast.Add):
            return a + b
        if type(a) in (list, tuple) and type(b) is int and isinstance(node.op, ast.Mult):
            if len(a) * b > MOST_ITEMS:
                self.refuse(node)
            return a * b
        if not (is_number(a) and is_number(b)):
            self.refuse(node)
        if type(a) in (int, bool) and type(b) in (int, bool) and isinstance(node.op, ast.Pow | ast.Mult):
            bits = a.bit_length() * (abs(b) if isinstance(node.op, ast.Pow) else 1) + b.bit_length()
            if bits > MOST_DIGITS:
                self.refuse(node)
        with np.errstate(all="ignore"):
            return _BINARY[type(node.op)](a, b)

    # ------------------------------------------------------------------ attributes and items
    def _Attribute(self, node: ast.Attribute) -> Any:
        owner = self.value(node.value)
        if type(owner) is types.ModuleType:
            held = vars(owner)
            if node.attr in held:
                return held[node.attr]
            self.refuse(node)
        if is_array(owner):
            shape = shape_of(owner)
            match node.attr:
                case "shape":
                    return shape
                case "size":
                    return math.prod(shape)
                case "ndim":
                    return len(shape)
                case "T":
                    return array(owner, shape[::-1])
            return Method(owner, node.attr)
        if type(owner) is Generator or type(owner) is np.random.Generator:
            return Method(owner, node.attr)
        return own_attribute(owner, node.attr, lambda: self.refuse(node))

    def _Subscript(self, node: ast.Subscript) -> Any:
        owner = self.value(node.value)
        if type(owner) in (tuple, list, dict, str):
            key = self.value(node.slice)
            if type(key) not in (int, str, bool):
                self.refuse(node)
            return owner[key]
        if type(owner) is np.ndarray and owner.dtype.kind in "fciub":
            key = self.value(node.slice)
            if type(key) is int or (type(key) is tuple and all(type(k) is int for k in key)):
                return owner[key]
        return self.refuse(node)

    # ------------------------------------------------------------------ calls
    def _Call(self, node: ast.Call) -> Any:
        callee = self.value(node.func)
        args = self.items(node.args)
        named = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                self.refuse(node)
            named[keyword.arg] = self.value(keyword.value)
        made = called(callee, args, named)
        return self.refuse(node) if made is NotImplemented else made


class Method:
    """A method of an array or a generator that may be called."""

    def __init__(self, owner: Any, name: str) -> None:
        self.owner = owner
        self.name = name


def own_attribute(owner: Any, name: str, refuse: Callable[[], NoReturn]) -> Any:
    """An attribute that an object itself holds, or its class as a plain value: no descriptor is asked."""
    kind = type(owner)
    if type(kind) is not type:
        refuse()
    of_class: Any = next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)
    if type(of_class) not in (*PLAIN, tuple, list, np.ndarray, types.MemberDescriptorType):
        refuse()
    try:
        held = object.__getattribute__(owner, "__dict__")
    except AttributeError:
        refuse()
    if type(held) is dict and name in held:
        return held[name]
    if of_class is not None and type(of_class) in PLAIN:
        return of_class
    return refuse()


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
    if type(callee) is type and records.is_record(callee):
        return records.instance(callee, args, named)
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
