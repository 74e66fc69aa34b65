"""What is known while a kernel is evaluated: the launch shape, the block, the thread.

Invariant: numbers of a thread are read inside of the loop over the threads alone.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

from workbench.frontend.values import Scalar
from workbench.ir import Constant, DifferentiationError, Kind, Span, Value
from workbench.records import dataclass

AXES = "xyz"
_ZERO = Constant(0, Kind.INT)


@dataclass(eq=False)
class Dealt:
    """A loop of a launch, by its index: over blocks, threads of a block ("thread"), or both at once ("item")."""

    launch: Launch
    role: str
    axis: int
    phase: int = 0


@dataclass(eq=False)
class Launch:
    """A launch in progress. blocks, threads: how many along x, y, z; block, thread, item: their indices, None where
    there is none; meets: pairs of phases that no barrier keeps apart (see `phases.Phases`)."""

    name: str
    span: Span | None
    blocks: tuple[Value, ...]
    threads: tuple[Value, ...]
    shared: Any
    meets: frozenset[tuple[int, int]] = frozenset()
    block: tuple[Value, ...] | None = None
    thread: tuple[Value, ...] | None = None
    item: tuple[Value, ...] | None = None

    def total(self, t: Any, axis: int) -> Value:
        """All threads along an axis."""
        return _emitted(t, "mul", self.blocks[axis], self.threads[axis])

    def place(self, t: Any, axis: int) -> Value:
        """The number of the thread among all along an axis (`cuda.grid`)."""
        if self.item is not None:
            return self.item[axis]
        block, thread = self.block_at(t, axis), self.thread_at(t, axis)
        return _emitted(t, "add", _emitted(t, "mul", block, self.threads[axis]), thread)

    def thread_at(self, t: Any, axis: int) -> Value:
        """`threadIdx`."""
        if self.item is not None:
            return self._part(t, "mod", axis)
        if self.thread is None:
            raise DifferentiationError("the number of a thread is asked for where only its block is known",
                                       t.span, "ask for it in the kernel itself")
        return self.thread[axis]

    def block_at(self, t: Any, axis: int) -> Value:
        """`blockIdx`."""
        if self.item is not None:
            return self._part(t, "floordiv", axis)
        assert self.block is not None
        return self.block[axis]

    def _part(self, t: Any, prim: str, axis: int) -> Value:
        assert self.item is not None
        if self.threads[axis] == Constant(1, self.threads[axis].kind):
            return _ZERO if prim == "mod" else self.item[axis]
        made = _emitted(t, prim, self.item[axis], self.threads[axis])
        t.nonnegative.add(t.builder.resolve(made))
        return made


def _emitted(t: Any, prim: str, *operands: Value) -> Value:
    made: Value = t.emit(prim, *operands)
    return made


@dataclass(eq=False)
class Launches:
    """What a tracer notes of kernels. loops: those over blocks and threads, by their indices; atomics: versions of
    arrays that atomic operations made, and numbers that they read, with the operation; arrays: the cells of those on
    the device; met: whether there is any kernel."""

    now: Launch | None = None
    loops: dict[Value, Dealt] = field(default_factory=dict)
    atomics: dict[Value, str] = field(default_factory=dict)
    arrays: set[Any] = field(default_factory=set)
    met: bool = False


def number(t: Any, value: Value) -> Any:
    """An integer as Python's own."""
    return t.wrap(t.builder.resolve(value), True)


def as_scalar(value: Value) -> Scalar:
    """An index as Python's own integer."""
    return Scalar(value, True)
