"""A Python function with every call written as a call of the mediator: `f(x)` becomes `mediate(f, x)`.

The rest is left to Python itself: loops, exceptions, generators, classes, comprehensions, operators. The new function
shares the old one's globals, closure, defaults and line numbers; with nothing active it does what the old one does.
"""

from __future__ import annotations

import ast
import copy
import functools
import inspect
import types
import warnings
from collections.abc import Callable
from typing import Any

from workbench.frontend import definition_of
from workbench.frontend.source import made_codes
from workbench.ir import DifferentiationError

MEDIATE = "__workbench_mediate__"
_NATIVE = frozenset({"super", "globals", "eval", "exec", "dir", "breakpoint"})
_TEXT = frozenset({"eval", "exec"})
_SCOPES = frozenset({"locals", "vars"})
_rewritten: dict[int, tuple[types.CodeType, types.CodeType | None]] = {}


class _Mediated(ast.NodeTransformer):
    """Replaces calls; spells out names that a class body would mangle."""

    def __init__(self, owner: str | None) -> None:
        self.owner = owner

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        """Names inside a nested class are mangled with its own name, by Python."""
        outer, self.owner = self.owner, None
        self.generic_visit(node)
        self.owner = outer
        return node

    def visit_Call(self, node: ast.Call) -> Any:
        """`f(...)` to `mediate(f, ...)`; frames that Python itself looks up are left alone."""
        self.generic_visit(node)
        name = ast.copy_location(ast.Name(MEDIATE, ast.Load()), node)
        if isinstance(node.func, ast.Name) and node.func.id in _NATIVE:
            if node.func.id in _TEXT and node.args and not isinstance(node.args[0], ast.Starred):
                own = ast.copy_location(ast.Constant(MEDIATE), node)
                node.args[0] = ast.copy_location(ast.Call(name, [own, node.args[0]], []), node)
            return node
        if isinstance(node.func, ast.Name) and node.func.id in _SCOPES and not node.args:
            return ast.copy_location(ast.Call(name, [ast.copy_location(ast.Constant(MEDIATE), node), node], []), node)
        return ast.copy_location(ast.Call(name, [node.func, *node.args], node.keywords), node)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        """Spell out a private name."""
        self.generic_visit(node)
        if self.owner and node.attr.startswith("__") and not node.attr.endswith("__"):
            node.attr = f"_{self.owner.lstrip('_')}{node.attr}"
        return node


def rewritten(function: types.FunctionType, mediate: Callable[..., Any]) -> types.FunctionType | None:
    """The function with mediated calls; None where its source is not to be had."""
    code = function.__code__
    if id(code) in made_codes:
        return function
    known = _rewritten.get(id(code))
    if known is None:
        known = _rewritten[id(code)] = (code, _compile(function))  # (keeps the code alive, and its id with it)
    new = known[1]
    if new is None:
        return None
    cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
    cells[MEDIATE] = types.CellType(mediate)
    made = types.FunctionType(new, function.__globals__, function.__name__, function.__defaults__,
                              tuple(cells[name] for name in new.co_freevars))
    made.__kwdefaults__ = function.__kwdefaults__
    functools.update_wrapper(made, function)
    del made.__wrapped__  # type: ignore[attr-defined]
    return made


def _compile(function: types.FunctionType) -> types.CodeType | None:
    code = function.__code__
    try:
        definition: Any = definition_of(function, coroutines=True)
    except (DifferentiationError, SyntaxError):
        return None
    path = function.__qualname__.split(".")
    owner = path[-2] if len(path) > 1 and path[-2] != "<locals>" else None
    node = _Mediated(owner).visit(copy.deepcopy(definition))
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        node.decorator_list = []
        inner: ast.stmt = node
    else:
        inner = ast.copy_location(ast.Expr(node), node)
    free = [*code.co_freevars, MEDIATE]
    assign: list[ast.stmt] = [ast.Assign([ast.Name(name, ast.Store())], ast.Constant(None)) for name in free]
    if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)) and inner.name not in code.co_freevars:
        assign.insert(0, ast.Global([inner.name]))  # a function that calls itself finds itself where it did before
    factory = ast.FunctionDef("factory", ast.arguments([], [], None, [], [], None, []), [*assign, inner], [])
    for made in (factory, *assign):
        ast.copy_location(made, definition)
    module = ast.fix_missing_locations(ast.Module([factory], []))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # (said when Python compiled the function)
        try:
            outer = compile(module, code.co_filename, "exec", flags=code.co_flags & _FUTURE, dont_inherit=True)
        except SyntaxError:
            return None
    found = _find(outer, code.co_name)
    if found is None or set(found.co_freevars) - set(free):
        return None
    found = found.replace(co_flags=found.co_flags | code.co_flags & inspect.CO_ITERABLE_COROUTINE)
    for inner_code in _all(found):
        made_codes[id(inner_code)] = inner_code
    return found


_FUTURE = 0x1000000  # annotations


def _find(code: types.CodeType, name: str) -> types.CodeType | None:
    factory = next(c for c in code.co_consts if isinstance(c, types.CodeType))
    return next((c for c in factory.co_consts if isinstance(c, types.CodeType) and c.co_name == name), None)


def _all(code: types.CodeType) -> Any:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _all(constant)
