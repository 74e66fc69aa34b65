"""Planted faults: five mistakes a compiler of derivatives could make, each put in while it runs; the tests must object.

Source of the habit: autograd and Mooncake test their own checkers by planting wrong rules.
"""
from __future__ import annotations

import contextlib
import dataclasses
import inspect
import secrets
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from unittest import mock

import workbench as wb
from tests.corpus import mutation
from tests.corpus.oracle import gradient
from tests.fuzz.session import run
from tests.programs import guarded
from tests.programs.test_interpreted import wrong_in_interpreter
from workbench import rules
from workbench.frontend import arrays, indexing, inputs, values
from workbench.rules import primitive
from workbench.transforms import cotangents, history

Plant = Callable[[], contextlib.AbstractContextManager[Any]]


@dataclass(frozen=True)
class Fault:
    """A mistake and who must notice it: `noticed` returns what was seen, or "" if nothing."""

    name: str
    plant: Plant
    noticed: Callable[[], str]


def by_fuzzing(programs: int) -> Callable[[], str]:
    """Fresh random programs through front end and transforms, in the interpreter, until one is wrong."""

    def noticed() -> str:
        first = secrets.randbelow(10 ** 9)
        for seed in range(first, first + programs, 5):
            summary = run(5, seed, 5, compiled=False, shrinking=False, report=lambda _: None)
            for outcome in summary.disagreements:
                if outcome.kind.startswith("wrong"):
                    return f"{outcome.kind}: {outcome.detail}"
        return ""

    return noticed


def by_the_corpus() -> str:
    """Recurrences in place, by the interpreter: each overwrites what its reverse sweep needs."""
    for program in mutation.PROGRAMS:
        try:
            wrong = wrong_in_interpreter(program, 0)
        except wb.DifferentiationError:
            continue
        if wrong is not None:
            return f"{program.name}: {wrong}"
    return ""


def by_redefining_a_helper() -> str:
    """A helper, a global function and a flag change between two calls; the second must see them."""
    module = ModuleType("guarded_copy")
    module.__file__ = guarded.__file__
    sys.modules[module.__name__] = module
    exec(compile(inspect.getsource(guarded), guarded.__file__, "exec"), vars(module))
    names: Any = module
    for function, name, replacement in ((names.calls_helper, "helper", names.twice),
                                        (names.calls_through_two, "inner_helper", names.twice)):
        slope = wb.grad(function)
        slope(0.7)
        setattr(module, name, replacement)
        found, expected = slope(0.7), gradient(function, (0.7,), (0,), "difference")[(0,)]
        if abs(found - expected) > 1e-6:
            return f"{name} redefined: gradient {found}, now {expected}"
    return ""


@contextlib.contextmanager
def dropped_accumulation() -> Iterator[None]:
    """The second contribution to a scalar's cotangent is lost."""
    right = cotangents.Cotangents.add

    def add(self: Any, value: Any, contribution: Any, owned: bool = False) -> None:
        if value in self.active and contribution is not None and not contribution.is_array:
            if self.builder.read(self.of(value)) is not None:
                return
        right(self, value, contribution, owned)

    with mock.patch.object(cotangents.Cotangents, "add", add):
        yield


@contextlib.contextmanager
def wrong_sign() -> Iterator[None]:
    """The derivative of cos without its minus."""
    cosine = rules.get("cos")
    assert cosine.partials is not None and cosine.partials[0] is not None
    partial = cosine.partials[0]
    wrong = dataclasses.replace(cosine, partials=(lambda y, x: -partial(y, x),))
    with mock.patch.dict(primitive._TABLE, {"cos": wrong}):
        yield


@contextlib.contextmanager
def alias_missed() -> Iterator[None]:
    """A view that a name holds is a copy."""
    right = indexing.get

    def get(t: Any, array: Any, key: Any) -> Any:
        found = right(t, array, key)
        view = isinstance(found, values.Array) and found.cell is array.cell
        return t.new_array(t.emit("copy", arrays.read(t, found))) if view else found

    with mock.patch.object(indexing, "get", get):
        yield


@contextlib.contextmanager
def stale_residual() -> Iterator[None]:
    """An element that was overwritten is read again in the reverse sweep, as if nothing had been stored there."""
    with mock.patch.object(history.HistoryReads, "_misses", lambda self, update, load, later: True):
        yield


@contextlib.contextmanager
def missing_guard() -> Iterator[None]:
    """The identity of functions that were read is not checked at the next call."""
    right = inputs.Inputs.guard

    def guard(self: Any, path: Any, kind: str, expected: Any) -> None:
        if kind != "is":
            right(self, path, kind, expected)

    with mock.patch.object(inputs.Inputs, "guard", guard):
        yield


FAULTS = (
    Fault("dropped accumulation", dropped_accumulation, by_fuzzing(25)),
    Fault("wrong sign", wrong_sign, by_fuzzing(25)),
    Fault("alias missed", alias_missed, by_fuzzing(60)),
    Fault("stale residual", stale_residual, by_the_corpus),
    Fault("missing guard", missing_guard, by_redefining_a_helper),
)
