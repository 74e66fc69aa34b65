"""A function of the IR as a callable on flat data arguments.

Invariant: what runs is exactly `Compiled.source`; the disk cache is keyed by that text and everything else the machine
code depends on. No Numba traceback reaches a caller: what Numba refuses is a `CompilationError` with the source.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import linecache
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np
from llvmlite import binding
from numba import from_dtype, njit
from numba.core import types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.core.serialize import dumps
from numba.extending import get_cython_function_address

from workbench.engines import signals
from workbench.engines.numba import cache, outlet, runtime
from workbench.engines.numba.direct import TREE
from workbench.engines.numba.emit import Source, emit, helper_source
from workbench.engines.numba.growing import COMPILED
from workbench.engines.numba.interrupts import RECURSIVE
from workbench.engines.numba.kept import KeptHelper, packed, rebuilt
from workbench.engines.numba.memory import keep_freed
from workbench.engines.numba.pipeline import LeanCompiler, compile_python
from workbench.engines.numba.rounding import LOOSE
from workbench.engines.numba.vector_math.choice import LEFT_TO_LIBM, left_to_libm
from workbench.engines.numba.vector_math.definitions import KERNELS
from workbench.engines.numba.vector_math.library import in_use
from workbench.ir import ArrayType, DifferentiationError, Function, Kind, Span, Type, Value, verify
from workbench.progress import working
from workbench.records import dataclass
from workbench.rules import Foreign, with_called
from workbench.rules.foreign import MODULE

#: Seconds that a compilation takes, that each line of the program adds, and each loop, which LLVM works on.
COMPILE_ANY, COMPILE_LINE, COMPILE_LOOP = 0.02, 0.0005, 0.04
Change = Callable[[ast.Module], ast.Module]
_TYPES: dict[Kind, Any] = {kind: from_dtype(kind.dtype) for kind in Kind}


class CompilationError(Exception):
    """Numba refused an emitted program (a fault of the workbench). `source` is the program, `cause` Numba's error."""

    def __init__(self, message: str, source: str, cause: Exception) -> None:
        super().__init__(message)
        self.source = source
        self.cause = cause


def numba_type(type_: Type) -> Any:
    """The Numba type of an IR type: arrays are C-contiguous and writable."""
    if isinstance(type_, ArrayType):
        return types.Array(_TYPES[type_.kind], type_.rank, "C")
    return _TYPES[type_.kind]


def signature(function: Function) -> Any:
    """The Numba signature of a function of the IR."""
    results = tuple(numba_type(r.type) for r in function.results)
    result = results[0] if len(results) == 1 else types.Tuple(results) if results else types.none
    return result(*(numba_type(p.type) for p in function.data_params))


@dataclass(frozen=True)
class Recipe:
    """All that a program is compiled from: its source, kinds and ranks (0: a number) of its parameters and results, and
    the elementary functions that it takes from the C library."""

    source: Source
    params: tuple[tuple[Kind, int], ...]
    results: tuple[tuple[Kind, int], ...]
    left: frozenset[str] = frozenset()

    @classmethod
    def of(cls, function: Function, source: Source, primal: Function | None = None, scalar: bool = False) -> Recipe:
        """The recipe of a function that was emitted. (See `compile_function`.)"""
        left = frozenset[str]()
        if in_use():
            left = frozenset(kernel.name for kernel in KERNELS) if scalar else left_to_libm(function, primal)
        return cls(source, _kinds(function.data_params), _kinds(function.results), left)

    @property
    def args(self) -> tuple[Any, ...]:
        """The Numba types of its parameters."""
        return _numba_types(self.params)

    @property
    def result(self) -> Any:
        """The Numba type of what it returns."""
        results = _numba_types(self.results)
        return results[0] if len(results) == 1 else types.Tuple(results) if results else types.none

    @property
    def key(self) -> str | None:
        """The name of its machine code on the disk. (That of functions that call themselves holds references that only
        the process that made it resolves: it is not kept.)"""
        if self.source.called:
            return None
        return cache.key(self.source.text, f"{self.args} {sorted(self.left)} {sorted(self.source.loose)} {in_use()}")

    @property
    def seconds(self) -> float:
        """How many seconds compiling it takes, roughly."""
        lines = [line.lstrip() for line in self.source.text.splitlines()]
        loops = sum(line.startswith(("for ", "while ")) for line in lines)
        return COMPILE_ANY + COMPILE_LINE * len(lines) + COMPILE_LOOP * loops

    def fresh(self, change: Change | None = None, more: tuple[Any, ...] = ()) -> Any:
        """Numba's compile result; of the program changed, with parameters of more types."""
        keep_freed()
        try:
            with working(f"compiling {self.source.name}", seconds=self.seconds), global_compiler_lock, \
                    signals.postponed():
                return compile_python(python_function(self.source, self.left, change), (*self.args, *more),
                                      self.result)
        except Exception as error:  # whatever Numba raises: its tracebacks are of no use to the reader
            first = str(error).strip().split("\n")[0]
            message = f"Numba refused the program emitted as {self.source.name}: {first}"
            raise CompilationError(message, self.source.text, error) from None

    def kept(self) -> Any:
        """The compile result from the disk, None where there is none."""
        payload = cache.load(self.key) if self.key is not None else None
        if payload is None:
            return None
        keep_freed()
        noted(self.source)
        for helper in self.source.helpers:  # (what is reached by its symbol must have one)
            shared(helper, self.left)
        return rebuilt(payload, cpu_target.target_context)


def _kinds(values: Sequence[Value]) -> tuple[tuple[Kind, int], ...]:
    return tuple((v.kind, v.type.rank) for v in values)


def _numba_types(kinds: Sequence[tuple[Kind, int]]) -> tuple[Any, ...]:
    """Arrays are C-contiguous and writable."""
    return tuple(types.Array(_TYPES[kind], rank, "C") if rank else _TYPES[kind] for kind, rank in kinds)


class Compiled:
    """A compiled function.

    Calling it checks its arguments (arrays C-contiguous, of the right dtype and rank) and gives a tuple of results.
    `entry` is the same without checks, with the results as the source returns them (a bare value if there is one):
    it is for callers that have checked. Arrays that the function writes are written in place."""

    def __init__(self, recipe: Recipe, result: Any) -> None:
        self.recipe = recipe
        self.program = recipe.source
        self.entry: Callable[..., Any] = result.entry_point
        self._result = result
        self._params = tuple((kind.dtype, rank) if rank else None for kind, rank in recipe.params)

    @property
    def results(self) -> int:
        """How many there are."""
        return len(self.recipe.results)

    @property
    def source(self) -> str:
        """The emitted Python source."""
        return self.program.text

    @property
    def source_map(self) -> list[tuple[int, int]]:
        """Pairs (emitted line, user's line)."""
        return self.program.source_map

    def __call__(self, *args: Any) -> tuple[Any, ...]:
        if len(args) != len(self._params):
            raise TypeError(f"{self.program.name} takes {len(self._params)} arguments, not {len(args)}")
        for position, (arg, expected) in enumerate(zip(args, self._params, strict=True)):
            if expected is not None and not (
                    isinstance(arg, np.ndarray) and arg.dtype == expected[0] and arg.ndim == expected[1]
                    and arg.flags.c_contiguous and arg.flags.aligned):
                raise TypeError(f"argument {position} of {self.program.name} is not a contiguous array of "
                                f"{expected[0]} with {expected[1]} axes")
        try:
            result = self.entry(*args)
        except Exception as error:
            raise self.translated(error)  # noqa: B904
        if self.results == 1:
            return (result,)
        return () if self.results == 0 else result

    def translated(self, error: Exception) -> Exception:
        """An error raised by `entry` as the program means it, with the user's place on it."""
        span = self.locate(error)
        if not isinstance(error, outlet.Raised):
            return error
        made = outlet.raised(error)
        if span is not None:
            made.__workbench_span__ = span  # type: ignore[attr-defined]
        return made  # type: ignore[return-value]

    def locate(self, error: BaseException) -> Span | None:
        """The user's place that an error raised by `entry` came from; also put on it as `__workbench_span__`."""
        span: Span | None = None
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self.filename and trace.tb_lineno <= len(self.program.spans):
                span = self.program.spans[trace.tb_lineno - 1]
            trace = trace.tb_next
        if span is not None:
            error.__workbench_span__ = span  # type: ignore[attr-defined]
        return span

    @property
    def filename(self) -> str:
        """The name that tracebacks give the emitted source."""
        return filename(self.program)

    def llvm(self) -> str:
        """Optimised LLVM IR."""
        return str(self.recipe.fresh().library.get_llvm_str())

    def assembly(self) -> str:
        """Machine code as assembly."""
        return str(self.recipe.fresh().library.get_asm_str())


def filename(source: Source) -> str:
    """A stable name for an emitted program."""
    return f"<workbench {source.name} {hashlib.sha256(source.text.encode()).hexdigest()[:12]}>"


def noted(source: Source) -> str:
    """The name of an emitted program's file, by which tracebacks find its lines."""
    name = filename(source)
    linecache.cache[name] = (len(source.text), None, source.text.splitlines(keepends=True), name)
    return name


def python_function(source: Source, left: frozenset[str] = frozenset(),
                    change: Change | None = None) -> Callable[..., Any]:
    """The emitted program as a Python function; tracebacks show its lines.

    left: the elementary functions that it takes from the C library when it is compiled. change: what is done to its
    syntax tree, lines as they are."""
    name = noted(source)
    namespace: dict[str, Any] = {"__name__": runtime.__name__, "DifferentiationError": DifferentiationError,
                                 **outlet.EXTERNALS}
    tree = ast.parse(source.text)
    if change is not None:
        tree = change(tree)
    exec(compile(tree, name, "exec"), namespace)
    namespace.update({helper.__name__: shared(helper, left) for helper in source.helpers})
    for title in (source.name, *source.called):
        setattr(getattr(namespace[title], "py_func", namespace[title]), LEFT_TO_LIBM, left)
    for title in source.called:
        own = namespace[title].py_func
        setattr(own, RECURSIVE, True)
        namespace[title] = njit(error_model="numpy", pipeline_class=LeanCompiler)(own)
    for title, called in source.called.items():  # with their types: what calls itself is not typed by itself
        namespace[title].compile(signature(called))
    found: Callable[..., Any] = namespace[source.name]
    setattr(found, LOOSE, source.loose)
    if not source.called:
        setattr(found, TREE, next(node for node in tree.body if getattr(node, "name", None) == source.name))
    # machine code is linked by this name: it must tell apart programs of one name loaded from the disk cache
    made_of = f"{name} {sorted(left)} {sorted(source.loose)} {change}"
    found.__qualname__ = f"{source.name}_{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"
    return found


@functools.cache
def shared(helper: Callable[..., Any], left: frozenset[str]) -> Any:
    """A helper compiled once for all programs of this process that leave the same to the C library (programs carry its
    source all the same)."""
    helper = COMPILED.get(helper, helper)
    if isinstance(helper, Foreign):
        symbol = f"workbench_{helper.symbol}"
        binding.add_symbol(symbol, get_cython_function_address(MODULE, helper.symbol))
        return types.ExternalFunction(symbol, types.float64(*[types.float64] * helper.arity, types.int32))
    called = {part.__name__: shared(part, left) for part in with_called(helper) if part is not helper}
    own = FunctionType(helper.__code__, {**helper.__globals__, **called}, helper.__name__)
    setattr(own, LEFT_TO_LIBM, left)
    dispatcher: Any = njit(error_model="numpy", pipeline_class=LeanCompiler)(own)
    lines = [line for part in with_called(helper) for line in helper_source(part)]
    kept = KeptHelper("\n".join([*lines, *sorted(left)]))
    own.__qualname__ = f"{helper.__name__}_{kept.digest}"  # (machine code from the disk is linked by this name)
    dispatcher._cache = kept
    return dispatcher


def compile_function(function: Function, name: str | None = None, quiet: bool = False,
                     primal: Function | None = None, scalar: bool = False, exact: int | None = None) -> Compiled:
    """Compile a finalized function (see `workbench.passes.finalize`) for the CPU; `quiet`: it prints nothing.

    primal: the program that it was made from, whose value is to be the same bits. scalar: elementary functions are all
    the C library's. exact: the results after the first `exact` ones are cotangents, whose sums may be regrouped.

    Raises VerificationError for an invalid function, CompilationError where Numba refuses the emitted program."""
    verify(function)
    outlet.enter(function)
    recipe = Recipe.of(function, emit(function, name, quiet=quiet, exact=exact), primal, scalar)
    result = recipe.kept()
    if result is None:
        result = recipe.fresh()
        if recipe.key is not None:
            cache.save(recipe.key, packed(result))
    return Compiled(recipe, result)


def remember(name: str, compiled: Compiled, files: Sequence[str]) -> None:
    """Note under a name how a program was compiled; `files` are those that its places are in."""
    source = compiled.program
    places = {file: k for k, file in enumerate(files)}
    if compiled.recipe.key is None or any(span is not None and span.filename not in places for span in source.spans):
        return
    spans = tuple(span and replace(span, filename=str(places[span.filename])) for span in source.spans)
    cache.save(name, bytes(dumps(replace(compiled.recipe, source=replace(source, spans=spans)))))


def recall(name: str, files: Sequence[str]) -> Compiled | None:
    """The program noted under a name, if its machine code is there, too; its places are in these files."""
    recipe = cache.load(name)
    if not isinstance(recipe, Recipe):
        return None
    spans = tuple(span and replace(span, filename=files[int(span.filename)]) for span in recipe.source.spans)
    recipe = replace(recipe, source=replace(recipe.source, spans=spans))
    result = recipe.kept()
    return None if result is None else Compiled(recipe, result)
