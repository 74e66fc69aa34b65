"""What the evaluator's parts ask of the whole: names from outside, calls, operators, compiled code of functions.

The parts below (`arithmetic`, `library`, `access`, ...) know nothing of each other's upper layers; they reach them
through the tracer's environment, which is this object.
"""

from __future__ import annotations

import ast
import builtins
import copy
import inspect
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.frontend import (
    access,
    branches,
    calls,
    classes,
    completions,
    composed,
    dynamic_lists,
    expressions,
    generators,
    growth,
    iteration,
    list_operations,
    syntax,
    unrolling,
    walking,
)
from workbench.frontend.activation import Activation, Code, outside
from workbench.frontend.held import Held
from workbench.frontend.inputs import Inputs
from workbench.frontend.library import creation, linear
from workbench.frontend.loops import Loop, counted
from workbench.frontend.paths import Path, is_library
from workbench.frontend.statements import StatementCompiler
from workbench.frontend.tracer import ZERO, Tracer
from workbench.frontend.unwinding import Restart
from workbench.frontend.values import (
    Array,
    BoundMethod,
    Choice,
    DynamicList,
    Lazy,
    ObjectValue,
    RangeValue,
    Scalar,
    SetValue,
    Variable,
    ZipValue,
)
from workbench.frontend.variables import store_tree
from workbench.ir import Value

_MISSING = object()


_codes: dict[int, tuple[ast.AST, Code]] = {}


class Environment(Inputs):
    """See the module's text. `recursions` are the passes over recursive functions that are under way."""

    def __init__(self) -> None:
        super().__init__()
        self.recursions: dict[int, Any] = {}
        self.kept_results: dict[int, dict[Any, Any]] = {}  # of functions under `functools.lru_cache`
        self.scopes: dict[type, Any] = {}  # of the definitions of classes that the program makes

    def another(self) -> Environment:
        """The environment of an inner program."""
        return Environment()

    # ------------------------------------------------------------------ code
    def compiled(self, node: ast.FunctionDef | ast.Lambda, function: Any, name: str) -> Code:
        """The closures of a function's definition, made once."""
        known = _codes.get(id(node))
        if known is not None and known[0] is node:
            return known[1]
        compiler = StatementCompiler(function.__code__.co_filename, name, node)
        args = node.args
        names = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
        names += [a.arg for a in (args.vararg, args.kwarg) if a is not None]
        global_names: frozenset[str] = frozenset()
        if isinstance(node, ast.Lambda):
            value = compiler.expression(node.body)
            names += _assigned([node.body])[0]
            run: Callable[[Activation], Any] = value
        elif generators.is_generator(node):
            body = compiler.block(node.body)
            assigned, outer, declared = _assigned(node.body)
            global_names = frozenset(declared)
            names += [n for n in assigned if n not in outer and n not in declared]
            run = body.run
        else:
            block = compiler.block(node.body)
            assigned, outer, declared = _assigned(node.body)
            global_names = frozenset(declared)
            names += [n for n in assigned if n not in outer and n not in declared]

            def run(act: Activation) -> Any:
                return calls.finish(act, block.run(act))
        code = Code(tuple(dict.fromkeys(names)), global_names, run)
        _codes[id(node)] = (node, code)
        return code

    def guard_function(self, function: Any) -> None:
        """Take a function's code for granted (the function itself is guarded where it was read)."""
        if not is_library(function.__module__):
            self.guard(Path(("dict", {"function": function}, "function"), (("attribute", "__code__"),)), "is",
                       function.__code__)

    def default_value(self, function: types.FunctionType, position: Any, value: Any) -> Any:
        """The default value of a parameter."""
        if composed.is_own(function):
            return value
        if isinstance(position, int):
            path = Path(("dict", {"f": function}, "f"), (("attribute", "__defaults__"), ("item", position)))
        else:
            path = Path(("dict", {"f": function}, "f"), (("attribute", "__kwdefaults__"), ("item", position)))
        return self.internal(value, path)

    # ------------------------------------------------------------------ names from outside
    def outer_name(self, act: Activation, name: str) -> Any:
        """A name that no scope of the evaluator has: closure cell, global, builtin."""
        function = act.scope.function
        if name in function.__code__.co_freevars and function.__closure__:
            cell = function.__closure__[function.__code__.co_freevars.index(name)]
            path = Path(("cell", cell))
            return self._named(path, path.fetch(()), name)
        namespace = act.globals
        if name in namespace and composed.is_own(function):
            return namespace[name]
        if name in namespace:
            return self._named(Path(("dict", namespace, name)), namespace[name], name)
        found = getattr(builtins, name, _MISSING)
        if found is _MISSING:
            raise NameError(f"name '{name}' is not defined")
        if not composed.is_own(function) and not is_library(namespace.get("__name__")):
            self.guard(Path(("dict", namespace, name)), "absent", None)
        return found

    def _named(self, path: Path, value: Any, name: str) -> Any:
        written = self._written(path, name)
        return self.t.read(written) if written is not None else self.internal(value, path)

    def assign_global(self, act: Activation, name: str, value: Any) -> None:
        """`name = value` of a global, or of a name of an enclosing function that has returned."""
        function = act.scope.function
        if name not in act.global_names and name in function.__code__.co_freevars:
            cell = function.__closure__[function.__code__.co_freevars.index(name)]
            self._assign_at(Path(("cell", cell)), name, value)
        else:
            self._assign_at(Path(("dict", act.globals, name)), name, value)

    def outside_variable(self, owner: Any, name: str) -> Variable | None:
        """What stands for an attribute of a class or module since the program has written it."""
        return self._written(_attribute_path(owner, name), name)

    def _written(self, path: Path, name: str) -> Variable | None:
        """What stands for a global or attribute since the program has written it; from the first time that it is asked
        for where a loop writes it, which must know what it held before."""
        if path.key not in self.outside and self.t.decisions.get(("outside", path.key)):
            self._note_written(path, name)
        found = self.outside.get(path.key)
        return found[1] if found is not None else None

    def assign_outside(self, owner: Any, name: str, value: Any) -> None:
        """`owner.name = value` of a class or module."""
        classes.refuse_write(self.t, owner)
        self._assign_at(_attribute_path(owner, name), name, value)

    def _assign_at(self, path: Path, name: str, value: Any) -> None:
        t, key = self.t, ("outside", path.key)
        if path.key not in self.outside:
            if key not in t.decisions and any(frame.kind == "loop" for frame in t.frames):
                raise Restart(key, True, t.span, "a global or an attribute of a class is written in a loop")
            self._note_written(path, name)
        t.assign(self.outside[path.key][1], value)

    def _note_written(self, path: Path, name: str) -> None:
        """Make the variable for a global or attribute that the program writes: it holds what was there before."""
        t = self.t
        with self.at_top():
            variable = t.variable(name)
            try:
                before = path.fetch(())
            except (LookupError, AttributeError, ValueError):
                self.guard(path, "absent", None)
            else:
                variable.stored = store_tree(t.builder, self.internal(before, path), name)
        self.outside[path.key] = (path, variable)

    def static_attribute(self, act: Activation, owner: Any, name: str) -> Any:
        """An attribute of an object known while specialising."""
        if isinstance(owner, types.ModuleType):
            written = self.outside_variable(owner, name)
            if written is not None:
                return self.t.read(written)
        value = getattr(owner, name)
        if isinstance(owner, types.ModuleType):
            if is_library(owner.__name__):
                return value if not isinstance(value, np.ndarray) else self.internal(value, None)
            return self.internal(value, Path(("dict", vars(owner), name)))
        self.guard_class(owner if isinstance(owner, type) else type(owner))
        if isinstance(value, types.MethodType) and isinstance(owner, type):
            return BoundMethod(value.__func__, owner)
        if is_library(getattr(owner, "__module__", None) or type(owner).__module__):
            return value
        path = Path(("dict", {"owner": owner}, "owner"), (("attribute", name),))
        if isinstance(value, (bool, str, type(None), int, float, complex, np.ndarray, list, dict, tuple)):
            return self.internal(value, path)
        if isinstance(value, types.FunctionType) or inspect.getattr_static(owner, name, None) is value:
            self.guard(path, "is", value)
        return value

    # ------------------------------------------------------------------ what lower layers ask for
    def read_choice(self, t: Tracer, choice: Choice) -> Array:
        """The array a choice stands for, copied."""
        return branches.read_choice(t, choice)

    def matmul(self, t: Tracer, a: Any, b: Any) -> Any:
        """`a @ b`."""
        return linear.matmul(t, a, b)

    def as_array(self, t: Tracer, value: Any) -> Any:
        """Lists, tuples and NumPy arrays as arrays of the evaluator."""
        if isinstance(value, np.ndarray):
            return self.internal(value, None)
        if isinstance(value, DynamicList):
            return list_operations.as_array(t, value)
        act = outside(t)
        return creation.from_nested(t, value, lambda v: iteration.static_items(act, v))

    def binary(self, act: Activation, op: str, a: Any, b: Any) -> Any:
        """`a op b`."""
        return expressions.apply_binary(act, op, a, b)

    def compare(self, act: Activation, op: str, a: Any, b: Any) -> Any:
        """`a op b`, a comparison."""
        return expressions.compare(act, op, a, b)

    def leaving(self, act: Activation, condition: Scalar) -> Any:
        """The completion of a consumer that wants no more items where a condition holds."""
        return completions.choose(act, condition, lambda: completions.RETURN, lambda: completions.NORMAL)

    def call(self, act: Activation, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call anything."""
        return calls.call(act, callee, args, named)

    def call_method(self, act: Activation, owner: ObjectValue, name: str, args: tuple[Any, ...]) -> Any:
        """Call a method of a user's object."""
        return calls.call(act, access.attribute(act, owner, name), args, {})

    def attribute(self, act: Activation, owner: Any, name: str) -> Any:
        """`owner.name`."""
        return access.attribute(act, owner, name)

    def set_attribute(self, act: Activation, owner: Any, name: str, value: Any) -> None:
        """`owner.name = value`."""
        access.set_attribute(act, owner, name, value)

    def key(self, act: Activation, value: Any) -> Any:
        """A key of a dict or a member of a set."""
        return access.static_key(act, value)

    def contains(self, act: Activation, container: Any, value: Any) -> Any:
        """`value in container`."""
        return access.contains(act, container, value)

    def copied(self, act: Activation, value: Any) -> Any:
        """`copy.deepcopy`."""
        return calls.call(act, copy.deepcopy, (value,), {})

    def item(self, act: Activation, owner: Any, key: Any) -> Any:
        """`owner[key]`."""
        return access.item(act, owner, key)

    def set_item(self, act: Activation, owner: Any, key: Any, value: Any) -> None:
        """`owner[key] = value`."""
        access.set_item(act, owner, key, value)

    def items(self, act: Activation, value: Any) -> list[Any]:
        """All items of something of known length."""
        if isinstance(value, Choice):
            value = branches.read_choice(act.t, value)
        return iteration.static_items(act, value)

    def trips(self, act: Activation, value: Any) -> Value:
        """The number of items of a range, array or zip, at run time."""
        _, count, _, _ = iteration.indexed(act, value, normalised=True)
        return count

    def repeat(self, t: Tracer, count: Value, key: Any, action: Callable[[Value], Any]) -> None:
        """Do something `count` times at run time; it is given the index."""
        counted(t, Loop(("repeat", key), lambda variable: True), ZERO, count, 1, "k",
                lambda index: action(t.scalar(index)))

    def over_items(self, act: Activation, values: Any, key: Any, action: Callable[[Any], Any],
                   live: Callable[[Variable], bool] = lambda variable: True) -> None:
        """Do something with each item of anything: one after the other where they are known and few, in a loop at run
        time otherwise."""
        if isinstance(values, Lazy):
            generators.each(act, values, action)
            return
        opened = generators.taken(act, values)
        if opened is not values:
            self.over_items(act, opened, key, action, live)
            generators.exhausted(act, values)
            return
        items: Any = iteration.unrolled(act, values)
        static = iteration.static_range(act, values) if items is None else None
        if static is not None and len(static) <= growth.UNROLLED:
            items = list(static)
        elif items is None and iteration.known_turns(act, values) is not None:
            items = walking.items(act, values)
        if items is not None:
            for item in items:
                action(item)
            return
        lo, hi, step, item_at = iteration.indexed(act, values)
        lists = iteration.dynamic_parts(values)
        for one in lists:
            one.iterated += 1
        try:
            loop = Loop((act.path, "items", key), live)
            counted(act.t, loop, lo, hi, step, "k", lambda index: action(item_at(index)))
        finally:
            for one in lists:
                one.iterated -= 1

    def list_of(self, act: Activation, values: Any) -> Any:
        """`list(values)`."""
        if isinstance(values, Choice):
            values = branches.read_choice(act.t, values)
        site = iteration.site_here(act)
        if not self.is_run_time(act, site, values):
            return dynamic_lists.made(act.t, self.few_items(act, values, site), site)
        return dynamic_lists.filled(act.t, site, lambda add: self.over_items(act, values, site, add))

    def few_items(self, act: Activation, values: Any, site: Any) -> list[Any]:
        """The items of which a list of known length is made at a place; a generator whose loops run at run time makes
        it a dynamic list (tracing starts over)."""
        t = act.t
        if not isinstance(values, Lazy) or growth.is_static(t, site):
            if isinstance(values, (RangeValue, ZipValue, DynamicList)) and iteration.length_of(act, values) is None:
                growth.known_length(t, site, "a list of run-time length where its entries must be known")
            return iteration.static_items(act, values)
        found: list[Any] = []
        depth, held = len(t.frames), Held(t)

        def add(item: Any) -> None:
            if len(t.frames) != depth:
                raise Restart(("items", site), True, t.span, "a generator of run-time length")
            found.append(held.keep(item))
        generators.each(act, values, add)
        held.check()
        return found

    def is_run_time(self, act: Activation, site: Any, values: Any) -> bool:
        """True where what is made of the items of `values` has a length known at run time only, or a great one."""
        t = act.t
        if growth.is_static(t, site):
            return False
        if growth.decided(t, site) is not None or t.decisions.get(("items", site)):
            return True
        if isinstance(values, Lazy) or iteration.is_unrolled(act, values):
            return False
        if isinstance(values, DynamicList):
            return True
        known = iteration.length_of(act, values)
        return known is None or (known > growth.MANY and not unrolling.wanted(t))

    def running_sum(self, act: Activation, values: Any, start: Any) -> Any:
        """`sum` over something of run-time length: a loop."""
        t = act.t
        opened = generators.taken(act, values)
        if opened is not values:
            total = self.running_sum(act, opened, start)
            generators.exhausted(act, values)
            return total
        few = iteration.known_turns(act, values) is not None or iteration.static_range(act, values) is not None
        if few or iteration.is_unrolled(act, values):
            total = start
            for item in iteration.static_items(act, values):
                total = self.binary(act, "+", total, item)
            return total
        lo, hi, step, item = iteration.indexed(act, values)
        total = t.variable("total", start)

        def add(index: Scalar) -> None:
            t.assign(total, self.binary(act, "+", t.read(total), item(index)))
        counted(t, Loop((act.path, "sum", id(values)), lambda variable: True), lo, hi, step, "k", add)
        return t.read(total)

    def run_native(self, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """A pure call on static arguments, run while specialising."""
        return self.taken_in(callee(*args, **named))

    def taken_in(self, value: Any) -> Any:
        """A fresh result of a native call: containers that may be written are the evaluator's."""
        if type(value) is list:
            return self.t.new_list([self.taken_in(v) for v in value])
        if type(value) is dict:
            return self.t.new_dict({k: self.taken_in(v) for k, v in value.items()})
        if type(value) is set:
            return SetValue(value, len(self.t.frames))
        return value


def _attribute_path(owner: Any, name: str) -> Path:
    if isinstance(owner, types.ModuleType):
        return Path(("dict", vars(owner), name))
    return Path(("dict", {"owner": owner}, "owner"), (("attribute", "__dict__"), ("item", name)))


def _assigned(nodes: list[Any]) -> tuple[list[str], set[str], set[str]]:
    """Names assigned in a function's own body, and those declared nonlocal and global."""
    assigned: list[str] = []
    outer: set[str] = set()
    declared: set[str] = set()
    pending: list[ast.AST] = list(nodes)
    while pending:
        node = pending.pop(0)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            assigned.append(node.name)
            continue
        if isinstance(node, (ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp)):
            assigned.extend(n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr))
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            assigned.append(node.id)
        elif isinstance(node, ast.YieldFrom):
            assigned.append("$item")  # (it is compiled as a loop)
        elif isinstance(node, ast.Match):
            assigned.extend(syntax.captured(node))
        elif isinstance(node, ast.ExceptHandler) and node.name is not None:
            assigned.append(node.name)
        elif isinstance(node, ast.Nonlocal):
            outer.update(node.names)
        elif isinstance(node, ast.Global):
            declared.update(node.names)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            assigned.extend(a.asname or a.name.split(".")[0] for a in node.names)
        pending.extend(ast.iter_child_nodes(node))
    return assigned, outer, declared

