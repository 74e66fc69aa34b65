"""`ActiveArray`: an array of floats or complex numbers with the node of every element beside it.

The nodes lie in an array of the same shape, indexed alike, so that a view of the values has its view of the nodes:
aliases, slices, gathers and writes need no case of their own. An element that is not active has the node INACTIVE.
Under an outer recorder the values are an active array of that one.

Invariant: `values` and `nodes` are indexed alike, always.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.engines.tape.active import (
    ACTIVE,
    COMPLEX,
    bottom,
    holds_active,
    is_constant,
    plain_key,
    recorder_of,
)
from workbench.engines.tape.active_number import bare
from workbench.engines.tape.flat import Flat
from workbench.engines.tape.meanings import functions
from workbench.engines.tape.operations import as_complex, number
from workbench.engines.tape.recorder import INACTIVE, Recorder
from workbench.engines.tape.refusal import kept, refuse
from workbench.engines.tape.scalar import ActiveComplex, ActiveFloat
from workbench.engines.tape.texts import checked_text

_HANDED = "an active array is handed to code that would drop its derivative"


class ActiveArray:
    """An array whose elements may depend on the independent variables."""

    __slots__ = ("nodes", "primal", "recorder")
    __hash__ = None  # type: ignore[assignment]
    __array_ufunc__: Any  # set where ufuncs are known
    __array_function__: Any

    def __init__(self, values: Any, nodes: np.ndarray, recorder: Recorder) -> None:
        self.primal = values
        self.nodes = nodes
        self.recorder = recorder

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """An array, as far as `isinstance` and patterns go."""
        return np.ndarray

    # ------------------------------------------------------------------ what it looks like
    @property
    def shape(self) -> tuple[int, ...]:
        """As of the values."""
        return self.nodes.shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        self.primal.shape = shape
        self.nodes.shape = shape

    @property
    def ndim(self) -> int:
        """As of the values."""
        return self.nodes.ndim

    @property
    def size(self) -> int:
        """As of the values."""
        return self.nodes.size

    @property
    def dtype(self) -> Any:
        """As of the values."""
        return self.primal.dtype

    @property
    def itemsize(self) -> int:
        """As of the values."""
        return int(self.primal.dtype.itemsize)

    @property
    def nbytes(self) -> int:
        """As of the values."""
        return self.size * self.itemsize

    @property
    def flags(self) -> Any:
        """As of the values."""
        return self.primal.flags

    @property
    def T(self) -> Any:
        """Transposed: a view."""
        return self.like(lambda part: part.T)

    @property
    def flat(self) -> Flat:
        """The elements in row-major order."""
        return Flat(self)

    @flat.setter
    def flat(self, value: Any) -> None:
        Flat(self)[:] = value

    @property
    def real(self) -> ActiveArray:
        """The real part: itself, or a part that is not to be written."""
        if self.dtype.kind != "c":
            return self
        nodes = self.nodes.view()  # those of the number itself: writes to it are seen
        nodes.flags.writeable = False  # a write would be seen in the values only
        return ActiveArray(self.primal.real, nodes, self.recorder)

    @real.setter
    def real(self, value: Any) -> None:
        self[...] = value + 1j * self.imag if self.dtype.kind == "c" else value

    @property
    def imag(self) -> Any:
        """The imaginary part."""
        if self.dtype.kind != "c":
            zeros = np.zeros_like(bottom(self))
            zeros.flags.writeable = False
            return zeros
        nodes = np.where(self.nodes >= 0, self.nodes + 1, INACTIVE)
        nodes.flags.writeable = False
        owner = _owner(self.nodes)
        self.recorder.imaginary.setdefault(id(owner), (owner, []))[1].append(weakref.ref(nodes))
        return ActiveArray(self.primal.imag, nodes, self.recorder)

    @imag.setter
    def imag(self, value: Any) -> None:
        if self.dtype.kind != "c":
            raise TypeError("array does not have imaginary part to set")
        self[...] = self.real + 1j * value

    def like(self, action: Callable[[Any], Any]) -> Any:
        """The same action on values and nodes; a number where it gives one element."""
        return wrap(action(self.primal), action(self.nodes), self.recorder)

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Any:
        return (self[k] for k in range(len(self.nodes)))

    def __repr__(self) -> str:
        self.recorder.written_as_text = True
        return repr(self.primal)

    def __str__(self) -> str:
        self.recorder.written_as_text = True
        return str(self.primal)

    def __bool__(self) -> bool:
        return bool(bottom(self))

    def __int__(self) -> int:
        return int(bottom(self))

    def __float__(self) -> float:
        raise refuse(_HANDED, "index it")

    __complex__ = __float__

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if not is_constant(self):
            raise refuse(_HANDED, "use a function with a rule, or the compiler: engine='numba'")
        values = bottom(self)
        if copy or (dtype is not None and np.dtype(dtype) != values.dtype):
            return np.array(values, dtype)
        self.show()
        values = values.view()
        values.flags.writeable = False
        return values

    def show(self) -> None:
        """Code outside of Python may read the values from here on: they must not become active, that would not be
        seen."""
        owner = _owner(self.nodes)
        self.recorder.shown[id(owner)] = owner

    def __reduce__(self) -> Any:
        raise refuse("an active array is pickled", "take its value out of the differentiated function first")

    def __contains__(self, item: Any) -> bool:
        return bool(np.any(bottom(self) == bottom(item)))

    # ------------------------------------------------------------------ elements
    def __getitem__(self, key: Any) -> Any:
        if type(key) is not int:
            key = plain_key(key)
        return wrap(self.primal[key], self.nodes[key], self.recorder)

    def __setitem__(self, key: Any, value: Any) -> None:
        if type(key) is not int:
            key = plain_key(key)
        r = self.recorder
        if r.closed:
            raise kept()
        values, nodes = parts(value, r, self.dtype.kind == "c")
        if type(nodes) is int and nodes < 0:
            checked_text(value)
        if not self.nodes.flags.writeable and bottom(self).flags.writeable:
            raise refuse("an array is written whose memory another argument (or a complex array) shares",
                         "pass a copy (`.copy()`)")
        if r.imaginary and any(part() is not None for part in r.imaginary.get(id(_owner(self.nodes)), (None, ()))[1]):
            raise refuse("a complex array is written while a name holds its imaginary part, a view of it",
                         "copy the part (`.copy()`)")
        if r.shown and np.max(nodes, initial=INACTIVE) >= 0 and id(_owner(self.nodes)) in r.shown:
            raise refuse("an active number is written into an array that code outside of Python has been given",
                         "give it a copy (`.copy()`)")
        self.primal[key] = values
        self.nodes[key] = nodes

    # ------------------------------------------------------------------ methods
    def copy(self, order: Any = "C") -> ActiveArray:
        """A copy."""
        values = self.primal.copy(order=order)
        return ActiveArray(values, laid_as(values, self.nodes), self.recorder)

    def __copy__(self) -> ActiveArray:
        return self.copy("K")

    __pos__ = __copy__

    def __deepcopy__(self, memo: Any) -> ActiveArray:
        return self.copy("K")

    def view(self, *args: Any) -> Any:
        """A view of the same kind."""
        if args and not (args[0] is np.ndarray or np.dtype(args[0]) == self.dtype):
            raise refuse("an active array is viewed as one of another kind", "use .astype")
        return self.like(lambda part: part[...])

    def reshape(self, *shape: Any, order: str = "C", **copy: bool | None) -> Any:
        """A view where NumPy gives one, unless a copy is asked for."""
        return alike(self, lambda part: part.reshape(*shape, order=order, **copy))

    def transpose(self, *axes: Any) -> Any:
        """A view."""
        return self.like(lambda part: part.transpose(*axes))

    def flatten(self, order: str = "C") -> Any:
        """A copy with one axis."""
        return self.like(lambda part: part.flatten(order))

    def fill(self, value: Any, /) -> None:
        """Write one number everywhere."""
        self[...] = value

    def conj(self, *out: Any) -> Any:
        """The conjugate: of a real array, as in NumPy, the array itself."""
        return np.conjugate(self, *out) if out or self.dtype.kind == "c" else self

    conjugate = conj

    def sort(self, axis: int = -1, *args: Any, **options: Any) -> None:
        """Sort in place."""
        if axis is None:
            raise TypeError("'NoneType' object cannot be interpreted as an integer")
        self[...] = functions[np.sort](self, axis, *args, **options)

    def partition(self, kth: Any, axis: int = -1, *args: Any, **options: Any) -> None:
        """Put the elements up to some in their places, in place."""
        self[...] = functions[np.partition](self, kth, axis, *args, **options)

    def put(self, indices: Any, values: Any, mode: str = "raise") -> None:
        """Write into the elements in order."""
        functions[np.put](self, indices, values, mode)

    def setflags(self, write: Any = None, align: Any = None, uic: Any = None) -> None:
        """Of the values."""
        self.primal.setflags(write=write, align=align, uic=uic)

    def item(self, *where: Any) -> Any:
        """One element, as a Python number."""
        place = where[0] if len(where) == 1 and isinstance(where[0], tuple) else where
        if not place and self.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        if len(place) > 1 and len(place) != self.ndim:
            raise ValueError("incorrect number of indices for array")
        found = self.like(lambda part: part[place] if len(place) > 1 else part.reshape(-1)[place[0] if place else 0])
        return bare(found)

    def tolist(self) -> Any:
        """Nested lists of Python numbers."""
        if not self.ndim:
            return self.item()
        return [x.tolist() if type(x) is ActiveArray else bare(x) for x in self]

    def astype(self, dtype: Any, order: Any = "K", casting: Any = "unsafe", subok: bool = True,
               copy: bool = True) -> Any:
        """Of another kind: a copy, or, with copy=False, the array itself where it is as asked. Integers and bools have
        no derivative."""
        kind = np.dtype(dtype).kind
        if kind in "iub":
            return bottom(self).astype(dtype, order, casting)
        lying = bottom(self)
        found = lying.astype(dtype, order, casting, subok, copy)  # (refuses the casts that NumPy refuses)
        if found is lying:
            return self
        if kind not in "fc":
            raise refuse(f"active numbers in an array of {np.dtype(dtype)}", "keep it an array of floats")
        if kind == "f" and self.dtype.kind == "c":
            return self.real.astype(dtype)
        if kind == "c":
            values, nodes = parts(self, self.recorder, True)
            return ActiveArray(values.astype(dtype, order=order), nodes.copy(order=order), self.recorder)
        return ActiveArray(self.primal.astype(dtype, order=order), self.nodes.copy(order=order), self.recorder)


ACTIVE.add(ActiveArray)


# ---------------------------------------------------------------------- parts


def _owner(nodes: Any) -> Any:
    """The array that owns the memory of a view."""
    while nodes.base is not None:
        nodes = nodes.base
    return nodes


def parts(x: Any, recorder: Recorder, complex_: bool = False) -> tuple[Any, Any]:
    """Values and nodes of anything array-like, for a recorder; with `complex_`, nodes of complex numbers."""
    if type(x) in ACTIVE:
        if x.recorder is not recorder:
            if x.recorder.closed:
                raise kept()
            if x.recorder.level > recorder.level:
                raise refuse("a number of an inner derivative is written where an outer function's numbers are",
                             "return it from the inner function")
            return x, INACTIVE
        if complex_ and type(x) is ActiveFloat:
            x = as_complex(x)
        elif complex_ and type(x) is ActiveArray and x.dtype.kind != "c":
            return x.primal + 0j, _paired(x)
        return (x.primal, x.nodes if type(x) is ActiveArray else x.node)
    if holds_active(x):
        return parts(from_items(x), recorder, complex_)
    return x, INACTIVE


def _paired(x: ActiveArray) -> np.ndarray:
    """Nodes of a real array as a complex one."""
    nodes = np.full(x.shape, INACTIVE)
    found = x.nodes >= 0
    count = int(found.sum())
    if count:
        values = np.zeros(2 * count)
        values[::2] = bottom(x)[found]
        sources, weights = np.full((2 * count, 1), INACTIVE), np.ones((2 * count, 1))
        sources[::2, 0] = x.nodes[found]
        nodes[found] = x.recorder.many("complex", values, sources, weights)[::2]
    return nodes


def wrap(values: Any, nodes: Any, recorder: Recorder) -> Any:
    """An active array, an active number, or the plain number where the only element is not active."""
    if type(nodes) is np.ndarray:
        if values.dtype.kind not in "fc":
            raise refuse(f"active numbers in an array of {values.dtype}", "keep it an array of floats")
        if values.shape != nodes.shape:
            raise refuse(f"{values.shape} numbers with {nodes.shape} nodes: a fault of the tape", "report it, please")
        if recorder.outer is not None and type(values) is np.ndarray:
            values = fresh(values, recorder.outer)
        return ActiveArray(values, nodes, recorder)
    return number(values, nodes, recorder) if nodes >= 0 else values


def alike(array: ActiveArray, action: Callable[[Any], Any]) -> Any:
    """`array.like(action)`, where the action gives a view or a copy according to how the array lies in memory."""
    primal, nodes = action(array.primal), action(array.nodes)
    viewed = np.may_share_memory(bottom(primal), bottom(array.primal))
    if np.may_share_memory(nodes, array.nodes) and not viewed:
        nodes = nodes.copy()
    elif viewed and not np.may_share_memory(nodes, array.nodes) and nodes.size:
        raise refuse("a view of an array that lies in memory in an unusual way", "pass a copy (`.copy()`)")
    return wrap(primal, nodes, array.recorder)


def laid_as(model: Any, part: Any) -> Any:
    """A copy of a part of an active array (its values or its nodes) that lies as another array of its shape."""
    if type(part) is ActiveArray:
        return part.like(lambda inner: laid_as(model, inner))
    made = np.empty_like(bottom(model), dtype=part.dtype)
    made[...] = part
    return made


def fresh(values: Any, recorder: Recorder | None) -> Any:
    """A new array that is not active yet, but may be written; anything but an array of floats as it is."""
    if recorder is None or values.__class__ is not np.ndarray or values.dtype.kind not in "fc":
        return values
    array: Any = values
    if type(array) is np.ndarray or array.recorder is not recorder:
        nodes = np.full_like(bottom(array), INACTIVE, dtype=np.int64, subok=False)  # (laid out alike)
        return ActiveArray(fresh(array, recorder.outer), nodes, recorder)
    return array


# ---------------------------------------------------------------------- arrays from numbers
def from_items(items: Any) -> Any:
    """Nested lists and tuples with active numbers and arrays inside, as one array."""
    if type(items) is ActiveArray:
        return items
    recorder = recorder_of(items)
    if _has_complex(items):
        items = _widened(items)
    shape = np.shape(bottom(items))
    found = _leaves(items)
    if len({np.shape(bottom(x)) for x in found}) > 1:  # arrays beside lists
        found = [v for x in found for v in _one_by_one(x)]
    pieces = [parts(x, recorder) for x in found]
    values = [v for v, _ in pieces]
    nodes = [np.broadcast_to(n, np.shape(v)) if type(v) in ACTIVE or np.ndim(v) else n for v, n in pieces]
    stacked = from_items(values) if holds_active(values) else np.array(values)
    if stacked.dtype.kind not in "fc":
        raise refuse(f"active numbers in an array of {stacked.dtype}", "keep it an array of floats")
    made = ActiveArray(stacked, np.array(nodes, dtype=np.int64), recorder) if recorder.outer is None else wrap(
        stacked, np.array(nodes, dtype=np.int64), recorder)
    return made.reshape(shape)


def _leaves(items: Any) -> list[Any]:
    if type(items) not in ACTIVE and isinstance(items, (list, tuple)):
        return [v for x in items for v in _leaves(x)]
    return [items]


def _one_by_one(x: Any) -> list[Any]:
    """The elements of an array; a number as it is."""
    return [v for k in range(len(x)) for v in _one_by_one(x[k])] if np.ndim(bottom(x)) else [x]


def _has_complex(items: Any) -> bool:
    if type(items) is ActiveComplex or type(items) in COMPLEX:
        return True
    if items.__class__ is np.ndarray:
        return bool(items.dtype.kind == "c")
    return isinstance(items, (list, tuple)) and any(_has_complex(v) for v in items)


def _widened(items: Any) -> Any:
    if type(items) is ActiveFloat:
        return as_complex(items)
    if type(items) is ActiveArray:
        return items.astype(np.complex128)
    return [_widened(v) for v in items] if isinstance(items, (list, tuple)) and type(items) not in ACTIVE else items


# ---------------------------------------------------------------------- recording

