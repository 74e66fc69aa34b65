"""`ActiveFloat`: a float whose operations are recorded.

It computes with the float that it stands for (Python's own or NumPy's scalar), so that values, warnings and exceptions
are those of the program itself. What would drop the derivative (`float(x)` inside C code) raises.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.engines.tape.recorder import INACTIVE, Recorder
from workbench.engines.tape.refusal import kept, refuse
from workbench.rules import get

_PLAIN = (float, int, bool, np.floating, np.integer, np.bool_)


class ActiveFloat:
    """A float that depends on the independent variables."""

    __slots__ = ("node", "recorder", "value")

    def __init__(self, value: Any, node: int, recorder: Recorder) -> None:
        self.value = value
        self.node = node
        self.recorder = recorder

    # ------------------------------------------------------------------ arithmetic, its partials written out for speed
    def __add__(self, other: Any) -> Any:
        if isinstance(other, ActiveFloat):
            if other.recorder is not self.recorder:
                raise kept()
            value = self.value + other.value
            return ActiveFloat(value, self.recorder.two("add", value, self.node, 1.0, other.node, 1.0), self.recorder)
        if isinstance(other, _PLAIN):
            value = self.value + other
            return ActiveFloat(value, self.recorder.one("add", value, self.node, 1.0), self.recorder)
        return _unknown(other)

    def __radd__(self, other: Any) -> Any:
        if isinstance(other, _PLAIN):
            value = other + self.value
            return ActiveFloat(value, self.recorder.one("add", value, self.node, 1.0), self.recorder)
        return _unknown(other)

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, ActiveFloat):
            if other.recorder is not self.recorder:
                raise kept()
            value = self.value - other.value
            return ActiveFloat(value, self.recorder.two("sub", value, self.node, 1.0, other.node, -1.0), self.recorder)
        if isinstance(other, _PLAIN):
            value = self.value - other
            return ActiveFloat(value, self.recorder.one("sub", value, self.node, 1.0), self.recorder)
        return _unknown(other)

    def __rsub__(self, other: Any) -> Any:
        if isinstance(other, _PLAIN):
            value = other - self.value
            return ActiveFloat(value, self.recorder.one("sub", value, self.node, -1.0), self.recorder)
        return _unknown(other)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, ActiveFloat):
            if other.recorder is not self.recorder:
                raise kept()
            a, b = self.value, other.value
            value = a * b
            return ActiveFloat(value, self.recorder.two("mul", value, self.node, b, other.node, a), self.recorder)
        if isinstance(other, _PLAIN):
            value = self.value * other
            return ActiveFloat(value, self.recorder.one("mul", value, self.node, other), self.recorder)
        return _unknown(other)

    def __rmul__(self, other: Any) -> Any:
        if isinstance(other, _PLAIN):
            value = other * self.value
            return ActiveFloat(value, self.recorder.one("mul", value, self.node, other), self.recorder)
        return _unknown(other)

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, ActiveFloat):
            if other.recorder is not self.recorder:
                raise kept()
            a, b = self.value, other.value
            value = a / b
            if b == 0:
                return apply("div", lambda a, b: value, self, other)
            return ActiveFloat(value, self.recorder.two("div", value, self.node, 1.0 / b, other.node, -value / b),
                               self.recorder)
        if isinstance(other, _PLAIN):
            value = self.value / other
            weight = 1.0 / other if other != 0 else np.inf
            return ActiveFloat(value, self.recorder.one("div", value, self.node, weight), self.recorder)
        return _unknown(other)

    def __rtruediv__(self, other: Any) -> Any:
        if isinstance(other, _PLAIN):
            return apply("div", lambda a, b: a / b, other, self)
        return _unknown(other)

    def __pow__(self, other: Any) -> Any:
        if isinstance(other, (ActiveFloat, *_PLAIN)):
            return apply("pow", lambda a, b: a**b, self, other)
        return _unknown(other)

    def __rpow__(self, other: Any) -> Any:
        if isinstance(other, _PLAIN):
            return apply("pow", lambda a, b: a**b, other, self)
        return _unknown(other)

    def __mod__(self, other: Any) -> Any:
        if isinstance(other, (ActiveFloat, *_PLAIN)):
            return apply("mod", lambda a, b: a % b, self, other)
        return _unknown(other)

    def __rmod__(self, other: Any) -> Any:
        if isinstance(other, _PLAIN):
            return apply("mod", lambda a, b: a % b, other, self)
        return _unknown(other)

    def __floordiv__(self, other: Any) -> Any:
        return self.value // plain(other)  # piecewise constant

    def __rfloordiv__(self, other: Any) -> Any:
        return plain(other) // self.value

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __neg__(self) -> ActiveFloat:
        return ActiveFloat(-self.value, self.recorder.one("neg", -self.value, self.node, -1.0), self.recorder)

    def __pos__(self) -> ActiveFloat:
        return self

    def __abs__(self) -> Any:
        return apply("abs", abs, self)

    # ------------------------------------------------------------------ what has no derivative, or a zero one
    def __eq__(self, other: object) -> Any:
        return self.value == plain(other)

    def __ne__(self, other: object) -> Any:
        return self.value != plain(other)

    def __lt__(self, other: Any) -> Any:
        return self.value < plain(other)

    def __le__(self, other: Any) -> Any:
        return self.value <= plain(other)

    def __gt__(self, other: Any) -> Any:
        return self.value > plain(other)

    def __ge__(self, other: Any) -> Any:
        return self.value >= plain(other)

    def __hash__(self) -> int:
        return hash(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __int__(self) -> int:
        return int(self.value)  # piecewise constant, as the four below

    def __trunc__(self) -> int:
        return math.trunc(self.value)

    def __floor__(self) -> int:
        return math.floor(self.value)

    def __ceil__(self) -> int:
        return math.ceil(self.value)

    def __round__(self, digits: int | None = None) -> Any:
        return round(self.value) if digits is None else round(self.value, digits)

    def __float__(self) -> float:
        raise refuse("an active number is handed to code outside of Python, which would drop its derivative",
                     "use a function with a rule")

    def __complex__(self) -> complex:
        raise refuse("complex numbers made of active ones are not recorded", "use the compiler: engine='numba'")

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise refuse("an active number is stored in an array that the tape does not know",
                     "make the array inside the differentiated function")

    __array_ufunc__: Any  # set where arrays are known

    def __copy__(self) -> ActiveFloat:
        return self

    def __deepcopy__(self, memo: Any) -> ActiveFloat:
        return self

    def __reduce__(self) -> Any:
        raise refuse("an active number is pickled", "take its value out of the differentiated function first")

    def __repr__(self) -> str:
        self.recorder.written_as_text = True
        return repr(self.value)

    def __str__(self) -> str:
        self.recorder.written_as_text = True
        return str(self.value)

    def __format__(self, spec: str) -> str:
        self.recorder.written_as_text = True
        return format(self.value, spec)

    # ------------------------------------------------------------------ what floats have
    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(self.value, name):
            raise AttributeError(f"'{type(self.value).__name__}' object has no attribute {name!r}")
        if name in ("shape", "ndim", "size", "dtype"):
            return getattr(self.value, name)
        raise refuse(f"the tape does not know the attribute {name!r} of a number", "write it out")

    @property
    def real(self) -> ActiveFloat:
        """Itself."""
        return self

    @property
    def imag(self) -> float:
        """Zero."""
        return 0.0

    def conjugate(self) -> ActiveFloat:
        """Itself."""
        return self

    def is_integer(self) -> bool:
        """As of the float."""
        return bool(self.value.is_integer())

    def item(self) -> ActiveFloat:
        """As a Python number."""
        return ActiveFloat(float(self.value), self.node, self.recorder)


def _unknown(other: Any) -> Any:
    """What an operation answers to an operand that it does not know."""
    if isinstance(other, (complex, np.complexfloating)):
        raise refuse("complex numbers made of active ones are not recorded", "use the compiler: engine='numba'")
    return NotImplemented


def plain(x: Any) -> Any:
    """The float that an active one stands for; anything else as it is."""
    return x.value if isinstance(x, ActiveFloat) else x


def apply(name: str, compute: Callable[..., Any], *operands: Any) -> Any:
    """Compute with the values, and record the operation with the partials of the rule of that name."""
    values = [plain(x) for x in operands]
    value = compute(*values)
    if isinstance(value, complex):
        raise refuse(f"{name} of real numbers is complex here", "keep it real")
    active = [(k, x) for k, x in enumerate(operands) if isinstance(x, ActiveFloat)]
    if any(x.recorder is not active[0][1].recorder for _, x in active):
        raise kept()
    partials = get(name).partials
    if not active:
        return value
    if partials is None:
        raise refuse(f"no derivative of {name} is known", "use a function with a rule")
    edges = []
    with np.errstate(all="ignore"):
        floats = [np.float64(v) for v in values]  # inf instead of ZeroDivisionError
        y = np.float64(value)
        for k, x in active:
            partial = partials[k]
            if partial is not None:
                edges.append((x.node, float(partial(y, *floats))))
    recorder = active[0][1].recorder
    if not edges:
        return value
    if len(edges) == 1:
        node = recorder.one(name, value, *edges[0])
    else:
        node = recorder.two(name, value, *edges[0], *edges[1])
    return ActiveFloat(value, node, recorder)


def apply_one(name: str, compute: Callable[..., Any], x: ActiveFloat) -> Any:
    """`apply` to one operand, which is active: the common case, without the lists."""
    partials = get(name).partials
    value = compute(x.value)
    if partials is None or partials[0] is None:
        return value
    with np.errstate(all="ignore"):
        weight = float(partials[0](np.float64(value), np.float64(x.value)))
    return ActiveFloat(value, x.recorder.one(name, value, x.node, weight), x.recorder)


def node_of(x: Any) -> int:
    """The node of an active number, INACTIVE of any other."""
    return x.node if isinstance(x, ActiveFloat) else INACTIVE
