"""A twin of an emitted program that counts what it does while it runs as Python. It shares nothing with the counts that
it judges: it reads the text of the program, and looks at the numbers that it meets.

An operation counts under the name of the primitive where one of its operands is a float or complex number. Elements
read and written count with their bytes, new arrays with theirs; a product of matrices counts multiplications with
additions (`fma`).
"""
from __future__ import annotations

import ast
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.engines.numba import outlet
from workbench.ir import DifferentiationError

_BINARY = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.FloorDiv: "floordiv",
           ast.Mod: "mod"}
_CALLED = {"maximum": "maximum", "minimum": "minimum", "arctan2": "atan2", "arcsin": "asin", "arccos": "acos",
           "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "power": "pow",
           "max": "maximum", "min": "minimum", "fabs": "abs"}
_QUIET = {"isinf", "isnan", "isfinite", "signbit"}
_FLOATS = (float, complex, np.floating, np.complexfloating)


class Counted(np.ndarray):
    """An array that counts accesses of its elements."""


class _Rewriter(ast.NodeTransformer):
    """Every operation becomes a call of the counter."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        name = _BINARY.get(type(node.op))
        return node if name is None else _call("binary", ast.Constant(name), node.left, node.right)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant | ast.Attribute):
            return _call("negated", node.operand)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        name = _BINARY[type(node.op)]
        value = self.visit(node.value)
        if isinstance(node.target, ast.Subscript):
            index = self.visit(node.target.slice)
            return ast.Expr(_call("updated", ast.Constant(name), node.target.value, index, value))
        read = ast.Name(node.target.id, ast.Load())
        return ast.Assign([node.target], _call("binary", ast.Constant(name), read, value))

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Subscript):
            target = node.targets[0]
            return ast.Expr(_call("stored", target.value, self.visit(target.slice), self.visit(node.value)))
        node.value = self.visit(node.value)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            return node
        self.generic_visit(node)
        return _call("loaded", node.value, node.slice)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = node.func
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id in (
                "np", "math"):
            return _call("called", ast.Constant(function.value.id), ast.Constant(function.attr),
                         ast.Tuple(node.args, ast.Load()), *[k.value for k in node.keywords])
        if isinstance(function, ast.Name) and function.id in ("max", "min", "abs", "float", "int"):
            args = ast.Tuple(node.args, ast.Load())
            return _call("called", ast.Constant("builtins"), ast.Constant(function.id), args)
        if isinstance(function, ast.Attribute) and function.attr in ("copy", "reshape"):
            return _call("made", ast.Constant(function.attr), function.value, ast.Tuple(node.args, ast.Load()))
        if isinstance(function, ast.Name):
            return _call("helped", ast.Constant(function.id), function, ast.Tuple(node.args, ast.Load()))
        return node


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Name("_counter", ast.Load()), name, ast.Load()), list(args), [])


class CountingRun:
    """What the twin counts: `done` by name."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()

    def _note(self, name: str, *operands: Any) -> None:
        if any(isinstance(x, _FLOATS) for x in operands):
            self.done[name] += 1

    def binary(self, name: str, a: Any, b: Any) -> Any:
        self._note(name, a, b)
        if name == "div" and b == 0:
            return np.float64(a) / b if not isinstance(a, complex | np.complexfloating) else a / b
        if name == "pow" and type(a) is float:
            return np.float64(a) ** b
        return {"add": lambda: a + b, "sub": lambda: a - b, "mul": lambda: a * b, "div": lambda: a / b,
                "pow": lambda: a ** b, "floordiv": lambda: a // b, "mod": lambda: a % b}[name]()

    def negated(self, a: Any) -> Any:
        self._note("neg", a)
        return -a

    def loaded(self, array: Any, index: Any) -> Any:
        if isinstance(array, np.ndarray):
            self.done["element"] += 1
            self.done["read"] += array.itemsize
        return array[index]

    def stored(self, array: Any, index: Any, value: Any) -> None:
        if isinstance(array, np.ndarray):
            self.done["element"] += 1
            self.done["written"] += array.itemsize
        array[index] = value

    def updated(self, name: str, array: Any, index: Any, value: Any) -> None:
        self.stored(array, index, self.binary(name, self.loaded(array, index), value))

    def called(self, module: str, name: str, args: tuple[Any, ...], *rest: Any) -> Any:
        if module == "builtins":
            if name in ("float", "int"):
                return {"float": np.float64, "int": int}[name](args[0])
            self._note(_CALLED.get(name, name), *args)
            return {"max": max, "min": min, "abs": abs}[name](*args)
        if name in ("empty", "zeros", "ones", "full", "arange"):
            made = getattr(np, name)(*args, *rest) if name != "full" else np.full(*args, *rest)
            self.done["allocated"] += made.nbytes
            self.done["allocation"] += 1
            if name != "empty":
                self.done["written"] += made.nbytes
            return made
        if name == "dot":
            made = np.dot(*args)
            self.done["fma"] += np.size(made) * args[0].shape[-1]
            self.done["call"] += 1
            self.done["read"] += sum(a.nbytes for a in args)
            if np.ndim(made):
                self.done["written"] += made.nbytes
                self.done["allocated"] += made.nbytes
                self.done["allocation"] += 1
            return made
        if name not in _QUIET:
            self._note(_CALLED.get(name, name), *args)
        found: Callable[..., Any] = getattr(np if module == "np" else math, name)
        try:
            return found(*args, *rest)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    def helped(self, name: str, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """A call of a helper, which is run as it is."""
        made = function(*args)
        if name.startswith("grow"):
            self.done["allocated"] += made.nbytes - args[0].nbytes
        elif name.startswith("matrix_product") or "product" in name:
            a, b = args
            self.done["fma"] += made.size * (a.shape[-2] if "turned" in name.split("_")[0] else a.shape[-1])
            self.done["call"] += 1
            self.done["read"] += a.nbytes + b.nbytes
            for key in ("written", "allocated"):
                self.done[key] += made.nbytes
            self.done["allocation"] += 1
        return made

    def made(self, name: str, array: Any, args: tuple[Any, ...]) -> Any:
        made = getattr(array, name)(*args)
        if name == "copy":
            for key in ("allocated", "written", "read"):
                self.done[key] += made.nbytes
            self.done["allocation"] += 1
        return made


def counted_run(source: str, name: str, helpers: Any, args: tuple[Any, ...]) -> Counter[str]:
    """What one run of an emitted program does. helpers: the functions that it calls, by name, as they are."""
    tree = ast.parse(source)
    tree.body = [part for part in tree.body if not isinstance(part, ast.FunctionDef) or part.name not in helpers]
    for part in tree.body:
        if isinstance(part, ast.FunctionDef):
            part.decorator_list = []
            part.body = [_Rewriter().visit(statement) for statement in part.body]
    run = CountingRun()
    space: dict[str, Any] = {"DifferentiationError": DifferentiationError, **outlet.EXTERNALS, **helpers,
                             "_counter": run}
    exec(compile(ast.fix_missing_locations(tree), "<counted>", "exec"), space)
    with np.errstate(all="ignore"):
        space[name](*(np.float64(a) if type(a) is float else a for a in args))
    return run.done
