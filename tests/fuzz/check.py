"""The property: plain value = tape = interpreted = compiled; reverse = forward = oracle; no effect but the program's.

A program that raises must raise the same in every engine, at the same line, and leave its arguments as Python does.
Programs are compiled in batches: one function calls them all and returns their values as a tuple, so that the fixed
cost of a compilation is shared. A batch that fails in any way is checked again program by program, and only what a
program does alone is reported against it; a batch wrong where its programs are right is reported as a batch.
"""
from __future__ import annotations

import importlib.util
import itertools
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import workbench as wb
from tests.corpus.oracle import Gradient
from tests.corpus.structure import leaves
from tests.fuzz import mapped
from tests.fuzz.compare import (
    Outcome,
    apart_at_kink,
    is_single,
    judge,
    off,
    same_roundings,
    slope_of,
    value_tolerance,
    without_numbers,
)
from tests.fuzz.emitted import is_in_python
from tests.fuzz.expected import (
    PROGRAM_ERRORS,
    Expected,
    Failure,
    expected,
    failure_of,
    functions,
    second_derivative,
    wrt,
)
from tests.fuzz.generate import HEADER, FuzzProgram
from tests.fuzz.guards import weakness
from tests.fuzz.interpreted import (
    WAYS,
    interpret,
    interpreted_apart,
    interpreted_gradient,
    interpreted_second,
    interpreted_slope,
)
from tests.programs.calling import close, tangents
from workbench.ir import DifferentiationError

Pair = tuple[FuzzProgram, Expected]
SECOND_ORDER_SHARE = 16  # one program in so many
HVP_SHARE = 16  # one in so many of those that are compiled; of those that Numba compiles, one in 16 of them
HVP_MODES = ("forward-over-reverse", "reverse-over-reverse")
GUARDS_SHARE = 4  # one in so many is called with other arguments and helpers
MAPPED_SHARE = 24  # one in so many is mapped over a batch; of those that Numba compiles, one in 16 of them
APART_SHARE = 4  # one in so many is differentiated by maps apart from the program
FORWARD_SHARE = 8  # one compiled batch in about so many runs in forward mode too
_numbers = itertools.count()


@contextmanager
def loaded(programs: Sequence[FuzzProgram]) -> Any:
    """The programs, `batch` (all their values) and `total` (their sum, and all values), in a module of its own."""
    parts = [program.source for program in programs]
    names = [f"p{program.number}" for program in programs]
    calls = ", ".join(f"program_{program.number}(*{name})" for program, name in zip(programs, names))
    parts.append(f"def batch({', '.join(names)}):\n    return ({calls},)")
    taken = ", ".join(names)
    parts.append(f"def total({taken}):\n    values = batch({taken})\n    return sum(values), values\n")
    name = f"fuzz_module_{next(_numbers)}"
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    path = folder / f"{name}.py"
    path.write_text(HEADER + "\n\n" + "\n\n\n".join(parts))
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        del sys.modules[name]
        shutil.rmtree(folder, ignore_errors=True)


def check(programs: Sequence[FuzzProgram], *, compiled: bool = True) -> list[Outcome]:
    """Check several programs on the tape and in the interpreter, each alone, and those that agree there compiled,
    together; those that raise are compiled alone."""
    outcomes: list[Outcome] = []
    usable: list[Pair] = []
    uncompiled: dict[int, frozenset[str]] = {}
    for program in programs:
        ref = expected(program)
        if ref.status == "wild":
            outcomes.append(Outcome(program, "wild", ref.reason))
            continue
        (outcome,) = _guarded(_uncompiled, [(program, ref)])
        if not compiled or outcome.wrong or outcome.kind == "refused":
            outcomes.append(outcome)
        elif ref.failure is not None:
            outcomes += _guarded(_compiled_failure, [(program, ref)])
        else:
            usable.append((program, ref))
            uncompiled[program.number] = outcome.checked
    found = _check_compiled(usable) if usable else []
    return outcomes + [outcome.looked_at(*uncompiled[outcome.program.number]) for outcome in found]



def _check_compiled(pairs: Sequence[Pair]) -> list[Outcome]:
    """The batch, and where anything in it fails, each program alone."""
    together = _guarded(_compiled, pairs)
    if all(outcome.kind in ("agrees", "kink") for outcome in together) or len(pairs) == 1:
        return together
    alone = [_guarded(_compiled, [pair])[0] for pair in pairs]
    if not any(outcome.wrong or outcome.kind == "refused" for outcome in alone):
        alone = [Outcome(one.program, f"only in a batch: {both.kind}", both.detail) if both.wrong else one
                 for one, both in zip(alone, together)]
    return alone


def _guarded(compare: Callable[[Sequence[Pair]], list[Outcome]], pairs: Sequence[Pair]) -> list[Outcome]:
    """Check a batch; an exception is the outcome of all its programs."""
    try:
        return compare(pairs)
    except DifferentiationError as error:
        return [Outcome(program, "refused", str(error)) for program, _ in pairs]
    except Exception as error:
        kind = f"crash: {type(error).__name__}: {without_numbers(str(error))}"
        return [Outcome(program, kind, traceback.format_exc(limit=-6)) for program, _ in pairs]


# ---------------------------------------------------------------------- without a compiler
def _uncompiled(pairs: Sequence[Pair]) -> list[Outcome]:
    """One program on the tape and by the interpreter: value, effects, reverse and forward mode, now and then second
    order; or the error it raises."""
    ((program, ref),) = pairs
    with loaded([program]) as module:
        function, arguments = functions(program, vars(module))
        if ref.failure is not None:
            recorded = _raising(program, ref, "tape", module, lambda args: _tape(function, args))
            if recorded.wrong:
                return [recorded]
            return [_raising(program, ref, "interpreted", module, lambda args: interpret(function, args), False)]
        recorded, slopes = _recorded(program, ref, module)
        if recorded.wrong:
            return [recorded]
        on_tape = ("tape",) if recorded.kind != "refused" else ("refused by the tape",)
        value, derivative = interpreted_gradient(function, arguments())
        if is_single(program) and not same_roundings(program, value, ref.run.value):
            return [Outcome(program, "wrong precision (interpreted)", f"{value!r}, plain Python {ref.run.value!r}")]
        if ref.status == "kink" and slopes and (apart := apart_at_kink(program, derivative, slopes)):
            return [Outcome(program, "tape and interpreter differ at a kink", apart)]
        slope = interpreted_slope(function, arguments(), ref.direction)
        outcome = judge(program, ref, "interpreted", value, [], derivative, slope).looked_at("interpreted", *on_tape)
        if outcome.kind == "agrees" and program.number % SECOND_ORDER_SHARE == 0 and program.oracle == "complex":
            outcome = _second(program, ref, function, arguments, outcome)
        if outcome.kind == "agrees" and program.number % GUARDS_SHARE == 0:
            slips = weakness(function, module, arguments, 100.0 * value_tolerance(program))
            outcome = Outcome(program, "guards too weak", slips) if slips else outcome.looked_at("guards")
        if outcome.kind == "agrees" and program.number % APART_SHARE == 1:
            wrong = _apart(program, ref, function, arguments(), derivative, slope)
            outcome = Outcome(program, "wrong apart (interpreted)", wrong) if wrong else outcome.looked_at("apart")
    return [outcome]


def _apart(program: FuzzProgram, ref: Expected, function: Any, args: tuple[Any, ...], derivative: Gradient,
           slope: Any) -> str:
    """What is wrong with maps that are run behind the program, twice."""
    tolerance = 100.0 * value_tolerance(program)
    for factor, (gradient, along) in enumerate(interpreted_apart(function, args, ref.direction), 1):
        wanted = {path: factor * derivative[path] for path in gradient}
        if gradient and (wrong := off(gradient, wanted, tolerance)):
            return f"pullback at {factor}: {wrong}"
        if along is not None and (wrong := off({(): np.asarray(along)}, {(): np.asarray(factor * slope)}, tolerance)):
            return f"pushforward at {factor}: {wrong}"
    return ""


def _second(program: FuzzProgram, ref: Expected, function: Any, arguments: Callable[[], Any],
            outcome: Outcome) -> Outcome:
    """Second order where the oracle has an answer: one of the ways."""
    wanted = second_derivative(program, ref) if "float32" not in program.source else None
    if wanted is None:
        return outcome
    way = WAYS[program.number // SECOND_ORDER_SHARE % len(WAYS)]
    found = interpreted_second(function, arguments(), ref.direction, way)
    filled = {path: found.get(path, np.zeros(np.shape(leaf))) for path, leaf in wanted.items()}
    if wrong := off(filled, wanted, 1e-5):
        return Outcome(program, f"wrong second order ({way}, interpreted)", wrong)
    return outcome.looked_at("second order", way)


def _hvp(program: FuzzProgram, ref: Expected, module: ModuleType, outcome: Outcome) -> Outcome:
    """`wb.hvp` of the program, compiled, one of its modes."""
    wanted = second_derivative(program, ref)
    if wanted is None:
        return outcome
    function, arguments = functions(program, vars(module))
    args, mode = arguments(), HVP_MODES[program.number // HVP_SHARE % len(HVP_MODES)]
    positions = wrt(args)
    directions = tangents(args, ref.direction)
    try:
        product = wb.hvp(function, positions, mode, engine="numba")(*args, tuple(directions[k] for k in positions))
    except DifferentiationError:
        return outcome.looked_at("refused by hvp")
    found = by_path(product, positions)
    filled = {path: found.get(path, np.zeros(np.shape(leaf))) for path, leaf in wanted.items()}
    wrong = off(filled, wanted, 1e-5)
    return Outcome(program, f"wrong hvp ({mode})", wrong) if wrong else outcome.looked_at("hvp")


def _tape(function: Any, args: tuple[Any, ...]) -> Any:
    return wb.value_and_grad(function, wrt(args), engine="tape")(*args)


def _recorded(program: FuzzProgram, ref: Expected, module: ModuleType) -> tuple[Outcome, Gradient]:
    """One program on the tape: value, effects and reverse mode."""
    function, arguments = functions(program, vars(module))
    args = arguments()
    try:
        value, gradient = _tape(function, args)
    except DifferentiationError as error:
        return Outcome(program, "refused", str(error)), {}
    found = by_path(gradient, wrt(args))
    return judge(program, ref, "tape", value, [args], found, slope_of(ref)), found


def by_path(gradient: tuple[Any, ...], positions: Sequence[int]) -> Gradient:
    """A tuple of gradients as leaves keyed like the oracle's."""
    return {path: np.asarray(leaf) for position, part in zip(positions, gradient, strict=True)
            for path, leaf in leaves(part, (position,)) if leaf is not None}


# ---------------------------------------------------------------------- programs that raise
def _raising(program: FuzzProgram, ref: Expected, engine: str, module: ModuleType, call: Callable[[Any], Any],
             containers: bool = True) -> Outcome:
    """The error must be the program's own, at its line, the arguments left as Python leaves them."""
    args = functions(program, vars(module))[1]()
    try:
        value = call(args)
    except PROGRAM_ERRORS as error:
        span = getattr(error, "__workbench_span__", None) or getattr(error, "span", None)
        found = Failure(type(error), span.line) if span else failure_of(error, str(module.__file__))
    else:
        return Outcome(program, f"wrong: no error ({engine})", f"found {value!r}, plain Python {ref.reason}")
    wanted = ref.failure
    assert wanted is not None
    if found.type is not wanted.type:
        return Outcome(program, f"wrong error ({engine})", f"found {found}, plain Python {ref.reason} {wanted}")
    if found.line != wanted.line:
        return Outcome(program, f"error at the wrong line ({engine})", f"found {found}, plain Python {wanted}")
    left, plain = (args, ref.run.arguments) if containers else ([a for a in args if isinstance(a, np.ndarray)],
                                                                 [a for a in ref.run.arguments
                                                                  if isinstance(a, np.ndarray)])
    if not close(left, plain, value_tolerance(program)):
        return Outcome(program, f"wrong effects of an error ({engine})", f"left {left}\nplain {plain}")
    return Outcome(program, "raises", ref.reason, frozenset({"tape", "interpreted"}))


def _compiled_failure(pairs: Sequence[Pair]) -> list[Outcome]:
    ((program, ref),) = pairs
    with loaded([program]) as module:
        function = functions(program, vars(module))[0]
        outcome = _raising(program, ref, "compiled", module, lambda args: wb.value_and_grad(
            function, wrt(args), engine="numba")(*args))
    return [outcome.looked_at("compiled")]


# ---------------------------------------------------------------------- compiled
def _compiled(pairs: Sequence[Pair]) -> list[Outcome]:
    """A batch compiled: values, effects and reverse mode; forward mode for a share of the batches and for one alone."""
    with loaded([program for program, _ in pairs]) as module:
        def fresh() -> tuple[Any, ...]:
            return tuple(functions(program, vars(module))[1]() for program, _ in pairs)

        args = fresh()
        operator = wb.value_and_grad(module.total, tuple(range(len(pairs))), has_aux=True, engine="numba")
        (_, values), gradients = operator(*args)
        forward = pairs[0][0].number // len(pairs) % FORWARD_SHARE == 0
        slopes = _forward(module, fresh(), fresh(), pairs) if forward else None
        outcomes = []
        for i, (program, ref) in enumerate(pairs):
            derivative = {path: np.asarray(leaf) for path, leaf in leaves(gradients[i]) if leaf is not None}
            wrong_kind = _kinds(program, "compiled", args[i], gradients[i], values[i], ref)
            if ref.status == "kink" and wrong_kind is None:
                wrong_kind = _compiled_at_kink(program, module, derivative)
            outcome = wrong_kind or judge(program, ref, "compiled", values[i], [args[i]], derivative,
                                           slope_of(ref) if slopes is None else slopes[i])
            outcomes.append(outcome.looked_at("compiled", *(["forward"] if forward else [])))
            if not outcome.wrong and program.number % (MAPPED_SHARE * (1 if is_in_python() else 16)) == 0:
                outcomes[-1] = _mapped(program, ref, module, outcomes[-1])
            if outcomes[-1].kind == "agrees" and program.oracle == "complex" and "float32" not in program.source and (
                    program.number % (HVP_SHARE * (1 if is_in_python() else 16)) == 1):
                outcomes[-1] = _hvp(program, ref, module, outcomes[-1])
    return outcomes


def _mapped(program: FuzzProgram, ref: Expected, module: ModuleType, outcome: Outcome) -> Outcome:
    """The program mapped over a batch."""
    function, arguments = functions(program, vars(module))
    wrong = mapped.weakness(program, ref, function, arguments(), program.number // MAPPED_SHARE)
    if wrong == mapped.UNUSABLE:
        return outcome
    if wrong and wrong != mapped.REFUSED:
        return Outcome(program, "wrong under vmap", wrong)
    return outcome.looked_at("refused under vmap" if wrong else "mapped")


def _compiled_at_kink(program: FuzzProgram, module: ModuleType, derivative: Gradient) -> Outcome | None:
    function, arguments = functions(program, vars(module))
    apart = apart_at_kink(program, interpreted_gradient(function, arguments())[1], derivative)
    return Outcome(program, "compiled and interpreter differ at a kink", apart) if apart else None


def _kinds(program: FuzzProgram, engine: str, args: Any, gradient: Any, value: Any, ref: Expected) -> Outcome | None:
    """Results keep dtypes: of the value (an integer on one path is a float where another path gives one), and of each
    leaf of the gradient."""
    def kind(leaf: Any) -> Any:
        return np.asarray(leaf).dtype

    given, found = dict(leaves(args)), dict(leaves(gradient))
    for path, leaf in given.items():
        if kind(leaf).kind == "f" and kind(found.get(path)) != kind(leaf):
            return Outcome(program, f"wrong dtype ({engine})", f"{path}: {kind(found.get(path))} for {kind(leaf)}")
    if kind(value) != kind(ref.run.value) and kind(ref.run.value).kind not in "biu":
        return Outcome(program, f"wrong dtype ({engine})", f"value {value!r}, plain Python {ref.run.value!r}")
    return None


def _forward(module: ModuleType, args: tuple[Any, ...], shapes: tuple[Any, ...], pairs: Sequence[Pair]) -> Any:
    """Derivatives along the references' directions; raises where values or effects are not those of the program."""
    directions = tuple(tangents(shape, ref.direction) for shape, (_, ref) in zip(shapes, pairs))
    values, slopes = wb.jvp(module.batch, args, directions)
    for value, left, (program, ref) in zip(values, args, pairs):
        if not close(float(value), float(ref.run.value), value_tolerance(program)):
            raise AssertionError(f"forward mode's value of program {program.number}: {value!r}, {ref.run.value!r}")
        if not close(left, ref.run.arguments, value_tolerance(program)):
            raise AssertionError(f"forward mode's effects of program {program.number}")
    return slopes


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TimeoutError where Python code takes longer (in the main thread): a cut may leave a loop without an end."""

    def stop(*_: Any) -> None:
        raise TimeoutError(f"more than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def still(kind: str, *, compiled: bool = True) -> Callable[[FuzzProgram], bool]:
    """A predicate for the shrinker: the program alone still ends in `kind`."""

    def holds(program: FuzzProgram) -> bool:
        try:
            with limited(20.0):
                return check([program], compiled=compiled)[0].kind == kind
        except Exception:
            return False  # the cut broke the program itself: not a smaller example

    return holds
