"""The names that a function of a cell sees, without running the cell: from the namespace and from cells' texts.

What has run comes from the namespace. Of a cell that has not run, its functions, its classes that only hold fields and
methods, its imports of modules that are there (or are known to do nothing when they are imported), and what it assigns
that can be worked out (`constants`) are taken from its text; the cell itself goes before the namespace.

Invariant: nothing of the user's is executed. Definitions are compiled without decorators, annotations and defaults,
which are replaced by what is known of them; what is left out stands in `why`, with the reason.
"""

from __future__ import annotations

import ast
import builtins
import collections
import dataclasses
import functools
import importlib
import math
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numba
import numpy as np

import workbench as wb
from workbench.cost.spec import Spec
from workbench.frontend.looking import objection
from workbench.frontend.paths import class_attribute
from workbench_jupyter.panel.constants import Constants, Generator, Unknown, shape_of, shortened
from workbench_jupyter.panel.reading import Part, Problem, compiled

#: Modules that do nothing but define things when they are imported.
KNOWN = frozenset({
    "numpy", "numpy.linalg", "numpy.random", "numpy.fft", "math", "cmath", "scipy", "scipy.special", "scipy.linalg",
    "scipy.stats", "scipy.integrate", "scipy.optimize", "numba", "workbench", "dataclasses", "functools", "itertools",
    "typing", "collections", "operator", "random", "time", "statistics", "enum", "abc", "copy",
})
#: Decorators that are looked through: what they make is differentiated as the function itself is.
_THROUGH: tuple[Any, ...] = (
    numba.njit, numba.jit, numba.vectorize, numba.guvectorize, functools.lru_cache, functools.cache,
    staticmethod, wb.grad, wb.value_and_grad, wb.checkpoint, wb.show,
)
MISSING: Any = object()
#: Numbers in an array that is made to stand for one that has not been, and in one that is filled.
LARGEST, SAMPLED = 2**22, 4096


def identity(function: Any) -> Any:
    """The decorator that stands for those that are left out."""
    return function


class Home:
    """The names of one analysis: `names` is what its functions have for globals, `why` says why a name is not there,
    `notes` what is told of what was left out."""

    def __init__(self, namespace: Mapping[str, Any], filename: str) -> None:
        self.namespace = namespace
        self.filename = filename
        self.names: dict[str, Any] = {"__builtins__": builtins, "__name__": "__main__"}
        self.worked: dict[str, Any] = {}  # what was worked out, arrays by their shapes
        self.why: dict[str, str] = {}
        self.notes: list[Problem] = []
        self.known = Constants(_Chain(self.worked, namespace), self.why)

    # ------------------------------------------------------------------ cells
    def take(self, parts: Iterable[Part], filename: str, own: bool) -> None:
        """Take the names that statements of a cell would bind. own: it is the cell that is looked at, whose text counts
        more than what has run."""
        for part in parts:
            try:
                for name, value in self._bound(part.statement, filename, own):
                    self.worked[name] = value
                    self.names[name] = there(value)
                    self.why.pop(name, None)
            except Unknown as reason:
                for name in part.binds:
                    if own or name not in self.worked:
                        self.worked.pop(name, None)
                        self.names.pop(name, None)
                        if name not in self.namespace:  # (what it was when the cell ran is what is known of it)
                            self.why[name] = str(reason)

    def _bound(self, statement: ast.stmt, filename: str, own: bool) -> Iterator[tuple[str, Any]]:
        """(name, value) of what a statement binds. Raises `Unknown`."""
        def wanted(name: str) -> bool:
            return own or (name not in self.namespace and name not in self.worked)
        match statement:
            case ast.FunctionDef(name=name) if wanted(name):
                yield name, self.function(statement, filename, own)
            case ast.ClassDef(name=name) if wanted(name):
                yield name, self.made_class(statement, filename)
            case ast.Import() | ast.ImportFrom():
                yield from ((name, value) for name, value in imported(statement, self.namespace) if wanted(name))
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as node) if wanted(name):
                yield name, self.function(node, filename, own)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if wanted(name):
                yield name, self.known.value(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if wanted(name):
                yield name, self.known.value(value)
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value) if all(
                    isinstance(t, ast.Name) and wanted(t.id) for t in targets):
                values = self.known.value(value)
                if type(values) not in (tuple, list) or len(values) != len(targets):
                    raise Unknown("it is known when the cell has run")
                yield from ((t.id, v) for t, v in zip(targets, values, strict=True) if isinstance(t, ast.Name))
            case ast.If() | ast.For() | ast.While() | ast.With() | ast.Try() | ast.AugAssign() if own:
                raise Unknown(f"line {statement.lineno} would have to run")

    def fingerprint(self, names: set[str]) -> list[Any]:
        """What tells whether names from the namespace mean the same again."""
        return sorted((name, id(self.namespace[name])) for name in names if name in self.namespace
                      and name not in self.worked)

    @property
    def seen(self) -> dict[str, Any]:
        """What names of the namespace mean to the functions that were made."""
        return {name: value for name, value in self.names.items()
                if name not in self.worked and self.namespace.get(name, MISSING) is value}

    def fill(self, names: set[str]) -> None:
        """Take names from the namespace."""
        for name in names:
            if name in self.namespace and name not in self.names:
                try:
                    self.names[name] = untouched(self.namespace[name], name)
                except Unknown as reason:
                    self.why[name] = str(reason)

    # ------------------------------------------------------------------ definitions
    def function(self, node: ast.FunctionDef | ast.Lambda, filename: str, own: bool = True) -> Any:
        """The function that a definition makes, with nothing of it executed."""
        names = self.names
        bare = bared(node)
        space: dict[str, Any] = {}
        made = evaluated(bare, filename, names, space)
        positional, keywords = self.defaults(node.args)
        made.__defaults__, made.__kwdefaults__ = positional, keywords
        if own and isinstance(node, ast.FunctionDef):
            self._look_at_decorators(node)
        return made

    def defaults(self, spec: ast.arguments) -> tuple[tuple[Any, ...] | None, dict[str, Any] | None]:
        """The values of default arguments; `MISSING` where only running tells."""
        def of(node: ast.expr) -> Any:
            try:
                return self.known.value(node)
            except Unknown:
                return MISSING
        keywords = {arg.arg: of(node) for arg, node in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if node}
        return tuple(map(of, spec.defaults)) or None, keywords or None

    def _look_at_decorators(self, node: ast.FunctionDef) -> None:
        for decorator in node.decorator_list:
            if not self.is_looked_through(decorator):
                self.notes.append(Problem(f"the decorator {shortened(decorator)} is not run: what is shown is "
                                          f"{node.name} without it", decorator.lineno, decorator.col_offset))

    def is_looked_through(self, decorator: ast.expr) -> bool:
        """Whether a decorator is known to leave what a function computes as it is."""
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        try:
            found = self.known.value(target)
        except Unknown:
            return False
        return any(found is known for known in _THROUGH) or (
            isinstance(target, ast.Attribute) and target.attr in wb.__all__ and found is getattr(wb, target.attr))

    def made_class(self, node: ast.ClassDef, filename: str) -> type:
        """A class that holds fields and methods alone; a dataclass, where it is decorated so."""
        bases, space = [], dict[str, Any]()
        is_tuple = len(node.bases) == 1 and self._is_named_tuple(node.bases[0])
        for base in () if is_tuple else node.bases:
            found = self.known.value(base)
            if type(found) is not type or not is_passive(found):
                raise Unknown(f"class {node.name} has not run, and {ast.unparse(base)} may do something when it is "
                              "derived from")
            bases.append(found)
        if node.keywords:
            raise Unknown(f"class {node.name} has not run")
        annotations: dict[str, Any] = {}
        for part in node.body:
            match part:
                case ast.FunctionDef():
                    space[part.name] = self._method(part, filename, space)
                case ast.AnnAssign(target=ast.Name(id=name)):
                    annotations[name] = ast.unparse(part.annotation)
                    if part.value is not None:
                        space[name] = self._field(part.value)
                case ast.Assign(targets=[ast.Name(id=name)]):
                    space[name] = self.known.value(part.value)
                case ast.Pass() | ast.Expr(value=ast.Constant()):
                    pass
                case _:
                    raise Unknown(f"class {node.name} has not run, and line {part.lineno} of it would have to")
        if is_tuple:
            return named_tuple(node.name, annotations, space)
        space |= {"__module__": "__main__", "__qualname__": node.name, "__annotations__": annotations}
        made = type(node.name, tuple(bases), space)
        for decorator in node.decorator_list:
            made = self._decorated(made, decorator, node)
        return made

    def _is_named_tuple(self, base: ast.expr) -> bool:
        try:
            return self.known.value(base) is typing.NamedTuple
        except Unknown:
            return False

    def _method(self, node: ast.FunctionDef, filename: str, space: Mapping[str, Any]) -> Any:
        function: Any = self.function(node, filename, own=False)
        for decorator in reversed(node.decorator_list):
            match decorator:
                case ast.Name(id=("property" | "staticmethod" | "classmethod") as name):
                    function = getattr(builtins, name)(function)
                case ast.Attribute(value=ast.Name(id=name), attr="setter") if type(space.get(name)) is property:
                    function = space[name].setter(function)
                case _ if self.is_looked_through(decorator):
                    pass
                case _:
                    raise Unknown(f"@{ast.unparse(decorator)} of {node.name} has not run")
        return function

    def _field(self, node: ast.expr) -> Any:
        """The default of a field, `dataclasses.field(...)` included."""
        if isinstance(node, ast.Call) and not node.args:
            try:
                is_field = self.known.value(node.func) is dataclasses.field
            except Unknown:
                is_field = False
            if is_field:
                named = {k.arg: self.known.value(k.value) for k in node.keywords if k.arg}
                if named.get("default_factory") in (None, list, dict, set, tuple):
                    return dataclasses.field(**named)
        return self.known.value(node)

    def _decorated(self, made: type, decorator: ast.expr, node: ast.ClassDef) -> type:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if self.known.value(target) is not dataclasses.dataclass:
            raise Unknown(f"class {node.name} has not run, and neither has @{ast.unparse(target)}")
        named = {k.arg: self.known.value(k.value) for k in decorator.keywords if k.arg} \
            if isinstance(decorator, ast.Call) else {}
        if any(type(v) is not bool for v in named.values()):
            raise Unknown(f"class {node.name} has not run")
        decorate: Callable[[type], type] = dataclasses.dataclass(**named)
        return decorate(made)


def untouched(value: Any, name: str) -> Any:
    """A value from the namespace. Raises `Unknown` where looking at it could do something."""
    found = objection(value)
    if found:
        raise Unknown(f"{name}: {found} if it was looked at")
    return value


def there(value: Any) -> Any:
    """A value with arrays where only their shapes are known: what a function sees of its globals. Raises `Unknown` for
    large ones."""
    if type(value) is Spec and value.dims is not None:
        shape = shape_of(value)
        if math.prod(shape) > LARGEST:
            raise Unknown(f"{value} is too large to be made here")
        if math.prod(shape) > SAMPLED or not value.kind.is_inexact:
            return np.zeros(shape, value.kind.dtype)
        return np.random.default_rng(0).uniform(0.1, 1.0, shape).astype(value.kind.dtype)
    if type(value) is Generator:
        return np.random.default_rng(0)
    if type(value) in (tuple, list):
        return type(value)(map(there, value))
    if type(value) is dict:
        return {key: there(part) for key, part in value.items()}
    return value


def named_tuple(name: str, annotations: dict[str, Any], space: dict[str, Any]) -> type:
    """The class that `typing.NamedTuple` would make of a class body. Raises `Unknown` for what it would refuse."""
    defaults = [space.pop(field) for field in annotations if field in space]
    try:
        make: Any = collections.namedtuple
        made: Any = make(name, list(annotations), defaults=defaults, module="__main__")
    except (TypeError, ValueError) as error:
        raise Unknown(f"class {name}: {error}") from None
    for key, value in {**space, "__annotations__": annotations}.items():
        setattr(made, key, value)
    kind: type = made
    return kind


class _Chain(Mapping[str, Any]):
    """Names of a cell before those of the namespace."""

    def __init__(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> None:
        self.first, self.second = first, second

    def __getitem__(self, name: str) -> Any:
        return self.first[name] if name in self.first else untouched(self.second[name], name)

    def __contains__(self, name: object) -> bool:
        return name in self.first or name in self.second

    def __iter__(self) -> Iterator[str]:
        return iter({**self.second, **self.first})

    def __len__(self) -> int:
        return len({**self.second, **self.first})


def bared(node: ast.FunctionDef | ast.Lambda) -> ast.FunctionDef | ast.Lambda:
    """A definition without what Python evaluates when it is made; the body is that of the cell's own tree."""
    spec = node.args

    def plain(arg: ast.arg) -> ast.arg:
        return ast.copy_location(ast.arg(arg.arg), arg)
    args = ast.arguments(
        [plain(a) for a in spec.posonlyargs], [plain(a) for a in spec.args], spec.vararg and plain(spec.vararg),
        [plain(a) for a in spec.kwonlyargs], [d and nothing(d) for d in spec.kw_defaults],
        spec.kwarg and plain(spec.kwarg), [nothing(d) for d in spec.defaults])
    if isinstance(node, ast.Lambda):
        return ast.copy_location(ast.Lambda(args, node.body), node)
    made = ast.FunctionDef(node.name, args, node.body, [ast.copy_location(ast.Name("·identity", ast.Load()), d)
                                                        for d in node.decorator_list], None, None)
    if sys.version_info >= (3, 12):
        made.type_params = []
    return ast.copy_location(made, node)


def nothing(node: ast.expr) -> ast.expr:
    """None, where an expression stands."""
    return ast.copy_location(ast.Constant(None), node)


def evaluated(node: ast.FunctionDef | ast.Lambda, filename: str, names: dict[str, Any], space: dict[str, Any]) -> Any:
    """The function object of a bared definition, with `names` for its globals."""
    space["·identity"] = identity
    if isinstance(node, ast.Lambda):
        return eval(compiled(ast.Expression(node), filename), names, space)
    exec(compiled(ast.Module([node], []), filename), names, space)
    return space[node.name]


def is_passive(type_: type) -> bool:
    """Whether nothing of the user's runs when a class is derived from."""
    return class_attribute(type_, "__init_subclass__") is vars(object)["__init_subclass__"]


def imported(statement: ast.Import | ast.ImportFrom, namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(name, value) of what an import binds. Raises `Unknown` for modules that would have to be run."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            module = the_module(alias.name)
            name = alias.asname or alias.name.split(".")[0]
            yield name, module if alias.asname else the_module(name)
        return
    if statement.level or statement.module is None:
        raise Unknown("an import from a package that is not known here")
    module = the_module(statement.module)
    for alias in statement.names:
        if alias.name == "*":
            yield from ((k, v) for k, v in vars(module).items() if not k.startswith("_"))
        elif alias.name in vars(module):
            yield alias.asname or alias.name, vars(module)[alias.name]
        else:
            yield alias.asname or alias.name, the_module(f"{statement.module}.{alias.name}")


def the_module(name: str) -> types.ModuleType:
    """A module that is there, or is known to be harmless. Raises `Unknown`."""
    found = sys.modules.get(name)
    if type(found) is types.ModuleType or (found is not None and name in KNOWN):
        return found
    if name in KNOWN:
        return importlib.import_module(name)
    raise Unknown(f"{name} is not imported yet: run the cell that imports it")


__all__ = ["KNOWN", "MISSING", "Home", "imported", "the_module"]
