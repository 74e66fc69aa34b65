"""Names that no scope of the evaluator has: closure cells, globals, builtins, attributes of modules and classes.

They are read under a guard; what the program writes has a variable from its first write on (from the first time that it
is asked for, where a loop writes it: tracing starts over), and is written back when the program has run.
"""

from __future__ import annotations

import builtins
import inspect
import types
from typing import Any

import numpy as np

from workbench.frontend import classes, composed, looking
from workbench.frontend.activation import Activation
from workbench.frontend.inputs import Inputs
from workbench.frontend.paths import Path, is_library
from workbench.frontend.unwinding import Restart
from workbench.frontend.values import BoundMethod, Variable
from workbench.frontend.variables import store_tree

_MISSING = object()
_DATA = (bool, str, type(None), int, float, complex, np.ndarray, list, dict, tuple)


class OuterNames(Inputs):
    """See the module's text."""

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
        looking.attribute(owner, name, self.t.span)
        value = getattr(owner, name)
        if isinstance(owner, types.ModuleType):
            if is_library(owner.__name__):
                return value if not isinstance(value, np.ndarray) else self.internal(value, None)
            given = name not in vars(owner)  # (by the module's own `__getattr__`)
            return self.internal(value, Path(("dict", {"owner": owner}, "owner"), (("attribute", name),)) if given else
                                 Path(("dict", vars(owner), name)))
        self.guard_class(owner if isinstance(owner, type) else type(owner))
        if isinstance(value, types.MethodType) and isinstance(owner, type):
            return BoundMethod(value.__func__, owner)
        if is_library(getattr(owner, "__module__", None) or type(owner).__module__):
            return value
        path = Path(("dict", {"owner": owner}, "owner"), (("attribute", name),))
        if isinstance(value, _DATA):
            return self.internal(value, path)
        if isinstance(value, types.FunctionType) or inspect.getattr_static(owner, name, None) is value:
            self.guard(path, "is", value)
        return value


def _attribute_path(owner: Any, name: str) -> Path:
    if isinstance(owner, types.ModuleType):
        return Path(("dict", vars(owner), name))
    return Path(("dict", {"owner": owner}, "owner"), (("attribute", "__dict__"), ("item", name)))
