"""A Python function with every call written as a call of the mediator: `f(x)` becomes `mediate(f, x)`.

The rest is left to Python itself: loops, exceptions, generators, classes, comprehensions. The new function shares the
old one's globals, closure, defaults and line numbers.
"""

from __future__ import annotations

import ast
import copy
import functools
import types
import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from workbench.frontend import definition_of
from workbench.ir import DifferentiationError

MEDIATE, ATTRIBUTE, OPERATE = "__workbench_mediate__", "__workbench_attribute__", "__workbench_operate__"
TARGET = "__workbench_target__"
_HELPERS = (MEDIATE, ATTRIBUTE, OPERATE, TARGET)
_OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.Pow: "pow", ast.Mod: "mod",
              ast.FloorDiv: "floordiv", ast.MatMult: "matmul"}
_NATIVE = frozenset({"super", "locals", "globals", "vars", "eval", "exec", "dir", "breakpoint"})
_rewritten: weakref.WeakKeyDictionary[types.CodeType, types.CodeType | None] = weakref.WeakKeyDictionary()
_made: weakref.WeakSet[types.CodeType] = weakref.WeakSet()


class Helpers(NamedTuple):
    """What a rewritten function calls."""

    mediate: Callable[..., Any]
    attribute: Callable[..., Any]
    operate: Callable[..., Any]
    target: Callable[..., Any]


class _Mediated(ast.NodeTransformer):
    """Replaces calls, operators and reads of attributes; spells out names that a class body would mangle."""

    def __init__(self, owner: str | None) -> None:
        self.owner = owner

    def visit_Call(self, node: ast.Call) -> Any:
        """`f(...)` to `mediate(f, ...)`; frames that Python itself looks up are left alone."""
        if isinstance(node.func, ast.Attribute):  # a method: not looked up by the helper
            self.mangle(node.func)
            node.func.value = self.visit(node.func.value)
        else:
            node.func = self.visit(node.func)
        node.args = [self.visit(a) for a in node.args]
        node.keywords = [self.visit(k) for k in node.keywords]
        if isinstance(node.func, ast.Name) and node.func.id in _NATIVE:
            return node
        return self.helped(MEDIATE, node, node.func, *node.args, keywords=node.keywords)

    def helped(self, helper: str, node: ast.expr, *args: ast.expr, keywords: Sequence[ast.keyword] = ()) -> ast.Call:
        """A call of a helper in place of an expression."""
        name = ast.copy_location(ast.Name(helper, ast.Load()), node)
        return ast.copy_location(ast.Call(name, list(args), list(keywords)), node)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        """`a + b` to `operate("add", a, b)`, so that methods of operands are entered."""
        self.generic_visit(node)
        name = _OPERATORS.get(type(node.op))
        if name is None:
            return node
        return self.helped(OPERATE, node, ast.copy_location(ast.Constant(name), node), node.left, node.right)

    def mangle(self, node: ast.Attribute) -> None:
        """Spell out a private name."""
        if self.owner and node.attr.startswith("__") and not node.attr.endswith("__"):
            node.attr = f"_{self.owner.lstrip('_')}{node.attr}"

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        """`x.name` to `attribute(x, "name")` where it is read; `x.name = v` to `target(x, "name").name = v`."""
        self.generic_visit(node)
        self.mangle(node)
        name = ast.copy_location(ast.Constant(node.attr), node)
        if isinstance(node.ctx, ast.Store):
            node.value = self.helped(TARGET, node, node.value, name)
        if not isinstance(node.ctx, ast.Load):
            return node
        return self.helped(ATTRIBUTE, node, node.value, name)


def rewritten(function: types.FunctionType, helpers: Helpers) -> types.FunctionType | None:
    """The function with mediated calls; None where its source is not to be had."""
    code = function.__code__
    if code in _made:
        return function
    if code not in _rewritten:
        _rewritten[code] = _compile(function)
    new = _rewritten[code]
    if new is None:
        return None
    cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
    cells.update((name, types.CellType(helper)) for name, helper in zip(_HELPERS, helpers, strict=True))
    made = types.FunctionType(new, function.__globals__, function.__name__, function.__defaults__,
                              tuple(cells[name] for name in new.co_freevars))
    made.__kwdefaults__ = function.__kwdefaults__
    functools.update_wrapper(made, function, updated=())
    return made


def _compile(function: types.FunctionType) -> types.CodeType | None:
    code = function.__code__
    try:
        definition = definition_of(function)
    except DifferentiationError:
        return None
    path = function.__qualname__.split(".")
    owner = path[-2] if len(path) > 1 and path[-2] != "<locals>" else None
    node = _Mediated(owner).visit(copy.deepcopy(definition))
    if isinstance(node, ast.FunctionDef):
        node.decorator_list = []
        inner: ast.stmt = node
    else:
        inner = ast.copy_location(ast.Expr(node), node)
    free = [*code.co_freevars, *_HELPERS]
    assign: list[ast.stmt] = [ast.Assign([ast.Name(name, ast.Store())], ast.Constant(None)) for name in free]
    if isinstance(inner, ast.FunctionDef) and inner.name not in code.co_freevars:
        assign.insert(0, ast.Global([inner.name]))  # a function that calls itself finds itself where it did before
    factory = ast.FunctionDef("factory", ast.arguments([], [], None, [], [], None, []), [*assign, inner], [])
    for made in (factory, *assign):
        ast.copy_location(made, definition)
    module = ast.fix_missing_locations(ast.Module([factory], []))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # (said when Python compiled the function)
        try:
            outer = compile(module, code.co_filename, "exec")
        except SyntaxError:
            return None
    found = _find(outer, code.co_name)
    if found is None or set(found.co_freevars) - set(free):
        return None
    for inner_code in _all(found):
        _made.add(inner_code)
    return found


def _find(code: types.CodeType, name: str) -> types.CodeType | None:
    factory = next(c for c in code.co_consts if isinstance(c, types.CodeType))
    return next((c for c in factory.co_consts if isinstance(c, types.CodeType) and c.co_name == name), None)


def _all(code: types.CodeType) -> Any:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _all(constant)
