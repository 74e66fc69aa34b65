"""Objects that note whenever code of theirs runs: what the panel looks at must leave no note."""

from __future__ import annotations

import functools
import sys
import types
from typing import Any

import numpy as np

#: What has run.
TOUCHED: list[Any] = []


def noted(*args: Any, **_: Any) -> Any:
    TOUCHED.append(("call", args))
    return args[0] if args else None


class Asked:
    def __init__(self) -> None:
        self.w = 2.0

    @property
    def bad(self) -> float:
        TOUCHED.append("property")
        return 3.0

    def __getattr__(self, name: str) -> Any:
        TOUCHED.append(("__getattr__", name))
        raise AttributeError(name)


class Slotted:
    __slots__ = ("w",)

    def __getattr__(self, name: str) -> Any:
        TOUCHED.append(("__getattr__", name))
        raise AttributeError(name)


class Watched:
    def __getattribute__(self, name: str) -> Any:
        TOUCHED.append(("__getattribute__", name))
        return object.__getattribute__(self, name)


class Disguised:
    @property
    def __class__(self) -> Any:
        TOUCHED.append("__class__")
        return int


class Meta(type):
    def __getattr__(cls, name: str) -> Any:
        TOUCHED.append(("metaclass", name))
        raise AttributeError(name)

    def __instancecheck__(cls, value: Any) -> bool:
        TOUCHED.append("__instancecheck__")
        return False


class Made(metaclass=Meta):
    pass


class Convertible:
    def __array__(self, *_: Any, **__: Any) -> Any:
        TOUCHED.append("__array__")
        return np.ones(3)

    @property
    def v(self) -> float:
        TOUCHED.append("property")
        return 2.0


def _noting(name: str, result: Any) -> Any:
    def method(self: Any, *args: Any, **named: Any) -> Any:
        TOUCHED.append(name)
        return result
    return method


class Everything:
    """All that Python calls by itself."""


for _name, _result in (("__eq__", True), ("__hash__", 1), ("__bool__", True), ("__len__", 1), ("__iter__", iter([1.0])),
                       ("__repr__", "r"), ("__float__", 1.0), ("__index__", 1), ("__add__", 1.0), ("__radd__", 1.0),
                       ("__mul__", 1.0), ("__rmul__", 1.0), ("__array_ufunc__", 1.0), ("__call__", 1.0)):
    setattr(Everything, _name, _noting(_name, _result))


class Float(float):
    __mul__ = __rmul__ = _noting("__mul__", 1.0)


class Dict(dict):  # type: ignore[type-arg]
    __getitem__ = _noting("__getitem__", 1.0)
    __iter__ = _noting("__iter__", iter(()))
    items = _noting("items", [])


class List(list):  # type: ignore[type-arg]
    __iter__ = _noting("__iter__", iter(()))


class Text(str):
    __eq__ = _noting("__eq__", True)
    __hash__ = str.__hash__


class Descriptor:
    def __get__(self, owner: Any, kind: Any) -> float:
        TOUCHED.append("__get__")
        return 1.0


class Described:
    d = Descriptor()


def _generator() -> Any:
    TOUCHED.append("generator")
    yield 1.0


def namespace() -> dict[str, Any]:
    """A notebook's names, all of which mind being touched."""
    module = types.ModuleType("minding")
    module.__getattr__ = lambda name: noted(name)  # type: ignore[method-assign]
    sys.modules["minding"] = module
    keyed, objects = {Everything(): 1.0}, np.array([Everything(), Everything()], dtype=object)
    made = {
        "np": np, "noted": noted, "asked": Asked(), "slotted": Slotted(), "watched": Watched(),
        "disguised": Disguised(),
        "Made": Made, "made": Made(), "convertible": Convertible(), "everything": Everything(), "number": Float(2.0),
        "table": Dict(a=1.0), "row": List([1.0]), "text": Text("a"), "described": Described(), "Described": Described,
        "minding": module, "generator": _generator(), "mapped": map(noted, [1.0]), "keyed": keyed, "objects": objects,
        "elementwise": np.frompyfunc(lambda x: noted(x), 1, 1), "partial": functools.partial(noted, everything := 1.0),
        "cached": functools.cache(lambda x: noted(x)),
    }
    assert everything == 1.0
    TOUCHED.clear()
    return made
