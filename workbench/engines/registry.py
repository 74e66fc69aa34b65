"""The engines that `engine="..."` can name: one list.

An engine is a file that defines a `Compiler` or a `Runner`, and an entry here; from outside of the package, `register`
adds the entry."""

from __future__ import annotations

from workbench.engines.cuda import CudaCompiler
from workbench.engines.engine import Engine
from workbench.engines.numba import NumbaCompiler
from workbench.engines.reference import Interpreted
from workbench.engines.tape import TapeRunner
from workbench.engines.written import Written
from workbench.ir import DifferentiationError

#: what compiles where nothing else is asked for
COMPILER = NumbaCompiler()
#: what is given programs that are to be looked at, not run
UNCOMPILED = Written()
_TAPE = TapeRunner()
ENGINES: dict[str, Engine] = {engine.name: engine for engine in (
    Engine(COMPILER, _TAPE, name="auto"),
    Engine(COMPILER),
    Engine(runner=_TAPE),
    Engine(CudaCompiler()),
    Engine(Interpreted()),
)}


def register(engine: Engine) -> Engine:
    """Let `engine="..."` name another engine from here on.

    engine: with a compiler (all that it has to write is `compile`, IR to a callable), with a runner, or with both.
    Returns it. Raises ValueError where the name is taken.

    >>> import workbench as wb
    >>> from workbench.engines import ENGINES, Compiler, Engine, register
    >>> class Loud(Compiler):
    ...     name = "loud"
    ...     def compile(self, function, **options):
    ...         print("compiling", function.name)
    ...         return ENGINES["reference"].compiler.compile(function, **options)
    >>> _ = register(Engine(Loud()))
    >>> def cube(x):
    ...     return x * x * x
    >>> wb.grad(cube, engine="loud")(2.0)
    compiling cube_vjp
    12.0
    >>> _ = ENGINES.pop("loud")
    """
    if engine.name in ENGINES:
        raise ValueError(f"there is an engine {engine.name!r} already")
    ENGINES[engine.name] = engine
    return engine


def engine_named(name: str) -> Engine:
    """The engine of a name. Raises DifferentiationError where there is none."""
    if name not in ENGINES:
        known = ", ".join(repr(n) for n in ENGINES)
        raise DifferentiationError(f"there is no engine {name!r}", None, f"use one of {known}")
    return ENGINES[name]
