"""A class defined inside a function: made as Python makes it, its methods see the names around its definition.

The class is made once for a place in the source, in a shell function that has the names around as parameters; where a
method of it is entered, the scope of the definition stands around it, as around a nested function.

Invariant: what is evaluated when the class is made (bases, decorators, defaults, attributes) is known while
specialising, and nothing that belongs to the class is written: Python would make it anew at each call.
"""

from __future__ import annotations

import ast
import builtins
import functools
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from workbench.frontend import looking, source
from workbench.frontend.activation import Activation, Scope
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import UNDEFINED, describe, is_static
from workbench.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """A class, and what it was made of (kept, so that identities stay theirs)."""

    node: ast.ClassDef
    type: type
    codes: tuple[types.CodeType, ...]
    given: tuple[Any, ...]


_made: dict[Any, _Made] = {}
_types: dict[type, _Made] = {}
_codes: dict[int, _Made] = {}  # by identity of the code objects of its functions


def defined(act: Activation, node: ast.ClassDef, filename: str) -> type:
    """The class that a statement defines."""
    t = act.t
    looking.class_body(node, functools.partial(_outside, act), t.span)
    if any(isinstance(n, ast.Attribute) and n.attr.startswith("__") and not n.attr.endswith("__")
           for n in ast.walk(node)):
        t.fail("private names (`__x`) in a class defined in a function", "use one underscore")
    given: dict[str, Any] = dict.fromkeys(_around(act, node))
    for name in sorted(_read_at_once(node) & set(given)):
        variable = act.scope.find(name)
        value = t.environment.outer_name(act, name) if variable is None else t.read(variable)
        if value is UNDEFINED or not is_static(value):
            t.fail(f"a class is made of {name!r}, {describe(value)}", "set it in `__init__`")
        given[name] = value
    key = (id(node), tuple(sorted((name, id(value)) for name, value in given.items())))
    if key not in _made:
        _made[key] = _make(act, node, given, filename)
    made = _made[key]
    before = t.environment.scopes.get(made.type)
    if before is not None and before is not act.scope and given:
        t.fail(f"the class {node.name} is made by several calls, and uses names around it", "pass them to `__init__`")
    t.environment.scopes[made.type] = act.scope
    return made.type


def _outside(act: Activation, name: str) -> Any:
    """What a name means outside of the function; None for its own."""
    if act.scope.find(name) is not None:
        return None
    return act.globals.get(name, getattr(builtins, name, None))


def _make(act: Activation, node: ast.ClassDef, given: dict[str, Any], filename: str) -> _Made:
    shell = ast.parse("def around():\n    return None").body[0]
    assert isinstance(shell, ast.FunctionDef) and isinstance(shell.body[0], ast.Return)
    shell.name = act.name  # (the class has its qualified name from it)
    shell.args.args = [ast.arg(name) for name in given]
    shell.body[0].value = ast.Name(node.name, ast.Load())
    shell.body.insert(0, node)
    space: dict[str, Any] = {}
    code = compile(ast.fix_missing_locations(ast.Module([shell], [])), filename, "exec", dont_inherit=True,
                   flags=act.scope.function.__code__.co_flags & _FUTURE)
    exec(code, act.globals, space)
    type_ = space[act.name](*given.values())
    if not isinstance(type_, type):
        act.t.fail(f"a decorator makes {describe(type_)} of a class", "leave it out")
    for name in [n.id for s in node.body for n in ast.walk(s) if isinstance(n, ast.Name)]:
        value = vars(type_).get(name)
        if isinstance(value, (list, dict, set, np.ndarray)):
            act.t.fail(f"the class attribute {name!r}, a {type(value).__name__}, of a class defined in a function",
                       "set it in `__init__`, or define the class outside")
    made = _Made(node, type_, tuple(_inner_codes(code)), tuple(given.values()))
    _types[type_] = made
    _codes.update((id(c), made) for c in made.codes)
    source.of_classes.update((id(c), c) for c in made.codes)
    return made


_FUTURE = 0x1000000  # of `from __future__ import annotations`


def _inner_codes(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from _inner_codes(constant)


def _around(act: Activation, node: ast.ClassDef) -> list[str]:
    """The names of enclosing functions that the text of a class mentions."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - {node.name}
    outside = act.scope.function.__code__.co_freevars
    return sorted(n for n in names if act.scope.find(n) is not None or n in outside)


def _read_at_once(node: ast.ClassDef) -> set[str]:
    """The names that are read when the class is made, not when its methods run."""
    found: set[str] = set()
    pending: list[ast.AST] = list(ast.iter_child_nodes(node))
    while pending:
        part = pending.pop()
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            found.add(part.id)
        if isinstance(part, (ast.FunctionDef, ast.Lambda)):
            pending += [*part.args.defaults, *(d for d in part.args.kw_defaults if d is not None)]
            pending += part.decorator_list if isinstance(part, ast.FunctionDef) else []
        else:
            pending += ast.iter_child_nodes(part)
    return found


def scope_of(t: Tracer, function: types.FunctionType) -> Scope | None:
    """What stands around a function that was made with such a class: the scope of the definition."""
    made = _codes.get(id(function.__code__))
    around = t.environment.scopes.get(made.type) if made is not None else None
    if made is None or around is None:
        return None
    own = {"__class__": t.variable("__class__", made.type), made.node.name: t.variable(made.node.name, made.type)}
    return Scope(own, around, around.function)


def refuse_write(t: Tracer, owner: Any) -> None:
    """Refuse a write to an attribute of such a class."""
    if owner in _types:
        t.fail(f"a write to an attribute of {owner.__name__}, a class defined in a function", "define it outside")
