"""Passes, the stages that they are steps of, and who looks on between them.

A pass is a function from programs to programs: a frozen dataclass whose fields are its options, so that two equal
passes do the same. A `Stage` is the list of its steps, each with the reason why it stands where it stands
(`passes.pipeline` has the lists). Other packages add steps by `Stage.add`, look on by `watching`.

Invariant: a pass takes a valid function and gives a valid function. With WORKBENCH_VERIFY=1 in the environment this is
checked after every pass, and the first one that breaks a program is named.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import ClassVar
from weakref import WeakKeyDictionary

from workbench.ir import Function, VerificationError, in_time, verify
from workbench.records import dataclass

Observer = Callable[[str, Function], None]
_WATCHING: ContextVar[tuple[Observer, ...]] = ContextVar("watching", default=())


# ---------------------------------------------------------------------- passes
@dataclass(frozen=True)
class Pass:
    """A function from functions to functions, with a name and options.

    `settles`: applied to what it made it would change nothing, so it is not run again."""

    name: ClassVar[str] = "pass"
    settles: ClassVar[bool] = False

    def __call__(self, function: Function) -> Function:
        """The rewritten function."""
        raise NotImplementedError


@dataclass(frozen=True)
class CotangentPass(Pass):
    """A pass over cotangents, whose sums and products the user has not put in any order (`passes.exactness`).

    exact: the results after the first `exact` ones are cotangents. With 0 the program is no derivative, and only what
    is marked as a cotangent's (`loose`) is one: that of a derivative inside. None: cotangents keep their order, too,
    and the pass does nothing.
    `heeds_marks`: it touches only what is marked; one that does not is left out of programs that are no derivatives."""

    exact: int | None = None
    heeds_marks: ClassVar[bool] = True

    def __call__(self, function: Function) -> Function:
        """The function with its cotangents rewritten, itself where it has none."""
        if self.exact is None or self.exact >= len(function.results):
            return function
        return self.rewritten(function, self.exact)

    def rewritten(self, function: Function, exact: int) -> Function:
        """The function, whose results after the first `exact` ones are cotangents, rewritten."""
        raise NotImplementedError


_SETTLED: WeakKeyDictionary[Function, set[Pass]] = WeakKeyDictionary()  # programs by what made them, and settles


def run(passes: Sequence[Pass], function: Function, stage: str = "") -> Function:
    """Run passes in order, but those that settle not again on what they made. Observers are called with "stage/name"
    of each and what it made, first with "stage/given" and what the stage was given."""
    observers = _observers()
    for observer in observers:
        observer(f"{stage}/given", function)
    for step in passes:
        in_time(function.span)
        if step.settles and step in _SETTLED.get(function, ()):
            continue
        function = step(function)
        if step.settles:
            _SETTLED.setdefault(function, set()).add(step)
        for observer in observers:
            observer(f"{stage}/{step.name}", function)
    return function


# ---------------------------------------------------------------------- stages
@dataclass(frozen=True)
class Step:
    """A pass, and why it has its place in a stage."""

    does: Pass
    why: str


class Stage:
    """The steps that lead from one kind of program to the next, in order."""

    def __init__(self, name: str, *steps: Step) -> None:
        self.name = name
        self._own = steps
        self.steps = steps

    def __call__(self, function: Function, exact: int | None = None) -> Function:
        """The function after all steps. exact: see `CotangentPass`."""
        return run([step.does for step in self.steps_for(exact)], function, self.name)

    def steps_for(self, exact: int | None) -> Iterator[Step]:
        """The steps for a program of which so many results are no cotangents."""
        for step in self.steps:
            if not isinstance(step.does, CotangentPass):
                yield step
            elif step.does.heeds_marks or exact:
                yield Step(replace(step.does, exact=exact), step.why)

    def add(self, step: Pass, why: str, *, after: str | None = None) -> None:
        """Add a step from elsewhere, behind the last step named `after` (first of all without). Programs that have been
        compiled already stay as they are. Raises ValueError where no step has that name."""
        places = [k for k, other in enumerate(self.steps, 1) if other.does.name == after] if after is not None else [0]
        if not places:
            names = ", ".join(dict.fromkeys(other.does.name for other in self.steps))
            raise ValueError(f"no step of {self.name} is named {after!r}: there are {names}")
        self.steps = (*self.steps[:places[-1]], Step(step, why), *self.steps[places[-1]:])

    def remove(self, step: Pass) -> None:
        """Take out again what was added."""
        self.steps = tuple(other for other in self.steps if other in self._own or other.does != step)

    @property
    def is_as_shipped(self) -> bool:
        """True where nothing has been added."""
        return self.steps == self._own

    def __str__(self) -> str:
        width = max(len(step.does.name) for step in self.steps)
        return "\n".join([f"{self.name}:", *(f"  {step.does.name:{width}}  {step.why}" for step in self.steps)])


# ---------------------------------------------------------------------- who looks on
@contextmanager
def watching(observer: Observer) -> Iterator[None]:
    """Have every program shown that a pass makes meanwhile, in this thread: `observer("stage/pass", function)`.

    >>> import workbench as wb
    >>> from workbench.passes import watching
    >>> seen = []
    >>> with watching(lambda name, function: seen.append(name)):
    ...     wb.grad(lambda x: x * x)(3.0)
    6.0
    >>> seen[:2]
    ['optimize/given', 'optimize/simplify']
    """
    token = _WATCHING.set((*_WATCHING.get(), observer))
    try:
        yield
    finally:
        _WATCHING.reset(token)


def is_watched() -> bool:
    """True where somebody wants to see what passes make: then they are run, although it may be known what they make."""
    return bool(_observers())


def _observers() -> tuple[Observer, ...]:
    return (*((_verify,) if os.environ.get("WORKBENCH_VERIFY") else ()), *_WATCHING.get())


def _verify(name: str, function: Function) -> None:
    try:
        verify(function)
    except VerificationError as error:
        error.add_note(f"after {name}")
        raise
