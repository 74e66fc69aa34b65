"""What an engine is: how derivatives run.

There are two ways to run. A `Compiler` makes a program of what the front end has traced and the passes have lowered,
IR: Numba's machine code, the interpreter, one day a GPU's. A `Runner` runs the function itself: the tape. An `Engine`
has one of the two, or both: then the function itself runs where there is no compiled program.

Invariant: nothing above this folder asks which engine it has; it asks for the compiler and the runner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from workbench.ir import DifferentiationError, Function
from workbench.passes import finalize
from workbench.records import dataclass


class Executable(Protocol):
    """A function of the IR that can be called on flat data."""

    @property
    def entry(self) -> Callable[..., Any]:
        """Takes a number or array (C-contiguous, of its parameter's dtype and rank) per data parameter, unchecked, and
        writes in place what the program writes. Gives its result, a tuple where there are several, None for none.
        An exception of the program is raised as `translated` knows it."""

    @property
    def results(self) -> int:
        """How many there are."""

    @property
    def source(self) -> str:
        """The program, to be read."""

    @property
    def source_map(self) -> list[tuple[int, int]]:
        """Pairs (line of `source`, line of the user's source)."""

    def translated(self, error: Exception) -> Exception:
        """An exception of `entry` as the program means it, with the user's `Span` on it as `__workbench_span__`."""


@dataclass(frozen=True)
class Origin:
    """What a compiled program is made from: the fingerprint of a traced one, what was asked of it, and the files that
    its places are in."""

    program: bytes
    request: str
    files: tuple[str, ...]


class Compiler(Protocol):
    """Makes programs of IR. Whoever inherits from it writes a `name` and `compile`."""

    name: str
    #: whether `compile` does no more than write a program: then what is looked at is what this engine writes
    writes_only: bool = False

    def finalize(self, function: Function, exact: int | None) -> Function:
        """A simplified function as `compile` takes it (see `workbench.passes.finalize`)."""
        return finalize(function, exact)

    def compile(self, function: Function, *, primal: Function | None = None, exact: int | None = None,
                quiet: bool = False, deterministic: bool = False) -> Executable:
        """A finalized function (see `workbench.passes.finalize`) as a program.

        primal: what it was derived from, whose value is to be the same bits. exact: the results after the first `exact`
        ones are cotangents, whose sums may be regrouped (None: nothing may). quiet: it prints nothing, for what it
        prints was printed before. deterministic: the same bits on all machines.
        Raises DifferentiationError for what the engine does not take."""

    def taken(self, value: Any) -> Any:
        """An argument of a call as everything else takes it: what is no array of NumPy's, but one for this engine, as
        an array that stands for it."""
        return value

    def recall(self, origin: Origin) -> Executable | None:
        """The program that was kept of an origin by another process, perhaps; None where there is none."""
        return None

    def remember(self, origin: Origin, program: Executable) -> None:
        """Keep a program for other processes, if the engine does so."""
        return

    def configuration(self) -> Any:
        """What its programs run on, as a record that prints itself; None where there is nothing to say."""
        return None

    def export(self, primal: Function, adjoint: Function, *, wrt: Sequence[int], outputs: Sequence[int],
               gradients: Sequence[int], examples: Sequence[Any], seeded: bool) -> str:
        """The text of a file that stands alone (see `workbench.engines.numba.export`).
        Raises DifferentiationError where the engine has no such files."""
        raise self._no_files()

    def export_value(self, function: Function, examples: Sequence[Any], entry: Callable[..., Any]) -> str:
        """The text of a file of a program that is no adjoint (see `workbench.engines.numba.export`).
        Raises DifferentiationError where the engine has no such files."""
        raise self._no_files()

    def _no_files(self) -> DifferentiationError:
        return DifferentiationError(f"the engine {self.name!r} writes no files that stand alone", None,
                                    "use engine='numba'")


class Runner(Protocol):
    """Differentiates a function by running it."""

    name: str

    def gradient(self, function: Callable[..., Any], args: tuple[Any, ...], keywords: Sequence[str],
                 wrt: Sequence[int], has_aux: bool) -> tuple[Any, tuple[Any, ...]]:
        """The value of a function and its gradients by some arguments; the last arguments go by these keywords."""

    def forward(self, function: Callable[..., Any], primals: tuple[Any, ...],
                tangents: tuple[Any, ...]) -> tuple[Any, Any]:
        """The value of a function and its derivative along a direction."""

    def pullback(self, function: Callable[..., Any],
                 primals: tuple[Any, ...]) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
        """The value of a function, and what turns a cotangent of it into those of the arguments."""

    def pushforward(self, function: Callable[..., Any],
                    primals: tuple[Any, ...]) -> tuple[Any, Callable[..., Any]]:
        """The value of a function, and what turns tangents of the arguments (None: zero) into that of the value."""


@dataclass(frozen=True)
class Engine:
    """How derivatives run: by a compiler, by a runner, or by the runner where the compiler does not take the function.

    name: by which it is asked for; that of its only part, unless another is given."""

    compiler: Compiler | None = None
    runner: Runner | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if not self.parts:
            raise TypeError("an engine has a compiler or a runner")
        if not self.name:
            object.__setattr__(self, "name", self.parts[0])

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of its compiler and its runner, which are those of the engines that have nothing else."""
        return tuple(part.name for part in (self.compiler, self.runner) if part is not None)

    @property
    def alone(self) -> Runner | None:
        """The runner, where there is nothing else."""
        return self.runner if self.compiler is None else None
