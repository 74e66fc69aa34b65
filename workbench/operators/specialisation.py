"""One compiled derivative at work: its guards, its way in and out, what becomes of results and of exceptions.

Invariant: a call that fails leaves behind what the function itself would have left, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.engines import COMPILER, Compiler
from workbench.engines.cuda.arrays import is_stand_in
from workbench.frontend import Leaf, Path, Tree, build, python_scalar, strided
from workbench.ir import DifferentiationError
from workbench.operators import calling, nonfinite, repeating, strategy
from workbench.operators.program import Program, Request, program_of
from workbench.operators.structure import inexact, tangent_values, without_statics, zeros
from workbench.rules.random import copied
from workbench.rules.text import told

MAX_EXAMPLE = 4096
UNMADE = object()

__all__ = ["UNMADE", "Request", "Specialisation"]


class Specialisation:
    """A program and the calls that it is for: those of which the guards hold (`holds`). begun: the program, where it
    has been traced already."""

    def __init__(self, function: Any, names: tuple[str, ...], request: Request, args: tuple[Any, ...],
                 keywords: tuple[str, ...] = (), compiler: Compiler = COMPILER, begun: Program | None = None) -> None:
        self.request = request
        self.function = function
        self.names = names
        self.keywords = keywords
        self.program = program_of(function, names, request, args, keywords, compiler, begun)
        self.traced = self.program.traced
        self.compiled = self.program.compiled
        self.gradients = self.program.gradients
        self.count = self.program.count
        self.single = self.compiled.results == 1
        self.door = calling.Door(self.traced.inputs, self.traced.written)
        self.undone = sorted(self.traced.written) if self.program.repeats else []
        self.pick = calling.picker(self.traced.inputs)
        self.holds = calling.guard_function(self.program.guards, len(args))
        self.example = tuple(_small(v) for v in self.pick(args))
        self.replays = nonfinite.Replays()
        self.gate: Any = UNMADE  # what takes its calls by itself (see `gating`); None where nothing does

    def exported(self) -> str:
        """The program and its primal as the text of a stand-alone file with a self-check."""
        return self.program.exported(self.example)

    # ------------------------------------------------------------------ running
    def run(self, args: tuple[Any, ...], extra: Sequence[Any] = ()) -> tuple[tuple[Any, ...], Sequence[Any]]:
        """Run on Python arguments (and flat extra data); gives the data and all flat results."""
        picked = self.pick(args)
        data, back = self.door.enter(picked)
        before = (repeating.Before([data[k] for k in self.undone], self._sources(args)) if self.program.repeats else
                  None)
        try:
            result = self.compiled.entry(*data, *extra)
        except Exception as error:
            blamed = self.blamed(error)
            if before is not None and not isinstance(blamed, DifferentiationError):
                before.run_again(lambda: self._as_it_is(args))
                blamed = self._contradicted(blamed)
            _hand_back(back)
            raise self.confirmed(blamed, args)  # noqa: B904
        except KeyboardInterrupt:  # what was written until now is written
            _hand_back(back)
            raise
        _hand_back(back)
        results = (result,) if self.single else () if result is None else result
        derivatives = results[self.count:]
        if not nonfinite.is_finite(derivatives):
            results = self.looked_into(data, extra, results)
        return picked, results

    def confirmed(self, error: Exception, args: tuple[Any, ...]) -> Exception:
        """What a call that has failed raises: where the evaluator has met that exception itself, not a `raise` or a
        check of numbers, and nothing was changed, Python runs the program, and what that raises is raised."""
        if told(error) in self.traced.doubtful and self.program.leaves_no_trace:
            self._as_it_is(args)
            return self._contradicted(error)
        return error

    def _contradicted(self, error: Exception) -> DifferentiationError:
        span = getattr(error, "__workbench_span__", None) or self.program.span
        return DifferentiationError(f"the compiled program raises {type(error).__name__} ({error}), which Python does "
                                    "not", span, "use engine='tape'")

    def _sources(self, args: tuple[Any, ...]) -> list[Any]:
        """The random generators that are drawn from."""
        return [_source(item.path, args) for item in self.traced.inputs if _is_drawn(item.path)]

    def _as_it_is(self, args: tuple[Any, ...]) -> Any:
        """The program by Python alone."""
        positional = len(args) - len(self.keywords)
        return self.function(*args[:positional], **dict(zip(self.keywords, args[positional:], strict=True)))

    def looked_into(self, data: Sequence[Any], extra: Sequence[Any], results: Sequence[Any]) -> Sequence[Any]:
        """The results of a call of which a derivative is not finite: of a gradient that went forward, those of reverse
        mode. There is a warning where a derivative is not finite and the value is. (Written arguments are not as they
        were: then the operation is not looked for.)"""
        ir = self.program.ir
        if self.program.way == strategy.FORWARD and self.program.leaves_no_trace:
            results, ir = self.program.in_reverse.entry(*data), self.program.candidate(strategy.REVERSE).ir
            if nonfinite.is_finite(results[self.count:]):
                return results
        if nonfinite.is_finite([results[leaf.position] for leaf in self.program.outputs]):
            known = not self.traced.written and not any(map(is_stand_in, data))
            self.replays.warn(ir, self.traced.function.name, (*data, *extra) if known else ())
        return results

    def blamed(self, error: Exception) -> Exception:
        """An error of the compiled program, with the user's place on it."""
        error = self.compiled.translated(error)
        span = getattr(error, "__workbench_span__", None)
        if isinstance(error, DifferentiationError) and span is not None:
            return DifferentiationError(error.reason, span, error.hint)
        return error

    def value(self, args: tuple[Any, ...], data: tuple[Any, ...], results: Sequence[Any]) -> Any:
        """The function's own value, after its effects on containers."""
        read = calling.leaf_reader(self.traced, data, results)
        calling.apply_effects(self.traced.effects, args, read)
        return build(self.traced.output, read)

    def gradient(self, tree: Tree, results: Sequence[Any]) -> Any:
        """The gradient of one argument."""
        def read(leaf: Leaf) -> Any:
            value = results[leaf.position]
            if leaf.view is not None:
                return strided(value, leaf.view)
            return value if leaf.rank >= 0 else python_scalar(value, leaf)
        return build(tree, read)

    def tangents(self, given: Sequence[Any], args: tuple[Any, ...]) -> list[Any]:
        """Flat tangents of the wrt inputs, from tangents of the arguments."""
        values: dict[int, Any] = {}
        for tree, tangent, k in zip(self.gradients, given, self.request.wrt, strict=True):
            tangent_values(tree, tangent, values, self.names[k])
        wrt = self.program.wrt_inputs
        flat = [values[self.program.place(item)] for item in wrt]
        for item, tangent in zip(wrt, flat, strict=True):
            if item.rank >= 0 and np.shape(tangent) != np.shape(item.path.fetch(args)):
                raise ValueError(f"a tangent of shape {np.shape(tangent)} for an argument of shape "
                                 f"{np.shape(item.path.fetch(args))}")
        return flat

    def output_tangent(self, results: Sequence[Any]) -> Any:
        """The tangent of the function's value, in its structure (None where it carries none)."""
        places = {leaf.position: self.count + k for k, leaf in enumerate(self.program.outputs)}

        def read(leaf: Leaf) -> Any:
            if leaf.position not in places:
                return None
            value = results[places[leaf.position]]
            return value if leaf.rank >= 0 else python_scalar(value, leaf)
        return build(without_statics(self.traced.output), read)

    def snapshot(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The flat data of a call, arrays copied: what a pullback re-reads."""
        data = (copied(_source(item.path, args)) if _is_drawn(item.path) else v
                for v, item in zip(self.pick(args), self.traced.inputs, strict=True))
        return tuple(np.array(v, dtype=item.kind.dtype, order="C") if item.rank >= 0 and not _is_drawn(item.path) else v
                     for v, item in zip(data, self.traced.inputs, strict=True))

    def pull(self, kept: tuple[Any, ...], cotangents: Sequence[Any]) -> tuple[Any, ...]:
        """Cotangents of the arguments."""
        results = self._again(kept, cotangents)
        return tuple(self.gradient(tree, results) for tree in self.gradients)

    def push(self, kept: tuple[Any, ...], given: Sequence[Any], args: tuple[Any, ...]) -> Any:
        """The tangent of the value, from tangents of the arguments (None: zero)."""
        filled = [zeros(tree, args[k]) if tangent is None else tangent
                  for tree, tangent, k in zip(self.gradients, given, self.request.wrt, strict=True)]
        return self.output_tangent(self._again(kept, self.tangents(filled, args)))

    def _again(self, kept: tuple[Any, ...], extra: Sequence[Any]) -> Sequence[Any]:
        """Run on copies of what was kept, so that it can be done again."""
        sources = [copied(v) if _is_drawn(item.path) else None
                   for v, item in zip(kept, self.traced.inputs, strict=True)]
        data = tuple(item.path.steps[-1][1](source) if _is_drawn(item.path) else
                     np.array(v) if item.position in self.traced.written else v
                     for v, item, source in zip(kept, self.traced.inputs, sources, strict=True))
        result = self.compiled.entry(*data, *extra)
        return (result,) if self.single else () if result is None else result

    def cotangents(self, given: Any, results: Sequence[Any]) -> list[Any]:
        """Flat cotangents of the outputs, from a cotangent of the result's structure."""
        values: dict[int, Any] = {}
        tangent_values(inexact(self.traced.output), given, values, "the result")
        for leaf in self.program.outputs:
            if leaf.rank >= 0 and np.shape(values[leaf.position]) != np.shape(results[leaf.position]):
                raise ValueError(f"a cotangent of shape {np.shape(values[leaf.position])} for a result of shape "
                                 f"{np.shape(results[leaf.position])}")
        return [values[leaf.position] for leaf in self.program.outputs]


def _is_drawn(path: Path) -> bool:
    """True for the state of a random generator."""
    return bool(path.steps) and path.steps[-1][0] == "apply"


def _source(path: Path, args: tuple[Any, ...]) -> Any:
    """The generator, or the seed, that a state is made of."""
    return Path(path.root, path.steps[:-1]).fetch(args)


def _hand_back(back: Sequence[tuple[Any, Any]]) -> None:
    """Write what was copied at the door into the caller's arrays."""
    for array, copy in back:
        array[...] = copy


def _small(value: Any) -> Any:
    """An input as an example worth keeping: a small array itself, of a large one its shape, dtype and one element."""
    if not isinstance(value, np.ndarray):
        return value
    if value.size <= MAX_EXAMPLE:
        return np.array(value)
    middle = value.dtype.type(value.flat[value.size // 2])
    return np.broadcast_to(middle, value.shape)
