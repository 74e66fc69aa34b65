"""Names of the emitted program's variables: the user's where there is one, never a keyword, a builtin or a module.

Invariant: values that share a name are of one machine type and are never live together; two runs give equal names.
"""

from __future__ import annotations

import builtins
import keyword
import re

from workbench.engines.numba.liveness import Classes, same_storage
from workbench.ir import Value
from workbench.rules.random import LAWS

RESERVED = frozenset({*dir(builtins), *keyword.kwlist, *keyword.softkwlist, "np", "math", "njit", "numba", "grow",
                      "grow_zeros", "give_float", "give_int", "say", "Raised", *(law.symbol for law in LAWS.values())})


def identifier(hint: str, taken: frozenset[str] = RESERVED) -> str:
    """A valid identifier close to a hint."""
    text = re.sub(r"\W", "_", hint)
    if not text or text[0].isdigit():
        text = f"t{text}"
    return f"{text}_" if text in taken else text


class Names:
    """Gives every class of values a name."""

    def __init__(self, classes: Classes, reserved: frozenset[str]) -> None:
        self.classes = classes
        self.reserved = reserved
        self._chosen: dict[Value, str] = {}
        self._owner: dict[str, Value] = {}
        self._hints: dict[Value, str] = {}
        self._temporaries = 0
        for value in classes.live.order:
            if value.name:
                self._hints.setdefault(classes.find(value), value.name)

    def __call__(self, value: Value) -> str:
        """The name of the variable that holds a value."""
        root = self.classes.find(value)
        if root not in self._chosen:
            self._choose(root)
            root = self.classes.find(value)
        return self._chosen[root]

    def of_arrays(self) -> frozenset[str]:
        """The names that were given to variables of arrays."""
        return frozenset(name for root, name in self._chosen.items() if root.is_array)

    def _choose(self, root: Value) -> None:
        hint = self._hints.get(root, "")
        if not hint:
            name = self._temporary()
            self._chosen[root], self._owner[name] = name, root
            return
        base = identifier(hint, self.reserved)
        name, number = base, 0
        while name in self._owner:
            owner = self.classes.find(self._owner[name])
            if same_storage(owner, root) and self.classes.join(owner, root):
                self._chosen[self.classes.find(root)] = name
                return
            number += 1
            name = f"{base}_{number}"
        self._chosen[root], self._owner[name] = name, root

    def _temporary(self) -> str:
        while True:
            self._temporaries += 1
            name = f"t{self._temporaries}"
            if name not in self._owner and name not in self.reserved:
                return name
