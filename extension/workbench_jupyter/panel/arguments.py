"""What arguments a function is looked at with, without any of them being made by running something.

In this order: what the reader wrote; a call of the function in its cell, or in another one, whose arguments can be
worked out; the annotations; a call that has run; a guess from the use of the parameters. Arrays are taken by their
shapes: their dimensions are names that can be moved, and so are integers.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from workbench.cost.spec import Spec, spec
from workbench.ir import kind_of
from workbench.records import dataclass
from workbench.views.arguments import KINDS
from workbench_jupyter.panel import calls
from workbench_jupyter.panel.constants import Constants, Unknown, is_number
from workbench_jupyter.panel.guesses import guessed, kinds
from workbench_jupyter.panel.names import MISSING
from workbench_jupyter.panel.reading import Problem
from workbench_jupyter.panel.records import is_named_tuple, is_record, replaced

#: Names of dimensions, in the order in which they are given.
DIMENSIONS = "nmklpqrs"
#: Where types come from that nobody has said.
GUESSED = "guessed from its use"
#: Names of integers that are lengths: an array's dimension of that size has that name.
LENGTHS = frozenset({"n", "m", "N", "M", "k", "size", "length", "count", "num", "dim", "dims", "width", "height"})


@dataclass(frozen=True)
class Given:
    """Arguments. args, named: with specs for arrays; text, source: as the page shows them; sizes: of the dimensions and
    integers that are open, as far as they are known; real: the arguments as they were given; wrt: positions of those
    that hold real numbers."""

    args: tuple[Any, ...]
    named: dict[str, Any]
    text: str
    source: str
    sizes: dict[str, int]
    real: tuple[tuple[Any, ...], dict[str, Any]]

    def integers(self, parameters: Sequence[str]) -> Iterator[tuple[str, int]]:
        """(parameter, value) of the integers that are left open and whose values are known."""
        real = [*self.real[0], *self.real[1].values()]
        for name, value, known in zip(parameters, [*self.args, *self.named.values()], real, strict=False):
            if type(value) is Spec and type(known) is int:
                yield name, known

    def fixed(self, names: frozenset[str], parameters: Sequence[str]) -> Given:
        """With integers as they are that the program's structure depends on."""
        def of(name: str, value: Any, real: Any) -> Any:
            return real if name in names and type(real) is int else value
        args = tuple(of(n, v, r) for n, v, r in zip(parameters, self.args, self.real[0], strict=False))
        named = {n: of(n, v, self.real[1][n]) for n, v in self.named.items()}
        sizes = {k: v for k, v in self.sizes.items() if k not in names}
        text = ", ".join(f"{name}: {_kind_text(value)}" for name, value in zip(
            parameters, (*args, *named.values()), strict=False))
        return Given(args, named, text, self.source, sizes, self.real)


@dataclass(frozen=True)
class Asked:
    """A function to be called. node: its definition; cells: trees to look for calls in, its own cell's first, with what
    each is called; known: what names mean; notes: what is told besides;
    ran: cells as they were when they ran."""

    function: Any
    node: ast.FunctionDef | ast.Lambda
    name: str
    cells: Sequence[tuple[str, ast.Module]]
    known: Constants
    notes: list[Problem]
    ran: Sequence[ast.Module] = ()


def given_for(asked: Asked, written: str | None) -> Given:
    """The arguments. Raises `Unknown` where those that the reader wrote are none."""
    if written is not None and written.strip():
        return opened(asked, *as_written(asked, written), "written here")
    for call, where in calls.of_function(asked.name, asked.cells, asked.known):
        try:
            return opened(asked, *of_call(asked, call), f"the call in line {call.lineno}{where and f' of {where}'}")
        except Unknown as reason:
            if not where:
                asked.notes.append(Problem(f"this call does not say the types of arguments: {reason}", call.lineno,
                                           call.col_offset))
    annotated = _annotated(asked)
    if annotated is not None:
        return opened(asked, annotated, {}, "its annotations")
    for call, _ in calls.of_function(asked.name, [("", tree) for tree in asked.ran], asked.known):
        try:
            return opened(asked, *of_call(asked, call), "its last run")
        except Unknown:
            continue
    return opened(asked, *guessed(asked.function, _kinds(asked)), GUESSED)


def _kinds(asked: Asked) -> Callable[[str], Any]:
    """What parameters may be for."""
    functions = {part.name: part for _, tree in reversed(asked.cells) for part in tree.body
                 if isinstance(part, ast.FunctionDef)}
    classes = []
    for name in asked.known.names:
        try:
            value = asked.known.names[name]
        except Unknown:
            continue
        if type(value) is type and (is_record(value) or is_named_tuple(value)):
            classes.append(value)
    return kinds(asked.node, functions.get, classes)


# ---------------------------------------------------------------------- what the reader wrote
def as_written(asked: Asked, text: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments as text: `x: f64[n], k: int`, or as in a call, `wb.spec("f64[n]"), k=3`. Raises `Unknown`."""
    parts = split(text)
    if parts and all(":" in part and part.split(":", 1)[0].strip().isidentifier() for part in parts):
        named = {}
        for part in parts:
            name, _, kind = part.partition(":")
            named[name.strip()] = _typed(asked, kind.strip())
        return _bound_by_name(asked, named)
    try:
        call = ast.parse(f"f({text})", mode="eval").body
    except SyntaxError:
        raise Unknown(f"{text!r}: write arguments as `x: f64[n], k: int`, or as in a call") from None
    if not isinstance(call, ast.Call):
        raise Unknown(f"{text!r}: write arguments as `x: f64[n], k: int`, or as in a call")
    return of_call(asked, call)


def of_call(asked: Asked, call: ast.Call) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call. Raises `Unknown` where one is not worked out."""
    args = tuple(asked.known.items(call.args))
    named = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise Unknown("`**` is known when it has run")
        named[keyword.arg] = asked.known.value(keyword.value)
    return args, named


def split(text: str) -> list[str]:
    """Parts between commas that stand in no brackets."""
    parts, depth, start = [], 0, 0
    for k, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append(text[start:k])
            start = k + 1
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


def _typed(asked: Asked, text: str) -> Any:
    kind, _, value = text.partition("=")
    kind, value = kind.strip(), value.strip()
    if value:
        return asked.known.value(ast.parse(value, mode="eval").body)
    try:
        return spec(KINDS.get(kind, kind))
    except ValueError:
        pass
    try:
        return asked.known.value(ast.parse(kind, mode="eval").body)
    except SyntaxError:
        raise Unknown(f"{kind!r} is no type: f64[n,m], float, int, or a value") from None


def _bound_by_name(asked: Asked, named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    parameters = inspect.signature(asked.function).parameters
    args: list[Any] = []
    keywords, left = dict[str, Any](), dict(named)
    for name, parameter in parameters.items():
        if name not in left:
            if parameter.default is parameter.empty and parameter.kind not in (
                    parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                raise Unknown(f"{name} is missing among the arguments")
            continue
        if parameter.kind is parameter.KEYWORD_ONLY or len(args) < list(parameters).index(name):
            keywords[name] = left.pop(name)
        else:
            args.append(left.pop(name))
    if left:
        raise Unknown(f"{asked.name} has no parameter {next(iter(left))}")
    return tuple(args), keywords


# ---------------------------------------------------------------------- annotations
def _annotated(asked: Asked) -> tuple[Any, ...] | None:
    """Specs for the parameters that must be given, where annotations say their types."""
    spec_, found = asked.node.args, list[Any]()
    positional = [*spec_.posonlyargs, *spec_.args]
    needed = len(positional) - len(spec_.defaults)
    if any(d is None for d in spec_.kw_defaults):
        return None
    for k, arg in enumerate(positional):
        made = _kind_of(arg.annotation)
        if made is None:
            return None if k < needed else tuple(found)
        if k >= needed and made.dims is None:  # (a default says more than its type)
            break
        found.append(made)
    return tuple(found) if found or not positional else None


def _kind_of(node: ast.expr | None) -> Spec | None:
    text = node.value if isinstance(node, ast.Constant) else node.id if isinstance(node, ast.Name) else None
    if not isinstance(text, str):
        return None
    try:
        return spec(KINDS.get(text, text))
    except ValueError:
        return None


# ---------------------------------------------------------------------- opening
def opened(asked: Asked, args: tuple[Any, ...], named: dict[str, Any], source: str) -> Given:
    """Arguments with the dimensions of arrays, and integers, left open. Raises `Unknown` where they do not fit."""
    try:
        bound = inspect.signature(asked.function).bind(*args, **named)
    except TypeError as error:
        raise Unknown(f"{asked.name}: {error}") from None
    bound.apply_defaults()
    for name, value in bound.arguments.items():
        if value is MISSING:
            bound.arguments[name] = _kinds(asked)(name)
            asked.notes.append(Problem(f"the default of {name} would have to be run to be known: it is "
                                       f"taken for {_kind_text(bound.arguments[name])}", asked.node.lineno))
    opening = _Opening(bound.arguments)
    made = {name: opening.one(name, value) for name, value in bound.arguments.items()}
    real = bound.args, bound.kwargs
    for name, value in made.items():
        bound.arguments[name] = value
    shown = ", ".join(f"{name}: {_kind_text(value)}" for name, value in bound.arguments.items())
    return Given(bound.args, bound.kwargs, shown, source, opening.sizes, real)


class _Opening:
    """Gives names to sizes: equal ones have one name."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self.sizes: dict[str, int] = {}
        self.taken = set(arguments)
        self.called: dict[int, str] = {
            value: name for name, value in arguments.items() if type(value) is int and value > 1 and name in LENGTHS}
        for value in arguments.values():
            if type(value) is Spec:
                self.taken |= {d for d in value.dims or () if isinstance(d, str)}

    def one(self, name: str, value: Any) -> Any:
        """An argument."""
        if type(value) is int and value >= 1:
            self.sizes[name] = value
            return spec("i64")
        return self.value(value)

    def value(self, value: Any) -> Any:
        """An argument, or a part of one."""
        if type(value) is np.ndarray and kind_of(value.dtype) is not None and value.ndim:
            return self._array(kind_of(value.dtype), value.shape)
        if type(value) is Spec:
            if value.dims is None:
                return value
            self.sizes |= value.sizes
            if all(isinstance(d, str) for d in value.dims):
                return Spec(value.kind, value.dims, {})
            return self._array(value.kind, value.dims)
        if type(value) in (tuple, list):
            return type(value)(map(self.value, value))
        if type(value) is dict:
            return {key: self.value(part) for key, part in value.items()}
        if is_record(type(value)) or is_named_tuple(type(value)):
            return replaced(value, self.value)
        return value

    def _array(self, kind: Any, shape: Sequence[int | str]) -> Spec:
        return Spec(kind, tuple(self._dimension(d) for d in shape), {})

    def _dimension(self, size: int | str) -> int | str:
        if isinstance(size, str) or size < 2:
            return size
        if size not in self.called:
            name = next((d for d in DIMENSIONS if d not in self.taken), f"n{len(self.called) + 1}")
            self.called[size] = name
            self.taken.add(name)
        self.sizes[self.called[size]] = int(size)
        return self.called[size]


_PYTHON = {"f64": "float", "i64": "int", "c128": "complex", "bool": "bool"}


def _kind_text(value: Any) -> str:
    """What an argument is, as a reader may write it."""
    if type(value) is Spec:
        text = str(value)
        return _PYTHON.get(text, text) if value.dims is None else text
    if type(value) in (float, complex, int, bool):
        return _PYTHON.get({float: "f64", complex: "c128", int: "i64", bool: "bool"}[type(value)], "") \
            if type(value) in (float, complex) else repr(value)
    if value is None or type(value) is str:
        return repr(value)[:40]
    if is_number(value):
        return str(value.dtype)
    if type(value) in (tuple, list) and len(value) <= 6:
        inner = ", ".join(map(_kind_text, value))
        return f"[{inner}]" if type(value) is list else f"({inner}{',' * (len(value) == 1)})"
    if type(value) is dict and len(value) <= 6:
        return "{" + ", ".join(f"{k!r}: {_kind_text(v)}" for k, v in value.items()) + "}"
    return type(value).__name__


__all__ = ["Asked", "Given", "given_for"]
