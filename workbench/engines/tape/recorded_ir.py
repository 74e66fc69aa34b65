"""IR functions on active numbers: each is a block of the record, whose sweeps are its pullback and pushforward.

Under an outer recorder these run on active numbers themselves, and are IR again: to any order.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.engines.tape.active import ACTIVE, PLAIN, bottom, recorder_of
from workbench.engines.tape.array import ActiveArray, fresh, wrap
from workbench.engines.tape.late import late
from workbench.engines.tape.recorder import Part, Recorder
from workbench.interpret import run
from workbench.ir import Builder, Function, Kind, ScalarType
from workbench.passes import DeadCode, Simplify
from workbench.passes import run as run_passes
from workbench.rules import emit
from workbench.transforms import jvp, vjp

CLEANING = (DeadCode(), Simplify(), DeadCode())


def stripped_of(x: Any, recorder: Recorder) -> Any:
    """An argument with the recorder's own numbers replaced by what they stand for."""
    if type(x) in ACTIVE:
        if x.recorder is not recorder:
            return x
        return x.primal
    if isinstance(x, (list, tuple)):
        items = [stripped_of(v, recorder) for v in x]
        return items if isinstance(x, list) else tuple.__new__(type(x), items)
    return {k: stripped_of(v, recorder) for k, v in x.items()} if type(x) is dict else x


def apply_function(function: Function, inputs: Sequence[Any]) -> list[Any]:
    """The results of an IR function, recorded where inputs are active."""
    if not any(type(x) in ACTIVE for x in inputs):
        return run(function, [_as_input(x, p) for x, p in zip(inputs, function.data_params, strict=True)])
    recorder = recorder_of(inputs)
    values = apply_function(function, [stripped_of(x, recorder) for x in inputs])
    outputs = [k for k, r in enumerate(function.results) if r.kind.is_inexact]
    made = iter(recorded(function.name, function, inputs, outputs, recorder, [values[k] for k in outputs]))
    return [next(made) if k in outputs else v for k, v in enumerate(values)]


@functools.cache
def _of_primitive(name: str, count: int, kind: Kind) -> Function:
    builder = Builder(name)
    params = [builder.param(ScalarType(kind), f"x{k}") for k in range(count)]
    return builder.finish([emit(builder, name, *params)])


@late.provides
def by_program(name: str, xs: Sequence[Any], y: Any, y_bar: Any, position: int) -> Any:
    """What a cotangent of an operation of numbers contributes to that of an operand (see `partials.pulled`)."""
    kind = Kind.C128 if isinstance(bottom(xs[0]), complex) else Kind.F64
    return apply_function(transformed(_of_primitive(name, len(xs), kind), "vjp", (position,), (0,)), [*xs, y_bar])[0]


def _as_input(x: Any, param: Any) -> Any:
    """A number or array of the kind that a parameter has."""
    if param.is_array:
        return np.asarray(x, dtype=param.kind.dtype)
    return x if type(x) in PLAIN and not param.kind.is_complex else np.asarray(x)[()]


def recorded(name: str, function: Function, inputs: Sequence[Any], outputs: Sequence[int], recorder: Recorder,
              values: Sequence[Any]) -> list[Any]:
    """A block of a recorder that computes `values` by an IR function."""
    wrt = [k for k, x in enumerate(inputs) if type(x) in ACTIVE and x.recorder is recorder
           and (type(x) is not ActiveArray or x.nodes.max(initial=-1) >= 0)]
    if not wrt or not outputs:
        return [fresh(v, recorder) for v in values]
    kept = [_snapshot(stripped_of(x, recorder)) for x in inputs]
    operands = [Part(np.array(_nodes(inputs[k])), _dtype(inputs[k])) for k in wrt]

    def pull(bars: list[Any]) -> Sequence[Any]:
        return apply_function(transformed(function, "vjp", tuple(wrt), tuple(outputs)), [*kept, *(
            _like(bar, v) for bar, v in zip(bars, values, strict=True))])

    def push(dots: list[Any]) -> Sequence[Any]:
        return apply_function(transformed(function, "jvp", tuple(wrt), tuple(outputs)), [*kept, *(
            _like(dot, kept[k]) for dot, k in zip(dots, wrt, strict=True))])  # (keeps no input: parts are looked after)
    nodes = recorder.structured(name, [_measured(v) for v in values], operands, pull, push)
    return [wrap(v, n if _is_array(v) else n[()], recorder) for v, n in zip(values, nodes, strict=True)]


def _like(bar: Any, value: Any) -> Any:
    """A cotangent as a number where the value is one."""
    return bar if _is_array(value) or not _is_array(bar) else bar.reshape(-1)[0]


def _is_array(x: Any) -> bool:
    return x.__class__ is np.ndarray


def _nodes(x: Any) -> Any:
    return x.nodes if type(x) is ActiveArray else x.node


def _dtype(x: Any) -> Any:
    return np.asarray(bottom(x)).dtype


def _measured(x: Any) -> Any:
    """An array to be entered in the record (its plain numbers do)."""
    return np.asarray(bottom(x))


def _snapshot(x: Any) -> Any:
    """An input as it is now: arrays are copied, since the program may write them later."""
    return x.copy() if _is_array(x) else x


@functools.lru_cache(maxsize=8000)
def transformed(function: Function, mode: str, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Function:
    """The pullback or pushforward alone, without the function's own results."""
    made: Any = {"vjp": vjp, "jvp": jvp}[mode](function, wrt, outputs)
    block = replace(made.block, yields=made.block.yields[len(function.results):])
    return run_passes(CLEANING, Function(made.name, block, made.shape_params, made.span))
