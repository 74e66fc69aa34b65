"""Expressions of emitted programs, as values of LLVM."""

from __future__ import annotations

import ast
import builtins
import operator
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from llvmlite import ir as llvm
from numba.core import types

from workbench.engines.numba.direct.code import Code, NotDirect, Typed
from workbench.engines.numba.direct.variables import Variables

OPERATORS: dict[type[ast.operator], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow,
    ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[..., Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_MEMORY, _SIZE, _SHAPE = 0, 1, 2  # fields of arrays


class Expressions:
    """Evaluates expressions with these variables; other names are found in `namespace`."""

    def __init__(self, code: Code, variables: Variables, namespace: Mapping[str, Any]) -> None:
        self.code = code
        self.variables = variables
        self.namespace = namespace

    def value(self, node: ast.expr) -> Typed:
        """The value of an expression: a number, or an array that a variable holds."""
        found = self.result(node)
        if isinstance(found.type, types.Array) and not isinstance(node, ast.Name):
            raise NotDirect("an array that no variable holds")
        return found

    def result(self, node: ast.expr) -> Typed:
        """The value of an expression; the reference of a new array is the caller's."""
        read = _READERS.get(type(node))
        if read is None:
            raise NotDirect(f"an expression of the form {type(node).__name__}")
        return read(self, node)

    # ------------------------------------------------------------------ what is known before
    def static(self, node: ast.expr) -> Any:
        """The object that an expression stands for. Raises NotDirect where it is a value of the program."""
        if isinstance(node, ast.Name) and node.id not in self.variables:
            if node.id in self.namespace:
                return self.namespace[node.id]
            if hasattr(builtins, node.id):
                return getattr(builtins, node.id)
        elif isinstance(node, ast.Attribute):
            owner = self.static(node.value)
            if isinstance(owner, ModuleType):
                return getattr(owner, node.attr)
        raise NotDirect("an object that is not known before")

    def callee(self, node: ast.Call) -> Any:
        """What is called, None where it is a method of a value."""
        if node.keywords or any(isinstance(arg, ast.Starred) for arg in node.args):
            raise NotDirect("arguments by name")
        if isinstance(node.func, ast.Attribute):
            root: ast.expr = node.func
            while isinstance(root, ast.Attribute):
                root = root.value
            if not isinstance(root, ast.Name) or root.id in self.variables:
                return None
        return self.static(node.func)

    # ------------------------------------------------------------------ leaves
    def _constant(self, node: ast.Constant) -> Typed:
        return self._number(node.value)

    def _number(self, value: Any) -> Typed:
        made = {bool: self.code.boolean, int: self.code.integer, float: self.code.float}.get(type(value))
        if made is None:
            raise NotDirect(f"a constant of type {type(value).__name__}")
        return made(value)

    def _name(self, node: ast.Name) -> Typed:
        if node.id in self.variables:
            return self.variables.get(node.id)
        return self._number(self.static(node))

    def _attribute(self, node: ast.Attribute) -> Typed:
        if isinstance(node.value, ast.Name) and node.value.id in self.variables:
            if node.attr != "size":
                raise NotDirect(f"an attribute {node.attr}")
            self._array(node.value)
            return Typed(types.int64, self.variables.field(node.value.id, _SIZE))
        return self._number(self.static(node))

    # ------------------------------------------------------------------ arrays
    def shape(self, node: ast.expr) -> list[Typed]:
        """The dimensions that `x.shape` gives."""
        if not isinstance(node, ast.Attribute) or node.attr != "shape":
            raise NotDirect("parts of what is no shape")
        name, kind = self._array(node.value)
        return [Typed(types.int64, self.variables.field(name, _SHAPE + axis)) for axis in range(kind.ndim)]

    def _array(self, node: ast.expr) -> tuple[str, Any]:
        if not isinstance(node, ast.Name) or node.id not in self.variables:
            raise NotDirect("an array that no variable holds")
        kind = self.variables.kind(node.id)
        if not isinstance(kind, types.Array) or kind.layout != "C":
            raise NotDirect(f"elements of {kind}")
        return node.id, kind

    def element(self, node: ast.Subscript) -> tuple[Any, Any]:
        """The type of an array and the address of an element. (Indices are neither negative nor too large.)"""
        name, kind = self._array(node.value)
        places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        indices = [self.value(place) for place in places]
        if len(indices) != kind.ndim or any(index.type is not types.int64 for index in indices):
            raise NotDirect("an index that is no number for each axis")
        builder = self.code.builder
        place = indices[0].value
        if kind.ndim > 1:
            terms = []
            for axis, index in enumerate(indices):
                term = index.value
                for later in range(axis + 1, kind.ndim):
                    term = builder.mul(term, self.variables.field(name, _SHAPE + later))
                terms.append(term)
            place = terms[0]
            for term in terms[1:]:
                place = builder.add(place, term)
        return kind, builder.gep(self.variables.field(name, _MEMORY), [place])

    def load(self, kind: Any, address: Any) -> Typed:
        """An element at an address."""
        if isinstance(kind.dtype, types.Float):
            return Typed(kind.dtype, self.code.builder.load(address))
        return Typed(kind.dtype, self.code.context.unpack_value(self.code.builder, kind.dtype, address))

    def store(self, kind: Any, address: Any, value: Typed) -> None:
        """Write an element."""
        if value.type != kind.dtype:
            value = self.code.cast(value, kind.dtype)
        if isinstance(kind.dtype, types.Float):
            self.code.builder.store(value.value, address)
        else:
            self.code.context.pack_value(self.code.builder, kind.dtype, value.value, address)

    def _subscript(self, node: ast.Subscript) -> Typed:
        if isinstance(node.value, ast.Attribute) and isinstance(node.slice, ast.Constant):
            return self.shape(node.value)[int(node.slice.value)]  # type: ignore[arg-type]
        return self.load(*self.element(node))

    # ------------------------------------------------------------------ operations
    def _binary(self, node: ast.BinOp) -> Typed:
        return self.operation(node.op, self.value(node.left), self.value(node.right))

    def operation(self, sign: ast.operator, left: Typed, right: Typed) -> Typed:
        """An operation of two numbers."""
        if type(sign) not in OPERATORS or isinstance(left.type, types.Array) or isinstance(right.type, types.Array):
            raise NotDirect(f"an operation {type(sign).__name__}")
        return self.code.binary(OPERATORS[type(sign)], left, right)

    def _unary(self, node: ast.UnaryOp) -> Typed:
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            return self._number(-node.operand.value)  # type: ignore[operator]
        operand = self.value(node.operand)
        if isinstance(operand.type, types.Array):
            raise NotDirect("an operation of an array")
        if isinstance(node.op, ast.Not) and operand.type == types.boolean:
            return Typed(types.boolean, self.code.builder.not_(operand.value))
        if isinstance(node.op, ast.USub):
            return self.code.call(operator.neg, (operand,))
        raise NotDirect(f"an operation {type(node.op).__name__}")

    def _compare(self, node: ast.Compare) -> Typed:
        sign = _COMPARISONS.get(type(node.ops[0]))
        if len(node.ops) > 1 or sign is None:
            raise NotDirect("a comparison of several")
        left, right = self.value(node.left), self.value(node.comparators[0])
        if isinstance(left.type, types.Array) or isinstance(right.type, types.Array):
            raise NotDirect("a comparison of arrays")
        return self.code.compare(sign, left, right)

    def truth(self, node: ast.expr) -> Any:
        """The bit of a test."""
        found = self.value(node)
        if found.type != types.boolean:
            raise NotDirect(f"a test of {found.type}")
        return found.value

    def _all_or_any(self, node: ast.BoolOp) -> Typed:
        """`and`, `or` of booleans: the right is evaluated where it matters."""
        code, is_all = self.code, isinstance(node.op, ast.And)
        end = code.builder.append_basic_block("decided")
        ways = []
        for part in node.values[:-1]:
            bit = self.truth(part)
            ways.append((llvm.Constant(llvm.IntType(1), int(not is_all)), code.builder.block))
            on = code.builder.append_basic_block("undecided")
            code.builder.cbranch(bit, *((on, end) if is_all else (end, on)))
            code.builder.position_at_end(on)
        ways.append((self.truth(node.values[-1]), code.builder.block))
        code.builder.branch(end)
        code.builder.position_at_end(end)
        return Typed(types.boolean, self._joined(ways))

    def _choice(self, node: ast.IfExp) -> Typed:
        """`a if c else b`; both are evaluated where they are at hand."""
        code, bit = self.code, self.truth(node.test)
        if _is_at_hand(node.body) and _is_at_hand(node.orelse):
            yes, no = self.value(node.body), self.value(node.orelse)
            self._agree(yes, no)
            return Typed(yes.type, code.builder.select(bit, yes.value, no.value))
        then, orelse, end = (code.builder.append_basic_block(name) for name in ("then", "otherwise", "chosen"))
        code.builder.cbranch(bit, then, orelse)
        ways, values = [], []
        for block, arm in ((then, node.body), (orelse, node.orelse)):
            code.builder.position_at_end(block)
            values.append(self.value(arm))
            ways.append((values[-1].value, code.builder.block))
            code.builder.branch(end)
        self._agree(*values)
        code.builder.position_at_end(end)
        return Typed(values[0].type, self._joined(ways))

    def _agree(self, yes: Typed, no: Typed) -> None:
        if yes.type != no.type or isinstance(yes.type, types.Array):
            raise NotDirect(f"a choice of {yes.type} and {no.type}")

    def _joined(self, ways: list[tuple[Any, Any]]) -> Any:
        joined = self.code.builder.phi(ways[0][0].type)
        for value, block in ways:
            joined.add_incoming(value, block)
        return joined

    # ------------------------------------------------------------------ calls
    def _call(self, node: ast.Call) -> Typed:
        function = self.callee(node)
        if function is None:
            return self._method(node)
        made = self._called(function, node)
        if not isinstance(made.type, types.Number | types.Boolean | types.Array):
            raise NotDirect(f"a call that gives {made.type}")
        return made

    def _called(self, function: Any, node: ast.Call) -> Typed:
        return self.code.call(function, [self._argument(arg) for arg in node.args])

    def results(self, node: ast.Call) -> list[Typed]:
        """What a function with several results gives; the references of arrays are the caller's."""
        function = self.callee(node)
        made = None if function is None else self._called(function, node)
        if made is None or not isinstance(made.type, types.BaseTuple):
            raise NotDirect("parts of what is no tuple")
        kinds: Any = made.type
        return [Typed(kind, self.code.builder.extract_value(made.value, k)) for k, kind in enumerate(kinds)]

    def _method(self, node: ast.Call) -> Typed:
        """`x.copy()`, `x.reshape(n)` and both."""
        assert isinstance(node.func, ast.Attribute)
        name, owner = node.func.attr, node.func.value
        if name not in ("copy", "reshape"):
            raise NotDirect(f"a method {name}")
        if isinstance(owner, ast.Name):
            self._array(owner)
        receiver = self.result(owner)
        if not isinstance(receiver.type, types.Array):
            raise NotDirect(f"a method of {receiver.type}")
        made = self.code.method(name, receiver, [self._argument(arg) for arg in node.args])
        if not isinstance(owner, ast.Name):
            self.code.give_up(receiver)
        return made

    def _argument(self, node: ast.expr) -> Typed:
        if isinstance(node, ast.Tuple):
            return self.code.tuple([self.value(part) for part in node.elts])
        if isinstance(node, ast.Attribute) and node.attr == "T" and isinstance(node.value, ast.Name):
            self._array(node.value)
            return self.code.turned(self.value(node.value))
        try:
            known = self.static(node)
        except NotDirect:
            return self.value(node)
        if isinstance(known, type):  # a dtype
            return Typed(self.code.typing.resolve_value_type(known), self.code.context.get_dummy_value())
        return self._number(known)


def _is_at_hand(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Constant) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant))


_READERS: dict[type[ast.expr], Callable[..., Typed]] = {
    ast.Constant: Expressions._constant, ast.Name: Expressions._name, ast.Attribute: Expressions._attribute,
    ast.Subscript: Expressions._subscript, ast.BinOp: Expressions._binary, ast.UnaryOp: Expressions._unary,
    ast.Compare: Expressions._compare, ast.BoolOp: Expressions._all_or_any, ast.IfExp: Expressions._choice,
    ast.Call: Expressions._call,
}
