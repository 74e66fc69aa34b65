"""Programs by the reference interpreter: the front end's IR, before any pass, run by plain NumPy.

Between this and plain Python stands only the front end; between this and compiled code, the passes and the engine.
"""
from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from tests.corpus.oracle import Gradient
from tests.corpus.structure import leaves
from tests.transforms.apart import twice
from workbench.frontend import Leaf, Traced, build, python_function, python_scalar, trace
from workbench.interpret import run
from workbench.ir import DifferentiationError
from workbench.ir.calls import own_results
from workbench.passes import optimize
from workbench.transforms import jvp, later, linearize, vjp


def traced(function: Any, args: tuple[Any, ...]) -> Traced:
    """The program, specialised for these arguments."""
    names = list(inspect.signature(python_function(function)).parameters)
    padded = (*names, *(f"{names[-1]}_{k}" for k in range(len(names), len(args))))
    return trace(function, args, tuple(padded[:len(args)]))


def inputs(program: Traced, args: tuple[Any, ...]) -> list[Any]:
    """What the compiled function takes; effects on containers are not performed."""
    return [item.fetch(args) for item in program.inputs]


def output(program: Traced, results: list[Any]) -> Any:
    def leaf(where: Leaf) -> Any:
        value = results[where.position]
        return value if isinstance(value, np.ndarray) and value.ndim else python_scalar(value, where)

    return build(program.output, leaf)


def interpret(function: Any, args: tuple[Any, ...]) -> Any:
    """The value. Arrays among the arguments are written as the program writes them. A program that is found to raise
    while it is traced is run as it is, as the product does."""
    try:
        program = traced(function, args)
    except DifferentiationError:
        raise
    except Exception as error:
        if hasattr(error, "__workbench_span__"):
            function(*args)
        raise
    return output(program, run(program.function, inputs(program, args)))


def float_inputs(program: Traced) -> list[int]:
    """Positions of the arguments' floats among the function's parameters."""
    return [item.position for item in program.inputs if item.kind.is_float and item.path.is_argument]


def path_of(program: Traced, position: int) -> tuple[Any, ...]:
    path = program.inputs[position].path
    return (path.root[1], *(key for _, key in path.steps))


def spread(program: Traced, position: int, bar: np.ndarray) -> Gradient:
    """A derivative by the leaves of the arguments: a packed list has one per entry."""
    path = path_of(program, position)
    if not program.inputs[position].packed:
        return {path: bar}
    return {(*path, k): np.asarray(entry) for k, entry in enumerate(bar)}


def interpreted_gradient(function: Any, args: tuple[Any, ...]) -> tuple[Any, Gradient]:
    """Value and gradient of a scalar program, by reverse mode in the interpreter; untouched leaves get zeros."""
    program = traced(function, args)
    positions = float_inputs(program)
    adjoint = vjp(program.function, positions, [0], seeds="one")
    results = run(adjoint, inputs(program, args))
    bars = results[len(program.function.results):]
    found: Gradient = {}
    for position, bar in zip(positions, bars, strict=True):
        found.update(spread(program, position, np.asarray(bar)))
    value = output(program, results)
    missing = {path: np.zeros(np.shape(leaf)) for path, leaf in leaves(args) if path not in found}
    return value, {**missing, **found}


def seeds_of(program: Traced, positions: list[int], args: tuple[Any, ...], direction: Gradient) -> list[Any]:
    """The direction as tangents of the parameters at these positions, zeros where it says nothing."""
    seeds = []
    for position in positions:
        kind, zero = program.inputs[position].kind, np.zeros(np.shape(inputs(program, args)[position]))
        seed = ([direction.get(path, 0.0) for path in spread(program, position, zero)]
                if program.inputs[position].packed else direction.get(path_of(program, position), zero))
        seeds.append(np.asarray(seed, kind.dtype)[()])
    return seeds


def interpreted_slope(function: Any, args: tuple[Any, ...], direction: Gradient) -> Any:
    """The derivative along a direction, by forward mode in the interpreter."""
    program = traced(function, args)
    positions = float_inputs(program)
    forward = jvp(program.function, positions, [0])
    seeds = seeds_of(program, positions, args, direction)
    return run(forward, [*inputs(program, args), *seeds])[-1]


WAYS = ("forward over reverse", "reverse over reverse", "reverse over forward")


def interpreted_second(function: Any, args: tuple[Any, ...], direction: Gradient, way: str = WAYS[0]) -> Gradient:
    """The derivative of the gradient along a direction, by one of `WAYS`, in the interpreter."""
    program = traced(function, args)
    positions, count = float_inputs(program), len(program.function.results)
    seeds, given = seeds_of(program, positions, args, direction), inputs(program, args)
    if way == "reverse over forward":  # the gradient of the derivative along the direction
        forward = jvp(program.function, positions, [0])
        results = run(vjp(forward, positions, [count], seeds="one"), [*given, *seeds])[len(forward.results):]
    else:
        adjoint = vjp(program.function, positions, [0], seeds="one")
        places = list(range(count, count + len(positions)))
        again = (jvp if way == "forward over reverse" else vjp)(adjoint, positions, places)
        results = run(again, [*given, *seeds])[-len(positions):]
    return {path_of(program, position): np.asarray(dot) for position, dot in zip(positions, results, strict=True)}


def interpreted_apart(function: Any, args: tuple[Any, ...], direction: Gradient) -> list[tuple[Gradient, Any]]:
    """The gradient and the derivative along the direction by maps apart from the program, each run twice: at the seed
    itself, and at twice that. What has no such map gives {} and None."""
    program = traced(function, args)
    positions, given = float_inputs(program), inputs(program, args)
    body = own_results(optimize(program.function))
    count = len(body.results)
    pull, push = later(body, positions, [0]), linearize(body, positions, [0])
    seeds = seeds_of(program, positions, args, direction)
    one = body.results[0].kind.dtype.type(1)
    bars = run(twice(body, pull), [*_again(given), one, 2 * one])[count:] if pull else []
    dots = run(twice(body, push), [*_again(given), *seeds, *(2 * s for s in seeds)])[count:] if push else [None, None]
    found = []
    for k in range(2):
        gradient: Gradient = {}
        for position, bar in zip(positions, bars[k * len(positions):], strict=False):
            gradient.update(spread(program, position, np.asarray(bar)))
        found.append((gradient, dots[k]))
    return found


def _again(given: list[Any]) -> list[Any]:
    return [v.copy() if isinstance(v, np.ndarray) else v for v in given]
