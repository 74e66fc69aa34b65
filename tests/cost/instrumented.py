"""A twin of an emitted program that counts what it does while it runs as Python. It shares nothing with the counts that
it judges: it reads the text of the program, kernels included, and looks at the numbers that it meets.

An operation counts under the name of the primitive where one of its operands is a float or complex number. Elements
read and written count with their bytes, new arrays with theirs; a product of matrices counts multiplications with
additions (`fma`); a decomposition of LAPACK counts what its documentation says (`library`).
"""
from __future__ import annotations

import ast
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.engines.numba import outlet
from workbench.engines.numba.emit import Source
from workbench.ir import DifferentiationError

_BINARY = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.FloorDiv: "floordiv",
           ast.Mod: "mod"}
_CALLED = {"arctan2": "atan2", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh",
           "arccosh": "acosh", "arctanh": "atanh", "power": "pow", "max": "maximum", "min": "minimum", "fabs": "abs"}
_QUIET = {"isinf", "isnan", "isfinite", "signbit"}
_FLOATS = (float, complex, np.floating, np.complexfloating)
_COMPLEX = (complex, np.complexfloating)
_NEW = {"empty", "zeros", "ones", "full", "arange", "empty_like", "zeros_like", "ones_like"}
_BUILTINS = ("max", "min", "abs", "float", "int", "complex")
_METHODS = ("copy", "reshape", "conjugate", "max")
#: modules of kernels that are one operation each
_ELEMENTWISE = ("special", "logistic", "floating")
_KERNELS = {"ieee_remainder": "remainder"}


class _Rewriter(ast.NodeTransformer):
    """Every operation becomes a call of the counter. single: functions that are one operation, by name."""

    def __init__(self, single: set[str]) -> None:
        self.single = single

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        literal = _is_literal(node.right)
        self.generic_visit(node)
        name = _BINARY.get(type(node.op))
        if name == "div" and isinstance(node.left, ast.Constant) and type(node.left.value) is int:
            name = "reciprocal"
        if name == "sub" and literal:
            name, node.right = "add", ast.UnaryOp(ast.USub(), node.right)
        return node if name is None else _call("binary", ast.Constant(name), node.left, node.right)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if _is_literal(node.operand):
            return node
        self.generic_visit(node)
        if isinstance(node.op, ast.USub):
            return _call("negated", node.operand)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        name = _BINARY[type(node.op)]
        if name == "sub" and _is_literal(node.value):
            name, node.value = "add", ast.UnaryOp(ast.USub(), node.value)
        value = self.visit(node.value)
        if isinstance(node.target, ast.Subscript):
            index = _index(self.visit(node.target.slice))
            return ast.Expr(_call("updated", ast.Constant(name), self.visit(node.target.value), index, value))
        read = ast.Name(node.target.id, ast.Load())
        return ast.Assign([node.target], _call("binary", ast.Constant(name), read, value))

    def visit_Assign(self, node: ast.Assign) -> Any:
        node.value = self.visit(node.value)
        places = [part for target in node.targets for part in (
            target.elts if isinstance(target, ast.Tuple) else [target])]
        if not any(isinstance(part, ast.Subscript) for part in places):
            return node
        held = ast.Name("_value", ast.Load())
        lines: list[ast.stmt] = [ast.Assign([ast.Name("_value", ast.Store())], node.value)]
        for target in node.targets:
            parts: list[tuple[ast.expr, ast.expr]] = [(target, held)]
            if isinstance(target, ast.Tuple):
                parts = [(part, ast.Subscript(held, ast.Constant(k), ast.Load())) for k, part in enumerate(target.elts)]
            for part, value in parts:
                lines.append(ast.Expr(_call("stored", self.visit(part.value), _index(self.visit(part.slice)), value))
                             if isinstance(part, ast.Subscript) else ast.Assign([part], value))
        return lines

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            return node
        self.generic_visit(node)
        return _call("loaded", node.value, _index(node.slice))

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr in ("real", "imag") and isinstance(node.ctx, ast.Load):
            return _call("part", ast.Constant(node.attr), node.value)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        function = node.func
        if _is_literal(node) or (isinstance(function, ast.Name) and function.id.startswith("give_")):
            return node
        if (isinstance(function, ast.Attribute) and function.attr == "atan2" and isinstance(node.args[0], ast.Attribute)
                and node.args[0].attr == "imag"):
            return _call("angle", self.visit(node.args[0].value))
        self.generic_visit(node)
        args = ast.Tuple(node.args, ast.Load())
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id in (
                "np", "math"):
            return _call("called", ast.Constant(function.value.id), ast.Constant(function.attr), args,
                         *[k.value for k in node.keywords])
        if isinstance(function, ast.Attribute) and ast.unparse(function.value) == "np.linalg":
            return _call("decomposed", ast.Constant(function.attr), args)
        if isinstance(function, ast.Name) and function.id in _BUILTINS:
            return _call("called", ast.Constant("builtins"), ast.Constant(function.id), args)
        if isinstance(function, ast.Attribute) and function.attr in _METHODS:
            return _call("made", ast.Constant(function.attr), function.value, args)
        if isinstance(function, ast.Name) and function.id in self.single:
            return _call("single", ast.Constant(function.id), function, args)
        if isinstance(function, ast.Name) and function.id.startswith("random_"):
            return _call("drawn", function, args)
        return node


def _is_literal(node: ast.expr) -> bool:
    """A number that is written out."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.float32", "np.complex64", "complex"):
        return all(map(_is_literal, node.args))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _is_literal(node.operand)
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Attribute) and node.attr in ("inf", "nan"))


def _index(node: ast.expr) -> ast.expr:
    """An index as an expression (slices are written only between brackets)."""
    if isinstance(node, ast.Slice):
        return ast.Call(ast.Name("slice", ast.Load()), [part or ast.Constant(None) for part in (
            node.lower, node.upper, node.step)], [])
    if isinstance(node, ast.Tuple):
        return ast.Tuple([_index(part) for part in node.elts], ast.Load())
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

    def _new(self, array: Any, *keys: str) -> None:
        self.done["allocation"] += 1
        for key in ("allocated", *keys):
            self.done[key] += array.nbytes

    # ------------------------------------------------------------------ numbers
    def binary(self, name: str, a: Any, b: Any) -> Any:
        self._note(name, a, b)
        if name in ("div", "reciprocal"):
            return a / b if b != 0 or isinstance(a, _COMPLEX) else np.float64(a) / b
        if name == "pow" and type(a) is float:
            return np.float64(a) ** b
        return {"add": lambda: a + b, "sub": lambda: a - b, "mul": lambda: a * b,
                "pow": lambda: a ** b, "floordiv": lambda: a // b, "mod": lambda: a % b}[name]()

    def negated(self, a: Any) -> Any:
        self._note("neg", a)
        return -a

    def part(self, name: str, a: Any) -> Any:
        if isinstance(a, _COMPLEX):
            self._note(name, a)
        return getattr(a, name)

    def angle(self, a: Any) -> Any:
        self._note("angle", a)
        return np.float64(math.atan2(a.imag, a.real)).astype(np.asarray(a).real.dtype)[()]

    def single(self, name: str, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        self.done[_KERNELS.get(name, name.removeprefix("scipy_"))] += 1
        return function(*args)

    def drawn(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        self.done["draw"] += 1
        return function(*args)

    # ------------------------------------------------------------------ elements
    def loaded(self, array: Any, index: Any) -> Any:
        found = array[index]
        if isinstance(array, np.ndarray) and not isinstance(found, np.ndarray):
            self.done["element"] += 1
            self.done["read"] += array.itemsize
        return found

    def stored(self, array: Any, index: Any, value: Any) -> None:
        if isinstance(array, np.ndarray):
            self.done["element"] += 1
            self.done["written"] += array.itemsize
        array[index] = value

    def updated(self, name: str, array: Any, index: Any, value: Any) -> None:
        self.stored(array, index, self.binary(name, self.loaded(array, index), value))

    # ------------------------------------------------------------------ calls
    def called(self, module: str, name: str, args: tuple[Any, ...], *rest: Any) -> Any:
        if module == "builtins":
            return self._builtin(name, args)
        if name in _NEW:
            made = getattr(np, name)(*args, *rest)
            self._new(made, *([] if name.startswith("empty") else ["written"]))
            return made
        if name == "dot":
            return self._product(*args)
        if isinstance(args[0], np.ndarray):
            return self._whole(name, args[0])
        if name not in _QUIET and (name != "conj" or isinstance(args[0], _COMPLEX)):
            self._note(_CALLED.get(name, name), *args)
        found: Callable[..., Any] = getattr(np if module == "np" else math, name)
        try:
            made = found(*args, *rest)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan
        return np.float32(made) if type(made) is float and all(type(a) is np.float32 for a in args) else made

    def _builtin(self, name: str, args: tuple[Any, ...]) -> Any:
        if name in ("float", "int"):
            return {"float": np.float64, "int": int}[name](args[0])
        if name == "complex":
            if len(args) == 2:
                self._note("complex", *args)
            return np.complex128(complex(*args))
        if name == "abs" and isinstance(args[0], _COMPLEX):
            self._note("modulus", *args)
        else:
            self._note(_CALLED.get(name, name), *args)
        return {"max": max, "min": min, "abs": abs}[name](*args)

    def _product(self, a: Any, b: Any, *out: Any) -> Any:
        made = np.dot(a, b)
        self.done["fma"] += np.size(made) * a.shape[-1]
        self.done["call"] += 1
        self.done["read"] += a.nbytes + b.nbytes
        if out:
            out[0][...] = made
            self.done["written"] += made.nbytes
        elif np.ndim(made):
            self._new(made, "written")
        return made

    def _whole(self, name: str, array: Any) -> Any:
        """A function of all elements."""
        made = getattr(np, name)(array)
        if name == "ascontiguousarray":
            if made is not array:
                self.done["read"] += array.nbytes
                self._new(made, "written")
            return made
        if name != "conj" or np.iscomplexobj(array):
            self.done[_CALLED.get(name, name)] += made.size
        self.done["read"] += array.nbytes
        self._new(made, "written")
        return made

    def decomposed(self, name: str, args: tuple[Any, ...]) -> Any:
        """LAPACK's, as its Users' Guide has it: nominal operations, results, and the least room to work in."""
        matrix = args[0]
        found = getattr(np.linalg, name)(matrix, *([False] if name == "svd" else []))
        m, n, size = *matrix.shape, matrix.itemsize
        low, high, whole = min(m, n), max(m, n), np.iscomplexobj(matrix)
        if name == "eigh":
            nominal = 9 * n ** 3
            work = [2 * n + n * n, 3 + 5 * n, 1 + 5 * n + 2 * n * n] if whole else [1 + 6 * n + 2 * n * n, 3 + 5 * n]
            made = [found[0]]
        else:
            nominal = 14 * high * low ** 2 + 8 * low ** 3
            most = max(5 * low * low + 5 * low, 2 * high * low + 2 * low * low + low)
            work = [low * low + 3 * low, 8 * low, most] if whole else [4 * low * low + 7 * low, 8 * low]
            made = list(found)
        self.done["library"] += nominal * (4 if whole else 1)
        self.done["call"] += 1
        self.done["read"] += matrix.nbytes
        self._new(matrix, "written")
        for part in made:
            self._new(part, "written")
        for length, item in zip(work, (size, 4, size // 2), strict=False):
            self.done["allocation"] += 1
            self.done["allocated"] += length * item
        return tuple(found)

    def made(self, name: str, array: Any, args: tuple[Any, ...]) -> Any:
        if name == "conjugate" and isinstance(array, _COMPLEX):
            self._note("conj", array)
        made = getattr(array, name)(*args)
        if name == "copy":
            self.done["read"] += made.nbytes
            self._new(made, "written")
        elif name == "max":
            self.done["read"] += array.nbytes
        return made

    def grow(self, function: Callable[..., Any], array: Any, k: Any) -> Any:
        """A list is resized where it lies: what is new counts."""
        made = function(array, k)
        self.done["allocated"] += made.nbytes - array.nbytes
        if function.__name__ == "grow_zeros":
            self.done["written"] += made.nbytes - array.nbytes
        return made


def counted_run(source: Source, args: list[Any]) -> Counter[str]:
    """What one run of an emitted program does."""
    run = CountingRun()
    single = {h.__name__ for h in source.helpers
              if not hasattr(h, "__globals__") or h.__module__.rsplit(".", 1)[-1] in _ELEMENTWISE}
    tree = ast.parse(source.text)
    tree.body = [part for part in tree.body if isinstance(part, ast.FunctionDef) and part.name not in single
                 and not part.name.startswith("grow")]
    tree.body[:0] = ast.parse("import math\nimport numpy as np").body
    rewriter = _Rewriter(single)
    for part in tree.body:
        if isinstance(part, ast.FunctionDef):
            part.decorator_list = []
            part.body = [line for statement in part.body for line in _lines(rewriter.visit(statement))]
    space: dict[str, Any] = {"DifferentiationError": DifferentiationError, **outlet.EXTERNALS, "_counter": run}
    for helper in source.helpers:
        name = helper.__name__
        space[name] = _growing(run, helper) if name.startswith("grow") else helper
    exec(compile(ast.fix_missing_locations(tree), "<counted>", "exec"), space)
    with np.errstate(all="ignore"):
        space[source.name](*map(_passed, args))
    return run.done


def _lines(made: Any) -> list[ast.stmt]:
    return made if isinstance(made, list) else [made]


def _growing(run: CountingRun, helper: Callable[..., Any]) -> Callable[..., Any]:
    return lambda array, k: run.grow(helper, array, k)


def _passed(value: Any) -> Any:
    """An argument as a compiled program gets it."""
    if isinstance(value, np.ndarray) and not value.shape:
        value = value[()]
    return np.float64(value) if type(value) is float else np.complex128(value) if type(value) is complex else value
