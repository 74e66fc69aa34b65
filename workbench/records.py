"""Dataclasses that are defined quickly: importing the package makes more than two hundred of them.

`dataclasses.dataclass` writes and compiles up to seven methods for each class, most of all for frozen ones: half of the
time in which the package was imported. Here `__init__` alone is written, when the first object is made; equality, hash
and text are functions shared by all that read a class's fields. What is declared frozen is kept so by the type checker
alone, which reads the whole package as strictly as it can (it takes the decorator for that of the standard library).
Objects are made faster too, because their fields are set by plain assignments.

Invariant: but for assignments to frozen fields, which nothing stops at run time, a class behaves as one of
`dataclasses`: `fields`, `replace`, `asdict`, matching by position, slots.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    import dataclasses

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True):
        """The decorator of that name in the standard library, with those of its options that are used here."""
        def decorated(cls):
            own = vars(cls)
            named, initialised, hashed, compared = (name in own for name in (
                "__repr__", "__init__", "__hash__", "__eq__"))
            made = _unfrozen(dataclasses.dataclass(init=False, eq=False, repr=False, slots=slots), cls)
            made.__dataclass_params__.frozen = frozen  # what those of the standard library ask that inherit from it
            if not initialised:
                made.__init__ = _unwritten(made)
            if not named:
                made.__repr__ = _text
            if eq and not compared:
                made.__eq__, read = _equality(made)
                if not hashed:
                    made.__hash__ = _hash(read) if frozen else None
            return made
        return decorated if cls is None else decorated(cls)

    def _unfrozen(decorator, cls):
        """What the decorator makes of a class whose parents count as not frozen meanwhile: it writes no checks."""
        parents = [p for base in cls.__mro__[1:] if (p := vars(base).get("__dataclass_params__")) and p.frozen]
        for params in parents:
            params.frozen = False
        try:
            return decorator(cls)
        finally:
            for params in parents:
                params.frozen = True

    def _unwritten(cls):
        """An `__init__` that writes the one that is meant when it is first called."""
        def __init__(self, *args, **kwargs):
            cls.__init__ = _written(cls)
            cls.__init__(self, *args, **kwargs)
        return __init__

    def _written(cls):
        known, parameters, lines = {}, [], []
        for field in dataclasses.fields(cls):
            name, value = field.name, field.name
            if field.default_factory is not dataclasses.MISSING:
                known[f"_{name}"] = field.default_factory
                known.setdefault("_made", object())
                value = f"_{name}() if {name} is _made else {name}" if field.init else f"_{name}()"
                default = "=_made"
            elif field.default is not dataclasses.MISSING:
                known[f"_{name}"] = field.default
                default = f"=_{name}"
            else:
                default = ""
            if field.init:
                parameters.append(name + default)
            elif not default:
                continue
            elif value == name:
                value = f"_{name}"
            lines.append(f"    self.{name} = {value}")
        if hasattr(cls, "__post_init__"):
            lines.append("    self.__post_init__()")
        exec(f"def __init__(self, {', '.join(parameters)}):\n" + ("\n".join(lines) or "    pass"), known)
        return known["__init__"]

    def _text(self):
        shown = (f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def _equality(cls):
        """`__eq__` of a class, and what reads the fields that it compares."""
        names = [f.name for f in dataclasses.fields(cls) if f.compare]
        one = attrgetter(*names) if names else None
        read = one if len(names) > 1 else (lambda self: (one(self),)) if names else lambda self: ()

        def __eq__(self, other):
            return read(self) == read(other) if other.__class__ is self.__class__ else NotImplemented
        return __eq__, read

    def _hash(read):
        def __hash__(self):
            return hash(read(self))
        return __hash__

__all__ = ["dataclass"]
