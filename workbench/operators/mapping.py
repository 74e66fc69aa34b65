"""`wb.vmap`: a function of one item becomes one of a batch of them. It means a Python loop over the items:

    for k in range(n):
        results.append(f(x[k], y[k]))

In a compiled program it is that loop (`mapped_loops`), whose iterations are independent: it is differentiated like any
other, in one pass where that can be, and laid out so that the lanes of vector instructions are filled (`passes.lanes`).
On the tape, and where the compiler does not take the function, the loop is run by Python, below.

Invariant: items are read when their turn comes, as views, so that what the function writes into one is written into the
argument; what is not mapped cannot be written.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.engines import engine_named
from workbench.engines.tape.active import ACTIVE
from workbench.engines.tape.array import ActiveArray
from workbench.engines.tape.calls import mediate
from workbench.engines.tape.opaque import parts_of
from workbench.engines.tape.structures import rebuilt
from workbench.frontend import python_function, span_of
from workbench.frontend.activation import Activation
from workbench.frontend.composed.applying import agreed
from workbench.ir import DifferentiationError, Span
from workbench.operators import copies, mapped_loops
from workbench.operators.axes import EMPTY, NOTHING_MAPPED, UNEQUAL, Parts, normalised, of_arguments
from workbench.operators.copies import name_of
from workbench.operators.derivative import Derivative
from workbench.operators.tracebacks import tidied

PYTHON = Parts(parts_of, rebuilt)


class Mapped:
    """A function mapped over a batch axis of its arguments; see `wb.vmap`."""

    __name__: str

    def __init__(self, function: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0,
                 engine: str = "auto") -> None:
        self.function = function
        self.in_axes = in_axes
        self.out_axes = out_axes
        self.engine = engine_named(engine)
        if callable(function):  # (what stands for a function in a traced program is not)
            functools.update_wrapper(self, python_function(function), updated=())
            self.__wrapped__ = function
            self.__signature__ = _without_defaults(function)
        self.__name__ = str(getattr(function, "name", name_of(function)))

    def __reduce__(self) -> str | tuple[Any, ...]:
        """See `copies`."""
        return copies.reduced(self, (self.function, self.in_axes, self.out_axes, self.engine.name), {})

    @functools.cached_property
    def compiled(self) -> Derivative:
        """The compiled loop."""
        return Derivative(_Loop(self), "value", (), engine=self.engine.name)

    def __call__(self, *args: Any, **named: Any) -> Any:
        """What the function gives for each item, stacked."""
        try:
            if self.engine.alone is not None:
                return self.run(_directly, args, named)
            values = self.compiled
            given = {name: values.taken(value) for name, value in named.items()}
            bound, keywords = values.bind(tuple(map(values.taken, args)), given)
            return values.compiled_or_recorded(bound, keywords, lambda made: made.value(bound, *made.run(bound)),
                                               lambda runner: self.run(_directly, args, named))
        except (Exception, KeyboardInterrupt) as error:
            __tracebackhide__ = True
            raise tidied(error, self.span) from error.__cause__

    def __get__(self, owner: Any, cls: Any = None) -> Any:
        """The method of an object, where a class defines it."""
        return self if owner is None else types.MethodType(self, owner)

    def __repr__(self) -> str:
        return f"<{self.__name__}, mapped>"

    @property
    def span(self) -> Span | None:
        """Where the function is written."""
        return span_of(self.function)

    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """A call of it in a traced program: a loop."""
        return mapped_loops.MappedLoop(act, self).call(args, named)

    def recorded(self, *args: Any, **named: Any) -> Any:
        """A call of it in a recorded run: calls of the function."""
        return self.run(mediate, args, named)

    # ------------------------------------------------------------------ by Python
    def run(self, call: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """The loop over the items, every call by way of `call`."""
        sizes: dict[str, int] = {}
        axes = of_arguments(self.in_axes, len(args))

        def taken(value: Any, axis: int | None, name: str) -> Any:
            return _taken(value, axis, name, sizes)
        given = [PYTHON.mapped(v, a, f"argument {k}", taken) for k, (v, a) in enumerate(zip(args, axes, strict=True))]
        extra = {key: PYTHON.mapped(v, 0, f"argument {key!r}", taken) for key, v in named.items()}
        if not sizes:
            raise ValueError(NOTHING_MAPPED)
        if len(set(sizes.values())) > 1:
            raise ValueError(f"{UNEQUAL}: " + ", ".join(f"{name} has {n}" for name, n in sizes.items()))
        (count,) = set(sizes.values())
        if count == 0:
            raise ValueError(EMPTY)
        before = [_shallow(v) for v in (*given, *extra.values())]
        results = []
        for k in range(count):
            items = [_item(v, k) for v in given]
            results.append(call(self.function, *items, **{key: _item(v, k) for key, v in extra.items()}))
            if any(_changed(b, v) for b, v in zip(before, (*given, *extra.values()), strict=True)):
                raise DifferentiationError("a function under vmap changes an argument that is not mapped", self.span,
                                           "return what it computes")
        return _stacked(results, self.out_axes, call)


class _Loop:
    """The loop of a mapped function: compiled where it is traced, run by Python where it is called."""

    def __init__(self, mapped: Mapped) -> None:
        self.mapped = mapped
        functools.update_wrapper(self, mapped, updated=())
        self.__wrapped__ = mapped
        self.__signature__ = inspect.signature(mapped)

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self.mapped.run(_directly, args, named)

    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """The loop in a traced program."""
        return self.mapped.inlined(act, args, named)


class _Rows:
    """An array whose first axis is that of the items."""

    def __init__(self, values: Any) -> None:
        self.values = values


def _directly(callee: Any, *args: Any, **named: Any) -> Any:
    return callee(*args, **named)


def _without_defaults(function: Any) -> inspect.Signature:
    """The signature of the mapped function: what has a default value is mapped only where it is passed."""
    try:
        parameters = list(inspect.signature(python_function(function)).parameters.values())
    except ValueError:  # of a builtin function
        parameters = [inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL)]
    kept = [p for p in parameters if p.default is p.empty]
    kinds = {p.kind for p in kept}
    left = [p for p in parameters if p.default is not p.empty]
    if left and inspect.Parameter.VAR_KEYWORD not in kinds:
        kept.append(inspect.Parameter("named", inspect.Parameter.VAR_KEYWORD))
    if any(p.kind is not p.KEYWORD_ONLY for p in left) and inspect.Parameter.VAR_POSITIONAL not in kinds:
        place = sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in kept)
        kept.insert(place, inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL))
    return inspect.Signature(kept)


def _taken(value: Any, axis: int | None, name: str, sizes: dict[str, int]) -> Any:
    """A mapped array with the axis of the items in front; what is not mapped, read-only."""
    is_array = isinstance(value, np.ndarray)
    if axis is None or not (is_array or isinstance(value, (bool, int, float, complex, np.generic))):
        return _read_only(value) if is_array else value
    place = normalised(axis, np.ndim(value) if is_array else 0, name)
    sizes[name] = value.shape[place]

    def moved(part: Any) -> Any:
        return part.transpose(place, *(k for k in range(part.ndim) if k != place))
    return _Rows(value.like(moved) if type(value) is ActiveArray else moved(value))


def _read_only(array: Any) -> Any:
    def view(part: np.ndarray) -> np.ndarray:
        made = part.view()
        made.flags.writeable = False
        return made
    if type(array) is not ActiveArray:
        return view(array)
    inner = array.primal
    return ActiveArray(_read_only(inner), view(array.nodes), array.recorder)


def _item(x: Any, k: int) -> Any:
    """What the function gets of an argument for item k; an argument of which nothing is mapped is passed on itself."""
    if isinstance(x, _Rows):
        return x.values[k]
    found = parts_of(x) if _is_mapped(x) else None
    return x if found is None else rebuilt(x, found[0], [_item(v, k) for v in found[1]])


def _is_mapped(x: Any) -> bool:
    if isinstance(x, _Rows):
        return True
    found = parts_of(x)
    return found is not None and any(_is_mapped(v) for v in found[1])


def _shallow(x: Any) -> Any:
    """The containers of an argument that is not mapped, to see if they are changed."""
    found = parts_of(x)
    return x if found is None else (found[0], [_shallow(v) for v in found[1]])


def _changed(before: Any, x: Any) -> bool:
    found = parts_of(x)
    if found is None:
        return before is not x
    return not isinstance(before, tuple) or before[0] != found[0] or len(before[1]) != len(found[1]) or any(
        _changed(b, v) for b, v in zip(before[1], found[1], strict=True))


# ---------------------------------------------------------------------- results
def _stacked(results: list[Any], out_axes: Any, call: Callable[..., Any]) -> Any:
    """The results of all items as one structure of arrays."""
    columns: dict[str, list[Any]] = {}

    def collect(k: int) -> Callable[[Any, int | None, str], Any]:
        def leaf(value: Any, axis: int | None, name: str) -> Any:
            if k > 0 and name not in columns:
                raise ValueError(f"vmap: {name} is not there for all items")
            columns.setdefault(name, []).append(value)
            return name, axis
        return leaf
    for k, result in enumerate(results):
        PYTHON.mapped(result, out_axes, "the result", collect(k))
        if any(len(column) != k + 1 for column in columns.values()):
            raise ValueError("vmap: the results have not the same structure for all items")

    def joined(value: Any, axis: int | None, name: str) -> Any:
        return _column(columns[name], axis, name, call)
    return PYTHON.mapped(results[0], out_axes, "the result", joined)


def _column(values: list[Any], axis: int | None, name: str, call: Callable[..., Any]) -> Any:
    """One number or array of the result, stacked."""
    if all(v is None for v in values):
        return None
    if not all(isinstance(v, (bool, int, float, complex, np.generic, np.ndarray)) or type(v) in ACTIVE for v in values):
        raise TypeError(f"vmap: {name} is {values[0]!r}; a mapped function returns numbers and arrays")
    shapes = {np.shape(v) for v in values}
    if len(shapes) > 1:
        raise ValueError(f"vmap: {name} has not the same shape for all items: {sorted(shapes)}")
    stacked = call(np.stack, values) if shapes != {()} else call(np.array, values)
    if stacked.dtype == object:
        raise DifferentiationError(f"vmap: {name} is an integer beyond 64 bits", None, "keep it a float")
    if axis is None:
        return agreed(stacked)
    place = normalised(axis, stacked.ndim, name)
    return stacked if place == 0 else call(np.moveaxis, stacked, 0, place)
