"""Specialising that only looks: nothing of the user's that could do something is touched.

Specialising evaluates a program's text and runs little of the user's by itself, but for what Python runs when objects
are looked at: `__getattr__`, `__getattribute__`, properties of objects that are not evaluated, methods of subclasses of
dict and str, imports, iterators that are used up, class bodies. Where a program is looked at that nobody has run yet
(by an editor, while it is typed), this is refused, at the user's line.

Invariant: inside `only_looking`, in its thread (context), an object of the user's comes into the evaluator only where
`objection` has none; it asks types, never objects.
"""

from __future__ import annotations

import abc
import ast
import collections
import dataclasses
import enum
import functools
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn

import numpy as np

from workbench.frontend.paths import class_attribute, is_library
from workbench.ir import DifferentiationError, Span

_LOOKING: ContextVar[bool] = ContextVar("looking", default=False)
#: Methods of tuples that the evaluator takes for granted.
OF_TUPLES = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__", "__bool__", "__len__",
             "__contains__", "__getitem__", "__iter__", "__getattribute__", "__getattr__", "__iadd__", "__imul__")
_PLAIN = (bool, int, float, complex, str, bytes, type(None))
_CONTAINERS = (tuple, list, dict, set, frozenset, collections.OrderedDict, collections.defaultdict)
_METACLASSES = (type, abc.ABCMeta, enum.EnumMeta)
_HINT = "run the cell: what is known then is known here, too"
DEPTH = 6  # of containers that are looked through at once; what is deeper is looked at when it is reached


@contextmanager
def only_looking() -> Iterator[None]:
    """Have nothing of the user's touched inside, in this thread, that could do something."""
    token = _LOOKING.set(True)
    try:
        yield
    finally:
        _LOOKING.reset(token)


def is_on() -> bool:
    """Whether programs are only looked at."""
    return _LOOKING.get()


def check(value: Any, span: Span | None) -> None:
    """Refuse an object that could do something when it is looked at, where that is not wanted."""
    if _LOOKING.get():
        found = objection(value)
        if found:
            raise DifferentiationError(f"{found}, which is not done while the program is only looked at", span, _HINT)


def refuse(what: str, span: Span | None) -> NoReturn:
    """Refuse what would have to be run."""
    raise DifferentiationError(f"{what}, which is not done while the program is only looked at", span, _HINT)


def objection(value: Any, depth: int = DEPTH) -> str:
    """Why an object is not touched: what looking at it could do; empty where it can do nothing."""
    kind = type(value)
    if kind in _PLAIN:
        return ""
    if kind in _CONTAINERS:
        return _of_container(value, depth)
    if kind is types.ModuleType or kind is types.FunctionType or kind is np.ndarray:
        return "an array of objects would be asked" if kind is np.ndarray and value.dtype.kind == "O" else ""
    if issubclass(kind, type):
        return _of_class(value)
    found = _of_class(kind)
    if found:
        return found
    if kind is np.ufunc:
        return "" if _is_librarys(value) else f"{value.__name__} would be called"
    if is_library(_module(kind)):
        return _of_librarys(value, kind, depth)
    if issubclass(kind, types.ModuleType):
        return f"attributes of the module {kind.__name__} would be asked for"
    if issubclass(kind, enum.Enum):
        return ""
    if issubclass(kind, (dict, list, set, frozenset, str, bytes, int, float, complex, tuple)):
        return _of_subclass(kind) or (_of_container(value, depth) if issubclass(kind, tuple) else "")
    return ""


def _of_container(value: Any, depth: int) -> str:
    parts: Any = value
    if isinstance(value, (dict, set, frozenset)):
        if not all(map(_is_plain_key, dict.keys(value) if isinstance(value, dict) else value)):
            return "keys with an equality of their own would be compared"
        parts = list(dict.values(value)) if isinstance(value, dict) else ()
        made = getattr(value, "default_factory", None) if type(value) is collections.defaultdict else None
        if made is not None and made not in (list, dict, set, int, float, tuple):
            return "a default_factory would be called"
    if depth == 0 or len(parts) > 4096:
        return ""
    return next((found for part in parts if (found := objection(part, depth - 1))), "")


def _is_plain_key(key: Any) -> bool:
    if type(key) in (tuple, frozenset):
        return all(map(_is_plain_key, key))
    return type(key) in _PLAIN or issubclass(type(key), np.generic) or (
        issubclass(type(key), enum.Enum) and not _written(type(key), "__eq__", "__hash__"))


def _of_class(kind: Any) -> str:
    """What asking a class, or asking its objects, could do."""
    if type(kind) not in _METACLASSES and not is_library(_module(type(kind))):
        return f"{type.__dict__['__name__'].__get__(kind)}, whose class is made by a metaclass, would be asked"
    if is_library(_module(kind)):
        return ""
    if _written(kind, "__getattribute__") or isinstance(class_attribute(kind, "__class__"), property):
        return f"{kind.__name__}.__getattribute__ would be called"
    return ""


def _of_subclass(kind: type) -> str:
    """What a subclass of a built-in class does otherwise."""
    names = [name for base in kind.__mro__ if not is_library(_module(base)) for name, held in vars(base).items()
             if isinstance(held, types.FunctionType) and not held.__code__.co_filename.startswith("<")]
    if issubclass(kind, tuple):  # (other methods of named tuples, operators included, are evaluated)
        names = [name for name in names if name in OF_TUPLES]
    return f"{kind.__name__}.{names[0]} would be called" if names else ""


def _of_librarys(value: Any, kind: type, depth: int) -> str:
    if issubclass(kind, functools.partial):
        return objection(value.func, depth) or _of_container(value.args, depth) or _of_container(
            dict(value.keywords), depth)
    if class_attribute(kind, "__next__") is not None and not issubclass(kind, np.random.Generator):
        return f"a {kind.__name__} would be used up"
    return ""


def _is_librarys(item: np.ufunc) -> bool:
    """Whether a ufunc is NumPy's or SciPy's, not made of a function of Python."""
    homes = [np, sys.modules.get("scipy.special")]
    return any(home is not None and vars(home).get(item.__name__) is item for home in homes) or "O" not in "".join(
        item.types)


def _written(kind: type, *names: str) -> bool:
    """Whether a class has methods of these names that are written in Python, by a user."""
    return any(isinstance(class_attribute(kind, name), types.FunctionType) for name in names)


def _module(kind: Any) -> str | None:
    """The module that a class is of; its metaclass is not asked."""
    found = type.__dict__["__module__"].__get__(kind)
    return found if type(found) is str else None


# ---------------------------------------------------------------------- attributes, imports, classes
def attribute(owner: Any, name: str, span: Span | None) -> None:
    """Refuse an attribute of an object that is not evaluated where asking for it could do something."""
    if not _LOOKING.get():
        return
    if isinstance(owner, types.ModuleType):
        if name not in vars(owner) and not is_library(owner.__name__):
            refuse(f"{owner.__name__}.{name} would be asked for", span)
        return
    kind = owner if isinstance(owner, type) else type(owner)
    if is_library(_module(kind)):
        return
    held = class_attribute(kind, name)
    own = not isinstance(owner, type) and name in _own(owner)
    asked = isinstance(held, (property, functools.cached_property)) if not isinstance(owner, type) else False
    if asked or (held is not None and _written(type(held), "__get__")) or (
            held is None and not own and _written(kind, "__getattr__")):
        refuse(f"{kind.__name__}.{name} would be asked for", span)


def _own(owner: Any) -> Any:
    try:
        return object.__getattribute__(owner, "__dict__")
    except AttributeError:
        return ()


def imports(node: ast.Import | ast.ImportFrom, span: Span | None) -> None:
    """Refuse an import of a module that has not been imported and is no library's."""
    if not _LOOKING.get():
        return
    if isinstance(node, ast.Import):
        wanted = [alias.name for alias in node.names]
    else:
        wanted = [node.module or "."]
    for name in wanted:
        module = sys.modules.get(name)
        relative = isinstance(node, ast.ImportFrom) and node.level > 0
        if relative or (module is None and not is_library(name)):
            refuse(f"{name} would be imported", span)
        if isinstance(node, ast.ImportFrom) and module is not None and not is_library(name):
            for alias in node.names:
                if alias.name not in vars(module):
                    refuse(f"{name}.{alias.name} would be asked for", span)


def class_body(node: ast.ClassDef, names: Any, span: Span | None) -> None:
    """Refuse a class that does something when it is made. names: gives what a name means, from outside."""
    if not _LOOKING.get():
        return
    if node.keywords:
        refuse(f"the class {node.name} would be made", span)
    for part in node.body:
        plain = isinstance(part, (ast.FunctionDef, ast.Pass, ast.AnnAssign)) or (
            isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)) or (
            isinstance(part, ast.Assign) and all(isinstance(t, ast.Name) for t in part.targets))
        if not plain:
            refuse(f"line {part.lineno} of the class {node.name} would be run", span)
    for expression in _at_once(node):
        if not _is_known(expression, names):
            refuse(f"line {expression.lineno} of the class {node.name} would be run", span)


def _at_once(node: ast.ClassDef) -> Iterator[ast.expr]:
    """The expressions that are evaluated when a class is made."""
    yield from (*node.bases, *node.decorator_list)
    for part in node.body:
        if isinstance(part, ast.FunctionDef):
            spec = part.args
            every = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *filter(None, (spec.vararg, spec.kwarg))]
            yield from (*part.decorator_list, *spec.defaults, *filter(None, spec.kw_defaults))
            yield from filter(None, (*(arg.annotation for arg in every), part.returns))
        elif isinstance(part, ast.AnnAssign):
            yield from filter(None, (part.annotation, part.value))
        elif isinstance(part, ast.Assign):
            yield part.value


def _is_known(node: ast.expr, names: Any) -> bool:
    """Whether an expression is made of constants and of what libraries define."""
    match node:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            found = names(name)
            return found is not None and (type(found) in _PLAIN or type(found) is types.ModuleType or (
                type(found) in (type, abc.ABCMeta) and not _written(type(found), "__init_subclass__")
                and not _written(found, "__init_subclass__")) or is_library(getattr(found, "__module__", None)))
        case ast.Attribute(value=ast.Name() as owner):
            return isinstance(names(owner.id), types.ModuleType) and is_library(names(owner.id).__name__)
        case ast.UnaryOp(operand=operand):
            return isinstance(operand, ast.Constant)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return all(_is_known(part, names) for part in parts)
        case ast.Subscript(value=ast.Name(id=("list" | "tuple" | "dict" | "set"))):
            return True
        case ast.Call(func=callee, args=[], keywords=keywords) if _is_known(callee, names):
            target = names(callee.id) if isinstance(callee, ast.Name) else getattr(
                names(callee.value.id), callee.attr, None) if isinstance(callee, ast.Attribute) and isinstance(
                    callee.value, ast.Name) else None
            return target in (dataclasses.dataclass, dataclasses.field) and all(
                _is_known(k.value, names) for k in keywords)
    return False
