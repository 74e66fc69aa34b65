"""`ActiveArray`: an array of floats with the node of every element beside it.

The nodes lie in an array of the same shape, indexed alike, so that a view of the values has its view of the nodes:
aliases, slices, gathers and writes need no case of their own. An element that is not active has the node INACTIVE.

Invariant: `values` and `nodes` are indexed alike, always.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.engines.tape.recorder import INACTIVE, Recorder
from workbench.engines.tape.refusal import kept, refuse
from workbench.engines.tape.scalar import ActiveFloat, node_of, plain
from workbench.rules import by_callable

functions: dict[Any, Callable[..., Any]] = {}  # NumPy functions; filled in by `functions`


class ActiveArray:
    """An array whose elements may depend on the independent variables."""

    __slots__ = ("nodes", "recorder", "values")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, values: np.ndarray, nodes: np.ndarray, recorder: Recorder) -> None:
        self.values = values
        self.nodes = nodes
        self.recorder = recorder

    # ------------------------------------------------------------------ what it looks like
    @property
    def shape(self) -> tuple[int, ...]:
        """As of the values."""
        return self.values.shape

    @property
    def ndim(self) -> int:
        """As of the values."""
        return self.values.ndim

    @property
    def size(self) -> int:
        """As of the values."""
        return self.values.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """As of the values."""
        return self.values.dtype

    @property
    def T(self) -> ActiveArray:
        """Transposed: a view."""
        return self.like(lambda part: part.T)

    @property
    def real(self) -> ActiveArray:
        """Itself."""
        return self

    def like(self, action: Callable[[np.ndarray], Any]) -> Any:
        """The same action on values and nodes; a number where it gives one element."""
        return wrap(action(self.values), action(self.nodes), self.recorder)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Any:
        return (self[k] for k in range(len(self.values)))

    def __repr__(self) -> str:
        self.recorder.written_as_text = True
        return repr(self.values)

    def __str__(self) -> str:
        self.recorder.written_as_text = True
        return str(self.values)

    def __bool__(self) -> bool:
        return bool(self.values)

    def __float__(self) -> float:
        raise refuse("an active array is handed to code that would drop its derivative", "index it")

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise refuse("an active array is handed to code that would drop its derivative",
                     "use a function with a rule, or the compiler: engine='numba'")

    # ------------------------------------------------------------------ elements
    def __getitem__(self, key: Any) -> Any:
        key = plain_key(key)
        return wrap(self.values[key], self.nodes[key], self.recorder)

    def __setitem__(self, key: Any, value: Any) -> None:
        key = plain_key(key)
        values, nodes = parts(value)
        if self.recorder.closed:
            raise kept()
        if self.values.flags.writeable and not self.nodes.flags.writeable:
            raise refuse("an array is written whose memory another argument shares", "pass a copy (`.copy()`)")
        self.values[key] = values
        self.nodes[key] = nodes

    # ------------------------------------------------------------------ arithmetic
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return array_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        handler = functions.get(function)
        if handler is None:
            raise refuse(f"no derivative rule is known on the tape for numpy.{function.__name__}",
                         "use the compiler (engine='numba') or a function with a rule")
        return handler(*args, **options)

    def __getattr__(self, name: str) -> Any:
        function = getattr(np, name, None)
        if name.startswith("_") or functions.get(function) is None or not hasattr(np.ndarray, name):
            raise AttributeError(f"'numpy.ndarray' object has no attribute {name!r}" if not hasattr(np.ndarray, name)
                                 else f"the tape does not know the array method {name!r}")
        return lambda *args, **options: functions[function](self, *args, **options)

    def copy(self, order: str = "C") -> ActiveArray:
        """A copy."""
        return ActiveArray(self.values.copy(), self.nodes.copy(), self.recorder)

    __copy__ = __pos__ = copy

    def __deepcopy__(self, memo: Any) -> ActiveArray:
        return self.copy()

    def reshape(self, *shape: Any, order: str = "C") -> ActiveArray:
        """A view where NumPy gives one."""
        return self.like(lambda part: part.reshape(*shape))

    def transpose(self, *axes: Any) -> ActiveArray:
        """A view."""
        return self.like(lambda part: part.transpose(*axes))

    def flatten(self) -> ActiveArray:
        """A copy with one axis."""
        return self.like(lambda part: part.flatten())

    def fill(self, value: Any) -> None:
        """Write one number everywhere."""
        self[...] = value

    def item(self, *where: Any) -> Any:
        """One element, as a Python number."""
        self.values.item(*where)  # refuses what is not one element
        where = where[0] if len(where) == 1 else where
        several = isinstance(where, tuple) and where
        found = self.like(lambda part: part[where] if several else part.reshape(-1)[where or 0])
        return found.item()

    def tolist(self) -> Any:
        """Nested lists of Python numbers."""
        return [x.tolist() if isinstance(x, ActiveArray) else x.item() for x in self]

    def astype(self, dtype: Any, **options: Any) -> Any:
        """A copy of another kind; integers and bools have no derivative."""
        values = self.values.astype(dtype)
        if values.dtype.kind in "iub":
            return values
        if values.dtype.kind != "f":
            raise refuse(f"active numbers in an array of {values.dtype}", "keep it an array of floats")
        return ActiveArray(values, self.nodes.copy(), self.recorder)


def _operators() -> None:
    def binary(ufunc: Any) -> tuple[Any, Any, Any]:
        def left(self: ActiveArray, other: Any) -> Any:
            return array_ufunc(ufunc, "__call__", (self, other), {})

        def right(self: ActiveArray, other: Any) -> Any:
            return array_ufunc(ufunc, "__call__", (other, self), {})

        def in_place(self: ActiveArray, other: Any) -> ActiveArray:
            self[...] = array_ufunc(ufunc, "__call__", (self, other), {})
            return self
        return left, right, in_place
    for name, ufunc in {"add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide,
                        "pow": np.power, "mod": np.remainder, "floordiv": np.floor_divide, "matmul": np.matmul}.items():
        for prefix, method in zip(("", "r", "i"), binary(ufunc), strict=True):
            setattr(ActiveArray, f"__{prefix}{name}__", method)
    for name, ufunc in {"lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "eq": np.equal,
                        "ne": np.not_equal}.items():
        setattr(ActiveArray, f"__{name}__", binary(ufunc)[0])
    for name, ufunc in {"neg": np.negative, "abs": np.absolute}.items():
        setattr(ActiveArray, f"__{name}__", lambda self, ufunc=ufunc: array_ufunc(ufunc, "__call__", (self,), {}))


_operators()


# ---------------------------------------------------------------------- parts
def is_active(x: Any) -> bool:
    """True for active numbers and arrays."""
    return isinstance(x, (ActiveFloat, ActiveArray))


def holds_active(x: Any) -> bool:
    """True for active ones and for lists and tuples with one inside."""
    return is_active(x) or (isinstance(x, (list, tuple)) and any(holds_active(v) for v in x))


def parts(x: Any) -> tuple[Any, Any]:
    """Values and nodes of anything array-like."""
    if isinstance(x, (ActiveArray, ActiveFloat)):
        if x.recorder.closed:
            raise kept()
        return (x.values, x.nodes) if isinstance(x, ActiveArray) else (x.value, x.node)
    if isinstance(x, (list, tuple)) and holds_active(x):
        pairs = [parts(v) for v in x]
        return np.array([v for v, _ in pairs]), np.array([np.broadcast_to(n, np.shape(v)) for v, n in pairs])
    return x, INACTIVE


def values_of(x: Any) -> Any:
    """Values of anything array-like."""
    return parts(x)[0]


def recorder_of(*operands: Any) -> Recorder:
    """The recorder of the first active operand."""
    for x in operands:
        if is_active(x):
            return x.recorder  # type: ignore[no-any-return]
        if isinstance(x, (list, tuple)) and holds_active(x):
            return recorder_of(*x)
    raise refuse("an active number where this function takes a plain one", "take it out of the arguments")


def wrap(values: Any, nodes: Any, recorder: Recorder) -> Any:
    """An active array, an active number, or the plain number where the only element is not active."""
    if isinstance(values, np.ndarray):
        if values.dtype.kind != "f":
            raise refuse(f"active numbers in an array of {values.dtype}", "keep it an array of floats")
        return ActiveArray(values, np.asarray(nodes), recorder)
    return ActiveFloat(values, int(nodes), recorder) if nodes >= 0 else values


def fresh(values: Any, recorder: Recorder) -> Any:
    """A new array of floats that is not active yet, but may be written."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        return ActiveArray(values, np.full(values.shape, INACTIVE), recorder)
    return values


def plain_key(key: Any) -> Any:
    """An index without active parts (an index has no derivative)."""
    if isinstance(key, tuple):
        return tuple(plain_key(k) for k in key)
    return key.values if isinstance(key, ActiveArray) else key


def record(name: str, values: Any, edges: Sequence[tuple[Any, Any]], recorder: Recorder) -> Any:
    """A result with, per operand, nodes and partials that broadcast to its shape."""
    shape = np.shape(values)
    if np.asarray(values).dtype.kind != "f":
        raise refuse(f"an operation on active numbers gives {np.asarray(values).dtype}", "keep it real")
    edges = [(n, w) for n, w in edges if np.size(n) and np.max(n) >= 0]
    if not edges:
        return fresh(values, recorder) if isinstance(values, np.ndarray) else values
    sources = np.stack([np.broadcast_to(n, shape).reshape(-1) for n, _ in edges], axis=1)
    weights = np.stack([np.broadcast_to(w, shape).reshape(-1) for _, w in edges], axis=1)
    return wrap_new(name, values, sources, weights, recorder)


def wrap_new(name: str, values: Any, sources: np.ndarray, weights: np.ndarray, recorder: Recorder) -> Any:
    """A result with one row of sources and weights per element."""
    nodes = recorder.many(name, np.asarray(values), sources, weights)
    return ActiveArray(values, nodes, recorder) if isinstance(values, np.ndarray) else wrap(values, nodes[()], recorder)


# ---------------------------------------------------------------------- ufuncs
_REDUCED = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}


def array_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What NumPy calls for a ufunc with an active operand."""
    if method == "at":
        return _at(ufunc, *inputs)
    if method == "reduce":
        handler = functions.get(_REDUCED.get(ufunc))
        if handler is not None:
            return handler(*inputs, **{"axis": 0, **options})
    if method == "accumulate" and ufunc is np.add:
        return functions[np.cumsum](*inputs, **{"axis": 0, **options})
    if method == "outer" and len(inputs) == 2:
        a, b = inputs
        return array_ufunc(ufunc, "__call__", (a.reshape(a.shape + (1,) * np.ndim(values_of(b))), b), options)
    if method != "__call__":
        raise refuse(f"np.{ufunc.__name__}.{method} of active arrays is not recorded", "write it as a loop")
    out = options.pop("out", None)
    if any(value is not True for key, value in options.items() if key == "where") or set(options) - {"where"}:
        raise refuse(f"the options {sorted(options)} of np.{ufunc.__name__}", "leave them out")
    result = functions[np.matmul](*inputs) if ufunc is np.matmul else elementwise(ufunc, inputs)
    if out is None:
        return result
    (target,) = out
    if not isinstance(target, ActiveArray):
        raise refuse("an active result is written into an array made outside of the differentiated function",
                     "make the array inside, or pass it as an argument")
    target[...] = result
    return target


def elementwise(ufunc: Any, inputs: Sequence[Any]) -> Any:
    """A ufunc by the rule of its primitive."""
    values, nodes = zip(*(parts(x) for x in inputs), strict=True)
    y = ufunc(*values)
    if isinstance(y, tuple) or np.asarray(y).dtype.kind in "biu":
        if isinstance(y, tuple):
            raise refuse(f"np.{ufunc.__name__} has several results", "use functions with one")
        return y
    primitive = by_callable(ufunc)
    if primitive is None or primitive.partials is None:
        raise refuse(f"no derivative rule is known for numpy.{ufunc.__name__}", "use a function with a rule")
    recorder = recorder_of(*inputs)
    edges = []
    with np.errstate(all="ignore"):
        xs = [np.asarray(v, dtype=np.result_type(y)) for v in values]
        for n, partial in zip(nodes, primitive.partials, strict=True):
            if partial is not None and np.size(n) and np.max(n) >= 0:
                edges.append((n, partial(np.asarray(y), *xs)))
    return record(primitive.name, y, edges, recorder)


def _at(ufunc: Any, target: Any, where: Any, value: Any = None) -> None:
    if ufunc not in (np.add, np.subtract) or not isinstance(target, ActiveArray):
        raise refuse(f"np.{ufunc.__name__}.at of active arrays is not recorded", "write it as a loop")
    places = np.arange(target.size).reshape(target.shape)[plain_key(where)]
    values, nodes = parts(value)
    flat, amounts = places.reshape(-1), np.broadcast_to(values, places.shape).reshape(-1)
    sources = np.broadcast_to(nodes, places.shape).reshape(-1)
    for place, amount, node in zip(flat, amounts, sources, strict=True):
        index = np.unravel_index(place, target.shape)
        target[index] = ufunc(target[index], wrap(amount, node, target.recorder))


def _scalar_ufunc(self: ActiveFloat, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    """What NumPy calls for a ufunc of an active number."""
    return array_ufunc(ufunc, method, inputs, options)


ActiveFloat.__array_ufunc__ = _scalar_ufunc

__all__ = ["ActiveArray", "array_ufunc", "elementwise", "fresh", "functions", "holds_active", "is_active", "node_of",
           "parts", "plain", "plain_key", "record", "recorder_of", "values_of", "wrap", "wrap_new"]
