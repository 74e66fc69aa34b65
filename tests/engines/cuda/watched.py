"""Kernels run thread by thread on the CPU with every access to memory watched: what Numba's simulator does not see.

Two threads of a launch that touch one element, one of them to write and not atomically, race; in one block a barrier
between them orders the two. Threads of a block run one after the other from barrier to barrier, in random order, so
that a race also shows in the results, and what is not written yet is NaN.

It stands in for `workbench.engines.cuda.device` and `numba.cuda`: the text of the kernels is what a GPU would get.
"""
from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy import special

from workbench.engines.cuda.host import Program
from workbench.engines.cuda.problems import Problem
from workbench.ir import DifferentiationError
from workbench.rules import source_of

NOBODY = (-1, -1, 0, False, False)


class Race(Exception):
    """Two threads meet at an element."""


@dataclass
class Now:
    """The thread that runs: its number, its block's, how many barriers it has passed."""

    thread: int = 0
    block: int = 0
    epoch: int = 0
    launch: int = 0


class Watched:
    """An array that notes who touched each element last."""

    def __init__(self, values: np.ndarray, device: Device) -> None:
        self.values = values
        self.device = device
        self.last: dict[Any, list[tuple[int, int, int, bool, bool]]] = {}
        self.launch = -1

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    @property
    def size(self) -> int:
        return self.values.size

    @property
    def ndim(self) -> int:
        return self.values.ndim

    @property
    def dtype(self) -> np.dtype:
        return self.values.dtype

    def reshape(self, *shape: Any) -> Watched:
        return Watched(self.values.reshape(*shape), self.device)

    def copy_to_host(self) -> np.ndarray:
        return self.values.copy()

    def note(self, where: Any, writes: bool, atomic: bool) -> None:
        """Raises Race where another thread has touched the element since the last barrier between them."""
        now = self.device.now
        if now is None:
            return
        if self.launch != now.launch:
            self.launch, self.last = now.launch, {}
        for thread, block, epoch, wrote, was_atomic in self.last.get(where, ()):
            ordered = thread == now.thread or (block == now.block and epoch < now.epoch)
            if not ordered and (writes or wrote) and not (atomic and was_atomic):
                raise Race(f"threads {thread} and {now.thread} meet at element {where}")
        entry = (now.thread, now.block, now.epoch, writes, atomic)
        known = [e for e in self.last.get(where, []) if e[0] != now.thread or e[2:] != entry[2:]]
        self.last[where] = [*known[-8:], entry]

    def index(self, where: Any) -> Any:
        """An index that must be one on a GPU: in range, and not negative."""
        for k, n in zip(where if isinstance(where, tuple) else (where,), self.values.shape, strict=True):
            if not 0 <= k < n:
                raise IndexError(f"element {where} of an array of shape {self.values.shape}")
        return where

    def __getitem__(self, where: Any) -> Any:
        self.note(self.index(where), False, False)
        return self.values[where]

    def __setitem__(self, where: Any, value: Any) -> None:
        self.note(self.index(where), True, False)
        self.values[where] = value


@dataclass
class Device:
    """A GPU of a few threads. dropped: what a test leaves out: "atomic", "barrier"."""

    threads: int = 8
    blocks: int = 3
    dropped: frozenset[str] = frozenset()
    seed: int = 0
    launches: int = 0
    running: threading.local = field(default_factory=threading.local)

    @property
    def now(self) -> Now | None:
        return getattr(self.running, "now", None)

    def array(self, values: Any) -> Watched:
        return Watched(np.array(values), self)

    def empty(self, shape: Any, dtype: Any) -> Watched:
        made = np.empty(shape, dtype)
        made[...] = np.nan if made.dtype.kind == "f" else 77 if made.dtype.kind == "i" else True
        return Watched(made, self)

    # ------------------------------------------------------------------ launching
    def launch(self, kernel: Callable[..., None], count: int, *args: Any) -> None:
        """Run all threads of all blocks."""
        if count <= 0:
            return
        self.launches += 1
        blocks = min((count + self.threads - 1) // self.threads, self.blocks)
        given = [arg(blocks, self.threads) if callable(arg) else arg for arg in args]
        rng = np.random.default_rng(self.seed + self.launches)
        for block in rng.permutation(blocks):
            self._block(kernel, int(block), blocks, given, rng)

    def _block(self, kernel: Callable[..., None], block: int, blocks: int, given: list[Any], rng: Any) -> None:
        turn = threading.Condition()
        waiting: dict[int, str] = {}
        shared: dict[int, Watched] = {}
        errors: list[BaseException] = []
        allowed = [-1]

        def run(lane: int) -> None:
            now = Now(block * self.threads + lane, block, 0, self.launches)
            self.running.now, self.running.shared, self.running.count = now, shared, 0
            self.running.pause = pause
            self.running.place = SimpleNamespace(lane=lane, block=block, blocks=blocks, threads=self.threads)
            wait(lane)
            try:
                kernel(*given)
            except BaseException as error:
                errors.append(error)
            with turn:
                waiting[lane] = "done"
                turn.notify_all()

        def wait(lane: int) -> None:
            with turn:
                waiting[lane] = "ready"
                turn.notify_all()
                while allowed[0] != lane:
                    turn.wait()
                allowed[0] = -1
                waiting[lane] = "running"

        def pause() -> None:
            now = self.now
            assert now is not None
            now.epoch += 1
            wait(now.thread - block * self.threads)

        threads = [threading.Thread(target=run, args=(lane,), daemon=True) for lane in range(self.threads)]
        for thread in threads:
            thread.start()
        live = set(range(self.threads))
        while live:
            for lane in rng.permutation(sorted(live)):
                with turn:
                    while waiting.get(int(lane)) not in ("ready", "done"):
                        turn.wait()
                    if waiting[int(lane)] == "done":
                        live.discard(int(lane))
                        continue
                    waiting[int(lane)] = "chosen"
                    allowed[0] = int(lane)
                    turn.notify_all()
                    while waiting[int(lane)] not in ("ready", "done"):
                        turn.wait()
                if errors:
                    break
            if errors:
                break
        if errors:
            raise errors[0]

    # ------------------------------------------------------------------ what kernels and hosts call
    def names(self) -> dict[str, Any]:
        """Stand-ins for all that an emitted program imports."""
        def syncthreads() -> None:
            if "barrier" not in self.dropped:
                self.running.pause()

        def shared_array(size: int, dtype: Any) -> Watched:
            self.running.count += 1
            return self.running.shared.setdefault(self.running.count, self.empty(size, dtype))

        def add(array: Watched, where: Any, value: Any) -> None:
            atomic = "atomic" not in self.dropped
            array.note(array.index(where), True, atomic)
            array.values[where] += value

        def least(array: Watched, where: Any, value: Any) -> None:
            array.note(array.index(where), True, True)
            array.values[where] = min(array.values[where], value)

        class Numbers:
            def __init__(other, dtype: Any) -> None:
                other.dtype, other.found = np.dtype(dtype), None

            def __call__(other, blocks: int, threads: int) -> Watched:
                other.found = self.empty(blocks, other.dtype)
                return other.found

            def values(other) -> np.ndarray:
                return np.zeros(0, other.dtype) if other.found is None else other.found.values

            def first(other) -> Any:
                return other.values()[0]

            def total(other, start: Any) -> Any:
                return other.dtype.type(start) + other.values().sum(dtype=other.dtype)

            def largest(other, start: Any) -> Any:
                return np.max(other.values(), initial=other.dtype.type(start))

            def smallest(other, start: Any) -> Any:
                return np.min(other.values(), initial=other.dtype.type(start))

        place = self.running
        lane = type("Lane", (), {"x": property(lambda _: place.place.lane)})()
        block = type("BlockNumber", (), {"x": property(lambda _: place.place.block)})()
        size = type("BlockSize", (), {"x": property(lambda _: place.place.threads)})()
        cuda = SimpleNamespace(
            jit=lambda f: f, grid=lambda _: place.place.block * place.place.threads + place.place.lane,
            gridsize=lambda _: place.place.blocks * place.place.threads, threadIdx=lane, blockIdx=block, blockDim=size,
            syncthreads=syncthreads, shared=SimpleNamespace(array=shared_array), to_device=self.array,
            local=SimpleNamespace(array=lambda shape, dtype: np.full(shape, np.nan).astype(dtype)),
            atomic=SimpleNamespace(add=add, min=least))

        def product(a: Watched, b: Watched, a_turned: bool, b_turned: bool) -> Any:
            made = (a.values.T if a_turned else a.values) @ (b.values.T if b_turned else b.values)
            return self.array(made) if np.ndim(made) else made

        def raise_first(problem: Watched) -> None:
            if problem.values[0] != np.iinfo(np.int64).max:
                raise Problem(int(problem.values[0]))

        def full(shape: Any, value: Any, dtype: Any) -> Watched:
            return self.array(np.full(shape, value, dtype))

        return {"cuda": cuda, "np": np, "math": math, "special": special, "launch": self.launch,
                "launch_blocks": lambda kernel, count, _, *args: self.launch(kernel, count * self.threads, *args),
                "DifferentiationError": DifferentiationError,
                "empty": self.empty, "full": full, "matmul": product, "numbers": Numbers,
                "copied": lambda a: self.array(a.values), "arange": lambda n: self.array(np.arange(n)),
                "reshaped": lambda a, *dims: a.reshape(*dims),
                "columns": lambda dtype, *dims: lambda blocks, threads: self.empty(
                    (*(max(d, 1) for d in dims), blocks * threads), dtype),
                "no_problem": lambda: self.array([np.iinfo(np.int64).max]), "raise_first": raise_first}

    def run(self, program: Program, args: tuple[Any, ...], text: str | None = None) -> tuple[Any, ...]:
        """Call an emitted program (or another text in its place); the results as arrays and numbers."""
        names = self.names()
        for kernel in program.kernels:
            for helper in kernel.helpers.values():
                exec("\n".join(source_of(helper)), names)
        lines = (text or program.text).splitlines()
        first = ("@cuda.jit", f"def {program.name}(")
        start = next(k for k, line in enumerate(lines) if line.startswith(first))
        exec(compile("\n".join(lines[start:]), "<watched>", "exec"), names)
        given = [self.array(a) if isinstance(a, np.ndarray) else a for a in args]
        found = names[program.name](*given)
        found = found if isinstance(found, tuple) else (found,)
        return tuple(part.values if isinstance(part, Watched) else part for part in found)
