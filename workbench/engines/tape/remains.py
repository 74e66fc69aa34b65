"""What a run leaves behind in globals, closures, classes and objects: numbers and arrays that anyone may use, and that
no later run takes for constants.

An active number that the program has put into a list of its own would be a constant to the next run, and a cache that
is looked up by value would lose the derivative. So what is left is a float (an array) to everything but a recorded run,
which refuses to compute with it.

Invariant: outside of runs these are the numbers that the program itself would have left.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from workbench.engines.tape.recorder import current
from workbench.engines.tape.refusal import kept


class KeptFloat(float):
    """A float from an earlier run."""

    __slots__ = ()
    __array_priority__ = 10.0  # NumPy's numbers and arrays ask it first


class KeptDouble(np.float64):
    """NumPy's float from an earlier run."""

    __array_priority__ = 10.0


class KeptArray(np.ndarray):
    """An array from an earlier run."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        outside()
        if options.get("out") is not None:
            options["out"] = tuple(plain_of(x) for x in options["out"])
        return getattr(ufunc, method)(*(plain_of(x) for x in inputs), **options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        outside()
        return function(*_plain_all(args), **_plain_all(options))

    def __getitem__(self, key: Any) -> Any:
        outside()
        return self.view(np.ndarray)[key]

    def __iter__(self) -> Any:
        outside()
        return iter(self.view(np.ndarray))

    @property
    def flat(self) -> Any:
        """The elements, as of the array."""
        outside()
        return self.view(np.ndarray).flat

    def __repr__(self) -> str:
        return repr(self.view(np.ndarray))


KEPT = frozenset({KeptFloat, KeptDouble, KeptArray})
_KINDS: dict[type, Any] = {KeptFloat: float, KeptDouble: np.float64}


def outside() -> None:
    """Raise within a recorded run."""
    if current() is not None:
        raise kept()


def plain_of(x: Any) -> Any:
    """What a number or array from an earlier run is to its user."""
    if type(x) is KeptArray:
        return x.view(np.ndarray)
    return _KINDS[type(x)](x) if type(x) in _KINDS else x


def kept_of(x: Any) -> Any:
    """A plain number or array as one from an earlier run; others as they are."""
    if type(x) is np.ndarray:
        return x.view(KeptArray)
    kind = {float: KeptFloat, np.float64: KeptDouble}.get(type(x))
    return x if kind is None else kind(x)


def _plain_all(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)(_plain_all(v) for v in x) if type(x) in (list, tuple) else x
    return {k: _plain_all(v) for k, v in x.items()} if type(x) is dict else plain_of(x)


_BINARY = ("add", "sub", "mul", "truediv", "pow", "mod", "floordiv", "divmod")
_OPERATIONS: dict[str, Any] = {"divmod": divmod, **{name: getattr(operator, name) for name in _BINARY[:-1]}}


def _guarded(base: Any, name: str) -> Any:
    method = getattr(base, name)

    def checked(self: Any, *args: Any) -> Any:
        outside()
        if args and isinstance(args[0], (np.ndarray, np.generic)):  # of its own kind of operation
            operation, plain = _OPERATIONS[name.strip("_").removeprefix("r")], plain_of(self)
            return operation(args[0], plain) if name.startswith("__r") else operation(plain, args[0])
        return method(self, *args)
    checked.__name__ = name
    return checked


for _class in (KeptFloat, KeptDouble):
    for _name in (*(f"__{side}{name}__" for name in _BINARY for side in ("", "r")), "__neg__", "__pos__", "__abs__",
                  "as_integer_ratio", "hex", "conjugate"):
        setattr(_class, _name, _guarded(_KINDS[_class], _name))
    for _name in ("__copy__", "__deepcopy__"):
        setattr(_class, _name, lambda self, *memo: self)
