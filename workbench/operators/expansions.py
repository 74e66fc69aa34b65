"""Taylor mode and the forward Laplacian inside traced programs: the function is traced by itself, transformed, and its
operations are put in place of the call. `Expansion` is `wb.taylor` of one function, as a program of its own.

Invariant: the function's effects happen once; its derivatives of higher order are further results of the same run.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from workbench.engines import tape
from workbench.engines.tape.calls import mediate
from workbench.engines.tape.opaque import parts_of
from workbench.engines.tape.structures import rebuilt
from workbench.frontend import python_function
from workbench.frontend.activation import Activation
from workbench.frontend.outputs import Node, Tree, leaves
from workbench.ir import Value
from workbench.ir.calls import own_results
from workbench.operators.evaluated import conforming, derivative_of, flatten
from workbench.operators.inner import InnerProgram, traced
from workbench.operators.nesting import loss
from workbench.operators.structure import inexact
from workbench.passes import optimize
from workbench.transforms import laplacian, taylor


# ---------------------------------------------------------------------- Taylor mode
def nested_taylor(act: Activation, function: Any, primals: tuple[Any, ...],
                  series: tuple[tuple[Any, ...] | None, ...]) -> Any:
    """`taylor(function, primals, series)` inside a traced program."""
    order = length(series)
    program = traced(act, function, primals, {})
    rows: list[dict[int, Value]] = [{} for _ in range(order)]
    for k, given in enumerate(series):
        for row, coefficient in zip(rows, given or (), strict=False):
            flatten(act, inexact(program.argument_tree(act, k)), coefficient, row)
    outputs = [leaf for leaf in leaves(program.output) if leaf.kind.is_inexact]
    wrt = list(rows[0])
    seeds = [conforming(act, row[position], (x := program.operands[position]).dims, "coefficient", "argument", x.kind)
             for row in rows for position in wrt]
    primal = own_results(optimize(program.function))
    positions = list(dict.fromkeys(leaf.position for leaf in outputs))
    if wrt and positions:
        results = program.inlined(act, taylor(primal, wrt, positions, order), seeds)
    else:
        results = program.inlined(act, primal)
    program.effects(act, results)
    first = len(primal.results)
    made = []
    for k in range(order):
        places = {position: first + k * len(positions) + n for n, position in enumerate(positions)} if wrt else {}
        made.append(derivative_of(act, program.output, results, places))
    return program.value(act, results), tuple(made)


def length(series: Sequence[Sequence[Any] | None]) -> int:
    """How many coefficients there are of each argument. Raises ValueError where they are not as many of all."""
    lengths = {len(given) for given in series if given is not None}
    if len(lengths) > 1:
        raise ValueError(f"the series of the arguments have {sorted(lengths)} coefficients: give each as many")
    if not lengths or 0 in lengths:
        raise ValueError("no coefficient of any argument is given: the function would not move")
    return lengths.pop()


class Expansion:
    """A function's value and its derivatives along a path, as a function of the point and of the path's derivatives."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__name__ = getattr(python_function(function), "__name__", "f")

    def __call__(self, primals: tuple[Any, ...], series: tuple[tuple[Any, ...] | None, ...]) -> Any:
        return recorded_taylor(self.function, primals, series)

    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """The derivatives in a traced program."""
        primals, series = args
        items = functools.partial(act.t.environment.items, act)
        return nested_taylor(act, self.function, tuple(items(primals)),
                             tuple(None if given is None else tuple(items(given)) for given in items(series)))


def recorded_taylor(function: Any, primals: tuple[Any, ...], series: tuple[tuple[Any, ...] | None, ...]) -> Any:
    """Taylor mode by a recorded run: forward mode nested in forward mode along the path, of one run of the function."""
    order = length(series)
    program: Any = _Path(function, primals, series)
    for _ in range(order):
        program = _Pushed(program)
    derivatives = program(0.0)
    made: list[Any] = []
    for _ in range(order):
        derivatives, latest = derivatives  # (both of the structure of the order below)
        for _ in range(order - 1 - len(made)):
            latest = latest[1]
        made.append(latest)
    return derivatives, tuple(reversed(made))


class _Path:
    """A function along a path of its arguments."""

    def __init__(self, function: Any, primals: tuple[Any, ...], series: tuple[tuple[Any, ...] | None, ...]) -> None:
        self.function, self.primals, self.series = function, primals, series

    def __call__(self, t: Any) -> Any:
        pairs = zip(self.primals, self.series, strict=True)
        return mediate(self.function, *(_moved(primal, given, t) for primal, given in pairs))

    recorded = __call__


class _Pushed:
    """A function of one number with its derivative."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def __call__(self, t: Any) -> Any:
        return tape.forward(self.function, (t,), (1.0,))

    recorded = __call__


def _moved(x: Any, given: Sequence[Any] | None, t: Any) -> Any:
    """What an argument is at t of its path."""
    if given is None or all(c is None for c in given):
        return x
    found = parts_of(x)
    if found is not None:
        keys, items = found
        rows = [[_entry(c, k, key) for c in given] for k, key in enumerate(keys or range(len(items)))]
        return rebuilt(x, keys, [_moved(item, row, t) for item, row in zip(items, rows, strict=True)])
    power: Any = 1.0
    for k, coefficient in enumerate(given, 1):
        power = power * t / float(k)
        x = x + power * coefficient
    return x


def _entry(structure: Any, position: int, key: Any) -> Any:
    """What a structure like an argument holds for one of its entries."""
    found = parts_of(structure)
    if found is None:
        return None
    keys, items = found
    return items[position] if keys is None else items[keys.index(key)] if key in keys else None


# ---------------------------------------------------------------------- the forward Laplacian
def nested_laplacian(act: Activation, function: Any, wrt: tuple[int, ...], args: tuple[Any, ...],
                     named: dict[str, Any], has_aux: bool = False, directions: tuple[Any, ...] | None = None,
                     of_number: bool = False) -> Any:
    """The value of a function inside a traced program, and the sum of its second derivatives: by every number of the
    arguments at the positions `wrt` twice; or along directions, which are, for each of these arguments, its structure
    with one more axis, the first. The sum has the structure of the value (with `has_aux`, of its first entry), which is
    one real number where it must be (`of_number`)."""
    t = act.t
    program = traced(act, function, args, named)
    if of_number:
        loss(act, program, has_aux)
    trees = [inexact(program.argument_tree(act, k)) for k in wrt]
    found = list(dict.fromkeys(leaf.position for tree in trees for leaf in leaves(tree)))
    output = program.output
    if has_aux:
        if not (isinstance(output, Node) and output.type is tuple and len(output.children) == 2):
            t.fail("with has_aux=True the function must return (value, anything)")
        output = output.children[0]
    if not found:
        t.fail("what the Laplacian is taken by holds no number that has a derivative")
    if any(leaf.kind.is_complex for tree in trees for leaf in leaves(tree)):
        t.fail("laplacian by complex numbers", "differentiate by the real and the imaginary part")
    positions = list(dict.fromkeys(leaf.position for leaf in leaves(output) if leaf.kind.is_inexact))
    primal = own_results(optimize(program.function))
    seeds = _lanes(act, program, trees, found, directions) if directions is not None else []
    results = program.inlined(act, laplacian(primal, found, positions, directions is not None), seeds)
    places = {position: len(primal.results) + k for k, position in enumerate(positions)}
    program.effects(act, results)
    return program.value(act, results), derivative_of(act, output, results, places)


def _lanes(act: Activation, program: InnerProgram, trees: Sequence[Tree], found: Sequence[int],
           directions: Sequence[Any]) -> list[Value]:
    """Directions as the transform takes them: flat, the axis that counts them last."""
    t = act.t
    flat: dict[int, Value] = {}
    for tree, given in zip(trees, directions, strict=True):
        flatten(act, tree, given, flat)
    count = None
    made = []
    for position in found:
        value, of = flat[position], program.operands[position]
        if value.rank != of.rank + 1:
            t.fail(f"directions of {value.rank} axes for an argument of {of.rank}",
                   "give one more axis, the first, which counts them")
        count = value.dims[0] if count is None else count
        value = t.emit("transpose", value, perm=(*range(1, value.rank), 0)) if value.rank > 1 else value
        made.append(conforming(act, value, (*of.dims, count), "direction", "argument", of.kind))
    return made



