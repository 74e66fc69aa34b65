"""What is to be seen of a derivative: the program of the latest call, as source, as IR, as a file, and counted.

Invariant: nothing here compiles or runs anything.
"""

from __future__ import annotations

import collections
import dataclasses
import os
import pathlib
import tempfile

from workbench.cost import costs
from workbench.ir import Function, walk
from workbench.operators.kept import kept_of
from workbench.operators.specialisation import Specialisation
from workbench.views.kept import KeptView
from workbench.views.stages import PassStages


class Shown:
    """What has a latest specialisation, looked at."""

    @property
    def latest(self) -> Specialisation:
        """The specialisation used last. Raises RuntimeError where there is none."""
        raise NotImplementedError

    @property
    def source(self) -> str:
        """The emitted program of the latest call, as it runs: Python that Numba compiles, with the function's names,
        each stretch under a comment with the line that it comes from.

        Raises RuntimeError where no program has been compiled yet, or the function runs on the tape.

        >>> import workbench as wb
        >>> def square(x):
        ...     return x * x
        >>> gradient = wb.grad(square)
        >>> gradient(3.0)
        6.0
        >>> gradient.source.strip().splitlines()[-1].strip()
        'return x * x, x + x'
        """
        return self.latest.compiled.source

    @property
    def source_map(self) -> list[tuple[int, int]]:
        """Pairs (line of `source`, line of the function's own file), counted from 1, for each line that comes
        from one.

        Raises RuntimeError as `source` does.

        >>> import numpy as np
        >>> import workbench as wb
        >>> gradient = wb.grad(lambda a: np.sum(a * a))
        >>> gradient(np.array([1.0, 2.0]))
        array([2., 4.])
        >>> shown = gradient.source.splitlines()
        >>> [users for line, users in gradient.source_map if shown[line - 1].lstrip().startswith("a_bar[")]
        [1]
        """
        return self.latest.compiled.source_map

    @property
    def ir(self) -> Function:
        """The transformed program of the latest call as IR (see `workbench.ir`), before lowering.

        Raises RuntimeError as `source` does.

        >>> import workbench as wb
        >>> def square(x):
        ...     return x * x
        >>> gradient = wb.grad(square)
        >>> gradient(3.0)
        6.0
        >>> gradient.ir.name, [op.prim for op in gradient.ir.block.ops]
        ('square_vjp', ['mul', 'add'])
        """
        return self.latest.program.ir

    @property
    def primal(self) -> Function:
        """The program that is differentiated, simplified, as IR; its values are those that `kept` is about.

        Raises RuntimeError as `source` does.

        >>> import workbench as wb
        >>> def square(x):
        ...     return x * x
        >>> gradient = wb.grad(square)
        >>> gradient(3.0)
        6.0
        >>> [op.prim for op in gradient.primal.block.ops]
        ['mul']
        """
        return self.latest.program.primal

    @property
    def seen(self) -> Foreseen:
        """The latest program by itself, whatever is called later. Raises RuntimeError as `source` does.

        >>> import workbench as wb
        >>> gradient = wb.grad(lambda x: x * x)
        >>> gradient(3.0)
        6.0
        >>> gradient.seen.source == gradient.source
        True
        """
        return Foreseen(self.latest)

    @property
    def plan(self) -> str:
        """How the latest gradient or pullback has each value of the program that its reverse sweep needs, as a table:
        line, value, how (there, kept, computed again, read again, counted, copied), what keeping it costs in bytes a
        turn of its loop (an axis of an array counts as 1024 elements), and why.

        A gradient that went forward keeps nothing, and says so.
        Raises DifferentiationError for other derivatives of forward mode, RuntimeError as `source` does.

        >>> import workbench as wb
        >>> def power(x, n):
        ...     y = 1.0
        ...     for k in range(n):
        ...         y = y * x
        ...     return y
        >>> gradient = wb.grad(power, mode="reverse")
        >>> gradient(2.0, 3)
        12.0
        >>> [line.split(maxsplit=4)[1:3] for line in gradient.plan.splitlines() if "carried" in line]
        [['y', 'kept']]
        """
        return self.latest.program.plan()

    @property
    def kept(self) -> tuple[KeptView, ...]:
        """What waits for the reverse sweep of the latest gradient or pullback, a `KeptView` for each value: its line,
        its bytes as a formula in the dimensions and for the call's arguments, what needs it, why it is kept, what
        computing it again would take, what edits would remove it. Empty for forward mode, which keeps nothing.

        Raises RuntimeError as `source` does.

        >>> import workbench as wb
        >>> def power(x, n):
        ...     y = 1.0
        ...     for k in range(n):
        ...         y = y * x
        ...     return y
        >>> gradient = wb.grad(power, mode="reverse")
        >>> gradient(2.0, 3)
        12.0
        >>> [(kept.value, kept.formula, kept.bytes) for kept in gradient.kept]
        [('y', '8·n', 24)]
        """
        return kept_of(self.latest)

    @property
    def stages(self) -> PassStages:
        """The stages of the latest program's compilation, made once more: the program before and after every pass.

        Returns a `PassStages`: `print` shows what each pass has changed, `.stages` are records with the texts.
        Raises RuntimeError as `source` does.

        >>> import workbench as wb
        >>> def square(x):
        ...     return x * x
        >>> gradient = wb.grad(square)
        >>> gradient(3.0)
        6.0
        >>> stages = gradient.stages.stages
        >>> stages[0].title, stages[-1].title
        ('traced', 'source')
        """
        return self.latest.program.collected()

    def export(self, path: str | os.PathLike[str]) -> None:
        """Write the program of the latest call as a Python file that needs NumPy and Numba alone and checks itself, on
        the arguments of that call, when it is run.

        path: of the file; what is there is overwritten.
        Raises OSError where the file cannot be written (nothing half-written is left), DifferentiationError where the
        program cannot stand alone or the engine has no such files, RuntimeError as `source` does.

        >>> import pathlib, tempfile
        >>> import workbench as wb
        >>> def square(x):
        ...     return x * x
        >>> gradient = wb.grad(square)
        >>> gradient(3.0)
        6.0
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     gradient.export(pathlib.Path(folder) / "square.py")
        ...     "def square_vjp(x):" in (pathlib.Path(folder) / "square.py").read_text()
        True
        """
        text = self.latest.exported()
        target = pathlib.Path(path)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.name, suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(name, target)
        except BaseException:
            os.unlink(name)
            raise

    def costs(self) -> dict[str, float]:
        """What the program of the latest call costs: every figure of `workbench.cost.FIGURES` (floating-point
        operations, transcendental functions, loads and stores ...), by name, as pure numbers; loops are counted once.

        Raises RuntimeError as `source` does.

        >>> import math
        >>> import workbench as wb
        >>> def wave(x):
        ...     return math.sin(x) * x
        >>> gradient = wb.grad(wave)
        >>> gradient(0.0)
        0.0
        >>> gradient.costs()["transcendental"]
        2
        """
        return costs(self.ir)

    def op_counts(self) -> dict[str, int]:
        """How often each operation stands in the program of the latest call, by the primitive's name; loops are counted
        once.

        Raises RuntimeError as `source` does.

        >>> import math
        >>> import workbench as wb
        >>> def wave(x):
        ...     return math.sin(x) * x
        >>> gradient = wb.grad(wave)
        >>> gradient(0.0)
        0.0
        >>> gradient.op_counts()["sin"], gradient.op_counts()["cos"]
        (1, 1)
        """
        return dict(collections.Counter(op.prim for op in walk(self.ir.block)))


class Foreseen(Shown):
    """One program, to be looked at, whether it runs or would run: `.source`, `.ir`, `.plan`, `.op_counts()`. is_sized:
    whether its arguments have sizes (with specs, only dimensions with names)."""

    def __init__(self, made: Specialisation, is_sized: bool = True) -> None:
        self._made = made
        self._is_sized = is_sized

    @property
    def latest(self) -> Specialisation:
        """The specialisation."""
        return self._made

    @property
    def kept(self) -> tuple[KeptView, ...]:
        """What waits for the reverse sweep, as formulas where there are no sizes."""
        found = kept_of(self.latest)
        return found if self._is_sized else tuple(dataclasses.replace(k, bytes=None) for k in found)
