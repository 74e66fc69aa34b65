"""Compiled programs run as the Python that they are: everything of the product but Numba, at a tenth of the time.

Arrays inside reject indices that are negative or too large: emitted programs promise that theirs are valid, and Numba
would not look. Arithmetic is NumPy's (a division by zero gives an infinity), as Numba's is told to be.
"""
from __future__ import annotations

import ast
import contextlib
import copy
import functools
import inspect
import math
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType, SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np

from workbench.engines.numba import compiler, outlet
from workbench.engines.numba.compile import Compiled, Recipe, filename
from workbench.engines.numba.emit import emit
from workbench.ir import DifferentiationError, Function, verify
from workbench.rules.random import FUNCTIONS, LAWS

_MAKERS = ("empty", "zeros", "ones", "full", "arange", "dot", "array")


class InvalidIndex(Exception):
    """An index that an emitted program must not use."""


class Strict(np.ndarray):
    """An array whose integer indices must be valid as they are."""

    def _validate(self, key: Any) -> None:
        for index, length in zip(key if isinstance(key, tuple) else (key,), self.shape):
            if isinstance(index, (int, np.integer)) and not 0 <= index < length:
                raise InvalidIndex(f"index {index} of {length}")

    def __getitem__(self, key: Any) -> Any:
        self._validate(key)
        return super().__getitem__(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._validate(key)
        super().__setitem__(key, value)


class _Numpy:
    """NumPy whose new arrays are strict."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        if name not in _MAKERS:
            return found
        return lambda *args, **named: strict(found(*args, **named))


class _Math:
    """`math` that gives nan or inf where Python raises, and float32 for float32."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(math, name)
        if not callable(found):
            return found

        def quiet(*args: Any) -> Any:
            try:
                value = found(*args) if name != "ldexp" else found(args[0], int(args[1]))
            except OverflowError:
                value = math.inf
            except ValueError:
                value = _at_pole(name, args[0])
            return np.float32(value) if type(value) is float and all(type(a) is np.float32 for a in args) else value

        return quiet


def _at_pole(name: str, x: Any) -> float:
    if name.startswith("log") and x == (-1 if name == "log1p" else 0):
        return -math.inf
    if name == "lgamma":
        return math.inf
    return math.copysign(math.inf, x) if abs(x) == {"atanh": 1, "gamma": 0}.get(name) else math.nan


class _Divisions(ast.NodeTransformer):
    """Divisions and powers as Numba is told to compile them: by zero they give infinities and NaN."""

    _NAMES = {ast.Div: "_divided", ast.Pow: "_raised"}

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        name = self._NAMES.get(type(node.op))
        if name is None:
            return node
        return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [node.left, node.right], []), node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        name = self._NAMES.get(type(node.op))
        if name is None:
            return node
        read = copy.deepcopy(node.target)
        read.ctx = ast.Load()
        value = ast.Call(ast.Name(name, ast.Load()), [read, node.value], [])
        return ast.copy_location(ast.Assign([node.target], value), node)


@functools.cache
def _as_compiled(helper: Any) -> Any:
    """A kernel of the rules with divisions as Numba compiles them."""
    if not isinstance(helper, FunctionType):
        return helper
    tree = ast.fix_missing_locations(_Divisions().visit(ast.parse(textwrap.dedent(inspect.getsource(helper)))))
    space = {**helper.__globals__, "_divided": _divided, "_raised": _raised, "math": _Math()}
    exec(compile(tree, helper.__code__.co_filename, "exec"), space)
    return space[helper.__name__]


def _divided(a: Any, b: Any) -> Any:
    return np.float64(a) / b if type(b) in (int, float) and b == 0 and type(a) in (int, float) else a / b


def _raised(a: Any, b: Any) -> Any:
    numbers = type(a) in (int, float) and type(b) in (int, float)
    return np.float64(a) ** b if numbers and a <= 0 and (b < 0 or type(b) is float) else a ** b


def strict(value: Any) -> Any:
    """Arrays as strict ones, Python floats as NumPy's."""
    if isinstance(value, np.ndarray):
        return value.view(Strict)
    return np.float64(value) if type(value) is float else value


def _passed(value: Any) -> Any:
    """An argument as a compiled program gets it: an array without axes is a number."""
    return strict(value[()] if isinstance(value, np.ndarray) and not value.shape else value)


def _plain(value: Any) -> Any:
    """A result as a compiled program gives it: an array, or a number of Python's."""
    if isinstance(value, np.generic):
        return value.item()
    return value.view(np.ndarray) if isinstance(value, np.ndarray) else value


#: what machine code reaches by address
_OUTSIDE: dict[str, Callable[..., Any]] = {
    "give_float": lambda number: outlet._give(float(number)), "give_int": lambda number: outlet._give(int(number)),
    "say": outlet._say, **{law.symbol: FUNCTIONS[name] for name, law in LAWS.items()}}


def compile_in_python(function: Function, name: str | None = None, *, quiet: bool = False,
                      primal: Function | None = None, scalar: bool = False, exact: int | None = None) -> Compiled:
    """What `compile_function` gives, its entry the emitted Python; the options change nothing here."""
    verify(function)
    source = emit(function, name)
    outlet.enter(function)
    space: dict[str, Any] = {"DifferentiationError": DifferentiationError, "_divided": _divided, "_raised": _raised,
                             **outlet.EXTERNALS, **_OUTSIDE}
    tree = ast.fix_missing_locations(_Divisions().visit(ast.parse(source.text)))
    exec(compile(tree, filename(source), "exec"), space)
    space.update({helper.__name__: _as_compiled(helper) for helper in source.helpers}, np=_Numpy(), math=_Math())
    space.update({title: space[title].py_func for title in source.called})
    run: Callable[..., Any] = space[source.name]

    def entry(*args: Any) -> Any:
        with np.errstate(all="ignore"):
            result = run(*map(_passed, args))
        return tuple(_plain(part) for part in result) if isinstance(result, tuple) else _plain(result)

    return Compiled(Recipe.of(function, source), SimpleNamespace(entry_point=entry))


@contextlib.contextmanager
def in_python() -> Iterator[None]:
    """Within this context nothing is compiled by Numba."""
    with mock.patch.object(compiler, "compile_function", compile_in_python):
        yield


def is_in_python() -> bool:
    """True within that context."""
    return compiler.compile_function is compile_in_python
