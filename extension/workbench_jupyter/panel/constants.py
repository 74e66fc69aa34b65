"""Values of expressions that nobody runs: literals, names, numbers computed of them, and arrays by their shapes.

What an expression would give is worked out here where that needs no code of the user's: literals and displays,
arithmetic on numbers, names whose values are known, attributes and items of plain things, and calls of NumPy that make
arrays (`shapes`).

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

from workbench.cost.spec import Spec
from workbench.ir import DifferentiationError
from workbench_jupyter.panel.shapes import (
    MOST_ITEMS,
    NUMBERS,
    Generator,
    Method,
    Unknown,
    array,
    called,
    elementwise,
    is_array,
    is_number,
    shape_of,
    shortened,
)

PLAIN = (*NUMBERS, str, bytes, type(None))
MOST_DIGITS = 256  # bits of integers

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_, ast.Invert: operator.invert,
}


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
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError,
                DifferentiationError) as error:
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


__all__ = ["Constants", "Generator", "Unknown", "is_number", "shape_of", "shortened"]
