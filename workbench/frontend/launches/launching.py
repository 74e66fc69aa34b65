"""A launch of a kernel in a program: loops over its blocks and threads, in which the kernel is evaluated.

A kernel without barriers is a loop over all threads. One with barriers is a loop over the blocks, in it a loop over the
threads for each phase (`phases`). That any order of the threads gives the same is proved when the program has been
traced (`races`).
"""

from __future__ import annotations

import ast
import functools
import types
from collections.abc import Callable
from typing import Any

from workbench.frontend import indexing, source
from workbench.frontend.activation import Activation
from workbench.frontend.launches import names
from workbench.frontend.launches.names import Configured
from workbench.frontend.launches.phases import phases_of
from workbench.frontend.launches.trees import Mark
from workbench.frontend.library import creation
from workbench.frontend.library.operands import dtype_kind
from workbench.frontend.library.registry import handles_instances
from workbench.frontend.loops import counted
from workbench.frontend.moving import Loop
from workbench.frontend.numbers import common_kind, is_python_number, number_kind
from workbench.frontend.threads import AXES, Dealt, Launch, as_scalar, number
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.unwinding import NeedStatic, Restart
from workbench.frontend.values import Array, Scalar, describe
from workbench.ir import Constant, Kind, Value

#: Loops around barriers that turn more often stay loops.
MOST_TURNS = 16
#: Evaluates the tree of a kernel: (activation, tree, arguments, function) -> what it gives.
Run = Callable[[Activation, ast.FunctionDef, tuple[Any, ...], types.FunctionType], Any]
_HINT = "write k[blocks, threads](...), each a number or a tuple of up to three"


def configured(act: Activation, kernel: Any, key: Any) -> Configured:
    """`kernel[blocks, threads]`, with a stream and the size of shared memory where they are given."""
    t = act.t
    function = names.kernel_function(kernel)
    assert function is not None
    t.launches.met = True
    if names.is_device_function(kernel):
        t.fail(f"{function.__name__} is a device function: it is called, not launched", _HINT)
    if not isinstance(key, tuple) or not 2 <= len(key) <= 4:
        raise ValueError("must specify at least the griddim and blockdim")
    if len(key) > 2 and not _is_default_stream(key[2]):
        t.fail("a kernel in a stream of its own", "leave the stream out, or give 0")
    return Configured(function, _shape(t, key[0]), _shape(t, key[1]), key[3] if len(key) > 3 else 0)


def _is_default_stream(stream: Any) -> bool:
    return stream is None or (isinstance(stream, int) and stream == 0)


def _shape(t: Tracer, given: Any) -> tuple[Any, ...]:
    parts = given if isinstance(given, tuple) else (given,)
    if not 1 <= len(parts) <= 3:
        t.fail("a launch shape of more than three axes", _HINT)
    return (*parts, *(1,) * (3 - len(parts)))


def launched(act: Activation, launch: Configured, args: tuple[Any, ...], named: dict[str, Any], run: Run) -> None:
    """Run a kernel for all of its threads."""
    t = act.t
    noted = t.launches
    noted.met = True
    if noted.now is not None:
        t.fail("a kernel that launches a kernel", "launch it from Python")
    if named:
        t.fail("arguments of a kernel by name", "give them by position")
    node = source.definition_of(launch.function)
    assert isinstance(node, ast.FunctionDef)
    t.environment.guard_function(launch.function)
    phases = phases_of(launch.function, node, frozenset(key[2] for key in t.decisions if key[:2] == (
        "turns", node.name)))
    blocks, threads = (tuple(t.integer(n, "a launch shape") for n in shape)
                       for shape in (launch.blocks, launch.threads))
    for size, given in zip(threads, launch.threads, strict=True):
        if _is_of_globals(t, size):
            raise NeedStatic(given, "the number of threads of a block", t.span)
    for size in (*blocks, *threads):
        if isinstance(size, Constant) and size.value.real < 1:
            raise ValueError("a launch shape must be positive")
        if not isinstance(size, Constant):
            t.nonnegative.add(t.builder.resolve(size))
    _check_size(t, threads)
    now = Launch(launch.function.__name__, t.span, blocks, threads, launch.shared, phases.meets)
    span = t.builder.span

    def whole() -> None:
        t.builder.span = span
        given = run(act, phases.node, args, launch.function)
        if given is not None:
            t.fail(f"the kernel {now.name} gives a value", "write results into an array")
    noted.now = now
    try:
        if phases.alone:
            _over_items(t, now, whole)
        else:
            _over(t, now, "block", blocks, whole)
    finally:
        noted.now = None


def _is_of_globals(t: Tracer, size: Value) -> bool:
    """Whether a number is computed at run time of what is no argument, but a constant of the program."""
    if isinstance(size, Constant):
        return False
    pending, seen = [size], set()
    while pending:
        value = t.builder.resolve(pending.pop())
        if isinstance(value, Constant) or value in seen:
            continue
        seen.add(value)
        op = t.builder.definitions.get(value)
        if op is None:
            item = next((i for i in t.environment.inputs if i.value is value), None)
            if item is None or item.path.is_argument or item.kind is not Kind.INT:
                return False
        else:
            pending.extend(op.operands)
    return True


def _check_size(t: Tracer, threads: tuple[Value, ...]) -> None:
    """Refuse blocks that no GPU has."""
    most = 1
    for size in threads:
        most *= int(size.value.real) if isinstance(size, Constant) else 1
    if most > 1024:
        t.fail(f"a block of {most} threads", "a block has at most 1024")


def _over_items(t: Tracer, now: Launch, body: Callable[[], None]) -> None:
    """A loop over all threads, along each axis that has several."""
    totals = tuple(now.total(t, axis) for axis in range(3))
    _over(t, now, "item", totals, body)


def _over(t: Tracer, now: Launch, role: str, sizes: tuple[Value, ...], body: Callable[[], None], phase: int = 0
          ) -> None:
    """Loops over the blocks ("block"), the threads of a block ("thread"), or all threads ("item")."""
    axes = [axis for axis, size in enumerate(sizes) if t.builder.resolve(size) != ONE]
    found: list[Value] = [ZERO, ZERO, ZERO]
    if role == "block" and len(axes) > 1:
        _over_all(t, now, sizes, axes, body)
        return

    def nest(k: int) -> None:
        if k == len(axes):
            before = getattr(now, role)
            setattr(now, role, tuple(found))
            try:
                body()
            finally:
                setattr(now, role, before)
            return
        axis = axes[k]

        def turn(index: Scalar) -> None:
            t.launches.loops[index.value] = Dealt(now, role, axis, phase)
            found[axis] = index.value
            nest(k + 1)
        key = ("launch", now.name, now.span, role, axis, phase, t.calls)
        letter = {"block": "b", "thread": "t", "item": ""}[role]
        loop = Loop(key, blocks=role == "block", threads=role == "thread")
        counted(t, loop, ZERO, sizes[axis], 1, f"{letter}{AXES[axis]}" if letter else "ijk"[axis], turn)
    nest(0)


def _over_all(t: Tracer, now: Launch, sizes: tuple[Value, ...], axes: list[int], body: Callable[[], None]) -> None:
    """One loop over the blocks of several axes, the last one the fastest: each is a block of threads by itself."""
    total = functools.reduce(lambda a, b: t.emit("mul", a, b), (sizes[axis] for axis in axes))

    def turn(index: Scalar) -> None:
        t.launches.loops[index.value] = Dealt(now, "block", axes[0])
        rest = index.value
        found: list[Value] = [ZERO, ZERO, ZERO]
        for axis in reversed(axes[1:]):
            found[axis] = t.emit("mod", rest, sizes[axis])
            rest = t.emit("floordiv", rest, sizes[axis])
            t.nonnegative.update(t.builder.resolve(v) for v in (found[axis], rest))
        found[axes[0]] = rest
        now.block = tuple(found)
        body()
        now.block = None
    counted(t, Loop(("launch", now.name, now.span, "block", t.calls), blocks=True), ZERO, total, 1, "block", turn)


# ---------------------------------------------------------------------- what rewritten kernels call
@handles_instances(Mark)
def _marked(mark: Mark, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    now = act.t.launches.now
    assert now is not None
    return _MARKS[mark.kind](act, now, mark.key, *args, **named)


def _place_of(act: Activation, now: Launch, axis: str) -> Any:
    """The number of the thread among all along an axis."""
    return number(act.t, now.place(act.t, AXES.index(axis)))


def _phase(act: Activation, now: Launch, number: int, function: Any) -> None:
    """What each thread of the block does between two barriers."""
    span = act.t.builder.span

    def body() -> None:
        act.t.builder.span = span
        act.t.environment.call(act, function, (), {})
    _over(act.t, now, "thread", now.threads, body, number)


def _turns(act: Activation, now: Launch, key: Any, test: Any, turn: Any) -> None:
    """A loop around barriers of which it is known how often it turns."""
    call = act.t.environment.call
    for _ in range(MOST_TURNS):
        going = call(act, test, (), {})
        if isinstance(going, Scalar):
            break
        if not going:
            return
        call(act, turn, (), {})
    raise Restart(("turns", *key), True, act.t.span, "how often a loop around barriers turns is known at run time only")


def _strides(act: Activation, now: Launch, key: Any, start: Any, stop: Any, step: Any) -> Any:
    """How many turns `range(start, stop, step)` has at most, whichever thread it is: start is not negative."""
    t = act.t
    first, last, stride = (t.integer(n) for n in (start, stop, step))
    known = t.polynomial(stride)
    sizes = [t.polynomial(v) for axis in range(3) for v in (now.threads[axis], now.total(t, axis))]
    positive = (known.constant is not None and known.constant > 0) or (known.constant is None and known in sizes)
    if not positive or not t.is_nonnegative(first):
        raise Restart(("turns", *key), True, t.span, "a loop by a stride whose sign is not known")
    turns = t.emit("floordiv", t.emit("add", last, t.emit("sub", stride, ONE)), stride)
    return number(t, turns)


def _kept(act: Activation, now: Launch, key: Any) -> Any:
    """An array with an element for each thread of a block, for a name that lives across a barrier."""
    kind, _ = act.t.decisions.get(("kept across a barrier", key), (Kind.F64, True))
    return creation.filled(act.t, list(_sizes(act.t, now)), 0, kind)


def _sizes(t: Tracer, now: Launch) -> tuple[Value, ...]:
    """How many threads a block has, along each axis that has several (of one thread: one axis)."""
    sizes = tuple(size for size in now.threads if t.builder.resolve(size) != ONE)
    return sizes or (ONE,)


def _place(t: Tracer, now: Launch) -> tuple[Any, ...]:
    assert now.thread is not None
    own = tuple(v for v, size in zip(now.thread, now.threads, strict=True) if t.builder.resolve(size) != ONE)
    return tuple(as_scalar(v) for v in own or (ZERO,))


def _load(act: Activation, now: Launch, key: Any, box: Array) -> Any:
    """The number that a thread has kept."""
    _, python = act.t.decisions.get(("kept across a barrier", key), (Kind.F64, True))
    found = indexing.get(act.t, box, _place(act.t, now))
    return Scalar(found.value, python) if isinstance(found, Scalar) else found


def _store(act: Activation, now: Launch, key: Any, box: Array, value: Any) -> None:
    """Keep a thread's number."""
    t = act.t
    kind = number_kind(value)
    if kind is None or isinstance(value, Array):
        t.fail(f"{key[0]} is {describe(value)}, and read behind a barrier",
               "keep numbers across barriers; make views again")
    decision = ("kept across a barrier", key)
    python = is_python_number(value)
    known = t.decisions.get(decision)
    wanted = (kind, python) if known is None else _joined(known, value, kind, python)
    if wanted != known:
        raise Restart(decision, wanted, t.span, f"{key[0]} changes its type")
    indexing.put(t, box, _place(t, now), value)


def _joined(known: tuple[Kind, bool], value: Any, kind: Kind, python: bool) -> tuple[Kind, bool]:
    """The kind of what is kept: Python's numbers take part as they do in NumPy's arithmetic."""
    before = Scalar(Constant(0, known[0]), known[1])
    joined = common_kind(before, value) if python == known[1] or known[0] is not kind else kind
    return joined, known[1] and python


def _rows(act: Activation, now: Launch, key: Any, shape: Any, dtype: Any) -> Any:
    """A local array for each thread of a block."""
    dims = [*_sizes(act.t, now), *creation.shape_dims(act.t, constant_shape(act.t, shape))]
    return act.t.new_array(act.t.emit("empty", *dims, kind=dtype_kind(act.t, numpy_dtype(dtype))))


def _row(act: Activation, now: Launch, key: Any, box: Array) -> Any:
    """The thread's local array."""
    return indexing.get(act.t, box, _place(act.t, now))


_MARKS: dict[str, Any] = {"place": _place_of, "phase": _phase, "turns": _turns,
                          "strides": _strides, "kept": _kept, "load": _load,
                          "store": _store, "rows": _rows, "row": _row}


def constant_shape(t: Tracer, shape: Any) -> Any:
    """The shape of a shared or local array, which is a constant, as for Numba."""
    if isinstance(shape, tuple):
        return tuple(t.static_int(n, "the size of a shared or local array") for n in shape)
    return t.static_int(shape, "the size of a shared or local array")


def numpy_dtype(dtype: Any) -> Any:
    """A dtype as NumPy's: Numba's types have their names."""
    if type(dtype).__module__.startswith("numba") and isinstance(getattr(dtype, "name", None), str):
        return {"boolean": "bool", "bool_": "bool"}.get(dtype.name, dtype.name)
    return dtype


__all__ = ["configured", "constant_shape", "launched", "numpy_dtype"]
