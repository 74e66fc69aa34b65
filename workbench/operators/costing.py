"""The cost of a function or of a derivative: its program is made as if it were to run, counted, and not run.

Invariant: what is counted is the program that a call would run, after all passes; nothing is compiled, and nothing of
the user's is executed beyond what tracing evaluates.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.cost.counting import Env, count
from workbench.cost.duration import Predicted
from workbench.cost.executions import Executions
from workbench.cost.formula import Formula, of, symbol
from workbench.cost.gpu import Gpu, GpuTiming, gpu_of
from workbench.cost.memory import memory
from workbench.cost.spec import Spec, sizes_in
from workbench.cost.work import Amounts
from workbench.engines.cuda import CudaProgram
from workbench.engines.cuda.arrays import is_stand_in
from workbench.frontend import Input
from workbench.ir import Block, Constant, Function, Kind, Value
from workbench.operators import direction, piloting
from workbench.operators.program import Program
from workbench.operators.specialisation import Specialisation
from workbench.passes import finalize
from workbench.views.report import CostReport

#: What a program for GPUs is priced for where nothing is named.
ARCH = "sm_90"


def report_of(name: str, made: Specialisation, args: tuple[Any, ...],
              pilot: Callable[..., float] | None = None, arch: str | None = None) -> CostReport:
    """The report of a program for arguments of which some may be specs. pilot: how many times longer than predicted a
    call takes; arch: the architecture that a program for GPUs is priced for."""
    if isinstance(made.compiled, CudaProgram):
        return _on_gpu(name, made, made.compiled, args, gpu_of(arch or ARCH))
    primal = made.program.count if made.request.mode in ("grad", "vjp", "jvp") else None
    return _report(name, made.traced.inputs, made.program.final, args, primal, pilot)


def report_of_primal(name: str, program: Program, args: tuple[Any, ...]) -> CostReport:
    """The report of the function that a derivative's program is of, as it would run by itself: it is traced once, and
    the derivative need not have been made."""
    final = direction.Candidate(lambda: program.primal, functools.partial(finalize, exact=0)).final
    return _report(name, program.traced.inputs, final, args, None, None)


def _report(name: str, inputs: tuple[Input, ...], final: Function, args: tuple[Any, ...], primal: int | None,
            pilot: Callable[..., float] | None) -> CostReport:
    dims, integers = places_of(final, inputs, args)
    executions = Executions(final, dims, integers)
    return CostReport(name, executions.counts.work, executions.counts.parameters.values(),
                      Predicted(lambda: executions, pilot=pilot),
                      functools.cache(lambda: memory(final, dims, integers, primal)))


def _on_gpu(name: str, made: Specialisation, compiled: CudaProgram, args: tuple[Any, ...], gpu: Gpu) -> CostReport:
    final = compiled.function
    dims, integers = _dims(final, made.traced.inputs, args), _integers(made.traced.inputs, args)
    executions = Executions(final, dims, integers)
    resident = [item.position for item in made.traced.inputs if is_stand_in(item.path.fetch(args))]
    primal = made.program.count if made.request.mode in ("grad", "vjp", "jvp") else None
    return CostReport(f"{name} on {gpu.name}", executions.counts.work, executions.counts.parameters.values(),
                      Predicted(lambda: GpuTiming(executions, compiled.program, gpu, compiled.written, resident)),
                      functools.cache(lambda: memory(final, dims, integers, primal)), gpu)


def ratio_of(made: Specialisation, args: tuple[Any, ...]) -> float:
    """How many times longer than predicted a compiled program takes for these arguments."""
    final = made.program.final
    dims, integers = _dims(final, made.traced.inputs, args), _integers(made.traced.inputs, args)
    predicted = Predicted(lambda: Executions(final, dims, integers))
    return piloting.ratio(made, args, predicted)


def numbers_of(made: Specialisation, args: tuple[Any, ...]) -> tuple[Formula, Formula]:
    """How many numbers a program is differentiated by, and how many floats its function gives."""
    final = made.program.final
    seen: Env = {}

    def watch(block: Block, env: Env) -> Amounts:
        if block is final.block:
            seen.update(env)
        return {}
    count(final, _dims(final, made.traced.inputs, args), _integers(made.traced.inputs, args), watch)
    given = [final.data_params[item.position] for item in made.program.wrt_inputs]
    return (_elements(given, seen), _elements([final.results[leaf.position] for leaf in made.program.outputs], seen))


def _elements(values: list[Value], env: Env) -> Formula:
    """How many numbers values hold; a length that is not known counts as 0."""
    total = of(0)
    for value in values:
        product = of(1)
        for dim in value.dims if value.is_array else ():
            length = of(int(dim.value.real)) if isinstance(dim, Constant) else env.get(dim)
            product = product * (length if length is not None else 0)
        total = total + product
    return total


def places_of(function: Function, inputs: tuple[Input, ...], args: tuple[Any, ...]
              ) -> tuple[dict[tuple[int, int], Formula], dict[int, Formula]]:
    """The lengths of arguments' axes and the values of integers, in which costs of a function are counted."""
    return _dims(function, inputs, args), _integers(inputs, args)


def _dims(final: Function, inputs: tuple[Input, ...], args: tuple[Any, ...]) -> dict[tuple[int, int], Formula]:
    """The length of each axis of each argument that is asked for."""
    found = {}
    sizes = sizes_in(args)
    for position, axis in final.shape_params.values():
        if position >= len(inputs):  # a cotangent's, which has a dimension of its own
            continue
        value = inputs[position].path.fetch(args)
        found[position, axis] = value.dimension(axis, sizes) if isinstance(value, Spec) else of(np.shape(value)[axis])
    return found


def _integers(inputs: tuple[Input, ...], args: tuple[Any, ...]) -> dict[int, Formula]:
    """The values of integer arguments; of a spec, a symbol of the parameter's name."""
    found = {}
    for item in inputs:
        if item.rank < 0 and item.kind is Kind.INT:
            value = item.path.fetch(args)
            found[item.position] = symbol(item.value.label) if isinstance(value, Spec) else of(int(value))
    return found
