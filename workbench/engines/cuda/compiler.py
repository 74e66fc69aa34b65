"""The engine "cuda": IR as kernels and the Python that launches them.

It needs `ad-workbench[cuda]` and a device, or Numba's simulator (`NUMBA_ENABLE_CUDASIM=1` before Python starts).
Arrays of the host are copied to the device before a call and back after it.
"""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.engines.cuda.arrays import as_numba, is_stand_in, itself, stand_in
from workbench.engines.cuda.host import Program, emit
from workbench.engines.cuda.installed import functions, need_device
from workbench.engines.cuda.nests import nested
from workbench.engines.cuda.problems import Problem, raised
from workbench.engines.cuda.races import refuse_races
from workbench.engines.cuda.streams import joined
from workbench.engines.cuda.together import together
from workbench.engines.engine import Compiler, Executable
from workbench.ir import DifferentiationError, Function, Span, Value, walk
from workbench.ir.ops import CONSUMING
from workbench.passes import FOR_THREADS, finalize


class CudaProgram:
    """A program for a GPU."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.program: Program = emit(function)
        self._entry: Callable[..., Any] | None = None
        self.written = _written(function)

    @property
    def results(self) -> int:
        """How many there are."""
        return self.program.results

    @property
    def source(self) -> str:
        """Kernels, and the function that launches them."""
        return self.program.text

    @property
    def source_map(self) -> list[tuple[int, int]]:
        """Pairs (emitted line, user's line)."""
        return self.program.source_map

    @property
    def entry(self) -> Callable[..., Any]:
        """See `Executable`. Raises DifferentiationError where there is no device."""
        if self._entry is None:
            need_device()
            self._entry = namespace_of(self.program)[self.program.name]
        return self._run

    def _run(self, *args: Any) -> Any:
        device = functions()
        assert self._entry is not None
        there = [itself(arg) for arg in args if is_stand_in(arg)]
        with joined(there) as stream, np.errstate(all="ignore"):  # (as in compiled programs)
            given = [as_numba(arg) if is_stand_in(arg) else device.to_device(arg) if isinstance(arg, np.ndarray)
                     else arg for arg in args]
            found = self._entry(*given)
            back: dict[int, Any] = {}  # what is on the host again, by its array on the device
            for k in self.written:
                if isinstance(args[k], np.ndarray) and not is_stand_in(args[k]) and args[k].size:
                    device.to_host(given[k], args[k])
                    back[id(given[k])] = args[k]
        if found is None or there:  # (it stays where the arguments are)
            for part in (found,) if self.results == 1 else found or ():
                if stream and hasattr(part, "stream"):
                    part.stream = stream
            return found
        parts = (found,) if self.results == 1 else found
        results = tuple(back[id(part)] if id(part) in back else _on_host(part) for part in parts)
        return results[0] if self.results == 1 else results

    def translated(self, error: Exception) -> Exception:
        """See `Executable`."""
        if isinstance(error, Problem):
            op = self.program.failures[error.check]
            return _at(raised(op, error.turn), op.span)
        return _at(error, self._place(error))

    def _place(self, error: Exception) -> Span | None:
        """The user's place that the host's part raised an error at."""
        span = None
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == filename(self.program) and trace.tb_lineno <= len(
                    self.program.spans):
                span = self.program.spans[trace.tb_lineno - 1]
            trace = trace.tb_next
        return span


def _at(error: Exception, span: Span | None) -> Exception:
    """An error with the user's place on it."""
    if span is not None:
        error.__workbench_span__ = span  # type: ignore[attr-defined]
    return error


def filename(program: Program) -> str:
    """A stable name for an emitted program."""
    return f"<workbench cuda {program.name} {hashlib.sha256(program.text.encode()).hexdigest()[:12]}>"


def _on_host(value: Any) -> Any:
    return value.copy_to_host() if hasattr(value, "copy_to_host") else value


def _written(function: Function) -> tuple[int, ...]:
    """The data parameters that the program may change: loops may exchange arrays, so a value may be several of them."""
    roots: dict[Value, set[int]] = {p: {k} for k, p in enumerate(function.data_params) if p.is_array}
    found: set[int] = set()

    def flow(sources: Sequence[Value], targets: Sequence[Value]) -> bool:
        grown = False
        for source, target in zip(sources, targets, strict=True):
            new = roots.get(source, set()) - roots.get(target, set())
            if new:
                roots.setdefault(target, set()).update(new)
                grown = True
        return grown

    grown = True
    while grown:
        grown = False
        for op in walk(function.block):
            if op.prim in CONSUMING:
                found |= roots.get(op.operands[0], set())
                grown |= flow(op.operands[:1], op.results)
            elif op.prim == "reshape":
                grown |= flow(op.operands[:1], op.results)
            elif op.prim == "for":
                (body,) = op.regions
                for sources in (op.operands[2:], body.yields):
                    grown |= flow(sources, body.params[1:])
                grown |= flow(body.params[1:], op.results)
            elif op.prim == "while":
                before, after = op.regions
                for sources in (op.operands, after.yields):
                    grown |= flow(sources, before.params)
                grown |= flow(before.yields[1:], op.results)
            elif op.prim == "if":
                for region in op.regions:
                    grown |= flow(region.yields, op.results)
    return tuple(sorted(found))


def namespace_of(program: Program) -> dict[str, Any]:
    """The names of an emitted program, its kernels among them."""
    name = filename(program)
    linecache.cache[name] = (len(program.text), None, program.text.splitlines(keepends=True), name)
    names: dict[str, Any] = {"__name__": "workbench.engines.cuda.device", "DifferentiationError": DifferentiationError}
    exec(compile(program.text, name, "exec"), names)
    return names


class CudaCompiler(Compiler):
    """Makes programs for NVIDIA GPUs."""

    name = "cuda"
    writes_only = True

    def finalize(self, function: Function, exact: int | None) -> Function:
        """Without vectors of items, and with arrays made where they are used."""
        return nested(together(finalize(function, exact, FOR_THREADS)))

    def taken(self, value: Any) -> Any:
        """Arrays on a device are taken."""
        return stand_in(value)

    def compile(self, function: Function, *, primal: Function | None = None, exact: int | None = None,
                quiet: bool = False, deterministic: bool = False) -> Executable:
        """See `Compiler`. Raises DifferentiationError for `deterministic`: additions of several threads to one element
        come in any order."""
        if deterministic:
            raise DifferentiationError("programs for a GPU are not deterministic to the bit", _span(function),
                                       "use engine='numba'")
        if primal is not None:
            refuse_races(primal)
        return CudaProgram(function)

    def export(self, primal: Function, adjoint: Function, *, wrt: Sequence[int], outputs: Sequence[int],
               gradients: Sequence[int], examples: Sequence[Any], seeded: bool) -> str:
        """No files: these programs need the workbench's launches."""
        raise self._no_files()


def _span(function: Function) -> Span | None:
    return function.span
