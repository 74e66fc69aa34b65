"""`Derivative`: a callable with the function's own signature, name and docstring.

It keeps its specialisations, most recently used first. The first that holds for a call (one generated Python function
checks its guards) runs; none holds, and the function is specialised anew. The one used last may have a gate, machine
code that takes calls by itself (`gating`).
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import threading
import warnings
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any, Self

import numpy as np

from workbench.cost.gpu import gpu_of
from workbench.cost.spec import specs_in, stand_ins
from workbench.engines import COMPILER, UNCOMPILED, Compiler, Runner, engine_named, tape
from workbench.engines.cuda import CudaCompiler
from workbench.engines.numba import gates
from workbench.engines.tape.refusal import is_users
from workbench.engines.tape.remains import plain_of
from workbench.frontend import python_function, span_of
from workbench.ir import DifferentiationError
from workbench.operators import (
    calling,
    copies,
    costing,
    direction,
    gating,
    measuring,
    nesting,
    nonfinite,
    strategy,
    ways,
)
from workbench.operators.program import Program
from workbench.operators.shown import Foreseen, Shown
from workbench.operators.specialisation import UNMADE, Request, Specialisation
from workbench.operators.tracebacks import tidied
from workbench.views import Measured, Strategies
from workbench.views.report import CostReport

MAX_SPECIALISATIONS = 64
_TAPE = tape.TapeRunner()
CUDA = CudaCompiler()
_OF_CUDA = ("numba.cuda", "cuda.")  # whose exceptions say that there is no device


def _method_of_object(function: Any) -> Any:
    """For an object whose class defines `__call__` in Python, that method; anything else as it is."""
    written = inspect.isfunction(inspect.getattr_static(type(function), "__call__", None))
    if not written or hasattr(type(function), "inlined") or python_function(function) is not function:
        return function
    return function.__call__


def _kinds(args: tuple[Any, ...], keywords: tuple[str, ...]) -> Any:
    """What a refusal is remembered by: types, kinds and ranks."""
    return (keywords, *((a.dtype, a.ndim) if isinstance(a, np.ndarray) else type(a) for a in args))


class Derivative(Shown):
    """A function's derivative (or, in mode "value", the compiled function itself), as `wb.grad` and its kin return it.

    It is called like the function. Of the specialisation used last, `.source` is the program that runs and
    `.export(path)` writes it as a file, `.ir` is the IR, `.plan` says what the reverse sweep keeps, `.costs()` and
    `.op_counts()` count; `.cost(*args)` and `.measure(*args)` are about a call. What shows a program raises
    RuntimeError where none has been compiled yet, or the function runs on the tape.

    >>> import workbench as wb
    >>> def square(x):
    ...     return x * x
    >>> derivative = wb.grad(square)
    >>> derivative, derivative(3.0), derivative.is_recorded
    (<gradient of square>, 6.0, False)
    """

    __slots__ = ("_gate",)  # that of the specialisation used last, or a shut one
    _gate: tuple[Any, ...]
    _asked_for: tuple[tuple[Any, ...], dict[str, Any]]
    __name__: str

    def __new__(cls, *args: Any, **named: Any) -> Self:
        """What it is made with is remembered: copies and other processes make it anew."""
        made = object.__new__(cls)
        made._asked_for = args, named
        return made

    def __reduce__(self) -> str | tuple[Any, ...]:
        """See `copies`."""
        return copies.reduced(self, *self._asked_for)

    def __init__(self, function: Callable[..., Any], mode: str, wrt: int | str | tuple[int | str, ...] = 0, *,
                 with_value: bool = False, has_aux: bool = False, engine: str = "auto",
                 deterministic: bool = False, way: str = strategy.REVERSE) -> None:
        if not callable(function):
            raise TypeError(f"a function is needed, not {function!r}")
        self.engine = engine_named(engine)
        function = _method_of_object(function)
        self.function = function
        self.with_value = with_value
        target = python_function(function)
        functools.update_wrapper(self, target, updated=())
        self.__name__ = copies.name_of(target)
        self.__wrapped__ = function
        self.signature = inspect.signature(target)
        self.names = tuple(self.signature.parameters)
        self.several = isinstance(wrt, tuple)
        positions = tuple(self._position(w) for w in (wrt if isinstance(wrt, tuple) else (wrt,)))
        if mode == "grad":
            strategy.checked(mode, way)
        self.request = Request(mode, positions, has_aux, deterministic, way)
        self.keyword_only = frozenset(k for k in positions if k < len(self.names) and self.signature.parameters[
            self.names[k]].kind is inspect.Parameter.KEYWORD_ONLY)
        self._specialisations: list[Specialisation] = []
        self._analysed: list[Specialisation] = []
        self._lock = threading.RLock()
        self._plain = all(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
                          for p in self.signature.parameters.values())
        self._gate = SHUT
        self._refused: set[Any] = set()
        self._refusal: DifferentiationError | None = None

    def _position(self, wrt: int | str) -> int:
        if isinstance(wrt, str):
            if wrt not in self.names:
                raise self._error(f"{self.__name__} has no parameter named {wrt!r}")
            if self.signature.parameters[wrt].kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
                raise self._error(f"{wrt!r} collects arguments of {self.__name__}: it is no parameter for wrt")
            return self.names.index(wrt)
        if isinstance(wrt, bool) or not isinstance(wrt, int):
            raise TypeError(f"wrt is an index, a name, or a tuple of them, not {wrt!r}")
        variadic = any(p.kind is p.VAR_POSITIONAL for p in self.signature.parameters.values())
        if not (0 <= wrt < len(self.names) or variadic):
            raise self._error(f"{self.__name__} has {len(self.names)} parameters; wrt={wrt} is none of them")
        return wrt

    def _error(self, message: str) -> DifferentiationError:
        return DifferentiationError(message, span_of(self.function))

    # ------------------------------------------------------------------ calling
    def __call__(self, *args: Any, **named: Any) -> Any:
        """The derivative at these arguments."""
        try:
            return self._general(args, named)
        except (Exception, KeyboardInterrupt) as error:
            __tracebackhide__ = True
            raise self._tidied(error)  # noqa: B904

    def _tidied(self, error: BaseException) -> BaseException:
        return tidied(error, self._error("").span if isinstance(error, Exception) else None)

    def _failed(self, made: Specialisation, error: BaseException, args: tuple[Any, ...]) -> Any:
        """A call whose program raised an exception, behind a gate."""
        try:
            try:
                raise error
            except Exception as failure:
                raise made.confirmed(made.blamed(failure), args)  # noqa: B904
        except DifferentiationError as refusal:
            if not made.program.leaves_no_trace:
                __tracebackhide__ = True
                raise self._tidied(refusal)  # noqa: B904
        except (Exception, KeyboardInterrupt) as raised:
            __tracebackhide__ = True
            raise self._tidied(raised)  # noqa: B904
        return TO_PYTHON(self, *args)  # what it refuses is looked into

    def _unsettled(self, made: Specialisation, results: Sequence[Any], args: tuple[Any, ...]) -> Any:
        """A call behind a gate of which a derivative may not be finite."""
        try:
            if not nonfinite.is_finite(results[made.count:]):
                results = made.looked_into(made.door.enter(made.pick(args))[0], (), results)
            return self._given(made, args, made.pick(args), results)
        except (Exception, KeyboardInterrupt) as error:
            __tracebackhide__ = True
            raise self._tidied(error)  # noqa: B904

    def _finished(self, made: Specialisation, results: Sequence[Any], args: tuple[Any, ...]) -> Any:
        """A call behind a gate that gives structures, or what else is made of results."""
        try:
            return self._given(made, args, made.pick(args), results)
        except (Exception, KeyboardInterrupt) as error:
            __tracebackhide__ = True
            raise self._tidied(error)  # noqa: B904

    def _general(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """A call by Python."""
        bound, keywords = self.bind(tuple(self.taken(x) for x in args), {k: self.taken(v) for k, v in named.items()})
        return self.compiled_or_recorded(bound, keywords, lambda made: self._finish(made, bound),
                                         lambda runner: self._record(bound, keywords, runner))

    def taken(self, value: Any) -> Any:
        """An argument as everything takes it."""
        compiler = self.engine.compiler
        return plain_of(value) if compiler is None else compiler.taken(plain_of(value))

    def compiled_or_recorded(self, args: tuple[Any, ...], keywords: tuple[str, ...],
                             compiled: Callable[[Specialisation], Any], record: Callable[[Runner], Any]) -> Any:
        """What the compiled program gives for a call; where the engine has a runner, what a run of the function itself
        gives where there is none, or where it refuses these numbers and has left no trace."""
        runner = self.engine.alone
        if runner is None and self._refused and _kinds(args, keywords) in self._refused:
            runner = self.engine.runner
        if runner is not None:
            return record(runner)
        try:
            made = self.specialised(args, keywords)
        except Exception as error:  # a refusal, or an exception of the primal
            missing = error
        else:
            try:
                return compiled(made)
            except DifferentiationError as error:  # of these numbers: others may do
                if self.engine.runner is None or not made.program.leaves_no_trace:
                    raise
                refused = error
            return self._fall_back(refused, args, keywords, record, for_good=False)
        return self._fall_back(missing, args, keywords, record)

    def _fall_back(self, error: Exception, args: tuple[Any, ...], keywords: tuple[str, ...],
                  record: Callable[[Runner], Any], for_good: bool = True) -> Any:
        """What the runner gives where there is no compiled program, said once with line and reason.

        It runs the program itself: an exception that it raises is the primal's. `for_good`: calls like this one are not
        compiled again. Raises the compiler's error where the engine has no runner, and where that refuses, too."""
        runner = self.engine.runner
        if runner is None or (isinstance(error, DifferentiationError) and error.compiled_only):
            raise error
        try:
            result = record(runner)
        except DifferentiationError as refusal:
            raise (error if isinstance(error, DifferentiationError) else refusal) from None
        except Exception as raised:
            if isinstance(error, DifferentiationError) and type(raised).__module__.startswith(_OF_CUDA):
                raise error from None  # (there is no device to run the program on)
            raise
        if for_good:
            self._refused.add(_kinds(args, keywords))
        span = getattr(error, "span", None) or getattr(error, "__workbench_span__", None)
        reason = getattr(error, "reason", None) or f"{type(error).__name__}: {error}".splitlines()[0]
        where = f" ({span.filename}:{span.line})" if span else ""
        blamed = getattr(error, "caller", None) or span
        self._refusal = DifferentiationError(f"runs on the {runner.name}: {reason}", blamed, getattr(error, "hint", ""))
        warnings.warn(f"{self.__name__} runs on the {runner.name}, which is slower: {reason}{where}", UserWarning, 5)
        return result

    def _record(self, args: tuple[Any, ...], keywords: tuple[str, ...], runner: Runner) -> Any:
        """The derivative by a run of the function itself."""
        request = self._request_for(args, keywords)
        value, gradients = runner.gradient(self.function, args, keywords, request.wrt, request.has_aux)
        gradient = gradients if self.several else gradients[0]
        if self.with_value:
            return value, gradient
        return (gradient, value[1]) if request.has_aux else gradient

    def recorded(self, *args: Any, **named: Any) -> Any:
        """The derivative by a run of the tape, inside another one."""
        if self.request.mode == "value":
            return tape.Tape(self.function, *self.bind(args, named), ()).value
        return self._record(*self.bind(args, named), _TAPE)

    def bind(self, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], tuple[str, ...]]:
        """All arguments in the order of the parameters, defaults filled in, and the names of those that are passed by
        keyword (the last ones)."""
        if self._plain and not named and len(args) == len(self.names):
            return args, ()
        if self._plain and type(self.function) is FunctionType:
            filled = calling.filled(self.function, self.names, args, named)
            if filled is not None:
                return filled, ()
        bound = inspect.signature(python_function(self.function)).bind(*args, **named)  # defaults may have changed
        bound.apply_defaults()
        return (*bound.args, *bound.kwargs.values()), tuple(bound.kwargs)

    def specialised(self, args: tuple[Any, ...], keywords: tuple[str, ...] = ()) -> Specialisation:
        """The specialisation for a call, compiled if there is none yet."""
        found = self._found(args, keywords)
        if found is None:
            with self._lock:
                found = self._found(args, keywords)  # another thread may have been faster
                if found is None:
                    found = self._made(args, keywords)
                    self._specialisations.insert(0, found)
                    del self._specialisations[MAX_SPECIALISATIONS:]
                    self._gate = SHUT
        elif not keywords:
            self._open(found)
        return found

    def _open(self, found: Specialisation) -> None:
        """Let calls go through the gate of a specialisation, if it has one (which who calls once need not wait for)."""
        if found.gate is UNMADE:
            found.gate = self._gate_of(found)
        if found.gate is None or not gates.guard(Derivative, "_gate"):
            self._gate = SHUT
        elif self._gate[0] is not found:
            self._gate = gates.opened(found, found.gate)

    def begun(self, args: tuple[Any, ...], keywords: tuple[str, ...] = ()) -> Program:
        """The program of a specialisation that is to be looked at, traced and not yet transformed: what its function
        costs by itself is known soon, and `completed` goes on from there.

        Raises DifferentiationError where the compiler does not take the function."""
        return Program(self.function, self.names_for(args, keywords), self._request_for(args, keywords), args, keywords,
                       self._onlooker)

    def completed(self, begun: Program, args: tuple[Any, ...], keywords: tuple[str, ...] = ()) -> Specialisation:
        """A specialisation that is to be looked at, of a program that was `begun` for the same call, transformed but
        not compiled. Raises DifferentiationError as that does."""
        return self.made_by(self._onlooker, args, keywords, begun)

    def analysed(self, args: tuple[Any, ...], keywords: tuple[str, ...] = ()) -> Specialisation:
        """A specialisation for a call that is to be looked at, not run: one that is there, or one that is traced and
        transformed but not compiled.

        Raises DifferentiationError where the compiler does not take the function."""
        found = self._found(args, keywords)
        if found is not None:
            return found
        with self._lock:
            for known in self._analysed:
                if known.keywords == keywords and known.holds(args):
                    return known
            made = self.made_by(self._onlooker, args, keywords)
            self._analysed.insert(0, made)
            del self._analysed[MAX_SPECIALISATIONS:]
        return made

    @property
    def _onlooker(self) -> Compiler:
        """What makes the programs that are looked at."""
        named = self.engine.compiler
        return named if named is not None and named.writes_only else UNCOMPILED

    def made_by(self, compiler: Compiler, args: tuple[Any, ...], keywords: tuple[str, ...] = (),
                begun: Program | None = None) -> Specialisation:
        """A specialisation for a call by some compiler, which is not kept. Raises DifferentiationError as that does."""
        return Specialisation(self.function, self.names_for(args, keywords), self._request_for(args, keywords), args,
                              keywords, compiler, begun)

    def _found(self, args: tuple[Any, ...], keywords: tuple[str, ...]) -> Specialisation | None:
        """The specialisation for a call, which is the first to be tried from then on; None where there is none yet."""
        for position, found in enumerate(tuple(self._specialisations)):
            if found.keywords == keywords and found.holds(args):
                if position:
                    with self._lock:
                        if found in self._specialisations:
                            self._specialisations.remove(found)
                            self._specialisations.insert(0, found)
                    self._gate = SHUT
                return found
        return None

    def _made(self, args: tuple[Any, ...], keywords: tuple[str, ...]) -> Specialisation:
        """A new specialisation. Where the program is found to raise, whatever its numbers are, it is run as it is: it
        raises after the effects that it has until then. (An engine that has a runner leaves that to it.)"""
        try:
            return self.made_by(self.engine.compiler or COMPILER, args, keywords)
        except DifferentiationError:
            raise
        except Exception as error:
            span = getattr(error, "__workbench_span__", None)
            if span is None or self.engine.runner is not None:
                raise
            positional = len(args) - len(keywords)
            self.function(*args[:positional], **dict(zip(keywords, args[positional:], strict=True)))
            raise DifferentiationError(f"the compiler does not take this ({type(error).__name__})",
                                       span if is_users(span.filename) else self._error("").span,
                                       "use engine='tape'") from None

    def _request_for(self, args: tuple[Any, ...], keywords: tuple[str, ...]) -> Request:
        """What is asked, by position among these arguments: keyword-only ones come after all that `*args` takes."""
        if not self.keyword_only:
            return self.request
        first = len(args) - len(keywords)
        return dataclasses.replace(self.request, wrt=tuple(
            first + keywords.index(self.names[k]) if k in self.keyword_only else k for k in self.request.wrt))

    def names_for(self, args: tuple[Any, ...], keywords: tuple[str, ...]) -> tuple[str, ...]:
        """A name for each argument."""
        kinds = [p.kind for p in self.signature.parameters.values()]
        plain = [n for n, k in zip(self.names, kinds, strict=True)
                 if k in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)]
        rest = next((n for n, k in zip(self.names, kinds, strict=True) if k is inspect.Parameter.VAR_POSITIONAL), "arg")
        positional = len(args) - len(keywords)
        names = [*plain[:positional], *(f"{rest}_{k}" for k in range(positional - len(plain)))]
        return (*names, *keywords)

    def _finish(self, made: Specialisation, args: tuple[Any, ...]) -> Any:
        return self._given(made, args, *made.run(args))

    def _given(self, made: Specialisation, args: tuple[Any, ...], data: tuple[Any, ...],
               results: Sequence[Any]) -> Any:
        """What a call gives, of the results of its program."""
        value = made.value(args, data, results)
        if self.request.mode == "value":
            return value
        gradients = tuple(made.gradient(tree, results) for tree in made.gradients)
        gradient = gradients if self.several else gradients[0]
        if self.with_value:
            return value, gradient
        return (gradient, value[1]) if self.request.has_aux else gradient

    def _gate_of(self, made: Specialisation) -> tuple[Any, ...] | None:
        """What takes a specialisation's calls by itself, if anything does."""
        if not self._plain:
            return None
        return gating.gate(made, len(self.names), self.with_value, self.several, TO_PYTHON, Derivative._failed,
                           Derivative._unsettled, Derivative._finished)

    def inlined(self, act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """The derivative called inside a program that is itself being traced."""
        if self.request.mode == "value":
            return act.t.environment.call(act, self.function, args, named)
        if self.keyword_only:
            act.t.fail(f"a derivative by a keyword-only argument of {self.__name__} inside a differentiated function",
                       "make it an ordinary parameter")
        return nesting.nested_gradient(act, self.function, self.request.wrt, self.several, self.with_value,
                                       self.request.has_aux, args, named, self.request.deterministic,
                                       self.request.way)

    # ------------------------------------------------------------------ what is to be seen
    @property
    def is_recorded(self) -> bool:
        """True where its calls have run on the tape alone: there is no compiled program to look at.

        >>> import workbench as wb
        >>> gradient = wb.grad(lambda x: x * x, engine="tape")
        >>> gradient(3.0), gradient.is_recorded
        (6.0, True)
        """
        return not self._specialisations and (bool(self._refused) or self.engine.alone is not None)

    @property
    def refusal(self) -> DifferentiationError | None:
        """Why calls ran on the tape, with the line that is to blame; None where none did.

        >>> import workbench as wb
        >>> gradient = wb.grad(lambda x: x * x, engine="tape")
        >>> gradient(3.0), gradient.refusal.reason
        (6.0, "runs on the tape: it is asked for by engine='tape'")
        """
        if self._refusal is None and self.engine.alone is not None:
            asked = f"runs on the {self.engine.alone.name}: it is asked for by engine='{self.engine.alone.name}'"
            return DifferentiationError(asked, self._error("").span)
        return self._refusal

    @property
    def latest(self) -> Specialisation:
        """The specialisation used last."""
        if not self._specialisations:
            if self.is_recorded:
                raise RuntimeError(f"{self.__name__} runs on the tape: there is no compiled program (see wb.tape)")
            raise RuntimeError(f"call {self.__name__} once: its program depends on the types of the arguments")
        return self._specialisations[0]

    def cost(self, *args: Any, arch: str | None = None, **named: Any) -> CostReport:
        """What a call with these arguments would cost; see `wb.cost`. Nothing is compiled or run.

        args, named: the function's arguments; each, or a part of a structure, may be a `wb.spec("f64[n,m]")`.
        arch: as for `wb.cost`.
        Returns a `CostReport`, whose figures are numbers or formulas in the dimensions.
        Raises DifferentiationError at the line that the compiler does not take.

        >>> import workbench as wb
        >>> wb.grad(lambda x: (x * x).sum()).cost(wb.spec("f64[n]")).bytes_allocated
        8·n
        """
        try:
            bound, keywords = self.bind(args, named)
            if arch is not None:
                gpu_of(arch)
            if arch is not None or self.engine.name == CUDA.name:
                bound = tuple(map(CUDA.taken, bound))
            made = self.analysed(stand_ins(bound), keywords) if arch is None or self.engine.name == CUDA.name else (
                self.made_by(CUDA, stand_ins(bound), keywords))
            return costing.report_of(self._title(), made, bound, self._piloted, arch)
        except Exception as error:
            __tracebackhide__ = True
            raise tidied(error, self._error("").span)  # noqa: B904

    def at(self, *args: Any, **named: Any) -> Foreseen:
        """The program that a call with arguments of these types would run; nothing is compiled or run.

        args, named: the function's arguments; each, or a part of a structure, may be a `wb.spec("f64[n,m]")`.
        Returns what has `.source`, `.ir`, `.plan` and `.op_counts()`, as the derivative has them of its latest call.
        Raises DifferentiationError at the line that the compiler does not take.

        >>> import workbench as wb
        >>> wb.grad(lambda x: x * x).at(wb.spec("f64")).source.strip().splitlines()[-1].strip()
        'return x * x, x + x'
        """
        try:
            bound, keywords = self.bind(args, named)
            is_sized = next(specs_in(bound), None) is None
            return Foreseen(self.analysed(stand_ins(bound), keywords), is_sized)
        except Exception as error:
            __tracebackhide__ = True
            raise tidied(error, self._error("").span)  # noqa: B904

    def explain(self, *args: Any, **named: Any) -> Strategies:
        """The ways there are to what a call gives, what each is predicted to take, and which one runs.

        args, named: as for `cost`. Returns a `Strategies`, which prints itself as a table. What a gradient would take
        the other way stands beside: forward by many numbers, one sweep for each. Operators that have more of a choice
        (`wb.jacobian`, `wb.laplacian` ...) take the cheapest way, and say at which sizes it would be another one.
        Raises DifferentiationError at the line that the compiler does not take.

        >>> import numpy as np
        >>> import workbench as wb
        >>> gradient = wb.grad(lambda x: (x * x).sum())
        >>> [row.mode for row in gradient.explain(np.ones(100)).rows]
        ['reverse', 'forward']
        """
        own = self.cost(*args, **named)
        if self.request.mode != "grad":
            mode = {"vjp": strategy.REVERSE, "value": "value"}.get(self.request.mode, strategy.FORWARD)
            return ways.explained(self._title(), [(mode, 1, own, "")])
        bound, keywords = self.bind(args, named)
        program = self.analysed(stand_ins(bound), keywords).program
        runs, wrt, has_aux = program.way, self.request.wrt, self.request.has_aux
        other = strategy.REVERSE if runs == strategy.FORWARD else strategy.FORWARD
        count = max(1, sum(ways.numbers(bound[k], bound) for k in wrt))
        if other == strategy.REVERSE or (program.is_by_numbers and count <= direction.NUMBERS):
            once = Derivative(self.function, "grad", wrt, has_aux=has_aux, way=other, engine=self.engine.name)
            row = (other, 1, once.cost(*args, **named), "")
        else:
            once = Derivative(self.function, "jvp", wrt, has_aux=has_aux, engine=self.engine.name)
            row = (other, count, once.cost(*args, **named), f"{count:,} sweeps: flops and bytes of one")
        return ways.explained(self._title(), [(runs, 1, own, ""), row], self.request.way != strategy.AUTO)

    def measure(self, *args: Any, repeats: int = 5, **named: Any) -> Measured:
        """Run a call's program, and an instrumented twin of it, and say where the time went; see `wb.measure`.

        args, named: the function's arguments, which stay as they are. repeats: how many runs of both; the fastest
        count. Returns a `Measured`, in seconds and bytes. Raises DifferentiationError at the line that the compiler
        does not take, what the function raises otherwise.

        >>> import numpy as np
        >>> import workbench as wb
        >>> wb.grad(lambda x: (x * x).sum()).measure(np.ones(1000), repeats=1).seconds > 0.0
        True
        """
        try:
            bound, keywords = self.bind(args, named)
            made = self.specialised(bound, keywords)
            return measuring.measured(self._title(), made, bound, self.cost(*args, **named), repeats)
        except Exception as error:
            __tracebackhide__ = True
            raise tidied(error, self._error("").span)  # noqa: B904

    def _piloted(self, *args: Any, **named: Any) -> float:
        """How many times longer than predicted a call takes; it is compiled and run on copies."""
        bound, keywords = self.bind(args, named)
        return costing.ratio_of(self.specialised(bound, keywords), bound)

    def _title(self) -> str:
        """What it is, in words; of a function's value, the function."""
        mode = self.request.mode
        return self.__name__ if mode == "value" else f"{'gradient' if mode == 'grad' else mode} of {self.__name__}"

    def __repr__(self) -> str:
        return f"<{'compiled function of ' if self.request.mode == 'value' else ''}{self._title()}>"


TO_PYTHON = Derivative.__call__  # (the class may be given another one)
SHUT = gates.shut(TO_PYTHON)
